//! Accounts: looked up in /etc/passwd and /etc/group, changed to for good with
//! only the capabilities that are needed later.
//!
//! Stands on passwd(5), group(5), setgroups(2), setuid(2), prctl(2)
//! PR_SET_KEEPCAPS, capget(2), capabilities(7).

use super::files;
use super::sys::{Errno, check};
use crate::base::text::parse_decimal;

/// A user of this machine.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub struct User {
    /// Its number.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
}

/// The numbers in fields 2 and 3 of the line that begins with `name:`.
fn numbers(line: &[u8], name: &[u8]) -> Option<(u32, Option<u32>)> {
    let mut fields = line.split(|octet| *octet == b':');
    if fields.next()? != name {
        return None;
    }
    fields.next()?;
    let mut number = || fields.next().and_then(parse_decimal).and_then(|n| u32::try_from(n).ok());
    let first = number()?;
    Some((first, number()))
}

fn find(path: &std::ffi::CStr, name: &[u8]) -> Option<(u32, Option<u32>)> {
    let mut found = None;
    let read = files::lines(path, &mut |line| {
        found = numbers(line, name);
        found.is_none()
    });
    read.ok().and(found)
}

/// The user of this name.
pub fn user(name: &[u8]) -> Option<User> {
    let (uid, gid) = find(c"/etc/passwd", name)?;
    Some(User { uid, gid: gid? })
}

/// The number of the group of this name.
pub fn group(name: &[u8]) -> Option<u32> {
    find(c"/etc/group", name).map(|(gid, _)| gid)
}

/// The account we run as.
pub fn effective_uid() -> u32 {
    // SAFETY: takes nothing, cannot fail.
    unsafe { libc::geteuid() }
}

/// A set of capabilities.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Capabilities(u32);

impl Capabilities {
    /// Bind ports below 1024.
    pub const NET_BIND_SERVICE: Self = Capabilities(1 << 10);
    /// Write the neighbour table.
    pub const NET_ADMIN: Self = Capabilities(1 << 12);
    /// Bind a socket to an interface (Linux before 5.7).
    pub const NET_RAW: Self = Capabilities(1 << 13);
    const SETUID: Self = Capabilities(1 << 7);

    /// Both.
    pub fn and(self, other: Self) -> Self {
        Capabilities(self.0 | other.0)
    }

    /// Those in both.
    pub fn common(self, other: Self) -> Self {
        Capabilities(self.0 & other.0)
    }

    /// Those of `self` that `other` lacks.
    pub fn without(self, other: Self) -> Self {
        Capabilities(self.0 & !other.0)
    }

    /// No capability.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// Version 3 of the interface: two sets of 32 bits each.
#[repr(C)]
struct Header {
    version: u32,
    pid: i32,
}

#[derive(Clone, Copy)]
#[repr(C)]
struct Sets {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

const NONE: Sets = Sets { effective: 0, permitted: 0, inheritable: 0 };

fn header() -> Header {
    Header { version: 0x2008_0522, pid: 0 }
}

/// What we may do now; everything where the kernel cannot tell.
pub fn permitted() -> Capabilities {
    let (mut header, mut sets) = (header(), [NONE; 2]);
    // SAFETY: version 3 reads one header and writes two sets.
    let got = unsafe { libc::syscall(libc::SYS_capget, &raw mut header, sets.as_mut_ptr()) };
    let [low, _] = sets;
    if got == 0 { Capabilities(low.permitted) } else { Capabilities(u32::MAX) }
}

fn set_capabilities(wanted: Capabilities) -> Result<(), Errno> {
    let mut header = header();
    let low = Sets { effective: wanted.0, permitted: wanted.0, inheritable: 0 };
    let sets = [low, NONE];
    // SAFETY: version 3 reads one header and two sets.
    let set = unsafe { libc::syscall(libc::SYS_capset, &raw mut header, sets.as_ptr()) };
    check(set)?;
    Ok(())
}

/// The calls as the kernel has them. The library's functions change every
/// thread; there is one, and the code that stops the others is 2 kB.
#[cfg(not(target_arch = "arm"))]
use libc::{SYS_setgid as SETGID, SYS_setgroups as SETGROUPS, SYS_setuid as SETUID};
/// Those without the ending take numbers of 16 bits here.
#[cfg(target_arch = "arm")]
use libc::{SYS_setgid32 as SETGID, SYS_setgroups32 as SETGROUPS, SYS_setuid32 as SETUID};

/// Drops supplementary groups and changes to a group.
pub fn become_group(gid: u32) -> Result<(), Errno> {
    // SAFETY: no list is read when its length is 0.
    check(unsafe { libc::syscall(SETGROUPS, 0usize, core::ptr::null::<u32>()) })?;
    // SAFETY: a plain number.
    check(unsafe { libc::syscall(SETGID, gid) })?;
    Ok(())
}

/// Changes to a user for good and keeps these capabilities.
pub fn become_user(uid: u32, keep: Capabilities) -> Result<(), Errno> {
    // SAFETY: plain numbers.
    check(unsafe { libc::syscall(libc::SYS_prctl, libc::PR_SET_KEEPCAPS, 1usize, 0usize, 0usize, 0usize) })?;
    set_capabilities(keep.and(Capabilities::SETUID))?;
    // SAFETY: a plain number.
    check(unsafe { libc::syscall(SETUID, uid) })?;
    set_capabilities(keep)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_found_by_their_whole_name() {
        assert_eq!(numbers(b"nobody:x:65534:65533:n:/:/bin/sh", b"nobody"), Some((65534, Some(65533))));
        assert_eq!(numbers(b"dip:x:30:", b"dip"), Some((30, None)));
        assert_eq!(numbers(b"nobody2:x:1:2", b"nobody"), None);
        assert_eq!(numbers(b"nobody:x:-1:2", b"nobody"), None);
        assert_eq!(user(b"root"), Some(User { uid: 0, gid: 0 }));
        assert_eq!(group(b"root"), Some(0));
        assert_eq!(user(b"no such user"), None);
    }
}
