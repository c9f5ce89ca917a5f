//! The text of a hosts file (hosts(5)), as it streams by in pieces of any size.
//!
//! An address, then names, separated by white space; `#` starts a comment even
//! where it is glued to a word. No line is kept: only the word being read.

use super::hosts_builder::HostsBuilder;
use crate::base::text;
use crate::wire::dns::name::{LABEL_MAX, NAME_MAX, NameBuf};
use arrayvec::ArrayVec;
use std::net::IpAddr;

/// What is wrong with a word.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub enum Problem {
    /// The line does not start with an address; it is skipped.
    BadAddress,
    /// This cannot be a name; the next word is tried.
    BadName,
}

/// Where in a line the reader stands.
#[derive(Clone, Copy)]
enum Place {
    /// Before or in the first word.
    Address,
    /// Behind the address.
    Names(IpAddr),
    /// Nothing more counts until the line ends.
    Skip,
}

/// What names without a dot get: the domain that belongs to an address.
pub type DomainOf<'a> = &'a dyn Fn(IpAddr) -> Option<NameBuf>;

/// One file being read.
pub struct HostsFile {
    place: Place,
    /// The word being read.
    word: ArrayVec<u8, WORD_MAX>,
    too_long: bool,
    line: u32,
    names: u32,
}

/// Longest word that can be a name: 253 characters and a final dot.
const WORD_MAX: usize = NAME_MAX;

/// What reading needs besides the text.
pub struct Reading<'a> {
    /// The table.
    pub builder: &'a mut HostsBuilder,
    /// With `expand-hosts` it tells the domain for names without a dot; else it says
    /// none.
    pub domain_of: DomainOf<'a>,
    /// Hears of each problem and its line.
    pub report: &'a mut dyn FnMut(Problem, u32),
}

impl Default for HostsFile {
    fn default() -> Self {
        HostsFile { place: Place::Address, word: ArrayVec::new(), too_long: false, line: 1, names: 0 }
    }
}

impl HostsFile {
    /// Reads the next piece.
    pub fn feed(&mut self, piece: &[u8], with: &mut Reading) {
        for octet in piece {
            match octet {
                b'\n' => {
                    self.end_word(with);
                    self.place = Place::Address;
                    self.line = self.line.saturating_add(1);
                }
                b'#' => {
                    self.end_word(with);
                    self.place = Place::Skip;
                }
                b' ' | b'\t' | b'\r' | 0x0B | 0x0C => self.end_word(with),
                _ => self.too_long |= self.word.try_push(*octet).is_err(),
            }
        }
    }

    /// Ends the file. The names in it, counted as dnsmasq does: with those of
    /// `expand-hosts` and with duplicates.
    pub fn finish(&mut self, with: &mut Reading) -> u32 {
        self.end_word(with);
        self.names
    }

    fn end_word(&mut self, with: &mut Reading) {
        if self.word.is_empty() {
            return;
        }
        let problem = match self.place {
            Place::Skip => None,
            Place::Address => self.address(),
            Place::Names(addr) => self.name(addr, with),
        };
        if let Some(problem) = problem {
            (with.report)(problem, self.line);
        }
        self.word.clear();
        self.too_long = false;
    }

    fn address(&mut self) -> Option<Problem> {
        match text::parse_ip(&self.word).filter(|_| !self.too_long) {
            Some(addr) => {
                self.place = Place::Names(addr);
                None
            }
            None => {
                self.place = Place::Skip;
                Some(Problem::BadAddress)
            }
        }
    }

    fn name(&mut self, addr: IpAddr, with: &mut Reading) -> Option<Problem> {
        let bad = |octet: &u8| !matches!(octet, 0x21..=0x7E);
        let label_too_long = || self.word.split(|octet| *octet == b'.').any(|label| label.len() > LABEL_MAX);
        let text = self.word.strip_suffix(b".").unwrap_or(&self.word);
        if self.too_long || text.len() > NAME_MAX - 2 || self.word.iter().any(bad) || label_too_long() {
            return Some(Problem::BadName);
        }
        self.names = self.names.saturating_add(1);
        if !self.word.contains(&b'.')
            && let Some(domain) = (with.domain_of)(addr)
        {
            self.names = self.names.saturating_add(1);
            if let Some(full) = NameBuf::join(&self.word, domain.name()) {
                with.builder.add(full.name(), addr);
            }
        }
        // Quirk: a name with an empty label counts, and nobody can ask for it.
        if let Some(name) = NameBuf::from_text(&self.word).filter(|name| !name.name().is_root()) {
            with.builder.add(name.name(), addr);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::hash::Key;
    use crate::base::random::Random;
    use crate::store::hosts::Hosts;

    /// The table, the count and the problems of a file given in pieces of `size`.
    fn load(text: &[u8], size: usize, domain: Option<&str>) -> (Hosts, u32, Vec<(Problem, u32)>) {
        let mut builder = HostsBuilder::new(Key::new(&mut Random::seeded(1)));
        let mut problems = Vec::new();
        let domain_of = |_| domain.and_then(|domain| NameBuf::from_text(domain.as_bytes()));
        builder.source(b"/etc/hosts");
        let mut file = HostsFile::default();
        let mut report = |problem, line| problems.push((problem, line));
        let mut with = Reading { builder: &mut builder, domain_of: &domain_of, report: &mut report };
        text.chunks(size).for_each(|piece| file.feed(piece, &mut with));
        let names = file.finish(&mut with);
        (builder.freeze(), names, problems)
    }

    fn addrs(hosts: &Hosts, name: &str) -> Vec<String> {
        let name = NameBuf::from_text(name.as_bytes()).unwrap();
        let rings = [false, true].into_iter().filter_map(|v6| hosts.find(name.name(), v6));
        rings.flat_map(|ring| hosts.hosts(ring)).map(|host| host.addr.to_string()).collect()
    }

    const FILE: &[u8] = b"# c\n\n 1.2.3.4 lead  # x\n1.2.3.5 foo#bar baz\nbad x y\n1.2.3.6\n#1.2.3.7 no\n\
        1.2.3.8 a..b ok .x x. y.. end\n1.2.3.9 dup\n1.2.3.9 dup DUP\n\t\t1.2.3.10\ttabbed\r\n\
        1.2.3.11 *star under_score a!b 123\n1.2.3.12#glued name\n::1 foo";

    #[test]
    fn lines_are_read_as_dnsmasq_reads_them() {
        for size in [1, 2, 7, 4096] {
            let (hosts, names, problems) = load(FILE, size, None);
            assert_eq!((names, &problems[..]), (17, &[(Problem::BadAddress, 5)][..]));
            assert_eq!(addrs(&hosts, "foo"), ["1.2.3.5", "::1"]);
            for (name, addr) in [("tabbed", "1.2.3.10"), ("ok", "1.2.3.8"), ("x", "1.2.3.8"), ("123", "1.2.3.11")] {
                assert_eq!(addrs(&hosts, name), [addr], "{name}");
            }
            for none in ["baz", "y", "no", "name", "bar", "glued"] {
                assert!(addrs(&hosts, none).is_empty(), "{none}");
            }
            assert_eq!(hosts.len(), 12);
        }
    }

    #[test]
    fn bad_words_are_reported_with_their_line() {
        let long =
            |n: usize| [b"1.1.1.1 ".to_vec(), b"abcdefg.".repeat(31), vec![b'x'; n], b" next\n".to_vec()].concat();
        assert_eq!(load(&long(5), 4096, None).1, 2);
        assert_eq!(load(&long(6), 4096, None).2, [(Problem::BadName, 1)]);
        let text =
            [b"1.1.1.1 ok ".to_vec(), vec![b'x'; 64], b" b\x01c caf\xC3\xA9 d\n".to_vec(), vec![b'9'; 5000]].concat();
        let (_, names, problems) = load(&text, 4096, None);
        let bad = (Problem::BadName, 1);
        assert_eq!((names, &problems[..]), (2, &[bad, bad, bad, (Problem::BadAddress, 2)][..]));
        for addr in ["1.2.3.400", "01.2.3.4", "1.2.3", "::1%eth0"] {
            assert_eq!(load(format!("{addr} a").as_bytes(), 99, None).2, [(Problem::BadAddress, 1)], "{addr}");
        }
    }

    #[test]
    fn names_without_a_dot_get_the_domain_first() {
        let (hosts, names, _) = load(b"1.2.3.4 a b.c a\n::1 a\n1.2.3.4 a\n1.2.3.4 d.\n", 4096, Some("lan"));
        assert_eq!(names, 10);
        assert_eq!([addrs(&hosts, "a.lan"), addrs(&hosts, "a")], [["1.2.3.4", "::1"]; 2]);
        assert!(addrs(&hosts, "d.lan").is_empty() && addrs(&hosts, "d") == ["1.2.3.4"]);
        let mut name = NameBuf::default();
        let host = hosts.by_addr([1, 2, 3, 4].into(), &mut name).unwrap();
        assert_eq!((name.name().wire(), host.source), (&b"\x01a\x03lan\0"[..], &b"/etc/hosts"[..]));
    }
}
