//! How well a server answers: its round-trip time, smoothed, with its variation
//! (RFC 6298 §2), the share of questions that it left without a good answer, and
//! whether it is silent altogether. Measured by the questions of clients alone:
//! nothing is sent for its own sake but copies of them to silent servers.

use crate::base::time::Millis;

/// Bounds of the time after which an answer is later than expected. The upper one
/// also stands for what was never measured.
const EXPECTED_LEAST_MS: u64 = 100;
pub const EXPECTED_MOST_MS: u64 = 600;
/// Longest time measured: a longer one says no more.
const MEASURED_MOST_MS: u64 = 8_000;
/// What a question costs that has to be asked again.
const LOSS_COSTS_MS: u32 = 600;
/// A server must be better by this to be preferred to the one that answered last.
const CLEARLY_MS: u32 = 10;
/// A server is silent after so many questions in a row without an answer, the
/// first of which was asked before this many seconds.
const SILENT_AFTER: u8 = 3;
const SILENT_SECS: u32 = 1;
/// A silent server is tried after 1, 2, 4 … seconds, at most these.
const TRY_MOST_SECS: u32 = 64;

/// What is known of a server. Seconds are those of the monotonic clock.
#[derive(Clone, Copy, Default)]
pub struct Health {
    /// Eighths of a millisecond; 0: never measured.
    srtt: u16,
    /// Quarters of a millisecond.
    variation: u16,
    /// Share of questions without a good answer, in 255ths.
    loss: u8,
    /// Questions in a row without any answer.
    unanswered: u8,
    /// Tries since it is silent, and one; 0: it is not.
    tries: u8,
    /// When the first of those questions was asked.
    since: u32,
    /// When a silent server is tried again.
    next_try: u32,
}

impl Health {
    /// It does not answer.
    pub fn is_silent(&self) -> bool {
        self.tries > 0
    }

    /// It answered after `ms`; `good`: with more than an error. How many seconds
    /// it was silent, if it was.
    pub fn heard(&mut self, ms: u64, good: bool, now: Millis) -> Option<u32> {
        self.measure(ms);
        match good {
            true => self.loss = self.loss.saturating_sub(self.loss.div_ceil(8)),
            false => self.lose(),
        }
        self.unanswered = 0;
        (core::mem::take(&mut self.tries) > 0).then(|| seconds(now).saturating_sub(self.since))
    }

    /// Nothing came in the `ms` since it was asked. How many seconds it has said
    /// nothing, if that makes it silent.
    pub fn missed(&mut self, ms: u64, now: Millis) -> Option<u32> {
        if ms < self.expected_ms() {
            return None;
        }
        self.lose();
        if self.unanswered == 0 {
            self.since = seconds(Millis(now.0.saturating_sub(ms)));
        }
        self.unanswered = self.unanswered.saturating_add(1);
        let quiet = seconds(now).saturating_sub(self.since);
        if self.is_silent() || self.unanswered < SILENT_AFTER || quiet < SILENT_SECS {
            return None;
        }
        (self.tries, self.next_try) = (1, seconds(now).saturating_add(1));
        Some(quiet)
    }

    /// True when a silent server is to be tried now; the next time is later.
    pub fn try_now(&mut self, now: Millis) -> bool {
        let due = self.is_silent() && self.next_try <= seconds(now);
        if due {
            let pause = 1u32.checked_shl(self.tries.into()).unwrap_or(TRY_MOST_SECS).min(TRY_MOST_SECS);
            self.next_try = seconds(now).saturating_add(pause);
            self.tries = self.tries.saturating_add(1).min(31);
        }
        due
    }

    /// Milliseconds after which an answer is later than expected.
    pub fn expected_ms(&self) -> u64 {
        match self.srtt {
            0 => EXPECTED_MOST_MS,
            srtt => (u64::from(srtt >> 3).saturating_add(self.variation.into())).clamp(EXPECTED_LEAST_MS, EXPECTED_MOST_MS),
        }
    }

    /// True when it is clearly better than `other`.
    pub fn beats(&self, other: &Health) -> bool {
        let mine = self.cost().saturating_add(CLEARLY_MS);
        self.srtt > 0 && !self.is_silent() && mine < other.cost()
    }

    /// Milliseconds that a question to it takes on average.
    fn cost(&self) -> u32 {
        let lost = u32::from(self.loss).saturating_mul(LOSS_COSTS_MS) >> 8;
        let answered = if self.srtt == 0 { LOSS_COSTS_MS } else { u32::from(self.srtt >> 3) };
        answered.saturating_add(lost)
    }

    fn lose(&mut self) {
        self.loss = self.loss.saturating_add((u8::MAX.saturating_sub(self.loss)).div_ceil(8));
    }

    fn measure(&mut self, ms: u64) {
        let ms = i32::try_from(ms.min(MEASURED_MOST_MS)).unwrap_or(0);
        let (srtt, variation) = (i32::from(self.srtt), i32::from(self.variation));
        let (srtt, variation) = match srtt {
            0 => (ms.saturating_mul(8), ms.saturating_mul(2)),
            _ => {
                let off = ms.saturating_sub(srtt >> 3);
                (srtt.saturating_add(off), variation.saturating_add(off.saturating_abs().saturating_sub(variation >> 2)))
            }
        };
        // Never 0 again once it was measured.
        self.srtt = u16::try_from(srtt.max(1)).unwrap_or(u16::MAX);
        self.variation = u16::try_from(variation.max(0)).unwrap_or(u16::MAX);
    }
}

fn seconds(now: Millis) -> u32 {
    u32::try_from(now.secs()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Millis {
        Millis(1_000_000 + ms)
    }

    #[test]
    fn what_is_expected_follows_what_was_measured() {
        let mut health = Health::default();
        assert_eq!(health.expected_ms(), 600, "nothing is known");
        health.heard(80, true, at(0));
        assert_eq!(health.expected_ms(), 80 + 160);
        for _ in 0..100 {
            health.heard(80, true, at(0));
        }
        assert!((80..=110).contains(&health.expected_ms()), "{}", health.expected_ms());
        for _ in 0..100 {
            health.heard(3, true, at(0));
        }
        assert_eq!(health.expected_ms(), 100, "no sooner than that");
        for _ in 0..100 {
            health.heard(100_000, true, at(0));
        }
        assert_eq!(health.expected_ms(), 600);
    }

    #[test]
    fn the_quicker_and_the_more_reliable_one_is_better() {
        let (mut quick, mut slow, unknown) = (Health::default(), Health::default(), Health::default());
        for _ in 0..20 {
            quick.heard(10, true, at(0));
            slow.heard(50, true, at(0));
        }
        assert!(quick.beats(&slow) && !slow.beats(&quick) && quick.beats(&unknown) && !unknown.beats(&quick));
        assert!(!quick.beats(&quick));
        // An eighth of the answers are errors, then none.
        for _ in 0..4 {
            quick.heard(10, false, at(0));
        }
        assert!(slow.beats(&quick), "errors count");
        for _ in 0..60 {
            quick.heard(10, true, at(0));
        }
        assert!(quick.beats(&slow), "and are forgotten");
    }

    #[test]
    fn three_questions_in_a_row_make_a_server_silent() {
        let mut health = Health::default();
        assert_eq!(health.missed(500, at(0)), None, "not yet later than expected");
        assert_eq!(health.missed(700, at(700)), None);
        assert_eq!(health.missed(700, at(800)), None);
        assert_eq!(health.missed(700, at(900)), None, "within a second it may be chance");
        assert_eq!(health.missed(700, at(5_000)), Some(5));
        assert_eq!(health.missed(700, at(6_000)), None, "that is said once");
        assert!(health.is_silent());
        assert_eq!(health.heard(20, true, at(65_000)), Some(65));
        assert!(!health.is_silent());
        assert_eq!(health.heard(20, true, at(65_000)), None);
    }

    #[test]
    fn a_silent_server_is_tried_less_and_less() {
        let mut health = Health::default();
        for second in 0..4 {
            health.missed(1_000, at(second * 1_000));
        }
        let tries: Vec<u64> = (0..300).filter(|second| health.try_now(at(3_000 + second * 1_000))).collect();
        assert_eq!(tries, [0, 2, 6, 14, 30, 62, 126, 190, 254]);
    }
}
