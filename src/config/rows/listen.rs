//! Where to listen, and whom to answer.

use crate::config::draft::{Draft, LocalServiceSaid, Number};
use crate::config::lexer::Text;
use crate::config::refusal::{Applied, ERROR};
use crate::config::row::{Apply, Row, flag, interfaces, many, number, once, special};
use crate::config::values::add_patterns;

pub const ROWS: &[Row] = &[
    number("port=<n>", b'p', Number::Port, (0, 65535), "Port of the DNS server; 0 switches DNS off (53)")
        .manual("The port that DNS is served at, by UDP and by TCP, 53 if the option is not given. 0 switches DNS \
            off altogether; DHCP and TFTP go on."),
    many("interface=<interface>[,...]", b'i', interface, "Serve on these interfaces only")
        .manual("Serves DNS, DHCP and TFTP on these interfaces only, and on loopback. A name may end in *, which \
            stands for one or more letters. With nothing behind the equals sign only loopback is served. The \
            interfaces need not exist at start, unless bind-interfaces is given; that and except-interface, \
            listen-address and auth-server switch local-service off.\n\n\
            Without bind-interfaces or bind-dynamic the names are those of interfaces; in these two modes they \
            are compared with the labels of addresses (eth0:1), so that single addresses can be chosen."),
    interfaces("except-interface=<interface>[,...]", b'I', |draft| &mut draft.config.listen.except, "Do not serve on these interfaces")
        .manual("Does not serve on these interfaces, whatever interface says. A name may end in *. An address given \
            by listen-address is served all the same."),
    many("listen-address=<address>[,...]", b'a', listen_address, "Serve on these addresses")
        .manual("Serves on these addresses of this machine, in addition to those of interface. If only \
            listen-address is given nothing else is served, not even loopback, unless it is named."),
    flag("bind-interfaces", b'z', |draft| &mut draft.bind_interfaces, "Bind to the addresses of interfaces in use only")
        .manual("Opens a socket for each address that is served, instead of one for all addresses whose questions \
            are then sorted by the interface they came in at. Another server can then use the same port at \
            other addresses. Addresses and interfaces that come later are not served; an interface that does \
            not exist at start is an error. It cannot stand together with bind-dynamic."),
    flag("bind-dynamic", 0, |draft| &mut draft.bind_dynamic, "The same, and follow interfaces that come and go")
        .manual("As bind-interfaces, and addresses and interfaces that come later are served as well."),
    once("local-service[=net|host]", 0, local_service, "Answer DNS for directly connected networks only")
        .manual("With net, or nothing, answers DNS questions only if they come from a network that this machine is \
            in. With host, serves loopback only, as interface= with bind-interfaces would. It has no effect if \
            interface, except-interface, listen-address or auth-server is given."),
    many("no-dhcp-interface=<interface>[,...]", b'2', no_dhcp, "Neither DHCP nor TFTP on these interfaces")
        .manual("Serves DNS on these interfaces, and neither DHCP nor TFTP. A name may end in *."),
    interfaces("no-dhcpv4-interface=<interface>[,...]", 0, |draft| &mut draft.config.listen.no_dhcp4, "No DHCPv4 on these interfaces")
        .manual("Serves no DHCPv4 on these interfaces; DNS and TFTP are served there as elsewhere. A name may end in *."),
    special("no-dhcpv6-interface=<interface>[,...]", 0, Apply::Holds, "No DHCPv6 on these interfaces")
        .manual("Serves no DHCPv6 on these interfaces. A name may end in *. This server has no DHCPv6 yet, so that \
            holds in any case."),
];

fn interface(draft: &mut Draft, text: Text) -> Applied {
    // An empty list restricts too: to loopback.
    add_patterns(draft.config.listen.interfaces.get_or_insert_default(), text);
    Ok(())
}

fn listen_address(draft: &mut Draft, text: Text) -> Applied {
    for item in text.items() {
        draft.config.listen.addresses.push(item.ip().ok_or(ERROR)?);
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
    add_patterns(&mut draft.config.listen.no_dhcp4, text);
    add_patterns(&mut draft.config.listen.no_tftp, text);
    Ok(())
}
