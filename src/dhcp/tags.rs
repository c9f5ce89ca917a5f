//! Tags: what is known about a client, as words that conditions ask for.
//!
//! Words of the configuration are numbers; a word that no condition can ask
//! for (the name of an interface, `known`) is kept for the log only.

use crate::base::bytes::Writer;
use crate::config::{Conditions, Dhcp, Tag};
use crate::limits::TAGS_PER_REQUEST;
use arrayvec::ArrayVec;

/// One tag.
#[derive(Clone, Copy)]
enum Entry<'a> {
    Number(Tag),
    Word(&'a [u8]),
}

/// The tags of one request, in the order in which they were set. Beyond the
/// limit further ones are dropped.
#[derive(Default)]
pub struct TagSet<'a> {
    entries: ArrayVec<Entry<'a>, TAGS_PER_REQUEST>,
}

impl Clone for TagSet<'_> {
    fn clone(&self) -> Self {
        let mut entries = ArrayVec::new();
        // They come out of as much room.
        let _ = entries.try_extend_from_slice(&self.entries);
        TagSet { entries }
    }
}

impl<'a> TagSet<'a> {
    /// Sets a tag of the configuration.
    pub fn set(&mut self, tag: Tag) {
        if !self.has(tag) {
            // Full: as if not set.
            let _ = self.entries.try_push(Entry::Number(tag));
        }
    }

    /// Sets a tag by its word.
    pub fn set_word(&mut self, dhcp: &Dhcp, word: &'a [u8]) {
        match dhcp.tags.iter().position(|known| **known == *word).and_then(|at| Tag::try_from(at).ok()) {
            Some(tag) => self.set(tag),
            None => {
                let _ = self.entries.try_push(Entry::Word(word));
            }
        }
    }

    /// True when the tag is set.
    pub fn has(&self, tag: Tag) -> bool {
        self.entries.iter().any(|entry| matches!(entry, Entry::Number(set) if *set == tag))
    }

    /// True when a tag is set whose word begins with `head`.
    fn begins(&self, dhcp: &Dhcp, head: &[u8]) -> bool {
        self.words(dhcp).any(|word| word.starts_with(head))
    }

    /// The words, oldest first.
    fn words<'b>(&'b self, dhcp: &'b Dhcp) -> impl DoubleEndedIterator<Item = &'b [u8]> {
        self.entries.iter().map(|entry| match entry {
            Entry::Number(tag) => dhcp.tags.get(usize::from(*tag)).map_or(&[][..], |word| word),
            Entry::Word(word) => word,
        })
    }

    /// True when all conditions hold; also when there are none.
    pub fn hold(&self, conditions: &Conditions) -> bool {
        conditions.iter().all(|(tag, wanted)| self.has(*tag) == *wanted)
    }

    /// True when there are conditions and all hold.
    pub fn hold_some(&self, conditions: &Conditions) -> bool {
        !conditions.is_empty() && self.hold(conditions)
    }

    /// True when any of several sets of conditions holds; an empty one does.
    pub fn hold_any(&self, list: &[Conditions]) -> bool {
        list.iter().any(|conditions| self.hold(conditions))
    }

    /// These tags and those that `tag-if` adds: each line once, in order, so
    /// that a later line may ask for what an earlier one set.
    pub fn with_ifs(&self, dhcp: &Dhcp) -> TagSet<'a> {
        let mut all = self.clone();
        for tag_if in &dhcp.tag_ifs {
            if all.hold(&tag_if.conditions) && tag_if.wild.iter().all(|(head, wanted)| all.begins(dhcp, head) == *wanted) {
                // Quirk: the log shows the tags of a line in its order.
                tag_if.set.iter().rev().for_each(|tag| all.set(*tag));
            }
        }
        all
    }

    /// Writes the words, newest first, with `between` between them.
    pub fn write(&self, dhcp: &Dhcp, between: &[u8], out: &mut Writer) {
        for (place, word) in self.words(dhcp).rev().enumerate() {
            if place > 0 {
                out.bytes(between);
            }
            out.bytes(word);
        }
    }
}
