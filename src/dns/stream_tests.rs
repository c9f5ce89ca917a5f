//! DNS over TCP, both sides.

use crate::base::time::Why;
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

    /// The slot of a link.
    fn link(&self, number: u8) -> u8 {
        self.engine.stream_slots() - crate::limits::STREAM_LINKS + number
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
    let up = rig.link(0);
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
    assert_eq!(rig.last_action(), format!("hang up {slot}"));
    rig.wait(10_000);
    assert_eq!(rig.last_action(), format!("hang up {up}"), "nobody needs it");
    assert!(rig.engine.next_due().is_none_or(|due| due.why != Why::Stream));
}

#[test]
fn the_next_server_is_tried_and_in_the_end_the_client_is_told() {
    let mut rig = Rig::new("strict-order\nserver=192.0.2.1\nserver=192.0.2.2\nserver=192.0.2.3");
    let slot = rig.connect(CLIENT).unwrap();
    rig.feed(slot, &framed(&question("a.test", kind::A, EDNS)));
    let up = rig.link(0);
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
    let up = rig.link(0);
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

/// An answer of some 64,000 octets.
fn many(reply: &mut Reply, name: &str) {
    for number in 0..4000u16 {
        let [high, low] = number.to_be_bytes();
        a(reply, name, &format!("1.2.{high}.{low}"), 9);
    }
}

#[test]
fn answers_of_64_kib_pass_and_who_does_not_read_gives_way() {
    let mut rig = Rig::new("server=192.0.2.1\nmax-tcp-connections=10");
    let mut slots = Vec::new();
    for number in 0..6u16 {
        let slot = rig.connect(&format!("10.0.0.9:{}", 5000 + number)).unwrap();
        let name = format!("n{number}.test");
        rig.feed(slot, &asked(&name, number));
        let up = rig.link(0);
        if number == 0 {
            rig.connected(up, true);
        }
        let sent = rig.take(up, 500);
        let answer = framed(&reply_to(&sent[2..], |reply| many(reply, &name)));
        assert!(answer.len() > 64_000);
        assert_eq!(rig.feed(up, &answer), answer.len());
        rig.now.mono = rig.now.mono.plus_ms(10);
        slots.push(slot);
    }
    let gone = rig.done.iter().filter(|done| done.starts_with("hang up")).count();
    assert_eq!(gone, 3, "one buffer is the server's, the others those of three clients");
    for slot in &slots[3..] {
        assert_eq!(messages(&rig.take(*slot, 10_000))[0].matches("1.2.").count(), 4000);
    }
}

#[test]
fn questions_overlap_and_answers_come_as_they_are_ready() {
    let mut rig = Rig::new("server=192.0.2.1\naddress=/here.test/1.1.1.1");
    let slot = rig.connect(CLIENT).unwrap();
    let names = ["a.test", "b.test", "c.test", "d.test", "e.test", "f.test"];
    let mut all: Vec<u8> = (1..).zip(names).flat_map(|(id, name)| asked(name, id)).collect();
    all.extend(asked("here.test", 9));
    assert_eq!(rig.feed(slot, &all), all.len());
    assert_eq!(messages(&rig.take(slot, 1000)), ["9 NOERROR aa rd ra | here.test A | here.test 0 A 1.1.1.1"], "it waits for nobody");
    assert_eq!(rig.done.iter().filter(|done| done.starts_with("connect")).count(), 4, "then they share");
    let mut sent = Vec::new();
    for number in 0..4 {
        rig.connected(rig.link(number), true);
        let mut rest = rig.take(rig.link(number), 500);
        while !rest.is_empty() {
            let len = usize::from(rest[0]) << 8 | usize::from(rest[1]);
            sent.push((rig.link(number), rest[2..2 + len].to_vec()));
            rest.drain(..2 + len);
        }
    }
    let counts: Vec<usize> = (0..4).map(|n| sent.iter().filter(|(up, _)| *up == rig.link(n)).count()).collect();
    assert_eq!(counts, [2, 2, 1, 1]);
    for (up, question) in sent.into_iter().rev() {
        rig.feed(up, &framed(&reply_to(&question, |_| {})));
    }
    let mut told = messages(&rig.take(slot, 1000));
    assert!(told[0].contains(" | d.test A"), "{told:?}");
    told.sort();
    assert_eq!(told.len(), 6);
    assert!((1..).zip(names).all(|(id, name)| told.contains(&format!("{id} NOERROR rd ra | {name} A"))), "{told:?}");
}

#[test]
fn a_link_that_breaks_takes_no_question_with_it() {
    let mut rig = Rig::new("strict-order\nserver=192.0.2.1\nserver=192.0.2.2");
    let slot = rig.connect(CLIENT).unwrap();
    rig.feed(slot, &[asked("a.test", 1), asked("b.test", 2)].concat());
    rig.connected(rig.link(0), true);
    rig.connected(rig.link(1), false);
    assert_eq!(rig.last_action(), format!("connect {} 192.0.2.2:53", rig.link(1)), "that one goes to the next server");
    rig.take(rig.link(0), 500);
    rig.feed(rig.link(0), &[0, 2, 1]);
    rig.end(rig.link(0));
    rig.connected(rig.link(1), true);
    let mut sent = Vec::new();
    for number in 0..2 {
        rig.connected(rig.link(number), true);
        let mut rest = rig.take(rig.link(number), 500);
        while !rest.is_empty() {
            let len = usize::from(rest[0]) << 8 | usize::from(rest[1]);
            sent.push((rig.link(number), rest[2..2 + len].to_vec()));
            rest.drain(..2 + len);
        }
    }
    for (up, question) in sent {
        rig.feed(up, &framed(&reply_to(&question, |_| {})));
    }
    assert_eq!(messages(&rig.take(slot, 1000)).len(), 2);
}

#[test]
fn a_server_that_is_late_with_one_answer_keeps_its_link() {
    let mut rig = Rig::new("server=192.0.2.1");
    let slot = rig.connect(CLIENT).unwrap();
    let up = rig.link(0);
    rig.feed(slot, &asked("a.test", 1));
    rig.connected(up, true);
    let first = rig.take(up, 500);
    rig.feed(up, &framed(&reply_to(&first[2..], |_| {})));
    assert_eq!(messages(&rig.take(slot, 1000)).len(), 1);
    rig.feed(slot, &asked("late.test", 2));
    let late = rig.take(up, 500);
    rig.wait(1_000);
    // Something is heard from it, so it is not dead.
    rig.feed(up, &[0]);
    rig.wait(9_000);
    assert_eq!(messages(&rig.take(slot, 1000)), ["2 REFUSED rd ra | late.test A"]);
    let answer = framed(&reply_to(&late[2..], |_| {}));
    rig.feed(up, &answer[1..]);
    assert!(rig.engine.stream_output(slot).is_empty() && !rig.done.contains(&format!("hang up {up}")));
    rig.feed(up, &answer);
    assert_eq!(rig.last_action(), format!("hang up {up}"), "nobody has asked for that");
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
