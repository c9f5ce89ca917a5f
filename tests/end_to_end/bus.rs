//! OpenWrt's bus, played with the octets of the real one (ubusd): our objects,
//! a call, a subscriber, and a bus that goes and comes back.

use crate::net::{Net, program, run, wait_for};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

/// The bus: our end of one connection.
struct Bus(UnixStream);

impl Bus {
    /// Somebody connects, is greeted, and offers two objects.
    fn meet(listener: &UnixListener) -> Bus {
        let mut bus = Bus(listener.accept().unwrap().0);
        bus.0.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
        bus.say("000000001122334400000004");
        let methods = bus.hear();
        assert!(methods.starts_with("0006000100000000000000780200000c646e736d61737100060000688200001000076d657472696373000000"), "{methods}");
        assert!(methods.ends_with("8200005400167365745f636f6e6e6d61726b5f616c6c6f776c697374000000008500001000046d61726b0000000000058500001000046d61736b0000000000058500001400087061747465726e73000000000001"), "{methods}");
        assert_eq!(bus.hear(), "00060002000000000000001802000010646e736d6173712e646e730006000004");
        bus.say("000200010000000000000014030000085b8d191b050000088b7fe1f1");
        bus.say("00010001000000000000000c0100000800000000");
        bus.say("000200020000000000000014030000085b8d191c05000008b3f8ee39");
        bus.say("00010002000000000000000c0100000800000000");
        bus
    }

    fn say(&mut self, hex: &str) {
        let octets: Vec<u8> = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
        // In two pieces: a stream has no borders.
        let (first, rest) = octets.split_at(5);
        self.0.write_all(first).unwrap();
        std::thread::sleep(Duration::from_millis(5));
        self.0.write_all(rest).unwrap();
    }

    /// One message.
    fn hear(&mut self) -> String {
        let mut head = [0; 12];
        self.0.read_exact(&mut head).unwrap();
        let len = u32::from_be_bytes([0, head[9], head[10], head[11]]) as usize - 4;
        let mut rest = vec![0; len];
        self.0.read_exact(&mut rest).unwrap();
        head.iter().chain(&rest).map(|octet| format!("{octet:02x}")).collect()
    }
}

fn hex(text: &str) -> String {
    text.bytes().map(|octet| format!("{octet:02x}")).collect()
}

#[test]
fn the_bus_hears_of_statistics_and_leases() {
    let Some(net) = Net::new(&["udhcpc", "dig", "mount"]).map(Net::with_address) else { return };
    let place = net.folder.join("bus");
    std::fs::create_dir(&place).unwrap();
    let listen = || {
        let _ = std::fs::remove_file(place.join("ubus.sock"));
        let listener = UnixListener::bind(place.join("ubus.sock")).unwrap();
        std::fs::set_permissions(place.join("ubus.sock"), std::fs::Permissions::from_mode(0o666)).unwrap();
        listener
    };
    let started = net.script("started", &format!(
        "#!/bin/sh\nmkdir -p /var/run/ubus && mount --bind {} /var/run/ubus && exec {} \"$@\"\n", place.display(), program(),
    ));
    let listener = listen();
    let _server = net.serve_with(&started, "enable-ubus\ndhcp-range=192.168.77.100,192.168.77.150\naddress=/a.test/192.0.2.1");
    let mut bus = Bus::meet(&listener);
    assert!(net.read("log").contains("UBus support enabled: connected to system bus"));

    // A call of `metrics`, and one of what there is not.
    assert_eq!(net.ask("dig +short @192.168.77.1 a.test"), "192.0.2.1");
    let call = |method: &str| format!("000500020462fc9a0000001c030000085b8d191b0400000c{method}07000004");
    bus.say(&call("6d65747269637300"));
    let data = bus.hear();
    let counted = format!("{}00000001", hex("dns_local_answered\0\0\0\0"));
    assert!(data.starts_with("000200020462fc9a") && data.contains(&counted), "{data}");
    assert_eq!(bus.hear(), "000100020462fc9a000000140100000800000000030000085b8d191b");
    bus.say(&call("6e6f7468696e6700"));
    assert_eq!(bus.hear(), "000100020462fc9a000000140100000800000003030000085b8d191b");

    // What a mark is allowed: a name, then one that cannot be.
    bus.say("000500020462fc9a0000005c030000085b8d191b0400001b7365745f636f6e6e6d61726b5f616c6c6f776c6973740000070000348500001000046d61726b0000000000058100002000087061747465726e7300008300000f00000000612e746573740000");
    assert_eq!(bus.hear(), "000100020462fc9a000000140100000800000000030000085b8d191b");
    bus.say("000500020462fc9a0000005c030000085b8d191b0400001b7365745f636f6e6e6d61726b5f616c6c6f776c6973740000070000348500001000046d61726b0000000000058100002000087061747465726e7300008300000d000000007465737400000000");
    assert_eq!(bus.hear(), "000100020462fc9a000000140100000800000002030000085b8d191b");

    // Somebody subscribes; a client gets an address.
    bus.say("000a00010000000000000014030000085b8d191b0900000501000000");
    bus.say(&call("6e6f7468696e6700"));
    bus.hear();
    let script = net.script("quiet", "#!/bin/sh\nexit 0\n");
    net.in_client(&format!("udhcpc -i eth0 -f -n -q -t 5 -T 1 -x hostname:box -s {script}"));
    let notice = bus.hear();
    assert!(notice.starts_with("000a00005b8d191b") && notice.contains(&hex("dhcp.ack\0")), "{notice}");
    for part in ["02:77:00:00:00:02", "ip", "192.168.77.1", "box\0", "interface", "eth0\0"] {
        assert!(notice.contains(&hex(part)), "{part}: {notice}");
    }

    // The bus ends and is there again; meanwhile names are resolved.
    drop((bus, listener));
    wait_for("the line of the loss", || net.read("log").contains("connection to UBus lost: Connection reset by peer"));
    assert_eq!(net.ask("dig +short @192.168.77.1 a.test"), "192.0.2.1");
    let mut bus = Bus::meet(&listen());
    assert!(net.read("log").contains("connected to system UBus"));
    // Nobody has subscribed to the new one, and a message of 16 MB is passed over.
    bus.say("000500030462fc9a00ffffff");
    let junk = vec![0xa5; 1 << 16];
    let mut left = 0xff_ffff_usize - 4 + 1;
    while left > 0 {
        let n = left.min(junk.len());
        bus.0.write_all(&junk[..n]).unwrap();
        left -= n;
    }
    bus.say(&call("6e6f7468696e6700"));
    assert_eq!(bus.hear(), "000100020462fc9a000000140100000800000003030000085b8d191b");
    assert_eq!(net.ask("dig +short @192.168.77.1 a.test"), "192.0.2.1");
    let _ = run("rmdir /var/run/ubus 2>/dev/null");
}

#[test]
fn without_a_bus_or_a_free_name_there_is_service() {
    let Some(net) = Net::new(&["dig", "mount"]).map(Net::with_address) else { return };
    let started = net.script("started", &format!(
        "#!/bin/sh\nmkdir -p /var/run/ubus && mount --bind {} /var/run/ubus && exec {} \"$@\"\n", net.folder.display(), program(),
    ));
    let _server = net.serve_with(&started, "enable-ubus=taken\naddress=/a.test/192.0.2.1");
    assert!(net.read("log").contains("UBus support enabled: bus connection pending"));
    assert_eq!(net.ask("dig +short @192.168.77.1 a.test"), "192.0.2.1");
    let listener = UnixListener::bind(net.folder.join("ubus.sock")).unwrap();
    std::fs::set_permissions(net.folder.join("ubus.sock"), std::fs::Permissions::from_mode(0o666)).unwrap();
    let mut bus = Bus(listener.accept().unwrap().0);
    bus.say("000000001122334400000004");
    assert!(bus.hear().contains(&hex("taken\0")));
    bus.say("00010001000000000000000c0100000800000002");
    wait_for("the line of the refusal", || net.read("log").contains("UBus error: object taken is refused, status 2"));
    assert_eq!(net.ask("dig +short @192.168.77.1 a.test"), "192.0.2.1");
}
