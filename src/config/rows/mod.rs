//! All directives, in tables by theme, and which parts this build has.

mod auth;
mod cache;
mod capture;
mod dhcp_hosts;
mod dhcp_match;
mod dhcp_options;
mod dhcp_policy;
mod dnssec;
mod edns;
mod filter;
mod integration;
mod listen;
mod local;
mod log;
mod process;
mod pxe;
mod ra;
mod ranges;
mod records;
mod relay;
mod script;
mod sets;
mod tftp;
mod upstream;

pub use dhcp_hosts::{ethers_line, read_host};
pub use dhcp_options::option4;
pub use sets::is_pattern;

use super::row::{Apply, Row, name_octet};

/// The tables, each with its heading in the manual page.
pub(super) const TABLES: &[(&str, &[Row])] = &[
    ("Files to read, and how the process runs", process::ROWS),
    ("What is logged", log::ROWS),
    ("Where to listen", listen::ROWS),
    ("Upstream servers", upstream::ROWS),
    ("What upstream is told of clients", edns::ROWS),
    ("What is not asked and not passed on", filter::ROWS),
    ("The cache", cache::ROWS),
    ("Local names", local::ROWS),
    ("Records of one's own", records::ROWS),
    ("DNSSEC", dnssec::ROWS),
    ("Authoritative zones", auth::ROWS),
    ("DHCP: ranges and leases", ranges::ROWS),
    ("DHCP: what clients are told", dhcp_options::ROWS),
    ("DHCP: hosts", dhcp_hosts::ROWS),
    ("DHCP: tags", dhcp_match::ROWS),
    ("DHCP: who is answered, and how", dhcp_policy::ROWS),
    ("PXE and BOOTP", pxe::ROWS),
    ("Relays and shared networks", relay::ROWS),
    ("Router advertisements", ra::ROWS),
    ("TFTP", tftp::ROWS),
    ("Programs that follow the leases", script::ROWS),
    ("Captures of packets", capture::ROWS),
    ("Other programs", integration::ROWS),
    ("Sets of the kernel, marks of connections", sets::ROWS),
];

/// How many there are.
const COUNT: usize = {
    let (mut count, mut table) = (0, 0);
    while table < TABLES.len() {
        count += TABLES[table].1.len();
        table += 1;
    }
    count
};

/// Every row, by name: sorted by the compiler.
pub const SORTED: [&Row; COUNT] = {
    let mut all = [&TABLES[0].1[0]; COUNT];
    let (mut count, mut table) = (0, 0);
    while table < TABLES.len() {
        let mut at = 0;
        while at < TABLES[table].1.len() {
            let mut place = count;
            while place > 0 && is_before(TABLES[table].1[at].form, all[place - 1].form) {
                all[place] = all[place - 1];
                place -= 1;
            }
            all[place] = &TABLES[table].1[at];
            at += 1;
            count += 1;
        }
        table += 1;
    }
    all
};

/// True when the name in form `a` stands before that in `b`.
const fn is_before(a: &str, b: &str) -> bool {
    let mut at = 0;
    loop {
        match (name_octet(a, at), name_octet(b, at)) {
            (x, y) if x != y => return x < y,
            (0, _) => return false,
            _ => at += 1,
        }
    }
}

/// This build has the DHCPv4 server.
pub const HAS_DHCP4: bool = cfg!(feature = "dhcp4");

/// This build has the TFTP server.
pub const HAS_TFTP: bool = cfg!(feature = "tftp");

/// This build has authoritative zones. Of this part and the three below nothing
/// but the rows is cut out: their engines ask these constants, and the compiler
/// leaves out what is never reached.
pub const HAS_AUTH: bool = cfg!(feature = "auth");

/// This build runs programs.
pub const HAS_SCRIPT: bool = cfg!(feature = "script");

/// This build fills sets of the kernel.
pub const HAS_SETS: bool = cfg!(feature = "sets");

/// This build asks for the marks of connections.
pub const HAS_CONNTRACK: bool = cfg!(feature = "conntrack");

/// This build speaks with OpenWrt's bus.
pub const HAS_UBUS: bool = cfg!(feature = "ubus");

impl Row {
    /// The row if this build `has` the part that a cargo feature brings;
    /// otherwise one that refuses, so that its function is left out with the
    /// part.
    const fn of(mut self, feature: &'static &'static str, has: bool) -> Row {
        #[cfg(test)]
        {
            self.feature = feature;
        }
        if !has {
            self.apply = Apply::LeftOut(feature);
        }
        self
    }

    /// A row of the DHCPv4 server.
    pub(super) const fn dhcp4(self) -> Row {
        self.of(&"dhcp4", HAS_DHCP4)
    }

    /// The row of OpenWrt's bus: its configuration names it always, so that a
    /// build without it does without.
    pub(super) const fn ubus(self) -> Row {
        let mut row = self.of(&"ubus", HAS_UBUS);
        if !HAS_UBUS {
            row.apply = Apply::Warns;
        }
        row
    }

    /// A row about marks of connections.
    pub(super) const fn conntrack(self) -> Row {
        self.of(&"conntrack", HAS_CONNTRACK)
    }

    /// A row of the TFTP server.
    pub(super) const fn tftp(self) -> Row {
        self.of(&"tftp", HAS_TFTP)
    }

    /// A row of authoritative zones.
    pub(super) const fn auth(self) -> Row {
        self.of(&"auth", HAS_AUTH)
    }

    /// A row of the program that is run.
    pub(super) const fn script(self) -> Row {
        self.of(&"script", HAS_SCRIPT)
    }

    /// A row of the kernel's sets.
    pub(super) const fn sets(self) -> Row {
        self.of(&"sets", HAS_SETS)
    }
}
