//! Where neighbours are heard of: the kernel's tables (ARP and neighbour
//! discovery), for `add-mac` and for the program of `script-arp`.
//!
//! Changes are heard as they come. When some were lost the whole list is asked
//! for, and what it does not hold is gone.

use crate::base::bytes::Writer;
use crate::base::text;
use crate::config::Config;
use crate::limits;
use crate::platform::netlink;
use crate::platform::sys::{self, Errno};
use crate::store;
use crate::store::neighbours::{Event, Tell};
use crate::wire::netlink::{Body, List, Messages, Neighbour, request};
use std::os::fd::OwnedFd;

/// Octets of one piece of a list: what the kernel sends at once at most.
const PIECE: usize = 16 * 1024;

/// The source of neighbours.
pub struct Neighbours {
    socket: OwnedFd,
    piece: Box<[u8]>,
}

impl Neighbours {
    /// Opens it, if anybody wants to hear; without a routing socket nobody does.
    pub fn open(config: &Config) -> Option<Self> {
        if most(config) == 0 {
            return None;
        }
        let socket = netlink::open(netlink::NEIGHBOURS).ok()?;
        let neighbours = Neighbours {
            socket,
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

    /// Takes in what the kernel says, and tells the program.
    pub fn changed(&mut self, known: &mut store::neighbours::Neighbours, program: &mut dyn FnMut(&[u8])) {
        let tell: Tell = &mut |event, neighbour| {
            let action: &[u8] = if event == Event::Come { b"arp-add" } else { b"arp-del" };
            say(action, neighbour, program);
        };
        loop {
            match netlink::receive(&self.socket, &mut self.piece) {
                Ok(bytes) => {
                    for (sequence, body) in Messages::new(bytes) {
                        match body {
                            Body::Neighbour(neighbour) => known.heard(neighbour, tell),
                            Body::Done if sequence != 0 => known.end_list(tell),
                            _ => {}
                        }
                    }
                }
                Err(sys::EINTR) => {}
                Err(sys::ENOBUFS) => {
                    known.begin_list();
                    if self.ask().is_err() {
                        return;
                    }
                }
                Err(_) => return,
            }
        }
    }
}

/// How many neighbours are to be known.
pub fn most(config: &Config) -> usize {
    let told = config.script.arp && config.script.is_on();
    let added = config.dns.edns.mac || config.dns.edns.mac_text.is_some();
    if told || added && config.listen.port != 0 { limits::NEIGHBOURS_MAX } else { 0 }
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
