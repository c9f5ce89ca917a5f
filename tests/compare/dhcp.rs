//! DHCPv4 messages as text: requests from the words of a case, replies as one
//! line a field and one line an option, in the order of the wire.
//!
//! ```text
//! dhcp discover|request|inform|release|decline|bootp mac=MAC [WORD…]
//!     host=NAME fqdn=FLAGS:NAME params=1,3,6 clid=HEX vendor=TEXT user=TEXT
//!     reqip=IP|offer server=IP|offer ciaddr=IP|offer giaddr=IP flags=HEX secs=N
//!     rapid lease=SECS opt=CODE:HEX sname=TEXT file=TEXT short
//!     from=IP ports=SERVER,OWN unicast patience=MS htype=N hops=N
//! ```
//!
//! `offer` is what the last reply to this hardware address offered. The
//! broadcast flag is set unless `flags=0`. RFC 2131, 2132.

use crate::bytes::{Cursor, address, hex, unhex};

const COOKIE: [u8; 4] = [99, 130, 83, 99];

/// What the last reply said: the address given and the server's.
#[derive(Clone, Default)]
pub struct Offer {
    pub addr: Vec<u8>,
    pub server: Vec<u8>,
}

/// A request by the words behind `dhcp`.
pub fn request(xid: u32, words: &[&str], offer: &Offer) -> Vec<u8> {
    let value = |key: &str| words.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
    let ip = |key: &str, offered: &[u8]| {
        value(key).map(|text| if text == "offer" { offered.to_vec() } else { address(text) })
    };
    let kind = ["bootp", "discover", "offer", "request", "decline", "ack", "nak", "release", "inform"]
        .iter()
        .position(|kind| *kind == words[0])
        .unwrap_or_else(|| panic!("not a kind of message: {}", words[0])) as u8;
    let mac = unhex(value("mac").expect("mac="));
    let none = vec![0; 4];
    let octet = |key: &str, usual: u8| value(key).map_or(usual, |n| n.parse().unwrap());
    let mut bytes = vec![1, octet("htype", 1), mac.len() as u8, octet("hops", u8::from(value("giaddr").is_some()))];
    bytes.extend(xid.to_be_bytes());
    bytes.extend(value("secs").map_or(0, |n| n.parse::<u16>().unwrap()).to_be_bytes());
    bytes.extend(value("flags").map_or(vec![0x80, 0], |flags| unhex(&format!("{flags:0>4}"))));
    bytes.extend(ip("ciaddr", &offer.addr).unwrap_or(none.clone()));
    bytes.extend([0; 8]);
    bytes.extend(ip("giaddr", &none).unwrap_or(none.clone()));
    for (text, room) in [(mac.as_slice(), 16), (value("sname").unwrap_or("").as_bytes(), 64), (value("file").unwrap_or("").as_bytes(), 128)] {
        bytes.extend(text);
        bytes.extend(vec![0; room - text.len()]);
    }
    bytes.extend(COOKIE);
    let mut option = |code: u8, value: &[u8]| bytes.extend([&[code, value.len() as u8], value].concat());
    if kind > 0 {
        option(53, &[kind]);
    }
    if let Some(id) = value("clid") {
        option(61, &unhex(id));
    }
    for (key, code, offered) in [("reqip", 50, &offer.addr), ("server", 54, &offer.server)] {
        if let Some(addr) = ip(key, offered) {
            option(code, &addr);
        }
    }
    for (key, code) in [("host", 12), ("vendor", 60), ("user", 77)] {
        if let Some(text) = value(key) {
            option(code, text.as_bytes());
        }
    }
    if let Some((flags, name)) = value("fqdn").and_then(|text| text.split_once(':')) {
        option(81, &[&unhex(flags)[..], &[0, 0], name.as_bytes()].concat());
    }
    if let Some(secs) = value("lease") {
        option(51, &secs.parse::<u32>().unwrap().to_be_bytes());
    }
    if words.contains(&"rapid") {
        option(80, &[]);
    }
    for (code, hex) in words.iter().filter_map(|word| word.strip_prefix("opt=")?.split_once(':')) {
        option(code.parse().unwrap(), &unhex(hex));
    }
    if let Some(list) = value("params") {
        option(55, &list.split(',').map(|n| n.parse().unwrap()).collect::<Vec<u8>>());
    }
    bytes.push(255);
    let whole = if words.contains(&"short") { bytes.len() } else { bytes.len().max(300) };
    bytes.resize(whole, 0);
    bytes
}

/// A reply, one line a field.
pub fn show(bytes: &[u8]) -> (Vec<String>, Offer) {
    let mut cursor = Cursor::new(bytes);
    let head = format!("op {} htype {} hlen {} hops {}", cursor.u8(), cursor.u8(), cursor.u8(), cursor.u8());
    let mut lines = vec![head, format!("xid {:08x}", cursor.u32()), format!("secs {}", cursor.u16()), format!("flags {:04x}", cursor.u16())];
    let mut offer = Offer::default();
    for field in ["ciaddr", "yiaddr", "siaddr", "giaddr"] {
        let addr = cursor.take(4);
        if field == "yiaddr" {
            offer.addr = addr.to_vec();
        }
        lines.push(format!("{field} {}", dotted(addr)));
    }
    lines.push(format!("chaddr {}", hex(cursor.take(16))));
    for (field, room) in [("sname", 64), ("file", 128)] {
        lines.push(format!("{field} {}", text(cursor.take(room))));
    }
    lines.push(format!("cookie {}", hex(cursor.take(4))));
    let (mut pad, mut lease) = (0, 0);
    while cursor.left() > 0 {
        match cursor.u8() {
            0 => pad += 1,
            255 => {
                lines.push("end".into());
                break;
            }
            code => {
                let len = cursor.u8();
                let value = cursor.take(len.into());
                if code == 54 {
                    offer.server = value.to_vec();
                }
                let shown = match (code, number(value)) {
                    (51, Some(secs)) => {
                        lease = secs;
                        option(code, value)
                    }
                    (58 | 59, Some(secs)) => timer(lease, if code == 58 { 4 } else { 7 }, secs),
                    _ => option(code, value),
                };
                lines.push(format!("option {code}{shown}"));
            }
        }
    }
    let rest = cursor.take(cursor.left());
    let zeros = if rest.iter().all(|octet| *octet == 0) { "zeros".into() } else { hex(rest) };
    lines.push(format!("octets {} with {pad} pad and {} {zeros} behind", bytes.len(), rest.len()));
    (lines, offer)
}

fn option(code: u8, value: &[u8]) -> String {
    match (code, value) {
        (51, [_, _, _, _]) => format!(" ~{}", number(value).unwrap_or(0)),
        (1 | 3 | 6 | 28 | 42 | 50 | 54, _) if value.len().is_multiple_of(4) => value.chunks(4).map(|a| format!(" {}", dotted(a))).collect(),
        (12 | 15 | 56 | 60 | 66 | 67, _) => format!(" {}", text(value)),
        _ => format!(" {}", hex(value)),
    }
}

fn number(value: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(value.try_into().ok()?))
}

/// T1 and T2: `eighths` of the lease; a renewal's are less by chance, up to a
/// sixteenth of the lease.
fn timer(lease: u32, eighths: u64, secs: u32) -> String {
    let whole = (u64::from(lease) * eighths / 8) as u32;
    match whole.checked_sub(secs) {
        Some(less) if less > 2 && less <= lease / 16 => " a little early".into(),
        _ => format!(" ~{secs}"),
    }
}

fn dotted(octets: &[u8]) -> String {
    octets.iter().map(u8::to_string).collect::<Vec<_>>().join(".")
}

fn text(value: &[u8]) -> String {
    match value.iter().position(|octet| *octet != 0) {
        None => format!("{} zeros", value.len()),
        Some(_) => format!("\"{}\"", value.escape_ascii()).replace("\\x00", "~").replace("~~", ""),
    }
}
