//! One transfer: where it stands, what an acknowledgement means for it, when
//! it is due. It neither sends nor reads; it says what to read next and turns
//! what was read into blocks.
//!
//! RFC 1350 §4 (lock step), §6 (the end), RFC 7440 §4 (windows), RFC 1123
//! §4.2.3.1 (a repeated acknowledgement never makes us send again: the
//! Sorcerer's Apprentice).

use super::options::Options;
use super::path::PathText;
use crate::base::bytes::Writer;
use crate::base::net::IfIndex;
use crate::base::time::Millis;
use crate::limits;
use crate::outbox::action::{Door, Route};
use crate::wire::tftp;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Seconds without progress after which a transfer is given up.
const GIVE_UP_SECS: u64 = 120;

/// What a transfer waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub enum Phase {
    /// Nothing: the slot is free.
    Free,
    /// The client's hardware address, for its directory.
    Neighbour,
    /// Whether the client has a directory.
    Directory,
    /// The file.
    Opening,
    /// The acknowledgement of the options.
    Options,
    /// Acknowledgements of blocks.
    Blocks,
}

/// What an acknowledgement asks us to do.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub enum Step {
    /// It is old, doubled or made up.
    Ignore,
    /// Send what the window allows.
    Send,
    /// The whole file has arrived.
    Done,
}

/// A place in a file that is sent as netascii: the octet, and whether the line
/// feed of a CR LF that was cut in two comes first.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct TextPlace {
    offset: u64,
    line_feed: bool,
}

/// A transfer.
pub struct Transfer {
    /// What it waits for.
    pub phase: Phase,
    /// The way to the client.
    pub route: Route,
    /// Local port, when `tftp-port-range` says which; else 0.
    pub port: u16,
    /// The file; while waiting for `Directory`: the prefix that is looked for.
    pub path: PathText,
    /// The requested name, until the path is known.
    pub name: PathText,
    /// What was agreed on.
    pub options: Options,
    /// Questions to the daemon that are not answered yet, over all clients that
    /// had this slot: only the answer to the last one counts.
    awaited: u8,
    /// Octets of the file.
    size: u64,
    /// Blocks acknowledged.
    acked: u64,
    /// Blocks sent.
    sent: u64,
    /// Where in the file the octets that were asked for begin.
    reading: Option<u64>,
    /// netascii: where the block behind the acknowledged ones begins and ends.
    text: (TextPlace, TextPlace),
    /// netascii: that block is the last one.
    text_ends: bool,
    /// The client acknowledged something: it is there, and wants this.
    confirmed: bool,
    /// The window was begun again because of an acknowledgement.
    went_back: bool,
    /// Times that the same thing was sent again.
    tries: u8,
    /// When to send again.
    retry_at: Millis,
    /// When there was progress.
    progress: Millis,
}

impl Transfer {
    /// As if so many blocks had come and been acknowledged, all but the last one.
    #[cfg(test)]
    pub fn skip_to(&mut self, blocks: u64) {
        (self.acked, self.sent) = (blocks.saturating_sub(1), blocks);
    }

    /// A free slot.
    pub fn free() -> Self {
        let nobody = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
        Transfer {
            phase: Phase::Free,
            route: Route { door: Door::Tftp(0), to: nobody, source: None, iface: IfIndex::default() },
            port: 0,
            path: PathText::new(),
            name: PathText::new(),
            options: Options::default(),
            awaited: 0,
            size: 0,
            acked: 0,
            sent: 0,
            reading: None,
            text: Default::default(),
            text_ends: false,
            confirmed: false,
            went_back: false,
            tries: 0,
            retry_at: Millis::NEVER,
            progress: Millis::default(),
        }
    }

    /// Takes the slot for a client.
    pub fn claim(&mut self, route: Route, port: u16) {
        *self = Transfer { phase: Phase::Opening, route, port, awaited: self.awaited, ..Transfer::free() };
    }

    /// A question about a file or a neighbour was asked.
    pub fn ask(&mut self) {
        self.awaited = self.awaited.saturating_add(1);
    }

    /// One was answered: true when it was the last one that was asked.
    pub fn answered(&mut self) -> bool {
        self.awaited = self.awaited.saturating_sub(1);
        self.awaited == 0
    }

    /// Octets of the file.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// True while something is promised to a client.
    pub fn is_active(&self) -> bool {
        self.phase != Phase::Free
    }

    /// True when the client has shown that it is there.
    pub fn is_confirmed(&self) -> bool {
        self.confirmed
    }

    /// True when this client has not answered a retry: others may have its slot.
    pub fn is_abandoned(&self, now: Millis) -> bool {
        let patience = u64::from(self.options.retry_secs).saturating_mul(2);
        let waits = matches!(self.phase, Phase::Options | Phase::Blocks);
        waits && !self.confirmed && now >= self.progress.plus_secs(patience)
    }

    /// The file is open: the first packet is due.
    pub fn begin(&mut self, size: u64, now: Millis) {
        self.size = size;
        self.phase = if self.options.any() { Phase::Options } else { Phase::Blocks };
        self.progress = now;
        self.tries = 0;
    }

    /// A packet left: it is awaited from now on.
    pub fn wait(&mut self, now: Millis) {
        let first = u64::from(self.options.retry_secs);
        // Quirk: the waits of dnsmasq, 2 2 3 3 5 5 9 9 … seconds.
        let more = match self.tries {
            0 => 0,
            tries => (1u64 << (tries / 2).min(6)).saturating_sub(1),
        };
        self.retry_at = now.plus_secs(first.saturating_add(more));
    }

    /// When something must happen.
    pub fn due(&self) -> Millis {
        match self.phase {
            Phase::Options | Phase::Blocks => self.retry_at.min(self.ends_at()),
            // Answered by the daemon in the same turn.
            _ => Millis::NEVER,
        }
    }

    fn ends_at(&self) -> Millis {
        self.progress.plus_secs(GIVE_UP_SECS)
    }

    /// True when there was no progress for too long.
    pub fn is_over(&self, now: Millis) -> bool {
        now >= self.ends_at()
    }

    /// True when all that is missing is the last acknowledgement.
    pub fn is_all_sent(&self) -> bool {
        self.phase == Phase::Blocks && self.sent > self.acked && self.is_last(self.sent)
    }

    /// Goes back to what was acknowledged. False when nothing may be sent:
    /// a client that never answered gets one retry, so that a forged request
    /// brings its victim two packets and no more.
    pub fn try_again(&mut self) -> bool {
        if !self.confirmed && self.tries > 0 {
            self.retry_at = Millis::NEVER;
            return false;
        }
        self.tries = self.tries.saturating_add(1);
        self.go_back();
        true
    }

    /// Begins the window again.
    pub fn go_back(&mut self) {
        self.sent = self.acked;
        self.reading = None;
    }

    /// An acknowledgement has come.
    pub fn on_ack(&mut self, block: u16, now: Millis) -> Step {
        match self.phase {
            Phase::Options if block == 0 => self.phase = Phase::Blocks,
            Phase::Blocks => {
                // Block numbers are the low sixteen bits of the count.
                let step = u64::from(block.wrapping_sub(self.acked as u16));
                if step > self.sent.saturating_sub(self.acked) {
                    return Step::Ignore;
                }
                if step == 0 {
                    return self.on_gap();
                }
                self.acked = self.acked.saturating_add(step);
                if self.is_last(self.acked) {
                    return Step::Done;
                }
                self.text.0 = self.text.1;
                // A window that arrived in part is continued where it broke
                // (RFC 7440 §4).
                self.go_back();
            }
            _ => return Step::Ignore,
        }
        self.confirmed = true;
        self.went_back = false;
        self.progress = now;
        self.tries = 0;
        Step::Send
    }

    /// The block before the window was acknowledged again. With windows that
    /// says that the first block of this one was lost; believed once.
    fn on_gap(&mut self) -> Step {
        if self.options.window == 1 || self.went_back || !self.confirmed {
            return Step::Ignore;
        }
        self.went_back = true;
        self.go_back();
        Step::Send
    }

    /// True when this block, counted from 1, ends the file: it is shorter than
    /// the others, possibly empty.
    fn is_last(&self, block: u64) -> bool {
        match self.options.netascii {
            true => self.text_ends && block > 0,
            false => block > self.size / u64::from(self.options.block.max(1)),
        }
    }

    /// What to read now: offset and octets (0: an empty block follows without
    /// reading). Nothing when the window is full.
    pub fn next_read(&mut self) -> Option<(u64, u16)> {
        let open = u64::from(self.options.window).saturating_sub(self.sent.saturating_sub(self.acked));
        if self.phase != Phase::Blocks || open == 0 || (self.sent > self.acked && self.is_last(self.sent)) {
            return None;
        }
        let block = u64::from(self.options.block);
        let offset = match self.options.netascii {
            true => self.text.0.offset,
            false => self.sent.saturating_mul(block),
        };
        let whole_blocks = (limits::FILE_READ_MAX as u64 / block.max(1)).min(open);
        let len = self.size.saturating_sub(offset).min(whole_blocks.saturating_mul(block));
        self.reading = Some(offset);
        Some((offset, u16::try_from(len).unwrap_or(u16::MAX)))
    }

    /// True when octets from `offset` were asked for and this many were to be
    /// expected; forgets that they were.
    pub fn expects(&mut self, offset: u64, len: usize) -> Option<bool> {
        (self.reading.take()? == offset).then(|| {
            let missing = self.size.saturating_sub(offset).saturating_sub(len as u64);
            // Less than a block although there is more: the file has shrunk.
            missing == 0 || len >= usize::from(self.options.block)
        })
    }

    /// Writes the next block (`wants_block` says whether there is one) from the
    /// start of `bytes`; says how many octets it took.
    pub fn write_block(&mut self, out: &mut Writer, bytes: &[u8]) -> usize {
        self.sent = self.sent.saturating_add(1);
        if self.options.netascii {
            return self.write_text(out, bytes);
        }
        let len = bytes.len().min(self.options.block.into());
        tftp::write_data(out, self.sent as u16, bytes.get(..len).unwrap_or_default());
        len
    }

    /// True when `write_block` may be called with what is left of a read.
    pub fn wants_block(&self, left: &[u8]) -> bool {
        let open = self.sent.saturating_sub(self.acked) < u64::from(self.options.window);
        let ended = self.sent > self.acked && self.is_last(self.sent);
        let whole = left.len() >= usize::from(self.options.block);
        let rest = self.size.checked_sub(self.sent.saturating_mul(self.options.block.into()));
        open && !ended && (whole || rest == Some(left.len() as u64) || self.options.netascii)
    }

    /// The largest packet.
    pub fn packet_max(&self) -> usize {
        usize::from(self.options.block).saturating_add(tftp::DATA_HEADER)
    }

    /// Every invariant of a transfer under way.
    pub fn check(&self) {
        debug_assert!(self.acked <= self.sent && self.sent.saturating_sub(self.acked) <= self.options.window.into());
        debug_assert!(!self.options.netascii || self.options.window == 1);
        debug_assert!(self.phase != Phase::Options || self.sent == 0);
    }

    fn write_text(&mut self, out: &mut Writer, bytes: &[u8]) -> usize {
        tftp::write_data(out, self.sent as u16, &[]);
        let mut room = usize::from(self.options.block);
        let mut place = self.text.0;
        let mut put = |octet: u8| {
            let fits = room > 0;
            if fits {
                out.u8(octet);
                room = room.saturating_sub(1);
            }
            fits
        };
        if place.line_feed && put(b'\n') {
            place.line_feed = false;
        }
        for octet in bytes {
            let fits = match octet {
                b'\n' => put(b'\r'),
                octet => put(*octet),
            };
            if !fits {
                break;
            }
            place.offset = place.offset.saturating_add(1);
            place.line_feed = *octet == b'\n' && !put(b'\n');
        }
        self.text.1 = place;
        self.text_ends = room > 0;
        bytes.len()
    }
}
