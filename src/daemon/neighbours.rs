//! The neighbours that the program of `script-arp` was told of, kept in step
//! with the kernel's tables (ARP and neighbour discovery).
//!
//! Changes are heard as they come. When some were lost the whole list is asked
//! for, and what it does not hold is gone.

use crate::base::bytes::Writer;
use crate::base::reserved;
use crate::base::text;
use crate::config::Config;
use crate::limits;
use crate::platform::netlink;
use crate::platform::sys::{self, Errno};
use crate::wire::netlink::{Body, List, Messages, Neighbour, request};
use std::os::fd::OwnedFd;

/// Octets of one piece of a list: what the kernel sends at once at most.
const PIECE: usize = 16 * 1024;

/// A neighbour that was told.
struct Known {
    neighbour: Neighbour,
    /// The list that is being read holds it.
    listed: bool,
}

/// The source of neighbours.
pub struct Neighbours {
    socket: OwnedFd,
    known: Vec<Known>,
    piece: Box<[u8]>,
}

impl Neighbours {
    /// Opens it, if anybody wants to hear; without a routing socket nobody does.
    pub fn open(config: &Config) -> Option<Self> {
        if !config.script.arp || config.script.program.is_none() {
            return None;
        }
        let socket = netlink::open(netlink::NEIGHBOURS).ok()?;
        let neighbours = Neighbours {
            socket,
            known: Vec::with_capacity(limits::NEIGHBOURS_MAX),
            piece: vec![0; PIECE].into_boxed_slice(),
        };
        neighbours.ask().ok()?;
        Some(neighbours)
    }

    /// What to wait on.
    pub fn socket(&self) -> &OwnedFd {
        &self.socket
    }

    fn ask(&self) -> Result<(), Errno> {
        let mut buffer = [0; 64];
        let mut out = Writer::new(&mut buffer);
        request(&mut out, List::Neighbours, 1);
        netlink::send(&self.socket, out.written())
    }

    /// Takes in what the kernel says, and tells it.
    pub fn changed(&mut self, tell: &mut dyn FnMut(&[u8])) {
        loop {
            match netlink::receive(&self.socket, &mut self.piece) {
                Ok(bytes) => {
                    for (sequence, body) in Messages::new(bytes) {
                        match body {
                            Body::Neighbour(neighbour) => heard(&mut self.known, neighbour, tell),
                            Body::Done if sequence != 0 => forget_unlisted(&mut self.known, tell),
                            _ => {}
                        }
                    }
                }
                Err(sys::EINTR) => {}
                Err(sys::ENOBUFS) => {
                    self.known.iter_mut().for_each(|known| known.listed = false);
                    if self.ask().is_err() {
                        return;
                    }
                }
                Err(_) => return,
            }
        }
    }
}

fn heard(known: &mut Vec<Known>, now: Neighbour, tell: &mut dyn FnMut(&[u8])) {
    let place = known.iter().position(|known| {
        known.neighbour.addr == now.addr && known.neighbour.index == now.index
    });
    if let Some(was) = place.and_then(|place| known.get_mut(place)) {
        was.listed = true;
        if was.neighbour.hw == now.hw {
            return;
        }
        say(b"arp-del", &was.neighbour, tell);
    }
    if let Some(place) = place {
        known.swap_remove(place);
    }
    if !now.hw.is_empty() && reserved::push(known, Known { neighbour: now, listed: true }) {
        say(b"arp-add", &now, tell);
    }
}

fn forget_unlisted(known: &mut Vec<Known>, tell: &mut dyn FnMut(&[u8])) {
    known.retain(|known| {
        if !known.listed {
            say(b"arp-del", &known.neighbour, tell);
        }
        known.listed
    });
}

/// A record for the helper.
fn say(action: &[u8], neighbour: &Neighbour, tell: &mut dyn FnMut(&[u8])) {
    let mut buffer = [0; 160];
    let mut out = Writer::new(&mut buffer);
    out.u8(3);
    out.bytes(action);
    out.u8(0);
    text::hex(&mut out, neighbour.hw.octets(), b':');
    out.u8(0);
    text::ip(&mut out, neighbour.addr);
    out.u8(0);
    tell(out.written());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::net::HwAddr;

    #[test]
    fn neighbours_come_change_and_go() {
        let mut known = Vec::with_capacity(2);
        let mut told = Vec::new();
        let one = |last: u8, mac: &[u8]| Neighbour {
            index: 2,
            addr: std::net::Ipv4Addr::new(10, 0, 0, last).into(),
            hw: HwAddr::new(1, mac),
        };
        let mut tell = |record: &[u8]| {
            told.push(String::from_utf8_lossy(&record[1..]).trim_end_matches('\0').replace('\0', " "));
        };
        heard(&mut known, one(1, &[2, 0, 0, 0, 0, 1]), &mut tell);
        heard(&mut known, one(1, &[2, 0, 0, 0, 0, 1]), &mut tell);
        heard(&mut known, one(1, &[2, 0, 0, 0, 0, 7]), &mut tell);
        heard(&mut known, one(2, &[2, 0, 0, 0, 0, 2]), &mut tell);
        heard(&mut known, one(9, &[]), &mut tell);
        let capacity = known.capacity();
        (3..9).for_each(|last| heard(&mut known, one(last, &[2, 0, 0, 0, 0, last]), &mut |_| {}));
        assert_eq!(known.capacity(), capacity, "more than fit are not told");
        known.truncate(2);
        heard(&mut known, one(2, &[]), &mut tell);
        known.iter_mut().for_each(|known| known.listed = false);
        forget_unlisted(&mut known, &mut tell);
        assert_eq!(told, [
            "arp-add 02:00:00:00:00:01 10.0.0.1",
            "arp-del 02:00:00:00:00:01 10.0.0.1",
            "arp-add 02:00:00:00:00:07 10.0.0.1",
            "arp-add 02:00:00:00:00:02 10.0.0.2",
            "arp-del 02:00:00:00:00:02 10.0.0.2",
            "arp-del 02:00:00:00:00:07 10.0.0.1",
        ]);
        assert!(known.is_empty());
    }
}
