//! What is read at start and again on SIGHUP: hosts files, DHCP host files,
//! ethers; with `no-poll` the resolv file. The heap is open meanwhile: new
//! tables are built beside the old ones and take their place.

use crate::base::hash::Key;
use crate::base::time::Now;
use crate::config::ServersReading;
use crate::daemon::core::Core;
#[cfg(feature = "dhcp4")]
use crate::daemon::dhcp_lists;
use crate::daemon::directories::{self, Changed, Content};
use crate::daemon::heap;
use crate::daemon::outside::{Disk, Files, Say, each_line};
use crate::daemon::shell::Shell;
use crate::outbox::change::Change;
use crate::outbox::lines::{Arg, process};
use crate::store::hosts::Hosts;
use crate::store::hosts_builder::HostsBuilder;
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
    let Shell { core, deliver, directories, .. } = shell;
    directories.attach(&core.config);
    read_all(core, &Disk, &mut |line, args| deliver.say(line, args), now);
    deliver.drain(core, now);
}

/// Something happened in the directories that are watched.
pub fn look(shell: &mut Shell, now: Now) {
    heap::open();
    let Shell { core, deliver, directories, .. } = shell;
    let changed = directories.changed();
    if !changed.is_empty() {
        files_changed(core, &Disk, &mut |line, args| deliver.say(line, args), &changed, now);
        deliver.drain(core, now);
    }
    drop(changed);
    heap::close();
}

/// As `read`, with files and a log of any kind.
pub fn read_all(core: &mut Core, files: &dyn Files, say: Say, now: Now) {
    if core.config.listen.port != 0 {
        hosts(core, files, say, now);
    }
    #[cfg(feature = "dhcp4")]
    dhcp_lists::read(core, files, say);
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
    let mut reading = ServersReading::new(&core.config.dns, &file, files.look_up());
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

/// Files in directories that are watched have changed.
pub fn files_changed(core: &mut Core, files: &dyn Files, say: Say, changed: &[Changed], now: Now) {
    for file in changed {
        let line = if file.removed { &process::REMOVED } else { &process::WRITTEN };
        say(line, &[Arg::Text(file.path.to_bytes())]);
    }
    let names = || changed.iter().filter(|file| file.content == Content::Names);
    if core.config.listen.port != 0 && names().next().is_some() {
        for path in names().map(|file| file.path.to_bytes()) {
            let count = core.world.hosts.count_of(path);
            if count > 0 {
                say(&process::FLUSHED, &[Arg::Number(count.into()), Arg::Text(path)]);
            }
        }
        let is_told = |path: &CStr| names().any(|file| *file.path == *path && !file.removed);
        core.world.hosts = names_of_files(core, files, say, &is_told);
        #[cfg(feature = "dhcp4")]
        dhcp_lists::renamed(core);
    }
    #[cfg(feature = "dhcp4")]
    for file in changed.iter().filter(|file| file.content != Content::Names && !file.removed) {
        dhcp_lists::changed(core, files, say, file.content, &file.path);
    }
    #[cfg(feature = "dhcp4")]
    core.change(Change::DhcpHostsReloaded, now);
    #[cfg(not(feature = "dhcp4"))]
    let _ = now;
}

fn hosts(core: &mut Core, files: &dyn Files, say: Say, now: Now) {
    let dns = &core.config.dns;
    if !dns.etc_hosts && dns.addn_hosts.is_empty() && dns.cache_size > 0 {
        say(&process::CLEARED, &[]);
    }
    let hosts = names_of_files(core, files, say, &|_| true);
    core.set_hosts(hosts, now);
}

/// Local names: /etc/hosts first, then the other files, the last configured
/// one first, then those in directories, last in those that are watched. The
/// log hears of the files that `is_told` names.
fn names_of_files(core: &mut Core, files: &dyn Files, say: Say, is_told: &dyn Fn(&CStr) -> bool) -> Hosts {
    let dns = &core.config.dns;
    let mut builder = HostsBuilder::new(Key::new(&mut core.world.random));
    let domain_of = |addr: IpAddr| {
        let domain = dns.expand_hosts.then(|| dns.domain_for(addr, &*core.world.interfaces)).flatten()?;
        Name::new(domain).map(NameBuf::from_name)
    };
    builder.source(b"config");
    for host in &dns.local.hosts {
        let addrs = host.v4.map(IpAddr::V4).into_iter().chain(host.v6.map(IpAddr::V6));
        for name in host.names.iter().filter_map(|name| Name::new(name)) {
            addrs.clone().for_each(|addr| builder.add_for(name, addr, host.ttl));
        }
    }
    let mut file = |path: &CStr, say: Say| match is_told(path) {
        true => hosts_file(&mut builder, files, say, path, &domain_of),
        false => hosts_file(&mut builder, files, &mut |_, _| {}, path, &domain_of),
    };
    if dns.etc_hosts {
        file(c"/etc/hosts", say);
    }
    directories::each_file(files, &dns.addn_hosts, &mut |path| file(path, say));
    for (_, path) in directories::watched(&core.config).filter(|(content, _)| *content == Content::Names) {
        directories::inside(files, say, path).iter().for_each(|path| file(path, say));
    }
    builder.freeze()
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
