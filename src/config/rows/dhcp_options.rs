//! What DHCP clients are told.

use crate::config::dhcp6::Option6;
use crate::config::draft::{Draft, Tags};
use crate::config::lexer::Text;
use crate::config::option_value::{Value, option_number, parse};
use crate::config::refusal::{Applied, ERROR, Refusal};
use crate::config::row::{Row, files, flag, many};
use crate::config::values::{behind_tag, ipv4, leading_conditions, name_box};
use crate::config::{Boot, DhcpOption, NextServer, Space};
use crate::wire::dhcp4_options::Kind;

pub const ROWS: &[Row] = &[
    many("dhcp-option=[tag:<tag>,...]<number>|option:<name>|option6:<name>[,<value>...]", b'O', option, "Tell this to DHCP clients that ask for it").dhcp4().manual(
        "Tells clients that ask for it an option of DHCP, given by its number or by option: and its name; --help dhcp \
         lists the names. Netmask, broadcast address, router, DNS server, domain and host name are told by themselves \
         and may be replaced so.\n\n\
         The value may be hexadecimal octets with colons between them, a decimal number (one, two or four octets, as \
         the option or the number needs; b, s or i behind it says which), IPv4 addresses between commas, addresses \
         with a prefix length as in option 121, or text. What is known to be a list of addresses, a text, a time or a \
         list of names is read as such. Text in double quotes is always text. Without a value an option is sent \
         empty, and what would be sent by itself (netmask, broadcast address, router, DNS server, domain, host name) \
         is not sent. The address 0.0.0.0 stands for this server's own.\n\n\
         Tags in front, with or without tag:, limit a line to clients that have all of them (with !, that lack them). \
         For one option the last line whose tags hold counts; one without tags counts only if no other does.\n\n\
         vendor: and a text put the option into option 43, for clients in whose vendor class the text occurs; encap: \
         and a number put it into the option with that number; vi-encap: and the number of an enterprise put it into \
         option 125. Numbers inside another option have a meaning of their own, so that the value is read by its \
         looks only.\n\n\
         option6: instead of option: is for DHCPv6, with a name (see --help dhcp6) or a number up to 65535. IPv6 \
         addresses stand in square brackets; [::] stands for this server's own global address, [fd00::] for its \
         unique local and [fe80::] for its link-local one. Of the other forms only vi-encap: is possible there, and \
         puts the option into option 17.\n\n\
         An option may have 255 octets in DHCPv4, fewer inside another one.",
    ),
    many("dhcp-option-force=[tag:<tag>,...]<number>|option:<name>|option6:<name>[,<value>...]", 0, forced_option, "Tell this to DHCP clients whether they ask or not").dhcp4().manual(
        "As dhcp-option, and the option is sent even to clients that do not ask for it. Some boot loaders need \
         options that they never ask for.",
    ),
    flag("dhcp-no-override", 0, |draft| &mut draft.config.dhcp.no_override, "Do not put options where file and server name stand").dhcp4().manual(
        "Does not use the fields for the file name and the server name for other options when there is no room left \
         for them, and does not move those two into options either. Some old clients stumble over that.",
    ),
    many("dhcp-boot=[tag:<tag>,...]<file>[,<server name>[,<server>]]", b'M', boot, "Where clients boot from").dhcp4().manual(
        "The file that clients boot, and the server they load it from: its name, and its address or a name that is \
         looked up here when a client asks. Without an address this machine is the server. Tags in front limit a line \
         to clients that have all of them; a line whose tags hold counts before one without tags, and a later one \
         before an earlier one.",
    ),
    files("dhcp-optsfile=<file>|<dir>", 0, |draft| &mut draft.config.dhcp.options_files, "Read dhcp-option lines from a file, again on SIGHUP").dhcp4().manual(
        "Reads options from a file, or from all files of a directory, at start and again on SIGHUP. Each line is what \
         would stand behind dhcp-option=. These options count as if they stood behind those of the configuration. A \
         bad line is told in the log and skipped.",
    ),
    files("dhcp-optsdir=<dir>", 0, |draft| &mut draft.config.dhcp.options_dirs, "Read dhcp-option lines from a directory, and watch it").dhcp4().manual(
        "As dhcp-optsfile with a directory, and in addition every file that is written or moved there is read at \
         once. What a file no longer says, or a file that is gone, is forgotten only on SIGHUP.",
    ),
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
    match parse_option(text, force, &mut draft.tags)? {
        None => {}
        Some(AnyOption::Four(option)) => draft.config.dhcp.options.push(option),
        Some(AnyOption::Six(option)) => {
            draft.not_yet("dhcp-option with option6:");
            draft.config.dhcp6.options.push(option);
        }
    }
    Ok(())
}

/// Reads a line of a `dhcp-optsfile`.
pub fn option4(text: Text, tags: &mut Tags) -> Applied<Option<DhcpOption>> {
    match parse_option(text, false, tags)? {
        Some(AnyOption::Six(_)) => Err(wrong!("dhcp-option with option6: is not supported yet")),
        Some(AnyOption::Four(option)) => Ok(Some(option)),
        None => Ok(None),
    }
}

/// An option of either family.
pub enum AnyOption {
    /// Of DHCPv4.
    Four(DhcpOption),
    /// Of DHCPv6.
    Six(Option6),
}

/// Reads the value of `dhcp-option`; nothing for nothing.
pub fn parse_option(text: Text, force: bool, tags: &mut Tags) -> Applied<Option<AnyOption>> {
    if text.is_empty() {
        return Ok(None);
    }
    const BAD: Refusal = wrong!("bad dhcp-option");
    let mut space = Space::Plain;
    let mut items = text.items();
    let option = loop {
        let item = items.next().ok_or(BAD)?;
        if let Some(option) = option_number(item, false)? {
            break option;
        } else if let Some(class) = item.behind(b"vendor:") {
            one_space(&space, wrong!("inappropriate vendor:"))?;
            space = Space::Vendor(class.boxed());
        } else if let Some(outer) = item.behind(b"encap:") {
            let outer = outer.number().and_then(|code| u8::try_from(code).ok()).ok_or(BAD)?;
            one_space(&space, wrong!("inappropriate encap:"))?;
            space = Space::Encap(outer);
        } else if let Some(enterprise) = item.behind(b"vi-encap:") {
            let enterprise = enterprise.number().ok_or(BAD)?;
            one_space(&space, wrong!("inappropriate encap:"))?;
            space = Space::Enterprise(enterprise);
        } else {
            // Quirk: any other word is a tag; OpenWrt writes `dhcp-option=lan,…`.
            let name = behind_tag(item).or_else(|| item.behind(b"set:")).unwrap_or(item);
            tags.condition(name.octets())?;
        }
    };
    // Inside another option numbers mean something else.
    let is_foreign = option.by_number && !option.six && space != Space::Plain;
    let kind = if is_foreign { Kind::Free } else { option.kind };
    let most = match (option.six, &space) {
        (true, _) => usize::from(u16::MAX),
        (false, Space::Plain) => VALUE_MAX,
        (false, Space::Encap(_) | Space::Vendor(_) | Space::Pxe) => VALUE_MAX_INSIDE,
        (false, Space::Enterprise(_)) => VALUE_MAX_ENTERPRISE,
    };
    let mut look = Value::Octets;
    if let Some(text) = items.rest {
        look = parse(kind, option.six, text, &mut tags.octets)?;
        if matches!(look, Value::Hex(wild) if wild != 0) {
            // A wildcard cannot be sent: it was text.
            look = Value::Text;
            tags.octets.clear();
            tags.octets.extend(text.octets());
        }
    }
    if tags.octets.len() > most {
        return Err(wrong!("dhcp-option too long"));
    }
    let addresses = look == Value::Addresses;
    if !option.six {
        let code = u8::try_from(option.code).map_err(|_| BAD)?;
        let (value, conditions) = (tags.octets(), tags.conditions());
        let (text, pxe) = (look == Value::Text, false);
        return Ok(Some(AnyOption::Four(DhcpOption { code, value, addresses, text, force, pxe, space, conditions })));
    }
    let enterprise = match space {
        Space::Plain => None,
        Space::Enterprise(number) => Some(number),
        _ => return Err(wrong!("unsupported encapsulation for IPv6 option")),
    };
    let (value, conditions) = (tags.octets(), tags.conditions());
    Ok(Some(AnyOption::Six(Option6 { code: option.code, value, addresses, force, enterprise, conditions })))
}

/// An option lives in one space only.
fn one_space(space: &Space, refusal: Refusal) -> Applied {
    if *space == Space::Plain { Ok(()) } else { Err(refusal) }
}

/// The server to boot from: nothing for this one, an address or a name.
#[inline(never)]
pub(super) fn next_server(octets: &[u8]) -> Applied<NextServer> {
    Ok(match ipv4(octets) {
        Some(addr) => NextServer::Addr(addr),
        None if octets.is_empty() => NextServer::Us,
        None => NextServer::Name(name_box(octets).ok_or(ERROR)?),
    })
}

fn boot(draft: &mut Draft, text: Text) -> Applied {
    let mut items = text.items();
    leading_conditions(&mut items, &mut draft.tags)?;
    let is_bare = items.rest.unwrap_or_default().is_empty();
    if is_bare && draft.tags.has_conditions() && !text.octets().ends_with(b",") {
        return Err(ERROR);
    }
    let (file, server_name) = (items.octets(), items.octets());
    let next_server = next_server(items.octets())?;
    // Both may go out as options; further items are passed over.
    if file.len().max(server_name.len()) >= VALUE_MAX {
        return Err(ERROR);
    }
    let conditions = draft.tags.conditions();
    draft.config.dhcp.boots.push(Boot { file: file.into(), server_name: server_name.into(), next_server, conditions });
    Ok(())
}
