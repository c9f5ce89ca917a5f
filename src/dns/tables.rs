//! Names that are known without asking anybody: those of hosts files and those
//! of DHCP clients, forward and reverse. Hosts files come first; a name they
//! give an IPv4 address is not given to a lease.

use crate::base::hash;
use crate::base::net::{Prefix as Net, unmapped};
use crate::base::time::Millis;
use crate::config::{self, Config, NameBox};
use crate::dns::journal::{self, Prefix};
use crate::dns::{Surroundings, interface_names, records, reverse, synth};
use crate::dns::admit::Query;
use crate::outbox::lines::Arg;
use crate::store::hosts::{Hosts, Ring};
use crate::store::interfaces::Interfaces;
use crate::store::leases::{Lease, Leases};
use crate::wire::dns::build::Reply;
use crate::wire::dns::codes::{class, kind};
use crate::wire::dns::message::Section;
use crate::wire::dns::name::{Name, NameBuf};
use std::cell::Cell;
use std::net::IpAddr;

/// The tables, apart from what is written to.
#[derive(Clone, Copy)]
struct Tables<'a> {
    config: &'a Config,
    interfaces: &'a Interfaces,
    hosts: &'a Hosts,
    leases: &'a Leases,
    now: Millis,
}

impl<'a> Tables<'a> {
    fn of(with: &'a Surroundings) -> Self {
        Tables { config: with.config, interfaces: with.interfaces, hosts: with.hosts, leases: with.leases, now: with.now.mono }
    }
}

/// Where a question came in.
pub(super) struct Place<'a> {
    /// What its lines in the log begin with.
    pub prefix: &'a Prefix,
    /// Data of upstream servers may be used for it.
    pub from_cache: bool,
    /// Which record of a set comes first, by the number of its first record.
    turns: &'a [Cell<u8>],
    /// With `localise-queries` the network it was sent to; else none.
    near: Option<Net>,
}

impl<'a> Place<'a> {
    pub(super) fn new(with: &Surroundings, query: &Query, turns: &'a [Cell<u8>], prefix: &'a Prefix) -> Self {
        let arrival = query.arrival;
        let local = with.config.dns.local.localise.then(|| with.interfaces.get(arrival.iface)).flatten();
        let own = local.and_then(|iface| {
            let to = unmapped(arrival.to);
            iface.addresses.iter().find(|own| own.addr == to && to.is_ipv4())
        });
        let near = own.map(|own| Net { addr: own.addr, len: own.prefix });
        Place { prefix, from_cache: query.takes_cached(), turns, near }
    }

    /// The network whose addresses alone are given of these: with
    /// `localise-queries`, if any lies in it.
    pub(super) fn near_of(&self, any: &dyn Fn(&mut dyn FnMut(IpAddr) -> bool) -> bool) -> Option<Net> {
        self.near.filter(|near| any(&mut |addr| near.contains(addr)))
    }

    /// Which of the `count` records of the set that begins at `number` comes
    /// first; another one each time.
    pub(super) fn turn(&self, number: usize, count: usize) -> usize {
        let Some(turn) = self.turns.get(number) else { return 0 };
        let next = turn.get().wrapping_add(1);
        turn.replace(if usize::from(next) < count { next } else { 0 }).into()
    }
}

/// Adds the local records of `name`, whose hash is `hash`. False when there are none.
pub(super) fn answer(with: &mut Surroundings, reply: &mut Reply, place: &Place, hash: u64, name: Name, kind: u16) -> bool {
    if kind == kind::PTR && reverse::addr(name).is_some_and(|addr| interface_names::pointer(with, reply, place, name, addr)) {
        return true;
    }
    let own = !with.config.dns.local.records.is_empty() && records::answer(with, reply, place, name, kind);
    if own && matches!(kind, kind::PTR | kind::MX) {
        return true;
    }
    let more = match kind {
        kind::A | kind::AAAA => addresses(with, reply, place, hash, name, kind),
        kind::ANY => {
            let v4 = addresses(with, reply, place, hash, name, kind::A);
            let v6 = addresses(with, reply, place, hash, name, kind::AAAA);
            let pointer = !v4 && !v6 && reverse_name(with, reply, place, name);
            records::mail(with, reply, place, name) || v4 || v6 || pointer
        }
        kind::PTR => reverse_name(with, reply, place, name),
        kind::MX => records::mail(with, reply, place, name),
        _ => false,
    };
    own || more
}

/// True when `name` has an address here.
pub(super) fn is_host(with: &Surroundings, name: Name) -> bool {
    let tables = Tables::of(with);
    tables.hosts.has(name) || leases_of(tables, name).next().is_some()
}

/// Adds the addresses of `name` as something that comes along.
pub(super) fn additional(with: &mut Surroundings, reply: &mut Reply, name: Name, v6: bool) -> bool {
    let tables = Tables::of(with);
    let section = Section::Additional;
    if let Some(ring) = with.hosts.find(name, v6) {
        for host in with.hosts.hosts(ring) {
            reply.address(section, name, host.addr, host.ttl.unwrap_or(with.config.dns.local_ttl));
        }
        return true;
    }
    if v6 {
        return false;
    }
    let mut any = false;
    for lease in leases_of(tables, name) {
        reply.address(section, name, lease.addr.into(), ttl_of(tables, lease));
        any = true;
    }
    any
}

/// Adds the addresses of one family. Whoever has the name of an interface has no
/// others.
fn addresses(with: &mut Surroundings, reply: &mut Reply, place: &Place, hash: u64, name: Name, kind: u16) -> bool {
    let local = &with.config.dns.local;
    if !local.interface_names.is_empty() && let Some(any) = interface_names::answer(with, reply, place, name, kind) {
        return any;
    }
    let prefix = place.prefix;
    let ring = with.hosts.find_hashed(hash, name, kind == kind::AAAA);
    ring.is_some_and(|ring| hosts(with, reply, place, name, ring))
        || kind == kind::A && may_be_lease(with, name) && leases(with, reply, prefix, name)
        || !local.synths.is_empty() && synthetic(with, reply, prefix, name, kind)
}

/// Adds the address of a made-up name.
#[inline(never)]
fn synthetic(with: &mut Surroundings, reply: &mut Reply, prefix: &Prefix, name: Name, kind: u16) -> bool {
    let Some(addr) = synth::addr(with, name).filter(|addr| addr.is_ipv6() == (kind == kind::AAAA)) else { return false };
    journal::answer(with.out, prefix, Arg::Str("config"), Arg::Name(name.wire()), Arg::Ip(addr));
    reply.address(Section::Answer, name, addr, with.config.dns.local_ttl)
}

/// Adds the name of the address that `name` is the reverse of.
#[inline(never)]
fn reverse_name(with: &mut Surroundings, reply: &mut Reply, place: &Place, name: Name) -> bool {
    let Some(addr) = reverse::addr(name) else { return false };
    if pointer(with, reply, place.prefix, name, addr) {
        return true;
    }
    let Some(target) = synth::name(with, addr) else { return false };
    journal::answer(with.out, place.prefix, Arg::Str("config"), Arg::Ip(addr), Arg::Name(target.name().wire()));
    reply.name(Section::Answer, name, kind::PTR, class::IN, with.config.dns.local_ttl, target.name())
}

/// True when `name`, or something below it, is known here.
pub(super) fn exists(with: &Surroundings, name: Name) -> bool {
    let tables = Tables::of(with);
    records::exist(with, name)
        || interface_names::exist(with, name)
        || synth::addr(with, name).is_some()
        || tables.hosts.exists(name) || leases_of(tables, name).next().is_some() || is_above_leases(tables, name)
}

/// Adds the addresses of hosts files, another one first each time: those near
/// the client if there are any.
#[inline(never)]
fn hosts(with: &mut Surroundings, reply: &mut Reply, place: &Place, name: Name, ring: Ring) -> bool {
    let near = place.near_of(&|is_it| with.hosts.hosts(ring).any(|host| is_it(host.addr)));
    let prefix = place.prefix;
    for host in with.hosts.hosts(ring).filter(|host| near.is_none_or(|near| near.contains(host.addr))) {
        journal::answer(with.out, prefix, Arg::Text(host.source), Arg::Name(name.wire()), Arg::Ip(host.addr));
        reply.address(Section::Answer, name, host.addr, host.ttl.unwrap_or(with.config.dns.local_ttl));
    }
    if !with.config.dns.no_round_robin {
        with.hosts.turn(ring);
    }
    true
}

/// Adds the addresses of DHCP clients of this name.
#[inline(never)]
fn leases(with: &mut Surroundings, reply: &mut Reply, prefix: &Prefix, name: Name) -> bool {
    let tables = Tables { config: with.config, interfaces: with.interfaces, hosts: with.hosts, leases: with.leases, now: with.now.mono };
    let mut any = false;
    for lease in leases_of(tables, name) {
        journal::answer(with.out, prefix, Arg::Str("DHCP"), Arg::Name(name.wire()), Arg::Ip4(lease.addr));
        reply.address(Section::Answer, name, lease.addr.into(), ttl_of(tables, lease));
        any = true;
    }
    any
}

/// Adds the name of an address.
fn pointer(with: &mut Surroundings, reply: &mut Reply, prefix: &Prefix, name: Name, addr: IpAddr) -> bool {
    let mut target = NameBuf::default();
    if let Some(host) = with.hosts.by_addr(addr, &mut target) {
        journal::answer(with.out, prefix, Arg::Text(host.source), Arg::Ip(addr), Arg::Name(target.name().wire()));
        // Quirk: dnsmasq gives names of hosts files back in small letters.
        target = target.lower();
        let ttl = host.ttl.unwrap_or(with.config.dns.local_ttl);
        return reply.name(Section::Answer, name, kind::PTR, class::IN, ttl, target.name());
    }
    let IpAddr::V4(v4) = addr else { return false };
    let Some(lease) = with.leases.by_addr(v4).filter(|lease| lease.is_live(with.now.mono)) else { return false };
    let tables = Tables { config: with.config, interfaces: with.interfaces, hosts: with.hosts, leases: with.leases, now: with.now.mono };
    let Some(target) = name_of(tables, lease) else { return false };
    journal::answer(with.out, prefix, Arg::Str("DHCP"), Arg::Ip(addr), Arg::Name(target.name().wire()));
    reply.name(Section::Answer, name, kind::PTR, class::IN, ttl_of(tables, lease), target.name())
}

/// The running leases that `name` stands for: the host name alone (not with
/// `dhcp-fqdn`), or with the domain of the lease's address behind it.
fn leases_of<'a>(with: Tables<'a>, name: Name<'a>) -> impl Iterator<Item = &'a Lease> {
    let fits = move |lease: &&'a Lease| match name.parent() {
        Some(parent) if !parent.is_root() => domain_of(with, lease).is_some_and(|domain| domain.same(parent)),
        _ => !with.config.dhcp.fqdn,
    };
    with.leases.by_name(name.first_label(), with.now).filter(fits)
}

/// False when no lease can have this name: it lies in none of their domains.
// Asked for each question.
#[inline(always)]
fn may_be_lease(with: &Surroundings, name: Name) -> bool {
    !with.leases.is_empty() && match name.parent() {
        Some(parent) if !parent.is_root() => is_lease_domain(&with.config.dns, parent),
        _ => !with.config.dhcp.fqdn,
    }
}

fn is_lease_domain(config: &config::Dns, name: Name) -> bool {
    let is_it = |domain: &NameBox| domain.len() == name.wire().len() && hash::same_folded(domain, name.wire());
    config.domain.as_ref().is_some_and(is_it) || config.ranged_domains.iter().any(|ranged| is_it(&ranged.name))
}

/// The domains that leases may be in, in wire form.
fn lease_domains<'a>(with: Tables<'a>) -> impl Iterator<Item = &'a [u8]> {
    let dns = &with.config.dns;
    dns.domain.iter().chain(dns.ranged_domains.iter().rev().map(|ranged| &ranged.name)).map(|name| &**name)
}

/// The domain that applies to a lease.
fn domain_of<'a>(with: Tables<'a>, lease: &Lease) -> Option<Name<'a>> {
    with.config.dns.domain_for(lease.addr.into(), with.interfaces).and_then(Name::new)
}

/// The name that the address of a lease stands for.
fn name_of(with: Tables, lease: &Lease) -> Option<NameBuf> {
    names_of(with, lease).into_iter().flatten().next()
}

/// The names of a lease: with its domain if it has one, then alone unless
/// `dhcp-fqdn` is set; never one that a hosts file gives to another address.
fn names_of(with: Tables, lease: &Lease) -> [Option<NameBuf>; 2] {
    let full = domain_of(with, lease).and_then(|domain| NameBuf::join(lease.name(), domain));
    let plain = NameBuf::join(lease.name(), Name::ROOT).filter(|_| !with.config.dhcp.fqdn);
    [full, plain].map(|name| name.filter(|name| {
        let records = &with.config.dns.local.records;
        let is_alias = !records.is_empty() && records.alias(name.lower().name()).is_some();
        !is_alias && with.hosts.find(name.name(), false).is_none()
    }))
}

/// The names of a lease.
pub(super) fn names(with: &Surroundings, lease: &Lease) -> [Option<NameBuf>; 2] {
    names_of(Tables::of(with), lease)
}

/// True for the domains of leases and what is above them: they exist because
/// the names below them do.
fn is_above_leases(with: Tables, name: Name) -> bool {
    !with.leases.is_empty() && lease_domains(with).filter_map(Name::new).any(|domain| domain.is_within(name))
}

/// The TTL of a lease's name: that of local data, at most the rest of the lease.
fn ttl_of(with: Tables, lease: &Lease) -> u32 {
    let ttl = with.config.dns.dhcp_ttl.unwrap_or(with.config.dns.local_ttl);
    let left = lease.seconds_left(with.now).and_then(|secs| u32::try_from(secs).ok());
    left.map_or(ttl, |left| left.min(ttl))
}
