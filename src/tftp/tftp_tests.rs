//! Conversations with the server: packets in, packets and log lines out, files
//! from memory.

use super::*;
use crate::base::net::HwAddr;
use crate::base::time::{Millis, UnixTime};
use crate::config::UniqueRoot;
use crate::store::interfaces::{Address, Interface};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

#[path = "large_tests.rs"]
mod large;

const SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

fn client(port: u16) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 9], port))
}

fn settings() -> Tftp {
    Tftp {
        on: true,
        interfaces: Vec::new(),
        root: Some((*b"/srv").into()),
        iface_roots: Vec::new(),
        no_fail: false,
        secure: false,
        lowercase: false,
        unique_root: None,
        max: 3,
        mtu: None,
        no_blocksize: false,
        ports: None,
        single_port: false,
    }
}

/// A file: content and what is known of it.
struct File {
    bytes: Vec<u8>,
    info: FileInfo,
}

struct World {
    config: Tftp,
    server: Server,
    out: Outbox,
    interfaces: Interfaces,
    quiet: bool,
    now: u64,
    files: HashMap<String, File>,
    open: HashMap<u16, String>,
    ports: HashMap<u16, u16>,
    taken: Vec<u16>,
    hw: HwAddr,
    log: Vec<String>,
    sent: Vec<(Route, Vec<u8>)>,
    reads: usize,
}

impl World {
    fn new(config: Tftp) -> Self {
        let address = Address { addr: SERVER, prefix: 24, broadcast: [10, 0, 0, 255].into(), dns: true, tentative: false, fleeting: false };
        let mut interfaces = Interfaces::default();
        interfaces.list.push(Interface {
            index: 2,
            name: "lan".try_into().unwrap(),
            mtu: 1500,
            loopback: false,
            up: true,
            hw: HwAddr::default(),
            addresses: [address].into_iter().collect(),
            dns: true,
            dhcp4: true,
            tftp: true,
        });
        World {
            server: Server::new(&config),
            config,
            out: Outbox::new(),
            interfaces,
            quiet: false,
            now: 1_000_000,
            files: HashMap::new(),
            open: HashMap::new(),
            ports: HashMap::new(),
            taken: Vec::new(),
            hw: HwAddr::default(),
            log: Vec::new(),
            sent: Vec::new(),
            reads: 0,
        }
    }

    fn file(mut self, path: &str, bytes: &[u8]) -> Self {
        let info = FileInfo {
            size: bytes.len() as u64,
            device: 1,
            inode: self.files.len() as u64,
            mtime: UnixTime(0),
            regular: true,
            directory: false,
            world_readable: true,
            own: true,
            as_root: false,
        };
        self.files.insert(path.into(), File { bytes: bytes.to_vec(), info });
        self
    }

    fn info(&mut self, path: &str) -> &mut FileInfo {
        &mut self.files.get_mut(path).unwrap().info
    }

    fn with<R>(&mut self, work: impl FnOnce(&mut Server, &mut Surroundings) -> R) -> R {
        let now = Now { mono: Millis(self.now), wall: UnixTime(0) };
        let result = work(
            &mut self.server,
            &mut Surroundings {
                config: &self.config,
                edns_max: 1232,
                quiet: self.quiet,
                scripted: false,
                now,
                interfaces: &self.interfaces,
                out: &mut self.out,
            },
        );
        self.server.check();
        result
    }

    /// A packet from a client to a door; what comes back.
    fn say(&mut self, door: Door, from: SocketAddr, bytes: &[u8]) -> Vec<(Route, Vec<u8>)> {
        self.hear(door, from, bytes);
        self.perform();
        std::mem::take(&mut self.sent)
    }

    fn hear(&mut self, door: Door, from: SocketAddr, bytes: &[u8]) {
        let arrival = Arrival { door, from, to: SERVER, iface: 2 };
        self.with(|server, with| server.on_datagram(with, &arrival, bytes));
    }

    fn ask(&mut self, port: u16, bytes: &[u8]) -> Vec<(Route, Vec<u8>)> {
        self.say(Door::Tftp(0), client(port), bytes)
    }

    /// Time passes; what is sent meanwhile, with its second.
    fn pass(&mut self, secs: u64) -> Vec<(u64, Vec<u8>)> {
        let (begin, end) = (self.now, self.now + secs * 1000);
        let mut all = Vec::new();
        while let Some(due) = self.server.next_due().filter(|due| due.at.0 <= end) {
            self.now = due.at.0;
            self.with(|server, with| server.on_due(with));
            self.perform();
            let after = (self.now - begin) / 1000;
            all.extend(self.sent.drain(..).map(|(_, bytes)| (after, bytes)));
            assert!(self.server.next_due().is_none_or(|due| due.at.0 > self.now), "time goes on");
        }
        self.now = end;
        all
    }

    /// The daemon's part.
    fn perform(&mut self) {
        while !self.out.is_empty() {
            let out = std::mem::take(&mut self.out);
            assert_eq!(out.lost(), 0);
            for action in out.actions() {
                self.perform_one(&out, action);
            }
        }
    }

    fn perform_one(&mut self, out: &Outbox, action: &Action) {
        match *action {
            Action::Datagram { route, bytes } => match route.door {
                Door::Transfer(slot) if self.ports.get(&slot).is_some_and(|port| self.taken.contains(port)) => {
                    let change = Change::SendFailed { door: route.door, to: route.to, errno: errno::EADDRINUSE };
                    self.with(|server, with| server.on_change(with, &change));
                }
                _ => self.sent.push((route, out.bytes(bytes).to_vec())),
            },
            Action::Log { text, .. } => self.log.push(String::from_utf8(out.bytes(text).to_vec()).unwrap()),
            Action::TransferPort { slot, port } => drop(self.ports.insert(slot, port)),
            Action::FileOpen { slot, path } => {
                let (zero, path) = out.bytes(path).split_last().unwrap();
                assert_eq!(*zero, 0);
                let path = String::from_utf8_lossy(path).into_owned();
                let result = self.files.get(&path).map(|file| file.info).ok_or(errno::ENOENT);
                self.open.insert(slot, path);
                self.with(|server, with| server.on_change(with, &Change::Opened { slot, result }));
            }
            Action::FileRead { slot, offset, len } => {
                self.reads += 1;
                assert!(usize::from(len) <= limits::FILE_READ_MAX && len > 0);
                let File { bytes, info } = &self.files[&self.open[&slot]];
                let piece: Vec<u8> = match bytes.is_empty() {
                    // Too large to be there: each octet is that of its block of 512.
                    true => (offset..info.size.min(offset + u64::from(len))).map(|at| (at / 512 * 7) as u8).collect(),
                    false => bytes.iter().skip(offset as usize).take(len.into()).copied().collect(),
                };
                let change = Change::Block { slot, offset, result: Ok(&piece) };
                self.with(|server, with| server.on_change(with, &change));
            }
            Action::NeighbourAsk { slot, .. } => {
                let hw = self.hw;
                self.with(|server, with| server.on_change(with, &Change::Neighbour { slot, hw }));
            }
            Action::TransferClose { slot } => drop((self.open.remove(&slot), self.ports.remove(&slot))),
            _ => panic!("not an action of a TFTP server"),
        }
    }

    /// Fetches a file as a client does: the octets, and the packets it took.
    fn fetch(&mut self, request: &[u8], block: usize, window: usize) -> (Vec<u8>, usize) {
        let mut packets = self.ask(2000, request);
        let (mut got, mut count, mut expected, mut in_window) = (Vec::new(), 0, 1u16, 0);
        loop {
            assert!(!packets.is_empty(), "the server went silent after {} octets", got.len());
            let mut answer = Vec::new();
            for (route, bytes) in std::mem::take(&mut packets) {
                count += 1;
                let mut ack = None;
                match tftp::parse(&bytes) {
                    Some(Packet::OptionAck(_)) => ack = Some(0),
                    Some(Packet::Data { block: number, bytes }) => {
                        assert_eq!(number, expected);
                        got.extend_from_slice(bytes);
                        in_window += 1;
                        if in_window == window || bytes.len() < block {
                            (ack, in_window) = (Some(number), 0);
                        }
                        expected = expected.wrapping_add(1);
                        if bytes.len() < block {
                            assert!(self.say(route.door, client(2000), &acknowledge(number)).is_empty());
                            return (got, count);
                        }
                    }
                    _ => panic!("{bytes:?}"),
                }
                if let Some(number) = ack {
                    answer = self.say(route.door, client(2000), &acknowledge(number));
                }
            }
            packets = answer;
        }
    }
}

fn read(name: &str, rest: &str) -> Vec<u8> {
    let options: String = rest.split_whitespace().map(|word| format!("{word}\0")).collect();
    format!("\0\x01{name}\0octet\0{options}").into_bytes()
}

fn acknowledge(block: u16) -> Vec<u8> {
    [&[0, 4][..], &block.to_be_bytes()].concat()
}

fn error(code: u8, text: &str) -> Vec<u8> {
    [&[0, 5, 0, code], text.as_bytes(), b"\0"].concat()
}

fn only(packets: Vec<(Route, Vec<u8>)>) -> Vec<u8> {
    assert_eq!(packets.len(), 1);
    packets.into_iter().next().unwrap().1
}

fn content(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at % 251) as u8).collect()
}

#[test]
fn files_of_every_length_arrive_whole() {
    for len in [0, 1, 511, 512, 513, 1024, 5000] {
        let mut world = World::new(settings()).file("/srv/f", &content(len));
        assert_eq!(world.fetch(&read("f", ""), 512, 1), (content(len), len / 512 + 1));
        assert_eq!(world.fetch(&read("f", "blksize 8 tsize 0"), 8, 1), (content(len), len / 8 + 2));
        assert_eq!(world.fetch(&read("f", "windowsize 7"), 512, 7), (content(len), len / 512 + 2));
        assert_eq!(world.log, ["sent /srv/f to 10.0.0.9"; 3]);
        assert_eq!(world.server.active(), 0);
        assert!(world.server.next_due().is_none());
    }
}

#[test]
fn block_numbers_wrap() {
    let len = 70_000 * 8 + 3;
    let mut world = World::new(settings()).file("/srv/f", &content(len));
    assert!(world.fetch(&read("f", "blksize 8 windowsize 32"), 8, 32).0 == content(len));
}

#[test]
fn a_window_is_read_in_as_few_pieces_as_the_outbox_allows() {
    let mut world = World::new(settings()).file("/srv/f", &content(1468 * 64));
    assert_eq!(world.fetch(&read("f", "blksize 1468 windowsize 32"), 1468, 32).1, 66);
    assert_eq!(world.reads, 2 * 4, "nine blocks at a time");
}

#[test]
fn options_are_taken_in_one_order_and_capped() {
    let accepted = |config: Tftp, asked: &str| {
        let mut world = World::new(config).file("/srv/f", &content(700));
        let packet = only(world.ask(2000, &read("f", asked)));
        assert_eq!(packet[..2], [0, 6]);
        String::from_utf8(packet[2..].to_vec()).unwrap().replace('\0', " ")
    };
    let asked = "windowsize 99 TIMEOUT 9 tsize 0 BlkSize 99999 multicast x";
    assert_eq!(accepted(settings(), asked), "blksize 1468 tsize 700 timeout 9 windowsize 32 ");
    assert_eq!(accepted(settings(), "blksize 7 timeout 256 windowsize 0"), "blksize 7 ");
    assert_eq!(accepted(settings(), "blksize abc"), "blksize 1 ");
    assert_eq!(accepted(Tftp { mtu: Some(600), ..settings() }, "blksize 1024"), "blksize 568 ");
    assert_eq!(accepted(Tftp { no_blocksize: true, ..settings() }, "blksize 1024 tsize 0"), "tsize 700 ");
}

#[test]
fn unknown_options_and_those_of_netascii_are_left_out() {
    let mut world = World::new(settings()).file("/srv/f", b"a\nb");
    assert_eq!(only(world.ask(2000, &read("f", "multicast x"))), b"\0\x03\0\x01a\nb");
    let asked = b"\0\x01f\0NetASCII\0tsize\x000\0windowsize\x004\0";
    assert_eq!(only(world.ask(2001, asked)), b"\0\x03\0\x01a\r\nb");
}

#[test]
fn line_ends_are_doubled_once_wherever_a_block_ends() {
    let text: Vec<u8> = (0..300u32).flat_map(|n| if n % 7 == 0 { vec![b'\n'; 3] } else { vec![b'x'; (n % 4) as usize] }).collect();
    let expected: Vec<u8> = text.iter().flat_map(|o| if *o == b'\n' { vec![b'\r', b'\n'] } else { vec![*o] }).collect();
    for block in 1..20 {
        let mut world = World::new(settings()).file("/srv/f", &text);
        let request = format!("\0\x01f\0netascii\0blksize\0{block}\0");
        assert_eq!(world.fetch(request.as_bytes(), block, 1).0, expected, "blocks of {block}");
    }
}

#[test]
fn a_lost_text_block_comes_again_the_same() {
    let mut world = World::new(settings()).file("/srv/f", b"abc\nd\n");
    let first = world.ask(2000, b"\0\x01f\0netascii\0blksize\x004\0");
    let door = first[0].0.door;
    only(world.say(door, client(2000), &acknowledge(0)));
    let second = only(world.say(door, client(2000), &acknowledge(1)));
    assert_eq!(second, b"\0\x03\0\x02\nd\r\n");
    assert_eq!(world.pass(2), [(2, second)]);
    assert_eq!(only(world.say(door, client(2000), &acknowledge(2))), b"\0\x03\0\x03");
}

#[test]
fn what_cannot_be_read_is_refused_in_dnsmasq_s_words() {
    let mut world = World::new(settings()).file("/srv/f", b"x").file("/srv/secret", b"x").file("/srv/dir", b"");
    world.info("/srv/secret").world_readable = false;
    world.info("/srv/secret").as_root = true;
    world.info("/srv/dir").directory = true;
    world.info("/srv/dir").regular = false;
    let long = "x".repeat(limits::TFTP_PATH_MAX - 5);
    let cannot = format!("cannot read {long}: File name too long");
    let cases: [(Vec<u8>, u8, &str); 11] = [
        (read("no\x01ne", ""), 1, "file /srv/none not found for 10.0.0.9"),
        (read("secret", ""), 2, "cannot access /srv/secret: Permission denied"),
        (read("../etc/passwd", ""), 2, "cannot access /srv/../etc/passwd: Permission denied"),
        (read("f/..", ""), 2, "cannot access /srv/f/..: Permission denied"),
        (read("dir", ""), 0, "cannot read /srv/dir: Is a directory"),
        (read(&long, ""), 0, &cannot),
        (read("", ""), 4, "empty filename in request from 10.0.0.9"),
        (b"\0\x01f\0mail\0".to_vec(), 4, "unsupported request from 10.0.0.9"),
        (b"\0\x01f".to_vec(), 4, "unsupported request from 10.0.0.9"),
        (b"\0\x09f".to_vec(), 4, "unsupported request from 10.0.0.9"),
        (b"\0\x02f\0octet\0".to_vec(), 4, "unsupported write request from 10.0.0.9"),
    ];
    for (request, code, text) in cases {
        let answer = world.ask(2000, &request);
        assert!(matches!(answer[0].0.door, Door::Transfer(_)), "from a port of its own");
        assert_eq!(String::from_utf8(only(answer)), String::from_utf8(error(code, text)));
        assert_eq!(world.log.pop().as_deref(), Some(text));
        assert_eq!(world.server.active(), 0);
    }
    world.quiet = true;
    assert_eq!(only(world.ask(2000, &read("none", "")))[3], 1);
    assert!(world.log.is_empty());
}

#[test]
fn tftp_secure_wants_our_own_files() {
    let mut world = World::new(Tftp { secure: true, ..settings() }).file("/srv/f", b"x");
    assert_eq!(only(world.ask(1, &read("f", "")))[1], 3);
    world.info("/srv/f").own = false;
    assert_eq!(only(world.ask(2, &read("f", "")))[1], 5);
    world.info("/srv/f").as_root = true;
    assert_eq!(only(world.ask(3, &read("f", "")))[1], 3);
}

#[test]
fn errors_broadcasts_and_crumbs_are_not_answered() {
    let mut world = World::new(settings()).file("/srv/f", b"x");
    assert!(world.ask(2000, &error(1, "x")).is_empty());
    assert!(world.ask(2000, b"\0\x05").is_empty());
    assert!(world.ask(2000, b"\0").is_empty());
    assert!(world.ask(0, &read("f", "")).is_empty());
    for to in [IpAddr::from([10, 0, 0, 255]), IpAddr::from([255; 4]), IpAddr::from([224, 0, 0, 1])] {
        let arrival = Arrival { door: Door::Tftp(0), from: client(2000), to, iface: 2 };
        world.with(|server, with| server.on_datagram(with, &arrival, &read("f", "")));
    }
    world.interfaces.list[0].tftp = false;
    assert!(world.ask(2000, &read("f", "")).is_empty());
    assert!(world.log.is_empty() && world.server.active() == 0);
}

#[test]
fn a_client_that_falls_silent_is_reminded_and_given_up() {
    let mut world = World::new(settings()).file("/srv/f", &content(2000));
    let door = world.ask(2000, &read("f", ""))[0].0.door;
    let second = only(world.say(door, client(2000), &acknowledge(1)));
    let seconds: Vec<u64> = world.pass(119).into_iter().map(|(at, bytes)| (at, assert_eq!(bytes, second)).0).collect();
    assert_eq!(seconds, [2, 4, 7, 10, 15, 20, 29, 38, 55, 72, 105]);
    assert!(world.log.is_empty());
    world.pass(1);
    assert_eq!(world.log, ["timeout sending /srv/f to 10.0.0.9"]);
    assert_eq!(world.server.active(), 0);
}

#[test]
fn only_the_last_acknowledgement_missing_counts_as_sent() {
    let mut world = World::new(settings()).file("/srv/f", &content(600));
    let door = world.ask(2000, &read("f", ""))[0].0.door;
    only(world.say(door, client(2000), &acknowledge(1)));
    world.pass(120);
    assert_eq!(world.log, ["sent /srv/f to 10.0.0.9"]);
}

#[test]
fn who_never_answers_gets_one_reminder() {
    for request in [read("f", ""), read("f", "tsize 0"), read("f", "windowsize 32")] {
        let mut world = World::new(settings()).file("/srv/f", &content(90_000));
        world.ask(2000, &request);
        assert_eq!(world.pass(119).len(), 1);
        assert_eq!(world.server.active(), 1);
        world.pass(1);
        assert_eq!(world.log, ["timeout sending /srv/f to 10.0.0.9"]);
    }
}

#[test]
fn the_timeout_option_sets_the_first_wait() {
    let mut world = World::new(settings()).file("/srv/f", &content(2000));
    let door = world.ask(2000, &read("f", "timeout 30"))[0].0.door;
    world.say(door, client(2000), &acknowledge(0));
    assert_eq!(world.pass(70).iter().map(|(at, _)| *at).collect::<Vec<_>>(), [30, 60]);
}

#[test]
fn old_and_invented_acknowledgements_change_nothing() {
    let mut world = World::new(settings()).file("/srv/f", &content(5000));
    let door = world.ask(2000, &read("f", ""))[0].0.door;
    only(world.say(door, client(2000), &acknowledge(1)));
    for block in [0, 1, 3, 9, 0x8000, 0xFFFF] {
        assert!(world.say(door, client(2000), &acknowledge(block)).is_empty(), "{block}");
    }
    assert!(world.say(door, client(2000), b"\0\x04\0").is_empty());
    assert!(world.say(door, client(2000), b"\0\x03\0\x02abc").is_empty());
    assert_eq!(only(world.say(door, client(2000), &acknowledge(2)))[..4], [0, 3, 0, 3]);
}

#[test]
fn a_gap_in_a_window_is_filled_once() {
    let mut world = World::new(settings()).file("/srv/f", &content(20_000));
    let door = world.ask(2000, &read("f", "windowsize 4"))[0].0.door;
    let numbers = |packets: Vec<(Route, Vec<u8>)>| packets.iter().map(|(_, p)| p[3]).collect::<Vec<_>>();
    assert_eq!(numbers(world.say(door, client(2000), &acknowledge(0))), [1, 2, 3, 4]);
    assert_eq!(numbers(world.say(door, client(2000), &acknowledge(2))), [3, 4, 5, 6], "from where it broke");
    assert_eq!(numbers(world.say(door, client(2000), &acknowledge(2))), [3, 4, 5, 6], "the first one was lost");
    assert!(world.say(door, client(2000), &acknowledge(2)).is_empty(), "said before");
    assert_eq!(world.pass(2).len(), 4);
    assert_eq!(numbers(world.say(door, client(2000), &acknowledge(6))), [7, 8, 9, 10]);
}

#[test]
fn a_client_that_says_error_ends_its_transfer() {
    let mut world = World::new(settings()).file("/srv/f", &content(5000));
    let door = world.ask(2000, &read("f", ""))[0].0.door;
    assert!(world.say(door, client(2000), &error(3, "disk\x1b full")).is_empty());
    assert_eq!(world.log, ["error 3 disk full received from 10.0.0.9", "failed sending /srv/f to 10.0.0.9"]);
    assert_eq!(world.server.active(), 0);
}

#[test]
fn another_s_packet_is_turned_away_and_harms_nobody() {
    let mut world = World::new(settings()).file("/srv/f", &content(5000));
    let door = world.ask(2000, &read("f", ""))[0].0.door;
    let answer = world.say(door, client(2001), &acknowledge(1));
    assert_eq!(answer[0].0.to, client(2001));
    assert_eq!(only(answer), error(5, "ignoring packet from 10.0.0.9 (TID mismatch)"));
    assert_eq!(world.log, ["ignoring packet from 10.0.0.9 (TID mismatch)"]);
    assert!(world.say(door, client(2001), &error(5, "you too")).is_empty(), "no endless quarrel");
    assert_eq!(only(world.say(door, client(2000), &acknowledge(1)))[3], 2);
}

#[test]
fn a_repeated_request_begins_again_in_its_place() {
    let mut world = World::new(settings()).file("/srv/f", &content(5000)).file("/srv/g", b"g");
    let door = world.ask(2000, &read("f", ""))[0].0.door;
    world.pass(2);
    let again = world.ask(2000, &read("f", ""));
    assert!(again[0].0.door == door);
    assert_eq!(world.pass(119).len(), 1, "and has one more reminder");
    only(world.say(door, client(2000), &acknowledge(1)));
    let other = world.ask(2000, &read("g", ""));
    assert!(other[0].0.door != door, "a client that answered keeps its transfer");
    assert_eq!(world.server.active(), 2);
    world.pass(120);
    assert!(world.ask(2000, &read("g", ""))[0].0.door == door, "slots come back");
}

#[test]
fn single_port_mode_knows_clients_by_their_ports() {
    let mut world = World::new(Tftp { single_port: true, ..settings() }).file("/srv/f", &content(5000));
    let door = Door::Tftp(0);
    for _ in 0..2 {
        let first = world.ask(2000, &read("f", ""));
        assert!(first[0].0.door == door);
        assert_eq!(only(first)[3], 1);
        assert_eq!(only(world.ask(2000, &acknowledge(1)))[3], 2, "a new request starts over");
    }
    assert_eq!(only(world.ask(2001, &read("f", "")))[3], 1);
    assert_eq!(only(world.ask(2001, &acknowledge(1)))[3], 2);
    assert_eq!(only(world.ask(2000, &acknowledge(2)))[3], 3);
    assert!(world.ask(2009, &acknowledge(1)).is_empty(), "no transfer, no answer");
    assert_eq!(world.server.active(), 2);
}

#[test]
fn ports_come_from_the_range_and_run_out() {
    let mut world = World::new(Tftp { ports: Some((5000, 5002)), ..settings() }).file("/srv/f", &content(5000));
    world.taken.push(5001);
    only(world.ask(2000, &read("f", "")));
    only(world.ask(2001, &read("f", "")));
    let mut ports: Vec<u16> = world.ports.values().copied().collect();
    ports.sort();
    assert_eq!(ports, [5000, 5002], "a foreign program has the one between");
    assert!(world.ask(2002, &read("f", "")).is_empty());
    assert_eq!(world.log, ["unable to get free port for TFTP"]);
    assert_eq!(world.server.active(), 2);
}

#[test]
fn a_full_house_makes_room_for_those_who_answer() {
    let mut world = World::new(settings()).file("/srv/f", &content(5000));
    let doors: Vec<Door> = (0..3).map(|n| world.ask(2000 + n, &read("f", ""))[0].0.door).collect();
    assert!(world.ask(2003, &read("f", "")).is_empty(), "silence: the client asks again");
    only(world.say(doors[0], client(2000), &acknowledge(1)));
    world.pass(5);
    assert!(world.ask(2003, &read("f", ""))[0].0.door == doors[1], "one that never answered goes");
    assert_eq!(world.log, ["timeout sending /srv/f to 10.0.0.9"]);
}

#[test]
fn roots_follow_the_interface_and_the_client() {
    let roots = vec![((*b"lan").into(), (*b"/lan").into())];
    let mut world = World::new(Tftp { iface_roots: roots, lowercase: true, ..settings() }).file("/lan/f", b"lan");
    assert_eq!(only(world.ask(1, &read("F", ""))), b"\0\x03\0\x01lan");
    for (unique, dir) in [(UniqueRoot::Ip, "10.0.0.9"), (UniqueRoot::Mac, "02-00-00-00-00-09")] {
        let mut world = World::new(Tftp { unique_root: Some(unique), ..settings() })
            .file("/srv/f", b"all")
            .file(&format!("/srv/{dir}/f"), b"own");
        assert_eq!(only(world.ask(1, &read("f", ""))), b"\0\x03\0\x01all", "no such directory");
        world = world.file(&format!("/srv/{dir}/"), b"");
        world.info(&format!("/srv/{dir}/")).directory = true;
        world.hw = HwAddr::new(1, &[2, 0, 0, 0, 0, 9]);
        assert_eq!(only(world.ask(2, &read("f", ""))), b"\0\x03\0\x01own");
        assert_eq!(only(world.ask(3, &read("../f", "")))[3], 2);
    }
    let mut world = World::new(Tftp { root: None, ..settings() }).file("/etc/../f", b"x");
    assert_eq!(only(world.ask(1, &read("etc/../f", ""))), b"\0\x03\0\x01x", "without a root there is no outside");
}

#[test]
fn the_answer_for_one_file_never_opens_another() {
    let mut world = World::new(settings()).file("/srv/f", &content(9)).file("/srv/secret", b"s");
    world.info("/srv/secret").as_root = true;
    world.info("/srv/secret").world_readable = false;
    // Both requests are heard before anything is performed.
    world.hear(Door::Tftp(0), client(2000), &read("f", ""));
    world.hear(Door::Tftp(0), client(2000), &read("secret", ""));
    world.perform();
    assert_eq!(only(std::mem::take(&mut world.sent)), error(2, "cannot access /srv/secret: Permission denied"));
}

#[test]
fn a_file_that_shrinks_ends_its_transfer() {
    let mut world = World::new(settings()).file("/srv/f", &content(5000));
    let door = world.ask(2000, &read("f", ""))[0].0.door;
    world.files.get_mut("/srv/f").unwrap().bytes.truncate(700);
    let answer = only(world.say(door, client(2000), &acknowledge(1)));
    assert_eq!(answer, error(0, "cannot read /srv/f: Input/output error"));
    assert_eq!(world.server.active(), 0);
}
