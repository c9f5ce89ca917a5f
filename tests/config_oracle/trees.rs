//! Files in files, in directories, from programs and from standard input: the
//! table `config_trees.tsv`. A case has parts between ` || `: the arguments;
//! `PATH: LINE ;; LINE` is a file, `PATH -> TARGET` a link, `PATH/` a directory,
//! `<- LINE` standard input. `DIR` is where they stand, and where the programs
//! run; `<20>` is an octet, and `<nonl>` at the end means that the last line is
//! not ended.

use crate::table::{Case, Table, all_said, cases, compare, compare_dnsmasq, installed, octets, regenerate, table, write};
use crate::verdict::{Scratch, program_at};
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::sync::Mutex;

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/config_trees.tsv");

const OURS: &str = env!("CARGO_BIN_EXE_ironmasq");
const THEIRS: &str = "/usr/sbin/dnsmasq";

/// Both tests may write the table.
static ALONE: Mutex<()> = Mutex::new(());

fn tables() -> [Table; 1] {
    [(TABLE.into(), table(Path::new(TABLE)))]
}

/// The octets of some lines, the last one ended.
fn content(text: &str) -> Vec<u8> {
    match text.strip_suffix("<nonl>") {
        Some(text) => octets(text, Path::new("")),
        None => octets(&(text.to_owned() + "\n"), Path::new("")),
    }
}

/// Makes the files of a case; returns standard input.
fn plant<'a>(parts: impl Iterator<Item = &'a str>, dir: &Path) -> Vec<u8> {
    let mut input = Vec::new();
    for part in parts {
        if let Some(text) = part.strip_prefix("<- ") {
            input = content(text);
        } else if let Some((path, target)) = part.split_once(" -> ") {
            let path = dir.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(target, path).unwrap();
        } else if let Some((path, text)) = part.split_once(": ").or(part.strip_suffix(": ").map(|path| (path, ""))) {
            let path = dir.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content(text)).unwrap();
        } else {
            fs::create_dir_all(dir.join(part)).unwrap();
        }
    }
    input
}

/// What a program says about a case.
fn said(case: &Case, path: &str) -> String {
    let dir = Scratch::unique();
    fs::create_dir_all(&dir.path).unwrap();
    let shown = dir.path.display().to_string();
    let text = case.text.replace("DIR", &shown);
    let mut parts = text.split(" || ");
    let words = parts.next().unwrap_or_default().split(' ');
    let args: Vec<OsString> = words.map(|word| OsString::from_vec(octets(word, Path::new("")))).collect();
    let input = plant(parts, &dir.path);
    program_at(path, &args, &dir.path, &input).text(Path::new("")).replace(&shown, "DIR")
}

#[test]
fn tree_lines() {
    let _alone = regenerate().then(|| ALONE.lock());
    let tables = tables();
    let cases: Vec<&Case> = cases(&tables).collect();
    assert!(cases.len() > 80);
    let mut ours = all_said(&cases, &|case, _| said(case, OURS)).into_iter();
    if regenerate() {
        let theirs = all_said(&cases, &|case, _| match case.theirs.is_empty() {
            true => said(case, THEIRS),
            false => case.full(),
        });
        let mut theirs = theirs.into_iter();
        return write(&tables, |_| (ours.next().unwrap(), theirs.next().unwrap()));
    }
    compare(&cases, ours);
}

#[test]
fn dnsmasq_says_so_of_trees() {
    if !installed() {
        return;
    }
    let _alone = regenerate().then(|| ALONE.lock());
    let tables = tables();
    let cases: Vec<&Case> = cases(&tables).collect();
    let mut theirs = all_said(&cases, &|case, _| said(case, THEIRS)).into_iter();
    if regenerate() {
        return write(&tables, |case| (case.ours.clone(), theirs.next().unwrap()));
    }
    compare_dnsmasq(&cases, theirs);
}
