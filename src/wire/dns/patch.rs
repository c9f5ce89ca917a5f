//! Changes to a finished message in place: those that keep every offset, so
//! compressed names stay right. What is not there is not changed.

use super::codes::{class, kind};
use super::message::{Message, Record, Records, Section};
use std::net::Ipv4Addr;

/// Sets the identifier.
pub fn set_id(bytes: &mut [u8], id: u16) {
    put(bytes, 0, &id.to_be_bytes());
}

/// Sets the flags word (`codes::flag`).
pub fn set_flags(bytes: &mut [u8], flags: u16) {
    put(bytes, 2, &flags.to_be_bytes());
}

/// Lowers every TTL above `max`; OPT records have none.
pub fn cap_ttls(bytes: &mut [u8], max: u32) {
    let Some(mut place) = Message::parse(bytes).map(|message| message.records().place()) else { return };
    loop {
        let mut records = Records::resume(bytes, place);
        let Some(record) = records.find(|r| r.ttl > max && !r.is_pseudo()) else { return };
        place = records.place();
        let at = record.ttl_at;
        put(bytes, at, &max.to_be_bytes());
    }
}

/// Replaces the IPv4 addresses (records of type A, class IN) of the answer and
/// the additional section for which `new` has another. True when it had one.
pub fn rewrite_ipv4(bytes: &mut [u8], new: &mut dyn FnMut(&Record, Ipv4Addr) -> Option<Ipv4Addr>) -> bool {
    let Some(mut place) = Message::parse(bytes).map(|message| message.records().place()) else { return false };
    let mut any = false;
    loop {
        let mut records = Records::resume(bytes, place);
        let mut at_new = |record: Record| {
            let mut data = record.data;
            if (record.kind, record.class) != (kind::A, class::IN) || record.section == Section::Authority {
                return None;
            }
            let old = data.array::<4>().filter(|_| data.is_empty())?;
            Some((record.end().checked_sub(4)?, new(&record, old.into())?))
        };
        let Some((at, new)) = records.find_map(&mut at_new) else { return any };
        place = records.place();
        put(bytes, at, &new.octets());
        any = true;
    }
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at.saturating_add(value.len())) {
        place.copy_from_slice(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ttls_are_capped_and_nothing_else_changes() {
        let mut bytes = b"\0\x01\x81\x80\0\x01\0\x02\0\0\0\x01\x01a\0\0\x01\0\x01\
            \xC0\x0C\0\x01\0\x01\0\0\x0E\x10\0\x04\x01\x02\x03\x04\
            \xC0\x0C\0\x01\0\x01\0\0\0\x10\0\x04\x01\x02\x03\x05\
            \0\0\x29\x04\xD0\0\0\x80\0\0\0"
            .to_vec();
        let before = bytes.clone();
        cap_ttls(&mut bytes, 60);
        let message = Message::parse(&bytes).unwrap();
        let ttls: Vec<_> = message.records().map(|r| (r.kind, r.ttl)).collect();
        assert_eq!(ttls, [(kind::A, 60), (kind::A, 16), (kind::OPT, 0x8000)]);
        let changed = before.iter().zip(&bytes).filter(|(a, b)| a != b).count();
        assert_eq!(changed, 2, "0E10 became 003C");
        set_id(&mut bytes, 0x1234);
        set_flags(&mut bytes, 0x8583);
        assert_eq!(&bytes[..6], b"\x12\x34\x85\x83\0\x01");
    }

    #[test]
    fn what_is_cut_is_left_alone() {
        let mut short = [1, 2, 3];
        set_id(&mut short, 0x0909);
        set_flags(&mut short, 0x0808);
        cap_ttls(&mut short, 0);
        assert_eq!(short, [9, 9, 3]);
    }
}
