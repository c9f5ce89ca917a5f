//! What is kept, for how long, and who gets it.

use crate::dns::rig_tests::*;
use crate::wire::dns::codes::rcode;

fn primed(config: &str, name: &str, kind: u16, build: impl FnOnce(&mut Reply)) -> Rig {
    let mut rig = Rig::new(&format!("server=192.0.2.1\n{config}"));
    let up = rig.ask(name, kind);
    assert_eq!(rig.reply(&up[0], build).len(), 1);
    rig
}

#[test]
fn a_second_question_is_answered_here_with_the_time_left() {
    let mut rig = primed("", "a.test", kind::A, |reply| a(reply, "a.test", "1.2.3.4", 300));
    rig.now.mono = rig.now.mono.plus_secs(100);
    assert_eq!(rig.answer("A.test", kind::A), "7 NOERROR rd ra | A.test A | A.test 200 A 1.2.3.4");
    assert_eq!(rig.answer_to("a.test", kind::A, EDNS), "7 NOERROR rd ra | a.test A | a.test 200 A 1.2.3.4 | opt 1232");
    let cd = Ask { flags: flag::RD | flag::CD, ..PLAIN };
    assert_eq!(rig.answer_to("a.test", kind::A, cd), "7 NOERROR rd ra cd | a.test A | a.test 200 A 1.2.3.4");
    rig.now.mono = rig.now.mono.plus_secs(200);
    assert_eq!(rig.ask("a.test", kind::A)[0].to.port(), 53, "its time is over");
}

#[test]
fn some_questions_always_go_up() {
    let mut rig = primed("", "a.test", kind::A, |reply| a(reply, "a.test", "1.2.3.4", 300));
    for ask in [DO, Ask { flags: 0, ..PLAIN }, Ask { class: class::CHAOS, ..PLAIN }] {
        assert_eq!(rig.ask_as("10.0.0.9:5000", "a.test", kind::A, ask)[0].to.port(), 53);
    }
    for kind in [kind::AAAA, kind::ANY, kind::TXT] {
        assert_eq!(rig.ask("a.test", kind)[0].to.port(), 53);
    }
}

#[test]
fn aliases_are_followed_from_the_cache() {
    let mut rig = primed("", "a.test", kind::A, |reply| {
        cname(reply, "a.test", "b.Test", 100);
        cname(reply, "b.test", "c.test", 50);
        a(reply, "c.test", "1.2.3.4", 300);
        a(reply, "other.test", "6.6.6.6", 300);
    });
    assert_eq!(
        rig.answer("a.test", kind::A),
        "7 NOERROR rd ra | a.test A | a.test 100 CNAME b.Test | b.Test 50 CNAME c.test | c.test 300 A 1.2.3.4"
    );
    assert_eq!(rig.answer("a.test", kind::CNAME), "7 NOERROR rd ra | a.test CNAME | a.test 100 CNAME b.Test");
    assert!(rig.answer("c.test", kind::A).contains("1.2.3.4"));
    assert_eq!(rig.ask("a.test", kind::AAAA)[0].to.port(), 53, "the end of the chain is not known");
    assert_eq!(rig.ask("other.test", kind::A)[0].to.port(), 53, "what is beside the chain is not kept");
    rig.now.mono = rig.now.mono.plus_secs(51);
    assert_eq!(rig.ask("a.test", kind::A)[0].to.port(), 53, "a link is gone");
}

#[test]
fn an_endless_chain_is_neither_kept_nor_followed() {
    let mut rig = primed("", "a.test", kind::A, |reply| {
        cname(reply, "a.test", "b.test", 100);
        cname(reply, "b.test", "a.test", 100);
    });
    assert_eq!(rig.ask("a.test", kind::A)[0].to.port(), 53);
}

#[test]
fn absence_is_kept_as_long_as_the_zone_says() {
    let mut rig = primed("", "no.test", kind::A, |reply| {
        code(reply, rcode::NXDOMAIN);
        soa(reply, "test", 500, 60);
    });
    rig.now.mono = rig.now.mono.plus_secs(10);
    assert_eq!(rig.answer("no.test", kind::A), "7 NXDOMAIN rd ra | no.test A | au test 490 SOA");
    assert_eq!(rig.answer("no.test", kind::MX), "7 NXDOMAIN rd ra | no.test MX | au test 490 SOA", "for every type");
    assert_eq!(rig.ask("x.no.test", kind::A)[0].to.port(), 53, "but not below");
    rig.now.mono = rig.now.mono.plus_secs(51);
    assert_eq!(rig.ask("no.test", kind::A)[0].to.port(), 53);

    let mut rig = primed("", "a.test", kind::AAAA, |reply| soa(reply, "test", 500, 60));
    assert_eq!(rig.answer("a.test", kind::AAAA), "7 NOERROR rd ra | a.test AAAA | au test 500 SOA");
    assert_eq!(rig.ask("a.test", kind::A)[0].to.port(), 53, "only this type");
}

#[test]
fn absence_without_proof_is_kept_only_on_request() {
    let missing = |reply: &mut Reply| code(reply, rcode::NXDOMAIN);
    let mut rig = primed("", "no.test", kind::A, missing);
    assert_eq!(rig.ask("no.test", kind::A)[0].to.port(), 53);
    let mut rig = primed("neg-ttl=30", "no.test", kind::A, missing);
    assert_eq!(rig.answer("no.test", kind::A), "7 NXDOMAIN rd ra | no.test A");
    let mut rig = primed("no-negcache", "no.test", kind::A, |reply| {
        code(reply, rcode::NXDOMAIN);
        soa(reply, "test", 500, 60);
    });
    assert_eq!(rig.ask("no.test", kind::A)[0].to.port(), 53);
    let mut rig = primed("", "no.test", kind::A, |reply| {
        code(reply, rcode::NXDOMAIN);
        soa(reply, "other", 500, 60);
    });
    assert_eq!(rig.ask("no.test", kind::A)[0].to.port(), 53, "another zone proves nothing");
}

#[test]
fn ttl_options_reach_the_cache_and_the_client() {
    let mut rig = primed("max-cache-ttl=100", "a.test", kind::A, |reply| a(reply, "a.test", "1.2.3.4", 300));
    assert!(rig.answer("a.test", kind::A).contains(" 100 A "));
    let mut rig = primed("min-cache-ttl=50", "a.test", kind::A, |reply| a(reply, "a.test", "1.2.3.4", 0));
    assert!(rig.answer("a.test", kind::A).contains(" 50 A "));
    let mut rig = primed("max-ttl=70", "a.test", kind::A, |reply| a(reply, "a.test", "1.2.3.4", 300));
    assert!(rig.answer("a.test", kind::A).contains(" 70 A "));
    let up = rig.ask("b.test", kind::TXT).remove(0);
    let down = rig.reply(&up, |reply| a(reply, "b.test", "1.2.3.4", 300));
    assert!(down[0].text().contains(" 70 A "), "any type, the first time too");
}

#[test]
fn doubtful_answers_are_passed_on_but_not_kept() {
    let doubtful: [(&str, fn(&mut Reply)); 4] = [
        ("zero", |reply| a(reply, "a.test", "1.2.3.4", 0)),
        ("no recursion", |reply| {
            reply.set_flags(flag::QR | flag::RD);
            a(reply, "a.test", "1.2.3.4", 300);
        }),
        ("cut", |reply| {
            a(reply, "a.test", "1.2.3.4", 300);
            reply.set_flags(flag::QR | flag::RD | flag::RA | flag::TC);
        }),
        ("error", |reply| code(reply, rcode::FORMERR)),
    ];
    for (what, build) in doubtful {
        let mut rig = primed("", "a.test", kind::A, build);
        assert_eq!(rig.ask("a.test", kind::A)[0].to.port(), 53, "{what}");
    }
    let mut rig = Rig::new("server=192.0.2.1");
    let up = rig.ask_as("10.0.0.9:5000", "a.test", kind::A, Ask { flags: flag::RD | flag::CD, ..PLAIN }).remove(0);
    rig.reply(&up, |reply| a(reply, "a.test", "1.2.3.4", 300));
    assert_eq!(rig.ask("a.test", kind::A)[0].to.port(), 53, "nobody checked it");
}

#[test]
fn a_cut_answer_keeps_what_it_has_and_one_too_large_nothing() {
    let mut rig = Rig::new("server=192.0.2.1");
    let up = rig.ask("a.test", kind::A).remove(0);
    let down = rig.reply(&up, |reply| {
        a(reply, "a.test", "1.2.3.4", 300);
        reply.set_flags(flag::QR | flag::RD | flag::RA | flag::TC);
    });
    assert_eq!(down[0].text(), "7 NOERROR tc rd ra | a.test A | a.test 300 A 1.2.3.4");
    let up = rig.ask("b.test", kind::A).remove(0);
    let many = |reply: &mut Reply| (0..60u8).for_each(|last| a(reply, "b.test", &format!("1.2.3.{last}"), 9));
    let down = rig.reply(&up, many);
    assert_eq!(down[0].text(), "7 NOERROR tc rd ra | b.test A");
    assert!(rig.answer_to("b.test", kind::A, EDNS).contains("1.2.3.59"), "kept, for those who take more");
    assert_eq!(rig.answer("b.test", kind::A), "7 NOERROR tc rd ra | b.test A");
}

#[test]
fn the_wheel_turns_and_reverse_answers_are_kept() {
    let mut rig = primed("", "a.test", kind::A, |reply| {
        a(reply, "a.test", "1.1.1.1", 300);
        a(reply, "a.test", "2.2.2.2", 300);
    });
    let orders: Vec<_> = (0..3).map(|_| rig.answer("a.test", kind::A).contains("2.2.2.2 | a.test 300 A 1.1.1.1")).collect();
    assert_eq!(orders, [false, true, false]);
    let name = "4.3.2.8.in-addr.arpa";
    let up = rig.ask(name, kind::PTR).remove(0);
    rig.reply(&up, |reply| {
        reply.name(Section::Answer, wire(name).name(), kind::PTR, class::IN, 60, wire("h.test").name());
    });
    assert!(rig.answer(name, kind::PTR).ends_with("PTR h.test"));
}

#[test]
fn a_reload_forgets() {
    let mut rig = primed("", "a.test", kind::A, |reply| a(reply, "a.test", "1.2.3.4", 300));
    rig.change(Change::ClearCache);
    assert_eq!(rig.ask("a.test", kind::A)[0].to.port(), 53);
}

#[test]
fn broken_answers_become_servfail() {
    let mut rig = Rig::new("server=192.0.2.1");
    let up = rig.ask("a.test", kind::A).remove(0);
    let mut bytes = reply_to(&up.bytes, |reply| a(reply, "a.test", "1.2.3.4", 300));
    bytes.truncate(bytes.len() - 2);
    let down = rig.reply_raw(&up, up.to, &bytes);
    assert_eq!(down[0].text(), "7 SERVFAIL rd ra | a.test A");
    assert_eq!(rig.ask("a.test", kind::A)[0].to.port(), 53);
}
