//! Questions of TCP clients on their way: to the servers of their group, one
//! after the other, the one that answered last first.

use super::{ANSWER_MS, CONNECT_MS, PREFIX, Streams};
use crate::base::bytes::Writer;
use crate::base::time::Millis;
use crate::dns::admit::Query;
use crate::dns::compose;
use crate::dns::forward::{question_name, write_upstream};
use crate::dns::journal::{self, Prefix};
use crate::dns::pending::{Positions, same_question};
use crate::dns::reply::log_answer;
use crate::dns::screen::Finding;
use crate::dns::upstream::{Group, position_bit};
use crate::dns::{Forwarder, Surroundings, bus, screen, sets};
use crate::limits;
use crate::wire::dns::codes::{ede, flag, rcode};
use crate::wire::dns::message::{HEADER, Message};
use crate::wire::dns::name::Name;

/// No link.
pub(super) const NONE: u8 = u8::MAX;
/// The link it was on is gone.
pub(super) const MOVING: u8 = u8::MAX - 1;

/// A question under way. As it goes upstream, length in front, it is in the
/// buffers.
pub(super) struct Ask {
    pub used: bool,
    /// Who wants to know, and what the answer is fitted to.
    pub client: u8,
    told: compose::Client,
    personal: bool,
    /// Serial number in the log.
    serial: u32,
    /// Identifier upstream, octets with length, octets of the question section.
    pub id: u16,
    pub len: usize,
    question: usize,
    /// Servers for it, which memory they have, which were tried.
    group: Group,
    memory: u16,
    tried: Positions,
    first: usize,
    /// The server that it is with, on which link; whether that was tried before
    /// on one that broke.
    pub number: u16,
    pub link: u8,
    pub again: bool,
    /// When it was sent.
    pub since: Millis,
    pub due: Millis,
}

impl Ask {
    pub(super) fn unused() -> Self {
        Ask {
            used: false,
            client: NONE,
            told: compose::Client { id: 0, flags: 0, edns: false, limit: 0 },
            personal: false,
            serial: 0,
            id: 0,
            len: 0,
            question: 0,
            group: Group::new(),
            memory: 0,
            tried: 0,
            first: 0,
            number: 0,
            link: NONE,
            again: false,
            since: Millis(0),
            due: Millis::NEVER,
        }
    }
}

impl Streams {
    // Asked everywhere: a call is shorter.
    #[inline(never)]
    pub(super) fn ask(&mut self, at: u8) -> Option<&mut Ask> {
        self.asks.get_mut(usize::from(at)).filter(|ask| ask.used)
    }

    pub(super) fn set_ask_due(&mut self, at: u8, due: Millis) {
        if let Some(ask) = self.ask(at) {
            ask.due = due;
            self.due_by(due);
        }
    }

    /// The question on a link with this identifier.
    pub(super) fn ask_on(&self, link: u8, id: u16) -> Option<u8> {
        (0u8..).zip(&self.asks).find(|(_, ask)| ask.used && ask.link == link && ask.id == id).map(|(at, _)| at)
    }

    /// Frees a question.
    pub(super) fn drop_ask(&mut self, at: u8, now: Millis) {
        self.unlink(at, now);
        let Some(ask) = self.ask(at) else { return };
        let client = ask.client;
        (ask.used, ask.due) = (false, Millis::NEVER);
        if let Some(entry) = self.client(client) {
            entry.asks = entry.asks.saturating_sub(1);
        }
    }

    fn question_of(&self, at: u8) -> &[u8] {
        let len = self.asks.get(usize::from(at)).map_or(0, |ask| ask.question);
        let behind = self.buffers.asked(at).get(PREFIX.saturating_add(HEADER)..).unwrap_or_default();
        behind.get(..len).unwrap_or_default()
    }
}

impl Forwarder {
    /// Sends a client's question to the servers found for it.
    pub(super) fn ask_by_stream(&mut self, with: &mut Surroundings, client: u8, query: &Query) {
        self.counts.forwarded = self.counts.forwarded.saturating_add(1);
        let free = self.streams.asks.iter().position(|ask| !ask.used).and_then(|at| u8::try_from(at).ok());
        let mut id = self.fresh_id(with);
        while self.streams.asks.iter().any(|ask| ask.used && ask.id == id) {
            id = id.wrapping_add(1);
        }
        let mut message = [0; limits::UPSTREAM_QUERY_MAX];
        let len = write_upstream(&mut Writer::new(&mut message), query, id, with);
        let (Some(at), Some(octets)) = (free, len.and_then(|len| message.get(..len))) else {
            return self.give_up(with, client, query.serial, &compose::Client::of(query), query.message.question_bytes());
        };
        let mut out = Writer::new(self.streams.buffers.ask(at));
        out.u16(u16::try_from(octets.len()).unwrap_or(0));
        out.bytes(octets);
        let len = out.len();
        let (group, memory) = (&self.found.group, self.found.memory);
        let first = self.upstream.first_choice(&with.config.dns, group, memory);
        if let Some(entry) = self.streams.client(client) {
            entry.asks = entry.asks.saturating_add(1);
        }
        if let Some(ask) = self.streams.asks.get_mut(usize::from(at)) {
            ask.group.clone_from(group);
            (ask.used, ask.client, ask.told, ask.personal) = (true, client, compose::Client::of(query), query.personal);
            (ask.serial, ask.id, ask.len, ask.question) = (query.serial, id, len, query.message.question_bytes().len());
            (ask.memory, ask.tried, ask.first, ask.link, ask.again) = (memory, 0, first, NONE, false);
        }
        self.next_server(with, at);
    }

    /// Asks the next server that was not tried.
    pub(super) fn next_server(&mut self, with: &mut Surroundings, at: u8) {
        loop {
            let Some(ask) = self.streams.ask(at) else { return };
            let count = ask.group.len();
            let next = (0..count)
                .map(|step| ask.first.saturating_add(step).checked_rem(count).unwrap_or(0))
                .find(|position| ask.tried & position_bit(*position) == 0);
            let Some(position) = next else { break };
            ask.tried |= position_bit(position);
            ask.again = false;
            ask.number = ask.group.get(position).copied().unwrap_or(0);
            if self.put_on_link(with, at) {
                return;
            }
        }
        let Some(ask) = self.streams.ask(at) else { return };
        let (client, serial, told) = (ask.client, ask.serial, ask.told);
        let mut question = [0; limits::QUESTION_MAX];
        let mut copy = Writer::new(&mut question);
        copy.bytes(self.streams.question_of(at));
        self.streams.drop_ask(at, with.now.mono);
        self.give_up(with, client, serial, &told, copy.written());
        self.work(with, client);
    }

    /// No server is left: the client hears it.
    fn give_up(&mut self, with: &mut Surroundings, client: u8, serial: u32, told: &compose::Client, question: &[u8]) {
        let from = self.streams.client(client).map(|entry| entry.arrival.from);
        let prefix = Prefix::new(with.config.log.queries, serial, from, true);
        journal::error(with.out, &prefix, "config", rcode::REFUSED, Some(ede::NETWORK_ERROR));
        let mut refusal = [0; limits::QUESTION_MAX + 64];
        let mut out = Writer::new(&mut refusal);
        let udp_size = with.config.dns.edns_max;
        let _ = compose::error(&mut out, told, question, rcode::REFUSED, udp_size, Some(ede::NETWORK_ERROR));
        self.client_told(with, client, out.written());
    }

    /// The link stands that a question is on: it is on its way.
    pub(super) fn asked(&mut self, with: &mut Surroundings, at: u8) {
        let now = with.now.mono;
        self.streams.set_ask_due(at, now.plus_ms(ANSWER_MS));
        let Some(ask) = self.streams.ask(at) else { return };
        ask.since = now;
        let (number, serial, client) = (ask.number, ask.serial, ask.client);
        if let Some(tally) = self.upstream.tally(number) {
            tally.queries = tally.queries.saturating_add(1);
        }
        let from = self.streams.client(client).map(|entry| entry.arrival.from);
        let prefix = Prefix::new(with.config.log.queries, serial, from, true);
        if let Some(to) = self.upstream.addr(&with.config.dns, number) {
            journal::forwarded(with.out, &prefix, question_name(self.streams.question_of(at)).unwrap_or(Name::ROOT), to);
        }
    }

    /// The link of a question does not stand yet.
    pub(super) fn ask_waits(&mut self, with: &Surroundings, at: u8) {
        self.streams.set_ask_due(at, with.now.mono.plus_ms(CONNECT_MS));
    }

    /// A server took too long: the next one is asked. If nothing at all has come
    /// from it meanwhile, the link is dead.
    pub(super) fn ask_late(&mut self, with: &mut Surroundings, at: u8) {
        let Some(ask) = self.streams.ask(at) else { return };
        let (link, since) = (ask.link, ask.since);
        if self.streams.link(link).is_some_and(|link| !link.stands() || link.heard <= since) {
            return self.link_lost(with, link, false);
        }
        self.streams.unlink(at, with.now.mono);
        self.server_failed_by_stream(with, at);
    }

    /// The server of a question failed: the next one is asked.
    pub(super) fn server_failed_by_stream(&mut self, with: &mut Surroundings, at: u8) {
        if let Some(ask) = self.streams.ask(at) {
            let (memory, number) = (ask.memory, ask.number);
            self.upstream.forget(memory, number);
            self.next_server(with, at);
        }
    }

    /// The answer to a question came: checked, kept, rewritten for the client.
    /// False when it is none.
    pub(super) fn answered(&mut self, with: &mut Surroundings, at: u8, received: &mut [u8], built: &mut [u8]) -> bool {
        let Some(len) = self.relay_answer(with, at, received, built) else { return false };
        let Some(client) = self.streams.ask(at).map(|ask| ask.client) else { return true };
        self.streams.drop_ask(at, with.now.mono);
        self.client_told(with, client, built.get(..len).unwrap_or_default());
        true
    }

    fn relay_answer(&mut self, with: &mut Surroundings, at: u8, received: &mut [u8], built: &mut [u8]) -> Option<usize> {
        let ask = self.streams.ask(at)?;
        let (number, memory, since, told) = (ask.number, ask.memory, ask.since, ask.told);
        let (serial, client, plain) = (ask.serial, ask.client, ask.told.flags & flag::CD == 0 && !ask.personal);
        let answer = Message::parse(received)?;
        let is_ours = answer.is_response() && answer.question_count() == 1;
        if !is_ours || !same_question(answer.question_bytes(), self.streams.question_of(at)) {
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
        let from = self.streams.client(client).map(|entry| entry.arrival.from);
        let prefix = Prefix::new(with.config.log.queries, serial, from, true);
        screen::rewrite(with, &prefix, received);
        let answer = Message::parse(received)?;
        let changes = self.settle(with, &answer, plain);
        if changes.finding == Finding::Clean {
            sets::fill(with, &prefix, &answer);
            bus::result(with, &answer);
            let mark = self.streams.client(client).map_or(0, |entry| entry.mark);
            bus::resolved(with, mark, &answer);
        }
        log_answer(with, &prefix, &answer, &changes);
        compose::relay(&mut Writer::new(built), &answer, &told, self.streams.question_of(at), &changes)
    }
}
