//! The actions: everything an engine can ask the daemon to do.

use crate::base::net::{HwAddr, IfIndex};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Octets in the outbox's buffer.
#[derive(Clone, Copy)]
pub struct Span {
    at: u32,
    len: u32,
}

impl Span {
    /// A span; nothing when it does not fit 32 bits.
    pub fn new(at: usize, len: usize) -> Option<Self> {
        Some(Span { at: u32::try_from(at).ok()?, len: u32::try_from(len).ok()? })
    }

    /// Its place in the buffer.
    pub fn range(self) -> core::ops::Range<usize> {
        let at = self.at as usize;
        at..at.saturating_add(self.len as usize)
    }
}

/// A socket by its purpose. Which descriptor that is, only the daemon knows.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub enum Door {
    /// A listening DNS socket (UDP), by its number among the listeners.
    Dns(u8),
    /// The socket of one forwarded question: number of its slot, and which
    /// family. Opened by the first datagram sent through it.
    Upstream { slot: u16, v6: bool },
    /// The DHCPv4 server socket (port 67).
    Dhcp4,
    /// The socket for PXE clients (port 4011).
    Pxe4,
    /// ICMP echo for address probes.
    Icmp4,
    /// A listening TFTP socket (port 69).
    Tftp(u8),
    /// The socket of one TFTP transfer, by its slot.
    Transfer(u16),
}

/// Where a datagram came from and what it came in by.
#[derive(Clone, Copy)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub struct Arrival {
    /// The socket.
    pub door: Door,
    /// Sender.
    pub from: SocketAddr,
    /// The address it was sent to.
    pub to: IpAddr,
    /// The interface it came in by; 0 when the socket does not tell.
    pub iface: IfIndex,
}

/// Where a datagram goes and what it leaves by.
#[derive(Clone, Copy)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub struct Route {
    /// The socket.
    pub door: Door,
    /// Receiver.
    pub to: SocketAddr,
    /// Source address; the kernel's choice if absent.
    pub source: Option<IpAddr>,
    /// Interface to leave by; 0 is the kernel's choice.
    pub iface: IfIndex,
}

impl Arrival {
    /// An arrival that never was: what unused slots hold.
    pub const fn nowhere() -> Self {
        let nobody = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        Arrival { door: Door::Dns(0), from: SocketAddr::new(nobody, 0), to: nobody, iface: 0 }
    }

    /// The way back: same socket, from the address that was asked, to the sender.
    pub fn back(&self) -> Route {
        Route { door: self.door, to: self.from, source: Some(self.to), iface: self.iface }
    }
}

/// What subscribers on the bus want to hear of.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub enum About {
    /// Leases, and what marks of connections allow.
    Leases,
    /// Addresses that upstream servers give for names.
    Answers,
}

/// Which subsystem a log line belongs to: dnsmasq's tags.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub enum Channel {
    /// `dnsmasq`
    Main,
    /// `dnsmasq-dhcp`
    Dhcp,
    /// `dnsmasq-tftp`
    Tftp,
    /// `dnsmasq-script`
    Script,
    /// `dnsmasq-debug`
    Debug,
}

/// Syslog severities in use.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub enum Level {
    /// The program cannot go on.
    Critical,
    /// Something failed.
    Error,
    /// Something is probably wrong.
    Warning,
    /// Worth knowing once.
    Notice,
    /// The ordinary course.
    Info,
    /// For those who asked.
    Debug,
}

/// One thing to do.
#[derive(Clone, Copy)]
pub enum Action {
    /// Send a datagram.
    Datagram { route: Route, bytes: Span },
    /// The ports of this slot's sockets (both families); said before its first
    /// datagram. 0: any port the kernel likes. With `query-port` all questions
    /// share one slot (the one behind the last), said once and never closed.
    UpstreamPort { slot: u16, port: u16 },
    /// What leaves by this slot's sockets from now on carries this mark
    /// (`conntrack`).
    UpstreamMark { slot: u16, mark: u32 },
    /// The forwarded question of this slot is over: close its sockets.
    UpstreamClose { slot: u16 },
    /// Put a client into the neighbour table, so that a unicast reply reaches
    /// an address it does not have yet.
    Neighbour { iface: IfIndex, addr: Ipv4Addr, hw: HwAddr },
    /// Connect an upstream TCP stream, from this address and by this interface
    /// (0: any), with this mark (0: none). Told by `Core::stream_connected`.
    StreamConnect { slot: u8, to: SocketAddr, source: Option<IpAddr>, iface: IfIndex, mark: u32 },
    /// A stream has output, or takes input again after its room was empty:
    /// write what the peer takes, read what it sent.
    StreamFlush { slot: u8 },
    /// A stream is over.
    StreamClose { slot: u8 },
    /// Open a file or directory for a transfer, for reading and without ever
    /// waiting (a pipe); what the slot had open before is closed. The path has
    /// a final zero. Told by `Change::Opened`.
    FileOpen { slot: u16, path: Span },
    /// Read from a transfer's file, at most `limits::FILE_READ_MAX` octets. Told
    /// by `Change::Block`, in the same turn.
    FileRead { slot: u16, offset: u64, len: u16 },
    /// The local port of this slot's socket; said before its first datagram.
    /// Never said: any port the kernel likes. When the port is taken, the
    /// datagram ends in `Change::SendFailed` and the slot stays without socket.
    TransferPort { slot: u16, port: u16 },
    /// What is the hardware address of this client? Told by `Change::Neighbour`.
    NeighbourAsk { slot: u16, iface: IfIndex, addr: IpAddr },
    /// A transfer is over: close its file and socket.
    TransferClose { slot: u16 },
    /// Change the lease file. Performed, and made durable, before any later
    /// datagram leaves.
    Lease(LeaseWrite),
    /// Have `dhcp-script` run: a record as `platform::helper` wants it.
    Script { record: Span },
    /// Tell who has subscribed on the bus: name and fields, as messages have them.
    Bus { about: About, record: Span },
    /// Put addresses (16 octets each, those of IPv4 mapped) into the sets of these
    /// lines of `ipset` and `nftset`: before any datagram leaves.
    Sets { ip: Option<u32>, nft: Option<u32>, addresses: Span },
    /// Write a log line.
    Log { channel: Channel, level: Level, text: Span },
}

/// What happens to the lease file.
#[derive(Clone, Copy)]
pub enum LeaseWrite {
    /// Overwrite octets at an offset (a renewal's digits); need not be durable
    /// before the next rewrite: the client asks again.
    At { offset: u64, bytes: Span },
    /// Append one line.
    Append { bytes: Span },
    /// Write the file anew. The daemon asks the core for the text in chunks
    /// (`Core::lease_text`), so a table of any size needs one small buffer.
    Rewrite,
}
