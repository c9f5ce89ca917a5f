//! Steps about DHCPv4: what clients say (`discover`, `request`, `decline`,
//! `release`, `inform`, `bootp`), what they are told (`offer`, `ack`, `nak`,
//! `bootreply`), and the probe of an address before it is offered.

use crate::lab::Out;
use crate::lab::dhcp::{self, Packet};
use crate::player::{Outcome, Player, describe, differs};
use crate::script::{Step, endpoint, hardware};
use ironmasq::outbox::action::{Arrival, Door, Route};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// What the DHCP steps remember.
#[derive(Default)]
pub struct DhcpClient {
    /// The last packet a client sent.
    said: Option<Packet>,
    /// The last request that we relayed.
    pub relayed: Option<Packet>,
    /// The last echo request that left.
    echo: Option<(Ipv4Addr, Vec<u8>)>,
}

impl Player {
    pub fn dhcp_step(&mut self, verb: &str, step: &Step) -> Outcome {
        match verb {
            "probed" => self.probed(step),
            "alive" => self.alive(step),
            "offer" | "ack" | "nak" | "bootreply" => self.dhcp_reply(verb, step),
            _ => self.dhcp_say(verb, step),
        }
    }

    /// `discover MAC [pxe] [xid N] [via IF] [from A#P] [to A] [ciaddr A] [giaddr A]
    /// [broadcast] [secs N] [hops N] [hwtype N] [file F] [sname S] [lease
    /// NUMBER]`, and options in the block.
    fn dhcp_say(&mut self, verb: &str, step: &Step) -> Outcome {
        let mut words = step.words();
        let hw = match words.next("hardware address")? {
            "none" => Vec::new(),
            text => hardware(text)?,
        };
        let xid = match words.value("xid")? {
            Some(xid) => xid,
            None => 0x1000 + u32::from(self.next_serial()),
        };
        let mut packet = Packet::request(verb, xid, &hw)?;
        packet.ciaddr = words.value("ciaddr")?.unwrap_or(packet.ciaddr);
        packet.giaddr = words.value("giaddr")?.unwrap_or(packet.giaddr);
        packet.hw_type = words.value("hwtype")?.unwrap_or(1);
        packet.secs = words.value("secs")?.unwrap_or(0);
        packet.hops = words.value("hops")?.unwrap_or(0);
        packet.flags = if words.flag("broadcast") { 0x8000 } else { 0 };
        packet.file = words.named("file").unwrap_or("").into();
        packet.sname = words.named("sname").unwrap_or("").into();
        let door = if words.flag("pxe") { Door::Pxe4 } else { Door::Dhcp4 };
        let via = words.named("via").map(str::to_owned);
        let relayed = packet.giaddr != Ipv4Addr::UNSPECIFIED;
        let from = match words.named("from") {
            Some(text) => endpoint(text, 68)?,
            None if relayed => SocketAddr::new(packet.giaddr.into(), 67),
            None => SocketAddr::new(packet.ciaddr.into(), 68),
        };
        let to: IpAddr = words.value("to")?.unwrap_or(Ipv4Addr::BROADCAST.into());
        words.end()?;
        for line in &step.block {
            let (code, text) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
            let code = code.parse().map_err(|_| format!("bad option number {code:?}"))?;
            packet.set(code, dhcp::value(code, text)?);
        }
        let interfaces = &self.lab()?.interfaces;
        let interface = match via {
            Some(name) => interfaces.iter().find(|i| &*i.name == name.as_str()).ok_or("no such interface")?,
            None => interfaces.first().ok_or("no interface")?,
        };
        let iface = interface.index;
        let bytes = packet.encode();
        self.lab()?.arrive(Arrival { door, from, to, iface }, &bytes);
        self.dhcp.said = Some(packet);
        Ok(())
    }

    /// `offer ADDRESS [to A#P] [via IF] [siaddr A] [file F] [sname S]
    /// [broadcast] [mac M xid N]`. The block holds all options in their order;
    /// with a line `...` others may stand between; `not CODE`: that one must
    /// be missing.
    fn dhcp_reply(&mut self, verb: &str, step: &Step) -> Outcome {
        let mut words = step.words();
        let address = if verb == "nak" { "0.0.0.0".to_owned() } else { words.next("address")?.to_owned() };
        let said = self.dhcp.said.clone().ok_or("  no client said anything")?;
        let to = words.named("to").map(|text| endpoint(text, 68)).transpose()?;
        let via = words.named("via").map(str::to_owned);
        let siaddr: Option<Ipv4Addr> = words.value("siaddr")?;
        let file = words.named("file").map(str::to_owned);
        let sname = words.named("sname").map(str::to_owned);
        let broadcast = words.flag("broadcast");
        words.end()?;
        let (route, packet, before) = self.take_dhcp(300)?;
        let came = format!("{} to {}", packet_text(&packet), route.to);
        let kind = if verb == "bootreply" { "bootp" } else { verb };
        let same = packet.op == 2
            && packet.kind() == kind
            && (packet.xid, &packet.hw, packet.giaddr) == (said.xid, &said.hw, said.giaddr)
            && self.matches(&address, &packet.yiaddr.to_string());
        if !same {
            let wanted = format!("{kind} {address} xid {:#x} for {:02x?} giaddr {}", said.xid, said.hw, said.giaddr);
            return Err(differs(&wanted, &came));
        }
        if let Some(to) = to.filter(|to| *to != route.to) {
            return Err(differs(&format!("to {to}"), &came));
        }
        self.delivered(&packet, &route, &before, to).map_err(|why| differs(&why, &came))?;
        let iface = via.map(|name| self.lab().map(|lab| lab.interfaces.iter().find(|i| &*i.name == name.as_str()).map(|i| i.index)));
        if let Some(iface) = iface.transpose()?.filter(|iface| *iface != Some(route.iface)) {
            return Err(format!("  it leaves by interface {}, not {iface:?}", route.iface));
        }
        if siaddr.is_some_and(|siaddr| siaddr != packet.siaddr) {
            return Err(differs(&format!("siaddr {siaddr:?}"), &came));
        }
        for (wanted, field) in [(file, &packet.file), (sname, &packet.sname)] {
            if wanted.is_some_and(|wanted| wanted.as_bytes() != field) {
                return Err(differs(step.rest.as_str(), &came));
            }
        }
        if broadcast != (packet.flags & 0x8000 != 0) {
            return Err(differs(&format!("broadcast flag {broadcast}"), &came));
        }
        compare_options(&step.block, &packet)
    }

    /// RFC 2131 §4.1: where a reply must go, and that a client without an
    /// address can be reached there.
    fn delivered(&mut self, packet: &Packet, route: &Route, before: &[Out], wanted: Option<SocketAddr>) -> Outcome {
        let IpAddr::V4(to) = route.to.ip() else { return Err("an IPv4 receiver".into()) };
        let known = before.iter().any(
            |out| matches!(out, Out::Neighbour { addr, hw, .. } if *addr == to && hw.octets() == packet.hw),
        );
        let said = self.dhcp.said.as_ref().ok_or("a client")?;
        let relayed = packet.giaddr != Ipv4Addr::UNSPECIFIED;
        let port = |usual| wanted.map_or(usual, |wanted| wanted.port());
        let fine = match to {
            _ if relayed => to == packet.giaddr && route.to.port() == port(67),
            Ipv4Addr::BROADCAST => route.to.port() == port(68) && route.iface != 0,
            _ if to == said.ciaddr => true,
            _ => to == packet.yiaddr && route.to.port() == port(68) && known,
        };
        if fine { Ok(()) } else { Err("delivery to the relay, the client's address, a known neighbour or everybody".into()) }
    }

    /// The next DHCP packet that left, of at least so many octets, and what left
    /// before it.
    pub fn take_dhcp(&mut self, least: usize) -> Outcome<(Route, Packet, Vec<Out>)> {
        let out = &mut self.lab()?.out;
        let at = out.iter().position(|out| matches!(out, Out::Datagram { route, .. } if matches!(route.door, Door::Dhcp4 | Door::Pxe4)));
        let Some(at) = at else {
            return Err(differs("a DHCP packet", &out.iter().map(describe).collect::<Vec<_>>().join("\n")));
        };
        let neighbours: Vec<Out> = out.iter().take(at).filter(|out| matches!(out, Out::Neighbour { .. })).cloned().collect();
        let Some(Out::Datagram { route, bytes, .. }) = out.remove(at) else { return Err("no datagram".into()) };
        out.retain(|out| !matches!(out, Out::Neighbour { .. }));
        if bytes.len() < least {
            return Err(format!("  a reply of {} octets: BOOTP wants at least 300", bytes.len()));
        }
        Ok((route, Packet::decode(&bytes)?, neighbours))
    }

    /// `probed ADDRESS`: an echo request went there.
    fn probed(&mut self, step: &Step) -> Outcome {
        let out = &mut self.lab()?.out;
        let at = out.iter().position(|out| matches!(out, Out::Datagram { route, .. } if route.door == Door::Icmp4));
        match at.and_then(|at| out.remove(at)) {
            Some(Out::Datagram { route, bytes, .. }) => {
                let IpAddr::V4(to) = route.to.ip() else { return Err("  an IPv6 receiver".into()) };
                if !self.matches(step.rest.trim(), &to.to_string()) {
                    return Err(differs(&step.rest, &to.to_string()));
                }
                self.dhcp.echo = Some((to, bytes));
                Ok(())
            }
            _ => Err("  no echo request left".into()),
        }
    }

    /// `alive ADDRESS`: that address answers the last echo request.
    fn alive(&mut self, step: &Step) -> Outcome {
        let (to, request) = self.dhcp.echo.clone().ok_or("  nothing was probed")?;
        let from: Ipv4Addr = if step.rest.trim().is_empty() { to } else { step.rest.trim().parse().map_err(|_| "bad address")? };
        let reply = echo_reply(&request).ok_or("  that was no echo request")?;
        let arrival =
            Arrival { door: Door::Icmp4, from: SocketAddr::new(from.into(), 0), to: Ipv4Addr::UNSPECIFIED.into(), iface: 0 };
        self.lab()?.arrive(arrival, &reply);
        Ok(())
    }
}

/// RFC 792: the same message with type 0 and its own checksum.
pub fn echo_reply(request: &[u8]) -> Option<Vec<u8>> {
    let mut reply = request.to_vec();
    if *reply.first()? != 8 || reply.len() < 8 {
        return None;
    }
    reply[0] = 0;
    (reply[2], reply[3]) = (0, 0);
    let sum: u32 = reply.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0))).sum();
    let sum = (sum & 0xFFFF) + (sum >> 16);
    let sum = !((sum & 0xFFFF) + (sum >> 16)) as u16;
    reply[2..4].copy_from_slice(&sum.to_be_bytes());
    Some(reply)
}

pub fn compare_options(block: &[String], packet: &Packet) -> Outcome {
    if block.is_empty() {
        return Ok(());
    }
    let came: Vec<String> =
        packet.options.iter().map(|(code, value)| format!("{code} {}", dhcp::value_text(*code, value)).trim_end().into()).collect();
    let loose = block.iter().any(|line| line.trim() == "...");
    let (absent, wanted): (Vec<&str>, Vec<&str>) =
        block.iter().map(|line| line.trim()).filter(|line| *line != "...").partition(|line| line.starts_with("not "));
    let forbidden = absent.iter().find(|line| packet.options.iter().any(|(code, _)| line[4..] == code.to_string()));
    let mut rest = came.iter();
    let fine = match loose {
        true => wanted.iter().all(|line| rest.any(|came| came == line)),
        false => came == wanted,
    };
    if fine && forbidden.is_none() { Ok(()) } else { Err(differs(&block.join("\n"), &came.join("\n"))) }
}

/// A packet in words.
pub fn packet_text(packet: &Packet) -> String {
    let options = packet.options.iter().map(|(code, value)| format!("\n  {code} {}", dhcp::value_text(*code, value)));
    format!(
        "{} {} xid {:#x} for {:02x?} flags {:#x} ciaddr {} siaddr {} giaddr {} file {:?} sname {:?}{}",
        packet.kind(),
        packet.yiaddr,
        packet.xid,
        packet.hw,
        packet.flags,
        packet.ciaddr,
        packet.siaddr,
        packet.giaddr,
        String::from_utf8_lossy(&packet.file),
        String::from_utf8_lossy(&packet.sname),
        options.collect::<String>()
    )
}
