//! Real configurations: for each, our verdict is that of dnsmasq, or names an
//! option that is not supported yet.

use crate::verdict::{Scratch, Verdict, ours};
use std::fs;
use std::path::Path;

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus");

/// Arguments for a file of the corpus; a configuration is copied to `scratch`.
fn arguments(name: &str, text: &str, scratch: &Path) -> Vec<String> {
    if name.starts_with("cmdlines/") {
        return text.lines().map(str::to_owned).collect();
    }
    let mut kept = String::new();
    if name.starts_with("uci-expected/") {
        // The configuration stands between two heads; the files and directories
        // that it names belong to OpenWrt and are not here.
        let body = text.lines().skip_while(|line| !line.starts_with("=== CONFIG")).skip(1);
        for line in body.take_while(|line| !line.starts_with("=== ")) {
            if !line.starts_with("conf-file=") && !line.starts_with("conf-dir=") {
                kept += &format!("{line}\n");
            }
        }
    } else {
        kept.push_str(text);
    }
    fs::write(scratch, kept).unwrap();
    vec!["-C".into(), scratch.display().to_string()]
}

/// True when our verdict is the expected one.
fn agrees(verdict: &Verdict, code: i32, message: &str) -> bool {
    match verdict {
        Verdict::Ok => code == 0 || code == 3,
        // What we do not have yet is refused by name.
        Verdict::Refused(messages, 1) if messages.iter().any(|said| said.contains(" is not supported yet")) => true,
        Verdict::Refused(messages, exit) => {
            // The words are those of dnsmasq up to the place.
            let words = |said: &str| said.split(" at line ").next().unwrap_or_default().to_owned();
            *exit == code && messages.first().is_some_and(|first| words(first) == words(message))
        }
    }
}

#[test]
fn corpus() {
    let Ok(expected) = fs::read_to_string(format!("{CORPUS}/EXPECT.tsv")) else {
        println!("the corpus of real configurations is not here: skipped");
        return;
    };
    let scratch = Scratch::new("corpus.conf");
    let empty = Scratch::new("corpus.d");
    fs::create_dir_all(&empty.path).unwrap();
    let (mut wrong, mut ok, mut not_yet) = (Vec::new(), 0, 0);
    for line in expected.lines().skip(1) {
        let mut columns = line.split('\t');
        let [name, code, _, message] = [(); 4].map(|()| columns.next().unwrap_or_default());
        let Ok(code) = code.parse::<i32>() else { continue };
        let text = String::from_utf8_lossy(&fs::read(format!("{CORPUS}/{name}")).unwrap()).into_owned();
        let text = text.replace("/tmp/emptyd", &empty.path.display().to_string());
        let verdict = ours(&arguments(name, &text, &scratch.path));
        match &verdict {
            verdict if !agrees(verdict, code, message) => {
                wrong.push(format!("{name}: expected {code} {message}, ours: {}", verdict.first()));
            }
            Verdict::Ok => ok += 1,
            Verdict::Refused(..) => not_yet += 1,
        }
    }
    println!("{ok} accepted, {not_yet} refused as expected or for an option that is not supported yet");
    assert!(wrong.is_empty(), "{} verdicts:\n{}", wrong.len(), wrong.join("\n"));
    assert!(ok > 10, "most of the corpus is refused");
}
