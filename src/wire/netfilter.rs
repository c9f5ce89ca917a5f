//! Messages that put addresses into sets of ipset and nftables, and that ask for
//! the mark of a connection. Pure.
//!
//! Stands on netlink(7) and the kernel's headers linux/netfilter/nfnetlink.h,
//! ipset/ip_set.h, nf_tables.h and nfnetlink_conntrack.h. Numbers are in the byte order of the machine
//! where nothing else is said; everything is padded to four octets.

use super::netlink::{attribute as next_attribute, padded, u32_of};
use crate::base::bytes::{Reader, Writer};
use std::net::{IpAddr, SocketAddr};

const NLMSG_ERROR: u16 = 2;
const NLM_F_REQUEST: u16 = 0x1;
const NLM_F_ACK: u16 = 0x4;
const NLM_F_CREATE: u16 = 0x400;
const NLA_F_NESTED: u16 = 0x8000;
const NLA_F_NET_BYTEORDER: u16 = 0x4000;
const NLA_TYPE_MASK: u16 = 0x3fff;

/// Subsystems, the upper octet of a type; of a batch the octets 16 and 17.
const IPSET: u16 = 6 << 8;
const NFTABLES: u16 = 10;
const BATCH_BEGIN: u16 = 0x10;
const BATCH_END: u16 = 0x11;

const IPSET_CMD_ADD: u16 = IPSET | 9;
const IPSET_PROTOCOL: u8 = 6;
const IPSET_ATTR_PROTOCOL: u16 = 1;
const IPSET_ATTR_SETNAME: u16 = 2;
const IPSET_ATTR_DATA: u16 = 7;
const IPSET_ATTR_IP: u16 = 1;
const IPSET_ATTR_IPADDR_IPV4: u16 = 1;
const IPSET_ATTR_IPADDR_IPV6: u16 = 2;

const NFT_MSG_NEWSET: u16 = NFTABLES << 8 | 9;
const NFT_MSG_GETSET: u16 = NFTABLES << 8 | 10;
const NFT_MSG_NEWSETELEM: u16 = NFTABLES << 8 | 12;
const NFTA_SET_TABLE: u16 = 1;
const NFTA_SET_NAME: u16 = 2;
const NFTA_SET_FLAGS: u16 = 3;
const NFTA_SET_KEY_LEN: u16 = 5;
const NFTA_SET_ELEM_LIST_TABLE: u16 = 1;
const NFTA_SET_ELEM_LIST_SET: u16 = 2;
const NFTA_SET_ELEM_LIST_ELEMENTS: u16 = 3;
const NFTA_LIST_ELEM: u16 = 1;
const NFTA_SET_ELEM_KEY: u16 = 1;
const NFTA_SET_ELEM_FLAGS: u16 = 3;
const NFTA_DATA_VALUE: u16 = 1;
const NFT_SET_INTERVAL: u32 = 4;
const NFT_SET_ELEM_INTERVAL_END: u32 = 1;

/// Subsystem 1, with its commands.
const IPCTNL_MSG_CT_NEW: u16 = 0x100;
const IPCTNL_MSG_CT_GET: u16 = 0x101;
const CTA_TUPLE_REPLY: u16 = 2;
const CTA_MARK: u16 = 8;
const CTA_TUPLE_IP: u16 = 1;
const CTA_TUPLE_PROTO: u16 = 2;
const CTA_IP_V4_SRC: u16 = 1;
const CTA_IP_V6_SRC: u16 = 3;
const CTA_PROTO_NUM: u16 = 1;
const CTA_PROTO_SRC_PORT: u16 = 2;
const CTA_PROTO_DST_PORT: u16 = 3;
const IPPROTO_TCP: u8 = 6;
const IPPROTO_UDP: u8 = 17;

const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;

/// Octets of the longest message here: two names of 255 octets and an address.
pub const MESSAGE_MAX: usize = 1024;

/// A set of nftables.
#[derive(Clone, Copy)]
pub struct NftSet<'a> {
    /// The family of its table (NFPROTO).
    pub family: u8,
    /// The table.
    pub table: &'a [u8],
    /// Its name.
    pub name: &'a [u8],
}

/// What the kernel says.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub enum Answer {
    /// An error number, or 0: it was done.
    Done(i32),
    /// A set of nftables holds ranges, and keys of this many octets.
    Set { ranges: bool, key_len: u32 },
    /// The mark of a connection.
    Mark(u32),
}

/// A client's connection to us.
#[derive(Clone, Copy)]
pub struct Connection {
    /// Who asks.
    pub client: SocketAddr,
    /// Where it arrived, after any redirection.
    pub server: SocketAddr,
    /// TCP, else UDP.
    pub tcp: bool,
}

/// Asks for the mark of a connection. Its way back is what is named: that
/// begins at our own address even if the client was sent here by a firewall.
pub fn ask_mark(out: &mut Writer, of: Connection) {
    let v4 = of.client.is_ipv4();
    message(out, IPCTNL_MSG_CT_GET, 0, if v4 { AF_INET } else { AF_INET6 }, 0, |out| {
        attribute(out, CTA_TUPLE_REPLY | NLA_F_NESTED, |out| {
            attribute(out, CTA_TUPLE_IP | NLA_F_NESTED, |out| {
                let source = if v4 { CTA_IP_V4_SRC } else { CTA_IP_V6_SRC };
                attribute(out, source, |out| octets(out, of.server.ip()));
                attribute(out, source.saturating_add(1), |out| octets(out, of.client.ip()));
            });
            attribute(out, CTA_TUPLE_PROTO | NLA_F_NESTED, |out| {
                attribute(out, CTA_PROTO_NUM, |out| out.u8(if of.tcp { IPPROTO_TCP } else { IPPROTO_UDP }));
                attribute(out, CTA_PROTO_SRC_PORT, |out| out.u16(of.server.port()));
                attribute(out, CTA_PROTO_DST_PORT, |out| out.u16(of.client.port()));
            });
        });
    });
}

/// Asks for `addr` to be put into a set of ipset.
pub fn ipset_add(out: &mut Writer, name: &[u8], addr: IpAddr) {
    let family = if addr.is_ipv4() { AF_INET } else { AF_INET6 };
    message(out, IPSET_CMD_ADD, NLM_F_ACK, family, 0, |out| {
        attribute(out, IPSET_ATTR_PROTOCOL, |out| out.u8(IPSET_PROTOCOL));
        text(out, IPSET_ATTR_SETNAME, name);
        attribute(out, IPSET_ATTR_DATA | NLA_F_NESTED, |out| {
            attribute(out, IPSET_ATTR_IP | NLA_F_NESTED, |out| {
                let kind = if addr.is_ipv4() { IPSET_ATTR_IPADDR_IPV4 } else { IPSET_ATTR_IPADDR_IPV6 };
                attribute(out, kind | NLA_F_NET_BYTEORDER, |out| octets(out, addr));
            });
        });
    });
}

/// Asks what kind of set this is.
pub fn nft_ask(out: &mut Writer, set: NftSet) {
    message(out, NFT_MSG_GETSET, 0, set.family, 0, |out| {
        text(out, NFTA_SET_TABLE, set.table);
        text(out, NFTA_SET_NAME, set.name);
    });
}

/// Asks for `addr` to be put into a set of nftables. Into one of `ranges` it goes
/// as a range of one address.
pub fn nft_add(out: &mut Writer, set: NftSet, addr: IpAddr, ranges: bool) {
    message(out, BATCH_BEGIN, 0, 0, NFTABLES, |_| {});
    message(out, NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_ACK, set.family, 0, |out| {
        text(out, NFTA_SET_ELEM_LIST_TABLE, set.table);
        text(out, NFTA_SET_ELEM_LIST_SET, set.name);
        attribute(out, NFTA_SET_ELEM_LIST_ELEMENTS | NLA_F_NESTED, |out| {
            element(out, addr, 0);
            // Behind the last address there of all is no end.
            if let Some(end) = behind(addr).filter(|_| ranges) {
                element(out, end, NFT_SET_ELEM_INTERVAL_END);
            }
        });
    });
    message(out, BATCH_END, 0, 0, NFTABLES, |_| {});
}

fn element(out: &mut Writer, addr: IpAddr, flags: u32) {
    attribute(out, NFTA_LIST_ELEM | NLA_F_NESTED, |out| {
        if flags != 0 {
            attribute(out, NFTA_SET_ELEM_FLAGS, |out| out.u32(flags));
        }
        attribute(out, NFTA_SET_ELEM_KEY | NLA_F_NESTED, |out| {
            attribute(out, NFTA_DATA_VALUE, |out| octets(out, addr));
        });
    });
}

/// The next address.
fn behind(addr: IpAddr) -> Option<IpAddr> {
    Some(match addr {
        IpAddr::V4(addr) => IpAddr::V4(u32::from(addr).checked_add(1)?.into()),
        IpAddr::V6(addr) => IpAddr::V6(u128::from(addr).checked_add(1)?.into()),
    })
}

fn octets(out: &mut Writer, addr: IpAddr) {
    match addr {
        IpAddr::V4(addr) => out.bytes(&addr.octets()),
        IpAddr::V6(addr) => out.bytes(&addr.octets()),
    }
}

/// A message with its two heads; `resource` is in network order.
fn message(out: &mut Writer, kind: u16, flags: u16, family: u8, resource: u16, body: impl FnOnce(&mut Writer)) {
    let start = open_message(out, kind, flags, family, resource);
    body(out);
    close_message(out, start);
}

// What messages and attributes begin and end with is once in the program.
#[inline(never)]
fn open_message(out: &mut Writer, kind: u16, flags: u16, family: u8, resource: u16) -> usize {
    let start = out.len();
    out.zeros(4);
    out.bytes(&kind.to_ne_bytes());
    out.bytes(&(NLM_F_REQUEST | flags).to_ne_bytes());
    out.zeros(8);
    out.u8(family);
    out.u8(0);
    out.u16(resource);
    start
}

#[inline(never)]
fn close_message(out: &mut Writer, start: usize) {
    let len = u32::try_from(out.len().saturating_sub(start)).unwrap_or(0);
    out.patch(start, &len.to_ne_bytes());
}

fn attribute(out: &mut Writer, kind: u16, body: impl FnOnce(&mut Writer)) {
    let start = open(out, kind);
    body(out);
    close(out, start);
}

#[inline(never)]
fn open(out: &mut Writer, kind: u16) -> usize {
    let start = out.len();
    out.zeros(2);
    out.bytes(&kind.to_ne_bytes());
    start
}

#[inline(never)]
fn close(out: &mut Writer, start: usize) {
    let len = out.len().saturating_sub(start);
    out.patch(start, &u16::try_from(len).unwrap_or(0).to_ne_bytes());
    out.zeros(len.wrapping_neg() & 3);
}

/// A text with its final zero.
fn text(out: &mut Writer, kind: u16, text: &[u8]) {
    attribute(out, kind, |out| {
        out.bytes(text);
        out.u8(0);
    });
}

/// The answers in what was received, those that say something.
pub fn answers(bytes: &[u8]) -> impl Iterator<Item = Answer> {
    let mut rest = Reader::new(bytes);
    core::iter::from_fn(move || {
        let len = usize::try_from(u32_of(&mut rest)?).ok()?;
        let kind = rest.array().map(u16::from_ne_bytes)?;
        rest.take(10)?;
        let mut body = padded(&mut rest, len.checked_sub(16)?)?;
        Some(match kind {
            NLMSG_ERROR => u32_of(&mut body).map(|errno| Answer::Done((errno as i32).wrapping_neg())),
            NFT_MSG_NEWSET => set(&mut body),
            IPCTNL_MSG_CT_NEW => mark(&mut body),
            _ => None,
        })
    })
    .flatten()
}

fn set(body: &mut Reader) -> Option<Answer> {
    body.take(4)?;
    let (mut flags, mut key_len) = (0, 0);
    while let Some((kind, mut value)) = next_attribute(body) {
        match kind & NLA_TYPE_MASK {
            NFTA_SET_FLAGS => flags = value.u32()?,
            NFTA_SET_KEY_LEN => key_len = value.u32()?,
            _ => {}
        }
    }
    Some(Answer::Set { ranges: flags & NFT_SET_INTERVAL != 0, key_len })
}

/// A connection without mark has mark 0.
fn mark(body: &mut Reader) -> Option<Answer> {
    body.take(4)?;
    let mut mark = 0;
    while let Some((kind, mut value)) = next_attribute(body) {
        if kind & NLA_TYPE_MASK == CTA_MARK {
            mark = value.u32()?;
        }
    }
    Some(Answer::Mark(mark))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    fn written(build: impl FnOnce(&mut Writer)) -> Vec<u8> {
        let mut buffer = [0xff; MESSAGE_MAX];
        let mut out = Writer::new(&mut buffer);
        build(&mut out);
        assert!(!out.overflowed());
        out.written().to_vec()
    }

    #[test]
    fn lengths_are_those_of_the_octets() {
        let set = NftSet { family: 1, table: b"fw4", name: b"vpn" };
        for addr in [IpAddr::V4(Ipv4Addr::BROADCAST), IpAddr::V6(Ipv6Addr::LOCALHOST)] {
            for all in [
                written(|out| ipset_add(out, b"adb", addr)),
                written(|out| nft_ask(out, set)),
                written(|out| nft_add(out, set, addr, true)),
            ] {
                let mut at = 0;
                while at < all.len() {
                    let len = u32::from_ne_bytes(all[at..at + 4].try_into().unwrap()) as usize;
                    assert!(len >= 20 && len.is_multiple_of(4));
                    at += len;
                }
                assert_eq!(at, all.len());
            }
        }
        for client in ["192.0.2.1:7", "[2001:db8::1]:7"] {
            let client: SocketAddr = client.parse().unwrap();
            let all = written(|out| ask_mark(out, Connection { client, server: client, tcp: true }));
            assert_eq!(u32::from_ne_bytes(all[..4].try_into().unwrap()) as usize, all.len());
        }
        let last = written(|out| nft_add(out, set, Ipv4Addr::BROADCAST.into(), true));
        let other = written(|out| nft_add(out, set, Ipv4Addr::LOCALHOST.into(), true));
        assert!(last.len() < other.len(), "the last address has none behind it");
    }

    #[test]
    fn answers_are_errors_and_kinds_of_sets() {
        let mut all = Vec::new();
        let mut message = |kind: u16, body: &[u8]| {
            all.extend((16 + body.len() as u32).to_ne_bytes());
            all.extend(kind.to_ne_bytes());
            all.extend([0; 10]);
            all.extend(body);
        };
        message(NLMSG_ERROR, &(-2i32).to_ne_bytes());
        message(99, &[1, 2, 3, 4]);
        let attribute = |kind: u16, value: u32| [&8u16.to_ne_bytes()[..], &kind.to_ne_bytes(), &value.to_be_bytes()].concat();
        message(NFT_MSG_NEWSET, &[&[1, 0, 0, 0][..], &attribute(NFTA_SET_FLAGS, 4), &attribute(NFTA_SET_KEY_LEN, 16)].concat());
        message(IPCTNL_MSG_CT_NEW, &[&[2, 0, 0, 0][..], &attribute(CTA_MARK, 0x105)].concat());
        message(IPCTNL_MSG_CT_NEW, &[2, 0, 0, 0]);
        let expected = [Answer::Done(2), Answer::Set { ranges: true, key_len: 16 }, Answer::Mark(0x105), Answer::Mark(0)];
        assert_eq!(answers(&all).collect::<Vec<_>>(), expected);
        assert!((0..all.len()).all(|len| answers(&all[..len]).count() <= 4));
    }
}
