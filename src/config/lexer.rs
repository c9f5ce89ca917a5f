//! One line of a configuration file: comment, quotes, escapes, keyword, value.
//!
//! Octets that stood in quotes lose every meaning they would have to an option:
//! a quoted comma separates nothing, a quoted digit makes no address. A `Text`
//! therefore carries, beside its octets, which of them were quoted. The command
//! line has no quotes: the shell has eaten them.

use crate::base::octets::{find, is_plain};

/// What was said, without what took part in saying it.
#[derive(Clone, Copy)]
pub struct Whole<'a> {
    octets: &'a [u8],
    /// Which octets were quoted: as long as `octets`, or empty for none.
    quoted: &'a [bool],
}

/// Nothing said.
static NOTHING: Whole = Whole { octets: &[], quoted: &[] };

impl<'a> Whole<'a> {
    /// Octets without quotes.
    pub fn plain(octets: &'a [u8]) -> Self {
        Whole { octets, quoted: &[] }
    }

    /// All of it, without the unquoted blanks at both ends.
    pub fn text(&'a self) -> Text<'a> {
        Text::new(self, 0, self.octets.len()).trimmed()
    }

    /// Keyword and value, divided by the first equals sign, even a quoted one.
    pub fn statement(&'a self) -> Option<Statement<'a>> {
        let text = self.text();
        if text.is_empty() {
            return None;
        }
        let (from, to) = text.ends();
        let Some(at) = find(text.octets(), b'=') else { return Some((text, None)) };
        let at = from.saturating_add(at);
        let value = Text::new(self, at.saturating_add(1), to);
        Some((Text::new(self, from, at).trimmed(), Some(value.trimmed())))
    }
}

/// A piece of a value. Two words of the machine, so that it is handed on in
/// registers: hundreds of places do.
#[derive(Clone, Copy)]
pub struct Text<'a> {
    whole: &'a Whole<'a>,
    /// Where it begins, in the upper half, and where it ends.
    span: u64,
}

impl Default for Text<'_> {
    fn default() -> Self {
        Text { whole: &NOTHING, span: 0 }
    }
}

impl<'a> Text<'a> {
    fn new(whole: &'a Whole<'a>, from: usize, to: usize) -> Self {
        Text { whole, span: (from as u64) << 32 | to as u64 & 0xFFFF_FFFF }
    }

    fn ends(self) -> (usize, usize) {
        ((self.span >> 32) as usize, self.span as u32 as usize)
    }

    /// All of it, the blanks at its ends too.
    pub fn all(whole: &'a Whole<'a>) -> Self {
        Text::new(whole, 0, whole.octets.len())
    }

    /// What it says, quoted or not.
    #[inline(never)]
    pub fn octets(self) -> &'a [u8] {
        let (from, to) = self.ends();
        self.whole.octets.get(from..to).unwrap_or_default()
    }

    fn quoted(self) -> &'a [bool] {
        let (from, to) = self.ends();
        self.whole.quoted.get(from..to).unwrap_or_default()
    }

    /// What it says, if nothing of it was quoted.
    #[inline(never)]
    pub fn bare(self) -> Option<&'a [u8]> {
        (!self.quoted().contains(&true)).then(|| self.octets())
    }

    /// What it says to a parser of addresses, numbers and key words, to which
    /// quoted octets of these mean nothing: what nobody knows if there is one.
    #[inline(never)]
    pub fn meant(self) -> &'a [u8] {
        let octets = self.octets();
        let lost = octets.iter().zip(self.quoted()).any(|(octet, quoted)| *quoted && is_protected(*octet));
        if lost { b"\"" } else { octets }
    }

    /// True when it says nothing.
    #[inline(never)]
    pub fn is_empty(self) -> bool {
        (self.span >> 32) as u32 >= self.span as u32
    }

    /// Without the unquoted blanks at both ends.
    #[inline(never)]
    pub fn trimmed(self) -> Text<'a> {
        let (mut from, mut to) = self.ends();
        let is_blank = |at: usize| {
            self.whole.octets.get(at) == Some(&b' ') && !self.whole.quoted.get(at).is_some_and(|quoted| *quoted)
        };
        while from < to && is_blank(from) {
            from = from.saturating_add(1);
        }
        while from < to && is_blank(to.saturating_sub(1)) {
            to = to.saturating_sub(1);
        }
        Text::new(self.whole, from, to)
    }

    /// What stands before and behind the first unquoted `separator`, blanks
    /// around it dropped.
    pub fn split(self, separator: u8) -> (Text<'a>, Option<Text<'a>>) {
        let mut items = self.items();
        (items.until(separator), items.rest)
    }

    /// All pieces between unquoted commas: at least one.
    pub fn items(self) -> Items<'a> {
        Items { rest: Some(self) }
    }

    /// What stands behind `prefix`, of which nothing is quoted.
    #[inline(never)]
    pub fn behind(self, prefix: &[u8]) -> Option<Text<'a>> {
        let (from, to) = self.ends();
        let behind = from.saturating_add(prefix.len());
        let fits = self.octets().starts_with(prefix) && Text::new(self.whole, from, behind).bare().is_some();
        fits.then(|| Text::new(self.whole, behind, to))
    }
}

/// Held as a pointer too: what is called through one keeps its two words, where
/// the compiler would otherwise make every one of a hundred callers look up the
/// parts of `whole` that are needed.
#[used]
static CALLED: fn(Text<'static>) -> &'static [u8] = Text::octets;

/// The pieces of a text that have not been taken yet.
#[derive(Clone, Copy, Default)]
pub struct Items<'a> {
    /// What is left; nothing behind the last piece.
    pub rest: Option<Text<'a>>,
}

impl<'a> Items<'a> {
    /// Takes what stands before the first unquoted `separator`, blanks around it
    /// dropped; an empty text if nothing is left.
    #[inline(never)]
    pub fn until(&mut self, separator: u8) -> Text<'a> {
        let Some(text) = self.rest else { return Text::default() };
        let (from, to) = text.ends();
        let mut at = from;
        while at < to {
            let is_quoted = text.whole.quoted.get(at).is_some_and(|quoted| *quoted);
            if text.whole.octets.get(at) == Some(&separator) && !(is_quoted && is_protected(separator)) {
                self.rest = Some(Text::new(text.whole, at.saturating_add(1), to).trimmed());
                return Text::new(text.whole, from, at).trimmed();
            }
            at = at.saturating_add(1);
        }
        self.rest = None;
        text
    }

    /// The next piece; an empty one behind the last.
    #[inline(never)]
    pub fn piece(&mut self) -> Text<'a> {
        self.until(b',')
    }

    /// The octets of the next piece; none behind the last.
    #[inline(never)]
    pub fn octets(&mut self) -> &'a [u8] {
        self.piece().octets()
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Text<'a>;

    // Called in many places at start, where size counts and time does not.
    #[inline(never)]
    fn next(&mut self) -> Option<Text<'a>> {
        self.rest?;
        Some(self.until(b','))
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
    /// Takes comment, quotes and outer blanks off a line. The error is the message.
    pub fn read<'a>(&'a mut self, raw: &'a [u8]) -> Result<Whole<'a>, &'static str> {
        if is_plain(raw, [b'"', b'#']) {
            // Nearly every line.
            return Ok(Whole::plain(raw.trim_ascii()));
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
            return Ok(Whole::plain(self.octets.trim_ascii()));
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
        Ok(Whole { octets: &self.octets, quoted: &self.quoted })
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
        let whole = line.read(raw.as_bytes()).unwrap();
        let (keyword, value) = whole.statement()?;
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
        let whole = line.read(br#"a=12,"3",4"#).unwrap();
        let (_, value) = whole.statement().unwrap();
        let bare: Vec<bool> = value.unwrap().items().map(|item| item.bare().is_some()).collect();
        assert_eq!(bare, [true, false, true]);
        assert!(Whole::plain(b"set:x").text().behind(b"set:").is_some());
    }

    #[test]
    fn quotes_take_meaning_from_some_octets_only() {
        let mut line = Line::default();
        let whole = line.read(br#"a="1.2.3.0/24","xyz","daemon",10"#).unwrap();
        let (_, value) = whole.statement().unwrap();
        let items: Vec<Text> = value.unwrap().items().collect();
        assert_eq!(items[0].split(b'/').1.map(|len| len.octets()), Some(&b"24"[..]));
        assert!(items[0].split(b'.').1.is_none());
        assert_eq!([items[1], items[2], items[3]].map(Text::meant), [&b"xyz"[..], b"\"", b"10"]);
    }
}
