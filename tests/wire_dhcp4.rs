//! The DHCPv4 codec beside an independent one (smoltcp's), and on broken
//! input: random messages, and every packet of the captured conversations.

use ironmasq::base::bytes::Writer;
use ironmasq::base::random::Random;
use ironmasq::wire::dhcp4::{BROADCAST, HEADER, Packet, ReplyHeader};
use ironmasq::wire::dhcp4_options::{walk, walk_inside};
use smoltcp::wire::{DhcpMessageType, DhcpOption, DhcpPacket, DhcpRepr, EthernetAddress};
use std::net::Ipv4Addr;

/// All UDP payloads of the captured conversations.
fn captured() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir("tests/vectors/dhcp4").unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let hex = text.lines().filter(|line| line.len() > 400 && line.bytes().all(|octet| octet.is_ascii_hexdigit()));
        all.extend(hex.map(|line| {
            let octet = |at: usize| u8::from_str_radix(&line[2 * at..2 * at + 2], 16).unwrap();
            (0..line.len() / 2).map(octet).collect::<Vec<u8>>()
        }));
    }
    assert!(all.len() > 300);
    all
}

fn address(random: &mut Random) -> Ipv4Addr {
    Ipv4Addr::from(random.u32())
}

#[test]
fn what_the_other_codec_builds_is_read_here() {
    let mut random = Random::seeded(4);
    for _ in 0..2_000 {
        let kinds = [
            DhcpMessageType::Discover,
            DhcpMessageType::Request,
            DhcpMessageType::Decline,
            DhcpMessageType::Release,
            DhcpMessageType::Inform,
        ];
        let kind = kinds[random.below(5) as usize];
        let mac = random.u64().to_be_bytes();
        let list: Vec<u8> = (0..random.below(30)).map(|_| random.u16() as u8).collect();
        let text: Vec<u8> = (0..random.below(60)).map(|_| random.u16() as u8).collect();
        let extra = [DhcpOption { kind: 12, data: &text }, DhcpOption { kind: 60, data: &list }];
        let mut wish = |some: u32| (random.below(2) < some).then(|| Ipv4Addr::from(random.u32()));
        let (wanted, server) = (wish(1), wish(1));
        let repr = DhcpRepr {
            message_type: kind,
            transaction_id: random.u32(),
            secs: random.u16(),
            client_hardware_address: EthernetAddress::from_bytes(&mac[..6]),
            client_ip: address(&mut random),
            your_ip: address(&mut random),
            server_ip: address(&mut random),
            router: None,
            subnet_mask: None,
            relay_agent_ip: address(&mut random),
            broadcast: random.below(2) == 1,
            requested_ip: wanted,
            client_identifier: None,
            server_identifier: server,
            parameter_request_list: Some(&list),
            dns_servers: None,
            max_size: Some(1400),
            renew_duration: None,
            rebind_duration: None,
            lease_duration: Some(random.u32()),
            additional_options: &extra,
        };
        let mut bytes = vec![0; repr.buffer_len()];
        repr.emit(&mut DhcpPacket::new_unchecked(&mut bytes)).unwrap();
        let packet = Packet::parse(&bytes).unwrap();
        assert_eq!((packet.xid, packet.secs), (repr.transaction_id, repr.secs));
        assert_eq!((packet.ciaddr, packet.yiaddr), (repr.client_ip, repr.your_ip));
        assert_eq!((packet.siaddr, packet.giaddr), (repr.server_ip, repr.relay_agent_ip));
        assert_eq!((packet.hw().octets(), packet.htype), (&mac[..6], 1));
        assert_eq!(packet.flags & BROADCAST != 0, repr.broadcast);
        let find = |wanted: u8| packet.walk_options().find(|(number, _)| *number == wanted).map(|(_, value)| value);
        assert_eq!(find(50), wanted.map(|addr| addr.octets()).as_ref().map(|octets| &octets[..]));
        assert_eq!(find(54), server.map(|addr| addr.octets()).as_ref().map(|octets| &octets[..]));
        assert_eq!((find(55), find(12), find(60)), (Some(&list[..]), Some(&text[..]), Some(&list[..])));
        assert_eq!((find(57), find(51)), (Some(&1400u16.to_be_bytes()[..]), Some(&repr.lease_duration.unwrap().to_be_bytes()[..])));
    }
}

#[test]
fn both_see_the_same_options_in_captured_packets() {
    for bytes in captured() {
        let Some(packet) = Packet::parse(&bytes) else { continue };
        // The other one demands Ethernet and a cookie, and gives up at lies.
        let Ok(other) = DhcpPacket::new_checked(&bytes[..]) else { continue };
        if !packet.has_options {
            continue;
        }
        let theirs: Vec<_> = other.options().map(|option| (option.kind, option.data.to_vec())).collect();
        let ours: Vec<_> = walk(packet.options).map(|(number, value)| (number, value.to_vec())).collect();
        assert_eq!(ours, theirs);
        assert_eq!(other.transaction_id(), packet.xid);
        assert_eq!(other.your_ip(), packet.yiaddr);
    }
}

#[test]
fn a_header_written_here_is_read_there() {
    let mut random = Random::seeded(8);
    for bytes in captured().iter().take(50) {
        let Some(request) = Packet::parse(bytes).filter(|packet| packet.has_options) else { continue };
        let header = ReplyHeader {
            flags: if random.below(2) == 0 { BROADCAST } else { 0 },
            ciaddr: address(&mut random),
            yiaddr: address(&mut random),
            siaddr: address(&mut random),
        };
        let mut buffer = [0xEE; HEADER + 1];
        let mut out = Writer::new(&mut buffer);
        request.write_reply(&mut out, &header);
        out.u8(255);
        let other = DhcpPacket::new_checked(out.written()).unwrap();
        assert_eq!((other.client_ip(), other.your_ip(), other.server_ip()), (header.ciaddr, header.yiaddr, header.siaddr));
        assert_eq!((other.transaction_id(), other.relay_agent_ip()), (request.xid, request.giaddr));
        assert_eq!(other.client_hardware_address().as_bytes(), &request.chaddr[..6]);
        assert_eq!(other.flags().bits() != 0, header.flags != 0);
    }
}

#[test]
fn every_prefix_and_any_broken_octet_is_survived() {
    let mut random = Random::seeded(6);
    for mut bytes in captured().into_iter().filter(|bytes| Packet::parse(bytes).is_some()) {
        for cut in 0..bytes.len() {
            let options = Packet::parse(&bytes[..cut]).map(|packet| packet.walk_options().count());
            assert_eq!(options.is_some(), cut >= 236);
        }
        for _ in 0..50 {
            let at = random.below(bytes.len() as u32) as usize;
            bytes[at] = random.u16() as u8;
            let Some(packet) = Packet::parse(&bytes) else { continue };
            let all: usize = packet.walk_options().map(|(_, value)| value.len() + walk_inside(value).count()).sum();
            assert!(all <= 3 * bytes.len());
        }
    }
}
