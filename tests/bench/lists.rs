//! Long lists as block lists have them: what it costs to check and to start
//! with 200 000 lines of a directive, and with a hosts file of a million names;
//! what memory a line takes; and what answers cost beside a list.

use crate::load::Load;
use crate::server::{Lab, Server};
use std::fmt::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

/// A list of so many lines.
#[derive(Clone, Copy)]
pub struct List {
    /// Its name in the folder, and the option that reads it.
    file: &'static str,
    option: &'static str,
    lines: u32,
    /// What is before a name and behind it; with nothing before, an address of
    /// its own.
    before: &'static str,
    behind: &'static str,
}

const fn list(file: &'static str, option: &'static str, lines: u32, before: &'static str, behind: &'static str) -> List {
    List { file, option, lines, before, behind }
}

pub const ADDRESS: List = list("address", "conf-file", 200_000, "address=/", "/");
pub const SERVER: List = list("server", "conf-file", 200_000, "server=/", "/1.2.3.4");
pub const LOCAL: List = list("local", "conf-file", 200_000, "local=/", "/");
/// A block list as hosts, and hosts with an address each: not a million of
/// those, with which the original takes minutes to start.
pub const BLOCKED: List = list("blocked", "addn-hosts", 1_000_000, "0.0.0.0 ", "");
pub const OWN: List = list("own", "addn-hosts", 200_000, "", "");
/// Hosts of DHCP, known by the name they send.
pub const DHCP_HOSTS: List = list("dhcp", "dhcp-hostsfile", 200_000, "", ",1h");

/// A name as block lists have them, of about twenty characters, the same in
/// every run.
fn name(number: u32) -> String {
    const SYLLABLES: [&str; 16] = ["ad", "tra", "ck", "stat", "me", "tric", "pix", "el", "cdn", "go", "ba", "lu", "ser", "vi", "net", "zo"];
    const ENDS: [&str; 6] = ["com", "net", "org", "de", "io", "co.uk"];
    let mut state = u64::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut text = String::new();
    for _ in 0..2 + next(3) {
        text += SYLLABLES[next(16)];
    }
    let _ = write!(text, "{number}.");
    if number % 3 == 0 {
        let _ = write!(text, "{}{}{}.", SYLLABLES[next(16)], SYLLABLES[next(16)], next(50));
    }
    text + ENDS[next(6)]
}

/// The address of a line where each has its own.
fn own(number: u32) -> std::net::Ipv4Addr {
    (0x0A00_0000 | number).into()
}

impl List {
    /// The file, written once, and the line of a configuration that reads it.
    fn file(self, lab: &Lab) -> (PathBuf, String) {
        let path = lab.folder.join(self.file);
        if !path.exists() {
            let is_own = self.option == "addn-hosts" && self.before.is_empty();
            let before = |n: u32| {
                if is_own { format!("{} ", own(n)) } else { self.before.into() }
            };
            // A host of DHCP has one label.
            let name = |n: u32| {
                if self.option == "dhcp-hostsfile" { name(n).split('.').next().map_or(String::new(), String::from) } else { name(n) }
            };
            let lines: String = (0..self.lines).map(|n| format!("{}{}{}\n", before(n), name(n), self.behind)).collect();
            std::fs::write(&path, lines).expect("a list");
        }
        let line = format!("{}={}\n", self.option, path.display());
        (path, line)
    }

    /// A server that has read it; not waited for less than a list takes.
    pub fn serve(self, lab: &Lab, program: &str) -> Server {
        Server::start_with(lab, program, None, &self.file(lab).1)
    }
}

/// Milliseconds on a processor of `--test`.
pub fn test_cpu(lab: &Lab, program: &str, list: List) -> f64 {
    let (path, _) = list.file(lab);
    let mut command = Command::new(program);
    let command = command.arg("--test").arg("-C").arg(path).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the program starts");
    let about = |what: &str| std::fs::read_to_string(format!("/proc/{}/{what}", child.id())).unwrap_or_default();
    // Its account is there until it is waited for.
    while !about("stat").contains(") Z ") {
        std::thread::sleep(Duration::from_millis(2));
    }
    let nanoseconds = about("schedstat").split(' ').next().and_then(|n| n.parse::<f64>().ok());
    let status = child.wait().expect("it ends");
    if status.success() { nanoseconds.unwrap_or(f64::NAN) / 1e6 } else { f64::NAN }
}

/// KiB that `--test` had at most, as time(1) tells.
pub fn test_peak(lab: &Lab, program: &str, list: List) -> f64 {
    let (path, _) = list.file(lab);
    let mut command = Command::new("/usr/bin/time");
    command.args(["-f", "peak %M", program, "--test", "-C"]).arg(path);
    let Ok(output) = command.output() else {
        return f64::NAN;
    };
    let text = String::from_utf8_lossy(&output.stderr);
    text.lines().find_map(|line| line.strip_prefix("peak ")?.parse().ok()).unwrap_or(f64::NAN)
}

/// Milliseconds on a processor up to the first answer.
pub fn start_cpu(lab: &Lab, program: &str, list: List) -> f64 {
    list.serve(lab, program).cpu_ns() as f64 / 1e6
}

/// Resident memory once it answers, in KiB.
pub fn start_rss(lab: &Lab, program: &str, list: List) -> f64 {
    list.serve(lab, program).rss_kib() as f64
}

/// Octets of resident memory a line of it takes: what there is with the list
/// less what there is without.
pub fn octets_a_line(lab: &Lab, program: &str, list: List) -> f64 {
    let without = Server::start_with(lab, program, None, "").rss_kib() as f64;
    (start_rss(lab, program, list) - without) * 1024.0 / f64::from(list.lines)
}

/// CPU microseconds for a name of the list.
pub fn by_name(lab: &Lab, program: &str, list: List) -> f64 {
    each(&list.serve(lab, program), |load, from, n| load.listed(n, 50, |k| name(scattered(from + k, list.lines))))
}

/// CPU microseconds for an address of the list.
pub fn by_address(lab: &Lab, program: &str, list: List) -> f64 {
    each(&list.serve(lab, program), |load, from, n| {
        load.listed(n, 50, |k| {
            let [a, b, c, d] = own(scattered(from + k, list.lines)).octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        });
    })
}

/// CPU microseconds for a name that is not in the list, with the cache full.
pub fn forwarded(lab: &Lab, program: &str, list: Option<List>) -> f64 {
    let line = list.map_or(String::new(), |list| list.file(lab).1);
    let server = Server::start_with(lab, program, None, &format!("-cache-size=10000\ncache-size=1000\n{line}"));
    each(&server, |load, _, n| load.misses(n, 50))
}

/// Lines of the list in an order of no pattern.
fn scattered(number: u32, lines: u32) -> u32 {
    (u64::from(number) * 2_654_435_761 % u64::from(lines)) as u32
}

/// CPU microseconds for a unit: of so many as five seconds allow, behind some
/// that fill the cache where that is quick.
fn each(server: &Server, mut job: impl FnMut(&mut Load, u32, u32)) -> f64 {
    const STEP: u32 = 50;
    let mut load = Load::new(server);
    let mut run = |most: u32, seconds: u64| {
        let (begin, mut done) = (server.cpu_ns(), 0);
        while done < most && server.cpu_ns() - begin < seconds * 1_000_000_000 {
            job(&mut load, done, STEP);
            done += STEP;
        }
        (server.cpu_ns() - begin) as f64 / 1000.0 / f64::from(done)
    };
    run(2_000, 2);
    run(20_000, 5)
}
