//! A set of names as 64-bit keyed fingerprints, each with a small note: nothing
//! is kept of their text. Two names share a fingerprint with a chance of 1 in
//! 2⁶⁴; the key is drawn at start, so nobody can aim for it.
//!
//! Open addressing at a load of up to four fifths; nothing is taken out.

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
    #[cfg(test)]
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

    /// Adds a name; false, and nothing happens, when it is there.
    pub fn insert(&mut self, mark: u64, note: u8) -> bool {
        if self.used.saturating_add(1).saturating_mul(5) > self.cells.len().saturating_mul(4) {
            self.resize(self.cells.len().saturating_add(self.cells.len() / 2).saturating_add(8));
        }
        let cell = self.place(mark);
        match self.cells.get_mut(cell) {
            Some(empty @ 0) => *empty = mark,
            _ => return false,
        }
        self.used = self.used.saturating_add(1);
        self.set_note(cell, note);
        true
    }

    /// Takes no more room than it needs.
    pub fn shrink(&mut self) {
        if self.used > 0 {
            self.resize(self.used.saturating_mul(5).div_ceil(4).saturating_add(1));
        }
    }

    fn resize(&mut self, len: usize) {
        let notes = if self.notes.is_empty() { Box::default() } else { vec![0; len].into() };
        let old = core::mem::replace(self, Prints { cells: vec![0; len].into(), notes, used: self.used });
        for (from, mark) in old.cells.iter().enumerate().filter(|(_, mark)| **mark != 0) {
            let cell = self.place(*mark);
            if let Some(place) = self.cells.get_mut(cell) {
                *place = *mark;
                self.set_note(cell, old.note(from));
            }
        }
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
            let mut prints = Prints::default();
            let marks: Vec<u64> = (0..count).map(|_| random.u64().max(1)).collect();
            for (number, mark) in marks.iter().enumerate() {
                assert!(prints.insert(*mark, number as u8) && !prints.insert(*mark, 9));
            }
            prints.shrink();
            for (number, mark) in marks.iter().enumerate() {
                assert_eq!(prints.find(*mark).map(|cell| prints.note(cell)), Some(number as u8));
            }
            assert_eq!((prints.len(), prints.find(random.u64().max(1))), (count, None));
        }
    }

    #[test]
    fn without_notes_a_name_costs_ten_octets() {
        let mut prints = Prints::default();
        let mut random = Random::seeded(3);
        (0..100_000).for_each(|_| assert!(prints.insert(random.u64().max(1), 0)));
        prints.shrink();
        assert!(prints.bytes() <= 1_000_100, "{}", prints.bytes());
        prints.set_note(5, 1);
        assert_eq!(prints.note(5), 1);
    }
}
