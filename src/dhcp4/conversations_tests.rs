//! Conversations with the engine: what no captured packet of the original can
//! show, because it is ours alone (probes that wait, the order of writing), or
//! because it takes time.

use super::*;
use crate::base::bytes::Writer;
use crate::base::net::HwAddr;
use crate::base::time::UnixTime;
use crate::config::{Outcome, read_text};
use crate::outbox::action::{Action, LeaseWrite};
use crate::store::hosts_builder::HostsBuilder;
use crate::store::interfaces::Address;
use crate::wire::dhcp4_options::code;
use crate::wire::dns::name::NameBuf;
use arrayvec::ArrayString;

const BASE: &str = "dhcp-range=10.0.0.50,10.0.0.150,1h\nport=0\n";
const BROADCAST: Ipv4Addr = Ipv4Addr::BROADCAST;

struct Lab {
    config: Box<Config>,
    server: Server,
    leases: Leases,
    file: LeaseFile,
    out: Outbox,
    random: Random,
    interfaces: Interfaces,
    names: Hosts,
    now: Now,
}

/// What one event led to, in order.
#[derive(Debug, PartialEq, Clone)]
enum Did {
    Probe(Ipv4Addr, u16),
    Reply { kind: u8, yiaddr: Ipv4Addr, xid: u32 },
    Append(String),
    At(u64, String),
    Rewrite,
    Log(String),
}

fn eth(addr: &str) -> Interface {
    Interface {
        index: 1,
        name: ArrayString::from("eth0").unwrap(),
        mtu: 1500,
        loopback: false,
        up: true,
        hw: HwAddr::default(),
        addresses: [Address {
            addr: addr.parse().unwrap(),
            prefix: 24,
            broadcast: Ipv4Addr::new(10, 0, 0, 255),
            dns: true,
            tentative: false,
            fleeting: false,
        }]
        .into_iter()
        .collect(),
        dns: true,
        dhcp4: true,
        tftp: true,
    }
}

impl Lab {
    fn new(conf: &str) -> Self {
        let mut random = Random::seeded(1);
        let Outcome::Run(config, _) = read_text(conf.as_bytes(), "conf", Key::new(&mut random)) else {
            panic!("{conf}")
        };
        let mut interfaces = Interfaces::default();
        interfaces.list.push(eth("10.0.0.1"));
        Lab {
            server: Server::new(&config, &mut random),
            leases: Leases::new(config.dhcp.lease_max, Key::new(&mut random)).watching(config.dhcp.spans()),
            config,
            file: LeaseFile::new(),
            out: Outbox::new(),
            names: Hosts::empty(Key::new(&mut random)),
            random,
            interfaces,
            now: Now { mono: Millis(1_000_000), wall: UnixTime(1_700_000_000) },
        }
    }

    fn event(&mut self, event: impl FnOnce(&mut Server, &mut Surroundings)) -> Vec<Did> {
        self.out.clear();
        let mut with = Surroundings {
            config: &self.config,
            now: self.now,
            random: &mut self.random,
            out: &mut self.out,
            interfaces: &self.interfaces,
            names: &self.names,
            leases: &mut self.leases,
            file: &mut self.file,
        };
        event(&mut self.server, &mut with);
        self.server.check();
        self.leases.check();
        assert_eq!(self.out.lost(), 0);
        let text = |span| String::from_utf8_lossy(self.out.bytes(span)).into_owned();
        let did = self.out.actions().iter().filter_map(|action| match action {
            Action::Datagram { route, bytes } if route.door == Door::Icmp4 => {
                let octets = self.out.bytes(*bytes);
                let IpAddr::V4(to) = route.to.ip() else { panic!() };
                Some(Did::Probe(to, u16::from_be_bytes([octets[6], octets[7]])))
            }
            Action::Datagram { bytes, .. } => {
                let packet = Packet::parse(self.out.bytes(*bytes)).unwrap();
                let kind = packet.walk_options().find(|(number, _)| *number == code::MESSAGE_TYPE);
                Some(Did::Reply { kind: kind.map_or(0, |(_, value)| value[0]), yiaddr: packet.yiaddr, xid: packet.xid })
            }
            Action::Lease(LeaseWrite::Append { bytes }) => Some(Did::Append(text(*bytes))),
            Action::Lease(LeaseWrite::At { offset, bytes }) => Some(Did::At(*offset, text(*bytes))),
            Action::Lease(LeaseWrite::Rewrite) => Some(Did::Rewrite),
            Action::Log { text: span, .. } => Some(Did::Log(text(*span))),
            _ => None,
        });
        did.collect()
    }

    fn hear(&mut self, to: Ipv4Addr, packet: &[u8]) -> Vec<Did> {
        let from = (Ipv4Addr::UNSPECIFIED, 68).into();
        let arrival = Arrival { door: Door::Dhcp4, from, to: to.into(), iface: 1 };
        self.event(|server, with| server.on_datagram(with, &arrival, packet))
    }

    fn pong(&mut self, from: Ipv4Addr, sequence: u16) -> Vec<Did> {
        let mut bytes = [0u8, 0, 0, 0, 7, 7, 0, 0];
        bytes[6..].copy_from_slice(&sequence.to_be_bytes());
        let sum = bytes.chunks(2).fold(0u32, |sum, word| sum + u32::from(word[0]) * 256 + u32::from(word[1]));
        let sum = !((sum & 0xFFFF) + (sum >> 16)) as u16;
        bytes[2..4].copy_from_slice(&sum.to_be_bytes());
        let arrival =
            Arrival { door: Door::Icmp4, from: (from, 0).into(), to: BROADCAST.into(), iface: 1 };
        self.event(|server, with| server.on_datagram(with, &arrival, &bytes))
    }

    fn after(&mut self, ms: u64) -> Vec<Did> {
        self.now.mono = self.now.mono.plus_ms(ms);
        self.now.wall.0 += ms / 1000;
        let mut all = Vec::new();
        while self.server.next_due(&self.leases).is_some_and(|due| due.is_reached(self.now.mono)) {
            all.extend(self.event(|server, with| server.on_due(with)));
        }
        all
    }

    /// Discover, wait for the probe, request. The lease exists.
    fn lease(&mut self, client: u8) -> Ipv4Addr {
        let offered = match offers(&self.hear(BROADCAST, &discover(client, 1))).as_slice() {
            [] => offers(&self.after(1_000))[0],
            now => now[0],
        };
        let did = self.hear(BROADCAST, &request(client, offered));
        assert!(matches!(did.last(), Some(Did::Reply { kind: kind::ACK, .. })), "{did:?}");
        offered
    }

    /// The file as a rewrite gives it.
    fn written(&mut self) -> String {
        let (mut buffer, mut at) = (vec![0; 1 << 16], 0);
        let mut out = Writer::new(&mut buffer);
        assert!(!self.file.text(&mut self.leases, &mut at, &mut out));
        String::from_utf8(out.written().to_vec()).unwrap()
    }
}

fn packet(client: u8, xid: u32, ciaddr: Ipv4Addr, options: &[(u8, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![1, 1, 6, 0];
    bytes.extend(xid.to_be_bytes());
    bytes.extend([0; 4]);
    bytes.extend(ciaddr.octets());
    bytes.extend([0; 12]);
    bytes.extend([2, 0, 0, 0, 0, client]);
    bytes.resize(236, 0);
    bytes.extend([0x63, 0x82, 0x53, 0x63]);
    for (number, value) in options {
        bytes.extend([*number, value.len() as u8]);
        bytes.extend(*value);
    }
    bytes.push(255);
    bytes
}

fn discover(client: u8, xid: u32) -> Vec<u8> {
    packet(client, xid, Ipv4Addr::UNSPECIFIED, &[(53, &[1])])
}

fn request(client: u8, addr: Ipv4Addr) -> Vec<u8> {
    packet(client, 2, Ipv4Addr::UNSPECIFIED, &[(53, &[3]), (50, &addr.octets()), (54, &[10, 0, 0, 1])])
}

fn renew(client: u8, addr: Ipv4Addr) -> Vec<u8> {
    packet(client, 3, addr, &[(53, &[3])])
}

fn release(client: u8, addr: Ipv4Addr) -> Vec<u8> {
    packet(client, 4, addr, &[(53, &[7]), (54, &[10, 0, 0, 1])])
}

fn probes(did: &[Did]) -> Vec<(Ipv4Addr, u16)> {
    did.iter().filter_map(|did| if let Did::Probe(addr, seq) = did { Some((*addr, *seq)) } else { None }).collect()
}

fn offers(did: &[Did]) -> Vec<Ipv4Addr> {
    did.iter()
        .filter_map(|did| if let Did::Reply { kind: kind::OFFER, yiaddr, .. } = did { Some(*yiaddr) } else { None })
        .collect()
}

fn logs(did: &[Did]) -> Vec<&str> {
    did.iter().filter_map(|did| if let Did::Log(text) = did { Some(text.as_str()) } else { None }).collect()
}

#[test]
fn an_offer_waits_for_its_probe_and_the_loop_goes_on() {
    let mut lab = Lab::new(BASE);
    let first = lab.hear(BROADCAST, &discover(1, 1));
    let (addr, _) = probes(&first)[0];
    assert!(offers(&first).is_empty() && logs(&first).is_empty());
    assert_eq!(lab.server.next_due(&lab.leases).unwrap().why, Why::Probe);
    assert!(lab.after(200).is_empty());
    // Somebody else is served meanwhile.
    let second = lab.hear(BROADCAST, &discover(2, 1));
    assert_eq!(probes(&second).len(), 1);
    let later = lab.after(200);
    assert_eq!(offers(&later), [addr]);
    assert_eq!(logs(&later), ["DHCPDISCOVER(eth0) 02:00:00:00:00:01 ", &format!("DHCPOFFER(eth0) {addr} 02:00:00:00:00:01 ")]);
    assert_eq!(offers(&lab.after(200)), [probes(&second)[0].0]);
    // What was found counts for thirty seconds.
    assert_eq!(offers(&lab.hear(BROADCAST, &discover(1, 2))), [addr]);
    lab.after(31_000);
    assert_eq!(probes(&lab.hear(BROADCAST, &discover(1, 3)))[0].0, addr);
}

#[test]
fn an_address_that_answers_is_passed_over_at_once() {
    let mut lab = Lab::new(BASE);
    let (addr, sequence) = probes(&lab.hear(BROADCAST, &discover(1, 1)))[0];
    // Echoes of others mean nothing.
    assert!(lab.pong(addr, sequence.wrapping_add(9)).is_empty());
    assert!(lab.pong(Ipv4Addr::new(10, 0, 0, 9), sequence).is_empty());
    let next = lab.pong(addr, sequence);
    let (other, _) = probes(&next)[0];
    assert_ne!(addr, other);
    assert_eq!(offers(&lab.after(1_000)), [other]);
    // The wish for the taken address does not help.
    let wish = packet(1, 5, Ipv4Addr::UNSPECIFIED, &[(53, &[1]), (50, &addr.octets())]);
    assert!(!offers(&lab.hear(BROADCAST, &wish)).contains(&addr));
}

#[test]
fn a_client_that_repeats_itself_waits_once_and_gets_the_last_transaction() {
    let mut lab = Lab::new(BASE);
    lab.hear(BROADCAST, &discover(1, 1));
    lab.after(300);
    assert!(lab.hear(BROADCAST, &discover(1, 2)).is_empty());
    let did = lab.after(100);
    let replies: Vec<_> = did.iter().filter(|did| matches!(did, Did::Reply { .. })).collect();
    assert!(matches!(replies.as_slice(), [Did::Reply { kind: kind::OFFER, xid: 2, .. }]), "{replies:?}");
    assert!(lab.after(5_000).is_empty());
}

#[test]
fn when_all_probes_are_taken_the_offer_goes_out_unprobed() {
    let mut lab = Lab::new(BASE);
    for client in 0..limits::PROBES_MAX {
        assert_eq!(probes(&lab.hear(BROADCAST, &discover(client as u8, 1))).len(), 1);
    }
    assert_eq!(offers(&lab.hear(BROADCAST, &discover(200, 1))).len(), 1);
    assert_eq!(offers(&lab.after(1_000)).len(), limits::PROBES_MAX);
}

#[test]
fn no_probe_with_no_ping_on_loopback_or_for_what_does_not_fit() {
    let mut lab = Lab::new(&format!("{BASE}no-ping"));
    assert_eq!(offers(&lab.hear(BROADCAST, &discover(1, 1))).len(), 1);
    let mut lab = Lab::new(BASE);
    lab.interfaces.list[0].loopback = true;
    assert_eq!(offers(&lab.hear(BROADCAST, &discover(1, 1))).len(), 1);
    let mut lab = Lab::new(BASE);
    let mut large = discover(1, 1);
    large.resize(limits::PROBE_PACKET_MAX + 1, 0);
    assert_eq!(offers(&lab.hear(BROADCAST, &large)).len(), 1);
}

#[test]
fn a_lease_is_on_its_way_to_the_file_before_its_ack() {
    let mut lab = Lab::new(&format!("{BASE}no-ping\nquiet-dhcp"));
    let addr = offers(&lab.hear(BROADCAST, &discover(1, 1)))[0];
    let line = format!("1700003600 02:00:00:00:00:01 {addr} * *\n");
    let ack = |xid| Did::Reply { kind: kind::ACK, yiaddr: addr, xid };
    assert_eq!(lab.hear(BROADCAST, &request(1, addr)), [Did::Append(line.clone()), ack(2)]);
    lab.after(60_000);
    let at = Did::At(0, "1700003660".into());
    assert_eq!(lab.hear(Ipv4Addr::new(10, 0, 0, 1), &renew(1, addr)), [at, ack(3)]);
    assert_eq!(lab.hear(BROADCAST, &release(1, addr)), [Did::Rewrite]);
    // Until the rewrite has begun nothing else is asked for.
    assert_eq!(lab.hear(BROADCAST, &request(1, addr)), [ack(2)]);
    assert_eq!(lab.written(), line.replace("3600", "3660"));
    lab.after(3_600_000);
    assert!(lab.leases.is_empty() && lab.file.wants_rewrite());
    assert_eq!(lab.written(), "");
}

#[test]
fn a_file_that_cannot_be_written_is_tried_again() {
    let mut lab = Lab::new(&format!("{BASE}no-ping\ndhcp-leasefile=/tmp/leases"));
    let addr = lab.lease(1);
    let failed = lab.event(|server, with| server.on_change(with, &Change::LeaseFileFailed { errno: 28 }));
    assert_eq!(logs(&failed), ["failed to write /tmp/leases: No space left on device (retry in 60 s)"]);
    // Clients are served meanwhile.
    assert!(lab.hear(BROADCAST, &renew(1, addr)).iter().any(|did| matches!(did, Did::Reply { kind: kind::ACK, .. })));
    assert_eq!(lab.server.next_due(&lab.leases).unwrap().why, Why::LeaseFile);
    assert!(lab.after(59_000).is_empty());
    assert_eq!(lab.after(1_000), [Did::Rewrite]);
    assert!(lab.written().contains(&addr.to_string()));
    assert!(lab.event(|server, with| server.on_change(with, &Change::LeaseFileOk)).is_empty());
}

#[test]
fn a_wall_clock_that_is_set_changes_the_file_and_no_lease() {
    let mut lab = Lab::new(&format!("{BASE}no-ping"));
    let addr = lab.lease(1);
    lab.now.wall.0 += 1_000_000_000;
    let did = lab.hear(BROADCAST, &discover(2, 9));
    assert_eq!(did[0], Did::Rewrite);
    assert!(lab.written().starts_with("2700003600 "));
    assert!(lab.leases.by_addr(addr).is_some());
    lab.after(3_600_000);
    assert!(lab.leases.by_addr(addr).is_none());
}

#[test]
fn a_file_read_before_the_clock_is_set_keeps_no_lease_for_decades() {
    let mut lab = Lab::new(BASE);
    lab.now.wall.0 = 0;
    let Lab { leases, file, out, now, config, .. } = &mut lab;
    let mut read = LeasesRead { leases, file, out, now: *now };
    assert!(read.piece(b"1700003600 02:00:00:00:00:01 10.0.0.60 * *\nduid 00:01\nrubbish\n1700003600 02:00:00:00:00:01 10.0.0 * *\n"));
    assert!(read.end(config));
    let addr = Ipv4Addr::new(10, 0, 0, 60);
    assert_eq!(lab.leases.by_addr(addr).unwrap().seconds_left(lab.now.mono), Some(3_600));
    let lines = lab.out.actions().iter().filter_map(|action| match action {
        Action::Log { text, .. } => Some(String::from_utf8_lossy(lab.out.bytes(*text)).into_owned()),
        _ => None,
    });
    let lines = lines.collect::<Vec<_>>();
    assert_eq!(lines[0], "ignoring invalid line in lease database: rubbish    ...");
    assert_eq!(lines[1], "ignoring invalid line in lease database, bad address: 10.0.0");
}

#[test]
fn a_declined_reservation_rests_for_ten_minutes() {
    let mut lab = Lab::new(&format!("{BASE}no-ping\ndhcp-host=02:00:00:00:00:01,10.0.0.9"));
    let addr = lab.lease(1);
    let decline = packet(1, 1, Ipv4Addr::UNSPECIFIED, &[(53, &[4]), (50, &addr.octets()), (54, &[10, 0, 0, 1])]);
    let did = lab.hear(BROADCAST, &decline);
    assert_eq!(logs(&did)[1], "disabling DHCP static address 10.0.0.9 for 10m");
    let did = lab.hear(BROADCAST, &discover(1, 1));
    assert_eq!(logs(&did)[0], "not using configured address 10.0.0.9 because it was previously declined");
    assert_ne!(offers(&did), [addr]);
    lab.after(600_000);
    assert_eq!(offers(&lab.hear(BROADCAST, &discover(1, 1))), [addr]);
}

#[test]
fn names_of_hosts_files_are_used_and_give_addresses() {
    let mut lab = Lab::new("dhcp-range=10.0.0.50,10.0.0.150,1h\nno-ping\ndomain=lan\ndhcp-host=02:00:00:00:00:01,box\ndhcp-host=02:00:00:00:00:02,twin\ndhcp-host=02:00:00:00:00:03,copy\ndhcp-boot=file,name,srv");
    let mut names = HostsBuilder::new(Key::new(&mut lab.random));
    names.source(b"hosts");
    for (name, addr) in [("box", "10.0.0.9"), ("twin", "10.0.0.10"), ("twin", "10.0.0.11"), ("copy", "10.0.0.9"), ("srv", "10.0.0.2"), ("old.lan", "10.0.0.70"), ("foreign.org", "10.0.0.71")] {
        names.add(NameBuf::from_text(name.as_bytes()).unwrap().name(), addr.parse().unwrap());
    }
    lab.names = names.freeze();
    lab.out.clear();
    lab.server.fill_hosts(&lab.names, &mut |line, args| lab.out.log(line, args));
    let text = |action: &Action| match action {
        Action::Log { text, .. } => String::from_utf8_lossy(lab.out.bytes(*text)).into_owned(),
        _ => String::new(),
    };
    let said: Vec<_> = lab.out.actions().iter().map(text).collect();
    assert!(said.contains(&"twin has more than one address in hostsfile, using 10.0.0.10 for DHCP".into()), "{said:?}");
    // One of the two that share an address goes without.
    assert!(said.contains(&"duplicate IP address 10.0.0.9 (box) in dhcp-config directive".into()), "{said:?}");
    assert_eq!(offers(&lab.hear(BROADCAST, &discover(2, 1))), [Ipv4Addr::new(10, 0, 0, 10)]);
    let wish = |client, last| packet(client, 1, Ipv4Addr::UNSPECIFIED, &[(53, &[3]), (50, &[10, 0, 0, last]), (54, &[10, 0, 0, 1]), (12, b"mine")]);
    lab.hear(BROADCAST, &wish(7, 70));
    let did = lab.hear(BROADCAST, &packet(9, 1, Ipv4Addr::UNSPECIFIED, &[(53, &[3]), (50, &[10, 0, 0, 72]), (54, &[10, 0, 0, 1]), (12, b"srv")]));
    assert_eq!(logs(&did)[1], "not giving name srv to the DHCP lease of 10.0.0.72 because the name exists in hosts with address 10.0.0.2");
    lab.hear(BROADCAST, &wish(8, 71));
    assert!(lab.leases.by_name(b"old", lab.now.mono).next().unwrap().name_is_ours);
    assert_eq!(lab.leases.by_name(b"mine", lab.now.mono).next().unwrap().addr, Ipv4Addr::new(10, 0, 0, 71));
}

#[test]
fn a_range_that_leaves_its_subnet_is_told_once() {
    let mut lab = Lab::new("dhcp-range=10.0.0.50,10.0.1.150,1h");
    let said = lab.event(|server, with| server.on_change(with, &Change::Interfaces));
    assert_eq!(logs(&said), ["DHCP range 10.0.0.50 -- 10.0.1.150 is not consistent with netmask 255.255.255.0"]);
    assert!(lab.event(|server, with| server.on_change(with, &Change::Interfaces)).is_empty());
}

#[test]
fn leases_get_the_names_of_files_that_were_read_again() {
    let mut lab = Lab::new("dhcp-range=10.0.0.50,10.0.0.150,1h\nno-ping\ndhcp-host=02:00:00:00:00:01,box\ndhcp-host=02:00:00:00:00:02,10.0.0.9,elsewhere");
    let line = |client: u8, last: u8, name: &str| format!("1700003600 02:00:00:00:00:0{client} 10.0.0.{last} {name} *\n");
    let old = line(1, 60, "old") + &line(2, 61, "mine") + &line(3, 62, "box") + &line(4, 63, "four");
    let Lab { leases, file, out, now, config, .. } = &mut lab;
    let mut read = LeasesRead { leases, file, out, now: *now };
    assert!(read.piece(old.as_bytes()) && read.end(config));
    let mut names = HostsBuilder::new(Key::new(&mut lab.random));
    names.add(NameBuf::from_text(b"four4").unwrap().name(), "10.0.0.63".parse().unwrap());
    lab.names = names.freeze();
    let again = |lab: &mut Lab| lab.event(|server, with| server.on_change(with, &Change::DhcpHostsReloaded));
    assert_eq!(again(&mut lab), [Did::Rewrite]);
    // The name of the configuration is taken from who has it.
    assert_eq!(lab.written(), line(1, 60, "box") + &line(2, 61, "mine") + &line(3, 62, "*") + &line(4, 63, "four4"));
    assert!(again(&mut lab).is_empty());
}

#[test]
fn an_interface_without_address_is_told() {
    let mut lab = Lab::new(BASE);
    lab.interfaces.list[0].addresses.clear();
    let did = lab.hear(BROADCAST, &discover(1, 1));
    assert_eq!(logs(&did), ["DHCP packet received on eth0 which has no address"]);
}

#[test]
fn a_long_log_does_not_crowd_out_the_reply() {
    let mut lab = Lab::new(&format!("{BASE}no-ping\nlog-dhcp"));
    let all = [20; 255];
    let did = lab.hear(BROADCAST, &packet(1, 1, Ipv4Addr::UNSPECIFIED, &[(53, &[1]), (55, &all)]));
    assert!(did.len() > 100);
    assert_eq!(offers(&did).len(), 1);
}

#[test]
fn many_clients_at_random_keep_every_invariant() {
    const CONFIGS: [&str; 4] = [
        "",
        "no-ping\ndhcp-authoritative\ndhcp-sequential-ip\ndhcp-lease-max=9",
        "dhcp-host=02:00:00:00:00:01,02:00:00:00:00:02,10.0.0.9,box\ndhcp-host=pc,10.0.0.60\ndhcp-host=02:*:*:*:*:03,infinite\ndhcp-fqdn\ndomain=lan",
        "dhcp-range=10.9.0.1,10.9.0.20,255.255.255.0,infinite\ndhcp-rapid-commit\nlog-dhcp\ndhcp-option=17,/a/long/path/that/takes/room\ndhcp-boot=file",
    ];
    let mut random = Random::seeded(77);
    for conf in CONFIGS {
        let mut lab = Lab::new(&format!("dhcp-range=10.0.0.50,10.0.0.70,5m\n{conf}"));
        let mut sequences = vec![(Ipv4Addr::UNSPECIFIED, 0)];
        for round in 0..2_000 {
            let any = random.u64().to_be_bytes();
            let addr = match random.below(4) {
                0 => Ipv4Addr::from(random.u32()),
                1 => Ipv4Addr::new(10, 9, 0, random.below(25) as u8),
                _ => Ipv4Addr::new(10, 0, 0, random.below(80) as u8),
            };
            let octets = addr.octets();
            let kinds = [random.below(10) as u8];
            let all: [(u8, &[u8]); 9] = [
                (50, &octets), (54, &[10, 0, 0, 1]), (51, &any[..4]), (57, &any[4..6]), (61, &any[..1]),
                (12, b"pc"), (81, &[4, 0, 0, 2, b'p', b'c']), (118, &[10, 9, 0, 0]), (82, &[1, 1, 7, 5, 4, 10, 9, 0, 0]),
            ];
            let mut options: Vec<(u8, &[u8])> = vec![(53, &kinds)];
            options.extend(all.iter().filter(|_| random.below(3) == 0));
            let ciaddr = if random.below(3) == 0 { addr } else { Ipv4Addr::UNSPECIFIED };
            let bytes = packet(random.below(12) as u8, round, ciaddr, &options);
            let to = if random.below(2) == 0 { BROADCAST } else { Ipv4Addr::new(10, 0, 0, 1) };
            let did = match random.below(6) {
                0 => lab.after(random.below(60_000).into()),
                1 => {
                    let (from, sequence) = sequences[random.below(sequences.len() as u32) as usize];
                    lab.pong(from, sequence)
                }
                _ => lab.hear(to, &bytes),
            };
            sequences.extend(probes(&did));
            // An acknowledged address is leased, and its line is on its way.
            for did in did {
                if let Did::Reply { kind: kind::ACK, yiaddr, .. } = did {
                    assert!(yiaddr.is_unspecified() || lab.leases.by_addr(yiaddr).is_some());
                }
            }
            assert!(lab.leases.iter().all(|lease| lease.offset.is_some() || lab.file.wants_rewrite()));
            if random.below(9) == 0 && lab.file.wants_rewrite() {
                lab.written();
            }
        }
    }
}

#[test]
fn nothing_from_a_packet_can_forge_a_line_or_break_anything() {
    let mut random = Random::seeded(9);
    let mut lab = Lab::new(&format!("{BASE}no-ping\nlog-dhcp\ndhcp-authoritative\ndhcp-generate-names=tag:none\ndhcp-rapid-commit"));
    let numbers = [12, 50, 51, 52, 54, 55, 56, 57, 60, 61, 77, 80, 81, 82, 118, 93];
    for round in 0..3_000u32 {
        let mut values = Vec::new();
        for _ in 0..random.below(7) {
            let number = numbers[random.below(numbers.len() as u32) as usize];
            let value: Vec<u8> = (0..random.below(40)).map(|_| match random.below(4) {
                0 => b"\n\r\0 *;<>:%"[random.below(10) as usize],
                1 => random.u16() as u8,
                _ => b'a' + random.below(26) as u8,
            }).collect();
            values.push((number, value));
        }
        let wanted = [10, 0, 0, random.u16() as u8];
        let kinds = [random.below(10) as u8];
        let mut options: Vec<(u8, &[u8])> = vec![(53, &kinds), (50, &wanted)];
        options.extend(values.iter().map(|(number, value)| (*number, &**value)));
        let ciaddr = if random.below(2) == 0 { Ipv4Addr::from(wanted) } else { Ipv4Addr::UNSPECIFIED };
        let mut bytes = packet(random.u16() as u8, round, ciaddr, &options);
        if random.below(5) == 0 {
            bytes.truncate(random.below(bytes.len() as u32) as usize);
        }
        for did in lab.hear(BROADCAST, &bytes) {
            match did {
                Did::Log(line) => assert!(!line.contains(|c: char| c.is_control()), "{line:?}"),
                Did::Append(line) => assert_eq!((line.matches('\n').count(), line.split(' ').count()), (1, 5), "{line:?}"),
                _ => {}
            }
        }
    }
    assert!(lab.leases.len() > 50);
    let (file, leases) = (lab.written(), lab.leases.len());
    assert_eq!(file.lines().count(), leases);
    assert!(file.lines().all(|line| line.split(' ').count() == 5));
}
