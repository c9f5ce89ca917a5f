//! What is kept from going up, and from coming down.

use crate::config::draft::Flag;
use crate::config::row::{Row, Takes, flag, later, later_flag};

const ADDRESSES: Takes = Takes::Value("<address>[/<length>]");
const TYPES: Takes = Takes::Value("<type>[,...]");

pub const ROWS: &[Row] = &[
    flag("domain-needed", b'D', Flag::DomainNeeded, "Do not ask upstream for names without a dot"),
    flag("bogus-priv", b'b', Flag::BogusPriv, "Do not ask upstream for names of private addresses"),
    later_flag("filterwin2k", b'f', "Do not ask upstream what Windows asks in vain"),
    later("alias", b'V', Takes::Value("<old>[-<end>],<new>[,<mask>]"), "Rewrite IPv4 addresses in upstream answers"),
    later("bogus-nxdomain", b'B', ADDRESSES, "Take an answer with this address for a missing name"),
    later("ignore-address", 0, ADDRESSES, "Ignore upstream answers with this address"),
    later_flag("stop-dns-rebind", 0, "Drop private addresses from upstream answers"),
    later_flag("rebind-localhost-ok", 0, "Let loopback addresses pass all the same"),
    later("rebind-domain-ok", 0, Takes::Value("/<domain>/..."), "Let private addresses of these domains pass"),
    later_flag("filter-A", 0, "Drop IPv4 addresses from upstream answers"),
    later_flag("filter-AAAA", 0, "Drop IPv6 addresses from upstream answers"),
    later("filter-rr", 0, TYPES, "Drop records of these types from upstream answers"),
];
