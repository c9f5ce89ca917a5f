//! Which addresses of an answer go into which sets of the kernel (`ipset`,
//! `nftset`): those of names below the longest domain that a line has for the
//! name that was asked about.
//!
//! Our own addition is the refill: an answer from the cache fills the sets too,
//! because elements time out there, and go when a firewall is loaded anew.

use crate::config::sets::Lines;
use crate::dns::Surroundings;
use crate::dns::journal::{self, Prefix};
use crate::limits::SET_ADDRESSES_MAX;
use crate::outbox::action::Action;
use crate::outbox::lines::{Line, dns as lines};
use crate::wire::dns::codes::{class, flag, kind};
use crate::wire::dns::message::{Message, Section};
use crate::wire::dns::name::Name;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The line for a name, and its domain.
fn line_of<'n>(lines: &Lines, name: Name<'n>) -> Option<(u32, Name<'n>)> {
    if lines.lines.is_empty() {
        return None;
    }
    // Of lines for the same domain the last one counts.
    name.suffixes().find_map(|suffix| Some((*lines.domains.exactly(suffix.wire()).last()?, suffix)))
}

fn addresses<'m>(answer: &Message<'m>) -> impl Iterator<Item = IpAddr> + use<'m> {
    let records = answer.section(Section::Answer).filter(|record| record.class == class::IN);
    let all = records.filter_map(|mut record| match record.kind {
        kind::A => record.data.array::<4>().map(|octets| Ipv4Addr::from(octets).into()),
        kind::AAAA => record.data.array::<16>().map(|octets| Ipv6Addr::from(octets).into()),
        _ => None,
    });
    all.take(SET_ADDRESSES_MAX)
}

/// Has the addresses of an upstream answer put into sets, and logged.
pub(super) fn fill(with: &mut Surroundings, prefix: &Prefix, answer: &Message) {
    let sets = &with.config.sets;
    if !sets.any() {
        return;
    }
    let Some(question) = answer.question() else { return };
    let (ip, nft) = (line_of(&sets.ip, question.name), line_of(&sets.nft, question.name));
    put(with, answer, ip.map(|(line, _)| line), nft.map(|(line, _)| line));
    if !prefix.is_on() {
        return;
    }
    let logs: [(&'static Line, &Lines, _); 2] = [(&lines::IPSET, &sets.ip, ip), (&lines::NFTSET, &sets.nft, nft)];
    for (line, all, found) in logs {
        let Some((number, domain)) = found else { continue };
        for addr in addresses(answer) {
            for set in all.of(Some(number)).iter().filter(|set| set.takes(addr)) {
                journal::set(with.out, prefix, line, &set.name, addr, domain);
            }
        }
    }
}

/// Puts the addresses of an answer from the cache back into the sets.
#[inline]
pub(super) fn refill(with: &mut Surroundings, answer: &[u8]) {
    let sets = &with.config.sets;
    if !sets.any() {
        return;
    }
    // What we know ourselves was never put there.
    let Some(answer) = Message::parse(answer).filter(|answer| !answer.has(flag::AA)) else { return };
    let Some(question) = answer.question() else { return };
    let line = |lines| line_of(lines, question.name).map(|(line, _)| line);
    put(with, &answer, line(&sets.ip), line(&sets.nft));
}

fn put(with: &mut Surroundings, answer: &Message, ip: Option<u32>, nft: Option<u32>) {
    if (ip, nft) == (None, None) || addresses(answer).next().is_none() {
        return;
    }
    let written = with.out.write(16 * SET_ADDRESSES_MAX, |out| {
        for addr in addresses(answer) {
            let addr = match addr {
                IpAddr::V4(addr) => addr.to_ipv6_mapped(),
                IpAddr::V6(addr) => addr,
            };
            out.bytes(&addr.octets());
        }
    });
    if let Some(addresses) = written {
        with.out.push(Action::Sets { ip, nft, addresses });
    }
}
