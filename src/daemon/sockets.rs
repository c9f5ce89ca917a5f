//! The sockets and files we hold, by their purpose; opened when the purpose
//! arises, registered with the poll, closed with it. Nothing here allocates
//! after `new`: the tables have the sizes that the operator chose.

use crate::base::net::unspecified;
use crate::config::{Bind, Config};
use crate::daemon::tokens::{Layout, Place, Ready};
use crate::dns::doors::{Doors, Owner};
use crate::limits;
use crate::outbox::action::{Door, Route};
use crate::platform::sys::{self, Errno};
use crate::platform::{sockets, streams};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// Ports tried beside one that is taken.
const PORT_TRIES: u16 = 10;

/// Descriptors beside those of tables: standard ones, poll, signals, netlink,
/// inotify, DHCP, echo, log, lease file, files that are read again.
const SINGLE: usize = 24;

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 128;

/// A listening address.
pub struct Listener {
    /// Where.
    pub addr: SocketAddr,
    /// Datagrams.
    pub udp: OwnedFd,
    /// Connections; none for TFTP.
    pub tcp: Option<OwnedFd>,
}

/// The sockets of one forwarded question.
#[derive(Default)]
struct Upstream {
    port: u16,
    /// What leaves carries this mark; 0: none.
    mark: u32,
    v4: Option<Way>,
    v6: Option<Way>,
}

/// A socket to upstream servers of one family.
struct Way {
    socket: OwnedFd,
    /// The only server asked through it: connected, so that the kernel tells
    /// when nobody is there, and takes answers from nobody else.
    peer: Option<SocketAddr>,
}

impl Upstream {
    fn way(&mut self, v6: bool) -> &mut Option<Way> {
        if v6 { &mut self.v6 } else { &mut self.v4 }
    }
}

/// One TFTP transfer.
#[derive(Default)]
pub struct Transfer {
    /// Local port; 0: any.
    pub port: u16,
    socket: Option<OwnedFd>,
    /// What is sent.
    pub file: Option<OwnedFd>,
}

/// A TCP stream.
pub struct Stream {
    /// The socket.
    pub socket: OwnedFd,
    /// It does not stand yet.
    pub connecting: bool,
    /// The peer has said all it will say; it need not have been read yet.
    pub peer_closed: bool,
}

/// Everything that is open.
pub struct Sockets {
    poll: Poll,
    layout: Layout,
    /// Numbers that may have more to say.
    pub ready: Ready,
    /// DNS listeners by number.
    pub dns: Box<[Option<Listener>]>,
    /// TFTP listeners by number.
    pub tftp: Box<[Option<Listener>]>,
    /// DHCPv4.
    pub dhcp4: Option<OwnedFd>,
    /// PXE clients.
    pub pxe4: Option<OwnedFd>,
    /// Echo.
    pub icmp4: Option<OwnedFd>,
    upstream: Box<[Upstream]>,
    doors: Doors,
    ports: (u16, u16),
    /// Transfers by slot.
    pub transfers: Box<[Transfer]>,
    /// Streams by slot.
    pub streams: Box<[Option<Stream>]>,
}

impl Sockets {
    /// Nothing open yet.
    pub fn new(config: &Config, poll: Poll) -> Self {
        let (upstream, transfers) = sizes(config);
        let layout = Layout::new(upstream, transfers);
        Sockets {
            poll,
            layout,
            ready: Ready::new(layout.count()),
            dns: (0..listeners(config)).map(|_| None).collect(),
            tftp: (0..listeners(config)).map(|_| None).collect(),
            dhcp4: None,
            pxe4: None,
            icmp4: None,
            upstream: (0..upstream).map(|_| Upstream::default()).collect(),
            doors: Doors::new(&config.dns),
            ports: config.dns.ports,
            transfers: (0..transfers).map(|_| Transfer::default()).collect(),
            streams: (0..limits::STREAMS_MAX).map(|_| None).collect(),
        }
    }

    /// Descriptors that may be open at once: two a question and a transfer, and
    /// all that there is one of.
    pub fn most(&self) -> usize {
        let listeners = 2 * self.dns.len() + self.tftp.len();
        2 * (self.upstream.len() + self.transfers.len()) + self.streams.len() + listeners + SINGLE
    }

    /// Octets of the tables for a configuration.
    pub fn bytes(config: &Config) -> usize {
        let (upstream, transfers) = sizes(config);
        upstream * size_of::<Upstream>()
            + transfers * size_of::<Transfer>()
            + 2 * listeners(config) * size_of::<Option<Listener>>()
            + limits::STREAMS_MAX * size_of::<Option<Stream>>()
    }

    /// What a number of the ready set stands for.
    pub fn place(&self, number: usize) -> Option<Place> {
        self.layout.place(number)
    }

    /// Takes a place out of the ready set until the poll tells again.
    pub fn quiet(&mut self, place: Place) {
        self.ready.clear(self.layout.number(place));
    }

    /// Puts a place into the ready set: it may have more to say.
    pub fn wake(&mut self, place: Place) {
        self.ready.set(self.layout.number(place));
    }

    /// Waits until something can be read or written, or patience ends.
    pub fn wait(&mut self, events: &mut Events, patience: Option<Duration>) {
        // Interrupted or not: what came is in `events`.
        if self.poll.poll(events, patience).is_err() {
            events.clear();
        }
    }

    /// From now on the poll tells when this can be read.
    pub fn watch(&mut self, fd: BorrowedFd, place: Place) -> Result<(), Errno> {
        self.watch_for(fd, place, Interest::READABLE)
    }

    /// The same, for other interests.
    pub fn watch_for(&mut self, fd: BorrowedFd, place: Place, what: Interest) -> Result<(), Errno> {
        let number = self.layout.number(place);
        self.ready.clear(number);
        let token = Token(number);
        self.poll.registry().register(&mut SourceFd(&fd.as_raw_fd()), token, what).map_err(|e| sys::errno_of(&e))
    }

    /// The socket that datagrams are received from.
    pub fn of_place(&self, place: Place) -> Option<BorrowedFd<'_>> {
        match place {
            Place::Dns(n) => self.of_door(Door::Dns(n)),
            Place::Tftp(n) => self.of_door(Door::Tftp(n)),
            Place::Transfer(slot) => self.of_door(Door::Transfer(slot)),
            Place::Upstream { slot, v6 } => self.of_door(Door::Upstream { slot, v6 }),
            Place::Dhcp4 => self.of_door(Door::Dhcp4),
            Place::Pxe4 => self.of_door(Door::Pxe4),
            Place::Icmp4 => self.of_door(Door::Icmp4),
            _ => None,
        }
    }

    /// The open socket of a door.
    pub fn of_door(&self, door: Door) -> Option<BorrowedFd<'_>> {
        match door {
            Door::Dns(n) => Some(self.dns.get(usize::from(n))?.as_ref()?.udp.as_fd()),
            Door::Tftp(n) => Some(self.tftp.get(usize::from(n))?.as_ref()?.udp.as_fd()),
            Door::Dhcp4 => self.dhcp4.as_ref().map(AsFd::as_fd),
            Door::Pxe4 => self.pxe4.as_ref().map(AsFd::as_fd),
            Door::Icmp4 => self.icmp4.as_ref().map(AsFd::as_fd),
            Door::Transfer(slot) => Some(self.transfers.get(usize::from(slot))?.socket.as_ref()?.as_fd()),
            Door::Upstream { slot, v6 } => {
                let slot = self.upstream.get(usize::from(slot))?;
                if v6 { &slot.v6 } else { &slot.v4 }.as_ref().map(|way| way.socket.as_fd())
            }
        }
    }

    /// Any IPv4 datagram socket: what a question to the kernel goes through.
    pub fn of_family_v4(&self) -> Option<&OwnedFd> {
        let listeners = self.tftp.iter().chain(&self.dns).flatten();
        self.dhcp4.as_ref().or(listeners.filter(|l| l.addr.is_ipv4()).map(|l| &l.udp).next())
    }

    /// Opens the socket of a door that a first datagram is about to leave by,
    /// unless it is open. `alone`: nothing leaves by it to somebody else now.
    pub fn open_for(&mut self, route: &Route, alone: bool) -> Result<(), Errno> {
        let is_new = self.of_door(route.door).is_none();
        match route.door {
            Door::Upstream { slot, v6 } => {
                if is_new {
                    self.open_upstream(slot, v6)?;
                }
                // A source or an interface of its own is chosen a datagram, which
                // a connected socket would not hear the answer of.
                let plain = route.source.is_none() && route.iface == 0;
                self.aim(slot, v6, is_new, Some(route.to).filter(|_| alone && plain))
            }
            _ if !is_new => Ok(()),
            Door::Transfer(slot) => self.open_transfer(slot, route),
            _ => Err(sys::ENODEV),
        }
    }

    fn open_upstream(&mut self, slot: u16, v6: bool) -> Result<(), Errno> {
        let socket = sockets::udp(v6)?;
        let Upstream { port, mark, .. } = *self.upstream.get(usize::from(slot)).ok_or(sys::ENODEV)?;
        if mark != 0 {
            sockets::set_mark(socket.as_fd(), mark);
        }
        match self.doors.owner(slot) {
            _ if port == 0 => {}
            // Who fixes a port means this one.
            Owner::Everybody => sockets::bind(&socket, SocketAddr::new(unspecified(v6), port))?,
            Owner::Question(_) => self.bind_near(&socket, v6, port)?,
        }
        self.watch(socket.as_fd(), Place::Upstream { slot, v6 })?;
        if let Some(slot) = self.upstream.get_mut(usize::from(slot)) {
            *slot.way(v6) = Some(Way { socket, peer: None });
        }
        Ok(())
    }

    /// Connects a new socket to the only server it asks, and frees it again
    /// before it asks another one.
    fn aim(&mut self, slot: u16, v6: bool, is_new: bool, only: Option<SocketAddr>) -> Result<(), Errno> {
        let own = self.doors.owner(slot) != Owner::Everybody;
        let way = self.upstream.get_mut(usize::from(slot)).and_then(|slot| slot.way(v6).as_mut());
        let Some(way) = way.filter(|_| own) else { return Ok(()) };
        match (way.peer, only) {
            (None, Some(to)) if is_new => {
                sockets::connect(way.socket.as_fd(), to)?;
                way.peer = Some(to);
            }
            (Some(_), only) if way.peer != only => {
                sockets::disconnect(way.socket.as_fd());
                way.peer = None;
            }
            _ => {}
        }
        Ok(())
    }

    /// The server that the socket of a place is connected to.
    pub fn peer(&mut self, place: Place) -> Option<SocketAddr> {
        match place {
            Place::Upstream { slot, v6 } => self.upstream.get_mut(usize::from(slot))?.way(v6).as_ref()?.peer,
            _ => None,
        }
    }

    /// Binds to a port, or to one of the next in the range when it is taken.
    fn bind_near(&self, socket: &OwnedFd, v6: bool, port: u16) -> Result<(), Errno> {
        let (low, high) = self.ports;
        let mut port = port;
        for _ in 0..PORT_TRIES {
            match sockets::bind(socket, SocketAddr::new(unspecified(v6), port)) {
                Err(sys::EADDRINUSE | sys::EACCES) => {}
                done => return done,
            }
            port = if port >= high || port < low { low } else { port + 1 };
        }
        Err(sys::EADDRINUSE)
    }

    fn open_transfer(&mut self, slot: u16, route: &Route) -> Result<(), Errno> {
        let v6 = route.to.is_ipv6();
        let socket = sockets::udp(v6)?;
        let port = self.transfers.get(usize::from(slot)).ok_or(sys::ENODEV)?.port;
        let ip = route.source.unwrap_or_else(|| unspecified(v6));
        sockets::bind(&socket, with_scope(ip, port, route.iface))?;
        self.watch(socket.as_fd(), Place::Transfer(slot))?;
        if let Some(transfer) = self.transfers.get_mut(usize::from(slot)) {
            transfer.socket = Some(socket);
        }
        Ok(())
    }

    /// The port of a question's sockets, opened later.
    pub fn set_upstream_port(&mut self, slot: u16, port: u16) {
        if let Some(slot) = self.upstream.get_mut(usize::from(slot)) {
            slot.port = port;
        }
    }

    /// The mark of what leaves by a question's sockets.
    pub fn upstream_mark(&self, slot: u16) -> u32 {
        self.upstream.get(usize::from(slot)).map_or(0, |slot| slot.mark)
    }

    /// Changes it, for sockets that are open and those opened later.
    pub fn set_upstream_mark(&mut self, slot: u16, mark: u32) {
        let Some(slot) = self.upstream.get_mut(usize::from(slot)) else { return };
        slot.mark = mark;
        for way in slot.v4.iter().chain(&slot.v6) {
            sockets::set_mark(way.socket.as_fd(), mark);
        }
    }

    /// Closes both sockets of a question.
    pub fn close_upstream(&mut self, slot: u16) {
        if let Some(slot) = self.upstream.get_mut(usize::from(slot)) {
            *slot = Upstream::default();
        }
    }

    /// Closes socket and file of a transfer.
    pub fn close_transfer(&mut self, slot: u16) {
        if let Some(transfer) = self.transfers.get_mut(usize::from(slot)) {
            *transfer = Transfer::default();
        }
    }

    /// Takes over a stream's socket and starts to watch it.
    pub fn add_stream(&mut self, slot: u8, socket: OwnedFd, connecting: bool) -> Result<(), Errno> {
        // Most answers leave at once: that there is room for them is not news.
        let what = if connecting { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
        self.watch_for(socket.as_fd(), Place::Stream(slot), what)?;
        if let Some(place) = self.streams.get_mut(usize::from(slot)) {
            *place = Some(Stream { socket, connecting, peer_closed: false });
        }
        Ok(())
    }

    /// A stream takes no more for now: from now on the poll tells when it does.
    pub fn await_room(&mut self, slot: u8) {
        let token = Token(self.layout.number(Place::Stream(slot)));
        if let Some(Some(stream)) = self.streams.get(usize::from(slot)) {
            let what = Interest::READABLE | Interest::WRITABLE;
            // The socket is open and registered: there is nothing to fail.
            let _ = self.poll.registry().reregister(&mut SourceFd(&stream.socket.as_raw_fd()), token, what);
        }
    }

    /// The poll tells that the peer of a stream will say no more.
    pub fn peer_closed(&mut self, number: usize) {
        if let Some(Place::Stream(slot)) = self.place(number)
            && let Some(Some(stream)) = self.streams.get_mut(usize::from(slot))
        {
            stream.peer_closed = true;
        }
    }

    /// Starts to connect a stream.
    pub fn connect_stream(
        &mut self,
        slot: u8,
        to: SocketAddr,
        source: Option<IpAddr>,
        iface: Option<&[u8]>,
        mark: u32,
    ) -> Result<bool, Errno> {
        let socket = streams::tcp(to.is_ipv6())?;
        if mark != 0 {
            sockets::set_mark(socket.as_fd(), mark);
        }
        if let Some(iface) = iface {
            sockets::bind_device(&socket, iface)?;
        }
        if let Some(source) = source {
            sockets::bind(&socket, SocketAddr::new(source, 0))?;
        }
        let stands = streams::connect(&socket, to)?;
        self.add_stream(slot, socket, !stands)?;
        Ok(stands)
    }

    /// Closes a stream.
    pub fn close_stream(&mut self, slot: u8) {
        if let Some(stream) = self.streams.get_mut(usize::from(slot)) {
            *stream = None;
        }
        self.quiet(Place::Stream(slot));
    }

    /// Starts to listen for DNS; the listener's number is the first free one.
    pub fn listen_dns(&mut self, addr: SocketAddr) -> Result<(), Errno> {
        let Some(number) = free(&self.dns) else { return Err(sys::ENOBUFS) };
        let tcp = streams::tcp(addr.is_ipv6())?;
        sockets::reuse_addr(&tcp)?;
        sockets::bind(&tcp, addr)?;
        streams::listen(&tcp, BACKLOG)?;
        let udp = datagrams(addr)?;
        self.watch(udp.as_fd(), Place::Dns(number))?;
        self.watch(tcp.as_fd(), Place::Tcp(number))?;
        if let Some(place) = self.dns.get_mut(usize::from(number)) {
            *place = Some(Listener { addr, udp, tcp: Some(tcp) });
        }
        Ok(())
    }

    /// Starts to listen for TFTP requests.
    pub fn listen_tftp(&mut self, addr: SocketAddr) -> Result<(), Errno> {
        let Some(number) = free(&self.tftp) else { return Err(sys::ENOBUFS) };
        let udp = datagrams(addr)?;
        self.watch(udp.as_fd(), Place::Tftp(number))?;
        if let Some(place) = self.tftp.get_mut(usize::from(number)) {
            *place = Some(Listener { addr, udp, tcp: None });
        }
        Ok(())
    }
}

/// Listening sockets of a service: one of each family, or one an address.
fn listeners(config: &Config) -> usize {
    if config.listen.bind == Bind::Wildcard { 2 } else { limits::LISTENERS_MAX }
}

/// Sockets of questions, and of transfers.
fn sizes(config: &Config) -> (usize, usize) {
    let upstream = if config.listen.port == 0 { 0 } else { Doors::new(&config.dns).count() };
    let transfers = if config.tftp.on { usize::from(config.tftp.max) } else { 0 };
    (upstream, transfers)
}

/// A datagram socket for requests, which tell how they came.
fn datagrams(addr: SocketAddr) -> Result<OwnedFd, Errno> {
    let v6 = addr.is_ipv6();
    let udp = sockets::udp(v6)?;
    sockets::reuse_addr(&udp)?;
    sockets::want_arrival(&udp, v6)?;
    sockets::ignore_path_mtu(&udp, v6);
    sockets::bind(&udp, addr)?;
    Ok(udp)
}

fn free(listeners: &[Option<Listener>]) -> Option<u8> {
    listeners.iter().position(Option::is_none).and_then(|at| u8::try_from(at).ok())
}

/// An endpoint; a link-local address is only one together with its interface.
pub fn with_scope(ip: IpAddr, port: u16, iface: u32) -> SocketAddr {
    match ip {
        IpAddr::V6(v6) if crate::base::net::is_link_local6(v6) => SocketAddrV6::new(v6, port, 0, iface).into(),
        ip => SocketAddr::new(ip, port),
    }
}
