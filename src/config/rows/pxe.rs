//! Booting over the network: BOOTP, the PXE menu, and the ports and pace of DHCP.

use super::dhcp_options;
use crate::config::draft::Draft;
use crate::config::lexer::Text;
use crate::config::netboot::{ALTERNATE_PORTS, Service};
use crate::config::refusal::{Applied, ERROR, Refusal};
use crate::config::row::{Row, conditional, many, once};
use super::dhcp_options::next_server;
use crate::config::values::{leading_conditions, number};
use crate::config::{DhcpOption, Space};

pub const ROWS: &[Row] = &[
    conditional("bootp-dynamic[=tag:<tag>,...]", b'3', |draft| &mut draft.config.dhcp.netboot.dynamic, "Give addresses to BOOTP clients too").dhcp4().manual(
        "BOOTP clients (those that send no DHCP message type) get an address of a dhcp-range too, and not only one that \
         a dhcp-host line fixes for them. BOOTP knows no renewal, so such a lease never ends unless the dhcp-host line \
         of the client gives a time; an address that was given once is gone until somebody edits the lease file.\n\n\
         With tags, only clients that have all of them are served so. Several lines may stand; one that fits is enough. \
         A BOOTP client has the tag bootp, and a tag by the name of the boot file that it asks for.",
    ),
    once("dhcp-reply-delay=[tag:<tag>,...]<seconds>", 0, reply_delay, "Wait so long before answering").dhcp4().manual(
        "Answers to DHCPDISCOVER, and to PXE clients where proxy is said in dhcp-range, leave this many seconds late. \
         It lets another DHCP server of the network be faster, and helps boot ROMs whose network is not up yet when \
         they ask. The default is 0. Nothing else waits meanwhile.\n\n\
         Tags in front limit it to clients that have all of them. The directive may stand only once, whatever its tags.",
    ),
    once("dhcp-alternate-port[=<server>[,<client>]]", 0, alternate_port, "Use other ports for DHCP").dhcp4().manual(
        "Other UDP ports for DHCPv4. Without a value the server listens at 1067 and clients at 1068. With one number the \
         server has that port and clients the next one; two numbers say both. The defaults are 67 and 68.\n\n\
         Ordinary clients cannot be told to use other ports: this is for tests, and for a second server on a machine \
         whose clients are special.",
    ),
    many("dhcp-option-pxe=[tag:<tag>,...]<number>|option:<name>[,<value>...]", 0, pxe_option, "Tell this to PXE clients only").dhcp4().manual(
        "As dhcp-option, but only clients that call themselves PXE clients get it: those whose vendor class (option 60) \
         begins with PXEClient or with a text of dhcp-pxe-vendor. In contrast to dhcp-option it also goes into the \
         answers of a PXE proxy (dhcp-range with proxy).\n\n\
         The prefix vendor: is refused here.",
    ),
    many("pxe-service=[tag:<tag>,...]<architecture>,<text>[,<file>|<type>[,<server>]]", 0, service, "An entry of the PXE menu").dhcp4().manual(
        "An entry of the menu that a PXE boot ROM shows, in the order of the lines. Only clients of the architecture see \
         it: x86PC (0), PC98 (1), IA64_EFI (2), Alpha (3), Arc_x86 (4), Intel_Lean_Client (5), IA32_EFI (6), x86-64_EFI \
         (7), Xscale_EFI (8), BC_EFI (9), ARM32_EFI (10), ARM64_EFI (11), in any case of letters, or any other number \
         as the client sends it in option 93. With tags in front, only clients that have all of them see it.\n\n\
         The text is the line of the menu. Put it into quotes if it holds a comma. All texts for one client together, \
         with three octets for each, must stay below 253 octets, or the menu is left out and the log says so.\n\n\
         What follows says what happens when the entry is chosen. A file name: this server answers as the boot server, \
         and the client fetches the file by TFTP, from here or from the server given behind it (an address, or a name \
         of the local data). To a file name without a dot PXE adds the layer, so that pxelinux means pxelinux.0. A \
         number: the client looks for a boot server of that type, at the server given or else by broadcast. Nothing, or \
         0: the client goes on to boot from its disk.\n\n\
         UEFI clients (architectures from 6 on) for which exactly one entry with a file fits get no menu but the file \
         at once, since their firmware is often wrong about menus.\n\n\
         The first such line switches on the port of PXE servers, UDP 4011.",
    ),
    many("pxe-prompt=[tag:<tag>,...]<text>[,<seconds>]", 0, prompt, "What stands before the PXE menu").dhcp4().manual(
        "A text that the PXE boot ROM shows, and how long it waits for F8 before it takes the first entry of the menu. \
         With 0 seconds the first entry is taken at once. Without a number, or with something that is no number, the \
         ROM shows the menu and waits for ever. The number is kept in one octet: 255 waits for ever too.\n\n\
         Without this directive a client waits for ever if there is more than one entry, and boots the only one at \
         once. With tags, only clients that have all of them are prompted so.",
    ),
    many("dhcp-pxe-vendor=<class>[,...]", 0, vendor, "Vendor classes of PXE clients").dhcp4().manual(
        "Clients count as PXE clients if their vendor class (option 60) begins with one of these texts; the text is also \
         what they get back as vendor class. If this is not said, the text is PXEClient. To keep that beside others, \
         name it too. Firmware of some makers calls itself something else and needs this.",
    ),
];

/// The architectures with a name, by number (RFC 4578 §2.1).
const ARCHITECTURES: [&[u8]; 12] = [
    b"x86PC", b"PC98", b"IA64_EFI", b"Alpha", b"Arc_x86", b"Intel_Lean_Client", b"IA32_EFI", b"x86-64_EFI",
    b"Xscale_EFI", b"BC_EFI", b"ARM32_EFI", b"ARM64_EFI",
];

/// Types of services with a file are numbered from here on: below lie those
/// that PXE knows.
const FIRST_TYPE: u16 = 0x8000;

/// The sub-option of option 43 that a prompt is (PXE 2.1 §2.2.4), and the time
/// by which a client waits for ever.
const PROMPT: u8 = 10;
const FOR_EVER: u8 = 255;

/// Longest prompt: what one sub-option takes beside its time.
const PROMPT_MAX: usize = 252;

fn reply_delay(draft: &mut Draft, text: Text) -> Applied {
    let mut items = text.items();
    leading_conditions(&mut items, &mut draft.tags)?;
    let rest = items.rest.unwrap_or_default();
    // Quirk: an empty value is 0, but not behind tags.
    let said = !draft.tags.has_conditions() || !rest.is_empty();
    let secs = rest.number().filter(|_| said).ok_or(ERROR)?;
    draft.config.dhcp.netboot.delay = Some((secs, draft.tags.conditions()));
    Ok(())
}

fn alternate_port(draft: &mut Draft, text: Text) -> Applied {
    const BAD: Refusal = wrong!("invalid port number");
    let (server, client) = text.split(b',');
    draft.config.dhcp.netboot.ports = ALTERNATE_PORTS;
    if !text.is_empty() {
        let server = server.port().ok_or(BAD)?;
        let client = client.map_or(Some(server.wrapping_add(1)), |client| client.port());
        draft.config.dhcp.netboot.ports = (server, client.ok_or(BAD)?);
    }
    Ok(())
}

fn pxe_option(draft: &mut Draft, text: Text) -> Applied {
    let before = draft.config.dhcp.options.len();
    dhcp_options::option(draft, text)?;
    for option in draft.config.dhcp.options.iter_mut().skip(before) {
        option.pxe = true;
        if matches!(option.space, Space::Vendor(_)) {
            return Err(wrong!("inappropriate vendor:"));
        }
    }
    Ok(())
}

fn service(draft: &mut Draft, text: Text) -> Applied {
    let mut items = text.items();
    leading_conditions(&mut items, &mut draft.tags)?;
    let arch = items.octets();
    let known = ARCHITECTURES.iter().zip(0..).find(|(name, _)| arch.eq_ignore_ascii_case(name));
    let arch = known.map(|(_, number)| number).or_else(|| number(arch)).ok_or(ERROR)?;
    items.rest.ok_or(ERROR)?;
    let text = items.piece().boxed();
    let named = items.octets();
    let (kind, file) = match number(named) {
        // Only what fits its field counts.
        Some(kind) => (kind as u16, None),
        None => {
            let with_file = draft.config.dhcp.netboot.services.iter().filter(|service| service.file.is_some()).count();
            (FIRST_TYPE.wrapping_add(with_file as u16), Some(named.into()))
        }
    };
    let server = next_server(items.octets())?;
    let conditions = draft.tags.conditions();
    draft.config.dhcp.netboot.services.push(Service { arch, text, kind, file, server, conditions });
    Ok(())
}

fn prompt(draft: &mut Draft, text: Text) -> Applied {
    let mut items = text.items();
    leading_conditions(&mut items, &mut draft.tags)?;
    if draft.tags.has_conditions() && items.rest.unwrap_or_default().is_empty() {
        return Err(ERROR);
    }
    let shown = items.octets();
    if shown.len() > PROMPT_MAX {
        return Err(wrong!("dhcp-option too long"));
    }
    // Quirk: of a larger number one octet counts, and no number waits for ever.
    let secs = items.rest.and_then(|secs| secs.number()).map_or(FOR_EVER, |secs| secs as u8);
    draft.config.dhcp.netboot.prompt = true;
    draft.config.dhcp.options.push(DhcpOption {
        code: PROMPT,
        value: [&[secs], shown].concat().into(),
        addresses: false,
        text: false,
        force: false,
        pxe: false,
        space: Space::Pxe,
        conditions: draft.tags.conditions(),
    });
    Ok(())
}

fn vendor(draft: &mut Draft, text: Text) -> Applied {
    for item in text.items() {
        draft.config.dhcp.netboot.vendors.push(item.boxed());
    }
    Ok(())
}
