//! Linux, behind safe signatures: the only place with `unsafe` and `libc`.
//! Every call that can fail returns the error number; nothing here retries,
//! sleeps, logs or knows a protocol of ours.

#![allow(unsafe_code)]
// Widths in the C library's structures differ between targets.
#![allow(clippy::unnecessary_cast)]

pub mod address;
pub mod background;
pub mod clock;
pub mod command;
pub mod entropy;
pub mod entry;
pub mod files;
pub mod heap;
pub mod helper;
pub mod icmp;
pub mod identity;
pub mod links;
pub mod neighbours;
pub mod netlink;
pub mod seal;
pub mod signals;
pub mod sockets;
pub mod streams;
pub mod sys;
pub mod syslog;
pub mod unix;
pub mod watch;
pub mod zone;
