//! What is kept from going up, and from coming down.

use crate::base::net::Prefix;
use crate::config::draft::Draft;
use crate::config::lexer::Text;
use crate::config::refusal::{Applied, ERROR};
use crate::config::row::{Row, flag, many};
use crate::config::screen::Alias;
use crate::config::values::{ipv4, name_or_root, record_type};
use std::net::Ipv4Addr;

pub const ROWS: &[Row] = &[
    flag("domain-needed", b'D', |draft| &mut draft.config.dns.domain_needed, "Do not ask upstream for names without a dot").manual(
        "Questions for the addresses of a name without a dot (types A and AAAA) never leave the house. If the name is \
         known here, from a hosts file, a lease or the configuration, it is answered from there; otherwise the \
         answer is that there is no such name. Questions of other types are forwarded all the same.",
    ),
    flag("bogus-priv", b'b', |draft| &mut draft.config.dns.bogus_priv, "Do not ask upstream for names of private addresses").manual(
        "Questions for the name of a private address that is not known here are answered with \"no such name\" \
         instead of being forwarded. Private are 10/8, 172.16/12, 192.168/16, 169.254/16, 100.64/10, 127/8, 0/8, \
         the documentation networks and 255.255.255.255, and in IPv6 fc00::/7, fe80::/10, fec0::/10, 2001:db8::/32, \
         :: and ::1.\n\nA server that is given for the reverse zone (server=/168.192.in-addr.arpa/... or \
         rev-server) is asked nevertheless.",
    ),
    flag("filterwin2k", b'f', |draft| &mut draft.config.dns.screen.win2k, "Do not ask upstream what Windows asks in vain").manual(
        "Questions of type SOA and SRV, and questions for all types of a name with an underscore, are answered \
         with nothing instead of being forwarded. Old Windows machines ask them again and again and hold a dial-up \
         line open. The option does not look at who asks or why: Kerberos, SIP, XMPP and other services that are \
         found by SRV records do not work through it. Records given by srv-host are still answered.",
    ),
    many("alias=<old>[-<end>],<new>[,<mask>]", b'V', alias, "Rewrite IPv4 addresses in upstream answers").manual(
        "IPv4 addresses in the answers of upstream servers are replaced: the address <old> becomes <new>. With a \
         <mask>, such as 255.255.255.0, a whole network is mapped onto another: only the bits under the mask are \
         replaced and the rest is kept. With <old>-<end>, addresses from <old> to <end> are mapped; both must \
         lie in one network under the mask.\n\nAddresses from hosts files, leases and the configuration are \
         never changed, and neither are names of addresses. The option may be given several times; for an \
         address the last line that fits counts.",
    ),
    many("bogus-nxdomain=<address>[/<length>]", b'B', bogus_nxdomain, "Take an answer with this address for a missing name")
        .manual(
            "An answer of an upstream server that holds this address, or one in this network, is turned into \"no \
             such name\", and that is remembered as long as the address would have been. It undoes what providers \
             do who answer every mistyped name with the address of a search page. IPv4 and IPv6; the option may be \
             given several times.",
        ),
    many("ignore-address=<address>[/<length>]", 0, ignore_address, "Ignore upstream answers with this address").manual(
        "A reply of an upstream server that holds this address, or one in this network, is treated as if it had \
         never come: another server's reply may still be taken. It is meant for networks in which forged replies \
         arrive before the true ones. Only replies by UDP are looked at. IPv4 and IPv6; the option may be given \
         several times.",
    ),
    flag("stop-dns-rebind", 0, |draft| &mut draft.config.dns.screen.stop_rebind, "Drop private addresses from upstream answers").manual(
        "An answer of an upstream server that gives a name a private address is withheld: the client gets an \
         answer without records, and the log says \"possible DNS-rebind attack detected\" with the name. This \
         protects devices in the house from web pages that turn a browser against them by changing the address \
         of their own name.\n\nPrivate are the networks listed under bogus-priv. The answers to questions of \
         type A and AAAA are looked at. Names that are known here, and those given by address=, may have any \
         address; use rebind-domain-ok for the domains of an inner name server, and rebind-localhost-ok for \
         block lists kept upstream.",
    ),
    flag("rebind-localhost-ok", 0, |draft| &mut draft.config.dns.screen.localhost_ok, "Let loopback addresses pass all the same").manual(
        "With stop-dns-rebind, answers with an address in 127/8 or 0/8, :: or ::1 are passed on. Block lists that \
         upstream servers offer as DNS zones answer in this way.",
    ),
    many("rebind-domain-ok=/<domain>/...", 0, rebind_domain_ok, "Let private addresses of these domains pass").manual(
        "With stop-dns-rebind, names in these domains, and the domains themselves, may have private addresses. \
         Several domains stand between slashes: /example.lan/example.net/; one alone may stand without them. \
         An empty one (//) stands for names without a dot. The option may be given several times.",
    ),
    flag("filter-A", 0, |draft| &mut draft.filter_a, "Drop IPv4 addresses from upstream answers").manual(
        "IPv4 addresses (records of type A) are taken out of the answers of upstream servers, and clients are told \
         that the answer was filtered. Addresses that are known here are not touched.",
    ),
    flag("filter-AAAA", 0, |draft| &mut draft.filter_aaaa, "Drop IPv6 addresses from upstream answers").manual(
        "IPv6 addresses (records of type AAAA) are taken out of the answers of upstream servers, and clients are \
         told that the answer was filtered. Addresses that are known here are not touched. It helps where IPv6 \
         does not work well but clients prefer it.",
    ),
    many("filter-rr=<type>[,...]", 0, filter_rr, "Drop records of these types from upstream answers").manual(
        "Records of these types are taken out of the answer section of what upstream servers reply. A type is \
         given by its name, such as HTTPS or TXT, or by its number. ANY stands for questions for all types at \
         once: their answers keep only records of type A, AAAA, MX and CNAME. A question for a filtered type \
         is answered without asking upstream if addresses of its name are in the cache. The option may be given \
         several times; records known here are not touched.",
    ),
];

fn alias(draft: &mut Draft, text: Text) -> Applied {
    let mut items = text.items();
    let (old, new, mask) = (items.next().unwrap_or_default(), items.next().unwrap_or_default(), items.next());
    let (from, to) = old.split(b'-');
    let from = ipv4(from.meant());
    let mask = mask.map_or(Some(Ipv4Addr::BROADCAST), |mask| ipv4(mask.meant()));
    let (Some(from), Some(new), Some(mask), None) = (from, ipv4(new.meant()), mask, items.next()) else {
        return Err(wrong!("missing address in alias"));
    };
    // One address with a mask stands for its whole network.
    let range = match to {
        None => Some((from & mask, from | !mask)),
        Some(to) => ipv4(to.meant()).filter(|to| from <= *to && from & mask == *to & mask).map(|to| (from, to)),
    };
    let (from, to) = range.ok_or(wrong!("invalid alias range"))?;
    draft.config.dns.screen.aliases.push(Alias { from, to, new, mask });
    Ok(())
}

/// Adds `ADDRESS[/LENGTH]`.
fn add_prefix(list: &mut Vec<Prefix>, text: Text) -> Applied {
    let (addr, len) = text.split(b'/');
    let addr = addr.ip().ok_or(ERROR)?;
    let most = if addr.is_ipv4() { 32 } else { 128 };
    let len = len.map_or(Some(most), |len| len.number()).filter(|len| *len <= most).ok_or(ERROR)?;
    list.push(Prefix { addr, len: len as u8 });
    Ok(())
}

fn bogus_nxdomain(draft: &mut Draft, text: Text) -> Applied {
    add_prefix(&mut draft.config.dns.screen.bogus, text)
}

fn ignore_address(draft: &mut Draft, text: Text) -> Applied {
    add_prefix(&mut draft.config.dns.screen.ignored, text)
}

fn rebind_domain_ok(draft: &mut Draft, text: Text) -> Applied {
    let text = text.octets();
    let listed = match text {
        [b'/', inner @ ..] => inner.strip_suffix(b"/").unwrap_or(inner),
        _ => text,
    };
    for domain in listed.split(|octet| *octet == b'/') {
        let first = domain.iter().position(|octet| *octet != b'.').unwrap_or(domain.len());
        let domain = domain.get(first..).unwrap_or_default();
        let name = name_or_root(domain).ok_or(ERROR)?;
        draft.config.dns.screen.private_ok.push(name);
    }
    Ok(())
}

fn filter_rr(draft: &mut Draft, text: Text) -> Applied {
    for item in text.items() {
        draft.config.dns.screen.filtered.push(record_type(item.octets()).ok_or(wrong!("bad RR type"))?);
    }
    Ok(())
}
