//! The lease file at start, and the lines that tell the ranges.

use crate::base::bytes::Writer;
use crate::base::text;
use crate::base::time::Now;
use crate::config::{Config, HAS_SCRIPT, LeaseTime, RangeKind};
use crate::daemon::core::Core;
use crate::daemon::failure::{FILES, Failure, INIT};
use crate::daemon::lease_disk::LeaseDisk;
use crate::daemon::outside::Say;
use crate::dhcp4;
use crate::outbox::lines::{Arg, process};
use crate::platform::{command, files};
use crate::platform::sys;
use std::ffi::CString;

/// Octets of the lease file read at once.
const PIECE: usize = 4096;

/// Opens the lease file and reads it.
pub fn open_leases(core: &mut Core, now: Now) -> Result<LeaseDisk, Failure> {
    if core.config.dhcp.ranges.is_empty() {
        return Ok(LeaseDisk::none());
    }
    if HAS_SCRIPT && core.config.script.keeps_leases {
        return kept_leases(core, now).map(|()| LeaseDisk::none());
    }
    let path = core.config.dhcp.lease_file();
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
    let Some(path) = config.script.program() else { return Ok(()) };
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
            let shown = text::number(code.into());
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
            Failure::system(FILES, &[b"failed to read lease file ", config.dhcp.lease_file().to_bytes()], errno)
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
            RangeKind::Static => say(&process::RANGE_STATIC, &[Arg::Ip4(range.start), time]),
            RangeKind::Proxy => say(&process::RANGE_PROXY, &[Arg::Ip4(range.start)]),
        }
    }
}
