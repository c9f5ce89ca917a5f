//! Names of the reverse zones (RFC 1035 §3.5, RFC 3596 §2.5) and the private
//! address ranges that `bogus-priv` keeps from leaving the house.

use crate::base::net::Prefix;
use crate::base::text;
use crate::wire::dns::name::Name;
use std::net::{IpAddr, Ipv6Addr};

/// The address a complete reverse name stands for.
pub fn addr(name: Name) -> Option<IpAddr> {
    network(name).filter(|net| net.len == if net.addr.is_ipv4() { 32 } else { 128 }).map(|net| net.addr)
}

/// The network that a reverse name stands for, which has as many octets or
/// digits as the name has.
pub fn network(name: Name) -> Option<Prefix> {
    let count = name.label_count().checked_sub(2)?;
    let mut top = name.labels().skip(count);
    let (family, last) = (top.next()?, top.next()?);
    if !last.eq_ignore_ascii_case(b"arpa") {
        return None;
    }
    let labels = name.labels().take(count);
    match () {
        () if family.eq_ignore_ascii_case(b"in-addr") => v4(count, labels),
        () if family.eq_ignore_ascii_case(b"ip6") => v6(count, labels),
        () => None,
    }
}

fn v4<'n>(count: usize, labels: impl Iterator<Item = &'n [u8]>) -> Option<Prefix> {
    let mut octets = [0u8; 4];
    for (octet, label) in octets.get_mut(..count)?.iter_mut().rev().zip(labels) {
        *octet = u8::try_from(text::parse_decimal(label)?).ok()?;
    }
    Some(Prefix { addr: IpAddr::from(octets), len: u8::try_from(count).ok()?.checked_mul(8)? })
}

fn v6<'n>(count: usize, labels: impl Iterator<Item = &'n [u8]>) -> Option<Prefix> {
    let len = u8::try_from(count).ok()?.checked_mul(4).filter(|len| *len <= 128)?;
    let mut value = 0u128;
    for label in labels {
        let [digit] = label else { return None };
        value = value >> 4 | u128::from(char::from(*digit).to_digit(16)?) << 124;
    }
    Some(Prefix { addr: Ipv6Addr::from(value).into(), len })
}

/// True for addresses that have no business in the public reverse zones.
pub fn is_private(addr: IpAddr) -> bool {
    match addr {
        IpAddr::V4(addr) => {
            let [a, b, c, _] = addr.octets();
            match (a, b, c) {
                (0 | 10 | 127, _, _) | (192, 168, _) | (169, 254, _) => true,
                (172, 16..=31, _) | (100, 64..=127, _) => true,
                (192, 0, 2) | (198, 51, 100) | (203, 0, 113) => true,
                _ => addr.is_broadcast(),
            }
        }
        IpAddr::V6(addr) => match addr.to_ipv4_mapped() {
            Some(v4) => is_private(v4.into()),
            None => {
                let [first, second, ..] = addr.segments();
                addr.is_unspecified()
                    || addr.is_loopback()
                    || first & 0xFE00 == 0xFC00
                    || first & 0xFF80 == 0xFE80
                    || (first, second) == (0x2001, 0x0DB8)
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::dns::name::NameBuf;

    fn of(text: &str) -> Option<IpAddr> {
        addr(NameBuf::from_text(text.as_bytes()).unwrap().name())
    }

    #[test]
    fn reverse_names_are_read_whole_or_not_at_all() {
        assert_eq!(of("4.3.2.1.IN-ADDR.arpa"), Some([1, 2, 3, 4].into()));
        let six = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.d.0.1.0.0.2.ip6.ARPA";
        assert_eq!(of(six), Some("2001:db8::1".parse().unwrap()));
        for other in ["3.2.1.in-addr.arpa", "256.3.2.1.in-addr.arpa", "4.3.2.1.in-addr.arpa.lan", "x.4.3.2.1.in-addr.arpa",
            "4.3.2.1.ip6.arpa", "arpa", "a.b"]
        {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn private_ranges_have_the_edges_of_the_list() {
        let yes = "10.0.0.0 172.16.0.0 172.31.255.255 192.168.1.1 169.254.0.1 100.64.0.0 100.127.255.255 192.0.2.1 \
            198.51.100.9 203.0.113.255 255.255.255.255 127.0.0.1 0.1.2.3 fe80::1 fec0::1 fc00::1 fdff::1 2001:db8::1 \
            ::ffff:10.1.1.1 :: ::1";
        let no = "11.0.0.0 172.15.0.1 172.32.0.1 192.169.0.1 100.63.0.1 100.128.0.1 192.0.3.1 8.8.8.8 255.255.255.254 \
            ff02::1 2001:db9::1 2600::1 ::ffff:8.8.8.8";
        assert!(yes.split_whitespace().all(|text| is_private(text.parse().unwrap())));
        assert!(!no.split_whitespace().any(|text| is_private(text.parse().unwrap())));
    }
}
