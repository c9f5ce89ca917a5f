//! What questions teach about servers: who answered, and when, and who did not.
//! A question that has its answer waits a little for the other servers that were
//! asked, and silent servers get copies of questions until they answer again.

use crate::base::net::ip_of;
use crate::dns::forward::ERROR_MS;
use crate::dns::pending::{PERSONAL, PROBE};
use crate::dns::upstream::position_bit;
use crate::dns::{Forwarder, Surroundings, remember};
use crate::limits;
use crate::outbox::lines::{Arg, Line, dns as lines};
use crate::wire::dns::codes::{flag, rcode};
use crate::wire::dns::message::Message;
use crate::wire::dns::patch;

/// An answered question waits so long for the other servers that were asked.
const LINGER_MS: u64 = 1_000;
/// A copy of a question waits so long for a silent server.
const TRY_MS: u64 = 3_000;

impl Forwarder {
    /// The server at this position answered with this code. Milliseconds it took.
    pub(super) fn hear(&mut self, with: &mut Surroundings, slot: u16, position: usize, code: u8) -> u64 {
        let Some(entry) = self.pending.get_mut(slot) else { return 0 };
        let bit = position_bit(position);
        entry.heard |= bit;
        let ms = with.now.mono.since(entry.asked_at(bit));
        let Some(number) = entry.group.get(position).copied() else { return ms };
        let good = !matches!(code, rcode::REFUSED | rcode::SERVFAIL);
        let was_silent = self.upstream.tally(number).and_then(|tally| tally.health.heard(ms, good, with.now.mono));
        if let Some(seconds) = was_silent {
            self.tell(with, number, &lines::ANSWERS_AGAIN, seconds);
            with.cache.forget_failures();
        }
        ms
    }

    /// No server has said anything in all the time a question has.
    pub(super) fn remember_silence(&mut self, with: &mut Surroundings, slot: u16) {
        let plain = self.pending.get(slot).is_some_and(|entry| entry.traits & (flag::CD | PERSONAL) == 0);
        let query = Message::parse(self.pending.query(slot));
        if let Some(question) = query.as_ref().and_then(Message::question).filter(|_| plain) {
            remember::failure(with, question, false);
        }
    }

    /// A server failed and others may still do better: they are waited for, but
    /// not for long.
    pub(super) fn expect_better(&mut self, slot: u16) {
        if let Some(entry) = self.pending.get(slot) {
            let at = entry.since.plus_ms(ERROR_MS);
            self.pending.hasten(slot, at);
        }
    }

    /// Ends a question that needs no answer any more, or goes on listening for
    /// the servers that were asked in vain.
    pub(super) fn end_or_linger(&mut self, with: &mut Surroundings, slot: u16) {
        let roomy = self.pending.is_roomy() && !with.config.dns.all_servers;
        let Some(entry) = self.pending.get_mut(slot) else { return };
        if entry.outstanding() == 0 || !roomy {
            return self.end(with, slot);
        }
        if entry.traits & PROBE == 0 {
            entry.traits |= PROBE | PERSONAL;
            self.pending.set_due(slot, with.now.mono.plus_ms(LINGER_MS));
        }
    }

    /// A question ends: the servers that were asked and said nothing.
    pub(super) fn count_missed(&mut self, with: &mut Surroundings, slot: u16) {
        let Some(entry) = self.pending.get(slot) else { return };
        let mut missing = entry.asked & !entry.heard;
        while missing != 0 {
            let position = missing.trailing_zeros() as usize;
            let bit = position_bit(position);
            missing &= !bit;
            let Some(entry) = self.pending.get(slot) else { return };
            let Some(number) = entry.group.get(position).copied() else { continue };
            // One that cannot be reached is as good as one that never answers.
            let ms = if entry.failed & bit != 0 { TRY_MS } else { with.now.mono.since(entry.asked_at(bit)) };
            let silent = self.upstream.tally(number).and_then(|tally| tally.health.missed(ms, with.now.mono));
            if let Some(seconds) = silent {
                self.tell(with, number, &lines::SILENT, seconds);
            }
        }
    }

    /// Sends a copy of the question in `slot` to a server of its group that is
    /// silent, if it is time to try that one again.
    pub(super) fn try_silent(&mut self, with: &mut Surroundings, slot: u16) {
        let Some(entry) = self.pending.get(slot) else { return };
        let (group, asked, lens) = (&entry.group, entry.asked, (entry.len, entry.question_len));
        let mut others = group.iter().enumerate().filter(|(position, _)| asked & position_bit(*position) == 0);
        let due = others.find_map(|(_, number)| {
            let health = &mut self.upstream.tally(*number)?.health;
            health.try_now(with.now.mono).then_some(*number)
        });
        let Some(number) = due.filter(|_| self.pending.is_roomy()) else { return };
        let mut copy = [0; limits::UPSTREAM_QUERY_MAX];
        let query = self.pending.query(slot);
        let Some(copy) = copy.get_mut(..query.len()) else { return };
        copy.copy_from_slice(query);
        let id = self.fresh_id(with);
        patch::set_id(copy, id);
        let Some(slot) = self.pending.open(with.random.u32(), id, with.now.mono) else { return };
        self.pending.query_writer(slot).bytes(copy);
        self.ask_alone(with, slot, number, lens, TRY_MS);
    }

    fn tell(&mut self, with: &mut Surroundings, number: u16, line: &'static Line, seconds: u32) {
        if let Some(addr) = self.upstream.addr(&with.config.dns, number).filter(|_| with.out.has_room_for_log()) {
            with.out.log(line, &[Arg::Ip(ip_of(&addr)), Arg::Number(addr.port().into()), Arg::Number(seconds.into())]);
        }
    }
}
