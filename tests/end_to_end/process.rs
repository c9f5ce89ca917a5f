//! The process: privileges, pid file, signals, background, exit codes.

use crate::net::{Net, program, run, wait_for};

fn status(pid: u32, field: &str) -> String {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text.lines().find(|line| line.starts_with(field)).unwrap_or_default();
    line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
}

fn number(database: &str, name: &str) -> Option<String> {
    let line = run(&format!("getent {database} {name}")).stdout;
    String::from_utf8_lossy(&line).split(':').nth(2).map(|id| id.trim().to_string())
}

#[test]
fn privileges_are_dropped_to_what_is_needed() {
    let Some(net) = Net::new(&["getent"]) else { return };
    let nobody = number("passwd", "nobody").unwrap();
    let dip = number("group", "dip");
    let range = "dhcp-range=192.168.77.100,192.168.77.150";
    let probing = format!("-no-ping\n{range}");
    // Of dnsmasq's two, net-raw is only for opening the probe's socket: whoever
    // opens it before changing accounts does without. Binding to an interface
    // takes it in older kernels.
    for (config, needed, most) in [
        ("", 0, 0),
        (range, 0x1000, 0x1000),
        (&probing, 0x1000, 0x3000),
        ("server=192.0.2.1@lo", 0x2000, 0x2000),
        ("bind-dynamic", 0x400, 0x400),
    ] {
        let server = net.serve(config);
        let pid = server.pid();
        assert_eq!(status(pid, "Uid:"), [nobody.as_str(); 4].join(" "));
        if let Some(dip) = &dip {
            assert_eq!(status(pid, "Gid:"), [dip.as_str(); 4].join(" "));
        }
        let capabilities = |field| u64::from_str_radix(&status(pid, field), 16).unwrap();
        for field in ["CapEff:", "CapPrm:"] {
            let has = capabilities(field);
            assert!(has & needed == needed && has & !most == 0, "{field} {has:x} with {config:?}");
        }
        assert_eq!(capabilities("CapInh:"), 0);
        assert_eq!(server.stop(), Some(0));
    }
    let server = net.serve("user=root");
    assert_eq!(status(server.pid(), "Uid:"), "0 0 0 0");
}

#[test]
fn an_empty_account_or_group_stays_as_it_was_started() {
    let Some(net) = Net::new(&["getent"]) else { return };
    let nobody = number("passwd", "nobody").unwrap();
    let dip = number("group", "dip").unwrap_or_else(|| "0".into());
    for (config, uid, gid) in [("user=", "0", &*dip), ("group=", &*nobody, "0"), ("user=\ngroup=", "0", "0")] {
        let server = net.serve(config);
        assert_eq!(status(server.pid(), "Uid:"), [uid; 4].join(" "), "{config:?}");
        assert_eq!(status(server.pid(), "Gid:"), [gid; 4].join(" "), "{config:?}");
        assert_eq!(server.stop(), Some(0));
    }
}

#[test]
fn the_pid_file_names_the_process() {
    let Some(net) = Net::new(&[]) else { return };
    let server = net.serve("");
    assert_eq!(net.read("pid"), format!("{}\n", server.pid()));
}

#[test]
fn signals_do_what_they_do_in_dnsmasq() {
    let Some(net) = Net::new(&["dig"]).map(Net::with_address) else { return };
    net.write("hosts", "192.168.77.9 printer\n");
    let server = net.serve("addn-hosts=DIR/hosts");
    let printer = || net.ask("dig +short +time=2 +tries=1 @192.168.77.1 printer A");
    assert_eq!(printer(), "192.168.77.9");
    net.write("hosts", "192.168.77.8 printer\n");
    server.signal("HUP");
    wait_for("the new hosts file", || printer() == "192.168.77.8");
    server.signal("USR1");
    wait_for("statistics", || net.read("log").contains("cache size 150, 0/") && net.read("log").contains("queries answered locally"));
    std::fs::rename(net.path("log"), net.path("log.old")).unwrap();
    // The folder is root's: the new file is there for the account already.
    net.write("log", "");
    run(&format!("chmod 666 {}", net.path("log")));
    server.signal("USR2");
    std::thread::sleep(std::time::Duration::from_millis(300));
    server.signal("USR1");
    wait_for("lines in the new log", || net.read("log").contains("cache size 150"));
    assert_eq!(server.stop(), Some(0));
    assert!(net.read("log").contains("exiting on receipt of SIGTERM"), "{}", net.read("log"));
}

#[test]
fn in_the_background_it_serves_when_the_command_returns() {
    let Some(net) = Net::new(&["dig"]).map(Net::with_address) else { return };
    let command = format!(
        "{} --conf-file=/dev/null --no-resolv --no-hosts --address=/x.test/192.0.2.7 --pid-file={} --log-facility={}",
        program(), net.path("pid"), net.path("log")
    );
    let output = net.run_at_router(&command);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let pid: u32 = net.read("pid").trim().parse().unwrap();
    assert_eq!(net.ask("dig +short +time=2 +tries=1 @192.168.77.1 x.test A"), "192.0.2.7");
    // Its own session, no terminal, the root as its folder.
    assert_eq!(std::fs::read_link(format!("/proc/{pid}/cwd")).unwrap(), std::path::Path::new("/"));
    assert!(run(&format!("kill {pid}")).status.success());
    wait_for("its end", || !std::path::Path::new(&format!("/proc/{pid}")).exists());
}

/// A jail's /dev/null may be root's alone: the account that the program changes
/// to cannot open it, and whoever reads what it says waits for its end.
#[test]
fn in_the_background_it_keeps_nobody_waiting_where_only_root_may_write_to_dev_null() {
    let Some(net) = Net::new(&["unshare"]) else { return };
    std::fs::create_dir(net.path("dev")).unwrap();
    let start = net.script(
        "start.sh",
        &format!(
            "#!/bin/sh\ncp -a /dev/null /dev/urandom {0}/dev/ && chmod 644 {0}/dev/null && mount --bind {0}/dev /dev \
             && exec {1} -C /dev/null --no-resolv --no-hosts --pid-file={0}/pid --log-facility={0}/log\n",
            net.folder.display(),
            program()
        ),
    );
    let output = net.run_at_router(&format!("timeout 10 sh -c 'unshare -m {start} 2>&1 | cat'"));
    let pid: u32 = net.read("pid").trim().parse().unwrap();
    let open = ["0", "1", "2"].map(|fd| std::fs::read_link(format!("/proc/{pid}/fd/{fd}")).unwrap());
    assert!(run(&format!("kill {pid}")).status.success());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(open.iter().all(|path| path.ends_with("null")), "{open:?}");
    wait_for("its end", || !std::path::Path::new(&format!("/proc/{pid}")).exists());
}

#[test]
fn exit_codes_and_messages() {
    let Some(net) = Net::new(&[]) else { return };
    let code = |args: &str| {
        let output = net.run_at_router(&format!("timeout 5 {} --pid-file= {args}", program()));
        (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).trim().to_string())
    };
    let good = net.write("good", "port=5353\n");
    let bad = net.write("bad", "port=5353\nno-such-option\n");
    let (status, text) = code(&format!("--test -C {good}"));
    assert!(status == 0 && text.ends_with("syntax check OK."), "{status} {text}");
    let (status, text) = code(&format!("-k -C {bad}"));
    assert!(status == 1 && text.contains(&format!("at line 2 of {bad}")), "{status} {text}");
    assert_eq!(code(&format!("-k -C {}", net.path("none"))).0, 3);
    let _first = net.serve("");
    let (status, text) = code("-k -C /dev/null");
    assert!(status == 2 && text.contains("failed to create listening socket for port 53: Address already in use"), "{status} {text}");
    let (status, text) = code("-k -C /dev/null --log-facility=- --port=0 --enable-tftp --tftp-root=/no/such/folder");
    assert!(status == 3 && text.contains("TFTP directory /no/such/folder inaccessible"), "{status} {text}");
    let (status, text) = code("--version");
    assert!(status == 0 && text.to_lowercase().contains("version"), "{status} {text}");
}

#[test]
fn a_log_file_that_takes_no_more_gives_way_to_the_system_log() {
    let Some(net) = Net::new(&["python3", "unshare"]) else { return };
    let log = net.script(
        "log.py",
        "import os, socket, sys\n\
         s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n\
         s.bind(sys.argv[1]); os.chmod(sys.argv[1], 0o666)\n\
         out = open(sys.argv[2], 'ab', 0)\n\
         while True: out.write(s.recv(4096) + b'\\n')\n",
    );
    std::fs::create_dir(net.path("dev")).unwrap();
    let _log = net.at_router(&format!("python3 {log} {} {}", net.path("dev/log"), net.path("lines")));
    wait_for("the log", || std::path::Path::new(&net.path("dev/log")).exists());
    net.write("conf", "no-resolv\nno-hosts\npid-file=\n");
    // The first lines fit, statistics do not.
    let start = net.script(
        "start.sh",
        &format!(
            "#!/bin/sh\ncp -a /dev/null /dev/urandom {0}/dev/ && mount --bind {0}/dev /dev && mkdir {0}/small \
             && mount -t tmpfs -o size=4k tmpfs {0}/small && exec {1} -k -C {0}/conf --log-facility={0}/small/log\n",
            net.folder.display(),
            program()
        ),
    );
    let server = net.at_router(&format!("unshare -m {start}"));
    let statistics = || {
        server.signal("USR1");
        std::thread::sleep(std::time::Duration::from_millis(50));
        net.read("lines").contains("cache size 150")
    };
    std::thread::sleep(std::time::Duration::from_millis(500));
    wait_for("statistics in the system log", statistics);
    let told = net.read("lines");
    assert!(told.lines().next().is_some_and(|line| line.ends_with("log failed: No space left on device")), "{told}");
    assert_eq!(server.stop(), Some(0));
}
