//! Looking through octets eight at a time. Lists of a million lines pass here
//! when they are read; small C libraries, and code built for size, look at one
//! octet after the other.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = ONES << 7;

/// The highest bit of every octet of `word` that is zero, and perhaps of others
/// above the first of them.
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGH
}

/// Where the first `octet` is.
pub fn find(text: &[u8], octet: u8) -> Option<usize> {
    let wanted = ONES.wrapping_mul(octet.into());
    let (words, rest) = text.as_chunks::<8>();
    let mut at = 0usize;
    for word in words {
        let found = zeros(u64::from_le_bytes(*word) ^ wanted);
        if found != 0 {
            return Some(at.saturating_add((found.trailing_zeros() / 8) as usize));
        }
        at = at.saturating_add(8);
    }
    rest.iter().position(|other| *other == octet).map(|behind| at.saturating_add(behind))
}

/// Kinds of octets that occur in a text.
pub mod kind {
    /// 0–9.
    pub const DIGIT: u16 = 1;
    /// a–f, A–F.
    pub const HEX_LETTER: u16 = 2;
    /// `:`
    pub const COLON: u16 = 4;
    /// `.`
    pub const DOT: u16 = 8;
    /// `,`
    pub const COMMA: u16 = 16;
    /// `/`
    pub const SLASH: u16 = 32;
    /// A blank.
    pub const BLANK: u16 = 64;
    /// `*`
    pub const STAR: u16 = 128;
    /// `[` or `]`
    pub const BRACKET: u16 = 256;
    /// Any other.
    pub const OTHER: u16 = 512;
}

/// The kinds that occur, of `kind`. One function for what would be a loop in each
/// place that asks what a value looks like.
#[inline(never)]
pub fn kinds(text: &[u8]) -> u16 {
    text.iter().fold(0, |all, octet| {
        all | match octet {
            b'0'..=b'9' => kind::DIGIT,
            b'a'..=b'f' | b'A'..=b'F' => kind::HEX_LETTER,
            b':' => kind::COLON,
            b'.' => kind::DOT,
            b',' => kind::COMMA,
            b'/' => kind::SLASH,
            b' ' => kind::BLANK,
            b'*' => kind::STAR,
            b'[' | b']' => kind::BRACKET,
            _ => kind::OTHER,
        }
    })
}

/// A copy with small letters, to be kept. A function of its own: in place it would
/// be 100 octets.
#[inline(never)]
pub fn lower(text: &[u8]) -> Box<[u8]> {
    let mut copy: Box<[u8]> = text.into();
    copy.make_ascii_lowercase();
    copy
}

/// True when every octet is a printable one of ASCII and none is one of `not`.
pub fn is_plain(text: &[u8], not: [u8; 2]) -> bool {
    let [one, other] = not.map(|octet| ONES.wrapping_mul(octet.into()));
    let is_plain = |word: u64| {
        let below = word.wrapping_sub(ONES * 0x20) & !word;
        let wrong = below | word | zeros(word ^ (ONES * 0x7F)) | zeros(word ^ one) | zeros(word ^ other);
        wrong & HIGH == 0
    };
    match text.last_chunk::<8>() {
        // The rest as the last eight octets, some of them once more.
        Some(last) => {
            text.as_chunks::<8>().0.iter().all(|word| is_plain(u64::from_le_bytes(*word)))
                && is_plain(u64::from_le_bytes(*last))
        }
        None => text.iter().all(|octet| (0x20..0x7F).contains(octet) && !not.contains(octet)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Random;

    #[test]
    fn eight_at_a_time_is_one_at_a_time() {
        let mut random = Random::seeded(7);
        let stock = b"aZ/#\" ~\x1F\x7F\x80\xFF\0\n";
        for round in 0..50_000 {
            let len = random.below(30) as usize;
            let kinds = if round % 2 == 0 { 3 } else { stock.len() as u32 };
            let text: Vec<u8> = (0..len).map(|_| stock[random.below(kinds) as usize]).collect();
            for octet in *stock {
                assert_eq!(find(&text, octet), text.iter().position(|other| *other == octet), "{text:?} {octet}");
            }
            for not in [[b'"', b'#'], [b'/', b'a']] {
                let plain = text.iter().all(|octet| (0x20..0x7F).contains(octet) && !not.contains(octet));
                assert_eq!(is_plain(&text, not), plain, "{text:?}");
            }
        }
    }
}
