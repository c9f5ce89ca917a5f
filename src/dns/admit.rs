//! Is this a question we take, from whom, and by which door? Packets for
//! interfaces and addresses that are not served are dropped in silence; what is
//! no ordinary question gets the answer the RFCs and dnsmasq give it.

use crate::base::net::{Prefix, unmapped};
use crate::config::{self, Config, Listen, LocalService};
use crate::dns::additions;
use crate::outbox::action::Arrival;
use crate::store::interfaces::Interfaces;
use crate::wire::dns::codes::flag;
use crate::wire::dns::edns::{self, Opt};
use crate::wire::dns::message::{Message, Question};
use crate::wire::dns::name::Name;
use std::net::IpAddr;

/// Largest answer to a client without EDNS (RFC 1035 §4.2.1).
pub const PLAIN_LIMIT: u16 = 512;

/// A question, decoded once.
#[derive(Clone, Copy)]
pub struct Query<'a> {
    /// The message it came in.
    pub message: &'a Message<'a>,
    /// What is asked.
    pub question: Question<'a>,
    /// The client's EDNS record.
    pub opt: Option<Opt<'a>>,
    /// How it came in.
    pub arrival: &'a Arrival,
    /// It came by TCP.
    pub tcp: bool,
    /// The largest answer the client takes.
    pub limit: u16,
    /// Serial number in the log.
    pub serial: u32,
    /// The message is signed: it must reach the server untouched (RFC 8945 §5.1).
    pub signed: bool,
    /// The answer depends on the client: it is not shared and not kept.
    pub personal: bool,
}

/// What a message is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A question.
    Query,
    /// Not QUERY: the operation code is not implemented.
    NonQuery,
    /// A question that is none: too many questions, or answers in it.
    Odd,
    /// Nothing that could be answered.
    Garbage,
}

impl<'a> Query<'a> {
    /// A message of a client that is still to be decoded.
    pub fn new(message: &'a Message<'a>, arrival: &'a Arrival, tcp: bool) -> Self {
        let question = Question { name: Name::ROOT, kind: 0, class: 0 };
        let limit = if tcp { u16::MAX } else { PLAIN_LIMIT };
        Query { message, question, opt: None, arrival, tcp, limit, serial: 0, signed: false, personal: false }
    }

    /// Decodes the message; it can be worked with as a question if it is one.
    pub fn decode(&mut self, config: &config::Dns) -> Kind {
        let message = self.message;
        // Quirk: dnsmasq answers messages marked as responses when they come by TCP.
        if message.is_response() && !self.tcp {
            return Kind::Garbage;
        }
        if message.opcode() != 0 {
            return Kind::NonQuery;
        }
        let ([1, 0, 0, additional], Some(question)) = (message.counts(), message.question()) else { return Kind::Odd };
        self.question = *question;
        if additional > 0 && let Ok(extras) = &message.extras() {
            (self.opt, self.signed) = (extras.opt, extras.signed);
            if let Some(opt) = &extras.opt && !self.tcp {
                self.limit = opt.udp_size.clamp(PLAIN_LIMIT, config.edns_max.max(PLAIN_LIMIT));
            }
        }
        self.personal = self.signed || additions::is_personal(&config.edns, self.opt.as_ref(), &self.arrival.from);
        Kind::Query
    }

    /// The bits in which two questions must agree to share an answer.
    pub fn traits(&self) -> u16 {
        let header = self.message.flags() & (flag::RD | flag::CD | flag::AD);
        let edns = self.opt.as_ref().map_or(0, |opt| 1 | (opt.flags & edns::DNSSEC_OK));
        header | edns
    }

    /// Data of upstream servers that was kept may answer it: recursion is wanted,
    /// no signatures are, and no client subnet takes part.
    pub fn takes_cached(&self) -> bool {
        self.message.has(flag::RD) && !self.personal && !self.opt.as_ref().is_some_and(Opt::dnssec_ok)
    }

    /// The client's address.
    pub fn client(&self) -> IpAddr {
        self.arrival.from.ip()
    }
}

/// True when packets that arrive this way get answers with authority only.
// Asked twice for each question, and hardly ever configured.
#[inline(always)]
pub fn is_outside(config: &Config, interfaces: &Interfaces, arrival: &Arrival) -> bool {
    config.auth.is_outside() && comes_by_server(config, interfaces, arrival)
}

fn comes_by_server(config: &Config, interfaces: &Interfaces, arrival: &Arrival) -> bool {
    let to = unmapped(arrival.to);
    let has_it = || interfaces.iter().find(|known| known.addresses.iter().any(|own| own.addr == to));
    let iface = interfaces.get(arrival.iface).or_else(has_it);
    config.auth.serves(iface.map_or(&[], |iface| iface.name.as_bytes()), to)
}

/// True when packets that arrive this way are served.
pub fn is_served(config: &Config, interfaces: &Interfaces, arrival: &Arrival) -> bool {
    let listen = &config.listen;
    if arrival.from.port() == 0 {
        return false;
    }
    if is_outside(config, interfaces, arrival) {
        return true;
    }
    let Some(iface) = interfaces.get(arrival.iface) else {
        // The socket is bound to one address, or the table does not know the
        // interface (yet): it is served where everything is, or by address.
        let everything = listen.interfaces.is_none() && listen.except.is_empty() && listen.addresses.is_empty();
        return arrival.iface == 0 || everything || listen.addresses.contains(&unmapped(arrival.to));
    };
    if iface.dns {
        return true;
    }
    let to = unmapped(arrival.to);
    listen.addresses.contains(&to)
        || iface.loopback && interfaces.iter().any(|i| i.addresses.iter().any(|a| a.addr == to && a.dns))
}

/// True when the client may ask: with `local-service` only those in a subnet of
/// ours.
pub fn is_local(listen: &Listen, interfaces: &Interfaces, client: IpAddr) -> bool {
    if listen.local_service == LocalService::Off {
        return true;
    }
    let client = unmapped(client);
    client.is_loopback()
        || interfaces.iter().any(|iface| {
            iface.addresses.iter().any(|own| Prefix { addr: own.addr, len: own.prefix }.contains(client))
        })
}
