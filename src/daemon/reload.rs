//! What is read at start and again on SIGHUP: hosts files, DHCP host files,
//! ethers; with `no-poll` the resolv file. The heap is open meanwhile: new
//! tables are built beside the old ones and take their place.

use crate::base::hash::Key;
use crate::base::time::Now;
use crate::config::{self, ServersReading};
use crate::daemon::core::Core;
#[cfg(feature = "dhcp4")]
use crate::daemon::dhcp_files;
use crate::daemon::heap;
use crate::daemon::outside::{Disk, Files, Say, each_line};
use crate::daemon::shell::Shell;
use crate::outbox::change::Change;
use crate::outbox::lines::{Arg, process};
use crate::store::hosts::HostsBuilder;
use crate::store::hosts_file::{HostsFile, Problem};
use crate::wire::dns::name::{Name, NameBuf};
use std::ffi::CStr;
use std::net::IpAddr;

/// SIGHUP.
pub fn hup(shell: &mut Shell, now: Now) {
    heap::open();
    shell.core.world.leases.mark_all();
    read(shell, now);
    if shell.core.config.dns.no_poll {
        shell.resolv.look(&mut shell.core, true, now);
        shell.deliver.drain(&mut shell.core, now);
    }
    heap::close();
}

/// Start and SIGHUP: reads every file that a signal reads again.
pub fn read(shell: &mut Shell, now: Now) {
    let Shell { core, deliver, .. } = shell;
    read_all(core, &Disk, &mut |line, args| deliver.say(line, args), now);
    deliver.drain(core, now);
}

/// The same with files and a log of any kind.
pub fn read_all(core: &mut Core, files: &dyn Files, say: Say, now: Now) {
    if core.config.listen.port != 0 {
        hosts(core, files, say, now);
    }
    #[cfg(feature = "dhcp4")]
    dhcp_files::hosts(core, files, say);
    #[cfg(feature = "dhcp4")]
    core.change(Change::DhcpHostsReloaded, now);
    if core.config.listen.port != 0 {
        servers(core, files, say, now);
    }
}

/// Servers of `servers-file`. If it cannot be read those read before stay.
fn servers(core: &mut Core, files: &dyn Files, say: Say, now: Now) {
    let Some(file) = core.config.dns.servers_file.take() else { return };
    let shown = Arg::Text(file.path.to_bytes());
    let mut reading = ServersReading::new(&core.config.dns, &file);
    let mut number = 0u64;
    let read = each_line(files, &file.path, &mut |line| {
        number += 1;
        if let Err(what) = reading.line(line) {
            say(&process::BAD_LINE, &[Arg::Text(what.as_bytes()), Arg::Number(number), shown]);
        }
    });
    reading.finish(&mut core.config.dns, read.is_ok());
    if let Err(errno) = read {
        say(&process::CANNOT_READ, &[shown, Arg::Errno(errno)]);
    }
    let kept = file.servers;
    core.config.dns.servers_file = Some(file);
    core.change(Change::Servers { kept }, now);
}

/// Local names: /etc/hosts first, then the other files, the last configured
/// one first, then those in directories.
fn hosts(core: &mut Core, files: &dyn Files, say: Say, now: Now) {
    let dns = &core.config.dns;
    if !dns.etc_hosts && dns.addn_hosts.is_empty() && dns.cache_size > 0 {
        say(&process::CLEARED, &[]);
    }
    let mut builder = HostsBuilder::new(Key::new(&mut core.world.random));
    let domain_of = |addr: IpAddr| {
        let domain = dns.expand_hosts.then(|| dns.domain_for(addr)).flatten()?;
        Name::new(domain).map(NameBuf::from_name)
    };
    if dns.etc_hosts {
        hosts_file(&mut builder, files, say, c"/etc/hosts", &domain_of);
    }
    let mut inside = Vec::new();
    for path in dns.addn_hosts.iter().rev() {
        match config::directory(files, path) {
            Some(found) => inside.extend(found),
            None => hosts_file(&mut builder, files, say, path, &domain_of),
        }
    }
    for path in inside {
        hosts_file(&mut builder, files, say, &path, &domain_of);
    }
    core.set_hosts(builder.freeze(), now);
}

fn hosts_file(
    builder: &mut HostsBuilder,
    files: &dyn Files,
    say: Say,
    path: &CStr,
    domain_of: &dyn Fn(IpAddr) -> Option<NameBuf>,
) {
    let shown = Arg::Text(path.to_bytes());
    let mut file = HostsFile::new(builder, path.to_bytes(), domain_of);
    let mut report = |problem: Problem, line: u32| {
        let line = Arg::Number(line.into());
        match problem {
            Problem::BadAddress => say(&process::BAD_ADDRESS, &[shown, line]),
            Problem::BadName => say(&process::BAD_NAME, &[shown, line]),
        }
    };
    let read = files.pieces(path, &mut |piece| file.feed(piece, &mut report));
    let names = file.finish(&mut report);
    match read {
        Ok(()) => say(&process::READ_HOSTS, &[shown, Arg::Number(names.into())]),
        Err(errno) => say(&process::NO_HOSTS, &[shown, Arg::Errno(errno)]),
    }
}
