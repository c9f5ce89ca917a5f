//! Directories that are watched for files written, moved or removed.
//!
//! Stands on inotify(7).

use super::sys::{Errno, check, check_fd, check_len, raw};
use crate::base::bytes::Reader;
use std::ffi::CStr;
use std::os::fd::{AsFd, OwnedFd};

/// A descriptor that becomes readable when something happens.
pub fn open() -> Result<OwnedFd, Errno> {
    // SAFETY: plain numbers.
    check_fd(unsafe { libc::inotify_init1(libc::IN_NONBLOCK | libc::IN_CLOEXEC) })
}

/// Watches a directory for files written or moved in; the number by which its
/// events are told.
pub fn add(watch: &OwnedFd, directory: &CStr) -> Result<i32, Errno> {
    add_for(watch, directory, libc::IN_CLOSE_WRITE | libc::IN_MOVED_TO)
}

/// The same, and for files that are removed or moved away.
pub fn add_all(watch: &OwnedFd, directory: &CStr) -> Result<i32, Errno> {
    let gone = libc::IN_DELETE | libc::IN_MOVED_FROM;
    add_for(watch, directory, libc::IN_CLOSE_WRITE | libc::IN_MOVED_TO | gone | libc::IN_ONLYDIR)
}

fn add_for(watch: &OwnedFd, directory: &CStr, what: u32) -> Result<i32, Errno> {
    // SAFETY: the path ends with a zero; the rest are numbers.
    check(unsafe { libc::inotify_add_watch(raw(watch.as_fd()), directory.as_ptr(), what) })
}

/// Tells `each` the watch, the file name and whether the file is gone, of what
/// happened since the last time; true when everything was read.
pub fn events(watch: &OwnedFd, each: &mut dyn FnMut(i32, &[u8], bool)) -> bool {
    // Room for several events with the longest names.
    let mut buffer = [0u8; 2048];
    // SAFETY: the pointer and the length describe the buffer.
    let got = check_len(unsafe { libc::read(raw(watch.as_fd()), buffer.as_mut_ptr().cast(), buffer.len()) });
    let Ok(got) = got else { return true };
    let mut all = Reader::new(buffer.get(..got).unwrap_or_default());
    while let Some((number, name, mask)) = event(&mut all) {
        each(number, name, mask & (libc::IN_DELETE | libc::IN_MOVED_FROM) != 0);
    }
    false
}

/// Watch, mask, cookie, length of the name, name padded with zeros.
fn event<'a>(all: &mut Reader<'a>) -> Option<(i32, &'a [u8], u32)> {
    let number = i32::from_ne_bytes(all.array()?);
    let mask = u32::from_ne_bytes(all.array()?);
    all.take(4)?;
    let len = u32::from_ne_bytes(all.array()?);
    let padded = all.take(usize::try_from(len).ok()?)?;
    Some((number, padded.split(|octet| *octet == 0).next().unwrap_or_default(), mask))
}
