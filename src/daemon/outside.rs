//! What reading files and greeting need of the world around the core: files and
//! the log. The program's are here and in `deliver`; the scenario runner and
//! the simulation have their own.

use crate::base::lines::Lines;
use crate::base::time::Millis;
pub use crate::config::Files;
use crate::config::{Entry, Kind, LookUp, Origin};
use crate::daemon::look_up;
use crate::outbox::change::Errno;
use crate::outbox::lines::{Arg, Line};
use crate::platform::{command, files};
use std::ffi::CStr;
use std::net::IpAddr;

/// Writes a log line of the daemon itself.
pub type Say<'a> = &'a mut dyn FnMut(&Line, &[Arg]);

/// A file that is read a piece at a time.
pub trait Source {
    /// Reads on; 0 at the end.
    fn read(&mut self, room: &mut [u8]) -> Result<usize, Errno>;

    /// Octets still to be read, as far as that is known.
    fn left(&self) -> u64;
}

impl Source for files::Whole {
    fn read(&mut self, room: &mut [u8]) -> Result<usize, Errno> {
        files::Whole::read(self, room)
    }

    fn left(&self) -> u64 {
        files::Whole::left(self)
    }
}

/// Files that may be read a piece at a time.
pub trait Sources: Files {
    /// Opens one.
    fn open(&self, path: &CStr) -> Result<Box<dyn Source>, Errno>;

    /// Asks for the addresses of a host.
    fn ask(&self, host: &[u8]) -> Box<dyn Question>;
}

/// A question for the addresses of a host that is under way.
pub trait Question {
    /// The answer, once it is there, as `LookUp` gives it. To be looked at often.
    fn answer(&mut self, now: Millis) -> Option<Option<Vec<IpAddr>>>;
}

/// Tells `each` the lines of a file, of any length.
pub fn each_line(files: &dyn Files, path: &CStr, each: &mut dyn FnMut(&[u8])) -> Result<(), Errno> {
    let mut lines = Lines::default();
    files.pieces(path, &mut |piece| lines.feed(piece, each))?;
    lines.end(each);
    Ok(())
}

/// The files of this machine.
pub struct Disk;

impl Sources for Disk {
    fn open(&self, path: &CStr) -> Result<Box<dyn Source>, Errno> {
        Ok(Box::new(files::Whole::of(files::open_read(path)?)))
    }

    fn ask(&self, host: &[u8]) -> Box<dyn Question> {
        Box::new(look_up::Asking::new(host))
    }
}

impl Files for Disk {
    fn pieces(&self, path: &CStr, each: &mut dyn FnMut(&[u8])) -> Result<(), Errno> {
        files::read_all(files::open_read(path)?, each)
    }

    fn text(&self, origin: Origin, each: &mut dyn FnMut(&[u8])) -> Result<u32, Errno> {
        let file = match origin {
            Origin::File(path) => files::open_wait(path),
            Origin::Stdin => files::copy_stdin(),
            Origin::Command(line) => return command::output(line, each),
        };
        files::read_all(file?, each).map(|()| 0)
    }

    fn entry(&self, path: &CStr) -> Result<Entry, Errno> {
        let info = files::info_of(path)?;
        let kind = match info {
            _ if info.is_regular() => Kind::File,
            _ if info.is_directory() => Kind::Directory,
            _ => Kind::Other,
        };
        Ok(Entry { kind, identity: (info.device, info.inode) })
    }

    fn names(&self, path: &CStr, each: &mut dyn FnMut(&[u8])) -> Result<(), Errno> {
        files::entries(path, each)
    }

    fn look_up(&self) -> LookUp {
        look_up::addresses
    }
}
