//! The DHCP clients of the simulation: small state machines that follow RFC
//! 2131 §4.4 as well as real ones do, and the promises that the server made to
//! them, which it must keep through loss, crashes and jumps of the clock.

use crate::lab::dhcp::{self, Packet};
use crate::lab::Lab;
use crate::world::{Load, Shared, Who};
use ironmasq::outbox::action::{Arrival, Door};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

const CLIENTS: usize = 10;

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Init,
    Selecting,
    Requesting(Ipv4Addr),
    Bound(Ipv4Addr),
    Rebooting(Ipv4Addr),
}

struct Client {
    hw: Vec<u8>,
    id: Option<Vec<u8>>,
    xid: u32,
    state: State,
    server: Ipv4Addr,
    /// End of the lease, in ms.
    until: u64,
    relay: bool,
    /// It says a name.
    named: bool,
    had: BTreeSet<Ipv4Addr>,
}

/// What the server said to a client and must stand by.
#[derive(Clone, Debug)]
struct Promise {
    client: usize,
    /// In ms on the monotonic clock.
    until: u64,
}

pub struct DhcpWorld {
    clients: Vec<Client>,
    promises: BTreeMap<Ipv4Addr, Promise>,
    /// Addresses that answer the probe.
    squatters: BTreeSet<Ipv4Addr>,
    /// Leases given.
    pub given: u64,
}

impl DhcpWorld {
    pub fn new(shared: &mut Shared) -> DhcpWorld {
        let clients = (0..CLIENTS)
            .map(|number| {
                let at = shared.chance.below(10_000);
                shared.wake(at, Who::Dhcp(number));
                Client {
                    hw: vec![2, 0, 0, 0, 9, number as u8],
                    id: shared.chance.percent(50).then(|| vec![255, number as u8, 7]),
                    xid: 0,
                    state: State::Init,
                    server: Ipv4Addr::UNSPECIFIED,
                    until: 0,
                    relay: number % 5 == 4,
                    named: number < 6,
                    had: BTreeSet::new(),
                }
            })
            .collect();
        let squatters = (0..2).map(|_| Ipv4Addr::new(192, 168, 1, 100 + shared.chance.below(12) as u8)).collect();
        DhcpWorld { clients, promises: BTreeMap::new(), squatters, given: 0 }
    }

    // ---- the clients --------------------------------------------------------

    pub fn wake(&mut self, shared: &mut Shared, now: u64, number: usize) {
        let pause = shared.chance.pick(&[500, 3_000, 20_000, 200_000]);
        let at = now + 100 + shared.chance.below(pause);
        shared.wake(at, Who::Dhcp(number));
        let client = &mut self.clients[number];
        let whim = shared.chance.below(100);
        match client.state {
            State::Bound(_) if now >= client.until => client.state = State::Init,
            State::Bound(addr) if whim < 10 => client.say(shared, now, number, "release", addr),
            State::Bound(addr) if whim < 14 => client.say(shared, now, number, "decline", addr),
            State::Bound(addr) if whim < 18 => client.say(shared, now, number, "inform", addr),
            State::Bound(addr) if whim < 28 => {
                client.state = State::Rebooting(addr);
                client.say(shared, now, number, "reboot", addr);
            }
            State::Bound(addr) => client.say(shared, now, number, "renew", addr),
            State::Requesting(addr) if whim < 60 => client.say(shared, now, number, "request", addr),
            State::Rebooting(addr) if whim < 50 => client.say(shared, now, number, "reboot", addr),
            _ => {
                client.state = State::Selecting;
                let wish = Ipv4Addr::new(192, 168, 1, 95 + shared.chance.below(25) as u8);
                client.say(shared, now, number, "discover", wish);
            }
        }
        if matches!(client.state, State::Bound(_)) && whim < 14 {
            client.state = State::Init;
        }
    }

    /// A packet for a client, by broadcast, unicast or its relay.
    pub fn received(&mut self, shared: &mut Shared, now: u64, bytes: &[u8]) -> Result<(), String> {
        let packet = Packet::decode(bytes)?;
        let Some(number) = self.clients.iter().position(|client| client.hw == packet.hw) else { return Ok(()) };
        let client = &mut self.clients[number];
        if packet.xid != client.xid || shared.quiet {
            return Ok(());
        }
        match (packet.kind(), client.state) {
            ("offer", State::Selecting) => {
                client.server = packet.address(54).ok_or("an offer without server identifier")?;
                client.state = State::Requesting(packet.yiaddr);
                client.say(shared, now, number, "request", packet.yiaddr);
            }
            ("ack", State::Requesting(addr) | State::Rebooting(addr) | State::Bound(addr)) if packet.yiaddr == addr => {
                let secs = lease_secs(&packet).ok_or("an ACK without lease time")?;
                client.until = now.saturating_add(secs.saturating_mul(1000));
                client.state = State::Bound(addr);
            }
            ("nak", _) => client.state = State::Init,
            _ => {}
        }
        Ok(())
    }

    /// The echo request of a probe.
    pub fn probed(&mut self, shared: &mut Shared, now: u64, to: SocketAddr, bytes: &[u8]) {
        let IpAddr::V4(addr) = to.ip() else { return };
        let taken = self.squatters.contains(&addr);
        if let Some(reply) = echo_reply(bytes).filter(|_| taken) {
            let arrival = Arrival { door: Door::Icmp4, from: to, to: IpAddr::from([192, 168, 1, 1]), iface: 0 };
            shared.send(now, Load::Machine { arrival, port: 0, bytes: reply });
        }
    }

    // ---- what the server may and must do -------------------------------------

    /// A client's packet reached the machine: a release or decline ends what
    /// was promised (to the one it was promised to).
    pub fn delivered(&mut self, arrival: &Arrival, bytes: &[u8]) {
        let Ok(packet) = Packet::decode(bytes) else { return };
        if arrival.door != Door::Dhcp4 || packet.op != 1 {
            return;
        }
        let addr = match packet.kind() {
            "release" => packet.ciaddr,
            "decline" => packet.address(50).unwrap_or(packet.ciaddr),
            _ => return,
        };
        let Some(number) = self.clients.iter().position(|client| client.hw == packet.hw) else { return };
        if self.promises.get(&addr).is_some_and(|promise| promise.client == number) {
            self.promises.remove(&addr);
        }
    }

    /// The server says something: judged at the moment it leaves.
    pub fn told(&mut self, lab: &Lab, bytes: &[u8], disk: &str) -> Result<(), String> {
        let packet = Packet::decode(bytes)?;
        let now = lab.now.mono.0;
        let number = self.clients.iter().position(|client| client.hw == packet.hw);
        let Some(number) = number else { return Ok(()) };
        let addr = packet.yiaddr;
        if packet.kind() == "nak" || addr == Ipv4Addr::UNSPECIFIED {
            return Ok(());
        }
        let in_range = matches!(addr.octets(), [192, 168, 1, 100..=111] | [192, 168, 9, 100..=111]);
        let reserved = addr == Ipv4Addr::new(192, 168, 1, 20) && number == 0;
        if !in_range && !reserved {
            return Err(format!("{} {addr} is outside of every range", packet.kind()));
        }
        let other = self.promises.get(&addr).filter(|promise| promise.client != number && promise.until > now);
        if let Some(other) = other {
            let what = format!("{} of {addr} to client {number}", packet.kind());
            return Err(format!("{what}, which client {} has until {} ms", other.client, other.until));
        }
        if packet.kind() == "ack" {
            let secs = lease_secs(&packet).ok_or("an ACK without lease time")?;
            self.promised(lab, number, addr, secs, disk)?;
        }
        Ok(())
    }

    fn promised(&mut self, lab: &Lab, number: usize, addr: Ipv4Addr, secs: u64, disk: &str) -> Result<(), String> {
        let now = lab.now.mono.0;
        if !lab.files.broken {
            let ends = ended(disk, addr, &self.clients[number].hw);
            // The digits of a renewal may be lost: the client asks again.
            let renewed = self.promises.get(&addr).is_some_and(|promise| promise.client == number);
            let least = if renewed { 0 } else { lab.now.wall.0 + secs };
            if ends.is_none_or(|ends| ends != 0 && ends + 1 < least) {
                return Err(format!("an ACK of {addr} for {secs} s left, and on disk is {ends:?}, now {}", lab.now.wall.0));
            }
        }
        // A client has one lease: a new one replaces the old.
        self.promises.retain(|_, promise| promise.client != number);
        self.promises.insert(addr, Promise { client: number, until: now.saturating_add(secs.saturating_mul(1000)) });
        self.clients[number].had.insert(addr);
        self.given += 1;
        Ok(())
    }

    /// After a crash only what is on disk was promised, for as long as the
    /// wall clock now says.
    pub fn restarted(&mut self, lab: &Lab) {
        let text = lab.files.lease_text();
        let (now, wall) = (lab.now.mono.0, lab.now.wall.0);
        let clients = &self.clients;
        self.promises.retain(|addr, promise| match ended(&text, *addr, &clients[promise.client].hw) {
            None => false,
            Some(0) => true,
            Some(ends) => {
                promise.until = promise.until.min(now + ends.saturating_sub(wall) * 1000);
                ends > wall
            }
        });
    }

    /// True if this client ever had that address.
    pub fn ever_had(&self, number: usize, addr: &str) -> bool {
        let addr = addr.parse().ok();
        self.clients.get(number).is_some_and(|client| addr.is_some_and(|addr: Ipv4Addr| client.had.contains(&addr)))
    }

    /// Whatever is promised is on disk, each address once.
    pub fn check(&self, lab: &Lab) -> Result<(), String> {
        if lab.files.broken {
            return Ok(());
        }
        let text = lab.files.lease_text();
        let mut seen = BTreeSet::new();
        for line in text.lines() {
            let fields: Vec<&str> = line.split_whitespace().collect();
            // A torn line stays until the file can be written anew.
            let [_, _, addr, _, _] = fields[..] else { continue };
            if !seen.insert(addr) {
                return Err(format!("{addr} is in the lease file twice:\n{text}"));
            }
        }
        Ok(())
    }

    /// All leases are over.
    pub fn check_empty(&self, lab: &Lab) -> Result<(), String> {
        let text = lab.files.lease_text();
        // A wall clock that was set back before a restart prolongs what the file says.
        let now = lab.now.wall.0;
        let is_over = |line: &&str| {
            let end = line.split(' ').next().and_then(|end| end.parse().ok()).unwrap_or(0);
            (1..=now).contains(&end)
        };
        match text.lines().find(is_over) {
            Some(line) => Err(format!("long after everybody left the lease file holds {line:?}")),
            None => Ok(()),
        }
    }
}

impl Client {
    /// Sends what this step of the protocol calls for.
    fn say(&mut self, shared: &mut Shared, now: u64, number: usize, what: &str, addr: Ipv4Addr) {
        let kind = match what {
            "renew" | "reboot" => "request",
            other => other,
        };
        if !matches!(what, "request") {
            self.xid = shared.chance.u64() as u32;
        }
        let Ok(mut packet) = Packet::request(kind, self.xid, &self.hw) else { return };
        let octets = addr.octets().to_vec();
        match what {
            "discover" if shared.chance.percent(40) => packet.set(50, octets),
            "request" => {
                packet.set(50, octets);
                packet.set(54, self.server.octets().to_vec());
            }
            "reboot" => packet.set(50, octets),
            "decline" => {
                packet.set(50, octets);
                packet.set(54, self.server.octets().to_vec());
            }
            "release" => {
                packet.ciaddr = addr;
                packet.set(54, self.server.octets().to_vec());
            }
            "renew" | "inform" => packet.ciaddr = addr,
            _ => {}
        }
        if let Some(id) = &self.id {
            packet.set(61, id.clone());
        }
        if self.named && matches!(what, "discover" | "request" | "renew" | "reboot") {
            packet.set(12, format!("client{number}").into_bytes());
        }
        if shared.chance.percent(50) {
            packet.set(55, vec![1, 3, 6, 15, 28, 51, 58, 59]);
        }
        let unicast = matches!(what, "renew" | "inform" | "release");
        let mut from = SocketAddr::new(packet.ciaddr.into(), 68);
        if self.relay {
            packet.giaddr = Ipv4Addr::new(192, 168, 9, 1);
            packet.hops = 1;
            from = SocketAddr::new(packet.giaddr.into(), 67);
        }
        packet.flags = if shared.chance.percent(30) { 0x8000 } else { 0 };
        let to = if unicast || self.relay { IpAddr::from([192, 168, 1, 1]) } else { IpAddr::from([255; 4]) };
        let arrival = Arrival { door: Door::Dhcp4, from, to, iface: 1 };
        shared.send(now, Load::Machine { arrival, port: 0, bytes: packet.encode() });
    }
}

fn lease_secs(packet: &Packet) -> Option<u64> {
    packet.option(51).and_then(|value| <[u8; 4]>::try_from(value).ok()).map(|octets| u32::from_be_bytes(octets).into())
}

/// When the lease of this address ends by the lease file, if it is this
/// client's.
fn ended(text: &str, addr: Ipv4Addr, hw: &[u8]) -> Option<u64> {
    let addr = addr.to_string();
    let hw = hw.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().join(":");
    let line = text.lines().find(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        fields.len() == 5 && fields[1] == hw && fields[2] == addr
    })?;
    line.split_whitespace().next()?.parse().ok()
}

/// RFC 792: the same message with type 0 and a checksum to match.
fn echo_reply(request: &[u8]) -> Option<Vec<u8>> {
    let mut reply = request.to_vec();
    if *reply.first()? != 8 || reply.len() < 8 {
        return None;
    }
    // RFC 1624: 0x0800 less in the first word is 0x0800 more in the checksum.
    let sum = u32::from(u16::from_be_bytes([reply[2], reply[3]])) + 0x0800;
    let sum = (sum & 0xFFFF) + (sum >> 16);
    reply[0] = 0;
    reply[2..4].copy_from_slice(&(sum as u16).to_be_bytes());
    Some(reply)
}

/// An option's value for rubbish that looks like DHCP.
pub fn some_packet(shared: &mut Shared) -> Vec<u8> {
    let hw = [2, 0, 0, 0, 9, 100 + shared.chance.below(4) as u8];
    let kind = shared.chance.pick(&["discover", "request", "decline", "release", "inform", "bootp"]);
    let Ok(mut packet) = Packet::request(kind, shared.chance.u64() as u32, &hw) else { return Vec::new() };
    for _ in 0..shared.chance.below(6) {
        let code = 1 + shared.chance.below(254) as u8;
        let len = shared.chance.below(60) as usize;
        let value = shared.chance.bytes(len);
        packet.set(code, value);
    }
    if shared.chance.percent(30) {
        packet.set(12, dhcp::value(12, "client1").unwrap_or_default());
    }
    packet.encode()
}
