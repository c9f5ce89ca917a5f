//! The configured hosts (`dhcp-host`, `dhcp-hostsfile`, `/etc/ethers`): one
//! table with indexes by client identifier, hardware address, name and
//! address, so that a request costs the same with ten hosts or ten thousand.

use crate::base::hash::Key;
use crate::base::net::HwAddr;
use crate::config::{ClientId, Host, HwPattern};
use crate::dhcp::ranges::Candidates;
use crate::dhcp::tags::TagSet;
use crate::store::hosts::Hosts;
use crate::wire::dns::name::{Name, NameBuf};
use std::net::{IpAddr, Ipv4Addr};

/// Hash and host number, in order: the equal ones are neighbours.
type Index = Box<[(u64, u32)]>;

/// The table. Earlier hosts win.
pub struct HostTable {
    key: Key,
    list: Box<[Host]>,
    by_id: Index,
    by_hw: Index,
    by_name: Index,
    by_addr: Index,
    /// Hosts with wildcards in a hardware address.
    wild: Box<[u32]>,
    /// Hosts that got their address from hosts files.
    filled: Box<[u32]>,
}

/// By what a client is recognised.
#[derive(Clone, Copy)]
pub struct Identity<'a> {
    /// Client identifier, if it counts.
    pub client_id: Option<&'a [u8]>,
    /// Hardware address.
    pub hw: &'a HwAddr,
    /// The name that the client sends.
    pub name: Option<&'a [u8]>,
}

impl HostTable {
    /// A table of these hosts, those that win first. `filled`: ascending, those
    /// that `fill_addresses` gave an address.
    pub fn new(list: Vec<Host>, filled: Vec<u32>, key: Key) -> Self {
        let index = |hashes: &dyn Fn(&Host, &mut dyn FnMut(u64))| -> Index {
            let mut all = Vec::new();
            for (number, host) in (0..).zip(&list) {
                hashes(host, &mut |hash| all.push((hash, number)));
            }
            all.sort_unstable();
            all.into_boxed_slice()
        };
        let by_id = index(&|host, add| {
            if let ClientId::Is(id) = &host.client_id {
                add(key.bytes(id));
            }
        });
        let by_hw = index(&|host, add| {
            let exact = host.hw.iter().filter(|pattern| pattern.wild == 0);
            exact.for_each(|pattern| add(key.bytes(pattern.hw.octets())));
        });
        let by_name = index(&|host, add| {
            if let Some(name) = host.name.as_deref().filter(|_| is_by_name(host)) {
                add(key.name(name));
            }
        });
        let by_addr = index(&|host, add| {
            if let Some(addr) = host.addr {
                add(key.bytes(&addr.octets()));
            }
        });
        let wild = (0..).zip(&list).filter(|(_, host)| host.hw.iter().any(|pattern| pattern.wild != 0));
        let wild = wild.map(|(number, _)| number).collect();
        HostTable { key, by_id, by_hw, by_name, by_addr, wild, filled: filled.into(), list: list.into_boxed_slice() }
    }

    /// The hosts without the addresses that they got from hosts files.
    pub fn bare(&self) -> Vec<Host> {
        let mut list = self.list.to_vec();
        for number in &self.filled {
            if let Some(host) = list.get_mut(*number as usize) {
                host.addr = None;
            }
        }
        list
    }

    /// True when this host, as it is configured, is in the table.
    pub fn knows(&self, host: &Host) -> bool {
        let same = |number: u32| {
            let Some(own) = self.list.get(number as usize) else { return false };
            let is_filled = self.filled.binary_search(&number).is_ok();
            host.addr == own.addr.filter(|_| !is_filled) && is_same(own, host)
        };
        let near = |index: &Index, hash: u64| self.numbers(index, hash).any(same);
        match (host.hw.iter().find(|pattern| pattern.wild == 0), &host.client_id, &host.name) {
            (Some(pattern), ..) => near(&self.by_hw, self.key.bytes(pattern.hw.octets())),
            (_, ClientId::Is(id), _) => near(&self.by_id, self.key.bytes(id)),
            (.., Some(name)) if is_by_name(host) => near(&self.by_name, self.key.name(name)),
            _ => (0..).zip(&self.list).any(|(number, _)| same(number)),
        }
    }

    /// The host that has this address reserved.
    pub fn by_addr(&self, addr: Ipv4Addr) -> Option<&Host> {
        self.find(&self.by_addr, self.key.bytes(&addr.octets())).find(|host| host.addr == Some(addr))
    }

    /// The host that a client is: one whose `tag:` conditions hold before one
    /// without; by client identifier before hardware address before name
    /// before a pattern. With `ranges` only hosts whose address fits one.
    pub fn of_client(&self, who: &Identity, tags: &TagSet, ranges: Option<&Candidates>) -> Option<&Host> {
        let in_place = |host: &Host| match (host.addr, ranges) {
            (Some(addr), Some(ranges)) => ranges.list.iter().any(|candidate| candidate.in_subnet(addr)),
            _ => true,
        };
        let search = |conditional: bool| {
            let fits = |host: &&Host| {
                host.conditions.is_empty() != conditional && tags.hold(&host.conditions) && in_place(host)
            };
            self.by_client_id(who.client_id, fits)
                .or_else(|| self.by_exact_hw(who.hw, fits))
                .or_else(|| self.by_client_name(who.name, fits))
                .or_else(|| self.by_pattern(who.hw, fits))
        };
        search(true).or_else(|| search(false))
    }

    /// A client identifier as it is, or without a leading zero octet.
    fn by_client_id(&self, id: Option<&[u8]>, fits: impl Fn(&&Host) -> bool) -> Option<&Host> {
        let id = id?;
        let with = |id: &[u8]| {
            let mut found = self.find(&self.by_id, self.key.bytes(id));
            found.find(|host| matches!(&host.client_id, ClientId::Is(own) if **own == *id) && fits(host))
        };
        with(id).or_else(|| with(id.strip_prefix(&[0])?))
    }

    fn by_exact_hw(&self, hw: &HwAddr, fits: impl Fn(&&Host) -> bool) -> Option<&Host> {
        if hw.is_empty() {
            return None;
        }
        let mut found = self.find(&self.by_hw, self.key.bytes(hw.octets()));
        found.find(|host| has_hw(host, hw) && fits(host))
    }

    fn by_client_name(&self, name: Option<&[u8]>, fits: impl Fn(&&Host) -> bool) -> Option<&Host> {
        let name = name?;
        let mut found = self.find(&self.by_name, self.key.name(name));
        found.find(|host| host.name.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name)) && fits(host))
    }

    fn by_pattern(&self, hw: &HwAddr, fits: impl Fn(&&Host) -> bool) -> Option<&Host> {
        let wildest = |host: &Host| {
            let patterns = host.hw.iter().filter(|pattern| pattern.wild != 0 && matches(pattern, hw));
            patterns.map(|pattern| pattern.wild.count_ones()).min()
        };
        let all = self.wild.iter().filter_map(|number| self.list.get(*number as usize));
        let all = all.filter(fits).filter_map(|host| Some((wildest(host)?, host)));
        all.min_by_key(|(wild, _)| *wild).map(|(_, host)| host)
    }

    fn find<'a>(&'a self, index: &'a Index, hash: u64) -> impl Iterator<Item = &'a Host> {
        self.numbers(index, hash).filter_map(|number| self.list.get(number as usize))
    }

    fn numbers<'a>(&self, index: &'a Index, hash: u64) -> impl Iterator<Item = u32> + use<'a> {
        let from = index.partition_point(|(other, _)| *other < hash);
        let equal = index.get(from..).unwrap_or_default().iter().take_while(move |(other, _)| *other == hash);
        equal.map(|(_, number)| *number)
    }
}

/// True for the same settings of the same host, the IPv4 address aside.
fn is_same(one: &Host, other: &Host) -> bool {
    let told = |host: &Host| (host.lease, host.ignore);
    one.hw == other.hw
        && one.client_id == other.client_id
        && one.addrs6 == other.addrs6
        && (&one.name, &one.domain) == (&other.name, &other.domain)
        && (&one.set, &one.conditions) == (&other.set, &other.conditions)
        && told(one) == told(other)
}

/// True for a host that is recognised by its name only.
fn is_by_name(host: &Host) -> bool {
    host.hw.is_empty() && matches!(host.client_id, ClientId::None)
}

/// True when one of the host's hardware addresses, without wildcards, is `hw`.
pub fn has_hw(host: &Host, hw: &HwAddr) -> bool {
    host.hw.iter().any(|pattern| pattern.wild == 0 && matches(pattern, hw))
}

/// True when `hw` fits the pattern.
pub fn matches(pattern: &HwPattern, hw: &HwAddr) -> bool {
    let own = pattern.hw.octets();
    let same = |(place, (own, other)): (usize, (&u8, &u8))| {
        own == other || pattern.wild.checked_shr(place as u32).is_some_and(|bits| bits & 1 != 0)
    };
    (pattern.hw.kind == 0 || pattern.hw.kind == hw.kind)
        && own.len() == hw.octets().len()
        && own.iter().zip(hw.octets()).enumerate().all(same)
}

/// What is told when a host gets its address from hosts files.
pub enum Filled<'a> {
    /// They know several for this name; the one that is used.
    Several(&'a [u8], Ipv4Addr),
    /// Another host has it: this one goes without.
    Double(&'a [u8], Ipv4Addr),
}

/// Gives hosts with a name and no address the one that hosts files have for
/// the name; which they are.
pub fn fill_addresses(list: &mut [Host], names: &Hosts, mut tell: impl FnMut(Filled)) -> Vec<u32> {
    let mut known: Vec<Ipv4Addr> = list.iter().filter_map(|host| host.addr).collect();
    known.sort_unstable();
    let mut filled = Vec::new();
    for (number, host) in (0..).zip(list).filter(|(_, host)| host.addr.is_none()) {
        let Some(label) = host.name.as_deref() else { continue };
        let name = NameBuf::join(label, Name::ROOT);
        let ring = name.and_then(|name| names.find(name.name(), false));
        let mut found = ring.into_iter().flat_map(|ring| names.hosts(ring)).filter_map(|host| match host.addr {
            IpAddr::V4(addr) => Some(addr),
            IpAddr::V6(_) => None,
        });
        let Some(addr) = found.next() else { continue };
        if found.next().is_some() {
            tell(Filled::Several(label, addr));
        }
        match known.binary_search(&addr) {
            Ok(_) => tell(Filled::Double(label, addr)),
            Err(place) => {
                known.insert(place, addr);
                host.addr = Some(addr);
                filled.push(number);
            }
        }
    }
    filled
}
