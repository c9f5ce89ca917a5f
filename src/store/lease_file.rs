//! The lease file in dnsmasq's text form, without I/O: lines in, lines out,
//! and where each line lies.
//!
//! ```text
//! EXPIRY MAC ADDRESS NAME CLIENT-ID     an IPv4 lease
//! agent-info ADDRESS HEX                with `leasequery`, behind its lease
//! vendorclass ADDRESS HEX
//! ```
//!
//! Everything else that dnsmasq writes (IPv6 leases, `duid`; without
//! `leasequery` also these two) is kept as it is. A renewal overwrites its digits, a new
//! lease is appended, anything else writes the file anew. Of two lines for one
//! address the later one counts, so a file that was caught in the middle of
//! being rewritten in place is still whole.

use crate::base::bytes::Writer;
use crate::base::net::{HW_MAX, HwAddr};
use crate::base::text;
use crate::base::time::{Millis, Now, UnixTime};
use crate::limits;
use crate::store::lease_extras::{EXTRA_MAX, Extra};
use crate::store::leases::{CLIENT_ID_MAX, Lease, LeaseId, Leases, Unsaved};
use arrayvec::ArrayVec;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Longest line: 20 digits, a hardware address of 50 characters, an address of
/// 15, a name of 63, a client identifier of 764, blanks and the line end.
pub const LINE_MAX: usize = 1024;

const _: () = assert!(20 + 50 + 15 + limits::HOST_NAME_MAX + 3 * CLIENT_ID_MAX + 5 <= LINE_MAX);

/// The lines of one lease together.
pub const LINES_MAX: usize = 3 * LINE_MAX;

/// The words of the lines behind a lease.
const AGENT_INFO: &[u8] = b"agent-info";
const VENDOR_CLASS: &[u8] = b"vendorclass";

/// How a change reaches the file.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub enum Save {
    /// It is there, or will be with a rewrite that was asked for already.
    Nothing,
    /// Overwrite the digits of the end at this offset.
    At(u64),
    /// Append the line.
    Append,
    /// Write the file anew.
    Rewrite,
}

/// What is wrong with a line.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub enum Wrong {
    /// It is no record.
    Shape,
    /// Its address is none.
    Address,
    /// The table is full.
    TooMany,
}

/// What is known of the file.
pub struct LeaseFile {
    /// Octets in the file.
    end: u64,
    /// A rewrite is wanted, and nothing else makes sense until it begins.
    rewriting: bool,
    /// The last change failed: nobody knows what the file holds.
    broken: bool,
    /// Lines of others, verbatim. Grows while the file is read at start.
    kept: Vec<u8>,
    /// The line being read.
    line: ArrayVec<u8, LINE_MAX>,
    /// It is too long.
    overlong: bool,
    /// The file differs from what a rewrite would give.
    untidy: bool,
}

impl Default for LeaseFile {
    fn default() -> Self {
        Self::new()
    }
}

impl LeaseFile {
    /// An empty file.
    pub fn new() -> Self {
        LeaseFile {
            end: 0,
            rewriting: false,
            broken: false,
            kept: Vec::new(),
            line: ArrayVec::new(),
            overlong: false,
            untidy: false,
        }
    }

    /// Takes the next piece of the file (at start only: it may allocate for
    /// lines that are kept). `wrong` is told of lines that are skipped.
    pub fn read(&mut self, leases: &mut Leases, piece: &[u8], now: Now, wrong: &mut dyn FnMut(Wrong, &[u8])) {
        for octet in piece {
            self.end = self.end.saturating_add(1);
            if *octet == b'\n' {
                self.line_end(leases, now, wrong);
            } else {
                self.overlong |= self.line.try_push(*octet).is_err();
            }
        }
    }

    /// The file is read. True when it should be written anew: something in it
    /// is broken, double or has ended.
    pub fn read_end(&mut self, leases: &mut Leases, now: Now, wrong: &mut dyn FnMut(Wrong, &[u8])) -> bool {
        if !self.line.is_empty() {
            // Without a line end the next line cannot be appended.
            self.untidy = true;
            self.end = self.end.saturating_add(1);
            self.line_end(leases, now, wrong);
        }
        self.kept.shrink_to_fit();
        self.rewriting |= self.untidy || leases.lines_gone;
        self.rewriting
    }

    fn line_end(&mut self, leases: &mut Leases, now: Now, wrong: &mut dyn FnMut(Wrong, &[u8])) {
        let line = core::mem::take(&mut self.line);
        let overlong = core::mem::take(&mut self.overlong);
        let start = self.end.saturating_sub(line.len() as u64).saturating_sub(1);
        let result = match overlong {
            true => Err(Wrong::Shape),
            false => self.take_line(leases, &line, start, now),
        };
        if let Err(what) = result {
            self.untidy = true;
            wrong(what, &line);
        }
    }

    fn take_line(&mut self, leases: &mut Leases, line: &[u8], start: u64, now: Now) -> Result<(), Wrong> {
        let mut fields = line.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
        let mut field = || fields.next().ok_or(Wrong::Shape);
        let first = match field() {
            Ok(first) => first,
            Err(_) => return Ok(()),
        };
        let extra = match first {
            b"duid" => return self.keep(line),
            AGENT_INFO => Some(Extra::AgentInfo),
            VENDOR_CLASS => Some(Extra::VendorClass),
            _ => None,
        };
        if let Some(extra) = extra {
            if !leases.keeps_extras() {
                return self.keep(line);
            }
            let addr = text::parse_ipv4(field()?).ok_or(Wrong::Address)?;
            let mut octets = ArrayVec::<u8, EXTRA_MAX>::new();
            parse_hex(field()?, &mut octets).ok_or(Wrong::Shape)?;
            match leases.id_by_addr(addr) {
                Some(id) => leases.set_extra(id, extra, &octets, true),
                // Of a lease that has ended.
                None => self.untidy = true,
            }
            return Ok(());
        }
        let expires = text::parse_decimal(first).ok_or(Wrong::Shape)?;
        let (hw, addr, name, id) = (field()?, field()?, field()?, field()?);
        let Some(addr) = text::parse_ipv4(addr) else {
            let is_v6 = core::str::from_utf8(addr).is_ok_and(|addr| addr.parse::<Ipv6Addr>().is_ok());
            return if is_v6 { self.keep(line) } else { Err(Wrong::Address) };
        };
        let record = Record { addr, expires, hw: parse_hw(hw).ok_or(Wrong::Shape)?, name, id };
        // The offset is that of the digits.
        let blanks = line.iter().take_while(|octet| octet.is_ascii_whitespace()).count();
        record.enter(leases, start.saturating_add(blanks as u64), now)?;
        if record.has_ended(now) {
            self.untidy = true;
            // Whoever follows the leases hears that it ended meanwhile.
            forget(leases, addr);
        }
        Ok(())
    }

    fn keep(&mut self, line: &[u8]) -> Result<(), Wrong> {
        if self.kept.len().saturating_add(line.len()) >= limits::KEPT_LEASE_LINES {
            return Err(Wrong::TooMany);
        }
        self.kept.extend_from_slice(line);
        self.kept.push(b'\n');
        Ok(())
    }

    /// How the change of a lease (or the removal of some) reaches the file.
    /// The caller performs what is said; nothing needs to be told afterwards.
    pub fn save(&mut self, leases: &mut Leases, id: Option<LeaseId>) -> Save {
        if self.rewriting {
            // A lease that is about to be promised does not wait for the next
            // try after a failure.
            return if self.broken && id.is_some() { Save::Rewrite } else { Save::Nothing };
        }
        let lease = id.and_then(|id| Some((id, leases.get(id)?)));
        let (unsaved, offset) = lease.map_or((Unsaved::Nothing, None), |(_, l)| (l.unsaved, l.offset));
        let save = match (unsaved, offset, lease) {
            _ if leases.lines_gone => Save::Rewrite,
            (Unsaved::Nothing, _, _) => Save::Nothing,
            (Unsaved::Expiry, Some(at), Some((_, lease))) if lease.digits == digits(lease.expires) => Save::At(at),
            (_, None, Some(_)) => Save::Append,
            _ => Save::Rewrite,
        };
        match (save, lease.map(|(id, _)| id)) {
            (Save::At(at), Some(id)) => leases.saved(id, at),
            (Save::Append, Some(id)) => {
                let len = leases.get(id).map_or(0, |lease| line_len(leases, lease));
                leases.saved(id, self.end);
                self.end = self.end.saturating_add(len);
            }
            (Save::Rewrite, _) => self.rewriting = true,
            _ => {}
        }
        save
    }

    /// Nothing that was written can be relied on: only a rewrite helps.
    pub fn failed(&mut self) {
        self.rewriting = true;
        self.broken = true;
    }

    /// True while a rewrite is wanted and has not begun.
    pub fn wants_rewrite(&self) -> bool {
        self.rewriting
    }

    /// The next piece of the whole file: as many lines as fit in `out`, which has
    /// room for `LINES_MAX` octets at least. `at` is 0 at the start. False when
    /// there is no more behind this piece.
    pub fn text(&mut self, leases: &mut Leases, at: &mut u32, out: &mut Writer) -> bool {
        if *at == 0 {
            self.end = 0;
            self.rewriting = false;
            self.broken = false;
            self.untidy = false;
            leases.lines_gone = false;
        }
        let slots = leases.slots();
        while let Some((id, behind)) = leases.walk(*at).filter(|_| *at < slots) {
            if out.room() < LINES_MAX {
                debug_assert!(!out.is_empty(), "with less room the text never comes on");
                return true;
            }
            let before = out.len();
            if let Some(lease) = leases.get(id) {
                write_line(leases, lease, out);
            }
            leases.saved(id, self.end);
            self.end = self.end.saturating_add(out.len().saturating_sub(before) as u64);
            *at = behind;
        }
        // Behind the leases the cursor counts octets of the kept lines.
        *at = (*at).max(slots);
        let rest = self.kept.get(at.saturating_sub(slots) as usize..).unwrap_or_default();
        let piece = rest.get(..out.room().min(rest.len())).unwrap_or_default();
        out.bytes(piece);
        self.end = self.end.saturating_add(piece.len() as u64);
        *at = at.saturating_add(u32::try_from(piece.len()).unwrap_or(0));
        piece.len() < rest.len()
    }
}

/// A line that is an IPv4 lease.
struct Record<'a> {
    addr: Ipv4Addr,
    expires: u64,
    hw: HwAddr,
    name: &'a [u8],
    id: &'a [u8],
}

impl Record<'_> {
    fn has_ended(&self, now: Now) -> bool {
        self.expires != 0 && self.expires <= now.wall.0
    }

    /// Puts the lease into the table, in the place of an earlier line.
    fn enter(&self, leases: &mut Leases, offset: u64, now: Now) -> Result<(), Wrong> {
        let mut client_id = ArrayVec::<u8, CLIENT_ID_MAX>::new();
        if self.id != b"*" {
            parse_hex(self.id, &mut client_id).ok_or(Wrong::Shape)?;
        }
        forget(leases, self.addr);
        let id = leases.insert(self.addr).ok_or(Wrong::TooMany)?;
        leases.set_hw(id, self.hw);
        if !leases.set_client_id(id, &client_id) {
            leases.remove(id);
            return Err(Wrong::TooMany);
        }
        let plain = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
        if self.name.iter().all(plain) {
            leases.set_name(id, self.name, false);
        }
        let left = self.expires.saturating_sub(now.wall.0);
        let until = if self.expires == 0 { Millis::NEVER } else { now.mono.plus_secs(left) };
        leases.set_end(id, UnixTime(self.expires), until);
        leases.saved(id, offset);
        Ok(())
    }
}

fn forget(leases: &mut Leases, addr: Ipv4Addr) {
    if let Some(id) = leases.id_by_addr(addr) {
        leases.remove(id);
    }
}

/// Digits of an end as it is written.
pub fn digits(expires: UnixTime) -> u8 {
    let digits = expires.0.checked_ilog10().unwrap_or(0).saturating_add(1);
    u8::try_from(digits).unwrap_or(u8::MAX)
}

/// Writes the line of a lease, with its line end, and behind it those of what
/// else is kept of it.
pub fn write_line(leases: &Leases, lease: &Lease, out: &mut Writer) {
    text::decimal(out, lease.expires.0);
    out.u8(b' ');
    text::hw_addr(out, &lease.hw);
    out.u8(b' ');
    text::ipv4(out, lease.addr);
    out.u8(b' ');
    out.bytes(if lease.name().is_empty() { b"*" } else { lease.name() });
    out.u8(b' ');
    match leases.client_id(lease) {
        [] => out.u8(b'*'),
        id => text::hex(out, id, b':'),
    }
    out.u8(b'\n');
    for (word, value) in [(AGENT_INFO, leases.agent_info(lease)), (VENDOR_CLASS, leases.vendor_class(lease))] {
        if !value.is_empty() {
            out.bytes(word);
            out.u8(b' ');
            text::ipv4(out, lease.addr);
            out.u8(b' ');
            text::hex(out, value, b':');
            out.u8(b'\n');
        }
    }
}

fn line_len(leases: &Leases, lease: &Lease) -> u64 {
    let mut buffer = [0; LINES_MAX];
    let mut out = Writer::new(&mut buffer);
    write_line(leases, lease, &mut out);
    out.len() as u64
}

/// `aa:bb:…`, with a type in front (`06-aa:…`) unless it is Ethernet.
fn parse_hw(text: &[u8]) -> Option<HwAddr> {
    let (kind, octets) = match text {
        [a, b, b'-', octets @ ..] => (hex_octet(&[*a, *b])?, octets),
        _ => (1, text),
    };
    let mut hw = ArrayVec::<u8, HW_MAX>::new();
    if !octets.is_empty() && octets != b"*" {
        parse_hex(octets, &mut hw)?;
    }
    Some(HwAddr::new(kind, &hw))
}

fn parse_hex<const N: usize>(text: &[u8], octets: &mut ArrayVec<u8, N>) -> Option<()> {
    text.split(|octet| *octet == b':').try_for_each(|pair| octets.try_push(hex_octet(pair)?).ok())
}

fn hex_octet(pair: &[u8]) -> Option<u8> {
    let digits = core::str::from_utf8(pair).ok().filter(|digits| !digits.starts_with('+'))?;
    u8::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
#[path = "lease_file_tests.rs"]
mod tests;
