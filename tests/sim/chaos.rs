//! What goes wrong in the simulation: crashes, full disks, jumping clocks,
//! unreachable networks, changed files, slow readers, rubbish at every door.

use crate::dhcp_client::some_packet;
use crate::lab::boot::{self, Plan};
use crate::lab::dns::Message;
use crate::network::Chance;
use crate::tftp_client;
use crate::upstream::{Upstreams, mangled};
use crate::world::{Load, Shared, Who, World};
use ironmasq::outbox::action::{Arrival, Door};
use std::net::{IpAddr, SocketAddr};

/// The machine of a seed: its configuration differs as its world does.
pub fn plan(seed: u64, chance: &mut Chance, upstreams: &Upstreams) -> Plan {
    let mut plan = Plan { seed, ..Plan::default() };
    let config = &mut plan.config;
    let mut line = |text: &str| {
        config.push_str(text);
        config.push('\n');
    };
    for word in ["domain=lan", "local=/lan/", "enable-tftp", "tftp-root=/srv/tftp", "dhcp-leasefile=/tmp/leases"] {
        line(word);
    }
    line("dhcp-range=192.168.1.100,192.168.1.111,10m");
    line("dhcp-range=192.168.9.100,192.168.9.111,255.255.255.0,1h");
    line("dhcp-host=02:00:00:00:09:00,192.168.1.20");
    // What may or may not be set.
    for word in [
        "no-ping", "dhcp-authoritative", "dhcp-sequential-ip", "dhcp-rapid-commit", "dhcp-fqdn", "all-servers", "strict-order",
        "log-queries", "log-dhcp", "no-negcache", "no-round-robin", "domain-needed", "clear-on-reload", "expand-hosts",
        "tftp-single-port",
    ] {
        if chance.percent(25) {
            line(word);
        }
    }
    // By chance of its own: the rest of a world stays what it was.
    let mut own = Chance::new(seed ^ 0xD45);
    for word in [
        "use-stale-cache", "cache-rr=ANY", "port-limit=3", "fast-dns-retry=60,3000", "add-subnet=24,56", "strip-subnet",
        "add-cpe-id=router", "umbrella=orgid:7", "add-mac=base64", "do-0x20-encode", "dns-loop-detect",
    ] {
        if own.percent(20) {
            line(word);
        }
    }
    line(&format!("cache-size={}", chance.pick(&[0, 1, 5, 40, 150])));
    line(&format!("dns-forward-max={}", chance.pick(&[2, 20, 150])));
    line(&format!("dhcp-lease-max={}", chance.pick(&[3, 8, 1000])));
    line(&format!("tftp-max={}", chance.pick(&[1, 50])));
    if chance.percent(20) {
        line("query-port=5300");
    }
    match chance.percent(50) {
        true => {
            line("no-resolv");
            upstreams.servers.iter().for_each(|(server, _)| line(&format!("server={}", server.ip())));
        }
        false => line("resolv-file=/tmp/resolv"),
    }
    plan.files.put("/tmp/resolv", resolv(upstreams), crate::lab::EPOCH - 100);
    plan.files.put("/etc/hosts", "192.168.1.5 nas.lan nas\n", crate::lab::EPOCH - 100);
    let file: Vec<u8> = (0..tftp_client::LEN).map(tftp_client::octet).collect();
    plan.files.put(tftp_client::PATH, file, crate::lab::EPOCH - 100);
    let own = IpAddr::from([192, 168, 1, 1]);
    plan.interfaces.push(boot::interface(1, "br-lan", &[2, 0, 0, 0, 1, 1], 1500, true, &[(own, 24)]));
    plan
}

fn resolv(upstreams: &Upstreams) -> String {
    upstreams.servers.iter().map(|(server, _)| format!("nameserver {}\n", server.ip())).collect()
}

/// Trouble, from time to time.
pub struct Chaos {
    /// Kinds of trouble that this seed knows.
    pub mask: u64,
}

impl Chaos {
    pub fn new(shared: &mut Shared) -> Chaos {
        let at = 1_000 + shared.chance.below(20_000);
        shared.wake(at, Who::Chaos);
        Chaos { mask: shared.chance.u64() }
    }

    /// One piece of trouble.
    pub fn strike(world: &mut World) -> Result<(), String> {
        let now = world.now();
        let at = now + 200 + world.shared.chance.below(6_000);
        world.shared.wake(at, Who::Chaos);
        let kind = world.shared.chance.below(12);
        if world.chaos.mask >> kind & 1 == 0 {
            return Ok(());
        }
        match kind {
            0 => {
                // Once in a while the power goes with the crash, in the middle
                // of the last write: that lease alone may be lost.
                if world.shared.chance.percent(40) {
                    let keep = world.shared.chance.below(80) as usize;
                    world.lab.files.tear(keep);
                }
                return world.kill_and_restart();
            }
            1 => world.lab.files.broken = !world.lab.files.broken,
            2 => {
                let secs = world.shared.chance.pick(&[-100_000, -30, 30, 400, 10_000_000]);
                world.lab.jump(secs);
            }
            3 => boot::reload(&mut world.lab),
            4 => boot::statistics(&mut world.lab),
            5 => {
                let server = world.upstreams.servers[0].0.ip();
                if world.lab.unreachable.remove(&server).is_none() {
                    world.lab.unreachable.insert(server, 101);
                }
            }
            6 => world.lab.stream_window = world.shared.chance.pick(&[1, 7, 100, usize::MAX]),
            7 => {
                let text = resolv(&world.upstreams);
                let wall = world.lab.now.wall.0;
                world.lab.files.put("/tmp/resolv", text, wall);
                boot::poll_files(&mut world.lab);
            }
            8 => {
                let interface = world.lab.interfaces[0].clone();
                boot::replace_interface(&mut world.lab, interface);
            }
            9 => {
                let streams: Vec<u8> = world.shared.streams.keys().copied().collect();
                if let Some(slot) = streams.first() {
                    world.shared.streams.remove(slot);
                    world.stubs.reset_of(*slot);
                    world.lab.stream_reset(*slot);
                }
            }
            _ => rubbish(&mut world.shared, now),
        }
        Ok(())
    }
}

/// Octets that mean nothing, or nearly something, at every door.
fn rubbish(shared: &mut Shared, now: u64) {
    for _ in 0..1 + shared.chance.below(10) {
        let door = match shared.chance.below(6) {
            0 => Door::Dhcp4,
            1 => Door::Icmp4,
            2 => Door::Tftp(0),
            3 => Door::Transfer(shared.chance.below(3) as u16),
            _ => Door::Dns(0),
        };
        let len = shared.chance.pick(&[0, 1, 11, 12, 13, 40, 241, 512, 1500, 4096]);
        let bytes = match (shared.chance.below(3), door) {
            (0, _) => shared.chance.bytes(len),
            (_, Door::Dhcp4) => {
                let packet = some_packet(shared);
                if shared.chance.percent(50) { mangled(shared, &packet) } else { packet }
            }
            _ => {
                let question = Message::query(shared.chance.u64() as u16, "nas.lan", 1).encode().unwrap_or_default();
                mangled(shared, &question)
            }
        };
        let from = SocketAddr::new(IpAddr::from([192, 168, 1, 200]), 1 + shared.chance.below(60_000) as u16);
        let arrival = Arrival { door, from, to: IpAddr::from([192, 168, 1, 1]), iface: 1 };
        shared.network.at(now, Load::Machine { arrival, port: 0, bytes });
    }
}

/// For the eye: no more than fits a line.
pub fn shortened(text: &str) -> String {
    text.chars().take(220).collect()
}
