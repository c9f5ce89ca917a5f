//! Runs the scenarios of `tests/scenarios`: text files, one behaviour each,
//! written so that a user can read them (`tests/scenarios/README.md` lists the
//! steps). Each file is one test; names given on the command line choose.

// Shared by two tests, each of which uses its part.
#[allow(dead_code)]
#[path = "lab/mod.rs"]
mod lab;
#[path = "scenario/player.rs"]
mod player;
#[path = "scenario/script.rs"]
mod script;
#[path = "scenario/steps_dhcp.rs"]
mod steps_dhcp;
#[path = "scenario/steps_dns.rs"]
mod steps_dns;
#[path = "scenario/steps_relay.rs"]
mod steps_relay;
#[path = "scenario/steps_tftp.rs"]
mod steps_tftp;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (options, wanted): (Vec<&String>, Vec<&String>) = arguments.iter().partition(|word| word.starts_with('-'));
    let chosen = |name: &str| wanted.is_empty() || wanted.iter().any(|word| name.contains(word.as_str()));
    let files: Vec<(String, PathBuf)> = scenarios().into_iter().filter(|(name, _)| chosen(name)).collect();
    if options.iter().any(|option| *option == "--list") {
        files.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    println!("\nrunning {} tests", files.len());
    let failed: Vec<String> = files.iter().filter(|(name, path)| !passes(name, path)).map(|(name, _)| name.clone()).collect();
    let verdict = if failed.is_empty() { "ok" } else { "FAILED" };
    println!("\ntest result: {verdict}. {} passed; {} failed", files.len() - failed.len(), failed.len());
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Every scenario by its name.
fn scenarios() -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let entries = std::fs::read_dir(folder).expect("tests/scenarios can be read");
    let mut files: Vec<(String, PathBuf)> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "scn"))
        .map(|path| (path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), path))
        .collect();
    files.sort();
    files
}

fn passes(name: &str, path: &Path) -> bool {
    let text = std::fs::read_to_string(path).expect("the scenario can be read");
    let outcome = catch_unwind(AssertUnwindSafe(|| player::play(&text)));
    match outcome.unwrap_or_else(|_| Err("it panicked".into())) {
        Ok(()) => {
            println!("test {name} ... ok");
            true
        }
        Err(why) => {
            println!("test {name} ... FAILED\ntests/scenarios/{name}.scn, {why}\n");
            false
        }
    }
}
