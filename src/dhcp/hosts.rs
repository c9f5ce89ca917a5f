//! The configured hosts (`dhcp-host`, `dhcp-hostsfile`, `/etc/ethers`): one
//! table with indexes by client identifier, hardware address, name and
//! address, so that a request costs the same with ten hosts or ten thousand.

use crate::base::hash::Key;
use crate::base::net::HwAddr;
use crate::base::text;
use crate::config::{ClientId, Host, HwPattern};
use crate::dhcp::ranges::Candidates;
use crate::dhcp::tags::TagSet;
use std::net::Ipv4Addr;

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
    /// A table of these hosts, those that win first.
    pub fn new(list: Vec<Host>, key: Key) -> Self {
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
        HostTable { key, by_id, by_hw, by_name, by_addr, wild, list: list.into_boxed_slice() }
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
        let from = index.partition_point(|(other, _)| *other < hash);
        let equal = index.get(from..).unwrap_or_default().iter().take_while(move |(other, _)| *other == hash);
        equal.filter_map(|(_, number)| self.list.get(*number as usize))
    }
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

/// A line of `/etc/ethers`.
pub enum EthersLine {
    /// Empty, a comment, or for another system (`+`).
    Nothing,
    /// A host, by its hardware address only.
    Host(Host),
    /// Neither.
    Bad,
}

/// Reads a line of `/etc/ethers`: a hardware address and an IPv4 address or a
/// host name.
pub fn ethers_line(line: &[u8]) -> EthersLine {
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let Some(first) = words.next() else { return EthersLine::Nothing };
    if first.starts_with(b"#") || first.starts_with(b"+") {
        return EthersLine::Nothing;
    }
    let (Some(hw), Some(second)) = (ethernet(first), words.next()) else { return EthersLine::Bad };
    let addr = text::parse_ipv4(second);
    let name = (addr.is_none()).then_some(second);
    if name.is_some_and(|name| crate::dhcp::naming::legal_label(name) != Some(name)) {
        return EthersLine::Bad;
    }
    EthersLine::Host(Host {
        hw: Box::new([HwPattern { hw, wild: 0 }]),
        client_id: ClientId::None,
        addr,
        name: name.map(Box::from),
        domain: None,
        lease: None,
        set: Box::default(),
        conditions: Box::default(),
        ignore: false,
    })
}

/// Six octets in hexadecimal with colons.
fn ethernet(text: &[u8]) -> Option<HwAddr> {
    let mut octets = [0; 6];
    let mut parts = text.split(|octet| *octet == b':');
    for octet in &mut octets {
        let part = core::str::from_utf8(parts.next()?).ok()?;
        *octet = u8::from_str_radix(part, 16).ok()?;
    }
    parts.next().is_none().then(|| HwAddr::new(1, &octets))
}
