//! The allocator of the program: small, and honest about memory. What is not
//! written to is not there: large blocks come from the kernel as zero pages and
//! go back to it, small ones are cut from such pages and kept in lists by size.
//! Static C libraries fill zeroed blocks by hand, which would commit every
//! table at its full size. It counts what it handed out, for the memory plan.
//!
//! Stands on mmap(2), munmap(2), mremap(2). Used at start and on reload only;
//! tests use the system's.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::UnsafeCell;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Octets handed out and not given back.
static LIVE: AtomicUsize = AtomicUsize::new(0);

/// Octets in use, as asked for; 0 where this is not the allocator.
pub fn live() -> usize {
    LIVE.load(Ordering::Relaxed)
}

/// Blocks from this size on are pages of their own.
const LARGE: usize = 8192;

/// Octets fetched at once for small blocks.
const CHUNK: usize = 64 * 1024;

/// Small sizes are multiples of this, which is also their alignment.
const GRAIN: usize = 16;

/// Lists of free blocks: by grains up to 512 octets, then by powers of two.
const FINE: usize = 512 / GRAIN;
const LISTS: usize = FINE + 4;

struct State {
    /// Never used, hence zero.
    fresh: *mut u8,
    left: usize,
    free: [*mut u8; LISTS],
}

/// The allocator.
pub struct Heap {
    busy: AtomicBool,
    state: UnsafeCell<State>,
}

// SAFETY: the state is touched only between `lock` and its release.
unsafe impl Sync for Heap {}

/// List and size of the block that serves a size.
fn class(size: usize) -> (usize, usize) {
    if size <= 512 {
        let grains = size.div_ceil(GRAIN).max(1);
        return (grains - 1, grains * GRAIN);
    }
    let rounded = size.next_power_of_two();
    (FINE + rounded.trailing_zeros() as usize - 10, rounded)
}

impl Heap {
    /// An empty one.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        let state = State { fresh: null_mut(), left: 0, free: [null_mut(); LISTS] };
        Heap { busy: AtomicBool::new(false), state: UnsafeCell::new(state) }
    }

    /// Runs `act` alone. The program has one thread; this is for the rule.
    fn alone<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        while self.busy.compare_exchange_weak(false, true, Ordering::Acquire, Ordering::Relaxed).is_err() {
            core::hint::spin_loop();
        }
        // SAFETY: the flag is ours, so nobody else has the state.
        let result = act(unsafe { &mut *self.state.get() });
        self.busy.store(false, Ordering::Release);
        result
    }

    /// A block, and whether it was never used before.
    fn take(&self, layout: Layout) -> (*mut u8, bool) {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        if layout.align() > GRAIN {
            return (pages(layout.size().max(layout.align())), true);
        }
        if layout.size() >= LARGE {
            return (pages(layout.size()), true);
        }
        let (list, size) = class(layout.size());
        self.alone(|state| {
            let Some(head) = state.free.get_mut(list) else { return (null_mut(), false) };
            if !head.is_null() {
                let block = *head;
                // SAFETY: a free block holds the pointer to the next one.
                *head = unsafe { block.cast::<*mut u8>().read() };
                return (block, false);
            }
            if state.left < size {
                let chunk = pages(CHUNK);
                if chunk.is_null() {
                    return (chunk, false);
                }
                // What was left is lost: less than a small block.
                (state.fresh, state.left) = (chunk, CHUNK);
            }
            let block = state.fresh;
            // SAFETY: `left` octets lie behind `fresh`.
            state.fresh = unsafe { block.add(size) };
            state.left -= size;
            (block, true)
        })
    }

    fn is_large(layout: Layout) -> bool {
        layout.size() >= LARGE || layout.align() > GRAIN
    }
}

/// Counts a block that changed its size where it was.
fn resized(from: usize, to: usize) {
    LIVE.fetch_add(to.wrapping_sub(from), Ordering::Relaxed);
}

/// Zero pages from the kernel; null when it has none. They are aligned to a
/// page, which is enough for whatever this program holds.
fn pages(size: usize) -> *mut u8 {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new mapping, nowhere in particular.
    let got = unsafe { libc::mmap(null_mut(), size, protection, flags, -1, 0) };
    if got == libc::MAP_FAILED { null_mut() } else { got.cast() }
}

// SAFETY: blocks are at least as long and as aligned as asked for (up to a
// page), and each is handed out once until it is given back.
unsafe impl GlobalAlloc for Heap {
    // Once in the program, not once a call.
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.take(layout).0
    }

    // SAFETY: as for the whole.
    #[inline(never)]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let (block, is_new) = self.take(layout);
        if !is_new && !block.is_null() {
            // SAFETY: the block is at least that long.
            unsafe { block.write_bytes(0, layout.size()) };
        }
        block
    }

    // SAFETY: as for the whole.
    #[inline(never)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        if Self::is_large(layout) {
            // SAFETY: the caller gives back what `pages` gave for this layout.
            unsafe { libc::munmap(block.cast(), layout.size().max(layout.align())) };
            return;
        }
        let (list, _) = class(layout.size());
        self.alone(|state| {
            if let Some(head) = state.free.get_mut(list) {
                // SAFETY: the block is ours again, and holds at least a pointer.
                unsafe { block.cast::<*mut u8>().write(*head) };
                *head = block;
            }
        });
    }

    // SAFETY: as for the whole.
    #[inline(never)]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let (Ok(wanted), small) = (Layout::from_size_align(size, layout.align()), !Self::is_large(layout)) else {
            return null_mut();
        };
        if small && size < LARGE && class(size) == class(layout.size()) {
            resized(layout.size(), size);
            return block;
        }
        if !small && layout.align() <= GRAIN && size >= LARGE {
            // SAFETY: a mapping of ours of that size, which may move.
            let moved = unsafe { libc::mremap(block.cast(), layout.size(), size, libc::MREMAP_MAYMOVE) };
            if moved == libc::MAP_FAILED {
                return null_mut();
            }
            resized(layout.size(), size);
            return moved.cast();
        }
        // SAFETY: the layout is good; both blocks hold the shorter of the two.
        unsafe {
            let new = self.alloc(wanted);
            if !new.is_null() {
                new.copy_from_nonoverlapping(block, layout.size().min(size));
                self.dealloc(block, layout);
            }
            new
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize) -> Layout {
        Layout::from_size_align(size, 8).unwrap()
    }

    #[test]
    fn every_size_has_a_list_and_fits_its_block() {
        for size in 0..LARGE {
            let (list, block) = class(size);
            assert!(list < LISTS && block >= size && block % GRAIN == 0, "{size}");
            assert_eq!(class(block), (list, block), "{size}");
        }
    }

    #[test]
    fn blocks_keep_their_contents_and_do_not_overlap() {
        let heap = Heap::new();
        let sizes = [1, 16, 17, 500, 513, 4000, 8191, 8192, 100_000];
        // SAFETY: every block is written within its length, resized and freed
        // with the layout that it has.
        unsafe {
            let mut blocks: Vec<_> = sizes.iter().map(|size| (heap.alloc(layout(*size)), *size)).collect();
            for (mark, (block, size)) in blocks.iter().enumerate() {
                block.write_bytes(mark as u8, *size);
            }
            for (mark, (block, size)) in blocks.iter_mut().enumerate() {
                let longer = *size * 3;
                *block = heap.realloc(*block, layout(*size), longer);
                for at in 0..*size {
                    assert_eq!(block.add(at).read(), mark as u8);
                }
                *size = longer;
            }
            for (block, size) in blocks {
                heap.dealloc(block, layout(size));
            }
        }
    }

    #[test]
    fn zeroed_blocks_are_zero_even_when_used_before() {
        let heap = Heap::new();
        for size in [40, 3000, 20_000] {
            // SAFETY: as above.
            unsafe {
                let block = heap.alloc(layout(size));
                block.write_bytes(0xFF, size);
                heap.dealloc(block, layout(size));
                let again = heap.alloc_zeroed(layout(size));
                assert!((0..size).all(|at| again.add(at).read() == 0), "{size}");
                heap.dealloc(again, layout(size));
            }
        }
    }
}
