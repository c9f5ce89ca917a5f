//! Every compile-time bound, with its reason and the sums it must satisfy.
//!
//! Three kinds of limit exist: those of a protocol are here; those of the
//! operator (`cache-size`, `dhcp-lease-max`, …) size boxed tables once at
//! start; lists are counted and boxed by the configuration.

/// Datagrams read from one socket in one call, and answered in one call.
pub const BATCH: usize = 16;

/// Datagrams handed to the kernel in one call.
pub const SEND_BATCH: usize = 32;

/// Largest datagram received. Larger ones are cut by the kernel and dropped by
/// the parser (EDNS sizes above this are not offered).
pub const DATAGRAM_MAX: usize = 4096;

/// Octets of DHCP options that came in parts and are joined: as much as an
/// ordinary frame can carry.
pub const SPLIT_OPTIONS_MAX: usize = 1500;

/// Octets of everything one event may say: the largest DNS reply and its log
/// lines, or a DHCP reply with `log-dhcp` lines.
pub const EVENT_BYTES: usize = DATAGRAM_MAX + 12 * 1024;

/// Actions one event may say: a question sent to the widest fan-out of
/// servers (32), or an answer given to all waiters of one turn (16) with a log
/// line each, or a DHCP reply with its 80 `log-dhcp` lines.
pub const ACTIONS_PER_EVENT: usize = 96;

/// Octets of the outbox: a whole batch of ordinary answers beside the worst
/// single event.
pub const OUTBOX_BYTES: usize = 2 * EVENT_BYTES;

/// Actions in the outbox.
pub const OUTBOX_ACTIONS: usize = 2 * ACTIONS_PER_EVENT;

/// Longest log line, as dnsmasq cuts it.
pub const LOG_LINE_MAX: usize = 1024;

/// Octets of log lines that wait for the system log: some 300 of them.
pub const LOG_RING_BYTES: usize = 32 * 1024;

/// Network interfaces known at once.
pub const INTERFACES_MAX: usize = 64;

/// Addresses kept for one interface.
pub const ADDRESSES_PER_INTERFACE: usize = 16;

/// Longest interface name (IFNAMSIZ less the final zero).
pub const IFNAME_MAX: usize = 15;

/// Listening sockets of each kind, where every address has its own: two of
/// each interface.
pub const LISTENERS_MAX: usize = 2 * INTERFACES_MAX;

/// Servers that one question is sent to at once.
pub const FANOUT_MAX: usize = 32;

/// Servers taken from resolv files.
pub const RESOLV_SERVERS_MAX: usize = 16;

/// Octets of a question section: the longest name, type and class.
pub const QUESTION_MAX: usize = 255 + 4;

/// Octets of a question as it goes upstream: the longest name with an OPT
/// record and what clients put into one (options beyond are left out).
pub const UPSTREAM_QUERY_MAX: usize = 512;

/// Datagrams sent upstream for one question, however often clients repeat it
/// (the first fan-out is never cut).
pub const UPSTREAM_DATAGRAMS_MAX: u8 = 8;

/// Clients that wait for one answer; a later one asks again.
pub const WAITERS_PER_QUESTION: u8 = 48;

/// Clients of DNS over TCP, whatever `max-tcp-connections` says: slot numbers
/// of both sides, and two questions of each, must fit an octet.
pub const STREAM_CLIENTS_MAX: u8 = 120;

/// Connections to servers of DNS over TCP.
pub const STREAM_LINKS: u8 = 16;

/// Stream slots, of clients and of servers together.
pub const STREAMS_MAX: usize = STREAM_CLIENTS_MAX as usize + 1 + STREAM_LINKS as usize;

/// Questions of one client of DNS over TCP that are with servers at a time; its
/// further ones wait.
pub const STREAM_ASKS_PER_CLIENT: u8 = 16;

/// Octets of questions that wait to be written to a server.
pub const STREAM_ASKS_MAX: usize = 2 * (UPSTREAM_QUERY_MAX + 2);

/// Octets of what a client may have sent over TCP and not been answered yet,
/// lengths included; a longer question ends the connection.
pub const STREAM_QUERY_MAX: usize = 2048;

/// Octets of an answer over TCP that fits the stream's own buffer.
pub const STREAM_REPLY_MAX: usize = 4096;

/// Large buffers (64 KiB) lent to streams.
pub const LARGE_BUFFERS: usize = 4;

/// Leases that a table can hold, whatever `dhcp-lease-max` says: a line each
/// must stay addressable in the lease file, and memory bounded.
pub const LEASES_MAX: usize = 1 << 20;

/// Addresses of one answer that are put into sets of the kernel.
pub const SET_ADDRESSES_MAX: usize = 128;

/// Neighbours that `add-mac` and `script-arp` know.
pub const NEIGHBOURS_MAX: usize = 1024;

/// Clients whose requests are remembered until a program was told of them, and
/// octets of what is remembered of each.
pub const SUPPLIED_MAX: usize = 16;
pub const SUPPLIED_BYTES: usize = 1536;

/// Longest host name: one label (RFC 1035 §2.3.4).
pub const HOST_NAME_MAX: usize = 63;

/// Addresses of one range whose leases are known bit by bit (128 KiB).
pub const OCCUPIED_MAX: u32 = 1 << 20;

/// Octets of lines in the lease file that are not ours and kept as they are.
pub const KEPT_LEASE_LINES: usize = 1 << 20;

/// Ranges that one request can be served from.
pub const RANGES_PER_REQUEST: usize = 32;

/// Declined `dhcp-host` addresses that rest at the same time.
pub const DECLINED_MAX: usize = 32;

/// Largest request kept while an address is probed for it: what fits into an
/// Ethernet frame.
pub const PROBE_PACKET_MAX: usize = 1472;

/// Address probes under way at once; more offers go out unprobed.
pub const PROBES_MAX: usize = 32;

/// Tags that one request can carry.
pub const TAGS_PER_REQUEST: usize = 64;

/// Octets of a TFTP transfer's path with its final zero: a long root and the
/// longest file name (255).
pub const TFTP_PATH_MAX: usize = 512;

/// Blocks of one TFTP window (RFC 7440), as many as dnsmasq allows.
pub const TFTP_WINDOW_MAX: u16 = 32;

/// Octets read from a file at once: what one event may say, less the headers
/// of a whole window and a log line.
pub const FILE_READ_MAX: usize = 14 * 1024;

const _: () = assert!(FILE_READ_MAX + 4 * TFTP_WINDOW_MAX as usize + LOG_LINE_MAX <= EVENT_BYTES);
const _: () = assert!(TFTP_WINDOW_MAX as usize + 4 <= ACTIONS_PER_EVENT);
const _: () = assert!(OUTBOX_BYTES >= EVENT_BYTES && OUTBOX_ACTIONS >= ACTIONS_PER_EVENT);
const _: () = assert!(FANOUT_MAX + WAITERS_PER_QUESTION as usize + 8 < ACTIONS_PER_EVENT);
const _: () = assert!(STREAMS_MAX <= u8::MAX as usize);
