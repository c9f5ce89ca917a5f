//! Renderings of the rows in the program: `--help`, `--help dhcp`, `--version`.
//! Those that only tests write (README, manual page, completion) are in
//! `documents`.

use super::directive::{DIRECTIVES, Directive};
use super::rows::HAS_SCRIPT;
use crate::base::text;
use crate::wire::{dhcp4_options, dhcp6_options};

/// Column where the words of `--help` start.
const COLUMN: usize = 46;

/// The text of `--help`: every option, those not in force marked.
pub fn help() -> String {
    let mut text = String::from("Usage: dnsmasq [options]\n\n");
    for row in DIRECTIVES {
        help_line(&mut text, row);
    }
    text
}

fn help_line(text: &mut String, row: &Directive) {
    let begin = text.len();
    match row.short {
        0 => text.push_str("    "),
        short => text.extend(['-', char::from(short), ',', ' ']),
    }
    text.push_str("--");
    text.push_str(row.form());
    let mut width = text.len().saturating_sub(begin);
    if width >= COLUMN {
        text.push('\n');
        width = 0;
    }
    text.extend(std::iter::repeat_n(' ', COLUMN.saturating_sub(width)));
    text.push_str(row.help());
    if let Some(state) = row.state() {
        for part in [" (", state, ")"] {
            text.push_str(part);
        }
    }
    text.push('\n');
}

/// The text of `--help dhcp` or, with `six`, of `--help dhcp6`.
pub fn dhcp_names(six: bool) -> String {
    let (heading, known) = match six {
        true => ("Known DHCPv6 options:\n", &dhcp6_options::KNOWN),
        false => ("Known DHCP options:\n", &dhcp4_options::KNOWN),
    };
    let mut all = String::from(heading);
    for named in known.iter().filter(|named| !named.internal) {
        let code = text::number(named.code.into());
        all.extend(std::iter::repeat_n(' ', 3usize.saturating_sub(code.len())));
        for part in [&code, " ", named.name, "\n"] {
            all.push_str(part);
        }
    }
    all
}

/// The version of dnsmasq whose behaviour this is: programs that start it ask
/// for no less.
pub const DNSMASQ_VERSION: &str = "2.93";

/// The words of `Compile time options:` that may be `no-`, each with the
/// directive that is in force if the build has the part; some parts it never
/// has. OpenWrt's init script drops every directive whose word is missing, and
/// others ask for a word before they write one: they must be true.
const PARTS: [(&str, &str); 16] = [
    ("DBus", "enable-dbus"),
    ("UBus", "enable-ubus"),
    ("i18n", ""),
    ("IDN", ""),
    ("DHCP", "dhcp-range"),
    ("DHCPv6", "enable-ra"),
    (if HAS_SCRIPT { "Lua" } else { "scripts" }, "dhcp-luascript"),
    ("TFTP", "enable-tftp"),
    ("conntrack", "conntrack"),
    ("ipset", "ipset"),
    ("nftset", "nftset"),
    ("auth", "auth-zone"),
    ("DNSSEC", "dnssec"),
    ("loop-detect", "dns-loop-detect"),
    ("inotify", "resolv-file"),
    ("dumpfile", "dumpfile"),
];

/// The words of `Compile time options:`.
pub fn parts() -> String {
    let mut text = String::from("IPv6 GNU-getopt");
    for (word, name) in PARTS {
        let has = DIRECTIVES.iter().any(|row| row.name() == name && row.state().is_none());
        text.push_str(if has { " " } else { " no-" });
        text.push_str(word);
    }
    text
}

/// The text of `--version`. Two lines of it are an interface: the first, which
/// holds the version, and that of the parts.
pub fn version() -> String {
    [
        "Dnsmasq version ",
        DNSMASQ_VERSION,
        "  ironmasq ",
        env!("CARGO_PKG_VERSION"),
        ", a replacement for dnsmasq\nCompile time options: ",
        &parts(),
        "\n\nThis is ironmasq ",
        env!("CARGO_PKG_VERSION"),
        ", not the original program; it shares no code with it.\nLicence: MIT or Apache-2.0. There is no warranty.\n",
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::rows::SORTED;

    #[test]
    fn version_has_the_two_lines_that_programs_read() {
        let text = version();
        let mut lines = text.lines();
        assert!(lines.next().unwrap().starts_with("Dnsmasq version 2.93"));
        let parts = lines.next().unwrap().strip_prefix("Compile time options: ").unwrap();
        assert!(parts.split(' ').all(|part| !part.is_empty()), "single blanks");
        let named = PARTS.iter().filter(|(_, name)| !name.is_empty());
        assert!(named.clone().all(|(_, name)| SORTED.iter().any(|row| row.name() == *name)), "directives");
        for (word, name) in named {
            let has = SORTED.iter().any(|row| row.name() == *name && row.in_force());
            let word = if has { String::from(*word) } else { format!("no-{word}") };
            assert!(parts.split(' ').any(|part| part == word), "{word}");
        }
    }

    #[test]
    fn help_names_every_directive() {
        let text = help();
        assert!(SORTED.iter().all(|row| text.contains(&format!("--{}", row.form))));
        let long: Vec<_> = text.lines().filter(|line| line.len() > 132 || !line.is_ascii()).collect();
        assert!(long.is_empty(), "lines fit a terminal: {long:?}");
        for row in SORTED {
            let (_, behind) = text.split_once(&format!("--{} ", row.form)).or(text.split_once(&format!("--{}\n", row.form))).unwrap();
            let words = behind.lines().map(str::trim).find(|line| !line.is_empty()).unwrap();
            let marked = row.state().map_or(row.help.to_owned(), |state| format!("{} ({state})", row.help));
            assert_eq!(words, marked, "{}", row.name());
        }
        assert!(dhcp_names(false).contains("  3 router\n") && !dhcp_names(false).contains("hostname"));
        assert!(dhcp_names(true).ends_with(" 60 bootfile-param\n103 captive-portal\n"));
    }
}
