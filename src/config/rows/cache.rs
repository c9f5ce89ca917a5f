//! The DNS cache and lifetimes.

use crate::config::draft::{Flag, Number};
use crate::config::row::{Row, flag, later, number};

const ANY: (u32, u32) = (0, u32::MAX);

pub const ROWS: &[Row] = &[
    number("cache-size[=<n>]", b'c', Number::CacheSize, ANY, "Names kept in the cache (150)"),
    flag("no-negcache", b'N', Flag::NoNegcache, "Do not keep negative answers"),
    number("neg-ttl=<n>", 0, Number::NegTtl, ANY, "Seconds to keep negative answers that do not say how long (0)"),
    number("local-ttl=<n>", b'T', Number::LocalTtl, ANY, "Lifetime of answers from local data, in seconds (0)"),
    number("dhcp-ttl=<n>", 0, Number::DhcpTtl, ANY, "Lifetime of answers from leases, in seconds (local-ttl)"),
    number("max-ttl=<n>", 0, Number::MaxTtl, ANY, "Longest lifetime told to clients, in seconds"),
    number("min-cache-ttl=<n>", 0, Number::MinCacheTtl, ANY, "Shortest time to keep answers, in seconds, at most 3600 (0)"),
    number("max-cache-ttl=<n>", 0, Number::MaxCacheTtl, ANY, "Longest time to keep answers, in seconds"),
    later("use-stale-cache[=<seconds>]", 0, "Answer from old entries while asking upstream"),
    later("cache-rr=<type>[,...]", 0, "Keep records of these types too"),
    flag("no-round-robin", 0, Flag::NoRoundRobin, "Do not rotate the addresses of a name"),
    flag("no-ident", 0, Flag::NoIdent, "Do not answer what version and statistics there are"),
];
