//! The OPT record and its options (RFC 6891; RFC 8914 for extended errors;
//! RFC 7871 for client subnets). Reading gives a view, writing appends a whole
//! record. Which options are sent, and to whom, is decided elsewhere.

use super::codes::kind;
use super::message::Record;
use crate::base::bytes::{Reader, Writer};

/// Option codes (IANA "DNS EDNS0 Option Codes").
pub mod option {
    /// Client subnet (RFC 7871).
    pub const CLIENT_SUBNET: u16 = 8;
    /// Cookie (RFC 7873).
    pub const COOKIE: u16 = 10;
    /// Padding (RFC 7830).
    pub const PADDING: u16 = 12;
    /// Extended error (RFC 8914).
    pub const EDE: u16 = 15;
    /// Cisco Umbrella: who asks.
    pub const UMBRELLA: u16 = 20292;
    /// The client's hardware address, as octets (private use).
    pub const MAC: u16 = 65001;
    /// The same as text.
    pub const MAC_TEXT: u16 = 65073;
    /// The router that a question came through, as text.
    pub const CPE_ID: u16 = 65074;
}

/// The DNSSEC OK bit among the flags (RFC 3225).
pub const DNSSEC_OK: u16 = 0x8000;

/// Octets of an OPT record without options.
pub const OPT_LEN: usize = 11;

/// A received OPT record.
#[derive(Clone, Copy)]
pub struct Opt<'a> {
    /// Largest datagram its sender takes, as it says.
    pub udp_size: u16,
    /// Upper eight bits of the response code.
    pub ext_rcode: u8,
    /// Version; 0 is the only one there is.
    pub version: u8,
    /// `DNSSEC_OK` and bits not yet defined.
    pub flags: u16,
    options: Reader<'a>,
    /// Offset of the record in the message.
    pub at: usize,
    /// Offset of the first octet behind it.
    pub end: usize,
}

impl<'a> Opt<'a> {
    /// Takes an OPT record apart. Nothing unless its owner is the root and its
    /// options are whole.
    pub fn read(record: &Record<'a>) -> Option<Self> {
        if record.data.whole().get(record.at) != Some(&0) {
            return None;
        }
        let [ext_rcode, version, flags @ ..] = record.ttl.to_be_bytes();
        let mut walk = record.data;
        while !walk.is_empty() {
            walk.u16()?;
            let len = walk.u16()?;
            walk.take(len.into())?;
        }
        Some(Opt {
            udp_size: record.class,
            ext_rcode,
            version,
            flags: u16::from_be_bytes(flags),
            options: record.data,
            at: record.at,
            end: record.end(),
        })
    }

    /// True when the sender wants DNSSEC records.
    pub fn dnssec_ok(&self) -> bool {
        self.flags & DNSSEC_OK != 0
    }

    /// The options: code and data, in order.
    pub fn options(&self) -> impl Iterator<Item = (u16, &'a [u8])> + use<'a> {
        let mut reader = self.options;
        core::iter::from_fn(move || {
            let code = reader.u16()?;
            let len = reader.u16()?;
            Some((code, reader.take(len.into())?))
        })
    }

    /// The data of the first option with this code.
    pub fn option(&self, code: u16) -> Option<&'a [u8]> {
        self.options().find(|(own, _)| *own == code).map(|(_, data)| data)
    }

    /// The first extended error: its code and text.
    pub fn extended_error(&self) -> Option<(u16, &'a [u8])> {
        let mut data = Reader::new(self.option(option::EDE)?);
        Some((data.u16()?, data.rest()))
    }
}

/// What the fixed part of a sent OPT record says.
#[derive(Clone, Copy, Default)]
pub struct Head {
    /// Largest datagram we take.
    pub udp_size: u16,
    /// Upper eight bits of the response code.
    pub ext_rcode: u8,
    /// `DNSSEC_OK` or 0.
    pub flags: u16,
}

/// Appends an OPT record with these options (code and data; for an extended
/// error the data is its code in network order, and any text).
pub fn write(out: &mut Writer, head: Head, options: &[(u16, &[u8])]) {
    let len: usize = options.iter().map(|(_, data)| data.len().saturating_add(4)).sum();
    let [[k1, k2], [s1, s2], [f1, f2]] = [kind::OPT, head.udp_size, head.flags].map(u16::to_be_bytes);
    out.array([0, k1, k2, s1, s2, head.ext_rcode, 0, f1, f2]);
    put_len(out, len);
    for (code, data) in options {
        out.u16(*code);
        put_len(out, data.len());
        out.bytes(data);
    }
}

/// Appends a length, refused by the writer when it does not fit 16 bits.
fn put_len(out: &mut Writer, len: usize) {
    match u16::try_from(len) {
        Ok(len) => out.u16(len),
        Err(_) => out.zeros(usize::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::dns::message::Message;

    fn message(opts: &[(Head, &[(u16, &[u8])])]) -> Vec<u8> {
        let mut buffer = [0; 512];
        let mut out = Writer::new(&mut buffer);
        [7, 0x8180, 0, 0, 0, opts.len() as u16].iter().for_each(|word| out.u16(*word));
        opts.iter().for_each(|(head, options)| write(&mut out, *head, options));
        out.written().to_vec()
    }

    #[test]
    fn what_is_written_is_read() {
        let head = Head { udp_size: 1232, ext_rcode: 1, flags: DNSSEC_OK };
        let bytes = message(&[(head, &[(option::COOKIE, b"12345678"), (option::EDE, b"\0\x0Fblocked")])]);
        let opt = Message::parse(&bytes).unwrap().opt().unwrap().unwrap();
        assert_eq!((opt.udp_size, opt.ext_rcode, opt.version, opt.dnssec_ok()), (1232, 1, 0, true));
        assert_eq!(opt.option(option::COOKIE), Some(&b"12345678"[..]));
        assert_eq!(opt.extended_error(), Some((15, &b"blocked"[..])));
        assert_eq!((opt.at, opt.end), (12, bytes.len()));
        assert!(opt.option(option::PADDING).is_none());
    }

    #[test]
    fn a_broken_or_second_opt_spoils_the_message() {
        let two = message(&[(Head::default(), &[]), (Head::default(), &[])]);
        assert!(Message::parse(&two).unwrap().opt().is_err());
        let mut cut = message(&[(Head::default(), &[(option::COOKIE, b"12345678")])]);
        let last = cut.len() - 9;
        cut[last] = 9;
        assert!(Message::parse(&cut).unwrap().opt().is_err(), "an option longer than its record");
        let none = message(&[]);
        assert!(Message::parse(&none).unwrap().opt().unwrap().is_none());
    }
}
