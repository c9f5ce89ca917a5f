//! `domain=#`: the domain is the first one that the resolv file searches.

use super::NameBox;
use super::draft::Draft;
use super::refusal::Applied;
use super::source::{each_line, error_text};
use super::values::name_box;
use std::ffi::OsStr;
use std::fs::File;
use std::io::BufReader;
use std::os::unix::ffi::OsStrExt;

/// The domain of the one resolv file.
pub fn search(draft: &Draft) -> Applied<NameBox> {
    let file = match draft.resolv_files.as_deref() {
        None => c"/etc/resolv.conf",
        Some([file]) => file,
        Some(_) => return Err("must have exactly one resolv.conf to read domain from.".into()),
    };
    let shown = file.to_string_lossy();
    let mut found = None;
    let opened = File::open(OsStr::from_bytes(file.to_bytes()));
    let read = opened.and_then(|file| {
        each_line(&mut BufReader::new(file), &mut |line| {
            let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            if found.is_none() && words.next() == Some(b"search") {
                found = words.next().and_then(|word| name_box(word).ok());
            }
        })
    });
    match read {
        Ok(()) => found.ok_or_else(|| ["no search directive found in ", &shown].concat().into()),
        Err(error) => Err(["failed to read ", &shown, ": ", error_text(&error)].concat().into()),
    }
}
