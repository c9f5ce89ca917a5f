//! Addresses to give out, and how leases are kept.

use crate::base::net::same_net4;
use crate::base::text::parse_ip;
use crate::config::draft::{Draft, Flag, Number};
use crate::config::lexer::Text;
use crate::config::refusal::{Applied, Refusal, not_yet};
use crate::config::row::{Row, flag, many, number, once};
use crate::config::values::{behind_tag, condition, ipv4, lease_time, path, set_tag};
use crate::config::{LeaseTime, Range, RangeKind, Tag};
use std::net::IpAddr;

pub const ROWS: &[Row] = &[
    many("dhcp-range=[set:<tag>,]<from>[,<to>|static][,<mask>[,<broadcast>]][,<time>]", b'F', range, "Give out these addresses by DHCP").dhcp4(),
    once("dhcp-leasefile=<file>", b'l', lease_file, "Where leases are kept (/var/lib/misc/dnsmasq.leases)").dhcp4(),
    once("dhcp-lease=<file>", b'l', lease_file, "Old spelling of dhcp-leasefile").dhcp4(),
    number("dhcp-lease-max=<n>", b'X', Number::LeaseMax, (0, u32::MAX), "Most leases (1000)").dhcp4(),
    flag("dhcp-authoritative", b'K', Flag::DhcpAuthoritative, "There is no other DHCP server").dhcp4(),
    flag("dhcp-sequential-ip", 0, Flag::DhcpSequential, "Give out addresses in ascending order").dhcp4(),
    flag("no-ping", b'5', Flag::NoPing, "Do not look whether an address is in use before offering it").dhcp4(),
    flag("dhcp-rapid-commit", 0, Flag::DhcpRapidCommit, "Grant a lease at once to clients that ask so").dhcp4(),
];

/// Seconds of a lease if nothing is said.
const LEASE_DEFAULT: LeaseTime = LeaseTime::Secs(3600);

fn lease_file(draft: &mut Draft, text: Text) -> Applied {
    draft.lease_file = Some(path(text.octets())?);
    Ok(())
}

fn bad() -> Refusal {
    "bad dhcp-range".into()
}

/// True for what cannot be an address: the first item may be a tag.
fn is_word(octets: &[u8]) -> bool {
    octets.iter().any(|octet| !octet.is_ascii_hexdigit() && !matches!(octet, b'.' | b':'))
}

/// Takes tags off the front: conditions, and the one that clients get.
fn tags<'a>(draft: &mut Draft, text: Text<'a>) -> Applied<(Vec<(Tag, bool)>, Option<Tag>, Text<'a>)> {
    let (mut conditions, mut set) = (Vec::new(), None);
    let mut rest = text;
    loop {
        let (item, behind) = rest.split(b',');
        let Some(behind) = behind.filter(|_| is_word(item.octets())) else {
            return Ok((conditions, set, rest));
        };
        match behind_tag(item).filter(|_| item.behind(b"tag:").is_some()) {
            Some(name) => conditions.push(condition(name.octets(), &mut draft.tags)?),
            None if set.is_some() => return Err("only one tag allowed".into()),
            None => set = Some(set_tag(item, &mut draft.tags)?),
        }
        rest = behind;
    }
}

fn range(draft: &mut Draft, text: Text) -> Applied {
    let (conditions, set, rest) = tags(draft, text)?;
    let mut items = rest.items();
    let start = match parse_ip(items.octets()) {
        Some(IpAddr::V4(start)) => start,
        Some(IpAddr::V6(_)) => return Err(not_yet("dhcp-range for IPv6")),
        None => return Err(bad()),
    };
    let (end, kind) = match items.octets() {
        b"static" => (start, RangeKind::Static),
        b"proxy" => return Err(not_yet("dhcp-range with proxy")),
        end => (ipv4(end).ok_or_else(bad)?, RangeKind::Dynamic),
    };
    let mut item = items.octets();
    let mut address = || {
        let found = ipv4(item)?;
        item = items.octets();
        Some(found)
    };
    let netmask = address();
    let broadcast = if netmask.is_some() { address() } else { None };
    let lease = match item {
        b"" => LEASE_DEFAULT,
        text => lease_time(text).ok_or_else(bad)?,
    };
    if items.next().is_some() {
        return Err(bad());
    }
    if netmask.is_some_and(|mask| !same_net4(start, end, mask)) {
        return Err("inconsistent DHCP range".into());
    }
    draft.ranges.push(Range {
        start: start.min(end),
        end: start.max(end),
        kind,
        netmask,
        broadcast,
        lease,
        conditions: conditions.into(),
        set,
    });
    Ok(())
}
