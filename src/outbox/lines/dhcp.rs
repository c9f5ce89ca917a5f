//! Log lines: DHCP.
