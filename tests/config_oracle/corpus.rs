//! Real configurations and command lines of products: each gets the verdict of
//! dnsmasq 2.90, with the same words. Paths lead into a small world of their
//! own, so that the machine has no part in it.

use crate::verdict::Verdict;
use ironmasq::base::errno::ENOENT;
use ironmasq::base::hash::Key;
use ironmasq::base::random::Random;
use ironmasq::config::{Entry, Errno, Files, Kind, LookUp, Origin, Outcome, read};
use std::ffi::CStr;
use std::path::PathBuf;

/// The corpus stands beside the repository, or where `CORPUS` says.
fn corpus_path() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let beside = ["../shared/corpus", "../../shared/corpus"].map(|path| root.join(path));
    let named = std::env::var_os("CORPUS").map(PathBuf::from);
    named.into_iter().chain(beside).find(|path| path.join("EXPECT.tsv").exists())
}

/// Files that a package of dnsmasq brings on OpenWrt, in short.
const PACKAGE: [(&str, &str); 4] = [
    ("/etc/dnsmasq.conf", "# nothing\n"),
    ("/usr/share/dnsmasq/rfc6761.conf", "server=/bind/\nserver=/invalid/\nserver=/local/\nserver=/onion/\n"),
    (
        "/usr/share/dnsmasq/dhcpbogushostname.conf",
        "dhcp-ignore-names=tag:bogus\ndhcp-name-match=set:bogus,localhost\ndhcp-name-match=set:bogus,wpad\n",
    ),
    ("/usr/share/dnsmasq/trust-anchors.conf", "trust-anchor=.,20326,8,2,E06D44B80B8F1D39A95C0B0D7C65D08458E8\n"),
];

/// Where the corpus expects an empty directory.
const EMPTY: [&str; 2] = ["/tmp/emptyd", "/tmp/dnsmasq."];

/// The world of one file of the corpus.
struct World<'a> {
    name: &'a str,
    text: &'a [u8],
    /// It is one of OpenWrt, with the package's files around it.
    has_package: bool,
}

impl World<'_> {
    fn file(&self, path: &CStr) -> Option<&[u8]> {
        let path = path.to_str().unwrap();
        if path == "/dev/null" {
            return Some(b"");
        }
        let package = PACKAGE.iter().find(|(name, _)| self.has_package && *name == path);
        if path == self.name { Some(self.text) } else { package.map(|(_, text)| text.as_bytes()) }
    }

    fn is_empty_directory(&self, path: &CStr) -> bool {
        let path = path.to_str().unwrap();
        path.trim_end_matches('/') == EMPTY[0] || self.has_package && path.starts_with(EMPTY[1])
    }
}

impl Files for World<'_> {
    fn pieces(&self, path: &CStr, each: &mut dyn FnMut(&[u8])) -> Result<(), Errno> {
        each(self.file(path).ok_or(ENOENT)?);
        Ok(())
    }

    fn text(&self, origin: Origin, each: &mut dyn FnMut(&[u8])) -> Result<u32, Errno> {
        match origin {
            Origin::File(path) => self.pieces(path, each).map(|()| 0),
            Origin::Stdin | Origin::Command(_) => Err(ENOENT),
        }
    }

    fn entry(&self, path: &CStr) -> Result<Entry, Errno> {
        let number = path.to_bytes().iter().fold(0, |sum: u64, octet| sum.wrapping_mul(31) + u64::from(*octet));
        let kind = match self.file(path) {
            Some(_) => Kind::File,
            None if self.is_empty_directory(path) => Kind::Directory,
            None => return Err(ENOENT),
        };
        Ok(Entry { kind, identity: (1, number) })
    }

    fn names(&self, path: &CStr, _: &mut dyn FnMut(&[u8])) -> Result<(), Errno> {
        if self.is_empty_directory(path) { Ok(()) } else { Err(ENOENT) }
    }

    fn look_up(&self) -> LookUp {
        |_| None
    }
}

/// What we say of a file of the corpus.
fn ours(name: &str, text: &str) -> Verdict {
    // Messages of the corpus name files without their folder.
    let (folder, short) = name.split_once('/').unwrap();
    let has_package = folder == "uci-expected";
    let body: String = match has_package {
        false => text.into(),
        // The configuration stands between two heads.
        true => {
            let lines = text.lines().skip_while(|line| !line.starts_with("=== CONFIG")).skip(1);
            lines.take_while(|line| !line.starts_with("=== ")).map(|line| line.to_owned() + "\n").collect()
        }
    };
    let mut args = vec!["--test".to_owned()];
    match folder {
        "cmdlines" => args.extend(text.lines().map(str::to_owned)),
        _ => args.extend(["-C".to_owned(), short.to_owned()]),
    }
    let world = World { name: short, text: body.as_bytes(), has_package };
    match read(&args.iter().map(String::as_bytes).collect::<Vec<_>>(), Key::new(&mut Random::seeded(1)), &world) {
        Outcome::Test(..) => Verdict::Ok,
        Outcome::Refused { messages, exit } => Verdict::Refused(messages, exit.into()),
        _ => panic!("--test comes to nothing else"),
    }
}

#[test]
fn corpus() {
    let Some(path) = corpus_path() else {
        println!("the corpus of real configurations is not here: skipped");
        return;
    };
    let expected = std::fs::read_to_string(path.join("EXPECT.tsv")).unwrap();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for line in expected.lines().skip(1) {
        let mut columns = line.split('\t');
        let [name, code, _, message] = [(); 4].map(|()| columns.next().unwrap_or_default());
        let Ok(code) = code.parse::<i32>() else { continue };
        let text = String::from_utf8_lossy(&std::fs::read(path.join(name)).unwrap()).into_owned();
        let verdict = ours(name, &text);
        let message = if code == 0 { "ok" } else { message };
        if (verdict.exit(), verdict.first()) != (code, message) {
            wrong.push(format!("{name}: expected {code} {message}, ours: {} {}", verdict.exit(), verdict.first()));
        }
        count += 1;
    }
    println!("{count} verdicts");
    assert!(wrong.is_empty(), "{} verdicts:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 100, "the corpus is not whole");
}
