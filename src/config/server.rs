//! The text of an upstream server:
//! `ADDRESS[%SCOPE][#PORT][@INTERFACE][@SOURCE[#PORT]]`.

use super::Server;
use super::refusal::{Applied, Refusal, not_yet};
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
}

/// Splits at the first `separator`.
fn split(octets: &[u8], separator: u8) -> (&[u8], Option<&[u8]>) {
    let mut parts = octets.splitn(2, |octet| *octet == separator);
    (parts.next().unwrap_or_default(), parts.next())
}

fn port_or(octets: Option<&[u8]>, default: u16) -> Applied<u16> {
    octets.map_or(Ok(default), |octets| port(octets).ok_or_else(|| Refusal::from("bad port")))
}

/// Reads the text of a server.
pub fn parse(octets: &[u8]) -> Applied<Spec> {
    match octets {
        b"" => return Ok(Spec::Local),
        b"#" => return Ok(Spec::Standard),
        _ => {}
    }
    let mut parts = octets.split(|octet| *octet == b'@');
    let (host, number) = split(parts.next().unwrap_or_default(), b'#');
    let (host, scope) = split(host, b'%');
    let Some(addr) = parse_ip(host) else {
        if !is_host_name(host) || host.contains(&b',') {
            return Err("Name or service not known".into());
        }
        return Err(not_yet(&["the host name ", &String::from_utf8_lossy(host), " as a server"].concat()));
    };
    let mut server = Server {
        addr: SocketAddr::new(addr, port_or(number, DNS_PORT)?),
        // A scope binds to its interface as `@` does.
        iface: scope.filter(|_| addr.is_ipv6()).map(Into::into),
        source: None,
    };
    for part in parts.filter(|part| !part.is_empty()) {
        from(&mut server, part)?;
    }
    Ok(Spec::Server(server))
}

/// An item behind `@`: a source address with port, or an interface.
fn from(server: &mut Server, octets: &[u8]) -> Applied {
    let (text, number) = split(octets, b'#');
    let Some(source) = parse_ip(text) else {
        if server.source.is_some() {
            return Err("interface can only be specified once".into());
        }
        server.iface = Some(octets.into());
        return Ok(());
    };
    match (server.addr.ip(), source) {
        (IpAddr::V4(_), IpAddr::V6(_)) => Err("cannot use IPv4 server address with IPv6 source address".into()),
        (IpAddr::V6(_), IpAddr::V4(_)) => Err("cannot use IPv6 server address with IPv4 source address".into()),
        _ => {
            let port = port_or(number, 0)?;
            if port != 0 {
                // Each question leaves from a random port: nothing holds one open.
                return Err(not_yet("a server's source port"));
            }
            server.source = Some(SocketAddr::new(source, port));
            Ok(())
        }
    }
}


#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(matches!(parse(b""), Ok(Spec::Local)));
        assert!(matches!(parse(b"#"), Ok(Spec::Standard)));
    }

    #[test]
    fn what_cannot_be_is_refused_in_words() {
        let refused = |text: &str| parse(text.as_bytes()).err().unwrap().0;
        assert_eq!(refused("1.2.3.4#x"), "bad port");
        assert_eq!(refused("1.2.3.4@10.0.0.1@eth0"), "interface can only be specified once");
        assert!(refused("1.2.3.4@::1").starts_with("cannot use IPv4"));
        assert_eq!(refused("1.2.3.4@10.0.0.1#999"), "a server's source port is not supported yet");
        assert_eq!(refused("dns.example"), "the host name dns.example as a server is not supported yet");
    }
}
