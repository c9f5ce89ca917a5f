//! DNS: servers and domains, the cache, the screen, what is added to questions,
//! DNSSEC, zones, sets.

use super::text::{Out, hex, name, quoted, shown, with_port};
use crate::base::net::unspecified;
use crate::config::auth::{Family, Interface, Subnet};
use crate::config::edns::MacText;
use crate::config::sets::{Lines, Only};
use crate::config::{Place, Server, Target};
use std::net::SocketAddr;

pub fn write(out: &mut Out) {
    upstream(out);
    cache(out);
    names(out);
    screen(out);
    edns(out);
    dnssec(out);
    auth(out);
    sets(out);
}

fn server(server: &Server) -> String {
    let mut text = with_port(server.addr);
    if let Some(iface) = &server.iface {
        text.push('@');
        text.push_str(&String::from_utf8_lossy(iface));
    }
    if server.source.is_some() || server.source_port != 0 {
        let source = server.source.unwrap_or(unspecified(server.addr.is_ipv6()));
        text.push('@');
        text.push_str(&with_port(SocketAddr::new(source, server.source_port)));
    }
    text
}

fn upstream(out: &mut Out) {
    let dns = &out.config.dns;
    for (domain, target) in &dns.domains.said {
        let (option, value) = match target {
            Target::Server(number) => ("server", server(&dns.servers[usize::from(*number)])),
            Target::Standard => ("server", "#".into()),
            Target::Local => ("server", String::new()),
            Target::Zeros => ("address", "#".into()),
            Target::Address(addr) => ("address", addr.to_string()),
        };
        // Quotes have no effect on what stands between slashes. Without them an
        // interface may have one in its name.
        let slashes = **domain != *b"#" || value.is_empty() || value == "#";
        let domains = if slashes { [b"/", &**domain, b"/"].concat() } else { Vec::new() };
        out.line(option, quoted(&[&domains, value.as_bytes()].concat()));
    }
    out.flag("no-resolv", dns.no_resolv);
    if dns.resolv_ignored {
        out.line("resolv-file", "/ignored");
    }
    if !dns.no_resolv && dns.resolv_files.is_empty() {
        out.line("resolv-file", "");
    }
    out.paths("resolv-file", &dns.resolv_files);
    out.paths("servers-file", dns.servers_file.path.as_slice());
    out.flag("no-poll", dns.no_poll);
    out.flag("clear-on-reload", dns.clear_on_reload);
    out.flag("strict-order", dns.strict_order);
    out.flag("all-servers", dns.all_servers);
    out.flag("dns-loop-detect", dns.loop_detect);
    out.flag("domain-needed", dns.domain_needed);
    out.flag("bogus-priv", dns.bogus_priv);
    out.flag("do-0x20-encode", dns.case_check);
    out.line("dns-forward-max", shown(dns.forward_max));
    out.line("edns-packet-max", shown(dns.edns_max));
    out.line("max-tcp-connections", shown(dns.tcp_max));
    out.some("query-port", dns.query_port);
    out.line("min-port", shown(dns.ports.0));
    out.line("max-port", shown(dns.ports.1));
    out.line("port-limit", shown(dns.port_limit));
    out.some("fast-dns-retry", dns.fast_retry.map(|(first, all)| format!("{first},{}", u64::from(all) * 1000)));
}

fn cache(out: &mut Out) {
    let dns = &out.config.dns;
    out.line("cache-size", shown(dns.cache_size));
    out.flag("no-negcache", dns.no_negcache);
    out.line("neg-ttl", shown(dns.neg_ttl));
    out.line("local-ttl", shown(dns.local_ttl));
    out.line("min-cache-ttl", shown(dns.min_cache_ttl));
    out.some("max-ttl", dns.max_ttl);
    out.some("max-cache-ttl", dns.max_cache_ttl);
    out.some("dhcp-ttl", dns.dhcp_ttl);
    out.some("use-stale-cache", dns.stale.map(|seconds| if seconds == u32::MAX { 0 } else { seconds }));
    for kind in &dns.cache_types {
        out.line("cache-rr", shown(kind));
    }
    out.flag("no-round-robin", dns.no_round_robin);
    out.flag("no-ident", dns.no_ident);
}

fn names(out: &mut Out) {
    let dns = &out.config.dns;
    out.flag("no-hosts", !dns.etc_hosts);
    out.paths("addn-hosts", &dns.addn_hosts);
    out.paths("hostsdir", &dns.hosts_dirs);
    out.flag("expand-hosts", dns.expand_hosts);
    if let Some(domain) = &dns.domain {
        out.line("domain", name(domain));
    }
    for domain in &dns.ranged_domains {
        let place = match &domain.place {
            Place::Range(from, to) => shown(format!("{from},{to}")),
            Place::Interface(iface) => quoted(iface),
        };
        out.line("domain", [name(&domain.name), place].join(&b','));
    }
}

fn screen(out: &mut Out) {
    let screen = &out.config.dns.screen;
    out.flag("stop-dns-rebind", screen.stop_rebind);
    out.flag("rebind-localhost-ok", screen.localhost_ok);
    out.flag("filterwin2k", screen.win2k);
    for domain in &screen.private_ok {
        out.line("rebind-domain-ok", [b"/", &*name(domain), b"/"].concat());
    }
    for (option, list) in [("bogus-nxdomain", &screen.bogus), ("ignore-address", &screen.ignored)] {
        for prefix in list {
            out.line(option, format!("{}/{}", prefix.addr, prefix.len));
        }
    }
    for alias in &screen.aliases {
        out.line("alias", format!("{}-{},{},{}", alias.from, alias.to, alias.new, alias.mask));
    }
    for kind in &screen.filtered {
        out.line("filter-rr", shown(kind));
    }
}

fn edns(out: &mut Out) {
    let edns = &out.config.dns.edns;
    out.flag("add-mac", edns.mac);
    out.some("add-mac", edns.mac_text.map(|text| if text == MacText::Base64 { "base64" } else { "text" }));
    out.flag("strip-mac", edns.strip_mac);
    out.flag("strip-subnet", edns.strip_subnet);
    if let Some(subnets) = edns.subnet {
        let subnets = subnets.map(|subnet| match subnet.addr {
            Some(addr) => format!("{addr}/{}", subnet.len),
            None => subnet.len.to_string(),
        });
        out.line("add-subnet", subnets.join(","));
    }
    if !edns.cpe_id.is_empty() {
        out.line("add-cpe-id", quoted(&edns.cpe_id));
    }
    if let Some(told) = edns.umbrella {
        let mut items = vec![format!("orgid:{}", told.org).into_bytes(), format!("assetid:{}", told.asset).into_bytes()];
        if let Some(device) = told.device {
            items.push([b"deviceid:", &*device.iter().flat_map(|octet| shown(format!("{octet:02x}"))).collect::<Vec<_>>()].concat());
        }
        out.list("umbrella", &items);
    }
}

fn dnssec(out: &mut Out) {
    let dnssec = &out.config.dnssec;
    out.flag("dnssec", dnssec.on);
    out.flag("dnssec-no-timecheck", dnssec.no_time_check);
    out.flag("dnssec-debug", dnssec.debug);
    out.flag("proxy-dnssec", dnssec.proxy);
    out.paths("dnssec-timestamp", dnssec.timestamp.as_slice());
    if dnssec.trust_unsigned {
        out.line("dnssec-check-unsigned", "no");
    }
    let limits = dnssec.limits;
    let all = [limits.failures, limits.crypto, limits.queries, limits.iterations];
    out.line("dnssec-limits", all.map(|limit| limit.to_string()).join(","));
    for anchor in &dnssec.anchors {
        let mut items = vec![if *anchor.name == [0] { b".".to_vec() } else { name(&anchor.name) }];
        if let Some(key) = &anchor.key {
            items.push(match key.class {
                3 => b"CH".to_vec(),
                4 => b"HS".to_vec(),
                _ => b"IN".to_vec(),
            });
            items.push(format!("{},{},{}", key.tag, key.algorithm, key.digest_kind).into_bytes());
            items.push(hex(&key.digest, 0));
        }
        out.list("trust-anchor", &items);
    }
}

fn interface(interface: &Interface) -> Vec<u8> {
    let family: &[u8] = match interface.family {
        Family::Any => b"",
        Family::V4 => b"/4",
        Family::V6 => b"/6",
    };
    [&*quoted(&interface.name), family].concat()
}

fn subnet(subnet: &Subnet) -> Vec<u8> {
    match subnet {
        Subnet::Prefix(prefix) => shown(format!("{}/{}", prefix.addr, prefix.len)),
        Subnet::Interface(named) => interface(named),
    }
}

fn auth(out: &mut Out) {
    let auth = &out.config.auth;
    if let Some(server) = &auth.server {
        let mut items = vec![name(server)];
        items.extend(auth.interfaces.iter().map(interface));
        items.extend(auth.addresses.iter().map(shown));
        out.list("auth-server", &items);
    }
    for zone in &auth.zones {
        let mut items = vec![if *zone.name == [0] { b".".to_vec() } else { name(&zone.name) }];
        items.extend(zone.subnets.iter().map(subnet));
        items.extend(zone.excluded.iter().map(|network| [b"exclude:", &*subnet(network)].concat()));
        out.list("auth-zone", &items);
    }
    let number = |number: Option<u32>| number.map_or(Vec::new(), shown);
    let soa = &auth.soa;
    let mailbox = soa.mailbox.as_ref().map_or(Vec::new(), |mailbox| name(mailbox));
    let items = [number(soa.serial), mailbox, number(soa.refresh), number(soa.retry), number(soa.expiry)];
    out.line("auth-soa", items.join(&b','));
    out.line("auth-ttl", shown(auth.ttl));
    for secondary in &auth.secondaries {
        out.line("auth-sec-servers", name(secondary));
    }
    for peer in &auth.peers {
        out.line("auth-peer", shown(peer));
    }
}

fn set_lines(out: &mut Out, option: &str, lines: &Lines) {
    for (number, sets) in lines.lines.iter().enumerate() {
        let named = lines.said.iter().filter(|(_, line)| *line as usize == number);
        let domains: Vec<Vec<u8>> = named.map(|(domain, _)| super::text::labels(domain).join(&b'.')).collect();
        let set = |set: &crate::config::sets::Set| {
            let only = match set.only {
                Only::Any => "",
                Only::V4 => "4#",
                Only::V6 => "6#",
            };
            let family = match set.family {
                0 => "",
                1 => "inet#",
                2 => "ip#",
                3 => "arp#",
                5 => "netdev#",
                7 => "bridge#",
                _ => "ip6#",
            };
            let hash: &[u8] = if set.table.is_empty() { b"" } else { b"#" };
            [only.as_bytes(), family.as_bytes(), &set.table, hash, &set.name].concat()
        };
        let sets: Vec<Vec<u8>> = sets.iter().map(set).collect();
        // Empty items are no sets; blanks at the ends of the value would be lost.
        out.line(option, quoted(&[b"/", &*domains.join(&b'/'), b"/,", &*sets.join(&b','), b","].concat()));
    }
}

fn sets(out: &mut Out) {
    let sets = &out.config.sets;
    set_lines(out, "ipset", &sets.ip);
    set_lines(out, "nftset", &sets.nft);
    out.flag("conntrack", sets.conntrack);
    out.some("connmark-allowlist-enable", sets.mark_mask);
    for allowed in &sets.allowed {
        let marks = format!("{}/{},", allowed.mark, allowed.mask).into_bytes();
        out.line("connmark-allowlist", [marks, allowed.patterns.join(&b'/')].concat());
    }
}
