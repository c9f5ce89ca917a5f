//! Which zone answers for a name, which addresses it publishes, and the records
//! that say so: SOA and NS (RFC 1035 §3.3.13). Zones in the tree of addresses
//! follow from the networks of a zone.

use crate::base::bytes::Writer;
use crate::base::net::{Prefix as Net, unmapped};
use crate::base::text;
use crate::config::auth::{Interface, Subnet, Zone};
use crate::dns::{Surroundings, interface_names, reverse};
use crate::store::interfaces::{Address, Interfaces};
use crate::wire::dns::build::Reply;
use crate::wire::dns::codes::{class, kind};
use crate::wire::dns::message::{Question, Section};
use crate::wire::dns::name::{Name, NameBuf};
use std::net::IpAddr;

/// Octets of the longest name of a zone of addresses, as text.
const REVERSE_MAX: usize = 2 * 32 + 8;

/// What SOA records say if nobody says otherwise, seconds.
const REFRESH: u32 = 1200;
const RETRY: u32 = 180;
const EXPIRY: u32 = 1_209_600;

/// A zone that answers.
#[derive(Clone, Copy)]
pub(super) struct Found<'a> {
    /// The zone.
    pub zone: &'a Zone,
    /// Its network, if it is addresses that have names.
    pub net: Option<Net>,
}

/// The zone of a name: of several the deepest one.
pub(super) fn of_name<'a>(with: &Surroundings<'a>, name: Name) -> Option<Found<'a>> {
    let zones = with.config.auth.zones.iter().filter(|zone| name.is_within(top(zone)));
    zones.max_by_key(|zone| zone.name.len()).map(|zone| Found { zone, net: None })
}

/// The zone that a question is about, by name or by address.
pub(super) fn of_question<'a>(with: &Surroundings<'a>, question: &Question) -> Option<Found<'a>> {
    let by_addr = |net: Net| {
        let mut zones = with.config.auth.zones.iter().rev();
        zones.find_map(|zone| Some(Found { zone, net: Some(holding(with.interfaces, &zone.subnets, net.addr)?) }))
    };
    let asks_for_addr = matches!(question.kind, kind::PTR | kind::SOA | kind::NS);
    let net = reverse::network(question.name).filter(|net| asks_for_addr && net.len > 0);
    net.and_then(by_addr).or_else(|| of_name(with, question.name))
}

/// The name of a zone.
pub(super) fn top(zone: &Zone) -> Name<'_> {
    Name::new(&zone.name).unwrap_or(Name::ROOT)
}

/// True when the zone tells the world of this address.
pub(super) fn publishes(interfaces: &Interfaces, zone: &Zone, addr: IpAddr) -> bool {
    let all = zone.subnets.is_empty() || holding(interfaces, &zone.subnets, addr).is_some();
    all && holding(interfaces, &zone.excluded, addr).is_none()
}

/// The network of these that holds an address.
fn holding(interfaces: &Interfaces, list: &[Subnet], addr: IpAddr) -> Option<Net> {
    let in_interface = |own: &Interface| {
        let named = |name: &[u8]| own.is(name, addr);
        let mut found = None;
        let mut holds = |own: &Address| {
            found = Some(Net { addr: own.addr, len: own.prefix }).filter(|net| net.contains(addr));
            found.is_some()
        };
        let mut all = interfaces.iter().map(|known| known.name.as_bytes());
        all.any(|name| named(name) && interface_names::any_address(interfaces, name, &mut holds));
        found
    };
    // Of those that lie in each other the last one counts.
    list.iter().rev().find_map(|subnet| match subnet {
        Subnet::Prefix(net) => Some(*net).filter(|net| net.contains(addr)),
        Subnet::Interface(own) => in_interface(own),
    })
}

impl Found<'_> {
    /// The name that the zone's own records have. A network whose length is not
    /// that of a name has the next one of fewer octets, or of more digits.
    pub(super) fn owner(&self) -> NameBuf {
        let Some(net) = self.net else { return NameBuf::from_name(top(self.zone)) };
        let mut buffer = [0; REVERSE_MAX];
        let mut out = Writer::new(&mut buffer);
        match net.addr {
            IpAddr::V4(v4) => {
                let count = usize::from(net.len / 8).clamp(1, 3);
                for octet in v4.octets().iter().take(count).rev() {
                    text::decimal(&mut out, (*octet).into());
                    out.u8(b'.');
                }
                out.bytes(b"in-addr.arpa");
            }
            IpAddr::V6(v6) => {
                let digits = u32::from(net.len).div_ceil(4);
                for digit in 0..digits {
                    let shift = 128u32.saturating_sub(digits.saturating_sub(digit).saturating_mul(4));
                    let value = u128::from(v6).checked_shr(shift).unwrap_or(0) & 15;
                    out.u8(char::from_digit(value as u32, 16).map_or(b'0', |digit| digit as u8));
                    out.u8(b'.');
                }
                out.bytes(b"ip6.arpa");
            }
        }
        NameBuf::from_text(out.written()).unwrap_or_default()
    }

    /// Adds the SOA record.
    #[inline(never)]
    pub(super) fn soa(&self, with: &Surroundings, reply: &mut Reply, section: Section, owner: Name, serial: u32) -> bool {
        let (auth, soa) = (&with.config.auth, &with.config.auth.soa);
        let server = auth.server.as_deref().and_then(Name::new).unwrap_or(Name::ROOT);
        let made = NameBuf::join(b"hostmaster", server);
        let mailbox = soa.mailbox.as_deref().and_then(Name::new).or(made.as_ref().map(NameBuf::name)).unwrap_or(server);
        reply.add(section, owner, kind::SOA, class::IN, auth.ttl, |data| {
            data.name(server);
            data.name(mailbox);
            let spans = [(soa.refresh, REFRESH), (soa.retry, RETRY), (soa.expiry, EXPIRY)];
            let [refresh, retry, expiry] = spans.map(|(said, usual)| said.unwrap_or(usual));
            for number in [serial, refresh, retry, expiry, auth.ttl] {
                data.u32(number);
            }
        })
    }

    /// Adds the NS records: this server if the world reaches it, and others, which
    /// do not copy the zones of addresses.
    #[inline(never)]
    pub(super) fn ns(&self, with: &Surroundings, reply: &mut Reply, section: Section, owner: Name) {
        let auth = &with.config.auth;
        let own = auth.server.iter().filter(|_| auth.is_outside());
        let others = auth.secondaries.iter().rev().filter(|_| self.net.is_none());
        for server in own.chain(others).filter_map(|server| Name::new(server)) {
            reply.name(section, owner, kind::NS, class::IN, auth.ttl, server);
        }
    }
}

/// True when somebody may copy zones.
pub(super) fn may_copy(with: &Surroundings, client: IpAddr) -> bool {
    let auth = &with.config.auth;
    match auth.peers.is_empty() {
        true => !auth.secondaries.is_empty(),
        false => auth.peers.contains(&unmapped(client)),
    }
}

/// The serial number at the start, without the changes of leases so far.
pub(super) fn first_serial(with: &Surroundings) -> u32 {
    // The number counts on modulo 2^32 (RFC 1982).
    let serial = with.config.auth.soa.serial.unwrap_or(with.now.wall.0 as u32);
    serial.wrapping_sub(with.leases.names_changed)
}
