//! Which socket is ready: a dense number for each, and the set of those that
//! may have more to say.
//!
//! mio registers edge-triggered: a socket is told once. Work per turn is
//! bounded, so a number stays in the set until its socket said that it would
//! block. The numbers are in order of service: old work before new, what
//! changes the world before what asks about it.

use crate::limits;

/// What a number stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub enum Place {
    /// Signals.
    Signals,
    /// Interfaces and addresses changed.
    Links,
    /// Files changed.
    Watch,
    /// The helper that runs programs.
    Script,
    /// Neighbours changed.
    Neighbours,
    /// Files in directories changed.
    Directories,
    /// OpenWrt's bus.
    Bus,
    /// Echo replies.
    Icmp4,
    /// DHCPv4.
    Dhcp4,
    /// PXE clients.
    Pxe4,
    /// Replies to one forwarded question.
    Upstream {
        /// Its slot.
        slot: u16,
        /// Of its two sockets, that for IPv6.
        v6: bool,
    },
    /// A TCP stream.
    Stream(u8),
    /// A TFTP transfer.
    Transfer(u16),
    /// Requests for new transfers.
    Tftp(u8),
    /// Questions by UDP.
    Dns(u8),
    /// Questions by TCP: new connections.
    Tcp(u8),
}

/// The first number of questions, behind those of single sockets.
const UPSTREAM: usize = 10;

/// How the numbers are laid out: sizes of the tables that the operator chose.
#[derive(Clone, Copy)]
pub struct Layout {
    upstream: usize,
    transfers: usize,
}

impl Layout {
    /// For this many forwarded questions and transfers at once.
    pub fn new(upstream: usize, transfers: usize) -> Self {
        Layout { upstream, transfers }
    }

    fn streams(self) -> usize {
        UPSTREAM + 2 * self.upstream
    }

    fn transfers(self) -> usize {
        self.streams() + limits::STREAMS_MAX
    }

    fn tftp(self) -> usize {
        self.transfers() + self.transfers
    }

    fn dns(self) -> usize {
        self.tftp() + limits::LISTENERS_MAX
    }

    fn tcp(self) -> usize {
        self.dns() + limits::LISTENERS_MAX
    }

    /// How many numbers there are.
    pub fn count(self) -> usize {
        self.tcp() + limits::LISTENERS_MAX
    }

    /// The number of a place.
    pub fn number(self, place: Place) -> usize {
        match place {
            Place::Signals => 0,
            Place::Links => 1,
            Place::Watch => 2,
            Place::Icmp4 => 3,
            Place::Dhcp4 => 4,
            Place::Script => 5,
            Place::Neighbours => 6,
            Place::Directories => 7,
            Place::Pxe4 => 8,
            Place::Bus => 9,
            Place::Upstream { slot, v6 } => UPSTREAM + 2 * usize::from(slot) + usize::from(v6),
            Place::Stream(slot) => self.streams() + usize::from(slot),
            Place::Transfer(slot) => self.transfers() + usize::from(slot),
            Place::Tftp(listener) => self.tftp() + usize::from(listener),
            Place::Dns(listener) => self.dns() + usize::from(listener),
            Place::Tcp(listener) => self.tcp() + usize::from(listener),
        }
    }

    /// The place of a number.
    pub fn place(self, number: usize) -> Option<Place> {
        let small = |from: usize| u8::try_from(number - from).ok();
        Some(match number {
            0 => Place::Signals,
            1 => Place::Links,
            2 => Place::Watch,
            3 => Place::Icmp4,
            4 => Place::Dhcp4,
            5 => Place::Script,
            6 => Place::Neighbours,
            7 => Place::Directories,
            8 => Place::Pxe4,
            9 => Place::Bus,
            n if n < self.streams() => {
                let slot = u16::try_from((n - UPSTREAM) / 2).ok()?;
                Place::Upstream { slot, v6: (n - UPSTREAM) % 2 == 1 }
            }
            n if n < self.transfers() => Place::Stream(small(self.streams())?),
            n if n < self.tftp() => Place::Transfer(u16::try_from(n - self.transfers()).ok()?),
            n if n < self.dns() => Place::Tftp(small(self.tftp())?),
            n if n < self.tcp() => Place::Dns(small(self.dns())?),
            n if n < self.count() => Place::Tcp(small(self.tcp())?),
            _ => return None,
        })
    }
}

/// The set of numbers that may have more to say.
pub struct Ready {
    words: Box<[usize]>,
    /// How many are in: mostly none or one.
    count: usize,
}

impl Ready {
    /// An empty set for `count` numbers.
    pub fn new(count: usize) -> Self {
        Ready { words: vec![0; count.div_ceil(usize::BITS as usize)].into_boxed_slice(), count: 0 }
    }

    fn bit(number: usize) -> (usize, usize) {
        let bits = usize::BITS as usize;
        (number / bits, 1 << (number % bits))
    }

    /// Puts a number in.
    pub fn set(&mut self, number: usize) {
        let (word, bit) = Self::bit(number);
        if let Some(word) = self.words.get_mut(word)
            && *word & bit == 0
        {
            *word |= bit;
            self.count += 1;
        }
    }

    /// Takes a number out.
    pub fn clear(&mut self, number: usize) {
        let (word, bit) = Self::bit(number);
        if let Some(word) = self.words.get_mut(word)
            && *word & bit != 0
        {
            *word &= !bit;
            self.count -= 1;
        }
    }

    /// True when none is in.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The first number at or behind `from` that is in.
    pub fn next(&self, from: usize) -> Option<usize> {
        if self.is_empty() {
            return None;
        }
        let (mut place, bit) = Self::bit(from);
        let mut mask = !(bit - 1);
        while let Some(word) = self.words.get(place) {
            let found = word & mask;
            if found != 0 {
                return Some(place * usize::BITS as usize + found.trailing_zeros() as usize);
            }
            mask = usize::MAX;
            place += 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_one_place_and_back() {
        let layout = Layout::new(151, 50);
        for number in 0..layout.count() {
            let place = layout.place(number).unwrap();
            assert_eq!(layout.number(place), number, "{place:?}");
        }
        assert_eq!(layout.place(layout.count()), None);
        let upstream = layout.number(Place::Upstream { slot: 150, v6: true });
        assert!(upstream < layout.number(Place::Dns(0)), "old work before new");
    }

    #[test]
    fn a_ready_set_is_walked_in_order() {
        let mut ready = Ready::new(200);
        for number in [199, 0, 63, 64, 65] {
            ready.set(number);
        }
        ready.clear(65);
        let mut seen = Vec::new();
        let mut at = 0;
        while let Some(number) = ready.next(at) {
            seen.push(number);
            at = number + 1;
        }
        assert_eq!(seen, [0, 63, 64, 199]);
        assert_eq!(ready.next(200), None);
        for number in [0, 0, 7, 63, 64, 199] {
            assert!(!ready.is_empty());
            ready.clear(number);
        }
        assert!(ready.is_empty() && ready.next(0).is_none());
    }
}
