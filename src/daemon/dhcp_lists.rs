//! Hosts and options of DHCP beside those of the configuration: `dhcp-hostsfile`,
//! `dhcp-optsfile` and /etc/ethers, and the directories that are watched. Read at
//! start and on SIGHUP; of a directory the files that change are read at once,
//! and what they say is added to what is known.

use crate::base::bytes::Writer;
use crate::base::lines::Lines;
use crate::base::text;
use crate::config::{self, DhcpOption, Host};
use crate::daemon::core::Core;
use crate::daemon::directories::{self, Changed, Content};
use crate::daemon::outside::{Files, Say, Source, Sources, each_line};
use crate::daemon::reload::PIECE;
use crate::dhcp4;
use crate::outbox::change::Errno;
use crate::outbox::lines::{Arg, process};
use std::ffi::{CStr, CString};
use std::net::Ipv4Addr;

/// Files being read, a piece at a time.
pub struct Reading {
    /// What is still to be read, the next one last.
    places: Vec<Place>,
    file: Option<File>,
    /// What a file says is added to what is known; else all of it takes its place.
    adds: bool,
    tags: Vec<Box<[u8]>>,
    hosts: Vec<Host>,
    options: Vec<DhcpOption>,
    /// Addresses that hosts have, ascending.
    taken: Vec<Ipv4Addr>,
}

/// A file, or a directory with files.
struct Place {
    path: CString,
    content: Content,
    /// It is a directory that is watched, or lies in one.
    watched: bool,
    directory: bool,
}

/// A file that is read.
struct File {
    place: Place,
    source: Result<Box<dyn Source>, Errno>,
    lines: Lines,
    number: u64,
    /// Address, line and number of each host that it gives an address.
    places: Vec<(Ipv4Addr, u64, usize)>,
}

impl Reading {
    /// Start and SIGHUP: everything. What is wrong in a line is told and the line
    /// skipped.
    pub fn all(core: &Core, files: &dyn Sources) -> Self {
        let config = &*core.config;
        let dhcp = &config.dhcp;
        let mut reading = Reading::new(core, false);
        if core.dhcp4.is_some() {
            reading.take(&dhcp.hosts);
            let places = &mut reading.places;
            let mut add = |path: &CStr, content, directory| {
                places.push(Place { path: path.into(), content, watched: directory, directory });
            };
            directories::each_file(files, &dhcp.hosts_files, &mut |path| add(path, Content::DhcpHosts, false));
            directories::each_file(files, &dhcp.options_files, &mut |path| add(path, Content::DhcpOptions, false));
            let watched = directories::watched(config).filter(|(content, _)| *content != Content::Names);
            watched.for_each(|(content, path)| add(path, content, true));
            places.reverse();
        }
        reading
    }

    /// Files in directories that are watched were written: what each says is added.
    pub fn changed(core: &Core, changed: &[Changed]) -> Self {
        let mut reading = Reading::new(core, true);
        let written = changed.iter().rev().filter(|file| file.content != Content::Names && !file.removed);
        reading.places.extend(written.map(|file| Place {
            path: file.path.clone(),
            content: file.content,
            watched: true,
            directory: false,
        }));
        reading
    }

    fn new(core: &Core, adds: bool) -> Self {
        Reading {
            places: Vec::new(),
            file: None,
            adds,
            tags: core.config.dhcp.tags.to_vec(),
            hosts: Vec::new(),
            options: Vec::new(),
            taken: Vec::new(),
        }
    }

    /// These hosts have their addresses.
    fn take(&mut self, hosts: &[Host]) {
        self.taken = hosts.iter().filter_map(|host| host.addr).collect();
        self.taken.sort_unstable();
    }

    /// A unit of work; true when everything is read and in force.
    pub fn unit(&mut self, core: &mut Core, files: &dyn Sources, say: Say) -> bool {
        let Some(server) = &core.dhcp4 else { return true };
        if self.file.is_none() {
            match self.places.pop() {
                Some(place) if place.directory => {
                    let inside = directories::inside(files, say, &place.path).into_iter().rev();
                    self.places.extend(inside.map(|path| Place { path, directory: false, ..place }));
                }
                Some(place) => self.open(server, files, place, say),
                None if self.adds => return true,
                None => {
                    self.replace(core, files, say);
                    return true;
                }
            }
            return false;
        }
        let Reading { file: Some(file), adds, tags, hosts, options, .. } = self else { return false };
        let File { place, source, lines, number, places } = file;
        let shown = Arg::Text(place.path.to_bytes());
        let mut piece = [0; PIECE];
        let got = source.as_mut().map_err(|errno| *errno).and_then(|source| source.read(&mut piece));
        let mut each = |line: &[u8]| {
            *number += 1;
            let said = match place.content {
                Content::DhcpOptions => config::dhcp_option_line(line, tags).map(|option| options.extend(option)),
                _ => config::dhcp_host_line(line, tags).map(|host| {
                    if let Some(host) = host.filter(|host| !*adds || !server.knows(host)) {
                        places.extend(host.addr.map(|addr| (addr, *number, hosts.len())));
                        hosts.push(host);
                    }
                }),
            };
            if let Err(what) = said {
                say(&process::BAD_LINE, &[Arg::Text(what.as_bytes()), Arg::Number(*number), shown]);
            }
        };
        match got {
            Ok(0) => core::mem::take(lines).end(&mut each),
            Ok(got) => {
                lines.feed(piece.get(..got).unwrap_or_default(), &mut each);
                return false;
            }
            Err(_) => {}
        }
        let Some(File { place: Place { path, watched, .. }, places, .. }) = self.file.take() else { return false };
        self.drop_doubles(places, &path, say);
        let shown = Arg::Text(path.to_bytes());
        match got {
            Err(errno) => say(&process::CANNOT_READ, &[shown, Arg::Errno(errno)]),
            Ok(_) if watched => {}
            Ok(_) => say(&process::READ_DHCP, &[shown]),
        }
        if self.adds {
            self.add(core);
        }
        false
    }

    fn open(&mut self, server: &dhcp4::Server, files: &dyn Sources, place: Place, say: Say) {
        // Quirk: such a file is called read before it is.
        if place.watched {
            say(&process::READ_DHCP, &[Arg::Text(place.path.to_bytes())]);
        }
        if self.adds {
            self.take(&server.hosts());
        }
        let source = files.open(&place.path);
        self.file = Some(File { place, source, lines: Lines::default(), number: 0, places: Vec::new() });
    }

    /// Puts everything in force, in the place of what there was.
    fn replace(&mut self, core: &mut Core, files: &dyn Sources, say: Say) {
        let dhcp = &mut core.config.dhcp;
        let mut hosts = self.newest_hosts();
        hosts.extend_from_slice(&dhcp.hosts);
        if dhcp.read_ethers {
            ethers(&mut hosts, files, say);
        }
        let mut options = core::mem::take(&mut self.options);
        options.reverse();
        let count = options.len();
        options.extend_from_slice(dhcp.options.get(dhcp.options_read..).unwrap_or_default());
        (dhcp.options, dhcp.options_read, dhcp.tags) = (options.into(), count, self.tags.clone().into());
        set_hosts(core, hosts);
    }

    /// Adds what a file says to what is known.
    fn add(&mut self, core: &mut Core) {
        let mut all = self.newest_hosts();
        all.extend(core.dhcp4.iter().flat_map(|server| server.hosts()));
        let mut options = core::mem::take(&mut self.options);
        let dhcp = &mut core.config.dhcp;
        options.retain(|option| !dhcp.options.contains(option));
        options.reverse();
        dhcp.options_read += options.len();
        options.extend_from_slice(&dhcp.options);
        (dhcp.options, dhcp.tags) = (options.into(), self.tags.clone().into());
        set_hosts(core, all);
    }

    /// What was read, as with lines of the configuration the last one first.
    fn newest_hosts(&mut self) -> Vec<Host> {
        let mut hosts = core::mem::take(&mut self.hosts);
        hosts.reverse();
        hosts
    }

    /// Drops hosts whose address another one has: address, line and place of
    /// those that were read from a file.
    fn drop_doubles(&mut self, mut places: Vec<(Ipv4Addr, u64, usize)>, path: &CStr, say: Say) {
        places.sort_unstable();
        let (mut fresh, mut doubles) = (Vec::new(), Vec::new());
        for (addr, line, place) in places {
            match self.taken.binary_search(&addr).is_ok() || fresh.last() == Some(&addr) {
                true => doubles.push((line, place, addr)),
                false => fresh.push(addr),
            }
        }
        self.taken.append(&mut fresh);
        self.taken.sort_unstable();
        doubles.sort_unstable();
        let mut dropped = doubles.iter().map(|(_, place, _)| *place).peekable();
        let mut place = 0usize;
        self.hosts.retain(|_| {
            let stays = dropped.next_if_eq(&place).is_none();
            place = place.saturating_add(1);
            stays
        });
        for (line, _, addr) in &doubles {
            let mut buffer = [0; 64];
            let mut out = Writer::new(&mut buffer);
            out.bytes(b"duplicate dhcp-host IP address ");
            text::ipv4(&mut out, *addr);
            say(&process::BAD_LINE, &[Arg::Text(out.written()), Arg::Number(*line), Arg::Text(path.to_bytes())]);
        }
    }
}

/// The hosts as they are, for names that have changed.
pub fn renamed(core: &mut Core) {
    if let Some(hosts) = core.dhcp4.as_ref().map(|server| server.hosts()) {
        set_hosts(core, hosts);
    }
}

fn set_hosts(core: &mut Core, hosts: Vec<Host>) {
    if let Some(server) = &mut core.dhcp4 {
        server.set_hosts(hosts, &core.world.hosts, &mut core.world.random, &mut core.outbox);
    }
}

/// /etc/ethers: hosts behind all others.
fn ethers(read: &mut Vec<Host>, files: &dyn Files, say: Say) {
    const PATH: &CStr = c"/etc/ethers";
    let shown = Arg::Text(PATH.to_bytes());
    let (mut number, mut count) = (0u64, 0u64);
    let done = each_line(files, PATH, &mut |line| {
        number += 1;
        match config::ethers_line(line) {
            Ok(host) => {
                count += u64::from(host.is_some());
                read.extend(host);
            }
            Err(what) => {
                say(&process::BAD_ETHERS, &[Arg::Text(what.as_bytes()), shown, Arg::Number(number)]);
            }
        }
    });
    match done {
        Ok(()) => say(&process::READ_ETHERS, &[Arg::Number(count)]),
        Err(errno) => say(&process::NO_ETHERS, &[shown, Arg::Errno(errno)]),
    }
}

