//! The files of DHCP: leases at start; `dhcp-hostsfile` and /etc/ethers at start
//! and on SIGHUP; and the lines that tell the ranges.

use crate::base::bytes::Writer;
use crate::base::text;
use crate::base::time::Now;
use crate::config::{self, Config, Host, LeaseTime, RangeKind};
use crate::daemon::core::Core;
use crate::daemon::failure::{FILES, Failure, INIT};
use crate::daemon::lease_disk::LeaseDisk;
use crate::daemon::outside::{Files, Say, each_line};
use crate::dhcp4;
use crate::outbox::lines::{Arg, process};
use crate::platform::{command, files};
use crate::platform::sys;
use std::ffi::{CStr, CString};

/// Octets of the lease file read at once.
const PIECE: usize = 4096;

/// Opens the lease file and reads it.
pub fn open_leases(core: &mut Core, now: Now) -> Result<LeaseDisk, Failure> {
    if core.config.dhcp.ranges.is_empty() {
        return Ok(LeaseDisk::none());
    }
    if core.config.script.keeps_leases {
        return kept_leases(core, now).map(|()| LeaseDisk::none());
    }
    let path = &core.config.dhcp.lease_file;
    let disk = LeaseDisk::open(path).map_err(|errno| {
        Failure::system(FILES, &[b"cannot open or create lease file ", path.to_bytes()], errno)
    })?;
    leases(core, &disk, now)?;
    Ok(disk)
}

/// With `leasefile-ro`: what the program says when asked `init`. Quirk: it is
/// the shell that runs it, as in dnsmasq.
fn kept_leases(core: &mut Core, now: Now) -> Result<(), Failure> {
    let Core { config, world, outbox, .. } = core;
    let Some(path) = &config.script.program else { return Ok(()) };
    let mut reading =
        dhcp4::LeasesRead { leases: &mut world.leases, file: &mut world.lease_file, out: outbox, now };
    let mut fits = true;
    let words = CString::new([path.to_bytes(), b" init"].concat()).unwrap_or_default();
    let not_run = |errno| Failure::system(FILES, &[b"cannot run lease-init script ", path.to_bytes()], errno);
    let status = command::output(&words, &mut |piece| fits &= reading.piece(piece)).map_err(not_run)?;
    match u8::try_from(status >> 8 & 0xff).unwrap_or(0) {
        0 => {}
        127 => return Err(not_run(sys::ENOENT)),
        126 => return Err(not_run(sys::EACCES)),
        code => {
            let shown = text::string(&|out| text::decimal(out, code.into()));
            let message: &[&[u8]] = &[b"lease-init script returned exit code ", shown.as_bytes()];
            return Err(Failure::new(code.wrapping_add(INIT), message));
        }
    }
    fits &= reading.end(config);
    if fits { Ok(()) } else { Err(too_many()) }
}

fn too_many() -> Failure {
    Failure::new(FILES, &[b"too many stored leases"])
}

/// Reads the lease file into the table.
fn leases(core: &mut Core, disk: &LeaseDisk, now: Now) -> Result<(), Failure> {
    let Core { config, world, outbox, .. } = core;
    let Some(file) = disk.file() else { return Ok(()) };
    let mut reading =
        dhcp4::LeasesRead { leases: &mut world.leases, file: &mut world.lease_file, out: outbox, now };
    let mut piece = [0; PIECE];
    let mut offset = 0;
    loop {
        let got = files::read_at(file, &mut piece, offset).map_err(|errno| {
            Failure::system(FILES, &[b"failed to read lease file ", config.dhcp.lease_file.to_bytes()], errno)
        })?;
        if got == 0 {
            break;
        }
        if !reading.piece(piece.get(..got).unwrap_or_default()) {
            return Err(too_many());
        }
        offset = offset.saturating_add(got as u64);
    }
    if reading.end(config) { Ok(()) } else { Err(too_many()) }
}

/// Hosts beside those of the configuration. What is wrong in a line is told
/// and the line skipped.
pub fn hosts(core: &mut Core, files: &dyn Files, say: Say) {
    let dhcp = &core.config.dhcp;
    if core.dhcp4.is_none() || (dhcp.hosts.is_empty() && dhcp.hosts_files.is_empty() && !dhcp.read_ethers) {
        return;
    }
    let mut tags = dhcp.tags.to_vec();
    let mut read = Vec::new();
    for path in &dhcp.hosts_files {
        match config::directory(files, path) {
            Some(inside) => inside.iter().for_each(|path| hosts_file(path, &mut tags, &mut read, files, say)),
            None => hosts_file(path, &mut tags, &mut read, files, say),
        }
    }
    // As with lines of the configuration, the last one is looked at first.
    read.reverse();
    if dhcp.read_ethers {
        ethers(&mut read, files, say);
    }
    let mut all = dhcp.hosts.to_vec();
    all.extend(read);
    core.config.dhcp.tags = tags.into();
    if let Some(server) = &mut core.dhcp4 {
        server.set_hosts(all, &core.world.hosts, &mut core.world.random, &mut core.outbox);
    }
}

fn hosts_file(path: &CStr, tags: &mut Vec<Box<[u8]>>, read: &mut Vec<Host>, files: &dyn Files, say: Say) {
    let shown = Arg::Text(path.to_bytes());
    let mut number = 0u64;
    let done = each_line(files, path, &mut |line| {
        number += 1;
        match config::dhcp_host_line(line, tags) {
            Ok(host) => read.extend(host),
            Err(what) => {
                say(&process::BAD_LINE, &[Arg::Text(what.as_bytes()), Arg::Number(number), shown]);
            }
        }
    });
    match done {
        Ok(()) => say(&process::READ_DHCP, &[shown]),
        Err(errno) => say(&process::CANNOT_READ, &[shown, Arg::Errno(errno)]),
    }
}

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

/// The lines that tell the ranges at start, the last configured one first.
pub fn range_lines(config: &Config, say: Say) {
    for range in config.dhcp.ranges.iter().rev() {
        let mut buffer = [0; 32];
        let mut out = Writer::new(&mut buffer);
        match range.lease {
            LeaseTime::Secs(seconds) => dhcp4::seconds(&mut out, seconds.into()),
            LeaseTime::Infinite => out.bytes(b"infinite"),
        }
        let time = Arg::Text(out.written());
        match range.kind {
            RangeKind::Dynamic => {
                say(&process::RANGE, &[Arg::Ip4(range.start), Arg::Ip4(range.end), time]);
            }
            RangeKind::Static | RangeKind::Proxy => say(&process::RANGE_STATIC, &[Arg::Ip4(range.start), time]),
        }
    }
}
