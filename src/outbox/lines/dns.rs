//! Log lines: DNS. The first argument of the lines of one question is what
//! `log-queries=extra` puts in front (serial number, client), else empty.

use super::{Line, main};
use crate::outbox::action::Level::{self, Info, Warning};

/// A question: type, name, client.
pub const QUERY: Line = main(Info, "%query[%] % from %");
/// The same where only zones are answered for.
pub const AUTH_QUERY: Line = main(Info, "%auth[%] % from %");
/// Somebody may not copy a zone: who.
pub const NO_TRANSFER: Line = main(Warning, "ignoring zone transfer request from %");
/// Something that is no question: code, client.
pub const NON_QUERY: Line = main(Info, "%non-query opcode % from %");
/// A question went upstream: name, server.
pub const FORWARDED: Line = main(Info, "%forwarded % to %");
/// Where an answer came from, what about, and the answer itself.
pub const ANSWER: Line = main(Info, "%% % is %");
/// An error was answered: source, text, explanation.
pub const ERROR: Line = main(Info, "%% error is %%");
/// The answer did not fit: source.
pub const TRUNCATED: Line = main(Info, "%% is truncated");
/// An operation code nobody implements.
pub const OPCODE: Line = main(Info, "%reply opcode is not implemented");
/// A name of the CHAOS class nobody knows: name.
pub const CHAOS_UNKNOWN: Line = main(Info, "%config % is not implemented");
/// With `extra`: a merged question was answered.
pub const DUPLICATE: Line = main(Info, "%reply query is duplicate");

/// An address was put into a set of ipset: set, address, domain.
pub const IPSET: Line = main(Info, "%ipset add % % %");
/// The same for nftables.
pub const NFTSET: Line = main(Info, "%nftset add % % %");
/// Set, why.
pub const IPSET_FAILED: Line = main(Level::Error, "failed to update ipset %: %");
/// Table, set, why.
pub const NFTSET_FAILED: Line = main(Level::Error, "nftset % % Error: %");

/// Connection tracking does not tell the mark of a connection: why (said once).
pub const NO_MARK: Line = main(Level::Error, "Conntrack connection mark retrieval failed: %");

/// An answer with a private address was withheld: whose it was.
pub const REBIND: Line = main(Warning, "possible DNS-rebind attack detected: %");

/// A name was given to an interface that has no addresses, or is not there.
pub const NO_ADDRESSES: Line = main(Warning, "warning: no addresses found for interface %");

/// A client from elsewhere (UDP).
pub const NOT_LOCAL: Line = main(Warning, "ignoring query from non-local network % (logged only once)");
/// A client from elsewhere (TCP).
pub const NOT_LOCAL_TCP: Line = main(Warning, "ignoring query from non-local network %");
/// The table of pending questions is full.
pub const FULL: Line = main(Warning, "Maximum number of concurrent DNS queries reached (max: %)");
/// An upstream server does not recurse.
pub const REFUSES_RECURSION: Line = main(Warning, "nameserver % refused to do a recursive query");
/// A server is silent: address, port, seconds since it was first asked in vain.
pub const SILENT: Line = main(Warning, "nameserver %#% has not answered for % seconds");
/// It is not any more: address, port, seconds it was.
pub const ANSWERS_AGAIN: Line = main(Info, "nameserver %#% answers again after % seconds");
/// An answer does not repeat the letters of its question.
pub const CASE_MISMATCH: Line = main(Warning, "Case mismatch in DNS reply - check bit 0x20 encoding.");
/// A server of ours in a list of servers.
pub const OWN_SERVER: Line = main(Warning, "ignoring nameserver % - local interface");

/// An upstream server: address with port.
pub const USING: Line = main(Info, "using nameserver %#%");
/// An upstream server that sends questions back here.
pub const LOOPING: Line = main(Info, "NOT using nameserver %#% - query loop detected");
/// An upstream server behind an interface.
pub const USING_VIA: Line = main(Info, "using nameserver %#%(via %)");
/// An upstream server of a domain.
pub const USING_FOR: Line = main(Info, "using nameserver %#% for domain % ");
/// An upstream server for names without a dot.
pub const USING_UNQUALIFIED: Line = main(Info, "using nameserver %#% for unqualified names ");
/// A domain that goes to the servers for every name.
pub const USING_STANDARD: Line = main(Info, "using standard nameservers for %");
/// A domain that is answered here.
pub const USING_LOCAL: Line = main(Info, "using only locally-known addresses for %");
/// The list is cut.
pub const USING_MORE: Line = main(Info, "using % more nameservers");
/// The list of local domains is cut.
pub const USING_MORE_LOCAL: Line = main(Info, "using % more local addresses");

/// Statistics: wall clock in seconds.
pub const TIME: Line = main(Info, "time %");
/// Statistics of the cache: entries, thrown out early, inserted.
pub const CACHE: Line = main(Info, "cache size %, %/% cache insertions re-used unexpired cache entries.");
/// Statistics: forwarded, answered here.
pub const COUNTS: Line = main(Info, "queries forwarded %, queries answered locally %");
/// Statistics: questions answered with old data.
pub const STALE: Line = main(Info, "queries answered from stale cache %");
/// Statistics of the authoritative mode.
pub const AUTH: Line = main(Info, "queries for authoritative zones %");
/// Statistics of stored questions: octets now, most so far, room for.
pub const POOL: Line = main(Info, "pool memory in use %, max %, allocated %");
/// Statistics of TCP: connections now, most at once, limit.
pub const TCP: Line = main(Info, "child processes for TCP requests: in use %, highest since last SIGUSR1 %, max allowed %.");
/// Statistics of a server: address, port, counters, latency in milliseconds.
pub const SERVER: Line =
    main(Info, "server %#%: queries sent %, retried %, failed %, nxdomain replies %, avg. latency %ms");
/// Head of the cache dump.
pub const DUMP_HEAD: Line = main(
    Info,
    "Host                           Address                                  Flags      Expires                  Source",
);
/// The line under it.
pub const DUMP_RULE: Line = main(
    Info,
    "------------------------------ ---------------------------------------- ---------- ------------------------ ------------",
);
/// One entry of the cache dump.
pub const DUMP: Line = main(Info, "%");
