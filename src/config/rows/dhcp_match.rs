//! What sets tags on a client.

use crate::base::octets::{kind, kinds};
use crate::config::draft::Draft;
use crate::config::lexer::Text;
use crate::config::option_value::{Value, option_number, parse};
use crate::config::refusal::{Applied, ERROR, Refusal};
use crate::config::row::{Row, many};
use crate::config::values::{hw_pattern, plain_hex, set_tag};
use crate::config::{Fits, Match, Tag, TagIf, Test, Where};
use crate::wire::dhcp4_options::Kind;

pub const ROWS: &[Row] = &[
    many("dhcp-mac=set:<tag>,<mac>", b'4', mac, "Set a tag by hardware address").dhcp4().manual(
        "Sets a tag on clients with this hardware address, octets of which may be *. Another type of hardware than \
         Ethernet stands in front with a dash. The prefix set: may be left out.",
    ),
    many("dhcp-vendorclass=set:<tag>[,enterprise:<n>][,<text>]", b'U', vendor_class, "Set a tag by vendor class").dhcp4().manual(
        "Sets a tag on clients in whose vendor class (option 60) the text occurs. Commas in the text must be quoted, \
         and case counts. The prefix set: may be left out.\n\n\
         In DHCPv6 the vendor class has the number of an enterprise: with enterprise: and a number only classes of \
         that one are looked at, and the text may be left out to look at the number only.",
    ),
    many("dhcp-userclass=set:<tag>,<text>", b'j', user_class, "Set a tag by user class").dhcp4().manual(
        "Sets a tag on clients in whose user class (option 77, in DHCPv6 option 15) the text occurs. Commas in the \
         text must be quoted. The prefix set: may be left out.",
    ),
    many("dhcp-circuitid=set:<tag>,<text>|<hex>", 0, circuit_id, "Set a tag by the relay's circuit").dhcp4().manual(
        "Sets a tag on clients whose relay says that they came in by this circuit (sub-option 1 of option 82): \
         exactly this one. Text, or octets in hexadecimal with colons. The prefix set: may be left out.",
    ),
    many("dhcp-remoteid=set:<tag>,<text>|<hex>", 0, remote_id, "Set a tag by the relay's idea of the client").dhcp4().manual(
        "Sets a tag on clients whose relay calls them so (sub-option 2 of option 82; in DHCPv6 option 37 with the \
         number of the enterprise in front): exactly so. Text, or octets in hexadecimal with colons. The prefix set: \
         may be left out.",
    ),
    many("dhcp-subscrid=set:<tag>,<text>|<hex>", 0, subscriber_id, "Set a tag by the relay's subscriber").dhcp4().manual(
        "Sets a tag on clients whose relay says that they belong to this subscriber (sub-option 6 of option 82; in \
         DHCPv6 option 38): exactly this one. Text, or octets in hexadecimal with colons. The prefix set: may be left \
         out.",
    ),
    many("dhcp-match=set:<tag>,<number>|option:<name>|option6:<name>|vi-encap:<n>[,<value>]", 0, dhcp_match, "Set a tag by an option that the client sends").dhcp4().manual(
        "Sets a tag on clients that send an option, given by number, by option: and its name, or by option6: for \
         DHCPv6; with a value, on those that send it with that value. Hexadecimal octets with colons, of which any \
         may be *, are compared from the beginning; text is looked for anywhere; a number or an address must be one \
         element of what is sent. The prefix set: may be left out.\n\n\
         vi-encap: and the number of an enterprise look at each vendor class of that enterprise (option 124) instead.",
    ),
    many("dhcp-name-match=set:<tag>,<name>[*]", 0, name_match, "Set a tag by the client's name").dhcp4().manual(
        "Sets a tag on clients that call themselves so; with * at the end, on those whose name begins so. Case does \
         not count. The prefix set: may be left out.",
    ),
    many("tag-if=set:<tag>[,...][,tag:[!]<tag>[*]...]", 0, tag_if, "Set tags when others are set").dhcp4().manual(
        "Sets the tags of set: if all of tag: are set (with !, not set), or always if there is no tag:. The condition \
         may end in *, and then holds if some tag is set that begins so. The lines are looked at in order, each once, \
         so that a later one may ask for what an earlier one has set. Here the prefixes must be written.\n\n\
         tag-if=set:boot,tag:known,tag:!quiet sets boot on known clients that are not quiet.",
    ),
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
    let hw = hw_pattern(value.octets(), &mut draft.tags.octets).ok_or(ERROR)?;
    add(draft, set, Test::Hw(hw))
}

/// Adds a test.
#[inline(never)]
fn add(draft: &mut Draft, set: Tag, test: Test) -> Applied {
    draft.config.dhcp.matches.push(Match { set, test });
    Ok(())
}

/// The text of a class: commas in it must be quoted.
fn class(value: Text) -> Applied<Box<[u8]>> {
    match value.split(b',') {
        (text, None) => Ok(text.boxed()),
        _ => Err(ERROR),
    }
}

fn vendor_class(draft: &mut Draft, text: Text) -> Applied {
    let (set, value) = tagged(draft, text)?;
    let test = match value.behind(b"enterprise:") {
        None => Test::VendorClass(None, class(value)?),
        Some(said) => {
            let (digits, behind) = said.split(b',');
            let enterprise = digits.number().ok_or(ERROR)?;
            Test::VendorClass(Some(enterprise), behind.unwrap_or_default().boxed())
        }
    };
    add(draft, set, test)
}

fn user_class(draft: &mut Draft, text: Text) -> Applied {
    let (set, value) = tagged(draft, text)?;
    let test = Test::UserClass(class(value)?);
    add(draft, set, test)
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
    let work = &mut draft.tags.octets;
    let is_hex = |octets: &[u8]| octets.contains(&b':') && plain_hex(octets, work).is_some();
    let octets = match value.bare().is_some_and(is_hex) {
        true => draft.tags.octets(),
        false => class(value)?,
    };
    add(draft, set, Test::Agent(code, octets))
}

fn dhcp_match(draft: &mut Draft, text: Text) -> Applied {
    let (tag, value) = text.split(b',');
    let misplaced = |prefix: &[u8]| tag.behind(prefix).is_some();
    if kinds(tag.octets()) & !kind::DIGIT == 0
        || [&b"option:"[..], b"option6:", b"vi-encap:"].into_iter().any(misplaced)
    {
        return Err(wrong!("illegal dhcp-match"));
    }
    let (item, value) = value.ok_or(wrong!("bad dhcp-option"))?.split(b',');
    let (what, kind, six) = subject(item)?;
    let mut wanted = Fits::Present;
    if let Some(value) = value {
        let look = parse(kind, six, value, &mut draft.tags.octets)?;
        wanted = fits(look, draft.tags.octets(), if six { 16 } else { 4 });
    }
    let set = set_tag(tag, &mut draft.tags)?;
    let test = Test::Value(what, wanted);
    if !six {
        return add(draft, set, test);
    }
    draft.not_yet("dhcp-match with option6:");
    draft.config.dhcp6.matches.push(Match { set, test });
    Ok(())
}

/// What a match looks at, what is known to stand there, and whether it is of
/// DHCPv6.
fn subject(item: Text) -> Applied<(Where, Kind, bool)> {
    if item.behind(b"vendor:").is_some() {
        return Err(wrong!("inappropriate vendor:"));
    } else if item.behind(b"encap:").is_some() {
        return Err(wrong!("inappropriate encap:"));
    } else if let Some(enterprise) = item.behind(b"vi-encap:") {
        let enterprise = enterprise.number().ok_or(wrong!("bad dhcp-option"))?;
        return Ok((Where::Enterprise(enterprise), Kind::Free, false));
    }
    let option = option_number(item, true)?.ok_or(wrong!("illegal dhcp-match"))?;
    Ok((Where::Option(option.code), option.kind, option.six))
}

/// How a value of the configuration is looked for; addresses have `size`
/// octets.
fn fits(value: Value, octets: Box<[u8]>, size: usize) -> Fits {
    match value {
        Value::Hex(wild) => Fits::Octets(octets, wild),
        Value::Text => Fits::Contains(octets),
        Value::Number => Fits::Element(octets),
        Value::Addresses if octets.len() == size => Fits::Element(octets),
        Value::Addresses | Value::Octets => Fits::Octets(octets, 0),
    }
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
    add(draft, set, Test::Name(name.into(), wildcard))
}

fn tag_if(draft: &mut Draft, text: Text) -> Applied {
    const BAD: Refusal = wrong!("bad tag-if");
    let tags = &mut draft.tags;
    let mut wild = Vec::new();
    for item in text.items() {
        let set = item.behind(b"set:");
        let name = set.or_else(|| item.behind(b"tag:")).unwrap_or_default().octets();
        match (name, set) {
            (b"", _) => return Err(BAD),
            (_, Some(_)) => tags.sets(name)?,
            ([b'!' | b'#', head @ .., b'*'], None) => wild.push((head.into(), false)),
            ([head @ .., b'*'], None) => wild.push((head.into(), true)),
            (_, None) => tags.condition(name)?,
        }
    }
    if tags.set().is_empty() {
        return Err(BAD);
    }
    let (set, conditions) = (tags.set().into(), tags.conditions());
    draft.config.dhcp.tag_ifs.push(TagIf { set, conditions, wild });
    Ok(())
}
