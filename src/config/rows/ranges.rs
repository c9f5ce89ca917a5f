//! Addresses to give out, and how leases are kept.

use crate::base::net::same_net4;
use crate::base::text::parse_ip;
use crate::base::octets::{kind, kinds};
use crate::config::dhcp6::{Range6, mode};
use crate::config::draft::{Draft, Number};
use crate::config::lexer::{Items, Text};
use crate::config::refusal::{Applied, ERROR, Refusal};
use crate::config::row::{self, Row, file, flag, many};
use crate::config::values::{behind_tag, ipv4, lease_time, number, pattern};
use crate::config::{LeaseTime, Range, RangeKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub const ROWS: &[Row] = &[
    many("dhcp-range=[tag:<tag>,...][set:<tag>,]<from>[,<to>|static|proxy|<mode>,...][,<mask>|<length>[,<broadcast>]][,<time>]", b'F', range, "Give out these addresses by DHCP").dhcp4().manual(
        "Gives out the addresses from the first to the last, both included, to DHCP clients of the network that holds \
         them. Any number of lines may stand, several for one network too. The DHCP server runs if there is at least \
         one.\n\n\
         The netmask is taken from the interface and needs to be said only for networks behind a relay; broadcast \
         address and netmask stand behind the last address, in the order netmask, broadcast. The time of the leases \
         comes last: seconds, or a number with m, h, d or w behind it, or infinite. It is one hour if it is not said, \
         and never less than two minutes. static in place of the last address gives addresses only to clients that a \
         dhcp-host line has one for. proxy in its place gives no addresses and tells PXE clients where to boot from, \
         while another server looks after the addresses.\n\n\
         set: in front gives a tag to every client of the range, at most one. tag: in front limits the range to \
         clients that have the tag, or, with tag:!, that do not; several such conditions must hold together. A first \
         item that has a letter in it that is no hexadecimal digit is taken for the tag of set: even without the \
         prefix.\n\n\
         A range of IPv6 addresses looks alike: a first address, perhaps a last one, words, the length of the prefix \
         (64 to 128, by default 64), and the time of the leases (by default a day), or deprecated, which says that \
         the addresses should find no new use. constructor: with the name of an interface, or the beginning of one \
         and *, takes the network part from every prefix that the interface has, now and later; the addresses must \
         then have zeros there. The words are: ra-only to advertise the prefix and speak no DHCPv6; slaac to do so \
         besides giving out addresses; ra-stateless to let hosts choose their addresses and to tell options by \
         DHCPv6; ra-names to give the names of DHCPv4 clients to addresses that their hosts are likely to have \
         chosen; ra-advrouter to say this machine's own address with the prefix (for mobile hosts); off-link not to \
         say that the prefix is on the link; static as above. With a word for advertisements, and with constructor:, \
         the length must be 64. :: alone with ra-stateless or static stands for every network.\n\n\
         At most eight items may stand behind the tags.",
    ),
    file("dhcp-leasefile[=<path>]", b'l', |draft| &mut draft.config.dhcp.lease_file, "Where leases are kept (/var/lib/misc/dnsmasq.leases)").dhcp4().manual(
        "The file that leases are kept in, so that they outlive a restart. It is /var/lib/misc/dnsmasq.leases if \
         nothing is said, and is written only if DHCP runs. It has the form that dnsmasq's has, and other programs \
         may read it: one line a lease, with the end of the lease in seconds since 1970, the hardware address, the \
         address, the name or *, and the client identifier or *. If it cannot be created the program does not start.",
    ),
    file("dhcp-lease=<path>", b'l', |draft| &mut draft.config.dhcp.lease_file, "Old spelling of dhcp-leasefile").dhcp4().manual(
        "The same as dhcp-leasefile, under the name that older configurations use.",
    ),
    row::number("dhcp-lease-max=<n>", b'X', Number::LeaseMax, (0, u32::MAX), "Most leases (1000)").dhcp4().manual(
        "How many leases there may be at the same time, 1000 if nothing is said. Memory for that many is set aside at \
         start. A client that would be one too many is refused, and the log says so.",
    ),
    flag("dhcp-authoritative", b'K', |draft| &mut draft.config.dhcp.authoritative, "There is no other DHCP server").dhcp4().manual(
        "Says that this is the only DHCP server of the network. Clients that ask to keep an address nobody has \
         recorded are then answered at once: the address is theirs if it is free, and otherwise they are told to ask \
         for another. Without this option such requests are left to a server that may know better, which costs a \
         client that moves here, or a server that has lost its leases, a minute or so.",
    ),
    flag("dhcp-sequential-ip", 0, |draft| &mut draft.config.dhcp.sequential, "Give out addresses in ascending order").dhcp4().manual(
        "Gives out addresses in ascending order, the next one after the highest that is leased. Without it a client's \
         address is computed from its hardware address, so that it tends to get the same one again even after its \
         lease has been forgotten; with it, addresses change hands more often.",
    ),
    flag("no-ping", b'5', |draft| &mut draft.config.dhcp.no_ping, "Do not look whether an address is in use before offering it").dhcp4().manual(
        "Offers an address without looking first whether some machine answers there. Otherwise one echo request is \
         sent, and the offer leaves three seconds later if nobody answers; other clients are served meanwhile.",
    ),
    flag("dhcp-rapid-commit", 0, |draft| &mut draft.config.dhcp.rapid_commit, "Grant a lease at once to clients that ask so").dhcp4().manual(
        "Gives a lease at once to clients that ask for that (RFC 4039), without an offer in between. Use it only if \
         this is the only server for the network.",
    ),
];

/// Seconds of a lease if nothing is said.
const LEASE_DEFAULT: LeaseTime = LeaseTime::Secs(3600);

const BAD: Refusal = wrong!("bad dhcp-range");

/// True for what cannot be an address: the first item may be a tag.
fn is_word(octets: &[u8]) -> bool {
    kinds(octets) & !(kind::DIGIT | kind::HEX_LETTER | kind::DOT | kind::COLON) != 0
}

/// Most pieces that a range is taken into.
const ITEMS_MAX: usize = 8;

/// Takes tags off the front: `Tags` gathers conditions, and the one that clients
/// get.
fn tags(draft: &mut Draft, items: &mut Items) -> Applied {
    let tags = &mut draft.tags;
    loop {
        let mut behind = *items;
        let item = behind.until(b',');
        if behind.rest.is_none() || !is_word(item.octets()) {
            return Ok(());
        }
        *items = behind;
        match behind_tag(item) {
            Some(name) => tags.condition(name.octets())?,
            None if !tags.set().is_empty() => return Err(wrong!("only one tag allowed")),
            None => tags.sets(item.behind(b"set:").unwrap_or(item).octets())?,
        }
    }
}

fn range(draft: &mut Draft, text: Text) -> Applied {
    let mut rest = text.items();
    tags(draft, &mut rest)?;
    let mut items = [&[][..]; ITEMS_MAX];
    let mut count = 0usize;
    for item in rest {
        let said = if item.behind(b"constructor:").is_some() { item.octets() } else { item.meant() };
        *items.get_mut(count).ok_or(BAD)? = said;
        count = count.saturating_add(1);
    }
    let (first, items) = items.get(..count).and_then(<[_]>::split_first).ok_or(BAD)?;
    if items.is_empty() {
        return Err(BAD);
    }
    match parse_ip(first).ok_or(BAD)? {
        IpAddr::V4(start) => range4(draft, start, items),
        IpAddr::V6(start) => range6(draft, start, items),
    }
}

/// What stands at the end of a range: nothing, the time of a lease, or that it
/// is deprecated.
fn end_of_range(items: &[&[u8]]) -> Applied<(Option<LeaseTime>, bool)> {
    match items {
        [] | [b""] => Ok((None, false)),
        [b"deprecated"] => Ok((None, true)),
        [time] => lease_time(time).map(|time| (Some(time), false)).ok_or(BAD),
        _ => Err(BAD),
    }
}

fn range4(draft: &mut Draft, start: Ipv4Addr, items: &[&[u8]]) -> Applied {
    let (second, mut rest) = items.split_first().ok_or(BAD)?;
    let (end, kind) = match *second {
        b"static" => (start, RangeKind::Static),
        b"proxy" => (start, RangeKind::Proxy),
        end => (ipv4(end).ok_or(BAD)?, RangeKind::Dynamic),
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
        return Err(wrong!("inconsistent DHCP range"));
    }
    // `deprecated` means nothing here.
    let lease = end_of_range(rest)?.0.unwrap_or(LEASE_DEFAULT);
    let (start, end) = (start.min(end), start.max(end));
    let (conditions, set) = (draft.tags.conditions(), draft.tags.set().first().copied());
    draft.config.dhcp.ranges.push(Range { start, end, kind, netmask, broadcast, lease, conditions, set });
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

fn range6(draft: &mut Draft, start: Ipv6Addr, items: &[&[u8]]) -> Applied {
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
        ..=63 => wrong!("prefix length must be at least 64"),
        65.. if modes & mode::ADVERT != 0 => wrong!("prefix length must be exactly 64 for RA subnets"),
        65.. if constructor.is_some() => wrong!("prefix length must be exactly 64 for subnet constructors"),
        _ if network(start) != network(end) => wrong!("inconsistent DHCPv6 range"),
        _ if constructor.is_some() && network(start) != 0 => wrong!("prefix must be zero with \"constructor:\" argument"),
        _ => ERROR,
    };
    if wrong != ERROR {
        return Err(wrong);
    }
    let (lease, deprecated) = end_of_range(rest)?;
    if deprecated {
        modes |= mode::DEPRECATED;
    }
    if start.is_unspecified() && constructor.is_none() {
        prefix = 0;
    }
    let (start, end) = (start.min(end), start.max(end));
    let (conditions, set) = (draft.tags.conditions(), draft.tags.set().first().copied());
    draft.config.dhcp6.ranges.push(Range6 { start, end, prefix, constructor, modes, lease, conditions, set });
    Ok(())
}
