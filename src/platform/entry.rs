//! The start of the program, called by the C library without the standard
//! library's own start: that one names threads, guards stacks and catches
//! panics, which a program of one thread that aborts has no use for.
//!
//! Stands on execve(2): what `main` is given.

use std::ffi::{CStr, c_char, c_int};

/// Makes a function of the words behind the program's name the program.
#[macro_export]
macro_rules! main_is {
    ($run:path) => {
        // SAFETY: the name is the one that the C library calls, and nobody else's.
        #[unsafe(no_mangle)]
        extern "C" fn main(count: core::ffi::c_int, words: *const *const core::ffi::c_char) -> core::ffi::c_int {
            // SAFETY: these are the arguments of `main`.
            $run(unsafe { $crate::platform::entry::words(count, words) })
        }
    };
}

/// The words behind the program's name.
///
/// # Safety
/// The arguments must be those of `main`: they stay as they are while the
/// process lives.
pub unsafe fn words(count: c_int, words: *const *const c_char) -> Vec<&'static [u8]> {
    let count = usize::try_from(count).unwrap_or(0);
    // SAFETY: there are `count` pointers, each to a text with its final zero.
    let all = (1..count).map(|at| unsafe { CStr::from_ptr(*words.add(at)).to_bytes() });
    all.collect()
}
