//! Tests of the lease table.

use super::*;
use crate::base::random::Random;
use crate::base::time::Now;

fn table(capacity: u32) -> Leases {
    Leases::new(capacity, Key::new(&mut Random::seeded(1)))
}

fn addr(n: u32) -> Ipv4Addr {
    Ipv4Addr::from(0x0A00_0000 + n)
}

fn at(secs: u64) -> Now {
    Now { mono: Millis(secs * 1000), wall: UnixTime(1_700_000_000 + secs) }
}

#[test]
fn a_lease_is_found_by_all_it_has_and_by_nothing_once_removed() {
    let mut leases = table(4);
    let id = leases.insert(addr(1)).unwrap();
    let hw = HwAddr::new(1, &[2, 0, 0, 0, 0, 1]);
    let long = [7; 200];
    leases.set_hw(id, hw);
    leases.set_name(id, b"Laptop", false);
    assert!(leases.set_client_id(id, &long));
    leases.set_expiry(id, Some(60), at(0));
    leases.check();
    assert_eq!(leases.by_name(b"lapTOP", Millis(0)).count(), 1);
    assert_eq!(leases.by_name(b"laptop", Millis(60_000)).count(), 0, "it has ended");
    assert_eq!(leases.by_client_id(&long), Some(id));
    assert_eq!(leases.by_client_id(b""), None);
    assert_eq!(leases.by_hw(&hw).count(), 1);
    assert_eq!(leases.by_hw(&HwAddr::new(6, hw.octets())).count(), 0, "the type counts");
    leases.remove(id);
    leases.check();
    assert!(leases.by_addr(addr(1)).is_none() && leases.by_client_id(&long).is_none());
    assert_eq!(leases.by_name(b"laptop", Millis(0)).count() + leases.by_hw(&hw).count(), 0);
}

#[test]
fn capacity_is_kept_and_slots_come_back() {
    let mut leases = table(3);
    let ids: Vec<_> = (0..3).map(|n| leases.insert(addr(n)).unwrap()).collect();
    assert!(leases.is_full() && leases.insert(addr(9)).is_none());
    leases.remove(ids[1]);
    assert!(leases.insert(addr(0)).is_none(), "an address is leased once");
    assert!(leases.insert(addr(9)).is_some());
    leases.check();
}

#[test]
fn long_identifiers_have_their_own_bound() {
    let mut leases = table(70);
    let ids: Vec<_> = (0..70).map(|n| leases.insert(addr(n)).unwrap()).collect();
    let long = |n: usize| [n as u8; 40];
    let placed = ids.iter().enumerate().filter(|(n, id)| leases.set_client_id(**id, &long(*n))).count();
    assert_eq!(placed, 64);
    assert!(leases.set_client_id(ids[0], b"short"));
    assert!(leases.set_client_id(ids[69], &long(69)));
    assert_eq!(leases.by_client_id(&long(69)), Some(ids[69]));
    leases.check();
}

#[test]
fn expiry_follows_the_monotonic_clock_and_walks_only_when_due() {
    let mut leases = table(10);
    for n in 0..3 {
        let id = leases.insert(addr(n)).unwrap();
        leases.set_expiry(id, (n < 2).then_some(100 * (n + 1)), at(0));
    }
    assert_eq!(leases.next_expiry(), Some(Millis(100_000)));
    assert_eq!(leases.expire(Millis(99_999)), 0);
    let first = leases.id_by_addr(addr(0)).unwrap();
    leases.set_expiry(first, Some(500), at(50));
    assert_eq!(leases.expire(Millis(100_000)), 0, "it was renewed");
    assert_eq!(leases.next_expiry(), Some(Millis(200_000)));
    assert_eq!(leases.expire(Millis(600_000)), 2);
    assert_eq!(leases.next_expiry(), None, "the last one has no end");
    leases.check();
}

#[test]
fn a_set_clock_moves_the_ends_on_the_wall_only() {
    let mut leases = table(2);
    let id = leases.insert(addr(1)).unwrap();
    leases.set_expiry(id, Some(3600), at(0));
    leases.saved(id, 0);
    leases.wall_clock_jumped(Now { mono: Millis(100_000), wall: UnixTime(1_700_000_101) });
    assert!(leases.get(id).unwrap().unsaved == Unsaved::Nothing, "a second is rounding");
    leases.wall_clock_jumped(Now { mono: Millis(100_000), wall: UnixTime(1_800_000_000) });
    let lease = leases.get(id).unwrap();
    assert_eq!((lease.expires, lease.until), (UnixTime(1_800_003_500), Millis(3_600_000)));
    assert_eq!(lease.unsaved, Unsaved::Expiry);
}

#[test]
fn random_work_keeps_the_invariants() {
    let mut random = Random::seeded(5);
    let mut leases = table(40);
    for step in 0..5_000u64 {
        let addr = addr(random.below(60));
        let id = leases.id_by_addr(addr).or_else(|| leases.insert(addr));
        let Some(id) = id else { continue };
        match random.below(6) {
            0 => leases.remove(id),
            1 => leases.set_hw(id, HwAddr::new(1, &[random.below(5) as u8])),
            2 => leases.set_name(id, &[b'a' + random.below(5) as u8][..random.below(2) as usize], false),
            3 => {
                let len = random.below(60) as usize;
                leases.set_client_id(id, &[random.below(3) as u8; 60][..len]);
            }
            4 => leases.set_expiry(id, Some(random.below(300)), at(step)),
            _ => {
                leases.expire(Millis(step * 1000));
            }
        }
        leases.check();
    }
}
