//! What is counted from the start on and told on request, by the names that
//! dnsmasq gave it on the buses. Engines count with `Outbox::count`; what an
//! engine or a table counts for itself is taken from there.

use crate::base::texts::{Texts, texts};

/// Something that is counted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Entries put into the cache.
    CacheInserted,
    /// Entries of the cache that made room before their time.
    CacheEvicted,
    /// Questions sent upstream.
    Forwarded,
    /// Questions answered with authority.
    AuthAnswered,
    /// Questions answered from what was known.
    LocalAnswered,
    /// Questions answered with data whose lifetime had ended.
    StaleAnswered,
    /// Questions that nobody answered.
    Unanswered,
    /// Most signatures checked for one question.
    SignaturesMost,
    /// Most signatures that failed for one question.
    SignaturesFailed,
    /// Most work for one question.
    DnssecWork,
    /// BOOTP requests.
    Bootp,
    /// PXE requests.
    Pxe,
    /// DHCPACK sent.
    Ack,
    /// DHCPDECLINE received.
    Decline,
    /// DHCPDISCOVER received.
    Discover,
    /// DHCPINFORM received.
    Inform,
    /// DHCPNAK sent.
    Nak,
    /// DHCPOFFER sent.
    Offer,
    /// DHCPRELEASE received.
    Release,
    /// DHCPREQUEST received.
    Request,
    /// Requests that were left without an answer.
    NoAnswer,
    /// Leases made.
    Leases4Made,
    /// Leases ended.
    Leases4Ended,
    /// The same of IPv6.
    Leases6Made,
    /// The same of IPv6.
    Leases6Ended,
    /// Connections of clients.
    TcpConnections,
    /// Questions about leases.
    LeaseQuery,
    /// Those about addresses that nobody holds.
    LeaseUnassigned,
    /// Those about leases.
    LeaseActive,
    /// Those about what is not ours.
    LeaseUnknown,
}

/// How many there are.
pub const COUNT: usize = Metric::LeaseUnknown as usize + 1;

/// Their names, in order. Quirk: `actve` is how dnsmasq spells it, and
/// collectors of statistics ask for it.
const NAMES: Texts = texts!(&[
    "dns_cache_inserted",
    "dns_cache_live_freed",
    "dns_queries_forwarded",
    "dns_auth_answered",
    "dns_local_answered",
    "dns_stale_answered",
    "dns_unanswered",
    "dnssec_max_crypto_use",
    "dnssec_max_sig_fail",
    "dnssec_max_work",
    "bootp",
    "pxe",
    "dhcp_ack",
    "dhcp_decline",
    "dhcp_discover",
    "dhcp_inform",
    "dhcp_nak",
    "dhcp_offer",
    "dhcp_release",
    "dhcp_request",
    "noanswer",
    "leases_allocated_4",
    "leases_pruned_4",
    "leases_allocated_6",
    "leases_pruned_6",
    "tcp_connections",
    "dhcp_leasequery",
    "dhcp_lease_unassigned",
    "dhcp_lease_actve",
    "dhcp_lease_unknown",
]);

/// A number for each.
#[derive(Clone, Copy)]
pub struct Counts([u32; COUNT]);

impl Counts {
    /// Nothing yet.
    pub const fn new() -> Self {
        Counts([0; COUNT])
    }

    /// So many more of these.
    pub fn add(&mut self, what: Metric, more: u32) {
        if let Some(count) = self.0.get_mut(what as usize) {
            *count = count.wrapping_add(more);
        }
    }

    /// Names and numbers, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u32)> + '_ {
        NAMES.zip(self.0)
    }
}
