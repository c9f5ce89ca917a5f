//! A received message: header, question, and a walk over its records.
//!
//! A view: nothing is copied. The octets a record may look at end where its
//! data ends, and names inside may only point backwards, so a length that lies
//! cannot reach into the next record. Stands on RFC 1035 §4, RFC 2181 §8 (TTL)
//! and RFC 6891 §6.1.1 (one OPT record). What a record means is not known here.

use super::codes::{class, flag, kind};
use super::edns::Opt;
use super::name::{self, Name, NameBuf};
use super::record;
use crate::base::bytes::Reader;

/// Octets of a header.
pub const HEADER: usize = 12;

/// Where the name of the first question starts.
pub const QUESTION_AT: usize = HEADER;

/// The message breaks the format.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub struct Malformed;

/// The first question of a message.
#[derive(Clone, Copy)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub struct Question<'a> {
    /// What is asked about, spelled as the client did.
    pub name: Name<'a>,
    /// Record type.
    pub kind: u16,
    /// Class.
    pub class: u16,
}

impl Question<'_> {
    /// The same question, letter case of the name aside.
    pub fn same(&self, other: &Question) -> bool {
        self.kind == other.kind && self.class == other.class && self.name.same(other.name)
    }
}

/// A message with a whole header and whole questions.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    bytes: &'a [u8],
    id: u16,
    flags: u16,
    /// Questions, answers, authority, additional records, as the header says.
    counts: [u16; 4],
    question: Option<Question<'a>>,
    body: usize,
}

impl<'a> Message<'a> {
    /// Reads header and questions. Nothing if the header is cut, or a question
    /// is (a name there cannot be compressed: nothing stands before it).
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let [i1, i2, f1, f2, q1, q2, a1, a2, n1, n2, r1, r2] = reader.array::<HEADER>()?;
        let (id, flags) = (u16::from_be_bytes([i1, i2]), u16::from_be_bytes([f1, f2]));
        let (questions, answers) = (u16::from_be_bytes([q1, q2]), u16::from_be_bytes([a1, a2]));
        let counts = [questions, answers, u16::from_be_bytes([n1, n2]), u16::from_be_bytes([r1, r2])];
        let mut question = None;
        if questions > 0 {
            let name = Name::read(&mut reader)?;
            let [k1, k2, c1, c2] = *reader.take(4)?.first_chunk()?;
            let (kind, class) = (u16::from_be_bytes([k1, k2]), u16::from_be_bytes([c1, c2]));
            question = Some(Question { name, kind, class });
            for _ in 1..questions {
                NameBuf::skip(&mut reader)?;
                reader.u32()?;
            }
        }
        Some(Message { bytes, id, flags, counts, question, body: reader.position() })
    }

    /// All octets.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The identifier.
    pub fn id(&self) -> u16 {
        self.id
    }

    /// The flags word (`codes::flag`).
    pub fn flags(&self) -> u16 {
        self.flags
    }

    /// True when all bits of `mask` are set.
    pub fn has(&self, mask: u16) -> bool {
        self.flags & mask == mask
    }

    /// True for a response.
    pub fn is_response(&self) -> bool {
        self.has(flag::QR)
    }

    /// The operation code; 0 is QUERY.
    pub fn opcode(&self) -> u8 {
        ((self.flags & flag::OPCODE) >> 11) as u8
    }

    /// The response code without the upper bits that an OPT record may add.
    pub fn rcode(&self) -> u8 {
        (self.flags & flag::RCODE) as u8
    }

    /// How many questions, answers, authority and additional records the
    /// header promises.
    pub fn counts(&self) -> [u16; 4] {
        self.counts
    }

    /// Number of questions.
    pub fn question_count(&self) -> u16 {
        let [questions, ..] = self.counts;
        questions
    }

    /// The first question, if there is any.
    pub fn question(&self) -> Option<&Question<'a>> {
        self.question.as_ref()
    }

    /// The octets of the question section.
    #[inline(always)]
    pub fn question_bytes(&self) -> &'a [u8] {
        self.bytes.get(QUESTION_AT..self.body).unwrap_or_default()
    }

    /// Where the records begin.
    pub fn body_at(&self) -> usize {
        self.body
    }

    /// The records behind the questions, section by section.
    pub fn records(&self) -> Records<'a> {
        let [_, left @ ..] = self.counts;
        Records::resume(self.bytes, Place { at: self.body, left })
    }

    /// The records of one section.
    pub fn section(&self, section: Section) -> InSection<'a> {
        InSection { records: self.records(), section }
    }

    /// True when all promised records are there and whole.
    pub fn is_whole(&self) -> bool {
        let mut records = self.records();
        records.by_ref().for_each(drop);
        !records.malformed
    }

    /// The records that are no data. `Malformed` when any record is cut, the OPT
    /// record is broken, or there are two (RFC 6891 §6.1.1).
    pub fn extras(&self) -> Result<Extras<'a>, Malformed> {
        let mut extras = Extras::default();
        let [_, answers, authority, additional] = self.counts;
        let sections = [(Section::Answer, answers), (Section::Authority, authority), (Section::Additional, additional)];
        if additional == 0 {
            return Ok(extras);
        }
        let mut at = self.body;
        for (section, count) in sections {
            for _ in 0..count {
                let record = read(self.bytes, at, section).ok_or(Malformed)?;
                at = record.end();
                match record.kind {
                    kind::OPT if section == Section::Additional => {
                        let opt = Opt::read(&record).ok_or(Malformed)?;
                        if extras.opt.replace(opt).is_some() {
                            return Err(Malformed);
                        }
                    }
                    kind::TSIG | kind::SIG => extras.signed = true,
                    _ => {}
                }
            }
        }
        Ok(extras)
    }

    /// The OPT record; see `extras`.
    pub fn opt(&self) -> Result<Option<Opt<'a>>, Malformed> {
        self.extras().map(|extras| extras.opt)
    }
}

/// Records that are no data but speak about the message.
#[derive(Clone, Copy, Default)]
pub struct Extras<'a> {
    /// The OPT record.
    pub opt: Option<Opt<'a>>,
    /// There is a signature of the message (TSIG or SIG): it must not be changed.
    pub signed: bool,
}

/// A section of records.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub enum Section {
    /// What was asked for.
    Answer,
    /// Who is in charge.
    Authority,
    /// What may help.
    Additional,
}

/// A walk over the records of a message. Ends at the first broken one; ask
/// `is_malformed` then.
#[derive(Clone)]
pub struct Records<'a> {
    bytes: &'a [u8],
    place: Place,
    malformed: bool,
}

/// How far a walk has come.
#[derive(Clone, Copy)]
pub struct Place {
    at: usize,
    /// Records left in each section.
    left: [u16; 3],
}

/// One record in place.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    /// Where it stands.
    pub section: Section,
    /// Type.
    pub kind: u16,
    /// Class (of an OPT record: the datagram size).
    pub class: u16,
    /// Seconds; a value with the top bit set was read as 0 (RFC 2181 §8),
    /// except for OPT, whose flags these are.
    pub ttl: u32,
    /// The data. The cursor runs over the message up to the end of the data, so
    /// names in it can be followed backwards and nothing behind it is reached.
    pub data: Reader<'a>,
    /// Offset of the owner's name in the message.
    pub at: usize,
    /// Offset of the TTL in the message.
    pub ttl_at: usize,
}

impl<'a> Record<'a> {
    /// Offset of the first octet behind the record.
    pub fn end(&self) -> usize {
        self.data.whole().len()
    }

    /// True for OPT, which is no data and has no TTL.
    pub fn is_pseudo(&self) -> bool {
        self.kind == kind::OPT
    }

    /// True when its owner is a valid name and its data has the shape of its type.
    /// Shapes are those of class IN; data of other classes is not looked at.
    pub fn is_sound(&self) -> bool {
        Reader::at(self.data.whole(), self.at).is_some_and(name::is_valid_at)
            && (self.class != class::IN || record::is_sound(self.kind, self.data))
    }

    /// The owner's name, uncompressed; nothing if it is malformed.
    pub fn owner(&self) -> Option<NameBuf> {
        NameBuf::read(&mut Reader::at(self.data.whole(), self.at)?)
    }

    /// True when the owner is `name` (any case). Copies nothing.
    pub fn is_owned_by(&self, name: Name) -> bool {
        Reader::at(self.data.whole(), self.at).is_some_and(|reader| name::points_to(reader, name))
    }
}

impl<'a> Records<'a> {
    /// Goes on from `place` in the same message, some octets of which may have
    /// been changed in between.
    pub fn resume(bytes: &'a [u8], place: Place) -> Self {
        Records { bytes, place, malformed: false }
    }

    /// Where the walk stands.
    pub fn place(&self) -> Place {
        self.place
    }

    /// True when the walk met a broken record.
    pub fn is_malformed(&self) -> bool {
        self.malformed
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        let [answers, authority, additional] = &mut self.place.left;
        let (section, left) = match (&answers, &authority) {
            (1.., _) => (Section::Answer, answers),
            (_, 1..) => (Section::Authority, authority),
            _ => (Section::Additional, additional),
        };
        *left = left.checked_sub(1)?;
        let record = read(self.bytes, self.place.at, section);
        match &record {
            Some(record) => self.place.at = record.end(),
            None => {
                self.place.left = [0; 3];
                self.malformed = true;
            }
        }
        record
    }
}

/// A walk over the records of one section.
#[derive(Clone)]
pub struct InSection<'a> {
    records: Records<'a>,
    section: Section,
}

impl<'a> Iterator for InSection<'a> {
    type Item = Record<'a>;

    // One for everybody who walks.
    #[inline(never)]
    fn next(&mut self) -> Option<Record<'a>> {
        loop {
            let record = self.records.next()?;
            if record.section >= self.section {
                return (record.section == self.section).then_some(record);
            }
        }
    }
}

/// The record at `at`.
#[inline]
fn read(bytes: &[u8], at: usize, section: Section) -> Option<Record<'_>> {
    let mut reader = Reader::at(bytes, at)?;
    NameBuf::skip(&mut reader)?;
    let ttl_at = reader.position().checked_add(4)?;
    let [k1, k2, c1, c2, t1, t2, t3, t4, l1, l2] = reader.array()?;
    let (kind, class) = (u16::from_be_bytes([k1, k2]), u16::from_be_bytes([c1, c2]));
    let ttl = u32::from_be_bytes([t1, t2, t3, t4]);
    let ttl = if ttl > i32::MAX as u32 && kind != kind::OPT { 0 } else { ttl };
    let len = usize::from(u16::from_be_bytes([l1, l2]));
    let data_at = reader.position();
    let data = Reader::at(bytes.get(..data_at.checked_add(len)?)?, data_at)?;
    Some(Record { section, kind, class, ttl, data, at, ttl_at })
}
