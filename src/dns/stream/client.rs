//! The client's side of a connection: reading questions, writing answers.

use super::{Connection, IDLE_MS, Streams, WRITE_MS};
use crate::base::bytes::{Reader, Writer};
use crate::base::net::IfIndex;
use crate::base::time::Millis;
use crate::dns::admit::{self, Kind, Query};
use crate::dns::journal::{self, Prefix};
use crate::dns::stream::Link;
use crate::dns::stream::buffers::Place;
use crate::dns::{Forwarder, Surroundings, Verdict, bare};
use crate::limits;
use crate::outbox::action::{Action, Arrival, Door};
use crate::outbox::lines::{Arg, dns as lines};
use crate::wire::dns::message::Message;
use crate::wire::dns::codes::{ede, rcode};
use std::net::{IpAddr, SocketAddr};

/// Octets of the length in front of a message.
const PREFIX: usize = 2;

/// What lies in front of a client's octets.
enum Front {
    /// A whole message of this length.
    Whole(usize),
    /// The rest is still to come.
    Partial,
    /// More than fits: nobody asks like that.
    TooLong,
}

impl Streams {
    pub(super) fn client_room(&mut self, at: u8) -> &mut [u8] {
        let Some(filled) = self.get(at).filter(|entry| !entry.peer_done).map(|entry| entry.filled) else {
            return &mut [];
        };
        self.buffers.query(at).get_mut(filled..).unwrap_or_default()
    }

    pub(super) fn client_output(&self, at: u8) -> &[u8] {
        let Some(entry) = self.get(at).filter(|entry| !entry.waiting) else { return &[] };
        self.buffers.replied(at, entry.place).get(entry.written..entry.len).unwrap_or_default()
    }

    fn front(&mut self, at: u8) -> Front {
        let Some(filled) = self.get(at).map(|entry| entry.filled) else { return Front::Partial };
        let octets = self.buffers.query(at).get(..filled).unwrap_or_default();
        let mut reader = Reader::new(octets);
        let Some(len) = reader.u16().map(usize::from) else { return Front::Partial };
        if len.saturating_add(PREFIX) > limits::STREAM_QUERY_MAX {
            return Front::TooLong;
        }
        if reader.take(len).is_some() { Front::Whole(len) } else { Front::Partial }
    }

    /// A copy of the message in front.
    pub(super) fn copy_front(&mut self, at: u8) -> Option<([u8; limits::STREAM_QUERY_MAX], usize)> {
        let Front::Whole(len) = self.front(at) else { return None };
        let mut copy = [0; limits::STREAM_QUERY_MAX];
        let from = self.buffers.query(at).get(PREFIX..PREFIX.saturating_add(len))?;
        copy.get_mut(..len)?.copy_from_slice(from);
        Some((copy, len))
    }

    /// Forgets the message in front. True when the client could not send more
    /// before, and now can.
    fn drop_front(&mut self, at: u8) -> bool {
        let Front::Whole(len) = self.front(at) else { return false };
        let gone = len.saturating_add(PREFIX);
        let Some(entry) = self.get_mut(at) else { return false };
        let was_full = entry.filled >= limits::STREAM_QUERY_MAX;
        entry.filled = entry.filled.saturating_sub(gone);
        let octets = self.buffers.query(at);
        if gone <= octets.len() {
            octets.rotate_left(gone);
        }
        was_full
    }

    /// Puts an answer where it is written from. False when it needs a large
    /// buffer and there is none.
    pub(super) fn put_answer(&mut self, at: u8, answer: &[u8]) -> bool {
        let Some(entry) = self.get(at) else { return true };
        let mut place = entry.place;
        let whole = answer.len().saturating_add(PREFIX);
        if place == Place::Own && whole > limits::STREAM_REPLY_MAX {
            match self.buffers.lend(at, 0) {
                Some(large) => place = large,
                None => return false,
            }
        }
        let mut out = Writer::new(self.buffers.reply(at, place));
        out.u16(u16::try_from(answer.len()).unwrap_or(0));
        out.bytes(answer);
        let len = out.len();
        if let Some(entry) = self.get_mut(at) {
            (entry.place, entry.len, entry.written) = (place, len, 0);
        }
        true
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
        let free = self.streams.list.iter().position(|entry| !entry.used)?;
        if self.streams.live >= self.streams.limit {
            let idle = self.streams.idlest()?;
            self.client_close(with, idle);
        }
        let at = u8::try_from(free).ok()?;
        let streams = &mut self.streams;
        streams.live = streams.live.saturating_add(1);
        streams.peak = streams.peak.max(streams.live);
        let entry = streams.list.get_mut(free)?;
        *entry = Connection { used: true, arrival, mark: with.mark, active: with.now.mono, ..Connection::unused() };
        streams.set_due(at, with.now.mono.plus_ms(IDLE_MS));
        Some(at)
    }

    pub(super) fn client_read(&mut self, with: &mut Surroundings, at: u8, n: usize) {
        let Some(entry) = self.streams.get_mut(at) else { return };
        entry.filled = entry.filled.saturating_add(n).min(limits::STREAM_QUERY_MAX);
        entry.peer_done |= n == 0;
        entry.active = with.now.mono;
        self.work(with, at);
    }

    pub(super) fn client_wrote(&mut self, with: &mut Surroundings, at: u8, n: usize) {
        let Some(entry) = self.streams.get_mut(at) else { return };
        entry.written = entry.written.saturating_add(n).min(entry.len);
        entry.active = with.now.mono;
        if entry.written < entry.len {
            return self.streams.set_due(at, with.now.mono.plus_ms(WRITE_MS));
        }
        (entry.len, entry.written) = (0, 0);
        let place = core::mem::replace(&mut entry.place, Place::Own);
        if self.streams.buffers.give_back(place) {
            self.feed_starved(with);
        }
        self.work(with, at);
    }

    /// Works on what a client sent until something has to be waited for.
    pub(super) fn work(&mut self, with: &mut Surroundings, at: u8) {
        loop {
            let Some(entry) = self.streams.get_mut(at) else { return };
            if entry.waiting || entry.starved {
                return;
            }
            if entry.len > 0 {
                self.streams.set_due(at, with.now.mono.plus_ms(WRITE_MS));
                return with.out.push(Action::StreamFlush { slot: at });
            }
            let done = entry.peer_done;
            match self.streams.front(at) {
                Front::Whole(_) => self.question(with, at),
                Front::Partial if !done => return self.streams.set_due(at, with.now.mono.plus_ms(IDLE_MS)),
                _ => return self.client_close(with, at),
            }
        }
    }

    /// Works on the message in front.
    fn question(&mut self, with: &mut Surroundings, at: u8) {
        let Some((copy, len)) = self.streams.copy_front(at) else { return };
        let Some((arrival, mark)) = self.streams.get(at).map(|entry| (entry.arrival, entry.mark)) else { return };
        with.mark = mark;
        let bytes = copy.get(..len).unwrap_or_default();
        let mut scratch = core::mem::take(&mut self.scratch);
        let message = Message::parse(bytes);
        let verdict = match admit::decode(message.as_ref(), &arrival, true, &with.config.dns) {
            Kind::Query(mut query) => {
                query.serial = self.next_serial();
                match self.resolve(with, &query, &mut scratch) {
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
            Kind::NonQuery(message) => {
                let prefix = Prefix::new(with.config.log.queries, self.next_serial(), Some(arrival.from), true);
                journal::non_query(with.out, &prefix, message.opcode(), arrival.from.ip());
                bare(with, &message, rcode::NOTIMP, ede::NOT_SUPPORTED, &mut scratch)
            }
            Kind::Odd(message) => bare(with, &message, rcode::REFUSED, ede::INVALID_DATA, &mut scratch),
            Kind::Garbage => {
                self.counts.garbage = self.counts.garbage.saturating_add(1);
                Verdict::Silence
            }
        };
        match verdict {
            Verdict::Answered(len) => self.answer(with, at, scratch.get(..len).unwrap_or_default()),
            _ => self.client_close(with, at),
        }
        self.scratch = scratch;
    }

    /// Gives the question in front its answer and forgets the question.
    pub(super) fn answer(&mut self, with: &mut Surroundings, at: u8, answer: &[u8]) {
        if !self.streams.put_answer(at, answer) {
            if let Some(entry) = self.streams.get_mut(at) {
                entry.starved = true;
            }
            return self.streams.set_due(at, with.now.mono.plus_ms(WRITE_MS));
        }
        if self.streams.drop_front(at) {
            with.out.push(Action::StreamFlush { slot: at });
        }
    }

    /// A large buffer is free again: whoever waits for one goes on.
    pub(super) fn feed_starved(&mut self, with: &mut Surroundings) {
        for at in 0..u8::try_from(self.streams.list.len()).unwrap_or(u8::MAX) {
            let Some(entry) = self.streams.get_mut(at) else { continue };
            if core::mem::replace(&mut entry.starved, false) {
                return self.work(with, at);
            }
            if entry.waiting && entry.server.link == Link::Reading && self.streams.server_room(at).is_empty() {
                self.streams.make_room(at);
                let slot = self.streams.server_slot(at);
                return with.out.push(Action::StreamFlush { slot });
            }
        }
    }

    /// Ends a connection, both sides.
    pub(super) fn client_close(&mut self, with: &mut Surroundings, at: u8) {
        let slot = self.streams.server_slot(at);
        let Some(entry) = self.streams.get_mut(at) else { return };
        entry.used = false;
        let place = core::mem::replace(&mut entry.place, Place::Own);
        (entry.len, entry.written) = (0, 0);
        if core::mem::replace(&mut entry.server.link, Link::Closed) != Link::Closed {
            with.out.push(Action::StreamClose { slot });
        }
        with.out.push(Action::StreamClose { slot: at });
        self.streams.live = self.streams.live.saturating_sub(1);
        if self.streams.live == 0 {
            self.streams.bound = Millis::NEVER;
        }
        if self.streams.buffers.give_back(place) {
            self.feed_starved(with);
        }
    }

    /// The question in front, decoded again.
    pub(super) fn with_question<R>(
        &mut self,
        with: &mut Surroundings,
        at: u8,
        run: impl FnOnce(&mut Self, &mut Surroundings, &Query) -> R,
    ) -> Option<R> {
        let (copy, len) = self.streams.copy_front(at)?;
        let entry = self.streams.get(at)?;
        let (arrival, serial) = (entry.arrival, entry.serial);
        let message = Message::parse(copy.get(..len)?);
        match admit::decode(message.as_ref(), &arrival, true, &with.config.dns) {
            Kind::Query(query) => Some(run(self, with, &Query { serial, ..query })),
            _ => None,
        }
    }
}

impl Streams {
    /// The connection that has had nothing to do for the longest time.
    fn idlest(&self) -> Option<u8> {
        let idle = self.list.iter().enumerate().filter(|(_, entry)| entry.used && entry.is_idle());
        idle.min_by_key(|(_, entry)| entry.active).and_then(|(at, _)| u8::try_from(at).ok())
    }
}
