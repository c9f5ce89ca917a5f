//! The routing socket: tells of interfaces, addresses and their changes.
//! Messages are built and read by `wire::netlink`.
//!
//! Stands on netlink(7) and rtnetlink(7).

use super::sys::{self, Errno, check, check_len, raw};
use std::os::fd::{AsFd, OwnedFd};

/// Changes of links, IPv4 and IPv6 addresses.
pub const LINKS: u32 = 0x1 | 0x10 | 0x100;

/// Changes of neighbours.
pub const NEIGHBOURS: u32 = 0x4;

/// A routing socket that hears of these changes. Reading it never waits: the kernel
/// makes the pieces of a list while they are read.
pub fn open(groups: u32) -> Result<OwnedFd, Errno> {
    let fd = sys::socket(libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_ROUTE)?;
    // SAFETY: all-zero is a valid netlink address.
    let mut addr: libc::sockaddr_nl = unsafe { core::mem::zeroed() };
    addr.nl_family = libc::AF_NETLINK as libc::sa_family_t;
    addr.nl_groups = groups;
    let len = size_of::<libc::sockaddr_nl>() as libc::socklen_t;
    // SAFETY: the pointer and the length describe `addr`.
    check(unsafe { libc::bind(raw(fd.as_fd()), (&raw const addr).cast(), len) })?;
    Ok(fd)
}

/// A socket to netfilter. Reading it never waits: the kernel answers while it is
/// asked.
pub fn open_netfilter() -> Result<OwnedFd, Errno> {
    sys::socket(libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_NETFILTER)
}

/// Sends one request to the kernel.
pub fn send(fd: &OwnedFd, request: &[u8]) -> Result<(), Errno> {
    // SAFETY: the pointer and the length describe the request; an unconnected
    // routing socket sends to the kernel.
    check_len(unsafe { libc::send(raw(fd.as_fd()), request.as_ptr().cast(), request.len(), 0) })?;
    Ok(())
}

/// Receives one piece of messages.
pub fn receive<'a>(fd: &OwnedFd, room: &'a mut [u8]) -> Result<&'a [u8], Errno> {
    // SAFETY: the pointer and the length describe `room`.
    let got = check_len(unsafe { libc::recv(raw(fd.as_fd()), room.as_mut_ptr().cast(), room.len(), 0) })?;
    Ok(room.get(..got).unwrap_or_default())
}
