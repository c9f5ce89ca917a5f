//! The configuration, frozen: what the operator said, checked and typed.
//!
//! Engines read these structs and nothing else. Lists are boxed to their exact
//! size; names are in wire form, lower case; paths end in a zero so that they
//! can be opened without a copy. Nothing here changes after start: what a
//! signal re-reads (hosts, resolv files, DHCP host files) lives in the store.

#[macro_use]
mod refusal;
mod args;
pub mod auth;
mod capture;
mod checked;
mod confdir;
mod dhcp;
pub mod dhcp6;
pub mod dnssec;
mod directive;
mod directory;
mod domains;
#[cfg(test)]
mod documents;
mod draft;
mod files;
pub mod edns;
mod lexer;
mod mentions;
mod netboot;
mod option_value;
mod read;
mod records;
mod relaying;
mod render;
mod resolv_domain;
mod reverse;
mod row;
mod rows;
mod screen;
mod script;
mod server;
pub mod sets;
mod servers_file;
mod source;
mod tftp;
mod values;
mod warnings;

#[cfg(test)]
mod effect_tests;
#[cfg(test)]
mod round_trip;
#[cfg(test)]
mod effects_dhcp6;
#[cfg(test)]
mod effects_netboot;
#[cfg(test)]
mod effects_upstream;

pub use capture::Capture;
pub use dhcp::{
    Boot, ClientId, Conditions, Dhcp, DhcpOption, Host, HwPattern, Fits, LeaseTime, Match, NextServer, Range, RangeKind,
    Space, Suffix6, Tag, TagIf, Test, Where,
};
pub use mentions::{Mention, Mentions, Names};
pub use files::{Entry, Errno, Files, Hosts, Kind, LookUp, Nowhere, Origin, directory, is_wanted_name};
pub use netboot::{Netboot, Service};
pub use read::{Outcome, Warning, dhcp_host_line, dhcp_option_line, ethers_line, read, read_text};
pub use relaying::{Bridge, Link, Relay, RelayBy, RelayTo, Relaying, Shared};
pub use servers_file::ServersReading;
use servers_file::ServersFile;
pub use rows::{HAS_AUTH, HAS_CONNTRACK, HAS_SCRIPT, HAS_SETS, HAS_UBUS};
pub use render::{DNSMASQ_VERSION, parts, version};
pub use script::Script;
pub use records::{HostRecord, InterfaceName, Local, Record, Records, Synth};
pub use screen::{Alias, Screen};
pub use tftp::{Tftp, UniqueRoot};
pub use warnings::warnings;

use crate::base::net::Networks;
use std::ffi::CStr;
use std::net::{IpAddr, SocketAddr};

/// A path, ready for `open`.
pub type Path = Box<CStr>;

/// A domain name in wire form, lower case, with its final zero.
pub type NameBox = Box<[u8]>;

/// The whole configuration.
#[cfg_attr(test, derive(Debug))]
pub struct Config {
    /// How to run.
    pub process: Process,
    /// What to say.
    pub log: Log,
    /// Where to listen.
    pub listen: Listen,
    /// DNS.
    pub dns: Dns,
    /// Authoritative service.
    pub auth: auth::Auth,
    /// DNSSEC validation.
    pub dnssec: dnssec::Dnssec,
    /// Sets of the kernel and marks of connections.
    pub sets: sets::Sets,
    /// DHCP.
    pub dhcp: Dhcp,
    /// The program that follows leases.
    pub script: Script,
    /// DHCPv6 and router advertisements.
    pub dhcp6: dhcp6::Dhcp6,
    /// The capture file.
    pub capture: Capture,
    /// TFTP.
    pub tftp: Tftp,
}

/// What holds if nothing is said, made where it will stand.
#[inline(never)]
fn usual<T: Default>() -> T {
    T::default()
}

impl Default for Config {
    fn default() -> Self {
        Config {
            process: usual(),
            log: usual(),
            listen: usual(),
            dns: usual(),
            auth: usual(),
            dnssec: usual(),
            sets: usual(),
            dhcp: usual(),
            script: usual(),
            dhcp6: usual(),
            capture: usual(),
            tftp: usual(),
        }
    }
}

/// How the process behaves.
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Process {
    /// `-k`, `-d` or neither.
    pub mode: Mode,
    /// Where to write the process id.
    pub pid_file: Option<Path>,
    /// Account to change to; `None`: stay as started.
    pub user: Option<Path>,
    /// Group to change to; `None`: `dip` if it exists, else that of the user;
    /// an empty text: stay as started.
    pub group: Option<Path>,
    /// The name of our object on OpenWrt's bus.
    pub ubus: Option<Path>,
}

/// Foreground, background or debugging.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(test, derive(Debug))]
pub enum Mode {
    /// Fork twice and leave the terminal.
    #[default]
    Daemon,
    /// `keep-in-foreground`.
    Foreground,
    /// `no-daemon`: foreground, no privilege drop, log to standard error too.
    Debug,
}

/// What to log, and where.
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Log {
    /// Where lines go.
    pub target: LogTarget,
    /// `log-queries`.
    pub queries: Queries,
    /// `log-dhcp`.
    pub dhcp: bool,
    /// `log-debug`.
    pub debug: bool,
    /// `quiet-dhcp`.
    pub quiet_dhcp: bool,
    /// `quiet-tftp`.
    pub quiet_tftp: bool,
    /// `log-async`: lines that may wait, at most 100; 0: not said.
    pub queue: u8,
}

/// Where log lines go.
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub enum LogTarget {
    /// The syslog socket, with this facility (0–23).
    Syslog(u8),
    /// A file, appended to.
    File(Path),
    /// Standard error.
    #[default]
    Stderr,
}

/// How much of DNS is logged.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Queries {
    /// Queries and answers are logged.
    pub on: bool,
    /// Each line carries a serial number and the client.
    pub extra: bool,
    /// Each line carries `UDP` or `TCP` too.
    pub proto: bool,
    /// Only what is asked of authoritative zones.
    pub auth: bool,
    /// Only answers that say no: errors, and names or data that there are not.
    pub failed: bool,
}

/// An interface name, possibly with a trailing wildcard.
#[derive(Clone)]
#[cfg_attr(test, derive(Debug))]
pub struct Pattern {
    /// The name, without the `*`.
    pub name: Box<[u8]>,
    /// At least one more character follows.
    pub wildcard: bool,
}

impl Pattern {
    /// True when `name` fits.
    pub fn matches(&self, name: &[u8]) -> bool {
        match self.wildcard {
            true => name.len() > self.name.len() && name.starts_with(&self.name),
            false => *name == *self.name,
        }
    }
}

/// Which sockets to hold.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(test, derive(Debug))]
pub enum Bind {
    /// One wildcard socket a family, filtered by interface.
    #[default]
    Wildcard,
    /// `bind-interfaces`: one socket an address, made at start.
    Static,
    /// `bind-dynamic`: one socket an address, following changes.
    Dynamic,
}

/// `local-service`.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(test, derive(Debug))]
pub enum LocalService {
    /// Not restricted.
    #[default]
    Off,
    /// Clients in a subnet of ours only.
    Net,
    /// Loopback only.
    Host,
}

/// Where to listen.
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Listen {
    /// DNS port; 0: no DNS.
    pub port: u16,
    /// `interface`. When `Some` even an empty list restricts (to loopback).
    pub interfaces: Option<Vec<Pattern>>,
    /// `except-interface`.
    pub except: Vec<Pattern>,
    /// `listen-address`.
    pub addresses: Vec<IpAddr>,
    /// `no-dhcp-interface` and `no-dhcpv4-interface`.
    pub no_dhcp4: Vec<Pattern>,
    /// `no-dhcp-interface`: no TFTP either.
    pub no_tftp: Vec<Pattern>,
    /// Which sockets.
    pub bind: Bind,
    /// Whom to answer.
    pub local_service: LocalService,
}

/// Different source ports that servers may ask for.
pub const SOURCE_PORTS_MAX: usize = 64;

/// DNS.
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Dns {
    /// `cache-size`: entries of upstream data; 0: none.
    pub cache_size: u32,
    /// `dns-forward-max`.
    pub forward_max: u16,
    /// `edns-packet-max`, at least 512.
    pub edns_max: u16,
    /// `max-tcp-connections`.
    pub tcp_max: u8,
    /// `query-port`: one fixed port (0: chosen by the kernel at start).
    pub query_port: Option<u16>,
    /// Source ports that servers ask for, each once: those of the configuration
    /// first, then what the servers file has added so far.
    pub source_ports: Vec<u16>,
    /// Random source ports, from and to (1024–65535).
    pub ports: (u16, u16),
    /// All upstream servers named by `server=`, each once.
    pub servers: Vec<Server>,
    /// `port-limit`: source ports that one question may use, at least 1.
    pub port_limit: u16,
    /// `fast-dns-retry`: milliseconds to the first retry (50 or more), and
    /// seconds in all.
    pub fast_retry: Option<(u32, u32)>,
    /// `do-0x20-encode` without `no-0x20-encode`.
    pub case_check: bool,
    /// `add-mac`, `add-subnet` and their like.
    pub edns: edns::Edns,
    /// `server`, `local`, `address`: domain to targets.
    pub domains: DomainRules,
    /// What the server list at start shows, in configured order.
    pub shown: Vec<Shown>,
    /// Servers, and domains without servers, that the list only counts.
    pub shown_more: (u32, u32),
    /// `servers-file`.
    pub servers_file: ServersFile,
    /// `resolv-file`; empty with `no-resolv`.
    pub resolv_files: Vec<Path>,
    /// A resolv-file was given although `no-resolv` is set.
    pub resolv_ignored: bool,
    /// `no-resolv`.
    pub no_resolv: bool,
    /// `no-poll`.
    pub no_poll: bool,
    /// `clear-on-reload`.
    pub clear_on_reload: bool,
    /// `strict-order`.
    pub strict_order: bool,
    /// `all-servers`.
    pub all_servers: bool,
    /// `dns-loop-detect`.
    pub loop_detect: bool,
    /// `domain-needed`.
    pub domain_needed: bool,
    /// `bogus-priv`.
    pub bogus_priv: bool,
    /// `no-negcache`.
    pub no_negcache: bool,
    /// `neg-ttl`, seconds; 0: negative answers without SOA are not cached.
    pub neg_ttl: u32,
    /// `max-ttl`, seconds.
    pub max_ttl: Option<u32>,
    /// `max-cache-ttl`, seconds.
    pub max_cache_ttl: Option<u32>,
    /// `min-cache-ttl`, seconds, at most 3600.
    pub min_cache_ttl: u32,
    /// `local-ttl`, seconds.
    pub local_ttl: u32,
    /// `dhcp-ttl`, seconds.
    pub dhcp_ttl: Option<u32>,
    /// `use-stale-cache`: seconds that data may be used after its time; the
    /// largest number: for ever.
    pub stale: Option<u32>,
    /// `cache-rr`, ascending; ANY for all types.
    pub cache_types: Vec<u16>,
    /// `no-round-robin`.
    pub no_round_robin: bool,
    /// `no-ident`.
    pub no_ident: bool,
    /// `no-hosts` unset: read /etc/hosts.
    pub etc_hosts: bool,
    /// `addn-hosts`, in configured order.
    pub addn_hosts: Vec<Path>,
    /// `hostsdir`, in configured order.
    pub hosts_dirs: Vec<Path>,
    /// `expand-hosts`.
    pub expand_hosts: bool,
    /// `domain` without a range.
    pub domain: Option<NameBox>,
    /// `domain` with a range, as configured: the last that fits counts.
    pub ranged_domains: Vec<RangedDomain>,
    /// What is kept from clients of upstream answers.
    pub screen: Screen,
    /// Names and records of the configuration.
    pub local: Local,
}

impl Dns {
    /// The domain that applies to an address: the last ranged one that holds
    /// it, else the default.
    pub fn domain_for(&self, addr: IpAddr, networks: &dyn Networks) -> Option<&[u8]> {
        let ranged = self.ranged_domains.iter().rfind(|ranged| ranged.contains(addr, networks));
        ranged.map(|d| &*d.name).or(self.domain.as_deref())
    }
}

/// A domain for the addresses of a range.
#[cfg_attr(test, derive(Debug))]
pub struct RangedDomain {
    /// The domain.
    pub name: NameBox,
    /// The range.
    pub place: Place,
}

/// Which addresses are meant.
#[cfg_attr(test, derive(Debug))]
pub enum Place {
    /// From the first to the last, of one family.
    Range(IpAddr, IpAddr),
    /// Those in the networks of an interface.
    Interface(Box<[u8]>),
}

impl RangedDomain {
    /// True when `addr` lies in the range.
    pub fn contains(&self, addr: IpAddr, networks: &dyn Networks) -> bool {
        match &self.place {
            Place::Range(from, to) => from.is_ipv4() == addr.is_ipv4() && *from <= addr && addr <= *to,
            Place::Interface(iface) => networks.holds(iface, addr),
        }
    }
}

/// An upstream server.
#[derive(Clone, PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub struct Server {
    /// Address and port.
    pub addr: SocketAddr,
    /// Send through this interface only.
    pub iface: Option<Box<[u8]>>,
    /// Send from this address.
    pub source: Option<IpAddr>,
    /// Send from this port; 0: any.
    pub source_port: u16,
}

/// What applies to a domain.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub enum Target {
    /// Forward to `Dns::servers[n]`.
    Server(u16),
    /// Forward to the servers of the empty domain (`#` as server).
    Standard,
    /// Answer from local data only (no address).
    Local,
    /// 0.0.0.0 and :: (`#` as address).
    Zeros,
    /// This address.
    Address(IpAddr),
}

/// `server`, `local` and `address` lines, looked up by longest suffix.
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct DomainRules {
    /// Domain (wire form) → numbers of targets, in configured order. The root
    /// stands for every name (plain `server=`, `/#/`); no octets at all for
    /// names without a dot (`//`).
    pub table: crate::base::suffix::SuffixTable,
    /// The targets, each once.
    pub targets: Vec<Target>,
    /// `*domain` forms, which match mid-label: domain text folded, target.
    pub wild: Vec<(Box<[u8]>, u32)>,
    /// The rules as they were said: the table keeps no names.
    #[cfg(test)]
    pub said: Vec<(Box<[u8]>, Target)>,
}

/// One line of the server list that is logged at start: first the servers in
/// configured order, then what has none of its own, last configured first.
#[derive(Clone)]
#[cfg_attr(test, derive(Debug))]
pub struct Shown {
    /// The target.
    pub target: Target,
    /// Domain as text: empty for all, `.` for names without a dot, `*TEXT` for
    /// names that end in TEXT.
    pub domain: Box<[u8]>,
}
