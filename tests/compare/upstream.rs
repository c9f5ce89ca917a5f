//! The servers above: they answer by the lines of the case, over UDP and TCP,
//! and remember what they were asked.

use crate::bytes::Cursor;
use crate::dns;
use crate::lab::bind;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Running servers; dropping them ends them.
pub struct Upstream {
    asked: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

/// One line of a case.
#[derive(Clone)]
struct Rule {
    server: Option<String>,
    name: String,
    kind: String,
    words: Vec<String>,
}

impl Upstream {
    /// Starts the servers .53 and .54, if the case says anything about them.
    pub fn new(lines: &[Vec<String>]) -> Self {
        let rules: Vec<Rule> = lines.iter().map(|line| rule(line)).collect();
        let mut upstream = Upstream { asked: Arc::default(), stop: Arc::default(), threads: Vec::new() };
        for server in ["53", "54"] {
            if rules.is_empty() || (server == "54" && rules.iter().all(|rule| rule.server.as_deref() != Some(server))) {
                continue;
            }
            upstream.serve(server, &rules);
        }
        upstream
    }

    fn serve(&mut self, server: &'static str, rules: &[Rule]) {
        let address = format!("192.168.77.{server}:53");
        let udp = bind(|| UdpSocket::bind(&address));
        udp.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let tcp = bind(|| TcpListener::bind(&address));
        tcp.set_nonblocking(true).unwrap();
        let rules: Vec<Rule> = rules.iter().filter(|r| r.server.as_deref().is_none_or(|s| s == server)).cloned().collect();
        let (asked, stop) = (self.asked.clone(), self.stop.clone());
        let tell = move |how: &str, bytes: &[u8]| {
            // Each line by itself, but for the length: it follows from the rest.
            let said = dns::show(bytes).into_iter().filter(|line| !line.starts_with("octets "));
            asked.lock().unwrap().extend(said.map(|line| format!("asked {how} .{server} {line}")));
        };
        self.threads.push(std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while !stop.load(Ordering::Relaxed) {
                if let Ok((len, from)) = udp.recv_from(&mut buffer) {
                    // The port of cases with a fixed one; others are random.
                    tell(if from.port() == 5999 { "udp from port 5999" } else { "udp" }, &buffer[..len]);
                    if let Some(answer) = answer(&rules, &buffer[..len], false) {
                        udp.send_to(&answer, from).unwrap();
                    }
                }
                match tcp.accept() {
                    // Whoever keeps a connection holds nobody up.
                    Ok((stream, _)) => {
                        let (rules, tell) = (rules.clone(), tell.clone());
                        std::thread::spawn(move || over_tcp(stream, &rules, &tell));
                    }
                    Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
                }
            }
        }));
    }

    /// What was asked since the last time; what is asked of several servers
    /// at once comes in the order of their addresses.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn over_tcp(mut stream: std::net::TcpStream, rules: &[Rule], tell: &impl Fn(&str, &[u8])) {
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let mut len = [0; 2];
    while stream.read_exact(&mut len).is_ok() {
        let mut query = vec![0; u16::from_be_bytes(len).into()];
        if stream.read_exact(&mut query).is_err() {
            return;
        }
        tell("tcp", &query);
        let Some(answer) = answer(rules, &query, true) else { return };
        let framed = [&(answer.len() as u16).to_be_bytes()[..], &answer].concat();
        if stream.write_all(&framed).is_err() {
            return;
        }
    }
}

fn rule(line: &[String]) -> Rule {
    let equals = line.iter().position(|word| word == "=").unwrap_or_else(|| panic!("no = in {line:?}"));
    let (head, tail) = (&line[..equals], &line[equals + 1..]);
    let server = head[0].strip_prefix('@').map(String::from);
    let [name, kind] = &head[usize::from(server.is_some())..] else { panic!("name and type in {line:?}") };
    Rule { server, name: name.clone(), kind: kind.clone(), words: tail.to_vec() }
}

/// The answer to a query; none for silence.
fn answer(rules: &[Rule], query: &[u8], tcp: bool) -> Option<Vec<u8>> {
    if query.len() < 17 {
        return None;
    }
    let mut cursor = Cursor { all: query, at: 12 };
    let asked = dns::read_name(&mut cursor);
    let kind = dns::type_name(cursor.u16());
    cursor.u16();
    let question = &query[12..cursor.at];
    let fits = |r: &&Rule| (r.name == "*" || r.name.eq_ignore_ascii_case(&asked)) && (r.kind == "ANYTYPE" || r.kind == kind);
    let Some(rule) = rules.iter().find(fits) else {
        // Nobody said anything about it: refused, so that it shows.
        return Some([&query[..2], &[0x81, 0x85, 0, 1, 0, 0, 0, 0, 0, 0], question].concat());
    };
    let words: Vec<&str> = rule.words.iter().map(String::as_str).collect();
    let mut records = words.split(|word| *word == "|");
    let mut first: &[&str] = records.next().unwrap_or(&[]);
    let (mut flags, mut with_edns) = (0x8080 | u16::from_be_bytes([query[2], query[3]]) & 0x0110, true);
    loop {
        match first.first().copied() {
            Some("drop") => return None,
            Some("nxdomain") => flags |= 3,
            Some("servfail") => flags |= 2,
            Some("refused") => flags |= 5,
            Some("aa") => flags |= 0x400,
            Some("ad") => flags |= 0x20,
            Some("tc") if tcp => {}
            Some("tc") => flags |= 0x200,
            Some("noedns") => with_edns = false,
            _ => break,
        }
        first = &first[1..];
    }
    let edns = with_edns && query[11] == 1;
    let (mut sections, mut counts) = ([Vec::new(), Vec::new(), Vec::new()], [0u16; 3]);
    let cut = flags & 0x200 != 0;
    for words in std::iter::once(first).chain(records).filter(|words| !words.is_empty() && !cut) {
        let (section, words) = match words[0] {
            "authority" => (1, &words[1..]),
            "additional" => (2, &words[1..]),
            _ => (0, words),
        };
        sections[section].extend(dns::record(words));
        counts[section] += 1;
    }
    if edns {
        let wants = query.get(cursor.at + 7).copied().unwrap_or(0);
        sections[2].extend([0, 0, 41, 4, 208, 0, 0, wants & 0x80, 0, 0, 0]);
        counts[2] += 1;
    }
    let head = [flags, 1, counts[0], counts[1], counts[2]].iter().flat_map(|n| n.to_be_bytes()).collect::<Vec<u8>>();
    Some([&query[..2], &head, question, &sections.concat()].concat())
}
