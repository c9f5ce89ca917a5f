//! A machine that runs dnsmasq is switched to our program by replacing the
//! binary, and back again: same command line, configuration and lease file.
//! Clients, names, the PXE menu and the hook find nothing changed.
//!
//! What is expected is what dnsmasq gave before, never a constant of ours.

use crate::dhcp::{self, Offer};
use crate::net::{Daemon, Net, program, run, wait_for};
use std::collections::BTreeSet;

const CONFIG: &str = "-no-hosts
no-hosts
addn-hosts=DIR/hosts
expand-hosts
domain=lan.test
local=/lan.test/
cname=www.lan.test,nas.lan.test
address=/blocked.test/0.0.0.0
dhcp-authoritative
dhcp-range=192.168.77.100,192.168.77.150,1h
dhcp-option=option:ntp-server,192.168.77.1
dhcp-host=02:77:00:00:01:02,set:printers,192.168.77.20,printer,45m
dhcp-host=id:01:aa:bb,laptop,infinite
dhcp-option=tag:printers,option:ntp-server,192.168.77.9
dhcp-vendorclass=set:thin,thin
dhcp-option=tag:thin,option:domain-search,thin.lan.test,lan.test
dhcp-boot=tag:thin,thin.img,boothost,192.168.77.8
dhcp-userclass=set:iron,iron
pxe-prompt=\"Press F8\",5
pxe-service=x86PC,\"Install\",pxelinux
pxe-service=x86PC,\"Elsewhere\",1,192.168.77.9
pxe-service=x86PC,\"Disk\"
enable-tftp
tftp-root=DIR/tftp
dhcp-script=DIR/hook
log-dhcp";

const HOSTS: &str = "192.168.77.5 nas nas-two\n192.168.77.6 camera.lan.test camera\nfd77::6 camera\n";

/// Last octet of the hardware address, and what is said to udhcpc.
const CLIENTS: [(&str, u8, &str); 4] = [
    ("plain", 1, "-x hostname:tablet"),
    ("static", 2, "-x hostname:calls-itself-so"),
    ("endless", 3, "-C -x 0x3d:01aabb"),
    ("thin", 4, "-x hostname:thin -V thin-client -O search -O bootfile"),
];

/// Who comes when our program serves.
const LATE: (&str, u8, &str) = ("late", 5, "-x hostname:late");

const PXE: &str = "mac=027700000201 vendor=PXEClient:Arch:00000:UNDI:002001 opt=93:0000 \
    opt=97:0000112233445566778899aabbccddeeff params=1,3,6,12,43,60,66,67";

/// Sends octets and prints those of the reply.
const SEND: &str = "import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'br0')
s.bind(('', 68))
s.settimeout(2)
for turn in range(5):
    s.sendto(bytes.fromhex(sys.argv[2]), (sys.argv[1], int(sys.argv[3])))
    try: print(s.recv(4096).hex()); break
    except TimeoutError: pass
";

/// The machine's cable ends in a switch that clients are plugged into.
struct Site {
    clients: Vec<Client>,
    net: Net,
}

/// udhcpc in a namespace of its own.
struct Client {
    name: &'static str,
    namespace: String,
    program: Daemon,
}

impl Drop for Client {
    fn drop(&mut self) {
        run(&format!("ip netns del {}", self.namespace));
    }
}

impl Site {
    fn new() -> Option<Site> {
        let net = Net::new(&["dnsmasq", "udhcpc", "dig", "curl", "python3"])?;
        let client = net.client_name();
        for command in [
            "link add br0 type bridge forward_delay 0",
            "link set eth0 master br0",
            "link set br0 up",
            "addr add 192.168.77.2/24 dev br0",
        ] {
            assert!(run(&format!("ip -n {client} {command}")).status.success(), "{command}");
        }
        net.write("hosts", HOSTS);
        net.write("send.py", SEND);
        net.write("calls", "");
        std::fs::create_dir(net.folder.join("tftp")).unwrap();
        net.write("tftp/pxelinux.0", "a loader");
        // What remains of a lease is another number each time.
        let calls = net.path("calls");
        net.script("hook", &format!(
            "#!/bin/sh\n{{ echo \"$*\"; env | grep ^DNSMASQ_ | grep -v ^DNSMASQ_TIME_REMAINING | sort; }} | tr '\\n' ' ' >> {calls}\n\
             echo >> {calls}\n",
        ));
        // What a client is told, one line each time; T1 and T2 are less by chance.
        let said = net.path("said");
        net.script("bound", &format!(
            "#!/bin/sh\n[ $1 = bound ] && ip addr add $ip/24 dev eth0\n\
             [ $1 = deconfig ] || {{ echo $1; env | grep '^[a-z]' | grep -v '^opt5[89]=' | sort; }} | tr '\\n' ' ' >> {said}.${{0##*.}}\n\
             [ $1 = deconfig ] || echo >> {said}.${{0##*.}}\n",
        ));
        Some(Site { clients: Vec::new(), net })
    }

    /// Puts `program` in the place of the binary and starts it.
    fn install(&self, program: &str) -> Daemon {
        let installed = self.net.path("dnsmasq");
        let _ = std::fs::remove_file(&installed);
        std::fs::copy(program, &installed).unwrap();
        let before = self.net.read("log").len();
        let server = self.net.serve_with(&installed, CONFIG);
        let log = self.net.read("log")[before..].to_ascii_lowercase();
        for word in ["ignor", "invalid", "bad ", "cannot", "failed", "unexpected"] {
            assert!(!log.contains(word), "{word}: {log}");
        }
        server
    }

    /// Plugs a client in; it has an address when this returns.
    fn plug(&mut self, (name, octet, options): (&'static str, u8, &str)) {
        let (switch, namespace) = (self.net.client_name(), format!("{}{octet}", self.net.client_name()));
        for command in [
            format!("netns add {namespace}"),
            format!("-n {switch} link add p{octet} type veth peer name eth0 address 02:77:00:00:01:0{octet} netns {namespace}"),
            format!("-n {switch} link set p{octet} master br0"),
            format!("-n {switch} link set p{octet} up"),
            format!("-n {namespace} link set eth0 up"),
        ] {
            assert!(run(&format!("ip {command}")).status.success(), "{command}");
        }
        let script = self.net.path(&format!("bound.{name}"));
        std::fs::copy(self.net.path("bound"), &script).unwrap();
        let command = format!("ip netns exec {namespace} udhcpc -i eth0 -f -t 10 -T 1 -s {script} {options}");
        let program = self.net.at_client(&command);
        self.clients.push(Client { name, namespace, program });
        wait_for("a lease", || self.said(name).len() == 1);
    }

    /// What a client was told until now: the event and its values.
    fn said(&self, name: &str) -> Vec<String> {
        self.net.read(&format!("said.{name}")).split_inclusive('\n').filter(|line| line.ends_with('\n')).map(str::to_string).collect()
    }

    /// Each client renews: what they are told.
    fn renew(&self) -> Vec<String> {
        let renewed = |client: &Client| {
            let before = self.said(client.name).len();
            client.program.signal("USR1");
            wait_for("a renewal", || self.said(client.name).len() > before);
            let said = self.said(client.name).pop().unwrap();
            assert!(said.starts_with("renew "), "{said}");
            format!("{}: {said}", client.name)
        };
        self.clients.iter().map(renewed).collect()
    }

    /// A reply to a PXE client, a line a field and a line an option.
    fn pxe(&self, words: &str, offer: &Offer, to: &str, port: u16) -> (Vec<String>, Offer) {
        let words = format!("{words} {PXE}");
        let request = dhcp::request(0x7777_0001, &words.split_whitespace().collect::<Vec<_>>(), offer);
        let hex: String = request.iter().map(|octet| format!("{octet:02x}")).collect();
        let reply = self.net.ask(&format!("python3 {} {to} {hex} {port}", self.net.path("send.py")));
        assert!(!reply.is_empty(), "no reply to {words}\n{}", self.net.read("log"));
        let (mut lines, offer) = dhcp::show(&crate::bytes::unhex(&reply));
        // T1 and T2 of a renewal are less by chance.
        for line in &mut lines {
            if line.starts_with("option 58 ") || line.starts_with("option 59 ") {
                line.truncate("option 58".len());
            }
        }
        (lines, offer)
    }

    /// All that a PXE client is told: offer, address, the server of its boot
    /// file, the file.
    fn boot(&self) -> Vec<String> {
        let (mut all, offer) = self.pxe("discover", &Offer::default(), "255.255.255.255", 67);
        all.extend(self.pxe("request reqip=offer server=offer", &offer, "255.255.255.255", 67).0);
        all.extend(self.pxe("request ciaddr=192.168.77.2 flags=0 opt=43:470480000000ff", &offer, "192.168.77.1", 4011).0);
        all.push(self.net.ask("curl -sS --max-time 5 tftp://192.168.77.1/pxelinux.0"));
        all
    }

    /// Every name and every address, with the times to live and the flags.
    fn names(&self, addresses: &BTreeSet<String>) -> Vec<String> {
        let mut questions: Vec<String> = [
            "tablet", "tablet.lan.test", "printer", "printer.lan.test", "laptop.lan.test", "thin.lan.test", "calls-itself-so.lan.test",
            "nas", "nas-two.lan.test", "camera.lan.test", "www.lan.test", "blocked.test", "none.lan.test",
        ]
        .iter()
        .flat_map(|name| [format!("{name} A"), format!("{name} AAAA")])
        .collect();
        questions.extend(addresses.iter().map(String::as_str).chain(["192.168.77.5", "192.168.77.6", "fd77::6"]).map(|addr| format!("-x {addr}")));
        let asked = |question: String| {
            let answer = self.net.ask(&format!("dig +noall +comments +answer +time=2 +tries=2 @192.168.77.1 {question}"));
            let kept = answer.lines().filter_map(|line| match line.split_once("status: ") {
                Some((_, status)) => Some(status.split_once(',')?.0.to_string()),
                None if line.contains("flags: ") && line.contains("QUERY") => Some(line.to_string()),
                None => Some(line.to_string()).filter(|line| !line.is_empty() && !line.starts_with(';')),
            });
            format!("{question}: {}", kept.collect::<Vec<_>>().join(" | "))
        };
        questions.into_iter().map(asked).collect()
    }

    /// The lines of the lease file, and the same without the times; sorted, as
    /// dnsmasq turns the order round with every start.
    fn leases(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        let lines: BTreeSet<String> = self.net.read("leases").lines().map(str::to_string).collect();
        let timeless = lines.iter().map(|line| line.split_once(' ').unwrap().1.to_string()).collect();
        (lines, timeless)
    }

    /// The hook's calls since they were last taken, sorted, when there are `count`
    /// and no more come. dnsmasq makes some of its calls after a start twice: they
    /// count once.
    fn calls(&self, count: usize) -> Vec<String> {
        let calls = || {
            let mut calls: Vec<String> = self.net.read("calls").lines().map(str::to_string).collect();
            calls.sort();
            calls.dedup();
            calls
        };
        wait_for("the calls of the hook", || calls().len() >= count);
        std::thread::sleep(std::time::Duration::from_millis(500));
        let calls = calls();
        self.net.write("calls", "");
        assert_eq!(calls.len(), count, "{calls:#?}");
        calls
    }

    /// The calls after a start, one for each lease of the file, with its end.
    fn old_calls(&self, count: usize) -> Vec<String> {
        let (calls, (leases, _)) = (self.calls(count), self.leases());
        assert_eq!(leases.len(), count);
        for lease in leases {
            let words: Vec<&str> = lease.split(' ').collect();
            let (call, end) = (format!("old {} {} ", words[1], words[2]), format!(" DNSMASQ_LEASE_EXPIRES={} ", words[0]));
            assert!(calls.iter().any(|made| made.starts_with(&call) && made.contains(&end)), "{lease} in {calls:#?}");
        }
        timeless(&calls)
    }
}

/// The calls without the moment when a lease ends: renewals move it.
fn timeless(calls: &[String]) -> Vec<String> {
    let kept = |call: &String| call.split(' ').filter(|word| !word.starts_with("DNSMASQ_LEASE_EXPIRES=")).collect::<Vec<_>>().join(" ");
    calls.iter().map(kept).collect()
}

#[test]
fn a_machine_is_switched_from_dnsmasq_and_back() {
    let Some(mut site) = Site::new() else { return };
    let original = "/usr/sbin/dnsmasq";

    let server = site.install(original);
    for client in CLIENTS {
        site.plug(client);
    }
    let boot = site.boot();
    site.calls(6);
    let (_, table) = site.leases();
    let addresses: BTreeSet<String> = table.iter().map(|line| line.split(' ').nth(1).unwrap().to_string()).collect();
    assert_eq!(addresses.len(), 5, "{table:?}");
    let renewed = site.renew();
    for (client, renewal) in site.clients.iter().zip(&renewed) {
        let address = |said: &str| said.split(' ').find(|word| word.starts_with("ip=")).unwrap().to_string();
        assert_eq!(address(&site.said(client.name)[0]), address(renewal));
    }
    let names = site.names(&addresses);
    assert!(names.iter().filter(|line| line.contains("NOERROR | ;; flags")).count() >= 20, "{names:#?}");
    assert_eq!(server.stop(), Some(0));

    // Once more: what it does after a restart is what we are to do.
    let server = site.install(original);
    let old = site.old_calls(5);
    assert_eq!(site.renew(), renewed);
    assert_eq!(site.boot(), boot);
    // A client that begins anew and the file that it fetched.
    let again = timeless(&site.calls(2));
    assert_eq!(server.stop(), Some(0));
    let before = site.leases();

    let server = site.install(&program());
    assert_eq!(site.old_calls(5), old, "the hook after the switch");
    assert_eq!(site.leases(), before, "the lease file after the switch");
    assert_eq!(site.names(&addresses), names, "names after the switch");
    assert_eq!(site.renew(), renewed, "renewals after the switch");
    assert_eq!(site.boot(), boot, "PXE after the switch");
    assert_eq!(site.names(&addresses), names, "names after the renewals");
    assert_eq!(site.leases().1, table, "the lease file after the renewals");
    assert_eq!(timeless(&site.calls(2)), again, "the hook after the renewals");
    site.plug(LATE);
    let late = site.calls(1);
    assert!(late[0].starts_with("add 02:77:00:00:01:05 192.168.77."), "{late:?}");
    let renewed = site.renew();
    assert_eq!(server.stop(), Some(0));
    let (_, table) = site.leases();
    assert_eq!(table.len(), 6, "{table:?}");
    let before = site.leases();

    let server = site.install(original);
    let (new, known): (Vec<String>, Vec<String>) = site.old_calls(6).into_iter().partition(|call| call.contains(":01:05 "));
    assert_eq!(known, old, "the hook after the switch back");
    let words = late[0].split(' ').skip(1).take(3).collect::<Vec<_>>().join(" ");
    assert!(new[0].starts_with(&format!("old {words} ")), "{new:?} after {late:?}");
    assert_eq!(site.leases(), before, "the lease file after the switch back");
    assert_eq!(site.names(&addresses), names, "names after the switch back");
    let addr = words.split(' ').nth(1).unwrap();
    let dig = "dig +short +time=2 +tries=2 @192.168.77.1";
    assert_eq!(site.net.ask(&format!("{dig} late.lan.test A")), addr);
    assert_eq!(site.net.ask(&format!("{dig} -x {addr}")), "late.lan.test.");
    assert_eq!(site.renew(), renewed, "renewals after the switch back");
    assert_eq!(site.boot(), boot, "PXE after the switch back");
    assert_eq!(site.leases().1, table);
    assert_eq!(timeless(&site.calls(2)), again);
    assert_eq!(server.stop(), Some(0));
}
