//! What subscribers on the bus hear of questions and answers: the addresses that
//! upstream servers give for names, and what the mark of a connection allowed and
//! did not allow. Nothing is waited for: an answer that a subscriber would rather change
//! is on its way.

use crate::base::bytes::Writer;
use crate::base::text;
use crate::dns::{Surroundings, marks};
use crate::outbox::action::About;
use crate::wire::blob::{number_field, put_field, text_field, field};
use crate::wire::dns::codes::{class, kind, rcode};
use crate::wire::dns::message::{Message, Record, Section};
use crate::wire::dns::name::{Name, NameBuf};
use std::net::IpAddr;

/// Tells of each address in an upstream answer (`dns_result`).
pub(super) fn result(with: &mut Surroundings, answer: &Message) {
    if !with.out.hears.answers {
        return;
    }
    for record in answer.section(Section::Answer) {
        let (Some((kind, addr)), Some(owner)) = (address(&record), record.owner()) else { continue };
        if !with.out.has_room_for_log() {
            return;
        }
        with.out.tell_bus(About::Answers, b"dns_result", &mut |out| {
            name_field(out, b"name", owner.name());
            number_field(out, b"ttl", record.ttl);
            text_field(out, b"type", kind.as_bytes());
            address_field(out, b"address", addr);
        });
    }
}

/// Tells a connection's mark what names stand for that it was told of, where not
/// every name is allowed to it.
pub(super) fn resolved(with: &mut Surroundings, mark: u32, answer: &Message) {
    let is_told = with.out.hears.leases && marks::is_choosy(&with.config.sets, mark);
    if !is_told || answer.rcode() != rcode::NOERROR {
        return;
    }
    for record in answer.section(Section::Answer) {
        let target = (record.kind == kind::CNAME).then(|| NameBuf::read(&mut record.data.clone())).flatten();
        let (addr, target) = (address(&record), target.filter(|target| marks::is_host(target.name())));
        let owner = record.owner().filter(|owner| marks::is_host(owner.name()) && (addr.is_some() || target.is_some()));
        let Some(owner) = owner.filter(|_| with.out.has_room_for_log()) else { continue };
        with.out.tell_bus(About::Leases, b"connmark-allowlist.resolved", &mut |out| {
            number_field(out, b"mark", mark);
            name_field(out, b"name", owner.name());
            match (addr, &target) {
                (Some((_, addr)), _) => address_field(out, b"value", addr),
                (None, Some(target)) => name_field(out, b"value", target.name()),
                (None, None) => {}
            }
            number_field(out, b"ttl", record.ttl);
        });
    }
}

/// The same for an answer of our own.
pub(super) fn resolved_here(with: &mut Surroundings, answer: &[u8]) {
    if with.mark != 0 && let Some(answer) = Message::parse(answer) {
        resolved(with, with.mark, &answer);
    }
}

fn address(record: &Record) -> Option<(&'static str, IpAddr)> {
    let mut data = record.data.clone();
    match (record.class, record.kind) {
        (class::IN, kind::A) => data.array::<4>().map(|octets| ("A", IpAddr::from(octets))),
        (class::IN, kind::AAAA) => data.array::<16>().map(|octets| ("AAAA", IpAddr::from(octets))),
        _ => None,
    }
}

/// Tells that a question for `name` was refused to a connection with the mark.
pub(super) fn refused(with: &mut Surroundings, name: Name) {
    if !with.out.hears.leases {
        return;
    }
    let mark = with.mark;
    with.out.tell_bus(About::Leases, b"connmark-allowlist.refused", &mut |out| {
        number_field(out, b"mark", mark);
        name_field(out, b"name", name);
    });
}

fn address_field(out: &mut Writer, field: &[u8], addr: IpAddr) {
    put_field(out, field::STRING, field, &mut |out| {
        text::ip(out, addr);
        out.u8(0);
    });
}

fn name_field(out: &mut Writer, field: &[u8], name: Name) {
    put_field(out, field::STRING, field, &mut |out| {
        name.text(out);
        out.u8(0);
    });
}
