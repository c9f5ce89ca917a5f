//! What the DHCPv4 server says. `%` of a packet line: message type, interface,
//! address, a blank if there is one, hardware address, text, reason.

use super::{Channel, Level, Line};

lines! {
    /// A packet came or goes.
    PACKET: Dhcp, Info, b"%(%) %%% %%";
    /// The same with `log-dhcp`: the transaction first.
    PACKET_XID: Dhcp, Info, b"% %(%) %%% %%";

    /// No range fits the packet.
    NO_RANGE: Dhcp, Warning, b"no address range available for DHCP request %";
    /// The interface has no IPv4 address.
    NO_ADDRESS: Dhcp, Warning, b"DHCP packet received on % which has no address";

    /// A `dhcp-host` address is held by another client.
    LEASED_TO: Dhcp, Warning, b"not using configured address % because it is leased to %";
    /// A `dhcp-host` address is that of a server.
    OURS: Dhcp, Warning, b"not using configured address % because it is in use by the server or relay";
    /// A `dhcp-host` address was declined.
    DECLINED: Dhcp, Warning, b"not using configured address % because it was previously declined";
    /// A `dhcp-host` address rests.
    DISABLING: Dhcp, Warning, b"disabling DHCP static address % for %";
    /// A lease passes to another network card of one host.
    ABANDONING: Dhcp, Info, b"abandoning lease to % of %";
    /// The domain in a host name is not the one of its address.
    IGNORING_DOMAIN: Dhcp, Warning, b"Ignoring domain % for DHCP host name %";

    /// A hosts file has another address for the name of a lease.
    NOT_GIVING: Dhcp, Warning, b"not giving name % to the DHCP lease of % because the name exists in % with address %";
    /// The name of a lease is an alias of the configuration.
    IS_ALIAS: Dhcp, Warning, b"% is a CNAME, not giving it to the DHCP lease of %";
    /// A range and the subnet of an interface overlap in part.
    NOT_CONSISTENT: Dhcp, Warning, b"DHCP range % -- % is not consistent with netmask %";
    /// A `dhcp-host` with a name only, which hosts files know by several addresses.
    SEVERAL_ADDRESSES: Dhcp, Warning, b"% has more than one address in hostsfile, using % for DHCP";
    /// Two `dhcp-host`s come to one address.
    DOUBLE_ADDRESS: Dhcp, Warning, b"duplicate IP address % (%) in dhcp-config directive";

    /// An option has no room.
    NO_SPACE: Dhcp, Warning, b"cannot send DHCP/BOOTP option %: no space left in packet";
    /// Two lines for one option.
    DUPLICATE_OPTION: Dhcp, Warning, b"Ignoring duplicate dhcp-option %";
    /// Too much for one enterprise.
    TOO_MANY_VI: Dhcp, Warning, b"cannot send RFC3925 option: too many options for enterprise number %";

    /// `log-dhcp`: a range that could serve.
    AVAILABLE_RANGE: Dhcp, Info, b"% available DHCP range: % -- %";
    /// `log-dhcp`: a range of fixed addresses that could serve.
    AVAILABLE_SUBNET: Dhcp, Info, b"% available DHCP subnet: %/%";
    /// `log-dhcp`: option 60.
    VENDOR_CLASS: Dhcp, Info, b"% vendor class: %";
    /// `log-dhcp`: option 77.
    USER_CLASS: Dhcp, Info, b"% user class: %";
    /// `log-dhcp`: the name that the client sent.
    CLIENT_NAME: Dhcp, Info, b"% client provides name: %";
    /// `log-dhcp`: all tags.
    TAGS: Dhcp, Info, b"% tags: %";
    /// `log-dhcp`: what the client asks for.
    REQUESTED: Dhcp, Info, b"% requested options: %";
    /// `log-dhcp`: the boot file field.
    BOOT_FILE: Dhcp, Info, b"% bootfile name: %";
    /// `log-dhcp`: the server name field.
    SERVER_NAME: Dhcp, Info, b"% server name: %";
    /// `log-dhcp`: the next server field.
    NEXT_SERVER: Dhcp, Info, b"% next server: %";
    /// `log-dhcp`: the reply is broadcast.
    BROADCAST: Dhcp, Info, b"% broadcast response";
    /// `log-dhcp`: an option of the reply.
    SENT: Dhcp, Info, b"% sent size:% option:% %  %";

    /// The services for one architecture do not fit.
    MENU_TOO_LARGE: Dhcp, Error, b"PXE menu too large";
    /// A PXE client wants a signed file.
    SIGNED: Dhcp, Error, b"PXE BIS not supported";
    /// A server was given by a name that has no address.
    NO_SERVER: Dhcp, Error, b"No IPv4 address found for %";
    /// `log-dhcp`: a request goes on to a server.
    RELAYED: Dhcp, Info, b"DHCP relay at % -> %";
    /// `log-dhcp`: a request goes on to everybody on an interface.
    RELAYED_TO_ALL: Dhcp, Info, b"DHCP relay at % -> broadcast via %";
    /// The interface to relay to is not there.
    NO_BROADCAST: Dhcp, Error, b"Cannot broadcast DHCP relay via interface %";
    /// Who asks for leases must not.
    QUERY_REFUSED: Dhcp, Warning, b"leasequery from % not permitted";
    /// An interface of `bridge-interface` does not exist.
    NO_BRIDGE: Dhcp, Warning, b"unknown interface % in bridge-interface";
    /// The answer waits so many seconds.
    REPLY_DELAY: Dhcp, Info, b"% reply delay: %";

    /// The lease file could not be written.
    WRITE_FAILED: Dhcp, Error, b"failed to write %: % (retry in 60 s)";
    /// A line of the lease file is no lease.
    INVALID_LEASE: Dhcp, Warning, b"ignoring invalid line in lease database: % % % % ...";
    /// A line of the lease file has no address.
    BAD_LEASE_ADDRESS: Dhcp, Warning, b"ignoring invalid line in lease database, bad address: %";
}
