//! What the operator said of DHCP between networks: relays (RFC 1542 §4),
//! networks on one wire, interfaces that count as one, and who may ask about
//! leases (RFC 4388). What is made of it is `dhcp` and `dhcp4`.

use super::Pattern;
use std::net::{IpAddr, Ipv4Addr};

/// Relaying, frozen.
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Relaying {
    /// `dhcp-relay` and `dhcp-split-relay`, as configured; the last is tried first.
    pub relays: Vec<Relay>,
    /// `dhcp-proxy`: for these relays, or with an empty list for all.
    pub proxy: Option<Vec<Ipv4Addr>>,
    /// `shared-network`.
    pub shared: Vec<Shared>,
    /// `bridge-interface`.
    pub bridges: Vec<Bridge>,
    /// `leasequery`: networks that may ask (address and length of prefix); an
    /// empty list: everybody.
    pub queries: Option<Vec<(Ipv4Addr, u8)>>,
}

/// `dhcp-relay`.
#[cfg_attr(test, derive(Debug))]
pub struct Relay {
    /// Our address on the side of the clients.
    pub local: IpAddr,
    /// Where the server is.
    pub server: RelayTo,
    /// Its port.
    pub port: u16,
    /// How it is reached.
    pub by: RelayBy,
}

/// Whom requests are passed on to.
#[cfg_attr(test, derive(Debug))]
pub enum RelayTo {
    /// A server.
    Server(IpAddr),
    /// Everybody on the interface of the line.
    Everybody,
}

/// What else a relay line says.
#[cfg_attr(test, derive(Debug))]
pub enum RelayBy {
    /// Replies come in by any interface.
    Any,
    /// Replies come in by these interfaces only.
    Replies(Pattern),
    /// `dhcp-split-relay`: we speak from this interface's address.
    SplitInterface(Box<[u8]>),
    /// `dhcp-split-relay`: we speak from this address.
    SplitAddress(Ipv4Addr),
}

/// A link, by what is on it.
#[cfg_attr(test, derive(Debug))]
pub enum Link {
    /// The interface of this name.
    Interface(Box<[u8]>),
    /// The interface, or the relay, of this address.
    Address(IpAddr),
}

/// `shared-network`.
#[cfg_attr(test, derive(Debug))]
pub struct Shared {
    /// The wire.
    pub link: Link,
    /// Any address of the network that is on it too.
    pub address: IpAddr,
}

/// `bridge-interface`.
#[cfg_attr(test, derive(Debug))]
pub struct Bridge {
    /// The interface that counts.
    pub interface: Box<[u8]>,
    /// What comes in by these came in by that.
    pub aliases: Vec<Pattern>,
}
