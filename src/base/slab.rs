//! Slots of one kind, as many as were asked for at the start, by number.
//!
//! New slots are taken at the high-water mark until there are none left, freed
//! ones are used again first; so memory never touched stays untouched, and
//! nothing is allocated after construction.

/// Boxed slots; a slot is named by its number.
pub struct Slab<T> {
    /// Slots up to the high-water mark; the rest of the capacity is untouched.
    slots: Vec<T>,
    /// Numbers of freed slots, used as a stack.
    freed: Box<[u32]>,
    freed_count: usize,
}

impl<T> Slab<T> {
    /// `capacity` slots (at most 2³²−2), none of them in use.
    pub fn new(capacity: usize) -> Self {
        let capacity = capacity.min(u32::MAX as usize - 1);
        Slab { slots: Vec::with_capacity(capacity), freed: vec![0; capacity].into_boxed_slice(), freed_count: 0 }
    }

    /// Octets that a table of `capacity` slots can take.
    pub const fn bytes(capacity: usize) -> usize {
        capacity.saturating_mul(size_of::<T>() + size_of::<u32>())
    }

    /// Slots in use.
    pub fn used(&self) -> usize {
        self.slots.len().saturating_sub(self.freed_count)
    }

    /// Slots that can still be taken.
    pub fn available(&self) -> usize {
        self.freed.len().saturating_sub(self.used())
    }

    /// Slots in all.
    pub fn capacity(&self) -> usize {
        self.freed.len()
    }

    /// Numbers below this may be in use, those from here on were never.
    pub fn high_water(&self) -> usize {
        self.slots.len()
    }

    /// Takes a slot for `value`; nothing when all are in use.
    pub fn insert(&mut self, value: T) -> Option<u32> {
        if let Some(top) = self.freed_count.checked_sub(1) {
            let slot = *self.freed.get(top)?;
            *self.slots.get_mut(slot as usize)? = value;
            self.freed_count = top;
            return Some(slot);
        }
        let slot = u32::try_from(self.slots.len()).ok()?;
        // Both conditions say the same; the second lets the compiler see that
        // `push` never allocates.
        if self.slots.len() >= self.freed.len() || self.slots.len() == self.slots.capacity() {
            return None;
        }
        self.slots.push(value);
        Some(slot)
    }

    /// Gives a slot back that is in use.
    pub fn free(&mut self, slot: u32) {
        debug_assert!((slot as usize) < self.slots.len());
        if let Some(top) = self.freed.get_mut(self.freed_count) {
            *top = slot;
            self.freed_count = self.freed_count.saturating_add(1);
        }
    }

    /// The value of a slot in use.
    pub fn get(&self, slot: u32) -> Option<&T> {
        self.slots.get(slot as usize)
    }

    /// The value of a slot in use, to be changed.
    pub fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.slots.get_mut(slot as usize)
    }

    /// Gives all slots back.
    pub fn clear(&mut self) {
        self.slots.clear();
        self.freed_count = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_slots_first_freed_slots_again_and_never_more_than_asked_for() {
        let mut slab = Slab::new(3);
        assert_eq!([slab.insert('a'), slab.insert('b')], [Some(0), Some(1)]);
        slab.free(0);
        assert_eq!((slab.used(), slab.available(), slab.high_water()), (1, 2, 2));
        assert_eq!([slab.insert('c'), slab.insert('d'), slab.insert('e')], [Some(0), Some(2), None]);
        assert_eq!([slab.get(0), slab.get(1), slab.get(2), slab.get(3)], [Some(&'c'), Some(&'b'), Some(&'d'), None]);
        slab.clear();
        assert_eq!((slab.used(), slab.insert('f')), (0, Some(0)));
    }

    #[test]
    fn none_at_all_is_a_size() {
        assert_eq!(Slab::new(0).insert(1), None);
    }
}
