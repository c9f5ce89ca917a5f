//! Authoritative service.

use crate::config::row::{Row, Takes, later};

pub const ROWS: &[Row] = &[
    later("auth-server", 0, Takes::Value("<name>[,<interface>|<address>...]"), "Answer with authority on these interfaces"),
    later("auth-zone", 0, Takes::Value("<domain>[,<prefix>...]"), "Publish this zone"),
    later("auth-soa", 0, Takes::Value("<serial>[,...]"), "Values of the zone's SOA record"),
    later("auth-ttl", 0, Takes::Value("<seconds>"), "Lifetime of authoritative answers"),
    later("auth-sec-servers", 0, Takes::Value("<name>[,...]"), "Further servers of the zones"),
    later("auth-peer", 0, Takes::Value("<address>[,...]"), "Who may copy zones"),
];
