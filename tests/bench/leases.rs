//! What leases cost: an exchange and a renewal while so many are held, what is
//! written for one, and how long the first one takes.

use crate::load::Load;
use crate::server::{Lab, Server};

/// A server that found `held` leases in its file, and their clients.
fn with_leases(lab: &Lab, program: &str, held: u32, more: &str) -> (Server, Load) {
    std::fs::write(lab.folder.join("leases"), Load::held(held)).expect("a lease file");
    let server = Server::start_again(lab, program, None, &format!("-dhcp-lease-max=2000\ndhcp-lease-max=20000\n{more}"));
    let mut load = Load::new(&server);
    load.adopt(held);
    load.warm();
    (server, load)
}

/// CPU microseconds of an exchange: few where one takes a second.
pub fn exchange(lab: &Lab, program: &str, held: u32) -> f64 {
    let (server, mut load) = with_leases(lab, program, held, "");
    let count = count(program, held, 400);
    let before = server.cpu_ns();
    load.exchanges(count);
    (server.cpu_ns() - before) as f64 / 1000.0 / f64::from(count)
}

/// CPU microseconds of a renewal.
pub fn renewal(lab: &Lab, program: &str, held: u32) -> f64 {
    let (server, mut load) = with_leases(lab, program, held, "");
    // What the start left to do is done by the first.
    load.renewals(1);
    let count = count(program, held, 1_000);
    let before = server.cpu_ns();
    load.renewals(count);
    (server.cpu_ns() - before) as f64 / 1000.0 / f64::from(count)
}

/// So many as take a few seconds.
fn count(program: &str, held: u32, most: u32) -> u32 {
    let slow = std::path::Path::new(program).file_name().is_some_and(|name| name.to_string_lossy().contains("dnsmasq"));
    match held {
        _ if !slow => most,
        0..=999 => most.min(100),
        1_000..=9_999 => 40,
        _ => 2,
    }
}

/// Octets written for a renewal at 1,000 leases.
pub fn octets_a_renewal(lab: &Lab, program: &str) -> f64 {
    let (server, mut load) = with_leases(lab, program, 1_000, "quiet-dhcp\n");
    load.renewals(1);
    let before = server.octets_written();
    load.renewals(100);
    (server.octets_written() - before) as f64 / 100.0
}

/// Milliseconds to the first lease on a quiet link, the address being checked.
pub fn first(lab: &Lab, program: &str) -> f64 {
    let server = Server::start_with(lab, program, None, "-no-ping\ndhcp-range=10.99.1.10,10.99.1.250,1h\n");
    Load::new(&server).first_lease()
}
