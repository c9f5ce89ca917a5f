//! What ties the server to other programs.

use crate::config::row::{Apply, Row, special};

pub const ROWS: &[Row] = &[
    special("enable-dbus[=<name>]", b'1', Apply::Warns, "Be reachable on the system bus")
        .bare_short()
        .only_once()
        .manual(
            "Offers an interface on the system bus (D-Bus) by which other programs set upstream servers, under this name, which \
             is uk.org.thekelleys.dnsmasq if none is given. The interface is not there yet. The option is accepted, since \
             other services do not depend on it, and everything else works as it would without.",
        ),
    special("enable-ubus[=<name>]", 0, Apply::Warns, "Be reachable on OpenWrt's bus")
        .only_once()
        .manual(
            "Offers an object on OpenWrt's bus (ubus) that tells statistics and announces leases, under this name, which is \
             dnsmasq if none is given. The object is not there yet. The option stands in OpenWrt's usual configuration, so \
             it is accepted, and everything else works as it would without.",
        ),
];
