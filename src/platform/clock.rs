//! Both clocks.
//!
//! Stands on clock_gettime(2).

use crate::base::time::{Millis, Now, UnixTime};

fn read(clock: libc::clockid_t) -> (u64, u64) {
    let mut time = libc::timespec::default();
    // SAFETY: `time` is a timespec that lives through the call.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    // The widths differ between targets; neither is ever negative.
    (time.tv_sec as u64, time.tv_nsec as u64)
}

/// Both clocks, now.
pub fn now() -> Now {
    let (secs, nanos) = read(libc::CLOCK_MONOTONIC);
    Now { mono: Millis(secs * 1000 + nanos / 1_000_000), wall: wall() }
}

/// Wall time, now.
pub fn wall() -> UnixTime {
    UnixTime(read(libc::CLOCK_REALTIME).0)
}

/// Microseconds of the running second of wall time.
pub fn micros() -> u32 {
    (read(libc::CLOCK_REALTIME).1 / 1000) as u32
}
