//! Why a line was refused: the words only. Where it stood is added by `source`,
//! which knows the file and the line.
//!
//! A refusal is a place in one text of all words, found by the compiler: it
//! costs one number where a line is refused, and results with it come back in
//! registers.

use std::num::NonZeroU32;

/// The words of a refusal; none when the option has no message of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Refusal(NonZeroU32);

/// What an option's function returns.
pub type Applied<T = ()> = Result<T, Refusal>;

/// The refusal with these words, which must stand in the list of `refusal`.
macro_rules! wrong {
    ($words:expr) => {
        const { $crate::config::refusal::Refusal::of($words) }
    };
}

/// The refusal without words of its own.
pub const ERROR: Refusal = Refusal(NonZeroU32::MIN);

/// All words, each ended by a line break; in front those of `ERROR`.
const WORDS: &str = "
bad address
Bad address in --address
bad bridge-interface
bad CAA record
bad CNAME
bad DHCP host name
bad dhcp-option
bad dhcp-proxy address
bad dhcp-range
Bad dhcp-relay
bad domain in dhcp-option
bad DUID
bad hex constant
bad HEX in trust anchor
Bad host-record
bad interface name
bad IP address
bad IPv4 address
bad IPv4 prefix length
bad IPv6 address
bad IPv6 prefix
bad IPv6 prefix length
bad line
bad log facility
bad MX name
bad MX preference
bad MX target
bad name
Bad name in host-record
bad NAPTR record
bad option
bad port
bad port range
bad prefix length
bad PTR record
bad RA-params
bad RR record
bad RR type
bad set: [4#|6#][family#]table#set
bad shared-network
bad SRV record
bad SRV target
bad tag-if
bad trust anchor
bad TXT record
bad value for dnssec-check-unsigned
Cannot resolve server name
cannot use IPv4 server address with IPv6 source address
cannot use IPv6 server address with IPv4 source address
DHCP host has multiple names
dhcp-option too long
dhcp-option with option6: is not supported yet
duplicate CNAME
duplicate dhcp-host IP address 
extraneous parameter
illegal dhcp-match
illegal option
inappropriate encap:
inappropriate vendor:
inconsistent DHCP range
inconsistent DHCPv6 range
interface can only be specified once
invalid alias range
invalid auth-zone
invalid port number
invalid priority
invalid weight
missing \"
missing address in alias
missing address in dynamic host
missing parameter
Name or service not known
only one tag allowed
prefix length must be at least 64
prefix length must be exactly 64 for RA subnets
prefix length must be exactly 64 for subnet constructors
prefix length too small
prefix must be zero with \"constructor:\" argument
recompile with HAVE_SCRIPT defined to enable lease-change scripts
recompile with HAVE_LUASCRIPT defined to enable Lua scripts
record too long
too many records
too many servers
too many source ports
too many tags
unsupported encapsulation for IPv6 option
unsupported option (check that dnsmasq was compiled with DHCP/TFTP/DNSSEC/DBus support)
";

impl Refusal {
    /// The refusal with these words.
    pub const fn of(words: &str) -> Refusal {
        let (all, words) = (WORDS.as_bytes(), words.as_bytes());
        let (mut from, mut at) = (1, 0);
        while all[from + at] != b'\n' || at != words.len() {
            if at < words.len() && all[from + at] == words[at] {
                at += 1;
                continue;
            }
            while all[from] != b'\n' {
                from += 1;
            }
            (from, at) = (from + 1, 0);
        }
        match NonZeroU32::new(from as u32 + 1) {
            Some(place) => Refusal(place),
            None => ERROR,
        }
    }

    /// The words; empty if it has none of its own.
    pub fn words(self) -> &'static str {
        let from = WORDS.get((self.0.get() as usize).saturating_sub(1)..).unwrap_or_default();
        let end = from.bytes().position(|octet| octet == b'\n').unwrap_or_default();
        from.get(..end).unwrap_or_default()
    }
}

#[cfg(any(test, debug_assertions))]
impl std::fmt::Debug for Refusal {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        out.write_str(self.words())
    }
}
