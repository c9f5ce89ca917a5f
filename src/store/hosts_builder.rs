//! The table of local names while it is filled: names come in one by one, and
//! the tables grow beside the old ones before they are full, as slowly as the
//! caller likes, so a list of a million names never stops who builds it.

use super::entries::Walk;
use super::hosts::{Answer, Hosts, SPELLED_NOW};
use super::prints::{self, Prints};
use crate::base::hash::Key;
use crate::base::packed::Packed;
use crate::wire::dns::name::{Name, NameBuf};
use std::net::IpAddr;

/// Addresses of one name that a new one is compared with to drop duplicates.
/// Only a name with more of them may keep a duplicate.
const COMPARED: usize = 64;

/// Entries from which on names may be kept as fingerprints. The list that
/// SIGUSR1 writes does not show those.
pub(super) const SPELLED: u32 = 10_000;

/// Names that one name may need room for: itself and its parents.
const PARENTS_MAX: usize = 128;

/// Names of a file before its size tells how many there will be.
const SAMPLE: usize = 500;

/// The table being filled.
pub struct HostsBuilder {
    hosts: Hosts,
    /// Behind the last entry.
    end: Walk,
    growing: Growing,
    /// The address asked about last, and whether it is named already.
    named: Option<(IpAddr, bool)>,
    file: File,
}

/// How far the file is read.
#[derive(Default)]
struct File {
    /// Octets read and to be read.
    read: u64,
    left: u64,
    /// Names of `by_name`, `by_addr`, `parents` and `listed` before it.
    before: [usize; 4],
}

/// The table that takes the place of a smaller (or too large) one.
enum Growing {
    No,
    ByName(Packed, Walk),
    ByAddr(Packed, Walk),
    Parents(Prints, usize),
    Listed(Prints, usize),
}

impl HostsBuilder {
    /// An empty table under `key`.
    pub fn new(key: Key) -> Self {
        HostsBuilder {
            hosts: Hosts::empty(key),
            end: Walk::default(),
            growing: Growing::No,
            named: None,
            file: File::default(),
        }
    }

    /// What is added from here on comes from `path` (or is called that in logs).
    pub fn source(&mut self, path: &[u8]) {
        self.hosts.paths.push(path.into());
        self.hosts.sources.push((self.hosts.entries.len(), self.last_path()));
        self.file = File { before: self.counts(), ..File::default() };
    }

    /// So much of the file is read, so much is left, in octets: a hint.
    pub fn progress(&mut self, read: u64, left: u64) {
        (self.file.read, self.file.left) = (read, left);
    }

    /// As `add`, perhaps with a TTL of its own. To be called before any other: room
    /// is taken for the TTLs of all that came before.
    pub fn add_for(&mut self, name: Name, addr: IpAddr, ttl: Option<u32>) {
        let number = self.hosts.entries.len();
        while !self.make_room(PARENTS_MAX, usize::MAX) {}
        self.spell(self.hosts.key.name(name.wire()), name, addr);
        if let Some(ttl) = ttl
            && self.hosts.entries.len() > number
        {
            self.hosts.ttls.resize(number as usize, u32::MAX);
            self.hosts.ttls.push(ttl.min(u32::MAX - 1));
        }
    }

    /// Adds a name with an address, unless it is there already. What is beyond
    /// four thousand million octets of names is dropped.
    pub fn add(&mut self, name: Name, addr: IpAddr) {
        while !self.make_room(PARENTS_MAX, usize::MAX) {}
        let hash = self.hosts.key.name(name.wire());
        if !self.list(hash, name, addr) {
            self.spell(hash, name, addr);
        }
    }

    /// Makes room for so many names and parents, in about so many steps; true once
    /// there is.
    pub fn make_room(&mut self, names: usize, steps: usize) -> bool {
        if !matches!(self.growing, Growing::No) {
            self.grow(steps);
            return false;
        }
        let end = self.hosts.entries.len().saturating_add(u32::try_from(names).unwrap_or(u32::MAX));
        let Hosts { by_name, by_addr, parents, listed, .. } = &self.hosts;
        let lacks = match () {
            () if by_name.lacks(names, end) => 0,
            () if by_addr.lacks(names, end) => 1,
            () if parents.lacks(names) => 2,
            () if listed.lacks(names) && self.hosts.entries.len() >= SPELLED - PARENTS_MAX as u32 => 3,
            () => return true,
        };
        self.begin(lacks, self.wanted(lacks), names);
        false
    }

    /// Makes the tables as small as they can be, in about so many steps; true once
    /// they are.
    pub fn finish(&mut self, steps: usize) -> bool {
        if !matches!(self.growing, Growing::No) {
            self.grow(steps);
            return false;
        }
        let Hosts { by_name, by_addr, parents, listed, .. } = &self.hosts;
        let sparse = [by_name.is_sparse(), by_addr.is_sparse(), parents.is_sparse(), listed.is_sparse()];
        let Some(table) = sparse.into_iter().position(|sparse| sparse) else { return true };
        self.begin(table, self.counts().get(table).copied().unwrap_or(0), 0);
        false
    }

    /// The finished table, without slack.
    pub fn freeze(mut self) -> Hosts {
        while !self.finish(usize::MAX) {}
        self.hosts.entries.shrink();
        self.hosts.sources.shrink_to_fit();
        self.hosts
    }

    /// Names in the tables.
    fn counts(&self) -> [usize; 4] {
        let Hosts { by_name, by_addr, parents, listed, .. } = &self.hosts;
        [by_name.len(), by_addr.len(), parents.len(), listed.len()]
    }

    /// How many names a table will hold, as far as the file tells by now.
    fn wanted(&self, table: usize) -> usize {
        let count = self.counts().get(table).copied().unwrap_or(0);
        let own = count.saturating_sub(self.file.before.get(table).copied().unwrap_or(0));
        let more = (own as u64).saturating_mul(self.file.left).checked_div(self.file.read).unwrap_or(0);
        match own > SAMPLE && more > 0 {
            // A quarter of the file tells well how long the rest is.
            true => count.saturating_add(usize::try_from(more).unwrap_or(0)).min(count.saturating_mul(4)),
            false => count.saturating_add(count / 2),
        }
    }

    /// Begins a table with room for so many names, `more` of them entries to come.
    fn begin(&mut self, table: usize, count: usize, more: usize) {
        let count = count.saturating_add(more);
        let entries = self.hosts.entries.len();
        // By its address an entry may be reached whose number is far above the count
        // of addresses: a block list has one.
        let end = entries.saturating_add(entries / 4).saturating_add(PARENTS_MAX as u32);
        let end = end.max(u32::try_from(count.max((entries as usize).saturating_add(more))).unwrap_or(u32::MAX));
        self.growing = match table {
            0 => Growing::ByName(Packed::new(count, end), Walk::default()),
            1 => Growing::ByAddr(Packed::new(count, end), Walk::default()),
            2 => Growing::Parents(Prints::new(count), 0),
            _ => Growing::Listed(Prints::new(count), 0),
        };
    }

    /// Goes on with it.
    fn grow(&mut self, steps: usize) {
        let hosts = &mut self.hosts;
        match &mut self.growing {
            Growing::No => return,
            Growing::ByName(table, walk) => {
                let mut name = NameBuf::default();
                for _ in 0..steps {
                    if hosts.entries.step(walk).is_none() {
                        hosts.by_name = core::mem::take(table);
                        self.growing = Growing::No;
                        return;
                    }
                    table.insert(hosts.key.name(walk.entry.name(&mut name).wire()), walk.number.saturating_sub(1));
                }
            }
            Growing::ByAddr(table, walk) => {
                for _ in 0..steps {
                    if hosts.entries.step(walk).is_none() {
                        hosts.by_addr = core::mem::take(table);
                        self.growing = Growing::No;
                        return;
                    }
                    if walk.entry.names_addr {
                        table.insert(hosts.addr_hash(walk.entry.addr), walk.number.saturating_sub(1));
                    }
                }
            }
            Growing::Parents(table, from) => match hosts.parents.copy(table, *from, steps) {
                Some(next) => *from = next,
                None => {
                    hosts.parents = core::mem::take(table);
                    self.growing = Growing::No;
                }
            },
            Growing::Listed(table, from) => match hosts.listed.copy(table, *from, steps) {
                Some(next) => *from = next,
                None => {
                    hosts.listed = core::mem::take(table);
                    self.growing = Growing::No;
                }
            },
        }
    }

    /// Keeps a name without text if that is enough: nobody can ask for it by its
    /// address, and it has one of each family at most. False: it needs entries.
    fn list(&mut self, hash: u64, name: Name, addr: IpAddr) -> bool {
        let mark = prints::of_hash(hash);
        let own = Some((addr, self.last_path()));
        let family = usize::from(addr.is_ipv6());
        if let Some(cell) = self.hosts.listed.find(mark) {
            let note = self.hosts.listed.note(cell);
            let before = self.hosts.answers.get(usize::from(note)).copied();
            let Some(before) = before.filter(|_| note != SPELLED_NOW) else { return false };
            let mut answer = before;
            let known = answer.0.get(family).copied().flatten();
            if known.is_some_and(|(known, _)| known == addr) {
                return true;
            }
            if let Some(place) = answer.0.get_mut(family) {
                *place = own;
            }
            let is_enough = known.is_none() && self.is_named_elsewhere(addr);
            if let Some(note) = is_enough.then(|| self.answer(answer)).flatten() {
                self.hosts.listed.set_note(cell, note);
                self.hosts.listed_pairs = self.hosts.listed_pairs.saturating_add(1);
                return true;
            }
            // It has more than that now: what was known of it becomes entries.
            self.hosts.listed.set_note(cell, SPELLED_NOW);
            for (addr, path) in before.0.into_iter().flatten() {
                self.hosts.listed_pairs = self.hosts.listed_pairs.saturating_sub(1);
                self.hosts.sources.push((self.hosts.entries.len(), path));
                self.spell(hash, name, addr);
            }
            self.hosts.sources.push((self.hosts.entries.len(), self.last_path()));
            return false;
        }
        if self.hosts.entries.len() < SPELLED || !self.is_named_elsewhere(addr) {
            return false;
        }
        if self.hosts.seek(self.hosts.by_name.first(hash), name, None).is_some() {
            return false;
        }
        let mut answer = Answer([None; 2]);
        if let Some(place) = answer.0.get_mut(family) {
            *place = own;
        }
        let Some(note) = self.answer(answer) else { return false };
        self.hosts.listed.insert(mark, note);
        self.hosts.listed_pairs = self.hosts.listed_pairs.saturating_add(1);
        self.add_parents(name);
        true
    }

    /// The number of an answer, new or known; nothing when there are too many.
    fn answer(&mut self, answer: Answer) -> Option<u8> {
        let answers = &mut self.hosts.answers;
        let place = match answers.iter().rposition(|known| *known == answer) {
            Some(place) => place,
            None if answers.len() < usize::from(SPELLED_NOW) => {
                answers.push(answer);
                answers.len().saturating_sub(1)
            }
            None => return None,
        };
        u8::try_from(place).ok()
    }

    /// True when an earlier name is that of the address. Lists mostly have one.
    fn is_named_elsewhere(&mut self, addr: IpAddr) -> bool {
        match self.named {
            Some((known, is_named)) if known == addr => is_named,
            _ => {
                let is_named = self.hosts.has_addr(addr);
                self.named = Some((addr, is_named));
                is_named
            }
        }
    }

    /// Adds every name above `name` but the root.
    fn add_parents(&mut self, name: Name) {
        for parent in name.suffixes().skip(1).filter(|parent| !parent.is_root()) {
            // Where one is known, all above it are.
            if !self.hosts.parents.insert(prints::print(&self.hosts.key, parent), 0) {
                return;
            }
        }
    }

    /// Adds an entry for a name, unless there is one.
    fn spell(&mut self, hash: u64, name: Name, addr: IpAddr) {
        let hosts = &self.hosts;
        let mut same = hosts.seek(hosts.by_name.first(hash), name, None);
        for _ in 0..COMPARED {
            let Some((cell, _, known)) = same else { break };
            if known == addr {
                return;
            }
            same = hosts.seek(hosts.by_name.after(cell), name, None);
        }
        let names_addr = !self.is_named_elsewhere(addr);
        let number = self.hosts.entries.len();
        if !self.hosts.entries.push(&mut self.end, name, addr, names_addr) {
            return;
        }
        self.hosts.by_name.insert(hash, number);
        if names_addr {
            self.hosts.by_addr.insert(self.hosts.addr_hash(addr), number);
            self.named = Some((addr, true));
        }
        self.add_parents(name);
    }

    /// The number of the file being read.
    fn last_path(&self) -> u16 {
        u16::try_from(self.hosts.paths.len().saturating_sub(1)).unwrap_or(u16::MAX)
    }
}
