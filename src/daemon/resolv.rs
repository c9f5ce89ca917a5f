//! The resolv files: watched by inotify (their directories, since the files
//! come and go), or looked at once a second where that cannot be had; read when
//! they change. Of several the one changed last is used.

use crate::base::time::{Due, Millis, Why};
use crate::config::Config;
use crate::daemon::core::Core;
use crate::daemon::failure::{Failure, OTHER};
use crate::dns::resolv;
use crate::limits;
use crate::outbox::change::Change;
use crate::outbox::lines::{Arg, process};
use crate::platform::files::{self, Info};
use crate::platform::{sys, watch};
use arrayvec::ArrayVec;
use std::ffi::{CStr, CString};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;

/// Symbolic links followed, as Linux does.
const LINKS_MAX: usize = 20;

/// Milliseconds between two looks without inotify.
const LOOK_EVERY_MS: u64 = 1000;

/// One resolv file.
struct File {
    path: Box<CStr>,
    /// Watch of its directory, and its name there.
    watch: i32,
    name: Box<[u8]>,
    seen: Option<Info>,
    missing_told: bool,
}

/// All of them.
pub struct Resolv {
    watch: Option<OwnedFd>,
    files: Box<[File]>,
    poll: bool,
    next_look: Option<Millis>,
    empty_told: bool,
}

impl Resolv {
    /// Those of the configuration; none are read yet.
    pub fn new(config: &Config) -> Self {
        let on = config.listen.port != 0;
        let files = config.dns.resolv_files.iter().filter(|_| on).map(|path| File {
            path: path.clone(),
            watch: -1,
            name: Box::default(),
            seen: None,
            missing_told: false,
        });
        Resolv {
            watch: None,
            files: files.collect(),
            poll: !config.dns.no_poll,
            next_look: None,
            empty_told: false,
        }
    }

    /// Starts to watch. The directories must exist, the files need not.
    pub fn start(&mut self) -> Result<(), Failure> {
        if !self.poll || self.files.is_empty() {
            return Ok(());
        }
        let Ok(watch) = watch::open() else {
            self.next_look = Some(Millis(0));
            return Ok(());
        };
        for file in &mut self.files {
            let target = follow_links(&file.path).ok_or_else(|| {
                Failure::new(OTHER, &[b"too many symlinks following ", file.path.to_bytes()])
            })?;
            let text = target.to_bytes();
            let slash = text.iter().rposition(|octet| *octet == b'/');
            let (directory, name) = match slash {
                Some(0) => (&b"/"[..], text.get(1..)),
                Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..)),
                None => (&b"."[..], Some(text)),
            };
            file.name = name.unwrap_or_default().into();
            let path = CString::new(directory).unwrap_or_default();
            file.watch = watch::add(&watch, &path).map_err(|errno| match errno {
                // Quirk: the file is called the directory; scripts look for its name.
                sys::ENOENT | sys::ENOTDIR => Failure::new(
                    OTHER,
                    &[b"directory ", file.path.to_bytes(), b" for resolv-file is missing, cannot poll"],
                ),
                errno => {
                    Failure::system(OTHER, &[b"failed to create inotify for ", file.path.to_bytes()], errno)
                }
            })?;
        }
        self.watch = Some(watch);
        Ok(())
    }

    /// What tells of changes.
    pub fn socket(&self) -> Option<&OwnedFd> {
        self.watch.as_ref()
    }

    /// When the files are looked at next, where nothing tells.
    pub fn next_due(&self) -> Option<Due> {
        self.next_look.map(|at| Due { at, why: Why::Files })
    }

    /// Takes in what happened in the directories; true if it concerns us.
    pub fn changed(&mut self) -> bool {
        let Some(watch) = &self.watch else { return false };
        let mut concerned = false;
        let files = &self.files;
        while !watch::events(watch, &mut |number, name, _| {
            concerned |= files.iter().any(|file| file.watch == number && *file.name == *name);
        }) {}
        concerned
    }

    /// Looks at the files and reads the one that changed last, if any did.
    /// `anew`: as if none had been seen before.
    pub fn look(&mut self, core: &mut Core, anew: bool, now: crate::base::time::Now) {
        if self.next_look.is_some() {
            self.next_look = Some(now.mono.plus_ms(LOOK_EVERY_MS));
        }
        let mut again = anew;
        let mut newest: Option<(usize, Info)> = None;
        // A second pass is for a file that has gone: the others are compared
        // afresh.
        for _ in 0..2 {
            let mut gone = false;
            newest = None;
            for (at, file) in self.files.iter_mut().enumerate() {
                match files::info_of(&file.path) {
                    Err(errno) => {
                        // At start a file may well come later.
                        if !anew && !core::mem::replace(&mut file.missing_told, true) {
                            let path = Arg::Text(file.path.to_bytes());
                            core.outbox.log(&process::NO_RESOLV, &[path, Arg::Errno(errno)]);
                        }
                        gone |= file.seen.take().is_some();
                    }
                    Ok(info) => {
                        file.missing_told = false;
                        let changed = again || file.seen != Some(info);
                        let newer = newest.is_none_or(|(_, other)| info.changed_after(&other));
                        file.seen = Some(info);
                        if changed && newer {
                            newest = Some((at, info));
                        }
                    }
                }
            }
            if again || !gone {
                break;
            }
            again = true;
        }
        if let Some((at, _)) = newest {
            self.read(core, at, now);
        }
    }

    fn read(&mut self, core: &mut Core, at: usize, now: crate::base::time::Now) {
        let Some(file) = self.files.get_mut(at) else { return };
        let path = Arg::Text(file.path.to_bytes());
        let mut servers: ArrayVec<SocketAddr, { limits::RESOLV_SERVERS_MAX }> = ArrayVec::new();
        let interfaces = &core.world.interfaces;
        let scope = |name: &[u8]| interfaces.named(name).map_or(0, |known| known.index);
        let read = files::lines(&file.path, &mut |line| {
            if let Some(server) = resolv::server(line, scope) {
                let _ = servers.try_push(server);
            }
            !servers.is_full()
        });
        if let Err(errno) = read {
            file.seen = None;
            core.outbox.log(&process::NOT_READ, &[path, Arg::Errno(errno)]);
            return;
        }
        if servers.is_empty() {
            file.seen = None;
            if !core::mem::replace(&mut self.empty_told, true) {
                core.outbox.log(&process::NO_SERVERS, &[path]);
            }
        } else {
            // Quirk: what nobody watches is read without a word.
            if self.poll {
                core.outbox.log(&process::READING, &[path]);
            }
            self.empty_told = false;
        }
        core.change(Change::Resolv { servers: &servers }, now);
    }
}

/// The path behind symbolic links; nothing when there are too many.
fn follow_links(path: &CStr) -> Option<CString> {
    let mut current = path.to_owned();
    for _ in 0..LINKS_MAX {
        let mut room = [0; 1024];
        let Ok(target) = files::read_link(&current, &mut room) else { return Some(current) };
        let text = current.to_bytes();
        let base = match target.first() {
            Some(b'/') => &[][..],
            _ => text.get(..text.iter().rposition(|octet| *octet == b'/').map_or(0, |at| at + 1))?,
        };
        current = CString::new([base, target].concat()).ok()?;
    }
    None
}
