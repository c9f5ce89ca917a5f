//! DNS over TCP (RFC 7766), both sides. The engine owns the octets and the
//! states, the daemon owns the sockets.
//!
//! Three tables: clients; links, which are connections to servers; and questions
//! under way from one to the other. A client may have several questions under way
//! and is answered as answers come; a link is used by all clients and carries
//! several questions at a time. A question that came by TCP goes on by TCP.
//! Slots of clients come first, those of links follow.

mod asks;
mod buffers;
mod client;
mod link;

use crate::base::bytes::Reader;
use crate::base::time::{Due, Millis, Why};
use crate::config::Config;
use crate::dns::{Forwarder, Surroundings};
use crate::limits;
use asks::Ask;
use buffers::Buffers;
use client::Client;
use link::Link;

/// Octets of the length in front of a message.
const PREFIX: usize = 2;
/// A client that sends nothing is disconnected.
const IDLE_MS: u64 = 30_000;
/// A client that takes nothing of what is written is disconnected.
const WRITE_MS: u64 = 10_000;
/// Time for a server to accept a connection.
const CONNECT_MS: u64 = 5_000;
/// Time for a server to answer.
const ANSWER_MS: u64 = 10_000;
/// A link that nobody needs is closed.
const LINK_IDLE_MS: u64 = 10_000;

/// All connections.
pub struct Streams {
    clients: Box<[Client]>,
    links: Box<[Link]>,
    asks: Box<[Ask]>,
    buffers: Buffers,
    limit: u8,
    /// Connections of clients now, and most at once since last asked.
    live: u8,
    peak: u8,
    /// No deadline lies before this.
    bound: Millis,
    /// There was more to do than the outbox took.
    backlog: bool,
}

/// A slot's two meanings.
enum Side {
    Client(u8),
    Link(u8),
}

/// Whose deadline has come.
enum Reached {
    Client(u8),
    Link(u8),
    Ask(u8),
}

impl Streams {
    /// Room for the configured number of clients.
    pub fn new(config: &Config) -> Self {
        let limit = config.dns.tcp_max.clamp(1, limits::STREAM_CLIENTS_MAX);
        // One to spare: a newcomer needs a slot before the idlest one gives up its own.
        let clients = usize::from(limit).saturating_add(1);
        let (links, asks) = (limits::STREAM_LINKS.into(), clients.saturating_mul(2));
        Streams {
            clients: (0..clients).map(|_| Client::unused()).collect(),
            links: (0..links).map(|_| Link::unused()).collect(),
            asks: (0..asks).map(|_| Ask::unused()).collect(),
            buffers: Buffers::new(clients, links, asks),
            limit,
            live: 0,
            peak: 0,
            bound: Millis::NEVER,
            backlog: false,
        }
    }

    /// Slots of both sides together.
    pub fn slots(&self) -> u8 {
        self.slot_of(limits::STREAM_LINKS)
    }

    /// Connections now, most at once since last asked, and at most.
    pub fn figures(&mut self) -> [u8; 3] {
        let peak = core::mem::replace(&mut self.peak, self.live);
        [self.live, peak, self.limit]
    }

    fn side(&self, slot: u8) -> Side {
        match usize::from(slot).checked_sub(self.clients.len()).and_then(|at| u8::try_from(at).ok()) {
            Some(at) => Side::Link(at),
            None => Side::Client(slot),
        }
    }

    /// The slot of a link.
    fn slot_of(&self, link: u8) -> u8 {
        link.saturating_add(u8::try_from(self.clients.len()).unwrap_or(u8::MAX))
    }

    /// Nothing is due later than this without `reached` seeing it.
    fn due_by(&mut self, due: Millis) {
        self.bound = self.bound.min(due);
    }

    /// When nothing is open, nothing is due.
    fn rest(&mut self) {
        if self.live == 0 && self.links.iter().all(Link::is_closed) {
            self.bound = Millis::NEVER;
        }
    }

    /// Something whose deadline has come; when there is nothing, the bound has
    /// moved to the next deadline.
    fn reached(&mut self, now: Millis) -> Option<Reached> {
        if self.bound > now {
            return None;
        }
        let clients = (0u8..).zip(&self.clients).map(|(at, client)| (client.due, Reached::Client(at)));
        let links = (0u8..).zip(&self.links).map(|(at, link)| (link.due, Reached::Link(at)));
        let asks = (0u8..).zip(&self.asks).map(|(at, ask)| (ask.due, Reached::Ask(at)));
        let (due, which) = clients.chain(links).chain(asks).min_by_key(|(due, _)| *due)?;
        self.bound = due;
        (due <= now).then_some(which)
    }

    /// Says so (debug builds) if the tables contradict themselves.
    pub fn check(&self) {
        debug_assert_eq!(self.clients.iter().filter(|entry| entry.used).count(), usize::from(self.live));
        for (at, client) in (0u8..).zip(&self.clients) {
            debug_assert!(client.written <= client.len && self.bound <= client.due);
            debug_assert!(client.used || client.due == Millis::NEVER && !self.buffers.holders().any(|slot| slot == at));
            let own = self.asks.iter().filter(|ask| ask.used && ask.client == at);
            debug_assert_eq!(own.count(), usize::from(client.asks));
        }
        for (at, link) in (0u8..).zip(&self.links) {
            let own = self.asks.iter().filter(|ask| ask.used && ask.link == at);
            debug_assert_eq!(own.count(), usize::from(link.asks));
            debug_assert!(self.bound <= link.due);
        }
        debug_assert!(self.asks.iter().all(|ask| self.bound <= ask.due && (ask.used || ask.due == Millis::NEVER)));
    }
}

/// The length of the message in front, once it is known, and whether it is whole.
fn front(octets: &[u8]) -> Option<(usize, bool)> {
    let mut reader = Reader::new(octets);
    let len = reader.u16().map(usize::from)?;
    Some((len, reader.take(len).is_some()))
}

impl Forwarder {
    /// Where to read into; empty when the stream is not to be read now.
    pub fn stream_room(&mut self, slot: u8) -> &mut [u8] {
        match self.streams.side(slot) {
            Side::Client(at) => self.streams.client_room(at),
            Side::Link(at) => self.streams.link_room(at),
        }
    }

    /// `n` octets were read into the room; 0: the peer sends no more.
    pub fn stream_read(&mut self, with: &mut Surroundings, slot: u8, n: usize) {
        match self.streams.side(slot) {
            Side::Client(at) => self.client_read(with, at, n),
            Side::Link(at) => self.link_read(with, at, n),
        }
    }

    /// What is to be written to the stream.
    pub fn stream_output(&self, slot: u8) -> &[u8] {
        match self.streams.side(slot) {
            Side::Client(at) => self.streams.client_output(at),
            Side::Link(at) => self.streams.link_output(at),
        }
    }

    /// The peer took `n` octets of the output.
    pub fn stream_wrote(&mut self, with: &mut Surroundings, slot: u8, n: usize) {
        match self.streams.side(slot) {
            Side::Client(at) => self.client_wrote(with, at, n),
            Side::Link(at) => self.streams.link_wrote(at, n),
        }
    }

    /// Reading or writing failed; the daemon closes the socket when told so.
    pub fn stream_failed(&mut self, with: &mut Surroundings, slot: u8) {
        match self.streams.side(slot) {
            Side::Client(at) => self.client_close(with, at),
            Side::Link(at) => self.link_lost(with, at, true),
        }
    }

    /// The connection of `Action::StreamConnect` stands, or failed.
    pub fn stream_connected(&mut self, with: &mut Surroundings, slot: u8, ok: bool) {
        match self.streams.side(slot) {
            Side::Link(at) if ok => self.link_stands(with, at),
            _ => self.stream_failed(with, slot),
        }
    }

    /// Stream slots, of clients and links together.
    pub fn stream_slots(&self) -> u8 {
        self.streams.slots()
    }

    /// Gives a slot room for a message of any length. When there is none, who has
    /// been the slowest to use such room loses it: one that does not read, or a
    /// server in the middle of an answer. False when that is impossible.
    fn enlarge(&mut self, with: &mut Surroundings, slot: u8) -> bool {
        if self.streams.buffers.enlarge(slot) {
            return true;
        }
        let streams = &self.streams;
        let since = |holder: &u8| match streams.side(*holder) {
            Side::Client(at) => (0, streams.clients.get(usize::from(at)).map(|client| client.active)),
            Side::Link(at) => (1, streams.links.get(usize::from(at)).map(|link| link.heard)),
        };
        let Some(slowest) = streams.buffers.holders().min_by_key(since) else { return false };
        match self.streams.side(slowest) {
            Side::Client(at) => self.client_close(with, at),
            Side::Link(at) => self.link_lost(with, at, false),
        }
        self.streams.buffers.enlarge(slot)
    }

    /// Serves streams whose deadline has come.
    pub(super) fn streams_due(&mut self, with: &mut Surroundings) {
        if core::mem::take(&mut self.streams.backlog) {
            for at in 0..u8::try_from(self.streams.clients.len()).unwrap_or(u8::MAX) {
                self.work(with, at);
            }
            for at in 0..limits::STREAM_LINKS {
                self.link_heard(with, at);
            }
        }
        while with.out.has_room() {
            match self.streams.reached(with.now.mono) {
                None => return,
                Some(Reached::Client(at)) => self.client_close(with, at),
                Some(Reached::Link(at)) => self.link_lost(with, at, false),
                Some(Reached::Ask(at)) => self.ask_late(with, at),
            }
        }
    }

    /// When streams need attention next.
    pub(super) fn streams_next_due(&self) -> Option<Due> {
        if self.streams.backlog {
            return Some(Due { at: Millis(0), why: Why::Backlog });
        }
        let at = self.streams.bound;
        (at != Millis::NEVER).then_some(Due { at, why: Why::Stream })
    }
}
