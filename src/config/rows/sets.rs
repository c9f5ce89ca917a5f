//! Sets of the kernel that addresses are put into, and marks of connections.

use crate::base::suffix::SuffixBuilder;
use crate::config::NameBox;
use crate::config::draft::Draft;
use crate::config::lexer::{Text, Whole};
use crate::config::refusal::{Applied, ERROR};
use crate::config::row::{Row, flag, many, once};
use crate::config::sets::{Allowed, Lines, Only, Set};
use crate::config::values::{name_or_root, whole};

pub const ROWS: &[Row] = &[
    many("ipset=/<domain>/.../<set>[,...]", 0, ipset, "Put addresses of these domains into IP sets")
        .sets()
        .manual("Puts the addresses that upstream servers give for names in these domains, and below them, into these sets of ipset, \
            so that a firewall can treat them in its own way. The sets must exist; an address that does not fit the family of a \
            set is left out. The longest domain that holds the name decides; /#/ or no domain at all stands for every name. \
            Addresses go in before the answer leaves, and again when it is given from the cache, because an element may have \
            timed out meanwhile or the set been made anew."),
    many("nftset=/<domain>/.../[4#|6#][<family>#]<table>#<set>[,...]", 0, nftset, "Put addresses of these domains into nftables sets")
        .sets()
        .manual("The same as ipset for sets of nftables, which are named by the family of their table (ip if there is none, ip6, inet, \
            arp, bridge or netdev), the table and the set. With 4# or 6# in front only IPv4 or only IPv6 addresses go into the \
            set: a set holds one kind of address, so one line usually names two sets, as in \
            nftset=/example.org/4#inet#fw4#vpn4,6#inet#fw4#vpn6."),
    flag("conntrack", 0, |draft| &mut draft.config.sets.conntrack, "Copy connection marks to upstream")
        .conntrack()
        .manual("Gives questions that go upstream the mark that the kernel's connection tracking has for the client's question, so that \
            a firewall can count or route them with the client. It cannot stand together with query-port."),
    once("connmark-allowlist-enable[=<mask>]", 0, enable, "Filter queries by connection mark")
        .conntrack()
        .manual("Has questions answered only if connmark-allowlist allows their name for the mark that connection tracking has for the \
            client's question. Questions without mark are always answered, others are refused. Of the mark only the bits of the \
            mask count, all of them if there is no mask."),
    many("connmark-allowlist=<mark>[/<mask>][,<pattern>[/<pattern>...]]", 0, allow, "Names that a connection mark may ask for")
        .conntrack()
        .manual("The names that questions with this mark may ask for; with a mask, those whose mark is the same in the bits of the mask. \
            A pattern is a name of two labels at least. In each label but the last two up to two * may stand for any number of \
            letters, which never go beyond the label. The last label may neither be a number nor local. The pattern * alone \
            allows every name. A mark with a mask may be given once."),
];

/// Families of nftables, with their numbers in the kernel (NFPROTO).
const FAMILIES: [(&[u8], u8); 6] =
    [(b"ip", 2), (b"ip6", 10), (b"inet", 1), (b"arp", 3), (b"bridge", 7), (b"netdev", 5)];

/// A domain of a list; nothing and `#` stand for every name.
fn domain(octets: &[u8]) -> Applied<NameBox> {
    name_or_root(match octets.trim_ascii() {
        b"#" => b"",
        // Quirk: of a dot alone there is no domain.
        b"." => return Err(ERROR),
        octets => octets.strip_prefix(b".").unwrap_or(octets),
    })
    .ok_or(ERROR)
}

/// Adds a line; `set` reads one set. Quotes have no effect here.
fn add(lines: &mut Lines, all: &mut SuffixBuilder, text: Text, set: fn(&[u8]) -> Option<Set>) -> Applied {
    let (list, value) = super::upstream::domains_and_value(text);
    if value.is_empty() {
        return Err(ERROR);
    }
    let mut sets = Vec::new();
    let whole = Whole::plain(value);
    for item in whole.text().items() {
        if !item.is_empty() {
            sets.push(set(item.octets()).ok_or(wrong!("bad set: [4#|6#][family#]table#set"))?);
        }
    }
    let number = u32::try_from(lines.lines.len()).unwrap_or(u32::MAX);
    for octets in list.unwrap_or_default().split(|octet| *octet == b'/') {
        let domain = domain(octets)?;
        all.add(&domain, number);
        #[cfg(test)]
        lines.said.push((domain, number));
    }
    lines.lines.push(sets.into());
    Ok(())
}

fn ipset(draft: &mut Draft, text: Text) -> Applied {
    add(&mut draft.config.sets.ip, &mut draft.ip_sets, text, |name| {
        Some(Set { name: name.into(), table: Box::default(), family: 0, only: Only::Any })
    })
}

fn nftset(draft: &mut Draft, text: Text) -> Applied {
    add(&mut draft.config.sets.nft, &mut draft.nft_sets, text, |octets| {
        let (only, rest) = match octets {
            [b'4', b'#', rest @ ..] => (Only::V4, rest),
            [b'6', b'#', rest @ ..] => (Only::V6, rest),
            _ => (Only::Any, octets),
        };
        // Quirk: blanks do as well, as in the tool `nft`.
        let mut parts = rest.split(|octet| matches!(octet, b'#' | b' '));
        let (first, second, third) = (parts.next()?, parts.next()?, parts.next());
        let (family, table, name) = match third {
            Some(name) => (FAMILIES.iter().find(|(known, _)| *known == first)?.1, second, name),
            None => (2, first, second),
        };
        let whole = parts.next().is_none() && !table.is_empty() && !name.is_empty();
        whole.then(|| Set { name: name.into(), table: table.into(), family, only })
    })
}

fn enable(draft: &mut Draft, text: Text) -> Applied {
    let mask = if text.is_empty() { Some(u32::MAX) } else { whole(text.octets()) };
    draft.config.sets.mark_mask = Some(mask.filter(|mask| *mask != 0).ok_or(ERROR)?);
    Ok(())
}

fn allow(draft: &mut Draft, text: Text) -> Applied {
    let (marks, patterns) = text.split(b',');
    let (mark, mask) = marks.split(b'/');
    let (mark, mask) = (whole(mark.octets()), mask.map_or(Some(u32::MAX), |mask| whole(mask.octets())));
    let (mark, mask) = (mark.ok_or(ERROR)?, mask.ok_or(ERROR)?);
    // A mark that nothing is allowed for is like one that is not listed.
    let Some(listed) = patterns else { return Ok(()) };
    let known = draft.config.sets.allowed.iter().any(|allowed| (allowed.mark, allowed.mask) == (mark, mask));
    let mut patterns = listed.octets().split(|octet| *octet == b'/').map(Some);
    let allowed = Allowed::new(mark, mask, &mut patterns).filter(|_| !known);
    draft.config.sets.allowed.push(allowed.ok_or(ERROR)?);
    Ok(())
}

/// Longest name as text, without a final dot.
const TEXT_MAX: usize = 253;

/// Octets of a label, and wildcards in it.
const LABEL_MAX: usize = 63;
const WILD_MAX: usize = 2;

/// True for `*`, and for names whose labels are letters, digits, inner hyphens
/// and up to two wildcards.
pub fn is_pattern(octets: &[u8]) -> bool {
    let (mut labels, mut fits) = (0usize, octets.len() <= TEXT_MAX);
    for (from_right, label) in octets.rsplit(|octet| *octet == b'.').enumerate() {
        let wild = label.iter().filter(|octet| **octet == b'*').count();
        let plain = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'*');
        let last = from_right == 0 && (label.iter().all(u8::is_ascii_digit) || label.eq_ignore_ascii_case(b"local"));
        fits &= (1..=LABEL_MAX).contains(&label.len()) && label.iter().all(plain) && !last;
        fits &= wild <= if from_right < 2 { 0 } else { WILD_MAX };
        fits &= label.first() != Some(&b'-') && label.last() != Some(&b'-');
        labels = from_right.saturating_add(1);
    }
    octets == b"*" || fits && labels >= 2
}
