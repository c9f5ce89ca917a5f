//! `Reader` and `Writer`: the only way packet bytes are touched.
//!
//! A reader never goes past its end: every step returns an option. A writer
//! refuses what does not fit and remembers it, so a builder writes without
//! asking and looks once at the end. Neither hands out position arithmetic
//! that could be wrong. Numbers are in network byte order.

/// A cursor over received bytes.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    all: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// A cursor at the start of `all`.
    pub fn new(all: &'a [u8]) -> Self {
        Reader { all, at: 0 }
    }

    /// A cursor at `at` in `all`; nothing if that is past the end.
    pub fn at(all: &'a [u8], at: usize) -> Option<Self> {
        (at <= all.len()).then_some(Reader { all, at })
    }

    /// Octets from the start of the whole to the cursor.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The whole that the cursor moves over (a DNS name may point back into it).
    pub fn whole(&self) -> &'a [u8] {
        self.all
    }

    /// Octets not yet read.
    pub fn remaining(&self) -> usize {
        self.all.len().saturating_sub(self.at)
    }

    /// True at the end.
    pub fn is_empty(&self) -> bool {
        self.remaining() == 0
    }

    /// The next `n` octets.
    pub fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(n)?;
        let taken = self.all.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    /// The next `N` octets as an array.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let taken = self.all.get(self.at..)?.first_chunk::<N>()?;
        self.at = self.at.checked_add(N)?;
        Some(*taken)
    }

    /// One octet.
    pub fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[octet]| octet)
    }

    /// Two octets as a number.
    pub fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    /// Four octets as a number.
    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    /// A cursor over the next `n` octets only; this one moves behind them.
    pub fn sub(&mut self, n: usize) -> Option<Reader<'a>> {
        self.take(n).map(Reader::new)
    }

    /// Everything not yet read; the cursor moves to the end.
    pub fn rest(&mut self) -> &'a [u8] {
        let rest = self.all.get(self.at..).unwrap_or_default();
        self.at = self.all.len();
        rest
    }

    /// The next octet without moving.
    pub fn peek(&self) -> Option<u8> {
        self.all.get(self.at).copied()
    }
}

/// A cursor that fills a buffer and never runs over its end.
pub struct Writer<'a> {
    buffer: &'a mut [u8],
    len: usize,
    overflow: bool,
}

impl<'a> Writer<'a> {
    /// A writer at the start of `buffer`.
    pub fn new(buffer: &'a mut [u8]) -> Self {
        Writer { buffer, len: 0, overflow: false }
    }

    /// Octets written.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True when nothing was written.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Octets that still fit.
    pub fn room(&self) -> usize {
        self.buffer.len().saturating_sub(self.len)
    }

    /// True when something was refused since the start or the last `rewind`.
    pub fn overflowed(&self) -> bool {
        self.overflow
    }

    /// What was written.
    pub fn written(&self) -> &[u8] {
        self.buffer.get(..self.len).unwrap_or_default()
    }

    /// What was written, to be patched in place.
    pub fn written_mut(&mut self) -> &mut [u8] {
        self.buffer.get_mut(..self.len).unwrap_or_default()
    }

    /// Appends `bytes` whole, or nothing.
    #[inline(never)]
    pub fn bytes(&mut self, bytes: &[u8]) {
        let end = self.len.saturating_add(bytes.len());
        match self.buffer.get_mut(self.len..end) {
            Some(room) if !self.overflow => {
                room.copy_from_slice(bytes);
                self.len = end;
            }
            _ => self.overflow = true,
        }
    }

    /// Appends `bytes` whole, or nothing. For lengths known beforehand: a plain
    /// store instead of a copy.
    #[inline]
    pub fn array<const N: usize>(&mut self, bytes: [u8; N]) {
        match self.buffer.get_mut(self.len..).and_then(|rest| rest.first_chunk_mut::<N>()) {
            Some(room) if !self.overflow => {
                *room = bytes;
                self.len = self.len.saturating_add(N);
            }
            _ => self.overflow = true,
        }
    }

    /// Appends one octet.
    pub fn u8(&mut self, value: u8) {
        self.array([value]);
    }

    /// Appends two octets.
    pub fn u16(&mut self, value: u16) {
        self.array(value.to_be_bytes());
    }

    /// Appends four octets.
    pub fn u32(&mut self, value: u32) {
        self.array(value.to_be_bytes());
    }

    /// Appends `n` zero octets.
    #[inline(never)]
    pub fn zeros(&mut self, n: usize) {
        let end = self.len.saturating_add(n);
        match self.buffer.get_mut(self.len..end) {
            Some(room) if !self.overflow => {
                room.fill(0);
                self.len = end;
            }
            _ => self.overflow = true,
        }
    }

    /// Overwrites two octets at `at`, which must have been written before.
    pub fn patch_u16(&mut self, at: usize, value: u16) {
        self.patch_array(at, value.to_be_bytes());
    }

    /// Overwrites octets at `at`, all of which must have been written before.
    pub fn patch_array<const N: usize>(&mut self, at: usize, bytes: [u8; N]) {
        match self.written_mut().get_mut(at..).and_then(|rest| rest.first_chunk_mut::<N>()) {
            Some(place) => *place = bytes,
            None => self.overflow = true,
        }
    }

    /// Overwrites octets at `at`, all of which must have been written before.
    pub fn patch(&mut self, at: usize, bytes: &[u8]) {
        let end = at.saturating_add(bytes.len());
        match self.buffer.get_mut(at..end) {
            Some(place) if end <= self.len => place.copy_from_slice(bytes),
            _ => self.overflow = true,
        }
    }

    /// Forgets everything behind `len`, and any refusal with it.
    pub fn rewind(&mut self, len: usize) {
        self.len = self.len.min(len);
        self.overflow = false;
    }

    /// The length written, or nothing if anything was refused.
    pub fn finish(&self) -> Option<usize> {
        (!self.overflow).then_some(self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_stops_at_its_end_and_stays_where_it_was() {
        let mut reader = Reader::new(&[1, 2, 3]);
        assert_eq!(reader.u16(), Some(0x0102));
        assert_eq!(reader.u16(), None);
        assert_eq!(reader.remaining(), 1);
        assert_eq!(reader.take(usize::MAX), None);
        assert_eq!(reader.u8(), Some(3));
        assert!(reader.is_empty());
        assert!(Reader::at(&[0; 3], 4).is_none());
    }

    #[test]
    fn a_writer_refuses_whole_items_and_remembers() {
        let mut buffer = [0; 3];
        let mut writer = Writer::new(&mut buffer);
        writer.u16(0x0102);
        writer.u16(0x0304);
        assert_eq!((writer.len(), writer.finish()), (2, None));
        writer.u8(9);
        assert_eq!(writer.len(), 2, "nothing goes in behind a refusal");
        writer.rewind(2);
        writer.u8(9);
        assert_eq!(writer.finish(), Some(3));
        writer.patch_u16(2, 7);
        assert!(writer.overflowed());
    }
}
