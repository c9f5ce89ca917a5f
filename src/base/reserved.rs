//! Vectors that were given their room at start and never grow: pushing into
//! them cannot reach the allocator, and says so when they are full.

/// Appends `value` if there is reserved room for it; false otherwise.
#[inline(always)]
pub fn push<T>(to: &mut Vec<T>, value: T) -> bool {
    // The test that `Vec::push` makes, so that its growth is compiled away.
    let fits = to.len() < to.capacity();
    if fits {
        to.push(value);
    }
    fits
}

/// Appends all octets if there is reserved room for them; false, and nothing is
/// appended, otherwise.
#[inline(always)]
pub fn extend(to: &mut Vec<u8>, octets: &[u8]) -> bool {
    let fits = octets.len() <= to.capacity().wrapping_sub(to.len());
    if fits {
        to.extend_from_slice(octets);
    }
    fits
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_full_vector_stays_as_it_is() {
        let mut vector = Vec::with_capacity(2);
        let capacity = vector.capacity();
        let pushed = (0..10).filter(|n| super::push(&mut vector, *n)).count();
        assert_eq!((pushed, vector.capacity()), (capacity, capacity));
    }
}
