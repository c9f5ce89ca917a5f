//! What is written from the rows for people and shells: the table of options in
//! the README, the manual page, the completion for bash. For tests only: each
//! compares what it renders with the file, and with REGENERATE=1 writes it.

use super::row::{Apply, Repeat, Row};
use super::rows::{SORTED, HAS_AUTH, HAS_CONNTRACK, HAS_DHCP4, HAS_SCRIPT, HAS_SETS, HAS_TFTP, HAS_UBUS, TABLES};

/// The file at `path` shows `rendered` between `from` and `to`; otherwise it is
/// old, or is made anew.
fn shows(path: &str, from: &str, to: &str, rendered: &str) {
    if !(HAS_DHCP4 && HAS_TFTP && HAS_AUTH && HAS_SCRIPT && HAS_SETS && HAS_CONNTRACK && HAS_UBUS) {
        return; // What is written describes the whole program.
    }
    let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(from).expect("the file marks where the rows begin");
    let (shown, behind) = rest.split_once(to).expect("the file marks where they end");
    if std::env::var_os("REGENERATE").is_some() {
        std::fs::write(&path, [before, from, rendered, to, behind].concat()).unwrap();
    } else {
        assert!(shown == rendered, "{path} is old: REGENERATE=1 cargo test --lib documents");
    }
}

/// What the README says about a row.
fn state(row: &Row) -> &'static str {
    match row.apply {
        Apply::Holds => "holds anyway",
        _ => row.state().unwrap_or("yes"),
    }
}

#[test]
fn the_readme_shows_the_rows() {
    let in_force = SORTED.iter().filter(|row| row.in_force()).count();
    let mut text = format!("{in_force} of {} options are in force.\n\n", SORTED.len());
    text.push_str("| option | letter | in force | cargo feature | what it is for |\n|---|---|---|---|---|\n");
    for row in SORTED {
        let letter = if row.short == 0 { String::new() } else { format!("`-{}`", char::from(row.short)) };
        let cell = |words: &str| words.replace('|', "\\|");
        let (form, help) = (cell(row.form), cell(row.help));
        text.push_str(&format!("| `{form}` | {letter} | {} | {} | {help} |\n", state(row), row.feature));
    }
    shows("README.md", "<!-- options -->\n", "<!-- /options -->\n", &text);
}

/// Text as roff takes it.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq").replace('^', "\\(ha").replace('~', "\\(ti")
}

/// A form: what the user puts in for himself in italics, the rest in bold.
fn form(form: &str) -> String {
    let mut text = String::from("\\fB\\-\\-");
    for octet in escaped(form).chars() {
        match octet {
            '<' => text.push_str("\\fI"),
            '>' => text.push_str("\\fB"),
            // A line may be broken here.
            ',' | ']' => text.extend([octet, '\\', ':']),
            _ => text.push(octet),
        }
    }
    text + "\\fR"
}

/// Paragraphs as filled lines of at most 78 columns.
fn paragraphs(text: &str) -> String {
    let mut page = String::new();
    for (number, paragraph) in text.split("\n\n").enumerate() {
        if number > 0 {
            page.push_str(".IP\n");
        }
        let mut line = String::new();
        for word in escaped(paragraph).split_ascii_whitespace() {
            if !line.is_empty() && line.len() + 1 + word.len() > 78 {
                page.push_str(&line);
                page.push('\n');
                line.clear();
            }
            match line.is_empty() {
                // A dot in front would be a request.
                true if word.starts_with('.') => line.push_str("\\&"),
                true => {}
                false => line.push(' '),
            }
            line.push_str(word);
        }
        page.push_str(&line);
        page.push('\n');
    }
    page
}

/// A row in the manual page.
fn entry(row: &Row) -> String {
    let letter = if row.short == 0 { String::new() } else { format!("\\fB\\-{}\\fR, ", char::from(row.short)) };
    let mut text = format!(".TP\n{letter}{}\n", form(row.form));
    text.push_str(&paragraphs(row.manual));
    if row.repeat == Repeat::Once {
        text.push_str(".IP\nMay be given once.\n");
    }
    match (row.state(), row.feature) {
        (Some("not yet"), _) => text.push_str(".IP\nNot supported yet: it is read and checked, and a start is refused.\n"),
        (Some(state), _) => text.push_str(&format!(".IP\nNot supported yet: {state}.\n")),
        (None, "") => {}
        (None, feature) => text.push_str(&format!(".IP\nNeeds a build with the feature {feature}.\n")),
    }
    text
}

#[test]
fn the_manual_page_explains_the_rows() {
    let mut text = String::new();
    for (heading, rows) in TABLES.iter().copied() {
        text.push_str(&format!(".SS {}\n", escaped(heading)));
        for row in rows {
            text.push_str(&entry(row));
        }
    }
    shows("src/manual/ironmasq.8", ".\\\" options\n", ".\\\" /options\n", &text);
}

#[test]
fn every_option_is_explained() {
    let short = |row: &&Row| row.manual.len() < 60 || !row.manual.ends_with('.') || !row.manual.is_ascii();
    let poor: Vec<_> = SORTED.iter().copied().filter(short).map(Row::name).collect();
    assert!(poor.is_empty(), "{} options are not explained in whole sentences: {poor:?}", poor.len());
}

/// What may stand first in the value of a row, as its form says: the words
/// between `|`, placeholders in angle brackets.
fn first_values(row: &Row) -> Vec<&'static str> {
    let Some((_, value)) = row.form.split_once('=') else { return Vec::new() };
    let first = value.split([',', '[', ']', '#']).next().unwrap_or_default();
    first.split('|').collect()
}

/// The names of the rows that `which` picks, a line of them.
fn names(which: impl Fn(&Row) -> bool) -> String {
    let names: Vec<_> = SORTED.iter().copied().filter(|row| which(row)).map(Row::name).collect();
    names.join(" ")
}

#[test]
fn the_completion_knows_the_rows() {
    let takes = |row: &Row| row.form.contains('=');
    let mut text = format!("_ironmasq_plain='{}'\n", names(|row| !takes(row) || row.form.contains("[=")));
    text.push_str(&format!("_ironmasq_valued='{}'\n", names(takes)));
    let kinds: [(&str, &[&str]); 5] = [
        ("file", &["<file>", "<path>", "<program>"]),
        ("dir", &["<dir>"]),
        ("interface", &["<interface>"]),
        ("user", &["<user>"]),
        ("group", &["<group>"]),
    ];
    for (kind, placeholders) in kinds {
        let names = names(|row| first_values(row).iter().any(|value| placeholders.contains(value)));
        assert!(!names.is_empty(), "{kind}");
        text.push_str(&format!("_ironmasq_{kind}='{names}'\n"));
    }
    let mut words = Vec::new();
    let mut letters = Vec::new();
    for row in SORTED {
        let is_word = |word: &str| word.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'_');
        let fixed: Vec<_> = first_values(row).into_iter().filter(|word| !word.is_empty() && is_word(word)).collect();
        if !fixed.is_empty() {
            words.push(format!("{}={}", row.name(), fixed.join(",")));
        }
        if row.short != 0 && takes(row) {
            letters.push(format!("{}={}", char::from(row.short), row.name()));
        }
    }
    text.push_str(&format!("_ironmasq_words='{}'\n", words.join(" ")));
    text.push_str(&format!("_ironmasq_letters='{}'\n", letters.join(" ")));
    shows("src/manual/ironmasq.bash", "# options\n", "# /options\n", &text);
}
