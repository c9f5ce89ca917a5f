//! The network interfaces of this machine and their addresses, as netlink
//! tells them, and which services each one is open for. The flags are worked
//! out by the daemon from the configuration whenever something changes, so a
//! packet costs one look-up.

use crate::base::net::{HwAddr, IfIndex, Networks, Prefix, netmask4, same_net4};
use crate::limits;
use arrayvec::{ArrayString, ArrayVec};
use std::net::{IpAddr, Ipv4Addr};

/// One address of an interface.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub struct Address {
    /// The address.
    pub addr: IpAddr,
    /// Length of its prefix.
    pub prefix: u8,
    /// IPv4 broadcast address; that of the subnet when none is set.
    pub broadcast: Ipv4Addr,
    /// DNS is served at this address.
    pub dns: bool,
    /// IPv6: duplicate address detection is not finished.
    pub tentative: bool,
    /// IPv6: deprecated, or one of those made up for privacy.
    pub fleeting: bool,
}

/// One interface.
#[derive(Clone)]
pub struct Interface {
    /// Kernel number.
    pub index: IfIndex,
    /// Name, such as `br-lan`.
    pub name: ArrayString<{ limits::IFNAME_MAX }>,
    /// Largest packet.
    pub mtu: u32,
    /// The loopback interface.
    pub loopback: bool,
    /// Up.
    pub up: bool,
    /// Hardware address.
    pub hw: HwAddr,
    /// Addresses, oldest first.
    pub addresses: ArrayVec<Address, { limits::ADDRESSES_PER_INTERFACE }>,
    /// DNS is served to packets arriving here.
    pub dns: bool,
    /// DHCPv4 is served here.
    pub dhcp4: bool,
    /// TFTP is served here.
    pub tftp: bool,
}

impl Interface {
    /// Its IPv4 addresses.
    pub fn ipv4(&self) -> impl Iterator<Item = (Ipv4Addr, &Address)> {
        self.addresses.iter().filter_map(|a| match a.addr {
            IpAddr::V4(v4) => Some((v4, a)),
            IpAddr::V6(_) => None,
        })
    }

    /// The address of this interface whose subnet holds `other`.
    pub fn ipv4_near(&self, other: Ipv4Addr) -> Option<(Ipv4Addr, &Address)> {
        self.ipv4().find(|(own, a)| same_net4(*own, other, netmask4(a.prefix)))
    }
}

/// All interfaces.
#[derive(Default)]
pub struct Interfaces {
    /// In the order of their kernel numbers.
    pub list: ArrayVec<Interface, { limits::INTERFACES_MAX }>,
}

impl Networks for Interfaces {
    fn holds(&self, iface: &[u8], addr: IpAddr) -> bool {
        let own = self.iter().filter(|entry| entry.name.as_bytes() == iface).flat_map(|entry| &entry.addresses);
        own.into_iter().any(|own| Prefix { addr: own.addr, len: own.prefix }.contains(addr))
    }
}

impl Interfaces {
    /// The interface with this number.
    pub fn get(&self, index: IfIndex) -> Option<&Interface> {
        self.list.iter().find(|entry| entry.index == index)
    }

    /// The interface with this name.
    #[inline(never)]
    pub fn named(&self, name: &[u8]) -> Option<&Interface> {
        self.list.iter().find(|entry| entry.name.as_bytes() == name)
    }

    /// The first interface that has this address.
    #[inline(never)]
    pub fn owner(&self, addr: IpAddr) -> Option<&Interface> {
        self.list.iter().find(|entry| entry.addresses.iter().any(|own| own.addr == addr))
    }

    /// Every interface.
    pub fn iter(&self) -> impl Iterator<Item = &Interface> {
        self.list.iter()
    }

    /// True when `addr` is an address of this machine.
    pub fn is_own(&self, addr: IpAddr) -> bool {
        self.owner(addr).is_some()
    }
}
