//! The tables: what the daemon knows between two packets. Fixed capacity,
//! owned by the core, lent to engines. No I/O, no protocol decisions.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic))]
#![cfg_attr(not(test), deny(clippy::unreachable, clippy::string_slice))]

pub mod cache;
mod entries;
pub mod hosts;
pub mod hosts_builder;
pub mod hosts_file;
pub mod interfaces;
pub mod lease_extras;
mod lease_ends;
pub mod lease_file;
pub mod leases;
pub mod neighbours;
pub mod occupied;
pub mod prints;
pub mod untold;
