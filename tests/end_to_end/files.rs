//! The lease file: kept over a restart, shared with dnsmasq in both directions,
//! written where it cannot be renamed over.

use crate::net::{Net, program, wait_for, wait_long_for};

const DHCP: &str = "dhcp-range=192.168.77.100,192.168.77.150,1h\ndomain=lan.test";

/// A lease by udhcpc for a client of this name.
fn lease(net: &Net, name: &str) -> String {
    let script = net.script("script", "#!/bin/sh\n[ $1 = bound ] && echo \"$ip\"\nexit 0\n");
    let mac = format!("02:77:00:00:00:{:02x}", name.bytes().last().unwrap());
    net.in_client(&format!("ip link set eth0 address {mac}"));
    let shown = net.ask(&format!("udhcpc -i eth0 -f -n -q -t 5 -T 1 -x hostname:{name} -s {script}"));
    shown.lines().find(|line| line.starts_with("192.168.77.")).unwrap_or_else(|| panic!("{shown}\n{}", net.read("log"))).into()
}

fn known(net: &Net, name: &str) -> String {
    net.in_client("ip addr add 192.168.77.2/24 dev eth0");
    net.ask(&format!("dig +short +time=2 +tries=1 @192.168.77.1 {name}.lan.test A"))
}

#[test]
fn a_restart_keeps_leases() {
    let Some(net) = Net::new(&["udhcpc", "dig"]) else { return };
    let server = net.serve(DHCP);
    let addr = lease(&net, "boxa");
    assert_eq!(server.stop(), Some(0));
    let server = net.serve(DHCP);
    assert_eq!(known(&net, "boxa"), addr);
    assert_eq!(lease(&net, "boxa"), addr);
    // Killed without a chance to say good-bye: what was promised is in the file.
    let other = lease(&net, "boxb");
    server.signal("KILL");
    drop(server);
    let _server = net.serve(DHCP);
    assert_eq!(known(&net, "boxb"), other);
}

#[test]
fn dnsmasq_and_we_read_each_other_s_lease_file() {
    let Some(net) = Net::new(&["udhcpc", "dig", "dnsmasq"]) else { return };
    let mut leases: Vec<(&str, String)> = Vec::new();
    for (program, name) in [(program(), "boxa"), ("dnsmasq".into(), "boxb"), (program(), "boxc"), ("dnsmasq".into(), "boxd")] {
        let server = net.serve_with(&program, DHCP);
        for (old, addr) in &leases {
            assert_eq!(known(&net, old), *addr, "{program} knows {old} from\n{}", net.read("leases"));
        }
        leases.push((name, lease(&net, name)));
        assert_eq!(server.stop(), Some(0));
    }
    assert_eq!(net.read("leases").lines().count(), 4);
}

#[test]
fn a_lease_file_that_is_a_mount_point_is_written_in_place() {
    let Some(net) = Net::new(&["udhcpc", "dig"]) else { return };
    net.write("outside", "");
    net.write("leases", "");
    let config = format!("no-hosts\nno-resolv\nno-ping\npid-file=\nlog-facility={0}/log\ndhcp-leasefile={0}/leases\n{DHCP}\n", net.folder.display());
    let path = net.write("conf", &config);
    // As in OpenWrt's jail: one file mounted over another, in a folder that the
    // account cannot write to.
    let start = || {
        let before = net.read("log").len();
        let mount = format!("mount --bind {0}/outside {0}/leases", net.folder.display());
        let server = net.at_router(&format!("unshare -m sh -c '{mount} && exec {} -k -C {path}'", program()));
        wait_for("the program", || net.read("log")[before..].contains("started, version"));
        server
    };
    let server = start();
    let first = lease(&net, "boxa");
    let second = lease(&net, "boxb");
    let text = net.read("outside");
    assert!(text.contains(&first) && text.contains(&second), "{text}\n{}", net.read("log"));
    assert_eq!(net.read("leases"), "", "the file below the mount is untouched");
    assert_eq!(lease(&net, "boxa"), first);
    assert_eq!(net.read("outside").lines().count(), 2, "{}", net.read("outside"));
    drop(server);
    let _server = start();
    assert_eq!(known(&net, "boxa"), first);
    assert_eq!(known(&net, "boxb"), second);
}

#[test]
fn a_lease_file_is_tidied_where_there_is_no_room_for_two() {
    let Some(net) = Net::new(&["unshare"]) else { return };
    let lines: String = (1..=60).map(|n| format!("4000000000 02:00:00:00:00:{n:02x} 192.168.77.{n} box{n} *\n")).collect();
    net.write("given", &format!("rubbish\n{lines}"));
    let config = format!("no-hosts\nno-resolv\nno-ping\npid-file=\nlog-facility={0}/log\ndhcp-leasefile={0}/small/leases\n{DHCP}\n", net.folder.display());
    let path = net.write("conf", &config);
    let start = net.script(
        "start.sh",
        &format!(
            "#!/bin/sh\nmkdir {0}/small && mount -t tmpfs -o size=4k tmpfs {0}/small && cp {0}/given {0}/small/leases && exec {1} -k -C {path}\n",
            net.folder.display(),
            program()
        ),
    );
    let server = net.at_router(&format!("unshare -m {start}"));
    wait_for("the program", || net.read("log").contains("started, version"));
    let kept = || std::fs::read_to_string(format!("/proc/{}/root{}", server.pid(), net.path("small/leases"))).unwrap_or_default();
    wait_for("the file without rubbish", || kept() == lines);
    assert!(!net.read("log").contains("failed to write"), "{}", net.read("log"));
}

#[test]
fn a_read_only_flash_stops_neither_names_nor_leases() {
    let Some(net) = Net::new(&["unshare", "nsenter"]) else { return };
    let known_before = "4000000000 02:00:00:00:00:05 192.168.77.5 old *\n";
    net.write("given", known_before);
    let config = format!(
        "no-hosts\nno-resolv\nno-ping\npid-file=\nlog-facility={0}/log\ndhcp-leasefile={0}/flash/leases\n{DHCP}\n",
        net.folder.display()
    );
    let path = net.write("conf", &config);
    let flash = net.path("flash");
    let start = net.script(
        "start.sh",
        &format!(
            "#!/bin/sh\nmkdir {flash} && mount -t tmpfs tmpfs {flash} && chmod 777 {flash} && cp {0}/given {flash}/leases && \
             mount -o remount,ro {flash} && exec {1} -k -C {path}\n",
            net.folder.display(),
            program()
        ),
    );
    let server = net.at_router(&format!("unshare -m {start}"));
    wait_for("the words about it", || net.read("log").contains("leases: Read-only file system (retry in 60 s)"));
    let given = lease(&net, "boxa");
    assert_eq!(known(&net, "boxa"), given, "{}", net.read("log"));
    assert_eq!(known(&net, "old"), "192.168.77.5", "{}", net.read("log"));
    let kept = || std::fs::read_to_string(format!("/proc/{}/root{flash}/leases", server.pid())).unwrap_or_default();
    assert_eq!(kept(), known_before);
    net.run_at_router(&format!("nsenter -m -t {} mount -o remount,rw {flash}", server.pid()));
    // It is tried again after a minute.
    wait_long_for("the file with both", 90, || kept().contains(&given) && kept().contains("192.168.77.5"));
}
