//! Effects of directives: DHCPv6, router advertisements, scripts, and the forms
//! of DHCP directives whose engine is still to come.

use super::dhcp6::{AdvertMtu, AdvertParam, Preference, Range6, mode};
use super::effect_tests::{Effect, is, tag};
use super::{Config, Fits, LeaseTime, RangeKind, Space, Test, Where};
use std::net::Ipv6Addr;

fn range(config: &Config) -> &Range6 {
    &config.dhcp6.ranges[0]
}

fn addr(text: &str) -> Ipv6Addr {
    text.parse().unwrap()
}

fn advert(config: &Config) -> &AdvertParam {
    config.dhcp6.adverts.last().unwrap()
}

pub const DHCP6: &[Effect] = &[
    ("dhcp-range=set:a,tag:!b,fd00::9,fd00::5,80,1h", |c| {
        (range(c).start, range(c).end) == (addr("fd00::5"), addr("fd00::9"))
            && (range(c).prefix, range(c).modes) == (80, mode::DHCP)
            && range(c).lease == Some(LeaseTime::Secs(3600))
            && (range(c).set, range(c).conditions.len()) == (tag(c, "a"), 1)
    }),
    ("dhcp-range=::1,::9,constructor:eth*,slaac,ra-names,ra-advrouter,off-link", |c| {
        let bits = mode::DHCP | mode::ADVERT | mode::NAMES | mode::ROUTER | mode::OFF_LINK;
        range(c).modes == bits
            && range(c).constructor.as_ref().is_some_and(|name| name.wildcard && *name.name == *b"eth")
            && (range(c).prefix, range(c).lease) == (64, None)
    }),
    ("dhcp-range=fd00::,ra-only,deprecated", |c| range(c).modes == mode::ADVERT | mode::DEPRECATED),
    ("dhcp-range=fd00::,static,infinite", |c| {
        range(c).modes == mode::DHCP | mode::STATIC && range(c).lease == Some(LeaseTime::Infinite)
    }),
    ("dhcp-range=::,ra-stateless", |c| {
        range(c).prefix == 0 && range(c).modes == mode::DHCP | mode::ADVERT | mode::STATELESS
    }),
    ("dhcp-range=10.0.0.5,proxy", |c| c.dhcp.ranges[0].kind == RangeKind::Proxy),
    ("dhcp-host=box,[fd00::1],[::2],[fd00::100/120]", |c| {
        let addrs = &c.dhcp.hosts[0].addrs6;
        (addrs[0].addr, addrs[0].prefix) == (addr("fd00::100"), 120) && (addrs[2].addr, addrs[2].prefix) == (addr("fd00::1"), 128)
    }),
    ("dhcp-hostsdir=/x", |c| c.dhcp.hosts_dirs.len() == 1),
    ("dhcp-optsfile=/x", |c| c.dhcp.options_files.len() == 1),
    ("dhcp-optsdir=/x", |c| c.dhcp.options_dirs.len() == 1),
    ("dhcp-option=tag:a,option6:dns-server,[fd00::1],[::]", |c| {
        let option = &c.dhcp6.options[0];
        option.code == 23 && option.addresses && option.value.len() == 32 && !option.force && option.conditions.len() == 1
    }),
    ("dhcp-option-force=vi-encap:9,option6:500,x", |c| {
        let option = &c.dhcp6.options[0];
        (option.code, option.enterprise, option.force) == (500, Some(9), true) && *option.value == *b"x"
    }),
    ("dhcp-option=vendor:x,3,y", |c| {
        *c.dhcp.options[0].value == *b"y" && matches!(c.dhcp.options[0].space, Space::Vendor(_))
    }),
    ("dhcp-match=set:a,option6:61,7", |c| {
        matches!(&c.dhcp6.matches[0].test, Test::Value(Where::Option(61), Fits::Element(value)) if **value == [7])
    }),
    ("dhcp-match=set:a,option6:23,[fd00::1]", |c| {
        matches!(&c.dhcp6.matches[0].test, Test::Value(_, Fits::Element(value)) if value.len() == 16)
    }),
    ("dhcp-match=set:a,vi-encap:9,x", |c| {
        matches!(&c.dhcp.matches[0].test, Test::Value(Where::Enterprise(9), Fits::Contains(value)) if **value == *b"x")
    }),
    ("dhcp-vendorclass=set:a,enterprise:9", |c| {
        matches!(&c.dhcp.matches[0].test, Test::VendorClass(Some(9), text) if text.is_empty())
    }),
    ("tag-if=set:a,tag:!b*,tag:c*", |c| {
        let wild = &c.dhcp.tag_ifs[0].wild;
        wild.len() == 2 && *wild[0].0 == *b"b" && !wild[0].1 && wild[1].1
    }),
    ("enable-ra", |c| c.dhcp6.advertise),
    ("ra-param=eth*,mtu:1400,high,60,1200", |c| {
        let AdvertParam { iface, mtu, preference, interval, lifetime } = advert(c);
        iface.wildcard
            && *mtu == AdvertMtu::Octets(1400)
            && *preference == Preference::High
            && (*interval, *lifetime) == (60, 1200)
    }),
    ("ra-param=eth0,60\nra-param=eth1,mtu:off,low,1", |c| {
        advert(c).mtu == AdvertMtu::Off
            && advert(c).preference == Preference::Low
            && (advert(c).interval, advert(c).lifetime) == (4, 12)
            && *advert(c).iface.name == *b"eth1"
    }),
    ("ra-param=eth0,mtu:eth1,0,5", |c| {
        matches!(&advert(c).mtu, AdvertMtu::Of(name) if **name == *b"eth1") && (advert(c).interval, advert(c).lifetime) == (600, 600)
    }),
    ("dhcp-duid=9,01:02", |c| c.dhcp6.duid.as_ref().is_some_and(|(number, id)| *number == 9 && **id == [1, 2])),
    ("dumpfile=/x", |c| is(&c.capture.file, "/x")),
    ("dumpmask=0x1010", |c| c.capture.mask == Some(0x1010)),
    ("dumpmask=010", |c| c.capture.mask == Some(8)),
];
