//! `dhcp-script` for real: the helper, its account, its environment, its log,
//! and that nobody waits for it.

use crate::net::{Net, wait_for};

const DHCP: &str = "dhcp-range=192.168.77.100,192.168.77.150,1h\ndomain=lan.test\ndhcp-script=DIR/hook";

/// Gets a lease under this name, and keeps it.
fn lease(net: &Net, name: &str) {
    let shown = net.ask(&format!("udhcpc -i eth0 -f -n -q -t 5 -T 1 -x hostname:{name} -s /bin/true"));
    assert!(shown.contains("lease of 192.168.77."), "{shown}\n{}", net.read("log"));
}

/// A hook that writes its arguments, its user, its variables and its open files.
fn hook(net: &Net, more: &str) {
    net.write("calls", "");
    crate::net::run(&format!("chmod 666 {}", net.path("calls")));
    let calls = net.path("calls");
    net.script("hook", &format!(
        "#!/bin/sh\n{{ echo \"$* by $(id -u) as ${{0##*/}} env ${{DNSMASQ_DOMAIN}} ${{DNSMASQ_SUPPLIED_HOSTNAME}} ${{OUTSIDE}} ${{DNSMASQ_RELAY_ADDRESS}}\"; ls -l /proc/self/fd | grep -c socket; }} >> {calls}\n{more}\n",
    ));
}

#[test]
fn the_hook_runs_as_root_with_its_words_and_what_it_says_is_logged() {
    let Some(net) = Net::new(&["udhcpc"]) else { return };
    hook(&net, "echo said $1; echo worse >&2; [ $1 = old ] && exit 3; exit 0");
    let program = format!("env OUTSIDE=kept DNSMASQ_RELAY_ADDRESS=dropped {}", crate::net::program());
    let server = net.serve_with(&program, DHCP);
    lease(&net, "walkman");
    wait_for("the call", || net.read("calls").lines().count() == 2);
    let calls = net.read("calls");
    let (first, sockets) = calls.trim_end().split_once('\n').unwrap();
    assert!(first.starts_with("add 02:77:00:00:00:02 192.168.77."), "{first}");
    assert!(first.ends_with(" walkman by 0 as hook env lan.test walkman kept "), "{first}");
    assert_eq!(sockets, "0", "nothing of the server is open in the hook");
    server.signal("HUP");
    wait_for("the end of the second call", || net.read("log").contains("script process exited with status 3"));
    let log = net.read("log");
    for line in ["dnsmasq-script[", "]: said add\n", "]: worse\n", "]: said old\n"] {
        assert!(log.contains(line), "{line:?} in {log}");
    }
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn the_hook_runs_as_the_user_that_was_named() {
    let Some(net) = Net::new(&["udhcpc"]) else { return };
    hook(&net, "");
    let _server = net.serve(&format!("{DHCP}\ndhcp-scriptuser=nobody"));
    lease(&net, "walkman");
    wait_for("the call", || net.read("calls").contains(" by 65534 "));
}

#[test]
fn a_hook_that_is_not_there_or_dies_is_told_in_the_log() {
    let Some(net) = Net::new(&["udhcpc"]) else { return };
    let server = net.serve(DHCP);
    lease(&net, "walkman");
    let missing = format!("failed to execute {}: No such file or directory", net.path("hook"));
    wait_for("the line", || net.read("log").contains(&missing));
    hook(&net, "kill -9 $$");
    server.signal("HUP");
    wait_for("the other line", || net.read("log").contains("script process killed by signal 9"));
}

#[test]
fn a_hook_that_hangs_stops_nobody_and_gets_its_calls_later() {
    let Some(net) = Net::new(&["udhcpc", "dig"]) else { return };
    hook(&net, &format!("[ $1 = add ] && while ! [ -e {} ]; do sleep 0.1; done", net.path("go")));
    let server = net.serve(&format!("{DHCP}\naddress=/here.test/192.0.2.9"));
    lease(&net, "walkman");
    wait_for("the first call", || net.read("calls").starts_with("add "));
    net.in_client("ip addr add 192.168.77.2/24 dev eth0");
    assert_eq!(net.ask("dig +short +time=2 +tries=1 @192.168.77.1 here.test A"), "192.0.2.9");
    lease(&net, "discman");
    assert_eq!(net.read("calls").matches(" by ").count(), 1, "one at a time");
    // The server does not wait for the hook either when it ends: the helper does.
    assert_eq!(server.stop(), Some(0));
    net.write("go", "");
    wait_for("the other calls", || {
        let calls = net.read("calls");
        calls.contains(" env lan.test walkman") && calls.contains("old 02:77:00:00:00:02") && calls.contains("discman by")
    });
}

#[test]
fn the_program_keeps_the_leases() {
    let Some(net) = Net::new(&["udhcpc", "dig"]) else { return };
    hook(&net, "[ $1 = init ] && echo '4000000000 02:77:00:00:00:02 192.168.77.123 kept 01:02:77:00:00:00:02'; exit 0");
    let server = net.serve(&format!("{DHCP}\nleasefile-ro\nlog-dhcp"));
    assert!(net.read("calls").starts_with("init by 0 "), "{}", net.read("calls"));
    lease(&net, "kept");
    wait_for("the renewal", || net.read("calls").contains("old 02:77:00:00:00:02 192.168.77.123 kept by 0 as hook env lan.test kept"));
    assert!(!std::path::Path::new(&net.path("leases")).exists(), "no file is written");
    assert_eq!(server.stop(), Some(0));
    hook(&net, "exit 4");
    let ended = net.run_at_router(&format!("{} -k -C {}", crate::net::program(), net.path("conf")));
    assert_eq!(ended.status.code(), Some(14));
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(said.contains("lease-init script returned exit code 4"), "{said}");
}

#[test]
fn a_file_that_was_sent_is_told() {
    let Some(net) = Net::new(&["curl"]).map(Net::with_address) else { return };
    hook(&net, "");
    net.write("boot.img", "0123456789");
    let _server = net.serve("enable-tftp\ntftp-root=DIR\ndhcp-script=DIR/hook");
    assert_eq!(net.ask("curl -s --max-time 5 tftp://192.168.77.1/boot.img"), "0123456789");
    let told = format!("tftp 10 192.168.77.2 {} by 0", net.path("boot.img"));
    wait_for("the call", || net.read("calls").contains(&told));
}

#[test]
fn neighbours_that_come_and_go_are_told() {
    let Some(net) = Net::new(&["dig"]).map(Net::with_address) else { return };
    hook(&net, "");
    let _server = net.serve("dhcp-script=DIR/hook\nscript-arp");
    net.ask("dig +short +time=1 +tries=1 @192.168.77.1 x.test A");
    let told = |what: &str| net.read("calls").contains(&format!("arp-{what} 02:77:00:00:00:02 192.168.77.2 by 0"));
    wait_for("a neighbour that came", || told("add"));
    assert!(!told("del"));
    net.run_at_router("ip neigh del 192.168.77.2 dev eth0");
    wait_for("a neighbour that went", || told("del"));
}
