//! Puts addresses into sets of the kernel, before the answer that holds them
//! leaves. The kernel answers while it is asked, so nothing waits; what it
//! refuses is told in the log and changes nothing else.

use crate::config::{Config, sets};
use crate::daemon::netfilter::exchange;
use crate::outbox::lines::{Arg, Line, dns as lines};
use crate::platform::netlink;
use crate::platform::sys::{self, Errno};
use crate::wire::netfilter::{Answer, NftSet, ipset_add, nft_add, nft_ask};
use std::net::{IpAddr, Ipv6Addr};
use std::os::fd::OwnedFd;

/// Error numbers from here on are those of ipset: an address that is not of the
/// set's kind, which is no failure.
const IPSET_ERRORS: Errno = 4096;

/// The way to the sets.
pub struct Sets {
    socket: Option<OwnedFd>,
}

impl Sets {
    /// Opened if there is anything to put into sets.
    pub fn open(config: &Config) -> Self {
        Sets { socket: config.sets.any().then(netlink::open_netfilter).and_then(Result::ok) }
    }

    /// Puts addresses (as IPv6, those of IPv4 mapped) into the sets of these
    /// lines of `ipset` and `nftset`.
    pub fn fill(
        &self,
        config: &sets::Sets,
        (ip, nft): (Option<u32>, Option<u32>),
        addresses: &[u8],
        say: &mut dyn FnMut(&Line, &[Arg]),
    ) {
        let Some(socket) = self.socket.as_ref().filter(|_| config.any()) else { return };
        for set in config.ip.of(ip) {
            for addr in each(addresses) {
                match exchange(socket, &|out| ipset_add(out, &set.name, addr)) {
                    Ok(_) => {}
                    Err(errno) if errno >= IPSET_ERRORS => {}
                    Err(errno) => say(&lines::IPSET_FAILED, &[Arg::Text(&set.name), Arg::Errno(errno)]),
                }
            }
        }
        for set in config.nft.of(nft) {
            let named = NftSet { family: set.family, table: &set.table, name: &set.name };
            if let Err(errno) = fill_nft(socket, named, &mut each(addresses).filter(|addr| set.takes(*addr))) {
                say(&lines::NFTSET_FAILED, &[Arg::Text(&set.table), Arg::Text(&set.name), Arg::Errno(errno)]);
            }
        }
    }
}

/// Puts addresses into one set; those that are not of its kind are left out.
fn fill_nft(socket: &OwnedFd, set: NftSet, addresses: &mut dyn Iterator<Item = IpAddr>) -> Result<(), Errno> {
    let mut kind = None;
    for addr in addresses {
        // Asked each time: a firewall that is loaded anew may have made it anew.
        let (ranges, key_len) = match kind {
            Some(kind) => kind,
            None => match exchange(socket, &|out| nft_ask(out, set))? {
                Some(Answer::Set { ranges, key_len }) => *kind.insert((ranges, key_len)),
                _ => return Err(sys::ENOENT),
            },
        };
        if key_len != if addr.is_ipv4() { 4 } else { 16 } {
            continue;
        }
        match exchange(socket, &|out| nft_add(out, set, addr, ranges)) {
            // It is in a range that the set holds already.
            Ok(_) | Err(sys::EEXIST | sys::ENOTEMPTY) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

fn each(addresses: &[u8]) -> impl Iterator<Item = IpAddr> {
    let (all, _) = addresses.as_chunks::<16>();
    all.iter().map(|octets| IpAddr::V6(Ipv6Addr::from(*octets)).to_canonical())
}
