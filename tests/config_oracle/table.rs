//! The tables of lines, one a family of options: `tests/config_lines/*.tsv`.
//! A table has four columns: configuration, our verdict, that of dnsmasq 2.90
//! (`=`: the same), and why they differ. In a configuration ` ;; ` stands
//! between lines, `<FILE>` for the file itself, and `<0d>` for an octet that a
//! table cannot hold. A verdict is the first message without the name of the
//! file, behind it the exit code if that is not 1; or `ok`.

use crate::verdict::{Scratch, Verdict, ours, theirs};
use ironmasq::base::hash::Key;
use ironmasq::base::random::Random;
use ironmasq::config::{Outcome, read};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

const TABLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/config_lines");

/// Lines that each option has at least.
const LINES_LEAST: usize = 5;

/// How many are asked at once: most of the time is dnsmasq's start.
const THREADS: usize = 4;

/// Both tests may write the tables.
static ALONE: Mutex<()> = Mutex::new(());

/// A row of a table.
pub struct Case {
    pub text: String,
    pub ours: String,
    /// `=`: the same.
    pub theirs: String,
    pub remark: String,
}

impl Case {
    /// The verdict of dnsmasq.
    pub fn full(&self) -> String {
        if self.theirs == "=" { self.ours.clone() } else { self.theirs.clone() }
    }
}

/// Families and their rows; a heading has no case.
pub type Table = (PathBuf, Vec<(String, Option<Case>)>);

/// The tables, or only that of the family `LINES_OF`.
fn tables() -> Vec<Table> {
    let only = std::env::var_os("LINES_OF").map(PathBuf::from);
    let entries = fs::read_dir(TABLES).unwrap().map(|entry| entry.unwrap().path());
    let wanted = |path: &PathBuf| {
        path.extension().is_some_and(|extension| extension == "tsv")
            && only.as_ref().is_none_or(|only| path.file_stem() == Some(only.as_os_str()))
    };
    let mut paths: Vec<_> = entries.filter(wanted).collect();
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
    octets
}

/// What is said about a case in a file.
fn said(case: &Case, scratch: &Path, asked: fn(&[String]) -> Verdict) -> String {
    fs::write(scratch, octets(&(case.text.clone() + "\n"), scratch)).unwrap();
    asked(&["-C".to_owned(), scratch.display().to_string()]).text(scratch)
}

/// What `say` says about all cases, by several threads; it may use the file.
pub fn all_said(cases: &[&Case], say: &(dyn Fn(&Case, &Path) -> String + Sync)) -> Vec<String> {
    let (next, all) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let scratch = Scratch::unique();
                while let at = next.fetch_add(1, Ordering::Relaxed)
                    && let Some(case) = cases.get(at)
                {
                    let words = say(case, &scratch.path);
                    all.lock().unwrap().insert(at, words);
                }
            });
        }
    });
    all.into_inner().unwrap().into_values().collect()
}

pub fn cases(tables: &[Table]) -> impl Iterator<Item = &Case> {
    tables.iter().flat_map(|(_, rows)| rows.iter().filter_map(|(_, case)| case.as_ref()))
}

pub fn regenerate() -> bool {
    std::env::var_os("REGENERATE").is_some()
}

/// True when dnsmasq is here.
pub fn installed() -> bool {
    let installed = Path::new("/usr/sbin/dnsmasq").exists();
    if !installed {
        println!("dnsmasq is not installed: its verdicts are those of the tables");
    }
    installed
}

/// The tables with what `each` returns for their cases: our verdict and that of
/// dnsmasq.
pub fn write(tables: &[Table], mut each: impl FnMut(&Case) -> (String, String)) {
    for (path, rows) in tables {
        let mut written = String::new();
        let mut seen = BTreeSet::new();
        for (row, case) in rows {
            written += &match case {
                // Branches that were merged may both have brought it.
                _ if !seen.insert(row.split('\t').next()) => {
                    case.as_ref().map(&mut each);
                    continue;
                }
                None => format!("{row}\n"),
                Some(case) => {
                    let (ours, theirs) = each(case);
                    let (theirs, remark) = if ours == theirs { ("=".into(), "") } else { (theirs, &*case.remark) };
                    format!("{}\t{ours}\t{theirs}\t{remark}\n", case.text)
                }
            };
        }
        fs::write(path, written).unwrap();
    }
}

/// Ours. Of dnsmasq only lines without a verdict are asked.
#[test]
fn lines() {
    let _alone = regenerate().then(|| ALONE.lock());
    let tables = tables();
    let cases: Vec<&Case> = cases(&tables).collect();
    let mut ours = all_said(&cases, &|case, scratch| said(case, scratch, ours)).into_iter();
    if regenerate() {
        let scratch = Scratch::unique();
        return write(&tables, |case| {
            let theirs = if case.theirs.is_empty() { said(case, &scratch.path, theirs) } else { case.full() };
            (ours.next().unwrap(), theirs)
        });
    }
    compare(&cases, ours);
}

/// Our verdicts are those of the cases, and each difference has its reason.
pub fn compare(cases: &[&Case], ours: impl Iterator<Item = String>) {
    let (mut wrong, mut seen) = (Vec::new(), BTreeSet::new());
    for (case, ours) in cases.iter().zip(ours) {
        let text = &case.text;
        if !seen.insert(text) {
            wrong.push(format!("{text}\n    stands twice"));
        }
        if ours != case.ours {
            wrong.push(format!("{text}\n    ours: {ours}\n    expected: {}", case.ours));
        }
        if case.theirs != "=" && case.remark.is_empty() {
            wrong.push(format!("{text}\n    a difference without a reason: ours {ours}, dnsmasq {}", case.theirs));
        }
    }
    assert!(wrong.is_empty(), "{} verdicts:\n{}", wrong.len(), wrong.join("\n"));
}

/// What the tables say of dnsmasq is what it says.
#[test]
fn dnsmasq_says_so() {
    if !installed() {
        return;
    }
    let _alone = regenerate().then(|| ALONE.lock());
    let tables = tables();
    let cases: Vec<&Case> = cases(&tables).collect();
    let mut theirs = all_said(&cases, &|case, scratch| said(case, scratch, theirs)).into_iter();
    if regenerate() {
        return write(&tables, |case| (case.ours.clone(), theirs.next().unwrap()));
    }
    compare_dnsmasq(&cases, theirs);
}

/// What dnsmasq says is what the cases say it does.
pub fn compare_dnsmasq(cases: &[&Case], theirs: impl Iterator<Item = String>) {
    let wrong: Vec<String> = cases
        .iter()
        .zip(theirs)
        .filter(|(case, theirs)| case.full() != *theirs)
        .map(|(case, theirs)| format!("{}\n    dnsmasq: {theirs}\n    expected: {}", case.text, case.full()))
        .collect();
    assert!(wrong.is_empty(), "{} verdicts:\n{}", wrong.len(), wrong.join("\n"));
}

/// Each option has its lines.
#[test]
fn every_option_has_lines() {
    if std::env::var_os("LINES_OF").is_some() {
        return;
    }
    let tables = tables();
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for case in cases(&tables) {
        let options: BTreeSet<&str> =
            case.text.split(" ;; ").filter_map(|line| line.split(['=', ' ', '<', '"']).next()).collect();
        options.into_iter().for_each(|option| *count.entry(option).or_default() += 1);
    }
    let Outcome::Help(help) = read(&[b"--help"], Key::new(&mut Random::seeded(1)), &ironmasq::config::Nowhere) else {
        panic!("--help must help");
    };
    let (known, absent) = help.split_once("\nKnown and not in this program:\n").unwrap_or((&help, ""));
    let known = known.lines().filter_map(|line| line.split_once("--")?.1.split(['=', '[', ' ']).next());
    let names: BTreeSet<&str> = known.chain(absent.split_ascii_whitespace()).collect();
    assert!(names.len() >= 195, "{} options", names.len());
    let few: Vec<_> = names.iter().filter(|name| count.get(**name).is_none_or(|count| *count < LINES_LEAST)).collect();
    assert!(few.is_empty(), "too few lines: {few:?}");
    assert!(cases(&tables).count() >= 3000);
}
