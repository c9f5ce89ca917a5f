//! What a program says about a command line: ours by the library, dnsmasq by
//! its `--test`.

use ironmasq::base::hash::Key;
use ironmasq::base::random::Random;
use ironmasq::config::{Outcome, read};
use ironmasq::daemon::outside::Disk;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::ffi::OsString;
use std::process::{Command, Stdio};

/// What was said.
pub enum Verdict {
    Ok,
    /// Messages, and the exit code.
    Refused(Vec<String>, i32),
}

impl Verdict {
    /// The first message, or `ok`.
    pub fn first(&self) -> &str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Refused(messages, _) => messages.first().map_or("", String::as_str),
        }
    }

    /// The exit code.
    pub fn exit(&self) -> i32 {
        match self {
            Verdict::Ok => 0,
            Verdict::Refused(_, exit) => *exit,
        }
    }

    /// The first message without the name of the file, behind it the exit code
    /// if that is not 1.
    pub fn text(&self, file: &Path) -> String {
        let path = file.display().to_string();
        let first = match path.as_str() {
            "" => self.first().to_owned(),
            path => self.first().replace(&format!(" of {path}"), "").replace(path, "<FILE>"),
        };
        match self.exit() {
            0 | 1 => first,
            exit => format!("{first} [{exit}]"),
        }
    }
}

/// Our verdict, as of `--test`.
pub fn ours(args: &[String]) -> Verdict {
    let words: Vec<&[u8]> = std::iter::once("--test").chain(args.iter().map(String::as_str)).map(str::as_bytes).collect();
    match read(&words, Key::new(&mut Random::seeded(1)), &Disk) {
        Outcome::Test(..) => Verdict::Ok,
        Outcome::Refused { messages, exit } => Verdict::Refused(messages, exit.into()),
        _ => panic!("--test comes to nothing else"),
    }
}

/// The verdict of the real one.
pub fn theirs(args: &[String]) -> Verdict {
    program("/usr/sbin/dnsmasq", &args.iter().map(OsString::from).collect::<Vec<_>>())
}

/// The verdict of a program, as of `--test`.
pub fn program(path: &str, args: &[OsString]) -> Verdict {
    program_at(path, args, Path::new("/"), b"")
}

/// The same in a directory, with this on standard input.
pub fn program_at(path: &str, args: &[OsString], dir: &Path, input: &[u8]) -> Verdict {
    let mut command = Command::new(path);
    command.arg("--test").args(args).env("LC_ALL", "C").current_dir(dir);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    // Who does not read it may have ended already.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    verdict(output.status.code(), &output.stderr)
}

/// The verdict of a program that ended so and wrote this.
pub fn verdict(code: Option<i32>, written: &[u8]) -> Verdict {
    let text = String::from_utf8_lossy(written);
    let messages = text.lines().filter_map(|line| line.strip_prefix("dnsmasq: ")).map(str::to_owned);
    match code {
        Some(0) => Verdict::Ok,
        code => Verdict::Refused(messages.collect(), code.unwrap_or(-1)),
    }
}

/// A file or directory of this test run, deleted at its end.
pub struct Scratch {
    pub path: PathBuf,
}

impl Scratch {
    /// With a name of its own.
    pub fn unique() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        Scratch::new(&COUNT.fetch_add(1, Ordering::Relaxed).to_string())
    }

    pub fn new(name: &str) -> Self {
        Scratch { path: std::env::temp_dir().join(format!("ironmasq-{}-{name}", std::process::id())) }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
