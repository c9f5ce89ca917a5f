//! The core: owns the tables and the engines, hands each input to the engine
//! it belongs to, and folds their deadlines. It does no I/O: the shell, the
//! scenario runner, the simulation and the fuzzer drive this same type.
//!
//! Order of use: `new`, fill `world.interfaces`, `change(Interfaces)`, then any
//! inputs in any order; after each one (or each batch, while `outbox.has_room()`)
//! everything in `outbox` is performed in order and the outbox cleared.

use crate::base::bytes::Writer;
use crate::base::hash::Key;
use crate::base::net::IfIndex;
use crate::base::random::Random;
use crate::base::time::{Due, Now};
use crate::config::{Config, Script};
#[cfg(feature = "dhcp4")]
use crate::dhcp4;
use crate::dns;
use crate::outbox::Outbox;
use crate::outbox::action::{Arrival, Door};
use crate::outbox::change::Change;
use crate::outbox::metrics::{Counts, Metric};
use crate::store::cache::Cache;
use crate::store::hosts::Hosts;
use crate::store::interfaces::Interfaces;
use crate::store::lease_file::LeaseFile;
use crate::store::leases::Leases;
use crate::store::neighbours::Neighbours;
use crate::store::untold::Untold;
#[cfg(feature = "tftp")]
use crate::tftp;
use std::net::{IpAddr, SocketAddr};

/// The tables that more than one engine reads.
pub struct World {
    /// Interfaces and their addresses.
    pub interfaces: Box<Interfaces>,
    /// Names of hosts files.
    pub hosts: Hosts,
    /// What upstream servers said.
    pub cache: Cache,
    /// What was leased to whom.
    pub leases: Leases,
    /// What is known of their file.
    pub lease_file: LeaseFile,
    /// Hardware addresses of neighbours.
    pub neighbours: Neighbours,
    /// Randomness.
    pub random: Random,
    /// The mark of the connection by which the next question comes.
    pub mark: u32,
}

/// Tables and engines.
pub struct Core {
    /// What the operator said.
    pub config: Box<Config>,
    /// The tables.
    pub world: World,
    /// DNS, unless `port=0`.
    pub dns: Option<dns::Forwarder>,
    /// DHCPv4, with a `dhcp-range`.
    #[cfg(feature = "dhcp4")]
    pub dhcp4: Option<dhcp4::Server>,
    /// TFTP, with `enable-tftp`.
    #[cfg(feature = "tftp")]
    pub tftp: Option<tftp::Server>,
    /// What is to be done.
    pub outbox: Outbox,
}

/// How far `Core::lease_text` has come.
#[derive(Clone, Copy, Default)]
pub struct LeaseCursor(u32);

impl Core {
    /// Everything the configuration asks for; all allocation happens here.
    pub fn new(config: impl Into<Box<Config>>, random: Random) -> Self {
        Self::with(config.into(), random)
    }

    fn with(config: Box<Config>, mut random: Random) -> Self {
        let on = config.listen.port != 0;
        let size = if on { config.dns.cache_size as usize } else { 0 };
        let lease_max = if config.dhcp.ranges.is_empty() { 0 } else { config.dhcp.lease_max };
        // One key, so that a name is hashed once for both tables.
        let key = Key::new(&mut random);
        let cache = Cache::new(size, !config.dns.no_round_robin, key)
            .with_stale(config.dns.stale.unwrap_or(0));
        let hosts = Hosts::empty(key);
        let leases = Leases::new(lease_max, Key::new(&mut random))
            .watching(config.dhcp.spans())
            .with_extras(config.dhcp.relaying.queries.is_some())
            .telling(followed(&config.script));
        let dns = on.then(|| dns::Forwarder::new(&config, &mut random));
        #[cfg(feature = "dhcp4")]
        let dhcp4 = config.dhcp.on().then(|| dhcp4::Server::new(&config, &mut random));
        Core {
            dns,
            #[cfg(feature = "dhcp4")]
            dhcp4,
            #[cfg(feature = "tftp")]
            tftp: config.tftp.on.then(|| tftp::Server::new(&config.tftp)),
            world: World {
                interfaces: Box::default(),
                hosts,
                cache,
                leases,
                lease_file: LeaseFile::new(),
                neighbours: Neighbours::new(crate::daemon::neighbours::most(&config)),
                random,
                mark: 0,
            },
            outbox: Outbox::new(),
            config,
        }
    }

    #[inline(never)]
    fn with_dns(&mut self, now: Now, act: &mut dyn FnMut(&mut dns::Forwarder, &mut dns::Surroundings)) {
        let Some(engine) = &mut self.dns else { return };
        let mut with = dns::Surroundings {
            config: &self.config,
            now,
            random: &mut self.world.random,
            out: &mut self.outbox,
            interfaces: &self.world.interfaces,
            hosts: &mut self.world.hosts,
            cache: &mut self.world.cache,
            leases: &self.world.leases,
            neighbours: &self.world.neighbours,
            mark: self.world.mark,
        };
        act(engine, &mut with);
    }

    #[cfg(feature = "dhcp4")]
    #[inline(never)]
    fn with_dhcp4(&mut self, now: Now, act: &mut dyn FnMut(&mut dhcp4::Server, &mut dhcp4::Surroundings)) {
        let Some(engine) = &mut self.dhcp4 else { return };
        let mut with = dhcp4::Surroundings {
            config: &self.config,
            now,
            random: &mut self.world.random,
            out: &mut self.outbox,
            interfaces: &self.world.interfaces,
            names: &self.world.hosts,
            leases: &mut self.world.leases,
            file: &mut self.world.lease_file,
        };
        act(engine, &mut with);
    }

    #[cfg(feature = "tftp")]
    #[inline(never)]
    fn with_tftp(&mut self, now: Now, act: &mut dyn FnMut(&mut tftp::Server, &mut tftp::Surroundings)) {
        let Some(engine) = &mut self.tftp else { return };
        let mut with = tftp::Surroundings {
            config: &self.config.tftp,
            edns_max: self.config.dns.edns_max,
            quiet: self.config.log.quiet_tftp,
            scripted: self.config.script.is_on(),
            now,
            interfaces: &self.world.interfaces,
            out: &mut self.outbox,
        };
        act(engine, &mut with);
    }

    /// One datagram. The caller drains the outbox first unless it `has_room`.
    pub fn arrived(&mut self, arrival: &Arrival, bytes: &[u8], now: Now) {
        match arrival.door {
            Door::Dns(_) | Door::Upstream { .. } => {
                self.with_dns(now, &mut |dns, with| dns.on_datagram(with, arrival, bytes));
            }
            #[cfg(feature = "dhcp4")]
            Door::Dhcp4 | Door::Pxe4 | Door::Icmp4 => {
                self.with_dhcp4(now, &mut |dhcp4, with| dhcp4.on_datagram(with, arrival, bytes));
            }
            #[cfg(feature = "tftp")]
            Door::Tftp(_) | Door::Transfer(_) => {
                self.with_tftp(now, &mut |tftp, with| tftp.on_datagram(with, arrival, bytes));
            }
            #[allow(unreachable_patterns)]
            _ => {}
        }
    }

    #[cfg(feature = "dhcp4")]
    fn dhcp4_due(&self) -> Option<Due> {
        self.dhcp4.as_ref().and_then(|dhcp4| dhcp4.next_due(&self.world.leases))
    }

    /// The earliest deadline of any engine.
    pub fn next_due(&self) -> Option<Due> {
        let due = self.dns.as_ref().and_then(dns::Forwarder::next_due);
        #[cfg(feature = "dhcp4")]
        let due = Due::earlier(due, self.dhcp4_due());
        #[cfg(feature = "tftp")]
        let due = Due::earlier(due, self.tftp.as_ref().and_then(tftp::Server::next_due));
        due
    }

    /// Lets the engines whose deadline has come do their work.
    pub fn due(&mut self, now: Now) {
        let reached = |due: Option<Due>| due.is_some_and(|due| due.is_reached(now.mono));
        if reached(self.dns.as_ref().and_then(dns::Forwarder::next_due)) {
            self.with_dns(now, &mut |dns, with| dns.on_due(with));
        }
        #[cfg(feature = "dhcp4")]
        if self.outbox.has_room() && reached(self.dhcp4_due()) {
            self.with_dhcp4(now, &mut |dhcp4, with| dhcp4.on_due(with));
        }
        #[cfg(feature = "tftp")]
        if self.outbox.has_room() && reached(self.tftp.as_ref().and_then(tftp::Server::next_due)) {
            self.with_tftp(now, &mut |tftp, with| tftp.on_due(with));
        }
    }

    /// Tells the engines.
    pub fn change(&mut self, change: Change, now: Now) {
        self.with_dns(now, &mut |dns, with| dns.on_change(with, &change));
        #[cfg(feature = "dhcp4")]
        self.with_dhcp4(now, &mut |dhcp4, with| dhcp4.on_change(with, &change));
        #[cfg(feature = "tftp")]
        self.with_tftp(now, &mut |tftp, with| tftp.on_change(with, &change));
    }

    /// A client connected by TCP; its slot, or nothing when it is to be closed.
    /// Closing the slot's former stream, if the engine says so, comes first.
    pub fn stream_accepted(
        &mut self,
        listener: u8,
        from: SocketAddr,
        to: IpAddr,
        iface: IfIndex,
        now: Now,
    ) -> Option<u8> {
        let mut slot = None;
        self.with_dns(now, &mut |dns, with| slot = dns.stream_accepted(with, listener, from, to, iface));
        slot
    }

    /// The connection of `Action::StreamConnect` stands, or failed.
    pub fn stream_connected(&mut self, slot: u8, ok: bool, now: Now) {
        self.with_dns(now, &mut |dns, with| dns.stream_connected(with, slot, ok));
    }

    /// Where to read into; empty when the stream is not to be read now.
    pub fn stream_room(&mut self, slot: u8) -> &mut [u8] {
        self.dns.as_mut().map_or(&mut [], |dns| dns.stream_room(slot))
    }

    /// `n` octets were read into the room; 0: the peer has closed.
    pub fn stream_read(&mut self, slot: u8, n: usize, now: Now) {
        self.with_dns(now, &mut |dns, with| dns.stream_read(with, slot, n));
    }

    /// What is to be written to the stream.
    pub fn stream_output(&self, slot: u8) -> &[u8] {
        self.dns.as_ref().map_or(&[], |dns| dns.stream_output(slot))
    }

    /// The peer took `n` octets of the output.
    pub fn stream_wrote(&mut self, slot: u8, n: usize, now: Now) {
        self.with_dns(now, &mut |dns, with| dns.stream_wrote(with, slot, n));
    }

    /// Reading or writing failed.
    pub fn stream_failed(&mut self, slot: u8, now: Now) {
        self.with_dns(now, &mut |dns, with| dns.stream_failed(with, slot));
    }

    /// Names of hosts files, read anew. The old ones are freed.
    pub fn set_hosts(&mut self, hosts: Hosts, now: Now) {
        self.world.hosts = hosts;
        self.change(Change::HostsReloaded, now);
    }

    /// Writes what the program that follows leases is to be told next; false if
    /// that is nothing.
    #[cfg(feature = "dhcp4")]
    pub fn untold(&mut self, out: &mut Writer, now: Now) -> bool {
        let mut any = false;
        self.with_dhcp4(now, &mut |dhcp4, with| any = dhcp4.untold(with, out));
        any
    }

    /// Without leases there is nothing.
    #[cfg(not(feature = "dhcp4"))]
    pub fn untold(&mut self, _: &mut Writer, _: Now) -> bool {
        false
    }

    /// That was handed over.
    pub fn told(&mut self) {
        if let Some(what) = self.world.leases.untold() {
            self.world.leases.told(what);
        }
    }

    /// What was counted since the start.
    pub fn counts(&self) -> Counts {
        let mut counts = self.outbox.counts;
        let World { cache, leases, .. } = &self.world;
        let dns = self.dns.as_ref().map(dns::Forwarder::counts).unwrap_or_default();
        for (metric, count) in [
            (Metric::CacheInserted, cache.counters.inserted),
            (Metric::CacheEvicted, cache.counters.evicted),
            (Metric::Forwarded, dns.forwarded),
            (Metric::AuthAnswered, dns.zones),
            (Metric::LocalAnswered, dns.answered),
            (Metric::StaleAnswered, dns.stale),
            (Metric::Leases4Made, leases.made),
            (Metric::Leases4Ended, leases.ended),
        ] {
            counts.add(metric, count);
        }
        counts
    }

    /// The next piece of the whole lease file (`LeaseWrite::Rewrite`); false
    /// when the file is complete.
    pub fn lease_text(&mut self, cursor: &mut LeaseCursor, out: &mut Writer) -> bool {
        self.world.lease_file.text(&mut self.world.leases, &mut cursor.0, out)
    }
}

/// The changes of leases that a program is told of.
fn followed(script: &Script) -> Untold {
    if !script.is_on() {
        return Untold::NOTHING;
    }
    let mut kinds = Untold::NEW.and(Untold::CLIENT);
    if script.keeps_leases {
        kinds = kinds.and(Untold::CLIENT_ID).and(Untold::EXPIRY);
    }
    if script.on_renewal {
        kinds = kinds.and(Untold::EXPIRY);
    }
    kinds
}
