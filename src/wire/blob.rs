//! Messages of OpenWrt's bus (ubus): a header, then attributes in each other.
//! Pure, hence fuzzable.
//!
//! There is no standard; this is what libubus and libubox write: a message is
//! version (0), type, sequence (16 bits), peer (32 bits), then one attribute.
//! An attribute is 32 bits (extended, 7 bits of id, 24 bits of length with
//! these four octets), then its data, padded to four octets behind the length.
//! A field (blobmsg) is an extended attribute whose id is its type and whose
//! data begins with a name. All numbers are in network order.

use crate::base::bytes::{Reader, Writer};

/// Octets before the attributes of a message.
pub const HEADER: usize = 12;

/// Types of messages.
pub mod kind {
    /// The bus greets; `peer` is our number.
    pub const HELLO: u8 = 0;
    /// A request is done: how it ended.
    pub const STATUS: u8 = 1;
    /// An answer to a request.
    pub const DATA: u8 = 2;
    /// A method is called.
    pub const INVOKE: u8 = 5;
    /// We offer an object.
    pub const ADD_OBJECT: u8 = 6;
    /// To the bus: for all subscribers of an object. From it: whether it has any.
    pub const NOTIFY: u8 = 10;
}

/// Attributes of messages.
pub mod attr {
    /// How a request ended: number.
    pub const STATUS: u8 = 1;
    /// Name of an object.
    pub const PATH: u8 = 2;
    /// Number of an object.
    pub const OBJECT: u8 = 3;
    /// Name of a method or notification.
    pub const METHOD: u8 = 4;
    /// Methods of an object and their arguments.
    pub const SIGNATURE: u8 = 6;
    /// Arguments, results: fields.
    pub const DATA: u8 = 7;
    /// An object has subscribers: octet.
    pub const ACTIVE: u8 = 9;
    /// No answer is waited for: octet.
    pub const NO_REPLY: u8 = 10;
}

/// How a call ends.
pub mod status {
    /// It did what was asked.
    pub const OK: u32 = 0;
    /// Arguments are wrong.
    pub const INVALID_ARGUMENT: u32 = 2;
    /// There is no such method.
    pub const METHOD_NOT_FOUND: u32 = 3;
    /// For whatever has no code of its own.
    pub const UNKNOWN_ERROR: u32 = 9;
}

/// Types of fields.
pub mod field {
    /// Fields without names.
    pub const ARRAY: u8 = 1;
    /// Fields with names.
    pub const TABLE: u8 = 2;
    /// Text that ends with a zero.
    pub const STRING: u8 = 3;
    /// 32 bits.
    pub const NUMBER: u8 = 5;
}

const EXTENDED: u32 = 0x8000_0000;
const LENGTH: u32 = 0x00ff_ffff;

/// Writes a message.
pub fn message(out: &mut Writer, kind: u8, sequence: u16, peer: u32, build: &mut dyn FnMut(&mut Writer)) {
    out.array([0, kind]);
    out.u16(sequence);
    out.u32(peer);
    put(out, 0, build);
}

/// Writes an attribute.
pub fn put(out: &mut Writer, id: u8, build: &mut dyn FnMut(&mut Writer)) {
    nest(out, u32::from(id) << 24, build);
}

/// Writes an attribute that is a number.
pub fn put_number(out: &mut Writer, id: u8, value: u32) {
    put(out, id, &mut |out| out.u32(value));
}

/// Writes an attribute that is text.
pub fn put_text(out: &mut Writer, id: u8, text: &[u8]) {
    put(out, id, &mut |out| zero_ended(out, text));
}

/// Writes a field.
pub fn put_field(out: &mut Writer, kind: u8, name: &[u8], build: &mut dyn FnMut(&mut Writer)) {
    nest(out, EXTENDED | u32::from(kind) << 24, &mut |out| {
        out.u16(u16::try_from(name.len()).unwrap_or(u16::MAX));
        zero_ended(out, name);
        pad(out, name.len().wrapping_add(3));
        build(out);
    });
}

/// Writes a field that is text.
pub fn text_field(out: &mut Writer, name: &[u8], text: &[u8]) {
    put_field(out, field::STRING, name, &mut |out| zero_ended(out, text));
}

/// Writes a field that is a number.
pub fn number_field(out: &mut Writer, name: &[u8], value: u32) {
    put_field(out, field::NUMBER, name, &mut |out| out.u32(value));
}

fn nest(out: &mut Writer, bits: u32, build: &mut dyn FnMut(&mut Writer)) {
    let start = out.len();
    out.u32(0);
    build(out);
    let len = out.len().saturating_sub(start);
    out.patch(start, &(bits | u32::try_from(len).unwrap_or(0) & LENGTH).to_be_bytes());
    pad(out, len);
}

fn zero_ended(out: &mut Writer, text: &[u8]) {
    out.bytes(text);
    out.u8(0);
}

fn pad(out: &mut Writer, len: usize) {
    out.zeros(len.wrapping_neg() % 4);
}

/// The head of a message.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub struct Head {
    /// What it is (`kind::…`).
    pub kind: u8,
    /// What an answer repeats.
    pub sequence: u16,
    /// Whom it is from or for.
    pub peer: u32,
    /// Octets of attributes that follow.
    pub len: usize,
}

impl Head {
    /// Reads it from its `HEADER` octets; nothing if it is none.
    pub fn parse(bytes: &mut Reader) -> Option<Self> {
        let version = bytes.u8()?;
        let (kind, sequence, peer) = (bytes.u8()?, bytes.u16()?, bytes.u32()?);
        let len = usize::try_from(bytes.u32()? & LENGTH).ok()?.checked_sub(4)?;
        (version == 0).then_some(Head { kind, sequence, peer, len: len.checked_next_multiple_of(4)? })
    }
}

/// An attribute or a field that was read.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub struct Item<'a> {
    /// The id of an attribute, the type of a field.
    pub id: u8,
    /// The name of a field.
    pub name: &'a [u8],
    /// Its data.
    pub data: &'a [u8],
}

impl<'a> Item<'a> {
    /// Its number.
    pub fn number(&self) -> Option<u32> {
        Some(u32::from_be_bytes(self.data.try_into().ok()?))
    }

    /// Its text.
    pub fn text(&self) -> Option<&'a [u8]> {
        self.data.split_last().filter(|(last, _)| **last == 0).map(|(_, text)| text)
    }

    /// Its octet is not zero.
    pub fn is_true(&self) -> bool {
        self.data.first().is_some_and(|octet| *octet != 0)
    }
}

/// The attributes or fields in these octets, up to the first that is broken.
pub fn items(bytes: &[u8]) -> impl Iterator<Item = Item<'_>> + use<'_> {
    let mut rest = Reader::new(bytes);
    core::iter::from_fn(move || item(&mut rest))
}

fn item<'a>(rest: &mut Reader<'a>) -> Option<Item<'a>> {
    let head = rest.u32()?;
    let len = usize::try_from(head & LENGTH).ok()?.checked_sub(4)?;
    let mut data = Reader::new(rest.take(len)?);
    // The last one may come without what fills it up.
    rest.take((len.wrapping_neg() % 4).min(rest.remaining()))?;
    let mut name: &[u8] = &[];
    if head & EXTENDED != 0 {
        let len = usize::from(data.u16()?);
        name = data.take(len)?;
        data.take(1_usize.wrapping_add(len.wrapping_add(3).wrapping_neg() % 4))?;
    }
    Some(Item { id: u8::try_from(head >> 24 & 0x7f).ok()?, name, data: data.rest() })
}
