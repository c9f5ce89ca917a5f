//! Who sent a request and what applies to it: ranges, tags, configured host,
//! existing lease, name. Settled once, before any decision.

use crate::base::bytes::Reader;
use crate::config::{ClientId, Config, Fits, Host, RangeKind, Test, Where};
use crate::dhcp::hosts::{HostTable, Identity, matches};
use crate::dhcp::ranges::{Candidate, Candidates};
use crate::dhcp::tags::TagSet;
use crate::dhcp4::Surroundings;
use crate::dhcp4::{log, script};
use crate::dhcp4::request::Request;
use crate::outbox::action::{Arrival, Door};
use crate::outbox::lines::{Arg, dhcp as lines};
use crate::store::interfaces::Interface;
use crate::store::leases::LeaseId;
use crate::wire::dhcp4::kind;
use crate::wire::dhcp4_options::{agent, code};
use std::net::{IpAddr, Ipv4Addr};

/// A client, for one request.
pub(super) struct Client<'c> {
    pub config: &'c Config,
    pub request: &'c Request<'c>,
    pub arrival: &'c Arrival,
    /// The interface that the request came in by.
    pub iface: &'c Interface,
    /// Our address there.
    pub own: Ipv4Addr,
    /// The address the client has; 0.0.0.0 where it cannot have one.
    pub ciaddr: Ipv4Addr,
    /// The packet was sent to us alone.
    pub unicast: bool,
    /// The ranges that apply.
    pub ranges: Candidates<'c>,
    /// Tags from the packet and the host.
    pub tags: TagSet<'c>,
    /// Those and what `tag-if` adds.
    pub all_tags: TagSet<'c>,
    /// The host of the configuration that this is.
    pub host: Option<&'c Host>,
    /// The client identifier, if it counts.
    pub client_id: Option<&'c [u8]>,
    /// What we are to call ourselves, if somebody said so.
    pub override_id: Option<Ipv4Addr>,
    /// The lease that it has.
    pub lease: Option<LeaseId>,
    /// It is not to be answered.
    pub ignored: bool,
    /// The vendor class that makes it a PXE client.
    pub pxe_class: Option<&'c [u8]>,
    /// It has waited for nothing yet.
    pub first: bool,
    /// Its answer has waited as `dhcp-reply-delay` says.
    pub delayed: bool,
}

/// A name for a lease.
#[derive(Clone, Copy)]
pub(super) struct Naming<'c> {
    /// The host's own label.
    pub label: &'c [u8],
    /// The domain that came with it, as text; empty if none.
    pub domain: &'c [u8],
    /// The domain that the configuration gives with it, in wire form.
    pub zone: Option<&'c [u8]>,
    /// The configuration gave it: no client can take it away.
    pub ours: bool,
}

/// Where a packet came in.
pub(super) struct Entrance<'c> {
    pub arrival: &'c Arrival,
    pub iface: &'c Interface,
    pub own: Ipv4Addr,
    pub turn: Turn,
    /// It was passed on to other servers too.
    pub relayed: bool,
}

/// How often a packet was looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// It just came.
    First,
    /// It waited for a probe.
    Probed,
    /// It waited for the time of its answer.
    Held,
}

impl<'c> Client<'c> {
    /// Settles everything; nothing if no range applies.
    pub fn new<'s: 'c>(
        with: &mut Surroundings<'s>,
        hosts: &'c HostTable,
        request: &'c Request<'c>,
        entrance: Entrance<'c>,
        routers: &mut [Ipv4Addr],
    ) -> Option<Self> {
        let config: &'c Config = with.config;
        let Entrance { arrival, iface, own, turn, relayed } = entrance;
        let has_none = request.wanted.is_some() || request.kind == Some(kind::DISCOVER);
        let mut client = Client {
            config,
            request,
            arrival,
            iface,
            own,
            // Some clients fill it in where it means nothing.
            ciaddr: if has_none { Ipv4Addr::UNSPECIFIED } else { request.packet.ciaddr },
            // A relay may say how it came (RFC 5010).
            unicast: match request.agent_part(agent::FLAGS) {
                Some([flags, ..]) => flags & agent::UNICAST != 0,
                _ => arrival.to != IpAddr::V4(Ipv4Addr::BROADCAST),
            },
            ranges: Candidates::default(),
            tags: TagSet::default(),
            all_tags: TagSet::default(),
            host: None,
            client_id: request.client_id,
            override_id: request.override_id.or_else(|| relay_id(config, request)),
            lease: find_lease(with, request),
            ignored: false,
            pxe_class: pxe_class(config, request),
            first: turn == Turn::First,
            delayed: turn == Turn::Held,
        };
        client.find_ranges(with, routers, turn == Turn::First && !relayed)?;
        client.log_ranges(with);
        client.set_packet_tags();
        client.log_classes(with);
        client.find_host(with, hosts);
        client.all_tags = client.tags.with_ifs(&config.dhcp);
        let ignored = config.dhcp.ignore.iter().any(|tags| client.all_tags.hold_some(tags));
        client.ignored = ignored || client.host.is_some_and(|host| host.ignore);
        if client.host.is_some_and(|host| matches!(host.client_id, ClientId::Ignored)) {
            client.client_id = None;
        }
        Some(client)
    }

    /// The ranges of the interface, or of the address that says where the
    /// client is. Nothing, and a line in the log if that is to be told, if there
    /// are none.
    fn find_ranges(&mut self, with: &mut Surroundings, routers: &mut [Ipv4Addr], tell: bool) -> Option<()> {
        let dhcp = &self.config.dhcp;
        let packet = &self.request.packet;
        let relay = Some(packet.giaddr).filter(|addr| !addr.is_unspecified());
        let own = self.own;
        let mut add = |to: &mut Candidates<'c>, addr| {
            to.add_for_address(dhcp, with.interfaces, addr, packet.giaddr, own, routers);
        };
        if let Some(addr) = self.request.subnet.or(relay) {
            add(&mut self.ranges, addr);
        } else {
            self.ranges.add_on_interface(dhcp, self.iface);
            // A client on another link that renews past its relay; if there is
            // nothing for it, what is here serves to refuse it properly.
            if !self.ciaddr.is_unspecified() && !self.ranges.cover(self.ciaddr) {
                let mut far = Candidates::default();
                add(&mut far, self.ciaddr);
                if !far.is_empty() {
                    self.ranges = far;
                }
            }
        }
        if !self.ranges.is_empty() {
            return Some(());
        }
        if tell {
            let mut buffer = [0; 48];
            let mut out = crate::base::bytes::Writer::new(&mut buffer);
            match (self.request.subnet, relay) {
                (Some(addr), _) => {
                    out.bytes(b"with subnet selector ");
                    crate::base::text::ipv4(&mut out, addr);
                }
                (None, Some(addr)) => {
                    out.bytes(b"via ");
                    crate::base::text::ipv4(&mut out, addr);
                }
                (None, None) => {
                    out.bytes(b"via ");
                    out.bytes(self.iface.name.as_bytes());
                }
            }
            with.out.log(&lines::NO_RANGE, &[Arg::Text(out.written())]);
        }
        None
    }

    fn log_ranges(&self, with: &mut Surroundings) {
        if !self.details() {
            return;
        }
        let xid = Arg::Number(self.request.packet.xid.into());
        for Candidate { range, netmask, .. } in &self.ranges.list {
            let start = Arg::Ip4(range.start);
            match range.kind {
                RangeKind::Dynamic => with.out.log(&lines::AVAILABLE_RANGE, &[xid, start, Arg::Ip4(range.end)]),
                RangeKind::Static | RangeKind::Proxy => with.out.log(&lines::AVAILABLE_SUBNET, &[xid, start, Arg::Ip4(*netmask)]),
            }
        }
    }

    /// True when the details of this request are to be logged (once).
    pub fn details(&self) -> bool {
        self.config.log.dhcp && self.first
    }

    /// Tags that the packet alone gives.
    fn set_packet_tags(&mut self) {
        let dhcp = &self.config.dhcp;
        self.tags.set_word(dhcp, self.iface.name.as_bytes());
        let device = |part| self.request.option(code::VI_ENCAP).and_then(|about| script::of_device(about, part));
        if device(script::OUI).is_some() && device(script::SERIAL).is_some() {
            self.tags.set_word(dhcp, b"cpewan-id");
        }
        // Quirk: the log shows tags in the order in which dnsmasq sets them.
        for turn in 0..4 {
            for entry in dhcp.matches.iter().filter(|entry| turn_of(&entry.test) == turn) {
                if self.passes(&entry.test) {
                    self.tags.set(entry.set);
                }
            }
        }
    }

    fn passes(&self, test: &Test) -> bool {
        let request = self.request;
        let any = |code: u16, fits: &dyn Fn(&[u8]) -> bool| {
            let value = u8::try_from(code).ok().and_then(|code| request.option(code));
            value.is_some_and(|value| !value.is_empty() && fits(value))
        };
        match test {
            Test::Hw(pattern) => matches(pattern, &request.hw),
            // An enterprise alone is of meaning in DHCPv6 only.
            Test::VendorClass(Some(_), text) if text.is_empty() => false,
            Test::VendorClass(_, text) => request.vendor_class.is_some_and(|value| contains(value, text)),
            Test::UserClass(text) => request.user_class.is_some_and(|value| contains(value, text)),
            Test::Agent(part, wanted) => request.agent_part(*part) == Some(&**wanted),
            Test::Value(Where::Option(code), wanted) => any(*code, &|value| fits(value, wanted)),
            Test::Value(Where::Enterprise(enterprise), wanted) => {
                any(VENDOR_CLASSES.into(), &|value| vendor_classes(value, *enterprise).any(|class| fits(class, wanted)))
            }
            Test::Name(wanted, open) => request.name.as_ref().is_some_and(|name| {
                let head = name.label().get(..wanted.len());
                head.is_some_and(|head| head.eq_ignore_ascii_case(wanted))
                    && (*open || name.label().len() == wanted.len())
            }),
        }
    }

    fn log_classes(&self, with: &mut Surroundings) {
        if !self.details() {
            return;
        }
        let xid = Arg::Number(self.request.packet.xid.into());
        if let Some(class) = self.request.vendor_class {
            let class = log::printable(&mut core::iter::once(class));
            with.out.log(&lines::VENDOR_CLASS, &[xid, Arg::Text(&class)]);
        }
        if let Some(class) = self.request.user_class {
            let class = log::printable(&mut log::user_class(class));
            with.out.log(&lines::USER_CLASS, &[xid, Arg::Text(&class)]);
        }
        if let Some(name) = &self.request.name {
            with.out.log(&lines::CLIENT_NAME, &[xid, Arg::Text(name.text())]);
        }
    }

    /// The host of the configuration: by identifier and hardware address, then
    /// by the name the client sends (which must not help it to pass for a host
    /// that has one of the others).
    fn find_host(&mut self, with: &Surroundings, hosts: &'c HostTable) {
        let dhcp = &self.config.dhcp;
        let request = self.request;
        // A boot loader may leave out the identifier by which its lease was made.
        let stored = self.lease.and_then(|id| with.leases.get(id)).map(|lease| with.leases.client_id(lease));
        let client_id = request.client_id.or(stored.filter(|id| !id.is_empty()));
        let who = Identity { client_id, hw: &request.hw, name: None };
        let all = self.tags.with_ifs(dhcp);
        let found = hosts.of_client(&who, &all, Some(&self.ranges));
        let found = found.or_else(|| {
            let name = request.name.as_ref().map(|name| name.label());
            hosts.of_client(&Identity { name, ..who }, &all, Some(&self.ranges))
        });
        match found {
            Some(host) => {
                self.tags.set_word(dhcp, b"known");
                // Quirk: the log shows the tags of a host in the order of its line.
                host.set.iter().rev().for_each(|tag| self.tags.set(*tag));
            }
            None if hosts.of_client(&who, &all, None).is_some() => {
                self.tags.set_word(dhcp, b"known-othernet");
            }
            None => {}
        }
        self.host = found;
    }

    /// True when a relay brought the request.
    pub fn is_relayed(&self) -> bool {
        !self.request.packet.giaddr.is_unspecified()
    }

    /// True when it is a PXE client and there is something for these.
    pub fn pxe(&self) -> bool {
        self.pxe_class.is_some() && self.config.dhcp.netboot.pxe()
    }

    /// True when the packet came to the port of PXE servers.
    pub fn at_pxe_port(&self) -> bool {
        self.arrival.door == Door::Pxe4
    }

    /// The address that the configuration gives it.
    pub fn fixed(&self) -> Option<Ipv4Addr> {
        self.host.and_then(|host| host.addr)
    }

    /// The name for the lease: of the configuration, else what the client says.
    pub fn naming(&self) -> Option<Naming<'c>> {
        let request: &'c Request<'c> = self.request;
        let host: Option<&'c Host> = self.host;
        let sent = request.name.as_ref();
        if let Some((host, label)) = host.and_then(|host| Some((host, host.name.as_deref()?))) {
            // Who is known by its name alone keeps its way to write it.
            let own = sent.map(|name| name.label()).filter(|own| host.is_known_by_name() && own.eq_ignore_ascii_case(label));
            return Some(Naming { label: own.unwrap_or(label), domain: &[], zone: host.domain.as_deref(), ours: true });
        }
        let name = sent?;
        Some(Naming { label: name.label(), domain: name.domain(), zone: None, ours: false })
    }

    /// What we call ourselves to this client.
    pub fn server_id(&self, range: Option<&Candidate>) -> Ipv4Addr {
        let of_range = range.or(self.ranges.list.first()).map(|range| range.local);
        self.override_id.or(of_range).unwrap_or(self.own)
    }

    /// The tags with those of a range, and what `tag-if` makes of them.
    pub fn tags_with(&self, range: Option<&Candidate>) -> TagSet<'c> {
        match range.and_then(|range| range.range.set) {
            Some(tag) => {
                let mut tags = self.tags.clone();
                tags.set(tag);
                tags.with_ifs(&self.config.dhcp)
            }
            None => self.all_tags.clone(),
        }
    }
}

/// `dhcp-proxy`: we call ourselves as the relay, so that everything passes it.
fn relay_id(config: &Config, request: &Request) -> Option<Ipv4Addr> {
    let relays = config.dhcp.relaying.proxy.as_ref()?;
    let relay = Some(request.packet.giaddr).filter(|relay| !relay.is_unspecified());
    relay.filter(|relay| relays.is_empty() || relays.contains(relay))
}

/// The class of PXE clients that the client's begins with.
fn pxe_class<'c>(config: &'c Config, request: &Request) -> Option<&'c [u8]> {
    let class = request.vendor_class?;
    let mut all = config.dhcp.netboot.vendors.iter();
    all.rfind(|known| class.starts_with(known)).map(|known| &**known)
}

/// When a test is made: relay, hardware address, options, classes and name.
fn turn_of(test: &Test) -> u8 {
    match test {
        Test::Agent(..) => 0,
        Test::Hw(_) => 1,
        Test::Value(..) => 2,
        Test::VendorClass(..) | Test::UserClass(_) | Test::Name(..) => 3,
    }
}

/// The lease of a client: by its identifier, else by its hardware address if
/// one of the two sides has no identifier.
fn find_lease(with: &Surroundings, request: &Request) -> Option<LeaseId> {
    let by_id = request.client_id.and_then(|id| with.leases.by_client_id(id));
    by_id.or_else(|| {
        if request.hw.is_empty() {
            return None;
        }
        let mut all = with.leases.by_hw(&request.hw);
        all.find(|(_, lease)| request.client_id.is_none() || with.leases.client_id(lease).is_empty())
            .map(|(id, _)| id)
    })
}

/// Vendor classes behind the numbers of their enterprises (RFC 3925 §3).
const VENDOR_CLASSES: u8 = 124;

/// The vendor classes of an enterprise in the value of option 124.
fn vendor_classes(value: &[u8], enterprise: u32) -> impl Iterator<Item = &[u8]> {
    let mut blocks = Reader::new(value);
    let mut classes = Reader::new(&[]);
    core::iter::from_fn(move || {
        loop {
            if let Some(class) = classes.u8().and_then(|len| classes.take(len.into())) {
                return Some(class);
            }
            let owner = blocks.u32()?;
            let len = blocks.u8()?;
            let block = blocks.take(len.into())?;
            classes = Reader::new(if owner == enterprise { block } else { &[] });
        }
    })
}

/// True when a value is what `dhcp-match` wants.
fn fits(value: &[u8], wanted: &Fits) -> bool {
    match wanted {
        Fits::Present => true,
        Fits::Octets(wanted, wild) => begins(value, wanted, *wild),
        Fits::Contains(text) => contains(value, text),
        Fits::Element(wanted) => {
            !wanted.is_empty() && value.chunks_exact(wanted.len()).any(|element| *element == **wanted)
        }
    }
}

/// True when `part` occurs anywhere in `value`; the empty one always does.
fn contains(value: &[u8], part: &[u8]) -> bool {
    part.is_empty() || value.windows(part.len()).any(|window| window == part)
}

/// True when `value` begins with `wanted`; bit n of `wild` frees octet n.
fn begins(value: &[u8], wanted: &[u8], wild: u64) -> bool {
    let same = |(place, (a, b)): (usize, (&u8, &u8))| {
        a == b || wild.checked_shr(place as u32).is_some_and(|bits| bits & 1 != 0)
    };
    value.len() >= wanted.len() && value.iter().zip(wanted).enumerate().all(same)
}
