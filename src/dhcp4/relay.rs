//! The relay (RFC 1542 §4.1): requests of clients go on to servers elsewhere,
//! and their replies come back to the link of the client. With
//! `dhcp-split-relay` the server is spoken to from another address, and what it
//! needs beside that goes into option 82 (RFC 3046, 3527, 5010, 5107).

use crate::base::bytes::Writer;
use crate::base::net::IfIndex;
use crate::config::{Relay, RelayBy, RelayTo};
use crate::dhcp4::Surroundings;
use crate::dhcp4::reply::by_link;
use crate::limits;
use crate::outbox::action::{Action, Arrival, Door, Route};
use crate::outbox::lines::{Arg, dhcp as lines};
use crate::store::interfaces::Interface;
use crate::wire::dhcp4::{GIADDR_AT, HEADER, HOPS_AT, Packet};
use crate::wire::dhcp4_options::{agent, code, walk, walk_inside};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Relays that a request may have passed.
const HOPS_MAX: u8 = 20;

/// Octets of option 82 as we write it, its number and length not counted.
const AGENT_LEN: u8 = 21;

/// Passes a request on to the servers of its interface. True if there are any.
pub(super) fn on_request(
    with: &mut Surroundings,
    iface: &Interface,
    arrival: &Arrival,
    packet: &Packet,
    bytes: &[u8],
) -> bool {
    let config = with.config;
    let mut any = false;
    for relay in config.dhcp.relaying.relays.iter().rev() {
        let Some(local) = local_of(relay).filter(|local| iface.ipv4().any(|(own, _)| own == *local)) else { continue };
        any = true;
        if packet.hops > HOPS_MAX || packet.giaddr == local {
            continue;
        }
        let Some(speaking) = speaking_as(with, relay) else { continue };
        let Some(to) = receiver(with, relay) else { continue };
        // What came through a relay already keeps its address and option 82.
        let first = packet.giaddr.is_unspecified();
        let option = is_split(relay) && first;
        let flags = if arrival.to == IpAddr::V4(Ipv4Addr::BROADCAST) { 0 } else { agent::UNICAST };
        let route = Route { door: Door::Dhcp4, to, source: Some(speaking.into()), iface: 0 };
        with.out.datagram(route, limits::DATAGRAM_MAX, |out| {
            if option {
                write_without_agent(out, bytes);
                write_agent(out, local, flags, arrival.iface);
                out.u8(code::END);
                out.zeros(bytes.len().saturating_sub(out.len()));
            } else {
                out.bytes(bytes);
            }
            out.patch(HOPS_AT, &[packet.hops.saturating_add(1)]);
            if first {
                out.patch(GIADDR_AT, &speaking.octets());
            }
        });
        tell(with, relay, local);
    }
    any
}

/// A reply that a server sent through us; nothing happens to others.
pub(super) fn on_reply(with: &mut Surroundings, arrival: &Arrival, packet: &Packet, bytes: &[u8]) {
    let config = with.config;
    if packet.giaddr.is_unspecified() {
        return;
    }
    let came = with.interfaces.get(arrival.iface).map(|iface| iface.name);
    let Some(came) = came else { return };
    for relay in config.dhcp.relaying.relays.iter().rev() {
        let Some(local) = local_of(relay) else { continue };
        let permitted = match &relay.by {
            RelayBy::Replies(pattern) => pattern.matches(came.as_bytes()),
            RelayBy::SplitInterface(name) => **name == *came.as_bytes(),
            RelayBy::Any | RelayBy::SplitAddress(_) => true,
        };
        if !permitted || speaking_as(with, relay) != Some(packet.giaddr) {
            continue;
        }
        let split = is_split(relay);
        let wanted = if split { index_of(packet) } else { None };
        let fits = |iface: &&Interface| iface.ipv4().any(|(own, _)| own == local) && (!split || wanted == Some(iface.index));
        let Some(iface) = with.interfaces.iter().find(fits).map(|iface| iface.index) else { continue };
        let written = with.out.write(limits::DATAGRAM_MAX, |out| {
            if split {
                write_without_agent(out, bytes);
                out.u8(code::END);
                out.zeros(bytes.len().saturating_sub(out.len()));
            } else {
                out.bytes(bytes);
            }
        });
        let Some(bytes) = written else { return };
        let port = config.dhcp.netboot.ports.1;
        let (to, iface) = match packet.ciaddr.is_unspecified() {
            true => by_link(with, packet.flags, packet.yiaddr, packet.hw(), iface, port),
            false => ((packet.ciaddr, port), 0),
        };
        let route = Route { door: Door::Dhcp4, to: SocketAddr::from(to), source: None, iface };
        with.out.push(Action::Datagram { route, bytes });
        return;
    }
}

/// The address of a relay on the side of the clients.
fn local_of(relay: &Relay) -> Option<Ipv4Addr> {
    match relay.local {
        IpAddr::V4(local) => Some(local),
        IpAddr::V6(_) => None,
    }
}

fn is_split(relay: &Relay) -> bool {
    matches!(relay.by, RelayBy::SplitInterface(_) | RelayBy::SplitAddress(_))
}

/// The address that the server sees, if there is one.
fn speaking_as(with: &Surroundings, relay: &Relay) -> Option<Ipv4Addr> {
    match &relay.by {
        RelayBy::Any | RelayBy::Replies(_) => local_of(relay),
        RelayBy::SplitAddress(addr) => Some(*addr),
        RelayBy::SplitInterface(name) => with.interfaces.named(name)?.ipv4().next().map(|(own, _)| own),
    }
}

/// Where requests go.
fn receiver(with: &mut Surroundings, relay: &Relay) -> Option<SocketAddr> {
    let addr = match (&relay.server, &relay.by) {
        (RelayTo::Server(addr), _) => *addr,
        (RelayTo::Everybody, RelayBy::Replies(pattern)) => {
            let broadcast = with.interfaces.named(&pattern.name).and_then(|iface| iface.ipv4().next());
            let Some((_, address)) = broadcast else {
                with.out.log(&lines::NO_BROADCAST, &[Arg::Text(&pattern.name)]);
                return None;
            };
            address.broadcast.into()
        }
        (RelayTo::Everybody, _) => return None,
    };
    Some(SocketAddr::new(addr, relay.port))
}

/// With `log-dhcp`: that a request was passed on.
fn tell(with: &mut Surroundings, relay: &Relay, local: Ipv4Addr) {
    if !with.config.log.dhcp {
        return;
    }
    match (&relay.server, &relay.by) {
        (RelayTo::Server(addr), _) => with.out.log(&lines::RELAYED, &[Arg::Ip4(local), Arg::Ip(*addr)]),
        (RelayTo::Everybody, RelayBy::Replies(by)) => {
            with.out.log(&lines::RELAYED_TO_ALL, &[Arg::Ip4(local), Arg::Text(&by.name)]);
        }
        (RelayTo::Everybody, _) => {}
    }
}

/// The interface that a reply is for: what we put into option 82.
fn index_of(packet: &Packet) -> Option<u32> {
    let (_, ours) = packet.walk_options().find(|(number, _)| *number == code::AGENT)?;
    let (_, index) = walk_inside(ours).find(|(number, _)| *number == agent::REMOTE_ID)?;
    Some(u32::from_be_bytes(index.try_into().ok()?))
}

/// Writes a message without its option 82, and without an end mark.
fn write_without_agent(out: &mut Writer, bytes: &[u8]) {
    out.bytes(bytes.get(..HEADER).unwrap_or(bytes));
    for (number, value) in walk(bytes.get(HEADER..).unwrap_or_default()).filter(|(number, _)| *number != code::AGENT) {
        out.u8(number);
        out.u8(u8::try_from(value.len()).unwrap_or(u8::MAX));
        out.bytes(value);
    }
}

/// Writes our option 82: which link the client is on, that it is to think that
/// we are the server, how it sent its request, and by which interface.
fn write_agent(out: &mut Writer, local: Ipv4Addr, flags: u8, index: IfIndex) {
    out.bytes(&[code::AGENT, AGENT_LEN]);
    let mut part = |number: u8, value: &[u8]| {
        out.bytes(&[number, value.len() as u8]);
        out.bytes(value);
    };
    part(agent::LINK_SELECTION, &local.octets());
    part(agent::SERVER_ID_OVERRIDE, &local.octets());
    part(agent::FLAGS, &[flags]);
    part(agent::REMOTE_ID, &index.to_be_bytes());
}
