//! What reading needs of the world: files, a command's output, standard input,
//! directories. The daemon has those of the machine, tests their own; nothing
//! here opens anything.

use crate::base::errno::ENOENT;
use std::ffi::{CStr, CString};
use std::net::IpAddr;

/// A system error number.
pub type Errno = i32;

/// Whence a text comes that is read to its end, however long it takes.
#[derive(Clone, Copy)]
pub enum Origin<'a> {
    /// A file, which may be a pipe.
    File(&'a CStr),
    /// Standard input.
    Stdin,
    /// What a command line of the shell writes to its standard output.
    Command(&'a CStr),
}

/// What stands at a path.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An ordinary file.
    File,
    /// A directory.
    Directory,
    /// Anything else.
    Other,
}

/// What is known of a path, links followed.
#[derive(Clone, Copy)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// Device and number there: two paths of one file have the same.
    pub identity: (u64, u64),
}

/// Finds the addresses of a host: an empty list if there is no such host, nothing
/// if nobody can tell.
pub type LookUp = fn(&[u8]) -> Option<Vec<IpAddr>>;

/// How the addresses of hosts are found while a configuration is read.
pub enum Hosts {
    /// By asking, and waiting for the answer.
    Ask(LookUp),
    /// Those that are known by now. Of the others it is noted that they are wanted.
    Known { known: Vec<(Box<[u8]>, Option<Vec<IpAddr>>)>, wanted: Vec<Box<[u8]>> },
}

impl Default for Hosts {
    fn default() -> Self {
        Hosts::Known { known: Vec::new(), wanted: Vec::new() }
    }
}

impl Hosts {
    /// The addresses of a host, as `LookUp` tells them.
    pub fn find(&mut self, host: &[u8]) -> Option<Vec<IpAddr>> {
        match self {
            Hosts::Ask(look_up) => look_up(host),
            Hosts::Known { known, wanted } => match known.iter().find(|(name, _)| **name == *host) {
                Some((_, addrs)) => addrs.clone(),
                None => {
                    wanted.push(host.into());
                    None
                }
            },
        }
    }
}

/// The door to the world.
pub trait Files {
    /// Tells `each` the whole of a file, piece by piece. A pipe that has
    /// nothing to say yet is an error.
    fn pieces(&self, path: &CStr, each: &mut dyn FnMut(&[u8])) -> Result<(), Errno>;

    /// Tells `each` a whole text, piece by piece, waiting for it. Returns the
    /// wait status of a command, 0 for anything else.
    fn text(&self, origin: Origin, each: &mut dyn FnMut(&[u8])) -> Result<u32, Errno>;

    /// What stands at a path.
    fn entry(&self, path: &CStr) -> Result<Entry, Errno>;

    /// Tells `each` the names in a directory, in any order.
    fn names(&self, path: &CStr, each: &mut dyn FnMut(&[u8])) -> Result<(), Errno>;

    /// What finds the addresses of a host, waiting for answers.
    fn look_up(&self) -> LookUp;
}

/// The ordinary files of a directory in alphabetical order, without the
/// leftovers of editors; nothing if it is no directory.
pub fn directory(files: &dyn Files, path: &CStr) -> Option<Vec<CString>> {
    files.entry(path).ok().filter(|entry| entry.kind == Kind::Directory)?;
    let mut found = Vec::new();
    inside(files, path, &is_wanted_name, &mut |path, entry| {
        if entry.is_ok_and(|entry| entry.kind == Kind::File) {
            found.push(path);
        }
    })
    .ok()?;
    Some(found)
}

/// False for the names of editors' leftovers.
pub fn is_wanted_name(name: &[u8]) -> bool {
    super::confdir::is_wanted(name, super::lexer::Items::default())
}

/// Tells `each` the paths of a directory whose names are wanted, in byte order,
/// and what stands there.
pub fn inside(
    files: &dyn Files,
    path: &CStr,
    is_wanted: &dyn Fn(&[u8]) -> bool,
    each: &mut dyn FnMut(CString, Result<Entry, Errno>),
) -> Result<(), Errno> {
    let mut found: Vec<CString> = Vec::new();
    files.names(path, &mut |name| {
        if is_wanted(name) {
            found.push(CString::new([path.to_bytes(), b"/", name].concat()).unwrap_or_default());
        }
    })?;
    found.sort_unstable();
    for path in found {
        let entry = files.entry(&path);
        each(path, entry);
    }
    Ok(())
}

/// No files at all: for a configuration that is a text alone.
pub struct Nowhere;

impl Files for Nowhere {
    fn pieces(&self, _: &CStr, _: &mut dyn FnMut(&[u8])) -> Result<(), Errno> {
        Err(ENOENT)
    }

    fn text(&self, _: Origin, _: &mut dyn FnMut(&[u8])) -> Result<u32, Errno> {
        Err(ENOENT)
    }

    fn entry(&self, _: &CStr) -> Result<Entry, Errno> {
        Err(ENOENT)
    }

    fn names(&self, _: &CStr, _: &mut dyn FnMut(&[u8])) -> Result<(), Errno> {
        Err(ENOENT)
    }

    fn look_up(&self) -> LookUp {
        |_| None
    }
}
