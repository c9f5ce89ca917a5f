//! Connections to sockets in the file system.
//!
//! Stands on unix(7).

use super::sys::{self, Errno, check, raw};
use std::os::fd::{AsFd, OwnedFd};

/// How messages travel.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One by one.
    Datagram,
    /// As a stream.
    Stream,
}

/// A socket connected to the one at `path`. It never blocks.
pub fn connect(path: &[u8], kind: Kind) -> Result<OwnedFd, Errno> {
    let kind = if kind == Kind::Stream { libc::SOCK_STREAM } else { libc::SOCK_DGRAM };
    let fd = sys::socket(libc::AF_UNIX, kind, 0)?;
    // SAFETY: all-zero is a valid address.
    let mut addr: libc::sockaddr_un = unsafe { core::mem::zeroed() };
    addr.sun_family = libc::AF_UNIX as libc::sa_family_t;
    for (to, from) in addr.sun_path.iter_mut().zip(path) {
        *to = *from as libc::c_char;
    }
    let len = size_of::<libc::sockaddr_un>() as libc::socklen_t;
    // SAFETY: the pointer and the length describe `addr`.
    check(unsafe { libc::connect(raw(fd.as_fd()), (&raw const addr).cast(), len) })?;
    Ok(fd)
}
