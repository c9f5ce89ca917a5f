//! The tables: what the daemon knows between two packets. Fixed capacity,
//! owned by the core, lent to engines. No I/O, no protocol decisions.

pub mod cache;
pub mod hosts;
pub mod hosts_file;
pub mod interfaces;
pub mod lease_file;
pub mod leases;
