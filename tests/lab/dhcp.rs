//! DHCPv4 packets for the tests, built and read independently of `wire`
//! (RFC 2131 §2, RFC 2132). An option has one text form, `NUMBER VALUE`, used
//! both ways; the form of the value follows from the number.

use super::dns::{Parsed, hex, hex_text, labels};
use std::net::Ipv4Addr;

const TYPES: [&str; 14] = [
    "", "discover", "offer", "request", "decline", "ack", "nak", "release", "inform", "", "leasequery", "leaseunassigned", "leaseunknown", "leaseactive",
];
const COOKIE: [u8; 4] = [99, 130, 83, 99];

/// A packet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Packet {
    pub op: u8,
    pub hw_type: u8,
    pub hops: u8,
    pub xid: u32,
    pub secs: u16,
    pub flags: u16,
    pub ciaddr: Ipv4Addr,
    pub yiaddr: Ipv4Addr,
    pub siaddr: Ipv4Addr,
    pub giaddr: Ipv4Addr,
    pub hw: Vec<u8>,
    pub sname: Vec<u8>,
    pub file: Vec<u8>,
    pub options: Vec<(u8, Vec<u8>)>,
}

impl Packet {
    /// A request of a client.
    pub fn request(kind: &str, xid: u32, hw: &[u8]) -> Parsed<Packet> {
        let none = Ipv4Addr::UNSPECIFIED;
        let mut packet = Packet {
            op: 1, hw_type: 1, hops: 0, xid, secs: 0, flags: 0, ciaddr: none, yiaddr: none, siaddr: none, giaddr: none,
            hw: hw.to_vec(), sname: Vec::new(), file: Vec::new(), options: Vec::new(),
        };
        if kind != "bootp" {
            packet.options.push((53, value(53, kind)?));
        }
        Ok(packet)
    }

    pub fn option(&self, code: u8) -> Option<&[u8]> {
        self.options.iter().find(|(found, _)| *found == code).map(|(_, value)| &**value)
    }

    pub fn address(&self, code: u8) -> Option<Ipv4Addr> {
        self.option(code)?.first_chunk::<4>().map(|octets| Ipv4Addr::from(*octets))
    }

    pub fn kind(&self) -> &'static str {
        let number = self.option(53).and_then(|value| value.first()).copied().unwrap_or(0);
        TYPES.get(usize::from(number)).copied().filter(|text| !text.is_empty()).unwrap_or("bootp")
    }

    pub fn set(&mut self, code: u8, value: Vec<u8>) {
        self.options.push((code, value));
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![self.op, self.hw_type, self.hw.len() as u8, self.hops];
        out.extend(self.xid.to_be_bytes());
        out.extend(self.secs.to_be_bytes());
        out.extend(self.flags.to_be_bytes());
        for address in [self.ciaddr, self.yiaddr, self.siaddr, self.giaddr] {
            out.extend(address.octets());
        }
        for (field, len) in [(&self.hw, 16), (&self.sname, 64), (&self.file, 128)] {
            out.extend(field.iter().copied().chain(std::iter::repeat(0)).take(len));
        }
        out.extend(COOKIE);
        for (code, value) in &self.options {
            // RFC 3396: longer values come in several parts.
            for part in value.chunks(255).chain(std::iter::repeat_n(&[][..], usize::from(value.is_empty()))) {
                out.extend([*code, part.len() as u8]);
                out.extend(part);
            }
        }
        out.push(255);
        out.resize(out.len().max(300), 0);
        out
    }

    pub fn decode(bytes: &[u8]) -> Parsed<Packet> {
        if bytes.len() < 240 || bytes[236..240] != COOKIE {
            return Err("not a DHCP packet".into());
        }
        let address = |at: usize| Ipv4Addr::from(<[u8; 4]>::try_from(&bytes[at..at + 4]).unwrap());
        let text = |from: usize, to: usize| bytes[from..to].iter().copied().take_while(|octet| *octet != 0).collect();
        let mut options = read_options(&bytes[240..])?;
        // RFC 2131 §4.1: option 52 says that options go on in the fields.
        let overload = options.iter().find(|(code, _)| *code == 52).map_or(0, |(_, value)| value[0]);
        if overload & 1 != 0 {
            options.extend(read_options(&bytes[108..236])?);
        }
        if overload & 2 != 0 {
            options.extend(read_options(&bytes[44..108])?);
        }
        Ok(Packet {
            op: bytes[0],
            hw_type: bytes[1],
            hops: bytes[3],
            xid: u32::from_be_bytes(bytes[4..8].try_into().unwrap()),
            secs: u16::from_be_bytes([bytes[8], bytes[9]]),
            flags: u16::from_be_bytes([bytes[10], bytes[11]]),
            ciaddr: address(12),
            yiaddr: address(16),
            siaddr: address(20),
            giaddr: address(24),
            hw: bytes[28..28 + usize::from(bytes[2]).min(16)].to_vec(),
            sname: if overload & 2 == 0 { text(44, 108) } else { Vec::new() },
            file: if overload & 1 == 0 { text(108, 236) } else { Vec::new() },
            options,
        })
    }
}

fn read_options(mut rest: &[u8]) -> Parsed<Vec<(u8, Vec<u8>)>> {
    let mut options: Vec<(u8, Vec<u8>)> = Vec::new();
    loop {
        match rest {
            [0, tail @ ..] => rest = tail,
            [255, ..] => return Ok(options),
            [code, len, tail @ ..] if tail.len() >= usize::from(*len) => {
                options.push((*code, tail[..usize::from(*len)].to_vec()));
                rest = &tail[usize::from(*len)..];
            }
            _ => return Err("options have no end".into()),
        }
    }
}

/// The octets of an option written as text: `hex:…` for any, otherwise by
/// number.
pub fn value(code: u8, text: &str) -> Parsed<Vec<u8>> {
    if let Some(digits) = text.strip_prefix("hex:") {
        return hex(digits);
    }
    let bad = || format!("bad value {text:?} for option {code}");
    let number = || text.parse::<u32>().map_err(|_| bad());
    Ok(match form(code) {
        Form::Kind => vec![TYPES.iter().position(|name| *name == text).ok_or_else(bad)? as u8],
        Form::Addresses => {
            let octets = |word: &str| word.parse::<Ipv4Addr>().map(|address| address.octets());
            text.split(',').map(octets).collect::<Result<Vec<_>, _>>().map_err(|_| bad())?.concat()
        }
        Form::Octets => text.split(',').map(|word| word.parse().map_err(|_| bad())).collect::<Result<_, _>>()?,
        Form::U8 => vec![number()? as u8],
        Form::U16 => (number()? as u16).to_be_bytes().into(),
        Form::U32 => number()?.to_be_bytes().into(),
        Form::Text => text.replace("\\0", "\0").into_bytes(),
        Form::Names => {
            let mut out = Vec::new();
            for name in text.split(',') {
                out.extend(labels(name)?.concat());
                out.push(0);
            }
            out
        }
        Form::Hex => hex(text)?,
    })
}

/// An option's value as text; what does not fit its form is shown as `hex:…`.
pub fn value_text(code: u8, value: &[u8]) -> String {
    let shown = match form(code) {
        Form::Kind => value.first().and_then(|kind| TYPES.get(usize::from(*kind))).map(|text| (*text).into()),
        Form::Addresses if !value.is_empty() && value.len().is_multiple_of(4) => {
            let address = |octets: &[u8]| Ipv4Addr::from(<[u8; 4]>::try_from(octets).unwrap()).to_string();
            Some(value.chunks(4).map(address).collect::<Vec<_>>().join(","))
        }
        Form::Octets => Some(value.iter().map(u8::to_string).collect::<Vec<_>>().join(",")),
        Form::U8 | Form::U16 | Form::U32 if matches!(value.len(), 1 | 2 | 4) => {
            Some(value.iter().fold(0u64, |sum, octet| sum << 8 | u64::from(*octet)).to_string())
        }
        Form::Text => std::str::from_utf8(value).ok().map(|text| text.replace('\0', "\\0")),
        Form::Names => names_text(value),
        Form::Hex => Some(hex_text(value)),
        _ => None,
    };
    // The form must lead back to the same octets, or it would hide something.
    let back = shown.filter(|text| self::value(code, text).ok().as_deref() == Some(value));
    back.unwrap_or_else(|| format!("hex:{}", hex_text(value)))
}

/// Names without compression.
fn names_text(value: &[u8]) -> Option<String> {
    let mut names = Vec::new();
    let mut labels: Vec<String> = Vec::new();
    let mut rest = value;
    while let [len, tail @ ..] = rest {
        let (label, behind) = tail.split_at_checked((*len).into())?;
        match len {
            0 => names.push(std::mem::take(&mut labels).join(".")),
            _ => labels.push(String::from_utf8(label.to_vec()).ok()?),
        }
        rest = behind;
    }
    Some(names.join(","))
}

enum Form {
    Kind,
    Addresses,
    Octets,
    U8,
    U16,
    U32,
    Text,
    Names,
    Hex,
}

fn form(code: u8) -> Form {
    match code {
        53 => Form::Kind,
        1 | 3 | 4 | 5 | 6 | 7 | 28 | 32 | 33 | 41 | 42 | 44 | 45 | 50 | 54 | 150 => Form::Addresses,
        55 => Form::Octets,
        19 | 20 | 23 | 37 | 46 | 52 => Form::U8,
        13 | 22 | 26 | 57 | 93 => Form::U16,
        2 | 24 | 35 | 38 | 51 | 58 | 59 | 108 => Form::U32,
        12 | 14 | 15 | 17 | 18 | 40 | 47 | 56 | 60 | 64 | 66 | 67 | 100 | 101 | 114 => Form::Text,
        119 => Form::Names,
        _ => Form::Hex,
    }
}
