//! Files whose block numbers wrap, and what a forged request is worth.

use super::*;

#[test]
fn files_of_more_than_32_mb_2_gb_and_4_gb_go_on_where_numbers_wrap() {
    let mut world = World::new(settings()).file("/srv/disk.img", b"");
    let size = 5_000_000_123;
    world.info("/srv/disk.img").size = size;
    let oack = world.ask(2000, b"\0\x01disk.img\0octet\0tsize\x000\0");
    assert!(oack[0].1.ends_with(b"tsize\x005000000123\0"), "{:?}", oack[0].1);
    let door = oack[0].0.door;
    let last = size / 512;
    for blocks in [0, 65_534, 65_535, 65_536, 4_194_303, 4_194_304, 8_388_607, 8_388_608, last - 1, last] {
        // As if everything before had come.
        world.server.transfers.iter_mut().for_each(|transfer| transfer.skip_to(blocks));
        let data = world.say(door, client(2000), &acknowledge(blocks as u16));
        let number = (blocks as u16).wrapping_add(1);
        let octets = (size - blocks * 512).min(512) as usize;
        let expected = [&[0, 3][..], &number.to_be_bytes(), &vec![(blocks * 7) as u8; octets]].concat();
        assert_eq!(data.len(), 1, "block {blocks}");
        assert!(data[0].1 == expected, "block {blocks}");
    }
    assert!(world.say(door, client(2000), &acknowledge((last + 1) as u16)).is_empty());
    assert_eq!(world.log.last().unwrap(), "sent /srv/disk.img to 10.0.0.9");
}

/// What a request from a forged address costs its owner: the first packet again
/// and again until the server gives up, and never more than that one at a time.
#[test]
fn bn_tftp_amp_a_forged_request_is_answered_by_one_packet_at_a_time() {
    for (request, most) in [(&b"\0\x01boot\0octet\0"[..], 516), (b"\0\x01boot\0octet\0windowsize\x0016\0blksize\x001400\0", 60)] {
        let mut world = World::new(settings()).file("/srv/boot", &[7; 100_000]);
        let first = world.ask(2000, request);
        assert_eq!(first.len(), 1);
        let later = world.pass(600);
        let octets: usize = first.iter().map(|(_, bytes)| bytes.len()).chain(later.iter().map(|(_, bytes)| bytes.len())).sum();
        assert!(later.len() < 12 && octets <= (1 + later.len()) * most, "{} packets, {octets} octets", 1 + later.len());
    }
}
