//! The kernel's table of hardware addresses of neighbours.
//!
//! Stands on arp(7): SIOCSARP, SIOCGARP. Setting needs CAP_NET_ADMIN.

use super::sys::{Errno, check, raw};
use crate::base::net::HwAddr;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, OwnedFd};

/// A complete entry.
const ATF_COM: libc::c_int = 0x02;

fn request(iface: &[u8], addr: Ipv4Addr) -> libc::arpreq {
    // SAFETY: all-zero is a valid request.
    let mut request: libc::arpreq = unsafe { core::mem::zeroed() };
    let place: *mut libc::sockaddr_in = (&raw mut request.arp_pa).cast();
    let value = libc::sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: 0,
        sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(addr.octets()) },
        sin_zero: [0; 8],
    };
    // SAFETY: a sockaddr_in is as long as the sockaddr it takes the place of.
    unsafe { place.write_unaligned(value) };
    let last = request.arp_dev.len() - 1;
    for (to, from) in request.arp_dev.iter_mut().take(last).zip(iface) {
        *to = *from as libc::c_char;
    }
    request
}

/// Tells the kernel the hardware address of a neighbour, through any IPv4
/// datagram socket.
pub fn set(socket: &OwnedFd, iface: &[u8], addr: Ipv4Addr, hw: &HwAddr) -> Result<(), Errno> {
    let mut request = request(iface, addr);
    request.arp_ha.sa_family = libc::sa_family_t::from(hw.kind);
    for (to, from) in request.arp_ha.sa_data.iter_mut().zip(hw.octets()) {
        *to = *from as libc::c_char;
    }
    request.arp_flags = ATF_COM;
    // SAFETY: the request lives through the call, which reads it.
    check(unsafe { libc::syscall(libc::SYS_ioctl, raw(socket.as_fd()), libc::SIOCSARP as usize, &raw const request) })?;
    Ok(())
}

/// The hardware address of a neighbour, empty when the kernel knows none.
pub fn get(socket: &OwnedFd, iface: &[u8], addr: Ipv4Addr) -> HwAddr {
    let mut request = request(iface, addr);
    // SAFETY: the request lives through the call, which fills it in.
    let got = unsafe { libc::syscall(libc::SYS_ioctl, raw(socket.as_fd()), libc::SIOCGARP as usize, &raw mut request) };
    if got < 0 || request.arp_flags & ATF_COM == 0 {
        return HwAddr::default();
    }
    let [a, b, c, d, e, f, ..] = request.arp_ha.sa_data.map(|octet| octet as u8);
    HwAddr::new(request.arp_ha.sa_family as u8, &[a, b, c, d, e, f])
}
