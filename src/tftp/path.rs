//! From a requested name to a path: which root, which client directory, and
//! no way up and out. Pure text; whether the file exists is asked elsewhere.
//!
//! Quirk: symbolic links inside the root are followed wherever they lead, as
//! dnsmasq does: boot roots are built of links to files elsewhere, and only
//! the operator can make one. What a client can write, `..`, never leaves.

use crate::base::bytes::Writer;
use crate::base::net::HwAddr;
use crate::base::text;
use crate::config::Tftp;
use crate::limits;
use arrayvec::ArrayVec;
use std::net::IpAddr;

/// A path without its final zero.
pub type PathText = ArrayVec<u8, { limits::TFTP_PATH_MAX - 1 }>;

/// The root for requests by an interface; none: the whole file system.
pub fn root<'a>(config: &'a Tftp, iface: &str) -> Option<&'a [u8]> {
    let own = config.iface_roots.iter().find(|(name, _)| **name == *iface.as_bytes());
    own.map(|(_, root)| &**root).or(config.root.as_deref())
}

/// The root as a prefix: with a slash at its end.
pub fn prefix(root: Option<&[u8]>) -> Option<PathText> {
    let mut path = PathText::new();
    path.try_extend_from_slice(root.unwrap_or_default()).ok()?;
    end_in_slash(&mut path)?;
    Some(path)
}

fn end_in_slash(path: &mut PathText) -> Option<()> {
    match path.last() {
        Some(b'/') => Some(()),
        _ => path.try_push(b'/').ok(),
    }
}

/// The prefix of the client's own directory: named after its address, or after
/// its hardware address as `aa-bb-…`.
pub fn client_prefix(prefix: &[u8], peer: IpAddr, hw: Option<&HwAddr>) -> Option<PathText> {
    let mut name = [0; 64];
    let mut writer = Writer::new(&mut name);
    match hw {
        Some(hw) => text::hex(&mut writer, hw.octets(), b'-'),
        None => text::ip(&mut writer, peer),
    }
    let mut path = PathText::try_from(prefix).ok()?;
    path.try_extend_from_slice(writer.written()).ok()?;
    end_in_slash(&mut path)?;
    Some(path)
}

/// A requested name with slashes that go one way, in lower case if wanted;
/// nothing if it is too long.
pub fn clean(name: &[u8], lowercase: bool) -> Option<PathText> {
    let mut clean = PathText::new();
    for octet in name {
        let octet = if *octet == b'\\' { b'/' } else { *octet };
        clean.try_push(if lowercase { octet.to_ascii_lowercase() } else { octet }).ok()?;
    }
    Some(clean)
}

/// The path of a clean name behind `prefix`. A name that begins with the
/// prefix is taken as it is; with a root, any other loses its leading slash.
/// Nothing if it is too long.
pub fn join(prefix: &[u8], name: &[u8]) -> Option<PathText> {
    if name.starts_with(prefix) {
        return PathText::try_from(name).ok();
    }
    let mut path = PathText::try_from(prefix).ok()?;
    path.try_extend_from_slice(name.strip_prefix(b"/").unwrap_or(name)).ok()?;
    Some(path)
}

/// True when a path has `..` as one of its parts behind the first slash, even
/// where that would stay inside the root.
pub fn climbs(path: &[u8]) -> bool {
    path.split(|octet| *octet == b'/').skip(1).any(|part| part == b"..")
}

/// A path as it is shown in log lines and errors: its printable characters.
pub fn shown(path: &[u8]) -> PathText {
    path.iter().copied().filter(|octet| matches!(octet, b' '..=b'~')).take(limits::TFTP_PATH_MAX - 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(root: Option<&str>, name: &str) -> String {
        let prefix = prefix(root.map(str::as_bytes)).unwrap();
        let name = clean(name.as_bytes(), false).unwrap();
        String::from_utf8(join(&prefix, &name).unwrap().to_vec()).unwrap()
    }

    #[test]
    fn names_are_taken_below_the_root() {
        assert_eq!(joined(Some("/srv"), "a"), "/srv/a");
        assert_eq!(joined(Some("/srv/"), "/a"), "/srv/a");
        assert_eq!(joined(Some("/srv"), "//a"), "/srv//a");
        assert_eq!(joined(Some("/srv"), "/srv/a"), "/srv/a");
        assert_eq!(joined(Some("/srv"), "/srvx/a"), "/srv/srvx/a");
        assert_eq!(joined(Some("/srv"), "sub\\a"), "/srv/sub/a");
        assert_eq!(joined(None, "/srv/a"), "/srv/a");
        assert_eq!(joined(None, "srv/a"), "/srv/a");
    }

    #[test]
    fn no_name_climbs() {
        for name in ["..", "../x", "/..", "a/../b", "a/..", "\\..\\x", "/srv/../x", "..\\", "/../../etc/passwd"] {
            assert!(climbs(joined(Some("/srv"), name).as_bytes()), "{name}");
        }
        for name in ["..x", "a..", "...", "a/..b", "a/.../b", ". ."] {
            assert!(!climbs(joined(Some("/srv"), name).as_bytes()), "{name}");
        }
    }

    #[test]
    fn clients_have_directories() {
        let hw = HwAddr::new(1, &[0xAA, 0, 1, 2, 3, 4]);
        let peer = IpAddr::from([10, 0, 0, 9]);
        assert_eq!(&*client_prefix(b"/srv/", peer, None).unwrap(), b"/srv/10.0.0.9/");
        assert_eq!(&*client_prefix(b"/srv/", peer, Some(&hw)).unwrap(), b"/srv/aa-00-01-02-03-04/");
    }

    #[test]
    fn what_is_too_long_is_refused_not_cut() {
        let long = [b'a'; limits::TFTP_PATH_MAX - 1];
        assert!(clean(&long, true).is_some());
        assert!(join(b"/", &long).is_none());
        assert!(clean(&[b'a'; limits::TFTP_PATH_MAX], true).is_none());
    }

    #[test]
    fn only_printable_characters_are_shown() {
        assert_eq!(&*shown(b"/srv/a\x01b\xFFc d"), b"/srv/abc d");
    }
}
