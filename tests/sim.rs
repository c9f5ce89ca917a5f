//! One seed, one world: the core among clients and servers of all kinds, on a
//! network that loses, delays, doubles and reorders, on a disk that fails and a
//! clock that jumps, killed at random points and started again from what was
//! durable. After every step the invariants are checked.
//!
//! `SIM_SEED=n` plays one seed, `SIM_SEEDS=n` that many (30), `SIM_STEPS=n` so
//! many steps each (2000), `SIM_TRACE=1` prints what happens.

// Shared by two tests, each of which uses its part.
#[allow(dead_code)]
#[path = "lab/mod.rs"]
mod lab;
#[path = "sim/chaos.rs"]
mod chaos;
#[path = "sim/dhcp_client.rs"]
mod dhcp_client;
#[path = "sim/network.rs"]
mod network;
#[path = "sim/security.rs"]
mod security;
#[path = "sim/stub.rs"]
mod stub;
#[path = "sim/tftp_client.rs"]
mod tftp_client;
#[path = "sim/trials.rs"]
mod trials;
#[path = "sim/truth.rs"]
mod truth;
#[path = "sim/upstream.rs"]
mod upstream;
#[path = "sim/world.rs"]
mod world;

use world::World;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// What came of a seed.
#[derive(Clone, Copy, Default, PartialEq, Debug)]
struct Played {
    /// A number that any difference changes.
    trace: u64,
    /// Questions answered, leases given, files fetched, restarts.
    counts: [u64; 4],
}

/// Plays one seed; what came of it, or what went wrong and when.
fn play(seed: u64, steps: u64) -> Result<Played, String> {
    let outcome = std::panic::catch_unwind(|| {
        let mut world = World::new(seed);
        for _ in 0..steps {
            world.step()?;
        }
        world.quiet_down()?;
        Ok(Played { trace: world.trace(), counts: world.counts() })
    });
    let result: Result<Played, String> = outcome.unwrap_or_else(|_| Err("it panicked".into()));
    result.map_err(|why| format!("SIM_SEED={seed}: {why}"))
}

#[test]
fn many_worlds() {
    let steps = setting("SIM_STEPS", 2_000);
    let seeds: Vec<u64> = match std::env::var("SIM_SEED") {
        Ok(text) => vec![text.parse().expect("a number")],
        Err(_) => (1..=setting("SIM_SEEDS", 50)).collect(),
    };
    let mut failures = Vec::new();
    let mut totals = [0; 4];
    for seed in &seeds {
        match play(*seed, steps) {
            Ok(played) => totals.iter_mut().zip(played.counts).for_each(|(total, count)| *total += count),
            Err(why) => failures.push(why),
        }
    }
    println!("answers, leases, files, restarts: {totals:?}");
    assert!(failures.is_empty(), "{} of {} worlds broke:\n{}", failures.len(), seeds.len(), failures.join("\n"));
    // A world in which nothing happens proves nothing.
    let enough = seeds.len() < 20 || steps < 1_000 || totals.iter().all(|total| *total > 50);
    assert!(enough, "too little happened: {totals:?}");
}

#[test]
fn one_seed_one_trace() {
    for seed in [3, 11] {
        let first = play(seed, 1_000);
        assert_eq!(first, play(seed, 1_000), "the same seed gave another world");
        assert_ne!(first, play(seed + 1_000, 1_000), "the trace does not depend on the seed");
    }
}
