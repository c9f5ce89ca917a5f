//! The platform with real sockets and files, on loopback and in a
//! directory of its own. Whatever runs after start is watched by the guard: it
//! must not touch the heap.

use ironmasq::base::net::HwAddr;
use ironmasq::platform::seal::{self, Guard, Seal};
use ironmasq::platform::sockets::{self, Outgoing, Receiver, Sender};
use ironmasq::platform::{clock, files, links, neighbours, netlink, streams, sys, watch};
use ironmasq::platform::zone::Zone;
use ironmasq::wire::netlink::{Body, List, Messages, request};
use std::alloc::System;
use std::ffi::CString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};

#[global_allocator]
static GUARD: Guard<System> = Guard(System);

/// Runs `act` and fails if it touched the heap.
fn without_heap<T>(act: impl FnOnce() -> T) -> T {
    let before = seal::broken();
    seal::seal(Seal::Count);
    let result = act();
    seal::unseal();
    assert_eq!(seal::broken(), before, "heap operations");
    result
}

fn bound(addr: &str) -> (OwnedFd, SocketAddr) {
    let addr: SocketAddr = addr.parse().unwrap();
    let socket = sockets::udp(addr.is_ipv6()).unwrap();
    sockets::want_arrival(&socket, addr.is_ipv6()).unwrap();
    sockets::bind(&socket, addr).unwrap();
    let local = sockets::local_addr(socket.as_fd()).unwrap();
    (socket, local)
}

/// A directory that is gone when the test is over.
struct Directory(std::path::PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ironmasq-platform-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Directory(path)
    }

    fn path(&self, name: &str) -> CString {
        CString::new(self.0.join(name).to_str().unwrap()).unwrap()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_guard_sees_what_touches_the_heap_and_only_while_sealed() {
    let before = seal::broken();
    seal::seal(Seal::Count);
    let block = std::hint::black_box(Box::new([0u8; 100]));
    drop(block);
    seal::unseal();
    assert_eq!(seal::broken() - before, 2);
    drop(std::hint::black_box(vec![1u8; 100]));
    assert_eq!(seal::broken() - before, 2);
    let elsewhere = std::thread::spawn(seal::broken);
    assert_eq!(elsewhere.join().unwrap(), 0, "another thread has a seal of its own");
}

/// A batch arrives in order with its destination and interface, for both
/// families, and answers leave from the address that was asked.
#[test]
fn datagrams_travel_in_batches_and_tell_their_way() {
    for (listen, send_to) in [("0.0.0.0:0", "127.0.0.7"), ("[::]:0", "::1")] {
        let (server, at) = bound(listen);
        let any = if at.is_ipv6() { "[::1]:0" } else { "127.0.0.1:0" };
        let (client, client_at) = bound(any);
        let to = SocketAddr::new(send_to.parse().unwrap(), at.port());
        let texts: Vec<Vec<u8>> = (0u8..20).map(|n| vec![n; usize::from(n) + 1]).collect();
        let (mut receiver, mut sender) = (Receiver::new(16, 512), Sender::new(8));
        without_heap(|| {
            let mut outgoing =
                texts.iter().map(|bytes| Outgoing { bytes, to: &to, source: None, iface: 0 });
            sender.send(client.as_fd(), &mut outgoing, &mut |place, errno| panic!("{place}: {errno}"));
        });
        let mut seen = 0usize;
        for expected in [16, 4] {
            let got = without_heap(|| receiver.receive(server.as_fd())).unwrap();
            assert_eq!(got, expected);
            assert_eq!(receiver.maybe_more(got), got == 16);
            for place in 0..got {
                let datagram = receiver.datagram(place).unwrap();
                assert_eq!(datagram.bytes, texts[seen]);
                assert_eq!(datagram.from, client_at);
                assert_eq!(datagram.to, Some(to.ip()));
                assert_ne!(datagram.iface, 0);
                seen += 1;
            }
            assert!(receiver.datagram(got).is_none());
        }
        assert_eq!(receiver.receive(server.as_fd()).err(), Some(sys::EAGAIN));
        let own = to.ip();
        let mut back = [Outgoing { bytes: b"back", to: &client_at, source: Some(&own), iface: 0 }].into_iter();
        sender.send(server.as_fd(), &mut back, &mut |_, errno| panic!("{errno}"));
        assert_eq!(receiver.receive(client.as_fd()), Ok(1));
        let datagram = receiver.datagram(0).unwrap();
        assert_eq!((datagram.bytes, datagram.from), (&b"back"[..], to));
    }
}

/// One datagram that cannot leave takes no other with it.
#[test]
fn a_send_that_fails_is_told_with_its_place() {
    let (socket, _) = bound("127.0.0.1:0");
    let (receiving, at) = bound("127.0.0.1:0");
    let good = Outgoing { bytes: b"good", to: &at, source: None, iface: 0 };
    // From 127.0.0.1 there is no way to another machine.
    let elsewhere = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    let bad = Outgoing { source: Some(&elsewhere), ..good };
    let mut failed = Vec::new();
    let mut sender = Sender::new(2);
    sender.send(socket.as_fd(), &mut [good, bad, good, bad, good].into_iter(), &mut |place, _| failed.push(place));
    assert_eq!(failed, [1, 3]);
    let mut receiver = Receiver::new(16, 64);
    assert_eq!(receiver.receive(receiving.as_fd()), Ok(3));
}

#[test]
fn streams_connect_carry_and_end() {
    let listener = streams::tcp(false).unwrap();
    sockets::bind(&listener, "127.0.0.1:0".parse().unwrap()).unwrap();
    streams::listen(&listener, 1).unwrap();
    assert_eq!(streams::accept(&listener).err(), Some(sys::EAGAIN));
    let at = sockets::local_addr(listener.as_fd()).unwrap();
    let client = streams::tcp(false).unwrap();
    streams::connect(&client, at).unwrap();
    assert_eq!(streams::connect_result(&client), Ok(()));
    // It is told of when there is something to read.
    assert_eq!(streams::accept(&listener).err(), Some(sys::EAGAIN));
    assert_eq!(streams::write(&client, b"hello"), Ok(5));
    let (server, from) = streams::accept(&listener).unwrap();
    assert_eq!(sockets::local_addr(client.as_fd()), Some(from));
    let mut room = [0; 8];
    assert_eq!(streams::read(&server, &mut room), Ok(5));
    assert_eq!(streams::read(&server, &mut room), Err(sys::EAGAIN));
    drop(client);
    assert_eq!(streams::read(&server, &mut room), Ok(0));
    drop(listener);
    let refused = streams::tcp(false).unwrap();
    let result = streams::connect(&refused, at).and_then(|_| streams::connect_result(&refused));
    assert_eq!(result, Err(sys::ECONNREFUSED));
}

/// What netlink tells of this machine and what the older ways tell agree.
#[test]
fn interfaces_are_the_same_by_both_ways() {
    let mut by_ioctl = Vec::new();
    links::list(&mut |body| {
        if let Body::Address(address) = body {
            by_ioctl.push((address.index, address.addr, address.prefix));
        }
    })
    .unwrap();
    let socket = netlink::open(netlink::LINKS).unwrap();
    let mut by_netlink = Vec::new();
    let mut buffer = [0; 64];
    let mut out = ironmasq::base::bytes::Writer::new(&mut buffer);
    request(&mut out, List::Addresses, 1);
    netlink::send(&socket, out.written()).unwrap();
    let mut piece = vec![0; 16384];
    let mut done = false;
    while !done {
        for (_, body) in Messages::new(netlink::receive(&socket, &mut piece).unwrap()) {
            match body {
                Body::Address(address) => by_netlink.push((address.index, address.addr, address.prefix)),
                Body::Done => done = true,
                _ => {}
            }
        }
    }
    assert!(by_netlink.iter().any(|(_, addr, _)| addr.is_loopback()));
    // The ioctl tells one IPv4 address an interface.
    assert!(by_ioctl.iter().all(|told| by_netlink.contains(told)), "{by_ioctl:?} {by_netlink:?}");
}

#[test]
fn files_are_read_in_pieces_and_replaced_whole() {
    let directory = Directory::new("files");
    let path = directory.path("a");
    let file = files::open_update(&path, 0o600).unwrap();
    without_heap(|| {
        files::write_at(&file, b"one\ntwo\nthree", 0).unwrap();
        files::write_at(&file, b"TWO", 4).unwrap();
        files::sync(&file).unwrap();
        let mut room = [0; 5];
        assert_eq!(files::read_at(&file, &mut room, 10), Ok(3));
        assert_eq!(&room[..3], b"ree");
    });
    let mut lines = Vec::new();
    files::lines(&path, &mut |line| {
        lines.push(line.to_vec());
        true
    })
    .unwrap();
    assert_eq!(lines, [b"one".to_vec(), b"TWO".to_vec(), b"three".to_vec()]);
    let info = files::info(&file).unwrap();
    assert_eq!((info.size, info.is_regular(), info.mode & 0o777), (13, true, 0o600));
    assert_eq!(files::info_of(&path), Ok(info));
    assert_eq!(files::create_new(&path, 0o600).err(), Some(libc_eexist()));
    let new = files::create_new(&directory.path("b"), 0o600).unwrap();
    files::write_all(&new, b"new").unwrap();
    files::rename(&directory.path("b"), &path).unwrap();
    assert_eq!(std::fs::read(directory.0.join("a")).unwrap(), b"new");
    let mut names = Vec::new();
    files::entries(&CString::new(directory.0.to_str().unwrap()).unwrap(), &mut |name| names.push(name.to_vec()))
        .unwrap();
    assert_eq!(names, [b"a".to_vec()]);
    files::set_len(&new, 1).unwrap();
    assert_eq!(std::fs::read(directory.0.join("a")).unwrap(), b"n");
    files::remove(&path).unwrap();
    assert_eq!(files::open_read(&path).err(), Some(sys::ENOENT));
}

/// EEXIST is 17 on every Linux.
fn libc_eexist() -> i32 {
    17
}

/// A line longer than the buffer is told once, cut; the next one is whole.
#[test]
fn long_lines_are_cut() {
    let directory = Directory::new("lines");
    let long = "x".repeat(5000);
    std::fs::write(directory.0.join("a"), format!("short\n{long}\nlast\n")).unwrap();
    let mut lengths = Vec::new();
    files::lines(&directory.path("a"), &mut |line| {
        lengths.push(line.len());
        true
    })
    .unwrap();
    assert_eq!(lengths, [5, 1024, 4]);
}

#[test]
fn a_watched_directory_tells_of_files_written_and_moved_in() {
    let directory = Directory::new("watch");
    let watching = watch::open().unwrap();
    let number = watch::add(&watching, &CString::new(directory.0.to_str().unwrap()).unwrap()).unwrap();
    std::fs::write(directory.0.join("written"), "x").unwrap();
    std::fs::rename(directory.0.join("written"), directory.0.join("moved")).unwrap();
    std::fs::remove_file(directory.0.join("moved")).unwrap();
    let mut seen = Vec::new();
    while !watch::events(&watching, &mut |watch, name, _| seen.push((watch, name.to_vec()))) {}
    assert_eq!(seen, [(number, b"written".to_vec()), (number, b"moved".to_vec())]);
    let again = watch::add_all(&watching, &CString::new(directory.0.to_str().unwrap()).unwrap()).unwrap();
    std::fs::write(directory.0.join("gone"), "x").unwrap();
    std::fs::remove_file(directory.0.join("gone")).unwrap();
    let mut seen = Vec::new();
    while !watch::events(&watching, &mut |watch, _, removed| seen.push((watch, removed))) {}
    assert_eq!(seen, [(again, false), (again, true)]);
}

#[test]
fn an_unknown_neighbour_has_no_hardware_address() {
    let (socket, _) = bound("127.0.0.1:0");
    let hw = without_heap(|| neighbours::get(&socket, b"lo", Ipv4Addr::new(127, 9, 9, 9)));
    assert_eq!(hw, HwAddr::default());
    let refused = neighbours::set(&socket, b"no such if", Ipv4Addr::new(10, 0, 0, 1), &HwAddr::new(1, &[2; 6]));
    assert!(refused.is_err());
}

#[test]
fn the_clock_goes_forward_and_knows_the_day() {
    let (first, second) = without_heap(|| (clock::now(), clock::now()));
    assert!(first.mono <= second.mono && first.wall.0 > 1_600_000_000);
    let local = Zone::here().local(first.wall);
    assert!((1..=31).contains(&local.day) && local.month < 12 && local.hour < 24);
}
