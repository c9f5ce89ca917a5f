//! The codecs of `ironmasq::wire`.

use ironmasq::base::bytes::{Reader, Writer};
use ironmasq::wire::dns::build::Reply;
use ironmasq::wire::dns::message::{Message, Record, Section};
use ironmasq::wire::dns::name::NameBuf;
use ironmasq::wire::dns::{patch, record};
use ironmasq::wire::{dhcp4, dhcp4_options, icmp4, netlink, tftp};

/// A message as it comes from a client or an upstream server: walked, its names
/// made whole, and passed on at three sizes.
pub fn dns(bytes: &[u8]) {
    let Some(message) = Message::parse(bytes) else { return };
    let whole = message.is_whole();
    let mut promised: usize = message.counts().iter().skip(1).map(|count| usize::from(*count)).sum();
    for found in message.records() {
        promised -= 1;
        assert!(found.end() <= bytes.len() && found.at < found.ttl_at && found.ttl_at < found.end());
        if let Some(owner) = found.owner() {
            assert!(found.is_owned_by(owner.name()));
            name(owner);
        }
        let mut room = [0; 4096];
        let _ = record::expand(found.kind, found.data, &mut Writer::new(&mut room));
    }
    assert_eq!(whole, promised == 0);
    let _ = message.opt();
    for limit in [100, 512, 65_535] {
        let mut room = [0; 65_535];
        let mut out = Writer::new(&mut room);
        let wanted = |record: &Record| record.kind != 46;
        let question = message.question_bytes();
        let Some(mut reply) = Reply::relay(&mut out, &message, 7, 0x8180, question, limit, 0, &wanted) else {
            continue;
        };
        assert!(whole);
        let cut = reply.is_truncated();
        let Some(len) = reply.finish() else { continue };
        let again = Message::parse(&room[..len]).expect("what we build can be read");
        assert!(again.is_whole() && again.records().all(|record| !record.is_pseudo() && record.kind != 46));
        assert_eq!((again.id(), again.question_bytes()), (7, question));
        if !cut {
            // Additional records may be left out without a word.
            let told = |record: &Record| record.section != Section::Additional;
            let kept = message.records().filter(|record| !record.is_pseudo() && wanted(record) && told(record));
            assert_eq!(again.records().filter(told).count(), kept.count());
        }
    }
    let mut copy = bytes.to_vec();
    patch::cap_ttls(&mut copy, 60);
    if let Some(capped) = Message::parse(&copy).filter(Message::is_whole) {
        assert!(capped.records().all(|record| record.is_pseudo() || record.ttl <= 60));
    }
}

/// A name survives a turn through its text (which has no escapes when it is read),
/// and lies within each of its suffixes.
fn name(name: NameBuf) {
    let mut room = [0; 1100];
    let mut out = Writer::new(&mut room);
    name.name().text(&mut out);
    let len = out.finish().expect("four characters an octet are enough");
    if !room[..len].contains(&b'\\') {
        let again = NameBuf::from_text(&room[..len]).expect("our own text can be read");
        assert!(again.name().same(name.name()));
    }
    for suffix in name.name().suffixes() {
        assert!(name.name().is_within(suffix));
    }
}

/// A DHCPv4 message of a client or a relay: its options, and a reply to it.
pub fn dhcp4(bytes: &[u8]) {
    let Some(packet) = dhcp4::Packet::parse(bytes) else { return };
    let mut total = 0;
    for (code, value) in packet.walk_options() {
        total += value.len() + 2;
        let _ = (dhcp4_options::KNOWN.by_code(code.into()), dhcp4_options::address(value));
        assert!(dhcp4_options::walk_inside(value).map(|(_, inner)| inner.len() + 2).sum::<usize>() <= value.len());
    }
    assert!(total <= bytes.len());
    let own = dhcp4::ReplyHeader {
        flags: packet.flags,
        ciaddr: packet.ciaddr,
        yiaddr: packet.yiaddr,
        siaddr: packet.siaddr,
    };
    let mut room = [0; 576];
    let mut out = Writer::new(&mut room);
    packet.write_reply(&mut out, &own);
    let len = out.finish().expect("a header fits");
    let again = dhcp4::Packet::parse(&room[..len]).expect("our own header can be read");
    assert!(again.is_reply && again.xid == packet.xid && again.hw() == packet.hw());
}

/// A TFTP packet.
pub fn tftp(bytes: &[u8]) {
    match tftp::parse(bytes) {
        Some(tftp::Packet::Read(request) | tftp::Packet::Write(request)) => {
            assert!(!request.file.contains(&0) && !request.mode.contains(&0));
            for (name, value) in request.options {
                assert!(!name.contains(&0) && !value.contains(&0));
                tftp::number(value);
            }
        }
        Some(tftp::Packet::Data { block, bytes: data }) => {
            let mut room = [0; 65_536];
            let mut out = Writer::new(&mut room);
            tftp::write_data(&mut out, block, data);
            if let Some(len) = out.finish() {
                assert_eq!(&room[..len], bytes);
            }
        }
        Some(tftp::Packet::OptionAck(options)) => drop(options.count()),
        _ => {}
    }
}

/// What the kernel says about links and addresses; and echo replies.
pub fn kernel(bytes: &[u8]) {
    assert!(netlink::Messages::new(bytes).count() <= bytes.len() / 16);
    let _ = icmp4::reply(bytes);
    let mut reader = Reader::new(bytes);
    let before = reader.remaining();
    if let Some(sub) = reader.sub(usize::from(bytes.first().copied().unwrap_or(0))) {
        assert_eq!(before, sub.remaining() + reader.remaining());
    }
}
