//! Programs that are run when leases and other things change.

use crate::config::refusal::Refusal;
use crate::config::row::{Apply, Row, file, flag, special};

/// What a dnsmasq without Lua says.
const NO_LUA: Refusal = wrong!("recompile with HAVE_LUASCRIPT defined to enable Lua scripts");

pub const ROWS: &[Row] = &[
    file("dhcp-script=<program>", b'6', |draft| &mut draft.config.script.program, "Run this program when leases change").script().manual(
        "The program is run, without a shell, with the arguments `add`, `old` or `del`, the hardware address \
         (with the type in front unless it is Ethernet), the IP address and, if it is known, the host name: when a \
         lease is made, when its name or hardware address changes, and when it ends. At start and on SIGHUP it is \
         run with `old` for every lease. For a file sent by TFTP the arguments are `tftp`, the size, the \
         client's address and the path.\n\n\
         The environment is that of the server and, for leases, DNSMASQ_LEASE_EXPIRES (seconds since 1970, 0 for \
         never), DNSMASQ_TIME_REMAINING, DNSMASQ_INTERFACE, DNSMASQ_DOMAIN, DNSMASQ_TAGS, DNSMASQ_CLIENT_ID, \
         DNSMASQ_SUPPLIED_HOSTNAME, DNSMASQ_OLD_HOSTNAME (a name that the lease lost), DNSMASQ_VENDOR_CLASS, \
         DNSMASQ_USER_CLASS0 and so on, DNSMASQ_REQUESTED_OPTIONS, DNSMASQ_RELAY_ADDRESS, DNSMASQ_MUD_URL, \
         DNSMASQ_CPEWAN_OUI, DNSMASQ_CPEWAN_SERIAL, DNSMASQ_CPEWAN_CLASS, DNSMASQ_CIRCUIT_ID, \
         DNSMASQ_SUBSCRIBER_ID, DNSMASQ_REMOTE_ID and, with log-dhcp, DNSMASQ_LOG_DHCP. What has no value is not \
         set. What the client sent is known only in the call that follows its request; without it \
         DNSMASQ_DATA_MISSING is 1.\n\n\
         One call is made after the other, by a helper process that keeps the rights the server was started with \
         (see dhcp-scriptuser). The server never waits for it: of a program that hangs, the calls wait. What the \
         program writes goes to the log.",
    ),
    special("dhcp-luascript=<file>", 0, Apply::Never(NO_LUA), "Run this Lua program when leases change").manual(
        "This program has no Lua inside, and refuses the option as a dnsmasq without Lua does. A program for \
         dhcp-script can call any interpreter.",
    ),
    file("dhcp-scriptuser=<user>", 0, |draft| &mut draft.config.script.user, "Run programs as this user (root)").script().manual(
        "The account for the program of dhcp-script. Without this option it runs as root, or as whoever \
         started the server.",
    ),
    flag("script-arp", 0, |draft| &mut draft.config.script.arp, "Run the program when neighbours come and go").script().manual(
        "The program of dhcp-script is also run with `arp-add` or `arp-del`, the hardware address and the IP address \
         when a neighbour appears in or disappears from the tables of the kernel.",
    ),
    flag("script-on-renewal", 0, |draft| &mut draft.config.script.on_renewal, "Run the program when a lease is prolonged").script().manual(
        "The program of dhcp-script is also run with `old` when nothing but the end of a lease has changed.",
    ),
    flag("leasefile-ro", b'9', |draft| &mut draft.config.script.keeps_leases, "Leave keeping leases to the program").script().manual(
        "No lease file is read or written. At start the program of dhcp-script is run once with the argument `init`, \
         and what it writes is read as a lease file; if it fails, so does the start. It is then told of changes of \
         the client identifier and of the end of a lease too, so that it can keep the leases.",
    ),
];
