//! Effect lines of upstream, EDNS, cache, authority, DNSSEC, sets,
//! marks and the log.

use super::auth::{Family, Subnet as Published};
use super::dnssec::Limits;
use super::edns::{MacText, Subnet, Umbrella};
use super::effect_tests::{Effect, targets, wire};
use super::sets::{Lines, Only, Set};
use super::*;
use crate::wire::dns::codes::kind;

/// The sets of a domain.
fn sets<'c>(lines: &'c Lines, domain: &[u8]) -> Vec<&'c Set> {
    lines.domains.exactly(domain).iter().flat_map(|number| &*lines.lines[*number as usize]).collect()
}

fn set(table: &str, family: u8, name: &str, only: Only) -> Set {
    Set { name: name.as_bytes().into(), table: table.as_bytes().into(), family, only }
}

pub const LINES: &[Effect] = &[
    ("server=127.0.0.1", |c| c.dns.servers.iter().any(|server| server.addr.ip().is_loopback())),
    ("server=/lan/127.0.0.1#5", |c| !targets(c, &wire("lan")).is_empty() && c.dns.servers[0].addr.port() == 5),
    ("server=1.1.1.1@eth0@1.2.3.4#5", |c| {
        c.dns.servers[0].iface.as_deref() == Some(b"eth0") && c.dns.servers[0].source == "1.2.3.4".parse().ok() && c.dns.servers[0].source_port == 5
    }),
    ("port-limit=7", |c| c.dns.port_limit == 7),
    ("fast-dns-retry", |c| c.dns.fast_retry == Some((1000, 10))),
    ("fast-dns-retry=50,2999", |c| c.dns.fast_retry == Some((50, 2))),
    ("do-0x20-encode", |c| c.dns.case_check),
    ("do-0x20-encode\nno-0x20-encode\nport-limit=2", |c| !c.dns.case_check && c.dns.port_limit == 2),
    ("add-mac", |c| c.dns.edns.mac && c.dns.edns.mac_text.is_none() && c.dns.edns.is_on()),
    ("add-mac=base64", |c| !c.dns.edns.mac && c.dns.edns.mac_text == Some(MacText::Base64)),
    ("add-mac=text", |c| c.dns.edns.mac_text == Some(MacText::Colons)),
    ("strip-mac", |c| c.dns.edns.strip_mac && c.dns.edns.is_on()),
    ("add-subnet", |c| c.dns.edns.subnet == Some([Subnet::default(); 2])),
    ("add-subnet=24,1.2.3.4/99", |c| {
        c.dns.edns.subnet == Some([Subnet { addr: None, len: 24 }, Subnet { addr: "1.2.3.4".parse().ok(), len: 32 }])
    }),
    ("strip-subnet", |c| c.dns.edns.strip_subnet),
    ("add-cpe-id=a,b", |c| *c.dns.edns.cpe_id == *b"a,b"),
    ("umbrella", |c| c.dns.edns.umbrella == Some(Umbrella::default())),
    ("umbrella=deviceid:0123456789aBCDEF,orgid:4294967295,assetid:7", |c| {
        let device = Some([1, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF]);
        c.dns.edns.umbrella == Some(Umbrella { org: u32::MAX, asset: 7, device })
    }),
    ("use-stale-cache", |c| c.dns.stale == Some(86400)),
    ("use-stale-cache=0", |c| c.dns.stale == Some(u32::MAX)),
    ("use-stale-cache=7", |c| c.dns.stale == Some(7)),
    ("cache-rr=txt,65\ncache-rr=ANY,TXT", |c| *c.dns.cache_types == [kind::TXT, 65, kind::ANY]),
    ("auth-server=Ns.example,eth0/4,lo,1.2.3.4,::1", |c| {
        let kinds = c.auth.interfaces.iter().map(|own| (&*own.name, own.family)).collect::<Vec<_>>();
        c.auth.server == Some(wire("ns.example"))
            && kinds == [(&b"eth0"[..], Family::V4), (b"lo", Family::Any)]
            && c.auth.addresses.len() == 2
    }),
    ("local-service\nauth-server=a", |c| c.auth.server.is_some() && c.listen.local_service == LocalService::Off),
    ("auth-zone=x,1.2.3.0,fd00::/56,eth0/6,exclude:1.2.3.4/32", |c| {
        let zone = &c.auth.zones[0];
        let prefix = |at: usize| match &zone.subnets[at] {
            Published::Prefix(prefix) => prefix.len,
            Published::Interface(_) => 0,
        };
        zone.name == wire("x")
            && (prefix(0), prefix(1), prefix(2)) == (24, 56, 0)
            && matches!(&zone.excluded[0], Published::Prefix(prefix) if prefix.len == 32)
    }),
    ("auth-soa=7,me@x.org,1,2,3", |c| {
        let soa = &c.auth.soa;
        soa.serial == Some(7)
            && soa.mailbox == Some(wire("me.x.org"))
            && (soa.refresh, soa.retry, soa.expiry) == (Some(1), Some(2), Some(3))
    }),
    ("auth-ttl=60", |c| c.auth.ttl == 60),
    ("auth-sec-servers=a,b", |c| *c.auth.secondaries == [wire("a"), wire("b")]),
    ("auth-peer=1.2.3.4,::1", |c| c.auth.peers.len() == 2),
    ("dnssec", |c| c.dnssec.on),
    ("trust-anchor=.,20326,8,2,E06D 44", |c| {
        let anchor = &c.dnssec.anchors[0];
        let key = anchor.key.as_ref().unwrap();
        *anchor.name == [0]
            && (key.class, key.tag, key.algorithm, key.digest_kind) == (1, 20326, 8, 2)
            && *key.digest == [0xE0, 0x6D, 0x44]
    }),
    ("trust-anchor=A.B", |c| c.dnssec.anchors[0].name == wire("a.b") && c.dnssec.anchors[0].key.is_none()),
    ("trust-anchor=x,CH,1,2,3,0A", |c| c.dnssec.anchors[0].key.as_ref().unwrap().class == 3),
    ("dnssec-check-unsigned=no", |c| c.dnssec.trust_unsigned),
    ("dnssec-no-timecheck", |c| c.dnssec.no_time_check),
    ("dnssec-timestamp=/x", |c| c.dnssec.timestamp.is_some()),
    ("dnssec-debug", |c| c.dnssec.debug),
    ("dnssec-limits=1,0,3", |c| c.dnssec.limits == Limits { failures: 1, queries: 3, ..Limits::default() }),
    ("proxy-dnssec", |c| c.dnssec.proxy),
    ("ipset=/Lan/a.b/s,t", |c| {
        sets(&c.sets.ip, &wire("a.b")) == [&set("", 0, "s", Only::Any), &set("", 0, "t", Only::Any)]
            && sets(&c.sets.ip, &wire("lan")).len() == 2
    }),
    ("ipset=/#/s", |c| sets(&c.sets.ip, &[0]).len() == 1),
    ("ipset=s", |c| sets(&c.sets.ip, &[0]).len() == 1),
    ("nftset=/a/4#inet#fw4#v4,6#t#s", |c| {
        sets(&c.sets.nft, &wire("a")) == [&set("fw4", 1, "v4", Only::V4), &set("t", 2, "s", Only::V6)]
    }),
    ("conntrack", |c| c.sets.conntrack),
    ("connmark-allowlist-enable", |c| c.sets.mark_mask == Some(u32::MAX)),
    ("connmark-allowlist-enable=7", |c| c.sets.mark_mask == Some(7)),
    ("connmark-allowlist=5/7,*.A.b/*", |c| {
        let allowed = &c.sets.allowed[0];
        (allowed.mark, allowed.mask) == (5, 7) && *allowed.patterns == [b"*.a.b"[..].into(), b"*"[..].into()]
    }),
    ("log-queries=auth", |c| c.log.queries.on && c.log.queries.auth),
    ("log-queries=only_failed", |c| c.log.queries.on && c.log.queries.failed),
    ("log-async", |c| c.log.queue == 5),
    ("log-async=101", |c| c.log.queue == 100),
];

#[test]
fn what_is_not_said_has_its_default() {
    use super::effect_tests::configured;
    let config = configured("dnssec-check-unsigned=no\ndnssec-check-unsigned");
    assert!(config.dnssec.trust_unsigned, "once said, it stays");
    assert_eq!((config.auth.ttl, config.dns.port_limit, config.log.queue), (600, 1, 0));
    assert!(!config.dns.edns.is_on() && config.dns.stale.is_none() && config.sets.allowed.is_empty());
}

#[test]
fn what_cannot_stand_together_is_refused_at_start() {
    let refused = |text: &str| match read_text(text.as_bytes(), "test", crate::base::hash::Key::new(&mut crate::base::random::Random::seeded(1))) {
        Outcome::Refused { messages, .. } => messages,
        _ => Vec::new(),
    };
    let has = |text: &str, words: &str| refused(text).iter().any(|message| message == words);
    let ports = "port_limit must not be larger than available port range";
    assert!(has("port-limit=3\nmin-port=5000\nmax-port=5001", ports));
    assert!(refused("port-limit=2\nmin-port=5000\nmax-port=5001").is_empty());
    assert!(has("conntrack\nquery-port=5", "cannot use --conntrack AND --query-port"));
    assert!(has("auth-zone=x", "--auth-server required when an auth zone is defined."));
    assert!(!has("auth-zone=x\nauth-server=y", "--auth-server required when an auth zone is defined."));
    assert!(has("dnssec", "no root trust anchor provided for DNSSEC"));
    let small = "cannot reduce cache size from default when DNSSEC enabled";
    assert!(has("dnssec\ntrust-anchor=.,1,8,2,00\ncache-size=149", small));
    assert!(!has("dnssec\ntrust-anchor=.,1,8,2,00\ncache-size=150", small));
}
