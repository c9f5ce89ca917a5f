//! Files without the heap: open, read and write in pieces, list a directory.
//! Paths are C strings that the configuration prepared.
//!
//! Stands on openat(2), read(2), pread(2), fdatasync(2), fstat(2), rename(2),
//! getdents64(2), readlink(2).

use super::sys::{self, Errno, check, check_fd, check_len, raw};
use crate::base::bytes::Reader;
use std::ffi::CStr;
use std::os::fd::{AsFd, OwnedFd};

// The plain name has numbers of 16 bits there.
#[cfg(not(target_arch = "arm"))]
use libc::SYS_fchown as FCHOWN;
#[cfg(target_arch = "arm")]
use libc::SYS_fchown32 as FCHOWN;

/// What is known of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub struct Info {
    /// Octets.
    pub size: u64,
    /// Device it is on.
    pub device: u64,
    /// Number there.
    pub inode: u64,
    /// Last change: seconds since 1970.
    pub mtime: u64,
    /// And nanoseconds.
    pub mtime_nanos: u64,
    /// Type and permissions, as in stat(2).
    pub mode: u32,
    /// Owner.
    pub uid: u32,
}

impl Info {
    /// An ordinary file.
    pub fn is_regular(&self) -> bool {
        self.mode & u32::from(libc::S_IFMT as u16) == u32::from(libc::S_IFREG as u16)
    }

    /// A directory.
    pub fn is_directory(&self) -> bool {
        self.mode & u32::from(libc::S_IFMT as u16) == u32::from(libc::S_IFDIR as u16)
    }

    /// Everybody may read it.
    pub fn is_world_readable(&self) -> bool {
        self.mode & 0o004 != 0
    }

    /// Changed later than another file.
    pub fn changed_after(&self, other: &Info) -> bool {
        (self.mtime, self.mtime_nanos) > (other.mtime, other.mtime_nanos)
    }

    fn new(stat: &libc::stat) -> Self {
        Info {
            size: stat.st_size as u64,
            device: stat.st_dev as u64,
            inode: stat.st_ino as u64,
            mtime: stat.st_mtime as u64,
            mtime_nanos: stat.st_mtime_nsec as u64,
            mode: stat.st_mode as u32,
            uid: stat.st_uid,
        }
    }
}

fn open(path: &CStr, flags: libc::c_int, mode: u32) -> Result<OwnedFd, Errno> {
    let flags = flags | libc::O_CLOEXEC | libc::O_LARGEFILE;
    // SAFETY: the path ends with a zero; the rest are numbers.
    check_fd(unsafe { libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags, mode) })
}

/// The device that has nothing and takes everything.
pub fn open_null() -> Result<OwnedFd, Errno> {
    open(c"/dev/null", libc::O_RDWR, 0)
}

/// Opens for reading, without waiting for the other end of a pipe.
pub fn open_read(path: &CStr) -> Result<OwnedFd, Errno> {
    open(path, libc::O_RDONLY | libc::O_NONBLOCK | libc::O_NOCTTY, 0)
}

/// Opens for reading; who reads waits for the other end of a pipe.
pub fn open_wait(path: &CStr) -> Result<OwnedFd, Errno> {
    open(path, libc::O_RDONLY | libc::O_NOCTTY, 0)
}

/// Standard input as a descriptor of its own.
pub fn copy_stdin() -> Result<OwnedFd, Errno> {
    sys::copy(libc::STDIN_FILENO)
}

/// Opens for appending; makes the file with these permissions if need be. A
/// pipe that nobody reads is refused, one that is full refuses.
pub fn open_append(path: &CStr, mode: u32) -> Result<OwnedFd, Errno> {
    open(path, libc::O_WRONLY | libc::O_APPEND | libc::O_CREAT | libc::O_NOCTTY | libc::O_NONBLOCK, mode)
}

/// Opens for reading, and for writing at the end; makes the file if need be.
pub fn open_log(path: &CStr, mode: u32) -> Result<OwnedFd, Errno> {
    open(path, libc::O_RDWR | libc::O_APPEND | libc::O_CREAT | libc::O_NOCTTY, mode)
}

/// Opens a pipe for writing, whether anybody reads or not; one that is full
/// refuses.
pub fn open_pipe(path: &CStr) -> Result<OwnedFd, Errno> {
    open(path, libc::O_RDWR | libc::O_NOCTTY | libc::O_NONBLOCK, 0)
}

/// Opens for reading and writing; makes the file if need be.
pub fn open_update(path: &CStr, mode: u32) -> Result<OwnedFd, Errno> {
    open(path, libc::O_RDWR | libc::O_CREAT | libc::O_NOCTTY, mode)
}

/// Makes a file that must not exist yet, for writing.
pub fn create_new(path: &CStr, mode: u32) -> Result<OwnedFd, Errno> {
    open(path, libc::O_RDWR | libc::O_CREAT | libc::O_EXCL | libc::O_NOFOLLOW, mode)
}

/// Reads on; 0 at the end.
pub fn read(file: &OwnedFd, room: &mut [u8]) -> Result<usize, Errno> {
    // SAFETY: the pointer and the length describe `room`.
    check_len(unsafe { libc::read(raw(file.as_fd()), room.as_mut_ptr().cast(), room.len()) })
}

/// A file that is read to its end. Of one on a disk that is as much as it held when
/// it was opened: our own log, read as a list of hosts, would grow with each line
/// that is none.
pub struct Whole {
    file: OwnedFd,
    left: u64,
}

impl Whole {
    /// All that is ahead in a file.
    pub fn of(file: OwnedFd) -> Self {
        // The kernel's own files have no size.
        let size = info(&file).ok().filter(|info| info.is_regular() && info.size != 0).map(|info| info.size);
        Whole { file, left: size.unwrap_or(u64::MAX) }
    }

    /// Octets still to be read, if the file has a size.
    pub fn left(&self) -> u64 {
        if self.left > i64::MAX as u64 { 0 } else { self.left }
    }

    /// Reads on; 0 at the end.
    pub fn read(&mut self, room: &mut [u8]) -> Result<usize, Errno> {
        let len = usize::try_from(self.left).unwrap_or(usize::MAX).min(room.len());
        loop {
            match read(&self.file, room.get_mut(..len).unwrap_or_default()) {
                Err(sys::EINTR) => {}
                got => {
                    self.left = self.left.saturating_sub(*got.as_ref().unwrap_or(&0) as u64);
                    return got;
                }
            }
        }
    }
}

/// Octets that `read_all` reads at once.
const PIECE: usize = 8192;

/// Reads on to the end and tells `each` what comes, piece by piece.
pub fn read_all(file: OwnedFd, each: &mut dyn FnMut(&[u8])) -> Result<(), Errno> {
    let mut file = Whole::of(file);
    let mut piece = [0; PIECE];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(()),
            got => each(piece.get(..got).unwrap_or_default()),
        }
    }
}

/// Reads at an offset until the room is full or the file ends.
pub fn read_at(file: &OwnedFd, room: &mut [u8], offset: u64) -> Result<usize, Errno> {
    let mut done = 0;
    while let Some(rest) = room.get_mut(done..).filter(|rest| !rest.is_empty()) {
        let at = offset.saturating_add(done as u64) as libc::off64_t;
        // SAFETY: the pointer and the length describe `rest`.
        let got = unsafe { libc::pread64(raw(file.as_fd()), rest.as_mut_ptr().cast(), rest.len(), at) };
        match check_len(got) {
            Ok(0) => break,
            Ok(got) => done += got,
            Err(sys::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(done)
}

/// Writes all of `bytes` where the file stands (at its end if opened so).
pub fn write_all(file: &OwnedFd, bytes: &[u8]) -> Result<(), Errno> {
    let mut rest = bytes;
    while !rest.is_empty() {
        // SAFETY: the pointer and the length describe `rest`.
        match check_len(unsafe { libc::write(raw(file.as_fd()), rest.as_ptr().cast(), rest.len()) }) {
            Ok(done) => rest = rest.get(done..).unwrap_or_default(),
            Err(sys::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// Writes all of `bytes` at an offset.
pub fn write_at(file: &OwnedFd, bytes: &[u8], offset: u64) -> Result<(), Errno> {
    let (mut rest, mut at) = (bytes, offset);
    while !rest.is_empty() {
        // SAFETY: the pointer and the length describe `rest`.
        let put = unsafe {
            libc::pwrite64(raw(file.as_fd()), rest.as_ptr().cast(), rest.len(), at as libc::off64_t)
        };
        match check_len(put) {
            Ok(done) => {
                rest = rest.get(done..).unwrap_or_default();
                at = at.saturating_add(done as u64);
            }
            Err(sys::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// Cuts or extends a file.
pub fn set_len(file: &OwnedFd, len: u64) -> Result<(), Errno> {
    // SAFETY: plain numbers.
    check(unsafe { libc::ftruncate64(raw(file.as_fd()), len as libc::off64_t) })?;
    Ok(())
}

/// Waits until what was written is on the medium.
pub fn sync(file: &OwnedFd) -> Result<(), Errno> {
    // SAFETY: a descriptor.
    check(unsafe { libc::fdatasync(raw(file.as_fd())) })?;
    Ok(())
}

/// Fails unless the path is a directory that we may read.
pub fn check_directory(path: &CStr) -> Result<(), Errno> {
    open(path, libc::O_RDONLY | libc::O_DIRECTORY, 0).map(drop)
}

/// Waits until the names in a directory are on the medium.
pub fn sync_directory(path: &CStr) -> Result<(), Errno> {
    let directory = open(path, libc::O_RDONLY | libc::O_DIRECTORY, 0)?;
    // SAFETY: a descriptor.
    check(unsafe { libc::fsync(raw(directory.as_fd())) })?;
    Ok(())
}

/// What is known of an open file.
pub fn info(file: &OwnedFd) -> Result<Info, Errno> {
    // SAFETY: all-zero is a valid stat; the call fills it in.
    let mut stat: libc::stat = unsafe { core::mem::zeroed() };
    // SAFETY: the pointer is to a local that lives through the call.
    check(unsafe { libc::fstat(raw(file.as_fd()), &raw mut stat) })?;
    Ok(Info::new(&stat))
}

/// What is known of a path, links followed.
pub fn info_of(path: &CStr) -> Result<Info, Errno> {
    // SAFETY: all-zero is a valid stat; the call fills it in.
    let mut stat: libc::stat = unsafe { core::mem::zeroed() };
    // SAFETY: the path ends with a zero; `stat` lives through the call.
    check(unsafe { libc::stat(path.as_ptr(), &raw mut stat) })?;
    Ok(Info::new(&stat))
}

/// Puts one name in the place of another, atomically.
pub fn rename(from: &CStr, to: &CStr) -> Result<(), Errno> {
    // SAFETY: both paths end with a zero.
    check(unsafe { libc::rename(from.as_ptr(), to.as_ptr()) })?;
    Ok(())
}

/// Removes a name.
pub fn remove(path: &CStr) -> Result<(), Errno> {
    // SAFETY: the path ends with a zero.
    check(unsafe { libc::unlink(path.as_ptr()) })?;
    Ok(())
}

/// Gives an open file to an account.
pub fn give(file: &OwnedFd, uid: u32, gid: u32) -> Result<(), Errno> {
    // SAFETY: plain numbers.
    check(unsafe { libc::syscall(FCHOWN, raw(file.as_fd()), uid, gid) })?;
    Ok(())
}

/// Gives an open file to a user; its group stays.
pub fn give_to_user(file: &OwnedFd, uid: u32) -> Result<(), Errno> {
    give(file, uid, u32::MAX)
}

/// Lets the group of an open file write it.
pub fn let_group_write(file: &OwnedFd) -> Result<(), Errno> {
    let mode = info(file)?.mode | 0o020;
    // SAFETY: plain numbers.
    check(unsafe { libc::syscall(libc::SYS_fchmod, raw(file.as_fd()), mode) })?;
    Ok(())
}

/// Where a symbolic link points (not ended by a zero); an error if it is none.
pub fn read_link<'a>(path: &CStr, room: &'a mut [u8]) -> Result<&'a [u8], Errno> {
    // SAFETY: the path ends with a zero; pointer and length describe `room`.
    let got = check_len(unsafe { libc::readlink(path.as_ptr(), room.as_mut_ptr().cast(), room.len()) })?;
    Ok(room.get(..got).unwrap_or_default())
}

/// Tells `each` the names in a directory, in no order, without `.` and `..`.
pub fn entries(path: &CStr, each: &mut dyn FnMut(&[u8])) -> Result<(), Errno> {
    let directory = open(path, libc::O_RDONLY | libc::O_DIRECTORY, 0)?;
    let mut buffer = [0u8; 2048];
    loop {
        let fd = raw(directory.as_fd());
        // SAFETY: the pointer and the length describe the buffer.
        let got = unsafe { libc::syscall(libc::SYS_getdents64, fd, buffer.as_mut_ptr(), buffer.len()) };
        let got = check_len(got as isize)?;
        if got == 0 {
            return Ok(());
        }
        let mut all = Reader::new(buffer.get(..got).unwrap_or_default());
        while let Some(name) = entry(&mut all) {
            if name != b"." && name != b".." {
                each(name);
            }
        }
    }
}

/// The name of the next entry: inode, offset, length of the entry, type, name.
fn entry<'a>(all: &mut Reader<'a>) -> Option<&'a [u8]> {
    const FIXED: usize = 19;
    let mut fixed = *all;
    fixed.take(16)?;
    let len = usize::from(u16::from_ne_bytes(fixed.array()?));
    let whole = all.take(len)?;
    let name = whole.get(FIXED..)?;
    name.split(|octet| *octet == 0).next()
}

/// Tells `each` the lines of a file, without their ends; a line longer than a
/// kilobyte is cut. `each` says whether to go on.
pub fn lines(path: &CStr, each: &mut dyn FnMut(&[u8]) -> bool) -> Result<(), Errno> {
    let file = open_read(path)?;
    let mut buffer = [0u8; 1024];
    let (mut used, mut cut) = (0usize, false);
    loop {
        let got = read(&file, buffer.get_mut(used..).unwrap_or_default())?;
        used += got;
        let filled = buffer.get(..used).unwrap_or_default();
        let mut start = 0;
        while let Some(len) = filled.get(start..).and_then(|rest| rest.iter().position(|octet| *octet == b'\n')) {
            let line = filled.get(start..start + len).unwrap_or_default();
            if !core::mem::take(&mut cut) && !each(line) {
                return Ok(());
            }
            start += len + 1;
        }
        if got == 0 {
            if start < used && !cut {
                each(filled.get(start..).unwrap_or_default());
            }
            return Ok(());
        }
        if start == 0 && used == buffer.len() {
            if !cut && !each(filled) {
                return Ok(());
            }
            (used, cut) = (0, true);
        } else {
            buffer.copy_within(start..used, 0);
            used -= start;
        }
    }
}
