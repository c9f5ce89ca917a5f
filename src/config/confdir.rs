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
    let path = CString::new(dir.octets()).unwrap_or_default();
    let is_wanted = |name: &[u8]| is_wanted(name, Items { rest });
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
pub fn is_wanted(name: &[u8], suffixes: Items) -> bool {
    let leftover = name.ends_with(b"~") || name.starts_with(b".") || (name.starts_with(b"#") && name.ends_with(b"#"));
    let (mut chooses, mut is_in, mut is_out) = (false, false, leftover);
    for item in suffixes {
        let (is_only, suffix) = match item.octets() {
            [b'*', suffix @ ..] => (true, suffix),
            suffix => (false, suffix),
        };
        let has = !suffix.is_empty() && name.len() > suffix.len() && name.ends_with(suffix);
        if is_only {
            chooses |= !suffix.is_empty();
            is_in |= has;
        } else {
            is_out |= has;
        }
    }
    (is_in || !chooses) && !is_out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::lexer::Whole;

    #[test]
    fn leftovers_and_suffixes() {
        let wanted = |name: &str, suffixes: &[&[u8]]| {
            let whole = suffixes.join(&b',');
            is_wanted(name.as_bytes(), Text::all(&Whole::plain(&whole)).items())
        };
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
