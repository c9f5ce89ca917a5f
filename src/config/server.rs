//! The text of an upstream server:
//! `HOST[%SCOPE][#PORT][@INTERFACE][@SOURCE[#PORT]]`.

use super::Server;
use super::files::LookUp;
use super::refusal::Applied;
use super::values::{is_host_name, port};
use crate::base::text::parse_ip;
use std::net::{IpAddr, SocketAddr};

/// Where DNS servers listen.
const DNS_PORT: u16 = 53;

/// What the text of a server stands for.
#[cfg_attr(any(test, debug_assertions), derive(PartialEq))]
pub enum Spec {
    /// Nothing: local data only.
    Local,
    /// `#`: the servers that are asked for everything else.
    Standard,
    /// A server.
    Server(Server),
    /// The servers of a host.
    Servers(Vec<Server>),
}

/// Splits at the first `separator`, with blanks around it or not.
fn split(octets: &[u8], separator: u8) -> (&[u8], Option<&[u8]>) {
    let mut parts = octets.splitn(2, |octet| *octet == separator).map(<[u8]>::trim_ascii);
    (parts.next().unwrap_or_default(), parts.next())
}

fn port_or(octets: Option<&[u8]>, default: u16) -> Applied<u16> {
    octets.map_or(Ok(default), |octets| port(octets).ok_or_else(|| wrong!("bad port")))
}

/// Reads the text of a server. The name of a host is looked up.
pub fn parse(octets: &[u8], look_up: LookUp) -> Applied<Spec> {
    match octets {
        b"" => return Ok(Spec::Local),
        b"#" => return Ok(Spec::Standard),
        _ => {}
    }
    let (front, behind) = split(octets, b'@');
    let (host, number) = split(front, b'#');
    let (host, scope) = split(host, b'%');
    let (behind, source_port) = split(behind.unwrap_or_default(), b'#');
    let port = port_or(number, DNS_PORT)?;
    let source_port = port_or(source_port, 0)?;
    let (iface, source) = way(behind)?;
    let server = |addr: IpAddr| Server {
        addr: SocketAddr::new(addr, port),
        // A scope binds to its interface as `@` does.
        iface: iface.or_else(|| scope.filter(|_| addr.is_ipv6())).map(Into::into),
        source: match source {
            // A port alone: from any address.
            None if source_port != 0 && addr.is_ipv4() => Some(SocketAddr::from(([0; 4], source_port))),
            None if source_port != 0 => Some(SocketAddr::from(([0; 16], source_port))),
            _ => source.map(|source| SocketAddr::new(source, source_port)),
        },
    };
    let fits = |addr: &IpAddr| source.is_none_or(|source| source.is_ipv4() == addr.is_ipv4());
    match parse_ip(host) {
        Some(addr) if fits(&addr) => Ok(Spec::Server(server(addr))),
        Some(IpAddr::V4(_)) => Err(wrong!("cannot use IPv4 server address with IPv6 source address")),
        Some(IpAddr::V6(_)) => Err(wrong!("cannot use IPv6 server address with IPv4 source address")),
        None => Ok(Spec::Servers(found(host, look_up)?.into_iter().filter(fits).map(server).collect())),
    }
}

/// What stands behind `@`: an interface, or a source address, or both with the
/// interface in front.
fn way(octets: &[u8]) -> Applied<(Option<&[u8]>, Option<IpAddr>)> {
    let named = |octets| Some(octets).filter(|name: &&[u8]| !name.is_empty());
    match split(octets, b'@') {
        (iface, Some(source)) => {
            let source = parse_ip(source).ok_or(wrong!("interface can only be specified once"))?;
            Ok((named(iface), Some(source)))
        }
        (only, None) => match parse_ip(only) {
            None => Ok((named(only), None)),
            source => Ok((None, source)),
        },
    }
}

/// The addresses of a host.
fn found(host: &[u8], look_up: LookUp) -> Applied<Vec<IpAddr>> {
    let found = if is_host_name(host) && !host.contains(&b',') { look_up(host) } else { Some(Vec::new()) };
    let found = found.ok_or(wrong!("Cannot resolve server name"))?;
    if found.is_empty() { Err(wrong!("Name or service not known")) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn parse(text: &[u8]) -> Applied<Spec> {
        let known = |host: &[u8]| match host {
            b"localhost" => Some(vec![Ipv4Addr::LOCALHOST.into(), std::net::Ipv6Addr::LOCALHOST.into()]),
            _ => Some(Vec::new()),
        };
        super::parse(text, known)
    }

    fn server(text: &str) -> Server {
        match parse(text.as_bytes()) {
            Ok(Spec::Server(server)) => server,
            _ => panic!("{text}"),
        }
    }

    #[test]
    fn address_port_scope_interface_and_source() {
        assert_eq!(server("1.2.3.4").addr, "1.2.3.4:53".parse().unwrap());
        assert_eq!(server("1.2.3.4#5353").addr.port(), 5353);
        let full = server("1.2.3.4#54@eth0@10.0.0.1#0");
        assert_eq!(full.iface.as_deref(), Some(&b"eth0"[..]));
        assert_eq!(full.source, "10.0.0.1:0".parse().ok());
        assert_eq!(server("fe80::1%br-lan#53").iface.as_deref(), Some(&b"br-lan"[..]));
        assert_eq!(server("fe80::1@wan").iface.as_deref(), Some(&b"wan"[..]));
        assert_eq!(server("1.2.3.4@10.0.0.1#999").source, "10.0.0.1:999".parse().ok());
        assert_eq!(server("1.2.3.4@eth0#999").source, "0.0.0.0:999".parse().ok());
        assert_eq!(server("::1@eth0@::2#7").source, "[::2]:7".parse().ok());
        assert!(matches!(parse(b""), Ok(Spec::Local)));
        assert!(matches!(parse(b"#"), Ok(Spec::Standard)));
    }

    #[test]
    fn a_host_has_all_its_addresses() {
        let Ok(Spec::Servers(servers)) = parse(b"localhost#54@127.0.0.9") else { panic!("servers") };
        assert!(!servers.is_empty() && servers.iter().all(|server| server.addr.is_ipv4()));
        assert_eq!(servers[0].addr, "127.0.0.1:54".parse().unwrap());
    }

    #[test]
    fn what_cannot_be_is_refused_in_words() {
        let refused = |text: &str| parse(text.as_bytes()).err().unwrap().words().to_owned();
        assert_eq!(refused("1.2.3.4#x"), "bad port");
        assert_eq!(refused("1.2.3.4@10.0.0.1@eth0"), "interface can only be specified once");
        assert!(refused("1.2.3.4@::1").starts_with("cannot use IPv4"));
        assert_eq!(refused("1.2.3.4@eth0@"), "interface can only be specified once");
        assert_eq!(refused("1.2.3.4@10.0.0.1#x"), "bad port");
        assert_eq!(refused("no_such-.host,"), "Name or service not known");
    }
}
