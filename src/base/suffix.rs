//! Domain → numbers, by longest suffix, at 12 octets a domain, or at 8 where
//! most domains have the same number, as those of a block list have.
//!
//! A sorted array of keyed 64-bit fingerprints with one number each; no text is
//! kept, so a list of a million names is built while its file streams by.
//! Several entries may share a domain; they stand together in the order they
//! were added. Two different names share a fingerprint with a chance of
//! 1 in 2⁶⁴; the key is drawn at start, so nobody can aim for it.

use crate::base::hash::Key;

/// The frozen table.
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct SuffixTable {
    key: Key,
    /// Fingerprints, ascending.
    prints: Box<[u64]>,
    /// The number of every fingerprint that is not among `places`.
    usual: u32,
    /// The places of the others, ascending; none if `numbers` has all of them.
    places: Box<[u32]>,
    /// The number that belongs to each of these places.
    numbers: Box<[u32]>,
    /// Where fingerprints starting with these leading bits begin; one more at the end.
    buckets: Box<[u32]>,
}

/// A table being filled.
pub struct SuffixBuilder {
    key: Key,
    entries: Vec<(u64, u32)>,
}

impl SuffixBuilder {
    /// An empty table under `key`.
    pub fn new(key: Key) -> Self {
        SuffixBuilder { key, entries: Vec::new() }
    }

    /// What is in `table` and is kept, to be added to.
    pub fn resumed(table: &SuffixTable, is_kept: &dyn Fn(u32) -> bool) -> Self {
        let number = |place: usize| table.numbers_at(place, 1).first().copied().unwrap_or(table.usual);
        let entries = table.prints.iter().enumerate().map(|(place, print)| (*print, number(place)));
        SuffixBuilder { key: table.key, entries: entries.filter(|(_, number)| is_kept(*number)).collect() }
    }

    /// The key of its fingerprints.
    pub fn key(&self) -> Key {
        self.key
    }

    /// Adds `number` for a domain in wire form (any case).
    pub fn add(&mut self, domain: &[u8], number: u32) {
        self.entries.push((self.key.name(domain), number));
    }

    /// The frozen table; nothing is left here.
    #[inline(never)]
    pub fn frozen(&mut self) -> SuffixTable {
        let key = self.key;
        core::mem::replace(self, SuffixBuilder::new(key)).freeze()
    }

    /// The frozen table, exactly as large as it needs to be. A number added
    /// twice for one domain is kept once.
    pub fn freeze(mut self) -> SuffixTable {
        // About eight entries a bucket, so a look-up ends in a short scan.
        let bits = (self.entries.len() / 8).checked_ilog2().unwrap_or(0).min(20);
        let mut buckets = vec![0u32; (1usize << bits) + 1];
        for (print, _) in &self.entries {
            if let Some(count) = buckets.get_mut(bucket(*print, bits) + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for count in &mut buckets {
            sum += *count;
            *count = sum;
        }
        let mut sorted = distributed(&self.entries, &buckets, bits);
        drop(core::mem::take(&mut self.entries));
        // Stable: entries of one domain keep the order they were added in.
        let mut kept = 0usize;
        let mut from = 0usize;
        for end in buckets.iter_mut().skip(1) {
            let to = *end as usize;
            let mut last = None;
            insertion_sort(sorted.get_mut(from..to).unwrap_or_default());
            for at in from..to {
                let entry = sorted.get(at).copied();
                if let Some(place) = sorted.get_mut(kept).filter(|_| entry != last) {
                    *place = entry.unwrap_or_default();
                    kept += 1;
                }
                last = entry;
            }
            from = to;
            *end = u32::try_from(kept).unwrap_or(u32::MAX);
        }
        sorted.truncate(kept);
        let usual = most_common(&sorted);
        let mut places: Box<[u32]> = unusual(&sorted, usual).collect();
        if places.len() > sorted.len() / 2 {
            places = Box::default();
        }
        let numbers = match *places {
            [] if unusual(&sorted, usual).next().is_some() => sorted.iter().map(|(_, number)| *number).collect(),
            _ => places.iter().filter_map(|place| Some(sorted.get(*place as usize)?.1)).collect(),
        };
        SuffixTable {
            key: self.key,
            prints: sorted.iter().map(|(print, _)| *print).collect(),
            usual,
            places,
            numbers,
            buckets: buckets.into_boxed_slice(),
        }
    }
}

/// The number that more than half of the entries have; any if there is none.
fn most_common(entries: &[(u64, u32)]) -> u32 {
    let (mut number, mut lead) = (0, 0usize);
    for (_, other) in entries {
        match lead {
            0 => (number, lead) = (*other, 1),
            _ if number == *other => lead += 1,
            _ => lead -= 1,
        }
    }
    number
}

/// The places of entries that have another number than `usual`, or share their
/// fingerprint with others.
fn unusual(entries: &[(u64, u32)], usual: u32) -> impl Iterator<Item = u32> {
    let same = |a: usize, b: usize| entries.get(a).zip(entries.get(b)).is_some_and(|(a, b)| a.0 == b.0);
    (0u32..).zip(entries).filter_map(move |(place, (_, number))| {
        let at = place as usize;
        let shares = same(at, at + 1) || at.checked_sub(1).is_some_and(|before| same(before, at));
        (*number != usual || shares).then_some(place)
    })
}

/// The entries by bucket, in their order.
fn distributed(entries: &[(u64, u32)], buckets: &[u32], bits: u32) -> Vec<(u64, u32)> {
    let mut next = buckets.to_vec();
    let mut sorted = vec![(0, 0); entries.len()];
    for entry in entries {
        if let Some(place) = next.get_mut(bucket(entry.0, bits)) {
            if let Some(room) = sorted.get_mut(*place as usize) {
                *room = *entry;
            }
            *place += 1;
        }
    }
    sorted
}

/// Sorts a few entries by their fingerprints; equal ones keep their order.
fn insertion_sort(entries: &mut [(u64, u32)]) {
    for end in 1..entries.len() {
        let mut at = end;
        while let Some([before, entry]) = at.checked_sub(1).and_then(|before| entries.get_mut(before..=at)) {
            if before.0 <= entry.0 {
                break;
            }
            core::mem::swap(before, entry);
            at -= 1;
        }
    }
}

/// The leading `bits` of a fingerprint.
fn bucket(print: u64, bits: u32) -> usize {
    print.checked_shr(64 - bits).unwrap_or(0) as usize
}

impl SuffixTable {
    /// The numbers of exactly this domain (wire form, any case), in the order
    /// they were added. Empty: no such domain.
    pub fn exactly(&self, domain: &[u8]) -> &[u32] {
        if self.prints.is_empty() {
            return &[];
        }
        let print = self.key.name(domain);
        let bits = self.buckets.len().saturating_sub(1).checked_ilog2().unwrap_or(0);
        let at = bucket(print, bits);
        let (Some(from), Some(to)) = (self.buckets.get(at), self.buckets.get(at + 1)) else {
            return &[];
        };
        let (from, to) = (*from as usize, *to as usize);
        let Some(run) = self.prints.get(from..to) else { return &[] };
        let first = from + run.partition_point(|entry| *entry < print);
        let count = self.prints.iter().skip(first).take_while(|entry| **entry == print).count();
        match count {
            0 => &[],
            _ => self.numbers_at(first, count),
        }
    }

    /// The numbers of the `count` fingerprints from `first` on, which are the same.
    fn numbers_at(&self, first: usize, count: usize) -> &[u32] {
        let at = match self.places.is_empty() && !self.numbers.is_empty() {
            true => Some(first),
            false => u32::try_from(first).ok().and_then(|first| self.places.binary_search(&first).ok()),
        };
        at.map_or(core::slice::from_ref(&self.usual), |at| self.numbers.get(at..at + count).unwrap_or_default())
    }

    /// Entries.
    pub fn len(&self) -> usize {
        self.prints.len()
    }

    /// True when there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.prints.is_empty()
    }

    /// Octets of memory.
    pub fn bytes(&self) -> usize {
        self.prints.len() * 8 + (self.places.len() + self.numbers.len() + self.buckets.len()) * 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Random;

    fn wire(number: u32) -> Vec<u8> {
        let label = format!("host{number}");
        [&[label.len() as u8], label.as_bytes(), b"\x04test\0"].concat()
    }

    #[test]
    fn every_domain_is_found_with_its_numbers_in_order_and_no_other() {
        for size in [0, 1, 7, 16, 1000, 20_000] {
            let mut builder = SuffixBuilder::new(Key::new(&mut Random::seeded(5)));
            for number in 0..size {
                builder.add(&wire(number), number + 7);
                builder.add(&wire(number), number);
                builder.add(&wire(number), number);
            }
            let table = builder.freeze();
            for number in 0..size {
                assert_eq!(table.exactly(&wire(number)), [number + 7, number]);
            }
            assert!(table.exactly(&wire(size)).is_empty());
            assert_eq!(table.len(), size as usize * 2);
        }
    }

    #[test]
    fn a_block_list_costs_less_than_nine_octets_a_domain_whatever_else_there_is() {
        for others in [0, 1, 500, 4_900, 5_100, 10_000] {
            let mut builder = SuffixBuilder::new(Key::new(&mut Random::seeded(5)));
            for number in 0..10_000 {
                builder.add(&wire(number), if number < others { number + 10 } else { 7 });
            }
            builder.add(&wire(3), 7);
            builder.add(&wire(9_999), 8);
            let table = builder.freeze();
            let check = |table: &SuffixTable| {
                for number in (0..10_000).filter(|number| ![3, 9_999].contains(number)) {
                    assert_eq!(table.exactly(&wire(number)), [if number < others { number + 10 } else { 7 }]);
                }
            };
            check(&table);
            assert_eq!(table.exactly(&wire(3)), if others > 3 { &[13, 7][..] } else { &[7] });
            assert_eq!(table.exactly(&wire(9_999)), [if others > 9_999 { 10_009 } else { 7 }, 8]);
            assert!(table.exactly(&wire(10_000)).is_empty());
            let most = if others < 501 { 90_000 } else { 125_500 };
            assert!(table.bytes() < most, "{others}: {}", table.bytes());
            let again = SuffixBuilder::resumed(&table, &|number| number != 8).freeze();
            check(&again);
            assert_eq!(again.exactly(&wire(9_999)).len(), 1);
            assert_eq!(again.len(), table.len() - 1);
        }
    }

    #[test]
    fn case_does_not_count() {
        let mut builder = SuffixBuilder::new(Key::new(&mut Random::seeded(5)));
        builder.add(b"\x03LAN\0", 1);
        assert_eq!(builder.freeze().exactly(b"\x03lan\0"), [1]);
    }
}
