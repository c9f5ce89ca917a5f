//! Where to listen, and whom to answer.

use crate::base::text::parse_ip;
use crate::config::draft::{Draft, Flag, LocalServiceSaid, Number};
use crate::config::lexer::Text;
use crate::config::refusal::{Applied, ERROR};
use crate::config::row::{Apply, Row, flag, many, number, once, special};
use crate::config::values::add_patterns;

pub const ROWS: &[Row] = &[
    number("port=<n>", b'p', Number::Port, (0, 65535), "Port of the DNS server; 0 switches DNS off (53)"),
    many("interface=<interface>[,...]", b'i', interface, "Serve on these interfaces only"),
    many("except-interface=<interface>[,...]", b'I', except_interface, "Do not serve on these interfaces"),
    many("listen-address=<address>[,...]", b'a', listen_address, "Serve on these addresses"),
    flag("bind-interfaces", b'z', Flag::BindInterfaces, "Bind to the addresses of interfaces in use only"),
    flag("bind-dynamic", 0, Flag::BindDynamic, "The same, and follow interfaces that come and go"),
    once("local-service[=net|host]", 0, local_service, "Answer DNS for directly connected networks only"),
    many("no-dhcp-interface=<interface>[,...]", b'2', no_dhcp, "Neither DHCP nor TFTP on these interfaces"),
    many("no-dhcpv4-interface=<interface>[,...]", 0, no_dhcp4, "No DHCPv4 on these interfaces"),
    special("no-dhcpv6-interface=<interface>[,...]", 0, Apply::Holds, "No DHCPv6 on these interfaces"),
];

fn interface(draft: &mut Draft, text: Text) -> Applied {
    // An empty list restricts too: to loopback.
    add_patterns(draft.interfaces.get_or_insert_default(), text);
    Ok(())
}

fn except_interface(draft: &mut Draft, text: Text) -> Applied {
    add_patterns(&mut draft.except, text);
    Ok(())
}

fn listen_address(draft: &mut Draft, text: Text) -> Applied {
    for item in text.items() {
        draft.addresses.push(parse_ip(item.octets()).ok_or(ERROR)?);
    }
    Ok(())
}

fn local_service(draft: &mut Draft, text: Text) -> Applied {
    draft.local_service = Some(match text.octets() {
        b"" | b"net" => LocalServiceSaid::Net,
        b"host" => LocalServiceSaid::Host,
        _ => return Err(ERROR),
    });
    Ok(())
}

fn no_dhcp(draft: &mut Draft, text: Text) -> Applied {
    add_patterns(&mut draft.no_dhcp4, text);
    add_patterns(&mut draft.no_tftp, text);
    Ok(())
}

fn no_dhcp4(draft: &mut Draft, text: Text) -> Applied {
    add_patterns(&mut draft.no_dhcp4, text);
    Ok(())
}
