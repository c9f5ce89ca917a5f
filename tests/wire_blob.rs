//! Messages of OpenWrt's bus: octet for octet what libubus writes, and what
//! ubusd writes is read. The octets are those of the real ones.

use ironmasq::base::bytes::{Reader, Writer};
use ironmasq::base::random::Random;
use ironmasq::wire::blob::{self, HEADER, Head, attr, field, kind};

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn built(build: &mut dyn FnMut(&mut Writer)) -> Vec<u8> {
    let mut buffer = [0; 1024];
    let mut out = Writer::new(&mut buffer);
    build(&mut out);
    assert!(!out.overflowed());
    out.written().to_vec()
}

#[test]
fn an_object_is_offered() {
    let offered = built(&mut |out| {
        blob::message(out, kind::ADD_OBJECT, 1, 0, &mut |out| {
            blob::put_text(out, attr::PATH, b"dnsmasq");
            blob::put(out, attr::SIGNATURE, &mut |out| blob::put_field(out, field::TABLE, b"metrics", &mut |_| {}));
        });
    });
    let real = "0006000100000000000000240200000c646e736d61737100060000148200001000076d657472696373000000";
    assert_eq!(offered, hex(real));
    let bare = built(&mut |out| {
        blob::message(out, kind::ADD_OBJECT, 2, 0, &mut |out| {
            blob::put_text(out, attr::PATH, b"dnsmasq.dns");
            blob::put(out, attr::SIGNATURE, &mut |_| {});
        });
    });
    assert_eq!(bare, hex("00060002000000000000001802000010646e736d6173712e646e730006000004"));
}

#[test]
fn a_method_answers() {
    let data = built(&mut |out| {
        blob::message(out, kind::DATA, 2, 0x0462_fc9a, &mut |out| {
            blob::put_number(out, attr::OBJECT, 0x5b8d_191b);
            blob::put(out, attr::DATA, &mut |out| {
                blob::number_field(out, b"dns_cache_inserted", 7);
                blob::number_field(out, b"bootp", 3);
            });
        });
    });
    let real = "000200020462fc9a00000040030000085b8d191b07000034850000200012646e735f63616368655f696e73657274656400000000\
        00000007850000100005626f6f74700000000003";
    assert_eq!(data, hex(real));
}

#[test]
fn subscribers_are_notified() {
    let notice = built(&mut |out| {
        blob::message(out, kind::NOTIFY, 3, 0x5b8d_191b, &mut |out| {
            blob::put_number(out, attr::OBJECT, 0x5b8d_191b);
            blob::put_text(out, attr::METHOD, b"dhcp.ack");
            blob::put(out, attr::DATA, &mut |out| {
                blob::text_field(out, b"mac", b"02:00:00:00:00:01");
                blob::text_field(out, b"ip", b"192.168.1.105");
                blob::text_field(out, b"name", b"box");
                blob::text_field(out, b"interface", b"br-lan");
            });
            blob::put(out, attr::NO_REPLY, &mut |out| out.u8(1));
        });
    });
    let real = "000a00035b8d191b0000008c030000085b8d191b0400000d646863702e61636b00000000070000688300001e00036d61630000003032\
        3a30303a30303a30303a30303a30310000008300001a00026970000000003139322e3136382e312e3130350000008300001000046e616d65\
        0000626f7800830000170009696e746572666163650062722d6c616e00000a00000501000000";
    assert_eq!(notice, hex(real));
}

#[test]
fn what_the_bus_says_is_read() {
    let head = |text: &str| Head::parse(&mut Reader::new(&hex(text)));
    assert_eq!(head("000500020462fc9a00000034"), Some(Head { kind: kind::INVOKE, sequence: 2, peer: 0x0462_fc9a, len: 48 }));
    assert_eq!(head("000a00010000000000000014").unwrap().len, 16);
    assert!(head("010a00010000000000000014").is_none() && head("000a00010000000000000003").is_none());
    let call = hex("030000085b8d191b0400000c6d657472696373000c000009726f6f74000000000d000009726f6f740000000007000004");
    let seen: Vec<_> = blob::items(&call).map(|item| (item.id, item.text().unwrap_or_default().to_vec(), item.number())).collect();
    assert_eq!(seen[0], (attr::OBJECT, vec![], Some(0x5b8d_191b)));
    assert_eq!(seen[1], (attr::METHOD, b"metrics".to_vec(), None));
    assert_eq!(seen[4], (attr::DATA, vec![], None));
    let active = hex("030000085b8d191b0900000501000000");
    assert!(blob::items(&active).any(|item| item.id == attr::ACTIVE && item.is_true()));
}

#[test]
fn fields_are_read_back() {
    let bytes = built(&mut |out| {
        blob::text_field(out, b"", b"");
        blob::put_field(out, field::ARRAY, b"list", &mut |out| blob::number_field(out, b"a", 5));
    });
    let all: Vec<_> = blob::items(&bytes).collect();
    assert_eq!((all.len(), all[0].name, all[0].text()), (2, &b""[..], Some(&b""[..])));
    let inner = blob::items(all[1].data).next().unwrap();
    assert_eq!((all[1].id, all[1].name, inner.name, inner.number()), (field::ARRAY, &b"list"[..], &b"a"[..], Some(5)));
}

#[test]
fn nothing_that_comes_does_harm() {
    let mut random = Random::seeded(7);
    let call = hex("030000085b8d191b8400000c6d657472696373000c000009726f6f74000000000d000009726f6f740000000007000004");
    for _ in 0..20_000 {
        let mut bytes = call.clone();
        for _ in 0..1 + random.below(4) {
            let at = random.below(bytes.len() as u32) as usize;
            bytes[at] = random.below(256) as u8;
        }
        let len = random.below(bytes.len() as u32 + 1) as usize;
        let bytes = &bytes[..len];
        assert!(blob::items(bytes).map(|item| item.data.len()).sum::<usize>() <= bytes.len());
        let _ = Head::parse(&mut Reader::new(&bytes[..bytes.len().min(HEADER)]));
    }
}
