//! Names and records that the configuration itself gives: one table for every
//! type of record, sorted by name, data in wire form, so that an answer is a
//! look-up and a copy. Host records go into the table of hosts files instead;
//! names of interfaces and made-up names have no data to be kept.

use super::NameBox;
use super::draft::Draft;
use super::refusal::Applied;
use super::files::Files;
use super::values::name_box;
use crate::base::bytes::{Reader, Writer};
use crate::base::text;
use crate::wire::dns::codes::kind;
use crate::wire::dns::name::{NAME_MAX, Name};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What is known without asking anybody.
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Local {
    /// `cname`, `mx-host`, `srv-host`, `txt-record`, `ptr-record`,
    /// `naptr-record`, `caa-record`, `dns-rr`.
    pub records: Records,
    /// `host-record`, in configured order.
    pub hosts: Vec<HostRecord>,
    /// `interface-name` and `dynamic-host`, in configured order.
    pub interface_names: Vec<InterfaceName>,
    /// `synth-domain`, as configured: the last that fits counts.
    pub synths: Vec<Synth>,
    /// `localise-queries`.
    pub localise: bool,
    /// `selfmx`.
    pub self_mx: bool,
    /// `localmx`: where the mail of local hosts goes.
    pub local_mx: Option<NameBox>,
}

/// `host-record`.
#[cfg_attr(test, derive(Debug))]
pub struct HostRecord {
    /// The names; the first is that of the addresses.
    pub names: Vec<NameBox>,
    /// IPv4 address.
    pub v4: Option<Ipv4Addr>,
    /// IPv6 address.
    pub v6: Option<Ipv6Addr>,
    /// TTL in seconds; `None`: that of local data.
    pub ttl: Option<u32>,
}

/// `interface-name` or `dynamic-host`.
#[cfg_attr(test, derive(Debug))]
pub struct InterfaceName {
    /// The name.
    pub name: NameBox,
    /// The interface.
    pub iface: Box<[u8]>,
    /// IPv4 addresses are meant: those of the interface, or with these host bits.
    pub v4: Option<Ipv4Addr>,
    /// IPv6 addresses are meant, as above.
    pub v6: Option<Ipv6Addr>,
    /// The host bits are given (`dynamic-host`).
    pub dynamic: bool,
}

/// `synth-domain`.
#[cfg_attr(test, derive(Debug))]
pub struct Synth {
    /// The domain.
    pub domain: NameBox,
    /// First address.
    pub from: IpAddr,
    /// Last address, of the same family.
    pub to: IpAddr,
    /// In front of what stands for the address, lower case.
    pub prefix: Box<[u8]>,
    /// The place in the range stands for the address.
    pub numbered: bool,
}

/// Records by name. A name that exists only because there is one below it has a
/// row of type 0.
#[derive(Default)]
pub struct Records {
    /// By name (octets of its wire form), type, last configured first.
    rows: Vec<Row>,
    octets: Vec<u8>,
}

#[derive(Clone, Copy)]
struct Row {
    /// Where the name stands.
    name: u32,
    /// Where the data stands.
    data: u32,
    len: u16,
    kind: u16,
    ttl: u32,
}

/// One record.
#[derive(Clone, Copy)]
#[cfg_attr(test, derive(Debug))]
pub struct Record<'a> {
    /// Its type.
    pub kind: u16,
    /// Seconds; `None`: that of local data.
    pub ttl: Option<u32>,
    /// Its data, names in it not compressed.
    pub data: &'a [u8],
}

/// In `Row::ttl`: that of local data.
const LOCAL_TTL: u32 = u32::MAX;

/// Largest TTL (RFC 2181 §8).
const TTL_MAX: u32 = i32::MAX as u32;

impl Records {
    /// Adds a record. The name, lower case, and the data are kept.
    pub fn add(&mut self, name: Name, kind: u16, ttl: Option<u32>, data: &[u8]) -> Applied {
        let ttl = ttl.map_or(LOCAL_TTL, |ttl| ttl.min(TTL_MAX));
        let len = u16::try_from(data.len()).map_err(|_| wrong!("record too long"))?;
        self.insert(name, kind, ttl, len, data)?;
        for parent in name.suffixes().skip(1).filter(|parent| !parent.is_root()) {
            if !self.has(parent) {
                self.insert(parent, 0, 0, 0, &[])?;
            }
        }
        Ok(())
    }

    fn insert(&mut self, name: Name, kind: u16, ttl: u32, len: u16, data: &[u8]) -> Applied {
        let at = self.place(name, kind);
        let near = [at.checked_sub(1), Some(at)].into_iter().flatten().filter_map(|at| self.rows.get(at));
        let known = near.map(|row| (row.name, self.name(row))).find(|(_, known)| *known == name.wire());
        let name = match known {
            Some((place, _)) => place,
            None => self.keep(name.wire())?,
        };
        let data = self.keep(data)?;
        self.rows.insert(at, Row { name, data, len, kind, ttl });
        Ok(())
    }

    /// Where rows of a name begin that are of this type or a larger one.
    #[inline(never)]
    fn place(&self, name: Name, kind: u16) -> usize {
        self.rows.partition_point(|row| (self.name(row), row.kind) < (name.wire(), kind))
    }

    fn keep(&mut self, octets: &[u8]) -> Applied<u32> {
        let at = u32::try_from(self.octets.len()).map_err(|_| wrong!("too many records"))?;
        self.octets.extend_from_slice(octets);
        Ok(at)
    }

    fn name(&self, row: &Row) -> &[u8] {
        let name = Reader::at(&self.octets, row.name as usize).and_then(|mut reader| Name::read(&mut reader));
        name.map_or(&[], |name| name.wire())
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows of a name, which is in lower case.
    fn rows(&self, name: Name) -> impl Iterator<Item = (usize, &Row)> {
        let rows = self.rows.iter().enumerate().skip(self.place(name, 0));
        rows.take_while(move |(_, row)| self.name(row) == name.wire())
    }

    /// True when the name, in lower case, or one below it has a record.
    pub fn has(&self, name: Name) -> bool {
        self.rows(name).next().is_some()
    }

    /// The records of a name, which is in lower case, with the number of each.
    pub fn of(&self, name: Name) -> impl Iterator<Item = (usize, Record<'_>)> {
        self.rows(name).filter(|(_, row)| row.kind != 0).map(|(number, row)| (number, self.record(row)))
    }

    /// The record with this number (0 to `len` − 1) and its name.
    pub fn get(&self, number: usize) -> Option<(Name<'_>, Record<'_>)> {
        let row = self.rows.get(number)?;
        Some((Name::new(self.name(row))?, self.record(row)))
    }

    fn record(&self, row: &Row) -> Record<'_> {
        let ttl = (row.ttl != LOCAL_TTL).then_some(row.ttl);
        let from = row.data as usize;
        let data = self.octets.get(from..from.saturating_add(row.len.into())).unwrap_or_default();
        Record { kind: row.kind, ttl, data }
    }

    /// All records with their names, in an order to say them again in.
    #[cfg(test)]
    pub fn all(&self) -> impl Iterator<Item = (&[u8], Record<'_>)> {
        // What was said last of one name and type stands first.
        self.rows.iter().rev().filter(|row| row.kind != 0).map(|row| {
            let ttl = (row.ttl != LOCAL_TTL).then_some(row.ttl);
            let from = row.data as usize;
            (self.name(row), Record { kind: row.kind, ttl, data: &self.octets[from..from + usize::from(row.len)] })
        })
    }

    /// Where the alias of a name, which is in lower case, leads.
    pub fn alias(&self, name: Name) -> Option<Record<'_>> {
        let (_, row) = self.rows(name).find(|(_, row)| row.kind == kind::CNAME)?;
        Some(self.record(row))
    }
}

#[cfg(test)]
impl std::fmt::Debug for Records {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        // Not where in the octets they stand.
        out.debug_list().entries(self.all()).finish()
    }
}

/// A record that may still need something that other directives say: a mail
/// exchanger without a target, or a service without a domain.
pub struct Late {
    pub kind: u16,
    /// Its name and its data, in wire form.
    pub octets: Box<[u8]>,
}

impl Late {
    fn parts(&self) -> (Name<'_>, &[u8]) {
        parts(&self.octets)
    }

    fn lacks_target(&self) -> bool {
        self.kind == kind::MX && self.parts().1.len() == 2
    }

    /// A service whose domain is that of this network.
    fn lacks_domain(&self) -> bool {
        self.kind == kind::SRV && self.parts().0.label_count() == 2
    }
}

/// A name and what stands behind it.
#[inline(never)]
fn parts(octets: &[u8]) -> (Name<'_>, &[u8]) {
    let mut reader = Reader::new(octets);
    let name = Name::read(&mut reader).unwrap_or(Name::ROOT);
    (name, reader.rest())
}

/// Local names being read.
#[derive(Default)]
pub struct LocalDraft {
    pub late: Vec<Late>,
    pub mx_target: Option<NameBox>,
    /// What this machine is called.
    pub host: Option<NameBox>,
    /// The last alias that closed a circle or leads to one.
    pub circle: Option<NameBox>,
    /// A record being read: its name and its data, in wire form.
    pub octets: Vec<u8>,
}

impl Draft {
    /// Adds the record that was read.
    pub fn add_record(&mut self, kind: u16, ttl: Option<u32>) -> Applied {
        let (name, data) = parts(&self.local.octets);
        self.config.dns.local.records.add(name, kind, ttl, data)
    }

    /// Keeps the record that was read for later.
    #[inline(never)]
    pub fn add_late(&mut self, kind: u16) {
        self.local.late.push(Late { kind, octets: self.local.octets.as_slice().into() });
    }

    /// Notes whether the alias that was just added closes a circle, or leads to
    /// one.
    pub fn look_for_circle(&mut self, alias: Name) {
        let records = &self.config.dns.local.records;
        let mut at = alias;
        for _ in 0..=records.len() {
            let Some(target) = records.alias(at).and_then(|record| Name::new(record.data)) else { return };
            at = target;
        }
        self.local.circle = Some(alias.wire().into());
    }

    /// This machine's own name gets an MX record.
    fn makes_mx(&self) -> bool {
        self.local_mx || self.local.mx_target.is_some()
    }
}

/// What is wrong with the local names as a whole; and what this machine is
/// called, if that is needed.
pub fn check(draft: &mut Draft, files: &dyn Files, wrong: &mut dyn FnMut(&str)) {
    if draft.makes_mx() || draft.local.late.iter().any(Late::lacks_target) {
        let found = &mut draft.local.host;
        let _ = files.pieces(c"/proc/sys/kernel/hostname", &mut |piece| *found = name_box(piece.trim_ascii_end()));
    }
    if let Some(alias) = &draft.local.circle {
        about(wrong, "CNAME loop involving %", parts(alias).0);
    }
    let domain = draft.config.dns.domain.as_deref().unwrap_or(&[0]);
    for late in &draft.local.late {
        let name = late.parts().0;
        if late.lacks_domain() && name.wire().len().saturating_add(domain.len()) > NAME_MAX.saturating_add(1) {
            about(wrong, "srv-host name % too long after domain appended", name);
        }
    }
}

/// Words in whose gap a name stands.
fn about(wrong: &mut dyn FnMut(&str), words: &str, name: Name) {
    let mut buffer = [0; 1024];
    let mut shown = Writer::new(&mut buffer);
    name.text(&mut shown);
    wrong(&text::filled(words, &[shown.written()]));
}

/// Completes the records that lack something.
pub fn finish(draft: &mut Draft) {
    if draft.makes_mx() && let Some(host) = &draft.local.host {
        let octets = &mut draft.local.octets;
        octets.clear();
        octets.extend(host);
        octets.extend([0, 0]);
        draft.add_late(kind::MX);
    }
    let local = &mut draft.local;
    let target = local.mx_target.as_deref().or(local.host.as_deref());
    let domain = draft.config.dns.domain.as_deref();
    let own = &mut draft.config.dns.local;
    for late in &local.late {
        let octets = &mut local.octets;
        let (name, data) = late.parts();
        octets.clear();
        match domain.filter(|_| late.lacks_domain()) {
            // The final zero is that of the domain.
            Some(domain) => {
                octets.extend(name.wire().split_last().map_or(&[][..], |(_, front)| front));
                octets.extend(domain);
            }
            None => octets.extend(name.wire()),
        }
        octets.extend(data);
        if late.lacks_target() {
            let Some(target) = target else { continue };
            octets.extend(target);
        }
        // What could be refused was when the line was read.
        let (name, data) = parts(octets);
        let _ = own.records.add(name, late.kind, None, data);
    }
    own.records.rows.shrink_to_fit();
    own.records.octets.shrink_to_fit();
    own.local_mx = target.filter(|_| draft.local_mx).map(NameBox::from);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::dns::name::NameBuf;

    fn wire(text: &str) -> NameBuf {
        NameBuf::from_text(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_name_has_its_records_by_type_and_the_last_first() {
        let mut records = Records::default();
        for (name, kind, octet) in [("b.lan", 16, 1), ("a.lan", 15, 2), ("b.lan", 16, 3), ("b.lan", 5, 4), ("ab.lan", 1, 5)] {
            records.add(wire(name).name(), kind, Some(u32::MAX), &[octet]).unwrap();
        }
        let of = |name| records.of(wire(name).name()).map(|(_, r)| (r.kind, r.data[0])).collect::<Vec<_>>();
        assert_eq!((of("b.lan"), of("a.lan")), (vec![(5, 4), (16, 3), (16, 1)], vec![(15, 2)]));
        assert!(of("lan").is_empty() && records.has(wire("lan").name()) && !records.has(wire("c.lan").name()));
        assert_eq!(records.of(wire("ab.lan").name()).next().unwrap().1.ttl, Some(TTL_MAX), "never taken for none");
        assert_eq!(records.len(), 6, "five records, and the domain once");
    }

    #[test]
    fn thousands_of_names_are_found_again() {
        let mut records = Records::default();
        for n in 0..3_000u16 {
            let name = wire(&format!("{}.n{}.lan", n % 7, n * 7 % 3_001));
            records.add(name.name(), kind::TXT, None, &n.to_be_bytes()).unwrap();
        }
        for n in 0..3_000u16 {
            let name = wire(&format!("{}.n{}.lan", n % 7, n * 7 % 3_001));
            assert_eq!(records.of(name.name()).next().unwrap().1.data, n.to_be_bytes());
        }
    }
}
