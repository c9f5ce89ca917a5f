//! Answers made here: hosts, leases, refusals, odd messages, the log.

use crate::dns::rig_tests::*;
use crate::wire::dns::codes::rcode;

#[test]
fn hosts_answer_both_ways_and_turn() {
    let mut rig = Rig::new("server=192.0.2.1\nlocal-ttl=60");
    rig.hosts(&[("10.0.0.5", "Box.lan"), ("10.0.0.6", "box.lan"), ("fd00::5", "box.lan")]);
    assert_eq!(rig.answer("bOx.lan", kind::A), "7 NOERROR aa rd ra | bOx.lan A | bOx.lan 60 A 10.0.0.5 | bOx.lan 60 A 10.0.0.6");
    assert!(rig.answer("box.lan", kind::A).ends_with("10.0.0.5"), "turned");
    assert_eq!(rig.answer("box.lan", kind::AAAA), "7 NOERROR aa rd ra | box.lan AAAA | box.lan 60 AAAA fd00::5");
    assert!(rig.answer("box.lan", kind::ANY).contains("fd00::5"));
    let reverse = rig.answer("5.0.0.10.in-addr.arpa", kind::PTR);
    assert!(reverse.ends_with("| 5.0.0.10.in-addr.arpa 60 PTR box.lan"), "{reverse}");
    let up = rig.ask("box.lan", kind::MX).remove(0);
    let down = rig.reply(&up, |reply| {
        code(reply, rcode::NXDOMAIN);
        soa(reply, "lan", 500, 60);
    });
    assert_eq!(down[0].text(), "7 NOERROR aa rd ra | box.lan MX | au lan 500 SOA");
    rig.hosts(&[("10.0.0.5", "v4.lan")]);
    let up = rig.ask("v4.lan", kind::AAAA).remove(0);
    rig.reply(&up, |reply| {
        code(reply, rcode::NXDOMAIN);
        soa(reply, "lan", 500, 60);
    });
    assert_eq!(rig.answer("v4.lan", kind::AAAA), "7 NOERROR rd ra | v4.lan AAAA | au lan 500 SOA", "kept as that");
    rig.hosts(&[("10.0.0.5", "box.lan")]);
    let up = rig.ask("lan", kind::A).remove(0);
    assert!(rig.reply(&up, |reply| code(reply, rcode::NXDOMAIN))[0].text().starts_with("7 NOERROR aa"), "something is below it");
}

#[test]
fn local_domains_tell_no_data_from_no_name() {
    let mut rig = Rig::new("local=/lan/\nserver=192.0.2.1");
    rig.hosts(&[("10.0.0.5", "a.b.lan")]);
    assert_eq!(rig.answer("a.b.lan", kind::AAAA), "7 NOERROR rd ra | a.b.lan AAAA");
    assert_eq!(rig.answer("b.lan", kind::A), "7 NOERROR rd ra | b.lan A");
    assert_eq!(rig.answer("c.lan", kind::A), "7 NXDOMAIN rd ra | c.lan A");
}

#[test]
fn leases_are_names_with_and_without_their_domain() {
    let mut rig = Rig::new("server=192.0.2.1\ndomain=lan\nlocal-ttl=600");
    rig.lease([10, 0, 0, 77], "Laptop", Some(100));
    rig.lease([10, 0, 0, 78], "box", None);
    rig.hosts(&[("10.0.0.5", "box.lan")]);
    assert_eq!(rig.answer("laptop", kind::A), "7 NOERROR aa rd ra | laptop A | laptop 100 A 10.0.0.77");
    assert!(rig.answer("LAPTOP.lan", kind::A).contains("10.0.0.77"));
    assert_eq!(rig.ask("laptop.test", kind::A)[0].to.port(), 53);
    assert!(rig.answer("77.0.0.10.in-addr.arpa", kind::PTR).ends_with("100 PTR Laptop.lan"));
    assert!(rig.answer("box.lan", kind::A).ends_with("A 10.0.0.5"), "the hosts file wins");
    assert!(rig.answer("78.0.0.10.in-addr.arpa", kind::PTR).ends_with("600 PTR box"));
    rig.now.mono = rig.now.mono.plus_secs(101);
    assert_eq!(rig.ask("laptop", kind::A)[0].to.port(), 53, "the lease has ended");

    let mut rig = Rig::new("server=192.0.2.1\ndhcp-fqdn\ndomain=lan\ndhcp-ttl=5\nlocal-ttl=600\ndhcp-range=10.0.0.50,10.0.0.99");
    rig.lease([10, 0, 0, 77], "laptop", None);
    assert_eq!(rig.ask("laptop", kind::A)[0].to.port(), 53);
    assert!(rig.answer("laptop.lan", kind::A).contains(" 5 A 10.0.0.77"));
}

#[test]
fn what_must_not_leave_the_house_stays() {
    let mut rig = Rig::new("server=192.0.2.1\ndomain-needed\nbogus-priv\nserver=/8.b.d.0.1.0.0.2.ip6.arpa/192.0.2.7");
    assert_eq!(rig.answer("plain", kind::A), "7 NXDOMAIN rd ra | plain A");
    assert_eq!(rig.ask("plain", kind::MX)[0].to.port(), 53);
    assert!(rig.answer("9.0.0.10.in-addr.arpa", kind::PTR).starts_with("7 NXDOMAIN aa rd ra |"));
    assert_eq!(rig.ask("9.0.0.10.in-addr.arpa", kind::SOA)[0].to.port(), 53);
    assert_eq!(rig.ask("9.0.0.9.in-addr.arpa", kind::PTR)[0].to.port(), 53);
    let six = format!("{}8.b.d.0.1.0.0.2.ip6.arpa", "0.".repeat(24));
    assert_eq!(rig.ask(&six, kind::PTR)[0].to.ip().to_string(), "192.0.2.7", "somebody knows that zone");
    assert_eq!(rig.answer("a.test", kind::MAILB), "7 NXDOMAIN aa rd ra | a.test MAILB");
}

#[test]
fn odd_messages_get_the_documented_answers() {
    let mut rig = Rig::new("server=192.0.2.1");
    let good = question("a.test", kind::A, EDNS);
    let mut notify = good.clone();
    notify[2] |= 0x20;
    assert_eq!(rig.datagram("10.0.0.9:5000", &notify)[0].bytes[3] & 15, rcode::NOTIMP);
    let mut two = question("a.test", kind::A, PLAIN);
    two[5] = 2;
    two.extend_from_slice(b"\x01b\0\0\x01\0\x01");
    assert_eq!(rig.datagram("10.0.0.9:5000", &two)[0].text(), "7 REFUSED rd ra");
    let mut none = question("a.test", kind::A, PLAIN);
    none[5] = 0;
    none.truncate(12);
    assert_eq!(rig.datagram("10.0.0.9:5000", &none)[0].text(), "7 REFUSED rd ra");
    let mut response = good.clone();
    response[2] |= 0x80;
    for silent in [&response, &good[..11].to_vec(), &good[..16].to_vec(), &vec![]] {
        assert!(rig.datagram("10.0.0.9:5000", silent).is_empty());
    }
    assert!(rig.datagram("10.0.0.9:0", &good).is_empty(), "port 0 is nobody");
}

#[test]
fn only_served_interfaces_and_local_clients_are_answered() {
    let mut rig = Rig::new("server=192.0.2.1\nlocal-service");
    assert!(rig.ask_as("203.0.113.5:99", "a.test", kind::A, PLAIN).is_empty());
    assert!(rig.ask_as("203.0.113.5:99", "a.test", kind::A, PLAIN).is_empty());
    assert_eq!(rig.logged("ignoring query from non-local network 203.0.113.5 (logged only once)"), 1);
    assert_eq!(rig.ask("a.test", kind::A).len(), 1);
    rig.interfaces.list[1].dns = false;
    assert!(rig.ask("b.test", kind::A).is_empty());
    rig.interfaces.list[1].addresses[0].dns = true;
    let arrival = Arrival { door: Door::Dns(0), from: "10.0.0.1:7".parse().unwrap(), to: [10, 0, 0, 1].into(), iface: 1 };
    rig.interfaces.list[0].dns = false;
    let asked = question("b.test", kind::A, PLAIN);
    rig.with(|engine, with| engine.on_datagram(with, &arrival, &asked));
    assert_eq!(rig.drain().len(), 1, "our own programs reach a served address through the loopback");
    let reaches_unknown = |config: &str| {
        let mut rig = Rig::new(&format!("server=192.0.2.1\n{config}"));
        let arrival = Arrival { door: Door::Dns(0), from: "10.0.0.9:7".parse().unwrap(), to: [10, 9, 0, 1].into(), iface: 99 };
        rig.with(|engine, with| engine.on_datagram(with, &arrival, &asked));
        rig.drain().len() == 1
    };
    assert!(reaches_unknown("") && reaches_unknown("listen-address=10.9.0.1"), "an interface not known yet");
    assert!(!reaches_unknown("interface=lan") && !reaches_unknown("except-interface=lan"));
}

#[test]
fn the_chaos_class_knows_who_we_are() {
    let mut rig = Rig::new("server=192.0.2.1");
    let chaos = Ask { class: class::CHAOS, ..PLAIN };
    let version = rig.answer_to("VERSION.bind", kind::TXT, chaos);
    assert_eq!(version, "7 NOERROR aa rd ra | VERSION.bind TXT | VERSION.bind 0 TXT dnsmasq-2.93");
    assert!(rig.answer_to("cachesize.bind", kind::TXT, chaos).ends_with("TXT 150"));
    assert_eq!(rig.answer_to("other.bind", kind::TXT, chaos), "7 NOTIMP rd ra | other.bind TXT");
    assert!(rig.answer_to("hits.bind", kind::TXT, chaos).ends_with("TXT 3"));
    rig.ask("a.test", kind::A);
    assert!(rig.answer_to("misses.bind", kind::TXT, chaos).ends_with("TXT 1"));
    assert!(rig.answer_to("servers.bind", kind::TXT, chaos).ends_with("TXT 192.0.2.1#53 1 0"));
    let mut rig = Rig::new("server=192.0.2.1\nno-ident");
    assert_eq!(rig.answer_to("version.bind", kind::TXT, chaos), "7 NOTIMP rd ra | version.bind TXT");
    assert_eq!(rig.ask_as("10.0.0.9:5000", "a.test", kind::TXT, chaos)[0].to.port(), 53);
}

#[test]
fn the_query_log_has_its_shapes() {
    let mut rig = Rig::new("server=192.0.2.1#54\nlog-queries\naddress=/ad.test/1.1.1.1\nlocal=/no.test/\ndomain=lan");
    rig.hosts(&[("10.0.0.5", "box.lan")]);
    rig.lease([10, 0, 0, 77], "pc", None);
    let up = rig.ask("A.test", kind::A).remove(0);
    rig.reply(&up, |reply| {
        cname(reply, "A.test", "b.test", 9);
        a(reply, "b.test", "1.2.3.4", 9);
    });
    rig.ask("a.test", kind::A);
    let up = rig.ask("n.test", kind::AAAA).remove(0);
    rig.reply(&up, |reply| soa(reply, "test", 9, 9));
    let up = rig.ask("x.test", 65280).remove(0);
    rig.reply(&up, |reply| code(reply, rcode::NXDOMAIN));
    let up = rig.ask("s.test", kind::A).remove(0);
    rig.reply(&up, |reply| code(reply, rcode::SERVFAIL));
    for (name, kind) in [
        ("box.lan", kind::A),
        ("5.0.0.10.in-addr.arpa", kind::PTR),
        ("pc.lan", kind::A),
        ("77.0.0.10.in-addr.arpa", kind::PTR),
        ("ad.test", kind::A),
        ("no.test", kind::MX),
    ] {
        rig.ask(name, kind);
    }
    let expected = "query[A] a.test from 10.0.0.9
forwarded a.test to 192.0.2.1#54
reply a.test is <CNAME>
reply b.test is 1.2.3.4
query[A] a.test from 10.0.0.9
cached a.test is <CNAME>
cached b.test is 1.2.3.4
query[AAAA] n.test from 10.0.0.9
forwarded n.test to 192.0.2.1#54
reply n.test is NODATA-IPv6
query[type=65280] x.test from 10.0.0.9
forwarded x.test to 192.0.2.1#54
reply x.test is NXDOMAIN
query[A] s.test from 10.0.0.9
forwarded s.test to 192.0.2.1#54
reply error is SERVFAIL
query[A] box.lan from 10.0.0.9
/etc/hosts box.lan is 10.0.0.5
query[PTR] 5.0.0.10.in-addr.arpa from 10.0.0.9
/etc/hosts 10.0.0.5 is box.lan
query[A] pc.lan from 10.0.0.9
DHCP pc.lan is 10.0.0.77
query[PTR] 77.0.0.10.in-addr.arpa from 10.0.0.9
DHCP 10.0.0.77 is pc.lan
query[A] ad.test from 10.0.0.9
config ad.test is 1.1.1.1
query[MX] no.test from 10.0.0.9
config no.test is NXDOMAIN";
    assert_eq!(rig.logs.join("\n"), expected);
}

#[test]
fn what_is_no_plain_answer_has_lines_too() {
    let mut rig = Rig::new("server=192.0.2.1\nlog-queries");
    let mut notify = question("a.test", kind::A, PLAIN);
    notify[2] |= 0x20;
    rig.datagram("10.0.0.9:5000", &notify);
    rig.ask_as("10.0.0.9:5000", "x.bind", kind::TXT, Ask { class: class::CHAOS, ..PLAIN });
    let up = rig.ask("a.test", kind::A).remove(0);
    rig.reply(&up, |reply| reply.set_flags(flag::QR | flag::RD | flag::RA | flag::TC));
    let up = rig.ask("b.test", kind::A).remove(0);
    rig.reply(&up, |reply| reply.set_flags(flag::QR | flag::RD));
    let expected = "non-query opcode 4 from 10.0.0.9
reply opcode is not implemented
query[TXT] x.bind from 10.0.0.9
config x.bind is not implemented
query[A] a.test from 10.0.0.9
forwarded a.test to 192.0.2.1
reply is truncated
query[A] b.test from 10.0.0.9
forwarded b.test to 192.0.2.1
nameserver 192.0.2.1 refused to do a recursive query
reply b.test is NODATA-IPv4";
    assert_eq!(rig.logs.join("\n"), expected);
}

#[test]
fn the_extended_query_log_names_question_and_client() {
    let mut rig = Rig::new("server=192.0.2.1\nlog-queries=extra");
    let up = rig.ask("a.test", kind::A).remove(0);
    rig.ask_as("10.0.0.8:6000", "a.test", kind::A, PLAIN);
    rig.wait(600);
    rig.reply(&up, |reply| a(reply, "a.test", "1.2.3.4", 9));
    let mut lines = rig.logs.clone();
    lines.sort();
    let expected = [
        "1 10.0.0.9/5000 forwarded a.test to 192.0.2.1",
        "1 10.0.0.9/5000 query[A] a.test from 10.0.0.9",
        "1 10.0.0.9/5000 reply a.test is 1.2.3.4",
        "1 forwarded a.test to 192.0.2.1",
        "2 10.0.0.8/6000 query[A] a.test from 10.0.0.8",
        "2 10.0.0.8/6000 reply query is duplicate",
    ];
    assert_eq!(lines, expected);
}
