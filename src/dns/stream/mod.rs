//! DNS over TCP (RFC 7766), both sides, as slots of one table. The engine owns
//! the octets and the states, the daemon owns the sockets.
//!
//! A connection is a client's stream and, while it needs one, its own stream to
//! a server: a question that came by TCP goes on by TCP. Questions of one client
//! are answered in order; further ones may already be on the way (pipelining).
//! Slots of clients come first, those of their servers follow in the same order.

mod buffers;
mod client;
mod server;

use crate::base::time::{Due, Millis, Why};
use crate::config::Config;
use crate::dns::pending::Positions;
use crate::dns::upstream::Group;
use crate::dns::{Forwarder, Surroundings};
use crate::limits;
use crate::outbox::action::Arrival;
use buffers::{Buffers, Place};

/// A client that sends nothing is disconnected.
const IDLE_MS: u64 = 30_000;
/// A peer that takes nothing of what is written is disconnected.
const WRITE_MS: u64 = 10_000;
/// Time for a server to accept a connection and a question.
const CONNECT_MS: u64 = 5_000;
/// Time for a server to answer.
const ANSWER_MS: u64 = 10_000;

/// How far the stream to a server is.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
enum Link {
    /// There is none.
    Closed,
    /// It is being connected.
    Connecting,
    /// The question is being written.
    Sending,
    /// The answer is being read.
    Reading,
    /// It stands and may be used again.
    Idle,
}

/// The stream to a server.
struct Server {
    link: Link,
    /// Number of the server it leads to.
    number: u16,
    /// It was used before: if it breaks, the same server is tried afresh.
    reused: bool,
    /// Servers for the question, which memory they have, which were tried.
    group: Group,
    memory: u16,
    tried: Positions,
    first: usize,
    /// Identifier of the question.
    id: u16,
    /// Octets of the question, and how many were written.
    ask_len: usize,
    sent: usize,
    /// When the question was written.
    since: Millis,
}

/// A client's connection.
struct Connection {
    used: bool,
    arrival: Arrival,
    /// The mark of the connection.
    mark: u32,
    /// Octets of the client that wait to be worked on.
    filled: usize,
    /// The client will send no more.
    peer_done: bool,
    /// The question in front is with a server.
    waiting: bool,
    /// The question in front needs a large buffer and there was none.
    starved: bool,
    /// Where the answer lies, its octets, and how many were written.
    place: Place,
    len: usize,
    written: usize,
    /// Octets of the answer that came from the server so far.
    arrived: usize,
    server: Server,
    /// Serial number of the question in front.
    serial: u32,
    /// Last time the client sent or took something.
    active: Millis,
    due: Millis,
}

/// All connections.
pub struct Streams {
    list: Box<[Connection]>,
    buffers: Buffers,
    limit: u8,
    /// Connections now, and most at once since last asked.
    live: u8,
    peak: u8,
    /// No deadline lies before this.
    bound: Millis,
}

/// A slot's two meanings.
enum Side {
    Client(u8),
    Server(u8),
}

impl Streams {
    /// Room for the configured number of clients.
    pub fn new(config: &Config) -> Self {
        let limit = config.dns.tcp_max.clamp(1, limits::STREAM_CLIENTS_MAX);
        // One to spare: a newcomer needs a slot before the idlest one gives up its own.
        let slots = usize::from(limit).saturating_add(1);
        Streams {
            list: (0..slots).map(|_| Connection::unused()).collect(),
            buffers: Buffers::new(slots),
            limit,
            live: 0,
            peak: 0,
            bound: Millis::NEVER,
        }
    }

    /// Slots of both sides together.
    pub fn slots(&self) -> u8 {
        u8::try_from(self.list.len().saturating_mul(2)).unwrap_or(u8::MAX)
    }

    /// Connections now, most at once since last asked, and at most.
    pub fn figures(&mut self) -> [u8; 3] {
        let peak = core::mem::replace(&mut self.peak, self.live);
        [self.live, peak, self.limit]
    }

    fn side(&self, slot: u8) -> Side {
        match usize::from(slot).checked_sub(self.list.len()).and_then(|at| u8::try_from(at).ok()) {
            Some(at) => Side::Server(at),
            None => Side::Client(slot),
        }
    }

    /// The slot of the server's side of a connection.
    fn server_slot(&self, connection: u8) -> u8 {
        connection.saturating_add(u8::try_from(self.list.len()).unwrap_or(u8::MAX))
    }

    fn get(&self, connection: u8) -> Option<&Connection> {
        self.list.get(usize::from(connection)).filter(|entry| entry.used)
    }

    fn get_mut(&mut self, connection: u8) -> Option<&mut Connection> {
        self.list.get_mut(usize::from(connection)).filter(|entry| entry.used)
    }

    fn set_due(&mut self, connection: u8, due: Millis) {
        if let Some(entry) = self.get_mut(connection) {
            entry.due = due;
            self.bound = self.bound.min(due);
        }
    }

    /// A connection whose deadline has come; when there is none, the bound has
    /// moved to the next deadline.
    fn reached(&mut self, now: Millis) -> Option<u8> {
        if self.bound > now {
            return None;
        }
        let mut next = Millis::NEVER;
        for (number, entry) in self.list.iter().enumerate().filter(|(_, entry)| entry.used) {
            if entry.due <= now {
                return u8::try_from(number).ok();
            }
            next = next.min(entry.due);
        }
        self.bound = next;
        None
    }

    /// Says so (debug builds) if the table contradicts itself.
    pub fn check(&self) {
        debug_assert_eq!(self.list.iter().filter(|entry| entry.used).count(), usize::from(self.live));
        let lent = self.list.iter().filter(|entry| entry.place != Place::Own);
        debug_assert_eq!(lent.clone().count(), self.buffers.lent());
        debug_assert!(lent.clone().all(|entry| entry.used));
        debug_assert!(self.list.iter().filter(|entry| entry.used).all(|entry| self.bound <= entry.due));
        debug_assert!(self.list.iter().all(|entry| entry.written <= entry.len));
    }
}

impl Connection {
    fn unused() -> Self {
        Connection {
            used: false,
            arrival: Arrival::nowhere(),
            mark: 0,
            filled: 0,
            peer_done: false,
            waiting: false,
            starved: false,
            place: Place::Own,
            len: 0,
            written: 0,
            arrived: 0,
            server: Server {
                link: Link::Closed,
                number: 0,
                reused: false,
                group: Group::new(),
                memory: 0,
                tried: 0,
                first: 0,
                id: 0,
                ask_len: 0,
                sent: 0,
                since: Millis(0),
            },
            serial: 0,
            active: Millis(0),
            due: Millis::NEVER,
        }
    }

    /// Nothing of the client is under way.
    fn is_idle(&self) -> bool {
        !self.waiting && !self.starved && self.len == 0 && self.filled == 0
    }
}

impl Forwarder {
    /// Where to read into; empty when the stream is not to be read now.
    pub fn stream_room(&mut self, slot: u8) -> &mut [u8] {
        match self.streams.side(slot) {
            Side::Client(at) => self.streams.client_room(at),
            Side::Server(at) => self.streams.server_room(at),
        }
    }

    /// `n` octets were read into the room; 0: the peer sends no more.
    pub fn stream_read(&mut self, with: &mut Surroundings, slot: u8, n: usize) {
        match self.streams.side(slot) {
            Side::Client(at) => self.client_read(with, at, n),
            Side::Server(at) => self.server_read(with, at, n),
        }
    }

    /// What is to be written to the stream.
    pub fn stream_output(&self, slot: u8) -> &[u8] {
        match self.streams.side(slot) {
            Side::Client(at) => self.streams.client_output(at),
            Side::Server(at) => self.streams.server_output(at),
        }
    }

    /// The peer took `n` octets of the output.
    pub fn stream_wrote(&mut self, with: &mut Surroundings, slot: u8, n: usize) {
        match self.streams.side(slot) {
            Side::Client(at) => self.client_wrote(with, at, n),
            Side::Server(at) => self.server_wrote(with, at, n),
        }
    }

    /// Reading or writing failed; the daemon closes the socket when told so.
    pub fn stream_failed(&mut self, with: &mut Surroundings, slot: u8) {
        match self.streams.side(slot) {
            Side::Client(at) => self.client_close(with, at),
            Side::Server(at) => self.server_lost(with, at),
        }
    }

    /// The connection of `Action::StreamConnect` stands, or failed.
    pub fn stream_connected(&mut self, with: &mut Surroundings, slot: u8, ok: bool) {
        match self.streams.side(slot) {
            Side::Server(at) if ok => self.server_connected(with, at),
            _ => self.stream_failed(with, slot),
        }
    }

    /// Stream slots, of clients and servers together.
    pub fn stream_slots(&self) -> u8 {
        self.streams.slots()
    }

    /// Serves streams whose deadline has come.
    pub(super) fn streams_due(&mut self, with: &mut Surroundings) {
        while with.out.has_room() {
            let Some(at) = self.streams.reached(with.now.mono) else { return };
            let Some(entry) = self.streams.get_mut(at) else { return };
            entry.server.reused = false;
            match entry.waiting {
                true => self.server_lost(with, at),
                false => self.client_close(with, at),
            }
        }
    }

    /// When streams need attention next.
    pub(super) fn streams_next_due(&self) -> Option<Due> {
        let at = self.streams.bound;
        (at != Millis::NEVER).then_some(Due { at, why: Why::Stream })
    }
}
