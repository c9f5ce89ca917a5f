//! May a question with this mark ask for this name (`connmark-allowlist`)?
//! Marks are those that connection tracking gives the connections of clients;
//! the daemon asks the kernel for them.

use crate::config::sets::{Allowed, Sets};
use crate::wire::dns::name::Name;

/// True when a question for `name` by a connection with `mark` is answered.
pub(super) fn allow(sets: &Sets, mark: u32, name: Name) -> bool {
    let mark = mark & sets.filter().unwrap_or(0);
    mark == 0 || of(sets, mark).any(|allowed| lists(allowed, name))
}

fn of(sets: &Sets, mark: u32) -> impl Iterator<Item = &Allowed> {
    sets.allowed.iter().filter(move |allowed| mark & allowed.mask == allowed.mark)
}

/// True when a mark may ask for some names and not for others: whoever lets traffic
/// pass by what was resolved wants to hear of it.
pub(super) fn is_choosy(sets: &Sets, mark: u32) -> bool {
    let mark = mark & sets.filter().unwrap_or(0);
    mark != 0 && !of(sets, mark).any(|allowed| allowed.patterns.iter().any(|pattern| **pattern == *b"*"))
}

/// True for a name whose labels are those of hosts.
pub(super) fn is_host(name: Name) -> bool {
    name.labels().all(is_host_label)
}

fn lists(allowed: &Allowed, name: Name) -> bool {
    // Whatever stands for letters stands for those of host names only.
    let plain = is_host(name);
    allowed.patterns.iter().any(|pattern| **pattern == *b"*" || plain && fits(pattern, name))
}

fn is_host_label(label: &[u8]) -> bool {
    let inner = |octet: &u8| octet.is_ascii_alphanumeric() || *octet == b'-';
    label.iter().all(inner) && label.first() != Some(&b'-') && label.last() != Some(&b'-')
}

fn fits(pattern: &[u8], name: Name) -> bool {
    let mut parts = pattern.split(|octet| *octet == b'.');
    let same = name.labels().all(|label| parts.next().is_some_and(|part| label_fits(part, label)));
    same && parts.next().is_none()
}

/// A label holds up to two wildcards, so this ends soon.
fn label_fits(pattern: &[u8], label: &[u8]) -> bool {
    match pattern.split_first() {
        None => label.is_empty(),
        Some((b'*', rest)) => (0..=label.len()).any(|from| label.get(from..).is_some_and(|left| label_fits(rest, left))),
        Some((octet, rest)) => {
            label.split_first().is_some_and(|(first, left)| first.eq_ignore_ascii_case(octet) && label_fits(rest, left))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::dns::name::NameBuf;

    #[test]
    fn wildcards_stay_within_their_label() {
        let fits = |pattern: &[u8], name: &[u8]| super::fits(pattern, NameBuf::from_text(name).unwrap().name());
        assert!(fits(b"a.test", b"A.Test") && fits(b"*.a.test", b"b.a.test") && fits(b"x*y.a.test", b"xy.a.test"));
        assert!(fits(b"*1*.a.test", b"212.a.test") && fits(b"**.a.test", b"z.a.test") && fits(b"a*.*.b.c", b"ab.d.b.c"));
        for name in [&b"a.test"[..], b"c.b.a.test", b"a.test.a", b"test", b"."] {
            assert!(!fits(b"*.a.test", name));
        }
        assert!(!fits(b"x*y.a.test", b"xyz.a.test") && !fits(b"*1*.a.test", b"22.a.test"));
    }

    #[test]
    fn only_letters_of_hosts_count() {
        assert!([&b"a"[..], b"a-b", b"1"].iter().all(|label| is_host_label(label)));
        assert!(![&b"-a"[..], b"a-", b"_a", b"a b"].iter().any(|label| is_host_label(label)));
    }
}
