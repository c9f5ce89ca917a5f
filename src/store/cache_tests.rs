//! The cache beside plain maps, at its limits, and empty.

use super::*;
use crate::base::random::Random;
use crate::wire::dns::codes::kind::{A, AAAA, CNAME, TXT};
use std::collections::HashMap;

fn cache(size: usize) -> Cache {
    Cache::new(size, true, Key::new(&mut Random::seeded(1)))
}

fn name(text: &str) -> NameBuf {
    NameBuf::from_text(text.as_bytes()).unwrap()
}

fn at(secs: u64) -> Millis {
    Millis(secs * 1000)
}

fn store(cache: &mut Cache, owner: &str, kind: u16, data: &[&[u8]], ttl: u32, now: u64) -> bool {
    let mut draft = cache.begin(kind);
    data.iter().for_each(|data| draft.add(Reader::new(data)));
    let stored = draft.store(name(owner).name(), ttl, at(now));
    cache.check();
    stored
}

/// Outcome, type, TTL and the data of all records.
fn look(cache: &mut Cache, owner: &str, kind: u16, now: u64) -> Option<(Outcome, u16, u32, Vec<Vec<u8>>)> {
    let owner = name(owner);
    let found = cache.lookup(owner.name(), kind, at(now))?;
    let data = found.records().map(|mut data| data.rest().to_vec()).collect();
    Some((found.outcome, found.kind, found.ttl, data))
}

fn soa_data() -> Vec<u8> {
    [b"\x02ns\x03lan\0\x01h\x03lan\0".as_slice(), &[0; 20]].concat()
}

#[test]
fn a_set_counts_down_and_ends() {
    let mut cache = cache(10);
    assert!(store(&mut cache, "Host.lan", A, &[&[1, 2, 3, 4]], 60, 100));
    let data = vec![vec![1, 2, 3, 4]];
    assert_eq!(look(&mut cache, "hOST.lan", A, 100), Some((Outcome::Records, A, 60, data.clone())));
    assert_eq!(look(&mut cache, "host.lan", A, 159), Some((Outcome::Records, A, 1, data)));
    assert_eq!(look(&mut cache, "host.lan", AAAA, 159), None);
    assert_eq!(look(&mut cache, "host.lan", A, 160), None);
    cache.check();
    assert_eq!(cache.entries.used(), 0);
}

#[test]
fn several_records_take_turns() {
    let mut cache = cache(10);
    let all: [&[u8]; 5] = [&[1; 4], &[2; 4], &[3; 4], &[4; 4], &[5; 4]];
    assert!(store(&mut cache, "a", A, &all, 60, 0));
    let firsts: Vec<u8> = (0..6).map(|_| look(&mut cache, "a", A, 0).unwrap().3[0][0]).collect();
    assert_eq!(firsts, [1, 2, 3, 4, 5, 1]);
    let order: Vec<u8> = look(&mut cache, "a", A, 0).unwrap().3.iter().map(|data| data[0]).collect();
    assert_eq!(order, [2, 3, 4, 5, 1]);
}

#[test]
fn names_in_data_come_back_whole() {
    let mut cache = cache(10);
    let message = b"\x07example\x03com\0\x00\x05\x04mail\xC0\x00";
    let mut draft = cache.begin(kind::MX);
    draft.add(Reader::at(message, 13).unwrap());
    draft.add(Reader::new(b"\0\x09\0"));
    assert!(draft.store(name("example.com").name(), 9, at(0)));
    let (_, _, _, data) = look(&mut cache, "example.com", kind::MX, 0).unwrap();
    assert_eq!(data, [b"\0\x05\x04mail\x07example\x03com\0".to_vec(), b"\0\x09\0".to_vec()]);
}

#[test]
fn a_cname_answers_for_every_type_and_stands_alone() {
    let mut cache = cache(10);
    store(&mut cache, "w.lan", A, &[&[1; 4]], 60, 0);
    store(&mut cache, "w.lan", CNAME, &[b"\x01T\x03lan\0"], 60, 0);
    let owner = name("w.lan");
    let found = cache.lookup(owner.name(), A, at(0)).unwrap();
    assert_eq!((found.kind, found.target().unwrap().wire()), (CNAME, &b"\x01T\x03lan\0"[..]));
    store(&mut cache, "w.lan", A, &[&[2; 4]], 60, 0);
    assert_eq!(look(&mut cache, "w.lan", A, 0).unwrap().1, A);
    assert_eq!(look(&mut cache, "w.lan", CNAME, 0), None);
}

#[test]
fn no_such_name_covers_all_types_and_brings_its_soa() {
    let mut cache = cache(10);
    let (owner, zone) = (name("x.y.Lan"), name("lan"));
    store(&mut cache, "x.y.lan", A, &[&[1; 4]], 60, 0);
    let data = soa_data();
    let soa = Soa { owner: zone.name(), ttl: 900, data: Reader::new(&data) };
    assert!(cache.store_negative(owner.name(), None, 30, Some(soa), at(0)));
    cache.check();
    for kind in [A, AAAA, TXT, 4711] {
        let found = cache.lookup(owner.name(), kind, at(10)).unwrap();
        assert_eq!((found.outcome, found.ttl, found.records().count()), (Outcome::NxDomain, 20, 0));
        let soa = found.soa().unwrap();
        assert_eq!((soa.owner.wire(), soa.ttl, soa.data.remaining()), (&b"\x03Lan\0"[..], 890, data.len()));
    }
    assert_eq!(look(&mut cache, "y.lan", A, 10), None);
    assert_eq!(look(&mut cache, "lan", kind::SOA, 10), None, "the SOA is no answer of its own");
    assert_eq!(look(&mut cache, "x.y.lan", A, 30), None);
    assert!(store(&mut cache, "x.y.lan", A, &[&[1; 4]], 60, 31));
    assert_eq!(look(&mut cache, "x.y.lan", TXT, 31), None);
}

#[test]
fn no_such_type_is_for_one_type() {
    let mut cache = cache(10);
    let owner = name("h.lan");
    store(&mut cache, "h.lan", A, &[&[1; 4]], 60, 0);
    assert!(cache.store_negative(owner.name(), Some(AAAA), 30, None, at(0)));
    assert_eq!(look(&mut cache, "h.lan", AAAA, 0), Some((Outcome::NoData, AAAA, 30, vec![])));
    assert_eq!(look(&mut cache, "h.lan", A, 0).unwrap().0, Outcome::Records);
    assert!(cache.store_negative(owner.name(), Some(CNAME), 30, None, at(0)));
    assert_eq!(look(&mut cache, "h.lan", TXT, 0), None, "that it is no alias says nothing about its data");
    assert_eq!(look(&mut cache, "h.lan", A, 0).unwrap().0, Outcome::Records);
    let elsewhere = name("other");
    let data = soa_data();
    let soa = Soa { owner: elsewhere.name(), ttl: 900, data: Reader::new(&data) };
    assert!(cache.store_negative(owner.name(), Some(TXT), 30, Some(soa), at(0)));
    assert!(cache.lookup(owner.name(), TXT, at(0)).unwrap().soa().is_none(), "not a zone of this name");
}

#[test]
fn the_numbers_used_inside_are_no_types() {
    let mut cache = cache(10);
    let owner = name("h.lan");
    for kind in [NXDOMAIN, ZONE] {
        assert!(!store(&mut cache, "h.lan", kind, &[&[1]], 60, 0));
        assert!(!cache.store_negative(owner.name(), Some(kind), 60, None, at(0)));
    }
    cache.store_negative(owner.name(), None, 60, None, at(0));
    assert!(look(&mut cache, "h.lan", NXDOMAIN, 0).is_none());
}

#[test]
fn the_least_recently_used_makes_way_but_the_expired_first() {
    let mut cache = cache(3);
    for (owner, ttl) in [("a", 100), ("b", 100), ("c", 10)] {
        store(&mut cache, owner, A, &[&[1; 4]], ttl, 0);
    }
    look(&mut cache, "a", A, 0);
    store(&mut cache, "d", A, &[&[1; 4]], 100, 0);
    assert_eq!(look(&mut cache, "b", A, 0), None);
    assert_eq!((cache.counters.inserted, cache.counters.evicted), (4, 1));
    store(&mut cache, "e", A, &[&[1; 4]], 100, 20);
    assert_eq!(cache.counters.evicted, 1, "c was expired");
    assert!(look(&mut cache, "a", A, 20).is_some() && look(&mut cache, "d", A, 20).is_some());
    cache.clear();
    cache.check();
    assert_eq!((cache.entries.used(), cache.counters.inserted), (0, 0));
}

#[test]
fn a_name_has_a_bounded_number_of_sets() {
    let mut cache = cache(100);
    for kind in 100..200 {
        assert!(store(&mut cache, "a", kind, &[b"x"], 60, 0));
    }
    assert_eq!(cache.entries.used(), KINDS_PER_NAME);
    assert!(look(&mut cache, "a", 199, 0).is_some());
    cache.remove(name("A").name());
    cache.check();
    assert_eq!(cache.entries.used(), 0);
}

#[test]
fn too_much_or_malformed_data_is_not_kept() {
    let mut cache = cache(1000);
    let half = [0; DATA_MAX / 2 - 2];
    assert!(store(&mut cache, "a", TXT, &[&half, &half], 60, 0));
    assert_eq!(look(&mut cache, "a", TXT, 0).unwrap().3, [half, half]);
    assert!(!store(&mut cache, "b", TXT, &[&half, &half, b""], 60, 0));
    assert!(!store(&mut cache, "b", A, &[&[1; 5]], 60, 0));
    assert!(!store(&mut cache, "b", CNAME, &[b"\x01a\0x"], 60, 0));
    assert!(!store(&mut cache, "b", A, &[], 60, 0));
    assert!(!store(&mut cache, "b", A, &[&[1; 4]], 0, 0));
    let mut small = self::cache(1);
    assert!(!store(&mut small, "a", TXT, &[&half], 60, 0), "it would need more than a quarter of the blocks");
}

#[test]
fn a_cache_of_size_zero_keeps_nothing() {
    let mut cache = cache(0);
    assert!(!store(&mut cache, "a", A, &[&[1; 4]], 60, 0));
    assert!(!cache.store_negative(name("a").name(), None, 60, None, at(0)));
    assert_eq!(look(&mut cache, "a", A, 0), None);
    assert_eq!(Cache::bytes(0), 0);
}

#[test]
fn the_dump_shows_every_set_once() {
    let mut cache = cache(10);
    store(&mut cache, "a.lan", A, &[&[1; 4]], 60, 0);
    store(&mut cache, "b.lan", A, &[&[2; 4]], 60, 0);
    store(&mut cache, "c.lan", A, &[&[3; 4]], 60, 0);
    cache.store_negative(name("d.lan").name(), None, 9, None, at(0));
    cache.remove(name("b.lan").name());
    let mut seen = Vec::new();
    let mut from = 0;
    while let Some((name, found, next)) = cache.dump(from, at(1)) {
        seen.push((name.name().wire()[1], found.outcome, found.ttl));
        from = next;
    }
    assert_eq!(seen, [(b'a', Outcome::Records, 59), (b'c', Outcome::Records, 59), (b'd', Outcome::NxDomain, 8)]);
}

/// A random walk beside a plain map; what the cache says must be what was last
/// put in, and it may only forget, never invent.
#[test]
fn it_never_says_what_was_not_put_in() {
    let mut random = Random::seeded(9);
    for size in [1, 2, 5, 40] {
        let mut cache = cache(size);
        let mut model: HashMap<(u32, u16), (u64, u8)> = HashMap::new();
        let mut hits = 0;
        for now in 0..4000u64 {
            let (who, kind) = (random.below(30), [A, AAAA, TXT][random.below(3) as usize]);
            let owner = format!("{}{who}.example", "x".repeat(who as usize * 2));
            match random.below(4) {
                0 => {
                    let (ttl, byte) = (random.below(200) + 1, now as u8);
                    let len = if kind == A { 4 } else { 16 };
                    let data = vec![byte; len];
                    store(&mut cache, &owner, kind, &vec![&data[..]; 1 + random.below(9) as usize], ttl, now);
                    if model.get(&(who, NXDOMAIN)).is_some() {
                        model.remove(&(who, NXDOMAIN));
                    }
                    model.insert((who, kind), (now + u64::from(ttl), byte));
                }
                1 => {
                    cache.store_negative(name(&owner).name(), None, 50, None, at(now));
                    model.retain(|(other, _), _| *other != who);
                    model.insert((who, NXDOMAIN), (now + 50, 0));
                }
                _ => {
                    let Some((outcome, _, ttl, data)) = look(&mut cache, &owner, kind, now) else {
                        continue;
                    };
                    let key = if outcome == Outcome::NxDomain { NXDOMAIN } else { kind };
                    let (end, byte) = model[&(who, key)];
                    assert_eq!(u64::from(ttl), end - now);
                    assert!(data.iter().flatten().all(|octet| *octet == byte));
                    hits += 1;
                }
            }
            cache.check();
        }
        assert!(hits > 20, "{size}: {hits}");
    }
}

#[test]
fn failures_hold_longer_and_longer_and_never_beside_data() {
    let mut cache = cache(8);
    let holds = |cache: &mut Cache, second: u64| {
        cache.lookup(name("a.test").name(), A, at(second)).map(|found| found.outcome) == Some(Outcome::Failed)
    };
    let mut now = 100;
    for expected in [1, 2, 4, 8, 16, 16] {
        cache.store_failure(name("A.test").name(), A, true, at(now));
        assert!(holds(&mut cache, now) && holds(&mut cache, now + expected - 1), "{expected}");
        assert!(!holds(&mut cache, now + expected), "{expected}");
        now += expected;
    }
    assert_eq!(cache.counters.inserted, 0);
    assert!(cache.dump(0, at(now)).is_none(), "no entry that anybody is shown");
    cache.store_failure(name("a.test").name(), A, false, at(now));
    assert!(holds(&mut cache, now) && !holds(&mut cache, now + 1), "silence does not add up");
    cache.store_failure(name("a.test").name(), A, true, at(now + 1));
    cache.forget_failures();
    assert!(!holds(&mut cache, now + 1));
    assert!(cache.store_negative(name("a.test").name(), None, 60, None, at(now)));
    cache.store_failure(name("a.test").name(), A, true, at(now));
    assert!(!holds(&mut cache, now), "what is known stays");
    cache.check();
}
