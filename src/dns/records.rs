//! Answers from the records that the configuration gives (`mx-host`, `srv-host`,
//! `txt-record` and the others), mail for hosts that are known here (`selfmx`,
//! `localmx`), and the addresses that come along with MX and SRV records.

use crate::base::bytes::Reader;
use crate::config::Record;
use crate::dns::journal;
use crate::dns::tables::{self, Place};
use crate::dns::Surroundings;
use crate::outbox::lines::Arg;
use crate::store::cache::Outcome;
use crate::wire::dns::build::Reply;
use crate::wire::dns::codes::{class, kind};
use crate::wire::dns::message::Section;
use crate::wire::dns::name::{Name, NameBuf};

/// The alias of a name: its TTL and the target.
#[inline(never)]
pub(super) fn alias<'a>(with: &Surroundings<'a>, name: Name) -> Option<(u32, Name<'a>)> {
    let (config, lower) = (with.config, lower(with, name)?);
    let record = config.dns.local.records.alias(lower.name())?;
    Some((ttl(with, &record), Name::new(record.data)?))
}

/// True when the configuration gives the name, or one below it, a record.
pub(super) fn exist(with: &Surroundings, name: Name) -> bool {
    lower(with, name).is_some_and(|lower| with.config.dns.local.records.has(lower.name()))
}

/// The name in small letters, if there are any records.
fn lower(with: &Surroundings, name: Name) -> Option<NameBuf> {
    let any = !with.config.dns.local.records.is_empty();
    any.then(|| NameBuf::from_name(name).lower())
}

fn ttl(with: &Surroundings, record: &Record) -> u32 {
    record.ttl.unwrap_or(with.config.dns.local_ttl)
}

/// Adds the records of `name`; several SRV records change places each time.
/// False when there are none.
#[inline(never)]
pub(super) fn answer(with: &mut Surroundings, reply: &mut Reply, place: &Place, name: Name, kind: u16) -> bool {
    let config = with.config;
    let Some(lower) = lower(with, name) else { return false };
    let fits = |(_, record): &(usize, Record)| {
        record.kind == kind || kind == kind::ANY && record.kind != kind::CNAME
    };
    let found = || config.dns.local.records.of(lower.name()).filter(fits);
    let Some((first, _)) = found().next() else { return false };
    let turn = if kind == kind::SRV { place.turn(first, found().count()) } else { 0 };
    let each = |tell: &mut dyn FnMut(&Record)| {
        for before in [false, true] {
            let part = found().enumerate().filter(|(at, _)| (*at < turn) == before);
            part.for_each(|(_, (_, record))| tell(&record));
        }
    };
    let mut told = false;
    each(&mut |record| {
        // Quirk: several PTR records make one line.
        if !core::mem::replace(&mut told, true) || record.kind != kind::PTR {
            journal::of_kind(with.out, place.prefix, Arg::Str("config"), name, record.kind);
        }
        let (kind, ttl) = (record.kind, ttl(with, record));
        // What `dns-rr` gives need not have the shape of its type.
        if reply.data(Section::Answer, name, kind, class::IN, ttl, Reader::new(record.data)).is_none() {
            reply.octets(Section::Answer, name, kind, class::IN, ttl, record.data);
        }
    });
    each(&mut |record| {
        let mut data = Reader::new(record.data);
        let numbers = match record.kind {
            kind::MX => 2,
            kind::SRV => 6,
            _ => return,
        };
        if let Some(target) = data.take(numbers).and_then(|_| Name::read(&mut data)) {
            additional(with, reply, place, target);
        }
    });
    true
}

/// Adds the MX record of a host that is known here, if hosts take their mail or
/// have it taken.
#[inline(never)]
pub(super) fn mail(with: &mut Surroundings, reply: &mut Reply, place: &Place, name: Name) -> bool {
    let local = &with.config.dns.local;
    let target = match (local.self_mx, &local.local_mx) {
        (true, _) => Some(name),
        (false, target) => target.as_deref().and_then(Name::new),
    };
    let has_own = |lower: NameBuf| local.records.of(lower.name()).any(|(_, record)| record.kind == kind::MX);
    let Some(target) = target.filter(|_| tables::is_host(with, name) && !lower(with, name).is_some_and(has_own)) else {
        return false;
    };
    journal::of_kind(with.out, place.prefix, Arg::Str("config"), name, kind::MX);
    reply.add(Section::Answer, name, kind::MX, class::IN, with.config.dns.local_ttl, |data| {
        data.u16(1);
        data.name(target);
    })
}

/// Adds the addresses of a name, as far as they are known.
fn additional(with: &mut Surroundings, reply: &mut Reply, place: &Place, name: Name) {
    for kind in [kind::A, kind::AAAA] {
        if tables::additional(with, reply, name, kind == kind::AAAA)
            || !place.from_cache
            || with.config.dns.screen.drops(kind, kind)
        {
            continue;
        }
        let found = with.cache.lookup(name, kind, with.now.mono);
        let Some(found) = found.filter(|found| found.outcome == Outcome::Records && found.kind == kind) else { continue };
        for data in found.records() {
            reply.data(Section::Additional, name, kind, class::IN, found.ttl, data);
        }
    }
}
