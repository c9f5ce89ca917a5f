//! Questions on their way upstream by UDP: who is asked, when again, and when
//! to give up.
//!
//! Choice and failover are dnsmasq's (`upstream`, `reply`). Our own additions: a
//! second server is asked when an answer is later than expected of the first
//! (for at most one question in ten), and all are asked again while they stay
//! silent: dnsmasq waits for the client to ask again, which costs the client its
//! whole time-out. A question never causes more than `UPSTREAM_DATAGRAMS_MAX`
//! datagrams.

use crate::base::net::ip_of;
use crate::base::time::{Due, Millis, Why};
use crate::config::{self, Config, Server};
use crate::dns::additions::{self, Made, Options};
use crate::dns::admit::Query;
use crate::dns::case::{self, Case};
use crate::dns::compose::{self, Client};
use crate::dns::doors::{self, Owner};
use crate::dns::journal::{self, Prefix};
use crate::dns::pending::{Entry, PERSONAL, PROBE, Positions, Waiter};
use crate::dns::health;
use crate::dns::upstream::{self, Group};
use crate::dns::{Forwarder, Surroundings, send_code};
use crate::limits;
use crate::outbox::action::{Action, Door, Route};
use crate::outbox::metrics::Metric;
use crate::outbox::lines::{Arg, dns as lines};
use crate::wire::dns::build::Reply;
use crate::wire::dns::codes::{ede, flag, rcode};
use crate::wire::dns::edns::{self, Head};
use crate::wire::dns::name::Name;
use crate::wire::dns::{message::HEADER, patch};
use crate::base::bytes::{Reader, Writer};
use std::net::SocketAddr;

/// Silence after which all are asked again; doubled each time.
const RETRY_MS: u64 = health::EXPECTED_MOST_MS;
/// An error is not passed on before this, as long as a good answer may come.
pub const ERROR_MS: u64 = 2_000;
/// What asking a second server costs, what each question adds, and what can be
/// saved up.
const CREDIT_COST: u8 = 10;
pub const CREDIT_MOST: u8 = 100;
/// A question without an answer is given up.
const LIFETIME_MS: u64 = 10_000;
/// Bounds of that with `fast-dns-retry`: a table entry is worth no more.
const LIFETIME_LEAST_MS: u64 = 1_000;
const LIFETIME_MOST_MS: u64 = 40_000;
/// The same question of another client is sent again only after this time.
const MERGE_MS: u64 = 2_000;
/// The same question is so many times under way at most, where the answer depends
/// on the client.
const SAME_MAX: usize = 4;
/// Between two complaints about a full table.
const COMPLAIN_MS: u64 = 6_000;

impl Forwarder {
    /// Sends a client's question to the servers found for it, or lets the client
    /// wait for an answer that is already under way.
    pub(super) fn forward(&mut self, with: &mut Surroundings, query: &Query) {
        let personal = query.personal;
        let traits = query.traits() | if personal { PERSONAL } else { 0 };
        let hash = self.question_hash(query);
        if let Some(slot) = self.pending.find(hash, query.message.question_bytes(), traits) {
            let repeated = self.pending.waiters(slot).any(|waiter| is_same_client(waiter, query));
            if repeated || !personal {
                return self.join(with, query, slot, repeated);
            }
        }
        // Each question more under way is one more chance for who guesses answers.
        if personal && self.pending.count(hash, query.message.question_bytes()) >= SAME_MAX {
            let prefix = Prefix::new(with.config.log.queries, query.serial, Some(query.arrival.from), false);
            journal::truncated(with.out, &prefix, "reply");
            return send_code(with, query.arrival, query.message, rcode::NOERROR, None);
        }
        let Ok((slot, ask)) = self.begin(with, query, hash, traits) else {
            return self.refuse(with, query);
        };
        self.pending.add_waiter(slot, waiter_of(query, with.mark));
        let prefix = self.prefix_of(with.config, slot, true);
        self.send(with, slot, ask, &prefix);
        self.try_silent(with, slot);
    }

    /// Opens a slot for a question and chooses whom to ask. Nobody waits for it
    /// yet. The error: there is no room.
    pub(super) fn begin(
        &mut self,
        with: &mut Surroundings,
        query: &Query,
        hash: u32,
        traits: u16,
    ) -> Result<(u16, Positions), ()> {
        let id = self.fresh_id(with);
        let Some(slot) = self.pending.open(hash, id, with.now.mono) else {
            self.complain(with);
            return Err(());
        };
        self.counts.forwarded = self.counts.forwarded.saturating_add(1);
        let Some((len, question_len)) = write_query(self.pending.query_writer(slot), query, id, with)
        else {
            self.pending.close(slot);
            return Err(());
        };
        let found = &self.found;
        let ask = self.upstream.choose(&with.config.dns, &found.group, found.memory, with.now.mono);
        if let Some(entry) = self.pending.get_mut(slot) {
            (entry.traits, entry.len, entry.question_len) = (traits, len, question_len);
            entry.group.clone_from(&found.group);
            (entry.memory, entry.serial, entry.mark) = (found.memory, query.serial, with.mark);
        }
        if with.config.dns.case_check && !query.signed {
            case::draw(self.pending.name_mut(slot), with.random.u32());
        }
        self.credit = self.credit.saturating_add(1).min(CREDIT_MOST);
        let first = self.first_patience(with.config, ask);
        self.pending.set_due(slot, with.now.mono.plus_ms(first));
        Ok((slot, ask))
    }

    /// Milliseconds until a question to the servers at `ask` needs attention.
    fn first_patience(&self, config: &Config, ask: Positions) -> u64 {
        let group = &self.found.group;
        let number = group.get(ask.trailing_zeros() as usize).copied().unwrap_or(0);
        match config.dns.fast_retry.is_none() && !config.dns.strict_order && ask.count_ones() == 1 && group.len() > 1 {
            true => self.upstream.health(number).map_or(RETRY_MS, health::Health::expected_ms),
            false => patience(&config.dns).0,
        }
    }

    /// The question is under way already. A client that repeats it makes us ask
    /// all servers, so does a new one when the last try is some time ago.
    fn join(&mut self, with: &mut Surroundings, query: &Query, slot: u16, repeated: bool) {
        let Some(entry) = self.pending.get(slot) else { return };
        let again = repeated || with.now.mono.since(entry.last) >= MERGE_MS;
        if !repeated && !self.pending.add_waiter(slot, waiter_of(query, with.mark)) {
            return;
        }
        if again {
            let prefix = Prefix::new(with.config.log.queries, query.serial, Some(query.arrival.from), false);
            self.retry(with, slot, &prefix);
        }
    }

    /// Asks again: all servers of the group that may know better than those that
    /// failed, or with `strict-order` the next.
    fn retry(&mut self, with: &mut Surroundings, slot: u16, prefix: &Prefix) {
        let Some(entry) = self.pending.get(slot) else { return };
        if entry.sent >= limits::UPSTREAM_DATAGRAMS_MAX {
            return;
        }
        let ask = match with.config.dns.strict_order {
            true => next_in_order(entry),
            false => match self.upstream.live(&entry.group) & !entry.failed {
                0 => upstream::positions(entry.group.len()),
                others => others,
            },
        };
        for number in members(&entry.group, ask) {
            if let Some(tally) = self.upstream.tally(number) {
                tally.retried = tally.retried.saturating_add(1);
            }
        }
        self.send(with, slot, ask, prefix);
    }

    /// Sends the question of `slot` to the servers at these positions.
    pub(super) fn send(&mut self, with: &mut Surroundings, slot: u16, ask: Positions, prefix: &Prefix) {
        let Some(entry) = self.pending.get(slot) else { return };
        let (first, mark) = (entry.sent == 0, entry.mark);
        let servers = entry.group.len();
        let (mut asked, mut sent) = (0, entry.sent);
        for position in 0..servers {
            let bit = upstream::position_bit(position);
            let Some(entry) = self.pending.get(slot).filter(|_| ask & bit != 0) else { continue };
            if !first && sent >= limits::UPSTREAM_DATAGRAMS_MAX {
                break;
            }
            let Some(number) = entry.group.get(position).copied() else { break };
            let Some(addr) = self.upstream.addr(&with.config.dns, number) else { continue };
            let configured = with.config.dns.servers.get(usize::from(number));
            let (source, iface) = upstream::way_to(configured, with.interfaces);
            let number_of_door = self.open_door(with, slot, sent, configured);
            let door = Door::Upstream { slot: number_of_door, v6: addr.is_ipv6() };
            if with.config.sets.copies_marks() {
                with.out.push(Action::UpstreamMark { slot: number_of_door, mark });
            }
            let bytes = self.pending.query(slot);
            with.out.datagram(Route { door, to: addr, source, iface }, bytes.len(), |out| out.bytes(bytes));
            let name = question_name(self.pending.question(slot)).unwrap_or(Name::ROOT);
            journal::forwarded(with.out, prefix, name, addr);
            if let Some(tally) = self.upstream.tally(number) {
                tally.queries = tally.queries.saturating_add(1);
            }
            asked |= bit;
            sent = sent.saturating_add(1);
        }
        if let Some(entry) = self.pending.get_mut(slot) {
            if first {
                entry.opened = asked;
            }
            entry.asked |= asked;
            entry.failed &= !asked;
            entry.heard &= !asked;
            entry.sent = sent;
            entry.last = with.now.mono;
        }
    }

    /// The socket for datagram number `turn` of a question to this server, whose
    /// port is chosen before the first one leaves.
    pub(super) fn open_door(&mut self, with: &mut Surroundings, slot: u16, turn: u8, server: Option<&Server>) -> u16 {
        let config = &with.config.dns;
        if let Some((door, which, port)) = self.doors.shared(config, server.map(|server| server.source_port)) {
            if mark(&mut self.shared_open, which) {
                with.out.push(Action::UpstreamPort { slot: door, port });
            }
            return door;
        }
        let (door, which) = self.doors.own(slot, turn);
        let Some(entry) = self.pending.get_mut(slot) else { return door };
        let mut open = entry.open.into();
        if mark(&mut open, which) {
            entry.open = open as u8;
            let port = doors::draw(config, with.random);
            with.out.push(Action::UpstreamPort { slot: door, port });
        }
        door
    }

    /// A datagram to a server did not leave (no route, or nobody listens there):
    /// the next one is asked at once; when there is none, the client hears it.
    pub(super) fn send_failed(&mut self, with: &mut Surroundings, door_slot: u16, to: SocketAddr) {
        if let Owner::Question(slot) = self.doors.owner(door_slot) {
            return self.server_failed(with, slot, to);
        }
        for slot in self.pending.slots() {
            if self.pending.get(slot).is_some_and(|entry| entry.last == with.now.mono) {
                self.server_failed(with, slot, to);
            }
        }
    }

    fn server_failed(&mut self, with: &mut Surroundings, slot: u16, to: SocketAddr) {
        let Some(position) = self.position_of(with.config, slot, to) else { return };
        let Some(entry) = self.pending.get_mut(slot) else { return };
        entry.failed |= upstream::position_bit(position);
        if entry.traits & PROBE != 0 {
            if entry.outstanding() == 0 {
                self.end(with, slot);
            }
            return;
        }
        let number = entry.group.get(position).copied();
        let memory = entry.memory;
        if let Some(number) = number {
            self.upstream.forget(memory, number);
        }
        if !self.ask_others(with, slot) && !self.others_outstanding(slot) {
            self.fail(with, slot, rcode::REFUSED, ede::NETWORK_ERROR);
        }
    }

    /// After a failure: asks servers of the group that were not asked yet.
    /// False when there are none, or the answer of another may still come.
    pub(super) fn ask_others(&mut self, with: &mut Surroundings, slot: u16) -> bool {
        let Some(entry) = self.pending.get(slot) else { return false };
        let left = upstream::positions(entry.group.len()) & !entry.asked;
        if left == 0 || entry.sent >= limits::UPSTREAM_DATAGRAMS_MAX {
            return false;
        }
        let first_left = left & left.wrapping_neg();
        let prefix = self.prefix_of(with.config, slot, true);
        self.send(with, slot, if with.config.dns.strict_order { first_left } else { left }, &prefix);
        true
    }

    /// True while the answer of a server that was asked may still come.
    pub(super) fn others_outstanding(&self, slot: u16) -> bool {
        self.pending.get(slot).is_some_and(|entry| entry.outstanding() != 0)
    }

    /// The position in the group of `slot` of the server at `addr`, if asked.
    pub(super) fn position_of(&self, config: &Config, slot: u16, addr: SocketAddr) -> Option<usize> {
        let entry = self.pending.get(slot)?;
        let is_it = |own: SocketAddr| own.port() == addr.port() && ip_of(&own) == ip_of(&addr);
        let mut members = entry.group.iter().enumerate();
        members
            .find(|(position, number)| {
                entry.asked & upstream::position_bit(*position) != 0
                    && self.upstream.addr(&config.dns, **number).is_some_and(is_it)
            })
            .map(|(position, _)| position)
    }

    /// True when the server at this position is asked through this socket: a
    /// shared one hears nothing that a question's own is waited for.
    pub(super) fn is_door_of(&self, config: &Config, slot: u16, position: usize, door_slot: u16) -> bool {
        let number = self.pending.get(slot).and_then(|entry| entry.group.get(position).copied());
        let server = number.and_then(|number| config.dns.servers.get(usize::from(number)));
        match self.doors.shared(&config.dns, server.map(|server| server.source_port)) {
            Some((door, ..)) => door == door_slot,
            None => self.doors.owner(door_slot) == Owner::Question(slot),
        }
    }

    /// Answers everybody who waits for `slot` with an error and ends it.
    pub(super) fn fail(&mut self, with: &mut Surroundings, slot: u16, code: u8, why: u16) {
        self.answer_all(with, slot, code, Some(why));
    }

    /// Somebody tries to guess what the answer to `slot` must look like, or its
    /// letters do not come back: whoever waits for it is sent to TCP.
    pub(super) fn to_tcp(&mut self, with: &mut Surroundings, slot: u16) {
        self.answer_all(with, slot, rcode::NOERROR, None);
    }

    fn answer_all(&mut self, with: &mut Surroundings, slot: u16, code: u8, why: Option<u16>) {
        let udp_size = with.config.dns.edns_max;
        let mut question = Spelled::new(self.pending.question(slot));
        while let Some(waiter) = self.pending.pop_waiter(slot) {
            let client = client_of(&waiter);
            let spelled = question.spell(&waiter.case);
            let prefix = Prefix::new(with.config.log.queries, waiter.serial, Some(waiter.arrival.from), false);
            match code {
                rcode::NOERROR => journal::truncated(with.out, &prefix, "reply"),
                code => journal::error(with.out, &prefix, "config", code, why),
            }
            with.out.datagram(waiter.arrival.back(), compose::SHORTENED_MAX.saturating_add(8), |out| {
                let _ = compose::error(out, &client, spelled, code, udp_size, why);
            });
        }
        self.end(with, slot);
    }

    /// Ends a question: its sockets close, its slot is free.
    pub(super) fn end(&mut self, with: &mut Surroundings, slot: u16) {
        self.count_missed(with, slot);
        let open = self.pending.get(slot).map_or(0, |entry| entry.open);
        self.pending.close(slot);
        for turn in (0..limits::UPSTREAM_DATAGRAMS_MAX).filter(|turn| open >> (turn & 7) & 1 != 0) {
            let (slot, _) = self.doors.own(slot, turn);
            with.out.push(Action::UpstreamClose { slot });
        }
    }

    /// Serves questions whose deadline has come, as many as one turn takes.
    pub(super) fn forward_due(&mut self, with: &mut Surroundings) {
        while with.out.has_room() {
            let Some(slot) = self.pending.reached(with.now.mono) else { return };
            self.tick(with, slot);
        }
    }

    /// The deadline of `slot` has come.
    fn tick(&mut self, with: &mut Surroundings, slot: u16) {
        let Some(entry) = self.pending.get_mut(slot) else { return };
        if entry.traits & PROBE != 0 {
            return self.end(with, slot);
        }
        let (pause, lifetime) = patience(&with.config.dns);
        let end = entry.since.plus_ms(lifetime);
        if end <= with.now.mono {
            with.out.count(Metric::Unanswered);
            self.remember_silence(with, slot);
            return self.fail(with, slot, rcode::SERVFAIL, ede::NO_REACHABLE_AUTHORITY);
        }
        let error_due = entry.since.plus_ms(ERROR_MS);
        if let Some(code) = entry.error.filter(|_| error_due <= with.now.mono) {
            return self.fail(with, slot, code, ede::OTHER);
        }
        // Later than expected, but not yet later than anything.
        let retry_due = entry.since.plus_ms(RETRY_MS);
        if retry_due > with.now.mono && with.config.dns.fast_retry.is_none() {
            self.pending.set_due(slot, retry_due);
            return self.ask_second(with, slot);
        }
        entry.ticks = entry.ticks.saturating_add(1);
        let pause = pause.saturating_mul(1u64.checked_shl(entry.ticks.into()).unwrap_or(u64::MAX));
        let end = if entry.error.is_some() { end.min(error_due) } else { end };
        self.pending.set_due(slot, with.now.mono.plus_ms(pause).min(end));
        // Nobody asked for this one: the line names no client.
        let prefix = self.prefix_of(with.config, slot, false);
        self.retry(with, slot, &prefix);
    }

    /// Asks the best one of those that were not asked, if enough is saved up.
    fn ask_second(&mut self, with: &mut Surroundings, slot: u16) {
        let Some(entry) = self.pending.get(slot) else { return };
        let ask = self.upstream.second(&entry.group, self.upstream.live(&entry.group) & !entry.asked);
        if let Some(left) = self.credit.checked_sub(CREDIT_COST).filter(|_| ask != 0) {
            self.credit = left;
            let prefix = self.prefix_of(with.config, slot, false);
            self.send(with, slot, ask, &prefix);
        }
    }

    /// When questions need attention next.
    pub(super) fn forward_next_due(&self) -> Option<Due> {
        let at = self.pending.bound();
        (at != Millis::NEVER).then_some(Due { at, why: Why::Forward })
    }

    /// An identifier that no question under way has.
    pub(super) fn fresh_id(&mut self, with: &mut Surroundings) -> u16 {
        let mut id = with.random.u16();
        // At most half of all identifiers are in use: this ends soon.
        for _ in 0..64 {
            if self.pending.find_id(id).is_none() {
                break;
            }
            id = with.random.u16();
        }
        id
    }

    /// Says that the table is full, but not too often.
    fn complain(&mut self, with: &mut Surroundings) {
        if self.complained.is_none_or(|last| with.now.mono.since(last) >= COMPLAIN_MS) {
            self.complained = Some(with.now.mono);
            with.out.log(&lines::FULL, &[Arg::Number(with.config.dns.forward_max.into())]);
        }
    }

    /// The log prefix of the first client of `slot`, which it names or not.
    pub(super) fn prefix_of(&self, config: &Config, slot: u16, named: bool) -> Prefix {
        let waiter = self.pending.waiters(slot).next();
        let from = waiter.map(|waiter| waiter.arrival.from).filter(|_| named);
        let serial = waiter.map(|waiter| waiter.serial).or(self.pending.get(slot).map(|entry| entry.serial));
        Prefix::new(config.log.queries, serial.unwrap_or(0), from, false)
    }
}

/// Milliseconds until a question is sent again, and until it is given up:
/// `fast-dns-retry`, or our own.
fn patience(config: &config::Dns) -> (u64, u64) {
    match config.fast_retry {
        Some((first, total)) => (first.into(), u64::from(total).saturating_mul(1000).clamp(LIFETIME_LEAST_MS, LIFETIME_MOST_MS)),
        None => (RETRY_MS, LIFETIME_MS),
    }
}

/// Sets a bit; true when it was not set.
fn mark(bits: &mut u128, which: u8) -> bool {
    let bit = 1u128.checked_shl(which.into()).unwrap_or(0);
    let was = *bits & bit != 0;
    *bits |= bit;
    !was
}

/// Writes the question as it goes upstream: header, question, OPT. Its length
/// and that of the question section.
fn write_query(mut out: Writer, query: &Query, id: u16, with: &Surroundings) -> Option<(u16, u16)> {
    let question = query.message.question_bytes();
    let len = write_upstream(&mut out, query, id, with)?;
    Some((u16::try_from(len).ok()?, u16::try_from(question.len()).ok()?))
}

/// Writes a client's question for a server, under identifier `id`. An OPT
/// record is always there; options that do not fit are left out. A signed
/// message goes as it is.
pub fn write_upstream(out: &mut Writer, query: &Query, id: u16, with: &Surroundings) -> Option<usize> {
    let config = &with.config.dns;
    if query.signed {
        out.bytes(query.message.bytes());
        patch::set_id(out.written_mut(), id);
        return out.finish();
    }
    let flags = query.message.flags() & (flag::RD | flag::AD | flag::CD);
    let room = out.room();
    let mut reply = Reply::new(out, id, flags, 1, query.message.question_bytes(), room, 0);
    let mut made = Made::default();
    let mut options = Options::new();
    additions::options(&config.edns, query, with.neighbours, &mut made, &mut options);
    let flags = query.opt.map_or(0, |opt| opt.flags & edns::DNSSEC_OK);
    reply.edns(Head { udp_size: config.edns_max, ext_rcode: 0, flags }, &options);
    reply.finish()
}

/// The same client asks again: same address, port and identifier.
fn is_same_client(waiter: &Waiter, query: &Query) -> bool {
    waiter.arrival.from == query.arrival.from && waiter.id == query.message.id()
}

fn waiter_of(query: &Query, mark: u32) -> Waiter {
    let mut waiter = Waiter::new(*query.arrival, query.message.id(), query.message.flags());
    waiter.edns = query.opt.is_some();
    waiter.limit = query.limit;
    waiter.case = Case::of(query.question.name.wire());
    (waiter.serial, waiter.mark) = (query.serial, mark);
    waiter
}

/// What the answer for a waiting client is fitted to.
pub fn client_of(waiter: &Waiter) -> Client {
    Client { id: waiter.id, flags: waiter.flags, edns: waiter.edns, limit: waiter.limit }
}

/// The server after the last one asked; after the last of the list the first.
fn next_in_order(entry: &Entry) -> Positions {
    let next = Positions::BITS.saturating_sub(entry.asked.leading_zeros());
    let bit = 1u32.checked_shl(next).unwrap_or(0);
    if bit & upstream::positions(entry.group.len()) != 0 { bit } else { 1 }
}

/// The numbers of the servers at these positions.
fn members(group: &Group, ask: Positions) -> impl Iterator<Item = u16> {
    group.iter().enumerate().filter(move |(at, _)| ask & upstream::position_bit(*at) != 0).map(|(_, number)| *number)
}

/// The name in a question section.
pub fn question_name(question: &[u8]) -> Option<Name<'_>> {
    Name::read(&mut Reader::new(question))
}

/// Octets for a question section, in whole words.
const SPELLED: usize = limits::QUESTION_MAX.next_multiple_of(8);

/// A question section that can be spelled as each client did.
pub struct Spelled {
    octets: [u8; SPELLED],
    len: usize,
}

impl Spelled {
    /// A copy of a question section.
    pub fn new(question: &[u8]) -> Self {
        let mut spelled = Spelled { octets: [0; SPELLED], len: 0 };
        let mut out = Writer::new(&mut spelled.octets);
        out.bytes(question);
        spelled.len = out.len();
        spelled
    }

    /// The section with the name spelled this way.
    pub fn spell(&mut self, case: &Case) -> &[u8] {
        let whole = self.octets.get_mut(..self.len).unwrap_or_default();
        if let Some((name, _)) = whole.split_last_chunk_mut::<4>() {
            case.apply(name);
        }
        whole
    }
}

const _: () = assert!(limits::UPSTREAM_DATAGRAMS_MAX as u32 <= u8::BITS);
const _: () = assert!(limits::UPSTREAM_QUERY_MAX > HEADER + limits::QUESTION_MAX + edns::OPT_LEN);
