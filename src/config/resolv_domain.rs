//! `domain=#`: the domain is the first one that the resolv file searches.

use super::NameBox;
use super::draft::Draft;
use super::files::Files;
use super::refusal::Applied;
use super::values::name_box;
use crate::base::errno;
use crate::base::lines::Lines;

/// The domain of the one resolv file.
pub fn search(draft: &Draft, files: &dyn Files) -> Applied<NameBox> {
    let file = match draft.resolv_files.as_deref() {
        None => c"/etc/resolv.conf",
        Some([file]) => file,
        Some(_) => return Err("must have exactly one resolv.conf to read domain from.".into()),
    };
    let shown = file.to_string_lossy();
    let mut found = None;
    let mut look = |line: &[u8]| {
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        if found.is_none() && words.next() == Some(b"search") {
            found = words.next().and_then(|word| name_box(word).ok());
        }
    };
    let mut lines = Lines::default();
    let read = files.pieces(file, &mut |piece| lines.feed(piece, &mut look));
    lines.end(&mut look);
    match read {
        Ok(()) => found.ok_or_else(|| ["no search directive found in ", &shown].concat().into()),
        Err(errno) => Err(["failed to read ", &shown, ": ", errno::text(errno)].concat().into()),
    }
}
