//! The numbered rules of the original's behaviour that concern DNS, and where each
//! is shown: `# rule: behaviours 6.3 (4)` (section and paragraph of the notes on
//! its source) and `# rule: observed 17` (numbered experiments with the running
//! program) at the head of scenarios and of cases beside it.

use crate::source::walk;
use std::collections::BTreeSet;
use std::path::Path;

/// Sections with their first and last paragraph.
const SECTIONS: [(&str, u8, u8); 28] = [
    ("3", 1, 8), ("3.1", 1, 1), ("3.2", 1, 1), ("4", 1, 8), ("5.1", 1, 8), ("5.2", 1, 5), ("5.3", 1, 2), ("6.1", 1, 7),
    ("6.2", 1, 4), ("6.3", 1, 8), ("6.4", 1, 3), ("6.5", 1, 3), ("6.6", 1, 6), ("6.7", 1, 1), ("7.1", 0, 15), ("7.2", 1, 11),
    ("7.3", 1, 1), ("7.4", 1, 2), ("7.5", 1, 3), ("7.6", 1, 4), ("7.7", 1, 1), ("7.8", 1, 1), ("17.1", 1, 4), ("17.2", 1, 5),
    ("17.3", 1, 1), ("17.5", 1, 1), ("17.6", 1, 1), ("18", 1, 7),
];

/// Experiments with DNS.
const OBSERVED: u8 = 54;

/// Rules that neither scenario nor case can show, and what does, or why nothing.
const ELSEWHERE: [(&str, &str); 9] = [
    ("behaviours 3 (4)", "SIGTERM: end_to_end/process.rs"),
    ("behaviours 3 (5)", "SIGINT: the start is ended by it; there is no clock of DNSSEC to start"),
    ("behaviours 3 (6)", "SIGALRM: not used here, deadlines are the loop's own"),
    ("behaviours 3 (7)", "SIGCHLD: programs are run by a helper, end_to_end/script.rs; DNS has no children"),
    ("behaviours 3 (8)", "SIGPIPE: broken connections, dns/hostile_tests.rs and end to end"),
    ("behaviours 5.2 (5)", "SLAAC names: no DHCPv6 here"),
    ("behaviours 6.5 (2)", "signed questions: dns/choice_tests.rs"),
    ("behaviours 17.1 (2)", "the form of the log file: end_to_end/process.rs"),
    ("behaviours 17.1 (3)", "lines that are lost: end_to_end/process.rs and start.rs"),
];

/// Rules that nothing shows, and names of rules that there are not.
pub fn without_proof() -> Vec<String> {
    let mut wanted: BTreeSet<String> = (1..=OBSERVED).map(|number| format!("observed {number}")).collect();
    for (section, first, last) in SECTIONS {
        wanted.extend((first..=last).map(|paragraph| format!("behaviours {section} ({paragraph})")));
    }
    let mut shown: BTreeSet<String> = ELSEWHERE.iter().map(|(rule, _)| rule.to_string()).collect();
    for (folder, ending) in [("tests/scenarios", "scn"), ("tests/compare/cases", "case")] {
        let mut paths = Vec::new();
        walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), ending, &mut paths);
        for path in paths {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            let rules = text.lines().filter_map(|line| line.strip_prefix("# rule: "));
            let numbered = rules.filter(|rule| rule.starts_with("behaviours ") || rule.starts_with("observed "));
            shown.extend(numbered.map(str::to_owned));
        }
    }
    let missing = wanted.difference(&shown).map(|rule| format!("nothing shows {rule}"));
    let unknown = shown.difference(&wanted).map(|rule| format!("there is no {rule}"));
    missing.chain(unknown).collect()
}
