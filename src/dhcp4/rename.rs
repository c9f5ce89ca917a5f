//! After the files of names and hosts were read (start, SIGHUP): leases get the
//! names that the configuration or hosts files now give them, so that a new
//! line counts at once and not when the client comes back.

use crate::base::net::HwAddr;
use crate::config::Config;
use crate::dhcp::hosts::{HostTable, Identity};
use crate::dhcp::naming::{give_name, legal_label};
use crate::dhcp::tags::TagSet;
use crate::base::net::Networks;
use crate::dhcp4::{Surroundings, persist};
use crate::limits::HOST_NAME_MAX;
use crate::store::hosts::Hosts;
use crate::store::leases::{LeaseId, Leases};
use crate::wire::dns::name::{Name, NameBuf};
use arrayvec::ArrayVec;
use std::net::Ipv4Addr;

/// Names all leases anew where the configuration has a name for them.
pub(super) fn rename_leases(with: &mut Surroundings, hosts: &HostTable) {
    let dns = &with.config.dns;
    let fqdn = with.config.dhcp.fqdn;
    let nets = with.interfaces;
    let same_domain = |a: Ipv4Addr, b: Ipv4Addr| !fqdn || dns.domain_for(a.into(), nets) == dns.domain_for(b.into(), nets);
    let mut any = false;
    let mut slot = 0;
    while let Some((id, behind)) = with.leases.walk(slot) {
        slot = behind;
        any |= match name_for(with, hosts, id) {
            Some(name) => give_name(with.leases, id, &name, true, same_domain).0,
            None => only_last(with.leases, id, same_domain),
        };
    }
    if any {
        persist::rewrite(with);
    }
}

/// Of leases that have one name in the file the last one keeps it: true when this
/// one lost it.
fn only_last(leases: &mut Leases, id: LeaseId, same_domain: impl Fn(Ipv4Addr, Ipv4Addr) -> bool) -> bool {
    let Some(lease) = leases.get(id).filter(|lease| !lease.name().is_empty()) else { return false };
    let (addr, mut name) = (lease.addr, ArrayVec::<u8, HOST_NAME_MAX>::new());
    let _ = name.try_extend_from_slice(lease.name());
    let other = |other: &LeaseId| *other != id && leases.get(*other).is_some_and(|lease| same_domain(lease.addr, addr));
    let is_rivalled = leases.ids_by_name(&name).any(|id| other(&id));
    if is_rivalled {
        leases.set_name(id, b"", false);
    }
    is_rivalled
}

/// The name that a lease is to have by the configuration.
fn name_for(with: &Surroundings, hosts: &HostTable, id: LeaseId) -> Option<ArrayVec<u8, HOST_NAME_MAX>> {
    let leases: &Leases = with.leases;
    let lease = leases.get(id)?;
    let client_id = Some(leases.client_id(lease)).filter(|id| !id.is_empty());
    let hw: &HwAddr = &lease.hw;
    let host = hosts.of_client(&Identity { client_id, hw, name: None }, &TagSet::default(), None);
    let host = host.filter(|host| host.addr.is_none_or(|addr| addr == lease.addr));
    let configured = host.and_then(|host| host.name.as_deref());
    let mut known = NameBuf::default();
    let label = configured.or_else(|| known_name(with.config, with.names, with.interfaces, lease.addr, &mut known))?;
    let mut name = ArrayVec::new();
    name.try_extend_from_slice(label).ok()?;
    Some(name)
}

/// The host's own label of the name that hosts files give an address, if its
/// domain is the one of the address or it has none.
/// `name` takes the whole.
pub(super) fn known_name<'n>(
    config: &Config,
    names: &Hosts,
    nets: &dyn Networks,
    addr: Ipv4Addr,
    name: &'n mut NameBuf,
) -> Option<&'n [u8]> {
    if config.listen.port == 0 {
        return None;
    }
    names.by_addr(addr.into(), name)?;
    let name = name.name();
    let domain = name.parent().filter(|domain| !domain.is_root());
    let zone = config.dns.domain_for(addr.into(), nets).and_then(Name::new);
    let fits = domain.is_none_or(|domain| zone.is_some_and(|zone| zone.same(domain)));
    Some(name.first_label()).filter(|label| fits && legal_label(label).is_some())
}
