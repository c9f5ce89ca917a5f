//! DNS messages (RFC 1035 §4, RFC 2181, RFC 6891).

pub mod build;
pub mod codes;
pub mod edns;
pub mod message;
pub mod name;
pub mod patch;
pub mod record;
