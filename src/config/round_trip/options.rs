//! Values of DHCP options, from the octets that go on the wire back to what is
//! read as them.

use super::text::{hex, name, quoted, shown};
use crate::wire::dhcp4_options::{self, Kind};
use crate::wire::dhcp6_options;
use std::net::{Ipv4Addr, Ipv6Addr};

/// What an option of this number is known to hold.
pub fn kind(code: u16, six: bool) -> Kind {
    let known = match six {
        true => dhcp6_options::KNOWN.by_code(code),
        false => dhcp4_options::KNOWN.by_code(code),
    };
    known.map_or(Kind::Free, |known| known.kind)
}

/// IPv4 addresses.
pub fn addresses(octets: &[u8]) -> Vec<u8> {
    let addrs = octets.as_chunks::<4>().0.iter().map(|addr| Ipv4Addr::from(*addr).to_string());
    addrs.collect::<Vec<_>>().join(",").into_bytes()
}

/// IPv6 addresses in brackets.
pub fn addresses6(octets: &[u8]) -> Vec<u8> {
    let addrs = octets.as_chunks::<16>().0.iter().map(|addr| format!("[{}]", Ipv6Addr::from(*addr)));
    addrs.collect::<Vec<_>>().join(",").into_bytes()
}

/// Prefixes in RFC 3442's short form.
pub fn prefixes(octets: &[u8]) -> Vec<u8> {
    let mut items = Vec::new();
    let mut rest = octets;
    while let Some((len, behind)) = rest.split_first() {
        let (significant, behind) = behind.split_at(usize::from(len.div_ceil(8)));
        let mut addr = [0; 4];
        addr[..significant.len()].copy_from_slice(significant);
        items.push(format!("{}/{len}", Ipv4Addr::from(addr)));
        rest = behind;
    }
    items.join(",").into_bytes()
}

/// A number in its octets, or several octets.
pub fn octets(octets: &[u8]) -> Vec<u8> {
    match octets {
        [octet] => shown(format!("{octet}b")),
        _ => hex(octets, 0),
    }
}

/// Names, which may end in pointers to others.
fn names(octets: &[u8]) -> Vec<u8> {
    let mut list = Vec::new();
    let mut at = 0;
    while at < octets.len() {
        let (found, end) = labels_at(octets, at);
        list.push(quoted(&found.join(&b'.')));
        at = end;
    }
    list.join(&b',')
}

/// The labels of the name at a place, and where it ends.
fn labels_at(octets: &[u8], at: usize) -> (Vec<Vec<u8>>, usize) {
    match octets[at] {
        0 => (Vec::new(), at + 1),
        high @ 0xC0.. => {
            let place = usize::from(high & 0x3F) << 8 | usize::from(octets[at + 1]);
            (labels_at(octets, place).0, at + 2)
        }
        len => {
            let behind = at + 1 + usize::from(len);
            let (mut rest, end) = labels_at(octets, behind);
            rest.insert(0, octets[at + 1..behind].to_vec());
            (rest, end)
        }
    }
}

/// Texts behind their lengths.
fn strings(octets: &[u8]) -> Vec<u8> {
    let mut list = Vec::new();
    let mut rest = octets;
    while let [high, low, behind @ ..] = rest {
        let (text, behind) = behind.split_at(usize::from(u16::from_be_bytes([*high, *low])));
        list.push(quoted(text));
        rest = behind;
    }
    list.join(&b',')
}

/// Sub-options of the NTP option.
fn ntp_servers(octets: &[u8]) -> Vec<u8> {
    let mut list = Vec::new();
    let mut rest = octets;
    while let [_, number, high, low, behind @ ..] = rest {
        let (value, behind) = behind.split_at(usize::from(u16::from_be_bytes([*high, *low])));
        list.push(if *number == 3 { name(value) } else { addresses6(value) });
        rest = behind;
    }
    list.join(&b',')
}

/// A value that is neither text nor only addresses.
pub fn other(kind: Kind, value: &[u8]) -> Vec<u8> {
    match kind {
        Kind::Names => names(value),
        Kind::Strings => strings(value),
        Kind::NtpServers => ntp_servers(value),
        Kind::Time => {
            let all: [u8; 4] = value.try_into().unwrap();
            shown(u32::from_be_bytes(all))
        }
        Kind::Addresses => prefixes(value),
        _ => octets(value),
    }
}
