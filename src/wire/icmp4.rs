//! ICMP echo (RFC 792): the probe that asks whether an address is taken.
//! Requests are built whole; answers are recognised with or without the IPv4
//! header in front (raw sockets deliver it, ping sockets do not).

use crate::base::bytes::{Reader, Writer};

const ECHO_REPLY: u8 = 0;
const ECHO_REQUEST: u8 = 8;

/// Octets of an echo request without data.
pub const ECHO: usize = 8;

/// The identity of an echo: what comes back unchanged.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub struct Echo {
    /// Identifier (a ping socket writes its own).
    pub id: u16,
    /// Sequence number.
    pub sequence: u16,
}

/// Writes an echo request.
pub fn request(out: &mut Writer, echo: Echo) {
    let first = u16::from(ECHO_REQUEST) << 8;
    out.u16(first);
    out.u16(checksum([first, echo.id, echo.sequence].into_iter()));
    out.u16(echo.id);
    out.u16(echo.sequence);
}

/// Reads an echo reply; nothing for anything else, or with a wrong checksum.
pub fn reply(bytes: &[u8]) -> Option<Echo> {
    let mut reader = Reader::new(bytes);
    let first = reader.peek()?;
    if first >> 4 == 4 {
        reader.take(usize::from(first & 15).checked_mul(4)?)?;
    }
    let mut all = reader;
    let mut rest = all.rest();
    let words = core::iter::from_fn(|| match rest {
        [high, low, behind @ ..] => {
            rest = behind;
            Some(u16::from_be_bytes([*high, *low]))
        }
        [last] => {
            rest = &[];
            Some(u16::from(*last) << 8)
        }
        [] => None,
    });
    if checksum(words) != 0 || reader.u16()? != u16::from(ECHO_REPLY) << 8 {
        return None;
    }
    reader.u16()?;
    Some(Echo { id: reader.u16()?, sequence: reader.u16()? })
}

/// The Internet checksum (RFC 1071).
pub(super) fn checksum(words: impl Iterator<Item = u16>) -> u16 {
    let mut sum = words.fold(0u32, |sum, word| {
        let sum = sum.wrapping_add(word.into());
        (sum & 0xFFFF).wrapping_add(sum >> 16)
    });
    sum = (sum & 0xFFFF).wrapping_add(sum >> 16);
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_comes_back_with_and_without_its_ip_header() {
        let echo = Echo { id: 0xABCD, sequence: 0xFFFE };
        let mut buffer = [0; ECHO];
        let mut out = Writer::new(&mut buffer);
        request(&mut out, echo);
        assert_eq!(out.finish(), Some(ECHO));
        assert_eq!(reply(&buffer), None, "a request is no reply");
        buffer[0] = 0;
        assert_eq!(reply(&buffer), None, "its checksum is that of the request");
        let sum = u16::from_be_bytes([buffer[2], buffer[3]]) + 0x0800;
        buffer[2..4].copy_from_slice(&sum.to_be_bytes());
        assert_eq!(reply(&buffer), Some(echo));
        let mut packet = vec![0x46; 24];
        packet.extend_from_slice(&buffer);
        assert_eq!(reply(&packet), Some(echo));
        for cut in 0..packet.len() {
            assert_eq!(reply(&packet[..cut]), None);
        }
    }
}
