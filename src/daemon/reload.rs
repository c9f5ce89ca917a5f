//! What is read at start and again on SIGHUP: hosts files, DHCP host files,
//! ethers; with `no-poll` the resolv file. The heap is open meanwhile: new
//! tables are built beside the old ones and take their place.

use crate::base::hash::Key;
use crate::base::time::Now;
use crate::daemon::core::Core;
use crate::daemon::deliver::Deliver;
#[cfg(feature = "dhcp4")]
use crate::daemon::dhcp_files;
use crate::daemon::heap;
use crate::daemon::shell::Shell;
use crate::outbox::lines::{Arg, process};
use crate::platform::files;
use crate::platform::sys::Errno;
use crate::store::hosts::HostsBuilder;
use crate::store::hosts_file::{HostsFile, Problem};
use crate::wire::dns::name::{Name, NameBuf};
use std::ffi::{CStr, CString};
use std::net::IpAddr;

/// Octets of a file read at once.
const PIECE: usize = 8192;

/// SIGHUP.
pub fn hup(shell: &mut Shell, now: Now) {
    heap::open();
    read_all(shell, now);
    if shell.core.config.dns.no_poll {
        shell.resolv.look(&mut shell.core, true, now);
        shell.deliver.drain(&mut shell.core, now);
    }
    heap::close();
}

/// Reads every file of the configuration that a signal reads again.
pub fn read_all(shell: &mut Shell, now: Now) {
    if shell.core.config.listen.port != 0 {
        hosts(&mut shell.core, &mut shell.deliver, now);
    }
    #[cfg(feature = "dhcp4")]
    dhcp_files::hosts(&mut shell.core, &mut shell.deliver);
    shell.deliver.drain(&mut shell.core, now);
}

/// Local names: /etc/hosts first, then the other files, the last configured
/// one first, then those in directories.
fn hosts(core: &mut Core, deliver: &mut Deliver, now: Now) {
    let dns = &core.config.dns;
    if !dns.etc_hosts && dns.addn_hosts.is_empty() {
        deliver.say(&process::CLEARED, &[]);
    }
    let mut builder = HostsBuilder::new(Key::new(&mut core.world.random));
    let domain_of = |addr: IpAddr| {
        let domain = dns.expand_hosts.then(|| dns.domain_for(addr)).flatten()?;
        Name::new(domain).map(NameBuf::from_name)
    };
    if dns.etc_hosts {
        hosts_file(&mut builder, deliver, c"/etc/hosts", &domain_of);
    }
    let mut inside = Vec::new();
    for path in dns.addn_hosts.iter().rev() {
        match directory(path) {
            Some(found) => inside.extend(found),
            None => hosts_file(&mut builder, deliver, path, &domain_of),
        }
    }
    for path in inside {
        hosts_file(&mut builder, deliver, &path, &domain_of);
    }
    core.set_hosts(builder.freeze(), now);
}

fn hosts_file(
    builder: &mut HostsBuilder,
    deliver: &mut Deliver,
    path: &CStr,
    domain_of: &dyn Fn(IpAddr) -> Option<NameBuf>,
) {
    let shown = Arg::Text(path.to_bytes());
    let mut file = HostsFile::new(builder, path.to_bytes(), domain_of);
    let mut report = |problem: Problem, line: u32| {
        let line = Arg::Number(line.into());
        match problem {
            Problem::BadAddress => deliver.say(&process::BAD_ADDRESS, &[shown, line]),
            Problem::BadName => deliver.say(&process::BAD_NAME, &[shown, line]),
        }
    };
    let read = pieces(path, &mut |piece| file.feed(piece, &mut report));
    let names = file.finish(&mut report);
    match read {
        Ok(()) => deliver.say(&process::READ_HOSTS, &[shown, Arg::Number(names.into())]),
        Err(errno) => deliver.say(&process::NO_HOSTS, &[shown, Arg::Errno(errno)]),
    }
}

/// Tells `each` the whole of a file, piece by piece.
pub fn pieces(path: &CStr, each: &mut dyn FnMut(&[u8])) -> Result<(), Errno> {
    let file = files::open_read(path)?;
    let mut piece = [0; PIECE];
    loop {
        match files::read(&file, &mut piece)? {
            0 => return Ok(()),
            got => each(piece.get(..got).unwrap_or_default()),
        }
    }
}

/// The ordinary files of a directory in alphabetical order, without the
/// leftovers of editors; nothing if it is no directory.
pub fn directory(path: &CStr) -> Option<Vec<CString>> {
    files::info_of(path).ok().filter(files::Info::is_directory)?;
    let mut found = Vec::new();
    let listed = files::entries(path, &mut |name| {
        let numbered = name.starts_with(b"#") && name.ends_with(b"#");
        if !name.starts_with(b".") && !name.ends_with(b"~") && !numbered {
            found.extend(CString::new([path.to_bytes(), b"/", name].concat()));
        }
    });
    listed.ok()?;
    found.retain(|path| files::info_of(path).is_ok_and(|info| info.is_regular()));
    found.sort_unstable();
    Some(found)
}
