//! The program: arguments to an exit status. Everything else is in the library.

#![no_main]

use ironmasq::platform::heap::Heap;

#[cfg(not(any(feature = "seal", debug_assertions)))]
#[global_allocator]
static HEAP: Heap = Heap::new();

// Tests of the real program watch the heap: after start it must not be touched.
#[cfg(any(feature = "seal", debug_assertions))]
#[global_allocator]
static HEAP: ironmasq::platform::seal::Guard<Heap> = ironmasq::platform::seal::Guard(Heap::new());

ironmasq::main_is!(ironmasq::daemon::run);
