//! Steps about us as a DHCP relay: what servers get (`relayed`), what they
//! answer (`server-says`), and what reaches the client of it (`delivered`).

use crate::lab::dhcp;
use crate::player::{Outcome, Player, differs};
use crate::script::{Step, endpoint};
use crate::steps_dhcp::{compare_options, packet_text};
use ironmasq::outbox::action::{Arrival, Door};
use std::net::{IpAddr, Ipv4Addr};

impl Player {
    pub fn relay_step(&mut self, verb: &str, step: &Step) -> Outcome {
        match verb {
            "relayed" => self.relayed(step),
            "server-says" => self.server_says(step),
            "told" => self.told(step),
            _ => self.delivered_step(step),
        }
    }

    /// `relayed SERVER [from A] [giaddr A] [hops N]` and the options.
    fn relayed(&mut self, step: &Step) -> Outcome {
        let mut words = step.words();
        let to = endpoint(words.next("server")?, 67)?;
        let from: Option<IpAddr> = words.value("from")?;
        let giaddr: Option<Ipv4Addr> = words.value("giaddr")?;
        let hops: Option<u8> = words.value("hops")?;
        words.end()?;
        let (route, packet, _) = self.take_dhcp(0)?;
        let came = format!("hops {} from {:?} to {} {}", packet.hops, route.source, route.to, packet_text(&packet));
        let same = packet.op == 1
            && route.to == to
            && from.is_none_or(|from| route.source == Some(from))
            && giaddr.is_none_or(|giaddr| packet.giaddr == giaddr)
            && hops.is_none_or(|hops| packet.hops == hops);
        if !same {
            return Err(differs(&step.rest, &came));
        }
        compare_options(&step.block, &packet)?;
        self.dhcp.relayed = Some(packet);
        Ok(())
    }

    /// `server-says KIND yiaddr A [ciaddr A] [giaddr A] [via IF] [broadcast]`
    /// and further options: an answer to what was relayed last. `remove N` in
    /// the block takes an option out.
    fn server_says(&mut self, step: &Step) -> Outcome {
        let mut words = step.words();
        let kind = dhcp::Packet::request(words.next("kind")?, 0, &[])?;
        let mut packet = self.dhcp.relayed.clone().ok_or("  nothing was relayed")?;
        packet.op = 2;
        packet.yiaddr = words.value("yiaddr")?.unwrap_or(packet.yiaddr);
        packet.ciaddr = words.value("ciaddr")?.unwrap_or(packet.ciaddr);
        packet.giaddr = words.value("giaddr")?.unwrap_or(packet.giaddr);
        packet.flags = if words.flag("broadcast") { 0x8000 } else { 0 };
        let via = words.named("via").map(str::to_owned);
        words.end()?;
        for (code, value) in kind.options {
            packet.options.retain(|(known, _)| *known != code);
            packet.options.insert(0, (code, value));
        }
        for line in &step.block {
            match line.trim().split_once(' ') {
                Some(("remove", code)) => packet.options.retain(|(known, _)| known.to_string() != code),
                Some((code, text)) => {
                    let code = code.parse().map_err(|_| format!("bad option number {code:?}"))?;
                    packet.set(code, dhcp::value(code, text)?);
                }
                None => return Err("  an option has a value".into()),
            }
        }
        let interfaces = &self.lab()?.interfaces;
        let found = match via {
            Some(name) => interfaces.iter().find(|i| &*i.name == name.as_str()),
            None => interfaces.first(),
        };
        let iface = found.ok_or("no such interface")?.index;
        let from = (Ipv4Addr::new(10, 1, 1, 1), 67).into();
        let arrival = Arrival { door: Door::Dhcp4, from, to: IpAddr::V4(packet.giaddr), iface };
        self.lab()?.arrive(arrival, &packet.encode());
        Ok(())
    }

    /// `told KIND CIADDR [to A#P] [mac M]` and the options: who asked for leases
    /// is told this.
    fn told(&mut self, step: &Step) -> Outcome {
        let mut words = step.words();
        let (kind, ciaddr) = (words.next("kind")?.to_owned(), words.next("address")?.to_owned());
        let to = words.named("to").map(|text| endpoint(text, 67)).transpose()?;
        let mac = words.named("mac").map(crate::script::hardware).transpose()?;
        words.end()?;
        let (route, packet, _) = self.take_dhcp(300)?;
        let came = format!("to {} {}", route.to, packet_text(&packet));
        let same = packet.op == 2
            && packet.kind() == kind
            && packet.ciaddr.to_string() == ciaddr
            && to.is_none_or(|to| to == route.to)
            && mac.is_none_or(|mac| mac == packet.hw);
        if same { compare_options(&step.block, &packet) } else { Err(differs(&step.rest, &came)) }
    }

    /// `delivered A#P [via IF]` and the options: a reply of a server reached
    /// the client.
    fn delivered_step(&mut self, step: &Step) -> Outcome {
        let mut words = step.words();
        let to = endpoint(words.next("client")?, 68)?;
        let via = words.named("via").map(str::to_owned);
        words.end()?;
        let (route, packet, neighbours) = self.take_dhcp(0)?;
        let came = format!("to {} by interface {} {}", route.to, route.iface, packet_text(&packet));
        if packet.op != 2 || route.to != to {
            return Err(differs(&step.rest, &came));
        }
        if route.to.ip() == IpAddr::V4(packet.yiaddr) && packet.ciaddr.is_unspecified() && neighbours.is_empty() {
            return Err(differs("a known neighbour", &came));
        }
        let wanted = via.map(|name| self.lab().map(|lab| lab.interfaces.iter().find(|i| &*i.name == name.as_str()).map(|i| i.index)));
        if wanted.transpose()?.flatten().is_some_and(|iface| iface != route.iface) {
            return Err(differs(&step.rest, &came));
        }
        compare_options(&step.block, &packet)
    }
}
