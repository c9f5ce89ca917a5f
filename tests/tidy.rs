//! The rules of the house that run as a test: floors, where `unsafe` may stand,
//! what the code that meets packets must not contain, and that every log line
//! and every directive is reached by some test. Each rule names all offenders
//! with file and line. A rule is here when breaking it would hurt a user or the
//! floor plan; everything else is judged by eye.

#[path = "tidy/coverage.rs"]
mod coverage;
#[path = "tidy/rules.rs"]
mod rules;
#[path = "tidy/source.rs"]
mod source;

use source::{Source, is_word, read_all};

/// Fails with one line for each offender.
fn none(rule: &str, offenders: Vec<String>) {
    assert!(offenders.is_empty(), "{rule}:\n  {}\n", offenders.join("\n  "));
}

/// The code that turns bytes from outside into answers: no way to panic.
fn meets_packets(source: &Source) -> bool {
    matches!(source.module(), "wire" | "dns" | "dhcp" | "dhcp4" | "tftp" | "outbox" | "store")
}

/// What each module may import beside itself, `base` and `limits`.
fn floor(module: &str) -> Option<&'static [&'static str]> {
    Some(match module {
        "base" | "limits" => &[],
        "wire" => &["base"],
        "config" | "store" | "outbox" => &["base", "wire"],
        "dhcp" => &["base", "wire", "config", "store", "outbox"],
        "dns" | "dhcp4" | "tftp" => &["base", "wire", "config", "store", "outbox", "dhcp"],
        "platform" => &["base", "wire"],
        "daemon" => &["base", "wire", "config", "store", "outbox", "dhcp", "dns", "dhcp4", "tftp", "platform"],
        _ => return None,
    })
}

/// The modules of the top floor named behind `crate::` at this place: one, or
/// those of a braced list.
fn imported(source: &Source, behind: usize) -> Vec<String> {
    let word = |from: &[u8]| -> String {
        from.iter().take_while(|octet| is_word(**octet)).map(|octet| char::from(*octet)).collect()
    };
    let rest = source.after(behind);
    if rest.first() != Some(&b'{') {
        return vec![word(rest)];
    }
    let mut depth = 0usize;
    let mut names = Vec::new();
    for (at, octet) in rest.iter().enumerate() {
        match octet {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        match (depth, octet) {
            (0, _) => break,
            (1, b'{' | b',') => names.push(word(rest[at + 1..].trim_ascii_start())),
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

#[test]
fn floors() {
    let mut offenders = Vec::new();
    for source in read_all("src") {
        let module = source.module();
        if matches!(module, "main" | "lib") {
            continue;
        }
        let Some(allowed) = floor(module) else {
            offenders.push(format!("{}: no floor is known for this module", source.path));
            continue;
        };
        for at in source.find("crate::") {
            if at > 0 && is_word(source.code[at - 1]) {
                continue;
            }
            for name in imported(&source, at + "crate::".len()) {
                let fine = name == module || name == "limits" || allowed.contains(&name.as_str());
                if !fine {
                    offenders.push(format!("{}: {module} must not know {name}", source.place(at)));
                }
            }
        }
        // The way around: climbing out of the module by `super`.
        let depth = source.path.matches('/').count() + usize::from(!source.path.ends_with("mod.rs"));
        for at in source.find(&"super::".repeat(depth)) {
            offenders.push(format!("{}: climbs out of its module", source.place(at)));
        }
    }
    none("A module imports only from the floors below it", offenders);
}

#[test]
fn main_uses_the_library_through_its_two_doors() {
    let offenders = read_all("src").into_iter().filter(|source| source.path == "src/main.rs").flat_map(|source| {
        let uses = source.find("ironmasq::");
        let bad = uses.into_iter().filter(|at| {
            imported(&source, at + "ironmasq::".len())
                .iter()
                .any(|name| !matches!(name.as_str(), "daemon" | "config" | "platform" | "main_is"))
        });
        bad.map(|at| source.place(at)).collect::<Vec<_>>()
    });
    none("main imports daemon, config, the allocator and the way in only", offenders.collect());
}

#[test]
fn unsafe_only_in_platform_and_with_a_reason() {
    let mut offenders = Vec::new();
    for source in read_all("src") {
        for token in source.tokens().filter(|token| matches!(token.word, "unsafe" | "libc")) {
            if source.module() != "platform" {
                offenders.push(format!("{}: {}", source.place(token.at), token.word));
            } else if token.word == "unsafe" && !declares(&source, token.at) && !has_reason(&source, token.at) {
                offenders.push(format!("{}: no SAFETY line above", source.place(token.at)));
            }
        }
    }
    none("`unsafe` and `libc` stand in src/platform, each block with a SAFETY line", offenders);
}

/// `unsafe fn`: a promise that the caller makes, not a block.
fn declares(source: &Source, at: usize) -> bool {
    source.after(at + "unsafe".len()).starts_with(b"fn ")
}

/// A comment with `SAFETY:` on the same line or in the comment above the
/// statement.
fn has_reason(source: &Source, at: usize) -> bool {
    let line = source.line_of(at);
    let lines: Vec<&str> = source.text.lines().collect();
    let mut above = lines[..line - 1].iter().rev().map(|line| line.trim());
    lines[line - 1].contains("SAFETY:")
        // The statement may begin a few lines above the word.
        || above.by_ref().take(4).any(|line| line.contains("SAFETY:"))
        || above.take_while(|line| line.starts_with("//")).any(|line| line.contains("SAFETY:"))
}

#[test]
fn features_are_named_in_three_places() {
    let mut offenders = Vec::new();
    for source in read_all("src") {
        let allowed = matches!(source.path.as_str(), "src/lib.rs" | "src/main.rs" | "src/config/rows/mod.rs")
            || source.module() == "daemon";
        for token in source.tokens().filter(|token| token.word == "feature" && !allowed) {
            let before = source.before(token.at);
            if matches!(before.last(), Some(b'(' | b',')) && source.after(token.at + 7).starts_with(b"=") {
                offenders.push(source.place(token.at));
            }
        }
    }
    none("cfg(feature) stands in lib.rs, main.rs, config/rows/mod.rs and daemon/ only", offenders);
}

#[test]
fn every_file_says_what_it_is() {
    let files = ["src", "tests"].into_iter().flat_map(read_all);
    // What fits on one hand, and tests beside the file they test, need no introduction.
    let needs = |source: &Source| !source.path.ends_with("_tests.rs") && source.text.lines().count() > 5;
    let silent = files.filter(|source| needs(source) && !source.text.starts_with("//! "));
    none("A file opens with a `//!` comment that says what it is", silent.map(|source| source.path).collect());
}

#[test]
fn no_file_is_longer_than_six_hundred_lines() {
    let files = ["src", "tests"].into_iter().flat_map(read_all);
    let long = files.map(|source| (source.text.lines().count(), source)).filter(|(lines, _)| *lines > 600);
    none("No file has more than 600 lines", long.map(|(lines, source)| format!("{}: {lines}", source.path)).collect());
}

#[test]
fn nothing_is_left_for_later() {
    let mut offenders = Vec::new();
    for source in ["src", "tests"].into_iter().flat_map(read_all) {
        for mark in [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:"), concat!("HA", "CK")] {
            let comments = String::from_utf8_lossy(&source.comments);
            offenders.extend(comments.match_indices(mark).map(|(at, _)| format!("{}: {mark}", source.place(at))));
        }
        let later = source.tokens().filter(|token| matches!(token.word, "todo" | "unimplemented"));
        offenders.extend(later.map(|token| format!("{}: {}", source.place(token.at), token.word)));
    }
    none("Nothing is left for later", offenders);
}

#[test]
fn what_meets_packets_cannot_panic() {
    let mut offenders = Vec::new();
    for source in read_all("src").iter().filter(|source| meets_packets(source)) {
        let mut blame = |at: usize, what: &str| {
            if !source.is_test(at) {
                offenders.push(format!("{}: {what}", source.place(at)));
            }
        };
        for token in source.tokens() {
            let called = |mark: &[u8]| source.after(token.at + token.word.len()).starts_with(mark);
            match token.word {
                "unwrap" | "expect" if called(b"(") => blame(token.at, token.word),
                "panic" | "unreachable" | "assert" | "assert_eq" | "assert_ne" if called(b"!") && !constant(source, token.at) => {
                    blame(token.at, token.word)
                }
                "split_at" | "split_at_mut" | "copy_within" | "swap" | "swap_remove" | "drain" | "remove" | "insert"
                    if source.before(token.at).ends_with(b".") && called(b"(") && is_slice_call(token.word) =>
                {
                    blame(token.at, token.word)
                }
                _ => {}
            }
        }
        for at in source.find("[") {
            if is_indexing(source, at) {
                blame(at, "indexing");
            }
        }
    }
    none("Code that meets packets cannot panic: no unwrap, expect, panic!, indexing or slicing", offenders);
}

/// Methods of slices that panic on a bad position and have a `checked` twin.
fn is_slice_call(word: &str) -> bool {
    matches!(word, "split_at" | "split_at_mut" | "copy_within")
}

/// `const _: () = assert!(…)`: checked by the compiler.
fn constant(source: &Source, at: usize) -> bool {
    source.before(at).ends_with(b"const _: () =")
}

/// A bracket behind a value: an index or a slice, not a type, an array, an
/// attribute or a macro's argument.
fn is_indexing(source: &Source, at: usize) -> bool {
    let before = &source.code[..at];
    // An empty array, sliced whole.
    if before.ends_with(b"&[]") && source.code[at..].starts_with(b"[..]") {
        return false;
    }
    match before.last() {
        Some(b')' | b']' | b'?') => {}
        Some(octet) if is_word(*octet) => {}
        _ => return false,
    }
    let word_len = before.iter().rev().take_while(|octet| is_word(**octet)).count();
    let (head, word) = before.split_at(before.len() - word_len);
    let keyword = matches!(word, b"in" | b"mut" | b"return" | b"match" | b"else" | b"dyn" | b"const" | b"static" | b"as");
    !keyword && head.last() != Some(&b'\'')
}

#[test]
fn engines_write_text_by_hand() {
    const BANNED: [&str; 8] = ["format", "println", "eprintln", "print", "write", "writeln", "format_args", "to_string"];
    let mut offenders = Vec::new();
    for source in read_all("src").iter().filter(|source| meets_packets(source) || source.module() == "base") {
        for token in source.tokens().filter(|token| !source.is_test(token.at)) {
            let called = |mark: &[u8]| source.after(token.at + token.word.len()).starts_with(mark);
            let macro_call = BANNED.contains(&token.word) && called(b"!");
            let formatter = token.word == "fmt" && !source.before(token.at).ends_with(b"fn");
            if macro_call || formatter || (token.word == "to_string" && called(b"(")) {
                offenders.push(format!("{}: {}", source.place(token.at), token.word));
            }
        }
    }
    none("Text is built through base::text, not through core::fmt", offenders);
}

#[test]
fn every_log_line_is_in_a_golden_text() {
    none("A log line that no test spells out", coverage::lines_without_golden_text());
}

#[test]
fn every_log_line_is_said() {
    none("A log line that nobody says", coverage::lines_nobody_says());
}

#[test]
fn every_directive_in_force_has_a_scenario() {
    none("A directive in force that no scenario uses", coverage::directives_without_scenario());
}

#[test]
fn every_numbered_rule_of_dns_is_shown() {
    none("Every numbered rule has a scenario or a case", rules::without_proof());
}

#[test]
fn the_scanner_knows_code_from_text() {
    let text = concat!(
        "//! a[0]\nfn f<'a>(x: &'a [u8]) -> u8 { let q = '\"'; let s = \"b[1] \\\" {\"; x[2] /* c[3] */ }\n",
        "#[cfg(test)]\nmod tests { fn g() { y[4]; } }\nuse crate::{base::{bytes, text}, wire};\n"
    );
    let source = Source::new("src/dns/x.rs".into(), text.into());
    let found: Vec<usize> = source.find("[").into_iter().filter(|at| is_indexing(&source, *at)).collect();
    let code = |at: usize| &source.text[at + 1..at + 2];
    assert_eq!(found.iter().map(|at| code(*at)).collect::<Vec<_>>(), ["2", "4"]);
    assert_eq!(found.iter().map(|at| source.is_test(*at)).collect::<Vec<_>>(), [false, true]);
    let at = source.find("crate::")[0];
    assert_eq!(imported(&source, at + 7), ["base", "wire"]);
    assert_eq!(source.module(), "dns");
}
