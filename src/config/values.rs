//! Values that many options share: numbers, times, names, addresses, interface
//! patterns, tags, hexadecimal. Each either yields a checked value or nothing.

use super::draft::Tags;
use super::lexer::{Items, Text};
use super::refusal::Applied;
use super::{Conditions, HwPattern, LeaseTime, NameBox, Path, Pattern, Tag};
use crate::base::net::{HW_MAX, HwAddr};
use crate::base::text::parse_ip;
use crate::wire::dns::codes;
use crate::wire::dns::name::NameBuf;
use std::ffi::CString;
use std::net::{IpAddr, Ipv4Addr};

/// What many options make of a piece of their value. Called in so many places
/// that each is one call, the octets being looked up in here.
impl Text<'_> {
    /// As `number`.
    #[inline(never)]
    pub fn number(self) -> Option<u32> {
        number(self.octets())
    }

    /// As `port`.
    #[inline(never)]
    pub fn port(self) -> Option<u16> {
        port(self.octets())
    }

    /// An address of either family.
    #[inline(never)]
    pub fn ip(self) -> Option<IpAddr> {
        parse_ip(self.octets())
    }

    /// As `ipv4`.
    #[inline(never)]
    pub fn ipv4(self) -> Option<Ipv4Addr> {
        ipv4(self.octets())
    }

    /// As `name_box`.
    #[inline(never)]
    pub fn name_box(self) -> Option<NameBox> {
        name_box(self.octets())
    }

    /// As `path`.
    #[inline(never)]
    pub fn path(self) -> Path {
        path(self.octets())
    }

    /// As `pattern`.
    #[inline(never)]
    pub fn pattern(self) -> Pattern {
        pattern(self.octets())
    }

    /// What it says, to be kept.
    #[inline(never)]
    pub fn boxed(self) -> Box<[u8]> {
        self.octets().into()
    }
}

/// A decimal number: digits only, nothing counts as 0, and what is too large
/// for 32 bits as the largest.
pub fn number(octets: &[u8]) -> Option<u32> {
    octets.iter().try_fold(0u32, |sum, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        Some(sum.saturating_mul(10).saturating_add(digit.into()))
    })
}

/// A port.
pub fn port(octets: &[u8]) -> Option<u16> {
    number(octets).and_then(|value| u16::try_from(value).ok())
}

/// A decimal number that says one and fits 32 bits.
pub fn whole(octets: &[u8]) -> Option<u32> {
    let value = octets.iter().try_fold(0u32, |sum, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        sum.checked_mul(10)?.checked_add(digit.into())
    })?;
    (!octets.is_empty()).then_some(value)
}

/// A type of records, by its name in any case or its number, which is cut to 16
/// bits.
pub fn record_type(octets: &[u8]) -> Option<u16> {
    number(octets).map(|number| number as u16).or_else(|| codes::number(octets))
}

/// A time in seconds: digits and perhaps one of `s m h d w`.
pub fn seconds(octets: &[u8]) -> Option<u32> {
    let (digits, factor) = match octets.split_last()? {
        (b's' | b'S', digits) => (digits, 1),
        (b'm' | b'M', digits) => (digits, 60),
        (b'h' | b'H', digits) => (digits, 3600),
        (b'd' | b'D', digits) => (digits, 86400),
        (b'w' | b'W', digits) => (digits, 604800),
        _ => (octets, 1),
    };
    if digits.is_empty() {
        return None;
    }
    number(digits).map(|value| value.saturating_mul(factor))
}

/// The time of a lease: seconds, or `infinite`.
pub fn lease_time(octets: &[u8]) -> Option<LeaseTime> {
    match octets {
        b"infinite" => Some(LeaseTime::Infinite),
        _ => seconds(octets).map(|secs| LeaseTime::Secs(secs.max(120))),
    }
}

/// A path. No zero can be in it: lines end at one.
#[inline(never)]
pub fn path(octets: &[u8]) -> Path {
    CString::new(octets).unwrap_or_default().into_boxed_c_str()
}

/// A path, or `None` for nothing.
pub fn path_or_none(text: Text) -> Option<Path> {
    if text.is_empty() { None } else { Some(text.path()) }
}

/// An IPv4 address.
pub fn ipv4(octets: &[u8]) -> Option<Ipv4Addr> {
    match parse_ip(octets) {
        Some(IpAddr::V4(addr)) => Some(addr),
        _ => None,
    }
}

/// A domain name: labels of 1 to 63 octets, 255 in all, no control characters,
/// ASCII. A final dot is dropped; letters become small.
pub fn name(octets: &[u8]) -> Option<NameBuf> {
    let fits = |octet: &u8| (0x20..0x7F).contains(octet);
    if octets.is_empty() || !octets.iter().all(fits) || octets.iter().all(|octet| *octet == b' ') {
        return None;
    }
    NameBuf::from_text(octets).map(NameBuf::lower).filter(|name| !name.name().is_root())
}

/// As `name`, boxed.
#[inline(never)]
pub fn name_box(octets: &[u8]) -> Option<NameBox> {
    name(octets).map(|name| name.name().wire().into())
}

/// As `name_box`; nothing stands for the root.
#[inline(never)]
pub fn name_or_root(octets: &[u8]) -> Option<NameBox> {
    if octets.is_empty() { Some([0].into()) } else { name_box(octets) }
}

/// True when the first label is one that a host may have.
pub fn is_host_name(octets: &[u8]) -> bool {
    let label = octets.split(|octet| *octet == b'.').next().unwrap_or_default();
    let first = label.first().is_some_and(u8::is_ascii_alphanumeric);
    first && label.iter().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'))
}

/// An interface, perhaps with a wildcard at its end; what follows it is ignored.
pub fn pattern(octets: &[u8]) -> Pattern {
    let mut parts = octets.split(|octet| *octet == b'*');
    let name = parts.next().unwrap_or_default().into();
    Pattern { name, wildcard: parts.next().is_some() }
}

/// Adds interfaces between commas to `list`; empty ones are left out.
pub fn add_patterns(list: &mut Vec<Pattern>, text: Text) {
    for item in text.items() {
        if !item.is_empty() {
            list.push(item.pattern());
        }
    }
}

/// The tag behind `set:`, which may be missing.
///
/// Quirk: the old `net:` is part of the name here, as dnsmasq has it.
pub fn set_tag(text: Text, tags: &mut Tags) -> Applied<Tag> {
    tag(text.behind(b"set:").unwrap_or(text).octets(), tags)
}

/// The number of a tag.
pub fn tag(octets: &[u8], tags: &mut Tags) -> Applied<Tag> {
    tags.number(octets).ok_or(wrong!("too many tags"))
}

/// What stands behind `tag:` or the old `net:`.
pub fn behind_tag<'a>(text: Text<'a>) -> Option<Text<'a>> {
    text.behind(b"tag:").or_else(|| text.behind(b"net:"))
}

/// Conditions between commas, the prefix of each optional.
pub fn conditions(text: Text, tags: &mut Tags) -> Applied<Conditions> {
    for item in text.items() {
        if !item.is_empty() {
            tags.condition(behind_tag(item).unwrap_or(item).octets())?;
        }
    }
    Ok(tags.conditions())
}

/// Takes `tag:` items off the front; `tags` gathers them.
#[inline(never)]
pub fn leading_conditions(items: &mut Items, tags: &mut Tags) -> Applied {
    while let Some(mut behind) = items.rest.and_then(behind_tag).map(Text::items) {
        tags.condition(behind.octets())?;
        *items = behind;
    }
    Ok(())
}

/// The value of a hexadecimal digit.
fn nibble(octet: u8) -> Option<u8> {
    char::from(octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// What octets in hexadecimal say beside themselves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hex {
    /// Bit n set: octet n was `*`.
    pub wild: u64,
    /// A hardware type in front (`06-`).
    pub kind: Option<u8>,
}

/// Groups of hexadecimal digits divided by `:`, `-` or blank, appended to `out`;
/// a group may hold several octets, an empty one is a zero, and `*`, for which a
/// zero is appended, stands for any octet. With `typed`, a first group ended by
/// `-` is a hardware type. At most 64 octets with wildcards. Nothing for
/// anything else.
#[inline(never)]
pub fn parse_hex(octets: &[u8], typed: bool, out: &mut Vec<u8>) -> Option<Hex> {
    let mut hex = Hex { wild: 0, kind: None };
    let mut rest = octets;
    let start = out.len();
    let first = rest.iter().position(is_divider);
    if typed && let Some(at) = first.filter(|at| rest.get(*at) == Some(&b'-')) {
        let (front, behind) = rest.split_at_checked(at)?;
        group(front, out)?;
        hex.kind = Some(*out.get(start)?);
        out.truncate(start);
        rest = behind.get(1..)?;
    }
    if rest.is_empty() {
        return Some(hex);
    }
    for part in rest.split(is_divider) {
        match part {
            b"" => out.push(0),
            b"*" => {
                let place = u32::try_from(out.len().saturating_sub(start)).ok()?;
                hex.wild |= 1u64.checked_shl(place)?;
                out.push(0);
            }
            _ => group(part, out)?,
        }
    }
    Some(hex)
}

/// As `parse_hex`, without wildcards and without a type.
#[inline(never)]
pub fn plain_hex(octets: &[u8], out: &mut Vec<u8>) -> Option<()> {
    parse_hex(octets, false, out).filter(|hex| hex.wild == 0).map(|_| ())
}

fn is_divider(octet: &u8) -> bool {
    matches!(octet, b':' | b'-' | b' ')
}

/// Appends the octets of one group; an odd digit stands first.
#[inline(never)]
fn group(digits: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let mut octet = 0u8;
    // True before the second digit of an octet.
    let mut is_half = digits.len() % 2 == 1;
    for digit in digits {
        octet = octet << 4 | nibble(*digit)?;
        if is_half {
            out.push(octet);
            octet = 0;
        }
        is_half = !is_half;
    }
    Some(())
}

/// A hardware address, octets of which may be `*`: `aa:bb:*:…` or `06-aa:…`.
/// `work` is written to.
#[inline(never)]
pub fn hw_pattern(octets: &[u8], work: &mut Vec<u8>) -> Option<HwPattern> {
    work.clear();
    let hex = parse_hex(octets, true, work)?;
    let fits = work.len() <= HW_MAX;
    let wild = u16::try_from(hex.wild).ok()?;
    // Ethernet is meant unless there are wildcards: then any type.
    let kind = hex.kind.unwrap_or(if wild == 0 { 1 } else { 0 });
    fits.then(|| HwPattern { hw: HwAddr::new(kind, work), wild })
}
