//! Socket addresses between the standard library's types and the kernel's.
//!
//! Stands on ip(7) and ipv6(7).

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// Room for an address of either family.
pub(super) type Storage = libc::sockaddr_storage;

/// An empty one.
pub(super) fn empty() -> Storage {
    // SAFETY: all-zero is a valid address of no family.
    unsafe { core::mem::zeroed() }
}

/// Writes `addr` for the kernel; its length there.
pub(super) fn write(addr: SocketAddr, storage: &mut Storage) -> libc::socklen_t {
    match addr {
        SocketAddr::V4(v4) => {
            let place: *mut libc::sockaddr_in = (&raw mut *storage).cast();
            let value = libc::sockaddr_in {
                sin_family: libc::AF_INET as libc::sa_family_t,
                sin_port: v4.port().to_be(),
                sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(v4.ip().octets()) },
                sin_zero: [0; 8],
            };
            // SAFETY: a storage is larger than, and aligned for, any address.
            unsafe { place.write(value) };
            size_of::<libc::sockaddr_in>() as libc::socklen_t
        }
        SocketAddr::V6(v6) => {
            let place: *mut libc::sockaddr_in6 = (&raw mut *storage).cast();
            let value = libc::sockaddr_in6 {
                sin6_family: libc::AF_INET6 as libc::sa_family_t,
                sin6_port: v6.port().to_be(),
                sin6_flowinfo: 0,
                sin6_addr: libc::in6_addr { s6_addr: v6.ip().octets() },
                sin6_scope_id: v6.scope_id(),
            };
            // SAFETY: as above.
            unsafe { place.write(value) };
            size_of::<libc::sockaddr_in6>() as libc::socklen_t
        }
    }
}

/// Reads what the kernel wrote; nothing for another family.
pub(super) fn read(storage: &Storage) -> Option<SocketAddr> {
    match i32::from(storage.ss_family) {
        libc::AF_INET => {
            // SAFETY: the family says that this is what the storage holds.
            let v4: libc::sockaddr_in = unsafe { (&raw const *storage).cast::<libc::sockaddr_in>().read() };
            let ip = Ipv4Addr::from(v4.sin_addr.s_addr.to_ne_bytes());
            Some(SocketAddrV4::new(ip, u16::from_be(v4.sin_port)).into())
        }
        libc::AF_INET6 => {
            // SAFETY: as above.
            let v6: libc::sockaddr_in6 = unsafe { (&raw const *storage).cast::<libc::sockaddr_in6>().read() };
            let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
            Some(SocketAddrV6::new(ip, u16::from_be(v6.sin6_port), 0, v6.sin6_scope_id).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_both_families_go_there_and_back() {
        for text in ["1.2.3.4:5", "255.0.0.1:65535", "[2001:db8::1]:53", "[fe80::1%7]:67"] {
            let addr: SocketAddr = text.parse().unwrap();
            let mut storage = empty();
            write(addr, &mut storage);
            assert_eq!(read(&storage), Some(addr));
        }
        assert_eq!(read(&empty()), None);
    }
}
