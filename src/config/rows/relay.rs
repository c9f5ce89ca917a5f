//! DHCP between networks: relays, wires that several networks share, and
//! questions about leases.

use crate::config::draft::Draft;
use crate::config::lexer::Text;
use crate::config::netboot::PORTS;
use crate::config::refusal::{Applied, ERROR, Refusal};
use crate::config::relaying::{Bridge, Link, Relay, RelayBy, RelayTo, Shared};
use crate::config::row::{Row, many};
use crate::limits::IFNAME_MAX;
use std::net::IpAddr;

pub const ROWS: &[Row] = &[
    many("dhcp-relay=<local>,<server>[#<port>][,<interface>]|<local>,<interface>", 0, relay, "Relay DHCP to another server").dhcp4().manual(
        "Requests that arrive on the interface with the local address are passed on to a DHCP server elsewhere, and its \
         replies back to the client. The server sees the local address as that of the relay, and must have a range for \
         that network. It is given by address, with its port behind a # if that is not 67. If an interface stands in \
         the place of the server, requests go to everybody on that interface.\n\n\
         A third item names the interface by which replies of the server come in; those that come in elsewhere are not \
         passed on, so that nobody on a third network can forge them. It may end in an asterisk.\n\n\
         Several lines with one local address pass requests on to several servers. Which clients are heard is a matter \
         of interface, except-interface and no-dhcp-interface, as for the server. Ranges may be served on other \
         interfaces at the same time. Requests that have passed more than 20 relays are dropped.\n\n\
         If the server listens at another port, clients that renew past the relay would ask at the wrong one: let the \
         server use dhcp-proxy.",
    ),
    many("dhcp-split-relay=<local>,<server>[#<port>],<interface>|<address>", 0, split_relay, "Relay DHCP between networks without a route").dhcp4().manual(
        "As dhcp-relay, for IPv4, where the server cannot reach the network of the clients. The server is spoken to from \
         the address of the interface in the third place, or from the address given there, and answers to that; which \
         network the client is on is said by the link selection of the relay agent option (RFC 3527), so the server must \
         honour that (this program does). Clients are told to send renewals to the local address, and these are relayed \
         too.",
    ),
    many("dhcp-proxy[=<relay>,...]", 0, proxy, "Have all DHCP go through these relays").dhcp4().manual(
        "For DHCPv4 requests that come through a relay, the server calls itself by the address of the relay, so that the \
         client sends its renewals there too and everything passes the relay, which can add its information each time. \
         With addresses, only for these relays, else for all of them. Relays that ask for it themselves (RFC 5107) do \
         not need this.",
    ),
    many("shared-network=<interface>|<address>,<address>", 0, shared_network, "Networks that share a wire").dhcp4().manual(
        "The ranges of the network that holds the second address are also used for clients on the wire of the interface \
         named first, or on the wire where this machine has the first address, or behind the relay of that address.\n\n\
         The dhcp-range line of that network must say its netmask, since no interface does. No default router is sent \
         with such an address: use dhcp-option with the tag of the range. The client must have a way to this server's \
         address in the first network.",
    ),
    many("bridge-interface=<interface>,<alias>[,<alias>...]", 0, bridge_interface, "Interfaces that count as one for DHCP").dhcp4().manual(
        "DHCP requests that arrive on one of the aliases are treated as if they had arrived on the first interface, and \
         answered by the alias. It is for bridges whose ports have no address of their own. An alias may end in an \
         asterisk. Several lines for one interface add up.",
    ),
    many("leasequery[=<address>[/<length>]]", 0, leasequery, "Answer questions about leases").dhcp4().manual(
        "Access concentrators may ask, by address, hardware address or client identifier, for the lease of a client \
         (DHCPLEASEQUERY, RFC 4388), and are told whether it is leased, to whom and for how long. Without a value \
         everybody may ask; otherwise only the address or network given. Several lines add up. A question from \
         elsewhere is logged and not answered.",
    ),
];

/// What cannot be a relay.
fn bad_relay() -> Refusal {
    wrong!("Bad dhcp-relay")
}

/// The two addresses of a relay line, the port, and what follows. Without a
/// second address the interface stands there.
fn relay_items<'a>(text: Text<'a>) -> Applied<(IpAddr, Text<'a>, Option<IpAddr>, u16, Option<Text<'a>>)> {
    let (local, behind) = text.split(b',');
    let (server, third) = behind.ok_or_else(bad_relay)?.split(b',');
    let local = local.ip().ok_or_else(bad_relay)?;
    let (server, hash) = server.split(b'#');
    let usual = if local.is_ipv4() { PORTS.0 } else { SERVER_PORT6 };
    // Quirk: what is no port is the usual one.
    let port = hash.and_then(|hash| hash.port()).unwrap_or(usual);
    let addr = server.ip().filter(|addr| addr.is_ipv4() == local.is_ipv4());
    Ok((local, server, addr, port, third))
}

/// The port of DHCPv6 servers.
const SERVER_PORT6: u16 = 547;

fn relay(draft: &mut Draft, text: Text) -> Applied {
    let (local, second, addr, port, third) = relay_items(text)?;
    let third = third.filter(|third| !third.is_empty());
    let (server, by) = match (addr, third) {
        // 0.0.0.0 as the server is everybody on an interface.
        (Some(addr), Some(third)) if addr.is_unspecified() && local.is_ipv4() => {
            (RelayTo::Everybody, RelayBy::Replies(third.pattern()))
        }
        (Some(addr), _) if addr.is_unspecified() => return Err(bad_relay()),
        (Some(addr), Some(third)) => (RelayTo::Server(addr), RelayBy::Replies(third.pattern())),
        (Some(addr), None) => (RelayTo::Server(addr), RelayBy::Any),
        (None, Some(_)) => return Err(bad_relay()),
        (None, None) => (RelayTo::Everybody, RelayBy::Replies(second.pattern())),
    };
    if let (RelayTo::Everybody, RelayBy::Replies(by)) = (&server, &by)
        && (by.wildcard || by.name.is_empty())
    {
        return Err(bad_relay());
    }
    if local.is_ipv6() {
        draft.not_yet("dhcp-relay for IPv6");
    }
    draft.config.dhcp.relaying.relays.push(Relay { local, server, port, by });
    Ok(())
}

fn split_relay(draft: &mut Draft, text: Text) -> Applied {
    let (local, _, addr, port, third) = relay_items(text)?;
    let server = addr.filter(|addr| addr.is_ipv4() && !addr.is_unspecified()).ok_or_else(bad_relay)?;
    let third = third.filter(|third| !third.is_empty() && !third.octets().contains(&b'*')).ok_or_else(bad_relay)?;
    let by = match third.ipv4() {
        Some(addr) => RelayBy::SplitAddress(addr),
        None => RelayBy::SplitInterface(third.boxed()),
    };
    draft.config.dhcp.relaying.relays.push(Relay { local, server: RelayTo::Server(server), port, by });
    Ok(())
}

fn proxy(draft: &mut Draft, text: Text) -> Applied {
    let list = draft.config.dhcp.relaying.proxy.get_or_insert_default();
    for item in text.items().filter(|_| !text.is_empty()) {
        list.push(item.ipv4().ok_or(wrong!("bad dhcp-proxy address"))?);
    }
    Ok(())
}

fn shared_network(draft: &mut Draft, text: Text) -> Applied {
    let bad = || wrong!("bad shared-network");
    let (link, address) = text.split(b',');
    let address = address.and_then(|address| address.ip()).ok_or_else(bad)?;
    let link = match link.ip() {
        Some(local) if local.is_ipv4() == address.is_ipv4() => Link::Address(local),
        None if !link.is_empty() => Link::Interface(link.boxed()),
        _ => return Err(bad()),
    };
    if address.is_ipv6() {
        draft.not_yet("shared-network for IPv6");
    }
    draft.config.dhcp.relaying.shared.push(Shared { link, address });
    Ok(())
}

fn bridge_interface(draft: &mut Draft, text: Text) -> Applied {
    let (interface, aliases) = text.split(b',');
    let fits = |octets: &[u8]| octets.len() <= IFNAME_MAX;
    let aliases = aliases.filter(|_| fits(interface.octets())).ok_or(wrong!("bad bridge-interface"))?;
    let mut list = Vec::new();
    for alias in aliases.items().filter(|alias| !alias.is_empty()).map(Text::pattern) {
        if fits(&alias.name) {
            list.push(alias);
        }
    }
    draft.config.dhcp.relaying.bridges.push(Bridge { interface: interface.boxed(), aliases: list });
    Ok(())
}

fn leasequery(draft: &mut Draft, text: Text) -> Applied {
    let list = draft.config.dhcp.relaying.queries.get_or_insert_default();
    if text.is_empty() {
        return Ok(());
    }
    let (addr, len) = text.split(b'/');
    let addr = addr.ipv4().ok_or(ERROR)?;
    let len = len.map_or(Some(32), |len| len.number().filter(|_| !len.is_empty()));
    let len = len.and_then(|len| u8::try_from(len).ok()).filter(|len| *len <= 32).ok_or(ERROR)?;
    list.push((addr, len));
    Ok(())
}
