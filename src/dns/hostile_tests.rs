//! Whatever arrives: no crash, no second answer, no slot that leaks.

use crate::dns::rig_tests::*;

const CONFIG: &str = "server=192.0.2.1\nserver=192.0.2.2\nserver=/b.test/192.0.2.3\naddress=/ad.test/1.1.1.1\nlog-queries=extra\n\
    dns-forward-max=20\ncache-size=30\nmax-tcp-connections=3\nlocal-ttl=5\ndomain=lan";

/// As above, with everything that looks into answers or makes some up.
const SCREENED: &str = "server=192.0.2.1\nserver=192.0.2.2\nlog-queries=extra\ndns-forward-max=20\ncache-size=30\n\
    max-tcp-connections=3\ndomain=lan\nstop-dns-rebind\nrebind-localhost-ok\nrebind-domain-ok=/ad.test/\n\
    bogus-nxdomain=1.2.3.0/31\nignore-address=9.0.0.0/8\nalias=1.2.3.4,10.0.0.4\nfilter-rr=PTR,ANY\nlocalise-queries\n\
    cname=a.test,c.test\ncname=c.test,x.b.test\ntxt-record=a.test,x\nsrv-host=x.b.test,pc,1\nmx-host=box.lan,box.lan\n\
    dns-rr=pc,5,c0\ninterface-name=ad.test,lan\nsynth-domain=lan,10.0.0.0/24,b\nptr-record=9.0.0.10.in-addr.arpa,box.lan\n\
    selfmx\nfilterwin2k";

/// Zones, for our own clients.
const ZONES: &str = "server=192.0.2.1\nserver=192.0.2.2\nlog-queries=auth\ndns-forward-max=20\nmax-tcp-connections=3\n\
    domain=lan\nauth-server=ns.test,eth9\nauth-zone=test,10.0.0.0/24,exclude:10.0.0.7/32,lan/4\nauth-zone=lan\n\
    auth-sec-servers=a.test\ncname=a.test,c.test\ncname=*.b.test,a\ntxt-record=c.test,x\nsrv-host=x.b.test,pc,1\n\
    dns-rr=ad.test,5,c0\ninterface-name=ad.test,lan\nsynth-domain=lan,10.0.0.0/24,b";

/// Turns some octets of a message into others, or cuts it, or adds some.
fn spoil(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..random.below(4) {
        let at = random.below(bytes.len() as u32) as usize;
        if let Some(octet) = bytes.get_mut(at) {
            *octet = random.u16() as u8;
        }
    }
    match random.below(8) {
        0 => bytes.truncate(random.below(bytes.len() as u32 + 1) as usize),
        1 => bytes.extend((0..random.below(40)).map(|octet| octet as u8 ^ 0xC0)),
        _ => {}
    }
}

fn anything(random: &mut Random) -> Vec<u8> {
    let names = ["a.test", "x.b.test", "ad.test", "box.lan", "pc", "9.0.0.10.in-addr.arpa", "version.bind", "."];
    let kinds = [kind::A, kind::AAAA, kind::PTR, kind::ANY, kind::TXT, kind::SRV, kind::CNAME, kind::DS, kind::SOA, kind::NS, kind::AXFR];
    let ask = [PLAIN, EDNS, DO, Ask { class: class::CHAOS, ..PLAIN }][random.below(4) as usize];
    let (name, kind) = (names[random.below(8) as usize], kinds[random.below(11) as usize]);
    question(name, kind, Ask { id: random.u16() & 7, ..ask })
}

fn answer(question: &[u8], random: &mut Random) -> Vec<u8> {
    let Some(name) = Message::parse(question).and_then(|m| m.question().map(|q| NameBuf::from_name(q.name))) else {
        return question.to_vec();
    };
    let style = random.below(6);
    reply_to(question, |reply| {
        let name = name.name();
        match style {
            0 => drop(reply.address(Section::Answer, name, [1, 2, 3, 4].into(), 60)),
            1 => {
                reply.name(Section::Answer, name, kind::CNAME, class::IN, 60, wire("c.test").name());
                a(reply, "c.test", "1.2.3.4", 60);
            }
            2 => {
                code(reply, 3);
                soa(reply, "test", 60, 60);
            }
            3 => code(reply, 2),
            4 => drop(reply.name(Section::Answer, name, kind::PTR, class::IN, 60, wire("h.test").name())),
            _ => code(reply, 5),
        }
        reply.edns(Head { udp_size: 4096, ext_rcode: 0, flags: 0 }, &[(3, b"abc")]);
    })
}

#[test]
fn spoilt_datagrams_change_nothing_they_should_not() {
    spoilt_datagrams(CONFIG);
}

#[test]
fn spoilt_datagrams_pass_the_screen_unharmed() {
    spoilt_datagrams(SCREENED);
}

#[test]
fn spoilt_datagrams_find_no_way_around_zones() {
    spoilt_datagrams(ZONES);
    spoilt_datagrams(&ZONES.replace("eth9", "lan"));
}

fn spoilt_datagrams(config: &str) {
    let mut rig = Rig::new(config);
    rig.hosts(&[("10.0.0.5", "box.lan")]);
    rig.lease([10, 0, 0, 9], "pc", None);
    let mut random = Random::seeded(11);
    let mut asked: Vec<Sent> = Vec::new();
    for step in 0..6_000u32 {
        let mut bytes = anything(&mut random);
        if step % 3 == 0 {
            spoil(&mut bytes, &mut random);
        }
        let from = format!("10.0.0.{}:{}", 1 + random.below(4), 5000 + random.below(3));
        let sent = rig.datagram(&from, &bytes);
        let answers = sent.iter().filter(|one| matches!(one.door, Door::Dns(_)));
        assert!(answers.count() <= 1, "one question, one answer");
        asked.extend(sent.into_iter().filter(|one| matches!(one.door, Door::Upstream { .. })));
        while asked.len() > 12 {
            let up = asked.remove(random.below(asked.len() as u32) as usize);
            let mut reply = answer(&up.bytes, &mut random);
            if random.below(3) == 0 {
                spoil(&mut reply, &mut random);
            }
            let more = rig.reply_raw(&up, up.to, &reply);
            asked.extend(more.into_iter().filter(|one| matches!(one.door, Door::Upstream { .. })));
        }
        if random.below(50) == 0 {
            asked.extend(rig.wait(u64::from(random.below(3_000))).into_iter().filter(|one| one.to.port() == 53));
        }
        rig.logs.clear();
        rig.done.clear();
    }
    rig.wait(20_000);
    assert!(rig.engine.next_due().is_none(), "everything comes to an end");
    assert_eq!(rig.engine.pending.live(), 0);
}

#[test]
fn every_beginning_of_a_message_is_survived() {
    let mut rig = Rig::new(CONFIG);
    let whole = question("a.test", kind::A, EDNS);
    for len in 0..whole.len() {
        rig.datagram("10.0.0.9:5000", &whole[..len]);
    }
    let up = rig.ask("b.example", kind::A).remove(0);
    let reply = answer(&up.bytes, &mut Random::seeded(1));
    for len in 0..reply.len() {
        let mut rig = Rig::new(CONFIG);
        let up = rig.ask("b.example", kind::A).remove(0);
        let down = rig.reply_raw(&up, up.to, &answer(&up.bytes, &mut Random::seeded(1))[..len]);
        for one in down.iter().filter(|one| matches!(one.door, Door::Dns(_))) {
            assert!(one.text().contains("SERVFAIL"), "{len}: {}", one.text());
        }
    }
}

#[test]
fn streams_come_to_an_end_whatever_their_peers_do() {
    streams(CONFIG);
}

#[test]
fn streams_come_to_an_end_behind_the_screen_too() {
    streams(SCREENED);
}

#[test]
fn streams_come_to_an_end_that_copy_zones() {
    streams(ZONES);
    streams(&ZONES.replace("eth9", "10.0.0.1"));
}

fn streams(config: &str) {
    let mut rig = Rig::new(config);
    let mut random = Random::seeded(12);
    let slots = u32::from(rig.engine.stream_slots());
    for _ in 0..20_000 {
        let slot = random.below(slots) as u8;
        match random.below(12) {
            0 => {
                let from = format!("10.0.0.{}:{}", 1 + random.below(4), 5000 + random.below(9)).parse().unwrap();
                rig.with(|engine, with| engine.stream_accepted(with, 0, from, [10, 0, 0, 1].into(), 2));
            }
            1 => {
                let ok = random.below(3) > 0;
                rig.with(|engine, with| engine.stream_connected(with, slot, ok));
            }
            2 if random.below(10) == 0 => rig.with(|engine, with| engine.stream_failed(with, slot)),
            3 if random.below(10) == 0 => rig.with(|engine, with| engine.stream_read(with, slot, 0)),
            4..=6 => {
                let output = rig.engine.stream_output(slot).len();
                let n = output.min(random.below(400) as usize);
                if n > 0 {
                    rig.with(|engine, with| engine.stream_wrote(with, slot, n));
                }
            }
            7 if random.below(20) == 0 => drop(rig.wait(u64::from(random.below(12_000)))),
            _ => {
                let mut bytes = anything(&mut random);
                if random.below(3) == 0 {
                    bytes = answer(&bytes, &mut random);
                }
                if random.below(4) == 0 {
                    spoil(&mut bytes, &mut random);
                }
                let framed = [&(bytes.len() as u16).to_be_bytes(), &bytes[..]].concat();
                let room = rig.engine.stream_room(slot);
                let n = room.len().min(framed.len());
                room[..n].copy_from_slice(&framed[..n]);
                if n > 0 {
                    rig.with(|engine, with| engine.stream_read(with, slot, n));
                }
            }
        }
        rig.drain();
        rig.logs.clear();
        rig.done.clear();
    }
    rig.wait(200_000);
    assert!(rig.engine.next_due().is_none(), "every slot is free again");
}
