//! The tables of lines, one a family of options: `tests/config_lines/*.tsv`.
//! A table has four columns: configuration, our verdict, that of dnsmasq 2.90
//! (`=`: the same), and why they differ. In a configuration ` ;; ` stands
//! between lines, `<FILE>` for the file itself, and `<0d>` for an octet that a
//! table cannot hold. A verdict is the first message without the name of the
//! file, behind it the exit code if that is not 1; or `ok`.

use crate::verdict::{Scratch, Verdict, ours, theirs};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

const TABLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/config_lines");

/// What is asked of a row of the table.
const LINES_LEAST: usize = 5;

/// How many are asked at once: most of the time is dnsmasq's start.
const THREADS: usize = 4;

/// A row of a table.
pub struct Case {
    pub text: String,
    pub ours: String,
    /// `=`: the same.
    pub theirs: String,
    pub remark: String,
}

/// Families and their rows; a heading has no case.
type Table = (PathBuf, Vec<(String, Option<Case>)>);

/// The tables, or only that of the family `LINES_OF`.
fn tables() -> Vec<Table> {
    let only = std::env::var_os("LINES_OF").map(PathBuf::from);
    let entries = fs::read_dir(TABLES).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = entries.filter(|path| only.as_ref().is_none_or(|only| path.file_stem() == Some(only.as_os_str()))).collect();
    paths.sort();
    assert!(!paths.is_empty(), "no such table");
    paths.into_iter().map(|path| (path.clone(), table(&path))).collect()
}

/// The rows of a table.
pub fn table(path: &Path) -> Vec<(String, Option<Case>)> {
    let rows = fs::read_to_string(path).unwrap();
    rows.lines().map(|row| (row.to_owned(), case(row))).collect()
}

fn case(row: &str) -> Option<Case> {
    let mut columns = row.split('\t').map(str::to_owned);
    let mut next = || columns.next().unwrap_or_default();
    (!row.starts_with("##")).then(|| Case { text: next(), ours: next(), theirs: next(), remark: next() })
}

/// The configuration as it lies in a file at `path`.
pub fn octets(text: &str, path: &Path) -> Vec<u8> {
    let text = text.replace(" ;; ", "\n").replace("<FILE>", &path.display().to_string());
    let mut octets = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        rest = behind;
        match behind {
            [high, low, b'>', after @ ..] if *first == b'<' => {
                let digits = [*high, *low];
                match std::str::from_utf8(&digits).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                    Some(octet) => {
                        octets.push(octet);
                        rest = after;
                    }
                    None => octets.push(*first),
                }
            }
            _ => octets.push(*first),
        }
    }
    octets.push(b'\n');
    octets
}

/// Both verdicts, the second only of an installed dnsmasq.
fn verdicts(case: &Case, scratch: &Path, installed: bool) -> (String, Option<String>) {
    fs::write(scratch, octets(&case.text, scratch)).unwrap();
    let args = ["-C".to_owned(), scratch.display().to_string()];
    let said = |verdict: Verdict| verdict.text(scratch);
    (said(ours(&args)), installed.then(|| said(theirs(&args))))
}

/// The verdicts of all cases, by several threads.
fn all_verdicts(cases: &[&Case], installed: bool) -> Vec<(String, Option<String>)> {
    let (next, all) = (Mutex::new(0), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (next, all) = (&next, &all);
            scope.spawn(move || {
                let scratch = Scratch::new(&format!("line{thread}.conf"));
                loop {
                    let at = {
                        let mut next = next.lock().unwrap();
                        *next += 1;
                        *next - 1
                    };
                    let Some(case) = cases.get(at) else { break };
                    let both = verdicts(case, &scratch.path, installed);
                    all.lock().unwrap().insert(at, both);
                }
            });
        }
    });
    all.into_inner().unwrap().into_values().collect()
}

#[test]
fn lines() {
    let installed = Path::new("/usr/sbin/dnsmasq").exists();
    if !installed {
        println!("dnsmasq is not installed: its verdicts are those of the tables");
    }
    let tables = tables();
    let cases: Vec<&Case> = tables.iter().flat_map(|(_, rows)| rows.iter().filter_map(|(_, case)| case.as_ref())).collect();
    let mut both = all_verdicts(&cases, installed).into_iter();
    let regenerate = std::env::var_os("REGENERATE").is_some();
    assert!(installed || !regenerate, "dnsmasq is needed for its verdicts");
    let mut wrong = Vec::new();
    for (path, rows) in &tables {
        let mut written = String::new();
        for (row, case) in rows {
            let Some(case) = case else {
                written += &format!("{row}\n");
                continue;
            };
            let (ours, theirs) = both.next().unwrap();
            let theirs = match theirs {
                Some(said) if said == ours => "=".to_owned(),
                Some(said) => said,
                None => case.theirs.clone(),
            };
            let remark = if theirs == "=" { "" } else { &case.remark };
            written += &format!("{}\t{ours}\t{theirs}\t{remark}\n", case.text);
            let text = &case.text;
            if ours != case.ours {
                wrong.push(format!("{text}\n    ours: {ours}\n    expected: {}", case.ours));
            }
            if theirs != case.theirs {
                wrong.push(format!("{text}\n    dnsmasq: {theirs}\n    expected: {}", case.theirs));
            }
            if theirs != "=" && remark.is_empty() {
                wrong.push(format!("{text}\n    a difference without a reason: ours {ours}, dnsmasq {theirs}"));
            }
        }
        if regenerate {
            fs::write(path, written).unwrap();
        }
    }
    if !regenerate {
        assert!(wrong.is_empty(), "{} verdicts:\n{}", wrong.len(), wrong.join("\n"));
    }
}
