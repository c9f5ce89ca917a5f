//! Which addresses of some ranges are leased, a bit each, so that a search for
//! a free one passes a stretch of leased ones sixty-four at a time: a pool that
//! is full, or that a flood has filled, costs next to nothing to walk.

use crate::limits;
use std::net::Ipv4Addr;

/// One range.
struct Range {
    start: u32,
    end: u32,
    bits: Box<[u64]>,
}

/// Bits for all ranges, by their numbers.
#[derive(Default)]
pub struct Occupied(Box<[Range]>);

impl Occupied {
    /// Bits for these ranges (first and last address), all free. Of ranges
    /// beyond the limit only the head is known.
    pub fn new(ranges: impl Iterator<Item = (Ipv4Addr, Ipv4Addr)>) -> Self {
        let range = |(start, end): (Ipv4Addr, Ipv4Addr)| {
            let (start, end) = (u32::from(start), u32::from(end));
            let known = end.saturating_sub(start).min(limits::OCCUPIED_MAX);
            let words = (known / 64).saturating_add(1) as usize;
            Range { start, end, bits: vec![0; words].into_boxed_slice() }
        };
        Occupied(ranges.map(range).collect())
    }

    /// Notes that an address is leased, or no longer.
    pub fn set(&mut self, addr: Ipv4Addr, leased: bool) {
        let addr = u32::from(addr);
        for range in self.0.iter_mut().filter(|range| (range.start..=range.end).contains(&addr)) {
            let place = addr.saturating_sub(range.start);
            if let Some(word) = range.bits.get_mut((place / 64) as usize) {
                let bit = 1u64 << (place % 64);
                *word = if leased { *word | bit } else { *word & !bit };
            }
        }
    }

    /// How many addresses from `place` on, in the range with this number, are
    /// leased without a gap; possibly fewer than there are.
    pub fn run(&self, range: usize, place: u64) -> u64 {
        let Some(range) = self.0.get(range) else { return 0 };
        let head = usize::try_from(place / 64).ok().and_then(|at| range.bits.get(at..));
        let Some((first, rest)) = head.and_then(<[u64]>::split_first) else { return 0 };
        let bit = place % 64;
        // The bits in front of the place count as leased, to be taken off.
        let first = u64::from((first | !(u64::MAX << bit)).trailing_ones());
        if first < 64 {
            return first.saturating_sub(bit);
        }
        let full = rest.iter().take_while(|word| **word == u64::MAX).count();
        let last = rest.get(full).map_or(0, |word| word.trailing_ones());
        (64 - bit).saturating_add(full as u64 * 64).saturating_add(last.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Random;

    #[test]
    fn a_run_is_what_counting_gives() {
        let start = 0x0A00_0005;
        let mut random = Random::seeded(3);
        let mut occupied = Occupied::new([(start.into(), (start + 299).into())].into_iter());
        let mut leased = [false; 300];
        for round in 0..4_000u32 {
            // Mostly full, so that runs are long.
            let (place, now) = (random.below(300), random.below(10) != 0);
            leased[place as usize] = now;
            occupied.set((start + place).into(), now);
            let from = random.below(300) as usize;
            let counted = leased[from..].iter().take_while(|leased| **leased).count();
            assert_eq!(occupied.run(0, from as u64), counted as u64, "round {round}");
        }
        occupied.set((start - 1).into(), true);
        occupied.set((start + 300).into(), true);
        assert_eq!(occupied.run(0, 300) + occupied.run(0, u64::MAX) + occupied.run(1, 0), 0);
    }
}
