//! What reading files and greeting need of the world around the core: files and
//! the log. The program's are here and in `deliver`; the scenario runner and
//! the simulation have their own.

use crate::outbox::change::Errno;
use crate::outbox::lines::{Arg, Line};
use crate::platform::files;
use std::ffi::{CStr, CString};

/// Octets of a file read at once.
const PIECE: usize = 8192;

/// Writes a log line of the daemon itself.
pub type Say<'a> = &'a mut dyn FnMut(&Line, &[Arg]);

/// Where files are.
pub trait Files {
    /// Tells `each` the whole of a file, piece by piece.
    fn pieces(&self, path: &CStr, each: &mut dyn FnMut(&[u8])) -> Result<(), Errno>;

    /// The ordinary files of a directory in alphabetical order, without the
    /// leftovers of editors; nothing if it is no directory.
    fn directory(&self, path: &CStr) -> Option<Vec<CString>>;
}

/// The files of this machine.
pub struct Disk;

impl Files for Disk {
    fn pieces(&self, path: &CStr, each: &mut dyn FnMut(&[u8])) -> Result<(), Errno> {
        let file = files::open_read(path)?;
        let mut piece = [0; PIECE];
        loop {
            match files::read(&file, &mut piece)? {
                0 => return Ok(()),
                got => each(piece.get(..got).unwrap_or_default()),
            }
        }
    }

    fn directory(&self, path: &CStr) -> Option<Vec<CString>> {
        files::info_of(path).ok().filter(files::Info::is_directory)?;
        let mut found = Vec::new();
        let listed = files::entries(path, &mut |name| {
            let numbered = name.starts_with(b"#") && name.ends_with(b"#");
            if !name.starts_with(b".") && !name.ends_with(b"~") && !numbered {
                found.extend(CString::new([path.to_bytes(), b"/", name].concat()));
            }
        });
        listed.ok()?;
        found.retain(|path| files::info_of(path).is_ok_and(|info| info.is_regular()));
        found.sort_unstable();
        Some(found)
    }
}
