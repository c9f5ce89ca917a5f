//! The program: arguments to an exit status. Everything else is in the library.

fn main() {
    std::process::exit(ironmasq::daemon::run(std::env::args_os().skip(1)));
}
