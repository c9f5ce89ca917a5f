//! The DNS codec beside an independent one (`simple-dns`), and on broken input.
//!
//! Messages are made as lists of records in plain form (no compression). What
//! our builder makes of a list, the other library must read back to the same
//! plain octets; what the other library compresses, our walker must expand to
//! the same list. Names share endings on purpose, so that pointers occur.

use ironmasq::base::bytes::{Reader, Writer};
use ironmasq::base::hash::Key;
use ironmasq::base::random::Random;
use ironmasq::base::time::Millis;
use ironmasq::store::cache::Cache;
use ironmasq::wire::dns::build::Reply;
use ironmasq::wire::dns::codes::{class::IN, kind};
use ironmasq::wire::dns::edns::{self, DNSSEC_OK, Head, OPT_LEN, option};
use ironmasq::wire::dns::message::{HEADER, Message, Section};
use ironmasq::wire::dns::name::{LABEL_MAX, NAME_MAX, Name, NameBuf};
use ironmasq::wire::dns::{patch, record};
use simple_dns::Packet;

const ID: u16 = 0x2A2A;
const FLAGS: u16 = 0x8180;
const SECTIONS: [Section; 3] = [Section::Answer, Section::Authority, Section::Additional];

/// A record in plain form.
#[derive(Clone, Debug, PartialEq)]
struct Plain {
    section: Section,
    owner: Vec<u8>,
    kind: u16,
    ttl: u32,
    data: Vec<u8>,
}

/// A name of up to four labels from a small stock, so that endings repeat.
fn some_name(random: &mut Random) -> Vec<u8> {
    let stock = ["com", "example", "Example", "www", "a", "b", "mail", "x-very-long-label-that-takes-some-room"];
    let mut wire = Vec::new();
    for _ in 0..random.below(5) {
        let label = stock[random.below(stock.len() as u32) as usize];
        wire.push(label.len() as u8);
        wire.extend_from_slice(label.as_bytes());
    }
    wire.push(0);
    wire
}

/// Data of one of the types with names, or without, in plain form.
fn some_data(random: &mut Random, kind: u16) -> Vec<u8> {
    let mut numbers = |count: usize| (0..count).map(|_| random.u32() as u8).collect::<Vec<_>>();
    let [front, back] = match kind {
        kind::A => return numbers(4),
        kind::AAAA => return numbers(16),
        kind::TXT => return [vec![5], b"hello".to_vec(), vec![0]].concat(),
        kind::MX => [numbers(2), vec![]],
        kind::SRV => [numbers(6), vec![]],
        kind::SOA => [vec![], numbers(20)],
        kind::NAPTR => [[numbers(4), b"\x01S\x03abc\x00".to_vec()].concat(), vec![]],
        _ => [vec![], vec![]],
    };
    let second = if kind == kind::SOA { some_name(random) } else { vec![] };
    [front, some_name(random), second, back].concat()
}

fn some_records(random: &mut Random) -> Vec<Plain> {
    let kinds = [
        kind::A,
        kind::AAAA,
        kind::CNAME,
        kind::PTR,
        kind::NS,
        kind::MX,
        kind::SOA,
        kind::SRV,
        kind::NAPTR,
        kind::TXT,
    ];
    let mut records: Vec<Plain> = (0..random.below(12))
        .map(|_| {
            let kind = kinds[random.below(kinds.len() as u32) as usize];
            let section = SECTIONS[random.below(3) as usize];
            let (owner, ttl, data) = (some_name(random), random.u32() >> 1, some_data(random, kind));
            Plain { section, owner, kind, ttl, data }
        })
        .collect();
    records.sort_by_key(|record| record.section);
    records
}

/// The message in plain form.
fn plain(question: &[u8], records: &[Plain]) -> Vec<u8> {
    let count = |section| records.iter().filter(|record| record.section == section).count() as u16;
    let [answers, authority, additional] = SECTIONS.map(count);
    let header = [ID, FLAGS, 1, answers, authority, additional].map(u16::to_be_bytes).concat();
    let body = records.iter().flat_map(|record| {
        let fixed = [&record.kind.to_be_bytes()[..], &IN.to_be_bytes(), &record.ttl.to_be_bytes()].concat();
        let len = (record.data.len() as u16).to_be_bytes();
        [&record.owner[..], &fixed, &len, &record.data].concat()
    });
    [header, question.to_vec(), body.collect()].concat()
}

/// The message as our builder makes it.
fn ours(question: &[u8], records: &[Plain]) -> Vec<u8> {
    let mut buffer = vec![0; 65_535];
    let mut out = Writer::new(&mut buffer);
    let mut reply = Reply::new(&mut out, ID, FLAGS, 1, question, 65_535, 0);
    for record in records {
        let owner = Name::new(&record.owner).unwrap();
        let data = Reader::new(&record.data);
        assert_eq!(reply.data(record.section, owner, record.kind, IN, record.ttl, data), Some(true));
    }
    reply.finish().unwrap();
    out.written().to_vec()
}

/// The records of a message as our walker sees them.
fn walked(bytes: &[u8]) -> Vec<Plain> {
    let message = Message::parse(bytes).unwrap();
    assert!(message.is_whole());
    let records = message.records().map(|record| {
        let mut buffer = [0; 2000];
        let mut out = Writer::new(&mut buffer);
        record::expand(record.kind, record.data, &mut out).unwrap();
        let owner = record.owner().unwrap().name().wire().to_vec();
        assert!(record.is_owned_by(Name::new(&owner.to_ascii_uppercase()).unwrap()));
        Plain { section: record.section, owner, kind: record.kind, ttl: record.ttl, data: out.written().to_vec() }
    });
    records.collect()
}

fn some_question(random: &mut Random) -> Vec<u8> {
    [some_name(random), vec![0, 1, 0, 1]].concat()
}

#[test]
fn the_other_library_reads_what_we_build() {
    let mut random = Random::seeded(1);
    let mut saved = 0;
    for _ in 0..3000 {
        let (question, records) = (some_question(&mut random), some_records(&mut random));
        let (bytes, plain) = (ours(&question, &records), plain(&question, &records));
        assert_eq!(walked(&bytes), records);
        assert_eq!(Packet::parse(&bytes).unwrap().build_bytes_vec().unwrap(), plain);
        saved += plain.len() - bytes.len();
    }
    assert!(saved > 50_000, "names were compressed: {saved}");
}

#[test]
fn we_read_what_the_other_library_compresses() {
    let mut random = Random::seeded(2);
    for _ in 0..3000 {
        let (question, records) = (some_question(&mut random), some_records(&mut random));
        let plain = plain(&question, &records);
        let bytes = Packet::parse(&plain).unwrap().build_bytes_vec_compressed().unwrap();
        assert_eq!(walked(&bytes), records);
    }
}

#[test]
fn a_relayed_message_says_the_same() {
    let mut random = Random::seeded(3);
    for round in 0..3000 {
        let (question, records) = (some_question(&mut random), some_records(&mut random));
        let bytes = ours(&question, &records);
        let message = Message::parse(&bytes).unwrap();
        let unwanted = if round % 2 == 0 { kind::MX } else { u16::MAX };
        let mut buffer = vec![0; 8000];
        let mut out = Writer::new(&mut buffer);
        let keep = |record: &ironmasq::wire::dns::message::Record| record.kind != unwanted;
        let mut reply = Reply::relay(&mut out, &message, ID, FLAGS, &question, 8000, 0, &keep).unwrap();
        reply.finish().unwrap();
        let kept: Vec<_> = records.into_iter().filter(|record| record.kind != unwanted).collect();
        assert_eq!(walked(out.written()), kept);
    }
}

#[test]
fn edns_is_read_alike() {
    let mut buffer = [0; 512];
    let mut out = Writer::new(&mut buffer);
    let mut reply = Reply::new(&mut out, ID, FLAGS, 1, b"\0\0\x01\0\x01", 512, OPT_LEN);
    let head = Head { udp_size: 1232, ext_rcode: 0, flags: DNSSEC_OK };
    reply.edns(head, &[(option::EDE, b"\0\x0F"), (option::COOKIE, b"01234567")]);
    reply.finish().unwrap();
    let packet = Packet::parse(out.written()).unwrap();
    let opt = packet.opt().unwrap();
    let codes: Vec<_> = opt.opt_codes.iter().map(|code| (code.code, code.data.len())).collect();
    assert_eq!((opt.udp_packet_size, codes), (1232, vec![(15, 2), (10, 8)]));
}

#[test]
fn all_octets_may_stand_in_a_label_and_lengths_end_where_they_should() {
    for octets in (0..=255).collect::<Vec<u8>>().chunks(60) {
        let wire = [&[octets.len() as u8][..], octets, &[0]].concat();
        assert_eq!(NameBuf::read(&mut Reader::new(&wire)).unwrap().name().wire(), wire);
        assert!(Name::new(&wire).is_some());
    }
    let of = |labels: &[usize]| {
        let body: Vec<u8> = labels.iter().flat_map(|len| [vec![*len as u8], vec![b'x'; *len]].concat()).collect();
        [body, vec![0]].concat()
    };
    for (labels, valid) in [
        (&[LABEL_MAX][..], true),
        (&[LABEL_MAX + 1], false),
        (&[63, 63, 63, 60], true),
        (&[63, 63, 63, 61], true),
        (&[63, 63, 63, 62], false),
    ] {
        let wire = of(labels);
        assert_eq!(wire.len() <= NAME_MAX && labels.iter().all(|len| *len <= LABEL_MAX), valid);
        assert_eq!(Name::new(&wire).is_some(), valid, "{labels:?}");
        assert_eq!(Name::read(&mut Reader::new(&wire)).is_some(), valid);
        assert_eq!(NameBuf::read(&mut Reader::new(&wire)).is_some(), valid);
    }
}

#[test]
fn a_name_of_pointers_is_bounded_by_its_length() {
    // Each label points at the one before: 127 labels of one octet fit, 128 do not.
    let mut bytes = vec![1, b'a', 0];
    let mut starts = vec![0usize];
    for _ in 1..128 {
        let target = *starts.last().unwrap() as u16 | 0xC000;
        starts.push(bytes.len());
        bytes.extend_from_slice(&[1, b'a']);
        bytes.extend_from_slice(&target.to_be_bytes());
    }
    let read = |start| NameBuf::read(&mut Reader::at(&bytes, start).unwrap()).map(|name| name.name().wire().len());
    assert_eq!((read(starts[0]), read(starts[126]), read(starts[127])), (Some(3), Some(255), None));
}

#[test]
fn a_ttl_with_the_top_bit_is_zero() {
    for (ttl, read) in [(0x7FFF_FFFF, 0x7FFF_FFFF), (0x8000_0000, 0), (u32::MAX, 0)] {
        let record = Plain { section: Section::Answer, owner: vec![0], kind: kind::A, ttl, data: vec![1; 4] };
        let bytes = plain(b"\0\0\x01\0\x01", &[record]);
        assert_eq!(Message::parse(&bytes).unwrap().records().next().unwrap().ttl, read);
    }
}

#[test]
fn data_cannot_reach_behind_its_record() {
    let question = b"\x01q\0\0\x01\0\x01";
    for (kind, data) in [
        (kind::CNAME, &b"\x02"[..]),
        (kind::CNAME, b"\x01a"),
        (kind::CNAME, b"\xC0"),
        (kind::CNAME, b"\xC0\x0C\0"),
        (kind::MX, b"\0"),
        (kind::MX, b"\0\x0A\x05ab"),
        (kind::SOA, b"\0\0\0\0\0\x01"),
        (kind::A, b"\x01\x02\x03"),
        (kind::A, b"\x01\x02\x03\x04\x05"),
        (kind::NAPTR, b"\0\0\0\0\x09abc"),
        (kind::RRSIG, b"short"),
    ] {
        let follower = Plain { section: Section::Answer, owner: vec![0], kind: kind::A, ttl: 0, data: vec![1; 4] };
        let liar = Plain { kind, data: data.to_vec(), ..follower.clone() };
        let bytes = plain(question, &[liar, follower]);
        let message = Message::parse(&bytes).unwrap();
        assert!(message.is_whole());
        let record = message.records().next().unwrap();
        let mut buffer = [0; 600];
        assert!(record::expand(kind, record.data, &mut Writer::new(&mut buffer)).is_none(), "{kind} {data:?}");
        let mut out = Writer::new(&mut buffer);
        let mut reply = Reply::to(&mut out, &message, FLAGS, 600, 0);
        assert!(!record.is_sound());
        assert_eq!(reply.copy(&record), None);
        assert!(reply.is_empty());
        assert_eq!(reply.finish(), Some(HEADER + question.len()));
        let mut out = Writer::new(&mut buffer);
        assert!(Reply::relay(&mut out, &message, ID, FLAGS, question, 600, 0, &|_| true).is_none());
    }
}

/// Everything the codec can do with a message.
fn exercise(bytes: &[u8], cache: &mut Cache) {
    let mut patched = bytes.to_vec();
    patch::set_id(&mut patched, 1);
    patch::set_flags(&mut patched, 2);
    patch::cap_ttls(&mut patched, 3);
    assert_eq!(patched.len(), bytes.len());
    let Some(message) = Message::parse(bytes) else { return };
    let _ = message.opt().map(|opt| opt.map(|opt| (opt.options().count(), opt.extended_error().is_some())));
    for record in message.records() {
        assert!(record.end() <= bytes.len());
        let Some(owner) = record.owner() else { continue };
        assert!(record.is_owned_by(owner.name()));
        let mut draft = cache.begin(record.kind);
        draft.add(record.data);
        draft.store(owner.name(), record.ttl, Millis(0));
        cache.lookup(owner.name(), record.kind, Millis(0)).map(|found| found.records().count());
    }
    cache.check();
    for limit in [0, 12, 40, 512] {
        let mut buffer = [0; 512];
        let mut out = Writer::new(&mut buffer);
        let relayed =
            Reply::relay(&mut out, &message, 1, FLAGS, message.question_bytes(), limit, OPT_LEN, &|record| record.ttl != 7);
        if let Some(mut reply) = relayed {
            reply.edns(Head::default(), &[]);
            if let Some(len) = reply.finish() {
                let built = Message::parse(out.written()).expect("what we build is a message");
                assert!(built.is_whole() && built.bytes().len() == len);
            }
        }
    }
}

#[test]
fn broken_messages_break_nothing() {
    let mut random = Random::seeded(5);
    let mut cache = Cache::new(20, true, Key::new(&mut Random::seeded(6)));
    for _ in 0..30 {
        let (question, records) = (some_question(&mut random), some_records(&mut random));
        let mut bytes = ours(&question, &records);
        let mut buffer = [0; 64];
        let mut out = Writer::new(&mut buffer);
        edns::write(&mut out, Head::default(), &[(option::COOKIE, b"01234567")]);
        bytes.extend_from_slice(out.written());
        let additional = u16::from_be_bytes([bytes[10], bytes[11]]) + 1;
        bytes[10..12].copy_from_slice(&additional.to_be_bytes());
        for len in 0..=bytes.len() {
            exercise(&bytes[..len], &mut cache);
        }
        for _ in 0..300 {
            let mut broken = bytes.clone();
            for _ in 0..=random.below(3) {
                let at = random.below(broken.len() as u32) as usize;
                broken[at] = [random.u32() as u8, 0xC0, 0, 0xFF, broken[at] ^ 1][random.below(5) as usize];
            }
            exercise(&broken, &mut cache);
        }
    }
}
