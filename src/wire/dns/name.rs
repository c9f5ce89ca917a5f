//! Domain names (RFC 1035 §3.1, §4.1.4; RFC 4343 for letter case).
//!
//! `Name` is a complete, valid, uncompressed name in wire form, borrowed;
//! `NameBuf` owns one. Text exists only at the edges: configuration, hosts
//! files, log lines.

use crate::base::bytes::{Reader, Writer};
use crate::base::hash::{same, same_folded};

/// Longest name on the wire, final zero included (RFC 1035 §2.3.4).
pub const NAME_MAX: usize = 255;

/// Longest label.
pub const LABEL_MAX: usize = 63;

/// A complete name in wire form: labels with their lengths, and a final zero.
#[derive(Clone, Copy)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub struct Name<'a>(&'a [u8]);

/// An owned name.
// Aligned, it is cleared and copied by words.
#[derive(Clone, Copy)]
#[repr(align(8))]
pub struct NameBuf {
    octets: [u8; NAME_MAX],
    len: u8,
}

impl<'a> Name<'a> {
    /// The root.
    pub const ROOT: Name<'static> = Name(&[0]);

    /// Takes `wire` for a name if it is exactly one: no pointers, nothing behind.
    pub fn new(wire: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(wire);
        loop {
            let len = usize::from(reader.u8()?);
            if len > LABEL_MAX {
                return None;
            }
            reader.take(len)?;
            if len == 0 {
                break;
            }
        }
        (reader.is_empty() && wire.len() <= NAME_MAX).then_some(Name(wire))
    }

    /// Reads a name that may not be compressed; the cursor ends behind it.
    pub fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let rest = reader.whole().get(reader.position()..)?;
        let mut end = 0usize;
        loop {
            let len = usize::from(*rest.get(end)?);
            end = end.saturating_add(len).saturating_add(1);
            if len > LABEL_MAX || end > NAME_MAX {
                return None;
            }
            if len == 0 {
                return reader.take(end).map(Name);
            }
        }
    }

    /// The octets, final zero included.
    pub fn wire(&self) -> &'a [u8] {
        self.0
    }

    /// True for the root.
    pub fn is_root(&self) -> bool {
        self.0.len() <= 1
    }

    /// The labels, leftmost first, without the root.
    pub fn labels(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut reader = Reader::new(self.0);
        core::iter::from_fn(move || {
            let len = usize::from(reader.u8()?);
            if len == 0 { None } else { reader.take(len) }
        })
    }

    /// The leftmost label; empty for the root.
    pub fn first_label(&self) -> &'a [u8] {
        let label = self.0.split_first().and_then(|(len, rest)| rest.get(..usize::from(*len)));
        label.unwrap_or_default()
    }

    /// The name without its leftmost label; nothing for the root.
    pub fn parent(&self) -> Option<Name<'a>> {
        let (len, rest) = self.0.split_first()?;
        if *len == 0 { None } else { rest.get(usize::from(*len)..).map(Name) }
    }

    /// This name, its parent, and so on down to the root.
    pub fn suffixes(&self) -> impl Iterator<Item = Name<'a>> + use<'a> {
        core::iter::successors(Some(*self), Name::parent)
    }

    /// Number of labels, the root not counted.
    pub fn label_count(&self) -> usize {
        self.labels().count()
    }

    /// Equality with ASCII letters folded (RFC 4343).
    pub fn same(&self, other: Name) -> bool {
        same_folded(self.0, other.0)
    }

    /// True when this name is `zone` or lies below it.
    pub fn is_within(&self, zone: Name) -> bool {
        self.suffixes().any(|suffix| suffix.0.len() == zone.0.len() && suffix.same(zone))
    }

    /// Appends the presentation form: no final dot, the root as `.`, octets
    /// that are not printable or have a meaning escaped (RFC 1035 §5.1).
    pub fn text(&self, out: &mut Writer) {
        if self.is_root() {
            out.u8(b'.');
        }
        for (place, label) in self.labels().enumerate() {
            if place > 0 {
                out.u8(b'.');
            }
            for octet in label {
                match octet {
                    b'.' | b'\\' => out.bytes(&[b'\\', *octet]),
                    0x21..=0x7E => out.u8(*octet),
                    _ => out.bytes(&[b'\\', b'0' + octet / 100, b'0' + octet / 10 % 10, b'0' + octet % 10]),
                }
            }
        }
    }
}

impl Default for NameBuf {
    fn default() -> Self {
        NameBuf { len: 1, octets: [0; NAME_MAX] }
    }
}

impl NameBuf {
    /// The name.
    pub fn name(&self) -> Name<'_> {
        Name(self.octets.get(..usize::from(self.len)).unwrap_or(&[0]))
    }

    /// A copy of `name`.
    pub fn from_name(name: Name) -> Self {
        let mut buffer = NameBuf::default();
        buffer.fill(|out| out.bytes(name.0));
        buffer
    }

    /// Reads a name at the cursor, following compression pointers. The cursor
    /// ends behind the name. Nothing for anything malformed.
    pub fn read(reader: &mut Reader) -> Option<Self> {
        let mut buffer = NameBuf::default();
        let mut out = Writer::new(&mut buffer.octets);
        expand(reader, &mut out)?;
        buffer.len = u8::try_from(out.finish()?).ok()?;
        Some(buffer)
    }

    /// Moves the cursor behind a name without following it.
    pub fn skip(reader: &mut Reader) -> Option<()> {
        loop {
            match reader.u8()? {
                0 => return Some(()),
                len @ 1..=63 => {
                    reader.take(usize::from(len))?;
                }
                0xC0.. => {
                    reader.u8()?;
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    /// Reads a name from text: labels separated by dots, a final dot allowed,
    /// case kept, `\.`-style and `\DDD` escapes not understood (dnsmasq's
    /// configuration has none). Nothing for empty labels or what is too long.
    pub fn from_text(text: &[u8]) -> Option<Self> {
        let mut buffer = NameBuf::default();
        buffer.set_text(text).then_some(buffer)
    }

    /// As `from_text`, into what is there. False for what is no name; the
    /// content is any then.
    pub fn set_text(&mut self, text: &[u8]) -> bool {
        let text = text.strip_suffix(b".").unwrap_or(text);
        if text.is_empty() {
            *self = NameBuf::default();
            return true;
        }
        // The text one octet further behind, a dot before it and a zero after it:
        // from its end, each dot becomes the length of the label behind it.
        let len = text.len().saturating_add(2);
        let Some((end, front)) = self.octets.get_mut(..len).and_then(|all| all.split_last_mut()) else { return false };
        let Some((dot, room)) = front.split_first_mut() else { return false };
        room.copy_from_slice(text);
        (*dot, *end) = (b'.', 0);
        let mut label = 0u8;
        for octet in front.iter_mut().rev() {
            if *octet != b'.' {
                label = label.saturating_add(1);
            } else if (1..=63).contains(&label) {
                *octet = core::mem::take(&mut label);
            } else {
                return false;
            }
        }
        self.len = u8::try_from(len).unwrap_or(0);
        true
    }

    /// `label` put in front of `parent`; nothing if that is no valid name.
    pub fn join(label: &[u8], parent: Name) -> Option<Self> {
        let len = u8::try_from(label.len()).ok().filter(|len| (1..=63).contains(len))?;
        let mut buffer = NameBuf::default();
        buffer.fill(|out| {
            out.u8(len);
            out.bytes(label);
            out.bytes(parent.0);
        });
        (buffer.len > 1).then_some(buffer)
    }

    /// Replaces the content by what `write` writes; the root if it does not fit.
    fn fill(&mut self, write: impl FnOnce(&mut Writer)) {
        let mut out = Writer::new(&mut self.octets);
        write(&mut out);
        let len = out.finish().and_then(|len| u8::try_from(len).ok());
        match len {
            Some(len) => self.len = len,
            None => *self = NameBuf::default(),
        }
    }

    /// Turns ASCII letters to lower case.
    pub fn lower(mut self) -> Self {
        // Length octets are below 'A', so the whole can be folded at once.
        self.octets.make_ascii_lowercase();
        self
    }
}

/// Goes through a name at the cursor, following compression pointers, and gives
/// each run of labels with their length octets (the last with the final zero) to
/// `each`, until that says stop. Pointers must go backwards: each jump lands
/// before the last, so no chain is endless. The cursor ends behind the name.
/// Nothing for anything malformed or stopped.
fn walk<'a>(reader: &mut Reader<'a>, mut each: impl FnMut(&'a [u8]) -> Option<()>) -> Option<()> {
    let whole = reader.whole();
    let mut at = *reader;
    let mut behind: Option<Reader> = None;
    let mut run = at.position();
    let mut floor = run;
    let mut total = 0usize;
    loop {
        let end = at.position();
        let len = at.u8()?;
        if len >= 0xC0 {
            let target = usize::from(len & 0x3F) << 8 | usize::from(at.u8()?);
            behind.get_or_insert(at);
            if target >= floor {
                return None;
            }
            each(whole.get(run..end)?)?;
            (run, floor) = (target, target);
            at = Reader::at(whole, target)?;
            continue;
        }
        let label = at.take(len.into())?;
        total = total.saturating_add(label.len()).saturating_add(1);
        if label.len() > LABEL_MAX || total > NAME_MAX {
            return None;
        }
        if len == 0 {
            each(whole.get(run..at.position())?)?;
            *reader = behind.unwrap_or(at);
            return Some(());
        }
    }
}

/// Copies a name at the cursor into `out` without compression; the cursor ends
/// behind it. Nothing for anything malformed; what does not fit, `out` remembers.
pub fn expand(reader: &mut Reader, out: &mut Writer) -> Option<()> {
    walk(reader, |labels| {
        out.bytes(labels);
        Some(())
    })
}

/// True when there is a valid name at the cursor, compressed or not.
pub fn is_valid_at(mut reader: Reader) -> bool {
    walk(&mut reader, |_| Some(())).is_some()
}

/// True when the (possibly compressed) name at the cursor is `name` in any case.
pub fn points_to(mut reader: Reader, name: Name) -> bool {
    let mut rest = Reader::new(name.wire());
    let matches = |labels: &[u8]| rest.take(labels.len()).filter(|own| same_folded(own, labels)).map(drop);
    walk(&mut reader, matches).is_some()
}

/// True when the name at the cursor is `name`, spelled the same.
pub fn is_written_at(mut reader: Reader, name: Name) -> bool {
    let mut rest = Reader::new(name.wire());
    walk(&mut reader, |labels| rest.take(labels.len()).filter(|own| same(own, labels)).map(drop)).is_some()
}

/// Appends a wire-form name as text in lower case, as dnsmasq logs names: the
/// root as `.`, anything unprintable as `<name unprintable>`.
pub fn write_lower(out: &mut Writer, wire: &[u8]) {
    let Some(name) = Name::new(wire) else { return };
    if name.labels().flatten().any(|octet| !(0x20..0x7F).contains(octet)) {
        return out.bytes(b"<name unprintable>");
    }
    if name.is_root() {
        return out.u8(b'.');
    }
    for (place, label) in name.labels().enumerate() {
        if place > 0 {
            out.u8(b'.');
        }
        label.iter().for_each(|octet| out.u8(octet.to_ascii_lowercase()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: Name) -> String {
        let mut buffer = [0; 1100];
        let mut out = Writer::new(&mut buffer);
        name.text(&mut out);
        String::from_utf8(out.written().to_vec()).unwrap()
    }

    #[test]
    fn text_and_back() {
        for given in ["a", "www.Example.com", "x.y.z.lan."] {
            let name = NameBuf::from_text(given.as_bytes()).unwrap();
            assert_eq!(text(name.name()), given.trim_end_matches('.'));
        }
        assert!(NameBuf::from_text(b".").unwrap().name().is_root());
        for bad in ["a..b", ".a", &"x".repeat(64), &format!("{}a", "abcdefgh.".repeat(29))] {
            assert!(NameBuf::from_text(bad.as_bytes()).is_none(), "{bad}");
        }
    }

    #[test]
    fn the_longest_name_is_255_octets() {
        let at = |n: usize| NameBuf::from_text(format!("{}{}", "abcdefg.".repeat(31), "x".repeat(n)).as_bytes());
        assert_eq!(at(5).unwrap().name().wire().len(), 255);
        assert!(at(6).is_none());
    }

    #[test]
    fn pointers_go_backwards_only() {
        let message = b"\x01a\x00\x01b\xC0\x00\xC0\x06\xC0\x0A";
        let read = |at| {
            let mut reader = Reader::at(message, at).unwrap();
            NameBuf::read(&mut reader).map(|n| (text(n.name()), reader.position()))
        };
        assert_eq!(read(0), Some(("a".into(), 3)));
        assert_eq!(read(3), Some(("b.a".into(), 7)));
        assert_eq!(read(7), Some((".".into(), 9)), "a zero inside a pointer is a root");
        assert_eq!(read(9), None, "points at itself");
    }

    #[test]
    fn suffixes_and_zones() {
        let name = NameBuf::from_text(b"a.b.Lan").unwrap();
        let zone = NameBuf::from_text(b"lAN").unwrap();
        let other = NameBuf::from_text(b"an").unwrap();
        assert!(name.name().is_within(zone.name()));
        assert!(!name.name().is_within(other.name()));
        assert!(name.name().is_within(Name::ROOT));
        assert_eq!(name.name().suffixes().map(text).collect::<Vec<_>>(), ["a.b.Lan", "b.Lan", "Lan", "."]);
    }
}
