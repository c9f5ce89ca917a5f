//! Interfaces and addresses without netlink, where that is refused: the IPv4
//! list by ioctl, IPv6 addresses from /proc.
//!
//! Stands on netdevice(7) (SIOCGIFCONF and friends) and proc(5)
//! (/proc/net/if_inet6). Hears of no changes.

use super::files;
use super::sockets;
use super::sys::{Errno, check, raw};
use crate::base::net::HwAddr;
use crate::wire::netlink::{Body, Link, LinkAddress};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, OwnedFd};

/// Entries asked for: more interfaces than we know at once.
const ENTRIES: usize = 128;

/// The number of the interface of this name; 0 if there is none.
pub fn index(name: &[u8]) -> u32 {
    // SAFETY: a text with a final zero.
    std::ffi::CString::new(name).map_or(0, |name| unsafe { libc::if_nametoindex(name.as_ptr()) })
}

/// Tells `each` every interface and address, as netlink would.
pub fn list(each: &mut dyn FnMut(Body)) -> Result<(), Errno> {
    let socket = sockets::udp(false)?;
    // SAFETY: all-zero is a valid request, and so are as many of them.
    let mut entries: [libc::ifreq; ENTRIES] = unsafe { core::mem::zeroed() };
    let mut list = libc::ifconf {
        ifc_len: size_of_val(&entries) as libc::c_int,
        ifc_ifcu: libc::__c_anonymous_ifc_ifcu { ifcu_req: entries.as_mut_ptr() },
    };
    // SAFETY: the length describes the entries.
    check(unsafe { libc::syscall(libc::SYS_ioctl, raw(socket.as_fd()), libc::SIOCGIFCONF as usize, &raw mut list) })?;
    let count = usize::try_from(list.ifc_len).unwrap_or(0) / size_of::<libc::ifreq>();
    for entry in entries.iter().take(count) {
        let name = entry.ifr_name.map(|octet| octet as u8);
        let name = name.split(|octet| *octet == 0 || *octet == b':').next().unwrap_or_default();
        one(&socket, entry, name, each);
    }
    ipv6(each);
    Ok(())
}

/// Asks for one property of the interface that `like` names.
fn ask(socket: &OwnedFd, like: &libc::ifreq, what: u64) -> Option<libc::ifreq> {
    let mut request = *like;
    // SAFETY: the request lives through the call, which fills it in.
    check(unsafe { libc::syscall(libc::SYS_ioctl, raw(socket.as_fd()), what as usize, &raw mut request) }).ok()?;
    Some(request)
}

fn one(socket: &OwnedFd, entry: &libc::ifreq, name: &[u8], each: &mut dyn FnMut(Body)) {
    let number = |what: u64| {
        // SAFETY: these questions are answered with a number.
        ask(socket, entry, what).map(|got| unsafe { got.ifr_ifru.ifru_ifindex })
    };
    let Some(index) = number(libc::SIOCGIFINDEX as u64).and_then(|n| u32::try_from(n).ok()) else { return };
    // SAFETY: this question is answered with flags.
    let flags = ask(socket, entry, libc::SIOCGIFFLAGS as u64).map_or(0, |got| unsafe { got.ifr_ifru.ifru_flags });
    let mtu = number(libc::SIOCGIFMTU as u64).and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    // SAFETY: this question is answered with an address.
    let hw = ask(socket, entry, libc::SIOCGIFHWADDR as u64).map(|got| unsafe { got.ifr_ifru.ifru_hwaddr });
    let hw = hw.map_or(HwAddr::default(), |hw| {
        let [a, b, c, d, e, f, ..] = hw.sa_data.map(|octet| octet as u8);
        HwAddr::new(hw.sa_family as u8, &[a, b, c, d, e, f])
    });
    each(Body::Link(Link { index, name, flags: u32::from(flags as u16), mtu, hw }));
    let Some(addr) = ask(socket, entry, libc::SIOCGIFADDR as u64).and_then(|got| ipv4(&got)) else { return };
    let mask = ask(socket, entry, libc::SIOCGIFNETMASK as u64).and_then(|got| ipv4(&got));
    let prefix = mask.map_or(32, |mask| u32::from(mask).count_ones() as u8);
    let broadcast = ask(socket, entry, libc::SIOCGIFBRDADDR as u64).and_then(|got| ipv4(&got));
    each(Body::Address(LinkAddress { index, addr: addr.into(), prefix, broadcast, label: name, flags: 0 }));
}

/// The address in an answer, if it is an IPv4 one.
fn ipv4(answer: &libc::ifreq) -> Option<Ipv4Addr> {
    // SAFETY: the questions that lead here are answered with an address.
    let addr = unsafe { answer.ifr_ifru.ifru_addr };
    let [_, _, a, b, c, d, ..] = addr.sa_data.map(|octet| octet as u8);
    (i32::from(addr.sa_family) == libc::AF_INET).then_some(Ipv4Addr::new(a, b, c, d))
}

/// Lines of: address, index, prefix length, scope, flags (all hexadecimal), name.
fn ipv6(each: &mut dyn FnMut(Body)) {
    let _ = files::lines(c"/proc/net/if_inet6", &mut |line| {
        if let Some(address) = core::str::from_utf8(line).ok().and_then(ipv6_line) {
            each(Body::Address(address));
        }
        true
    });
}

fn ipv6_line(line: &str) -> Option<LinkAddress<'_>> {
    let mut words = line.split_ascii_whitespace();
    let addr = u128::from_str_radix(words.next()?, 16).ok()?;
    let index = u32::from_str_radix(words.next()?, 16).ok()?;
    let prefix = u8::from_str_radix(words.next()?, 16).ok()?;
    words.next()?;
    let flags = u32::from_str_radix(words.next()?, 16).ok()?;
    let addr = IpAddr::V6(Ipv6Addr::from(addr));
    Some(LinkAddress { index, addr, prefix, broadcast: None, label: &[], flags })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_holds_loopback_with_its_address() {
        let (mut index, mut found) = (None, false);
        list(&mut |body| match body {
            Body::Link(link) if link.name == b"lo" => index = Some(link.index),
            Body::Address(address) if address.addr == IpAddr::V4(Ipv4Addr::LOCALHOST) => {
                found = Some(address.index) == index && address.prefix == 8;
            }
            _ => {}
        })
        .unwrap();
        assert!(found);
        let line = ipv6_line("fe800000000000000000000000000001 02 40 20 80     eth0").unwrap();
        assert_eq!((line.addr.to_string().as_str(), line.index, line.prefix, line.flags), ("fe80::1", 2, 64, 0x80));
        assert!(ipv6_line("fe80 02").is_none());
    }
}
