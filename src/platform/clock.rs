//! Both clocks, and local time for log files.
//!
//! Stands on clock_gettime(2) and localtime(3).

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

/// A moment in local time.
#[derive(Clone, Copy, Default)]
pub struct LocalTime {
    /// 0–11.
    pub month: u8,
    /// 1–31.
    pub day: u8,
    /// 0–23.
    pub hour: u8,
    /// 0–59.
    pub minute: u8,
    /// 0–60.
    pub second: u8,
}

/// The local time of a moment. The first call may read the zone's file.
#[allow(clippy::field_reassign_with_default)]
pub fn local(at: UnixTime) -> LocalTime {
    // The width of the field differs between targets, and the padding of some is private.
    let mut time = libc::timespec::default();
    time.tv_sec = at.0 as _;
    // SAFETY: all-zero is a valid `tm` (its pointer may be null).
    let mut tm: libc::tm = unsafe { core::mem::zeroed() };
    // SAFETY: both pointers are to locals that live through the call.
    if unsafe { libc::localtime_r(&raw const time.tv_sec, &raw mut tm) }.is_null() {
        return LocalTime::default();
    }
    LocalTime {
        month: tm.tm_mon as u8,
        day: tm.tm_mday as u8,
        hour: tm.tm_hour as u8,
        minute: tm.tm_min as u8,
        second: tm.tm_sec as u8,
    }
}
