//! Failures in the cache (RFC 9520): that nobody could answer a question is kept
//! for seconds, longer when it repeats itself, and never in the place of data.

use super::{Cache, NXDOMAIN, Outcome, ZONE, seconds};
use crate::base::time::Millis;
use crate::wire::dns::name::Name;

/// The most failures in a row that are told apart: the last holds for 16 seconds.
const FAILURES_MAX: u16 = 5;

impl Cache {
    /// Keeps that nobody could answer a question, if nothing else is known about
    /// it: for a second, and if it `repeats` itself for 2, 4, 8 and 16 seconds.
    pub fn store_failure(&mut self, name: Name, kind: u16, repeats: bool, now: Millis) {
        if matches!(kind, NXDOMAIN | ZONE) {
            return;
        }
        let known = self.fresh(self.hash(name), name, kind, seconds(now));
        let before = match known.and_then(|slot| self.entries.get(slot)) {
            Some(entry) if entry.outcome() != Outcome::Failed => return,
            entry => entry.map_or(0, |entry| entry.data_len),
        };
        let failures = if repeats { before.saturating_add(1).min(FAILURES_MAX) } else { 1 };
        // Kept for twice the time that it holds, to tell a repetition.
        self.put(name, kind, 0, failures.into(), 0, holds_for(failures).saturating_mul(2), now);
    }

    /// Servers are others or back again: what failed may not fail now.
    pub fn forget_failures(&mut self) {
        for slot in 0..u32::try_from(self.entries.high_water()).unwrap_or(0) {
            if self.entries.get(slot).is_some_and(|own| own.name_len > 0 && own.outcome() == Outcome::Failed) {
                self.discard(slot);
            }
        }
    }
}

/// Seconds that so many failures in a row count.
pub(super) fn holds_for(failures: u16) -> u32 {
    1u32.checked_shl(failures.saturating_sub(1).into()).unwrap_or(1)
}
