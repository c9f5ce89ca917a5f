//! Copies of whole zones for other servers (AXFR, RFC 5936): one message with all
//! names between two SOA records, by TCP only. What does not fit one message
//! cannot be copied; names of hosts files kept without text are not in it.

use crate::base::bytes::Writer;
use crate::dns::admit::Query;
use crate::dns::auth::{self, View};
use crate::dns::{Surroundings, Verdict, auth_zone, compose, interface_names, journal, local};
use crate::outbox::lines::{Arg, dns as lines};
use crate::wire::dns::build::Reply;
use crate::wire::dns::codes::{class, ede, flag, kind, rcode};
use crate::wire::dns::message::Section;
use crate::wire::dns::name::{Name, NameBuf};
use std::net::IpAddr;

/// Answers who asks for all of a zone; by UDP with silence.
pub(super) fn answer(with: &mut Surroundings, view: &View, query: &Query, out: &mut Writer) -> Verdict {
    if !auth_zone::may_copy(with, query.client()) {
        with.out.log(&lines::NO_TRANSFER, &[Arg::Ip(query.client())]);
        if !query.tcp {
            return Verdict::Silence;
        }
        journal::error(with.out, view.prefix, "config", rcode::REFUSED, None);
        return local::code(with, query, out, rcode::REFUSED, ede::PROHIBITED);
    }
    let top = auth_zone::top(view.found.zone);
    journal::of_kind(with.out, view.prefix, Arg::Str("auth"), top, kind::AXFR);
    if !query.tcp {
        return Verdict::Silence;
    }
    let mut reply = compose::start(out, query);
    let found = &view.found;
    found.soa(with, &mut reply, Section::Answer, top, view.serial);
    found.ns(with, &mut reply, Section::Answer, top);
    records(with, &mut reply, view, top);
    addresses(with, &mut reply, view, top);
    found.soa(with, &mut reply, Section::Answer, top, view.serial);
    if reply.is_truncated() {
        journal::truncated(with.out, view.prefix, "auth reply");
    }
    auth::finish(with, view.outside, query, &mut reply, flag::AA, None)
}

/// Adds the records of the configuration.
fn records(with: &Surroundings, reply: &mut Reply, view: &View, top: Name) {
    let records = &with.config.dns.local.records;
    let all = (0..records.len()).filter_map(|number| records.get(number));
    for (name, record) in all.filter(|(name, record)| record.kind != 0 && name.is_within(top)) {
        match record.kind {
            kind::CNAME => {
                let target = Name::new(record.data).and_then(|target| auth::qualified(target, top));
                if let Some(target) = target {
                    reply.name(Section::Answer, name, kind::CNAME, class::IN, view.ttl, target.name());
                }
            }
            kind => auth::put(reply, view, name, kind, record.data),
        }
    }
}

/// Adds the names that have addresses: of interfaces, hosts files and leases.
fn addresses(with: &Surroundings, reply: &mut Reply, view: &View, top: Name) {
    let mut add = |name: Name, addr: IpAddr| {
        let shown = !view.outside || auth_zone::publishes(with.interfaces, view.found.zone, addr);
        if shown && name.is_within(top) {
            reply.address(Section::Answer, name, addr, view.ttl);
        }
        !reply.is_truncated()
    };
    let names = &with.config.dns.local.interface_names;
    for own in names {
        let Some(name) = Name::new(&own.name) else { continue };
        for addr in interface_names::of_one(with.interfaces, own) {
            add(name, addr);
        }
    }
    // Quirk: dnsmasq gives names of hosts files in small letters.
    with.hosts.each(&mut |name, addr| add(name.lower().name(), addr));
    for lease in with.leases.iter().filter(|lease| lease.is_live(with.now.mono) && !lease.name().is_empty()) {
        let name: Option<NameBuf> = auth::lease_name(with, view, lease);
        if let Some(name) = name {
            add(name.name(), lease.addr.into());
        }
    }
}
