//! The rows as the program carries them: sorted by name and packed by the
//! compiler, 24 octets each, with all their texts in one.

use super::mentions::{Names, names, names_several};
use super::row::{Apply, Repeat, Row, Takes};
use super::rows::SORTED;

/// A row, packed.
pub struct Directive {
    /// What it does.
    pub apply: Apply,
    /// Where in `TEXT` its form begins; behind that stands what it is for.
    text: u16,
    name: u8,
    form: u8,
    help: u8,
    /// The letter of the command line; 0: none.
    pub short: u8,
    /// Its argument.
    pub takes: Takes,
    marks: u8,
}

/// Marks: it may stand once, no engine acts on it yet, a `servers-file` may hold it.
const ONCE: u8 = 1;
const NOT_YET: u8 = 2;
const IN_SERVERS_FILE: u8 = 4;

/// Marks: it names several interfaces, and what it names, as a place in `NAMED`.
const SEVERAL: u8 = 8;
const NAMED_SHIFT: u32 = 4;
const NAMED: [Names; 7] = [
    Names::Nothing,
    Names::ToRead,
    Names::ToWrite,
    Names::ToRun,
    Names::Interfaces,
    Names::User,
    Names::Group,
];

impl Directive {
    /// True for one and the same.
    pub fn is(&self, other: &Directive) -> bool {
        self.text == other.text
    }

    /// The long name.
    pub fn name(&self) -> &'static str {
        self.piece(0, self.name)
    }

    /// The long name with its argument.
    pub fn form(&self) -> &'static str {
        self.piece(0, self.form)
    }

    /// What it is for, in one line.
    pub fn help(&self) -> &'static str {
        self.piece(self.form, self.help)
    }

    #[inline(never)]
    fn piece(&self, from: u8, len: u8) -> &'static str {
        let from = usize::from(self.text).saturating_add(from.into());
        TEXT.get(from..from.saturating_add(len.into())).unwrap_or_default()
    }

    /// It may stand once.
    pub fn once(&self) -> bool {
        self.marks & ONCE != 0
    }

    /// No engine acts on it yet.
    pub fn not_yet(&self) -> bool {
        self.marks & NOT_YET != 0
    }

    /// A `servers-file` may hold it.
    pub fn in_servers_file(&self) -> bool {
        self.marks & IN_SERVERS_FILE != 0
    }

    /// What of this machine its value names first.
    pub fn names(&self) -> Names {
        NAMED.get(usize::from(self.marks >> NAMED_SHIFT)).copied().unwrap_or(Names::Nothing)
    }

    /// It names several interfaces.
    pub fn names_several(&self) -> bool {
        self.marks & SEVERAL != 0
    }

    /// What is to be said of it where options are listed.
    pub fn state(&self) -> Option<&'static str> {
        self.apply.state(self.not_yet())
    }
}

/// How long all texts are together.
const LEN: usize = {
    let (mut len, mut at) = (0, 0);
    while at < SORTED.len() {
        len += SORTED[at].form.len() + SORTED[at].help.len();
        at += 1;
    }
    len
};

/// All texts.
const OCTETS: [u8; LEN] = {
    let mut all = [0; LEN];
    let (mut to, mut at) = (0, 0);
    while at < SORTED.len() {
        to = put(&mut all, to, SORTED[at].form);
        to = put(&mut all, to, SORTED[at].help);
        at += 1;
    }
    all
};

/// Puts a text into `all`; returns where it ends.
const fn put(all: &mut [u8; LEN], to: usize, text: &str) -> usize {
    let mut at = 0;
    while at < text.len() {
        all[to + at] = text.as_bytes()[at];
        at += 1;
    }
    to + at
}

const TEXT: &str = match str::from_utf8(&OCTETS) {
    Ok(text) => text,
    Err(_) => "",
};

/// Every directive, by name.
pub const DIRECTIVES: &[Directive] = &PACKED;

const PACKED: [Directive; SORTED.len()] = {
    let mut all = [const { packed(SORTED[0], 0) }; SORTED.len()];
    let (mut text, mut at) = (0, 0);
    while at < SORTED.len() {
        all[at] = packed(SORTED[at], text);
        text += SORTED[at].form.len() + SORTED[at].help.len();
        at += 1;
    }
    all
};

/// The row with its texts at `text`.
const fn packed(row: &Row, text: usize) -> Directive {
    let mut marks = match row.repeat {
        Repeat::Once => ONCE,
        Repeat::Many => 0,
    };
    if row.not_yet {
        marks |= NOT_YET;
    }
    if row.servers_file {
        marks |= IN_SERVERS_FILE;
    }
    if names_several(row.form) {
        marks |= SEVERAL;
    }
    // As `NAMED` has them in their order.
    marks |= (names(row.form) as u8) << NAMED_SHIFT;
    let name = row.name_len();
    assert!(LEN <= u16::MAX as usize && row.form.len() <= 255 && row.help.len() <= 255, "places and lengths are kept small");
    Directive {
        apply: row.apply,
        text: text as u16,
        name: name as u8,
        form: row.form.len() as u8,
        help: row.help.len() as u8,
        short: row.short,
        takes: row.takes,
        marks,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_in_packing() {
        assert_eq!(size_of::<Directive>(), 24);
        for (packed, row) in DIRECTIVES.iter().zip(SORTED) {
            assert_eq!((packed.name(), packed.form(), packed.help()), (row.name(), row.form, row.help));
            assert_eq!((packed.short, packed.state()), (row.short, row.state()));
            assert!(packed.takes == row.takes && packed.once() == (row.repeat == Repeat::Once));
            assert!(packed.names() == names(row.form) && packed.names_several() == row.form.ends_with("<interface>[,...]"));
            assert!(packed.not_yet() == row.not_yet && packed.in_servers_file() == row.servers_file);
        }
        assert!(DIRECTIVES.is_sorted_by_key(Directive::name));
    }
}
