//! The frozen configuration of authoritative service: zones, where they are
//! served, and what their SOA and NS records say (RFC 1035 §3.3.13).

use super::draft::Draft;
use super::rows::HAS_AUTH;
use super::NameBox;
use crate::base::net::Prefix;
use std::net::IpAddr;

/// Authoritative service.
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Auth {
    /// `auth-server`: the primary server's name in NS and SOA records.
    pub server: Option<NameBox>,
    /// Interfaces that are served with authority only.
    pub interfaces: Vec<Interface>,
    /// Addresses that are served with authority only.
    pub addresses: Vec<IpAddr>,
    /// `auth-zone`, in configured order.
    pub zones: Vec<Zone>,
    /// `auth-soa`.
    pub soa: Soa,
    /// `auth-ttl`, seconds.
    pub ttl: u32,
    /// `auth-sec-servers`, in configured order.
    pub secondaries: Vec<NameBox>,
    /// `auth-peer`: who may copy zones; empty: whoever is a secondary.
    pub peers: Vec<IpAddr>,
}

/// An interface, or only its addresses of one family.
#[cfg_attr(test, derive(Debug))]
pub struct Interface {
    /// Its name.
    pub name: Box<[u8]>,
    /// Which addresses.
    pub family: Family,
}

/// Which addresses of an interface.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub enum Family {
    /// All.
    Any,
    /// `/4`.
    V4,
    /// `/6`.
    V6,
}

/// `auth-zone`.
#[cfg_attr(test, derive(Debug))]
pub struct Zone {
    /// The domain; the root for every name.
    pub name: NameBox,
    /// Networks whose addresses are published; empty: all addresses.
    pub subnets: Vec<Subnet>,
    /// `exclude:`: networks whose addresses are not.
    pub excluded: Vec<Subnet>,
}

/// A network of a zone.
#[cfg_attr(test, derive(Debug))]
pub enum Subnet {
    /// This one.
    Prefix(Prefix),
    /// Those of an interface.
    Interface(Interface),
}

/// `auth-soa`: what is missing has dnsmasq's defaults.
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Soa {
    /// Serial number; `None`: the time of the start.
    pub serial: Option<u32>,
    /// Mailbox as a name; `None`: `hostmaster` below the server's name.
    pub mailbox: Option<NameBox>,
    /// Seconds between two looks of a secondary (1200).
    pub refresh: Option<u32>,
    /// Seconds until a failed look is tried again (180).
    pub retry: Option<u32>,
    /// Seconds after which a secondary gives up (1209600).
    pub expiry: Option<u32>,
}

impl Interface {
    /// True when it is this address of the interface with this name; a `*` at the
    /// end stands for anything.
    pub fn is(&self, name: &[u8], addr: IpAddr) -> bool {
        let family = match self.family {
            Family::Any => true,
            Family::V4 => addr.is_ipv4(),
            Family::V6 => addr.is_ipv6(),
        };
        family && match self.name.strip_suffix(b"*") {
            Some(front) => name.starts_with(front),
            None => *self.name == *name,
        }
    }
}

impl Auth {
    /// True when this address of the interface with this name is served with
    /// authority only.
    pub fn serves(&self, name: &[u8], addr: IpAddr) -> bool {
        HAS_AUTH && (self.addresses.contains(&addr) || self.interfaces.iter().any(|own| own.is(name, addr)))
    }

    /// True when there are such interfaces or addresses.
    pub fn is_outside(&self) -> bool {
        HAS_AUTH && (!self.addresses.is_empty() || !self.interfaces.is_empty())
    }
}

/// What is wrong with the zones as a whole; not looked at by `--test`.
pub fn check(draft: &Draft) -> Option<&'static str> {
    let lacks = !draft.config.auth.zones.is_empty() && draft.config.auth.server.is_none();
    lacks.then_some("--auth-server required when an auth zone is defined.")
}
