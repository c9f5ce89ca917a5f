//! The cache of what upstream servers said: sets of records, "no such type"
//! and "no such name" (RFC 2308), and that they failed (RFC 9520), each with its
//! end.
//!
//! An entry is one set: name and type. Up to 16 octets of data lie in the entry,
//! more in a chain of blocks like the name. What is expired is noticed when it
//! is read or when room is needed; nothing ever walks the table. Which answers
//! may go in, and with what TTL, the DNS engine decides.
//!
//! Invariants (`check`), with E entries in use:
//!     E = slots in use = slots in the order = cells in the index
//!     blocks in use = sum over entries of blocks(name) + blocks(data over 16)
//!     a name with "no such name" or CNAME has no other entry but its zone's SOA
//!     a name has at most `KINDS_PER_NAME` entries

use crate::base::blocks::{Blocks, Chain};
use crate::base::bytes::{Reader, Writer};
use crate::base::hash::Key;
use crate::base::index::Index;
use crate::base::order::Order;
use crate::base::slab::Slab;
use crate::base::time::Millis;
use crate::wire::dns::codes::kind;
use crate::wire::dns::name::{NAME_MAX, Name, NameBuf};
use crate::wire::dns::record;
use arrayvec::ArrayVec;
use failures::holds_for;

#[path = "cache_failures.rs"]
mod failures;

/// Longest data of a set, all its records together. Longer sets are not kept.
pub const DATA_MAX: usize = 4096;

/// Sets kept for one name. Bounds every walk over a name's entries.
pub const KINDS_PER_NAME: usize = 16;

/// Data up to this length lies in the entry itself.
const SHORT: usize = 16;

/// Blocks beside the two for each entry, so that a small cache takes long sets.
const SPARE_BLOCKS: usize = 64;

/// Entries looked at, from the least recently used one on, for an expired one.
const EVICTION_LOOKS: usize = 8;

/// In place of a type: the name does not exist. Type 0 is reserved (RFC 6895 §3.1).
const NXDOMAIN: u16 = 0;

/// In place of a type: the SOA that goes with negative answers. Also reserved.
const ZONE: u16 = u16::MAX;

#[derive(Clone, Copy)]
struct Entry {
    hash: u32,
    /// Second of the monotonic clock from which on it is expired.
    expires: u32,
    /// Type, or `NXDOMAIN` or `ZONE`.
    kind: u16,
    /// Records; 0 for a negative entry.
    count: u16,
    /// Octets of the records; of an entry without any: failures in a row.
    data_len: u16,
    /// Which record comes first the next time.
    turn: u16,
    /// Length of the name; 0 marks a free slot.
    name_len: u8,
    /// Negative: length of the name of the zone, which ends this entry's name;
    /// 0 when no SOA came with the answer.
    zone_len: u8,
    name: Chain,
    /// The data when it is longer than `SHORT`.
    long: Chain,
    short: [u8; SHORT],
}

impl Entry {
    /// True when a name can have no other entry beside one of this kind.
    fn stands_alone(kind: u16, count: u16) -> bool {
        kind == NXDOMAIN || (kind == kind::CNAME && count > 0)
    }

    fn is_alone(&self) -> bool {
        Self::stands_alone(self.kind, self.count)
    }

    /// True when it says something about records of this type.
    fn tells(&self, kind: u16) -> bool {
        self.kind == kind || kind != ZONE && self.is_alone()
    }

    fn outcome(&self) -> Outcome {
        match (self.kind, self.count) {
            (NXDOMAIN, _) => Outcome::NxDomain,
            (_, 0) if self.data_len > 0 => Outcome::Failed,
            (_, 0) => Outcome::NoData,
            _ => Outcome::Records,
        }
    }
}

/// What became of the cache since it was last cleared.
#[derive(Clone, Copy, Default)]
pub struct Counters {
    /// Records (and negative answers) put in.
    pub inserted: u32,
    /// Records (and negative answers) thrown out before they expired.
    pub evicted: u32,
}

/// The cache. All memory is taken at construction.
pub struct Cache {
    key: Key,
    rotate: bool,
    /// Seconds that an entry may be used after its lifetime.
    stale: u32,
    entries: Slab<Entry>,
    order: Order,
    index: Index,
    blocks: Blocks,
    /// A set being collected, or one read back from blocks.
    scratch: Box<[u8]>,
    /// Numbers for the statistics.
    pub counters: Counters,
}

/// What an entry says.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub enum Outcome {
    /// There are records.
    Records,
    /// The name has none of this type.
    NoData,
    /// There is no such name.
    NxDomain,
    /// Nobody could say anything (RFC 9520).
    Failed,
}

/// An entry found.
#[derive(Clone, Copy)]
pub struct Found<'a> {
    /// What it says.
    pub outcome: Outcome,
    /// The type of the records: the one asked for, or CNAME. Without meaning for
    /// `NxDomain`.
    pub kind: u16,
    /// Seconds it stays valid.
    pub ttl: u32,
    /// Its lifetime has ended.
    pub stale: bool,
    /// Number of records, and which of them comes first.
    count: u16,
    turn: u16,
    data: &'a [u8],
    soa: Option<Soa<'a>>,
}

/// The SOA record that goes with a negative answer.
#[derive(Clone, Copy)]
pub struct Soa<'a> {
    /// The zone.
    pub owner: Name<'a>,
    /// Seconds.
    pub ttl: u32,
    /// The data, its names whole.
    pub data: Reader<'a>,
}

impl<'a> Found<'a> {
    /// The data of each record, in turn; names in it are whole.
    pub fn records(&self) -> impl Iterator<Item = Reader<'a>> + use<'a> {
        let mut items = Items { all: self.data, at: 0, kind: self.kind, left: self.count };
        for _ in 0..self.turn {
            items.step();
        }
        items
    }

    /// Where a CNAME leads.
    pub fn target(&self) -> Option<Name<'a>> {
        (self.kind == kind::CNAME).then(|| self.records().next()).flatten().and_then(|mut data| Name::read(&mut data))
    }

    /// The SOA of a negative answer, if it had one.
    pub fn soa(&self) -> Option<Soa<'a>> {
        self.soa
    }
}

/// The records of a set as they are kept: addresses one after the other, other
/// data with a length in front. The walk may start anywhere and wraps around.
struct Items<'a> {
    all: &'a [u8],
    at: usize,
    kind: u16,
    left: u16,
}

impl<'a> Items<'a> {
    fn step(&mut self) -> Option<Reader<'a>> {
        let start = if self.at < self.all.len() { self.at } else { 0 };
        let rest = self.all.get(start..)?;
        let (rest, len) = match record::fixed_len(self.kind) {
            Some(len) => (rest, len),
            None => rest.split_first_chunk().map(|(len, rest)| (rest, u16::from_be_bytes(*len).into()))?,
        };
        let (item, behind) = rest.split_at_checked(len)?;
        self.at = self.all.len().saturating_sub(behind.len());
        Some(Reader::new(item))
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Reader<'a>;

    fn next(&mut self) -> Option<Reader<'a>> {
        self.left = self.left.checked_sub(1)?;
        self.step()
    }
}

/// A set being collected. Dropped without `store`, it leaves nothing.
pub struct Draft<'a> {
    cache: &'a mut Cache,
    kind: u16,
    len: usize,
    count: u16,
    spoilt: bool,
}

impl Draft<'_> {
    /// Adds the data of one record; the cursor may run over a message that names
    /// in it point back into. Malformed or too much data spoils the set.
    pub fn add(&mut self, data: Reader) {
        let mut out = Writer::new(self.cache.scratch.get_mut(self.len..).unwrap_or_default());
        let fixed = record::fixed_len(self.kind).is_some();
        if !fixed {
            out.u16(0);
        }
        let whole = record::expand(self.kind, data, &mut out).is_some();
        if !fixed {
            let len = out.len().saturating_sub(2);
            out.patch_u16(0, u16::try_from(len).unwrap_or_default());
        }
        self.spoilt |= !whole;
        match out.finish() {
            Some(len) => self.len = self.len.saturating_add(len),
            None => self.spoilt = true,
        }
        self.count = self.count.saturating_add(1);
    }

    /// Puts the set into the cache for `ttl` seconds, in place of what it knew
    /// about the name and contradicts it. False when nothing was stored: the set
    /// is spoilt, empty or too large, or `ttl` is 0
    /// (which counts only for caches of old data).
    pub fn store(self, name: Name, ttl: u32, now: Millis) -> bool {
        if self.spoilt || self.count == 0 || matches!(self.kind, NXDOMAIN | ZONE) {
            return false;
        }
        self.cache.put(name, self.kind, self.count, self.len, 0, ttl, now)
    }
}

impl Cache {
    /// A cache for `size` sets. `rotate`: sets of several records are given out
    /// with another one first each time.
    pub fn new(size: usize, rotate: bool, key: Key) -> Self {
        Cache {
            key,
            rotate,
            stale: 0,
            entries: Slab::new(size),
            order: Order::new(size),
            index: Index::new(size),
            blocks: Blocks::new(blocks_for(size)),
            scratch: vec![0; if size == 0 { 0 } else { DATA_MAX }].into_boxed_slice(),
            counters: Counters::default(),
        }
    }

    /// The cache, its entries being good for `seconds` after their lifetime has
    /// ended; even those that had none.
    pub fn with_stale(mut self, seconds: u32) -> Self {
        self.stale = seconds;
        self
    }

    /// What names are hashed with; that of the hosts files is the same.
    pub fn key(&self) -> Key {
        self.key
    }

    /// Octets that a cache of `size` sets takes when it is full.
    pub const fn bytes(size: usize) -> usize {
        if size == 0 {
            return 0;
        }
        Slab::<Entry>::bytes(size)
            + Order::bytes(size)
            + Index::bytes(size)
            + Blocks::bytes(blocks_for(size))
            + DATA_MAX
    }

    /// Forgets everything, the counters too.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.order.clear();
        self.index.clear();
        self.blocks.clear();
        self.counters = Counters::default();
    }

    /// Starts collecting the set of `kind` records of a name.
    pub fn begin(&mut self, kind: u16) -> Draft<'_> {
        Draft { cache: self, kind, len: 0, count: 0, spoilt: false }
    }

    /// Keeps for `ttl` seconds that `name` has no records of type `kind`, or with
    /// `None` that there is no such name. An `soa` counts only if its owner is
    /// the name or above it; its TTL is how long it may itself be given out.
    pub fn store_negative(&mut self, name: Name, kind: Option<u16>, ttl: u32, soa: Option<Soa>, now: Millis) -> bool {
        if matches!(kind, Some(NXDOMAIN | ZONE)) {
            return false;
        }
        let zone = soa.filter(|soa| name.is_within(soa.owner)).filter(|soa| self.store_zone(soa, now));
        let zone_len = zone.map_or(0, |soa| soa.owner.wire().len() as u8);
        self.put(name, kind.unwrap_or(NXDOMAIN), 0, 0, zone_len, ttl, now)
    }

    fn store_zone(&mut self, soa: &Soa, now: Millis) -> bool {
        let mut out = Writer::new(&mut self.scratch);
        let whole = record::expand(kind::SOA, soa.data, &mut out).is_some();
        match out.finish() {
            Some(len) if whole => self.put(soa.owner, ZONE, 1, len, 0, soa.ttl, now),
            _ => false,
        }
    }

    /// What is known about `name` and `kind`: the set, its absence, the absence of
    /// the name, or a CNAME. Counts as a use, and turns the wheel.
    pub fn lookup<'a>(&'a mut self, name: Name<'a>, kind: u16, now: Millis) -> Option<Found<'a>> {
        let hash = self.key.name(name.wire());
        self.lookup_hashed(hash, name, kind, now)
    }

    /// The same for a name whose hash under `key` is known.
    pub fn lookup_hashed<'a>(&'a mut self, hash: u64, name: Name<'a>, kind: u16, now: Millis) -> Option<Found<'a>> {
        debug_assert!(hash == self.key.name(name.wire()), "a hash under another key");
        if matches!(kind, NXDOMAIN | ZONE) {
            return None;
        }
        let now = seconds(now);
        let slot = self.fresh(hash as u32, name, kind, now)?;
        self.order.touch(slot);
        let rotate = self.rotate;
        let entry = self.entries.get_mut(slot)?;
        let turn = entry.turn;
        if rotate && entry.count > 1 {
            entry.turn = turn.wrapping_add(1) % entry.count;
        }
        let outcome = entry.outcome();
        let ttl = entry.expires.saturating_sub(now);
        let (stale, data_len, zone_len) = (entry.expires <= now, entry.data_len, entry.zone_len);
        let mut found = Found { outcome, kind: entry.kind, ttl, stale, count: entry.count, turn, data: &[], soa: None };
        if outcome == Outcome::Records {
            found.data = self.data_of(slot)?;
        } else if outcome == Outcome::Failed && ttl <= holds_for(data_len) {
            return None;
        } else if zone_len > 0 {
            found.soa = self.zone(name, zone_len, now);
        }
        Some(found)
    }

    /// The SOA kept for the zone whose name ends `name` with `len` octets.
    fn zone<'a>(&'a mut self, name: Name<'a>, len: u8, now: u32) -> Option<Soa<'a>> {
        let owner = name.suffixes().find(|suffix| suffix.wire().len() == usize::from(len))?;
        let slot = self.fresh(self.hash(owner), owner, ZONE, now)?;
        self.order.touch(slot);
        let expires = self.entries.get(slot)?.expires;
        let data = Reader::new(self.data_of(slot)?);
        Some(Soa { owner, ttl: expires.saturating_sub(now), data })
    }

    /// Forgets everything about a name.
    pub fn remove(&mut self, name: Name) {
        for slot in self.entries_of(name) {
            self.discard(slot);
        }
    }

    /// The data of an entry in one piece.
    fn data_of(&mut self, slot: u32) -> Option<&[u8]> {
        let entry = self.entries.get(slot)?;
        let len = usize::from(entry.data_len);
        if let Some(short) = entry.short.get(..len) {
            return Some(short);
        }
        let place = self.scratch.get_mut(..len)?;
        self.blocks.copy(entry.long, place);
        Some(place)
    }

    /// The first entry of `name` that tells about `kind` and may still be used;
    /// those that may not are thrown out.
    fn fresh(&mut self, hash: u32, name: Name, kind: u16, now: u32) -> Option<u32> {
        loop {
            let slot = self.find(hash, name, kind)?;
            if self.entries.get(slot)?.expires.saturating_add(self.stale) > now {
                return Some(slot);
            }
            self.discard(slot);
        }
    }

    /// The first entry of `name` that tells about `kind`.
    fn find(&self, hash: u32, name: Name, kind: u16) -> Option<u32> {
        for slot in self.index.probe(hash) {
            let entry = self.entries.get(slot)?;
            if entry.hash == hash && entry.tells(kind) && self.is_named(entry, name) {
                return Some(slot);
            }
        }
        None
    }

    fn is_named(&self, entry: &Entry, name: Name) -> bool {
        usize::from(entry.name_len) == name.wire().len() && self.blocks.same_folded(entry.name, name.wire())
    }

    /// Every entry of `name`, the SOA of a zone of that name aside.
    fn entries_of(&self, name: Name) -> ArrayVec<u32, KINDS_PER_NAME> {
        let hash = self.hash(name);
        let is_own = |own: &Entry| own.hash == hash && own.kind != ZONE && self.is_named(own, name);
        self.index.probe(hash).filter(|slot| self.entries.get(*slot).is_some_and(is_own)).take(KINDS_PER_NAME).collect()
    }

    fn hash(&self, name: Name) -> u32 {
        self.key.name(name.wire()) as u32
    }

    /// Makes an entry with the first `data_len` octets of the scratch buffer.
    #[allow(clippy::too_many_arguments)]
    fn put(&mut self, name: Name, kind: u16, count: u16, data_len: usize, zone_len: u8, ttl: u32, now: Millis) -> bool {
        let now = seconds(now);
        let long_len = if data_len > SHORT { data_len } else { 0 };
        let needed = Blocks::needed(name.wire().len()).saturating_add(Blocks::needed(long_len));
        // No single set may push out more than a quarter of the rest.
        if ttl == 0 && self.stale == 0 || self.entries.capacity() == 0 || needed > self.blocks.capacity() / 4 {
            return false;
        }
        self.make_way(name, kind, count, now);
        while self.entries.available() == 0 || self.blocks.available() < needed {
            if !self.evict(now) {
                return false;
            }
        }
        self.place(name, kind, count, data_len, zone_len, now.saturating_add(ttl)).is_some()
    }

    fn place(&mut self, name: Name, kind: u16, count: u16, data_len: usize, zone_len: u8, expires: u32) -> Option<()> {
        let hash = self.hash(name);
        let data = self.scratch.get(..data_len)?;
        let mut entry = Entry {
            hash,
            expires,
            kind,
            count,
            data_len: u16::try_from(data_len).ok()?,
            turn: 0,
            name_len: u8::try_from(name.wire().len()).ok()?,
            zone_len,
            name: self.blocks.store(name.wire())?,
            long: Chain::default(),
            short: [0; SHORT],
        };
        match entry.short.get_mut(..data_len) {
            Some(short) => short.copy_from_slice(data),
            None => entry.long = self.blocks.store(data)?,
        }
        let slot = self.entries.insert(entry)?;
        self.index.insert(hash, slot);
        self.order.push(slot);
        if kind != ZONE && (count > 0 || data_len == 0) {
            self.counters.inserted = self.counters.inserted.saturating_add(count.max(1).into());
        }
        Some(())
    }

    /// Removes what a new entry replaces or contradicts, and one more if the name
    /// has as many as it may.
    fn make_way(&mut self, name: Name, kind: u16, count: u16, now: u32) {
        if kind == ZONE {
            if let Some(slot) = self.fresh(self.hash(name), name, ZONE, now) {
                self.discard(slot);
            }
            return;
        }
        let alone = Entry::stands_alone(kind, count);
        let present = self.entries_of(name);
        let full = present.is_full();
        for (place, slot) in present.into_iter().enumerate() {
            if alone || (full && place == 0) || self.entries.get(slot).is_some_and(|own| own.tells(kind)) {
                self.discard(slot);
            }
        }
    }

    /// Throws out a useless entry among the least recently used ones, or else
    /// the least recently used one. False when there is none.
    fn evict(&mut self, now: u32) -> bool {
        let expires = |slot: &u32| self.entries.get(*slot).map_or(0, |entry| entry.expires.saturating_add(self.stale));
        let expired = self.order.oldest().take(EVICTION_LOOKS).find(|slot| expires(slot) <= now);
        let Some(slot) = expired.or_else(|| self.order.oldest().next()) else {
            return false;
        };
        if let Some(entry) = self.entries.get(slot)
            && entry.expires > now
            && entry.kind != ZONE
        {
            self.counters.evicted = self.counters.evicted.saturating_add(entry.count.max(1).into());
        }
        self.discard(slot);
        true
    }

    fn discard(&mut self, slot: u32) {
        let Some(entry) = self.entries.get_mut(slot) else { return };
        let gone = *entry;
        entry.name_len = 0;
        self.index.remove(gone.hash, slot, |other| self.entries.get(other).map_or(0, |entry| entry.hash));
        self.order.remove(slot);
        self.blocks.free(gone.name);
        self.blocks.free(gone.long);
        self.entries.free(slot);
    }

    /// The first entry at or behind slot `from`, for a dump of the whole cache:
    /// its name, what it says with the seconds it has left (0: expired), and where
    /// to go on. Neither a use, nor does it turn the wheel.
    pub fn dump(&mut self, from: u32, now: Millis) -> Option<(NameBuf, Found<'_>, u32)> {
        let now = seconds(now);
        let mut slots = from..u32::try_from(self.entries.high_water()).ok()?;
        let shown = |own: &&Entry| own.name_len > 0 && own.kind != ZONE && own.outcome() != Outcome::Failed;
        let (slot, entry) = slots.find_map(|slot| Some((slot, *self.entries.get(slot).filter(shown)?)))?;
        let name = self.name_of(&entry)?;
        let outcome = entry.outcome();
        let ttl = entry.expires.saturating_sub(now);
        let data = self.data_of(slot)?;
        let (kind, count, turn) = (entry.kind, entry.count, entry.turn);
        Some((name, Found { outcome, kind, ttl, stale: ttl == 0, count, turn, data, soa: None }, slot.saturating_add(1)))
    }

    /// The invariants above, in builds with debug assertions.
    pub fn check(&self) {
        let (mut blocks, mut entries) = (0usize, 0usize);
        for slot in self.order.oldest() {
            let Some(entry) = self.entries.get(slot) else { return debug_assert!(false, "the order names no slot") };
            debug_assert!(entry.name_len > 0, "a free slot in the order");
            let long = if usize::from(entry.data_len) > SHORT { entry.data_len } else { 0 };
            entries = entries.saturating_add(1);
            blocks = blocks.saturating_add(Blocks::needed(entry.name_len.into()));
            blocks = blocks.saturating_add(Blocks::needed(long.into()));
            let Some(name) = self.name_of(entry) else { return debug_assert!(false, "no name is stored") };
            debug_assert!(entry.hash == self.hash(name.name()), "a name under a wrong hash");
            debug_assert!(self.index.probe(entry.hash).filter(|other| *other == slot).count() == 1);
            let same = self.entries_of(name.name());
            let alone = same.iter().any(|slot| self.entries.get(*slot).is_some_and(Entry::is_alone));
            debug_assert!(same.len() <= if alone { 1 } else { KINDS_PER_NAME }, "entries that contradict each other");
        }
        debug_assert!(entries == self.entries.used(), "a slot in use outside the order");
        debug_assert!(blocks.saturating_add(self.blocks.available()) == self.blocks.capacity(), "blocks leak");
    }

    /// The name of an entry.
    fn name_of(&self, entry: &Entry) -> Option<NameBuf> {
        let mut wire = [0; NAME_MAX];
        let wire = wire.get_mut(..entry.name_len.into())?;
        self.blocks.copy(entry.name, wire);
        Name::new(wire).map(NameBuf::from_name)
    }
}

/// Blocks for the names and the long data of `size` sets.
const fn blocks_for(size: usize) -> usize {
    if size == 0 { 0 } else { size.saturating_mul(2).saturating_add(SPARE_BLOCKS) }
}

/// Whole seconds of the monotonic clock.
fn seconds(now: Millis) -> u32 {
    u32::try_from(now.secs()).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
