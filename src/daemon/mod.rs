//! The only place where everything meets: [`core`] owns the tables and the
//! engines and does no I/O; the rest is the shell around it. Read `startup`,
//! then `shell` (the loop), then `deliver` (what is done about what was said).

mod account;
mod advice;
mod budget;
mod bus;
mod capture;
pub mod core;
mod deliver;
#[cfg(feature = "dhcp4")]
mod dhcp_files;
#[cfg(feature = "dhcp4")]
mod dhcp_lists;
pub mod directories;
mod failure;
pub mod greeting;
mod heap;
mod journal;
#[cfg_attr(not(feature = "dhcp4"), allow(dead_code))]
mod lease_disk;
mod links;
mod listeners;
pub mod outside;
#[cfg(feature = "dhcp4")]
mod relay_lines;
pub mod reload;
mod look_up;
mod marks;
mod neighbours;
mod netfilter;
mod resolv;
mod scripts;
mod sets;
pub mod serve;
mod servers;
mod shell;
mod sockets;
mod startup;
mod tokens;

use crate::base::hash::Key;
use crate::base::random::Random;
use crate::config::{self, Outcome};
use crate::platform::background::{self, write_stderr, write_stdout};
use crate::platform::{entropy, sys};

/// The whole program: arguments (without the program's name) to an exit status.
/// It ends the process itself: what it holds is not taken apart before.
pub fn run(args: Vec<&[u8]>) -> ! {
    background::open_standard();
    sys::close_inherited();
    sys::set_umask();
    let mut random = Random::kernel(entropy::fill);
    let mut outcome = config::read(&args, Key::new(&mut random), &outside::Disk);
    let status = match outcome {
        Outcome::Run(config, warnings) => startup::run(config, &warnings, random),
        Outcome::Test(ref config, ref warnings, ref mut mentions) => {
            // Mentions are no part of what the plan is about, and gone before.
            let advice = mentions.take().map(|mentions| advice::warnings(config, &mentions)).unwrap_or_default();
            for warning in warnings.iter().chain(&advice) {
                write_stderr(&[b"dnsmasq: warning: ", warning.0.as_bytes(), b"\n"].concat());
            }
            write_stderr(b"dnsmasq: syntax check OK.\n");
            write_stdout(&budget::plan(config, &mut random));
            0
        }
        Outcome::Help(ref text) => {
            write_stdout(text.as_bytes());
            0
        }
        Outcome::Version => {
            write_stdout(config::version().as_bytes());
            0
        }
        Outcome::Refused { ref messages, exit } => {
            startup::refuse(messages);
            exit.into()
        }
    };
    sys::exit(status)
}
