//! From the draft to the frozen configuration: defaults, what one directive
//! means for another, and what cannot stand together.

use super::draft::{Draft, Flag, LocalServiceSaid, Number, Said};
use super::files::Files;
use super::{
    Bind, Config, Dhcp, Dns, Listen, LocalService, Log, LogTarget, Mode, Path, Process, Script, ServersFile, Tftp, auth, dnssec,
    edns, records, sets,
};
use std::mem::take;

/// Where upstream servers are taken from if nothing is said.
const RESOLV_CONF: &std::ffi::CStr = c"/etc/resolv.conf";

/// Where leases are kept if nothing is said.
const LEASE_FILE: &std::ffi::CStr = c"/var/lib/misc/dnsmasq.leases";

/// Syslog facilities: that of servers, and that of `no-daemon`.
const DAEMON: u8 = 3;
const LOCAL0: u8 = 16;

/// Largest `cache-size`.
const CACHE_MAX: u32 = 5_000_000;

/// Largest `min-cache-ttl`, in seconds.
const MIN_CACHE_TTL_MAX: u32 = 3600;

/// Calls `wrong` with what is wrong with the draft as a whole. `test`: only what
/// `--test` checks.
pub fn check(draft: &mut Draft, files: &dyn Files, test: bool, wrong: &mut dyn FnMut(&str)) {
    records::check(draft, files, wrong);
    let said = draft.said;
    let resolv_count = draft.resolv_files.as_ref().map_or(1, Vec::len);
    if said.has(Flag::DhcpFqdn) && draft.domain.is_none() && !draft.domain_from_resolv {
        wrong("there must be a default domain when --dhcp-fqdn is set");
    }
    if said.has(Flag::NoPoll) && !said.has(Flag::NoResolv) && resolv_count > 1 {
        wrong("only one resolv.conf file allowed in no-poll mode.");
    }
    if test {
        return;
    }
    if said.has(Flag::BindInterfaces) && said.has(Flag::BindDynamic) {
        wrong("cannot set --bind-interfaces and --bind-dynamic");
    }
    let (from, to) = ports(&said);
    let limit = said.number16(Number::PortLimit).unwrap_or(1);
    if to < from {
        wrong("max_port cannot be smaller than min_port");
    } else if limit.saturating_sub(1) > to.saturating_sub(from) {
        wrong("port_limit must not be larger than available port range");
    }
    if said.has(Flag::Conntrack) && said.number(Number::QueryPort).is_some() {
        wrong("cannot use --conntrack AND --query-port");
    }
    for words in [auth::check(draft), dnssec::check(draft)].into_iter().flatten() {
        wrong(words);
    }
}

/// The frozen configuration. The draft is empty afterwards. Neither this nor the
/// parts are inlined: the compiler would move each field by itself.
#[inline(never)]
pub fn config(draft: &mut Draft) -> Config {
    Config {
        process: process(draft),
        log: log(draft),
        listen: listen(draft),
        dhcp: dhcp(draft),
        script: Script::freeze(draft),
        dhcp6: draft.six.freeze(draft.said.has(Flag::EnableRa)),
        capture: take(&mut draft.capture),
        tftp: tftp(draft),
        dns: dns(draft),
        auth: auth::freeze(draft),
        dnssec: dnssec::freeze(draft),
        sets: sets::freeze(draft),
    }
}

#[inline(never)]
fn process(draft: &mut Draft) -> Process {
    let said = draft.said;
    let mode = match (said.has(Flag::Debug), said.has(Flag::Foreground)) {
        (true, _) => Mode::Debug,
        (false, true) => Mode::Foreground,
        (false, false) => Mode::Daemon,
    };
    Process { mode, pid_file: draft.pid_file.take(), user: draft.user.take(), group: draft.group.take() }
}

#[inline(never)]
fn log(draft: &mut Draft) -> Log {
    let said = draft.said;
    let facility = if said.has(Flag::Debug) { LOCAL0 } else { DAEMON };
    Log {
        target: draft.log_target.take().unwrap_or(LogTarget::Syslog(facility)),
        queries: draft.queries,
        dhcp: said.has(Flag::LogDhcp),
        debug: said.has(Flag::LogDebug),
        quiet_dhcp: said.has(Flag::QuietDhcp) && !said.has(Flag::LogDhcp),
        quiet_tftp: said.has(Flag::QuietTftp),
        queue: draft.log_queue,
    }
}

#[inline(never)]
fn listen(draft: &mut Draft) -> Listen {
    let said = draft.said;
    let mut interfaces = draft.interfaces.take();
    let mut bind = match (said.has(Flag::BindDynamic), said.has(Flag::BindInterfaces)) {
        (true, _) => Bind::Dynamic,
        (false, true) => Bind::Static,
        (false, false) => Bind::Wildcard,
    };
    // Whoever says where to listen has said whom to answer.
    let restricted = interfaces.is_some()
        || !draft.except.is_empty()
        || !draft.addresses.is_empty()
        || draft.auth.server.is_some();
    let local_service = match draft.local_service {
        Some(LocalServiceSaid::Net) if !restricted => LocalService::Net,
        Some(LocalServiceSaid::Host) if !restricted => {
            interfaces = Some(Vec::new());
            if bind == Bind::Wildcard {
                bind = Bind::Static;
            }
            LocalService::Host
        }
        _ => LocalService::Off,
    };
    Listen {
        port: said.number16(Number::Port).unwrap_or(53),
        interfaces: interfaces.as_mut().map(boxed),
        except: boxed(&mut draft.except),
        addresses: boxed(&mut draft.addresses),
        no_dhcp4: boxed(&mut draft.no_dhcp4),
        no_tftp: boxed(&mut draft.no_tftp),
        bind,
        local_service,
    }
}

/// Ports to ask upstream from.
fn ports(said: &Said) -> (u16, u16) {
    let port = |number| said.number16(number).filter(|port| *port != 0);
    (port(Number::MinPort).unwrap_or(1024), port(Number::MaxPort).unwrap_or(u16::MAX))
}

#[inline(never)]
fn dns(draft: &mut Draft) -> Dns {
    let said = draft.said;
    let no_resolv = said.has(Flag::NoResolv);
    let resolv_ignored = no_resolv && draft.resolv_files.as_ref().is_some_and(|files| !files.is_empty());
    let mut resolv_files: Vec<Path> = match (no_resolv, draft.resolv_files.take()) {
        (true, _) => Vec::new(),
        (false, None) => vec![RESOLV_CONF.into()],
        (false, Some(files)) => files,
    };
    let local = records::freeze(draft);
    let (domains, servers, shown, shown_more) = draft.domains.freeze();
    let servers_file =
        draft.servers_file.take().map(|path| ServersFile::new(path, servers.len(), &domains, &shown, shown_more));
    Dns {
        cache_size: said.number(Number::CacheSize).unwrap_or(150).min(CACHE_MAX),
        forward_max: said.number16(Number::ForwardMax).unwrap_or(150),
        edns_max: said.number16(Number::EdnsMax).unwrap_or(1232).max(512),
        tcp_max: said.number16(Number::TcpMax).map_or(30, |most| u8::try_from(most).unwrap_or(u8::MAX)),
        query_port: said.number16(Number::QueryPort),
        source_ports: take(&mut draft.source_ports),
        ports: ports(&said),
        port_limit: said.number16(Number::PortLimit).unwrap_or(1),
        fast_retry: draft.fast_retry,
        case_check: said.has(Flag::CaseCheck) && !said.has(Flag::NoCaseCheck),
        edns: edns::freeze(draft),
        servers,
        servers_file,
        domains,
        shown,
        shown_more,
        resolv_files: boxed(&mut resolv_files),
        resolv_ignored,
        no_resolv,
        no_poll: said.has(Flag::NoPoll),
        clear_on_reload: said.has(Flag::ClearOnReload),
        strict_order: said.has(Flag::StrictOrder),
        all_servers: said.has(Flag::AllServers),
        loop_detect: said.has(Flag::LoopDetect),
        domain_needed: said.has(Flag::DomainNeeded),
        bogus_priv: said.has(Flag::BogusPriv),
        no_negcache: said.has(Flag::NoNegcache),
        neg_ttl: said.number(Number::NegTtl).unwrap_or(0),
        max_ttl: said.number(Number::MaxTtl),
        max_cache_ttl: said.number(Number::MaxCacheTtl),
        min_cache_ttl: said.number(Number::MinCacheTtl).unwrap_or(0).min(MIN_CACHE_TTL_MAX),
        local_ttl: said.number(Number::LocalTtl).unwrap_or(0),
        dhcp_ttl: said.number(Number::DhcpTtl),
        stale: draft.stale,
        cache_types: take(&mut draft.cache_types),
        no_round_robin: said.has(Flag::NoRoundRobin),
        no_ident: said.has(Flag::NoIdent),
        etc_hosts: !said.has(Flag::NoHosts),
        addn_hosts: boxed(&mut draft.addn_hosts),
        hosts_dirs: boxed(&mut draft.dns_hosts_dirs),
        expand_hosts: said.has(Flag::ExpandHosts),
        domain: draft.domain.take(),
        ranged_domains: last_first(&mut draft.ranged_domains),
        screen: draft.screen.freeze(&said),
        local,
    }
}

/// The list, exactly as large as it needs to be. Not inlined: two dozen lists
/// are frozen in a few functions.
#[inline(never)]
pub fn boxed<T>(list: &mut Vec<T>) -> Box<[T]> {
    take(list).into()
}

/// The list with what was said last in front.
pub fn last_first<T>(list: &mut Vec<T>) -> Box<[T]> {
    list.reverse();
    boxed(list)
}

#[inline(never)]
fn dhcp(draft: &mut Draft) -> Dhcp {
    let said = draft.said;
    Dhcp {
        ranges: boxed(&mut draft.ranges),
        hosts: last_first(&mut draft.hosts),
        hosts_files: boxed(&mut draft.hosts_files),
        hosts_dirs: boxed(&mut draft.hosts_dirs),
        options_files: boxed(&mut draft.options_files),
        options_dirs: boxed(&mut draft.options_dirs),
        options: last_first(&mut draft.options),
        options_read: 0,
        boots: last_first(&mut draft.boots),
        matches: last_first(&mut draft.matches),
        tag_ifs: boxed(&mut draft.tag_ifs),
        ignore: boxed(&mut draft.ignore),
        ignore_names: boxed(&mut draft.ignore_names),
        generate_names: boxed(&mut draft.generate_names),
        broadcast: boxed(&mut draft.broadcast),
        netboot: draft.netboot.freeze(),
        relaying: draft.relaying.freeze(),
        tags: boxed(&mut draft.tags.0),
        lease_max: said.number(Number::LeaseMax).unwrap_or(1000),
        lease_file: draft.lease_file.take().unwrap_or_else(|| LEASE_FILE.into()),
        authoritative: said.has(Flag::DhcpAuthoritative),
        sequential: said.has(Flag::DhcpSequential),
        no_ping: said.has(Flag::NoPing),
        fqdn: said.has(Flag::DhcpFqdn),
        client_update: said.has(Flag::ClientUpdate),
        ignore_clid: said.has(Flag::DhcpIgnoreClid),
        no_override: said.has(Flag::DhcpNoOverride),
        rapid_commit: said.has(Flag::DhcpRapidCommit),
        read_ethers: said.has(Flag::ReadEthers),
    }
}

#[inline(never)]
fn tftp(draft: &mut Draft) -> Tftp {
    let said = draft.said;
    Tftp {
        on: draft.tftp,
        interfaces: boxed(&mut draft.tftp_interfaces),
        root: draft.tftp_root.take(),
        iface_roots: boxed(&mut draft.tftp_iface_roots),
        no_fail: said.has(Flag::TftpNoFail),
        secure: said.has(Flag::TftpSecure),
        lowercase: said.has(Flag::TftpLowercase),
        unique_root: draft.tftp_unique_root,
        max: said.number16(Number::TftpMax).unwrap_or(50),
        mtu: said.number16(Number::TftpMtu),
        no_blocksize: said.has(Flag::TftpNoBlocksize),
        ports: draft.tftp_ports,
        single_port: said.has(Flag::TftpSinglePort),
    }
}
