//! DISCOVER and its OFFER (RFC 2131 §4.3.1): choosing an address.
//!
//! The choice is dnsmasq's, so that a client gets the same address from both:
//! the configured one, the one it has, the one it wishes, and otherwise a
//! search that begins at a hash of its hardware address.

use crate::config::{Host, LeaseTime, RangeKind};
use crate::dhcp::hosts::{HostTable, has_hw};
use crate::dhcp::ranges::Candidate;
use crate::dhcp4::client::Client;
use crate::dhcp4::probe::Verdict;
use crate::dhcp4::reply::{Reply, Timing};
use crate::dhcp4::{State, Surroundings, bind, delay, log, persist, probe, reply};
use crate::outbox::lines::{Arg, dhcp as lines};
use crate::wire::dhcp4::kind;
use std::net::Ipv4Addr;

/// Shortest lease that a client's wish leads to, in seconds.
const WISH_MIN: u32 = 120;

/// How far the choice of an address came.
pub(super) enum Choice {
    /// This one.
    Address(Ipv4Addr),
    /// A probe is under way: the packet comes again.
    Wait,
    /// None, and why.
    None(&'static str),
}

/// A DISCOVER.
pub(super) fn on_discover(
    state: &mut State,
    with: &mut Surroundings,
    hosts: &HostTable,
    client: &mut Client,
    bytes: &[u8],
) {
    if client.ignored {
        if !client.config.log.quiet_dhcp {
            log::packet(with, client, &log::DISCOVER, None, b"", "ignored");
        }
        return;
    }
    let choice = choose(state, with, hosts, client, bytes);
    let (addr, reason) = match choice {
        Choice::Wait => return,
        Choice::Address(addr) => (Some(addr), ""),
        Choice::None(reason) => (None, reason),
    };
    if !client.delayed {
        log::packet(with, client, &log::DISCOVER, client.request.wanted, b"", reason);
    }
    let Some(addr) = addr else { return };
    let Some(range) = client.ranges.applying(addr, &client.all_tags).copied() else { return };
    let tags = client.tags_with(Some(&range));
    if delay::hold(state, with, client, &tags, bytes) {
        return;
    }
    if client.config.dhcp.rapid_commit && client.request.rapid_commit {
        drop_other_lease(with, client, addr);
        return bind::commit(state, with, hosts, client, addr, bind::Way::Rapid);
    }
    state.probes.offer(addr, hash(client.request.identity()), with.now.mono);
    log::tags(with, client, &tags);
    log::packet(with, client, &log::OFFER, Some(addr), b"", "");
    let secs = lease_secs(client, &range);
    reply::send(
        with,
        client,
        &Reply {
            kind: Some(kind::OFFER),
            yiaddr: addr,
            range: Some(&range),
            own_tags: &client.all_tags,
            tags: &tags,
            timing: Timing::Lease { secs, fuzz: 0 },
            rapid: false,
            name: offered_name(client),
        },
    );
}

/// The address for a DISCOVER, in order of preference.
fn choose(state: &mut State, with: &mut Surroundings, hosts: &HostTable, client: &Client, bytes: &[u8]) -> Choice {
    if let Some(addr) = configured(state, with, client) {
        return Choice::Address(addr);
    }
    let tags = &client.all_tags;
    let open = |addr| client.ranges.giving(addr, tags).is_some() && hosts.by_addr(addr).is_none();
    let held = client.lease.and_then(|id| with.leases.get(id)).map(|lease| lease.addr);
    if let Some(addr) = held.filter(|addr| open(*addr)) {
        return Choice::Address(addr);
    }
    let hash = hash(client.request.identity());
    if let Some(addr) = client.request.wanted.filter(|addr| open(*addr) && with.leases.by_addr(*addr).is_none()) {
        match probed(state, with, client, addr, hash, bytes) {
            Verdict::Free { .. } => return Choice::Address(addr),
            Verdict::Unknown => return Choice::Wait,
            Verdict::Taken => {}
        }
    }
    if client.request.identity().is_empty() {
        return Choice::None("no unique-id");
    }
    search(state, with, hosts, client, hash, bytes)
}

/// The address that a client of BOOTP has, or a free one.
pub(super) fn held_or_free(
    state: &mut State,
    with: &mut Surroundings,
    hosts: &HostTable,
    client: &Client,
    bytes: &[u8],
) -> Choice {
    let held = client.lease.and_then(|id| with.leases.get(id)).map(|lease| lease.addr);
    match held.filter(|addr| client.ranges.giving(*addr, &client.all_tags).is_some()) {
        Some(addr) => Choice::Address(addr),
        None => search(state, with, hosts, client, hash(client.request.identity()), bytes),
    }
}

/// The address that `dhcp-host` gives, unless something stands against it.
pub(super) fn configured(state: &State, with: &mut Surroundings, client: &Client) -> Option<Ipv4Addr> {
    let host = client.host?;
    let addr = host.addr?;
    let other = with.leases.id_by_addr(addr).filter(|id| Some(*id) != client.lease);
    if let Some(other) = other.and_then(|id| with.leases.get(id)).filter(|lease| !has_hw(host, &lease.hw)) {
        let hw = other.hw;
        with.out.log(&lines::LEASED_TO, &[Arg::Ip4(addr), Arg::Hw(&hw)]);
        return None;
    }
    if client.ranges.is_router(addr) {
        with.out.log(&lines::OURS, &[Arg::Ip4(addr)]);
        return None;
    }
    if rests(state, with, addr) {
        with.out.log(&lines::DECLINED, &[Arg::Ip4(addr)]);
        return None;
    }
    Some(addr)
}

/// True while a declined `dhcp-host` address is not to be used.
pub(super) fn rests(state: &State, with: &Surroundings, addr: Ipv4Addr) -> bool {
    state.declined.iter().any(|(declined, until)| *declined == addr && *until > with.now.mono)
}

/// Asks the probe about an address; starts one if need be. `Unknown`: wait.
fn probed(
    state: &mut State,
    with: &mut Surroundings,
    client: &Client,
    addr: Ipv4Addr,
    hash: u32,
    bytes: &[u8],
) -> Verdict {
    // Nobody is probed twice for one offer.
    if client.iface.loopback || client.config.dhcp.no_ping || client.delayed {
        return Verdict::Free { hash };
    }
    let end = with.now.mono.plus_ms(probe::wait_ms(client.is_relayed()));
    match state.probes.verdict(addr, with.now.mono) {
        Verdict::Unknown if state.probes.start(with.out, addr, hash, client.arrival, bytes, end) => {
            Verdict::Unknown
        }
        Verdict::Unknown => Verdict::Free { hash },
        known => known,
    }
}

/// A free address of the ranges: first of those whose tags the client has,
/// then of all.
fn search(
    state: &mut State,
    with: &mut Surroundings,
    hosts: &HostTable,
    client: &Client,
    hash: u32,
    bytes: &[u8],
) -> Choice {
    let tags = &client.all_tags;
    let dynamic = || client.ranges.list.iter().filter(|range| range.range.kind == RangeKind::Dynamic);
    let tagged = dynamic().filter(|range| tags.hold_some(&range.range.conditions));
    let ranges = tagged.chain(dynamic().filter(|range| tags.hold(&range.range.conditions)));
    // What another client is about to take only when there is nothing else.
    for promised in [false, true] {
        for range in ranges.clone() {
            match search_range(state, with, hosts, client, range, &Wanted { hash, promised, bytes }) {
                Choice::None(_) => {}
                found => return found,
            }
        }
    }
    Choice::None("no address available")
}

/// What a search is for.
struct Wanted<'b> {
    /// Of the client.
    hash: u32,
    /// An address that another client was just offered will do.
    promised: bool,
    /// The client's packet.
    bytes: &'b [u8],
}

fn search_range(
    state: &mut State,
    with: &mut Surroundings,
    hosts: &HostTable,
    client: &Client,
    range: &Candidate,
    wanted: &Wanted,
) -> Choice {
    let Wanted { hash, promised, bytes } = *wanted;
    let sequential = client.config.dhcp.sequential;
    let (start, end) = (u32::from(range.range.start), u32::from(range.range.end));
    let size = u64::from(end.saturating_sub(start)).saturating_add(1);
    let epoch = state.epochs.get(range.number).copied().unwrap_or(0);
    let first = match sequential {
        true => highest_leased(state, with, range.number, start),
        false => u64::from(hash.wrapping_add(epoch)).checked_rem(size).unwrap_or(0),
    };
    let mut skip = if sequential { epoch } else { 0 };
    let mut step = 0;
    while step < size {
        let place = first.saturating_add(step).checked_rem(size).unwrap_or(0);
        // Whole stretches of leased addresses are passed at once.
        let leased = with.leases.leased_run(range.number, place).min(size.saturating_sub(place));
        if leased > 0 {
            step = step.saturating_add(leased);
            continue;
        }
        step = step.saturating_add(1);
        let addr = Ipv4Addr::from(start.wrapping_add(place as u32));
        let taken = client.ranges.is_router(addr)
            || ends_badly(addr)
            || with.leases.by_addr(addr).is_some()
            || hosts.by_addr(addr).is_some()
            || !promised && state.probes.is_promised(addr, hash, with.now.mono);
        if taken {
            continue;
        }
        if skip > 0 {
            skip = skip.saturating_sub(1);
            if let Some(epoch) = state.epochs.get_mut(range.number) {
                *epoch = skip;
            }
            continue;
        }
        match probed(state, with, client, addr, hash, bytes) {
            // In sequence the next client gets the next address, also while
            // this one is only offered.
            Verdict::Free { hash: other } if sequential && other != hash => {}
            Verdict::Free { .. } => return Choice::Address(addr),
            Verdict::Unknown => return Choice::Wait,
            Verdict::Taken => {}
        }
    }
    Choice::None("")
}

/// The place in the range of its highest leased address; 0 if there is none.
/// What is walked down here is walked once: only a new lease raises the mark.
fn highest_leased(state: &mut State, with: &Surroundings, number: usize, start: u32) -> u64 {
    let Some(highest) = state.highest.get_mut(number) else { return 0 };
    while *highest > start && with.leases.by_addr(Ipv4Addr::from(*highest)).is_none() {
        *highest = highest.saturating_sub(1);
    }
    u64::from(highest.saturating_sub(start))
}

/// An address was leased.
pub(super) fn raise_highest(state: &mut State, client: &Client, addr: Ipv4Addr) {
    for range in &client.ranges.list {
        if let Some(highest) = state.highest.get_mut(range.number).filter(|_| addr <= range.range.end) {
            *highest = (*highest).max(addr.into());
        }
    }
}

/// Quirk: .0 and .255 in class C space are not given out, for the sake of old
/// Windows clients, even in larger subnets.
fn ends_badly(addr: Ipv4Addr) -> bool {
    matches!(addr.octets(), [192..=223, _, _, 0 | 255])
}

/// dnsmasq's hash of a hardware address: the address of a client depends on
/// it, so it must be the same.
pub(super) fn hash(octets: &[u8]) -> u32 {
    let hash = octets.iter().fold(0u32, |hash, octet| {
        u32::from(*octet).wrapping_add(hash << 6).wrapping_add(hash << 16).wrapping_sub(hash)
    });
    hash.max(1)
}

/// Seconds of a lease; nothing: without end. The time of the host, else of the
/// range; a client may wish for less.
pub(super) fn lease_secs(client: &Client, range: &Candidate) -> Option<u32> {
    let host_time = client.host.and_then(|host: &Host| host.lease);
    let time = match host_time.unwrap_or(range.range.lease) {
        LeaseTime::Secs(secs) => Some(secs),
        LeaseTime::Infinite => None,
    };
    let wish = client.request.lease_wish.filter(|wish| *wish != u32::MAX).map(|wish| wish.max(WISH_MIN));
    match (time, wish) {
        (Some(time), Some(wish)) => Some(time.min(wish)),
        (time, wish) => time.or(if client.request.lease_wish == Some(u32::MAX) { None } else { wish }),
    }
}

/// A client that moves to `addr` gives up what it had.
pub(super) fn drop_other_lease(with: &mut Surroundings, client: &mut Client, addr: Ipv4Addr) {
    let Some(id) = client.lease else { return };
    if with.leases.get(id).is_none_or(|lease| lease.addr != addr) {
        with.leases.remove(id);
        client.lease = None;
        persist::save(with, None);
    }
}

/// The name in an OFFER: a configured one, unless it contradicts what the
/// client sends by option 12 or is what the host was known by; or what the
/// client sends by option 81.
fn offered_name<'c>(client: &Client<'c>) -> Option<&'c [u8]> {
    let request = client.request;
    let sent = request.name.as_ref().map(|name| name.label());
    match client.host.and_then(|host| host.name.as_deref()) {
        Some(label) => {
            let agreed = sent.is_none_or(|sent| sent.eq_ignore_ascii_case(label) && !client.host.is_some_and(Host::is_known_by_name));
            (agreed || request.fqdn.is_some()).then_some(label)
        }
        None => sent.filter(|_| request.fqdn.is_some()),
    }
}
