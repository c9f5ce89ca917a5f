//! What a configuration costs: octets of everything that is sized at start, for
//! `--test` and for whoever plans a router's memory. Each part is made and its
//! cost read off the allocator, so the plan cannot differ from the program.
//! Pages are committed as tables fill: this is what may be used at most.

use crate::base::bytes::Writer;
use crate::base::hash::Key;
use crate::base::random::Random;
use crate::base::text;
use crate::config::Config;
use crate::daemon::bus;
use crate::daemon::journal::Journal;
use crate::daemon::shell;
use crate::daemon::sockets::Sockets;
#[cfg(feature = "dhcp4")]
use crate::dhcp4;
use crate::dns;
use crate::limits;
use crate::outbox::Outbox;
use crate::platform::heap;
use crate::platform::sockets::Sender;
use crate::store::cache::Cache;
use crate::store::interfaces::Interfaces;
#[cfg(feature = "dhcp4")]
use crate::store::leases::Leases;
#[cfg(feature = "tftp")]
use crate::tftp;

/// Columns of a line: the name, then the number to the right.
const COLUMNS: usize = 36;

/// The plan as text: a line a table and the sum. What is made to be measured
/// is not taken apart: the process ends behind this.
pub fn plan(config: &Config, random: &mut Random) -> Vec<u8> {
    let mut plan = Plan { text: Vec::new(), sum: 0 };
    plan.line(b"configuration", heap::live());
    if config.listen.port != 0 {
        let key = Key::new(random);
        plan.cost(b"DNS cache", || Cache::new(config.dns.cache_size as usize, true, key));
        plan.cost(b"DNS questions and streams", || dns::Forwarder::new(config, random));
    }
    #[cfg(feature = "dhcp4")]
    if !config.dhcp.ranges.is_empty() {
        let key = Key::new(random);
        let extras = config.dhcp.relaying.queries.is_some();
        plan.cost(b"DHCP leases", || {
            Leases::new(config.dhcp.lease_max, key).watching(config.dhcp.spans()).with_extras(extras)
        });
        plan.cost(b"DHCP hosts and probes", || dhcp4::Server::new(config, random));
    }
    #[cfg(feature = "tftp")]
    if config.tftp.on {
        plan.cost(b"TFTP transfers", || tftp::Server::new(&config.tftp));
    }
    plan.line(b"sockets", Sockets::bytes(config));
    plan.cost(b"interfaces", Box::<Interfaces>::default);
    plan.cost(b"outbox", Outbox::new);
    plan.cost(b"buffers to receive and send", || (shell::receiver(), Sender::new(limits::SEND_BATCH)));
    plan.cost(b"log lines that wait", || Journal::new(&config.log, config.process.mode));
    if bus::bytes(config) > 0 {
        plan.line(b"bus", bus::bytes(config));
    }
    let sum = plan.sum;
    plan.line(b"sum", sum);
    plan.text
}

struct Plan {
    text: Vec<u8>,
    sum: usize,
}

impl Plan {
    fn cost<T>(&mut self, name: &[u8], make: impl FnOnce() -> T) {
        let before = heap::live();
        core::mem::forget(make());
        self.line(name, heap::live().wrapping_sub(before));
    }

    fn line(&mut self, name: &[u8], bytes: usize) {
        self.sum = self.sum.saturating_add(bytes);
        let mut digits = [0; 24];
        let mut out = Writer::new(&mut digits);
        text::decimal(&mut out, bytes as u64);
        self.text.extend_from_slice(b"memory: ");
        self.text.extend_from_slice(name);
        let width = name.len() + out.len();
        self.text.extend(std::iter::repeat_n(b' ', COLUMNS.saturating_sub(width).max(1)));
        self.text.extend_from_slice(out.written());
        self.text.push(b'\n');
    }
}
