//! Names and records that the configuration itself gives: one table for every
//! type of record, sorted by name, data in wire form, so that an answer is a
//! look-up and a copy. Host records go into the table of hosts files instead;
//! names of interfaces and made-up names have no data to be kept.

use super::NameBox;
use super::checked::{boxed, last_first};
use super::draft::{Draft, Flag};
use super::refusal::Applied;
use super::files::Files;
use super::values::name;
use crate::base::bytes::{Reader, Writer};
use crate::wire::dns::codes::kind;
use crate::wire::dns::name::{Name, NameBuf};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What is known without asking anybody.
#[cfg_attr(test, derive(Debug))]
pub struct Local {
    /// `cname`, `mx-host`, `srv-host`, `txt-record`, `ptr-record`,
    /// `naptr-record`, `caa-record`, `dns-rr`.
    pub records: Records,
    /// `host-record`, in configured order.
    pub hosts: Box<[HostRecord]>,
    /// `interface-name` and `dynamic-host`, in configured order.
    pub interface_names: Box<[InterfaceName]>,
    /// `synth-domain`, last configured first.
    pub synths: Box<[Synth]>,
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
    pub names: Box<[NameBox]>,
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
        let at = self.rows.partition_point(|row| (self.name(row), row.kind) < (name.wire(), kind));
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
        let first = self.rows.partition_point(|row| self.name(row) < name.wire());
        let rows = self.rows.iter().enumerate().skip(first);
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
        self.of(name).map(|(_, record)| record).find(|record| record.kind == kind::CNAME)
    }
}

#[cfg(test)]
impl std::fmt::Debug for Records {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        // Not where in the octets they stand.
        out.debug_list().entries(self.all()).finish()
    }
}

/// Records that need what another option says.
pub struct Late {
    pub name: NameBuf,
    /// MX: without a target if it has two octets. SRV: perhaps without domain.
    pub kind: u16,
    pub data: Vec<u8>,
}

impl Late {
    /// A service whose domain is that of this network.
    fn lacks_domain(&self) -> bool {
        self.kind == kind::SRV && self.name.name().label_count() == 2
    }
}

/// Local names being read.
#[derive(Default)]
pub struct LocalDraft {
    pub records: Records,
    pub late: Vec<Late>,
    pub hosts: Vec<HostRecord>,
    pub interface_names: Vec<InterfaceName>,
    pub synths: Vec<Synth>,
    pub mx_target: Option<NameBuf>,
    /// What this machine is called.
    pub host: Option<NameBuf>,
    /// The last alias that closed a circle or leads to one.
    pub circle: Option<NameBuf>,
}

impl LocalDraft {
    /// Notes whether the alias that was just added closes a circle, or leads to
    /// one.
    pub fn look_for_circle(&mut self, alias: Name) {
        let mut at = NameBuf::from_name(alias);
        for _ in 0..=self.records.len() {
            let Some(record) = self.records.alias(at.name()) else { return };
            let Some(target) = Name::new(record.data) else { return };
            at = NameBuf::from_name(target);
        }
        self.circle = Some(NameBuf::from_name(alias));
    }
}

impl Draft {
    /// This machine's own name gets an MX record.
    fn makes_mx(&self) -> bool {
        self.said.has(Flag::LocalMx) || self.local.mx_target.is_some()
    }
}

/// What is wrong with the local names as a whole; and what this machine is
/// called, if that is needed.
pub fn check(draft: &mut Draft, files: &dyn Files, wrong: &mut dyn FnMut(&str)) {
    let has_no_target = |late: &Late| late.kind == kind::MX && late.data.len() == 2;
    if draft.makes_mx() || draft.local.late.iter().any(has_no_target) {
        let found = &mut draft.local.host;
        let _ = files.pieces(c"/proc/sys/kernel/hostname", &mut |piece| *found = name(piece.trim_ascii_end()));
    }
    if let Some(alias) = &draft.local.circle {
        about(wrong, "CNAME loop involving ", alias, "");
    }
    let domain = draft.domain.as_deref().and_then(Name::new).unwrap_or(Name::ROOT);
    for late in draft.local.late.iter().filter(|late| late.lacks_domain() && joined(&late.name, domain).is_none()) {
        about(wrong, "srv-host name ", &late.name, " too long after domain appended");
    }
}

/// Words in which a name takes part.
fn about(wrong: &mut dyn FnMut(&str), before: &str, name: &NameBuf, behind: &str) {
    let mut buffer = [0; 1024];
    let mut shown = Writer::new(&mut buffer);
    name.name().text(&mut shown);
    wrong(&[before, &String::from_utf8_lossy(shown.written()), behind].concat());
}

/// The frozen local names.
#[inline(never)]
pub fn freeze(draft: &mut Draft) -> Local {
    let (said, mails) = (draft.said, draft.makes_mx());
    let domain = draft.domain.as_deref().and_then(Name::new).map(NameBuf::from_name);
    let local = &mut draft.local;
    let target = local.mx_target.or(local.host);
    if let Some(name) = local.host.filter(|_| mails) {
        local.late.push(Late { name, kind: kind::MX, data: vec![0, 0] });
    }
    for mut late in std::mem::take(&mut local.late) {
        match (late.kind, target, domain) {
            (kind::MX, Some(target), _) if late.data.len() == 2 => late.data.extend_from_slice(target.name().wire()),
            (kind::MX, None, _) if late.data.len() == 2 => continue,
            (kind::SRV, _, Some(domain)) if late.lacks_domain() => {
                late.name = joined(&late.name, domain.name()).unwrap_or(late.name);
            }
            _ => {}
        }
        // What could be refused was when the line was read.
        let _ = local.records.add(late.name.name(), late.kind, None, &late.data);
    }
    local.records.rows.shrink_to_fit();
    local.records.octets.shrink_to_fit();
    Local {
        records: std::mem::take(&mut local.records),
        hosts: boxed(&mut local.hosts),
        interface_names: boxed(&mut local.interface_names),
        synths: last_first(&mut local.synths),
        localise: said.has(Flag::LocaliseQueries),
        self_mx: said.has(Flag::SelfMx),
        local_mx: target.filter(|_| said.has(Flag::LocalMx)).map(|target| target.name().wire().into()),
    }
}

/// `front` in `domain`.
fn joined(front: &NameBuf, domain: Name) -> Option<NameBuf> {
    let labels: Vec<&[u8]> = front.name().labels().collect();
    labels.iter().rev().try_fold(NameBuf::from_name(domain), |name, label| NameBuf::join(label, name.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

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
