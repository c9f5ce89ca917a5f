//! A request, decoded once: every option that the server looks at, found in
//! one walk (RFC 2131 §4.3, RFC 3046, RFC 4702).

use crate::base::bytes::Reader;
use crate::base::net::HwAddr;
use crate::dhcp::naming::ClientName;
use crate::wire::dhcp4::{Packet, REPLY_DEFAULT};
use crate::dhcp4::pxe_menu::part::BOOT_ITEM;
use crate::wire::dhcp4_options::{self, agent, code, walk, walk_inside};
use crate::wire::dhcp4_split::Splits;
use std::net::Ipv4Addr;

/// The client's wish about names in DNS (option 81).
#[derive(Clone, Copy)]
pub struct Fqdn {
    /// The flags as the client sent them.
    pub flags: u8,
}

impl Fqdn {
    /// The name is in labels, not in text.
    pub const ENCODED: u8 = 4;
    /// The server is to update forward names.
    pub const SERVER: u8 = 1;
    /// The server does what the client did not ask for.
    pub const OVERRIDE: u8 = 2;
    /// The server updates nothing.
    pub const NONE: u8 = 8;

    /// The flags of the answer. The server updates DNS, and says so if that
    /// was not asked for; with `dhcp-client-update` the client may.
    pub fn answer(self, client_update: bool) -> u8 {
        let flags = self.flags & 15;
        match (client_update, flags & Fqdn::SERVER != 0) {
            (true, true) => (flags & !Fqdn::SERVER) | Fqdn::OVERRIDE | Fqdn::NONE,
            (true, false) => flags | Fqdn::NONE,
            (false, true) => flags & !Fqdn::NONE,
            (false, false) => (flags | Fqdn::SERVER | Fqdn::OVERRIDE) & !Fqdn::NONE,
        }
    }
}

/// Octets of option 97: a type and a UUID (RFC 4578 §2.3).
const MACHINE_ID_LEN: usize = 17;

/// Options that count: of several with one number the first that has so many
/// octets at least.
const FIRSTS: [(u8, u8); 18] = [
    (code::MESSAGE_TYPE, 1),
    (code::CLIENT_ID, 1),
    (code::REQUESTED_ADDRESS, 4),
    (code::SERVER_ID, 4),
    (code::LEASE_TIME, 4),
    (code::REQUEST_LIST, 0),
    (code::MAX_SIZE, 2),
    (code::VENDOR_CLASS, 1),
    (code::USER_CLASS, 1),
    (code::ARCHITECTURE, 2),
    (code::MACHINE_ID, MACHINE_ID_LEN as u8),
    (code::VENDOR_ENCAP, 5),
    (code::MESSAGE, 0),
    (code::RAPID_COMMIT, 0),
    (code::AGENT, 1),
    (code::SUBNET_SELECT, 4),
    (code::HOST_NAME, 1),
    (code::FQDN, 3),
];

/// What was found of an option.
#[inline(never)]
fn first<'a>(found: &[Option<&'a [u8]>; FIRSTS.len()], number: u8) -> Option<&'a [u8]> {
    let place = FIRSTS.iter().position(|(own, _)| *own == number)?;
    *found.get(place)?
}

/// A request.
pub struct Request<'a> {
    /// Its header and fields.
    pub packet: Packet<'a>,
    /// Message type; nothing: BOOTP.
    pub kind: Option<u8>,
    /// Hardware address.
    pub hw: HwAddr,
    /// What stands for the hardware address where there is none: the client
    /// identifier.
    substitute: &'a [u8],
    /// Client identifier (option 61).
    pub client_id: Option<&'a [u8]>,
    /// Requested address (option 50).
    pub wanted: Option<Ipv4Addr>,
    /// Server identifier (option 54).
    pub server_id: Option<Ipv4Addr>,
    /// Wished lease time (option 51).
    pub lease_wish: Option<u32>,
    /// What the client asks for (option 55).
    pub request_list: Option<&'a [u8]>,
    /// Largest reply, in octets of UDP payload.
    pub reply_max: usize,
    /// Option 60.
    pub vendor_class: Option<&'a [u8]>,
    /// Option 77.
    pub user_class: Option<&'a [u8]>,
    /// Architecture (option 93), the first one.
    pub arch: Option<u16>,
    /// Identifier of the machine (option 97), as much as counts.
    pub uuid: Option<&'a [u8]>,
    /// The entry of the PXE menu that was chosen: its type and layer.
    pub boot_item: Option<[u8; 4]>,
    /// Option 56.
    pub message: &'a [u8],
    /// Option 80.
    pub rapid_commit: bool,
    /// Option 82, to be echoed.
    pub agent: Option<&'a [u8]>,
    /// The subnet to serve from: 82.5, else option 118.
    pub subnet: Option<Ipv4Addr>,
    /// What the relay wants us to call ourselves (82.11).
    pub override_id: Option<Ipv4Addr>,
    /// The name, if it is legal.
    pub name: Option<ClientName>,
    /// Option 81.
    pub fqdn: Option<Fqdn>,
    /// Options that came in parts.
    splits: Splits<'a>,
    /// The client ends its strings with a zero and wants the same.
    pub zero_ends: bool,
}

impl<'a> Request<'a> {
    /// Decodes a packet. `splits`: its options that came in parts.
    pub fn new(packet: Packet<'a>, splits: Splits<'a>) -> Self {
        let mut request = Request {
            packet,
            kind: None,
            hw: packet.hw(),
            substitute: &[],
            client_id: None,
            wanted: None,
            server_id: None,
            lease_wish: None,
            request_list: None,
            reply_max: REPLY_DEFAULT,
            vendor_class: None,
            user_class: None,
            arch: None,
            uuid: None,
            boot_item: None,
            message: &[],
            rapid_commit: false,
            agent: None,
            subnet: None,
            override_id: None,
            name: None,
            fqdn: None,
            splits,
            zero_ends: false,
        };
        let found = &mut [None; FIRSTS.len()];
        for (number, part) in packet.walk_options() {
            let value = request.splits.whole(number).unwrap_or(part);
            for (place, (own, least)) in found.iter_mut().zip(FIRSTS) {
                if own == number && value.len() >= usize::from(least) && place.is_none() {
                    *place = Some(value);
                }
            }
        }
        let address = |number| first(found, number).and_then(dhcp4_options::address);
        request.kind = first(found, code::MESSAGE_TYPE).and_then(|value| value.first().copied()).filter(|kind| *kind != 0);
        request.client_id = first(found, code::CLIENT_ID);
        request.wanted = address(code::REQUESTED_ADDRESS);
        request.server_id = address(code::SERVER_ID);
        request.lease_wish = address(code::LEASE_TIME).map(u32::from);
        request.request_list = first(found, code::REQUEST_LIST);
        request.set_max(first(found, code::MAX_SIZE).unwrap_or_default());
        request.vendor_class = first(found, code::VENDOR_CLASS);
        request.user_class = first(found, code::USER_CLASS);
        request.arch = first(found, code::ARCHITECTURE).and_then(|value| Reader::new(value).u16());
        request.uuid = first(found, code::MACHINE_ID).and_then(|value| value.get(..MACHINE_ID_LEN));
        let item = walk(first(found, code::VENDOR_ENCAP).unwrap_or_default()).find(|(number, _)| *number == BOOT_ITEM);
        request.boot_item = item.and_then(|(_, item)| Reader::new(item).array());
        request.message = first(found, code::MESSAGE).unwrap_or_default();
        request.rapid_commit = first(found, code::RAPID_COMMIT).is_some();
        request.agent = first(found, code::AGENT);
        let selector = address(code::SUBNET_SELECT);
        let (host_name, fqdn) = (first(found, code::HOST_NAME), first(found, code::FQDN));
        request.subnet = request.agent_part(agent::LINK_SELECTION).and_then(dhcp4_options::address).or(selector);
        request.override_id = request.agent_part(agent::SERVER_ID_OVERRIDE).and_then(dhcp4_options::address);
        request.take_name(host_name, fqdn);
        if request.kind.is_none() {
            // BOOTP clients do not choose.
            request.request_list = None;
        }
        request
    }

    /// The first option with this number, whole.
    #[inline(never)]
    pub fn option(&self, number: u8) -> Option<&'a [u8]> {
        let first = || self.packet.walk_options().find(|(other, _)| *other == number).map(|(_, value)| value);
        self.splits.whole(number).or_else(first)
    }

    /// A sub-option of option 82.
    #[inline(never)]
    pub fn agent_part(&self, part: u8) -> Option<&'a [u8]> {
        walk_inside(self.agent?).find(|(number, _)| *number == part).map(|(_, value)| value)
    }

    /// True when the client asks for an option, or for nothing in particular.
    #[inline(never)]
    pub fn asks_for(&self, number: u8) -> bool {
        self.request_list.is_none_or(|list| list.contains(&number))
    }

    /// Values below the minimum of RFC 2131 are not believed.
    fn set_max(&mut self, value: &[u8]) {
        if let Some(size) = Reader::new(value).u16() {
            let payload = usize::from(size).saturating_sub(28);
            self.reply_max = payload.clamp(REPLY_DEFAULT, crate::limits::DATAGRAM_MAX);
        }
    }

    /// Option 81 wins over option 12.
    fn take_name(&mut self, host_name: Option<&[u8]>, fqdn: Option<&[u8]>) {
        if let Some([flags, _, _, name @ ..]) = fqdn {
            self.fqdn = Some(Fqdn { flags: *flags });
            if flags & Fqdn::ENCODED != 0 {
                self.name = ClientName::from_labels(name);
            } else {
                self.zero_ends = name.last() == Some(&0);
                self.name = ClientName::from_text(name);
            }
        } else if let Some(name) = host_name {
            self.zero_ends = name.last() == Some(&0);
            self.name = ClientName::from_text(name);
        }
    }

    /// Settles who the client is: with `ignore` its identifier does not count.
    pub fn identify(&mut self, ignore: bool) {
        let id = self.client_id;
        if ignore {
            self.client_id = None;
        }
        if self.hw.is_empty() {
            // RFC 2132 §9.14: the first octet is a hardware type.
            let id = id.unwrap_or_default();
            self.substitute = match id.split_first() {
                Some((first, rest)) if *first == self.packet.htype => rest,
                _ => id,
            };
        }
    }

    /// What stands for the hardware address in logs and in the choice of an
    /// address.
    pub fn identity(&self) -> &[u8] {
        if self.hw.is_empty() { self.substitute } else { self.hw.octets() }
    }
}
