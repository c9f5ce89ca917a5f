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

/// What `#` as an address stands for.
const V4_ZERO: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
const V6_ZERO: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

/// Addresses of `address=`.
pub type Addresses = ArrayVec<IpAddr, ADDRESSES_MAX>;

/// What to do with a question.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    /// Answer with `Found::addresses`.
    Addresses,
    /// There is no answer; `other_data`: the domain has addresses of another
    /// family, so the name exists.
    Nothing { other_data: bool },
    /// Ask one of `Found::group`; `for_every_name`: they are the general servers.
    Forward { for_every_name: bool },
    /// Nobody can be asked.
    NoServers,
}

/// What a ruling needs besides itself. Filled in place: it is too large to be
/// handed about.
#[derive(Default)]
pub struct Found {
    /// Addresses to answer with.
    pub addresses: Addresses,
    /// Servers to ask.
    pub group: Group,
    /// Which memory of the last good server they have (`Upstream::memory_of`).
    pub memory: u16,
}

/// What one domain says about a question.
enum Step {
    /// This.
    Ruling(Ruling),
    /// Go on with the servers for every name.
    Standard,
}

/// Who judges: the configuration and the servers.
struct Judge<'a> {
    config: &'a config::Dns,
    upstream: &'a Upstream,
    kind: u16,
}

impl Judge<'_> {
    fn targets<'a>(&'a self, numbers: &'a [u32]) -> impl Iterator<Item = &'a Target> {
        numbers.iter().filter_map(|number| self.config.domains.targets.get(*number as usize))
    }

    /// What the domain with these targets says, if anything: the first usable
    /// kind wins.
    fn domain(&self, numbers: &[u32], found: &mut Found) -> Option<Step> {
        self.domain_less(numbers, found, false)
    }

    /// The same; with `every`, servers that send questions back do not count.
    fn domain_less(&self, numbers: &[u32], found: &mut Found, every: bool) -> Option<Step> {
        found.group.clear();
        found.addresses.clear();
        let (mut zeros, mut local, mut standard, mut other_data) = (false, false, false, false);
        for target in self.targets(numbers) {
            match target {
                Target::Server(server) if self.is_out(*server, every) => {}
                Target::Server(server) if found.group.contains(server) => {}
                Target::Server(server) => push(&mut found.group, *server),
                Target::Standard => standard = true,
                Target::Local => local = true,
                Target::Zeros => (zeros, other_data) = (true, true),
                Target::Address(_) => other_data = true,
            }
        }
        for (family, unspecified) in [(kind::AAAA, V6_ZERO), (kind::A, V4_ZERO)] {
            // ANY is answered with one family, the first that there is.
            if !other_data || !found.addresses.is_empty() || !(self.kind == family || self.kind == kind::ANY) {
                continue;
            }
            for target in self.targets(numbers) {
                match target {
                    Target::Address(addr) if addr.is_ipv4() == unspecified.is_ipv4() => {
                        push(&mut found.addresses, *addr);
                    }
                    _ => {}
                }
            }
        }
        if found.addresses.is_empty() && zeros {
            for (family, unspecified) in [(kind::AAAA, V6_ZERO), (kind::A, V4_ZERO)] {
                if self.kind == family || self.kind == kind::ANY {
                    push(&mut found.addresses, unspecified);
                }
            }
        }
        match () {
            () if !found.addresses.is_empty() => Some(Step::Ruling(Ruling::Addresses)),
            () if local => Some(Step::Ruling(Ruling::Nothing { other_data })),
            () if standard => Some(Step::Standard),
            () if !found.group.is_empty() => Some(Step::Ruling(Ruling::Forward { for_every_name: false })),
            () => None,
        }
    }

    /// The server is not asked.
    fn is_out(&self, server: u16, every: bool) -> bool {
        self.upstream.is_own(server) || every && self.upstream.is_looping(server)
    }

    /// The ruling of the domains that hold `name`, longest first.
    fn domains(&self, name: Name, found: &mut Found) -> Option<Step> {
        let table = &self.config.domains.table;
        let wild = (!self.config.domains.wild.is_empty()).then(|| Wild::new(self.config, name));
        let mut wild_below = usize::MAX;
        for suffix in name.suffixes() {
            let len = suffix.wire().len().saturating_sub(2);
            while let Some((wild, longest)) = wild.as_ref().and_then(|wild| Some((wild, wild.longest(len, wild_below)?))) {
                wild_below = longest;
                let step = self.domain(&wild.numbers(longest), found);
                if step.is_some() {
                    return step;
                }
            }
            if suffix.is_root() {
                break;
            }
            let step = match table.exactly(suffix.wire()) {
                [] => None,
                numbers => self.domain(numbers, found),
            };
            if step.is_some() {
                return step;
            }
        }
        match (name.label_count(), table.exactly(&[])) {
            (1, numbers @ [_, ..]) => self.domain(numbers, found),
            _ => None,
        }
    }

    /// The ruling for every name; what is not a server counts only if no
    /// domain has sent us here.
    fn every_name(&self, sent: bool, found: &mut Found) -> Ruling {
        match self.domain_less(self.config.domains.table.exactly(&[0]), found, true) {
            Some(Step::Ruling(ruling @ (Ruling::Addresses | Ruling::Nothing { .. }))) if !sent => return ruling,
            _ => {}
        }
        for number in self.upstream.resolv_numbers().filter(|number| !self.is_out(*number, true)) {
            push(&mut found.group, number);
        }
        if found.group.is_empty() { Ruling::NoServers } else { Ruling::Forward { for_every_name: true } }
    }
}

/// The ruling for `name` and `kind`.
pub fn find(config: &config::Dns, upstream: &Upstream, name: Name, kind: u16, found: &mut Found) -> Ruling {
    // What a zone's parent says about it is asked of the parent's servers.
    let name = if kind == kind::DS { name.parent().unwrap_or(name) } else { name };
    let judge = Judge { config, upstream, kind };
    match judge.domains(name, found) {
        Some(Step::Ruling(ruling)) => ruling,
        Some(Step::Standard) => judge.every_name(true, found),
        None => judge.every_name(false, found),
    }
}

/// True when `address=` gives this name, or a domain it lies in, an address of
/// any family; a server for a domain in between does not matter.
pub fn has_addresses(config: &config::Dns, name: Name) -> bool {
    let is_address = |number: u32| {
        matches!(config.domains.targets.get(number as usize), Some(Target::Address(_) | Target::Zeros))
    };
    name.suffixes().any(|suffix| config.domains.table.exactly(suffix.wire()).iter().copied().any(is_address))
        || !config.domains.wild.is_empty()
            && Wild::new(config, name).fitting().any(|(_, number)| is_address(*number))
}

/// Adds one more as long as there is room.
fn push<T, const N: usize>(list: &mut ArrayVec<T, N>, item: T) {
    let _ = list.try_push(item);
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
        let mut out = crate::base::bytes::Writer::new(&mut wild.text);
        crate::wire::dns::name::write_lower(&mut out, name.wire());
        wild.len = out.len();
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
    fn numbers(&self, len: usize) -> ArrayVec<u32, ADDRESSES_MAX> {
        let fitting = self.fitting().filter(|(end, _)| end.len() == len);
        fitting.map(|(_, number)| *number).take(ADDRESSES_MAX).collect()
    }
}
