//! A set of names as 64-bit keyed fingerprints, each with a small note: nothing
//! is kept of their text. Two names share a fingerprint with a chance of 1 in
//! 2⁶⁴; the key is drawn at start, so nobody can aim for it.
//!
//! Open addressing at a load of four fifths; nothing is taken out. When it `lacks`
//! room its owner makes a larger one, as slowly as need be.

use crate::base::hash::Key;
use crate::wire::dns::name::Name;

/// The set.
#[derive(Default)]
pub struct Prints {
    /// 0 is an empty cell.
    cells: Box<[u64]>,
    /// The note of each cell; none at all if none was ever given but 0.
    notes: Box<[u8]>,
    used: usize,
}

impl Prints {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.used
    }

    /// Octets of memory.
    #[cfg(test)]
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.cells).saturating_add(self.notes.len())
    }

    /// The cell of a name.
    pub fn find(&self, mark: u64) -> Option<usize> {
        let cell = self.place(mark);
        (self.cells.get(cell) == Some(&mark)).then_some(cell)
    }

    /// The note in a cell that `find` gave.
    pub fn note(&self, cell: usize) -> u8 {
        self.notes.get(cell).copied().unwrap_or(0)
    }

    /// All notes.
    pub fn notes(&self) -> impl Iterator<Item = u8> {
        self.cells.iter().enumerate().filter(|(_, mark)| **mark != 0).map(|(cell, _)| self.note(cell))
    }

    /// Puts another note into such a cell.
    pub fn set_note(&mut self, cell: usize, note: u8) {
        if note != 0 && self.notes.is_empty() {
            self.notes = vec![0; self.cells.len()].into();
        }
        if let Some(place) = self.notes.get_mut(cell) {
            *place = note;
        }
    }

    /// An empty set with room for `count` names.
    pub fn new(count: usize) -> Self {
        Prints { cells: vec![0; count.saturating_mul(5).div_ceil(4).saturating_add(1)].into(), ..Prints::default() }
    }

    /// True when there is no room for so many more names. It is filled a little
    /// more than it was made for.
    pub fn lacks(&self, more: usize) -> bool {
        self.used.saturating_add(more).saturating_mul(8) > self.cells.len().saturating_mul(7)
    }

    /// True when a new one would be a good deal smaller.
    pub fn is_sparse(&self) -> bool {
        self.cells.len().saturating_mul(3) > self.used.saturating_mul(4).saturating_add(48)
    }

    /// Adds a name, for which there must be room; false, and nothing happens,
    /// when it is there.
    pub fn insert(&mut self, mark: u64, note: u8) -> bool {
        let cell = self.place(mark);
        match self.cells.get_mut(cell) {
            Some(empty @ 0) => *empty = mark,
            _ => return false,
        }
        self.used = self.used.saturating_add(1);
        self.set_note(cell, note);
        true
    }

    /// Adds a fingerprint, and room for it where there is none; false when it is
    /// there. Making room takes a while in a large set.
    pub fn add(&mut self, mark: u64) -> bool {
        if self.lacks(1) {
            let mut larger = Prints::new(self.used.saturating_mul(2).saturating_add(8));
            self.copy(&mut larger, 0, self.cells.len());
            *self = larger;
        }
        self.insert(mark, 0)
    }

    /// Adds what is in some cells from `from` on to another set; the cell to go on
    /// with, nothing at the end.
    pub fn copy(&self, to: &mut Prints, from: usize, cells: usize) -> Option<usize> {
        for (cell, mark) in self.cells.iter().enumerate().skip(from).take(cells).filter(|(_, mark)| **mark != 0) {
            to.insert(*mark, self.note(cell));
        }
        from.checked_add(cells).filter(|next| *next < self.cells.len())
    }

    /// The cell that holds a fingerprint or would.
    fn place(&self, mark: u64) -> usize {
        let mut at = (((mark >> 32) * self.cells.len() as u64) >> 32) as usize;
        while self.cells.get(at).is_some_and(|cell| *cell != 0 && *cell != mark) {
            at = at.saturating_add(1);
            if at >= self.cells.len() {
                at = 0;
            }
        }
        at
    }
}

/// The fingerprint of a name: never 0.
pub fn print(key: &Key, name: Name) -> u64 {
    of_hash(key.name(name.wire()))
}

/// The fingerprint of a name with this hash.
pub fn of_hash(hash: u64) -> u64 {
    hash.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Random;

    #[test]
    fn what_was_added_is_found_with_its_note() {
        let mut random = Random::seeded(2);
        for count in [0, 1, 5, 1000, 50_000] {
            let mut prints = Prints::new(count);
            let marks: Vec<u64> = (0..count).map(|_| random.u64().max(1)).collect();
            for (number, mark) in marks.iter().enumerate() {
                assert!(!prints.lacks(1) && prints.insert(*mark, number as u8) && !prints.insert(*mark, 9));
            }
            let (mut larger, mut from) = (Prints::new(count * 2 + 20), Some(0));
            while let Some(next) = from {
                from = prints.copy(&mut larger, next, 7);
            }
            assert!(!prints.is_sparse() && larger.is_sparse());
            for prints in [prints, larger] {
                for (number, mark) in marks.iter().enumerate() {
                    assert_eq!(prints.find(*mark).map(|cell| prints.note(cell)), Some(number as u8));
                }
                assert_eq!((prints.len(), prints.find(random.u64().max(1))), (count, None));
            }
        }
    }

    #[test]
    fn without_notes_a_name_costs_ten_octets() {
        let mut prints = Prints::new(100_000);
        let mut random = Random::seeded(3);
        (0..100_000).for_each(|_| assert!(prints.insert(random.u64().max(1), 0)));
        assert!(prints.bytes() <= 1_000_100, "{}", prints.bytes());
        prints.set_note(5, 1);
        assert_eq!(prints.note(5), 1);
    }
}
