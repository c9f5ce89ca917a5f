//! The texts of files: configuration, hosts, leases.

use ironmasq::base::bytes::Writer;
use ironmasq::base::hash::Key;
use ironmasq::base::random::Random;
use ironmasq::base::time::{Millis, Now, UnixTime};
use ironmasq::config::{self, Outcome};
use ironmasq::store::hosts::Hosts;
use ironmasq::store::hosts_builder::HostsBuilder;
use ironmasq::store::hosts_file::{HostsFile, Reading};
use ironmasq::store::lease_file::{self, LeaseFile};
use ironmasq::store::leases::Leases;
use ironmasq::wire::dns::name::NameBuf;

fn key() -> Key {
    Key::new(&mut Random::seeded(7))
}

/// A configuration file, and each of its lines as one of a file that is read again.
/// Lines that name other files are left to the ordinary tests.
pub fn config(text: &[u8]) {
    let lines = text.split(|octet| *octet == b'\n');
    let alone: Vec<&[u8]> = lines.filter(|line| !line.windows(4).any(|part| part == b"file" || part == b"-dir")).collect();
    match config::read_text(&alone.join(&b'\n'), "fuzz", key()) {
        Outcome::Refused { messages, exit } => assert!(exit != 0 && !messages.is_empty()),
        Outcome::Run(..) => {}
        _ => panic!("a text neither tests nor asks for help"),
    }
    let mut tags = Vec::new();
    for line in alone {
        let option = config::dhcp_option_line(line, &mut tags).err();
        for refused in [config::dhcp_host_line(line, &mut tags).err(), option, config::ethers_line(line).err()] {
            assert!(refused != Some(String::new()));
        }
    }
}

/// A hosts file: read in one piece or octet by octet, it says the same.
pub fn hosts(text: &[u8]) {
    let whole = read_hosts(&[text]);
    let single: Vec<&[u8]> = text.chunks(1).collect();
    let pieces = read_hosts(&single);
    assert_eq!(whole.1, pieces.1);
    assert_eq!(whole.0.len(), pieces.0.len());
    let (mut name, mut again) = (NameBuf::default(), NameBuf::default());
    for number in 0..whole.0.len() as u32 {
        let (Some((one, _)), Some((other, _))) = (whole.0.get(number, &mut name), pieces.0.get(number, &mut again)) else {
            panic!("every number below the length is a host");
        };
        assert!(name.name().wire() == again.name().wire() && one.addr == other.addr);
        assert!(whole.0.has(name.name()) && whole.0.by_addr(one.addr, &mut again).is_some());
    }
}

fn read_hosts(pieces: &[&[u8]]) -> (Hosts, Vec<u32>) {
    let mut builder = HostsBuilder::new(key());
    let mut wrong = Vec::new();
    builder.source(b"/etc/hosts");
    let mut file = HostsFile::default();
    let mut report = |_, line| wrong.push(line);
    let domain_of = |_| NameBuf::from_text(b"lan");
    let mut with = Reading { builder: &mut builder, domain_of: &domain_of, report: &mut report };
    for piece in pieces {
        file.feed(piece, &mut with);
    }
    file.finish(&mut with);
    (builder.freeze(), wrong)
}

/// A lease file: read in one piece or octet by octet it says the same, and so
/// does the file we write from it.
pub fn leases(text: &[u8]) {
    let (mut first, mut file, wrong) = read_leases(&[text]);
    let single: Vec<&[u8]> = text.chunks(1).collect();
    let (second, _, wrong_again) = read_leases(&single);
    first.check();
    assert_eq!((listed(&first), wrong), (listed(&second), wrong_again));
    let (mut at, mut written) = (0, Vec::new());
    loop {
        let mut room = [0; 4096];
        let mut out = Writer::new(&mut room);
        let more = file.text(&mut first, &mut at, &mut out);
        let len = out.finish().expect("only whole lines are written");
        written.extend_from_slice(&room[..len]);
        if !more {
            break;
        }
    }
    let (again, _, wrong) = read_leases(&[&written]);
    assert_eq!(wrong, 0);
    assert_eq!(listed(&first), listed(&again));
}

fn read_leases(pieces: &[&[u8]]) -> (Leases, LeaseFile, usize) {
    let now = Now { mono: Millis(5_000), wall: UnixTime(1_700_000_000) };
    let mut leases = Leases::new(20, key());
    let mut file = LeaseFile::new();
    let mut wrong = 0;
    for piece in pieces {
        file.read(&mut leases, piece, now, &mut |_, _| wrong += 1);
    }
    file.read_end(&mut leases, now, &mut |_, _| wrong += 1);
    (leases, file, wrong)
}

/// Everything a lease file can say of each lease.
fn listed(leases: &Leases) -> Vec<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = leases
        .iter()
        .map(|lease| {
            let mut room = [0; 4096];
            let mut out = Writer::new(&mut room);
            lease_file::write_line(leases, lease, &mut out);
            let len = out.finish().expect("a line fits");
            room[..len].to_vec()
        })
        .collect();
    lines.sort();
    lines
}
