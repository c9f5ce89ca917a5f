//! What sets tags on a client.

use crate::config::draft::Draft;
use crate::config::lexer::Text;
use crate::config::option_value::{Value, parse};
use crate::config::refusal::{Applied, ERROR, Refusal, not_yet};
use crate::config::row::{Row, many};
use crate::config::values::{condition, hw_pattern, number, parse_hex, set_tag};
use crate::config::{Match, Tag, TagIf, Test};
use crate::wire::dhcp4_options::{Kind, by_code, by_name};

pub const ROWS: &[Row] = &[
    many("dhcp-mac=set:<tag>,<mac>", b'4', mac, "Set a tag by hardware address").dhcp4(),
    many("dhcp-vendorclass=set:<tag>,<text>", b'U', vendor_class, "Set a tag by vendor class").dhcp4(),
    many("dhcp-userclass=set:<tag>,<text>", b'j', user_class, "Set a tag by user class").dhcp4(),
    many("dhcp-circuitid=set:<tag>,<text>|<hex>", 0, circuit_id, "Set a tag by the relay's circuit").dhcp4(),
    many("dhcp-remoteid=set:<tag>,<text>|<hex>", 0, remote_id, "Set a tag by the relay's idea of the client").dhcp4(),
    many("dhcp-subscrid=set:<tag>,<text>|<hex>", 0, subscriber_id, "Set a tag by the relay's subscriber").dhcp4(),
    many("dhcp-match=set:<tag>,<number>|option:<name>[,<value>]", 0, dhcp_match, "Set a tag by an option that the client sends").dhcp4(),
    many("dhcp-name-match=set:<tag>,<name>[*]", 0, name_match, "Set a tag by the client's name").dhcp4(),
    many("tag-if=set:<tag>[,...][,tag:[!]<tag>...]", 0, tag_if, "Set tags when others are set").dhcp4(),
];

/// Sub-options of option 82 (RFC 3046, RFC 3993).
const CIRCUIT_ID: u8 = 1;
const REMOTE_ID: u8 = 2;
const SUBSCRIBER_ID: u8 = 6;

/// The tag that stands first, and the value behind it.
fn tagged<'a>(draft: &mut Draft, text: Text<'a>) -> Applied<(Tag, Text<'a>)> {
    let (tag, value) = text.split(b',');
    let value = value.ok_or(ERROR)?;
    Ok((set_tag(tag, &mut draft.tags)?, value))
}

fn mac(draft: &mut Draft, text: Text) -> Applied {
    let (set, value) = tagged(draft, text)?;
    let hw = hw_pattern(value.octets()).ok_or(ERROR)?;
    draft.matches.push(Match { set, test: Test::Hw(hw) });
    Ok(())
}

fn vendor_class(draft: &mut Draft, text: Text) -> Applied {
    let (set, value) = tagged(draft, text)?;
    if value.behind(b"enterprise:").is_some() {
        return Err(not_yet("dhcp-vendorclass for IPv6"));
    }
    draft.matches.push(Match { set, test: Test::VendorClass(value.octets().into()) });
    Ok(())
}

fn user_class(draft: &mut Draft, text: Text) -> Applied {
    let (set, value) = tagged(draft, text)?;
    draft.matches.push(Match { set, test: Test::UserClass(value.octets().into()) });
    Ok(())
}

fn circuit_id(draft: &mut Draft, text: Text) -> Applied {
    agent(draft, text, CIRCUIT_ID)
}

fn remote_id(draft: &mut Draft, text: Text) -> Applied {
    agent(draft, text, REMOTE_ID)
}

fn subscriber_id(draft: &mut Draft, text: Text) -> Applied {
    agent(draft, text, SUBSCRIBER_ID)
}

/// A sub-option of the relay: hexadecimal with colons, or text.
fn agent(draft: &mut Draft, text: Text, code: u8) -> Applied {
    let (set, value) = tagged(draft, text)?;
    let hex = value.bare().filter(|octets| octets.contains(&b':')).and_then(|octets| parse_hex(octets, false));
    let octets = match hex.filter(|hex| hex.wild == 0) {
        Some(hex) => hex.octets.into(),
        None => value.octets().into(),
    };
    draft.matches.push(Match { set, test: Test::Agent(code, octets) });
    Ok(())
}

fn dhcp_match(draft: &mut Draft, text: Text) -> Applied {
    let (tag, value) = text.split(b',');
    if tag.octets().iter().all(u8::is_ascii_digit) {
        return Err("illegal dhcp-match".into());
    }
    let test = option_test(value.ok_or("bad dhcp-option")?)?;
    let set = set_tag(tag, &mut draft.tags)?;
    draft.matches.push(Match { set, test });
    Ok(())
}

fn option_test(text: Text) -> Applied<Test> {
    let (item, value) = text.split(b',');
    let (code, kind) = if let Some(name) = item.behind(b"option:") {
        let named = by_name(name.octets()).ok_or("bad dhcp-option")?;
        (named.code, named.kind)
    } else if item.behind(b"option6:").is_some() {
        return Err(not_yet("dhcp-match for IPv6"));
    } else if item.behind(b"vi-encap:").is_some() {
        return Err(not_yet("dhcp-match with vi-encap:"));
    } else if item.behind(b"vendor:").is_some() {
        return Err("inappropriate vendor:".into());
    } else if item.behind(b"encap:").is_some() {
        return Err("inappropriate encap:".into());
    } else {
        let code = number(item.octets()).filter(|_| !item.is_empty()).and_then(|code| u8::try_from(code).ok());
        let code = code.ok_or("illegal dhcp-match")?;
        (code, by_code(code).map_or(Kind::Free, |named| named.kind))
    };
    let Some(value) = value else { return Ok(Test::Present(code)) };
    Ok(match parse(code, kind, value)? {
        Value::Hex(octets, wild) => Test::Octets(code, octets.into(), wild),
        Value::Text(octets) => Test::Contains(code, octets.into()),
        Value::Number(octets) => Test::Element(code, octets.into()),
        Value::Octets(octets) => Test::Octets(code, octets.into(), 0),
        Value::Addresses(octets) if octets.len() == 4 => Test::Element(code, octets.into()),
        Value::Addresses(octets) => Test::Octets(code, octets.into(), 0),
    })
}

fn name_match(draft: &mut Draft, text: Text) -> Applied {
    let (set, value) = tagged(draft, text)?;
    let octets = value.octets();
    let (name, wildcard) = match octets.strip_suffix(b"*") {
        Some(name) => (name, true),
        None => (octets, false),
    };
    if name.is_empty() && !wildcard {
        return Err(ERROR);
    }
    draft.matches.push(Match { set, test: Test::Name(name.into(), wildcard) });
    Ok(())
}

fn tag_if(draft: &mut Draft, text: Text) -> Applied {
    let bad = || Refusal::from("bad tag-if");
    let (mut set, mut conditions) = (Vec::new(), Vec::new());
    for item in text.items() {
        if item.behind(b"set:").is_some_and(|name| !name.is_empty()) {
            set.push(set_tag(item, &mut draft.tags)?);
        } else if let Some(name) = item.behind(b"tag:").filter(|name| !name.is_empty()) {
            if name.octets().ends_with(b"*") {
                return Err(not_yet("a wildcard in tag-if"));
            }
            conditions.push(condition(name.octets(), &mut draft.tags)?);
        } else {
            return Err(bad());
        }
    }
    if set.is_empty() {
        return Err(bad());
    }
    draft.tag_ifs.push(TagIf { set: set.into(), conditions: conditions.into() });
    Ok(())
}
