//! Renderings of the rows: `--help`, `--help dhcp`, `--version`; in tests also
//! the table in the README.

use super::rows::{ALL, HAS_DHCP4, HAS_TFTP};
use crate::base::text;
use crate::wire::dhcp4_options::{KNOWN, NEXT_SERVER};

/// Column where the words of `--help` start.
const COLUMN: usize = 46;

/// Columns of a line of names.
const LINE: usize = 78;

/// The text of `--help`.
pub fn help() -> String {
    let mut text = String::from("Usage: dnsmasq [options]\n\n");
    for row in ALL.iter().filter(|row| row.in_force()) {
        let letter = match row.short {
            0 => String::from("    "),
            short => ['-', char::from(short), ',', ' '].iter().collect(),
        };
        let left = [&letter, "--", row.form].concat();
        text.push_str(&left);
        let width = left.chars().count();
        if width >= COLUMN {
            text.push('\n');
            text.extend(std::iter::repeat_n(' ', COLUMN));
        } else {
            text.extend(std::iter::repeat_n(' ', COLUMN.saturating_sub(width)));
        }
        text.push_str(row.help);
        text.push('\n');
    }
    text.push_str("\nKnown and not in this program:\n");
    let mut width = 0;
    for row in ALL.iter().filter(|row| !row.in_force()) {
        width += row.name().len() + 1;
        if width > LINE {
            text.push('\n');
            width = row.name().len();
        } else if width > row.name().len() + 1 {
            text.push(' ');
        }
        text.push_str(row.name());
    }
    text.push('\n');
    text
}

/// The text of `--help dhcp`.
pub fn dhcp_names() -> String {
    let mut all = String::from("Known DHCP options:\n");
    for named in KNOWN.iter().chain([&NEXT_SERVER]).filter(|named| !named.internal) {
        let code = text::string(&|out| text::decimal(out, named.code.into()));
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

/// The words of `Compile time options:`. OpenWrt's init script drops every
/// directive whose word says `no-`, so they must be true.
pub fn parts() -> String {
    let (dhcp, tftp) = (if HAS_DHCP4 { "DHCP" } else { "no-DHCP" }, if HAS_TFTP { "TFTP" } else { "no-TFTP" });
    [
        "IPv6 GNU-getopt no-DBus no-UBus no-i18n no-IDN ",
        dhcp,
        " no-DHCPv6 no-Lua ",
        tftp,
        " no-conntrack no-ipset no-nftset no-auth no-DNSSEC no-loop-detect inotify no-dumpfile",
    ]
    .concat()
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
    use crate::config::row::{Apply, Row};

    const FROM: &str = "<!-- options -->\n";
    const TO: &str = "<!-- /options -->\n";

    /// What the README says about a row.
    fn state(row: &Row) -> &'static str {
        match row.apply {
            _ if row.not_yet => "not yet",
            Apply::NotYet => "not yet",
            Apply::Warns => "ignored with a warning",
            Apply::Holds => "holds anyway",
            _ => "yes",
        }
    }

    fn table() -> String {
        let in_force = ALL.iter().filter(|row| row.in_force()).count();
        let mut text = format!("{in_force} of {} options are in force.\n\n", ALL.len());
        text.push_str("| option | letter | in force | what it is for |\n|---|---|---|---|\n");
        for row in ALL {
            let letter = if row.short == 0 { String::new() } else { format!("`-{}`", char::from(row.short)) };
            let form = row.form.replace('|', "\\|");
            text.push_str(&format!("| `{form}` | {letter} | {} | {} |\n", state(row), row.help.replace('|', "\\|")));
        }
        text
    }

    /// The table of options in the README is what the rows render.
    /// `REGENERATE=1 cargo test --lib readme` writes it.
    #[test]
    fn the_readme_shows_the_rows() {
        if !(HAS_DHCP4 && HAS_TFTP) {
            return; // The table is that of the whole program.
        }
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
        let readme = std::fs::read_to_string(path).unwrap();
        let (before, rest) = readme.split_once(FROM).expect("the README marks the table");
        let (shown, behind) = rest.split_once(TO).expect("the README marks the table's end");
        let table = table();
        if std::env::var_os("REGENERATE").is_some() {
            std::fs::write(path, format!("{before}{FROM}{table}{TO}{behind}")).unwrap();
        } else {
            assert!(shown == table, "the README's table is old: REGENERATE=1 cargo test --lib readme");
        }
    }

    #[test]
    fn version_has_the_two_lines_that_programs_read() {
        let text = version();
        let mut lines = text.lines();
        assert!(lines.next().unwrap().starts_with("Dnsmasq version 2.93"));
        let parts = lines.next().unwrap().strip_prefix("Compile time options: ").unwrap();
        assert!(parts.split(' ').all(|part| !part.is_empty()), "single blanks");
        assert!(parts.split(' ').any(|part| part == "no-DHCPv6"));
    }

    #[test]
    fn help_names_every_directive() {
        let text = help();
        assert!(ALL.iter().all(|row| text.contains(row.name())));
        assert!(text.is_ascii() && text.lines().all(|line| line.len() <= 120), "lines fit any terminal");
        assert!(dhcp_names().contains("  3 router\n") && !dhcp_names().contains("hostname"));
    }
}
