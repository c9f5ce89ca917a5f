//! Replies (RFC 2131 §4.1): what is in their header, and by which way they
//! reach the client. Their options are `content`.

use crate::base::bytes::Writer;
use crate::base::net::{HwAddr, IfIndex, ip_of};
use crate::config::{Boot, NextServer};
use crate::dhcp::choose_options::{Audience, Chosen};
use crate::dhcp::ranges::Candidate;
use crate::dhcp::tags::TagSet;
use crate::dhcp4::Surroundings;
use crate::dhcp4::client::Client;
use crate::dhcp4::content::{Content, First};
use crate::dhcp4::log;
use crate::dhcp4::pxe::only_file;
use crate::dhcp4::pxe_menu::Menu;
use crate::dhcp4::reply_options::{Dropped, DroppedList, OptionWriter};
use crate::limits;
use crate::outbox::action::{Action, Route, Span};
use crate::outbox::lines::{Arg, dhcp as lines};
use crate::wire::dhcp4::{BROADCAST, REPLY_MIN, ReplyHeader, kind};
use crate::wire::dhcp4_options::code;
use crate::wire::dns::name::Name;
use arrayvec::ArrayVec;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// What a reply says about time.
#[derive(Clone, Copy)]
pub(super) enum Timing {
    /// A lease of so many seconds (nothing: without end); renewal times are
    /// reduced by up to `fuzz` seconds.
    Lease { secs: Option<u32>, fuzz: u32 },
    /// What is left of a lease, if that was asked for.
    Left(Option<u32>),
    /// Nothing (BOOTP).
    None,
}

/// A reply, decided.
pub(super) struct Reply<'r> {
    /// OFFER or ACK; nothing: BOOTP.
    pub kind: Option<u8>,
    pub yiaddr: Ipv4Addr,
    /// The range whose rules apply.
    pub range: Option<&'r Candidate<'r>>,
    /// Tags without and with those of the range.
    pub own_tags: &'r TagSet<'r>,
    pub tags: &'r TagSet<'r>,
    pub timing: Timing,
    /// It answers a DISCOVER with an ACK (option 80).
    pub rapid: bool,
    /// Host name for the client.
    pub name: Option<&'r [u8]>,
}

/// Builds, logs and sends a reply.
pub(super) fn send(with: &mut Surroundings, client: &Client, reply: &Reply) {
    let dhcp = &client.config.dhcp;
    let broadcast = reply.tags.hold_any(&dhcp.broadcast);
    let flags = client.request.packet.flags | if broadcast { BROADCAST } else { 0 };
    let mut duplicates = ArrayVec::<u8, 16>::new();
    let audience = if client.pxe_class.is_some() { Audience::Pxe } else { Audience::Ordinary };
    let chosen = Chosen::new(&dhcp.options, reply.own_tags, reply.tags, audience, |number| {
        let _ = duplicates.try_push(number);
    });
    for number in duplicates {
        with.out.log(&lines::DUPLICATE_OPTION, &[Arg::Number(number.into())]);
    }
    log::requested(with, client);
    let boot = choose_boot(&dhcp.boots, reply.tags);
    let header = ReplyHeader {
        flags,
        ciaddr: client.ciaddr,
        yiaddr: reply.yiaddr,
        siaddr: next_server(with, reply, &chosen, boot),
    };
    let menu = menu(with, client, reply);
    let first = menu.as_ref().map_or(First::NoMenu, First::Menu);
    let mut dropped = DroppedList::new();
    let content = Content { client, reply, chosen: &chosen, boot, networks: with.interfaces, first };
    let span = with.out.write(limits::DATAGRAM_MAX, |out| {
        client.request.packet.write_reply(out, &header);
        dropped = content.write(out);
    });
    for dropped in dropped {
        match dropped {
            Dropped::Option(number) => with.out.log(&lines::NO_SPACE, &[Arg::Number(number.into())]),
            Dropped::Enterprise(number) => with.out.log(&lines::TOO_MANY_VI, &[Arg::Number(number.into())]),
        }
    }
    if let Some(span) = span {
        log_whole(with, client, span);
        let kind = if reply.yiaddr.is_unspecified() { Way::Inform } else { Way::Lease };
        route(with, client, &header, span, kind);
    }
}

/// The menu for a PXE client that gets an address.
fn menu(with: &mut Surroundings, client: &Client, reply: &Reply) -> Option<Menu> {
    let arch = client.request.arch.filter(|_| client.pxe())?;
    let range = reply.range?;
    let services = &client.config.dhcp.netboot.services;
    if only_file(services, arch, reply.tags).is_some() { None } else { Menu::new(with, arch, reply.tags, range.local) }
}

/// Logs and sends a reply that is written.
pub(super) fn deliver(with: &mut Surroundings, client: &Client, header: &ReplyHeader, bytes: Span) {
    log_whole(with, client, bytes);
    route(with, client, header, bytes, Way::Lease);
}

/// Builds and sends a NAK: message type, server identifier, the reason.
pub(super) fn refuse(with: &mut Surroundings, client: &Client, reason: &'static str) {
    let range = client.ranges.list.first();
    let near = range.is_some_and(|range| range.in_subnet_of_local(client.ciaddr));
    let relayed = !client.request.packet.giaddr.is_unspecified();
    // A client on another link that asked us alone would not hear a broadcast.
    let broadcast = !client.unicast || relayed || client.ciaddr.is_unspecified() || near;
    let header = ReplyHeader {
        flags: client.request.packet.flags | if broadcast { BROADCAST } else { 0 },
        ciaddr: if broadcast { Ipv4Addr::UNSPECIFIED } else { client.ciaddr },
        yiaddr: Ipv4Addr::UNSPECIFIED,
        siaddr: Ipv4Addr::UNSPECIFIED,
    };
    let id = client.server_id(range);
    let agent = client.request.agent;
    let span = with.out.write(limits::DATAGRAM_MAX, |out| {
        client.request.packet.write_reply(out, &header);
        let mut options = OptionWriter::new(out, room(client), false);
        options.put(code::MESSAGE_TYPE, &[kind::NAK]);
        options.put(code::SERVER_ID, &id.octets());
        options.put_text(code::MESSAGE, reason.as_bytes(), client.request.zero_ends);
        options.close(agent, REPLY_MIN);
    });
    if let Some(span) = span {
        log_whole(with, client, span);
        route(with, client, &header, span, Way::Lease);
    }
}

/// With `log-dhcp`: what leaves, read back from the reply itself.
fn log_whole(with: &mut Surroundings, client: &Client, span: Span) {
    if !client.config.log.dhcp {
        return;
    }
    let mut copy = [0; limits::DATAGRAM_MAX];
    let mut out = Writer::new(&mut copy);
    out.bytes(with.out.bytes(span));
    log::reply(with, out.written());
}

/// What kind of reply is on its way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Lease,
    Inform,
}

/// The way to the client: its relay, its own address, everybody on the link,
/// or the new address after its hardware address was made known.
fn route(with: &mut Surroundings, client: &Client, header: &ReplyHeader, bytes: Span, way: Way) {
    let packet = &client.request.packet;
    let (server_port, client_port) = client.config.dhcp.netboot.ports;
    let from = client.arrival.from;
    // The one that it came in by, whatever that counts as.
    let iface = client.arrival.iface;
    let hw = client.request.hw;
    let (to, iface) = if client.at_pxe_port() {
        match ip_of(&from) {
            _ if !header.ciaddr.is_unspecified() => ((header.ciaddr, from.port()), 0),
            IpAddr::V4(source) if !source.is_unspecified() => ((source, from.port()), 0),
            _ => by_link(with, BROADCAST, header.yiaddr, hw, iface, client_port),
        }
    } else if !packet.giaddr.is_unspecified() {
        ((packet.giaddr, server_port), 0)
    } else if !header.ciaddr.is_unspecified() {
        // A source that says the same as the header is believed with its port.
        let source = match ip_of(&from) {
            IpAddr::V4(addr) if addr == header.ciaddr || way == Way::Inform => addr,
            _ => Ipv4Addr::UNSPECIFIED,
        };
        match from.port() {
            port if port != 0 && !source.is_unspecified() => ((source, port), 0),
            _ => ((header.ciaddr, client_port), 0),
        }
    } else {
        by_link(with, header.flags, header.yiaddr, hw, iface, client_port)
    };
    let route = Route { door: client.arrival.door, to: SocketAddr::from(to), source: None, iface };
    with.out.push(Action::Datagram { route, bytes });
}

/// The way to a client that has no address yet: everybody on its link, or the
/// new address, after its hardware address was made known.
pub(super) fn by_link(
    with: &mut Surroundings,
    flags: u16,
    addr: Ipv4Addr,
    hw: HwAddr,
    iface: IfIndex,
    port: u16,
) -> ((Ipv4Addr, u16), IfIndex) {
    if flags & BROADCAST != 0 || hw.is_empty() || hw.kind == 0 || addr.is_unspecified() {
        return ((Ipv4Addr::BROADCAST, port), iface);
    }
    with.out.push(Action::Neighbour { iface, addr, hw });
    ((addr, port), iface)
}

/// Octets that the options may end within.
pub(super) fn room(client: &Client) -> usize {
    let reserve = client.request.agent.map_or(0, |agent| agent.len().saturating_add(2));
    client.request.reply_max.saturating_sub(reserve)
}

/// `dhcp-boot`: a line whose tags hold before one without tags.
pub(super) fn choose_boot<'b>(boots: &'b [Boot], tags: &TagSet) -> Option<&'b Boot> {
    let tagged = boots.iter().rfind(|boot| tags.hold_some(&boot.conditions));
    tagged.or_else(|| boots.iter().rfind(|boot| boot.conditions.is_empty()))
}

fn next_server(with: &mut Surroundings, reply: &Reply, chosen: &Chosen, boot: Option<&Boot>) -> Ipv4Addr {
    let us = reply.range.map_or(Ipv4Addr::UNSPECIFIED, |range| range.local);
    match boot.map(|boot| &boot.next_server) {
        Some(NextServer::Addr(addr)) => *addr,
        Some(NextServer::Us) => us,
        Some(NextServer::Name(name)) => address_of(with, name),
        None => {
            let set = chosen.get(code::NEXT_SERVER).and_then(|option| crate::wire::dhcp4_options::address(&option.value));
            set.unwrap_or(us)
        }
    }
}

/// The first IPv4 address of a local name (wire form); 0.0.0.0, and a line in
/// the log, if it has none.
pub(super) fn address_of(with: &mut Surroundings, name: &[u8]) -> Ipv4Addr {
    let ring = Name::new(name).and_then(|name| with.names.find(name, false));
    let found = ring.and_then(|ring| {
        with.names.hosts(ring).find_map(|host| match host.addr {
            IpAddr::V4(addr) => Some(addr),
            IpAddr::V6(_) => None,
        })
    });
    if found.is_none() {
        with.out.log(&lines::NO_SERVER, &[Arg::Name(name)]);
    }
    found.unwrap_or(Ipv4Addr::UNSPECIFIED)
}
