//! Address probes: an ICMP echo goes out and the offer waits in a slot, with
//! its packet, while the loop goes on (RFC 2131 §2.2, RFC 792).
//!
//! dnsmasq waits three seconds and serves nobody else meanwhile. Here an address
//! of this link is waited for 400 ms: a host on a LAN answers within
//! milliseconds, one that sleeps between the beacons of a radio within 300. Behind
//! a relay the wait is a second. Clients send their DISCOVER again after four, so
//! the offer still meets the first.
//!
//! Packets whose answer is to be late (`dhcp-reply-delay`) wait in the same
//! slots, for nothing but the time.

use crate::base::bytes::Writer;
use crate::base::random::Random;
use crate::base::reserved;
use crate::base::time::Millis;
use crate::limits::{PROBE_PACKET_MAX, PROBES_MAX};
use crate::outbox::Outbox;
use crate::outbox::action::{Arrival, Door, Route};
use crate::wire::icmp4::{self, Echo};
use arrayvec::ArrayVec;
use std::net::{Ipv4Addr, SocketAddr};

/// How long an answer is waited for, in milliseconds; `relayed`: of a host that
/// is not on a link of ours.
pub(super) fn wait_ms(relayed: bool) -> u64 {
    if relayed { 1_000 } else { 400 }
}

/// How long a result counts, in seconds.
const RESULT_SECS: u64 = 30;

/// Results remembered.
const RESULTS: usize = 2 * PROBES_MAX;

/// How long an offer counts, in seconds: a client takes it at once or repeats
/// itself.
const OFFER_SECS: u64 = 2;

/// Offers remembered: those on their way when a house has its power back.
const OFFERED: usize = 64;

/// What is known of an address.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub(super) enum Verdict {
    /// Nobody answered lately; probed for the client with this hash.
    Free { hash: u32 },
    /// Somebody did.
    Taken,
    /// Not known.
    Unknown,
}

struct Outcome {
    addr: Ipv4Addr,
    hash: u32,
    taken: bool,
    until: Millis,
}

struct Slot {
    addr: Ipv4Addr,
    hash: u32,
    sequence: u16,
    /// The end of the wait.
    end: Millis,
    arrival: Arrival,
    len: usize,
    packet: [u8; PROBE_PACKET_MAX],
    /// It waits for the time only; `hash` is its transaction.
    held: bool,
}

/// What a packet waits for.
struct What {
    addr: Ipv4Addr,
    hash: u32,
    held: bool,
}

/// What became of a packet that is to wait.
enum Parked {
    /// It waits.
    New,
    /// It takes the place of one like it.
    Again,
    /// There is no room.
    Nowhere,
}

/// An address that a client was offered.
struct Offered {
    addr: Ipv4Addr,
    hash: u32,
    until: Millis,
}

/// The probes under way and what earlier ones found.
pub(super) struct Probes {
    slots: Vec<Slot>,
    /// What was offered last, a ring.
    offered: ArrayVec<Offered, OFFERED>,
    turn: usize,
    results: ArrayVec<Outcome, RESULTS>,
    id: u16,
    sequence: u16,
}

impl Probes {
    pub fn new(random: &mut Random) -> Self {
        Probes {
            slots: Vec::with_capacity(PROBES_MAX),
            offered: ArrayVec::new(),
            turn: 0,
            results: ArrayVec::new(),
            id: random.u16(),
            sequence: random.u16(),
        }
    }

    /// What is known of `addr`.
    pub fn verdict(&self, addr: Ipv4Addr, now: Millis) -> Verdict {
        match self.results.iter().find(|result| result.addr == addr && result.until > now) {
            Some(Outcome { taken: true, .. }) => Verdict::Taken,
            Some(Outcome { hash, .. }) => Verdict::Free { hash: *hash },
            None => Verdict::Unknown,
        }
    }

    /// The client with this hash was offered `addr`.
    pub fn offer(&mut self, addr: Ipv4Addr, hash: u32, now: Millis) {
        let offered = Offered { addr, hash, until: now.plus_secs(OFFER_SECS) };
        if let Some(place) = self.offered.get_mut(self.turn) {
            *place = offered;
        } else {
            let _ = self.offered.try_push(offered);
        }
        self.turn = self.turn.wrapping_add(1).checked_rem(OFFERED).unwrap_or(0);
    }

    /// True while another client than the one with this hash is about to take
    /// `addr`. dnsmasq offers it to both, and refuses the slower one.
    pub fn is_promised(&self, addr: Ipv4Addr, hash: u32, now: Millis) -> bool {
        self.offered.iter().any(|offer| offer.addr == addr && offer.hash != hash && offer.until > now)
            || self.slots.iter().any(|slot| !slot.held && slot.addr == addr && slot.hash != hash)
    }

    /// Sends an echo to `addr` and keeps the packet until `end`. A
    /// client that repeats itself keeps its slot and its wait. False when all
    /// slots are taken or the packet is too large: offer without asking.
    pub fn start(
        &mut self,
        out: &mut Outbox,
        addr: Ipv4Addr,
        hash: u32,
        arrival: &Arrival,
        packet: &[u8],
        end: Millis,
    ) -> bool {
        self.sequence = self.sequence.wrapping_add(1);
        let what = What { addr, hash, held: false };
        match self.park(what, arrival, packet, end) {
            Parked::New => {}
            Parked::Again => return true,
            Parked::Nowhere => return false,
        }
        let echo = Echo { id: self.id, sequence: self.sequence };
        let to = SocketAddr::from((addr, 0));
        let route = Route { door: Door::Icmp4, to, source: None, iface: 0 };
        out.datagram(route, icmp4::ECHO, |out| icmp4::request(out, echo))
    }

    /// Keeps a packet until `end`; a repeated one does not wait anew. False when
    /// there is no room.
    pub fn hold(&mut self, xid: u32, arrival: &Arrival, packet: &[u8], end: Millis) -> bool {
        let what = What { addr: Ipv4Addr::UNSPECIFIED, hash: xid, held: true };
        !matches!(self.park(what, arrival, packet, end), Parked::Nowhere)
    }

    fn park(&mut self, what: What, arrival: &Arrival, packet: &[u8], end: Millis) -> Parked {
        let What { addr, hash, held } = what;
        if packet.len() > PROBE_PACKET_MAX {
            return Parked::Nowhere;
        }
        let mut all = self.slots.iter_mut();
        if let Some(slot) = all.find(|slot| slot.held == held && slot.addr == addr && slot.hash == hash) {
            slot.keep(arrival, packet);
            return Parked::Again;
        }
        if self.slots.len() >= PROBES_MAX {
            return Parked::Nowhere;
        }
        let sequence = self.sequence;
        let mut slot = Slot { addr, hash, sequence, end, arrival: *arrival, len: 0, packet: [0; PROBE_PACKET_MAX], held };
        slot.keep(arrival, packet);
        if reserved::push(&mut self.slots, slot) { Parked::New } else { Parked::Nowhere }
    }

    /// An echo reply from `from`: the address is taken. The slot that may go
    /// on, if the reply is to a probe of ours.
    pub fn answered(&mut self, from: Ipv4Addr, bytes: &[u8], now: Millis) -> Option<usize> {
        let echo = icmp4::reply(bytes)?;
        // A ping socket puts its own identifier into what it sends.
        let at = self.slots.iter().position(|slot| !slot.held && slot.addr == from && slot.sequence == echo.sequence)?;
        self.remember(at, true, now);
        Some(at)
    }

    /// A slot whose wait is over: nobody answered, unless it was heard for
    /// another slot.
    pub fn ended(&mut self, now: Millis) -> Option<usize> {
        let at = self.slots.iter().position(|slot| slot.end <= now)?;
        let slot = self.slots.get(at)?;
        if !slot.held && self.verdict(slot.addr, now) == Verdict::Unknown {
            self.remember(at, false, now);
        }
        Some(at)
    }

    fn remember(&mut self, slot: usize, taken: bool, now: Millis) {
        let Some(Slot { addr, hash, .. }) = self.slots.get(slot) else { return };
        let (addr, hash) = (*addr, *hash);
        self.results.retain(|result| result.addr != addr && result.until > now);
        if self.results.is_full() {
            // The oldest one.
            self.results.pop_at(0);
        }
        let until = now.plus_secs(RESULT_SECS);
        let _ = self.results.try_push(Outcome { addr, hash, taken, until });
    }

    /// Takes the packet out of a slot and frees it: how it came, its length,
    /// and whether it was held.
    pub fn take(&mut self, slot: usize, into: &mut [u8; PROBE_PACKET_MAX]) -> Option<(Arrival, usize, bool)> {
        if slot >= self.slots.len() {
            return None;
        }
        let taken = self.slots.swap_remove(slot);
        *into = taken.packet;
        Some((taken.arrival, taken.len, taken.held))
    }

    /// The earliest end of a wait.
    pub fn next_end(&self) -> Option<Millis> {
        self.slots.iter().map(|slot| slot.end).min()
    }

    /// The invariants.
    pub fn check(&self) {
        debug_assert!(self.slots.len() <= PROBES_MAX);
        debug_assert!(self.slots.iter().all(|slot| slot.len <= PROBE_PACKET_MAX));
    }
}

impl Slot {
    fn keep(&mut self, arrival: &Arrival, packet: &[u8]) {
        self.arrival = *arrival;
        let mut out = Writer::new(&mut self.packet);
        out.bytes(packet);
        self.len = out.len();
    }
}
