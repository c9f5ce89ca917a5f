//! Upstream servers, which of them is asked for which domain, and how.

use crate::base::text::parse_ip;
use crate::config::domains::Domain;
use crate::config::draft::{Draft, Flag, Number};
use crate::config::lexer::Text;
use crate::config::refusal::{Applied, ERROR};
use crate::config::row::{Apply, Row, flag, later, many, number, special};
use crate::config::server::{Spec, parse};
use crate::config::values::{number as digits, path_or_none};
use crate::config::{Target, reverse};
use std::net::IpAddr;

pub const ROWS: &[Row] = &[
    many("server=[/<domain>/...]<address>[#<port>][@<interface>][@<source>]", b'S', server, "Ask this upstream server, perhaps for some domains only"),
    many("local=[/<domain>/...]<address>[#<port>][@<interface>][@<source>]", 0, server, "Answer for these domains from local data only"),
    many("rev-server=<prefix>[,<server>]", 0, rev_server, "Ask this server for names of these addresses"),
    many("address=/<domain>/.../[<address>|#]", b'A', address, "Answer with this address for these domains"),
    many("resolv-file[=<file>]", b'r', resolv_file, "Take upstream servers from here (/etc/resolv.conf)"),
    flag("no-resolv", b'R', Flag::NoResolv, "Take upstream servers from the configuration only"),
    flag("no-poll", b'n', Flag::NoPoll, "Read resolv files at start and on SIGHUP only"),
    flag("clear-on-reload", 0, Flag::ClearOnReload, "Clear the cache when a resolv file has changed"),
    flag("strict-order", b'o', Flag::StrictOrder, "Ask upstream servers in the order they are listed in"),
    flag("all-servers", 0, Flag::AllServers, "Ask all upstream servers at once, take the first answer"),
    number("query-port=<n>", b'Q', Number::QueryPort, (0, 65535), "Ask upstream from this one port"),
    number("min-port=<n>", 0, Number::MinPort, (0, 65535), "Lowest port to ask upstream from (1024)"),
    number("max-port=<n>", 0, Number::MaxPort, (0, 65535), "Highest port to ask upstream from (65535)"),
    later("port-limit=<n>", 0, "How many ports one query may use"),
    number("dns-forward-max=<n>", b'0', Number::ForwardMax, (0, u32::MAX), "Most questions waiting for upstream at once (150)"),
    number("edns-packet-max=<n>", b'P', Number::EdnsMax, (0, u32::MAX), "Largest DNS datagram, in octets (1232)"),
    later("fast-dns-retry[=<ms>[,<ms>]]", 0, "Ask again without waiting for the client"),
    number("max-tcp-connections=<n>", 0, Number::TcpMax, (1, u32::MAX), "Most DNS connections by TCP at once (30)"),
    flag("dns-loop-detect", 0, Flag::LoopDetect, "Find and leave out servers that lead back here").not_yet(),
    later("add-mac[=base64|text]", 0, "Tell upstream the client's hardware address"),
    later("strip-mac", 0, "Take hardware addresses out of queries"),
    later("add-subnet[=<length>[,<length>]]", 0, "Tell upstream the client's network"),
    later("strip-subnet", 0, "Take client networks out of queries"),
    later("add-cpe-id=<text>", 0, "Tell upstream who this router is"),
    later("umbrella[=<ids>]", 0, "Send the identifiers of Cisco Umbrella"),
    later("do-0x20-encode", 0, "Mix the letter case of questions as a check"),
    special("no-0x20-encode", 0, Apply::Holds, "Leave the letter case of questions alone"),
    later("conntrack", 0, "Copy connection marks to upstream"),
];

/// The list of domains in front, if there is one, and the value behind:
/// `/a/b/value`. Quotes have no effect here.
fn domains_and_value<'a>(text: Text<'a>) -> (Option<&'a [u8]>, &'a [u8]) {
    let octets = text.octets();
    let Some(listed) = octets.strip_prefix(b"/") else { return (None, octets) };
    match listed.iter().rposition(|octet| *octet == b'/') {
        Some(at) => {
            let (list, value) = listed.split_at_checked(at).unwrap_or_default();
            (Some(list), value.get(1..).unwrap_or_default().trim_ascii())
        }
        // Quirk: `/#` is every name, but `/` alone is names without a dot.
        None if listed == b"#" => (None, listed),
        None => (Some(b""), listed.trim_ascii()),
    }
}

fn domain(octets: &[u8]) -> Domain<'_> {
    match octets {
        b"" => Domain::Dotless,
        b"#" | b"*" => Domain::All,
        [b'*', suffix @ ..] => Domain::Wild(suffix),
        _ => {
            let dots = octets.iter().take_while(|octet| **octet == b'.').count();
            Domain::Name(octets.get(dots..).unwrap_or_default())
        }
    }
}

/// Lets `target` apply to a list of domains, or to all names.
fn add(draft: &mut Draft, list: Option<&[u8]>, target: Target) -> Applied {
    let Some(list) = list else { return draft.domains.add(Domain::All, target) };
    let mut parts = list.split(|octet| *octet == b'/');
    parts.try_for_each(|part| draft.domains.add(domain(part.trim_ascii()), target))
}

fn server(draft: &mut Draft, text: Text) -> Applied {
    let (list, value) = domains_and_value(text);
    let target = target(draft, value)?;
    add(draft, list, target)
}

/// What a server's text stands for.
fn target(draft: &mut Draft, value: &[u8]) -> Applied<Target> {
    Ok(match parse(value)? {
        Spec::Local => Target::Local,
        Spec::Standard => Target::Standard,
        Spec::Server(server) => draft.domains.server(server)?,
    })
}

fn address(draft: &mut Draft, text: Text) -> Applied {
    let (list, value) = domains_and_value(text);
    let target = match value {
        b"" => Target::Local,
        b"#" => Target::Zeros,
        _ => Target::Address(parse_ip(value).ok_or("Bad address in --address")?),
    };
    add(draft, list, target)
}

fn rev_server(draft: &mut Draft, text: Text) -> Applied {
    let (prefix, value) = text.split(b',');
    let target = match value {
        // A comma with nothing behind it names no server at all.
        Some(value) if value.is_empty() => return Err("Name or service not known".into()),
        Some(value) => target(draft, value.octets())?,
        None => Target::Local,
    };
    let (addr, len) = prefix.split(b'/');
    let addr = parse_ip(addr.octets()).ok_or(ERROR)?;
    let (most, bad) = match addr {
        IpAddr::V4(_) => (32, "bad IPv4 prefix length"),
        IpAddr::V6(_) => (128, "bad IPv6 prefix length"),
    };
    let len = match len {
        Some(len) => digits(len.octets()).ok_or(bad)?,
        None => most,
    };
    let len = u8::try_from(len).ok().filter(|len| (1..=most).contains(&u32::from(*len))).ok_or(bad)?;
    reverse::zones(addr, len, &mut |zone| draft.domains.add(Domain::Name(zone), target))
}

fn resolv_file(draft: &mut Draft, text: Text) -> Applied {
    let files = draft.resolv_files.get_or_insert_default();
    files.extend(path_or_none(text)?);
    Ok(())
}
