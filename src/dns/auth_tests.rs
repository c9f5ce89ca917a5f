//! Zones: what the world must never get, and answers that do not fit.

use crate::dns::rig_tests::*;
use crate::outbox::action::Door;
use crate::wire::dns::codes::{flag, kind};
use crate::wire::dns::message::{Message, Section};

const ZONE: &str = "auth-server=ns.test,lan\nauth-zone=test,10.0.0.0/24,exclude:10.0.0.9/32\nauth-sec-servers=ns2.test";

#[test]
fn the_world_gets_no_recursion_and_no_hidden_address() {
    let mut rig = Rig::new(&format!("server=192.0.2.1\naddress=/ad.test/10.0.0.9\n{ZONE}"));
    rig.hosts(&[("10.0.0.9", "a.test"), ("10.9.0.1", "a.test"), ("10.0.0.9", "b.example")]);
    let names = ["a.test", "A.TEST", "test", "x.a.test", "ad.test", "b.example", ".", "arpa", "9.0.0.10.in-addr.arpa",
        "0.0.10.in-addr.arpa", "1.9.10.in-addr.arpa", "testa", "xtest", "version.bind"];
    for name in names {
        for number in (1..260).filter(|number| *number != kind::AXFR) {
            let sent = rig.ask(name, number);
            let [one] = sent.as_slice() else { panic!("{name} {number}: {} datagrams", sent.len()) };
            assert!(matches!(one.door, Door::Dns(_)), "{name} {number} is forwarded");
            let message = Message::parse(&one.bytes).unwrap();
            assert!(!message.has(flag::RA), "{name} {number}");
            let addresses = message.section(Section::Answer).filter(|record| matches!(record.kind, kind::A | kind::AAAA));
            assert_eq!(addresses.count(), 0, "{name} {number}");
        }
    }
    assert!(rig.ask("test", kind::AXFR).is_empty(), "nobody copies a zone by UDP");
}

#[test]
fn what_does_not_fit_is_cut() {
    let mut rig = Rig::new(ZONE);
    let addrs: Vec<String> = (10..70).map(|host| format!("10.0.0.{host}")).collect();
    rig.hosts(&addrs.iter().map(|addr| (addr.as_str(), "many.test")).collect::<Vec<_>>());
    let sent = rig.ask("many.test", kind::A);
    let message = Message::parse(&sent[0].bytes).unwrap();
    assert!(message.has(flag::TC) && message.has(flag::AA) && sent[0].bytes.len() <= 512);
    assert_eq!(message.section(Section::Answer).count(), 0);
    let sent = rig.ask_as("10.0.0.9:5000", "many.test", kind::A, EDNS);
    let message = Message::parse(&sent[0].bytes).unwrap();
    assert!(!message.has(flag::TC), "there is room for 60 addresses");
    assert_eq!(message.section(Section::Answer).count(), 60);
}

/// Opens a connection and asks for the whole zone; the slot.
fn ask_for_all(rig: &mut Rig) -> u8 {
    let from = "10.0.0.9:5000".parse().unwrap();
    let slot = rig.with(|engine, with| engine.stream_accepted(with, 0, from, [10, 0, 0, 1].into(), 2)).unwrap();
    let bytes = question("test", kind::AXFR, PLAIN);
    let framed = [&(bytes.len() as u16).to_be_bytes(), &bytes[..]].concat();
    rig.engine.stream_room(slot)[..framed.len()].copy_from_slice(&framed);
    rig.with(|engine, with| engine.stream_read(with, slot, framed.len()));
    slot
}

/// The next message that the connection has to say, taken.
fn next_message(rig: &mut Rig, slot: u8) -> Option<Vec<u8>> {
    let output = rig.engine.stream_output(slot).to_vec();
    rig.with(|engine, with| engine.stream_wrote(with, slot, output.len()));
    rig.drain();
    let (len, message) = output.split_first_chunk::<2>()?;
    assert_eq!(usize::from(u16::from_be_bytes(*len)), message.len(), "one message at a time");
    Some(message.to_vec())
}

#[test]
fn a_zone_takes_as_many_messages_as_it_needs() {
    let mut rig = Rig::new(&format!("log-queries\nhost-record=own.test,10.0.0.7\n{ZONE}"));
    let names: Vec<String> = (0..9_000).map(|number| format!("host-{number}.test")).collect();
    for (count, expected) in [(1_000, 1), (9_000, 4)] {
        rig.hosts(&names[..count].iter().map(|name| ("10.0.0.5", name.as_str())).collect::<Vec<_>>());
        let slot = ask_for_all(&mut rig);
        let (mut messages, mut kinds, mut owners) = (0, Vec::new(), std::collections::BTreeSet::new());
        while let Some(bytes) = next_message(&mut rig, slot) {
            let message = Message::parse(&bytes).unwrap();
            assert!(message.has(flag::AA) && !message.has(flag::TC) && message.id() == 7);
            messages += 1;
            for record in message.section(Section::Answer) {
                kinds.push(record.kind);
                owners.insert(record.owner().unwrap().name().wire().to_vec());
            }
        }
        assert_eq!(messages, expected);
        assert_eq!((kinds.len(), owners.len()), (count + 4, count + 1), "two SOA and two NS records, and nothing twice");
        assert_eq!((kinds.first(), kinds.last()), (Some(&kind::SOA), Some(&kind::SOA)));
        rig.with(|engine, with| engine.stream_read(with, slot, 0));
        rig.drain();
    }
    assert_eq!((rig.logged("auth[AXFR] test from"), rig.logged("auth test is <AXFR>")), (2, 2));
}

#[test]
fn a_zone_that_changes_while_it_is_copied_ends_the_connection() {
    let mut rig = Rig::new(ZONE);
    let names: Vec<String> = (0..9_000).map(|number| format!("host-{number}.test")).collect();
    rig.hosts(&names.iter().map(|name| ("10.0.0.5", name.as_str())).collect::<Vec<_>>());
    let slot = ask_for_all(&mut rig);
    rig.lease([10, 0, 0, 6], "new", None);
    rig.leases.names_changed += 1;
    assert!(next_message(&mut rig, slot).is_some());
    assert!(rig.done.contains(&format!("hang up {slot}")));
    assert!(next_message(&mut rig, slot).is_none());
}
