//! Files that exist only in the test: text by path, with the attributes that
//! engines look at, and one lease file on a disk that can fail.

use ironmasq::base::time::UnixTime;
use ironmasq::base::time::Millis;
use ironmasq::config::{Entry, Kind, LookUp, Origin};
use ironmasq::daemon::outside;
use ironmasq::outbox::change::FileInfo;
use std::collections::BTreeMap;
use std::ffi::CStr;
use std::net::IpAddr;

const ENOENT: i32 = 2;
const EACCES: i32 = 13;
const ENOSPC: i32 = 28;

/// One file.
#[derive(Clone, Default)]
pub struct File {
    pub content: Vec<u8>,
    pub mtime: u64,
    pub private: bool,
    pub foreign: bool,
    pub directory: bool,
    pub denied: bool,
}

/// All files.
#[derive(Clone, Default)]
pub struct Files {
    pub all: BTreeMap<String, File>,
    /// The path of the lease file.
    pub lease_path: String,
    /// Writing the lease file fails.
    pub broken: bool,
    /// Octets of the lease file that were written last, all behind its end: a
    /// power cut may leave any part of them.
    pub torn: usize,
    /// What writing the lease file has cost.
    pub wear: Wear,
}

/// Writes to the lease file.
#[derive(Clone, Copy, Default)]
pub struct Wear {
    pub writes: u64,
    pub octets: u64,
    /// Octets of those that overwrote a part.
    pub in_place: u64,
    /// Whole files among the writes.
    pub rewrites: u64,
}

impl Files {
    pub fn put(&mut self, path: &str, content: impl Into<Vec<u8>>, mtime: u64) {
        let old = self.all.remove(path).unwrap_or_default();
        self.all.insert(path.into(), File { content: content.into(), mtime, ..old });
    }

    pub fn content(&self, path: &str) -> Vec<u8> {
        self.all.get(path).map(|file| file.content.clone()).unwrap_or_default()
    }

    pub fn info(&self, path: &str) -> Result<FileInfo, i32> {
        let (place, file) = self.all.iter().enumerate().find(|(_, (name, _))| *name == path.trim_end_matches('/')).ok_or(ENOENT)?;
        let file = file.1;
        if file.denied {
            return Err(EACCES);
        }
        Ok(FileInfo {
            size: file.content.len() as u64,
            device: 1,
            inode: place as u64 + 1,
            mtime: UnixTime(file.mtime),
            regular: !file.directory,
            directory: file.directory,
            world_readable: !file.private,
            own: !file.foreign,
            as_root: false,
        })
    }

    /// The lease file as it stands.
    pub fn lease_text(&self) -> String {
        String::from_utf8_lossy(&self.content(&self.lease_path)).into_owned()
    }

    /// Octets of it.
    pub fn lease_len(&self) -> u64 {
        self.all.get(&self.lease_path).map_or(0, |file| file.content.len() as u64)
    }

    fn lease(&mut self, octets: usize) -> Result<&mut Vec<u8>, i32> {
        if self.broken {
            return Err(ENOSPC);
        }
        self.wear.writes += 1;
        self.wear.octets += octets as u64;
        self.torn = 0;
        Ok(&mut self.all.entry(self.lease_path.clone()).or_default().content)
    }

    pub fn lease_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), i32> {
        self.wear.in_place += bytes.len() as u64;
        let content = self.lease(bytes.len())?;
        let from = offset as usize;
        if content.len() < from + bytes.len() {
            content.resize(from + bytes.len(), 0);
        }
        content[from..from + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    pub fn lease_append(&mut self, bytes: &[u8]) -> Result<(), i32> {
        self.lease(bytes.len())?.extend(bytes);
        self.torn = bytes.len();
        Ok(())
    }

    /// The power goes while an append is under way: `keep` octets of it stay.
    pub fn tear(&mut self, keep: usize) {
        let cut = self.torn.saturating_sub(keep);
        if let Some(file) = self.all.get_mut(&self.lease_path) {
            let len = file.content.len().saturating_sub(cut);
            file.content.truncate(len);
        }
        self.torn = 0;
    }

    pub fn lease_rewrite(&mut self, text: Vec<u8>) -> Result<(), i32> {
        self.wear.rewrites += 1;
        let len = text.len();
        *self.lease(len)? = text;
        Ok(())
    }
}

/// A file being read: a few octets at a time, no reader may rely on whole lines.
struct Cursor(Vec<u8>, usize);

impl outside::Source for Cursor {
    fn read(&mut self, room: &mut [u8]) -> Result<usize, i32> {
        let rest = &self.0[self.1..];
        let got = rest.len().min(room.len()).min(7);
        room[..got].copy_from_slice(&rest[..got]);
        self.1 += got;
        Ok(got)
    }

    fn left(&self) -> u64 {
        (self.0.len() - self.1) as u64
    }
}

impl outside::Sources for Files {
    fn open(&self, path: &CStr) -> Result<Box<dyn outside::Source>, i32> {
        let file = self.all.get(&*path.to_string_lossy()).ok_or(ENOENT)?;
        Ok(Box::new(Cursor(file.content.clone(), 0)))
    }

    fn ask(&self, host: &[u8]) -> Box<dyn outside::Question> {
        let found = match host {
            b"unknown.example" => Some(Vec::new()),
            b"nobody.tells.example" => None,
            _ => Some(vec![IpAddr::from([192, 0, 2, u8::try_from(host.len()).unwrap_or(0)])]),
        };
        Box::new(Slow(20, found))
    }
}

/// An answer that comes after so many looks.
struct Slow(u32, Option<Vec<IpAddr>>);

impl outside::Question for Slow {
    fn answer(&mut self, _: Millis) -> Option<Option<Vec<IpAddr>>> {
        self.0 -= 1;
        (self.0 == 0).then(|| self.1.clone())
    }
}

impl outside::Files for Files {
    fn pieces(&self, path: &CStr, each: &mut dyn FnMut(&[u8])) -> Result<(), i32> {
        let file = self.all.get(&*path.to_string_lossy()).ok_or(ENOENT)?;
        // Small pieces: no reader may rely on whole lines.
        file.content.chunks(7).for_each(each);
        Ok(())
    }

    fn text(&self, origin: Origin, each: &mut dyn FnMut(&[u8])) -> Result<u32, i32> {
        match origin {
            Origin::File(path) => self.pieces(path, each).map(|()| 0),
            Origin::Stdin | Origin::Command(_) => Err(ENOENT),
        }
    }

    fn entry(&self, path: &CStr) -> Result<Entry, i32> {
        let info = self.info(&path.to_string_lossy())?;
        let kind = if info.directory { Kind::Directory } else { Kind::File };
        Ok(Entry { kind, identity: (info.device, info.inode) })
    }

    fn names(&self, path: &CStr, each: &mut dyn FnMut(&[u8])) -> Result<(), i32> {
        let path = path.to_string_lossy();
        self.all.get(&*path).filter(|file| file.directory).ok_or(ENOENT)?;
        let inside = self.all.keys().filter_map(|name| name.strip_prefix(&*path)?.strip_prefix('/'));
        inside.filter(|name| !name.contains('/')).for_each(|name| each(name.as_bytes()));
        Ok(())
    }

    fn look_up(&self) -> LookUp {
        |_| None
    }
}
