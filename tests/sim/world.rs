//! The world: the machine in the laboratory, everybody around it, and the
//! invariants that hold after every step.

use crate::chaos::Chaos;
use crate::dhcp_client::DhcpWorld;
use crate::lab::boot::{self, Plan};
use crate::lab::{Lab, Out};
use crate::network::{Chance, Network, Weather};
use crate::stub::Stubs;
use crate::tftp_client::TftpWorld;
use crate::upstream::Upstreams;
use ironmasq::outbox::action::{Arrival, Door};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// What is under way or will happen.
#[derive(Clone, Debug)]
pub enum Load {
    /// A datagram for the machine. For upstream doors the port must still be
    /// that of the socket it was sent to.
    Machine { arrival: Arrival, port: u16, bytes: Vec<u8> },
    /// A question for an upstream server.
    Upstream { server: SocketAddr, door: Door, port: u16, bytes: Vec<u8> },
    /// A packet for a DHCP client or relay.
    Dhcp { bytes: Vec<u8> },
    /// A packet for a TFTP client.
    Tftp { client: SocketAddr, door: Door, bytes: Vec<u8> },
    /// The outcome of a connection that the machine wants.
    Connected { slot: u8, life: u32, ok: bool },
    /// Octets for the machine on a stream; none: the peer closes.
    Stream { slot: u8, life: u32, bytes: Vec<u8> },
    /// Somebody's own timer.
    Wake(Who),
}

/// Somebody who acts by himself.
#[derive(Clone, Copy, Debug)]
pub enum Who {
    Stub(usize),
    Dhcp(usize),
    Tftp(usize),
    Chaos,
}

/// The other end of a stream.
#[derive(Clone, Copy, PartialEq)]
pub enum Peer {
    Stub(usize),
    Server(usize),
}

/// A stream, and which life of its slot it is.
pub struct Stream {
    pub peer: Peer,
    pub life: u32,
    pub received: Vec<u8>,
}

/// What everybody shares.
pub struct Shared {
    pub chance: Chance,
    pub network: Network<Load>,
    pub weather: Weather,
    pub streams: BTreeMap<u8, Stream>,
    pub lives: u32,
    /// Nobody begins anything new.
    pub quiet: bool,
    pub verbose: bool,
}

impl Shared {
    /// Sends through the network as it is today.
    pub fn send(&mut self, now: u64, load: Load) {
        self.network.send(now, self.weather, &mut self.chance, load);
    }

    /// Streams lose nothing; they are only slow.
    pub fn send_stream(&mut self, at: u64, slot: u8, life: u32, bytes: Vec<u8>) {
        self.network.at(at, Load::Stream { slot, life, bytes });
    }

    pub fn wake(&mut self, at: u64, who: Who) {
        self.network.at(at, Load::Wake(who));
    }

    pub fn new_stream(&mut self, slot: u8, peer: Peer) -> u32 {
        self.lives += 1;
        self.streams.insert(slot, Stream { peer, life: self.lives, received: Vec::new() });
        self.lives
    }

    pub fn is_alive(&self, slot: u8, life: u32) -> bool {
        self.streams.get(&slot).is_some_and(|stream| stream.life == life)
    }
}

/// Everything.
pub struct World {
    pub lab: Lab,
    pub plan: Plan,
    pub shared: Shared,
    pub stubs: Stubs,
    pub upstreams: Upstreams,
    pub dhcp: DhcpWorld,
    pub tftp: TftpWorld,
    pub chaos: Chaos,
    trace: u64,
    steps: u64,
    restarts: u64,
}

impl World {
    pub fn new(seed: u64) -> World {
        let mut chance = Chance::new(seed ^ 0x5EED);
        let upstreams = Upstreams::new(&mut chance);
        let weather = Weather {
            lost: chance.pick(&[0, 0, 2, 10, 30]),
            doubled: chance.pick(&[0, 0, 3, 15]),
            delay_ms: chance.pick(&[1, 20, 200, 1500]),
        };
        let plan = crate::chaos::plan(seed, &mut chance, &upstreams);
        let lab = boot::start(&plan).unwrap_or_else(|why| panic!("the start was refused: {why}\n{}", plan.config));
        let verbose = std::env::var("SIM_TRACE").is_ok();
        let mut shared =
            Shared { chance, network: Network::new(), weather, streams: BTreeMap::new(), lives: 0, quiet: false, verbose };
        let (stubs, dhcp, tftp) = (Stubs::new(&mut shared), DhcpWorld::new(&mut shared), TftpWorld::new(&mut shared));
        let chaos = Chaos::new(&mut shared);
        let mut world = World { lab, plan, shared, stubs, upstreams, dhcp, tftp, chaos, trace: 0, steps: 0, restarts: 0 };
        world.lab.keep_disk = true;
        world.note(&[0]);
        world
    }

    pub fn now(&self) -> u64 {
        self.lab.now.mono.0
    }

    /// A number that any difference changes (FNV-1a).
    pub fn trace(&self) -> u64 {
        self.trace
    }

    /// Questions answered, leases given, files fetched, restarts.
    pub fn counts(&self) -> [u64; 4] {
        [self.stubs.answers, self.dhcp.given, self.tftp.fetched.into(), self.restarts]
    }

    fn note(&mut self, bytes: &[u8]) {
        for octet in bytes.iter().chain(&self.lab.now.mono.0.to_le_bytes()) {
            self.trace = (self.trace ^ u64::from(*octet)).wrapping_mul(0x0000_0100_0000_01B3);
        }
    }

    /// The next thing that happens, and what follows at once.
    pub fn step(&mut self) -> Result<(), String> {
        self.steps += 1;
        self.step_on().map_err(|why| format!("step {} at {} ms: {why}", self.steps, self.now()))
    }

    fn step_on(&mut self) -> Result<(), String> {
        let due = self.lab.next_due().map(|due| due.at.0);
        let next = [due, self.shared.network.next_at()].into_iter().flatten().min();
        let Some(next) = next else { return Ok(()) };
        let next = next.max(self.now());
        self.lab.pass(next - self.now());
        self.collect()?;
        if let Some(load) = self.shared.network.take(next) {
            if self.shared.verbose {
                eprintln!("{:>9} {}", self.now(), crate::chaos::shortened(&format!("{load:?}")));
            }
            self.deliver(load)?;
            self.collect()?;
        }
        self.check()
    }

    fn deliver(&mut self, load: Load) -> Result<(), String> {
        let now = self.now();
        match load {
            Load::Machine { arrival, port, bytes } => {
                if let Door::Upstream { slot, .. } = arrival.door {
                    // A socket that was closed or opened anew hears nothing.
                    if self.lab.ports.get(&slot) != Some(&port) {
                        return Ok(());
                    }
                    self.stubs.upstream_said(now, &arrival, &bytes);
                }
                self.stubs.delivered(&arrival, &bytes);
                self.dhcp.delivered(&arrival, &bytes);
                self.lab.arrive(arrival, &bytes);
            }
            Load::Upstream { server, door, port, bytes } => {
                self.upstreams.asked(&mut self.shared, now, server, door, port, &bytes)?;
            }
            Load::Dhcp { bytes } => self.dhcp.received(&mut self.shared, now, &bytes)?,
            Load::Tftp { client, door, bytes } => self.tftp.received(&mut self.shared, now, client, door, &bytes)?,
            Load::Connected { slot, life, ok } if self.shared.is_alive(slot, life) => {
                if !ok {
                    self.shared.streams.remove(&slot);
                }
                self.lab.connected(slot, ok);
            }
            Load::Stream { slot, life, bytes } if self.shared.is_alive(slot, life) => {
                if let Some(Stream { peer: Peer::Server(_), .. }) = self.shared.streams.get(&slot) {
                    self.stubs.upstream_stream_said(now, &bytes);
                }
                match bytes.is_empty() {
                    true => self.lab.stream_close(slot),
                    false => self.lab.stream_send(slot, &bytes),
                }
            }
            Load::Connected { .. } | Load::Stream { .. } => {}
            Load::Wake(_) if self.shared.quiet => {}
            Load::Wake(Who::Stub(number)) => self.stubs.wake(&mut self.shared, &mut self.lab, number),
            Load::Wake(Who::Dhcp(number)) => self.dhcp.wake(&mut self.shared, now, number),
            Load::Wake(Who::Tftp(number)) => self.tftp.wake(&mut self.shared, now, number),
            Load::Wake(Who::Chaos) => Chaos::strike(self)?,
        }
        Ok(())
    }

    /// Takes what left the machine to where it goes; looks at it on the way.
    fn collect(&mut self) -> Result<(), String> {
        let now = self.now();
        while let Some(out) = self.lab.out.pop_front() {
            let summary = format!("{out:?}");
            self.note(summary.as_bytes());
            if self.shared.verbose {
                eprintln!("{now:>9}   {}", crate::chaos::shortened(&summary));
            }
            self.left(now, out)?;
        }
        let lines = std::mem::take(&mut self.lab.log);
        for line in lines {
            self.note(line.text.as_bytes());
            if self.shared.verbose {
                eprintln!("{now:>9}     log {}", line.line());
            }
            if line.text.bytes().any(|octet| octet.is_ascii_control()) {
                return Err(format!("a control character in the log: {:?}", line.text));
            }
        }
        Ok(())
    }

    fn left(&mut self, now: u64, out: Out) -> Result<(), String> {
        match out {
            Out::Datagram { route, bytes, port, disk, .. } => match route.door {
                Door::Dns(_) => self.stubs.answered(now, route.to, &bytes, &self.dhcp)?,
                Door::Upstream { .. } => {
                    self.shared.send(now, Load::Upstream { server: route.to, door: route.door, port, bytes });
                }
                Door::Dhcp4 => {
                    self.dhcp.told(&self.lab, &bytes, &disk)?;
                    self.shared.send(now, Load::Dhcp { bytes });
                }
                Door::Pxe4 => return Err("an answer to a PXE client, and there is none".into()),
                Door::Icmp4 => self.dhcp.probed(&mut self.shared, now, route.to, &bytes),
                Door::Tftp(_) | Door::Transfer(_) => {
                    self.shared.send(now, Load::Tftp { client: route.to, door: route.door, bytes });
                }
            },
            Out::Neighbour { .. } | Out::Fill { .. } | Out::Bus(_) => {}
            Out::Connect { slot, to, .. } => self.upstreams.connect(&mut self.shared, now, slot, to),
            Out::Stream { slot, bytes } => self.stream_carried(now, slot, &bytes)?,
            Out::Closed { slot } => {
                if let Some(Stream { peer: Peer::Stub(number), .. }) = self.shared.streams.remove(&slot) {
                    self.stubs.closed(number);
                }
            }
        }
        Ok(())
    }

    fn stream_carried(&mut self, now: u64, slot: u8, bytes: &[u8]) -> Result<(), String> {
        let Some(stream) = self.shared.streams.get_mut(&slot) else {
            return Err(format!("octets on stream {slot}, which is nobody's"));
        };
        stream.received.extend(bytes);
        let (peer, life) = (stream.peer, stream.life);
        while let Some(message) = take_framed(&mut self.shared.streams, slot) {
            match peer {
                Peer::Stub(number) => self.stubs.answered_by_stream(now, number, (slot, life), &message, &self.dhcp)?,
                Peer::Server(number) => {
                    self.upstreams.asked_by_stream(&mut self.shared, now, number, slot, life, &message)?;
                }
            }
        }
        Ok(())
    }

    /// What holds after every step.
    pub fn check(&self) -> Result<(), String> {
        if let Some(fault) = self.lab.faults.first() {
            return Err(fault.clone());
        }
        if !self.lab.core.outbox.is_empty() {
            return Err("the outbox is not empty between events".into());
        }
        boot::check(&self.lab);
        self.dhcp.check(&self.lab)
    }

    /// Everybody stops; whatever was under way ends, and every table goes back
    /// to its level.
    pub fn quiet_down(&mut self) -> Result<(), String> {
        self.shared.quiet = true;
        self.lab.files.broken = false;
        self.lab.unreachable.clear();
        self.lab.stream_window = usize::MAX;
        for _ in 0..50_000 {
            if self.shared.network.next_at().is_none() && self.lab.next_due().is_none_or(|due| due.at.0 > self.now() + 400_000) {
                break;
            }
            self.step()?;
        }
        self.lab.pass(400_000);
        self.collect()?;
        let open: Vec<&u8> = self.shared.streams.keys().collect();
        if !open.is_empty() {
            return Err(format!("when all was quiet streams {open:?} were open"));
        }
        if self.shared.network.len() > 0 {
            return Err("something is still under way although all is quiet".into());
        }
        boot::check_quiet(&self.lab)?;
        // The longest lease is over after two hours.
        self.lab.pass(3 * 3_600_000);
        self.collect()?;
        self.check()?;
        self.dhcp.check_empty(&self.lab)
    }

    /// The process dies at once; only what is on disk stays. Then it starts.
    pub fn kill_and_restart(&mut self) -> Result<(), String> {
        self.restarts += 1;
        self.plan.files = self.lab.files.clone();
        self.plan.interfaces = self.lab.interfaces.clone();
        self.plan.now = self.lab.now;
        self.plan.seed = self.plan.seed.wrapping_add(1);
        let old = (self.lab.unreachable.clone(), self.lab.stream_window);
        self.lab = boot::start(&self.plan).map_err(|why| format!("the restart was refused: {why}"))?;
        self.lab.keep_disk = true;
        (self.lab.unreachable, self.lab.stream_window) = old;
        self.shared.streams.clear();
        self.stubs.restarted();
        self.tftp.restarted();
        self.dhcp.restarted(&self.lab);
        Ok(())
    }
}

/// A whole message with its length in front.
fn take_framed(streams: &mut BTreeMap<u8, Stream>, slot: u8) -> Option<Vec<u8>> {
    let received = &mut streams.get_mut(&slot)?.received;
    let len = usize::from(u16::from_be_bytes([*received.first()?, *received.get(1)?]));
    let message = received.get(2..2 + len)?.to_vec();
    received.drain(..2 + len);
    Some(message)
}
