//! Properties of the TFTP codec: what is built is read back, every prefix of a
//! packet is read without harm, and no input makes the reader go on for ever.

use ironmasq::base::bytes::Writer;
use ironmasq::base::random::Random;
use ironmasq::wire::tftp::{self, Code, Packet};

fn built(build: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut buffer = [0; 2048];
    let mut writer = Writer::new(&mut buffer);
    build(&mut writer);
    assert!(writer.finish().is_some());
    writer.written().to_vec()
}

/// Everything a packet says, as text.
fn shown(bytes: &[u8]) -> String {
    let options = |options: tftp::Options| {
        let pair = |(name, value): (&[u8], &[u8])| format!(" {}={}", name.escape_ascii(), value.escape_ascii());
        options.map(pair).collect::<String>()
    };
    match tftp::parse(bytes) {
        None => "nothing".into(),
        Some(Packet::Read(r)) => format!("read {} {}{}", r.file.escape_ascii(), r.mode.escape_ascii(), options(r.options)),
        Some(Packet::Write(r)) => format!("write {} {}{}", r.file.escape_ascii(), r.mode.escape_ascii(), options(r.options)),
        Some(Packet::Data { block, bytes }) => format!("data {block} {}", bytes.escape_ascii()),
        Some(Packet::Ack { block }) => format!("ack {block}"),
        Some(Packet::Error { code, text }) => format!("error {code} {}", text.escape_ascii()),
        Some(Packet::OptionAck(o)) => format!("oack{}", options(o)),
    }
}

#[test]
fn what_is_written_is_read() {
    assert_eq!(shown(&built(|out| tftp::write_data(out, 65535, b"a\0b"))), "data 65535 a\\x00b");
    assert_eq!(shown(&built(|out| tftp::write_data(out, 0, b""))), "data 0 ");
    assert_eq!(shown(&built(|out| tftp::write_error(out, Code::Access, |out| out.bytes(b"no")))), "error 2 no");
    let oack = built(|out| {
        tftp::write_option_ack(out);
        tftp::write_option(out, "tsize", u64::MAX);
        tftp::write_option(out, "blksize", 0);
    });
    assert_eq!(shown(&oack), "oack tsize=18446744073709551615 blksize=0");
}

#[test]
fn requests_as_clients_send_them() {
    let cases: [(&[u8], &str); 11] = [
        (b"\0\x01f\0octet\0", "read f octet"),
        (b"\0\x02a b\0NetASCII\0", "write a b NetASCII"),
        (b"\0\x01f\0octet\0tsize\x000\0blksize\x001468\0", "read f octet tsize=0 blksize=1468"),
        (b"\0\x01\0octet\0", "read  octet"),
        (b"\0\x01f\0octet\0tsize\0", "read f octet"),
        (b"\0\x01f\0octet\0\0\0", "read f octet ="),
        (b"\0\x01f\0octet", "nothing"),
        (b"\0\x01f\0", "nothing"),
        (b"\0\x01f\0octet\0x", "nothing"),
        (b"\0\x05\0\x03no zero", "error 3 no zero"),
        (b"\0\x07", "nothing"),
    ];
    for (bytes, expected) in cases {
        assert_eq!(shown(bytes), expected);
    }
}

#[test]
fn a_request_that_was_cut_is_none() {
    let whole = b"\0\x01name\0octet\0blksize\x001024\0timeout\x005\0";
    for len in 0..whole.len() {
        let text = shown(&whole[..len]);
        assert!(text == "nothing" || whole[len - 1] == 0, "{len}: {text}");
    }
}

#[test]
fn numbers_of_options() {
    let cases: [(&[u8], u64); 8] = [
        (b"512", 512),
        (b" 600x", 600),
        (b"", 0),
        (b"abc", 0),
        (b"-5", 0),
        (b"18446744073709551615", u64::MAX),
        (b"99999999999999999999999", u64::MAX),
        (b"007", 7),
    ];
    for (value, number) in cases {
        assert_eq!(tftp::number(value), number);
    }
}

#[test]
fn any_octets_are_read_without_harm() {
    let mut random = Random::seeded(11);
    let mut kinds = [0; 7];
    for _ in 0..200_000 {
        let len = random.below(40) as usize;
        // Few different octets, so that texts and zeros meet.
        let mut bytes: Vec<u8> = (0..len).map(|_| b"\0\x01ab"[random.below(4) as usize]).collect();
        if len > 1 {
            bytes[..2].copy_from_slice(&[0, random.below(9) as u8]);
        }
        let pairs = match tftp::parse(&bytes) {
            None => { kinds[0] += 1; 0 }
            Some(Packet::Read(r)) => { kinds[1] += 1; assert!(!r.file.contains(&0) && !r.mode.contains(&0)); r.options.count() }
            Some(Packet::Write(r)) => { kinds[2] += 1; r.options.count() }
            Some(Packet::Data { bytes: data, .. }) => { kinds[3] += 1; assert_eq!(data, &bytes[4..]); 0 }
            Some(Packet::Ack { block }) => { kinds[4] += 1; assert_eq!(block.to_be_bytes(), bytes[2..4]); 0 }
            Some(Packet::Error { text, .. }) => { kinds[5] += 1; assert!(!text.contains(&0)); 0 }
            Some(Packet::OptionAck(options)) => { kinds[6] += 1; options.count() }
        };
        assert!(pairs <= len / 2);
    }
    assert!(kinds.iter().all(|count| *count > 100), "every kind was met: {kinds:?}");
}
