//! What is kept from clients of what upstream servers answer: private addresses,
//! the addresses of liars, record types, and addresses that are to be others.

use super::draft::{Flag, Said};
use super::NameBox;
use super::checked::{boxed, last_first};
use crate::base::net::Prefix;
use crate::wire::dns::codes::kind;
use std::net::Ipv4Addr;

/// The screen in front of upstream servers.
#[cfg_attr(test, derive(Debug))]
pub struct Screen {
    /// `stop-dns-rebind`.
    pub stop_rebind: bool,
    /// `rebind-localhost-ok`.
    pub localhost_ok: bool,
    /// `rebind-domain-ok`: domains whose names may have private addresses; the
    /// root stands for names without a dot.
    pub private_ok: Box<[NameBox]>,
    /// `bogus-nxdomain`.
    pub bogus: Box<[Prefix]>,
    /// `ignore-address`.
    pub ignored: Box<[Prefix]>,
    /// `alias`, last configured first: the first that fits counts.
    pub aliases: Box<[Alias]>,
    /// `filter-A`, `filter-AAAA`, `filter-rr`.
    pub filtered: Box<[u16]>,
    /// `filterwin2k`.
    pub win2k: bool,
}

impl Screen {
    /// True when records of type `kind` are left out of an answer about type
    /// `asked`. An answer about every type that is filtered as such keeps what
    /// RFC 8482 §4.3 says clients may need.
    pub fn drops(&self, asked: u16, kind: u16) -> bool {
        match asked == kind::ANY && self.filtered.contains(&kind::ANY) {
            true => !matches!(kind, kind::A | kind::AAAA | kind::MX | kind::CNAME),
            false => self.filtered.contains(&kind),
        }
    }
}

/// An IPv4 address, or a range of them, and what it becomes.
#[cfg_attr(test, derive(Debug))]
pub struct Alias {
    /// First address.
    pub from: Ipv4Addr,
    /// Last address.
    pub to: Ipv4Addr,
    /// What the bits under the mask become.
    pub new: Ipv4Addr,
    /// Bits that are replaced.
    pub mask: Ipv4Addr,
}

impl Alias {
    /// What `addr` becomes; nothing if it is none of these.
    pub fn of(&self, addr: Ipv4Addr) -> Option<Ipv4Addr> {
        (self.from..=self.to).contains(&addr).then_some(self.new & self.mask | addr & !self.mask)
    }
}

/// The screen being read.
#[derive(Default)]
pub struct ScreenDraft {
    pub private_ok: Vec<NameBox>,
    pub bogus: Vec<Prefix>,
    pub ignored: Vec<Prefix>,
    pub aliases: Vec<Alias>,
    pub filtered: Vec<u16>,
}

impl ScreenDraft {
    /// The frozen screen.
    #[inline(never)]
    pub fn freeze(&mut self, said: &Said) -> Screen {
        for (flag, kind) in [(Flag::FilterA, kind::A), (Flag::FilterAaaa, kind::AAAA)] {
            if said.has(flag) {
                self.filtered.push(kind);
            }
        }
        Screen {
            stop_rebind: said.has(Flag::StopDnsRebind),
            localhost_ok: said.has(Flag::RebindLocalhostOk),
            private_ok: boxed(&mut self.private_ok),
            bogus: boxed(&mut self.bogus),
            ignored: boxed(&mut self.ignored),
            aliases: last_first(&mut self.aliases),
            filtered: boxed(&mut self.filtered),
            win2k: said.has(Flag::FilterWin2k),
        }
    }
}
