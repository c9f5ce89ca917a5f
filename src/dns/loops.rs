//! Servers that send questions back here (`dns-loop-detect`): each server for
//! every name is asked for a name made up for it, and one whose name comes back
//! as a question is not used any more, until the servers are others.

use crate::base::bytes::Writer;
use crate::base::text;
use crate::base::time::{Due, Millis, Why};
use crate::dns::admit::Query;
use crate::dns::pending::{PERSONAL, PROBE};
use crate::dns::rules::{self, Found};
use crate::dns::{Forwarder, Surroundings, upstream};
use crate::outbox::action::{Door, Route};
use crate::wire::dns::build::Reply;
use crate::wire::dns::codes::{class, flag, kind};
use crate::wire::dns::name::Name;

/// A probe is waited for so long.
const PATIENCE_MS: u64 = 5_000;

/// The name of a probe: eight hexadecimal digits below `test`.
const NAME_LEN: usize = 15;

/// Its question section.
const QUESTION_LEN: usize = NAME_LEN + 4;

/// The name for a number, in wire form.
fn name(number: u32) -> [u8; NAME_LEN] {
    let mut name = [0; NAME_LEN];
    let mut out = Writer::new(&mut name);
    out.u8(8);
    number.to_be_bytes().into_iter().for_each(|octet| text::hex2(&mut out, octet));
    out.bytes(b"\x04test\0");
    name
}

impl Forwarder {
    /// The servers are others: they are to be probed.
    pub(super) fn probe_servers(&mut self, with: &Surroundings) {
        if with.config.dns.loop_detect {
            self.upstream.forget_loops();
            self.next_probe = Some(0);
        }
    }

    /// Sends probes, as many as one turn takes.
    pub(super) fn probes_due(&mut self, with: &mut Surroundings) {
        while with.out.has_room()
            && let Some(position) = self.next_probe
        {
            let mut found = Found::default();
            rules::find(&with.config.dns, &self.upstream, Name::ROOT, kind::TXT, &mut found);
            let server = found.group.get(usize::from(position)).copied();
            self.next_probe = server.map(|_| position.saturating_add(1));
            if let Some(server) = server {
                self.probe(with, server);
            }
        }
    }

    /// Asks a server for the name made up for it.
    fn probe(&mut self, with: &mut Surroundings, server: u16) {
        let number = with.random.u32();
        let id = self.fresh_id(with);
        let Some(slot) = self.pending.open(number, id, with.now.mono) else { return };
        let mut question = [0; QUESTION_LEN];
        let mut out = Writer::new(&mut question);
        out.bytes(&name(number));
        out.u16(kind::TXT);
        out.u16(class::IN);
        let mut out = self.pending.query_writer(slot);
        let room = out.room();
        let len = Reply::new(&mut out, id, flag::RD, 1, &question, room, 0).finish();
        let len = len.and_then(|len| u16::try_from(len).ok()).unwrap_or(0);
        self.upstream.set_probe(server, number);
        self.ask_alone(with, slot, server, (len, QUESTION_LEN as u16), PATIENCE_MS);
    }

    /// Sends the query stored in `slot` (its octets, and those of its question)
    /// to one server, whose answer nobody waits for.
    pub(super) fn ask_alone(&mut self, with: &mut Surroundings, slot: u16, server: u16, lens: (u16, u16), patience_ms: u64) {
        let Some(entry) = self.pending.get_mut(slot) else { return };
        entry.traits = PERSONAL | PROBE;
        (entry.len, entry.question_len) = lens;
        let _ = entry.group.try_push(server);
        (entry.asked, entry.opened, entry.sent) = (1, 1, 1);
        self.pending.set_due(slot, with.now.mono.plus_ms(patience_ms));
        let Some(to) = self.upstream.addr(&with.config.dns, server) else { return };
        let configured = with.config.dns.servers.get(usize::from(server));
        let (source, iface) = upstream::way_to(configured, with.interfaces);
        let door = Door::Upstream { slot: self.open_door(with, slot, 0, configured), v6: to.is_ipv6() };
        let bytes = self.pending.query(slot);
        with.out.datagram(Route { door, to, source, iface }, bytes.len(), |out| out.bytes(bytes));
    }

    /// True when a question is a probe that came back: its server is not used
    /// any more, and the question has no answer.
    pub(super) fn is_loop(&mut self, with: &mut Surroundings, query: &Query) -> bool {
        let asked = query.question.name.wire();
        if !with.config.dns.loop_detect || query.question.kind != kind::TXT || asked.len() != NAME_LEN {
            return false;
        }
        let found = self.upstream.loop_at(&mut |number| asked.eq_ignore_ascii_case(&name(number)));
        if found {
            self.list_servers(with);
        }
        found
    }

    /// When probes are to be sent: at once.
    pub(super) fn probes_next_due(&self) -> Option<Due> {
        self.next_probe.map(|_| Due { at: Millis::default(), why: Why::Forward })
    }
}
