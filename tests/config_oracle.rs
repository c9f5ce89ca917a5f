//! What configuration lines are taken and what is said about the others: ours
//! against the verdicts stored in `config_lines/*.tsv`, and these against the
//! real dnsmasq where it is installed. Then a corpus of real configurations,
//! where it is at hand.
//!
//! `REGENERATE=1 cargo test --test config_oracle lines` writes our verdicts of
//! all lines anew (and asks dnsmasq about lines it was not asked about), with
//! `LINES_OF=pxe` those of one table; `says_so` instead of `lines` asks it about
//! all. Look at the difference before committing it, and give a reason for each
//! line whose third column is not `=`.

#[path = "config_oracle/corpus.rs"]
mod corpus;
#[path = "config_oracle/files.rs"]
mod files;
#[path = "config_oracle/table.rs"]
mod table;
#[path = "config_oracle/verdict.rs"]
mod verdict;

use std::path::Path;
use verdict::{Verdict, ours, theirs};

#[test]
fn command_lines() {
    // Arguments, our verdict, and whether dnsmasq 2.90 says the same.
    let cases: [(&[&str], &str); 24] = [
        (&[], "ok"),
        (&["-p", "53", "-kd"], "ok"),
        (&["--port", "5353"], "ok"),
        (&["--cache-siz=10"], "ok"),
        (&["-c10"], "ok"),
        (&["-u", "nobody"], "ok"),
        (&["--user", "nobody"], "junk found in command line"),
        (&["junk"], "junk found in command line"),
        (&["-p"], "bad command line options: try --help"),
        (&["--port"], "bad command line options: try --help"),
        (&["--port=x"], "bad command line options: try --help"),
        (&["--dhcp-le=x"], "bad command line options: try --help"),
        (&["--no-resolv=1"], "bad command line options: try --help"),
        (&["--no-such-thing"], "bad command line options: try --help"),
        (&["-%"], "bad command line options: try --help"),
        (&["-p", "5", "-p", "6"], "bad command line options: illegal repeated flag"),
        (&["--dhcp-leasefile=/x", "-l", "/y"], "bad command line options: illegal repeated flag"),
        (&["--server=1.1.1.1#x"], "bad command line options: bad port"),
        (&["-F", "10.0.0.2,10.0.0.9,1h", "--dhcp-range", "10.1.0.2,10.1.0.9"], "ok"),
        (&["--dhcp-range=10.0.0.2"], "bad command line options: bad dhcp-range"),
        (&["--conf-file=", "--pid-file="], "ok"),
        (&["-q", "--log-queries=extra"], "ok"),
        (&["--domain-suffix=x", "-s", "y"], "ok"),
        (&["-C", "/nonexistent/file"], "cannot read /nonexistent/file: No such file or directory"),
    ];
    for (args, expected) in cases {
        // Nothing of the machine's own configuration.
        let mut args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        if !args.iter().any(|arg| arg.starts_with("-C") || arg.starts_with("--conf-file")) {
            args.push("--conf-file=/dev/null".into());
        }
        let said = ours(&args);
        assert_eq!(said.first(), expected, "{args:?}");
        if Path::new("/usr/sbin/dnsmasq").exists() {
            assert_eq!(theirs(&args).first(), expected, "dnsmasq: {args:?}");
        }
    }
}

#[test]
fn everything_wrong_is_said_at_once_and_the_first_as_dnsmasq_does() {
    let file = verdict::Scratch::new("several.conf");
    std::fs::write(&file.path, "no-hosts\ncache-sise=5\nport=x\nno-hosts=1\n").unwrap();
    let Verdict::Refused(messages, exit) = ours(&["-C".into(), file.path.display().to_string()]) else {
        panic!("must be refused");
    };
    let shown: Vec<String> = messages.iter().map(|message| message.replace(&file.path.display().to_string(), "F")).collect();
    assert_eq!(shown, [
        "bad option at line 2 of F",
        "did you mean cache-size?",
        "error at line 3 of F",
        "expected: port=<n> with <n> from 0 to 65535",
        "extraneous parameter at line 4 of F",
        "expected: no-hosts",
    ]);
    assert_eq!(exit, 1);
}
