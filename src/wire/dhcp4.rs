//! The fixed part of a BOOTP/DHCP message (RFC 951, RFC 2131 §2): a view of a
//! received one, and the writer of the header of a reply. Options are
//! `dhcp4_options`.

use crate::base::bytes::{Reader, Writer};
use crate::base::net::{HW_MAX, HwAddr};
use std::net::Ipv4Addr;

/// Octets in front of the options: the header and the magic cookie.
pub const HEADER: usize = 240;

/// Where the count of relays lies.
pub const HOPS_AT: usize = 3;
/// Where the address of the relay lies.
pub const GIADDR_AT: usize = 24;
/// Where the server name lies, and its size.
pub const SNAME_AT: usize = 44;
/// Size of the server name.
pub const SNAME: usize = 64;
/// Where the boot file lies, and its size.
pub const FILE_AT: usize = 108;
/// Size of the boot file.
pub const FILE: usize = 128;

/// Smallest reply: old BOOTP clients drop shorter ones (RFC 1542 §2.1).
pub const REPLY_MIN: usize = 300;

/// What a client that says nothing takes: 576 octets less the IP and UDP
/// headers (RFC 2131 §2).
pub const REPLY_DEFAULT: usize = 548;

/// Port of servers and relays.
pub const SERVER_PORT: u16 = 67;
/// Port of clients.
pub const CLIENT_PORT: u16 = 68;

/// The flag by which a client asks for broadcast replies.
pub const BROADCAST: u16 = 0x8000;

const COOKIE: u32 = 0x6382_5363;
const REQUEST: u8 = 1;
const REPLY: u8 = 2;

/// Message types (RFC 2132 §9.6).
pub mod kind {
    /// A client looks for servers.
    pub const DISCOVER: u8 = 1;
    /// A server offers an address.
    pub const OFFER: u8 = 2;
    /// A client wants an address, or to keep it.
    pub const REQUEST: u8 = 3;
    /// The address is in use by somebody else.
    pub const DECLINE: u8 = 4;
    /// The address is leased.
    pub const ACK: u8 = 5;
    /// It is not.
    pub const NAK: u8 = 6;
    /// The client gives its address back.
    pub const RELEASE: u8 = 7;
    /// A client with an address wants options.
    pub const INFORM: u8 = 8;
    /// Somebody asks for a lease (RFC 4388).
    pub const LEASE_QUERY: u8 = 10;
    /// Nobody has the address.
    pub const LEASE_UNASSIGNED: u8 = 11;
    /// We know nothing of it.
    pub const LEASE_UNKNOWN: u8 = 12;
    /// Somebody has it.
    pub const LEASE_ACTIVE: u8 = 13;
}

/// A received message.
#[derive(Clone, Copy)]
pub struct Packet<'a> {
    /// It is a reply (to a relay).
    pub is_reply: bool,
    /// Hardware type.
    pub htype: u8,
    /// Relays passed.
    pub hops: u8,
    /// Transaction.
    pub xid: u32,
    /// Seconds since the client began.
    pub secs: u16,
    /// `BROADCAST` or 0.
    pub flags: u16,
    /// The address the client has and uses.
    pub ciaddr: Ipv4Addr,
    /// The address the client gets.
    pub yiaddr: Ipv4Addr,
    /// The next server.
    pub siaddr: Ipv4Addr,
    /// The relay.
    pub giaddr: Ipv4Addr,
    /// Octets of `chaddr` in use.
    pub hlen: u8,
    /// The hardware address field, whole.
    pub chaddr: [u8; HW_MAX],
    /// The server name field.
    pub sname: &'a [u8],
    /// The boot file field.
    pub file: &'a [u8],
    /// Everything behind the cookie.
    pub options: &'a [u8],
    /// The cookie is there: the options mean something.
    pub has_options: bool,
}

impl<'a> Packet<'a> {
    /// Reads a message; nothing if it is cut or says what cannot be.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let op = reader.u8()?;
        let htype = reader.u8()?;
        let hlen = reader.u8()?;
        if !matches!(op, REQUEST | REPLY) || usize::from(hlen) > HW_MAX {
            return None;
        }
        Some(Packet {
            is_reply: op == REPLY,
            htype,
            hlen,
            hops: reader.u8()?,
            xid: reader.u32()?,
            secs: reader.u16()?,
            flags: reader.u16()?,
            ciaddr: reader.u32()?.into(),
            yiaddr: reader.u32()?.into(),
            siaddr: reader.u32()?.into(),
            giaddr: reader.u32()?.into(),
            chaddr: reader.array()?,
            sname: reader.take(SNAME)?,
            file: reader.take(FILE)?,
            has_options: reader.u32() == Some(COOKIE),
            options: reader.rest(),
        })
    }

    /// The client's hardware address.
    pub fn hw(&self) -> HwAddr {
        HwAddr::new(self.htype, self.chaddr.get(..usize::from(self.hlen)).unwrap_or_default())
    }

    /// Writes the header of a reply to this message, with empty name fields;
    /// what differs from the request is given. `has_options` says whether the
    /// cookie is written.
    pub fn write_reply(&self, out: &mut Writer, reply: &ReplyHeader) {
        out.bytes(&[REPLY, self.htype, self.hlen, self.hops]);
        out.u32(self.xid);
        out.u16(self.secs);
        out.u16(reply.flags);
        out.bytes(&reply.ciaddr.octets());
        out.bytes(&reply.yiaddr.octets());
        out.bytes(&reply.siaddr.octets());
        out.bytes(&self.giaddr.octets());
        out.bytes(&self.chaddr);
        out.zeros(SNAME + FILE);
        out.u32(if self.has_options { COOKIE } else { 0 });
    }
}

/// The fields of a reply's header that are its own.
#[derive(Clone, Copy)]
pub struct ReplyHeader {
    /// `BROADCAST` or 0.
    pub flags: u16,
    /// The address the client uses.
    pub ciaddr: Ipv4Addr,
    /// The address the client gets.
    pub yiaddr: Ipv4Addr,
    /// The next server.
    pub siaddr: Ipv4Addr,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_echoes_the_transaction() {
        let mut request = vec![1, 1, 6, 3, 1, 2, 3, 4, 0, 9, 0x80, 0];
        request.extend_from_slice(&[0; 12]);
        request.extend_from_slice(&[10, 0, 0, 9, 2, 0, 0, 0, 0, 1]);
        request.resize(236, 0);
        assert!(Packet::parse(&request[..235]).is_none());
        assert!(!Packet::parse(&request).unwrap().has_options, "BOOTP without a vendor area");
        request.extend_from_slice(&[0x63, 0x82, 0x53, 0x63, 255]);
        let packet = Packet::parse(&request).unwrap();
        assert_eq!((packet.xid, packet.hops, packet.giaddr), (0x0102_0304, 3, Ipv4Addr::new(10, 0, 0, 9)));
        assert_eq!(packet.hw(), HwAddr::new(1, &[2, 0, 0, 0, 0, 1]));
        let mut buffer = [7; 300];
        let mut out = Writer::new(&mut buffer);
        let own = ReplyHeader {
            flags: packet.flags,
            ciaddr: Ipv4Addr::UNSPECIFIED,
            yiaddr: Ipv4Addr::new(10, 0, 0, 50),
            siaddr: Ipv4Addr::new(10, 0, 0, 1),
        };
        packet.write_reply(&mut out, &own);
        assert_eq!(out.len(), HEADER);
        let back = Packet::parse(out.written()).unwrap();
        assert!(back.is_reply && back.has_options && back.chaddr == packet.chaddr);
        assert_eq!((back.yiaddr, back.siaddr, back.xid), (own.yiaddr, own.siaddr, packet.xid));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let mut request = vec![0; 240];
        request[0] = 1;
        for (at, value) in [(0, 3), (0, 0), (2, 17)] {
            let mut bad = request.clone();
            bad[at] = value;
            assert!(Packet::parse(&bad).is_none());
        }
        assert!(!Packet::parse(&request).unwrap().has_options);
    }
}
