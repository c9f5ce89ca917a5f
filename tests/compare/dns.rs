//! DNS messages as text: queries from the words of a case, answers and what
//! upstream is asked as one line a field. RFC 1035, 6891, 8914.

use crate::bytes::{Cursor, address, hex, unhex};

const TYPES: [(&str, u16); 22] = [
    ("A", 1), ("NS", 2), ("CNAME", 5), ("SOA", 6), ("PTR", 12), ("HINFO", 13), ("MX", 15), ("TXT", 16), ("AAAA", 28), ("SRV", 33),
    ("NAPTR", 35), ("DNAME", 39), ("OPT", 41), ("DS", 43), ("RRSIG", 46), ("DNSKEY", 48), ("SVCB", 64), ("HTTPS", 65),
    ("AXFR", 252), ("ANY", 255), ("CAA", 257), ("NULL", 10),
];
const CODES: [&str; 11] =
    ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE"];

/// The number of a type's name, or of `TYPEn`.
pub fn type_number(name: &str) -> u16 {
    let listed = TYPES.iter().find(|(known, _)| *known == name).map(|(_, number)| *number);
    listed.or_else(|| name.strip_prefix("TYPE")?.parse().ok()).unwrap_or_else(|| panic!("not a type: {name}"))
}

pub fn type_name(number: u16) -> String {
    TYPES.iter().find(|(_, known)| *known == number).map_or(format!("TYPE{number}"), |(name, _)| name.to_string())
}

/// A name in wire form; `\.` is not needed by any case.
pub fn name(text: &str) -> Vec<u8> {
    let mut wire = Vec::new();
    for label in text.split('.').filter(|label| !label.is_empty()) {
        wire.push(label.len() as u8);
        wire.extend_from_slice(label.as_bytes());
    }
    wire.push(0);
    wire
}

/// A record's line as wire bytes: NAME TTL TYPE DATA.
pub fn record(words: &[&str]) -> Vec<u8> {
    let [owner, ttl, kind, data @ ..] = words else { panic!("not a record: {words:?}") };
    let data: Vec<u8> = match *kind {
        "A" | "AAAA" => address(data[0]),
        "NS" | "CNAME" | "PTR" | "DNAME" => name(data[0]),
        "MX" => [&number16(data[0])[..], &name(data[1])].concat(),
        "SRV" => [&number16(data[0])[..], &number16(data[1]), &number16(data[2]), &name(data[3])].concat(),
        "TXT" => data.iter().flat_map(|text| [&[text.len() as u8], text.as_bytes()].concat()).collect(),
        "SOA" => {
            let numbers = data[2..].iter().flat_map(|n| n.parse::<u32>().unwrap().to_be_bytes());
            [name(data[0]), name(data[1]), numbers.collect()].concat()
        }
        _ => unhex(&data.concat()),
    };
    let ttl: u32 = ttl.parse().unwrap();
    [&name(owner)[..], &type_number(kind).to_be_bytes(), &[0, 1], &ttl.to_be_bytes(), &number16(&data.len().to_string()), &data].concat()
}

fn number16(text: &str) -> [u8; 2] {
    text.parse::<u16>().unwrap().to_be_bytes()
}

/// A query by the words of a `dns` line, behind the name and the type.
pub fn query(id: u16, asked: &str, kind: &str, words: &[&str]) -> Vec<u8> {
    let has = |word: &str| words.contains(&word);
    let value = |key: &str| words.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
    let opcode: u16 = value("opcode").map_or(0, |n| n.parse().unwrap());
    let flags = opcode << 11 | u16::from(!has("norec")) << 8 | u16::from(has("ad")) << 5 | u16::from(has("cd")) << 4;
    let class: u16 = if value("class") == Some("CH") { 3 } else { 1 };
    let edns: Option<u16> = value("edns").map(|n| n.parse().unwrap()).or(has("do").then_some(1232));
    let mut bytes = [id, flags, 1, 0, 0, u16::from(edns.is_some())].iter().flat_map(|n| n.to_be_bytes()).collect::<Vec<u8>>();
    bytes.extend(name(asked));
    bytes.extend([type_number(kind), class].iter().flat_map(|n| n.to_be_bytes()));
    if let Some(size) = edns {
        bytes.extend([&[0, 0, 41][..], &size.to_be_bytes(), &[0, 0, if has("do") { 0x80 } else { 0 }, 0, 0, 0]].concat());
    }
    bytes
}

/// The name at the cursor as text, pointers followed.
pub fn read_name(cursor: &mut Cursor) -> String {
    let mut text = String::new();
    let mut ahead = Cursor { all: cursor.all, at: cursor.at };
    let mut end = None;
    for _ in 0..128 {
        match ahead.u8() {
            0 => {
                cursor.at = end.unwrap_or(ahead.at);
                return if text.is_empty() { ".".into() } else { text.trim_end_matches('.').into() };
            }
            high if high >= 0xC0 => {
                let to = usize::from(high & 0x3F) << 8 | usize::from(ahead.u8());
                end.get_or_insert(ahead.at);
                ahead.at = to;
            }
            len => {
                text.push_str(&ahead.take(len.into()).escape_ascii().to_string());
                text.push('.');
            }
        }
    }
    panic!("names without end in {}", hex(cursor.all))
}

/// A time to live: near is good enough, unless it is a small fixed one.
fn ttl(value: u32) -> String {
    if value <= 4 { value.to_string() } else { format!("~{value}") }
}

fn data(cursor: &mut Cursor, kind: u16, len: usize) -> String {
    let end = cursor.at + len;
    let text = match type_name(kind).as_str() {
        "A" => std::net::Ipv4Addr::from(<[u8; 4]>::try_from(cursor.take(len)).unwrap()).to_string(),
        "AAAA" => std::net::Ipv6Addr::from(<[u8; 16]>::try_from(cursor.take(len)).unwrap()).to_string(),
        "NS" | "CNAME" | "PTR" | "DNAME" => read_name(cursor),
        "MX" => format!("{} {}", cursor.u16(), read_name(cursor)),
        "SRV" => format!("{} {} {} {}", cursor.u16(), cursor.u16(), cursor.u16(), read_name(cursor)),
        "SOA" => {
            let names = format!("{} {}", read_name(cursor), read_name(cursor));
            (0..5).fold(names, |text, _| format!("{text} {}", cursor.u32()))
        }
        "TXT" => {
            let mut texts = Vec::new();
            while cursor.at < end {
                let len = cursor.u8();
                texts.push(format!("{:?}", String::from_utf8_lossy(cursor.take(len.into()))));
            }
            texts.join(" ")
        }
        _ => hex(cursor.take(len)),
    };
    assert_eq!(cursor.at, end, "length of record data in {}", hex(cursor.all));
    text
}

/// What an OPT record says (RFC 6891 §6.1.2).
fn opt(cursor: &mut Cursor, size: u16, flags: u32, len: usize) -> Vec<String> {
    let (extended, version) = (flags >> 24, flags >> 16 & 0xFF);
    let mut lines = vec![format!("opt size {size} version {version} do {} code {extended}", flags >> 15 & 1)];
    let end = cursor.at + len;
    while cursor.at < end {
        let (code, len) = (cursor.u16(), cursor.u16());
        let value = cursor.take(len.into());
        let shown = match code {
            15 => format!("error {} {:?}", u16::from_be_bytes([value[0], value[1]]), String::from_utf8_lossy(&value[2..])),
            _ => format!("option {code} {}", hex(value)),
        };
        lines.push(format!("opt {shown}"));
    }
    lines
}

/// A message, one line a field. The identifier is left to the caller.
pub fn show(bytes: &[u8]) -> Vec<String> {
    let mut cursor = Cursor::new(bytes);
    if bytes.len() < 12 {
        return vec![format!("{} octets: {}", bytes.len(), hex(bytes))];
    }
    let (_, flags) = (cursor.u16(), cursor.u16());
    let counts = [cursor.u16(), cursor.u16(), cursor.u16(), cursor.u16()];
    let names = [("qr", 15), ("aa", 10), ("tc", 9), ("rd", 8), ("ra", 7), ("z", 6), ("ad", 5), ("cd", 4)];
    let set: Vec<&str> = names.iter().filter(|(_, bit)| flags >> bit & 1 == 1).map(|(name, _)| *name).collect();
    let code = CODES.get(usize::from(flags & 15)).copied().unwrap_or("?");
    let mut lines = vec![format!("code {code} opcode {} flags {}", flags >> 11 & 15, set.join(" "))];
    for _ in 0..counts[0] {
        let asked = read_name(&mut cursor);
        let (kind, class) = (cursor.u16(), cursor.u16());
        lines.push(format!("question {asked} {} class {class}", type_name(kind)));
    }
    for (section, count) in ["answer", "authority", "additional"].into_iter().zip(&counts[1..]) {
        for _ in 0..*count {
            let owner = read_name(&mut cursor);
            let (kind, class, life, len) = (cursor.u16(), cursor.u16(), cursor.u32(), cursor.u16());
            if kind == 41 {
                lines.extend(opt(&mut cursor, class, life, len.into()));
                continue;
            }
            let class = if class == 1 { String::new() } else { format!(" class {class}") };
            let value = data(&mut cursor, kind, len.into());
            lines.push(format!("{section} {owner} ttl {}{class} {} {value}", ttl(life), type_name(kind)));
        }
    }
    lines.push(format!("octets {}{}", bytes.len(), if cursor.left() > 0 { " with some behind the end" } else { "" }));
    lines
}
