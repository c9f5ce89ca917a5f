//! The kernel's random numbers.
//!
//! Stands on getrandom(2) and random(4). Early at boot, or in an old kernel,
//! getrandom says no; then /dev/urandom gives what there is, which never blocks.

use super::{files, sys};

/// Fills `buffer`. Ends the process if the system has no randomness at all:
/// identifiers that can be guessed are worse than no service.
pub fn fill(buffer: &mut [u8]) {
    let mut rest = &mut buffer[..];
    while !rest.is_empty() {
        // SAFETY: the pointer and the length describe `rest`.
        let got = unsafe {
            libc::getrandom(rest.as_mut_ptr().cast(), rest.len(), libc::GRND_NONBLOCK)
        };
        match sys::check_len(got) {
            Ok(got) => rest = rest.get_mut(got..).unwrap_or_default(),
            Err(sys::EINTR) => {}
            Err(_) => break,
        }
    }
    if !rest.is_empty() && !from_device(rest) {
        sys::exit(5);
    }
}

fn from_device(buffer: &mut [u8]) -> bool {
    let Ok(file) = files::open_read(c"/dev/urandom") else { return false };
    let mut done = 0;
    while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match files::read(&file, rest) {
            Ok(got) if got > 0 => done += got,
            Err(sys::EINTR) => {}
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sources_fill_everything_and_differ() {
        let (mut a, mut b) = ([0u8; 300], [0u8; 300]);
        fill(&mut a);
        assert!(from_device(&mut b));
        assert_ne!(a, b);
        assert!(a.chunks(16).chain(b.chunks(16)).all(|part| part.len() < 16 || part != [0; 16]));
    }
}
