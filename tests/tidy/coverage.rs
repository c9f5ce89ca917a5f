//! What must be reached by some test: every user-visible log line is spelled
//! out in a scenario, in a unit test or in an end-to-end test.

use crate::source::{Source, read_all, walk};
use std::collections::BTreeSet;
use std::path::Path;

/// Log lines that only the running program says, and when.
const SAID_BY_THE_SHELL: [(&str, &str); 4] = [
    ("PID_CHOWN", "a file system that refuses to change the owner"),
    ("LOG_CHOWN", "the same of the log file"),
    ("NO_RESOLV", "a resolv file that is not there: end to end"),
    ("FAILED", "the end of a start that was refused: end to end"),
];

/// Log lines (`NAME: Channel, Level, b"…";`) whose template fits no text of any
/// scenario, and no string of any test.
pub fn lines_without_golden_text() -> Vec<String> {
    let golden = golden_texts();
    let mut missing = Vec::new();
    for source in read_all("src/outbox/lines") {
        for (at, name, template) in lines(&source) {
            let elsewhere = SAID_BY_THE_SHELL.iter().any(|(exception, _)| *exception == name);
            if !elsewhere && !golden.iter().any(|text| fits(&template, text)) {
                missing.push(format!("{}: {name}: {template:?}", source.place(at)));
            }
        }
    }
    missing
}

/// Log lines that nothing in the program says.
pub fn lines_nobody_says() -> Vec<String> {
    let (said, rest): (Vec<_>, Vec<_>) =
        read_all("src").into_iter().partition(|source| source.path.starts_with("src/outbox/lines"));
    let words: BTreeSet<&str> = rest.iter().flat_map(|source| source.tokens().map(|token| token.word)).collect();
    let mut idle = Vec::new();
    for source in &said {
        let silent = lines(source).into_iter().filter(|(_, name, _)| !words.contains(name.as_str()));
        idle.extend(silent.map(|(at, name, _)| format!("{}: {name}", source.place(at))));
    }
    idle
}

/// The lines that a file declares, with their templates.
fn lines(source: &Source) -> Vec<(usize, String, String)> {
    let mut found = Vec::new();
    for (at, _) in source.text.match_indices("b\"").filter(|(at, _)| !source.is_test(*at)) {
        let Some((head, _)) = source.text[..at].rsplit_once(": ") else { continue };
        let name = head[head.rfind(char::is_whitespace).map_or(0, |blank| blank + 1)..].to_owned();
        let body = &source.text[at + 2..];
        let mut template = String::new();
        let mut escaped = false;
        for symbol in body.chars() {
            match (escaped, symbol) {
                (false, '\\') => escaped = true,
                (false, '"') => break,
                _ => {
                    template.push(symbol);
                    escaped = false;
                }
            }
        }
        found.push((at, name, template));
    }
    found
}

/// Every line of text that a test compares with.
fn golden_texts() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut texts = Vec::new();
    for ending in ["scn", "txt", "log", "rs", "sh", "case"] {
        let mut paths = Vec::new();
        walk(&root, ending, &mut paths);
        for path in paths {
            texts.extend(std::fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned));
        }
    }
    for source in read_all("src") {
        let mut at = 0;
        for line in source.text.split_inclusive('\n') {
            if source.is_test(at) {
                texts.push(line.to_owned());
            }
            at += line.len();
        }
    }
    texts
}

/// True when the pieces of the template between its arguments stand in the
/// text in their order, each argument taking something in between.
fn fits(template: &str, text: &str) -> bool {
    let mut rest = text;
    let mut pieces = template.split('%').map(|piece| piece.trim_end_matches(' '));
    let first = pieces.next().unwrap_or("");
    let Some(at) = rest.find(first) else { return false };
    rest = &rest[at + first.len()..];
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    true
}

/// Directives in force that no scenario can reach, and what reaches them.
const REACHED_ELSEWHERE: [(&str, &str); 18] = [
    ("conf-file", "reading files: tests of config, end to end"),
    ("conf-dir", "reading directories: tests of config, end to end"),
    ("conf-script", "running commands: tests of config"),
    ("user", "privileges: end to end"),
    ("group", "privileges: end to end"),
    ("dhcp-scriptuser", "process: end to end"),
    ("dumpfile", "files: end to end"),
    ("dumpmask", "files: end to end"),
    ("leasefile-ro", "process: end to end"),
    ("pid-file", "process: end to end"),
    ("script-arp", "kernel: end to end"),
    ("keep-in-foreground", "process: end to end"),
    ("no-daemon", "process: end to end"),
    ("log-facility", "where the log goes: end to end"),
    ("log-debug", "where the log goes: end to end"),
    ("bind-interfaces", "sockets: end to end"),
    ("bind-dynamic", "sockets: end to end"),
    ("tftp-no-fail", "directories at start: end to end"),
];

/// Directives in force that stand in the configuration of no scenario.
pub fn directives_without_scenario() -> Vec<String> {
    let mut paths = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios"), "scn", &mut paths);
    let texts: Vec<String> = paths.iter().map(|path| std::fs::read_to_string(path).unwrap_or_default()).collect();
    let used: Vec<&str> = texts
        .iter()
        .flat_map(|text| text.lines())
        .filter_map(|line| line.strip_prefix("  "))
        .map(|line| line.split(['=', ' ']).next().unwrap_or(""))
        .collect();
    let mut missing = Vec::new();
    for source in read_all("src/config/rows") {
        for (at, name) in rows_in_force(&source) {
            let elsewhere = REACHED_ELSEWHERE.iter().any(|(exception, _)| *exception == name);
            if !elsewhere && !used.contains(&name.as_str()) {
                missing.push(format!("{}: {name}", source.place(at)));
            }
        }
    }
    missing
}

/// The rows of a table that do what they say, by their names.
fn rows_in_force(source: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for token in source.tokens().filter(|token| !source.is_test(token.at)) {
        if !matches!(token.word, "flag" | "number" | "file" | "files" | "conditional" | "interfaces" | "once" | "many" | "special") {
            continue;
        }
        let behind = source.text[token.at + token.word.len()..].trim_start();
        let Some(call) = behind.strip_prefix('(').map(str::trim_start) else { continue };
        let Some((name, rest)) = call.strip_prefix('"').and_then(|text| text.split_once('"')) else { continue };
        let row = &rest[..call_len(&source.code[token.at..]).min(rest.len())];
        // What is said of the row behind it: `.dhcp4().not_yet()`.
        let end = token.at + call_len(&source.code[token.at..]);
        let said = source.text[end.min(source.text.len())..].split(['"', ',']).next().unwrap_or("");
        let idle = ["Apply::Never", "Apply::Warns", "Apply::Holds", "Apply::CommandLine"];
        if !idle.iter().any(|apply| row.contains(apply)) && !said.contains(".not_yet()") {
            // The form is the name and its argument in one.
            let name = name.split(['[', '=']).next().unwrap_or(name);
            found.push((token.at, name.to_owned()));
        }
    }
    found
}

/// Octets up to the end of the first call.
fn call_len(code: &[u8]) -> usize {
    let mut depth = 0usize;
    for (at, octet) in code.iter().enumerate() {
        match octet {
            b'(' => depth += 1,
            b')' if depth == 1 => return at,
            b')' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}
