//! Authoritative service.

use crate::base::net::Prefix;
use crate::base::text::parse_ip;
use crate::config::auth::{Family, Interface, Subnet, Zone};
use crate::config::draft::{Draft, Number};
use crate::config::lexer::Text;
use crate::config::refusal::{Applied, ERROR};
use crate::config::row::{Row, many, number, once};
use crate::config::values::{name_box, name_or_root, number as digits};
use std::net::IpAddr;

pub const ROWS: &[Row] = &[
    once("auth-server=<name>[,<interface>[/4|/6]|<address>...]", 0, server, "Answer with authority on these interfaces")
        .auth()
        .manual("Switches authoritative service on. The name is that of this server as the world knows it: it stands in the SOA and \
            NS records of the zones given by auth-zone. Questions that arrive at the interfaces or addresses behind it are \
            answered from these zones only, with authority and without recursion; /4 or /6 restricts an interface to its \
            addresses of one family. They need not be named by interface or listen-address; if they are not, there is neither \
            DHCP nor TFTP, provided that others are.\n\n\
            Without interfaces the zones are there for the clients of this server and for secondaries that copy them. An \
            auth-zone cannot do without this option."),
    many("auth-zone=<domain>[,<prefix>|<interface>[/4|/6]|exclude:<prefix>...]", 0, zone, "Publish this zone")
        .auth()
        .manual("A zone that is answered for with authority. It holds all names below the domain that are known here: those of hosts \
            files, of DHCP clients, and of records in the configuration.\n\n\
            With networks behind the domain only addresses inside them are published, and the zones of in-addr.arpa and \
            ip6.arpa that belong to them are answered for too. A network is an address with a length (24 bits, or 64 for IPv6, \
            if there is none), or the name of an interface, which stands for the networks it is in; /4 or /6 behind it takes \
            those of one family only. With exclude: in front, addresses of the network are not published."),
    once("auth-soa=<serial>[,<mailbox>[,<refresh>[,<retry>[,<expiry>]]]]", 0, soa, "Values of the zone's SOA record")
        .auth()
        .manual("What the SOA record of each zone says: its serial number (the time of the start if the option is not given, and one \
            more with each change), the mailbox of who is responsible (hostmaster at the server's name; an @ becomes a dot), and \
            for secondaries the seconds between two looks (1200), until a failed look is tried again (180), and until they give \
            up (1209600)."),
    number("auth-ttl=<seconds>", 0, Number::AuthTtl, (0, u32::MAX), "Lifetime of authoritative answers (600)")
        .auth()
        .manual("The lifetime in seconds of answers that are given with authority, 600 if the option is not given."),
    many("auth-sec-servers=<name>[,...]", 0, secondaries, "Further servers of the zones")
        .auth()
        .manual("Names of servers that copy the zones from this one; they are listed in the NS records of each zone. Unless \
            auth-peer says otherwise, everybody may copy the zones then."),
    many("auth-peer=<address>[,...]", 0, peers, "Who may copy zones")
        .auth()
        .manual("Addresses that may copy the zones. Without this option and without auth-sec-servers nobody may."),
];

/// The family behind a slash, if there is one.
#[inline(never)]
fn family(said: Option<Text>) -> Applied<Family> {
    match said.map(|text| text.octets()) {
        None => Ok(Family::Any),
        Some(b"4") => Ok(Family::V4),
        Some(b"6") => Ok(Family::V6),
        _ => Err(ERROR),
    }
}

fn server(draft: &mut Draft, text: Text) -> Applied {
    let mut items = text.items();
    let auth = &mut draft.config.auth;
    auth.server = Some(items.piece().name_box().ok_or(ERROR)?);
    for item in items {
        if item.is_empty() {
            continue;
        }
        let (name, behind) = item.split(b'/');
        let family = family(behind)?;
        match name.ip() {
            Some(addr) => auth.addresses.push(addr),
            None => auth.interfaces.push(Interface { name: name.boxed(), family }),
        }
    }
    Ok(())
}

fn add_subnet(list: &mut Vec<Subnet>, text: Text) -> Applied {
    let (first, len) = text.split(b'/');
    list.push(match parse_ip(first.meant()) {
        Some(addr) => {
            let (default, most) = if addr.is_ipv4() { (24, 32) } else { (64, 128) };
            let len = len.map_or(Some(default), |len| len.number()).ok_or(ERROR)?;
            // Quirk: a length beyond the address counts as its length.
            Subnet::Prefix(Prefix { addr, len: len.min(most) as u8 })
        }
        None => Subnet::Interface(Interface { name: first.boxed(), family: family(len)? }),
    });
    Ok(())
}

fn zone(draft: &mut Draft, text: Text) -> Applied {
    let mut items = text.items();
    let name = match items.octets() {
        b"." => b"",
        octets => octets,
    };
    let name = name_or_root(name).ok_or(wrong!("invalid auth-zone"))?;
    let zones = &mut draft.config.auth.zones;
    zones.push(Zone { name, subnets: Vec::new(), excluded: Vec::new() });
    let Some(zone) = zones.last_mut() else { return Ok(()) };
    for item in items {
        let excluded = item.behind(b"exclude:");
        let item = excluded.unwrap_or(item);
        if !item.is_empty() {
            add_subnet(if excluded.is_some() { &mut zone.excluded } else { &mut zone.subnets }, item)?;
        }
    }
    Ok(())
}

/// A number of the SOA record; nothing leaves the default.
fn soa_number(octets: &[u8]) -> Applied<Option<u32>> {
    if octets.is_empty() { Ok(None) } else { digits(octets).map(Some).ok_or(ERROR) }
}

fn soa(draft: &mut Draft, text: Text) -> Applied {
    let soa = &mut draft.config.auth.soa;
    let mut items = text.items();
    soa.serial = soa_number(items.octets())?;
    let mut mailbox = items.octets().to_vec();
    for octet in mailbox.iter_mut().filter(|octet| **octet == b'@') {
        *octet = b'.';
    }
    if !mailbox.is_empty() {
        soa.mailbox = Some(name_box(&mailbox).ok_or(ERROR)?);
    }
    for value in [&mut soa.refresh, &mut soa.retry, &mut soa.expiry] {
        *value = soa_number(items.octets())?;
    }
    if items.next().is_some() { Err(ERROR) } else { Ok(()) }
}

fn secondaries(draft: &mut Draft, text: Text) -> Applied {
    for item in text.items().filter(|item| !item.is_empty()) {
        draft.config.auth.secondaries.push(item.name_box().ok_or(ERROR)?);
    }
    Ok(())
}

fn peers(draft: &mut Draft, text: Text) -> Applied {
    for item in text.items() {
        let addr: IpAddr = item.ip().ok_or(ERROR)?;
        draft.config.auth.peers.push(addr);
    }
    Ok(())
}
