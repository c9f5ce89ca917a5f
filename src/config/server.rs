//! The text of an upstream server:
//! `HOST[%SCOPE][#PORT][@INTERFACE][@SOURCE[#PORT]]`.

use super::Server;
use super::draft::Draft;
use super::files::Hosts;
use super::refusal::Applied;
use super::values::{is_host_name, port};
use crate::base::octets::find;
use crate::base::text::parse_ip;
use std::net::{IpAddr, SocketAddr};

/// Where DNS servers listen.
const DNS_PORT: u16 = 53;

/// Takes what stands before the first `separator` off `rest`, blanks around it
/// dropped; nothing behind the last.
#[inline(never)]
fn until<'a>(rest: &mut Option<&'a [u8]>, separator: u8) -> &'a [u8] {
    let all = rest.take().unwrap_or_default();
    match find(all, separator) {
        Some(at) => {
            let (part, behind) = all.split_at_checked(at).unwrap_or_default();
            *rest = behind.get(1..);
            part.trim_ascii()
        }
        None => all.trim_ascii(),
    }
}

fn port_or(octets: Option<&[u8]>, default: u16) -> Applied<u16> {
    octets.map_or(Some(default), |octets| port(octets.trim_ascii())).ok_or(wrong!("bad port"))
}

/// Reads the text of a server and calls `each` with it, or, if it is the name of
/// a host, with one for each of the host's addresses. True if it is an address.
pub fn parse(octets: &[u8], draft: &mut Draft, each: &mut dyn FnMut(&mut Draft, Server) -> Applied) -> Applied<bool> {
    let mut behind = Some(octets);
    let mut number = Some(until(&mut behind, b'@'));
    let mut scope = Some(until(&mut number, b'#'));
    let host = until(&mut scope, b'%');
    let mut source_port = behind;
    let mut second = Some(until(&mut source_port, b'#'));
    let port = port_or(number, DNS_PORT)?;
    let source_port = port_or(source_port, 0)?;
    // What stands behind `@`: an interface, or a source address, or both with
    // the interface in front.
    let mut iface = until(&mut second, b'@');
    let source = parse_ip(second.unwrap_or(iface).trim_ascii());
    match (second, source) {
        (Some(_), None) => return Err(wrong!("interface can only be specified once")),
        (None, Some(_)) => iface = b"",
        _ => {}
    }
    let literal = parse_ip(host);
    let looked_up;
    let all = match &literal {
        Some(addr) => std::slice::from_ref(addr),
        None => {
            looked_up = found(host, &mut draft.look_up)?;
            &looked_up
        }
    };
    for addr in all {
        let is_ipv4 = addr.is_ipv4();
        if source.is_some_and(|source| source.is_ipv4() != is_ipv4) {
            match literal {
                None => continue,
                Some(_) if is_ipv4 => return Err(wrong!("cannot use IPv4 server address with IPv6 source address")),
                Some(_) => return Err(wrong!("cannot use IPv6 server address with IPv4 source address")),
            }
        }
        // A scope binds to its interface as `@` does.
        let bound = if iface.is_empty() { scope.filter(|_| !is_ipv4) } else { Some(iface) };
        each(draft, Server {
            addr: SocketAddr::new(*addr, port),
            iface: bound.map(|name| name.trim_ascii().into()),
            source: source.filter(|source| !source.is_unspecified()),
            source_port,
        })?;
    }
    Ok(literal.is_some())
}

/// The addresses of a host.
fn found(host: &[u8], look_up: &mut Hosts) -> Applied<Vec<IpAddr>> {
    let found = if is_host_name(host) && !host.contains(&b',') { look_up.find(host) } else { Some(Vec::new()) };
    let found = found.ok_or(wrong!("Cannot resolve server name"))?;
    if found.is_empty() { Err(wrong!("Name or service not known")) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::hash::Key;
    use crate::base::random::Random;
    use std::net::Ipv4Addr;

    fn parse(text: &[u8]) -> Applied<Vec<Server>> {
        let known = |host: &[u8]| match host {
            b"localhost" => Some(vec![Ipv4Addr::LOCALHOST.into(), std::net::Ipv6Addr::LOCALHOST.into()]),
            _ => Some(Vec::new()),
        };
        let mut all = Vec::new();
        let mut draft = Draft::new(Key::new(&mut Random::seeded(1)), Hosts::Ask(known));
        super::parse(text, &mut draft, &mut |_, server| {
            all.push(server);
            Ok(())
        })?;
        Ok(all)
    }

    fn server(text: &str) -> Server {
        match parse(text.as_bytes()).unwrap().as_slice() {
            [server] => server.clone(),
            _ => panic!("{text}"),
        }
    }

    #[test]
    fn address_port_scope_interface_and_source() {
        assert_eq!(server("1.2.3.4").addr, "1.2.3.4:53".parse().unwrap());
        assert_eq!(server("1.2.3.4#5353").addr.port(), 5353);
        let full = server("1.2.3.4#54@eth0@10.0.0.1#0");
        assert_eq!(full.iface.as_deref(), Some(&b"eth0"[..]));
        assert_eq!((full.source, full.source_port), ("10.0.0.1".parse().ok(), 0));
        assert_eq!(server("fe80::1%br-lan#53").iface.as_deref(), Some(&b"br-lan"[..]));
        assert_eq!(server("fe80::1@wan").iface.as_deref(), Some(&b"wan"[..]));
        let from = |text| (server(text).source, server(text).source_port);
        assert_eq!(from("1.2.3.4@10.0.0.1#999"), ("10.0.0.1".parse().ok(), 999));
        assert_eq!(from("1.2.3.4@eth0#999"), (None, 999));
        assert_eq!(from("1.2.3.4@0.0.0.0"), (None, 0));
        assert_eq!(from("::1@eth0@::2#7"), ("::2".parse().ok(), 7));
    }

    #[test]
    fn a_host_has_all_its_addresses() {
        let servers = parse(b"localhost#54@127.0.0.9").unwrap();
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
