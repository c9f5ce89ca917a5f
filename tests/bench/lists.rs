//! Long lists as block lists have them: what it costs to check and to start
//! with 200 000 lines of a directive, and with a hosts file of a million names.

use crate::server::{Lab, Server};
use std::fmt::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

/// A list.
#[derive(Clone, Copy)]
pub enum List {
    /// `address=/…/`
    Address,
    /// `server=/…/1.2.3.4`
    Server,
    /// `local=/…/`
    Local,
    /// `0.0.0.0 …` in a hosts file.
    Hosts,
    /// Hosts with an address each.
    Own,
}

const RULES: u32 = 200_000;
const HOSTS: u32 = 1_000_000;

/// A name as block lists have them, of about twenty characters, the same in
/// every run.
fn name(number: u32) -> String {
    const SYLLABLES: [&str; 16] =
        ["ad", "tra", "ck", "stat", "me", "tric", "pix", "el", "cdn", "go", "ba", "lu", "ser", "vi", "net", "zo"];
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

impl List {
    /// The file, written once, and the line of a configuration that reads it.
    fn file(self, lab: &Lab) -> (PathBuf, String) {
        let (kind, count, before, behind) = match self {
            List::Address => ("address", RULES, "address=/", "/"),
            List::Server => ("server", RULES, "server=/", "/1.2.3.4"),
            List::Local => ("local", RULES, "local=/", "/"),
            List::Hosts => ("blocked", HOSTS, "0.0.0.0 ", ""),
            List::Own => ("own", HOSTS, "", ""),
        };
        let path = lab.folder.join(kind);
        if !path.exists() {
            let own = |n: u32| format!("10.{}.{}.{} ", n >> 16, (n >> 8) & 255, n & 255);
            let before = |n: u32| if matches!(self, List::Own) { own(n) } else { before.into() };
            let lines: String = (0..count).map(|number| format!("{}{}{behind}\n", before(number), name(number))).collect();
            std::fs::write(&path, lines).expect("a list");
        }
        let keyword = if matches!(self, List::Hosts | List::Own) { "addn-hosts" } else { "conf-file" };
        let line = format!("{keyword}={}\n", path.display());
        (path, line)
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
    let Ok(output) = command.output() else { return f64::NAN };
    let text = String::from_utf8_lossy(&output.stderr);
    text.lines().find_map(|line| line.strip_prefix("peak ")?.parse().ok()).unwrap_or(f64::NAN)
}

/// Milliseconds on a processor up to the first answer.
pub fn start_cpu(lab: &Lab, program: &str, list: List) -> f64 {
    let server = Server::start_with(lab, program, None, &list.file(lab).1);
    server.cpu_ns() as f64 / 1e6
}

/// Resident memory once it answers, in KiB.
pub fn start_rss(lab: &Lab, program: &str, list: List) -> f64 {
    Server::start_with(lab, program, None, &list.file(lab).1).rss_kib() as f64
}
