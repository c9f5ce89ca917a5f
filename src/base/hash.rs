//! Keyed hashing of octets and of domain names with ASCII letters folded, and
//! comparison folded alike, eight octets at a time.
//!
//! The key is drawn at start, so nobody can aim names at one bucket. This is
//! a table hash (folded multiplication), not a message authentication code.

/// A key for hashing, one for each process.
#[derive(Clone, Copy, Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Key(u64, u64);

impl Key {
    /// A key from random bits.
    pub fn new(random: &mut crate::base::random::Random) -> Self {
        Key(random.u64(), random.u64() | 1)
    }

    /// A hash of octets as they are.
    pub fn bytes(&self, bytes: &[u8]) -> u64 {
        self.run(bytes, false)
    }

    /// A hash of a wire-format name (or any text) with ASCII letters folded to
    /// lower case.
    pub fn name(&self, name: &[u8]) -> u64 {
        self.run(name, true)
    }

    fn run(&self, bytes: &[u8], fold: bool) -> u64 {
        let mut state = self.0 ^ (bytes.len() as u64);
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            state = mix(state ^ folded_if(fold, u64::from_le_bytes(*word)), self.1);
        }
        // The rest as the last eight octets, some of them once more.
        let last = match bytes.last_chunk::<8>() {
            Some(last) => u64::from_le_bytes(*last),
            None => u64::from_le_bytes(short_word(rest)),
        };
        mix(mix(state ^ folded_if(fold, last), self.1), self.0 | 1)
    }
}

/// Equality with ASCII letters folded (RFC 4343).
pub fn same_folded(a: &[u8], b: &[u8]) -> bool {
    same_words(a, b, true)
}

/// Equality octet for octet. For short strings; small C libraries compare octet
/// by octet, which costs four times as much.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    same_words(a, b, false)
}

fn same_words(a: &[u8], b: &[u8], fold: bool) -> bool {
    if a.len() != b.len() {
        return false;
    }
    // The rest as the last eight octets, some of them once more.
    let (Some(last_a), Some(last_b)) = (a.last_chunk::<8>(), b.last_chunk::<8>()) else {
        return same_word(&short_word(a), &short_word(b), fold);
    };
    for (a, b) in a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0) {
        if !same_word(a, b, fold) {
            return false;
        }
    }
    same_word(last_a, last_b, fold)
}

#[inline(always)]
fn same_word(a: &[u8; 8], b: &[u8; 8], fold: bool) -> bool {
    let (a, b) = (u64::from_le_bytes(*a), u64::from_le_bytes(*b));
    let other = a ^ b;
    // They may differ in the case of what is a letter in either case.
    other == 0 || fold && other & !letters(a & !(ONES * 0x20)) == 0
}

#[inline(always)]
fn folded_if(fold: bool, word: u64) -> u64 {
    if fold { fold_word(word) } else { word }
}

/// Fewer than eight octets as a word.
fn short_word(bytes: &[u8]) -> [u8; 8] {
    bytes.iter().fold(0, |word, octet| word << 8 | u64::from(*octet)).to_le_bytes()
}

/// Both halves of the 128-bit product, folded together.
fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

const ONES: u64 = 0x0101_0101_0101_0101;

/// Eight octets at once with `A`..`Z` turned into `a`..`z`.
#[inline(always)]
fn fold_word(word: u64) -> u64 {
    word | letters(word)
}

/// Bit 5 of each octet that is one of `A`..`Z`.
#[inline(always)]
fn letters(word: u64) -> u64 {
    let low = word & (ONES * 0x7F);
    // Bit 7 of each octet: at or above 'A', and above 'Z'.
    let from_a = low + ONES * (0x80 - b'A' as u64);
    let above_z = low + ONES * (0x80 - b'Z' as u64 - 1);
    (from_a & !above_z & !word & (ONES * 0x80)) >> 2
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
    fn comparing_eight_octets_at_a_time_is_comparing_each() {
        let mut random = Random::seeded(4);
        let stock = b"aAbBzZ@[`{09\0\xC1\xE1-";
        for _ in 0..20_000 {
            let len = random.below(30) as usize;
            let mut some = || stock[random.below(stock.len() as u32) as usize];
            let a: Vec<u8> = (0..len).map(|_| some()).collect();
            let mut b = a.clone();
            if len > 0 {
                let at = random.below(len as u32) as usize;
                b[at] = if random.below(2) == 0 { b[at] ^ 0x20 } else { b[at].to_ascii_uppercase() };
            }
            assert_eq!(same_folded(&a, &b), a.eq_ignore_ascii_case(&b), "{a:?} {b:?}");
            assert_eq!(same(&a, &b), a == b, "{a:?} {b:?}");
        }
        assert!(!same_folded(b"a", b"ab"));
    }

    #[test]
    fn every_octet_counts() {
        let key = Key::new(&mut Random::seeded(1));
        for len in 1..40 {
            let zeros = vec![0; len];
            for at in 0..len {
                let mut one = zeros.clone();
                one[at] = 1;
                assert_ne!(key.bytes(&zeros), key.bytes(&one));
            }
            assert_ne!(key.bytes(&zeros), key.bytes(&vec![0; len + 1]));
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
