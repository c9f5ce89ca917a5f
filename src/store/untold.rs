//! What a program that follows the leases (`dhcp-script`) has not been told
//! yet. The table of leases is the queue: a change stays marked at its lease
//! until the program's helper took it, and an ended lease keeps its slot as
//! long. Only names that leases lost wait in a small list of their own.
//!
//! What it is not: the words (that is `dhcp4::script`).

use crate::base::net::IfIndex;
use crate::base::reserved;
use crate::limits::HOST_NAME_MAX;
use crate::store::leases::{Lease, LeaseId, Leases};
use arrayvec::ArrayVec;

/// Names lost at once that are remembered; of more, the leases are told and
/// the old names are not.
const LOST_MAX: usize = 16;

/// Ended leases that may wait beside a full table.
const SPARE_MAX: usize = 1024;

/// Kinds of change, as a set.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub struct Untold(u8);

impl Untold {
    /// None.
    pub const NOTHING: Self = Untold(0);
    /// The lease was made.
    pub const NEW: Self = Untold(1);
    /// Its name or hardware address, or its client has started anew.
    pub const CLIENT: Self = Untold(2);
    /// Its client identifier.
    pub const CLIENT_ID: Self = Untold(4);
    /// Its end.
    pub const EXPIRY: Self = Untold(8);

    /// Both sets.
    pub const fn and(self, other: Self) -> Self {
        Untold(self.0 | other.0)
    }

    /// What both have.
    pub const fn common(self, other: Self) -> Self {
        Untold(self.0 & other.0)
    }

    /// True for the empty set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// The next thing to tell.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub enum Tell {
    /// A lease has ended.
    Gone(LeaseId),
    /// A lease lost the name that `Leases::lost_name` gives.
    Lost(LeaseId),
    /// A lease was made.
    Added(LeaseId),
    /// A lease is not what it was.
    Changed(LeaseId),
}

/// A name that a lease had.
struct Lost {
    slot: u32,
    name: ArrayVec<u8, HOST_NAME_MAX>,
}

/// What waits beside the marks at the leases.
#[derive(Default)]
pub(super) struct Watch {
    /// Kinds of change that are told; none: nobody follows.
    pub kinds: Untold,
    /// Marked leases.
    pub marked: usize,
    /// No marked lease lies in a slot at or behind this.
    end: u32,
    /// Ended leases: a chain by the first link of each. Slots plus one.
    gone: u32,
    gone_last: u32,
    /// How many.
    pub gone_count: usize,
    lost: ArrayVec<Lost, LOST_MAX>,
}

impl Watch {
    /// A lease has no longer this name.
    pub fn lose(&mut self, slot: u32, name: &[u8]) {
        if self.kinds.is_empty() || name.is_empty() {
            return;
        }
        // One that was renamed twice before anybody heard of it has lost the last name.
        self.lost.retain(|lost| lost.slot != slot);
        let mut kept = ArrayVec::new();
        if kept.try_extend_from_slice(name).is_ok() {
            let _ = self.lost.try_push(Lost { slot, name: kept });
        }
    }

    /// The name that the lease in a slot had, if that is still to be told.
    pub fn lost_by(&self, slot: u32) -> Option<&[u8]> {
        self.lost.iter().find(|lost| lost.slot == slot).map(|lost| lost.name.as_slice())
    }

    /// The slot of the lease that lost its name first.
    pub fn first_loser(&self) -> Option<u32> {
        self.lost.first().map(|lost| lost.slot)
    }

    /// The loss of its name was told, or matters no more.
    pub fn forget_lost(&mut self, slot: u32) {
        self.lost.retain(|lost| lost.slot != slot);
    }
}

impl Leases {
    /// The same table, whose changes of these kinds are kept until they were
    /// told. For an empty table.
    pub fn telling(mut self, kinds: Untold) -> Self {
        self.watch = Watch { kinds, ..Watch::default() };
        self.slots.reserve_exact(self.capacity.saturating_add(if kinds.is_empty() { 0 } else { self.capacity.min(SPARE_MAX) }));
        self
    }

    /// An ended lease waits to be told, behind those that ended before.
    pub(super) fn keep_gone(&mut self, id: LeaseId) {
        let own = id.0.saturating_add(1);
        let last = self.watch.gone_last.checked_sub(1);
        match last.and_then(|last| self.slots.get_mut(last as usize)?.next.first_mut()) {
            Some(next) => *next = own,
            None => self.watch.gone = own,
        }
        self.watch.gone_last = own;
        self.watch.gone_count += 1;
    }

    /// A slot is empty from now on.
    pub(super) fn release(&mut self, id: LeaseId) {
        if let Some(slot) = self.slots.get(id.0 as usize).and_then(|lease| lease.long_id.checked_sub(1)) {
            reserved::push(&mut self.long_free, slot);
        }
        reserved::push(&mut self.free, id.0);
    }

    /// The lease that ended first was told.
    pub(super) fn release_gone(&mut self) {
        let Some(slot) = self.watch.gone.checked_sub(1) else { return };
        let next = self.slots.get(slot as usize).and_then(|lease| lease.next.first()).copied().unwrap_or(0);
        self.watch.gone = next;
        if next == 0 {
            self.watch.gone_last = 0;
        }
        self.watch.gone_count -= 1;
        self.watch.forget_lost(slot);
        self.release(LeaseId(slot));
    }

    /// What is to be told next: of ended leases, then of lost names, then of new
    /// and changed leases.
    pub fn untold(&mut self) -> Option<Tell> {
        if let Some(slot) = self.watch.gone.checked_sub(1) {
            let id = LeaseId(slot);
            return Some(if self.watch.lost_by(slot).is_some() { Tell::Lost(id) } else { Tell::Gone(id) });
        }
        if let Some(slot) = self.watch.first_loser() {
            return Some(Tell::Lost(LeaseId(slot)));
        }
        if self.watch.marked == 0 {
            return None;
        }
        // Quirk: the newest first, as dnsmasq has them: the lease that took a name
        // before the one that lost it.
        let before = self.slots.get(..self.watch.end as usize).unwrap_or(&self.slots);
        let slot = u32::try_from(before.iter().rposition(|lease| lease.used && !lease.untold.is_empty())?).ok()?;
        self.watch.end = slot.saturating_add(1);
        let new = self.slots.get(slot as usize).is_some_and(|lease| !lease.untold.common(Untold::NEW).is_empty());
        Some(if new { Tell::Added(LeaseId(slot)) } else { Tell::Changed(LeaseId(slot)) })
    }

    /// That was told.
    pub fn told(&mut self, what: Tell) {
        match what {
            Tell::Gone(_) => self.release_gone(),
            Tell::Lost(id) => self.watch.forget_lost(id.0),
            Tell::Added(id) | Tell::Changed(id) => self.unmark(id),
        }
    }

    /// The lease that something is to be told of; it may have ended.
    pub fn subject(&self, what: Tell) -> Option<&Lease> {
        let (Tell::Gone(id) | Tell::Lost(id) | Tell::Added(id) | Tell::Changed(id)) = what;
        self.slots.get(id.0 as usize)
    }

    /// The name that a lease lost and nobody was told of.
    pub fn lost_name(&self, id: LeaseId) -> Option<&[u8]> {
        self.watch.lost_by(id.0)
    }

    /// The client was last heard of by this interface.
    pub fn seen(&mut self, id: LeaseId, iface: IfIndex) {
        if let Some(lease) = self.slots.get_mut(id.0 as usize) {
            lease.iface = iface;
        }
    }

    /// Something about a lease is to be told, if such things are.
    pub fn mark(&mut self, id: LeaseId, what: Untold) {
        let what = what.common(self.watch.kinds);
        if let Some(lease) = self.slots.get_mut(id.0 as usize).filter(|lease| lease.used && !what.is_empty()) {
            self.watch.marked += usize::from(lease.untold.is_empty());
            self.watch.end = self.watch.end.max(id.0.saturating_add(1));
            lease.untold = lease.untold.and(what);
        }
    }

    pub(super) fn unmark(&mut self, id: LeaseId) {
        if let Some(lease) = self.slots.get_mut(id.0 as usize) {
            self.watch.marked -= usize::from(!lease.untold.is_empty());
            lease.untold = Untold::NOTHING;
        }
    }

    /// Every lease is to be told as it is: after the file was read, and when the
    /// operator asks for it.
    pub fn mark_all(&mut self) {
        for slot in 0..self.slots() {
            self.unmark(LeaseId(slot));
            self.mark(LeaseId(slot), Untold::CLIENT);
        }
    }
}
