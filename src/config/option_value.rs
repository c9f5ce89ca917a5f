//! The value of a DHCP option, typed by what the option is known to hold and
//! otherwise by its look: hexadecimal with colons, a number, addresses, text.
//! Numbers and layouts after RFC 2132; 119 after RFC 3397, 120 after RFC 3361,
//! address with prefix length after RFC 3442.

use super::lexer::Text;
use super::refusal::{Applied, Refusal};
use super::values::{ipv4, name, number, parse_hex, seconds};
use crate::wire::dhcp4_options::Kind;

/// SIP servers: a type octet stands before addresses or names.
const SIP_SERVERS: u8 = 120;

/// A typed value.
pub enum Value {
    /// Octets, bit n of the number set where octet n was `*`.
    Hex(Vec<u8>, u64),
    /// A number of so many octets.
    Number(Vec<u8>),
    /// The octets of IPv4 addresses.
    Addresses(Vec<u8>),
    /// Octets that are none of the others: prefixes, names.
    Octets(Vec<u8>),
    /// Text.
    Text(Vec<u8>),
}

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
    let all = |fits: fn(&u8) -> bool| octets.iter().all(fits);
    let digits = octets.iter().any(u8::is_ascii_digit);
    let hex_digits = octets.iter().any(u8::is_ascii_hexdigit);
    if hex_digits && octets.contains(&b':') && all(|octet| octet.is_ascii_hexdigit() || matches!(octet, b':' | b'*')) {
        Look::Hex
    } else if is_number(octets) {
        Look::Number
    } else if digits
        && !octets.starts_with(b"/")
        && all(|octet| octet.is_ascii_digit() || matches!(octet, b'.' | b',' | b'/' | b' '))
    {
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
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

/// Types a value. `kind`: what the option `code` is known to hold.
pub fn parse(code: u8, kind: Kind, text: Text) -> Applied<Value> {
    let look = look(text);
    let octets = text.octets();
    match kind {
        Kind::Addresses if look == Look::Addresses => addresses(text),
        Kind::Addresses => Err("bad IP address".into()),
        Kind::Text => Ok(Value::Text(octets.into())),
        Kind::Names => names(text, &[]),
        Kind::Time => match octets {
            b"infinite" => Ok(Value::Number(vec![0xFF; 4])),
            _ => seconds(octets)
                .map(|secs| Value::Number(secs.to_be_bytes().into()))
                .ok_or_else(|| Refusal::from("bad dhcp-option")),
        },
        Kind::Free if code == SIP_SERVERS && look == Look::Addresses => {
            let Value::Addresses(mut octets) = addresses(text)? else { return Err("bad IPv4 address".into()) };
            octets.insert(0, 1);
            Ok(Value::Octets(octets))
        }
        Kind::Free if code == SIP_SERVERS && look == Look::Text => names(text, &[0]),
        Kind::Decimal(_) | Kind::Number(_) | Kind::Free => match look {
            Look::Hex => {
                let hex = parse_hex(octets, false).ok_or("bad dhcp-option")?;
                Ok(Value::Hex(hex.octets, hex.wild))
            }
            Look::Number => integer(octets, kind),
            Look::Addresses => addresses(text),
            Look::Text => Ok(Value::Text(octets.into())),
        },
    }
}

/// A number in as many octets as its letter says, or the option takes, or it
/// needs.
fn integer(octets: &[u8], kind: Kind) -> Applied<Value> {
    let (minus, rest) = match octets.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, octets),
    };
    let (digits, letter) = match rest.split_last() {
        Some((letter @ (b'b' | b's' | b'i'), digits)) => (digits, Some(*letter)),
        _ => (rest, None),
    };
    let value = number(digits).ok_or("bad dhcp-option")?;
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
    Ok(Value::Number(all.get(skipped..).unwrap_or_default().into()))
}

/// Addresses between commas; with a prefix length, RFC 3442's short form.
fn addresses(text: Text) -> Applied<Value> {
    let bad = || Refusal::from("bad IPv4 address");
    let with_lengths = text.octets().contains(&b'/');
    let mut octets = Vec::new();
    for item in text.items() {
        let (addr, len) = item.split(b'/');
        let addr = ipv4(addr.octets()).ok_or_else(bad)?.octets();
        let significant = match len {
            Some(len) => {
                let len = number(len.octets()).and_then(|len| u8::try_from(len).ok()).filter(|len| *len <= 32);
                let len = len.ok_or_else(bad)?;
                octets.push(len);
                usize::from(len.div_ceil(8))
            }
            None => addr.len(),
        };
        octets.extend_from_slice(addr.get(..significant).unwrap_or_default());
    }
    Ok(if with_lengths { Value::Octets(octets) } else { Value::Addresses(octets) })
}

/// Domain names, each ending in a pointer where an earlier one ends alike.
/// `front` stands before them and is not pointed at.
fn names(text: Text, front: &[u8]) -> Applied<Value> {
    let mut octets = Vec::new();
    // Names that stand in `octets`, with their places.
    let mut known: Vec<(usize, Vec<u8>)> = Vec::new();
    for item in text.items() {
        let wanted = name(item.octets()).ok_or("bad domain in dhcp-option")?;
        for suffix in wanted.name().suffixes() {
            if suffix.is_root() {
                octets.push(0);
                break;
            }
            if let Some((place, _)) = known.iter().find(|(_, wire)| wire.as_slice() == suffix.wire()) {
                let pointer = u16::try_from(*place).unwrap_or(u16::MAX) | 0xC000;
                octets.extend_from_slice(&pointer.to_be_bytes());
                break;
            }
            known.push((octets.len(), suffix.wire().into()));
            let label = suffix.first_label();
            octets.push(u8::try_from(label.len()).unwrap_or(0));
            octets.extend_from_slice(label);
        }
    }
    Ok(Value::Octets([front, &octets].concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(code: u8, kind: Kind, text: &str) -> Vec<u8> {
        match parse(code, kind, Text::plain(text.as_bytes())).unwrap() {
            Value::Hex(octets, _) | Value::Addresses(octets) => octets,
            Value::Number(octets) | Value::Octets(octets) | Value::Text(octets) => octets,
        }
    }

    fn free(text: &str) -> Vec<u8> {
        wire(200, Kind::Free, text)
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
        assert!(parse(215, Kind::Free, Text::plain(b"1,2,300")).is_err());
    }

    #[test]
    fn a_known_option_has_its_kind() {
        assert_eq!(wire(26, Kind::Decimal(2), "1500"), [5, 220]);
        assert_eq!(wire(58, Kind::Time, "1h"), 3600u32.to_be_bytes());
        assert_eq!(wire(15, Kind::Text, "1.2.3.4"), b"1.2.3.4");
        assert!(parse(3, Kind::Addresses, Text::plain(b"x")).is_err());
        assert_eq!(wire(121, Kind::Free, "10.0.0.0/8,10.1.1.1,0.0.0.0/0,10.1.1.2"), [
            8, 10, 10, 1, 1, 1, 0, 10, 1, 1, 2
        ]);
    }

    #[test]
    fn search_lists_share_their_tails() {
        let list = wire(119, Kind::Names, "eng.apple.com,Marketing.apple.com");
        assert_eq!(list, b"\x03eng\x05apple\x03com\0\x09marketing\xC0\x04", "the example of RFC 3397 §3");
        assert_eq!(wire(120, Kind::Free, "a.b,c.b"), b"\0\x01a\x01b\0\x01c\xC0\x02");
        assert_eq!(wire(120, Kind::Free, "1.2.3.4"), [1, 1, 2, 3, 4]);
    }
}
