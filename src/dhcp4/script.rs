//! The words for the program that follows the leases (`dhcp-script`): its
//! arguments and the variables of its environment, as one record for the helper
//! that runs it (`platform::helper` says how that is laid out).
//!
//! What the client sent is kept only until the call that follows its request;
//! everything else is told from the lease.

use crate::base::bytes::{Reader, Writer};
use crate::base::text;
use crate::base::time::Now;
use crate::config::{Config, HAS_SCRIPT};
use crate::dhcp::naming::ClientName;
use crate::dhcp::tags::TagSet;
use crate::dhcp4::client::Client;
use crate::dhcp4::{Surroundings, log};
use crate::limits::{SUPPLIED_BYTES, SUPPLIED_MAX};
use crate::store::interfaces::Interfaces;
use crate::store::leases::{Lease, Leases};
use crate::store::untold::Tell;
use crate::wire::dhcp4_options::{agent, code, walk_inside};
use crate::wire::dns::name::Name;
use arrayvec::ArrayVec;
use std::net::Ipv4Addr;

/// More of a client identifier is not told.
const CLIENT_ID_TOLD: usize = 100;

/// The enterprise of the Broadband Forum, whose devices say what they are
/// (TR-069, option 125).
const BROADBAND_FORUM: u32 = 3561;

/// Parts of a device's identity (TR-069, Annex F): who made it, and its number.
pub(super) const OUI: u8 = 1;
pub(super) const SERIAL: u8 = 2;

/// What clients sent with their last request, as variables.
#[derive(Default)]
pub(super) struct Supplied {
    kept: ArrayVec<Box<Kept>, SUPPLIED_MAX>,
    /// The one that is overwritten next.
    turn: usize,
}

struct Kept {
    /// Whose; unspecified: nobody's.
    addr: Ipv4Addr,
    len: usize,
    text: [u8; SUPPLIED_BYTES],
}

impl Supplied {
    /// Room for as many clients as may ask before they are told, if anybody
    /// is told at all.
    pub fn new(config: &Config) -> Self {
        let mut kept = ArrayVec::new();
        if config.script.is_on() {
            let nobody = || Box::new(Kept { addr: Ipv4Addr::UNSPECIFIED, len: 0, text: [0; SUPPLIED_BYTES] });
            kept.extend((0..SUPPLIED_MAX).map(|_| nobody()));
        }
        Supplied { kept, turn: 0 }
    }

    /// Keeps what came with the request that this lease was granted for.
    pub fn keep(&mut self, client: &Client, addr: Ipv4Addr, tags: &TagSet) {
        if !HAS_SCRIPT {
            return;
        }
        let count = self.kept.len();
        let own = self.kept.iter().position(|kept| kept.addr == addr).unwrap_or(self.turn);
        let Some(kept) = self.kept.get_mut(own) else { return };
        if own == self.turn {
            self.turn = own.wrapping_add(1).checked_rem(count).unwrap_or(0);
        }
        kept.addr = addr;
        let mut out = Writer::new(&mut kept.text);
        client_variables(&mut out, client, tags);
        kept.len = out.len();
    }

    fn of(&self, addr: Ipv4Addr) -> Option<&[u8]> {
        let kept = self.kept.iter().find(|kept| kept.addr == addr)?;
        kept.text.get(..kept.len)
    }

    /// Everything is told.
    pub fn forget(&mut self) {
        self.kept.iter_mut().for_each(|kept| kept.addr = Ipv4Addr::UNSPECIFIED);
    }
}

/// Writes the record of what is to be told next; false if nothing is.
pub(super) fn record(supplied: &mut Supplied, with: &mut Surroundings, out: &mut Writer) -> bool {
    let Some(tell) = with.leases.untold() else {
        supplied.forget();
        return false;
    };
    let Some(lease) = with.leases.subject(tell) else { return false };
    let action: &[u8] = match tell {
        Tell::Gone(_) => b"del",
        Tell::Added(_) => b"add",
        Tell::Lost(_) | Tell::Changed(_) => b"old",
    };
    // A lost name is no argument but a variable.
    let (name, lost) = match tell {
        Tell::Lost(id) => (&[][..], with.leases.lost_name(id).unwrap_or_default()),
        _ => (lease.name(), &[][..]),
    };
    out.u8(if name.is_empty() { 3 } else { 4 });
    out.bytes(action);
    out.u8(0);
    text::hw_addr(out, &lease.hw);
    out.u8(0);
    text::ipv4(out, lease.addr);
    out.u8(0);
    if !name.is_empty() {
        out.bytes(name);
        out.u8(0);
    }
    lease_variables(out, with.config, with.leases, with.interfaces, lease, tell, with.now);
    variable(out, b"OLD_HOSTNAME", lost);
    match supplied.of(lease.addr).filter(|_| !matches!(tell, Tell::Gone(_))) {
        Some(sent) => out.bytes(sent),
        None => variable(out, b"DATA_MISSING", b"1"),
    }
    true
}

/// What the lease itself tells.
fn lease_variables(
    out: &mut Writer,
    config: &Config,
    leases: &Leases,
    interfaces: &Interfaces,
    lease: &Lease,
    tell: Tell,
    now: Now,
) {
    number(out, b"LEASE_EXPIRES", lease.expires.0);
    let left = lease.seconds_left(now.mono).filter(|left| *left > 0 && !matches!(tell, Tell::Gone(_)));
    if let Some(left) = left {
        number(out, b"TIME_REMAINING", left);
    }
    // Not heard of since the start: where its address belongs.
    let near = || interfaces.iter().find(|iface| iface.ipv4_near(lease.addr).is_some());
    let ended = matches!(tell, Tell::Gone(_));
    if let Some(iface) = interfaces.get(lease.iface).or_else(|| near().filter(|_| !ended)) {
        variable(out, b"INTERFACE", iface.name.as_bytes());
    }
    let named = matches!(tell, Tell::Lost(_)) || !lease.name().is_empty();
    if let Some(domain) = config.dns.domain_for(lease.addr.into(), interfaces).filter(|_| named).and_then(Name::new) {
        begin(out, b"DOMAIN");
        domain.text(out);
        out.u8(0);
    }
    let client_id = leases.client_id(lease);
    if !client_id.is_empty() {
        begin(out, b"CLIENT_ID");
        let told = client_id.get(..CLIENT_ID_TOLD).unwrap_or(client_id);
        text::hex(out, told, b':');
        if told.len() < client_id.len() {
            // Quirk: what is cut ends in a colon, as dnsmasq has it.
            out.u8(b':');
        }
        out.u8(0);
    }
    if config.log.dhcp {
        variable(out, b"LOG_DHCP", b"1");
    }
}

/// What the client sent.
fn client_variables(out: &mut Writer, client: &Client, tags: &TagSet) {
    let request = client.request;
    variable(out, b"VENDOR_CLASS", request.vendor_class.unwrap_or_default());
    if let Some(about) = request.option(code::VI_ENCAP) {
        for (part, name) in [(OUI, &b"CPEWAN_OUI"[..]), (SERIAL, b"CPEWAN_SERIAL"), (3, b"CPEWAN_CLASS")] {
            variable(out, name, of_device(about, part).unwrap_or_default());
        }
    }
    for (part, name) in
        [(agent::CIRCUIT_ID, &b"CIRCUIT_ID"[..]), (agent::SUBSCRIBER_ID, b"SUBSCRIBER_ID"), (agent::REMOTE_ID, b"REMOTE_ID")]
    {
        variable(out, name, request.agent_part(part).unwrap_or_default());
    }
    if let Some(list) = request.request_list {
        begin(out, b"REQUESTED_OPTIONS");
        for (place, number) in list.iter().enumerate() {
            if place > 0 {
                out.u8(b',');
            }
            text::decimal(out, (*number).into());
        }
        out.u8(0);
    }
    let mut buffer = [0; 512];
    let mut words = Writer::new(&mut buffer);
    tags.write(&client.config.dhcp, b" ", &mut words);
    variable(out, b"TAGS", words.written());
    let relay = request.packet.giaddr;
    if !relay.is_unspecified() {
        begin(out, b"RELAY_ADDRESS");
        text::ipv4(out, relay);
        out.u8(0);
    }
    variable(out, b"MUD_URL", request.option(code::MUD_URL).unwrap_or_default());
    if let Some(name) = request.option(code::HOST_NAME).and_then(ClientName::from_text) {
        variable(out, b"SUPPLIED_HOSTNAME", name.text());
    }
    let classes = request.user_class.map(log::user_class).into_iter().flatten();
    for (place, class) in classes.enumerate().filter(|(_, class)| !class.is_empty()) {
        out.bytes(b"DNSMASQ_USER_CLASS");
        text::decimal(out, place as u64);
        out.u8(b'=');
        out.bytes(told(class));
        out.u8(0);
    }
}

/// A part of what a device of the Broadband Forum says of itself.
pub(super) fn of_device(option: &[u8], part: u8) -> Option<&[u8]> {
    let mut reader = Reader::new(option);
    while let Some(enterprise) = reader.u32() {
        let len = reader.u8()?;
        let parts = reader.take(len.into())?;
        if enterprise == BROADBAND_FORUM {
            return walk_inside(parts).find(|(number, _)| *number == part).map(|(_, value)| value);
        }
    }
    None
}

fn begin(out: &mut Writer, name: &[u8]) {
    out.bytes(b"DNSMASQ_");
    out.bytes(name);
    out.u8(b'=');
}

/// A variable with a text as value; none without value.
fn variable(out: &mut Writer, name: &[u8], value: &[u8]) {
    let value = told(value);
    if !value.is_empty() {
        begin(out, name);
        out.bytes(value);
        out.u8(0);
    }
}

/// What is told of a text: the environment cannot hold a zero, and scripts
/// take apart at `=`.
fn told(value: &[u8]) -> &[u8] {
    value.split(|octet| matches!(octet, 0 | b'=')).next().unwrap_or_default()
}

fn number(out: &mut Writer, name: &[u8], value: u64) {
    begin(out, name);
    text::decimal(out, value);
    out.u8(0);
}
