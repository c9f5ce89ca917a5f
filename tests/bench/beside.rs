//! Ours beside the original, in one run, as ratios.
//!
//! Two network namespaces joined by a veth pair: the server under test in one,
//! the load (clients, and an upstream that answers everything) in the other.
//! Each server gets the same configuration and the same packets. What is
//! printed is CPU time a unit of work (from the scheduler's own account),
//! system calls and user instructions (counted over a run with work and one
//! without, and subtracted), resident memory, octets on disk, and what long
//! lists cost at start. Seconds are
//! not printed: they say more about the machine than about the program.
//!
//! `scripts/bench` builds what is needed and runs this as root.

mod leases;
mod lists;
mod load;
mod peers;
mod reload;
mod server;
mod tcp;
mod tftp;
mod upstream;

use load::Load;
use server::Server;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// A measured figure for every server, in the order given.
struct Row {
    what: &'static str,
    unit: &'static str,
    values: Vec<f64>,
}

fn main() {
    let programs: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    if programs.len() < 2 {
        println!("usage: bench OURS THEIRS [--only=WORDS]  (as root; see scripts/bench)");
        return;
    }
    let only = std::env::args().find_map(|a| a.strip_prefix("--only=").map(String::from)).unwrap_or_default();
    let wanted = |what: &str, unit: &str| format!("{what} {unit}").contains(&only);
    let lab = server::Lab::new();
    // The least disturbed of three, as the machine is shared; one where the
    // original takes half a minute.
    for (measures, tries) in [(MEASURES, 3), (LONG, 1)] {
        for (what, unit, measure) in measures.iter().filter(|(what, unit, _)| wanted(what, unit)) {
            // A try without an answer is none.
            let one = |program: &String| catch_unwind(AssertUnwindSafe(|| measure(&lab, program))).unwrap_or(f64::INFINITY);
            let least = |program: &String| (0..tries).map(|_| one(program)).fold(f64::INFINITY, f64::min);
            show(&Row { what, unit, values: programs.iter().map(least).collect() });
        }
    }
    peers::measure(&lab, &wanted);
    for (what, count) in [("system calls", server::Count::Calls), ("user instructions", server::Count::Instructions)] {
        if !count.available() {
            println!("{what}: the counting tool is not installed");
            continue;
        }
        // The original forks for a connection, and instructions of its children are
        // not counted.
        let counts = |job: &str| what == "system calls" || !job.starts_with("TCP");
        for (job, n, run) in JOBS.iter().filter(|(job, ..)| wanted(job, what) && counts(job)) {
            let values = programs.iter().map(|p| counted(&lab, p, count, *n, *run)).collect();
            show(&Row { what: job, unit: what, values });
        }
    }
}

type Measure = fn(&server::Lab, &str) -> f64;
type Job = fn(&mut Load, u32);

/// Jobs whose system calls and instructions are counted, with how many units.
const JOBS: &[(&str, u32, Job)] = &[
    ("cache hit, one at a time", 2000, |load, n| load.hits(n, 1)),
    ("cache hit, 64 in flight", 6400, |load, n| load.hits(n, 64)),
    ("hosts answer, one at a time", 2000, |load, n| load.hosts(n, 1)),
    ("forwarded query, one at a time", 500, |load, n| load.misses(n, 1)),
    ("DHCP exchange", 30, |load, n| load.exchanges(n)),
    ("DHCP renewal", 30, |load, n| load.renewals(n)),
    ("TFTP MiB, blocks of 1428", 2, |load, n| load.tftp(n, 1)),
    ("TCP, a connection a question", 1000, |_, n| {
        tcp::each(n);
    }),
    ("TCP, 100 questions a connection", 2000, |_, n| {
        tcp::kept(n, 1);
    }),
    ("TCP, 100 a connection, 10 in flight", 2000, |_, n| {
        tcp::kept(n, 10);
    }),
];

/// CPU time and memory.
const MEASURES: &[(&str, &str, Measure)] = &[
    ("cache hit, 64 in flight", "CPU us", |lab, p| hits_of(lab, p, 100, "")),
    ("cache hit, one at a time", "CPU us", |lab, p| cpu(lab, p, 20_000, |load, n| load.hits(n, 1))),
    ("hosts answer, 64 in flight", "CPU us", |lab, p| cpu(lab, p, 100_000, |load, n| load.hosts(n, 64))),
    ("cache hit of 9 000 names, 64 in flight", "CPU us", |lab, p| hits_of(lab, p, 9_000, "")),
    ("cache hit, bind-dynamic on an interface", "CPU us", |lab, p| hits_of(lab, p, 100, BOUND)),
    ("cache hit, bind-interfaces on an address", "CPU us", |lab, p| hits_of(lab, p, 100, LISTENING)),
    ("forwarded query, cache of 1 000 full", "CPU us", |lab, p| misses(lab, p, 1_000, 0, 64)),
    ("forwarded query, cache of 10 000 full", "CPU us", |lab, p| misses(lab, p, 10_000, 0, 64)),
    ("forwarded query, 250 in flight", "CPU us", |lab, p| misses(lab, p, 1_000, 20, 250)),
    ("DHCP exchange, 0 leases held", "CPU us", |lab, p| leases::exchange(lab, p, 0)),
    ("DHCP exchange, 1 000 leases held", "CPU us", |lab, p| leases::exchange(lab, p, 1_000)),
    ("DHCP exchange, 10 000 leases held", "CPU us", |lab, p| leases::exchange(lab, p, 10_000)),
    ("DHCP renewal, 10 leases held", "CPU us", |lab, p| leases::renewal(lab, p, 10)),
    ("DHCP renewal, 1 000 leases held", "CPU us", |lab, p| leases::renewal(lab, p, 1_000)),
    ("DHCP renewal, 10 000 leases held", "CPU us", |lab, p| leases::renewal(lab, p, 10_000)),
    ("lease file, a renewal of 1 000", "octets", leases::octets_a_renewal),
    ("first lease, address checked", "ms", leases::first),
    ("TCP, a connection a question", "CPU us", |lab, p| streams(lab, p, 2000, tcp::each)),
    ("TCP, 100 questions a connection", "CPU us", |lab, p| streams(lab, p, 20_000, |n| tcp::kept(n, 1))),
    ("TCP, 100 a connection, 10 in flight", "CPU us", |lab, p| streams(lab, p, 2_000, |n| tcp::kept(n, 10))),
    ("DHCP exchange, 400 leases", "CPU us", |lab, p| cpu(lab, p, 400, |load, n| load.exchanges(n))),
    ("DHCP renewal, 400 leases", "CPU us", renewals),
    ("TFTP MiB, blocks of 1428", "CPU us", |lab, p| cpu(lab, p, 16, |load, n| load.tftp(n, 1))),
    ("TFTP MiB, window of 16", "CPU us", |lab, p| cpu(lab, p, 16, |load, n| load.tftp(n, 16))),
    ("resident, idle", "KiB", |lab, p| rss(lab, p, |_| ())),
    ("resident, cache of 10 000 full", "KiB", |lab, p| rss(lab, p, |load| load.misses(12_000, 32))),
    ("resident, 1 000 leases", "KiB", |lab, p| rss(lab, p, |load| load.exchanges(1000))),
    ("resident, 50 leases and 1 000 names", "KiB", home_rss),
    ("--test, 200 000 address=", "CPU ms", |lab, p| lists::test_cpu(lab, p, lists::ADDRESS)),
    ("--test, 200 000 server=", "CPU ms", |lab, p| lists::test_cpu(lab, p, lists::SERVER)),
    ("--test, 200 000 local=", "CPU ms", |lab, p| lists::test_cpu(lab, p, lists::LOCAL)),
    ("--test, 200 000 address=", "peak KiB", |lab, p| lists::test_peak(lab, p, lists::ADDRESS)),
    ("--test, 200 000 server=", "peak KiB", |lab, p| lists::test_peak(lab, p, lists::SERVER)),
    ("start, 200 000 address=", "CPU ms", |lab, p| lists::start_cpu(lab, p, lists::ADDRESS)),
    ("start, 200 000 server=", "CPU ms", |lab, p| lists::start_cpu(lab, p, lists::SERVER)),
    ("start, 200 000 local=", "CPU ms", |lab, p| lists::start_cpu(lab, p, lists::LOCAL)),
    ("start, hosts file of 1 000 000", "CPU ms", |lab, p| lists::start_cpu(lab, p, lists::BLOCKED)),
    ("start, 200 000 address=", "resident KiB", |lab, p| lists::start_rss(lab, p, lists::ADDRESS)),
    ("start, 200 000 server=", "resident KiB", |lab, p| lists::start_rss(lab, p, lists::SERVER)),
    ("start, 200 000 local=", "resident KiB", |lab, p| lists::start_rss(lab, p, lists::LOCAL)),
    ("start, hosts file of 1 000 000", "resident KiB", |lab, p| lists::start_rss(lab, p, lists::BLOCKED)),
    ("memory a line, 200 000 hosts with addresses", "octets", |lab, p| lists::octets_a_line(lab, p, lists::OWN)),
    ("memory a line, 1 000 000 blocked hosts", "octets", |lab, p| lists::octets_a_line(lab, p, lists::BLOCKED)),
    ("memory a line, 200 000 address=", "octets", |lab, p| lists::octets_a_line(lab, p, lists::ADDRESS)),
    ("memory a line, 200 000 local=", "octets", |lab, p| lists::octets_a_line(lab, p, lists::LOCAL)),
    ("memory a line, 200 000 server=", "octets", |lab, p| lists::octets_a_line(lab, p, lists::SERVER)),
    ("answer by name, 1 000 000 blocked hosts", "CPU us", |lab, p| lists::by_name(lab, p, lists::BLOCKED)),
    ("forwarded query, no list", "CPU us", |lab, p| lists::forwarded(lab, p, None)),
    ("program on disk", "octets", |_, p| std::fs::metadata(p).map_or(f64::NAN, |m| m.len() as f64)),
    ("exec to first answer", "us", |lab, p| Server::first_answer_us(lab, p)),
];

/// The same, once.
const LONG: &[(&str, &str, Measure)] = &[
    ("start, 200 000 hosts with addresses", "CPU ms", |lab, p| lists::start_cpu(lab, p, lists::OWN)),
    ("answer by name, 200 000 hosts", "CPU us", |lab, p| lists::by_name(lab, p, lists::OWN)),
    ("answer by address, 200 000 hosts", "CPU us", |lab, p| lists::by_address(lab, p, lists::OWN)),
    ("forwarded query, 200 000 hosts", "CPU us", |lab, p| lists::forwarded(lab, p, Some(lists::OWN))),
    ("TCP, a connection a question beside 30 silent", "CPU us", |lab, p| streams(lab, p, 2000, |n| tcp::beside(30, n))),
    ("TCP, a connection a question beside 1 000", "CPU us", |lab, p| streams(lab, p, 2000, |n| tcp::beside(1_000, n))),
    ("SIGHUP, 200 000 hosts", "longest wait, ms", |lab, p| reload::pause(lab, p, lists::OWN)),
    ("SIGHUP, 200 000 hosts", "lost at 500/s", |lab, p| reload::lost(lab, p, lists::OWN)),
    ("SIGHUP, 1 000 000 blocked hosts", "longest wait, ms", |lab, p| reload::pause(lab, p, lists::BLOCKED)),
    ("SIGHUP, 1 000 000 blocked hosts", "lost at 500/s", |lab, p| reload::lost(lab, p, lists::BLOCKED)),
    ("SIGHUP, dhcp-hostsfile of 200 000", "longest wait, ms", |lab, p| reload::pause(lab, p, lists::DHCP_HOSTS)),
    ("SIGHUP, dhcp-hostsfile of 200 000", "lost at 500/s", |lab, p| reload::lost(lab, p, lists::DHCP_HOSTS)),
];

/// Ways of listening, beside the wildcard.
const BOUND: &str = "interface=imbench1\nbind-dynamic\n";
const LISTENING: &str = "listen-address=10.99.0.1\nbind-interfaces\n";

fn show(row: &Row) {
    let ours = row.values.first().copied().unwrap_or(f64::NAN);
    print!("{:<44} {:>18}", row.what, row.unit);
    for value in &row.values {
        if value.is_finite() { print!(" {value:>12.1}") } else { print!("  no answers") }
    }
    for theirs in row.values.iter().skip(1).filter(|theirs| theirs.is_finite()) {
        print!("   ratio {:.5}", ours / theirs);
    }
    println!();
}

/// CPU microseconds of the server for each of `n` units of `job`.
fn cpu(lab: &server::Lab, program: &str, n: u32, job: Job) -> f64 {
    let server = Server::start(lab, program, None);
    let mut load = Load::new(&server);
    load.warm();
    let before = server.cpu_ns();
    job(&mut load, n);
    (server.cpu_ns() - before) as f64 / 1000.0 / f64::from(n)
}

/// CPU microseconds of a hit when so many names are asked for in turn.
fn hits_of(lab: &server::Lab, program: &str, names: u32, more: &str) -> f64 {
    let server = Server::start_with(lab, program, None, more);
    let mut load = Load::new(&server);
    load.hits_of(names, names, 32);
    let (before, forwarded) = (server.cpu_ns(), load.forwarded());
    load.hits_of(names, 200_000, 64);
    assert_eq!(load.forwarded(), forwarded, "questions that were no hits");
    (server.cpu_ns() - before) as f64 / 1000.0 / 200_000.0
}

/// CPU microseconds of a forwarded query when a cache of that size is full, the
/// upstream takes `delay` milliseconds and so many questions wait for it.
fn misses(lab: &server::Lab, program: &str, cache: u32, delay: u64, flight: u32) -> f64 {
    let server = Server::start_with(lab, program, None, &format!("-cache-size=10000\ncache-size={cache}"));
    let mut load = Load::with_delay(&server, Duration::from_millis(delay));
    load.misses(cache + cache / 5, 32);
    let (before, forwarded) = (server.cpu_ns(), load.forwarded());
    if delay == 0 {
        load.misses(20_000, flight)
    } else {
        load.steady_misses(20_000, flight)
    }
    assert!(load.forwarded() - forwarded >= 20_000, "questions that were no misses");
    (server.cpu_ns() - before) as f64 / 1000.0 / 20_000.0
}

/// CPU microseconds of the server and its children for each answer by TCP;
/// infinite when answers are missing.
fn streams(lab: &server::Lab, program: &str, n: u32, job: fn(u32) -> u32) -> f64 {
    let server = Server::start(lab, program, None);
    let mut load = Load::new(&server);
    load.warm();
    let before = server.cpu_ns() + server.children_ns();
    if job(n) < n {
        return f64::INFINITY;
    }
    (server.cpu_ns() + server.children_ns() - before) as f64 / 1000.0 / f64::from(n)
}

/// As `cpu`, for renewals of leases made before the clock is read.
fn renewals(lab: &server::Lab, program: &str) -> f64 {
    let server = Server::start(lab, program, None);
    let mut load = Load::new(&server);
    load.exchanges(400);
    let before = server.cpu_ns();
    load.renewals(400);
    (server.cpu_ns() - before) as f64 / 1000.0 / 400.0
}

fn rss(lab: &server::Lab, program: &str, job: fn(&mut Load)) -> f64 {
    let server = Server::start(lab, program, None);
    let mut load = Load::new(&server);
    job(&mut load);
    server.rss_kib() as f64
}

/// A router at home: 50 clients, a cache of 1 000 names, full; the other limits
/// as they are when nothing is said.
fn home_rss(lab: &server::Lab, program: &str) -> f64 {
    let limits = "-cache-size=10000\n-dns-forward-max=500\n-dhcp-lease-max=2000\ncache-size=1000";
    let server = Server::start_with(lab, program, None, limits);
    let mut load = Load::new(&server);
    load.exchanges(50);
    load.misses(1_000, 8);
    server.rss_kib() as f64
}

/// What one unit of `job` costs by `count`: a run with work less one without.
fn counted(lab: &server::Lab, program: &str, count: server::Count, n: u32, job: Job) -> f64 {
    let run = |units: u32| {
        let server = Server::start(lab, program, Some(count));
        let mut load = Load::new(&server);
        load.warm();
        load.exchanges(30);
        job(&mut load, units);
        server.stop_and_count()
    };
    (run(n) - run(0)) / f64::from(n)
}
