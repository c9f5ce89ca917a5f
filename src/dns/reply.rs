//! Answers of upstream servers: which are accepted, what a failure leads to, and
//! how an answer reaches everybody who waits for it.
//!
//! An answer counts only if it comes in by the socket of its question, from the
//! address and port of a server that was asked, with the identifier and exactly
//! the question (RFC 5452 §9). Anything else changes nothing.

use crate::base::net::ip_of;
use crate::base::bytes::Writer;
use crate::dns::additions::{self, Meant};
use crate::dns::compose::{self, Changes};
use crate::dns::doors::Owner;
use crate::dns::forward::{Spelled, client_of};
use crate::dns::journal::{self, Prefix};
use crate::dns::pending::{PERSONAL, PROBE, same_question};
use crate::dns::upstream::position_bit;
use crate::dns::screen::{self, Finding};
use crate::dns::{Forwarder, Surroundings, bus, local, remember, sets};
use crate::limits;
use crate::outbox::action::Arrival;
use crate::outbox::lines::{Arg, dns as lines};
use crate::wire::dns::codes::{flag, kind, rcode};
use crate::wire::dns::message::{Message, Section};
use crate::wire::dns::name::{Name, NameBuf};

/// Wrong answers to a question that are taken for chance.
const WRONG_MAX: u8 = 4;

impl Forwarder {
    /// A datagram came in by the socket of `door_slot`.
    pub(super) fn upstream_datagram(&mut self, with: &mut Surroundings, arrival: &Arrival, bytes: &[u8], door_slot: u16) {
        let Some(answer) = Message::parse(bytes) else { return };
        let slot = match self.doors.owner(door_slot) {
            Owner::Everybody => self.pending.find_id(answer.id()),
            Owner::Question(slot) => Some(slot),
        };
        let Some(slot) = slot else { return };
        let Some(entry) = self.pending.get(slot) else { return };
        let ours = answer.is_response() && answer.id() == entry.id && answer.question_count() == 1;
        let ours = ours && same_question(self.pending.question(slot), answer.question_bytes());
        let position = self.position_of(with.config, slot, arrival.from).filter(|_| ours);
        let Some(position) = position.filter(|position| self.is_door_of(with.config, slot, *position, door_slot)) else {
            return self.suspect(with, slot, door_slot);
        };
        match additions::meant_for(self.pending.query(slot), &answer) {
            Meant::Asker => {}
            Meant::Somebody => self.pending.mark(slot, PERSONAL),
            Meant::Another => return self.suspect(with, slot, door_slot),
        }
        if self.pending.get(slot).is_some_and(|entry| entry.traits & PROBE != 0) {
            self.hear(with, slot, position, answer.rcode());
            return self.end_or_linger(with, slot);
        }
        if with.config.dns.case_check && self.pending.question(slot) != answer.question_bytes() {
            if !core::mem::replace(&mut self.case_logged, true) {
                with.out.log(&lines::CASE_MISMATCH, &[]);
            }
            return self.to_tcp(with, slot);
        }
        let screen = &with.config.dns.screen;
        if screen::is_ignored(screen, &answer) || !self.is_settled(with, slot, position, &answer) {
            return;
        }
        if screen.aliases.is_empty() {
            return self.deliver(with, slot, &answer);
        }
        let mut scratch = core::mem::take(&mut self.scratch);
        let mut copy = Writer::new(&mut scratch);
        copy.bytes(bytes);
        let (serial, client) = self.pending.waiters(slot).next().map_or((0, None), |w| (w.serial, Some(w.arrival.from)));
        screen::rewrite(with, &Prefix::new(with.config.log.queries, serial, client, false), copy.written_mut());
        if let Some(answer) = Message::parse(copy.written()) {
            self.deliver(with, slot, &answer);
        }
        self.scratch = scratch;
    }

    /// A wrong answer came in by this socket.
    fn suspect(&mut self, with: &mut Surroundings, slot: u16, door_slot: u16) {
        let own = self.doors.owner(door_slot) != Owner::Everybody;
        let Some(entry) = self.pending.get_mut(slot).filter(|entry| own && entry.traits & PROBE == 0) else { return };
        entry.wrong = entry.wrong.saturating_add(1);
        if entry.wrong >= WRONG_MAX {
            self.to_tcp(with, slot);
        }
    }

    /// Notes what the answer says about its server. False: another answer is
    /// better waited for.
    fn is_settled(&mut self, with: &mut Surroundings, slot: u16, position: usize, answer: &Message) -> bool {
        let (latency, code) = (self.hear(with, slot, position, answer.rcode()), answer.rcode());
        let Some(entry) = self.pending.get_mut(slot) else { return false };
        let failed = matches!(code, rcode::REFUSED | rcode::SERVFAIL);
        let memory = entry.memory;
        let Some(number) = entry.group.get(position).copied() else { return false };
        if failed {
            entry.failed |= position_bit(position);
            entry.error = Some(code);
        }
        match code {
            rcode::REFUSED => self.upstream.forget(memory, number),
            rcode::SERVFAIL => {}
            _ => self.upstream.remember(memory, number),
        }
        let Some(tally) = self.upstream.tally(number) else { return true };
        match code {
            rcode::NXDOMAIN => tally.nxdomain = tally.nxdomain.saturating_add(1),
            _ if failed => {
                tally.failed = tally.failed.saturating_add(1);
                let others = self.ask_others(with, slot) || self.others_outstanding(slot);
                if others {
                    self.expect_better(slot);
                }
                return !others;
            }
            _ => {}
        }
        tally.answered(latency);
        self.complain_of_refusal(with, number, answer);
        true
    }

    /// Says once (or always, with the query log) that a server does not recurse.
    pub(super) fn complain_of_refusal(&mut self, with: &mut Surroundings, number: u16, answer: &Message) {
        if answer.has(flag::RA) || answer.rcode() != rcode::NOERROR {
            return;
        }
        let Some(addr) = self.upstream.addr(&with.config.dns, number) else { return };
        let Some(tally) = self.upstream.tally(number) else { return };
        if !core::mem::replace(&mut tally.refusal_logged, true) || with.config.log.queries.on {
            with.out.log(&lines::REFUSES_RECURSION, &[Arg::Ip(ip_of(&addr))]);
        }
    }

    /// Gives an answer to all who wait for `slot`, and to the cache.
    fn deliver(&mut self, with: &mut Surroundings, slot: u16, answer: &Message) {
        let Some(entry) = self.pending.get(slot) else { return };
        let plain = entry.traits & flag::CD == 0 && entry.traits & PERSONAL == 0;
        let changes = self.settle(with, answer, plain);
        if changes.finding == Finding::Clean {
            sets::fill(with, &self.prefix_of(with.config, slot, false), answer);
            bus::result(with, answer);
            for waiter in self.pending.waiters(slot).filter(|waiter| waiter.mark != 0) {
                bus::resolved(with, waiter.mark, answer);
            }
        }
        let mut spelled = Spelled::new(self.pending.question(slot));
        let mut waiting = self.pending.waiters(slot).count();
        if waiting == 0 {
            log_answer(with, &self.prefix_of(with.config, slot, false), answer, &changes);
        }
        let mut first = true;
        while let Some(waiter) = self.pending.pop_waiter(slot) {
            waiting = waiting.saturating_sub(1);
            let prefix = Prefix::new(with.config.log.queries, waiter.serial, Some(waiter.arrival.from), false);
            match core::mem::replace(&mut first, false) {
                true => log_answer(with, &prefix, answer, &changes),
                false => journal::duplicate(with.out, &prefix),
            }
            let client = client_of(&waiter);
            let question = spelled.spell(&waiter.case);
            let room = usize::from(waiter.limit);
            // Whoever comes last must still get something.
            let reserved = waiting.saturating_mul(compose::SHORTENED_MAX);
            let route = waiter.arrival.back();
            if with.out.room() >= room.saturating_add(reserved) {
                with.out.datagram(route, room, |out| {
                    let _ = compose::relay(out, answer, &client, question, &changes);
                });
            } else {
                with.out.datagram(route, compose::SHORTENED_MAX, |out| {
                    let _ = compose::shortened(out, answer, &client, question, &changes);
                });
            }
        }
        self.end_or_linger(with, slot);
    }

    /// Works out how an accepted answer is changed for clients, and puts it into
    /// the cache if `plain` (its answer is the same for everybody).
    pub(super) fn settle<'c>(&mut self, with: &mut Surroundings<'c>, answer: &Message, plain: bool) -> Changes<'c> {
        let question = answer.question();
        let name_exists = answer.rcode() == rcode::NXDOMAIN
            && question.is_some_and(|question| local::exists(with, question.name));
        let dns = &with.config.dns;
        let finding = question.map_or(Finding::Clean, |question| screen::look(&dns.screen, answer, question));
        if plain && answer.has(flag::RA) && !answer.has(flag::TC) {
            match finding {
                Finding::Clean | Finding::Filtered => remember::answer(with, answer, name_exists),
                Finding::Bogus(_) => remember::bogus(with, finding.record(answer)),
                Finding::Private(_) => {}
            }
        }
        if plain && answer.rcode() == rcode::SERVFAIL && let Some(question) = question {
            remember::failure(with, question, true);
        }
        let asked = question.map_or(0, |question| question.kind);
        Changes {
            udp_size: dns.edns_max,
            max_ttl: dns.max_ttl,
            name_exists,
            screen: &dns.screen,
            finding,
            asked,
            proxy: with.config.dnssec.proxy,
        }
    }
}

/// Logs an answer as it came, and what was found in it.
pub fn log_answer(with: &mut Surroundings, prefix: &Prefix, answer: &Message, changes: &Changes) {
    if prefix.tells_failures() {
        log_records(with, prefix, answer, changes);
    }
    if let (Finding::Private(_), Some(owner)) = (changes.finding, changes.finding.record(answer).and_then(|r| r.owner())) {
        with.out.log(&lines::REBIND, &[Arg::Name(owner.name().wire())]);
    }
}

fn log_records(with: &mut Surroundings, prefix: &Prefix, answer: &Message, changes: &Changes) {
    if answer.has(flag::TC) {
        return journal::truncated(with.out, prefix, "reply");
    }
    let Some(question) = answer.question() else { return };
    let source = Arg::Str("reply");
    let (config, culprit) = (Arg::Str("config"), changes.finding.record(answer));
    if let (Finding::Bogus(_), Some(owner)) = (changes.finding, culprit.and_then(|record| record.owner())) {
        return journal::negative(with.out, prefix, config, owner.name(), question.kind, true);
    }
    let drops = changes.finding == Finding::Filtered;
    let none = !answer.section(Section::Answer).any(|record| record.kind == question.kind || question.kind == kind::ANY);
    match answer.rcode() {
        rcode::NOERROR | rcode::NXDOMAIN => {
            for record in answer.section(Section::Answer).filter(|record| record.kind != kind::RRSIG) {
                if culprit.is_some_and(|culprit| culprit.at == record.at) {
                    return;
                }
                match record.owner() {
                    Some(owner) if question.kind == record.kind && drops && !changes.keeps(&record) => {
                        journal::negative(with.out, prefix, config, owner.name(), question.kind, false);
                    }
                    _ => journal::record(with.out, prefix, source, &record, question.kind),
                }
            }
            let missing = answer.rcode() == rcode::NXDOMAIN && !changes.name_exists;
            // Nothing of any type is not worth a line to dnsmasq.
            if none && (missing || question.kind != kind::ANY) {
                let name = end_of_chain(answer, question.name);
                journal::negative(with.out, prefix, source, name.name(), question.kind, missing);
            }
        }
        code => journal::error(with.out, prefix, "reply", code, extended(answer)),
    }
}

/// The name at which the aliases of an answer end.
fn end_of_chain(answer: &Message, name: Name) -> NameBuf {
    let mut at = NameBuf::from_name(name);
    for record in answer.section(Section::Answer).filter(|record| record.kind == kind::CNAME) {
        if record.is_owned_by(at.name()) && let Some(target) = NameBuf::read(&mut record.data.clone()) {
            at = target;
        }
    }
    at
}

/// The code of the extended error in an answer.
fn extended(answer: &Message) -> Option<u16> {
    answer.opt().ok().flatten().and_then(|opt| opt.extended_error()).map(|(code, _)| code)
}

const _: () = assert!(limits::ACTIONS_PER_EVENT / 2 >= limits::WAITERS_PER_QUESTION as usize);
