//! The frozen configuration of what the kernel is told and asked about names:
//! sets of ipset and nftables, and the marks of connections. The engines that
//! talk to the kernel are not here.

#[cfg(test)]
use super::NameBox;
use super::rows::{HAS_CONNTRACK, HAS_SETS, is_pattern};
use crate::base::octets::lower;
use crate::base::suffix::SuffixTable;
use std::net::IpAddr;

/// Sets and marks.
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Sets {
    /// `ipset`.
    pub ip: Lines,
    /// `nftset`.
    pub nft: Lines,
    /// `conntrack`: questions upstream carry the mark of the client's connection.
    pub conntrack: bool,
    /// `connmark-allowlist-enable`: the bits of a mark that count; `None`: off.
    pub mark_mask: Option<u32>,
    /// `connmark-allowlist`, in configured order.
    pub allowed: Vec<Allowed>,
}

impl Sets {
    /// The bits of marks by which questions are refused, if they are.
    pub fn filter(&self) -> Option<u32> {
        self.mark_mask.filter(|_| HAS_CONNTRACK)
    }

    /// True when questions upstream carry the marks of clients.
    pub fn copies_marks(&self) -> bool {
        HAS_CONNTRACK && self.conntrack
    }

    /// True when the marks of clients are of any use.
    pub fn wants_marks(&self) -> bool {
        self.copies_marks() || self.filter().is_some()
    }

    /// True when addresses are put into any set.
    pub fn any(&self) -> bool {
        HAS_SETS && (!self.ip.lines.is_empty() || !self.nft.lines.is_empty())
    }
}

impl Allowed {
    /// What a mark, in the bits of a mask, may ask for; nothing if any of it is wrong.
    pub fn new<'a>(mark: u32, mask: u32, patterns: &mut dyn Iterator<Item = Option<&'a [u8]>>) -> Option<Self> {
        let mut all = Vec::new();
        for pattern in patterns {
            all.push(lower(pattern.filter(|pattern| is_pattern(pattern))?));
        }
        (mark != 0 && mark & !mask == 0).then(|| Allowed { mark, mask, patterns: all })
    }
}

impl Lines {
    /// The sets of a line.
    pub fn of(&self, line: Option<u32>) -> &[Set] {
        line.and_then(|line| self.lines.get(line as usize)).map_or(&[], |sets| sets)
    }
}

impl Set {
    /// True when addresses of this family may go into it.
    pub fn takes(&self, addr: IpAddr) -> bool {
        match self.only {
            Only::Any => true,
            Only::V4 => addr.is_ipv4(),
            Only::V6 => addr.is_ipv6(),
        }
    }
}

/// Which sets get the addresses of which domains.
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Lines {
    /// Domain (wire form; the root for every name) → numbers of lines.
    pub domains: SuffixTable,
    /// The sets of each line.
    pub lines: Vec<Box<[Set]>>,
    /// Domains and numbers as they were said: the table keeps no names.
    #[cfg(test)]
    pub said: Vec<(NameBox, u32)>,
}

/// A set of the kernel.
#[derive(PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub struct Set {
    /// Its name.
    pub name: Box<[u8]>,
    /// The table it is in; empty for one of ipset.
    pub table: Box<[u8]>,
    /// The table's family, as nftables numbers it; 0 for one of ipset.
    pub family: u8,
    /// Addresses of one family only.
    pub only: Only,
}

/// Which addresses go into a set.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub enum Only {
    /// All.
    Any,
    /// `4#`.
    V4,
    /// `6#`.
    V6,
}

/// `connmark-allowlist`: what questions with a mark may ask for.
#[cfg_attr(test, derive(Debug))]
pub struct Allowed {
    /// The mark, within the mask.
    pub mark: u32,
    /// The bits of a mark that are compared.
    pub mask: u32,
    /// Names as text, lower case, with `*` inside a label for any octets; `*`
    /// alone for every name.
    pub patterns: Vec<Box<[u8]>>,
}
