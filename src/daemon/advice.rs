//! What `--test` warns of that only this machine shows: users, groups, files and
//! interfaces that do not exist, ranges that fit no network here. A start finds
//! out later than the configuration is read, and so does dnsmasq's.

use crate::base::net::{netmask4, same_net4};
use crate::base::{errno, text};
use crate::config::{self, Config, Files, Hosts, Mentions, Names, ServersReading, Warning};
use crate::daemon::links::Links;
use crate::daemon::{directories, outside};
use crate::platform::{files, identity};
use crate::store::interfaces::Interfaces;
use std::ffi::{CStr, CString};
use std::net::Ipv4Addr;

/// Somebody may run it.
const RUNS: u32 = 0o111;

/// Everything to be warned of.
pub fn warnings(config: &Config, mentions: &Mentions) -> Vec<Warning> {
    let mut table = Box::<Interfaces>::default();
    Links::open().read(config, &mut table);
    let is_interface = |name: &[u8]| table.iter().any(|interface| interface.name.as_bytes() == name);
    let mut list = config::warnings(config, mentions, &is_interface);
    for mention in mentions.naming() {
        // `-` is standard input or standard error.
        for item in mention.items().filter(|item| !item.is_empty() && *item != b"-") {
            if let Some(what) = missing(mention.names, item, &is_interface) {
                list.push(mentions.about_this(mention, &[&what]));
            }
        }
    }
    if !mentions.has("user")
        && let Some(user) = &config.process.user
        && identity::user(user.to_bytes()).is_none()
    {
        list.push(Warning(text::filled("user % does not exist", &[user.to_bytes()])));
    }
    networks(config, mentions, &table, &mut list);
    lines(config, &mut list);
    list
}

/// Lines that a start would log and pass over, of the files it reads beside the
/// configuration.
fn lines(config: &Config, list: &mut Vec<Warning>) {
    let disk = &outside::Disk;
    let mut read = |path: &CStr, parse: &mut dyn FnMut(&[u8]) -> Result<(), String>| {
        let mut number = 0;
        // Whether it can be read at all has been looked at.
        let _ = outside::each_line(disk, path, &mut |line| {
            number += 1;
            if let Err(what) = parse(line) {
                let number = text::number(number);
                let said = text::filled("% at line % of %", &[what.as_bytes(), number.as_bytes(), path.to_bytes()]);
                list.push(Warning(said));
            }
        });
    };
    let dhcp = &config.dhcp;
    let mut tags = dhcp.tags.to_vec();
    for paths in [&dhcp.hosts_files, &dhcp.hosts_dirs] {
        directories::each_file(disk, paths, &mut |path| {
            read(path, &mut |line| config::dhcp_host_line(line, &mut tags).map(drop));
        });
    }
    for paths in [&dhcp.options_files, &dhcp.options_dirs] {
        directories::each_file(disk, paths, &mut |path| {
            read(path, &mut |line| config::dhcp_option_line(line, &mut tags).map(drop));
        });
    }
    if dhcp.read_ethers {
        read(c"/etc/ethers", &mut |line| config::ethers_line(line).map(drop));
    }
    if let Some(path) = &config.dns.servers_file.path {
        let mut reading = ServersReading::new(&config.dns, Hosts::Ask(disk.look_up()));
        read(path, &mut |line| reading.line(line));
    }
}

/// What is to be said of something named that is not there.
fn missing(names: Names, item: &[u8], is_interface: &dyn Fn(&[u8]) -> bool) -> Option<Vec<u8>> {
    let there = match names {
        Names::User => identity::user(item).is_some(),
        Names::Group => identity::group(item).is_some(),
        // Wildcards wait for what may come, and an address may stand instead.
        Names::Interfaces => item.contains(&b'*') || text::parse_ip(item).is_some() || is_interface(item),
        Names::ToRead | Names::ToRun | Names::ToWrite => {
            let is_new = names == Names::ToWrite;
            let path = if is_new { directory(item) } else { item };
            let info = CString::new(path).ok().map(|path| files::info_of(&path));
            return match info? {
                Err(errno) => Some([path, b": ", errno::text(errno).as_bytes()].concat()),
                Ok(info) if is_new && !info.is_directory() => Some([path, b" is no directory"].concat()),
                Ok(info) if names == Names::ToRun && info.mode & RUNS == 0 => Some([path, b" is no program"].concat()),
                Ok(_) => None,
            };
        }
        Names::Nothing => true,
    };
    let kind: &[u8] = match names {
        Names::User => b"user ",
        Names::Group => b"group ",
        _ => b"interface ",
    };
    (!there).then(|| [kind, item, b" does not exist"].concat())
}

/// The directory of a file; `-` and names without one are in the one we are in.
fn directory(path: &[u8]) -> &[u8] {
    match path.iter().rposition(|octet| *octet == b'/') {
        Some(0) => b"/",
        Some(at) => path.get(..at).unwrap_or(b"/"),
        None => b".",
    }
}

/// Ranges that fit no network of an interface, and hosts outside the networks of
/// all ranges.
fn networks(config: &Config, mentions: &Mentions, table: &Interfaces, list: &mut Vec<Warning>) {
    let shown = |addr| text::string(&|out| text::ipv4(out, addr));
    let mut networks: Vec<Option<(Ipv4Addr, Ipv4Addr)>> = Vec::new();
    for (number, range) in config.dhcp.ranges.iter().enumerate() {
        let start = shown(range.start);
        let near = table.iter().find_map(|interface| {
            let mut own = interface.ipv4();
            own.find_map(|(own, address)| {
                let mask = range.netmask.unwrap_or(netmask4(address.prefix));
                same_net4(own, range.start, mask).then_some((mask, interface))
            })
        });
        let mut tell = |before: &[u8], behind: &[u8]| {
            list.push(mentions.about_range(number, &[before, b"the dhcp-range from ", start.as_bytes(), behind]));
        };
        // Right for requests that come by a relay.
        if near.is_none() {
            tell(b"no interface is in the network of ", b"");
        }
        let mask = range.netmask.or(near.map(|(mask, _)| mask));
        if mask.is_some_and(|mask| !same_net4(range.start, range.end, mask)) {
            tell(b"", b" ends in another network than it starts in");
        }
        networks.push(mask.map(|mask| (range.start, mask)));
    }
    // Without all the masks nobody knows.
    if networks.is_empty() || networks.contains(&None) {
        return;
    }
    for (number, host) in config.dhcp.hosts.iter().enumerate() {
        let Some(addr) = host.addr else { continue };
        if !networks.iter().flatten().any(|(start, mask)| same_net4(addr, *start, *mask)) {
            let shown = shown(addr);
            let words = [b"the dhcp-host with ", shown.as_bytes(), b" is in the network of no dhcp-range"];
            list.push(mentions.about_host(number, &words));
        }
    }
}
