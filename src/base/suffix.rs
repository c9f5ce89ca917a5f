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

/// A table being filled, then sorted in steps, so that a long list stops nobody.
pub struct SuffixBuilder {
    key: Key,
    entries: Vec<(u64, u32)>,
    sorting: Option<Sorting>,
}

/// How far sorting has come: passes over the entries, one behind the other.
#[derive(Default)]
struct Sorting {
    pass: Pass,
    /// Where the pass stands.
    at: usize,
    bits: u32,
    /// While entries are counted the count of each bucket lies two places behind it;
    /// while they are put into their places, its beginning one place behind it.
    buckets: Vec<u32>,
    sorted: Vec<(u64, u32)>,
    /// Buckets that are sorted, and the end of the last of them in `sorted`.
    next: usize,
    start: usize,
    prints: Vec<u64>,
    numbers: Vec<u32>,
    /// The number that more than half of the entries have, if there is one, and its
    /// lead over the others.
    usual: u32,
    lead: usize,
    /// The places of entries that have another number, or share their fingerprint;
    /// no more are kept than are of use.
    places: Vec<u32>,
}

#[derive(Default)]
enum Pass {
    #[default]
    Count,
    Distribute,
    Sort,
    Places,
}

impl SuffixBuilder {
    /// An empty table under `key`.
    pub fn new(key: Key) -> Self {
        SuffixBuilder { key, entries: Vec::new(), sorting: None }
    }

    /// Adds what is kept of so many entries of `table` from `from` on; where to go on,
    /// nothing at the end. The key must be that of the table.
    pub fn resume(&mut self, table: &SuffixTable, from: usize, steps: usize, is_kept: &dyn Fn(u32) -> bool) -> Option<usize> {
        let number = |place: usize| table.numbers_at(place, 1).first().copied().unwrap_or(table.usual);
        for (place, print) in table.prints.iter().enumerate().skip(from).take(steps) {
            let number = number(place);
            if is_kept(number) {
                self.entries.push((*print, number));
            }
        }
        from.checked_add(steps).filter(|next| *next < table.len())
    }

    /// Adds `number` for a domain in wire form (any case).
    pub fn add(&mut self, domain: &[u8], number: u32) {
        self.entries.push((self.key.name(domain), number));
    }

    /// Sorts in about so many steps; true once that is done. Nothing is added from
    /// the first call on.
    #[inline(never)]
    pub fn sort(&mut self, steps: usize) -> bool {
        let SuffixBuilder { entries, sorting, .. } = self;
        let sorting = sorting.get_or_insert_with(|| Sorting::new(entries.len()));
        let from = sorting.at;
        sorting.at = from.saturating_add(steps);
        let is_over = sorting.at >= entries.len();
        let some = entries.iter().skip(from).take(steps);
        match sorting.pass {
            Pass::Count => {
                for (print, _) in some {
                    if let Some(count) = sorting.buckets.get_mut(bucket(*print, sorting.bits) + 2) {
                        *count += 1;
                    }
                }
                if is_over {
                    let mut sum = 0;
                    for count in &mut sorting.buckets {
                        sum += *count;
                        *count = sum;
                    }
                    sorting.sorted = vec![(0, 0); entries.len()];
                    sorting.begin(Pass::Distribute);
                }
            }
            Pass::Distribute => {
                for entry in some {
                    if let Some(place) = sorting.buckets.get_mut(bucket(entry.0, sorting.bits) + 1) {
                        if let Some(room) = sorting.sorted.get_mut(*place as usize) {
                            *room = *entry;
                        }
                        *place += 1;
                    }
                }
                if is_over {
                    sorting.buckets.pop();
                    (sorting.prints, sorting.numbers) = (Vec::with_capacity(entries.len()), Vec::with_capacity(entries.len()));
                    *entries = Vec::new();
                    sorting.begin(Pass::Sort);
                }
            }
            Pass::Sort => {
                if sorting.sort(steps) {
                    sorting.begin(Pass::Places);
                }
            }
            Pass::Places => return sorting.note_places(from, steps),
        }
        false
    }

    /// The frozen table, exactly as large as it needs to be; nothing is left here. A
    /// number added twice for one domain is kept once.
    #[inline(never)]
    pub fn frozen(&mut self) -> SuffixTable {
        while !self.sort(usize::MAX) {}
        let Sorting { buckets, usual, prints, mut numbers, places, .. } = self.sorting.take().unwrap_or_default();
        let is_short = places.len() <= prints.len() / 2;
        if is_short {
            numbers = places.iter().filter_map(|place| numbers.get(*place as usize)).copied().collect();
        }
        SuffixTable {
            key: self.key,
            prints: prints.into(),
            usual,
            places: if is_short { places.into() } else { Box::default() },
            numbers: numbers.into(),
            buckets: buckets.into(),
        }
    }
}

impl Sorting {
    fn new(entries: usize) -> Self {
        // About eight entries a bucket, so a look-up ends in a short scan.
        let bits = (entries / 8).checked_ilog2().unwrap_or(0).min(20);
        Sorting { bits, buckets: vec![0; (1usize << bits) + 2], ..Sorting::default() }
    }

    fn begin(&mut self, pass: Pass) {
        (self.pass, self.at) = (pass, 0);
    }

    /// Sorts buckets of about so many entries; true when all are. Entries of one domain
    /// keep the order they were added in.
    fn sort(&mut self, steps: usize) -> bool {
        let Sorting { buckets, sorted, start, prints, numbers, usual, lead, next, .. } = self;
        let stop = start.saturating_add(steps);
        while *start < stop {
            *next += 1;
            let Some(end) = buckets.get_mut(*next) else { return true };
            let run = sorted.get_mut(*start..*end as usize).unwrap_or_default();
            insertion_sort(run);
            let mut last = None;
            for entry in run.iter().filter(|entry| last.replace(**entry) != Some(**entry)) {
                prints.push(entry.0);
                numbers.push(entry.1);
                match lead {
                    0 => (*usual, *lead) = (entry.1, 1),
                    _ if *usual == entry.1 => *lead += 1,
                    _ => *lead -= 1,
                }
            }
            *start = *end as usize;
            *end = u32::try_from(prints.len()).unwrap_or(u32::MAX);
        }
        false
    }

    /// Notes the places among so many entries; true at the end.
    fn note_places(&mut self, from: usize, steps: usize) -> bool {
        let Sorting { prints, numbers, usual, places, .. } = self;
        for place in (from..prints.len()).take(steps) {
            let print = prints.get(place);
            let shares = print == prints.get(place + 1) || place.checked_sub(1).is_some_and(|before| prints.get(before) == print);
            if (shares || numbers.get(place) != Some(usual)) && places.len() <= prints.len() / 2 {
                places.push(u32::try_from(place).unwrap_or(u32::MAX));
            }
        }
        self.at >= prints.len()
    }
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
    /// The key of its fingerprints.
    pub fn key(&self) -> Key {
        self.key
    }

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
            let table = builder.frozen();
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
            let table = builder.frozen();
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
            let (mut again, mut from) = (SuffixBuilder::new(table.key()), Some(0));
            while let Some(next) = from {
                from = again.resume(&table, next, 300, &|number| number != 8);
            }
            while !again.sort(100) {}
            let again = again.frozen();
            check(&again);
            assert_eq!(again.exactly(&wire(9_999)).len(), 1);
            assert_eq!(again.len(), table.len() - 1);
        }
    }

    #[test]
    fn case_does_not_count() {
        let mut builder = SuffixBuilder::new(Key::new(&mut Random::seeded(5)));
        builder.add(b"\x03LAN\0", 1);
        assert_eq!(builder.frozen().exactly(b"\x03lan\0"), [1]);
    }
}
