//! INFORM (RFC 2131 §4.3.5): options for a client that has its address
//! otherwise. No lease is touched.

use crate::dhcp4::client::Client;
use crate::dhcp4::rename::known_name;
use crate::dhcp4::reply::{Reply, Timing};
use crate::dhcp4::{Surroundings, log, reply};
use crate::limits::HOST_NAME_MAX;
use crate::wire::dns::name::NameBuf;
use crate::wire::dhcp4::kind;
use crate::wire::dhcp4_options::code;
use arrayvec::ArrayVec;

/// An INFORM.
pub(super) fn on_inform(with: &mut Surroundings, client: &Client) {
    let addr = client.ciaddr;
    let reason = if client.ignored { "ignored" } else { "" };
    // Quirk: the reason stands in the place of the text, as dnsmasq has it.
    log::packet(with, client, &log::INFORM, Some(addr), b"", reason);
    if client.ignored || addr.is_unspecified() {
        return;
    }
    let range = client.ranges.applying(addr, &client.all_tags).copied();
    let own = client.lease.and_then(|id| with.leases.get(id));
    let other = own.is_none().then(|| with.leases.by_addr(addr)).flatten();
    let lease = own.or(other);
    let mut name = ArrayVec::<u8, HOST_NAME_MAX>::new();
    let mut known = NameBuf::default();
    let known = match client.naming() {
        Some(naming) => naming.label,
        // Quirk: only of a lease that was found by its address.
        None => other.map(|lease| lease.name()).filter(|name| !name.is_empty()).unwrap_or_else(|| {
            known_name(client.config, with.names, with.interfaces, addr, &mut known).unwrap_or_default()
        }),
    };
    let _ = name.try_extend_from_slice(known);
    // Quirk: a tool that asks for the lease time gets it (RFC 2131 forbids that),
    // and who asks for nothing in particular.
    let asked = client.request.asks_for(code::LEASE_TIME);
    let left = lease.filter(|_| asked).map(|lease| lease.seconds_left(with.now.mono));
    let left = left.map(|left| left.map_or(u32::MAX, |secs| u32::try_from(secs).unwrap_or(u32::MAX)));
    let tags = client.tags_with(range.as_ref());
    log::tags(with, client, &tags);
    log::packet(with, client, &log::ACK, Some(addr), &name, "");
    reply::send(
        with,
        client,
        &Reply {
            kind: Some(kind::ACK),
            yiaddr: std::net::Ipv4Addr::UNSPECIFIED,
            range: range.as_ref(),
            own_tags: &client.all_tags,
            tags: &tags,
            timing: Timing::Left(left),
            rapid: false,
            name: Some(&*name).filter(|name| !name.is_empty()),
        },
    );
}
