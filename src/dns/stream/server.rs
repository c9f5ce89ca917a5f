//! The server's side of a connection: one question at a time goes to the servers
//! of its group, one after the other, the one that answered last first.

use super::buffers::Place;
use super::{ANSWER_MS, CONNECT_MS, Link, Streams};
use crate::base::bytes::{Reader, Writer};
use crate::dns::admit::Query;
use crate::dns::compose::{self, Client};
use crate::dns::forward::write_upstream;
use crate::dns::journal::{self, Prefix};
use crate::dns::pending::same_question;
use crate::dns::reply::log_answer;
use crate::dns::upstream::{position_bit, way_to};
use crate::dns::screen::Finding;
use crate::dns::{Forwarder, Surroundings, screen, sets};
use crate::limits;
use crate::outbox::action::Action;
use crate::wire::dns::codes::{ede, flag, rcode};
use crate::wire::dns::message::Message;

/// Octets of the length in front of a message.
const PREFIX: usize = 2;

impl Streams {
    pub(super) fn server_room(&mut self, at: u8) -> &mut [u8] {
        let Some(entry) = self.get(at) else { return &mut [] };
        let (place, arrived) = (entry.place, entry.arrived);
        match entry.server.link {
            Link::Sending | Link::Reading => self.buffers.reply(at, place).get_mut(arrived..).unwrap_or_default(),
            // Only to notice that the server closes: nothing is expected here.
            Link::Idle => self.buffers.ask(at),
            Link::Closed | Link::Connecting => &mut [],
        }
    }

    /// Gives an answer that needs one a large buffer, if there is one.
    pub(super) fn make_room(&mut self, at: u8) {
        let Some(len) = self.announced(at) else { return };
        let Some(entry) = self.get(at) else { return };
        // Rewritten for the client it may grow a little.
        let small = len.saturating_add(PREFIX) <= limits::STREAM_REPLY_MAX / 2;
        if small || entry.place != Place::Own {
            return;
        }
        let arrived = entry.arrived;
        if let Some(large) = self.buffers.lend(at, arrived)
            && let Some(entry) = self.get_mut(at)
        {
            entry.place = large;
        }
    }

    pub(super) fn server_output(&self, at: u8) -> &[u8] {
        let Some(entry) = self.get(at).filter(|entry| entry.server.link == Link::Sending) else { return &[] };
        self.buffers.asked(at).get(entry.server.sent..entry.server.ask_len).unwrap_or_default()
    }

    /// The length of the answer that is arriving, once it is known.
    fn announced(&self, at: u8) -> Option<usize> {
        let entry = self.get(at)?;
        let octets = self.buffers.replied(at, entry.place).get(..entry.arrived)?;
        Reader::new(octets).u16().map(usize::from)
    }
}

impl Forwarder {
    /// Sends the question in front of a connection to the servers found for it.
    pub(super) fn ask_by_stream(&mut self, with: &mut Surroundings, at: u8, query: &Query) {
        self.counts.forwarded = self.counts.forwarded.saturating_add(1);
        let (group, memory) = (&self.found.group, self.found.memory);
        let first = self.upstream.first_choice(&with.config.dns, group, memory);
        let id = with.random.u16();
        let mut out = Writer::new(self.streams.buffers.ask(at));
        out.u16(0);
        let room = out.room();
        let mut message = [0; limits::UPSTREAM_QUERY_MAX];
        let len = write_upstream(&mut Writer::new(message.get_mut(..room).unwrap_or_default()), query, id, with);
        let Some(octets) = len.and_then(|len| message.get(..len)) else { return self.give_up(with, at) };
        out.bytes(octets);
        out.patch_u16(0, u16::try_from(octets.len()).unwrap_or(0));
        let ask_len = out.len();
        let Some(entry) = self.streams.get_mut(at) else { return };
        (entry.waiting, entry.serial, entry.arrived) = (true, query.serial, 0);
        let server = &mut entry.server;
        server.group.clone_from(group);
        (server.memory, server.first) = (memory, first);
        (server.tried, server.id, server.ask_len) = (0, id, ask_len);
        self.next_server(with, at);
    }

    /// Connects to the next server that was not tried, or uses the stream that
    /// leads to it already.
    fn next_server(&mut self, with: &mut Surroundings, at: u8) {
        let slot = self.streams.server_slot(at);
        let Some(entry) = self.streams.get_mut(at) else { return };
        let server = &mut entry.server;
        let count = server.group.len();
        let next = (0..count)
            .map(|step| server.first.saturating_add(step).checked_rem(count).unwrap_or(0))
            .find(|position| server.tried & position_bit(*position) == 0);
        let Some(position) = next else { return self.give_up(with, at) };
        server.tried |= position_bit(position);
        let number = server.group.get(position).copied().unwrap_or(0);
        (server.sent, entry.arrived) = (0, 0);
        if server.link == Link::Idle && server.number == number {
            server.reused = true;
            return self.send_ask(with, at);
        }
        self.connect(with, at, slot, number);
    }

    fn connect(&mut self, with: &mut Surroundings, at: u8, slot: u8, number: u16) {
        let Some(to) = self.upstream.addr(&with.config.dns, number) else { return self.next_server(with, at) };
        let Some(entry) = self.streams.get_mut(at) else { return };
        let mark = if with.config.sets.copies_marks() { entry.mark } else { 0 };
        (entry.server.number, entry.server.reused) = (number, false);
        if core::mem::replace(&mut entry.server.link, Link::Connecting) != Link::Closed {
            with.out.push(Action::StreamClose { slot });
        }
        let configured = with.config.dns.servers.get(usize::from(number));
        let (source, iface) = way_to(configured, with.interfaces);
        with.out.push(Action::StreamConnect { slot, to, source, iface, mark });
        self.streams.set_due(at, with.now.mono.plus_ms(CONNECT_MS));
    }

    /// The stream stands: the question goes out.
    fn send_ask(&mut self, with: &mut Surroundings, at: u8) {
        let slot = self.streams.server_slot(at);
        let Some(entry) = self.streams.get_mut(at) else { return };
        entry.server.link = Link::Sending;
        entry.server.since = with.now.mono;
        let (number, serial, from) = (entry.server.number, entry.serial, entry.arrival.from);
        self.streams.set_due(at, with.now.mono.plus_ms(CONNECT_MS));
        with.out.push(Action::StreamFlush { slot });
        if let Some(tally) = self.upstream.tally(number) {
            tally.queries = tally.queries.saturating_add(1);
        }
        let prefix = Prefix::new(with.config.log.queries, serial, Some(from), true);
        let Some(to) = self.upstream.addr(&with.config.dns, number).filter(|_| prefix.is_on()) else { return };
        self.with_question(with, at, |_, with, query| journal::forwarded(with.out, &prefix, query.question.name, to));
    }

    pub(super) fn server_connected(&mut self, with: &mut Surroundings, at: u8) {
        if self.streams.get(at).is_some_and(|entry| entry.server.link == Link::Connecting) {
            self.send_ask(with, at);
        }
    }

    pub(super) fn server_wrote(&mut self, with: &mut Surroundings, at: u8, n: usize) {
        let Some(entry) = self.streams.get_mut(at).filter(|entry| entry.server.link == Link::Sending) else { return };
        entry.server.sent = entry.server.sent.saturating_add(n).min(entry.server.ask_len);
        if entry.server.sent == entry.server.ask_len {
            entry.server.link = Link::Reading;
            self.streams.set_due(at, with.now.mono.plus_ms(ANSWER_MS));
        }
    }

    pub(super) fn server_read(&mut self, with: &mut Surroundings, at: u8, n: usize) {
        let room = self.streams.server_room(at).len();
        let Some(entry) = self.streams.get_mut(at) else { return };
        // An idle server has nothing to say.
        if n == 0 || entry.server.link == Link::Idle {
            return self.server_lost(with, at);
        }
        entry.arrived = entry.arrived.saturating_add(n.min(room));
        let arrived = entry.arrived;
        let Some(len) = self.streams.announced(at) else { return };
        self.streams.make_room(at);
        if arrived >= len.saturating_add(PREFIX) {
            self.server_answered(with, at, len);
        }
    }

    /// The answer is complete: checked, kept, rewritten for the client.
    fn server_answered(&mut self, with: &mut Surroundings, at: u8, len: usize) {
        let Some(place) = self.streams.get(at).map(|entry| entry.place) else { return };
        let mut scratch = core::mem::take(&mut self.scratch);
        let (received, built) = scratch.split_at_mut_checked(super::super::ANSWER_MAX).unwrap_or_default();
        let mut copy = Writer::new(received);
        copy.bytes(self.streams.buffers.replied(at, place).get(PREFIX..PREFIX.saturating_add(len)).unwrap_or_default());
        let outcome = self
            .with_question(with, at, |this, with, query| this.relay_answer(with, at, query, copy.written_mut(), built))
            .flatten();
        match outcome {
            Some(len) => {
                if let Some(entry) = self.streams.get_mut(at) {
                    (entry.server.link, entry.waiting) = (Link::Idle, false);
                }
                self.answer(with, at, built.get(..len).unwrap_or_default());
                self.scratch = scratch;
                self.work(with, at);
            }
            None => {
                self.scratch = scratch;
                self.server_lost(with, at);
            }
        }
    }

    /// Rewrites a server's answer for the client. Nothing when it is none to
    /// this question.
    fn relay_answer(&mut self, with: &mut Surroundings, at: u8, query: &Query, received: &mut [u8], built: &mut [u8]) -> Option<usize> {
        let entry = self.streams.get(at)?;
        let (number, memory, id, since) = (entry.server.number, entry.server.memory, entry.server.id, entry.server.since);
        let answer = Message::parse(received)?;
        let is_ours = answer.is_response() && answer.id() == id && answer.question_count() == 1;
        if !is_ours || !same_question(answer.question_bytes(), query.message.question_bytes()) {
            return None;
        }
        match answer.rcode() {
            rcode::REFUSED => self.upstream.forget(memory, number),
            _ => self.upstream.remember(memory, number),
        }
        if let Some(tally) = self.upstream.tally(number) {
            tally.answered(with.now.mono.since(since));
            tally.nxdomain = tally.nxdomain.saturating_add(u32::from(answer.rcode() == rcode::NXDOMAIN));
        }
        self.complain_of_refusal(with, number, &answer);
        let prefix = Prefix::new(with.config.log.queries, query.serial, Some(query.arrival.from), true);
        screen::rewrite(with, &prefix, received);
        let answer = Message::parse(received)?;
        let plain = query.message.flags() & flag::CD == 0 && !query.personal;
        let changes = self.settle(with, &answer, plain);
        if changes.finding == Finding::Clean {
            sets::fill(with, &prefix, &answer);
        }
        log_answer(with, &prefix, &answer, &changes);
        compose::relay(&mut Writer::new(built), &answer, &Client::of(query), query.message.question_bytes(), &changes)
    }

    /// The stream to the server is gone, or the server took too long.
    pub(super) fn server_lost(&mut self, with: &mut Surroundings, at: u8) {
        let slot = self.streams.server_slot(at);
        let Some(entry) = self.streams.get_mut(at) else { return };
        let (number, memory) = (entry.server.number, entry.server.memory);
        let broke_on_reuse = entry.waiting && entry.server.reused && entry.arrived == 0;
        if core::mem::replace(&mut entry.server.link, Link::Closed) != Link::Closed {
            with.out.push(Action::StreamClose { slot });
        }
        if !entry.waiting {
            return;
        }
        (entry.arrived, entry.server.sent) = (0, 0);
        let place = core::mem::replace(&mut entry.place, Place::Own);
        if self.streams.buffers.give_back(place) {
            self.feed_starved(with);
        }
        if broke_on_reuse {
            return self.connect(with, at, slot, number);
        }
        self.upstream.forget(memory, number);
        self.next_server(with, at);
    }

    /// No server is left: the client hears it.
    fn give_up(&mut self, with: &mut Surroundings, at: u8) {
        if let Some(entry) = self.streams.get_mut(at) {
            entry.waiting = false;
        }
        let udp_size = with.config.dns.edns_max;
        let mut refusal = [0; limits::QUESTION_MAX + 64];
        let built = self.with_question(with, at, |_, with, query| {
            let prefix = Prefix::new(with.config.log.queries, query.serial, Some(query.arrival.from), true);
            journal::error(with.out, &prefix, "config", rcode::REFUSED, Some(ede::NETWORK_ERROR));
            let why = Some(ede::NETWORK_ERROR);
            compose::bare(&mut Writer::new(&mut refusal), query.message, rcode::REFUSED, udp_size, why)
        });
        match built.flatten().and_then(|len| refusal.get(..len)) {
            Some(refusal) => {
                self.answer(with, at, refusal);
                self.work(with, at);
            }
            None => self.client_close(with, at),
        }
    }
}
