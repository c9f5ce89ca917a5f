//! The command line, as GNU's `getopt_long` reads it: abbreviated long names,
//! clustered letters, optional values only when attached.

use super::Outcome;
use super::lexer::Text;
use super::refusal::ERROR;
use super::render;
use super::row::{Apply, Row, Takes, Wish};
use super::source::{Place, Source, WRONG};
use lexopt::{Arg, Parser};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

/// What is read if no `-C` is given.
const DEFAULT_FILE: &[u8] = b"/etc/dnsmasq.conf";

/// The command line being read.
struct CommandLine<'a> {
    source: &'a mut Source,
    parser: Parser,
    /// `--test` was given.
    test: bool,
    /// The first `-C` waits until everything else has been read.
    file: Option<Vec<u8>>,
    /// A word that belongs to no directive was given.
    junk: bool,
    /// Nothing but `dhcp` stands behind the first word.
    about_dhcp: bool,
}

/// A directive as it was named.
struct Named {
    name: Vec<u8>,
    is_long: bool,
}

/// Reads the command line and then the files it names; returns whether `--test`
/// was asked for. The error is an answer that needs no configuration.
pub fn read(source: &mut Source, args: Vec<OsString>) -> Result<bool, Outcome> {
    let about_dhcp = matches!(args.as_slice(), [_, word] if word.as_bytes() == b"dhcp");
    let parser = Parser::from_args(args);
    let mut line = CommandLine { source, parser, test: false, file: None, junk: false, about_dhcp };
    while let Some(named) = line.next() {
        line.directive(&named)?;
    }
    if line.junk {
        line.source.problem("junk found in command line".into(), WRONG);
    }
    match line.file.as_deref() {
        None => line.source.file(DEFAULT_FILE, true),
        Some(b"") => {}
        Some(file) => line.source.file(file, false),
    }
    Ok(line.test)
}

impl CommandLine<'_> {
    /// The next directive; words are noted, what cannot be read is refused.
    fn next(&mut self) -> Option<Named> {
        loop {
            match self.parser.next() {
                Ok(Some(Arg::Long(name))) => return Some(Named { name: name.into(), is_long: true }),
                Ok(Some(Arg::Short(letter))) => {
                    return Some(Named { name: letter.to_string().into(), is_long: false });
                }
                Ok(Some(Arg::Value(_))) => self.junk = true,
                Ok(None) => return None,
                Err(_) => self.source.refused(&ERROR, Place::CommandLine),
            }
        }
    }

    /// Does what a directive says.
    fn directive(&mut self, named: &Named) -> Result<(), Outcome> {
        let found = match (named.is_long, named.name.as_slice()) {
            (true, name) => self.source.directory.abbreviated(name),
            (false, [letter]) => self.source.directory.short(char::from(*letter)),
            (false, _) => None,
        };
        let Some(row) = found else {
            self.source.unknown(&named.name, Place::CommandLine);
            self.parser.optional_value();
            return Ok(());
        };
        let Ok(value) = self.value(row, named.is_long) else {
            self.source.refused(&ERROR, Place::CommandLine);
            return Ok(());
        };
        let text = value.as_ref().map(|value| Text::plain(value.as_bytes()));
        match row.apply {
            Apply::CommandLine(Wish::Test) => self.test = true,
            Apply::CommandLine(Wish::Version) => return Err(Outcome::Version),
            Apply::CommandLine(Wish::Help) if self.about_dhcp => return Err(Outcome::Help(render::dhcp_names())),
            Apply::CommandLine(Wish::Help) => return Err(Outcome::Help(render::help())),
            Apply::File if self.file.is_none() => self.file = Some(text.unwrap_or_default().octets().into()),
            _ => self.source.apply(row, text, Place::CommandLine),
        }
        Ok(())
    }

    /// The value of a directive just met.
    fn value(&mut self, row: &Row, is_long: bool) -> Result<Option<OsString>, ()> {
        match (row.takes, is_long) {
            (Takes::Value, _) | (Takes::Optional, false) => self.parser.value().map(Some).map_err(|_| ()),
            (Takes::Optional | Takes::LongOnly, true) => Ok(self.parser.optional_value()),
            (Takes::Nothing, true) => self.parser.optional_value().map_or(Ok(None), |_| Err(())),
            (Takes::Nothing | Takes::LongOnly, false) => Ok(None),
        }
    }
}
