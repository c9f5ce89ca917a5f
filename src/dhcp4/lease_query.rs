//! DHCPLEASEQUERY (RFC 4388): an access concentrator asks, by address, client
//! identifier or hardware address, which lease there is.

use crate::base::bytes::Writer;
use crate::base::net::{ip_of, netmask4, same_net4};
use crate::base::text;
use crate::config::{Config, RangeKind};
use crate::dhcp::hosts::HostTable;
use crate::dhcp4::Surroundings;
use crate::dhcp4::log::line;
use crate::dhcp4::reply_options::OptionWriter;
use crate::dhcp4::request::Request;
use crate::limits;
use crate::outbox::action::{Arrival, Door, Route};
use crate::outbox::lines::{Arg, dhcp as lines};
use crate::outbox::metrics::Metric;
use crate::store::interfaces::Interface;
use crate::store::leases::LeaseId;
use crate::wire::dhcp4::{Packet, REPLY_MIN, ReplyHeader, kind};
use crate::wire::dhcp4_options::code;
use arrayvec::ArrayVec;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Addresses in option 92: what fits.
const ASSOCIATED_MAX: usize = 63;

/// What is known of what was asked for.
enum Found {
    /// This lease runs.
    Active(LeaseId),
    /// The address is one of ours, and nobody has it.
    Unassigned,
    /// It is not ours to know.
    Unknown,
}

/// A question. Nobody hears of leases who is not permitted to.
pub(super) fn on_query(
    with: &mut Surroundings,
    hosts: &HostTable,
    iface: &Interface,
    own: Ipv4Addr,
    arrival: &Arrival,
    request: &Request,
) {
    let config = with.config;
    let Some(permitted) = &config.dhcp.relaying.queries else { return };
    let IpAddr::V4(source) = ip_of(&arrival.from) else { return };
    let asked = Some(request.packet.ciaddr).filter(|addr| !addr.is_unspecified());
    let mut buffer = [0; 24];
    let mut from = Writer::new(&mut buffer);
    from.bytes(b"from ");
    text::ipv4(&mut from, source);
    with.out.count(Metric::LeaseQuery);
    log(with, iface, request, "DHCPLEASEQUERY", asked, from.written());
    if !permitted.is_empty() && !permitted.iter().any(|(net, len)| same_net4(*net, source, netmask4(*len))) {
        return with.out.log(&lines::QUERY_REFUSED, &[Arg::Ip4(source)]);
    }
    let to = match request.packet.giaddr {
        Ipv4Addr::UNSPECIFIED => return,
        Ipv4Addr::BROADCAST if source.is_unspecified() => return,
        Ipv4Addr::BROADCAST => arrival.from,
        relay => SocketAddr::new(relay.into(), config.dhcp.netboot.ports.0),
    };
    let found = find(with, hosts, request, asked);
    let (kind, what, metric) = match found {
        Found::Active(_) => (kind::LEASE_ACTIVE, "DHCPLEASEACTIVE", Metric::LeaseActive),
        Found::Unassigned => (kind::LEASE_UNASSIGNED, "DHCPLEASEUNASSIGNED", Metric::LeaseUnassigned),
        Found::Unknown => (kind::LEASE_UNKNOWN, "DHCPLEASEUNKNOWN", Metric::LeaseUnknown),
    };
    with.out.count(metric);
    let lease = if let Found::Active(id) = found { with.leases.get(id).cloned() } else { None };
    let addr = lease.as_ref().map(|lease| lease.addr).or(asked);
    log(with, iface, request, what, addr, b"");
    let mut packet = request.packet;
    if let Some(lease) = &lease {
        packet = of_client(packet, &lease.hw);
    }
    let header = ReplyHeader {
        flags: packet.flags,
        ciaddr: addr.unwrap_or(Ipv4Addr::UNSPECIFIED),
        yiaddr: Ipv4Addr::UNSPECIFIED,
        siaddr: Ipv4Addr::UNSPECIFIED,
    };
    let now = with.now.mono;
    let leases = &*with.leases;
    let route = Route { door: Door::Dhcp4, to, source: None, iface: 0 };
    with.out.datagram(route, limits::DATAGRAM_MAX, |out| {
        packet.write_reply(out, &header);
        let mut options = OptionWriter::new(out, request.reply_max, false);
        options.put(code::MESSAGE_TYPE, &[kind]);
        options.put(code::SERVER_ID, &own.octets());
        let mut agent = None;
        if let Some(lease) = &lease {
            let left = lease.seconds_left(now).map_or(u32::MAX, |secs| u32::try_from(secs).unwrap_or(u32::MAX));
            let mut tell = |number, value: &[u8]| {
                if !value.is_empty() && request.asks_for(number) {
                    options.put(number, value);
                }
            };
            tell(code::LEASE_TIME, &left.to_be_bytes());
            tell(code::HOST_NAME, lease.name());
            tell(code::CLIENT_ID, leases.client_id(lease));
            let mut all = ArrayVec::<u8, { 4 * ASSOCIATED_MAX }>::new();
            for (_, other) in leases.by_hw(&lease.hw).filter(|_| asked.is_none() && !lease.hw.is_empty()) {
                let _ = all.try_extend_from_slice(&other.addr.octets());
            }
            // One address alone is no news.
            tell(code::ASSOCIATED, if all.len() > 4 { &all } else { &[] });
            tell(code::VENDOR_CLASS, leases.vendor_class(lease));
            agent = Some(leases.agent_info(lease)).filter(|info| !info.is_empty() && request.asks_for(code::AGENT));
        }
        options.close(agent, REPLY_MIN);
    });
}

/// What there is: by address, else by client identifier, else by hardware
/// address; of several leases the one that lasts longest.
fn find(with: &Surroundings, hosts: &HostTable, request: &Request, asked: Option<Ipv4Addr>) -> Found {
    let leases = &*with.leases;
    let live = |id: &LeaseId| leases.get(*id).is_some_and(|lease| lease.is_live(with.now.mono));
    let Some(addr) = asked else {
        let by_id = request.client_id.map(|id| leases.by_client_id(id));
        let by_hw = || {
            let all = leases.by_hw(&request.hw).filter(|_| !request.hw.is_empty());
            all.max_by_key(|(_, lease)| lease.until).map(|(id, _)| id)
        };
        return by_id.unwrap_or_else(by_hw).filter(live).map_or(Found::Unknown, Found::Active);
    };
    match leases.id_by_addr(addr).filter(live) {
        Some(id) => Found::Active(id),
        None if is_ours(with.config, addr) || hosts.by_addr(addr).is_some() => Found::Unassigned,
        None => Found::Unknown,
    }
}

/// True when some range gives the address out.
fn is_ours(config: &Config, addr: Ipv4Addr) -> bool {
    let mut ranges = config.dhcp.ranges.iter();
    ranges.any(|range| range.kind == RangeKind::Dynamic && (range.start..=range.end).contains(&addr))
}

/// The packet with the hardware address of a client in it.
fn of_client<'p>(packet: Packet<'p>, hw: &crate::base::net::HwAddr) -> Packet<'p> {
    let mut chaddr = [0; crate::base::net::HW_MAX];
    for (to, from) in chaddr.iter_mut().zip(hw.octets()) {
        *to = *from;
    }
    Packet { htype: hw.kind, hlen: hw.octets().len() as u8, chaddr, ..packet }
}

/// Logs a question or its answer.
fn log(with: &mut Surroundings, iface: &Interface, request: &Request, what: &'static str, addr: Option<Ipv4Addr>, text: &[u8]) {
    let config = &with.config.log;
    if config.quiet_dhcp && !config.dhcp {
        return;
    }
    let hw = request.hw.octets();
    let who = if hw.is_empty() { Arg::Str("") } else { Arg::Hex(hw) };
    let blank = if addr.is_some() && !hw.is_empty() { " " } else { "" };
    let addr = addr.map_or(Arg::Str(""), Arg::Ip4);
    let iface = Arg::Text(iface.name.as_bytes());
    line(with, request.packet.xid, [Arg::Str(what), iface, addr, Arg::Str(blank), who, Arg::Text(text), Arg::Str("")]);
}
