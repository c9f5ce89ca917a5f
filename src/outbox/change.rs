//! What the daemon tells the engines: everything that happens and is neither a
//! datagram nor a deadline. The counterpart of `action`: some changes answer an
//! action (`Opened`, `Block`, `SendFailed`), others come from outside.

use crate::base::net::HwAddr;
use crate::base::time::UnixTime;
use crate::outbox::action::Door;
use std::net::SocketAddr;

/// A system error number (`ENOENT`, …), as the kernel gave it.
pub type Errno = i32;

/// What is known of an open file.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub struct FileInfo {
    /// Octets.
    pub size: u64,
    /// Device: with `inode` it tells whether two paths are one file.
    pub device: u64,
    /// Number of the file on its device.
    pub inode: u64,
    /// When it was last changed.
    pub mtime: UnixTime,
    /// An ordinary file (not a directory, device or pipe).
    pub regular: bool,
    /// A directory.
    pub directory: bool,
    /// Everybody may read it.
    pub world_readable: bool,
    /// It belongs to the account we run as.
    pub own: bool,
    /// We run as root: the kernel refused nothing.
    pub as_root: bool,
}

/// One change.
pub enum Change<'a> {
    /// The interface table was replaced; the serve flags are those of now.
    Interfaces,
    /// A datagram did not leave.
    SendFailed {
        /// The socket it should have left by.
        door: Door,
        /// The receiver.
        to: SocketAddr,
        /// Why.
        errno: Errno,
    },
    /// A resolv file was read: its servers, in order, port and scope filled in.
    /// They replace those of the last one.
    Resolv {
        /// The servers.
        servers: &'a [SocketAddr],
    },
    /// The servers of `servers-file` were read anew, those of the configuration
    /// stay.
    Servers {
        /// How many those of the configuration are.
        kept: u16,
    },
    /// The hosts of DHCP and the local names were read anew (SIGHUP, start).
    DhcpHostsReloaded,
    /// The table of local names was replaced (SIGHUP, start).
    HostsReloaded,
    /// Forget what was learnt from upstream.
    ClearCache,
    /// SIGUSR1: write statistics to the log.
    Statistics,
    /// The lease file could not be changed: what was promised is not on disk.
    LeaseFileFailed {
        /// Why.
        errno: Errno,
    },
    /// The lease file was written anew, whole.
    LeaseFileOk,
    /// Answer to `Action::FileOpen`.
    Opened {
        /// The transfer.
        slot: u16,
        /// The file, or why there is none.
        result: Result<FileInfo, Errno>,
    },
    /// Answer to `Action::FileRead`.
    Block {
        /// The transfer.
        slot: u16,
        /// Where in the file the octets begin.
        offset: u64,
        /// The octets (fewer than asked for at the end of the file), or why
        /// there are none.
        result: Result<&'a [u8], Errno>,
    },
    /// Answer to `Action::NeighbourAsk`.
    Neighbour {
        /// The transfer.
        slot: u16,
        /// The hardware address, empty when the kernel knows none.
        hw: HwAddr,
    },
}
