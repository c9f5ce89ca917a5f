//! `server`, `local`, `address` and `rev-server` while they are being read: no
//! text is kept for a domain, only its fingerprint and the number of what
//! applies to it. Block lists have hundreds of thousands of such lines.

use super::refusal::{Applied, ERROR};
use super::{Dns, Server, Shown, Target};
use crate::base::hash::Key;
use crate::base::octets::{is_plain, lower};
use crate::base::suffix::SuffixBuilder;
use crate::wire::dns::name::NameBuf;
use std::mem::{swap, take};
use std::net::IpAddr;

/// Servers and domains without servers that the list at start shows.
const SHOWN_SERVERS: usize = 30;
const SHOWN_LOCAL: usize = 8;

/// Where a rule applies.
#[derive(Clone, Copy)]
pub enum Domain<'a> {
    /// Every name.
    All,
    /// Names without a dot.
    Dotless,
    /// This domain and all below.
    Name(&'a [u8]),
    /// Every name that ends in this text.
    Wild(&'a [u8]),
}

#[cfg(test)]
impl Domain<'_> {
    /// As it stands between slashes.
    fn text(self) -> Box<[u8]> {
        match self {
            Domain::All => b"#".as_slice().into(),
            Domain::Dotless => Box::default(),
            // Behind a dot stars, hashes and blanks are ordinary.
            Domain::Name(text) => [b".", text].concat().into(),
            Domain::Wild(text) => [b"*", text].concat().into(),
        }
    }
}

/// The rules so far.
pub struct DomainsDraft {
    pub table: SuffixBuilder,
    targets: Targets,
    wild: Vec<(Box<[u8]>, u32)>,
    pub servers: Vec<Server>,
    /// The text of the server read last, and what it stands for: lists mostly
    /// have one.
    last_server: (Vec<u8>, Target),
    shown: Vec<Shown>,
    /// The last domains without servers, in a ring.
    local: Vec<(Target, Vec<u8>)>,
    /// How many there were in all.
    locals: usize,
    /// Servers that were not put into the list.
    more_servers: u32,
    name: NameBuf,
    #[cfg(test)]
    said: Vec<(Box<[u8]>, Target)>,
}

impl DomainsDraft {
    /// No rules. Not inlined: it is large.
    #[inline(never)]
    pub fn new(key: Key) -> Self {
        DomainsDraft {
            table: SuffixBuilder::new(key),
            targets: Targets { key, first: 0, list: Vec::new(), last: None, slots: Vec::new() },
            wild: Vec::new(),
            servers: Vec::new(),
            last_server: (Vec::new(), Target::Local),
            shown: Vec::new(),
            local: Vec::new(),
            locals: 0,
            more_servers: 0,
            name: NameBuf::default(),
            #[cfg(test)]
            said: Vec::new(),
        }
    }

    /// Rules with their targets, to be added to: what is added has targets of its
    /// own. Those by domain are still to come from a table with the same key. There
    /// were none before.
    pub fn resume(&mut self, targets: &[Target], wild: &[(Box<[u8]>, u32)], servers: &[Server]) {
        self.targets.list.extend_from_slice(targets);
        self.targets.first = targets.len();
        self.wild.extend_from_slice(wild);
        self.servers.extend_from_slice(servers);
    }

    /// Frees all there is.
    pub fn free(&mut self) {
        *self = Self::new(self.targets.key);
    }

    /// Begins the list that is shown with one made before.
    pub fn show_again(&mut self, shown: &[Shown], more: (u32, u32)) {
        for one in shown {
            match one.target {
                Target::Server(_) => self.shown.push(one.clone()),
                _ => self.local.push((one.target, one.domain.to_vec())),
            }
        }
        self.local.reverse();
        // The ring begins where the next one goes.
        self.locals = self.local.len().saturating_add(more.1 as usize);
        if self.local.len() >= SHOWN_LOCAL {
            self.local.rotate_right(self.locals % SHOWN_LOCAL);
        }
        self.more_servers = more.0;
    }

    /// The number of a server, new or known.
    pub fn server(&mut self, server: Server) -> Applied<Target> {
        let place = self.servers.iter().position(|known| *known == server).unwrap_or_else(|| {
            self.servers.push(server);
            self.servers.len().saturating_sub(1)
        });
        u16::try_from(place).map(Target::Server).map_err(|_| wrong!("too many servers"))
    }

    /// What this text of a server stands for, if it was the last one read.
    pub fn known_server(&self, text: &[u8]) -> Option<Target> {
        let (last, target) = &self.last_server;
        (!text.is_empty() && last == text).then_some(*target)
    }

    /// Keeps what the text of a server stands for.
    pub fn remember_server(&mut self, text: &[u8], target: Target) {
        let (last, known) = &mut self.last_server;
        last.clear();
        last.extend_from_slice(text);
        *known = target;
    }

    /// Lets `target` apply to `domain`.
    pub fn add(&mut self, domain: Domain, target: Target) -> Applied {
        // "Every name as every name" says nothing.
        if matches!((domain, target), (Domain::All, Target::Standard)) {
            return Ok(());
        }
        let number = self.targets.number(target);
        #[cfg(test)]
        self.said.push((domain.text(), target));
        match domain {
            Domain::All => self.table.add(&[0], number),
            Domain::Dotless => self.table.add(b"", number),
            Domain::Name(text) => {
                if text.is_empty() || text == b"." || !is_plain(text, [0x7F; 2]) || !self.name.set_text(text) {
                    // No name has an empty label. Block lists that hold such a
                    // line must not keep the server from starting.
                    let matches_nothing = text.windows(2).any(|two| two == b"..");
                    return if matches_nothing { Ok(()) } else { Err(ERROR) };
                }
                self.table.add(self.name.name().wire(), number);
            }
            Domain::Wild(text) => self.wild.push((lower(text), number)),
        }
        self.show(domain, target);
        Ok(())
    }

    /// Keeps what the list at start shows: the first servers, the last domains
    /// without servers of their own.
    fn show(&mut self, domain: Domain, target: Target) {
        match (target, domain) {
            (Target::Server(_), _) if self.shown.len() >= SHOWN_SERVERS => {
                self.more_servers = self.more_servers.saturating_add(1);
            }
            (Target::Server(_), _) => {
                let domain = match domain {
                    Domain::All => Box::default(),
                    Domain::Dotless => lower(b"."),
                    Domain::Name(text) => lower(text),
                    Domain::Wild(text) => lower(&[b"*", text].concat()),
                };
                self.shown.push(Shown { target, domain });
            }
            (Target::Local | Target::Standard, Domain::Name(text) | Domain::Wild(text)) => {
                if self.local.len() < SHOWN_LOCAL {
                    self.local.push((target, Vec::new()));
                }
                let place = self.locals % SHOWN_LOCAL;
                self.locals = self.locals.saturating_add(1);
                if let Some((shown, domain)) = self.local.get_mut(place) {
                    *shown = target;
                    domain.clear();
                    domain.extend_from_slice(text);
                }
            }
            (Target::Local | Target::Standard, Domain::All | Domain::Dotless) => {}
            (Target::Zeros | Target::Address(_), _) => {}
        }
    }

    /// Puts into `dns` the frozen rules, the servers, what the list at start shows,
    /// and how many more servers and local domains it only counts.
    pub fn freeze(&mut self, dns: &mut Dns) {
        let count = self.local.len();
        self.local.rotate_left(self.locals % count.max(1));
        for (target, domain) in take(&mut self.local).iter().rev() {
            self.shown.push(Shown { target: *target, domain: lower(domain) });
        }
        let more_local = u32::try_from(self.locals.saturating_sub(count)).unwrap_or(u32::MAX);
        self.wild.shrink_to_fit();
        dns.domains.table = self.table.frozen();
        // What there was before is freed with the draft.
        swap(&mut dns.domains.targets, &mut self.targets.list);
        swap(&mut dns.domains.wild, &mut self.wild);
        #[cfg(test)]
        (dns.domains.said = take(&mut self.said));
        swap(&mut dns.servers, &mut self.servers);
        swap(&mut dns.shown, &mut self.shown);
        dns.shown_more = (self.more_servers, more_local);
    }
}

/// Targets by number, each once, found again by hashing.
struct Targets {
    key: Key,
    /// Those before this number are not found again.
    first: usize,
    list: Vec<Target>,
    /// The one asked for last: lists mostly have one.
    last: Option<(Target, u32)>,
    /// Number + 1 of a target, 0 for free; a power of two, at most half full.
    slots: Vec<u32>,
}

impl Targets {
    /// The number of a target, new or known.
    fn number(&mut self, target: Target) -> u32 {
        match self.last {
            Some((last, number)) if last == target => number,
            _ => {
                let number = self.place(target);
                self.last = Some((target, number));
                number
            }
        }
    }

    fn place(&mut self, target: Target) -> u32 {
        if self.slots.len() <= self.list.len().saturating_sub(self.first).saturating_mul(2) {
            self.grow();
        }
        for place in self.places(target) {
            let Some(slot) = self.slots.get_mut(place) else { break };
            match slot.checked_sub(1) {
                Some(number) if self.list.get(number as usize) == Some(&target) => return number,
                Some(_) => {}
                None => {
                    let number = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
                    *slot = number.saturating_add(1);
                    self.list.push(target);
                    return number;
                }
            }
        }
        0
    }

    /// The slots where a target may be, in order.
    fn places(&self, target: Target) -> impl Iterator<Item = usize> + use<> {
        let hash = match target {
            Target::Server(number) => self.key.bytes(&number.to_be_bytes()),
            Target::Standard => self.key.bytes(b"#"),
            Target::Local => self.key.bytes(b""),
            Target::Zeros => self.key.bytes(b"0"),
            Target::Address(IpAddr::V4(addr)) => self.key.bytes(&addr.octets()),
            Target::Address(IpAddr::V6(addr)) => self.key.bytes(&addr.octets()),
        };
        let mask = self.slots.len().wrapping_sub(1);
        (0..self.slots.len()).map(move |step| (hash as usize).wrapping_add(step) & mask)
    }

    fn grow(&mut self) {
        let size = self.slots.len().saturating_mul(2).max(16);
        self.slots.clear();
        self.slots.resize(size, 0);
        for (number, target) in (1u32..).zip(&self.list).skip(self.first) {
            for place in self.places(*target) {
                if let Some(slot @ 0) = self.slots.get_mut(place) {
                    *slot = number;
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Random;
    use std::net::Ipv4Addr;

    #[test]
    fn a_target_has_one_number_however_often_it_is_named() {
        let mut targets = Targets { key: Key::new(&mut Random::seeded(1)), first: 0, list: Vec::new(), last: None, slots: Vec::new() };
        for _ in 0..3 {
            for value in 0..1000u32 {
                assert_eq!(targets.number(Target::Address(Ipv4Addr::from(value).into())), value);
            }
        }
        assert_eq!(targets.number(Target::Local), 1000);
    }

    #[test]
    fn the_list_at_start_is_short_however_many_rules_there_are() {
        let mut draft = DomainsDraft::new(Key::new(&mut Random::seeded(1)));
        for number in 128..228u8 {
            let name = format!("{number}");
            draft.add(Domain::Name(name.as_bytes()), Target::Local).unwrap();
            draft.add(Domain::All, Target::Server(number.into())).unwrap();
        }
        let mut dns = Dns::default();
        draft.freeze(&mut dns);
        let Dns { domains: rules, shown, shown_more: more, .. } = dns;
        assert_eq!((shown.len(), more), (38, (70, 92)));
        assert_eq!(shown.get(30).map(|shown| &*shown.domain), Some(&b"227"[..]), "the last said comes first");
        assert_eq!(rules.table.exactly(&[0]).len(), 100);
    }
}
