//! Addresses to give out, and how leases are kept.

use crate::base::net::same_net4;
use crate::base::text::parse_ip;
use crate::config::dhcp6::{Range6, mode};
use crate::config::draft::{Draft, Flag, Number};
use crate::config::lexer::Text;
use crate::config::refusal::{Applied, Refusal};
use crate::config::row::{self, Row, flag, many, once};
use crate::config::values::{behind_tag, condition, ipv4, lease_time, number, path_or_none, pattern, set_tag};
use crate::config::{Conditions, LeaseTime, Range, RangeKind, Tag};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub const ROWS: &[Row] = &[
    many("dhcp-range=[set:<tag>,]<from>[,<to>|static][,<mask>[,<broadcast>]][,<time>]", b'F', range, "Give out these addresses by DHCP").dhcp4(),
    once("dhcp-leasefile[=<file>]", b'l', lease_file, "Where leases are kept (/var/lib/misc/dnsmasq.leases)").dhcp4(),
    once("dhcp-lease[=<file>]", b'l', lease_file, "Old spelling of dhcp-leasefile").dhcp4(),
    row::number("dhcp-lease-max=<n>", b'X', Number::LeaseMax, (0, u32::MAX), "Most leases (1000)").dhcp4(),
    flag("dhcp-authoritative", b'K', Flag::DhcpAuthoritative, "There is no other DHCP server").dhcp4(),
    flag("dhcp-sequential-ip", 0, Flag::DhcpSequential, "Give out addresses in ascending order").dhcp4(),
    flag("no-ping", b'5', Flag::NoPing, "Do not look whether an address is in use before offering it").dhcp4(),
    flag("dhcp-rapid-commit", 0, Flag::DhcpRapidCommit, "Grant a lease at once to clients that ask so").dhcp4(),
];

/// Seconds of a lease if nothing is said.
const LEASE_DEFAULT: LeaseTime = LeaseTime::Secs(3600);

fn lease_file(draft: &mut Draft, text: Text) -> Applied {
    draft.lease_file = path_or_none(text)?;
    Ok(())
}

fn bad() -> Refusal {
    "bad dhcp-range".into()
}

/// True for what cannot be an address: the first item may be a tag.
fn is_word(octets: &[u8]) -> bool {
    octets.iter().any(|octet| !octet.is_ascii_hexdigit() && !matches!(octet, b'.' | b':'))
}

/// Most pieces that a range is taken into.
const ITEMS_MAX: usize = 8;

/// Takes tags off the front: conditions, and the one that clients get.
fn tags<'a>(draft: &mut Draft, text: Text<'a>) -> Applied<(Vec<(Tag, bool)>, Option<Tag>, Text<'a>)> {
    let (mut conditions, mut set) = (Vec::new(), None);
    let mut rest = text;
    loop {
        let (item, behind) = rest.split(b',');
        let Some(behind) = behind.filter(|_| is_word(item.octets())) else {
            return Ok((conditions, set, rest));
        };
        match behind_tag(item) {
            Some(name) => conditions.push(condition(name.octets(), &mut draft.tags)?),
            None if set.is_some() => return Err("only one tag allowed".into()),
            None => set = Some(set_tag(item, &mut draft.tags)?),
        }
        rest = behind;
    }
}

fn range(draft: &mut Draft, text: Text) -> Applied {
    let (conditions, set, rest) = tags(draft, text)?;
    let items: Vec<&[u8]> = rest.items().map(|item| item.octets()).collect();
    let Some((first, items)) = items.split_first().filter(|(_, behind)| (1..ITEMS_MAX).contains(&behind.len())) else {
        return Err(bad());
    };
    let conditions = conditions.into();
    match parse_ip(first).ok_or_else(bad)? {
        IpAddr::V4(start) => range4(draft, start, items, conditions, set),
        IpAddr::V6(start) => range6(draft, start, items, conditions, set),
    }
}

/// What stands at the end of a range: nothing, the time of a lease, or that it
/// is deprecated.
fn end_of_range(items: &[&[u8]]) -> Applied<(Option<LeaseTime>, bool)> {
    match items {
        [] | [b""] => Ok((None, false)),
        [b"deprecated"] => Ok((None, true)),
        [time] => lease_time(time).map(|time| (Some(time), false)).ok_or_else(bad),
        _ => Err(bad()),
    }
}

fn range4(draft: &mut Draft, start: Ipv4Addr, items: &[&[u8]], conditions: Conditions, set: Option<Tag>) -> Applied {
    let (second, mut rest) = items.split_first().ok_or_else(bad)?;
    let (end, kind) = match *second {
        b"static" => (start, RangeKind::Static),
        b"proxy" => {
            draft.not_yet("dhcp-range with proxy");
            (start, RangeKind::Proxy)
        }
        end => (ipv4(end).ok_or_else(bad)?, RangeKind::Dynamic),
    };
    let mut address = || {
        let (first, behind) = rest.split_first()?;
        let found = ipv4(first)?;
        rest = behind;
        Some(found)
    };
    let netmask = address();
    let broadcast = if netmask.is_some() { address() } else { None };
    if netmask.is_some_and(|mask| !same_net4(start, end, mask)) {
        return Err("inconsistent DHCP range".into());
    }
    // `deprecated` means nothing here.
    let lease = end_of_range(rest)?.0.unwrap_or(LEASE_DEFAULT);
    let (start, end) = (start.min(end), start.max(end));
    draft.ranges.push(Range { start, end, kind, netmask, broadcast, lease, conditions, set });
    Ok(())
}

/// Words of a range of IPv6 addresses, and what each says.
const MODES: [(&[u8], u8); 7] = [
    (b"static", mode::STATIC | mode::DHCP),
    (b"ra-only", mode::ADVERT),
    (b"slaac", mode::ADVERT),
    (b"ra-names", mode::ADVERT | mode::NAMES),
    (b"ra-advrouter", mode::ADVERT | mode::ROUTER),
    (b"ra-stateless", mode::ADVERT | mode::STATELESS | mode::DHCP),
    (b"off-link", mode::OFF_LINK),
];

fn range6(draft: &mut Draft, start: Ipv6Addr, items: &[&[u8]], conditions: Conditions, set: Option<Tag>) -> Applied {
    draft.not_yet("dhcp-range for IPv6");
    let (mut end, mut modes, mut constructor) = (start, 0, None);
    let mut rest = items;
    if let Some((IpAddr::V6(last), behind)) = rest.split_first().and_then(|(item, behind)| Some((parse_ip(item)?, behind))) {
        (end, modes, rest) = (last, mode::DHCP, behind);
    }
    while let Some((item, behind)) = rest.split_first() {
        match (MODES.iter().find(|(word, _)| word == item), item.strip_prefix(b"constructor:")) {
            (Some((_, bits)), _) => modes |= bits,
            (None, Some(name)) => constructor = Some(pattern(name)),
            (None, None) => break,
        }
        rest = behind;
    }
    let mut prefix = 64;
    if let Some((item, behind)) = rest.split_first()
        && let Some(length) = number(item).and_then(|length| u8::try_from(length).ok()).filter(|length| *length <= 128)
    {
        (prefix, rest) = (length, behind);
    }
    let network = |addr: Ipv6Addr| addr.to_bits().checked_shr(128u32.saturating_sub(prefix.into())).unwrap_or(0);
    let wrong = match prefix {
        ..=63 => "prefix length must be at least 64",
        65.. if modes & mode::ADVERT != 0 => "prefix length must be exactly 64 for RA subnets",
        65.. if constructor.is_some() => "prefix length must be exactly 64 for subnet constructors",
        _ if network(start) != network(end) => "inconsistent DHCPv6 range",
        _ if constructor.is_some() && network(start) != 0 => "prefix must be zero with \"constructor:\" argument",
        _ => "",
    };
    if !wrong.is_empty() {
        return Err(wrong.into());
    }
    let (lease, deprecated) = end_of_range(rest)?;
    if deprecated {
        modes |= mode::DEPRECATED;
    }
    if start.is_unspecified() && constructor.is_none() {
        prefix = 0;
    }
    let (start, end) = (start.min(end), start.max(end));
    draft.six.ranges.push(Range6 { start, end, prefix, constructor, modes, lease, conditions, set });
    Ok(())
}
