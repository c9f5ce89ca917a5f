//! Plays a scenario: sets the machine up from its first steps, then does or
//! checks one step after the other. A failure says what was expected and what
//! came; anything that left the machine and no step asked for is a failure too.

use crate::lab::boot::{self, Plan};
use crate::lab::dns::Message;
use crate::lab::{Lab, Out, Logged};
use crate::script::{self, Step, endpoint, hardware, unquote};
use crate::steps_dhcp::DhcpClient;
use crate::steps_dns::Query;
use crate::steps_tftp::TftpClient;
use ironmasq::base::net::HwAddr;
use std::collections::BTreeMap;
use ironmasq::outbox::Hears;
use std::net::IpAddr;

pub type Outcome<T = ()> = Result<T, String>;

/// The state of a scenario.
#[derive(Default)]
pub struct Player {
    pub plan: Plan,
    lab: Option<Lab>,
    /// `$name` and what it stands for.
    names: BTreeMap<String, String>,
    /// Questions of clients by their name, and the last one as "".
    pub queries: BTreeMap<String, Query>,
    /// Questions that upstream servers got: server, question, how.
    pub asked: Vec<crate::steps_dns::Asked>,
    pub dhcp: DhcpClient,
    pub tftp: TftpClient,
    /// TCP connections of clients and upstream servers by name.
    pub streams: BTreeMap<String, u8>,
    /// Octets received on streams.
    pub received: BTreeMap<u8, Vec<u8>>,
    /// Serial number for identifiers and ports nobody chose.
    pub serial: u16,
    /// Log lines looked at.
    logged: usize,
}

/// Plays a whole file; the error carries the line number.
pub fn play(text: &str) -> Outcome {
    let mut player = Player::default();
    for step in script::parse(text) {
        let step = player.with_names(step);
        player.step(&step).and_then(|()| player.sound()).map_err(|why| {
            let log = player.lab.as_ref().map_or(String::new(), |lab| recent(&lab.log));
            format!("line {}: {} {}\n{why}{log}", step.line, step.verb, step.rest)
        })?;
    }
    player.nothing_left().map_err(|why| format!("at the end: {why}"))
}

/// The last log lines, for whoever has to find out.
fn recent(log: &[Logged]) -> String {
    let from = log.len().saturating_sub(12);
    let lines: String = log[from..].iter().map(|line| format!("\n    {}", line.line())).collect();
    if lines.is_empty() { lines } else { format!("\n  the log ended with:{lines}") }
}

impl Player {
    /// The running machine.
    pub fn lab(&mut self) -> Outcome<&mut Lab> {
        self.lab.as_mut().ok_or_else(|| "the machine was not started (`start`)".into())
    }

    fn with_names(&self, mut step: Step) -> Step {
        // The longest names first, so that `$ab` is not taken for `$a`.
        for (name, value) in self.names.iter().rev() {
            let mark = format!("${name}");
            step.rest = step.rest.replace(&mark, value);
            step.block.iter_mut().for_each(|line| *line = line.replace(&mark, value));
        }
        step
    }

    /// True if `pattern` is `value`, or a new name for it.
    pub fn matches(&mut self, pattern: &str, value: &str) -> bool {
        match pattern.strip_prefix('$') {
            Some(name) => {
                self.names.insert(name.into(), value.into());
                true
            }
            None => pattern == value,
        }
    }

    pub fn next_serial(&mut self) -> u16 {
        self.serial += 1;
        self.serial
    }

    fn step(&mut self, step: &Step) -> Outcome {
        match step.verb.as_str() {
            "config" => self.plan.config.push_str(&step.block_text()),
            "file" => self.file(step)?,
            "interface" => self.interface(step)?,
            "seed" => self.plan.seed = step.rest.parse().map_err(|_| "bad seed")?,
            "start" => self.start()?,
            "refused" => self.refused(step)?,
            "kill" => self.kill()?,
            "reload" if step.rest == "slowly" => boot::begin_reload(self.lab()?),
            "reload" => boot::reload(self.lab()?),
            "slices" => {
                let units = if step.rest.is_empty() { usize::MAX } else { step.rest.parse().map_err(|_| "bad number")? };
                boot::go_on(self.lab()?, units);
            }
            "statistics" => boot::statistics(self.lab()?),
            "written" | "removed" => self.file_changed(step)?,
            "poll-files" => boot::poll_files(self.lab()?),
            "after" => {
                let ms = script::duration(&step.rest)?;
                self.lab()?.pass(ms);
            }
            "clock" => {
                let secs = step.rest.parse().map_err(|_| "seconds to jump")?;
                self.lab()?.jump(secs);
            }
            "disk" => self.lab()?.files.broken = step.rest == "fails",
            "helper" => self.lab()?.helper_is_busy = step.rest == "busy",
            "script" => self.expect_script(step)?,
            "filled" => self.expect_fill(step)?,
            "subscribed" => {
                let all = |word| step.rest.split(' ').any(|wanted| wanted == word);
                self.lab()?.core.outbox.hears = Hears { leases: all("leases"), answers: all("answers") };
            }
            "notified" => match self.lab()?.out.pop_front() {
                Some(Out::Bus(came)) if came == step.rest => {}
                other => return Err(differs(&step.rest, &other.map_or("nothing".into(), |other| describe(&other)))),
            },
            "unreachable" => {
                let addr = step.rest.parse().map_err(|_| "an address")?;
                self.lab()?.unreachable.insert(addr, 101);
            }
            "neighbour" => {
                let mut words = step.words();
                let addr: IpAddr = words.next("address")?.parse().map_err(|_| "bad address")?;
                let hw = hardware(words.next("hardware address")?)?;
                self.lab()?.know_neighbour(addr, HwAddr::new(1, &hw));
            }
            "mark" => {
                let mark = step.rest.trim().parse().map_err(|_| "bad mark")?;
                self.lab()?.core.world.mark = mark;
            }
            "log" => self.expect_log(&step.text())?,
            "logs" => self.expect_logs(&step.block)?,
            "unlogged" => self.expect_no_log(&step.text())?,
            "holds" => self.expect_file(step)?,
            "nothing" => self.nothing_left()?,
            verb => return self.network_step(verb, step),
        }
        Ok(())
    }

    fn network_step(&mut self, verb: &str, step: &Step) -> Outcome {
        match verb {
            "ask" | "asked" | "lost" | "reply" | "answer" | "send" | "tcp" | "connect" => self.dns_step(verb, step),
            "discover" | "request" | "decline" | "release" | "inform" | "leasequery" | "bootp" | "offer" | "ack" | "nak" | "bootreply"
            | "probed" | "alive" => self.dhcp_step(verb, step),
            "relayed" | "server-says" | "delivered" | "told" => self.relay_step(verb, step),
            "get" | "put" | "oack" | "data" | "acked" | "error" | "error-to" | "complain" => self.tftp_step(verb, step),
            _ => Err(format!("no such step: {verb}")),
        }
    }

    // ---- the machine ------------------------------------------------------

    fn file(&mut self, step: &Step) -> Outcome {
        let mut words = step.words();
        let path = words.next("path")?.to_owned();
        let size: Option<usize> = words.value("size")?;
        let (private, foreign, denied, directory) =
            (words.flag("private"), words.flag("foreign"), words.flag("denied"), words.flag("directory"));
        let gone = words.flag("gone");
        words.end()?;
        let content = size.map_or(step.block_text().into_bytes(), pattern);
        let mtime = self.lab.as_ref().map_or(crate::lab::EPOCH - 1000, |lab| lab.now.wall.0);
        let files = self.lab.as_mut().map_or(&mut self.plan.files, |lab| &mut lab.files);
        if gone {
            files.all.remove(&path);
            return Ok(());
        }
        files.put(&path, content, mtime);
        let file = files.all.get_mut(&path).ok_or("no file")?;
        (file.private, file.foreign, file.denied, file.directory) = (private, foreign, denied, directory);
        Ok(())
    }

    /// A file in a directory that is watched is written or removed.
    fn file_changed(&mut self, step: &Step) -> Outcome {
        let path = step.rest.trim().to_owned();
        let removed = step.verb == "removed";
        let lab = self.lab()?;
        match removed {
            true => drop(lab.files.all.remove(&path)),
            false => lab.files.put(&path, step.block_text(), lab.now.wall.0),
        }
        boot::file_changed(lab, &path, removed)
    }

    fn interface(&mut self, step: &Step) -> Outcome {
        let mut words = step.words();
        let name = words.next("name")?.to_owned();
        let mtu = words.value("mtu")?.unwrap_or(1500);
        let index = self.plan.interfaces.len() as u32 + 1;
        let hw = words.named("mac").map_or(Ok(vec![2, 0, 0, 0, 1, index as u8]), hardware)?;
        let down = words.flag("down");
        let mut addresses = Vec::new();
        while let Some(text) = words.maybe() {
            let (addr, prefix) = text.split_once('/').ok_or("ADDRESS/LENGTH")?;
            addresses.push((addr.parse().map_err(|_| "bad address")?, prefix.parse().map_err(|_| "bad length")?));
        }
        let interface = boot::interface(index, &name, &hw, mtu, !down, &addresses);
        match &mut self.lab {
            None => self.plan.interfaces.push(interface),
            Some(lab) => boot::replace_interface(lab, interface),
        }
        Ok(())
    }

    fn start(&mut self) -> Outcome {
        if self.plan.interfaces.is_empty() {
            let address = "192.168.1.1".parse().unwrap();
            self.plan.interfaces.push(boot::interface(1, "br-lan", &[2, 0, 0, 0, 1, 1], 1500, true, &[(address, 24)]));
        }
        self.lab = Some(boot::start(&self.plan).map_err(|why| format!("the start was refused: {why}"))?);
        self.logged = 0;
        Ok(())
    }

    fn refused(&mut self, step: &Step) -> Outcome {
        match boot::start(&self.plan) {
            Ok(_) => Err("it started".into()),
            Err(why) if why == step.text() => Ok(()),
            Err(why) => Err(differs(&step.text(), &why)),
        }
    }

    /// The process dies; what is on disk stays, and `start` begins again.
    fn kill(&mut self) -> Outcome {
        let lab = self.lab.take().ok_or("the machine was not started")?;
        self.plan.files = lab.files.clone();
        self.plan.interfaces = lab.interfaces.clone();
        self.plan.now = lab.now;
        (self.queries, self.asked, self.streams, self.received) = Default::default();
        Ok(())
    }

    // ---- what must hold at all times --------------------------------------

    fn sound(&mut self) -> Outcome {
        let Some(lab) = &mut self.lab else { return Ok(()) };
        lab.settle();
        match lab.faults.first() {
            Some(fault) => Err(format!("  fault: {fault}")),
            None => Ok(()),
        }
    }

    fn nothing_left(&mut self) -> Outcome {
        let Some(lab) = &self.lab else { return Ok(()) };
        if let Some((args, variables)) = lab.scripts.front() {
            return Err(format!("  nobody asked for the call: {args}\n    {}", variables.join("\n    ")));
        }
        if let Some((slot, bytes)) = self.received.iter().find(|(_, bytes)| !bytes.is_empty()) {
            return Err(format!("  nobody asked for {} octets on stream {slot}", bytes.len()));
        }
        let mut left = lab.out.iter().filter(|out| !matches!(out, Out::Closed { .. } | Out::Neighbour { .. }));
        match left.next() {
            Some(out) => Err(format!("  nobody asked for: {}", describe(out))),
            None => Ok(()),
        }
    }

    // ---- log and files ----------------------------------------------------

    /// The line must come after those already looked at; lines between are
    /// passed over.
    fn expect_log(&mut self, text: &str) -> Outcome {
        let from = self.logged;
        let log = &self.lab()?.log;
        let found = log[from..].iter().position(|line| said(line, text));
        match found {
            Some(at) => self.logged = from + at + 1,
            None => return Err(differs(text, &shown(&log[from..]))),
        }
        Ok(())
    }

    /// Exactly these lines since the last one looked at.
    fn expect_logs(&mut self, block: &[String]) -> Outcome {
        let from = self.logged;
        let log = &self.lab()?.log[from..];
        let same = log.len() == block.len() && log.iter().zip(block).all(|(line, text)| said(line, &unquote(text)));
        if !same {
            return Err(differs(&block.join("\n"), &shown(log)));
        }
        self.logged += block.len();
        Ok(())
    }

    fn expect_no_log(&mut self, text: &str) -> Outcome {
        let from = self.logged;
        match self.lab()?.log[from..].iter().find(|line| line.text.contains(text)) {
            Some(line) => Err(format!("  it was logged: {}", line.line())),
            None => Ok(()),
        }
    }

    fn expect_file(&mut self, step: &Step) -> Outcome {
        let mut words = step.words();
        let path = words.next("path")?.to_owned();
        let any_order = words.flag("any-order");
        words.end()?;
        let found = String::from_utf8_lossy(&self.lab()?.files.content(&path)).into_owned();
        let wanted = step.block_text();
        let sorted = |text: &str| {
            let mut lines: Vec<String> = text.lines().map(|line| format!("{line}\n")).collect();
            lines.sort();
            lines.concat()
        };
        let (found, wanted) = if any_order { (sorted(&found), sorted(&wanted)) } else { (found, wanted) };
        if found == wanted { Ok(()) } else { Err(differs(&wanted, &found)) }
    }

    /// The next thing that happens: these addresses go into these sets.
    fn expect_fill(&mut self, step: &Step) -> Outcome {
        let came = match self.lab()?.out.pop_front() {
            Some(Out::Fill { addresses, sets }) => {
                let all = addresses.iter().map(|addr| addr.to_string()).chain(["into".into()]).chain(sets);
                all.collect::<Vec<_>>().join(" ")
            }
            Some(other) => describe(&other),
            None => "nothing".into(),
        };
        if came == step.rest { Ok(()) } else { Err(differs(&step.rest, &came)) }
    }

    /// The program is called with these arguments, and exactly these variables
    /// in any order; a line `...` lets it have others.
    fn expect_script(&mut self, step: &Step) -> Outcome {
        let Some((args, mut variables)) = self.lab()?.scripts.pop_front() else {
            return Err("  the program was not called".into());
        };
        variables.sort();
        let mut wanted: Vec<String> = step.block.iter().map(|line| line.trim().to_owned()).collect();
        wanted.sort();
        if let Some(at) = wanted.iter().position(|line| line == "...") {
            wanted.remove(at);
            let gone = |line: &&String| line.strip_prefix("not ").is_none_or(|name| variables.iter().any(|has| has.starts_with(name)));
            wanted = wanted.iter().filter(gone).cloned().collect();
            variables.retain(|has| wanted.contains(has));
        }
        match args == step.rest && variables == wanted {
            true => Ok(()),
            false => Err(differs(
                &format!("{}\n{}", step.rest, wanted.join("\n")),
                &format!("{args}\n{}", variables.join("\n")),
            )),
        }
    }

    /// The default client: number 50 of the first interface's subnet.
    pub fn default_client(&mut self, serial: u16) -> Outcome<std::net::SocketAddr> {
        let first = self.lab()?.interfaces.first().ok_or("no interface")?;
        let (own, _) = first.ipv4().next().ok_or("the first interface has no IPv4 address")?;
        let [a, b, c, _] = own.octets();
        endpoint(&format!("{a}.{b}.{c}.50#{}", 40_000 + serial), 0)
    }

    /// The message that a client's stream received next, whole.
    pub fn take_framed(&mut self, slot: u8) -> Option<Vec<u8>> {
        let received = self.received.get_mut(&slot)?;
        let len = usize::from(u16::from_be_bytes([*received.first()?, *received.get(1)?]));
        let message = received.get(2..2 + len)?.to_vec();
        received.drain(..2 + len);
        Some(message)
    }
}

/// Octets that repeat only after 251, so that a block out of place shows.
pub fn pattern(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at % 251) as u8).collect()
}

fn said(line: &Logged, text: &str) -> bool {
    if text.starts_with("dnsmasq") { line.line() == text } else { line.text == text }
}

fn shown(log: &[Logged]) -> String {
    log.iter().map(|line| format!("{}|", line.line())).collect::<Vec<_>>().join("\n")
}

/// Both sides, one under the other.
pub fn differs(wanted: &str, came: &str) -> String {
    let indent = |text: &str| text.lines().map(|line| format!("    {line}\n")).collect::<String>();
    format!("  expected:\n{}  came:\n{}", indent(wanted), indent(if came.is_empty() { "(nothing)" } else { came }))
}

/// What left the machine, in words.
pub fn describe(out: &Out) -> String {
    match out {
        Out::Datagram { route, bytes, .. } => {
            let content = match Message::decode(bytes) {
                Ok(message) => crate::steps_dns::message_text(&message),
                Err(_) => match crate::lab::dhcp::Packet::decode(bytes) {
                    Ok(packet) => crate::steps_dhcp::packet_text(&packet),
                    Err(_) => format!("{} octets {}", bytes.len(), crate::lab::dns::hex_text(&bytes[..bytes.len().min(64)])),
                },
            };
            format!("{:?} to {}: {content}", route.door, route.to)
        }
        Out::Bus(text) => text.clone(),
        other => format!("{other:?}"),
    }
}
