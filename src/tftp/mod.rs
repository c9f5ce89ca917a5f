//! The TFTP server: read requests, options, many transfers at once, in a fixed
//! table of `tftp-max` slots. Files are opened and read by the daemon
//! (`Action::FileOpen`, `FileRead`) and come back as changes.
//!
//! RFC 1350, 2347, 2348, 2349, 7440. Write requests are refused. Behaviour and
//! texts are those of dnsmasq; where this differs, it says why.
//! `options` is what is agreed on, `path` what a name means, `transfer` the
//! state of one client.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic))]
#![cfg_attr(not(test), deny(clippy::unreachable, clippy::string_slice))]

mod options;
mod path;
mod request;
mod transfer;
#[cfg(test)]
mod tftp_tests;

use crate::base::net::ip_of;
use crate::base::errno;
use crate::base::time::{Due, Millis, Now, Why};
use crate::base::text;
use crate::config::Tftp;
use crate::limits;
use crate::outbox::Outbox;
use crate::outbox::action::{Action, Arrival, Door, Route};
use crate::outbox::change::{Change, Errno, FileInfo};
use crate::outbox::lines::{self, Arg, Line};
use crate::store::interfaces::Interfaces;
use crate::wire::tftp::{self, Code, Packet};
use transfer::{Phase, Step, Transfer};

/// What a TFTP server can see and touch.
pub struct Surroundings<'a> {
    /// What the operator said.
    pub config: &'a Tftp,
    /// `edns-packet-max`: it bounds the block size.
    pub edns_max: u16,
    /// `quiet-tftp`.
    pub quiet: bool,
    /// A program is to be told of what was sent.
    pub scripted: bool,
    /// The time.
    pub now: Now,
    /// Where requests may come from.
    pub interfaces: &'a Interfaces,
    /// What is to be done.
    pub out: &'a mut Outbox,
}

/// The server.
pub struct Server {
    /// Slots that were ever used; the rest of the room is untouched memory.
    transfers: Vec<Transfer>,
    /// The earliest deadline of a transfer; looked for after each event of ours,
    /// so that other packets do not pay for it.
    earliest: Millis,
}

impl Server {
    /// A server for as many transfers as the configuration allows.
    pub fn new(config: &Tftp) -> Self {
        Server { transfers: Vec::with_capacity(config.transfers().into()), earliest: Millis::NEVER }
    }

    /// Octets of its table for a configuration.
    pub fn bytes(config: &Tftp) -> usize {
        usize::from(config.transfers()).saturating_mul(size_of::<Transfer>())
    }

    /// Transfers under way.
    pub fn active(&self) -> usize {
        self.transfers.iter().filter(|transfer| transfer.is_active()).count()
    }

    /// A packet has come.
    pub fn on_datagram(&mut self, with: &mut Surroundings, arrival: &Arrival, bytes: &[u8]) {
        self.packet(with, arrival, bytes);
        self.look_ahead();
    }

    fn packet(&mut self, with: &mut Surroundings, arrival: &Arrival, bytes: &[u8]) {
        match arrival.door {
            Door::Transfer(slot) => self.on_reply(with, slot, arrival, bytes),
            Door::Tftp(_) => match self.at_our_port(with, arrival) {
                Some(slot) if tftp::opcode_is_reply(bytes) => self.on_reply(with, slot, arrival, bytes),
                _ => request::on_request(self, with, arrival, bytes),
            },
            _ => {}
        }
    }

    /// In single-port mode a client is known by its address and port.
    fn at_our_port(&self, with: &Surroundings, arrival: &Arrival) -> Option<u16> {
        with.config.single_port.then(|| self.of_client(arrival)).flatten()
    }

    /// The transfer of the client that this came from.
    fn of_client(&self, arrival: &Arrival) -> Option<u16> {
        let same = |t: &Transfer| t.is_active() && t.route.to == arrival.from && t.route.source == Some(arrival.to);
        self.transfers.iter().position(same).and_then(|at| u16::try_from(at).ok())
    }

    fn get(&mut self, slot: u16) -> Option<&mut Transfer> {
        self.transfers.get_mut(usize::from(slot))
    }

    /// A packet that belongs to a transfer, or pretends to.
    fn on_reply(&mut self, with: &mut Surroundings, slot: u16, arrival: &Arrival, bytes: &[u8]) {
        let Some(transfer) = self.get(slot).filter(|transfer| transfer.is_active()) else { return };
        let packet = tftp::parse(bytes);
        if transfer.route.to != arrival.from {
            // An error is never answered with an error: two servers would go
            // on for ever.
            if !matches!(packet, Some(Packet::Error { .. })) {
                let route = Route { to: arrival.from, ..transfer.route };
                refuse(with, route, Code::UnknownTransfer, &lines::tftp::MISMATCH, &[Arg::Ip(ip_of(&arrival.from))]);
            }
            return;
        }
        match packet {
            Some(Packet::Ack { block }) => match transfer.on_ack(block, with.now.mono) {
                Step::Ignore => {}
                Step::Send => self.pump(with, slot),
                Step::Done => self.finish(with, slot, &lines::tftp::SENT),
            },
            Some(Packet::Error { code, text }) => {
                let text = path::shown(text);
                let args = [Arg::Number(code.into()), Arg::Text(&text), Arg::Ip(ip_of(&arrival.from))];
                with.out.log(&lines::tftp::CLIENT_ERROR, &args);
                // Quirk: whoever has everything got its file, whatever it says
                // instead of the last acknowledgement (as in dnsmasq's log).
                let all = self.get(slot).is_some_and(|transfer| transfer.is_all_sent());
                self.finish(with, slot, if all { &lines::tftp::SENT } else { &lines::tftp::FAILED });
            }
            _ => {}
        }
    }

    /// Asks for what the window allows to be sent, or sends it when there is
    /// nothing to read.
    fn pump(&mut self, with: &mut Surroundings, slot: u16) {
        let Some(transfer) = self.get(slot) else { return };
        match transfer.next_read() {
            Some((offset, 0)) => self.on_block(with, slot, offset, Ok(&[])),
            Some((offset, len)) => with.out.push(Action::FileRead { slot, offset, len }),
            None => {}
        }
        if let Some(transfer) = self.get(slot) {
            transfer.wait(with.now.mono);
        }
    }

    /// Octets of the file: as many blocks as they make.
    fn on_block(&mut self, with: &mut Surroundings, slot: u16, offset: u64, result: Result<&[u8], Errno>) {
        let Some(transfer) = self.get(slot) else { return };
        let (mut left, enough) = match result {
            Ok(bytes) => (bytes, transfer.expects(offset, bytes.len())),
            Err(_) => (Default::default(), transfer.expects(offset, 0)),
        };
        match (enough, result) {
            (None, _) => return,
            (Some(_), Err(errno)) => return self.cannot_read(with, slot, errno),
            (Some(false), _) => return self.cannot_read(with, slot, errno::EIO),
            (Some(true), Ok(_)) => {}
        }
        while transfer.wants_block(left) {
            let mut taken = 0;
            let max = transfer.packet_max();
            with.out.datagram(transfer.route, max, |out| taken = transfer.write_block(out, left));
            left = left.get(taken..).unwrap_or_default();
        }
        self.pump(with, slot);
    }

    fn cannot_read(&mut self, with: &mut Surroundings, slot: u16, errno: Errno) {
        let Some(transfer) = self.get(slot) else { return };
        let file = path::shown(&transfer.path);
        refuse(with, transfer.route, Code::Other, &lines::tftp::CANNOT_READ, &[Arg::Text(&file), Arg::Errno(errno)]);
        self.close(with, slot);
    }

    /// The file is open, or not: the first packet.
    fn on_opened(&mut self, with: &mut Surroundings, slot: u16, result: Result<FileInfo, Errno>) {
        let Some(transfer) = self.get(slot) else { return };
        if !transfer.answered() {
            return;
        }
        match transfer.phase {
            Phase::Opening => {}
            Phase::Directory => {
                // One that we may not look into exists all the same.
                let exists = result.map_or_else(|errno| errno == errno::EACCES, |info| info.directory);
                return request::open(self, with, slot, exists);
            }
            _ => return,
        }
        match result.and_then(|info| allowed(with.config, &info)) {
            Ok(size) => {
                transfer.begin(size, with.now.mono);
                self.first_packet(with, slot);
            }
            Err(errno) => self.no_file(with, slot, errno),
        }
    }

    fn first_packet(&mut self, with: &mut Surroundings, slot: u16) {
        let Some(transfer) = self.get(slot) else { return };
        if transfer.phase == Phase::Options {
            let (options, size) = (transfer.options, transfer.size());
            with.out.datagram(transfer.route, 128, |out| options.write(out, size));
            transfer.wait(with.now.mono);
        } else {
            self.pump(with, slot);
        }
    }

    /// The file is not there, or not for this client.
    fn no_file(&mut self, with: &mut Surroundings, slot: u16, errno: Errno) {
        let Some(transfer) = self.get(slot) else { return };
        let (route, file) = (transfer.route, path::shown(&transfer.path));
        let file = Arg::Text(&file);
        match errno {
            errno::ENOENT => {
                let args = [file, Arg::Ip(ip_of(&route.to))];
                send_error(with.out, route, Code::NotFound, &lines::tftp::NOT_FOUND, &args);
                if !with.quiet {
                    with.out.log(&lines::tftp::NOT_FOUND, &args);
                }
            }
            errno::EACCES => {
                refuse(with, route, Code::Access, &lines::tftp::NO_ACCESS, &[file, Arg::Errno(errno)]);
            }
            _ => refuse(with, route, Code::Other, &lines::tftp::CANNOT_READ, &[file, Arg::Errno(errno)]),
        }
        self.close(with, slot);
    }

    /// Says how a transfer ended and forgets it.
    fn finish(&mut self, with: &mut Surroundings, slot: u16, line: &'static Line) {
        let Some(transfer) = self.get(slot) else { return };
        let file = path::shown(&transfer.path);
        let to = ip_of(&transfer.route.to);
        with.out.log(line, &[Arg::Text(&file), Arg::Ip(to)]);
        if with.scripted && line.text == lines::tftp::SENT.text {
            let record = with.out.write(64 + transfer.path.len(), |out| {
                out.u8(4);
                out.bytes(b"tftp\0");
                text::decimal(out, transfer.size());
                out.u8(0);
                text::ip(out, to);
                out.u8(0);
                out.bytes(&transfer.path);
                out.u8(0);
            });
            if let Some(record) = record {
                with.out.push(Action::Script { record });
            }
        }
        self.close(with, slot);
    }

    fn close(&mut self, with: &mut Surroundings, slot: u16) {
        if let Some(transfer) = self.get(slot) {
            transfer.phase = Phase::Free;
            with.out.push(Action::TransferClose { slot });
        }
    }

    /// Something has happened.
    pub fn on_change(&mut self, with: &mut Surroundings, change: &Change) {
        self.changed(with, change);
        self.look_ahead();
    }

    fn changed(&mut self, with: &mut Surroundings, change: &Change) {
        match *change {
            Change::Opened { slot, result } => self.on_opened(with, slot, result),
            Change::Block { slot, offset, result } => self.on_block(with, slot, offset, result),
            Change::Neighbour { slot, hw } => request::on_neighbour(self, with, slot, &hw),
            Change::SendFailed { door: Door::Transfer(slot), errno: errno::EADDRINUSE, .. } => {
                self.on_port_taken(with, slot);
            }
            _ => {}
        }
    }

    /// Somebody else has the port that was chosen for this transfer.
    fn on_port_taken(&mut self, with: &mut Surroundings, slot: u16) {
        let Some(transfer) = self.get(slot).filter(|transfer| transfer.is_active()) else { return };
        let (behind, source) = (transfer.port, transfer.route.source);
        match behind.checked_add(1).and_then(|from| self.free_port(with.config, from, source)) {
            Some(port) => {
                with.out.push(Action::TransferPort { slot, port });
                if let Some(transfer) = self.get(slot) {
                    transfer.port = port;
                    transfer.go_back();
                    self.first_packet(with, slot);
                }
            }
            None => {
                with.out.log(&lines::tftp::NO_PORT, &[]);
                self.close(with, slot);
            }
        }
    }

    /// The first port of `tftp-port-range` at or behind `from` that no transfer
    /// from this address of ours uses; 0 when any port will do.
    fn free_port(&self, config: &Tftp, from: u16, source: Option<std::net::IpAddr>) -> Option<u16> {
        let Some((first, last)) = config.ports else { return Some(0) };
        let used = |port| self.transfers.iter().any(|t| t.is_active() && t.port == port && t.route.source == source);
        (first.max(from)..=last).find(|port| !used(*port))
    }

    /// Sends again, or gives up, whatever is due.
    pub fn on_due(&mut self, with: &mut Surroundings) {
        self.serve_due(with);
        self.look_ahead();
    }

    fn serve_due(&mut self, with: &mut Surroundings) {
        for slot in 0..with.config.transfers() {
            let now = with.now.mono;
            let Some(transfer) = self.get(slot).filter(|transfer| transfer.due() <= now) else { continue };
            if !with.out.has_room() {
                // What is left is still due in the next turn.
                return;
            }
            if transfer.is_over(now) {
                // Quirk: a client that only keeps the last acknowledgement to
                // itself has its file; dnsmasq counts that as sent.
                let line: &Line = if transfer.is_all_sent() { &lines::tftp::SENT } else { &lines::tftp::TIMED_OUT };
                self.finish(with, slot, line);
            } else if transfer.try_again() {
                self.first_packet(with, slot);
            }
        }
    }

    /// When something is due next.
    pub fn next_due(&self) -> Option<Due> {
        (self.earliest != Millis::NEVER).then_some(Due { at: self.earliest, why: Why::Transfer })
    }

    fn look_ahead(&mut self) {
        self.earliest = self.transfers.iter().map(Transfer::due).min().unwrap_or(Millis::NEVER);
    }

    /// Every invariant of the table: no client has two transfers at one port.
    pub fn check(&self) {
        for (at, one) in self.transfers.iter().enumerate().filter(|(_, t)| t.is_active()) {
            let same = |t: &&Transfer| t.is_active() && t.route.door == one.route.door;
            let twins = self.transfers.iter().skip(at.saturating_add(1)).filter(same);
            debug_assert!(twins.filter(|t| t.route.to == one.route.to).count() == 0, "two transfers of one client");
            one.check();
        }
    }
}

/// The size of a file that may be sent.
fn allowed(config: &Tftp, info: &FileInfo) -> Result<u64, Errno> {
    // Root is refused nothing by the kernel, so it must be told what others
    // may read; `tftp-secure` is for those who are not root.
    let own = info.as_root || info.own || !config.secure;
    let readable = info.world_readable || !info.as_root;
    match info {
        FileInfo { directory: true, .. } => Err(errno::EISDIR),
        FileInfo { regular: true, size, .. } if own && readable => Ok(*size),
        _ => Err(errno::EACCES),
    }
}

/// Tells a client and the log the same thing.
fn refuse(with: &mut Surroundings, route: Route, code: Code, line: &'static Line, args: &[Arg]) {
    send_error(with.out, route, code, line, args);
    with.out.log(line, args);
}

fn send_error(out: &mut Outbox, route: Route, code: Code, line: &'static Line, args: &[Arg]) {
    let max = limits::TFTP_PATH_MAX.saturating_add(128);
    out.datagram(route, max, |out| tftp::write_error(out, code, |out| lines::render(out, line, args)));
}
