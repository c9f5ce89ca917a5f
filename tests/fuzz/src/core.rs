//! The core with all its engines, given arbitrary inputs at arbitrary times.
//!
//! The input is a list of steps: what happens (one octet), how long its octets
//! are (one octet), the octets. The world around the core is as kind as a world
//! can be: files open, streams connect, what is written is taken. After each step
//! everything in the outbox is performed; a deadline that has come must be gone
//! when its work was done, and whoever gets an answer must have asked.

use ironmasq::base::bytes::Reader;
use ironmasq::base::net::HwAddr;
use ironmasq::base::random::Random;
use ironmasq::base::time::{Millis, Now, UnixTime};
use ironmasq::config::{self, Outcome};
use ironmasq::daemon::core::{Core, LeaseCursor};
use ironmasq::outbox::action::{Action, Arrival, Door, LeaseWrite, Route};
use ironmasq::outbox::change::{Change, FileInfo};
use ironmasq::store::interfaces::{Address, Interface};
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The router, and all that looks into answers or makes some up.
const CONFIG: &str = concat!(
    include_str!("../../cross/router.conf"),
    "\nstop-dns-rebind\nrebind-domain-ok=/corp.example/\nbogus-nxdomain=10.0.0.0/30\nignore-address=9.0.0.0/8\n\
    alias=1.2.3.4,5.6.7.8\nfilter-rr=HTTPS,ANY\nfilterwin2k\nlocalise-queries\nhost-record=box.lan,192.168.77.9\n\
    cname=web.lan,box.lan\nmx-host=lan,box.lan\nselfmx\nsrv-host=_x._tcp.lan,box.lan,1\ntxt-record=lan,text\n\
    dns-rr=odd.lan,5,00\nptr-record=lan,box.lan\ninterface-name=if.lan,lan0\ndynamic-host=dyn.lan,0.0.0.9,lan0\n\
    synth-domain=lan,192.168.78.0/24,h\ndomain=sub.lan,lan0\n\
    pxe-service=x86PC,a,b\npxe-service=x86PC,c,1\npxe-service=X86-64_EFI,d,e\npxe-prompt=x,1\nbootp-dynamic\n\
    dhcp-boot=tag:x,f,s,192.168.77.1\nleasequery\ndhcp-relay=192.168.77.1,192.168.77.99\ndhcp-rapid-commit\n\
    dhcp-range=192.168.79.10,192.168.79.20,255.255.255.0\ndhcp-option=vendor:PXEClient,1,0.0.0.0\n\
    dhcp-circuitid=set:x,01:02\ndhcp-match=set:y,vi-encap:9,1\ndhcp-generate-names\n"
);

/// Datagrams sent that can be answered.
const REMEMBERED: usize = 8;

/// Work a deadline may ask for at one moment.
const TURNS: usize = 1000;

struct World {
    core: Core,
    now: Now,
    /// What went out last: where, and the octets.
    sent: VecDeque<(Route, Vec<u8>)>,
}

/// Runs the steps in `bytes`.
pub fn run(bytes: &[u8]) {
    let key = ironmasq::base::hash::Key::new(&mut Random::seeded(1));
    let Outcome::Run(config, _) = config::read_text(CONFIG.as_bytes(), "router.conf", key) else {
        panic!("the configuration is right");
    };
    let core = Core::new(*config, Random::seeded(1));
    let now = Now { mono: Millis(1_000), wall: UnixTime(1_700_000_000) };
    let mut world = World { core, now, sent: VecDeque::new() };
    world.core.world.interfaces.list.push(lan());
    world.change(Change::Interfaces);
    let mut reader = Reader::new(bytes);
    while let (Some(what), Some(len)) = (reader.u8(), reader.u8()) {
        let len = usize::from(len).min(reader.remaining());
        let octets = reader.take(len).expect("so much is left");
        world.step(what, octets);
        world.perform();
    }
}

fn lan() -> Interface {
    let router = Ipv4Addr::new(192, 168, 77, 1);
    let address = |addr: IpAddr, prefix| Address {
        addr,
        prefix,
        broadcast: Ipv4Addr::new(192, 168, 77, 255),
        dns: true,
        tentative: false,
        fleeting: false,
    };
    Interface {
        index: 2,
        name: arrayvec::ArrayString::from("lan0").expect("it fits"),
        mtu: 1500,
        loopback: false,
        up: true,
        hw: HwAddr::new(1, &[2, 0, 0, 0, 0x77, 1]),
        addresses: [address(router.into(), 24), address([0xfd77, 0, 0, 0, 0, 0, 0, 1].into(), 64)].into_iter().collect(),
        dns: true,
        dhcp4: true,
        tftp: true,
    }
}

impl World {
    fn step(&mut self, what: u8, octets: &[u8]) {
        let who = 2 + (what >> 4);
        let client = SocketAddr::from(([192, 168, 77, who], 4000 + u16::from(who)));
        let router = IpAddr::from([192, 168, 77, 1]);
        let arrival = |door, from| Arrival { door, from, to: router, iface: 2 };
        match what & 15 {
            0 => self.arrived(arrival(Door::Dns(0), client), octets),
            1 => self.answer(usize::from(who), octets),
            2 => {
                // Every other client speaks to the port of PXE servers.
                let door = if who & 1 == 0 { Door::Dhcp4 } else { Door::Pxe4 };
                let arrival = arrival(door, SocketAddr::from(([0; 4], 68)));
                self.arrived(Arrival { to: [255; 4].into(), ..arrival }, &self.dhcp(who, octets));
            }
            3 => self.arrived(arrival(Door::Dhcp4, SocketAddr::from(([192, 168, 77, who], 67))), octets),
            4 => self.arrived(arrival(Door::Tftp(0), client), octets),
            5 => self.arrived(arrival(Door::Transfer(u16::from(who & 3)), client), octets),
            6 => self.arrived(arrival(Door::Icmp4, client), octets),
            7 => self.pass(octets.iter().take(11).fold(1, |sum, octet| sum * 4 + u64::from(*octet)) % 5_000_000),
            8 => {
                if let Some(slot) = self.core.stream_accepted(0, client, router, 2, self.now) {
                    self.read(slot, octets);
                }
            }
            9 => self.read(who & 7, octets),
            10 => self.core.stream_failed(who & 7, self.now),
            11 => self.change(Change::Resolv { servers: &[SocketAddr::from(([10, 99, 0, 2 + (who & 1)], 53))] }),
            12 => self.change(Change::Statistics),
            13 => self.change(Change::ClearCache),
            14 => {
                let failed = self.sent.back().map(|(route, _)| *route);
                if let Some(Route { door, to, .. }) = failed {
                    self.change(Change::SendFailed { door, to, errno: 101 });
                }
            }
            _ => self.change(Change::LeaseFileFailed { errno: 28 }),
        }
    }

    fn arrived(&mut self, arrival: Arrival, octets: &[u8]) {
        self.core.arrived(&arrival, octets, self.now);
    }

    fn change(&mut self, change: Change) {
        self.core.change(change, self.now);
        self.perform();
    }

    /// A client's message: the header is given, the options are the octets.
    fn dhcp(&self, who: u8, octets: &[u8]) -> Vec<u8> {
        let mut message = vec![0; 240];
        message[..8].copy_from_slice(&[1, 1, 6, 0, 0, 0, 0, who]);
        message[28..34].copy_from_slice(&[2, 0, 0, 0, 0x77, who]);
        message[236..].copy_from_slice(&[0x63, 0x82, 0x53, 0x63]);
        message.extend_from_slice(octets);
        message
    }

    /// An answer to a datagram of ours: with its identifier and question, so that
    /// what is behind the first look is reached.
    fn answer(&mut self, which: usize, octets: &[u8]) {
        let Some((route, asked)) = self.sent.get(which % REMEMBERED).cloned() else { return };
        let mut reply = octets.to_vec();
        if let (Door::Upstream { .. }, Some(head)) = (route.door, octets.get(..10)) {
            reply = [asked.get(..2).unwrap_or_default(), head, asked.get(12..).unwrap_or_default()].concat();
            reply.extend_from_slice(&octets[10..]);
        }
        let to = route.source.unwrap_or([10, 99, 0, 1].into());
        self.arrived(Arrival { door: route.door, from: route.to, to, iface: route.iface }, &reply);
    }

    fn pass(&mut self, millis: u64) {
        self.now.mono = Millis(self.now.mono.0 + millis);
        self.now.wall = UnixTime(self.now.wall.0 + millis / 1000);
        for _ in 0..TURNS {
            if !self.core.next_due().is_some_and(|due| due.is_reached(self.now.mono)) {
                return;
            }
            self.core.due(self.now);
            self.perform();
        }
        panic!("a deadline that never ends");
    }

    fn read(&mut self, slot: u8, octets: &[u8]) {
        self.perform();
        let room = self.core.stream_room(slot);
        let len = room.len().min(octets.len());
        if let Some(room) = room.get_mut(..len) {
            room.copy_from_slice(&octets[..len]);
            self.core.stream_read(slot, len, self.now);
        }
    }

    /// Performs the outbox, and what comes of it.
    fn perform(&mut self) {
        for _ in 0..TURNS {
            assert_eq!(self.core.outbox.lost(), 0);
            let actions = self.core.outbox.actions().to_vec();
            let texts: Vec<Vec<u8>> = actions.iter().map(|action| self.octets(action)).collect();
            self.core.outbox.clear();
            if actions.is_empty() {
                return;
            }
            for (action, octets) in actions.into_iter().zip(texts) {
                self.act(action, octets);
            }
        }
        panic!("an outbox that never empties");
    }

    fn octets(&self, action: &Action) -> Vec<u8> {
        match action {
            Action::Datagram { bytes, .. } | Action::Lease(LeaseWrite::Append { bytes }) => {
                self.core.outbox.bytes(*bytes).to_vec()
            }
            _ => Vec::new(),
        }
    }

    fn act(&mut self, action: Action, octets: Vec<u8>) {
        match action {
            Action::Datagram { route, .. } => {
                assert!(!octets.is_empty() && route.to.port() != 0);
                self.sent.truncate(REMEMBERED - 1);
                self.sent.push_front((route, octets));
            }
            Action::StreamConnect { slot, .. } => self.core.stream_connected(slot, slot & 1 == 0, self.now),
            Action::StreamFlush { slot } => {
                let len = self.core.stream_output(slot).len();
                if len > 0 {
                    self.core.stream_wrote(slot, len, self.now);
                }
            }
            Action::FileOpen { slot, .. } => {
                let file = FileInfo {
                    size: 3000,
                    device: 1,
                    inode: 2,
                    mtime: UnixTime(3),
                    regular: true,
                    directory: false,
                    world_readable: true,
                    own: false,
                    as_root: false,
                };
                self.core.change(Change::Opened { slot, result: Ok(file) }, self.now);
            }
            Action::FileRead { slot, offset, len } => {
                let len = usize::from(len).min(3000_u64.saturating_sub(offset) as usize);
                self.core.change(Change::Block { slot, offset, result: Ok(&[b'x'; 3000][..len]) }, self.now);
            }
            Action::NeighbourAsk { slot, .. } => {
                self.core.change(Change::Neighbour { slot, hw: HwAddr::new(1, &[2, 0, 0, 0, 0, 9]) }, self.now);
            }
            Action::Lease(LeaseWrite::Append { .. }) => assert_eq!(octets.last(), Some(&b'\n')),
            Action::Lease(LeaseWrite::Rewrite) => {
                let mut cursor = LeaseCursor::default();
                let mut room = [0; 4096];
                while self.core.lease_text(&mut cursor, &mut ironmasq::base::bytes::Writer::new(&mut room)) {}
                self.core.change(Change::LeaseFileOk, self.now);
            }
            _ => {}
        }
    }
}
