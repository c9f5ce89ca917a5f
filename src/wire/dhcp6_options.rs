//! The table of DHCPv6 options by name, as dnsmasq spells them, and what they
//! hold (RFC 8415 and the RFCs of the single options). No walker: messages are
//! not read here.

use crate::base::texts::texts;
use crate::wire::dhcp4_options::{Kind, Table, internal, known, table};

/// The named options.
pub static KNOWN: Table = {
    use Kind::{Addresses, Free, Names, NtpServers, Strings, Text, Time};
    table! {
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
    }
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_found_both_ways() {
        assert!(KNOWN.iter().is_sorted_by(|one, next| one.code < next.code));
        assert_eq!(KNOWN.iter().count(), 30);
        for known in KNOWN.iter() {
            assert_eq!(KNOWN.by_code(known.code.into()).unwrap().name, known.name);
            assert_eq!(KNOWN.by_name(known.name.as_bytes()).unwrap().code, known.code);
        }
        assert_eq!(KNOWN.by_name(b"NTP-Server").unwrap().code, 56);
        assert!(KNOWN.by_name(b"ntp").is_none() && KNOWN.by_code(8).is_none() && KNOWN.by_code(256 + 23).is_none());
    }
}
