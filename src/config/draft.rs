//! What has been said so far: growable, and gone when the configuration is
//! frozen. Rows store here what they have checked; what needs two directives
//! at once is looked at in `checked`.

use super::dhcp6::Draft6;
use super::files::LookUp;
use super::auth::Auth;
use super::dnssec::Dnssec;
use super::domains::DomainsDraft;
use super::netboot::NetbootDraft;
use super::relaying::RelayingDraft;
use super::records::LocalDraft;
use super::screen::ScreenDraft;
use super::edns::Edns;
use super::sets::SetsDraft;
use super::{
    Boot, Capture, Conditions, DhcpOption, Host, LogTarget, Match, Path, Pattern, Queries, Range, RangedDomain, Tag, TagIf,
    Script, UniqueRoot,
};
use crate::base::hash::Key;
use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};

/// Directives without argument.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    AllServers,
    BindDynamic,
    BindInterfaces,
    BogusPriv,
    ClearOnReload,
    ClientUpdate,
    Conntrack,
    CaseCheck,
    NoCaseCheck,
    Debug,
    DhcpAuthoritative,
    DhcpFqdn,
    DhcpIgnoreClid,
    DhcpNoOverride,
    DhcpRapidCommit,
    DhcpSequential,
    Dnssec,
    DnssecDebug,
    DnssecNoTimecheck,
    DomainNeeded,
    EnableRa,
    ExpandHosts,
    FilterA,
    FilterAaaa,
    FilterWin2k,
    Foreground,
    LogDebug,
    LocalMx,
    LocaliseQueries,
    LogDhcp,
    LoopDetect,
    NoHosts,
    NoIdent,
    NoNegcache,
    NoPing,
    NoPoll,
    NoResolv,
    NoRoundRobin,
    ProxyDnssec,
    QuietDhcp,
    QuietTftp,
    ReadEthers,
    LeaseFileRo,
    ScriptArp,
    ScriptOnRenewal,
    RebindLocalhostOk,
    SelfMx,
    StopDnsRebind,
    StrictOrder,
    StripMac,
    StripSubnet,
    TftpLowercase,
    TftpNoBlocksize,
    TftpNoFail,
    TftpSecure,
    TftpSinglePort,
}

/// Directives with a number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Number {
    AuthTtl,
    CacheSize,
    DhcpTtl,
    EdnsMax,
    ForwardMax,
    LeaseMax,
    LocalTtl,
    MaxCacheTtl,
    MaxPort,
    MaxTtl,
    MinCacheTtl,
    MinPort,
    NegTtl,
    Port,
    PortLimit,
    QueryPort,
    TcpMax,
    TftpMax,
    TftpMtu,
}

const NUMBERS: usize = Number::TftpMtu as usize + 1;

/// Who may be answered, as far as was said.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum LocalServiceSaid {
    Net,
    Host,
}

/// The names of tags; a tag is a place in it.
#[derive(Default)]
pub struct Tags(pub Vec<Box<[u8]>>);

impl Tags {
    /// The number of a tag, new or known.
    pub fn number(&mut self, name: &[u8]) -> Option<Tag> {
        let place = self.0.iter().position(|known| **known == *name).unwrap_or_else(|| {
            self.0.push(name.into());
            self.0.len().saturating_sub(1)
        });
        Tag::try_from(place).ok()
    }
}

/// Directives that need no list.
#[derive(Clone, Copy)]
pub struct Said {
    flags: u128,
    numbers: [Option<u32>; NUMBERS],
}

/// The draft.
pub struct Draft {
    /// Finds the addresses of hosts.
    pub look_up: LookUp,
    pub said: Said,
    /// What belongs behind the words of the refusal.
    pub detail: String,
    /// What the directive being read asks for and no engine does yet.
    pub unmet: Vec<Cow<'static, str>>,
    pub user: Option<Path>,
    pub group: Option<Path>,
    pub pid_file: Option<Path>,
    pub log_target: Option<LogTarget>,
    pub queries: Queries,
    pub interfaces: Option<Vec<Pattern>>,
    pub except: Vec<Pattern>,
    pub addresses: Vec<IpAddr>,
    pub no_tftp: Vec<Pattern>,
    pub no_dhcp4: Vec<Pattern>,
    pub local_service: Option<LocalServiceSaid>,
    pub domains: DomainsDraft,
    /// Source ports that servers ask for.
    pub source_ports: Box<[u16]>,
    pub edns: Edns,
    pub auth: Auth,
    pub dnssec: Dnssec,
    pub sets: SetsDraft,
    /// `fast-dns-retry`: milliseconds to the first retry, seconds in all.
    pub fast_retry: Option<(u32, u32)>,
    /// `use-stale-cache`, seconds.
    pub stale: Option<u32>,
    /// `cache-rr`.
    pub cache_types: Box<[u16]>,
    /// `log-async`: lines.
    pub log_queue: u8,
    pub servers_file: Option<Path>,
    /// `None`: not said, the default applies.
    pub resolv_files: Option<Vec<Path>>,
    pub addn_hosts: Vec<Path>,
    pub dns_hosts_dirs: Vec<Path>,
    pub domain: Option<Box<[u8]>>,
    /// `domain=#`: the domain is taken from the resolv file.
    pub domain_from_resolv: bool,
    pub ranged_domains: Vec<RangedDomain>,
    pub screen: ScreenDraft,
    pub local: LocalDraft,
    pub ranges: Vec<Range>,
    pub hosts: Vec<Host>,
    /// Addresses of `hosts`, ascending.
    pub host_addrs: Vec<Ipv4Addr>,
    pub hosts_files: Vec<Path>,
    pub hosts_dirs: Vec<Path>,
    pub options_files: Vec<Path>,
    pub options_dirs: Vec<Path>,
    pub options: Vec<DhcpOption>,
    pub boots: Vec<Boot>,
    pub matches: Vec<Match>,
    pub tag_ifs: Vec<TagIf>,
    pub ignore: Vec<Conditions>,
    pub ignore_names: Vec<Conditions>,
    pub generate_names: Vec<Conditions>,
    pub broadcast: Vec<Conditions>,
    pub netboot: NetbootDraft,
    pub relaying: RelayingDraft,
    pub tags: Tags,
    pub lease_file: Option<Path>,
    pub script: Script,
    pub six: Draft6,
    pub capture: Capture,
    pub tftp: bool,
    pub tftp_interfaces: Vec<Pattern>,
    pub tftp_root: Option<Box<[u8]>>,
    pub tftp_iface_roots: Vec<(Box<[u8]>, Box<[u8]>)>,
    pub tftp_unique_root: Option<UniqueRoot>,
    pub tftp_ports: Option<(u16, u16)>,
}

impl Draft {
    /// Nothing said yet. `key` is that of the table of domains. Not inlined: it
    /// is called from two places and large.
    #[inline(never)]
    pub fn new(key: Key, look_up: LookUp) -> Self {
        Draft {
            look_up,
            said: Said { flags: 0, numbers: [None; NUMBERS] },
            detail: String::new(),
            unmet: Vec::new(),
            user: Some(c"nobody".into()),
            group: None,
            pid_file: Some(c"/var/run/dnsmasq.pid".into()),
            log_target: None,
            queries: Queries::default(),
            interfaces: None,
            except: Vec::new(),
            addresses: Vec::new(),
            no_tftp: Vec::new(),
            no_dhcp4: Vec::new(),
            local_service: None,
            domains: DomainsDraft::new(key),
            source_ports: Box::default(),
            edns: Edns::default(),
            auth: Auth::default(),
            dnssec: Dnssec::default(),
            sets: SetsDraft::new(key),
            fast_retry: None,
            stale: None,
            cache_types: Box::default(),
            log_queue: 0,
            servers_file: None,
            resolv_files: None,
            addn_hosts: Vec::new(),
            dns_hosts_dirs: Vec::new(),
            domain: None,
            domain_from_resolv: false,
            ranged_domains: Vec::new(),
            screen: ScreenDraft::default(),
            local: LocalDraft::default(),
            ranges: Vec::new(),
            hosts: Vec::new(),
            host_addrs: Vec::new(),
            hosts_files: Vec::new(),
            hosts_dirs: Vec::new(),
            options_files: Vec::new(),
            options_dirs: Vec::new(),
            options: Vec::new(),
            boots: Vec::new(),
            matches: Vec::new(),
            tag_ifs: Vec::new(),
            ignore: Vec::new(),
            ignore_names: Vec::new(),
            generate_names: Vec::new(),
            broadcast: Vec::new(),
            netboot: NetbootDraft::default(),
            relaying: RelayingDraft::default(),
            tags: Tags::default(),
            lease_file: None,
            script: Script::default(),
            six: Draft6::default(),
            capture: Capture::default(),
            tftp: false,
            tftp_interfaces: Vec::new(),
            tftp_root: None,
            tftp_iface_roots: Vec::new(),
            tftp_unique_root: None,
            tftp_ports: None,
        }
    }
}

impl Draft {
    /// The directive being read is right, and asks for something that no engine
    /// does yet: `--test` warns of it, and a start is refused.
    pub fn not_yet(&mut self, what: impl Into<Cow<'static, str>>) {
        self.unmet.push(what.into());
    }
}

impl Said {
    /// Sets a flag.
    pub fn set(&mut self, flag: Flag) {
        self.flags |= 1 << flag as u32;
    }

    /// True when the flag was given.
    pub fn has(&self, flag: Flag) -> bool {
        self.flags & (1 << flag as u32) != 0
    }

    /// Stores a number.
    pub fn store(&mut self, number: Number, value: u32) {
        if let Some(place) = self.numbers.get_mut(number as usize) {
            *place = Some(value);
        }
    }

    /// The number, if one was given.
    pub fn number(&self, number: Number) -> Option<u32> {
        self.numbers.get(number as usize).copied().flatten()
    }

    /// A 16-bit number whose bounds the row has checked.
    pub fn number16(&self, number: Number) -> Option<u16> {
        self.number(number).map(|value| u16::try_from(value).unwrap_or(u16::MAX))
    }
}
