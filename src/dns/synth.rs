//! Made-up names (`synth-domain`): an address of a range written as a label, or
//! its place in the range counted from 0, behind a prefix.

use crate::base::bytes::Writer;
use crate::base::text;
use crate::config::Synth;
use crate::dns::Surroundings;
use crate::wire::dns::name::{LABEL_MAX, Name, NameBuf};
use std::net::{IpAddr, Ipv6Addr};

/// Longest text of an address: eight groups of four digits.
const TEXT_MAX: usize = 39;

/// The address that a made-up name stands for.
pub(super) fn addr(with: &Surroundings, name: Name) -> Option<IpAddr> {
    with.config.dns.local.synths.iter().rev().find_map(|synth| {
        let parent = name.parent()?;
        Name::new(&synth.domain).filter(|domain| domain.same(parent))?;
        let (front, text) = name.first_label().split_at_checked(synth.prefix.len())?;
        front.eq_ignore_ascii_case(&synth.prefix).then(|| read(synth, text))?
    })
}

/// The address of a range that `text` stands for.
fn read(synth: &Synth, text: &[u8]) -> Option<IpAddr> {
    let addr = match (synth.numbered, synth.from) {
        // Quirk: no digits count as 0.
        (true, from) => nth(from, if text.is_empty() { 0 } else { text::parse_decimal(text)? })?,
        (false, from) => {
            let mut octets = [0; TEXT_MAX];
            let octets = octets.get_mut(..text.len())?;
            let separator = if from.is_ipv4() { b'.' } else { b':' };
            octets.copy_from_slice(text);
            octets.iter_mut().filter(|octet| **octet == b'-').for_each(|octet| *octet = separator);
            text::parse_ip(octets)?
        }
    };
    holds(synth, addr).then_some(addr)
}

fn holds(synth: &Synth, addr: IpAddr) -> bool {
    synth.from.is_ipv4() == addr.is_ipv4() && synth.from <= addr && addr <= synth.to
}

/// The address that is so many behind `from`.
fn nth(from: IpAddr, number: u64) -> Option<IpAddr> {
    Some(match from {
        IpAddr::V4(v4) => IpAddr::V4(u32::from(v4).checked_add(u32::try_from(number).ok()?)?.into()),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from(u128::from(v6).checked_add(number.into())?)),
    })
}

/// The made-up name of an address.
pub(super) fn name(with: &Surroundings, addr: IpAddr) -> Option<NameBuf> {
    let synth = with.config.dns.local.synths.iter().rfind(|synth| holds(synth, addr))?;
    let mut label = [0; LABEL_MAX];
    let mut out = Writer::new(&mut label);
    out.bytes(&synth.prefix);
    match (synth.numbered, synth.from, addr) {
        (true, IpAddr::V4(from), IpAddr::V4(v4)) => text::decimal(&mut out, u32::from(v4).wrapping_sub(from.into()).into()),
        (true, IpAddr::V6(from), IpAddr::V6(v6)) => {
            text::decimal(&mut out, u128::from(v6).wrapping_sub(from.into()) as u64);
        }
        (_, _, IpAddr::V4(v4)) => {
            for (place, octet) in v4.octets().into_iter().enumerate() {
                if place > 0 {
                    out.u8(b'-');
                }
                text::decimal(&mut out, octet.into());
            }
        }
        (_, _, IpAddr::V6(v6)) => {
            for (place, octet) in v6.octets().into_iter().enumerate() {
                if place > 0 && place % 2 == 0 {
                    out.u8(b'-');
                }
                text::hex2(&mut out, octet);
            }
        }
    }
    NameBuf::join(out.written(), Name::new(&synth.domain)?).filter(|_| !out.overflowed())
}
