//! Records that the configuration itself gives. Data is put into wire form here,
//! once and for all.

use crate::base::text::parse_ip;
use crate::config::HostRecord;
use crate::config::draft::Draft;
use crate::config::lexer::{Items, Text};
use crate::config::refusal::{Applied, ERROR, Refusal};
use crate::config::row::{Row, flag, many, once};
use crate::config::values::{name_box, name_or_root, number, parse_hex, port};
use crate::wire::dns::codes::kind;
use crate::wire::dns::name::Name;
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
    flag("selfmx", b'e', |draft| &mut draft.config.dns.local.self_mx, "Every local name takes its own mail").manual(
        "Every host that is known from hosts files, host-record or leases gets an MX record that points to itself.",
    ),
    flag("localmx", b'L', |draft| &mut draft.local_mx, "The MX target takes the mail of every local name").manual(
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

/// A record being read: each item goes into wire form behind those before.
struct Making<'d, 't> {
    draft: &'d mut Draft,
    items: Items<'t>,
    /// What to say of a wrong item.
    bad: Refusal,
}

/// Begins a record with its name, the first item.
#[inline(never)]
fn making<'d, 't>(draft: &'d mut Draft, text: Text<'t>, bad: Refusal) -> Making<'d, 't> {
    draft.local.octets.clear();
    Making { draft, items: text.items(), bad }
}

impl<'t> Making<'_, 't> {
    /// The next item, which must be there.
    #[inline(never)]
    fn given(&mut self) -> Applied<Text<'t>> {
        self.items.next().ok_or(self.bad)
    }

    /// A name; nothing stands for the root.
    #[inline(never)]
    fn name(&mut self, octets: &[u8]) -> Applied {
        let out = &mut self.draft.local.octets;
        match octets {
            b"" => out.push(0),
            _ => out.extend(&*name_box(octets).ok_or(self.bad)?),
        }
        Ok(())
    }

    /// The next item as a name.
    #[inline(never)]
    fn next_name(&mut self) -> Applied {
        let octets = self.items.octets();
        self.name(octets)
    }

    /// A number of 16 bits; nothing written stands for 0.
    #[inline(never)]
    fn number(&mut self, octets: &[u8]) -> Applied {
        let value = port(octets).ok_or(self.bad)?;
        self.draft.local.octets.extend(value.to_be_bytes());
        Ok(())
    }

    /// Text as a string with its length; longer ones as several.
    #[inline(never)]
    fn strings(&mut self, text: &[u8]) {
        let mut rest = text;
        loop {
            let (part, behind) = rest.split_at_checked(255).unwrap_or((rest, &[]));
            self.draft.local.octets.push(part.len() as u8);
            self.draft.local.octets.extend(part);
            rest = behind;
            if rest.is_empty() {
                return;
            }
        }
    }
}

fn host_record(draft: &mut Draft, text: Text) -> Applied {
    let (mut v4, mut v6, mut ttl) = (None, None, None);
    let mut names = Vec::new();
    if text.split(b',').1.is_none() {
        return Err(wrong!("Bad host-record"));
    }
    for item in text.items() {
        let octets = item.octets();
        match (parse_ip(octets), number(octets)) {
            (Some(IpAddr::V4(addr)), _) => v4 = Some(addr),
            (Some(IpAddr::V6(addr)), _) => v6 = Some(addr),
            _ if octets.is_empty() => {}
            (_, Some(number)) => ttl = Some(number),
            _ => names.push(name_box(octets).ok_or(wrong!("Bad name in host-record"))?),
        }
    }
    draft.config.dns.local.hosts.push(HostRecord { names, v4, v6, ttl });
    Ok(())
}

fn cname(draft: &mut Draft, text: Text) -> Applied {
    const BAD: Refusal = wrong!("bad CNAME");
    let count = text.items().count();
    let last = text.items().last().unwrap_or_default();
    let ttl = if count > 2 && !last.is_empty() { last.number() } else { None };
    // The last item but perhaps one is the target.
    let aliases = count.saturating_sub(if ttl.is_some() { 2 } else { 1 });
    let target = text.items().nth(aliases).filter(|_| aliases != 0).ok_or(BAD)?;
    let target = name_or_root(target.octets()).ok_or(BAD)?;
    for alias in text.items().take(aliases) {
        if alias.is_empty() {
            continue;
        }
        let alias = alias.name_box().ok_or(BAD)?;
        let alias = Name::new(&alias).ok_or(BAD)?;
        let records = &mut draft.config.dns.local.records;
        if records.alias(alias).is_some() {
            return Err(wrong!("duplicate CNAME"));
        }
        records.add(alias, kind::CNAME, ttl, &target)?;
        draft.look_for_circle(alias);
    }
    Ok(())
}

fn ptr_record(draft: &mut Draft, text: Text) -> Applied {
    let mut making = making(draft, text, wrong!("bad PTR record"));
    making.next_name()?;
    making.next_name()?;
    draft.add_record(kind::PTR, None)
}

fn mx_host(draft: &mut Draft, text: Text) -> Applied {
    let mut making = making(draft, text, wrong!("bad MX name"));
    making.next_name()?;
    let target = making.items.octets();
    let preference = making.items.rest.map_or(&b"1"[..], Text::octets);
    making.bad = wrong!("bad MX preference");
    making.number(preference)?;
    if !target.is_empty() {
        making.bad = wrong!("bad MX target");
        making.name(target)?;
    }
    draft.add_late(kind::MX);
    Ok(())
}

fn mx_target(draft: &mut Draft, text: Text) -> Applied {
    if !text.is_empty() {
        draft.local.mx_target = Some(text.name_box().ok_or(ERROR)?);
    }
    Ok(())
}

fn srv_host(draft: &mut Draft, text: Text) -> Applied {
    let mut making = making(draft, text, wrong!("bad SRV record"));
    making.next_name()?;
    let target = making.items.octets();
    let port_said = making.items.next().map_or(&b"1"[..], Text::octets);
    if port(port_said).is_none() {
        return Err(wrong!("invalid port number"));
    }
    let priority = making.items.octets();
    making.bad = wrong!("invalid priority");
    making.number(priority)?;
    let weight = making.items.rest.unwrap_or_default().octets();
    making.bad = wrong!("invalid weight");
    making.number(weight)?;
    making.number(port_said)?;
    making.bad = wrong!("bad SRV target");
    making.name(target)?;
    draft.add_late(kind::SRV);
    Ok(())
}

fn txt_record(draft: &mut Draft, text: Text) -> Applied {
    let mut making = making(draft, text, wrong!("bad TXT record"));
    making.next_name()?;
    loop {
        let string = making.items.octets();
        making.strings(string);
        if making.items.rest.is_none() {
            return draft.add_record(kind::TXT, None);
        }
    }
}

fn caa_record(draft: &mut Draft, text: Text) -> Applied {
    const BAD: Refusal = wrong!("bad CAA record");
    let mut making = making(draft, text, BAD);
    making.next_name()?;
    let flags = making.given()?.number().ok_or(BAD)?;
    let tag = making.given()?.octets();
    let value = making.given()?.octets();
    let len = u8::try_from(tag.len()).map_err(|_| BAD)?;
    let out = &mut draft.local.octets;
    out.extend([flags as u8, len]);
    out.extend(tag);
    out.extend(value);
    draft.add_record(kind::CAA, None)
}

fn naptr_record(draft: &mut Draft, text: Text) -> Applied {
    const BAD: Refusal = wrong!("bad NAPTR record");
    let mut making = making(draft, text, BAD);
    making.next_name()?;
    for _ in 0..2 {
        let number = making.given()?.octets();
        making.number(number)?;
    }
    for _ in 0..3 {
        let string = making.given()?.octets();
        if string.len() > 255 {
            return Err(BAD);
        }
        making.strings(string);
    }
    making.next_name()?;
    draft.add_record(kind::NAPTR, None)
}

fn dns_rr(draft: &mut Draft, text: Text) -> Applied {
    const BAD: Refusal = wrong!("bad RR record");
    let mut making = making(draft, text, BAD);
    making.next_name()?;
    let kind = making.given()?.number().ok_or(BAD)?;
    let data = making.items.rest.unwrap_or_default().octets();
    parse_hex(data, false, &mut draft.local.octets).ok_or(BAD)?;
    draft.add_record(kind as u16, None)
}
