//! Trials of the DHCP server in the simulated machine, each with its own crowd
//! of clients: a power cut in the whole house, doubles, a pool that runs dry, an
//! attacker who eats addresses, a power cut of the server at every octet of every
//! write, clocks that jump or know nothing yet, and a week of wear.

use crate::lab::boot::{self, Plan};
use crate::lab::dhcp::Packet;
use crate::lab::dns::Message;
use crate::lab::{EPOCH, Lab, Out};
use crate::network::Chance;
use ironmasq::base::time::{Now, UnixTime};
use ironmasq::outbox::action::{Arrival, Door};
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::cmp::Reverse;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

const OWN: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const LEASES: &str = "/tmp/leases";

/// A router with a /16 and these lines of configuration.
fn plan(lines: &str) -> Plan {
    let config = format!("no-resolv\nno-hosts\ndomain=lan\nlocal=/lan/\nhost-record=here.lan,10.0.0.1\ndhcp-leasefile={LEASES}\n{lines}\n");
    let mut plan = Plan { config, ..Plan::default() };
    plan.interfaces.push(boot::interface(1, "br-lan", &[2, 0, 0, 0, 1, 1], 1500, true, &[(OWN.into(), 16)]));
    plan
}

fn start(plan: &Plan) -> Lab {
    boot::start(plan).unwrap_or_else(|why| panic!("{why}\n{}", plan.config))
}

/// The power goes and comes: what is on the disk is there again.
fn power_cut(plan: &Plan, lab: Lab) -> Lab {
    let now = lab.now;
    let plan = Plan { files: lab.files, now, ..plan.clone() };
    start(&plan)
}

fn hw(client: u32) -> [u8; 6] {
    let [a, b, c, d] = client.to_be_bytes();
    [2, 0, a, b, c, d]
}

/// A client says something; what came back to it.
fn say(lab: &mut Lab, packet: &Packet) {
    let to = if packet.ciaddr == Ipv4Addr::UNSPECIFIED { IpAddr::from([255; 4]) } else { OWN.into() };
    let arrival = Arrival { door: Door::Dhcp4, from: SocketAddr::new(packet.ciaddr.into(), 68), to, iface: 1 };
    lab.arrive(arrival, &packet.encode());
}

fn told(lab: &mut Lab) -> Vec<(Packet, String)> {
    let out = std::mem::take(&mut lab.out);
    let dhcp = out.into_iter().filter_map(|out| match out {
        Out::Datagram { route, bytes, disk, .. } if route.door == Door::Dhcp4 => Some((Packet::decode(&bytes).unwrap(), disk)),
        _ => None,
    });
    dhcp.collect()
}

fn packet(kind: &str, client: u32, options: &[(u8, Vec<u8>)]) -> Packet {
    let mut packet = Packet::request(kind, client, &hw(client)).unwrap();
    options.iter().for_each(|(code, value)| packet.set(*code, value.clone()));
    packet
}

fn discover(client: u32) -> Packet {
    packet("discover", client, &[(12, format!("c{client}").into_bytes())])
}

fn request(client: u32, addr: Ipv4Addr) -> Packet {
    packet("request", client, &[(50, addr.octets().into()), (54, OWN.octets().into()), (12, format!("c{client}").into_bytes())])
}

fn reboot(client: u32, addr: Ipv4Addr) -> Packet {
    packet("request", client, &[(50, addr.octets().into())])
}

fn renew(client: u32, addr: Ipv4Addr) -> Packet {
    Packet { ciaddr: addr, ..packet("request", client, &[]) }
}

fn release(client: u32, addr: Ipv4Addr) -> Packet {
    Packet { ciaddr: addr, ..packet("release", client, &[(54, OWN.octets().into())]) }
}

/// Says it and expects one answer of that kind; its address.
fn exchange(lab: &mut Lab, packet: &Packet, kind: &str) -> Option<Ipv4Addr> {
    say(lab, packet);
    let mut answers = told(lab);
    if answers.is_empty() {
        lab.pass(2_000);
        answers = told(lab);
    }
    let (answer, _) = answers.iter().find(|(answer, _)| answer.hw == packet.hw)?;
    (answer.kind() == kind).then_some(answer.yiaddr)
}

/// A whole exchange.
fn bind(lab: &mut Lab, client: u32) -> Option<Ipv4Addr> {
    let addr = exchange(lab, &discover(client), "offer")?;
    exchange(lab, &request(client, addr), "ack")
}

/// The lease file as client and address.
fn on_disk(text: &str) -> BTreeMap<Ipv4Addr, (u64, String)> {
    let lines = text.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split(' ').collect();
        let [ends, hw, addr, _, _] = fields[..] else { return None };
        Some((addr.parse().ok()?, (ends.parse().ok()?, hw.to_owned())))
    });
    lines.collect()
}

fn hw_text(client: u32) -> String {
    hw(client).map(|octet| format!("{octet:02x}")).join(":")
}

fn sound(lab: &Lab) {
    assert!(lab.faults.is_empty(), "{:?}", lab.faults);
    boot::check(lab);
}

/// 1,000 clients come within a second, over a network of 1 to 5 ms. The check of
/// addresses is on. `says` is what each says first.
fn avalanche(lab: &mut Lab, says: impl Fn(u32) -> Packet) -> (BTreeMap<u32, Ipv4Addr>, u64) {
    let mut chance = Chance::new(7);
    let begin = lab.now.mono.0;
    let mut queue: BinaryHeap<Reverse<(u64, u32, Vec<u8>)>> = BinaryHeap::new();
    for client in 1..=1_000 {
        queue.push(Reverse((begin + chance.below(1_000), client, says(client).encode())));
    }
    let (mut bound, mut last, mut refused) = (BTreeMap::new(), begin, 0);
    let mut question = begin;
    while bound.len() < 1_000 {
        let next = queue.peek().map(|next| next.0.0).into_iter().chain(lab.next_due().map(|due| due.at.0)).chain([question]).min();
        let next = next.unwrap().max(lab.now.mono.0);
        assert!(next < begin + 60_000, "{} are bound after a minute", bound.len());
        lab.pass(next - lab.now.mono.0);
        if next >= question {
            // Somebody asks a name every 10 ms and is answered in the same turn.
            question += 10;
            ask_name(lab);
        }
        while queue.peek().is_some_and(|due| due.0.0 <= next) {
            let Reverse((_, _, bytes)) = queue.pop().unwrap();
            let arrival = Arrival {
                door: Door::Dhcp4,
                from: SocketAddr::from(([0; 4], 68)),
                to: IpAddr::from([255; 4]),
                iface: 1,
            };
            lab.arrive(arrival, &bytes);
        }
        for (answer, disk) in told(lab) {
            let client = answer.xid;
            match answer.kind() {
                "offer" => {
                    let at = next + 2 + chance.below(9);
                    queue.push(Reverse((at, client, request(client, answer.yiaddr).encode())));
                }
                "ack" => {
                    assert!(on_disk(&disk).get(&answer.yiaddr).is_some_and(|(_, hw)| *hw == hw_text(client)), "promised and not on disk");
                    bound.insert(client, answer.yiaddr);
                    last = next + 5;
                }
                // Two were offered the same address: the second begins again.
                _ => {
                    refused += 1;
                    queue.push(Reverse((next + 5, client, discover(client).encode())));
                }
            }
        }
    }
    sound(lab);
    assert!(refused < 20, "{refused} were offered what another took");
    (bound, last - begin)
}

fn ask_name(lab: &mut Lab) {
    let from = SocketAddr::from(([10, 0, 255, 9], 4_000));
    let arrival = Arrival { door: Door::Dns(0), from, to: OWN.into(), iface: 1 };
    lab.arrive(arrival, &Message::query(9, "here.lan", 1).encode().unwrap());
    let answered = lab.out.iter().any(|out| matches!(out, Out::Datagram { route, .. } if route.to == from));
    assert!(answered, "a question waits while clients come");
    lab.out.retain(|out| !matches!(out, Out::Datagram { route, .. } if route.to == from));
}

#[test]
fn avalanche_of_a_thousand_new_clients_is_bound_within_three_seconds() {
    let plan = plan("dhcp-range=10.0.1.0,10.0.9.255,1h\ndhcp-lease-max=2000");
    let mut lab = start(&plan);
    lab.keep_disk = true;
    let (bound, took) = avalanche(&mut lab, discover);
    assert_eq!(bound.values().collect::<BTreeSet<_>>().len(), 1_000, "an address for each");
    assert!(took <= 3_000, "{took} ms");
    println!("1,000 new clients within a second: all bound after {took} ms");
}

#[test]
fn after_a_power_cut_of_the_house_a_thousand_clients_keep_their_addresses() {
    let plan = plan("dhcp-range=10.0.1.0,10.0.9.255,1h\ndhcp-lease-max=2000");
    let mut lab = start(&plan);
    lab.keep_disk = true;
    let (before, _) = avalanche(&mut lab, discover);
    lab.pass(600_000);
    let mut lab = power_cut(&plan, lab);
    lab.keep_disk = true;
    let (after, took) = avalanche(&mut lab, |client| reboot(client, before[&client]));
    assert_eq!(before, after);
    assert!(took <= 1_100, "two messages each: {took} ms");
}

#[test]
fn duplicate_clients_share_one_lease() {
    let mut lab = start(&plan("dhcp-range=10.0.1.0,10.0.1.255,1h\nno-ping"));
    let first = bind(&mut lab, 1).unwrap();
    // A copied virtual machine: the same address, at the same time.
    for _ in 0..50 {
        assert_eq!(bind(&mut lab, 1), Some(first));
    }
    // Two cards with one identifier are one client, one address at a time.
    let with_id = |mut packet: Packet| {
        packet.set(61, vec![255, 1, 2]);
        packet
    };
    let addr = exchange(&mut lab, &with_id(discover(2)), "offer").unwrap();
    assert_eq!(exchange(&mut lab, &with_id(request(2, addr)), "ack"), Some(addr));
    assert_eq!(exchange(&mut lab, &with_id(discover(3)), "offer"), Some(addr));
    assert_eq!(exchange(&mut lab, &with_id(request(3, addr)), "ack"), Some(addr));
    assert_eq!(on_disk(&lab.files.lease_text()).len(), 2);
    sound(&lab);
}

#[test]
fn an_exhausted_pool_serves_whoever_has_a_lease_and_the_next_when_one_goes() {
    let mut lab = start(&plan("dhcp-range=10.0.1.10,10.0.1.19,1h\nno-ping"));
    let had: Vec<Ipv4Addr> = (1..=10).map(|client| bind(&mut lab, client).unwrap()).collect();
    for client in 11..=200 {
        assert_eq!(bind(&mut lab, client), None);
    }
    assert!(lab.log.iter().any(|line| line.text.ends_with("no address available")));
    for (client, addr) in (1..).zip(&had) {
        assert_eq!(exchange(&mut lab, &renew(client, *addr), "ack"), Some(*addr));
    }
    say(&mut lab, &release(4, had[3]));
    assert_eq!(bind(&mut lab, 11), Some(had[3]));
    assert_eq!(bind(&mut lab, 4), None);
    sound(&lab);
}

// security.md: DHCP starvation (sim-starve); memory is that of the start.
#[test]
fn sim_starve_random_addresses_take_nothing_from_who_is_there() {
    let plan = plan("dhcp-range=10.0.1.0,10.0.1.255,1h\ndhcp-host=02:00:00:00:00:02,10.0.0.2\ndhcp-lease-max=100\nno-ping");
    let mut lab = start(&plan);
    let mine = bind(&mut lab, 1).unwrap();
    let mut chance = Chance::new(3);
    // Words alone cost an attacker nothing, and take nothing.
    for _ in 0..20_000 {
        say(&mut lab, &discover(1_000 + chance.below(1 << 30) as u32));
        lab.out.clear();
        lab.log.clear();
    }
    assert_eq!(on_disk(&lab.files.lease_text()).len(), 1);
    // One who takes what he is offered fills the table and no more than that.
    for _ in 0..500 {
        let client = 1_000 + chance.below(1 << 30) as u32;
        bind(&mut lab, client);
    }
    assert_eq!(on_disk(&lab.files.lease_text()).len(), 100);
    assert_eq!(exchange(&mut lab, &renew(1, mine), "ack"), Some(mine));
    sound(&lab);
    // When the leases of the attack end there is room again.
    lab.pass(3_700_000);
    assert_eq!(bind(&mut lab, 2), Some(Ipv4Addr::new(10, 0, 0, 2)));
    assert!(bind(&mut lab, 5).is_some());
}

#[test]
fn a_power_cut_of_the_server_at_every_octet_of_every_write_loses_no_promise() {
    let plan = plan("dhcp-range=10.0.1.0,10.0.1.255,1h\nno-ping");
    let mut cuts = 0;
    // What clients do, one step more in each run; the power goes during the last.
    for steps in 1..=24u32 {
        let mut keep = 0;
        loop {
            let mut lab = start(&plan);
            lab.keep_disk = true;
            let mut promised: BTreeMap<u32, Ipv4Addr> = BTreeMap::new();
            for step in 1..=steps {
                let is_last = step == steps;
                // What was written before is promised, and on the medium.
                lab.files.torn = 0;
                let client = 1 + step % 7;
                let known = promised.get(&client).copied();
                match (step % 5, known) {
                    (0, Some(addr)) => {
                        say(&mut lab, &release(client, addr));
                        promised.remove(&client);
                    }
                    (1..=2, Some(addr)) => {
                        lab.pass(700_000);
                        // The ACK of the last step may never have left.
                        assert_eq!(exchange(&mut lab, &renew(client, addr), "ack"), Some(addr));
                    }
                    _ => {
                        let addr = bind(&mut lab, client).unwrap();
                        if !is_last {
                            promised.insert(client, addr);
                        }
                    }
                }
            }
            let torn = lab.files.torn;
            lab.files.tear(keep);
            cuts += 1;
            let mut lab = power_cut(&plan, lab);
            let disk = on_disk(&lab.files.lease_text());
            for (client, addr) in &promised {
                assert!(disk.get(addr).is_some_and(|(_, hw)| *hw == hw_text(*client)), "step {steps}, {keep} octets: {addr} is lost");
                assert_eq!(exchange(&mut lab, &reboot(*client, *addr), "ack"), Some(*addr), "step {steps}, {keep} octets");
            }
            // Whoever comes now gets nobody else's address.
            let new = bind(&mut lab, 99).unwrap();
            assert!(!promised.values().any(|addr| *addr == new));
            sound(&lab);
            if keep >= torn {
                break;
            }
            keep += 1;
        }
    }
    assert!(cuts > 400, "{cuts}");
}

/// Where no new file can take the place of the old one (a bind mount of a single
/// file) the whole text is appended, then written over the beginning, then cut:
/// see `daemon::lease_disk`.
#[test]
fn a_power_cut_while_the_file_is_written_in_place_loses_no_promise() {
    let plan = plan("dhcp-range=10.0.1.0,10.0.1.255,1h\nno-ping");
    let mut lab = start(&plan);
    let has: Vec<(u32, Ipv4Addr)> = (1..=6).map(|client| (client, bind(&mut lab, client).unwrap())).collect();
    let old = lab.files.content(LEASES);
    say(&mut lab, &release(2, has[1].1));
    let new = lab.files.content(LEASES);
    assert!(new.len() < old.len());
    let appended = (0..=new.len()).map(|end| [&old[..], &new[..end]].concat());
    let both = [&old[..], &new[..]].concat();
    let over = (0..=new.len()).map(|end| [&new[..end], &both[end..]].concat());
    for (stage, text) in appended.chain(over).chain([new.clone()]).enumerate() {
        let mut plan = plan.clone();
        plan.files.put(LEASES, text, EPOCH);
        let mut lab = start(&plan);
        for (client, addr) in has.iter().filter(|(client, _)| *client != 2) {
            assert_eq!(exchange(&mut lab, &reboot(*client, *addr), "ack"), Some(*addr), "stage {stage}");
        }
        sound(&lab);
    }
}

#[test]
fn clocks_that_jump_end_no_lease_early_and_none_late() {
    for jump in [-1_000_000_000, -100_000, -30, 30, 100_000, 500_000_000] {
        let mut lab = start(&plan("dhcp-range=10.0.1.0,10.0.1.255,1h\nno-ping"));
        let addr = bind(&mut lab, 1).unwrap();
        lab.pass(600_000);
        lab.jump(jump);
        lab.pass(600_000);
        assert_eq!(exchange(&mut lab, &renew(1, addr), "ack"), Some(addr), "a jump by {jump} s");
        lab.pass(3_590_000);
        assert_eq!(exchange(&mut lab, &discover(1), "offer"), Some(addr));
        assert_eq!(on_disk(&lab.files.lease_text()).len(), 1, "a jump by {jump} s");
        lab.pass(12_000);
        assert_eq!(on_disk(&lab.files.lease_text()).len(), 0, "a jump by {jump} s");
        sound(&lab);
    }
}

#[test]
fn a_clock_that_is_not_set_at_boot_costs_nobody_a_lease() {
    let mut plan = plan("dhcp-range=10.0.1.0,10.0.1.255,1h\nno-ping");
    let line = format!("{} {} 10.0.1.77 c1 *\n", EPOCH + 1_800, hw_text(1));
    plan.files.put(LEASES, line, EPOCH);
    // 1970, as a router without a battery has it.
    plan.now = Now { wall: UnixTime(30), ..plan.now };
    let mut lab = start(&plan);
    let mine = Ipv4Addr::new(10, 0, 1, 77);
    assert_eq!(exchange(&mut lab, &reboot(1, mine), "ack"), Some(mine));
    let other = bind(&mut lab, 2).unwrap();
    // Then the time comes from the network.
    lab.pass(60_000);
    lab.jump(EPOCH as i64);
    lab.pass(1_000);
    assert_eq!(exchange(&mut lab, &renew(1, mine), "ack"), Some(mine));
    assert_eq!(exchange(&mut lab, &renew(2, other), "ack"), Some(other));
    let disk = on_disk(&lab.files.lease_text());
    let now = lab.now.wall.0;
    assert!(disk.len() == 2 && disk.values().all(|(ends, _)| ends.abs_diff(now + 3_600) < 5), "{disk:?} at {now}");
    let lab = power_cut(&plan, lab);
    assert_eq!(on_disk(&lab.files.lease_text()).len(), 2);
}

/// A week of 1,000 clients with leases of twelve hours, who renew at half of it;
/// one in fifty goes and comes again each day.
#[test]
fn a_week_of_a_thousand_clients_spares_the_flash() {
    let plan = plan("dhcp-range=10.0.1.0,10.0.9.255,12h\ndhcp-lease-max=2000\nno-ping");
    let mut lab = start(&plan);
    let mut has: BTreeMap<u32, Ipv4Addr> = (1..=1_000).map(|client| (client, bind(&mut lab, client).unwrap())).collect();
    let whole = lab.files.lease_len();
    lab.files.wear = Default::default();
    let (mut renewals, mut others, mut by_rule) = (0u64, 0u64, 0u64);
    for turn in 0..28u32 {
        for client in 1..=1_000u32 {
            let addr = has[&client];
            assert_eq!(exchange(&mut lab, &renew(client, addr), "ack"), Some(addr));
            // The rule of dnsmasq: the whole file at each change of it.
            by_rule += lab.files.lease_len();
            renewals += 1;
            lab.log.clear();
            if client % 50 == turn % 50 && turn % 4 == 0 {
                say(&mut lab, &release(client, addr));
                by_rule += 2 * lab.files.lease_len();
                has.insert(client, bind(&mut lab, client).unwrap());
                others += 2;
            }
            lab.pass(21_600);
        }
    }
    let wear = lab.files.wear;
    println!(
        "a week of 1,000 clients, {renewals} renewals, {others} that came or went: {} writes, {} octets, {} of them in place (renewals), \
         {} whole files; by dnsmasq's rule {} writes, {by_rule} octets ({whole} each)",
        wear.writes, wear.octets, wear.in_place, wear.rewrites, renewals + others
    );
    assert!(wear.in_place <= renewals * 100, "{} octets a renewal", wear.in_place / renewals);
    assert!(wear.octets * 50 < by_rule, "{} against {by_rule}", wear.octets);
    sound(&lab);
}
