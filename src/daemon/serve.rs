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
    config.listen.addresses.contains(&addr) || by_name(config, name, loopback) || config.auth.serves(name, addr)
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
    interface.dhcp4 = dhcp4 && config.dhcp.on();
    interface.tftp = tftp && config.tftp.on;
}

/// The one interface that DHCP is bound to, in the bind modes: when `interface`
/// lines name no wildcard, all of them exist, and exactly one serves DHCP.
pub fn dhcp_device<'a>(config: &Config, interfaces: &'a [Interface]) -> Option<&'a Interface> {
    let named = config.listen.interfaces.as_ref().filter(|list| !list.is_empty())?;
    // Replies to a relay come in elsewhere.
    if config.listen.bind == Bind::Wildcard || !config.dhcp.relaying.relays.is_empty() {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::hash::Key;
    use crate::base::net::HwAddr;
    use crate::base::random::Random;
    use crate::config::{Outcome, read_text};
    use crate::store::interfaces::Address;
    use arrayvec::{ArrayString, ArrayVec};
    use std::net::Ipv4Addr;

    fn config(text: &str) -> Config {
        match read_text(text.as_bytes(), "test", Key::new(&mut Random::seeded(1))) {
            Outcome::Run(config, _) => *config,
            _ => panic!("refused: {text}"),
        }
    }

    /// lo 127.0.0.1, eth0 10.0.0.1, eth1 10.0.1.1, marked.
    fn interfaces(config: &Config) -> Vec<Interface> {
        let own = [("lo", [127, 0, 0, 1]), ("eth0", [10, 0, 0, 1]), ("eth1", [10, 0, 1, 1])];
        let all = own.into_iter().zip(1..).map(|((name, addr), index)| {
            let loopback = index == 1;
            let addr = IpAddr::V4(Ipv4Addr::from(addr));
            let dns = by_address(config, name.as_bytes(), b"", loopback, addr);
            let broadcast = Ipv4Addr::BROADCAST;
            let mut addresses = ArrayVec::new();
            addresses.push(Address { addr, prefix: 24, broadcast, dns, tentative: false, fleeting: false });
            let name = ArrayString::from(name).unwrap();
            let mut interface = Interface {
                index, name, mtu: 1500, loopback, up: true, hw: HwAddr::default(), addresses,
                dns: false, dhcp4: false, tftp: false,
            };
            mark(config, &mut interface);
            interface
        });
        all.collect()
    }

    /// A letter for each service of each interface: d(NS by name), a(ddress),
    /// h (DHCP), t (TFTP).
    fn served(text: &str) -> String {
        let config = config(&format!("dhcp-range=10.0.0.5,10.0.0.9\nenable-tftp\n{text}"));
        let letters = |i: &Interface| {
            let address = i.addresses.first().is_some_and(|own| own.dns);
            let all = [(i.dns, 'd'), (address, 'a'), (i.dhcp4, 'h'), (i.tftp, 't')];
            all.into_iter().filter_map(|(on, letter)| on.then_some(letter)).collect::<String>()
        };
        interfaces(&config).iter().map(letters).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn interfaces_are_served_as_the_words_say() {
        assert_eq!(served(""), "daht daht daht");
        assert_eq!(served("interface=eth0"), "daht daht ", "loopback comes along");
        assert_eq!(served("interface=eth0\nexcept-interface=lo"), " daht ");
        assert_eq!(served("interface=eth*\nexcept-interface=eth1"), "daht daht ");
        assert_eq!(served("interface="), "daht  ");
        assert_eq!(served("listen-address=10.0.1.1"), "  aht", "an address serves DHCP of its interface");
        assert_eq!(served("except-interface=eth1\nlisten-address=10.0.1.1"), "  aht", "it overrides an exception");
        assert_eq!(served("no-dhcp-interface=eth0"), "daht da daht");
        assert_eq!(served("no-dhcpv4-interface=eth0"), "daht dat daht");
        assert_eq!(served("enable-tftp=eth1\ninterface=eth0"), "dah dah t");
        assert_eq!(served("interface=eth0\nauth-server=ns.test,eth1"), "daht daht a", "neither DHCP nor TFTP comes with it");
        assert_eq!(served("auth-server=ns.test,eth0/6,10.0.1.1"), "daht daht daht");
    }

    #[test]
    fn a_label_counts_as_the_interface_when_binding() {
        let addr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
        let by_label = |bind: &str| by_address(&config(&format!("interface=eth0:1\n{bind}")), b"eth0", b"eth0:1", false, addr);
        assert!(by_label("bind-interfaces") && by_label("bind-dynamic"));
        assert!(!by_label(""));
    }

    #[test]
    fn dhcp_is_bound_to_the_only_interface_there_is() {
        let device = |text: &str| {
            let config = config(&format!("dhcp-range=10.0.0.5,10.0.0.9\n{text}"));
            dhcp_device(&config, &interfaces(&config)).map(|found| found.name.to_string())
        };
        assert_eq!(device("bind-interfaces\ninterface=eth0").as_deref(), Some("eth0"));
        assert_eq!(device("bind-dynamic\ninterface=eth1\ninterface=lo").as_deref(), Some("eth1"));
        for text in ["interface=eth0", "bind-interfaces\ninterface=eth*", "bind-dynamic\ninterface=eth0,eth7",
            "bind-interfaces\ninterface=eth0,eth1", "bind-interfaces"]
        {
            assert_eq!(device(text), None, "{text}");
        }
    }
}
