//! Which servers are asked, when again, and which of their answers count.

use crate::dns::rig_tests::*;
use crate::wire::dns::codes::rcode;

const TWO: &str = "server=192.0.2.1\nserver=192.0.2.2#5353\n";

fn hosts_of(sent: &[Sent]) -> Vec<String> {
    sent.iter().map(|one| one.to.to_string()).collect()
}

#[test]
fn a_question_goes_up_with_our_own_edns_and_the_answer_comes_back_without() {
    let mut rig = Rig::new("server=192.0.2.1");
    let up = rig.ask("Www.Example", kind::A);
    let [up] = up.as_slice() else { panic!("one question") };
    assert_eq!(up.to, "192.0.2.1:53".parse().unwrap());
    let sent = Message::parse(&up.bytes).unwrap();
    assert_ne!(sent.id(), 7, "a fresh identifier");
    assert_eq!(up.text().split_once(' ').unwrap().1, "NOERROR rd | Www.Example A | opt 1232");
    let down = rig.reply(up, |reply| {
        a(reply, "Www.Example", "1.2.3.4", 300);
        reply.edns(Head { udp_size: 4096, ext_rcode: 0, flags: 0 }, &[]);
    });
    assert_eq!(down[0].to, "10.0.0.9:5000".parse().unwrap());
    assert_eq!(down[0].text(), "7 NOERROR rd ra | Www.Example A | Www.Example 300 A 1.2.3.4");
    assert_eq!(rig.done, ["port 0", "close 0"]);
    assert!(rig.engine.next_due().is_none());
}

#[test]
fn a_client_with_edns_gets_our_size_and_the_servers_options() {
    let mut rig = Rig::new("server=192.0.2.1");
    let up = rig.ask_as("10.0.0.9:5000", "a.test", kind::A, DO).remove(0);
    assert!(up.text().ends_with("opt 1232 do"));
    let down = rig.reply(&up, |reply| {
        a(reply, "a.test", "1.2.3.4", 300);
        reply.edns(Head { udp_size: 4096, ext_rcode: 0, flags: DNSSEC_OK }, &[(15, &[0, 9])]);
    });
    assert!(down[0].text().ends_with("opt 1232 do ede=9"), "{}", down[0].text());
    let up = rig.ask_as("10.0.0.9:5000", "b.test", kind::A, EDNS).remove(0);
    let down = rig.reply(&up, |reply| a(reply, "b.test", "1.2.3.4", 300));
    assert!(down[0].text().ends_with("opt 1232"), "the server had none, the client wants one");
}

#[test]
fn all_are_asked_first_then_the_one_that_answered() {
    let mut rig = Rig::new(TWO);
    let up = rig.ask("a.test", kind::A);
    assert_eq!(hosts_of(&up), ["192.0.2.1:53", "192.0.2.2:5353"]);
    rig.reply(&up[1], |_| {});
    for number in 0..50 {
        let up = rig.ask(&format!("n{number}.test"), kind::A);
        assert_eq!(hosts_of(&up), ["192.0.2.2:5353"], "{number}");
        rig.reply(&up[0], |_| {});
    }
    let up = rig.ask("b.test", kind::A);
    assert_eq!(up.len(), 2, "after 50 questions all are tried again");
    rig.reply(&up[1], |_| {});
    rig.now.mono = rig.now.mono.plus_secs(21);
    assert_eq!(rig.ask("c.test", kind::A).len(), 2, "and after 20 seconds");
}

#[test]
fn strict_order_and_all_servers_do_as_they_say() {
    let mut rig = Rig::new(&format!("strict-order\n{TWO}"));
    let up = rig.ask("a.test", kind::A);
    assert_eq!(hosts_of(&up), ["192.0.2.1:53"]);
    let up = rig.reply(&up[0], |reply| code(reply, rcode::REFUSED));
    assert_eq!(hosts_of(&up), ["192.0.2.2:5353"]);
    let down = rig.reply(&up[0], |reply| code(reply, rcode::SERVFAIL));
    assert_eq!(down[0].text(), "7 SERVFAIL rd ra | a.test A", "the last error is passed on");
    assert_eq!(hosts_of(&rig.ask("b.test", kind::A)), ["192.0.2.1:53"]);

    let mut rig = Rig::new(&format!("all-servers\n{TWO}"));
    for name in ["a.test", "b.test"] {
        let up = rig.ask(name, kind::A);
        assert_eq!(up.len(), 2);
        rig.reply(&up[0], |_| {});
    }
}

#[test]
fn an_error_of_one_server_makes_us_ask_the_others() {
    let mut rig = Rig::new(TWO);
    let up = rig.ask("a.test", kind::A);
    rig.reply(&up[0], |_| {});
    let up = rig.ask("b.test", kind::A);
    assert_eq!(hosts_of(&up), ["192.0.2.1:53"]);
    let up = rig.reply(&up[0], |reply| code(reply, rcode::SERVFAIL));
    assert_eq!(hosts_of(&up), ["192.0.2.2:5353"]);
    let down = rig.reply(&up[0], |reply| a(reply, "b.test", "1.2.3.4", 9));
    assert_eq!(down[0].text(), "7 NOERROR rd ra | b.test A | b.test 9 A 1.2.3.4");
}

#[test]
fn an_error_does_not_win_over_an_answer_that_comes_soon() {
    let mut rig = Rig::new(TWO);
    let up = rig.ask("a.test", kind::A);
    assert!(rig.reply(&up[0], |reply| code(reply, rcode::REFUSED)).is_empty());
    let down = rig.reply(&up[1], |reply| a(reply, "a.test", "1.2.3.4", 9));
    assert!(down[0].text().contains("1.2.3.4"));
    rig.now.mono = rig.now.mono.plus_secs(30);
    let up = rig.ask("b.test", kind::A);
    assert!(rig.reply(&up[0], |reply| code(reply, rcode::SERVFAIL)).is_empty());
    let again = rig.wait(700);
    assert_eq!(hosts_of(&again), ["192.0.2.2:5353"], "only who has not failed is asked again");
    let down = rig.wait(1_400);
    assert_eq!(down.last().unwrap().text(), "7 SERVFAIL rd ra | b.test A", "but not for long");
}

#[test]
fn a_silent_server_is_not_waited_for() {
    let mut rig = Rig::new(TWO);
    let up = rig.ask("a.test", kind::A);
    rig.reply(&up[0], |_| {});
    let up = rig.ask("b.test", kind::A);
    assert_eq!(hosts_of(&up), ["192.0.2.1:53"]);
    let again = rig.wait(700);
    assert_eq!(hosts_of(&again), ["192.0.2.2:5353", "192.0.2.1:53", "192.0.2.2:5353"], "one soon, then all");
    assert_eq!(again[0].bytes, up[0].bytes);
    let more = rig.wait(9_000);
    assert!(up.len() + again.len() + more.len() <= 8, "a bounded number of datagrams");
    let end = rig.wait(500);
    assert_eq!(end.len(), 1);
    assert_eq!(end[0].text(), "7 SERVFAIL rd ra | b.test A");
    assert!(rig.engine.next_due().is_none());
}

#[test]
fn a_client_that_repeats_itself_makes_us_ask_everybody() {
    let mut rig = Rig::new(TWO);
    let up = rig.ask("a.test", kind::A);
    rig.reply(&up[0], |_| {});
    assert_eq!(rig.ask("b.test", kind::A).len(), 1);
    let again = rig.ask("b.test", kind::A);
    assert_eq!(again.len(), 2, "the same client, port and identifier");
    let down = rig.reply(&again[1], |reply| a(reply, "b.test", "1.2.3.4", 9));
    assert_eq!(down.len(), 1, "and gets one answer");
    for _ in 0..20 {
        rig.ask("c.test", kind::A);
    }
    let total: u32 = rig.engine.upstream.tallies(&rig.config.dns).map(|(_, tally)| tally.queries).sum();
    assert!(total <= 2 + 3 + 8, "{total}");
}

#[test]
fn equal_questions_share_one_answer_each_in_its_own_spelling() {
    let mut rig = Rig::new("server=192.0.2.1");
    let up = rig.ask_as("10.0.0.9:5000", "wWw.tEsT", kind::A, PLAIN).remove(0);
    assert!(rig.ask_as("10.0.0.8:6000", "Www.test", kind::A, Ask { id: 9, ..PLAIN }).is_empty());
    assert_eq!(rig.ask_as("10.0.0.7:6000", "www.test", kind::A, EDNS).len(), 1, "EDNS makes a difference");
    assert_eq!(rig.ask_as("10.0.0.7:6001", "www.test", kind::AAAA, PLAIN).len(), 1, "so does the type");
    let mut down = rig.reply(&up, |reply| a(reply, "wWw.tEsT", "1.2.3.4", 9));
    down.sort_by_key(|sent| sent.to);
    let texts: Vec<_> = down.iter().map(Sent::text).collect();
    assert_eq!(texts, ["9 NOERROR rd ra | Www.test A | Www.test 9 A 1.2.3.4", "7 NOERROR rd ra | wWw.tEsT A | wWw.tEsT 9 A 1.2.3.4"]);
}

#[test]
fn beyond_the_limit_questions_are_refused_and_it_is_said_now_and_then() {
    let mut rig = Rig::new("server=192.0.2.1\ndns-forward-max=3");
    for number in 0..3 {
        assert_eq!(rig.ask(&format!("n{number}.test"), kind::A).len(), 1);
    }
    for _ in 0..3 {
        assert_eq!(rig.answer("x.test", kind::A), "7 REFUSED rd ra | x.test A");
    }
    assert_eq!(rig.logged("Maximum number of concurrent DNS queries reached (max: 3)"), 1);
    rig.wait(6_500);
    rig.answer("x.test", kind::A);
    assert_eq!(rig.logged("(max: 3)"), 2);
}

#[test]
fn where_nothing_can_be_sent_the_client_is_told_at_once() {
    let mut rig = Rig::new("server=192.0.2.1");
    let up = rig.ask_as("10.0.0.9:5000", "a.test", kind::A, EDNS).remove(0);
    let down = rig.change(Change::SendFailed { door: up.door, to: up.to, errno: 101 });
    assert_eq!(down[0].text(), "7 REFUSED rd ra | a.test A | opt 1232 ede=23");

    let mut rig = Rig::new(&format!("strict-order\n{TWO}"));
    let up = rig.ask("a.test", kind::A).remove(0);
    let next = rig.change(Change::SendFailed { door: up.door, to: up.to, errno: 101 });
    assert_eq!(hosts_of(&next), ["192.0.2.2:5353"]);
    let mut rig = Rig::new("");
    assert_eq!(rig.answer_to("a.test", kind::A, EDNS), "7 REFUSED rd ra | a.test A | opt 1232 ede=14");
}

#[test]
fn a_fixed_port_is_one_socket_for_all() {
    let mut rig = Rig::new("server=192.0.2.1\nquery-port=5300\ndns-forward-max=4");
    let first = rig.ask("a.test", kind::A).remove(0);
    let second = rig.ask("b.test", kind::A).remove(0);
    assert_eq!((first.slot(), second.slot()), (4, 4));
    assert!(rig.reply(&second, |reply| a(reply, "b.test", "1.2.3.4", 9))[0].text().contains("b.test A"));
    assert!(rig.reply(&first, |reply| a(reply, "a.test", "1.2.3.4", 9))[0].text().contains("a.test A"));
    assert_eq!(rig.done, ["port 4"], "opened once, never closed");
}

#[test]
fn the_longest_domain_decides() {
    let mut rig = Rig::new(
        "server=192.0.2.1\nserver=/test/192.0.2.2\nserver=/b.test/192.0.2.3\nserver=/c.b.test/#\nlocal=/no.test/\n\
         address=/ad.test/1.1.1.1\naddress=/zero.test/#\naddress=/gone.test/\nserver=//192.0.2.9",
    );
    let mut to = |name: &str, kind: u16| {
        let sent = rig.ask(name, kind);
        rig.reply(&sent[0].clone(), |_| {});
        sent[0].to.ip().to_string()
    };
    assert_eq!(to("a.example", kind::A), "192.0.2.1");
    assert_eq!(to("TEST", kind::A), "192.0.2.2");
    assert_eq!(to("xb.test", kind::A), "192.0.2.2");
    assert_eq!(to("a.B.test", kind::A), "192.0.2.3");
    assert_eq!(to("x.c.b.test", kind::A), "192.0.2.1", "back to the servers for all");
    assert_eq!(to("ad.test", kind::AAAA), "192.0.2.2", "only the other family is given");
    assert_eq!(to("plain", kind::A), "192.0.2.9");
    assert_eq!(rig.answer("x.no.test", kind::MX), "7 NXDOMAIN rd ra | x.no.test MX");
    assert_eq!(rig.answer("x.ad.test", kind::A), "7 NOERROR aa rd ra | x.ad.test A | x.ad.test 0 A 1.1.1.1");
    assert_eq!(rig.answer("zero.test", kind::AAAA), "7 NOERROR aa rd ra | zero.test AAAA | zero.test 0 AAAA ::");
    assert_eq!(rig.answer("gone.test", kind::AAAA), "7 NXDOMAIN rd ra | gone.test AAAA");
    let up = rig.ask("ad.test", kind::TXT).remove(0);
    let down = rig.reply(&up, |reply| code(reply, rcode::NXDOMAIN));
    assert_eq!(down[0].text(), "7 NOERROR aa rd ra | ad.test TXT", "the name does exist");
    let mut rig = Rig::new("address=/#/1.1.1.1\nserver=/real.test/192.0.2.1");
    assert!(rig.answer("any.thing", kind::A).ends_with("A 1.1.1.1"));
    let up = rig.ask("gone.real.test", kind::A).remove(0);
    let down = rig.reply(&up, |reply| code(reply, rcode::NXDOMAIN));
    assert_eq!(down[0].text(), "7 NOERROR aa rd ra | gone.real.test A", "every name exists");
}

#[test]
fn wild_domains_match_inside_a_label_and_lose_to_plain_ones() {
    let mut rig = Rig::new(
        "server=192.0.2.1\naddress=/*ample.test/1.1.1.1\naddress=/*.star.test/2.2.2.2\naddress=/sample.test/3.3.3.3",
    );
    assert!(rig.answer("example.test", kind::A).ends_with("1.1.1.1"));
    assert!(rig.answer("sample.test", kind::A).ends_with("3.3.3.3"));
    assert!(rig.answer("x.y.star.test", kind::A).ends_with("2.2.2.2"));
    for name in ["star.test", "xstar.test"] {
        assert_eq!(rig.ask(name, kind::A)[0].to.ip().to_string(), "192.0.2.1", "{name}");
    }
}

#[test]
fn servers_of_a_resolv_file_come_after_the_configured_ones() {
    let mut rig = Rig::new("server=192.0.2.1\nstrict-order");
    let servers = ["198.51.100.1:53".parse().unwrap(), "0.0.0.0:53".parse().unwrap()];
    rig.change(Change::Resolv { servers: &servers });
    let up = rig.ask("a.test", kind::A);
    let next = rig.reply(&up[0], |reply| code(reply, rcode::REFUSED));
    assert_eq!(hosts_of(&next), ["198.51.100.1:53"]);
    let down = rig.reply(&next[0], |reply| code(reply, rcode::REFUSED));
    assert_eq!(down[0].text(), "7 REFUSED rd ra | a.test A", "0.0.0.0 is no server");
}

#[test]
fn forty_eight_clients_are_answered_in_one_turn() {
    let mut rig = Rig::new("server=192.0.2.1");
    let mut up = Vec::new();
    for client in 0..60u16 {
        up.extend(rig.ask_as(&format!("10.0.0.9:{}", 5000 + client), "a.test", kind::A, Ask { id: client, ..EDNS }));
    }
    let down = rig.reply(&up[0], |reply| {
        for last in 0..60u8 {
            a(reply, "a.test", &format!("1.2.3.{last}"), 9);
        }
    });
    assert_eq!(down.len(), 48);
    let full = down.iter().filter(|sent| !sent.text().contains(" tc ")).count();
    assert!((2..48).contains(&full), "{full}: those without room are told to come by TCP");
}

#[test]
fn signed_questions_go_up_untouched() {
    let mut rig = Rig::new("server=192.0.2.1\nadd-mac\nadd-subnet=32\ndo-0x20-encode");
    let mut bytes = question("Signed.test", kind::A, PLAIN);
    bytes[11] = 1;
    // A TSIG record (type 250, class ANY) with some data.
    bytes.extend([3, b'k', b'e', b'y', 0, 0, 250, 0, 255, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4]);
    let up = rig.datagram("10.0.0.9:5000", &bytes).remove(0);
    assert_eq!(up.to.to_string(), "192.0.2.1:53");
    assert_eq!(up.bytes[2..], bytes[2..], "but for the identifier");
}
