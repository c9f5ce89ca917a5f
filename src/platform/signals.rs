//! Signals as something to read: blocked, and told by a descriptor.
//!
//! Stands on signal(7), sigprocmask(2), signalfd(2).

use super::sys::{Errno, check_fd, check_len, raw};
use std::os::fd::{AsFd, OwnedFd};

/// The signals that mean something to us.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub enum Signal {
    /// Read files again.
    Hup,
    /// Statistics.
    Usr1,
    /// Open the log file again.
    Usr2,
    /// End.
    Term,
    /// End, when debugging.
    Int,
}

const WATCHED: [(libc::c_int, Signal); 5] = [
    (libc::SIGHUP, Signal::Hup),
    (libc::SIGUSR1, Signal::Usr1),
    (libc::SIGUSR2, Signal::Usr2),
    (libc::SIGTERM, Signal::Term),
    (libc::SIGINT, Signal::Int),
];

/// Blocks the signals above and SIGPIPE; what comes is kept until read.
pub fn watch() -> Result<OwnedFd, Errno> {
    // SAFETY: an all-zero set is valid, and the calls only work on such sets.
    unsafe {
        let mut set: libc::sigset_t = core::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        for (number, _) in WATCHED {
            libc::sigaddset(&raw mut set, number);
        }
        let mut blocked = set;
        libc::sigaddset(&raw mut blocked, libc::SIGPIPE);
        libc::sigprocmask(libc::SIG_BLOCK, &raw const blocked, core::ptr::null_mut());
        check_fd(libc::signalfd(-1, &raw const set, libc::SFD_NONBLOCK | libc::SFD_CLOEXEC))
    }
}

/// Lets every signal do what it does to a new program.
pub(super) fn as_born() {
    // SAFETY: an all-zero set is valid and empty.
    unsafe {
        let none: libc::sigset_t = core::mem::zeroed();
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, core::ptr::null_mut());
    }
}

/// The next signal that came.
pub fn next(fd: &OwnedFd) -> Option<Signal> {
    // SAFETY: all-zero is valid; the kernel fills it in.
    let mut info: libc::signalfd_siginfo = unsafe { core::mem::zeroed() };
    let len = size_of::<libc::signalfd_siginfo>();
    // SAFETY: the pointer and the length describe `info`.
    let got = check_len(unsafe { libc::read(raw(fd.as_fd()), (&raw mut info).cast(), len) });
    if got != Ok(len) {
        return None;
    }
    let number = i32::try_from(info.ssi_signo).ok()?;
    WATCHED.iter().find(|(watched, _)| *watched == number).map(|(_, signal)| *signal)
}
