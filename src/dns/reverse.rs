//! Names of the reverse zones (RFC 1035 §3.5, RFC 3596 §2.5) and the private
//! address ranges that `bogus-priv` keeps from leaving the house.

use crate::base::text;
use crate::wire::dns::name::Name;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The address a complete reverse name stands for.
pub fn addr(name: Name) -> Option<IpAddr> {
    if !name.labels().last()?.eq_ignore_ascii_case(b"arpa") {
        return None;
    }
    v4(name).map(IpAddr::V4).or_else(|| v6(name).map(IpAddr::V6))
}

fn v4(name: Name) -> Option<Ipv4Addr> {
    let mut labels = name.labels();
    let mut octets = [0u8; 4];
    for octet in octets.iter_mut().rev() {
        *octet = u8::try_from(text::parse_decimal(labels.next()?)?).ok()?;
    }
    (labels.next()?.eq_ignore_ascii_case(b"in-addr") && labels.count() == 1).then(|| octets.into())
}

fn v6(name: Name) -> Option<Ipv6Addr> {
    let mut labels = name.labels();
    let mut value = 0u128;
    for place in 0..32u32 {
        let digit = match labels.next()? {
            [digit] => char::from(*digit).to_digit(16)?,
            _ => return None,
        };
        value |= u128::from(digit) << (place * 4);
    }
    (labels.next()?.eq_ignore_ascii_case(b"ip6") && labels.count() == 1).then(|| value.into())
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
