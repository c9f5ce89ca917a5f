//! Statistics for SIGUSR1, in dnsmasq's lines.

use crate::dns::{Forwarder, Surroundings};
use crate::outbox::lines::{Arg, dns as lines};

impl Forwarder {
    /// Writes the statistics to the log.
    pub(super) fn report(&mut self, with: &mut Surroundings) {
        let number = |value: u32| Arg::Number(value.into());
        let cache = with.cache.counters;
        with.out.log(&lines::TIME, &[Arg::Number(with.now.wall.0)]);
        let entries = with.config.dns.cache_size;
        with.out.log(&lines::CACHE, &[number(entries), number(cache.evicted), number(cache.inserted)]);
        with.out.log(&lines::COUNTS, &[number(self.counts.forwarded), number(self.counts.answered)]);
        with.out.log(&lines::AUTH, &[number(0)]);
        let [now, peak, most] = self.streams.figures().map(u32::from).map(number);
        with.out.log(&lines::TCP, &[now, peak, most]);
        for (addr, tally) in self.upstream.tallies(&with.config.dns) {
            let numbers = [tally.queries, tally.retried, tally.failed, tally.nxdomain, tally.latency_ms()].map(number);
            let [queries, retried, failed, nxdomain, latency] = numbers;
            let port = Arg::Number(addr.port().into());
            with.out.log(&lines::SERVER, &[Arg::Ip(addr.ip()), port, queries, retried, failed, nxdomain, latency]);
        }
    }
}
