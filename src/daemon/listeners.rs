//! Which addresses are listened at, by the configuration and the interfaces of
//! now: wildcard sockets filtered by interface, or one socket an address, fixed
//! (`bind-interfaces`) or following changes (`bind-dynamic`).

use crate::base::net::{ip_of, unspecified};
use crate::base::bytes::Writer;
use crate::base::{errno, text};
use crate::config::{Bind, Config};
use crate::daemon::core::Core;
use crate::daemon::failure::{Failure, NETWORK};
use crate::daemon::serve;
use crate::daemon::sockets::{Listener, Sockets, with_scope};
use crate::daemon::tokens::Place;
use crate::limits;
use crate::outbox::lines::{Arg, process};
use crate::platform::sys::{self, Errno};
use crate::platform::{icmp, sockets};
use crate::store::interfaces::Interfaces;
use arrayvec::ArrayVec;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::AsFd;

/// The ports of servers.
const TFTP: u16 = 69;
const PXE: u16 = 4011;

/// One more than the table takes: it is refused there, which is told.
type Addresses = ArrayVec<SocketAddr, { limits::LISTENERS_MAX + 1 }>;

/// What a listener is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Service {
    Dns,
    Tftp,
}

/// Where a service listens.
fn wanted(config: &Config, interfaces: &Interfaces, service: Service) -> Addresses {
    let (on, port) = match service {
        Service::Dns => (config.listen.port != 0, config.listen.port),
        Service::Tftp => (config.tftp.on, TFTP),
    };
    let mut list = Addresses::new();
    if !on {
        return list;
    }
    if config.listen.bind == Bind::Wildcard {
        list.extend([false, true].map(|v6| SocketAddr::new(unspecified(v6), port)));
        return list;
    }
    let mut add = |addr| {
        if !list.contains(&addr) {
            let _ = list.try_push(addr);
        }
    };
    for interface in interfaces.iter() {
        // TFTP may have interfaces of its own beside those of DNS.
        let tftp = service == Service::Tftp && interface.tftp && !config.tftp.interfaces.is_empty();
        let excluded = service == Service::Tftp && !interface.tftp;
        for own in interface.addresses.iter().filter(|own| !own.tentative && !excluded && (own.dns || tftp)) {
            add(with_scope(own.addr, port, interface.index));
        }
    }
    if config.listen.bind == Bind::Static {
        for addr in config.listen.addresses.iter().filter(|addr| !interfaces.is_own(**addr)) {
            add(SocketAddr::new(*addr, port));
        }
    }
    list
}

/// Opens everything that is listened at. What cannot be had ends the start.
pub fn open(sockets: &mut Sockets, core: &Core) -> Result<(), Failure> {
    let (config, interfaces) = (&core.config, &*core.world.interfaces);
    if config.listen.bind == Bind::Static {
        for pattern in config.listen.interfaces.iter().flatten() {
            if !interfaces.iter().any(|known| pattern.matches(known.name.as_bytes())) {
                let star: &[u8] = if pattern.wildcard { b"*" } else { b"" };
                return Err(Failure::new(NETWORK, &[b"unknown interface ", &pattern.name, star]));
            }
        }
    }
    for service in [Service::Dns, Service::Tftp] {
        for addr in wanted(config, interfaces, service) {
            let opened = match service {
                Service::Dns => sockets.listen_dns(addr),
                Service::Tftp => sockets.listen_tftp(addr),
            };
            // A kernel without IPv6 serves IPv4.
            let missing = |errno| {
                addr.is_ipv6()
                    && config.listen.bind == Bind::Wildcard
                    && matches!(errno, sys::EAFNOSUPPORT | sys::EADDRNOTAVAIL | sys::EINVAL)
            };
            match opened {
                Ok(()) => {}
                Err(errno) if missing(errno) => {}
                Err(errno) => return Err(refused(config, addr, errno)),
            }
        }
    }
    if config.dhcp.on() {
        open_dhcp(sockets, config, interfaces)?;
    }
    Ok(())
}

fn refused(config: &Config, addr: SocketAddr, why: Errno) -> Failure {
    let mut buffer = [0; 64];
    let mut out = Writer::new(&mut buffer);
    if config.listen.bind == Bind::Wildcard {
        out.bytes(b"port ");
        text::decimal(&mut out, addr.port().into());
    } else {
        text::ip(&mut out, ip_of(&addr));
    }
    Failure::new(NETWORK, &[b"failed to create listening socket for ", out.written(), b": ", errno::text(why).as_bytes()])
}

fn open_dhcp(sockets: &mut Sockets, config: &Config, interfaces: &Interfaces) -> Result<(), Failure> {
    let say = |what: &[u8], errno| Failure::new(NETWORK, &[what, errno::text(errno).as_bytes()]);
    let device = serve::dhcp_device(config, &interfaces.list);
    let setup = || -> Result<_, Errno> {
        let socket = sockets::udp(false)?;
        sockets::want_arrival(&socket, false)?;
        sockets::prepare_dhcp(&socket)?;
        sockets::reuse_addr(&socket)?;
        sockets::reuse_port(&socket);
        if let Some(device) = device {
            sockets::bind_device(&socket, device.name.as_bytes())?;
        }
        Ok(socket)
    };
    let mut open = |port, place| {
        let socket = setup().map_err(|errno| say(b"failed to set up DHCP socket: ", errno))?;
        sockets::bind(&socket, SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port))
            .map_err(|errno| say(b"failed to bind DHCP server socket: ", errno))?;
        sockets.watch(socket.as_fd(), place).map_err(|errno| say(b"failed to set up DHCP socket: ", errno))?;
        Ok(socket)
    };
    let dhcp4 = open(config.dhcp.netboot.ports.0, Place::Dhcp4)?;
    let pxe4 = if config.dhcp.netboot.pxe() { Some(open(PXE, Place::Pxe4)?) } else { None };
    (sockets.dhcp4, sockets.pxe4) = (Some(dhcp4), pxe4);
    if !config.dhcp.no_ping && !config.dhcp.ranges.is_empty() {
        let socket = icmp::open().map_err(|errno| say(b"failed to create ICMP listening socket: ", errno))?;
        sockets.watch(socket.as_fd(), Place::Icmp4).map_err(|errno| say(b"failed to set up ICMP socket: ", errno))?;
        sockets.icmp4 = Some(socket);
    }
    Ok(())
}

/// `bind-dynamic`: closes what has lost its address and opens what is new.
pub fn follow(sockets: &mut Sockets, core: &mut Core) {
    for service in [Service::Dns, Service::Tftp] {
        let wanted = wanted(&core.config, &core.world.interfaces, service);
        let table = match service {
            Service::Dns => &mut sockets.dns,
            Service::Tftp => &mut sockets.tftp,
        };
        for listener in table.iter_mut() {
            if listener.as_ref().is_some_and(|open| !wanted.contains(&open.addr)) {
                *listener = None;
            }
        }
        for addr in wanted {
            let table = if service == Service::Dns { &sockets.dns } else { &sockets.tftp };
            if table.iter().flatten().any(|open: &Listener| open.addr == addr) {
                continue;
            }
            let opened = match service {
                Service::Dns => sockets.listen_dns(addr),
                Service::Tftp => sockets.listen_tftp(addr),
            };
            if let Err(errno) = opened {
                core.outbox.log(&process::NO_LISTENER, &[Arg::Ip(ip_of(&addr)), Arg::Errno(errno)]);
            }
        }
    }
}
