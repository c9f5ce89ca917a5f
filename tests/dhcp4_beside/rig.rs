//! One server on an interface `dh0` with 192.168.7.1/24 and what the vector
//! adds, fed by hand.

use arrayvec::{ArrayString, ArrayVec};
use ironmasq::base::bytes::Writer;
use ironmasq::base::hash::Key;
use ironmasq::base::net::HwAddr;
use ironmasq::base::random::Random;
use ironmasq::base::time::{Millis, Now, UnixTime};
use ironmasq::config::Config;
use ironmasq::config::{Outcome, read_text};
use ironmasq::dhcp4::{LeasesRead, Server, Surroundings};
use ironmasq::outbox::Outbox;
use ironmasq::outbox::action::{Action, Arrival, Channel, Door};
use ironmasq::store::interfaces::{Address, Interface, Interfaces};
use ironmasq::store::hosts::Hosts;
use ironmasq::store::lease_file::LeaseFile;
use ironmasq::store::leases::Leases;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

pub struct Rig {
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

fn interfaces(more: &[&str]) -> Interfaces {
    let mut all = Interfaces::default();
    let mut addresses = ArrayVec::new();
    for own in ["192.168.7.1/24"].iter().chain(more) {
        let (addr, prefix) = own.split_once('/').unwrap();
        let (addr, prefix): (Ipv4Addr, u8) = (addr.parse().unwrap(), prefix.parse().unwrap());
        let broadcast = Ipv4Addr::from(u32::from(addr) | (u32::MAX >> prefix));
        addresses.push(Address { addr: IpAddr::V4(addr), prefix, broadcast, dns: true, tentative: false, fleeting: false });
    }
    all.list.push(Interface {
        index: 2,
        name: ArrayString::from("dh0").unwrap(),
        mtu: 1500,
        loopback: false,
        up: true,
        hw: HwAddr::new(1, &[2, 0, 0, 0, 0, 0xF1]),
        addresses,
        dns: true,
        dhcp4: true,
        tftp: true,
    });
    all
}

impl Rig {
    pub fn new(conf: &[&str], more: &[&str], old: &[&str]) -> Self {
        let mut random = Random::seeded(1);
        let text = format!("{}\nno-resolv\nno-hosts\n", conf.join("\n"));
        let config = match read_text(text.as_bytes(), "vector", Key::new(&mut random)) {
            Outcome::Run(config, _) => config,
            Outcome::Refused { messages, .. } => panic!("{messages:?}"),
            _ => panic!("no configuration"),
        };
        let server = Server::new(&config, &mut random);
        let mut leases = Leases::new(config.dhcp.lease_max, Key::new(&mut random)).watching(config.dhcp.spans());
        let (mut file, mut out) = (LeaseFile::new(), Outbox::new());
        let now = Now { mono: Millis(1_000_000), wall: UnixTime(1_795_000_000) };
        let mut read = LeasesRead { leases: &mut leases, file: &mut file, out: &mut out, now };
        let old: String = old.iter().map(|line| format!("{line}\n")).collect();
        assert!(read.piece(old.as_bytes()) && read.end(&config));
        out.clear();
        Rig { config, server, leases, file, out, random, interfaces: interfaces(more), names: Hosts::empty(Key::new(&mut Random::seeded(2))), now }
    }

    /// Hands in a packet; `ends` is `FROM TO`.
    pub fn send(&mut self, ends: &str, packet: &str) {
        let (from, to) = ends.split_once(' ').unwrap();
        let to: SocketAddr = to.parse().unwrap();
        let arrival = Arrival { door: Door::Dhcp4, from: from.parse().unwrap(), to: to.ip(), iface: 2 };
        let bytes: Vec<u8> =
            (0..packet.len() / 2).map(|n| u8::from_str_radix(&packet[2 * n..2 * n + 2], 16).unwrap()).collect();
        self.out.clear();
        self.now.mono = self.now.mono.plus_ms(200);
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
        self.server.on_datagram(&mut with, &arrival, &bytes);
        self.server.check();
        self.leases.check();
        assert_eq!(self.out.lost(), 0);
        self.perform();
    }

    /// Begins the rewrites that were asked for, as the daemon would.
    fn perform(&mut self) {
        if self.out.actions().iter().any(|action| matches!(action, Action::Lease(_))) && self.file.wants_rewrite() {
            self.leases();
        }
    }

    /// The datagrams that leave: receiver and payload in hexadecimal.
    pub fn replies(&self) -> Vec<String> {
        let mut neighbour = None;
        let mut all = Vec::new();
        for action in self.out.actions() {
            match action {
                Action::Neighbour { hw, .. } => neighbour = Some(*hw),
                Action::Datagram { route, bytes } => {
                    assert!(route.door == Door::Dhcp4);
                    let hex: String = self.out.bytes(*bytes).iter().map(|octet| format!("{octet:02x}")).collect();
                    let hw = match neighbour.take() {
                        Some(hw) => hw.octets().iter().map(|o| format!("{o:02x}")).collect::<Vec<_>>().join(":"),
                        None if route.to.ip() == Ipv4Addr::BROADCAST => "ff:ff:ff:ff:ff:ff".into(),
                        // Whatever the neighbour table says.
                        None => "-".into(),
                    };
                    all.push(format!("{} {hw}\n{hex}", route.to));
                }
                _ => {}
            }
        }
        all
    }

    /// The log lines of `dnsmasq-dhcp`.
    pub fn logs(&self) -> Vec<String> {
        let lines = self.out.actions().iter().filter_map(|action| match action {
            Action::Log { channel: Channel::Dhcp, text, .. } => Some(self.out.bytes(*text)),
            _ => None,
        });
        lines.map(|line| String::from_utf8_lossy(line).into_owned()).collect()
    }

    /// The lines of the lease file.
    pub fn leases(&mut self) -> Vec<String> {
        let (mut text, mut at) = (Vec::new(), 0);
        loop {
            let mut buffer = [0; 4096];
            let mut out = Writer::new(&mut buffer);
            let more = self.file.text(&mut self.leases, &mut at, &mut out);
            text.extend_from_slice(out.written());
            if !more {
                return String::from_utf8(text).unwrap().lines().map(String::from).collect();
            }
        }
    }
}

/// A lease line without its time, unless that is "never".
pub fn without_time(line: &str) -> String {
    match line.split_once(' ') {
        Some(("0", rest)) => format!("0 {rest}"),
        Some((_, rest)) => format!("T {rest}"),
        None => line.into(),
    }
}

/// Renewal times of 1795 to 1350 and 3145 to 2700 seconds are 1800 and 3150
/// less some fuzz (the only lease times of the vectors with fuzz).
pub fn without_fuzz(replies: &mut [String]) {
    for reply in replies {
        for (option, whole) in [("3a040000", 1800), ("3b040000", 3150), ("3a040000", 900), ("3b040000", 1575)] {
            let Some(at) = reply.find(option) else { continue };
            let value = &reply[at + 8..at + 12];
            let secs = u32::from_str_radix(value, 16).unwrap();
            if secs <= whole && secs + whole / 7 > whole {
                let exact = format!("{option}{whole:04x}");
                reply.replace_range(at..at + 12, &exact);
            }
        }
    }
}

/// Where we leave the hardware address to the kernel, what it chose is not
/// compared.
pub fn without_known_neighbours(ours: &[String], theirs: &mut [String]) {
    for (ours, theirs) in ours.iter().zip(theirs) {
        let (to, hex) = theirs.split_once('\n').unwrap();
        let addr = to.split(' ').next().unwrap();
        if ours.starts_with(&format!("{addr} -\n")) {
            *theirs = format!("{addr} -\n{hex}");
        }
    }
}

pub fn without_fuzz_lines(logs: &mut [String]) {
    for log in logs {
        for option in ["option: 58 T1  ", "option: 59 T2  "] {
            if let Some(at) = log.find(option) {
                log.truncate(at + option.len());
            }
        }
        // Named anew since 2.90.
        *log = log.replace("82 agent-id ", "82 agent-info ");
    }
}

/// What differs, the packets option by option.
pub fn difference(ours: &[String], theirs: &[String], our_logs: &[String], their_logs: &[String]) -> String {
    let mut all = String::new();
    if ours != theirs {
        for (who, replies) in [("ours", ours), ("theirs", theirs)] {
            for reply in replies {
                let (to, hex) = reply.split_once('\n').unwrap();
                all += &format!("  {who:6} {to} {}\n", shown(hex));
            }
            if replies.is_empty() {
                all += &format!("  {who:6} nothing\n");
            }
        }
    }
    if our_logs != their_logs {
        for (who, logs) in [("ours", our_logs), ("theirs", their_logs)] {
            for log in logs {
                all += &format!("  {who:6} log {log}\n");
            }
        }
    }
    all
}

fn shown(hex: &str) -> String {
    let part = |from: usize, to: usize| hex.get(2 * from..2 * to).unwrap_or("-").to_string();
    let mut text = format!(
        "flags {} ci {} yi {} si {} gi {} len {}",
        part(10, 12), part(12, 16), part(16, 20), part(20, 24), part(24, 28), hex.len() / 2
    );
    for (name, from, to) in [("sname", 44, 108), ("file", 108, 236)] {
        let field = part(from, to);
        let field = field.trim_end_matches('0');
        if !field.is_empty() {
            text += &format!(" {name} {field}");
        }
    }
    let mut at = 240;
    while let Ok(code) = u8::from_str_radix(&part(at, at + 1), 16) {
        if code == 0 || code == 255 {
            text += &format!(" {code}");
            break;
        }
        let len = usize::from_str_radix(&part(at + 1, at + 2), 16).unwrap_or(0);
        text += &format!(" {code}:{}", part(at + 2, at + 2 + len));
        at += 2 + len;
    }
    text
}
