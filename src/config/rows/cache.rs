//! The DNS cache and lifetimes.

use crate::config::draft::{Draft, Number};
use crate::config::lexer::Text;
use crate::config::refusal::{Applied, ERROR};
use crate::config::row::{Row, flag, many, number, once};
use crate::config::values::record_type;

const ANY: (u32, u32) = (0, u32::MAX);

/// Seconds that data may be used after its time, if nothing is said.
const STALE: u32 = 86400;

pub const ROWS: &[Row] = &[
    number("cache-size[=<n>]", b'c', Number::CacheSize, ANY, "Names kept in the cache (150)")
        .manual("How many names from upstream servers are kept: 150 if the option is not given, 5000000 at most, and none with 0. \
            The memory for them is taken at start. When the cache is full, what was not asked for longest makes room. Names of \
            hosts files, of DHCP clients and of the configuration do not count."),
    flag("no-negcache", b'N', |draft| &mut draft.config.dns.no_negcache, "Do not keep negative answers")
        .manual("Does not keep what upstream servers say about names, or types of a name, that there are not."),
    number("neg-ttl=<n>", 0, Number::NegTtl, ANY, "Seconds to keep negative answers that do not say how long (0)")
        .manual("How many seconds an answer is kept that says there is no such name or type, and brings no SOA record to say how \
            long that holds. Without this option, or with 0, such answers are not kept."),
    number("local-ttl=<n>", b'T', Number::LocalTtl, ANY, "Lifetime of answers from local data, in seconds (0)")
        .manual("The lifetime in seconds of answers from hosts files, leases and the configuration. The default is 0, so that \
            clients ask each time and see changes at once."),
    number("dhcp-ttl=<n>", 0, Number::DhcpTtl, ANY, "Lifetime of answers from leases, in seconds (local-ttl)")
        .manual("The lifetime in seconds of answers about names of DHCP clients, if it is to differ from local-ttl. It never exceeds \
            the time that is left of the lease."),
    number("max-ttl=<n>", 0, Number::MaxTtl, ANY, "Longest lifetime told to clients, in seconds")
        .manual("The longest lifetime in seconds that clients are told. What is kept here is kept as long as the server said."),
    number("min-cache-ttl=<n>", 0, Number::MinCacheTtl, ANY, "Shortest time to keep answers, in seconds, at most 3600 (0)")
        .manual("Keeps answers for at least this many seconds, even if the server says less; values above 3600 count as 3600. Names \
            whose addresses change often may fail to be reached meanwhile."),
    number("max-cache-ttl=<n>", 0, Number::MaxCacheTtl, ANY, "Longest time to keep answers, in seconds")
        .manual("Keeps answers for at most this many seconds, even if the server says more."),
    once("use-stale-cache[=<seconds>]", 0, stale, "Answer from old entries while asking upstream")
        .manual("Answers with data whose lifetime has ended, with the lifetime 0, and asks upstream for fresh data at the same time. \
            The number says for how many seconds after its end data may still be used: 86400 if there is none, without limit \
            if it is 0. This answers faster and goes on answering when upstream cannot be reached; the first answer after a \
            long time may be out of date."),
    many("cache-rr=<type>[,...]", 0, cache_rr, "Keep records of these types too")
        .manual("Record types that are kept in addition to A, AAAA, CNAME, PTR and SRV, as names or numbers between commas; ANY \
            stands for all types."),
    flag("no-round-robin", 0, |draft| &mut draft.config.dns.no_round_robin, "Do not rotate the addresses of a name")
        .manual("Always gives the records of a name in the same order. Without it another one comes first with each answer."),
    flag("no-ident", 0, |draft| &mut draft.config.dns.no_ident, "Do not answer what version and statistics there are")
        .manual("Does not answer questions of class CHAOS for names such as version.bind and cachesize.bind."),
];

fn stale(draft: &mut Draft, text: Text) -> Applied {
    draft.config.dns.stale = Some(match text.number().ok_or(ERROR)? {
        _ if text.is_empty() => STALE,
        0 => u32::MAX,
        seconds => seconds,
    });
    Ok(())
}

fn cache_rr(draft: &mut Draft, text: Text) -> Applied {
    for item in text.items().filter(|item| !item.is_empty()) {
        let kind = record_type(item.octets()).ok_or(wrong!("bad RR type"))?;
        if !draft.config.dns.cache_types.contains(&kind) {
            draft.config.dns.cache_types.push(kind);
            draft.config.dns.cache_types.sort_unstable();
        }
    }
    Ok(())
}
