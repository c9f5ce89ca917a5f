//! What goes into the cache, and for how long (RFC 2181 §5, RFC 2308).
//!
//! Only what the question led to: the aliases from its name on and the set at
//! their end, or the proof that there is none. Names beside that chain are not
//! looked at, so an answer cannot plant data for others. Kept by default:
//! A, AAAA, PTR, SRV, CNAME on the way, and negative answers; `cache-rr` adds
//! further types.

use crate::base::bytes::Reader;
use crate::config;
use crate::dns::Surroundings;
use crate::store::cache::Soa;
use crate::wire::dns::codes::{class, kind, rcode};
use crate::wire::dns::message::{InSection, Message, Question, Record, Section};
use crate::wire::dns::name::{Name, NameBuf};

/// Aliases followed in one answer.
const CHAIN_MAX: usize = 10;

/// Keeps what an accepted answer proves. `name_exists`: whatever it says, the name
/// asked for is known here, if not with this type.
pub fn answer(with: &mut Surroundings, answer: &Message, name_exists: bool) {
    let Some(question) = answer.question() else { return };
    let nxdomain = match answer.rcode() {
        rcode::NOERROR => false,
        rcode::NXDOMAIN => !name_exists,
        _ => return,
    };
    let kept = is_kept(&with.config.dns, question.kind);
    if question.class != class::IN || !(kept || nxdomain) || matches!(question.kind, kind::CNAME | kind::ANY) {
        return;
    }
    let Some(end) = aliases(with, answer, question.name) else { return };
    if answer.rcode() == rcode::NOERROR && set(with, answer, end.name(), question.kind) {
        return;
    }
    if !with.config.dns.no_negcache {
        let absent = if nxdomain { None } else { Some(question.kind) };
        absence(with, answer, end.name(), absent);
    }
}

/// Keeps for some seconds that nobody could answer `question`. A server said so
/// and may `repeat` itself; that all were silent is not held against them.
pub fn failure(with: &mut Surroundings, question: &Question, repeats: bool) {
    if question.class == class::IN && !with.config.dns.no_negcache {
        with.cache.store_failure(question.name, question.kind, repeats, with.now.mono);
    }
}

/// Keeps that the owner of a record with a bogus address does not exist.
pub fn bogus(with: &mut Surroundings, record: Option<Record>) {
    if let Some((record, owner)) = record.and_then(|record| Some((record, record.owner()?))) {
        let ttl = kept_for(&with.config.dns, record.ttl);
        with.cache.store_negative(owner.name(), None, ttl, None, with.now.mono);
    }
}

/// True when records of this type are kept: `cache-rr` adds to the usual ones.
fn is_kept(config: &config::Dns, kind: u16) -> bool {
    let types = &config.cache_types;
    // Types of questions and messages have no records (RFC 6895 §3.1).
    let is_data = !matches!(kind, 0 | kind::OPT | 128..=kind::ANY);
    let added = !types.is_empty() && is_data && (types.contains(&kind) || types.contains(&kind::ANY));
    added || matches!(kind, kind::A | kind::AAAA | kind::PTR | kind::SRV)
}

/// Keeps the aliases that start at `name`; where they end. Nothing when they
/// do not end.
fn aliases(with: &mut Surroundings, answer: &Message, name: Name) -> Option<NameBuf> {
    let mut at = NameBuf::from_name(name);
    for _ in 0..=CHAIN_MAX {
        let mut records = answer.section(Section::Answer);
        let Some(record) = next_of(&mut records, at.name(), kind::CNAME) else { return Some(at) };
        let target = NameBuf::read(&mut record.data.clone())?;
        let ttl = kept_for(&with.config.dns, record.ttl);
        let mut draft = with.cache.begin(kind::CNAME);
        draft.add(record.data);
        draft.store(at.name(), ttl, with.now.mono);
        at = target;
    }
    None
}

/// Keeps the set of `name` and `kind`. False when the answer has none.
fn set(with: &mut Surroundings, answer: &Message, name: Name, kind: u16) -> bool {
    // RFC 2181 §5.2: the TTLs of a set are equal, or the least counts.
    let mut least = None;
    let mut draft = with.cache.begin(kind);
    let mut records = answer.section(Section::Answer);
    while let Some(record) = next_of(&mut records, name, kind) {
        least = Some(record.ttl.min(least.unwrap_or(u32::MAX)));
        draft.add(record.data);
    }
    let Some(ttl) = least else { return false };
    draft.store(name, kept_for(&with.config.dns, ttl), with.now.mono);
    true
}

/// Keeps that `name` does not exist, or has no records of one type.
fn absence(with: &mut Surroundings, answer: &Message, name: Name, absent: Option<u16>) {
    let soa = answer.section(Section::Authority).find(|record| record.kind == kind::SOA && record.class == class::IN);
    let owner = soa.as_ref().and_then(Record::owner).filter(|owner| name.is_within(owner.name()));
    match (soa, &owner) {
        (Some(record), Some(owner)) => {
            let Some(minimum) = soa_minimum(record.data) else { return };
            let ttl = kept_for(&with.config.dns, record.ttl.min(minimum));
            let soa = Soa { owner: owner.name(), ttl: kept_for(&with.config.dns, record.ttl), data: record.data };
            with.cache.store_negative(name, absent, ttl, Some(soa), with.now.mono);
        }
        _ => {
            let ttl = with.config.dns.neg_ttl;
            with.cache.store_negative(name, absent, ttl, None, with.now.mono);
        }
    }
}

/// The last number of an SOA record (RFC 2308 §4).
fn soa_minimum(data: Reader) -> Option<u32> {
    let mut data = data;
    NameBuf::skip(&mut data)?;
    NameBuf::skip(&mut data)?;
    data.take(16)?;
    data.u32()
}

/// The next one of these records that is of a name and type.
#[inline(never)]
fn next_of<'a>(records: &mut InSection<'a>, name: Name, kind: u16) -> Option<Record<'a>> {
    records.find(|record| record.kind == kind && record.class == class::IN && record.is_owned_by(name))
}

/// How long data with this TTL is kept: `max-cache-ttl` lowers it, then
/// `min-cache-ttl` raises it.
fn kept_for(config: &config::Dns, ttl: u32) -> u32 {
    ttl.min(config.max_cache_ttl.unwrap_or(u32::MAX)).max(config.min_cache_ttl)
}
