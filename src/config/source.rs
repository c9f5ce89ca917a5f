//! Where directives come from: files, directories, commands, standard input.
//! Each line is handed to its row; what is refused is remembered with its place
//! and with what was expected, and reading goes on, so that one run shows
//! everything that is wrong.

use super::directive::Directive;
use super::directory::Directory;
use super::draft::Draft;
use super::files::{Errno, Files, Hosts, Kind, Origin};
use super::lexer::{Line, Text};
use super::mentions::Mentions;
use super::refusal::{Applied, ERROR};
use super::row::{Apply, Takes};
use super::{Warning, confdir, values};
use crate::base::errno;
use crate::base::hash::Key;
use crate::base::lines::Lines;
use crate::base::text;
use std::ffi::CString;
use std::mem::ManuallyDrop;

/// Files inside files inside files.
const DEPTH_MAX: usize = 64;

/// Commands run for one configuration.
const COMMANDS_MAX: u32 = 1000;

/// Problems shown in one run.
const PROBLEMS_MAX: usize = 50;

/// Exit codes: a wrong configuration, and a file that cannot be read.
pub const WRONG: u8 = 1;
pub const UNREADABLE: u8 = 3;

/// What dnsmasq adds to the wait status of a command that failed.
const COMMAND_FAILED: u32 = 10;

/// Where a directive stood.
#[derive(Clone, Copy)]
pub enum Place<'a> {
    /// On the command line.
    CommandLine,
    /// In this line of this file.
    Line(u32, &'a str),
    /// In what this command wrote.
    Output(&'a str),
}

impl Place<'_> {
    /// The words with the place they are about.
    pub fn tell(&self, words: &str) -> String {
        match (self, words) {
            (Place::CommandLine, "") => "bad command line options: try --help".into(),
            (Place::CommandLine, _) => text::filled("bad command line options: %", &[words.as_bytes()]),
            (_, "") => self.tell("error"),
            (Place::Output(command), _) => text::filled("% in output from %", &[words.as_bytes(), command.as_bytes()]),
            (Place::Line(number, file), _) => {
                let number = text::number((*number).into());
                text::filled("% at line % of %", &[words.as_bytes(), number.as_bytes(), file.as_bytes()])
            }
        }
    }
}

/// Reads directives into a draft.
pub struct Source<'f> {
    /// The world.
    pub files: &'f dyn Files,
    /// Never freed: frozen, it is empty, and refused, the process ends. The code
    /// that frees it would be larger than much that it holds.
    pub draft: ManuallyDrop<Draft>,
    pub directory: Directory,
    pub warnings: Vec<Warning>,
    /// What stands where, for `--test` only.
    pub mentions: Option<Mentions>,
    /// What is right and not supported yet: warnings of `--test`, problems of a
    /// start.
    pub unmet: Vec<Warning>,
    pub problems: Problems,
    /// Files read: device and inode.
    seen: Vec<(u64, u64)>,
    stdin_seen: bool,
    /// Directives that stood on the command line (`true`) or in files.
    used: Vec<(bool, &'static Directive)>,
    depth: usize,
    commands: u32,
}

/// What is wrong so far, and the exit code of the first of it.
#[derive(Default)]
pub struct Problems {
    pub list: Vec<String>,
    pub exit: u8,
}

impl Problems {
    /// True when nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Remembers that something is wrong.
    #[inline(never)]
    pub fn add(&mut self, text: String, exit: u8) {
        if self.exit == 0 {
            self.exit = exit;
        }
        match self.list.len() {
            count if count < PROBLEMS_MAX => self.list.push(text),
            PROBLEMS_MAX => self.list.push("more is wrong and not shown".into()),
            _ => {}
        }
    }
}

impl<'f> Source<'f> {
    /// Nothing read yet.
    pub fn new(key: Key, files: &'f dyn Files) -> Self {
        let mut draft = Draft::new(key, Hosts::Ask(files.look_up()));
        draft.config.process.user = Some(c"nobody".into());
        draft.config.process.pid_file = Some(c"/var/run/dnsmasq.pid".into());
        Source {
            files,
            draft: ManuallyDrop::new(draft),
            directory: Directory::default(),
            warnings: Vec::new(),
            mentions: None,
            unmet: Vec::new(),
            problems: Problems::default(),
            seen: Vec::new(),
            stdin_seen: false,
            used: Vec::new(),
            depth: 0,
            commands: 0,
        }
    }

    /// Remembers that something is wrong.
    pub fn problem(&mut self, text: String, exit: u8) {
        self.problems.add(text, exit);
    }

    /// Remembers a refusal.
    pub fn refused(&mut self, words: &str, place: Place) {
        self.problem(place.tell(words), WRONG);
    }

    /// Remembers an unknown name and the one it may have meant.
    pub fn unknown(&mut self, name: &[u8], place: Place) {
        let words = if matches!(place, Place::CommandLine) { "" } else { "bad option" };
        self.refused(words, place);
        if let Some(nearest) = self.directory.nearest(name) {
            self.problem(text::filled("did you mean %?", &[nearest.as_bytes()]), WRONG);
        }
    }

    /// Remembers that a file cannot be read.
    pub fn unreadable(&mut self, what: &str, path: &[u8], errno: Errno) {
        self.problem(text::filled("% %: %", &[what.as_bytes(), path, errno::text(errno).as_bytes()]), UNREADABLE);
    }

    /// Says what would have been right where something was refused.
    pub fn expected(&mut self, row: &Directive) {
        let form = row.form().as_bytes();
        let words = match row.apply {
            Apply::LeftOut(feature) => {
                text::filled("expected: % needs a build with the feature %", &[row.name().as_bytes(), feature.as_bytes()])
            }
            Apply::Number(_, least, most) => {
                let (least, to) = (text::number(least.into()), text::number(most.into()));
                let words = if most == u32::MAX { "expected: % with <n> from %" } else { "expected: % with <n> from % to %" };
                text::filled(words, &[form, least.as_bytes(), to.as_bytes()])
            }
            _ => text::filled("expected: %", &[form]),
        };
        self.problem(words, WRONG);
    }

    /// Does what a row says. `value`: what was given, if anything was.
    pub fn apply(&mut self, row: &'static Directive, value: Option<Text>, place: Place) {
        let applied = match (row.takes, value) {
            (Takes::Nothing, Some(_)) => Err(wrong!("extraneous parameter")),
            (Takes::Value, None) => Err(wrong!("missing parameter")),
            _ if self.is_repeated(row, place) => {
                let words = if matches!(place, Place::CommandLine) { "illegal repeated flag" } else { "illegal repeated keyword" };
                self.refused(words, place);
                return self.problem(text::filled("% stands once on the command line and once in files", &[row.name().as_bytes()]), WRONG);
            }
            _ => self.try_apply(row, value, place),
        };
        if let Some(what) = self.draft.unmet.take() {
            self.unmet.push(Warning(place.tell(&text::filled("% is not supported yet", &[what.as_bytes()]))));
        }
        if let Err(refusal) = applied {
            let words = text::filled("%%", &[refusal.words().as_bytes(), self.draft.detail.as_bytes()]);
            self.draft.detail.clear();
            self.refused(&words, place);
            self.expected(row);
        }
        if let Some(mentions) = &mut self.mentions {
            mentions.note(row, value.unwrap_or_default().octets(), place, &self.draft);
        }
    }

    fn try_apply(&mut self, row: &'static Directive, value: Option<Text>, place: Place) -> Applied {
        if row.not_yet() {
            self.draft.not_yet(row.name());
        }
        let text = value.unwrap_or_default();
        match row.apply {
            Apply::Flag(flag) => *flag(&mut self.draft) = true,
            Apply::Number(number, least, most) => {
                let given = value.and_then(|text| text.number());
                let fits = given.filter(|given| (least..=most).contains(given));
                self.draft.said.store(number, fits.ok_or(ERROR)?);
            }
            Apply::Path(place) => *place(&mut self.draft) = values::path_or_none(text),
            Apply::Paths(place) => place(&mut self.draft).push(text.path()),
            Apply::Conditions(place) => {
                self.draft.tags.clear();
                let conditions = values::conditions(text, &mut self.draft.tags)?;
                place(&mut self.draft).push(conditions);
            }
            Apply::Patterns(place) => values::add_patterns(place(&mut self.draft), text),
            Apply::With(function) => {
                self.draft.tags.clear();
                function(&mut self.draft, text)?;
            }
            Apply::File | Apply::Command if text.is_empty() => {}
            Apply::Command => self.command(text),
            Apply::File => self.file(text.octets(), false),
            Apply::Dir => confdir::read(self, text),
            Apply::CommandLine(_) | Apply::Holds => {}
            Apply::Warns => {
                let warned = place.tell(&text::filled("% is not supported yet and ignored", &[row.name().as_bytes()]));
                self.warnings.push(Warning(warned));
            }
            Apply::Never(refusal) => return Err(refusal),
            Apply::LeftOut(&"script") => {
                return Err(wrong!("recompile with HAVE_SCRIPT defined to enable lease-change scripts"));
            }
            Apply::LeftOut(_) => {
                return Err(wrong!("unsupported option (check that dnsmasq was compiled with DHCP/TFTP/DNSSEC/DBus support)"));
            }
        }
        Ok(())
    }

    /// True for what may stand once and stands again.
    fn is_repeated(&mut self, row: &'static Directive, place: Place) -> bool {
        if !row.once() {
            return false;
        }
        let here = matches!(place, Place::CommandLine);
        // Two spellings of one directive share its letter.
        let same = |other: &Directive| other.is(row) || (other.short == row.short && row.short != 0);
        let is_used = self.used.iter().any(|(there, other)| *there == here && same(other));
        if !is_used {
            self.used.push((here, row));
        }
        is_used
    }

    /// Reads a file; `-` is standard input. A missing one is fine if it is
    /// `optional`, and one already read is passed over.
    pub fn file(&mut self, path: &[u8], optional: bool) {
        if path == b"-" {
            if !std::mem::replace(&mut self.stdin_seen, true) {
                self.lines(Origin::Stdin, "stdin");
            }
            return;
        }
        // A path with a zero in it cannot come here: lines end at one.
        let path = &*CString::new(path).unwrap_or_default();
        match self.files.entry(path) {
            Err(errno::ENOENT) if optional => {}
            Err(errno) => self.unreadable("cannot read", path.to_bytes(), errno),
            Ok(entry) if entry.kind == Kind::Directory || self.seen.contains(&entry.identity) => {}
            Ok(entry) => {
                self.seen.push(entry.identity);
                self.lines(Origin::File(path), &path.to_string_lossy());
            }
        }
    }

    /// Reads what a command writes. Commands that name each other would not end.
    fn command(&mut self, text: Text) {
        self.commands = self.commands.saturating_add(1);
        if self.commands > COMMANDS_MAX {
            return self.problem("too many commands".into(), WRONG);
        }
        let command = &*CString::new(text.octets()).unwrap_or_default();
        let shown = command.to_string_lossy();
        let status = self.lines(Origin::Command(command), &shown);
        if status != 0 {
            // Quirk: the exit status lies in octets that this leaves out.
            let exit = status.wrapping_add(COMMAND_FAILED) as u8;
            self.problem(text::filled("% returns non-zero error code", &[command.to_bytes()]), exit);
        }
    }

    /// Reads the lines of a text called `name`. Returns the status of a command.
    fn lines(&mut self, origin: Origin, name: &str) -> u32 {
        if self.depth >= DEPTH_MAX {
            self.problem(text::filled("files nested too deep in %", &[name.as_bytes()]), WRONG);
            return 0;
        }
        self.depth = self.depth.saturating_add(1);
        let files = self.files;
        let mut reading = Reading { source: self, line: Line::default(), number: 0, name, origin };
        let mut lines = Lines::default();
        let read = files.text(origin, &mut |piece| lines.feed(piece, &mut |raw| reading.line(raw)));
        lines.end(&mut |raw| reading.line(raw));
        self.depth = self.depth.saturating_sub(1);
        read.unwrap_or_else(|errno| {
            let what = if matches!(origin, Origin::Command(_)) { "cannot execute" } else { "cannot read" };
            self.unreadable(what, name.as_bytes(), errno);
            0
        })
    }

    /// Reads a text called `name` that lies in memory.
    pub fn text(&mut self, text: &[u8], name: &str) {
        let mut reading = Reading { source: self, line: Line::default(), number: 0, name, origin: Origin::Stdin };
        let mut lines = Lines::default();
        lines.feed(text, &mut |raw| reading.line(raw));
        lines.end(&mut |raw| reading.line(raw));
    }

    fn line(&mut self, line: &mut Line, raw: &[u8], place: Place) {
        let whole = match line.read(raw) {
            Ok(whole) => whole,
            Err(words) => return self.refused(words, place),
        };
        let Some((keyword, value)) = whole.statement() else { return };
        match self.directory.exact(keyword.octets()) {
            Some(row) => self.apply(row, value, place),
            None => self.unknown(keyword.octets(), place),
        }
    }
}

/// A text being read.
struct Reading<'a, 'f> {
    source: &'a mut Source<'f>,
    line: Line,
    number: u32,
    name: &'a str,
    origin: Origin<'a>,
}

impl Reading<'_, '_> {
    fn line(&mut self, raw: &[u8]) {
        self.number = self.number.saturating_add(1);
        let place = match self.origin {
            Origin::Command(_) => Place::Output(self.name),
            _ => Place::Line(self.number, self.name),
        };
        self.source.line(&mut self.line, raw, place);
    }
}
