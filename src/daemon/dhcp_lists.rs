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
use crate::daemon::reload::{PIECE, STEPS};
use crate::dhcp::hosts::HostTable;
use crate::dhcp4;
use crate::outbox::change::Errno;
use crate::outbox::lines::{Arg, process};
use crate::store::prints::{self, Prints};
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
    /// Addresses that hosts have.
    taken: Prints,
    building: Option<Building>,
    /// The table that was replaced: it is freed in slices too.
    old: Option<HostTable>,
}

/// The table that is to replace the one in force: first the hosts that were read,
/// the last one first as with lines of the configuration, then those that stay.
struct Building {
    table: HostTable,
    /// How many of those that stay are in it.
    stayed: usize,
    /// Hosts of /etc/ethers, behind all others.
    ethers: Vec<Host>,
    /// How many were looked at for an address.
    filled: usize,
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
}

impl Reading {
    /// Start and SIGHUP: everything. What is wrong in a line is told and the line
    /// skipped.
    pub fn all(core: &Core, files: &dyn Sources) -> Self {
        let config = &*core.config;
        let dhcp = &config.dhcp;
        let mut reading = Reading::new(core, false);
        if core.dhcp4.is_some() {
            dhcp.hosts.iter().filter_map(|host| host.addr).for_each(|addr| {
                reading.taken.add(mark(core, addr));
            });
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
            taken: Prints::default(),
            building: None,
            old: None,
        }
    }

    /// A unit of work; true when everything is read and in force.
    pub fn unit(&mut self, core: &mut Core, files: &dyn Sources, say: Say) -> bool {
        let Some(server) = &core.dhcp4 else { return true };
        if let Some(old) = &mut self.old {
            if !old.shed(STEPS) {
                return false;
            }
            self.old = None;
            return !self.adds;
        }
        if let Some(building) = &mut self.building {
            if building.unit(&mut self.hosts, self.adds, core, say)
                && let Some(built) = self.building.take()
            {
                self.put(core, built.table);
            }
            return false;
        }
        if self.file.is_none() {
            match self.places.pop() {
                Some(place) if place.directory => {
                    let inside = directories::inside(files, say, &place.path).into_iter().rev();
                    self.places.extend(inside.map(|path| Place { path, directory: false, ..place }));
                }
                Some(place) => self.open(files, place, say),
                None if self.adds => return true,
                None => self.replace(core, files, say),
            }
            return false;
        }
        let Reading { file: Some(file), adds, tags, hosts, options, taken, .. } = self else { return false };
        let File { place, source, lines, number } = file;
        let shown = Arg::Text(place.path.to_bytes());
        let mut piece = [0; PIECE];
        let got = source.as_mut().map_err(|errno| *errno).and_then(|source| source.read(&mut piece));
        let mut each = |line: &[u8]| {
            *number += 1;
            let said = match place.content {
                Content::DhcpOptions => config::dhcp_option_line(line, tags).map(|option| options.extend(option)),
                _ => config::dhcp_host_line(line, tags).map(|host| {
                    let Some(host) = host.filter(|host| !*adds || !server.hosts().knows(host)) else { return };
                    let mut is_free = |addr| !(*adds && server.hosts().has_addr(addr)) && taken.add(mark(core, addr));
                    match host.addr.filter(|addr| !is_free(*addr)) {
                        Some(addr) => double(addr, *number, shown, say),
                        None => hosts.push(host),
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
        let Some(File { place: Place { path, watched, .. }, .. }) = self.file.take() else { return false };
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

    fn open(&mut self, files: &dyn Sources, place: Place, say: Say) {
        // Quirk: such a file is called read before it is.
        if place.watched {
            say(&process::READ_DHCP, &[Arg::Text(place.path.to_bytes())]);
        }
        let source = files.open(&place.path);
        self.file = Some(File { place, source, lines: Lines::default(), number: 0 });
    }

    /// All is read: begins to put it in the place of what there was.
    fn replace(&mut self, core: &Core, files: &dyn Sources, say: Say) {
        let dhcp = &core.config.dhcp;
        let mut behind = Vec::new();
        if dhcp.read_ethers {
            ethers(&mut behind, files, say);
        }
        self.build(core, (dhcp.hosts.len(), cards(&dhcp.hosts)), behind);
    }

    /// A file is read: begins to add what it says to what is known.
    fn add(&mut self, core: &Core) {
        if let Some(hosts) = core.dhcp4.as_ref().map(|server| server.hosts()) {
            self.build(core, (hosts.len(), hosts.cards()), Vec::new());
        }
    }

    /// Puts what was built in force, and the options with it.
    fn put(&mut self, core: &mut Core, table: HostTable) {
        self.old = core.dhcp4.as_mut().map(|server| server.set_hosts(table));
        let dhcp = &mut core.config.dhcp;
        let mut options = core::mem::take(&mut self.options);
        let stay = match self.adds {
            true => {
                options.retain(|option| !dhcp.options.contains(option));
                dhcp.options_read += options.len();
                &*dhcp.options
            }
            false => dhcp.options.get(core::mem::replace(&mut dhcp.options_read, options.len())..).unwrap_or_default(),
        };
        options.reverse();
        options.extend_from_slice(stay);
        (dhcp.options, dhcp.tags) = (options.into(), self.tags.clone().into());
    }

    /// Begins a table; `stay`: how many hosts stay and how many hardware addresses
    /// they have.
    fn build(&mut self, core: &Core, stay: (usize, usize), ethers: Vec<Host>) {
        let hosts = self.hosts.len().saturating_add(stay.0).saturating_add(ethers.len());
        let cards = cards(&self.hosts).saturating_add(stay.1).saturating_add(cards(&ethers));
        let table = core.dhcp4.as_ref().map(|server| server.hosts().another(hosts, cards));
        self.building = table.map(|table| Building { table, stayed: 0, ethers, filled: 0 });
    }
}

impl Building {
    /// A unit of work; true when the table is complete.
    fn unit(&mut self, read: &mut Vec<Host>, adds: bool, core: &Core, say: Say) -> bool {
        for _ in 0..STEPS {
            let next = read.pop().or_else(|| self.next_to_stay(adds, core));
            if let Some(host) = next {
                self.table.push(host);
            } else if self.filled < self.table.len() {
                dhcp4::fill(&mut self.table, self.filled, &core.world.hosts, say);
                self.filled += 1;
            } else {
                return true;
            }
        }
        false
    }

    fn next_to_stay(&mut self, adds: bool, core: &Core) -> Option<Host> {
        let number = self.stayed;
        self.stayed = number.saturating_add(1);
        let hosts = &core.config.dhcp.hosts;
        match adds {
            true => core.dhcp4.as_ref()?.hosts().bare(number),
            false => hosts.get(number).or_else(|| self.ethers.get(number.checked_sub(hosts.len())?)).cloned(),
        }
    }
}

fn cards(hosts: &[Host]) -> usize {
    hosts.iter().map(|host| host.hw.len()).sum()
}

/// What an address is among those that are taken.
fn mark(core: &Core, addr: Ipv4Addr) -> u64 {
    prints::of_hash(core.world.cache.key().bytes(&addr.octets()))
}

/// Another host has the address: the line is skipped.
fn double(addr: Ipv4Addr, line: u64, path: Arg, say: Say) {
    let mut buffer = [0; 64];
    let mut out = Writer::new(&mut buffer);
    out.bytes(b"duplicate dhcp-host IP address ");
    text::ipv4(&mut out, addr);
    say(&process::BAD_LINE, &[Arg::Text(out.written()), Arg::Number(line), path]);
}

/// Names of hosts files have changed, and with them addresses of hosts.
pub fn renamed(core: &mut Core, say: Say) {
    if let Some(server) = &mut core.dhcp4 {
        server.fill_hosts(&core.world.hosts, say);
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

