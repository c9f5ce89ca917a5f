//! Local names: hosts files and configured host records. Name → addresses,
//! address → first name, and which names exist only because one below does.
//!
//! A million names cost about 25 octets each beside their text: names lie in
//! wire form in one arena (spelled as given), each once; an entry is 12 octets;
//! two hash tables find entries by name and by address; 64-bit fingerprints
//! stand for the parents. Block lists are cheaper: a name that nobody can ask
//! for by its address needs no text, so behind the first ten thousand names such
//! a one is a fingerprint with the number of its answer, about 12 octets in all.
//! Built once while files stream by, then only read (the wheel of several
//! addresses turns). Loading is linear, no look-up scans.

use crate::base::bytes::Reader;
use crate::base::hash::{self, Key};
use crate::base::packed::Packed;
use crate::store::prints::{self, Prints};
use crate::wire::dns::name::Name;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Addresses of one name that a new one is compared with to drop duplicates.
/// Only a name with more of them may keep a duplicate.
const COMPARED: usize = 64;

/// Entries from which on names may be kept as fingerprints. The list that
/// SIGUSR1 writes does not show those.
const SPELLED: usize = 10_000;

/// The note of a fingerprint whose name has entries now.
const SPELLED_NOW: u8 = u8::MAX;

/// In `Entry::name`: the address is IPv6. The rest is an offset.
const IS_V6: u32 = 1 << 31;

/// In `Entry::next`: the first entry with this address, which names it. The
/// rest is a number of an entry.
const NAMES_ADDR: u32 = 1 << 31;

/// One name and address.
#[derive(Clone, Copy)]
struct Entry {
    /// Offset of the name in the arena, and `IS_V6`.
    name: u32,
    /// The IPv4 address, or the place of the IPv6 address in their table.
    addr: u32,
    /// The next entry with this name and family, and `NAMES_ADDR`. They form a
    /// ring; the index holds the last one, which leads to the first.
    next: u32,
}

/// All local names.
pub struct Hosts {
    key: Key,
    /// Names in wire form, one after the other.
    arena: Vec<u8>,
    v6: Vec<Ipv6Addr>,
    entries: Vec<Entry>,
    by_name: Packed,
    by_addr: Packed,
    /// Names that have a name below them.
    parents: Prints,
    /// Names without text; the note is a place in `answers`.
    listed: Prints,
    /// Addresses of those.
    listed_pairs: usize,
    answers: Vec<Answer>,
    /// The TTLs of the first entries; `u32::MAX`: that of local data.
    ttls: Vec<u32>,
    /// Which of the files each stretch of entries comes from, by its first one.
    sources: Vec<(u32, u16)>,
    paths: Vec<Box<[u8]>>,
}

/// What a name without text stands for: the address of each family, IPv4 first,
/// and the file it comes from.
#[derive(Clone, Copy, PartialEq)]
struct Answer([Option<(IpAddr, u16)>; 2]);

/// A name found: its addresses of one family.
#[derive(Clone, Copy)]
pub struct Ring(Way);

#[derive(Clone, Copy)]
enum Way {
    /// By its cell of the index, and the last entry of the ring.
    Entries(Cell),
    /// The one address of a name without text, and its file.
    Listed(IpAddr, u16),
}

/// Where a ring of entries begins.
#[derive(Clone, Copy)]
struct Cell {
    /// The cell of the index.
    cell: usize,
    /// The last entry of the ring.
    last: u32,
}

/// One address of a name.
#[derive(Clone, Copy)]
pub struct Found<'a> {
    /// The address.
    pub addr: IpAddr,
    /// Where it comes from: the path of the file.
    pub source: &'a [u8],
    /// Its own TTL in seconds, if it has one.
    pub ttl: Option<u32>,
}

/// One name of an address.
#[derive(Clone, Copy)]
pub struct Host<'a> {
    /// The name, spelled as in the file.
    pub name: Name<'a>,
    /// The address.
    pub addr: IpAddr,
    /// Where it comes from: the path of the file.
    pub source: &'a [u8],
    /// Its own TTL in seconds, if it has one.
    pub ttl: Option<u32>,
}

/// The table being filled.
pub struct HostsBuilder(Hosts);

impl HostsBuilder {
    /// An empty table under `key`.
    pub fn new(key: Key) -> Self {
        HostsBuilder(Hosts {
            key,
            arena: Vec::new(),
            v6: Vec::new(),
            entries: Vec::new(),
            by_name: Packed::default(),
            by_addr: Packed::default(),
            parents: Prints::default(),
            listed: Prints::default(),
            listed_pairs: 0,
            answers: Vec::new(),
            ttls: Vec::new(),
            sources: Vec::new(),
            paths: Vec::new(),
        })
    }

    /// What is added from here on comes from `path` (or is called that in logs).
    pub fn source(&mut self, path: &[u8]) {
        self.0.paths.push(path.into());
        self.0.sources.push((self.0.end(), self.0.last_path()));
    }

    /// As `add`, perhaps with a TTL of its own. To be called before any other: room
    /// is taken for the TTLs of all that came before.
    pub fn add_for(&mut self, name: Name, addr: IpAddr, ttl: Option<u32>) {
        let number = self.0.entries.len();
        self.0.spell(self.0.key.name(name.wire()), name, addr);
        if let Some(ttl) = ttl
            && self.0.entries.len() > number
        {
            self.0.ttls.resize(number, u32::MAX);
            self.0.ttls.push(ttl.min(u32::MAX - 1));
        }
    }

    /// Adds a name with an address, unless it is there already. What is beyond
    /// two thousand million octets of names is dropped.
    pub fn add(&mut self, name: Name, addr: IpAddr) {
        let hosts = &mut self.0;
        let hash = hosts.key.name(name.wire());
        if !hosts.list(hash, name, addr) {
            hosts.spell(hash, name, addr);
        }
    }

    /// The finished table, without slack.
    pub fn freeze(self) -> Hosts {
        let mut hosts = self.0;
        hosts.arena.shrink_to_fit();
        hosts.v6.shrink_to_fit();
        hosts.entries.shrink_to_fit();
        hosts.sources.shrink_to_fit();
        hosts.parents.shrink();
        hosts.listed.shrink();
        if hosts.by_name.len() > 0 {
            hosts.by_name = hosts.rebuilt_names(hosts.by_name.len());
            hosts.by_addr = hosts.rebuilt_addrs(hosts.by_addr.len());
        }
        hosts
    }
}

impl Hosts {
    /// Keeps a name without text if that is enough: nobody can ask for it by its
    /// address, and it has one of each family at most. False: it needs entries.
    fn list(&mut self, hash: u64, name: Name, addr: IpAddr) -> bool {
        let mark = prints::of_hash(hash);
        let own = Some((addr, self.last_path()));
        let family = usize::from(addr.is_ipv6());
        if let Some(cell) = self.listed.find(mark) {
            let note = self.listed.note(cell);
            let Some(mut answer) = self.answers.get(usize::from(note)).copied().filter(|_| note != SPELLED_NOW) else {
                return false;
            };
            let known = answer.0.get(family).copied().flatten();
            if known.is_some_and(|(known, _)| known == addr) {
                return true;
            }
            if let Some(place) = answer.0.get_mut(family) {
                *place = own;
            }
            let is_enough = known.is_none() && self.is_named_elsewhere(addr);
            if let Some(note) = is_enough.then(|| self.answer(answer)).flatten() {
                self.listed.set_note(cell, note);
                self.listed_pairs = self.listed_pairs.saturating_add(1);
                return true;
            }
            // It has more than that now: what was known of it becomes entries.
            self.listed.set_note(cell, SPELLED_NOW);
            let before = self.answers.get(usize::from(note)).copied();
            for (addr, path) in before.into_iter().flat_map(|answer| answer.0).flatten() {
                self.listed_pairs = self.listed_pairs.saturating_sub(1);
                self.sources.push((self.end(), path));
                self.spell(hash, name, addr);
            }
            self.sources.push((self.end(), self.last_path()));
            return false;
        }
        if self.entries.len() < SPELLED || !self.is_named_elsewhere(addr) || self.has_entries(hash, name) {
            return false;
        }
        let mut answer = Answer([None; 2]);
        if let Some(place) = answer.0.get_mut(family) {
            *place = own;
        }
        let Some(note) = self.answer(answer) else { return false };
        self.listed.insert(mark, note);
        self.listed_pairs = self.listed_pairs.saturating_add(1);
        self.add_parents(name);
        true
    }

    /// The number of an answer, new or known; nothing when there are too many.
    fn answer(&mut self, answer: Answer) -> Option<u8> {
        let place = match self.answers.iter().rposition(|known| *known == answer) {
            Some(place) => place,
            None if self.answers.len() < usize::from(SPELLED_NOW) => {
                self.answers.push(answer);
                self.answers.len().saturating_sub(1)
            }
            None => return None,
        };
        u8::try_from(place).ok()
    }

    /// True when an earlier name is that of the address.
    fn is_named_elsewhere(&self, addr: IpAddr) -> bool {
        self.by_addr.find(self.addr_hash(addr), |other| self.addr(other) == addr).is_some()
    }

    /// True when the name has entries of any family.
    fn has_entries(&self, hash: u64, name: Name) -> bool {
        self.ring(hash, name, false).is_some() || self.ring(hash, name, true).is_some()
    }

    /// Adds every name above `name` but the root.
    fn add_parents(&mut self, name: Name) {
        for parent in name.suffixes().skip(1).filter(|parent| !parent.is_root()) {
            // Where one is known, all above it are.
            if !self.parents.insert(prints::print(&self.key, parent), 0) {
                return;
            }
        }
    }

    /// Adds an entry for a name, unless there is one.
    fn spell(&mut self, hash: u64, name: Name, addr: IpAddr) {
        let v6 = addr.is_ipv6();
        let ring = self.ring(hash, name, v6);
        if ring.is_some_and(|ring| self.members(ring).take(COMPARED).any(|own| self.addr(own) == addr)) {
            return;
        }
        let other = ring.or_else(|| self.ring(hash, name, !v6));
        let name_at = match other {
            Some(ring) => Some(self.name_at(ring.last)),
            None => self.keep_name(name),
        };
        let Some(name_at) = name_at else { return };
        let number = self.end();
        if number >= NAMES_ADDR / 2 {
            return;
        }
        let addr_hash = self.addr_hash(addr);
        let known = self.by_addr.find(addr_hash, |other| self.addr(other) == addr);
        let Some(addr_word) = self.addr_word(addr, known.map(|(_, number)| number)) else { return };
        let names_addr = if known.is_none() { NAMES_ADDR } else { 0 };
        let first = ring.map_or(number, |ring| self.next(ring.last));
        let name_word = name_at | if v6 { IS_V6 } else { 0 };
        self.entries.push(Entry { name: name_word, addr: addr_word, next: first | names_addr });
        match ring {
            Some(ring) => {
                if let Some(last) = self.entries.get_mut(ring.last as usize) {
                    last.next = number | (last.next & NAMES_ADDR);
                }
                self.reindex_name(ring.cell, number);
            }
            None => self.index_name(hash, number),
        }
        if known.is_none() {
            self.index_addr(addr_hash, number);
        }
        if other.is_none() {
            self.add_parents(name);
        }
    }

    /// A table without names.
    pub fn empty(key: Key) -> Self {
        HostsBuilder::new(key).freeze()
    }

    /// Entries that came from a file.
    pub fn count_of(&self, path: &[u8]) -> u32 {
        let ends = self.sources.iter().map(|(first, _)| *first).skip(1).chain([self.end()]);
        let counts = self.sources.iter().zip(ends).filter(|((_, source), _)| *self.path(*source) == *path);
        let spelled: u32 = counts.map(|((first, _), end)| end.saturating_sub(*first)).sum();
        let listed = self.listed.notes().filter_map(|note| self.answers.get(usize::from(note)));
        let is_its = |(_, source): &(IpAddr, u16)| *self.path(*source) == *path;
        listed.fold(spelled, |sum, answer| {
            let own = answer.0.iter().flatten().filter(|own| is_its(own)).count();
            sum.saturating_add(u32::try_from(own).unwrap_or(0))
        })
    }

    /// Entries: pairs of name and address.
    pub fn len(&self) -> usize {
        self.entries.len().saturating_add(self.listed_pairs)
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The addresses of a name: IPv6 or IPv4. Nothing when there are none.
    pub fn find(&self, name: Name, v6: bool) -> Option<Ring> {
        if self.is_empty() {
            return None;
        }
        let hash = self.key.name(name.wire());
        if let Some(ring) = self.ring(hash, name, v6) {
            return Some(Ring(Way::Entries(ring)));
        }
        let note = self.listed.note(self.listed.find(prints::of_hash(hash))?);
        let answer = self.answers.get(usize::from(note)).filter(|_| note != SPELLED_NOW)?;
        let (addr, path) = answer.0.get(usize::from(v6)).copied().flatten()?;
        Some(Ring(Way::Listed(addr, path)))
    }

    /// The addresses of a ring, in turn.
    pub fn hosts(&self, ring: Ring) -> impl Iterator<Item = Found<'_>> {
        let (entries, listed) = match ring.0 {
            Way::Entries(cell) => (Some(cell), None),
            Way::Listed(addr, path) => (None, Some(Found { addr, source: self.path(path), ttl: None })),
        };
        let numbers = entries.into_iter().flat_map(|cell| self.members(cell));
        numbers
            .map(|number| Found { addr: self.addr(number), source: self.source(number), ttl: self.ttl(number) })
            .chain(listed)
    }

    /// Puts the first address of a ring to the end.
    pub fn turn(&mut self, ring: Ring) {
        if let Way::Entries(cell) = ring.0 {
            self.by_name.replace(cell.cell, self.next(cell.last));
        }
    }

    /// The host that names an address: the first one that has it.
    pub fn by_addr(&self, addr: IpAddr) -> Option<Host<'_>> {
        let found = self.by_addr.find(self.addr_hash(addr), |number| self.addr(number) == addr);
        found.and_then(|(_, number)| self.host(number))
    }

    /// True when the name has an address of any family.
    pub fn has(&self, name: Name) -> bool {
        self.find(name, false).is_some() || self.find(name, true).is_some()
    }

    /// True when the name has an address or a name below it does.
    pub fn exists(&self, name: Name) -> bool {
        self.has(name) || self.parents.find(prints::print(&self.key, name)).is_some()
    }

    /// The host with this number (from 0 on without a gap), and whether it names
    /// its address. Names without text have no number.
    pub fn get(&self, number: u32) -> Option<(Host<'_>, bool)> {
        let names_addr = self.entry(number).next & NAMES_ADDR != 0;
        self.host(number).map(|host| (host, names_addr))
    }

    fn host(&self, number: u32) -> Option<Host<'_>> {
        let at = (self.entries.get(number as usize)?.name & !IS_V6) as usize;
        let name = Name::read(&mut Reader::at(&self.arena, at)?)?;
        Some(Host { name, addr: self.addr(number), source: self.source(number), ttl: self.ttl(number) })
    }

    /// The path of the file that an entry comes from.
    fn source(&self, number: u32) -> &[u8] {
        let after = self.sources.partition_point(|(first, _)| *first <= number);
        let source = after.checked_sub(1).and_then(|place| self.sources.get(place));
        source.map_or(&[], |(_, path)| self.path(*path))
    }

    fn ttl(&self, number: u32) -> Option<u32> {
        self.ttls.get(number as usize).copied().filter(|ttl| *ttl != u32::MAX)
    }

    fn path(&self, number: u16) -> &[u8] {
        self.paths.get(usize::from(number)).map_or(&[], |path| path)
    }

    /// The number of the file being read.
    fn last_path(&self) -> u16 {
        u16::try_from(self.paths.len().saturating_sub(1)).unwrap_or(u16::MAX)
    }

    /// The number behind the last entry.
    fn end(&self) -> u32 {
        u32::try_from(self.entries.len()).unwrap_or(u32::MAX)
    }

    fn entry(&self, number: u32) -> Entry {
        self.entries.get(number as usize).copied().unwrap_or(Entry { name: 0, addr: 0, next: number })
    }

    fn next(&self, number: u32) -> u32 {
        self.entry(number).next & !NAMES_ADDR
    }

    fn name_at(&self, number: u32) -> u32 {
        self.entry(number).name & !IS_V6
    }

    fn addr(&self, number: u32) -> IpAddr {
        let entry = self.entry(number);
        if entry.name & IS_V6 == 0 {
            return Ipv4Addr::from(entry.addr).into();
        }
        self.v6.get(entry.addr as usize).copied().unwrap_or(Ipv6Addr::UNSPECIFIED).into()
    }

    fn addr_hash(&self, addr: IpAddr) -> u64 {
        match addr {
            IpAddr::V4(v4) => self.key.bytes(&v4.octets()),
            IpAddr::V6(v6) => self.key.bytes(&v6.octets()),
        }
    }

    fn ring(&self, hash: u64, name: Name, v6: bool) -> Option<Cell> {
        let same = |number: u32| {
            let entry = self.entry(number);
            (entry.name & IS_V6 != 0) == v6 && self.is_named(entry.name & !IS_V6, name)
        };
        self.by_name.find(hash, same).map(|(cell, last)| Cell { cell, last })
    }

    fn is_named(&self, at: u32, name: Name) -> bool {
        let at = at as usize;
        // The final zero is part of both, so no longer name is taken for this one.
        let own = self.arena.get(at..at.saturating_add(name.wire().len()));
        own.is_some_and(|own| hash::same_folded(own, name.wire()))
    }

    /// The numbers of a ring, the first one first.
    fn members(&self, ring: Cell) -> impl Iterator<Item = u32> {
        let mut at = Some(self.next(ring.last));
        core::iter::from_fn(move || {
            let number = at?;
            at = (number != ring.last).then(|| self.next(number));
            Some(number)
        })
    }

    /// Appends a name to the arena.
    fn keep_name(&mut self, name: Name) -> Option<u32> {
        let at = u32::try_from(self.arena.len()).ok().filter(|at| *at < IS_V6)?;
        self.arena.extend_from_slice(name.wire());
        Some(at)
    }

    /// The address as an entry holds it; `known` has the same address.
    fn addr_word(&mut self, addr: IpAddr, known: Option<u32>) -> Option<u32> {
        match (addr, known) {
            (IpAddr::V4(v4), _) => Some(v4.into()),
            (_, Some(number)) => Some(self.entry(number).addr),
            (IpAddr::V6(v6), None) => {
                self.v6.push(v6);
                u32::try_from(self.v6.len().checked_sub(1)?).ok()
            }
        }
    }

    fn index_name(&mut self, hash: u64, number: u32) {
        if self.by_name.is_full(number) {
            // The new entry is among those handed in.
            self.by_name = self.rebuilt_names(larger(self.by_name.len()));
        } else {
            self.by_name.insert(hash, number);
        }
    }

    /// Makes `number` the last entry of the ring in a cell.
    fn reindex_name(&mut self, cell: usize, number: u32) {
        if self.by_name.holds(number) {
            self.by_name.replace(cell, number);
        } else {
            self.by_name = self.rebuilt_names(self.by_name.len());
        }
    }

    fn index_addr(&mut self, hash: u64, number: u32) {
        if self.by_addr.is_full(number) {
            self.by_addr = self.rebuilt_addrs(larger(self.by_addr.len()));
        } else {
            self.by_addr.insert(hash, number);
        }
    }

    /// An index by name with room for `count` rings. While the wheel has not
    /// turned, the last entry of a ring is the one whose next is not behind it.
    fn rebuilt_names(&self, count: usize) -> Packed {
        let mut table = Packed::new(count, self.numbers());
        for number in (0..self.end()).filter(|number| self.next(*number) <= *number) {
            let at = self.name_at(number) as usize;
            if let Some(name) = Reader::at(&self.arena, at).and_then(|mut reader| Name::read(&mut reader)) {
                table.insert(self.key.name(name.wire()), number);
            }
        }
        table
    }

    /// An index by address with room for `count` addresses.
    fn rebuilt_addrs(&self, count: usize) -> Packed {
        let mut table = Packed::new(count, self.numbers());
        for number in (0..self.end()).filter(|number| self.entry(*number).next & NAMES_ADDR != 0) {
            table.insert(self.addr_hash(self.addr(number)), number);
        }
        table
    }

    /// Numbers that cells must be able to hold: twice those there are.
    fn numbers(&self) -> u32 {
        self.end().saturating_add(8).saturating_mul(2)
    }
}

/// How many entries a table is made for when it is full at `count`.
fn larger(count: usize) -> usize {
    count.saturating_add(count / 2).saturating_add(8)
}

#[cfg(test)]
#[path = "hosts_tests.rs"]
mod tests;
