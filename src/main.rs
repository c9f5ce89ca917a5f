//! The program: arguments to an exit status. Everything else is in the library.

use ironmasq::platform::heap::Heap;

#[cfg(not(any(feature = "seal", debug_assertions)))]
#[global_allocator]
static HEAP: Heap = Heap::new();

// Tests of the real program watch the heap: after start it must not be touched.
#[cfg(any(feature = "seal", debug_assertions))]
#[global_allocator]
static HEAP: ironmasq::platform::seal::Guard<Heap> = ironmasq::platform::seal::Guard(Heap::new());

fn main() {
    ironmasq::daemon::run(std::env::args_os().skip(1))
}
