//! The program: arguments to an exit status. Everything else is in the library.

use ironmasq::platform::heap::Heap;

#[cfg(not(feature = "seal"))]
#[global_allocator]
static HEAP: Heap = Heap::new();

#[cfg(feature = "seal")]
#[global_allocator]
static HEAP: ironmasq::platform::seal::Guard<Heap> = ironmasq::platform::seal::Guard(Heap::new());

fn main() {
    ironmasq::daemon::run(std::env::args_os().skip(1))
}
