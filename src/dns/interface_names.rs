//! Names for the addresses that an interface has at the moment
//! (`interface-name`), and for machines in its network (`dynamic-host`).

use crate::base::net::{is_link_local6, netmask4};
use crate::config::{Config, InterfaceName};
use crate::dns::Surroundings;
use crate::dns::journal;
use crate::dns::tables::Place;
use crate::outbox::lines::{Arg, dns as lines};
use crate::store::interfaces::{Address, Interfaces};
use crate::wire::dns::build::Reply;
use crate::wire::dns::codes::{class, kind};
use crate::wire::dns::message::Section;
use crate::wire::dns::name::Name;
use std::net::{IpAddr, Ipv6Addr};

/// The names that are given to interfaces and are `name`.
fn of<'a>(config: &'a Config, name: Name) -> impl Iterator<Item = &'a InterfaceName> {
    let names = config.dns.local.interface_names.iter();
    names.filter(move |own| Name::new(&own.name).is_some_and(|own| own.same(name)))
}

/// True when the name, or one below it, is that of an interface.
pub(super) fn exist(with: &Surroundings, name: Name) -> bool {
    let mut names = with.config.dns.local.interface_names.iter();
    names.any(|own| Name::new(&own.name).is_some_and(|own| own.is_within(name)))
}

/// True when the name is that of an interface.
pub(super) fn has(config: &Config, name: Name) -> bool {
    of(config, name).next().is_some()
}

/// True when one of the addresses of an interface is what is looked for: the
/// newest comes first; link-local ones are none.
pub(super) fn any_address(interfaces: &Interfaces, iface: &[u8], is_it: &mut dyn FnMut(&Address) -> bool) -> bool {
    let is_local = |own: &Address| matches!(own.addr, IpAddr::V6(v6) if is_link_local6(v6));
    let mut found = interfaces.iter().filter(|entry| entry.name.as_bytes() == iface);
    found.any(|entry| entry.addresses.iter().rev().any(|own| !is_local(own) && is_it(own)))
}

/// The address that a name stands for beside this one of its interface.
fn beside(name: &InterfaceName, own: &Address) -> Option<IpAddr> {
    match own.addr {
        IpAddr::V4(v4) => {
            let (host, mask) = (name.v4?, netmask4(own.prefix));
            Some(IpAddr::V4(if name.dynamic { v4 & mask | host & !mask } else { v4 }))
        }
        IpAddr::V6(v6) => {
            let host = name.v6.filter(|_| !own.tentative && !own.fleeting)?;
            let mask = u128::MAX.checked_shl(128u32.saturating_sub(own.prefix.into())).unwrap_or(0);
            let joined = u128::from(v6) & mask | u128::from(host) & !mask;
            Some(IpAddr::V6(if name.dynamic { Ipv6Addr::from(joined) } else { v6 }))
        }
    }
}

/// True when one of the addresses that such a line stands for is what is looked
/// for.
pub(super) fn any_of_one(interfaces: &Interfaces, own: &InterfaceName, is_it: &mut dyn FnMut(IpAddr) -> bool) -> bool {
    any_address(interfaces, &own.iface, &mut |addr| beside(own, addr).is_some_and(&mut *is_it))
}

/// True when one of the addresses that the name of an interface stands for is
/// what is looked for.
pub(super) fn any(config: &Config, interfaces: &Interfaces, name: Name, is_it: &mut dyn FnMut(IpAddr) -> bool) -> bool {
    of(config, name).any(|own| any_of_one(interfaces, own, is_it))
}

/// Adds the addresses of one family that the name of an interface stands for:
/// those near the client if there are any. Whether there were; nothing when no
/// interface has the name.
#[inline(never)]
pub(super) fn answer(with: &mut Surroundings, reply: &mut Reply, place: &Place, name: Name, kind: u16) -> Option<bool> {
    let (config, interfaces, v6) = (with.config, with.interfaces, kind == kind::AAAA);
    of(config, name).next()?;
    let any = |is_it: &mut dyn FnMut(IpAddr) -> bool| {
        any(config, interfaces, name, &mut |addr| addr.is_ipv6() == v6 && is_it(addr))
    };
    let near = place.near_of(&any);
    let mut told = false;
    any(&mut |addr| {
        if near.is_none_or(|near| near.contains(addr)) {
            journal::answer(with.out, place.prefix, Arg::Str("config"), Arg::Name(name.wire()), Arg::Ip(addr));
            reply.address(Section::Answer, name, addr, config.dns.local_ttl);
            told = true;
        }
        false
    });
    if !told {
        journal::negative(with.out, place.prefix, Arg::Str("config"), name, kind, false);
    }
    Some(told)
}

/// The name of an address that an interface has, or that lies beside one: the
/// first one given.
pub(super) fn at<'a>(with: &Surroundings<'a>, addr: IpAddr) -> Option<Name<'a>> {
    let local = &with.config.dns.local;
    let is_meant = |own: &&InterfaceName| {
        let family = if addr.is_ipv4() { own.v4.is_some() } else { own.v6.is_some() };
        family
            && any_address(with.interfaces, &own.iface, &mut |near| match own.dynamic {
                true => beside(own, near) == Some(addr),
                false => near.addr == addr,
            })
    };
    local.interface_names.iter().find(is_meant).and_then(|own| Name::new(&own.name))
}

/// Adds that name.
pub(super) fn pointer(with: &mut Surroundings, reply: &mut Reply, place: &Place, name: Name, addr: IpAddr) -> bool {
    let Some(target) = at(with, addr) else { return false };
    journal::answer(with.out, place.prefix, Arg::Str("config"), Arg::Ip(addr), Arg::Name(target.wire()));
    reply.name(Section::Answer, name, kind::PTR, class::IN, with.config.dns.local_ttl, target)
}

/// Says which names have no interface at the start.
pub(super) fn warn(with: &mut Surroundings) {
    for own in &with.config.dns.local.interface_names {
        if !any_address(with.interfaces, &own.iface, &mut |_| true) {
            with.out.log(&lines::NO_ADDRESSES, &[Arg::Text(&own.iface)]);
        }
    }
}
