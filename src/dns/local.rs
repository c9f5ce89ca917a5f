//! Answers from what is known here, in dnsmasq's order: hosts files and names of
//! DHCP clients, the cache (following aliases), then what the configuration says
//! about the domain, then what must not go upstream. What is left is forwarded.

use crate::base::bytes::Writer;
use crate::dns::admit::Query;
use crate::dns::compose;
use crate::dns::journal::{self, Prefix};
use crate::dns::tables::Place;
use crate::dns::rules::{self, Found, Ruling};
use crate::dns::upstream::Upstream;
use crate::dns::{Figures, Surroundings, Verdict, chaos, records, reverse, tables};
use crate::outbox::lines::Arg;
use crate::store::cache::Outcome;
use crate::wire::dns::build::Reply;
use crate::wire::dns::codes::{class, ede, flag, kind, rcode};
use crate::wire::dns::message::{Question, Section};
use crate::wire::dns::name::{Name, NameBuf};
use std::net::IpAddr;

/// Aliases followed in one answer.
const CHAIN_MAX: usize = 10;

/// Answers `query` into `out`, or leaves in `found` whom to ask.
pub(super) fn answer(
    with: &mut Surroundings,
    figures: &Figures,
    query: &Query,
    prefix: &Prefix,
    out: &mut Writer,
    found: &mut Found,
) -> Verdict {
    let (question, upstream) = (&query.question, figures.upstream);
    if question.class == class::CHAOS && chaos::is_ours(question.name) {
        return chaos::answer(with, figures, query, prefix, out);
    }
    if question.class == class::IN && question.kind == kind::MAILB {
        let mut reply = compose::start(out, query);
        return close_for(with, query, &mut reply, rcode::NXDOMAIN, true, Some(ede::NOT_SUPPORTED));
    }
    if question.class == class::IN && !query.signed {
        if let Some(verdict) = known(with, figures, query, prefix, out) {
            if matches!(verdict, Verdict::Stale(_)) {
                fresh_from(with, upstream, question, found);
            }
            return verdict;
        }
        out.rewind(0);
        let asks_in_vain = match question.kind {
            kind::SOA | kind::SRV => true,
            kind::ANY => question.name.wire().contains(&b'_'),
            _ => false,
        };
        if asks_in_vain && with.config.dns.screen.win2k {
            journal::negative(with.out, prefix, Arg::Str("config"), question.name, 0, false);
            let mut reply = compose::start(out, query);
            return close_for(with, query, &mut reply, rcode::NOERROR, true, Some(ede::FILTERED));
        }
    }
    found.addresses.clear();
    found.group.clear();
    let ruling = rules::find(&with.config.dns, upstream, question.name, question.kind, found);
    by_rule(with, query, prefix, out, ruling, found)
}

/// Leaves in `found` whom to ask for fresh data, if anybody is to be asked.
fn fresh_from(with: &Surroundings, upstream: &Upstream, question: &Question, found: &mut Found) {
    found.addresses.clear();
    found.group.clear();
    match rules::find(&with.config.dns, upstream, question.name, question.kind, found) {
        Ruling::Forward { for_every_name } => found.memory = Upstream::memory_of(&found.group, for_every_name),
        _ => found.group.clear(),
    }
}

/// An answer from tables and cache, if they have all of it. An alias of the
/// configuration is an answer whatever is known of its target.
#[inline(never)]
fn known(with: &mut Surroundings, figures: &Figures, query: &Query, prefix: &Prefix, out: &mut Writer) -> Option<Verdict> {
    let kind = query.question.kind;
    let mut reply = compose::start(out, query);
    let (mut authoritative, mut aliased, mut stale) = (true, false, false);
    let mut alias: Option<NameBuf> = None;
    let place = &Place::new(with, query, figures.turns, prefix);
    let from_cache = place.from_cache && kind != kind::ANY;
    for _ in 0..CHAIN_MAX + 1 {
        let name = alias.as_ref().map_or(query.question.name, NameBuf::name);
        if !with.config.dns.local.records.is_empty() && let Some((ttl, target)) = records::alias(with, name) {
            journal::of_kind(with.out, prefix, Arg::Str("config"), name, kind::CNAME);
            reply.name(Section::Answer, name, kind::CNAME, class::IN, ttl, target);
            if kind == kind::CNAME {
                return Some(close(with, query, &mut reply, rcode::NOERROR, true));
            }
            aliased = true;
            alias = Some(NameBuf::from_name(target));
            continue;
        }
        let hash = with.cache.key().name(name.wire());
        if tables::answer(with, &mut reply, place, hash, name, kind) {
            return Some(complete(with, query, &mut reply, rcode::NOERROR, authoritative, stale));
        }
        if !from_cache {
            break;
        }
        let dropped = with.config.dns.screen.drops(kind, kind);
        if dropped && let Some(kept) = screened(with, prefix, name, kind, aliased) {
            if kept {
                return Some(close_for(with, query, &mut reply, rcode::NOERROR, false, Some(ede::FILTERED)));
            }
            break;
        }
        // By reference: what is found is large, and would be moved out.
        let found = with.cache.lookup_hashed(hash, name, kind, with.now.mono);
        let Some(found) = &found else { break };
        if found.outcome == Outcome::Failed {
            // What fails for want of a signature may go well unchecked.
            if query.message.has(flag::CD) || alias.is_some() {
                break;
            }
            journal::error(with.out, prefix, "cached", rcode::SERVFAIL, Some(ede::CACHED_ERROR));
            out.rewind(0);
            return Some(code(with, query, out, rcode::SERVFAIL, ede::CACHED_ERROR));
        }
        authoritative = false;
        let max_ttl = with.config.dns.max_ttl.unwrap_or(u32::MAX);
        let ttl = found.ttl.min(max_ttl);
        stale |= found.stale;
        let source = if found.stale { "cached-stale" } else { "cached" };
        let missing = found.outcome == Outcome::NxDomain;
        if found.outcome != Outcome::Records {
            if let Some(soa) = found.soa() {
                reply.data(Section::Authority, soa.owner, kind::SOA, class::IN, soa.ttl.min(max_ttl), soa.data);
            }
            let exists = missing && (aliased || tables::exists(with, name));
            // Quirk: that the target of an alias is missing makes no line.
            if !(aliased && missing) {
                journal::negative(with.out, prefix, Arg::Str(source), name, kind, missing && !exists);
            }
            let code = if missing && !exists { rcode::NXDOMAIN } else { rcode::NOERROR };
            return Some(complete(with, query, &mut reply, code, exists, stale));
        }
        for data in found.records() {
            if prefix.is_on() {
                journal::data(with.out, prefix, Arg::Str(source), name, found.kind, data);
            }
            reply.data(Section::Answer, name, found.kind, class::IN, ttl, data);
        }
        if found.kind == kind {
            return Some(complete(with, query, &mut reply, rcode::NOERROR, false, stale));
        }
        alias = Some(NameBuf::from_name(found.target()?));
    }
    aliased.then(|| complete(with, query, &mut reply, rcode::NOERROR, authoritative, stale))
}

/// Completes an answer from the cache, some of it perhaps `stale`.
fn complete(with: &Surroundings, query: &Query, reply: &mut Reply, code: u8, aa: bool, stale: bool) -> Verdict {
    reply.set_flags(compose::own_flags(query.message.flags(), code, aa));
    match compose::finish(reply, query, with.config.dns.edns_max, stale.then_some(ede::STALE)) {
        Some(len) if stale => Verdict::Stale(len),
        Some(len) => Verdict::Answered(len),
        None => Verdict::Silence,
    }
}

/// Whether it is known without asking upstream that there is nothing of a type
/// that is left out of its answers: the cache has data of `name`, or the name is a
/// host's. Nothing: the cache has the answer.
#[inline(never)]
fn screened(with: &mut Surroundings, prefix: &Prefix, name: Name, kind: u16, aliased: bool) -> Option<bool> {
    let now = with.now.mono;
    let config = Arg::Str("config");
    if let Some(found) = with.cache.lookup(name, kind, now) {
        if found.kind != kind || found.outcome != Outcome::Records {
            return None;
        }
        for _ in found.records() {
            journal::negative(with.out, prefix, config, name, kind, false);
        }
        return Some(true);
    }
    let has = |kind: &u16| {
        let found = with.cache.lookup(name, *kind, now);
        found.is_some_and(|found| found.kind == *kind && matches!(found.outcome, Outcome::Records | Outcome::NoData))
    };
    let any = [kind::A, kind::AAAA].iter().any(has) || !aliased && tables::is_host(with, name);
    if any {
        journal::negative(with.out, prefix, config, name, 0, false);
    }
    Some(any)
}

/// True when `name` is known here, with data of any type or because something
/// below it is: upstream may not say that it does not exist.
pub(super) fn exists(with: &Surroundings, name: Name) -> bool {
    tables::exists(with, name) || rules::has_addresses(&with.config.dns, name)
}

/// Answers as the configuration says about the domain, or says whom to ask.
#[inline(never)]
fn by_rule(
    with: &mut Surroundings,
    query: &Query,
    prefix: &Prefix,
    out: &mut Writer,
    ruling: Ruling,
    found: &mut Found,
) -> Verdict {
    let Question { name, kind, class } = query.question;
    let for_every_name = match ruling {
        Ruling::Addresses => {
            let mut reply = compose::start(out, query);
            for addr in &found.addresses {
                reply.address(Section::Answer, name, *addr, with.config.dns.local_ttl);
                journal::answer(with.out, prefix, Arg::Str("config"), Arg::Name(name.wire()), Arg::Ip(*addr));
            }
            let blocked = found.addresses.iter().all(IpAddr::is_unspecified).then_some(ede::BLOCKED);
            return close_for(with, query, &mut reply, rcode::NOERROR, true, blocked);
        }
        Ruling::Nothing { other_data } => {
            let code = if other_data || tables::exists(with, name) { rcode::NOERROR } else { rcode::NXDOMAIN };
            return nothing(with, query, prefix, out, code, false);
        }
        Ruling::Forward { for_every_name } => for_every_name,
        Ruling::NoServers => true,
    };
    let is_in = class == class::IN;
    if is_in && kind == kind::PTR && with.config.dns.bogus_priv && for_every_name
        && reverse::addr(name).is_some_and(reverse::is_private)
    {
        return nothing(with, query, prefix, out, rcode::NXDOMAIN, true);
    }
    if is_in && matches!(kind, kind::A | kind::AAAA) && with.config.dns.domain_needed && name.label_count() == 1 {
        let code = if tables::exists(with, name) { rcode::NOERROR } else { rcode::NXDOMAIN };
        return nothing(with, query, prefix, out, code, false);
    }
    match ruling {
        Ruling::Forward { for_every_name } => {
            found.memory = Upstream::memory_of(&found.group, for_every_name);
            Verdict::Forward
        }
        _ => {
            journal::error(with.out, prefix, "config", rcode::REFUSED, Some(ede::NOT_READY));
            code(with, query, out, rcode::REFUSED, ede::NOT_READY)
        }
    }
}

/// An answer without data. That there is no such name is our doing, but for the
/// names of this network.
fn nothing(with: &mut Surroundings, query: &Query, prefix: &Prefix, out: &mut Writer, code: u8, aa: bool) -> Verdict {
    let Question { name, kind, .. } = query.question;
    journal::negative(with.out, prefix, Arg::Str("config"), name, kind, code == rcode::NXDOMAIN);
    let mut reply = compose::start(out, query);
    let is_own = with.config.dns.domain.as_deref().and_then(Name::new).is_some_and(|own| name.is_within(own));
    let blocked = code == rcode::NXDOMAIN && !is_own;
    close_for(with, query, &mut reply, code, aa, blocked.then_some(ede::BLOCKED))
}

/// Nothing but a code, with the reason for those who understand it.
pub(super) fn code(with: &Surroundings, query: &Query, out: &mut Writer, code: u8, why: u16) -> Verdict {
    match compose::bare(out, query.message, code, with.config.dns.edns_max, Some(why)) {
        Some(len) => Verdict::Answered(len),
        None => Verdict::Silence,
    }
}

/// Completes an answer.
pub(super) fn close(with: &Surroundings, query: &Query, reply: &mut Reply, code: u8, aa: bool) -> Verdict {
    close_for(with, query, reply, code, aa, None)
}

/// As `close`, with the reason for those who understand it.
fn close_for(with: &Surroundings, query: &Query, reply: &mut Reply, code: u8, aa: bool, why: Option<u16>) -> Verdict {
    reply.set_flags(compose::own_flags(query.message.flags(), code, aa));
    match compose::finish(reply, query, with.config.dns.edns_max, why) {
        Some(len) => Verdict::Answered(len),
        None => Verdict::Silence,
    }
}
