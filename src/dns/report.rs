//! What SIGUSR1 writes to the log, in dnsmasq's lines: statistics and, with
//! `log-queries` or `no-daemon`, every name that is known. A long list is said in
//! pieces, as much as the outbox takes at a time.

use crate::base::net::ip_of;
use crate::base::bytes::Writer;
use crate::base::text;
use crate::base::time::{Due, Millis, UnixTime, Why};
use crate::config::Mode;
use crate::dns::{Forwarder, Surroundings, reverse, tables};
use crate::limits;
use crate::outbox::lines::{Arg, Line, dns as lines};
use crate::store::cache::Outcome;
use crate::wire::dns::codes::{self, kind};
use crate::wire::dns::name::{Name, NameBuf, write_lower};
use std::net::IpAddr;

/// Octets of one line of the list.
const ROW_MAX: usize = 160;

/// How far the list has come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dump {
    /// None is asked for.
    Idle,
    /// Hosts files, from this entry on; since when.
    Hosts(u32, Millis),
    /// Aliases of the configuration, and names that exist because of what is
    /// below them, from this record on.
    Records(u32, Millis),
    /// Leases, from this slot on.
    Leases(u32, Millis),
    /// The cache, from this slot on.
    Cache(u32, Millis),
}

/// One line: `%-30.30s %-40.40s` and what follows.
struct Row<'a> {
    name: &'a [u8],
    value: &'a [u8],
    /// Letter of the type.
    kind: u8,
    /// `F`orward `R`everse `I`mmortal `D`HCP `N`egative `X` (NXDOMAIN) `H`osts
    /// `C`onfig.
    flags: [bool; 8],
    /// The end, if there is one.
    ends: Option<UnixTime>,
    /// The file, for names of hosts files.
    source: Option<&'a [u8]>,
}

impl Forwarder {
    /// Writes the statistics, and starts the list.
    pub(super) fn report(&mut self, with: &mut Surroundings) {
        let number = |value: u32| Arg::Number(value.into());
        let cache = with.cache.counters;
        let entries = number(with.config.dns.cache_size);
        with.out.log(&lines::TIME, &[Arg::Number(with.now.wall.0)]);
        with.out.log(&lines::CACHE, &[entries, number(cache.evicted), number(cache.inserted)]);
        with.out.log(&lines::COUNTS, &[number(self.counts.forwarded), number(self.counts.answered)]);
        if with.config.dns.stale.is_some() {
            with.out.log(&lines::STALE, &[number(self.counts.stale)]);
        }
        with.out.log(&lines::AUTH, &[number(self.counts.zones)]);
        with.out.log(&lines::POOL, &self.pending.octets().map(|octets| Arg::Number(octets as u64)));
        let [now, peak, most] = self.streams.figures().map(u32::from).map(number);
        with.out.log(&lines::TCP, &[now, peak, most]);
        for (addr, tally) in self.upstream.tallies(&with.config.dns) {
            let numbers = [tally.queries, tally.retried, tally.failed, tally.nxdomain, tally.latency_ms()].map(number);
            let [queries, retried, failed, nxdomain, latency] = numbers;
            let port = Arg::Number(addr.port().into());
            if with.out.has_room_for_log() {
                with.out.log(&lines::SERVER, &[Arg::Ip(ip_of(&addr)), port, queries, retried, failed, nxdomain, latency]);
            }
        }
        if with.config.log.queries.on || with.config.process.mode == Mode::Debug {
            with.out.log(&lines::DUMP_HEAD, &[]);
            with.out.log(&lines::DUMP_RULE, &[]);
            self.dump = Dump::Hosts(0, with.now.mono);
        }
    }

    /// Goes on with the list as far as there is room.
    pub(super) fn dump_due(&mut self, with: &mut Surroundings) {
        while with.out.has_room_for_log() && self.dump != Dump::Idle {
            self.dump = match self.dump {
                Dump::Idle => Dump::Idle,
                Dump::Hosts(at, since) => host(with, at, since),
                Dump::Records(at, since) => record(with, at, since),
                Dump::Leases(at, since) => lease(with, at, since),
                Dump::Cache(at, since) => cached(with, at, since),
            };
        }
    }

    /// When the list goes on: as soon as the outbox is empty.
    pub(super) fn dump_next_due(&self) -> Option<Due> {
        match self.dump {
            Dump::Idle => None,
            Dump::Hosts(_, at) | Dump::Records(_, at) | Dump::Leases(_, at) | Dump::Cache(_, at) => {
                Some(Due { at, why: Why::Backlog })
            }
        }
    }
}

fn host(with: &mut Surroundings, at: u32, since: Millis) -> Dump {
    let mut own = NameBuf::default();
    let Some((host, names_addr)) = with.hosts.get(at, &mut own) else {
        return Dump::Records(0, since);
    };
    let mut name = Text::new(|out| write_lower(out, own.name().wire()));
    let mut value = Text::new(|out| text::ip(out, host.addr));
    let row = Row {
        name: name.bytes(),
        value: value.bytes(),
        kind: family(host.addr),
        flags: [true, names_addr, true, false, false, false, true, host.source == b"config"],
        ends: None,
        source: Some(host.source),
    };
    let line = row.line();
    say(with, &lines::DUMP, line);
    Dump::Hosts(at.saturating_add(1), since)
}

fn record(with: &mut Surroundings, at: u32, since: Millis) -> Dump {
    let Some((name, record)) = with.config.dns.local.records.get(at as usize) else { return Dump::Leases(0, since) };
    let target = match record.kind {
        kind::CNAME => Name::new(record.data),
        0 => Some(Name::ROOT),
        _ => None,
    };
    if let Some(target) = target {
        let mut name = Text::new(|out| write_lower(out, name.wire()));
        let mut value = Text::new(|out| if record.kind != 0 { write_lower(out, target.wire()) });
        let kind = if record.kind == 0 { b'!' } else { b'C' };
        let flags = [true, false, true, false, false, false, false, true];
        let line = Row { name: name.bytes(), value: value.bytes(), kind, flags, ends: None, source: None }.line();
        say(with, &lines::DUMP, line);
    }
    Dump::Records(at.saturating_add(1), since)
}

fn lease(with: &mut Surroundings, at: u32, since: Millis) -> Dump {
    let Some((id, next)) = with.leases.walk(at) else { return Dump::Cache(0, since) };
    let names = with.leases.get(id).map(|lease| (lease.addr, lease.seconds_left(with.now.mono), tables::names(with, lease)));
    if let Some((addr, left, names)) = names {
        for (place, name) in names.into_iter().flatten().enumerate() {
            let mut name = Text::new(|out| write_lower(out, name.name().wire()));
            let mut value = Text::new(|out| text::ipv4(out, addr));
            let row = Row {
                name: name.bytes(),
                value: value.bytes(),
                kind: b'4',
                flags: [true, place == 0, left.is_none(), true, false, false, false, false],
                ends: left.map(|left| UnixTime(with.now.wall.0.saturating_add(left))),
                source: None,
            };
            let line = row.line();
            say(with, &lines::DUMP, line);
        }
    }
    Dump::Leases(next, since)
}

fn cached(with: &mut Surroundings, at: u32, since: Millis) -> Dump {
    let wall = with.now.wall.0;
    let Some((name, found, next)) = with.cache.dump(at, with.now.mono) else { return Dump::Idle };
    let ends = Some(UnixTime(wall.saturating_add(found.ttl.into())));
    let mut owner = Text::new(|out| write_lower(out, name.name().wire()));
    if found.outcome != Outcome::Records {
        let missing = found.outcome == Outcome::NxDomain;
        let kind = if missing { b' ' } else { letter(found.kind) };
        let flags = [true, false, false, false, true, missing, false, false];
        let line = Row { name: owner.bytes(), value: b"", kind, flags, ends, source: None }.line();
        say(with, &lines::DUMP, line);
        return Dump::Cache(next, since);
    }
    for mut data in found.records() {
        if !with.out.has_room_for_log() {
            break;
        }
        let reverse = if found.kind == kind::PTR { reverse::addr(name.name()) } else { None };
        let target = NameBuf::read(&mut data.clone());
        let target = |out: &mut Writer| write_lower(out, target.as_ref().map_or(Name::ROOT, NameBuf::name).wire());
        let (mut first, mut value, kind) = match (reverse, found.kind) {
            (Some(addr), _) => (Text::new(target), Text::new(|out| text::ip(out, addr)), family(addr)),
            (_, kind::A) => (owner, Text::new(|out| ip(out, data.array::<4>())), b'4'),
            (_, kind::AAAA) => (owner, Text::new(|out| ip(out, data.array::<16>())), b'6'),
            (_, kind::CNAME) => (owner, Text::new(target), b'C'),
            (_, kind) => (owner, Text::new(|out| angled(out, kind)), b'T'),
        };
        let flags = [reverse.is_none(), reverse.is_some(), false, false, false, false, false, false];
        let row = Row { name: first.bytes(), value: value.bytes(), kind, flags, ends, source: None };
        with.out.log(&lines::DUMP, &[Arg::Text(row.line().bytes())]);
    }
    Dump::Cache(next, since)
}

fn say(with: &mut Surroundings, line: &'static Line, mut text: Text) {
    with.out.log(line, &[Arg::Text(text.bytes())]);
}

fn ip<T: Into<IpAddr>>(out: &mut Writer, addr: Option<T>) {
    if let Some(addr) = addr {
        text::ip(out, addr.into());
    }
}

fn angled(out: &mut Writer, kind: u16) {
    out.u8(b'<');
    codes::write_kind(out, kind);
    out.u8(b'>');
}

fn family(addr: IpAddr) -> u8 {
    if addr.is_ipv4() { b'4' } else { b'6' }
}

fn letter(kind: u16) -> u8 {
    match kind {
        kind::A => b'4',
        kind::AAAA => b'6',
        kind::CNAME => b'C',
        _ => b'T',
    }
}

/// A little text on the stack.
#[derive(Clone, Copy)]
struct Text {
    octets: [u8; limits::QUESTION_MAX],
    len: usize,
}

impl Text {
    fn new(write: impl FnOnce(&mut Writer)) -> Self {
        let mut text = Text { octets: [0; limits::QUESTION_MAX], len: 0 };
        let mut out = Writer::new(&mut text.octets);
        write(&mut out);
        text.len = out.len();
        text
    }

    fn bytes(&mut self) -> &[u8] {
        self.octets.get(..self.len).unwrap_or_default()
    }
}

impl Row<'_> {
    fn line(&self) -> Text {
        Text::new(|out| {
            column(out, self.name, 30);
            out.u8(b' ');
            column(out, self.value, 40);
            out.u8(b' ');
            out.u8(self.kind);
            for (letter, set) in b"FRIDNXHC".iter().zip(self.flags) {
                out.u8(if set { *letter } else { b' ' });
            }
            // One more: validated.
            out.bytes(b"  ");
            match self.ends {
                Some(ends) => text::ctime(out, ends),
                None => column(out, b"", 24),
            }
            if let Some(source) = self.source {
                out.u8(b' ');
                column(out, source, 40);
            }
        })
    }
}

const _: () = assert!(ROW_MAX <= limits::QUESTION_MAX);

/// Exactly `width` octets of text, cut or filled with blanks.
fn column(out: &mut Writer, text: &[u8], width: usize) {
    text.iter().chain(core::iter::repeat(&b' ')).take(width).for_each(|octet| out.u8(*octet));
}
