//! DNS messages (RFC 1035 §4, RFC 2181, RFC 6891).

pub mod name;
