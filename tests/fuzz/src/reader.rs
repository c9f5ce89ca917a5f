//! The whole reader of configurations: a command line, and files, directories
//! and commands that are in the input too.
//!
//! The input is a text. Its first lines are the words of the command line; a line
//! `== NAME` begins the file of that name (or what the command of that name
//! writes, or, as `-`, standard input). Whatever it says, reading comes to an end
//! in memory that the input pays for.

use crate::counting;
use ironmasq::base::errno::{EIO, ENOENT};
use ironmasq::base::hash::Key;
use ironmasq::base::random::Random;
use ironmasq::config::{self, Entry, Errno, Files, Kind, LookUp, Origin, Outcome};
use std::cell::Cell;
use std::ffi::CStr;
use std::net::IpAddr;

/// Octets that all texts together tell: commands may be run again and again.
const TOLD_MAX: usize = 16 * 1024;

/// Octets of memory that reading takes anyway, and for each octet of text: one
/// line of 20 may stand for 128 zones, in a list that doubles as it grows.
const MEMORY: usize = 256 * 1024;
const MEMORY_EACH: usize = 400;

struct World<'a> {
    files: Vec<(&'a [u8], &'a [u8])>,
    told: Cell<usize>,
}

impl World<'_> {
    fn file(&self, path: &CStr) -> Option<usize> {
        self.files.iter().position(|(name, _)| *name == path.to_bytes())
    }

    fn tell(&self, place: Option<usize>, each: &mut dyn FnMut(&[u8])) -> Result<u32, Errno> {
        let (_, text) = self.files[place.ok_or(ENOENT)?];
        self.told.set(self.told.get() + text.len() + 1);
        if self.told.get() > TOLD_MAX {
            return Err(EIO);
        }
        text.chunks(7).for_each(each);
        Ok(text.first().map_or(0, |first| u32::from(*first == b'!') << 8))
    }

    /// What stands in a directory.
    fn inside<'s>(&'s self, path: &'s CStr) -> impl Iterator<Item = &'s [u8]> {
        let behind = |name: &&'s [u8]| name.strip_prefix(path.to_bytes())?.strip_prefix(b"/");
        self.files.iter().filter_map(move |(name, _)| behind(name)).filter(|name| !name.contains(&b'/'))
    }
}

impl Files for World<'_> {
    fn pieces(&self, path: &CStr, each: &mut dyn FnMut(&[u8])) -> Result<(), Errno> {
        self.tell(self.file(path), each).map(|_| ())
    }

    fn text(&self, origin: Origin, each: &mut dyn FnMut(&[u8])) -> Result<u32, Errno> {
        self.tell(
            match origin {
                Origin::File(path) | Origin::Command(path) => self.file(path),
                Origin::Stdin => self.file(c"-"),
            },
            each,
        )
    }

    fn entry(&self, path: &CStr) -> Result<Entry, Errno> {
        match self.file(path) {
            Some(place) => Ok(Entry { kind: Kind::File, identity: (0, place as u64) }),
            None if self.inside(path).next().is_some() => Ok(Entry { kind: Kind::Directory, identity: (1, 0) }),
            None => Err(ENOENT),
        }
    }

    fn names(&self, path: &CStr, each: &mut dyn FnMut(&[u8])) -> Result<(), Errno> {
        self.inside(path).for_each(each);
        Ok(())
    }

    fn look_up(&self) -> LookUp {
        |name| (name.len() % 2 == 0).then(|| vec![IpAddr::from([10, 0, 0, 1]), IpAddr::from([0; 16])])
    }
}

/// Reads the command line and the files of an input.
pub fn run(bytes: &[u8]) {
    let mut args: Vec<&[u8]> = Vec::new();
    let mut files: Vec<(&[u8], &[u8])> = Vec::new();
    let mut start = 0;
    for line in bytes.split_inclusive(|octet| *octet == b'\n') {
        let at = start;
        start += line.len();
        let plain = line.strip_suffix(b"\n").unwrap_or(line);
        match (plain.strip_prefix(b"== "), files.last_mut()) {
            // No path has a zero in it.
            (Some(name), _) if !name.contains(&0) => files.push((name, &bytes[start..start])),
            (_, Some((_, text))) => {
                let from = at - text.len();
                *text = &bytes[from..start];
            }
            (_, None) => args.push(plain),
        }
    }
    let world = World { files, told: Cell::new(0) };
    let before = counting::begin();
    let key = Key::new(&mut Random::seeded(1));
    match config::read(&args, key, &world) {
        Outcome::Refused { messages, exit } => {
            assert!(exit != 0 && !messages.is_empty());
            assert!(messages.iter().all(|message| !message.is_empty()));
        }
        Outcome::Help(text) => assert!(!text.is_empty()),
        Outcome::Run(..) | Outcome::Test(..) | Outcome::Version => {}
    }
    let words: usize = args.iter().map(|word| word.len() + 1).sum();
    let most = MEMORY + MEMORY_EACH * (world.told.get().min(TOLD_MAX) + words);
    let took = counting::peak() - before;
    assert!(took <= most, "{took} octets of memory for {} of text", world.told.get() + words);
}
