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

/// A name field that can hold options.
struct Field<const N: usize> {
    bytes: ArrayVec<u8, N>,
    free: bool,
}

impl<const N: usize> Field<N> {
    fn put(&mut self, number: u8, value: &[u8]) -> bool {
        // Room for the end mark is kept.
        let needed = value.len().saturating_add(3);
        let fits = self.free && self.bytes.remaining_capacity() > needed;
        if fits {
            let _ = self.bytes.try_extend_from_slice(&[number, value.len() as u8]);
            let _ = self.bytes.try_extend_from_slice(value);
        }
        fits
    }
}

/// Writes options behind the header.
pub(super) struct OptionWriter<'w, 'b> {
    out: &'w mut Writer<'b>,
    /// Octets that the options end within, the reserve for option 82 and the
    /// end mark taken off.
    end: usize,
    file: Field<FILE>,
    sname: Field<SNAME>,
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
            file: Field { bytes: ArrayVec::new(), free: overload },
            sname: Field { bytes: ArrayVec::new(), free: overload },
            overload: None,
            flags: 0,
            dropped: ArrayVec::new(),
        }
    }

    /// Puts a text into the boot file field, cut to fit with a final zero.
    pub fn file_field(&mut self, text: &[u8]) {
        self.file.free = false;
        let cut = text.get(..text.len().min(FILE - 1)).unwrap_or_default();
        self.out.patch(FILE_AT, cut);
    }

    /// Puts a text into the server name field, cut to fit with a final zero.
    pub fn sname_field(&mut self, text: &[u8]) {
        self.sname.free = false;
        let cut = text.get(..text.len().min(SNAME - 1)).unwrap_or_default();
        self.out.patch(SNAME_AT, cut);
    }

    /// Appends an option, in the first area with room.
    pub fn put(&mut self, number: u8, value: &[u8]) {
        let value = value.get(..value.len().min(255)).unwrap_or_default();
        if self.fits(value.len().saturating_add(3)) {
            self.out.u8(number);
            self.out.u8(value.len() as u8);
            self.out.bytes(value);
            return;
        }
        if !self.put_in_fields(number, value) {
            let _ = self.dropped.try_push(Dropped::Option(number));
        }
    }

    /// Appends an option that is a number.
    pub fn put_u32(&mut self, number: u8, value: u32) {
        self.put(number, &value.to_be_bytes());
    }

    /// Appends a text, with a final zero if `zero`.
    pub fn put_text(&mut self, number: u8, text: &[u8], zero: bool) {
        let mut value = ArrayVec::<u8, 255>::new();
        let _ = value.try_extend_from_slice(text.get(..text.len().min(255)).unwrap_or_default());
        if zero {
            let _ = value.try_push(0);
        }
        self.put(number, &value);
    }

    fn fits(&self, octets: usize) -> bool {
        self.out.len().saturating_add(octets) < self.end
    }

    fn put_in_fields(&mut self, number: u8, value: &[u8]) -> bool {
        if self.overload.is_none() {
            if !(self.file.free || self.sname.free) || !self.fits(3) {
                return false;
            }
            self.out.bytes(&[code::OVERLOAD, 1]);
            self.overload = Some(self.out.len());
            self.out.u8(0);
        }
        self.flags |= if self.file.free { 1 } else { 0 };
        if self.file.put(number, value) {
            return true;
        }
        self.flags |= if self.sname.free { 2 } else { 0 };
        self.sname.put(number, value)
    }

    /// Closes all areas: option 82 as it came, the end mark, and padding up to
    /// `minimum` octets.
    pub fn close(self, agent: Option<&[u8]>, minimum: usize) -> DroppedList {
        let out = self.out;
        if let Some(at) = self.overload {
            out.patch(at, &[self.flags]);
            if self.flags & 1 != 0 {
                out.patch(FILE_AT, &self.file.bytes);
                out.patch(FILE_AT.saturating_add(self.file.bytes.len()), &[code::END]);
            }
            if self.flags & 2 != 0 {
                out.patch(SNAME_AT, &self.sname.bytes);
                out.patch(SNAME_AT.saturating_add(self.sname.bytes.len()), &[code::END]);
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
