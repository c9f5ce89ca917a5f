//! Tests of the lease file.

use super::*;
use crate::base::hash::Key;
use crate::base::random::Random;

const START: Now = Now { mono: Millis(5_000), wall: UnixTime(1_700_000_000) };

const FILE: &str = "\
1700003600 02:00:00:00:00:01 10.0.0.5 laptop 01:02:00:00:00:00:01
0 06-0a:0b 10.0.0.6 * *
1700000060 20- 10.0.0.7 * ff:01
duid 00:01:00:01:2a
1700003600 12345 fd00::5 six 00:01
agent-info 10.0.0.5 01:02
";

fn table(capacity: u32) -> Leases {
    Leases::new(capacity, Key::new(&mut Random::seeded(1)))
}

fn read(leases: &mut Leases, content: &[u8], piece: usize) -> (LeaseFile, Vec<(Wrong, Vec<u8>)>, bool) {
    let mut file = LeaseFile::new();
    let mut wrong = Vec::new();
    let mut tell = |what, line: &[u8]| wrong.push((what, line.to_vec()));
    for piece in content.chunks(piece) {
        file.read(leases, piece, START, &mut tell);
    }
    let untidy = file.read_end(leases, START, &mut tell);
    leases.check();
    (file, wrong, untidy)
}

/// The whole file, in pieces of `piece` octets.
fn written(file: &mut LeaseFile, leases: &mut Leases, piece: usize) -> String {
    let (mut all, mut at) = (Vec::new(), 0);
    loop {
        let mut buffer = vec![0; piece];
        let mut out = Writer::new(&mut buffer);
        let more = file.text(leases, &mut at, &mut out);
        all.extend_from_slice(out.written());
        if !more {
            return String::from_utf8(all).unwrap();
        }
    }
}

#[test]
fn a_file_of_dnsmasq_comes_back_octet_for_octet() {
    for piece in [1, 7, 4096] {
        let mut leases = table(10);
        let (mut file, wrong, untidy) = read(&mut leases, FILE.as_bytes(), piece);
        assert!(wrong.is_empty() && !untidy);
        assert_eq!(leases.len(), 3);
        assert_eq!(leases.by_addr(Ipv4Addr::new(10, 0, 0, 5)).unwrap().until, Millis(5_000 + 3_600_000));
        assert_eq!(leases.by_addr(Ipv4Addr::new(10, 0, 0, 6)).unwrap().until, Millis::NEVER);
        assert_eq!(written(&mut file, &mut leases, LINES_MAX), FILE);
        assert_eq!(written(&mut file, &mut leases, 1 << 16), FILE);
    }
}

#[test]
fn a_broken_line_costs_that_line_only() {
    let mut leases = table(10);
    let content = FILE.replace("duid", "du\u{7f}id\nrubbish 1 2 3 4\n17 x 10.0.0.9 * *\n1700003600 02:01 10.0.0 * *\nduid");
    let (mut file, wrong, untidy) = read(&mut leases, content.as_bytes(), 100);
    assert!(untidy);
    let kinds: Vec<_> = wrong.iter().map(|(what, _)| *what).collect();
    assert_eq!(kinds, [Wrong::Shape, Wrong::Shape, Wrong::Shape, Wrong::Address]);
    assert_eq!(written(&mut file, &mut leases, 4096), FILE);
}

#[test]
fn later_lines_win_and_ended_leases_go() {
    let mut leases = table(10);
    let content = "1700003600 02:01 10.0.0.5 a *\n1700003600 02:02 10.0.0.5 b *\n1600000000 02:03 10.0.0.6 c *\n";
    let (mut file, _, untidy) = read(&mut leases, content.as_bytes(), 9);
    assert!(untidy);
    assert_eq!(written(&mut file, &mut leases, 4096), "1700003600 02:02 10.0.0.5 b *\n");
}

#[test]
fn any_cut_of_a_file_keeps_all_whole_lines() {
    let lines: Vec<&str> = FILE.lines().collect();
    for cut in 0..FILE.len() {
        let mut leases = table(10);
        let (mut file, ..) = read(&mut leases, &FILE.as_bytes()[..cut], 64);
        let text = written(&mut file, &mut leases, 4096);
        let whole = FILE[..cut].matches('\n').count();
        assert!(lines[..whole].iter().all(|line| text.contains(line)), "cut at {cut}");
    }
}

#[test]
fn too_many_leases_are_told() {
    let mut leases = table(2);
    let (_, wrong, _) = read(&mut leases, FILE.as_bytes(), 64);
    assert_eq!(wrong.iter().map(|(what, _)| *what).collect::<Vec<_>>(), [Wrong::TooMany]);
}

#[test]
fn changes_reach_the_file_by_the_cheapest_way() {
    let mut leases = table(10);
    let (mut file, ..) = read(&mut leases, FILE.as_bytes(), 64);
    let mut disk = FILE.to_string();
    let five = leases.id_by_addr(Ipv4Addr::new(10, 0, 0, 5)).unwrap();
    // A renewal: digits in place.
    leases.set_expiry(five, Some(7200), START);
    let Save::At(at) = file.save(&mut leases, Some(five)) else { panic!("not in place") };
    disk.replace_range(at as usize..at as usize + 10, "1700007200");
    assert_eq!(file.save(&mut leases, Some(five)), Save::Nothing);
    // A new lease: appended, and then renewed in place.
    let nine = leases.insert(Ipv4Addr::new(10, 0, 0, 9)).unwrap();
    leases.set_expiry(nine, Some(60), START);
    assert_eq!(file.save(&mut leases, Some(nine)), Save::Append);
    disk.push_str("1700000060 00- 10.0.0.9 * *\n");
    leases.set_expiry(nine, Some(90), START);
    let Save::At(at) = file.save(&mut leases, Some(nine)) else { panic!("not in place") };
    assert_eq!(&disk[at as usize..at as usize + 12], "1700000060 0");
    disk.replace_range(at as usize..at as usize + 10, "1700000090");
    let mut again = table(10);
    let (_, wrong, _) = read(&mut again, disk.as_bytes(), 64);
    assert!(wrong.is_empty() && again.len() == leases.len());
    // A name, or other digits: the file anew, asked for once.
    leases.set_name(nine, b"new", false);
    assert_eq!(file.save(&mut leases, Some(nine)), Save::Rewrite);
    leases.set_expiry(five, None, START);
    assert_eq!(file.save(&mut leases, Some(five)), Save::Nothing);
    assert!(written(&mut file, &mut leases, 4096).contains("0 02:00:00:00:00:01 10.0.0.5 laptop"));
    // A removal.
    leases.remove(nine);
    assert_eq!(file.save(&mut leases, None), Save::Rewrite);
    assert!(!written(&mut file, &mut leases, 4096).contains("10.0.0.9"));
    assert_eq!(file.save(&mut leases, None), Save::Nothing);
    // After a failure nothing but a rewrite, tried with each promise.
    file.failed();
    leases.set_expiry(five, Some(60), START);
    assert_eq!(file.save(&mut leases, Some(five)), Save::Rewrite);
    assert_eq!(file.save(&mut leases, None), Save::Nothing);
    assert!(file.wants_rewrite());
}
