//! What upstream servers are told of the client, and what clients may not tell
//! them.

use crate::base::octets::{kind, kinds};
use crate::config::draft::Draft;
use crate::config::edns::{MacText, Subnet, Umbrella};
use crate::config::lexer::{Items, Text};
use crate::config::refusal::{Applied, ERROR};
use crate::config::row::{Row, flag, many, once};
use crate::config::values::{parse_hex, whole};
use std::net::IpAddr;

pub const ROWS: &[Row] = &[
    many("add-mac[=base64|text]", 0, add_mac, "Tell upstream the client's hardware address")
        .manual("Adds the client's hardware address to questions that go upstream, if the client is in a network of this machine: \
            as octets in EDNS option 65001, or with base64 or text (hexadecimal with colons) in option 65073. An option that \
            the client sent itself stays, unless strip-mac is given. Answers to such questions depend on the client, so they \
            are not kept. Mind that this tells the operator of the server which device asks."),
    flag("strip-mac", 0, |draft| &mut draft.config.dns.edns.strip_mac, "Take hardware addresses out of queries")
        .manual("Takes the EDNS options 65001 and 65073 that clients put into their questions out of them before they go upstream."),
    once("add-subnet[=[<address>/]<length>[,[<address>/]<length>]]", 0, add_subnet, "Tell upstream the client's network")
        .manual("Adds a client subnet (RFC 7871) to questions that go upstream: the given number of leading bits of the client's \
            address, the first value for clients with IPv4 and the second for clients with IPv6 addresses. 0, which is also \
            the default, tells nothing of the client and asks the server to tell nothing either. An address before the length \
            is told instead of the client's, and may be of the other family.\n\n\
            Answers that may depend on the client are not kept; with an address given, or the length 0, they are."),
    flag("strip-subnet", 0, |draft| &mut draft.config.dns.edns.strip_subnet, "Take client networks out of queries")
        .manual("Takes client subnets (EDNS option 8) that clients put into their questions out of them before they go upstream. \
            With add-subnet, its own takes their place."),
    once("add-cpe-id=<text>", 0, add_cpe_id, "Tell upstream who this router is")
        .manual("Adds this text to questions that go upstream, as EDNS option 65074."),
    once("umbrella[=[deviceid:<hex>][,orgid:<n>][,assetid:<n>]]", 0, umbrella, "Send the identifiers of Cisco Umbrella")
        .manual("Adds the EDNS option 20292 that Cisco Umbrella reads to questions that go upstream: the client's address, and the \
            identifiers given, in any order: of the device as 16 hexadecimal digits, of the organisation and of the asset as \
            decimal numbers. Answers to such questions are not kept."),
];

fn add_mac(draft: &mut Draft, text: Text) -> Applied {
    match text.octets() {
        b"" => draft.config.dns.edns.mac = true,
        b"base64" => draft.config.dns.edns.mac_text = Some(MacText::Base64),
        b"text" => draft.config.dns.edns.mac_text = Some(MacText::Colons),
        _ => return Err(ERROR),
    }
    Ok(())
}

/// `[ADDRESS/]LENGTH`. Quirk: a length beyond the address counts as its length.
fn read_subnet(text: Text, bits: u32, subnet: &mut Subnet) -> Applied {
    let (first, second) = text.split(b'/');
    let mut most = bits;
    if second.is_some() {
        subnet.addr = first.ip();
        most = match subnet.addr {
            None => return Err(wrong!("bad address")),
            Some(IpAddr::V4(_)) => 32,
            Some(IpAddr::V6(_)) => 128,
        };
    }
    let len = second.unwrap_or(first).number().ok_or(ERROR)?;
    subnet.len = len.min(most) as u8;
    Ok(())
}

fn add_subnet(draft: &mut Draft, text: Text) -> Applied {
    let (v4, v6) = text.split(b',');
    let [first, second] = draft.config.dns.edns.subnet.insert([Subnet::default(); 2]);
    read_subnet(v4, 32, first)?;
    read_subnet(v6.unwrap_or_default(), 128, second)
}

fn add_cpe_id(draft: &mut Draft, text: Text) -> Applied {
    draft.config.dns.edns.cpe_id = text.boxed();
    Ok(())
}

fn umbrella(draft: &mut Draft, text: Text) -> Applied {
    let mut told = Umbrella::default();
    let items = if text.is_empty() { Items::default() } else { text.items() };
    for item in items {
        if let Some(device) = item.behind(b"deviceid:") {
            let digits = kinds(device.octets()) & !(kind::DIGIT | kind::HEX_LETTER) == 0 && device.octets().len() == 16;
            let octets = &mut draft.tags.octets;
            octets.clear();
            parse_hex(device.octets(), false, octets).filter(|_| digits).ok_or(ERROR)?;
            told.device = octets.as_slice().try_into().ok();
        } else if let Some(org) = item.behind(b"orgid:") {
            told.org = identifier(org)?;
        } else {
            told.asset = identifier(item.behind(b"assetid:").ok_or(ERROR)?)?;
        }
    }
    draft.config.dns.edns.umbrella = Some(told);
    Ok(())
}

fn identifier(text: Text) -> Applied<u32> {
    if text.is_empty() { Ok(0) } else { whole(text.octets()).ok_or(ERROR) }
}
