//! DNS packets for the tests: built and read independently of `wire`, so that
//! a mistake there cannot hide behind itself. Records have one text form,
//! `NAME TTL TYPE DATA`, used both ways (RFC 1035 §4, RFC 6891, RFC 8914).

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

pub const QR: u16 = 0x8000;
pub const OPCODE: u16 = 0x7800;
pub const AA: u16 = 0x0400;
pub const TC: u16 = 0x0200;
pub const RD: u16 = 0x0100;
pub const RA: u16 = 0x0080;
pub const AD: u16 = 0x0020;
pub const CD: u16 = 0x0010;

/// Flags in the order in which they are shown.
pub const FLAGS: [(&str, u16); 6] = [("aa", AA), ("tc", TC), ("rd", RD), ("ra", RA), ("ad", AD), ("cd", CD)];

const TYPES: [(&str, u16); 22] = [
    ("A", 1), ("NS", 2), ("CNAME", 5), ("SOA", 6), ("PTR", 12), ("HINFO", 13), ("MX", 15), ("TXT", 16), ("AAAA", 28),
    ("SRV", 33), ("NAPTR", 35), ("DNAME", 39), ("DS", 43), ("RRSIG", 46), ("NSEC", 47), ("DNSKEY", 48), ("SVCB", 64),
    ("HTTPS", 65), ("AXFR", 252), ("MAILB", 253), ("ANY", 255), ("CAA", 257),
];

const RCODES: [(&str, u8); 6] =
    [("noerror", 0), ("formerr", 1), ("servfail", 2), ("nxdomain", 3), ("notimp", 4), ("refused", 5)];

pub type Parsed<T> = Result<T, String>;

/// The number of a type: its mnemonic or `TYPEn`.
pub fn kind(text: &str) -> Parsed<u16> {
    if let Some((_, number)) = TYPES.iter().find(|(name, _)| *name == text) {
        return Ok(*number);
    }
    text.strip_prefix("TYPE").and_then(|n| n.parse().ok()).ok_or_else(|| format!("no record type {text:?}"))
}

pub fn kind_text(kind: u16) -> String {
    TYPES.iter().find(|(_, number)| *number == kind).map_or_else(|| format!("TYPE{kind}"), |(name, _)| (*name).into())
}

/// The number of a class.
pub fn class(text: &str) -> Parsed<u16> {
    match text {
        "IN" => Ok(1),
        "CH" => Ok(3),
        "ANY" => Ok(255),
        _ => text.strip_prefix("CLASS").and_then(|n| n.parse().ok()).ok_or_else(|| format!("no class {text:?}")),
    }
}

pub fn rcode(text: &str) -> Option<u8> {
    RCODES.iter().find(|(name, _)| *name == text).map(|(_, number)| *number)
}

pub fn rcode_text(rcode: u8) -> String {
    RCODES.iter().find(|(_, number)| *number == rcode).map_or_else(|| format!("rcode{rcode}"), |(name, _)| (*name).into())
}

/// A record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    pub name: String,
    pub class: u16,
    pub ttl: u32,
    pub kind: u16,
    pub data: String,
}

impl Record {
    /// `NAME TTL [CH] TYPE DATA…`
    pub fn parse(text: &str) -> Parsed<Record> {
        let mut words = text.split_whitespace();
        let mut next = |what: &str| words.next().ok_or_else(|| format!("record {text:?} has no {what}"));
        let name = trim_dot(next("name")?);
        let ttl = next("TTL")?.parse().map_err(|_| format!("bad TTL in {text:?}"))?;
        let mut word = next("type")?;
        let class = if word == "CH" { 3 } else { 1 };
        if class == 3 {
            word = next("type")?;
        }
        let kind = kind(word)?;
        let data = words.collect::<Vec<_>>().join(" ");
        Ok(Record { name, class, ttl, kind, data })
    }
}

impl std::fmt::Display for Record {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let class = if self.class == 1 { "" } else { "CH " };
        write!(out, "{} {} {class}{} {}", self.name, self.ttl, kind_text(self.kind), self.data)
    }
}

pub fn trim_dot(name: &str) -> String {
    if name.len() > 1 { name.trim_end_matches('.').into() } else { name.into() }
}

/// EDNS data.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Opt {
    pub size: u16,
    pub version: u8,
    pub dnssec_ok: bool,
    pub options: Vec<(u16, Vec<u8>)>,
}

impl Opt {
    /// The extended error code, if any.
    pub fn ede(&self) -> Option<u16> {
        let found = self.options.iter().find(|(code, data)| *code == 15 && data.len() >= 2);
        found.map(|(_, data)| u16::from_be_bytes([data[0], data[1]]))
    }
}

/// A message.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Message {
    pub id: u16,
    pub flags: u16,
    pub questions: Vec<(String, u16, u16)>,
    pub answer: Vec<Record>,
    pub authority: Vec<Record>,
    pub additional: Vec<Record>,
    pub opt: Option<Opt>,
}

impl Message {
    pub fn query(id: u16, name: &str, kind: u16) -> Message {
        Message { id, flags: RD, questions: vec![(name.into(), kind, 1)], ..Message::default() }
    }

    /// An answer to this message, without records.
    pub fn answered(&self, rcode: u8) -> Message {
        let flags = QR | RA | (self.flags & (RD | CD)) | u16::from(rcode);
        let opt = self.opt.as_ref().map(|_| Opt { size: 1232, ..Opt::default() });
        Message { id: self.id, flags, questions: self.questions.clone(), opt, ..Message::default() }
    }

    pub fn rcode(&self) -> u8 {
        (self.flags & 15) as u8
    }

    pub fn name(&self) -> &str {
        self.questions.first().map_or("", |(name, _, _)| name)
    }

    pub fn kind(&self) -> u16 {
        self.questions.first().map_or(0, |(_, kind, _)| *kind)
    }

    pub fn encode(&self) -> Parsed<Vec<u8>> {
        let mut out = Encoder::default();
        let additional = self.additional.len() + usize::from(self.opt.is_some());
        for word in [self.id as usize, self.flags as usize, self.questions.len(), self.answer.len(), self.authority.len(), additional] {
            out.u16(word as u16);
        }
        for (name, kind, class) in &self.questions {
            out.name(name, true)?;
            out.u16(*kind);
            out.u16(*class);
        }
        for record in self.answer.iter().chain(&self.authority).chain(&self.additional) {
            out.record(record)?;
        }
        if let Some(opt) = &self.opt {
            out.bytes.extend([0, 0, 41]);
            out.u16(opt.size);
            out.bytes.extend([0, opt.version, u8::from(opt.dnssec_ok) << 7, 0]);
            out.u16(opt.options.iter().map(|(_, data)| data.len() as u16 + 4).sum());
            for (code, data) in &opt.options {
                out.u16(*code);
                out.u16(data.len() as u16);
                out.bytes.extend(data);
            }
        }
        Ok(out.bytes)
    }

    /// Reads a whole message; anything left over is an error.
    pub fn decode(bytes: &[u8]) -> Parsed<Message> {
        let mut input = Decoder { all: bytes, at: 0 };
        let id = input.u16()?;
        let flags = input.u16()?;
        let counts = [input.u16()?, input.u16()?, input.u16()?, input.u16()?];
        let mut message = Message { id, flags, ..Message::default() };
        for _ in 0..counts[0] {
            message.questions.push((input.name()?, input.u16()?, input.u16()?));
        }
        for (section, count) in counts.into_iter().enumerate().skip(1) {
            for _ in 0..count {
                input.record(section, &mut message)?;
            }
        }
        match input.at == bytes.len() {
            true => Ok(message),
            false => Err(format!("{} octets behind the message", bytes.len() - input.at)),
        }
    }
}

#[derive(Default)]
struct Encoder {
    bytes: Vec<u8>,
    names: BTreeMap<Vec<u8>, u16>,
}

impl Encoder {
    fn u16(&mut self, value: u16) {
        self.bytes.extend(value.to_be_bytes());
    }

    /// A name, compressed like a real server's (letter case must agree, so
    /// that what a client sees is what the scenario says).
    fn name(&mut self, name: &str, compress: bool) -> Parsed<()> {
        let labels = labels(name)?;
        for place in 0..labels.len() {
            let suffix = labels[place..].concat();
            if let Some(at) = self.names.get(&suffix).filter(|_| compress) {
                self.bytes.extend((0xC000 | at).to_be_bytes());
                return Ok(());
            }
            if self.bytes.len() < 0x4000 {
                self.names.insert(suffix, self.bytes.len() as u16);
            }
            self.bytes.extend(&labels[place]);
        }
        self.bytes.push(0);
        Ok(())
    }

    fn record(&mut self, record: &Record) -> Parsed<()> {
        self.name(&record.name, true)?;
        self.u16(record.kind);
        self.u16(record.class);
        self.bytes.extend(record.ttl.to_be_bytes());
        let at = self.bytes.len();
        self.u16(0);
        self.data(record).map_err(|why| format!("{why} in {record}"))?;
        let len = (self.bytes.len() - at - 2) as u16;
        self.bytes[at..at + 2].copy_from_slice(&len.to_be_bytes());
        Ok(())
    }

    fn data(&mut self, record: &Record) -> Parsed<()> {
        let words: Vec<&str> = record.data.split_whitespace().collect();
        let word = |place: usize| words.get(place).copied().ok_or("too few words".to_string());
        let number = |place: usize| word(place)?.parse::<u32>().map_err(|_| "bad number".to_string());
        if words.first() == Some(&"\\#") {
            self.bytes.extend(hex(&words[2..].concat())?);
            return Ok(());
        }
        match record.kind {
            1 => self.bytes.extend(word(0)?.parse::<Ipv4Addr>().map_err(|_| "bad address")?.octets()),
            28 => self.bytes.extend(word(0)?.parse::<Ipv6Addr>().map_err(|_| "bad address")?.octets()),
            2 | 5 | 12 => self.name(word(0)?, true)?,
            39 => self.name(word(0)?, false)?,
            15 => {
                self.u16(number(0)? as u16);
                self.name(word(1)?, true)?;
            }
            33 => {
                for place in 0..3 {
                    self.u16(number(place)? as u16);
                }
                self.name(word(3)?, false)?;
            }
            6 => {
                self.name(word(0)?, true)?;
                self.name(word(1)?, true)?;
                for place in 2..7 {
                    self.bytes.extend(number(place)?.to_be_bytes());
                }
            }
            16 => {
                for string in quoted(&record.data)? {
                    self.bytes.push(string.len() as u8);
                    self.bytes.extend(string);
                }
            }
            _ => return Err("data of this type is written as \\# LEN HEX".into()),
        }
        Ok(())
    }
}

/// Labels with their length octets.
pub fn labels(name: &str) -> Parsed<Vec<Vec<u8>>> {
    let name = trim_dot(name);
    if name == "." || name.is_empty() {
        return Ok(Vec::new());
    }
    let mut labels = vec![vec![0]];
    let mut octets = name.bytes();
    while let Some(octet) = octets.next() {
        let label = labels.last_mut().unwrap();
        match octet {
            b'.' => labels.push(vec![0]),
            b'\\' => {
                let digits: Vec<u8> = octets.by_ref().take(3).collect();
                label.push(String::from_utf8_lossy(&digits).parse().map_err(|_| format!("bad escape in {name:?}"))?);
            }
            octet => label.push(octet),
        }
    }
    for label in &mut labels {
        label[0] = (label.len() - 1) as u8;
        if !(1..=63).contains(&label[0]) {
            return Err(format!("bad label in {name:?}"));
        }
    }
    Ok(labels)
}

/// `"one" "two \" three"`
fn quoted(text: &str) -> Parsed<Vec<Vec<u8>>> {
    let mut strings = Vec::new();
    let mut open: Option<Vec<u8>> = None;
    let mut octets = text.bytes();
    while let Some(octet) = octets.next() {
        match (octet, &mut open) {
            (b'"', None) => open = Some(Vec::new()),
            (b'"', Some(_)) => strings.extend(open.take()),
            (b'\\', Some(string)) => string.extend(octets.next()),
            (octet, Some(string)) => string.push(octet),
            (b' ', None) => {}
            _ => return Err(format!("strings are quoted: {text:?}")),
        }
    }
    Ok(strings)
}

pub fn hex(text: &str) -> Parsed<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|octet| !matches!(octet, b':' | b' ' | b'-')).collect();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap_or(""), 16).ok().filter(|_| pair.len() == 2);
    digits.chunks(2).map(pair).collect::<Option<_>>().ok_or_else(|| format!("bad hexadecimal {text:?}"))
}

pub fn hex_text(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, octet| {
        let _ = write!(out, "{octet:02x}");
        out
    })
}

struct Decoder<'a> {
    all: &'a [u8],
    at: usize,
}

impl Decoder<'_> {
    fn take(&mut self, n: usize) -> Parsed<&[u8]> {
        let taken = self.all.get(self.at..self.at + n).ok_or("message is cut")?;
        self.at += n;
        Ok(taken)
    }

    fn u8(&mut self) -> Parsed<u8> {
        Ok(self.take(1)?[0])
    }

    fn u16(&mut self) -> Parsed<u16> {
        Ok(u16::from_be_bytes(self.take(2)?.try_into().unwrap()))
    }

    fn u32(&mut self) -> Parsed<u32> {
        Ok(u32::from_be_bytes(self.take(4)?.try_into().unwrap()))
    }

    fn name(&mut self) -> Parsed<String> {
        let mut text = String::new();
        let mut back = None;
        let mut limit = self.at;
        loop {
            let len = self.u8()?;
            match len {
                0 => break,
                1..=63 => {
                    for octet in self.take(len.into())?.to_vec() {
                        match octet {
                            b'.' | b'\\' | b'"' | 0..=32 | 127.. => drop(write!(text, "\\{octet:03}")),
                            octet => text.push(octet.into()),
                        }
                    }
                    text.push('.');
                }
                0xC0.. => {
                    let to = usize::from(len & 0x3F) << 8 | usize::from(self.u8()?);
                    back.get_or_insert(self.at);
                    if to >= limit {
                        return Err("compression does not point backwards".into());
                    }
                    limit = to;
                    self.at = to;
                }
                _ => return Err("bad label".into()),
            }
        }
        self.at = back.unwrap_or(self.at);
        text.pop();
        Ok(if text.is_empty() { ".".into() } else { text })
    }

    fn record(&mut self, section: usize, message: &mut Message) -> Parsed<()> {
        let (name, kind, class, ttl) = (self.name()?, self.u16()?, self.u16()?, self.u32()?);
        let len = usize::from(self.u16()?);
        let end = self.at + len;
        if kind == 41 {
            message.opt = Some(self.opt(class, ttl, end)?);
        } else {
            let data = self.data(kind, end)?;
            let record = Record { name, class, ttl, kind, data };
            [&mut message.answer, &mut message.authority, &mut message.additional][section - 1].push(record);
        }
        match self.at == end {
            true => Ok(()),
            false => Err("record data has another length than it says".into()),
        }
    }

    fn opt(&mut self, size: u16, ttl: u32, end: usize) -> Parsed<Opt> {
        let mut options = Vec::new();
        while self.at < end {
            let (code, len) = (self.u16()?, self.u16()?);
            options.push((code, self.take(len.into())?.to_vec()));
        }
        Ok(Opt { size, version: (ttl >> 16) as u8, dnssec_ok: ttl & 0x8000 != 0, options })
    }

    fn data(&mut self, kind: u16, end: usize) -> Parsed<String> {
        Ok(match kind {
            1 => Ipv4Addr::from(self.u32()?).to_string(),
            28 => Ipv6Addr::from(<[u8; 16]>::try_from(self.take(16)?).unwrap()).to_string(),
            2 | 5 | 12 | 39 => self.name()?,
            15 => format!("{} {}", self.u16()?, self.name()?),
            33 => format!("{} {} {} {}", self.u16()?, self.u16()?, self.u16()?, self.name()?),
            6 => {
                let (primary, mailbox) = (self.name()?, self.name()?);
                let numbers = [self.u32()?, self.u32()?, self.u32()?, self.u32()?, self.u32()?];
                format!("{primary} {mailbox} {}", numbers.map(|n| n.to_string()).join(" "))
            }
            16 => {
                let mut strings = Vec::new();
                while self.at < end {
                    let len = self.u8()?;
                    let text = String::from_utf8_lossy(self.take(len.into())?).into_owned();
                    strings.push(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")));
                }
                strings.join(" ")
            }
            _ => {
                let len = end.checked_sub(self.at).ok_or("bad length")?;
                format!("\\# {len} {}", hex_text(self.take(len)?)).trim_end().into()
            }
        })
    }
}
