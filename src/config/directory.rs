//! All directives by name: exact in files, abbreviated on the command line, and
//! the nearest one when somebody has mistyped.

use super::directive::{DIRECTIVES, Directive};

/// More letters wrong than this make another word.
const NEAR: usize = 3;

/// Longer than every name.
const NAME_MAX: usize = 32;

/// Finds rows.
#[derive(Default)]
pub struct Directory {
    /// The row found last: lists of one directive are long.
    last: Option<(&'static str, &'static Directive)>,
}

impl Directory {
    /// The directive of exactly this name.
    pub fn exact(&mut self, name: &[u8]) -> Option<&'static Directive> {
        if let Some((_, row)) = self.last.filter(|(last, _)| last.as_bytes() == name) {
            return Some(row);
        }
        let place = DIRECTIVES.binary_search_by_key(&name, |row| row.name().as_bytes()).ok()?;
        let row = DIRECTIVES.get(place)?;
        self.last = Some((row.name(), row));
        Some(row)
    }

    /// The directive of this name or, as GNU's `getopt_long` has it, the only
    /// one that begins so.
    pub fn abbreviated(&mut self, name: &[u8]) -> Option<&'static Directive> {
        if let Some(row) = self.exact(name) {
            return Some(row);
        }
        let mut fitting = DIRECTIVES.iter().filter(|row| row.name().as_bytes().starts_with(name));
        let first = fitting.next()?;
        // Two spellings of one directive are not ambiguous.
        let same = |row: &Directive| row.short == first.short && first.short != 0;
        fitting.all(same).then_some(first)
    }

    /// The directive with this letter.
    pub fn short(&self, letter: char) -> Option<&'static Directive> {
        let letter = u8::try_from(letter).ok().filter(|letter| *letter != 0)?;
        DIRECTIVES.iter().find(|row| row.short == letter)
    }

    /// The directive whose name is nearest to `name`, if any is near.
    pub fn nearest(&self, name: &[u8]) -> Option<&'static str> {
        let near = NEAR.min(name.len() / 2);
        let (mut least, mut found) = (near.saturating_add(1), None);
        for row in DIRECTIVES {
            let far = distance(name, row.name().as_bytes());
            if far < least {
                (least, found) = (far, Some(row.name()));
            }
        }
        found
    }
}

/// How many octets must be put in, taken out or changed to make `a` of `b`.
fn distance(a: &[u8], b: &[u8]) -> usize {
    if a.len().abs_diff(b.len()) > NEAR {
        return usize::MAX;
    }
    // One line of the table, the one above while it is written over.
    let mut line: [usize; NAME_MAX] = std::array::from_fn(|at| at.saturating_add(1));
    for (row, from) in a.iter().enumerate() {
        let (mut corner, mut left) = (row, row.saturating_add(1));
        for (to, cell) in b.iter().zip(&mut line) {
            let changed = corner.saturating_add(usize::from(from != to));
            corner = *cell;
            left = changed.min(left.saturating_add(1)).min(corner.saturating_add(1));
            *cell = left;
        }
    }
    b.len().checked_sub(1).and_then(|last| line.get(last)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::rows::SORTED;

    #[test]
    fn names_are_exact_in_files_and_short_on_the_command_line() {
        let mut directory = Directory::default();
        let mut of = |name: &str| directory.abbreviated(name.as_bytes()).map(|row| row.name());
        assert_eq!(of("cache-siz"), Some("cache-size"));
        assert_eq!(of("domain"), Some("domain"), "a whole name wins");
        assert_eq!(of("dhcp-le"), None);
        assert_eq!(of("dhcp-leasef"), Some("dhcp-leasefile"));
        assert!(directory.exact(b"cache-siz").is_none());
        assert_eq!(directory.short('C').map(|row| row.name()), Some("conf-file"));
        assert!(directory.short('%').is_none());
    }

    #[test]
    fn there_are_195_names_each_once_and_each_letter_means_one_thing() {
        let mut names: Vec<_> = SORTED.iter().map(|row| row.name()).collect();
        names.dedup();
        assert_eq!(names.len(), 195);
        assert!(SORTED.iter().all(|row| !row.help.is_empty()));
        assert!(SORTED.iter().all(|row| row.manual.is_empty() || row.manual.ends_with('.')), "whole sentences");
        let spellings = [("domain", "domain-suffix"), ("dhcp-lease", "dhcp-leasefile")];
        for row in SORTED.iter().filter(|row| row.short != 0) {
            for other in SORTED.iter().filter(|other| other.short == row.short && other.name() > row.name()) {
                assert!(spellings.contains(&(row.name(), other.name())), "{} and {}", row.name(), other.name());
            }
        }
    }

    #[test]
    fn a_mistyped_name_finds_the_one_meant() {
        let directory = Directory::default();
        assert_eq!(directory.nearest(b"cache-sise"), Some("cache-size"));
        assert_eq!(directory.nearest(b"dhcprange"), Some("dhcp-range"));
        assert_eq!(directory.nearest(b"p"), None);
        assert_eq!(directory.nearest(b"something-else"), None);
    }
}
