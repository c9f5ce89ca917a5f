//! What is kept from clients of what upstream servers answer: private addresses,
//! the addresses of liars, record types, and addresses that are to be others.

use super::NameBox;
use crate::base::net::Prefix;
use crate::wire::dns::codes::kind;
use std::net::Ipv4Addr;

/// The screen in front of upstream servers.
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Screen {
    /// `stop-dns-rebind`.
    pub stop_rebind: bool,
    /// `rebind-localhost-ok`.
    pub localhost_ok: bool,
    /// `rebind-domain-ok`: domains whose names may have private addresses; the
    /// root stands for names without a dot.
    pub private_ok: Vec<NameBox>,
    /// `bogus-nxdomain`.
    pub bogus: Vec<Prefix>,
    /// `ignore-address`.
    pub ignored: Vec<Prefix>,
    /// `alias`, as configured: the last that fits counts.
    pub aliases: Vec<Alias>,
    /// `filter-A`, `filter-AAAA`, `filter-rr`.
    pub filtered: Vec<u16>,
    /// `filterwin2k`.
    pub win2k: bool,
}

impl Screen {
    /// True when records of type `kind` are left out of an answer about type
    /// `asked`. An answer about every type that is filtered as such keeps what
    /// RFC 8482 §4.3 says clients may need.
    // Asked for each answer, and hardly ever configured.
    #[inline(always)]
    pub fn drops(&self, asked: u16, kind: u16) -> bool {
        !self.filtered.is_empty() && self.filters(asked, kind)
    }

    fn filters(&self, asked: u16, kind: u16) -> bool {
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
