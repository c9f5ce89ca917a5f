//! The DHCPv4 options that have a name, with the kind of their value: one table
//! for the configuration (`option:router`), for `--help dhcp` and for the log.
//!
//! Names are those that dnsmasq's users write; numbers and kinds are of
//! RFC 2132, RFC 3397, RFC 3442, RFC 4833, RFC 8910, RFC 8925 and their likes.

/// What the value of an option is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub enum Kind {
    /// IPv4 addresses.
    Addresses,
    /// Text.
    Text,
    /// Four octets of seconds.
    Seconds,
    /// A number of so many octets.
    Integer(u8),
    /// Domain names, compressed among themselves (RFC 3397).
    Names,
    /// Anything.
    Free,
}

/// An option with a name.
pub struct Named {
    /// Its number.
    pub code: u8,
    /// Its name.
    pub name: &'static str,
    /// What its value is made of.
    pub kind: Kind,
    /// The server writes it itself: not to be configured by name.
    pub internal: bool,
}

const fn option(code: u8, name: &'static str, kind: Kind) -> Named {
    Named { code, name, kind, internal: false }
}

const fn internal(code: u8, name: &'static str, kind: Kind) -> Named {
    Named { code, name, kind, internal: true }
}

/// The option of this number.
pub fn by_code(code: u8) -> Option<&'static Named> {
    NAMED.iter().find(|named| named.code == code)
}

/// The option of this name, in any letter case.
pub fn by_name(name: &[u8]) -> Option<&'static Named> {
    NAMED.iter().find(|named| named.name.as_bytes().eq_ignore_ascii_case(name))
}

/// All of them, by number.
pub const NAMED: &[Named] = &[
    option(1, "netmask", Kind::Addresses),
    option(2, "time-offset", Kind::Integer(4)),
    option(3, "router", Kind::Addresses),
    option(6, "dns-server", Kind::Addresses),
    option(7, "log-server", Kind::Addresses),
    option(9, "lpr-server", Kind::Addresses),
    internal(12, "hostname", Kind::Text),
    option(13, "boot-file-size", Kind::Integer(2)),
    option(15, "domain-name", Kind::Text),
    option(16, "swap-server", Kind::Addresses),
    option(17, "root-path", Kind::Text),
    option(18, "extension-path", Kind::Text),
    option(19, "ip-forward-enable", Kind::Integer(1)),
    option(20, "non-local-source-routing", Kind::Integer(1)),
    option(21, "policy-filter", Kind::Addresses),
    option(22, "max-datagram-reassembly", Kind::Integer(2)),
    option(23, "default-ttl", Kind::Integer(1)),
    option(26, "mtu", Kind::Integer(2)),
    option(27, "all-subnets-local", Kind::Integer(1)),
    internal(28, "broadcast", Kind::Addresses),
    option(31, "router-discovery", Kind::Integer(1)),
    option(32, "router-solicitation", Kind::Addresses),
    option(33, "static-route", Kind::Addresses),
    option(34, "trailer-encapsulation", Kind::Integer(1)),
    option(35, "arp-timeout", Kind::Integer(4)),
    option(36, "ethernet-encap", Kind::Integer(1)),
    option(37, "tcp-ttl", Kind::Integer(1)),
    option(38, "tcp-keepalive", Kind::Integer(4)),
    option(40, "nis-domain", Kind::Text),
    option(41, "nis-server", Kind::Addresses),
    option(42, "ntp-server", Kind::Addresses),
    internal(43, "vendor-encap", Kind::Free),
    option(44, "netbios-ns", Kind::Addresses),
    option(45, "netbios-dd", Kind::Addresses),
    option(46, "netbios-nodetype", Kind::Integer(1)),
    option(47, "netbios-scope", Kind::Free),
    option(48, "x-windows-fs", Kind::Addresses),
    option(49, "x-windows-dm", Kind::Addresses),
    internal(50, "requested-address", Kind::Addresses),
    internal(51, "lease-time", Kind::Seconds),
    internal(52, "option-overload", Kind::Free),
    internal(53, "message-type", Kind::Integer(1)),
    internal(54, "server-identifier", Kind::Addresses),
    internal(55, "parameter-request", Kind::Free),
    internal(56, "message", Kind::Free),
    internal(57, "max-message-size", Kind::Integer(2)),
    option(58, "T1", Kind::Seconds),
    option(59, "T2", Kind::Seconds),
    option(60, "vendor-class", Kind::Free),
    internal(61, "client-id", Kind::Free),
    option(64, "nis+-domain", Kind::Text),
    option(65, "nis+-server", Kind::Addresses),
    option(66, "tftp-server", Kind::Text),
    option(67, "bootfile-name", Kind::Text),
    option(68, "mobile-ip-home", Kind::Addresses),
    option(69, "smtp-server", Kind::Addresses),
    option(70, "pop3-server", Kind::Addresses),
    option(71, "nntp-server", Kind::Addresses),
    option(74, "irc-server", Kind::Addresses),
    option(77, "user-class", Kind::Free),
    option(80, "rapid-commit", Kind::Free),
    internal(81, "FQDN", Kind::Free),
    internal(82, "agent-info", Kind::Free),
    option(91, "last-transaction", Kind::Seconds),
    option(92, "associated-ip", Kind::Addresses),
    option(93, "client-arch", Kind::Integer(2)),
    option(94, "client-interface-id", Kind::Free),
    option(97, "client-machine-id", Kind::Free),
    option(100, "posix-timezone", Kind::Text),
    option(101, "tzdb-timezone", Kind::Text),
    option(108, "ipv6-only", Kind::Integer(4)),
    option(114, "captive-portal", Kind::Text),
    internal(118, "subnet-select", Kind::Addresses),
    option(119, "domain-search", Kind::Names),
    option(120, "sip-server", Kind::Free),
    option(121, "classless-static-route", Kind::Free),
    option(125, "vendor-id-encap", Kind::Free),
    option(150, "tftp-server-address", Kind::Addresses),
    option(255, "server-ip-address", Kind::Addresses),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_ascend_so_that_lists_come_out_in_order() {
        assert!(NAMED.iter().zip(NAMED.iter().skip(1)).all(|(a, b)| a.code < b.code));
        assert_eq!(by_name(b"Router").map(|named| named.code), Some(3));
        assert_eq!(by_code(119).map(|named| named.kind), Some(Kind::Names));
    }
}
