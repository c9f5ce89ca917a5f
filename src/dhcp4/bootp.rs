//! BOOTP (RFC 951, RFC 1542): clients that know no message types get the
//! address of their `dhcp-host`, for ever or for the time that it says.

use crate::config::LeaseTime;
use crate::dhcp4::client::Client;
use crate::dhcp4::reply::{Reply, Timing};
use crate::dhcp4::{State, Surroundings, bind, log, offer, persist, reply};
use std::net::Ipv4Addr;

/// A BOOTP request.
pub(super) fn on_bootp(state: &State, with: &mut Surroundings, client: &mut Client) {
    if client.host.is_some_and(|host| host.ignore) {
        return log::packet(with, client, "BOOTP", None, b"", "disabled");
    }
    set_tags(client);
    log::tags(with, client, &client.all_tags);
    let addr = match client.ignored {
        true => Err("ignored"),
        false => address(state, with, client),
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
    let name = bind::name_lease(with, client, id);
    let secs = match client.host.and_then(|host| host.lease) {
        Some(LeaseTime::Secs(secs)) => Some(secs),
        Some(LeaseTime::Infinite) | None => None,
    };
    with.leases.set_expiry(id, secs, with.now);
    persist::save(with, Some(id));
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

/// The tags of BOOTP: the file that is asked for, and that it is BOOTP.
fn set_tags(client: &mut Client) {
    let dhcp = &client.config.dhcp;
    let file = client.request.packet.file.split(|octet| *octet == 0).next().unwrap_or_default();
    if !file.is_empty() {
        client.tags.set_word(dhcp, file);
    }
    client.tags.set_word(dhcp, b"bootp");
    client.all_tags = client.tags.with_ifs(dhcp);
    client.ignored = dhcp.ignore.iter().any(|tags| client.all_tags.hold_some(tags));
}

/// The fixed address of the client, if it is free for it.
fn address(state: &State, with: &mut Surroundings, client: &Client) -> Result<Ipv4Addr, &'static str> {
    let addr = client.host.and_then(|host| host.addr).ok_or("no address configured")?;
    offer::configured(state, with, client).ok_or("address in use").map(|_| addr)
}
