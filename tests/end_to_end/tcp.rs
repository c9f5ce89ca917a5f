//! DNS over TCP with real clients and servers.

use crate::net::Net;
use std::io::Read;

const UPSTREAM: &str = "dnsmasq -k -C /dev/null --no-resolv --no-hosts --pid-file= --listen-address=192.168.77.2 --bind-interfaces \
    --address=/up.test/198.51.100.7";

#[test]
fn a_connection_is_kept_for_several_questions_and_silent_ones_stop_nobody() {
    let Some(net) = Net::new(&["dig", "dnsmasq", "python3"]).map(Net::with_address) else { return };
    let _upstream = net.at_client(UPSTREAM);
    let _server = net.serve("server=192.168.77.2\naddress=/here.test/198.51.100.9\ncache-size=0\nmax-tcp-connections=5");
    crate::net::wait_for("the server above", || net.ask("dig +short +time=1 +tries=1 @192.168.77.2 a.up.test") == "198.51.100.7");
    let names = "a.up.test b.up.test c.here.test d.up.test";
    let kept = net.ask(&format!("dig +tcp +keepopen +short +time=3 +tries=1 @192.168.77.1 {names}"));
    assert_eq!(kept, "198.51.100.7\n198.51.100.7\n198.51.100.9\n198.51.100.7");
    // Sixteen questions in one segment, sixteen answers, in any order; beside
    // forty connections that say nothing and ten that stop in a question.
    let script = net.write("pipe.py", PIPELINE);
    assert_eq!(net.ask(&format!("python3 {script}")), "16 answers, 16 identifiers, over again 1");
    assert_eq!(net.ask("dig +tcp +short +time=3 +tries=1 @192.168.77.1 e.up.test"), "198.51.100.7");
}

const PIPELINE: &str = "
import socket, struct
def connect():
    return socket.create_connection(('192.168.77.1', 53), 5)
def question(n):
    name = b'\\x02n%d' % (n % 10) + (b'\\x02up' if n % 2 else b'\\x04here') + b'\\x04test\\0'
    message = struct.pack('>6H', n, 0x100, 1, 0, 0, 0) + name + b'\\0\\1\\0\\1'
    return struct.pack('>H', len(message)) + message
silent = [connect() for _ in range(40)]
for half in silent[:10]:
    try: half.send(b'\\0')
    except OSError: pass
stream = connect()
stream.send(b''.join(question(n) for n in range(16)))
data, answers = b'', []
while len(answers) < 16:
    got = stream.recv(65536)
    if not got: break
    data += got
    while len(data) >= 2 and len(data) >= 2 + struct.unpack('>H', data[:2])[0]:
        size = struct.unpack('>H', data[:2])[0]
        answers.append(data[2:2 + size])
        data = data[2 + size:]
ids = {struct.unpack('>H', a[:2])[0] for a in answers if a[7] == 1}
stream.send(question(7))
print(len(answers), 'answers,', len(ids), 'identifiers, over again', stream.recv(1000)[9])
";

/// A client that asks for an answer of 60 kB again and again and never reads
/// delays nobody who asks for the same.
#[test]
fn who_does_not_read_delays_nobody() {
    let Some(net) = Net::new(&["dig", "dnsmasq", "python3"]).map(Net::with_address) else { return };
    let records: String = (0..60).map(|number| format!(" --txt-record=big.test,{}", format!("{number:03}").repeat(80))).collect();
    let _upstream = net.at_client(&format!("{UPSTREAM}{records}"));
    let _server = net.serve("server=192.168.77.2\ncache-size=0");
    crate::net::wait_for("the server above", || net.ask("dig +short +time=1 +tries=1 @192.168.77.2 a.up.test") == "198.51.100.7");
    let script = net.write("deaf.py", "
import socket, struct, time
message = struct.pack('>6H', 1, 0x100, 1, 0, 0, 0) + b'\\3big\\4test\\0\\0\\x10\\0\\1'
deaf = []
for _ in range(12):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.connect(('192.168.77.1', 53))
    s.send((struct.pack('>H', len(message)) + message) * 12)
    deaf.append(s)
print('asked', flush=True)
time.sleep(20)
");
    let mut deaf = std::process::Command::new("ip")
        .args(["netns", "exec", net.client_name(), "python3", &script])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = [0; 5];
    deaf.stdout.as_mut().unwrap().read_exact(&mut said).unwrap();
    for _ in 0..3 {
        let answer = net.ask("dig +tcp +time=3 +tries=1 +noall +answer @192.168.77.1 big.test TXT");
        assert_eq!(answer.lines().count(), 60, "{answer}");
    }
    let _ = deaf.kill();
    let _ = deaf.wait();
}
