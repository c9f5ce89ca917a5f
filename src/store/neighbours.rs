//! The neighbours of this machine and their hardware addresses, as the kernel
//! knows them (ARP and neighbour discovery). Kept up to date by the daemon; of
//! room for nothing if nobody wants to know.

use crate::base::net::HwAddr;
use crate::base::reserved;
use crate::wire::netlink::Neighbour;
use std::net::IpAddr;

/// A neighbour that is known.
struct Known {
    neighbour: Neighbour,
    /// The list that is being read holds it.
    listed: bool,
}

/// What happened to a neighbour.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub enum Event {
    /// It is there.
    Come,
    /// It is there no longer, or with another address.
    Gone,
}

/// Is told what happened to a neighbour.
pub type Tell<'a> = &'a mut dyn FnMut(Event, &Neighbour);

/// The table.
pub struct Neighbours {
    known: Vec<Known>,
}

impl Neighbours {
    /// Room for so many neighbours; more are not known.
    pub fn new(most: usize) -> Self {
        Neighbours { known: Vec::with_capacity(most) }
    }

    /// The hardware address of a neighbour.
    pub fn find(&self, addr: IpAddr) -> Option<&HwAddr> {
        let found = self.known.iter().find(|known| known.neighbour.addr == addr);
        found.map(|known| &known.neighbour.hw)
    }

    /// The kernel says this of a neighbour; without a hardware address it is
    /// gone.
    pub fn heard(&mut self, now: Neighbour, tell: Tell) {
        let known = &mut self.known;
        let place = known.iter().position(|known| {
            known.neighbour.addr == now.addr && known.neighbour.index == now.index
        });
        if let Some(was) = place.and_then(|place| known.get_mut(place)) {
            was.listed = true;
            if was.neighbour.hw == now.hw {
                return;
            }
            tell(Event::Gone, &was.neighbour);
        }
        if let Some(place) = place {
            known.swap_remove(place);
        }
        if !now.hw.is_empty() && reserved::push(known, Known { neighbour: now, listed: true }) {
            tell(Event::Come, &now);
        }
    }

    /// A whole list follows.
    pub fn begin_list(&mut self) {
        self.known.iter_mut().for_each(|known| known.listed = false);
    }

    /// The list has ended: what it did not hold is gone.
    pub fn end_list(&mut self, tell: Tell) {
        self.known.retain(|known| {
            if !known.listed {
                tell(Event::Gone, &known.neighbour);
            }
            known.listed
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_come_change_and_go() {
        let mut table = Neighbours::new(2);
        let mut told = Vec::new();
        let one = |last: u8, mac: &[u8]| Neighbour {
            index: 2,
            addr: std::net::Ipv4Addr::new(10, 0, 0, last).into(),
            hw: HwAddr::new(1, mac),
        };
        let mut tell = |event: Event, neighbour: &Neighbour| {
            told.push(format!("{event:?} {} {:?}", neighbour.addr, neighbour.hw.octets().last()));
        };
        table.heard(one(1, &[2, 0, 0, 0, 0, 1]), &mut tell);
        table.heard(one(1, &[2, 0, 0, 0, 0, 1]), &mut tell);
        table.heard(one(1, &[2, 0, 0, 0, 0, 7]), &mut tell);
        table.heard(one(2, &[2, 0, 0, 0, 0, 2]), &mut tell);
        table.heard(one(9, &[]), &mut tell);
        let capacity = table.known.capacity();
        (3..9).for_each(|last| table.heard(one(last, &[2, 0, 0, 0, 0, last]), &mut |_, _| {}));
        assert_eq!(table.known.capacity(), capacity, "more than fit are not known");
        assert_eq!(table.find(one(1, &[]).addr).map(HwAddr::octets), Some(&[2, 0, 0, 0, 0, 7][..]));
        table.known.truncate(2);
        table.heard(one(2, &[]), &mut tell);
        assert!(table.find(one(2, &[]).addr).is_none());
        table.begin_list();
        table.end_list(&mut tell);
        assert_eq!(told, [
            "Come 10.0.0.1 Some(1)",
            "Gone 10.0.0.1 Some(1)",
            "Come 10.0.0.1 Some(7)",
            "Come 10.0.0.2 Some(2)",
            "Gone 10.0.0.2 Some(2)",
            "Gone 10.0.0.1 Some(7)",
        ]);
        assert!(table.known.is_empty());
    }
}
