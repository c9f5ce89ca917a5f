//! What questions tell upstream servers of the client beside what they ask: the
//! EDNS options of `add-mac`, `add-subnet` (RFC 7871), `add-cpe-id` and
//! `umbrella`, and what `strip-subnet` and `strip-mac` take out of the client's
//! own options.
//!
//! The order is dnsmasq's: the client's options first, then ours.

use crate::base::bytes::{Reader, Writer};
use crate::base::net::{HwAddr, unmapped};
use crate::base::text;
use crate::config::edns::{Edns, MacText, Subnet, Umbrella};
use crate::dns::admit::Query;
use crate::store::neighbours::Neighbours;
use crate::wire::dns::edns::{Opt, option};
use crate::wire::dns::message::Message;
use arrayvec::ArrayVec;
use std::net::{IpAddr, SocketAddr};

/// Options of one question; more are left out.
const OPTIONS_MAX: usize = 16;

/// The options of a question as it goes upstream: code and data.
pub type Options<'a> = ArrayVec<(u16, &'a [u8]), OPTIONS_MAX>;

/// Octets of a client subnet: family, two lengths, address.
const SUBNET_MAX: usize = 4 + 16;

/// Octets of what Umbrella is told: head, organisation, address, device, asset.
const UMBRELLA_MAX: usize = 6 + 6 + 18 + 10 + 6;

/// Octets of an Ethernet address, and of one as text with colons.
const MAC_LEN: usize = 6;
const MAC_TEXT_MAX: usize = 3 * MAC_LEN - 1;

/// Room for the options that we make.
#[derive(Default)]
pub struct Made {
    subnet: ArrayVec<u8, SUBNET_MAX>,
    umbrella: ArrayVec<u8, UMBRELLA_MAX>,
    mac_text: ArrayVec<u8, MAC_TEXT_MAX>,
}

/// True when the answer to a question depends on its client, so that it is
/// neither shared nor kept.
pub fn is_personal(config: &Edns, opt: Option<&Opt>, client: &SocketAddr) -> bool {
    let named = || !config.strip_subnet && opt.is_some_and(|opt| opt.option(option::CLIENT_SUBNET).is_some());
    let told = || {
        let subnet = subnet_of(config, unmapped(client.ip()));
        subnet.is_some_and(|subnet| subnet.addr.is_none() && subnet.len > 0)
    };
    named() || config.subnet.is_some() && told() || config.umbrella.is_some() || config.mac || config.mac_text.is_some()
}

/// What is told of a client's network.
fn subnet_of(config: &Edns, client: IpAddr) -> Option<Subnet> {
    let [v4, v6] = config.subnet?;
    Some(if client.is_ipv4() { v4 } else { v6 })
}

/// Adds the options that a question has upstream.
pub fn options<'a>(
    config: &'a Edns,
    query: &Query<'a>,
    neighbours: &'a Neighbours,
    made: &'a mut Made,
    options: &mut Options<'a>,
) {
    let client = unmapped(query.client());
    let stripped = |code: u16| match code {
        option::CLIENT_SUBNET => config.strip_subnet,
        option::MAC | option::MAC_TEXT => config.strip_mac,
        option::CPE_ID => !config.cpe_id.is_empty(),
        option::UMBRELLA => config.umbrella.is_some(),
        _ => false,
    };
    if let Some(opt) = &query.opt {
        for own in opt.options().filter(|(code, _)| !stripped(*code)) {
            let _ = options.try_push(own);
        }
    }
    let adds_mac = config.mac || config.mac_text.is_some();
    let mac = if adds_mac { neighbours.find(client).map_or(&[][..], HwAddr::octets) } else { &[] };
    let raw = if config.mac && !has(options, option::MAC) { mac } else { &[] };
    if let Some(form) = config.mac_text.filter(|_| !has(options, option::MAC_TEXT))
        && let Ok(mac) = <[u8; MAC_LEN]>::try_from(mac)
    {
        write_mac(&mut made.mac_text, form, mac);
    }
    if let Some(subnet) = subnet_of(config, client).filter(|_| !has(options, option::CLIENT_SUBNET)) {
        write_subnet(&mut made.subnet, subnet, client);
    }
    if let Some(umbrella) = &config.umbrella {
        write_umbrella(&mut made.umbrella, umbrella, client);
    }
    let ours = [
        (option::MAC, raw),
        (option::MAC_TEXT, made.mac_text.as_slice()),
        (option::CPE_ID, &*config.cpe_id),
        (option::UMBRELLA, made.umbrella.as_slice()),
        (option::CLIENT_SUBNET, made.subnet.as_slice()),
    ];
    for told in ours.into_iter().filter(|(_, data)| !data.is_empty()) {
        let _ = options.try_push(told);
    }
}

fn has(options: &Options, code: u16) -> bool {
    options.iter().any(|(own, _)| *own == code)
}

/// The octets of an address.
fn octets(addr: IpAddr) -> ArrayVec<u8, 16> {
    match addr {
        IpAddr::V4(v4) => v4.octets().into_iter().collect(),
        IpAddr::V6(v6) => v6.octets().into_iter().collect(),
    }
}

/// Family, bits that are told, no scope, and the octets that hold these bits.
fn write_subnet(out: &mut ArrayVec<u8, SUBNET_MAX>, subnet: Subnet, client: IpAddr) {
    let addr = subnet.addr.unwrap_or(client);
    out.extend([0, if addr.is_ipv4() { 1 } else { 2 }, subnet.len, 0]);
    let mut left = subnet.len;
    for octet in octets(addr) {
        if left == 0 {
            break;
        }
        let bits = left.min(8);
        left = left.saturating_sub(bits);
        out.extend([octet & u8::MAX.checked_shl(8u32.saturating_sub(bits.into())).unwrap_or(0)]);
    }
}

/// A hardware address as text.
fn write_mac(out: &mut ArrayVec<u8, MAC_TEXT_MAX>, form: MacText, mac: [u8; MAC_LEN]) {
    let mut buffer = [0; MAC_TEXT_MAX];
    let mut text = Writer::new(&mut buffer);
    match form {
        MacText::Colons => text::hex(&mut text, &mac, b':'),
        MacText::Base64 => {
            for three in mac.chunks(3) {
                let bits = three.iter().fold(0u32, |bits, octet| bits << 8 | u32::from(*octet));
                for shift in [18, 12, 6, 0] {
                    text.u8(base64_digit(bits >> shift & 63));
                }
            }
        }
    }
    let _ = out.try_extend_from_slice(text.written());
}

/// A digit of base64 (RFC 4648 §4).
fn base64_digit(value: u32) -> u8 {
    let value = value as u8;
    match value {
        0..26 => b'A'.saturating_add(value),
        26..52 => b'a'.saturating_add(value.saturating_sub(26)),
        52..62 => b'0'.saturating_add(value.saturating_sub(52)),
        62 => b'+',
        _ => b'/',
    }
}

/// Magic, version and flags, then fields of two octets and a value.
fn write_umbrella(out: &mut ArrayVec<u8, UMBRELLA_MAX>, told: &Umbrella, client: IpAddr) {
    let mut buffer = [0; UMBRELLA_MAX];
    let mut text = Writer::new(&mut buffer);
    text.bytes(b"ODNS\x01\0");
    let mut field = |kind: u16, value: &[u8]| {
        text.u16(kind);
        text.bytes(value);
    };
    if told.org != 0 {
        field(0x08, &told.org.to_be_bytes());
    }
    field(if client.is_ipv4() { 0x10 } else { 0x20 }, &octets(client));
    if let Some(device) = &told.device {
        field(0x40, device);
    }
    if told.asset != 0 {
        field(0x04, &told.asset.to_be_bytes());
    }
    out.extend(text.written().iter().copied());
}

/// For whom an answer is, as far as its client subnet tells.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub enum Meant {
    /// For whoever asked.
    Asker,
    /// For some network that the question did not name: nobody else may have it.
    Somebody,
    /// For another network than the one that the question named: it is not to
    /// be taken (RFC 7871 §9.2).
    Another,
}

/// For whom an answer to this question (the whole message) is.
pub fn meant_for(question: &[u8], answer: &Message) -> Meant {
    let Some(said) = named(answer) else { return Meant::Asker };
    match Message::parse(question).and_then(|question| named(&question)) {
        None => Meant::Somebody,
        Some(asked) if asked == said => Meant::Asker,
        Some(_) => Meant::Another,
    }
}

/// Family, length and octets of the client subnet in a message.
fn named<'a>(message: &Message<'a>) -> Option<(u16, u8, &'a [u8])> {
    let mut data = Reader::new(message.opt().ok()??.option(option::CLIENT_SUBNET)?);
    let (family, len, _scope) = (data.u16()?, data.u8()?, data.u8()?);
    Some((family, len, data.rest()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_behind_the_length_are_not_told() {
        let told = |len: u8, addr: &str| {
            let mut out = ArrayVec::new();
            write_subnet(&mut out, Subnet { addr: None, len }, addr.parse().unwrap());
            out.to_vec()
        };
        assert_eq!(told(0, "10.1.2.255"), [0, 1, 0, 0]);
        assert_eq!(told(1, "129.1.2.3"), [0, 1, 1, 0, 128]);
        assert_eq!(told(22, "10.1.255.255"), [0, 1, 22, 0, 10, 1, 252]);
        assert_eq!(told(32, "10.1.2.3"), [0, 1, 32, 0, 10, 1, 2, 3]);
        assert_eq!(told(128, "::1").len(), 20);
    }

    #[test]
    fn hardware_addresses_as_text() {
        let text = |form, mac| {
            let mut out = ArrayVec::new();
            write_mac(&mut out, form, mac);
            String::from_utf8(out.to_vec()).unwrap()
        };
        assert_eq!(text(MacText::Colons, [0x52, 0x54, 0, 0x0A, 0xBC, 0xFF]), "52:54:00:0a:bc:ff");
        assert_eq!(text(MacText::Base64, *b"ABCxyz"), "QUJDeHl6");
        assert_eq!(text(MacText::Base64, [0xFB, 0xF0, 0x3F, 0xFF, 0xFF, 0xFF]), "+/A/////");
    }

    #[test]
    fn umbrella_is_told_what_there_is() {
        let told = |told: Umbrella, client: &str| {
            let mut out = ArrayVec::new();
            write_umbrella(&mut out, &told, client.parse().unwrap());
            out.to_vec()
        };
        assert_eq!(told(Umbrella::default(), "10.1.2.3"), b"ODNS\x01\0\0\x10\x0A\x01\x02\x03");
        let all = Umbrella { org: 1, asset: 2, device: Some([3; 8]) };
        let whole = told(all, "::1");
        assert_eq!(whole.len(), UMBRELLA_MAX);
        assert!(whole.ends_with(b"\0\x40\x03\x03\x03\x03\x03\x03\x03\x03\0\x04\0\0\0\x02"));
    }
}
