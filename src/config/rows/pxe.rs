//! Booting over the network: BOOTP, the PXE menu, and the ports and pace of DHCP.

use crate::config::row::{Row, later};

pub const ROWS: &[Row] = &[
    later("bootp-dynamic[=tag:<tag>,...]", b'3', "Give addresses to BOOTP clients too"),
    later("dhcp-reply-delay=[tag:<tag>,...]<seconds>", 0, "Wait before answering"),
    later("dhcp-alternate-port[=<server>[,<client>]]", 0, "Use other ports for DHCP"),
    later("dhcp-option-pxe=[tag:<tag>,...]<number>|option:<name>[,<value>...]", 0, "Tell this to PXE clients only"),
    later("pxe-service=[tag:<tag>,...]<architecture>,<text>[,...]", 0, "An entry of the PXE menu"),
    later("pxe-prompt=[tag:<tag>,...]<text>[,<seconds>]", 0, "What stands before the PXE menu"),
    later("dhcp-pxe-vendor=<class>[,...]", 0, "Vendor classes of PXE clients"),
];
