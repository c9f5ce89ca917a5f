//! The addresses of a host that the configuration names as a server: from
//! /etc/hosts, else from the servers of /etc/resolv.conf.
//!
//! For the time before we serve (and for `servers-file`): it waits for answers.
//! The C library could do it, at a cost of 25 kB.
//!
//! Stands on hosts(5), resolv.conf(5), RFC 1035 §7.

use crate::base::bytes::Writer;
use crate::base::random::Random;
use crate::base::text::parse_ip;
use crate::config::Files;
use crate::daemon::outside::{Disk, each_line};
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
use std::os::fd::AsFd;

/// Servers asked, and how often each, as the C library does.
const SERVERS: usize = 3;
const TRIES: usize = 2;

/// Milliseconds waited for an answer.
const PATIENCE_MS: u32 = 3000;

/// The addresses of a host: an empty list if there is no such host, nothing if
/// no server can tell.
pub fn addresses(host: &[u8]) -> Option<Vec<IpAddr>> {
    // Quirk: `1.1` and `0x7f000001` are addresses, as they are for inet_aton(3).
    let mut found = Vec::new();
    match loose_ipv4(host) {
        Some(addr) => found.push(addr.into()),
        None => in_hosts(&Disk, host, &mut found),
    }
    if !found.is_empty() {
        return Some(found);
    }
    let mut resolv = ResolvConf::default();
    resolv.read(&Disk);
    let Some(own) = &NameBuf::from_text(host) else { return Some(found) };
    let mut random = Random::kernel(entropy::fill);
    let mut told = false;
    // A plain name is meant in the domains that are searched, then as it is.
    let mut search = words(&resolv.search).skip(1).filter(|_| own.name().label_count() < 2);
    loop {
        let domain = search.next();
        let joined = &domain.and_then(NameBuf::from_text).and_then(|domain| NameBuf::join(own.name().first_label(), domain.name()));
        let name = match (domain, joined) {
            (None, _) => own,
            (_, Some(joined)) => joined,
            (Some(_), None) => continue,
        };
        for kind in [kind::A, kind::AAAA] {
            for turn in 0..TRIES * resolv.servers.len() {
                let server = resolv.servers.get(turn % resolv.servers.len());
                if server.is_some_and(|server| ask(*server, name, kind, &mut random, &mut found).is_some()) {
                    told = true;
                    break;
                }
            }
        }
        match domain {
            _ if !found.is_empty() => return Some(found),
            Some(_) => {}
            None if told => return Some(found),
            None => return None,
        }
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

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

/// Asks one server; nothing if it does not answer, or not sensibly.
fn ask(server: SocketAddr, name: &NameBuf, kind: u16, random: &mut Random, found: &mut Vec<IpAddr>) -> Option<()> {
    let mut buffer = [0; limits::DATAGRAM_MAX];
    let mut out = Writer::new(&mut buffer);
    let id = random.u16();
    Reply::ask(&mut out, id, flag::RD, name.name(), kind, class::IN).finish()?;
    let socket = sockets::udp(server.is_ipv6()).ok()?;
    sockets::connect(socket.as_fd(), server).ok()?;
    streams::write(&socket, out.written()).ok()?;
    if !streams::wait_input(&socket, PATIENCE_MS) {
        return None;
    }
    let got = streams::read(&socket, &mut buffer).ok()?;
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
