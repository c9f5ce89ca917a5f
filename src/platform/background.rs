//! Leaving the terminal: two forks and a session of our own, while the process
//! that was started waits until start-up is over and ends with its status.
//!
//! Stands on daemon(7), fork(2), setsid(2), pipe2(2).

use super::sys::{self, Errno, check, check_len};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

/// The daemon's end: what is told here becomes the end of the first process.
pub struct Starter {
    pipe: OwnedFd,
}

impl Starter {
    /// Start-up went well: the first process ends with status 0.
    pub fn ready(self) {
        self.tell(&[0]);
    }

    /// Start-up failed: the first process ends with this status, after writing
    /// `message` to standard error.
    pub fn failed(self, status: u8, message: &[u8]) {
        self.tell(&[status]);
        self.tell(message);
    }

    fn tell(&self, bytes: &[u8]) {
        // SAFETY: the pointer and the length describe `bytes`. Nothing helps if
        // the first process is gone.
        unsafe { libc::write(self.pipe.as_raw_fd(), bytes.as_ptr().cast(), bytes.len()) };
    }
}

/// Goes on in a new process without a terminal. Only that one returns.
pub fn detach() -> Result<Starter, Errno> {
    let mut ends = [0 as libc::c_int; 2];
    // SAFETY: the call writes two descriptors.
    check(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) })?;
    // SAFETY: the call just made returned both; nobody else has them.
    let [reading, writing] = ends.map(|end| unsafe { OwnedFd::from_raw_fd(end) });
    if fork()? {
        drop(writing);
        wait_for_start(&reading);
    }
    drop(reading);
    // SAFETY: takes nothing. It cannot fail: a child leads no group.
    unsafe { libc::setsid() };
    if fork()? {
        sys::exit(0);
    }
    Ok(Starter { pipe: writing })
}

/// True in the parent.
pub(super) fn fork() -> Result<bool, Errno> {
    // SAFETY: there is one thread, so the child is as whole as the parent.
    check(unsafe { libc::fork() }).map(|pid| pid != 0)
}

/// Passes on what the daemon says and ends. Silence until it is gone is a
/// failure of its own (killed during start-up).
fn wait_for_start(reading: &OwnedFd) -> ! {
    let mut status = None;
    let mut buffer = [0u8; 512];
    loop {
        // SAFETY: the pointer and the length describe the buffer.
        let got = unsafe { libc::read(reading.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len()) };
        let mut bytes = match check_len(got) {
            Ok(0) => sys::exit(status.unwrap_or(5)),
            Ok(got) => buffer.get(..got).unwrap_or_default(),
            Err(sys::EINTR) => continue,
            Err(_) => sys::exit(5),
        };
        if let (None, Some((first, rest))) = (status, bytes.split_first()) {
            status = Some(i32::from(*first));
            bytes = rest;
        }
        write_stderr(bytes);
    }
}

/// Writes to standard error as far as it goes.
pub fn write_stderr(bytes: &[u8]) {
    // SAFETY: the pointer and the length describe `bytes`.
    unsafe { libc::write(libc::STDERR_FILENO, bytes.as_ptr().cast(), bytes.len()) };
}

/// Writes to standard output as far as it goes.
pub fn write_stdout(bytes: &[u8]) {
    // SAFETY: the pointer and the length describe `bytes`.
    unsafe { libc::write(libc::STDOUT_FILENO, bytes.as_ptr().cast(), bytes.len()) };
}

/// Standard error as a descriptor of its own, which `close_standard` leaves.
pub fn copy_stderr() -> Result<OwnedFd, Errno> {
    // SAFETY: plain numbers.
    let copy = unsafe { libc::fcntl(libc::STDERR_FILENO, libc::F_DUPFD_CLOEXEC, 3) };
    sys::check_fd(copy)
}

/// Puts /dev/null in the place of standard input, output and error.
pub fn close_standard() {
    // SAFETY: a constant path; plain numbers.
    let null = sys::check_fd(unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_RDWR | libc::O_CLOEXEC) });
    if let Ok(null) = null {
        for fd in 0..3 {
            // SAFETY: plain numbers; the three are nobody's in this program.
            unsafe { libc::dup2(null.as_raw_fd(), fd) };
        }
    }
}

/// True when writing to this descriptor now would not wait.
pub fn takes_output(fd: &OwnedFd) -> bool {
    let mut poll = libc::pollfd { fd: fd.as_fd().as_raw_fd(), events: libc::POLLOUT, revents: 0 };
    // SAFETY: one entry; no waiting.
    unsafe { libc::poll(&raw mut poll, 1, 0) > 0 }
}
