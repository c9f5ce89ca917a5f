//! Lists of short texts that are known when the program is built, in one text: a
//! reference to each would take 16 octets, longer than most of them.

use super::octets::find;

/// Texts, in order.
#[derive(Clone, Copy)]
pub struct Texts {
    /// Each ends with a line feed.
    rest: &'static str,
}

impl Texts {
    /// Those that `join` joined. For `texts!`.
    pub const fn new(joined: &'static [u8]) -> Self {
        match core::str::from_utf8(joined) {
            Ok(rest) => Texts { rest },
            Err(_) => Texts { rest: "" },
        }
    }
}

impl Iterator for Texts {
    type Item = &'static str;

    #[inline(never)]
    fn next(&mut self) -> Option<&'static str> {
        let at = find(self.rest.as_bytes(), b'\n')?;
        let text = self.rest.get(..at);
        self.rest = self.rest.get(at.saturating_add(1)..).unwrap_or_default();
        text
    }
}

/// Octets that `join` takes.
pub const fn len(texts: &[&str]) -> usize {
    let (mut len, mut at) = (texts.len(), 0);
    while at < texts.len() {
        len += texts[at].len();
        at += 1;
    }
    len
}

/// The texts, a line feed behind each. For the compiler only.
pub const fn join<const LEN: usize>(texts: &[&str]) -> [u8; LEN] {
    let (mut joined, mut len, mut number) = ([b'\n'; LEN], 0, 0);
    while number < texts.len() {
        let (text, mut at) = (texts[number].as_bytes(), 0);
        while at < text.len() {
            joined[len] = text[at];
            (at, len) = (at + 1, len + 1);
        }
        (number, len) = (number + 1, len + 1);
    }
    joined
}

/// The `Texts` of a constant `&[&str]`.
macro_rules! texts {
    ($list:expr) => {{
        const GIVEN: &[&str] = $list;
        const LEN: usize = $crate::base::texts::len(GIVEN);
        const JOINED: [u8; LEN] = $crate::base::texts::join(GIVEN);
        $crate::base::texts::Texts::new(&JOINED)
    }};
}
pub(crate) use texts;

#[cfg(test)]
mod tests {

    #[test]
    fn texts_come_out_as_they_went_in() {
        const SOME: &[&str] = &["one", "", "a b", "é"];
        assert_eq!(texts!(SOME).collect::<Vec<_>>(), SOME);
        assert_eq!(texts!(&[]).next(), None);
    }
}
