//! The network of the simulation: everything under way, delivered in the order
//! of its arrival, after what chance does to it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The chance of the simulation: its own generator (SplitMix64), so that the
/// core's numbers do not depend on the world around it.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Chance {
        Chance(seed)
    }

    pub fn u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.u64() % bound }
    }

    /// True `percent` times of a hundred.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    pub fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.u64() as u8).collect()
    }
}

/// How bad the network of a seed is.
#[derive(Clone, Copy)]
pub struct Weather {
    pub lost: u64,
    pub doubled: u64,
    pub delay_ms: u64,
}

struct Parcel<T> {
    at: u64,
    serial: u64,
    load: T,
}

impl<T> PartialEq for Parcel<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.serial) == (other.at, other.serial)
    }
}

impl<T> Eq for Parcel<T> {}

impl<T> PartialOrd for Parcel<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Parcel<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.serial).cmp(&(other.at, other.serial))
    }
}

/// What is under way, by the time of its arrival.
pub struct Network<T> {
    heap: BinaryHeap<Reverse<Parcel<T>>>,
    serial: u64,
}

impl<T: Clone> Network<T> {
    pub fn new() -> Self {
        Network { heap: BinaryHeap::new(), serial: 0 }
    }

    /// Arrives exactly then.
    pub fn at(&mut self, at: u64, load: T) {
        self.serial += 1;
        self.heap.push(Reverse(Parcel { at, serial: self.serial, load }));
    }

    /// Arrives sometime, once, twice or never.
    pub fn send(&mut self, now: u64, weather: Weather, chance: &mut Chance, load: T) {
        if chance.percent(weather.lost) {
            return;
        }
        let copies = 1 + u64::from(chance.percent(weather.doubled));
        for _ in 0..copies {
            self.at(now + chance.below(weather.delay_ms + 1), load.clone());
        }
    }

    pub fn next_at(&self) -> Option<u64> {
        self.heap.peek().map(|parcel| parcel.0.at)
    }

    pub fn take(&mut self, now: u64) -> Option<T> {
        if self.next_at()? > now {
            return None;
        }
        self.heap.pop().map(|parcel| parcel.0.load)
    }

    pub fn len(&self) -> usize {
        self.heap.len()
    }
}
