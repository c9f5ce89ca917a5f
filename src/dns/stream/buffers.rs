//! The octets of the streams: what clients sent, what goes to them and comes from
//! servers, questions as they go upstream; and a small pool of large buffers for
//! messages of up to 64 KiB.

use crate::limits;

/// Octets of a question with its length in front.
const ASK: usize = limits::UPSTREAM_QUERY_MAX + 2;
/// Octets of the largest answer with its length in front, behind ordinary ones.
const LARGE: usize = u16::MAX as usize + 2 + limits::STREAM_REPLY_MAX;
/// Nobody's slot.
const NOBODY: u8 = u8::MAX;

/// All buffers.
pub struct Buffers {
    queries: Box<[u8]>,
    asks: Box<[u8]>,
    /// Answers: by slot, clients first.
    stages: Box<[u8]>,
    /// Questions for servers: by link.
    outs: Box<[u8]>,
    large: Box<[u8]>,
    lent: [u8; limits::LARGE_BUFFERS],
}

/// What all clients sent.
pub struct Queries(Box<[u8]>);

impl Queries {
    /// What the client sent.
    pub fn of(&self, client: u8) -> &[u8] {
        peek(&self.0, limits::STREAM_QUERY_MAX, client)
    }
}

impl Buffers {
    /// Buffers for so many clients, links and questions. Untouched ones cost no
    /// memory.
    pub fn new(clients: usize, links: usize, asks: usize) -> Self {
        let zeros = |each: usize, count: usize| vec![0; each.saturating_mul(count)].into_boxed_slice();
        Buffers {
            queries: zeros(limits::STREAM_QUERY_MAX, clients),
            asks: zeros(ASK, asks),
            stages: zeros(limits::STREAM_REPLY_MAX, clients.saturating_add(links)),
            outs: zeros(limits::STREAM_ASKS_MAX, links),
            large: zeros(LARGE, limits::LARGE_BUFFERS),
            lent: [NOBODY; limits::LARGE_BUFFERS],
        }
    }

    /// What the client sent.
    pub fn query(&mut self, client: u8) -> &mut [u8] {
        part(&mut self.queries, limits::STREAM_QUERY_MAX, client)
    }

    /// Hands over what all clients sent, until it is handed back.
    pub fn lend_queries(&mut self) -> Queries {
        Queries(core::mem::take(&mut self.queries))
    }

    /// Hands it back.
    pub fn take_queries(&mut self, queries: Queries) {
        self.queries = queries.0;
    }

    /// A question with its length in front.
    pub fn ask(&mut self, ask: u8) -> &mut [u8] {
        part(&mut self.asks, ASK, ask)
    }

    /// The same, to be read.
    pub fn asked(&self, ask: u8) -> &[u8] {
        peek(&self.asks, ASK, ask)
    }

    /// Puts a question behind those that wait for a link.
    pub fn load(&mut self, link: u8, waiting: usize, ask: u8, len: usize) {
        let out = part(&mut self.outs, limits::STREAM_ASKS_MAX, link);
        let to = out.get_mut(waiting..waiting.saturating_add(len));
        if let (Some(to), Some(from)) = (to, peek(&self.asks, ASK, ask).get(..len)) {
            to.copy_from_slice(from);
        }
    }

    /// Questions that wait for a link.
    pub fn out(&mut self, link: u8) -> &mut [u8] {
        part(&mut self.outs, limits::STREAM_ASKS_MAX, link)
    }

    /// The same, to be read.
    pub fn outgoing(&self, link: u8) -> &[u8] {
        peek(&self.outs, limits::STREAM_ASKS_MAX, link)
    }

    fn large_of(&self, slot: u8) -> Option<u8> {
        self.lent.iter().position(|lent| *lent == slot).and_then(|at| u8::try_from(at).ok())
    }

    /// Answers of a slot.
    pub fn stage(&mut self, slot: u8) -> &mut [u8] {
        match self.large_of(slot) {
            None => part(&mut self.stages, limits::STREAM_REPLY_MAX, slot),
            Some(number) => part(&mut self.large, LARGE, number),
        }
    }

    /// The same, to be read.
    pub fn staged(&self, slot: u8) -> &[u8] {
        match self.large_of(slot) {
            None => peek(&self.stages, limits::STREAM_REPLY_MAX, slot),
            Some(number) => peek(&self.large, LARGE, number),
        }
    }

    /// Lends a slot a large buffer that begins with what it has. False when all
    /// are lent to others.
    pub fn enlarge(&mut self, slot: u8) -> bool {
        if self.large_of(slot).is_some() {
            return true;
        }
        let Some(number) = self.large_of(NOBODY) else { return false };
        let from = peek(&self.stages, limits::STREAM_REPLY_MAX, slot);
        if let Some(to) = part(&mut self.large, LARGE, number).get_mut(..from.len()) {
            to.copy_from_slice(from);
        }
        self.lent.iter_mut().skip(number.into()).take(1).for_each(|lent| *lent = slot);
        true
    }

    /// Takes a large buffer back, if the first `keep` octets fit without.
    pub fn shrink(&mut self, slot: u8, keep: usize) {
        let Some(number) = self.large_of(slot) else { return };
        let from = peek(&self.large, LARGE, number).get(..keep);
        let to = part(&mut self.stages, limits::STREAM_REPLY_MAX, slot).get_mut(..keep);
        if let (Some(from), Some(to)) = (from, to) {
            to.copy_from_slice(from);
            self.lent.iter_mut().skip(number.into()).take(1).for_each(|lent| *lent = NOBODY);
        }
    }

    /// Slots that have a large buffer.
    pub fn holders(&self) -> impl Iterator<Item = u8> {
        self.lent.into_iter().filter(|slot| *slot != NOBODY)
    }
}

/// Drops the first `gone` of the `len` octets in front.
pub fn advance(octets: &mut [u8], gone: usize, len: usize) {
    if let Some(octets) = octets.get_mut(..len).filter(|_| gone < len) {
        octets.rotate_left(gone);
    }
}

fn part(all: &mut [u8], each: usize, number: u8) -> &mut [u8] {
    let at = each.saturating_mul(number.into());
    all.get_mut(at..at.saturating_add(each)).unwrap_or_default()
}

fn peek(all: &[u8], each: usize, number: u8) -> &[u8] {
    let at = each.saturating_mul(number.into());
    all.get(at..at.saturating_add(each)).unwrap_or_default()
}
