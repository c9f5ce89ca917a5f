//! Policy that the DHCP engines share: tags, which ranges apply, which
//! configured host a client is, which options it gets, what it is called.
//! Decisions only: no packets are read or written here.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic))]
#![cfg_attr(not(test), deny(clippy::unreachable, clippy::string_slice))]

pub mod choose_options;
pub mod hosts;
pub mod naming;
pub mod ranges;
pub mod tags;
