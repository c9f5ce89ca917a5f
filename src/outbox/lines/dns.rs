//! Log lines: DNS. The first argument of the lines of one question is what
//! `log-queries=extra` puts in front (serial number, client), else empty.

use super::{Channel, Level, Line};

lines! {
    /// A question: type, name, client.
    QUERY: Main, Info, b"%query[%] % from %";
    /// The same where only zones are answered for.
    AUTH_QUERY: Main, Info, b"%auth[%] % from %";
    /// Somebody may not copy a zone: who.
    NO_TRANSFER: Main, Warning, b"ignoring zone transfer request from %";
    /// Something that is no question: code, client.
    NON_QUERY: Main, Info, b"%non-query opcode % from %";
    /// A question went upstream: name, server.
    FORWARDED: Main, Info, b"%forwarded % to %";
    /// Where an answer came from, what about, and the answer itself.
    ANSWER: Main, Info, b"%% % is %";
    /// An error was answered: source, text, explanation.
    ERROR: Main, Info, b"%% error is %%";
    /// The answer did not fit: source.
    TRUNCATED: Main, Info, b"%% is truncated";
    /// An operation code nobody implements.
    OPCODE: Main, Info, b"%reply opcode is not implemented";
    /// A name of the CHAOS class nobody knows: name.
    CHAOS_UNKNOWN: Main, Info, b"%config % is not implemented";
    /// With `extra`: a merged question was answered.
    DUPLICATE: Main, Info, b"%reply query is duplicate";

    /// An address was put into a set of ipset: set, address, domain.
    IPSET: Main, Info, b"%ipset add % % %";
    /// The same for nftables.
    NFTSET: Main, Info, b"%nftset add % % %";
    /// Set, why.
    IPSET_FAILED: Main, Error, b"failed to update ipset %: %";
    /// Table, set, why.
    NFTSET_FAILED: Main, Error, b"nftset % % Error: %";

    /// Connection tracking does not tell the mark of a connection: why (said once).
    NO_MARK: Main, Error, b"Conntrack connection mark retrieval failed: %";

    /// An answer with a private address was withheld: whose it was.
    REBIND: Main, Warning, b"possible DNS-rebind attack detected: %";

    /// A name was given to an interface that has no addresses, or is not there.
    NO_ADDRESSES: Main, Warning, b"warning: no addresses found for interface %";

    /// A client from elsewhere (UDP).
    NOT_LOCAL: Main, Warning, b"ignoring query from non-local network % (logged only once)";
    /// A client from elsewhere (TCP).
    NOT_LOCAL_TCP: Main, Warning, b"ignoring query from non-local network %";
    /// The table of pending questions is full.
    FULL: Main, Warning, b"Maximum number of concurrent DNS queries reached (max: %)";
    /// An upstream server does not recurse.
    REFUSES_RECURSION: Main, Warning, b"nameserver % refused to do a recursive query";
    /// A server is silent: address, port, seconds since it was first asked in vain.
    SILENT: Main, Warning, b"nameserver %#% has not answered for % seconds";
    /// It is not any more: address, port, seconds it was.
    ANSWERS_AGAIN: Main, Info, b"nameserver %#% answers again after % seconds";
    /// An answer does not repeat the letters of its question.
    CASE_MISMATCH: Main, Warning, b"Case mismatch in DNS reply - check bit 0x20 encoding.";
    /// A server of ours in a list of servers.
    OWN_SERVER: Main, Warning, b"ignoring nameserver % - local interface";

    /// An upstream server: address with port.
    USING: Main, Info, b"using nameserver %#%";
    /// An upstream server that sends questions back here.
    LOOPING: Main, Info, b"NOT using nameserver %#% - query loop detected";
    /// An upstream server behind an interface.
    USING_VIA: Main, Info, b"using nameserver %#%(via %)";
    /// An upstream server of a domain.
    USING_FOR: Main, Info, b"using nameserver %#% for domain % ";
    /// An upstream server for names without a dot.
    USING_UNQUALIFIED: Main, Info, b"using nameserver %#% for unqualified names ";
    /// A domain that goes to the servers for every name.
    USING_STANDARD: Main, Info, b"using standard nameservers for %";
    /// A domain that is answered here.
    USING_LOCAL: Main, Info, b"using only locally-known addresses for %";
    /// The list is cut.
    USING_MORE: Main, Info, b"using % more nameservers";
    /// The list of local domains is cut.
    USING_MORE_LOCAL: Main, Info, b"using % more local addresses";

    /// Statistics: wall clock in seconds.
    TIME: Main, Info, b"time %";
    /// Statistics of the cache: entries, thrown out early, inserted.
    CACHE: Main, Info, b"cache size %, %/% cache insertions re-used unexpired cache entries.";
    /// Statistics: forwarded, answered here.
    COUNTS: Main, Info, b"queries forwarded %, queries answered locally %";
    /// Statistics: questions answered with old data.
    STALE: Main, Info, b"queries answered from stale cache %";
    /// Statistics of the authoritative mode.
    AUTH: Main, Info, b"queries for authoritative zones %";
    /// Statistics of stored questions: octets now, most so far, room for.
    POOL: Main, Info, b"pool memory in use %, max %, allocated %";
    /// Statistics of TCP: connections now, most at once, limit.
    TCP: Main, Info, b"child processes for TCP requests: in use %, highest since last SIGUSR1 %, max allowed %.";
    /// Statistics of a server: address, port, counters, latency in milliseconds.
    SERVER: Main, Info, b"server %#%: queries sent %, retried %, failed %, nxdomain replies %, avg. latency %ms";
    /// Head of the cache dump.
    DUMP_HEAD: Main, Info,
        b"Host                           Address                                  Flags      Expires                  Source";
    /// The line under it.
    DUMP_RULE: Main, Info,
        b"------------------------------ ---------------------------------------- ---------- ------------------------ ------------";
    /// One entry of the cache dump.
    DUMP: Main, Info, b"%";
}
