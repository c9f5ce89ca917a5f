//! Pure codecs: bytes to views, values to bytes. What the module promises:
//!
//! - Reading goes through `base::bytes::Reader`, so no input makes it panic or
//!   loop: every step consumes octets or ends.
//! - A view borrows the packet; nothing is copied that is not kept.
//! - Writing goes through `base::bytes::Writer`: what does not fit is refused as
//!   a whole, and the builder finds out once, at the end.
//! - Nothing here knows time, tables, configuration or policy.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic))]
#![cfg_attr(not(test), deny(clippy::unreachable, clippy::string_slice))]

pub mod blob;
pub mod dhcp4;
pub mod dhcp4_options;
pub mod dhcp4_split;
pub mod dhcp6_options;
pub mod dns;
pub mod icmp4;
pub mod netfilter;
pub mod netlink;
pub mod pcap;
pub mod tftp;
