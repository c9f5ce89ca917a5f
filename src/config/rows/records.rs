//! Records that the configuration itself gives. Data is put into wire form here,
//! once and for all.

use crate::base::text::parse_ip;
use crate::config::HostRecord;
use crate::config::draft::{Draft, Flag};
use crate::config::lexer::{Items, Text, Whole};
use crate::config::records::Late;
use crate::config::refusal::{Applied, ERROR, Refusal};
use crate::config::row::{Row, flag, many, once};
use crate::config::values::{name, number, parse_hex};
use crate::wire::dns::codes::kind;
use crate::wire::dns::name::{Name, NameBuf};
use std::net::IpAddr;

pub const ROWS: &[Row] = &[
    many("host-record=<name>[,...][,<address>...][,<ttl>]", 0, host_record, "Names with addresses, both ways").manual(
        "One or more names for an IPv4 address, an IPv6 address, or one of each. The addresses are known by the first \
         name. A number is the time to live in seconds. Several lines may name the same host. Unlike names of \
         hosts files these are not changed by expand-hosts, and of all names for an address they come first.",
    ),
    many("cname=<alias>[,...],<target>[,<ttl>]", 0, cname, "Other names for a local name").manual(
        "The aliases stand for the target, which is a name that is known here: from a hosts file, a lease, the \
         configuration, or another alias. The target is not asked for upstream; if it is not known here and not in \
         the cache, the answer says what the alias stands for and nothing else. A number at the end is the time to \
         live in seconds. No alias may be given twice, and they may not run in a circle. An alias that begins with \
         *. counts in authoritative zones only.",
    ),
    many("ptr-record=<name>[,<target>]", 0, ptr_record, "A PTR record").manual(
        "A record of type PTR. The name is given in full, such as 1.0.168.192.in-addr.arpa or _http._tcp.dns-sd-services. \
         Blanks are allowed in the target when it is quoted.",
    ),
    many("mx-host=<name>[,<target>[,<preference>]]", b'm', mx_host, "An MX record").manual(
        "The mail of <name> goes to <target>; without one, to that of mx-target, or to this machine. The preference is \
         a number up to 65535 and 1 if it is not given; hosts of small numbers are tried first.",
    ),
    once("mx-target=<name>", b't', mx_target, "Where MX records point by default").manual(
        "The target of MX records that have none of their own: those of mx-host and localmx. This machine's own name \
         gets an MX record with it.",
    ),
    flag("selfmx", b'e', Flag::SelfMx, "Every local name takes its own mail").manual(
        "Every host that is known from hosts files, host-record or leases gets an MX record that points to itself.",
    ),
    flag("localmx", b'L', Flag::LocalMx, "The MX target takes the mail of every local name").manual(
        "Every host that is known from hosts files, host-record or leases gets an MX record that points to the host of \
         mx-target, or to this machine. So does this machine's own name.",
    ),
    many("srv-host=<service>[,<target>[,<port>[,<priority>[,<weight>]]]]", b'W', srv_host, "An SRV record").manual(
        "Where a service is found. <service> is _name._protocol with a domain behind it; without one it is that of domain. \
         The port is 1, priority and weight are 0 if they are not given; each is a number up to 65535. Without a target \
         clients are told that there is no such service. Several lines may name the same service; their records change \
         places with every answer.",
    ),
    many("txt-record=<name>[,<text>...]", b'Y', txt_record, "A TXT record").manual(
        "Text for a name. Commas separate the strings of the record; quote a text to keep a comma in it. A string longer \
         than 255 octets is divided.",
    ),
    many("caa-record=<name>,<flags>,<tag>,<value>", 0, caa_record, "A CAA record").manual(
        "Which authorities may issue certificates for a name. <flags> is a number up to 255, <tag> and <value> are texts, \
         such as issue and letsencrypt.org.",
    ),
    many("naptr-record=<name>,<order>,<preference>,<flags>,<service>,<regexp>[,<replacement>]", 0, naptr_record, "An NAPTR record")
        .manual(
            "A rule that rewrites names, as telephony uses it. <order> and <preference> are numbers up to 65535; without a \
             <replacement> the record has the root.",
        ),
    many("dns-rr=<name>,<type>[,<hex>]", 0, dns_rr, "A record of any type").manual(
        "A record whose type is given by its number, and whose data is in hexadecimal digits, which may be grouped by \
         colons. What it means is not looked at.",
    ),
];

/// A name; nothing stands for the root.
fn owner(octets: &[u8], wrong: Refusal) -> Applied<NameBuf> {
    if octets.is_empty() {
        return Ok(NameBuf::from_name(Name::ROOT));
    }
    name(octets).ok_or(wrong)
}

/// A number of 16 bits; nothing written stands for 0.
fn number16(octets: &[u8], wrong: Refusal) -> Applied<[u8; 2]> {
    let value = number(octets).and_then(|value| u16::try_from(value).ok());
    value.map(u16::to_be_bytes).ok_or(wrong)
}

/// Adds `text` as a string with its length; longer ones as several.
fn push_strings(data: &mut Vec<u8>, text: &[u8]) {
    let mut rest = text;
    loop {
        let (part, behind) = rest.split_at_checked(255).unwrap_or((rest, &[]));
        data.push(part.len() as u8);
        data.extend_from_slice(part);
        rest = behind;
        if rest.is_empty() {
            return;
        }
    }
}

/// The first item as a name, and the items behind it.
fn named<'a>(text: Text<'a>, wrong: Refusal) -> Applied<(NameBuf, Option<Items<'a>>)> {
    let (first, rest) = text.split(b',');
    Ok((owner(first.octets(), wrong)?, rest.map(|rest| rest.items())))
}

fn host_record(draft: &mut Draft, text: Text) -> Applied {
    const BAD: Refusal = wrong!("Bad host-record");
    let (mut v4, mut v6, mut ttl) = (None, None, None);
    let mut names = Vec::new();
    if text.split(b',').1.is_none() {
        return Err(BAD);
    }
    for item in text.items() {
        let octets = item.octets();
        match (parse_ip(octets), number(octets)) {
            (Some(IpAddr::V4(addr)), _) => v4 = Some(addr),
            (Some(IpAddr::V6(addr)), _) => v6 = Some(addr),
            _ if octets.is_empty() => {}
            (_, Some(number)) => ttl = Some(number),
            _ => names.push(name(octets).ok_or(wrong!("Bad name in host-record"))?.name().wire().into()),
        }
    }
    draft.local.hosts.push(HostRecord { names: names.into(), v4, v6, ttl });
    Ok(())
}

fn cname(draft: &mut Draft, text: Text) -> Applied {
    const BAD: Refusal = wrong!("bad CNAME");
    let mut items: Vec<&[u8]> = text.items().map(|item| item.octets()).collect();
    let mut ttl = None;
    if items.len() > 2
        && let Some(number) = items.last().filter(|last| !last.is_empty()).and_then(|last| number(last))
    {
        ttl = Some(number);
        items.pop();
    }
    let Some((target, aliases @ [_, ..])) = items.split_last() else { return Err(BAD) };
    let target = owner(target, BAD)?;
    for alias in aliases.iter().filter(|alias| !alias.is_empty()) {
        let alias = name(alias).ok_or(BAD)?;
        let records = &mut draft.local.records;
        if records.alias(alias.name()).is_some() {
            return Err(wrong!("duplicate CNAME"));
        }
        records.add(alias.name(), kind::CNAME, ttl, target.name().wire())?;
        draft.local.look_for_circle(alias.name());
    }
    Ok(())
}

fn ptr_record(draft: &mut Draft, text: Text) -> Applied {
    const BAD: Refusal = wrong!("bad PTR record");
    let (name, rest) = named(text, BAD)?;
    let target = owner(rest.map_or(b"", |mut rest| rest.octets()), BAD)?;
    draft.local.records.add(name.name(), kind::PTR, None, target.name().wire())
}

fn mx_host(draft: &mut Draft, text: Text) -> Applied {
    let (first, rest) = text.split(b',');
    let name = owner(first.octets(), wrong!("bad MX name"))?;
    let (target, preference) = rest.unwrap_or_default().split(b',');
    let mut data = Vec::from(1u16.to_be_bytes());
    if let Some(preference) = preference {
        data = number16(preference.octets(), wrong!("bad MX preference"))?.into();
    }
    if !target.is_empty() {
        data.extend_from_slice(owner(target.octets(), wrong!("bad MX target"))?.name().wire());
    }
    draft.local.late.push(Late { name, kind: kind::MX, data });
    Ok(())
}

fn mx_target(draft: &mut Draft, text: Text) -> Applied {
    if !text.is_empty() {
        draft.local.mx_target = Some(name(text.octets()).ok_or(ERROR)?);
    }
    Ok(())
}

fn srv_host(draft: &mut Draft, text: Text) -> Applied {
    let (first, rest) = text.split(b',');
    let name = owner(first.octets(), wrong!("bad SRV record"))?;
    let (target, numbers) = rest.unwrap_or_default().split(b',');
    let one = Whole::plain(b"1");
    let (port, numbers) = numbers.unwrap_or(one.text()).split(b',');
    let (priority, weight) = numbers.unwrap_or_default().split(b',');
    let port = number16(port.octets(), wrong!("invalid port number"))?;
    let priority = number16(priority.octets(), wrong!("invalid priority"))?;
    let weight = number16(weight.unwrap_or_default().octets(), wrong!("invalid weight"))?;
    let target = owner(target.octets(), wrong!("bad SRV target"))?;
    let data = [&priority[..], &weight, &port, target.name().wire()].concat();
    draft.local.late.push(Late { name, kind: kind::SRV, data });
    Ok(())
}

fn txt_record(draft: &mut Draft, text: Text) -> Applied {
    let (name, strings) = named(text, wrong!("bad TXT record"))?;
    let mut data = Vec::new();
    match strings {
        None => push_strings(&mut data, b""),
        Some(strings) => strings.for_each(|string| push_strings(&mut data, string.octets())),
    }
    draft.local.records.add(name.name(), kind::TXT, None, &data)
}

fn caa_record(draft: &mut Draft, text: Text) -> Applied {
    const BAD: Refusal = wrong!("bad CAA record");
    let (name, rest) = named(text, BAD)?;
    let mut items = rest.ok_or(BAD)?;
    let flags = number(items.octets()).ok_or(BAD)?;
    let (Some(tag), Some(value)) = (items.next(), items.next()) else { return Err(BAD) };
    let len = u8::try_from(tag.octets().len()).map_err(|_| BAD)?;
    let data = [&[flags as u8, len], tag.octets(), value.octets()].concat();
    draft.local.records.add(name.name(), kind::CAA, None, &data)
}

fn naptr_record(draft: &mut Draft, text: Text) -> Applied {
    const BAD: Refusal = wrong!("bad NAPTR record");
    let (name, rest) = named(text, BAD)?;
    let mut items = rest.ok_or(BAD)?;
    let mut data = Vec::new();
    for _ in 0..2 {
        data.extend(number16(items.next().ok_or(BAD)?.octets(), BAD)?);
    }
    for _ in 0..3 {
        let string = items.next().filter(|string| string.octets().len() < 256).ok_or(BAD)?;
        push_strings(&mut data, string.octets());
    }
    data.extend_from_slice(owner(items.octets(), BAD)?.name().wire());
    draft.local.records.add(name.name(), kind::NAPTR, None, &data)
}

fn dns_rr(draft: &mut Draft, text: Text) -> Applied {
    const BAD: Refusal = wrong!("bad RR record");
    let (first, rest) = text.split(b',');
    let name = owner(first.octets(), BAD)?;
    let (kind, data) = rest.ok_or(BAD)?.split(b',');
    let kind = number(kind.octets()).ok_or(BAD)? as u16;
    let data = parse_hex(data.unwrap_or_default().octets(), false).ok_or(BAD)?;
    draft.local.records.add(name.name(), kind, None, &data.octets)
}
