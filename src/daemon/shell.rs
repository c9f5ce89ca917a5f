//! The loop: waits, then timers before packets and old work before new, each
//! in bounded measure; hands what comes to the core and has what it says
//! performed. After start it allocates nothing and waits nowhere but in `poll`.

use crate::base::net::ip_of;
use crate::base::time::{Due, Millis, Now, Why};
use crate::config::{Bind, Mode};
use crate::daemon::core::Core;
use crate::daemon::deliver::Deliver;
use crate::daemon::directories::Directories;
use crate::daemon::links::Links;
use crate::daemon::neighbours::Neighbours;
use crate::daemon::listeners;
use crate::daemon::reload::{self, Reload};
use crate::daemon::resolv::Resolv;
use crate::daemon::tokens::Place;
use crate::limits;
use crate::outbox::action::{Arrival, Door};
use crate::outbox::change::Change;
use crate::outbox::lines::process;
use crate::platform::signals::{self, Signal};
use crate::platform::sockets::Receiver;
use crate::platform::sys;
use crate::platform::{clock, files, icmp, streams};
use mio::Events;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

/// Deadlines served in a turn.
const DUES_PER_TURN: usize = 16;

/// Connections accepted, and pieces read from one stream, in a turn.
const STREAM_STEPS: usize = 4;

/// Milliseconds after which a system log that did not tell is tried again.
const LOG_RETRY_MS: u64 = 100;

/// Everything that runs.
pub struct Shell {
    /// What the last wait told.
    pub events: Events,
    /// Tables and engines.
    pub core: Core,
    /// Performs.
    pub deliver: Deliver,
    /// Interfaces.
    pub links: Links,
    /// Neighbours, with `script-arp`.
    pub neighbours: Option<Neighbours>,
    /// Directories that are watched.
    pub directories: Directories,
    /// Files being read anew.
    pub reload: Reload,
    /// Resolv files.
    pub resolv: Resolv,
    /// Signals.
    pub signals: OwnedFd,
    /// Buffers for what is received.
    pub receiver: Receiver,
}

impl Shell {
    /// Runs until told to end; the exit status.
    pub fn run(&mut self) -> i32 {
        loop {
            if let Some(status) = self.turn() {
                return status;
            }
        }
    }

    fn next_due(&self) -> Option<Due> {
        Due::earlier(Due::earlier(self.core.next_due(), self.resolv.next_due()), self.deliver.bus.next_due())
    }

    /// How long nothing is to be done unless something comes.
    fn patience(&self) -> Option<Duration> {
        let reading = self.reload.patience();
        if !self.deliver.sockets.ready.is_empty() || reading == Some(0) {
            return Some(Duration::ZERO);
        }
        let now = clock::now().mono;
        let log = self.deliver.journal.is_behind().then(|| Due { at: now.plus_ms(LOG_RETRY_MS), why: Why::Log });
        let reading = reading.map(|ms| Due { at: now.plus_ms(ms), why: Why::Files });
        let due = Due::earlier(Due::earlier(self.next_due(), log), reading).filter(|due| due.at != Millis::NEVER);
        due.map(|due| Duration::from_millis(due.at.since(now)))
    }

    /// One turn of the loop; the exit status when it was the last.
    fn turn(&mut self) -> Option<i32> {
        let patience = self.patience();
        self.deliver.sockets.wait(&mut self.events, patience);
        let now = clock::now();
        for event in &self.events {
            self.deliver.sockets.ready.set(event.token().0);
            if event.is_read_closed() {
                self.deliver.sockets.peer_closed(event.token().0);
            }
        }
        self.dues(now);
        let mut from = 0;
        while let Some(number) = self.deliver.sockets.ready.next(from) {
            from = number + 1;
            match self.deliver.sockets.place(number) {
                Some(Place::Signals) => {
                    if let Some(status) = self.signals(now) {
                        return Some(status);
                    }
                }
                Some(place) => self.serve(place, now),
                None => self.deliver.sockets.ready.clear(number),
            }
        }
        reload::go_on(self, now);
        if self.deliver.journal.is_behind() {
            self.deliver.journal.pump();
        }
        None
    }

    /// Performs what was said.
    fn drain(&mut self, now: Now) {
        self.deliver.drain(&mut self.core, now);
    }

    fn dues(&mut self, now: Now) {
        for _ in 0..DUES_PER_TURN {
            if !self.core.next_due().is_some_and(|due| due.is_reached(now.mono)) {
                break;
            }
            self.core.due(now);
            self.drain(now);
        }
        if self.resolv.next_due().is_some_and(|due| due.is_reached(now.mono)) {
            self.resolv.look(&mut self.core, false, now);
            self.drain(now);
        }
        self.deliver.bus_due(now);
    }

    fn serve(&mut self, place: Place, now: Now) {
        match place {
            Place::Signals => {}
            Place::Links => {
                self.deliver.sockets.quiet(place);
                if self.links.changed() {
                    self.interfaces_changed(now);
                }
            }
            Place::Watch => {
                self.deliver.sockets.quiet(place);
                // What tells names the file: its time may be the same second.
                if self.resolv.changed() {
                    self.resolv.look(&mut self.core, true, now);
                    self.drain(now);
                }
            }
            // What is said while everything is read is looked at behind it.
            Place::Directories if self.reload.is_busy() => {}
            Place::Directories => {
                self.deliver.sockets.quiet(place);
                reload::look(self, now);
            }
            Place::Script => {
                self.deliver.sockets.quiet(place);
                self.deliver.hear_scripts(&self.core.config);
                self.deliver.scripts.pump(&mut self.core, now, false);
            }
            Place::Bus => {
                self.deliver.sockets.quiet(place);
                self.deliver.bus_serve(&mut self.core, now);
            }
            Place::Neighbours => {
                self.deliver.sockets.quiet(place);
                if let Some(neighbours) = &mut self.neighbours {
                    let arp = self.core.config.script.arp;
                    neighbours.changed(&mut self.core.world.neighbours, &mut |record| {
                        if arp {
                            self.deliver.scripts.add(record);
                        }
                    });
                }
                self.deliver.scripts.pump(&mut self.core, now, false);
            }
            Place::Upstream { slot, v6 } => self.datagrams(place, Door::Upstream { slot, v6 }, now),
            Place::Dhcp4 => self.datagrams(place, Door::Dhcp4, now),
            Place::Pxe4 => self.datagrams(place, Door::Pxe4, now),
            Place::Icmp4 => self.datagrams(place, Door::Icmp4, now),
            Place::Transfer(slot) => self.datagrams(place, Door::Transfer(slot), now),
            Place::Tftp(number) => self.datagrams(place, Door::Tftp(number), now),
            Place::Dns(number) => self.datagrams(place, Door::Dns(number), now),
            Place::Tcp(number) => self.accept(number, now),
            Place::Stream(slot) => self.stream(slot, now),
        }
    }

    /// Reads the interface table anew and lets everybody know.
    pub fn interfaces_changed(&mut self, now: Now) {
        if !self.links.read(&self.core.config, &mut self.core.world.interfaces) {
            self.deliver.sockets.wake(Place::Links);
        }
        self.links.tell_overflow(&mut self.core.outbox);
        if self.core.config.listen.bind == Bind::Dynamic {
            listeners::follow(&mut self.deliver.sockets, &mut self.core);
        }
        self.core.change(Change::Interfaces, now);
        self.drain(now);
    }

    /// One batch from a datagram socket.
    fn datagrams(&mut self, place: Place, door: Door, now: Now) {
        let received = match self.deliver.sockets.of_place(place) {
            Some(socket) => self.receiver.receive(socket),
            None => Err(sys::EAGAIN),
        };
        let got = match received {
            Ok(got) => got,
            Err(sys::EINTR) => return,
            Err(errno) => {
                self.deliver.sockets.quiet(place);
                // Nobody is there, says the network: as if the question had not left.
                if let Some(to) = self.deliver.sockets.peer(place).filter(|_| errno != sys::EAGAIN) {
                    self.core.change(Change::SendFailed { door, to, errno }, now);
                    self.drain(now);
                }
                return;
            }
        };
        if !self.receiver.maybe_more(got) {
            self.deliver.sockets.quiet(place);
        }
        for at in 0..got {
            let Some(datagram) = self.receiver.datagram(at) else { continue };
            if !self.core.outbox.has_room() {
                self.deliver.drain(&mut self.core, now);
            }
            let to = datagram.to.unwrap_or(ip_of(&datagram.from));
            let arrival = Arrival { door, from: datagram.from, to, iface: datagram.iface };
            self.deliver.capture_arrival(&arrival, datagram.to, datagram.bytes);
            let bytes = match door {
                Door::Icmp4 => icmp::message(datagram.bytes).unwrap_or_default(),
                _ => datagram.bytes,
            };
            if matches!(door, Door::Dns(_)) {
                self.core.world.mark = self.deliver.mark(datagram.from, to, false);
            }
            self.core.arrived(&arrival, bytes, now);
        }
        self.drain(now);
    }

    /// Takes waiting connections.
    fn accept(&mut self, number: u8, now: Now) {
        for _ in 0..STREAM_STEPS {
            let listener = self.deliver.sockets.dns.get(usize::from(number)).and_then(Option::as_ref);
            let accepted = match listener.and_then(|listener| listener.tcp.as_ref()) {
                Some(listener) => streams::accept(listener),
                None => Err(sys::EAGAIN),
            };
            let (socket, from) = match accepted {
                Ok(accepted) => accepted,
                // A client that went away while it waited is no reason to stop.
                Err(sys::EINTR | sys::ECONNABORTED) => continue,
                Err(_) => return self.deliver.sockets.quiet(Place::Tcp(number)),
            };
            let Some(to) = crate::platform::sockets::local_addr(socket.as_fd()) else { continue };
            let iface = self.interface_of(to);
            self.core.world.mark = self.deliver.mark(from, ip_of(&to), true);
            let slot = self.core.stream_accepted(number, from, ip_of(&to), iface, now);
            self.drain(now);
            if let Some(slot) = slot {
                match self.deliver.sockets.add_stream(slot, socket, false) {
                    // It mostly comes with its first question (`streams::listen`).
                    Ok(()) => self.stream(slot, now),
                    Err(_) => self.core.stream_failed(slot, now),
                }
            }
        }
    }

    /// The interface that a local address belongs to.
    fn interface_of(&self, addr: SocketAddr) -> u32 {
        if let SocketAddr::V6(v6) = addr
            && v6.scope_id() != 0
        {
            return v6.scope_id();
        }
        self.core.world.interfaces.owner(ip_of(&addr)).map_or(0, |known| known.index)
    }

    /// Something happened at a stream: it stands, takes output or has input.
    fn stream(&mut self, slot: u8, now: Now) {
        let place = Place::Stream(slot);
        let Some(stream) = self.deliver.sockets.streams.get_mut(usize::from(slot)).and_then(Option::as_mut) else {
            return self.deliver.sockets.quiet(place);
        };
        if core::mem::take(&mut stream.connecting) {
            let stands = streams::connect_result(&stream.socket).is_ok();
            self.core.stream_connected(slot, stands, now);
            return self.drain(now);
        }
        self.deliver.write_stream(&mut self.core, slot, now);
        self.drain(now);
        for _ in 0..STREAM_STEPS {
            let stream = self.deliver.sockets.streams.get(usize::from(slot)).and_then(Option::as_ref);
            let Some(stream) = stream.filter(|stream| !stream.connecting) else {
                return self.deliver.sockets.quiet(place);
            };
            let peer_closed = stream.peer_closed;
            let room = self.core.stream_room(slot);
            if room.is_empty() {
                return self.deliver.sockets.quiet(place);
            }
            let most = room.len();
            match streams::read(&stream.socket, room) {
                Ok(got) => {
                    // Less than there was room for is all there was (epoll(7)).
                    if got < most && !peer_closed {
                        self.deliver.sockets.quiet(place);
                        self.core.stream_read(slot, got, now);
                        return self.drain(now);
                    }
                    self.core.stream_read(slot, got, now);
                }
                Err(sys::EINTR) => continue,
                Err(sys::EAGAIN) => return self.deliver.sockets.quiet(place),
                Err(_) => self.core.stream_failed(slot, now),
            }
            self.drain(now);
        }
    }

    /// Performs signals; the exit status if one of them was the end.
    fn signals(&mut self, now: Now) -> Option<i32> {
        while let Some(signal) = signals::next(&self.signals) {
            match signal {
                Signal::Hup => reload::hup(self, now),
                Signal::Usr1 => self.core.change(Change::Statistics, now),
                Signal::Usr2 => self.deliver.journal.reopen(),
                Signal::Term => {
                    if let Some(path) = &self.core.config.process.pid_file {
                        // It may be in a directory that is not ours.
                        let _ = files::remove(path);
                    }
                    self.core.outbox.log(&process::EXITING, &[]);
                    self.drain(now);
                    self.deliver.scripts.pump(&mut self.core, now, true);
                    return Some(0);
                }
                Signal::Int if self.core.config.process.mode == Mode::Debug => return Some(5),
                Signal::Int => {}
            }
            self.drain(now);
        }
        self.deliver.sockets.quiet(Place::Signals);
        None
    }
}

/// Events told by one poll.
pub const EVENTS: usize = 64;

/// Buffers for one batch.
pub fn receiver() -> Receiver {
    Receiver::new(limits::BATCH, limits::DATAGRAM_MAX)
}
