//! One line of a configuration file: comment, quotes, escapes, keyword, value.
//!
//! Octets that stood in quotes lose every meaning they would have to an option:
//! a quoted comma separates nothing, a quoted digit makes no address. A `Text`
//! therefore carries, beside its octets, which of them were quoted. The command
//! line has no quotes: the shell has eaten them.

use crate::base::octets::{find, is_plain};

/// A piece of a value.
#[derive(Clone, Copy, Default)]
pub struct Text<'a> {
    octets: &'a [u8],
    /// Which octets were quoted: as long as `octets`, or empty for none.
    quoted: &'a [bool],
}

impl<'a> Text<'a> {
    /// A piece without quotes.
    pub fn plain(octets: &'a [u8]) -> Self {
        Text { octets, quoted: &[] }
    }

    /// What it says, quoted or not.
    pub fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// What it says, if nothing of it was quoted.
    pub fn bare(&self) -> Option<&'a [u8]> {
        (!self.quoted.contains(&true)).then_some(self.octets)
    }

    /// What it says to a parser of addresses, numbers and key words, to which
    /// quoted octets of these mean nothing: what nobody knows if there is one.
    pub fn meant(&self) -> &'a [u8] {
        let lost = |at: usize| self.is_quoted(at) && self.octets.get(at).copied().is_some_and(is_protected);
        if (0..self.quoted.len()).any(lost) { b"\"" } else { self.octets }
    }

    /// True when it says nothing.
    pub fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// The part from `from` to `to`.
    fn part(&self, from: usize, to: usize) -> Text<'a> {
        Text {
            octets: self.octets.get(from..to).unwrap_or_default(),
            quoted: self.quoted.get(from..to).unwrap_or_default(),
        }
    }

    fn is_quoted(&self, at: usize) -> bool {
        self.quoted.get(at).is_some_and(|quoted| *quoted)
    }

    /// Without the unquoted blanks at both ends.
    pub fn trimmed(&self) -> Text<'a> {
        let is_blank = |at: &usize| self.octets.get(*at) == Some(&b' ') && !self.is_quoted(*at);
        let from = (0..self.octets.len()).take_while(is_blank).count();
        let blanks = (from..self.octets.len()).rev().take_while(is_blank).count();
        self.part(from, self.octets.len().saturating_sub(blanks))
    }

    /// What stands before and behind the first unquoted `separator`, blanks
    /// around it dropped.
    pub fn split(&self, separator: u8) -> (Text<'a>, Option<Text<'a>>) {
        let mut places = self.octets.iter().enumerate();
        let is_open = |at: usize| !is_protected(separator) || !self.is_quoted(at);
        let found = places.find(|(at, octet)| **octet == separator && is_open(*at));
        match found {
            Some((at, _)) => {
                let behind = self.part(at.saturating_add(1), self.octets.len());
                (self.part(0, at).trimmed(), Some(behind.trimmed()))
            }
            None => (*self, None),
        }
    }

    /// All pieces between unquoted commas: at least one.
    pub fn items(&self) -> Items<'a> {
        Items { rest: Some(*self) }
    }

    /// What stands behind `prefix`, of which nothing is quoted.
    pub fn behind(&self, prefix: &[u8]) -> Option<Text<'a>> {
        let fits = self.octets.starts_with(prefix) && self.part(0, prefix.len()).bare().is_some();
        fits.then(|| self.part(prefix.len(), self.octets.len()))
    }
}

/// The pieces between unquoted commas.
pub struct Items<'a> {
    rest: Option<Text<'a>>,
}

impl<'a> Items<'a> {
    /// The octets of the next piece; none behind the last.
    pub fn octets(&mut self) -> &'a [u8] {
        self.next().unwrap_or_default().octets
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Text<'a>;

    // Called in many places at start, where size counts and time does not.
    #[inline(never)]
    fn next(&mut self) -> Option<Text<'a>> {
        let (item, behind) = self.rest?.split(b',');
        self.rest = behind;
        Some(item)
    }
}

/// A keyword and, if there was an equals sign, its value.
pub type Statement<'a> = (Text<'a>, Option<Text<'a>>);

/// A line being read; its buffers are used again for the next.
#[derive(Default)]
pub struct Line {
    octets: Vec<u8>,
    quoted: Vec<bool>,
}

/// What a backslash and this octet mean inside quotes.
fn escaped(octet: u8) -> Option<u8> {
    Some(match octet {
        b'"' | b'\\' => octet,
        b't' => b'\t',
        b'n' => b'\n',
        b'b' => 8,
        b'r' => b'\r',
        b'e' => 27,
        _ => return None,
    })
}

/// Octets that quotes protect; others mean in quotes what they always mean.
fn is_protected(octet: u8) -> bool {
    octet.is_ascii_hexdigit() || matches!(octet, b',' | b':' | b'.' | b' ' | b'\t' | b'\n' | 8 | b'\r' | 27)
}

/// White space as C's `isspace` has it.
fn is_blank(octet: u8) -> bool {
    matches!(octet, b' ' | 9..=13)
}

impl Line {
    /// Takes a line apart. `None`: nothing but blanks and comment. The error is
    /// the message.
    pub fn read<'a>(&'a mut self, raw: &'a [u8]) -> Result<Option<Statement<'a>>, &'static str> {
        let text = self.value(raw)?;
        if text.is_empty() {
            return Ok(None);
        }
        // The first equals sign divides, even a quoted one.
        let Some(at) = text.octets.iter().position(|octet| *octet == b'=') else {
            return Ok(Some((text, None)));
        };
        let value = text.part(at.saturating_add(1), text.octets.len());
        Ok(Some((text.part(0, at).trimmed(), Some(value.trimmed()))))
    }

    /// Takes comment, quotes and outer blanks off a line that holds a value only.
    pub fn value<'a>(&'a mut self, raw: &'a [u8]) -> Result<Text<'a>, &'static str> {
        if is_plain(raw, [b'"', b'#']) {
            // Nearly every line.
            return Ok(Text::plain(raw.trim_ascii()));
        }
        self.octets.clear();
        self.quoted.clear();
        // A line ends at a zero as texts in C do.
        let raw = find(raw, 0).map_or(raw, |end| raw.get(..end).unwrap_or_default());
        if !raw.contains(&b'"') {
            // Copied up to the comment.
            let comment = raw.windows(2).position(|pair| matches!(pair, [blank, b'#'] if is_blank(*blank)));
            let end = if raw.first() == Some(&b'#') { 0 } else { comment.unwrap_or(raw.len()) };
            self.octets.extend_from_slice(raw.get(..end).unwrap_or_default());
            for octet in self.octets.iter_mut().filter(|octet| is_blank(**octet)) {
                *octet = b' ';
            }
            return Ok(Text::plain(self.octets.trim_ascii()));
        }
        let mut rest = raw.iter().copied();
        let mut after_blank = true;
        while let Some(octet) = rest.next() {
            match octet {
                b'#' if after_blank => break,
                b'"' => {
                    // Flags are only kept from the first quote on.
                    self.quoted.resize(self.octets.len(), false);
                    self.quotation(&mut rest)?;
                }
                _ => self.octets.push(if is_blank(octet) { b' ' } else { octet }),
            }
            after_blank = is_blank(octet);
        }
        if !self.quoted.is_empty() {
            self.quoted.resize(self.octets.len(), false);
        }
        Ok(Text { octets: &self.octets, quoted: &self.quoted }.trimmed())
    }

    /// Takes octets up to the closing quote.
    fn quotation(&mut self, rest: &mut (impl Iterator<Item = u8> + Clone)) -> Result<(), &'static str> {
        loop {
            let octet = match rest.next() {
                None => return Err("missing \""),
                Some(b'"') => return Ok(()),
                Some(b'\\') => match rest.clone().next().and_then(escaped) {
                    Some(meant) => {
                        rest.next();
                        meant
                    }
                    None => b'\\',
                },
                Some(octet) => octet,
            };
            self.octets.push(octet);
            self.quoted.push(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(raw: &str) -> Option<(String, Option<Vec<String>>)> {
        let mut line = Line::default();
        let text = |text: Text| String::from_utf8(text.octets().to_vec()).unwrap();
        let (keyword, value) = line.read(raw.as_bytes()).unwrap()?;
        Some((text(keyword), value.map(|value| value.items().map(text).collect())))
    }

    fn split(raw: &str) -> Vec<String> {
        pieces(raw).unwrap().1.unwrap()
    }

    #[test]
    fn comments_start_after_white_space_only() {
        assert_eq!(pieces("  # all"), None);
        assert_eq!(pieces("\t \r"), None);
        assert_eq!(split("server=1.1.1.1#53 # x"), ["1.1.1.1#53"]);
        assert_eq!(split("a=b\t#c"), ["b"]);
        assert_eq!(split("a=\"b #c\"#d"), ["b #c#d"]);
    }

    #[test]
    fn keyword_and_value_lose_their_blanks() {
        assert_eq!(pieces(" no-hosts\r"), Some(("no-hosts".into(), None)));
        assert_eq!(pieces("a = b = c "), Some(("a".into(), Some(vec!["b = c".into()]))));
        assert_eq!(pieces("a="), Some(("a".into(), Some(vec!["".into()]))));
        assert_eq!(split("a=b , c,,d "), ["b", "c", "", "d"]);
    }

    #[test]
    fn quotes_protect_and_escapes_are_few() {
        assert_eq!(split(r#"a=x,"y,z""#), ["x", "y,z"]);
        assert_eq!(split(r#"a=" y ",z"#), [" y ", "z"]);
        assert_eq!(split(r#"a="\t\"\\\x\n""#), ["\t\"\\\\x\n"]);
        assert_eq!(split(r"a=b\,c"), [r"b\", "c"]);
        assert_eq!(Line::default().read(b"a=\"b").err(), Some("missing \""));
    }

    #[test]
    fn quoted_pieces_are_not_bare() {
        let mut line = Line::default();
        let (_, value) = line.read(br#"a=12,"3",4"#).unwrap().unwrap();
        let bare: Vec<bool> = value.unwrap().items().map(|item| item.bare().is_some()).collect();
        assert_eq!(bare, [true, false, true]);
        assert!(Text::plain(b"set:x").behind(b"set:").is_some());
    }

    #[test]
    fn quotes_take_meaning_from_some_octets_only() {
        let mut line = Line::default();
        let (_, value) = line.read(br#"a="1.2.3.0/24","xyz","daemon",10"#).unwrap().unwrap();
        let items: Vec<Text> = value.unwrap().items().collect();
        assert_eq!(items[0].split(b'/').1.map(|len| len.octets()), Some(&b"24"[..]));
        assert!(items[0].split(b'.').1.is_none());
        assert_eq!([&items[1], &items[2], &items[3]].map(Text::meant), [&b"xyz"[..], b"\"", b"10"]);
    }
}
