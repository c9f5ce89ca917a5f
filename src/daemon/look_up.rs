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
    let known = match loose_ipv4(host) {
        Some(addr) => vec![addr.into()],
        None => in_hosts(&Disk, host),
    };
    if !known.is_empty() {
        return Some(known);
    }
    let (servers, search) = resolv_conf(&Disk);
    let Some(name) = NameBuf::from_text(host) else { return Some(Vec::new()) };
    // A plain name is meant in the domains that are searched, then as it is.
    let searched = search.iter().filter(|_| name.name().label_count() < 2);
    let joined = searched.filter_map(|domain| NameBuf::join(name.name().first_label(), domain.name()));
    let mut random = Random::kernel(entropy::fill);
    let mut told = false;
    for name in joined.chain([NameBuf::from_name(name.name())]) {
        let mut found = Vec::new();
        for kind in [kind::A, kind::AAAA] {
            told |= servers.iter().cycle().take(TRIES * servers.len()).any(|server| {
                ask(*server, &name, kind, &mut random, &mut found).is_some()
            });
        }
        if !found.is_empty() {
            return Some(found);
        }
    }
    told.then(Vec::new)
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

fn in_hosts(files: &dyn Files, host: &[u8]) -> Vec<IpAddr> {
    let mut found = Vec::new();
    let _ = each_line(files, HOSTS, &mut |line| {
        let line = line.split(|octet| *octet == b'#').next().unwrap_or_default();
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let addr = words.next().and_then(parse_ip);
        if let Some(addr) = addr.filter(|_| words.any(|word| word.eq_ignore_ascii_case(host))) {
            found.push(addr);
        }
    });
    found
}

fn resolv_conf(files: &dyn Files) -> (Vec<SocketAddr>, Vec<NameBuf>) {
    let (mut servers, mut search) = (Vec::new(), Vec::new());
    let _ = each_line(files, RESOLV_CONF, &mut |line| {
        if servers.len() < SERVERS {
            servers.extend(resolv::server(line, links::index));
        }
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        if matches!(words.next(), Some(b"search" | b"domain")) {
            search = words.filter_map(NameBuf::from_text).collect();
        }
    });
    if servers.is_empty() {
        servers.push(SocketAddr::from((Ipv4Addr::LOCALHOST, 53)));
    }
    (servers, search)
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
