//! Hash → entry numbers for tables that are filled once and then only read:
//! one 32-bit cell an entry, at a load of up to four fifths, of small tables one half.
//!
//! A cell holds the number of the entry (plus one) in its lower bits and bits
//! of the hash in the rest, so a search hardly ever looks at a wrong entry. The
//! table does not keep the hashes: when it `lacks` room, its owner makes a larger
//! one by handing in all entries again.

/// The table.
#[derive(Default)]
pub struct Packed {
    cells: Box<[u32]>,
    /// The bits of a cell that hold a number.
    mask: u32,
    used: usize,
}

/// Entries of one hash (as far as a cell tells) that the table takes.
const SAME_MAX: usize = 1024;

/// Entries up to which a table has room to spare: there it is nothing.
const ROOMY: usize = 10_000;

/// Cells of a table for `count` entries: twice as many, so that a search looks at
/// two or three, or five for four. Never fewer for more: a table that was made for
/// more entries than it is asked about must not lack room.
fn cells_for(count: usize) -> usize {
    count.saturating_mul(2).min(count.saturating_mul(5).div_ceil(4).max(2 * ROOMY)).saturating_add(1)
}

impl Packed {
    /// An empty table that takes `count` entries with numbers below `end`.
    pub fn new(count: usize, end: u32) -> Self {
        let mask = u32::MAX.checked_shr(end.leading_zeros()).unwrap_or(0);
        Packed { cells: vec![0; cells_for(count)].into_boxed_slice(), mask, used: 0 }
    }

    /// True when there is no room for so many more entries with numbers below
    /// `end`. It is filled a little more than it was made for.
    pub fn lacks(&self, more: usize, end: u32) -> bool {
        cells_for(self.used.saturating_add(more)).saturating_mul(32) > self.cells.len().saturating_mul(35)
            || end > self.mask
    }

    /// True when a new one would be a good deal smaller.
    pub fn is_sparse(&self) -> bool {
        self.cells.len().saturating_mul(15) > cells_for(self.used).saturating_mul(16).saturating_add(240)
    }

    /// Entries.
    pub fn len(&self) -> usize {
        self.used
    }

    /// Octets of memory.
    #[cfg(test)]
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.cells)
    }

    /// The cell and the number of the first entry that may have this hash.
    pub fn first(&self, hash: u64) -> Option<(usize, u32)> {
        self.seek(self.home(hash), self.tag(hash))
    }

    /// The same for the next entry that may have the hash of the one in `cell`:
    /// those of one hash come in the order they were added.
    pub fn after(&self, cell: usize) -> Option<(usize, u32)> {
        self.seek(self.next(cell), self.cells.get(cell)? & !self.mask)
    }

    fn seek(&self, mut at: usize, tag: u32) -> Option<(usize, u32)> {
        loop {
            let cell = *self.cells.get(at)?;
            let number = (cell & self.mask).checked_sub(1)?;
            if cell & !self.mask == tag {
                return Some((at, number));
            }
            at = self.next(at);
        }
    }

    /// Adds an entry, for which there must be room; not more than a thousand of
    /// the same hash.
    pub fn insert(&mut self, hash: u64, number: u32) {
        let (mut at, tag, mut same) = (self.home(hash), self.tag(hash), 0usize);
        while let Some(cell) = self.cells.get(at).filter(|cell| **cell != 0) {
            same = same.saturating_add(usize::from(cell & !self.mask == tag));
            at = self.next(at);
        }
        if same < SAME_MAX
            && let Some(cell) = self.cells.get_mut(at)
        {
            *cell = tag | number.saturating_add(1);
            self.used = self.used.saturating_add(1);
        }
    }

    /// Puts another entry with the same hash into a cell that was found.
    pub fn replace(&mut self, cell: usize, number: u32) {
        let mask = self.mask;
        if let Some(cell) = self.cells.get_mut(cell) {
            *cell = (*cell & !mask) | number.saturating_add(1);
        }
    }

    /// The part of a hash that goes into a cell; not the one that `home` uses most.
    fn tag(&self, hash: u64) -> u32 {
        hash as u32 & !self.mask
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
        let numbers = |table: &Packed, hash| {
            let found = core::iter::successors(table.first(hash), |(cell, _)| table.after(*cell));
            found.map(|(_, number)| number).collect::<Vec<_>>()
        };
        let mut random = Random::seeded(8);
        for count in [0, 1, 2, 5, 6, 1000, 70_000] {
            let mut table = Packed::new(count, count as u32);
            let hashes: Vec<u64> = (0..count).map(|_| random.u64()).collect();
            for (number, hash) in hashes.iter().enumerate() {
                assert!(!table.lacks(1, number as u32 + 1));
                table.insert(*hash, number as u32);
            }
            for (number, hash) in hashes.iter().enumerate() {
                assert!(numbers(&table, *hash).contains(&(number as u32)));
            }
            let strangers = (0..1000).filter(|_| table.first(random.u64()).is_some()).count();
            assert!(strangers < 30, "tags keep most strangers out: {strangers} of 1000 at {count}");
            assert_eq!(table.len(), count);
        }
    }

    #[test]
    fn a_cell_may_pass_to_another_entry() {
        let mut table = Packed::new(3, 3);
        table.insert(u64::MAX, 0);
        let (cell, _) = table.first(u64::MAX).unwrap();
        table.replace(cell, 2);
        assert_eq!((table.first(u64::MAX), table.after(cell)), (Some((cell, 2)), None));
        assert_eq!(table.first(0), None);
    }

    #[test]
    fn entries_of_one_hash_keep_their_order_and_are_a_thousand_at_most() {
        let mut table = Packed::new(2000, 2000);
        (0..2000).for_each(|number| table.insert(u64::MAX, number));
        let found = core::iter::successors(table.first(u64::MAX), |(cell, _)| table.after(*cell));
        assert!(found.map(|(_, number)| number).eq(0..1024));
    }

    #[test]
    fn it_is_full_by_count_or_by_number() {
        let mut table = Packed::new(8, 100);
        assert!(!table.lacks(8, 127) && table.lacks(1, 128) && table.lacks(9, 1) && !table.is_sparse());
        (0..8).for_each(|number| table.insert(u64::from(number) << 60, number));
        assert!(table.lacks(1, 9));
        assert!(Packed::default().lacks(1, 1) && Packed::new(100, 1).is_sparse());
    }
}
