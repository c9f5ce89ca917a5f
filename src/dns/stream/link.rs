//! Connections to servers. Each carries questions of all clients, several at a
//! time: up to `PER_SERVER` links lead to a server before questions share one, so
//! that a server that answers one after the other delays few.

use super::asks::{MOVING, NONE};
use super::buffers::advance;
use super::{LINK_IDLE_MS, PREFIX, Streams, front};
use crate::base::bytes::Writer;
use crate::base::time::Millis;
use crate::dns::upstream::way_to;
use crate::dns::{ANSWER_MAX, Forwarder, Surroundings};
use crate::limits;
use crate::outbox::action::Action;
use crate::wire::dns::message::Message;
use std::net::SocketAddr;

/// Links to one server.
const PER_SERVER: usize = 4;

/// How far a link is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Closed,
    Connecting,
    Stands,
}

/// A connection to a server.
pub(super) struct Link {
    state: State,
    /// Where it leads: number and address of the server, and the mark it carries.
    number: u16,
    to: Option<SocketAddr>,
    mark: u32,
    /// Questions that are on it, and those whose answers nobody waits for.
    pub asks: u8,
    orphans: u8,
    /// An answer has come: if it breaks, the same server is tried afresh.
    proved: bool,
    /// Octets of questions that wait to be written, octets of answers that came.
    waiting: usize,
    arrived: usize,
    /// Last time anything came.
    pub heard: Millis,
    pub due: Millis,
}

impl Link {
    pub(super) fn unused() -> Self {
        Link {
            state: State::Closed,
            number: 0,
            to: None,
            mark: 0,
            asks: 0,
            orphans: 0,
            proved: false,
            waiting: 0,
            arrived: 0,
            heard: Millis(0),
            due: Millis::NEVER,
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    pub(super) fn stands(&self) -> bool {
        self.state == State::Stands
    }

    fn takes(&self, len: usize) -> bool {
        self.waiting.saturating_add(len) <= limits::STREAM_ASKS_MAX
    }
}

impl Streams {
    // Asked everywhere: a call is shorter.
    #[inline(never)]
    pub(super) fn link(&mut self, at: u8) -> Option<&mut Link> {
        self.links.get_mut(usize::from(at)).filter(|link| !link.is_closed())
    }

    pub(super) fn link_room(&mut self, at: u8) -> &mut [u8] {
        match self.link(at).filter(|link| link.stands()).map(|link| link.arrived) {
            Some(arrived) => {
                let slot = self.slot_of(at);
                self.buffers.stage(slot).get_mut(arrived..).unwrap_or_default()
            }
            None => &mut [],
        }
    }

    pub(super) fn link_output(&self, at: u8) -> &[u8] {
        let link = self.links.get(usize::from(at)).filter(|link| link.stands());
        link.and_then(|link| self.buffers.outgoing(at).get(..link.waiting)).unwrap_or_default()
    }

    pub(super) fn link_wrote(&mut self, at: u8, n: usize) {
        let Some(link) = self.link(at) else { return };
        let waiting = link.waiting;
        link.waiting = waiting.saturating_sub(n);
        advance(self.buffers.out(at), n, waiting);
    }

    /// Takes a question off its link, which does not know that yet.
    pub(super) fn unlink(&mut self, ask: u8, now: Millis) {
        let Some(on) = self.ask(ask).map(|ask| core::mem::replace(&mut ask.link, NONE)) else { return };
        let Some(link) = self.link(on) else { return };
        link.asks = link.asks.saturating_sub(1);
        link.orphans = link.orphans.saturating_add(1);
        if link.asks == 0 {
            link.due = now.plus_ms(LINK_IDLE_MS);
            let due = link.due;
            self.due_by(due);
        }
    }

    /// The best link for a question of `len` octets that leads there: one that
    /// nobody uses, else a closed one (or one to elsewhere that nobody uses) to be
    /// connected, else the one with the fewest questions.
    fn best_link(&self, leads: &dyn Fn(&Link) -> bool, len: usize) -> Option<(u8, bool)> {
        let (mut there, mut shared, mut unused, mut closed) = (0usize, None::<(u8, &Link)>, None::<(u8, &Link)>, None);
        for (at, link) in (0u8..).zip(&self.links) {
            if link.is_closed() {
                closed = closed.or(Some(at));
            } else if leads(link) {
                there = there.saturating_add(1);
                if link.takes(len) && shared.is_none_or(|(_, best)| link.asks < best.asks) {
                    shared = Some((at, link));
                }
            } else if link.asks == 0 && unused.is_none_or(|(_, best)| link.heard < best.heard) {
                unused = Some((at, link));
            }
        }
        match shared {
            Some((at, link)) if link.asks == 0 || there >= PER_SERVER => Some((at, false)),
            _ => closed.or(unused.map(|(at, _)| at)).map(|at| (at, true)).or(shared.map(|(at, _)| (at, false))),
        }
    }
}

impl Forwarder {
    /// Sends a question to its server. False when there is no way to.
    pub(super) fn put_on_link(&mut self, with: &mut Surroundings, ask: u8) -> bool {
        let Some(entry) = self.streams.ask(ask) else { return false };
        let (number, len, client) = (entry.number, entry.len, entry.client);
        let Some(to) = self.upstream.addr(&with.config.dns, number) else { return false };
        let mark = self.streams.client(client).map_or(0, |client| client.mark);
        let mark = if with.config.sets.copies_marks() { mark } else { 0 };
        let leads = |link: &Link| (link.number, link.to, link.mark) == (number, Some(to), mark);
        let Some((at, new)) = self.streams.best_link(&leads, len) else { return false };
        if new {
            self.link_close(with, at);
            let Some(link) = self.streams.links.get_mut(usize::from(at)) else { return false };
            *link = Link { state: State::Connecting, number, to: Some(to), mark, ..Link::unused() };
            let configured = with.config.dns.servers.get(usize::from(number));
            let (source, iface) = way_to(configured, with.interfaces);
            let slot = self.streams.slot_of(at);
            with.out.push(Action::StreamConnect { slot, to, source, iface, mark });
        }
        let Some(link) = self.streams.link(at) else { return false };
        let (waiting, stands) = (link.waiting, link.stands());
        (link.waiting, link.asks, link.due) = (waiting.saturating_add(len), link.asks.saturating_add(1), Millis::NEVER);
        self.streams.buffers.load(at, waiting, ask, len);
        if let Some(entry) = self.streams.ask(ask) {
            entry.link = at;
        }
        if !stands {
            self.ask_waits(with, ask);
            return true;
        }
        if waiting == 0 {
            let slot = self.streams.slot_of(at);
            with.out.push(Action::StreamFlush { slot });
        }
        self.asked(with, ask);
        true
    }

    pub(super) fn link_stands(&mut self, with: &mut Surroundings, at: u8) {
        let Some(link) = self.streams.link(at).filter(|link| !link.stands()) else { return };
        (link.state, link.heard) = (State::Stands, with.now.mono);
        let slot = self.streams.slot_of(at);
        with.out.push(Action::StreamFlush { slot });
        for ask in 0..u8::try_from(self.streams.asks.len()).unwrap_or(u8::MAX) {
            if self.streams.ask(ask).is_some_and(|ask| ask.link == at) {
                self.asked(with, ask);
            }
        }
    }

    pub(super) fn link_read(&mut self, with: &mut Surroundings, at: u8, n: usize) {
        let Some(link) = self.streams.link(at) else { return };
        if n == 0 {
            return self.link_lost(with, at, true);
        }
        (link.arrived, link.heard) = (link.arrived.saturating_add(n), with.now.mono);
        self.link_heard(with, at);
    }

    /// Works on what a server sent.
    pub(super) fn link_heard(&mut self, with: &mut Surroundings, at: u8) {
        let slot = self.streams.slot_of(at);
        let mut taken = 0;
        let rest = loop {
            let Some(link) = self.streams.link(at) else { return };
            let arrived = link.arrived;
            let rest = front(self.streams.buffers.staged(slot).get(taken..arrived).unwrap_or_default());
            let Some((len, true)) = rest else { break rest };
            if !with.out.has_room() {
                self.streams.backlog = true;
                break rest;
            }
            if !self.said(with, at, taken.saturating_add(PREFIX), len) {
                return self.link_lost(with, at, false);
            }
            taken = taken.saturating_add(PREFIX).saturating_add(len);
        };
        let Some(link) = self.streams.link(at) else { return };
        let arrived = link.arrived;
        let left = arrived.saturating_sub(taken);
        link.arrived = left;
        if taken > 0 {
            advance(self.streams.buffers.stage(slot), taken, arrived);
        }
        let whole = rest.map_or(0, |(len, _)| len.saturating_add(PREFIX));
        match whole > limits::STREAM_REPLY_MAX {
            true if self.enlarge(with, slot) => {}
            true => self.link_lost(with, at, false),
            false => self.streams.buffers.shrink(slot, left),
        }
    }

    /// Works on a message of a server. False when it makes no sense.
    fn said(&mut self, with: &mut Surroundings, at: u8, from: usize, len: usize) -> bool {
        let slot = self.streams.slot_of(at);
        let mut scratch = core::mem::take(&mut self.scratch);
        let (received, built) = scratch.split_at_mut_checked(ANSWER_MAX).unwrap_or_default();
        let mut copy = Writer::new(received);
        copy.bytes(self.streams.buffers.staged(slot).get(from..from.saturating_add(len)).unwrap_or_default());
        let ask = Message::parse(copy.written()).and_then(|answer| self.streams.ask_on(at, answer.id()));
        let client = ask.and_then(|ask| self.streams.ask(ask)).map(|ask| ask.client);
        let answered = ask.map(|ask| self.answered(with, ask, copy.written_mut(), built));
        self.scratch = scratch;
        let Some(link) = self.streams.link(at) else { return true };
        match answered {
            // What nobody waits for any more may still come.
            None if link.orphans == 0 => return false,
            Some(false) => return false,
            _ => link.orphans = link.orphans.saturating_sub(1),
        }
        link.proved |= answered == Some(true);
        if let Some(client) = client {
            self.work(with, client);
        }
        true
    }

    /// A link is gone, or is given up. Its questions go to the next server, or
    /// if it has served before (`again`) to the same one afresh.
    pub(super) fn link_lost(&mut self, with: &mut Surroundings, at: u8, again: bool) {
        let Some(link) = self.streams.link(at) else { return };
        let again = again && link.proved;
        for ask in self.streams.asks.iter_mut().filter(|ask| ask.used && ask.link == at) {
            (ask.link, ask.due) = (MOVING, Millis::NEVER);
        }
        self.link_close(with, at);
        for ask in 0..u8::try_from(self.streams.asks.len()).unwrap_or(u8::MAX) {
            let Some(entry) = self.streams.ask(ask).filter(|ask| ask.link == MOVING) else { continue };
            entry.link = NONE;
            let retry = again && !core::mem::replace(&mut entry.again, true);
            if !(retry && self.put_on_link(with, ask)) {
                self.server_failed_by_stream(with, ask);
            }
        }
    }

    fn link_close(&mut self, with: &mut Surroundings, at: u8) {
        let slot = self.streams.slot_of(at);
        let Some(link) = self.streams.link(at) else { return };
        *link = Link::unused();
        self.streams.buffers.shrink(slot, 0);
        self.streams.rest();
        with.out.push(Action::StreamClose { slot });
    }
}
