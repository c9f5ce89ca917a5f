//! From the draft to the frozen configuration: defaults, what one directive
//! means for another, and what cannot stand together.

use super::draft::{Draft, LocalServiceSaid, NO_FACILITY, Number, Said};
use super::files::Files;
use super::netboot::PXE_CLIENT;
use super::{Bind, Config, LocalService, LogTarget, Mode, auth, dnssec, records};
use crate::wire::dns::codes::kind;
use std::mem::{swap, take};

/// Where upstream servers are taken from if nothing is said.
const RESOLV_CONF: &std::ffi::CStr = c"/etc/resolv.conf";

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
    let config = &draft.config;
    if config.dhcp.fqdn && config.dns.domain.is_none() && !draft.domain_from_resolv {
        wrong("there must be a default domain when --dhcp-fqdn is set");
    }
    if config.dns.no_poll && !config.dns.no_resolv && config.dns.resolv_files.len() > 1 {
        wrong("only one resolv.conf file allowed in no-poll mode.");
    }
    if test {
        return;
    }
    if draft.bind_interfaces && draft.bind_dynamic {
        wrong("cannot set --bind-interfaces and --bind-dynamic");
    }
    let (from, to) = ports(&draft.said);
    if to < from {
        wrong("max_port cannot be smaller than min_port");
    } else if draft.said.number16_or(Number::PortLimit, 1).saturating_sub(1) > to.saturating_sub(from) {
        wrong("port_limit must not be larger than available port range");
    }
    if config.sets.conntrack && draft.said.number(Number::QueryPort).is_some() {
        wrong("cannot use --conntrack AND --query-port");
    }
    for words in [auth::check(draft), dnssec::check(draft)].into_iter().flatten() {
        wrong(words);
    }
}

/// The configuration, finished: defaults, and what one directive means for
/// another. The draft is empty afterwards.
#[inline(never)]
pub fn config(draft: &mut Draft) -> Box<Config> {
    records::finish(draft);
    process(draft);
    listen(draft);
    dns(draft);
    dhcp(draft);
    let sets = &mut draft.config.sets;
    (sets.ip.domains, sets.nft.domains) = (draft.ip_sets.frozen(), draft.nft_sets.frozen());
    Box::new(take(&mut draft.config))
}

fn process(draft: &mut Draft) {
    let (process, log) = (&mut draft.config.process, &mut draft.config.log);
    process.mode = match (draft.debug, draft.foreground) {
        (true, _) => Mode::Debug,
        (false, true) => Mode::Foreground,
        (false, false) => Mode::Daemon,
    };
    if let LogTarget::Syslog(facility @ NO_FACILITY) = &mut log.target {
        *facility = if draft.debug { LOCAL0 } else { DAEMON };
    }
    log.quiet_dhcp &= !log.dhcp;
}

fn listen(draft: &mut Draft) {
    let has_server = draft.config.auth.server.is_some();
    let listen = &mut draft.config.listen;
    listen.port = draft.said.number16_or(Number::Port, 53);
    listen.bind = match (draft.bind_dynamic, draft.bind_interfaces) {
        (true, _) => Bind::Dynamic,
        (false, true) => Bind::Static,
        (false, false) => Bind::Wildcard,
    };
    // Whoever says where to listen has said whom to answer.
    if listen.interfaces.is_some() || !listen.except.is_empty() || !listen.addresses.is_empty() || has_server {
        return;
    }
    match draft.local_service {
        Some(LocalServiceSaid::Net) => listen.local_service = LocalService::Net,
        Some(LocalServiceSaid::Host) => {
            listen.interfaces = Some(Vec::new());
            if listen.bind == Bind::Wildcard {
                listen.bind = Bind::Static;
            }
            listen.local_service = LocalService::Host;
        }
        None => {}
    }
}

/// Ports to ask upstream from.
#[inline(never)]
fn ports(said: &Said) -> (u16, u16) {
    let port = |number, usual| match said.number16_or(number, 0) {
        0 => usual,
        port => port,
    };
    (port(Number::MinPort, 1024), port(Number::MaxPort, u16::MAX))
}

fn dns(draft: &mut Draft) {
    let said = &draft.said;
    let dns = &mut draft.config.dns;
    draft.domains.freeze(dns);
    let (rules, shown) = (&dns.domains, &dns.shown);
    if dns.servers_file.path.is_some() {
        dns.servers_file.stands_beside(dns.servers.len(), rules, shown, dns.shown_more);
    }
    dns.resolv_ignored = dns.no_resolv && !dns.resolv_files.is_empty();
    if !draft.resolv_said {
        dns.resolv_files.push(RESOLV_CONF.into());
    }
    if dns.no_resolv {
        dns.resolv_files.clear();
    }
    dns.cache_size = said.number_or(Number::CacheSize, 150).min(CACHE_MAX);
    dns.forward_max = said.number16_or(Number::ForwardMax, 150);
    dns.edns_max = said.number16_or(Number::EdnsMax, 1232).max(512);
    dns.tcp_max = u8::try_from(said.number16_or(Number::TcpMax, 30)).unwrap_or(u8::MAX);
    dns.query_port = said.number16(Number::QueryPort);
    dns.ports = ports(said);
    dns.port_limit = said.number16_or(Number::PortLimit, 1);
    dns.case_check &= !draft.no_case_check;
    dns.neg_ttl = said.number_or(Number::NegTtl, 0);
    dns.max_ttl = said.number(Number::MaxTtl);
    dns.max_cache_ttl = said.number(Number::MaxCacheTtl);
    dns.min_cache_ttl = said.number_or(Number::MinCacheTtl, 0).min(MIN_CACHE_TTL_MAX);
    dns.local_ttl = said.number_or(Number::LocalTtl, 0);
    dns.dhcp_ttl = said.number(Number::DhcpTtl);
    dns.etc_hosts = !draft.no_hosts;
    for (wanted, kind) in [(draft.filter_a, kind::A), (draft.filter_aaaa, kind::AAAA)] {
        if wanted {
            dns.screen.filtered.push(kind);
        }
    }
    draft.config.auth.ttl = said.number_or(Number::AuthTtl, 600);
}

/// What was said last stands in front in most lists.
fn dhcp(draft: &mut Draft) {
    let said = &draft.said;
    let dhcp = &mut draft.config.dhcp;
    dhcp.hosts.reverse();
    dhcp.options.reverse();
    dhcp.matches.reverse();
    let vendors = &mut dhcp.netboot.vendors;
    if vendors.is_empty() {
        vendors.push(PXE_CLIENT.into());
    }
    dhcp.hosts.shrink_to_fit();
    dhcp.options.shrink_to_fit();
    swap(&mut dhcp.tags, &mut draft.tags.names);
    dhcp.lease_max = said.number_or(Number::LeaseMax, 1000);
    let tftp = &mut draft.config.tftp;
    tftp.max = said.number16_or(Number::TftpMax, 50);
    tftp.mtu = said.number16(Number::TftpMtu);
}
