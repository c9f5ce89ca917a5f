//! What is kept from going up, and from coming down.

use crate::config::draft::Flag;
use crate::config::row::{Row, flag, later};

pub const ROWS: &[Row] = &[
    flag("domain-needed", b'D', Flag::DomainNeeded, "Do not ask upstream for names without a dot"),
    flag("bogus-priv", b'b', Flag::BogusPriv, "Do not ask upstream for names of private addresses"),
    later("filterwin2k", b'f', "Do not ask upstream what Windows asks in vain"),
    later("alias=<old>[-<end>],<new>[,<mask>]", b'V', "Rewrite IPv4 addresses in upstream answers"),
    later("bogus-nxdomain=<address>[/<length>]", b'B', "Take an answer with this address for a missing name"),
    later("ignore-address=<address>[/<length>]", 0, "Ignore upstream answers with this address"),
    later("stop-dns-rebind", 0, "Drop private addresses from upstream answers"),
    later("rebind-localhost-ok", 0, "Let loopback addresses pass all the same"),
    later("rebind-domain-ok=/<domain>/...", 0, "Let private addresses of these domains pass"),
    later("filter-A", 0, "Drop IPv4 addresses from upstream answers"),
    later("filter-AAAA", 0, "Drop IPv6 addresses from upstream answers"),
    later("filter-rr=<type>[,...]", 0, "Drop records of these types from upstream answers"),
];
