//! What is added to questions on their way upstream, and what is taken out: the
//! EDNS options that tell a server who asks. Settings only; the octets are made
//! in `dns`.

use std::net::IpAddr;

/// EDNS options of forwarded questions.
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Edns {
    /// `add-mac`: the client's hardware address as octets (option 65001).
    pub mac: bool,
    /// `add-mac=base64`, `add-mac=text`: the same as text (option 65073).
    pub mac_text: Option<MacText>,
    /// `strip-mac`: options 65001 and 65073 of clients are taken out.
    pub strip_mac: bool,
    /// `add-subnet`, for clients with IPv4 and with IPv6 addresses.
    pub subnet: Option<[Subnet; 2]>,
    /// `strip-subnet`: the client subnet (option 8) of clients is taken out.
    pub strip_subnet: bool,
    /// `add-cpe-id` (option 65074); empty: none.
    pub cpe_id: Box<[u8]>,
    /// `umbrella` (option 20292).
    pub umbrella: Option<Umbrella>,
}

/// How a hardware address is written as text.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub enum MacText {
    /// In base64.
    Base64,
    /// In hexadecimal with colons.
    Colons,
}

/// The network that is told of a client.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Subnet {
    /// This address instead of the client's.
    pub addr: Option<IpAddr>,
    /// Leading bits that are told; 0: none, and nobody behind is to tell any.
    pub len: u8,
}

/// What Cisco Umbrella is told besides the client's address; 0 and `None`: nothing.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Umbrella {
    /// Organisation.
    pub org: u32,
    /// Asset.
    pub asset: u32,
    /// Device.
    pub device: Option<[u8; 8]>,
}

impl Edns {
    /// True when something is to be added or taken out.
    pub fn is_on(&self) -> bool {
        self.mac
            || self.mac_text.is_some()
            || self.strip_mac
            || self.subnet.is_some()
            || self.strip_subnet
            || !self.cpe_id.is_empty()
            || self.umbrella.is_some()
    }
}
