//! The marks that connection tracking has for the connections of clients
//! (`conntrack`, `connmark-allowlist-enable`).

use crate::config::{Config, HAS_CONNTRACK};
use crate::daemon::netfilter::exchange;
use crate::outbox::lines::{Arg, Line, dns as lines};
use crate::platform::netlink;
use crate::platform::sys;
use crate::wire::netfilter::{Answer, Connection, ask_mark};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;

/// The way to connection tracking.
pub struct Marks {
    socket: Option<OwnedFd>,
    port: u16,
    complained: bool,
}

impl Marks {
    /// Without one.
    pub fn closed() -> Self {
        Marks { socket: None, port: 0, complained: false }
    }

    /// Opened if marks are of any use.
    pub fn open(config: &Config) -> Self {
        let wanted = config.listen.port != 0 && config.sets.wants_marks();
        Marks {
            socket: wanted.then(netlink::open_netfilter).and_then(Result::ok),
            port: config.listen.port,
            complained: false,
        }
    }

    /// The mark of the connection by which `client` asks at `to`; 0: none, or
    /// nobody wants to know.
    pub fn of(&mut self, client: SocketAddr, to: IpAddr, tcp: bool, say: &mut dyn FnMut(&Line, &[Arg])) -> u32 {
        let Some(socket) = self.socket.as_ref().filter(|_| HAS_CONNTRACK) else { return 0 };
        let connection = Connection { client, server: SocketAddr::new(to, self.port), tcp };
        let why = match exchange(socket, &|out| ask_mark(out, connection)) {
            Ok(Some(Answer::Mark(mark))) => return mark,
            Ok(_) => sys::ENOENT,
            Err(errno) => errno,
        };
        if !core::mem::replace(&mut self.complained, true) {
            say(&lines::NO_MARK, &[Arg::Errno(why)]);
        }
        0
    }
}
