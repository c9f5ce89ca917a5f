//! The core: owns the tables and the engines, hands each input to the engine
//! it belongs to, and folds their deadlines. It does no I/O: the shell, the
//! scenario runner, the simulation and the fuzzer drive this same type.
//!
//! Order of use: `new`, `interfaces_changed`, then any inputs in any order;
//! after each one (or each batch, while `outbox.has_room()`), everything in
//! `outbox` is performed in order and the outbox cleared.

use crate::base::bytes::Writer;
use crate::base::net::IfIndex;
use crate::base::random::Random;
use crate::base::time::{Due, Now};
use crate::config::Config;
use crate::outbox::Outbox;
use crate::outbox::action::{Arrival, Door};
use crate::outbox::change::Change;
use crate::store::interfaces::Interfaces;
use std::net::{IpAddr, SocketAddr};

/// The tables that more than one engine reads.
pub struct World {
    /// Interfaces and their addresses.
    pub interfaces: Box<Interfaces>,
    /// Randomness.
    pub random: Random,
}

/// Tables and engines.
pub struct Core {
    /// What the operator said.
    pub config: Config,
    /// The tables.
    pub world: World,
    /// What is to be done.
    pub outbox: Outbox,
}

/// How far `Core::lease_text` has come.
#[derive(Clone, Copy, Default)]
pub struct LeaseCursor {
    /// Leases written.
    pub at: u32,
}

impl Core {
    /// Everything the configuration asks for; all allocation happens here.
    pub fn new(config: Config, random: Random) -> Self {
        let world = World { interfaces: Box::default(), random };
        Core { config, world, outbox: Outbox::new() }
    }

    /// One datagram. The caller drains the outbox first unless it `has_room`.
    pub fn arrived(&mut self, arrival: &Arrival, bytes: &[u8], now: Now) {
        let _ = (bytes, now);
        match arrival.door {
            Door::Dns(_) | Door::Upstream { .. } => {}
            Door::Dhcp4 | Door::Icmp4 => {}
            Door::Tftp(_) | Door::Transfer(_) => {}
        }
    }

    /// The earliest deadline of any engine.
    pub fn next_due(&self) -> Option<Due> {
        None
    }

    /// Lets the engines whose deadline has come do their work.
    pub fn due(&mut self, now: Now) {
        let _ = now;
    }

    /// Tells the engines concerned.
    pub fn change(&mut self, change: Change, now: Now) {
        let _ = (change, now);
    }

    /// A client connected by TCP; its slot, or nothing when it is to be closed.
    pub fn stream_accepted(
        &mut self,
        listener: u8,
        from: SocketAddr,
        to: IpAddr,
        iface: IfIndex,
        now: Now,
    ) -> Option<u8> {
        let _ = (listener, from, to, iface, now);
        None
    }

    /// The connection of `Action::StreamConnect` stands, or failed.
    pub fn stream_connected(&mut self, slot: u8, ok: bool, now: Now) {
        let _ = (slot, ok, now);
    }

    /// Where to read into; empty when the stream is not to be read now.
    pub fn stream_room(&mut self, slot: u8) -> &mut [u8] {
        let _ = slot;
        &mut []
    }

    /// `n` octets were read into the room; 0: the peer has closed.
    pub fn stream_read(&mut self, slot: u8, n: usize, now: Now) {
        let _ = (slot, n, now);
    }

    /// What is to be written to the stream.
    pub fn stream_output(&self, slot: u8) -> &[u8] {
        let _ = slot;
        &[]
    }

    /// The peer took `n` octets of the output.
    pub fn stream_wrote(&mut self, slot: u8, n: usize, now: Now) {
        let _ = (slot, n, now);
    }

    /// Reading or writing failed.
    pub fn stream_failed(&mut self, slot: u8, now: Now) {
        let _ = (slot, now);
    }

    /// The next piece of the whole lease file (`LeaseWrite::Rewrite`); false
    /// when the file is complete.
    pub fn lease_text(&mut self, cursor: &mut LeaseCursor, out: &mut Writer) -> bool {
        let _ = (cursor, out);
        false
    }
}
