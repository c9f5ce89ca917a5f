//! `conf-dir`: the files of a directory, in the order of their names.

use super::files::{Kind, inside};
use super::lexer::{Items, Text};
use super::source::Source;
use std::ffi::CString;

/// Reads the files of `DIRECTORY[,SUFFIX…]`. A plain suffix leaves files out, one
/// behind `*` lets only those in that have it.
pub fn read(source: &mut Source, text: Text) {
    let (dir, rest) = text.split(b',');
    if dir.is_empty() {
        return;
    }
    let suffixes: Vec<&[u8]> = Items { rest }.map(|item| item.octets()).collect();
    let path = CString::new(dir.octets()).unwrap_or_default();
    let is_wanted = |name: &[u8]| is_wanted(name, &suffixes);
    let listed = inside(source.files, &path, &is_wanted, &mut |path, entry| match entry {
        Ok(entry) if entry.kind == Kind::File => source.file(path.to_bytes(), false),
        Ok(_) => {}
        Err(errno) => source.unreadable("cannot access", path.to_bytes(), errno),
    });
    if let Err(errno) = listed {
        source.unreadable("cannot access directory", dir.octets(), errno);
    }
}

/// True for a name that is to be read.
pub fn is_wanted(name: &[u8], suffixes: &[&[u8]]) -> bool {
    let leftover = name.ends_with(b"~") || name.starts_with(b".") || (name.starts_with(b"#") && name.ends_with(b"#"));
    let has = |suffix: &[u8]| name.len() > suffix.len() && name.ends_with(suffix);
    let only: Vec<&[u8]> = suffixes.iter().filter_map(|suffix| suffix.strip_prefix(b"*")).collect();
    let mut only = only.into_iter().filter(|suffix| !suffix.is_empty()).peekable();
    let is_in = only.peek().is_none() || only.any(has);
    let is_out = suffixes.iter().any(|suffix| !suffix.is_empty() && !suffix.starts_with(b"*") && has(suffix));
    !leftover && is_in && !is_out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_and_suffixes() {
        let wanted = |name: &str, suffixes: &[&[u8]]| is_wanted(name.as_bytes(), suffixes);
        for leftover in ["a~", ".a", "#a#"] {
            assert!(!wanted(leftover, &[]), "{leftover}");
        }
        assert!(wanted("#a", &[]));
        assert!(!wanted("a.bak", &[b".bak"]) && wanted("a.conf", &[b".bak"]));
        assert!(wanted("a.conf", &[b"*.conf"]) && !wanted("a", &[b"*.conf"]));
        assert!(wanted("a", &[b"*"]), "a bare star leaves nothing out");
        assert!(wanted("a.x", &[b"*.conf", b"*.x"]) && !wanted("a.x", &[b"*.x", b".x"]));
        assert!(wanted(".conf.conf", &[b"*.conf"]) == wanted(".a", &[]));
        assert!(!wanted("conf", &[b"*conf"]), "a suffix is shorter than the name");
    }
}
