//! Directories that are watched: what is written there counts at once, with the
//! program running as nobody and its heap closed.

use crate::net::{Net, wait_for};

const CONFIG: &str = "hostsdir=DIR/names\ndhcp-hostsdir=DIR/hosts\ndhcp-optsdir=DIR/options\n\
    dhcp-range=192.168.77.100,192.168.77.150,1h\ndhcp-mac=set:box,02:77:00:00:00:02";

fn with_directories(tools: &[&str]) -> Option<Net> {
    let net = Net::new(tools)?;
    for name in ["names", "hosts", "options"] {
        std::fs::create_dir(net.folder.join(name)).unwrap();
    }
    Some(net)
}

fn address(net: &Net, name: &str) -> String {
    net.ask(&format!("dig +short +time=2 +tries=1 @192.168.77.1 {name} A"))
}

#[test]
fn names_come_and_go_with_their_files() {
    let Some(net) = with_directories(&["dig"]).map(Net::with_address) else { return };
    net.write("names/first", "192.168.77.11 one\n");
    let server = net.serve(CONFIG);
    assert_eq!(address(&net, "one"), "192.168.77.11");
    // Many files in a row, one of them moved in.
    for number in 20..60 {
        net.write(&format!("names/f{number}"), &format!("192.168.77.{number} host{number}\n"));
    }
    net.write("aside", "192.168.77.12 two\n");
    std::fs::rename(net.folder.join("aside"), net.folder.join("names/second")).unwrap();
    wait_for("the last file", || address(&net, "two") == "192.168.77.12");
    assert_eq!(address(&net, "host20"), "192.168.77.20");
    assert_eq!(address(&net, "host59"), "192.168.77.59");
    std::fs::remove_file(net.folder.join("names/f20")).unwrap();
    wait_for("the removal", || address(&net, "host20") != "192.168.77.20");
    assert_eq!(address(&net, "one"), "192.168.77.11");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn hosts_and_options_are_added_at_once() {
    let Some(net) = with_directories(&["udhcpc"]) else { return };
    let server = net.serve(CONFIG);
    let script = net.script("script", "#!/bin/sh\n[ $1 = bound ] && echo \"$ip $ntpsrv\"\nexit 0\n");
    let lease = || net.ask(&format!("udhcpc -i eth0 -f -n -q -t 5 -T 1 -O ntpsrv -s {script}"));
    let first = lease();
    assert!(first.contains("192.168.77.1") && !first.contains("192.168.77.33"), "{first}");
    net.write("hosts/box", "02:77:00:00:00:02,192.168.77.33\n");
    net.write("options/time", "tag:box,option:ntp-server,192.168.77.44\n");
    wait_for("both files", || net.read("log").contains("read DIR/options/time".replace("DIR", net.folder.to_str().unwrap()).as_str()));
    wait_for("the new address", || lease().contains("192.168.77.33 192.168.77.44"));
    // What a file no longer says stays until the signal.
    std::fs::remove_file(net.folder.join("hosts/box")).unwrap();
    wait_for("the removal", || net.read("log").contains("removed"));
    assert!(lease().contains("192.168.77.33"));
    server.signal("HUP");
    wait_for("the signal", || !lease().contains("192.168.77.33"));
    assert_eq!(server.stop(), Some(0));
}
