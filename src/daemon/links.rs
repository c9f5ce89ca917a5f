//! The interface table: read anew from the kernel whenever something changes.
//!
//! A whole list each time instead of following single changes: a change may be
//! lost, a list cannot, and the kernel hands it out while we ask, so nothing
//! waits. The serve flags are worked out in the same pass.

use crate::base::bytes::Writer;
use crate::base::net::netmask4;
use crate::config::Config;
use crate::daemon::serve;
use crate::limits;
use crate::outbox::Outbox;
use crate::outbox::lines::{Arg, process};
use crate::platform::sys::{self, Errno};
use crate::platform::{links, netlink};
use crate::store::interfaces::{Address, Interface, Interfaces};
use crate::wire::netlink::{
    Body, IFA_F_DADFAILED, IFA_F_DEPRECATED, IFA_F_TEMPORARY, IFA_F_TENTATIVE, IFF_LOOPBACK, IFF_UP, Link, LinkAddress, List, Messages, request,
};
use arrayvec::{ArrayString, ArrayVec};
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::OwnedFd;

/// Octets of one piece of a list: what the kernel sends at once at most.
const PIECE: usize = 16 * 1024;

/// Times the lists are asked for because one failed or something changed
/// meanwhile; a change during the last one is read soon after.
const TRIES: u32 = 3;

/// The source of the interface table.
pub struct Links {
    socket: Option<OwnedFd>,
    sequence: u32,
    /// Something changed while the lists were read: they may not fit together.
    missed: bool,
    /// Something did not fit the table, and that this was told.
    overflow: bool,
    told: bool,
    piece: Box<[u8]>,
}

impl Links {
    /// Opens the routing socket; without one the table is read by other means
    /// and never changes.
    pub fn open() -> Self {
        let socket = netlink::open(netlink::LINKS).ok();
        Links { socket, sequence: 0, missed: false, overflow: false, told: false, piece: vec![0; PIECE].into_boxed_slice() }
    }

    /// What to wait on for changes.
    pub fn socket(&self) -> Option<&OwnedFd> {
        self.socket.as_ref()
    }

    /// Takes in what the kernel told of changes; true if there was any.
    pub fn changed(&mut self) -> bool {
        let mut any = core::mem::take(&mut self.missed);
        let Some(socket) = &self.socket else { return any };
        loop {
            match netlink::receive(socket, &mut self.piece) {
                Ok(bytes) => any |= Messages::new(bytes).any(|(_, body)| !matches!(body, Body::Other)),
                Err(sys::EAGAIN) => return any,
                Err(sys::EINTR) => {}
                // Messages were lost for want of room: something changed.
                Err(_) => any = true,
            }
        }
    }

    /// Reads everything anew into `table`. False when something changed even
    /// during the last try: `changed` will say so.
    pub fn read(&mut self, config: &Config, table: &mut Interfaces) -> bool {
        let mut told = false;
        for _ in 0..TRIES {
            self.missed = false;
            told = self.read_once(config, table).is_ok();
            if told && !self.missed {
                break;
            }
        }
        if !told {
            (self.socket, self.missed) = (None, false);
            table.list.clear();
            let _ = links::list(&mut |body| self.overflow |= !take(config, table, body));
        }
        for interface in &mut table.list {
            serve::mark(config, interface);
        }
        !self.missed
    }

    /// Says, once, that there is more than the table takes.
    pub fn tell_overflow(&mut self, out: &mut Outbox) {
        if self.overflow && !core::mem::replace(&mut self.told, true) {
            let most = [limits::INTERFACES_MAX, limits::ADDRESSES_PER_INTERFACE];
            out.log(&process::TOO_MANY_LINKS, &most.map(|most| Arg::Number(most as u64)));
        }
    }

    fn read_once(&mut self, config: &Config, table: &mut Interfaces) -> Result<(), Errno> {
        table.list.clear();
        self.list(List::Links, config, table)?;
        self.list(List::Addresses, config, table)
    }

    /// Asks for one list and takes it in. Changes that come in between are
    /// noted: an interface may be newer than the first list and its address
    /// older than the second.
    fn list(&mut self, list: List, config: &Config, table: &mut Interfaces) -> Result<(), Errno> {
        let Some(socket) = &self.socket else { return Err(sys::ENODEV) };
        self.sequence = self.sequence.wrapping_add(1);
        let mut buffer = [0; 64];
        let mut out = Writer::new(&mut buffer);
        request(&mut out, list, self.sequence);
        netlink::send(socket, out.written())?;
        loop {
            let bytes = netlink::receive(socket, &mut self.piece)?;
            for (sequence, body) in Messages::new(bytes) {
                if sequence != self.sequence {
                    self.missed |= !matches!(body, Body::Other);
                    continue;
                }
                match body {
                    Body::Done => return Ok(()),
                    Body::Refused(errno) => return Err(errno),
                    body => self.overflow |= !take(config, table, body),
                }
            }
        }
    }
}

/// False if there is no room for it.
fn take(config: &Config, table: &mut Interfaces, body: Body) -> bool {
    match body {
        Body::Link(link) => add_link(table, &link),
        Body::Address(address) => add_address(config, table, &address),
        Body::Neighbour(_) | Body::Gone | Body::Done | Body::Refused(_) | Body::Other => true,
    }
}

fn add_link(table: &mut Interfaces, link: &Link) -> bool {
    let name = core::str::from_utf8(link.name).ok().and_then(|name| ArrayString::from(name).ok());
    let (Some(name), None) = (name, table.get(link.index)) else { return true };
    let interface = Interface {
        index: link.index,
        name,
        mtu: link.mtu,
        loopback: link.flags & IFF_LOOPBACK != 0,
        up: link.flags & IFF_UP != 0,
        hw: link.hw,
        addresses: ArrayVec::new(),
        dns: false,
        dhcp4: false,
        tftp: false,
    };
    table.list.try_push(interface).is_ok()
}

fn add_address(config: &Config, table: &mut Interfaces, told: &LinkAddress) -> bool {
    let Some(interface) = table.list.iter_mut().find(|known| known.index == told.index) else { return true };
    let name = interface.name.as_bytes();
    let broadcast = match told.addr {
        IpAddr::V4(addr) => told.broadcast.unwrap_or_else(|| addr | !netmask4(told.prefix)),
        IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
    };
    let address = Address {
        addr: told.addr,
        prefix: told.prefix,
        broadcast,
        dns: serve::by_address(config, name, told.label, interface.loopback, told.addr),
        tentative: told.flags & IFA_F_TENTATIVE != 0 && told.flags & IFA_F_DADFAILED == 0,
        fleeting: told.flags & (IFA_F_TEMPORARY | IFA_F_DEPRECATED) != 0 && told.addr.is_ipv6(),
    };
    interface.addresses.try_push(address).is_ok()
}
