//! Performs what the engines said, in order.
//!
//! Datagrams of a round are collected and leave at its end, one call a socket;
//! whatever was promised in the lease file is on the medium before. A send that
//! would block is told and dropped, never tried again. Actions that an engine
//! is answered for (a file opened, a send failed) are answered after the round,
//! which may begin the next one.

use crate::base::bytes::Writer;
use crate::base::net::{HwAddr, IfIndex};
use crate::base::time::Now;
use crate::config::Config;
use crate::daemon::bus::Bus;
use crate::daemon::capture::Capture;
use crate::daemon::core::Core;
use crate::daemon::journal::Journal;
use crate::daemon::lease_disk::LeaseDisk;
use crate::daemon::marks::Marks;
use crate::daemon::scripts::Scripts;
use crate::daemon::sets::Sets;
use crate::daemon::sockets::Sockets;
use crate::daemon::tokens::Place;
use crate::limits;
use crate::outbox::Outbox;
use crate::outbox::action::{Action, Arrival, Door, LeaseWrite, Route, Span};
use crate::outbox::change::{Change, Errno, FileInfo};
use crate::outbox::lines::{self, Arg, Line};
use crate::platform::sockets::{Outgoing, Sender};
use crate::platform::sys;
use crate::platform::{clock, files, identity, neighbours, streams};
use arrayvec::ArrayVec;
use mio::Interest;
use std::os::fd::AsFd;
use std::ffi::CStr;
use std::net::{IpAddr, SocketAddr};

/// What an engine is told after the round in which it spoke.
enum Answer {
    SendFailed { door: Door, to: SocketAddr, errno: Errno },
    Opened { slot: u16, result: Result<FileInfo, Errno> },
    Read { slot: u16, offset: u64, len: u16 },
    Neighbour { slot: u16, hw: HwAddr },
    Connect { slot: u8, to: SocketAddr, source: Option<IpAddr>, iface: IfIndex, mark: u32 },
    Flush { slot: u8 },
    Close { slot: u8 },
    Leases(Result<(), Errno>),
}

type Answers = heapless::Deque<Answer, { 2 * limits::OUTBOX_ACTIONS }>;

/// Puts an answer behind the others. Only for an engine that says more than
/// its limit there is no room; it asks again.
fn later(answers: &mut Answers, answer: Answer) {
    let _ = answers.push_back(answer);
}

/// Performs actions.
pub struct Deliver {
    /// What is open.
    pub sockets: Sockets,
    /// The log.
    pub journal: Journal,
    /// The lease file.
    pub leases: LeaseDisk,
    /// The capture file.
    pub capture: Capture,
    /// The way to sets of the kernel.
    pub sets: Sets,
    /// The way to connection tracking.
    pub marks: Marks,
    /// OpenWrt's bus.
    pub bus: Bus,
    /// Who runs the program that follows leases.
    pub scripts: Scripts,
    sender: Sender,
    /// Places of datagrams in the outbox that have not left yet.
    pending: ArrayVec<u16, { limits::OUTBOX_ACTIONS }>,
    answers: Box<Answers>,
    block: Box<[u8]>,
    uid: u32,
}

impl Deliver {
    /// With nothing said yet.
    pub fn new(sockets: Sockets, journal: Journal, leases: LeaseDisk, scripts: Scripts, sets: Sets, capture: Capture) -> Self {
        Deliver {
            sockets,
            journal,
            leases,
            scripts,
            sets,
            marks: Marks::closed(),
            bus: Bus::closed(),
            capture,
            sender: Sender::new(limits::SEND_BATCH),
            pending: ArrayVec::new(),
            answers: Box::default(),
            block: vec![0; limits::FILE_READ_MAX].into_boxed_slice(),
            uid: identity::effective_uid(),
        }
    }

    /// Writes a log line of the daemon itself at once.
    pub fn say(&mut self, line: &Line, args: &[Arg]) {
        say(&mut self.journal, line, args);
    }

    /// Waits for the bus, if there is one.
    pub fn watch_bus(&mut self) -> Result<(), Errno> {
        let Some(socket) = self.bus.socket() else { return Ok(()) };
        self.sockets.watch_for(socket.as_fd(), Place::Bus, Interest::READABLE | Interest::WRITABLE)
    }

    /// Tries the bus again, when it is time.
    pub fn bus_due(&mut self, now: Now) {
        let Deliver { bus, journal, .. } = self;
        if bus.due(now, &mut |line, args| say(journal, line, args)) && self.watch_bus().is_err() {
            self.bus.give_up(now);
        }
    }

    /// The bus takes more, or has said something.
    pub fn bus_serve(&mut self, core: &mut Core, now: Now) {
        let Deliver { bus, journal, .. } = self;
        bus.serve(core, now, &mut |line, args| say(journal, line, args));
        core.outbox.hears = bus.hears();
    }

    /// Logs what the helper that runs programs has said.
    pub fn hear_scripts(&mut self, config: &Config) {
        let program = config.script.program().map_or(&[][..], CStr::to_bytes);
        let journal = &mut self.journal;
        self.scripts.hear(program, &mut |line, args| say(journal, line, args));
    }

    /// Writes a datagram that came to the capture file.
    pub fn capture_arrival(&mut self, arrival: &Arrival, to: Option<IpAddr>, bytes: &[u8]) {
        let Deliver { sockets, capture, journal, .. } = self;
        if capture.is_on() && let Some(socket) = sockets.of_door(arrival.door) {
            capture.came(arrival.door, socket, arrival.from, to, bytes, &mut |line, args| say(journal, line, args));
        }
    }

    /// The mark of a client's connection.
    pub fn mark(&mut self, client: SocketAddr, to: IpAddr, tcp: bool) -> u32 {
        let Deliver { marks, journal, .. } = self;
        marks.of(client, to, tcp, &mut |line, args| say(journal, line, args))
    }

    /// Performs everything in the outbox and what follows from it.
    pub fn drain(&mut self, core: &mut Core, now: Now) {
        loop {
            self.round(core, now);
            core.outbox.clear();
            if self.answers.is_empty() {
                return self.scripts.pump(core, now, false);
            }
            while core.outbox.has_room()
                && let Some(answer) = self.answers.pop_front()
            {
                self.answer(core, answer, now);
            }
        }
    }

    fn round(&mut self, core: &mut Core, now: Now) {
        for place in 0..core.outbox.actions().len() {
            match core.outbox.actions().get(place) {
                Some(Action::Datagram { .. }) => {
                    // There is room for every place of the outbox.
                    let _ = self.pending.try_push(u16::try_from(place).unwrap_or(u16::MAX));
                }
                Some(action) => {
                    let action = *action;
                    self.perform(core, &action, now);
                }
                None => break,
            }
        }
        self.flush(core);
    }

    fn perform(&mut self, core: &mut Core, action: &Action, now: Now) {
        let out = &core.outbox;
        match *action {
            Action::Datagram { .. } => {}
            Action::Log { channel, level, text } => {
                self.journal.line(channel, level, out.bytes(text), now.wall);
            }
            Action::UpstreamPort { slot, port } => self.sockets.set_upstream_port(slot, port),
            Action::UpstreamMark { slot, mark } => {
                if self.sockets.upstream_mark(slot) != mark {
                    self.flush_if(core, |door| matches!(door, Door::Upstream { slot: of, .. } if of == slot));
                    self.sockets.set_upstream_mark(slot, mark);
                }
            }
            Action::UpstreamClose { slot } => {
                self.flush_if(core, |door| matches!(door, Door::Upstream { slot: of, .. } if of == slot));
                self.sockets.close_upstream(slot);
            }
            Action::TransferClose { slot } => {
                self.flush_if(core, |door| door == Door::Transfer(slot));
                self.sockets.close_transfer(slot);
            }
            Action::TransferPort { slot, port } => {
                if let Some(transfer) = self.sockets.transfers.get_mut(usize::from(slot)) {
                    transfer.port = port;
                }
            }
            Action::Lease(LeaseWrite::At { offset, bytes }) => self.leases.write_at(offset, out.bytes(bytes)),
            Action::Lease(LeaseWrite::Append { bytes }) => self.leases.append(out.bytes(bytes)),
            Action::Lease(LeaseWrite::Rewrite) => self.leases.rewrite(),
            Action::Sets { ip, nft, addresses } => {
                let Deliver { sets, journal, .. } = self;
                sets.fill(&core.config.sets, (ip, nft), out.bytes(addresses), &mut |line, args| say(journal, line, args));
            }
            Action::Bus { about, record } => self.bus.tell(about, out.bytes(record)),
            Action::Script { record } => self.scripts.add(out.bytes(record)),
            Action::Neighbour { iface, addr, hw } => {
                let name = core.world.interfaces.get(iface).map(|known| known.name);
                if let (Some(socket), Some(name)) = (&self.sockets.dhcp4, name) {
                    // Refused for an address that is not on this net: then the
                    // reply finds its way without, or not at all.
                    let _ = neighbours::set(socket, name.as_bytes(), addr, &hw);
                }
            }
            Action::NeighbourAsk { slot, iface, addr } => {
                let hw = self.neighbour(core, iface, addr);
                later(&mut self.answers, Answer::Neighbour { slot, hw });
            }
            Action::FileOpen { slot, path } => {
                let result = self.open_file(out, slot, path);
                later(&mut self.answers, Answer::Opened { slot, result });
            }
            Action::FileRead { slot, offset, len } => later(&mut self.answers, Answer::Read { slot, offset, len }),
            Action::StreamConnect { slot, to, source, iface, mark } => {
                later(&mut self.answers, Answer::Connect { slot, to, source, iface, mark });
            }
            Action::StreamFlush { slot } => later(&mut self.answers, Answer::Flush { slot }),
            Action::StreamClose { slot } => later(&mut self.answers, Answer::Close { slot }),
        }
    }

    /// Lets pending datagrams leave if one of them goes by such a door.
    fn flush_if(&mut self, core: &mut Core, which: impl Fn(Door) -> bool) {
        let out = &core.outbox;
        if self.pending.iter().any(|place| route_at(out.actions(), *place).is_some_and(|route| which(route.door))) {
            self.flush(core);
        }
    }

    /// Lets all pending datagrams leave, a socket after the other.
    fn flush(&mut self, core: &mut Core) {
        if let Some(result) = self.leases.settle(core) {
            later(&mut self.answers, Answer::Leases(result));
        }
        let (out, actions) = (&core.outbox, core.outbox.actions());
        let Deliver { sockets, sender, pending, answers, capture, journal, .. } = self;
        while let Some(route) = pending.first().and_then(|place| route_at(actions, *place)) {
            let door = route.door;
            let chosen = pending.iter().filter_map(|place| route_at(actions, *place)).filter(|route| route.door == door);
            let mut failed = |nth: usize, errno| {
                if let Some(route) = chosen.clone().nth(nth) {
                    later(answers, Answer::SendFailed { door, to: route.to, errno });
                }
            };
            let alone = matches!(door, Door::Upstream { .. }) && chosen.clone().all(|other| other.to == route.to);
            let mut datagrams = pending.iter().filter_map(|place| datagram_at(out, actions, *place, door));
            let mut left = 0;
            match (sockets.open_for(route, alone), sockets.of_door(door)) {
                (Ok(()), Some(socket)) => {
                    if capture.is_on() {
                        for gone in datagrams.clone() {
                            let mut say = |line: &Line, args: &[Arg]| say(journal, line, args);
                            capture.left(door, socket, gone.source.copied(), *gone.to, gone.bytes, &mut say);
                        }
                    }
                    let mut datagrams = datagrams.by_ref().inspect(|_| left += 1);
                    sender.send(socket, &mut datagrams, &mut failed);
                }
                (opened, _) => {
                    let errno = opened.err().unwrap_or(sys::ENODEV);
                    (0..chosen.clone().count()).for_each(|nth| failed(nth, errno));
                }
            }
            if left == pending.len() {
                break;
            }
            pending.retain(|place| route_at(actions, *place).is_some_and(|route| route.door != door));
        }
        pending.clear();
    }

    fn neighbour(&self, core: &Core, iface: u32, addr: IpAddr) -> HwAddr {
        let name = core.world.interfaces.get(iface).map(|known| known.name);
        let socket = self.sockets.of_family_v4();
        match (addr, name, socket) {
            (IpAddr::V4(addr), Some(name), Some(socket)) => neighbours::get(socket, name.as_bytes(), addr),
            _ => HwAddr::default(),
        }
    }

    fn open_file(&mut self, out: &Outbox, slot: u16, path: Span) -> Result<FileInfo, Errno> {
        let path = CStr::from_bytes_with_nul(out.bytes(path)).map_err(|_| sys::EINVAL)?;
        let transfer = self.sockets.transfers.get_mut(usize::from(slot)).ok_or(sys::ENODEV)?;
        transfer.file = None;
        let file = files::open_read(path)?;
        let info = files::info(&file)?;
        transfer.file = Some(file);
        Ok(file_info(&info, self.uid))
    }

    fn answer(&mut self, core: &mut Core, answer: Answer, now: Now) {
        match answer {
            Answer::SendFailed { door, to, errno } => core.change(Change::SendFailed { door, to, errno }, now),
            Answer::Opened { slot, result } => core.change(Change::Opened { slot, result }, now),
            Answer::Neighbour { slot, hw } => core.change(Change::Neighbour { slot, hw }, now),
            Answer::Read { slot, offset, len } => {
                let file = self.sockets.transfers.get(usize::from(slot)).and_then(|t| t.file.as_ref());
                let room = self.block.get_mut(..usize::from(len)).unwrap_or_default();
                let got = file.ok_or(sys::EINVAL).and_then(|file| files::read_at(file, room, offset));
                let room: &[u8] = room;
                let result = got.map(|got| room.get(..got).unwrap_or_default());
                core.change(Change::Block { slot, offset, result }, now);
            }
            Answer::Leases(Ok(())) => core.change(Change::LeaseFileOk, now),
            Answer::Leases(Err(errno)) => core.change(Change::LeaseFileFailed { errno }, now),
            Answer::Connect { slot, to, source, iface, mark } => {
                let by = core.world.interfaces.get(iface).map(|known| known.name);
                match self.sockets.connect_stream(slot, to, source, by.as_ref().map(|name| name.as_bytes()), mark) {
                    Ok(true) => core.stream_connected(slot, true, now),
                    Ok(false) => {}
                    Err(_) => core.stream_connected(slot, false, now),
                }
            }
            Answer::Flush { slot } => {
                self.write_stream(core, slot, now);
                self.sockets.wake(Place::Stream(slot));
            }
            Answer::Close { slot } => self.sockets.close_stream(slot),
        }
    }

    /// Writes what a stream has to say, as far as the peer takes it.
    pub fn write_stream(&mut self, core: &mut Core, slot: u8, now: Now) {
        let stream = self.sockets.streams.get(usize::from(slot)).and_then(Option::as_ref);
        let Some(stream) = stream.filter(|stream| !stream.connecting) else { return };
        while core.outbox.has_room() {
            let output = core.stream_output(slot);
            if output.is_empty() {
                return;
            }
            if output.len() > limits::STREAM_REPLY_MAX {
                streams::widen(&stream.socket, output.len());
            }
            match streams::write(&stream.socket, output) {
                Ok(written) => core.stream_wrote(slot, written, now),
                Err(sys::EINTR) => {}
                Err(sys::EAGAIN) => return self.sockets.await_room(slot),
                Err(_) => return core.stream_failed(slot, now),
            }
        }
    }
}

fn say(journal: &mut Journal, line: &Line, args: &[Arg]) {
    let mut buffer = [0; limits::LOG_LINE_MAX];
    let mut out = Writer::new(&mut buffer);
    lines::render(&mut out, line, args);
    journal.line(line.channel, line.level, out.written(), clock::wall());
}

/// The route of the datagram at a place of the outbox.
fn route_at(actions: &[Action], place: u16) -> Option<&Route> {
    match actions.get(usize::from(place)) {
        Some(Action::Datagram { route, .. }) => Some(route),
        _ => None,
    }
}

/// The datagram there, if it leaves by this door.
fn datagram_at<'a>(out: &'a Outbox, actions: &'a [Action], place: u16, door: Door) -> Option<Outgoing<'a>> {
    let Some(Action::Datagram { route, bytes }) = actions.get(usize::from(place)) else { return None };
    // An answer by IPv4 takes the way of the routing table from the address
    // that was asked; it need not be the interface that the question came by.
    let routed = matches!(door, Door::Dns(_) | Door::Tftp(_) | Door::Transfer(_)) && route.to.is_ipv4();
    let iface = if routed && route.source.is_some() { 0 } else { route.iface };
    (route.door == door).then(|| Outgoing { bytes: out.bytes(*bytes), to: &route.to, source: route.source.as_ref(), iface })
}

/// What engines are told of a file.
pub fn file_info(info: &files::Info, uid: u32) -> FileInfo {
    FileInfo {
        size: info.size,
        device: info.device,
        inode: info.inode,
        mtime: crate::base::time::UnixTime(info.mtime),
        regular: info.is_regular(),
        directory: info.is_directory(),
        world_readable: info.is_world_readable(),
        own: info.uid == uid,
        as_root: uid == 0,
    }
}
