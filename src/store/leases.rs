//! The IPv4 leases: who holds which address, under which name, until when
//! (RFC 2131 §2.1). A table of fixed capacity with hash indexes by address,
//! client identifier, hardware address and name, so no packet walks it.
//!
//! What it is not: policy (who may have what is `dhcp4`) or the file
//! (`store::lease_file`). The domain of a lease is not stored: it follows from
//! its address (`config::Dns::domain_for`).

use crate::base::hash::Key;
use crate::base::net::{HwAddr, IfIndex};
use crate::base::reserved;
use crate::base::time::{Millis, UnixTime};
use crate::limits;
use crate::store::lease_extras::Extras;
use crate::store::occupied::Occupied;
use crate::store::untold::{Untold, Watch};
use std::net::Ipv4Addr;

/// Client identifiers up to this length lie in the lease itself; longer ones
/// in a table of their own (RFC 4361 identifiers with a DUID take 19).
const SHORT_ID: usize = 24;

/// Longest client identifier (RFC 2132 §9.14: the length octet).
pub const CLIENT_ID_MAX: usize = 255;

/// The four indexes.
const BY_ADDR: usize = 0;
const BY_CLIENT_ID: usize = 1;
const BY_HW: usize = 2;
const BY_NAME: usize = 3;
const INDEXES: usize = 4;

/// A slot of the table. Only good until the next removal.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub struct LeaseId(pub(super) u32);

/// What differs between a lease and its line in the file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub enum Unsaved {
    /// Nothing.
    Nothing,
    /// Its end.
    Expiry,
    /// More than its end, or it has no line yet.
    Line,
}

/// One lease.
#[derive(Clone)]
pub struct Lease {
    /// The address.
    pub addr: Ipv4Addr,
    /// The end on the wall clock, as the file says it; 0 is never.
    pub expires: UnixTime,
    /// The end on the monotonic clock: the one that counts.
    pub until: Millis,
    /// Hardware address of the client; possibly empty.
    pub hw: HwAddr,
    /// The name was given by the configuration: no client can take it away.
    pub name_is_ours: bool,
    /// What the file does not know yet.
    pub unsaved: Unsaved,
    /// The interface of the last request; 0: none since the start.
    pub iface: IfIndex,
    pub(super) untold: Untold,
    /// Where its line begins in the file.
    pub offset: Option<u64>,
    /// Digits of its end in the file.
    pub digits: u8,
    pub(super) used: bool,
    name_len: u8,
    id_len: u8,
    name: [u8; limits::HOST_NAME_MAX],
    id: [u8; SHORT_ID],
    /// The slot in the table of long identifiers, plus one; 0: none.
    pub(super) long_id: u32,
    /// The next lease of the same bucket in each index, plus one; 0: none.
    pub(super) next: [u32; INDEXES],
}

impl Lease {
    /// The host name: one label, empty if there is none.
    pub fn name(&self) -> &[u8] {
        self.name.get(..usize::from(self.name_len)).unwrap_or_default()
    }

    /// True while the lease runs.
    pub fn is_live(&self, now: Millis) -> bool {
        self.until > now
    }

    /// Seconds left, a begun one counted; nothing for a lease without end.
    pub fn seconds_left(&self, now: Millis) -> Option<u64> {
        (self.until != Millis::NEVER).then(|| self.until.since(now).div_ceil(1000))
    }

    fn empty(addr: Ipv4Addr) -> Self {
        Lease {
            addr,
            expires: UnixTime(0),
            until: Millis::NEVER,
            hw: HwAddr::default(),
            name_is_ours: false,
            unsaved: Unsaved::Line,
            iface: 0,
            untold: Untold::NOTHING,
            offset: None,
            digits: 0,
            used: true,
            name_len: 0,
            id_len: 0,
            name: [0; limits::HOST_NAME_MAX],
            id: [0; SHORT_ID],
            long_id: 0,
            next: [0; INDEXES],
        }
    }
}

/// The table.
pub struct Leases {
    key: Key,
    pub(super) capacity: usize,
    live: usize,
    /// Slots ever used; reserved at start, touched only as leases appear.
    pub(super) slots: Vec<Lease>,
    pub(super) free: Vec<u32>,
    heads: [Box<[u32]>; INDEXES],
    long_ids: Vec<[u8; CLIENT_ID_MAX]>,
    pub(super) long_free: Vec<u32>,
    long_capacity: usize,
    /// No lease ends before this; it may be earlier than the earliest end.
    pub(super) earliest: Millis,
    /// The table is not walked for ended leases before this.
    pub(super) next_walk: Millis,
    occupied: Occupied,
    pub(super) extras: Extras,
    pub(super) watch: Watch,
    /// A lease that had a line in the file is gone: only a rewrite removes it.
    pub lines_gone: bool,
    /// How often a name came or went.
    pub names_changed: u32,
    /// Leases made since the start, those read from the file among them.
    pub made: u32,
    /// Leases ended since the start.
    pub ended: u32,
}

impl Leases {
    /// An empty table for `capacity` leases; the only allocation it makes.
    pub fn new(capacity: u32, key: Key) -> Self {
        let capacity = usize::try_from(capacity).unwrap_or(usize::MAX).min(limits::LEASES_MAX);
        let buckets = capacity.next_power_of_two();
        let long_capacity = capacity.min(64).max(capacity / 8);
        Leases {
            key,
            capacity,
            live: 0,
            slots: Vec::with_capacity(capacity),
            free: Vec::with_capacity(capacity),
            heads: core::array::from_fn(|_| vec![0; buckets].into_boxed_slice()),
            long_ids: Vec::with_capacity(long_capacity),
            long_free: Vec::with_capacity(long_capacity),
            long_capacity,
            earliest: Millis::NEVER,
            next_walk: Millis(0),
            extras: Extras::default(),
            occupied: Occupied::default(),
            watch: Watch::default(),
            lines_gone: false,
            names_changed: 0,
            made: 0,
            ended: 0,
        }
    }

    /// The same table, which also knows the leased stretches of these ranges
    /// (first and last address). For an empty table.
    pub fn watching(mut self, ranges: impl Iterator<Item = (Ipv4Addr, Ipv4Addr)>) -> Self {
        self.occupied = Occupied::new(ranges);
        self
    }

    /// How many addresses from `place` on, in the watched range with this
    /// number, are leased without a gap; possibly fewer than there are.
    pub fn leased_run(&self, range: usize, place: u64) -> u64 {
        self.occupied.run(range, place)
    }

    /// Leases held.
    pub fn len(&self) -> usize {
        self.live
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Most leases that fit.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// True when no further lease fits.
    pub fn is_full(&self) -> bool {
        self.live >= self.capacity
    }

    /// The lease in a slot.
    #[inline(never)]
    pub fn get(&self, id: LeaseId) -> Option<&Lease> {
        self.slots.get(id.0 as usize).filter(|lease| lease.used)
    }

    /// Every lease.
    pub fn iter(&self) -> impl Iterator<Item = &Lease> {
        self.slots.iter().filter(|lease| lease.used)
    }

    /// The lease in the first used slot at or behind `slot`, with the slot
    /// behind it: a walk that can be interrupted.
    pub fn walk(&self, slot: u32) -> Option<(LeaseId, u32)> {
        let found = self.slots.iter().skip(slot as usize).position(|lease| lease.used)?;
        let at = slot.saturating_add(u32::try_from(found).ok()?);
        Some((LeaseId(at), at.saturating_add(1)))
    }

    /// Slots in use or free between used ones: where a walk ends.
    pub fn slots(&self) -> u32 {
        u32::try_from(self.slots.len()).unwrap_or(u32::MAX)
    }

    /// The lease of an address, whether it runs or has just ended.
    pub fn by_addr(&self, addr: Ipv4Addr) -> Option<&Lease> {
        self.id_by_addr(addr).and_then(|id| self.get(id))
    }

    /// The slot of the lease of an address.
    pub fn id_by_addr(&self, addr: Ipv4Addr) -> Option<LeaseId> {
        self.chain(BY_ADDR, self.key.bytes(&addr.octets())).find(|(_, l)| l.addr == addr).map(|(id, _)| id)
    }

    /// The running leases of a host name (one label, any case): one, or with
    /// `dhcp-fqdn` one for each domain.
    pub fn by_name(&self, label: &[u8], now: Millis) -> impl Iterator<Item = &Lease> {
        self.ids_by_name(label).filter_map(|id| self.get(id)).filter(move |lease| lease.is_live(now))
    }

    /// The slots of all leases of a host name.
    pub fn ids_by_name(&self, label: &[u8]) -> impl Iterator<Item = LeaseId> {
        self.chain(BY_NAME, self.key.name(label))
            .filter(move |(_, lease)| lease.name_len > 0 && lease.name().eq_ignore_ascii_case(label))
            .map(|(id, _)| id)
    }

    /// The lease of a client identifier.
    pub fn by_client_id(&self, client_id: &[u8]) -> Option<LeaseId> {
        self.chain(BY_CLIENT_ID, self.key.bytes(client_id))
            .find(|(_, lease)| lease.id_len > 0 && self.client_id(lease) == client_id)
            .map(|(id, _)| id)
    }

    /// The leases of a hardware address (type and octets).
    pub fn by_hw(&self, hw: &HwAddr) -> impl Iterator<Item = (LeaseId, &Lease)> {
        self.chain(BY_HW, self.hash_hw(hw)).filter(move |(_, lease)| lease.hw == *hw)
    }

    /// The client identifier of a lease; empty if there is none.
    pub fn client_id<'a>(&'a self, lease: &'a Lease) -> &'a [u8] {
        let long = lease.long_id.checked_sub(1).and_then(|n| self.long_ids.get(n as usize));
        let whole: &[u8] = match long {
            Some(long) => long,
            None => &lease.id,
        };
        whole.get(..usize::from(lease.id_len)).unwrap_or_default()
    }

    /// A new lease without client, name or end; nothing when the table is full
    /// or the address is leased already.
    pub fn insert(&mut self, addr: Ipv4Addr) -> Option<LeaseId> {
        if self.is_full() || self.id_by_addr(addr).is_some() {
            return None;
        }
        if self.free.is_empty() && self.slots.len() >= self.slots.capacity() {
            // Ended leases hold the rest: nobody listens, and misses the oldest.
            self.release_gone();
        }
        let lease = Lease::empty(addr);
        let id = match self.free.pop() {
            Some(slot) => {
                *self.slots.get_mut(slot as usize)? = lease;
                LeaseId(slot)
            }
            None => {
                let slot = u32::try_from(self.slots.len()).ok()?;
                if !reserved::push(&mut self.slots, lease) {
                    return None;
                }
                LeaseId(slot)
            }
        };
        self.live += 1;
        self.made = self.made.wrapping_add(1);
        self.extras.clear(id.0);
        self.occupied.set(addr, true);
        self.link(BY_ADDR, id, self.key.bytes(&addr.octets()));
        self.mark(id, Untold::NEW);
        Some(id)
    }

    /// Ends a lease. It is forgotten, once it was told if anybody follows.
    pub fn remove(&mut self, id: LeaseId) {
        let Some(lease) = self.get(id) else { return };
        let (addr, hw) = (lease.addr, lease.hw);
        let client_id = (lease.id_len > 0).then(|| self.key.bytes(self.client_id(lease)));
        let name = (lease.name_len > 0).then(|| self.key.name(lease.name()));
        self.names_changed = self.names_changed.wrapping_add(name.is_some().into());
        let hw = (!hw.is_empty()).then(|| self.hash_hw(&hw));
        let hashes = [(BY_ADDR, Some(self.key.bytes(&addr.octets()))), (BY_CLIENT_ID, client_id), (BY_HW, hw), (BY_NAME, name)];
        for (index, hash) in hashes {
            if let Some(hash) = hash {
                self.unlink(index, id, hash);
            }
        }
        self.unmark(id);
        self.occupied.set(addr, false);
        self.live -= 1;
        self.ended = self.ended.wrapping_add(1);
        if let Some(lease) = self.slots.get_mut(id.0 as usize) {
            lease.used = false;
            self.lines_gone |= lease.offset.is_some();
        }
        if self.watch.kinds.is_empty() {
            return self.release(id);
        }
        self.keep_gone(id);
    }

    /// Sets the hardware address.
    pub fn set_hw(&mut self, id: LeaseId, hw: HwAddr) {
        let Some(old) = self.get(id).map(|lease| lease.hw) else { return };
        if old == hw {
            return;
        }
        if !old.is_empty() {
            self.unlink(BY_HW, id, self.hash_hw(&old));
        }
        self.change(id, Unsaved::Line, |lease| lease.hw = hw);
        self.mark(id, Untold::CLIENT);
        if !hw.is_empty() {
            self.link(BY_HW, id, self.hash_hw(&hw));
        }
    }

    /// Sets the client identifier (at most 255 octets; empty: none). False if
    /// it is long and there is no room for another long one.
    pub fn set_client_id(&mut self, id: LeaseId, client_id: &[u8]) -> bool {
        let Some(lease) = self.get(id) else { return false };
        let old = self.client_id(lease);
        if old == client_id {
            return true;
        }
        let old_hash = (!old.is_empty()).then(|| self.key.bytes(old));
        let old_long = lease.long_id;
        let Some((long_id, id_len)) = self.place_long(client_id) else { return false };
        if let Some(hash) = old_hash {
            self.unlink(BY_CLIENT_ID, id, hash);
        }
        if let Some(slot) = old_long.checked_sub(1) {
            reserved::push(&mut self.long_free, slot);
        }
        self.change(id, Unsaved::Line, |lease| {
            lease.long_id = long_id;
            lease.id_len = id_len;
            copy(&mut lease.id, client_id);
        });
        self.mark(id, Untold::CLIENT_ID);
        if !client_id.is_empty() {
            self.link(BY_CLIENT_ID, id, self.key.bytes(client_id));
        }
        true
    }

    /// Finds room for a long identifier: its slot plus one (0 for a short one)
    /// and its length.
    fn place_long(&mut self, client_id: &[u8]) -> Option<(u32, u8)> {
        let len = u8::try_from(client_id.len()).ok()?;
        if client_id.len() <= SHORT_ID {
            return Some((0, len));
        }
        let slot = match self.long_free.pop() {
            Some(slot) => slot,
            None if self.long_ids.len() < self.long_capacity => {
                if !reserved::push(&mut self.long_ids, [0; CLIENT_ID_MAX]) {
                    return None;
                }
                u32::try_from(self.long_ids.len()).ok()?.checked_sub(1)?
            }
            None => return None,
        };
        copy(self.long_ids.get_mut(slot as usize)?, client_id);
        Some((slot.checked_add(1)?, len))
    }

    /// Sets the host name (one label, cut at 63; empty: none), and whether it
    /// came from the configuration.
    pub fn set_name(&mut self, id: LeaseId, name: &[u8], ours: bool) {
        let Some(lease) = self.get(id) else { return };
        if lease.name() == name {
            return self.change(id, Unsaved::Nothing, |lease| lease.name_is_ours = ours);
        }
        if lease.name_len > 0 {
            let hash = self.key.name(lease.name());
            let slot = self.slots.get(id.0 as usize).map(Lease::name);
            self.watch.lose(id.0, slot.unwrap_or_default());
            self.unlink(BY_NAME, id, hash);
        }
        self.names_changed = self.names_changed.wrapping_add(1);
        self.mark(id, Untold::CLIENT);
        let name = name.get(..name.len().min(limits::HOST_NAME_MAX)).unwrap_or_default();
        self.change(id, Unsaved::Line, |lease| {
            copy(&mut lease.name, name);
            lease.name_len = u8::try_from(name.len()).unwrap_or(0);
            lease.name_is_ours = ours;
        });
        if !name.is_empty() {
            self.link(BY_NAME, id, self.key.name(name));
        }
    }

    /// The line of this lease now lies at `offset` in the file.
    pub fn saved(&mut self, id: LeaseId, offset: u64) {
        if let Some(lease) = self.slots.get_mut(id.0 as usize) {
            lease.offset = Some(offset);
            lease.digits = crate::store::lease_file::digits(lease.expires);
            lease.unsaved = Unsaved::Nothing;
        }
    }

    pub(super) fn change(&mut self, id: LeaseId, unsaved: Unsaved, change: impl FnOnce(&mut Lease)) {
        if let Some(lease) = self.slots.get_mut(id.0 as usize) {
            change(lease);
            lease.unsaved = lease.unsaved.max(unsaved);
        }
    }

    fn hash_hw(&self, hw: &HwAddr) -> u64 {
        self.key.bytes(hw.octets())
    }

    fn bucket(&self, hash: u64) -> usize {
        // The number of buckets is a power of two.
        (hash as usize) & self.heads.first().map_or(0, |heads| heads.len().saturating_sub(1))
    }

    /// The leases of one bucket.
    fn chain(&self, index: usize, hash: u64) -> impl Iterator<Item = (LeaseId, &Lease)> {
        let head = self.heads.get(index).and_then(|heads| heads.get(self.bucket(hash)));
        let mut at = head.copied().unwrap_or(0);
        core::iter::from_fn(move || {
            let slot = at.checked_sub(1)?;
            let lease = self.slots.get(slot as usize)?;
            at = lease.next.get(index).copied().unwrap_or(0);
            Some((LeaseId(slot), lease))
        })
    }

    fn link(&mut self, index: usize, id: LeaseId, hash: u64) {
        let bucket = self.bucket(hash);
        let Some(head) = self.heads.get_mut(index).and_then(|heads| heads.get_mut(bucket)) else { return };
        let lease = self.slots.get_mut(id.0 as usize);
        if let Some(next) = lease.and_then(|lease| lease.next.get_mut(index)) {
            *next = *head;
            *head = id.0.saturating_add(1);
        }
    }

    fn unlink(&mut self, index: usize, id: LeaseId, hash: u64) {
        let own = id.0.saturating_add(1);
        let before = self.chain(index, hash).find(|(_, lease)| lease.next.get(index) == Some(&own));
        let before = before.map(|(before, _)| before);
        let behind = self.slots.get_mut(id.0 as usize).and_then(|lease| lease.next.get_mut(index));
        let Some(behind) = behind.map(core::mem::take) else { return };
        let bucket = self.bucket(hash);
        let link = match before {
            Some(before) => self.slots.get_mut(before.0 as usize).and_then(|lease| lease.next.get_mut(index)),
            None => self.heads.get_mut(index).and_then(|heads| heads.get_mut(bucket)),
        };
        if let Some(link) = link {
            *link = behind;
        }
    }

    /// The invariants, for tests and simulations: every lease is found by all
    /// it has, the counts agree, nothing ends before the cached earliest end.
    pub fn check(&self) {
        debug_assert_eq!(self.iter().count(), self.live);
        debug_assert_eq!(self.slots.len(), self.live + self.free.len() + self.watch.gone_count);
        debug_assert_eq!(self.iter().filter(|lease| !lease.untold.is_empty()).count(), self.watch.marked);
        for index in 0..INDEXES {
            let linked: usize = (0..self.heads.first().map_or(0, |heads| heads.len()))
                .map(|bucket| self.chain(index, bucket as u64).count())
                .sum();
            let expected = self.iter().filter(|lease| match index {
                BY_CLIENT_ID => lease.id_len > 0,
                BY_HW => !lease.hw.is_empty(),
                BY_NAME => lease.name_len > 0,
                _ => true,
            });
            debug_assert_eq!(linked, expected.count());
        }
        for lease in self.iter() {
            debug_assert!(self.by_addr(lease.addr).is_some_and(|found| core::ptr::eq(found, lease)));
            debug_assert!(lease.until >= self.earliest);
        }
    }
}

/// Copies what fits.
fn copy(to: &mut [u8], from: &[u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

#[cfg(test)]
#[path = "leases_tests.rs"]
mod tests;
