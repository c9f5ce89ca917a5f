//! What ties the server to other programs and to the kernel's sets.

use crate::config::row::{Apply, Row, later, special};

pub const ROWS: &[Row] = &[
    special("enable-dbus[=<name>]", b'1', Apply::Warns, "Be reachable on the system bus").bare_short(),
    special("enable-ubus[=<name>]", 0, Apply::Warns, "Be reachable on OpenWrt's bus"),
    later("ipset=/<domain>/.../<set>[,...]", 0, "Put addresses of these domains into IP sets"),
    later("nftset=/<domain>/.../<set>[,...]", 0, "Put addresses of these domains into nftables sets"),
    later("connmark-allowlist-enable[=<mask>]", 0, "Filter queries by connection mark"),
    later("connmark-allowlist=<mark>[/<mask>],<pattern>...", 0, "Names that a connection mark may ask for"),
];
