//! Starting the machine of the laboratory, and the signals that it gets: the
//! part of the shell that is not the loop, with fake files instead of real
//! ones.

use super::files::Files;
use super::{EPOCH, Lab, Logged};
use arrayvec::{ArrayString, ArrayVec};
use ironmasq::base::bytes::Writer;
use ironmasq::base::hash::Key;
use ironmasq::base::net::{HwAddr, IfIndex, netmask4};
use ironmasq::base::random::Random;
use ironmasq::base::time::{Millis, Now, UnixTime, Why};
use ironmasq::config::{self, Config, Outcome};
use ironmasq::daemon::core::Core;
use ironmasq::daemon::directories::{self, Changed};
use ironmasq::daemon::{greeting, reload, serve};
use ironmasq::dhcp4;
use ironmasq::dns::resolv;
use ironmasq::outbox::change::Change;
use ironmasq::outbox::lines::{self, Arg, Line, process};
use ironmasq::platform::seal::{self, Seal};
use ironmasq::store::interfaces::{Address, Interface};
use std::ffi::CString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The configuration file.
const CONFIG: &str = "/etc/dnsmasq.conf";

#[global_allocator]
static GUARD: seal::Guard<std::alloc::System> = seal::Guard(std::alloc::System);

/// What a machine is made of.
#[derive(Clone)]
pub struct Plan {
    pub config: String,
    pub files: Files,
    pub interfaces: Vec<Interface>,
    pub seed: u64,
    pub now: Now,
}

impl Default for Plan {
    fn default() -> Self {
        let now = Now { mono: Millis(1_000_000), wall: UnixTime(EPOCH) };
        Plan { config: String::new(), files: Files::default(), interfaces: Vec::new(), seed: 1, now }
    }
}

/// Runs something with the heap sealed; a heap operation is counted and told
/// by `broken`. `LAB_SEAL=abort` stops at the first one, for a debugger.
pub fn sealed<R>(act: impl FnOnce() -> R) -> R {
    let how = if abort_at_once() { Seal::Abort } else { Seal::Count };
    seal::seal(how);
    let result = act();
    seal::unseal();
    result
}

fn abort_at_once() -> bool {
    static ABORT: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    *ABORT.get_or_init(|| std::env::var("LAB_SEAL").is_ok_and(|text| text == "abort"))
}

/// Heap operations so far while the heap was sealed.
pub fn broken() -> u32 {
    seal::broken()
}

/// An interface as netlink would tell it.
pub fn interface(
    index: IfIndex,
    name: &str,
    hw: &[u8],
    mtu: u32,
    up: bool,
    addresses: &[(IpAddr, u8)],
) -> Interface {
    let address = |(addr, prefix): &(IpAddr, u8)| {
        let broadcast = match addr {
            IpAddr::V4(v4) => Ipv4Addr::from(u32::from(*v4) | !u32::from(netmask4(*prefix))),
            IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
        };
        Address { addr: *addr, prefix: *prefix, broadcast, dns: false, tentative: false, fleeting: false }
    };
    Interface {
        index,
        name: ArrayString::from(name).expect("a name that fits"),
        mtu,
        loopback: name == "lo",
        up,
        hw: HwAddr::new(1, hw),
        addresses: addresses.iter().map(address).collect::<ArrayVec<_, _>>(),
        dns: false,
        dhcp4: false,
        tftp: false,
    }
}

/// Reads the configuration and starts; the error is the first message of a
/// refusal.
pub fn start(plan: &Plan) -> Result<Lab, String> {
    let mut random = Random::seeded(plan.seed);
    let mut files = plan.files.clone();
    files.put(CONFIG, plan.config.as_bytes(), plan.now.wall.0);
    let (config, warnings) = match config::read(&[b"-C", CONFIG.as_bytes()], Key::new(&mut random), &files) {
        Outcome::Run(config, warnings) => (*config, warnings),
        Outcome::Refused { messages, .. } => return Err(messages.into_iter().next().unwrap_or_default()),
        _ => return Err("it would not run".into()),
    };
    files.lease_path = config.dhcp.lease_file().to_string_lossy().into_owned();
    let core = Core::new(config, random);
    let mut lab = Lab::around(core, files, plan.interfaces.clone(), plan.now);
    lab.helper_is_busy = true;
    read_leases(&mut lab)?;
    mark_interfaces(&mut lab);
    lab.helper_is_busy = false;
    let Lab { core, log, .. } = &mut lab;
    greeting::lines(core, None, &warnings, &mut |line, args| log.push(rendered(line, args)));
    lab.change(Change::Interfaces);
    read_resolv(&mut lab);
    read_files(&mut lab);
    Ok(lab)
}

/// The interface table is read anew.
fn interfaces_changed(lab: &mut Lab) {
    mark_interfaces(lab);
    lab.change(Change::Interfaces);
}

fn mark_interfaces(lab: &mut Lab) {
    for interface in &mut lab.interfaces {
        mark(&lab.core.config, interface);
    }
    lab.core.world.interfaces.list = lab.interfaces.iter().cloned().collect();
}

fn mark(config: &Config, interface: &mut Interface) {
    serve::mark(config, interface);
    let (name, loopback) = (interface.name, interface.loopback);
    for address in &mut interface.addresses {
        address.dns = serve::by_address(config, name.as_bytes(), b"", loopback, address.addr);
    }
}

/// An interface changed, or came.
pub fn replace_interface(lab: &mut Lab, interface: Interface) {
    match lab.interfaces.iter_mut().find(|known| known.name == interface.name) {
        Some(known) => *known = Interface { index: known.index, ..interface },
        None => lab.interfaces.push(interface),
    }
    interfaces_changed(lab);
}

/// SIGHUP, and all that is to be read is.
pub fn reload(lab: &mut Lab) {
    begin_reload(lab);
    go_on(lab, usize::MAX);
}

/// SIGHUP; nothing is read yet.
pub fn begin_reload(lab: &mut Lab) {
    let Lab { core, files, log, reload, .. } = lab;
    reload.all(core, files, &mut |line, args| log.push(rendered(line, args)));
}

/// So many units of reading are done.
pub fn go_on(lab: &mut Lab, units: usize) {
    for _ in 0..units {
        let Lab { core, files, log, reload, now, .. } = lab;
        let is_read = reload.work(core, files, &mut |line, args| log.push(rendered(line, args)), *now, 1);
        let is_busy = reload.is_busy();
        lab.settle();
        if is_read && lab.core.config.dns.no_poll {
            lab.seen_resolv = None;
            read_resolv(lab);
        }
        if !is_busy {
            break;
        }
    }
}

/// A file in a directory that is watched has changed.
pub fn file_changed(lab: &mut Lab, path: &str, removed: bool) -> Result<(), String> {
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    let of = directories::watched(&lab.core.config).find(|(_, directory)| directory.to_bytes() == parent.as_bytes());
    let content = of.ok_or("its directory is not watched")?.0;
    let changed = vec![Changed { content, path: CString::new(path).map_err(|_| "a zero")?, removed }];
    let Lab { core, log, files, reload, .. } = lab;
    if reload.is_busy() {
        return Err("files are being read".into());
    }
    reload.changed(core, files, changed, &mut |line, args| log.push(rendered(line, args)));
    go_on(lab, usize::MAX);
    Ok(())
}

/// SIGUSR1.
pub fn statistics(lab: &mut Lab) {
    lab.change(Change::Statistics);
}

fn say(lab: &mut Lab, line: &Line, args: &[Arg]) {
    lab.log.push(rendered(line, args));
}

fn rendered(line: &Line, args: &[Arg]) -> Logged {
    let mut buffer = [0; 1024];
    let mut out = Writer::new(&mut buffer);
    lines::render(&mut out, line, args);
    let text = String::from_utf8_lossy(out.written()).into_owned();
    Logged { channel: line.channel, level: line.level, text }
}

/// Everything that is read at start and again on SIGHUP, by the program's own
/// code.
fn read_files(lab: &mut Lab) {
    let Lab { core, files, log, now, .. } = lab;
    reload::read_all(core, files, &mut |line, args| log.push(rendered(line, args)), *now);
    lab.settle();
}

/// Something happened to the resolv files.
pub fn poll_files(lab: &mut Lab) {
    if !lab.core.config.dns.no_poll {
        read_resolv(lab);
    }
}

/// Looks at the resolv files: the one changed last is read if it is new.
fn read_resolv(lab: &mut Lab) {
    let files: Vec<String> = lab.core.config.dns.resolv_files.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let newest = files.iter().filter_map(|path| Some((path.clone(), lab.files.all.get(path)?.clone()))).max_by_key(|(_, file)| file.mtime);
    let Some((path, file)) = newest.filter(|(path, file)| lab.seen_resolv.as_ref() != Some(&(path.clone(), file.mtime))) else {
        return;
    };
    lab.seen_resolv = Some((path.clone(), file.mtime));
    let servers: Vec<SocketAddr> = file.content.split(|octet| *octet == b'\n').filter_map(|line| resolv::server(line, |_| 0)).collect();
    say(lab, &process::READING, &[Arg::Text(path.as_bytes())]);
    if servers.is_empty() {
        say(lab, &process::NO_SERVERS, &[Arg::Text(path.as_bytes())]);
    }
    lab.change(Change::Resolv { servers: &servers });
}

/// The lease file, in small pieces.
fn read_leases(lab: &mut Lab) -> Result<(), String> {
    if lab.core.config.dhcp.ranges.is_empty() {
        return Ok(());
    }
    let text = lab.files.content(&lab.files.lease_path);
    let now = lab.now;
    let Core { config, world, outbox, .. } = &mut lab.core;
    let mut reading = dhcp4::LeasesRead { leases: &mut world.leases, file: &mut world.lease_file, out: outbox, now };
    let fits = text.chunks(9).all(|piece| reading.piece(piece)) && reading.end(config);
    lab.settle();
    if fits { Ok(()) } else { Err("too many stored leases".into()) }
}

/// Debug builds: every invariant of every table.
pub fn check(lab: &Lab) {
    if let Some(dns) = &lab.core.dns {
        dns.check();
    }
    lab.core.world.cache.check();
    if let Some(dhcp4) = &lab.core.dhcp4 {
        dhcp4.check();
    }
}

/// Nothing is under way, so every table of transactions is empty.
pub fn check_quiet(lab: &Lab) -> Result<(), String> {
    let transfers = lab.core.tftp.as_ref().map_or(0, |tftp| tftp.active());
    if transfers > 0 {
        return Err(format!("when all was quiet {transfers} TFTP transfers were under way"));
    }
    // The shared sockets of `query-port` and of source ports stay.
    let dns = &lab.core.config.dns;
    let shared = usize::from(dns.query_port.is_some()) + dns.source_ports.len();
    if lab.ports.len() > shared || lab.open_file_count() > 0 {
        let (ports, files) = (&lab.ports, lab.open_file_count());
        return Err(format!("when all was quiet {files} files and the sockets of slots {ports:?} were open"));
    }
    match lab.next_due() {
        Some(due) if !matches!(due.why, Why::Lease | Why::LeaseFile) => {
            Err(format!("when all was quiet something was due because of {:?}", due.why))
        }
        _ => Ok(()),
    }
}
