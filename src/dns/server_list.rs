//! The list of servers in the log: once at start and whenever a resolv file was
//! read. `address=` lines are not in it.

use crate::base::net::ip_of;
use crate::config::{Shown, Target};
use crate::dns::{Forwarder, Surroundings};
use crate::outbox::Outbox;
use crate::outbox::lines::{Arg, Line, dns as lines};
use std::net::SocketAddr;

impl Forwarder {
    /// The servers of a resolv file, which replace those of the last one.
    pub(super) fn new_servers(&mut self, with: &mut Surroundings, servers: &[SocketAddr]) {
        self.upstream.set_resolv(servers);
        self.upstream.find_own(with.config, with.interfaces);
        match with.config.dns.clear_on_reload {
            true => with.cache.clear(),
            false => with.cache.forget_failures(),
        }
        self.probe_servers(with);
        if !servers.is_empty() {
            self.list_servers(with);
        }
    }

    /// The servers behind the first `kept` are others now.
    pub(super) fn configured_servers(&mut self, with: &mut Surroundings, kept: u16) {
        self.upstream.set_configured(&with.config.dns, kept);
        self.pending.forget_servers(kept);
        with.cache.forget_failures();
        self.upstream.find_own(with.config, with.interfaces);
        self.probe_servers(with);
        self.list_servers(with);
    }

    /// Logs the servers: the configured ones, those of the resolv file, and the
    /// domains that have none of their own.
    pub(super) fn list_servers(&mut self, with: &mut Surroundings) {
        let dns = &with.config.dns;
        for shown in &dns.shown {
            if let Target::Server(number) = shown.target
                && let Some(server) = dns.servers.get(usize::from(number))
            {
                match () {
                    () if self.upstream.is_own(number) => say(with.out, &lines::OWN_SERVER, &[Arg::Ip(ip_of(&server.addr))]),
                    () if shown.domain.is_empty() && self.upstream.is_looping(number) => loop_line(with.out, server.addr),
                    () => server_line(with.out, server.addr, server.iface.as_deref(), shown),
                }
            }
        }
        for number in self.upstream.resolv_numbers() {
            let Some(addr) = self.upstream.addr(dns, number) else { continue };
            match () {
                () if self.upstream.is_own(number) => say(with.out, &lines::OWN_SERVER, &[Arg::Ip(ip_of(&addr))]),
                () if self.upstream.is_looping(number) => loop_line(with.out, addr),
                () => say(with.out, &lines::USING, &[Arg::Ip(ip_of(&addr)), Arg::Number(addr.port().into())]),
            }
        }
        let (more_servers, more_local) = dns.shown_more;
        if more_servers > 0 {
            say(with.out, &lines::USING_MORE, &[Arg::Number(more_servers.into())]);
        }
        for shown in &dns.shown {
            match shown.target {
                Target::Standard => say(with.out, &lines::USING_STANDARD, &[Arg::Text(&shown.domain)]),
                Target::Local => say(with.out, &lines::USING_LOCAL, &[Arg::Text(&shown.domain)]),
                _ => {}
            }
        }
        if more_local > 0 {
            say(with.out, &lines::USING_MORE_LOCAL, &[Arg::Number(more_local.into())]);
        }
    }
}

fn loop_line(out: &mut Outbox, addr: SocketAddr) {
    say(out, &lines::LOOPING, &[Arg::Ip(ip_of(&addr)), Arg::Number(addr.port().into())]);
}

fn server_line(out: &mut Outbox, addr: SocketAddr, iface: Option<&[u8]>, shown: &Shown) {
    let (ip, port) = (Arg::Ip(ip_of(&addr)), Arg::Number(addr.port().into()));
    match (&*shown.domain, iface) {
        (b"", Some(iface)) => say(out, &lines::USING_VIA, &[ip, port, Arg::Text(iface)]),
        (b"", None) => say(out, &lines::USING, &[ip, port]),
        (b".", _) => say(out, &lines::USING_UNQUALIFIED, &[ip, port]),
        _ => say(out, &lines::USING_FOR, &[ip, port, Arg::Text(&shown.domain)]),
    }
}

fn say(out: &mut Outbox, line: &'static Line, args: &[Arg]) {
    if out.has_room_for_log() {
        out.log(line, args);
    }
}
