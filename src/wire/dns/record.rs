//! Where names sit in the data of records: one line a type.
//!
//! Names in the data of the types below may arrive compressed (RFC 1035 §4.1.4,
//! RFC 3597 §4), so their data can only be kept or moved after the names were
//! made whole. Data of all other types is opaque octets. Only the types of
//! RFC 1035 itself may be sent with compressed names.

use super::codes::kind;
use super::name;
use crate::base::bytes::{Reader, Writer};

/// The shape of a type's data: fixed octets, counted strings, names, a tail.
#[derive(Clone, Copy)]
struct Shape {
    /// Octets in front.
    fixed: u8,
    /// Strings with a length octet that follow.
    strings: u8,
    /// Names that follow.
    names: u8,
    /// What may follow the names.
    tail: Tail,
    /// The names may be compressed when sent (RFC 3597 §4).
    compress: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tail {
    /// Exactly so many octets.
    Exactly(u8),
    /// Anything.
    Any,
}

/// `fixed` octets, then `names`, then nothing.
const fn names(fixed: u8, names: u8, compress: bool) -> Shape {
    Shape { fixed, strings: 0, names, tail: Tail::Exactly(0), compress }
}

/// The shape of a type. MD, MF, MB, MG, MR, MINFO, RP, AFSDB, RT, PX, NXT and KX go
/// by their numbers (3, 4, 7 to 9, 14, 17, 18, 21, 26, 30, 36).
const fn shape(kind: u16) -> Shape {
    match kind {
        kind::A => names(4, 0, false),
        kind::AAAA => names(16, 0, false),
        kind::CNAME | kind::PTR | kind::NS | 3 | 4 | 7..=9 => names(0, 1, true),
        kind::SOA => Shape { tail: Tail::Exactly(20), ..names(0, 2, true) },
        kind::MX => names(2, 1, true),
        14 => names(0, 2, true),
        kind::DNAME => names(0, 1, false),
        17 => names(0, 2, false),
        18 | 21 | 36 => names(2, 1, false),
        26 => names(2, 2, false),
        kind::SRV => names(6, 1, false),
        kind::NAPTR => Shape { strings: 3, ..names(4, 1, false) },
        kind::SIG | kind::RRSIG => Shape { tail: Tail::Any, ..names(18, 1, false) },
        kind::NSEC | 30 => Shape { tail: Tail::Any, ..names(0, 1, false) },
        _ => Shape { tail: Tail::Any, ..names(0, 0, false) },
    }
}

/// True when names in the data of this type may be compressed when sent.
pub fn may_compress(kind: u16) -> bool {
    shape(kind).compress
}

/// The length of data of this type, if all have the same: addresses.
pub fn fixed_len(kind: u16) -> Option<usize> {
    match kind {
        kind::A => Some(4),
        kind::AAAA => Some(16),
        _ => None,
    }
}

/// A part of a record's data.
#[derive(Clone, Copy)]
pub enum Part<'a> {
    /// Octets to be taken as they are.
    Octets(&'a [u8]),
    /// A name starts at this cursor.
    Name(Reader<'a>),
}

/// The data of a record in parts. Ends at the first malformed part; ask
/// `is_malformed` then.
pub struct Parts<'a> {
    data: Reader<'a>,
    shape: Shape,
    step: Step,
    malformed: bool,
}

#[derive(Clone, Copy)]
enum Step {
    Front,
    Names(u8),
    End,
}

impl<'a> Parts<'a> {
    /// The parts of the data of a `kind` record at the cursor.
    pub fn new(kind: u16, data: Reader<'a>) -> Self {
        let shape = shape(kind);
        let step = if shape.fixed > 0 { Step::Front } else { Step::Names(shape.names) };
        Parts { data, shape, step, malformed: false }
    }

    /// True when the data does not have the shape of its type.
    pub fn is_malformed(&self) -> bool {
        self.malformed
    }

    fn front(&mut self) -> Option<Part<'a>> {
        let mut end = self.data;
        end.take(self.shape.fixed.into())?;
        for _ in 0..self.shape.strings {
            let len = end.u8()?;
            end.take(len.into())?;
        }
        let len = end.position().checked_sub(self.data.position())?;
        self.data.take(len).map(Part::Octets)
    }

    fn name(&mut self) -> Option<Part<'a>> {
        let at = self.data;
        name::NameBuf::skip(&mut self.data)?;
        Some(Part::Name(at))
    }

    fn tail(&mut self) -> Option<Part<'a>> {
        let rest = self.data.rest();
        match self.shape.tail {
            Tail::Exactly(len) if rest.len() != usize::from(len) => None,
            _ => Some(Part::Octets(rest)),
        }
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        let (part, next) = match self.step {
            Step::Front => (self.front(), Step::Names(self.shape.names)),
            Step::Names(left) => match left.checked_sub(1) {
                Some(left) => (self.name(), Step::Names(left)),
                None => (self.tail(), Step::End),
            },
            Step::End => return None,
        };
        self.step = next;
        if part.is_none() {
            self.step = Step::End;
            self.malformed = true;
        }
        part
    }
}

/// True when the data at the cursor has the shape of its type and valid names.
pub fn is_sound(kind: u16, data: Reader) -> bool {
    let mut parts = Parts::new(kind, data);
    let names_valid = parts.by_ref().all(|part| match part {
        Part::Octets(_) => true,
        Part::Name(at) => name::is_valid_at(at),
    });
    names_valid && !parts.malformed
}

/// Appends the data at the cursor with every name made whole. Nothing when the
/// data is malformed; what does not fit, `out` remembers.
pub fn expand(kind: u16, data: Reader, out: &mut Writer) -> Option<()> {
    let mut parts = Parts::new(kind, data);
    for part in parts.by_ref() {
        match part {
            Part::Octets(octets) => out.bytes(octets),
            Part::Name(mut at) => name::expand(&mut at, out)?,
        }
    }
    (!parts.malformed).then_some(())
}
