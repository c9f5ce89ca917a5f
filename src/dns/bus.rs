//! What subscribers on the bus hear of questions and answers: the addresses that
//! upstream servers give for names, and what the mark of a connection did not
//! allow. Nothing is waited for: an answer that a subscriber would rather change
//! is on its way.

use crate::base::bytes::Writer;
use crate::base::text;
use crate::dns::Surroundings;
use crate::outbox::action::About;
use crate::wire::blob::{number_field, put_field, text_field, field};
use crate::wire::dns::codes::{class, kind};
use crate::wire::dns::message::{Message, Section};
use crate::wire::dns::name::Name;
use std::net::IpAddr;

/// Tells of each address in an upstream answer (`dns_result`).
pub(super) fn result(with: &mut Surroundings, answer: &Message) {
    if !with.out.hears.answers {
        return;
    }
    for mut record in answer.section(Section::Answer).filter(|record| record.class == class::IN) {
        let found = match record.kind {
            kind::A => record.data.array::<4>().map(|octets| ("A", IpAddr::from(octets))),
            kind::AAAA => record.data.array::<16>().map(|octets| ("AAAA", IpAddr::from(octets))),
            _ => None,
        };
        let (Some((kind, addr)), Some(owner)) = (found, record.owner()) else { continue };
        if !with.out.has_room_for_log() {
            return;
        }
        with.out.tell_bus(About::Answers, b"dns_result", &mut |out| {
            name_field(out, owner.name());
            number_field(out, b"ttl", record.ttl);
            text_field(out, b"type", kind.as_bytes());
            put_field(out, field::STRING, b"address", &mut |out| {
                text::ip(out, addr);
                out.u8(0);
            });
        });
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
        name_field(out, name);
    });
}

fn name_field(out: &mut Writer, name: Name) {
    put_field(out, field::STRING, b"name", &mut |out| {
        name.text(out);
        out.u8(0);
    });
}
