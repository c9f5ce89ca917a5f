//! What ties the server to other programs.

use crate::config::row::{Apply, Row, special};

pub const ROWS: &[Row] = &[
    special("enable-dbus[=<name>]", b'1', Apply::Warns, "Be reachable on the system bus").bare_short().only_once(),
    special("enable-ubus[=<name>]", 0, Apply::Warns, "Be reachable on OpenWrt's bus").only_once(),
];
