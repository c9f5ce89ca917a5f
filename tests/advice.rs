//! The warnings of `--test`: of what dnsmasq finds out at start or never. None of
//! them changes the exit code. The program itself is asked, since half of it is
//! about this machine.

use std::path::PathBuf;
use std::process::Command;

/// A configuration file of this test run, deleted at its end.
struct File(PathBuf);

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// What is warned of in a configuration, without the name of the file; the user
/// and everything else that it does not say exist.
fn warnings(name: &str, lines: &[&str]) -> Vec<String> {
    let file = File(std::env::temp_dir().join(format!("ironmasq-advice-{}-{name}", std::process::id())));
    std::fs::write(&file.0, lines.join("\n") + "\n").unwrap();
    let path = file.0.display().to_string();
    // The group of root exists everywhere.
    let args = ["--test", "--user=root", "--group=root", "--dhcp-leasefile=/leases", "--pid-file=", "-C", &path];
    let output = Command::new(env!("CARGO_BIN_EXE_ironmasq")).args(args).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    let mut said: Vec<_> = said.lines().map(str::to_owned).collect();
    assert_eq!(said.pop().as_deref(), Some("dnsmasq: syntax check OK."));
    let short = |line: &String| line.replace("dnsmasq: warning: ", "").replace(&format!(" of {path}"), "");
    let elsewhere = |line: &String| line.starts_with("dhcp-leasefile has no effect") || line.contains(" is not supported yet");
    said.iter().map(short).filter(|line| !elsewhere(line)).collect()
}

#[test]
fn a_sound_configuration_has_no_warnings() {
    let sound = [
        "interface=lo",
        "dhcp-range=set:home,127.0.0.50,127.0.0.60,1h",
        "dhcp-range=127.0.0.70,127.0.0.80,1h",
        "dhcp-host=11:22:33:44:55:66,set:box,127.0.0.9",
        "dhcp-mac=set:mac,11:22:33:*:*:*",
        "tag-if=set:both,tag:box,tag:mac",
        "dhcp-option=tag:home,3,1.2.3.4",
        "dhcp-option=tag:both,tag:!known,3,1.2.3.4",
        "dhcp-range=set:six,fd00::5,fd00::9",
        "dhcp-option=tag:six,option6:dns-server,[::]",
        "dhcp-option=tag:lo,6,1.2.3.4",
        "addn-hosts=/etc/passwd",
        "enable-tftp",
        "tftp-root=/",
        "log-facility=local3",
        "domain=lan",
        "expand-hosts",
    ];
    assert_eq!(warnings("sound", &sound), [""; 0]);
}

#[test]
fn directives_that_have_no_effect() {
    let idle = ["dhcp-boot=x", "tftp-root=/", "expand-hosts", "resolv-file=/etc/passwd", "no-resolv"];
    assert_eq!(warnings("idle", &idle), [
        "dhcp-boot has no effect without dhcp-range at line 1",
        "tftp-root has no effect without enable-tftp at line 2",
        "expand-hosts has no effect without domain at line 3",
        "resolv-file has no effect with no-resolv at line 4",
    ]);
    let cache = ["min-cache-ttl=5", "neg-ttl=5", "cache-size=0"];
    assert_eq!(warnings("cache", &cache), [
        "min-cache-ttl has no effect with cache-size=0 at line 1",
        "neg-ttl has no effect with cache-size=0 at line 2",
    ]);
    let port = ["bogus-priv", "port=0"];
    assert_eq!(warnings("port", &port), ["bogus-priv has no effect with port=0 at line 1"]);
    let local = ["local-service", "listen-address=127.0.0.1"];
    assert_eq!(warnings("local", &local), ["local-service has no effect with listen-address at line 1"]);
}

#[test]
fn what_a_start_refuses() {
    let both = ["bind-interfaces", "bind-dynamic"];
    assert_eq!(warnings("both", &both), ["a start is refused: cannot set --bind-interfaces and --bind-dynamic"]);
    let ports = ["min-port=2000", "max-port=1999"];
    assert_eq!(warnings("ports", &ports), ["a start is refused: max_port cannot be smaller than min_port"]);
}

#[test]
fn what_this_machine_does_not_have() {
    let absent = [
        "user=no-such-user",
        "group=no-such-group",
        "interface=lo,no-such-if,no-such*",
        "except-interface=neither",
        "addn-hosts=/no/such/hosts",
        "enable-tftp",
        "tftp-root=/no/such/root",
        "log-facility=/no/such/log",
        "tftp-root=/no/such/if,lo",
        "dhcp-script=/etc/passwd",
        "dhcp-scriptuser=no-such-one",
        "dumpfile=/etc/passwd/packets",
        "bridge-interface=no-such-bridge,alias*",
        "dhcp-range=127.0.0.5,127.0.0.20",
    ];
    assert_eq!(warnings("absent", &absent), [
        "user no-such-user does not exist at line 1",
        "group no-such-group does not exist at line 2",
        "interface no-such-if does not exist at line 3",
        "interface neither does not exist at line 4",
        "/no/such/hosts: No such file or directory at line 5",
        "/no/such/root: No such file or directory at line 7",
        "/no/such: No such file or directory at line 8",
        "/no/such/if: No such file or directory at line 9",
        "/etc/passwd is no program at line 10",
        "user no-such-one does not exist at line 11",
        "/etc/passwd is no directory at line 12",
        "interface no-such-bridge does not exist at line 13",
    ]);
}

#[test]
fn ranges_hosts_and_tags_that_do_not_fit() {
    let unfit = [
        "dhcp-range=127.0.0.5,127.0.0.20",
        "dhcp-range=127.0.0.15,127.0.0.30",
        "dhcp-range=tag:lo,127.0.0.15,127.0.0.30",
        "dhcp-range=240.1.2.3,240.1.2.9,255.255.255.0",
        "dhcp-host=11:22:33:44:55:66,240.9.9.9",
        "dhcp-host=11:22:33:44:55:67,240.1.2.20",
        "dhcp-option=tag:blue,3,1.2.3.4",
        "dhcp-option=tag:!green,3,1.2.3.4",
    ];
    assert_eq!(warnings("unfit", &unfit), [
        "the dhcp-range from 127.0.0.15 overlaps the one from 127.0.0.5 at line 2",
        "nothing sets the tag blue at line 7",
        "nothing sets the tag green at line 8",
        "no interface is in the network of the dhcp-range from 240.1.2.3 at line 4",
        "the dhcp-host with 240.9.9.9 is in the network of no dhcp-range at line 5",
    ]);
    let unknown = ["dhcp-range=240.1.2.3,240.1.2.9", "dhcp-host=11:22:33:44:55:66,240.9.9.9"];
    assert_eq!(warnings("unknown", &unknown), ["no interface is in the network of the dhcp-range from 240.1.2.3 at line 1"]);
    let ends = ["dhcp-range=127.0.0.5,128.0.0.9"];
    assert_eq!(warnings("ends", &ends), ["the dhcp-range from 127.0.0.5 ends in another network than it starts in at line 1"]);
}

#[test]
fn lines_of_files_that_a_start_reads() {
    let wrong = "11:22:33:44:55:66,10.0.0.1\n# fine\nid:,zz:yy\n3,1.2.3.4\nserver=1.1.1.1\naddress=/a/1.1.1.1\n";
    let file = File(std::env::temp_dir().join(format!("ironmasq-advice-{}-read", std::process::id())));
    std::fs::write(&file.0, wrong).unwrap();
    let path = file.0.display();
    let of = |option: &str, range: &str| {
        let found = warnings("files", &[&format!("{option}={path}"), range, "interface=lo"]);
        found.into_iter().map(|line| line.replace(&format!(" of {path}"), "")).collect::<Vec<_>>()
    };
    let range = "dhcp-range=127.0.0.5,127.0.0.20";
    let places = |lines: &[String]| -> Vec<String> {
        lines.iter().map(|line| line.rsplit_once("at line ").unwrap().1.to_owned()).collect()
    };
    assert_eq!(of("dhcp-hostsfile", range)[0], "bad hex constant at line 3");
    assert_eq!(places(&of("dhcp-optsfile", range)), ["1", "3", "5", "6"]);
    assert_eq!(places(&of("servers-file", range)), ["1", "3", "4", "6"]);
}

#[test]
fn where_it_stood_on_the_command_line() {
    let args = ["--expand-hosts", "--test", "--user=root", "-C", "/dev/null"];
    let output = Command::new(env!("CARGO_BIN_EXE_ironmasq")).args(args).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("dnsmasq: warning: expand-hosts has no effect without domain on the command line\n"), "{said}");
}
