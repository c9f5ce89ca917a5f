//! The socket of the system log, never blocking.
//!
//! Stands on the customs of syslog(3): `/dev/log`, a datagram
//! socket, in old systems a stream whose messages end with a zero.

use super::sys::{self, Errno, check, raw};
use super::unix::{self, Kind};
use std::os::fd::{AsFd, OwnedFd};

/// Where the system log listens.
const PATH: &[u8] = b"/dev/log";

/// A connection to the system log.
pub struct Syslog {
    fd: OwnedFd,
    stream: bool,
}

impl Syslog {
    /// Connects.
    pub fn connect() -> Result<Self, Errno> {
        match unix::connect(PATH, Kind::Datagram) {
            Ok(fd) => Ok(Syslog { fd, stream: false }),
            Err(sys::EPROTOTYPE) => unix::connect(PATH, Kind::Stream).map(|fd| Syslog { fd, stream: true }),
            Err(errno) => Err(errno),
        }
    }

    /// Hands over one line. EAGAIN: the log is behind, later is better.
    pub fn send(&self, line: &[u8]) -> Result<(), Errno> {
        let zero = [0u8];
        let mut parts = [part(line), part(&zero)];
        // SAFETY: all-zero is a valid header.
        let mut header: libc::msghdr = unsafe { core::mem::zeroed() };
        header.msg_iov = parts.as_mut_ptr();
        header.msg_iovlen = if self.stream { 2 } else { 1 };
        let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
        // SAFETY: the header points at parts that live through the call.
        check(unsafe { libc::syscall(libc::SYS_sendmsg, raw(self.fd.as_fd()), &raw const header, flags) })?;
        Ok(())
    }
}

fn part(bytes: &[u8]) -> libc::iovec {
    libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() }
}
