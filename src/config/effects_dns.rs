//! The effects of what is kept from clients, and of local records.

use super::{Anywhere, Effect, wire};
use crate::config::{Config, Record};
use crate::wire::dns::codes::kind;
use crate::wire::dns::name::Name;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The first record of a name, and whether it is of this type with this data.
fn record<'a>(config: &'a Config, name: &str) -> Option<Record<'a>> {
    let wire = wire(name);
    config.dns.local.records.of(Name::new(&wire).unwrap()).map(|(_, record)| record).next()
}

fn is(config: &Config, name: &str, kind: u16, data: &[u8]) -> bool {
    record(config, name).is_some_and(|record| (record.kind, record.data, record.ttl) == (kind, data, None))
}

fn exists(config: &Config, name: &str) -> bool {
    config.dns.local.records.has(Name::new(&wire(name)).unwrap())
}

pub const LOCAL: &[Effect] = &[
    ("stop-dns-rebind", |c| c.dns.screen.stop_rebind),
    ("rebind-localhost-ok", |c| c.dns.screen.localhost_ok),
    ("rebind-domain-ok=/Lan/.b/", |c| c.dns.screen.private_ok.len() == 2 && c.dns.screen.private_ok[1] == wire("b")),
    ("rebind-domain-ok=//", |c| *c.dns.screen.private_ok[0] == [0]),
    ("bogus-nxdomain=192.0.2.0/24", |c| {
        c.dns.screen.bogus[0].contains(Ipv4Addr::new(192, 0, 2, 9).into())
            && !c.dns.screen.bogus[0].contains(Ipv4Addr::new(192, 0, 3, 9).into())
    }),
    ("ignore-address=2001:db8::1", |c| c.dns.screen.ignored[0].len == 128),
    ("alias=1.2.3.4-1.2.3.6,5.6.7.8,255.255.255.0", |c| {
        let of = |last| c.dns.screen.aliases[0].of(Ipv4Addr::new(1, 2, 3, last));
        of(5) == Some(Ipv4Addr::new(5, 6, 7, 5)) && of(7).is_none() && of(3).is_none()
    }),
    ("alias=1.2.3.4,5.6.7.8,255.255.255.0", |c| {
        c.dns.screen.aliases[0].of(Ipv4Addr::new(1, 2, 3, 99)) == Some(Ipv4Addr::new(5, 6, 7, 99))
    }),
    ("filter-A", |c| c.dns.screen.drops(kind::A, kind::A) && !c.dns.screen.drops(kind::AAAA, kind::AAAA)),
    ("filter-AAAA", |c| c.dns.screen.drops(kind::ANY, kind::AAAA)),
    ("filter-rr=https,65280", |c| *c.dns.screen.filtered == [65, 65280]),
    ("filter-rr=ANY", |c| c.dns.screen.drops(kind::ANY, kind::TXT) && !c.dns.screen.drops(kind::ANY, kind::MX)),
    ("filterwin2k", |c| c.dns.screen.win2k),
    ("domain=a\ndomain=b,eth0", |c| c.dns.domain_for(Ipv4Addr::LOCALHOST.into(), &Anywhere) == Some(&wire("b"))),
    ("hostsdir=/x", |c| c.dns.hosts_dirs.len() == 1),
    ("localise-queries", |c| c.dns.local.localise),
    ("interface-name=A.b,eth0/4", |c| {
        let name = &c.dns.local.interface_names[0];
        name.name == wire("a.b") && *name.iface == *b"eth0" && name.v4.is_some() && name.v6.is_none() && !name.dynamic
    }),
    ("dynamic-host=a,0.0.0.8,::8,eth0", |c| {
        let name = &c.dns.local.interface_names[0];
        name.v4 == Some(Ipv4Addr::new(0, 0, 0, 8)) && name.v6 == Some(Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0, 8)) && name.dynamic
    }),
    ("host-record=a,b.c,1.2.3.4,::1,60", |c| {
        let host = &c.dns.local.hosts[0];
        *host.names == [wire("a"), wire("b.c")] && (host.ttl, host.v4.is_some(), host.v6.is_some()) == (Some(60), true, true)
    }),
    ("cname=a,b,60", |c| record(c, "a").is_some_and(|record| record.ttl == Some(60) && *record.data == *wire("b"))),
    ("cname=*.a,b", |c| record(c, "*.a").is_some() && exists(c, "a")),
    ("cname=x.y,b", |c| exists(c, "y") && record(c, "y").is_none()),
    ("ptr-record=a,New Page", |c| is(c, "a", kind::PTR, b"\x08new page\0")),
    ("mx-host=a,b,7", |c| is(c, "a", kind::MX, b"\0\x07\x01b\0")),
    ("mx-host=a\nmx-target=t", |c| is(c, "a", kind::MX, b"\0\x01\x01t\0")),
    ("selfmx", |c| c.dns.local.self_mx),
    ("mx-target=t\nlocalmx", |c| c.dns.local.local_mx == Some(wire("t"))),
    ("domain=lan\nsrv-host=_a._b,c,80,1,2", |c| is(c, "_a._b.lan", kind::SRV, b"\0\x01\0\x02\0\x50\x01c\0")),
    ("srv-host=_a._b.c", |c| is(c, "_a._b.c", kind::SRV, b"\0\0\0\0\0\x01\0")),
    ("txt-record=a,b,,c", |c| is(c, "a", kind::TXT, b"\x01b\0\x01c")),
    ("txt-record=a", |c| is(c, "a", kind::TXT, b"\0")),
    ("caa-record=a,0,issue,x", |c| is(c, "a", kind::CAA, b"\0\x05issuex")),
    ("naptr-record=a,1,2,s,SIP,!x!", |c| is(c, "a", kind::NAPTR, b"\0\x01\0\x02\x01s\x03SIP\x03!x!\0")),
    ("dns-rr=a,51,01:02", |c| is(c, "a", 51, &[1, 2])),
    ("synth-domain=lan,10.0.0.0/24,Pc-*", |c| {
        let synth = &c.dns.local.synths[0];
        synth.numbered && *synth.prefix == *b"pc-" && synth.to == Ipv4Addr::new(10, 0, 0, 255)
    }),
];
