//! Local names: where they come from, and the domain they are in. The records
//! of the configuration itself stand in `records`.

use crate::base::octets::lower;
use crate::config::domains::Domain;
use crate::config::draft::Draft;
use crate::config::lexer::{Items, Text};
use crate::config::refusal::{Applied, ERROR, Refusal};
use crate::config::row::{Row, files, flag, many};
use crate::config::values::name_box;
use crate::config::{InterfaceName, Place, RangedDomain, Synth, Target, reverse};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub const ROWS: &[Row] = &[
    flag("no-hosts", b'h', |draft| &mut draft.no_hosts, "Do not read /etc/hosts").manual(
        "/etc/hosts is not read. Files given by addn-hosts and hostsdir are.",
    ),
    files("addn-hosts=<file>|<dir>", b'H', |draft| &mut draft.config.dns.addn_hosts, "Read further hosts files").manual(
        "A further file in the format of /etc/hosts: an address and then names, separated by blanks, with comments \
         behind #. If it is a directory, all files in it are read, but those whose names begin with a dot or #, or \
         end with ~. The option may be given several times. The files are read at start and again on SIGHUP; one that \
         cannot be read is mentioned in the log and does no harm.\n\nAn address with several names is known by \
         the first one that was read: /etc/hosts comes first, then these files, the last one given first, then \
         those in directories.",
    ),
    files("hostsdir=<dir>", 0, |draft| &mut draft.config.dns.hosts_dirs, "Read hosts files of a directory, and watch it").manual(
        "The files in this directory are read as hosts files. The directory is watched: a file that is written, \
         moved there or removed takes effect at once, without a signal.",
    ),
    flag("expand-hosts", b'E', |draft| &mut draft.config.dns.expand_hosts, "Add the domain to plain names of hosts files").manual(
        "Names without a dot in hosts files are known with the domain (see domain) behind them as well.",
    ),
    many("domain=<domain>[,<range>[,local]]", b's', domain, "The domain of DHCP clients and plain names").manual(
        "The domain of this network. DHCP clients are told it, the names of their leases stand in it, and \
         expand-hosts and srv-host put it behind plain names. # takes the domain that the resolv file \
         searches first.\n\nWith a <range> the domain is only for the addresses in it: a network such as \
         192.168.1.0/24, the addresses from one to another with a comma between, a single address, or the \
         networks of an interface given by its name. Of several that fit the last one given counts. local \
         behind a network keeps its names at home: questions for the domain and for the reverse zones of the \
         network are never forwarded, as by local=.",
    ),
    many("domain-suffix=<domain>[,<range>[,local]]", b's', domain, "Old spelling of domain")
        .manual("The same as domain, under the name that older configurations use."),
    flag("localise-queries", b'y', |draft| &mut draft.config.dns.local.localise, "Prefer addresses in the network a query came from").manual(
        "A name with several IPv4 addresses in hosts files, or given by interface-name, is answered with only those \
         that lie in the network of the address the question was sent to. If there is none, all are given. So one \
         hosts file with all addresses of a machine serves several networks.",
    ),
    many("interface-name=<name>,<interface>[/4|/6]", 0, interface_name, "Name for the addresses of an interface").manual(
        "The name stands for the addresses that the interface has at the moment; link-local addresses are left \
         out. /4 or /6 chooses IPv4 or IPv6 alone. The addresses are known by the name as well; of several names \
         for one interface the first one given counts for this.",
    ),
    many("dynamic-host=<name>,[<address>,]...<interface>", 0, dynamic_host, "Name for an address inside an interface's network")
        .manual(
            "A name for a machine in the network of an interface whose prefix changes. The part of the address that \
             names the machine in its network is given, such as 0.0.0.8 or ::8, an IPv4 one, an IPv6 one, or both; \
             the rest is taken from the addresses that the interface has at the moment. The addresses are known by the \
             name as well.",
        ),
    many("synth-domain=<domain>,<range>[,<prefix>[*]]", 0, synth_domain, "Make up names for addresses").manual(
        "Makes up a name for every address of a range, and finds the address for such a name: <prefix>, then the \
         address with its dots or colons as dashes, then the domain. With synth-domain=lan.example,192.168.0.0/24,host- \
         the address 192.168.0.56 is called host-192-168-0-56.lan.example. IPv6 addresses are written in full, eight \
         groups of four digits.\n\nThe range is a network with its length, or two addresses with a comma between. With \
         a * behind the prefix, addresses are counted from the first one of the range instead: host-0, host-1 and \
         so on; an IPv6 network must then have a length of 64 or more. Names that are really known come first.",
    ),
];

fn domain(draft: &mut Draft, text: Text) -> Applied {
    let (first, rest) = text.split(b',');
    let ranged = rest.filter(|rest| !rest.is_empty());
    // People write `.lan`, and dnsmasq takes it.
    let domain = first.octets();
    let domain = domain.strip_prefix(b".").unwrap_or(domain);
    match (domain, ranged) {
        (b"#", None) => draft.domain_from_resolv = true,
        (b"", None) => (draft.config.dns.domain, draft.domain_from_resolv) = (None, false),
        (octets, None) => (draft.config.dns.domain, draft.domain_from_resolv) = (Some(name_box(octets).ok_or(ERROR)?), false),
        (octets, Some(range)) => ranged_domain(draft, octets, range)?,
    }
    Ok(())
}

/// `NAME,ADDRESS/LENGTH[,local]`, `NAME,FROM,TO`, `NAME,ADDRESS` or
/// `NAME,INTERFACE`.
fn ranged_domain(draft: &mut Draft, octets: &[u8], range: Text) -> Applied {
    let name = name_box(octets).ok_or(ERROR)?;
    let Some(span) = span(range)? else {
        // What follows the interface is not looked at.
        let iface = range.split(b',').0.boxed();
        draft.config.dns.ranged_domains.push(RangedDomain { name, place: Place::Interface(iface) });
        return Ok(());
    };
    match (span.len, span.behind) {
        (Some(_), None) | (None, _) => {}
        (Some(len), Some(behind)) if behind.octets() == b"local" => {
            reverse::zones(span.from, len, &mut |zone| draft.domains.add(Domain::Name(zone), Target::Local))?;
            draft.domains.add(Domain::Name(octets), Target::Local)?;
        }
        _ => return Err(ERROR),
    }
    draft.config.dns.ranged_domains.push(RangedDomain { name, place: Place::Range(span.from, span.to) });
    Ok(())
}

/// Addresses as an option names them.
struct Span<'a> {
    /// Behind a slash.
    len: Option<u8>,
    from: IpAddr,
    to: IpAddr,
    /// What follows behind a comma.
    behind: Option<Text<'a>>,
}

/// `ADDRESS/LENGTH`, `FROM,TO` or `ADDRESS`, and what follows. Nothing when the
/// text begins with a word that is none of these.
fn span(range: Text) -> Applied<Option<Span>> {
    let (first, behind) = range.split(b',');
    let (start, len) = first.split(b'/');
    let Some(addr) = start.ip() else {
        return if len.is_some() { Err(ERROR) } else { Ok(None) };
    };
    let Some(len) = len else {
        let (end, behind) = behind.map_or((start, None), |behind| behind.split(b','));
        let to = end.ip().filter(|to| to.is_ipv4() == addr.is_ipv4()).ok_or(ERROR)?;
        return Ok(Some(Span { len: None, from: addr, to, behind }));
    };
    let len = len.number().ok_or(ERROR)?;
    let len = u8::try_from(len).map_err(|_| wrong!("bad prefix length"))?;
    let (from, to) = net(addr, len).ok_or(wrong!("bad prefix length"))?;
    Ok(Some(Span { len: Some(len), from, to, behind }))
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

fn interface_name(draft: &mut Draft, text: Text) -> Applied {
    const WRONG: Refusal = wrong!("bad interface name");
    let (first, rest) = text.split(b',');
    let (iface, _) = rest.ok_or(WRONG)?.split(b',');
    let (iface, family) = iface.split(b'/');
    let (v4, v6) = match family.map(|family| family.octets()) {
        None => (true, true),
        Some(b"4") => (true, false),
        Some(b"6") => (false, true),
        Some(_) => return Err(ERROR),
    };
    draft.config.dns.local.interface_names.push(InterfaceName {
        name: first.name_box().ok_or(WRONG)?,
        iface: iface.boxed(),
        v4: v4.then_some(Ipv4Addr::UNSPECIFIED),
        v6: v6.then_some(Ipv6Addr::UNSPECIFIED),
        dynamic: false,
    });
    Ok(())
}

fn dynamic_host(draft: &mut Draft, text: Text) -> Applied {
    let (first, rest) = text.split(b',');
    let (mut v4, mut v6, mut iface) = (None, None, None);
    for item in (Items { rest }) {
        // What follows the interface is not looked at.
        match (item.ip(), iface) {
            (_, Some(_)) => {}
            (Some(IpAddr::V4(addr)), _) => v4 = Some(addr),
            (Some(IpAddr::V6(addr)), _) => v6 = Some(addr),
            (None, _) => iface = Some(item.octets()),
        }
    }
    let Some(iface) = iface.filter(|_| v4.is_some() || v6.is_some()) else {
        return Err(wrong!("missing address in dynamic host"));
    };
    let name = first.name_box().ok_or(ERROR)?;
    draft.config.dns.local.interface_names.push(InterfaceName { name, iface: iface.into(), v4, v6, dynamic: true });
    Ok(())
}

fn synth_domain(draft: &mut Draft, text: Text) -> Applied {
    let (first, rest) = text.split(b',');
    let domain = first.name_box().ok_or(ERROR)?;
    let span = span(rest.ok_or(ERROR)?)?.ok_or(ERROR)?;
    let (prefix, _) = span.behind.unwrap_or_default().split(b',');
    let prefix = prefix.octets();
    let numbered = prefix.strip_suffix(b"*");
    if numbered.is_some() && span.from.is_ipv6() && span.len.is_none_or(|len| len < 64) {
        return Err(wrong!("prefix length too small"));
    }
    draft.config.dns.local.synths.push(Synth {
        domain,
        from: span.from,
        to: span.to,
        prefix: lower(numbered.unwrap_or(prefix)),
        numbered: numbered.is_some(),
    });
    Ok(())
}
