//! BOOTP (RFC 951, RFC 1542): clients that know no message types get the
//! address of their `dhcp-host`, for ever or for the time that it says.

use crate::config::LeaseTime;
use crate::dhcp4::client::Client;
use crate::dhcp4::reply::{Reply, Timing};
use crate::dhcp4::{State, Surroundings, bind, log, offer, persist, reply};
use crate::limits::HOST_NAME_MAX;
use arrayvec::ArrayVec;
use std::net::Ipv4Addr;

/// A BOOTP request.
pub(super) fn on_bootp(state: &State, with: &mut Surroundings, client: &mut Client) {
    let ignored = client.host.is_some_and(|host| host.ignore);
    let addr = match (ignored, client.ignored) {
        (true, _) => Err("disabled"),
        (_, true) => Err("ignored"),
        _ => address(state, with, client),
    };
    let bound = addr.and_then(|addr| {
        let range = client.ranges.applying(addr, &client.all_tags).copied().ok_or("wrong network")?;
        offer::drop_other_lease(with, client, addr);
        let id = bind::lease(with, client, addr)?;
        Ok((addr, range, id))
    });
    let shown = addr.ok();
    let (addr, range, id) = match bound {
        Ok(bound) => bound,
        Err(reason) => return log::packet(with, client, "BOOTP", shown, b"", reason),
    };
    bind::name_lease(with, client, id);
    let secs = match client.host.and_then(|host| host.lease) {
        Some(LeaseTime::Secs(secs)) => Some(secs),
        Some(LeaseTime::Infinite) | None => None,
    };
    with.leases.set_expiry(id, secs, with.now);
    persist::save(with, Some(id));
    let mut name = ArrayVec::<u8, HOST_NAME_MAX>::new();
    let known = with.leases.get(id).map(|lease| lease.name()).unwrap_or_default();
    let _ = name.try_extend_from_slice(known);
    log::packet(with, client, "BOOTP", Some(addr), b"", "");
    let tags = client.tags_with(Some(&range));
    reply::send(
        with,
        client,
        &Reply {
            kind: None,
            yiaddr: addr,
            range: Some(&range),
            own_tags: &client.all_tags,
            tags: &tags,
            timing: Timing::None,
            rapid: false,
            name: Some(&*name).filter(|name| !name.is_empty()),
        },
    );
}

/// The fixed address of the client, if it is free for it.
fn address(state: &State, with: &mut Surroundings, client: &Client) -> Result<Ipv4Addr, &'static str> {
    let addr = client.host.and_then(|host| host.addr).ok_or("no address configured")?;
    offer::configured(state, with, client).ok_or("address in use").map(|_| addr)
}
