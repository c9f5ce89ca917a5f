//! A raw socket for echo requests and their replies.
//!
//! Stands on raw(7) (ICMP_FILTER) and icmp(7). Needs CAP_NET_RAW when opened.

use super::sys::{self, Errno, set_option};
use crate::base::bytes::Reader;
use std::os::fd::{AsFd, OwnedFd};

/// Of SOL_RAW: a mask of the message types that are not wanted.
const ICMP_FILTER: libc::c_int = 1;
const SOL_RAW: libc::c_int = 255;
/// Everything but echo replies (type 0).
const ONLY_ECHO_REPLY: u32 = !1;

/// The socket: sends any ICMP message, receives echo replies only.
pub fn open() -> Result<OwnedFd, Errno> {
    let fd = sys::socket(libc::AF_INET, libc::SOCK_RAW, libc::IPPROTO_ICMP)?;
    // Without the filter there is only more to throw away.
    let _ = set_option(fd.as_fd(), SOL_RAW, ICMP_FILTER, ONLY_ECHO_REPLY);
    Ok(fd)
}

/// The ICMP message inside what such a socket receives: an IPv4 packet.
pub fn message(packet: &[u8]) -> Option<&[u8]> {
    let mut reader = Reader::new(packet);
    let first = reader.peek()?;
    let header = usize::from(first & 15).checked_mul(4)?;
    if first >> 4 != 4 || header < 20 {
        return None;
    }
    reader.take(header)?;
    Some(reader.rest())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_taken_off_by_its_own_length() {
        let mut packet = [0u8; 30];
        packet[0] = 0x46;
        packet[24] = 7;
        assert_eq!(message(&packet), Some(&[7, 0, 0, 0, 0, 0][..]));
        packet[0] = 0x44;
        assert_eq!(message(&packet), None, "shorter than a header can be");
        packet[0] = 0x48;
        assert_eq!(message(&packet), None, "longer than the packet");
    }
}
