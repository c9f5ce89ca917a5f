//! The query log (`log-queries`): lines in dnsmasq's shapes, said only when the
//! operator wants them and while the outbox has room, so that no answer of a
//! thousand records can crowd out the datagrams of the same event.

use crate::base::net::ip_of;
use crate::base::bytes::{Reader, Writer};
use crate::base::text;
use crate::config::Queries;
use crate::dns::reverse;
use crate::outbox::Outbox;
use crate::outbox::lines::{Arg, Line, dns as lines};
use crate::wire::dns::codes;
use crate::wire::dns::message::Record;
use crate::wire::dns::name::{Name, NameBuf};
use std::net::{IpAddr, SocketAddr};

/// Longest prefix: protocol, serial number, IPv6 address and port.
const PREFIX_MAX: usize = 4 + 11 + 46 + 7;

/// What stands in front of each line of one question; written only when a line
/// is.
#[derive(Clone, Copy)]
pub struct Prefix {
    queries: Queries,
    serial: u32,
    client: Option<SocketAddr>,
    tcp: bool,
}

impl Prefix {
    /// The prefix of question `serial` from `client`.
    pub fn new(queries: Queries, serial: u32, client: Option<SocketAddr>, tcp: bool) -> Self {
        Prefix { queries, serial, client, tcp }
    }

    /// The same for a question about a zone: logged even if those alone are.
    pub fn of_zone(mut self) -> Self {
        self.queries.auth = false;
        self
    }

    /// True when queries are logged.
    pub fn is_on(&self) -> bool {
        self.tells_failures() && !self.queries.failed
    }

    /// True when answers that say no are logged, with the others or without:
    /// not so if only zones with authority are of interest.
    pub fn tells_failures(&self) -> bool {
        self.queries.on && !self.queries.auth
    }

    /// True when lines carry more than their text.
    fn is_extra(&self) -> bool {
        self.queries.extra || self.queries.proto
    }

    fn write(&self, out: &mut Writer) {
        if !self.is_extra() {
            return;
        }
        if self.queries.proto {
            out.bytes(if self.tcp { b"TCP " } else { b"UDP " });
        }
        text::decimal(out, self.serial.into());
        out.u8(b' ');
        if let Some(client) = self.client {
            text::ip(out, ip_of(&client));
            out.u8(b'/');
            text::decimal(out, client.port().into());
            out.u8(b' ');
        }
    }
}

/// Says `line` if the log is on; up to three arguments follow the prefix.
fn say(out: &mut Outbox, prefix: &Prefix, line: &'static Line, args: [Arg; 3]) {
    if prefix.is_on() {
        say_failure(out, prefix, line, args);
    }
}

/// The same for an answer that says no.
fn say_failure(out: &mut Outbox, prefix: &Prefix, line: &'static Line, args: [Arg; 3]) {
    if prefix.tells_failures() && out.has_room_for_log() {
        let [a, b, c] = args;
        let mut buffer = [0; PREFIX_MAX];
        let mut text = Writer::new(&mut buffer);
        prefix.write(&mut text);
        out.log(line, &[Arg::Text(text.written()), a, b, c]);
    }
}

/// No argument.
const NOTHING: Arg = Arg::Str("");

/// A question arrived; `line` says where.
#[inline(never)]
pub fn query(out: &mut Outbox, prefix: &Prefix, line: &'static Line, kind: u16, name: Name, client: IpAddr) {
    if prefix.is_on() {
        with_kind(kind, |kind| say(out, prefix, line, [kind, Arg::Name(name.wire()), Arg::Ip(client)]));
    }
}

/// Something that is no question arrived.
pub fn non_query(out: &mut Outbox, prefix: &Prefix, opcode: u8, client: IpAddr) {
    say(out, prefix, &lines::NON_QUERY, [Arg::Number(opcode.into()), Arg::Ip(client), NOTHING]);
    say(out, prefix, &lines::OPCODE, [NOTHING; 3]);
}

/// A question went to a server.
pub fn forwarded(out: &mut Outbox, prefix: &Prefix, name: Name, server: SocketAddr) {
    if !prefix.is_on() {
        return;
    }
    let mut buffer = [0; 64];
    let mut text = Writer::new(&mut buffer);
    write_server(&mut text, server);
    say(out, prefix, &lines::FORWARDED, [Arg::Name(name.wire()), Arg::Text(text.written()), NOTHING]);
}

/// Appends a server: its port only if it is not 53.
pub fn write_server(out: &mut Writer, server: SocketAddr) {
    text::ip(out, ip_of(&server));
    if server.port() != 53 {
        out.u8(b'#');
        text::decimal(out, server.port().into());
    }
}

/// `SOURCE NAME is DATA`.
#[inline]
pub fn answer(out: &mut Outbox, prefix: &Prefix, source: Arg, name: Arg, data: Arg) {
    say(out, prefix, &lines::ANSWER, [source, name, data]);
}

/// An address was put into a set because of a domain.
pub fn set(out: &mut Outbox, prefix: &Prefix, line: &'static Line, set: &[u8], addr: IpAddr, domain: Name) {
    say(out, prefix, line, [Arg::Text(set), Arg::Ip(addr), Arg::Name(domain.wire())]);
}

/// There is no answer: NXDOMAIN, or no data of this type.
pub fn negative(out: &mut Outbox, prefix: &Prefix, source: Arg, name: Name, kind: u16, nxdomain: bool) {
    let addr = reverse::addr(name).filter(|_| kind == codes::kind::PTR);
    let data = match (nxdomain, kind, addr) {
        (true, ..) => "NXDOMAIN",
        (_, codes::kind::A | codes::kind::ANY, _) | (.., Some(IpAddr::V4(_))) => "NODATA-IPv4",
        (_, codes::kind::AAAA, _) | (.., Some(IpAddr::V6(_))) => "NODATA-IPv6",
        _ => "NODATA",
    };
    let about = addr.map_or(Arg::Name(name.wire()), Arg::Ip);
    say_failure(out, prefix, &lines::ANSWER, [source, about, Arg::Str(data)]);
}

/// One record of an answer about type `asked`: other types only by their names.
pub fn record(out: &mut Outbox, prefix: &Prefix, source: Arg, record: &Record, asked: u16) {
    if prefix.is_on() && let Some(owner) = record.owner() {
        match record.kind == asked {
            true => data(out, prefix, source, owner.name(), record.kind, record.data),
            false => of_kind(out, prefix, source, owner.name(), record.kind),
        }
    }
}

/// A record of `owner`, shown by its type alone.
pub fn of_kind(out: &mut Outbox, prefix: &Prefix, source: Arg, owner: Name, kind: u16) {
    with_kind(kind, |kind| {
        let mut buffer = [0; 32];
        let mut text = Writer::new(&mut buffer);
        text.u8(b'<');
        if let Arg::Text(kind) = kind {
            text.bytes(kind);
        }
        text.u8(b'>');
        answer(out, prefix, source, Arg::Name(owner.wire()), Arg::Text(text.written()));
    });
}

/// The data of one record of `owner`, as dnsmasq shows it.
pub fn data(out: &mut Outbox, prefix: &Prefix, source: Arg, owner: Name, kind: u16, mut data: Reader) {
    use codes::kind;
    if !prefix.is_on() {
        return;
    }
    let name = Arg::Name(owner.wire());
    match kind {
        kind::A => {
            if let Some(octets) = data.array::<4>() {
                answer(out, prefix, source, name, Arg::Ip(octets.into()));
            }
        }
        kind::AAAA => {
            if let Some(octets) = data.array::<16>() {
                answer(out, prefix, source, name, Arg::Ip(octets.into()));
            }
        }
        kind::PTR => match (reverse::addr(owner), NameBuf::read(&mut data)) {
            (Some(addr), Some(target)) => {
                answer(out, prefix, source, Arg::Ip(addr), Arg::Name(target.name().wire()));
            }
            _ => of_kind(out, prefix, source, owner, kind),
        },
        kind::TXT => {
            while let Some(string) = data.u8().and_then(|len| data.take(len.into())) {
                answer(out, prefix, source, name, Arg::Text(string));
            }
        }
        kind => of_kind(out, prefix, source, owner, kind),
    }
}

/// An error code was answered; `ede` explains it.
pub fn error(out: &mut Outbox, prefix: &Prefix, source: &'static str, code: u8, ede: Option<u16>) {
    if !prefix.tells_failures() {
        return;
    }
    let mut buffer = [0; 4];
    let mut digits = Writer::new(&mut buffer);
    text::decimal(&mut digits, code.into());
    let shown = match code {
        codes::rcode::FORMERR => Arg::Str("FORMERR"),
        codes::rcode::SERVFAIL => Arg::Str("SERVFAIL"),
        codes::rcode::REFUSED => Arg::Str("REFUSED"),
        codes::rcode::NOTIMP => Arg::Str("not implemented"),
        _ => Arg::Text(digits.written()),
    };
    say_failure(out, prefix, &lines::ERROR, [Arg::Str(source), shown, Arg::Str(explanation(ede))]);
}

/// The explanation of an extended error, as it stands behind the text.
fn explanation(ede: Option<u16>) -> &'static str {
    use codes::ede;
    match ede {
        None => "",
        Some(ede::OTHER) => " (EDE: other)",
        Some(ede::CACHED_ERROR) => " (EDE: cached error)",
        Some(ede::NOT_READY) => " (EDE: not ready)",
        Some(ede::BLOCKED) => " (EDE: blocked)",
        Some(ede::FILTERED) => " (EDE: filtered)",
        Some(ede::NOT_AUTHORITATIVE) => " (EDE: not authoritative)",
        Some(ede::NOT_SUPPORTED) => " (EDE: not supported)",
        Some(ede::NO_REACHABLE_AUTHORITY) => " (EDE: no reachable authority)",
        Some(ede::NETWORK_ERROR) => " (EDE: network error)",
        Some(ede::INVALID_DATA) => " (EDE: invalid data)",
        Some(_) => " (EDE: unknown)",
    }
}

/// An answer was cut.
pub fn truncated(out: &mut Outbox, prefix: &Prefix, source: &'static str) {
    say(out, prefix, &lines::TRUNCATED, [Arg::Str(source), NOTHING, NOTHING]);
}

/// A name of the CHAOS class that nobody knows.
pub fn chaos_unknown(out: &mut Outbox, prefix: &Prefix, name: Name) {
    say(out, prefix, &lines::CHAOS_UNKNOWN, [Arg::Name(name.wire()), NOTHING, NOTHING]);
}

/// A merged question was answered (only said with `extra`).
pub fn duplicate(out: &mut Outbox, prefix: &Prefix) {
    if prefix.is_extra() {
        say(out, prefix, &lines::DUPLICATE, [NOTHING; 3]);
    }
}

/// Calls `with` with the printed name of a type.
fn with_kind(kind: u16, with: impl FnOnce(Arg)) {
    let mut buffer = [0; 16];
    let mut text = Writer::new(&mut buffer);
    codes::write_kind(&mut text, kind);
    with(Arg::Text(text.written()));
}
