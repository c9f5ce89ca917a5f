//! The list of servers, the statistics and the list of names.

use crate::dns::rig_tests::*;

#[test]
fn the_list_of_servers_is_dnsmasqs() {
    let mut rig = Rig::new(
        "server=127.0.0.7#54\nserver=/a.test/127.0.0.6\nlocal=/b.test/\nserver=/c.test/#\nserver=//127.0.0.5\n\
         server=/*wild.test/127.0.0.4\nserver=127.0.0.3@lo\nserver=10.0.0.1",
    );
    rig.change(Change::Interfaces);
    rig.change(Change::Interfaces);
    let before = "using nameserver 127.0.0.7#54
using nameserver 127.0.0.6#53 for domain a.test\u{20}
using nameserver 127.0.0.5#53 for unqualified names\u{20}
using nameserver 127.0.0.4#53 for domain *wild.test\u{20}
using nameserver 127.0.0.3#53(via lo)
ignoring nameserver 10.0.0.1 - local interface
";
    let after = "using standard nameservers for c.test
using only locally-known addresses for b.test";
    assert_eq!(rig.logs.join("\n"), format!("{before}{after}"));
    rig.logs.clear();
    rig.change(Change::Resolv { servers: &["127.0.0.9:53".parse().unwrap()] });
    assert_eq!(rig.logs.join("\n"), format!("{before}using nameserver 127.0.0.9#53\n{after}"));
    let asked: Vec<_> = rig.ask("x.test", kind::A).iter().map(|sent| sent.to.ip().to_string()).collect();
    assert_eq!(asked, ["127.0.0.7", "127.0.0.3", "127.0.0.9"], "never ourselves");
}

#[test]
fn a_long_list_of_servers_is_counted() {
    let servers: String = (0..33).map(|n| format!("server=/d{n}.test/192.0.2.1\n")).collect();
    let local: String = (0..10).map(|n| format!("local=/l{n}.test/\n")).collect();
    let mut rig = Rig::new(&(servers + &local));
    rig.change(Change::Interfaces);
    assert_eq!(rig.logged("using nameserver 192.0.2.1#53 for domain "), 30);
    assert_eq!(rig.logged("using 3 more nameservers"), 1);
    assert_eq!(rig.logged("using only locally-known"), 8);
    assert_eq!(rig.logged("using 2 more local addresses"), 1);
}

#[test]
fn statistics_and_names_are_dnsmasqs() {
    let mut rig = Rig::new("server=192.0.2.1\nlog-queries\ndomain=lan");
    rig.hosts(&[("10.0.0.5", "box.lan"), ("10.0.0.5", "box")]);
    rig.lease([10, 0, 0, 77], "pc", Some(60));
    rig.lease([10, 0, 0, 78], "tv", None);
    let mut learn = |name: &str, kind: u16, build: fn(&mut Reply)| {
        let up = rig.ask(name, kind).remove(0);
        rig.now.mono = rig.now.mono.plus_ms(20);
        rig.reply(&up, build);
    };
    learn("a.test", kind::A, |reply| a(reply, "a.test", "1.2.3.4", 300));
    learn("c.test", kind::A, |reply| {
        cname(reply, "c.test", "a.test", 300);
        a(reply, "a.test", "1.2.3.4", 300);
    });
    learn("9.9.9.9.in-addr.arpa", kind::PTR, |reply| {
        reply.name(Section::Answer, wire("9.9.9.9.in-addr.arpa").name(), kind::PTR, class::IN, 300, wire("a.test").name());
    });
    learn("no.test", kind::A, |reply| {
        code(reply, 3);
        soa(reply, "test", 256, 60);
    });
    learn("a.test", kind::AAAA, |reply| soa(reply, "test", 256, 60));
    rig.ask("a.test", kind::A);
    rig.logs.clear();
    rig.change(Change::Statistics);
    rig.wait(1);
    let expected = "time 1000000
cache size 150, 0/6 cache insertions re-used unexpired cache entries.
queries forwarded 5, queries answered locally 1
queries for authoritative zones 0
pool memory in use 0, max 512, allocated 76800
child processes for TCP requests: in use 0, highest since last SIGUSR1 0, max allowed 30.
server 192.0.2.1#53: queries sent 5, retried 0, failed 0, nxdomain replies 1, avg. latency 20ms
Host                           Address                                  Flags      Expires                  Source
------------------------------ ---------------------------------------- ---------- ------------------------ ------------
box.lan                        10.0.0.5                                 4FRI   H                            /etc/hosts
box                            10.0.0.5                                 4F I   H                            /etc/hosts
pc.lan                         10.0.0.77                                4FR D      Mon Jan 12 13:47:40 1970
pc                             10.0.0.77                                4F  D      Mon Jan 12 13:47:40 1970
tv.lan                         10.0.0.78                                4FRID
tv                             10.0.0.78                                4F ID
a.test                         1.2.3.4                                  4F         Mon Jan 12 13:51:40 1970
c.test                         a.test                                   CF         Mon Jan 12 13:51:40 1970
a.test                         9.9.9.9                                  4 R        Mon Jan 12 13:51:40 1970
no.test                                                                  F   NX    Mon Jan 12 13:47:40 1970
a.test                                                                  6F   N     Mon Jan 12 13:47:40 1970";
    let mut lines: Vec<_> = rig.logs.iter().map(|line| line.trim_end()).collect();
    let mut expected: Vec<_> = expected.lines().collect();
    assert_eq!(lines.drain(..9).collect::<Vec<_>>(), expected.drain(..9).collect::<Vec<_>>());
    lines.sort();
    expected.sort();
    assert_eq!(lines.join("\n"), expected.join("\n"));
}

#[test]
fn a_list_of_a_thousand_names_comes_in_pieces_and_whole() {
    let mut rig = Rig::new("server=192.0.2.1\nlog-queries");
    let names: Vec<_> = (0..1000).map(|n| (format!("10.1.{}.{}", n / 250, n % 250), format!("n{n}.lan"))).collect();
    rig.hosts(&names.iter().map(|(addr, name)| (addr.as_str(), name.as_str())).collect::<Vec<_>>());
    rig.change(Change::Statistics);
    assert!(rig.engine.next_due().is_some());
    rig.wait(1);
    assert_eq!(rig.logged(".lan "), 1000);
    assert!(rig.engine.next_due().is_none());
}
