//! The real program with real clients: network namespaces, sockets, processes,
//! signals, privileges, files. What it says is compared with dnsmasq in
//! `compare`; here it is used.
//!
//! Needs root, `ip`, and the clients; a test whose client is missing says so and
//! passes. `END_TO_END_PROGRAM` names another program to test (dnsmasq itself
//! passes, which proves the tests).

#[path = "end_to_end/bus.rs"]
mod bus;
#[allow(dead_code)]
#[path = "compare/bytes.rs"]
mod bytes;
#[path = "end_to_end/capture.rs"]
mod capture;
#[path = "end_to_end/clients.rs"]
mod clients;
#[allow(dead_code)]
#[path = "compare/dhcp.rs"]
mod dhcp;
#[path = "end_to_end/directories.rs"]
mod directories;
#[path = "end_to_end/files.rs"]
mod files;
#[path = "end_to_end/net.rs"]
mod net;
#[path = "end_to_end/process.rs"]
mod process;
#[path = "end_to_end/reload.rs"]
mod reload;
#[path = "end_to_end/script.rs"]
mod script;
#[path = "end_to_end/marks.rs"]
mod marks;
#[path = "end_to_end/sets.rs"]
mod sets;
#[path = "end_to_end/start.rs"]
mod start;
#[path = "end_to_end/swap.rs"]
mod swap;
#[path = "end_to_end/tcp.rs"]
mod tcp;
