//! The load: DNS clients with a fixed number of questions in flight, and a relay
//! agent with many DHCP clients. Packets are made by hand, so that nothing of ours is on both
//! sides.

use crate::server::{CLIENT, HOSTS, SERVER, Server};
use crate::upstream::Upstream;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

/// The relay agent, in a network of its own.
const RELAY: Ipv4Addr = Ipv4Addr::new(10, 97, 0, 1);

/// Names asked for in cache hits.
const WARM: u32 = 100;

/// All clients of one server.
pub struct Load {
    dns: UdpSocket,
    relay: UdpSocket,
    upstream: Upstream,
    serial: u32,
    leases: Vec<(u32, Ipv4Addr)>,
}

/// A question of type A with recursion desired.
pub fn question(id: u16, name: &[u8]) -> Vec<u8> {
    typed(id, name, 1)
}

fn typed(id: u16, name: &[u8], kind: u16) -> Vec<u8> {
    let mut packet = Vec::with_capacity(32 + name.len());
    packet.extend(id.to_be_bytes());
    packet.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    packet.extend(name);
    packet.extend(kind.to_be_bytes());
    packet.extend([0, 1]);
    packet
}

/// A name as it is in a packet.
fn wire(text: &str) -> Vec<u8> {
    let label = |label: &str| [&[label.len() as u8], label.as_bytes()].concat();
    text.split('.').flat_map(label).chain([0]).collect()
}

impl Load {
    /// Clients of `server`, which is running.
    pub fn new(_server: &Server) -> Self {
        Self::for_peer()
    }

    /// The same, with an upstream that takes so long for each answer.
    pub fn with_delay(_server: &Server, delay: Duration) -> Self {
        Self::make(delay)
    }

    /// Questions that have been forwarded.
    pub fn forwarded(&self) -> u32 {
        self.upstream.asked()
    }

    /// Leases made so far.
    pub fn held_now(&self) -> u32 {
        self.leases.len() as u32
    }

    /// Clients of whatever server runs.
    pub fn for_peer() -> Self {
        Self::make(Duration::ZERO)
    }

    fn make(delay: Duration) -> Self {
        let dns = UdpSocket::bind((CLIENT, 0)).expect("a client's port");
        dns.connect(SocketAddr::from((SERVER, 53))).expect("the server's port");
        let relay = UdpSocket::bind((RELAY, 67)).expect("the relay's port");
        for socket in [&dns, &relay] {
            let _ = socket.set_read_timeout(Some(Duration::from_secs(30)));
        }
        Load { dns, relay, upstream: Upstream::start(delay), serial: 0, leases: Vec::new() }
    }

    /// Asks `count` questions with `flight` of them outstanding.
    fn ask(&mut self, count: u32, flight: u32, name: impl Fn(u32) -> Vec<u8>) {
        self.ask_each(count, flight, flight, |n| question(n as u16, &name(n)));
    }

    /// Sends questions, `burst` of them whenever so many have been answered of
    /// the `flight` that are outstanding.
    fn ask_each(&mut self, count: u32, flight: u32, burst: u32, packet: impl Fn(u32) -> Vec<u8>) {
        let mut buffer = [0u8; 1500];
        let (mut sent, mut answered) = (0, 0);
        while answered < count {
            let to = count.min(if sent == 0 { flight } else { sent + burst });
            for n in sent..to {
                let _ = self.dns.send(&packet(n));
            }
            sent = to;
            for _ in 0..burst.min(count - answered) {
                answered += 1;
                self.dns.recv(&mut buffer).expect("an answer");
            }
        }
    }

    /// Brings the names of `hits` into the cache.
    pub fn warm(&mut self) {
        self.hits(WARM, 1);
    }

    /// Questions about so many names in turn: from the cache when all are there.
    pub fn hits_of(&mut self, names: u32, count: u32, flight: u32) {
        self.ask(count, flight, |n| wire(&format!("c{}.example.com", n % names)));
    }

    /// Questions for names, or for what addresses are called.
    pub fn listed(&mut self, count: u32, flight: u32, what: impl Fn(u32) -> String) {
        self.ask_each(count, flight, flight, |n| {
            let what = what(n);
            typed(n as u16, &wire(&what), if what.ends_with(".arpa") { 12 } else { 1 })
        });
    }

    /// Questions answered from the cache.
    pub fn hits(&mut self, count: u32, flight: u32) {
        self.ask(count, flight, |n| wire(&format!("w{}.example.com", n % WARM)));
    }

    /// Questions answered from the hosts file.
    pub fn hosts(&mut self, count: u32, flight: u32) {
        self.ask(count, flight, |n| wire(&format!("h{}.bench.lan", n % HOSTS)));
    }

    /// Questions never asked before.
    pub fn misses(&mut self, count: u32, flight: u32) {
        self.misses_in(count, flight, flight);
    }

    /// The same, each sent when another was answered.
    pub fn steady_misses(&mut self, count: u32, flight: u32) {
        self.misses_in(count, flight, 1);
    }

    fn misses_in(&mut self, count: u32, flight: u32, burst: u32) {
        let first = self.serial;
        self.serial += count;
        self.ask_each(count, flight, burst, |n| question(n as u16, &wire(&format!("m{}.example.com", first + n))));
    }

    fn dhcp(&self, kind: u8, client: u32, addr: Ipv4Addr, renew: bool) -> Option<Ipv4Addr> {
        let mut packet = vec![1, 1, 6, 1];
        packet.extend(client.to_be_bytes());
        packet.extend([0; 4]);
        packet.extend(if renew { addr.octets() } else { [0; 4] });
        packet.extend([0; 8]);
        packet.extend(RELAY.octets());
        packet.extend([2, 0]);
        packet.extend(client.to_be_bytes());
        packet.resize(236, 0);
        packet.extend([99, 130, 83, 99, 53, 1, kind]);
        if kind == 3 && !renew {
            packet.extend([50, 4]);
            packet.extend(addr.octets());
            packet.extend([54, 4]);
            packet.extend(SERVER_ID);
        }
        let host = format!("client{client}");
        packet.extend([12, host.len() as u8]);
        packet.extend(host.as_bytes());
        packet.extend([55, 5, 1, 3, 6, 15, 42, 255]);
        packet.resize(packet.len().max(300), 0);
        let _ = self.relay.send_to(&packet, SocketAddr::from((SERVER, 67)));
        let mut buffer = [0u8; 1500];
        let len = self.relay.recv(&mut buffer).ok()?;
        let yours = buffer.get(16..20).filter(|_| len > 240)?;
        Some(Ipv4Addr::new(yours[0], yours[1], yours[2], yours[3]))
    }

    /// Whole exchanges (discover, offer, request, acknowledgement), each by a
    /// client never seen before.
    pub fn exchanges(&mut self, count: u32) {
        for _ in 0..count {
            let client = self.leases.len() as u32 + 1;
            let addr = self.dhcp(1, client, Ipv4Addr::UNSPECIFIED, false).expect("an offer");
            let addr = self.dhcp(3, client, addr, false).expect("an acknowledgement");
            self.leases.push((client, addr));
        }
    }

    /// Text of a lease file with so many leases, half over, which these clients
    /// then have.
    pub fn held(count: u32) -> String {
        let end = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |now| now.as_secs()) + 1800;
        let line = |client: u32| {
            let [a, b, c, d] = client.to_be_bytes();
            format!("{end} 02:00:{a:02x}:{b:02x}:{c:02x}:{d:02x} {} client{client} *\n", held_address(client))
        };
        (1..=count).map(line).collect()
    }

    /// The clients of `held` are there.
    pub fn adopt(&mut self, count: u32) {
        self.leases = (1..=count).map(|client| (client, held_address(client))).collect();
    }

    /// Milliseconds from the first word to the acknowledgement for a client on
    /// this link, when nobody else is there.
    pub fn first_lease(&mut self) -> f64 {
        let socket = UdpSocket::bind(("0.0.0.0", 68)).expect("a client's port");
        let _ = socket.set_broadcast(true);
        let _ = socket.set_read_timeout(Some(Duration::from_secs(30)));
        let begin = std::time::Instant::now();
        let mut buffer = [0u8; 1500];
        let mut ask = |kind: u8, more: &[u8]| {
            let mut packet = vec![1, 1, 6, 0, 0, 0, 0, kind, 0, 0, 0x80, 0];
            packet.resize(28, 0);
            packet.extend([2, 9, 9, 9, 9, 9]);
            packet.resize(236, 0);
            packet.extend([99, 130, 83, 99, 53, 1, kind]);
            packet.extend(more);
            packet.push(255);
            packet.resize(packet.len().max(300), 0);
            let _ = socket.send_to(&packet, ("10.99.255.255", 67));
            loop {
                let (len, _) = socket.recv_from(&mut buffer).expect("an answer");
                if len > 240 && buffer[0] == 2 && buffer[7] == kind {
                    return buffer[16..20].to_vec();
                }
            }
        };
        let addr = ask(1, &[]);
        ask(3, &[&[50, 4][..], &addr, &[54, 4], &SERVER_ID].concat());
        begin.elapsed().as_secs_f64() * 1000.0
    }

    /// Renewals of leases made before.
    pub fn renewals(&mut self, count: u32) {
        for n in 0..count as usize {
            let (client, addr) = self.leases[n % self.leases.len()];
            self.dhcp(3, client, addr, true).expect("an acknowledgement");
        }
    }
}

/// The address of a client of `held`.
fn held_address(client: u32) -> Ipv4Addr {
    // None ends in 0 or 255.
    Ipv4Addr::new(10, 97, 1 + (client / 250) as u8, 1 + (client % 250) as u8)
}

/// The server's identifier as it tells relayed clients: its own address.
const SERVER_ID: [u8; 4] = SERVER.octets();
