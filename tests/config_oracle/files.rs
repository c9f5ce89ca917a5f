//! Files in files and in directories: what is read, in which order, and what is
//! read once only.

use crate::verdict::{Scratch, ours, theirs};
use ironmasq::base::hash::Key;
use ironmasq::base::random::Random;
use ironmasq::config::{Config, Outcome, read};
use ironmasq::daemon::outside::Disk;
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
    match read(&args.iter().map(String::as_bytes).collect::<Vec<_>>(), key, &Disk) {
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

/// A text of a main file, `DIR` being that of the others, and what is said of
/// it: first message and exit code, the same by dnsmasq.
fn both_say(name: &str, files: &[(&str, &str)], expected: (&str, i32)) {
    let dir = directory(name, files);
    let args = ["-C".to_owned(), dir.path.join("main").display().to_string()];
    let expected = (expected.0.replace("DIR", &dir.path.display().to_string()), expected.1);
    let said = ours(&args);
    assert_eq!((said.first().to_owned(), said.exit()), expected);
    if Path::new("/usr/sbin/dnsmasq").exists() {
        let said = theirs(&args);
        assert_eq!((said.first().to_owned(), said.exit()), expected, "dnsmasq");
    }
}

#[test]
fn commands_write_configuration() {
    for (text, expected) in [
        ("conf-script=echo no-hosts\n", ("ok", 0)),
        ("conf-script=\n", ("ok", 0)),
        ("conf-script\n", ("missing parameter at line 1 of DIR/main", 1)),
        ("conf-script=\"echo 'no-hosts # no # comment'\"\n", ("ok", 0)),
        ("conf-script=echo no-hosts; echo nonsense\n", ("bad option in output from echo no-hosts; echo nonsense", 1)),
        ("conf-script=echo port=x\n", ("error in output from echo port=x", 1)),
        ("conf-script=exit 3\nnonsense\n", ("exit 3 returns non-zero error code", 10)),
        ("conf-script=kill -9 $$\n", ("kill -9 $$ returns non-zero error code", 19)),
        ("conf-script=/nonexistent/x 2>/dev/null\n", ("/nonexistent/x 2>/dev/null returns non-zero error code", 10)),
        ("conf-script=echo port=5\nconf-script=echo port=5\n", ("illegal repeated keyword in output from echo port=5", 1)),
        ("conf-script=echo conf-file=DIR/other\n", ("bad option at line 2 of DIR/other", 1)),
        ("conf-script=echo conf-script=false\n", ("false returns non-zero error code", 10)),
    ] {
        both_say("script", &[("main", text), ("other", "no-hosts\nnonsense\n")], expected);
    }
    let endless = directory("endless", &[]);
    let again = format!("cat {}", endless.path.join("main").display());
    fs::write(endless.path.join("main"), format!("conf-script={again}\n")).unwrap();
    let said = ours(&["-C".into(), endless.path.join("main").display().to_string()]);
    assert_eq!(said.first(), format!("files nested too deep in {again}"));
}

#[test]
fn a_line_ends_at_a_zero_and_may_be_long() {
    both_say("zero", &[("main", "port=5\0junk\n\0junk\n")], ("ok", 0));
    both_say("zero2", &[("main", "port=5\0junk\nnonsense\n")], ("bad option at line 2 of DIR/main", 1));
    both_say("crlf", &[("main", "no-hosts\r\n\r\nport=x\r\n")], ("error at line 3 of DIR/main", 1));
    both_say("mark", &[("main", "\u{feff}no-hosts\n")], ("bad option at line 1 of DIR/main", 1));
    // Newer than the installed dnsmasq, which cuts lines at 1024 octets.
    let long = directory("long", &[("main", &format!("addn-hosts={}\nnonsense\n", "x".repeat(100_000)))]);
    let main = long.path.join("main").display().to_string();
    assert_eq!(ours(&["-C".into(), main.clone()]).first(), format!("bad option at line 2 of {main}"));
}

#[test]
fn a_directory_with_a_dangling_link_is_refused_unless_its_name_is_left_out() {
    for (line, expected) in [
        ("conf-dir=DIR/d\n", ("cannot access DIR/d/x.gone: No such file or directory", 3)),
        ("conf-dir=DIR/d,.gone\n", ("ok", 0)),
        ("conf-dir=DIR/d,*.conf\n", ("ok", 0)),
    ] {
        let dir = directory("dangling", &[("main", line)]);
        fs::create_dir_all(dir.path.join("d")).unwrap();
        std::os::unix::fs::symlink("/nonexistent/x", dir.path.join("d/x.gone")).unwrap();
        let args = ["-C".to_owned(), dir.path.join("main").display().to_string()];
        let words = expected.0.replace("DIR", &dir.path.display().to_string());
        assert_eq!((ours(&args).first(), ours(&args).exit()), (words.as_str(), expected.1));
        if Path::new("/usr/sbin/dnsmasq").exists() {
            assert_eq!((theirs(&args).first(), theirs(&args).exit()), (words.as_str(), expected.1), "dnsmasq");
        }
    }
}

#[test]
fn pipes_are_read_to_their_end() {
    let dir = directory("pipe", &[]);
    let pipe = dir.path.join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let path = pipe.clone();
    let writer = std::thread::spawn(move || {
        let mut to = fs::OpenOptions::new().write(true).open(path).unwrap();
        for line in ["addn-hosts=1\n", "addn-hosts=2\n"] {
            std::io::Write::write_all(&mut to, line.as_bytes()).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(30));
        }
    });
    assert_eq!(order(&config(&["-C".into(), pipe.display().to_string()])), "1 2");
    writer.join().unwrap();
}

#[test]
fn what_was_expected_follows_what_is_wrong() {
    let text = "port=70000\nport=1\nmax-tcp-connections=0\nno-hosts=1\naddn-hosts\nserver=1.1.1.1#x\ncache-siz=1\n";
    let dir = directory("expected", &[("main", text)]);
    let verdict = ours(&["-C".into(), dir.path.join("main").display().to_string()]);
    let crate::verdict::Verdict::Refused(messages, 1) = verdict else { panic!("refused with 1") };
    let shown: Vec<String> = messages.iter().map(|words| words.replace(&dir.path.display().to_string(), "DIR")).collect();
    let expected = [
        "error at line 1 of DIR/main",
        "expected: port=<n> with <n> from 0 to 65535",
        "illegal repeated keyword at line 2 of DIR/main",
        "port stands once on the command line and once in files",
        "error at line 3 of DIR/main",
        "expected: max-tcp-connections=<n> with <n> from 1",
        "extraneous parameter at line 4 of DIR/main",
        "expected: no-hosts",
        "missing parameter at line 5 of DIR/main",
        "expected: addn-hosts=<file>|<dir>",
        "bad port at line 6 of DIR/main",
        "expected: server=[/<domain>/...]",
        "bad option at line 7 of DIR/main",
        "did you mean cache-size?",
    ];
    assert_eq!(shown.len(), expected.len(), "{shown:?}");
    for (shown, expected) in shown.iter().zip(expected) {
        assert!(shown.starts_with(expected), "{shown} for {expected}");
    }
}
