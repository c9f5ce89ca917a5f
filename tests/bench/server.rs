//! The server under test: its namespace, configuration, start, and accounts.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The server's address, inside its own namespace.
pub const SERVER: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);
/// The load's address; also the upstream and the relay agent.
pub const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 2);
/// Names in the hosts file: `h0.bench.lan` and on.
pub const HOSTS: u32 = 1000;

/// Two namespaces and a folder; gone when dropped.
pub struct Lab {
    /// Where files of the run lie (in memory).
    pub folder: PathBuf,
}

fn ip(args: &str) {
    let _ = Command::new("ip").args(args.split_whitespace()).stderr(Stdio::null()).status();
}

/// The server's namespace.
pub fn namespace() -> String {
    format!("imbench{}", std::process::id())
}

impl Lab {
    /// Makes the namespaces; the load's is the one this process was started in.
    pub fn new() -> Self {
        let folder = PathBuf::from(format!("/dev/shm/ironmasq-bench-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("peer")).expect("a folder in memory");
        // Its own name: several runs may share the machine.
        let space = namespace();
        ip(&format!("netns add {space}"));
        ip(&format!("link add imbench0 type veth peer name imbench1 netns {space}"));
        ip("addr add 10.99.0.2/16 dev imbench0");
        ip("addr add 10.97.0.1/32 dev imbench0");
        ip("link set imbench0 up");
        ip(&format!("-n {space} addr add 10.99.0.1/16 dev imbench1"));
        ip(&format!("-n {space} link set imbench1 up"));
        ip(&format!("-n {space} link set lo up"));
        ip(&format!("-n {space} route add 10.97.0.0/16 dev imbench1"));
        let hosts: String = (0..HOSTS).map(|n| format!("10.98.{}.{} h{n}.bench.lan\n", n / 250, n % 250 + 1)).collect();
        std::fs::write(folder.join("hosts"), hosts).expect("hosts");
        std::fs::write(folder.join("boot.img"), vec![0x5Au8; 1 << 20]).expect("boot file");
        Lab { folder }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        ip(&format!("netns del {}", namespace()));
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// What is counted instead of timed.
#[derive(Clone, Copy, PartialEq)]
pub enum Count {
    /// System calls, by strace.
    Calls,
    /// User instructions, by valgrind's callgrind.
    Instructions,
}

impl Count {
    /// True when the tool is there.
    pub fn available(self) -> bool {
        let tool = match self {
            Count::Calls => "strace",
            Count::Instructions => "valgrind",
        };
        Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    }
}

/// A running server.
pub struct Server {
    child: Child,
    pid: u32,
    report: PathBuf,
    count: Option<Count>,
}

fn configuration(lab: &Lab, more: &str) -> PathBuf {
    let folder = lab.folder.display();
    let text = format!(
        "no-resolv\nno-hosts\naddn-hosts={folder}/hosts\nserver={CLIENT}#5300\ncache-size=10000\n\
         dns-forward-max=500\nuser=root\npid-file={folder}/pid\ndhcp-leasefile={folder}/leases\n\
         dhcp-range=10.97.0.10,10.97.200.250,255.255.0.0,1h\nno-ping\ndhcp-lease-max=2000\n\
         dhcp-option=option:ntp-server,10.99.0.1\ndomain=bench.lan\nenable-tftp\ntftp-root={folder}\n\
         log-facility={folder}/log\n"
    );
    // A line `-LINE` takes one of those out, not one that is added.
    let (out, added): (Vec<&str>, Vec<&str>) = more.lines().partition(|line| line.starts_with('-'));
    let lines = text.lines().filter(|line| !out.iter().any(|out| out[1..] == **line)).chain(added);
    let path = lab.folder.join("conf");
    std::fs::write(&path, lines.map(|line| format!("{line}\n")).collect::<String>()).expect("configuration");
    path
}

impl Server {
    /// Starts `program` in its namespace, under a counting tool if asked, and
    /// waits until it answers.
    pub fn start(lab: &Lab, program: &str, count: Option<Count>) -> Self {
        Self::start_with(lab, program, count, "")
    }

    /// The same with `more` in its configuration.
    pub fn start_with(lab: &Lab, program: &str, count: Option<Count>, more: &str) -> Self {
        let _ = std::fs::remove_file(lab.folder.join("leases"));
        Self::start_again(lab, program, count, more)
    }

    /// The same with the leases that are there.
    pub fn start_again(lab: &Lab, program: &str, count: Option<Count>, more: &str) -> Self {
        let mut server = Self::launch(lab, program, count, more);
        // A list of a million may take the original half a minute.
        let deadline = Instant::now() + Duration::from_secs(120);
        while !answers(Duration::from_millis(100)) {
            assert!(Instant::now() < deadline, "{program} does not answer");
        }
        let pid = std::fs::read_to_string(lab.folder.join("pid")).ok();
        server.pid = pid.and_then(|text| text.trim().parse().ok()).unwrap_or(server.pid);
        server
    }

    fn launch(lab: &Lab, program: &str, count: Option<Count>, more: &str) -> Self {
        let conf = configuration(lab, more);
        let report = lab.folder.join("report");
        let _ = std::fs::remove_file(lab.folder.join("pid"));
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &namespace(), "taskset", "-c", "0"]);
        match count {
            Some(Count::Calls) => command.args(["strace", "-f", "-c", "-U", "calls,name", "-o"]).arg(&report),
            Some(Count::Instructions) => {
                command.args(["valgrind", "--tool=callgrind", "-q"]).arg(format!("--callgrind-out-file={}", report.display()))
            }
            None => &mut command,
        };
        let child = command
            .arg(program)
            .arg("-k")
            .arg("-C")
            .arg(conf)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let pid = child.id();
        Server { child, pid, report, count }
    }

    /// Microseconds from exec to the first answer, the least of twenty.
    pub fn first_answer_us(lab: &Lab, program: &str) -> f64 {
        let mut least = f64::INFINITY;
        for _ in 0..20 {
            let start = Instant::now();
            let server = Self::launch(lab, program, None, "");
            while !answers(Duration::from_micros(300)) && start.elapsed() < Duration::from_secs(5) {}
            least = least.min(start.elapsed().as_micros() as f64);
            drop(server);
        }
        least
    }

    /// Nanoseconds on a processor so far.
    pub fn cpu_ns(&self) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/schedstat", self.pid)).unwrap_or_default();
        text.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0)
    }

    /// Octets written so far with write(2): to files, when nothing is logged.
    pub fn octets_written(&self) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/io", self.pid)).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("wchar: "));
        line.and_then(|n| n.trim().parse().ok()).unwrap_or(0)
    }

    /// The same of children that have ended, to ten milliseconds.
    pub fn children_ns(&self) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap_or_default();
        let behind = text.rsplit_once(')').map_or("", |(_, behind)| behind);
        let ticks: u64 = behind.split_whitespace().skip(13).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
        ticks * 10_000_000
    }

    /// Resident memory.
    pub fn rss_kib(&self) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).unwrap_or(0)
    }

    /// Ends the server and tells what the tool counted.
    pub fn stop_and_count(mut self) -> f64 {
        self.terminate();
        let _ = self.child.wait();
        let text = std::fs::read_to_string(&self.report).unwrap_or_default();
        match self.count {
            Some(Count::Calls) => {
                let total = text.lines().rev().find(|line| line.trim_end().ends_with("total"));
                total.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(f64::NAN)
            }
            _ => {
                let line = text.lines().find_map(|line| line.strip_prefix("totals: ").or(line.strip_prefix("summary: ")));
                line.and_then(|n| n.trim().parse().ok()).unwrap_or(f64::NAN)
            }
        }
    }

    /// Sends the signal of that name.
    pub fn signal(&self, name: &str) {
        let _ = Command::new("kill").args(["-s", name, &self.pid.to_string()]).stderr(Stdio::null()).status();
    }

    fn terminate(&self) {
        self.signal("TERM");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.terminate();
        let _ = self.child.wait();
        // Children may stay for those who are still connected.
        let listed = Command::new("ip").args(["netns", "pids", &namespace()]).output();
        let pids = listed.map(|listed| String::from_utf8_lossy(&listed.stdout).into_owned()).unwrap_or_default();
        for pid in pids.split_whitespace() {
            let _ = Command::new("kill").arg(pid).stderr(Stdio::null()).status();
        }
    }
}

/// One question for a hosts name; true when an answer comes in time.
fn answers(wait: Duration) -> bool {
    let Ok(socket) = UdpSocket::bind((CLIENT, 0)) else {
        return false;
    };
    let _ = socket.set_read_timeout(Some(wait));
    let question = crate::load::question(7, b"\x02h1\x05bench\x03lan\0");
    let sent = socket.send_to(&question, SocketAddr::from((SERVER, 53)));
    sent.is_ok() && socket.recv(&mut [0; 512]).is_ok()
}
