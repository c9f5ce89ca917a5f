//! Sets of ipset and nftables for real: what the kernel holds afterwards.

use crate::net::Net;

/// Asks for the address of a name, which a server above ours knows.
fn asked(net: &Net, name: &str, kind: &str, addr: &str) {
    assert_eq!(net.ask(&format!("dig +short +time=2 +tries=1 @192.168.77.1 {name} {kind}")), addr);
}

const UPSTREAM: &str = "dnsmasq -k -C /dev/null --no-resolv --no-hosts --pid-file= --listen-address=192.168.77.2 --bind-interfaces \
    --host-record=a.vpn.test,198.51.100.7,2001:db8::7 --host-record=b.vpn.test,198.51.100.8 --host-record=c.vpn.test,255.255.255.255";

#[test]
fn nftables_sets_are_filled_and_filled_again() {
    let Some(net) = Net::new(&["dig", "dnsmasq", "nft"]).map(Net::with_address) else { return };
    let table = "table inet fw4 {\nset vpn4 { type ipv4_addr; }\nset vpn6 { type ipv6_addr; flags interval; auto-merge; }\n\
        set range4 { type ipv4_addr; flags interval, timeout; timeout 1h; elements = { 198.51.100.0/29 }; }\n}\n";
    let nft = |command: &str| {
        let path = net.write("nft", command);
        let done = net.run_at_router(&format!("nft -f {path}"));
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    nft(table);
    let holds = |set: &str, element: &str| {
        let listed = net.run_at_router(&format!("nft list set inet fw4 {set}"));
        String::from_utf8_lossy(&listed.stdout).contains(element)
    };
    let _upstream = net.at_client(UPSTREAM);
    let _server = net.serve(
        "server=192.168.77.2\nlog-queries\nnftset=/vpn.test/4#inet#fw4#vpn4,6#inet#fw4#vpn6,4#inet#fw4#range4,inet#fw4#missing",
    );
    crate::net::wait_for("the server above", || net.ask("dig +short +time=1 +tries=1 @192.168.77.2 a.vpn.test A") == "198.51.100.7");
    asked(&net, "a.vpn.test", "A", "198.51.100.7");
    assert!(holds("vpn4", "198.51.100.7") && holds("range4", "198.51.100.0/29"));
    asked(&net, "a.vpn.test", "AAAA", "2001:db8::7");
    assert!(holds("vpn6", "2001:db8::7") && !holds("vpn4", "2001"));
    asked(&net, "b.vpn.test", "A", "198.51.100.8");
    asked(&net, "c.vpn.test", "A", "255.255.255.255");
    assert!(holds("vpn4", "198.51.100.8") && holds("range4", "198.51.100.8") && holds("range4", "255.255.255.255"));
    assert!(!holds("range4", "198.51.100.8-"), "a range of one address");
    let log = net.read("log");
    assert!(log.contains("nftset add vpn4 198.51.100.7 vpn.test"), "{log}");
    assert!(log.contains("nftset fw4 missing Error: No such file or directory"), "{log}");
    // A firewall that is loaded anew has empty sets.
    nft("flush set inet fw4 vpn4");
    asked(&net, "a.vpn.test", "A", "198.51.100.7");
    assert!(holds("vpn4", "198.51.100.7"), "filled from the cache");
}

#[test]
fn ipset_sets_are_filled() {
    let Some(net) = Net::new(&["dig", "dnsmasq", "ipset"]).map(Net::with_address) else { return };
    for set in ["create vpn hash:ip", "create vpn6 hash:ip family inet6 timeout 60", "create nets hash:net"] {
        if !net.run_at_router(&format!("ipset {set}")).status.success() {
            println!("skipped: this kernel has no ipset");
            return;
        }
    }
    let _upstream = net.at_client(UPSTREAM);
    let _server = net.serve("server=192.168.77.2\nlog-queries\nipset=/vpn.test/vpn,vpn6,nets,missing");
    crate::net::wait_for("the server above", || net.ask("dig +short +time=1 +tries=1 @192.168.77.2 a.vpn.test A") == "198.51.100.7");
    asked(&net, "a.vpn.test", "A", "198.51.100.7");
    asked(&net, "a.vpn.test", "AAAA", "2001:db8::7");
    let holds = |set: &str, element: &str| net.run_at_router(&format!("ipset test {set} {element}")).status.success();
    assert!(holds("vpn", "198.51.100.7") && holds("nets", "198.51.100.7") && holds("vpn6", "2001:db8::7"));
    let log = net.read("log");
    assert!(log.contains("ipset add vpn 198.51.100.7 vpn.test"), "{log}");
    assert!(log.contains("failed to update ipset missing: No such file or directory"), "{log}");
    assert!(!log.contains("failed to update ipset vpn"), "an address of the other family is no failure: {log}");
}
