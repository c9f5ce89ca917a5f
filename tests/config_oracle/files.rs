//! Files in files and in directories: what is read, in which order, and what is
//! read once only.

use crate::verdict::{Scratch, ours, theirs};
use ironmasq::base::hash::Key;
use ironmasq::base::random::Random;
use ironmasq::config::{Config, Outcome, read};
use std::fs;
use std::path::Path;

/// A directory of files with these names and texts; `DIR` in a text is its path.
fn directory(name: &str, files: &[(&str, &str)]) -> Scratch {
    let scratch = Scratch::new(name);
    fs::create_dir_all(&scratch.path).unwrap();
    for (file, text) in files {
        fs::write(scratch.path.join(file), text.replace("DIR", &scratch.path.display().to_string())).unwrap();
    }
    scratch
}

fn config(args: &[String]) -> Config {
    let key = Key::new(&mut Random::seeded(1));
    match read(args.iter().map(Into::into), key) {
        Outcome::Run(config, _) => *config,
        Outcome::Refused { messages, .. } => panic!("{messages:?}"),
        _ => unreachable!(),
    }
}

/// The additional hosts files, which stand in the order they were named in.
fn order(config: &Config) -> String {
    let names = config.dns.addn_hosts.iter().map(|path| path.to_string_lossy().into_owned());
    names.collect::<Vec<_>>().join(" ")
}

#[test]
fn files_are_read_where_they_are_named_and_once() {
    let files = [
        ("main", "addn-hosts=1\nconf-file=DIR/other\nconf-file=DIR/other\naddn-hosts=4\n"),
        ("other", "addn-hosts=2\nconf-file=DIR/main\nconf-file=DIR/other\naddn-hosts=3"),
        ("first", "addn-hosts=0\r\n"),
    ];
    let dir = directory("files", &files);
    let path = |name: &str| dir.path.join(name).display().to_string();
    let args = ["-C".into(), path("main"), "-C".into(), path("first"), "-H".into(), "x".into()];
    assert_eq!(order(&config(&args)), "0 x 1 2 3 4", "the first file comes last");
}

#[test]
fn directories_are_read_in_the_order_of_names() {
    let files = [
        ("b.conf", "addn-hosts=b"),
        ("a.conf", "addn-hosts=a"),
        ("A.conf", "addn-hosts=A"),
        ("c.bak", "addn-hosts=c"),
        (".d.conf", "nonsense"),
        ("e.conf~", "nonsense"),
        ("#f.conf#", "nonsense"),
    ];
    let dir = directory("dir", &files);
    fs::create_dir_all(dir.path.join("sub.conf")).unwrap();
    let with = |suffixes: &str| {
        let dir = format!("--conf-dir={}{suffixes}", dir.path.display());
        order(&config(&["--conf-file=/dev/null".into(), dir]))
    };
    assert_eq!(with(""), "A a b c");
    assert_eq!(with(",.bak"), "A a b");
    assert_eq!(with(",*.bak"), "c");
    assert_eq!(with(",*.bak,*.conf"), "A a b c");
    assert_eq!(with(",*"), "A a b c");
}

#[test]
fn what_cannot_be_read_ends_with_three() {
    let files = [("main", "conf-file=/nonexistent/x\n"), ("dir", "no-hosts\nconf-dir=/nonexistent/y\n")];
    let dir = directory("missing", &files);
    for (name, words) in [
        ("main", "cannot read /nonexistent/x: No such file or directory"),
        ("dir", "cannot access directory /nonexistent/y: No such file or directory"),
        ("none", "cannot read DIR/none: No such file or directory"),
    ] {
        let args = ["-C".to_owned(), dir.path.join(name).display().to_string()];
        let words = words.replace("DIR", &dir.path.display().to_string());
        assert_eq!((ours(&args).first(), ours(&args).exit()), (words.as_str(), 3));
        if Path::new("/usr/sbin/dnsmasq").exists() {
            assert_eq!((theirs(&args).first(), theirs(&args).exit()), (words.as_str(), 3), "dnsmasq");
        }
    }
}

#[test]
fn files_nested_without_end_are_refused() {
    let names: Vec<String> = (0..200).map(|number| format!("f{number}")).collect();
    let texts: Vec<String> = (1..=200).map(|number| format!("conf-file=DIR/f{number}\n")).collect();
    let mut files: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
    files.pop();
    files.push(("f199", "no-hosts\n"));
    let dir = directory("deep", &files);
    let said = ours(&["-C".into(), dir.path.join("f0").display().to_string()]);
    assert!(said.first().starts_with("files nested too deep in "), "{}", said.first());
}
