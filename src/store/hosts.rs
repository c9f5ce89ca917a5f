//! Local names: hosts files and configured host records. Name → addresses,
//! address → first name, and which names exist only because one below does.
//!
//! A million names with an address each cost about 27 octets each: they lie
//! packed one behind the other (`entries`), two hash tables of five octets an
//! entry find them by name and by address, 64-bit fingerprints stand for the
//! parents. Block lists are cheaper: a name that nobody can ask for by its
//! address needs no text, so behind the first ten thousand names such a one is
//! a fingerprint with the number of its answer, about 12 octets in all. Built
//! once while files stream by (`hosts_builder`), then only read (the wheel of
//! several addresses turns). No look-up scans.

use super::entries::{Entries, Walk};
use super::prints::{self, Prints};
use crate::base::hash::Key;
use crate::base::packed::Packed;
use crate::wire::dns::name::{Name, NameBuf};
use std::net::IpAddr;

/// The note of a fingerprint whose name has entries now.
pub(super) const SPELLED_NOW: u8 = u8::MAX;

/// All local names.
pub struct Hosts {
    pub(super) key: Key,
    pub(super) entries: Entries,
    /// By name, several of one name in turn. A name with more than a thousand
    /// answers with a thousand.
    pub(super) by_name: Packed,
    /// The first entry of each address.
    pub(super) by_addr: Packed,
    /// Names that have a name below them.
    pub(super) parents: Prints,
    /// Names without text; the note is a place in `answers`.
    pub(super) listed: Prints,
    /// Addresses of those.
    pub(super) listed_pairs: usize,
    pub(super) answers: Vec<Answer>,
    /// The TTLs of the first entries; `u32::MAX`: that of local data.
    pub(super) ttls: Vec<u32>,
    /// Which of the files each stretch of entries comes from, by its first one.
    pub(super) sources: Vec<(u32, u16)>,
    pub(super) paths: Vec<Box<[u8]>>,
}

/// What a name without text stands for: the address of each family, IPv4 first,
/// and the file it comes from.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Answer(pub(super) [Option<(IpAddr, u16)>; 2]);

/// A name found: its addresses of one family.
#[derive(Clone, Copy)]
pub struct Ring {
    /// The first address.
    addr: IpAddr,
    way: Way,
}

#[derive(Clone, Copy)]
enum Way {
    /// The entry of this number, in this cell; others of the name may follow.
    Entry { cell: usize, number: u32, more: bool },
    /// A name without text, and its file.
    Listed(u16),
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

impl Hosts {
    /// A table without names.
    pub fn empty(key: Key) -> Self {
        Hosts {
            key,
            entries: Entries::default(),
            by_name: Packed::default(),
            by_addr: Packed::default(),
            parents: Prints::default(),
            listed: Prints::default(),
            listed_pairs: 0,
            answers: Vec::new(),
            ttls: Vec::new(),
            sources: Vec::new(),
            paths: Vec::new(),
        }
    }

    /// Entries that came from a file.
    pub fn count_of(&self, path: &[u8]) -> u32 {
        let ends = self.sources.iter().map(|(first, _)| *first).skip(1).chain([self.entries.len()]);
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
        (self.entries.len() as usize).saturating_add(self.listed_pairs)
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.len() == 0
    }

    /// The addresses of a name: IPv6 or IPv4. Nothing when there are none.
    pub fn find(&self, name: Name, v6: bool) -> Option<Ring> {
        self.find_hashed(self.key.name(name.wire()), name, v6)
    }

    /// The same for a name whose hash under the table's key is known.
    pub fn find_hashed(&self, hash: u64, name: Name, v6: bool) -> Option<Ring> {
        debug_assert!(hash == self.key.name(name.wire()), "a hash under another key");
        if self.is_empty() {
            return None;
        }
        let first = self.by_name.first(hash);
        if first.is_some() && let Some(ring) = self.ring(self.seek(first, name, Some(v6))) {
            return Some(ring);
        }
        let note = self.listed.note(self.listed.find(prints::of_hash(hash))?);
        let answer = self.answers.get(usize::from(note)).filter(|_| note != SPELLED_NOW)?;
        let (addr, path) = answer.0.get(usize::from(v6)).copied().flatten()?;
        Some(Ring { addr, way: Way::Listed(path) })
    }

    /// From a cell on, the first entry of this name, of a family or any.
    pub(super) fn seek(
        &self,
        mut at: Option<(usize, u32)>,
        name: Name,
        v6: Option<bool>,
    ) -> Option<(usize, u32, IpAddr)> {
        let mut walk = None;
        loop {
            let (cell, number) = at?;
            let walk = walk.get_or_insert_with(Walk::default);
            self.entries.go(walk, number)?;
            let entry = &walk.entry;
            if v6.is_none_or(|v6| entry.addr.is_ipv6() == v6) && entry.is(name) {
                return Some((cell, number, entry.addr));
            }
            at = self.by_name.after(cell);
        }
    }

    /// The addresses of a ring, in turn.
    pub fn hosts(&self, ring: Ring) -> impl Iterator<Item = Found<'_>> {
        core::iter::successors(Some(ring), |ring| self.next(*ring)).map(|ring| match ring.way {
            Way::Entry { number, .. } => self.found(number, ring.addr),
            Way::Listed(path) => Found { addr: ring.addr, source: self.path(path), ttl: None },
        })
    }

    /// The entry behind the first of a ring, as the first of what is left.
    fn next(&self, ring: Ring) -> Option<Ring> {
        let Way::Entry { cell, number, more: true } = ring.way else { return None };
        self.next_of(cell, number, ring.addr.is_ipv6())
    }

    /// Apart, for the names on its stack: most names have one address.
    #[inline(never)]
    fn next_of(&self, cell: usize, number: u32, v6: bool) -> Option<Ring> {
        let (mut walk, mut name) = (Walk::default(), NameBuf::default());
        self.entries.go(&mut walk, number)?;
        self.ring(self.seek(self.by_name.after(cell), walk.entry.name(&mut name), Some(v6)))
    }

    /// The ring that begins with an entry.
    fn ring(&self, first: Option<(usize, u32, IpAddr)>) -> Option<Ring> {
        let (cell, number, addr) = first?;
        Some(Ring { addr, way: Way::Entry { cell, number, more: self.by_name.after(cell).is_some() } })
    }

    /// Puts the first address of a ring to the end.
    pub fn turn(&mut self, ring: Ring) {
        let Way::Entry { mut cell, number: first, .. } = ring.way else { return };
        let mut rest = ring;
        while let Some(Ring { way: Way::Entry { cell: next, number, .. }, .. }) = self.next(rest) {
            self.by_name.replace(cell, number);
            (cell, rest) = (next, Ring { way: Way::Entry { cell: next, number, more: true }, ..rest });
        }
        self.by_name.replace(cell, first);
    }

    /// The host that names an address, the first one that has it: its name, spelled
    /// as in the file, goes into `name`.
    pub fn by_addr(&self, addr: IpAddr, name: &mut NameBuf) -> Option<Found<'_>> {
        let mut walk = Walk::default();
        self.go_to(addr, &mut walk)?;
        walk.entry.name(name);
        Some(self.found(walk.number.saturating_sub(1), addr))
    }

    /// True when an address has a name.
    pub(super) fn has_addr(&self, addr: IpAddr) -> bool {
        self.go_to(addr, &mut Walk::default()).is_some()
    }

    /// Goes over the first entry of an address.
    fn go_to(&self, addr: IpAddr, walk: &mut Walk) -> Option<()> {
        let mut at = self.by_addr.first(self.addr_hash(addr));
        loop {
            let (cell, number) = at?;
            self.entries.go(walk, number)?;
            if walk.entry.addr == addr {
                return Some(());
            }
            at = self.by_addr.after(cell);
        }
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
    /// its address. Its name goes into `name`. Names without text have no number.
    pub fn get(&self, number: u32, name: &mut NameBuf) -> Option<(Found<'_>, bool)> {
        let mut walk = Walk::default();
        self.entries.go(&mut walk, number)?;
        walk.entry.name(name);
        Some((self.found(number, walk.entry.addr), walk.entry.names_addr))
    }

    /// Tells `each` all names that have text, until it says no.
    pub fn each(&self, each: &mut dyn FnMut(&NameBuf, IpAddr) -> bool) {
        let (mut walk, mut name) = (Walk::default(), NameBuf::default());
        while self.entries.step(&mut walk).is_some() {
            walk.entry.name(&mut name);
            if !each(&name, walk.entry.addr) {
                return;
            }
        }
    }

    fn found(&self, number: u32, addr: IpAddr) -> Found<'_> {
        let after = self.sources.partition_point(|(first, _)| *first <= number);
        let source = after.checked_sub(1).and_then(|place| self.sources.get(place));
        let ttl = self.ttls.get(number as usize).copied().filter(|ttl| *ttl != u32::MAX);
        Found { addr, source: source.map_or(&[], |(_, path)| self.path(*path)), ttl }
    }

    fn path(&self, number: u16) -> &[u8] {
        self.paths.get(usize::from(number)).map_or(&[], |path| path)
    }

    pub(super) fn addr_hash(&self, addr: IpAddr) -> u64 {
        match addr {
            IpAddr::V4(v4) => self.key.bytes(&v4.octets()),
            IpAddr::V6(v6) => self.key.bytes(&v6.octets()),
        }
    }
}

#[cfg(test)]
#[path = "hosts_tests.rs"]
mod tests;
