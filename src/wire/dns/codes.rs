//! Numbers of the IANA registry "Domain Name System Parameters" and the names
//! under which dnsmasq prints them. Not every type is listed: what has no name
//! is printed `type=N`, as in its log.

use crate::base::bytes::Writer;
use crate::base::text;

/// Record types that the program itself deals with (RFC 1035 §3.2.2 and later).
pub mod kind {
    /// IPv4 address.
    pub const A: u16 = 1;
    /// Name server.
    pub const NS: u16 = 2;
    /// Alias.
    pub const CNAME: u16 = 5;
    /// Start of a zone.
    pub const SOA: u16 = 6;
    /// Pointer (address to name).
    pub const PTR: u16 = 12;
    /// Mail exchanger.
    pub const MX: u16 = 15;
    /// Text.
    pub const TXT: u16 = 16;
    /// Signature of a message (RFC 2931) or an old one of a set.
    pub const SIG: u16 = 24;
    /// IPv6 address.
    pub const AAAA: u16 = 28;
    /// Service (RFC 2782).
    pub const SRV: u16 = 33;
    /// Naming authority pointer (RFC 3403).
    pub const NAPTR: u16 = 35;
    /// Alias of a subtree.
    pub const DNAME: u16 = 39;
    /// EDNS pseudo-record (RFC 6891).
    pub const OPT: u16 = 41;
    /// Delegation signer.
    pub const DS: u16 = 43;
    /// Signature of a set.
    pub const RRSIG: u16 = 46;
    /// Proof of absence.
    pub const NSEC: u16 = 47;
    /// Service binding of the web.
    pub const HTTPS: u16 = 65;
    /// Signature of a message (RFC 8945).
    pub const TSIG: u16 = 250;
    /// A copy of the whole zone (RFC 5936).
    pub const AXFR: u16 = 252;
    /// Mailbox records.
    pub const MAILB: u16 = 253;
    /// Everything.
    pub const ANY: u16 = 255;
    /// Certification authority authorisation.
    pub const CAA: u16 = 257;
}

/// Classes.
pub mod class {
    /// The Internet.
    pub const IN: u16 = 1;
    /// CHAOS.
    pub const CHAOS: u16 = 3;
    /// Hesiod.
    pub const HESIOD: u16 = 4;
    /// Any.
    pub const ANY: u16 = 255;
}

/// Response codes.
pub mod rcode {
    /// No error.
    pub const NOERROR: u8 = 0;
    /// The question was malformed.
    pub const FORMERR: u8 = 1;
    /// The server failed.
    pub const SERVFAIL: u8 = 2;
    /// There is no such name.
    pub const NXDOMAIN: u8 = 3;
    /// Not implemented.
    pub const NOTIMP: u8 = 4;
    /// Refused.
    pub const REFUSED: u8 = 5;
}

/// Bits of the flags word of a header (RFC 1035 §4.1.1, RFC 4035 §3.1.6).
pub mod flag {
    /// This is a response.
    pub const QR: u16 = 0x8000;
    /// The answer comes from an authority.
    pub const AA: u16 = 0x0400;
    /// Something was left out.
    pub const TC: u16 = 0x0200;
    /// Recursion is desired.
    pub const RD: u16 = 0x0100;
    /// Recursion is available.
    pub const RA: u16 = 0x0080;
    /// The data is authentic.
    pub const AD: u16 = 0x0020;
    /// Checking is disabled.
    pub const CD: u16 = 0x0010;
    /// The operation code.
    pub const OPCODE: u16 = 0x7800;
    /// The response code.
    pub const RCODE: u16 = 0x000F;
}

/// Extended error codes (RFC 8914 §4) that we give.
pub mod ede {
    /// Something else.
    pub const OTHER: u16 = 0;
    /// The data is old.
    pub const STALE: u16 = 3;
    /// The error is one that was kept.
    pub const CACHED_ERROR: u16 = 13;
    /// The server is not ready.
    pub const NOT_READY: u16 = 14;
    /// Blocked by the operator.
    pub const BLOCKED: u16 = 15;
    /// Filtered as asked for.
    pub const FILTERED: u16 = 17;
    /// Who asks may not.
    pub const PROHIBITED: u16 = 18;
    /// Not authoritative.
    pub const NOT_AUTHORITATIVE: u16 = 20;
    /// What was asked for is not supported.
    pub const NOT_SUPPORTED: u16 = 21;
    /// No server that knows can be reached.
    pub const NO_REACHABLE_AUTHORITY: u16 = 22;
    /// The network failed.
    pub const NETWORK_ERROR: u16 = 23;
    /// The data is invalid.
    pub const INVALID_DATA: u16 = 24;
}

/// Names of types: the first number of a run, and the names from there on.
const RUNS: &[(u16, &str)] = &[
    (
        1,
        "A NS MD MF CNAME SOA MB MG MR NULL WKS PTR HINFO MINFO MX TXT RP AFSDB X25 ISDN RT NSAP NSAP_PTR SIG KEY \
         PX GPOS AAAA LOC NXT EID NIMLOC SRV ATMA NAPTR KX CERT A6 DNAME SINK OPT APL DS SSHFP IPSECKEY RRSIG NSEC \
         DNSKEY DHCID NSEC3 NSEC3PARAM TLSA SMIMEA",
    ),
    (55, "HIP NINFO RKEY TALINK CDS CDNSKEY OPENPGPKEY CSYNC ZONEMD SVCB HTTPS DSYNC HHIT BRID"),
    (99, "SPF UINFO UID GID UNSPEC NID L32 L64 LP EUI48 EUI64"),
    (128, "NXNAME"),
    (249, "TKEY TSIG IXFR AXFR MAILB MAILA ANY URI CAA AVC DOA AMTRELAY RESINFO WALLET CLA IPN"),
    (32768, "TA DLV"),
];

/// The printed name of a type; nothing if it has none.
pub fn mnemonic(kind: u16) -> Option<&'static str> {
    let (first, names) = RUNS.iter().rev().find(|(first, _)| *first <= kind)?;
    names.split(' ').nth(usize::from(kind.checked_sub(*first)?))
}

/// The type with this printed name, in any case.
pub fn number(name: &[u8]) -> Option<u16> {
    let place = |names: &str| names.split(' ').position(|known| known.as_bytes().eq_ignore_ascii_case(name));
    RUNS.iter().find_map(|(first, names)| Some(first.saturating_add(u16::try_from(place(names)?).ok()?)))
}

/// Appends a type as dnsmasq logs it: its name, or `type=N`.
pub fn write_kind(out: &mut Writer, kind: u16) {
    match mnemonic(kind) {
        Some(name) => out.bytes(name.as_bytes()),
        None => {
            out.bytes(b"type=");
            text::decimal(out, kind.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_at_their_numbers() {
        let known = [
            (kind::A, "A"),
            (kind::NAPTR, "NAPTR"),
            (41, "OPT"),
            (53, "SMIMEA"),
            (55, "HIP"),
            (kind::HTTPS, "HTTPS"),
            (68, "BRID"),
            (109, "EUI64"),
            (128, "NXNAME"),
            (kind::ANY, "ANY"),
            (kind::CAA, "CAA"),
            (264, "IPN"),
            (32769, "DLV"),
        ];
        for (number, name) in known {
            assert_eq!(mnemonic(number), Some(name));
            assert_eq!(super::number(name.to_lowercase().as_bytes()), Some(number));
        }
        assert_eq!(super::number(b"type=65280"), None);
        for none in [0, 54, 69, 98, 110, 129, 248, 265, 32767, 32770, 65280] {
            assert_eq!(mnemonic(none), None, "{none}");
        }
    }

    #[test]
    fn what_has_no_name_is_a_number() {
        let mut buffer = [0; 32];
        let mut out = Writer::new(&mut buffer);
        write_kind(&mut out, 65280);
        write_kind(&mut out, 28);
        assert_eq!(out.written(), b"type=65280AAAA");
    }
}
