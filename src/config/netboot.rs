//! What the operator said of booting over the network and of how DHCP is spoken:
//! the PXE menu (Intel's PXE specification 2.1), BOOTP, ports, pace. How it is
//! answered is `dhcp4`.

use super::{Conditions, NextServer};
use crate::wire::dhcp4::{CLIENT_PORT, SERVER_PORT};

/// Ports of DHCP, and those of `dhcp-alternate-port` without numbers.
pub const PORTS: (u16, u16) = (SERVER_PORT, CLIENT_PORT);
pub const ALTERNATE_PORTS: (u16, u16) = (1067, 1068);

/// The class of PXE clients if `dhcp-pxe-vendor` names none.
pub const PXE_CLIENT: &[u8] = b"PXEClient";

/// Booting, frozen.
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Netboot {
    /// `pxe-service`, in configured order.
    pub services: Vec<Service>,
    /// There is a `pxe-prompt`: it stands among the options, in `Space::Pxe`.
    pub prompt: bool,
    /// `dhcp-pxe-vendor`, as configured, the last being tried first; never empty.
    pub vendors: Vec<Box<[u8]>>,
    /// `bootp-dynamic`: any one that holds.
    pub dynamic: Vec<Conditions>,
    /// `dhcp-reply-delay`: seconds, and when.
    pub delay: Option<(u32, Conditions)>,
    /// Ports of server and client.
    pub ports: (u16, u16),
}

impl Netboot {
    /// True when PXE clients get more than an address.
    pub fn pxe(&self) -> bool {
        self.prompt || !self.services.is_empty()
    }
}

/// `pxe-service`.
#[cfg_attr(test, derive(Debug))]
pub struct Service {
    /// Architecture of clients that see it (RFC 4578 §2.1).
    pub arch: u32,
    /// Its line of the menu.
    pub text: Box<[u8]>,
    /// The type of boot server; 0: boot from the disk.
    pub kind: u16,
    /// The file; nothing: other servers of the type have it.
    pub file: Option<Box<[u8]>>,
    /// Who has it; `Us`: nobody was named.
    pub server: NextServer,
    /// When it is shown.
    pub conditions: Conditions,
}
