//! DNS security.

use crate::config::row::{Row, later};

pub const ROWS: &[Row] = &[
    later("dnssec", 0, "Validate answers from upstream"),
    later("trust-anchor=<domain>,<key digest>", 0, "Trust this key without proof"),
    later("dnssec-check-unsigned[=no]", 0, "Have it proven that unsigned answers may be so"),
    later("dnssec-no-timecheck", 0, "Do not look at times of signatures until SIGINT"),
    later("dnssec-timestamp=<file>", 0, "Remember the last time known to be right in a file"),
    later("dnssec-debug", 0, "Pass on answers that fail validation"),
    later("dnssec-limits=<n>[,...]", 0, "How much work one validation may take"),
    later("proxy-dnssec", 0, "Pass on what upstream says about validation"),
];
