//! `conf-dir`: the files of a directory, in the order of their names.

use super::lexer::Text;
use super::source::Source;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// Reads the files of `DIRECTORY[,SUFFIX…]`. A plain suffix leaves files out, one
/// behind `*` lets only those in that have it.
pub fn read(source: &mut Source, text: Text) {
    let (dir, rest) = text.split(b',');
    if dir.is_empty() {
        return;
    }
    let suffixes: Vec<&[u8]> = rest.iter().flat_map(Text::items).map(|item| item.octets()).collect();
    match files(dir.octets(), &suffixes) {
        Ok(files) => files.iter().for_each(|file| source.file(file, false)),
        Err(error) => source.unreadable("cannot access directory", dir.octets(), &error),
    }
}

/// Paths of the regular files of a directory that are no leftovers of an editor
/// and whose suffixes fit, in byte order.
fn files(dir: &[u8], suffixes: &[&[u8]]) -> std::io::Result<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(OsStr::from_bytes(dir))? {
        let entry = entry?;
        let name = entry.file_name();
        if is_wanted(name.as_bytes(), suffixes) && std::fs::metadata(entry.path()).is_ok_and(|is| is.is_file()) {
            found.push([dir, b"/", name.as_bytes()].concat());
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// True for a name that is to be read.
fn is_wanted(name: &[u8], suffixes: &[&[u8]]) -> bool {
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
