//! Hosts and options of DHCP beside those of the configuration: `dhcp-hostsfile`,
//! `dhcp-optsfile` and /etc/ethers, and the directories that are watched. Read at
//! start and on SIGHUP; of a directory the files that change are read at once,
//! and what they say is added to what is known.

use crate::base::bytes::Writer;
use crate::base::text;
use crate::config::{self, DhcpOption, Host};
use crate::daemon::core::Core;
use crate::daemon::directories::{self, Content};
use crate::daemon::outside::{Files, Say, each_line};
use crate::outbox::lines::{Arg, process};
use std::ffi::CStr;
use std::net::Ipv4Addr;

/// What has been read.
struct Reading<'a> {
    files: &'a dyn Files,
    say: Say<'a>,
    /// True for a host that need not be added.
    known: &'a dyn Fn(&Host) -> bool,
    tags: Vec<Box<[u8]>>,
    hosts: Vec<Host>,
    options: Vec<DhcpOption>,
    /// Addresses that hosts have, ascending.
    taken: Vec<Ipv4Addr>,
}

/// Start and SIGHUP: everything. What is wrong in a line is told and the line
/// skipped.
pub fn read(core: &mut Core, files: &dyn Files, say: Say) {
    let config = &*core.config;
    let dhcp = &config.dhcp;
    if core.dhcp4.is_none() {
        return;
    }
    let mut reading = Reading::new(core, &dhcp.hosts, &|_| false, files, say);
    directories::each_file(files, &dhcp.hosts_files, &mut |path| reading.file(path, Content::DhcpHosts, false));
    directories::each_file(files, &dhcp.options_files, &mut |path| reading.file(path, Content::DhcpOptions, false));
    for (content, path) in directories::watched(config).filter(|(content, _)| *content != Content::Names) {
        let Reading { files, say, .. } = &mut reading;
        let inside = directories::inside(*files, *say, path);
        inside.iter().for_each(|path| reading.file(path, content, true));
    }
    let mut hosts = reading.newest_hosts();
    hosts.extend_from_slice(&dhcp.hosts);
    if dhcp.read_ethers {
        ethers(&mut hosts, files, reading.say);
    }
    let mut options = reading.options;
    options.reverse();
    let count = options.len();
    options.extend_from_slice(dhcp.options.get(dhcp.options_read..).unwrap_or_default());
    let tags = reading.tags.into();
    let dhcp = &mut core.config.dhcp;
    (dhcp.options, dhcp.options_read, dhcp.tags) = (options.into(), count, tags);
    set_hosts(core, hosts);
}

/// A file in a directory that is watched was written: what it says is added.
pub fn changed(core: &mut Core, files: &dyn Files, say: Say, content: Content, path: &CStr) {
    let Some(server) = &core.dhcp4 else { return };
    let hosts = server.hosts();
    let known = |host: &Host| server.knows(host);
    let mut reading = Reading::new(core, &hosts, &known, files, say);
    reading.file(path, content, true);
    let mut all = reading.newest_hosts();
    all.extend(hosts);
    let mut options = reading.options;
    let tags = reading.tags.into();
    let dhcp = &mut core.config.dhcp;
    options.retain(|option| !dhcp.options.contains(option));
    options.reverse();
    dhcp.options_read += options.len();
    options.extend_from_slice(&dhcp.options);
    (dhcp.options, dhcp.tags) = (options.into(), tags);
    set_hosts(core, all);
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

impl<'a> Reading<'a> {
    /// Nothing read yet; `hosts` are known.
    fn new(core: &Core, hosts: &[Host], known: &'a dyn Fn(&Host) -> bool, files: &'a dyn Files, say: Say<'a>) -> Self {
        let mut taken: Vec<Ipv4Addr> = hosts.iter().filter_map(|host| host.addr).collect();
        taken.sort_unstable();
        let tags = core.config.dhcp.tags.to_vec();
        Reading { files, say, known, tags, hosts: Vec::new(), options: Vec::new(), taken }
    }

    /// What was read, as with lines of the configuration the last one first.
    fn newest_hosts(&mut self) -> Vec<Host> {
        let mut hosts = std::mem::take(&mut self.hosts);
        hosts.reverse();
        hosts
    }

    /// Reads a file. `watched`: it lies in a directory that is.
    fn file(&mut self, path: &CStr, content: Content, watched: bool) {
        let Reading { files, say, known, tags, hosts, options, .. } = self;
        let shown = Arg::Text(path.to_bytes());
        // Quirk: such a file is called read before it is.
        if watched {
            say(&process::READ_DHCP, &[shown]);
        }
        let mut number = 0u64;
        let mut places = Vec::new();
        let done = each_line(*files, path, &mut |line| {
            number += 1;
            let said = match content {
                Content::DhcpOptions => config::dhcp_option_line(line, tags).map(|option| options.extend(option)),
                _ => config::dhcp_host_line(line, tags).map(|host| {
                    if let Some(host) = host.filter(|host| !known(host)) {
                        places.extend(host.addr.map(|addr| (addr, number, hosts.len())));
                        hosts.push(host);
                    }
                }),
            };
            if let Err(what) = said {
                say(&process::BAD_LINE, &[Arg::Text(what.as_bytes()), Arg::Number(number), shown]);
            }
        });
        self.drop_doubles(places, path);
        match done {
            Ok(()) if watched => {}
            Ok(()) => (self.say)(&process::READ_DHCP, &[shown]),
            Err(errno) => (self.say)(&process::CANNOT_READ, &[shown, Arg::Errno(errno)]),
        }
    }

    /// Drops hosts whose address another one has: address, line and place of
    /// those that were read from a file.
    fn drop_doubles(&mut self, mut places: Vec<(Ipv4Addr, u64, usize)>, path: &CStr) {
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
            (self.say)(&process::BAD_LINE, &[Arg::Text(out.written()), Arg::Number(*line), Arg::Text(path.to_bytes())]);
        }
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

