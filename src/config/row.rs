//! A directive is one row: its name, its argument, how often it may stand, what
//! it is for, and what it does. Parser, `--help` and the table in the README are
//! renderings of the rows.

use super::draft::{Draft, Number};
use super::lexer::Text;
use super::refusal::{Applied, Refusal};
use super::{Conditions, Path, Pattern};

/// A directive.
#[derive(Clone, Copy)]
pub struct Row {
    /// The long name with its argument as help shows it: `name`, `name=<value>`,
    /// or `name[=<value>]` if the value may be missing.
    pub form: &'static str,
    /// The letter of the command line; 0: none.
    pub short: u8,
    /// Its argument.
    pub takes: Takes,
    /// How often it may stand.
    pub repeat: Repeat,
    /// What it is for, in one line.
    pub help: &'static str,
    /// What it does.
    pub apply: Apply,
    /// It is read and checked, and the start is refused: no engine acts on it
    /// yet.
    pub not_yet: bool,
    /// It may stand in a `servers-file`.
    pub servers_file: bool,
    /// What the manual page says of it: paragraphs between empty lines. Kept out
    /// of the program; the page is written by tests.
    #[cfg(test)]
    pub manual: &'static str,
    /// The cargo feature that brings it; empty: it is always there.
    #[cfg(test)]
    pub feature: &'static str,
}

/// The argument.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// None.
    Nothing,
    /// One, always.
    Value,
    /// One or none. On the command line the long form takes it only if it is
    /// attached by `=`; the short form must have one.
    Optional,
    /// As `Optional`, but the short form has none.
    LongOnly,
}

/// How often a directive may stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Any number of times.
    Many,
    /// Once on the command line and once in all files together; the files win.
    Once,
}

/// What a directive does.
#[derive(Clone, Copy)]
pub enum Apply {
    /// Sets a flag.
    Flag(Place<bool>),
    /// Stores a number between two bounds.
    Number(Number, u32, u32),
    /// Keeps a path; nothing for an empty one.
    Path(Place<Option<Path>>),
    /// Adds a path.
    Paths(Place<Vec<Path>>),
    /// Adds conditions.
    Conditions(Place<Vec<Conditions>>),
    /// Adds interfaces.
    Patterns(Place<Vec<Pattern>>),
    /// Calls a function, which checks and stores.
    With(Function),
    /// Reads another file here.
    File,
    /// Reads the output of a command here.
    Command,
    /// Reads the files of a directory here.
    Dir,
    /// Of meaning on the command line only.
    CommandLine(Wish),
    /// Nothing: what it asks for holds anyway.
    Holds,
    /// Nothing but a warning: the integration it offers is absent.
    Warns,
    /// Refuses with these words: it will not come.
    Never(Refusal),
    /// Refuses: this build leaves out the part that this cargo feature brings.
    LeftOut(&'static &'static str),
}

impl Apply {
    /// What is to be said of a directive where options are listed; nothing if it
    /// does what it says.
    pub fn state(&self, not_yet: bool) -> Option<&'static str> {
        Some(match self {
            _ if not_yet => "not yet",
            Apply::Warns => "ignored with a warning",
            Apply::Never(_) => "refused",
            Apply::LeftOut(_) => "not in this build",
            _ => return None,
        })
    }
}

/// What the command line may wish instead of a running server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// `--test`.
    Test,
    /// `--help`.
    Help,
    /// `--version`.
    Version,
}

impl Row {
    /// How long the name is, with which the form begins.
    pub const fn name_len(&self) -> usize {
        let mut at = 0;
        while name_octet(self.form, at) != 0 {
            at += 1;
        }
        at
    }

    /// The long name.
    #[cfg(test)]
    pub fn name(&self) -> &'static str {
        &self.form[..self.name_len()]
    }

    /// True when the directive does what it says.
    #[cfg(test)]
    pub fn in_force(&self) -> bool {
        self.state().is_none()
    }

    /// What is to be said of the directive where options are listed.
    #[cfg(test)]
    pub fn state(&self) -> Option<&'static str> {
        self.apply.state(self.not_yet)
    }

    /// The row, its engine being still to come.
    pub const fn not_yet(mut self) -> Row {
        self.not_yet = true;
        self
    }

    /// The row with its text in the manual page.
    #[cfg_attr(not(test), expect(unused_variables, unused_mut, reason = "the text is for tests only"))]
    pub const fn manual(mut self, text: &'static str) -> Row {
        #[cfg(test)]
        {
            self.manual = text;
        }
        self
    }

    /// The row, which may stand in a `servers-file` too.
    pub const fn in_servers_file(mut self) -> Row {
        self.servers_file = true;
        self
    }

    /// The row, to stand once.
    pub const fn only_once(mut self) -> Row {
        self.repeat = Repeat::Once;
        self
    }

    /// The row, its short form being one without value.
    pub const fn bare_short(mut self) -> Row {
        self.takes = Takes::LongOnly;
        self
    }
}

/// An octet of the name in a form; 0 behind its end.
pub const fn name_octet(form: &str, at: usize) -> u8 {
    let form = form.as_bytes();
    match at < form.len() {
        true if form[at] != b'=' && form[at] != b'[' => form[at],
        _ => 0,
    }
}

/// What the form says of the argument.
const fn takes(form: &str) -> Takes {
    let octets = form.as_bytes();
    let mut at = 0;
    while at < octets.len() {
        match octets[at] {
            b'=' => return Takes::Value,
            b'[' => return Takes::Optional,
            _ => at += 1,
        }
    }
    Takes::Nothing
}

const fn row(form: &'static str, short: u8, repeat: Repeat, apply: Apply, help: &'static str) -> Row {
    Row {
        form,
        short,
        takes: takes(form),
        repeat,
        help,
        apply,
        not_yet: false,
        servers_file: false,
        #[cfg(test)]
        manual: "",
        #[cfg(test)]
        feature: "",
    }
}

/// A directive without argument.
pub const fn flag(form: &'static str, short: u8, flag: Place<bool>, help: &'static str) -> Row {
    row(form, short, Repeat::Many, Apply::Flag(flag), help)
}

/// A directive with a number between `bounds`.
pub const fn number(form: &'static str, short: u8, number: Number, bounds: (u32, u32), help: &'static str) -> Row {
    row(form, short, Repeat::Once, Apply::Number(number, bounds.0, bounds.1), help)
}

/// Where the value of a directive is kept.
type Place<T> = fn(&mut Draft) -> &mut T;

/// What a function does with the value of a directive.
type Function = fn(&mut Draft, Text) -> Applied;

/// A directive that may stand once.
pub const fn once(form: &'static str, short: u8, apply: Function, help: &'static str) -> Row {
    row(form, short, Repeat::Once, Apply::With(apply), help)
}

/// A directive that may stand any number of times.
pub const fn many(form: &'static str, short: u8, apply: Function, help: &'static str) -> Row {
    row(form, short, Repeat::Many, Apply::With(apply), help)
}

/// A directive with a path, to stand once.
pub const fn file(form: &'static str, short: u8, place: Place<Option<Path>>, help: &'static str) -> Row {
    row(form, short, Repeat::Once, Apply::Path(place), help)
}

/// A directive with a path.
pub const fn files(form: &'static str, short: u8, place: Place<Vec<Path>>, help: &'static str) -> Row {
    row(form, short, Repeat::Many, Apply::Paths(place), help)
}

/// A directive with conditions.
pub const fn conditional(form: &'static str, short: u8, place: Place<Vec<Conditions>>, help: &'static str) -> Row {
    row(form, short, Repeat::Many, Apply::Conditions(place), help)
}

/// A directive with interfaces.
pub const fn interfaces(form: &'static str, short: u8, place: Place<Vec<Pattern>>, help: &'static str) -> Row {
    row(form, short, Repeat::Many, Apply::Patterns(place), help)
}

/// A directive that the reader itself acts on.
pub const fn special(form: &'static str, short: u8, apply: Apply, help: &'static str) -> Row {
    row(form, short, Repeat::Many, apply, help)
}
