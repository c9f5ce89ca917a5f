//! What DHCP clients are told.

use crate::config::draft::Draft;
use crate::config::lexer::Text;
use crate::config::option_value::{Value, parse};
use crate::config::refusal::{Applied, ERROR, Refusal, not_yet};
use crate::config::row::{Row, flag, later, many};
use crate::config::values::{behind_tag, condition, ipv4, leading_conditions, name_box, number};
use crate::config::{Boot, DhcpOption, NextServer, Space, draft::Flag};
use crate::wire::dhcp4_options::{Kind, by_code, by_name};

pub const ROWS: &[Row] = &[
    many("dhcp-option=[tag:<tag>,...]<number>|option:<name>[,<value>...]", b'O', option, "Tell this to DHCP clients that ask for it").dhcp4(),
    many("dhcp-option-force=[tag:<tag>,...]<number>|option:<name>[,<value>...]", 0, forced_option, "Tell this to DHCP clients whether they ask or not").dhcp4(),
    flag("dhcp-no-override", 0, Flag::DhcpNoOverride, "Do not put options where file and server name stand").dhcp4(),
    many("dhcp-boot=[tag:<tag>,...]<file>[,<server name>[,<server>]]", b'M', boot, "Where clients boot from")
        .dhcp4(),
    later("dhcp-optsfile=<file>|<dir>", 0, "Read dhcp-option lines from a file, again on SIGHUP"),
    later("dhcp-optsdir=<dir>", 0, "Read dhcp-option lines from a directory, and watch it"),
];

/// Longest value: on its own, inside another option, inside option 125.
const VALUE_MAX: usize = 255;
const VALUE_MAX_INSIDE: usize = 253;
const VALUE_MAX_ENTERPRISE: usize = 250;

pub(super) fn option(draft: &mut Draft, text: Text) -> Applied {
    add(draft, text, false)
}

fn forced_option(draft: &mut Draft, text: Text) -> Applied {
    add(draft, text, true)
}

fn add(draft: &mut Draft, text: Text, force: bool) -> Applied {
    if text.is_empty() {
        return Ok(());
    }
    let bad = || Refusal::from("bad dhcp-option");
    let mut conditions = Vec::new();
    let mut space = Space::Plain;
    let mut rest = Some(text);
    let (code, kind, value) = loop {
        let Some(here) = rest else { return Err(bad()) };
        let (item, behind) = here.split(b',');
        rest = behind;
        if let Some(name) = item.behind(b"option:") {
            let named = by_name(name.octets()).filter(|named| !named.internal).ok_or_else(bad)?;
            break (named.code, named.kind, behind);
        } else if item.behind(b"option6:").is_some() {
            return Err(not_yet("dhcp-option for IPv6"));
        } else if let Some(class) = item.behind(b"vendor:") {
            one_space(&mut space, Space::Vendor(class.octets().into()), "inappropriate vendor:")?;
        } else if let Some(outer) = item.behind(b"encap:") {
            let outer = code_of(outer.octets()).ok_or_else(bad)?;
            one_space(&mut space, Space::Encap(outer), "inappropriate encap:")?;
        } else if let Some(enterprise) = item.behind(b"vi-encap:") {
            let enterprise = number(enterprise.octets()).ok_or_else(bad)?;
            one_space(&mut space, Space::Enterprise(enterprise), "inappropriate encap:")?;
        } else if item.bare().is_some_and(|octets| octets.iter().all(u8::is_ascii_digit) && !octets.is_empty()) {
            let code = code_of(item.octets()).ok_or_else(bad)?;
            // Inside another option numbers mean something else.
            let known = by_code(code).filter(|_| matches!(space, Space::Plain));
            break (code, known.map_or(Kind::Free, |named| named.kind), behind);
        } else {
            // Quirk: any other word is a tag; OpenWrt writes `dhcp-option=lan,…`.
            let name = behind_tag(item).or_else(|| item.behind(b"set:")).unwrap_or(item);
            conditions.push(condition(name.octets(), &mut draft.tags)?);
        }
    };
    let option = DhcpOption {
        code,
        value: Box::default(),
        addresses: false,
        text: false,
        force,
        pxe: false,
        space,
        conditions: conditions.into(),
    };
    draft.options.push(with_value(option, kind, value)?);
    Ok(())
}

/// An option lives in one space only.
fn one_space(space: &mut Space, new: Space, words: &'static str) -> Applied {
    if !matches!(space, Space::Plain) {
        return Err(words.into());
    }
    *space = new;
    Ok(())
}

fn code_of(octets: &[u8]) -> Option<u8> {
    number(octets).and_then(|code| u8::try_from(code).ok())
}

/// The option with its value.
fn with_value(mut option: DhcpOption, kind: Kind, value: Option<Text>) -> Applied<DhcpOption> {
    let Some(text) = value else { return Ok(option) };
    match parse(option.code, kind, text)? {
        // A wildcard cannot be sent: it was text.
        Value::Hex(_, wild) if wild != 0 => {
            option.value = text.octets().into();
            option.text = true;
        }
        Value::Hex(octets, _) | Value::Number(octets) | Value::Octets(octets) => option.value = octets.into(),
        Value::Text(octets) => {
            option.value = octets.into();
            option.text = true;
        }
        Value::Addresses(octets) => {
            option.value = octets.into();
            option.addresses = true;
        }
    }
    let most = match option.space {
        Space::Plain => VALUE_MAX,
        Space::Encap(_) | Space::Vendor(_) | Space::Pxe => VALUE_MAX_INSIDE,
        Space::Enterprise(_) => VALUE_MAX_ENTERPRISE,
    };
    if option.value.len() > most { Err("dhcp-option too long".into()) } else { Ok(option) }
}

fn boot(draft: &mut Draft, text: Text) -> Applied {
    let (conditions, rest) = leading_conditions(text, &mut draft.tags)?;
    let mut items = rest.items();
    let (file, server_name) = (items.octets(), items.octets());
    let next_server = match items.octets() {
        b"" => NextServer::Us,
        octets => match ipv4(octets) {
            Some(addr) => NextServer::Addr(addr),
            None => NextServer::Name(name_box(octets)?),
        },
    };
    // Both may go out as options; further items are passed over.
    if file.len().max(server_name.len()) >= VALUE_MAX {
        return Err(ERROR);
    }
    draft.boots.push(Boot {
        file: file.into(),
        server_name: server_name.into(),
        next_server,
        conditions: conditions.into(),
    });
    Ok(())
}
