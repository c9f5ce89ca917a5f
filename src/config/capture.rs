//! The frozen configuration of the capture file: packets as they came and went,
//! for other programs to read.

use super::Path;

/// `dumpfile` and `dumpmask`.
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Capture {
    /// `dumpfile`; `None`: nothing is captured.
    pub file: Option<Path>,
    /// `dumpmask`: a bit a kind of packet; `None`: all.
    pub mask: Option<u32>,
}
