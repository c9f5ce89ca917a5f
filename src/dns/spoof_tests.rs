//! Known attacks on DNS forwarders, each with the test that shows what becomes of
//! it here.
//!
//! | attack | tests |
//! |---|---|
//! | CVE-2005-0877: answers nobody asked for | `only_the_exact_answer_counts`, `answers_nobody_asked_for_change_nothing` |
//! | CVE-2008-1447 (Kaminsky), 2020-25684, 2021-3448: ports to guess | `ports_and_identifiers_are_spread_however_servers_are_given` |
//! | CVE-2012-3411, 2013-0198, 2020-14312: open to strangers | `strangers_get_no_answer_by_either_transport` |
//! | CVE-2015-3294, 2019-14513, 2017-13704, 2023-49441: odd packets | `hostile_tests`, fuzz target `dns` |
//! | CVE-2015-8899: empty answer beside a local name | `an_empty_answer_beside_a_local_name` |
//! | CVE-2017-14491: answers that outgrow their room | `what_does_not_fit_is_cut` |
//! | CVE-2017-14495, 14496, Unbound's long lists of options | `options_without_end_are_bounded` |
//! | CVE-2020-25685: a weak hash for the question | `only_the_exact_answer_counts` (whole questions are compared) |
//! | CVE-2020-25686: the same question many times | `one_question_is_under_way_once` |
//! | CVE-2023-28450: fragments | `nobody_is_invited_to_send_fragments` |
//! | CVE-2026-2291: names longer than their text | `every_octet_may_be_in_a_name` |
//! | CVE-2026-4893: client subnets not compared | `a_subnet_that_was_not_sent_is_a_wrong_answer` |
//! | CVE-2026-5172: lengths that lie | `lengths_that_lie_are_no_records` |
//! | bit-string labels (8fd06d2) | `labels_of_unknown_kinds_are_no_names` |
//! | QR over TCP (a6069da), wrong questions over TCP (14f5317) | `stream_tests`, `hostile_tests` |
//! | loops of pointers, Unbound's compression bomb | `pointers_without_end_are_no_names` |
//! | NXNSAttack, CAMP: amplification | `a_question_costs_eight_datagrams_at_most` |
//! | chains of aliases | `aliases_without_end_come_to_an_end` |
//! | DNSBomb: answers held back and let go at once | `an_answer_releases_a_bounded_number` |
//! | TuDoor: packets that drive the state | `only_the_exact_answer_counts`, `answers_nobody_asked_for_change_nothing` |
//! | SAD DNS, SHAR: time to guess | `who_guesses_moves_the_question_to_tcp`, `silence_is_kept_too` |
//! | RebirthDay: one question for each subnet | `questions_with_subnets_are_not_under_way_without_end` |
//! | Poison over troubled forwarders | `records_beside_the_chain_are_not_kept` |
//! | Phoenix, ghost names: lives prolonged | `what_is_given_out_never_gains_time` |
//! | CacheFlush | `no_answer_pushes_out_the_rest` |
//! | rebinding by public names | scenario dns-stop-rebind |
//! | guessable loop probes (CoreDNS 2026-26018) | `probes_are_drawn_at_random` |

use crate::dns::rig_tests::*;
use crate::wire::dns::edns::option;
use std::collections::BTreeSet;

const ONE: &str = "server=192.0.2.1";

/// What a question gets as an answer when nothing disturbs it.
fn good_for(up: &Sent) -> Vec<u8> {
    reply_to(&up.bytes, |reply| a(reply, "a.test", "1.2.3.4", 300))
}

fn with_id(good: &[u8]) -> Ask {
    Ask { id: u16::from_be_bytes([good[0], good[1]]), ..PLAIN }
}

#[test]
fn only_the_exact_answer_counts() {
    let wrong: [(&str, fn(&[u8]) -> Vec<u8>); 7] = [
        ("identifier", |good| [&[good[0] ^ 1], &good[1..]].concat()),
        ("no response", |good| [&good[..2], &[good[2] & 0x7F], &good[3..]].concat()),
        ("another name", |good| reply_to(&question("b.test", kind::A, with_id(good)), |r| a(r, "b.test", "6.6.6.6", 9))),
        ("another type", |good| reply_to(&question("a.test", kind::HTTPS, with_id(good)), |_| {})),
        ("another class", |good| reply_to(&question("a.test", kind::A, Ask { class: class::CHAOS, ..with_id(good) }), |_| {})),
        ("a longer name", |good| reply_to(&question("a.test.test", kind::A, with_id(good)), |_| {})),
        ("half a header", |good| good[..9].to_vec()),
    ];
    for (what, spoil) in wrong {
        let mut rig = Rig::new(ONE);
        let up = rig.ask("a.test", kind::A).remove(0);
        assert!(rig.reply_raw(&up, up.to, &spoil(&good_for(&up))).is_empty(), "{what}");
        assert_eq!(rig.reply_raw(&up, up.to, &good_for(&up)).len(), 1, "{what}");
        assert!(rig.reply_raw(&up, up.to, &good_for(&up)).is_empty(), "the second comes too late");
        assert!(rig.answer("a.test", kind::A).ends_with("A 1.2.3.4"), "{what}");
    }
    for from in ["192.0.2.1:54", "192.0.2.3:53", "[2001:db8::1]:53"] {
        let mut rig = Rig::new(ONE);
        let up = rig.ask("a.test", kind::A).remove(0);
        assert!(rig.reply_raw(&up, from.parse().unwrap(), &good_for(&up)).is_empty(), "{from}");
        assert_eq!(rig.reply_raw(&up, up.to, &good_for(&up)).len(), 1, "{from}");
    }
}

#[test]
fn answers_nobody_asked_for_change_nothing() {
    let mut rig = Rig::new(ONE);
    let up = rig.ask("a.test", kind::A).remove(0);
    let good = good_for(&up);
    let next = Sent { door: Door::Upstream { slot: up.slot() + 1, v6: false }, ..up.clone() };
    assert!(rig.reply_raw(&next, up.to, &good).is_empty(), "by the socket of another question");
    assert_eq!(rig.reply_raw(&up, up.to, &good).len(), 1);
    for _ in 0..10 {
        assert!(rig.reply_raw(&up, up.to, &good).is_empty());
    }
    assert!(rig.answer("a.test", kind::A).ends_with("A 1.2.3.4"));
    // The same door, the next question.
    let up = rig.ask("b.test", kind::A).remove(0);
    assert!(rig.reply_raw(&up, up.to, &good).is_empty(), "the last one's answer");
    assert_eq!(rig.reply(&up, |reply| a(reply, "b.test", "1.2.3.5", 9)).len(), 1);
}

#[test]
fn who_guesses_moves_the_question_to_tcp() {
    let mut rig = Rig::new(ONE);
    let up = rig.ask_as("10.0.0.9:5000", "a.test", kind::A, EDNS).remove(0);
    let good = good_for(&up);
    let guess = [&[good[0] ^ 1], &good[1..]].concat();
    for _ in 0..3 {
        assert!(rig.reply_raw(&up, up.to, &guess).is_empty());
    }
    let down = rig.reply_raw(&up, up.to, &guess);
    assert_eq!(down[0].text(), "7 NOERROR tc rd ra | a.test A | opt 1232");
    assert!(rig.reply_raw(&up, up.to, &good).is_empty(), "the right guess comes too late");
    assert_eq!(rig.ask("a.test", kind::A).len(), 1, "and was not kept");
    // Sockets that all questions share hear more than what is meant for them.
    let mut rig = Rig::new("server=192.0.2.1\nquery-port=5300");
    let up = rig.ask("a.test", kind::A).remove(0);
    let good = good_for(&up);
    let guess = [&[good[0] ^ 1], &good[1..]].concat();
    (0..9).for_each(|_| assert!(rig.reply_raw(&up, up.to, &guess).is_empty()));
    assert_eq!(rig.reply_raw(&up, up.to, &good).len(), 1);
}

#[test]
fn ports_and_identifiers_are_spread_however_servers_are_given() {
    for server in [ONE, "server=192.0.2.1@lan", "server=/test/192.0.2.1", "server=192.0.2.1@10.0.0.1"] {
        let mut rig = Rig::new(server);
        let (mut ids, mut ports, mut bits) = (BTreeSet::new(), BTreeSet::new(), [0u32; 16]);
        for number in 0..400 {
            let bytes = question(&format!("n{number}.test"), kind::A, PLAIN);
            let arrival = Arrival { door: Door::Dns(0), from: "10.0.0.9:5000".parse().unwrap(), to: [10, 0, 0, 1].into(), iface: 2 };
            rig.with(|engine, with| engine.on_datagram(with, &arrival, &bytes));
            let port = rig.out.actions().iter().find_map(|action| match action {
                Action::UpstreamPort { port, .. } => Some(*port),
                _ => None,
            });
            let up = rig.drain().remove(0);
            let id = u16::from_be_bytes([up.bytes[0], up.bytes[1]]);
            bits.iter_mut().enumerate().for_each(|(bit, count)| *count += u32::from(id >> bit & 1));
            ids.insert(id);
            ports.insert(port.unwrap_or_else(|| panic!("{server}: no port of its own")));
            rig.reply(&up, |_| {});
        }
        assert!(ids.len() > 390 && ports.len() > 385, "{server}: {} {}", ids.len(), ports.len());
        assert!(ports.iter().all(|port| *port >= 1024));
        assert!(bits.iter().all(|count| (140..260).contains(count)), "{server}: {bits:?}");
    }
}

#[test]
fn one_question_is_under_way_once() {
    let mut rig = Rig::new(ONE);
    let sent: usize = (0..40u16).map(|client| rig.ask_as(&format!("10.0.0.9:{}", 5000 + client), "a.test", kind::A, Ask { id: client, ..PLAIN }).len()).sum();
    assert_eq!(sent, 1);
}

#[test]
fn questions_with_subnets_are_not_under_way_without_end() {
    let mut rig = Rig::new("server=192.0.2.1\nadd-subnet=32");
    let (mut up, mut cut) = (0, 0);
    for client in 1..60u8 {
        for sent in rig.ask_as(&format!("10.0.0.{client}:5000"), "a.test", kind::A, PLAIN) {
            match sent.door {
                Door::Upstream { .. } => up += 1,
                _ => cut += usize::from(sent.text() == "7 NOERROR tc rd ra | a.test A"),
            }
        }
    }
    assert_eq!((up, cut), (4, 55));
}

#[test]
fn a_subnet_that_was_not_sent_is_a_wrong_answer() {
    let mut rig = Rig::new("server=192.0.2.1\nadd-subnet=24");
    let up = rig.ask("a.test", kind::A).remove(0);
    let with_subnet = |subnet: [u8; 7]| {
        reply_to(&up.bytes, |reply| {
            a(reply, "a.test", "1.2.3.4", 300);
            reply.edns(Head { udp_size: 1232, ext_rcode: 0, flags: 0 }, &[(option::CLIENT_SUBNET, &subnet)]);
        })
    };
    assert!(rig.reply_raw(&up, up.to, &with_subnet([0, 1, 24, 24, 10, 0, 1])).is_empty());
    assert_eq!(rig.reply_raw(&up, up.to, &with_subnet([0, 1, 24, 24, 10, 0, 0])).len(), 1);
}

#[test]
fn strangers_get_no_answer_by_either_transport() {
    let mut rig = Rig::new("server=192.0.2.1\nlocal-service");
    assert!(rig.ask_as("203.0.113.9:5000", "a.test", kind::A, PLAIN).is_empty());
    let from = "203.0.113.9:5000".parse().unwrap();
    let taken = rig.with(|engine, with| engine.stream_accepted(with, 0, from, [10, 0, 0, 1].into(), 2));
    assert!(taken.is_none());
    assert_eq!(rig.ask("a.test", kind::A).len(), 1);
    let mut rig = Rig::new("server=192.0.2.1\ninterface=other");
    rig.interfaces.list[1].dns = false;
    rig.interfaces.list[1].addresses[0].dns = false;
    assert!(rig.ask("a.test", kind::A).is_empty());
    assert!(rig.with(|engine, with| engine.stream_accepted(with, 0, from, [10, 0, 0, 1].into(), 2)).is_none());
}

#[test]
fn an_empty_answer_beside_a_local_name() {
    let mut rig = Rig::new(ONE);
    rig.hosts(&[("10.0.0.5", "a.test")]);
    let up = rig.ask("a.test", kind::AAAA).remove(0);
    let down = rig.reply(&up, |_| {});
    assert_eq!(down[0].text(), "7 NOERROR rd ra | a.test AAAA");
    assert!(rig.answer("a.test", kind::A).ends_with("A 10.0.0.5"));
}

#[test]
fn what_does_not_fit_is_cut() {
    for count in [27, 28, 29, 30, 31, 70, 75, 76, 77, 80, 300] {
        for ask in [PLAIN, EDNS, Ask { edns: Some((0, 0)), ..PLAIN }, Ask { edns: Some((u16::MAX, 0)), ..PLAIN }] {
            let mut rig = Rig::new(ONE);
            let up = rig.ask_as("10.0.0.9:5000", "a.test", kind::A, ask).remove(0);
            let down = rig.reply(&up, |reply| {
                for number in 0..count {
                    a(reply, "a.test", &format!("1.2.{}.{}", number / 250, number % 250), 9);
                }
            });
            let limit = ask.edns.map_or(512, |(size, _)| usize::from(size).clamp(512, 1232));
            assert!(down[0].bytes.len() <= limit, "{} octets for {limit}", down[0].bytes.len());
            let (whole, cut) = (down[0].text().matches(" A 1.2.").count() == count, down[0].text().contains(" tc "));
            assert!(whole != cut, "{}", down[0].text());
        }
    }
}

#[test]
fn options_without_end_are_bounded() {
    let mut rig = Rig::new(ONE);
    let mut bytes = question("a.test", kind::A, PLAIN);
    bytes[11] = 1;
    bytes.extend([0, 0, 41, 4, 208, 0, 0, 0, 0, 0x0F, 0xA0]);
    (0..1000).for_each(|_| bytes.extend([0xFD, 0xE9, 0, 0]));
    let up = rig.datagram("10.0.0.9:5000", &bytes).remove(0);
    assert!(up.bytes.len() <= 512, "{}", up.bytes.len());
    let down = rig.reply(&up, |reply| {
        a(reply, "a.test", "1.2.3.4", 300);
        let many = [(65_001u16, &[][..]); 200];
        reply.edns(Head { udp_size: 1232, ext_rcode: 0, flags: 0 }, &many);
    });
    assert!(down[0].bytes.len() < 200 && down[0].text().contains("1.2.3.4"), "{}", down[0].bytes.len());
    // A length that lies.
    let mut bytes = question("b.test", kind::A, EDNS);
    let len = bytes.len();
    bytes[len - 1] = 200;
    assert!(rig.datagram("10.0.0.9:5000", &bytes).iter().all(|sent| sent.bytes.len() <= 512));
}

#[test]
fn nobody_is_invited_to_send_fragments() {
    let mut rig = Rig::new(ONE);
    let up = rig.ask_as("10.0.0.9:5000", "a.test", kind::A, Ask { edns: Some((4096, 0)), ..PLAIN }).remove(0);
    assert!(up.text().ends_with("opt 1232"));
    assert!(rig.reply(&up, |reply| a(reply, "a.test", "1.2.3.4", 9))[0].text().ends_with("opt 1232"));
}

#[test]
fn every_octet_may_be_in_a_name() {
    let mut rig = Rig::new(&format!("log-queries\n{ONE}"));
    for first in 0..=255u8 {
        let mut bytes = question("abcd.test", kind::A, PLAIN);
        // Labels of four equal octets until the name is as long as it may be.
        let labels: Vec<u8> = (0..50).flat_map(|_| [4, first, first, first, first]).chain([3, first, 1, 2, 0]).collect();
        bytes.splice(12..bytes.len() - 4, labels);
        let sent = rig.datagram("10.0.0.9:5000", &bytes);
        assert_eq!(sent.len(), 1, "{first}");
        let up = &sent[0];
        let answer = reply_to(&up.bytes, |_| {});
        assert_eq!(rig.reply_raw(up, up.to, &answer).len(), 1, "{first}");
    }
    assert!(rig.logs.iter().all(|line| line.len() <= 1024 && line.bytes().all(|octet| (32..127).contains(&octet))));
    let mut bytes = question("a.test", kind::A, PLAIN);
    bytes.splice(12..bytes.len() - 4, (0..52).flat_map(|_| [4, 1, 1, 1, 1]).chain([0]));
    assert!(rig.datagram("10.0.0.9:5000", &bytes).iter().all(|sent| matches!(sent.door, Door::Dns(_))), "256 octets and more are no name");
}

#[test]
fn lengths_that_lie_are_no_records() {
    for asked in [kind::A, kind::AAAA, kind::CNAME, kind::MX, kind::TXT, kind::SRV, kind::SOA, kind::PTR, kind::NAPTR, kind::HTTPS] {
        for lie in [0u16, 1, 2, 3, 5, 15, 17, 255, 1000, u16::MAX] {
            let mut rig = Rig::new(&format!("cache-rr=ANY\nstop-dns-rebind\n{ONE}"));
            let up = rig.ask("a.test", asked).remove(0);
            let mut answer = reply_to(&up.bytes, |_| {});
            answer[7] = 1;
            answer.extend([0xC0, 12]);
            answer.extend(asked.to_be_bytes());
            answer.extend([0, 1, 0, 0, 1, 0]);
            answer.extend(lie.to_be_bytes());
            // A pointer out of the data, or plain octets.
            answer.extend([0, 5, 0xC0, 12]);
            let down = rig.reply_raw(&up, up.to, &answer);
            assert!(down.iter().all(|sent| Message::parse(&sent.bytes).is_some_and(|message| message.is_whole())), "{asked} {lie}");
            assert!(down.iter().all(|sent| sent.bytes.len() <= answer.len() + 11), "nothing of ours leaks: {asked} {lie}");
            rig.ask("a.test", asked);
        }
    }
}

#[test]
fn labels_of_unknown_kinds_are_no_names() {
    for kind_of_label in [0x40u8, 0x41, 0x80, 0xBF] {
        let mut rig = Rig::new(ONE);
        let mut bytes = question("a.test", kind::A, PLAIN);
        bytes[12] = kind_of_label;
        assert!(rig.datagram("10.0.0.9:5000", &bytes).iter().all(|sent| matches!(sent.door, Door::Dns(_))));
        let up = rig.ask("a.test", kind::A).remove(0);
        let mut answer = reply_to(&up.bytes, |reply| a(reply, "b.test", "1.2.3.4", 9));
        let owner = up.bytes.len() - 11;
        answer[owner] = kind_of_label;
        for sent in rig.reply_raw(&up, up.to, &answer) {
            assert!(!sent.text().contains("1.2.3.4"), "{}", sent.text());
        }
    }
}

#[test]
fn pointers_without_end_are_no_names() {
    let mut rig = Rig::new(ONE);
    for target in [12u8, 13, 14, 200] {
        let mut bytes = question("a.test", kind::A, PLAIN);
        bytes.splice(12..bytes.len() - 4, [0xC0, target]);
        assert!(rig.datagram("10.0.0.9:5000", &bytes).iter().all(|sent| matches!(sent.door, Door::Dns(_))), "{target}");
    }
    let up = rig.ask("a.test", kind::CNAME).remove(0);
    let mut answer = reply_to(&up.bytes, |_| {});
    // Aliases whose data points at itself, at the next and forwards.
    for record in 0..3u8 {
        answer[7] += 1;
        let own = answer.len() as u8 + 12;
        answer.extend([0xC0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 2, 0xC0, own + record]);
    }
    let down = rig.reply_raw(&up, up.to, &answer);
    assert_eq!(down[0].text(), "7 SERVFAIL rd ra | a.test CNAME");
}

#[test]
fn aliases_without_end_come_to_an_end() {
    let mut rig = Rig::new(ONE);
    let up = rig.ask("a.test", kind::A).remove(0);
    rig.reply(&up, |reply| {
        cname(reply, "a.test", "b.test", 300);
        cname(reply, "b.test", "a.test", 300);
    });
    assert!(rig.ask("a.test", kind::A).len() == 1);
    let up = rig.ask("c0.test", kind::A).remove(0);
    rig.reply(&up, |reply| (0..40).for_each(|step| cname(reply, &format!("c{step}.test"), &format!("c{}.test", step + 1), 300)));
    assert!(rig.ask("c0.test", kind::A).len() == 1);
}

#[test]
fn a_question_costs_eight_datagrams_at_most() {
    let mut rig = Rig::new("server=192.0.2.1\nserver=192.0.2.2\nserver=192.0.2.3");
    let mut sent = 0;
    for _ in 0..30 {
        sent += rig.ask("a.test", kind::A).len();
        sent += rig.wait(300).iter().filter(|sent| matches!(sent.door, Door::Upstream { .. })).count();
    }
    assert_eq!(sent, 8);
}

#[test]
fn an_answer_releases_a_bounded_number() {
    let mut rig = Rig::new(ONE);
    let mut up = Vec::new();
    for client in 0..200u16 {
        up.extend(rig.ask_as(&format!("10.0.0.9:{}", 5000 + client), "a.test", kind::A, PLAIN));
    }
    assert_eq!(rig.reply(&up[0], |reply| a(reply, "a.test", "1.2.3.4", 9)).len(), 48);
}

#[test]
fn silence_is_kept_too() {
    let mut rig = Rig::new(ONE);
    rig.ask("a.test", kind::A);
    let end = rig.wait(10_500);
    assert_eq!(end.last().unwrap().text(), "7 SERVFAIL rd ra | a.test A");
    assert_eq!(rig.answer_to("a.test", kind::A, EDNS), "7 SERVFAIL rd ra | a.test A | opt 1232 ede=13");
    rig.wait(1_000);
    assert_eq!(rig.ask("a.test", kind::A).len(), 1, "for a second, whatever happened before");
}

#[test]
fn records_beside_the_chain_are_not_kept() {
    let mut rig = Rig::new(ONE);
    let up = rig.ask("a.test", kind::A).remove(0);
    rig.reply(&up, |reply| {
        cname(reply, "a.test", "b.test", 300);
        a(reply, "b.test", "1.2.3.4", 300);
        a(reply, "bank.example", "6.6.6.6", 300);
        assert!(reply.address(Section::Additional, wire("shop.example").name(), "6.6.6.6".parse().unwrap(), 300));
        soa(reply, "example", 300, 300);
    });
    assert_eq!(rig.ask("bank.example", kind::A).len(), 1);
    assert!(matches!(rig.ask("shop.example", kind::A)[0].door, Door::Upstream { .. }));
}

#[test]
fn what_is_given_out_never_gains_time() {
    let mut rig = Rig::new(ONE);
    let up = rig.ask("a.test", kind::A).remove(0);
    rig.reply(&up, |reply| a(reply, "a.test", "1.2.3.4", 60));
    for left in (1..60).rev() {
        rig.wait(1_000);
        assert!(rig.answer("a.test", kind::A).contains(&format!(" {left} A ")), "{left}");
    }
    rig.wait(1_000);
    assert!(matches!(rig.ask("a.test", kind::A)[0].door, Door::Upstream { .. }));
}

#[test]
fn no_answer_pushes_out_the_rest() {
    let mut rig = Rig::new(&format!("cache-size=100\ncache-rr=ANY\n{ONE}"));
    for number in 0..50 {
        let name = format!("n{number}.test");
        let up = rig.ask(&name, kind::A).remove(0);
        rig.reply(&up, |reply| a(reply, &name, "1.2.3.4", 300));
    }
    let up = rig.ask("big.test", kind::TXT).remove(0);
    rig.reply(&up, |reply| {
        for number in 0..250u8 {
            reply.octets(Section::Answer, wire("big.test").name(), kind::TXT, class::IN, 300, &[[2, number, 0]; 20].concat());
        }
    });
    let kept = (0..50).filter(|number| rig.answer(&format!("n{number}.test"), kind::A).ends_with("1.2.3.4")).count();
    assert!(kept >= 45, "{kept}");
}

#[test]
fn probes_are_drawn_at_random() {
    let mut names = BTreeSet::new();
    for seed in 0..50 {
        let mut rig = Rig::new("server=192.0.2.1\ndns-loop-detect");
        rig.random = Random::seeded(seed);
        let mut probes = rig.change(Change::Interfaces);
        probes.extend(rig.wait(1));
        let probe = probes.iter().find(|sent| sent.text().contains(".test TXT")).unwrap();
        names.insert(probe.text().split(" | ").nth(1).unwrap().to_string());
    }
    assert_eq!(names.len(), 50);
}
