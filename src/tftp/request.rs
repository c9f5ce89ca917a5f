//! A request: whether we take it, in which slot, and the steps from its name
//! to an open file. The steps wait for nobody: each one is an action whose
//! answer begins the next.

use super::options::{self, Options};
use super::transfer::{Phase, Transfer};
use super::{Server, Surroundings, path, refuse};
use crate::base::errno;
use crate::base::net::{HwAddr, ip_of, unmapped};
use crate::base::reserved;
use crate::config::UniqueRoot;
use crate::outbox::action::{Action, Arrival, Door, Route};
use crate::outbox::lines::{self, Arg, Line};
use crate::store::interfaces::Interface;
use crate::wire::tftp::{self, Code, Packet, Request};
use std::net::{IpAddr, Ipv4Addr};

/// A packet at port 69 that belongs to no transfer.
pub(super) fn on_request(server: &mut Server, with: &mut Surroundings, arrival: &Arrival, bytes: &[u8]) {
    let Some(iface) = with.interfaces.get(arrival.iface).filter(|iface| iface.tftp) else { return };
    // RFC 1123 §4.2.3.4: a request that was broadcast is not answered. One
    // octet or none is no packet at all, and an error is never answered.
    let ours = !is_broadcast(iface, arrival.to) && arrival.from.port() != 0 && bytes.len() > 1;
    let stray = tftp::opcode_is_error(bytes) || (with.config.single_port && tftp::opcode_is_reply(bytes));
    if !ours || stray {
        return;
    }
    let wrong: &'static Line = match tftp::parse(bytes) {
        Some(Packet::Read(request)) if request.file.is_empty() => &lines::tftp::EMPTY_NAME,
        Some(Packet::Read(request)) => {
            let v6 = unmapped(ip_of(&arrival.from)).is_ipv6();
            let largest = options::largest_block(with.config, with.edns_max, iface.mtu, v6);
            match Options::from_request(&request, largest, with.config.no_blocksize) {
                Some(options) => return begin(server, with, arrival, &request, options),
                None => &lines::tftp::UNSUPPORTED,
            }
        }
        Some(Packet::Write(_)) => &lines::tftp::WRITE_REQUEST,
        _ => &lines::tftp::UNSUPPORTED,
    };
    // The refusal, too, leaves by a port of its own.
    if let Some(slot) = take_slot(server, with, arrival) {
        refuse(with, way_back(with, arrival, slot), Code::Illegal, wrong, &[Arg::Ip(ip_of(&arrival.from))]);
        server.close(with, slot);
    }
}

fn is_broadcast(iface: &Interface, to: IpAddr) -> bool {
    match to {
        IpAddr::V4(v4) => v4.is_multicast() || v4 == Ipv4Addr::BROADCAST || iface.ipv4().any(|(_, a)| a.broadcast == v4),
        IpAddr::V6(v6) => v6.is_multicast(),
    }
}

/// The way to the client: from a port of the transfer's own, unless all share
/// the one that was asked (`tftp-single-port`).
fn way_back(with: &Surroundings, arrival: &Arrival, slot: u16) -> Route {
    let door = if with.config.single_port { arrival.door } else { Door::Transfer(slot) };
    Route { door, ..arrival.back() }
}

/// A slot for this client. Nothing when all are taken (the client will ask
/// again), or all ports.
fn take_slot(server: &mut Server, with: &mut Surroundings, arrival: &Arrival) -> Option<u16> {
    let (slot, port) = match repeated(server, with, arrival) {
        Some(slot) => (slot, server.get(slot)?.port),
        None => {
            let slot = free_slot(server, with)?;
            let any_port = with.config.single_port.then_some(0);
            let port = any_port.or_else(|| server.free_port(with.config, 0, Some(arrival.to)));
            match port {
                Some(0) => {}
                Some(port) => with.out.push(Action::TransferPort { slot, port }),
                None => with.out.log(&lines::tftp::NO_PORT, &[]),
            }
            (slot, port?)
        }
    };
    let route = way_back(with, arrival, slot);
    server.get(slot)?.claim(route, port);
    Some(slot)
}

/// A slot that nobody has. Rather than turn a client away, one that never
/// answered loses its slot.
fn free_slot(server: &mut Server, with: &mut Surroundings) -> Option<u16> {
    let place = |found: Option<usize>| found.and_then(|at| u16::try_from(at).ok());
    if let Some(slot) = place(server.transfers.iter().position(|t| !t.is_active())) {
        return Some(slot);
    }
    if reserved::push(&mut server.transfers, Transfer::free()) {
        return place(server.transfers.len().checked_sub(1));
    }
    let slot = place(server.transfers.iter().position(|t| t.is_abandoned(with.now.mono)))?;
    server.finish(with, slot, &lines::tftp::TIMED_OUT);
    Some(slot)
}

/// The transfer of a client that asks again from the same port: it begins
/// anew, in its place. With a port for each transfer that goes only for a
/// client that has not answered yet: otherwise the request is a late double,
/// or another program's, and gets a transfer of its own.
fn repeated(server: &mut Server, with: &Surroundings, arrival: &Arrival) -> Option<u16> {
    let single = with.config.single_port;
    let same = |t: &Transfer| t.is_active() && t.route.to == arrival.from && t.route.source == Some(arrival.to);
    let at = server.transfers.iter().position(|t| same(t) && (single || !t.is_confirmed()))?;
    u16::try_from(at).ok()
}

fn begin(server: &mut Server, with: &mut Surroundings, arrival: &Arrival, request: &Request, options: Options) {
    let Some(slot) = take_slot(server, with, arrival) else { return };
    let unique = with.config.unique_root;
    let name = path::clean(request.file, with.config.lowercase);
    let Some(transfer) = server.get(slot) else { return };
    transfer.options = options;
    let Some(name) = name else { return server.no_file(with, slot, errno::ENAMETOOLONG) };
    transfer.name = name;
    match unique {
        None => open(server, with, slot, false),
        Some(UniqueRoot::Ip) => look_for_directory(server, with, slot, None),
        Some(UniqueRoot::Mac) => {
            transfer.phase = Phase::Neighbour;
            transfer.ask();
            with.out.push(Action::NeighbourAsk { slot, iface: arrival.iface, addr: ip_of(&arrival.from) });
        }
    }
}

/// The client's hardware address is known, or will not be.
pub(super) fn on_neighbour(server: &mut Server, with: &mut Surroundings, slot: u16, hw: &HwAddr) {
    if !server.get(slot).is_some_and(|transfer| transfer.answered() && transfer.phase == Phase::Neighbour) {
        return;
    }
    match hw.is_empty() {
        true => open(server, with, slot, false),
        false => look_for_directory(server, with, slot, Some(hw)),
    }
}

/// The root for this client, as a prefix.
fn prefix(with: &Surroundings, route: &Route) -> Option<path::PathText> {
    path::prefix(root(with, route))
}

fn root<'a>(with: &'a Surroundings, route: &Route) -> Option<&'a [u8]> {
    let iface = with.interfaces.get(route.iface)?;
    path::root(with.config, &iface.name)
}

fn look_for_directory(server: &mut Server, with: &mut Surroundings, slot: u16, hw: Option<&HwAddr>) {
    let Some(transfer) = server.get(slot) else { return };
    let peer = ip_of(&transfer.route.to);
    let place = prefix(with, &transfer.route).and_then(|prefix| path::client_prefix(&prefix, peer, hw));
    match place {
        Some(place) => {
            transfer.phase = Phase::Directory;
            transfer.path = place;
            ask_open(with, slot, transfer);
        }
        None => open(server, with, slot, false),
    }
}

/// Opens the file below the root, or below the client's directory, whose
/// prefix then stands in the transfer's path.
pub(super) fn open(server: &mut Server, with: &mut Surroundings, slot: u16, own_directory: bool) {
    let Some(transfer) = server.get(slot) else { return };
    let prefix = if own_directory { Some(transfer.path.clone()) } else { prefix(with, &transfer.route) };
    let path = prefix.and_then(|prefix| path::join(&prefix, &transfer.name));
    transfer.phase = Phase::Opening;
    let Some(path) = path else {
        transfer.path = transfer.name.clone();
        return server.no_file(with, slot, errno::ENAMETOOLONG);
    };
    transfer.path = path;
    if root(with, &transfer.route).is_some() && path::climbs(&transfer.path) {
        return server.no_file(with, slot, errno::EACCES);
    }
    ask_open(with, slot, transfer);
}

fn ask_open(with: &mut Surroundings, slot: u16, transfer: &mut Transfer) {
    let text = with.out.write(crate::limits::TFTP_PATH_MAX, |out| {
        out.bytes(&transfer.path);
        out.u8(0);
    });
    if let Some(path) = text {
        transfer.ask();
        with.out.push(Action::FileOpen { slot, path });
    }
}
