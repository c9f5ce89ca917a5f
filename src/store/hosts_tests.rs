//! Local names beside plain maps; their order, turns, parents and cost.

use super::*;
use crate::store::hosts_builder::{HostsBuilder, SPELLED};
use std::net::{Ipv4Addr, Ipv6Addr};
use crate::base::random::Random;
use std::collections::{BTreeMap, HashMap};

fn builder() -> HostsBuilder {
    HostsBuilder::new(Key::new(&mut Random::seeded(4)))
}

fn name(text: &str) -> NameBuf {
    NameBuf::from_text(text.as_bytes()).unwrap()
}

fn addrs(hosts: &Hosts, text: &str, v6: bool) -> Vec<String> {
    let ring = hosts.find(name(text).name(), v6);
    ring.into_iter().flat_map(|ring| hosts.hosts(ring)).map(|host| host.addr.to_string()).collect()
}

fn name_at(hosts: &Hosts, addr: IpAddr) -> String {
    let mut name = NameBuf::default();
    hosts.by_addr(addr, &mut name).unwrap();
    let labels: Vec<_> = name.name().labels().map(String::from_utf8_lossy).collect();
    labels.join(".")
}

fn built(pairs: &[(&str, &str)]) -> Hosts {
    let mut builder = builder();
    builder.source(b"test");
    pairs.iter().for_each(|(text, addr)| builder.add(name(text).name(), addr.parse().unwrap()));
    builder.freeze()
}

#[test]
fn addresses_come_in_order_and_turn_by_family() {
    let mut hosts = built(&[
        ("a.lan", "10.0.0.1"),
        ("a.lan", "fd00::1"),
        ("A.lan", "10.0.0.2"),
        ("b.lan", "10.0.0.1"),
        ("a.lan", "10.0.0.3"),
        ("a.lan", "10.0.0.2"),
        ("a.lan", "fd00::1"),
    ]);
    assert_eq!(hosts.len(), 5);
    assert_eq!(addrs(&hosts, "a.LAN", true), ["fd00::1"]);
    let ring = |hosts: &Hosts| hosts.find(name("a.lan").name(), false).unwrap();
    for first in ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.1"] {
        let all = addrs(&hosts, "a.lan", false);
        assert_eq!((all.len(), &all[0][..]), (3, first));
        hosts.turn(ring(&hosts));
    }
    assert_eq!(addrs(&hosts, "b.lan", false), ["10.0.0.1"]);
    assert!(addrs(&hosts, "c.lan", false).is_empty() && addrs(&hosts, "b.lan", true).is_empty());
}

#[test]
fn the_first_name_of_an_address_is_its_name() {
    let hosts = built(&[("First.lan", "10.0.0.1"), ("second.lan", "10.0.0.1"), ("second.lan", "10.0.0.2")]);
    let mut first = NameBuf::default();
    let mut wire = |addr: [u8; 4]| hosts.by_addr(addr.into(), &mut first).map(|_| first.name().wire().to_vec());
    assert_eq!(wire([10, 0, 0, 1]), Some(b"\x05First\x03lan\0".to_vec()));
    assert_eq!(wire([10, 0, 0, 2]), Some(b"\x06second\x03lan\0".to_vec()));
    assert_eq!(wire([10, 0, 0, 3]), None);
    assert!(!hosts.has_addr("::10.0.0.1".parse().unwrap()));
    let roles: Vec<bool> = (0..3).map(|number| hosts.get(number, &mut first).unwrap().1).collect();
    assert_eq!(roles, [true, false, true]);
}

#[test]
fn a_name_exists_when_one_below_it_does() {
    let hosts = built(&[("www.a.b.lan", "10.0.0.1"), ("top", "::1")]);
    for (text, exists) in
        [("www.a.b.lan", true), ("A.b.Lan", true), ("lan", true), ("top", true), ("b", false), ("x.lan", false)]
    {
        assert_eq!(hosts.exists(name(text).name()), exists, "{text}");
    }
    assert!(!hosts.exists(Name::ROOT));
    assert!(!hosts.has(name("b.lan").name()));
    assert!(!Hosts::empty(Key::new(&mut Random::seeded(1))).exists(name("a").name()));
}

#[test]
fn each_host_knows_its_file() {
    let mut builder = builder();
    builder.source(b"config");
    builder.source(b"/etc/hosts");
    builder.add(name("a").name(), [1; 4].into());
    builder.add(name("b").name(), [2; 4].into());
    builder.source(b"/tmp/more");
    builder.add(name("c").name(), [3; 4].into());
    let hosts = builder.freeze();
    let sources: Vec<_> = (0..3).map(|number| hosts.get(number, &mut NameBuf::default()).unwrap().0.source).collect();
    assert_eq!(sources, [&b"/etc/hosts"[..], b"/etc/hosts", b"/tmp/more"]);
}

#[test]
fn it_agrees_with_plain_maps() {
    let mut random = Random::seeded(6);
    let mut builder = builder();
    let mut forward: BTreeMap<(u32, bool), Vec<IpAddr>> = BTreeMap::new();
    let mut reverse: HashMap<IpAddr, u32> = HashMap::new();
    let text = |who: u32| format!("host{who}.d{}.example", who % 40);
    for _ in 0..30_000 {
        let (who, low) = (random.below(6000), random.below(9000));
        let addr: IpAddr =
            if low % 3 == 0 { Ipv6Addr::from(u128::from(low)).into() } else { Ipv4Addr::from(low).into() };
        builder.add(name(&text(who)).name(), addr);
        let own = forward.entry((who, addr.is_ipv6())).or_default();
        if !own.contains(&addr) {
            own.push(addr);
        }
        reverse.entry(addr).or_insert(who);
    }
    let hosts = builder.freeze();
    assert_eq!(hosts.len(), forward.values().map(Vec::len).sum::<usize>());
    for ((who, v6), expected) in &forward {
        let ring = hosts.find(name(&text(*who)).name(), *v6).unwrap();
        assert_eq!(hosts.hosts(ring).map(|host| host.addr).collect::<Vec<_>>(), *expected);
    }
    for (addr, who) in &reverse {
        assert_eq!(name_at(&hosts, *addr), text(*who));
    }
    assert!(hosts.exists(name("d39.example").name()) && !hosts.exists(name("d40.example").name()));
}

/// Octets of memory.
fn bytes(hosts: &Hosts) -> usize {
    hosts.entries.bytes() + hosts.by_name.bytes() + hosts.by_addr.bytes() + hosts.parents.bytes() + hosts.listed.bytes()
}

#[test]
fn a_host_costs_less_than_20_octets_where_names_are_alike_and_30_where_not() {
    let count = 100_000u32;
    for (spread, most) in [(0, 18), (2_654_435_761, 30)] {
        let mut builder = builder();
        for number in 0..count {
            let word = number.wrapping_mul(spread);
            let text = if spread == 0 { format!("host{number}.example") } else { format!("{word:x}w{number}.com") };
            builder.add(name(&text).name(), Ipv4Addr::from(number.wrapping_mul(spread.max(1))).into());
        }
        let hosts = builder.freeze();
        assert_eq!(hosts.len(), count as usize);
        assert!(bytes(&hosts) <= most * count as usize, "{}", bytes(&hosts) / count as usize);
    }
}

#[test]
fn many_addresses_of_one_name_load_in_linear_time_and_keep_their_order() {
    let mut builder = builder();
    let all: Vec<IpAddr> = (0..3_000u32).map(|low| Ipv4Addr::from(low).into()).collect();
    all.iter().for_each(|addr| builder.add(name("many").name(), *addr));
    let hosts = builder.freeze();
    let ring = hosts.find(name("many").name(), false).unwrap();
    assert!(hosts.hosts(ring).map(|host| host.addr).eq(all.iter().copied().take(1024)));
    assert!(all.iter().all(|addr| hosts.has_addr(*addr)));
}

#[test]
fn a_long_block_list_costs_about_12_octets_a_name() {
    let mut builder = builder();
    let count = 100_000u32;
    for number in 0..count {
        builder.add(name(&format!("host{number}.example")).name(), Ipv4Addr::UNSPECIFIED.into());
        builder.add(name(&format!("host{number}.example")).name(), Ipv6Addr::UNSPECIFIED.into());
    }
    let hosts = builder.freeze();
    assert_eq!(hosts.len(), 2 * count as usize);
    // The first ten thousand have their text.
    assert!(bytes(&hosts) <= 15 * count as usize, "{}", bytes(&hosts) / count as usize);
    for number in [0, 9_999, 10_001, 50_000, count - 1] {
        let text = format!("HOST{number}.Example");
        assert_eq!([addrs(&hosts, &text, false), addrs(&hosts, &text, true)], [["0.0.0.0"], ["::"]], "{number}");
        assert!(hosts.has(name(&text).name()) && !hosts.has(name(&format!("{text}s")).name()));
    }
    assert!(hosts.exists(name("example").name()));
    assert_eq!(name_at(&hosts, Ipv4Addr::UNSPECIFIED.into()), "host0.example");
}

#[test]
fn room_made_for_a_whole_piece_of_a_list_is_there_in_the_end() {
    let mut builder = builder();
    let mut number = 0u32;
    while number < 2 * SPELLED {
        // A table at a time and then the word that all have room.
        let growths = (0..100).take_while(|_| !builder.make_room(2176, usize::MAX)).count();
        assert!(growths <= 8, "after {number} names");
        for _ in 0..90 {
            builder.add(name(&format!("host{number}.example")).name(), Ipv4Addr::UNSPECIFIED.into());
            number += 1;
        }
    }
    assert_eq!(builder.freeze().len(), number as usize);
}

#[test]
fn a_name_without_text_gets_one_when_it_needs_it() {
    let mut builder = builder();
    builder.source(b"first");
    for number in 0..SPELLED {
        builder.add(name(&format!("h{number}")).name(), Ipv4Addr::from(number % 4).into());
    }
    let ip = |low: u32| IpAddr::from(Ipv4Addr::from(low));
    for (who, low) in [("a", 0), ("b", 1), ("c", 2), ("a", 0)] {
        builder.add(name(who).name(), ip(low));
    }
    builder.source(b"second");
    builder.add(name("a").name(), ip(1)); // another address of the family
    builder.add(name("b").name(), ip(77)); // an address that nobody else has
    builder.add(name("c").name(), ip(2)); // nothing new
    builder.add(name("a").name(), ip(0));
    let mut hosts = builder.freeze();
    assert_eq!(hosts.len(), SPELLED as usize + 5);
    let all = |hosts: &Hosts, who: &str| {
        let ring = hosts.find(name(who).name(), false).unwrap();
        hosts.hosts(ring).map(|host| (host.addr, host.source.to_vec())).collect::<Vec<_>>()
    };
    let (first, second) = (b"first".to_vec(), b"second".to_vec());
    assert_eq!(all(&hosts, "a"), [(ip(0), first.clone()), (ip(1), second.clone())]);
    assert_eq!(all(&hosts, "b"), [(ip(1), first.clone()), (ip(77), second)]);
    assert_eq!(all(&hosts, "c"), [(ip(2), first)]);
    assert_eq!((hosts.count_of(b"first"), hosts.count_of(b"second")), (SPELLED + 3, 2));
    hosts.turn(hosts.find(name("a").name(), false).unwrap());
    hosts.turn(hosts.find(name("c").name(), false).unwrap());
    assert_eq!(all(&hosts, "a").first().map(|(addr, _)| *addr), Some(ip(1)));
    assert_eq!(name_at(&hosts, ip(77)), "b");
}
