//! The allocator guard: after start nothing may touch the heap, and this shows
//! whether anything does. Installed as the global allocator by tests and by the
//! program under the feature `seal`; the product goes without.
//!
//! Stands on std::alloc::GlobalAlloc. Sealing counts for the calling thread, so
//! tests beside each other do not meet.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;

/// What happens to a heap operation between `seal` and `unseal`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Seal {
    /// It is counted.
    Count,
    /// It ends the process.
    Abort,
}

thread_local! {
    static SEAL: Cell<Option<Seal>> = const { Cell::new(None) };
    static BROKEN: Cell<u32> = const { Cell::new(0) };
}

/// The guard: another allocator, watched.
pub struct Guard<A>(pub A);

fn touched() {
    // A thread that is ending has no cells any more, and is not ours.
    let seal = SEAL.try_with(Cell::get).ok().flatten();
    match seal {
        None => {}
        Some(Seal::Count) => BROKEN.with(|count| count.set(count.get().saturating_add(1))),
        Some(Seal::Abort) => {
            super::background::write_stderr(b"\nheap operation while the heap is sealed\n");
            std::process::abort();
        }
    }
}

// SAFETY: every method passes its arguments on to the allocator inside.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Guard<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        touched();
        // SAFETY: the caller's promise is passed on.
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        touched();
        // SAFETY: the caller's promise is passed on.
        unsafe { self.0.dealloc(place, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        touched();
        // SAFETY: the caller's promise is passed on.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        touched();
        // SAFETY: the caller's promise is passed on.
        unsafe { self.0.realloc(place, layout, size) }
    }
}

/// From now on this thread must not touch the heap.
pub fn seal(how: Seal) {
    SEAL.with(|seal| seal.set(Some(how)));
}

/// The heap may be used again.
pub fn unseal() {
    SEAL.with(|seal| seal.set(None));
}

/// Heap operations of this thread while it was sealed (`Seal::Count`).
pub fn broken() -> u32 {
    BROKEN.with(Cell::get)
}
