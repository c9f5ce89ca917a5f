//! The manual page and the completion as those read them who use them: `mandoc`
//! and `groff` find nothing wrong with the page, and bash completes. That both
//! say what the options are is tested beside the table of options.

use std::path::Path;
use std::process::{Command, Output};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/manual/ironmasq.8");
const COMPLETION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/manual/ironmasq.bash");

/// What a program says, if it is installed.
fn said(words: &[&str]) -> Option<Output> {
    let output = Command::new(words[0]).args(&words[1..]).output();
    if output.is_err() {
        println!("{} is not installed", words[0]);
    }
    output.ok()
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

#[test]
fn the_manual_page_is_right_for_mandoc_and_groff() {
    for words in [&["mandoc", "-T", "lint", PAGE][..], &["groff", "-man", "-Tutf8", "-ww", "-z", PAGE]] {
        let Some(output) = said(words) else { continue };
        let found = text(&output.stdout) + &text(&output.stderr);
        assert!(found.is_empty() && output.status.success(), "{}:\n{found}", words[0]);
    }
}

#[test]
fn the_manual_page_reads_as_it_should() {
    let Some(output) = said(&["mandoc", "-T", "ascii", PAGE]) else { return };
    // Bold and underlined letters are written twice, with a backspace between.
    let shown = text(&output.stdout);
    let mut plain = String::new();
    for letter in shown.chars() {
        if letter == '\u{8}' {
            plain.pop();
        } else {
            plain.push(letter);
        }
    }
    for heading in ["NAME", "SYNOPSIS", "DESCRIPTION", "CONFIGURATION", "OPTIONS", "SIGNALS", "EXIT STATUS", "FILES"] {
        assert!(plain.lines().any(|line| line == heading), "{heading}");
    }
    assert!(plain.contains("-C, --conf-file[=file]"), "placeholders lose their brackets");
    assert!(!plain.contains("\\f") && !plain.contains("\\-"), "no request is left over");
}

/// What bash offers when the last of `words` has been typed so far, which bash
/// has divided at equals signs.
fn offered(words: &[&str]) -> Vec<String> {
    let script = format!(
        ". {COMPLETION}; _ironmasq_net=$1; shift; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _ironmasq; \
         [ ${{#COMPREPLY[@]}} = 0 ] || printf '%s\\n' \"${{COMPREPLY[@]}}\""
    );
    let net = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");
    let output = Command::new("bash").args(["--norc", "-c", &script, "bash", net, "ironmasq"]).args(words).output().unwrap();
    assert!(output.stderr.is_empty(), "{words:?}: {}", text(&output.stderr));
    text(&output.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_options_and_their_values() {
    if !Path::new("/bin/bash").exists() {
        println!("bash is not installed");
        return;
    }
    assert_eq!(offered(&["--bind-"]), ["--bind-dynamic", "--bind-interfaces"]);
    assert_eq!(offered(&["--cache-s"]), ["--cache-size", "--cache-size="], "its value may be missing");
    assert_eq!(offered(&["--pid-f"]), ["--pid-file", "--pid-file="]);
    assert_eq!(offered(&["--edns"]), ["--edns-packet-max="]);
    assert!(offered(&["--"]).len() > 195);
    assert_eq!(offered(&["--no-such"]), [""; 0]);
    assert_eq!(offered(&["--local-service", "="]), ["net", "host"]);
    assert_eq!(offered(&["--local-service", "=", "h"]), ["host"]);
    assert_eq!(offered(&["--local-service=h"]), ["host"], "a shell that does not divide at equals signs");
    assert_eq!(offered(&["--user", "=", "roo"]), ["root"]);
    assert_eq!(offered(&["-u", "roo"]), ["root"]);
    assert_eq!(offered(&["--group", "=", "roo"]), ["root"]);
    let manual = concat!(env!("CARGO_MANIFEST_DIR"), "/src/man");
    assert_eq!(offered(&["--conf-dir", "=", manual]), [format!("{manual}ual")]);
    let page = PAGE.strip_suffix("8").unwrap();
    assert_eq!(offered(&["-C", page]).len(), 2, "the page and the completion");
    assert_eq!(offered(&["--conf-dir", "=", page]), [""; 0], "a file is no directory");
    // The directory of interfaces is that of the tests here.
    assert_eq!(offered(&["--interface", "=", "scenari"]), ["scenario", "scenario.rs", "scenarios"]);
    assert_eq!(offered(&["-i", "eth0,scenarios"]), ["eth0,scenarios"], "what is before the comma stays");
    assert_eq!(offered(&["--help", "d"]), ["dhcp", "dhcp6"]);
    assert_eq!(offered(&["--port", "=", "5"]), [""; 0], "a number is nobody's to guess");
    assert_eq!(offered(&["--no-hosts", "--no-res"]), ["--no-resolv"]);
}
