//! Names of the CHAOS class: who we are and how we do (`dig CH TXT
//! version.bind`). Switched off by `no-ident`.

use crate::base::bytes::Writer;
use crate::base::text;
use crate::dns::admit::Query;
use crate::dns::compose;
use crate::dns::journal::{self, Prefix};
use crate::dns::{Surroundings, Verdict};
use crate::outbox::lines::Arg;
use crate::wire::dns::codes::{kind, rcode};
use crate::wire::dns::message::Section;
use crate::wire::dns::name::Name;

/// The program as `version.bind` names it: what we stand for, and what we are.
const VERSION: &[u8] = concat!("dnsmasq-2.93 ironmasq-", env!("CARGO_PKG_VERSION")).as_bytes();
/// Who wrote it.
const AUTHORS: &[u8] = b"The ironmasq authors";
/// Under which terms.
const COPYRIGHT: &[u8] = b"MIT OR Apache-2.0";

/// True for names at or below `bind` and `server`.
pub fn is_ours(name: Name) -> bool {
    name.labels().last().is_some_and(|last| {
        last.eq_ignore_ascii_case(b"bind") || last.eq_ignore_ascii_case(b"server")
    })
}

/// Answers a question of the CHAOS class; unknown names are not implemented.
pub(super) fn answer(with: &mut Surroundings, query: &Query, prefix: &Prefix, out: &mut Writer) -> Verdict {
    let name = query.question.name;
    let mut buffer = [0; 64];
    let mut value = Writer::new(&mut buffer);
    let is_text = matches!(query.question.kind, kind::TXT | kind::ANY);
    if !is_text || !text_of(with, name, &mut value) {
        journal::chaos_unknown(with.out, prefix, name);
        return match compose::bare(out, &query.message, rcode::NOTIMP, with.config.dns.edns_max, None) {
            Some(len) => Verdict::Answered(len),
            None => Verdict::Silence,
        };
    }
    journal::answer(with.out, prefix, Arg::Str("config"), Arg::Name(name.wire()), Arg::Str("<TXT>"));
    let mut reply = compose::start(out, query);
    let ttl = if is_fixed(name) { with.config.dns.local_ttl } else { 0 };
    reply.add(Section::Answer, name, kind::TXT, query.question.class, ttl, |data| data.string(value.written()));
    super::local::close(with, query, reply, rcode::NOERROR, true)
}

/// True for texts that never change.
fn is_fixed(name: Name) -> bool {
    [&b"version"[..], b"authors", b"copyright"].iter().any(|label| name.first_label().eq_ignore_ascii_case(label))
}

/// Writes the text of a name; false if there is none.
fn text_of(with: &Surroundings, name: Name, out: &mut Writer) -> bool {
    let mut labels = name.labels();
    let (Some(first), Some(zone), None) = (labels.next(), labels.next(), labels.next()) else { return false };
    if !zone.eq_ignore_ascii_case(b"bind") {
        return false;
    }
    let is = |label: &[u8]| first.eq_ignore_ascii_case(label);
    let counters = with.cache.counters;
    match () {
        () if is(b"version") => out.bytes(VERSION),
        () if is(b"authors") => out.bytes(AUTHORS),
        () if is(b"copyright") => out.bytes(COPYRIGHT),
        () if is(b"cachesize") => text::decimal(out, with.config.dns.cache_size.into()),
        () if is(b"insertions") => text::decimal(out, counters.inserted.into()),
        () if is(b"evictions") => text::decimal(out, counters.evicted.into()),
        () => return false,
    }
    true
}
