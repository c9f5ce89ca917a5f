//! What the log says when the program starts and when files or interfaces
//! change, line by line; and that it does what it says.

use crate::net::{Net, wait_for};

/// The text of each line, without time, process and the original's version.
fn lines(log: &str) -> Vec<String> {
    let text = |line: &str| Some(line.split_once("dnsmasq")?.1.split_once("]: ")?.1.replace("version 2.90", "version 2.93"));
    log.lines().filter_map(text).filter(|line| !line.starts_with("compile time options: ")).collect()
}

/// What is said at start with these lines of configuration.
fn said(net: &Net, config: &str) -> Vec<String> {
    let _ = std::fs::remove_file(net.path("log"));
    let server = net.serve(config);
    let said = lines(&net.read("log"));
    assert_eq!(server.stop(), Some(0));
    said
}

#[test]
fn the_first_lines_tell_what_is_in_force() {
    let Some(net) = Net::new(&[]) else { return };
    let none = "warning: no upstream servers configured";
    for (config, expected) in [
        ("", &["started, version 2.93 cachesize 150", none, "cleared cache"][..]),
        ("port=0", &["started, version 2.93 DNS disabled"]),
        ("cache-size=0\nlocal-service", &["started, version 2.93 cache disabled", "DNS service limited to local subnets", none]),
        ("local-service=host", &["started, version 2.93 cachesize 150", "DNS service limited to localhost", none, "cleared cache"]),
        (
            "cache-size=10001",
            &[
                "started, version 2.93 cachesize 10001",
                "cache size greater than 10000 may cause performance issues, and is unlikely to be useful.",
                none,
                "cleared cache",
            ],
        ),
        (
            "resolv-file=/no/such/file",
            &[
                "started, version 2.93 cachesize 150",
                "warning: ignoring resolv-file flag because no-resolv is set",
                none,
                "cleared cache",
            ],
        ),
        (
            "port=0\nbind-interfaces\ninterface=eth0\ndhcp-range=192.168.77.100,192.168.77.150,90m\ndhcp-range=192.168.77.0,static,infinite",
            &[
                "started, version 2.93 DNS disabled",
                "DHCP, static leases only on 192.168.77.0, lease time infinite",
                "DHCP, IP range 192.168.77.100 -- 192.168.77.150, lease time 1h30m",
                "DHCP, sockets bound exclusively to interface eth0",
            ],
        ),
        (
            "port=0\ninterface=eth0\ninterface=lo\ninterface=wlan7\ndhcp-range=192.168.77.100,192.168.77.150",
            &[
                "started, version 2.93 DNS disabled",
                "warning: interface wlan7 does not currently exist",
                "DHCP, IP range 192.168.77.100 -- 192.168.77.150, lease time 1h",
            ],
        ),
        ("port=0\nenable-tftp", &["started, version 2.93 DNS disabled", "TFTP enabled  "]),
        (
            "port=0\nenable-tftp\ntftp-root=DIR\ntftp-secure\ntftp-single-port",
            &["started, version 2.93 DNS disabled", "TFTP root is DIR secure mode single port mode"],
        ),
    ] {
        let folder = net.folder.to_str().unwrap();
        let expected: Vec<String> = expected.iter().map(|line| line.replace("DIR", folder)).collect();
        assert_eq!(said(&net, config), expected, "{config}");
    }
}

#[test]
fn binding_a_public_address_is_said_loudly() {
    let Some(net) = Net::new(&[]) else { return };
    net.run_at_router("ip addr add 9.9.9.9/24 dev eth0");
    let expected = [
        "LOUD WARNING: listening on 9.9.9.9 may accept requests via interfaces other than eth0",
        "LOUD WARNING: use --bind-dynamic rather than --bind-interfaces to avoid DNS amplification attacks via these interface(s)",
    ];
    assert_eq!(said(&net, "bind-interfaces")[1..3], expected);
}

#[test]
fn long_lists_of_every_kind_are_read_whole() {
    let Some(net) = Net::new(&[]) else { return };
    let count = 30_000;
    let list = |name: &str, addr: &dyn Fn(u32) -> u32| {
        let line = |n| format!("{} host{n}.{}.example\n", std::net::Ipv4Addr::from(addr(n)), n % 97);
        net.write(name, &(0..count).map(line).collect::<String>());
    };
    list("one", &|_| 0);
    list("few", &|n| n % 700);
    list("own", &|n| 0x0a00_0000 + n);
    for name in ["one", "few", "own"] {
        let _ = std::fs::remove_file(net.path("log"));
        let server = net.serve(&format!("addn-hosts=DIR/{name}"));
        let read = format!("read {} - {count} names", net.path(name));
        wait_for(&read, || lines(&net.read("log")).contains(&read));
        drop(server);
    }
}

#[test]
fn a_resolv_file_is_followed_as_it_comes_and_goes() {
    let Some(net) = Net::new(&[]) else { return };
    let resolv = net.path("resolv.conf");
    let server = net.serve(&format!("-no-resolv\nno-hosts\nresolv-file={resolv}"));
    let mut seen = 0;
    let mut next = |what: &str, expected: &[&str]| {
        let new = || lines(&net.read("log"))[seen..].to_vec();
        wait_for(what, || new().len() >= expected.len());
        let expected: Vec<String> = expected.iter().map(|line| line.replace("FILE", &resolv)).collect();
        assert_eq!(new(), expected, "{what}");
        seen += expected.len();
    };
    next("the start", &["started, version 2.93 cachesize 150", "cleared cache"]);
    std::fs::write(&resolv, "nameserver 192.0.2.1\nnameserver 192.0.2.2\nsearch x\n").unwrap();
    next("two servers", &["reading FILE", "using nameserver 192.0.2.1#53", "using nameserver 192.0.2.2#53"]);
    // Moved into place, as resolvconf does it.
    std::fs::write(net.path("other"), "server 192.0.2.3\n").unwrap();
    std::fs::rename(net.path("other"), &resolv).unwrap();
    next("another server", &["reading FILE", "using nameserver 192.0.2.3#53"]);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    std::fs::write(&resolv, "# nobody\n").unwrap();
    next("no server", &["no servers found in FILE, will retry"]);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn of_two_resolv_files_the_later_one_counts() {
    let Some(net) = Net::new(&[]) else { return };
    net.write("one", "nameserver 192.0.2.1\n");
    let server = net.serve("-no-resolv\nresolv-file=DIR/one\nresolv-file=DIR/two");
    std::thread::sleep(std::time::Duration::from_millis(1100));
    net.write("two", "nameserver 192.0.2.2\n");
    wait_for("the second file", || lines(&net.read("log")).contains(&"using nameserver 192.0.2.2#53".into()));
    let read = |name| format!("reading {}", net.path(name));
    let expected = [read("one"), "using nameserver 192.0.2.1#53".into(), "cleared cache".into(), read("two"), "using nameserver 192.0.2.2#53".into()];
    assert_eq!(lines(&net.read("log"))[1..], expected);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let Some(net) = Net::new(&[]) else { return };
    net.write("hosts", &format!("192.168.77.9 printer\nnonsense x\n192.168.77.8 good {}\n", "x".repeat(64)));
    net.write("dhcp", "02:00:00:00:00:01,192.168.77.7\n02:00:00:00:00:02,-bad\n");
    let config = "addn-hosts=DIR/hosts\naddn-hosts=DIR/none\ndhcp-range=192.168.77.100,192.168.77.150\ndhcp-hostsfile=DIR/dhcp\nread-ethers";
    let said = said(&net, config);
    let has = |text: &str| {
        let text = text.replace("DIR", net.folder.to_str().unwrap());
        assert!(said.contains(&text), "{text}\nin {said:#?}");
    };
    has("bad address at DIR/hosts line 2");
    has("bad name at DIR/hosts line 3");
    has("read DIR/hosts - 2 names");
    has("failed to load names from DIR/none: No such file or directory");
    has("bad DHCP host name at line 2 of DIR/dhcp");
    has("read DIR/dhcp");
    has("failed to read /etc/ethers: No such file or directory");
}

#[test]
fn sockets_follow_addresses_with_bind_dynamic() {
    let Some(net) = Net::new(&["dig"]).map(Net::with_address) else { return };
    let server = net.serve("bind-dynamic\ninterface=eth0\naddress=/x.test/192.0.2.7");
    let ask = |addr: &str| net.ask(&format!("dig +short +time=1 +tries=1 @{addr} x.test A"));
    assert_eq!(ask("192.168.77.1"), "192.0.2.7");
    net.run_at_router("ip addr add 192.168.77.3/24 dev eth0");
    wait_for("the new address", || ask("192.168.77.3") == "192.0.2.7");
    let sockets = |addr: &str| {
        let output = net.run_at_router("ss -lnu");
        String::from_utf8_lossy(&output.stdout).contains(&format!("{addr}:53 "))
    };
    assert!(sockets("192.168.77.3"));
    net.run_at_router("ip addr del 192.168.77.3/24 dev eth0");
    wait_for("its end", || !sockets("192.168.77.3"));
    assert_eq!(ask("192.168.77.1"), "192.0.2.7");
    assert_eq!(server.stop(), Some(0));
}

/// A system log of our own, in a /dev of our own: lines are framed for it, and
/// when it does not read, the program goes on and tells what was lost.
#[test]
fn the_system_log_gets_its_frames_and_stops_nothing() {
    let Some(net) = Net::new(&["dig", "python3", "unshare"]).map(Net::with_address) else { return };
    let log = net.script(
        "log.py",
        "import socket, sys, time\n\
         s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n\
         s.bind(sys.argv[1])\n\
         import os; os.chmod(sys.argv[1], 0o666)\n\
         out = open(sys.argv[2], 'ab', 0)\n\
         while True:\n\
         \x20   line = s.recv(4096)\n\
         \x20   out.write(line + b'\\n')\n\
         \x20   while os.path.exists(sys.argv[3]): time.sleep(0.02)\n",
    );
    std::fs::create_dir(net.path("dev")).unwrap();
    let _log = net.at_router(&format!("python3 {log} {} {} {}", net.path("dev/log"), net.path("lines"), net.path("hold")));
    wait_for("the log", || std::path::Path::new(&net.path("dev/log")).exists());
    net.write("conf", "no-resolv\nno-hosts\nlog-queries\naddress=/x.test/192.0.2.7\npid-file=\nuser=\n");
    let start = net.script(
        "start.sh",
        &format!("#!/bin/sh\ncp -a /dev/null /dev/urandom {0}/dev/ && mount --bind {0}/dev /dev && exec {1} -k -C {0}/conf\n",
            net.folder.to_str().unwrap(), crate::net::program()),
    );
    let server = net.at_router(&format!("unshare -m {start}"));
    wait_for("the first line", || net.read("lines").contains("started, version"));
    let first = net.read("lines");
    let frame = format!("dnsmasq[{}]: started, version", server.pid());
    let line = first.lines().find(|line| line.contains("started, version")).unwrap();
    assert!(line.starts_with("<30>") && line[19..].starts_with(&format!(" {frame}")), "{line}");
    // The log stops reading; questions are answered all the same.
    net.write("hold", "");
    let questions: String = (0..60).map(|n| format!("{}{n}.x.test A ", "very-long-name-".repeat(4))).collect();
    for _ in 0..6 {
        let answers = net.ask(&format!("dig +short +time=2 +tries=1 @192.168.77.1 {questions}"));
        assert_eq!(answers.lines().filter(|line| *line == "192.0.2.7").count(), 60);
    }
    std::fs::remove_file(net.path("hold")).unwrap();
    wait_for("word of what was lost", || net.read("lines").contains("overflow: "));
    let told = net.read("lines");
    let lost = told.lines().find(|line| line.contains("overflow: ")).unwrap();
    assert!(lost.ends_with(" log entries lost") && lost.starts_with("<27>"), "{lost}");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn interfaces_that_find_no_room_are_told() {
    let Some(net) = Net::new(&[]) else { return };
    let links: String = (0..40).map(|n| format!("link add a{n} type veth peer name b{n}\n")).collect();
    net.write("links", &links);
    net.run_at_router(&format!("ip -batch {}", net.path("links")));
    let log = said(&net, "bind-dynamic");
    assert!(log.iter().any(|line| line == "more than 64 network interfaces or 16 addresses of one, cannot serve all of them"), "{log:?}");
}

/// A user namespace that may have no inotify: the file is looked at each second.
#[test]
fn a_resolv_file_is_followed_without_inotify() {
    let Some(net) = Net::new(&["unshare"]) else { return };
    let config = format!("port=5353\nno-hosts\npid-file=\nlog-facility={0}/log\nresolv-file={0}/resolv\n", net.folder.display());
    let path = net.write("conf", &config);
    let start = net.script(
        "start.sh",
        &format!("#!/bin/sh\necho 0 > /proc/sys/user/max_inotify_instances && exec {} -d -C {path}\n", crate::net::program()),
    );
    let server = net.at_router(&format!("unshare -U -r {start}"));
    let said = |what: &str| net.read("log").contains(what);
    wait_for("word of the missing file", || said("failed to access"));
    net.write("resolv", "nameserver 192.0.2.1\n");
    wait_for("the file that came", || said("using nameserver 192.0.2.1#53"));
    net.write("resolv", "nameserver 192.0.2.2\n");
    wait_for("the file that changed", || said("using nameserver 192.0.2.2#53"));
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_log_among_the_hosts_files_is_read_once() {
    let Some(net) = Net::new(&[]) else { return };
    // Each line of the log is no host, and is told in the log.
    let log = said(&net, "addn-hosts=DIR/log");
    let told = log.iter().filter(|line| line.starts_with("bad address at ")).count();
    assert!((1..20).contains(&told), "{told} lines");
}
