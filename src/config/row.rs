//! A directive is one row: its name, its argument, how often it may stand, what
//! it is for, and what it does. Parser, `--help` and the table in the README are
//! renderings of the rows.

use super::draft::{Draft, Flag, Number};
use super::lexer::Text;
use super::refusal::Applied;

/// A directive.
#[derive(Clone, Copy)]
pub struct Row {
    /// The long name.
    pub name: &'static str,
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
}

/// The argument; the text is how help shows it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// None.
    Nothing,
    /// One, always.
    Value(&'static str),
    /// One or none. On the command line the long form takes it only if it is
    /// attached by `=`; the short form must have one.
    Optional(&'static str),
    /// As `Optional`, but the short form has none.
    LongOnly(&'static str),
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
    Flag(Flag),
    /// Stores a number between two bounds.
    Number(Number, u32, u32),
    /// Calls a function, which checks and stores.
    With(fn(&mut Draft, Text) -> Applied),
    /// Reads another file here.
    File,
    /// Reads the files of a directory here.
    Dir,
    /// Of meaning on the command line only.
    CommandLine(Wish),
    /// Nothing: what it asks for holds anyway.
    Holds,
    /// Nothing but a warning: the integration it offers is absent.
    Warns,
    /// Refuses: not supported yet.
    NotYet,
    /// Refuses: this build leaves the part out.
    LeftOut,
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
    /// True when the directive does what it says.
    pub fn in_force(&self) -> bool {
        !matches!(self.apply, Apply::Warns | Apply::NotYet | Apply::LeftOut)
    }
}

const fn row(name: &'static str, short: u8, takes: Takes, repeat: Repeat, apply: Apply, help: &'static str) -> Row {
    Row { name, short, takes, repeat, help, apply }
}

/// A directive without argument.
pub const fn flag(name: &'static str, short: u8, flag: Flag, help: &'static str) -> Row {
    row(name, short, Takes::Nothing, Repeat::Many, Apply::Flag(flag), help)
}

/// A directive with a number between `bounds`.
pub const fn number(name: &'static str, short: u8, number: Number, bounds: (u32, u32), help: &'static str) -> Row {
    row(name, short, Takes::Value("<n>"), Repeat::Once, Apply::Number(number, bounds.0, bounds.1), help)
}

/// A directive that may stand once.
pub const fn once(
    name: &'static str,
    short: u8,
    takes: Takes,
    apply: fn(&mut Draft, Text) -> Applied,
    help: &'static str,
) -> Row {
    row(name, short, takes, Repeat::Once, Apply::With(apply), help)
}

/// A directive that may stand any number of times.
pub const fn many(
    name: &'static str,
    short: u8,
    takes: Takes,
    apply: fn(&mut Draft, Text) -> Applied,
    help: &'static str,
) -> Row {
    row(name, short, takes, Repeat::Many, Apply::With(apply), help)
}

/// A directive that the reader itself acts on.
pub const fn special(name: &'static str, short: u8, takes: Takes, apply: Apply, help: &'static str) -> Row {
    row(name, short, takes, Repeat::Many, apply, help)
}

/// A directive without argument that is not supported yet.
pub const fn later_flag(name: &'static str, short: u8, help: &'static str) -> Row {
    row(name, short, Takes::Nothing, Repeat::Many, Apply::NotYet, help)
}

/// A directive that is not supported yet.
pub const fn later(name: &'static str, short: u8, takes: Takes, help: &'static str) -> Row {
    row(name, short, takes, Repeat::Many, Apply::NotYet, help)
}
