//! TCP, never blocking: listen, accept, connect, read, write.
//!
//! Stands on tcp(7), accept4(2), connect(2) and the SO_ERROR of socket(7).

use super::address::{self, Storage};
use super::sockets::only_v6;
use super::sys::{self, Errno, check, check_fd, check_len, raw};
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};

/// A TCP socket of one family.
pub fn tcp(v6: bool) -> Result<OwnedFd, Errno> {
    let family = if v6 { libc::AF_INET6 } else { libc::AF_INET };
    let fd = sys::socket(family, libc::SOCK_STREAM, 0)?;
    if v6 {
        only_v6(fd.as_fd())?;
    }
    Ok(fd)
}

/// Starts to listen on a bound socket. Who connects and says nothing is told of a
/// second later: until then the kernel waits for the first octets.
pub fn listen(fd: &OwnedFd, backlog: i32) -> Result<(), Errno> {
    // Where the kernel cannot, each connection is told of at once.
    let _ = sys::set_option(fd.as_fd(), libc::IPPROTO_TCP, libc::TCP_DEFER_ACCEPT, 1);
    // SAFETY: plain numbers.
    check(unsafe { libc::listen(raw(fd.as_fd()), backlog) })?;
    Ok(())
}

/// The next waiting connection and who it comes from.
pub fn accept(listener: &OwnedFd) -> Result<(OwnedFd, SocketAddr), Errno> {
    let mut storage = address::empty();
    let mut len = size_of::<Storage>() as libc::socklen_t;
    let flags = libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    // SAFETY: the storage is as long as `len` says.
    let fd = check_fd(unsafe {
        libc::syscall(libc::SYS_accept4, raw(listener.as_fd()), &raw mut storage, &raw mut len, flags)
    })?;
    let from = address::read(&storage).ok_or(sys::EAFNOSUPPORT)?;
    Ok((fd, from))
}

/// Starts to connect; true if it stands at once, else the socket becomes
/// writable when it does or when it failed (`connect_result`).
pub fn connect(fd: &OwnedFd, to: SocketAddr) -> Result<bool, Errno> {
    let mut storage = address::empty();
    let len = address::write(to, &mut storage);
    // SAFETY: the storage holds an address of that length.
    let done = unsafe { libc::connect(raw(fd.as_fd()), (&raw const storage).cast(), len) };
    match check(done) {
        Ok(_) => Ok(true),
        Err(sys::EINPROGRESS) => Ok(false),
        Err(errno) => Err(errno),
    }
}

/// How connecting ended.
pub fn connect_result(fd: &OwnedFd) -> Result<(), Errno> {
    let mut errno: libc::c_int = 0;
    let mut len = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: `errno` is as long as `len` says.
    check(unsafe {
        libc::getsockopt(raw(fd.as_fd()), libc::SOL_SOCKET, libc::SO_ERROR, (&raw mut errno).cast(), &raw mut len)
    })?;
    if errno == 0 { Ok(()) } else { Err(errno) }
}

/// Reads what is there; 0: the peer will say no more.
pub fn read(fd: &OwnedFd, room: &mut [u8]) -> Result<usize, Errno> {
    // SAFETY: the pointer and the length describe `room`.
    check_len(unsafe { libc::recv(raw(fd.as_fd()), room.as_mut_ptr().cast(), room.len(), libc::MSG_DONTWAIT) })
}

/// Writes what the peer takes.
pub fn write(fd: &OwnedFd, bytes: &[u8]) -> Result<usize, Errno> {
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    // SAFETY: the pointer and the length describe `bytes`.
    check_len(unsafe { libc::send(raw(fd.as_fd()), bytes.as_ptr().cast(), bytes.len(), flags) })
}

/// Lets the kernel take so many octets that the peer has not read yet. What it
/// does not take is written later.
pub fn widen(fd: &OwnedFd, len: usize) {
    let len = libc::c_int::try_from(len).unwrap_or(libc::c_int::MAX).saturating_mul(2);
    let _ = sys::set_option(fd.as_fd(), libc::SOL_SOCKET, libc::SO_SNDBUF, len);
}

/// Waits, at most so many milliseconds, until there is something to read.
pub fn wait_input(fd: &OwnedFd, ms: u32) -> bool {
    let mut poll = libc::pollfd { fd: raw(fd.as_fd()), events: libc::POLLIN, revents: 0 };
    // SAFETY: one entry.
    unsafe { libc::poll(&raw mut poll, 1, ms as libc::c_int) > 0 }
}
