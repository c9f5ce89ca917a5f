//! `domain=#`: the domain is the first one that the resolv file searches.

use super::NameBox;
use super::draft::Draft;
use super::refusal::{Applied, Refusal};
use super::source::error_text;
use super::values::name_box;
use std::os::unix::ffi::OsStrExt;

/// The domain of the one resolv file.
pub fn search(draft: &Draft) -> Applied<NameBox> {
    let file = match draft.resolv_files.as_deref() {
        None => c"/etc/resolv.conf",
        Some([file]) => file,
        Some(_) => return Err("must have exactly one resolv.conf to read domain from.".into()),
    };
    let shown = file.to_string_lossy();
    let read = std::fs::read(std::ffi::OsStr::from_bytes(file.to_bytes()));
    let text = read.map_err(|error| Refusal::from(["failed to read ", &shown, ": ", error_text(&error)].concat()))?;
    let mut lines = text.split(|octet| *octet == b'\n');
    let found = lines.find_map(|line| {
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        (words.next()? == b"search").then(|| words.next()).flatten().and_then(|word| name_box(word).ok())
    });
    found.ok_or_else(|| ["no search directive found in ", &shown].concat().into())
}
