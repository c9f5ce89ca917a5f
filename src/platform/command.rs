//! A command line of the shell and what it writes, as popen(3) has it.
//!
//! Stands on pipe2(2), fork(2), dup2(2), execve(2), waitpid(2).

use super::{files, signals};
use super::sys::{self, Errno, check};
use std::ffi::CStr;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// What a shell's exit status is when there is no shell.
const NO_SHELL: i32 = 127;

/// Runs a command line, tells `each` what it writes to standard output, piece by
/// piece, and waits for its end. Returns its status as wait(2) gives it.
pub fn output(command: &CStr, each: &mut dyn FnMut(&[u8])) -> Result<u32, Errno> {
    let mut ends = [0 as libc::c_int; 2];
    // SAFETY: the call writes two descriptors.
    check(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) })?;
    // SAFETY: the call just made returned both; nobody else has them.
    let [reading, writing] = ends.map(|end| unsafe { OwnedFd::from_raw_fd(end) });
    // SAFETY: there is one thread, so the child is as whole as the parent.
    let child = check(unsafe { libc::fork() })?;
    if child == 0 {
        signals::as_born();
        let words = [c"sh".as_ptr(), c"-c".as_ptr(), command.as_ptr(), core::ptr::null()];
        // SAFETY: plain numbers; the path and the words end with zeros, and
        // their list with a null pointer.
        unsafe {
            libc::dup2(writing.as_raw_fd(), libc::STDOUT_FILENO);
            libc::execv(c"/bin/sh".as_ptr(), words.as_ptr());
        }
        sys::exit(NO_SHELL);
    }
    drop(writing);
    let read = files::read_all(&reading, each);
    let mut status = 0;
    loop {
        // SAFETY: the pointer is to a local that lives through the call.
        match check(unsafe { libc::waitpid(child, &raw mut status, 0) }) {
            Err(sys::EINTR) => {}
            Err(errno) => return Err(errno),
            Ok(_) => return read.map(|()| status as u32),
        }
    }
}
