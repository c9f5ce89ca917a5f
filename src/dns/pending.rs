//! The table of questions that wait for an upstream server, and of the clients
//! that wait for each. Sized once by `dns-forward-max`; found by slot (the
//! socket a reply came in by), by question (another client asks the same) or by
//! identifier (all questions share one socket: `query-port`).
//!
//! It decides nothing: who is asked and when is `forward`'s business. Deadlines
//! are kept with a lower bound of their minimum, so removing an entry costs
//! nothing and a scan happens only when that bound is reached.

use crate::base::bytes::Writer;
use crate::base::hash;
use crate::base::slab::Slab;
use crate::base::time::Millis;
use crate::limits;
use crate::outbox::action::Arrival;
use crate::wire::dns::message;
use arrayvec::ArrayVec;

/// No slot.
const NONE: u16 = u16::MAX;

/// Most entries: one number is `NONE`.
const ENTRIES_MAX: u16 = u16::MAX - 1;

/// Trait of a question whose answer depends on the client: it is not shared and
/// not cached. (The others are header flags, DO, and 1 for EDNS.)
pub const PERSONAL: u16 = 2;

/// Trait of a question that is there to learn about servers (whether they send
/// it back, whether and when they answer): nobody wants its answer.
pub const PROBE: u16 = 4;

/// What a client gets back besides the answer.
// Aligned, it is copied by words.
#[derive(Clone, Copy)]
#[repr(align(8))]
pub struct Waiter {
    /// How its question came in (and how the answer leaves).
    pub arrival: Arrival,
    /// Its identifier.
    pub id: u16,
    /// Header flags of its question.
    pub flags: u16,
    /// Its question had an OPT record.
    pub edns: bool,
    /// The largest answer it takes.
    pub limit: u16,
    /// Which octets of the name it wrote as capital letters.
    pub case: super::case::Case,
    /// Serial number of its question in the log.
    pub serial: u32,
    /// The mark of the connection it came by.
    pub mark: u32,
    next: u16,
}

impl Entry {
    /// Those that were asked and may still answer.
    pub fn outstanding(&self) -> Positions {
        self.asked & !self.failed & !self.heard
    }

    /// When the server at this position was asked.
    pub fn asked_at(&self, bit: Positions) -> Millis {
        if self.opened & bit != 0 { self.since } else { self.last }
    }
}

impl Waiter {
    /// A client with its place in no list yet.
    pub fn new(arrival: Arrival, id: u16, flags: u16) -> Self {
        let case = super::case::Case::default();
        Waiter { arrival, id, flags, edns: false, limit: 512, case, serial: 0, mark: 0, next: NONE }
    }
}

/// Servers of a question, as positions in its group.
pub type Positions = u32;

/// A question under way.
pub struct Entry {
    /// Upstream identifier.
    pub id: u16,
    /// Two questions are the same only if these agree too (RD, CD, AD, DO, EDNS).
    pub traits: u16,
    /// Hash of the question.
    pub hash: u32,
    /// Serial number in the log of the question that began it.
    pub serial: u32,
    /// The mark of the connection it came by.
    pub mark: u32,
    /// Octets of the stored query; the question ends before its OPT record.
    pub len: u16,
    /// Octets of the question section.
    pub question_len: u16,
    /// Servers that may be asked, in their order.
    pub group: ArrayVec<u16, { limits::FANOUT_MAX }>,
    /// Which memory of the last good server it uses.
    pub memory: u16,
    /// Those that were asked.
    pub asked: Positions,
    /// Those that were asked at the beginning.
    pub opened: Positions,
    /// Those that refused or failed since they were last asked.
    pub failed: Positions,
    /// Those whose answer came, whatever it was.
    pub heard: Positions,
    /// An error that a server answered while others may still do better.
    pub error: Option<u8>,
    /// Wrong answers that came by its own sockets.
    pub wrong: u8,
    /// Datagrams sent for it.
    pub sent: u8,
    /// Retries of our own so far.
    pub ticks: u8,
    /// Which of its sockets are open: a bit each.
    pub open: u8,
    /// When it began.
    pub since: Millis,
    /// When a datagram last left for it.
    pub last: Millis,
    /// When something must happen.
    due: Millis,
    first: u16,
    last_waiter: u16,
    waiters: u8,
    live: bool,
}

/// Chains of slots by a hash.
struct Chains {
    heads: Box<[u16]>,
    next: Box<[u16]>,
}

impl Chains {
    fn new(entries: usize) -> Self {
        let heads = entries.next_power_of_two().max(16);
        Chains { heads: vec![NONE; heads].into(), next: vec![NONE; entries].into() }
    }

    fn head(&mut self, hash: u32) -> Option<&mut u16> {
        let mask = self.heads.len().wrapping_sub(1);
        self.heads.get_mut(hash as usize & mask)
    }

    fn insert(&mut self, hash: u32, slot: u16) {
        let before = self.head(hash).map_or(NONE, |head| core::mem::replace(head, slot));
        if let Some(next) = self.next.get_mut(usize::from(slot)) {
            *next = before;
        }
    }

    fn remove(&mut self, hash: u32, slot: u16) {
        let behind = self.next.get(usize::from(slot)).copied().unwrap_or(NONE);
        let Some(head) = self.head(hash) else { return };
        if *head == slot {
            *head = behind;
            return;
        }
        let mut at = *head;
        while let Some(next) = self.next.get_mut(usize::from(at)) {
            if *next == slot {
                *next = behind;
                return;
            }
            at = *next;
        }
    }

    fn iter(&self, hash: u32) -> impl Iterator<Item = u16> + use<'_> {
        let mask = self.heads.len().wrapping_sub(1);
        let first = self.heads.get(hash as usize & mask).copied();
        core::iter::successors(first.filter(|slot| *slot != NONE), |slot| {
            self.next.get(usize::from(*slot)).copied().filter(|slot| *slot != NONE)
        })
    }
}

/// The table.
pub struct Pending {
    entries: Slab<Entry>,
    waiters: Slab<Waiter>,
    queries: Box<[u8]>,
    by_question: Chains,
    by_id: Chains,
    /// No deadline lies before this.
    bound: Millis,
}

impl Pending {
    /// An empty table for `max` questions and twice as many clients.
    pub fn new(max: u16) -> Self {
        let max = max.clamp(1, ENTRIES_MAX);
        let entries = usize::from(max);
        let waiters = entries.saturating_mul(2).min(usize::from(ENTRIES_MAX));
        Pending {
            entries: Slab::new(entries),
            waiters: Slab::new(waiters),
            queries: vec![0; entries.saturating_mul(limits::UPSTREAM_QUERY_MAX)].into(),
            by_question: Chains::new(entries),
            by_id: Chains::new(entries),
            bound: Millis::NEVER,
        }
    }

    /// Questions under way.
    pub fn live(&self) -> u16 {
        u16::try_from(self.entries.used()).unwrap_or(u16::MAX)
    }

    /// Octets of stored questions: now, at most so far, and room for.
    pub fn octets(&self) -> [usize; 3] {
        [self.entries.used(), self.entries.high_water(), self.entries.capacity()]
            .map(|count| count.saturating_mul(limits::UPSTREAM_QUERY_MAX))
    }

    /// Takes a slot and files it under `hash` and `id`. Nothing when all are taken.
    pub fn open(&mut self, hash: u32, id: u16, now: Millis) -> Option<u16> {
        let entry = Entry {
            id,
            traits: 0,
            serial: 0,
            mark: 0,
            hash,
            len: 0,
            question_len: 0,
            group: ArrayVec::new(),
            memory: 0,
            asked: 0,
            opened: 0,
            failed: 0,
            heard: 0,
            error: None,
            wrong: 0,
            sent: 0,
            ticks: 0,
            open: 0,
            since: now,
            last: now,
            due: Millis::NEVER,
            first: NONE,
            last_waiter: NONE,
            waiters: 0,
            live: true,
        };
        let slot = u16::try_from(self.entries.insert(entry)?).ok()?;
        self.by_question.insert(hash, slot);
        self.by_id.insert(id.into(), slot);
        Some(slot)
    }

    /// Frees a slot with its clients.
    pub fn close(&mut self, slot: u16) {
        while self.pop_waiter(slot).is_some() {}
        let Some(entry) = self.get_mut(slot) else { return };
        entry.live = false;
        let (hash, id) = (entry.hash, entry.id);
        self.by_question.remove(hash, slot);
        self.by_id.remove(id.into(), slot);
        self.entries.free(slot.into());
        if self.entries.used() == 0 {
            self.bound = Millis::NEVER;
        }
    }

    /// The question in `slot`.
    // Asked everywhere: a call is shorter.
    #[inline(never)]
    pub fn get(&self, slot: u16) -> Option<&Entry> {
        self.entries.get(slot.into()).filter(|entry| entry.live)
    }

    /// The question in `slot`, to be changed.
    // Asked everywhere: a call is shorter.
    #[inline(never)]
    pub fn get_mut(&mut self, slot: u16) -> Option<&mut Entry> {
        self.entries.get_mut(slot.into()).filter(|entry| entry.live)
    }

    /// Gives the question in `slot` one more trait.
    pub fn mark(&mut self, slot: u16, with: u16) {
        if let Some(entry) = self.get_mut(slot) {
            entry.traits |= with;
        }
    }

    /// The slot of this question, if it is under way: question section with any
    /// letter case in the name, and the same traits.
    pub fn find(&self, hash: u32, question: &[u8], traits: u16) -> Option<u16> {
        self.by_question.iter(hash).find(|slot| {
            self.get(*slot).is_some_and(|e| e.hash == hash && e.traits == traits)
                && same_question(self.question(*slot), question)
        })
    }

    /// How many times this question is under way: only what depends on the client
    /// ever is more than once.
    pub fn count(&self, hash: u32, question: &[u8]) -> usize {
        let same = |slot: &u16| {
            self.get(*slot).is_some_and(|e| e.hash == hash && e.traits & PROBE == 0) && same_question(self.question(*slot), question)
        };
        self.by_question.iter(hash).filter(same).count()
    }

    /// The slot with this upstream identifier.
    pub fn find_id(&self, id: u16) -> Option<u16> {
        self.by_id.iter(id.into()).find(|slot| self.get(*slot).is_some_and(|e| e.id == id))
    }

    /// No question is sent to a server numbered `kept` or higher any more: the
    /// numbers belong to others now.
    pub fn forget_servers(&mut self, kept: u16) {
        for slot in self.slots() {
            if let Some(entry) = self.get_mut(slot)
                && entry.group.iter().any(|number| *number >= kept)
            {
                entry.group.clear();
            }
        }
    }

    /// A writer for the query of `slot`; `store_query` follows.
    pub fn query_writer(&mut self, slot: u16) -> Writer<'_> {
        let from = usize::from(slot).saturating_mul(limits::UPSTREAM_QUERY_MAX);
        let to = from.saturating_add(limits::UPSTREAM_QUERY_MAX);
        Writer::new(self.queries.get_mut(from..to).unwrap_or_default())
    }

    /// The query as it goes upstream.
    pub fn query(&self, slot: u16) -> &[u8] {
        let from = usize::from(slot).saturating_mul(limits::UPSTREAM_QUERY_MAX);
        let len = self.get(slot).map_or(0, |entry| usize::from(entry.len));
        self.queries.get(from..from.saturating_add(len)).unwrap_or_default()
    }

    /// The question section of that query.
    pub fn question(&self, slot: u16) -> &[u8] {
        let len = self.get(slot).map_or(0, |entry| usize::from(entry.question_len));
        let behind_header = self.query(slot).get(message::HEADER..).unwrap_or_default();
        behind_header.get(..len).unwrap_or_default()
    }

    /// The name in that question, to be spelled otherwise.
    pub fn name_mut(&mut self, slot: u16) -> &mut [u8] {
        let from = usize::from(slot).saturating_mul(limits::UPSTREAM_QUERY_MAX).saturating_add(message::HEADER);
        let len = self.question(slot).len().saturating_sub(4);
        self.queries.get_mut(from..from.saturating_add(len)).unwrap_or_default()
    }

    /// Lets one more client wait for `slot`. False when there is no place.
    pub fn add_waiter(&mut self, slot: u16, waiter: Waiter) -> bool {
        let Some(entry) = self.entries.get_mut(slot.into()).filter(|entry| entry.live) else { return false };
        if entry.waiters >= limits::WAITERS_PER_QUESTION {
            return false;
        }
        let Some(place) = self.waiters.insert(Waiter { next: NONE, ..waiter }) else { return false };
        let place = u16::try_from(place).unwrap_or(NONE);
        let before = core::mem::replace(&mut entry.last_waiter, place);
        match self.waiters.get_mut(before.into()).filter(|_| before != NONE) {
            Some(before) => before.next = place,
            None => entry.first = place,
        }
        entry.waiters = entry.waiters.saturating_add(1);
        true
    }

    /// The clients waiting for `slot`, in the order they came.
    pub fn waiters(&self, slot: u16) -> impl Iterator<Item = &Waiter> {
        let waiter = |place: u16| self.waiters.get(place.into()).filter(|_| place != NONE);
        let first = self.get(slot).and_then(|entry| waiter(entry.first));
        core::iter::successors(first, move |before| waiter(before.next))
    }

    /// Takes the first client away from `slot`.
    pub fn pop_waiter(&mut self, slot: u16) -> Option<Waiter> {
        let entry = self.entries.get_mut(slot.into()).filter(|entry| entry.live && entry.first != NONE)?;
        let place = entry.first;
        let taken = *self.waiters.get(place.into())?;
        entry.first = taken.next;
        if entry.first == NONE {
            entry.last_waiter = NONE;
        }
        entry.waiters = entry.waiters.saturating_sub(1);
        self.waiters.free(place.into());
        Some(taken)
    }

    /// Sets the deadline of `slot`.
    pub fn set_due(&mut self, slot: u16, at: Millis) {
        if let Some(entry) = self.get_mut(slot) {
            entry.due = at;
            self.bound = self.bound.min(at);
        }
    }

    /// The deadline of `slot` is not later than `at`.
    pub fn hasten(&mut self, slot: u16, at: Millis) {
        if let Some(due) = self.get(slot).map(|entry| entry.due) {
            self.set_due(slot, due.min(at));
        }
    }

    /// True when less than half of the slots are in use.
    pub fn is_roomy(&self) -> bool {
        self.entries.used() < self.entries.available()
    }

    /// No deadline lies before this; `NEVER` when nothing waits.
    pub fn bound(&self) -> Millis {
        self.bound
    }

    /// A slot whose deadline has come. When there is none (left), the bound has
    /// moved to the next deadline.
    pub fn reached(&mut self, now: Millis) -> Option<u16> {
        if self.bound > now {
            return None;
        }
        let mut next = Millis::NEVER;
        for slot in self.slots() {
            let Some(entry) = self.get(slot) else { continue };
            if entry.due <= now {
                return Some(slot);
            }
            next = next.min(entry.due);
        }
        self.bound = next;
        None
    }

    /// Every slot in use.
    pub fn slots(&self) -> impl Iterator<Item = u16> + use<> {
        0..u16::try_from(self.entries.high_water()).unwrap_or(NONE)
    }

    /// Says so (debug builds) if the table contradicts itself.
    pub fn check(&self) {
        let (mut live, mut waiting) = (0usize, 0usize);
        for slot in self.slots() {
            let Some(entry) = self.get(slot) else { continue };
            live = live.saturating_add(1);
            waiting = waiting.saturating_add(entry.waiters.into());
            debug_assert_eq!(self.waiters(slot).count(), usize::from(entry.waiters));
            debug_assert!(self.bound <= entry.due, "a deadline lies before the bound");
            debug_assert!(self.by_question.iter(entry.hash).any(|other| other == slot));
            debug_assert!(self.by_id.iter(entry.id.into()).any(|other| other == slot));
        }
        debug_assert_eq!((live, waiting), (self.entries.used(), self.waiters.used()));
    }
}

/// Equal question sections, letter case of the name aside.
pub fn same_question(a: &[u8], b: &[u8]) -> bool {
    match (a.split_last_chunk::<4>(), b.split_last_chunk::<4>()) {
        (Some((a_name, a_rest)), Some((b_name, b_rest))) => {
            a_rest == b_rest && hash::same_folded(a_name, b_name)
        }
        _ => false,
    }
}
