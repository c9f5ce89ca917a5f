//! DHCP of both families: ranges, hosts, options, tags.

use super::options;
use super::text::{Out, hex, name, pattern, quoted, shown, time};
use crate::config::dhcp6::{AdvertMtu, Option6, Preference, Range6, mode};
use crate::config::{
    ClientId, Conditions, DhcpOption, Fits, Host, HwPattern, Match, NextServer, Range, RangeKind, Space, Test, Where,
};
use crate::wire::dhcp4_options::Kind;

pub fn write(out: &mut Out) {
    let dhcp = &out.config.dhcp;
    // In front of everything else: the first line gives all tags their numbers.
    for rule in &dhcp.tag_ifs {
        let mut items = out.set(rule.set.iter().copied());
        items.extend(out.conditions(&rule.conditions));
        let wild = |(head, wanted): &(Box<[u8]>, bool)| {
            [if *wanted { &b"tag:"[..] } else { b"tag:!" }, &quoted(head), b"*"].concat()
        };
        items.extend(rule.wild.iter().map(wild));
        out.list("tag-if", &items);
    }
    for range in &dhcp.ranges {
        range4(out, range);
    }
    for host in dhcp.hosts.iter().rev() {
        dhcp_host(out, host);
    }
    for option in dhcp.options.iter().rev() {
        option4(out, option);
    }
    boots(out);
    for test in dhcp.matches.iter().rev() {
        dhcp_match(out, test, false);
    }
    policy(out);
    six(out);
}

fn range4(out: &mut Out, range: &Range) {
    let mut items = out.conditions(&range.conditions);
    items.extend(out.set(range.set));
    items.push(shown(range.start));
    items.push(match range.kind {
        RangeKind::Dynamic => shown(range.end),
        RangeKind::Static => b"static".to_vec(),
        RangeKind::Proxy => b"proxy".to_vec(),
    });
    items.extend(range.netmask.map(shown));
    items.extend(range.broadcast.map(shown));
    items.push(time(range.lease));
    out.list("dhcp-range", &items);
}

fn hw(hw: &HwPattern) -> Vec<u8> {
    let octets = hex(hw.hw.octets(), hw.wild.into());
    // Ethernet is meant unless there are wildcards: then any.
    let usual = if hw.wild == 0 { 1 } else { 0 };
    match hw.hw.kind {
        kind if kind == usual => octets,
        kind => [format!("{kind:02x}-").as_bytes(), &octets].concat(),
    }
}

fn dhcp_host(out: &mut Out, host: &Host) {
    let mut items: Vec<Vec<u8>> = host.hw.iter().map(hw).collect();
    match &host.client_id {
        ClientId::None => {}
        ClientId::Ignored => items.push(b"id:*".to_vec()),
        ClientId::Is(id) if id.len() > 1 => items.push([b"id:", &*hex(id, 0)].concat()),
        ClientId::Is(id) => items.push([b"id:", &*quoted(id)].concat()),
    }
    items.extend(out.set(host.set.iter().copied()));
    items.extend(out.conditions(&host.conditions));
    items.extend(host.addr.map(shown));
    items.extend(host.addrs6.iter().rev().map(|own| shown(format!("[{}/{}]", own.addr, own.prefix))));
    if let Some(label) = &host.name {
        let mut whole = label.to_vec();
        if let Some(domain) = &host.domain {
            whole.push(b'.');
            whole.extend(super::text::labels(domain).join(&b'.'));
        }
        items.push(quoted(&whole));
    }
    items.extend(host.lease.map(time));
    if host.ignore {
        items.push(b"ignore".to_vec());
    }
    out.line("dhcp-host", items.join(&b','));
}

fn option4(out: &mut Out, option: &DhcpOption) {
    let mut items = out.conditions(&option.conditions);
    let kind = if option.space == Space::Plain { options::kind(option.code.into(), false) } else { Kind::Free };
    match &option.space {
        Space::Plain => {}
        Space::Encap(outer) => items.push(shown(format!("encap:{outer}"))),
        Space::Enterprise(number) => items.push(shown(format!("vi-encap:{number}"))),
        Space::Vendor(class) => items.push([b"vendor:", &*quoted(class)].concat()),
        Space::Pxe => {
            let (secs, text) = option.value.split_first().unwrap();
            items.extend([quoted(text), shown(secs)]);
            return out.list("pxe-prompt", &items);
        }
    }
    items.push(shown(option.code));
    if option.text {
        // The only text for SIP servers is what would be hexadecimal but for a `*`.
        let bare = kind == Kind::SipServers;
        items.push(if bare { option.value.to_vec() } else { quoted(&option.value) });
    } else if option.addresses {
        items.push(options::addresses(&option.value));
    } else if !option.value.is_empty() {
        items.push(options::other(kind, &option.value));
    }
    let name = match (option.force, option.pxe) {
        (true, _) => "dhcp-option-force",
        (false, true) => "dhcp-option-pxe",
        (false, false) => "dhcp-option",
    };
    out.list(name, &items);
}

/// The next server of a line.
pub fn next_server(server: &NextServer) -> Vec<u8> {
    match server {
        NextServer::Us => Vec::new(),
        NextServer::Addr(addr) => shown(addr),
        NextServer::Name(wire) => name(wire),
    }
}

fn boots(out: &mut Out) {
    for boot in &out.config.dhcp.boots {
        let mut items = out.conditions(&boot.conditions);
        items.extend([quoted(&boot.file), quoted(&boot.server_name), next_server(&boot.next_server)]);
        out.list("dhcp-boot", &items);
    }
}

fn dhcp_match(out: &mut Out, test: &Match, six: bool) {
    let mut items = out.set([test.set]);
    let name = match &test.test {
        Test::Hw(pattern) => {
            items.push(hw(pattern));
            "dhcp-mac"
        }
        Test::VendorClass(enterprise, text) => {
            items.extend(enterprise.map(|number| shown(format!("enterprise:{number}"))));
            items.push(quoted(text));
            "dhcp-vendorclass"
        }
        Test::UserClass(text) => {
            items.push(quoted(text));
            "dhcp-userclass"
        }
        Test::Agent(code, id) => {
            items.push(if id.len() > 1 { hex(id, 0) } else { quoted(id) });
            match code {
                1 => "dhcp-circuitid",
                2 => "dhcp-remoteid",
                _ => "dhcp-subscrid",
            }
        }
        Test::Name(head, more) => {
            items.push([&*quoted(head), if *more { b"*" } else { b"" }].concat());
            "dhcp-name-match"
        }
        Test::Value(place, fits) => {
            let kind = match place {
                Where::Option(code) => {
                    items.push(shown(format!("{}{code}", if six { "option6:" } else { "" })));
                    options::kind(*code, six)
                }
                Where::Enterprise(number) => {
                    items.push(shown(format!("vi-encap:{number}")));
                    Kind::Free
                }
            };
            items.extend(wanted(kind, six, fits));
            "dhcp-match"
        }
    };
    out.list(name, &items);
}

/// What a match looks for.
fn wanted(kind: Kind, six: bool, fits: &Fits) -> Option<Vec<u8>> {
    let addresses = if six { options::addresses6 } else { options::addresses };
    Some(match fits {
        Fits::Present => return None,
        Fits::Contains(text) => quoted(text),
        Fits::Element(octets) if kind == Kind::Addresses || octets.len() == 16 => addresses(octets),
        Fits::Element(octets) => match &**octets {
            _ if kind == Kind::Time => options::other(kind, octets),
            [a, b] => shown(format!("{}s", u16::from_be_bytes([*a, *b]))),
            [a, b, c, d] => shown(format!("{}i", u32::from_be_bytes([*a, *b, *c, *d]))),
            octets => options::octets(octets),
        },
        Fits::Octets(octets, 0) if kind == Kind::Addresses && octets.len() > 4 && octets.len() % 4 == 0 => addresses(octets),
        // A lone octet is the prefix of everything.
        Fits::Octets(octets, 0) if octets.len() == 1 => options::prefixes(octets),
        Fits::Octets(octets, 0) => options::other(kind, octets),
        Fits::Octets(octets, wild) => hex(octets, *wild),
    })
}

fn policy(out: &mut Out) {
    let dhcp = &out.config.dhcp;
    let lists: [(&str, &[Conditions]); 4] = [
        ("dhcp-ignore", &dhcp.ignore),
        ("dhcp-ignore-names", &dhcp.ignore_names),
        ("dhcp-generate-names", &dhcp.generate_names),
        ("dhcp-broadcast", &dhcp.broadcast),
    ];
    for (name, list) in lists {
        for conditions in list {
            let items = out.conditions(conditions);
            match (name, items.is_empty()) {
                // Its value may not be missing.
                ("dhcp-ignore", true) => out.line(name, b""),
                _ => out.list(name, &items),
            }
        }
    }
    out.paths("dhcp-hostsfile", &dhcp.hosts_files);
    out.paths("dhcp-hostsdir", &dhcp.hosts_dirs);
    out.paths("dhcp-optsfile", &dhcp.options_files);
    out.paths("dhcp-optsdir", &dhcp.options_dirs);
    out.line("dhcp-lease-max", shown(dhcp.lease_max));
    out.paths("dhcp-leasefile", dhcp.lease_file.as_slice());
    for (name, holds) in [
        ("dhcp-authoritative", dhcp.authoritative),
        ("dhcp-sequential-ip", dhcp.sequential),
        ("no-ping", dhcp.no_ping),
        ("dhcp-fqdn", dhcp.fqdn),
        ("dhcp-client-update", dhcp.client_update),
        ("dhcp-ignore-clid", dhcp.ignore_clid),
        ("dhcp-no-override", dhcp.no_override),
        ("dhcp-rapid-commit", dhcp.rapid_commit),
        ("read-ethers", dhcp.read_ethers),
    ] {
        out.flag(name, holds);
    }
}

fn six(out: &mut Out) {
    let six = &out.config.dhcp6;
    for range in &six.ranges {
        range6(out, range);
    }
    for option in &six.options {
        option6(out, option);
    }
    for test in &six.matches {
        dhcp_match(out, test, true);
    }
    out.flag("enable-ra", six.advertise);
    for advert in &six.adverts {
        let mut items = vec![pattern(&advert.iface)];
        match &advert.mtu {
            AdvertMtu::Own => {}
            AdvertMtu::Off => items.push(b"mtu:off".to_vec()),
            AdvertMtu::Octets(octets) => items.push(shown(format!("mtu:{octets}"))),
            AdvertMtu::Of(iface) => items.push([b"mtu:", &*quoted(iface)].concat()),
        }
        match advert.preference {
            Preference::Medium => {}
            Preference::High => items.push(b"high".to_vec()),
            Preference::Low => items.push(b"low".to_vec()),
        }
        items.extend([shown(advert.interval), shown(advert.lifetime)]);
        out.list("ra-param", &items);
    }
    if let Some((enterprise, id)) = &six.duid {
        out.line("dhcp-duid", [shown(enterprise), hex(id, 0)].join(&b','));
    }
}

fn range6(out: &mut Out, range: &Range6) {
    let has = |bit: u8| range.modes & bit != 0;
    let mut items = out.conditions(&range.conditions);
    items.extend(out.set(range.set));
    items.push(shown(range.start));
    let said_by_mode = has(mode::STATIC) || has(mode::STATELESS);
    if range.end != range.start || has(mode::DHCP) && !said_by_mode {
        items.push(shown(range.end));
    }
    let plain = has(mode::ADVERT) && !has(mode::NAMES) && !has(mode::ROUTER) && !has(mode::STATELESS);
    for (word, holds) in [
        ("static", has(mode::STATIC)),
        ("slaac", plain),
        ("ra-names", has(mode::NAMES)),
        ("ra-advrouter", has(mode::ROUTER)),
        ("ra-stateless", has(mode::STATELESS)),
        ("off-link", has(mode::OFF_LINK)),
    ] {
        if holds {
            items.push(word.into());
        }
    }
    if let Some(constructor) = &range.constructor {
        items.push([b"constructor:", &*pattern(constructor)].concat());
    }
    items.push(shown(range.prefix.max(64)));
    items.extend(range.lease.map(time));
    if has(mode::DEPRECATED) {
        items.push(b"deprecated".to_vec());
    }
    out.list("dhcp-range", &items);
}

fn option6(out: &mut Out, option: &Option6) {
    let mut items = out.conditions(&option.conditions);
    items.extend(option.enterprise.map(|number| shown(format!("vi-encap:{number}"))));
    items.push(shown(format!("option6:{}", option.code)));
    let kind = options::kind(option.code, true);
    if option.addresses && option.value.len() % 16 == 0 {
        items.push(options::addresses6(&option.value));
    } else if option.addresses {
        items.push(options::addresses(&option.value));
    } else if kind == Kind::Text {
        items.push(quoted(&option.value));
    } else if !option.value.is_empty() {
        items.push(options::other(kind, &option.value));
    }
    out.list(if option.force { "dhcp-option-force" } else { "dhcp-option" }, &items);
}
