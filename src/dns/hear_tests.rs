//! Measured choice: the quicker server, the second try, silent servers.

use crate::dns::rig_tests::*;
use crate::wire::dns::codes::rcode;

const TWO: &str = "server=192.0.2.1\nserver=192.0.2.2\n";

fn hosts_of(sent: &[Sent]) -> Vec<String> {
    sent.iter().map(|one| one.to.ip().to_string()).collect()
}

fn later(rig: &mut Rig, ms: u64) {
    rig.now.mono = rig.now.mono.plus_ms(ms);
}

/// Both are asked and answer after these milliseconds.
fn race(rig: &mut Rig, name: &str, first: u64, second: u64) {
    let up = rig.ask(name, kind::A);
    assert_eq!(up.len(), 2, "{name}");
    let (early, late) = if first <= second { (0, 1) } else { (1, 0) };
    later(rig, first.min(second));
    rig.reply(&up[early], |_| {});
    later(rig, first.abs_diff(second));
    assert!(rig.reply(&up[late], |_| {}).is_empty(), "nobody waits for it");
    assert_eq!(rig.done.last().unwrap(), "close 0", "both were heard: the question has ended");
}

#[test]
fn the_server_that_was_measured_to_be_quicker_is_asked() {
    let mut rig = Rig::new(TWO);
    race(&mut rig, "a.test", 90, 30);
    assert_eq!(hosts_of(&rig.ask("b.test", kind::A)), ["192.0.2.2"]);
    rig.wait(20_500);
    race(&mut rig, "c.test", 500, 30);
    // Once the first one was lucky: what counts is what they usually do.
    rig.wait(20_500);
    race(&mut rig, "d.test", 20, 60);
    assert_eq!(hosts_of(&rig.ask("e.test", kind::A)), ["192.0.2.2"]);
}

#[test]
fn servers_that_are_about_as_quick_are_asked_as_they_answered_last() {
    let mut rig = Rig::new(TWO);
    race(&mut rig, "a.test", 25, 30);
    assert_eq!(hosts_of(&rig.ask("b.test", kind::A)), ["192.0.2.1"]);
    rig.wait(20_500);
    race(&mut rig, "c.test", 30, 25);
    assert_eq!(hosts_of(&rig.ask("d.test", kind::A)), ["192.0.2.2"]);
}

#[test]
fn the_second_server_is_asked_when_an_answer_is_later_than_expected() {
    let mut rig = Rig::new(TWO);
    race(&mut rig, "a.test", 20, 30);
    let up = rig.ask("b.test", kind::A);
    assert_eq!(hosts_of(&up), ["192.0.2.1"]);
    assert!(rig.wait(90).is_empty());
    let second = rig.wait(20);
    assert_eq!(hosts_of(&second), ["192.0.2.2"], "after 100 ms");
    assert!(rig.wait(400).is_empty(), "one second try");
    assert_eq!(rig.reply(&second[0], |reply| a(reply, "b.test", "1.2.3.4", 9)).len(), 1);
    // A slow server is given the time that it usually takes.
    let mut rig = Rig::new(TWO);
    race(&mut rig, "a.test", 200, 300);
    rig.ask("b.test", kind::A);
    assert!(rig.wait(580).is_empty());
}

#[test]
fn second_tries_are_one_in_ten_at_most() {
    let mut rig = Rig::new(TWO);
    race(&mut rig, "a.test", 20, 30);
    for number in 0..40 {
        assert_eq!(rig.ask(&format!("n{number}.test"), kind::A).len(), 1, "{number}");
    }
    assert_eq!(rig.wait(300).len(), 10, "what was saved up");
    assert_eq!(rig.wait(400).len(), 80 - 10 + 10, "then all are asked again");
}

#[test]
fn nobody_is_asked_twice_with_options_that_say_whom_to_ask() {
    for config in ["strict-order", "all-servers", "fast-dns-retry=1000,5000"] {
        let mut rig = Rig::new(&format!("{config}\n{TWO}"));
        let up = rig.ask("a.test", kind::A);
        rig.reply(&up[0], |_| {});
        rig.ask("b.test", kind::A);
        assert!(rig.wait(590).is_empty(), "{config}");
    }
}

#[test]
fn a_silent_server_is_known_left_out_and_tried_until_it_answers() {
    let mut rig = Rig::new(TWO);
    for number in 0..3 {
        let up = rig.ask(&format!("n{number}.test"), kind::A);
        // 192.0.2.1 says nothing.
        let other = up.iter().find(|sent| sent.to.ip().to_string() == "192.0.2.2").unwrap();
        rig.reply(other, |_| {});
        rig.wait(21_000);
    }
    assert_eq!(rig.logged("nameserver 192.0.2.1#53 has not answered for 43 seconds"), 1, "{:?}", rig.logs);
    // All would be asked by now; it is not, but gets a copy under another identifier.
    let up = rig.ask("b.test", kind::A);
    assert_eq!(hosts_of(&up), ["192.0.2.2", "192.0.2.1"]);
    assert_ne!(up[0].bytes[..2], up[1].bytes[..2]);
    assert_eq!(up[0].bytes[2..], up[1].bytes[2..]);
    assert_eq!(rig.reply(&up[0], |_| {}).len(), 1, "the client does not wait for it");
    assert_eq!(hosts_of(&rig.ask("c.test", kind::A)), ["192.0.2.2"], "not with every question");
    rig.wait(2_000);
    let up = rig.ask("d.test", kind::A);
    assert_eq!(hosts_of(&up), ["192.0.2.2", "192.0.2.1"]);
    assert!(rig.reply(&up[1], |reply| code(reply, rcode::REFUSED)).is_empty(), "any answer shows that it lives");
    assert_eq!(rig.logged("nameserver 192.0.2.1#53 answers again after 65 seconds"), 1, "{:?}", rig.logs);
    rig.reply(&up[0], |_| {});
    rig.wait(21_000);
    assert_eq!(rig.ask("e.test", kind::A).len(), 2);
}

#[test]
fn where_all_are_silent_all_are_asked() {
    let mut rig = Rig::new("server=192.0.2.1");
    for number in 0..4 {
        let mut sent = rig.ask(&format!("n{number}.test"), kind::A);
        sent.extend(rig.wait(11_000));
        assert!(sent.len() > 3, "{}", sent.len());
        assert_eq!(sent.last().unwrap().text().split(" |").next(), Some("7 SERVFAIL rd ra"));
    }
    assert_eq!(rig.logged("has not answered"), 1);
    let up = rig.ask("b.test", kind::A).remove(0);
    rig.reply(&up, |_| {});
    assert_eq!(rig.logged("answers again"), 1);
}

#[test]
fn strict_order_passes_over_a_silent_server() {
    let mut rig = Rig::new(&format!("strict-order\n{TWO}"));
    for number in 0..4 {
        assert_eq!(hosts_of(&rig.ask(&format!("n{number}.test"), kind::A))[0], if number < 3 { "192.0.2.1" } else { "192.0.2.2" });
        let next = rig.wait(700);
        if let Some(next) = next.iter().find(|sent| sent.to.ip().to_string() == "192.0.2.2") {
            rig.reply(next, |_| {});
        }
        rig.wait(2_000);
    }
}
