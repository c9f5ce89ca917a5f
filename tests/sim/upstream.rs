//! The upstream servers of the simulation: honest, slow, silent, truncating,
//! lying, refusing, failing, or talking rubbish, by UDP and by TCP.

use crate::lab::dns::{self, Message, Record, TC};
use crate::network::Chance;
use crate::truth::{self, POISON, POISON6};
use crate::world::{Load, Peer, Shared};
use ironmasq::outbox::action::{Arrival, Door};
use std::net::{IpAddr, SocketAddr};

/// What a server is like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Manner {
    Honest,
    Slow,
    Silent,
    Truncating,
    /// Honest, but somebody off the path throws forged answers in.
    Spoofed,
    /// The same with so many forged answers that questions move to TCP.
    Flooded,
    /// Honest for a while and silent for a while.
    Dying,
    Refusing,
    Failing,
    Garbled,
}

const MANNERS: [Manner; 10] = [
    Manner::Honest, Manner::Slow, Manner::Silent, Manner::Truncating, Manner::Spoofed, Manner::Flooded, Manner::Dying,
    Manner::Refusing, Manner::Failing, Manner::Garbled,
];

/// Milliseconds that one who dies now and then is there, and then is not.
const DYING_MS: u64 = 45_000;

pub struct Upstreams {
    pub servers: Vec<(SocketAddr, Manner)>,
}

impl Upstreams {
    pub fn new(chance: &mut Chance) -> Upstreams {
        let count = 1 + chance.below(4);
        let mut servers: Vec<(SocketAddr, Manner)> = (0..count)
            .map(|number| (SocketAddr::new(IpAddr::from([192, 0, 2, number as u8 + 1]), 53), chance.pick(&MANNERS)))
            .collect();
        // Somebody must know something in most worlds.
        if chance.percent(80) {
            servers[0].1 = chance.pick(&[Manner::Honest, Manner::Spoofed, Manner::Flooded, Manner::Dying]);
        }
        Upstreams { servers }
    }

    fn index(&self, server: SocketAddr) -> Option<usize> {
        self.servers.iter().position(|(address, _)| *address == server)
    }

    /// A question by UDP.
    pub fn asked(
        &mut self,
        shared: &mut Shared,
        now: u64,
        server: SocketAddr,
        door: Door,
        port: u16,
        bytes: &[u8],
    ) -> Result<(), String> {
        let question = Message::decode(bytes).map_err(|why| format!("a broken question went upstream: {why}"))?;
        let Some(index) = self.index(server) else {
            return Err(format!("a question to {server}, which is no server"));
        };
        if port == 0 || question.questions.len() != 1 {
            return Err(format!("a bad question upstream: port {port}, {question:?}"));
        }
        let arrival = Arrival { door, from: server, to: IpAddr::from([192, 168, 1, 1]), iface: 0 };
        let say = |shared: &mut Shared, delay: u64, arrival: Arrival, bytes: Vec<u8>| {
            shared.send(now + delay, Load::Machine { arrival, port, bytes });
        };
        let manner = self.servers[index].1;
        match manner {
            Manner::Silent => {}
            Manner::Dying if is_dead(now) => {}
            Manner::Garbled => {
                let len = shared.chance.below(80) as usize;
                let rubbish = match shared.chance.percent(50) {
                    true => shared.chance.bytes(len),
                    false => self::mangled(shared, &answer(&question, manner, false)),
                };
                say(shared, 1, arrival, rubbish);
            }
            Manner::Spoofed | Manner::Flooded => {
                let forged_answers = if manner == Manner::Spoofed { shared.chance.below(4) } else { 3 + shared.chance.below(9) };
                for _ in 0..forged_answers {
                    let (from, bytes) = forged(shared, &question, server);
                    let door = match (door, shared.chance.percent(10)) {
                        (Door::Upstream { slot, v6 }, true) => Door::Upstream { slot: slot ^ 1, v6 },
                        _ => door,
                    };
                    say(shared, 0, Arrival { from, door, ..arrival }, bytes);
                }
                say(shared, 3, arrival, answer(&question, manner, false));
            }
            _ => {
                let delay = if manner == Manner::Slow { 500 + shared.chance.below(12_000) } else { shared.chance.below(40) };
                say(shared, delay, arrival, answer(&question, manner, false));
            }
        }
        Ok(())
    }

    /// The machine wants a connection.
    pub fn connect(&mut self, shared: &mut Shared, now: u64, slot: u8, to: SocketAddr) {
        let Some(index) = self.index(to) else { return };
        let life = shared.new_stream(slot, Peer::Server(index));
        let delay = 1 + shared.chance.below(300);
        match self.servers[index].1 {
            Manner::Silent if shared.chance.percent(50) => {}
            _ => {
                let ok = shared.chance.percent(80);
                shared.network.at(now + delay, Load::Connected { slot, life, ok });
            }
        }
    }

    /// A question on a connection.
    pub fn asked_by_stream(
        &mut self,
        shared: &mut Shared,
        now: u64,
        index: usize,
        slot: u8,
        life: u32,
        bytes: &[u8],
    ) -> Result<(), String> {
        let question = Message::decode(bytes).map_err(|why| format!("a broken question went upstream by TCP: {why}"))?;
        let manner = self.servers[index].1;
        let mut framed = match manner {
            Manner::Silent => return Ok(()),
            Manner::Dying if is_dead(now) => return Ok(()),
            // It accepts, and closes without a word.
            Manner::Garbled if shared.chance.percent(50) => {
                shared.send_stream(now + 5, slot, life, Vec::new());
                return Ok(());
            }
            Manner::Garbled => shared.chance.bytes(40),
            _ => {
                let bytes = answer(&question, manner, true);
                [&(bytes.len() as u16).to_be_bytes()[..], &bytes].concat()
            }
        };
        let mut at = now + if manner == Manner::Slow { 2_000 } else { 10 };
        while !framed.is_empty() {
            let n = (1 + shared.chance.below(700) as usize).min(framed.len());
            let rest = framed.split_off(n);
            shared.send_stream(at, slot, life, framed);
            framed = rest;
            at += shared.chance.below(30);
        }
        if shared.chance.percent(30) {
            shared.send_stream(at, slot, life, Vec::new());
        }
        Ok(())
    }
}

/// True while those who die now and then are silent.
fn is_dead(now: u64) -> bool {
    now / DYING_MS % 2 == 1
}

/// The honest answer, in this server's manner.
fn answer(question: &Message, manner: Manner, by_tcp: bool) -> Vec<u8> {
    let truth = truth::of(question.name(), question.kind());
    let mut reply = question.answered(match manner {
        Manner::Refusing => 5,
        Manner::Failing => 2,
        _ if truth.nxdomain => 3,
        _ => 0,
    });
    let empty = matches!(manner, Manner::Refusing | Manner::Failing);
    if !empty {
        reply.answer = truth.records;
        if reply.answer.is_empty() {
            let soa = "ns.example.net admin.example.net 1 7200 3600 86400 20";
            reply.authority.push(Record { name: "example.net".into(), class: 1, ttl: 60, kind: 6, data: soa.into() });
        }
    }
    if manner == Manner::Truncating && !by_tcp {
        reply.flags |= TC;
        reply.answer.clear();
    }
    let mut bytes = reply.encode().unwrap_or_default();
    if bytes.len() > 1232 && !by_tcp {
        reply.flags |= TC;
        reply.answer.clear();
        bytes = reply.encode().unwrap_or_default();
    }
    bytes
}

/// An answer by somebody who does not know enough: at least one of identifier,
/// source and question is wrong, and everything in it is a lie.
fn forged(shared: &mut Shared, question: &Message, server: SocketAddr) -> (SocketAddr, Vec<u8>) {
    let mut reply = question.answered(if shared.chance.percent(20) { 3 } else { 0 });
    let data = if question.kind() == 28 { POISON6 } else { POISON };
    let record = |name: &str| Record {
        name: name.into(),
        class: 1,
        ttl: 86_400,
        kind: if question.kind() == 28 { 28 } else { 1 },
        data: data.into(),
    };
    reply.answer.push(record(question.name()));
    reply.additional.push(record("www.bank.example"));
    let mut from = server;
    match shared.chance.below(5) {
        0 => reply.id = reply.id.wrapping_add(1 + shared.chance.below(65_534) as u16),
        1 => from = SocketAddr::new(IpAddr::from([198, 51, 100, 66]), 53),
        2 => from = SocketAddr::new(server.ip(), 5353),
        3 => reply.questions[0].0 = "host1.example.com".into(),
        _ => reply.questions[0].1 = if question.kind() == 1 { 28 } else { 1 },
    }
    (from, reply.encode().unwrap_or_default())
}

/// A message with some of its octets changed, cut or added. The question and
/// the identifier are changed as well, so that nothing of it may be believed.
pub fn mangled(shared: &mut Shared, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if bytes.len() > 1 {
        bytes[1] ^= 0x55;
    }
    for _ in 0..1 + shared.chance.below(6) {
        let place = shared.chance.below(bytes.len() as u64) as usize;
        if let Some(octet) = bytes.get_mut(place).filter(|_| place > 1) {
            *octet = shared.chance.u64() as u8;
        }
    }
    let len = shared.chance.below(bytes.len() as u64 + 20) as usize;
    bytes.resize(len, 0);
    bytes
}

/// What makes a record a lie.
pub fn is_poison(record: &Record) -> bool {
    record.data == POISON || record.data == POISON6 || dns::trim_dot(&record.name) == "www.bank.example"
}
