//! `dhcp-reply-delay`: an answer to a DISCOVER waits, so that another server may
//! be faster. The packet is kept and decided upon when its time has come, as
//! after a probe; other clients are served meanwhile.

use crate::dhcp::tags::TagSet;
use crate::dhcp4::client::Client;
use crate::dhcp4::{State, Surroundings, probe};
use crate::outbox::lines::{Arg, dhcp as lines};

/// Keeps the packet for later if its answer is to wait. False when it is not,
/// has waited, or finds no room: then it is answered now.
pub(super) fn hold(state: &mut State, with: &mut Surroundings, client: &Client, tags: &TagSet, bytes: &[u8]) -> bool {
    let config = client.config;
    let Some((secs, conditions)) = &config.dhcp.netboot.delay else { return false };
    if client.delayed || !tags.hold(conditions) {
        return false;
    }
    let xid = client.request.packet.xid;
    if !config.log.quiet_dhcp {
        with.out.log(&lines::REPLY_DELAY, &[Arg::Number(xid.into()), Arg::Number((*secs).into())]);
    }
    // The wait for a probe counts.
    let passed = if client.first { 0 } else { probe::wait_ms(client.is_relayed()) };
    let left = u64::from(*secs).saturating_mul(1_000).saturating_sub(passed);
    left > 0 && state.probes.hold(xid, client.arrival, bytes, with.now.mono.plus_ms(left))
}
