//! The option areas of a reply (RFC 2131 §4.1, RFC 2132 §9.3): the main one,
//! and the boot file and server name fields where they are free.

use crate::base::bytes::Writer;
use crate::wire::dhcp4::{FILE, FILE_AT, SNAME, SNAME_AT};
use crate::wire::dhcp4_options::code;
use arrayvec::ArrayVec;

/// What could not be sent, for the log.
#[derive(Clone, Copy)]
pub(super) enum Dropped {
    /// An option found no room.
    Option(u8),
    /// The options for an enterprise are too many for one.
    Enterprise(u32),
}

/// As many as are told.
pub(super) type DroppedList = ArrayVec<Dropped, 16>;

/// A name field of the header that can hold options.
struct Field {
    /// Where what is next goes, and where the field ends.
    at: usize,
    end: usize,
    free: bool,
}

/// Writes options behind the header.
pub(super) struct OptionWriter<'w, 'b> {
    out: &'w mut Writer<'b>,
    /// Octets that the options end within, the reserve for option 82 and the
    /// end mark taken off.
    end: usize,
    /// The boot file and the server name.
    fields: [Field; 2],
    overload: Option<usize>,
    flags: u8,
    /// What found no room.
    pub dropped: DroppedList,
}

impl<'w, 'b> OptionWriter<'w, 'b> {
    /// A writer behind the header in `out`, up to `end` octets. `overload`:
    /// the name fields may be used.
    pub fn new(out: &'w mut Writer<'b>, end: usize, overload: bool) -> Self {
        OptionWriter {
            out,
            end,
            fields: [(FILE_AT, FILE), (SNAME_AT, SNAME)].map(|(at, size)| Field { at, end: at + size, free: overload }),
            overload: None,
            flags: 0,
            dropped: ArrayVec::new(),
        }
    }

    /// Puts a text into the boot file field, cut to fit with a final zero.
    pub fn file_field(&mut self, text: &[u8]) {
        self.name_field(0, text);
    }

    /// Puts a text into the server name field, cut to fit with a final zero.
    pub fn sname_field(&mut self, text: &[u8]) {
        self.name_field(1, text);
    }

    #[inline(never)]
    fn name_field(&mut self, which: usize, text: &[u8]) {
        let Some(field) = self.fields.get_mut(which) else { return };
        field.free = false;
        let most = field.end.saturating_sub(field.at).saturating_sub(1);
        self.out.patch(field.at, text.get(..text.len().min(most)).unwrap_or_default());
    }

    /// Appends an option, in the first area with room.
    #[inline(never)]
    pub fn put(&mut self, number: u8, value: &[u8]) {
        self.put_text(number, value, false);
    }

    /// Appends an option that is a number.
    pub fn put_u32(&mut self, number: u8, value: u32) {
        self.put(number, &value.to_be_bytes());
    }

    /// Appends a text, with a final zero if `zero` and if that fits.
    pub fn put_text(&mut self, number: u8, text: &[u8], zero: bool) {
        let text = text.get(..text.len().min(255)).unwrap_or_default();
        let end: &[u8] = if zero && text.len() < 255 { &[0] } else { &[] };
        let len = text.len().saturating_add(end.len());
        let head = [number, len as u8];
        if self.fits(len.saturating_add(3)) {
            for part in [&head, text, end] {
                self.out.bytes(part);
            }
        } else if let Some(field) = self.field(len) {
            let mut at = field.at;
            // The zero is there.
            for part in [&head, text] {
                self.out.patch(at, part);
                at = at.saturating_add(part.len());
            }
        } else {
            let _ = self.dropped.try_push(Dropped::Option(number));
        }
    }

    fn fits(&self, octets: usize) -> bool {
        self.out.len().saturating_add(octets) < self.end
    }

    /// The name field that takes an option of `len` octets.
    fn field(&mut self, len: usize) -> Option<Field> {
        if self.overload.is_none() {
            if !self.fields.iter().any(|field| field.free) || !self.fits(3) {
                return None;
            }
            self.out.bytes(&[code::OVERLOAD, 1]);
            self.overload = Some(self.out.len());
            self.out.u8(0);
        }
        for (bit, field) in [1, 2].into_iter().zip(&mut self.fields).filter(|(_, field)| field.free) {
            self.flags |= bit;
            let end = field.at.saturating_add(len).saturating_add(2);
            // Room for the end mark is kept.
            if end < field.end {
                let found = Field { at: field.at, ..*field };
                field.at = end;
                return Some(found);
            }
        }
        None
    }

    /// Closes all areas: option 82 as it came, the end mark, and padding up to
    /// `minimum` octets.
    pub fn close(self, agent: Option<&[u8]>, minimum: usize) -> DroppedList {
        let out = self.out;
        if let Some(at) = self.overload {
            out.patch(at, &[self.flags]);
            for (bit, field) in [1, 2].into_iter().zip(&self.fields) {
                if self.flags & bit != 0 {
                    out.patch(field.at, &[code::END]);
                }
            }
        }
        if let Some(agent) = agent {
            out.u8(code::AGENT);
            out.u8(agent.len() as u8);
            out.bytes(agent);
        }
        out.u8(code::END);
        out.zeros(minimum.saturating_sub(out.len()));
        self.dropped
    }
}
