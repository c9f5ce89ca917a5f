//! Addresses as the house uses them: hardware addresses, prefixes, and where a
//! datagram came from. IP addresses are the standard library's types; their
//! text is read and written in `base::text`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The number the kernel gives a network interface; 0 is "none".
pub type IfIndex = u32;

/// Longest hardware address carried by DHCP (RFC 2131 §2).
pub const HW_MAX: usize = 16;

/// A hardware address with its type (1 is Ethernet).
#[derive(Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub struct HwAddr {
    /// ARP hardware type; 0 when unknown.
    pub kind: u8,
    len: u8,
    octets: [u8; HW_MAX],
}

impl HwAddr {
    /// An address of at most 16 octets; longer ones are cut.
    pub fn new(kind: u8, from: &[u8]) -> Self {
        let mut octets = [0; HW_MAX];
        let mut len = 0;
        for (to, from) in octets.iter_mut().zip(from) {
            *to = *from;
            len += 1;
        }
        HwAddr { kind, len, octets }
    }

    /// The octets.
    pub fn octets(&self) -> &[u8] {
        self.octets.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// True when there is no address.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// An address and the number of its leading bits that count.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub struct Prefix {
    /// Any address inside.
    pub addr: IpAddr,
    /// 0–32 or 0–128.
    pub len: u8,
}

impl Prefix {
    /// True when `addr` is of the same family and inside.
    pub fn contains(&self, addr: IpAddr) -> bool {
        match (self.addr, addr) {
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                let mask = netmask4(self.len);
                u32::from(a) & u32::from(mask) == u32::from(b) & u32::from(mask)
            }
            (IpAddr::V6(a), IpAddr::V6(b)) => {
                let shift = 128u32.saturating_sub(u32::from(self.len));
                let mask = u128::MAX.checked_shl(shift).unwrap_or(0);
                u128::from(a) & mask == u128::from(b) & mask
            }
            _ => false,
        }
    }
}

/// Who knows the networks of interfaces.
pub trait Networks {
    /// True when `addr` lies in a network of the interface with this name.
    fn holds(&self, iface: &[u8], addr: IpAddr) -> bool;
}

/// The netmask of a prefix length (0–32; more counts as 32).
pub fn netmask4(len: u8) -> Ipv4Addr {
    let shift = 32u32.saturating_sub(u32::from(len));
    Ipv4Addr::from(u32::MAX.checked_shl(shift).unwrap_or(0))
}

/// True when `a` and `b` lie in one subnet under `mask`.
pub fn same_net4(a: Ipv4Addr, b: Ipv4Addr, mask: Ipv4Addr) -> bool {
    (u32::from(a) ^ u32::from(b)) & u32::from(mask) == 0
}

/// The address of an endpoint. A function of its own: each time in place it would
/// be 55 octets.
#[inline(never)]
pub fn ip_of(endpoint: &SocketAddr) -> IpAddr {
    endpoint.ip()
}

/// The address that stands for all of its family.
pub fn unspecified(v6: bool) -> IpAddr {
    if v6 { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() }
}

/// The IPv4 address inside a mapped one (`::ffff:a.b.c.d`), or the address itself.
pub fn unmapped(addr: IpAddr) -> IpAddr {
    match addr {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(addr, IpAddr::V4),
        IpAddr::V4(_) => addr,
    }
}

/// True for fe80::/10.
pub fn is_link_local6(addr: Ipv6Addr) -> bool {
    addr.segments().first().is_some_and(|first| first & 0xFFC0 == 0xFE80)
}
