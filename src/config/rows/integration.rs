//! Scripts, router advertisements, and what ties the server to other programs
//! and to the kernel's sets.

use crate::config::row::{Apply, Row, Takes, later, later_flag, special};

pub const ROWS: &[Row] = &[
    later("dhcp-script", b'6', Takes::Value("<program>"), "Run this program when leases change"),
    later("dhcp-luascript", 0, Takes::Value("<file>"), "Run this Lua program when leases change"),
    later("dhcp-scriptuser", 0, Takes::Value("<name>"), "Run programs as this user"),
    later_flag("script-arp", 0, "Run the program when neighbours come and go"),
    later_flag("script-on-renewal", 0, "Run the program when a lease is prolonged"),
    later_flag("enable-ra", 0, "Send router advertisements"),
    later("ra-param", 0, Takes::Value("<interface>,..."), "What router advertisements say"),
    later("dhcp-duid", 0, Takes::Value("<enterprise>,<id>"), "The DHCPv6 server's identifier"),
    special("enable-dbus", b'1', Takes::LongOnly("<name>"), Apply::Warns, "Be reachable on the system bus"),
    special("enable-ubus", 0, Takes::Optional("<name>"), Apply::Warns, "Be reachable on OpenWrt's bus"),
    later("ipset", 0, Takes::Value("/<domain>/.../<set>[,...]"), "Put addresses of these domains into IP sets"),
    later("nftset", 0, Takes::Value("/<domain>/.../<set>[,...]"), "Put addresses of these domains into nftables sets"),
    later("connmark-allowlist-enable", 0, Takes::Optional("<mask>"), "Filter queries by connection mark"),
    later("connmark-allowlist", 0, Takes::Value("<mark>[/<mask>],<pattern>..."), "Names that a connection mark may ask for"),
];
