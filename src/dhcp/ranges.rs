//! Which ranges a request may be served from (RFC 2131 §4.3.1, RFC 3011,
//! RFC 3527), and what each means on the link it is used for.

use crate::base::net::{netmask4, same_net4};
use crate::config::{Dhcp, Link, Range, RangeKind};
use crate::dhcp::tags::TagSet;
use crate::limits::RANGES_PER_REQUEST;
use crate::store::interfaces::{Interface, Interfaces};
use arrayvec::ArrayVec;
use std::net::{IpAddr, Ipv4Addr};

/// A range as it applies to one request.
#[derive(Clone, Copy)]
pub struct Candidate<'a> {
    /// Number of the range in the configuration.
    pub number: usize,
    /// The range.
    pub range: &'a Range,
    /// Netmask for the client.
    pub netmask: Ipv4Addr,
    /// Broadcast address for the client.
    pub broadcast: Ipv4Addr,
    /// Our address on that link: server identifier, default DNS server.
    pub local: Ipv4Addr,
    /// Default router.
    pub router: Ipv4Addr,
}

impl Candidate<'_> {
    /// True when `addr` lies in the subnet of the range.
    pub fn in_subnet(&self, addr: Ipv4Addr) -> bool {
        same_net4(addr, self.range.start, self.netmask)
    }

    /// True when `addr` lies in the subnet of our address there.
    pub fn in_subnet_of_local(&self, addr: Ipv4Addr) -> bool {
        same_net4(addr, self.local, self.netmask)
    }

    /// True when `addr` is one that the range gives out.
    fn holds(&self, addr: Ipv4Addr) -> bool {
        self.range.kind == RangeKind::Dynamic && self.range.start <= addr && addr <= self.range.end
    }
}

/// The ranges that apply, in the order in which they are tried.
#[derive(Clone, Default)]
pub struct Candidates<'a> {
    /// The ranges; more than fit are not tried.
    pub list: ArrayVec<Candidate<'a>, RANGES_PER_REQUEST>,
}

impl<'a> Candidates<'a> {
    /// Adds the ranges of the subnets of an interface: in the order of the
    /// configuration, those of its newer addresses first, and behind them those
    /// of networks that share the wire (`shared-network`).
    pub fn add_on_interface(&mut self, dhcp: &'a Dhcp, iface: &Interface) {
        for (local, address) in iface.ipv4() {
            let mut place = 0usize;
            let sharing = |link: &Link| match link {
                Link::Interface(name) => **name == *iface.name.as_bytes(),
                Link::Address(addr) => *addr == IpAddr::V4(local),
            };
            for shared in [false, true] {
                for (number, range) in dhcp.ranges.iter().enumerate() {
                    let netmask = range.netmask.unwrap_or(netmask4(address.prefix));
                    let shares = range.netmask.is_some() && is_shared(dhcp, range, netmask, &sharing);
                    let fits = shared == shares && (shared || both_ends_near(range, local, netmask));
                    if !fits || self.list.iter().any(|seen| seen.number == number) {
                        continue;
                    }
                    let near = !shared && same_net4(address.broadcast, range.start, netmask);
                    let broadcast = if near { Some(address.broadcast) } else { None };
                    let broadcast = range.broadcast.or(broadcast).unwrap_or(last_of(range.start, netmask));
                    let router = if shared { Ipv4Addr::UNSPECIFIED } else { local };
                    if self.list.is_full() {
                        self.list.pop();
                    }
                    // More ranges than there is room for: the last ones are left out.
                    if place > self.list.len() {
                        return;
                    }
                    let _ = self.list.try_insert(place, Candidate { number, range, netmask, broadcast, local, router });
                    place = place.saturating_add(1);
                }
            }
        }
    }

    /// Adds the ranges of the subnet of an address that is not on the arrival
    /// interface: of a relay, of a selector, or the client's own. Our address
    /// there is `fallback` unless an interface lies in that subnet. `routers`
    /// remembers, for each range, the relay that first asked for it: a client
    /// that renews past it still needs its router.
    pub fn add_for_address(
        &mut self,
        dhcp: &'a Dhcp,
        interfaces: &Interfaces,
        addr: Ipv4Addr,
        router: Ipv4Addr,
        fallback: Ipv4Addr,
        routers: &mut [Ipv4Addr],
    ) {
        for (number, range) in dhcp.ranges.iter().enumerate() {
            let own = interfaces.iter().flat_map(Interface::ipv4).find(|(local, address)| {
                both_ends_near(range, *local, range.netmask.unwrap_or(netmask4(address.prefix)))
            });
            let own = own.map(|(local, address)| (local, address.prefix));
            let guess = own.map_or_else(|| class_mask(range), |(_, prefix)| netmask4(prefix));
            let netmask = range.netmask.unwrap_or(guess);
            if netmask.is_unspecified() {
                continue;
            }
            // A network on the wire behind a relay; nobody knows its router.
            let by_relay = |link: &Link| matches!(link, Link::Address(relay) if addr == router && *relay == IpAddr::V4(addr));
            let shared = is_shared(dhcp, range, netmask, &by_relay);
            if !shared && !both_ends_near(range, addr, netmask) {
                continue;
            }
            let mut gate = if shared { Ipv4Addr::UNSPECIFIED } else { router };
            if let Some(learned) = routers.get_mut(number).filter(|_| !shared) {
                if learned.is_unspecified() {
                    *learned = router;
                }
                gate = *learned;
            }
            let (local, router) = own.map_or((fallback, gate), |(local, _)| (local, local));
            let broadcast = range.broadcast.unwrap_or(last_of(range.start, netmask));
            let _ = self.list.try_push(Candidate { number, range, netmask, broadcast, local, router });
        }
    }

    /// Leaves out the first `n` ranges.
    pub fn skip(&mut self, n: usize) {
        self.list = self.list.iter().skip(n).copied().collect();
    }

    /// True when no range applies.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// True when both ends of some range share the subnet of `addr`.
    pub fn cover(&self, addr: Ipv4Addr) -> bool {
        self.list.iter().any(|candidate| both_ends_near(candidate.range, addr, candidate.netmask))
    }

    /// True when `addr` is a router of one of the ranges: ours or a relay.
    pub fn is_router(&self, addr: Ipv4Addr) -> bool {
        self.list.iter().any(|candidate| candidate.router == addr)
    }

    /// The range that gives out `addr` to a client with these tags.
    pub fn giving(&self, addr: Ipv4Addr, tags: &TagSet) -> Option<&Candidate<'a>> {
        if self.is_router(addr) {
            return None;
        }
        self.list.iter().find(|candidate| candidate.holds(addr) && tags.hold(&candidate.range.conditions))
    }

    /// The range whose rules apply to a client at `addr`: the one that gives
    /// it out, else one for fixed addresses in that subnet, else any there.
    pub fn applying(&self, addr: Ipv4Addr, tags: &TagSet) -> Option<&Candidate<'a>> {
        let near = || {
            self.list
                .iter()
                .filter(|candidate| candidate.in_subnet(addr) && tags.hold(&candidate.range.conditions))
        };
        self.giving(addr, tags)
            .or_else(|| near().find(|candidate| candidate.range.kind == RangeKind::Static))
            .or_else(|| near().find(|candidate| candidate.range.kind != RangeKind::Proxy))
    }
}

/// True when a `shared-network` of such a link holds the range.
fn is_shared(dhcp: &Dhcp, range: &Range, netmask: Ipv4Addr, on: &dyn Fn(&Link) -> bool) -> bool {
    dhcp.relaying.shared.iter().any(|shared| match shared.address {
        IpAddr::V4(addr) => on(&shared.link) && both_ends_near(range, addr, netmask),
        IpAddr::V6(_) => false,
    })
}

/// True when both ends of the range share a subnet with `addr`.
#[inline(never)]
fn both_ends_near(range: &Range, addr: Ipv4Addr, netmask: Ipv4Addr) -> bool {
    same_net4(addr, range.start, netmask) && same_net4(addr, range.end, netmask)
}

/// The last address of a subnet.
fn last_of(addr: Ipv4Addr, netmask: Ipv4Addr) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(addr) | !u32::from(netmask))
}

/// The netmask that the class of both ends says (class A, B, C), or none.
fn class_mask(range: &Range) -> Ipv4Addr {
    let class = |addr: Ipv4Addr| match addr.octets().first() {
        Some(0..=127) => 8,
        Some(128..=191) => 16,
        Some(192..=223) => 24,
        _ => 0,
    };
    let (start, end) = (class(range.start), class(range.end));
    netmask4(if start == end { start } else { 0 })
}
