//! The place where it happens: two network namespaces joined by a cable, one
//! for the server, one for everybody else, and a folder for files.

use crate::case::{Case, Make};
use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What is missing for a lab; nothing if it can be built.
pub fn missing(original: &str) -> Option<String> {
    let works = |program: &str, args: &[&str]| {
        Command::new(program).args(args).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
    };
    if !works(original, &["--version"]) {
        return Some(format!("{original} is not here (Debian: dnsmasq-base)"));
    }
    let probe = format!("cmp{}-probe", std::process::id());
    if !works("ip", &["netns", "add", &probe]) {
        return Some("network namespaces need root and the ip command".into());
    }
    works("ip", &["netns", "del", &probe]);
    None
}

/// Two namespaces and a folder.
pub struct Lab {
    server: String,
    client: String,
    pub folder: PathBuf,
}

/// Addresses of the client's namespace beside its first.
const CLIENT_ADDRESSES: [&str; 7] = [
    "192.168.77.3/24", "192.168.77.53/24", "192.168.77.54/24", "192.168.77.100/24", "10.88.0.1/24", "203.0.113.9/24", "fd77::2/64",
];

impl Lab {
    /// Builds it; this thread and those it starts then live at the client's.
    pub fn new(worker: usize) -> Self {
        let id = format!("cmp{}-{worker}", std::process::id());
        let (server, client) = (format!("{id}s"), format!("{id}c"));
        let folder = std::env::temp_dir().join(format!("compare-{}-{worker}", std::process::id()));
        let lab = Lab { server, client, folder };
        lab.tear_down();
        let (s, c) = (&lab.server, &lab.client);
        ip(&format!("netns add {s}"));
        ip(&format!("netns add {c}"));
        ip(&format!("-n {s} link add eth0 address 02:77:00:00:00:01 type veth peer name eth0 address 02:77:00:00:00:02 netns {c}"));
        for namespace in [s, c] {
            ip(&format!("-n {namespace} link set lo up"));
            ip(&format!("netns exec {namespace} sysctl -qw net.ipv6.conf.eth0.accept_dad=0"));
            ip(&format!("-n {namespace} link set eth0 up"));
        }
        ip(&format!("-n {s} addr add 192.168.77.1/24 broadcast 192.168.77.255 dev eth0"));
        ip(&format!("-n {s} addr add fd77::1/64 dev eth0 nodad"));
        ip(&format!("-n {s} route add default via 192.168.77.2"));
        ip(&format!("-n {c} addr add 192.168.77.2/24 broadcast 192.168.77.255 dev eth0"));
        for address in CLIENT_ADDRESSES {
            ip(&format!("-n {c} addr add {address} dev eth0{}", if address.contains(':') { " nodad" } else { "" }));
        }
        ip(&format!("-n {c} route add default dev eth0"));
        lab.enter();
        lab
    }

    /// Moves this thread into the client's namespace.
    fn enter(&self) {
        let file = fs::File::open(format!("/run/netns/{}", self.client)).unwrap();
        // SAFETY: the descriptor is open for the length of the call, which
        // changes nothing but the network that this thread sees.
        let result = unsafe { libc::setns(file.as_raw_fd(), libc::CLONE_NEWNET) };
        assert_eq!(result, 0, "setns");
    }

    fn tear_down(&self) {
        for namespace in [&self.server, &self.client] {
            let _ = Command::new("ip").args(["netns", "del", namespace]).stderr(Stdio::null()).status();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }

    /// `DIR` in a text becomes the folder.
    pub fn expand(&self, text: &str) -> String {
        text.replace("DIR", self.folder.to_str().unwrap())
    }

    /// The folder in a text becomes `DIR`.
    pub fn shrink(&self, text: &str) -> String {
        text.replace(self.folder.to_str().unwrap(), "DIR")
    }

    /// An empty folder with the files of a case.
    pub fn furnish(&self, case: &Case) {
        let _ = fs::remove_dir_all(&self.folder);
        fs::create_dir_all(&self.folder).unwrap();
        fs::set_permissions(&self.folder, fs::Permissions::from_mode(0o755)).unwrap();
        let config: String = case.config.iter().map(|line| self.expand(line) + "\n").collect();
        fs::write(self.folder.join("conf"), config).unwrap();
        if !case.marks.is_empty() {
            let rule = |(addr, mark): &(String, String)| format!("ip saddr {addr} ct mark set {mark}\n");
            let rules: String = case.marks.iter().map(rule).collect();
            let table = "table inet marks\ndelete table inet marks\n";
            let chain = "type filter hook prerouting priority -100;";
            self.write("marks", format!("{table}table inet marks {{ chain in {{ {chain}\n{rules}}}\n}}\n").as_bytes());
            ip(&format!("netns exec {} nft -f {}", self.server, self.folder.join("marks").display()));
        }
        for make in &case.make {
            match make {
                Make::Line(path, text) => {
                    let old = fs::read_to_string(self.folder.join(path)).unwrap_or_default();
                    self.write(path, format!("{old}{}\n", self.expand(text)).as_bytes());
                }
                Make::Bytes(path, len) => self.write(path, &crate::bytes::pattern(*len)),
                Make::Mode(path, mode) => {
                    fs::set_permissions(self.folder.join(path), fs::Permissions::from_mode(*mode)).unwrap()
                }
                Make::Link(path, to) => symlink(self.expand(to), self.folder.join(path)).unwrap(),
                Make::Folder(path) => fs::create_dir_all(self.folder.join(path)).unwrap(),
            }
        }
    }

    /// Writes a file, making the folders above it.
    pub fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Starts a server and waits until it serves.
    pub fn start(&self, program: &str) -> Server {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.folder.join("log")).unwrap();
        let before = self.log().len();
        let child = Command::new("ip")
            .args(["netns", "exec", &self.server, program, "-k", "--log-facility=-", "-C"])
            .arg(self.folder.join("conf"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut server = Server { child };
        let begin = Instant::now();
        while !self.log()[before..].contains("started, version") {
            let over = server.child.try_wait().unwrap().is_some() || begin.elapsed() > Duration::from_secs(15);
            assert!(!over, "{program} does not start:\n{}", &self.log()[before..]);
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(150));
        server
    }

    /// Everything logged so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.folder.join("log")).unwrap_or_default()).into_owned()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.tear_down();
    }
}

/// A running server; dropping it ends it.
pub struct Server {
    child: Child,
}

impl Server {
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(status.is_ok_and(|s| s.success()), "kill -{name}");
    }

    /// Ends it in the ordinary way.
    pub fn stop(mut self) {
        self.signal("TERM");
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Binds a socket of this thread's namespace. A child of another thread that is
/// about to become a program holds copies of everything for a moment, so an
/// address may be taken that long.
pub fn bind<S>(bind: impl Fn() -> std::io::Result<S>) -> S {
    for _ in 0..200 {
        match bind() {
            Ok(socket) => return socket,
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => std::thread::sleep(Duration::from_millis(10)),
            Err(error) => panic!("{error}"),
        }
    }
    panic!("an address stays in use")
}

fn ip(args: &str) {
    let status = Command::new("ip").args(args.split(' ')).status().unwrap();
    assert!(status.success(), "ip {args}");
}
