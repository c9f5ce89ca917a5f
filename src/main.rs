//! The program: arguments to configuration, configuration to a running daemon.
//! Everything else is in the library.

fn main() {
    println!("ironmasq");
}
