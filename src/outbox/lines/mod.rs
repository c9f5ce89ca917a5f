//! Every user-visible log line, as a constant: channel, level, template.
//!
//! dnsmasq's log text is an interface: scripts parse it. A `%` in a template
//! stands for the next argument; nothing else is special. Lines are grouped by
//! the engine that says them, and each has a golden test beside its engine.

use crate::base::bytes::Writer;
use crate::base::errno;
use crate::base::net::HwAddr;
use crate::base::text;
use crate::outbox::action::{Channel, Level};
use std::net::{IpAddr, Ipv4Addr};

/// Declares lines: name, channel, level, text.
macro_rules! lines {
    ($($(#[$about:meta])* $name:ident: $channel:ident, $level:ident, $text:literal;)*) => {
        $($(#[$about])* pub const $name: Line<[u8; $text.len()]> =
            Line { channel: Channel::$channel, level: Level::$level, text: *$text };)*
    };
}

pub mod dhcp;
pub mod dns;
pub mod process;
pub mod tftp;

/// One line. It holds its text itself: a reference to it would take longer than
/// many a text.
pub struct Line<T: ?Sized = [u8]> {
    /// Whose line it is.
    pub channel: Channel,
    /// How grave it is.
    pub level: Level,
    /// The text; each `%` is an argument.
    pub text: T,
}

/// An argument. Text from the network is made printable: control characters
/// become `?`, so no packet can forge a line.
#[derive(Clone, Copy)]
pub enum Arg<'a> {
    /// Text as it is, control characters replaced.
    Text(&'a [u8]),
    /// Text of ours.
    Str(&'static str),
    /// A decimal number.
    Number(u64),
    /// What a system error number means.
    Errno(i32),
    /// An address.
    Ip(IpAddr),
    /// An IPv4 address.
    Ip4(Ipv4Addr),
    /// A hardware address, `<null>` when empty.
    Hw(&'a HwAddr),
    /// Octets in hexadecimal with colons.
    Hex(&'a [u8]),
    /// A domain name in wire form, shown as text in lower case.
    Name(&'a [u8]),
}

/// Writes `line` with its arguments, as far as it fits.
pub fn render(out: &mut Writer, line: &Line, args: &[Arg]) {
    let mut args = args.iter();
    for octet in &line.text {
        match (*octet, *octet == b'%') {
            (_, true) => {
                if let Some(arg) = args.next() {
                    render_arg(out, arg);
                }
            }
            (octet, false) => out.u8(octet),
        }
    }
}

fn render_arg(out: &mut Writer, arg: &Arg) {
    match arg {
        Arg::Text(bytes) => printable(out, bytes),
        Arg::Str(text) => out.bytes(text.as_bytes()),
        Arg::Number(value) => text::decimal(out, *value),
        Arg::Errno(number) => out.bytes(errno::text(*number).as_bytes()),
        Arg::Ip(addr) => text::ip(out, *addr),
        Arg::Ip4(addr) => text::ipv4(out, *addr),
        Arg::Hw(hw) if hw.is_empty() => out.bytes(b"<null>"),
        Arg::Hw(hw) => text::hw_addr(out, hw),
        Arg::Hex(bytes) => text::hex(out, bytes, b':'),
        Arg::Name(wire) => crate::wire::dns::name::write_lower(out, wire),
    }
}

/// Copies text octet by octet (what does not fit is cut, not the whole).
fn printable(out: &mut Writer, bytes: &[u8]) {
    for octet in bytes {
        out.u8(if octet.is_ascii_control() { b'?' } else { *octet });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_takes_its_arguments_and_lets_nobody_forge_another() {
        lines! {
            LINE: Main, Info, b"from % to %, 100%";
        }
        let mut buffer = [0; 64];
        let mut out = Writer::new(&mut buffer);
        render(&mut out, &LINE, &[Arg::Text(b"a\nb"), Arg::Number(7), Arg::Str("!")]);
        assert_eq!(out.written(), b"from a?b to 7, 100!");
    }
}
