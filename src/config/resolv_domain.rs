//! `domain=#`: the domain is the first one that the resolv file searches.

use super::draft::Draft;
use super::files::Files;
use super::source::{UNREADABLE, WRONG};
use super::values::name_box;
use crate::base::errno;
use crate::base::lines::Lines;
use crate::base::text;

/// Exit code for a resolv file that searches nothing.
const SEARCHES_NOTHING: u8 = 5;

/// Takes the domain from the one resolv file, if `domain=#` asks for it. The
/// error is the refusal with the exit code.
#[inline(never)]
pub fn search(draft: &mut Draft, files: &dyn Files) -> Result<(), (String, u8)> {
    if !draft.domain_from_resolv {
        return Ok(());
    }
    let file = match draft.config.dns.resolv_files.as_slice() {
        [] if !draft.resolv_said => c"/etc/resolv.conf",
        [file] => file,
        _ => return Err(("must have exactly one resolv.conf to read domain from.".into(), WRONG)),
    };
    let mut found = None;
    let mut look = |line: &[u8]| {
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        if found.is_none() && words.next() == Some(b"search") {
            found = words.next().and_then(|word| name_box(word));
        }
    };
    let mut lines = Lines::default();
    let read = files.pieces(file, &mut |piece| lines.feed(piece, &mut look));
    lines.end(&mut look);
    let file = file.to_bytes();
    draft.config.dns.domain = found;
    match (read, &draft.config.dns.domain) {
        (Ok(()), Some(_)) => Ok(()),
        (Ok(()), None) => Err((text::filled("no search directive found in %", &[file]), SEARCHES_NOTHING)),
        (Err(errno), _) => {
            Err((text::filled("failed to read %: %", &[file, errno::text(errno).as_bytes()]), UNREADABLE))
        }
    }
}
