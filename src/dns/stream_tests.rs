//! DNS over TCP, both sides.

use crate::dns::rig_tests::*;
use crate::wire::dns::codes::rcode;

const CLIENT: &str = "10.0.0.9:5000";

impl Rig {
    fn connect(&mut self, from: &str) -> Option<u8> {
        let from = from.parse().unwrap();
        self.with(|engine, with| engine.stream_accepted(with, 0, from, [10, 0, 0, 1].into(), 2))
    }

    /// Hands octets to a stream, as many at a time as it takes.
    fn feed(&mut self, slot: u8, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        while !rest.is_empty() {
            let room = self.engine.stream_room(slot);
            let n = room.len().min(rest.len());
            if n == 0 {
                break;
            }
            room[..n].copy_from_slice(&rest[..n]);
            rest = &rest[n..];
            self.with(|engine, with| engine.stream_read(with, slot, n));
            self.drain();
        }
        bytes.len() - rest.len()
    }

    fn end(&mut self, slot: u8) {
        self.with(|engine, with| engine.stream_read(with, slot, 0));
        self.drain();
    }

    /// Takes everything a stream has to write, `piece` octets at a time.
    fn take(&mut self, slot: u8, piece: usize) -> Vec<u8> {
        let mut taken = Vec::new();
        loop {
            let output = self.engine.stream_output(slot);
            let n = output.len().min(piece);
            if n == 0 {
                return taken;
            }
            taken.extend_from_slice(&output[..n]);
            self.with(|engine, with| engine.stream_wrote(with, slot, n));
            self.drain();
        }
    }

    fn connected(&mut self, slot: u8, ok: bool) {
        self.with(|engine, with| engine.stream_connected(with, slot, ok));
        self.drain();
    }

    fn last_action(&self) -> &str {
        self.done.last().map_or("", String::as_str)
    }
}

fn framed(message: &[u8]) -> Vec<u8> {
    [&u16::try_from(message.len()).unwrap().to_be_bytes(), message].concat()
}

fn asked(name: &str, id: u16) -> Vec<u8> {
    framed(&question(name, kind::A, Ask { id, ..PLAIN }))
}

/// The messages in a stream.
fn messages(mut stream: &[u8]) -> Vec<String> {
    let mut all = Vec::new();
    while let [high, low, rest @ ..] = stream {
        let len = usize::from(u16::from_be_bytes([*high, *low]));
        all.push(show(&rest[..len]));
        stream = &rest[len..];
    }
    all
}

#[test]
fn local_answers_come_in_order_octet_by_octet_or_all_at_once() {
    let mut rig = Rig::new("address=/x.test/1.1.1.1");
    let slot = rig.connect(CLIENT).unwrap();
    let both = [asked("a.x.test", 1), asked("b.x.test", 2)].concat();
    assert_eq!(rig.feed(slot, &both), both.len());
    let expected = ["1 NOERROR aa rd ra | a.x.test A | a.x.test 0 A 1.1.1.1", "2 NOERROR aa rd ra | b.x.test A | b.x.test 0 A 1.1.1.1"];
    assert_eq!(messages(&rig.take(slot, 7)), expected);
    let mut taken = Vec::new();
    for octet in both {
        rig.feed(slot, &[octet]);
        taken.extend(rig.take(slot, 1));
    }
    assert_eq!(messages(&taken), expected);
    rig.end(slot);
    assert_eq!(rig.last_action(), format!("hang up {slot}"));
    assert!(rig.engine.next_due().is_none());
}

#[test]
fn a_question_by_tcp_goes_on_by_tcp_and_the_stream_is_used_again() {
    let mut rig = Rig::new("server=192.0.2.1");
    let slot = rig.connect(CLIENT).unwrap();
    rig.feed(slot, &asked("a.test", 1));
    let up = slot + rig.engine.stream_slots() / 2;
    assert_eq!(rig.last_action(), format!("connect {up} 192.0.2.1:53"));
    rig.connected(up, true);
    let sent = rig.take(up, 5);
    assert!(messages(&sent)[0].ends_with("NOERROR rd | a.test A | opt 1232"));
    let answer = framed(&reply_to(&sent[2..], |reply| a(reply, "a.test", "1.2.3.4", 300)));
    for octet in answer {
        assert!(rig.engine.stream_output(slot).is_empty());
        rig.feed(up, &[octet]);
    }
    assert_eq!(messages(&rig.take(slot, 1000)), ["1 NOERROR rd ra | a.test A | a.test 300 A 1.2.3.4"]);
    rig.feed(slot, &asked("b.test", 2));
    assert_eq!(rig.last_action(), format!("flush {up}"), "no second connection");
    let sent = rig.take(up, 500);
    rig.feed(up, &framed(&reply_to(&sent[2..], |reply| code(reply, rcode::REFUSED))));
    assert_eq!(messages(&rig.take(slot, 1000)), ["2 REFUSED rd ra | b.test A"], "errors are passed on");
    assert!(rig.answer("a.test", kind::A).contains("1.2.3.4"), "what came by TCP serves UDP");
    rig.end(slot);
    assert!(rig.done.contains(&format!("hang up {up}")));
}

#[test]
fn the_next_server_is_tried_and_in_the_end_the_client_is_told() {
    let mut rig = Rig::new("strict-order\nserver=192.0.2.1\nserver=192.0.2.2\nserver=192.0.2.3");
    let slot = rig.connect(CLIENT).unwrap();
    rig.feed(slot, &framed(&question("a.test", kind::A, EDNS)));
    let up = slot + rig.engine.stream_slots() / 2;
    rig.connected(up, false);
    assert_eq!(rig.last_action(), format!("connect {up} 192.0.2.2:53"));
    rig.connected(up, true);
    rig.take(up, 500);
    rig.end(up);
    assert_eq!(rig.last_action(), format!("connect {up} 192.0.2.3:53"));
    rig.wait(5_000);
    assert_eq!(messages(&rig.take(slot, 1000)), ["7 REFUSED rd ra | a.test A | opt 1232 ede=23"]);
}

#[test]
fn a_stream_that_broke_while_idle_is_replaced() {
    let mut rig = Rig::new("server=192.0.2.1");
    let slot = rig.connect(CLIENT).unwrap();
    let up = slot + rig.engine.stream_slots() / 2;
    rig.feed(slot, &asked("a.test", 1));
    rig.connected(up, true);
    let sent = rig.take(up, 500);
    rig.feed(up, &framed(&reply_to(&sent[2..], |_| {})));
    rig.take(slot, 500);
    rig.feed(slot, &asked("b.test", 2));
    rig.take(up, 500);
    rig.end(up);
    assert_eq!(rig.last_action(), format!("connect {up} 192.0.2.1:53"), "the same server, afresh");
    rig.connected(up, true);
    let sent = rig.take(up, 500);
    rig.feed(up, &framed(&reply_to(&sent[2..], |reply| a(reply, "b.test", "1.2.3.4", 5))));
    assert!(messages(&rig.take(slot, 500))[0].contains("1.2.3.4"));
    rig.end(up);
    assert_eq!(rig.last_action(), format!("hang up {up}"), "closed by the server, nobody asks");
}

#[test]
fn answers_of_64_kib_pass_and_four_at_a_time() {
    let mut rig = Rig::new("server=192.0.2.1\nmax-tcp-connections=10");
    let many = |reply: &mut Reply, name: &str| {
        for number in 0..4000u16 {
            let [high, low] = number.to_be_bytes();
            a(reply, name, &format!("1.2.{high}.{low}"), 9);
        }
    };
    let half = rig.engine.stream_slots() / 2;
    let mut answers = Vec::new();
    for number in 0..5u16 {
        let slot = rig.connect(&format!("10.0.0.9:{}", 5000 + number)).unwrap();
        let name = format!("n{number}.test");
        rig.feed(slot, &asked(&name, number));
        rig.connected(slot + half, true);
        let sent = rig.take(slot + half, 500);
        let answer = framed(&reply_to(&sent[2..], |reply| many(reply, &name)));
        assert!(answer.len() > 64_000);
        let fed = rig.feed(slot + half, &answer);
        answers.push((slot, answer[fed..].to_vec()));
    }
    let waiting: Vec<_> = answers.iter().map(|(_, rest)| !rest.is_empty()).collect();
    assert_eq!(waiting, [false, false, false, false, true], "the fifth has to wait");
    let first = rig.take(answers[0].0, 10_000);
    assert_eq!(messages(&first)[0].matches("1.2.").count(), 4000);
    let (slot, rest) = answers.remove(4);
    assert_eq!(rig.last_action(), format!("flush {}", slot + half), "now it may go on");
    assert_eq!(rig.feed(slot + half, &rest), rest.len());
    assert_eq!(messages(&rig.take(slot, 65_537))[0].matches("1.2.").count(), 4000);
}

#[test]
fn when_all_places_are_taken_the_idlest_gives_way() {
    let mut rig = Rig::new("server=192.0.2.1\nmax-tcp-connections=2");
    let first = rig.connect("10.0.0.9:1").unwrap();
    rig.now.mono = rig.now.mono.plus_secs(1);
    let second = rig.connect("10.0.0.9:2").unwrap();
    rig.feed(first, &asked("a.test", 1));
    let third = rig.connect("10.0.0.9:3").unwrap();
    assert!(third != second, "the slot of the one that gives way is not handed out in the same turn");
    rig.drain();
    assert_eq!(rig.last_action(), format!("hang up {second}"));
    rig.feed(third, &asked("b.test", 2));
    assert_eq!(rig.connect("10.0.0.9:4"), None, "both are at work");
}

#[test]
fn who_is_silent_or_talks_nonsense_is_disconnected() {
    let mut rig = Rig::new("server=192.0.2.1\nlocal-service");
    let slot = rig.connect(CLIENT).unwrap();
    rig.feed(slot, &[0]);
    rig.wait(30_000);
    assert_eq!(rig.last_action(), format!("hang up {slot}"));
    let slot = rig.connect(CLIENT).unwrap();
    rig.feed(slot, &[0xFF, 0xFF]);
    assert_eq!(rig.done.len(), 2, "too long a question");
    let slot_again = rig.connect(CLIENT).unwrap();
    assert_eq!(slot, slot_again);
    rig.feed(slot, &[0, 3, 1, 2, 3]);
    assert_eq!(rig.done.len(), 3, "no message");
    assert_eq!(rig.connect("203.0.113.5:99"), None);
    rig.drain();
    assert_eq!(rig.logged("ignoring query from non-local network 203.0.113.5"), 1);
}

#[test]
fn a_client_that_sends_more_than_it_reads_is_not_read() {
    let mut rig = Rig::new("address=/x.test/1.1.1.1");
    let slot = rig.connect(CLIENT).unwrap();
    let many: Vec<u8> = (0..200).flat_map(|id| asked("a.x.test", id)).collect();
    let mut rest = &many[rig.feed(slot, &many)..];
    assert!(!rest.is_empty(), "its buffer is full");
    let mut taken = Vec::new();
    while !rest.is_empty() {
        taken.extend(rig.take(slot, usize::MAX));
        let fed = rig.feed(slot, rest);
        rest = &rest[fed..];
    }
    taken.extend(rig.take(slot, usize::MAX));
    assert_eq!(messages(&taken).len(), 200);
}
