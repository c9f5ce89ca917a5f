//! The screen in front of upstream servers: what an answer holds that clients
//! are not to see (`stop-dns-rebind`, `bogus-nxdomain`, `ignore-address`,
//! `filter-rr`), and addresses that are to be others (`alias`). What is found
//! is carried out by `compose` when the answer is passed on.

use crate::base::net::{Prefix as Net, unmapped};
use crate::config::Screen;
use crate::dns::journal::{self, Prefix};
use crate::dns::{Surroundings, reverse};
use crate::outbox::lines::Arg;
use crate::wire::dns::codes::{class, ede, flag, kind, rcode};
use crate::wire::dns::message::{Message, Question, Record, Section};
use crate::wire::dns::name::Name;
use crate::wire::dns::patch;
use std::net::IpAddr;

/// What stands in the way of an answer. A record is named by its end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// Nothing.
    Clean,
    /// Records are left out.
    Filtered,
    /// This record has an address that no answer has: the name is missing.
    Bogus(usize),
    /// This record has a private address.
    Private(usize),
}

impl Finding {
    /// What clients are told of it (RFC 8914).
    pub fn extended_error(self) -> Option<u16> {
        match self {
            Finding::Clean => None,
            Finding::Filtered => Some(ede::FILTERED),
            Finding::Bogus(_) | Finding::Private(_) => Some(ede::BLOCKED),
        }
    }

    /// Header flags as clients get them.
    pub fn flags(self, flags: u16) -> u16 {
        let bare = flags & !(flag::RCODE | flag::AA | flag::TC);
        match self {
            Finding::Clean | Finding::Filtered => flags,
            Finding::Bogus(_) => bare | u16::from(rcode::NXDOMAIN),
            Finding::Private(_) => bare,
        }
    }

    /// The record that it is about, if it is about one.
    pub fn record<'a>(self, answer: &Message<'a>) -> Option<Record<'a>> {
        let (Finding::Bogus(end) | Finding::Private(end)) = self else { return None };
        answer.records().find(|record| record.end() == end)
    }
}

/// The address in a record.
fn address(record: &Record) -> Option<IpAddr> {
    let mut data = record.data;
    match record.kind {
        _ if record.class != class::IN => None,
        kind::A => data.array::<4>().map(IpAddr::from),
        kind::AAAA => data.array::<16>().map(IpAddr::from),
        _ => None,
    }
}

/// The end of the first record of the answer section whose address is wanted.
fn find(answer: &Message, wanted: &dyn Fn(&Record, IpAddr) -> bool) -> Option<usize> {
    let mut records = answer.section(Section::Answer);
    records.find(|record| address(record).is_some_and(|addr| wanted(record, addr))).map(|record| record.end())
}

fn is_among(nets: &[Net], addr: IpAddr) -> bool {
    nets.iter().any(|net| net.contains(addr))
}

/// True for a reply that is to be treated as if it had not come.
pub fn is_ignored(screen: &Screen, answer: &Message) -> bool {
    !screen.ignored.is_empty()
        && answer.rcode() == rcode::NOERROR
        && find(answer, &|_, addr| is_among(&screen.ignored, addr)).is_some()
}

/// What stands in the way of an answer.
pub fn look(screen: &Screen, answer: &Message, question: &Question) -> Finding {
    if !matches!(answer.rcode(), rcode::NOERROR | rcode::NXDOMAIN) {
        return Finding::Clean;
    }
    if !screen.bogus.is_empty()
        && answer.rcode() == rcode::NOERROR
        && let Some(end) = find(answer, &|_, addr| is_among(&screen.bogus, addr))
    {
        return Finding::Bogus(end);
    }
    if screen.stop_rebind
        && !may_be_private(screen, question.name)
        && let Some(end) = find(answer, &|record, addr| record.kind == question.kind && is_private(screen, addr))
    {
        return Finding::Private(end);
    }
    let drops = |record: Record| screen.drops(question.kind, record.kind);
    match !screen.filtered.is_empty() && answer.section(Section::Answer).any(drops) {
        true => Finding::Filtered,
        false => Finding::Clean,
    }
}

/// True when `rebind-domain-ok` names the name or what it lies in; the root
/// there stands for names without a dot.
fn may_be_private(screen: &Screen, name: Name) -> bool {
    screen.private_ok.iter().filter_map(|domain| Name::new(domain)).any(|domain| match domain.is_root() {
        true => name.label_count() <= 1,
        false => name.is_within(domain),
    })
}

fn is_private(screen: &Screen, addr: IpAddr) -> bool {
    let is_own = match unmapped(addr) {
        IpAddr::V4(v4) => matches!(v4.octets(), [0 | 127, ..]),
        IpAddr::V6(v6) => v6.is_unspecified() || v6.is_loopback(),
    };
    reverse::is_private(addr) && !(screen.localhost_ok && is_own)
}

/// Rewrites the addresses in a server's answer as `alias` says.
pub fn rewrite(with: &mut Surroundings, prefix: &Prefix, answer: &mut [u8]) {
    let aliases = &with.config.dns.screen.aliases;
    if aliases.is_empty() {
        return;
    }
    let changed = patch::rewrite_ipv4(answer, &mut |record, addr| {
        let new = aliases.iter().rev().find_map(|alias| alias.of(addr))?;
        if let Some(owner) = record.owner() {
            journal::answer(with.out, prefix, Arg::Str("config"), Arg::Name(owner.name().wire()), Arg::Ip4(new));
        }
        Some(new)
    });
    // Whoever has authority for the name has not said this.
    if changed && let Some(flags) = Message::parse(answer).map(|message| message.flags()) {
        patch::set_flags(answer, flags & !flag::AA);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::bytes::Writer;
    use crate::config::Alias;
    use crate::wire::dns::build::Reply;
    use crate::wire::dns::name::NameBuf;

    fn screen() -> Screen {
        Screen {
            stop_rebind: false,
            localhost_ok: false,
            private_ok: vec![],
            bogus: vec![],
            ignored: vec![],
            aliases: vec![],
            filtered: vec![],
            win2k: false,
        }
    }

    fn name(text: &str) -> NameBuf {
        NameBuf::from_text(text.as_bytes()).unwrap()
    }

    /// What is found in the answer to `asked` with these addresses.
    fn found(screen: &Screen, asked: &str, addrs: &[&str]) -> Finding {
        let (asked, mut buffer) = (name(asked), [0; 512]);
        let kind = if addrs[0].contains(':') { kind::AAAA } else { kind::A };
        let mut out = Writer::new(&mut buffer);
        let mut reply = Reply::ask(&mut out, 1, flag::QR, asked.name(), kind, class::IN);
        for addr in addrs {
            reply.address(Section::Answer, asked.name(), addr.parse().unwrap(), 60);
        }
        let len = reply.finish().unwrap();
        let answer = Message::parse(&buffer[..len]).unwrap();
        look(screen, &answer, answer.question().unwrap())
    }

    #[test]
    fn private_addresses_are_found_but_where_they_may_be() {
        let mut screen = Screen { stop_rebind: true, private_ok: vec![name("ok.lan").name().wire().into()], ..screen() };
        let is_private = |screen: &Screen, asked: &str, addrs: &[&str]| matches!(found(screen, asked, addrs), Finding::Private(_));
        for addr in ["10.1.2.3", "100.64.0.1", "127.0.0.1", "0.0.0.0", "fc00::1", "::1", "::", "::ffff:192.168.1.1", "fe80::1"] {
            assert!(is_private(&screen, "a.test", &[addr]), "{addr}");
            assert!(!is_private(&screen, "a.Ok.lan", &[addr]) && !is_private(&screen, "ok.lan", &[addr]), "{addr}");
            assert!(is_private(&screen, "notok.lan", &[addr]), "{addr}");
        }
        assert!(is_private(&screen, "a.test", &["8.8.8.8", "10.0.0.1"]), "one spoils all");
        assert!(!is_private(&screen, "a.test", &["8.8.8.8"]) && is_private(&screen, "plain", &["10.0.0.1"]));
        screen.localhost_ok = true;
        screen.private_ok = vec![[0].into()];
        assert!(!is_private(&screen, "plain", &["10.0.0.1"]) && is_private(&screen, "a.b", &["10.0.0.1"]));
        for addr in ["127.9.9.9", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1"] {
            assert!(!is_private(&screen, "a.test", &[addr]), "{addr}");
        }
    }

    #[test]
    fn what_is_bogus_comes_before_what_is_private_and_that_before_what_is_filtered() {
        let net = Net { addr: "10.0.0.0".parse().unwrap(), len: 24 };
        let screen = Screen { stop_rebind: true, bogus: vec![net], filtered: vec![kind::A], ..screen() };
        assert!(matches!(found(&screen, "a.test", &["10.0.1.1", "10.0.0.1"]), Finding::Bogus(_)));
        assert!(matches!(found(&screen, "a.test", &["10.0.1.1"]), Finding::Private(_)));
        assert!(found(&screen, "a.test", &["8.8.8.8"]) == Finding::Filtered);
        assert!(found(&screen, "a.test", &["2600::1"]) == Finding::Clean);
    }

    #[test]
    fn an_alias_keeps_what_is_not_under_its_mask() {
        let of = |text: &str| text.parse().unwrap();
        let alias = Alias { from: of("1.2.3.0"), to: of("1.2.3.255"), new: of("5.6.7.8"), mask: of("255.255.255.0") };
        assert_eq!((alias.of(of("1.2.3.9")), alias.of(of("1.2.4.9"))), (Some(of("5.6.7.9")), None));
    }
}
