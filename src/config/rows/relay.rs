//! DHCP between networks: relays, wires that several networks share, and
//! questions about leases.

use crate::config::row::{Row, later};

pub const ROWS: &[Row] = &[
    later("dhcp-relay=<local>,<server>[#<port>][,<interface>]", 0, "Relay DHCP to another server"),
    later("dhcp-split-relay=<local>,<server>,<interface>", 0, "Relay DHCP between networks without a route"),
    later("dhcp-proxy[=<relay>,...]", 0, "Have all DHCP go through these relays"),
    later("shared-network=<interface>|<address>,<address>", 0, "Networks that share a wire"),
    later("bridge-interface=<interface>,<alias>...", 0, "Interfaces that count as one for DHCP"),
    later("leasequery[=<address>[/<length>]]", 0, "Answer questions about leases"),
];
