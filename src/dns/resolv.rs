//! The lines of a resolv file (`resolv.conf(5)` as dnsmasq reads it): only
//! `nameserver ADDRESS` and `server ADDRESS` count, with an optional `%SCOPE`
//! behind an IPv6 address. Pure: the daemon reads the file.

use crate::base::text;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};

/// Port of servers in a resolv file.
const PORT: u16 = 53;

/// The server on one line, if there is one. `scope` gives the number of an
/// interface by its name, 0 for none.
pub fn server(line: &[u8], scope: impl Fn(&[u8]) -> u32) -> Option<SocketAddr> {
    let mut words = line.split(|octet| matches!(octet, b' ' | b'\t' | b'\r' | b'\n')).filter(|word| !word.is_empty());
    let keyword = words.next()?;
    if keyword != b"nameserver" && keyword != b"server" {
        return None;
    }
    let word = words.next()?;
    let mut parts = word.splitn(2, |octet| *octet == b'%');
    match (text::parse_ip(parts.next()?)?, parts.next()) {
        (IpAddr::V6(addr), Some(iface)) => Some(SocketAddrV6::new(addr, PORT, 0, scope(iface)).into()),
        (IpAddr::V4(_), Some(_)) => None,
        (addr, None) => Some(SocketAddr::new(addr, PORT)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_servers_with_addresses_count() {
        let parse = |line: &str| {
            server(line.as_bytes(), |iface| if iface == b"eth1" { 7 } else { 0 }).map(|addr| addr.to_string())
        };
        assert_eq!(parse("nameserver 192.0.2.1"), Some("192.0.2.1:53".into()));
        assert_eq!(parse("  server\t2001:db8::1 # mine\n"), Some("[2001:db8::1]:53".into()));
        assert_eq!(parse("nameserver fe80::1%eth1"), Some("[fe80::1%7]:53".into()));
        for other in ["", "nameserver", "nameserver dns.example", "options edns0", "#nameserver 1.2.3.4",
            "nameserver 1.2.3.4#54", "nameserver 1.2.3.4%eth1", "nameservers 1.2.3.4"]
        {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
