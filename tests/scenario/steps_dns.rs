//! Steps about DNS: what clients ask, what upstream servers are asked, what
//! they say, what clients are told.

use crate::lab::Out;
use crate::lab::dns::{self, FLAGS, Message, OPCODE, Opt, RA, RD, Record};
use crate::player::{Outcome, Player, differs};
use crate::script::{Step, Words, endpoint};
use ironmasq::outbox::action::{Arrival, Door, Route};
use std::net::{IpAddr, SocketAddr};

/// A question of a client.
#[derive(Clone)]
pub struct Query {
    pub message: Message,
    pub client: SocketAddr,
    pub to: IpAddr,
    /// The client's stream when it asked by TCP.
    pub stream: Option<u8>,
}

/// A question that an upstream server got.
pub struct Asked {
    pub server: SocketAddr,
    pub message: Message,
    pub way: Way,
}

/// How the question came.
#[derive(Clone, Copy)]
pub enum Way {
    Datagram(Route),
    Stream(u8),
}

impl Player {
    pub fn dns_step(&mut self, verb: &str, step: &Step) -> Outcome {
        match verb {
            "ask" => self.ask(step),
            "asked" => self.was_asked(step),
            "reply" => self.reply(step),
            "answer" => self.answered(step),
            "send" => self.send_raw(step),
            "connect" => self.connect(step),
            "lost" => self.lost(step),
            _ => self.tcp(step),
        }
    }

    /// Where a client's packet goes: the address asked, the interface.
    fn target(&mut self, words: &mut Words, from: SocketAddr) -> Outcome<(IpAddr, u32)> {
        let via = words.named("via");
        let to = words.value::<IpAddr>("to")?;
        let interfaces = &self.lab()?.interfaces;
        let near = |i: &&ironmasq::store::interfaces::Interface| match from.ip() {
            IpAddr::V4(v4) => i.ipv4_near(v4).is_some(),
            IpAddr::V6(_) => i.addresses.iter().any(|a| a.addr.is_ipv6()),
        };
        let interface = match via {
            Some(name) => interfaces.iter().find(|i| &*i.name == name).ok_or("no such interface")?,
            None => interfaces.iter().find(near).or(interfaces.first()).ok_or("no interface")?,
        };
        let own = interface.addresses.iter().find(|a| a.addr.is_ipv4() == from.is_ipv4());
        let to = to.or(own.map(|a| a.addr)).ok_or("the interface has no address of that family")?;
        Ok((to, interface.index))
    }

    fn ask(&mut self, step: &Step) -> Outcome {
        let mut words = step.words();
        let (name, kind) = (words.next("name")?.to_owned(), dns::kind(words.next("type")?)?);
        let serial = self.next_serial();
        let mut message = Message::query(words.value("id")?.unwrap_or(1000 + serial), &name, kind);
        message.flags = query_flags(&mut words);
        if let Some(class) = words.named("class") {
            message.questions[0].2 = dns::class(class)?;
        }
        message.flags |= words.value::<u16>("opcode")?.unwrap_or(0) << 11;
        message.opt = query_opt(&mut words)?;
        let label = words.named("as").unwrap_or("").to_owned();
        let stream = words.named("tcp").map(|name| self.stream(name)).transpose()?;
        let cut: Option<usize> = words.value("cut")?;
        let client = words.named("from").map(|text| endpoint(text, 40_000 + serial)).transpose()?;
        let client = match client {
            Some(client) => client,
            None => self.default_client(serial)?,
        };
        let (to, iface) = self.target(&mut words, client)?;
        words.end()?;
        for line in &step.block {
            self.extra_record(&mut message, line)?;
        }
        let bytes = message.encode()?;
        match stream {
            None => self.lab()?.arrive(Arrival { door: Door::Dns(0), from: client, to, iface }, &bytes),
            Some(slot) => {
                let mut framed = (bytes.len() as u16).to_be_bytes().to_vec();
                framed.extend(bytes);
                framed.truncate(cut.unwrap_or(framed.len()));
                self.lab()?.stream_send(slot, &framed);
            }
        }
        let query = Query { message, client, to, stream };
        self.queries.insert(label, query.clone());
        self.queries.insert(String::new(), query);
        Ok(())
    }

    /// `answer: RECORD` in a question, and `option CODE HEX`.
    fn extra_record(&mut self, message: &mut Message, line: &str) -> Outcome {
        if let Some(rest) = line.strip_prefix("option ") {
            let (code, data) = rest.split_once(' ').ok_or("option CODE HEX")?;
            let option = (code.parse().map_err(|_| "bad option code")?, dns::hex(data)?);
            message.opt.get_or_insert_default().options.push(option);
            return Ok(());
        }
        add_record(message, line)
    }

    /// The question goes to this server; other datagrams wait.
    fn was_asked(&mut self, step: &Step) -> Outcome {
        let mut words = step.words();
        let server = endpoint(words.next("server")?, 53)?;
        let (name, kind) = (words.next("name")?.to_owned(), dns::kind(words.next("type")?)?);
        let stream = words.named("tcp").map(|name| self.stream(name)).transpose()?;
        let flags = query_flags(&mut words);
        let without = words.flag("noedns");
        let opt = query_opt(&mut words)?.or((!without).then(|| Opt { size: 1232, ..Opt::default() }));
        let port: Option<String> = words.named("port").map(str::to_owned);
        let mark: Option<u32> = words.value("mark")?;
        words.end()?;
        let (bytes, way) = match stream {
            Some(slot) => {
                self.collect_streams()?;
                let bytes = self.take_framed(slot).ok_or("  no question came on that connection")?;
                (bytes, Way::Stream(slot))
            }
            None => {
                let (route, bytes, from_port, came_mark) = self.take_upstream(server)?;
                if mark.is_some_and(|mark| mark != came_mark) {
                    return Err(format!("  it carries mark {came_mark}"));
                }
                if port.is_some_and(|port| !self.matches(&port, &from_port.to_string())) {
                    return Err(format!("  it came from port {from_port}"));
                }
                (bytes, Way::Datagram(route))
            }
        };
        let message = Message::decode(&bytes).map_err(|why| format!("  a broken question: {why}"))?;
        let question = (name, kind, message.questions.first().map_or(1, |question| question.2));
        let mut wanted = Message { id: message.id, flags, questions: vec![question], opt, ..Message::default() };
        for line in &step.block {
            self.extra_record(&mut wanted, line)?;
        }
        if wanted != message {
            return Err(differs(&message_text(&wanted), &message_text(&message)));
        }
        self.asked.push(Asked { server, message, way });
        Ok(())
    }

    /// `lost SERVER`: everything on its way there gets lost.
    fn lost(&mut self, step: &Step) -> Outcome {
        let server = endpoint(step.rest.trim(), 53)?;
        let out = &mut self.lab()?.out;
        let before = out.len();
        out.retain(|out| !matches!(out, Out::Datagram { route, .. } if route.to == server));
        if out.len() < before { Ok(()) } else { Err("  nothing was on its way there".into()) }
    }

    fn take_upstream(&mut self, server: SocketAddr) -> Outcome<(Route, Vec<u8>, u16, u32)> {
        let out = &mut self.lab()?.out;
        let at = out.iter().position(
            |out| matches!(out, Out::Datagram { route, .. } if matches!(route.door, Door::Upstream { .. }) && route.to == server),
        );
        match at.and_then(|at| out.remove(at)) {
            Some(Out::Datagram { route, bytes, port, mark, .. }) => Ok((route, bytes, port, mark)),
            _ => Err(format!("  nothing was sent to {server}; waiting are:\n{}", waiting(&*out))),
        }
    }

    /// The server answers the last question it got, truthfully or not.
    fn reply(&mut self, step: &Step) -> Outcome {
        let mut words = step.words();
        let server = endpoint(words.next("server")?, 53)?;
        let asked = self.asked.iter().rev().find(|asked| asked.server == server).ok_or("  that server was not asked")?;
        let (question, way) = (asked.message.clone(), asked.way);
        let code = words.next("code")?;
        let mut message = question.answered(dns::rcode(code).ok_or_else(|| format!("no rcode {code}"))?);
        message.flags = reply_flags(&mut words, message.flags);
        message.id ^= u16::from(words.flag("wrong-id"));
        let lies: Option<SocketAddr> = words.named("source").map(|text| endpoint(text, 53)).transpose()?;
        if let Some(name) = words.named("question") {
            message.questions[0].0 = name.into();
        }
        if let Some(kind) = words.named("question-type") {
            message.questions[0].1 = dns::kind(kind)?;
        }
        if words.flag("no-question") {
            message.questions.clear();
        }
        if words.flag("not-a-reply") {
            message.flags &= !dns::QR;
        }
        if words.flag("noedns") {
            message.opt = None;
        }
        let slot_off: u16 = words.value("slot-off")?.unwrap_or(0);
        words.end()?;
        for line in &step.block {
            self.extra_record(&mut message, line)?;
        }
        let bytes = message.encode()?;
        match way {
            Way::Datagram(route) => {
                let door = match route.door {
                    Door::Upstream { slot, v6 } => Door::Upstream { slot: slot + slot_off, v6 },
                    door => door,
                };
                let from = lies.unwrap_or(server);
                let to = route.source.unwrap_or(IpAddr::from([0, 0, 0, 0]));
                self.lab()?.arrive(Arrival { door, from, to, iface: 0 }, &bytes);
            }
            Way::Stream(slot) => {
                let mut framed = (bytes.len() as u16).to_be_bytes().to_vec();
                framed.extend(bytes);
                self.lab()?.stream_send(slot, &framed);
            }
        }
        Ok(())
    }

    /// The client gets exactly this.
    fn answered(&mut self, step: &Step) -> Outcome {
        let mut words = step.words();
        let code = words.next("code")?;
        let code = dns::rcode(code).ok_or_else(|| format!("no rcode {code}"))?;
        let label = words.named("to").unwrap_or("").to_owned();
        let query = self.queries.get(&label).cloned().ok_or("  no such question was asked")?;
        let mut wanted = query.message.answered(code);
        let kept = query.message.flags & (RD | OPCODE);
        wanted.flags = reply_flags(&mut words, (wanted.flags & !(RD | RA)) | kept | RA);
        let size: Option<u16> = words.value("edns")?;
        let ede: Option<u16> = words.value("ede")?;
        let any_order = words.flag("any-order");
        words.end()?;
        for line in &step.block {
            add_record(&mut wanted, line)?;
        }
        let bytes = self.take_answer(&query)?;
        let mut message = Message::decode(&bytes).map_err(|why| format!("  a broken answer: {why}"))?;
        // EDNS: present exactly if asked with it; the size and the reason are
        // compared when the step names them.
        if let (Some(wanted), Some(came)) = (&mut wanted.opt, &message.opt) {
            wanted.size = size.unwrap_or(came.size);
            wanted.dnssec_ok = came.dnssec_ok;
            wanted.options.clone_from(&came.options);
            if came.ede() != ede {
                return Err(format!("  expected EDE {ede:?}, came {:?}", came.ede()));
            }
        } else if ede.is_some() {
            return Err("  the answer carries no EDNS data, hence no reason".into());
        }
        if any_order {
            let key = |record: &Record| record.to_string();
            for message in [&mut wanted, &mut message] {
                message.answer.sort_by_key(key);
            }
        }
        if wanted == message { Ok(()) } else { Err(differs(&message_text(&wanted), &message_text(&message))) }
    }

    fn take_answer(&mut self, query: &Query) -> Outcome<Vec<u8>> {
        if let Some(slot) = query.stream {
            self.collect_streams()?;
            return self.take_framed(slot).ok_or_else(|| "  nothing whole came on that connection".into());
        }
        let out = &mut self.lab()?.out;
        let at = out.iter().position(
            |out| matches!(out, Out::Datagram { route, .. } if matches!(route.door, Door::Dns(_)) && route.to == query.client),
        );
        match at.and_then(|at| out.remove(at)) {
            Some(Out::Datagram { route, bytes, .. }) if route.source.is_none_or(|source| source == query.to) => Ok(bytes),
            Some(out) => Err(format!("  the answer leaves from another address than the one asked: {out:?}")),
            None => Err(format!("  no answer to {}; waiting are:\n{}", query.client, waiting(&*out))),
        }
    }

    /// Octets as they are: `send HEX [from A#P] [door dns|dhcp|tftp]`.
    fn send_raw(&mut self, step: &Step) -> Outcome {
        let mut words = step.words();
        let bytes = match words.next("octets")? {
            "nothing" => Vec::new(),
            digits => dns::hex(digits)?,
        };
        let serial = self.next_serial();
        let from = words.named("from").map(|text| endpoint(text, 40_000)).transpose()?;
        let from = match from {
            Some(from) => from,
            None => self.default_client(serial)?,
        };
        let door = match words.named("door") {
            None | Some("dns") => Door::Dns(0),
            Some("dhcp") => Door::Dhcp4,
            Some("pxe") => Door::Pxe4,
            Some("icmp") => Door::Icmp4,
            Some("tftp") => Door::Tftp(0),
            Some(other) => return Err(format!("no door {other}")),
        };
        let (to, iface) = self.target(&mut words, from)?;
        words.end()?;
        self.lab()?.arrive(Arrival { door, from, to, iface }, &bytes);
        Ok(())
    }

    // ---- TCP ----------------------------------------------------------------

    fn stream(&self, name: &str) -> Outcome<u8> {
        self.streams.get(name).copied().ok_or_else(|| format!("no connection {name}"))
    }

    /// `connect SERVER as NAME [mark N]` or `connect SERVER fails`: the machine wants it.
    fn connect(&mut self, step: &Step) -> Outcome {
        let mut words = step.words();
        let server = endpoint(words.next("server")?, 53)?;
        let name = words.named("as").unwrap_or("").to_owned();
        let fails = words.flag("fails");
        let wanted: Option<u32> = words.value("mark")?;
        words.end()?;
        let out = &mut self.lab()?.out;
        let at = out.iter().position(|out| matches!(out, Out::Connect { to, .. } if *to == server));
        let Some(Out::Connect { slot, mark, .. }) = at.and_then(|at| out.remove(at)) else {
            return Err(format!("  no connection to {server} is wanted; waiting are:\n{}", waiting(&*out)));
        };
        if wanted.is_some_and(|wanted| wanted != mark) {
            return Err(format!("  it carries mark {mark}"));
        }
        self.received.remove(&slot);
        self.streams.insert(name, slot);
        self.lab()?.connected(slot, !fails);
        Ok(())
    }

    /// `tcp NAME opens|sends HEX|closes|resets|is-closed|is-refused|takes N`.
    fn tcp(&mut self, step: &Step) -> Outcome {
        let mut words = step.words();
        let name = words.next("name of the connection")?.to_owned();
        match words.next("what it does")? {
            what @ ("opens" | "is-refused") => {
                let serial = self.next_serial();
                let from = match words.named("from") {
                    Some(text) => endpoint(text, 40_000)?,
                    None => self.default_client(serial)?,
                };
                let (to, iface) = self.target(&mut words, from)?;
                let slot = self.lab()?.accept(from, to, iface);
                match (slot, what) {
                    (Some(slot), "opens") => {
                        self.received.remove(&slot);
                        self.streams.insert(name, slot);
                    }
                    (None, "is-refused") => {}
                    (slot, _) => return Err(format!("  the slot is {slot:?}")),
                }
            }
            "sends" => {
                let (slot, bytes) = (self.stream(&name)?, dns::hex(words.next("octets")?)?);
                self.lab()?.stream_send(slot, &bytes);
            }
            "closes" => {
                let slot = self.stream(&name)?;
                self.lab()?.stream_close(slot);
            }
            "resets" => {
                let slot = self.stream(&name)?;
                self.lab()?.stream_reset(slot);
            }
            "is-closed" => {
                let slot = self.stream(&name)?;
                self.collect_streams()?;
                if self.lab()?.stream_is_open(slot) {
                    return Err("  it is open".into());
                }
            }
            "is-open" => {
                let slot = self.stream(&name)?;
                if !self.lab()?.stream_is_open(slot) {
                    return Err("  it is closed".into());
                }
            }
            "takes" => {
                let octets = words.next("octets")?.parse().map_err(|_| "a number")?;
                self.lab()?.stream_window = octets;
            }
            other => return Err(format!("a connection does not do {other}")),
        }
        words.end()
    }

    /// Moves what streams carried from the exit to their receivers.
    fn collect_streams(&mut self) -> Outcome {
        let lab = self.lab()?;
        let (streams, others): (Vec<_>, Vec<_>) = lab.out.drain(..).partition(|out| matches!(out, Out::Stream { .. }));
        lab.out = others.into();
        for out in streams {
            if let Out::Stream { slot, bytes } = out {
                self.received.entry(slot).or_default().extend(bytes);
            }
        }
        Ok(())
    }
}

/// `-rd` and the flags that a question can have.
fn query_flags(words: &mut Words) -> u16 {
    let mut flags = if words.flag("-rd") { 0 } else { RD };
    for (name, flag) in [("ad", dns::AD), ("cd", dns::CD)] {
        flags |= if words.flag(name) { flag } else { 0 };
    }
    flags
}

/// Flags added (`aa`) or taken away (`-ra`).
fn reply_flags(words: &mut Words, mut flags: u16) -> u16 {
    for (name, flag) in FLAGS {
        if words.flag(name) {
            flags |= flag;
        }
        if words.flag(&format!("-{name}")) {
            flags &= !flag;
        }
    }
    flags
}

fn query_opt(words: &mut Words) -> Outcome<Option<Opt>> {
    let dnssec_ok = words.flag("do");
    let size: Option<u16> = words.value("edns")?;
    let version: u8 = words.value("version")?.unwrap_or(0);
    let opt = || Opt { size: size.unwrap_or(1232), version, dnssec_ok, options: Vec::new() };
    Ok((size.is_some() || dnssec_ok).then(opt))
}

/// A line of a block: a record of the answer, or `authority: …`,
/// `additional: …`.
fn add_record(message: &mut Message, line: &str) -> Outcome {
    let line = line.trim();
    if let Some(rest) = line.strip_prefix("authority:") {
        message.authority.push(Record::parse(rest)?);
    } else if let Some(rest) = line.strip_prefix("additional:") {
        message.additional.push(Record::parse(rest)?);
    } else {
        message.answer.push(Record::parse(line)?);
    }
    Ok(())
}

/// A message in words, the same way for what was expected and what came.
pub fn message_text(message: &Message) -> String {
    let flags: Vec<&str> = FLAGS.iter().filter(|(_, flag)| message.flags & flag != 0).map(|(name, _)| *name).collect();
    let mut text = format!("id {} {} [{}]", message.id, dns::rcode_text(message.rcode()), flags.join(" "));
    let opcode = message.flags >> 11 & 15;
    if opcode != 0 {
        text += &format!(" opcode {opcode}");
    }
    for (name, kind, class) in &message.questions {
        let class = if *class == 1 { String::new() } else { format!(" class {class}") };
        text += &format!("\n  question: {name} {}{class}", dns::kind_text(*kind));
    }
    for (section, records) in
        [("answer", &message.answer), ("authority", &message.authority), ("additional", &message.additional)]
    {
        text += &records.iter().map(|record| format!("\n  {section}: {record}")).collect::<String>();
    }
    if let Some(opt) = &message.opt {
        text += &format!("\n  edns: size {}{}", opt.size, if opt.dnssec_ok { " do" } else { "" });
        text += &opt.options.iter().map(|(code, data)| format!(" {code}={}", dns::hex_text(data))).collect::<String>();
    }
    text
}

/// Everything that waits to be looked at.
fn waiting<'a>(out: impl IntoIterator<Item = &'a Out>) -> String {
    out.into_iter().map(|out| format!("    {}\n", crate::player::describe(out))).collect()
}
