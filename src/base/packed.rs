//! Hash → entry numbers for tables that are filled once and then only read:
//! one 32-bit cell an entry, at a load of up to four fifths.
//!
//! A cell holds the number of the entry (plus one) in its lower bits and bits
//! of the hash in the rest, so a search hardly ever looks at a wrong entry. The
//! table does not keep the hashes: when `is_full`, its owner makes a larger one
//! by handing in all entries again.

/// The table.
#[derive(Default)]
pub struct Packed {
    cells: Box<[u32]>,
    /// Bits of a cell that hold a number.
    bits: u32,
    used: usize,
}

/// Fifths of the cells that may be in use.
const LOAD: usize = 4;

impl Packed {
    /// An empty table that takes `count` entries with numbers below `end`.
    pub fn new(count: usize, end: u32) -> Self {
        let len = count.saturating_mul(5).div_ceil(LOAD).saturating_add(1);
        Packed { cells: vec![0; len].into_boxed_slice(), bits: u32::BITS - end.leading_zeros(), used: 0 }
    }

    /// True when an entry with this number does not go in.
    pub fn is_full(&self, number: u32) -> bool {
        self.used.saturating_add(1).saturating_mul(5) > self.cells.len().saturating_mul(LOAD) || !self.holds(number)
    }

    /// True when cells are wide enough for this number.
    pub fn holds(&self, number: u32) -> bool {
        number < self.number_mask()
    }

    /// Entries.
    pub fn len(&self) -> usize {
        self.used
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// Octets of memory.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.cells)
    }

    /// The cell and the number of the entry with this hash that is `same`.
    pub fn find(&self, hash: u64, same: impl Fn(u32) -> bool) -> Option<(usize, u32)> {
        let (mut at, tag) = (self.home(hash), self.tag(hash));
        loop {
            let cell = *self.cells.get(at)?;
            let number = (cell & self.number_mask()).checked_sub(1)?;
            if cell & !self.number_mask() == tag && same(number) {
                return Some((at, number));
            }
            at = self.next(at);
        }
    }

    /// Adds an entry. The table must not be full.
    pub fn insert(&mut self, hash: u64, number: u32) {
        let mut at = self.home(hash);
        while self.cells.get(at).is_some_and(|cell| *cell != 0) {
            at = self.next(at);
        }
        let value = self.tag(hash) | number.saturating_add(1);
        if let Some(cell) = self.cells.get_mut(at) {
            *cell = value;
            self.used = self.used.saturating_add(1);
        }
    }

    /// Puts another entry with the same hash, whose number the table `holds`, into
    /// a cell that `find` gave.
    pub fn replace(&mut self, at: usize, number: u32) {
        let mask = self.number_mask();
        if let Some(cell) = self.cells.get_mut(at) {
            *cell = (*cell & !mask) | number.saturating_add(1);
        }
    }

    fn number_mask(&self) -> u32 {
        1u32.checked_shl(self.bits).unwrap_or(0).wrapping_sub(1)
    }

    /// The part of a hash that goes into a cell; not the one that `home` uses most.
    fn tag(&self, hash: u64) -> u32 {
        hash as u32 & !self.number_mask()
    }

    /// The upper half of the hash, scaled to the number of cells.
    fn home(&self, hash: u64) -> usize {
        (((hash >> 32) * self.cells.len() as u64) >> 32) as usize
    }

    fn next(&self, at: usize) -> usize {
        let next = at.saturating_add(1);
        if next < self.cells.len() { next } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Random;

    #[test]
    fn what_was_added_is_found_and_nothing_else() {
        let mut random = Random::seeded(8);
        for count in [0, 1, 2, 5, 6, 1000, 70_000] {
            let mut table = Packed::new(count, count as u32);
            let hashes: Vec<u64> = (0..count).map(|_| random.u64()).collect();
            for (number, hash) in hashes.iter().enumerate() {
                assert!(!table.is_full(number as u32));
                table.insert(*hash, number as u32);
            }
            for (number, hash) in hashes.iter().enumerate() {
                assert_eq!(table.find(*hash, |n| n == number as u32).map(|(_, n)| n), Some(number as u32));
            }
            let strangers = (0..1000).filter(|_| table.find(random.u64(), |_| true).is_some()).count();
            assert!(strangers < 30, "tags keep most strangers out: {strangers} of 1000 at {count}");
            assert_eq!(table.len(), count);
        }
    }

    #[test]
    fn a_cell_may_pass_to_another_entry() {
        let mut table = Packed::new(3, 3);
        table.insert(u64::MAX, 0);
        let (at, _) = table.find(u64::MAX, |n| n == 0).unwrap();
        table.replace(at, 2);
        assert_eq!(table.find(u64::MAX, |_| true), Some((at, 2)));
        assert_eq!(table.find(0, |_| true), None);
    }

    #[test]
    fn it_is_full_by_count_or_by_number() {
        let mut table = Packed::new(4, 100);
        assert!(!table.is_full(99) && table.is_full(127));
        (0..4).for_each(|number| table.insert(u64::from(number) << 60, number));
        assert!(table.is_full(5));
        assert!(Packed::default().is_full(0));
    }
}
