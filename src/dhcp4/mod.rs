//! The DHCPv4 server (RFC 2131), without I/O: datagrams and deadlines come in,
//! actions go to the outbox. A lease is put into the file before its ACK
//! leaves, because actions are performed in order.
//!
//! One packet goes: `request` decodes it, `client` settles who it is and what
//! applies to it, then `offer`, `bind`, `release`, `inform` or `bootp` decides,
//! and `reply` builds and routes the answer. `probe` lets an offer wait for an
//! echo while the loop goes on; `persist` is the way to the lease file.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic))]
#![cfg_attr(not(test), deny(clippy::unreachable, clippy::string_slice))]

mod bind;
mod bootp;
mod client;
mod content;
mod delay;
mod inform;
mod lease_query;
mod log;
mod offer;
mod persist;
mod probe;
mod pxe;
mod pxe_menu;
mod relay;
mod release;
mod rename;
mod reply;
mod request;
mod reply_options;
mod script;

use crate::base::bytes::Writer;
use crate::base::hash::Key;
use crate::base::net::{ip_of, netmask4, same_net4};
use crate::base::random::Random;
use crate::base::time::{Due, Millis, Now, Why};
use crate::config::{Config, Pattern, RangeKind};
use crate::dhcp::hosts::{Filled, HostTable};
use crate::limits;
use crate::outbox::Outbox;
use crate::outbox::action::{Arrival, Door};
use crate::outbox::change::Change;
use crate::outbox::lines::{Arg, Line, dhcp as lines};
use crate::store::interfaces::{Interface, Interfaces};
use crate::store::hosts::Hosts;
use crate::store::lease_file::LeaseFile;
use crate::store::leases::Leases;
use crate::wire::dhcp4::{Packet, kind};
use crate::wire::dhcp4_split::Splits;
use arrayvec::ArrayVec;
use client::{Client, Entrance, Turn};
use probe::Probes;
use request::Request;
use script::Supplied;
use std::net::{IpAddr, Ipv4Addr};

pub use log::seconds;
pub use persist::LeasesRead;

/// What the server is lent for one event.
pub struct Surroundings<'a> {
    /// What the operator said.
    pub config: &'a Config,
    /// Both clocks.
    pub now: Now,
    /// For renewal times and echo identifiers.
    pub random: &'a mut Random,
    /// What is to be done.
    pub out: &'a mut Outbox,
    /// The interfaces.
    pub interfaces: &'a Interfaces,
    /// Names of hosts files.
    pub names: &'a Hosts,
    /// The leases.
    pub leases: &'a mut Leases,
    /// What is known of their file.
    pub file: &'a mut LeaseFile,
}

/// The server.
pub struct Server {
    hosts: HostTable,
    state: State,
}

/// What the server remembers between packets beside the leases.
struct State {
    probes: Probes,
    /// For each range: how often an address of it was refused; moves the place
    /// where the search for a free one begins.
    epochs: Box<[u32]>,
    /// For each range: no address above this one is leased. For
    /// `dhcp-sequential-ip`.
    highest: Box<[u32]>,
    /// For each range: the relay that first asked for it.
    routers: Box<[Ipv4Addr]>,
    /// `dhcp-host` addresses that a client declined, and until when they rest.
    declined: ArrayVec<(Ipv4Addr, Millis), { limits::DECLINED_MAX }>,
    /// For each range: it was told that it does not fit its subnet.
    told: Box<[bool]>,
    /// When the lease file is tried again.
    retry_file: Option<Millis>,
    /// Wall clock less monotonic clock, in seconds: tells when it is set.
    wall_offset: Option<u64>,
    /// What clients sent, until the program that follows leases was told.
    supplied: Supplied,
}

/// Gives the host of this number the address of its name, if it is to have it, and
/// tells what is odd about it.
pub fn fill(table: &mut HostTable, number: usize, names: &Hosts, tell: &mut dyn FnMut(&Line, &[Arg])) {
    table.fill(number, names, &mut |filled| match filled {
        Filled::Several(name, addr) => tell(&lines::SEVERAL_ADDRESSES, &[Arg::Text(name), Arg::Ip4(addr)]),
        Filled::Double(name, addr) => tell(&lines::DOUBLE_ADDRESS, &[Arg::Ip4(addr), Arg::Text(name)]),
    });
}

impl Server {
    /// A server for this configuration; all it allocates it allocates here.
    pub fn new(config: &Config, random: &mut Random) -> Self {
        let configured = &config.dhcp.hosts;
        let cards = configured.iter().map(|host| host.hw.len()).sum();
        let mut hosts = HostTable::new(configured.len(), cards, Key::new(random));
        configured.iter().for_each(|host| hosts.push(host.clone()));
        Server {
            hosts,
            state: State {
                probes: Probes::new(random),
                epochs: vec![0; config.dhcp.ranges.len()].into_boxed_slice(),
                highest: config.dhcp.ranges.iter().map(|range| range.end.into()).collect(),
                routers: vec![Ipv4Addr::UNSPECIFIED; config.dhcp.ranges.len()].into_boxed_slice(),
                declined: ArrayVec::new(),
                told: vec![false; config.dhcp.ranges.len()].into_boxed_slice(),
                retry_file: None,
                wall_offset: None,
                supplied: Supplied::new(config),
            },
        }
    }

    /// The configured hosts.
    pub fn hosts(&self) -> &HostTable {
        &self.hosts
    }

    /// Puts other hosts in their place; the former ones.
    pub fn set_hosts(&mut self, hosts: HostTable) -> HostTable {
        core::mem::replace(&mut self.hosts, hosts)
    }

    /// Gives hosts the addresses that hosts files have for their names now.
    pub fn fill_hosts(&mut self, names: &Hosts, tell: &mut dyn FnMut(&Line, &[Arg])) {
        self.hosts.empty();
        (0..self.hosts.len()).for_each(|number| fill(&mut self.hosts, number, names, tell));
    }

    /// Writes what the program that follows leases is to be told next; false if
    /// that is nothing. Once it is handed over, `Leases::told` says so.
    pub fn untold(&mut self, with: &mut Surroundings, out: &mut Writer) -> bool {
        script::record(&mut self.state.supplied, with, out)
    }

    /// A datagram: a request, or the answer to an address probe.
    pub fn on_datagram(&mut self, with: &mut Surroundings, arrival: &Arrival, bytes: &[u8]) {
        match (arrival.door, ip_of(&arrival.from)) {
            (Door::Icmp4, IpAddr::V4(from)) => {
                if let Some(slot) = self.state.probes.answered(from, bytes, with.now.mono) {
                    self.avoid(with.config, from);
                    self.resume(with, slot);
                }
            }
            (Door::Dhcp4 | Door::Pxe4, IpAddr::V4(_)) => self.on_packet(with, arrival, bytes, Turn::First),
            _ => {}
        }
    }

    /// A deadline has come.
    pub fn on_due(&mut self, with: &mut Surroundings) {
        self.housekeeping(with);
        if self.state.retry_file.is_some_and(|at| at <= with.now.mono) {
            self.state.retry_file = None;
            persist::rewrite(with);
        }
        // One offer an event: each has its own lines and reply.
        if let Some(slot) = self.state.probes.ended(with.now.mono) {
            self.resume(with, slot);
        }
    }

    /// Something else happened.
    pub fn on_change(&mut self, with: &mut Surroundings, change: &Change) {
        match change {
            Change::LeaseFileFailed { errno } => {
                self.state.retry_file = Some(with.now.mono.plus_secs(60));
                persist::failed(with, *errno);
            }
            Change::LeaseFileOk => self.state.retry_file = None,
            Change::DhcpHostsReloaded => rename::rename_leases(with, &self.hosts),
            Change::Interfaces => self.state.tell_odd_ranges(with),
            _ => {}
        }
    }

    /// The earliest deadline. `leases` is the table of the server.
    pub fn next_due(&self, leases: &Leases) -> Option<Due> {
        let due = |at: Option<Millis>, why| at.map(|at| Due { at, why });
        let lease = due(leases.next_expiry(), Why::Lease);
        let probe = due(self.state.probes.next_end(), Why::Probe);
        let file = due(self.state.retry_file, Why::LeaseFile);
        Due::earlier(Due::earlier(lease, probe), file)
    }

    /// The invariants, for tests and simulations.
    pub fn check(&self) {
        self.state.probes.check();
    }

    /// Leases that have ended go, and a wall clock that was set is followed.
    fn housekeeping(&mut self, with: &mut Surroundings) {
        let offset = with.now.wall.0.wrapping_sub(with.now.mono.secs());
        let known = self.state.wall_offset.replace(offset).unwrap_or(offset);
        if known.abs_diff(offset) > 60 {
            with.leases.wall_clock_jumped(with.now);
            persist::rewrite(with);
        }
        if with.leases.expire(with.now.mono) > 0 {
            persist::save(with, None);
        }
    }

    /// The search for free addresses begins elsewhere in the ranges of an
    /// address that was found taken.
    fn avoid(&mut self, config: &Config, addr: Ipv4Addr) {
        for (range, epoch) in config.dhcp.ranges.iter().zip(&mut self.state.epochs) {
            if (range.start..=range.end).contains(&addr) && !config.dhcp.sequential {
                *epoch = epoch.wrapping_add(1);
            }
        }
    }

    /// An offer that waited goes on, from the packet as it came.
    fn resume(&mut self, with: &mut Surroundings, slot: usize) {
        let mut buffer = [0; limits::PROBE_PACKET_MAX];
        if let Some((arrival, len, held)) = self.state.probes.take(slot, &mut buffer) {
            let turn = if held { Turn::Held } else { Turn::Probed };
            self.on_packet(with, &arrival, buffer.get(..len).unwrap_or_default(), turn);
        }
    }

    /// A request.
    fn on_packet(&mut self, with: &mut Surroundings, arrival: &Arrival, bytes: &[u8], turn: Turn) {
        let Some(packet) = Packet::parse(bytes) else { return };
        if packet.is_reply {
            return relay::on_reply(with, arrival, &packet, bytes);
        }
        let Some(iface) = interface(with, arrival).filter(|iface| iface.dhcp4) else { return };
        let Some((own, _)) = iface.ipv4().next() else {
            return with.out.log(&lines::NO_ADDRESS, &[Arg::Text(iface.name.as_bytes())]);
        };
        let relays = turn == Turn::First && arrival.door == Door::Dhcp4;
        let relayed = relays && relay::on_request(with, iface, arrival, &packet, bytes);
        if with.config.dhcp.ranges.is_empty() {
            return;
        }
        self.housekeeping(with);
        let entrance = Entrance { arrival, iface, own, turn, relayed };
        let mut room = [0; limits::SPLIT_OPTIONS_MAX];
        let mut request = Request::new(packet, Splits::join(&packet, &mut room));
        request.identify(with.config.dhcp.ignore_clid);
        let (state, hosts) = (&mut self.state, &self.hosts);
        if request.kind == Some(kind::LEASE_QUERY) {
            return lease_query::on_query(with, hosts, iface, own, arrival, &request);
        }
        let Some(mut client) = Client::new(with, hosts, &request, entrance, &mut state.routers) else {
            return;
        };
        if pxe::on_packet(state, with, &client, bytes) {
            return;
        }
        // Beside another server, and at the port of PXE servers, that is all.
        let proxy = client.ranges.list.first().is_some_and(|range| range.range.kind == RangeKind::Proxy);
        if proxy || client.at_pxe_port() {
            return;
        }
        match request.kind {
            None => bootp::on_bootp(state, with, hosts, &mut client, bytes),
            Some(kind::DISCOVER) => offer::on_discover(state, with, hosts, &mut client, bytes),
            Some(kind::REQUEST) => bind::on_request(state, with, hosts, &mut client),
            Some(kind::DECLINE) => release::on_decline(state, with, &client),
            Some(kind::RELEASE) => release::on_release(with, &client),
            Some(kind::INFORM) => inform::on_inform(with, &client),
            Some(_) => {}
        }
    }
}

/// The interface that a packet counts as having come in by (`bridge-interface`);
/// nothing, and a line in the log, if it is not there.
fn interface<'a>(with: &mut Surroundings<'a>, arrival: &Arrival) -> Option<&'a Interface> {
    let interfaces = with.interfaces;
    let came = interfaces.get(arrival.iface)?;
    let alias = |pattern: &Pattern| pattern.matches(came.name.as_bytes());
    let mut bridges = with.config.dhcp.relaying.bridges.iter();
    let Some(bridge) = bridges.find(|bridge| bridge.aliases.iter().any(alias)) else { return Some(came) };
    let meant = interfaces.named(&bridge.interface);
    if meant.is_none() {
        with.out.log(&lines::NO_BRIDGE, &[Arg::Text(&bridge.interface)]);
    }
    meant
}

impl State {
    /// Tells, once each, of ranges without a netmask of their own of which one
    /// end lies in the subnet of an interface and the other does not.
    fn tell_odd_ranges(&mut self, with: &mut Surroundings) {
        let ranges = with.config.dhcp.ranges.iter().zip(&mut self.told);
        for (range, told) in ranges.filter(|(range, told)| !**told && range.netmask.is_none()) {
            let served = with.interfaces.iter().filter(|iface| iface.dhcp4).flat_map(Interface::ipv4);
            let odd = served.map(|(own, address)| (own, netmask4(address.prefix))).find(|(own, mask)| {
                same_net4(*own, range.start, *mask) != same_net4(*own, range.end, *mask)
            });
            if let Some((_, mask)) = odd {
                *told = true;
                let args = [Arg::Ip4(range.start), Arg::Ip4(range.end), Arg::Ip4(mask)];
                with.out.log(&lines::NOT_CONSISTENT, &args);
            }
        }
    }
}

#[cfg(test)]
#[path = "conversations_tests.rs"]
mod conversations;
