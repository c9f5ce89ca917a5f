//! The lease file on the disk: opened once, while we still may, and changed in
//! place or replaced whole. The text is that of the core.
//!
//! What is promised to a client is on the medium before the promise leaves:
//! `settle` is called before any datagram is sent. A new whole file is written
//! beside the old one and takes its name. Where that cannot be done (a bind
//! mount of one file, a directory that is not ours), the whole text is first
//! appended, then written over the beginning: a power cut at any point leaves
//! each lease in the file at least once, and the last line of an address counts.
//! Only where the disk has no room for both texts is the old one written over.
//! On a medium that is read-only at start the leases are read, the server works on,
//! and the file is written whole once that can be done.

use crate::base::bytes::Writer;
use crate::daemon::core::{Core, LeaseCursor};
use crate::platform::files;
use crate::platform::sys::{self, Errno};
use std::ffi::{CStr, CString};
use std::os::fd::OwnedFd;

/// Octets of text taken from the core at once.
const CHUNK: usize = 4096;

const _: () = assert!(CHUNK >= crate::store::lease_file::LINES_MAX);

/// Permissions of a file that we make.
const MODE: u32 = 0o644;

/// The lease file.
pub struct LeaseDisk {
    path: Box<CStr>,
    /// The new file beside it, and the directory of both.
    beside: Box<CStr>,
    directory: Box<CStr>,
    file: Option<OwnedFd>,
    end: u64,
    /// Permissions of a new file: those of the one it replaces.
    mode: u32,
    in_place: bool,
    /// It has no length and is not kept: nothing to cut, nothing to wait for.
    is_device: bool,
    rewrite: bool,
    unsettled: bool,
    /// Its medium was read-only: it is open for reading, if it exists.
    read_only: bool,
    failure: Option<Errno>,
}

impl LeaseDisk {
    /// No file: leases are kept in memory only.
    pub fn none() -> Self {
        LeaseDisk {
            path: Box::default(),
            beside: Box::default(),
            directory: Box::default(),
            file: None,
            end: 0,
            mode: 0,
            in_place: true,
            is_device: false,
            rewrite: false,
            unsettled: false,
            read_only: false,
            failure: None,
        }
    }

    /// Opens the file, or makes an empty one.
    ///
    /// Quirk: dnsmasq ends where the medium is read-only; a router whose flash went
    /// bad had better go on answering.
    pub fn open(path: &CStr) -> Result<Self, Errno> {
        let (file, read_only) = match files::open_update(path, MODE) {
            Err(sys::EROFS) => (files::open_read(path).ok(), true),
            opened => (Some(opened?), false),
        };
        let info = file.as_ref().map(files::info).transpose()?;
        let is_regular = info.as_ref().is_none_or(|info| info.is_regular());
        let text = path.to_bytes();
        let slash = text.iter().rposition(|octet| *octet == b'/').map_or(0, |at| at + 1);
        let directory = match text.get(..slash).unwrap_or_default() {
            [] => &b"."[..],
            directory => directory,
        };
        let is_link = files::read_link(path, &mut [0; 8]).is_ok();
        Ok(LeaseDisk {
            path: path.into(),
            beside: c_string(&[text, b".new"].concat()),
            directory: c_string(directory),
            file,
            end: info.as_ref().map_or(0, |info| info.size),
            mode: info.map_or(MODE, |info| info.mode & 0o777),
            // Never put a file in the place of /dev/null.
            in_place: is_link || !is_regular,
            is_device: !is_regular,
            read_only,
            failure: read_only.then_some(sys::EROFS),
            ..Self::none()
        })
    }

    /// The open file, to be read at start.
    pub fn file(&self) -> Option<&OwnedFd> {
        self.file.as_ref()
    }

    /// Overwrites octets; the client asks again, so this may be lost.
    pub fn write_at(&mut self, offset: u64, bytes: &[u8]) {
        if let (Some(file), false) = (&self.file, self.rewrite || self.read_only) {
            let done = files::write_at(file, bytes, offset);
            self.note(done);
        }
    }

    /// Appends a line.
    pub fn append(&mut self, bytes: &[u8]) {
        if let (Some(file), false) = (&self.file, self.rewrite || self.read_only) {
            let done = files::write_at(file, bytes, self.end);
            self.end = self.end.saturating_add(bytes.len() as u64);
            self.unsettled = true;
            self.note(done);
        }
    }

    /// The whole file is to be written before anything leaves.
    pub fn rewrite(&mut self) {
        self.rewrite = true;
    }

    fn note(&mut self, done: Result<(), Errno>) {
        if let Err(errno) = done {
            self.failure.get_or_insert(errno);
        }
    }

    /// Puts everything said so far on the medium. Something when the state
    /// changed that the engine should know: a whole file was written, or a
    /// change failed.
    pub fn settle(&mut self, core: &mut Core) -> Option<Result<(), Errno>> {
        if self.file.is_none() && !self.read_only {
            return None;
        }
        let mut whole = false;
        if core::mem::take(&mut self.rewrite) {
            let done = self.write_whole(core);
            whole = done.is_ok();
            self.unsettled = false;
            self.note(done);
        }
        if core::mem::take(&mut self.unsettled) {
            let done = self.file.as_ref().filter(|_| !self.is_device).map_or(Ok(()), files::sync);
            self.note(done);
        }
        match self.failure.take() {
            Some(errno) => Some(Err(errno)),
            None => whole.then_some(Ok(())),
        }
    }

    fn write_whole(&mut self, core: &mut Core) -> Result<(), Errno> {
        if !self.in_place {
            match self.replace(core) {
                Ok(()) => return Ok(()),
                Err(sys::ENOSPC) => {}
                Err(errno @ sys::EROFS) => return Err(errno),
                Err(_) => self.in_place = true,
            }
        }
        if self.read_only {
            self.file = Some(files::open_update(&self.path, self.mode)?);
            self.read_only = false;
        }
        let Some(file) = &self.file else { return Ok(()) };
        if self.is_device {
            return write_text(file, core, 0).map(|_| ());
        }
        // Twice the same text: what the core remembers of it is its last place.
        let end = files::info(file)?.size;
        match write_text(file, core, end).and_then(|_| files::sync(file)) {
            // No room for both: what is there gives way, or nothing that
            // changes would ever be kept again.
            Err(sys::ENOSPC) => files::set_len(file, end)?,
            done => done?,
        }
        self.end = write_text(file, core, 0)?;
        files::set_len(file, self.end)?;
        files::sync(file)
    }

    fn replace(&mut self, core: &mut Core) -> Result<(), Errno> {
        // What somebody else put there is neither written to nor kept.
        let _ = files::remove(&self.beside);
        let new = files::create_new(&self.beside, self.mode)?;
        let done = write_text(&new, core, 0).and_then(|end| {
            files::sync(&new)?;
            files::rename(&self.beside, &self.path)?;
            Ok(end)
        });
        match done {
            Ok(end) => {
                self.file = Some(new);
                self.end = end;
                self.read_only = false;
                // The directory may not be readable for us: nothing more to do.
                let _ = files::sync_directory(&self.directory);
                Ok(())
            }
            Err(errno) => {
                let _ = files::remove(&self.beside);
                Err(errno)
            }
        }
    }
}

/// Writes the whole text from `offset` on; where it ends.
fn write_text(file: &OwnedFd, core: &mut Core, offset: u64) -> Result<u64, Errno> {
    let mut chunk = [0; CHUNK];
    let mut cursor = LeaseCursor::default();
    let mut at = offset;
    loop {
        let mut out = Writer::new(&mut chunk);
        let more = core.lease_text(&mut cursor, &mut out);
        files::write_at(file, out.written(), at)?;
        at = at.saturating_add(out.len() as u64);
        if !more {
            return Ok(at);
        }
    }
}

/// A path made of octets that came out of a path.
fn c_string(text: &[u8]) -> Box<CStr> {
    CString::new(text).unwrap_or_default().into_boxed_c_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::hash::Key;
    use crate::base::net::HwAddr;
    use crate::base::random::Random;
    use crate::base::time::{Now, UnixTime};
    use crate::config::{Outcome, read_text};
    use std::net::Ipv4Addr;
    use std::os::unix::fs::PermissionsExt;

    fn core_with_leases(count: u8) -> Core {
        let mut random = Random::seeded(1);
        let text = b"dhcp-range=10.0.0.1,10.0.0.250\nport=0\n";
        let Outcome::Run(config, _) = read_text(text, "test", Key::new(&mut random)) else { panic!("refused") };
        let mut core = Core::new(config, random);
        for last in 1..=count {
            let leases = &mut core.world.leases;
            let id = leases.insert(Ipv4Addr::new(10, 0, 0, last)).unwrap();
            leases.set_hw(id, HwAddr::new(1, &[2, 0, 0, 0, 0, last]));
            leases.set_expiry(id, Some(3600), Now { wall: UnixTime(1_700_000_000), ..Now::default() });
        }
        core
    }

    struct Folder(std::path::PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("ironmasq-leases-{}-{name}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            Folder(path)
        }

        fn path(&self, name: &str) -> Box<CStr> {
            c_string(self.0.join(name).to_str().unwrap().as_bytes())
        }

        fn text(&self, name: &str) -> String {
            std::fs::read_to_string(self.0.join(name)).unwrap()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn line(last: u8) -> String {
        format!("1700003600 02:00:00:00:00:{last:02x} 10.0.0.{last} * *\n")
    }

    #[test]
    fn a_new_file_takes_the_place_of_the_old_one() {
        let folder = Folder::new("replace");
        std::fs::write(folder.0.join("leases"), "old\n").unwrap();
        std::fs::set_permissions(folder.0.join("leases"), std::fs::Permissions::from_mode(0o640)).unwrap();
        // Somebody lies in wait where the new file will be.
        std::fs::write(folder.0.join("trap"), "").unwrap();
        std::os::unix::fs::symlink("trap", folder.0.join("leases.new")).unwrap();
        let mut disk = LeaseDisk::open(&folder.path("leases")).unwrap();
        let before = files::info(disk.file().unwrap()).unwrap().inode;
        let mut core = core_with_leases(200);
        disk.rewrite();
        // What is said between the wish and its fulfilment is in the whole file.
        disk.append(b"no\n");
        assert_eq!(disk.settle(&mut core), Some(Ok(())));
        let text: String = (1..=200).map(line).collect();
        assert_eq!(folder.text("leases"), text);
        let after = files::info_of(&folder.path("leases")).unwrap();
        assert_ne!(after.inode, before);
        assert_eq!(after.mode & 0o777, 0o640);
        assert_eq!(folder.text("trap"), "");
        assert!(!folder.0.join("leases.new").exists());
        disk.append(b"more\n");
        disk.write_at(0, b"1800003600");
        assert_eq!(disk.settle(&mut core), None, "nothing that the engine waits for");
        assert_eq!(folder.text("leases"), format!("18{}more\n", &text[2..]));
    }

    #[test]
    fn behind_a_link_the_file_is_written_in_place_and_cut() {
        let folder = Folder::new("place");
        std::fs::write(folder.0.join("real"), "x".repeat(20_000)).unwrap();
        std::os::unix::fs::symlink("real", folder.0.join("leases")).unwrap();
        let mut disk = LeaseDisk::open(&folder.path("leases")).unwrap();
        let before = files::info(disk.file().unwrap()).unwrap().inode;
        disk.rewrite();
        assert_eq!(disk.settle(&mut core_with_leases(3)), Some(Ok(())));
        assert_eq!(folder.text("real"), [line(1), line(2), line(3)].concat());
        assert_eq!(files::info_of(&folder.path("real")).unwrap().inode, before);
    }

    #[test]
    fn a_full_disk_is_told_and_a_device_stays_one() {
        let mut disk = LeaseDisk::open(c"/dev/full").unwrap();
        disk.append(b"line\n");
        assert_eq!(disk.settle(&mut core_with_leases(1)), Some(Err(sys::ENOSPC)));
        disk.rewrite();
        assert_eq!(disk.settle(&mut core_with_leases(1)), Some(Err(sys::ENOSPC)));
        let mut nowhere = LeaseDisk::open(c"/dev/null").unwrap();
        nowhere.rewrite();
        assert_eq!(nowhere.settle(&mut core_with_leases(1)), Some(Ok(())));
        assert!(!files::info_of(c"/dev/null").unwrap().is_regular());
    }
}
