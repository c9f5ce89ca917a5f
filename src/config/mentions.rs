//! What `--test` remembers of the lines it reads beside what they say: which
//! directives stand where, and what they name that should exist. Warnings are
//! made from it, here (`warnings`) and by who can look at the machine.

use super::Warning;
use super::draft::Draft;
use super::directive::Directive;
use super::source::Place;

/// What a directive names first, as its form says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// Nothing of this machine.
    Nothing,
    /// A file or directory to be read.
    ToRead,
    /// A file to be made or written: its directory exists.
    ToWrite,
    /// A program.
    ToRun,
    /// Interfaces, perhaps with wildcards.
    Interfaces,
    /// A user.
    User,
    /// A group.
    Group,
}

/// What the placeholders of forms stand for.
const PLACEHOLDERS: [(&str, Names); 7] = [
    ("<path>", Names::ToWrite),
    ("<file>", Names::ToRead),
    ("<dir>", Names::ToRead),
    ("<program>", Names::ToRun),
    ("<interface>", Names::Interfaces),
    ("<user>", Names::User),
    ("<group>", Names::Group),
];

/// Where a directive stood: the number of the file or command (0: the command
/// line) and the line (0: a command's output).
#[derive(Clone, Copy)]
struct Spot {
    file: u16,
    line: u32,
}

/// A directive that was given.
pub struct Mention {
    row: &'static Directive,
    spot: Spot,
    /// What it names.
    pub names: Names,
    /// Its value, if it names something.
    pub value: Box<[u8]>,
}

/// What was given where.
#[derive(Default)]
pub struct Mentions {
    list: Vec<Mention>,
    /// The directive noted last, if it names nothing: lists are long.
    last: Option<&'static Directive>,
    /// The names of files.
    files: Vec<Box<str>>,
    /// Where each range, host and tag was said first.
    ranges: Vec<Spot>,
    hosts: Vec<Spot>,
    tags: Vec<Spot>,
}

impl Mentions {
    /// Remembers a directive that `draft` has just taken in.
    pub fn note(&mut self, row: &'static Directive, value: &[u8], place: Place, draft: &Draft) {
        let spot = self.spot(place);
        // Lists may be long; it takes one line to know that a directive was given.
        let is_known = self.last.is_some_and(|last| last.is(row));
        let names = if is_known { Names::Nothing } else { row.names() };
        self.last = (names == Names::Nothing).then_some(row);
        if is_known {
            // Nothing more to say of it.
        } else if names != Names::Nothing || !self.has(row.name()) {
            let value = if names == Names::Nothing { b"" } else { value };
            self.list.push(Mention { row, spot, names, value: value.into() });
        }
        self.ranges.resize(draft.config.dhcp.ranges.len(), spot);
        self.hosts.resize(draft.config.dhcp.hosts.len(), spot);
        self.tags.resize(draft.tags.names.len(), spot);
    }

    fn spot(&mut self, place: Place) -> Spot {
        let (line, name) = match place {
            Place::CommandLine => return Spot { file: 0, line: 0 },
            Place::Line(line, name) => (line, name),
            Place::Output(name) => (0, name),
        };
        let known = self.files.iter().rposition(|known| **known == *name);
        let file = known.unwrap_or_else(|| {
            self.files.push(name.into());
            self.files.len().saturating_sub(1)
        });
        Spot { file: u16::try_from(file.saturating_add(1)).unwrap_or(u16::MAX), line }
    }

    /// Words with the place they are about.
    fn tell(&self, spot: Option<&Spot>, words: &[&[u8]]) -> Warning {
        let words = String::from_utf8_lossy(&words.concat()).into_owned();
        let Some(spot) = spot else { return Warning(words) };
        let file = usize::from(spot.file).checked_sub(1).and_then(|file| self.files.get(file));
        Warning(match (file, spot.line) {
            (None, _) => words + " on the command line",
            (Some(name), 0) => Place::Output(name).tell(&words),
            (Some(name), line) => Place::Line(line, name).tell(&words),
        })
    }

    /// True when the directive of this name was given.
    pub fn has(&self, name: &str) -> bool {
        self.list.iter().any(|mention| mention.row.name() == name)
    }

    /// The words about the directive of this name, if it was given.
    pub fn about(&self, name: &str, words: &[&[u8]]) -> Option<Warning> {
        let mention = self.list.iter().find(|mention| mention.row.name() == name)?;
        Some(self.tell(Some(&mention.spot), words))
    }

    /// The words about a directive.
    pub fn about_this(&self, mention: &Mention, words: &[&[u8]]) -> Warning {
        self.tell(Some(&mention.spot), words)
    }

    /// The words about a range, by its number in `Dhcp::ranges`.
    pub fn about_range(&self, number: usize, words: &[&[u8]]) -> Warning {
        self.tell(self.ranges.get(number), words)
    }

    /// The words about a host, by its number in `Dhcp::hosts`, where the last
    /// said comes first.
    pub fn about_host(&self, number: usize, words: &[&[u8]]) -> Warning {
        self.tell(self.hosts.iter().rev().nth(number), words)
    }

    /// The words about a tag.
    pub fn about_tag(&self, number: usize, words: &[&[u8]]) -> Warning {
        self.tell(self.tags.get(number), words)
    }

    /// All directives that name something of this machine.
    pub fn naming(&self) -> impl Iterator<Item = &Mention> {
        self.list.iter().filter(|mention| mention.names != Names::Nothing)
    }
}

impl Mention {
    /// What it names: one item, or those of a list.
    pub fn items(&self) -> impl Iterator<Item = &[u8]> {
        let most = if self.row.names_several() { usize::MAX } else { 1 };
        self.value.split(|octet| *octet == b',').map(<[u8]>::trim_ascii).take(most)
    }
}

/// What stands first in the value of a form: looked up by the compiler.
pub const fn names(form: &str) -> Names {
    let form = form.as_bytes();
    let mut at = 0;
    while at < form.len() && form[at] != b'=' {
        at += 1;
    }
    at += 1;
    while at < form.len() && form[at] != b',' && form[at] != b'[' {
        let mut known = 0;
        while known < PLACEHOLDERS.len() {
            if stands(PLACEHOLDERS[known].0.as_bytes(), form, at) {
                return PLACEHOLDERS[known].1;
            }
            known += 1;
        }
        at += 1;
    }
    Names::Nothing
}

/// True when `what` stands in `form` at this place.
const fn stands(what: &[u8], form: &[u8], at: usize) -> bool {
    let mut same = 0;
    while same < what.len() && at + same < form.len() && form[at + same] == what[same] {
        same += 1;
    }
    same == what.len()
}

/// True when a form names interfaces between commas.
pub const fn names_several(form: &str) -> bool {
    let (list, form) = (b"<interface>[,...]", form.as_bytes());
    form.len() > list.len() && stands(list, form, form.len() - list.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_says_what_is_named() {
        assert!(names("user[=<user>]") == Names::User);
        assert!(names("pid-file[=<path>]") == Names::ToWrite);
        assert!(names("addn-hosts=<file>|<dir>") == Names::ToRead);
        assert!(names("interface=<interface>[,...]") == Names::Interfaces);
        assert!(names("log-facility=<facility>|<path>|-") == Names::ToWrite);
        assert!(names("auth-server=<name>[,<interface>|<address>...]") == Names::Nothing, "not the first");
        assert!(names("no-resolv") == Names::Nothing);
    }
}
