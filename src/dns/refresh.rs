//! Questions upstream that no client waits for: after an answer with data whose
//! lifetime has ended (`use-stale-cache`), fresh data is asked for.

use crate::dns::admit::Query;
use crate::dns::{Forwarder, Surroundings};

impl Forwarder {
    /// Asks the servers found for a question that was answered with old data,
    /// unless it is under way already.
    pub(super) fn refresh(&mut self, with: &mut Surroundings, query: &Query) {
        let hash = self.question_hash(query);
        let under_way = self.pending.find(hash, query.message.question_bytes(), query.traits()).is_some();
        if under_way || self.found.group.is_empty() {
            return;
        }
        if let Ok((slot, ask)) = self.begin(with, query, hash, query.traits()) {
            let prefix = self.prefix_of(with.config, slot, false);
            self.send(with, slot, ask, &prefix);
        }
    }
}
