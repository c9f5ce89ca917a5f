//! Host names of DHCP clients: which names are taken as they come (RFC 1123
//! §2.1, RFC 4702), and who may have one that another lease has.
//!
//! Only letters, digits, `-` and `_` get past this file, so no name can break
//! a line of the log, of the lease file or of what reads them.

use crate::base::bytes::{Reader, Writer};
use crate::base::net::HwAddr;
use crate::limits::HOST_NAME_MAX;
use crate::store::leases::{LeaseId, Leases};
use crate::wire::dns::name::{NAME_MAX, Name, NameBuf};
use arrayvec::ArrayVec;

/// The name that a client sent.
#[derive(Clone, Default)]
pub struct ClientName {
    text: ArrayVec<u8, NAME_MAX>,
    label_len: usize,
}

impl ClientName {
    /// Takes a name from text (option 12, or option 81 in its old form); a
    /// final zero is dropped. Nothing for a name that is not legal.
    pub fn from_text(text: &[u8]) -> Option<Self> {
        let text = text.strip_suffix(&[0]).unwrap_or(text);
        let label = legal_label(text)?;
        let mut name = ClientName { text: ArrayVec::new(), label_len: label.len() };
        name.text.try_extend_from_slice(text).ok()?;
        Some(name)
    }

    /// Takes a name from labels with lengths (option 81, RFC 4702 §2.3.1): with
    /// or without the final root.
    pub fn from_labels(labels: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(labels);
        let mut text = ArrayVec::<u8, NAME_MAX>::new();
        while let Some(len) = reader.u8().filter(|len| *len != 0) {
            if !text.is_empty() {
                text.try_push(b'.').ok()?;
            }
            text.try_extend_from_slice(reader.take(len.into())?).ok()?;
        }
        Self::from_text(&text)
    }

    /// The whole name.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// The host's own label.
    pub fn label(&self) -> &[u8] {
        self.text.get(..self.label_len).unwrap_or_default()
    }

    /// What stands behind the first dot; empty if there is nothing.
    pub fn domain(&self) -> &[u8] {
        self.text.get(self.label_len.saturating_add(1)..).unwrap_or_default()
    }
}

/// The first label of a name, if it can be a host name: 1 to 63 letters,
/// digits, `-` and `_`, the last two not first. No octet of the rest may be a
/// control character, and no label longer than 63.
pub fn legal_label(name: &[u8]) -> Option<&[u8]> {
    let mut labels = name.split(|octet| *octet == b'.');
    let label = labels.next()?;
    let first = label.first()?;
    let plain = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    let rest = |label: &[u8]| label.len() <= HOST_NAME_MAX && !label.iter().any(u8::is_ascii_control);
    let legal = first.is_ascii_alphanumeric()
        && label.iter().all(plain)
        && label.len() <= HOST_NAME_MAX
        && labels.all(rest)
        && name.len() <= NAME_MAX;
    legal.then_some(label)
}

/// A name made of a hardware address: `aa-bb-cc-dd-ee-ff`.
pub fn generated(hw: &HwAddr) -> ArrayVec<u8, HOST_NAME_MAX> {
    let mut buffer = [0; HOST_NAME_MAX];
    let mut out = Writer::new(&mut buffer);
    crate::base::text::hex(&mut out, hw.octets(), b'-');
    let mut name = ArrayVec::new();
    // 16 octets give 47 characters.
    let _ = name.try_extend_from_slice(out.written());
    name
}

/// True when `domain`, as text, is `zone`, in wire form.
pub fn is_domain(domain: &[u8], zone: Option<&[u8]>) -> bool {
    let (Some(text), Some(zone)) = (NameBuf::from_text(domain), zone.and_then(Name::new)) else {
        return false;
    };
    text.name().same(zone)
}

/// Gives a name to a lease. A name of the configuration (`ours`) is taken from
/// whoever has it; a client's name only from another client, the newest
/// having it. With `dhcp-fqdn` (`same_domain` says whether two addresses share
/// a domain) a name may exist once in each domain. Says whether the name of the
/// lease changed, and whether another lease lost it.
pub fn give_name(
    leases: &mut Leases,
    id: LeaseId,
    name: &[u8],
    ours: bool,
    same_domain: impl Fn(std::net::Ipv4Addr, std::net::Ipv4Addr) -> bool,
) -> (bool, bool) {
    let Some(lease) = leases.get(id) else { return (false, false) };
    let addr = lease.addr;
    if lease.name().eq_ignore_ascii_case(name) {
        if ours {
            let mut own = ArrayVec::<u8, HOST_NAME_MAX>::new();
            let _ = own.try_extend_from_slice(lease.name());
            leases.set_name(id, &own, true);
        }
        return (false, false);
    }
    let rival = leases.ids_by_name(name).find(|other| {
        *other != id && leases.get(*other).is_some_and(|lease| same_domain(lease.addr, addr))
    });
    if let Some(rival) = rival {
        if !ours && leases.get(rival).is_some_and(|lease| lease.name_is_ours) {
            leases.set_name(id, b"", false);
            return (true, false);
        }
        leases.set_name(rival, b"", false);
    }
    leases.set_name(id, name, ours);
    (true, rival.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_do_harm_are_no_names() {
        for bad in [
            &b""[..], b"-a", b"_a", b".a", b"a b", b"a\nb", b"a\0b", b"caf\xc3\xa9", b"*", b"a/b", b"a\n.lan",
            b"a.b\nc", b"a:b", &[b'a'; 64],
        ] {
            assert!(ClientName::from_text(bad).is_none(), "{bad:?}");
        }
        for (good, label, domain) in [
            (&b"laptop"[..], &b"laptop"[..], &b""[..]),
            (b"laptop\0", b"laptop", b""),
            (b"under_score", b"under_score", b""),
            (b"123", b"123", b""),
            (b"a..b", b"a", b".b"),
            (b"pc.Example.org", b"pc", b"Example.org"),
        ] {
            let name = ClientName::from_text(good).unwrap();
            assert_eq!((name.label(), name.domain()), (label, domain));
        }
    }

    #[test]
    fn labels_of_option_81_with_and_without_the_root() {
        for labels in [&b"\x02pc\x03lan\x00"[..], b"\x02pc\x03lan"] {
            let name = ClientName::from_labels(labels).unwrap();
            assert_eq!((name.label(), name.domain()), (&b"pc"[..], &b"lan"[..]));
        }
        assert!(ClientName::from_labels(b"\x09pc").is_none());
        assert!(ClientName::from_labels(b"").is_none());
        assert!(ClientName::from_labels(b"\x03p.c").is_some(), "a dot inside a label is a dot");
    }
}
