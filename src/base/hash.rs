//! Keyed hashing of octets and of domain names with ASCII letters folded.
//!
//! The key is drawn at start, so nobody can aim names at one bucket. This is
//! a table hash (folded multiplication), not a message authentication code.

/// A key for hashing, one for each process.
#[derive(Clone, Copy)]
pub struct Key(u64, u64);

impl Key {
    /// A key from random bits.
    pub fn new(random: &mut crate::base::random::Random) -> Self {
        Key(random.u64(), random.u64() | 1)
    }

    /// A hash of octets as they are.
    pub fn bytes(&self, bytes: &[u8]) -> u64 {
        self.run(bytes, |word| word)
    }

    /// A hash of a wire-format name (or any text) with ASCII letters folded to
    /// lower case.
    pub fn name(&self, name: &[u8]) -> u64 {
        self.run(name, fold_word)
    }

    fn run(&self, bytes: &[u8], prepare: impl Fn(u64) -> u64) -> u64 {
        let mut state = self.0 ^ (bytes.len() as u64);
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            let mut word = [0; 8];
            word.copy_from_slice(chunk);
            state = mix(state ^ prepare(u64::from_le_bytes(word)), self.1);
        }
        let mut last = [0; 8];
        for (to, from) in last.iter_mut().zip(chunks.remainder()) {
            *to = *from;
        }
        mix(mix(state ^ prepare(u64::from_le_bytes(last)), self.1), self.0 | 1)
    }
}

/// Both halves of the 128-bit product, folded together.
fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

/// Eight octets at once with `A`..`Z` turned into `a`..`z`.
fn fold_word(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let low = word & (ONES * 0x7F);
    // Bit 7 of each octet: at or above 'A', and above 'Z'.
    let from_a = low + ONES * (0x80 - b'A' as u64);
    let above_z = low + ONES * (0x80 - b'Z' as u64 - 1);
    let letters = (from_a & !above_z & !word) & (ONES * 0x80);
    word | (letters >> 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Random;

    #[test]
    fn folding_eight_octets_is_folding_each() {
        let mut random = Random::seeded(3);
        for _ in 0..10_000 {
            let word = random.u64();
            let each = word.to_le_bytes().map(|octet| octet.to_ascii_lowercase());
            assert_eq!(fold_word(word).to_le_bytes(), each);
        }
    }

    #[test]
    fn names_hash_the_same_in_any_case_and_differ_otherwise() {
        let key = Key::new(&mut Random::seeded(1));
        assert_eq!(key.name(b"\x07Example\x03COM\x00"), key.name(b"\x07eXample\x03com\x00"));
        assert_ne!(key.name(b"\x07example\x03com\x00"), key.name(b"\x07example\x03con\x00"));
        assert_ne!(key.bytes(b"A"), key.bytes(b"a"));
        assert_ne!(key.bytes(b""), key.bytes(b"\0"));
    }
}
