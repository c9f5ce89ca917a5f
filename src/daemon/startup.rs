//! Starting, a step at a time in dnsmasq's order: leases are read, sockets
//! bound as root, the terminal left, pid file and log opened, privileges
//! dropped, watches set; then the first lines of the log.

use crate::base::bytes::Writer;
use crate::base::random::Random;
use crate::base::text;
use crate::config::{Config, LogTarget, Mode, Warning};
use crate::daemon::account::Account;
use crate::daemon::bus::Bus;
use crate::daemon::capture::Capture;
use crate::daemon::core::Core;
use crate::daemon::deliver::Deliver;
#[cfg(feature = "dhcp4")]
use crate::daemon::dhcp_files;
use crate::daemon::directories::Directories;
use crate::daemon::failure::{FILES, Failure, OTHER};
use crate::daemon::journal::Journal;
#[cfg(not(feature = "dhcp4"))]
use crate::daemon::lease_disk::LeaseDisk;
use crate::daemon::links::Links;
use crate::daemon::neighbours::Neighbours;
use crate::daemon::reload::Reload;
use crate::daemon::resolv::Resolv;
use crate::daemon::scripts::Scripts;
use crate::daemon::marks::Marks;
use crate::daemon::sets::Sets;
use crate::daemon::shell::{self, Shell};
use crate::daemon::sockets::Sockets;
use crate::daemon::tokens::Place;
use crate::daemon::{greeting, heap, listeners, reload};
use crate::outbox::action::{Channel, Level};
use crate::outbox::change::Change;
use crate::outbox::lines::{Arg, Line, process};
use crate::platform::background::{self, Starter};
use crate::platform::identity;
use crate::platform::signals::Signal;
use crate::platform::sys::{self, Errno};
use crate::platform::{clock, files, signals};
use mio::{Events, Poll};
use std::os::fd::AsFd;

/// What is at hand to say why a start ends.
struct Start {
    journal: Journal,
    starter: Option<Starter>,
}

impl Start {
    /// The value, or the end: on standard error, here or in the process that
    /// waits there, and in the log.
    fn need<T>(&mut self, result: Result<T, Failure>) -> T {
        match result {
            Ok(value) => value,
            Err(failure) => self.end(&failure),
        }
    }

    #[inline(never)]
    fn end(&mut self, Failure(failure): &Failure) -> ! {
        let message = [b"\ndnsmasq: ", failure.message.as_slice(), b"\n"].concat();
        match self.starter.take() {
            Some(starter) => starter.failed(failure.status, &message),
            None => background::write_stderr(&message),
        }
        to_log(&mut self.journal, &failure.message);
        sys::exit(failure.status.into())
    }
}

/// Starts, runs and ends the process; nothing is taken apart before.
pub fn run(config: Box<Config>, warnings: &[Warning], random: Random) -> ! {
    let mut start = Start { journal: Journal::new(&config.log, config.process.mode), starter: None };
    let now = clock::now();
    let signals = start.need(signals::watch().map_err(|errno| system(b"failed to watch signals", errno)));
    let poll = Poll::new().map_err(|error| system(b"failed to create poll", sys::errno_of(&error)));
    let poll = start.need(poll);
    let mut core = Core::new(config, random);
    #[cfg(feature = "dhcp4")]
    let leases = start.need(dhcp_files::open_leases(&mut core, now));
    #[cfg(not(feature = "dhcp4"))]
    let leases = LeaseDisk::none();
    let mut links = Links::open();
    let settled = links.read(&core.config, &mut core.world.interfaces);
    let mut sockets = Sockets::new(&core.config, poll);
    sys::allow_descriptors(sockets.most());
    start.need(listeners::open(&mut sockets, &core));
    let account = start.need(Account::find(&core.config));
    if core.config.process.mode != Mode::Debug {
        sys::leave_directory();
    }
    if core.config.process.mode == Mode::Daemon {
        let detached = background::detach().map_err(|errno| system(b"cannot fork into background", errno));
        start.starter = Some(start.need(detached));
    }
    let pid_chown = start.need(write_pid_file(&core.config, &account));
    let opened = open_log(&core.config, &mut start.journal, &account);
    let log_chown = start.need(opened);
    // The account that we change to may not be let write to /dev/null. Whoever
    // fails from here on tells the process that waits.
    if core.config.process.mode == Mode::Daemon {
        background::close_standard();
    }
    // It keeps the rights that we are about to lose.
    let scripts = start.need(Scripts::start(&core.config));
    let neighbours = Neighbours::open(&core.config);
    let capture = start.need(Capture::open(&core.config));
    // Who offers an object may be asked for more rights than we are about to have.
    let bus = Bus::open(&core.config, now);
    start.need(account.enter());
    start.need(check_tftp_roots(&core.config));
    let mut resolv = Resolv::new(&core.config);
    start.need(resolv.start());
    let directories = start.need(Directories::open(&core.config));
    for (fd, place) in [
        (Some(&signals), Place::Signals),
        (links.socket(), Place::Links),
        (resolv.socket(), Place::Watch),
        (directories.socket(), Place::Directories),
        (scripts.socket(), Place::Script),
        (neighbours.as_ref().map(Neighbours::socket), Place::Neighbours),
    ] {
        if let Some(fd) = fd {
            start.need(sockets.watch(fd.as_fd(), place).map_err(|errno| system(b"failed to watch", errno)));
        }
    }
    if !settled {
        sockets.wake(Place::Links);
    }
    let journal = core::mem::replace(&mut start.journal, Journal::closed());
    let mut deliver = Deliver::new(sockets, journal, leases, scripts, Sets::open(&core.config), capture);
    deliver.marks = Marks::open(&core.config);
    deliver.bus = bus;
    start.need(deliver.watch_bus().map_err(|errno| system(b"failed to watch", errno)));
    let changed: [(_, &Line); 2] = [(pid_chown, &process::PID_CHOWN), (log_chown, &process::LOG_CHOWN)];
    for (what, line) in changed {
        if let Some((path, errno)) = what {
            deliver.say(line, &[Arg::Text(&path), Arg::Errno(errno)]);
        }
    }
    let bus = deliver.bus.greeting();
    greeting::lines(&core, bus, warnings, &mut |line, args| deliver.say(line, args));
    links.tell_overflow(&mut core.outbox);
    core.change(Change::Interfaces, now);
    deliver.drain(&mut core, now);
    resolv.look(&mut core, true, now);
    deliver.drain(&mut core, now);
    let events = Events::with_capacity(shell::EVENTS);
    let receiver = shell::receiver();
    let reload = Reload::default();
    let mut shell = Shell { events, core, deliver, directories, links, neighbours, reload, resolv, signals, receiver };
    reload::read(&mut shell, now);
    // Who has had enough before it began is no ordinary end.
    while let Some(signal) = signals::next(&shell.signals) {
        if matches!(signal, Signal::Term | Signal::Int) {
            sys::exit(OTHER.into());
        }
    }
    if let Some(starter) = start.starter.take() {
        starter.ready();
    }
    heap::close();
    sys::exit(shell.run())
}

fn system(what: &[u8], errno: Errno) -> Failure {
    Failure::system(OTHER, &[what], errno)
}

/// A configuration that is wrong: every message on standard error, the first
/// one (what dnsmasq would say) in the log too.
pub fn refuse(messages: &[String]) {
    for (place, message) in messages.iter().enumerate() {
        let before: &[u8] = if place == 0 { b"\ndnsmasq: " } else { b"dnsmasq: " };
        background::write_stderr(&[before, message.as_bytes(), b"\n"].concat());
    }
    if let Some(first) = messages.first() {
        to_log(&mut Journal::closed(), first.as_bytes());
    }
}

fn to_log(journal: &mut Journal, message: &[u8]) {
    let now = clock::wall();
    journal.open_if_closed();
    journal.line(Channel::Main, Level::Critical, message, now);
    let last = &process::FAILED;
    journal.line(last.channel, last.level, &last.text, now);
}

/// A file whose owner could not be changed, and why.
type NotGiven = Option<(Vec<u8>, Errno)>;

/// Writes our number into the pid file, made anew and given to the account.
fn write_pid_file(config: &Config, account: &Account) -> Result<NotGiven, Failure> {
    let Some(path) = &config.process.pid_file else { return Ok(None) };
    if config.process.mode == Mode::Debug {
        return Ok(None);
    }
    let mut buffer = [0; 16];
    let mut out = Writer::new(&mut buffer);
    text::decimal(&mut out, sys::pid().into());
    out.u8(b'\n');
    let _ = files::remove(path);
    let file = match files::create_new(path, 0o644).and_then(|file| {
        files::write_all(&file, out.written())?;
        Ok(file)
    }) {
        Ok(file) => file,
        // An ordinary account may do without.
        Err(_) if identity::effective_uid() != 0 => return Ok(None),
        Err(errno) => return Err(Failure::system(FILES, &[b"failed to open pidfile ", path.to_bytes()], errno)),
    };
    let given = account.owner().map_or(Ok(()), |(uid, gid)| files::give(&file, uid, gid));
    Ok(given.err().map(|errno| (path.to_bytes().to_vec(), errno)))
}

fn open_log(config: &Config, journal: &mut Journal, account: &Account) -> Result<NotGiven, Failure> {
    let LogTarget::File(path) = &config.log.target else {
        return journal.open(&config.log).map(|()| None).map_err(|errno| {
            Failure::system(FILES, &[b"cannot open log"], errno)
        });
    };
    journal
        .open(&config.log)
        .map_err(|errno| Failure::system(FILES, &[b"cannot open log ", path.to_bytes()], errno))?;
    let given = match (journal.file(), account.owner()) {
        // Its group stays and may write: the next start is root's again.
        (Some(file), Some((uid, _))) => files::give_to_user(file, uid).and_then(|()| files::let_group_write(file)),
        _ => Ok(()),
    };
    Ok(given.err().map(|errno| (path.to_bytes().to_vec(), errno)))
}

/// The roots must be directories that we may enter now.
fn check_tftp_roots(config: &Config) -> Result<(), Failure> {
    if !config.tftp.on || config.tftp.no_fail {
        return Ok(());
    }
    for root in config.tftp.roots() {
        let path = std::ffi::CString::new(root).unwrap_or_default();
        files::check_directory(&path)
            .map_err(|errno| Failure::system(FILES, &[b"TFTP directory ", root, b" inaccessible"], errno))?;
    }
    Ok(())
}
