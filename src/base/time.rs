//! Time as the engines see it: handed in, never asked for.
//!
//! Deadlines are monotonic (`Millis`); wall time (`UnixTime`) is only for what
//! leaves the machine or the process: lease files and log stamps. The wall
//! clock may jump; the monotonic one may not.

/// Milliseconds on a clock that only goes forward.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub struct Millis(pub u64);

impl Millis {
    /// A time no clock reaches.
    pub const NEVER: Millis = Millis(u64::MAX);

    /// This time and `ms` milliseconds.
    pub fn plus_ms(self, ms: u64) -> Millis {
        Millis(self.0.saturating_add(ms))
    }

    /// This time and `secs` seconds.
    pub fn plus_secs(self, secs: u64) -> Millis {
        self.plus_ms(secs.saturating_mul(1000))
    }

    /// Milliseconds since `earlier`; 0 if that lies ahead.
    pub fn since(self, earlier: Millis) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Whole seconds on the same clock.
    pub fn secs(self) -> u64 {
        self.0 / 1000
    }
}

/// Seconds since 1970, from a clock that may jump.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub struct UnixTime(pub u64);

/// Both clocks, read once for each turn of the loop.
#[derive(Clone, Copy, Default)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub struct Now {
    /// For deadlines.
    pub mono: Millis,
    /// For the lease file.
    pub wall: UnixTime,
}

/// Why something is due: a loop that spins names its culprit.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub enum Why {
    /// An engine had more to say than the outbox takes in one go.
    Backlog,
    /// A forwarded question waits for too long.
    Forward,
    /// A TCP stream is idle or stuck.
    Stream,
    /// An address probe ends.
    Probe,
    /// A lease ends.
    Lease,
    /// The lease file must be written again.
    LeaseFile,
    /// A TFTP block was not acknowledged.
    Transfer,
    /// Files are looked at again (no inotify).
    Files,
    /// Lines wait for the system log.
    Log,
    /// The bus is tried again.
    Bus,
}

/// The moment something must happen, and what.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub struct Due {
    /// When.
    pub at: Millis,
    /// What for.
    pub why: Why,
}

impl Due {
    /// The earlier of two, either of which may be absent.
    pub fn earlier(a: Option<Due>, b: Option<Due>) -> Option<Due> {
        match (a, b) {
            (Some(a), Some(b)) if b.at < a.at => Some(b),
            (None, b) => b,
            (a, _) => a,
        }
    }

    /// True when `now` is at or behind the moment.
    pub fn is_reached(&self, now: Millis) -> bool {
        self.at <= now
    }
}
