//! The command line, as GNU's `getopt_long` reads it: abbreviated long names,
//! clustered letters, optional values only when attached.

use super::Outcome;
use super::directive::Directive;
use super::lexer::{Text, Whole};
use super::mentions::Mentions;
use super::render;
use super::row::{Apply, Takes, Wish};
use super::source::{Place, Source, WRONG};

/// What is read if no `-C` is given.
const DEFAULT_FILE: &[u8] = b"/etc/dnsmasq.conf";

/// The command line being read.
struct CommandLine<'a, 'f> {
    source: &'a mut Source<'f>,
    words: std::slice::Iter<'a, &'a [u8]>,
    /// Letters behind the one just read, in the same word.
    letters: &'a [u8],
    /// `--test` was given.
    test: bool,
    /// The first `-C` waits until everything else has been read.
    file: Option<Vec<u8>>,
    /// A word that belongs to no directive was given.
    junk: bool,
    /// Nothing but `dhcp` or `dhcp6` stands behind the first word; true: `dhcp6`.
    about_dhcp: Option<bool>,
}

/// A directive as it was named.
struct Named<'a> {
    name: &'a [u8],
    is_long: bool,
    /// What stands behind the `=` of a long one.
    attached: Option<&'a [u8]>,
}

/// Reads the command line and then the files it names; returns whether `--test`
/// was asked for. The error is an answer that needs no configuration.
pub fn read(source: &mut Source, args: &[&[u8]]) -> Result<bool, Outcome> {
    let about_dhcp = match args {
        [_, b"dhcp"] => Some(false),
        [_, b"dhcp6"] => Some(true),
        _ => None,
    };
    // What is read before it counts too.
    if args.iter().any(|arg| arg.starts_with(b"--te")) {
        source.mentions = Some(Mentions::default());
    }
    let words = args.iter();
    let mut line = CommandLine { source, words, letters: b"", test: false, file: None, junk: false, about_dhcp };
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

impl<'a> CommandLine<'a, '_> {
    /// The next directive; words that belong to none are noted.
    fn next(&mut self) -> Option<Named<'a>> {
        loop {
            if let Some((letter, behind)) = self.letters.split_at_checked(1) {
                self.letters = behind;
                return Some(Named { name: letter, is_long: false, attached: None });
            }
            match *self.words.next()? {
                b"--" => {
                    self.junk |= self.words.any(|word| !word.is_empty());
                    return None;
                }
                [b'-', b'-', long @ ..] => {
                    let (name, attached) = match long.iter().position(|octet| *octet == b'=') {
                        Some(at) => (long.get(..at), long.get(at.saturating_add(1)..)),
                        None => (Some(long), None),
                    };
                    return Some(Named { name: name.unwrap_or_default(), is_long: true, attached });
                }
                [b'-', letters @ ..] if !letters.is_empty() => self.letters = letters,
                // A script's empty variable is nothing.
                word => self.junk |= !word.is_empty(),
            }
        }
    }

    /// The value of the letter just read: the rest of its word, or the next one.
    fn following(&mut self) -> Option<&'a [u8]> {
        match std::mem::take(&mut self.letters) {
            [] => self.words.next().copied(),
            letters => Some(letters),
        }
    }

    /// Does what a directive says.
    fn directive(&mut self, named: &Named<'a>) -> Result<(), Outcome> {
        let found = match (named.is_long, named.name) {
            (true, name) => self.source.directory.abbreviated(name),
            (false, [letter]) => self.source.directory.short(char::from(*letter)),
            (false, _) => None,
        };
        let Some(row) = found else {
            self.source.unknown(named.name, Place::CommandLine);
            self.letters = b"";
            return Ok(());
        };
        let Ok(value) = self.value(row, named) else {
            self.source.refused("", Place::CommandLine);
            self.source.expected(row);
            return Ok(());
        };
        let whole = value.map(Whole::plain);
        let text = whole.as_ref().map(Text::all);
        match row.apply {
            Apply::CommandLine(Wish::Test) => self.test = true,
            Apply::CommandLine(Wish::Version) => return Err(Outcome::Version),
            Apply::CommandLine(Wish::Help) => {
                return Err(Outcome::Help(self.about_dhcp.map_or_else(render::help, render::dhcp_names)));
            }
            Apply::File if self.file.is_none() => self.file = Some(text.unwrap_or_default().octets().into()),
            _ => self.source.apply(row, text, Place::CommandLine),
        }
        Ok(())
    }

    /// The value of a directive just met.
    fn value(&mut self, row: &Directive, named: &Named<'a>) -> Result<Option<&'a [u8]>, ()> {
        match (row.takes, named.is_long) {
            (Takes::Value, _) | (Takes::Optional, false) => {
                named.attached.or_else(|| self.following()).map(Some).ok_or(())
            }
            (Takes::Nothing, true) if named.attached.is_some() => Err(()),
            (_, true) => Ok(named.attached),
            (Takes::Nothing | Takes::LongOnly, false) => Ok(None),
        }
    }
}
