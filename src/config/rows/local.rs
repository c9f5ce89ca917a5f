//! Local names.

use crate::base::text::parse_ip;
use crate::config::domains::Domain;
use crate::config::draft::{Draft, Flag};
use crate::config::lexer::Text;
use crate::config::refusal::{Applied, ERROR, not_yet};
use crate::config::row::{Row, flag, later, many};
use crate::config::values::{name, name_box, number, path};
use crate::config::{RangedDomain, Target, reverse};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub const ROWS: &[Row] = &[
    flag("no-hosts", b'h', Flag::NoHosts, "Do not read /etc/hosts"),
    many("addn-hosts=<file>|<dir>", b'H', addn_hosts, "Read further hosts files"),
    later("hostsdir=<dir>", 0, "Read hosts files of a directory, and watch it"),
    flag("expand-hosts", b'E', Flag::ExpandHosts, "Add the domain to plain names of hosts files"),
    many("domain=<domain>[,<range>[,local]]", b's', domain, "The domain of DHCP clients and plain names"),
    many("domain-suffix=<domain>[,<range>[,local]]", b's', domain, "Old spelling of domain"),
    later("localise-queries", b'y', "Prefer addresses in the network a query came from"),
    later("interface-name=<name>,<interface>[/4|/6]", 0, "Name for the addresses of an interface"),
    later("dynamic-host=<name>,[<address>,]...<interface>", 0, "Name for an address inside an interface's network"),
    later("host-record=<name>[,...][,<address>...][,<ttl>]", 0, "Names with addresses, both ways"),
    later("cname=<alias>[,...],<target>[,<ttl>]", 0, "Other names for a local name"),
    later("ptr-record=<name>[,<target>]", 0, "A PTR record"),
    later("mx-host=<name>[,<target>[,<preference>]]", b'm', "An MX record"),
    later("mx-target=<name>", b't', "Where MX records point by default"),
    later("selfmx", b'e', "Every local name takes its own mail"),
    later("localmx", b'L', "The MX target takes the mail of every local name"),
    later("srv-host=<service>[,<target>[,...]]", b'W', "An SRV record"),
    later("txt-record=<name>[,<text>...]", b'Y', "A TXT record"),
    later("caa-record=<name>,<flags>,<tag>,<value>", 0, "A CAA record"),
    later("naptr-record=<name>,<order>,...", 0, "An NAPTR record"),
    later("dns-rr=<name>,<type>[,<hex>]", 0, "A record of any type"),
    later("synth-domain=<domain>,<range>[,<prefix>]", 0, "Make up names for addresses"),
];

fn addn_hosts(draft: &mut Draft, text: Text) -> Applied {
    draft.addn_hosts.push(path(text.octets())?);
    Ok(())
}

fn domain(draft: &mut Draft, text: Text) -> Applied {
    let (first, rest) = text.split(b',');
    let ranged = rest.filter(|rest| !rest.is_empty());
    match (first.octets(), ranged) {
        (b"#", None) => draft.domain_from_resolv = true,
        (b"", None) => (draft.domain, draft.domain_from_resolv) = (None, false),
        (octets, None) => (draft.domain, draft.domain_from_resolv) = (Some(name_box(octets)?), false),
        (octets, Some(range)) => ranged_domain(draft, octets, range)?,
    }
    Ok(())
}

/// `NAME,ADDRESS/LENGTH[,local]`, `NAME,FROM,TO` or `NAME,ADDRESS`.
fn ranged_domain(draft: &mut Draft, octets: &[u8], range: Text) -> Applied {
    let domain = name(octets).ok_or(ERROR)?;
    let (first, behind) = range.split(b',');
    let (start, len) = first.split(b'/');
    let Some(start) = parse_ip(start.octets()) else {
        return Err(not_yet("a domain for an interface"));
    };
    let (from, to) = match (len, behind) {
        (Some(len), _) => {
            let len = number(len.octets()).ok_or(ERROR)?;
            let len = u8::try_from(len).map_err(|_| "bad prefix length")?;
            if let Some(behind) = behind {
                if behind.octets() != b"local" {
                    return Err(ERROR);
                }
                reverse::zones(start, len, &mut |zone| draft.domains.add(Domain::Name(zone), Target::Local))?;
                draft.domains.add(Domain::Name(octets), Target::Local)?;
            }
            net(start, len).ok_or("bad prefix length")?
        }
        (None, Some(end)) => (start, parse_ip(end.octets()).ok_or(ERROR)?),
        (None, None) => (start, start),
    };
    if from.is_ipv4() != to.is_ipv4() {
        return Err(ERROR);
    }
    draft.ranged_domains.push(RangedDomain { name: domain.name().wire().into(), from, to });
    Ok(())
}

/// First and last address of a network.
fn net(addr: IpAddr, len: u8) -> Option<(IpAddr, IpAddr)> {
    let len = u32::from(len);
    Some(match addr {
        IpAddr::V4(addr) => {
            let host = u32::MAX.checked_shr(len).or((len == 32).then_some(0))?;
            let base = u32::from(addr) & !host;
            (Ipv4Addr::from(base).into(), Ipv4Addr::from(base | host).into())
        }
        IpAddr::V6(addr) => {
            let host = u128::MAX.checked_shr(len).or((len == 128).then_some(0))?;
            let base = u128::from(addr) & !host;
            (Ipv6Addr::from(base).into(), Ipv6Addr::from(base | host).into())
        }
    })
}
