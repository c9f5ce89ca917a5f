//! Leaving the terminal: two forks and a session of our own, while the process
//! that was started waits until start-up is over and ends with its status.
//!
//! Stands on daemon(7), setsid(2).

use super::files;
use super::sys::{self, Errno, check_len};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

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
    let [reading, writing] = sys::pipe()?;
    if sys::fork()? != 0 {
        drop(writing);
        wait_for_start(&reading);
    }
    drop(reading);
    // SAFETY: takes nothing. It cannot fail: a child leads no group.
    unsafe { libc::setsid() };
    if sys::fork()? != 0 {
        sys::exit(0);
    }
    Ok(Starter { pipe: writing })
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
    sys::copy(libc::STDERR_FILENO)
}

/// Puts /dev/null in the place of a standard descriptor that we were started
/// without: nothing else is to be taken for it.
pub fn open_standard() {
    while let Ok(null) = files::open_null() {
        if null.as_raw_fd() > libc::STDERR_FILENO {
            return;
        }
        core::mem::forget(null);
    }
}

/// Puts /dev/null in the place of standard input, output and error.
pub fn close_standard() {
    if let Ok(null) = files::open_null() {
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
