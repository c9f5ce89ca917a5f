//! What engines may say: a bounded queue of actions over one byte buffer.
//!
//! An engine pushes; the daemon performs everything, in order, after each
//! event or each batch of datagrams. Nothing is copied twice: a reply is
//! written where it leaves from. When the queue is too full for the worst
//! event (`has_room`), the daemon drains before it hands in the next one; an
//! engine with more to say than `limits::ACTIONS_PER_EVENT` keeps its place
//! and asks to be called again (`Why::Backlog`).

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic))]
#![cfg_attr(not(test), deny(clippy::unreachable, clippy::string_slice))]

pub mod action;
pub mod change;
pub mod lines;
pub mod metrics;

use crate::base::bytes::Writer;
use crate::limits;
use crate::wire::blob;
use action::{About, Action, Route, Span};
use lines::{Arg, Line};
use metrics::{Counts, Metric};

/// Octets of one notification on the bus.
const NOTICE_MAX: usize = 640;

/// What anybody on the bus has subscribed to: nothing else is said there.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Hears {
    /// `About::Leases`.
    pub leases: bool,
    /// `About::Answers`.
    pub answers: bool,
}

/// The queue.
pub struct Outbox {
    /// Who hears; said by the daemon.
    pub hears: Hears,
    /// What was counted.
    pub counts: Counts,
    bytes: Box<[u8]>,
    used: usize,
    /// `said` of them count.
    actions: Box<[Action]>,
    said: usize,
    lost: u32,
}

impl Default for Outbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Outbox {
    /// An empty outbox; the only allocation it makes.
    pub fn new() -> Self {
        Outbox {
            hears: Hears::default(),
            counts: Counts::new(),
            bytes: vec![0; limits::OUTBOX_BYTES].into_boxed_slice(),
            used: 0,
            actions: vec![Action::StreamClose { slot: 0 }; limits::OUTBOX_ACTIONS].into_boxed_slice(),
            said: 0,
            lost: 0,
        }
    }

    /// True when one more event of the worst kind fits.
    pub fn has_room(&self) -> bool {
        self.bytes.len().saturating_sub(self.used) >= limits::EVENT_BYTES
            && self.spare_actions() >= limits::ACTIONS_PER_EVENT
    }

    /// Actions that still fit, whatever event they belong to.
    pub fn spare_actions(&self) -> usize {
        self.actions.len().saturating_sub(self.said)
    }

    /// True when there is nothing to perform.
    pub fn is_empty(&self) -> bool {
        self.said == 0
    }

    /// What was said, in order.
    pub fn actions(&self) -> &[Action] {
        self.actions.get(..self.said).unwrap_or_default()
    }

    /// The octets of a span of this round.
    pub fn bytes(&self, span: Span) -> &[u8] {
        self.bytes.get(span.range()).unwrap_or_default()
    }

    /// Forgets everything: it was performed.
    pub fn clear(&mut self) {
        self.said = 0;
        self.used = 0;
    }

    /// Actions refused for want of room since the start: 0, or a limit is wrong.
    pub fn lost(&self) -> u32 {
        self.lost
    }

    /// Octets left in this round.
    pub fn room(&self) -> usize {
        self.bytes.len().saturating_sub(self.used)
    }

    /// True when one more line fits and half of what one event may say is still
    /// free: an engine with many lines says no more than that.
    pub fn has_room_for_log(&self) -> bool {
        self.room() >= limits::LOG_LINE_MAX.saturating_add(limits::DATAGRAM_MAX)
            && self.spare_actions() >= limits::ACTIONS_PER_EVENT / 2
    }

    /// Adds an action that needs no octets.
    // Inlined, so that an action is made in its place and not copied there.
    #[inline(always)]
    pub fn push(&mut self, action: Action) {
        if let Some(slot) = self.slot() {
            *slot = action;
        }
    }

    #[inline(never)]
    fn slot(&mut self) -> Option<&mut Action> {
        match self.actions.get_mut(self.said) {
            Some(slot) => {
                self.said = self.said.saturating_add(1);
                Some(slot)
            }
            None => {
                self.lost = self.lost.saturating_add(1);
                None
            }
        }
    }

    /// Adds a datagram of at most `max` octets, written by `build`. False, and
    /// nothing is sent, when it did not fit.
    pub fn datagram(&mut self, route: Route, max: usize, build: impl FnOnce(&mut Writer)) -> bool {
        match self.write(max, build) {
            Some(bytes) => {
                self.push(Action::Datagram { route, bytes });
                true
            }
            None => false,
        }
    }

    /// Writes at most `max` octets for an action that the caller then pushes.
    /// Nothing when they did not fit.
    pub fn write(&mut self, max: usize, build: impl FnOnce(&mut Writer)) -> Option<Span> {
        let mut writer = self.writer(max);
        build(&mut writer);
        let len = writer.finish();
        self.keep(len)
    }

    /// Counts one more.
    pub fn count(&mut self, what: Metric) {
        self.counts.add(what, 1);
    }

    /// Notifies the subscribers of the bus: a name and fields.
    pub fn tell_bus(&mut self, about: About, event: &[u8], fields: &mut dyn FnMut(&mut Writer)) {
        let record = self.write(NOTICE_MAX, |out| {
            blob::put_text(out, blob::attr::METHOD, event);
            blob::put(out, blob::attr::DATA, fields);
            blob::put(out, blob::attr::NO_REPLY, &mut |out| out.u8(1));
        });
        if let Some(record) = record {
            self.push(Action::Bus { about, record });
        }
    }

    // Once in the program, not once for every kind of datagram.
    #[inline(never)]
    fn writer(&mut self, max: usize) -> Writer<'_> {
        let end = self.used.saturating_add(max).min(self.bytes.len());
        Writer::new(self.bytes.get_mut(self.used..end).unwrap_or_default())
    }

    #[inline(never)]
    fn keep(&mut self, len: Option<usize>) -> Option<Span> {
        let span = len.and_then(|len| Span::new(self.used, len));
        match span {
            Some(span) => self.used = span.range().end,
            None => self.lost = self.lost.saturating_add(1),
        }
        span
    }

    /// Adds a log line: the template with its arguments, cut at the length
    /// that dnsmasq cuts at.
    pub fn log(&mut self, line: &Line, args: &[Arg]) {
        let mut writer = self.writer(limits::LOG_LINE_MAX);
        lines::render(&mut writer, line, args);
        let len = Some(writer.len());
        if let Some(text) = self.keep(len) {
            self.push(Action::Log { channel: line.channel, level: line.level, text });
        }
    }
}
