//! Pieces of lines: values as the language of configuration files writes them,
//! quoted where they must lose their meaning.

use crate::config::{Conditions, Config, LeaseTime, Path, Pattern, Tag};
use std::fmt::{Display, Write};
use std::net::SocketAddr;

/// What is being written, and of what.
pub struct Out<'a> {
    pub text: Vec<u8>,
    pub config: &'a Config,
}

impl Out<'_> {
    /// A line `name=value`.
    pub fn line(&mut self, name: &str, value: impl AsRef<[u8]>) {
        self.text.extend_from_slice(name.as_bytes());
        self.text.push(b'=');
        self.text.extend_from_slice(value.as_ref());
        self.text.push(b'\n');
    }

    /// A line `name`, if it holds.
    pub fn flag(&mut self, name: &str, holds: bool) {
        if holds {
            self.text.extend_from_slice(name.as_bytes());
            self.text.push(b'\n');
        }
    }

    /// A line `name=value`, if there is a value.
    pub fn some(&mut self, name: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.line(name, value.to_string());
        }
    }

    /// A line `name=items`, or `name` if there are none.
    pub fn list(&mut self, name: &str, items: &[Vec<u8>]) {
        match items {
            [] => self.flag(name, true),
            items => self.line(name, items.join(&b','))
        }
    }

    /// A line a path.
    pub fn paths(&mut self, name: &str, paths: &[Path]) {
        for path in paths {
            self.line(name, quoted(path.to_bytes()));
        }
    }

    /// The name of a tag, quoted.
    pub fn tag(&self, tag: Tag) -> Vec<u8> {
        quoted(&self.config.dhcp.tags[usize::from(tag)])
    }

    /// Conditions as items.
    pub fn conditions(&self, conditions: &Conditions) -> Vec<Vec<u8>> {
        let item = |(tag, wanted): &(Tag, bool)| [if *wanted { &b"tag:"[..] } else { b"tag:!" }, &self.tag(*tag)].concat();
        conditions.iter().map(item).collect()
    }

    /// Tags that are set, as items.
    pub fn set(&self, tags: impl IntoIterator<Item = Tag>) -> Vec<Vec<u8>> {
        tags.into_iter().map(|tag| [b"set:", &*self.tag(tag)].concat()).collect()
    }
}

/// In quotes.
pub fn quoted(octets: &[u8]) -> Vec<u8> {
    let mut text = vec![b'"'];
    for octet in octets {
        match octet {
            b'"' | b'\\' => text.extend([b'\\', *octet]),
            b'\t' => text.extend(b"\\t"),
            b'\n' => text.extend(b"\\n"),
            8 => text.extend(b"\\b"),
            b'\r' => text.extend(b"\\r"),
            27 => text.extend(b"\\e"),
            _ => text.push(*octet),
        }
    }
    text.push(b'"');
    text
}

/// A name in wire form, quoted; the root is nothing.
pub fn name(wire: &[u8]) -> Vec<u8> {
    quoted(&labels(wire).join(&b'.'))
}

/// The labels of a name in wire form.
pub fn labels(wire: &[u8]) -> Vec<Vec<u8>> {
    let mut labels = Vec::new();
    let mut rest = wire;
    while let Some((len, behind)) = rest.split_first().filter(|(len, _)| **len != 0) {
        let (label, behind) = behind.split_at(usize::from(*len));
        labels.push(label.to_vec());
        rest = behind;
    }
    labels
}

/// Hexadecimal with colons, `*` where `wild` has a bit.
pub fn hex(octets: &[u8], wild: u64) -> Vec<u8> {
    let is_wild = |place: usize| u32::try_from(place).is_ok_and(|place| wild.checked_shr(place).unwrap_or(0) & 1 == 1);
    let group = |(place, octet): (usize, &u8)| if is_wild(place) { "*".into() } else { format!("{octet:02x}") };
    octets.iter().enumerate().map(group).collect::<Vec<_>>().join(":").into_bytes()
}

/// An interface with its wildcard.
pub fn pattern(pattern: &Pattern) -> Vec<u8> {
    [&*quoted(&pattern.name), if pattern.wildcard { b"*" } else { b"" }].concat()
}

/// Anything that can be printed.
pub fn shown(value: impl Display) -> Vec<u8> {
    value.to_string().into_bytes()
}

/// The time of a lease.
pub fn time(time: LeaseTime) -> Vec<u8> {
    match time {
        LeaseTime::Secs(secs) => shown(secs),
        LeaseTime::Infinite => b"infinite".to_vec(),
    }
}

/// An address with its port, as servers are written.
pub fn with_port(addr: SocketAddr) -> String {
    let mut text = String::new();
    write!(text, "{}#{}", addr.ip(), addr.port()).unwrap();
    text
}
