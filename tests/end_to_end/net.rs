//! A router and a client, each in a network namespace, joined by a cable.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Numbers of labs in this process.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// The program under test.
pub fn program() -> String {
    std::env::var("END_TO_END_PROGRAM").unwrap_or(env!("CARGO_BIN_EXE_ironmasq").into())
}

/// Two namespaces and a folder; all gone when it is dropped.
pub struct Net {
    router: String,
    client: String,
    pub folder: PathBuf,
}

impl Net {
    /// Builds it; nothing, and a notice, when `tools` or rights are missing.
    /// The client has no address yet.
    pub fn new(tools: &[&str]) -> Option<Net> {
        for tool in tools.iter().chain(&["ip"]) {
            let found = Command::new("sh").args(["-c", &format!("command -v {tool}")]).stdout(Stdio::null()).status();
            if !found.is_ok_and(|status| status.success()) {
                println!("skipped: {tool} is not here");
                return None;
            }
        }
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let id = format!("e2e{}-{number}", std::process::id());
        let net = Net { router: format!("{id}r"), client: format!("{id}c"), folder: std::env::temp_dir().join(&id) };
        let (r, c) = (net.router.clone(), net.client.clone());
        if !run(&format!("ip netns add {r}")).status.success() {
            println!("skipped: network namespaces need root");
            return None;
        }
        fs::create_dir_all(&net.folder).unwrap();
        fs::set_permissions(&net.folder, fs::Permissions::from_mode(0o755)).unwrap();
        for command in [
            format!("ip netns add {c}"),
            format!("ip -n {r} link add eth0 type veth peer name eth0 address 02:77:00:00:00:02 netns {c}"),
            format!("ip netns exec {r} sysctl -qw net.ipv6.conf.eth0.accept_dad=0"),
            format!("ip -n {r} link set lo up"),
            format!("ip -n {c} link set lo up"),
            format!("ip -n {r} link set eth0 up"),
            format!("ip -n {c} link set eth0 up"),
            format!("ip -n {r} addr add 192.168.77.1/24 broadcast 192.168.77.255 dev eth0"),
            format!("ip -n {r} addr add fd77::1/64 dev eth0 nodad"),
        ] {
            assert!(run(&command).status.success(), "{command}");
        }
        Some(net)
    }

    /// Gives the client an address of its own.
    pub fn with_address(self) -> Net {
        self.in_client("ip addr add 192.168.77.2/24 dev eth0");
        self.in_client("ip addr add fd77::2/64 dev eth0 nodad");
        self
    }

    /// The client's namespace.
    pub fn client_name(&self) -> &str {
        &self.client
    }

    pub fn path(&self, name: &str) -> String {
        self.folder.join(name).to_string_lossy().into_owned()
    }

    pub fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.folder.join(name), text).unwrap();
        self.path(name)
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap_or_default()
    }

    /// Writes a script that can be run.
    pub fn script(&self, name: &str, text: &str) -> String {
        let path = self.write(name, text);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// Runs a command line at the client's.
    pub fn in_client(&self, command: &str) -> Output {
        run(&format!("ip netns exec {} timeout 30 {command}", self.client))
    }

    /// What a command at the client's prints.
    pub fn ask(&self, command: &str) -> String {
        let output = self.in_client(command);
        let text = String::from_utf8_lossy(&output.stdout).trim_end().to_string();
        if text.is_empty() { String::from_utf8_lossy(&output.stderr).trim_end().to_string() } else { text }
    }

    /// Starts any command at the router's; it ends with the value.
    pub fn at_router(&self, command: &str) -> Daemon {
        Daemon { child: spawn(&format!("ip netns exec {} {command}", self.router)) }
    }

    /// The same at the client's.
    pub fn at_client(&self, command: &str) -> Daemon {
        Daemon { child: spawn(&format!("ip netns exec {} {command}", self.client)) }
    }

    /// Runs a command at the router's to its end.
    pub fn run_at_router(&self, command: &str) -> Output {
        run(&format!("ip netns exec {} {command}", self.router))
    }

    /// Starts the program in the foreground with these lines of configuration
    /// behind the usual ones (`-LINE` takes one of those out); it serves when
    /// this returns. `DIR` is the folder.
    pub fn serve(&self, config: &str) -> Daemon {
        self.serve_with(&program(), config)
    }

    pub fn serve_with(&self, program: &str, config: &str) -> Daemon {
        let usual = ["no-hosts", "no-resolv", "no-ping", "pid-file=DIR/pid", "dhcp-leasefile=DIR/leases", "log-facility=DIR/log"];
        let (out, said): (Vec<&str>, Vec<&str>) = config.lines().partition(|line| line.starts_with('-'));
        let usual = usual.into_iter().filter(|line| !out.iter().any(|out| out[1..] == **line));
        let lines: String = usual.chain(said).map(|line| format!("{line}\n")).collect();
        let config = lines.replace("DIR", self.folder.to_str().unwrap());
        let path = self.write("conf", &config);
        let before = self.read("log").len();
        let mut daemon = self.at_router(&format!("{program} -k -C {path}"));
        wait_for("the program to serve", || {
            assert!(daemon.child.try_wait().unwrap().is_none(), "it ended: {}", self.read("log"));
            self.read("log")[before..].contains("started, version")
        });
        std::thread::sleep(Duration::from_millis(150));
        daemon
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        for namespace in [&self.router, &self.client] {
            run(&format!("ip netns del {namespace}"));
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A running program, killed when dropped.
pub struct Daemon {
    pub child: Child,
}

impl Daemon {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, name: &str) {
        assert!(run(&format!("kill -{name} {}", self.pid())).status.success());
    }

    /// Ends it in the ordinary way; its exit code.
    pub fn stop(mut self) -> Option<i32> {
        self.signal("TERM");
        self.child.wait().unwrap().code()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a shell command to its end.
pub fn run(command: &str) -> Output {
    Command::new("sh").args(["-c", command]).stdin(Stdio::null()).output().unwrap()
}

fn spawn(command: &str) -> Child {
    let quiet = || Stdio::null();
    Command::new("sh").args(["-c", &format!("exec {command}")]).stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn().unwrap()
}

/// Waits until something holds, fifteen seconds at most: machines are busy.
pub fn wait_for(what: &str, holds: impl FnMut() -> bool) {
    wait_long_for(what, 15, holds);
}

/// The same for so many seconds.
pub fn wait_long_for(what: &str, seconds: u64, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < Duration::from_secs(seconds), "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
