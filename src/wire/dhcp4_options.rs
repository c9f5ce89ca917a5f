//! DHCP options (RFC 2132, RFC 3396): the walker over the option areas of a
//! message, and the table of their names and types as dnsmasq spells them.

use crate::base::bytes::Reader;
use crate::base::texts::{Texts, texts};
use crate::wire::dhcp4::Packet;
use std::net::Ipv4Addr;

/// Option numbers that the server itself knows.
pub mod code {
    #![allow(missing_docs)]
    pub const PAD: u8 = 0;
    pub const NETMASK: u8 = 1;
    pub const ROUTER: u8 = 3;
    pub const DNS_SERVER: u8 = 6;
    pub const HOST_NAME: u8 = 12;
    pub const DOMAIN_NAME: u8 = 15;
    pub const BROADCAST: u8 = 28;
    pub const VENDOR_ENCAP: u8 = 43;
    pub const REQUESTED_ADDRESS: u8 = 50;
    pub const LEASE_TIME: u8 = 51;
    pub const OVERLOAD: u8 = 52;
    pub const MESSAGE_TYPE: u8 = 53;
    pub const SERVER_ID: u8 = 54;
    pub const REQUEST_LIST: u8 = 55;
    pub const MESSAGE: u8 = 56;
    pub const MAX_SIZE: u8 = 57;
    pub const T1: u8 = 58;
    pub const T2: u8 = 59;
    pub const VENDOR_CLASS: u8 = 60;
    pub const CLIENT_ID: u8 = 61;
    pub const SERVER_NAME: u8 = 66;
    pub const BOOT_FILE: u8 = 67;
    pub const USER_CLASS: u8 = 77;
    pub const RAPID_COMMIT: u8 = 80;
    pub const FQDN: u8 = 81;
    pub const AGENT: u8 = 82;
    pub const ARCHITECTURE: u8 = 93;
    pub const ASSOCIATED: u8 = 92;
    pub const MACHINE_ID: u8 = 97;
    pub const SUBNET_SELECT: u8 = 118;
    pub const VI_ENCAP: u8 = 125;
    /// Where a device says what it needs of the network (RFC 8520).
    pub const MUD_URL: u8 = 161;
    pub const NEXT_SERVER: u8 = 255;
    pub const END: u8 = 255;
}

/// Sub-options of the relay agent option (RFC 3046, 3527, 3993, 5010, 5107).
pub mod agent {
    #![allow(missing_docs)]
    pub const CIRCUIT_ID: u8 = 1;
    pub const REMOTE_ID: u8 = 2;
    pub const LINK_SELECTION: u8 = 5;
    pub const SUBSCRIBER_ID: u8 = 6;
    pub const FLAGS: u8 = 10;
    pub const SERVER_ID_OVERRIDE: u8 = 11;
    /// The bit of `FLAGS`: the client sent to the relay alone.
    pub const UNICAST: u8 = 0x80;
}

/// The options of one area, in order. Ends at the end mark, at the end of the
/// area, and at an option that runs over it.
pub fn walk(area: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut reader = Reader::new(area);
    core::iter::from_fn(move || next_option(&mut reader))
}

#[inline(never)]
fn next_option<'a>(reader: &mut Reader<'a>) -> Option<(u8, &'a [u8])> {
    loop {
        match reader.u8()? {
            code::PAD => {}
            code::END => return None,
            number => {
                let len = reader.u8()?;
                let value = reader.take(len.into());
                if value.is_none() {
                    // Nothing behind a broken option means anything.
                    reader.rest();
                }
                return Some((number, value?));
            }
        }
    }
}

/// The sub-options inside an option: no padding, no end mark.
pub fn walk_inside(value: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut reader = Reader::new(value);
    core::iter::from_fn(move || next_part(&mut reader))
}

#[inline(never)]
fn next_part<'a>(reader: &mut Reader<'a>) -> Option<(u8, &'a [u8])> {
    let number = reader.u8()?;
    let len = reader.u8()?;
    Some((number, reader.take(len.into())?))
}

/// The options of a message: number of the area, of the option, its value.
pub struct Areas<'a> {
    reader: Reader<'a>,
    area: u8,
    behind: [&'a [u8]; 2],
}

impl<'a> Iterator for Areas<'a> {
    type Item = (u8, u8, &'a [u8]);

    #[inline(never)]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((number, value)) = next_option(&mut self.reader) {
                return Some((self.area, number, value));
            }
            self.reader = Reader::new(self.behind.get(usize::from(self.area))?);
            self.area = self.area.saturating_add(1);
        }
    }
}

impl<'a> Packet<'a> {
    /// All options: those behind the header, then those in the boot file and
    /// server name fields if the message says so (RFC 2132 §9.3).
    pub fn walk_options(&self) -> impl Iterator<Item = (u8, &'a [u8])> + use<'a> {
        self.walk_areas().map(|(_, number, value)| (number, value))
    }

    /// The same, with the number of the area in front.
    #[inline(never)]
    pub fn walk_areas(&self) -> Areas<'a> {
        let main = if self.has_options { self.options } else { &[] };
        let overload = walk(main).find(|(number, _)| *number == code::OVERLOAD);
        let overload = overload.and_then(|(_, value)| value.first().copied()).unwrap_or(0);
        let file = if overload & 1 != 0 { self.file } else { &[] };
        let sname = if overload & 2 != 0 { self.sname } else { &[] };
        Areas { reader: Reader::new(main), area: 0, behind: [file, sname] }
    }
}

/// The value of an option that is one address.
pub fn address(value: &[u8]) -> Option<Ipv4Addr> {
    Reader::new(value).array::<4>().map(Ipv4Addr::from)
}

/// What the value of an option is.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub enum Kind {
    /// IPv4 addresses.
    Addresses,
    /// Text.
    Text,
    /// Seconds, four octets.
    Time,
    /// A number of this many octets, shown in decimal.
    Decimal(u8),
    /// A number of this many octets, shown in hexadecimal.
    Number(u8),
    /// Domain names: with pointers in DHCPv4 (RFC 3397), without in DHCPv6.
    Names,
    /// SIP servers: addresses or names behind an octet that says which (RFC 3361).
    SipServers,
    /// DHCPv6: addresses or names, each a sub-option (RFC 5908).
    NtpServers,
    /// DHCPv6: texts, each behind its length in two octets.
    Strings,
    /// Anything.
    Free,
}

/// An option with a name.
#[derive(Clone, Copy)]
pub struct Known {
    /// Its number.
    pub code: u8,
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// The server fills it in itself: it has a name in logs and in
    /// `dhcp-match` only.
    pub internal: bool,
}

/// A row of a table: what may be sent by name.
pub(super) const fn known(code: u8, kind: Kind) -> (u8, Kind, bool) {
    (code, kind, false)
}

/// A row of a table: what the server fills in itself.
pub(super) const fn internal(code: u8, kind: Kind) -> (u8, Kind, bool) {
    (code, kind, true)
}

/// A table of options with names, as the compiler packs it.
pub struct Table {
    names: Texts,
    rest: &'static [(u8, Kind, bool)],
}

impl Table {
    /// A table from its `names` and what else is known.
    pub(super) const fn new(names: Texts, rest: &'static [(u8, Kind, bool)]) -> Self {
        Table { names, rest }
    }

    /// The options, by number.
    pub fn iter(&self) -> impl Iterator<Item = Known> + use<> {
        self.rest.iter().zip(self.names).map(|(&(code, kind, internal), name)| Known { code, name, kind, internal })
    }

    /// The option with this number.
    #[inline(never)]
    pub fn by_code(&self, code: u16) -> Option<Known> {
        self.iter().find(|known| u16::from(known.code) == code)
    }

    /// The option with this name (any case).
    #[inline(never)]
    pub fn by_name(&self, name: &[u8]) -> Option<Known> {
        self.iter().find(|known| known.name.as_bytes().eq_ignore_ascii_case(name))
    }
}

/// The table of rows: number, name, kind.
macro_rules! table {
    ($($row:ident($code:literal, $name:literal, $kind:expr),)*) => {
        Table::new(texts!(&[$($name),*]), &[$($row($code, $kind)),*])
    };
}
pub(super) use table;

/// The named options.
pub static KNOWN: Table = {
    use Kind::{Addresses, Decimal, Free, Names, Number, SipServers, Text, Time};
    table! {
        known(1, "netmask", Addresses),
        known(2, "time-offset", Number(4)),
        known(3, "router", Addresses),
        known(6, "dns-server", Addresses),
        known(7, "log-server", Addresses),
        known(9, "lpr-server", Addresses),
        internal(12, "hostname", Text),
        known(13, "boot-file-size", Decimal(2)),
        known(15, "domain-name", Text),
        known(16, "swap-server", Addresses),
        known(17, "root-path", Text),
        known(18, "extension-path", Text),
        known(19, "ip-forward-enable", Number(1)),
        known(20, "non-local-source-routing", Number(1)),
        known(21, "policy-filter", Addresses),
        known(22, "max-datagram-reassembly", Decimal(2)),
        known(23, "default-ttl", Decimal(1)),
        known(26, "mtu", Decimal(2)),
        known(27, "all-subnets-local", Number(1)),
        internal(28, "broadcast", Addresses),
        known(31, "router-discovery", Number(1)),
        known(32, "router-solicitation", Addresses),
        known(33, "static-route", Addresses),
        known(34, "trailer-encapsulation", Number(1)),
        known(35, "arp-timeout", Decimal(4)),
        known(36, "ethernet-encap", Number(1)),
        known(37, "tcp-ttl", Decimal(1)),
        known(38, "tcp-keepalive", Decimal(4)),
        known(40, "nis-domain", Text),
        known(41, "nis-server", Addresses),
        known(42, "ntp-server", Addresses),
        internal(43, "vendor-encap", Free),
        known(44, "netbios-ns", Addresses),
        known(45, "netbios-dd", Addresses),
        known(46, "netbios-nodetype", Number(1)),
        known(47, "netbios-scope", Free),
        known(48, "x-windows-fs", Addresses),
        known(49, "x-windows-dm", Addresses),
        internal(50, "requested-address", Addresses),
        internal(51, "lease-time", Time),
        internal(52, "option-overload", Free),
        internal(53, "message-type", Decimal(1)),
        internal(54, "server-identifier", Addresses),
        internal(55, "parameter-request", Free),
        internal(56, "message", Free),
        internal(57, "max-message-size", Free),
        known(58, "T1", Time),
        known(59, "T2", Time),
        known(60, "vendor-class", Free),
        internal(61, "client-id", Free),
        known(64, "nis+-domain", Text),
        known(65, "nis+-server", Addresses),
        known(66, "tftp-server", Text),
        known(67, "bootfile-name", Text),
        known(68, "mobile-ip-home", Addresses),
        known(69, "smtp-server", Addresses),
        known(70, "pop3-server", Addresses),
        known(71, "nntp-server", Addresses),
        known(74, "irc-server", Addresses),
        known(77, "user-class", Free),
        known(80, "rapid-commit", Free),
        internal(81, "FQDN", Free),
        internal(82, "agent-info", Free),
        known(91, "last-transaction", Time),
        known(92, "associated-ip", Addresses),
        known(93, "client-arch", Decimal(2)),
        known(94, "client-interface-id", Free),
        known(97, "client-machine-id", Free),
        known(100, "posix-timezone", Text),
        known(101, "tzdb-timezone", Text),
        known(108, "ipv6-only", Decimal(4)),
        known(114, "captive-portal", Text),
        internal(118, "subnet-select", Free),
        known(119, "domain-search", Names),
        known(120, "sip-server", SipServers),
        known(121, "classless-static-route", Free),
        known(125, "vendor-id-encap", Free),
        known(150, "tftp-server-address", Addresses),
        // Sets the next-server field of the header: an option in the
        // configuration only, since 255 ends the options on the wire.
        known(255, "server-ip-address", Addresses),
    }
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_walker_skips_padding_and_stops_at_the_end_or_a_lie() {
        let seen = |area: &'static [u8]| walk(area).collect::<Vec<_>>();
        assert_eq!(seen(&[0, 53, 1, 3, 0, 0, 80, 0, 255, 12, 1, 97]), [(53, &[3][..]), (80, &[][..])]);
        assert_eq!(seen(&[53, 1, 3, 12, 9, 97]), [(53, &[3][..])]);
        assert_eq!(seen(&[12]), []);
        assert_eq!(seen(&[]), []);
    }

    #[test]
    fn the_table_is_in_order_and_found_both_ways() {
        assert!(KNOWN.iter().is_sorted_by(|one, next| one.code < next.code));
        assert_eq!(KNOWN.iter().count(), KNOWN.rest.len());
        for known in KNOWN.iter() {
            assert_eq!(KNOWN.by_code(known.code.into()).unwrap().name, known.name);
            assert_eq!(KNOWN.by_name(known.name.as_bytes()).unwrap().code, known.code);
        }
        assert_eq!(KNOWN.by_name(b"NTP-Server").unwrap().code, 42);
        assert!(KNOWN.by_name(b"ntp").is_none() && KNOWN.by_code(4).is_none());
        assert_eq!(KNOWN.by_name(b"server-ip-address").unwrap().code, 255);
    }
}
