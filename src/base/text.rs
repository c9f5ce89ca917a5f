//! Text built into a fixed buffer by hand: decimal, hexadecimal, addresses.
//! No `core::fmt`: it is five times larger and may allocate.
//!
//! What does not fit is cut, never an error: these are log lines and files of
//! known shapes whose buffers are sized for their longest form.

use crate::base::bytes::Writer;
use crate::base::net::HwAddr;
use crate::base::time::UnixTime;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What `write` writes, at most 64 octets, as a string of its own. Allocates.
pub fn string(write: &dyn Fn(&mut Writer)) -> String {
    let mut buffer = [0; 64];
    let mut out = Writer::new(&mut buffer);
    write(&mut out);
    String::from_utf8_lossy(out.written()).into_owned()
}

/// `form` with `parts` in the places of its `%`, as a string of its own. Allocates.
#[inline(never)]
pub fn filled(form: &str, parts: &[&[u8]]) -> String {
    let mut out = Vec::new();
    let mut parts = parts.iter();
    for octet in form.bytes() {
        match octet {
            b'%' => out.extend_from_slice(parts.next().copied().unwrap_or_default()),
            _ => out.push(octet),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A number in decimal, as a string of its own. Allocates.
#[inline(never)]
pub fn number(value: u64) -> String {
    string(&|out| decimal(out, value))
}

/// Appends a number in decimal.
pub fn decimal(out: &mut Writer, value: u64) {
    let mut digits = [0u8; 20];
    let mut used = 0;
    let mut rest = value;
    for place in digits.iter_mut().rev() {
        *place = b'0' + (rest % 10) as u8;
        rest /= 10;
        used += 1;
        if rest == 0 {
            break;
        }
    }
    let from = digits.len().saturating_sub(used);
    out.bytes(digits.get(from..).unwrap_or_default());
}

/// Appends an octet as two lower-case hexadecimal digits.
pub fn hex2(out: &mut Writer, octet: u8) {
    out.bytes(&[nibble(octet >> 4), nibble(octet & 15)]);
}

fn nibble(value: u8) -> u8 {
    if value < 10 { b'0' + value } else { b'a' + (value - 10) }
}

/// Appends octets as lower-case hexadecimal with `separator` between them.
pub fn hex(out: &mut Writer, octets: &[u8], separator: u8) {
    for (place, octet) in octets.iter().enumerate() {
        if place > 0 {
            out.u8(separator);
        }
        hex2(out, *octet);
    }
}

/// Appends a dotted address.
pub fn ipv4(out: &mut Writer, addr: Ipv4Addr) {
    for (place, octet) in addr.octets().into_iter().enumerate() {
        if place > 0 {
            out.u8(b'.');
        }
        decimal(out, octet.into());
    }
}

/// Appends an IPv6 address in the form of RFC 5952 (as `inet_ntop` writes it:
/// with a dotted tail for mapped and compatible addresses).
pub fn ipv6(out: &mut Writer, addr: Ipv6Addr) {
    let words = addr.segments();
    let (mut best, mut best_len, mut run) = (0, 0, 0);
    for (place, word) in words.iter().enumerate() {
        run = if *word == 0 { run + 1 } else { 0 };
        if run > best_len && run > 1 {
            (best, best_len) = (place + 1 - run, run);
        }
    }
    let [.., a, b, c, d] = addr.octets();
    let tail = Ipv4Addr::new(a, b, c, d);
    let mapped = best == 0 && (best_len == 6 || (best_len == 5 && words.get(5) == Some(&0xFFFF)));
    for (place, word) in words.iter().enumerate() {
        if best_len > 0 && place >= best && place < best + best_len {
            if place == best {
                out.u8(b':');
            }
            continue;
        }
        if place > 0 {
            out.u8(b':');
        }
        if mapped && place == 6 {
            ipv4(out, tail);
            return;
        }
        let mut started = false;
        for shift in [12, 8, 4, 0] {
            let digit = ((word >> shift) & 15) as u8;
            if digit != 0 || started || shift == 0 {
                started = true;
                out.u8(nibble(digit));
            }
        }
    }
    if best_len > 0 && best + best_len == words.len() {
        out.u8(b':');
    }
}

/// Appends an address of either family.
pub fn ip(out: &mut Writer, addr: IpAddr) {
    match addr {
        IpAddr::V4(v4) => ipv4(out, v4),
        IpAddr::V6(v6) => ipv6(out, v6),
    }
}

/// Appends a hardware address as dnsmasq writes it: `aa:bb:…`, with the type
/// in front (`06-aa:…`) unless it is Ethernet with an address.
pub fn hw_addr(out: &mut Writer, hw: &HwAddr) {
    if hw.kind != 1 || hw.is_empty() {
        hex2(out, hw.kind);
        out.u8(b'-');
    }
    hex(out, hw.octets(), b':');
}

/// Appends a moment as `ctime` writes it, in universal time:
/// `Mon Nov 23 13:03:56 2026`.
pub fn ctime(out: &mut Writer, at: UnixTime) {
    let (days, secs) = (at.0 / 86_400, at.0 % 86_400);
    // Days from 1 March of year 0, so that leap days end their year; 400 years
    // have 146,097 days.
    let shifted = days.saturating_add(719_468);
    let era_day = shifted % 146_097;
    let era_year = (era_day - era_day / 1_460 + era_day / 36_524 - era_day / 146_096) / 365;
    let year_day = era_day - (365 * era_year + era_year / 4 - era_year / 100);
    let month_from_march = (5 * year_day + 2) / 153;
    let day = year_day - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12;
    let year = era_year + shifted / 146_097 * 400 + u64::from(month < 2);
    const WEEKDAYS: [&[u8]; 7] = [b"Thu ", b"Fri ", b"Sat ", b"Sun ", b"Mon ", b"Tue ", b"Wed "];
    const MONTHS: &[u8] = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec ";
    out.bytes(WEEKDAYS.get((days % 7) as usize).copied().unwrap_or_default());
    out.bytes(MONTHS.chunks(4).nth(month as usize).unwrap_or_default());
    two_digits(out, day, b' ');
    for (unit, before) in [(secs / 3600, b' '), (secs / 60 % 60, b':'), (secs % 60, b':')] {
        out.u8(before);
        two_digits(out, unit, b'0');
    }
    out.u8(b' ');
    decimal(out, year);
}

fn two_digits(out: &mut Writer, value: u64, pad: u8) {
    if value < 10 {
        out.u8(pad);
    }
    decimal(out, value);
}

/// Reads a decimal number that is all digits and fits; nothing otherwise.
pub fn parse_decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |sum, digit| {
        let digit = digit.checked_sub(b'0').filter(|d| *d < 10)?;
        sum.checked_mul(10)?.checked_add(digit.into())
    })
}

/// Reads an IPv4 address in dotted form.
pub fn parse_ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    core::str::from_utf8(text).ok()?.parse().ok()
}

/// Reads an address of either family (no scope).
pub fn parse_ip(text: &[u8]) -> Option<IpAddr> {
    match plain_ipv4(text) {
        Some(addr) => Some(addr.into()),
        None => core::str::from_utf8(text).ok()?.parse().ok(),
    }
}

/// An address of four plain numbers, in a third of the time: lists have a million.
fn plain_ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    let (mut addr, mut part, mut digits, mut dots) = (0u32, 0u32, 0, 0);
    for octet in text {
        match octet {
            b'0'..=b'9' if digits < 3 && (digits == 0 || part > 0) => {
                (part, digits) = (part * 10 + u32::from(octet - b'0'), digits + 1);
            }
            b'.' if digits > 0 && part < 256 && dots < 3 => {
                (addr, part, digits, dots) = (addr << 8 | part, 0, 0, dots + 1);
            }
            _ => return None,
        }
    }
    (dots == 3 && digits > 0 && part < 256).then(|| (addr << 8 | part).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(write: impl Fn(&mut Writer)) -> String {
        let mut buffer = [0; 80];
        let mut writer = Writer::new(&mut buffer);
        write(&mut writer);
        String::from_utf8(writer.written().to_vec()).unwrap()
    }

    #[test]
    fn numbers_and_addresses_read_back() {
        for value in [0, 9, 10, 12345, u64::MAX] {
            assert_eq!(shown(|w| decimal(w, value)), value.to_string());
            assert_eq!(parse_decimal(value.to_string().as_bytes()), Some(value));
        }
        assert_eq!(parse_decimal(b"18446744073709551616"), None);
        for text in ["1.2.3.4", "0.0.0.0", "255.255.255.255", "192.168.10.99"] {
            assert_eq!(plain_ipv4(text.as_bytes()), text.parse().ok());
        }
        for text in ["", "1.2.3", "1.2.3.", "1.2.3.4.", "1.2.3.4.5", ".1.2.3", "1..2.3", "256.1.1.1", "1.1.1.256", "01.2.3.4", "1.2.3.00",
            "0001.1.1.1", "1.2.3.4 ", "::1", "-1.2.3.4"]
        {
            assert_eq!(plain_ipv4(text.as_bytes()), None, "{text}");
            assert_eq!(parse_ip(text.as_bytes()), text.parse().ok());
        }
        assert_eq!(parse_decimal(b"-1"), None);
        for text in ["::", "::1", "fe80::1", "2001:db8:0:1::", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4",
            "2001:0:0:1::1", "1::4:5:6:7:8", "fd00:0:1::", "::102:304:5:6"]
        {
            let addr: Ipv6Addr = text.parse().unwrap();
            assert_eq!(shown(|w| ipv6(w, addr)), addr.to_string(), "{text}");
        }
        assert_eq!(shown(|w| ipv4(w, Ipv4Addr::new(192, 168, 0, 1))), "192.168.0.1");
    }

    #[test]
    fn moments_are_written_as_ctime_does() {
        for (at, expected) in [
            (0, "Thu Jan  1 00:00:00 1970"),
            (951_782_399, "Mon Feb 28 23:59:59 2000"),
            (951_782_400, "Tue Feb 29 00:00:00 2000"),
            (1_709_251_200, "Fri Mar  1 00:00:00 2024"),
            (1_795_438_736, "Mon Nov 23 12:58:56 2026"),
            (4_102_444_799, "Thu Dec 31 23:59:59 2099"),
        ] {
            assert_eq!(shown(|w| ctime(w, UnixTime(at))), expected);
        }
    }

    #[test]
    fn hardware_addresses_show_a_type_only_when_it_is_not_ethernet() {
        assert_eq!(shown(|w| hw_addr(w, &HwAddr::new(1, &[0, 0x1a, 0xff]))), "00:1a:ff");
        assert_eq!(shown(|w| hw_addr(w, &HwAddr::new(6, &[1, 2]))), "06-01:02");
        assert_eq!(shown(|w| hw_addr(w, &HwAddr::new(0x20, &[]))), "20-");
    }
}
