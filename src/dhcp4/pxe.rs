//! PXE clients (PXE 2.1, RFC 4578): as a proxy beside another DHCP server, what
//! to boot and nothing else; as a boot server, the file that was chosen from
//! the menu. What they get together with an address is in `content`.

use crate::base::bytes::Writer;
use crate::base::text;
use crate::config::{NextServer, RangeKind, Service};
use crate::dhcp::choose_options::{Audience, Chosen};
use crate::dhcp::ranges::Candidate;
use crate::dhcp::tags::TagSet;
use crate::dhcp4::client::Client;
use crate::dhcp4::content::{Content, First};
use crate::dhcp4::pxe_menu::{self, Menu};
use crate::dhcp4::reply::{Reply, Timing, choose_boot, deliver};
use crate::dhcp4::{State, Surroundings, delay, log};
use crate::limits;
use crate::outbox::lines::dhcp as lines;
use crate::wire::dhcp4::{BROADCAST, FILE, ReplyHeader, kind};
use crate::wire::dns::name::Name;
use std::net::Ipv4Addr;

/// Architectures from here on are UEFI.
const FIRST_UEFI: u16 = 6;

/// The bit of a layer by which a client asks for a signed file.
const SIGNED: u16 = 0x8000;

/// An answer without an address.
struct Answer<'a> {
    kind: u8,
    range: &'a Candidate<'a>,
    tags: &'a TagSet<'a>,
    header: ReplyHeader,
    file: &'a [u8],
    sname: &'a [u8],
    first: First<'a>,
}

/// A packet of a PXE client; true if it is dealt with here.
pub(super) fn on_packet(state: &mut State, with: &mut Surroundings, client: &Client, bytes: &[u8]) -> bool {
    if !client.pxe() {
        return false;
    }
    let kind = client.request.kind;
    if let Some(item) = client.request.boot_item.filter(|_| matches!(kind, Some(kind::REQUEST | kind::INFORM))) {
        boot_server(with, client, item);
        return true;
    }
    let asks = kind == Some(kind::DISCOVER) || (client.at_pxe_port() && kind == Some(kind::REQUEST));
    let Some(arch) = client.request.arch.filter(|_| asks) else { return false };
    let fits = |range: &&Candidate| range.range.kind == RangeKind::Proxy && client.all_tags.hold(&range.range.conditions);
    let Some(range) = client.ranges.list.iter().find(fits).copied() else { return false };
    proxy(state, with, client, bytes, arch, &range);
    true
}

/// The only file that fits a UEFI client: its firmware is often wrong about
/// menus, so it gets none.
pub(super) fn only_file<'s>(services: &'s [Service], arch: u16, tags: &TagSet) -> Option<&'s Service> {
    if arch < FIRST_UEFI { None } else { pxe_menu::only(services, arch, tags) }
}

/// Which file, for the type and layer of `item`.
fn boot_server(with: &mut Surroundings, client: &Client, item: [u8; 4]) {
    if client.ignored {
        return;
    }
    let [a, b, c, d] = item;
    let (wanted, layer) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    if layer & SIGNED != 0 {
        return with.out.log(&lines::SIGNED, &[]);
    }
    // Quirk: whatever its architecture and tags.
    let service = client.config.dhcp.netboot.services.iter().find(|service| service.kind == wanted);
    let Some((service, file)) = service.and_then(|service| Some((service, service.file.as_deref()?))) else { return };
    let near = |range: &&Candidate| range.in_subnet(client.ciaddr) && client.all_tags.hold(&range.range.conditions);
    let Some(range) = client.ranges.list.iter().find(near).copied() else { return };
    let mut buffer = [0; FILE];
    let mut name = Writer::new(&mut buffer);
    boot_file(&mut name, file, layer);
    let header = ReplyHeader {
        flags: client.request.packet.flags,
        ciaddr: Ipv4Addr::UNSPECIFIED,
        yiaddr: client.ciaddr,
        siaddr: server_of(with, service, &range),
    };
    log::packet(with, client, &log::PXE, Some(header.yiaddr), name.written(), "");
    log::tags(with, client, &client.all_tags);
    let (file, first) = (name.written(), First::Item(item));
    answer(with, client, Answer { kind: kind::ACK, range: &range, tags: &client.all_tags, header, file, sname: &[], first });
}

/// The name of a file: a plain one is that of its layer.
#[inline(never)]
fn boot_file(out: &mut Writer, name: &[u8], layer: u16) {
    out.bytes(name.get(..name.len().min(FILE - 8)).unwrap_or_default());
    if !name.contains(&b'.') {
        out.u8(b'.');
        text::decimal(out, layer.into());
    }
}

/// Who has the file of a service.
fn server_of(with: &mut Surroundings, service: &Service, range: &Candidate) -> Ipv4Addr {
    match &service.server {
        NextServer::Us => range.local,
        named => pxe_menu::address(with, named),
    }
}

/// What to boot, for a client that gets its address elsewhere. UEFI clients are
/// sent to the port of PXE servers first.
fn proxy(state: &mut State, with: &mut Surroundings, client: &Client, bytes: &[u8], arch: u16, range: &Candidate) {
    let dhcp = &client.config.dhcp;
    let tags = client.tags_with(Some(range));
    if !client.delayed {
        let word: &[u8] = if client.ignored { b"proxy-ignored" } else { b"proxy" };
        log::packet(with, client, &log::PXE, None, word, "");
        log::tags(with, client, &tags);
    }
    if client.ignored || delay::hold(state, with, client, &tags, bytes) {
        return;
    }
    let discover = client.request.kind == Some(kind::DISCOVER);
    let uefi = arch >= FIRST_UEFI;
    let mut header = ReplyHeader {
        flags: client.request.packet.flags,
        ciaddr: client.ciaddr,
        yiaddr: Ipv4Addr::UNSPECIFIED,
        siaddr: if uefi { range.local } else { Ipv4Addr::UNSPECIFIED },
    };
    if discover || header.ciaddr.is_unspecified() {
        header.ciaddr = Ipv4Addr::UNSPECIFIED;
        header.flags |= BROADCAST;
    }
    let only = only_file(&dhcp.netboot.services, arch, &tags);
    let boot = choose_boot(&dhcp.boots, &tags).filter(|_| only.is_none());
    let (mut file_buffer, mut name_buffer) = ([0; FILE], [0; 256]);
    let (mut file, mut sname) = (Writer::new(&mut file_buffer), Writer::new(&mut name_buffer));
    if let Some(service) = only.filter(|_| client.at_pxe_port()) {
        header.siaddr = server_of(with, service, range);
        match &service.server {
            NextServer::Name(name) => Name::new(name).unwrap_or(Name::ROOT).text(&mut sname),
            _ => text::ipv4(&mut sname, header.siaddr),
        }
        boot_file(&mut file, service.file.as_deref().unwrap_or_default(), 0);
    } else if let Some(boot) = boot {
        if !matches!(boot.next_server, NextServer::Us) {
            header.siaddr = pxe_menu::address(with, &boot.next_server);
        }
        file.bytes(boot.file.get(..boot.file.len().min(FILE - 1)).unwrap_or_default());
    }
    let with_menu = if client.at_pxe_port() { only.is_none() } else { !uefi };
    let menu = if with_menu { Menu::new(with, arch, &tags, range.local) } else { None };
    let first = match (with_menu, &menu) {
        (false, _) => First::Nothing,
        (true, Some(menu)) => First::Menu(menu),
        (true, None) => First::NoMenu,
    };
    let kind = if discover { kind::OFFER } else { kind::ACK };
    let (file, sname) = (file.written(), sname.written());
    answer(with, client, Answer { kind, range, tags: &tags, header, file, sname, first });
}

/// Builds, logs and sends an answer.
fn answer(with: &mut Surroundings, client: &Client, answer: Answer) {
    let Answer { kind, range, tags, header, file, sname, first } = answer;
    let reply = Reply {
        kind: Some(kind),
        yiaddr: header.yiaddr,
        range: Some(range),
        own_tags: &client.all_tags,
        tags,
        timing: Timing::None,
        rapid: false,
        name: None,
    };
    let chosen = Chosen::new(&client.config.dhcp.options, reply.own_tags, tags, Audience::PxeOnly, |_| {});
    let content = Content { client, reply: &reply, chosen: &chosen, boot: None, networks: with.interfaces, first };
    let span = with.out.write(limits::DATAGRAM_MAX, |out| {
        client.request.packet.write_reply(out, &header);
        content.write_pxe(out, file, sname);
    });
    if let Some(span) = span {
        deliver(with, client, &header, span);
    }
}
