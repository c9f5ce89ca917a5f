//! The upstream servers: which exist, which of a group is asked, and how each
//! has done. Configured servers come first and keep their numbers; those of a
//! resolv file follow and are replaced as a whole.
//!
//! A group is the list of servers of one domain, in configured order. It
//! remembers the server that answered last and now and then asks all of them
//! anew (dnsmasq's way: every 50 questions, or after 20 seconds). Our own
//! addition: what is measured on the way (`health`) decides when one of the
//! others is clearly better, and silent servers are left out.

use crate::base::net::{IfIndex, ip_of};
use crate::base::time::Millis;
use crate::config::{self, Config, Server};
use crate::dns::health::Health;
use crate::dns::pending::Positions;
use crate::limits;
use crate::store::interfaces::{Address, Interfaces};
use arrayvec::ArrayVec;
use std::net::{IpAddr, SocketAddr};

/// Questions after which all servers of a group are asked again.
const TEST_EVERY: u8 = 50;
/// Milliseconds after which all servers of a group are asked again.
const TEST_AFTER_MS: u64 = 20_000;
/// Weight of one new measurement in the average: 1/128.
const LATENCY_SHIFT: u32 = 7;

/// The numbers of a group's servers.
pub type Group = ArrayVec<u16, { limits::FANOUT_MAX }>;

/// How a server has done since the start.
#[derive(Clone, Copy, Default)]
pub struct Tally {
    /// Questions sent to it.
    pub queries: u32,
    /// Questions sent again.
    pub retried: u32,
    /// REFUSED or SERVFAIL answers after which another was asked.
    pub failed: u32,
    /// NXDOMAIN answers.
    pub nxdomain: u32,
    /// 128 times the average latency in milliseconds.
    latency: u32,
    /// It refused to recurse, and that was logged.
    pub refusal_logged: bool,
    /// It is ourselves: not asked.
    is_own: bool,
    /// The number that it was probed with (`dns-loop-detect`).
    probe: Option<u32>,
    /// It sends questions back here: not asked for every name.
    is_looping: bool,
    /// How well it answers.
    pub health: Health,
}

impl Tally {
    /// Average latency in milliseconds.
    pub fn latency_ms(&self) -> u32 {
        self.latency >> LATENCY_SHIFT
    }

    /// Counts an answer that took `ms`.
    pub fn answered(&mut self, ms: u64) {
        let ms = u32::try_from(ms).unwrap_or(u32::MAX).min(u32::MAX >> LATENCY_SHIFT);
        self.latency = match self.latency {
            0 => ms << LATENCY_SHIFT,
            old => old.saturating_sub(old >> LATENCY_SHIFT).saturating_add(ms),
        };
    }
}

/// What a group remembers.
#[derive(Clone, Copy, Default)]
struct Memory {
    /// The server that answered last.
    good: Option<u16>,
    /// Questions since all were asked.
    since_test: u8,
    /// When all were asked.
    tested: Millis,
}

/// All servers.
pub struct Upstream {
    tallies: Box<[Tally]>,
    /// The first one belongs to the servers for every name, the others to the
    /// groups that begin with a configured server, by its number.
    memories: Box<[Memory]>,
    configured: u16,
    resolv: ArrayVec<SocketAddr, { limits::RESOLV_SERVERS_MAX }>,
}

impl Upstream {
    /// The configured servers.
    pub fn new(config: &config::Dns) -> Self {
        let configured = u16::try_from(config.servers.len()).unwrap_or(u16::MAX);
        let all = usize::from(configured).saturating_add(limits::RESOLV_SERVERS_MAX);
        Upstream {
            tallies: vec![Tally::default(); all].into(),
            memories: vec![Memory::default(); usize::from(configured).saturating_add(1)].into(),
            configured,
            resolv: ArrayVec::new(),
        }
    }

    /// The configured servers behind the first `kept` are others now.
    pub fn set_configured(&mut self, config: &config::Dns, kept: u16) {
        let old = core::mem::replace(self, Upstream::new(config));
        let kept = usize::from(kept);
        let resolv = old.tallies.iter().skip(old.configured.into());
        for (tally, before) in self.tallies.iter_mut().take(kept).zip(&old.tallies) {
            *tally = *before;
        }
        for (tally, before) in self.tallies.iter_mut().skip(self.configured.into()).zip(resolv) {
            *tally = *before;
        }
        for (memory, before) in self.memories.iter_mut().zip(&old.memories).skip(1).take(kept) {
            *memory = *before;
        }
        self.resolv = old.resolv;
    }

    /// Replaces the servers of the resolv file.
    pub fn set_resolv(&mut self, servers: &[SocketAddr]) {
        if self.resolv.as_slice() == servers {
            return;
        }
        self.resolv.clear();
        for server in servers {
            if !ip_of(&server).is_unspecified() && !self.resolv.contains(server) {
                let _ = self.resolv.try_push(*server);
            }
        }
        for tally in self.tallies.iter_mut().skip(self.configured.into()) {
            *tally = Tally::default();
        }
        if let Some(first) = self.memories.first_mut() {
            *first = Memory::default();
        }
    }

    /// The numbers of the resolv file's servers.
    pub fn resolv_numbers(&self) -> impl Iterator<Item = u16> + use<> {
        let count = u16::try_from(self.resolv.len()).unwrap_or(0);
        self.configured..self.configured.saturating_add(count)
    }

    /// Address and port of a server.
    pub fn addr(&self, config: &config::Dns, number: u16) -> Option<SocketAddr> {
        match config.servers.get(usize::from(number)) {
            Some(server) => Some(server.addr),
            None => self.resolv.get(usize::from(number.checked_sub(self.configured)?)).copied(),
        }
    }

    /// How a server has done.
    // Asked everywhere: a call is shorter.
    #[inline(never)]
    pub fn tally(&mut self, number: u16) -> Option<&mut Tally> {
        self.tallies.get_mut(usize::from(number))
    }

    /// Every server in use with its tally.
    pub fn tallies(&self, config: &config::Dns) -> impl Iterator<Item = (SocketAddr, &Tally)> {
        let numbers = 0u16..;
        numbers.zip(&self.tallies).filter_map(|(number, tally)| Some((self.addr(config, number)?, tally)))
    }

    /// Finds the servers that are ourselves: an address that DNS is served at,
    /// and our port.
    pub fn find_own(&mut self, config: &Config, interfaces: &Interfaces) {
        for number in self.numbers() {
            let is_own = self.addr(&config.dns, number).is_some_and(|addr| {
                let served = |own: &Address| own.addr == ip_of(&addr) && own.dns;
                addr.port() == config.listen.port && interfaces.iter().any(|i| i.addresses.iter().any(served))
            });
            if let Some(tally) = self.tally(number) {
                tally.is_own = is_own;
            }
        }
    }

    /// The server is ourselves.
    pub fn is_own(&self, number: u16) -> bool {
        self.tallies.get(usize::from(number)).is_some_and(|tally| tally.is_own)
    }

    /// The server sends questions back here.
    pub fn is_looping(&self, number: u16) -> bool {
        self.tallies.get(usize::from(number)).is_some_and(|tally| tally.is_looping)
    }

    /// Notes the number that a server is probed with.
    pub fn set_probe(&mut self, number: u16, probe: u32) {
        if let Some(tally) = self.tally(number) {
            tally.probe = Some(probe);
        }
    }

    /// No server is known to send questions back.
    pub fn forget_loops(&mut self) {
        for tally in &mut self.tallies {
            (tally.probe, tally.is_looping) = (None, false);
        }
    }

    /// The server whose probe `came` back does so. False when none has it.
    pub fn loop_at(&mut self, came: &mut dyn FnMut(u32) -> bool) -> bool {
        let tally = self.tallies.iter_mut().find(|tally| tally.probe.is_some_and(&mut *came));
        tally.map(|tally| tally.is_looping = true).is_some()
    }

    /// The numbers of all servers.
    fn numbers(&self) -> impl Iterator<Item = u16> + use<> {
        let resolv = u16::try_from(self.resolv.len()).unwrap_or(0);
        0..self.configured.saturating_add(resolv)
    }

    /// Which memory a group uses: that of the servers for every name, or that
    /// of its first server.
    pub fn memory_of(group: &Group, for_every_name: bool) -> u16 {
        match group.first() {
            Some(first) if !for_every_name => first.saturating_add(1),
            _ => 0,
        }
    }

    /// The positions in `group` to ask now.
    pub fn choose(&mut self, config: &config::Dns, group: &Group, memory: u16, now: Millis) -> Positions {
        let live = self.live(group);
        if config.strict_order {
            return live & live.wrapping_neg();
        }
        let best = self.best(group, memory);
        let Some(memory) = self.memories.get_mut(usize::from(memory)) else { return live };
        memory.since_test = memory.since_test.saturating_add(1);
        let stale = memory.since_test > TEST_EVERY || now.since(memory.tested) > TEST_AFTER_MS;
        match best {
            Some(position) if !config.all_servers && !stale => position_bit(position),
            _ => {
                memory.since_test = 0;
                memory.tested = now;
                if config.all_servers { positions(group.len()) } else { live }
            }
        }
    }

    /// The position in `group` where asking one after the other begins.
    pub fn first_choice(&self, config: &config::Dns, group: &Group, memory: u16) -> usize {
        self.best(group, memory).filter(|_| !config.strict_order).unwrap_or(0)
    }

    /// The position of the server that answered last, or of one that is clearly
    /// better. Nothing when the one that answered last is not known.
    fn best(&self, group: &Group, memory: u16) -> Option<usize> {
        let good = self.memories.get(usize::from(memory)).and_then(|memory| memory.good)?;
        let mut best = group.iter().position(|number| *number == good)?;
        let mut health = self.health(good).filter(|health| !health.is_silent())?;
        for (position, number) in group.iter().enumerate() {
            if let Some(other) = self.health(*number).filter(|other| other.beats(health)) {
                (best, health) = (position, other);
            }
        }
        Some(best)
    }

    /// The best position among `left` to ask beside one that is late.
    pub fn second(&self, group: &Group, left: Positions) -> Positions {
        let mut best: Option<(usize, &Health)> = None;
        for (position, number) in group.iter().enumerate().filter(|(position, _)| left & position_bit(*position) != 0) {
            if let Some(other) = self.health(*number).filter(|other| best.is_none_or(|(_, best)| other.beats(best))) {
                best = Some((position, other));
            }
        }
        best.map_or(0, |(position, _)| position_bit(position))
    }

    /// The positions of servers that are not silent; all when there is none.
    pub fn live(&self, group: &Group) -> Positions {
        let answers = |number: &u16| self.health(*number).is_some_and(|health| !health.is_silent());
        let live = group.iter().enumerate().filter(|(_, number)| answers(number));
        let live = live.fold(0, |live, (position, _)| live | position_bit(position));
        if live == 0 { positions(group.len()) } else { live }
    }

    /// How well a server answers.
    pub fn health(&self, number: u16) -> Option<&Health> {
        self.tallies.get(usize::from(number)).map(|tally| &tally.health)
    }

    /// A server of the group answered, with anything but REFUSED.
    pub fn remember(&mut self, memory: u16, number: u16) {
        if let Some(memory) = self.memories.get_mut(usize::from(memory)) {
            memory.good = Some(number);
        }
    }

    /// The group forgets a server that refused or cannot be reached.
    pub fn forget(&mut self, memory: u16, number: u16) {
        if let Some(memory) = self.memories.get_mut(usize::from(memory)) {
            memory.good = memory.good.filter(|good| *good != number);
        }
    }
}

/// The first `count` positions.
pub fn positions(count: usize) -> Positions {
    let count = u32::try_from(count).unwrap_or(32);
    Positions::MAX.checked_shr(32u32.saturating_sub(count)).unwrap_or(0)
}

/// One position; nothing for those beyond the largest group.
pub fn position_bit(position: usize) -> Positions {
    u32::try_from(position).ok().and_then(|position| 1u32.checked_shl(position)).unwrap_or(0)
}

/// Source address and interface for datagrams to a server.
pub fn way_to(server: Option<&Server>, interfaces: &Interfaces) -> (Option<IpAddr>, IfIndex) {
    let Some(server) = server else { return (None, 0) };
    let iface = server.iface.as_deref().and_then(|name| interfaces.named(name)).map(|entry| entry.index);
    (server.source, iface.unwrap_or(0))
}

const _: () = assert!(limits::FANOUT_MAX <= Positions::BITS as usize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_bits() {
        assert_eq!((positions(0), positions(1), positions(3), positions(32)), (0, 1, 7, u32::MAX));
        assert_eq!((position_bit(0), position_bit(31), position_bit(32)), (1, 1 << 31, 0));
    }

    #[test]
    fn latency_is_an_average_with_weight_one_in_128() {
        let mut tally = Tally::default();
        tally.answered(100);
        assert_eq!(tally.latency_ms(), 100);
        for _ in 0..1000 {
            tally.answered(20);
        }
        assert!((19..=21).contains(&tally.latency_ms()));
    }
}
