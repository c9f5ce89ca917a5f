//! Datagram sockets that tell the interface and the address a datagram came in
//! by, and that leave by the ones asked for; read and written in batches.
//!
//! Stands on udp(7), ip(7) IP_PKTINFO, ipv6(7) IPV6_RECVPKTINFO (RFC 3542),
//! recvmmsg(2), sendmmsg(2), cmsg(3). Where the batch calls do not exist, one
//! datagram a call does the same. The calls are the kernel's own: musl sends a
//! batch datagram by datagram, because of paddings that here are always zero.

use super::address::{self, Storage};
use super::sys::{self, Errno, check, raw, set_option, set_option_text};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Octets of control data a datagram carries: one packet information of
/// either family with its header.
const CONTROL: usize = 64;

#[derive(Clone, Copy)]
#[repr(C, align(8))]
struct Control([u8; CONTROL]);

/// A UDP socket, not blocking, of one family only.
pub fn udp(v6: bool) -> Result<OwnedFd, Errno> {
    let family = if v6 { libc::AF_INET6 } else { libc::AF_INET };
    let fd = sys::socket(family, libc::SOCK_DGRAM, 0)?;
    if v6 {
        only_v6(fd.as_fd())?;
    }
    Ok(fd)
}

/// Keeps IPv4 out of an IPv6 socket.
pub(super) fn only_v6(fd: BorrowedFd) -> Result<(), Errno> {
    set_option(fd, libc::IPPROTO_IPV6, libc::IPV6_V6ONLY, 1 as libc::c_int)
}

/// Binds to a local address.
pub fn bind(fd: &OwnedFd, addr: SocketAddr) -> Result<(), Errno> {
    let mut storage = address::empty();
    let len = address::write(addr, &mut storage);
    // SAFETY: the storage holds an address of that length.
    check(unsafe { libc::bind(raw(fd.as_fd()), (&raw const storage).cast(), len) })?;
    Ok(())
}

/// Receives from `to` only from now on, and hears when it cannot be reached:
/// the next call on the socket then fails.
pub fn connect(fd: BorrowedFd, to: SocketAddr) -> Result<(), Errno> {
    let mut storage = address::empty();
    let len = address::write(to, &mut storage);
    // SAFETY: the storage holds an address of that length.
    check(unsafe { libc::connect(raw(fd), (&raw const storage).cast(), len) })?;
    Ok(())
}

/// Receives from everybody again, at the same port if it was bound to one.
pub fn disconnect(fd: BorrowedFd) {
    let mut storage = address::empty();
    let len = address::write((Ipv4Addr::UNSPECIFIED, 0).into(), &mut storage);
    storage.ss_family = libc::AF_UNSPEC as _;
    // SAFETY: the storage is longer than `len`. Failing changes nothing: the
    // socket then hears one server only.
    unsafe { libc::connect(raw(fd), (&raw const storage).cast(), len) };
}

/// The address a socket is bound to.
pub fn local_addr(fd: BorrowedFd) -> Option<SocketAddr> {
    let mut storage = address::empty();
    let mut len = size_of::<Storage>() as libc::socklen_t;
    // SAFETY: the storage is as long as `len` says.
    let done = unsafe { libc::getsockname(raw(fd), (&raw mut storage).cast(), &raw mut len) };
    if done < 0 { None } else { address::read(&storage) }
}

/// Lets others bind the same address: SO_REUSEADDR.
pub fn reuse_addr(fd: &OwnedFd) -> Result<(), Errno> {
    set_option(fd.as_fd(), libc::SOL_SOCKET, libc::SO_REUSEADDR, 1 as libc::c_int)
}

/// Lets others bind the same address and port: SO_REUSEPORT. Old kernels
/// without it do not mind.
pub fn reuse_port(fd: &OwnedFd) {
    let _ = set_option(fd.as_fd(), libc::SOL_SOCKET, libc::SO_REUSEPORT, 1 as libc::c_int);
}

/// Every datagram received tells its interface and destination.
pub fn want_arrival(fd: &OwnedFd, v6: bool) -> Result<(), Errno> {
    match v6 {
        true => set_option(fd.as_fd(), libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, 1 as libc::c_int),
        false => set_option(fd.as_fd(), libc::IPPROTO_IP, libc::IP_PKTINFO, 1 as libc::c_int),
    }
}

/// Sends and receives by one interface only (its name, without a zero).
pub fn bind_device(fd: &OwnedFd, name: &[u8]) -> Result<(), Errno> {
    set_option_text(fd.as_fd(), libc::SOL_SOCKET, libc::SO_BINDTODEVICE, name)
}

/// What is sent carries this mark of the firewall's. Without the right to do so
/// it leaves without.
pub fn set_mark(fd: BorrowedFd, mark: u32) {
    let _ = set_option(fd, libc::SOL_SOCKET, libc::SO_MARK, mark);
}

/// Large UDP answers are not to be fragmented by routers on the way on the
/// strength of a path MTU that anybody can forge.
pub fn ignore_path_mtu(fd: &OwnedFd, v6: bool) {
    // IP_PMTUDISC_DONT (0): never set "don't fragment", never believe ICMP.
    let _ = match v6 {
        true => set_option(fd.as_fd(), libc::IPPROTO_IPV6, libc::IPV6_MTU_DISCOVER, 0 as libc::c_int),
        false => set_option(fd.as_fd(), libc::IPPROTO_IP, libc::IP_MTU_DISCOVER, 0 as libc::c_int),
    };
}

/// A socket for DHCP: may broadcast, sends with class CS6.
pub fn prepare_dhcp(fd: &OwnedFd) -> Result<(), Errno> {
    set_option(fd.as_fd(), libc::SOL_SOCKET, libc::SO_BROADCAST, 1 as libc::c_int)?;
    // IPTOS_CLASS_CS6 (RFC 2474): network control. Not all kernels let us.
    let _ = set_option(fd.as_fd(), libc::IPPROTO_IP, libc::IP_TOS, 0xC0 as libc::c_int);
    Ok(())
}

/// A datagram that was received.
pub struct Datagram<'a> {
    /// Its octets (cut at the size of a buffer).
    pub bytes: &'a [u8],
    /// The sender.
    pub from: SocketAddr,
    /// The address it was sent to, if the socket tells.
    pub to: Option<IpAddr>,
    /// The interface it came in by; 0 if the socket does not tell.
    pub iface: u32,
}

/// Fixed buffers that a batch of datagrams is received into.
pub struct Receiver {
    headers: Box<[libc::mmsghdr]>,
    iovecs: Box<[libc::iovec]>,
    names: Box<[Storage]>,
    controls: Box<[Control]>,
    bytes: Box<[u8]>,
    datagram: usize,
    used: usize,
    batches: bool,
}

impl Receiver {
    /// Buffers for `count` datagrams of at most `datagram` octets. Pages are
    /// committed as they are received into.
    pub fn new(count: usize, datagram: usize) -> Self {
        let mut receiver = Receiver {
            headers: (0..count).map(|_| empty_header()).collect(),
            iovecs: (0..count).map(|_| empty_iovec()).collect(),
            names: (0..count).map(|_| address::empty()).collect(),
            controls: vec![Control([0; CONTROL]); count].into_boxed_slice(),
            bytes: vec![0; count * datagram].into_boxed_slice(),
            datagram,
            used: count,
            batches: true,
        };
        // The pointers stay good: they are to boxed slices that nobody moves.
        let buffers = receiver.bytes.chunks_exact_mut(datagram);
        let parts = receiver.iovecs.iter_mut().zip(buffers);
        let parts = parts.zip(receiver.names.iter_mut().zip(receiver.controls.iter_mut()));
        for (header, ((iovec, buffer), (name, control))) in receiver.headers.iter_mut().zip(parts) {
            iovec.iov_base = buffer.as_mut_ptr().cast();
            iovec.iov_len = buffer.len();
            header.msg_hdr.msg_iov = iovec;
            header.msg_hdr.msg_iovlen = 1;
            header.msg_hdr.msg_name = (&raw mut *name).cast();
            header.msg_hdr.msg_control = (&raw mut *control).cast();
        }
        receiver
    }

    /// Receives what is there, up to a batch. Fewer than a batch means that
    /// the socket was empty then.
    pub fn receive(&mut self, fd: BorrowedFd) -> Result<usize, Errno> {
        for header in self.headers.iter_mut().take(self.used) {
            header.msg_hdr.msg_namelen = size_of::<Storage>() as libc::socklen_t;
            header.msg_hdr.msg_controllen = CONTROL as _;
            header.msg_hdr.msg_flags = 0;
        }
        self.used = 0;
        if self.batches {
            let count = self.headers.len() as libc::c_uint;
            // SAFETY: every header points into buffers of ours of the lengths given.
            let got = unsafe {
                libc::syscall(libc::SYS_recvmmsg, raw(fd), self.headers.as_mut_ptr(), count, libc::MSG_DONTWAIT, 0usize)
            };
            match check(got) {
                Ok(got) => self.used = usize::try_from(got).unwrap_or(0),
                Err(sys::ENOSYS) => self.batches = false,
                Err(errno) => return Err(errno),
            }
        }
        if !self.batches {
            let Some(header) = self.headers.first_mut() else { return Ok(0) };
            // SAFETY: as above.
            let got = unsafe { libc::syscall(libc::SYS_recvmsg, raw(fd), &raw mut header.msg_hdr, libc::MSG_DONTWAIT) };
            header.msg_len = check(got)? as libc::c_uint;
            self.used = 1;
        }
        Ok(self.used)
    }

    /// True when more may be waiting behind a batch of `got`.
    pub fn maybe_more(&self, got: usize) -> bool {
        !self.batches || got == self.headers.len()
    }

    /// One datagram of the last batch; nothing if it is of no known family.
    pub fn datagram(&self, place: usize) -> Option<Datagram<'_>> {
        if place >= self.used {
            return None;
        }
        let header = self.headers.get(place)?;
        let start = place.checked_mul(self.datagram)?;
        let bytes = self.bytes.get(start..)?.get(..header.msg_len as usize)?;
        let from = address::read(self.names.get(place)?)?;
        let (to, iface) = arrival(&header.msg_hdr);
        Some(Datagram { bytes, from, to, iface })
    }
}

fn empty_header() -> libc::mmsghdr {
    // SAFETY: all-zero is a valid header: null pointers with zero lengths.
    unsafe { core::mem::zeroed() }
}

fn empty_iovec() -> libc::iovec {
    libc::iovec { iov_base: core::ptr::null_mut(), iov_len: 0 }
}

/// Destination and interface out of the control data of a received datagram.
fn arrival(header: &libc::msghdr) -> (Option<IpAddr>, u32) {
    // SAFETY: the header is one that the kernel just filled in, over a control
    // buffer of ours; the macros stay inside the length it wrote.
    unsafe {
        let mut next = libc::CMSG_FIRSTHDR(header);
        while let Some(control) = next.as_ref() {
            let data = libc::CMSG_DATA(control);
            match (control.cmsg_level, control.cmsg_type) {
                (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                    let info: libc::in_pktinfo = data.cast::<libc::in_pktinfo>().read_unaligned();
                    let to = Ipv4Addr::from(info.ipi_addr.s_addr.to_ne_bytes());
                    return (Some(to.into()), info.ipi_ifindex as u32);
                }
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                    let info: libc::in6_pktinfo = data.cast::<libc::in6_pktinfo>().read_unaligned();
                    let to = Ipv6Addr::from(info.ipi6_addr.s6_addr);
                    return (Some(to.into()), info.ipi6_ifindex as u32);
                }
                _ => next = libc::CMSG_NXTHDR(header, control),
            }
        }
    }
    (None, 0)
}

/// A datagram to be sent.
#[derive(Clone, Copy)]
pub struct Outgoing<'a> {
    /// Its octets.
    pub bytes: &'a [u8],
    /// The receiver.
    pub to: &'a SocketAddr,
    /// Source address; the kernel's choice if absent.
    pub source: Option<&'a IpAddr>,
    /// Interface to leave by; 0 is the kernel's choice.
    pub iface: u32,
}

/// Fixed headers that a batch of datagrams is sent with.
pub struct Sender {
    headers: Box<[libc::mmsghdr]>,
    iovecs: Box<[libc::iovec]>,
    names: Box<[Storage]>,
    controls: Box<[Control]>,
    batches: bool,
}

impl Sender {
    /// Headers for batches of `count`.
    pub fn new(count: usize) -> Self {
        Sender {
            headers: (0..count).map(|_| empty_header()).collect(),
            iovecs: (0..count).map(|_| empty_iovec()).collect(),
            names: (0..count).map(|_| address::empty()).collect(),
            controls: vec![Control([0; CONTROL]); count].into_boxed_slice(),
            batches: true,
        }
    }

    /// Sends datagrams through one socket, in order, a batch a call. Each that
    /// does not leave is told to `failed` with its place; none is tried again.
    pub fn send<'a>(
        &mut self,
        fd: BorrowedFd,
        datagrams: &mut dyn Iterator<Item = Outgoing<'a>>,
        failed: &mut dyn FnMut(usize, Errno),
    ) {
        let mut before = 0;
        loop {
            let mut count = 0;
            while count < self.headers.len() {
                let Some(datagram) = datagrams.next() else { break };
                self.prepare(count, &datagram);
                count += 1;
            }
            self.send_prepared(fd, count, &mut |place, errno| failed(before + place, errno));
            before += count;
            if count < self.headers.len() {
                return;
            }
        }
    }

    fn prepare(&mut self, place: usize, datagram: &Outgoing) {
        let parts = self.headers.get_mut(place).zip(self.iovecs.get_mut(place));
        let rest = self.names.get_mut(place).zip(self.controls.get_mut(place));
        let (Some((header, iovec)), Some((name, control))) = (parts, rest) else { return };
        iovec.iov_base = datagram.bytes.as_ptr().cast_mut().cast();
        iovec.iov_len = datagram.bytes.len();
        header.msg_len = 0;
        let message = &mut header.msg_hdr;
        message.msg_namelen = address::write(*datagram.to, name);
        message.msg_name = (&raw mut *name).cast();
        message.msg_iov = iovec;
        message.msg_iovlen = 1;
        message.msg_control = (&raw mut *control).cast();
        message.msg_controllen = CONTROL as _;
        departure(message, datagram);
    }

    fn send_prepared(&mut self, fd: BorrowedFd, count: usize, failed: &mut dyn FnMut(usize, Errno)) {
        let mut at = 0;
        while at < count {
            let Some(rest) = self.headers.get_mut(at..count) else { return };
            let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
            let sent = match self.batches && rest.len() > 1 {
                // SAFETY: `prepare` pointed each header at its own name, control
                // data and octets, all of which outlive this call: the datagrams
                // are borrowed by `send` until it returns.
                true => check(unsafe {
                    libc::syscall(libc::SYS_sendmmsg, raw(fd), rest.as_mut_ptr(), rest.len(), flags)
                }),
                false => {
                    let header = rest.as_ptr();
                    // SAFETY: as above; `rest` is not empty.
                    let sent = unsafe { libc::syscall(libc::SYS_sendmsg, raw(fd), &raw const (*header).msg_hdr, flags) };
                    check(sent).map(|_| 1)
                }
            };
            match sent {
                Ok(sent) => at += usize::try_from(sent).unwrap_or(0).max(1),
                Err(sys::ENOSYS) if self.batches => self.batches = false,
                Err(sys::EINTR) => {}
                Err(sys::EAGAIN) => {
                    for place in at..count {
                        failed(place, sys::EAGAIN);
                    }
                    return;
                }
                Err(errno) => {
                    failed(at, errno);
                    at += 1;
                }
            }
        }
    }
}

/// Writes source address and interface into the control data, or removes it.
fn departure(message: &mut libc::msghdr, datagram: &Outgoing) {
    let v6 = datagram.to.is_ipv6();
    if datagram.iface == 0 && datagram.source.is_none() {
        message.msg_control = core::ptr::null_mut();
        message.msg_controllen = 0;
        return;
    }
    // SAFETY: the message points at a control buffer of CONTROL octets, aligned
    // for a control header, and one packet information of either family fits.
    unsafe {
        let Some(control) = libc::CMSG_FIRSTHDR(message).as_mut() else { return };
        if v6 {
            let source = match datagram.source {
                Some(IpAddr::V6(source)) => source.octets(),
                _ => [0; 16],
            };
            let info = libc::in6_pktinfo {
                ipi6_addr: libc::in6_addr { s6_addr: source },
                ipi6_ifindex: datagram.iface as _,
            };
            control.cmsg_level = libc::IPPROTO_IPV6;
            control.cmsg_type = libc::IPV6_PKTINFO;
            control.cmsg_len = libc::CMSG_LEN(size_of_val(&info) as u32) as _;
            libc::CMSG_DATA(control).cast::<libc::in6_pktinfo>().write_unaligned(info);
            message.msg_controllen = libc::CMSG_SPACE(size_of_val(&info) as u32) as _;
        } else {
            let source = match datagram.source {
                Some(IpAddr::V4(source)) => u32::from_ne_bytes(source.octets()),
                _ => 0,
            };
            let info = libc::in_pktinfo {
                ipi_ifindex: datagram.iface as _,
                ipi_spec_dst: libc::in_addr { s_addr: source },
                ipi_addr: libc::in_addr { s_addr: 0 },
            };
            control.cmsg_level = libc::IPPROTO_IP;
            control.cmsg_type = libc::IP_PKTINFO;
            control.cmsg_len = libc::CMSG_LEN(size_of_val(&info) as u32) as _;
            libc::CMSG_DATA(control).cast::<libc::in_pktinfo>().write_unaligned(info);
            message.msg_controllen = libc::CMSG_SPACE(size_of_val(&info) as u32) as _;
        }
    }
}
