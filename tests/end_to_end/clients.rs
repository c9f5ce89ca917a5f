//! Clients that people use: dig, udhcpc, dhclient, dhcpcd, systemd-networkd,
//! tftp-hpa, curl.

use crate::net::{Net, wait_for};

const DHCP: &str = "dhcp-range=192.168.77.100,192.168.77.150,1h
domain=lan.test
dhcp-option=option:ntp-server,192.168.77.1
dhcp-option=option:domain-search,a.lan.test,lan.test
log-dhcp
log-queries";

/// A server above ours, at the client's: dnsmasq itself.
const UPSTREAM: &str = "dnsmasq -k -C /dev/null --no-resolv --no-hosts --pid-file= --listen-address=192.168.77.2 \
    --bind-interfaces --address=/up.test/192.0.2.1 --txt-record=long.up.test";

#[test]
fn dig_asks_over_udp_and_tcp_and_both_families() {
    let Some(net) = Net::new(&["dig", "dnsmasq"]).map(Net::with_address) else { return };
    let long = "x".repeat(200);
    let upstream = format!("{UPSTREAM},{long},{long},{long},{long},{long},{long},{long}");
    let _upstream = net.at_client(&upstream);
    net.write("hosts", "192.168.77.9 printer\nfd77::9 printer\n");
    let _server = net.serve("server=192.168.77.2\naddn-hosts=DIR/hosts");
    wait_for("the server above", || net.ask("dig +short +time=1 +tries=1 @192.168.77.1 a.up.test A") == "192.0.2.1");
    for at in ["@192.168.77.1", "@fd77::1", "+tcp @192.168.77.1", "+tcp @fd77::1"] {
        let dig = format!("dig +short +time=2 +tries=1 {at}");
        assert_eq!(net.ask(&format!("{dig} printer A")), "192.168.77.9", "{at}");
        assert_eq!(net.ask(&format!("{dig} printer AAAA")), "fd77::9", "{at}");
        assert_eq!(net.ask(&format!("{dig} -x 192.168.77.9")), "printer.", "{at}");
        assert_eq!(net.ask(&format!("{dig} www.up.test A")), "192.0.2.1", "{at}");
        // Too long for UDP: dig comes back over TCP by itself.
        assert_eq!(net.ask(&format!("{dig} long.up.test TXT")).matches(&long).count(), 7, "{at}");
    }
    let refused = net.ask("dig +time=2 +tries=1 @192.168.77.1 version.bind CH TXT");
    assert!(refused.contains("status: NOERROR"), "{refused}");
}

#[test]
fn without_a_server_above_the_answer_comes_at_once() {
    let Some(net) = Net::new(&["dig"]).map(Net::with_address) else { return };
    let _server = net.serve("");
    for how in ["", "+tcp "] {
        let answer = net.ask(&format!("dig {how}+time=2 +tries=1 @192.168.77.1 www.example.com A"));
        assert!(answer.contains("status: REFUSED"), "{answer}");
    }
}

#[test]
fn a_server_whose_port_is_closed_is_no_time_out() {
    let Some(net) = Net::new(&["dig"]).map(Net::with_address) else { return };
    let _server = net.serve("server=192.168.77.2#5300");
    for how in ["", "+tcp "] {
        let answer = net.ask(&format!("dig {how}+time=2 +tries=1 @192.168.77.1 www.example.com A"));
        assert!(answer.contains("status: REFUSED") && answer.contains("EDE: 23"), "{answer}");
    }
}

/// Every DHCP client: a lease, its options, its name in DNS at once.
fn has_lease(net: &Net, shown: &str, name: &str) {
    let addr = shown.split_whitespace().find_map(|word| word.strip_prefix("ip=")).unwrap_or_else(|| panic!("{shown}")).to_string();
    for part in ["router=192.168.77.1", "dns=192.168.77.1", "domain=lan.test", "ntp=192.168.77.1"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    net.in_client(&format!("ip addr add {addr}/24 dev eth0"));
    let dig = "dig +short +time=2 +tries=1 @192.168.77.1";
    assert_eq!(net.ask(&format!("{dig} {name}.lan.test A")), addr);
    assert_eq!(net.ask(&format!("{dig} -x {addr}")), format!("{name}.lan.test."));
    let leases = net.read("leases");
    assert!(leases.contains(&format!(" 02:77:00:00:00:02 {addr} {name} ")), "{leases}");
    let log = net.read("log");
    assert!(log.contains(&format!("DHCPACK(eth0) {addr} 02:77:00:00:00:02 {name}")), "{log}");
}

#[test]
fn busybox_udhcpc_gets_a_lease_and_gives_it_back() {
    let Some(net) = Net::new(&["udhcpc", "dig"]) else { return };
    let _server = net.serve(DHCP);
    let script = net.script(
        "script",
        "#!/bin/sh\necho \"$1 ip=$ip router=$router dns=$dns domain=$domain ntp=$ntpsrv search=$search lease=$lease\"\n",
    );
    let shown = net.ask(&format!("udhcpc -i eth0 -f -n -q -t 5 -T 1 -x hostname:walkman -O search -O ntpsrv -s {script}"));
    let bound = shown.lines().find(|line| line.starts_with("bound ")).unwrap_or_else(|| panic!("{shown}\n{}", net.read("log")));
    assert!(bound.contains("lease=3600") && bound.contains("a.lan.test lan.test"), "{bound}");
    has_lease(&net, bound, "walkman");
}

#[test]
fn isc_dhclient_gets_a_lease_and_gives_it_back() {
    let Some(net) = Net::new(&["dhclient", "dig"]) else { return };
    let _server = net.serve(DHCP);
    let script = net.script(
        "script",
        "#!/bin/sh\ncase $reason in BOUND) echo \"ip=$new_ip_address router=$new_routers dns=$new_domain_name_servers \
         domain=$new_domain_name ntp=$new_ntp_servers\" > $OUT;; esac\nexit 0\n",
    );
    let config = net.write(
        "dhclient.conf",
        "send host-name \"isc\";\nrequest subnet-mask, routers, domain-name, domain-name-servers, ntp-servers, host-name;\n",
    );
    let (leases, pid, out) = (net.write("isc.leases", ""), net.path("isc.pid"), net.path("out"));
    let client = format!("dhclient -4 -cf {config} -sf {script} -lf {leases} -pf {pid} -e OUT={out} eth0");
    let said = net.ask(&format!("{client} -1 -v"));
    let shown = net.read("out");
    assert!(!shown.is_empty(), "{said}\n{}", net.read("log"));
    has_lease(&net, &shown, "isc");
    net.ask(&format!("{client} -r"));
    wait_for("the release", || net.read("log").contains("DHCPRELEASE(eth0)") && net.read("leases").is_empty());
    assert_eq!(net.ask("dig +short +time=2 +tries=1 @192.168.77.1 isc.lan.test A"), "");
}

#[test]
fn dhcpcd_gets_a_lease() {
    let Some(net) = Net::new(&["dhcpcd", "dig"]) else { return };
    let _server = net.serve(DHCP);
    let script = net.script(
        "script",
        "#!/bin/sh\n[ \"$reason\" = BOUND ] && echo \"ip=$new_ip_address router=$new_routers dns=$new_domain_name_servers \
         domain=$new_domain_name ntp=$new_ntp_servers\" > OUT\nexit 0\n".replace("OUT", &net.path("out")).as_str(),
    );
    let config = net.write("dhcpcd.conf", "hostname dhcpcd-box\noption routers, domain_name_servers, domain_name, ntp_servers\nclientid\n");
    let said = net.ask(&format!("unshare -m sh -c 'mount -t tmpfs none /run; mount -t tmpfs none /var/lib; \
        mkdir -p /run/dhcpcd /var/lib/dhcpcd /var/lib/dhcpcd5; dhcpcd -4 -1 -B -A -L -t 20 -f {config} -c {script} eth0'"));
    let shown = net.read("out");
    assert!(!shown.is_empty(), "{said}\n{}", net.read("log"));
    has_lease(&net, &shown, "dhcpcd-box");
}

/// systemd-networkd, alone: as in a container it does not wait for udev when /sys
/// cannot be written.
#[test]
fn systemd_networkd_gets_a_lease() {
    const NETWORKD: &str = "/lib/systemd/systemd-networkd";
    let Some(net) = Net::new(&[NETWORKD, "unshare", "dig"]) else { return };
    let _server = net.serve(DHCP);
    let network = "[Match]\nName=eth0\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\nLLDP=no\n\
        [DHCPv4]\nClientIdentifier=mac\nHostname=networkd-box\nUseNTP=yes\nSendRelease=no\n";
    let network = net.write("10-eth0.network", network);
    let script = net.script("networkd", &format!(
        "#!/bin/sh\nmount -o remount,bind,ro /sys && mount -t tmpfs none /run || exit 1\n\
         mkdir -p /run/systemd/network /run/systemd/netif/links /run/systemd/netif/leases /run/systemd/netif/lldp\n\
         chown -R systemd-network /run/systemd/netif\ncp {network} /run/systemd/network\n{NETWORKD} >{} 2>&1 & daemon=$!\n\
         for turn in $(seq 150); do cat /run/systemd/netif/leases/* 2>/dev/null && break; sleep 0.1; done\n\
         kill $daemon; wait\n",
        net.path("said"),
    ));
    let lease = net.ask(&format!("unshare -m {script}"));
    let value = |name: &str| lease.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| {
        panic!("no {name} in {lease}\n{}\n{}", net.read("said"), net.read("log"))
    });
    let shown = format!(
        "ip={} router={} dns={} domain={} ntp={}",
        value("ADDRESS="), value("ROUTER="), value("DNS="), value("DOMAINNAME="), value("NTP="),
    );
    net.in_client("ip link set eth0 up");
    net.in_client("ip addr flush dev eth0");
    has_lease(&net, &shown, "networkd-box");
}

/// Files as the server has them.
fn tftp(tools: &[&str], config: &str) -> Option<(Net, crate::net::Daemon, Vec<u8>)> {
    let net = Net::new(tools).map(Net::with_address)?;
    std::fs::create_dir(net.folder.join("tftp")).unwrap();
    let bytes: Vec<u8> = (0..300_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    std::fs::write(net.folder.join("tftp/boot.bin"), &bytes).unwrap();
    net.write("tftp/text", "one\ntwo\n");
    let server = net.serve(&format!("port=0\nenable-tftp\ntftp-root=DIR/tftp\n{config}"));
    Some((net, server, bytes))
}

#[test]
fn tftp_hpa_fetches_files() {
    let Some((net, _server, bytes)) = tftp(&["tftp"], "") else { return };
    net.in_client(&format!("sh -c 'cd {} && tftp -m binary 192.168.77.1 -c get boot.bin'", net.path("")));
    assert!(std::fs::read(net.path("boot.bin")).unwrap_or_default() == bytes, "{}", net.read("log"));
    net.in_client(&format!("sh -c 'cd {} && tftp -m ascii 192.168.77.1 -c get text'", net.path("")));
    assert_eq!(net.read("text"), "one\ntwo\n");
    let refused = net.ask("tftp -m binary 192.168.77.1 -c get ../conf /dev/null");
    assert!(refused.contains("Permission denied") || refused.contains("Access violation"), "{refused}");
    wait_for("the log", || net.read("log").contains(&format!("sent {} to 192.168.77.2", net.path("tftp/boot.bin"))));
}

#[test]
fn curl_fetches_files_with_and_without_options() {
    for config in ["", "tftp-single-port", "tftp-no-blocksize", "tftp-port-range=40000,40010"] {
        let Some((net, _server, bytes)) = tftp(&["curl"], config) else { return };
        let out = net.path("out");
        for options in ["", "--tftp-blksize 1400", "--tftp-blksize 65464", "--tftp-no-options"] {
            let said = net.ask(&format!("curl -sS {options} -o {out} tftp://192.168.77.1/boot.bin"));
            assert!(std::fs::read(&out).unwrap_or_default() == bytes, "{config} {options}: {said}");
            std::fs::remove_file(&out).unwrap();
        }
        let said = net.ask("curl -sS tftp://192.168.77.1/none");
        assert!(said.starts_with("curl: (68)"), "file not found, in curl's numbers: {said}");
        let many: String = (0..8).map(|n| format!("curl -sS -o {out}{n} tftp://192.168.77.1/boot.bin & ")).collect();
        net.in_client(&format!("sh -c '{many} wait'"));
        for n in 0..8 {
            assert!(std::fs::read(format!("{out}{n}")).unwrap_or_default() == bytes, "{config}: one of many");
        }
    }
}

/// An upstream server that sets TC over UDP and has as much as fits over TCP.
const LARGE: &str = "\
import socket, struct, threading
def reply(q, n):
    end = 12
    while q[end]: end += q[end] + 1
    text = struct.pack('>HHHIH', 0xc00c, 16, 1, 60, 256) + b'\\xff' + b'x' * 255
    return q[:2] + (b'\\x81\\x80' if n else b'\\x83\\x80') + struct.pack('>HHHH', 1, n, 0, 0) + q[12:end + 5] + text * n
def stream(c):
    while True:
        head = c.recv(2, socket.MSG_WAITALL)
        if len(head) < 2: return c.close()
        a = reply(c.recv(struct.unpack('>H', head)[0], socket.MSG_WAITALL), 244)
        c.sendall(struct.pack('>H', len(a)) + a)
def streams(t):
    while True: threading.Thread(target=stream, args=(t.accept()[0],), daemon=True).start()
t = socket.create_server(('127.0.0.1', 5300))
threading.Thread(target=streams, args=(t,), daemon=True).start()
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.bind(('127.0.0.1', 5300))
while True:
    q, a = u.recvfrom(4096)
    u.sendto(reply(q, 0), a)
";

#[test]
fn dig_comes_back_by_tcp_for_an_answer_of_64_kib() {
    let Some(net) = Net::new(&["dig", "python3"]).map(Net::with_address) else { return };
    let script = net.write("upstream.py", LARGE);
    let _upstream = net.at_router(&format!("python3 {script}"));
    let _server = net.serve("server=127.0.0.1#5300");
    let mut answer = String::new();
    crate::net::wait_for("the server above", || {
        answer = net.ask("dig +time=5 +tries=2 @192.168.77.1 big.test TXT");
        !answer.contains("status: REFUSED")
    });
    assert!(answer.contains("Truncated, retrying in TCP mode") && answer.contains("ANSWER: 244"), "{:.600}", answer);
    assert!(answer.contains("MSG SIZE  rcvd: 65"), "{}", answer.lines().last().unwrap_or_default());
}
