//! Command lines: the table `config_arguments.tsv`, in which blanks stand
//! between arguments, `<>` is an empty one and `<20>` a blank; what stands
//! behind ` ;; ` are the lines of the file `<FILE>`. Both programs are run with
//! `--test` before the arguments, and with an empty configuration file if they
//! name none.

use crate::table::{Case, Table, all_said, cases, compare, compare_dnsmasq, installed, octets, regenerate, table, write};
use crate::verdict::program;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::sync::Mutex;

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/config_arguments.tsv");

const OURS: &str = env!("CARGO_BIN_EXE_ironmasq");
const THEIRS: &str = "/usr/sbin/dnsmasq";

/// Command lines in the table at least.
const LEAST: usize = 300;

/// Both tests may write the table.
static ALONE: Mutex<()> = Mutex::new(());

fn tables() -> [Table; 1] {
    [(TABLE.into(), table(Path::new(TABLE)))]
}

/// What a program says about a case.
fn said(case: &Case, scratch: &Path, path: &str) -> String {
    let (line, file) = case.text.split_once(" ;; ").unwrap_or((&case.text, ""));
    fs::write(scratch, octets(&(file.to_owned() + "\n"), scratch)).unwrap();
    let mut args = Vec::new();
    if !line.contains("-C") && !line.contains("--conf-") {
        // Nothing of the machine's own configuration.
        args.push("--conf-file=/dev/null".into());
    }
    let words = line.split(' ').map(|word| octets(if word == "<>" { "" } else { word }, scratch));
    args.extend(words.map(OsString::from_vec));
    program(path, &args).text(scratch)
}

#[test]
fn argument_lines() {
    let _alone = regenerate().then(|| ALONE.lock());
    let tables = tables();
    let cases: Vec<&Case> = cases(&tables).collect();
    assert!(cases.len() >= LEAST);
    let mut ours = all_said(&cases, &|case, scratch| said(case, scratch, OURS)).into_iter();
    if regenerate() {
        let theirs = all_said(&cases, &|case, scratch| match case.theirs.is_empty() {
            true => said(case, scratch, THEIRS),
            false => case.full(),
        });
        let mut theirs = theirs.into_iter();
        return write(&tables, |_| (ours.next().unwrap(), theirs.next().unwrap()));
    }
    compare(&cases, ours);
}

#[test]
fn dnsmasq_says_so_of_arguments() {
    if !installed() {
        return;
    }
    let _alone = regenerate().then(|| ALONE.lock());
    let tables = tables();
    let cases: Vec<&Case> = cases(&tables).collect();
    let mut theirs = all_said(&cases, &|case, scratch| said(case, scratch, THEIRS)).into_iter();
    if regenerate() {
        return write(&tables, |case| (case.ours.clone(), theirs.next().unwrap()));
    }
    compare_dnsmasq(&cases, theirs);
}
