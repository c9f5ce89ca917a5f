//! ironmasq: a drop-in replacement for dnsmasq in one thread and one loop.
//!
//! The modules in the order of their floors; a module imports only from floors
//! below its own (`tests/tidy.rs` checks it):
//!
//! 0. [`base`]: bytes, text, time, randomness, addresses. No opinion.
//! 1. [`wire`]: pure codecs of DNS, DHCP, TFTP, ICMP, netlink.
//! 2. [`config`] the language; [`store`] the tables; [`outbox`] what engines say.
//! 3. [`dhcp`]: policy shared by the DHCP engines.
//! 4. [`dns`], [`dhcp4`], [`tftp`]: engines. Bytes come in, actions come out; no
//!    engine opens, reads, sends, sleeps or asks the time.
//! 5. [`daemon`]: where everything meets: core (no I/O) and shell (the loop).
//!
//! [`platform`] stands aside: Linux, and all `unsafe`. [`limits`] is for all.
//!
//! Start reading at `daemon/core.rs`, then follow one packet.

#![deny(unsafe_code)]

pub mod base;
pub mod config;
pub mod dns;
pub mod daemon;
#[cfg(feature = "dhcp4")]
pub mod dhcp;
#[cfg(feature = "dhcp4")]
pub mod dhcp4;
pub mod limits;
pub mod outbox;
pub mod platform;
pub mod store;
#[cfg(feature = "tftp")]
pub mod tftp;
pub mod wire;
