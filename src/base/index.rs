//! Hash → slot numbers: open addressing at a load of at most one half.
//!
//! The table holds slot numbers only; what they stand for, and whether it is
//! equal to what is sought, the caller knows. Removal closes the gap, so there
//! are no tombstones and a look-up never gets slower with age.

/// The table. Cells hold slot + 1; 0 is an empty cell.
pub struct Index {
    cells: Box<[u32]>,
}

/// The slots behind a hash.
pub struct Probe<'a> {
    index: &'a Index,
    at: usize,
}

impl Iterator for Probe<'_> {
    type Item = u32;

    #[inline(always)]
    fn next(&mut self) -> Option<u32> {
        let slot = self.index.cells.get(self.at)?.checked_sub(1)?;
        self.at = self.index.next(self.at);
        Some(slot)
    }
}

impl Index {
    /// A table for at most `capacity` slots.
    pub fn new(capacity: usize) -> Self {
        Index { cells: vec![0; Self::cells(capacity)].into_boxed_slice() }
    }

    /// Octets that a table for `capacity` slots takes.
    pub const fn bytes(capacity: usize) -> usize {
        Self::cells(capacity).saturating_mul(size_of::<u32>())
    }

    const fn cells(capacity: usize) -> usize {
        capacity.saturating_mul(2).saturating_add(1).next_power_of_two()
    }

    /// Slots whose hash may be `hash`, and others: the caller compares.
    pub fn probe(&self, hash: u32) -> Probe<'_> {
        Probe { index: self, at: self.home(hash) }
    }

    /// Adds a slot. Not more of them than the table was made for.
    pub fn insert(&mut self, hash: u32, slot: u32) {
        let mut at = self.home(hash);
        while self.cells.get(at).is_some_and(|cell| *cell != 0) {
            at = self.next(at);
        }
        if let Some(cell) = self.cells.get_mut(at) {
            *cell = slot.saturating_add(1);
        }
    }

    /// Removes a slot that was added under `hash`; `hash_of` tells the hash that
    /// another slot was added under.
    pub fn remove(&mut self, hash: u32, slot: u32, hash_of: impl Fn(u32) -> u32) {
        let sought = slot.saturating_add(1);
        let mut gap = self.home(hash);
        loop {
            match self.cells.get(gap) {
                Some(cell) if *cell == sought => break,
                Some(0) | None => return,
                Some(_) => gap = self.next(gap),
            }
        }
        // Cells behind the gap move into it unless that would put them in front
        // of their home.
        let mut at = gap;
        loop {
            at = self.next(at);
            let Some(cell) = self.cells.get(at).copied().filter(|cell| *cell != 0) else {
                break;
            };
            let home = self.home(hash_of(cell.saturating_sub(1)));
            if self.distance(home, at) >= self.distance(gap, at) {
                self.set(gap, cell);
                gap = at;
            }
        }
        self.set(gap, 0);
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        self.cells.fill(0);
    }

    fn mask(&self) -> usize {
        self.cells.len().wrapping_sub(1)
    }

    fn home(&self, hash: u32) -> usize {
        hash as usize & self.mask()
    }

    fn next(&self, at: usize) -> usize {
        at.wrapping_add(1) & self.mask()
    }

    /// Steps from one cell forward to another.
    fn distance(&self, from: usize, to: usize) -> usize {
        to.wrapping_sub(from) & self.mask()
    }

    fn set(&mut self, at: usize, value: u32) {
        if let Some(cell) = self.cells.get_mut(at) {
            *cell = value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Random;

    #[test]
    fn everything_added_and_not_removed_is_found() {
        let mut random = Random::seeded(3);
        // Few different hashes, so that clusters are long and wrap around.
        let hashes: Vec<u32> = (0..40).map(|_| random.below(7).wrapping_sub(3)).collect();
        let mut index = Index::new(hashes.len());
        let mut present = [false; 40];
        for _ in 0..20_000 {
            let slot = random.below(40);
            let hash = hashes[slot as usize];
            if present[slot as usize] {
                index.remove(hash, slot, |other| hashes[other as usize]);
            } else {
                index.insert(hash, slot);
            }
            present[slot as usize] = !present[slot as usize];
            for (slot, present) in present.iter().enumerate() {
                let count = index.probe(hashes[slot]).filter(|found| *found as usize == slot).count();
                assert_eq!(count, usize::from(*present));
            }
        }
    }

    #[test]
    fn an_empty_table_ends_every_search() {
        assert_eq!(Index::new(0).probe(77).next(), None);
    }
}
