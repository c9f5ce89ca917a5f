//! The ground of this folder: results of system calls and their error numbers,
//! sockets and their options, and what concerns the process as a whole.
//!
//! Where the C library's function does more than the call of the kernel
//! (cancelling threads, copying headers, standing in for what old kernels lack),
//! the kernel is called by number, here and in the rest of the folder.
//!
//! Stands on errno(3), syscall(2), socket(2), setsockopt(2), pipe2(2), clone(2),
//! fcntl(2), close_range(2), umask(2), prlimit(2).

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// A system error number.
pub type Errno = i32;

pub use libc::{
    EACCES, EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT, EAGAIN, EBUSY, ECONNABORTED, EEXIST, ENOTEMPTY, ECONNREFUSED, ECONNRESET, EINPROGRESS,
    EINTR, EINVAL, EISDIR, ELOOP, ENETUNREACH, ENOBUFS, ENODEV, ENOENT, ENOSPC, ENOSYS, EROFS,
    ENOTDIR, EPERM, EPROTO, EPROTOTYPE,
};

/// The error of the call just made.
pub fn last_errno() -> Errno {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO)
}

/// The error number inside an error of the standard library or mio.
pub fn errno_of(error: &std::io::Error) -> Errno {
    error.raw_os_error().unwrap_or(libc::EIO)
}

/// The value of a call that says -1 when it fails.
pub(super) fn check(result: impl Into<libc::c_long>) -> Result<libc::c_int, Errno> {
    let result = result.into();
    if result < 0 { Err(last_errno()) } else { Ok(result as libc::c_int) }
}

/// The count of a call that says -1 when it fails.
pub(super) fn check_len(result: isize) -> Result<usize, Errno> {
    usize::try_from(result).map_err(|_| last_errno())
}

/// The descriptor of a call that says -1 when it fails.
pub(super) fn check_fd(result: impl Into<libc::c_long>) -> Result<OwnedFd, Errno> {
    let raw = check(result)?;
    // SAFETY: the call just made returned this descriptor, so nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(raw) })
}

/// A socket that never blocks and that no other program inherits.
pub(super) fn socket(family: libc::c_int, kind: libc::c_int, protocol: libc::c_int) -> Result<OwnedFd, Errno> {
    let kind = kind | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    // SAFETY: plain numbers.
    check_fd(unsafe { libc::syscall(libc::SYS_socket, family, kind, protocol) })
}

/// The descriptor's number, for a call.
pub(super) fn raw(fd: BorrowedFd) -> libc::c_int {
    fd.as_raw_fd()
}

/// Sets a socket option to plain data.
pub(super) fn set_option<T: Copy>(
    fd: BorrowedFd,
    level: libc::c_int,
    name: libc::c_int,
    value: T,
) -> Result<(), Errno> {
    let len = size_of::<T>() as libc::socklen_t;
    // SAFETY: the pointer and the length describe `value`, which outlives the call.
    check(unsafe { libc::setsockopt(raw(fd), level, name, (&raw const value).cast(), len) })?;
    Ok(())
}

/// Sets a socket option to text (an interface name).
pub(super) fn set_option_text(
    fd: BorrowedFd,
    level: libc::c_int,
    name: libc::c_int,
    text: &[u8],
) -> Result<(), Errno> {
    let len = libc::socklen_t::try_from(text.len()).unwrap_or(0);
    // SAFETY: the pointer and the length describe `text`.
    check(unsafe { libc::setsockopt(raw(fd), level, name, text.as_ptr().cast(), len) })?;
    Ok(())
}

/// A pipe: the end to read from and the end to write to, not for other programs.
pub(super) fn pipe() -> Result<[OwnedFd; 2], Errno> {
    let mut ends = [0 as libc::c_int; 2];
    // SAFETY: the call writes two descriptors.
    check(unsafe { libc::syscall(libc::SYS_pipe2, ends.as_mut_ptr(), libc::O_CLOEXEC) })?;
    // SAFETY: the call just made returned both; nobody else has them.
    Ok(ends.map(|end| unsafe { OwnedFd::from_raw_fd(end) }))
}

/// Makes a second process like this one: the number of the child, and 0 in it.
pub(super) fn fork() -> Result<libc::c_int, Errno> {
    // What fork(2) comes to in the kernel. SAFETY: there is one thread, so the
    // child is as whole as the parent; where no stack is given it has a copy.
    check(unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0usize, 0usize, 0usize, 0usize) })
}

/// A second descriptor of what `fd` stands for, none of the standard three.
pub(super) fn copy(fd: libc::c_int) -> Result<OwnedFd, Errno> {
    // SAFETY: plain numbers.
    check_fd(unsafe { libc::syscall(libc::SYS_fcntl, fd, libc::F_DUPFD_CLOEXEC, 3) })
}

/// Closes every descriptor above standard error that we were started with.
pub fn close_inherited() {
    close_from(3);
}

/// Closes this descriptor and all behind it. Called where nothing of ours is
/// among them, or nothing that lives on.
pub(super) fn close_from(first: u32) {
    // SAFETY: plain numbers; see above.
    let done = unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0u32) };
    if done != 0 {
        for fd in first..1024 {
            // SAFETY: see above; closing a closed one is an error that does not matter.
            unsafe { libc::close(fd as libc::c_int) };
        }
    }
}

/// Sets the file creation mask to 022.
pub fn set_umask() {
    // SAFETY: a plain number.
    unsafe { libc::umask(0o022) };
}

/// Sees to it that `count` descriptors may be open, as far as we are allowed.
pub fn allow_descriptors(count: usize) {
    // Now, and at most. The call of the kernel: the same on every target, where
    // the library's function would bring the code that stops other threads.
    let mut limit = [0u64; 2];
    let none = core::ptr::null_mut::<u64>();
    // SAFETY: the kernel writes two numbers of 64 bits.
    unsafe { libc::syscall(libc::SYS_prlimit64, 0, libc::RLIMIT_NOFILE, none, limit.as_mut_ptr()) };
    let [now, most] = limit;
    let wanted = most.min(count as u64);
    if now < wanted {
        limit = [wanted, most];
        // SAFETY: the kernel reads two numbers of 64 bits. If it is refused,
        // sockets will be.
        unsafe { libc::syscall(libc::SYS_prlimit64, 0, libc::RLIMIT_NOFILE, limit.as_ptr(), none) };
    }
}

/// Makes `/` the working directory.
pub fn leave_directory() {
    // SAFETY: a constant with its final zero.
    unsafe { libc::chdir(c"/".as_ptr()) };
}

/// Our process number.
pub fn pid() -> u32 {
    std::process::id()
}

/// Ends the process without running anything else.
pub fn exit(status: i32) -> ! {
    // SAFETY: does not return.
    unsafe { libc::_exit(status) }
}
