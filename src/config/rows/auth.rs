//! Authoritative service.

use crate::config::row::{Row, later};

pub const ROWS: &[Row] = &[
    later("auth-server=<name>[,<interface>|<address>...]", 0, "Answer with authority on these interfaces"),
    later("auth-zone=<domain>[,<prefix>...]", 0, "Publish this zone"),
    later("auth-soa=<serial>[,...]", 0, "Values of the zone's SOA record"),
    later("auth-ttl=<seconds>", 0, "Lifetime of authoritative answers"),
    later("auth-sec-servers=<name>[,...]", 0, "Further servers of the zones"),
    later("auth-peer=<address>[,...]", 0, "Who may copy zones"),
];
