//! The configured hosts (`dhcp-host`, `dhcp-hostsfile`, `/etc/ethers`): one
//! table with indexes by client identifier, hardware address, name and
//! address, so that a request costs the same with ten hosts or ten thousand.
//! It is filled host by host, so that many can be read in slices.

use crate::base::hash::Key;
use crate::base::index::Index;
use crate::base::net::HwAddr;
use crate::config::{ClientId, Host, HwPattern};
use crate::dhcp::ranges::Candidates;
use crate::dhcp::tags::TagSet;
use crate::store::hosts::Hosts;
use crate::wire::dns::name::{Name, NameBuf};
use std::net::{IpAddr, Ipv4Addr};

/// The table. Hosts that come first win: those of one hash are found in the order
/// they were added.
pub struct HostTable {
    key: Key,
    list: Vec<Host>,
    by_id: Index,
    by_hw: Index,
    by_name: Index,
    by_addr: Index,
    /// Hosts with wildcards in a hardware address.
    wild: Vec<u32>,
    /// Hosts that got their address from hosts files, ascending.
    filled: Vec<u32>,
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
    /// An empty table with room for so many hosts, which have so many hardware
    /// addresses together.
    pub fn new(hosts: usize, cards: usize, key: Key) -> Self {
        HostTable {
            key,
            list: Vec::with_capacity(hosts),
            by_id: Index::new(hosts),
            by_hw: Index::new(cards),
            by_name: Index::new(hosts),
            by_addr: Index::new(hosts),
            wild: Vec::new(),
            filled: Vec::new(),
        }
    }

    /// An empty table to take the place of this one.
    pub fn another(&self, hosts: usize, cards: usize) -> Self {
        HostTable::new(hosts, cards, self.key)
    }

    /// Hosts.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Hardware addresses of all hosts together.
    pub fn cards(&self) -> usize {
        self.list.iter().map(|host| host.hw.len()).sum()
    }

    /// Adds a host behind all others.
    pub fn push(&mut self, host: Host) {
        let Ok(number) = u32::try_from(self.list.len()) else { return };
        if let ClientId::Is(id) = &host.client_id {
            self.by_id.insert(self.key.bytes(id) as u32, number);
        }
        for pattern in host.hw.iter().filter(|pattern| pattern.wild == 0) {
            self.by_hw.insert(self.key.bytes(pattern.hw.octets()) as u32, number);
        }
        if let Some(name) = host.name.as_deref().filter(|_| is_by_name(&host)) {
            self.by_name.insert(self.key.name(name) as u32, number);
        }
        if let Some(addr) = host.addr {
            self.by_addr.insert(self.addr_hash(addr), number);
        }
        if host.hw.iter().any(|pattern| pattern.wild != 0) {
            self.wild.push(number);
        }
        self.list.push(host);
    }

    /// Gives a host with a name and no address the one that hosts files have for
    /// the name, unless another host has it. Once all hosts are there; those that
    /// win first.
    pub fn fill(&mut self, number: usize, names: &Hosts, tell: &mut dyn FnMut(Filled)) {
        let Some(host) = self.list.get(number).filter(|host| host.addr.is_none()) else { return };
        let Some(label) = host.name.as_deref() else { return };
        let name = NameBuf::join(label, Name::ROOT);
        let ring = name.and_then(|name| names.find(name.name(), false));
        let mut found = ring.into_iter().flat_map(|ring| names.hosts(ring)).filter_map(|host| match host.addr {
            IpAddr::V4(addr) => Some(addr),
            IpAddr::V6(_) => None,
        });
        let Some(addr) = found.next() else { return };
        if found.next().is_some() {
            tell(Filled::Several(label, addr));
        }
        if self.by_addr(addr).is_some() {
            return tell(Filled::Double(label, addr));
        }
        self.by_addr.insert(self.addr_hash(addr), number as u32);
        self.filled.push(number as u32);
        if let Some(host) = self.list.get_mut(number) {
            host.addr = Some(addr);
        }
    }

    /// Takes back what was filled in.
    pub fn empty(&mut self) {
        for number in core::mem::take(&mut self.filled) {
            if let Some(host) = self.list.get_mut(number as usize) {
                host.addr = None;
            }
        }
        self.by_addr.clear();
        for (number, host) in (0..).zip(&self.list) {
            if let Some(addr) = host.addr {
                self.by_addr.insert(self.addr_hash(addr), number);
            }
        }
    }

    /// The host of this number, as it is configured.
    pub fn bare(&self, number: usize) -> Option<Host> {
        let mut host = self.list.get(number)?.clone();
        if self.is_filled(number as u32) {
            host.addr = None;
        }
        Some(host)
    }

    /// Frees the last hosts, so many; true when none is left.
    pub fn shed(&mut self, most: usize) -> bool {
        self.list.truncate(self.list.len().saturating_sub(most));
        self.list.is_empty()
    }

    /// True when the address is configured for a host.
    pub fn has_addr(&self, addr: Ipv4Addr) -> bool {
        let has = |number: u32| self.list.get(number as usize).is_some_and(|host| host.addr == Some(addr));
        self.by_addr.probe(self.addr_hash(addr)).any(|number| has(number) && !self.is_filled(number))
    }

    fn is_filled(&self, number: u32) -> bool {
        self.filled.binary_search(&number).is_ok()
    }

    fn addr_hash(&self, addr: Ipv4Addr) -> u32 {
        self.key.bytes(&addr.octets()) as u32
    }

    /// True when this host, as it is configured, is in the table.
    pub fn knows(&self, host: &Host) -> bool {
        let same = |number: u32| {
            let Some(own) = self.list.get(number as usize) else { return false };
            host.addr == own.addr.filter(|_| !self.is_filled(number)) && is_same(own, host)
        };
        let near = |index: &Index, hash: u64| index.probe(hash as u32).any(same);
        match (host.hw.iter().find(|pattern| pattern.wild == 0), &host.client_id, &host.name) {
            (Some(pattern), ..) => near(&self.by_hw, self.key.bytes(pattern.hw.octets())),
            (_, ClientId::Is(id), _) => near(&self.by_id, self.key.bytes(id)),
            (.., Some(name)) if is_by_name(host) => near(&self.by_name, self.key.name(name)),
            _ => (0..).zip(&self.list).any(|(number, _)| same(number)),
        }
    }

    /// The host that has this address reserved.
    pub fn by_addr(&self, addr: Ipv4Addr) -> Option<&Host> {
        self.find(&self.by_addr, self.addr_hash(addr).into()).find(|host| host.addr == Some(addr))
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

    /// Hosts that may have this hash, and others.
    fn find<'a>(&'a self, index: &'a Index, hash: u64) -> impl Iterator<Item = &'a Host> {
        index.probe(hash as u32).filter_map(|number| self.list.get(number as usize))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Random;
    use crate::config::dhcp_host_line;
    use crate::dhcp::tags::TagSet;
    use crate::store::hosts_builder::HostsBuilder;

    fn host(line: &str) -> Host {
        dhcp_host_line(line.as_bytes(), &mut Vec::new()).unwrap().unwrap()
    }

    fn hosts(lines: &[String]) -> HostTable {
        let cards = lines.iter().map(|line| host(line).hw.len()).sum();
        let mut table = HostTable::new(lines.len(), cards, Key::new(&mut Random::seeded(1)));
        lines.iter().for_each(|line| table.push(host(line)));
        table
    }

    fn addr(last: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, 0, 0, last)
    }

    fn of(table: &HostTable, hw: u8, name: &str) -> Option<Ipv4Addr> {
        let hw = &host(&format!("02:00:00:00:00:{hw:02x}")).hw[0].hw;
        let who = Identity { client_id: None, hw, name: Some(name.as_bytes()) };
        table.of_client(&who, &TagSet::default(), None).and_then(|host| host.addr)
    }

    #[test]
    fn the_first_of_equal_hosts_wins_and_each_is_found_by_what_it_has() {
        let mut lines: Vec<String> = (0..100).map(|n| format!("02:00:00:00:01:{n:02x},02:00:00:00:02:{n:02x},10.0.1.{n}")).collect();
        lines.extend(["02:00:00:00:00:01,10.0.0.1", "02:00:00:00:00:01,10.0.0.2", "pc,10.0.0.3", "PC,10.0.0.4"].map(String::from));
        lines.extend(["02:00:00:00:00:*,10.0.0.5", "02:00:00:00:*:*,10.0.0.6", "02:00:00:*:00:07,10.0.0.7"].map(String::from));
        let table = hosts(&lines);
        assert_eq!([of(&table, 1, "x"), of(&table, 2, "Pc")], [Some(addr(1)), Some(addr(3))]);
        // The pattern with the fewest wildcards, of equal ones the first.
        assert_eq!([of(&table, 9, "x"), of(&table, 7, "x")], [Some(addr(5)), Some(addr(5))]);
        for n in 0..100 {
            assert!(table.by_addr(Ipv4Addr::new(10, 0, 1, n)).is_some_and(|host| host.hw.len() == 2));
        }
        assert!(lines.iter().all(|line| table.knows(&host(line))) && !table.knows(&host("pc,10.0.0.9")));
    }

    #[test]
    fn addresses_of_names_are_filled_in_and_taken_back() {
        let mut table = hosts(&["02:00:00:00:00:01,box", "02:00:00:00:00:02,copy", "02:00:00:00:00:03,10.0.0.8", "02:00:00:00:00:04,mine"].map(String::from));
        let fill = |table: &mut HostTable, list: &[(&str, u8)]| {
            let mut names = HostsBuilder::new(Key::new(&mut Random::seeded(2)));
            names.source(b"hosts");
            list.iter().for_each(|(name, last)| {
                names.add(NameBuf::from_text(name.as_bytes()).unwrap().name(), addr(*last).into());
            });
            let (names, mut doubles) = (names.freeze(), Vec::new());
            table.empty();
            for number in 0..table.len() {
                table.fill(number, &names, &mut |filled| match filled {
                    Filled::Double(name, _) => doubles.push(name.to_vec()),
                    Filled::Several(..) => {}
                });
            }
            doubles
        };
        let doubles = fill(&mut table, &[("box", 9), ("copy", 9), ("mine", 8)]);
        assert_eq!(doubles, [b"copy".to_vec(), b"mine".to_vec()]);
        assert_eq!([1, 2, 3, 4].map(|hw| of(&table, hw, "")), [Some(addr(9)), None, Some(addr(8)), None]);
        assert!(table.has_addr(addr(8)) && !table.has_addr(addr(9)), "of the configuration, or filled in");
        assert!(table.knows(&host("02:00:00:00:00:01,box")) && table.bare(0).unwrap().addr.is_none());
        assert!(fill(&mut table, &[("copy", 9)]).is_empty());
        assert_eq!([1, 2, 3].map(|hw| of(&table, hw, "")), [None, Some(addr(9)), Some(addr(8))]);
        assert!(!table.shed(3) && table.shed(3));
    }
}
