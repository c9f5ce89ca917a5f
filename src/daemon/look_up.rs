//! The addresses of a host that the configuration names as a server: from
//! /etc/hosts, else from the servers of /etc/resolv.conf.
//!
//! Before we serve it waits for answers; for `servers-file` on SIGHUP somebody
//! looks now and then whether one is there.
//! The C library could do it, at a cost of 25 kB.
//!
//! Stands on hosts(5), resolv.conf(5), RFC 1035 §7.

use crate::base::bytes::Writer;
use crate::base::random::Random;
use crate::base::text::parse_ip;
use crate::base::time::Millis;
use crate::config::Files;
use crate::daemon::outside::{Disk, Question, each_line};
use crate::dns::resolv;
use crate::limits;
use crate::platform::{entropy, links, sockets, streams};
use crate::wire::dns::build::Reply;
use crate::wire::dns::codes::{class, flag, kind, rcode};
use crate::wire::dns::message::{Message, Section};
use crate::wire::dns::name::NameBuf;
use arrayvec::ArrayVec;
use std::ffi::CStr;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};

/// Servers asked, and how often each, as the C library does.
const SERVERS: usize = 3;
const TRIES: usize = 2;

/// Milliseconds waited for an answer.
const PATIENCE_MS: u32 = 3000;

/// The addresses of a host: an empty list if there is no such host, nothing if
/// no server can tell. Waits.
pub fn addresses(host: &[u8]) -> Option<Vec<IpAddr>> {
    let mut asking = Asking::new(host);
    loop {
        if let Some(found) = asking.go_on(PATIENCE_MS, Millis(0)) {
            return found;
        }
    }
}

/// A host being looked up: one question after the other is sent, each with a
/// socket of its own.
pub struct Asking {
    host: Option<NameBuf>,
    resolv: ResolvConf,
    /// Which of the names it may have is asked for: those in domains that are
    /// searched, then the plain one.
    place: usize,
    kind: u16,
    /// Servers that gave no answer for this name and type.
    failures: usize,
    /// The question that is under way, and since when.
    sent: Option<(OwnedFd, u16, Millis)>,
    random: Random,
    told: bool,
    found: Vec<IpAddr>,
}

impl Question for Asking {
    fn answer(&mut self, now: Millis) -> Option<Option<Vec<IpAddr>>> {
        self.go_on(0, now)
    }
}

impl Asking {
    /// Nothing is sent yet.
    pub fn new(host: &[u8]) -> Self {
        // Quirk: `1.1` and `0x7f000001` are addresses, as they are for inet_aton(3).
        let (mut found, mut resolv) = (Vec::new(), ResolvConf::default());
        match loose_ipv4(host) {
            Some(addr) => found.push(addr.into()),
            None => in_hosts(&Disk, host, &mut found),
        }
        resolv.read(&Disk);
        let (host, random) = (NameBuf::from_text(host), Random::kernel(entropy::fill));
        let told = host.is_none();
        Asking { host, resolv, place: 0, kind: kind::A, failures: 0, sent: None, random, told, found }
    }

    /// The name that is asked for; nothing behind the last one.
    fn name(&self) -> Option<NameBuf> {
        let host = self.host?;
        // A plain name is meant in the domains that are searched, then as it is.
        let mut domains = words(&self.resolv.search).skip(1).filter(|_| host.name().label_count() < 2);
        let count = domains.clone().count();
        let domain = domains.nth(self.place).and_then(NameBuf::from_text);
        let joined = domain.and_then(|domain| NameBuf::join(host.name().first_label(), domain.name()));
        joined.or(Some(host)).filter(|_| self.place <= count)
    }

    /// Waits so many milliseconds for an answer; what is found, once that is sure.
    fn go_on(&mut self, patience_ms: u32, now: Millis) -> Option<Option<Vec<IpAddr>>> {
        let Some((socket, id, since)) = &self.sent else {
            if !self.found.is_empty() && self.kind == kind::A {
                return Some(Some(core::mem::take(&mut self.found)));
            }
            let Some(name) = self.name() else { return Some(self.told.then(Vec::new)) };
            let server = self.resolv.servers.iter().cycle().nth(self.failures);
            let id = self.random.u16();
            self.sent = server.and_then(|server| ask(*server, &name, self.kind, id)).map(|socket| (socket, id, now));
            if self.sent.is_none() {
                self.next(false);
            }
            return None;
        };
        if streams::wait_input(socket, patience_ms) {
            let name = self.name();
            let heard = name.is_some_and(|name| hear(socket, *id, &name, self.kind, &mut self.found).is_some());
            self.next(heard);
        } else if patience_ms > 0 || now.since(*since) >= u64::from(PATIENCE_MS) {
            self.next(false);
        }
        None
    }

    /// Goes on with the next server, type or name.
    fn next(&mut self, heard: bool) {
        self.sent = None;
        self.told |= heard;
        self.failures = self.failures.saturating_add(1);
        if !heard && self.failures < TRIES * self.resolv.servers.len() {
            return;
        }
        self.failures = 0;
        self.kind = match self.kind {
            kind::A => kind::AAAA,
            _ => {
                self.place = self.place.saturating_add(1);
                kind::A
            }
        };
    }
}

/// An address as inet_aton(3) reads it: up to four numbers (decimal, `0x…`, `0…`),
/// the last one filling what is left.
fn loose_ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    let mut parts = text.split(|octet| *octet == b'.').peekable();
    let (mut addr, mut left) = (0u32, 32u32);
    while let Some(part) = parts.next() {
        let (digits, base) = match part {
            [b'0', b'x' | b'X', digits @ ..] => (digits, 16),
            [b'0', digits @ ..] if !digits.is_empty() => (digits, 8),
            digits => (digits, 10),
        };
        let number = u32::from_str_radix(str::from_utf8(digits).ok()?, base).ok()?;
        let size = if parts.peek().is_some() { 8 } else { left };
        if left == 0 || digits.first() == Some(&b'+') || u64::from(number) >= 1u64.checked_shl(size)? {
            return None;
        }
        left -= size;
        addr |= number.checked_shl(left)?;
    }
    Some(addr.into())
}

const HOSTS: &CStr = c"/etc/hosts";
const RESOLV_CONF: &CStr = c"/etc/resolv.conf";

fn in_hosts(files: &dyn Files, host: &[u8], found: &mut Vec<IpAddr>) {
    let _ = each_line(files, HOSTS, &mut |line| {
        let line = line.split(|octet| *octet == b'#').next().unwrap_or_default();
        let mut words = words(line);
        let addr = words.next().and_then(parse_ip);
        if let Some(addr) = addr.filter(|_| words.any(|word| word.eq_ignore_ascii_case(host))) {
            found.push(addr);
        }
    });
}

/// What /etc/resolv.conf says.
#[derive(Default)]
struct ResolvConf {
    servers: ArrayVec<SocketAddr, SERVERS>,
    /// The line with the domains that are searched.
    search: Vec<u8>,
}

impl ResolvConf {
    fn read(&mut self, files: &dyn Files) {
        let _ = each_line(files, RESOLV_CONF, &mut |line| {
            if let Some(server) = resolv::server(line, links::index) {
                // Further ones are not asked.
                let _ = self.servers.try_push(server);
            }
            if matches!(words(line).next(), Some(b"search" | b"domain")) {
                self.search = line.to_vec();
            }
        });
        if self.servers.is_empty() {
            let _ = self.servers.try_push(SocketAddr::from((Ipv4Addr::LOCALHOST, 53)));
        }
    }
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

/// Sends a question to a server; the socket that the answer comes to.
fn ask(server: SocketAddr, name: &NameBuf, kind: u16, id: u16) -> Option<OwnedFd> {
    let mut buffer = [0; limits::DATAGRAM_MAX];
    let mut out = Writer::new(&mut buffer);
    Reply::ask(&mut out, id, flag::RD, name.name(), kind, class::IN).finish()?;
    let socket = sockets::udp(server.is_ipv6()).ok()?;
    sockets::connect(socket.as_fd(), server).ok()?;
    streams::write(&socket, out.written()).ok()?;
    Some(socket)
}

/// Takes the addresses of an answer; nothing if it is not one, or not sensible.
fn hear(socket: &OwnedFd, id: u16, name: &NameBuf, kind: u16, found: &mut Vec<IpAddr>) -> Option<()> {
    let mut buffer = [0; limits::DATAGRAM_MAX];
    let got = streams::read(socket, &mut buffer).ok()?;
    let message = Message::parse(buffer.get(..got)?)?;
    let question = message.question().filter(|asked| asked.kind == kind && asked.name.same(name.name()))?;
    let fits = message.id() == id && message.is_response() && question.class == class::IN;
    if !fits || !matches!(message.rcode(), rcode::NOERROR | rcode::NXDOMAIN) {
        return None;
    }
    for mut record in message.section(Section::Answer).filter(|record| record.kind == kind) {
        found.extend(match kind {
            kind::A => record.data.array::<4>().map(|octets| IpAddr::from(Ipv4Addr::from(octets))),
            _ => record.data.array::<16>().map(|octets| IpAddr::from(Ipv6Addr::from(octets))),
        });
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loose_addresses_are_those_of_inet_aton() {
        let read = |text: &str| loose_ipv4(text.as_bytes()).map(|addr| addr.to_string());
        for (text, addr) in [("1.1.1", "1.1.0.1"), ("127.1", "127.0.0.1"), ("0x7f.1", "127.0.0.1"),
            ("2130706433", "127.0.0.1"), ("010.0.0.1", "8.0.0.1"), ("1.2.3", "1.2.0.3"), ("0", "0.0.0.0")]
        {
            assert_eq!(read(text).as_deref(), Some(addr), "{text}");
        }
        for text in ["", "1.", "256.1", "1.2.3.4.5", "1.2.3.256", "4294967296", "0x", "+1.2", "1.x", "host"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
