//! What compliance testers send (RFC 8906 §8, the EDNS probes of DNS flag day):
//! each probe has an answer, for names that are known here and for those that go
//! upstream. EDNS versions are not looked at, as in dnsmasq.

use crate::dns::rig_tests::*;
use crate::wire::dns::codes::rcode;

/// What comes back for a probe of a known name, and of one that goes upstream
/// with the question that went there.
struct Outcome {
    known: String,
    relayed: String,
    asked: Option<String>,
}

/// Sends a question of a type with further header flags and these octets of an
/// OPT record behind it, and looks at what comes back.
fn probe(kind: u16, flags: u16, opt: &[u8]) -> Outcome {
    let mut rig = Rig::new("server=192.0.2.1");
    rig.hosts(&[("10.0.0.5", "known.test")]);
    let build = |name: &str| {
        let mut bytes = question(name, kind, Ask { flags: flag::RD | flags, ..PLAIN });
        bytes[11] = u8::from(!opt.is_empty());
        bytes.extend(opt);
        bytes
    };
    let finish = |rig: &mut Rig, sent: Vec<Sent>| {
        assert_eq!(sent.len(), 1, "silence, or too much");
        match sent[0].door {
            Door::Dns(_) => (sent[0].text(), None),
            _ => {
                let down = rig.reply(&sent[0], |_| {});
                assert_eq!(down.len(), 1);
                (down[0].text(), Some(sent[0].text()))
            }
        }
    };
    let sent = rig.datagram("10.0.0.9:5000", &build("known.test"));
    let (known, _) = finish(&mut rig, sent);
    let sent = rig.datagram("10.0.0.9:5000", &build("far.test"));
    let (relayed, asked) = finish(&mut rig, sent);
    Outcome { known, relayed, asked }
}

/// An OPT record: version, flags and options.
fn opt(version: u8, flags: u16, options: &[u8]) -> Vec<u8> {
    let len = (options.len() as u16).to_be_bytes();
    [&[0, 0, 41, 4, 208, 0, version][..], &flags.to_be_bytes(), &len, options].concat()
}

const KNOWN: &str = "7 NOERROR aa rd ra | known.test A | known.test 0 A 10.0.0.5";

#[test]
fn probe_8_1_1_is_there_anybody() {
    assert_eq!(probe(kind::A, 0, &[]).known, KNOWN);
    assert!(probe(kind::SOA, 0, &[]).relayed.starts_with("7 NOERROR rd ra | far.test SOA"));
}

#[test]
fn probe_8_1_2_unknown_type() {
    let outcome = probe(1000, 0, &[]);
    assert!(outcome.known.starts_with("7 NOERROR"), "{}", outcome.known);
    assert!(outcome.asked.unwrap().contains("far.test TYPE1000") || outcome.relayed.contains("far.test"));
}

#[test]
fn probe_8_1_3_header_bits() {
    for (bits, shown) in [(flag::CD, " cd"), (flag::AD, ""), (0x40, "")] {
        let outcome = probe(kind::A, bits, &[]);
        assert_eq!(outcome.known, KNOWN.replace(" ra |", &format!(" ra{shown} |")), "{bits:x}");
        assert!(outcome.relayed.starts_with(&format!("7 NOERROR rd ra{shown} |")), "{}", outcome.relayed);
    }
}

#[test]
fn probe_8_1_3_no_recursion_wanted() {
    let mut rig = Rig::new("server=192.0.2.1");
    rig.hosts(&[("10.0.0.5", "known.test")]);
    let ask = Ask { flags: 0, ..PLAIN };
    assert_eq!(rig.answer_to("known.test", kind::A, ask), KNOWN.replace(" rd", ""));
    let up = rig.ask_as("10.0.0.9:5000", "far.test", kind::A, ask).remove(0);
    assert!(!up.text().contains(" rd "));
}

#[test]
fn probe_8_1_4_unknown_operations() {
    for opcode in [1u8, 2, 3, 4, 5, 6, 15] {
        let mut rig = Rig::new("server=192.0.2.1");
        let mut bytes = question("known.test", kind::A, PLAIN);
        bytes[2] = opcode << 3;
        let sent = rig.datagram("10.0.0.9:5000", &bytes);
        assert_eq!(sent.len(), 1);
        let answer = Message::parse(&sent[0].bytes).unwrap();
        assert_eq!((answer.rcode(), answer.opcode(), answer.id()), (rcode::NOTIMP, opcode, 7));
    }
}

#[test]
fn probe_8_2_1_edns() {
    let outcome = probe(kind::A, 0, &opt(0, 0, &[]));
    assert_eq!(outcome.known, format!("{KNOWN} | opt 1232"));
    assert!(outcome.relayed.ends_with("| opt 1232") && outcome.asked.unwrap().ends_with("| opt 1232"));
}

#[test]
fn probe_8_2_2_edns_of_another_version() {
    let outcome = probe(kind::A, 0, &opt(1, 0, &[]));
    assert_eq!(outcome.known, format!("{KNOWN} | opt 1232"), "Quirk of dnsmasq: no BADVERS");
    assert!(outcome.asked.unwrap().ends_with("| opt 1232"));
}

#[test]
fn probe_8_2_3_unknown_option() {
    let outcome = probe(kind::A, 0, &opt(0, 0, &[0, 100, 0, 0]));
    assert_eq!(outcome.known, format!("{KNOWN} | opt 1232"), "it is not echoed");
    assert!(outcome.relayed.ends_with("| opt 1232"));
}

#[test]
fn probe_8_2_4_unknown_flag() {
    let outcome = probe(kind::A, 0, &opt(0, 0x40, &[]));
    assert_eq!(outcome.known, format!("{KNOWN} | opt 1232"));
    assert_eq!(outcome.asked.unwrap().split(" | ").last(), Some("opt 1232"));
}

#[test]
fn probe_8_2_5_to_8_2_6_another_version_with_flag_or_option() {
    for record in [opt(1, 0x40, &[]), opt(1, 0, &[0, 100, 0, 0])] {
        assert_eq!(probe(kind::A, 0, &record).known, format!("{KNOWN} | opt 1232"));
    }
}

#[test]
fn probe_8_2_7_to_8_2_8_dnssec_ok() {
    for version in [0, 1] {
        let outcome = probe(kind::A, 0, &opt(version, DNSSEC_OK, &[]));
        assert_eq!(outcome.known, format!("{KNOWN} | opt 1232 do"));
        assert!(outcome.asked.unwrap().ends_with("opt 1232 do"));
    }
}

#[test]
fn probe_8_2_9_several_options() {
    // NSID, COOKIE, EXPIRE, SUBNET 0/0, padding, keepalive.
    let options = [
        &[0, 3, 0, 0][..], &[0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8], &[0, 9, 0, 0], &[0, 8, 0, 4, 0, 1, 0, 0], &[0, 12, 0, 2, 0, 0],
        &[0, 11, 0, 0],
    ];
    let outcome = probe(kind::A, 0, &opt(0, 0, &options.concat()));
    assert_eq!(outcome.known, format!("{KNOWN} | opt 1232"));
    assert!(outcome.relayed.starts_with("7 NOERROR rd ra"));
}

#[test]
fn probe_sizes_offered() {
    for size in [0u16, 1, 511, 512, 4096, u16::MAX] {
        let mut record = opt(0, 0, &[]);
        record[3..5].copy_from_slice(&size.to_be_bytes());
        assert_eq!(probe(kind::A, 0, &record).known, format!("{KNOWN} | opt 1232"), "{size}");
    }
}

#[test]
fn probe_number_of_questions() {
    let mut rig = Rig::new("server=192.0.2.1");
    for count in [0u8, 2, 255] {
        let mut bytes = question("known.test", kind::A, PLAIN);
        bytes[5] = count;
        let extra = bytes[12..].to_vec();
        (1..count).for_each(|_| bytes.extend(&extra));
        let sent = rig.datagram("10.0.0.9:5000", &bytes);
        assert!(sent.iter().all(|sent| matches!(sent.door, Door::Dns(_)) && sent.bytes[3] & 15 == rcode::REFUSED), "{count}");
    }
}
