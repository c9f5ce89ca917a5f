//! Upstream servers, which of them is asked for which domain, and how.

use crate::base::octets::find;
use crate::base::text::parse_ip;
use crate::config::domains::Domain;
use crate::config::draft::{Draft, Number};
use crate::config::lexer::{Text, Whole};
use crate::config::refusal::{Applied, ERROR};
use crate::config::row::{Row, flag, many, number, once};
use crate::config::server::parse;
use crate::config::{SOURCE_PORTS_MAX, Server, Target, reverse};
use std::net::IpAddr;

/// Where dnsmasq holds a number with a sign.
const INT_MAX: u32 = i32::MAX as u32;

pub const ROWS: &[Row] = &[
    many("server=[/<domain>/...]<server>[#<port>][@<interface>][@<source>[#<port>]]", b'S', server, "Ask this upstream server, perhaps for some domains only")
        .in_servers_file()
        .manual("An upstream server: questions that cannot be answered from local data are sent to it. The server is an address \
            or the name of a host; a name is looked up when the line is read, all its addresses become servers, and a name \
            that is not found refuses the configuration. In a servers file, which is read again on SIGHUP, the server stands \
            still meanwhile. The port is 53 unless another follows behind #. Behind @ stands an interface that \
            the questions leave by, or an address of this machine that they leave from, perhaps with #PORT as source port; if \
            both are given the interface comes first. An IPv6 address may carry its interface behind %.\n\n\
            With /DOMAIN/ in front, or several domains between slashes, the server is asked for these domains and everything \
            below them only, and no other server is. The longest domain that fits decides. An empty domain, //, stands for names \
            without a dot; # for every name; *TEXT for every name that ends in TEXT, also in the middle of a label. Instead of \
            a server, # behind domains sends them to the servers that are asked for everything else, and nothing at all \
            means that such names are answered from local data only, as local= has it.\n\n\
            0.0.0.0 and addresses of this server itself are passed over. Each line names one server; the option may be given \
            any number of times, and servers given here are asked beside those of the resolv file."),
    many("local=[/<domain>/...]<address>[#<port>][@<interface>][@<source>]", 0, server, "Answer for these domains from local data only")
        .manual("The same as server. It is usually written without a server, local=/DOMAIN/: names in these domains are answered \
            from hosts files, leases and the configuration, never upstream, and names not known there do not exist. local=// \
            does so for names without a dot."),
    many("rev-server=<prefix>[,<server>]", 0, rev_server, "Ask this server for names of these addresses")
        .in_servers_file()
        .manual("The same as server for the names of addresses: rev-server=192.168.0.0/16,10.0.0.1 sends questions for the names of \
            these addresses to 10.0.0.1. The length is 1 to 32, or 1 to 128 for IPv6, the whole address if there is none; a \
            length that is not that of a zone in in-addr.arpa or ip6.arpa stands for as many zones as it takes. Without a \
            server the names of these addresses are answered from local data only."),
    many("address=/<domain>/.../[<address>|#]", b'A', address, "Answer with this address for these domains")
        .manual("Answers questions for the addresses of these domains, and of everything below them, with this address, without \
            asking upstream. Several lines may give one domain several addresses of both families. A # gives 0.0.0.0 and ::, \
            no address at all makes the names not exist. The domains are written as for server, /#/ being every name. Names \
            in hosts files and of DHCP clients are answered as they are there.\n\n\
            Only questions for a family that was given an address are answered: address=/a.example/192.0.2.1 still sends the \
            question for the IPv6 address of a.example upstream. Use # or local=/a.example/ to stop that."),
    many("resolv-file[=<file>]", b'r', resolv_file, "Take upstream servers from here (/etc/resolv.conf)")
        .manual("A file in the form of resolv.conf(5), whose nameserver lines name the upstream servers; /etc/resolv.conf if the \
            option is not given, none if its value is empty. Of several files the one changed last is used. A file is read \
            again when it changes."),
    flag("no-resolv", b'R', |draft| &mut draft.config.dns.no_resolv, "Take upstream servers from the configuration only")
        .manual("Reads no resolv file: the only upstream servers are those of the configuration."),
    flag("no-poll", b'n', |draft| &mut draft.config.dns.no_poll, "Read resolv files at start and on SIGHUP only")
        .manual("Does not look whether a resolv file has changed; it is read at start and at SIGHUP. Only one resolv file may be \
            given then."),
    flag("clear-on-reload", 0, |draft| &mut draft.config.dns.clear_on_reload, "Clear the cache when a resolv file has changed")
        .manual("Empties the cache and reads the hosts files again when a changed resolv file was read."),
    flag("strict-order", b'o', |draft| &mut draft.config.dns.strict_order, "Ask upstream servers in the order they are listed in")
        .manual("Asks the upstream servers in the order they are listed in, the next one only when the one before refuses, fails or \
            stays silent. Without it the server that answered best is asked, and all of them from time to time to find out \
            which one that is."),
    flag("all-servers", 0, |draft| &mut draft.config.dns.all_servers, "Ask all upstream servers at once, take the first answer")
        .manual("Sends every question to all servers that may be asked, and takes the first answer."),
    number("query-port=<n>", b'Q', Number::QueryPort, (0, 65535), "Ask upstream from this one port")
        .manual("Sends all questions upstream from this one port, for firewalls that allow no other; 0 has the system choose one \
            at start. A fixed port makes it easier to forge answers: without this option every question has a port drawn at \
            random."),
    number("min-port=<n>", 0, Number::MinPort, (0, 65535), "Lowest port to ask upstream from (1024)")
        .manual("The lowest port that a question upstream may leave from; 0 stands for the default, 1024."),
    number("max-port=<n>", 0, Number::MaxPort, (0, 65535), "Highest port to ask upstream from (65535)")
        .manual("The highest port that a question upstream may leave from; 0 stands for the default, 65535. It must not be below \
            min-port."),
    number("port-limit=<n>", 0, Number::PortLimit, (1, INT_MAX), "How many ports one query may use (1)")
        .manual("How many source ports one question may use while it is repeated and sent to several servers, 1 if the option is \
            not given; more than 8 count as 8, because a question is sent no more often. More ports make forging answers easier and help with servers or firewalls that drop what comes from \
            one port. It must not exceed the number of ports between min-port and max-port."),
    number("dns-forward-max=<n>", b'0', Number::ForwardMax, (0, u32::MAX), "Most questions waiting for upstream at once (150)")
        .manual("How many questions may wait for upstream servers at the same time. Questions beyond that are refused, and a line in \
            the log says so. The table has this size from the start; 65535 is the most."),
    number("edns-packet-max=<n>", b'P', Number::EdnsMax, (0, u32::MAX), "Largest DNS datagram, in octets (1232)")
        .manual("The largest DNS datagram in octets, to clients as well as from servers: at least 512, at most 65535. Larger answers \
            are fetched by TCP. The default is what passes every network without being cut into fragments."),
    once("fast-dns-retry[=<ms>[,<ms>]]", 0, fast_retry, "Ask again without waiting for the client (600,10000)")
        .manual("When a question that no server has answered is sent again: after the first number of milliseconds (1000 if there is \
            none, 50 at least), then after twice that time, and so on, until the second number of milliseconds has passed \
            (10000; whole seconds, 1 to 40). Then the client is told that it failed.\n\n\
            Without this option questions are repeated too, after 600 milliseconds, and given up after 10 seconds: a client \
            should not have to wait for a dead server. Repetitions go to all servers that may be asked, with strict-order to \
            the next one; no question is sent more than 8 times."),
    number("max-tcp-connections=<n>", 0, Number::TcpMax, (1, u32::MAX), "Most DNS connections by TCP at once (30)")
        .manual("How many DNS clients may be connected by TCP at the same time, at most 255. Further ones wait to be accepted."),
    flag("dns-loop-detect", 0, |draft| &mut draft.config.dns.loop_detect, "Find and leave out servers that lead back here")
        .manual("Finds upstream servers that send questions back to this server: each server is sent a probe, a question of type \
            TXT for a made-up name below test, and a server whose probe comes back as a question is not used any more. That \
            is done again whenever the servers change. Servers for some domains only are not probed."),
    flag("do-0x20-encode", 0, |draft| &mut draft.config.dns.case_check, "Mix the letter case of questions as a check")
        .manual("Draws at random which letters of a name are sent upstream as capitals, and drops answers that do not repeat them: a \
            forger would have to guess them. A few servers do not repeat the letters as they came; they cannot be used then."),
    flag("no-0x20-encode", 0, |draft| &mut draft.no_case_check, "Leave the letter case of questions alone")
        .manual("Sends names upstream as the client wrote them, which is the default. It wins over do-0x20-encode."),
];

/// The list of domains in front, if there is one, and the value behind:
/// `/a/b/value`. Quotes have no effect here.
pub(super) fn domains_and_value<'a>(text: Text<'a>) -> (Option<&'a [u8]>, &'a [u8]) {
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
    let mut rest = list;
    while let Some(at) = find(rest, b'/') {
        let (part, behind) = rest.split_at_checked(at).unwrap_or_default();
        draft.domains.add(domain(part.trim_ascii()), target)?;
        rest = behind.get(1..).unwrap_or_default();
    }
    draft.domains.add(domain(rest.trim_ascii()), target)
}

fn server(draft: &mut Draft, text: Text) -> Applied {
    let (list, value) = domains_and_value(text);
    each_target(draft, value, &mut |draft, target| add(draft, list, target))
}

/// Calls `each` with what a server's text stands for: several servers if it is
/// the name of a host with several addresses.
fn each_target(
    draft: &mut Draft,
    value: &[u8],
    each: &mut dyn FnMut(&mut Draft, Target) -> Applied,
) -> Applied {
    match value {
        b"" => return each(draft, Target::Local),
        b"#" => return each(draft, Target::Standard),
        _ => {}
    }
    if let Some(target) = draft.domains.known_server(value) {
        return each(draft, target);
    }
    let mut last = Target::Local;
    let is_address = parse(value, draft, &mut |draft, server| {
        last = numbered(draft, server)?;
        each(draft, last)
    })?;
    if is_address {
        draft.domains.remember_server(value, last);
    }
    Ok(())
}

/// The number of a server; its source port gets a socket of its own.
fn numbered(draft: &mut Draft, server: Server) -> Applied<Target> {
    let ports = &mut draft.config.dns.source_ports;
    let port = server.source_port;
    if port != 0 && !ports.contains(&port) {
        if ports.len() >= SOURCE_PORTS_MAX {
            return Err(wrong!("too many source ports"));
        }
        ports.push(port);
    }
    draft.domains.server(server)
}

fn address(draft: &mut Draft, text: Text) -> Applied {
    let (list, value) = domains_and_value(text);
    let target = match value {
        b"" => Target::Local,
        b"#" => Target::Zeros,
        _ => Target::Address(parse_ip(value).ok_or(wrong!("Bad address in --address"))?),
    };
    add(draft, list, target)
}

fn rev_server(draft: &mut Draft, text: Text) -> Applied {
    // Quotes have no effect here.
    let whole = Whole::plain(text.octets());
    let (prefix, value) = Text::all(&whole).split(b',');
    let value = match value {
        // A comma with nothing behind it names no server at all.
        Some(value) if value.is_empty() => return Err(wrong!("Name or service not known")),
        Some(value) => value.octets(),
        None => b"",
    };
    let (addr, len) = prefix.split(b'/');
    let addr = addr.ip().ok_or(ERROR)?;
    let (most, bad) = match addr {
        IpAddr::V4(_) => (32, wrong!("bad IPv4 prefix length")),
        IpAddr::V6(_) => (128, wrong!("bad IPv6 prefix length")),
    };
    let len = match len {
        Some(len) => len.number().ok_or(bad)?,
        None => most,
    };
    let len = u8::try_from(len).ok().filter(|len| (1..=most).contains(&u32::from(*len))).ok_or(bad)?;
    each_target(draft, value, &mut |draft, target| {
        reverse::zones(addr, len, &mut |zone| draft.domains.add(Domain::Name(zone), target))
    })
}

/// The first retry, and all of them.
fn fast_retry(draft: &mut Draft, text: Text) -> Applied {
    let (first, total) = text.split(b',');
    let first = if text.is_empty() { Some(1000) } else { first.number() };
    let total = total.map_or(Some(10_000), |total| total.number());
    let first = first.filter(|ms| (50..=INT_MAX).contains(ms)).ok_or(ERROR)?;
    draft.config.dns.fast_retry = Some((first, total.ok_or(ERROR)? / 1000));
    Ok(())
}

fn resolv_file(draft: &mut Draft, text: Text) -> Applied {
    draft.resolv_said = true;
    if !text.is_empty() {
        draft.config.dns.resolv_files.push(text.path());
    }
    Ok(())
}
