//! The clients' side: reading questions, writing answers.

use super::buffers::advance;
use super::{IDLE_MS, PREFIX, Streams, WRITE_MS, front};
use crate::base::bytes::Writer;
use crate::base::net::IfIndex;
use crate::base::time::Millis;
use crate::dns::admit::{self, Kind, Query};
use crate::dns::auth_transfer::Transfer;
use crate::dns::journal::{self, Prefix};
use crate::dns::{Forwarder, Surroundings, Verdict, bare};
use crate::limits;
use crate::outbox::action::{Action, Arrival, Door};
use crate::outbox::metrics::Metric;
use crate::outbox::lines::{Arg, dns as lines};
use crate::wire::dns::codes::{ede, rcode};
use crate::wire::dns::message::Message;
use std::net::{IpAddr, SocketAddr};

/// Octets of answers that a client has not taken; with more, its next question
/// waits.
const UNREAD_MAX: usize = limits::STREAM_REPLY_MAX / 2;

/// A client's connection.
pub(super) struct Client {
    pub used: bool,
    pub arrival: Arrival,
    /// The mark of the connection.
    pub mark: u32,
    /// Octets of the client that wait to be worked on.
    filled: usize,
    /// The client will send no more.
    peer_done: bool,
    /// How far the copy of a zone has come that its question in front asks for.
    transfer: Transfer,
    /// Its questions that are with servers.
    pub asks: u8,
    /// Octets of its answers, and how many were written.
    pub len: usize,
    pub written: usize,
    /// Last time the client sent or took something.
    pub active: Millis,
    pub due: Millis,
}

impl Client {
    pub(super) fn unused() -> Self {
        Client {
            used: false,
            arrival: Arrival::nowhere(),
            mark: 0,
            filled: 0,
            peer_done: false,
            transfer: Transfer::default(),
            asks: 0,
            len: 0,
            written: 0,
            active: Millis(0),
            due: Millis::NEVER,
        }
    }
}

impl Streams {
    // Asked everywhere: a call is shorter.
    #[inline(never)]
    pub(super) fn client(&mut self, at: u8) -> Option<&mut Client> {
        self.clients.get_mut(usize::from(at)).filter(|entry| entry.used)
    }

    pub(super) fn client_room(&mut self, at: u8) -> &mut [u8] {
        match self.client(at).filter(|entry| !entry.peer_done).map(|entry| entry.filled) {
            Some(filled) => self.buffers.query(at).get_mut(filled..).unwrap_or_default(),
            None => &mut [],
        }
    }

    pub(super) fn client_output(&self, at: u8) -> &[u8] {
        let entry = self.clients.get(usize::from(at));
        entry.and_then(|entry| self.buffers.staged(at).get(entry.written..entry.len)).unwrap_or_default()
    }

    /// The connection that has had nothing to wait for, for the longest time.
    fn idlest(&self) -> Option<u8> {
        let idle = (0u8..).zip(&self.clients).filter(|(_, entry)| entry.used && entry.asks == 0);
        idle.min_by_key(|(_, entry)| entry.active).map(|(at, _)| at)
    }

    /// Sets the deadline by which the client must do something.
    fn set_client_due(&mut self, at: u8) {
        let Some(entry) = self.client(at) else { return };
        entry.due = match (entry.len > 0, entry.asks > 0) {
            (true, _) => entry.active.plus_ms(WRITE_MS),
            (false, true) => Millis::NEVER,
            (false, false) => entry.active.plus_ms(IDLE_MS),
        };
        let due = entry.due;
        self.due_by(due);
    }
}

impl Forwarder {
    /// A client connected. Its slot; nothing when it is not served.
    pub fn stream_accepted(
        &mut self,
        with: &mut Surroundings,
        listener: u8,
        from: SocketAddr,
        to: IpAddr,
        iface: IfIndex,
    ) -> Option<u8> {
        let arrival = Arrival { door: Door::Dns(listener), from, to, iface };
        let listen = &with.config.listen;
        if !admit::is_served(with.config, with.interfaces, &arrival) {
            return None;
        }
        if !admit::is_local(listen, with.interfaces, from.ip()) {
            with.out.log(&lines::NOT_LOCAL_TCP, &[Arg::Ip(from.ip())]);
            return None;
        }
        // Chosen before one gives way: that one's socket is closed only later.
        let free = self.streams.clients.iter().position(|entry| !entry.used)?;
        if self.streams.live >= self.streams.limit {
            let idle = self.streams.idlest()?;
            self.client_close(with, idle);
        }
        let at = u8::try_from(free).ok()?;
        with.out.count(Metric::TcpConnections);
        let streams = &mut self.streams;
        streams.live = streams.live.saturating_add(1);
        streams.peak = streams.peak.max(streams.live);
        let entry = streams.clients.get_mut(free)?;
        *entry = Client { used: true, arrival, mark: with.mark, active: with.now.mono, ..Client::unused() };
        streams.set_client_due(at);
        Some(at)
    }

    pub(super) fn client_read(&mut self, with: &mut Surroundings, at: u8, n: usize) {
        let Some(entry) = self.streams.client(at) else { return };
        entry.filled = entry.filled.saturating_add(n).min(limits::STREAM_QUERY_MAX);
        entry.peer_done |= n == 0;
        entry.active = with.now.mono;
        self.work(with, at);
    }

    pub(super) fn client_wrote(&mut self, with: &mut Surroundings, at: u8, n: usize) {
        let Some(entry) = self.streams.client(at) else { return };
        entry.written = entry.written.saturating_add(n).min(entry.len);
        entry.active = with.now.mono;
        if entry.written == entry.len {
            (entry.len, entry.written) = (0, 0);
            self.streams.buffers.shrink(at, 0);
        }
        self.work(with, at);
    }

    /// Works on what a client sent until something has to be waited for.
    pub(super) fn work(&mut self, with: &mut Surroundings, at: u8) {
        let mut taken = 0;
        let rest = loop {
            let Some(entry) = self.streams.client(at) else { return };
            let filled = entry.filled;
            let waits = entry.len > UNREAD_MAX || entry.asks >= limits::STREAM_ASKS_PER_CLIENT;
            let rest = front(self.streams.buffers.query(at).get(taken..filled).unwrap_or_default());
            let Some((len, true)) = rest.filter(|_| !waits) else { break rest };
            if !with.out.has_room() {
                self.streams.backlog = true;
                break rest;
            }
            self.question(with, at, taken.saturating_add(PREFIX), len);
            // The copy of a zone takes several messages.
            if !self.streams.client(at).is_some_and(|entry| entry.transfer.is_begun()) {
                taken = taken.saturating_add(PREFIX).saturating_add(len);
            }
        };
        let Some(entry) = self.streams.client(at) else { return };
        let was_full = entry.filled >= limits::STREAM_QUERY_MAX;
        let filled = entry.filled;
        entry.filled = filled.saturating_sub(taken);
        let (done, idle) = (entry.peer_done, entry.asks == 0 && entry.len == 0);
        let endless = rest.is_some_and(|(len, _)| len.saturating_add(PREFIX) > limits::STREAM_QUERY_MAX);
        if idle && (endless || done && !rest.is_some_and(|(_, whole)| whole)) {
            return self.client_close(with, at);
        }
        if taken > 0 {
            advance(self.streams.buffers.query(at), taken, filled);
            if was_full {
                // It could not send more before, and now can.
                with.out.push(Action::StreamFlush { slot: at });
            }
        }
        self.streams.set_client_due(at);
    }

    /// Works on a message of a client.
    fn question(&mut self, with: &mut Surroundings, at: u8, from: usize, len: usize) {
        // Nobody else wants them meanwhile.
        let queries = self.streams.buffers.lend_queries();
        self.question_in(with, at, queries.of(at).get(from..from.saturating_add(len)).unwrap_or_default());
        self.streams.buffers.take_queries(queries);
    }

    fn question_in(&mut self, with: &mut Surroundings, at: u8, octets: &[u8]) {
        let Some(entry) = self.streams.client(at) else { return };
        let arrival = entry.arrival;
        with.mark = entry.mark;
        self.transfer.set(core::mem::take(&mut entry.transfer));
        let mut scratch = core::mem::take(&mut self.scratch);
        let Some(message) = &Message::parse(octets) else {
            self.count_garbage();
            self.client_close(with, at);
            self.scratch = scratch;
            return;
        };
        let mut query = Query::new(message, &arrival, true);
        let verdict = match query.decode(&with.config.dns) {
            Kind::Query => {
                query.serial = self.next_serial();
                let verdict = self.resolve(with, &query, &mut scratch);
                if let Some(entry) = self.streams.client(at) {
                    entry.transfer = self.transfer.take();
                }
                match verdict {
                    Verdict::Forward => {
                        self.ask_by_stream(with, at, &query);
                        self.scratch = scratch;
                        return;
                    }
                    Verdict::Stale(len) => {
                        self.refresh(with, &query);
                        Verdict::Answered(len)
                    }
                    verdict => verdict,
                }
            }
            Kind::NonQuery => {
                let prefix = Prefix::new(with.config.log.queries, self.next_serial(), Some(arrival.from), true);
                journal::non_query(with.out, &prefix, message.opcode(), arrival.from.ip());
                bare(with, message, rcode::NOTIMP, ede::NOT_SUPPORTED, &mut scratch)
            }
            Kind::Odd => bare(with, message, rcode::REFUSED, ede::INVALID_DATA, &mut scratch),
            Kind::Garbage => {
                self.count_garbage();
                Verdict::Silence
            }
        };
        match verdict {
            Verdict::Answered(len) => self.client_told(with, at, scratch.get(..len).unwrap_or_default()),
            _ => self.client_close(with, at),
        }
        self.scratch = scratch;
    }

    /// Puts an answer behind those that a client has not taken yet. Who has not
    /// taken more than the largest buffer holds is disconnected.
    pub(super) fn client_told(&mut self, with: &mut Surroundings, at: u8, answer: &[u8]) {
        let Some(len) = self.streams.client(at).map(|entry| entry.len) else { return };
        let end = len.saturating_add(PREFIX).saturating_add(answer.len());
        if end > self.streams.buffers.staged(at).len() && !self.enlarge(with, at) {
            return self.client_close(with, at);
        }
        let mut out = Writer::new(self.streams.buffers.stage(at).get_mut(len..).unwrap_or_default());
        out.u16(u16::try_from(answer.len()).unwrap_or(0));
        out.bytes(answer);
        if out.overflowed() {
            return self.client_close(with, at);
        }
        if let Some(entry) = self.streams.client(at) {
            entry.len = end;
            if len == 0 {
                entry.active = with.now.mono;
                with.out.push(Action::StreamFlush { slot: at });
            }
        }
        self.streams.set_client_due(at);
    }

    /// Ends a connection; its questions are forgotten.
    pub(super) fn client_close(&mut self, with: &mut Surroundings, at: u8) {
        for ask in 0..u8::try_from(self.streams.asks.len()).unwrap_or(u8::MAX) {
            if self.streams.ask(ask).is_some_and(|entry| entry.client == at) {
                self.streams.drop_ask(ask, with.now.mono);
            }
        }
        let streams = &mut self.streams;
        let Some(entry) = streams.client(at) else { return };
        *entry = Client::unused();
        streams.buffers.shrink(at, 0);
        streams.live = streams.live.saturating_sub(1);
        streams.rest();
        with.out.push(Action::StreamClose { slot: at });
    }
}
