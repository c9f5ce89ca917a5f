//! Two lists of lines side by side: which differ, and whether somebody said
//! why. A word `~N` is a number that may be off by two: seconds that pass. In
//! the DNS log letters may differ in case: names are lower case since 2.91.

/// What came of a comparison.
pub struct Difference {
    pub failed: bool,
    pub text: String,
}

/// Compares what was seen with the original and with us.
pub fn compare(left: &[String], right: &[String], allowed: &[(String, String)]) -> Difference {
    let mut text = String::new();
    let mut failed = false;
    for (mark, line) in changes(left, right) {
        match allowed.iter().find(|(part, _)| line.contains(part.as_str())) {
            Some((_, reason)) => text.push_str(&format!("\n    ({mark} {line}   wanted: {reason})")),
            None => {
                failed = true;
                text.push_str(&format!("\n    {mark} {line}"));
            }
        }
    }
    Difference { failed, text }
}

/// The lines of one side only: `-` the original's, `+` ours.
fn changes<'a>(left: &'a [String], right: &'a [String]) -> Vec<(char, &'a str)> {
    // Longest common part, from the end.
    let mut best = vec![vec![0usize; right.len() + 1]; left.len() + 1];
    for l in (0..left.len()).rev() {
        for r in (0..right.len()).rev() {
            best[l][r] = match same(&left[l], &right[r]) {
                true => best[l + 1][r + 1] + 1,
                false => best[l + 1][r].max(best[l][r + 1]),
            };
        }
    }
    let (mut l, mut r, mut changes) = (0, 0, Vec::new());
    while l < left.len() || r < right.len() {
        if l < left.len() && r < right.len() && same(&left[l], &right[r]) {
            (l, r) = (l + 1, r + 1);
        } else if r == right.len() || (l < left.len() && best[l + 1][r] >= best[l][r + 1]) {
            changes.push(('-', left[l].as_str()));
            l += 1;
        } else {
            changes.push(('+', right[r].as_str()));
            r += 1;
        }
    }
    changes
}

fn same(left: &str, right: &str) -> bool {
    if left.contains(". dnsmasq: ") && left.eq_ignore_ascii_case(right) {
        return true;
    }
    let number = |word: &str| word.strip_prefix('~').and_then(|n| n.parse::<i64>().ok());
    let (left, right) = (left.split(' '), right.split(' '));
    left.clone().count() == right.clone().count()
        && left.zip(right).all(|(a, b)| {
            a == b || matches!((number(a), number(b)), (Some(a), Some(b)) if a.abs_diff(b) <= 2)
        })
}

#[test]
fn lines_that_differ_are_found_and_seconds_forgiven() {
    let lines = |text: &str| text.lines().map(String::from).collect::<Vec<_>>();
    let none = compare(&lines("a\nttl ~300\nb"), &lines("a\nttl ~298\nb"), &[]);
    assert!(!none.failed && none.text.is_empty());
    let some = compare(&lines("a\nb\nc"), &lines("a\nx\nc\nd"), &[("x".into(), "newer".into())]);
    assert!(some.failed);
    assert_eq!(some.text, "\n    - b\n    (+ x   wanted: newer)\n    + d");
    assert!(compare(&lines("ttl ~300"), &lines("ttl ~290"), &[]).failed);
}
