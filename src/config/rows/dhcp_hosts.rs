//! Hosts with settings of their own, in the configuration and in files that are
//! read again.

use crate::base::text::{self, parse_ip};
use crate::base::octets::{kind, kinds};
use crate::config::draft::{Draft, Tags};
use crate::config::lexer::Text;
use crate::config::refusal::{Applied, Refusal};
use crate::config::row::{Row, files, flag, many};
use crate::config::values::{behind_tag, hw_pattern, ipv4, is_host_name, lease_time, name, number, plain_hex};
use crate::config::{ClientId, Host, Suffix6};
use crate::wire::dns::name::Name;
use std::net::IpAddr;

pub const ROWS: &[Row] = &[
    many("dhcp-host=[<mac>...][,id:<id>][,set:<tag>...][,tag:<tag>...][,<address>...][,<name>][,<time>][,ignore]", b'G', dhcp_host, "Settings of one host: address, name, time, tags").dhcp4().manual(
        "Settings for one client: what it is recognised by, and what it gets, in any order between commas.\n\n\
         A client is recognised by a hardware address (six octets in hexadecimal with colons, any of which may be *; \
         another type of hardware stands in front with a dash, as in 06-), by id: and its client identifier in \
         hexadecimal with colons or as text, or, if neither is given, by the name that it sends. Several hardware \
         addresses may stand, for a machine with more than one card of which one is used at a time. id:* ignores the \
         client identifier of this host, for machines that have a different one in each stage of booting. tag: makes \
         the line count only for clients that have the tag; such lines are looked at first.\n\n\
         It gets an IPv4 address, which need not be inside a dhcp-range but must belong to a network that has one; \
         IPv6 addresses in square brackets, whose network part may be zeros to stand for every network, and which may \
         have a prefix length to give the host a block; a name, with a domain if that is the domain of its network; a \
         time for its lease; the tags of set:. ignore does not answer it at all. An address can be given to one line \
         only.\n\n\
         A line with a name and without an address takes the address from /etc/hosts. Everybody recognised by some \
         line has the tag known. If several lines fit, the one with a client identifier counts before one with a \
         hardware address, and that before one with a name or wildcards; otherwise the last.",
    ),
    files("dhcp-hostsfile=<file>|<dir>", 0, |draft| &mut draft.config.dhcp.hosts_files, "Read dhcp-host lines from a file, again on SIGHUP").dhcp4().manual(
        "Reads settings of hosts from a file, or from all files of a directory, at start and again on SIGHUP. Each \
         line is what would stand behind dhcp-host=. A bad line is told in the log and skipped. These lines count before \
         those of the configuration, and those of the first file given before those of others.",
    ),
    files("dhcp-hostsdir=<dir>", 0, |draft| &mut draft.config.dhcp.hosts_dirs, "Read dhcp-host lines from a directory, and watch it").dhcp4().manual(
        "As dhcp-hostsfile with a directory, and in addition every file that is written or moved there is read at \
         once. What a file no longer says, or a file that is gone, is forgotten only on SIGHUP.",
    ),
    flag("read-ethers", b'Z', |draft| &mut draft.config.dhcp.read_ethers, "Read addresses of hosts from /etc/ethers").dhcp4().manual(
        "Reads /etc/ethers at start and on SIGHUP. Each line has a hardware address and an IPv4 address or a name, \
         and means the same as a dhcp-host line with both.",
    ),
];

fn dhcp_host(draft: &mut Draft, text: Text) -> Applied {
    let mut host = Host::default();
    read_host(text, &mut draft.tags, &mut host)?;
    if !host.addrs6.is_empty() {
        draft.not_yet("dhcp-host with an IPv6 address");
    }
    if let Some(addr) = host.addr {
        match draft.host_addrs.binary_search(&addr) {
            Ok(_) => {
                draft.detail = text::string(&|out| text::ipv4(out, addr));
                return Err(wrong!("duplicate dhcp-host IP address "));
            }
            Err(place) => draft.host_addrs.insert(place, addr),
        }
    }
    draft.config.dhcp.hosts.push(host);
    Ok(())
}

/// Reads the value of `dhcp-host`; its items may come in any order.
pub fn read_host(text: Text, tags: &mut Tags, host: &mut Host) -> Applied {
    for item in text.items() {
        let octets = item.meant();
        if octets.is_empty() {
            continue;
        } else if let Some(id) = item.behind(b"id:") {
            host.client_id = client_id(id, &mut tags.octets)?;
        } else if let Some(name) = item.behind(b"set:").or_else(|| item.behind(b"net:")) {
            tags.sets(name.octets())?;
        } else if let Some(name) = behind_tag(item) {
            tags.condition(name.octets())?;
        } else if octets.starts_with(b"[") && octets.ends_with(b"]") && octets.contains(&b':') {
            let mut all = std::mem::take(&mut host.addrs6).into_vec();
            all.insert(0, address6(octets)?);
            host.addrs6 = all.into();
        } else if octets.contains(&b':') {
            add_hw(host, octets, &mut tags.octets)?;
        } else if let Some(addr) = ipv4(octets) {
            host.addr = Some(addr);
        } else if octets == b"ignore" {
            host.ignore = true;
        } else if let Some(time) = lease_time(octets) {
            host.lease = Some(time);
        } else {
            host_name(item.octets(), host)?;
        }
    }
    host.set = tags.set().into();
    host.conditions = tags.conditions();
    Ok(())
}

/// Adds a hardware address, which may have wildcards. `work` is written to.
#[inline(never)]
fn add_hw(host: &mut Host, octets: &[u8], work: &mut Vec<u8>) -> Applied {
    let mut all = std::mem::take(&mut host.hw).into_vec();
    all.push(hw_pattern(octets, work).ok_or(wrong!("bad hex constant"))?);
    host.hw = all.into();
    Ok(())
}

/// A host name, perhaps with a domain.
fn host_name(octets: &[u8], host: &mut Host) -> Applied {
    if host.name.is_some() {
        return Err(wrong!("DHCP host has multiple names"));
    }
    let whole = name(octets).filter(|_| is_host_name(octets)).ok_or(wrong!("bad DHCP host name"))?;
    let label = whole.name().first_label().len();
    host.name = octets.get(..label).map(Into::into);
    let domain = whole.name().parent().filter(|domain: &Name| !domain.is_root());
    host.domain = domain.map(|domain| domain.wire().into());
    Ok(())
}

/// An IPv6 address in brackets, perhaps with the length of a prefix: those
/// addresses are for the host.
fn address6(octets: &[u8]) -> Applied<Suffix6> {
    let inside = octets.strip_prefix(b"[").and_then(|octets| octets.strip_suffix(b"]")).unwrap_or(octets);
    let mut parts = inside.splitn(2, |octet| *octet == b'/');
    let Some(IpAddr::V6(addr)) = parse_ip(parts.next().unwrap_or_default()) else {
        return Err(wrong!("bad IPv6 address"));
    };
    let prefix = match parts.next() {
        None => Some(128),
        Some(digits) => number(digits).and_then(|length| u8::try_from(length).ok()),
    };
    // Nothing may stand behind the prefix, as far as one host's block goes.
    let fits = |prefix: &u8| {
        let behind = 128u32.checked_sub((*prefix).into())?;
        // Quirk: a whole network is not looked at; people write their own
        // prefix behind the one address they mean.
        if behind == 64 {
            return Some(true);
        }
        let mask = u64::MAX.checked_shr(64u32.saturating_sub(behind)).unwrap_or(0);
        Some(addr.to_bits() as u64 & mask == 0)
    };
    let prefix = prefix.filter(|prefix| fits(prefix) == Some(true)).ok_or(wrong!("bad IPv6 prefix"))?;
    Ok(Suffix6 { addr, prefix })
}

/// A client identifier: `*`, hexadecimal with colons, or text (quoted: always).
/// `work` is written to.
fn client_id(id: Text, work: &mut Vec<u8>) -> Applied<ClientId> {
    let octets = id.octets();
    Ok(match octets {
        b"*" => ClientId::Ignored,
        _ if id.bare().is_some_and(|octets| octets.contains(&b':')) => {
            work.clear();
            plain_hex(octets, work).ok_or(wrong!("bad hex constant"))?;
            ClientId::Is(work.as_slice().into())
        }
        _ => ClientId::Is(octets.into()),
    })
}

/// Reads a line of `/etc/ethers`: a hardware address, then an IPv4 address or a
/// name. False: blank or comment.
pub fn ethers_line(raw: &[u8], host: &mut Host) -> Applied<bool> {
    let mut words = raw.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let Some(first) = words.next().filter(|word| !matches!(word.first(), Some(b'#' | b'+'))) else {
        return Ok(false);
    };
    const BAD: Refusal = wrong!("bad line");
    add_hw(host, first, &mut Vec::new()).map_err(|_| BAD)?;
    host.hw.iter().find(|hw| hw.wild == 0 && hw.hw.octets().len() == 6).ok_or(BAD)?;
    let second = words.next().ok_or(BAD)?;
    match ipv4(second) {
        Some(addr) => host.addr = Some(addr),
        None if kinds(second) & !(kind::DIGIT | kind::DOT) == 0 => return Err(wrong!("bad address")),
        None => host_name(second, host).map_err(|_| wrong!("bad name"))?,
    }
    Ok(true)
}
