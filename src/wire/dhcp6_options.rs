//! The table of DHCPv6 options by name, as dnsmasq spells them, and what they
//! hold (RFC 8415 and the RFCs of the single options). No walker: messages are
//! not read here.

use crate::wire::dhcp4_options::{Kind, Known, internal, known};

/// The named options, by number.
pub static KNOWN: [Known; 30] = {
    use Kind::{Addresses, Free, Names, NtpServers, Strings, Text, Time};
    [
        internal(1, "client-id", Free),
        internal(2, "server-id", Free),
        internal(3, "ia-na", Free),
        internal(4, "ia-ta", Free),
        internal(5, "iaaddr", Free),
        internal(6, "oro", Free),
        internal(7, "preference", Kind::Decimal(1)),
        internal(12, "unicast", Free),
        internal(13, "status", Free),
        internal(14, "rapid-commit", Free),
        internal(15, "user-class", Strings),
        internal(16, "vendor-class", Strings),
        internal(17, "vendor-opts", Free),
        known(21, "sip-server-domain", Names),
        known(22, "sip-server", Addresses),
        known(23, "dns-server", Addresses),
        known(24, "domain-search", Names),
        known(27, "nis-server", Addresses),
        known(28, "nis+-server", Addresses),
        known(29, "nis-domain", Names),
        known(30, "nis+-domain", Names),
        known(31, "sntp-server", Addresses),
        known(32, "information-refresh-time", Time),
        internal(39, "FQDN", Names),
        known(41, "posix-timezone", Text),
        known(42, "tzdb-timezone", Text),
        known(56, "ntp-server", NtpServers),
        known(59, "bootfile-url", Text),
        known(60, "bootfile-param", Strings),
        known(103, "captive-portal", Text),
    ]
};

/// The named option with this number.
pub fn by_code(code: u16) -> Option<&'static Known> {
    KNOWN.iter().find(|known| u16::from(known.code) == code)
}

/// The option with this name (any case).
pub fn by_name(name: &[u8]) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.name.as_bytes().eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_found_both_ways() {
        assert!(KNOWN.windows(2).all(|pair| pair[0].code < pair[1].code));
        for known in &KNOWN {
            assert_eq!(by_code(known.code.into()).unwrap().name, known.name);
            assert_eq!(by_name(known.name.as_bytes()).unwrap().code, known.code);
        }
        assert_eq!(by_name(b"NTP-Server").unwrap().code, 56);
        assert!(by_name(b"ntp").is_none() && by_code(8).is_none() && by_code(256 + 23).is_none());
    }
}
