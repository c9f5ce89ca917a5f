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

#[path = "config_oracle/arguments.rs"]
mod arguments;
#[path = "config_oracle/corpus.rs"]
mod corpus;
#[path = "config_oracle/files.rs"]
mod files;
#[path = "config_oracle/starts.rs"]
mod starts;
#[path = "config_oracle/table.rs"]
mod table;
#[path = "config_oracle/trees.rs"]
mod trees;
#[path = "config_oracle/verdict.rs"]
mod verdict;

use verdict::{Verdict, ours};

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
