//! Copies of whole zones for other servers (AXFR, RFC 5936): all names between two
//! SOA records, by TCP only, in as many messages as it takes; each is made when
//! the one before has gone. A zone that changes meanwhile ends the connection.
//! Names of hosts files kept without text are not in it.

use crate::base::bytes::Writer;
use crate::dns::admit::Query;
use crate::dns::auth::{self, View};
use crate::dns::{Figures, Surroundings, Verdict, auth_zone, compose, interface_names, journal, local};
use crate::outbox::lines::{Arg, dns as lines};
use crate::wire::dns::build::Reply;
use crate::wire::dns::codes::{class, ede, flag, kind, rcode};
use crate::wire::dns::message::Section;
use crate::wire::dns::name::{Name, NameBuf};
use std::net::IpAddr;

/// How far the copy of a zone has come: the next item, and the zone's number.
#[derive(Clone, Copy, Default)]
pub(super) struct Transfer {
    next: (u8, u32),
    serial: u32,
}

impl Transfer {
    /// True when a message has been made and others follow.
    pub(super) fn is_begun(self) -> bool {
        self.next != (0, 0)
    }
}

/// Answers who asks for all of a zone; by UDP with silence.
pub(super) fn answer(with: &mut Surroundings, view: &View, figures: &Figures, query: &Query, out: &mut Writer) -> Verdict {
    if !auth_zone::may_copy(with, query.client()) {
        with.out.log(&lines::NO_TRANSFER, &[Arg::Ip(query.client())]);
        if !query.tcp {
            return Verdict::Silence;
        }
        journal::error(with.out, view.prefix, "config", rcode::REFUSED, None);
        return local::code(with, query, out, rcode::REFUSED, ede::PROHIBITED);
    }
    let top = auth_zone::top(view.found.zone);
    let going_on = figures.transfer.take();
    if going_on.is_begun() {
        if going_on.serial != view.serial {
            return Verdict::Silence;
        }
    } else {
        journal::of_kind(with.out, view.prefix, Arg::Str("auth"), top, kind::AXFR);
    }
    if !query.tcp {
        return Verdict::Silence;
    }
    let mut reply = compose::start(out, query);
    let mut at = going_on.next;
    while let Some(next) = item(with, &mut reply, view, top, at) {
        if reply.is_truncated() {
            let alone = reply.is_empty();
            reply.leave_out();
            if !alone {
                break;
            }
        }
        at = next;
    }
    let next = if at.0 < PARTS { at } else { (0, 0) };
    figures.transfer.set(Transfer { next, serial: view.serial });
    auth::finish(with, view.outside, query, &mut reply, flag::AA, None)
}

/// Parts of a zone: its head, records of the configuration, names of interfaces,
/// of hosts files, of leases, and the end.
const PARTS: u8 = 6;

/// Adds one item of a zone, and says which is the next.
fn item(with: &Surroundings, reply: &mut Reply, view: &View, top: Name, (part, at): (u8, u32)) -> Option<(u8, u32)> {
    let config = &with.config.dns.local;
    let next = Some((part, at.saturating_add(1)));
    let index = at as usize;
    let last = match part {
        0 => {
            view.found.soa(with, reply, Section::Answer, top, view.serial);
            view.found.ns(with, reply, Section::Answer, top);
            None
        }
        1 => config.records.get(index).map(|(name, found)| {
            record(reply, view, top, name, found.kind, found.data);
            next
        }),
        2 => config.interface_names.get(index).map(|own| {
            let name = Name::new(&own.name).unwrap_or(Name::ROOT);
            interface_names::any_of_one(with.interfaces, own, &mut |addr| {
                address(with, reply, view, top, name, addr);
                false
            });
            next
        }),
        3 => {
            let mut name = NameBuf::default();
            let host = with.hosts.get(at, &mut name);
            // Quirk: dnsmasq gives names of hosts files in small letters.
            host.map(|(host, _)| {
                address(with, reply, view, top, name.lower().name(), host.addr);
                next
            })
        }
        4 => with.leases.walk(at).map(|(id, behind)| {
            let lease = with.leases.get(id).filter(|lease| lease.is_live(with.now.mono) && !lease.name().is_empty());
            let name = lease.and_then(|lease| Some((auth::lease_name(with, view, lease)?, lease.addr)));
            if let Some((name, addr)) = name {
                address(with, reply, view, top, name.name(), addr.into());
            }
            Some((part, behind))
        }),
        5 => {
            view.found.soa(with, reply, Section::Answer, top, view.serial);
            None
        }
        _ => return None,
    };
    last.unwrap_or(Some((part.saturating_add(1), 0)))
}

/// Adds a record of the configuration.
fn record(reply: &mut Reply, view: &View, top: Name, name: Name, kind: u16, data: &[u8]) {
    if kind == 0 || !name.is_within(top) {
        return;
    }
    match kind {
        kind::CNAME => {
            if let Some(target) = Name::new(data).and_then(|target| auth::qualified(target, top)) {
                reply.name(Section::Answer, name, kind::CNAME, class::IN, view.ttl, target.name());
            }
        }
        kind => auth::put(reply, view, name, kind, data),
    }
}

/// Adds the address of a name.
fn address(with: &Surroundings, reply: &mut Reply, view: &View, top: Name, name: Name, addr: IpAddr) {
    let shown = !view.outside || auth_zone::publishes(with.interfaces, view.found.zone, addr);
    if shown && name.is_within(top) {
        reply.address(Section::Answer, name, addr, view.ttl);
    }
}
