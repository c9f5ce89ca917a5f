//! Routing messages of the kernel: requests for the lists of interfaces,
//! addresses and neighbours, and a walker over what comes back. Pure, hence fuzzable.
//!
//! Stands on netlink(7), netlink(3), rtnetlink(7). Numbers are in the byte
//! order of the machine; everything is padded to four octets.

use crate::base::bytes::{Reader, Writer};
use crate::base::net::{HwAddr, IfIndex};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const RTM_NEWLINK: u16 = 16;
const RTM_DELLINK: u16 = 17;
const RTM_GETLINK: u16 = 18;
const RTM_NEWADDR: u16 = 20;
const RTM_DELADDR: u16 = 21;
const RTM_GETADDR: u16 = 22;
const RTM_NEWNEIGH: u16 = 28;
const RTM_DELNEIGH: u16 = 29;
const RTM_GETNEIGH: u16 = 30;
/// NLM_F_REQUEST | NLM_F_DUMP.
const DUMP: u16 = 0x301;

const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_LABEL: u16 = 3;
const IFA_BROADCAST: u16 = 4;
const IFA_FLAGS: u16 = 8;

const NDA_DST: u16 = 1;
const NDA_LLADDR: u16 = 2;
/// Nothing is known (yet), or nothing can be: NUD_INCOMPLETE, NUD_FAILED, NUD_NOARP.
const NUD_UNKNOWN: u16 = 0x01 | 0x20 | 0x40;

/// Of hardware addresses (RFC 826).
const ETHERNET: u8 = 1;

const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;

/// Interface is up (netdevice(7)).
pub const IFF_UP: u32 = 1;
/// Interface is a loopback one.
pub const IFF_LOOPBACK: u32 = 8;
/// Duplicate address detection is under way.
pub const IFA_F_TENTATIVE: u32 = 0x40;
/// The address is not to be used for anything new.
pub const IFA_F_DEPRECATED: u32 = 0x20;
/// The address was made up for privacy.
pub const IFA_F_TEMPORARY: u32 = 0x01;
/// Duplicate address detection found another one.
pub const IFA_F_DADFAILED: u32 = 0x08;

/// The lists that can be asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// Interfaces.
    Links,
    /// Addresses of both families.
    Addresses,
    /// Neighbours of both families.
    Neighbours,
}

/// An interface.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub struct Link<'a> {
    /// Kernel number.
    pub index: IfIndex,
    /// Name.
    pub name: &'a [u8],
    /// `IFF_…`.
    pub flags: u32,
    /// Largest packet; 0 if not told.
    pub mtu: u32,
    /// Hardware address and type.
    pub hw: HwAddr,
}

/// An address of an interface.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub struct LinkAddress<'a> {
    /// Interface.
    pub index: IfIndex,
    /// Our address.
    pub addr: IpAddr,
    /// Length of the prefix.
    pub prefix: u8,
    /// IPv4 broadcast address, if one is set.
    pub broadcast: Option<Ipv4Addr>,
    /// IPv4 label: the interface's name, perhaps with `:alias`.
    pub label: &'a [u8],
    /// `IFA_F_…`.
    pub flags: u32,
}

/// A neighbour: who has an address on a link.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub struct Neighbour {
    /// Interface.
    pub index: IfIndex,
    /// The address.
    pub addr: IpAddr,
    /// Its hardware address (taken for Ethernet); empty: it has none, or no
    /// longer.
    pub hw: HwAddr,
}

/// One message.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub enum Body<'a> {
    /// An interface that is or changed.
    Link(Link<'a>),
    /// An address that is or came.
    Address(LinkAddress<'a>),
    /// A neighbour that is, changed or went.
    Neighbour(Neighbour),
    /// An interface or address went.
    Gone,
    /// The list is complete.
    Done,
    /// The request was refused, with this error number.
    Refused(i32),
    /// Anything else.
    Other,
}

/// Writes the request for a whole list; answers carry `sequence`.
pub fn request(out: &mut Writer, list: List, sequence: u32) {
    let kind = match list {
        List::Links => RTM_GETLINK,
        List::Addresses => RTM_GETADDR,
        List::Neighbours => RTM_GETNEIGH,
    };
    // A header and an interface message (the longer of the two) of any family.
    out.bytes(&32u32.to_ne_bytes());
    out.bytes(&kind.to_ne_bytes());
    out.bytes(&DUMP.to_ne_bytes());
    out.bytes(&sequence.to_ne_bytes());
    out.zeros(4 + 16);
}

/// A walker over the messages of one piece.
pub struct Messages<'a> {
    rest: Reader<'a>,
}

impl<'a> Messages<'a> {
    /// Over `bytes` as they were received.
    pub fn new(bytes: &'a [u8]) -> Self {
        Messages { rest: Reader::new(bytes) }
    }
}

impl<'a> Iterator for Messages<'a> {
    /// The sequence number (0 for changes nobody asked for) and the message.
    type Item = (u32, Body<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let len = usize::try_from(u32_of(&mut self.rest)?).ok()?;
        let kind = u16_of(&mut self.rest)?;
        self.rest.take(2)?;
        let sequence = u32_of(&mut self.rest)?;
        self.rest.take(4)?;
        let mut body = padded(&mut self.rest, len.checked_sub(16)?)?;
        Some((sequence, message(kind, &mut body)))
    }
}

pub(super) fn u32_of(reader: &mut Reader) -> Option<u32> {
    reader.array().map(u32::from_ne_bytes)
}

fn u16_of(reader: &mut Reader) -> Option<u16> {
    reader.array().map(u16::from_ne_bytes)
}

/// The next `len` octets, and behind the padding that follows them (which the
/// last message of a piece may lack).
pub(super) fn padded<'a>(reader: &mut Reader<'a>, len: usize) -> Option<Reader<'a>> {
    let body = reader.sub(len)?;
    let padding = len.wrapping_neg() & 3;
    reader.take(padding.min(reader.remaining()))?;
    Some(body)
}

fn message<'a>(kind: u16, body: &mut Reader<'a>) -> Body<'a> {
    let read = match kind {
        RTM_NEWLINK => link(body).map(Body::Link),
        RTM_NEWADDR => address(body).map(Body::Address),
        RTM_NEWNEIGH => neighbour(body, true).map(Body::Neighbour),
        RTM_DELNEIGH => neighbour(body, false).map(Body::Neighbour),
        RTM_DELLINK | RTM_DELADDR => Some(Body::Gone),
        NLMSG_DONE => Some(Body::Done),
        NLMSG_ERROR => u32_of(body).map(|errno| Body::Refused((errno as i32).wrapping_neg())),
        _ => None,
    };
    read.unwrap_or(Body::Other)
}

/// The next attribute: type and value.
pub(super) fn attribute<'a>(body: &mut Reader<'a>) -> Option<(u16, Reader<'a>)> {
    let len = usize::from(u16_of(body)?);
    let kind = u16_of(body)?;
    Some((kind, padded(body, len.checked_sub(4)?)?))
}

fn link<'a>(body: &mut Reader<'a>) -> Option<Link<'a>> {
    body.take(2)?;
    let hardware = u16_of(body)?;
    let index = u32_of(body)?;
    let flags = u32_of(body)?;
    body.take(4)?;
    let mut link = Link { index, name: &[], flags, mtu: 0, hw: HwAddr::default() };
    // Ethernet is 1, loopback 772; only the low octet has a place in DHCP.
    let kind = u8::try_from(hardware).unwrap_or(0);
    while let Some((what, mut value)) = attribute(body) {
        match what {
            IFLA_IFNAME => link.name = text(value.rest()),
            IFLA_ADDRESS => link.hw = HwAddr::new(kind, value.rest()),
            IFLA_MTU => link.mtu = u32_of(&mut value)?,
            _ => {}
        }
    }
    (!link.name.is_empty()).then_some(link)
}

fn text(value: &[u8]) -> &[u8] {
    value.split(|octet| *octet == 0).next().unwrap_or_default()
}

fn address<'a>(body: &mut Reader<'a>) -> Option<LinkAddress<'a>> {
    let family = body.u8()?;
    let prefix = body.u8()?;
    let mut flags = u32::from(body.u8()?);
    body.take(1)?;
    let index = u32_of(body)?;
    let (mut peer, mut local, mut broadcast, mut label) = (None, None, None, &[][..]);
    while let Some((what, mut value)) = attribute(body) {
        match what {
            IFA_ADDRESS => peer = ip(family, &mut value),
            IFA_LOCAL => local = ip(family, &mut value),
            IFA_BROADCAST => broadcast = value.array::<4>().map(Ipv4Addr::from),
            IFA_LABEL => label = text(value.rest()),
            IFA_FLAGS => flags = u32_of(&mut value)?,
            _ => {}
        }
    }
    // On a point-to-point link `IFA_ADDRESS` is the other end.
    let addr = local.or(peer)?;
    Some(LinkAddress { index, addr, prefix, broadcast, label, flags })
}

fn neighbour(body: &mut Reader, is_there: bool) -> Option<Neighbour> {
    let family = body.u8()?;
    body.take(3)?;
    let index = u32_of(body)?;
    let state = u16_of(body)?;
    body.take(2)?;
    let (mut addr, mut hw) = (None, HwAddr::default());
    while let Some((what, mut value)) = attribute(body) {
        match what {
            NDA_DST => addr = ip(family, &mut value),
            NDA_LLADDR if is_there && state & NUD_UNKNOWN == 0 => hw = HwAddr::new(ETHERNET, value.rest()),
            _ => {}
        }
    }
    Some(Neighbour { index, addr: addr?, hw })
}

fn ip(family: u8, value: &mut Reader) -> Option<IpAddr> {
    match family {
        AF_INET => value.array::<4>().map(|octets| Ipv4Addr::from(octets).into()),
        AF_INET6 => value.array::<16>().map(|octets| Ipv6Addr::from(octets).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message_of(kind: u16, body: &[u8]) -> Vec<u8> {
        let mut all = Vec::new();
        all.extend(u32::try_from(16 + body.len()).unwrap().to_ne_bytes());
        all.extend(kind.to_ne_bytes());
        all.extend([0; 2]);
        all.extend(7u32.to_ne_bytes());
        all.extend([0; 4]);
        all.extend(body);
        all.resize(all.len().next_multiple_of(4), 0);
        all
    }

    fn attribute_of(kind: u16, value: &[u8]) -> Vec<u8> {
        let mut all = Vec::new();
        all.extend(u16::try_from(4 + value.len()).unwrap().to_ne_bytes());
        all.extend(kind.to_ne_bytes());
        all.extend(value);
        all.resize(all.len().next_multiple_of(4), 0);
        all
    }

    #[test]
    fn a_neighbour_has_a_hardware_address_while_it_is_known() {
        let body = |state: u16| {
            let mut all = vec![AF_INET, 0, 0, 0];
            all.extend(3u32.to_ne_bytes());
            all.extend(state.to_ne_bytes());
            all.extend([0, 1]);
            all.extend(attribute_of(NDA_DST, &[192, 0, 2, 9]));
            all.extend(attribute_of(NDA_LLADDR, &[2, 0, 0, 0, 0, 9]));
            all
        };
        let hw = |kind, state| match Messages::new(&message_of(kind, &body(state))).next() {
            Some((_, Body::Neighbour(found))) => {
                assert_eq!((found.index, found.addr), (3, Ipv4Addr::new(192, 0, 2, 9).into()));
                found.hw.octets().to_vec()
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(hw(RTM_NEWNEIGH, 4), [2, 0, 0, 0, 0, 9], "stale is known");
        assert!(hw(RTM_NEWNEIGH, 0x20).is_empty() && hw(RTM_DELNEIGH, 4).is_empty());
    }

    fn link_of(name: &[u8]) -> Vec<u8> {
        let mut body = vec![0, 0];
        body.extend(1u16.to_ne_bytes());
        body.extend(3u32.to_ne_bytes());
        body.extend(IFF_UP.to_ne_bytes());
        body.extend([0; 4]);
        body.extend(attribute_of(IFLA_IFNAME, name));
        body.extend(attribute_of(99, b"x"));
        body.extend(attribute_of(IFLA_ADDRESS, &[2, 0, 0, 0, 0, 9]));
        body.extend(attribute_of(IFLA_MTU, &1500u32.to_ne_bytes()));
        body
    }

    #[test]
    fn links_and_addresses_are_read_out_of_one_piece() {
        let mut piece = message_of(RTM_NEWLINK, &link_of(b"eth0\0"));
        let mut body = vec![AF_INET, 24, 0, 0];
        body.extend(3u32.to_ne_bytes());
        body.extend(attribute_of(IFA_ADDRESS, &[10, 0, 0, 2]));
        body.extend(attribute_of(IFA_LOCAL, &[10, 0, 0, 1]));
        body.extend(attribute_of(IFA_LABEL, b"eth0:1\0"));
        piece.extend(message_of(RTM_NEWADDR, &body));
        piece.extend(message_of(NLMSG_DONE, &[0; 4]));
        let read: Vec<_> = Messages::new(&piece).collect();
        let hw = HwAddr::new(1, &[2, 0, 0, 0, 0, 9]);
        let addr = Ipv4Addr::new(10, 0, 0, 1).into();
        assert_eq!(
            read,
            [
                (7, Body::Link(Link { index: 3, name: b"eth0", flags: IFF_UP, mtu: 1500, hw })),
                (7, Body::Address(LinkAddress { index: 3, addr, prefix: 24, broadcast: None, label: b"eth0:1", flags: 0 })),
                (7, Body::Done),
            ]
        );
    }

    #[test]
    fn no_prefix_of_a_message_is_read_as_more_than_it_is() {
        let whole = message_of(RTM_NEWLINK, &link_of(b"eth0\0"));
        for len in 0..whole.len() {
            assert_eq!(Messages::new(&whole[..len]).count(), 0, "{len} octets");
        }
        assert_eq!(Messages::new(&whole).count(), 1);
        assert_eq!(Messages::new(&[0; 64]).count(), 0, "a length shorter than its header ends the walk");
    }

    #[test]
    fn a_request_is_one_message_that_the_walker_accepts() {
        let mut buffer = [0; 40];
        let mut out = Writer::new(&mut buffer);
        request(&mut out, List::Addresses, 5);
        assert_eq!(Messages::new(out.written()).collect::<Vec<_>>(), [(5, Body::Other)]);
        let refusal = message_of(NLMSG_ERROR, &(-1i32).to_ne_bytes());
        assert_eq!(Messages::new(&refusal).next(), Some((7, Body::Refused(1))));
    }
}
