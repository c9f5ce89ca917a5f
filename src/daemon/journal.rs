//! Where log lines go: framed as dnsmasq frames them, to the system log, a file
//! or standard error. Never waits: what the system log does not take now goes
//! into a ring, what the ring does not take is counted and told later. A file
//! that cannot be written (a full disk) gives way to the system log until it is
//! opened again.

use crate::base::bytes::Writer;
use crate::base::{errno, text};
use crate::base::time::UnixTime;
use crate::config::{Log, LogTarget, Mode};
use crate::limits;
use crate::outbox::action::{Channel, Level};
use crate::platform::zone::{LocalTime, Zone};
use crate::platform::sys::{self, Errno};
use crate::platform::syslog::Syslog;
use crate::platform::{background, files};
use std::ffi::CStr;
use std::os::fd::OwnedFd;

/// Octets of a framed line: the text, and time, tag and process in front.
const FRAMED: usize = limits::LOG_LINE_MAX + 64;

enum Target {
    Syslog,
    /// Without the file the system log stands in.
    File(Box<CStr>, Option<OwnedFd>),
    Stderr(OwnedFd),
    /// Not open yet, or for good.
    Nowhere,
}

/// The log.
pub struct Journal {
    target: Target,
    syslog: Option<Syslog>,
    facility: u8,
    /// Every line goes to standard error too, without the process number.
    copy: bool,
    debug: bool,
    pid: u32,
    zone: Zone,
    stamp: (UnixTime, LocalTime),
    ring: Ring,
    lost: u32,
}

impl Journal {
    /// Nothing is open yet; lines go nowhere until `open`.
    pub fn new(log: &Log, mode: Mode) -> Self {
        let facility = if let LogTarget::Syslog(facility) = log.target { facility } else { 3 };
        Journal {
            target: Target::Nowhere,
            syslog: None,
            facility,
            copy: mode == Mode::Debug,
            debug: log.debug,
            pid: sys::pid(),
            zone: Zone::here(),
            stamp: Default::default(),
            ring: Ring::new(if log.queue == 0 { usize::MAX } else { log.queue.into() }),
            lost: 0,
        }
    }

    /// Opens what the configuration names. `copy_stderr` is a descriptor that
    /// stays when standard error is closed.
    pub fn open(&mut self, log: &Log) -> Result<(), Errno> {
        self.pid = sys::pid();
        self.target = match &log.target {
            // A system log that is not there yet may come: every line tries.
            LogTarget::Syslog(_) => Target::Syslog,
            LogTarget::File(path) => Target::File(path.clone(), Some(files::open_append(path, 0o640)?)),
            LogTarget::Stderr => {
                self.copy = false;
                Target::Stderr(background::copy_stderr()?)
            }
        };
        Ok(())
    }

    /// A log that is never opened: what stands in for one that has moved.
    pub fn closed() -> Self {
        Journal {
            target: Target::Nowhere,
            syslog: None,
            facility: 3,
            copy: false,
            debug: false,
            pid: sys::pid(),
            zone: Zone::here(),
            stamp: Default::default(),
            ring: Ring { octets: Box::default(), first: 0, used: 0, lines: 0, most: 0 },
            lost: 0,
        }
    }

    /// A start that fails before the log is open says so in the system log.
    pub fn open_if_closed(&mut self) {
        if matches!(self.target, Target::Nowhere) {
            self.target = Target::Syslog;
            self.copy = false;
        }
    }

    /// The log file, to be given to the account we change to.
    pub fn file(&self) -> Option<&OwnedFd> {
        if let Target::File(_, file) = &self.target { file.as_ref() } else { None }
    }

    /// SIGUSR2: opens the log file again, which may have been moved away.
    pub fn reopen(&mut self) {
        if let Target::File(path, file) = &mut self.target {
            *file = files::open_append(path, 0o640).ok();
        }
    }

    /// True while lines wait for the system log.
    pub fn is_behind(&self) -> bool {
        !self.ring.is_empty() || self.lost > 0
    }

    /// Writes one line.
    pub fn line(&mut self, channel: Channel, level: Level, text: &[u8], now: UnixTime) {
        if channel == Channel::Debug && !self.debug {
            return;
        }
        let mut buffer = [0; FRAMED];
        let mut out = Writer::new(&mut buffer);
        if self.copy {
            frame(&mut out, channel, None, text);
            out.u8(b'\n');
            background::write_stderr(out.written());
            out.rewind(0);
        }
        if self.stamp.0 != now {
            self.stamp = (now, self.zone.local(now));
        }
        match &mut self.target {
            Target::Syslog | Target::File(_, None) => {
                out.u8(b'<');
                text::decimal(&mut out, u64::from(self.facility) * 8 + severity(level));
                out.u8(b'>');
                stamp(&mut out, &self.stamp.1);
                frame(&mut out, channel, Some(self.pid), text);
                self.queue_or_send(out.written());
            }
            Target::File(_, file @ Some(_)) => {
                stamp(&mut out, &self.stamp.1);
                frame(&mut out, channel, Some(self.pid), text);
                out.u8(b'\n');
                match file.as_ref().map_or(Ok(()), |file| files::write_all(file, out.written())) {
                    Ok(()) => {}
                    // A pipe whose reader is behind.
                    Err(sys::EAGAIN) => self.lost = self.lost.saturating_add(1),
                    Err(errno) => {
                        *file = None;
                        self.tell_failed(errno);
                        self.line(channel, level, text, now);
                    }
                }
            }
            Target::Stderr(stderr) => {
                frame(&mut out, channel, Some(self.pid), text);
                out.u8(b'\n');
                match background::takes_output(stderr) {
                    true => _ = files::write_all(stderr, out.written()),
                    false => self.lost = self.lost.saturating_add(1),
                }
            }
            Target::Nowhere => {}
        }
    }

    fn queue_or_send(&mut self, framed: &[u8]) {
        self.pump();
        if self.is_behind() || !self.hand_over(framed) {
            self.keep(framed);
        }
    }

    fn keep(&mut self, framed: &[u8]) {
        if !self.ring.push(framed) {
            self.lost = self.lost.saturating_add(1);
        }
    }

    /// Gives one line to the system log; false: later. A log that was started
    /// again is found again; without one lines are dropped, as syslog(3) does.
    fn hand_over(&mut self, framed: &[u8]) -> bool {
        for _ in 0..2 {
            if self.syslog.is_none() {
                self.syslog = Syslog::connect().ok();
            }
            let Some(open) = &self.syslog else { return true };
            match open.send(framed) {
                Ok(()) => return true,
                Err(sys::EAGAIN | sys::ENOBUFS) => return false,
                Err(_) => self.syslog = None,
            }
        }
        true
    }

    /// Hands over what waits, as far as it is taken.
    pub fn pump(&mut self) {
        let mut line = [0; FRAMED];
        while let Some(len) = self.ring.front(&mut line) {
            if !self.hand_over(line.get(..len).unwrap_or_default()) {
                return;
            }
            self.ring.pop();
        }
        if self.lost > 0 {
            let lost = core::mem::take(&mut self.lost);
            self.tell_lost(lost);
            if self.lost > 0 {
                // Not told: the line itself was lost.
                self.lost = lost;
            }
        }
    }

    fn tell_failed(&mut self, number: Errno) {
        let mut buffer = [0; 96];
        let mut out = Writer::new(&mut buffer);
        out.bytes(b"log failed: ");
        out.bytes(errno::text(number).as_bytes());
        let now = self.stamp.0;
        self.line(Channel::Main, Level::Critical, out.written(), now);
    }

    fn tell_lost(&mut self, lost: u32) {
        let mut buffer = [0; 64];
        let mut out = Writer::new(&mut buffer);
        out.bytes(b"overflow: ");
        text::decimal(&mut out, lost.into());
        out.bytes(b" log entries lost");
        let now = self.stamp.0;
        self.line(Channel::Main, Level::Error, out.written(), now);
    }
}

/// `Nov  3 09:05:01 `.
fn stamp(out: &mut Writer, at: &LocalTime) {
    const MONTHS: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    let month = usize::from(at.month) * 3;
    out.bytes(MONTHS.get(month..month + 3).unwrap_or(b"???"));
    out.bytes(if at.day < 10 { b"  " } else { b" " });
    text::decimal(out, at.day.into());
    for (separator, value) in [(b' ', at.hour), (b':', at.minute), (b':', at.second)] {
        out.u8(separator);
        out.bytes(&[b'0' + value / 10 % 10, b'0' + value % 10]);
    }
    out.u8(b' ');
}

/// `dnsmasq-dhcp[123]: text`.
fn frame(out: &mut Writer, channel: Channel, pid: Option<u32>, text: &[u8]) {
    out.bytes(match channel {
        Channel::Main => b"dnsmasq",
        Channel::Dhcp => b"dnsmasq-dhcp",
        Channel::Tftp => b"dnsmasq-tftp",
        Channel::Script => b"dnsmasq-script",
        Channel::Debug => b"dnsmasq-debug",
    });
    if let Some(pid) = pid {
        out.u8(b'[');
        text::decimal(out, pid.into());
        out.u8(b']');
    }
    out.bytes(b": ");
    out.bytes(text);
}

/// The number of a severity in syslog(3).
fn severity(level: Level) -> u64 {
    match level {
        Level::Critical => 2,
        Level::Error => 3,
        Level::Warning => 4,
        Level::Notice => 5,
        Level::Info => 6,
        Level::Debug => 7,
    }
}

/// Lines that wait, each behind its length, in a circle of octets.
struct Ring {
    octets: Box<[u8]>,
    first: usize,
    used: usize,
    /// Lines that wait, and that may.
    lines: usize,
    most: usize,
}

impl Ring {
    /// For at most `most` lines (`log-async`).
    fn new(most: usize) -> Self {
        Ring { octets: vec![0; limits::LOG_RING_BYTES].into_boxed_slice(), first: 0, used: 0, lines: 0, most }
    }

    fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// Adds a line whole, or not at all.
    fn push(&mut self, line: &[u8]) -> bool {
        let Ok(len) = u16::try_from(line.len()) else { return false };
        if self.octets.len() - self.used < line.len() + 2 || self.lines >= self.most {
            return false;
        }
        self.lines += 1;
        for octet in len.to_ne_bytes().iter().chain(line) {
            let place = (self.first + self.used) % self.octets.len();
            if let Some(place) = self.octets.get_mut(place) {
                *place = *octet;
            }
            self.used += 1;
        }
        true
    }

    fn octet(&self, offset: usize) -> u8 {
        self.octets.get((self.first + offset) % self.octets.len()).copied().unwrap_or(0)
    }

    fn front_len(&self) -> usize {
        u16::from_ne_bytes([self.octet(0), self.octet(1)]).into()
    }

    /// Copies the oldest line out; its length.
    fn front(&self, to: &mut [u8]) -> Option<usize> {
        if self.is_empty() {
            return None;
        }
        let len = self.front_len().min(to.len());
        for (offset, place) in to.iter_mut().take(len).enumerate() {
            *place = self.octet(offset + 2);
        }
        Some(len)
    }

    /// Drops the oldest line.
    fn pop(&mut self) {
        let len = (self.front_len() + 2).min(self.used);
        self.first = (self.first + len) % self.octets.len();
        self.used -= len;
        self.lines = self.lines.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_framed_as_scripts_expect_it() {
        let mut buffer = [0; 99];
        let mut out = Writer::new(&mut buffer);
        stamp(&mut out, &LocalTime { month: 10, day: 3, hour: 9, minute: 5, second: 1 });
        frame(&mut out, Channel::Dhcp, Some(42), b"DHCPACK");
        assert_eq!(out.written(), b"Nov  3 09:05:01 dnsmasq-dhcp[42]: DHCPACK");
        out.rewind(0);
        frame(&mut out, Channel::Main, None, b"x");
        assert_eq!(out.written(), b"dnsmasq: x");
    }

    #[test]
    fn the_ring_keeps_whole_lines_in_order_round_its_end() {
        let mut ring = Ring::new(usize::MAX);
        let line = |n: usize| vec![n as u8; 900 + n % 7];
        let (mut next, mut oldest) = (0, 0);
        let mut got = [0; FRAMED];
        for _ in 0..5 {
            while ring.push(&line(next)) {
                next += 1;
            }
            assert!(next - oldest >= limits::LOG_RING_BYTES / 1000);
            for _ in 0..7 {
                let len = ring.front(&mut got).unwrap();
                assert_eq!(got[..len], line(oldest)[..]);
                ring.pop();
                oldest += 1;
            }
        }
        while ring.front(&mut got).is_some() {
            ring.pop();
            oldest += 1;
        }
        assert_eq!(oldest, next);
    }

    #[test]
    fn no_more_lines_wait_than_were_allowed() {
        let mut ring = Ring::new(2);
        assert!(ring.push(b"a") && ring.push(b"b") && !ring.push(b"c"));
        ring.pop();
        assert!(ring.push(b"c") && !ring.push(b"d"));
    }
}
