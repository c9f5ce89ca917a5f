//! The DNS engine: a forwarder with a cache, answering local names itself.
//!
//! Bytes come in with the time and the tables (`Surroundings`), actions go out
//! into the outbox; nothing here opens a socket, reads a file or allocates
//! after `Forwarder::new`. Follow a question: `admit` → `local` → `rules` →
//! `forward` → (`reply`) → `compose`. TCP takes the same way through `stream`.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic))]
#![cfg_attr(not(test), deny(clippy::unreachable, clippy::string_slice))]

pub mod additions;
pub mod admit;
mod auth;
mod auth_transfer;
mod auth_zone;
mod bus;
pub mod case;
pub mod chaos;
pub mod compose;
pub mod doors;
pub mod forward;
pub mod health;
mod hear;
pub mod interface_names;
pub mod journal;
pub mod local;
pub mod loops;
mod marks;
pub mod pending;
pub mod reply;
pub mod refresh;
pub mod remember;
pub mod records;
pub mod report;
pub mod resolv;
pub mod reverse;
pub mod rules;
pub mod screen;
pub mod server_list;
mod sets;
pub mod stream;
pub mod synth;
pub mod tables;
pub mod upstream;

use crate::base::hash::Key;
use crate::base::random::Random;
use crate::base::time::{Due, Millis, Now};
use crate::base::bytes::Writer;
use crate::config::Config;
use crate::dns::admit::{Kind, Query};
use crate::dns::auth_transfer::Transfer;
use crate::dns::doors::Doors;
use crate::dns::journal::Prefix;
use crate::dns::pending::Pending;
use crate::dns::report::Dump;
use crate::dns::stream::Streams;
use crate::dns::rules::Found;
use crate::dns::upstream::Upstream;
use crate::outbox::Outbox;
use crate::outbox::action::{Arrival, Door};
use crate::outbox::change::{Change, Errno};
use crate::outbox::lines::{Arg, Line, dns as lines};
use crate::store::cache::Cache;
use crate::store::hosts::Hosts;
use crate::store::interfaces::Interfaces;
use crate::store::leases::Leases;
use crate::store::neighbours::Neighbours;
use crate::wire::dns::codes::{ede, rcode};
use crate::wire::dns::message::Message;
use std::cell::Cell;

/// Octets of the largest answer we make up.
const ANSWER_MAX: usize = u16::MAX as usize;

/// EAGAIN, the same number on every kind of machine.
const WOULD_BLOCK: Errno = 11;

/// What the engine works with: read what is `&`, change what is `&mut`.
pub struct Surroundings<'a> {
    /// What the operator said.
    pub config: &'a Config,
    /// The time.
    pub now: Now,
    /// Identifiers and ports.
    pub random: &'a mut Random,
    /// What is to be done.
    pub out: &'a mut Outbox,
    /// Our interfaces.
    pub interfaces: &'a Interfaces,
    /// Names of hosts files (their wheels turn).
    pub hosts: &'a mut Hosts,
    /// What upstream servers said.
    pub cache: &'a mut Cache,
    /// Names of DHCP clients.
    pub leases: &'a Leases,
    /// Hardware addresses of clients (`add-mac`).
    pub neighbours: &'a Neighbours,
    /// The mark of the client's connection; 0: it has none, or nobody asked.
    pub mark: u32,
}

/// Counters since the start.
#[derive(Clone, Copy, Default)]
pub struct Counts {
    /// Questions sent upstream.
    pub forwarded: u32,
    /// Questions answered here.
    pub answered: u32,
    /// Questions answered with authority.
    pub zones: u32,
    /// Those of `answered` that were answered with data whose lifetime had ended.
    pub stale: u32,
    /// Packets dropped because nothing could be made of them.
    pub garbage: u32,
}

/// What answers of our own may tell of the engine.
struct Figures<'a> {
    upstream: &'a Upstream,
    counts: &'a Counts,
    turns: &'a [Cell<u8>],
    /// Serial number of the zones.
    zone_serial: u32,
    /// How far the copy of a zone has come.
    transfer: &'a Cell<Transfer>,
}

/// The engine.
pub struct Forwarder {
    key: Key,
    pending: Pending,
    upstream: Upstream,
    streams: Streams,
    /// What the configuration says about the question at hand.
    found: Found,
    /// Where answers are built before they leave; by TCP the second half, the
    /// first holds what the server said.
    scratch: Box<[u8]>,
    counts: Counts,
    serial: u32,
    /// When the full table was last complained about.
    complained: Option<Millis>,
    stranger_logged: bool,
    case_logged: bool,
    /// What questions have saved up for asking a second server, in tenths.
    credit: u8,
    /// The position of the server to be probed next.
    next_probe: Option<u8>,
    /// How far the list of all names has come.
    dump: Dump,
    /// Which of several records of the configuration comes first.
    turns: Box<[Cell<u8>]>,
    /// The list of servers was logged.
    listed: bool,
    /// How sockets are numbered.
    doors: Doors,
    /// Which of the shared sockets are open: a bit each.
    shared_open: u128,
    /// How far the copy of a zone has come for the client at hand.
    transfer: Cell<Transfer>,
    /// Serial number of the zones, without the changes of leases.
    zone_serial: Option<u32>,
}

/// What becomes of a question.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// The answer is in the scratch buffer: this many octets.
    Answered(usize),
    /// The same, of data whose lifetime has ended: the servers in
    /// `Forwarder::found`, if there are any, are asked for fresh data.
    Stale(usize),
    /// The servers in `Forwarder::found` are asked.
    Forward,
    /// No answer at all.
    Silence,
}

impl Forwarder {
    /// Everything the configuration asks for; the only allocation.
    pub fn new(config: &Config, random: &mut Random) -> Self {
        let doors = Doors::new(&config.dns);
        Forwarder {
            key: Key::new(random),
            pending: Pending::new(doors.questions()),
            upstream: Upstream::new(&config.dns),
            streams: Streams::new(config),
            found: Found::default(),
            scratch: vec![0; 2 * ANSWER_MAX].into(),
            counts: Counts::default(),
            serial: 0,
            complained: None,
            stranger_logged: false,
            case_logged: false,
            credit: forward::CREDIT_MOST,
            next_probe: None,
            dump: Dump::Idle,
            turns: vec![Cell::new(0); config.dns.local.records.len()].into(),
            listed: false,
            doors,
            shared_open: 0,
            transfer: Cell::default(),
            zone_serial: None,
        }
    }

    /// One datagram, from a client or from a server.
    pub fn on_datagram(&mut self, with: &mut Surroundings, arrival: &Arrival, bytes: &[u8]) {
        match arrival.door {
            Door::Dns(_) => self.client_datagram(with, arrival, bytes),
            Door::Upstream { slot, .. } => self.upstream_datagram(with, arrival, bytes, slot),
            _ => {}
        }
    }

    /// A deadline has come.
    pub fn on_due(&mut self, with: &mut Surroundings) {
        self.forward_due(with);
        self.probes_due(with);
        self.streams_due(with);
        self.dump_due(with);
    }

    /// The earliest deadline.
    pub fn next_due(&self) -> Option<Due> {
        let network = Due::earlier(self.forward_next_due(), self.streams_next_due());
        Due::earlier(network, Due::earlier(self.dump_next_due(), self.probes_next_due()))
    }

    /// Something happened.
    pub fn on_change(&mut self, with: &mut Surroundings, change: &Change) {
        match change {
            // A full socket is like a lost datagram: the retry makes up for it.
            Change::SendFailed { errno: WOULD_BLOCK, .. } => {}
            Change::SendFailed { door: Door::Upstream { slot, .. }, to, .. } => self.send_failed(with, *slot, *to),
            Change::Resolv { servers } => self.new_servers(with, servers),
            Change::Servers { kept } => self.configured_servers(with, *kept),
            Change::Interfaces => {
                self.upstream.find_own(with.config, with.interfaces);
                if !core::mem::replace(&mut self.listed, true) {
                    interface_names::warn(with);
                    self.list_servers(with);
                    self.probe_servers(with);
                }
            }
            Change::HostsReloaded => {
                with.cache.clear();
                self.zone_serial = Some(match self.zone_serial {
                    Some(serial) => serial.wrapping_add(1),
                    None => auth_zone::first_serial(with),
                });
            }
            Change::ClearCache => with.cache.clear(),
            Change::Statistics => self.report(with),
            _ => {}
        }
    }

    /// Debug builds: the invariants of the tables.
    pub fn check(&self) {
        self.pending.check();
        self.streams.check();
    }

    /// Counters since the start.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    fn client_datagram(&mut self, with: &mut Surroundings, arrival: &Arrival, bytes: &[u8]) {
        let listen = &with.config.listen;
        if !admit::is_served(with.config, with.interfaces, arrival) {
            return;
        }
        if !admit::is_local(listen, with.interfaces, arrival.from.ip()) {
            if !core::mem::replace(&mut self.stranger_logged, true) {
                with.out.log(&lines::NOT_LOCAL, &[Arg::Ip(arrival.from.ip())]);
            }
            return;
        }
        let Some(message) = &Message::parse(bytes) else { return self.count_garbage() };
        let mut query = Query::new(message, arrival, false);
        match query.decode(&with.config.dns) {
            Kind::Query => {
                query.serial = self.next_serial();
                if !self.is_loop(with, &query) {
                    self.client_query(with, &query);
                }
            }
            Kind::NonQuery => {
                let prefix = Prefix::new(with.config.log.queries, self.next_serial(), Some(arrival.from), false);
                journal::non_query(with.out, &prefix, message.opcode(), arrival.from.ip());
                send_code(with, arrival, message, rcode::NOTIMP, Some(ede::NOT_SUPPORTED));
            }
            Kind::Odd => send_code(with, arrival, message, rcode::REFUSED, Some(ede::INVALID_DATA)),
            Kind::Garbage => self.count_garbage(),
        }
    }

    fn count_garbage(&mut self) {
        self.counts.garbage = self.counts.garbage.saturating_add(1);
    }

    fn client_query(&mut self, with: &mut Surroundings, query: &Query) {
        let mut scratch = core::mem::take(&mut self.scratch);
        let verdict = self.resolve(with, query, &mut scratch);
        if let Verdict::Answered(len) | Verdict::Stale(len) = verdict {
            let answer = scratch.get(..len).unwrap_or_default();
            with.out.datagram(query.arrival.back(), len, |out| out.bytes(answer));
        }
        self.scratch = scratch;
        match verdict {
            Verdict::Forward => self.forward(with, query),
            Verdict::Stale(_) => self.refresh(with, query),
            Verdict::Answered(_) | Verdict::Silence => {}
        }
    }

    fn next_serial(&mut self) -> u32 {
        self.serial = self.serial.wrapping_add(1);
        self.serial
    }

    /// Answers a question from what is known here, or says who is to be asked.
    fn resolve(&mut self, with: &mut Surroundings, query: &Query, scratch: &mut [u8]) -> Verdict {
        let mut prefix = Prefix::new(with.config.log.queries, query.serial, Some(query.arrival.from), query.tcp);
        let zone_serial = self.zone_serial.unwrap_or(0).wrapping_add(with.leases.names_changed);
        let transfer = &self.transfer;
        let figures = Figures { upstream: &self.upstream, counts: &self.counts, turns: &self.turns, zone_serial, transfer };
        let place = auth::place(with, query);
        let mut line: &Line = &lines::QUERY;
        if let Some(place) = &place {
            prefix = prefix.of_zone();
            line = if place.outside { &lines::AUTH_QUERY } else { line };
        }
        let prefix = &prefix;
        let goes_on = self.transfer.get().is_begun();
        if prefix.is_on() && !goes_on {
            journal::query(with.out, prefix, line, query.question.kind, query.question.name, query.client());
        }
        if !marks::allow(&with.config.sets, with.mark, query.question.name) {
            journal::error(with.out, prefix, "config", rcode::REFUSED, Some(ede::BLOCKED));
            bus::refused(with, query.question.name);
            return bare(with, query.message, rcode::REFUSED, ede::BLOCKED, scratch);
        }
        if let Some(place) = place {
            let verdict = auth::answer(with, &place, &figures, query, prefix, &mut Writer::new(scratch));
            if matches!(verdict, Verdict::Answered(_)) && !goes_on {
                self.counts.zones = self.counts.zones.saturating_add(1);
            }
            return verdict;
        }
        let verdict = local::answer(with, &figures, query, prefix, &mut Writer::new(scratch), &mut self.found);
        if matches!(verdict, Verdict::Stale(_)) {
            self.counts.stale = self.counts.stale.saturating_add(1);
        }
        if matches!(verdict, Verdict::Answered(_) | Verdict::Stale(_)) {
            self.counts.answered = self.counts.answered.saturating_add(1);
        }
        if let Verdict::Answered(len) | Verdict::Stale(len) = verdict {
            let answer = scratch.get(..len).unwrap_or_default();
            sets::refill(with, answer);
            bus::resolved_here(with, answer);
        }
        verdict
    }

    /// Refuses a question that came by UDP: there is no room for it.
    fn refuse(&mut self, with: &mut Surroundings, query: &Query) {
        let prefix = Prefix::new(with.config.log.queries, query.serial, Some(query.arrival.from), false);
        journal::error(with.out, &prefix, "config", rcode::REFUSED, None);
        send_code(with, query.arrival, query.message, rcode::REFUSED, Some(ede::OTHER));
    }

    fn question_hash(&self, query: &Query) -> u32 {
        self.key.name(query.question.name.wire()) as u32 ^ u32::from(query.question.kind)
    }
}

/// Builds an answer that is nothing but a code.
fn bare(with: &Surroundings, message: &Message, code: u8, why: u16, scratch: &mut [u8]) -> Verdict {
    match compose::bare(&mut Writer::new(scratch), message, code, with.config.dns.edns_max, Some(why)) {
        Some(len) => Verdict::Answered(len),
        None => Verdict::Silence,
    }
}

/// Sends an answer that is nothing but a code.
fn send_code(with: &mut Surroundings, arrival: &Arrival, message: &Message, code: u8, why: Option<u16>) {
    let udp_size = with.config.dns.edns_max;
    with.out.datagram(arrival.back(), admit::PLAIN_LIMIT.into(), |out| {
        let _ = compose::bare(out, message, code, udp_size, why);
    });
}

#[cfg(test)]
mod auth_tests;
#[cfg(test)]
mod caching_tests;
#[cfg(test)]
mod choice_tests;
#[cfg(test)]
mod hear_tests;
#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod local_tests;
#[cfg(test)]
mod probes_tests;
#[cfg(test)]
mod records_tests;
#[cfg(test)]
mod rig_tests;
#[cfg(test)]
mod report_tests;
#[cfg(test)]
mod spoof_tests;
#[cfg(test)]
mod stream_tests;
