//! DNS security.

use crate::config::row::{Row, Takes, later, later_flag};

pub const ROWS: &[Row] = &[
    later_flag("dnssec", 0, "Validate answers from upstream"),
    later("trust-anchor", 0, Takes::Value("<domain>,<key digest>"), "Trust this key without proof"),
    later("dnssec-check-unsigned", 0, Takes::Optional("no"), "Have it proven that unsigned answers may be so"),
    later_flag("dnssec-no-timecheck", 0, "Do not look at times of signatures until SIGINT"),
    later("dnssec-timestamp", 0, Takes::Value("<file>"), "Remember the last time known to be right in a file"),
    later_flag("dnssec-debug", 0, "Pass on answers that fail validation"),
    later("dnssec-limits", 0, Takes::Value("<n>[,...]"), "How much work one validation may take"),
    later_flag("proxy-dnssec", 0, "Pass on what upstream says about validation"),
];
