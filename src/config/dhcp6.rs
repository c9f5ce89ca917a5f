//! The frozen configuration of DHCPv6 and of router advertisements (RFC 8415,
//! RFC 4861), and its draft. What both families share (hosts, tags, classes)
//! stands with DHCPv4.

use super::dhcp::{Conditions, LeaseTime, Match, Tag};
use super::Pattern;
use std::net::Ipv6Addr;

/// DHCPv6 and router advertisements.
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Dhcp6 {
    /// `dhcp-range`, in configured order.
    pub ranges: Vec<Range6>,
    /// `dhcp-option` with `option6:`, as configured.
    pub options: Vec<Option6>,
    /// `dhcp-match` with `option6:`, as configured.
    pub matches: Vec<Match>,
    /// `enable-ra`.
    pub advertise: bool,
    /// `ra-param`, as configured.
    pub adverts: Vec<AdvertParam>,
    /// `dhcp-duid`: number of the enterprise and identifier.
    pub duid: Option<(u32, Box<[u8]>)>,
}

/// `dhcp-range` (IPv6).
#[cfg_attr(test, derive(Debug))]
pub struct Range6 {
    /// First address; its network part is zero with `constructor`.
    pub start: Ipv6Addr,
    /// Last address; equal to the first if none was given.
    pub end: Ipv6Addr,
    /// Length of the prefix, 64 to 128; 0 for `::`, which stands for every
    /// interface.
    pub prefix: u8,
    /// `constructor:`: the interface whose prefixes make ranges of this one.
    pub constructor: Option<Pattern>,
    /// What for: the bits of `mode`.
    pub modes: u8,
    /// Lease time, at least 120 s, if one was given (otherwise a day).
    pub lease: Option<LeaseTime>,
    /// When it may be used.
    pub conditions: Conditions,
    /// The tag that its clients get.
    pub set: Option<Tag>,
}

/// What a range of IPv6 addresses is for, as bits.
pub mod mode {
    /// DHCPv6 is spoken: an end, `static` or `ra-stateless` was given.
    pub const DHCP: u8 = 1;
    /// `static`: addresses only for hosts of `dhcp-host`.
    pub const STATIC: u8 = 2;
    /// The prefix is advertised for autonomous configuration: any `ra-` mode
    /// and `slaac`.
    pub const ADVERT: u8 = 4;
    /// `ra-names`: names of DHCPv4 are tried with addresses made from the MAC.
    pub const NAMES: u8 = 8;
    /// `ra-stateless`: DHCPv6 tells options and gives no addresses.
    pub const STATELESS: u8 = 16;
    /// `ra-advrouter`: the prefix carries our own address.
    pub const ROUTER: u8 = 32;
    /// `off-link`: not said to be on the link.
    pub const OFF_LINK: u8 = 64;
    /// `deprecated`: no new use.
    pub const DEPRECATED: u8 = 128;
}

/// `dhcp-option` with `option6:`.
#[derive(Clone)]
#[cfg_attr(test, derive(Debug))]
pub struct Option6 {
    /// Option number.
    pub code: u16,
    /// The value as it goes on the wire.
    pub value: Box<[u8]>,
    /// The value holds addresses: `::`, `fd00::` and `fe80::` mean ours.
    pub addresses: bool,
    /// Sent even when not asked for.
    pub force: bool,
    /// `vi-encap:`: goes inside option 17 for this enterprise.
    pub enterprise: Option<u32>,
    /// When it applies.
    pub conditions: Conditions,
}

/// `ra-param`.
#[cfg_attr(test, derive(Debug))]
pub struct AdvertParam {
    /// Where it applies.
    pub iface: Pattern,
    /// What is said of the MTU.
    pub mtu: AdvertMtu,
    /// `high` and `low`.
    pub preference: Preference,
    /// Seconds between advertisements, 4 to 1800.
    pub interval: u16,
    /// Seconds that we are a router for: `interval` to 9000, or 0: we are none.
    pub lifetime: u16,
}

/// The MTU option of an advertisement.
#[derive(Clone, PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub enum AdvertMtu {
    /// That of the interface.
    Own,
    /// `mtu:off`: none.
    Off,
    /// This, at least 1280.
    Octets(u32),
    /// That of another interface.
    Of(Box<[u8]>),
}

/// How much a router is preferred (RFC 4191).
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub enum Preference {
    /// Less than others.
    Low,
    /// As others.
    Medium,
    /// More than others.
    High,
}
