//! Names with an address each, packed one behind the other: about eight octets
//! and two thirds of one for each character that the name before does not have.
//!
//! An entry is an octet that says what it shares with the one before (the first
//! characters, the last labels, the address or the one below it), the address if
//! it is another, and what is left of the text in base 40: three characters in
//! two octets, with capitals and whatever else escaped. Each block of eight
//! begins without a look back, so an entry is reached through at most seven.

use crate::base::bytes::Reader;
use crate::base::hash;
use crate::wire::dns::name::{NAME_MAX, Name, NameBuf};
use arrayvec::ArrayVec;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Entries in a block.
const BLOCK: u32 = 8;

/// Steps of the count of first characters that are shared, and the most of them.
const STEP: usize = 3;
const STEPS: usize = 9;

/// Last labels that may be shared.
const LABELS: usize = 3;

/// How the address is told: as before; the next one, now first named; otherwise
/// in full, first named or not, IPv4 or IPv6.
const SAME: u8 = 0;
const NEXT: u8 = 1;
const V4: u8 = 2;
const V6: u8 = 4;

/// Symbols of base 40 that are no character of `CHARACTERS`.
const END: u16 = 0;
const ESCAPE: u16 = 39;
const CHARACTERS: &[u8; 39] = b"\0abcdefghijklmnopqrstuvwxyz0123456789-.";

/// The entries.
#[derive(Default)]
pub struct Entries {
    octets: Vec<u8>,
    /// Where each block begins.
    blocks: Vec<u32>,
    count: u32,
}

/// One entry, unpacked.
pub struct Entry {
    text: ArrayVec<u8, NAME_MAX>,
    /// The address.
    pub addr: IpAddr,
    /// No entry before it has this address.
    pub names_addr: bool,
}

impl Default for Entry {
    fn default() -> Self {
        Entry { text: ArrayVec::new(), addr: Ipv4Addr::UNSPECIFIED.into(), names_addr: false }
    }
}

impl Entry {
    /// True when it has this name, letter case aside.
    pub fn is(&self, name: Name) -> bool {
        let mut at = 0usize;
        self.text.len().saturating_add(2) == name.wire().len()
            && name.labels().all(|label| {
                let end = at.saturating_add(label.len());
                let own = self.text.get(at..end).is_some_and(|own| hash::same_folded(own, label));
                let is_whole = self.text.get(end).is_none_or(|dot| *dot == b'.') && !label.contains(&b'.');
                at = end.saturating_add(1);
                own && is_whole
            })
    }

    /// Puts its name, spelled as given, into `name`.
    pub fn name<'a>(&self, name: &'a mut NameBuf) -> Name<'a> {
        name.set_text(&self.text);
        name.name()
    }

    fn clear(&mut self) {
        self.text.clear();
        self.addr = Ipv4Addr::UNSPECIFIED.into();
    }
}

/// A place between two entries, with the one before it.
#[derive(Default)]
pub struct Walk {
    /// Number of the next entry.
    pub number: u32,
    at: usize,
    /// The entry before.
    pub entry: Entry,
}

impl Entries {
    /// How many there are.
    pub fn len(&self) -> u32 {
        self.count
    }

    /// Octets of memory.
    #[cfg(test)]
    pub fn bytes(&self) -> usize {
        self.octets.len().saturating_add(size_of_val(&*self.blocks))
    }

    /// Takes no more room than is needed.
    pub fn shrink(&mut self) {
        self.octets.shrink_to_fit();
        self.blocks.shrink_to_fit();
    }

    /// Goes over the entry with this number.
    pub fn go(&self, walk: &mut Walk, number: u32) -> Option<()> {
        let block = number / BLOCK;
        walk.at = *self.blocks.get(block as usize)? as usize;
        walk.number = block.saturating_mul(BLOCK);
        while walk.number <= number {
            self.step(walk)?;
        }
        Some(())
    }

    /// Goes over the next entry; nothing at the end.
    pub fn step(&self, walk: &mut Walk) -> Option<()> {
        if walk.number.is_multiple_of(BLOCK) {
            walk.entry.clear();
        }
        let entry = &mut walk.entry;
        let mut rest = Reader::at(&self.octets, walk.at)?;
        let head = usize::from(rest.u8()?);
        let (kind, shared, start) = (head / 40, head / 10 % 4, head % 10 * STEP);
        entry.names_addr = kind % 2 != 0;
        entry.addr = match (kind as u8 & !1, entry.addr) {
            (V4, _) => Ipv4Addr::from(rest.array::<4>()?).into(),
            (V6.., _) => Ipv6Addr::from(rest.array::<16>()?).into(),
            (_, IpAddr::V4(addr)) if entry.names_addr => next(addr).into(),
            (_, addr) => addr,
        };
        let mut tail = ArrayVec::<u8, NAME_MAX>::new();
        if shared > 0 {
            let mut dots = 0;
            let from = entry.text.iter().rposition(|octet| {
                dots += usize::from(*octet == b'.');
                dots == shared
            });
            tail.try_extend_from_slice(entry.text.get(from?..)?).ok()?;
        }
        entry.text.truncate(start);
        // 0: a character; 1: the first half of one comes; else that half and 2.
        let mut escaped = 0u16;
        let (mut three, mut left) = (0u16, 0);
        loop {
            if left == 0 {
                (three, left) = (rest.u16()?, 3);
            }
            let symbol = three / 1600;
            (three, left) = (three % 1600 * 40, left - 1);
            let octet = match (escaped, symbol) {
                (0, END) => break,
                (0, ESCAPE) => {
                    escaped = 1;
                    continue;
                }
                (0, symbol) => *CHARACTERS.get(usize::from(symbol))?,
                (1, symbol) => {
                    escaped = symbol.saturating_add(2);
                    continue;
                }
                (half, symbol) => half.saturating_sub(2).saturating_mul(40).saturating_add(symbol) as u8,
            };
            escaped = 0;
            entry.text.try_push(octet).ok()?;
        }
        entry.text.try_extend_from_slice(&tail).ok()?;
        walk.at = rest.position();
        walk.number = walk.number.saturating_add(1);
        Some(())
    }

    /// Appends an entry behind `walk`, which is at the end. False: there is no room
    /// for more than four thousand million octets.
    pub fn push(&mut self, walk: &mut Walk, name: Name, addr: IpAddr, names_addr: bool) -> bool {
        let Ok(at) = u32::try_from(self.octets.len()) else { return false };
        let Some(number) = self.count.checked_add(1) else { return false };
        if self.count.is_multiple_of(BLOCK) {
            walk.entry.clear();
            self.blocks.push(at);
        }
        let old = &mut walk.entry;
        let mut new = ArrayVec::<u8, NAME_MAX>::new();
        for label in name.labels() {
            if !new.is_empty() {
                let _ = new.try_push(b'.');
            }
            let _ = new.try_extend_from_slice(label);
        }
        let kind = match (old.addr, addr) {
            (before, addr) if before == addr && !names_addr => SAME,
            (IpAddr::V4(before), IpAddr::V4(addr)) if next(before) == addr && names_addr => NEXT,
            (_, addr) => (if addr.is_ipv4() { V4 } else { V6 }) + u8::from(names_addr),
        };
        let (shared, tail) = shared_labels(&old.text, &new);
        let text = new.get(..new.len().saturating_sub(tail)).unwrap_or_default();
        let same = text.iter().zip(&old.text).take_while(|(new, old)| new == old).count();
        let steps = (same / STEP).min(STEPS);
        self.octets.push(kind * 40 + shared * 10 + steps as u8);
        match addr {
            IpAddr::V4(addr) if kind >= V4 => self.octets.extend_from_slice(&addr.octets()),
            IpAddr::V6(addr) if kind >= V4 => self.octets.extend_from_slice(&addr.octets()),
            _ => {}
        }
        let mut out = Base40 { octets: &mut self.octets, three: 0, count: 0 };
        for octet in text.iter().skip(steps * STEP) {
            match symbol(*octet) {
                Some(symbol) => out.push(symbol),
                None => [ESCAPE, u16::from(*octet / 40), u16::from(*octet % 40)].into_iter().for_each(|s| out.push(s)),
            }
        }
        out.push(END);
        while out.count != 0 {
            out.push(END);
        }
        old.text.clear();
        let _ = old.text.try_extend_from_slice(&new);
        (self.count, old.addr) = (number, addr);
        true
    }
}

/// Writes symbols, three in two octets.
struct Base40<'a> {
    octets: &'a mut Vec<u8>,
    three: u16,
    count: u8,
}

impl Base40<'_> {
    fn push(&mut self, symbol: u16) {
        self.three = self.three * 40 + symbol;
        self.count += 1;
        if self.count == 3 {
            let [high, low] = self.three.to_be_bytes();
            self.octets.push(high);
            self.octets.push(low);
            (self.three, self.count) = (0, 0);
        }
    }
}

/// The symbol of a character, if it has one.
fn symbol(octet: u8) -> Option<u16> {
    Some(u16::from(match octet {
        b'a'..=b'z' => octet - b'a' + 1,
        b'0'..=b'9' => octet - b'0' + 27,
        b'-' => 37,
        b'.' => 38,
        _ => return None,
    }))
}

/// The address above.
fn next(addr: Ipv4Addr) -> Ipv4Addr {
    u32::from(addr).wrapping_add(1).into()
}

/// How many labels at the end are the same, at most `LABELS`, and their octets
/// with the dot before each.
fn shared_labels(old: &[u8], new: &[u8]) -> (u8, usize) {
    let (mut labels, mut octets) = (0u8, 0);
    let same = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new);
    for (place, (octet, _)) in same.enumerate() {
        if *octet == b'.' && usize::from(labels) < LABELS {
            labels += 1;
            octets = place.saturating_add(1);
        }
    }
    (labels, octets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Random;

    #[test]
    fn what_goes_in_comes_out() {
        let mut random = Random::seeded(8);
        let mut names: Vec<(Vec<u8>, IpAddr, bool)> = Vec::new();
        for number in 0..5000u32 {
            let pick = |random: &mut Random, from: &[&str]| from[random.below(from.len() as u32) as usize].to_string();
            let text = pick(&mut random, &["host", "Host", "a", "_x*\u{e9}", "very-long-name-of-some-host-"])
                + &random.below(50).to_string()
                + &pick(&mut random, &["", ".lan", ".example.lan", ".b.c.example.LAN", ".a.b.c.d.e.f"]);
            let low = random.below(3);
            let addr: IpAddr = match random.below(4) {
                0 => Ipv6Addr::from(u128::from(low)).into(),
                _ => Ipv4Addr::from(number.saturating_sub(low)).into(),
            };
            names.push((text.into_bytes(), addr, random.below(2) == 0));
        }
        names.push((b"a.".repeat(126).iter().copied().chain([b'Z']).collect(), [0; 4].into(), false));
        let (mut entries, mut end) = (Entries::default(), Walk::default());
        for (text, addr, first) in &names {
            assert!(entries.push(&mut end, NameBuf::from_text(text).unwrap().name(), *addr, *first));
        }
        let (mut walk, mut buffer) = (Walk::default(), NameBuf::default());
        for (number, (text, addr, first)) in names.iter().enumerate() {
            let name = NameBuf::from_text(text).unwrap();
            entries.step(&mut walk).unwrap();
            let mut other = Walk::default();
            entries.go(&mut other, number as u32).unwrap();
            for entry in [&walk.entry, &other.entry] {
                assert_eq!((entry.addr, entry.names_addr), (*addr, *first));
                assert_eq!(entry.name(&mut buffer).wire(), name.name().wire());
                assert!(entry.is(name.name()) && entry.is(NameBuf::from_name(name.name()).lower().name()));
            }
        }
        assert!(entries.step(&mut walk).is_none() && entries.go(&mut walk, names.len() as u32).is_none());
    }

    #[test]
    fn hosts_of_one_network_cost_four_octets() {
        let (mut entries, mut end) = (Entries::default(), Walk::default());
        for number in 0..10_000u32 {
            let name = NameBuf::from_text(format!("host{number}.example.lan").as_bytes()).unwrap();
            entries.push(&mut end, name.name(), Ipv4Addr::from(number).into(), true);
        }
        assert!(entries.bytes() < 65_000, "{}", entries.bytes());
    }

    #[test]
    fn a_label_with_a_dot_is_not_two_labels() {
        let (mut entries, mut end) = (Entries::default(), Walk::default());
        entries.push(&mut end, NameBuf::from_text(b"a.b").unwrap().name(), [1; 4].into(), true);
        let mut walk = Walk::default();
        entries.go(&mut walk, 0).unwrap();
        let entry = &walk.entry;
        assert!(entry.is(Name::new(b"\x01A\x01b\0").unwrap()) && !entry.is(Name::new(b"\x03a.b\0").unwrap()));
    }
}
