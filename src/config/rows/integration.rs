//! What ties the server to other programs.

use crate::config::draft::Draft;
use crate::config::lexer::Text;
use crate::config::refusal::Applied;
use crate::config::row::{Apply, Row, once, special};
use crate::config::values::path;

pub const ROWS: &[Row] = &[
    special("enable-dbus[=<name>]", b'1', Apply::Warns, "Be reachable on the system bus")
        .bare_short()
        .only_once()
        .manual(
            "Offers an interface on the system bus (D-Bus) by which other programs set upstream servers, under this name, which \
             is uk.org.thekelleys.dnsmasq if none is given. The interface is not there yet. The option is accepted, since \
             other services do not depend on it, and everything else works as it would without.",
        ),
    once("enable-ubus[=<name>]", 0, ubus, "Be reachable on OpenWrt's bus")
        .ubus()
        .manual(
            "Offers an object on OpenWrt's bus (ubus) under this name, which is dnsmasq if none is given. Its method metrics \
             tells what was counted since the start; its subscribers hear of leases (dhcp.ack, dhcp.release) and, with \
             connmark-allowlist-enable, of questions that were refused. A second object, whose name ends in .dns, lets \
             subscribers hear of the addresses that upstream servers give (dns_result). While there is no bus, or when it \
             starts anew, everything else goes on, and the objects come back with it.",
        ),
];

fn ubus(draft: &mut Draft, text: Text) -> Applied {
    let name = if text.is_empty() { b"dnsmasq" } else { text.octets() };
    draft.config.process.ubus = Some(path(name));
    Ok(())
}
