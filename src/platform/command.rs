//! A command line of the shell and what it writes, as popen(3) has it.
//!
//! Stands on dup2(2), execve(2), waitpid(2).

use super::{files, signals};
use super::sys::{self, Errno, check};
use std::ffi::CStr;
use std::os::fd::AsRawFd;

/// What a shell's exit status is when there is no shell.
const NO_SHELL: i32 = 127;

/// Runs a command line, tells `each` what it writes to standard output, piece by
/// piece, and waits for its end. Returns its status as wait(2) gives it.
pub fn output(command: &CStr, each: &mut dyn FnMut(&[u8])) -> Result<u32, Errno> {
    let [reading, writing] = sys::pipe()?;
    let child = sys::fork()?;
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
    let read = files::read_all(reading, each);
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
