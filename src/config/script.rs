//! The frozen configuration of the program that follows leases.

use super::Path;
use super::rows::HAS_SCRIPT;
use std::ffi::CStr;

/// What `dhcp-script` and its companions say.
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Script {
    /// `dhcp-script`.
    pub(super) program: Option<Path>,
    /// `dhcp-scriptuser`.
    pub user: Option<Path>,
    /// `script-arp`.
    pub arp: bool,
    /// `script-on-renewal`.
    pub on_renewal: bool,
    /// `leasefile-ro`: the program keeps the leases.
    pub keeps_leases: bool,
}

impl Script {
    /// The program, if this build can run one.
    pub fn program(&self) -> Option<&CStr> {
        self.program.as_deref().filter(|_| HAS_SCRIPT)
    }

    /// True when there is a program.
    pub fn is_on(&self) -> bool {
        self.program().is_some()
    }
}
