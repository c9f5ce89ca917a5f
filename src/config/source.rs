//! Where directives come from: files, directories, standard input. Each line is
//! handed to its row; what is refused is remembered with its place, and reading
//! goes on, so that one run shows everything that is wrong.

use super::directory::Directory;
use super::draft::Draft;
use super::lexer::{Line, Text};
use super::refusal::{Applied, ERROR, Refusal};
use super::row::{Apply, Repeat, Row, Takes};
use super::{Warning, confdir};
use crate::base::errno;
use crate::base::hash::Key;
use crate::base::text;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::mem::ManuallyDrop;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;

/// Files inside files inside files.
const DEPTH_MAX: usize = 64;

/// Problems shown in one run.
const PROBLEMS_MAX: usize = 50;

/// Octets read from a file at once.
const CHUNK: usize = 16 * 1024;

/// Exit codes: a wrong configuration, and a file that cannot be read.
pub const WRONG: u8 = 1;
const UNREADABLE: u8 = 3;

/// Where a directive stood.
#[derive(Clone, Copy)]
pub enum Place<'a> {
    /// On the command line.
    CommandLine,
    /// In this line of this file.
    Line(u32, &'a str),
}

impl Place<'_> {
    /// The words with the place they are about.
    fn tell(&self, words: &str) -> String {
        match (self, words) {
            (Place::CommandLine, "") => "bad command line options: try --help".into(),
            (Place::CommandLine, _) => ["bad command line options: ", words].concat(),
            (Place::Line(..), "") => self.tell("error"),
            (Place::Line(number, file), _) => {
                let number = text::string(&|out| text::decimal(out, (*number).into()));
                [words, " at line ", &number, " of ", file].concat()
            }
        }
    }
}

/// Reads directives into a draft.
pub struct Source {
    /// Never freed: frozen, it is empty, and refused, the process ends. The code
    /// that frees it would be larger than much that it holds.
    pub draft: ManuallyDrop<Draft>,
    pub directory: Directory,
    pub warnings: Vec<Warning>,
    /// What is right and not supported yet: warnings of `--test`, problems of a
    /// start.
    pub unmet: Vec<String>,
    /// What is wrong so far, and the exit code of the first of it.
    pub problems: Vec<String>,
    pub exit: u8,
    /// Files read: device and inode.
    seen: Vec<(u64, u64)>,
    stdin_seen: bool,
    /// Directives that stood on the command line, and in files.
    used: [Vec<&'static Row>; 2],
    depth: usize,
}

impl Source {
    /// Nothing read yet.
    pub fn new(key: Key) -> Self {
        Source {
            draft: ManuallyDrop::new(Draft::new(key)),
            directory: Directory::default(),
            warnings: Vec::new(),
            unmet: Vec::new(),
            problems: Vec::new(),
            exit: 0,
            seen: Vec::new(),
            stdin_seen: false,
            used: [Vec::new(), Vec::new()],
            depth: 0,
        }
    }

    /// Remembers that something is wrong.
    pub fn problem(&mut self, text: String, exit: u8) {
        if self.exit == 0 {
            self.exit = exit;
        }
        match self.problems.len() {
            count if count < PROBLEMS_MAX => self.problems.push(text),
            PROBLEMS_MAX => self.problems.push("more is wrong and not shown".into()),
            _ => {}
        }
    }

    /// Remembers a refusal.
    pub fn refused(&mut self, refusal: &Refusal, place: Place) {
        self.problem(place.tell(&refusal.0), WRONG);
    }

    /// Remembers an unknown name and the one it may have meant.
    pub fn unknown(&mut self, name: &[u8], place: Place) {
        let words = if matches!(place, Place::CommandLine) { ERROR } else { "bad option".into() };
        self.refused(&words, place);
        if let Some(nearest) = self.directory.nearest(name) {
            self.problem(["did you mean ", nearest, "?"].concat(), WRONG);
        }
    }

    /// Remembers that a file cannot be read.
    pub fn unreadable(&mut self, what: &str, path: &[u8], error: &std::io::Error) {
        let path = String::from_utf8_lossy(path);
        self.problem([what, " ", &path, ": ", error_text(error)].concat(), UNREADABLE);
    }

    /// Does what a row says. `value`: what was given, if anything was.
    pub fn apply(&mut self, row: &'static Row, value: Option<Text>, place: Place) {
        let applied = self.try_apply(row, value, place);
        for what in std::mem::take(&mut self.draft.unmet) {
            self.unmet.push(place.tell(&[&what, " is not supported yet"].concat()));
        }
        if let Err(refusal) = applied {
            self.refused(&refusal, place);
            if let Apply::LeftOut(feature) = row.apply {
                self.problem([row.name(), " needs a build with the feature ", feature].concat(), WRONG);
            }
        }
    }

    fn try_apply(&mut self, row: &'static Row, value: Option<Text>, place: Place) -> Applied {
        match (row.takes, value) {
            (Takes::Nothing, Some(_)) => return Err("extraneous parameter".into()),
            (Takes::Value, None) => return Err("missing parameter".into()),
            _ => {}
        }
        self.count(row, place)?;
        if row.not_yet {
            self.draft.not_yet(row.name());
        }
        let text = value.unwrap_or_default();
        match row.apply {
            Apply::Flag(flag) => self.draft.said.set(flag),
            Apply::Number(number, least, most) => {
                let given = value.and_then(|text| super::values::number(text.octets()));
                let fits = given.filter(|given| (least..=most).contains(given));
                self.draft.said.store(number, fits.ok_or(ERROR)?);
            }
            Apply::With(function) => function(&mut self.draft, text)?,
            Apply::File if text.is_empty() => {}
            Apply::File => self.file(text.octets(), false),
            Apply::Dir => confdir::read(self, text),
            Apply::CommandLine(_) | Apply::Holds => {}
            Apply::Warns => {
                let warned = place.tell(&[row.name(), " is not supported yet and ignored"].concat());
                self.warnings.push(Warning(warned));
            }
            Apply::Never(words) => return Err(words.into()),
            Apply::NotYet => return Err(super::refusal::not_yet(row.name())),
            Apply::LeftOut(_) => {
                return Err("unsupported option (check that dnsmasq was compiled with DHCP/TFTP/DNSSEC/DBus support)"
                    .into());
            }
        }
        Ok(())
    }

    /// Refuses what may stand once and stands again.
    fn count(&mut self, row: &'static Row, place: Place) -> Applied {
        if row.repeat == Repeat::Many {
            return Ok(());
        }
        let (number, words) = match place {
            Place::CommandLine => (0, "illegal repeated flag"),
            Place::Line(..) => (1, "illegal repeated keyword"),
        };
        // Two spellings of one directive share its letter.
        let same = |other: &&Row| other.name() == row.name() || (other.short == row.short && row.short != 0);
        let Some(used) = self.used.get_mut(number) else { return Ok(()) };
        if used.iter().any(same) {
            return Err(words.into());
        }
        used.push(row);
        Ok(())
    }

    /// Reads a file; `-` is standard input. A missing one is fine if it is
    /// `optional`, and one already read is passed over.
    pub fn file(&mut self, path: &[u8], optional: bool) {
        if path == b"-" {
            if !std::mem::replace(&mut self.stdin_seen, true) {
                self.lines(&mut std::io::stdin().lock(), "stdin");
            }
            return;
        }
        let opened = File::open(OsStr::from_bytes(path)).and_then(|file| Ok((file.metadata()?, file)));
        let (metadata, file) = match opened {
            Ok(opened) => opened,
            Err(error) if optional && error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => return self.unreadable("cannot read", path, &error),
        };
        let identity = (metadata.dev(), metadata.ino());
        if metadata.is_dir() || self.seen.contains(&identity) {
            return;
        }
        self.seen.push(identity);
        let name = String::from_utf8_lossy(path);
        if self.depth >= DEPTH_MAX {
            return self.problem(["files nested too deep in ", &name].concat(), WRONG);
        }
        self.depth = self.depth.saturating_add(1);
        self.lines(&mut BufReader::with_capacity(CHUNK, file), &name);
        self.depth = self.depth.saturating_sub(1);
    }

    /// Reads the lines of a file called `name`.
    pub fn lines(&mut self, from: &mut dyn BufRead, name: &str) {
        let mut line = Line::default();
        let mut number = 0u32;
        let read = each_line(from, &mut |raw| {
            number = number.saturating_add(1);
            self.line(&mut line, raw, Place::Line(number, name));
        });
        if let Err(error) = read {
            self.unreadable("cannot read", name.as_bytes(), &error);
        }
    }

    fn line(&mut self, line: &mut Line, raw: &[u8], place: Place) {
        match line.read(raw) {
            Ok(None) => {}
            Ok(Some((keyword, value))) => {
                match self.directory.exact(keyword.octets()) {
                    Some(row) => self.apply(row, value, place),
                    None => self.unknown(keyword.octets(), place),
                }
            }
            Err(words) => self.refused(&words.into(), place),
        }
    }
}

/// Calls `each` with every line.
pub fn each_line(from: &mut dyn BufRead, each: &mut dyn FnMut(&[u8])) -> std::io::Result<()> {
    let mut raw = Vec::new();
    while from.read_until(b'\n', &mut raw)? != 0 {
        each(&raw);
        raw.clear();
    }
    Ok(())
}

/// The system's words for an error.
pub fn error_text(error: &std::io::Error) -> &'static str {
    // The library makes up an error for a path with a zero in it.
    error.raw_os_error().map_or("Invalid argument", errno::text)
}
