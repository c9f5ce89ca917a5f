//! What is read at start and again on SIGHUP (hosts files, DHCP host files,
//! ethers, servers; with `no-poll` the resolv file), and what is read when a
//! directory that is watched changes.
//!
//! Names and servers may be a million, DHCP hosts many: they are read in slices,
//! between which the loop turns and answers go out from the old tables. The new
//! ones are built beside them and take their place whole. The heap is open
//! during a slice.
//! SIGHUP while a reading is under way has everything read once more behind it.

use crate::base::time::Now;
use crate::daemon::core::Core;
#[cfg(feature = "dhcp4")]
use crate::daemon::dhcp_lists;
use crate::daemon::directories::{self, Changed, Content};
use crate::daemon::heap;
use crate::daemon::outside::{Disk, Say, Source, Sources};
use crate::daemon::servers::Servers;
use crate::daemon::shell::Shell;
#[cfg(feature = "dhcp4")]
use crate::outbox::change::Change;
use crate::outbox::change::Errno;
use crate::outbox::lines::{Arg, Line, process};
use crate::store::hosts_builder::HostsBuilder;
use crate::store::hosts_file::{HostsFile, Problem, Reading};
use crate::wire::dns::name::{Name, NameBuf};
use std::ffi::{CStr, CString};
use std::net::IpAddr;

/// Octets of a file read at once, which is a unit of work.
pub const PIECE: usize = 2048;

/// Names that the domain of `expand-hosts` may add to a piece.
const MOST_PARENTS: usize = 128;

/// Steps of growing a table that are a unit of work, and records of the
/// configuration.
pub const STEPS: usize = 256;
const RECORDS: usize = 64;

/// Units done when a signal comes: what most routers have is read at once.
const UNITS_AT_ONCE: usize = 16;

/// Units done in a turn of the loop: well below a millisecond.
const UNITS_PER_TURN: usize = 4;

/// Milliseconds between two looks for the answer to a question.
const LOOK_EVERY_MS: u64 = 20;

/// What is under way, and what is asked for behind it.
#[derive(Default)]
pub struct Reload {
    job: Option<Box<Job>>,
    again: bool,
}

impl Reload {
    /// True while something is being read.
    pub fn is_busy(&self) -> bool {
        self.job.is_some()
    }

    /// Milliseconds until there is something to do again, if something is read.
    pub fn patience(&self) -> Option<u64> {
        let job = self.job.as_ref()?;
        let is_waiting = matches!(&job.stage, Stage::Servers(Some(servers)) if servers.is_waiting());
        Some(if is_waiting { LOOK_EVERY_MS } else { 0 })
    }

    /// SIGHUP: everything is to be read, behind what is under way.
    pub fn all(&mut self, core: &mut Core, files: &dyn Sources, say: Say) {
        core.world.leases.mark_all();
        match self.is_busy() {
            true => self.again = true,
            false => self.job = Some(Box::new(Job::all(core, files, say))),
        }
    }

    /// What has changed in directories that are watched is to be read. Not while
    /// something else is.
    pub fn changed(&mut self, core: &mut Core, files: &dyn Sources, changed: Vec<Changed>, say: Say) {
        if !changed.is_empty() {
            self.job = Some(Box::new(Job::changed(core, files, changed, say)));
        }
    }

    /// Does so many units of work; true when everything has been read by that.
    pub fn work(&mut self, core: &mut Core, files: &dyn Sources, say: Say, now: Now, units: usize) -> bool {
        let Some(job) = &mut self.job else { return false };
        if !job.work(core, files, say, now, units) {
            return false;
        }
        let was_all = job.changed.is_none();
        self.job = None;
        if core::mem::take(&mut self.again) {
            self.job = Some(Box::new(Job::all(core, files, say)));
        }
        was_all
    }
}

/// SIGHUP.
pub fn hup(shell: &mut Shell, now: Now) {
    heap::open();
    let Shell { core, deliver, directories, reload, .. } = shell;
    directories.attach(&core.config);
    reload.all(core, &Disk, &mut |line, args| deliver.say(line, args));
    work(shell, now, UNITS_AT_ONCE);
    heap::close();
}

/// Something happened in the directories that are watched.
pub fn look(shell: &mut Shell, now: Now) {
    heap::open();
    let Shell { core, deliver, directories, reload, .. } = shell;
    let changed = directories.changed();
    reload.changed(core, &Disk, changed, &mut |line, args| deliver.say(line, args));
    work(shell, now, UNITS_AT_ONCE);
    heap::close();
}

/// The next slice.
pub fn go_on(shell: &mut Shell, now: Now) {
    if shell.reload.is_busy() {
        heap::open();
        work(shell, now, UNITS_PER_TURN);
        heap::close();
    }
}

fn work(shell: &mut Shell, now: Now, units: usize) {
    let Shell { core, deliver, reload, .. } = shell;
    let is_read = reload.work(core, &Disk, &mut |line, args| deliver.say(line, args), now, units);
    deliver.drain(core, now);
    if is_read && core.config.dns.no_poll {
        shell.resolv.look(core, true, now);
        deliver.drain(core, now);
    }
}

/// Start: reads everything that a signal reads again, in one go.
pub fn read(shell: &mut Shell, now: Now) {
    let Shell { core, deliver, directories, .. } = shell;
    directories.attach(&core.config);
    read_all(core, &Disk, &mut |line, args| deliver.say(line, args), now);
    deliver.drain(core, now);
}

/// As `read`, with files and a log of any kind.
pub fn read_all(core: &mut Core, files: &dyn Sources, say: Say, now: Now) {
    let mut job = Job::all(core, files, say);
    job.waits = true;
    while !job.work(core, files, say, now, usize::MAX) {}
}

/// Where names are.
enum Place {
    File(CString),
    /// A directory that is watched: the files in it.
    Watched(CString),
}

/// A file being read.
struct Open {
    path: CString,
    source: Result<Box<dyn Source>, Errno>,
    text: HostsFile,
    read: u64,
}

/// What is done next.
enum Stage {
    Names(HostsBuilder),
    Dhcp,
    Servers(Option<Servers>),
    Done,
}

/// Everything, or what has changed, being read.
pub struct Job {
    /// Files in directories that have changed; nothing: everything is read.
    changed: Option<Vec<Changed>>,
    stage: Stage,
    /// Host records of the configuration that are among the names.
    records: usize,
    /// Where names are still to be read, the first place last.
    places: Vec<Place>,
    file: Option<Open>,
    #[cfg(feature = "dhcp4")]
    dhcp: Option<dhcp_lists::Reading>,
    /// What was read of it and is not yet among the names.
    piece: [u8; PIECE],
    held: usize,
    /// It may wait for answers: nobody is served yet.
    waits: bool,
}

impl Job {
    /// Start and SIGHUP.
    pub fn all(core: &mut Core, files: &dyn Sources, say: Say) -> Self {
        let mut job = Job::new(None);
        let dns = &core.config.dns;
        if core.config.listen.port != 0 {
            if !dns.etc_hosts && dns.addn_hosts.is_empty() && dns.cache_size > 0 {
                say(&process::CLEARED, &[]);
            }
            job.begin_names(core, files);
        }
        job
    }

    /// Files in directories that are watched have changed.
    pub fn changed(core: &mut Core, files: &dyn Sources, changed: Vec<Changed>, say: Say) -> Self {
        for file in &changed {
            let line: &Line = if file.removed { &process::REMOVED } else { &process::WRITTEN };
            say(line, &[Arg::Text(file.path.to_bytes())]);
        }
        let mut any = false;
        for file in changed.iter().filter(|file| file.content == Content::Names && core.config.listen.port != 0) {
            let path = file.path.to_bytes();
            let count = core.world.hosts.count_of(path);
            if count > 0 {
                say(&process::FLUSHED, &[Arg::Number(count.into()), Arg::Text(path)]);
            }
            any = true;
        }
        let mut job = Job::new(Some(changed));
        if any {
            job.begin_names(core, files);
        }
        job
    }

    fn new(changed: Option<Vec<Changed>>) -> Self {
        let stage = Stage::Dhcp;
        Job {
            changed,
            stage,
            records: 0,
            places: Vec::new(),
            file: None,
            #[cfg(feature = "dhcp4")]
            dhcp: None,
            piece: [0; PIECE],
            held: 0,
            waits: false,
        }
    }

    /// Local names: those of the configuration, /etc/hosts, then the other files,
    /// the last configured one first, then those in directories, last in those
    /// that are watched.
    fn begin_names(&mut self, core: &mut Core, files: &dyn Sources) {
        let mut builder = HostsBuilder::new(core.world.cache.key());
        builder.source(b"config");
        self.stage = Stage::Names(builder);
        let places = &mut self.places;
        if core.config.dns.etc_hosts {
            places.push(Place::File(c"/etc/hosts".into()));
        }
        directories::each_file(files, &core.config.dns.addn_hosts, &mut |path| places.push(Place::File(path.into())));
        let watched = directories::watched(&core.config).filter(|(content, _)| *content == Content::Names);
        places.extend(watched.map(|(_, path)| Place::Watched(path.into())));
        places.reverse();
    }

    /// Does so many units of work; true when all is done.
    pub fn work(&mut self, core: &mut Core, files: &dyn Sources, say: Say, now: Now, units: usize) -> bool {
        for _ in 0..units {
            match &mut self.stage {
                Stage::Names(_) => {
                    if let Some(names) = self.names_unit(core, files, say) {
                        self.stage = Stage::Dhcp;
                        self.put_names(core, names, now, say);
                    }
                }
                Stage::Dhcp => {
                    if !self.dhcp(core, files, say) {
                        continue;
                    }
                    #[cfg(feature = "dhcp4")]
                    core.change(Change::DhcpHostsReloaded, now);
                    let is_served = self.changed.is_none() && core.config.listen.port != 0;
                    self.stage = Stage::Servers(is_served.then(|| Servers::open(core, files, self.waits)).flatten());
                }
                Stage::Servers(Some(servers)) => {
                    if servers.unit(core, files, say, now) {
                        self.stage = Stage::Done;
                    }
                }
                Stage::Servers(None) | Stage::Done => return true,
            }
        }
        false
    }

    /// A unit of reading names; the table when all are read.
    fn names_unit(&mut self, core: &Core, files: &dyn Sources, say: Say) -> Option<HostsBuilder> {
        let Job { stage: Stage::Names(builder), changed, records, places, file, piece, held, .. } = self else { return None };
        let dns = &core.config.dns;
        let rest = dns.local.hosts.get(*records..).filter(|rest| !rest.is_empty());
        if let Some(rest) = rest {
            for host in rest.iter().take(RECORDS) {
                let addrs = host.v4.map(IpAddr::V4).into_iter().chain(host.v6.map(IpAddr::V6));
                for name in host.names.iter().filter_map(|name| Name::new(name)) {
                    addrs.clone().for_each(|addr| builder.add_for(name, addr, host.ttl));
                }
                *records = records.saturating_add(1);
            }
            return None;
        }
        let Some(open) = file else {
            match places.pop() {
                Some(Place::File(path)) => {
                    builder.source(path.to_bytes());
                    *file = Some(Open { source: files.open(&path), path, text: HostsFile::default(), read: 0 });
                }
                Some(Place::Watched(path)) => {
                    places.extend(directories::inside(files, say, &path).into_iter().rev().map(Place::File));
                }
                None if builder.finish(STEPS) => match core::mem::replace(&mut self.stage, Stage::Done) {
                    Stage::Names(builder) => return Some(builder),
                    _ => return None,
                },
                None => {}
            }
            return None;
        };
        let mut got = Ok(*held);
        if *held == 0 {
            got = open.source.as_mut().map_err(|errno| *errno).and_then(|source| source.read(piece));
            *held = *got.as_ref().unwrap_or(&0);
        }
        // As many names as octets: each has one, a dot or a blank, and its like with
        // `expand-hosts`.
        if !builder.make_room(held.saturating_add(MOST_PARENTS), STEPS) && *held > 0 {
            return None;
        }
        let is_told = |path: &CStr| {
            let own = |file: &Changed| *file.path == *path && !file.removed;
            changed.as_ref().is_none_or(|changed| changed.iter().any(own))
        };
        let shown = Arg::Text(open.path.to_bytes());
        let told = is_told(&open.path);
        let domain_of = |addr: IpAddr| {
            let domain = dns.expand_hosts.then(|| dns.domain_for(addr, &*core.world.interfaces)).flatten()?;
            Name::new(domain).map(NameBuf::from_name)
        };
        let mut report = |problem: Problem, line: u32| {
            let template: &Line = match problem {
                Problem::BadAddress => &process::BAD_ADDRESS,
                Problem::BadName => &process::BAD_NAME,
            };
            if told {
                say(template, &[shown, Arg::Number(line.into())]);
            }
        };
        let mut with = Reading { builder, domain_of: &domain_of, report: &mut report };
        if *held > 0 {
            open.text.feed(piece.get(..*held).unwrap_or_default(), &mut with);
            open.read = open.read.saturating_add(*held as u64);
            builder.progress(open.read, open.source.as_ref().map_or(0, |source| source.left()));
            *held = 0;
            return None;
        }
        let names = open.text.finish(&mut with);
        if told {
            match got {
                Ok(_) => say(&process::READ_HOSTS, &[shown, Arg::Number(names.into())]),
                Err(errno) => say(&process::NO_HOSTS, &[shown, Arg::Errno(errno)]),
            }
        }
        *file = None;
        None
    }

    /// Puts new names in force.
    fn put_names(&self, core: &mut Core, names: HostsBuilder, now: Now, say: Say) {
        match self.changed {
            None => core.set_hosts(names.freeze(), now),
            Some(_) => {
                core.world.hosts = names.freeze();
                renamed(core, say);
            }
        }
    }

    /// A unit of reading hosts and options of DHCP; true when all are in force.
    #[cfg(feature = "dhcp4")]
    fn dhcp(&mut self, core: &mut Core, files: &dyn Sources, say: Say) -> bool {
        let reading = self.dhcp.get_or_insert_with(|| match &self.changed {
            None => dhcp_lists::Reading::all(core, files),
            Some(changed) => dhcp_lists::Reading::changed(core, changed),
        });
        let is_read = reading.unit(core, files, say);
        if is_read {
            self.dhcp = None;
        }
        is_read
    }

    /// There is nothing.
    #[cfg(not(feature = "dhcp4"))]
    fn dhcp(&self, _: &mut Core, _: &dyn Sources, _: Say) -> bool {
        true
    }
}

/// Names have changed, and with them addresses of DHCP hosts.
#[cfg(feature = "dhcp4")]
fn renamed(core: &mut Core, say: Say) {
    dhcp_lists::renamed(core, say);
}

/// There are no such hosts.
#[cfg(not(feature = "dhcp4"))]
fn renamed(_: &mut Core, _: Say) {}
