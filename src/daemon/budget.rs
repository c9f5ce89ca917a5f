//! What a configuration costs: octets of every table that is sized at start,
//! for `--test` and for whoever plans a router's memory. Pages are committed
//! as tables fill, so this is what may be used at most, not what is.

use crate::base::bytes::Writer;
use crate::base::text;
use crate::config::Config;
use crate::daemon::sockets::Sockets;
use crate::limits;
use crate::store::cache::Cache;
use crate::store::interfaces::Interfaces;
use crate::store::leases::Leases;

/// Column of the numbers.
const COLUMN: usize = 28;

/// The plan as text: a line a table and the sum.
pub fn plan(config: &Config) -> Vec<u8> {
    let dns = config.listen.port != 0;
    let cache = if dns { Cache::bytes(config.dns.cache_size as usize) } else { 0 };
    let leases = if config.dhcp.ranges.is_empty() { 0 } else { Leases::bytes(config.dhcp.lease_max) };
    let rows: [(&[u8], usize); 7] = [
        (b"DNS cache", cache),
        (b"DHCP leases", leases),
        (b"interfaces", size_of::<Interfaces>()),
        (b"sockets", Sockets::bytes(config)),
        (b"receive buffers", limits::BATCH * limits::DATAGRAM_MAX),
        (b"outbox", limits::OUTBOX_BYTES),
        (b"log lines waiting", limits::LOG_RING_BYTES),
    ];
    let mut plan = Vec::new();
    let mut sum = 0usize;
    for (name, bytes) in rows {
        sum = sum.saturating_add(bytes);
        line(&mut plan, name, bytes);
    }
    line(&mut plan, b"sum", sum);
    plan
}

fn line(plan: &mut Vec<u8>, name: &[u8], bytes: usize) {
    let mut digits = [0; 24];
    let mut out = Writer::new(&mut digits);
    text::decimal(&mut out, bytes as u64);
    plan.extend_from_slice(b"memory: ");
    plan.extend_from_slice(name);
    let width = name.len() + out.len();
    plan.extend(std::iter::repeat_n(b' ', COLUMN.saturating_sub(width).max(1)));
    plan.extend_from_slice(out.written());
    plan.push(b'\n');
}
