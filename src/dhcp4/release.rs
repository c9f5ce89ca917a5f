//! RELEASE and DECLINE (RFC 2131 §4.3.3, §4.3.4): addresses that come back.

use crate::dhcp4::client::Client;
use crate::dhcp4::{State, Surroundings, log, persist};
use crate::outbox::lines::{Arg, dhcp as lines};
use std::net::Ipv4Addr;

/// How long a declined `dhcp-host` address rests, in seconds.
const REST_SECS: u64 = 600;

/// A client gives its address back.
pub(super) fn on_release(with: &mut Surroundings, client: &Client) {
    let addr = client.ciaddr;
    let Some(range) = client.ranges.applying(addr, &client.all_tags) else { return };
    if client.request.server_id != Some(client.server_id(Some(range))) {
        return;
    }
    let reason = match held(with, client, addr) {
        true => "",
        false => "unknown lease",
    };
    log::packet(with, client, &log::RELEASE, Some(addr), b"", reason);
    drop_lease(with, client, addr);
}

/// A client found that somebody else uses the address it got.
pub(super) fn on_decline(state: &mut State, with: &mut Surroundings, client: &Client) {
    let request = client.request;
    let Some(addr) = request.wanted else { return };
    if request.server_id != Some(client.server_id(None)) {
        return;
    }
    let message = log::printable(&mut core::iter::once(request.message));
    log::packet(with, client, &log::DECLINE, Some(addr), &message, "");
    drop_lease(with, client, addr);
    if client.host.is_some_and(|host| host.addr == Some(addr)) {
        with.out.log(&lines::DISABLING, &[Arg::Ip4(addr), Arg::Str("10m")]);
        let now = with.now.mono;
        state.declined.retain(|(declined, until)| *declined != addr && *until > now);
        if state.declined.is_full() {
            // The oldest one may be used again.
            state.declined.pop_at(0);
        }
        let _ = state.declined.try_push((addr, now.plus_secs(REST_SECS)));
    } else {
        // This client gets another address next time.
        for range in &client.ranges.list {
            if let Some(epoch) = state.epochs.get_mut(range.number) {
                *epoch = epoch.wrapping_add(1);
            }
        }
    }
}

fn held(with: &Surroundings, client: &Client, addr: Ipv4Addr) -> bool {
    client.lease.and_then(|id| with.leases.get(id)).is_some_and(|lease| lease.addr == addr)
}

fn drop_lease(with: &mut Surroundings, client: &Client, addr: Ipv4Addr) {
    if let Some(id) = client.lease.filter(|_| held(with, client, addr)) {
        with.leases.remove(id);
        persist::save(with, None);
    }
}
