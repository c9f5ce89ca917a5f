//! The command line, as GNU's `getopt_long` reads it: abbreviated long names,
//! clustered letters, optional values only when attached.

use super::Outcome;
use super::lexer::Text;
use super::refusal::ERROR;
use super::render;
use super::row::{Apply, Row, Takes, Wish};
use super::source::{Place, Source};
use lexopt::{Arg, Parser};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

/// What is read if no `-C` is given.
const DEFAULT_FILE: &[u8] = b"/etc/dnsmasq.conf";

/// What the command line asks for, once read.
pub struct Asked {
    /// `--test`.
    pub test: bool,
}

/// Reads the command line and then the files it names. The error is an answer
/// that needs no configuration.
pub fn read(source: &mut Source, args: Vec<OsString>) -> Result<Asked, Outcome> {
    let sole_word = match args.as_slice() {
        [_, word] => word.as_bytes() == b"dhcp",
        _ => false,
    };
    let mut parser = Parser::from_args(args);
    let mut asked = Asked { test: false };
    // The first `-C` waits until everything else has been read.
    let mut file: Option<Vec<u8>> = None;
    let mut junk = false;
    loop {
        let (name, long) = match parser.next() {
            Ok(Some(Arg::Long(name))) => (name.as_bytes().to_vec(), true),
            Ok(Some(Arg::Short(letter))) => (letter.to_string().into_bytes(), false),
            Ok(Some(Arg::Value(_))) => {
                junk = true;
                continue;
            }
            Ok(None) => break,
            Err(_) => {
                source.refused(&ERROR, Place::CommandLine);
                continue;
            }
        };
        let found = match (long, name.as_slice()) {
            (true, name) => source.directory.abbreviated(name),
            (false, [letter]) => source.directory.short(char::from(*letter)),
            (false, _) => None,
        };
        let Some(row) = found else {
            source.unknown(&name, Place::CommandLine);
            parser.optional_value();
            continue;
        };
        let Ok(value) = value(&mut parser, row, long) else {
            source.refused(&ERROR, Place::CommandLine);
            continue;
        };
        let text = value.as_ref().map(|value| Text::plain(value.as_bytes()));
        match row.apply {
            Apply::CommandLine(Wish::Test) => asked.test = true,
            Apply::CommandLine(Wish::Version) => return Err(Outcome::Version),
            Apply::CommandLine(Wish::Help) => {
                let text = if sole_word { render::dhcp_names() } else { render::help(&source.directory) };
                return Err(Outcome::Help(text));
            }
            Apply::File if file.is_none() => file = Some(text.unwrap_or_default().octets().to_vec()),
            _ => source.apply(row, text, Place::CommandLine),
        }
    }
    if junk {
        source.problem("junk found in command line".into(), 1);
    }
    match file.as_deref() {
        None => source.file(DEFAULT_FILE, true),
        Some(b"") => {}
        Some(file) => source.file(file, false),
    }
    Ok(asked)
}

/// The value of a directive just met.
fn value(parser: &mut Parser, row: &Row, long: bool) -> Result<Option<OsString>, ()> {
    match (row.takes, long) {
        (Takes::Value(_), _) | (Takes::Optional(_), false) => parser.value().map(Some).map_err(|_| ()),
        (Takes::Optional(_) | Takes::LongOnly(_), true) => Ok(parser.optional_value()),
        (Takes::Nothing, true) => parser.optional_value().map_or(Ok(None), |_| Err(())),
        (Takes::Nothing | Takes::LongOnly(_), false) => Ok(None),
    }
}
