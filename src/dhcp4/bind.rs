//! REQUEST and its ACK or NAK (RFC 2131 §4.3.2), and the short way from
//! DISCOVER to ACK (RFC 4039): making and renewing leases.

use crate::dhcp::hosts::{HostTable, has_hw};
use crate::dhcp::naming::{generated, give_name, is_domain};
use crate::dhcp4::client::{Client, Naming};
use crate::dhcp4::offer::{drop_other_lease, lease_secs, raise_highest, rests};
use crate::dhcp4::rename::known_name;
use crate::dhcp4::reply::{Reply, Timing};
use crate::dhcp4::{State, Surroundings, log, persist, reply};
use crate::limits::HOST_NAME_MAX;
use crate::outbox::lines::{Arg, dhcp as lines};
use crate::store::lease_extras::Extra;
use crate::store::leases::LeaseId;
use crate::store::untold::Untold;
use crate::wire::dhcp4::kind;
use crate::wire::dns::name::{Name, NameBuf};
use arrayvec::ArrayVec;
use std::net::{IpAddr, Ipv4Addr};

/// How a client came to want an address.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// It takes an offer.
    Selecting,
    /// It asks whether what it remembers still holds.
    Reboot,
    /// It has the address and wants to keep it.
    Renewing,
    /// It wants an ACK for its DISCOVER.
    Rapid,
}

/// A REQUEST.
pub(super) fn on_request(state: &mut State, with: &mut Surroundings, hosts: &HostTable, client: &mut Client) {
    if client.ignored {
        return;
    }
    let (way, addr) = match (client.request.wanted, client.request.server_id) {
        (Some(addr), Some(_)) => (Way::Selecting, addr),
        (Some(addr), None) => (Way::Reboot, addr),
        (None, _) => (Way::Renewing, client.ciaddr),
    };
    let refused = match way {
        Way::Selecting => selecting(with, client, addr),
        Way::Reboot => rebooting(with, client, addr),
        Way::Renewing | Way::Rapid => renewing(with, client, addr),
    };
    match refused {
        Some("") => {}
        Some(reason) => {
            log::packet(with, client, &log::REQUEST, Some(addr), b"", "");
            nak(with, client, addr, way, reason);
        }
        None => {
            log::packet(with, client, &log::REQUEST, Some(addr), b"", "");
            commit(state, with, hosts, client, addr, way);
        }
    }
}

/// An empty reason is silence: the request is for another server.
fn selecting(with: &mut Surroundings, client: &mut Client, addr: Ipv4Addr) -> Option<&'static str> {
    let named = client.request.server_id.unwrap_or(Ipv4Addr::UNSPECIFIED);
    let place = client.ranges.list.iter().position(|range| range.local == named);
    match (client.override_id, place) {
        (Some(own), _) if own == named => {}
        (Some(_), _) => return Some(""),
        // Quirk: the ranges in front of the one that was named do not count.
        (None, Some(place)) => client.ranges.skip(place),
        // A client with more than one way to us.
        (None, None) if with.interfaces.is_own(IpAddr::V4(named)) => client.override_id = Some(named),
        (None, None) if !client.config.dhcp.authoritative => return Some(""),
        (None, None) => {
            drop_other_lease(with, client, addr);
            return Some("wrong server-ID");
        }
    }
    drop_other_lease(with, client, addr);
    None
}

fn rebooting(with: &Surroundings, client: &Client, addr: Ipv4Addr) -> Option<&'static str> {
    match client.lease.and_then(|id| with.leases.get(id)) {
        None if !client.config.dhcp.authoritative => Some(""),
        Some(lease) if lease.addr != addr => Some("wrong address"),
        _ => None,
    }
}

/// A client that rebinds asks everybody: it may hold the lease of another
/// server. One that asks us alone is wrong.
fn renewing(with: &Surroundings, client: &mut Client, addr: Ipv4Addr) -> Option<&'static str> {
    let fine = match client.lease.and_then(|id| with.leases.get(id)) {
        Some(lease) => lease.addr == addr,
        None => client.config.dhcp.authoritative,
    };
    if fine {
        return None;
    }
    if !client.unicast {
        return Some("");
    }
    client.unicast = false;
    Some("lease not found")
}

/// Leases `addr` and acknowledges, or refuses.
pub(super) fn commit(
    state: &mut State,
    with: &mut Surroundings,
    hosts: &HostTable,
    client: &mut Client,
    addr: Ipv4Addr,
    way: Way,
) {
    let is_new = with.leases.by_addr(addr).is_none();
    let id = match checked(state, with, hosts, client, addr, way).and_then(|()| lease(with, client, addr)) {
        Ok(id) => id,
        Err(reason) => return nak(with, client, addr, way, reason),
    };
    let Some(range) = client.ranges.applying(addr, &client.all_tags).copied() else { return };
    let tags = client.tags_with(Some(&range));
    log::tags(with, client, &tags);
    raise_highest(state, client, addr);
    let secs = lease_secs(client, &range);
    let name = name_lease(with, client, id);
    with.leases.set_expiry(id, secs, with.now);
    keep_extras(with, client, id);
    with.leases.seen(id, client.iface.index);
    if way != Way::Renewing {
        // Whoever follows may have missed that it was away.
        with.leases.mark(id, Untold::CLIENT);
    }
    // Quirk: of a renewal dnsmasq does not tell what came with it.
    if way != Way::Renewing || is_new {
        state.supplied.keep(client, addr, &tags);
    }
    persist::save(with, Some(id));
    log::packet(with, client, &log::ACK, Some(addr), &name, "");
    // Clients of one power cut do not all come back at the same moment.
    let fuzz = if way == Way::Renewing { with.random.u16() } else { 0 };
    reply::send(
        with,
        client,
        &Reply {
            kind: Some(kind::ACK),
            yiaddr: addr,
            range: Some(&range),
            own_tags: &client.all_tags,
            tags: &tags,
            timing: Timing::Lease { secs, fuzz: fuzz.into() },
            rapid: way == Way::Rapid,
            name: Some(&*name).filter(|name| !name.is_empty()),
        },
    );
}

/// Keeps what `leasequery` tells. A renewal that passes the relay by does not
/// undo what the relay said.
fn keep_extras(with: &mut Surroundings, client: &Client, id: LeaseId) {
    let request = client.request;
    for (extra, value) in [(Extra::AgentInfo, request.agent), (Extra::VendorClass, request.vendor_class)] {
        if let Some(value) = value {
            with.leases.set_extra(id, extra, value, false);
        }
    }
}

/// The reasons against an address, in dnsmasq's order.
fn checked(
    state: &State,
    with: &mut Surroundings,
    hosts: &HostTable,
    client: &mut Client,
    addr: Ipv4Addr,
    way: Way,
) -> Result<(), &'static str> {
    let tags = &client.all_tags;
    if client.ranges.applying(addr, tags).is_none() {
        // Whoever asked from another link hears it only by broadcast.
        client.unicast = false;
        return Err("wrong network");
    }
    let configured = client.host.and_then(|host| host.addr);
    if client.ranges.giving(addr, tags).is_none() && configured != Some(addr) {
        return Err("address not available");
    }
    if let Some(better) = configured.filter(|better| *better != addr && way != Way::Selecting) {
        let holder = with.leases.id_by_addr(better);
        let free = holder.is_none() || holder == client.lease;
        if free && !client.ranges.is_router(better) && !rests(state, with, better) {
            return Err("static lease available");
        }
    }
    let reserved = hosts.by_addr(addr);
    if reserved.is_some_and(|host| !client.host.is_some_and(|own| core::ptr::eq(own, host))) {
        return Err("address reserved");
    }
    if client.lease.is_none() {
        take_over(with, client, addr)?;
    }
    if client.request.identity().is_empty() {
        return Err("no unique-id");
    }
    Ok(())
}

/// An address that somebody else has: another network card of the same host
/// gives it up.
fn take_over(with: &mut Surroundings, client: &mut Client, addr: Ipv4Addr) -> Result<(), &'static str> {
    let Some(id) = with.leases.id_by_addr(addr) else { return Ok(()) };
    let hw = with.leases.get(id).map(|lease| lease.hw).unwrap_or_default();
    if !client.host.is_some_and(|host| has_hw(host, &hw)) {
        return Err("address in use");
    }
    with.out.log(&lines::ABANDONING, &[Arg::Hw(&hw), Arg::Ip4(addr)]);
    client.lease = Some(id);
    Ok(())
}

/// The lease of `addr` for this client: what it has, or a new one.
pub(super) fn lease(with: &mut Surroundings, client: &Client, addr: Ipv4Addr) -> Result<LeaseId, &'static str> {
    const FULL: &str = "no leases left";
    let id = match client.lease {
        Some(id) => id,
        None => with.leases.insert(addr).ok_or(FULL)?,
    };
    with.leases.set_hw(id, client.request.hw);
    // A client that stops sending its identifier keeps the one it had.
    let kept = client.client_id.is_none_or(|client_id| with.leases.set_client_id(id, client_id));
    if !kept {
        if client.lease.is_none() {
            with.leases.remove(id);
        }
        return Err(FULL);
    }
    Ok(id)
}

/// Names the lease: as configured, as hosts files say, as the client says unless its names are
/// ignored, or after its hardware address. Gives the name that the client is
/// told; the lease goes without if somebody with a better right has it.
pub(super) fn name_lease(with: &mut Surroundings, client: &Client, id: LeaseId) -> ArrayVec<u8, HOST_NAME_MAX> {
    let dhcp = &client.config.dhcp;
    let ignored = client.all_tags.hold_any(&dhcp.ignore_names);
    let naming = client.naming().filter(|naming| naming.ours || !ignored);
    let mut told = ArrayVec::new();
    let Some(addr) = with.leases.get(id).map(|lease| lease.addr) else { return told };
    let mut known = NameBuf::default();
    let known = known_name(client.config, with.names, with.interfaces, addr, &mut known)
        .filter(|_| !naming.is_some_and(|naming| naming.ours));
    let naming = known.map(|label| Naming { label, domain: &[], zone: None, ours: true }).or(naming);
    let hw = &client.request.hw;
    let made = match naming {
        // Nobody has a name made up for BOOTP.
        None if client.request.kind.is_some() && !hw.is_empty() && client.all_tags.hold_any(&dhcp.generate_names) => {
            generated(hw)
        }
        _ => ArrayVec::new(),
    };
    let naming = match (naming, made.is_empty()) {
        (Some(naming), _) => naming,
        (None, false) => Naming { label: &made, domain: &[], zone: None, ours: false },
        (None, true) => return told,
    };
    let dns = &client.config.dns;
    let nets = with.interfaces;
    let zone = dns.domain_for(addr.into(), nets);
    if !naming.domain.is_empty() && !is_domain(naming.domain, zone) {
        with.out.log(&lines::IGNORING_DOMAIN, &[Arg::Text(naming.domain), Arg::Text(naming.label)]);
    }
    if let Some(given) = naming.zone.filter(|given| !zone.is_some_and(|zone| zone.eq_ignore_ascii_case(given))) {
        with.out.log(&lines::IGNORING_DOMAIN, &[Arg::Name(given), Arg::Text(naming.label)]);
    }
    let same_domain = |a: Ipv4Addr, b: Ipv4Addr| !dhcp.fqdn || dns.domain_for(a.into(), nets) == dns.domain_for(b.into(), nets);
    let (changed, loser) = give_name(with.leases, id, naming.label, naming.ours, same_domain);
    if changed && loser {
        // The file must not show the name twice: the whole is written.
        persist::rewrite(with);
    }
    if changed {
        tell_rivals(with, client, naming.label, addr, zone);
    }
    let _ = told.try_extend_from_slice(naming.label);
    told
}

/// Names that hosts files give another address keep it in DNS, and the log
/// says so: the whole name first, then the label alone.
fn tell_rivals(with: &mut Surroundings, client: &Client, label: &[u8], addr: Ipv4Addr, zone: Option<&[u8]>) {
    let alone = if client.config.dhcp.fqdn { None } else { Some(Name::ROOT) };
    let names = with.names;
    for zone in [zone.and_then(Name::new), alone] {
        let name = &zone.and_then(|zone| NameBuf::join(label, zone));
        let Some(name) = name else { continue };
        if client.config.dns.local.records.alias(name.lower().name()).is_some() {
            with.out.log(&lines::IS_ALIAS, &[Arg::Name(name.name().wire()), Arg::Ip4(addr)]);
            continue;
        }
        let Some(ring) = names.find(name.name(), false) else { continue };
        if names.hosts(ring).any(|host| host.addr == addr) {
            continue;
        }
        if let Some(rival) = names.hosts(ring).next() {
            let args =
                [Arg::Name(name.name().wire()), Arg::Ip4(addr), Arg::Text(rival.source), Arg::Ip(rival.addr)];
            with.out.log(&lines::NOT_GIVING, &args);
        }
    }
}

/// Refuses; a refused short way is only logged.
fn nak(with: &mut Surroundings, client: &Client, addr: Ipv4Addr, way: Way, reason: &'static str) {
    if way == Way::Rapid {
        return log::packet(with, client, &log::NO_ANSWER, Some(addr), b"", reason);
    }
    log::packet(with, client, &log::NAK, Some(addr), b"", reason);
    reply::refuse(with, client, reason);
}
