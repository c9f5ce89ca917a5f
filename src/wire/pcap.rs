//! A capture file: datagrams behind headers that are made up (RFC 791, 768,
//! 8200), in the old format of libpcap with raw IP as its link type. Pure.

use super::icmp4::checksum;
use crate::base::bytes::Writer;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Octets of the head of the file, and of that of a packet.
pub const FILE_HEAD: usize = 24;
pub const PACKET_HEAD: usize = 16;

/// Octets of the longer made-up headers: IPv6 and UDP.
pub const HEADERS_MAX: usize = 48;

/// Tells the order of octets too: numbers are in that of the machine.
const MAGIC: u32 = 0xa1b2_c3d4;
const LINKTYPE_RAW: u32 = 101;
const UDP: u8 = 17;
const TTL: u8 = 64;

/// Writes the head of a file; packets are at most `snapshot` octets long.
pub fn file_head(out: &mut Writer, snapshot: u32) {
    out.bytes(&MAGIC.to_ne_bytes());
    out.bytes(&2u16.to_ne_bytes());
    out.bytes(&4u16.to_ne_bytes());
    out.zeros(8);
    out.bytes(&snapshot.to_ne_bytes());
    out.bytes(&LINKTYPE_RAW.to_ne_bytes());
}

/// True for the head of a file that packets can be appended to.
pub fn is_file_head(bytes: &[u8]) -> bool {
    bytes.len() == FILE_HEAD && bytes.first_chunk() == Some(&MAGIC.to_ne_bytes())
}

/// The length of the packet behind this head.
pub fn packet_len(head: &[u8; PACKET_HEAD]) -> u32 {
    let [.., a, b, c, d, _, _, _, _] = *head;
    u32::from_ne_bytes([a, b, c, d])
}

/// Writes a datagram with its headers; `at` is the time in seconds and
/// microseconds. Both addresses should be of one family; as one, they are IPv6.
pub fn datagram(out: &mut Writer, from: SocketAddr, to: SocketAddr, bytes: &[u8], at: (u64, u32)) {
    let start = out.len();
    out.zeros(PACKET_HEAD);
    let udp_len = u16::try_from(bytes.len().saturating_add(8)).unwrap_or(u16::MAX);
    match (from.ip(), to.ip()) {
        (IpAddr::V4(source), IpAddr::V4(target)) => {
            let head = out.len();
            out.u16(0x4500);
            out.u16(udp_len.saturating_add(20));
            out.zeros(4);
            out.u8(TTL);
            out.u8(UDP);
            out.zeros(2);
            out.bytes(&source.octets());
            out.bytes(&target.octets());
            let sum = checksum(words(out.written().get(head..).unwrap_or_default()));
            out.patch_u16(head.saturating_add(10), sum);
        }
        (source, target) => {
            out.u32(6 << 28);
            out.u16(udp_len);
            out.u8(UDP);
            out.u8(TTL);
            out.bytes(&v6(source).octets());
            out.bytes(&v6(target).octets());
        }
    }
    let udp = out.len();
    out.u16(from.port());
    out.u16(to.port());
    out.u16(udp_len);
    out.zeros(2);
    out.bytes(bytes);
    // The sum of UDP runs over both addresses, its protocol and its length too.
    let addresses = if from.is_ipv4() && to.is_ipv4() { 8 } else { 32 };
    let covered = out.written().get(udp.saturating_sub(addresses)..).unwrap_or_default();
    let sum = match checksum(words(covered).chain([UDP.into(), udp_len])) {
        0 => u16::MAX,
        sum => sum,
    };
    out.patch_u16(udp.saturating_add(6), sum);
    let len = u32::try_from(out.len().saturating_sub(start).saturating_sub(PACKET_HEAD)).unwrap_or(0);
    let (secs, micros) = at;
    for (place, number) in [secs as u32, micros, len, len].into_iter().enumerate() {
        out.patch(start.saturating_add(4 * place), &number.to_ne_bytes());
    }
}

fn v6(addr: IpAddr) -> Ipv6Addr {
    match addr {
        IpAddr::V4(addr) => addr.to_ipv6_mapped(),
        IpAddr::V6(addr) => addr,
    }
}

/// The words that a checksum runs over; a last octet is the upper half of one.
fn words(bytes: &[u8]) -> impl Iterator<Item = u16> {
    bytes.chunks(2).map(|pair| match *pair {
        [upper, lower] => u16::from_be_bytes([upper, lower]),
        [upper] => u16::from_be_bytes([upper, 0]),
        _ => 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(build: impl FnOnce(&mut Writer)) -> Vec<u8> {
        let mut buffer = [0; 256];
        let mut out = Writer::new(&mut buffer);
        build(&mut out);
        assert!(!out.overflowed());
        out.written().to_vec()
    }

    #[test]
    fn sums_of_headers_come_out() {
        let pairs = [("192.0.2.1:53", "198.51.100.7:4000"), ("[2001:db8::1]:53", "[fe80::2]:999")];
        for (from, to) in pairs {
            let (from, to): (SocketAddr, SocketAddr) = (from.parse().unwrap(), to.parse().unwrap());
            let all = written(|out| datagram(out, from, to, b"hello", (7, 9)));
            let packet = &all[PACKET_HEAD..];
            assert_eq!(packet_len(all.first_chunk().unwrap()) as usize, packet.len());
            let (ip, addresses) = if from.is_ipv4() { (20, 12) } else { (40, 8) };
            if ip == 20 {
                assert_eq!(checksum(words(&packet[..ip])), 0);
            }
            assert_eq!(checksum(words(&packet[addresses..]).chain([17, 13])), 0);
            assert_eq!(&packet[ip + 8..], b"hello");
        }
        assert!(is_file_head(&written(|out| file_head(out, 1500))) && !is_file_head(b"no capture file at all!!"));
    }
}
