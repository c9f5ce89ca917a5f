//! The value of a DHCP option, typed by what the option is known to hold and
//! otherwise by its look: hexadecimal with colons, a number, addresses, text.
//! Numbers and layouts after RFC 2132; 119 after RFC 3397, 120 after RFC 3361,
//! address with prefix length after RFC 3442.

use super::lexer::Text;
use super::refusal::{Applied, Refusal};
use super::values::{number, parse_hex, seconds};
use crate::base::octets::kind::{BLANK, BRACKET, COLON, COMMA, DIGIT, DOT, HEX_LETTER, SLASH, STAR};
use crate::base::octets::kinds;
use crate::base::text::parse_ip;
use crate::wire::dhcp4_options::{self, Kind};
use crate::wire::dhcp6_options;
use crate::wire::dns::name::Name;
use std::net::IpAddr;

/// An option of the configuration by its number.
pub struct Numbered {
    /// Its number.
    pub code: u16,
    /// What it is known to hold.
    pub kind: Kind,
    /// It is one of DHCPv6.
    pub six: bool,
    /// It was given by number.
    pub by_number: bool,
}

/// Reads `option:NAME`, `option6:NAME`, `option6:NUMBER` or a number; nothing
/// for anything else. `internal`: also names of what the server fills in itself.
pub fn option_number(item: Text, internal: bool) -> Applied<Option<Numbered>> {
    let named = item.behind(b"option:").or_else(|| item.behind(b"option6:"));
    let six = named.is_some() && item.behind(b"option6:").is_some();
    let name = named.map(|name| name.meant()).or(item.bare()).unwrap_or_default();
    let is_number = kinds(name) == DIGIT;
    let by_number = is_number && (six || named.is_none());
    if !by_number && named.is_none() {
        return Ok(None);
    }
    let bad = || wrong!("bad dhcp-option");
    let table = if six { &dhcp6_options::KNOWN } else { &dhcp4_options::KNOWN };
    if by_number {
        let most = if six { u16::MAX } else { u8::MAX.into() };
        let code = number(name).and_then(|code| u16::try_from(code).ok()).filter(|code| *code <= most).ok_or_else(bad)?;
        let kind = table.by_code(code).map_or(Kind::Free, |known| known.kind);
        return Ok(Some(Numbered { code, kind, six, by_number }));
    }
    let known = table.by_name(name).filter(|known| internal || !known.internal).ok_or_else(bad)?;
    Ok(Some(Numbered { code: known.code.into(), kind: known.kind, six, by_number }))
}

/// What the octets of a value are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// Hexadecimal, bit n of the number set where octet n was `*`.
    Hex(u64),
    /// A number of so many octets.
    Number,
    /// Addresses, IPv4 or, in DHCPv6, IPv6.
    Addresses,
    /// None of the others: prefixes, names.
    Octets,
    /// Text.
    Text,
}

/// Digits and letters of hexadecimal.
const HEX: u16 = DIGIT | HEX_LETTER;

/// What a value looks like.
#[derive(PartialEq)]
enum Look {
    Hex,
    Number,
    Addresses,
    Text,
}

/// The look of an unquoted value; anything quoted is text.
fn look(text: Text) -> Look {
    let Some(octets) = text.bare() else { return Look::Text };
    let kinds = kinds(octets);
    let are_all = |of: u16| kinds & !of == 0;
    if kinds & COLON != 0 && kinds & HEX != 0 && are_all(HEX | COLON | STAR) {
        Look::Hex
    } else if is_number(octets) {
        Look::Number
    } else if kinds & DIGIT != 0 && !octets.starts_with(b"/") && are_all(DIGIT | DOT | COMMA | SLASH | BLANK) {
        Look::Addresses
    } else {
        Look::Text
    }
}

/// Digits, perhaps behind a minus sign, perhaps before one letter for a size.
fn is_number(octets: &[u8]) -> bool {
    let digits = octets.strip_prefix(b"-").unwrap_or(octets);
    let digits = match digits.split_last() {
        Some((b'b' | b's' | b'i', digits)) => digits,
        _ => digits,
    };
    kinds(digits) == DIGIT
}

/// Types a value and puts its octets into `out`, which is empty. `kind`: what
/// the option is known to hold. `six`: it is one of DHCPv6.
pub fn parse(kind: Kind, six: bool, text: Text, out: &mut Vec<u8>) -> Applied<Value> {
    const BAD: Refusal = wrong!("bad dhcp-option");
    let look = look(text);
    let octets = text.octets();
    match kind {
        Kind::Addresses if six => return addresses6(text, out),
        Kind::Addresses if look == Look::Addresses => return addresses(text, out),
        Kind::Addresses => return Err(wrong!("bad IP address")),
        Kind::Text => {}
        Kind::Names => return names(text, !six, out),
        Kind::Strings => {
            for item in text.items() {
                if !item.is_empty() {
                    counted(out, item.octets());
                }
            }
            return Ok(Value::Octets);
        }
        Kind::NtpServers => return ntp_servers(text, out),
        Kind::Time => {
            let secs = if octets == b"infinite" { Some(u32::MAX) } else { seconds(octets) };
            out.extend(secs.ok_or(BAD)?.to_be_bytes());
            return Ok(Value::Number);
        }
        Kind::SipServers if look == Look::Addresses => {
            out.push(1);
            addresses(text, out)?;
            return if octets.contains(&b'/') { Err(wrong!("bad IPv4 address")) } else { Ok(Value::Octets) };
        }
        Kind::SipServers if look == Look::Text => {
            out.push(0);
            return names(text, true, out);
        }
        _ => match look {
            Look::Hex => {
                let hex = parse_hex(octets, false, out).ok_or(BAD)?;
                return Ok(Value::Hex(hex.wild));
            }
            Look::Number => return integer(octets, kind, out),
            Look::Addresses if !six => return addresses(text, out),
            Look::Text if six && is_addresses6(text) => return addresses6(text, out),
            _ => {}
        },
    }
    out.extend(octets);
    Ok(Value::Text)
}

/// True for IPv6 addresses: several, or in square brackets. One without looks
/// like octets in hexadecimal.
fn is_addresses6(text: Text) -> bool {
    let kinds = text.bare().map_or(0, kinds);
    kinds & COLON != 0 && kinds & !(HEX | COLON | COMMA | BRACKET) == 0
}

/// IPv6 addresses between commas, brackets around them or not.
#[inline(never)]
fn addresses6(text: Text, out: &mut Vec<u8>) -> Applied<Value> {
    for item in text.items() {
        let bare = item.octets();
        let bare = bare.strip_prefix(b"[").unwrap_or(bare);
        let Some(IpAddr::V6(addr)) = parse_ip(bare.strip_suffix(b"]").unwrap_or(bare)) else {
            return Err(wrong!("bad IPv6 address"));
        };
        out.extend(addr.octets());
    }
    Ok(Value::Addresses)
}

/// Appends `value` behind its length in two octets.
#[inline(never)]
fn counted(out: &mut Vec<u8>, value: &[u8]) {
    out.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend(value);
}

/// Sub-options of the NTP option (RFC 5908 §4): a server's address, a group's,
/// a name.
const NTP_ADDRESS: u8 = 1;
const NTP_GROUP: u8 = 2;
const NTP_NAME: u8 = 3;

/// NTP servers between commas, all by address or all by name.
fn ntp_servers(text: Text, out: &mut Vec<u8>) -> Applied<Value> {
    if addresses6(text, out).is_ok() {
        for addr in std::mem::take(out).chunks_exact(16) {
            let number = if addr.first() == Some(&0xFF) { NTP_GROUP } else { NTP_ADDRESS };
            out.extend([0, number]);
            counted(out, addr);
        }
        return Ok(Value::Octets);
    }
    out.clear();
    for item in text.items() {
        let name = item.name_box().ok_or(wrong!("bad domain in dhcp-option"))?;
        out.extend([0, NTP_NAME]);
        counted(out, &name);
    }
    Ok(Value::Octets)
}

/// A number in as many octets as its letter says, or the option takes, or it
/// needs.
fn integer(octets: &[u8], kind: Kind, out: &mut Vec<u8>) -> Applied<Value> {
    let (minus, rest) = match octets.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, octets),
    };
    let (digits, letter) = match rest.split_last() {
        Some((letter @ (b'b' | b's' | b'i'), digits)) => (digits, Some(*letter)),
        _ => (rest, None),
    };
    let value = number(digits).ok_or(wrong!("bad dhcp-option"))?;
    let value = if minus { value.wrapping_neg() } else { value };
    let size = match (letter, kind) {
        (Some(b'b'), _) => 1,
        (Some(b's'), _) => 2,
        (Some(_), _) => 4,
        (None, Kind::Decimal(size) | Kind::Number(size)) => size,
        (None, _) if value > 0xFFFF => 4,
        (None, _) if value > 0xFF => 2,
        (None, _) => 1,
    };
    let all = value.to_be_bytes();
    let skipped = all.len().saturating_sub(size.into());
    out.extend(all.get(skipped..).unwrap_or_default());
    Ok(Value::Number)
}

/// Addresses between commas; with a prefix length, RFC 3442's short form.
#[inline(never)]
fn addresses(text: Text, out: &mut Vec<u8>) -> Applied<Value> {
    const BAD: Refusal = wrong!("bad IPv4 address");
    let mut look = Value::Addresses;
    for item in text.items() {
        let (addr, len) = item.split(b'/');
        let addr = addr.ipv4().ok_or(BAD)?.octets();
        let mut significant = 4;
        if let Some(len) = len {
            let len = len.number().filter(|len| *len <= 32).ok_or(BAD)?;
            out.push(len as u8);
            significant = len.div_ceil(8);
            look = Value::Octets;
        }
        out.extend(addr.iter().take(significant as usize));
    }
    Ok(look)
}

/// Domain names; with `pointers` each ends in one where an earlier one ends
/// alike. What stands before them is not pointed at.
fn names(text: Text, pointers: bool, out: &mut Vec<u8>) -> Applied<Value> {
    let start = out.len();
    // All names in full, one behind the other, and where the ends of them are:
    // there and in `out`.
    let mut all = Vec::new();
    let mut known: Vec<(usize, usize)> = Vec::new();
    for item in text.items() {
        if item.is_empty() {
            // Quirk: no name is the root; OpenWrt writes `option6:domain-search,`
            // when it has no domain.
            out.push(0);
            continue;
        }
        let wanted = item.name_box().ok_or(wrong!("bad domain in dhcp-option"))?;
        let mut rest = Name::new(&wanted).unwrap_or(Name::ROOT);
        let begin = all.len();
        all.extend(rest.wire());
        loop {
            if rest.is_root() {
                out.push(0);
                break;
            }
            let is_known = |(at, _): &&(usize, usize)| all.get(*at..).is_some_and(|all: &[u8]| all.starts_with(rest.wire()));
            if let Some((_, place)) = known.iter().find(is_known).filter(|_| pointers) {
                out.extend((u16::try_from(*place).unwrap_or(u16::MAX) | 0xC000).to_be_bytes());
                break;
            }
            let at = begin.saturating_add(wanted.len().saturating_sub(rest.wire().len()));
            known.push((at, out.len().saturating_sub(start)));
            let label = rest.first_label();
            out.push(label.len() as u8);
            out.extend(label);
            rest = rest.parent().unwrap_or(Name::ROOT);
        }
    }
    Ok(Value::Octets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::lexer::Whole;

    fn wire(kind: Kind, text: &str) -> Vec<u8> {
        octets(kind, false, text)
    }

    fn octets(kind: Kind, six: bool, text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        parse(kind, six, Text::all(&Whole::plain(text.as_bytes())), &mut out).unwrap();
        out
    }

    fn free(text: &str) -> Vec<u8> {
        wire(Kind::Free, text)
    }

    #[test]
    fn no_name_in_a_list_is_the_root() {
        assert_eq!(wire(Kind::Names, ""), [0]);
        assert_eq!(wire(Kind::Names, "a,"), [1, b'a', 0, 0]);
    }

    #[test]
    fn an_unknown_option_is_typed_by_its_look() {
        assert_eq!(free("0x0102"), b"0x0102");
        assert_eq!(free("1234"), [4, 210]);
        assert_eq!(free("70000"), 70000u32.to_be_bytes());
        assert_eq!(free("-1"), [255; 4]);
        assert_eq!(free("5i"), [0, 0, 0, 5]);
        assert_eq!(free("5"), [5]);
        assert_eq!(free("a:b:c"), [10, 11, 12]);
        assert_eq!(free("10.0.0.0/24"), [24, 10, 0, 0]);
        assert_eq!(free("77w"), b"77w");
        assert_eq!(free("1b,2s"), b"1b,2s");
        assert_eq!(free("/etc/x"), b"/etc/x");
        assert_eq!(free("1.2.3.4,5.6.7.8"), [1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(free("..."), b"...");
        assert!(parse(Kind::Free, false, Text::all(&Whole::plain(b"1,2,300")), &mut Vec::new()).is_err());
    }

    #[test]
    fn a_known_option_has_its_kind() {
        assert_eq!(wire(Kind::Decimal(2), "1500"), [5, 220]);
        assert_eq!(wire(Kind::Time, "1h"), 3600u32.to_be_bytes());
        assert_eq!(wire(Kind::Text, "1.2.3.4"), b"1.2.3.4");
        assert!(parse(Kind::Addresses, false, Text::all(&Whole::plain(b"x")), &mut Vec::new()).is_err());
        assert_eq!(wire(Kind::Free, "10.0.0.0/8,10.1.1.1,0.0.0.0/0,10.1.1.2"), [
            8, 10, 10, 1, 1, 1, 0, 10, 1, 1, 2
        ]);
    }

    #[test]
    fn search_lists_share_their_tails() {
        let list = wire(Kind::Names, "eng.apple.com,Marketing.apple.com");
        assert_eq!(list, b"\x03eng\x05apple\x03com\0\x09marketing\xC0\x04", "the example of RFC 3397 §3");
        assert_eq!(wire(Kind::SipServers, "a.b,c.b"), b"\0\x01a\x01b\0\x01c\xC0\x02");
        assert_eq!(wire(Kind::SipServers, "1.2.3.4"), [1, 1, 2, 3, 4]);
    }

    #[test]
    fn options_of_dhcpv6_have_kinds_of_their_own() {
        let six = |kind, text| octets(kind, true, text);
        assert_eq!(six(Kind::Addresses, "[fd00::1],::2").len(), 32);
        assert_eq!(six(Kind::Names, "a.b,c.b"), b"\x01a\x01b\0\x01c\x01b\0", "RFC 8415 §10: no pointers");
        assert_eq!(six(Kind::Strings, "ab,,c"), b"\0\x02ab\0\x01c");
        assert_eq!(six(Kind::NtpServers, "a.b"), b"\0\x03\0\x05\x01a\x01b\0");
        let both = six(Kind::NtpServers, "[fd00::1],[ff05::101]");
        assert_eq!((&both[..5], &both[20..24], both.len()), (&[0, 1, 0, 16, 0xFD][..], &[0, 2, 0, 16][..], 40));
        assert_eq!(six(Kind::Free, "[fd00::1]").len(), 16);
        assert_eq!(six(Kind::Free, "1:2"), [1, 2]);
        assert_eq!(six(Kind::Free, "fd00::1,fd00::2").len(), 32);
        assert_eq!(six(Kind::Free, "[x]"), b"[x]");
        assert_eq!(six(Kind::Free, "1.2.3.4"), b"1.2.3.4");
        assert_eq!(six(Kind::Free, "1,2"), b"1,2");
        assert_eq!(six(Kind::Free, "beef"), b"beef");
        assert_eq!(six(Kind::Time, "2h"), [0, 0, 28, 32]);
        assert!(parse(Kind::Addresses, true, Text::all(&Whole::plain(b"1.2.3.4")), &mut Vec::new()).is_err());
    }
}
