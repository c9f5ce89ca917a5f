//! Files in directories: those that a list of paths names, and the directories
//! that are watched (`hostsdir`, `dhcp-hostsdir`, `dhcp-optsdir`) by inotify.

use crate::config::{self, Config, Path};
use crate::daemon::failure::{Failure, OTHER};
use crate::daemon::outside::{Files, Say};
use crate::outbox::lines::{Arg, process};
use crate::platform::watch;
use std::ffi::{CStr, CString};
use std::os::fd::OwnedFd;

/// What the files of a directory hold.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// `hostsdir`: names for DNS.
    Names,
    /// `dhcp-optsdir`.
    DhcpOptions,
    /// `dhcp-hostsdir`.
    DhcpHosts,
}

/// The directories that are watched.
pub fn watched(config: &Config) -> impl Iterator<Item = (Content, &CStr)> {
    let lists = [
        (Content::Names, &config.dns.hosts_dirs),
        (Content::DhcpOptions, &config.dhcp.options_dirs),
        (Content::DhcpHosts, &config.dhcp.hosts_dirs),
    ];
    lists.into_iter().flat_map(|(content, list)| list.iter().rev().map(move |path| (content, &**path)))
}

/// Tells `each` the files of a list: plain ones, the last configured one first,
/// then those in directories.
pub fn each_file(files: &dyn Files, list: &[Path], each: &mut dyn FnMut(&CStr)) {
    let mut inside = Vec::new();
    for path in list.iter().rev() {
        match config::directory(files, path) {
            Some(found) => inside.extend(found),
            None => each(path),
        }
    }
    inside.iter().for_each(|path| each(path));
}

/// The files of a directory that is watched; none, and a line in the log, if it
/// is none.
pub fn inside(files: &dyn Files, say: Say, path: &CStr) -> Vec<CString> {
    config::directory(files, path).unwrap_or_else(|| {
        let why = files.entry(path).map_or_else(Arg::Errno, |_| Arg::Text(b"not a directory"));
        say(&process::BAD_DIRECTORY, &[Arg::Text(path.to_bytes()), why]);
        Vec::new()
    })
}

/// A file that was written, moved into a directory, or removed.
#[derive(PartialEq, Eq)]
pub struct Changed {
    /// What it holds.
    pub content: Content,
    /// Its path.
    pub path: CString,
    /// It is gone.
    pub removed: bool,
}

/// The watch over all of them.
#[derive(Default)]
pub struct Directories {
    watch: Option<OwnedFd>,
    /// Numbers of the watches and what they are of.
    list: Vec<(i32, Content, CString)>,
}

impl Directories {
    /// Opens the watch, if there is anything to watch.
    pub fn open(config: &Config) -> Result<Self, Failure> {
        if watched(config).next().is_none() {
            return Ok(Directories::default());
        }
        let watch = watch::open().map_err(|errno| Failure::system(OTHER, &[b"failed to create inotify"], errno))?;
        Ok(Directories { watch: Some(watch), list: Vec::new() })
    }

    /// What tells of changes.
    pub fn socket(&self) -> Option<&OwnedFd> {
        self.watch.as_ref()
    }

    /// Watches the directories that are there: at start and on SIGHUP.
    pub fn attach(&mut self, config: &Config) {
        let Some(watch) = &self.watch else { return };
        self.list.clear();
        for (content, path) in watched(config) {
            // One that is not there is told when its files are to be read.
            self.list.extend(watch::add_all(watch, path).map(|number| (number, content, path.to_owned())));
        }
    }

    /// What has changed since the last time, each file once.
    pub fn changed(&self) -> Vec<Changed> {
        let mut found = Vec::new();
        let Some(watch) = &self.watch else { return found };
        while !watch::events(watch, &mut |number, name, removed| {
            let of_watch = |entry: &&(i32, Content, CString)| entry.0 == number;
            for (_, content, directory) in self.list.iter().filter(of_watch) {
                let path = CString::new([directory.to_bytes(), b"/", name].concat());
                let path = path.ok().filter(|_| config::is_wanted_name(name));
                let new = path.map(|path| Changed { content: *content, path, removed });
                found.extend(new.filter(|new| !found.contains(new)));
            }
        }) {}
        found
    }
}
