//! Beside the original: the same configuration, packets and clients for
//! dnsmasq and for us, each in network namespaces of its own, and the
//! differences field by field. A case is one small file in `compare/cases`;
//! `compare/case.rs` says how to write one.
//!
//! Needs root, `ip` and dnsmasq; without them it says so and passes.
//! `COMPARE_ONLY=text` runs the cases with the text in their names,
//! `COMPARE_SELF=1` puts dnsmasq on both sides (which proves the harness),
//! `COMPARE_SHOW=1` prints what was seen, `COMPARE_DNSMASQ` names the original.

#[path = "compare/bytes.rs"]
mod bytes;
#[path = "compare/case.rs"]
mod case;
#[path = "compare/client.rs"]
mod client;
#[path = "compare/dhcp.rs"]
mod dhcp;
#[path = "compare/diff.rs"]
mod diff;
#[path = "compare/dns.rs"]
mod dns;
#[path = "compare/lab.rs"]
mod lab;
#[path = "compare/relay.rs"]
mod relay;
#[path = "compare/sweep.rs"]
mod sweep;
#[path = "compare/tftp.rs"]
mod tftp;
#[path = "compare/upstream.rs"]
mod upstream;

use case::Case;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Cases under way at once: they mostly wait.
const WORKERS: usize = 4;

/// What came of a case.
struct Outcome {
    name: String,
    failed: bool,
    text: String,
}

#[test]
fn the_original_and_we_say_the_same() {
    let original = std::env::var("COMPARE_DNSMASQ").unwrap_or("dnsmasq".into());
    if let Some(missing) = lab::missing(&original) {
        println!("skipped: {missing}");
        return;
    }
    let ours = match std::env::var("COMPARE_SELF") {
        Ok(_) => original.clone(),
        Err(_) => env!("CARGO_BIN_EXE_ironmasq").into(),
    };
    let cases = cases();
    assert!(!cases.is_empty(), "no case has that in its name");
    let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for worker in 0..WORKERS.min(cases.len()) {
            let (cases, next, outcomes, original, ours) = (&cases, &next, &outcomes, &original, &ours);
            scope.spawn(move || {
                let lab = lab::Lab::new(worker);
                while let Some(path) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = run(&lab, path, original, ours);
                    println!("{}", outcome.text);
                    outcomes.lock().unwrap().push(outcome);
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().unwrap();
    let failed: Vec<&str> = outcomes.iter().filter(|o| o.failed).map(|o| o.name.as_str()).collect();
    println!("{} cases, {} with differences that nobody explains", outcomes.len(), failed.len());
    assert!(failed.is_empty(), "{failed:#?}");
}

fn cases() -> Vec<PathBuf> {
    let only = std::env::var("COMPARE_ONLY").unwrap_or_default();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compare/cases");
    let mut cases: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.extension().is_some_and(|e| e == "case") && path.to_string_lossy().contains(&only));
    cases.sort();
    cases
}

fn run(lab: &lab::Lab, path: &Path, original: &str, ours: &str) -> Outcome {
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let case = Case::parse(&std::fs::read_to_string(path).unwrap()).unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
    let both = || {
        [original, ours].map(|program| {
            let played = std::panic::catch_unwind(|| client::play(lab, &case, program));
            played.unwrap_or_else(|_| vec![format!("{program} did not come through: see above")])
        })
    };
    let [mut left, right] = both();
    let mut difference = diff::compare(&left, &right, &case.allowed);
    let mut verdict = "ok";
    if difference.failed {
        // On a busy machine an answer may come after the client's patience: what
        // differs is played once more, and must differ again to count.
        let again = both();
        difference = diff::compare(&again[0], &again[1], &case.allowed);
        verdict = if difference.failed { "DIFFERENT" } else { "ok at the second try" };
        [left, _] = again;
    }
    let mut text = format!("{verdict} {name}: {}", case.about);
    if std::env::var("COMPARE_SHOW").is_ok() {
        text.extend(left.iter().map(|line| format!("\n    {line}")));
    }
    text.push_str(&difference.text);
    Outcome { name, failed: difference.failed, text }
}
