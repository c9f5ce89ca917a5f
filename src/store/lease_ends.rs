//! When leases end: on the wall clock, which the file and programs know, and on
//! the monotonic clock, which counts. Ended leases are found by a walk that is
//! due at most once a second (RFC 2131 §3.3).

use crate::base::time::{Millis, Now, UnixTime};
use crate::store::leases::{LeaseId, Leases, Unsaved};
use crate::store::untold::Untold;

impl Leases {
    /// Sets the end: `seconds` from now, or never.
    pub fn set_expiry(&mut self, id: LeaseId, seconds: Option<u32>, now: Now) {
        let (expires, until) = match seconds {
            Some(seconds) => {
                let wall = now.wall.0.saturating_add(seconds.into());
                (UnixTime(wall), now.mono.plus_secs(seconds.into()))
            }
            None => (UnixTime(0), Millis::NEVER),
        };
        self.set_end(id, expires, until);
    }

    /// Sets the end on both clocks.
    pub fn set_end(&mut self, id: LeaseId, expires: UnixTime, until: Millis) {
        let Some(old) = self.get(id).map(|lease| lease.expires) else { return };
        let unsaved = if old == expires { Unsaved::Nothing } else { Unsaved::Expiry };
        self.change(id, unsaved, |lease| {
            lease.expires = expires;
            lease.until = until;
        });
        if unsaved != Unsaved::Nothing {
            self.mark(id, Untold::EXPIRY);
        }
        self.earliest = self.earliest.min(until);
    }

    /// No lease ends later than `latest` (on the monotonic clock), except
    /// those without end.
    pub fn cap(&mut self, latest: Millis) {
        for lease in self.slots.iter_mut().filter(|lease| lease.used && lease.until != Millis::NEVER) {
            lease.until = lease.until.min(latest);
        }
        self.earliest = self.earliest.min(latest);
    }

    /// When `expire` must be called again; nothing if no lease ends.
    pub fn next_expiry(&self) -> Option<Millis> {
        (self.earliest != Millis::NEVER).then_some(self.earliest.max(self.next_walk))
    }

    /// Removes the leases that have ended and says how many. Walks the table,
    /// but only once the cached earliest end is reached, and at most once a
    /// second: what has just ended is not live, and may stay that long.
    pub fn expire(&mut self, now: Millis) -> usize {
        if self.earliest.max(self.next_walk) > now {
            return 0;
        }
        self.next_walk = now.plus_secs(1);
        let mut removed = 0;
        let mut slot = 0;
        self.earliest = Millis::NEVER;
        while let Some((id, behind)) = self.walk(slot) {
            slot = behind;
            match self.get(id) {
                Some(lease) if lease.is_live(now) => self.earliest = self.earliest.min(lease.until),
                _ => {
                    self.remove(id);
                    removed += 1;
                }
            }
        }
        removed
    }

    /// Brings the ends on the wall clock in line with the monotonic ones after
    /// the wall clock was set. A few seconds of rounding are let be.
    pub fn wall_clock_jumped(&mut self, now: Now) {
        for lease in self.slots.iter_mut().filter(|lease| lease.used && lease.until != Millis::NEVER) {
            let wall = UnixTime(now.wall.0.saturating_add(lease.until.since(now.mono) / 1000));
            if wall.0.abs_diff(lease.expires.0) > 2 {
                lease.expires = wall;
                lease.unsaved = lease.unsaved.max(Unsaved::Expiry);
            }
        }
    }
}
