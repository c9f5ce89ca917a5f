//! DNS over TCP on both sides, given arbitrary octets in arbitrary pieces.
//!
//! The input is a list of steps: what happens (one octet), how long its octets
//! are (one octet), the octets. A stream is read and written only while it is
//! open, and no more is taken from it than it has to say. In the end everybody
//! falls silent: then every stream is closed before long.

use ironmasq::base::bytes::Reader;
use ironmasq::base::random::Random;
use ironmasq::base::time::{Millis, Now, UnixTime};
use ironmasq::config::{self, Outcome};
use ironmasq::daemon::core::Core;
use ironmasq::outbox::action::Action;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

const CONFIG: &str = "no-resolv\nno-hosts\nserver=10.99.0.1\nserver=10.99.0.2\nmax-tcp-connections=3\nlog-queries=extra\n\
    stop-dns-rebind\naddress=/here.test/10.0.0.1\nauth-server=ns.zone\nauth-zone=zone\nauth-sec-servers=ns2.zone\n\
    host-record=a.zone,10.0.0.1\ntxt-record=b.zone,text\n";

/// Work that one moment may take.
const TURNS: usize = 1000;

/// Everything is over after so long a silence.
const SILENCE_MS: u64 = 120_000;

struct World {
    core: Core,
    now: Now,
    /// Slots that are open: true when the stream stands.
    open: BTreeMap<u8, bool>,
    /// Questions that links carried.
    asked: Vec<(u8, Vec<u8>)>,
}

/// Runs the steps in `bytes`.
pub fn run(bytes: &[u8]) {
    let key = ironmasq::base::hash::Key::new(&mut Random::seeded(1));
    let Outcome::Run(config, _) = config::read_text(CONFIG.as_bytes(), "streams.conf", key) else {
        panic!("the configuration is right");
    };
    let core = Core::new(*config, Random::seeded(1));
    let now = Now { mono: Millis(1_000), wall: UnixTime(1_700_000_000) };
    let mut world = World { core, now, open: BTreeMap::new(), asked: Vec::new() };
    let mut reader = Reader::new(bytes);
    while let (Some(what), Some(len)) = (reader.u8(), reader.u8()) {
        let len = usize::from(len).min(reader.remaining());
        let octets = reader.take(len).expect("so much is left");
        world.step(what & 15, what >> 4, octets);
        world.perform();
        world.core.dns.as_ref().expect("DNS is on").check();
    }
    world.pass(SILENCE_MS);
    assert!(world.open.is_empty(), "{:?} stay open", world.open);
}

impl World {
    /// One of the open slots.
    fn pick(&self, who: u8, stands: bool) -> Option<u8> {
        let fit: Vec<u8> = self.open.iter().filter(|(_, state)| **state == stands).map(|(slot, _)| *slot).collect();
        fit.get(usize::from(who) % fit.len().max(1)).copied()
    }

    fn step(&mut self, what: u8, who: u8, octets: &[u8]) {
        match what {
            0 | 1 => {
                let client = SocketAddr::from(([192, 168, 77, 2 + who], 4000));
                let router = IpAddr::from([192, 168, 77, 1]);
                if let Some(slot) = self.core.stream_accepted(0, client, router, 0, self.now) {
                    self.perform();
                    assert!(self.open.insert(slot, true).is_none(), "a slot is handed out twice");
                }
            }
            2..=4 => self.say(who, &question(who, octets)),
            5 => self.say(who, octets),
            6 | 7 => self.answer(who, octets),
            8 | 9 => self.connect(who, true),
            10 => self.connect(who, false),
            11 => self.pass(octets.iter().take(8).fold(0, |sum, octet| sum * 8 + u64::from(*octet)) % 40_000),
            12 => self.read(self.pick(who, true), &[]),
            13 => {
                if let Some(slot) = self.pick(who, true) {
                    self.core.stream_failed(slot, self.now);
                }
            }
            _ => self.write(self.pick(who, true), 1 + octets.len() * 300),
        }
    }

    /// Octets in pieces, as they find room.
    fn say(&mut self, who: u8, octets: &[u8]) {
        let slot = self.pick(who, true);
        for piece in octets.chunks(1 + usize::from(who) * 20) {
            self.read(slot, piece);
            self.perform();
        }
    }

    fn read(&mut self, slot: Option<u8>, octets: &[u8]) {
        let Some(slot) = slot.filter(|slot| self.open.contains_key(slot)) else { return };
        let room = self.core.stream_room(slot);
        let len = room.len().min(octets.len());
        if !room.is_empty() {
            room[..len].copy_from_slice(&octets[..len]);
            self.core.stream_read(slot, len, self.now);
        }
    }

    fn write(&mut self, slot: Option<u8>, most: usize) {
        let Some(slot) = slot.filter(|slot| self.open.get(slot) == Some(&true)) else { return };
        let output = self.core.stream_output(slot).to_vec();
        let len = output.len().min(most);
        if len == 0 {
            return;
        }
        if output.len() == len && output.len() > 14 {
            self.asked.push((slot, output[2..].to_vec()));
        }
        self.core.stream_wrote(slot, len, self.now);
        self.perform();
    }

    /// A server answers something that it was asked.
    fn answer(&mut self, who: u8, octets: &[u8]) {
        if self.asked.is_empty() {
            return;
        }
        let (slot, asked) = self.asked.swap_remove(usize::from(who) % self.asked.len());
        let end = asked.iter().skip(12).position(|octet| *octet == 0).map_or(asked.len(), |at| (at + 17).min(asked.len()));
        let counts = [0x81, 0x80, 0, 1, 0, who & 3, 0, 0, 0, 0];
        let mut message = [&asked[..2], &counts, &asked[12..end.max(12)], octets].concat();
        // A large answer now and then.
        if who == 15 {
            message.resize(message.len() + 20_000, 0);
        }
        let framed = [&(message.len() as u16).to_be_bytes()[..], &message].concat();
        for piece in framed.chunks(4000) {
            self.read(Some(slot), piece);
            self.perform();
        }
    }

    fn connect(&mut self, who: u8, ok: bool) {
        if let Some(slot) = self.pick(who, false) {
            self.open.insert(slot, true);
            self.core.stream_connected(slot, ok, self.now);
        }
    }

    fn pass(&mut self, millis: u64) {
        let end = self.now.mono.0 + millis;
        for _ in 0..TURNS {
            let due = self.core.next_due().filter(|due| due.at.0 <= end);
            let Some(due) = due else {
                self.now.mono = Millis(end);
                return;
            };
            self.now.mono = self.now.mono.max(due.at);
            self.core.due(self.now);
            self.perform();
        }
        panic!("a deadline that never ends");
    }

    fn perform(&mut self) {
        for _ in 0..TURNS {
            assert_eq!(self.core.outbox.lost(), 0);
            let actions = self.core.outbox.actions().to_vec();
            self.core.outbox.clear();
            if actions.is_empty() {
                return;
            }
            for action in actions {
                match action {
                    Action::StreamConnect { slot, .. } => {
                        assert!(self.open.insert(slot, false).is_none(), "connected while it is open");
                    }
                    Action::StreamClose { slot } => {
                        assert!(self.open.remove(&slot).is_some(), "closed twice");
                        self.asked.retain(|(of, _)| *of != slot);
                    }
                    _ => {}
                }
            }
        }
        panic!("an outbox that never empties");
    }
}

/// A question with its length in front: about one of a few names.
fn question(who: u8, octets: &[u8]) -> Vec<u8> {
    let names: [&[u8]; 4] = [b"\x01a\x04here\x04test\0", b"\x04zone\0", b"\x01q\x07example\0", b"\x01r\x07example\0"];
    let kind = if who & 3 == 1 { 252 } else { 1 };
    let mut message = vec![who, octets.len() as u8, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    message.extend_from_slice(names[usize::from(who & 3)]);
    message.extend([0, kind, 0, 1]);
    message.extend(octets);
    [&(message.len() as u16).to_be_bytes()[..], &message].concat()
}
