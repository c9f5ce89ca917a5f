//! Randomness: a source that is passed in.
//!
//! The product draws from the kernel's generator through a pool, so that
//! identifiers and ports cost a system call only now and then; the simulation
//! passes a seed and gets the same world again. No cryptography of our own.

/// Octets drawn from the kernel in one call.
const POOL: usize = 256;

/// A source of random numbers.
pub struct Random {
    pool: [u8; POOL],
    at: usize,
    source: Source,
}

enum Source {
    /// Fills a buffer from the kernel.
    Kernel(fn(&mut [u8])),
    /// The state of a seeded generator (SplitMix64): for tests only.
    Seed(u64),
}

impl Random {
    /// Draws from `fill`, which must deliver unpredictable octets.
    pub fn kernel(fill: fn(&mut [u8])) -> Self {
        Random { pool: [0; POOL], at: POOL, source: Source::Kernel(fill) }
    }

    /// The same numbers for the same seed.
    pub fn seeded(seed: u64) -> Self {
        Random { pool: [0; POOL], at: POOL, source: Source::Seed(seed) }
    }

    fn refill(&mut self) {
        match &mut self.source {
            Source::Kernel(fill) => fill(&mut self.pool),
            Source::Seed(state) => {
                for chunk in self.pool.chunks_exact_mut(8) {
                    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
                    let mut z = *state;
                    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                    chunk.copy_from_slice(&(z ^ (z >> 31)).to_be_bytes());
                }
            }
        }
        self.at = 0;
    }

    fn draw<const N: usize>(&mut self) -> [u8; N] {
        if self.at.saturating_add(N) > POOL {
            self.refill();
        }
        let mut out = [0; N];
        if let Some(chunk) = self.pool.get_mut(self.at..).and_then(|rest| rest.first_chunk_mut()) {
            out = *chunk;
            // What was handed out must not be found in memory later.
            *chunk = [0; N];
        }
        self.at = self.at.saturating_add(N);
        out
    }

    /// Sixteen random bits.
    pub fn u16(&mut self) -> u16 {
        u16::from_be_bytes(self.draw())
    }

    /// Thirty-two random bits.
    pub fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.draw())
    }

    /// Sixty-four random bits.
    pub fn u64(&mut self) -> u64 {
        u64::from_be_bytes(self.draw())
    }

    /// A number below `bound` (0 if `bound` is 0), every one equally likely
    /// to within `bound` / 2³².
    pub fn below(&mut self, bound: u32) -> u32 {
        ((u64::from(self.u32()) * u64::from(bound)) >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_one_sequence() {
        let (mut a, mut b, mut c) = (Random::seeded(1), Random::seeded(1), Random::seeded(2));
        let run = |r: &mut Random| (0..300).map(|_| r.u32()).collect::<Vec<_>>();
        let first = run(&mut a);
        assert_eq!(first, run(&mut b));
        assert_ne!(first, run(&mut c));
    }

    #[test]
    fn below_stays_below_and_reaches_everything() {
        let mut random = Random::seeded(7);
        let mut seen = [false; 10];
        for _ in 0..1000 {
            seen[random.below(10) as usize] = true;
        }
        assert_eq!(seen, [true; 10]);
        assert_eq!(random.below(0), 0);
    }
}
