//! A case: what is configured, what files there are, what upstream answers,
//! what clients do, and which differences are wanted. One line each:
//!
//! ```text
//! about TEXT                       what the case shows
//! config LINE                      a line of the configuration
//! without LINE                     takes one of the usual lines out (see USUAL)
//! file PATH TEXT                   adds a line to a file in the case's folder
//! bytes PATH LEN                   a file of so many octets
//! mark IP N                        nftables gives connections of this client this mark
//! mode PATH OCTAL | link PATH TO | folder PATH
//! upstream [@54] NAME TYPE = [WORD…] [RECORD] [| RECORD]…
//!                                  RECORD: [authority|additional] NAME TTL TYPE DATA
//!                                  WORD: nxdomain servfail refused drop tc aa ad noedns
//! allow TEXT because REASON        differing lines that hold TEXT are wanted; what holds
//!                                  for all cases stands in always.allow
//! dns NAME TYPE [WORD…]            tcp norec cd ad do edns=N class=CH opcode=N from=IP to=IP
//!                                  port=N patience=MS
//! dhcp KIND mac=MAC [WORD…]        see dhcp.rs
//! server ADDRESS | relayed ADDRESS | reply ADDRESS …   see relay.rs
//! tftp get|put NAME [MODE] [OPTION=VALUE…]
//! send udp|tcp PORT HEX            octets as they are
//! log | leases | asked             compares the log, the lease file, what upstream was asked
//! show PATH                        compares a file in the case's folder, for example what a script wrote
//! sweep dhcp|dns|tftp SEED COUNT   steps by chance, see sweep.rs
//! signal NAME | wait MS | rewrite PATH TEXT | restart
//! ```
//!
//! `DIR` is the case's folder; the server is 192.168.77.1 and fd77::1, the
//! client .2 and fd77::2, upstream servers .53 and .54, a relay 10.88.0.1.

/// Lines of the configuration that every case has.
const USUAL: [&str; 5] = ["no-hosts", "no-resolv", "no-ping", "pid-file=DIR/pid", "dhcp-leasefile=DIR/leases"];

/// A case, read.
#[derive(Default)]
pub struct Case {
    pub about: String,
    pub config: Vec<String>,
    pub make: Vec<Make>,
    pub upstream: Vec<Vec<String>>,
    pub marks: Vec<(String, String)>,
    pub steps: Vec<String>,
    pub allowed: Vec<(String, String)>,
}

/// Something to be there before the server starts.
pub enum Make {
    Line(String, String),
    Bytes(String, usize),
    Mode(String, u32),
    Link(String, String),
    Folder(String),
}

impl Case {
    pub fn parse(text: &str) -> Result<Case, String> {
        let mut case = Case { config: USUAL.map(String::from).to_vec(), ..Case::default() };
        for (number, line) in text.lines().chain(include_str!("always.allow").lines()).enumerate() {
            let line = line.trim_end();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            case.line(line).ok_or(format!("line {}: {line}", number + 1))?;
        }
        (!case.about.is_empty() && !case.steps.is_empty()).then_some(case).ok_or("no about or no steps".into())
    }

    fn line(&mut self, line: &str) -> Option<()> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let pair = || rest.split_once(' ').map(|(a, b)| (a.to_string(), b.to_string()));
        match word {
            "about" => self.about = rest.into(),
            "config" => self.config.push(rest.into()),
            "without" => {
                let at = self.config.iter().position(|line| line == rest)?;
                self.config.remove(at);
            }
            "file" => {
                let (path, text) = pair().unwrap_or((rest.into(), String::new()));
                self.make.push(Make::Line(path, text));
            }
            "bytes" => self.make.push(pair().and_then(|(path, len)| Some(Make::Bytes(path, len.parse().ok()?)))?),
            "mode" => {
                self.make.push(pair().and_then(|(path, mode)| Some(Make::Mode(path, u32::from_str_radix(&mode, 8).ok()?)))?)
            }
            "mark" => self.marks.push(pair()?),
            "link" => self.make.push(pair().map(|(path, to)| Make::Link(path, to))?),
            "folder" => self.make.push(Make::Folder(rest.into())),
            "upstream" => self.upstream.push(rest.split_whitespace().map(String::from).collect()),
            "allow" => {
                let (text, reason) = rest.split_once(" because ")?;
                self.allowed.push((text.into(), reason.into()));
            }
            "dns" | "dhcp" | "server" | "relayed" | "reply" | "tftp" | "send" | "log" | "leases" | "asked" | "signal" | "wait" | "rewrite" | "restart"
            | "show" | "sweep" => {
                self.steps.push(line.into())
            }
            _ => return None,
        }
        Some(())
    }
}
