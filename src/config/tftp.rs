//! The frozen configuration of TFTP: roots, limits, ports. What the operator
//! said, checked; how it is served is `tftp`.

use super::Pattern;

/// TFTP.
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Tftp {
    /// `enable-tftp`.
    pub on: bool,
    /// Interfaces named by `enable-tftp=`; empty: those of DHCP and DNS.
    pub interfaces: Vec<Pattern>,
    /// `tftp-root` without interface.
    pub root: Option<Box<[u8]>>,
    /// `tftp-root` with interface.
    pub iface_roots: Vec<(Box<[u8]>, Box<[u8]>)>,
    /// `tftp-no-fail`.
    pub no_fail: bool,
    /// `tftp-secure`.
    pub secure: bool,
    /// `tftp-lowercase`.
    pub lowercase: bool,
    /// `tftp-unique-root`: by IP, by MAC.
    pub unique_root: Option<UniqueRoot>,
    /// `tftp-max`.
    pub max: u16,
    /// `tftp-mtu`.
    pub mtu: Option<u16>,
    /// `tftp-no-blocksize`.
    pub no_blocksize: bool,
    /// `tftp-port-range`.
    pub ports: Option<(u16, u16)>,
    /// `tftp-single-port`.
    pub single_port: bool,
}

impl Tftp {
    /// Transfers at once: each has a port of its own.
    pub fn transfers(&self) -> u16 {
        match self.ports {
            Some((first, last)) if !self.single_port => self.max.min(last.saturating_sub(first).saturating_add(1)),
            _ => self.max,
        }
    }

    /// Every directory that is served.
    pub fn roots(&self) -> impl Iterator<Item = &[u8]> {
        self.root.iter().chain(self.iface_roots.iter().map(|(_, root)| root)).map(|root| &**root)
    }
}

/// `tftp-unique-root`.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub enum UniqueRoot {
    /// A directory named after the address.
    Ip,
    /// A directory named after the hardware address.
    Mac,
}

