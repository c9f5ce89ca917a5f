//! The answers that leave: those we make up, and those of an upstream server
//! rewritten for one client. Which flags, which spelling, how large, and what
//! the EDNS record says (RFC 6891 §6, RFC 8914 for the reasons of failures).

use crate::base::bytes::Writer;
use crate::config::Screen;
use crate::dns::admit::Query;
use crate::dns::screen::Finding;
use crate::wire::dns::build::Reply;
use crate::wire::dns::codes::{ede, flag, rcode};
use crate::wire::dns::edns::{self, Head, option};
use crate::wire::dns::message::{HEADER, Message, Record, Section};
use crate::wire::dns::patch;
use arrayvec::ArrayVec;

/// Octets that an extended error takes in an OPT record.
const EDE_LEN: usize = 6;

/// Options of an upstream OPT record that are passed on; more are left out.
const OPTIONS_MAX: usize = 16;

/// What an answer is fitted to.
#[derive(Clone, Copy)]
pub struct Client {
    /// Identifier of its question.
    pub id: u16,
    /// Header flags of its question.
    pub flags: u16,
    /// Its question had an OPT record.
    pub edns: bool,
    /// Largest answer it takes.
    pub limit: u16,
}

impl Client {
    /// The client of a question.
    pub fn of(query: &Query) -> Self {
        let (id, flags) = (query.message.id(), query.message.flags());
        Client { id, flags, edns: query.opt.is_some(), limit: query.limit }
    }
}

/// How an upstream answer is changed on its way.
#[derive(Clone, Copy)]
pub struct Changes<'c> {
    /// `edns-packet-max`: what we say we take.
    pub udp_size: u16,
    /// `max-ttl`.
    pub max_ttl: Option<u32>,
    /// The name is known here: NXDOMAIN becomes an answer without data.
    pub name_exists: bool,
    /// The screen in front of upstream servers.
    pub screen: &'c Screen,
    /// What it has found.
    pub finding: Finding,
    /// The type that was asked for.
    pub asked: u16,
    /// `proxy-dnssec`: what the server says of validation is passed on.
    pub proxy: bool,
}

impl Changes<'_> {
    /// True when clients get this record.
    pub fn keeps(&self, record: &Record) -> bool {
        match self.finding {
            Finding::Clean => true,
            Finding::Filtered => record.section != Section::Answer || !self.screen.drops(self.asked, record.kind),
            Finding::Bogus(_) | Finding::Private(_) => false,
        }
    }
}

/// Flags of an answer of our own.
pub fn own_flags(query_flags: u16, code: u8, authoritative: bool) -> u16 {
    let kept = query_flags & (flag::RD | flag::CD | flag::OPCODE);
    let aa = if authoritative { flag::AA } else { 0 };
    flag::QR | flag::RA | kept | aa | u16::from(code)
}

/// Starts an answer of our own to `query`.
pub fn start<'w, 'b>(out: &'w mut Writer<'b>, query: &Query<'w>) -> Reply<'w, 'b> {
    let reserve = if query.opt.is_some() { edns::OPT_LEN.saturating_add(EDE_LEN) } else { 0 };
    let flags = own_flags(query.message.flags(), rcode::NOERROR, false);
    Reply::to(out, query.message, flags, query.limit.into(), reserve)
}

/// Completes an answer of our own; what did not fit leaves it empty and marked.
pub fn finish(reply: &mut Reply, query: &Query, udp_size: u16, why: Option<u16>) -> Option<usize> {
    if reply.is_truncated() {
        reply.truncate();
    }
    if let Some(opt) = &query.opt {
        put_edns(reply, udp_size, opt.flags & edns::DNSSEC_OK, why);
    }
    reply.finish()
}

fn put_edns(reply: &mut Reply, udp_size: u16, flags: u16, why: Option<u16>) {
    let head = Head { udp_size, ext_rcode: 0, flags };
    match why {
        Some(code) => reply.edns(head, &[(option::EDE, &code.to_be_bytes())]),
        None => reply.edns(head, &[]),
    }
}

/// An answer that is nothing but a code, for a client whose question section
/// (in its own spelling) is `question`; `why` explains it. No error: the answer is
/// to be had by TCP.
pub fn error(
    out: &mut Writer,
    client: &Client,
    question: &[u8],
    code: u8,
    udp_size: u16,
    why: Option<u16>,
) -> Option<usize> {
    let cut = if code == rcode::NOERROR { flag::TC } else { 0 };
    let flags = own_flags(client.flags, code, false) | cut;
    let questions = u16::from(!question.is_empty());
    let mut reply = Reply::new(out, client.id, flags, questions, question, client.limit.into(), 0);
    if client.edns {
        put_edns(&mut reply, udp_size, 0, why);
    }
    reply.finish()
}

/// The answer to a message whose question section is not ours to copy: a header
/// with a code, and an OPT record if there was one.
pub fn bare(out: &mut Writer, message: &Message, code: u8, udp_size: u16, why: Option<u16>) -> Option<usize> {
    let edns = matches!(message.opt(), Ok(Some(_)));
    let client = Client { id: message.id(), flags: message.flags(), edns, limit: super::admit::PLAIN_LIMIT };
    let question = if message.question_count() == 1 { message.question_bytes() } else { &[] };
    error(out, &client, question, code, udp_size, why)
}

/// Passes on an upstream answer to a client. An answer that breaks the format
/// becomes SERVFAIL. Nothing when not even that fitted.
pub fn relay(out: &mut Writer, answer: &Message, client: &Client, question: &[u8], changes: &Changes) -> Option<usize> {
    let start = out.len();
    match try_relay(out, answer, client, question, changes) {
        Some(len) => Some(len),
        None => {
            out.rewind(start);
            error(out, client, question, rcode::SERVFAIL, changes.udp_size, Some(ede::OTHER))
        }
    }
}

fn try_relay(out: &mut Writer, answer: &Message, client: &Client, question: &[u8], changes: &Changes) -> Option<usize> {
    let opt = answer.opt().ok()?;
    let why = changes.finding.extended_error().map(u16::to_be_bytes);
    let mut options: ArrayVec<(u16, &[u8]), OPTIONS_MAX> = ArrayVec::new();
    options.extend(why.iter().map(|why| (option::EDE, why.as_slice())));
    options.extend(opt.iter().flat_map(|opt| opt.options()).take(OPTIONS_MAX.saturating_sub(options.len())));
    let room_for = |sum: usize, (_, data): &(u16, &[u8])| sum.saturating_add(4).saturating_add(data.len());
    let reserve = if client.edns { options.iter().fold(edns::OPT_LEN, room_for) } else { 0 };
    let limit = usize::from(client.limit);
    let flags = relayed_flags(answer, client, changes);
    let at = out.len();
    let mut reply = Reply::relay(out, answer, client.id, flags, question, limit, reserve, &|record| changes.keeps(record))?;
    if reply.is_truncated() {
        reply.truncate();
    }
    if client.edns {
        let (ext_rcode, flags) = opt.map_or((0, 0), |opt| (opt.ext_rcode, opt.flags & edns::DNSSEC_OK));
        reply.edns(Head { udp_size: changes.udp_size, ext_rcode, flags }, &options);
    }
    let len = reply.finish()?;
    if let Some(max) = changes.max_ttl {
        patch::cap_ttls(out.written_mut().get_mut(at..)?, max);
    }
    Some(len)
}

/// The flags of an upstream answer as the client gets them: recursion is
/// available here, nothing was validated here, CD and RD are the client's own.
fn relayed_flags(answer: &Message, client: &Client, changes: &Changes) -> u16 {
    // What was changed here was not validated.
    let proxy = changes.proxy && matches!(changes.finding, Finding::Clean) && changes.screen.aliases.is_empty();
    let own = if proxy { 0 } else { flag::AD } | flag::CD | flag::RD;
    let mut flags = answer.flags() & !own | flag::QR | flag::RA | client.flags & (flag::CD | flag::RD);
    if changes.name_exists && answer.rcode() == rcode::NXDOMAIN {
        flags = flags & !flag::RCODE | flag::AA;
    }
    changes.finding.flags(flags)
}

/// The header and the question of an upstream answer, marked truncated: what a
/// client gets whose whole answer has no room left in this turn.
pub fn shortened(out: &mut Writer, answer: &Message, client: &Client, question: &[u8], changes: &Changes) -> Option<usize> {
    let flags = relayed_flags(answer, client, changes) | flag::TC;
    let mut reply = Reply::new(out, client.id, flags, 1, question, client.limit.into(), 0);
    if client.edns {
        put_edns(&mut reply, changes.udp_size, 0, None);
    }
    reply.finish()
}

/// Octets of a `shortened` answer at most.
pub const SHORTENED_MAX: usize = HEADER + 255 + 4 + edns::OPT_LEN;
