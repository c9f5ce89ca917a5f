//! What the DHCPv4 server says. `%` of a packet line: message type, interface,
//! address, a blank if there is one, hardware address, text, reason.

use super::{Line, Channel, Level};

const fn dhcp(level: Level, text: &'static str) -> Line {
    Line { channel: Channel::Dhcp, level, text }
}

/// A packet came or goes.
pub const PACKET: Line = dhcp(Level::Info, "%(%) %%% %%");
/// The same with `log-dhcp`: the transaction first.
pub const PACKET_XID: Line = dhcp(Level::Info, "% %(%) %%% %%");

/// No range fits the packet.
pub const NO_RANGE: Line = dhcp(Level::Warning, "no address range available for DHCP request %");
/// The interface has no IPv4 address.
pub const NO_ADDRESS: Line = dhcp(Level::Warning, "DHCP packet received on % which has no address");

/// A `dhcp-host` address is held by another client.
pub const LEASED_TO: Line =
    dhcp(Level::Warning, "not using configured address % because it is leased to %");
/// A `dhcp-host` address is that of a server.
pub const OURS: Line =
    dhcp(Level::Warning, "not using configured address % because it is in use by the server or relay");
/// A `dhcp-host` address was declined.
pub const DECLINED: Line =
    dhcp(Level::Warning, "not using configured address % because it was previously declined");
/// A `dhcp-host` address rests.
pub const DISABLING: Line = dhcp(Level::Warning, "disabling DHCP static address % for %");
/// A lease passes to another network card of one host.
pub const ABANDONING: Line = dhcp(Level::Info, "abandoning lease to % of %");
/// The domain in a host name is not the one of its address.
pub const IGNORING_DOMAIN: Line = dhcp(Level::Warning, "Ignoring domain % for DHCP host name %");

/// A hosts file has another address for the name of a lease.
pub const NOT_GIVING: Line = dhcp(
    Level::Warning,
    "not giving name % to the DHCP lease of % because the name exists in % with address %",
);
/// The name of a lease is an alias of the configuration.
pub const IS_ALIAS: Line = dhcp(Level::Warning, "% is a CNAME, not giving it to the DHCP lease of %");
/// A range and the subnet of an interface overlap in part.
pub const NOT_CONSISTENT: Line =
    dhcp(Level::Warning, "DHCP range % -- % is not consistent with netmask %");
/// A `dhcp-host` with a name only, which hosts files know by several addresses.
pub const SEVERAL_ADDRESSES: Line =
    dhcp(Level::Warning, "% has more than one address in hostsfile, using % for DHCP");
/// Two `dhcp-host`s come to one address.
pub const DOUBLE_ADDRESS: Line =
    dhcp(Level::Warning, "duplicate IP address % (%) in dhcp-config directive");

/// An option has no room.
pub const NO_SPACE: Line =
    dhcp(Level::Warning, "cannot send DHCP/BOOTP option %: no space left in packet");
/// Two lines for one option.
pub const DUPLICATE_OPTION: Line = dhcp(Level::Warning, "Ignoring duplicate dhcp-option %");
/// Too much for one enterprise.
pub const TOO_MANY_VI: Line = dhcp(
    Level::Warning,
    "cannot send RFC3925 option: too many options for enterprise number %",
);

/// `log-dhcp`: a range that could serve.
pub const AVAILABLE_RANGE: Line = dhcp(Level::Info, "% available DHCP range: % -- %");
/// `log-dhcp`: a range of fixed addresses that could serve.
pub const AVAILABLE_SUBNET: Line = dhcp(Level::Info, "% available DHCP subnet: %/%");
/// `log-dhcp`: option 60.
pub const VENDOR_CLASS: Line = dhcp(Level::Info, "% vendor class: %");
/// `log-dhcp`: option 77.
pub const USER_CLASS: Line = dhcp(Level::Info, "% user class: %");
/// `log-dhcp`: the name that the client sent.
pub const CLIENT_NAME: Line = dhcp(Level::Info, "% client provides name: %");
/// `log-dhcp`: all tags.
pub const TAGS: Line = dhcp(Level::Info, "% tags: %");
/// `log-dhcp`: what the client asks for.
pub const REQUESTED: Line = dhcp(Level::Info, "% requested options: %");
/// `log-dhcp`: the boot file field.
pub const BOOT_FILE: Line = dhcp(Level::Info, "% bootfile name: %");
/// `log-dhcp`: the server name field.
pub const SERVER_NAME: Line = dhcp(Level::Info, "% server name: %");
/// `log-dhcp`: the next server field.
pub const NEXT_SERVER: Line = dhcp(Level::Info, "% next server: %");
/// `log-dhcp`: the reply is broadcast.
pub const BROADCAST: Line = dhcp(Level::Info, "% broadcast response");
/// `log-dhcp`: an option of the reply.
pub const SENT: Line = dhcp(Level::Info, "% sent size:% option:% %  %");

/// The services for one architecture do not fit.
pub const MENU_TOO_LARGE: Line = dhcp(Level::Error, "PXE menu too large");
/// A PXE client wants a signed file.
pub const SIGNED: Line = dhcp(Level::Error, "PXE BIS not supported");
/// A server was given by a name that has no address.
pub const NO_SERVER: Line = dhcp(Level::Error, "No IPv4 address found for %");
/// `log-dhcp`: a request goes on to a server.
pub const RELAYED: Line = dhcp(Level::Info, "DHCP relay at % -> %");
/// `log-dhcp`: a request goes on to everybody on an interface.
pub const RELAYED_TO_ALL: Line = dhcp(Level::Info, "DHCP relay at % -> broadcast via %");
/// The interface to relay to is not there.
pub const NO_BROADCAST: Line = dhcp(Level::Error, "Cannot broadcast DHCP relay via interface %");
/// Who asks for leases must not.
pub const QUERY_REFUSED: Line = dhcp(Level::Warning, "leasequery from % not permitted");
/// An interface of `bridge-interface` does not exist.
pub const NO_BRIDGE: Line = dhcp(Level::Warning, "unknown interface % in bridge-interface");
/// The answer waits so many seconds.
pub const REPLY_DELAY: Line = dhcp(Level::Info, "% reply delay: %");

/// The lease file could not be written.
pub const WRITE_FAILED: Line = dhcp(Level::Error, "failed to write %: % (retry in 60 s)");
/// A line of the lease file is no lease.
pub const INVALID_LEASE: Line =
    dhcp(Level::Warning, "ignoring invalid line in lease database: % % % % ...");
/// A line of the lease file has no address.
pub const BAD_LEASE_ADDRESS: Line =
    dhcp(Level::Warning, "ignoring invalid line in lease database, bad address: %");
