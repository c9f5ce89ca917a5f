//! Marks of connections for real: nftables gives them, connection tracking
//! keeps them, questions are refused by them and carry them upstream.

use crate::net::Net;

const RULES: &str = "table inet t {\nchain in { type filter hook prerouting priority -100;\n\
    ip saddr 192.168.77.3 ct mark set 5\nip6 saddr fd77::3 ct mark set 5\n}\n\
    chain out { type filter hook output priority 0;\n\
    ip daddr 192.168.77.2 udp dport 53 meta mark 5 counter comment \"udp\"\n\
    ip daddr 192.168.77.2 tcp dport 53 meta mark 5 counter comment \"tcp\"\n}\n\
    chain nat { type nat hook prerouting priority -90;\nip saddr 192.168.77.3 udp dport 5300 redirect to :53\n}\n}\n";

#[test]
fn questions_are_judged_by_the_mark_and_carry_it() {
    let Some(net) = Net::new(&["dig", "dnsmasq", "nft"]).map(Net::with_address) else { return };
    net.in_client("ip addr add 192.168.77.3/24 dev eth0");
    net.in_client("ip addr add fd77::3/64 dev eth0 nodad");
    let path = net.write("nft", RULES);
    if !net.run_at_router(&format!("nft -f {path}")).status.success() {
        println!("skipped: this kernel has no connection tracking");
        return;
    }
    let _upstream = net.at_client(
        "dnsmasq -k -C /dev/null --no-resolv --no-hosts --pid-file= --listen-address=192.168.77.2 --bind-interfaces \
         --address=/up.test/198.51.100.7",
    );
    let _server = net.serve(
        "server=192.168.77.2\nlog-queries\nconntrack\ncache-size=0\nconnmark-allowlist-enable\nconnmark-allowlist=5,*.up.test",
    );
    crate::net::wait_for("the server above", || net.ask("dig +short +time=1 +tries=1 @192.168.77.2 a.up.test") == "198.51.100.7");
    let asked = |what: &str| net.ask(&format!("dig +noall +comments +answer +time=2 +tries=1 {what}"));
    let sent = |kind: &str| {
        let listed = net.run_at_router("nft list chain inet t out");
        let text = String::from_utf8_lossy(&listed.stdout).into_owned();
        let line = text.lines().find(|line| line.contains(&format!("\"{kind}\""))).unwrap().to_string();
        !line.contains("packets 0 ")
    };
    assert!(asked("-b 192.168.77.2 @192.168.77.1 b.a.up.test").contains("198.51.100.7"), "no mark, no limit");
    assert!(!sent("udp") && !sent("tcp"));
    assert!(asked("-b 192.168.77.3 @192.168.77.1 a.up.test").contains("198.51.100.7"));
    assert!(sent("udp") && !sent("tcp"));
    assert!(asked("+tcp -b 192.168.77.3 @192.168.77.1 a.up.test").contains("198.51.100.7"));
    assert!(sent("tcp"));
    for way in ["-b 192.168.77.3 @192.168.77.1", "+tcp -b 192.168.77.3 @192.168.77.1", "-b fd77::3 @fd77::1", "-p 5300 -b 192.168.77.3 @192.168.77.1"] {
        let answer = asked(&format!("{way} b.a.up.test"));
        assert!(answer.contains("REFUSED") && answer.contains("EDE: 15 (Blocked)"), "{way}: {answer}");
    }
    assert!(!net.read("log").contains("mark retrieval failed"), "{}", net.read("log"));
}

#[test]
fn without_connection_tracking_all_are_answered_and_the_log_says_why() {
    let Some(net) = Net::new(&["dig"]).map(Net::with_address) else { return };
    let _server = net.serve("address=/up.test/198.51.100.7\nconnmark-allowlist-enable");
    for _ in 0..2 {
        assert_eq!(net.ask("dig +short +time=2 +tries=1 @192.168.77.1 a.up.test"), "198.51.100.7");
    }
    let log = net.read("log");
    assert_eq!(log.matches("Conntrack connection mark retrieval failed: No such file or directory").count(), 1, "{log}");
}
