//! Effects of the directives about booting over the network and relaying: see
//! `effect_tests`.

use super::effect_tests::{Effect, tag, wire};
use super::*;
use std::net::Ipv4Addr;

fn relay(config: &Config) -> &Relay {
    &config.dhcp.relaying.relays[0]
}

pub const EFFECTS: &[Effect] = &[
    ("bootp-dynamic", |c| c.dhcp.netboot.dynamic[0].is_empty()),
    ("bootp-dynamic=tag:a,!b", |c| c.dhcp.netboot.dynamic[0].len() == 2 && !c.dhcp.netboot.dynamic[0][1].1),
    ("dhcp-reply-delay=tag:a,5", |c| matches!(&c.dhcp.netboot.delay, Some((5, tags)) if **tags == [(tag(c, "a").unwrap(), true)])),
    ("dhcp-alternate-port", |c| c.dhcp.netboot.ports == (1067, 1068)),
    ("dhcp-alternate-port=1000", |c| c.dhcp.netboot.ports == (1000, 1001)),
    ("dhcp-alternate-port=1000,2000", |c| c.dhcp.netboot.ports == (1000, 2000)),
    ("dhcp-option-pxe=encap:175,190,x", |c| c.dhcp.options[0].pxe && matches!(c.dhcp.options[0].space, Space::Encap(175))),
    ("pxe-service=tag:a,X86-64_efi,\"Run, now\",boot/x,Server.Lan", |c| {
        let service = &c.dhcp.netboot.services[0];
        c.dhcp.netboot.pxe()
            && service.arch == 7
            && *service.text == *b"Run, now"
            && service.kind == 0x8000
            && service.file.as_deref() == Some(b"boot/x")
            && matches!(&service.server, NextServer::Name(name) if *name == wire("server.lan"))
            && service.conditions.len() == 1
    }),
    ("pxe-service=x86PC,a,f\npxe-service=0,b,g", |c| c.dhcp.netboot.services[1].kind == 0x8001),
    ("pxe-service=12,Other,70000,10.0.0.1", |c| {
        let service = &c.dhcp.netboot.services[0];
        service.arch == 12
            && service.kind == 4464
            && service.file.is_none()
            && matches!(service.server, NextServer::Addr(addr) if addr == Ipv4Addr::new(10, 0, 0, 1))
    }),
    ("pxe-service=x86PC,Disk", |c| c.dhcp.netboot.services[0].kind == 0 && matches!(c.dhcp.netboot.services[0].server, NextServer::Us)),
    ("pxe-prompt=tag:a,\"Press F8, now\",10", |c| {
        let prompt = &c.dhcp.options[0];
        c.dhcp.netboot.pxe() && prompt.space == Space::Pxe && *prompt.value == *b"\x0aPress F8, now" && prompt.conditions.len() == 1
    }),
    ("pxe-prompt=Press,never", |c| c.dhcp.options[0].value[0] == 255),
    ("dhcp-pxe-vendor=a,b", |c| c.dhcp.netboot.vendors.len() == 2 && *c.dhcp.netboot.vendors[1] == *b"b"),
    ("dhcp-relay=10.0.0.1,10.1.0.1#1067,eth*", |c| {
        relay(c).local == Ipv4Addr::new(10, 0, 0, 1)
            && matches!(relay(c).server, RelayTo::Server(addr) if addr == Ipv4Addr::new(10, 1, 0, 1))
            && relay(c).port == 1067
            && matches!(&relay(c).by, RelayBy::Replies(by) if by.wildcard)
    }),
    ("dhcp-relay=10.0.0.1,eth0", |c| {
        matches!(relay(c).server, RelayTo::Everybody) && relay(c).port == 67 && matches!(&relay(c).by, RelayBy::Replies(by) if *by.name == *b"eth0")
    }),
    ("dhcp-relay=::1,::2", |c| relay(c).port == 547 && matches!(relay(c).by, RelayBy::Any)),
    ("dhcp-split-relay=10.0.0.1,10.1.0.1,eth1", |c| matches!(&relay(c).by, RelayBy::SplitInterface(name) if **name == *b"eth1")),
    ("dhcp-split-relay=10.0.0.1,10.1.0.1#6,10.2.0.1", |c| matches!(relay(c).by, RelayBy::SplitAddress(addr) if addr == Ipv4Addr::new(10, 2, 0, 1))),
    ("dhcp-proxy", |c| c.dhcp.relaying.proxy.as_ref().is_some_and(|list| list.is_empty())),
    ("dhcp-proxy=10.0.0.1,10.0.0.2", |c| c.dhcp.relaying.proxy.as_ref().is_some_and(|list| list.len() == 2)),
    ("shared-network=eth0,10.0.0.1", |c| {
        let shared = &c.dhcp.relaying.shared[0];
        matches!(&shared.link, Link::Interface(name) if **name == *b"eth0") && shared.address == Ipv4Addr::new(10, 0, 0, 1)
    }),
    ("shared-network=10.0.0.1,10.1.0.1", |c| matches!(c.dhcp.relaying.shared[0].link, Link::Address(addr) if addr == Ipv4Addr::new(10, 0, 0, 1))),
    ("bridge-interface=br0,eth0,tap*", |c| {
        let bridge = &c.dhcp.relaying.bridges[0];
        *bridge.interface == *b"br0" && bridge.aliases.len() == 2 && bridge.aliases[1].wildcard
    }),
    ("leasequery", |c| c.dhcp.relaying.queries.as_ref().is_some_and(|list| list.is_empty())),
    ("leasequery=10.0.0.0/8", |c| c.dhcp.relaying.queries.as_deref() == Some(&[(Ipv4Addr::new(10, 0, 0, 0), 8)][..])),
];
