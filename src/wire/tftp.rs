//! TFTP packets: requests with options, blocks, acknowledgements, errors.
//!
//! Stands on RFC 1350 §5 (the five packets), RFC 2347 (options and the option
//! acknowledgement). What an option means (RFC 2348, 2349, 7440) is the
//! engine's business; here it is a pair of texts. Nothing here knows files,
//! transfers or time.

use crate::base::bytes::{Reader, Writer};

const READ: u16 = 1;
const WRITE: u16 = 2;
const DATA: u16 = 3;
const ACK: u16 = 4;
const ERROR: u16 = 5;
const OACK: u16 = 6;

/// Octets in front of a block's data.
pub const DATA_HEADER: usize = 4;

/// Codes of an error packet (RFC 1350, appendix).
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub enum Code {
    /// Not defined: see the text.
    Other = 0,
    /// File not found.
    NotFound = 1,
    /// Access violation.
    Access = 2,
    /// Illegal operation.
    Illegal = 4,
    /// Unknown transfer identifier.
    UnknownTransfer = 5,
}

/// A packet.
#[derive(Clone, Copy)]
pub enum Packet<'a> {
    /// A client wants a file.
    Read(Request<'a>),
    /// A client has a file.
    Write(Request<'a>),
    /// A block of a file, from 1.
    Data { block: u16, bytes: &'a [u8] },
    /// A block has come; 0: an option acknowledgement.
    Ack { block: u16 },
    /// Something went wrong; ends the transfer.
    Error { code: u16, text: &'a [u8] },
    /// The options accepted.
    OptionAck(Options<'a>),
}

/// What is wanted and how.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Name of the file, never holding a zero; may be empty.
    pub file: &'a [u8],
    /// `octet` or `netascii` in any case, or anything.
    pub mode: &'a [u8],
    /// What else the client asks for.
    pub options: Options<'a>,
}

/// Options: pairs of a name in any case and a value.
#[derive(Clone, Copy)]
pub struct Options<'a>(Reader<'a>);

impl<'a> Iterator for Options<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        Some((text(&mut self.0)?, text(&mut self.0)?))
    }
}

/// The text up to the next zero, which is skipped; nothing without one.
fn text<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let mut ahead = *reader;
    let len = ahead.rest().iter().position(|octet| *octet == 0)?;
    let text = reader.take(len)?;
    reader.u8()?;
    Some(text)
}

fn request<'a>(mut reader: Reader<'a>) -> Option<Request<'a>> {
    // Everything in a request ends in a zero, so what does not was cut.
    let mut ahead = reader;
    if ahead.rest().last() != Some(&0) {
        return None;
    }
    let file = text(&mut reader)?;
    let mode = text(&mut reader)?;
    Some(Request { file, mode, options: Options(reader) })
}

/// Reads a packet; nothing if it is none. An option without value is left out.
pub fn parse(bytes: &[u8]) -> Option<Packet<'_>> {
    let mut reader = Reader::new(bytes);
    Some(match reader.u16()? {
        READ => Packet::Read(request(reader)?),
        WRITE => Packet::Write(request(reader)?),
        DATA => Packet::Data { block: reader.u16()?, bytes: reader.rest() },
        ACK => Packet::Ack { block: reader.u16()? },
        ERROR => {
            let code = reader.u16()?;
            // Some clients leave the final zero out.
            let mut ahead = reader;
            let text = text(&mut reader).unwrap_or_else(|| ahead.rest());
            Packet::Error { code, text }
        }
        OACK => Packet::OptionAck(Options(reader)),
        _ => return None,
    })
}

/// True for packets that answer one of ours: they belong to a transfer.
pub fn opcode_is_reply(bytes: &[u8]) -> bool {
    matches!(Reader::new(bytes).u16(), Some(DATA | ACK | ERROR | OACK))
}

/// True for errors, well-formed or not: they are never answered.
pub fn opcode_is_error(bytes: &[u8]) -> bool {
    Reader::new(bytes).u16() == Some(ERROR)
}

/// Writes a block.
pub fn write_data(out: &mut Writer, block: u16, bytes: &[u8]) {
    out.u16(DATA);
    out.u16(block);
    out.bytes(bytes);
}

/// Writes an error; `text` appends its text.
pub fn write_error(out: &mut Writer, code: Code, text: impl FnOnce(&mut Writer)) {
    out.u16(ERROR);
    out.u16(code as u16);
    text(out);
    out.u8(0);
}

/// Writes the head of an option acknowledgement; pairs follow.
pub fn write_option_ack(out: &mut Writer) {
    out.u16(OACK);
}

/// Writes an option with a number as its value.
pub fn write_option(out: &mut Writer, name: &str, value: u64) {
    out.bytes(name.as_bytes());
    out.u8(0);
    crate::base::text::decimal(out, value);
    out.u8(0);
}

/// The number at the start of an option's value: blanks, then digits; 0 when
/// there is none, the largest when it is too large.
pub fn number(value: &[u8]) -> u64 {
    let digits = value.trim_ascii_start().iter().map_while(|octet| octet.checked_sub(b'0').filter(|d| *d < 10));
    digits.fold(0, |sum: u64, digit| sum.saturating_mul(10).saturating_add(digit.into()))
}
