//! The lines at start that tell which relays there are.

use crate::base::bytes::Writer;
use crate::base::text;
use crate::config::{Config, RelayBy, RelayTo};
use crate::daemon::outside::Say;
use crate::outbox::lines::{Arg, process};
use crate::wire::dhcp4::SERVER_PORT;

/// Says them, in dnsmasq's order: last configured first.
pub fn say_all(config: &Config, say: Say) {
    for relay in config.dhcp.relaying.relays.iter().rev() {
        let mut buffer = [0; 128];
        let mut out = Writer::new(&mut buffer);
        if let RelayTo::Server(server) = relay.server {
            out.bytes(b" to ");
            text::ip(&mut out, server);
            if relay.port != SERVER_PORT {
                out.u8(b'#');
                text::decimal(&mut out, relay.port.into());
            }
        }
        let by: &[u8] = match &relay.by {
            RelayBy::Any => b"",
            RelayBy::Replies(pattern) => &pattern.name,
            RelayBy::SplitInterface(name) => name,
            RelayBy::SplitAddress(addr) => {
                out.bytes(b" via ");
                text::ipv4(&mut out, *addr);
                b""
            }
        };
        if !by.is_empty() {
            out.bytes(b" via ");
            out.bytes(by);
        }
        if matches!(&relay.by, RelayBy::Replies(pattern) if pattern.wildcard) {
            out.u8(b'*');
        }
        let split = matches!(relay.by, RelayBy::SplitInterface(_) | RelayBy::SplitAddress(_));
        let kind = Arg::Str(if split { "split-" } else { "" });
        say(&process::RELAY, &[kind, Arg::Ip(relay.local), Arg::Text(out.written())]);
    }
}
