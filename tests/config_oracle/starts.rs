//! What is looked at only by a start: the table `config_starts.tsv`, as those of
//! lines. `DIR` is a directory of the case. Each start has a network of its own,
//! in which there is only the loopback interface; `runs` is the verdict of one
//! that goes into the background. Needs root.

use crate::table::{Case, Table, all_said, cases, compare, compare_dnsmasq, installed, octets, regenerate, table, write};
use crate::verdict::{Scratch, Verdict, verdict};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/config_starts.tsv");

const OURS: &str = env!("CARGO_BIN_EXE_ironmasq");
const THEIRS: &str = "/usr/sbin/dnsmasq";

/// Both tests may write the table.
static ALONE: Mutex<()> = Mutex::new(());

fn tables() -> [Table; 1] {
    [(TABLE.into(), table(Path::new(TABLE)))]
}

/// True when networks can be made here.
fn possible() -> bool {
    let status = Command::new("unshare").args(["-n", "true"]).stderr(Stdio::null()).status();
    let possible = status.is_ok_and(|status| status.success());
    if !possible {
        println!("no networks can be made here: skipped");
    }
    possible
}

/// What a program says about a case.
fn said(case: &Case, path: &str) -> String {
    let dir = Scratch::unique();
    // The log stands apart: as a hosts file it would be read while it grows.
    let files = dir.path.join("files");
    fs::create_dir_all(&files).unwrap();
    let shown = files.display().to_string();
    let config = dir.path.join("conf");
    let pid = dir.path.join("pid");
    fs::write(&config, octets(&(case.text.replace("DIR", &shown) + "\n"), &config)).unwrap();
    let log = format!("--log-facility={}/log", dir.path.display());
    let mut command = Command::new("timeout");
    command.args(["20", "unshare", "-n", "sh", "-c", "ip link set lo up; exec \"$@\"", "sh", path, "-C"]);
    command.arg(&config).arg("-x").arg(&pid).arg(log);
    // What goes into the background may keep an inherited pipe open.
    let errors = dir.path.join("errors");
    let output = fs::File::create(&errors).unwrap();
    let status = command.env("LC_ALL", "C").stdin(Stdio::null()).stdout(Stdio::null()).stderr(output).status().unwrap();
    if let Ok(pid) = fs::read_to_string(&pid) {
        // Only what this case has started.
        let _ = Command::new("kill").arg(pid.trim()).status();
    }
    match verdict(status.code(), &fs::read(&errors).unwrap()) {
        Verdict::Ok => "runs".into(),
        refused => refused.text(&config).replace(&shown, "DIR"),
    }
}

#[test]
fn start_lines() {
    if !possible() {
        return;
    }
    let _alone = regenerate().then(|| ALONE.lock());
    let tables = tables();
    let cases: Vec<&Case> = cases(&tables).collect();
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
fn dnsmasq_says_so_of_starts() {
    if !installed() || !possible() {
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
