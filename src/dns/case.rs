//! The letter case of a question, kept apart from the name: clients that wait
//! for one answer may have spelled the question differently, and each gets its
//! own spelling back (0x20 checks of stub resolvers depend on it).

use crate::wire::dns::name::NAME_MAX;

/// Which octets of a name are capital letters: one bit for each octet.
#[derive(Clone, Copy, Default)]
pub struct Case([u8; NAME_MAX.div_ceil(8)]);

impl Case {
    /// The case of `name` (wire form; length octets are never letters).
    pub fn of(name: &[u8]) -> Self {
        let mut case = Case::default();
        for (eight, bits) in name.chunks(8).zip(&mut case.0) {
            for (place, octet) in eight.iter().enumerate() {
                *bits |= u8::from(octet.is_ascii_uppercase()) << (place & 7);
            }
        }
        case
    }

    /// Spells `name` this way.
    pub fn apply(&self, name: &mut [u8]) {
        for (eight, bits) in name.chunks_mut(8).zip(self.0) {
            for (place, octet) in eight.iter_mut().enumerate() {
                let capital = bits >> (place & 7) & 1 == 1;
                *octet = if capital { octet.to_ascii_uppercase() } else { octet.to_ascii_lowercase() };
            }
        }
    }
}

/// Letters of a name whose case is drawn: as many as there are bits.
const DRAWN: usize = u32::BITS as usize;

/// Spells the first letters of `name` as `bits` say (`do-0x20-encode`): a forger
/// has to guess them (draft-vixie-dnsext-dns0x20).
pub fn draw(name: &mut [u8], bits: u32) {
    let letters = name.iter_mut().filter(|octet| octet.is_ascii_alphabetic()).take(DRAWN);
    for (letter, place) in letters.zip(0..) {
        *letter = match bits.checked_shr(place).unwrap_or(0) & 1 {
            0 => letter.to_ascii_lowercase(),
            _ => letter.to_ascii_uppercase(),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_spent_on_letters_only() {
        let mut name = *b"\x05a-b1c\x02dE\0";
        draw(&mut name, 0b10101);
        assert_eq!(&name, b"\x05A-b1C\x02dE\0");
        let mut long = [b'x'; 40];
        draw(&mut long, u32::MAX);
        assert!(long.iter().take(32).all(u8::is_ascii_uppercase) && long[32..].iter().all(u8::is_ascii_lowercase));
    }

    #[test]
    fn a_name_gets_its_spelling_back() {
        let name = b"\x05wWw-9\x0bExAmPlE1234\x03CoM\0";
        let case = Case::of(name);
        let mut other = name.to_ascii_lowercase();
        case.apply(&mut other);
        assert_eq!(other, name);
        let mut other = name.to_ascii_uppercase();
        case.apply(&mut other);
        assert_eq!(other, name);
    }
}
