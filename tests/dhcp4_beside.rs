//! The DHCPv4 engine beside dnsmasq 2.90: packets that were sent to the
//! original and what it answered, logged and left in its lease file, octet for
//! octet (`tests/vectors/dhcp4/*.txt`, made by `dhcp4_beside/capture.py`). Times
//! in the lease file and the fuzz of renewal times are left out.
//!
//! A vector is lines: `conf` configuration, `addr` further addresses of the
//! interface, `old` the lease file before, `> FROM TO` and `< TO HW` with the
//! UDP payload in hexadecimal on the next line, `log` and `lease`.
//! `VECTOR=name` runs one.

#[path = "dhcp4_beside/rig.rs"]
mod rig;

use rig::Rig;
use std::path::PathBuf;

/// Packets that are answered otherwise on purpose, by vector: an address that was
/// just offered to one client is not offered to the next, as the original does.
const ON_PURPOSE: [(&str, usize); 1] = [("sequential", 8)];

/// What one packet led to, or the end of the run.
#[derive(Default, PartialEq, Debug)]
struct Result {
    replies: Vec<String>,
    logs: Vec<String>,
}

fn run(path: &PathBuf) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let field = |word: &str| -> Vec<&str> {
        text.lines().filter_map(|line| line.strip_prefix(word)?.strip_prefix(' ')).collect()
    };
    let mut rig = Rig::new(&field("conf"), &field("addr"), &field("old"));
    let mut wrong = Vec::new();
    let mut lines = text.lines().peekable();
    let mut step = 0;
    while let Some(line) = lines.next() {
        let Some(ends) = line.strip_prefix("> ") else { continue };
        step += 1;
        rig.send(ends, lines.next().unwrap());
        let mut theirs = Result::default();
        while let Some(line) = lines.next_if(|line| !line.starts_with("> ") && !line.starts_with("lease ")) {
            match line.split_once(' ') {
                Some(("<", to)) => theirs.replies.push(format!("{to}\n{}", lines.next().unwrap())),
                Some(("log", line)) => theirs.logs.push(line.into()),
                _ => {}
            }
        }
        let mut ours = Result { replies: rig.replies(), logs: rig.logs() };
        rig::without_known_neighbours(&ours.replies, &mut theirs.replies);
        rig::without_fuzz(&mut ours.replies);
        rig::without_fuzz(&mut theirs.replies);
        rig::without_fuzz_lines(&mut ours.logs);
        rig::without_fuzz_lines(&mut theirs.logs);
        let differs = ours != theirs;
        let meant = ON_PURPOSE.contains(&(name.as_str(), step));
        if differs != meant {
            wrong.push(format!("{name}, packet {step}:\n{}", rig::difference(&ours.replies, &theirs.replies, &ours.logs, &theirs.logs)));
        }
    }
    let sorted = |lines: Vec<String>| {
        let mut all: Vec<String> = lines.iter().map(|line| rig::without_time(line)).collect();
        all.sort();
        all
    };
    let (ours, theirs) = (sorted(rig.leases()), sorted(field("lease").iter().map(|l| l.to_string()).collect()));
    if ours != theirs {
        wrong.push(format!("{name}: lease file\n  ours   {ours:?}\n  theirs {theirs:?}"));
    }
    wrong
}

#[test]
fn every_vector_comes_out_as_from_the_original() {
    let only = std::env::var("VECTOR").ok();
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir("tests/vectors/dhcp4").unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 50);
    let wanted = |path: &&PathBuf| only.as_ref().is_none_or(|only| path.file_stem().is_some_and(|stem| stem == only.as_str()));
    let wrong: Vec<String> = paths.iter().filter(wanted).flat_map(run).collect();
    assert!(wrong.is_empty(), "{} differences\n{}", wrong.len(), wrong.join("\n"));
}
