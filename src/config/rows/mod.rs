//! All directives, in tables by theme, and which parts this build has.

mod auth;
mod cache;
mod dhcp_hosts;
mod dhcp_match;
mod dhcp_options;
mod dhcp_policy;
mod dnssec;
mod filter;
mod integration;
mod listen;
mod local;
mod log;
mod process;
mod ranges;
mod tftp;
mod upstream;

pub use dhcp_hosts::{ethers_line, host};

use super::row::{Apply, Row};

const TABLES: [&[Row]; 16] = [
    process::ROWS,
    log::ROWS,
    listen::ROWS,
    upstream::ROWS,
    filter::ROWS,
    cache::ROWS,
    local::ROWS,
    dnssec::ROWS,
    auth::ROWS,
    ranges::ROWS,
    dhcp_options::ROWS,
    dhcp_hosts::ROWS,
    dhcp_match::ROWS,
    dhcp_policy::ROWS,
    tftp::ROWS,
    integration::ROWS,
];

/// Every directive.
pub fn all() -> impl Iterator<Item = &'static Row> {
    TABLES.into_iter().flatten()
}

/// This build has the DHCPv4 server.
pub const HAS_DHCP4: bool = cfg!(feature = "dhcp4");

/// This build has the TFTP server.
pub const HAS_TFTP: bool = cfg!(feature = "tftp");

impl Row {
    /// The row if this build `has` its part; otherwise one that refuses, so
    /// that its function is left out with the part.
    const fn of(mut self, has: bool) -> Row {
        if !has {
            self.apply = Apply::LeftOut;
        }
        self
    }

    /// A row of the DHCPv4 server.
    pub(super) const fn dhcp4(self) -> Row {
        self.of(HAS_DHCP4)
    }

    /// A row of the TFTP server.
    pub(super) const fn tftp(self) -> Row {
        self.of(HAS_TFTP)
    }
}
