//! The PXE menu (PXE 2.1 §2.2.4): what goes into option 43 for a client of one
//! architecture.

use crate::config::{NextServer, Service};
use crate::dhcp::tags::TagSet;
use crate::dhcp4::Surroundings;
use crate::dhcp4::reply::address_of;
use crate::outbox::lines::dhcp as lines;
use arrayvec::ArrayVec;
use std::net::Ipv4Addr;

/// Sub-options of option 43.
pub(super) mod part {
    pub const DISCOVERY: u8 = 6;
    pub const SERVERS: u8 = 8;
    pub const MENU: u8 = 9;
    pub const PROMPT: u8 = 10;
    pub const BOOT_ITEM: u8 = 71;
}

/// How a client may look for boot servers.
mod discovery {
    /// Only at the addresses given.
    pub const LISTED: u8 = 3;
    /// By broadcast too.
    pub const BROADCAST: u8 = 2;
    /// Not at all: the file of the header is the one.
    pub const NONE: u8 = 8;
}

/// Octets that a sub-option may have here.
const PART_MAX: usize = 252;

/// A menu.
pub(super) struct Menu {
    discovery: [u8; 1],
    /// What stands for a prompt if none is configured: when there is a choice
    /// the client waits for ever.
    prompt: [u8; 4],
    servers: ArrayVec<u8, PART_MAX>,
    entries: ArrayVec<u8, PART_MAX>,
}

impl Menu {
    /// The menu for an architecture; nothing, and a line in the log, if it is
    /// too large. `us`: our address on that link.
    pub fn new(with: &mut Surroundings, arch: u16, tags: &TagSet, us: Ipv4Addr) -> Option<Menu> {
        let services = &with.config.dhcp.netboot.services;
        let (mut servers, mut entries) = (ArrayVec::new(), ArrayVec::new());
        let (mut control, mut count) = (discovery::LISTED, 0u32);
        let mut fits = true;
        for service in services.iter().filter(|service| is_for(service, arch, tags)) {
            count = count.saturating_add(1);
            let kind = service.kind.to_be_bytes();
            let len = u8::try_from(service.text.len()).unwrap_or(u8::MAX);
            fits &= add(&mut entries, &[&kind, &[len], &service.text]);
            let server = match (&service.file, &service.server) {
                // Whoever asks for the file is told then who has it.
                (Some(_), _) => us,
                (None, server) => address(with, server),
            };
            if !server.is_unspecified() {
                fits &= add(&mut servers, &[&kind, &[1], &server.octets()]);
            } else if service.kind != 0 {
                control = discovery::BROADCAST;
            }
        }
        if !fits {
            with.out.log(&lines::MENU_TOO_LARGE, &[]);
            return None;
        }
        if count == 0 {
            control = discovery::NONE;
        }
        let wait = if count > 1 { u8::MAX } else { 0 };
        Some(Menu { discovery: [control], prompt: [wait, b'P', b'X', b'E'], servers, entries })
    }

    /// Its sub-options; `prompted`: the configuration has a prompt.
    pub fn parts(&self, prompted: bool) -> impl Iterator<Item = (u8, &[u8])> {
        let all: [(u8, &[u8]); 4] = [
            (part::DISCOVERY, &self.discovery),
            (part::PROMPT, if prompted { &[] } else { &self.prompt }),
            (part::SERVERS, &self.servers),
            (part::MENU, &self.entries),
        ];
        all.into_iter().filter(|(_, value)| !value.is_empty())
    }
}

/// True when a client of this architecture with these tags sees the service.
fn is_for(service: &Service, arch: u16, tags: &TagSet) -> bool {
    service.arch == u32::from(arch) && tags.hold(&service.conditions)
}

/// The only service with a file for this architecture, if there is just one.
pub(super) fn only<'s>(services: &'s [Service], arch: u16, tags: &TagSet) -> Option<&'s Service> {
    let mut all = services.iter().filter(|service| service.file.is_some() && is_for(service, arch, tags));
    all.next().filter(|_| all.next().is_none())
}

/// The address of a server; 0.0.0.0 if nobody was named or the name is not
/// known.
pub(super) fn address(with: &mut Surroundings, server: &NextServer) -> Ipv4Addr {
    match server {
        NextServer::Us => Ipv4Addr::UNSPECIFIED,
        NextServer::Addr(addr) => *addr,
        NextServer::Name(name) => address_of(with, name),
    }
}

/// Appends; false, and nothing is, without room.
fn add(to: &mut ArrayVec<u8, PART_MAX>, pieces: &[&[u8]]) -> bool {
    let len: usize = pieces.iter().map(|piece| piece.len()).sum();
    let fits = len <= to.remaining_capacity();
    for piece in pieces.iter().filter(|_| fits) {
        let _ = to.try_extend_from_slice(piece);
    }
    fits
}
