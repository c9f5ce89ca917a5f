//! What the configuration says about a name: `server=`, `local=`, `address=`,
//! by the longest domain that holds the name (behaviour of dnsmasq 2.92 and
//! later: inside a domain the first usable kind wins; if none is usable for the
//! type asked, the next shorter domain is tried).

use crate::config::{self, Target};
use crate::dns::upstream::{Group, Upstream};
use crate::wire::dns::codes::kind;
use crate::wire::dns::name::{NAME_MAX, Name};
use arrayvec::ArrayVec;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Addresses that one domain may be given.
const ADDRESSES_MAX: usize = 32;

/// Addresses of `address=`.
pub type Addresses = ArrayVec<IpAddr, ADDRESSES_MAX>;

/// What to do with a question.
pub enum Ruling {
    /// Answer with these addresses.
    Addresses(Addresses),
    /// There is no answer; `other_data`: the domain has addresses of another
    /// family, so the name exists.
    Nothing { other_data: bool },
    /// Ask one of these servers; `for_every_name`: they are the general ones.
    Forward { group: Group, for_every_name: bool },
    /// Nobody can be asked.
    NoServers,
}

/// What one domain has to offer.
#[derive(Default)]
struct Offer {
    v4: Addresses,
    v6: Addresses,
    zeros: bool,
    local: bool,
    standard: bool,
    servers: Group,
}

impl Offer {
    fn take(&mut self, config: &config::Dns, upstream: &Upstream, numbers: impl Iterator<Item = u32>) {
        for number in numbers {
            match config.domains.targets.get(number as usize) {
                Some(Target::Server(server)) if upstream.is_own(*server) => {}
                Some(Target::Server(server)) => push(&mut self.servers, *server),
                Some(Target::Standard) => self.standard = true,
                Some(Target::Local) => self.local = true,
                Some(Target::Zeros) => self.zeros = true,
                Some(Target::Address(addr @ IpAddr::V4(_))) => push(&mut self.v4, *addr),
                Some(Target::Address(addr @ IpAddr::V6(_))) => push(&mut self.v6, *addr),
                None => {}
            }
        }
    }

    /// The ruling of this domain for `kind`, if it has any.
    fn rule(self, kind: u16) -> Option<Step> {
        let (wants_v4, wants_v6) = (matches!(kind, kind::A | kind::ANY), matches!(kind, kind::AAAA | kind::ANY));
        let mut addresses = Addresses::new();
        let other_data = self.zeros || !self.v4.is_empty() || !self.v6.is_empty();
        let wanted = self.v6.iter().filter(|_| wants_v6).chain(self.v4.iter().filter(|_| wants_v4));
        wanted.for_each(|addr| push(&mut addresses, *addr));
        if addresses.is_empty() && self.zeros {
            let zeros = [(wants_v6, IpAddr::V6(Ipv6Addr::UNSPECIFIED)), (wants_v4, IpAddr::V4(Ipv4Addr::UNSPECIFIED))];
            zeros.into_iter().filter(|(wanted, _)| *wanted).for_each(|(_, addr)| push(&mut addresses, addr));
        }
        match () {
            () if !addresses.is_empty() => Some(Step::Ruling(Ruling::Addresses(addresses))),
            () if self.local => Some(Step::Ruling(Ruling::Nothing { other_data })),
            () if self.standard => Some(Step::Standard),
            () if !self.servers.is_empty() => {
                Some(Step::Ruling(Ruling::Forward { group: self.servers, for_every_name: false }))
            }
            () => None,
        }
    }
}

enum Step {
    Ruling(Ruling),
    /// Go on with the servers for every name.
    Standard,
}

/// The ruling for `name` and `kind`.
pub fn find(config: &config::Dns, upstream: &Upstream, name: Name, kind: u16) -> Ruling {
    // What a zone's parent says about it is asked of the parent's servers.
    let name = if kind == kind::DS { name.parent().unwrap_or(name) } else { name };
    let wild = Wild::new(config, name);
    let mut wild_below = usize::MAX;
    for suffix in name.suffixes() {
        let len = suffix.wire().len().saturating_sub(2);
        while let Some(longest) = wild.longest(len, wild_below) {
            wild_below = longest;
            match offer(config, upstream, wild.numbers(longest)).rule(kind) {
                Some(Step::Ruling(ruling)) => return ruling,
                Some(Step::Standard) => return every_name(config, upstream, None),
                None => {}
            }
        }
        if suffix.is_root() {
            break;
        }
        match offer(config, upstream, config.domains.table.exactly(suffix.wire()).iter().copied()).rule(kind) {
            Some(Step::Ruling(ruling)) => return ruling,
            Some(Step::Standard) => return every_name(config, upstream, None),
            None => {}
        }
    }
    if name.label_count() == 1 {
        match offer(config, upstream, config.domains.table.exactly(&[]).iter().copied()).rule(kind) {
            Some(Step::Ruling(ruling)) => return ruling,
            Some(Step::Standard) => return every_name(config, upstream, None),
            None => {}
        }
    }
    every_name(config, upstream, Some(kind))
}

/// True when `address=` gives this name, or a domain it lies in, an address of
/// any family; a server for a domain in between does not matter.
pub fn has_addresses(config: &config::Dns, name: Name) -> bool {
    let is_address = |number: u32| {
        matches!(config.domains.targets.get(number as usize), Some(Target::Address(_) | Target::Zeros))
    };
    name.suffixes().any(|suffix| config.domains.table.exactly(suffix.wire()).iter().copied().any(is_address))
        || Wild::new(config, name).fitting().any(|(_, number)| is_address(*number))
}

/// Adds one more as long as there is room.
fn push<T, const N: usize>(list: &mut ArrayVec<T, N>, item: T) {
    let _ = list.try_push(item);
}

fn offer(config: &config::Dns, upstream: &Upstream, numbers: impl Iterator<Item = u32>) -> Offer {
    let mut offer = Offer::default();
    offer.take(config, upstream, numbers);
    offer
}

/// The ruling for every name; its addresses count only for `kind`.
fn every_name(config: &config::Dns, upstream: &Upstream, kind: Option<u16>) -> Ruling {
    let mut offer = offer(config, upstream, config.domains.table.exactly(&[0]).iter().copied());
    for number in upstream.resolv_numbers().filter(|number| !upstream.is_own(*number)) {
        push(&mut offer.servers, number);
    }
    let mut group = Group::new();
    core::mem::swap(&mut group, &mut offer.servers);
    match kind.and_then(|kind| offer.rule(kind)) {
        Some(Step::Ruling(ruling)) => ruling,
        _ if group.is_empty() => Ruling::NoServers,
        _ => Ruling::Forward { group, for_every_name: true },
    }
}

/// The `*domain` rules that fit a name; they may match in the middle of a label.
struct Wild<'c> {
    rules: &'c [(Box<[u8]>, u32)],
    text: [u8; NAME_MAX],
    len: usize,
}

impl<'c> Wild<'c> {
    fn new(config: &'c config::Dns, name: Name) -> Self {
        let mut wild = Wild { rules: &config.domains.wild, text: [0; NAME_MAX], len: 0 };
        if !wild.rules.is_empty() {
            let mut out = crate::base::bytes::Writer::new(&mut wild.text);
            crate::wire::dns::name::write_lower(&mut out, name.wire());
            wild.len = out.len();
        }
        wild
    }

    fn fitting(&self) -> impl Iterator<Item = &'c (Box<[u8]>, u32)> {
        let text = self.text.get(..self.len).unwrap_or_default();
        self.rules.iter().filter(move |(end, _)| text.ends_with(end))
    }

    /// The length of the longest one that is at least `from` and below `below`.
    fn longest(&self, from: usize, below: usize) -> Option<usize> {
        self.fitting().map(|(end, _)| end.len()).filter(|len| (from.saturating_add(1)..below).contains(len)).max()
    }

    /// The targets of those of this length (their text is the same).
    fn numbers(&self, len: usize) -> impl Iterator<Item = u32> {
        self.fitting().filter(move |(end, _)| end.len() == len).map(|(_, number)| *number)
    }
}
