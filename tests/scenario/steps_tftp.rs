//! Steps about TFTP: requests and acknowledgements of a client, and the
//! blocks, option answers and errors that it gets (RFC 1350, 2347).

use crate::lab::Out;
use crate::lab::dns::hex_text;
use crate::player::{Outcome, Player, describe, differs, pattern};
use crate::script::{Step, endpoint};
use ironmasq::outbox::action::{Arrival, Door};
use std::net::{IpAddr, SocketAddr};

/// What the TFTP steps remember of the last request.
#[derive(Default)]
pub struct TftpClient {
    client: Option<SocketAddr>,
    to: Option<IpAddr>,
    /// The transfer's door, once something came from it.
    door: Option<Door>,
    /// Block size in force.
    block: usize,
}

impl Player {
    pub fn tftp_step(&mut self, verb: &str, step: &Step) -> Outcome {
        match verb {
            "get" => self.tftp_request(1, step),
            "put" => self.tftp_request(2, step),
            "acked" => self.tftp_acked(step),
            "complain" => self.tftp_complain(step),
            _ => self.tftp_reply(verb, step),
        }
    }

    /// `get FILE [MODE] [blksize=N tsize=N …] [from A#P] [via IF]`; `""` is no name.
    fn tftp_request(&mut self, opcode: u8, step: &Step) -> Outcome {
        let mut words = step.words();
        let file = crate::script::unquote(words.next("file")?);
        let serial = self.next_serial();
        let from = match words.named("from") {
            Some(text) => endpoint(text, 40_000 + serial)?,
            None => self.default_client(serial)?,
        };
        let via = words.named("via").map(str::to_owned);
        let mut bytes = vec![0, opcode];
        bytes.extend(file.bytes());
        bytes.push(0);
        let mut rest: Vec<&str> = std::iter::from_fn(|| words.maybe()).collect();
        let mode = rest.first().copied().filter(|word| !word.contains('='));
        if mode.is_some() {
            rest.remove(0);
        }
        bytes.extend(mode.unwrap_or("octet").bytes());
        bytes.push(0);
        for option in rest {
            let (name, value) = option.split_once('=').ok_or("NAME=VALUE")?;
            bytes.extend(name.bytes().chain([0]).chain(value.bytes()).chain([0]));
        }
        let interfaces = &self.lab()?.interfaces;
        let found = match &via {
            Some(name) => interfaces.iter().find(|i| &*i.name == name.as_str()),
            None => interfaces.first(),
        };
        let interface = found.ok_or("no such interface")?;
        let own = interface.addresses.iter().find(|a| a.addr.is_ipv4() == from.is_ipv4()).ok_or("no address")?;
        let arrival = Arrival { door: Door::Tftp(0), from, to: own.addr, iface: interface.index };
        self.tftp = TftpClient { client: Some(from), to: Some(arrival.to), door: None, block: 512 };
        self.lab()?.arrive(arrival, &bytes);
        Ok(())
    }

    /// `acked N [from A#P]`: the client has everything up to block N.
    fn tftp_acked(&mut self, step: &Step) -> Outcome {
        let mut words = step.words();
        let block: u16 = words.next("block")?.parse().map_err(|_| "bad block")?;
        let from = words.named("from").map(|text| endpoint(text, 0)).transpose()?;
        words.end()?;
        let mut bytes = vec![0, 4];
        bytes.extend(block.to_be_bytes());
        self.tftp_send(from, &bytes)
    }

    /// `complain CODE TEXT`: the client sends an error.
    fn tftp_complain(&mut self, step: &Step) -> Outcome {
        let (code, text) = step.rest.split_once(' ').ok_or("CODE TEXT")?;
        let code: u16 = code.parse().map_err(|_| "bad code")?;
        let mut bytes = vec![0, 5];
        bytes.extend(code.to_be_bytes());
        bytes.extend(text.bytes().chain([0]));
        self.tftp_send(None, &bytes)
    }

    fn tftp_send(&mut self, from: Option<SocketAddr>, bytes: &[u8]) -> Outcome {
        let door = self.tftp.door.ok_or("  no transfer is under way")?;
        let (from, to) = (from.or(self.tftp.client).ok_or("no client")?, self.tftp.to.ok_or("no client")?);
        self.lab()?.arrive(Arrival { door, from, to, iface: 0 }, bytes);
        Ok(())
    }

    /// `oack NAME=VALUE …`, `data N SIZE` (part N of the pattern file) or
    /// `data N "text"`, `error CODE TEXT`, `error-to A#P CODE TEXT`.
    fn tftp_reply(&mut self, verb: &str, step: &Step) -> Outcome {
        let client = self.tftp.client.ok_or("  nobody asked for a file")?;
        let mut rest = step.rest.clone();
        let mut receiver = client;
        if let Some((to, behind)) = step.rest.split_once(' ').filter(|_| verb == "error-to") {
            receiver = endpoint(to, 0)?;
            rest = behind.to_owned();
        }
        let (door, bytes) = self.take_tftp(receiver)?;
        self.tftp.door = Some(door);
        let wanted = match verb {
            "oack" => self.tftp_oack(&rest)?,
            "error" | "error-to" => {
                let (code, text) = rest.split_once(' ').ok_or("CODE TEXT")?;
                let code: u16 = code.parse().map_err(|_| "bad code")?;
                [&[0, 5], &code.to_be_bytes()[..], text.as_bytes(), &[0]].concat()
            }
            _ => self.tftp_data(&rest)?,
        };
        if bytes == wanted { Ok(()) } else { Err(differs(&shown(&wanted), &shown(&bytes))) }
    }

    fn tftp_oack(&mut self, rest: &str) -> Outcome<Vec<u8>> {
        let mut bytes = vec![0, 6];
        for option in rest.split_whitespace() {
            let (name, value) = option.split_once('=').ok_or("NAME=VALUE")?;
            if name == "blksize" {
                self.tftp.block = value.parse().map_err(|_| "bad block size")?;
            }
            bytes.extend(name.bytes().chain([0]).chain(value.bytes()).chain([0]));
        }
        Ok(bytes)
    }

    fn tftp_data(&self, rest: &str) -> Outcome<Vec<u8>> {
        let (block, content) = rest.trim().split_once(' ').ok_or("BLOCK SIZE")?;
        let number: usize = block.parse().map_err(|_| "bad block")?;
        let content = match content.strip_prefix('"') {
            Some(_) => crate::script::unquote(content).replace("\\r", "\r").replace("\\n", "\n").into_bytes(),
            None => {
                let size: usize = content.trim().parse().map_err(|_| "bad size")?;
                let from = (number - 1) * self.tftp.block;
                pattern(from + size)[from..].to_vec()
            }
        };
        Ok([&[0, 3], &(number as u16).to_be_bytes()[..], &content].concat())
    }

    fn take_tftp(&mut self, client: SocketAddr) -> Outcome<(Door, Vec<u8>)> {
        let out = &mut self.lab()?.out;
        let at = out.iter().position(|out| match out {
            Out::Datagram { route, .. } => matches!(route.door, Door::Tftp(_) | Door::Transfer(_)) && route.to == client,
            _ => false,
        });
        match at.and_then(|at| out.remove(at)) {
            Some(Out::Datagram { route, bytes, .. }) => Ok((route.door, bytes)),
            _ => Err(differs("a TFTP packet", &out.iter().map(describe).collect::<Vec<_>>().join("\n"))),
        }
    }
}

/// A TFTP packet in words.
fn shown(bytes: &[u8]) -> String {
    let text = |from: usize| String::from_utf8_lossy(bytes.get(from..).unwrap_or_default()).replace('\0', "|");
    let number = u16::from_be_bytes([bytes.get(2).copied().unwrap_or(0), bytes.get(3).copied().unwrap_or(0)]);
    match bytes.get(1) {
        Some(3) => format!("data {number} of {} octets: {}", bytes.len() - 4, hex_text(&bytes[4..bytes.len().min(24)])),
        Some(5) => format!("error {number} {}", text(4)),
        Some(6) => format!("oack {}", text(2)),
        _ => hex_text(bytes),
    }
}
