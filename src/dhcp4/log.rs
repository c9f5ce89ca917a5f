//! The log lines of packets, and with `log-dhcp` what is in them.

use crate::base::bytes::{Reader, Writer};
use crate::base::text;
use crate::dhcp4::Surroundings;
use crate::dhcp4::client::Client;
use crate::limits;
use crate::outbox::action::About;
use crate::outbox::lines::{Arg, Line, dhcp as lines};
use crate::outbox::metrics::Metric;
use crate::wire::blob::text_field;
use crate::wire::dhcp4::{BROADCAST, Packet};
use crate::wire::dhcp4_options::{KNOWN, Kind, code};

use arrayvec::ArrayVec;
use std::net::Ipv4Addr;

/// A kind of packet: its word in the log, and by what it is counted.
pub(super) struct What(&'static str, Metric);

pub(super) const ACK: What = What("DHCPACK", Metric::Ack);
pub(super) const NAK: What = What("DHCPNAK", Metric::Nak);
pub(super) const REQUEST: What = What("DHCPREQUEST", Metric::Request);
pub(super) const NO_ANSWER: What = What("NOANSWER", Metric::NoAnswer);
pub(super) const BOOTP: What = What("BOOTP", Metric::Bootp);
pub(super) const INFORM: What = What("DHCPINFORM", Metric::Inform);
pub(super) const DISCOVER: What = What("DHCPDISCOVER", Metric::Discover);
pub(super) const OFFER: What = What("DHCPOFFER", Metric::Offer);
pub(super) const PXE: What = What("PXE", Metric::Pxe);
pub(super) const RELEASE: What = What("DHCPRELEASE", Metric::Release);
pub(super) const DECLINE: What = What("DHCPDECLINE", Metric::Decline);

/// Counts and logs that a packet came or goes: what, for which address, who, a text (a
/// name), a reason. With `quiet-dhcp` only those with a reason.
pub(super) fn packet(
    with: &mut Surroundings,
    client: &Client,
    What(word, metric): &What,
    addr: Option<Ipv4Addr>,
    name: &[u8],
    reason: &'static str,
) {
    with.out.count(*metric);
    tell_bus(with, client, *metric, addr, name);
    let log = &client.config.log;
    if reason.is_empty() && log.quiet_dhcp && !log.dhcp {
        return;
    }
    let identity = client.request.identity();
    let who = if identity.is_empty() { Arg::Str("<null>") } else { Arg::Hex(identity) };
    let iface = Arg::Text(client.iface.name.as_bytes());
    let (addr, blank) = addr.map_or((Arg::Str(""), ""), |addr| (Arg::Ip4(addr), " "));
    line(with, client.request.packet.xid, [Arg::Str(word), iface, addr, Arg::Str(blank), who, Arg::Text(name), Arg::Str(reason)]);
}

/// The line, with `log-dhcp` behind the transaction.
pub(super) fn line(with: &mut Surroundings, xid: u32, [what, iface, addr, blank, who, text, reason]: [Arg; 7]) {
    let all = [Arg::Number(xid.into()), what, iface, addr, blank, who, text, reason];
    match (with.config.log.dhcp, all.split_first()) {
        (false, Some((_, without_xid))) => with.out.log(&lines::PACKET, without_xid),
        _ => with.out.log(&lines::PACKET_XID, &all),
    }
}

/// Tells the subscribers on the bus of an address that is granted or given back.
fn tell_bus(with: &mut Surroundings, client: &Client, metric: Metric, addr: Option<Ipv4Addr>, name: &[u8]) {
    let event = match metric {
        Metric::Ack => b"dhcp.ack".as_slice(),
        Metric::Release => b"dhcp.release",
        _ => return,
    };
    let Some(addr) = addr.filter(|_| with.out.hears.leases) else { return };
    with.out.tell_bus(About::Leases, event, &mut |out| {
        let mut field = |key: &[u8], write: &dyn Fn(&mut Writer)| {
            let mut buffer = [0; 255];
            let mut value = Writer::new(&mut buffer);
            write(&mut value);
            if !value.is_empty() {
                text_field(out, key, value.written());
            }
        };
        field(b"mac", &|out| text::hex(out, client.request.identity(), b':'));
        field(b"ip", &|out| text::ipv4(out, addr));
        field(b"name", &|out| out.bytes(name));
        field(b"interface", &|out| out.bytes(client.iface.name.as_bytes()));
    });
}

/// What can be shown of a text from a client: the rest is left out.
pub(super) fn printable<'t>(parts: &mut dyn Iterator<Item = &'t [u8]>) -> ArrayVec<u8, 255> {
    let shown = parts.flatten().filter(|octet| octet.is_ascii_graphic() || **octet == b' ');
    shown.copied().take(255).collect()
}

/// The parts of a user class: counted (RFC 3004), or one bare text.
pub(super) fn user_class(class: &[u8]) -> impl Iterator<Item = &[u8]> {
    let parts = |class| {
        let mut reader = Reader::new(class);
        core::iter::from_fn(move || reader.u8().and_then(|len| reader.take(len.into())))
    };
    let counted: usize = parts(class).map(|part| part.len().saturating_add(1)).sum();
    let (counted, bare) = if counted == class.len() { (class, None) } else { (&[][..], Some(class)) };
    parts(counted).chain(bare)
}

/// With `log-dhcp`: the tags of a client.
pub(super) fn tags(with: &mut Surroundings, client: &Client, tags: &crate::dhcp::tags::TagSet) {
    if client.config.log.dhcp {
        let mut buffer = [0; 512];
        let mut out = Writer::new(&mut buffer);
        tags.write(&client.config.dhcp, b", ", &mut out);
        let xid = Arg::Number(client.request.packet.xid.into());
        with.out.log(&lines::TAGS, &[xid, Arg::Text(out.written())]);
    }
}

/// True while the details of a packet leave room for what must be said: a
/// client that asks for 255 options does not get its reply crowded out.
fn has_room(with: &Surroundings) -> bool {
    with.out.spare_actions() > limits::ACTIONS_PER_EVENT / 4
}

/// With `log-dhcp`: what the client asks for, broken after forty characters.
pub(super) fn requested(with: &mut Surroundings, client: &Client) {
    let xid = Arg::Number(client.request.packet.xid.into());
    let Some(list) = client.request.request_list.filter(|_| client.config.log.dhcp) else { return };
    let mut buffer = [0; 128];
    let mut out = Writer::new(&mut buffer);
    for (place, number) in list.iter().enumerate() {
        text::decimal(&mut out, (*number).into());
        if let Some(known) = KNOWN.by_code((*number).into()) {
            out.u8(b':');
            out.bytes(known.name.as_bytes());
        }
        if !has_room(with) {
            return;
        }
        let last = place.saturating_add(1) == list.len();
        if !last {
            out.bytes(b", ");
        }
        if last || out.len() > 40 {
            with.out.log(&lines::REQUESTED, &[xid, Arg::Text(out.written())]);
            out.rewind(0);
        }
    }
}

/// With `log-dhcp`: the fields and options of a reply that is ready to leave.
pub(super) fn reply(with: &mut Surroundings, reply: &[u8]) {
    let Some(packet) = Packet::parse(reply) else { return };
    let xid = Arg::Number(packet.xid.into());
    let overload = packet.walk_options().find(|(number, _)| *number == code::OVERLOAD);
    let overload = overload.and_then(|(_, value)| value.first().copied()).unwrap_or(0);
    let fields: [(_, _, &Line); 2] = [(1, packet.file, &lines::BOOT_FILE), (2, packet.sname, &lines::SERVER_NAME)];
    for (bit, field, line) in fields {
        let text = up_to_zero(field);
        if overload & bit != 0 {
            options(with, xid, &packet, bit);
        } else if !text.is_empty() {
            with.out.log(line, &[xid, Arg::Text(text)]);
        }
    }
    if !packet.siaddr.is_unspecified() {
        with.out.log(&lines::NEXT_SERVER, &[xid, Arg::Ip4(packet.siaddr)]);
    }
    // A client that has its address hears us there, whatever it asked for.
    if packet.flags & BROADCAST != 0 && packet.ciaddr.is_unspecified() {
        with.out.log(&lines::BROADCAST, &[xid]);
    }
    // Also of BOOTP replies without the cookie.
    options(with, xid, &Packet { has_options: true, ..packet }, 0);
}

/// The options of one area: behind the header, or in a name field.
fn options(with: &mut Surroundings, xid: Arg, packet: &Packet, area: u8) {
    for (_, number, value) in packet.walk_areas().filter(|(own, ..)| *own == area) {
        if has_room(with) {
            sent(with, xid, number, value);
        }
    }
}

fn up_to_zero(field: &[u8]) -> &[u8] {
    field.split(|octet| *octet == 0).next().unwrap_or_default()
}

fn sent(with: &mut Surroundings, xid: Arg, number: u8, value: &[u8]) {
    let mut buffer = [0; 512];
    let mut out = Writer::new(&mut buffer);
    let known = KNOWN.by_code(number.into());
    write_value(&mut out, known.map_or(Kind::Free, |known| known.kind), value);
    let name = known.map_or("", |known| known.name);
    let (mut size, mut code) = ([0; 3], [0; 3]);
    padded(&mut size, value.len());
    padded(&mut code, number.into());
    let args = [xid, Arg::Text(&size), Arg::Text(&code), Arg::Str(name), Arg::Text(out.written())];
    with.out.log(&lines::SENT, &args);
}

/// A number of at most three digits, right-aligned.
fn padded(field: &mut [u8; 3], value: usize) {
    let mut buffer = [0; 20];
    let mut out = Writer::new(&mut buffer);
    out.bytes(match value {
        0..=9 => b"  ",
        10..=99 => b" ",
        _ => b"",
    });
    text::decimal(&mut out, value as u64);
    for (to, from) in field.iter_mut().zip(out.written()) {
        *to = *from;
    }
}

/// The value of an option as dnsmasq shows it: addresses, text, numbers and
/// times readable, everything else in hexadecimal, cut after 14 octets.
fn write_value(out: &mut Writer, kind: Kind, value: &[u8]) {
    match kind {
        Kind::Addresses => {
            for (place, addr) in value.chunks_exact(4).enumerate() {
                if place > 0 {
                    out.bytes(b", ");
                }
                text::ipv4(out, Reader::new(addr).u32().unwrap_or(0).into());
            }
        }
        Kind::Text => out.bytes(&printable(&mut core::iter::once(value))),
        Kind::Time => seconds(out, number_of(value)),
        Kind::Decimal(_) => text::decimal(out, number_of(value)),
        _ => {
            let head = value.get(..14).filter(|_| value.len() > 14);
            text::hex(out, head.unwrap_or(value), b':');
            if head.is_some() {
                out.bytes(b"...");
            }
        }
    }
}

fn number_of(value: &[u8]) -> u64 {
    value.iter().take(8).fold(0, |sum, octet| sum << 8 | u64::from(*octet))
}

/// A length of time as `1d2h3m4s`, zero parts left out, or `infinite`.
pub fn seconds(out: &mut Writer, seconds: u64) {
    if seconds == u64::from(u32::MAX) {
        return out.bytes(b"infinite");
    }
    let parts = [(seconds / 86_400, b'd'), (seconds / 3600 % 24, b'h'), (seconds / 60 % 60, b'm'), (seconds % 60, b's')];
    for (part, unit) in parts {
        if part > 0 || (seconds == 0 && unit == b's') {
            text::decimal(out, part);
            out.u8(unit);
        }
    }
}
