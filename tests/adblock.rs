//! Block lists as the adblock packages write them: 200,000 lines in each of
//! their forms, made up the same way in each run. `--test` of both programs
//! takes them, and the core answers a sample of the names as each form says.

// Shared by several tests, each of which uses its part.
#[allow(dead_code)]
#[path = "lab/mod.rs"]
mod lab;
#[allow(dead_code)]
#[path = "scenario/player.rs"]
mod player;
#[allow(dead_code)]
#[path = "scenario/script.rs"]
mod script;
#[allow(dead_code)]
#[path = "scenario/steps_dhcp.rs"]
mod steps_dhcp;
#[allow(dead_code)]
#[path = "scenario/steps_dns.rs"]
mod steps_dns;
#[allow(dead_code)]
#[path = "scenario/steps_relay.rs"]
mod steps_relay;
#[path = "scenario/steps_tftp.rs"]
mod steps_tftp;

use ironmasq::base::hash::Key;
use ironmasq::base::random::Random;
use ironmasq::config::{Outcome, read};
use ironmasq::daemon::outside::Disk;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Names in a list.
const NAMES: usize = 200_000;

/// Which of them are asked for.
const SAMPLE: [usize; 5] = [0, 1, 77_777, 123_456, NAMES - 1];

/// Files of a directory.
const FILES: usize = 200;

/// What stands before every list.
const HEAD: &str = "no-resolv\nno-hosts\nserver=192.0.2.1\n";

/// Name number `n`: one to four labels before its last one, of many lengths, no
/// one below another.
fn name(n: usize) -> String {
    let mixed = n.wrapping_mul(0x9E37_79B9) >> 7;
    let front = ["", "ads.", "www.track-er.", "a.b-c.metrics0."][mixed % 4];
    let word = ["banner", "pixel", "telemetry-collector", "x", "sync-and-count-each-visitor-of-a-page"][mixed / 4 % 5];
    let end = ["com", "net", "example", "co.uk", "xn--p1ai"][mixed / 20 % 5];
    format!("{front}{word}{n:x}.{end}")
}

/// A list: a line for each name.
fn list(line: impl Fn(&str) -> String) -> String {
    (0..NAMES).map(|n| line(&name(n)) + "\n").collect()
}

/// A configuration with further files.
struct Form {
    config: String,
    files: Vec<(String, String)>,
    /// What is asked for a name, and what comes of it: steps of a scenario with
    /// `NAME` in them.
    steps: &'static str,
}

impl Form {
    fn new(config: String, steps: &'static str) -> Self {
        Form { config: HEAD.to_owned() + &config, files: Vec::new(), steps }
    }
}

const GONE: &str = "ask NAME A\nanswer nxdomain\nask below.NAME AAAA\nanswer nxdomain\nask NAME TXT\nanswer nxdomain\n";

const NOWHERE: &str = "ask NAME A\nanswer noerror aa\n  NAME 0 A 0.0.0.0\nask below.NAME AAAA\nanswer noerror aa\n  below.NAME 0 AAAA ::\n";

const NOWHERE_IN_ONE_FAMILY: &str = "ask below.NAME A\nanswer noerror aa\n  below.NAME 0 A 0.0.0.0\n\
    ask NAME AAAA\nasked 192.0.2.1 NAME AAAA\nreply 192.0.2.1 noerror\n  NAME 60 AAAA 2001:db8::9\n\
    answer noerror\n  NAME 60 AAAA 2001:db8::9\n";

const ONLY_THE_NAME: &str = "ask NAME A\nanswer noerror aa\n  NAME 0 A 0.0.0.0\n\
    ask below.NAME A\nasked 192.0.2.1 below.NAME A\nreply 192.0.2.1 nxdomain\nanswer nxdomain\n";

/// Asked after each sample: a name of no list goes upstream.
const FREE: &str = "ask NAME.free.org A\nasked 192.0.2.1 NAME.free.org A\nreply 192.0.2.1 noerror\n  NAME.free.org 60 A 192.0.2.7\n\
    answer noerror\n  NAME.free.org 60 A 192.0.2.7\n";

/// Plays a form: both programs take it, and the core answers as it says.
fn play(form: &Form) {
    accepted(form);
    let mut scenario = String::new();
    let mut put = |head: String, text: &str| {
        scenario.push_str(&head);
        scenario.push('\n');
        text.lines().for_each(|line| writeln!(scenario, "  {line}").unwrap());
    };
    put("config".into(), &form.config);
    for (path, text) in &form.files {
        match text.as_str() {
            "" => put(format!("file {path} directory"), ""),
            text => put(format!("file {path}"), text),
        }
    }
    scenario.push_str("start\n");
    for sample in SAMPLE {
        scenario.push_str(&(form.steps.to_owned() + FREE).replace("NAME", &name(sample)));
    }
    scenario.push_str("nothing\n");
    player::play(&scenario).unwrap();
}

/// `--test` of both programs takes a form. Its files stand in a directory of
/// this test, which `DIR` in the texts is.
fn accepted(form: &Form) {
    let scratch = Scratch::new();
    let dir = scratch.0.display().to_string();
    let real = |text: &str| text.replace("/lists", &format!("{dir}/lists"));
    for (path, text) in &form.files {
        let path = PathBuf::from(real(path));
        match text.as_str() {
            "" => std::fs::create_dir_all(path).unwrap(),
            text => std::fs::write(path, text).unwrap(),
        }
    }
    let main = scratch.0.join("main.conf");
    std::fs::write(&main, real(&form.config)).unwrap();
    let args = ["--test", "-C", main.to_str().unwrap()];
    let ours = read(&args.map(str::as_bytes), Key::new(&mut Random::seeded(1)), &Disk);
    if let Outcome::Refused { messages, .. } = ours {
        panic!("refused: {messages:?}");
    }
    if Path::new("/usr/sbin/dnsmasq").exists() {
        let status = Command::new("/usr/sbin/dnsmasq").args(args).stderr(Stdio::null()).status().unwrap();
        assert!(status.success(), "dnsmasq refuses the list");
    }
}

/// A directory, deleted in the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("ironmasq-adblock-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn address_without_address() {
    play(&Form::new(list(|name| format!("address=/{name}/")), GONE));
}

#[test]
fn address_hash() {
    play(&Form::new(list(|name| format!("address=/{name}/#")), NOWHERE));
}

#[test]
fn address_null() {
    play(&Form::new(list(|name| format!("address=/{name}/0.0.0.0")), NOWHERE_IN_ONE_FAMILY));
}

#[test]
fn address_null_in_both_families() {
    play(&Form::new(list(|name| format!("address=/{name}/0.0.0.0\naddress=/{name}/::")), NOWHERE));
}

#[test]
fn many_names_in_a_line() {
    let names: Vec<String> = (0..NAMES).map(name).collect();
    let lines: String = names.chunks(20).map(|names| format!("address=/{}/#\n", names.join("/"))).collect();
    play(&Form::new(lines, NOWHERE));
}

#[test]
fn local() {
    play(&Form::new(list(|name| format!("local=/{name}/")), GONE));
}

#[test]
fn server_without_server() {
    play(&Form::new(list(|name| format!("server=/{name}/")), GONE));
}

#[test]
fn server_hash() {
    const STEPS: &str = "ask below.NAME A\nasked 192.0.2.1 below.NAME A\nreply 192.0.2.1 nxdomain\nanswer nxdomain\n";
    // Exceptions to a list that blocks what they are below of.
    let config = "address=/com/net/example/co.uk/xn--p1ai/\n".to_owned() + &list(|name| format!("server=/{name}/#"));
    let steps = "ask other.com A\nanswer nxdomain\n".to_owned() + STEPS;
    play(&Form::new(config, steps.leak()));
}

#[test]
fn server_of_its_own() {
    const STEPS: &str = "ask below.NAME A\nasked 192.0.2.2 below.NAME A\nreply 192.0.2.2 nxdomain\nanswer nxdomain\n";
    play(&Form::new(list(|name| format!("server=/{name}/192.0.2.2")), STEPS));
}

#[test]
fn hosts_list() {
    let mut form = Form::new("addn-hosts=/lists/hosts\n".into(), ONLY_THE_NAME);
    form.files = vec![("/lists".into(), String::new()), ("/lists/hosts".into(), list(|name| format!("0.0.0.0 {name}")))];
    play(&form);
}

#[test]
fn directory_of_files() {
    let mut form = Form::new("conf-dir=/lists,*.conf\n".into(), GONE);
    form.files.push(("/lists".into(), String::new()));
    let each = NAMES / FILES;
    for file in 0..FILES {
        let lines: String = (file * each..(file + 1) * each).map(|n| format!("local=/{}/\n", name(n))).collect();
        form.files.push((format!("/lists/{file:03}.conf"), lines));
    }
    form.files.push(("/lists/notes.txt".into(), "nonsense\n".into()));
    play(&form);
}

#[test]
fn sets_are_taken() {
    accepted(&Form::new(list(|name| format!("ipset=/{name}/a,b")), ""));
    accepted(&Form::new(list(|name| format!("nftset=/{name}/4#inet#fw4#a,6#inet#fw4#b")), ""));
}
