//! `dumpfile`: datagrams as they come and go, for tcpdump and its kin. Of no
//! cost unless asked for; a packet that cannot be written is told and left out.

use crate::base::net::ip_of;
use crate::base::bytes::Writer;
use crate::base::time::UnixTime;
use crate::config::Config;
use crate::daemon::failure::{FILES, Failure};
use crate::limits;
use crate::outbox::action::Door;
use crate::outbox::lines::{Arg, Line, process};
use crate::platform::sys::Errno;
use crate::platform::{clock, files, sockets};
use crate::wire::pcap::{self, FILE_HEAD, HEADERS_MAX, PACKET_HEAD};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{BorrowedFd, OwnedFd};

/// Longest packet: a datagram with its headers.
const PACKET_MAX: usize = limits::DATAGRAM_MAX + HEADERS_MAX;

/// What a packet is, as bits of `dumpmask`: to us and from us.
fn kind(door: Door) -> (u32, u32) {
    match door {
        Door::Dns(_) => (0x1, 0x2),
        Door::Upstream { .. } => (0x8, 0x4),
        Door::Dhcp4 | Door::Pxe4 => (0x1000, 0x1000),
        Door::Tftp(_) | Door::Transfer(_) => (0x8000, 0x8000),
        Door::Icmp4 => (0, 0),
    }
}

/// The capture file.
pub struct Capture {
    file: Option<OwnedFd>,
    mask: u32,
    /// Packets in the file.
    count: u64,
    packet: Box<[u8]>,
}

impl Capture {
    /// Opens the file, if one is wanted, and makes its head or finds its end.
    pub fn open(config: &Config) -> Result<Self, Failure> {
        let mut capture = Capture { file: None, mask: config.capture.mask.unwrap_or(u32::MAX), count: 0, packet: Box::default() };
        let Some(path) = &config.capture.file else { return Ok(capture) };
        let failed = |what: &'static [u8]| move |errno: Errno| Failure::system(FILES, &[what, path.to_bytes()], errno);
        capture.packet = vec![0; PACKET_MAX + PACKET_HEAD].into_boxed_slice();
        let is_pipe = files::info_of(path).is_ok_and(|info| !info.is_regular());
        let file = match is_pipe {
            true => files::open_pipe(path).map_err(failed(b"cannot access "))?,
            false => files::open_log(path, 0o600).map_err(failed(b"cannot create "))?,
        };
        let mut head = [0; FILE_HEAD];
        let got = if is_pipe { 0 } else { files::read_at(&file, &mut head, 0).map_err(failed(b"cannot access "))? };
        if got == 0 {
            let mut out = Writer::new(&mut head);
            pcap::file_head(&mut out, u32::try_from(PACKET_MAX).unwrap_or(u32::MAX));
            files::write_all(&file, out.written()).map_err(failed(b"cannot create "))?;
        } else if !pcap::is_file_head(head.get(..got).unwrap_or_default()) {
            return Err(Failure::new(FILES, &[b"bad header in ", path.to_bytes()]));
        } else {
            capture.count = count(&file);
        }
        capture.file = Some(file);
        Ok(capture)
    }

    /// True when there is one.
    pub fn is_on(&self) -> bool {
        self.file.is_some()
    }

    /// A datagram came by the socket of a door.
    pub fn came(&mut self, door: Door, fd: BorrowedFd, from: SocketAddr, to: Option<IpAddr>, bytes: &[u8], say: Say) {
        let (mask, _) = kind(door);
        if self.mask & mask != 0 {
            self.write(mask, from, here(fd, to), bytes, say);
        }
    }

    /// A datagram leaves by it.
    pub fn left(&mut self, door: Door, fd: BorrowedFd, source: Option<IpAddr>, to: SocketAddr, bytes: &[u8], say: Say) {
        let (_, mask) = kind(door);
        if self.mask & mask != 0 {
            self.write(mask, here(fd, source), to, bytes, say);
        }
    }

    fn write(&mut self, mask: u32, from: SocketAddr, to: SocketAddr, bytes: &[u8], say: Say) {
        let Some(file) = &self.file else { return };
        let mut out = Writer::new(&mut self.packet);
        let UnixTime(secs) = clock::wall();
        pcap::datagram(&mut out, from, to, bytes, (secs, clock::micros()));
        if out.overflowed() || files::write_all(file, out.written()).is_err() {
            return say(&process::NOT_DUMPED, &[]);
        }
        self.count = self.count.saturating_add(1);
        let mut digits = [0; 4];
        for (place, digit) in digits.iter_mut().rev().enumerate() {
            *digit = *b"0123456789abcdef".get((mask >> (4 * place) & 15) as usize).unwrap_or(&b'0');
        }
        say(&process::DUMPED, &[Arg::Number(self.count), Arg::Text(&digits)]);
    }
}

/// Writes a log line.
type Say<'a> = &'a mut dyn FnMut(&Line, &[Arg]);

/// Our end: the address if it is known, and the port of the socket.
fn here(fd: BorrowedFd, addr: Option<IpAddr>) -> SocketAddr {
    let own = sockets::local_addr(fd).unwrap_or(SocketAddr::new(IpAddr::from([0; 4]), 0));
    SocketAddr::new(addr.unwrap_or(ip_of(&own)), own.port())
}

/// Whole packets in the file.
fn count(file: &OwnedFd) -> u64 {
    let (mut count, mut at) = (0u64, FILE_HEAD as u64);
    let mut head = [0; PACKET_HEAD];
    while files::read_at(file, &mut head, at) == Ok(PACKET_HEAD) {
        at = at.saturating_add(PACKET_HEAD as u64).saturating_add(pcap::packet_len(&head).into());
        count = count.saturating_add(1);
    }
    count
}
