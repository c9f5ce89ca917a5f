//! A start that cannot go on: what to say and the status to end with.

use crate::base::errno;
use crate::platform::sys::Errno;

/// The configuration is wrong.
pub const CONFIGURATION: u8 = 1;
/// A socket cannot be had.
pub const NETWORK: u8 = 2;
/// A file cannot be had.
pub const FILES: u8 = 3;
/// Anything else.
pub const OTHER: u8 = 5;

/// Added to the status of a program that was asked for the leases.
#[cfg(feature = "dhcp4")]
pub const INIT: u8 = 10;

/// Why the start ends: one word, so that results with it come in registers.
pub struct Failure(pub Box<End>);

/// What it ends with.
pub struct End {
    /// Exit status.
    pub status: u8,
    /// What is said, on standard error and in the log.
    pub message: Vec<u8>,
}

impl Failure {
    /// With a message made of parts.
    #[inline(never)]
    #[cold]
    pub fn new(status: u8, parts: &[&[u8]]) -> Self {
        Failure(Box::new(End { status, message: parts.concat() }))
    }

    /// With a message that ends in the text of an error.
    #[inline(never)]
    #[cold]
    pub fn system(status: u8, parts: &[&[u8]], errno: Errno) -> Self {
        Failure::new(status, &[&parts.concat(), b": ", errno::text(errno).as_bytes()])
    }
}
