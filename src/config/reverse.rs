//! The reverse zones of a prefix (RFC 1035 §3.5, RFC 3596 §2.5): one where the
//! length ends on an octet or, in IPv6, on a nibble; otherwise as many as the
//! bits left over make.

use super::refusal::Applied;
use crate::base::text;
use std::net::IpAddr;

/// Calls `each` with every zone as text until one is refused. `len` counts
/// leading bits; with none there is no zone.
pub fn zones(addr: IpAddr, len: u8, each: &mut dyn FnMut(&[u8]) -> Applied) -> Applied {
    let (bits, unit, suffix) = match addr {
        IpAddr::V4(addr) => (u128::from(u32::from(addr)) << 96, 8, "in-addr.arpa"),
        IpAddr::V6(addr) => (u128::from(addr), 4, "ip6.arpa"),
    };
    if len == 0 {
        return Ok(());
    }
    let len = u32::from(len);
    let units = len.div_ceil(unit);
    let spare = (units.saturating_mul(unit)).saturating_sub(len);
    let kept = bits & u128::MAX.checked_shl(128u32.saturating_sub(len)).unwrap_or(0);
    let step = 128u32.saturating_sub(units.saturating_mul(unit));
    for zone in 0..1u128 << spare {
        let value = kept | zone.checked_shl(step).unwrap_or(0);
        let mut name = String::new();
        for place in (1..=units).rev() {
            let shift = 128u32.saturating_sub(place.saturating_mul(unit));
            let label = value.checked_shr(shift).unwrap_or(0) & ((1 << unit) - 1);
            match unit {
                8 => name.push_str(&text::number(label as u64)),
                _ => name.extend(char::from_digit(label as u32, 16)),
            }
            name.push('.');
        }
        name.push_str(suffix);
        each(name.as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(addr: &str, len: u8) -> Vec<String> {
        let mut all = Vec::new();
        zones(addr.parse().unwrap(), len, &mut |zone| {
            all.push(String::from_utf8(zone.to_vec()).unwrap());
            Ok(())
        })
        .unwrap();
        all
    }

    #[test]
    fn whole_octets_and_nibbles_make_one_zone() {
        assert_eq!(of("192.168.7.9", 24), ["7.168.192.in-addr.arpa"]);
        assert_eq!(of("10.1.2.3", 32), ["3.2.1.10.in-addr.arpa"]);
        assert_eq!(of("fd00:1::", 20), ["0.0.0.d.f.ip6.arpa"]);
        assert_eq!(of("::1", 128).len(), 1);
    }

    #[test]
    fn other_lengths_make_several_and_lose_host_bits() {
        assert_eq!(of("10.1.255.3", 23), ["254.1.10.in-addr.arpa", "255.1.10.in-addr.arpa"]);
        assert_eq!(of("10.0.0.0", 25).len(), 128);
        assert_eq!(of("10.0.0.0", 7), ["10.in-addr.arpa", "11.in-addr.arpa"]);
        assert_eq!(of("fd00::", 63), ["0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa"]);
    }
}
