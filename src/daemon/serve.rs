//! Which interfaces and addresses are served, by the words of the operator:
//! `interface`, `except-interface`, `listen-address`, `no-dhcp-interface`,
//! `tftp` interfaces. Pure; asked whenever the interface table is read.

use crate::config::{Bind, Config, Pattern};
use crate::store::interfaces::Interface;
use std::net::IpAddr;

fn any(patterns: &[Pattern], name: &[u8]) -> bool {
    patterns.iter().any(|pattern| pattern.matches(name))
}

/// True when an interface of this name is served whatever the address.
/// Loopback comes with any `interface` line unless excepted.
pub fn by_name(config: &Config, name: &[u8], loopback: bool) -> bool {
    let listen = &config.listen;
    let restricted = listen.interfaces.is_some() || !listen.addresses.is_empty();
    let named = listen.interfaces.as_ref().is_some_and(|list| loopback || any(list, name));
    (named || !restricted) && !any(&listen.except, name)
}

/// True when DNS is served at this address. A `listen-address` overrides an
/// `except-interface`. When binding, the label of an address (`eth0:1`) counts
/// as its interface's name.
pub fn by_address(config: &Config, name: &[u8], label: &[u8], loopback: bool, addr: IpAddr) -> bool {
    let name = match config.listen.bind {
        Bind::Static | Bind::Dynamic if !label.is_empty() => label,
        _ => name,
    };
    config.listen.addresses.contains(&addr) || by_name(config, name, loopback)
}

/// Sets the flags of an interface whose addresses are complete.
pub fn mark(config: &Config, interface: &mut Interface) {
    let listen = &config.listen;
    let name = interface.name.as_bytes();
    let loopback = interface.loopback;
    let named = by_name(config, name, loopback);
    let listed = interface.addresses.iter().any(|own| listen.addresses.contains(&own.addr));
    let tftp = match config.tftp.interfaces.is_empty() {
        true => (named || listed) && !any(&listen.no_tftp, name),
        false => any(&config.tftp.interfaces, name),
    };
    let dhcp4 = (named || listed) && !any(&listen.no_dhcp4, name);
    interface.dns = named;
    interface.dhcp4 = dhcp4 && !config.dhcp.ranges.is_empty();
    interface.tftp = tftp && config.tftp.on;
}

/// The one interface that DHCP is bound to, in the bind modes: when `interface`
/// lines name no wildcard, all of them exist, and exactly one serves DHCP.
pub fn dhcp_device<'a>(config: &Config, interfaces: &'a [Interface]) -> Option<&'a Interface> {
    let named = config.listen.interfaces.as_ref().filter(|list| !list.is_empty())?;
    if config.listen.bind == Bind::Wildcard {
        return None;
    }
    let certain = |pattern: &Pattern| {
        !pattern.wildcard && interfaces.iter().any(|known| pattern.matches(known.name.as_bytes()))
    };
    if !named.iter().all(certain) {
        return None;
    }
    let mut serving = interfaces.iter().filter(|known| known.dhcp4 && !known.loopback);
    serving.next().filter(|_| serving.next().is_none())
}
