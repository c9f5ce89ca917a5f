//! Others beside both: Kea and ISC dhcpd for leases, atftpd for files. Each only
//! where it is installed (Debian: kea-dhcp4-server, isc-dhcp-server, atftpd).

use crate::load::Load;
use crate::server::{Lab, SERVER, namespace};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A server that is none of ours, in the namespace of servers.
struct Peer(Child);

impl Peer {
    fn start(command: &str) -> Self {
        let quiet = Stdio::null;
        let words = command.split_whitespace();
        let child = Command::new("ip")
            .args(["netns", "exec", &namespace(), "taskset", "-c", "0"])
            .args(words)
            .env("KEA_PIDFILE_DIR", "/dev/shm")
            .env("KEA_LOCKFILE_DIR", "none")
            .stdout(quiet())
            .stderr(quiet())
            .spawn()
            .expect("ip");
        std::thread::sleep(Duration::from_secs(2));
        Peer(child)
    }

    /// Nanoseconds of all its threads so far, those that have ended included: in
    /// steps of ten milliseconds.
    fn cpu_ns(&self) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap_or_default();
        let behind_name = text.rsplit(") ").next().unwrap_or_default();
        behind_name.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() * 10_000_000
    }

    /// CPU microseconds for each of `n` units.
    fn each(&self, load: &mut Load, n: u32, job: fn(&mut Load, u32)) -> f64 {
        let before = self.cpu_ns();
        job(load, n);
        (self.cpu_ns() - before) as f64 / 1000.0 / f64::from(n)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn kea(lab: &Lab) -> String {
    let folder = lab.folder.join("peer");
    let config = format!(
        r#"{{"Dhcp4": {{"interfaces-config": {{"interfaces": ["imbench1"], "dhcp-socket-type": "udp"}},
        "lease-database": {{"type": "memfile", "persist": true, "name": "{0}/kea.csv", "lfc-interval": 0}},
        "valid-lifetime": 3600, "option-data": [{{"name": "domain-name-servers", "data": "{SERVER}"}},
        {{"name": "ntp-servers", "data": "{SERVER}"}}, {{"name": "domain-name", "data": "bench.lan"}}],
        "subnet4": [{{"subnet": "10.97.0.0/16", "pools": [{{"pool": "10.97.0.10 - 10.97.200.250"}}]}}]}}}}"#,
        folder.display()
    );
    let path = folder.join("kea.json");
    std::fs::write(&path, config).expect("a configuration");
    let _ = std::fs::remove_file(folder.join("kea.csv"));
    format!("/usr/sbin/kea-dhcp4 -c {}", path.display())
}

fn isc(lab: &Lab) -> String {
    let folder = lab.folder.join("peer");
    let config = format!(
        "authoritative;\nping-check false;\ndefault-lease-time 3600;\noption domain-name \"bench.lan\";\n\
         option domain-name-servers {SERVER};\noption ntp-servers {SERVER};\nsubnet 10.99.0.0 netmask 255.255.0.0 {{}}\n\
         subnet 10.97.0.0 netmask 255.255.0.0 {{ range 10.97.0.10 10.97.200.250; }}\n"
    );
    let path = folder.join("isc.conf");
    std::fs::write(&path, config).expect("a configuration");
    let leases = folder.join("isc.leases");
    std::fs::write(&leases, "").expect("a lease file");
    format!("/usr/sbin/dhcpd -4 -f -q --no-pid -cf {} -lf {} imbench1", path.display(), leases.display())
}

/// Measures who is there, and prints it.
pub fn measure(lab: &Lab, wanted: &dyn Fn(&str, &str) -> bool) {
    let print = |what: &str, unit: &str, value: f64| println!("{what:<44} {unit:>18} {value:>12.1}");
    for (name, program, command) in [("Kea", "/usr/sbin/kea-dhcp4", kea as fn(&Lab) -> String), ("ISC dhcpd", "/usr/sbin/dhcpd", isc)] {
        if !Path::new(program).exists() || !wanted(name, "CPU us") {
            continue;
        }
        let peer = Peer::start(&command(lab));
        let mut load = Load::for_peer();
        for held in [0, 1_000, 10_000] {
            let more = u32::saturating_sub(held, load.held_now());
            load.exchanges(more);
            print(&format!("{name}: DHCP exchange, {held} leases held"), "CPU us", peer.each(&mut load, 1_000, Load::exchanges));
            print(&format!("{name}: DHCP renewal, {held} leases held"), "CPU us", peer.each(&mut load, 1_000, Load::renewals));
        }
    }
    if Path::new("/usr/sbin/atftpd").exists() && wanted("atftpd", "CPU us") {
        let folder = lab.folder.display();
        let peer = Peer::start(&format!("/usr/sbin/atftpd --daemon --no-fork --bind-address {SERVER} --user root --group root {folder}"));
        let mut load = Load::for_peer();
        for (window, what) in [(1, "blocks of 1428"), (16, "window of 16")] {
            let job: fn(&mut Load, u32) = if window == 1 { |load, n| load.tftp(n, 1) } else { |load, n| load.tftp(n, 16) };
            print(&format!("atftpd: TFTP MiB, {what}"), "CPU us", peer.each(&mut load, 64, job));
        }
    }
}
