//! The frozen configuration of DHCPv4: what is given out to whom. What the
//! protocol makes of it (order, tags, which option wins) is the business of the
//! DHCP tables, not of this file.

use super::{NameBox, Netboot, Path, Relaying};
use crate::base::net::HwAddr;
use std::net::{Ipv4Addr, Ipv6Addr};

/// DHCPv4.
/// Where leases are kept if nothing is said.
const LEASE_FILE: &std::ffi::CStr = c"/var/lib/misc/dnsmasq.leases";

#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Dhcp {
    /// `dhcp-range`, in configured order; empty: no DHCP.
    pub ranges: Vec<Range>,
    /// `dhcp-host`, last configured first.
    pub hosts: Vec<Host>,
    /// `dhcp-hostsfile`: read at start and on SIGHUP.
    pub hosts_files: Vec<Path>,
    /// `dhcp-hostsdir`: read at start and on SIGHUP, and watched.
    pub hosts_dirs: Vec<Path>,
    /// `dhcp-optsfile`: read at start and on SIGHUP.
    pub options_files: Vec<Path>,
    /// `dhcp-optsdir`: read at start and on SIGHUP, and watched.
    pub options_dirs: Vec<Path>,
    /// `dhcp-option` and `dhcp-option-force`, last configured first.
    pub options: Vec<DhcpOption>,
    /// How many of them, in front, come from files that are read again.
    pub options_read: usize,
    /// `dhcp-boot`, as configured: the last that fits counts.
    pub boots: Vec<Boot>,
    /// `dhcp-match`, `dhcp-mac`, `dhcp-vendorclass`, …: what sets tags.
    pub matches: Vec<Match>,
    /// `tag-if`, in configured order.
    pub tag_ifs: Vec<TagIf>,
    /// `dhcp-ignore`: any one that holds.
    pub ignore: Vec<Conditions>,
    /// `dhcp-ignore-names`.
    pub ignore_names: Vec<Conditions>,
    /// `dhcp-generate-names`.
    pub generate_names: Vec<Conditions>,
    /// `dhcp-broadcast`.
    pub broadcast: Vec<Conditions>,
    /// Booting, ports and pace.
    pub netboot: Netboot,
    /// Relays, shared wires, questions about leases.
    pub relaying: Relaying,
    /// Names of tags by number.
    pub tags: Vec<Box<[u8]>>,
    /// `dhcp-lease-max`.
    pub lease_max: u32,
    /// `dhcp-leasefile`.
    pub lease_file: Option<Path>,
    /// `dhcp-authoritative`.
    pub authoritative: bool,
    /// `dhcp-sequential-ip`.
    pub sequential: bool,
    /// `no-ping`.
    pub no_ping: bool,
    /// `dhcp-fqdn`.
    pub fqdn: bool,
    /// `dhcp-client-update`.
    pub client_update: bool,
    /// `dhcp-ignore-clid`.
    pub ignore_clid: bool,
    /// `dhcp-no-override`.
    pub no_override: bool,
    /// `dhcp-rapid-commit`.
    pub rapid_commit: bool,
    /// `read-ethers`.
    pub read_ethers: bool,
}

impl Dhcp {
    /// True when there is anything to serve or to relay.
    pub fn on(&self) -> bool {
        !self.ranges.is_empty() || !self.relaying.relays.is_empty()
    }

    /// Where leases are kept.
    pub fn lease_file(&self) -> &std::ffi::CStr {
        self.lease_file.as_deref().unwrap_or(LEASE_FILE)
    }

    /// First and last address of each range, in configured order.
    pub fn spans(&self) -> impl Iterator<Item = (Ipv4Addr, Ipv4Addr)> {
        self.ranges.iter().map(|range| (range.start, range.end))
    }
}

/// A tag, by its number in `Dhcp::tags`.
pub type Tag = u16;

/// Tags that must (`true`) or must not (`false`) be set; all of them.
pub type Conditions = Box<[(Tag, bool)]>;

/// A length of time that may be endless.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub enum LeaseTime {
    /// Seconds.
    Secs(u32),
    /// `infinite`.
    Infinite,
}

/// What a range is for.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub enum RangeKind {
    /// Addresses are given out.
    Dynamic,
    /// Only to hosts of `dhcp-host`.
    Static,
    /// None: PXE clients are told where to boot, another server has the addresses.
    Proxy,
}

/// `dhcp-range` (IPv4).
#[cfg_attr(test, derive(Debug))]
pub struct Range {
    /// First address.
    pub start: Ipv4Addr,
    /// Last address; equal to the first for `static`.
    pub end: Ipv4Addr,
    /// What for.
    pub kind: RangeKind,
    /// Configured netmask; otherwise that of the interface.
    pub netmask: Option<Ipv4Addr>,
    /// Configured broadcast address.
    pub broadcast: Option<Ipv4Addr>,
    /// Lease time, at least 120 s.
    pub lease: LeaseTime,
    /// When it may be used.
    pub conditions: Conditions,
    /// The tag that its clients get.
    pub set: Option<Tag>,
}

/// A hardware address with wildcards.
#[derive(Clone, PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub struct HwPattern {
    /// Type (0: any) and octets.
    pub hw: HwAddr,
    /// Bit n set: octet n may be anything.
    pub wild: u16,
}

/// How a host is recognised by its client identifier.
#[derive(Clone, Default, PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub enum ClientId {
    #[default]
    /// Nothing said.
    None,
    /// `id:*`: the identifier is ignored for this host.
    Ignored,
    /// This identifier.
    Is(Box<[u8]>),
}

/// `dhcp-host`.
#[derive(Clone, Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Host {
    /// Hardware addresses.
    pub hw: Box<[HwPattern]>,
    /// Client identifier.
    pub client_id: ClientId,
    /// IPv4 address.
    pub addr: Option<Ipv4Addr>,
    /// IPv6 addresses, last configured first.
    pub addrs6: Box<[Suffix6]>,
    /// Host name: one label.
    pub name: Option<Box<[u8]>>,
    /// The domain written behind the name, wire form.
    pub domain: Option<NameBox>,
    /// Lease time of its own.
    pub lease: Option<LeaseTime>,
    /// `set:` tags.
    pub set: Box<[Tag]>,
    /// `tag:` conditions.
    pub conditions: Conditions,
    /// `ignore`.
    pub ignore: bool,
}

impl Host {
    /// True when nothing else says whom it is about.
    pub fn is_known_by_name(&self) -> bool {
        self.hw.is_empty() && matches!(self.client_id, ClientId::None)
    }
}

/// An IPv6 address of a host.
#[derive(Clone, PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub struct Suffix6 {
    /// The address. A network part of zeros stands for every network that the
    /// host is in.
    pub addr: Ipv6Addr,
    /// Length of the prefix that all addresses for the host begin with; 128:
    /// this address only.
    pub prefix: u8,
}

/// Where a `dhcp-option` goes.
#[derive(Clone, PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub enum Space {
    /// An ordinary option.
    Plain,
    /// Inside option `n` (`encap:`).
    Encap(u8),
    /// Inside option 125 for this enterprise (`vi-encap:`).
    Enterprise(u32),
    /// Inside option 43, if the client's vendor class holds this text.
    Vendor(Box<[u8]>),
    /// Inside option 43, if the client's vendor class holds one of the classes
    /// of PXE clients (`pxe-prompt`).
    Pxe,
}

/// `dhcp-option`.
#[derive(Clone, PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub struct DhcpOption {
    /// Option number.
    pub code: u8,
    /// The value as it goes on the wire.
    pub value: Box<[u8]>,
    /// The value holds IPv4 addresses: 0.0.0.0 means ours.
    pub addresses: bool,
    /// The value is text: a final zero is added for clients that use it.
    pub text: bool,
    /// Sent even when not asked for.
    pub force: bool,
    /// Sent to PXE clients only.
    pub pxe: bool,
    /// Where it goes.
    pub space: Space,
    /// When it applies.
    pub conditions: Conditions,
}

/// `dhcp-boot`.
#[cfg_attr(test, derive(Debug))]
pub struct Boot {
    /// Boot file.
    pub file: Box<[u8]>,
    /// Server name.
    pub server_name: Box<[u8]>,
    /// Next server: an address, or a name looked up in local data.
    pub next_server: NextServer,
    /// When it applies.
    pub conditions: Conditions,
}

/// The next server of `dhcp-boot`.
#[cfg_attr(test, derive(Debug))]
pub enum NextServer {
    /// This server.
    Us,
    /// This address.
    Addr(Ipv4Addr),
    /// This name, wire form.
    Name(NameBox),
}

/// What a client must have sent for a tag to be set.
#[cfg_attr(test, derive(Debug))]
pub struct Match {
    /// The tag.
    pub set: Tag,
    /// The test.
    pub test: Test,
}

/// Tests on a request.
#[cfg_attr(test, derive(Debug))]
pub enum Test {
    /// `dhcp-mac`.
    Hw(HwPattern),
    /// `dhcp-vendorclass`: this text anywhere in option 60; in DHCPv6 anywhere
    /// in a class of this enterprise, or of any.
    VendorClass(Option<u32>, Box<[u8]>),
    /// `dhcp-userclass`: this text anywhere in option 77.
    UserClass(Box<[u8]>),
    /// `dhcp-circuitid`, `dhcp-remoteid`, `dhcp-subscrid`: sub-option of 82, exact.
    Agent(u8, Box<[u8]>),
    /// `dhcp-match`: what stands there fits.
    Value(Where, Fits),
    /// `dhcp-name-match`: name, and whether more may follow.
    Name(Box<[u8]>, bool),
}

/// What `dhcp-match` looks at.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub enum Where {
    /// The option with this number.
    Option(u16),
    /// `vi-encap:`: each vendor class of this enterprise (option 124).
    Enterprise(u32),
}

/// What `dhcp-match` wants of a value.
#[cfg_attr(test, derive(Debug))]
pub enum Fits {
    /// That it is there.
    Present,
    /// These octets at its beginning, wild bits as in `HwPattern`.
    Octets(Box<[u8]>, u64),
    /// This text anywhere.
    Contains(Box<[u8]>),
    /// One element of the array: a number or an address.
    Element(Box<[u8]>),
}

/// `tag-if`.
#[cfg_attr(test, derive(Debug))]
pub struct TagIf {
    /// Tags to set.
    pub set: Box<[Tag]>,
    /// When all of these hold.
    pub conditions: Conditions,
    /// And these, which end in `*`: some tag that begins so is set, or none is.
    pub wild: Vec<(Box<[u8]>, bool)>,
}
