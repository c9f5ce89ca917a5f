//! The clients: play a case against one program and write down what they see.

use crate::case::Case;
use crate::lab::{Lab, Server, bind};
use crate::relay::Servers;
use crate::upstream::Upstream;
use crate::{bytes, dhcp, dns, sweep, tftp};
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const PATIENCE: Duration = Duration::from_millis(700);

/// Lines that say how the program was built, who it is, or what the time is.
const ABOUT_ITSELF: [&str; 3] = ["started, version", "compile time options", "]: time "];

/// Plays a case; every line is the number of a step and what was seen.
pub fn play(lab: &Lab, case: &Case, program: &str) -> Vec<String> {
    lab.furnish(case);
    let upstream = Upstream::new(&case.upstream);
    let mut player = Player {
        lab,
        program,
        upstream,
        server: Some(lab.start(program)),
        offers: HashMap::new(),
        logged: 0,
        dhcp: HashMap::new(),
        servers: Servers::default(),
    };
    let mut seen = Vec::new();
    let steps = case.steps.iter().flat_map(|step| match step.strip_prefix("sweep ") {
        Some(words) => sweep::steps(&words.split(' ').collect::<Vec<_>>()),
        None => vec![step.clone()],
    });
    for (number, step) in steps.enumerate() {
        let step = lab.expand(&step);
        let lines = player.step(&step, number as u16 + 1);
        seen.push(format!("{}. {}", number + 1, lab.shrink(&step)));
        seen.extend(lines.into_iter().map(|line| format!("{}. {}", number + 1, lab.shrink(&line))));
    }
    if let Some(server) = player.server.take() {
        server.stop();
    }
    seen
}

struct Player<'a> {
    lab: &'a Lab,
    program: &'a str,
    upstream: Upstream,
    server: Option<Server>,
    offers: HashMap<String, dhcp::Offer>,
    /// How much of the log was shown.
    logged: usize,
    /// A socket for each address that a DHCP message was sent from.
    dhcp: HashMap<SocketAddr, UdpSocket>,
    servers: Servers,
}

impl Player<'_> {
    fn step(&mut self, step: &str, number: u16) -> Vec<String> {
        let words: Vec<&str> = step.split_whitespace().collect();
        match words[0] {
            "dns" => self.dns(number, &words[1..]),
            "dhcp" => self.dhcp(number, &words[1..]),
            "server" => self.servers.listen(words[1]),
            "relayed" => self.servers.relayed(words[1]),
            "reply" => {
                let here = SocketAddr::from(([0, 0, 0, 0], 68));
                self.servers.reply(&words[1..], self.dhcp.get(&here))
            }
            "tftp" => tftp::run(&words[1..]),
            "send" => send(&words[1..]),
            "log" => self.log(),
            "leases" => self.leases(),
            "show" => self.show(words[1]),
            "asked" => self.upstream.asked(),
            "signal" => {
                self.server.as_ref().unwrap().signal(words[1]);
                std::thread::sleep(Duration::from_millis(250));
                Vec::new()
            }
            "wait" => {
                std::thread::sleep(Duration::from_millis(words[1].parse().unwrap()));
                Vec::new()
            }
            "rewrite" => {
                let text = step.splitn(3, ' ').nth(2).unwrap_or("").replace(" / ", "\n");
                self.lab.write(words[1], format!("{text}\n").as_bytes());
                Vec::new()
            }
            "restart" => {
                self.server.take().unwrap().stop();
                self.server = Some(self.lab.start(self.program));
                Vec::new()
            }
            other => panic!("not a step: {other}"),
        }
    }

    fn dns(&mut self, number: u16, words: &[&str]) -> Vec<String> {
        let [name, kind, words @ ..] = words else { panic!("dns NAME TYPE") };
        let query = dns::query(number, name, kind, words);
        let value = |key: &str, usual: &'static str| {
            let said = words.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
            said.unwrap_or(usual).parse().unwrap()
        };
        let port = words.iter().find_map(|word| word.strip_prefix("port=")?.parse().ok()).unwrap_or(53);
        let to = SocketAddr::new(value("to", "192.168.77.1"), port);
        let from = SocketAddr::new(value("from", if to.is_ipv4() { "192.168.77.2" } else { "fd77::2" }), 0);
        let patience = words.iter().find_map(|word| word.strip_prefix("patience=")?.parse().ok()).map_or(PATIENCE, Duration::from_millis);
        let answer = if words.contains(&"tcp") { over_tcp(to, &query) } else { over_udp(from, to, &query, patience) };
        match answer {
            None => vec!["silence".into()],
            Some(answer) if !answer.starts_with(&number.to_be_bytes()) => vec![format!("a foreign answer: {}", bytes::hex(&answer))],
            Some(answer) => dns::show(&answer),
        }
    }

    fn dhcp(&mut self, number: u16, words: &[&str]) -> Vec<String> {
        let value = |key: &str| words.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
        let mac = value("mac").expect("mac=").to_string();
        let offer = self.offers.get(&mac).cloned().unwrap_or_default();
        let xid = 0x0102_0000 + u32::from(number);
        let request = dhcp::request(xid, words, &offer);
        let relay = value("giaddr");
        let unicast = relay.is_some() || matches!(words[0], "release") || words.contains(&"unicast");
        // Of the server, and of whoever asks.
        let ports = value("ports").and_then(|both| both.split_once(','));
        let ports = ports.map(|(server, own)| (server.parse().unwrap(), own.parse().unwrap()));
        let (server, own) = ports.unwrap_or((67, if relay.is_some() { 67 } else { 68 }));
        let here = match relay.or(value("from")) {
            Some(addr) => SocketAddr::new(addr.parse().unwrap(), own),
            None => SocketAddr::from(([0, 0, 0, 0], own)),
        };
        let to = SocketAddr::from((if unicast { [192, 168, 77, 1] } else { [255; 4] }, server));
        let socket = self.dhcp.entry(here).or_insert_with(|| {
            let socket = bind(|| UdpSocket::bind(here));
            socket.set_broadcast(true).unwrap();
            socket
        });
        let quiet = matches!(words[0], "release" | "decline");
        let patience = words.iter().find_map(|word| word.strip_prefix("patience=")?.parse().ok()).map_or(PATIENCE, Duration::from_millis);
        socket.set_read_timeout(Some(if quiet { PATIENCE / 3 } else { patience })).unwrap();
        socket.send_to(&request, to).unwrap();
        let mut buffer = [0; 4096];
        loop {
            match socket.recv_from(&mut buffer) {
                Err(_) => return vec!["silence".into()],
                // Our own broadcast comes back, and late answers to others.
                Ok((len, _)) if len < 240 || buffer[0] != 2 || buffer[4..8] != xid.to_be_bytes() => {}
                Ok((len, from)) => {
                    let (lines, offer) = dhcp::show(&buffer[..len]);
                    self.offers.insert(mac, offer);
                    return [vec![format!("from {from}")], lines].concat();
                }
            }
        }
    }

    /// What was logged since the last time, without process numbers.
    fn log(&mut self) -> Vec<String> {
        std::thread::sleep(Duration::from_millis(100));
        let all = self.lab.log();
        let lines: Vec<String> = all[self.logged..]
            .lines()
            .filter(|line| !ABOUT_ITSELF.iter().any(|about| line.contains(about)))
            .map(|line| match (line.find('['), line.find("]: ")) {
                (Some(from), Some(to)) if from < to => format!("{}{}", &line[..from], &line[to + 1..]),
                _ => line.to_string(),
            })
            .map(|line| match (line.split_once("avg. latency "), line.split_once(" T1  ").or(line.split_once(" T2  "))) {
                (Some((front, latency)), _) => format!("{front}avg. latency ~{} ms", latency.trim_end_matches("ms")),
                // Less by chance in a renewal; the packets themselves are compared.
                (_, Some((front, _))) => format!("{front} T1 or T2"),
                _ => line,
            })
            .collect();
        self.logged = all.len();
        lines
    }

    /// A file that a program of the case wrote; moments and time that is left as
    /// seconds that pass.
    fn show(&self, path: &str) -> Vec<String> {
        std::thread::sleep(Duration::from_millis(600));
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let text = String::from_utf8_lossy(&std::fs::read(self.lab.folder.join(path)).unwrap_or_default()).into_owned();
        let line = |line: &str| match line.split_once('=').map(|(name, value)| (name, value.parse::<u64>())) {
            Some((name, Ok(end))) if name.ends_with("_EXPIRES") && end > 0 => format!("{name} ~{}", end.saturating_sub(now)),
            Some((name, Ok(left))) if name.ends_with("_REMAINING") => format!("{name} ~{left}"),
            _ => line.to_string(),
        };
        text.lines().map(line).collect()
    }

    /// The lease file; the ends of leases as seconds from now. The order of its
    /// lines is not compared: dnsmasq writes the newest first, we append it.
    fn leases(&self) -> Vec<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let text = std::fs::read_to_string(self.lab.folder.join("leases")).unwrap_or_default();
        let line = |line: &str| {
            let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
            match first.parse::<u64>() {
                Ok(end) if end > 0 => format!("ends ~{} {rest}", end.saturating_sub(now)),
                _ => line.to_string(),
            }
        };
        let mut lines: Vec<String> = text.lines().map(line).collect();
        lines.sort_by_key(|line| line.split(' ').rev().take(4).map(str::to_owned).collect::<Vec<_>>());
        lines.push(format!("octets {}{}", text.len(), if text.ends_with('\n') || text.is_empty() { "" } else { " without final newline" }));
        lines
    }
}

fn over_udp(from: SocketAddr, to: SocketAddr, query: &[u8], patience: Duration) -> Option<Vec<u8>> {
    let socket = bind(|| UdpSocket::bind(from));
    socket.connect(to).unwrap();
    socket.set_read_timeout(Some(patience)).unwrap();
    socket.send(query).unwrap();
    let mut buffer = [0; 65536];
    let len = socket.recv(&mut buffer).ok()?;
    Some(buffer[..len].to_vec())
}

fn over_tcp(to: SocketAddr, query: &[u8]) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&to, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE * 2)).unwrap();
    stream.write_all(&[&(query.len() as u16).to_be_bytes()[..], query].concat()).ok()?;
    let mut len = [0; 2];
    stream.read_exact(&mut len).ok()?;
    let mut answer = vec![0; u16::from_be_bytes(len).into()];
    stream.read_exact(&mut answer).ok()?;
    Some(answer)
}

/// `send udp|tcp PORT HEX`: octets as they are, and what comes back.
fn send(words: &[&str]) -> Vec<String> {
    let [protocol, port, hex @ ..] = words else { panic!("send udp|tcp PORT HEX") };
    let to = SocketAddr::from(([192, 168, 77, 1], port.parse().unwrap()));
    let octets = bytes::unhex(&hex.concat());
    let answer = match *protocol {
        "tcp" => over_tcp(to, &octets),
        _ => over_udp(SocketAddr::from(([192, 168, 77, 2], 0)), to, &octets, PATIENCE),
    };
    vec![answer.map_or("silence".into(), |answer| format!("octets {}", bytes::hex(&answer)))]
}
