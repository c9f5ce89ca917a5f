//! BOOTP (RFC 951, RFC 1542): clients that know no message types get the
//! address of their `dhcp-host`, for ever or for the time that it says; with
//! `bootp-dynamic` also one of a range.

use crate::config::LeaseTime;
use crate::dhcp::hosts::HostTable;
use crate::dhcp::ranges::Candidate;
use crate::dhcp4::client::Client;
use crate::dhcp4::reply::{Reply, Timing};
use crate::dhcp4::offer::{self, Choice};
use crate::dhcp4::{State, Surroundings, bind, log, persist, reply};

/// A BOOTP request.
pub(super) fn on_bootp(state: &mut State, with: &mut Surroundings, hosts: &HostTable, client: &mut Client, bytes: &[u8]) {
    if client.request.hw.is_empty() {
        return;
    }
    if client.host.is_some_and(|host| host.ignore) {
        return log::packet(with, client, &log::BOOTP, None, b"", "disabled");
    }
    set_tags(client);
    if client.first {
        log::tags(with, client, &client.all_tags);
    }
    let choice = match client.ignored {
        true => Choice::None("ignored"),
        false => address(state, with, hosts, client, bytes),
    };
    let addr = match choice {
        Choice::Wait => return,
        Choice::Address(addr) => Ok(addr),
        Choice::None(reason) => Err(reason),
    };
    let bound = addr.and_then(|addr| {
        let range = client.ranges.applying(addr, &client.all_tags).copied().ok_or("wrong network")?;
        if client.fixed().is_none() && !may_be_dynamic(client, &range) {
            return Err("no address configured");
        }
        offer::drop_other_lease(with, client, addr);
        let id = bind::lease(with, client, addr)?;
        Ok((addr, range, id))
    });
    let shown = client.fixed();
    let (addr, range, id) = match bound {
        Ok(bound) => bound,
        Err(reason) => return log::packet(with, client, &log::BOOTP, shown, b"", reason),
    };
    let name = bind::name_lease(with, client, id);
    let secs = match client.host.and_then(|host| host.lease) {
        Some(LeaseTime::Secs(secs)) => Some(secs),
        Some(LeaseTime::Infinite) | None => None,
    };
    with.leases.set_expiry(id, secs, with.now);
    persist::save(with, Some(id));
    log::packet(with, client, &log::BOOTP, Some(addr), b"", "");
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

/// The fixed address of the client, if it is free for it; else one of a range,
/// where some line permits that.
fn address(state: &mut State, with: &mut Surroundings, hosts: &HostTable, client: &Client, bytes: &[u8]) -> Choice {
    if client.fixed().is_some() {
        return offer::configured(state, with, client).map_or(Choice::None("address in use"), Choice::Address);
    }
    // Nobody is asked for an address that no range would give.
    if !client.ranges.list.iter().any(|range| may_be_dynamic(client, range)) {
        return Choice::None("no address configured");
    }
    offer::held_or_free(state, with, hosts, client, bytes)
}

/// True when `bootp-dynamic` permits an address of the range.
fn may_be_dynamic(client: &Client, range: &Candidate) -> bool {
    client.tags_with(Some(range)).hold_any(&client.config.dhcp.netboot.dynamic)
}
