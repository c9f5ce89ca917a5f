//! Every directive that is read has an effect, its engine being there or not: a line of it, and what of the frozen
//! configuration says so and did not without it.

use super::directory::Directory;
use super::effects_netboot::EFFECTS as NETBOOT;
use super::effects_dhcp6::DHCP6;
use super::row::Apply;
use super::*;
use crate::base::net::Networks;
use crate::base::hash::Key;
use crate::base::random::Random;
use crate::wire::dns::name::NameBuf;
use std::net::Ipv4Addr;

#[path = "effects_dns.rs"]
mod effects_dns;

pub fn configured(text: &str) -> Config {
    match read::test_text(text.as_bytes(), Key::new(&mut Random::seeded(1))) {
        Outcome::Test(config, ..) => *config,
        Outcome::Refused { messages, .. } => panic!("{text}: {}", messages.join("; ")),
        _ => unreachable!(),
    }
}

pub type Effect = (&'static str, fn(&Config) -> bool);

/// Every address lies in the network of every interface called `eth0`.
struct Anywhere;

impl Networks for Anywhere {
    fn holds(&self, iface: &[u8], _: IpAddr) -> bool {
        iface == b"eth0"
    }
}

pub fn wire(text: &str) -> NameBox {
    NameBuf::from_text(text.as_bytes()).unwrap().name().wire().into()
}

/// The targets of a domain.
pub fn targets(config: &Config, domain: &[u8]) -> Vec<Target> {
    let rules = &config.dns.domains;
    rules.table.exactly(domain).iter().map(|number| rules.targets[*number as usize]).collect()
}

pub fn is(path: &Option<Path>, text: &str) -> bool {
    path.as_ref().is_some_and(|path| path.to_bytes() == text.as_bytes())
}

pub fn pattern(patterns: &[Pattern], name: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(name.as_bytes()))
}

pub fn tag(config: &Config, name: &str) -> Option<Tag> {
    config.dhcp.tags.iter().position(|tag| **tag == *name.as_bytes()).map(|place| place as Tag)
}

const PROCESS: &[Effect] = &[
    ("user=joe", |c| is(&c.process.user, "joe")),
    ("group=", |c| is(&c.process.group, "")),
    ("pid-file=", |c| c.process.pid_file.is_none()),
    ("enable-ubus=dnsmasq.lan", |c| is(&c.process.ubus, "dnsmasq.lan")),
    ("keep-in-foreground", |c| c.process.mode == Mode::Foreground),
    ("no-daemon", |c| c.process.mode == Mode::Debug && matches!(c.log.target, LogTarget::Syslog(16))),
    ("log-facility=local3", |c| matches!(c.log.target, LogTarget::Syslog(19))),
    ("log-queries=extra", |c| c.log.queries.on && c.log.queries.extra && !c.log.queries.proto),
    ("log-queries=proto", |c| c.log.queries.extra && c.log.queries.proto),
    ("log-dhcp", |c| c.log.dhcp),
    ("log-debug", |c| c.log.debug),
    ("quiet-dhcp", |c| c.log.quiet_dhcp),
    ("quiet-tftp", |c| c.log.quiet_tftp),
    ("port=5353", |c| c.listen.port == 5353),
    ("interface=eth*", |c| c.listen.interfaces.as_ref().is_some_and(|all| pattern(all, "eth0") && !pattern(all, "eth"))),
    ("interface=", |c| c.listen.interfaces.as_ref().is_some_and(|all| all.is_empty())),
    ("except-interface=eth0", |c| pattern(&c.listen.except, "eth0")),
    ("listen-address=::1", |c| *c.listen.addresses == [IpAddr::V6(std::net::Ipv6Addr::LOCALHOST)]),
    ("bind-interfaces", |c| c.listen.bind == Bind::Static),
    ("bind-dynamic", |c| c.listen.bind == Bind::Dynamic),
    ("local-service", |c| c.listen.local_service == LocalService::Net),
    ("local-service=host", |c| c.listen.bind == Bind::Static && c.listen.interfaces.is_some()),
    ("no-dhcp-interface=eth0", |c| pattern(&c.listen.no_dhcp4, "eth0") && pattern(&c.listen.no_tftp, "eth0")),
    ("no-dhcpv4-interface=eth0", |c| pattern(&c.listen.no_dhcp4, "eth0") && c.listen.no_tftp.is_empty()),
];

const UPSTREAM: &[Effect] = &[
    ("server=1.1.1.1", |c| targets(c, &[0]) == [Target::Server(0)] && c.dns.servers.len() == 1),
    ("server=/Lan/1.1.1.1#5", |c| targets(c, &wire("lan")) == [Target::Server(0)] && c.dns.servers[0].addr.port() == 5),
    ("server=//1.1.1.1", |c| targets(c, b"") == [Target::Server(0)]),
    ("server=/a/#", |c| targets(c, &wire("a")) == [Target::Standard]),
    ("server=/*ads/", |c| *c.dns.domains.wild[0].0 == *b"ads"),
    ("local=/a/b.c/", |c| targets(c, &wire("b.c")) == [Target::Local] && c.dns.shown.len() == 2),
    ("rev-server=10.0.0.0/8,1.1.1.1", |c| targets(c, &wire("10.in-addr.arpa")) == [Target::Server(0)]),
    ("address=/a/1.2.3.4", |c| targets(c, &wire("a")) == [Target::Address(IpAddr::V4(Ipv4Addr::new(1, 2, 3, 4)))]),
    ("address=/a/#", |c| targets(c, &wire("a")) == [Target::Zeros]),
    ("resolv-file=/x", |c| c.dns.resolv_files.len() == 1 && c.dns.resolv_files[0].to_bytes() == b"/x"),
    ("resolv-file=", |c| c.dns.resolv_files.is_empty()),
    ("no-resolv", |c| c.dns.no_resolv && c.dns.resolv_files.is_empty() && !c.dns.resolv_ignored),
    ("no-resolv\nresolv-file=/x", |c| c.dns.resolv_ignored),
    ("no-poll", |c| c.dns.no_poll),
    ("clear-on-reload", |c| c.dns.clear_on_reload),
    ("strict-order", |c| c.dns.strict_order),
    ("all-servers", |c| c.dns.all_servers),
    ("query-port=0", |c| c.dns.query_port == Some(0)),
    ("min-port=2000", |c| c.dns.ports.0 == 2000),
    ("max-port=2000", |c| c.dns.ports.1 == 2000),
    ("dns-forward-max=7", |c| c.dns.forward_max == 7),
    ("edns-packet-max=4096", |c| c.dns.edns_max == 4096),
    ("edns-packet-max=1", |c| c.dns.edns_max == 512),
    ("max-tcp-connections=3", |c| c.dns.tcp_max == 3),
    ("dns-loop-detect", |c| c.dns.loop_detect),
    ("domain-needed", |c| c.dns.domain_needed),
    ("bogus-priv", |c| c.dns.bogus_priv),
    ("cache-size=9999999", |c| c.dns.cache_size == 5_000_000),
    ("no-negcache", |c| c.dns.no_negcache),
    ("neg-ttl=60", |c| c.dns.neg_ttl == 60),
    ("local-ttl=60", |c| c.dns.local_ttl == 60),
    ("dhcp-ttl=60", |c| c.dns.dhcp_ttl == Some(60)),
    ("max-ttl=60", |c| c.dns.max_ttl == Some(60)),
    ("max-cache-ttl=60", |c| c.dns.max_cache_ttl == Some(60)),
    ("min-cache-ttl=9999", |c| c.dns.min_cache_ttl == 3600),
    ("no-round-robin", |c| c.dns.no_round_robin),
    ("no-ident", |c| c.dns.no_ident),
    ("no-hosts", |c| !c.dns.etc_hosts),
    ("addn-hosts=/x", |c| c.dns.addn_hosts.len() == 1),
    ("expand-hosts", |c| c.dns.expand_hosts),
    ("domain=Lan", |c| c.dns.domain.as_deref() == Some(&wire("lan"))),
    ("domain-suffix=lan", |c| c.dns.domain.is_some()),
    ("domain=a,10.0.0.0/8,local", |c| {
        c.dns.domain_for(IpAddr::V4(Ipv4Addr::new(10, 9, 9, 9)), &Anywhere) == Some(&wire("a"))
            && targets(c, &wire("a")) == [Target::Local]
            && targets(c, &wire("10.in-addr.arpa")) == [Target::Local]
    }),
    ("servers-file=/x", |c| c.dns.servers_file.path.as_ref().is_some_and(|path| path.to_bytes() == b"/x")),
];

const DHCP: &[Effect] = &[
    ("dhcp-range=set:a,tag:!b,10.0.0.9,10.0.0.5,255.0.0.0,10.9.9.9,1h", |c| {
        let range = &c.dhcp.ranges[0];
        (range.start, range.end) == (Ipv4Addr::new(10, 0, 0, 5), Ipv4Addr::new(10, 0, 0, 9))
            && range.netmask == Some(Ipv4Addr::new(255, 0, 0, 0))
            && range.broadcast == Some(Ipv4Addr::new(10, 9, 9, 9))
            && range.lease == LeaseTime::Secs(3600)
            && range.set == tag(c, "a")
            && *range.conditions == [(tag(c, "b").unwrap(), false)]
    }),
    ("dhcp-range=10.0.0.5,static,infinite", |c| {
        c.dhcp.ranges[0].kind == RangeKind::Static && c.dhcp.ranges[0].lease == LeaseTime::Infinite
    }),
    ("dhcp-range=10.0.0.5,10.0.0.9,5", |c| c.dhcp.ranges[0].lease == LeaseTime::Secs(120)),
    ("dhcp-leasefile=/x", |c| c.dhcp.lease_file().to_bytes() == b"/x"),
    ("dhcp-lease=/x", |c| c.dhcp.lease_file().to_bytes() == b"/x"),
    ("dhcp-lease-max=5", |c| c.dhcp.lease_max == 5),
    ("dhcp-authoritative", |c| c.dhcp.authoritative),
    ("dhcp-sequential-ip", |c| c.dhcp.sequential),
    ("no-ping", |c| c.dhcp.no_ping),
    ("dhcp-rapid-commit", |c| c.dhcp.rapid_commit),
    ("dhcp-host=06-11:22,id:01:02,set:x,tag:y,10.0.0.1,box.lan,2h", |c| {
        let host = &c.dhcp.hosts[0];
        host.hw[0].hw.kind == 6
            && matches!(&host.client_id, ClientId::Is(id) if **id == [1, 2])
            && host.addr == Some(Ipv4Addr::new(10, 0, 0, 1))
            && host.name.as_deref() == Some(b"box")
            && host.domain.as_deref() == Some(&wire("lan"))
            && host.lease == Some(LeaseTime::Secs(7200))
            && (host.set.len(), host.conditions.len()) == (1, 1)
    }),
    ("dhcp-host=*:22:*,id:*,ignore", |c| {
        let host = &c.dhcp.hosts[0];
        host.ignore && host.hw[0].wild == 5 && host.hw[0].hw.kind == 0 && matches!(host.client_id, ClientId::Ignored)
    }),
    ("dhcp-host=a,10.0.0.1\ndhcp-host=b,10.0.0.2", |c| c.dhcp.hosts[0].name.as_deref() == Some(b"b")),
    ("dhcp-hostsfile=/x", |c| c.dhcp.hosts_files.len() == 1),
    ("read-ethers", |c| c.dhcp.read_ethers),
    ("dhcp-option=lan,3,10.0.0.1", |c| {
        let option = &c.dhcp.options[0];
        option.code == 3 && option.addresses && *option.value == [10, 0, 0, 1] && option.conditions.len() == 1
    }),
    ("dhcp-option=66,\"1.2.3.4\"", |c| c.dhcp.options[0].text && *c.dhcp.options[0].value == *b"1.2.3.4"),
    ("dhcp-option=vendor:MSFT,2,1i", |c| {
        matches!(&c.dhcp.options[0].space, Space::Vendor(class) if **class == *b"MSFT")
            && *c.dhcp.options[0].value == [0, 0, 0, 1]
    }),
    ("dhcp-option=encap:175,190,x", |c| matches!(c.dhcp.options[0].space, Space::Encap(175))),
    ("dhcp-option=vi-encap:9,1,x", |c| matches!(c.dhcp.options[0].space, Space::Enterprise(9))),
    ("dhcp-option-force=26,1400", |c| c.dhcp.options[0].force && *c.dhcp.options[0].value == [5, 120]),
    ("dhcp-no-override", |c| c.dhcp.no_override),
    ("dhcp-boot=tag:a,f,s,10.0.0.1", |c| {
        let boot = &c.dhcp.boots[0];
        *boot.file == *b"f"
            && *boot.server_name == *b"s"
            && matches!(boot.next_server, NextServer::Addr(addr) if addr == Ipv4Addr::new(10, 0, 0, 1))
            && boot.conditions.len() == 1
    }),
    ("dhcp-boot=f,,tftp.lan", |c| matches!(&c.dhcp.boots[0].next_server, NextServer::Name(name) if *name == wire("tftp.lan"))),
    ("dhcp-ignore=!known", |c| *c.dhcp.ignore[0] == [(tag(c, "known").unwrap(), false)]),
    ("dhcp-ignore-names", |c| c.dhcp.ignore_names[0].is_empty()),
    ("dhcp-ignore-clid", |c| c.dhcp.ignore_clid),
    ("dhcp-generate-names=tag:a", |c| c.dhcp.generate_names[0].len() == 1),
    ("dhcp-broadcast=tag:a", |c| c.dhcp.broadcast[0].len() == 1),
    ("domain=x\ndhcp-fqdn", |c| c.dhcp.fqdn),
    ("dhcp-client-update", |c| c.dhcp.client_update),
    ("dhcp-mac=set:a,11:22:*", |c| matches!(&c.dhcp.matches[0].test, Test::Hw(hw) if hw.wild == 4)),
    ("dhcp-vendorclass=set:a,x", |c| matches!(&c.dhcp.matches[0].test, Test::VendorClass(None, text) if **text == *b"x")),
    ("dhcp-userclass=a,x", |c| matches!(&c.dhcp.matches[0].test, Test::UserClass(text) if **text == *b"x")),
    ("dhcp-circuitid=a,01:02", |c| matches!(&c.dhcp.matches[0].test, Test::Agent(1, id) if **id == [1, 2])),
    ("dhcp-remoteid=a,x", |c| matches!(&c.dhcp.matches[0].test, Test::Agent(2, id) if **id == *b"x")),
    ("dhcp-subscrid=a,x", |c| matches!(&c.dhcp.matches[0].test, Test::Agent(6, _))),
    ("dhcp-match=set:a,175", |c| matches!(c.dhcp.matches[0].test, Test::Value(Where::Option(175), Fits::Present))),
    ("dhcp-match=set:a,option:client-arch,7", |c| {
        matches!(&c.dhcp.matches[0].test, Test::Value(Where::Option(93), Fits::Element(value)) if **value == [0, 7])
    }),
    ("dhcp-match=set:a,60,PXE", |c| matches!(&c.dhcp.matches[0].test, Test::Value(_, Fits::Contains(value)) if **value == *b"PXE")),
    ("dhcp-match=set:a,61,01:*", |c| matches!(&c.dhcp.matches[0].test, Test::Value(_, Fits::Octets(value, 2)) if value.len() == 2)),
    ("dhcp-name-match=set:a,box*", |c| matches!(&c.dhcp.matches[0].test, Test::Name(name, true) if **name == *b"box")),
    ("tag-if=set:a,tag:!b", |c| c.dhcp.tag_ifs[0].set.len() == 1 && !c.dhcp.tag_ifs[0].conditions[0].1),
];

const SCRIPT: &[Effect] = &[
    ("dhcp-script=/bin/x", |c| is(&c.script.program, "/bin/x")),
    ("dhcp-scriptuser=joe", |c| is(&c.script.user, "joe")),
    ("script-arp", |c| c.script.arp),
    ("script-on-renewal", |c| c.script.on_renewal),
    ("leasefile-ro", |c| c.script.keeps_leases),
];

const TFTP: &[Effect] = &[
    ("enable-tftp=eth0", |c| c.tftp.on && pattern(&c.tftp.interfaces, "eth0")),
    ("tftp-root=/a", |c| c.tftp.root.as_deref() == Some(b"/a")),
    ("tftp-root=/a,eth0", |c| c.tftp.root.is_none() && *c.tftp.iface_roots[0].0 == *b"eth0"),
    ("tftp-no-fail", |c| c.tftp.no_fail),
    ("tftp-secure", |c| c.tftp.secure),
    ("tftp-lowercase", |c| c.tftp.lowercase),
    ("tftp-unique-root=mac", |c| c.tftp.unique_root == Some(UniqueRoot::Mac)),
    ("tftp-max=5", |c| c.tftp.max == 5),
    ("tftp-mtu=1400", |c| c.tftp.mtu == Some(1400)),
    ("tftp-no-blocksize", |c| c.tftp.no_blocksize),
    ("tftp-port-range=9,5", |c| c.tftp.ports == Some((5, 9))),
    ("tftp-single-port", |c| c.tftp.single_port),
];

/// The effects of what this build has.
fn effects(directory: &mut Directory) -> Vec<&'static Effect> {
    let mut has = |text: &str| {
        let name = text.lines().last().unwrap().split('=').next().unwrap();
        !matches!(directory.exact(name.as_bytes()).unwrap().apply, Apply::LeftOut(_))
    };
    let all = [PROCESS, UPSTREAM, effects_dns::LOCAL, effects_upstream::LINES, DHCP, DHCP6, NETBOOT, SCRIPT, TFTP];
    all.into_iter().flatten().filter(|(text, _)| has(text)).collect()
}

#[test]
fn every_directive_has_an_effect() {
    let mut directory = Directory::default();
    let effects = effects(&mut directory);
    for (text, effect) in &effects {
        assert!(effect(&configured(text)), "{text} has no effect");
        // An effect may look at the first of a list that is empty without it.
        let without = std::panic::catch_unwind(|| effect(&configured(""))).unwrap_or(false);
        assert!(!without, "{text} changes nothing");
    }
    for row in rows::SORTED {
        let mut lines = effects.iter().flat_map(|(text, _)| text.lines());
        let tested = lines.any(|line| line.split('=').next() == Some(row.name()));
        let kept = matches!(row.apply, Apply::Path(_) | Apply::Paths(_) | Apply::Conditions(_) | Apply::Patterns(_));
        let acts = kept || matches!(row.apply, Apply::Flag(_) | Apply::Number(..) | Apply::With(_));
        assert_eq!(tested, acts, "{}", row.name());
    }
}

#[test]
fn defaults_are_those_of_dnsmasq() {
    let config = configured("");
    assert!(config.process.mode == Mode::Daemon && is(&config.process.user, "nobody"));
    assert!(is(&config.process.pid_file, "/var/run/dnsmasq.pid") && config.process.group.is_none());
    assert!(matches!(config.log.target, LogTarget::Syslog(3)));
    assert_eq!((config.listen.port, config.dns.cache_size, config.dns.forward_max), (53, 150, 150));
    assert_eq!((config.dns.edns_max, config.dns.tcp_max, config.dns.ports), (1232, 30, (1024, 65535)));
    assert_eq!((config.dhcp.lease_max, config.tftp.max), (1000, 50));
    assert_eq!(config.dhcp.lease_file().to_bytes(), b"/var/lib/misc/dnsmasq.leases");
    assert_eq!(config.dns.resolv_files[0].to_bytes(), b"/etc/resolv.conf");
    assert!(config.dns.etc_hosts && config.dns.servers.is_empty() && config.dns.domains.table.is_empty());
}

#[test]
fn one_directive_has_a_say_in_another() {
    assert!(configured("local-service\ninterface=eth0").listen.local_service == LocalService::Off);
    assert!(!configured("quiet-dhcp\nlog-dhcp").log.quiet_dhcp);
    assert_eq!(configured("server=1.1.1.1\nserver=/a/1.1.1.1").dns.servers.len(), 1, "each server once");
}

#[test]
fn lines_of_files_that_are_read_again() {
    let mut tags = vec![Box::from(*b"known")];
    let host = dhcp_host_line(b"11:22:33:44:55:66,set:new,10.0.0.1 # box\n", &mut tags).unwrap().unwrap();
    assert_eq!((host.set.as_ref(), tags.len()), (&[1][..], 2));
    assert!(dhcp_host_line(b" # nothing", &mut tags).unwrap().is_none());
    assert_eq!(dhcp_host_line(b"1:zz", &mut tags).err().as_deref(), Some("bad hex constant"));

    let ethers = |line: &str| ethers_line(line.as_bytes());
    assert_eq!(ethers("00:11:22:33:44:55\t10.0.0.1 ").unwrap().unwrap().addr, Some(Ipv4Addr::new(10, 0, 0, 1)));
    assert_eq!(ethers("0:1:2:3:4:5 box").unwrap().unwrap().name.as_deref(), Some(&b"box"[..]));
    assert!(ethers("# x").unwrap().is_none() && ethers("+nis").unwrap().is_none());
    assert_eq!(ethers("00:11:22:33:44:55 10.0.0").err().as_deref(), Some("bad address"));
    assert_eq!(ethers("00:11:22:33:44:55 -x").err().as_deref(), Some("bad name"));
    assert_eq!(ethers("nonsense here").err().as_deref(), Some("bad line"));
}
