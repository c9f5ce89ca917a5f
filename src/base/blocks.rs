//! Octet strings of any length as chains of 32-octet blocks.
//!
//! Blocks of one size cannot fragment, and "full" is one number. A chain does
//! not know its length; whoever holds it does.

use super::hash;
use super::slab::Slab;

/// Octets in one block.
pub const BLOCK: usize = 28;

/// A chain; the default is the empty one. Whoever holds a chain that is not
/// empty gives it back with `free`.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub struct Chain(u32);

#[derive(Clone, Copy)]
struct Block {
    /// Number of the next block + 1; 0 at the end.
    next: u32,
    octets: [u8; BLOCK],
}

/// The blocks.
pub struct Blocks {
    slab: Slab<Block>,
}

impl Blocks {
    /// `count` blocks, all of them free.
    pub fn new(count: usize) -> Self {
        Blocks { slab: Slab::new(count) }
    }

    /// Octets that `count` blocks take.
    pub const fn bytes(count: usize) -> usize {
        Slab::<Block>::bytes(count)
    }

    /// Blocks that a string of `len` octets takes.
    pub const fn needed(len: usize) -> usize {
        len.div_ceil(BLOCK)
    }

    /// Blocks that are free.
    pub fn available(&self) -> usize {
        self.slab.available()
    }

    /// Blocks in all.
    pub fn capacity(&self) -> usize {
        self.slab.capacity()
    }

    /// Keeps `bytes`; nothing when the free blocks do not suffice.
    pub fn store(&mut self, bytes: &[u8]) -> Option<Chain> {
        if Self::needed(bytes.len()) > self.available() {
            return None;
        }
        let mut next = 0;
        // From the end, so that each block knows the one behind it.
        for chunk in bytes.chunks(BLOCK).rev() {
            let mut octets = [0; BLOCK];
            octets.get_mut(..chunk.len())?.copy_from_slice(chunk);
            next = self.slab.insert(Block { next, octets })?.saturating_add(1);
        }
        Some(Chain(next))
    }

    /// Gives all blocks of a chain back.
    pub fn free(&mut self, chain: Chain) {
        let mut link = chain.0;
        while let Some(slot) = link.checked_sub(1) {
            link = self.slab.get(slot).map_or(0, |block| block.next);
            self.slab.free(slot);
        }
    }

    /// The first `len` octets of a chain, a block at a time.
    pub fn chunks(&self, chain: Chain, len: usize) -> impl Iterator<Item = &[u8]> {
        let (mut link, mut left) = (chain.0, len);
        core::iter::from_fn(move || {
            let block = self.slab.get(link.checked_sub(1)?)?;
            link = block.next;
            let chunk = block.octets.get(..left.min(BLOCK))?;
            left = left.saturating_sub(chunk.len());
            (!chunk.is_empty()).then_some(chunk)
        })
    }

    /// Copies the first `into.len()` octets of a chain.
    pub fn copy(&self, chain: Chain, into: &mut [u8]) {
        let len = into.len();
        for (place, chunk) in into.chunks_mut(BLOCK).zip(self.chunks(chain, len)) {
            if place.len() == chunk.len() {
                place.copy_from_slice(chunk);
            }
        }
    }

    /// True when a chain of `bytes.len()` octets holds `bytes`, letter case aside.
    pub fn same_folded(&self, chain: Chain, bytes: &[u8]) -> bool {
        let mut link = chain.0;
        for own in bytes.chunks(BLOCK) {
            let Some(block) = link.checked_sub(1).and_then(|slot| self.slab.get(slot)) else { return false };
            if !block.octets.get(..own.len()).is_some_and(|other| hash::same_folded(own, other)) {
                return false;
            }
            link = block.next;
        }
        true
    }

    /// Gives all blocks back.
    pub fn clear(&mut self) {
        self.slab.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(blocks: &Blocks, chain: Chain, len: usize) -> Vec<u8> {
        let mut copy = vec![0; len];
        blocks.copy(chain, &mut copy);
        assert_eq!(blocks.chunks(chain, len).collect::<Vec<_>>().concat(), copy);
        copy
    }

    #[test]
    fn strings_come_back_at_every_length_about_a_block() {
        let mut blocks = Blocks::new(100);
        let text: Vec<u8> = (0..=255).collect();
        let lengths = [0, 1, 27, 28, 29, 55, 56, 57, 255];
        let chains = lengths.map(|len| blocks.store(&text[..len]).unwrap());
        for (len, chain) in lengths.into_iter().zip(chains) {
            assert_eq!(content(&blocks, chain, len), &text[..len]);
            assert!(blocks.same_folded(chain, &text[..len].to_ascii_uppercase()));
        }
        assert!(!blocks.same_folded(chains[2], &text[1..28]));
        let used: usize = lengths.iter().map(|len| Blocks::needed(*len)).sum();
        assert_eq!(blocks.available(), 100 - used);
        chains.into_iter().for_each(|chain| blocks.free(chain));
        assert_eq!(blocks.available(), 100);
    }

    #[test]
    fn a_string_goes_in_whole_or_not_at_all() {
        let mut blocks = Blocks::new(2);
        assert_eq!(blocks.store(&[0; 57]), None);
        assert_eq!(blocks.available(), 2);
        let chain = blocks.store(&[7; 56]).unwrap();
        assert_eq!(blocks.store(&[1]), None);
        blocks.free(chain);
        assert!(blocks.store(&[1]).is_some());
    }
}
