//! Local records at their edges: what does not fit, circles through the cache,
//! data without the shape of its type, and who gets what from where.

use crate::dns::rig_tests::*;

#[test]
fn a_circle_through_the_cache_comes_to_an_end() {
    let mut rig = Rig::new("server=192.0.2.1\ncname=a.lan,b.example");
    let up = rig.ask("b.example", kind::A).remove(0);
    rig.reply(&up, |reply| {
        reply.name(Section::Answer, wire("b.example").name(), kind::CNAME, class::IN, 60, wire("a.lan").name());
        a(reply, "a.lan", "1.2.3.4", 60);
    });
    let answer = rig.answer("a.lan", kind::A);
    assert!(answer.contains("a.lan 0 CNAME b.example") && answer.len() < 2_000, "{answer}");
}

#[test]
fn a_long_chain_is_cut_and_still_an_answer() {
    let chain: String = (0..60).map(|n| format!("cname=a{n}.lan,a{}.lan\n", n + 1)).collect();
    let mut rig = Rig::new(&format!("server=192.0.2.1\n{chain}"));
    let answer = rig.answer("a0.lan", kind::A);
    assert!(answer.contains("a0.lan 0 CNAME a1.lan") && answer.contains("a10.lan 0 CNAME a11.lan"), "{answer}");
}

#[test]
fn what_does_not_fit_is_marked_and_empty() {
    let texts: String = (0..60).map(|n| format!("txt-record=t.lan,{n}{}\n", "x".repeat(40))).collect();
    let mut rig = Rig::new(&texts);
    let answer = rig.answer("t.lan", kind::TXT);
    assert!(answer.contains("tc") && !answer.contains("xxxx"), "{answer}");
}

#[test]
fn data_without_the_shape_of_its_type_is_given_as_it_is() {
    let mut rig = Rig::new("dns-rr=odd.lan,15,00");
    let sent = rig.ask("odd.lan", kind::MX).remove(0);
    assert!(sent.bytes.ends_with(&[0, 15, 0, 1, 0, 0, 0, 0, 0, 1, 0]), "{:?}", sent.bytes);
}

#[test]
fn addresses_that_come_along_are_those_of_hosts_leases_and_the_cache() {
    let mut rig = Rig::new("server=192.0.2.1\nmx-host=m.lan,box.lan\nmx-host=m.lan,pc\nmx-host=m.lan,out.example");
    rig.hosts(&[("10.0.0.5", "box.lan"), ("fd00::5", "box.lan")]);
    rig.lease([10, 0, 0, 9], "pc", None);
    let up = rig.ask("out.example", kind::A).remove(0);
    rig.reply(&up, |reply| a(reply, "out.example", "1.2.3.4", 60));
    let answer = rig.answer("m.lan", kind::MX);
    for addr in ["10.0.0.5", "fd00::5", "10.0.0.9", "1.2.3.4"] {
        assert!(answer.contains(addr), "{addr}: {answer}");
    }
}

#[test]
fn nobody_turns_a_wheel_past_its_end() {
    let lines: String = (0..300).map(|n| format!("srv-host=s.lan,h{n},1\n")).collect();
    let mut rig = Rig::new(&lines);
    for _ in 0..700 {
        assert!(!rig.ask_as("10.0.0.9:5000", "s.lan", kind::SRV, Ask { edns: Some((1232, 0)), ..PLAIN }).is_empty());
    }
}

#[test]
fn names_are_known_by_what_is_below_them_in_any_case() {
    let mut rig = Rig::new("local=/lan/\ntxt-record=A.b.Lan,x");
    for (name, code) in [("B.lan", "NOERROR"), ("lan", "NOERROR"), ("c.lan", "NXDOMAIN"), ("x.a.b.lan", "NXDOMAIN")] {
        let answer = rig.answer(name, kind::A);
        assert!(answer.contains(code), "{name}: {answer}");
    }
}

#[test]
fn a_made_up_name_has_the_whole_range_and_nothing_more() {
    let mut rig = Rig::new("local=/lan/\nsynth-domain=lan,255.255.255.0/24,n*\nsynth-domain=six.lan,ffff::/16");
    for (name, kind, addr) in [
        ("n255.lan", kind::A, Some("255.255.255.255")),
        ("n256.lan", kind::A, None),
        ("n18446744073709551616.lan", kind::A, None),
        ("n-1.lan", kind::A, None),
        ("ffff-ffff-ffff-ffff-ffff-ffff-ffff-ffff.six.lan", kind::AAAA, Some("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")),
        ("fffe--1.six.lan", kind::AAAA, None),
        ("ffff-ffff-ffff-ffff-ffff-ffff-ffff-ffff-ffff.six.lan", kind::AAAA, None),
    ] {
        let answer = rig.answer(name, kind);
        match addr {
            Some(addr) => assert!(answer.contains(addr), "{name}: {answer}"),
            None => assert!(answer.contains("NXDOMAIN"), "{name}: {answer}"),
        }
    }
}
