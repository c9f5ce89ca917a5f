//! The doors of the configuration: the command line with the files it names,
//! a text, and one line of the files that are read again.

use super::draft::Tags;
use super::files::{Files, Nowhere};
use super::lexer::{Line, Text};
use super::mentions::Mentions;
use super::refusal::{Applied, Refusal};
use super::source::{Source, WRONG};
use super::{Config, DhcpOption, Host, args, checked, resolv_domain, rows};
use crate::base::hash::Key;
use crate::base::text;
use std::mem::ManuallyDrop;

/// Something to be logged once the log is open.
pub struct Warning(pub String);

/// What reading has come to.
pub enum Outcome {
    /// Run with this configuration.
    Run(Box<Config>, Vec<Warning>),
    /// `--test`, and nothing is wrong; more may be warned of.
    Test(Box<Config>, Vec<Warning>, Option<Mentions>),
    /// Print this and end.
    Help(String),
    /// Print `version()` and end.
    Version,
    /// Print these, one a line, and end with this code.
    Refused {
        /// Everything that is wrong; the first is what dnsmasq would say.
        messages: Vec<String>,
        /// 1 for a wrong configuration, 3 for a file that cannot be read.
        exit: u8,
    },
}

/// Reads the command line (without the program's name) and the files it names.
/// `key` is that of the table of domains.
pub fn read(args: &[&[u8]], key: Key, files: &dyn Files) -> Outcome {
    let mut source = Source::new(key, files);
    match args::read(&mut source, args) {
        Ok(test) => finish(source, test),
        // Whoever has mistyped is told so before anything else.
        Err(_) if !source.problems.is_empty() => finish(source, true),
        Err(outcome) => outcome,
    }
}

/// Reads a text as a configuration file called `name`; there are no others.
pub fn read_text(text: &[u8], name: &str, key: Key) -> Outcome {
    let mut source = Source::new(key, &Nowhere);
    source.text(text, name);
    finish(source, false)
}

/// As `read_text`, for a configuration that no engine does in full yet.
#[cfg(test)]
pub fn test_text(text: &[u8], key: Key) -> Outcome {
    let mut source = Source::new(key, &Nowhere);
    source.text(text, "test");
    finish(source, true)
}

fn finish(mut source: Source, test: bool) -> Outcome {
    if source.problems.is_empty()
        && let Err((words, exit)) = resolv_domain::search(&mut source.draft, source.files)
    {
        source.problem(words, exit);
    }
    let Source { draft, warnings, files, problems, .. } = &mut source;
    if problems.is_empty() {
        checked::check(draft, *files, test, &mut |words| problems.add(words.into(), WRONG));
    }
    if test && problems.is_empty() {
        // What only a start looks at.
        checked::check(draft, *files, false, &mut |words| warnings.push(Warning(text::filled("a start is refused: %", &[words.as_bytes()]))));
    }
    let Source { warnings, problems, unmet, .. } = &mut source;
    if test {
        warnings.append(unmet);
    }
    for Warning(words) in unmet {
        problems.add(words.clone(), WRONG);
    }
    if !source.problems.is_empty() {
        // Whoever reads many in one process wants the memory back.
        if cfg!(debug_assertions) {
            drop(ManuallyDrop::into_inner(source.draft));
        }
        return Outcome::Refused { messages: source.problems.list, exit: source.problems.exit };
    }
    let config = checked::config(&mut source.draft);
    match test {
        true => Outcome::Test(config, source.warnings, source.mentions),
        false => Outcome::Run(config, source.warnings),
    }
}

/// The words of a refusal, as a log line begins.
pub fn words(refusal: Refusal) -> String {
    match refusal.words() {
        "" => "error".into(),
        words => words.into(),
    }
}

/// Reads a line of a file that holds values only, with quotes and comments, and
/// gives `take` its value, unless it is blank or comment. Tags not yet known are
/// added to `tags` (those of `Dhcp::tags`).
fn value_line(
    raw: &[u8],
    tags: &mut Vec<Box<[u8]>>,
    take: &mut dyn FnMut(Text, &mut Tags) -> Applied,
) -> Result<(), String> {
    let mut line = Line::default();
    let whole = line.read(raw).map_err(String::from)?;
    let text = whole.text();
    if text.is_empty() {
        return Ok(());
    }
    let mut known = Tags::default();
    std::mem::swap(&mut known.names, tags);
    let taken = take(text, &mut known);
    std::mem::swap(&mut known.names, tags);
    taken.map_err(words)
}

/// Reads a line of a `dhcp-hostsfile`: what stands behind `dhcp-host=`. `None`:
/// blank or comment. The error is the message, without ` at line N of FILE`.
pub fn dhcp_host_line(raw: &[u8], tags: &mut Vec<Box<[u8]>>) -> Result<Option<Host>, String> {
    let (mut host, mut said) = (Host::default(), false);
    value_line(raw, tags, &mut |text, tags| {
        said = true;
        rows::read_host(text, tags, &mut host)
    })?;
    Ok(said.then_some(host))
}

/// As `dhcp_host_line`, of a `dhcp-optsfile`.
pub fn dhcp_option_line(raw: &[u8], tags: &mut Vec<Box<[u8]>>) -> Result<Option<DhcpOption>, String> {
    let mut read = None;
    value_line(raw, tags, &mut |text, tags| {
        read = rows::option4(text, tags)?;
        Ok(())
    })?;
    Ok(read)
}

/// Reads a line of `/etc/ethers`. `None`: blank or comment. The error is the
/// message: `bad line`, `bad address` or `bad name`.
pub fn ethers_line(raw: &[u8]) -> Result<Option<Host>, String> {
    let mut host = Host::default();
    match rows::ethers_line(raw, &mut host) {
        Ok(said) => Ok(said.then_some(host)),
        Err(refusal) => Err(words(refusal)),
    }
}
