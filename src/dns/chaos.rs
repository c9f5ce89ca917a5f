//! Names of the CHAOS class: who we are and how we do (`dig CH TXT
//! version.bind`). Switched off by `no-ident`.

use crate::base::net::ip_of;
use crate::base::bytes::Writer;
use crate::base::text;
use crate::config::DNSMASQ_VERSION;
use crate::dns::admit::Query;
use crate::dns::compose;
use crate::dns::journal::{self, Prefix};
use crate::dns::{Figures, Surroundings, Verdict};
use crate::outbox::lines::Arg;
use crate::wire::dns::codes::{ede, kind, rcode};
use crate::wire::dns::message::Section;
use crate::wire::dns::name::Name;

/// Octets of all strings of one answer.
const STRINGS_MAX: usize = 1024;
/// Octets of one server's string.
const SERVER_MAX: usize = 80;
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
#[inline(never)]
pub(super) fn answer(
    with: &mut Surroundings,
    figures: &Figures,
    query: &Query,
    prefix: &Prefix,
    out: &mut Writer,
) -> Verdict {
    let name = query.question.name;
    let mut buffer = [0; STRINGS_MAX];
    let mut strings = Writer::new(&mut buffer);
    let is_text = matches!(query.question.kind, kind::TXT | kind::ANY);
    if with.config.dns.no_ident || !is_text || !text_of(with, figures, name, &mut strings) {
        journal::chaos_unknown(with.out, prefix, name);
        return super::local::code(with, query, out, rcode::NOTIMP, ede::NOT_SUPPORTED);
    }
    journal::answer(with.out, prefix, Arg::Str("config"), Arg::Name(name.wire()), Arg::Str("<TXT>"));
    let mut reply = compose::start(out, query);
    let ttl = if is_fixed(name) { with.config.dns.local_ttl } else { 0 };
    reply.octets(Section::Answer, name, kind::TXT, query.question.class, ttl, strings.written());
    super::local::close(with, query, &mut reply, rcode::NOERROR, true)
}

/// True for texts that never change.
fn is_fixed(name: Name) -> bool {
    [&b"version"[..], b"authors", b"copyright"].iter().any(|label| name.first_label().eq_ignore_ascii_case(label))
}

/// Writes the strings of a name; false if there are none.
fn text_of(with: &Surroundings, figures: &Figures, name: Name, out: &mut Writer) -> bool {
    let mut labels = name.labels();
    let (Some(first), Some(zone), None) = (labels.next(), labels.next(), labels.next()) else { return false };
    if !zone.eq_ignore_ascii_case(b"bind") {
        return false;
    }
    let is = |label: &[u8]| first.eq_ignore_ascii_case(label);
    let counters = with.cache.counters;
    match () {
        () if is(b"version") => string(out, |out| {
            out.bytes(b"dnsmasq-");
            out.bytes(DNSMASQ_VERSION.as_bytes());
        }),
        () if is(b"authors") => string(out, |out| out.bytes(AUTHORS)),
        () if is(b"copyright") => string(out, |out| out.bytes(COPYRIGHT)),
        () if is(b"cachesize") => number(out, with.config.dns.cache_size),
        () if is(b"insertions") => number(out, counters.inserted),
        () if is(b"evictions") => number(out, counters.evicted),
        () if is(b"misses") => number(out, figures.counts.forwarded),
        () if is(b"hits") => number(out, figures.counts.answered),
        () if is(b"auth") => number(out, figures.counts.zones),
        () if is(b"servers") => servers(with, figures, out),
        () => return false,
    }
    true
}

/// One string for each server: where, questions sent, failures.
fn servers(with: &Surroundings, figures: &Figures, out: &mut Writer) {
    for (addr, tally) in figures.upstream.tallies(&with.config.dns) {
        if out.room() < SERVER_MAX {
            return;
        }
        string(out, |out| {
            text::ip(out, ip_of(&addr));
            out.u8(b'#');
            for (before, value) in [(b"".as_slice(), addr.port().into()), (b" ", tally.queries), (b" ", tally.failed)] {
                out.bytes(before);
                text::decimal(out, value.into());
            }
        });
    }
}

fn number(out: &mut Writer, value: u32) {
    string(out, |out| text::decimal(out, value.into()));
}

/// Appends what `write` appends as a string with its length in front.
fn string(out: &mut Writer, write: impl FnOnce(&mut Writer)) {
    let at = out.len();
    out.u8(0);
    write(out);
    let len = out.len().saturating_sub(at).saturating_sub(1);
    out.patch(at, &[u8::try_from(len).unwrap_or(0)]);
}
