//! Local names and records.

use super::text::{Out, hex, name, quoted, shown};
use crate::wire::dns::codes::kind;
use crate::wire::dns::name::Name;
use std::net::IpAddr;

pub fn write(out: &mut Out) {
    let local = &out.config.dns.local;
    for host in &local.hosts {
        let mut items: Vec<Vec<u8>> = host.names.iter().map(|wire| name(wire)).collect();
        items.extend(host.v4.map(shown));
        items.extend(host.v6.map(shown));
        items.extend(host.ttl.map(shown));
        // One item alone is none.
        items.resize(items.len().max(1) + 1, Vec::new());
        out.list("host-record", &items);
    }
    for named in &local.interface_names {
        let iface = quoted(&named.iface);
        if named.dynamic {
            let mut items = vec![name(&named.name)];
            items.extend(named.v4.map(shown));
            items.extend(named.v6.map(shown));
            items.push(iface);
            out.list("dynamic-host", &items);
        } else {
            let family: &[u8] = match (named.v4.is_some(), named.v6.is_some()) {
                (true, true) => b"",
                (true, false) => b"/4",
                _ => b"/6",
            };
            out.line("interface-name", [&*name(&named.name), b",", &iface, family].concat());
        }
    }
    for synth in &local.synths {
        // A network keeps its length: numbers in IPv6 need one.
        let range = match (synth.from, synth.to) {
            (IpAddr::V6(from), IpAddr::V6(to)) if synth.numbered => {
                format!("{from}/{}", (from.to_bits() ^ to.to_bits()).leading_zeros())
            }
            (from, to) => format!("{from},{to}"),
        };
        let star: &[u8] = if synth.numbered { b"*" } else { b"" };
        out.line("synth-domain", [&*name(&synth.domain), b",", range.as_bytes(), b",", &quoted(&synth.prefix), star].concat());
    }
    out.flag("localise-queries", local.localise);
    out.flag("selfmx", local.self_mx);
    if let Some(target) = &local.local_mx {
        out.flag("localmx", true);
        out.line("mx-target", name(target));
    }
    for (owner, record) in local.records.all() {
        let owner = name(owner);
        match record.kind {
            // What `dns-rr` says need be no name.
            kind::CNAME if Name::new(record.data).is_some_and(|name| name.wire() == record.data) => {
                let mut items = vec![owner, name(record.data)];
                items.extend(record.ttl.map(shown));
                out.list("cname", &items);
            }
            kind::TXT if strings(record.data).is_some() => {
                let strings = strings(record.data).unwrap_or_default();
                out.list("txt-record", &[vec![owner], strings].concat());
            }
            kind => {
                let kind = shown(kind);
                out.line("dns-rr", [owner, kind, hex(record.data, 0)].join(&b','));
            }
        }
    }
}

/// The strings of a text record, quoted: one of 255 octets goes on in the next.
/// Nothing if the octets, which `dns-rr` may have said, are none.
fn strings(data: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut strings: Vec<Vec<u8>> = Vec::new();
    let mut rest = data;
    let mut goes_on = false;
    while let Some((len, behind)) = rest.split_first() {
        let (part, behind) = behind.split_at_checked(usize::from(*len))?;
        match strings.last_mut().filter(|_| goes_on) {
            Some(last) => last.extend_from_slice(part),
            None => strings.push(part.to_vec()),
        }
        // What `dns-rr` said may hold what no line of text can.
        if part.contains(&0) {
            return None;
        }
        goes_on = *len == 255;
        rest = behind;
    }
    (!strings.is_empty()).then(|| strings.iter().map(|string| quoted(string)).collect())
}
