//! Rust source as the tidy rules see it: the code alone (comments and text
//! blanked out, line numbers kept), the comments alone, and which lines belong
//! to tests. A scanner, not a parser: it knows tokens and braces, which is all
//! the rules need.

use std::ops::Range;
use std::path::{Path, PathBuf};

/// One file.
pub struct Source {
    /// Path from the root of the package, with `/`.
    pub path: String,
    /// As it stands.
    pub text: String,
    /// Comments, strings and characters replaced by blanks, octet by octet.
    pub code: Vec<u8>,
    /// Everything but comments replaced by blanks.
    pub comments: Vec<u8>,
    /// Octets of items under `#[cfg(test)]`.
    pub tests: Vec<Range<usize>>,
}

/// A word or a number in the code, and where it stands.
pub struct Token<'a> {
    pub at: usize,
    pub word: &'a str,
}

impl Source {
    pub fn new(path: String, text: String) -> Self {
        let (code, comments) = split(text.as_bytes());
        let tests = test_items(&code);
        Source { path, text, code, comments, tests }
    }

    /// Line number of an octet, from 1.
    pub fn line_of(&self, at: usize) -> usize {
        1 + self.code[..at].iter().filter(|octet| **octet == b'\n').count()
    }

    /// True for the octets of test code.
    pub fn is_test(&self, at: usize) -> bool {
        self.path.ends_with("_tests.rs") || self.tests.iter().any(|range| range.contains(&at))
    }

    /// `path:line` of an octet.
    pub fn place(&self, at: usize) -> String {
        format!("{}:{}", self.path, self.line_of(at))
    }

    /// Every identifier and number of the code.
    pub fn tokens(&self) -> impl Iterator<Item = Token<'_>> {
        let mut at = 0;
        std::iter::from_fn(move || {
            let from = at + self.code[at..].iter().position(|octet| is_word(*octet))?;
            let len = self.code[from..].iter().take_while(|octet| is_word(**octet)).count();
            at = from + len;
            let word = std::str::from_utf8(&self.code[from..at]).unwrap_or("");
            Some(Token { at: from, word })
        })
    }

    /// Every place of a piece of code.
    pub fn find(&self, needle: &str) -> Vec<usize> {
        let needle = needle.as_bytes();
        let windows = self.code.windows(needle.len()).enumerate();
        windows.filter(|(_, window)| *window == needle).map(|(at, _)| at).collect()
    }

    /// The code behind an octet, blanks skipped.
    pub fn after(&self, at: usize) -> &[u8] {
        self.code[at..].trim_ascii_start()
    }

    /// The code before an octet, blanks skipped.
    pub fn before(&self, at: usize) -> &[u8] {
        self.code[..at].trim_ascii_end()
    }

    /// The files of modules that are declared for tests only.
    fn test_modules(&self) -> Vec<String> {
        let stem = self.path.trim_end_matches(".rs");
        let folder = match stem.strip_suffix("/mod") {
            Some(folder) => folder,
            None => stem,
        };
        let items = self.tests.iter().filter_map(|range| {
            let item = std::str::from_utf8(&self.code[range.clone()]).ok()?;
            let name = item.split_once("mod ")?.1.strip_suffix(';')?;
            Some(format!("{folder}/{}.rs", name.trim()))
        });
        items.collect()
    }

    /// The module of the top floor that the file belongs to: `dns` for
    /// `src/dns/forward.rs`, `limits` for `src/limits.rs`.
    pub fn module(&self) -> &str {
        let inside = self.path.strip_prefix("src/").unwrap_or("");
        inside.split('/').next().unwrap_or("").trim_end_matches(".rs")
    }
}

pub fn is_word(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || octet == b'_' || octet >= 0x80
}

/// Every Rust file below a folder of the package, sorted.
pub fn read_all(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    walk(&root.join(folder), "rs", &mut paths);
    let relative = |path: &Path| path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
    let read = |path: &PathBuf| Source::new(relative(path), std::fs::read_to_string(path).unwrap());
    let mut sources: Vec<Source> = paths.iter().map(read).collect();
    // Files that are modules of tests: `#[cfg(test)] mod conversations;`
    let test_files: Vec<String> = sources.iter().flat_map(Source::test_modules).collect();
    for source in &mut sources {
        if test_files.contains(&source.path) {
            source.tests = vec![0..source.code.len()];
        }
    }
    sources
}

/// Every file with an ending below a folder, sorted.
pub fn walk(folder: &Path, ending: &str, into: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() && path.file_name().is_none_or(|name| name != "target") {
            walk(&path, ending, into);
        } else if path.extension().is_some_and(|found| found == ending) {
            into.push(path);
        }
    }
}

/// Code without comments and text; comments without code.
fn split(text: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let blank = |octet: &u8| if *octet == b'\n' { b'\n' } else { b' ' };
    let mut code = text.to_vec();
    let mut comments: Vec<u8> = text.iter().map(blank).collect();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let previous = at.checked_sub(1).map_or(b' ', |before| text[before]);
        let (len, keep_comment) = match rest {
            [b'/', b'/', ..] => (rest.iter().take_while(|octet| **octet != b'\n').count(), true),
            [b'/', b'*', ..] => (block_comment(rest), true),
            [b'"', ..] => (string(rest), false),
            [b'r', b'"' | b'#', ..] if !is_word(previous) || previous == b'b' => (raw_string(rest), false),
            [b'\'', b'\\', _, tail @ ..] => (4 + tail.iter().take_while(|octet| **octet != b'\'').count(), false),
            [b'\'', inside @ ..] => (character(inside), false),
            _ => (0, false),
        };
        for place in at..(at + len).min(text.len()) {
            code[place] = blank(&text[place]);
            if keep_comment {
                comments[place] = text[place];
            }
        }
        at += len.max(1);
    }
    (code, comments)
}

fn block_comment(rest: &[u8]) -> usize {
    let mut depth = 0;
    for at in 0..rest.len() {
        match &rest[at..] {
            [b'/', b'*', ..] => depth += 1,
            [b'*', b'/', ..] if depth == 1 => return at + 2,
            [b'*', b'/', ..] => depth -= 1,
            _ => {}
        }
    }
    rest.len()
}

fn string(rest: &[u8]) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != b'"' {
        at += if rest[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

/// `r"…"`, `r#"…"#`; 0 for `r#keyword`.
fn raw_string(rest: &[u8]) -> usize {
    let hashes = rest[1..].iter().take_while(|octet| **octet == b'#').count();
    if rest.get(1 + hashes) != Some(&b'"') {
        return 0;
    }
    let end: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
    let body = 2 + hashes;
    rest[body..].windows(end.len()).position(|window| window == end).map_or(rest.len(), |at| body + at + end.len())
}

/// Length of a character literal with its quotes; 0 for a lifetime.
fn character(inside: &[u8]) -> usize {
    let width = match inside.first() {
        Some(octet) if *octet >= 0xF0 => 4,
        Some(octet) if *octet >= 0xE0 => 3,
        Some(octet) if *octet >= 0xC0 => 2,
        _ => 1,
    };
    if inside.get(width) == Some(&b'\'') { width + 2 } else { 0 }
}

/// The items that are no part of the product: those behind `#[cfg(test)]`, and
/// `check`, which looks after invariants for the simulation.
fn test_items(code: &[u8]) -> Vec<Range<usize>> {
    let marks: [&[u8]; 3] = [b"#[cfg(test)]", b"#[cfg(any(test, debug_assertions))]", b"fn check(&self)"];
    let mut items = Vec::new();
    for mark in marks {
        let starts = code.windows(mark.len()).enumerate().filter(|(_, window)| *window == mark);
        items.extend(starts.map(|(at, _)| at..item_end(code, at + mark.len())));
    }
    items
}

fn item_end(code: &[u8], from: usize) -> usize {
    let (mut depth, mut inside) = (0usize, 0i32);
    for (at, octet) in code.iter().enumerate().skip(from) {
        match octet {
            b'{' => depth += 1,
            b'(' | b'[' | b'<' => inside += 1,
            b')' | b']' | b'>' => inside -= 1,
            // The last field of a struct ends with it.
            b'}' if depth == 0 => return at,
            b'}' if depth == 1 => return at + 1,
            b'}' => depth -= 1,
            b';' if depth == 0 => return at + 1,
            b',' if depth == 0 && inside == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}
