//! Packets by chance, most of them wrong somewhere, for everything that DHCPv4
//! has beside leases: the PXE menu and its port, proxy DHCP, relays with and
//! without option 82 of their own, questions about leases, BOOTP, shared
//! networks. Nothing may panic, and nothing may be said in excess.

use ironmasq::base::hash::Key;
use ironmasq::base::net::HwAddr;
use ironmasq::base::random::Random;
use ironmasq::base::time::{Millis, Now, UnixTime};
use ironmasq::config::{Outcome, read_text};
use ironmasq::daemon::core::{Core, LeaseCursor};
use ironmasq::outbox::action::{Action, Arrival, Door, LeaseWrite};
use ironmasq::outbox::change::Change;
use ironmasq::store::interfaces::{Address, Interface};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

const CONFIG: &str = "\
no-resolv
port=0
log-dhcp
dhcp-range=set:lan,192.168.1.100,192.168.1.120,1h
dhcp-range=10.66.0.10,10.66.0.20,255.255.255.0,1h
dhcp-range=tag:proxied,192.168.1.0,proxy
dhcp-range=10.9.0.0,proxy
dhcp-mac=set:proxied,02:00:00:00:00:11
shared-network=eth0,10.66.0.0
bridge-interface=eth0,tap*
dhcp-relay=192.168.1.1,10.9.0.9
dhcp-relay=192.168.1.1,eth1
dhcp-split-relay=192.168.1.1,10.9.0.9,eth1
dhcp-proxy
leasequery
bootp-dynamic
dhcp-reply-delay=tag:lan,1
pxe-prompt=Press,5
pxe-service=x86PC,Install,pxelinux
pxe-service=x86PC,Named,1,nobody.lan
pxe-service=7,Only,efi
dhcp-option-pxe=209,x
dhcp-option-pxe=encap:175,190,y
";

/// Octets that mean something to somebody.
const OPTIONS: [&[u8]; 22] = [
    &[53, 1, 1], &[53, 1, 3], &[53, 1, 8], &[53, 1, 10], &[53, 1, 4], &[53, 1, 7], &[53, 1, 2],
    b"\x3c\x09PXEClient", &[93, 2, 0, 0], &[93, 2, 0, 7], &[93, 1, 0], &[43, 7, 71, 4, 128, 0, 0, 0, 255],
    &[43, 3, 71, 4, 128], &[82, 6, 5, 4, 192, 168, 1, 1], &[82, 12, 2, 4, 0, 0, 0, 1, 11, 4, 10, 9, 0, 1],
    &[82, 3, 10, 1, 128], &[82, 2, 2, 9], &[50, 4, 192, 168, 1, 105], &[54, 4, 192, 168, 1, 1],
    &[61, 3, 1, 2, 3], &[55, 6, 1, 3, 43, 51, 82, 92], &[97, 17, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
];

const ADDRESSES: [[u8; 4]; 8] = [
    [0; 4], [192, 168, 1, 1], [192, 168, 1, 105], [10, 9, 0, 1], [10, 9, 0, 9], [10, 66, 0, 12], [255; 4], [224, 0, 0, 1],
];

fn pick<T: Copy>(random: &mut Random, of: &[T]) -> T {
    of[usize::from(random.u16()) % of.len()]
}

fn packet(random: &mut Random) -> Vec<u8> {
    let mut bytes = vec![pick(random, &[1, 1, 1, 2, 2, 0]), pick(random, &[1, 1, 6, 0]), pick(random, &[6, 6, 0, 16, 17]), pick(random, &[0, 1, 20, 21, 255])];
    bytes.extend([1, 2, 3, random.u16() as u8, 0, 0, pick(random, &[0, 128]), 0]);
    for _ in 0..4 {
        bytes.extend(pick(random, &ADDRESSES));
    }
    bytes.extend([2, 0, 0, 0, 0, pick(random, &[1, 17, 200])]);
    bytes.resize(236, 0);
    bytes.extend([99, 130, 83, 99]);
    if random.u16() % 2 == 0 {
        // A PXE client, as far as what follows lets it be one.
        for place in [pick(random, &[1, 1, 2]), 7, pick(random, &[8, 9]), pick(random, &[11, 12])] {
            bytes.extend(OPTIONS[place]);
        }
    }
    for _ in 0..random.u16() % 8 {
        bytes.extend(pick(random, &OPTIONS));
    }
    bytes.push(255);
    if random.u16() % 3 == 0 {
        let at = usize::from(random.u16()) % bytes.len();
        bytes[at] = random.u16() as u8;
    }
    if random.u16() % 8 == 0 {
        bytes.truncate(usize::from(random.u16()) % bytes.len());
    }
    bytes
}

fn interface(index: u32, name: &str, addr: [u8; 4]) -> Interface {
    let address = Address {
        addr: IpAddr::from(addr),
        prefix: 24,
        broadcast: Ipv4Addr::new(addr[0], addr[1], addr[2], 255),
        dns: false,
        tentative: false,
        fleeting: false,
    };
    Interface {
        index,
        name: arrayvec::ArrayString::from(name).unwrap(),
        mtu: 1500,
        loopback: false,
        up: true,
        hw: HwAddr::new(1, &[2, 0, 0, 0, 9, 9]),
        addresses: if addr == [0; 4] { Default::default() } else { [address].into_iter().collect() },
        dns: false,
        dhcp4: true,
        tftp: false,
    }
}

#[test]
fn nothing_of_it_does_harm() {
    let mut random = Random::seeded(7);
    let Outcome::Run(config, _) = read_text(CONFIG.as_bytes(), "test", Key::new(&mut random)) else {
        panic!("the configuration is right");
    };
    let mut core = Core::new(*config, Random::seeded(1));
    for (index, (name, addr)) in (1..).zip([("eth0", [192, 168, 1, 1]), ("eth1", [10, 9, 0, 1]), ("tap0", [0; 4])]) {
        core.world.interfaces.list.push(interface(index, name, addr));
    }
    let mut now = Now { mono: Millis(5_000), wall: UnixTime(2_000_000_000) };
    core.change(Change::Interfaces, now);
    let mut answers = [0u32; 2];
    for _ in 0..60_000 {
        let bytes = packet(&mut random);
        let from = SocketAddr::new(IpAddr::from(pick(&mut random, &ADDRESSES)), pick(&mut random, &[0, 67, 68, 4011]));
        let (door, iface) = (pick(&mut random, &[Door::Dhcp4, Door::Dhcp4, Door::Pxe4]), pick(&mut random, &[1, 1, 2, 3, 9]));
        let to = IpAddr::from(pick(&mut random, &[[255; 4], [192, 168, 1, 1]]));
        core.arrived(&Arrival { door, from, to, iface }, &bytes, now);
        now.mono = now.mono.plus_ms(u64::from(random.u16() % 200));
        while core.next_due().is_some_and(|due| due.is_reached(now.mono)) {
            core.due(now);
            settle(&mut core, &mut answers, now);
        }
        settle(&mut core, &mut answers, now);
        core.dhcp4.as_ref().unwrap().check();
    }
    println!("answers at the ports of DHCP and PXE: {answers:?}");
    assert!(answers.iter().all(|count| *count > 300), "too few packets meant anything: {answers:?}");
}

/// Looks at what was said, and does what the disk would.
fn settle(core: &mut Core, answers: &mut [u32; 2], now: Now) {
    assert_eq!(core.outbox.lost(), 0, "more was said than there is room for");
    let mut rewrite = false;
    for action in core.outbox.actions() {
        match action {
            Action::Datagram { route, bytes } => {
                assert!(core.outbox.bytes(*bytes).len() >= 8 && !route.to.ip().is_unspecified(), "{route:?}");
                answers[usize::from(route.door == Door::Pxe4)] += 1;
            }
            Action::Lease(LeaseWrite::Rewrite) => rewrite = true,
            _ => {}
        }
    }
    core.outbox.clear();
    if rewrite {
        let (mut cursor, mut room) = (LeaseCursor::default(), [0; 4096]);
        while core.lease_text(&mut cursor, &mut ironmasq::base::bytes::Writer::new(&mut room)) {}
        core.change(Change::LeaseFileOk, now);
        core.outbox.clear();
    }
}
