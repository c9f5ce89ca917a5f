//! What went wrong with servers of this kind, as tests: the rows about DHCPv4,
//! TFTP and scripts of the list of weaknesses that we keep. The name of a test is
//! that of its row; the comment says which.
//!
//! Elsewhere: `sim_starve…` (trials), `bn_tftp_amp…`, block wrap and files over
//! 2 GB (`src/tftp/large_tests.rs`), directory escape (scenarios `tftp-no-way-out`,
//! `tftp-traversal` beside the original), cut client identifiers
//! (`script-long-id`), fuzz targets `dhcp4`, `tftp`, `leases`, `core`, `config`.

use crate::lab::boot::{self, Plan};
use crate::lab::dhcp::Packet;
use crate::lab::{EPOCH, Lab, Out};
use crate::network::Chance;
use ironmasq::outbox::action::{Arrival, Door};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

const OWN: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const LEASES: &str = "/tmp/leases";

fn plan(lines: &str) -> Plan {
    let config = format!("no-resolv\nno-hosts\nno-ping\ndomain=lan\nlocal=/lan/\ndhcp-leasefile={LEASES}\n{lines}\n");
    let mut plan = Plan { config, ..Plan::default() };
    plan.interfaces.push(boot::interface(1, "br-lan", &[2, 0, 0, 0, 1, 1], 1500, true, &[(OWN.into(), 24)]));
    plan
}

fn lab(lines: &str) -> Lab {
    boot::start(&plan(lines)).unwrap_or_else(|why| panic!("{why}"))
}

const RANGE: &str = "dhcp-range=10.0.0.100,10.0.0.200,1h";

fn say(lab: &mut Lab, door: Door, from: SocketAddr, to: IpAddr, bytes: &[u8]) -> Vec<(SocketAddr, Vec<u8>)> {
    lab.arrive(Arrival { door, from, to, iface: 1 }, bytes);
    let out = std::mem::take(&mut lab.out);
    let sent = out.into_iter().filter_map(|out| match out {
        Out::Datagram { route, bytes, .. } => Some((route.to, bytes)),
        _ => None,
    });
    sent.collect()
}

fn dhcp(lab: &mut Lab, packet: &Packet) -> Vec<(SocketAddr, Vec<u8>)> {
    say(lab, Door::Dhcp4, SocketAddr::from(([0; 4], 68)), [255; 4].into(), &packet.encode())
}

fn hw(client: u32) -> [u8; 6] {
    let [a, b, c, d] = client.to_be_bytes();
    [2, 0, a, b, c, d]
}

/// A whole lease with these options in the request; true if it was granted.
fn lease(lab: &mut Lab, client: u32, options: &[(u8, Vec<u8>)]) -> bool {
    let mut packet = Packet::request("request", client, &hw(client)).unwrap();
    packet.set(50, vec![10, 0, 0, 100 + (client % 100) as u8]);
    packet.set(54, OWN.octets().into());
    options.iter().for_each(|(code, value)| packet.set(*code, value.clone()));
    let answers = dhcp(lab, &packet);
    answers.iter().any(|(_, bytes)| Packet::decode(bytes).is_ok_and(|answer| answer.kind() == "ack"))
}

fn sound(lab: &Lab) {
    assert!(lab.faults.is_empty(), "{:?}", lab.faults);
    boot::check(lab);
}

// 2006-2017, 2008-3214, 2008-3350, systemd#22227: odd requests of every kind, flag
// and length; none of them stops or changes anything but a lease.
#[test]
fn fz_dhcp4_packets_that_are_cut_changed_and_made_up() {
    let mut lab = lab(&format!("{RANGE}\nbootp-dynamic\npxe-service=x86PC,a,b\nenable-tftp\nleasequery\ndhcp-relay=10.0.0.1,10.0.9.9"));
    let mut chance = Chance::new(11);
    let kinds = ["discover", "request", "decline", "release", "inform", "bootp", "leasequery"];
    for turn in 0..6_000u32 {
        let mut packet = Packet::request(kinds[turn as usize % kinds.len()], turn, &hw(turn % 50)).unwrap();
        packet.flags = chance.pick(&[0, 0x8000, 0xFFFF, 1]);
        packet.ciaddr = chance.pick(&[Ipv4Addr::UNSPECIFIED, Ipv4Addr::new(10, 0, 0, 101), Ipv4Addr::BROADCAST]);
        packet.giaddr = chance.pick(&[Ipv4Addr::UNSPECIFIED, Ipv4Addr::UNSPECIFIED, OWN, Ipv4Addr::BROADCAST]);
        for _ in 0..chance.below(7) {
            let len = chance.pick(&[0, 1, 3, 4, 5, 17, 255]);
            packet.set(1 + chance.below(254) as u8, chance.bytes(len));
        }
        let mut bytes = packet.encode();
        match chance.below(4) {
            0 => bytes.truncate(chance.below(bytes.len() as u64 + 1) as usize),
            1 => {
                let at = chance.below(bytes.len() as u64) as usize;
                bytes[at] ^= 1 << chance.below(8);
            }
            _ => {}
        }
        let door = chance.pick(&[Door::Dhcp4, Door::Dhcp4, Door::Pxe4]);
        say(&mut lab, door, SocketAddr::from(([10, 0, 0, 9], 68)), OWN.into(), &bytes);
        lab.log.clear();
        lab.pass(chance.below(50));
    }
    sound(&lab);
    assert!(lease(&mut lab, 77, &[]) || lease(&mut lab, 78, &[]), "it still serves");
}

// 2009-2957, 2009-2958: long names, missing fields, options without end.
#[test]
fn fz_tftp_requests_that_are_cut_changed_and_made_up() {
    let mut plan = plan("enable-tftp\ntftp-root=/srv");
    plan.files.put("/srv/boot", vec![7; 5_000], EPOCH);
    let mut lab = boot::start(&plan).unwrap();
    let mut chance = Chance::new(12);
    for turn in 0..4_000u32 {
        let name = "/a".repeat(chance.below(400) as usize);
        let name = chance.pick(&["boot", "../boot", &name, "", "boot/"]).to_owned();
        let mode = chance.pick(&["octet", "netascii", "mail", ""]);
        let option = chance.pick(&["blksize\x0099999999999\0", "tsize\0", "windowsize\x0016\0blksize\x008\0", "timeout\x00255\0", ""]);
        let mut bytes = format!("\0\u{1}{name}\0{mode}\0{option}").into_bytes();
        if chance.percent(30) {
            bytes.truncate(chance.below(bytes.len() as u64 + 1) as usize);
        }
        let from = SocketAddr::from(([10, 0, 0, 9], 2_000 + (turn % 5_000) as u16));
        let transfer = Door::Transfer(chance.below(3) as u16);
        let door = chance.pick(&[Door::Tftp(0), Door::Tftp(0), transfer]);
        let sent = say(&mut lab, door, from, OWN.into(), &bytes);
        assert!(sent.iter().all(|(_, bytes)| bytes.len() < 1_500));
        lab.log.clear();
        lab.pass(chance.below(3_000));
    }
    sound(&lab);
}

// 2019-14834, 2021-25217, 2022-2928: a hundred thousand packets leave memory as it
// was (the heap is sealed, each operation is a fault) and every table at its level.
#[test]
fn bn_leak_dhcp_many_packets_touch_no_heap() {
    let mut lab = lab(RANGE);
    for turn in 0..25_000u32 {
        lease(&mut lab, turn % 90, &[(12, format!("c{}", turn % 90).into_bytes()), (81, vec![0; turn as usize % 40])]);
        lab.log.clear();
    }
    assert_eq!(lab.files.lease_text().lines().count(), 90);
    sound(&lab);
}

// 2005-0876, ISC 2022-2929, Kea 2019-6472/-6474: whatever the file holds, the start
// skips and tells, and goes on.
#[test]
fn sim_poisoned_leasefile_never_stops_the_start() {
    let mut chance = Chance::new(13);
    let good = "2000003600 02:00:00:00:00:01 10.0.0.101 good 01:02:00:00:00:00:01\n";
    let long = format!("2000003600 02:00:00:00:00:02 10.0.0.102 long {}\n", ["ff"; 600].join(":"));
    for turn in 0..400 {
        let mut plan = plan(RANGE);
        let mut text = format!("{good}duid 00:01\n{long}1 2 3\n2000003600 zz 10.0.0.103 * *\n2000003600 02:00:00:00:00:04 1.2.3 * *\n").into_bytes();
        for _ in 0..turn % 20 {
            let at = good.len() + chance.below((text.len() - good.len()) as u64) as usize;
            text[at] = chance.u64() as u8;
        }
        if turn % 3 == 0 {
            let len = chance.below(600) as usize;
            text.extend(chance.bytes(len));
        }
        plan.files.put(LEASES, text, EPOCH);
        let lab = boot::start(&plan).unwrap_or_else(|why| panic!("turn {turn}: {why}"));
        assert!(lab.files.lease_text().contains("10.0.0.101 good "), "turn {turn}");
        sound(&lab);
    }
}

// GHSA-hhmc-92hw-535f (odhcpd): a name or identifier with any octets leaves as many
// lines and fields in the file as leases, and nothing that is no name.
#[test]
fn pt_leasefile_inject_any_octets_leave_one_line_and_five_fields() {
    let mut lab = lab(&format!("{RANGE}\nlog-dhcp\nlog-queries"));
    let mut chance = Chance::new(14);
    for turn in 0..90u32 {
        let mut name: Vec<u8> = (0..chance.below(40)).map(|_| chance.u64() as u8).collect();
        let evil = [&b"a\n2000003600 02:00:00:00:00:99 10.0.0.199 forged *\n"[..], b"a b", b"a\r\nb", b"<script>", b"a;reboot", b"$(reboot)", b"..", b"\0"];
        if turn < evil.len() as u32 {
            name = evil[turn as usize].to_vec();
        }
        assert!(lease(&mut lab, turn, &[(12, name.clone()), (61, name.clone()), (60, name.clone()), (77, name)]));
    }
    let text = lab.files.lease_text();
    assert_eq!(text.lines().count(), 90);
    for line in text.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        assert!(fields.len() == 5, "{line:?}");
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        assert!(fields[3] == "*" || fields[3].chars().all(plain), "{line:?}");
    }
    assert!(lab.log.iter().all(|line| line.text.bytes().all(|octet| (32..127).contains(&octet))), "printable lines only");
    sound(&lab);
}

// Kea 2025-11232: names that are empty once everything bad is taken away.
#[test]
fn rg_hostname_all_bad_names_are_no_names() {
    let mut lab = lab(RANGE);
    for (client, name) in [&b""[..], b"_", b"-", b"...", b"\0\0", b"!!!", b" ", &[0xFF; 63], &[b'.'; 255]].into_iter().enumerate() {
        assert!(lease(&mut lab, client as u32, &[(12, name.into())]), "{name:?}");
        assert!(lease(&mut lab, client as u32 + 50, &[(81, [&[1, 0, 0][..], &name[..name.len().min(200)]].concat())]), "{name:?}");
    }
    assert!(lab.files.lease_text().lines().all(|line| line.contains(" * ")), "{}", lab.files.lease_text());
    sound(&lab);
}

// Kea 2025-40779: a unicast request where no network is for the client.
#[test]
fn rg_unicast_nosubnet_is_met_with_silence() {
    let mut lab = lab("dhcp-range=10.7.0.100,10.7.0.200,255.255.255.0,1h");
    for ciaddr in [Ipv4Addr::new(10, 0, 0, 5), Ipv4Addr::new(192, 0, 2, 9), OWN] {
        for kind in ["discover", "request", "inform", "release", "decline"] {
            let packet = Packet { ciaddr, ..Packet::request(kind, 5, &hw(5)).unwrap() };
            let sent = say(&mut lab, Door::Dhcp4, SocketAddr::new(ciaddr.into(), 68), OWN.into(), &packet.encode());
            assert!(sent.is_empty(), "{kind} from {ciaddr}");
        }
    }
    sound(&lab);
}

// 66d9658, 1c4a97e: options 66 and 67 that are empty, and file names that fill
// their field.
#[test]
fn rg_empty_option_66_and_full_file_names() {
    let file = "f".repeat(127);
    for config in ["dhcp-option=66\ndhcp-option=67", "dhcp-option=66,\"\"\ndhcp-option-force=67,\"\"", &format!("dhcp-boot={file},{}", "s".repeat(63))] {
        let mut lab = lab(&format!("{RANGE}\nbootp-dynamic\n{config}"));
        for list in [&[66, 67][..], &[67], &[1]] {
            assert!(lease(&mut lab, 3, &[(55, list.into())]), "{config}");
            let mut bootp = Packet::request("bootp", 9, &hw(9)).unwrap();
            bootp.file = vec![b'x'; 128];
            dhcp(&mut lab, &bootp);
        }
        sound(&lab);
    }
}

// ISC dhclient 2011-0997, ae85ea3: what clients say reaches the program as single
// variables (cut at `=` and at a zero), by the helper and never by a shell.
#[test]
fn pt_script_env_values_are_single_variables_and_arguments_are_names() {
    let mut lab = lab(&format!("{RANGE}\ndhcp-script=/etc/hook"));
    let mut chance = Chance::new(15);
    for turn in 0..60u32 {
        let mut evil: Vec<u8> = (0..chance.below(80)).map(|_| chance.u64() as u8).collect();
        if turn == 0 {
            evil = b"x\nDNSMASQ_TAGS=root".into();
        }
        lease(&mut lab, turn, &[(12, evil.clone()), (60, evil.clone()), (77, evil.clone()), (82, [&[1, evil.len() as u8][..], &evil].concat()), (161, evil)]);
    }
    assert!(lab.scripts.len() >= 60);
    for (arguments, variables) in &lab.scripts {
        let words: Vec<&str> = arguments.split(' ').collect();
        assert!(matches!(words[0], "add" | "old" | "del") && (3..=4).contains(&words.len()), "{arguments:?}");
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
        assert!(words.iter().all(|word| word.chars().all(plain)), "{arguments:?}");
        for variable in variables {
            assert!(variable.starts_with("DNSMASQ_") && variable.matches('=').count() == 1, "{variable:?}");
            assert!(!variable.contains('\0'));
        }
    }
    sound(&lab);
}

// DHCP to DNS: names that belong to somebody (configured, of a hosts file, ours)
// stay theirs, and `wpad` is nobody's with the two lines that distributions ship.
#[test]
fn pt_names_of_others_cannot_be_taken() {
    let mut plan = plan(&format!(
        "{RANGE}\ndhcp-name-match=set:bad,wpad\ndhcp-ignore-names=tag:bad\ndhcp-host=02:00:00:00:00:01,10.0.0.50,server\n\
         host-record=router.lan,10.0.0.1\naddn-hosts=/etc/more"
    ));
    plan.files.put("/etc/more", "10.0.0.9 printer.lan printer\n", EPOCH);
    let mut lab = boot::start(&plan).unwrap();
    for (client, name) in [(7, "wpad"), (8, "WPAD"), (9, "server"), (10, "router"), (11, "printer")] {
        lease(&mut lab, client, &[(12, name.into())]);
    }
    let mut owner = Packet::request("request", 1, &hw(1)).unwrap();
    owner.set(50, vec![10, 0, 0, 50]);
    owner.set(54, OWN.octets().into());
    assert!(!dhcp(&mut lab, &owner).is_empty());
    for (name, addr) in [("wpad.lan", None), ("server.lan", Some([10, 0, 0, 50])), ("router.lan", Some([10, 0, 0, 1])), ("printer.lan", Some([10, 0, 0, 9]))] {
        let query = crate::lab::dns::Message::query(3, name, 1).encode().unwrap();
        let sent = say(&mut lab, Door::Dns(0), SocketAddr::from(([10, 0, 0, 77], 999)), OWN.into(), &query);
        let answer = &sent[0].1;
        match addr {
            None => assert_eq!(answer[7], 0, "{name}"),
            Some(addr) => assert!(answer[7] == 1 && answer.ends_with(&addr), "{name} {answer:?}"),
        }
    }
    sound(&lab);
}

// Relay and leasequery reflection: one packet in, at most one out for each line of
// the configuration, none larger than a packet, and questions about leases only
// from whom they are permitted.
#[test]
fn bn_reflect_no_packet_becomes_many() {
    let mut lab = lab(&format!("{RANGE}\nleasequery=10.0.0.7\ndhcp-relay=10.0.0.1,10.0.9.9"));
    assert!(lease(&mut lab, 1, &[]));
    for kind in ["discover", "request", "inform", "leasequery", "bootp", "decline"] {
        for giaddr in [Ipv4Addr::UNSPECIFIED, Ipv4Addr::new(198, 51, 100, 7), Ipv4Addr::BROADCAST] {
            let mut packet = Packet::request(kind, 6, &hw(6)).unwrap();
            (packet.giaddr, packet.ciaddr) = (giaddr, Ipv4Addr::new(10, 0, 0, 101));
            let sent = say(&mut lab, Door::Dhcp4, SocketAddr::from(([10, 0, 0, 66], 67)), OWN.into(), &packet.encode());
            assert!(sent.len() <= 2 && sent.iter().all(|(_, bytes)| bytes.len() <= 600), "{kind} {giaddr}: {}", sent.len());
            let is_told = kind == "leasequery" && sent.iter().any(|(_, bytes)| bytes.first() == Some(&2));
            assert!(!is_told, "a stranger is told of leases");
        }
    }
    sound(&lab);
}
