//! The octets of the streams: for each connection a place for what the client
//! sent, for the question as it goes upstream and for an ordinary answer; and a
//! small pool of large buffers for answers of up to 64 KiB.

use crate::limits;

/// Octets of a question with its length in front.
const ASK: usize = limits::UPSTREAM_QUERY_MAX + 2;
/// Octets of the largest answer with its length in front.
const LARGE: usize = u16::MAX as usize + 2;

/// Where an answer lies.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub enum Place {
    /// In the stream's own buffer.
    Own,
    /// In this buffer of the pool.
    Large(u8),
}

/// All buffers.
pub struct Buffers {
    queries: Box<[u8]>,
    asks: Box<[u8]>,
    replies: Box<[u8]>,
    large: Box<[u8]>,
    lent: [bool; limits::LARGE_BUFFERS],
}

impl Buffers {
    /// Buffers for so many connections. Untouched ones cost no memory.
    pub fn new(connections: usize) -> Self {
        let zeros = |each: usize, count: usize| vec![0; each.saturating_mul(count)].into_boxed_slice();
        Buffers {
            queries: zeros(limits::STREAM_QUERY_MAX, connections),
            asks: zeros(ASK, connections),
            replies: zeros(limits::STREAM_REPLY_MAX, connections),
            large: zeros(LARGE, limits::LARGE_BUFFERS),
            lent: [false; limits::LARGE_BUFFERS],
        }
    }

    /// What the client sent.
    pub fn query(&mut self, connection: u8) -> &mut [u8] {
        part(&mut self.queries, limits::STREAM_QUERY_MAX, connection)
    }

    /// The question as it goes upstream.
    pub fn ask(&mut self, connection: u8) -> &mut [u8] {
        part(&mut self.asks, ASK, connection)
    }

    /// The same, to be read.
    pub fn asked(&self, connection: u8) -> &[u8] {
        peek(&self.asks, ASK, connection)
    }

    /// The answer.
    pub fn reply(&mut self, connection: u8, place: Place) -> &mut [u8] {
        match place {
            Place::Own => part(&mut self.replies, limits::STREAM_REPLY_MAX, connection),
            Place::Large(number) => part(&mut self.large, LARGE, number),
        }
    }

    /// The same, to be read.
    pub fn replied(&self, connection: u8, place: Place) -> &[u8] {
        match place {
            Place::Own => peek(&self.replies, limits::STREAM_REPLY_MAX, connection),
            Place::Large(number) => peek(&self.large, LARGE, number),
        }
    }

    /// Lends a large buffer, with the first `keep` octets of the connection's own
    /// answer copied into it. Nothing when all are lent.
    pub fn lend(&mut self, connection: u8, keep: usize) -> Option<Place> {
        let number = self.lent.iter().position(|lent| !lent)?;
        *self.lent.get_mut(number)? = true;
        let number = u8::try_from(number).ok()?;
        let from = peek(&self.replies, limits::STREAM_REPLY_MAX, connection);
        let to = part(&mut self.large, LARGE, number);
        if let (Some(from), Some(to)) = (from.get(..keep), to.get_mut(..keep)) {
            to.copy_from_slice(from);
        }
        Some(Place::Large(number))
    }

    /// Takes a large buffer back. True when it was one.
    pub fn give_back(&mut self, place: Place) -> bool {
        let Place::Large(number) = place else { return false };
        match self.lent.get_mut(usize::from(number)) {
            Some(lent) => core::mem::replace(lent, false),
            None => false,
        }
    }

    /// Large buffers lent.
    pub fn lent(&self) -> usize {
        self.lent.iter().filter(|lent| **lent).count()
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
