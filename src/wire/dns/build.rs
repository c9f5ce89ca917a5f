//! Replies (and questions of our own): header, question, records, sections.
//!
//! Names are compressed against a static table of offsets, by comparing with
//! the message already written, octet for octet so that spelling survives; no
//! offset above 0x3FFF is recorded (RFC 1035 §4.1.4). A record that does not
//! fit leaves no trace; the reply then says it is truncated (RFC 2181 §9).

use super::codes::flag;
use super::edns::{self, Head};
use super::message::{HEADER, Message, QUESTION_AT, Record, Section};
use super::name::{self, Name, NameBuf};
use super::record::{self, Part, Parts};
use crate::base::bytes::{Reader, Writer};
use arrayvec::ArrayVec;

/// Places of names remembered for compression.
const OFFSETS: usize = 24;

/// Largest offset a pointer can hold.
const POINTER_MAX: usize = 0x3FFF;

/// A message being built. `finish` completes it.
pub struct Reply<'w, 'b> {
    out: &'w mut Writer<'b>,
    /// Where in the writer the message starts.
    base: usize,
    /// Octets that records may fill, header and question included.
    room: usize,
    /// Octets kept free for an OPT record.
    reserve: usize,
    id: u16,
    flags: u16,
    counts: [u16; 4],
    /// Where the records begin.
    body: usize,
    offsets: ArrayVec<u16, OFFSETS>,
    /// The question section that was copied.
    asked: &'w [u8],
    cut: bool,
    /// Header and question did not fit: there is no message.
    hopeless: bool,
}

impl<'w, 'b> Reply<'w, 'b> {
    /// Starts a message of at most `limit` octets, `reserve` of which are kept for
    /// `edns`. `question` is the whole question section (from
    /// `Message::question_bytes`) with `questions` entries.
    pub fn new(
        out: &'w mut Writer<'b>,
        id: u16,
        flags: u16,
        questions: u16,
        question: &'w [u8],
        limit: usize,
        reserve: usize,
    ) -> Self {
        let base = out.len();
        out.array([0; HEADER]);
        out.bytes(question);
        let body = out.len().saturating_sub(base);
        let mut reply = Reply {
            out,
            base,
            room: limit,
            reserve,
            id,
            flags,
            counts: [questions, 0, 0, 0],
            body,
            offsets: ArrayVec::new(),
            asked: question,
            cut: false,
            hopeless: false,
        };
        reply.hopeless = reply.out.overflowed();
        reply
    }

    /// Starts the reply to `query`: its identifier and question.
    pub fn to(out: &'w mut Writer<'b>, query: &'w Message, flags: u16, limit: usize, reserve: usize) -> Self {
        Self::new(out, query.id(), flags, query.question_count(), query.question_bytes(), limit, reserve)
    }

    /// Starts a question of our own.
    pub fn ask(out: &'w mut Writer<'b>, id: u16, flags: u16, name: Name, kind: u16, class: u16) -> Self {
        let mut reply = Self::new(out, id, flags, 1, &[], usize::MAX, 0);
        reply.out.bytes(name.wire());
        reply.out.u16(kind);
        reply.out.u16(class);
        reply.body = reply.len();
        reply.hopeless = reply.out.overflowed();
        reply
    }

    /// Passes on `message` under another identifier, flags and spelling of the
    /// question (as long as its own), with the records that `keep` wants, never
    /// its OPT record. Octets are copied as they stand where only the end is left
    /// out; else names are compressed anew. Nothing when the message or a record that
    /// is wanted is malformed: no client gets a name that misleads its parser.
    pub fn relay(
        out: &'w mut Writer<'b>,
        message: &Message,
        id: u16,
        flags: u16,
        question: &'w [u8],
        limit: usize,
        reserve: usize,
        keep: &dyn Fn(&Record) -> bool,
    ) -> Option<Self> {
        let mut kept = [0u16; 3];
        let mut end = message.body_at();
        let mut verbatim = true;
        let mut dropped = false;
        let mut records = message.records();
        for record in records.by_ref() {
            if record.is_pseudo() || !keep(&record) {
                dropped = true;
                continue;
            }
            if !record.is_sound() {
                return None;
            }
            verbatim &= !dropped;
            end = record.end();
            let [answers, authority, additional] = &mut kept;
            let count = match record.section {
                Section::Answer => answers,
                Section::Authority => authority,
                Section::Additional => additional,
            };
            *count = count.saturating_add(1);
        }
        if records.is_malformed() || question.len() != message.question_bytes().len() {
            return None;
        }
        let mut reply = Self::new(out, id, flags, message.question_count(), question, limit, reserve);
        if verbatim && end.saturating_add(reserve) <= limit {
            reply.out.bytes(message.bytes().get(message.body_at()..end)?);
            let [_, counts @ ..] = &mut reply.counts;
            *counts = kept;
            return Some(reply);
        }
        for record in message.records().filter(|record| !record.is_pseudo() && keep(record)) {
            if !reply.copy(&record)? {
                break;
            }
        }
        Some(reply)
    }

    /// Octets so far.
    pub fn len(&self) -> usize {
        self.out.len().saturating_sub(self.base)
    }

    /// True when there is no record yet.
    pub fn is_empty(&self) -> bool {
        let [_, sections @ ..] = self.counts;
        sections == [0; 3]
    }

    /// Replaces the flags word.
    pub fn set_flags(&mut self, flags: u16) {
        self.flags = flags;
    }

    /// What did not fit is no loss: the message is whole without.
    pub fn leave_out(&mut self) {
        self.cut = false;
    }

    /// True when an answer or authority record did not fit.
    pub fn is_truncated(&self) -> bool {
        self.cut
    }

    /// Forgets all records and says that the reply is truncated.
    pub fn truncate(&mut self) {
        self.clear();
        self.cut = true;
    }

    /// Forgets all records.
    pub fn clear(&mut self) {
        self.out.rewind(self.base.saturating_add(self.body));
        let body = self.body;
        self.offsets.retain(|offset| usize::from(*offset) < body);
        let [_, sections @ ..] = &mut self.counts;
        *sections = [0; 3];
        self.cut = false;
    }

    /// Adds a record whose data `write` appends. False, and no trace of it, when
    /// it does not fit; after an answer or authority record did not fit, no
    /// other is taken (a gap would look like a complete set).
    pub fn add(
        &mut self,
        section: Section,
        owner: Name,
        kind: u16,
        class: u16,
        ttl: u32,
        write: impl FnOnce(&mut Data<'_, 'w, 'b>),
    ) -> bool {
        let open = self.open(owner, kind, class, ttl, 0);
        write(&mut Data { reply: self });
        self.close(section, open)
    }

    /// Adds an address record (A or AAAA by the address) of class IN.
    pub fn address(&mut self, section: Section, owner: Name, addr: std::net::IpAddr, ttl: u32) -> bool {
        use super::codes::{class, kind};
        match addr {
            std::net::IpAddr::V4(v4) => self.octets(section, owner, kind::A, class::IN, ttl, &v4.octets()),
            std::net::IpAddr::V6(v6) => self.octets(section, owner, kind::AAAA, class::IN, ttl, &v6.octets()),
        }
    }

    /// Adds a record with data as it is, without looking for names in it.
    pub fn octets(&mut self, section: Section, owner: Name, kind: u16, class: u16, ttl: u32, data: &[u8]) -> bool {
        let open = self.open(owner, kind, class, ttl, data.len());
        match <[u8; 4]>::try_from(data) {
            Ok(octets) => self.out.array(octets),
            Err(_) => self.out.bytes(data),
        }
        self.close(section, open)
    }

    /// Adds a record whose data is one name, compressed: CNAME, PTR, NS.
    pub fn name(&mut self, section: Section, owner: Name, kind: u16, class: u16, ttl: u32, name: Name) -> bool {
        let open = self.open(owner, kind, class, ttl, 0);
        self.put_name(name);
        self.close(section, open)
    }

    /// Adds a record whose data (names in it whole or pointing back into what the
    /// cursor runs over) is at `data`; names are compressed where the type allows
    /// it. Nothing when the data is malformed.
    pub fn data(
        &mut self,
        section: Section,
        owner: Name,
        kind: u16,
        class: u16,
        ttl: u32,
        data: Reader,
    ) -> Option<bool> {
        if let Some(len) = record::fixed_len(kind) {
            let mut data = data;
            let octets = data.take(len).filter(|_| data.is_empty())?;
            return Some(self.octets(section, owner, kind, class, ttl, octets));
        }
        let open = self.open(owner, kind, class, ttl, 0);
        if self.put_data(kind, data).is_none() {
            self.undo(open);
            return None;
        }
        Some(self.close(section, open))
    }

    /// Adds a record of another message. Nothing when it is malformed.
    pub fn copy(&mut self, record: &Record) -> Option<bool> {
        let owner = record.owner()?;
        self.data(record.section, owner.name(), record.kind, record.class, record.ttl, record.data)
    }

    /// Adds an OPT record, which may use the reserve; without its options when
    /// they do not fit. Nothing may be added after it.
    pub fn edns(&mut self, head: Head, options: &[(u16, &[u8])]) {
        self.reserve = 0;
        let start = self.out.len();
        edns::write(self.out, head, options);
        if self.out.overflowed() || self.len() > self.room {
            self.out.rewind(start);
            edns::write(self.out, head, &[]);
        }
        if self.out.overflowed() || self.len() > self.room {
            return self.out.rewind(start);
        }
        let [.., additional] = &mut self.counts;
        *additional = additional.saturating_add(1);
    }

    /// Completes the header. Nothing when not even header and question fitted.
    pub fn finish(&mut self) -> Option<usize> {
        if self.hopeless {
            return None;
        }
        let flags = if self.cut { self.flags | flag::TC } else { self.flags };
        let [questions, answers, authority, additional] = self.counts;
        let ([i1, i2], [f1, f2], [q1, q2]) = (self.id.to_be_bytes(), flags.to_be_bytes(), questions.to_be_bytes());
        let ([a1, a2], [n1, n2], [r1, r2]) = (answers.to_be_bytes(), authority.to_be_bytes(), additional.to_be_bytes());
        self.out.patch_array(self.base, [i1, i2, f1, f2, q1, q2, a1, a2, n1, n2, r1, r2]);
        self.out.finish().map(|end| end.saturating_sub(self.base))
    }
}

/// The data of a record being added.
pub struct Data<'r, 'w, 'b> {
    reply: &'r mut Reply<'w, 'b>,
}

impl Data<'_, '_, '_> {
    /// Appends octets.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.reply.out.bytes(bytes);
    }

    /// Appends a number of two octets.
    pub fn u16(&mut self, value: u16) {
        self.reply.out.u16(value);
    }

    /// Appends a number of four octets.
    pub fn u32(&mut self, value: u32) {
        self.reply.out.u32(value);
    }

    /// Appends a name, compressed. Only for types of RFC 1035.
    pub fn name(&mut self, name: Name) {
        self.reply.put_name(name);
    }

    /// Appends a string with its length octet; at most 255 octets of it.
    pub fn string(&mut self, string: &[u8]) {
        let (len, string) = match u8::try_from(string.len()) {
            Ok(len) => (len, string),
            Err(_) => (u8::MAX, string.get(..255).unwrap_or_default()),
        };
        self.reply.out.u8(len);
        self.reply.out.bytes(string);
    }
}

/// A record begun: what to go back to, and where its length is to stand; 0 when
/// it stands there.
struct Open {
    start: usize,
    offsets: usize,
    len_at: usize,
}

impl Reply<'_, '_> {
    /// Begins a record; `len`: octets of its data, 0 if they are to be counted.
    fn open(&mut self, owner: Name, kind: u16, class: u16, ttl: u32, len: usize) -> Open {
        let (start, offsets) = (self.out.len(), self.offsets.len());
        let ([k1, k2], [c1, c2], [t1, t2, t3, t4]) = (kind.to_be_bytes(), class.to_be_bytes(), ttl.to_be_bytes());
        // What is too long does not fit either.
        let [l1, l2] = u16::try_from(len).unwrap_or(u16::MAX).to_be_bytes();
        // Most names are the one asked about, in place: no name is the beginning of
        // another.
        match core::ptr::eq(owner.wire().as_ptr(), self.asked.as_ptr()) {
            true => self.out.array([0xC0, QUESTION_AT as u8, k1, k2, c1, c2, t1, t2, t3, t4, l1, l2]),
            false => {
                self.put_name(owner);
                self.out.array([k1, k2, c1, c2, t1, t2, t3, t4, l1, l2]);
            }
        }
        let len_at = if len == 0 { self.out.len().saturating_sub(2) } else { 0 };
        Open { start, offsets, len_at }
    }

    fn close(&mut self, section: Section, open: Open) -> bool {
        let len = if open.len_at == 0 { 0 } else { self.out.len().saturating_sub(open.len_at).saturating_sub(2) };
        let fits = !self.out.overflowed() && self.len().saturating_add(self.reserve) <= self.room && !self.cut;
        let [_, answers, authority, additional] = &mut self.counts;
        let count = match section {
            Section::Answer => answers,
            Section::Authority => authority,
            Section::Additional => additional,
        };
        match (fits, u16::try_from(len), count.checked_add(1)) {
            (true, Ok(len), Some(more)) => {
                *count = more;
                if open.len_at > 0 {
                    self.out.patch_u16(open.len_at, len);
                }
                true
            }
            _ => {
                self.cut |= section != Section::Additional;
                self.undo(open);
                false
            }
        }
    }

    fn undo(&mut self, open: Open) {
        self.out.rewind(open.start);
        self.offsets.truncate(open.offsets);
    }

    fn put_data(&mut self, kind: u16, data: Reader) -> Option<()> {
        let mut parts = Parts::new(kind, data);
        for part in parts.by_ref() {
            match part {
                Part::Octets(octets) => self.out.bytes(octets),
                Part::Name(mut at) if !record::may_compress(kind) => name::expand(&mut at, self.out)?,
                Part::Name(mut at) => match Name::read(&mut at.clone()) {
                    Some(whole) => self.put_name(whole),
                    None => self.put_name(NameBuf::read(&mut at)?.name()),
                },
            }
        }
        (!parts.is_malformed()).then_some(())
    }

    /// Appends a name: as much of its end as was written before as a pointer.
    fn put_name(&mut self, name: Name) {
        if name.is_root() {
            return self.out.u8(0);
        }
        self.remember_question();
        for suffix in name.suffixes() {
            if suffix.is_root() {
                break;
            }
            if let Some(offset) = self.find(suffix) {
                return self.out.u16(0xC000 | offset);
            }
            self.remember(self.len());
            let label = suffix.first_label();
            // A label of a `Name` has at most 63 octets.
            self.out.u8(label.len() as u8);
            self.out.bytes(label);
        }
        self.out.u8(0);
    }

    /// The offset of a place where exactly `suffix` was written.
    fn find(&self, suffix: Name) -> Option<u16> {
        let message = self.out.written().get(self.base..)?;
        self.offsets.iter().copied().find(|offset| {
            Reader::at(message, usize::from(*offset)).is_some_and(|reader| name::is_written_at(reader, suffix))
        })
    }

    /// The question section.
    fn question(&self) -> &[u8] {
        let message = self.out.written().get(self.base..).unwrap_or_default();
        message.get(QUESTION_AT..self.body).unwrap_or_default()
    }

    /// Remembers the places of the question's name and of its suffixes, unless
    /// that was done: they come first in the table.
    fn remember_question(&mut self) {
        if !self.offsets.is_empty() {
            return;
        }
        let mut offsets = ArrayVec::<u16, OFFSETS>::new();
        if let Some(name) = Name::read(&mut Reader::new(self.question())) {
            let at = |suffix: Name| QUESTION_AT.saturating_add(name.wire().len()).saturating_sub(suffix.wire().len());
            let places = name.suffixes().filter(|suffix| !suffix.is_root()).map(at);
            offsets.extend(places.take(OFFSETS).map(|place| place as u16));
        }
        self.offsets = offsets;
    }

    fn remember(&mut self, at: usize) {
        if at <= POINTER_MAX && !self.offsets.is_full() {
            self.offsets.push(at as u16);
        }
    }
}

#[cfg(test)]
#[path = "build_tests.rs"]
mod tests;
