//! Bytes of packets, written and taken apart without any code of the product:
//! an error that both sides share would hide itself.

/// A cursor; reading past the end ends the case with a message.
pub struct Cursor<'a> {
    pub all: &'a [u8],
    pub at: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(all: &'a [u8]) -> Self {
        Cursor { all, at: 0 }
    }

    pub fn take(&mut self, n: usize) -> &'a [u8] {
        let taken = self.all.get(self.at..self.at + n).unwrap_or_else(|| panic!("short packet {}", hex(self.all)));
        self.at += n;
        taken
    }

    pub fn u8(&mut self) -> u8 {
        self.take(1)[0]
    }

    pub fn u16(&mut self) -> u16 {
        u16::from_be_bytes(self.take(2).try_into().unwrap())
    }

    pub fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.take(4).try_into().unwrap())
    }

    pub fn left(&self) -> usize {
        self.all.len() - self.at
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// Octets from hexadecimal, colons and blanks ignored.
pub fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter_map(|c| char::from(c).to_digit(16).map(|d| d as u8)).collect();
    digits.chunks(2).map(|pair| pair[0] * 16 + pair.get(1).copied().unwrap_or(0)).collect()
}

/// A dotted address or one with colons, as octets.
pub fn address(text: &str) -> Vec<u8> {
    match text.parse().unwrap_or_else(|_| panic!("not an address: {text}")) {
        std::net::IpAddr::V4(v4) => v4.octets().to_vec(),
        std::net::IpAddr::V6(v6) => v6.octets().to_vec(),
    }
}

/// The same octets for the same length, on both sides and in every run.
pub fn pattern(len: usize) -> Vec<u8> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..len).map(|_| next()).collect()
}

/// A short sum over octets, to say that two contents are equal.
pub fn sum(bytes: &[u8]) -> String {
    let sum = bytes.iter().fold(0xcbf2_9ce4_8422_2325u64, |sum, octet| (sum ^ u64::from(*octet)).wrapping_mul(0x100_0000_01b3));
    format!("{sum:016x}")
}
