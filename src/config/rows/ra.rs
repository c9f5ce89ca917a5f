//! Router advertisements, and the identifier of the DHCPv6 server.

use crate::config::dhcp6::{AdvertMtu, AdvertParam, Preference};
use crate::config::draft::Draft;
use crate::config::lexer::Text;
use crate::config::refusal::Applied;
use crate::config::row::{Row, flag, many, once};
use crate::config::values::{number, pattern, plain_hex};

pub const ROWS: &[Row] = &[
    flag("enable-ra", 0, |draft| &mut draft.config.dhcp6.advertise, "Send router advertisements").not_yet().manual("\
Sends IPv6 router advertisements on every network that has a \
dhcp-range of IPv6 addresses, so that hosts find their default router, and learn that addresses come by DHCPv6. A range \
with one of the words slaac, ra-only, ra-names, ra-stateless or ra-advrouter has its prefix advertised even without this \
option. The first advertisements follow each other quickly, and later ones about every ten minutes; see ra-param. \
Forwarding of packets is the business of the kernel and is not switched on by this option."),
    many("ra-param=<interface>[,mtu:<n>|<interface>|off][,high|low],<interval>[,<lifetime>]", 0, advert, "What router advertisements say on an interface").not_yet().manual("\
Changes what router advertisements say on \
an interface. The name may end in * and then stands for all that begin so; of several lines that fit the last one counts.\n\n\
The interval is the longest time between two advertisements, in seconds. It is kept between 4 and 1800, and 0 means the \
default of 600. The lifetime says for how many seconds hosts may take this machine for their default router; it is kept \
between the interval and 9000 and is three times the interval if it is not given. A lifetime of 0 says that this machine \
is no default router.\n\n\
high or low in front of the interval changes the preference of this router among several; without either it is medium. \
mtu: gives the MTU that is advertised: a number of at least 1280, the name of an interface whose MTU is taken, or off to \
say nothing of it. The MTU of the interface itself is advertised by default. The order of the parts is fixed: interface, mtu:, \
preference, interval, lifetime. A line with nothing but an interface changes nothing."),
    once("dhcp-duid=<enterprise>,<id>", 0, duid, "The identifier of the DHCPv6 server").not_yet().manual("\
Gives the DHCPv6 server an identifier made from the registered number of an enterprise and octets in hexadecimal, which may \
be divided by colons. By default the identifier is made from the hardware address of an interface and the time, and kept in \
the lease file."),
];

/// Seconds between advertisements: least, most, default.
const INTERVAL: (u32, u32, u32) = (4, 1800, 600);

/// Most seconds that a router may claim (RFC 4861 §6.2.1 as dnsmasq has it).
const LIFETIME_MAX: u32 = 9000;

/// Least MTU of IPv6.
const MTU_MIN: u32 = 1280;

fn advert(draft: &mut Draft, text: Text) -> Applied {
    let bad = || wrong!("bad RA-params");
    let mut items = text.items().map(|item| item.octets());
    let iface = pattern(items.next().unwrap_or_default());
    // Quirk: an interface alone is no error and means nothing.
    let Some(mut item) = items.next() else { return Ok(()) };
    let mut mtu = AdvertMtu::Own;
    let begins = |item: &[u8], word: &[u8]| item.get(..word.len()).is_some_and(|front| front.eq_ignore_ascii_case(word));
    if begins(item, b"mtu:") {
        let said = item.get(4..).unwrap_or_default();
        mtu = match (said, number(said)) {
            (b"", _) => return Err(bad()),
            (b"off", _) => AdvertMtu::Off,
            (_, Some(octets)) if octets >= MTU_MIN => AdvertMtu::Octets(octets),
            (_, Some(_)) => return Err(bad()),
            (name, None) => AdvertMtu::Of(name.into()),
        };
        item = items.next().ok_or_else(bad)?;
    }
    let preference = match item {
        // Quirk: what begins so is enough.
        _ if begins(item, b"high") => Preference::High,
        _ if begins(item, b"low") => Preference::Low,
        _ => Preference::Medium,
    };
    if preference != Preference::Medium {
        item = items.next().ok_or_else(bad)?;
    }
    let (least, most, default) = INTERVAL;
    let interval = match number(item).ok_or_else(bad)? {
        0 => default,
        seconds => seconds.clamp(least, most),
    };
    let lifetime = match items.next().map(|item| number(item).ok_or_else(bad)).transpose()? {
        None => interval.saturating_mul(3),
        Some(0) => 0,
        Some(seconds) => seconds.clamp(interval, LIFETIME_MAX),
    };
    if items.next().is_some() {
        return Err(bad());
    }
    // Both are below 65536 by their bounds.
    let small = |seconds: u32| u16::try_from(seconds).unwrap_or(u16::MAX);
    draft.config.dhcp6.adverts.push(AdvertParam { iface, mtu, preference, interval: small(interval), lifetime: small(lifetime) });
    Ok(())
}

fn duid(draft: &mut Draft, text: Text) -> Applied {
    let bad = || wrong!("bad DUID");
    let (enterprise, id) = text.split(b',');
    let enterprise = enterprise.number().ok_or_else(bad)?;
    plain_hex(id.ok_or_else(bad)?.octets(), &mut draft.tags.octets).ok_or_else(bad)?;
    draft.config.dhcp6.duid = Some((enterprise, draft.tags.octets()));
    Ok(())
}
