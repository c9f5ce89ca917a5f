//! Replies read back: compression at its limits, truncation, relayed messages.

use super::*;
use crate::wire::dns::codes::{class::IN, kind};

fn name(text: &str) -> NameBuf {
    NameBuf::from_text(text.as_bytes()).unwrap()
}

fn text(name: NameBuf) -> String {
    let mut buffer = [0; 1100];
    let mut out = Writer::new(&mut buffer);
    name.name().text(&mut out);
    String::from_utf8(out.written().to_vec()).unwrap()
}

fn question(text: &str) -> Vec<u8> {
    [name(text).name().wire(), &[0, 1, 0, 1]].concat()
}

/// A message of at most `limit` octets about `asked`, built by `build`.
fn built(asked: &str, limit: usize, build: impl FnOnce(&mut Reply)) -> Vec<u8> {
    let mut buffer = vec![0; 70_000];
    let mut out = Writer::new(&mut buffer);
    let question = question(asked);
    let mut reply = Reply::new(&mut out, 1, 0x8180, 1, &question, limit, edns::OPT_LEN);
    build(&mut reply);
    let len = reply.finish().unwrap();
    assert_eq!(len, out.len());
    out.written().to_vec()
}

#[test]
fn names_are_compressed_against_the_question_and_each_other() {
    let bytes = built("www.Example.com", 512, |reply| {
        let alias = name("host.Example.com");
        assert!(reply.name(Section::Answer, name("www.Example.com").name(), kind::CNAME, IN, 9, alias.name()));
        assert!(reply.address(Section::Answer, alias.name(), [192, 0, 2, 1].into(), 9));
        assert!(reply.name(Section::Authority, Name::ROOT, kind::NS, IN, 9, name("other.example.com").name()));
    });
    let message = Message::parse(&bytes).unwrap();
    assert_eq!(message.counts(), [1, 2, 1, 0]);
    let shapes: Vec<_> = message.records().map(|r| (text(r.owner().unwrap()), r.data.remaining())).collect();
    let (cname, ns) = (2 + 5, 1 + 5 + 1 + 7 + 2);
    assert_eq!(
        shapes,
        [("www.Example.com".into(), cname), ("host.Example.com".into(), 4), (".".into(), ns)],
        "`.com` is shared although `example` is spelled otherwise"
    );
}

/// A TXT record, then one whose owner's first label lies at `at`, then one with
/// the same owner again; the length of the last record's owner.
fn owner_again(at: usize) -> usize {
    let asked = "q";
    let bytes = built(asked, 65_535, |reply| {
        let fixed = 12 + question(asked).len() + 2 + 10;
        let filler = vec![0; at - fixed];
        assert!(reply.octets(Section::Answer, name(asked).name(), kind::TXT, IN, 0, &filler));
        assert_eq!(reply.len(), at);
        for _ in 0..2 {
            assert!(reply.address(Section::Answer, name("far.away").name(), [1, 2, 3, 4].into(), 0));
        }
    });
    let message = Message::parse(&bytes).unwrap();
    let owners: Vec<_> = message.records().skip(1).map(|r| text(r.owner().unwrap())).collect();
    assert_eq!(owners, ["far.away", "far.away"]);
    let last = message.records().last().unwrap();
    last.ttl_at - 4 - last.at
}

#[test]
fn no_pointer_reaches_above_3fff() {
    assert_eq!(owner_again(0x3FFE), 2);
    assert_eq!(owner_again(0x3FFF), 2);
    assert_eq!(owner_again(0x4000), 10);
    // The first label lies below the limit, the second above.
    assert_eq!(owner_again(0x3FFC), 2);
}

#[test]
fn the_table_of_offsets_may_be_full() {
    let bytes = built("q", 65_535, |reply| {
        for number in 0..100 {
            let owner = name(&format!("a.b.host{number}"));
            assert!(reply.address(Section::Answer, owner.name(), [1, 2, 3, number].into(), 0));
        }
    });
    let owners: Vec<_> = Message::parse(&bytes).unwrap().records().map(|r| text(r.owner().unwrap())).collect();
    assert_eq!(owners.len(), 100);
    assert!(owners.iter().enumerate().all(|(number, owner)| *owner == format!("a.b.host{number}")));
}

#[test]
fn what_does_not_fit_leaves_no_trace() {
    let record = 2 + 10 + 4;
    let start = 12 + question("a").len();
    for (limit, fits) in [(0, 2), (1, 2), (record - 1, 2), (record, 3)] {
        let bytes = built("a", start + 2 * record + limit + edns::OPT_LEN, |reply| {
            let added = (0..5).filter(|n| reply.address(Section::Answer, name("a").name(), [1, 1, 1, *n].into(), 0));
            assert_eq!(added.count(), fits);
            assert!(reply.is_truncated());
            reply.edns(Head { udp_size: 1232, ..Head::default() }, &[]);
        });
        let message = Message::parse(&bytes).unwrap();
        assert_eq!(message.counts(), [1, fits as u16, 0, 1]);
        assert!(message.is_whole() && message.has(flag::TC));
        assert_eq!(bytes.len(), start + fits * record + edns::OPT_LEN);
    }
}

#[test]
fn additional_records_may_be_left_out_in_silence() {
    let bytes = built("a", 12 + 7 + 16 + 11, |reply| {
        assert!(reply.address(Section::Answer, name("a").name(), [1; 4].into(), 0));
        assert!(!reply.address(Section::Additional, name("a").name(), [1; 4].into(), 0));
        assert!(!reply.is_truncated());
    });
    assert!(!Message::parse(&bytes).unwrap().has(flag::TC));
}

#[test]
fn options_that_do_not_fit_are_dropped_and_the_opt_record_stays() {
    let bytes = built("a", 12 + 7 + edns::OPT_LEN, |reply| {
        reply.edns(Head::default(), &[(edns::option::EDE, b"\0\x0F")]);
    });
    let opt = Message::parse(&bytes).unwrap().opt().unwrap().unwrap();
    assert_eq!(opt.options().count(), 0);
}

#[test]
fn a_truncated_reply_is_empty_but_for_its_opt() {
    let bytes = built("a", 512, |reply| {
        reply.address(Section::Answer, name("a").name(), [1; 4].into(), 0);
        reply.truncate();
        reply.edns(Head::default(), &[]);
    });
    let message = Message::parse(&bytes).unwrap();
    assert_eq!((message.counts(), message.has(flag::TC)), ([1, 0, 0, 1], true));
}

/// An upstream answer: CNAME, OPT in the middle of the additional section when
/// `middle`, MX with a compressed name.
fn upstream(middle: bool) -> Vec<u8> {
    let asked = "www.example.com";
    let mut bytes = built(asked, 512, |reply| {
        reply.name(Section::Answer, name(asked).name(), kind::CNAME, IN, 60, name("x.example.com").name());
        if middle {
            reply.edns(Head::default(), &[(10, b"cookie")]);
        }
        reply.add(Section::Additional, name("x.example.com").name(), kind::MX, IN, 60, |data| {
            data.u16(10);
            data.name(name("mail.x.example.com").name());
        });
        if !middle {
            reply.edns(Head::default(), &[(10, b"cookie")]);
        }
    });
    bytes[0] = 0x77;
    bytes
}

#[test]
fn a_relayed_message_loses_its_opt_and_keeps_its_names() {
    for middle in [false, true] {
        let bytes = upstream(middle);
        let message = Message::parse(&bytes).unwrap();
        assert!(message.opt().unwrap().is_some());
        let mut buffer = [0; 512];
        let mut out = Writer::new(&mut buffer);
        out.u16(0xFFFF);
        let asked = question("WWW.example.com");
        let mut reply = Reply::relay(&mut out, &message, 9, 0x8180, &asked, 512, 11, &|_| true).unwrap();
        reply.edns(Head { udp_size: 1232, ..Head::default() }, &[]);
        assert!(reply.finish().is_some());
        let relayed = Message::parse(&out.written()[2..]).unwrap();
        assert_eq!((relayed.id(), relayed.counts()), (9, [1, 1, 0, 2]));
        assert_eq!(text(NameBuf::from_name(relayed.question().unwrap().name)), "WWW.example.com");
        let mut records = relayed.records();
        let cname = records.next().unwrap();
        assert_eq!(text(NameBuf::read(&mut cname.data.clone()).unwrap()), "x.example.com");
        let mx = records.next().unwrap();
        let mut data = mx.data;
        assert_eq!(data.u16(), Some(10));
        assert_eq!(text(NameBuf::read(&mut data).unwrap()), "mail.x.example.com");
        assert_eq!(relayed.opt().unwrap().unwrap().udp_size, 1232);
    }
}

#[test]
fn a_relayed_message_may_be_filtered() {
    let bytes = upstream(false);
    let message = Message::parse(&bytes).unwrap();
    let mut buffer = [0; 512];
    let mut out = Writer::new(&mut buffer);
    let keep = |record: &Record| record.kind != kind::CNAME;
    let mut reply = Reply::relay(&mut out, &message, 9, 0x8180, message.question_bytes(), 512, 0, &keep).unwrap();
    reply.finish().unwrap();
    let relayed = Message::parse(out.written()).unwrap();
    assert_eq!(relayed.counts(), [1, 0, 0, 1]);
    assert_eq!(text(relayed.records().next().unwrap().owner().unwrap()), "x.example.com");
}

#[test]
fn no_room_for_the_question_is_no_message() {
    let mut buffer = [0; 14];
    let mut out = Writer::new(&mut buffer);
    let question = question("abc");
    let mut reply = Reply::new(&mut out, 1, 0, 1, &question, 512, 0);
    reply.address(Section::Answer, Name::ROOT, [1; 4].into(), 0);
    assert_eq!(reply.finish(), None);
}
