//! Booting over the network, relays, networks on one wire.

use super::dhcp::next_server;
use super::text::{Out, pattern, quoted, shown};
use crate::config::{Link, RelayBy, RelayTo};

pub fn write(out: &mut Out) {
    let netboot = &out.config.dhcp.netboot;
    for service in &netboot.services {
        let mut items = out.conditions(&service.conditions);
        items.extend([shown(service.arch), quoted(&service.text)]);
        items.push(service.file.as_ref().map_or_else(|| shown(service.kind), |file| quoted(file)));
        items.push(next_server(&service.server));
        out.list("pxe-service", &items);
    }
    for vendor in &netboot.vendors {
        out.line("dhcp-pxe-vendor", quoted(vendor));
    }
    for conditions in &netboot.dynamic {
        out.list("bootp-dynamic", &out.conditions(conditions));
    }
    if let Some((secs, conditions)) = &netboot.delay {
        let mut items = out.conditions(conditions);
        items.push(shown(secs));
        out.list("dhcp-reply-delay", &items);
    }
    let (server, client) = netboot.ports;
    out.line("dhcp-alternate-port", format!("{server},{client}"));
    relaying(out);
}

fn relaying(out: &mut Out) {
    let relaying = &out.config.dhcp.relaying;
    for relay in &relaying.relays {
        let port = format!("#{}", relay.port).into_bytes();
        let mut items = vec![shown(relay.local)];
        match (&relay.server, &relay.by) {
            (RelayTo::Everybody, RelayBy::Replies(by)) => items.push([pattern(by), port].concat()),
            (RelayTo::Everybody, _) => panic!("everybody is on an interface"),
            (RelayTo::Server(addr), _) => items.push([shown(addr), port].concat()),
        }
        match &relay.by {
            RelayBy::Replies(by) if matches!(relay.server, RelayTo::Server(_)) => items.push(pattern(by)),
            RelayBy::SplitInterface(iface) => items.push(quoted(iface)),
            RelayBy::SplitAddress(addr) => items.push(shown(addr)),
            RelayBy::Any | RelayBy::Replies(_) => {}
        }
        let split = matches!(relay.by, RelayBy::SplitInterface(_) | RelayBy::SplitAddress(_));
        out.list(if split { "dhcp-split-relay" } else { "dhcp-relay" }, &items);
    }
    if let Some(proxies) = &relaying.proxy {
        out.list("dhcp-proxy", &proxies.iter().map(shown).collect::<Vec<_>>());
    }
    for shared in &relaying.shared {
        let link = match &shared.link {
            Link::Interface(name) => quoted(name),
            Link::Address(addr) => shown(addr),
        };
        out.list("shared-network", &[link, shown(shared.address)]);
    }
    for bridge in &relaying.bridges {
        let mut items = vec![quoted(&bridge.interface)];
        items.extend(bridge.aliases.iter().map(pattern));
        if bridge.aliases.is_empty() {
            items.push(Vec::new());
        }
        out.list("bridge-interface", &items);
    }
    if let Some(queries) = &relaying.queries {
        out.flag("leasequery", true);
        for (addr, len) in queries {
            out.line("leasequery", format!("{addr}/{len}"));
        }
    }
}
