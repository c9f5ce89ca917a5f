//! The laboratory: `daemon::core` with a fake clock, a fake network, fake
//! files and a seed in place of the kernel. It performs every action of the
//! outbox as the shell would, in order, and keeps what left for the tests to
//! look at. While the core runs, the heap is sealed.

pub mod boot;
pub mod dhcp;
pub mod dns;
pub mod files;

use files::Files;
use ironmasq::base::bytes::Writer;
use ironmasq::base::net::{HwAddr, IfIndex};
use ironmasq::base::time::{Due, Millis, Now, UnixTime};
use ironmasq::daemon::reload::Reload;
use ironmasq::daemon::core::{Core, LeaseCursor};
use ironmasq::outbox::action::{Action, Arrival, Channel, Door, LeaseWrite, Level, Route};
use ironmasq::outbox::change::Change;
use ironmasq::store::interfaces::Interface;
use ironmasq::wire::blob;
use ironmasq::wire::netlink::Neighbour;
use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Wall clock at the start of every laboratory: a round number in 2033.
pub const EPOCH: u64 = 2_000_000_000;

/// Turns at one moment of the fake clock before the core counts as spinning.
const TURNS_AT_ONE_MOMENT: u32 = 2_000;

/// Something that left, in order.
#[derive(Clone, Debug)]
pub enum Out {
    /// A datagram. `port`: the local one that the engine asked for, if any.
    /// `mark`: what it carries (`conntrack`). `disk`: the lease file at that
    /// moment (`Lab::keep_disk`).
    Datagram { route: Route, bytes: Vec<u8>, port: u16, mark: u32, disk: String },
    /// Addresses for sets of the kernel, and the names of these.
    Fill { addresses: Vec<IpAddr>, sets: Vec<String> },
    /// A notification for subscribers on the bus: its name, and `key=value`.
    Bus(String),
    /// An entry for the neighbour table.
    Neighbour { iface: IfIndex, addr: Ipv4Addr, hw: HwAddr },
    /// A connection is wanted.
    Connect { slot: u8, to: SocketAddr, mark: u32 },
    /// Octets on a stream.
    Stream { slot: u8, bytes: Vec<u8> },
    /// We closed a stream.
    Closed { slot: u8 },
}

/// A log line.
#[derive(Clone, Debug)]
pub struct Logged {
    pub channel: Channel,
    pub level: Level,
    pub text: String,
}

impl Logged {
    /// As it stands in a log: `dnsmasq-dhcp: TEXT`.
    pub fn line(&self) -> String {
        let tag = match self.channel {
            Channel::Main => "dnsmasq",
            Channel::Dhcp => "dnsmasq-dhcp",
            Channel::Tftp => "dnsmasq-tftp",
            Channel::Script => "dnsmasq-script",
            Channel::Debug => "dnsmasq-debug",
        };
        format!("{tag}: {}", self.text)
    }
}

/// What the peer of a stream has sent and the core has not taken yet.
#[derive(Default)]
struct Inbound {
    bytes: VecDeque<u8>,
    /// The peer has closed, and the core does not know it yet.
    closed: bool,
}

/// The machine under test and everything around it.
pub struct Lab {
    pub core: Core,
    pub now: Now,
    pub files: Files,
    pub interfaces: Vec<Interface>,
    pub out: VecDeque<Out>,
    pub log: Vec<Logged>,
    /// Most octets that the peer of a stream takes at a time.
    pub stream_window: usize,
    /// Upstream datagrams to these addresses fail at once with this errno.
    pub unreachable: BTreeMap<IpAddr, i32>,
    /// Ports asked for by upstream slots.
    pub ports: BTreeMap<u16, u16>,
    /// Marks of what leaves by upstream slots.
    pub marks: BTreeMap<u16, u32>,
    inbound: BTreeMap<u8, Inbound>,
    open_files: BTreeMap<u16, Vec<u8>>,
    neighbours: BTreeMap<IpAddr, HwAddr>,
    transfer_ports: BTreeMap<u16, u16>,
    /// What the core did and must never do.
    pub faults: Vec<String>,
    /// Calls of the program that follows leases: arguments, variables.
    pub scripts: VecDeque<(String, Vec<String>)>,
    /// The helper takes nothing more.
    pub helper_is_busy: bool,
    /// DHCP packets carry a copy of the lease file as it was when they left.
    pub keep_disk: bool,
    /// Files being read anew.
    pub reload: Reload,
    /// The resolv file read last, and how old it was.
    pub seen_resolv: Option<(String, u64)>,
    touched: u32,
}

impl Lab {
    /// A laboratory around a core that was just made.
    pub fn around(core: Core, files: Files, interfaces: Vec<Interface>, now: Now) -> Lab {
        Lab {
            core,
            now,
            files,
            interfaces,
            out: VecDeque::new(),
            log: Vec::new(),
            stream_window: usize::MAX,
            unreachable: BTreeMap::new(),
            ports: BTreeMap::new(),
            marks: BTreeMap::new(),
            inbound: BTreeMap::new(),
            open_files: BTreeMap::new(),
            neighbours: BTreeMap::new(),
            transfer_ports: BTreeMap::new(),
            faults: Vec::new(),
            scripts: VecDeque::new(),
            helper_is_busy: false,
            keep_disk: false,
            reload: Reload::default(),
            seen_resolv: None,
            touched: boot::broken(),
        }
    }

    /// Runs the core with the heap sealed, then performs what it said.
    pub fn run<R>(&mut self, event: impl FnOnce(&mut Core, Now) -> R) -> R {
        let now = self.now;
        let result = boot::sealed(|| event(&mut self.core, now));
        self.drain();
        result
    }

    /// One datagram arrives.
    pub fn arrive(&mut self, arrival: Arrival, bytes: &[u8]) {
        self.run(|core, now| core.arrived(&arrival, bytes, now));
    }

    /// Something changed.
    pub fn change(&mut self, change: Change) {
        self.run(|core, now| core.change(change, now));
    }

    /// Time passes; deadlines are met at their moment. Both clocks go on.
    pub fn pass(&mut self, ms: u64) {
        let until = self.now.mono.plus_ms(ms);
        let mut turns = 0;
        while let Some(due) = self.core.next_due().filter(|due| due.is_reached(until)) {
            if due.at > self.now.mono {
                self.set_clock(due.at);
                turns = 0;
            }
            turns += 1;
            if turns > TURNS_AT_ONE_MOMENT {
                self.faults.push(format!("the loop spins at {} ms because of {:?}", self.now.mono.0, due.why));
                break;
            }
            self.run(|core, now| core.due(now));
        }
        self.set_clock(until);
    }

    /// Performs what was said and is due now, without time passing.
    pub fn settle(&mut self) {
        self.drain();
        self.pass(0);
    }

    /// The moment of the next deadline.
    pub fn next_due(&self) -> Option<Due> {
        self.core.next_due()
    }

    fn set_clock(&mut self, to: Millis) {
        let wall_ms = self.now.wall.0 * 1000 + self.now.mono.0 % 1000;
        let passed = to.since(self.now.mono);
        self.now = Now { mono: to, wall: UnixTime((wall_ms + passed) / 1000) };
    }

    /// The wall clock jumps.
    pub fn jump(&mut self, secs: i64) {
        self.now.wall = UnixTime(self.now.wall.0.saturating_add_signed(secs));
    }

    // ---- performing -------------------------------------------------------

    fn drain(&mut self) {
        while !self.core.outbox.is_empty() {
            let owned: Vec<Owned> = self.core.outbox.actions().iter().map(|action| self.own(action)).collect();
            self.core.outbox.clear();
            for action in owned {
                self.perform(action);
            }
        }
        self.tell();
        if boot::broken() != self.touched {
            self.touched = boot::broken();
            self.faults.push("the heap was touched after the start".into());
        }
        if self.core.outbox.lost() > 0 {
            self.faults.push("the outbox lost an action".into());
        }
    }

    /// The program is told as far as its helper listens.
    fn tell(&mut self) {
        let now = self.now;
        while !self.helper_is_busy {
            let mut buffer = [0; 4096];
            let mut out = Writer::new(&mut buffer);
            if !boot::sealed(|| self.core.untold(&mut out, now)) {
                return;
            }
            let record = out.written().to_vec();
            boot::sealed(|| self.core.told());
            self.script(&record);
        }
    }

    fn script(&mut self, record: &[u8]) {
        let (count, strings) = record.split_first().expect("a record");
        let mut strings: Vec<String> =
            strings.split(|octet| *octet == 0).map(|text| String::from_utf8_lossy(text).into_owned()).collect();
        strings.pop();
        let variables = strings.split_off(usize::from(*count).min(strings.len()));
        self.scripts.push_back((strings.join(" "), variables));
    }

    fn own(&self, action: &Action) -> Owned {
        let bytes = |span| self.core.outbox.bytes(span).to_vec();
        match *action {
            Action::Datagram { route, bytes: span } => Owned::Datagram(route, bytes(span)),
            Action::UpstreamPort { slot, port } => Owned::UpstreamPort(slot, port),
            Action::UpstreamMark { slot, mark } => Owned::UpstreamMark(slot, mark),
            Action::UpstreamClose { slot } => Owned::UpstreamClose(slot),
            Action::Neighbour { iface, addr, hw } => Owned::Out(Out::Neighbour { iface, addr, hw }),
            Action::StreamConnect { slot, to, mark, .. } => Owned::Out(Out::Connect { slot, to, mark }),
            Action::StreamFlush { slot } => Owned::StreamFlush(slot),
            Action::StreamClose { slot } => Owned::StreamClose(slot),
            Action::FileOpen { slot, path } => Owned::FileOpen(slot, bytes(path)),
            Action::FileRead { slot, offset, len } => Owned::FileRead(slot, offset, len),
            Action::TransferPort { slot, port } => Owned::TransferPort(slot, port),
            Action::NeighbourAsk { slot, iface: _, addr } => Owned::NeighbourAsk(slot, addr),
            Action::TransferClose { slot } => Owned::TransferClose(slot),
            Action::Lease(LeaseWrite::At { offset, bytes: span }) => Owned::LeaseAt(offset, bytes(span)),
            Action::Lease(LeaseWrite::Append { bytes: span }) => Owned::LeaseAppend(bytes(span)),
            Action::Lease(LeaseWrite::Rewrite) => Owned::LeaseRewrite,
            Action::Bus { record, .. } => Owned::Out(Out::Bus(notice(self.core.outbox.bytes(record)))),
            Action::Sets { ip, nft, addresses } => {
                let (all, _) = self.core.outbox.bytes(addresses).as_chunks::<16>();
                let addresses = all.iter().map(|octets| IpAddr::from(*octets).to_canonical()).collect();
                let sets = &self.core.config.sets;
                let named = sets.ip.of(ip).iter().chain(sets.nft.of(nft));
                let sets = named.map(|set| String::from_utf8_lossy(&set.name).into_owned()).collect();
                Owned::Out(Out::Fill { addresses, sets })
            }
            Action::Script { record } => Owned::Script(bytes(record)),
            Action::Log { channel, level, text } => {
                let text = String::from_utf8_lossy(&bytes(text)).into_owned();
                Owned::Log(Logged { channel, level, text })
            }
        }
    }

    fn perform(&mut self, action: Owned) {
        match action {
            Owned::Datagram(route, bytes) => self.send(route, bytes),
            Owned::Out(out) => self.out.push_back(out),
            Owned::UpstreamPort(slot, port) => drop(self.ports.insert(slot, port)),
            Owned::UpstreamMark(slot, mark) => drop(self.marks.insert(slot, mark)),
            Owned::UpstreamClose(slot) => {
                self.ports.remove(&slot);
                self.marks.remove(&slot);
            }
            Owned::TransferPort(slot, port) => drop(self.transfer_ports.insert(slot, port)),
            Owned::StreamFlush(slot) => {
                self.flush(slot);
                self.feed(slot);
            }
            Owned::StreamClose(slot) => {
                self.inbound.remove(&slot);
                self.out.push_back(Out::Closed { slot });
            }
            Owned::FileOpen(slot, path) => self.open(slot, &path),
            Owned::FileRead(slot, offset, len) => self.read(slot, offset, len),
            Owned::TransferClose(slot) => {
                self.open_files.remove(&slot);
                self.transfer_ports.remove(&slot);
            }
            Owned::NeighbourAsk(slot, addr) => {
                let hw = self.neighbours.get(&addr).copied().unwrap_or_default();
                self.answer(Change::Neighbour { slot, hw });
            }
            Owned::LeaseAt(offset, bytes) => self.lease(|files| files.lease_at(offset, &bytes)),
            Owned::LeaseAppend(bytes) => self.lease(|files| files.lease_append(&bytes)),
            Owned::LeaseRewrite => self.lease_rewrite(),
            Owned::Script(record) => self.script(&record),
            Owned::Log(line) => self.log.push(line),
        }
    }

    /// Tells the core the answer to an action; what it says comes in the next
    /// round of `drain`.
    fn answer(&mut self, change: Change) {
        let now = self.now;
        boot::sealed(|| self.core.change(change, now));
    }

    fn send(&mut self, route: Route, bytes: Vec<u8>) {
        if let Some(errno) = self.unreachable.get(&route.to.ip()).copied() {
            return self.answer(Change::SendFailed { door: route.door, to: route.to, errno });
        }
        let port = match route.door {
            Door::Upstream { slot, .. } => match self.ports.get(&slot) {
                Some(port) => *port,
                None => return self.faults.push(format!("a datagram through upstream slot {slot} that has no port")),
            },
            Door::Transfer(slot) => self.transfer_ports.get(&slot).copied().unwrap_or(0),
            _ => 0,
        };
        let disk = match route.door {
            Door::Dhcp4 if self.keep_disk => self.files.lease_text(),
            _ => String::new(),
        };
        let mark = match route.door {
            Door::Upstream { slot, .. } => self.marks.get(&slot).copied().unwrap_or(0),
            _ => 0,
        };
        self.out.push_back(Out::Datagram { route, bytes, port, mark, disk });
    }

    fn open(&mut self, slot: u16, path: &[u8]) {
        let path = String::from_utf8_lossy(path.strip_suffix(b"\0").unwrap_or(path)).into_owned();
        let result = self.files.info(&path);
        match result {
            Ok(_) => drop(self.open_files.insert(slot, self.files.content(&path))),
            Err(_) => drop(self.open_files.remove(&slot)),
        }
        self.answer(Change::Opened { slot, result });
    }

    fn read(&mut self, slot: u16, offset: u64, len: u16) {
        let Some(content) = self.open_files.get(&slot) else {
            return self.faults.push(format!("transfer {slot} reads without an open file"));
        };
        let from = (offset as usize).min(content.len());
        let to = (from + usize::from(len)).min(content.len());
        let bytes = content[from..to].to_vec();
        self.answer(Change::Block { slot, offset, result: Ok(&bytes) });
    }

    fn lease(&mut self, write: impl FnOnce(&mut Files) -> Result<(), i32>) {
        if let Err(errno) = write(&mut self.files) {
            self.answer(Change::LeaseFileFailed { errno });
        }
    }

    fn lease_rewrite(&mut self) {
        let mut cursor = LeaseCursor::default();
        let mut text = Vec::new();
        loop {
            let mut buffer = [0; 4096];
            let mut out = Writer::new(&mut buffer);
            let more = boot::sealed(|| self.core.lease_text(&mut cursor, &mut out));
            text.extend(out.written());
            if !more {
                break;
            }
        }
        match self.files.lease_rewrite(text) {
            Ok(()) => self.answer(Change::LeaseFileOk),
            Err(errno) => self.answer(Change::LeaseFileFailed { errno }),
        }
    }

    // ---- streams ----------------------------------------------------------

    /// A client connects; its slot.
    pub fn accept(&mut self, from: SocketAddr, to: IpAddr, iface: IfIndex) -> Option<u8> {
        let slot = self.run(|core, now| core.stream_accepted(0, from, to, iface, now));
        self.inbound.extend(slot.map(|slot| (slot, Inbound::default())));
        slot
    }

    /// The wanted connection stands, or does not.
    pub fn connected(&mut self, slot: u8, ok: bool) {
        if ok {
            self.inbound.insert(slot, Inbound::default());
        }
        self.run(|core, now| core.stream_connected(slot, ok, now));
        self.feed(slot);
        self.drain();
    }

    /// The peer of a stream sends octets.
    pub fn stream_send(&mut self, slot: u8, bytes: &[u8]) {
        if let Some(inbound) = self.inbound.get_mut(&slot) {
            inbound.bytes.extend(bytes);
        }
        self.feed(slot);
        self.drain();
    }

    /// The peer of a stream closes it.
    pub fn stream_close(&mut self, slot: u8) {
        if let Some(inbound) = self.inbound.get_mut(&slot) {
            inbound.closed = true;
        }
        self.feed(slot);
        self.drain();
    }

    /// The peer of a stream resets it.
    pub fn stream_reset(&mut self, slot: u8) {
        if self.inbound.remove(&slot).is_some() {
            self.run(|core, now| core.stream_failed(slot, now));
        }
    }

    /// True while the core has not closed the stream.
    pub fn stream_is_open(&self, slot: u8) -> bool {
        self.inbound.contains_key(&slot)
    }

    /// Hands in what waits, as far as the core has room for it.
    fn feed(&mut self, slot: u8) {
        let now = self.now;
        while let Some(inbound) = self.inbound.get_mut(&slot) {
            if inbound.bytes.is_empty() && !inbound.closed {
                return;
            }
            let bytes = inbound.bytes.make_contiguous();
            let n = boot::sealed(|| {
                let room = self.core.stream_room(slot);
                if room.is_empty() {
                    return None;
                }
                let n = room.len().min(bytes.len());
                room[..n].copy_from_slice(&bytes[..n]);
                self.core.stream_read(slot, n, now);
                Some(n)
            });
            let Some(n) = n else { return };
            inbound.bytes.drain(..n);
            if n == 0 {
                inbound.closed = false;
            }
        }
    }

    fn flush(&mut self, slot: u8) {
        let now = self.now;
        loop {
            let output = self.core.stream_output(slot);
            let n = output.len().min(self.stream_window);
            if n == 0 {
                return;
            }
            let bytes = output[..n].to_vec();
            boot::sealed(|| self.core.stream_wrote(slot, n, now));
            self.out.push_back(Out::Stream { slot, bytes });
        }
    }

    /// Files that transfers hold open.
    pub fn open_file_count(&self) -> usize {
        self.open_files.len()
    }

    /// The hardware address that the neighbour table has for an address.
    pub fn know_neighbour(&mut self, addr: IpAddr, hw: HwAddr) {
        self.neighbours.insert(addr, hw);
        self.core.world.neighbours.heard(Neighbour { index: 0, addr, hw }, &mut |_, _| {});
    }
}

/// An action with its octets.
enum Owned {
    Datagram(Route, Vec<u8>),
    Out(Out),
    UpstreamPort(u16, u16),
    UpstreamMark(u16, u32),
    UpstreamClose(u16),
    TransferPort(u16, u16),
    StreamFlush(u8),
    StreamClose(u8),
    FileOpen(u16, Vec<u8>),
    FileRead(u16, u64, u16),
    TransferClose(u16),
    NeighbourAsk(u16, IpAddr),
    LeaseAt(u64, Vec<u8>),
    LeaseAppend(Vec<u8>),
    LeaseRewrite,
    Script(Vec<u8>),
    Log(Logged),
}

/// A notification as text.
fn notice(record: &[u8]) -> String {
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    let mut words = Vec::new();
    for item in blob::items(record) {
        match item.id {
            blob::attr::METHOD => words.push(text(item.text().unwrap_or_default())),
            blob::attr::DATA => words.extend(blob::items(item.data).map(|field| match field.id {
                blob::field::NUMBER => format!("{}={}", text(field.name), field.number().unwrap_or_default()),
                _ => format!("{}={}", text(field.name), text(field.text().unwrap_or_default())),
            })),
            _ => {}
        }
    }
    words.join(" ")
}
