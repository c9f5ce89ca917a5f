//! The DNS clients of the simulation, by UDP and TCP, and what must be true of
//! every answer they get.

use crate::dhcp_client::DhcpWorld;
use crate::lab::Lab;
use crate::lab::dns::{self, Message, Opt, TC};
use crate::truth;
use crate::upstream::is_poison;
use crate::world::{Load, Peer, Shared, Who};
use ironmasq::outbox::action::{Arrival, Door};
use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

const STUBS: usize = 6;

/// A question by UDP: how often it reached the machine, how often it was
/// answered.
struct Asked {
    message: Message,
    reached: u32,
    answered: u32,
}

/// A client that asks by TCP.
#[derive(Default)]
struct Connection {
    slot: Option<(u8, u32)>,
    /// It has said all it will say.
    ended: bool,
    waiting: VecDeque<Message>,
}

pub struct Stubs {
    asked: BTreeMap<(SocketAddr, u16), Asked>,
    connections: Vec<Connection>,
    /// When an honest answer about a name last reached the machine.
    learnt: BTreeMap<String, u64>,
    pub answers: u64,
}

fn client(number: usize, port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::from([192, 168, 1, 50 + number as u8]), port)
}

impl Stubs {
    pub fn new(shared: &mut Shared) -> Stubs {
        for number in 0..STUBS {
            let at = shared.chance.below(2_000);
            shared.wake(at, Who::Stub(number));
        }
        let connections = (0..STUBS).map(|_| Connection::default()).collect();
        Stubs { asked: BTreeMap::new(), connections, learnt: BTreeMap::new(), answers: 0 }
    }

    pub fn wake(&mut self, shared: &mut Shared, lab: &mut Lab, number: usize) {
        let now = lab.now.mono.0;
        let pause = shared.chance.pick(&[5, 100, 3_000, 30_000]);
        let at = now + 1 + shared.chance.below(pause);
        shared.wake(at, Who::Stub(number));
        let mut message = question(shared);
        if shared.chance.percent(15) {
            self.by_stream(shared, lab, number, message);
            return;
        }
        let mut from = client(number, 20_000 + shared.chance.below(30_000) as u16);
        // Sometimes the client asks again what it has asked before.
        if shared.chance.percent(15) {
            let old = self.asked.iter().nth(shared.chance.below(self.asked.len() as u64) as usize);
            if let Some((key, asked)) = old {
                from = key.0;
                message = asked.message.clone();
            }
        }
        let bytes = message.encode().unwrap_or_default();
        self.asked.entry((from, message.id)).or_insert(Asked { message, reached: 0, answered: 0 });
        let to = IpAddr::from([192, 168, 1, 1]);
        let arrival = Arrival { door: Door::Dns(0), from, to, iface: 1 };
        shared.send(now, Load::Machine { arrival, port: 0, bytes });
    }

    fn by_stream(&mut self, shared: &mut Shared, lab: &mut Lab, number: usize, message: Message) {
        let now = lab.now.mono.0;
        let connection = &mut self.connections[number];
        if connection.slot.is_none() {
            let to = IpAddr::from([192, 168, 1, 1]);
            let Some(slot) = lab.accept(client(number, 30_000), to, 1) else { return };
            let life = shared.new_stream(slot, Peer::Stub(number));
            *connection = Connection { slot: Some((slot, life)), ..Connection::default() };
        }
        let Some((slot, life)) = connection.slot.filter(|_| !connection.ended) else { return };
        let bytes = message.encode().unwrap_or_default();
        let mut framed = [&(bytes.len() as u16).to_be_bytes()[..], &bytes].concat();
        let mut at = now;
        // A question cut short ends the connection later; nobody waits for it.
        if shared.chance.percent(5) {
            framed.truncate(shared.chance.below(framed.len() as u64) as usize);
            framed.push(0);
            shared.send_stream(at, slot, life, framed);
            shared.send_stream(at + 1, slot, life, Vec::new());
            connection.slot = None;
            connection.waiting.clear();
            return;
        }
        connection.waiting.push_back(message);
        while !framed.is_empty() {
            let n = (1 + shared.chance.below(60) as usize).min(framed.len());
            let rest = framed.split_off(n);
            shared.send_stream(at, slot, life, framed);
            framed = rest;
        }
        at += 1;
        if shared.chance.percent(10) {
            connection.ended = true;
            shared.send_stream(at, slot, life, Vec::new());
        }
    }

    /// A datagram reached the machine.
    pub fn delivered(&mut self, arrival: &Arrival, bytes: &[u8]) {
        if !matches!(arrival.door, Door::Dns(_)) || bytes.len() < 2 {
            return;
        }
        let id = u16::from_be_bytes([bytes[0], bytes[1]]);
        if let Some(asked) = self.asked.get_mut(&(arrival.from, id)) {
            asked.reached += 1;
        }
    }

    /// An upstream answer reached the machine: honest ones are remembered, for
    /// nothing may live longer than they say.
    pub fn upstream_said(&mut self, now: u64, _arrival: &Arrival, bytes: &[u8]) {
        if let Ok(message) = Message::decode(bytes)
            && !message.answer.iter().any(is_poison)
        {
            self.learnt.insert(message.name().to_ascii_lowercase(), now);
        }
    }

    /// The same by TCP, where a message comes in pieces: any piece counts for
    /// all names, which only makes the check milder.
    pub fn upstream_stream_said(&mut self, now: u64, _bytes: &[u8]) {
        for number in 0..truth::NAMES {
            self.learnt.insert(truth::name(number), now);
        }
    }

    pub fn restarted(&mut self) {
        for asked in self.asked.values_mut() {
            asked.reached = asked.answered;
        }
        for connection in &mut self.connections {
            *connection = Connection::default();
        }
    }

    pub fn closed(&mut self, number: usize) {
        self.connections[number] = Connection::default();
    }

    /// A connection was torn down.
    pub fn reset_of(&mut self, slot: u8) {
        for connection in &mut self.connections {
            if connection.slot.is_some_and(|(found, _)| found == slot) {
                *connection = Connection::default();
            }
        }
    }

    /// The machine answers by UDP.
    pub fn answered(&mut self, now: u64, to: SocketAddr, bytes: &[u8], dhcp: &DhcpWorld) -> Result<(), String> {
        let message = Message::decode(bytes).map_err(|why| format!("a broken answer: {why}"))?;
        let Some(asked) = self.asked.get_mut(&(to, message.id)) else {
            // Rubbish may look enough like a question to be answered.
            return Ok(());
        };
        asked.answered += 1;
        if asked.answered > asked.reached {
            return Err(format!("{} answers to {} questions of {to} id {}", asked.answered, asked.reached, message.id));
        }
        let question = asked.message.clone();
        let limit = question.opt.as_ref().map_or(512, |opt| usize::from(opt.size.max(512)));
        if bytes.len() > limit.max(1232) || (question.opt.is_none() && bytes.len() > 512) {
            return Err(format!("{} octets for a client that takes {limit}", bytes.len()));
        }
        self.answers += 1;
        self.true_answer(now, &question, &message, dhcp)
    }

    /// The machine answers by TCP, in whatever order.
    pub fn answered_by_stream(
        &mut self,
        now: u64,
        number: usize,
        stream: (u8, u32),
        bytes: &[u8],
        dhcp: &DhcpWorld,
    ) -> Result<(), String> {
        // The client may have given that connection up.
        if self.connections[number].slot != Some(stream) {
            return Ok(());
        }
        let message = Message::decode(bytes).map_err(|why| format!("a broken answer by TCP: {why}"))?;
        let waiting = &mut self.connections[number].waiting;
        let question = waiting.iter().position(|question| question.id == message.id).and_then(|at| waiting.remove(at));
        let Some(question) = question else {
            return Err(format!("an answer by TCP with id {} that nobody waits for", message.id));
        };
        self.answers += 1;
        self.true_answer(now, &question, &message, dhcp)
    }

    fn true_answer(&self, now: u64, question: &Message, message: &Message, dhcp: &DhcpWorld) -> Result<(), String> {
        let wrong = |why: &str| Err(format!("{why}: asked {:?}, answered {message:?}", question.questions));
        if message.flags & dns::QR == 0 || message.questions != question.questions {
            return wrong("an answer to another question");
        }
        if message.opt.is_some() != question.opt.is_some() {
            return wrong("EDNS for a client without, or none for one with it");
        }
        let records = || message.answer.iter().chain(&message.authority).chain(&message.additional);
        if records().any(is_poison) {
            return wrong("a forged answer came through");
        }
        let (name, kind) = (question.name().to_ascii_lowercase(), question.kind());
        if let Some(number) = name.strip_prefix("client").and_then(|rest| rest.strip_suffix(".lan")) {
            let number = number.parse().unwrap_or(usize::MAX);
            let bad = message.answer.iter().find(|record| record.kind == 1 && !dhcp.ever_had(number, &record.data));
            return if bad.is_some() { wrong("the name of a client with an address it never had") } else { Ok(()) };
        }
        if !name.ends_with(".example.net") {
            return Ok(());
        }
        let truth = truth::of(&name, kind);
        let truncated = message.flags & TC != 0;
        match message.rcode() {
            2 | 5 => return if message.answer.is_empty() { Ok(()) } else { wrong("an error with records") },
            3 if !truth.nxdomain => return wrong("a name that exists was denied"),
            0 if truth.nxdomain && !truncated => return wrong("a name that does not exist was found"),
            0 | 3 => {}
            _ => return wrong("a code that nobody said"),
        }
        if message.answer.iter().any(|record| !truth::holds(&name, kind, record)) {
            return wrong("a record that is not true");
        }
        if !truncated && message.rcode() == 0 && message.answer.len() != truth.records.len() {
            return wrong("not all of the truth");
        }
        let learnt = self.learnt.get(&name).copied().unwrap_or(0);
        let too_long = message.answer.iter().zip(&truth.records).any(|(record, true_record)| {
            // Old data that is given while fresh data is asked for claims no time.
            record.ttl > 0 && now / 1000 + u64::from(record.ttl) > learnt / 1000 + u64::from(true_record.ttl) + 1
        });
        if too_long { wrong("a TTL longer than any server said") } else { Ok(()) }
    }
}

fn question(shared: &mut Shared) -> Message {
    let number = shared.chance.below(truth::NAMES);
    let mut name = match shared.chance.below(20) {
        0 => "nas.lan".to_owned(),
        1 | 2 => format!("client{}.lan", shared.chance.below(6)),
        3 => "nosuch.lan".to_owned(),
        4 => "5.1.168.192.in-addr.arpa".to_owned(),
        _ => truth::name(number),
    };
    if shared.chance.percent(20) {
        name = name.chars().map(|c| if shared.chance.percent(50) { c.to_ascii_uppercase() } else { c }).collect();
    }
    let kind = shared.chance.pick(&[1, 1, 1, 28, 15, 16, 12]);
    let mut message = Message::query(shared.chance.u64() as u16, &name, kind);
    if shared.chance.percent(40) {
        let size = shared.chance.pick(&[0, 512, 600, 1232, 4096]);
        message.opt = Some(Opt { size, dnssec_ok: shared.chance.percent(10), ..Opt::default() });
    }
    message
}
