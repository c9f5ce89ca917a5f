//! Answers with authority (`auth-zone`, RFC 1034 §4.3.2): from what is known
//! here of names in our zones, and from nothing else. The world asks at the
//! interfaces of `auth-server`, gets only what a zone publishes, and REFUSED for
//! all other names; our own clients get everything that is known, and forwarding
//! for other names.

use crate::base::bytes::{Reader, Writer};
use crate::config::HAS_AUTH;
use crate::dns::admit::{self, Query};
use crate::dns::auth_zone::{self, Found};
use crate::dns::journal::{self, Prefix};
use crate::dns::{Figures, Surroundings, Verdict, auth_transfer, compose, interface_names, reverse, synth, tables};
use crate::outbox::lines::Arg;
use crate::store::leases::Lease;
use crate::wire::dns::build::Reply;
use crate::wire::dns::codes::{class, ede, flag, kind, rcode};
use crate::wire::dns::message::Section;
use crate::wire::dns::name::{Name, NameBuf};
use std::net::IpAddr;

/// Aliases followed in one answer.
const CHAIN_MAX: usize = 10;

/// Where such a question came in, and what answers it.
pub(super) struct Place<'a> {
    /// At an interface of `auth-server`.
    pub outside: bool,
    /// The zone it is about.
    pub found: Option<Found<'a>>,
}

/// What an answer is made for.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub found: Found<'a>,
    pub outside: bool,
    pub prefix: &'a Prefix,
    /// Of each record.
    pub ttl: u32,
    /// Of the zone.
    pub serial: u32,
}

/// Whether a question is answered with authority.
pub(super) fn place<'a>(with: &Surroundings<'a>, query: &Query) -> Option<Place<'a>> {
    if !HAS_AUTH {
        return None;
    }
    let question = &query.question;
    let is_in = question.class == class::IN;
    if admit::is_outside(with.config, with.interfaces, query.arrival) {
        let found = is_in.then(|| auth_zone::of_question(with, question)).flatten();
        return Some(Place { outside: true, found });
    }
    if with.config.auth.zones.is_empty() || !is_in || query.signed || with.config.dns.local.localise {
        return None;
    }
    let found = auth_zone::of_name(with, question.name)?;
    // What binds a zone to the one above is known there.
    let is_above = question.kind == kind::DS && question.name.same(auth_zone::top(found.zone));
    (!is_above).then_some(Place { outside: false, found: Some(found) })
}

/// Answers a question of such a place into `out`.
#[inline(never)]
pub(super) fn answer(
    with: &mut Surroundings,
    place: &Place,
    figures: &Figures,
    query: &Query,
    prefix: &Prefix,
    out: &mut Writer,
) -> Verdict {
    let (name, kind) = (query.question.name, query.question.kind);
    let Some(found) = place.found else {
        let why = Some(ede::NOT_AUTHORITATIVE);
        journal::error(with.out, prefix, "reply", rcode::REFUSED, why);
        return finish(with, place.outside, query, &mut compose::start(out, query), rcode::REFUSED.into(), why);
    };
    let view = View { found, outside: place.outside, prefix, ttl: with.config.auth.ttl, serial: figures.zone_serial };
    let owner = found.owner();
    let is_top = found.net.is_some() || name.same(owner.name());
    if kind == kind::AXFR && is_top {
        return auth_transfer::answer(with, &view, figures, query, out);
    }
    let mut reply = compose::start(out, query);
    let (mut code, mut aa) = (rcode::NOERROR, place.outside);
    match kind {
        kind::SOA | kind::NS if is_top => {
            aa = true;
            journal::of_kind(with.out, prefix, Arg::Str("auth"), auth_zone::top(found.zone), kind);
            match kind {
                kind::SOA => _ = found.soa(with, &mut reply, Section::Answer, owner.name(), view.serial),
                _ => found.ns(with, &mut reply, Section::Answer, owner.name()),
            }
        }
        _ => match found.net.and_then(|_| reverse::network(name)) {
            Some(net) => {
                if !pointer(with, &mut reply, &view, name, net.addr) {
                    code = rcode::NXDOMAIN;
                    journal::answer(with.out, prefix, Arg::Str("auth"), Arg::Ip(net.addr), Arg::Str("NXDOMAIN"));
                }
            }
            None => code = names(with, &mut reply, &view, name, kind),
        },
    }
    match (aa, reply.is_empty()) {
        (true, false) if kind != kind::NS => found.ns(with, &mut reply, Section::Authority, owner.name()),
        (true, true) if place.outside => _ = found.soa(with, &mut reply, Section::Authority, owner.name(), view.serial),
        _ => {}
    }
    if reply.is_truncated() {
        journal::truncated(with.out, prefix, "auth reply");
    }
    let flags = if aa { flag::AA } else { 0 };
    finish(with, place.outside, query, &mut reply, u16::from(code) | flags, None)
}

/// Completes an answer; `flags`: code and AA. The world gets no recursion.
pub(super) fn finish(with: &Surroundings, outside: bool, query: &Query, reply: &mut Reply, flags: u16, why: Option<u16>) -> Verdict {
    let own = compose::own_flags(query.message.flags(), rcode::NOERROR, false) | flags;
    reply.set_flags(if outside { own & !flag::RA } else { own });
    match compose::finish(reply, query, with.config.dns.edns_max, why) {
        Some(len) => Verdict::Answered(len),
        None => Verdict::Silence,
    }
}

/// Adds the records of a name, or of what its aliases lead to in the zone.
fn names(with: &mut Surroundings, reply: &mut Reply, view: &View, name: Name, kind: u16) -> u8 {
    let mut at = NameBuf::from_name(name);
    for step in 0..=CHAIN_MAX {
        let name = at.name();
        if data(with, reply, view, name, kind) {
            return rcode::NOERROR;
        }
        let Some(target) = alias(with, view, name) else {
            if step > 0 {
                return rcode::NOERROR;
            }
            let nxdomain = !tables::exists(with, name);
            journal::negative(with.out, view.prefix, Arg::Str("auth"), name, kind, nxdomain);
            return if nxdomain { rcode::NXDOMAIN } else { rcode::NOERROR };
        };
        journal::of_kind(with.out, view.prefix, Arg::Str("config"), name, kind::CNAME);
        reply.name(Section::Answer, name, kind::CNAME, class::IN, view.ttl, target.name());
        if kind == kind::CNAME || !target.name().is_within(auth_zone::top(view.found.zone)) {
            return rcode::NOERROR;
        }
        at = target;
    }
    rcode::NOERROR
}

/// The alias of all names below one.
fn of_wildcard<'a>(with: &Surroundings<'a>, parent: Name) -> Option<Name<'a>> {
    let wildcard = NameBuf::join(b"*", parent)?.lower();
    with.config.dns.local.records.alias(wildcard.name()).and_then(|record| Name::new(record.data))
}

/// What the alias of a name leads to; of those of all names below one the
/// longest counts.
fn alias(with: &Surroundings, view: &View, name: Name) -> Option<NameBuf> {
    let records = &with.config.dns.local.records;
    if records.is_empty() {
        return None;
    }
    let zone = auth_zone::top(view.found.zone);
    let own = records.alias(NameBuf::from_name(name).lower().name()).and_then(|record| Name::new(record.data));
    let above = || name.suffixes().skip(1).take_while(|parent| parent.is_within(zone)).find_map(|parent| of_wildcard(with, parent));
    own.or_else(above).and_then(|target| qualified(target, zone))
}

/// A name without a dot is one of the zone.
pub(super) fn qualified(target: Name, zone: Name) -> Option<NameBuf> {
    match target.label_count() {
        1 => NameBuf::join(target.first_label(), zone),
        _ => Some(NameBuf::from_name(target)),
    }
}

/// Adds a record with this data.
pub(super) fn put(reply: &mut Reply, view: &View, name: Name, kind: u16, data: &[u8]) {
    // What `dns-rr` gives need not have the shape of its type.
    if reply.data(Section::Answer, name, kind, class::IN, view.ttl, Reader::new(data)).is_none() {
        reply.octets(Section::Answer, name, kind, class::IN, view.ttl, data);
    }
}

/// The name that a lease has in a zone: with `dhcp-fqdn` its own, else the host
/// name below the zone. Never one that a hosts file gives to another address.
pub(super) fn lease_name(with: &Surroundings, view: &View, lease: &Lease) -> Option<NameBuf> {
    let zone = auth_zone::top(view.found.zone);
    let name = match with.config.dhcp.fqdn {
        true => tables::names(with, lease).into_iter().next().flatten(),
        false => NameBuf::join(lease.name(), zone),
    };
    name.filter(|name| name.name().is_within(zone) && with.hosts.find(name.name(), false).is_none())
}

/// Adds the records of a name that are of this type. False when the name has
/// none of any type.
fn data(with: &mut Surroundings, reply: &mut Reply, view: &View, name: Name, kind: u16) -> bool {
    let (config, interfaces, leases) = (with.config, with.interfaces, with.leases);
    let shows = |addr: IpAddr| {
        let fits = kind == if addr.is_ipv4() { kind::A } else { kind::AAAA };
        fits && (!view.outside || auth_zone::publishes(interfaces, view.found.zone, addr))
    };
    let (configured, shown) = (Arg::Str("config"), Arg::Name(name.wire()));
    let lower = NameBuf::from_name(name).lower();
    let records = &config.dns.local.records;
    let mut known = name.same(auth_zone::top(view.found.zone));
    let mut any = false;
    for (_, record) in records.of(lower.name()) {
        any = true;
        known |= record.kind != kind::CNAME;
        if record.kind == kind && kind != kind::CNAME {
            journal::of_kind(with.out, view.prefix, configured, name, kind);
            put(reply, view, name, kind, record.data);
        }
    }
    // One that is there for what lies below it, unless that is an alias of all names.
    known |= !any && records.has(lower.name()) && of_wildcard(with, name).is_none();
    let synthetic = synth::addr(with, name);
    known |= interface_names::has(config, name) || with.hosts.has(name) || synthetic.is_some();
    let mut show = |addr: IpAddr| {
        if shows(addr) {
            journal::answer(with.out, view.prefix, configured, shown, Arg::Ip(addr));
            reply.address(Section::Answer, name, addr, view.ttl);
        }
        false
    };
    interface_names::any(config, interfaces, name, &mut show);
    if let Some(addr) = synthetic {
        show(addr);
    }
    if let Some(ring) = with.hosts.find(name, kind == kind::AAAA) {
        for host in with.hosts.hosts(ring).filter(|host| shows(host.addr)) {
            let mut first = NameBuf::default();
            let names_addr = with.hosts.by_addr(host.addr, &mut first).is_some() && first.name().same(name);
            // Quirk: dnsmasq tells of the name of an address the other way round.
            let (about, told) = if names_addr { (Arg::Ip(host.addr), shown) } else { (shown, Arg::Ip(host.addr)) };
            journal::answer(with.out, view.prefix, Arg::Text(host.source), about, told);
            reply.address(Section::Answer, name, host.addr, view.ttl);
        }
    }
    for lease in leases.by_name(name.first_label(), with.now.mono) {
        if lease_name(with, view, lease).is_none_or(|own| !own.name().same(name)) {
            continue;
        }
        known = true;
        if shows(lease.addr.into()) {
            let (about, told) = if config.dhcp.fqdn { (Arg::Ip4(lease.addr), shown) } else { (shown, Arg::Ip4(lease.addr)) };
            journal::answer(with.out, view.prefix, Arg::Str("DHCP"), about, told);
            reply.address(Section::Answer, name, lease.addr.into(), view.ttl);
        }
    }
    known
}

/// Adds the name of an address, if the zone has it.
fn pointer(with: &mut Surroundings, reply: &mut Reply, view: &View, name: Name, addr: IpAddr) -> bool {
    let zone = auth_zone::top(view.found.zone);
    let is_in_zone = |target: &NameBuf| target.name().is_within(zone);
    let of_interface = interface_names::at(with, addr).map(NameBuf::from_name).filter(is_in_zone);
    let mut host_name = NameBuf::default();
    let host = with.hosts.by_addr(addr, &mut host_name);
    // Quirk: dnsmasq gives names of hosts files back in small letters.
    let of_host = host.map(|_| host_name.lower()).filter(is_in_zone);
    let lease = match addr {
        IpAddr::V4(v4) => with.leases.by_addr(v4).filter(|lease| lease.is_live(with.now.mono) && !lease.name().is_empty()),
        IpAddr::V6(_) => None,
    };
    let of_lease = || lease.and_then(|lease| lease_name(with, view, lease));
    let (source, target) = match (of_interface, of_host, of_lease()) {
        (Some(target), ..) => (Arg::Str("config"), target),
        (_, Some(target), _) => (host.map_or(Arg::Str("config"), |host| Arg::Text(host.source)), target),
        (.., Some(target)) => (Arg::Str("DHCP"), target),
        _ => match synth::name(with, addr).filter(is_in_zone) {
            Some(target) => (Arg::Str("config"), target),
            None => return false,
        },
    };
    journal::answer(with.out, view.prefix, source, Arg::Ip(addr), Arg::Name(target.name().wire()));
    reply.name(Section::Answer, name, kind::PTR, class::IN, view.ttl, target.name())
}
