//! The engine through its entry points: a rig with a clock, tables and an
//! outbox, and messages shown as text.

pub use crate::base::bytes::Writer;
pub use crate::base::hash::Key;
pub use crate::base::random::Random;
pub use crate::base::time::{Millis, Now, UnixTime, Why};
pub use crate::config::{Outcome, read_text};
pub use crate::config::Config;
pub use crate::dns::{Forwarder, Surroundings};
pub use crate::outbox::Outbox;
pub use crate::outbox::action::{Action, Arrival, Door};
pub use crate::outbox::change::Change;
pub use crate::store::cache::Cache;
pub use crate::store::hosts::Hosts;
pub use crate::store::hosts_builder::HostsBuilder;
pub use crate::store::interfaces::{Address, Interface, Interfaces};
pub use crate::store::leases::Leases;
use crate::store::neighbours::Neighbours;
pub use crate::wire::dns::build::Reply;
pub use crate::wire::dns::codes::{class, flag, kind};
pub use crate::wire::dns::edns::{DNSSEC_OK, Head};
pub use crate::wire::dns::message::{Message, Section};
pub use crate::wire::dns::name::{Name, NameBuf};
pub use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// A datagram that left.
#[derive(Clone)]
pub struct Sent {
    pub door: Door,
    pub to: SocketAddr,
    pub bytes: Vec<u8>,
}

impl Sent {
    pub fn text(&self) -> String {
        show(&self.bytes)
    }

    pub fn slot(&self) -> u16 {
        match self.door {
            Door::Upstream { slot, .. } => slot,
            _ => panic!("not to a server: {}", self.text()),
        }
    }
}

pub struct Rig {
    pub config: Config,
    pub random: Random,
    pub out: Outbox,
    pub interfaces: Interfaces,
    pub hosts: Hosts,
    pub cache: Cache,
    pub leases: Leases,
    pub neighbours: Neighbours,
    pub engine: Forwarder,
    pub now: Now,
    pub logs: Vec<String>,
    /// Actions other than datagrams and log lines, as text.
    pub done: Vec<String>,
}

/// What a question may carry.
#[derive(Clone, Copy)]
pub struct Ask {
    pub id: u16,
    pub flags: u16,
    pub edns: Option<(u16, u16)>,
    pub class: u16,
}

pub const PLAIN: Ask = Ask { id: 7, flags: flag::RD, edns: None, class: class::IN };
pub const EDNS: Ask = Ask { edns: Some((1232, 0)), ..PLAIN };
pub const DO: Ask = Ask { edns: Some((1232, DNSSEC_OK)), ..PLAIN };

impl Rig {
    /// A rig with this configuration; interface 2 is 10.0.0.1/24.
    pub fn new(config: &str) -> Self {
        let mut random = Random::seeded(1);
        let key = Key::new(&mut random);
        let text = format!("no-resolv\nno-hosts\n{config}");
        let config = match read_text(text.as_bytes(), "test", key) {
            Outcome::Run(config, _) => *config,
            Outcome::Refused { messages, .. } => panic!("{messages:?}"),
            _ => panic!("the configuration does not run"),
        };
        let mut interfaces = Interfaces::default();
        interfaces.list.push(interface(1, "lo", true, [127, 0, 0, 1], 8));
        interfaces.list.push(interface(2, "lan", false, [10, 0, 0, 1], 24));
        let cache = Cache::new(config.dns.cache_size as usize, !config.dns.no_round_robin, key)
            .with_stale(config.dns.stale.unwrap_or(0));
        Rig {
            engine: Forwarder::new(&config, &mut random),
            hosts: Hosts::empty(key),
            cache,
            leases: Leases::new(16, key),
            neighbours: Neighbours::new(4),
            random,
            out: Outbox::new(),
            interfaces,
            now: Now { mono: Millis(100_000), wall: UnixTime(1_000_000) },
            logs: Vec::new(),
            done: Vec::new(),
            config,
        }
    }

    pub fn with<R>(&mut self, act: impl FnOnce(&mut Forwarder, &mut Surroundings) -> R) -> R {
        let mut with = Surroundings {
            config: &self.config,
            now: self.now,
            random: &mut self.random,
            out: &mut self.out,
            interfaces: &self.interfaces,
            hosts: &mut self.hosts,
            cache: &mut self.cache,
            leases: &self.leases,
            neighbours: &self.neighbours,
            mark: 0,
        };
        let result = act(&mut self.engine, &mut with);
        self.engine.check();
        self.cache.check();
        result
    }

    /// Names of a hosts file called `/etc/hosts`.
    pub fn hosts(&mut self, hosts: &[(&str, &str)]) {
        let mut builder = HostsBuilder::new(self.cache.key());
        builder.source(b"/etc/hosts");
        for (addr, name) in hosts {
            builder.add(wire(name).name(), addr.parse().unwrap());
        }
        self.hosts = builder.freeze();
    }

    pub fn lease(&mut self, addr: [u8; 4], name: &str, secs: Option<u32>) {
        let id = self.leases.insert(addr.into()).unwrap();
        self.leases.set_name(id, name.as_bytes(), false);
        self.leases.set_expiry(id, secs, self.now);
    }

    /// What was said: datagrams; log lines and other actions are kept.
    pub fn drain(&mut self) -> Vec<Sent> {
        let mut sent = Vec::new();
        for action in self.out.actions() {
            match action {
                Action::Datagram { route, bytes } => {
                    let bytes = self.out.bytes(*bytes).to_vec();
                    assert!(!bytes.is_empty(), "an empty datagram");
                    sent.push(Sent { door: route.door, to: route.to, bytes });
                }
                Action::Log { text, .. } => self.logs.push(String::from_utf8_lossy(self.out.bytes(*text)).into()),
                Action::UpstreamPort { slot, .. } => self.done.push(format!("port {slot}")),
                Action::UpstreamClose { slot } => self.done.push(format!("close {slot}")),
                Action::StreamConnect { slot, to, .. } => self.done.push(format!("connect {slot} {to}")),
                Action::StreamFlush { slot } => self.done.push(format!("flush {slot}")),
                Action::StreamClose { slot } => self.done.push(format!("hang up {slot}")),
                _ => self.done.push("other".into()),
            }
        }
        assert_eq!(self.out.lost(), 0);
        self.out.clear();
        sent
    }

    pub fn datagram(&mut self, from: &str, bytes: &[u8]) -> Vec<Sent> {
        let from = from.parse().unwrap();
        let arrival = Arrival { door: Door::Dns(0), from, to: Ipv4Addr::new(10, 0, 0, 1).into(), iface: 2 };
        self.with(|engine, with| engine.on_datagram(with, &arrival, bytes));
        self.drain()
    }

    /// A question of client 10.0.0.9 port 5000.
    pub fn ask(&mut self, name: &str, kind: u16) -> Vec<Sent> {
        self.ask_as("10.0.0.9:5000", name, kind, PLAIN)
    }

    pub fn ask_as(&mut self, from: &str, name: &str, kind: u16, ask: Ask) -> Vec<Sent> {
        self.datagram(from, &question(name, kind, ask))
    }

    /// The only answer to a question, as text.
    pub fn answer(&mut self, name: &str, kind: u16) -> String {
        self.answer_to(name, kind, PLAIN)
    }

    pub fn answer_to(&mut self, name: &str, kind: u16, ask: Ask) -> String {
        let sent = self.ask_as("10.0.0.9:5000", name, kind, ask);
        match sent.as_slice() {
            [one] if matches!(one.door, Door::Dns(_)) => one.text(),
            _ => format!("{:?}", sent.iter().map(|s| (s.to, s.text())).collect::<Vec<_>>()),
        }
    }

    /// A server's answer to what was sent to it.
    pub fn reply(&mut self, to: &Sent, build: impl FnOnce(&mut Reply)) -> Vec<Sent> {
        let bytes = reply_to(&to.bytes, build);
        self.reply_raw(to, to.to, &bytes)
    }

    pub fn reply_raw(&mut self, to: &Sent, from: SocketAddr, bytes: &[u8]) -> Vec<Sent> {
        let arrival = Arrival { door: to.door, from, to: Ipv4Addr::UNSPECIFIED.into(), iface: 0 };
        self.with(|engine, with| engine.on_datagram(with, &arrival, bytes));
        self.drain()
    }

    pub fn change(&mut self, change: Change) -> Vec<Sent> {
        self.with(|engine, with| engine.on_change(with, &change));
        self.drain()
    }

    /// Lets time pass, serving every deadline on the way.
    pub fn wait(&mut self, ms: u64) -> Vec<Sent> {
        let end = self.now.mono.plus_ms(ms);
        let mut sent = Vec::new();
        while let Some(due) = self.engine.next_due().filter(|due| due.at <= end) {
            self.now.mono = self.now.mono.max(due.at);
            self.with(|engine, with| engine.on_due(with));
            assert!(self.engine.next_due().is_none_or(|next| next.at > self.now.mono || next.why == Why::Backlog), "a deadline does not advance");
            sent.extend(self.drain());
        }
        self.now.mono = end;
        sent
    }

    pub fn logged(&mut self, text: &str) -> usize {
        self.logs.iter().filter(|line| line.contains(text)).count()
    }
}

fn interface(index: u32, name: &str, loopback: bool, addr: [u8; 4], prefix: u8) -> Interface {
    let mut addresses = arrayvec::ArrayVec::new();
    let addr = IpAddr::from(addr);
    addresses.push(Address { addr, prefix, broadcast: Ipv4Addr::BROADCAST, dns: true, tentative: false, fleeting: false });
    Interface {
        index,
        name: arrayvec::ArrayString::from(name).unwrap(),
        mtu: 1500,
        loopback,
        up: true,
        hw: Default::default(),
        addresses,
        dns: true,
        dhcp4: false,
        tftp: false,
    }
}

pub fn wire(name: &str) -> NameBuf {
    NameBuf::from_text(name.as_bytes()).unwrap()
}

pub fn question(name: &str, kind: u16, ask: Ask) -> Vec<u8> {
    let mut buffer = [0; 600];
    let mut out = Writer::new(&mut buffer);
    let mut reply = Reply::ask(&mut out, ask.id, ask.flags, wire(name).name(), kind, ask.class);
    if let Some((udp_size, flags)) = ask.edns {
        reply.edns(Head { udp_size, ext_rcode: 0, flags }, &[]);
    }
    let len = reply.finish().unwrap();
    buffer[..len].to_vec()
}

/// An answer to a question as it was received: RD and RA set, no error.
pub fn reply_to(question: &[u8], build: impl FnOnce(&mut Reply)) -> Vec<u8> {
    let mut buffer = vec![0; 65_535];
    let mut out = Writer::new(&mut buffer);
    let message = Message::parse(question).unwrap();
    let mut reply = Reply::to(&mut out, &message, flag::QR | flag::RD | flag::RA, 65_535, 0);
    build(&mut reply);
    let len = reply.finish().unwrap();
    buffer.truncate(len);
    buffer
}

/// Adds an address to a reply being built.
pub fn a(reply: &mut Reply, name: &str, addr: &str, ttl: u32) {
    assert!(reply.address(Section::Answer, wire(name).name(), addr.parse().unwrap(), ttl));
}

pub fn cname(reply: &mut Reply, name: &str, target: &str, ttl: u32) {
    assert!(reply.name(Section::Answer, wire(name).name(), kind::CNAME, class::IN, ttl, wire(target).name()));
}

pub fn soa(reply: &mut Reply, zone: &str, ttl: u32, minimum: u32) {
    reply.add(Section::Authority, wire(zone).name(), kind::SOA, class::IN, ttl, |data| {
        data.name(wire("ns.test").name());
        data.name(wire("admin.test").name());
        [1, 2, 3, 4, minimum].into_iter().for_each(|value| data.u32(value));
    });
}

pub fn code(reply: &mut Reply, code: u8) {
    reply.set_flags(flag::QR | flag::RD | flag::RA | u16::from(code));
}

/// A message as one line: `7 NXDOMAIN aa rd ra | a.test A | a.test 60 A 1.2.3.4 | au … | opt 1232 do ede=14`.
pub fn show(bytes: &[u8]) -> String {
    let message = Message::parse(bytes).expect("a message");
    assert!(message.is_whole(), "a message cut short");
    let codes = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"];
    let mut text = format!("{} {}", message.id(), codes[usize::from(message.rcode())]);
    let flags = [(flag::AA, " aa"), (flag::TC, " tc"), (flag::RD, " rd"), (flag::RA, " ra"), (flag::AD, " ad"), (flag::CD, " cd")];
    flags.iter().filter(|(bit, _)| message.has(*bit)).for_each(|(_, name)| text += name);
    if let Some(question) = message.question() {
        text += &format!(" | {} {}", name_text(question.name), kind_text(question.kind));
    }
    for record in message.records().filter(|record| !record.is_pseudo()) {
        let section = match record.section {
            Section::Answer => "",
            Section::Authority => "au ",
            Section::Additional => "ad ",
        };
        let owner = record.owner().unwrap();
        let mut data = record.data;
        let value = match record.kind {
            kind::A => IpAddr::from(data.array::<4>().unwrap()).to_string(),
            kind::AAAA => IpAddr::from(data.array::<16>().unwrap()).to_string(),
            kind::CNAME | kind::PTR => name_text(NameBuf::read(&mut data).unwrap().name()),
            kind::TXT => String::from_utf8_lossy(&data.rest()[1..]).into(),
            _ => String::new(),
        };
        let line = format!(" | {section}{} {} {} {value}", name_text(owner.name()), record.ttl, kind_text(record.kind));
        text += line.trim_end();
    }
    if let Some(opt) = message.opt().unwrap() {
        text += &format!(" | opt {}", opt.udp_size);
        if opt.dnssec_ok() {
            text += " do";
        }
        if let Some((code, _)) = opt.extended_error() {
            text += &format!(" ede={code}");
        }
    }
    text
}

fn name_text(name: Name) -> String {
    let mut buffer = [0; 1100];
    let mut out = Writer::new(&mut buffer);
    name.text(&mut out);
    String::from_utf8(out.written().to_vec()).unwrap()
}

fn kind_text(kind: u16) -> String {
    let mut buffer = [0; 32];
    let mut out = Writer::new(&mut buffer);
    crate::wire::dns::codes::write_kind(&mut out, kind);
    String::from_utf8(out.written().to_vec()).unwrap()
}
