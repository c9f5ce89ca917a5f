//! Hosts with settings of their own, in the configuration and in files that are
//! read again.

use crate::base::text;
use crate::config::draft::{Draft, Flag, Tags};
use crate::config::lexer::Text;
use crate::config::refusal::{Applied, Refusal, not_yet, with};
use crate::config::row::{Row, flag, later, many};
use crate::config::values::{behind_tag, condition, hw_pattern, ipv4, is_host_name, lease_time, name, parse_hex, path, set_tag};
use crate::config::{ClientId, Host, HwPattern, LeaseTime, NameBox, Tag};
use crate::wire::dns::name::Name;
use std::net::Ipv4Addr;

pub const ROWS: &[Row] = &[
    many("dhcp-host=[<mac>...][,id:<id>][,set:<tag>...][,<address>][,<name>][,<time>][,ignore]", b'G', dhcp_host, "Settings of one host: address, name, time, tags").dhcp4(),
    many("dhcp-hostsfile=<file>|<dir>", 0, hosts_file, "Read dhcp-host lines from a file, again on SIGHUP")
        .dhcp4(),
    later("dhcp-hostsdir=<dir>", 0, "Read dhcp-host lines from a directory, and watch it"),
    flag("read-ethers", b'Z', Flag::ReadEthers, "Read addresses of hosts from /etc/ethers").dhcp4(),
];

fn dhcp_host(draft: &mut Draft, text: Text) -> Applied {
    let host = host(text, &mut draft.tags)?;
    if let Some(addr) = host.addr {
        match draft.host_addrs.binary_search(&addr) {
            Ok(_) => {
                let addr = text::string(&|out| text::ipv4(out, addr));
                return Err(with("duplicate dhcp-host IP address ", addr.as_bytes(), ""));
            }
            Err(place) => draft.host_addrs.insert(place, addr),
        }
    }
    draft.hosts.push(host);
    Ok(())
}

fn hosts_file(draft: &mut Draft, text: Text) -> Applied {
    draft.hosts_files.push(path(text.octets())?);
    Ok(())
}

/// A host being put together; its items may come in any order.
#[derive(Default)]
struct Parts {
    hw: Vec<HwPattern>,
    client_id: Option<ClientId>,
    addr: Option<Ipv4Addr>,
    name: Option<Box<[u8]>>,
    domain: Option<NameBox>,
    lease: Option<LeaseTime>,
    set: Vec<Tag>,
    conditions: Vec<(Tag, bool)>,
    ignore: bool,
}

/// Reads the value of `dhcp-host`.
pub fn host(text: Text, tags: &mut Tags) -> Applied<Host> {
    let mut parts = Parts::default();
    for item in text.items().filter(|item| !item.is_empty()) {
        parts.take(item, tags)?;
    }
    Ok(Host {
        hw: parts.hw.into(),
        client_id: parts.client_id.unwrap_or(ClientId::None),
        addr: parts.addr,
        name: parts.name,
        domain: parts.domain,
        lease: parts.lease,
        set: parts.set.into(),
        conditions: parts.conditions.into(),
        ignore: parts.ignore,
    })
}

impl Parts {
    fn take(&mut self, item: Text, tags: &mut Tags) -> Applied {
        let octets = item.octets();
        if let Some(id) = item.behind(b"id:") {
            self.client_id = Some(client_id(id)?);
        } else if item.behind(b"set:").or_else(|| item.behind(b"net:")).is_some() {
            self.set.push(set_tag(item, tags)?);
        } else if let Some(name) = behind_tag(item) {
            self.conditions.push(condition(name.octets(), tags)?);
        } else if octets.starts_with(b"[") {
            return Err(not_yet("dhcp-host with an IPv6 address"));
        } else if octets.contains(&b':') {
            self.hw.push(hw_pattern(octets).ok_or("bad hex constant")?);
        } else if let Some(addr) = ipv4(octets) {
            self.addr = Some(addr);
        } else if octets == b"ignore" {
            self.ignore = true;
        } else if let Some(time) = lease_time(octets) {
            self.lease = Some(time);
        } else {
            return self.name(octets);
        }
        Ok(())
    }

    /// A host name, perhaps with a domain.
    fn name(&mut self, octets: &[u8]) -> Applied {
        if self.name.is_some() {
            return Err("DHCP host has multiple names".into());
        }
        let bad = || Refusal::from("bad DHCP host name");
        let whole = name(octets).filter(|_| is_host_name(octets)).ok_or_else(bad)?;
        let label = whole.name().first_label().len();
        self.name = octets.get(..label).map(Into::into);
        let domain = whole.name().parent().filter(|domain: &Name| !domain.is_root());
        self.domain = domain.map(|domain| domain.wire().into());
        Ok(())
    }
}

/// A client identifier: `*`, hexadecimal with colons, or text (quoted: always).
fn client_id(id: Text) -> Applied<ClientId> {
    let octets = id.octets();
    Ok(match octets {
        b"*" => ClientId::Ignored,
        _ if id.bare().is_some_and(|octets| octets.contains(&b':')) => {
            let hex = parse_hex(octets, false).filter(|hex| hex.wild == 0).ok_or("bad hex constant")?;
            ClientId::Is(hex.octets.into())
        }
        _ => ClientId::Is(octets.into()),
    })
}

/// Reads a line of `/etc/ethers`: a hardware address, then an IPv4 address or a
/// name. `None`: blank or comment.
pub fn ethers_line(raw: &[u8]) -> Applied<Option<Host>> {
    let mut words = raw.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let Some(first) = words.next().filter(|word| !matches!(word.first(), Some(b'#' | b'+'))) else {
        return Ok(None);
    };
    let bad = || Refusal::from("bad line");
    let hw = hw_pattern(first).filter(|hw| hw.wild == 0 && hw.hw.octets().len() == 6).ok_or_else(bad)?;
    let second = words.next().ok_or_else(bad)?;
    let mut parts = Parts { hw: vec![hw], ..Parts::default() };
    match ipv4(second) {
        Some(addr) => parts.addr = Some(addr),
        None if second.iter().all(|octet| octet.is_ascii_digit() || *octet == b'.') => return Err("bad address".into()),
        None => parts.name(second).map_err(|_| Refusal::from("bad name"))?,
    }
    Ok(Some(Host {
        hw: parts.hw.into(),
        client_id: ClientId::None,
        addr: parts.addr,
        name: parts.name,
        domain: parts.domain,
        lease: None,
        set: Box::default(),
        conditions: Box::default(),
        ignore: false,
    }))
}
