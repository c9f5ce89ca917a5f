//! The first lines of the log, in dnsmasq's order: what is running, what is
//! limited, what is probably a mistake.

use crate::config::{self, Bind, Config, LocalService, LogTarget, Warning};
use crate::daemon::core::Core;
#[cfg(feature = "dhcp4")]
use crate::daemon::{dhcp_files, relay_lines};
use crate::daemon::outside::Say;
use crate::daemon::serve;
use crate::dns::reverse::is_private;
use crate::outbox::lines::{Arg, Line, process};
use crate::platform::files;
use crate::store::interfaces::Interfaces;
use std::net::IpAddr;

/// Cache sizes above this are remarked upon.
const LARGE_CACHE: u32 = 10_000;

/// Says them. `bus` is how it stands with the bus; `warnings` are those of the
/// configuration.
pub fn lines(core: &Core, bus: Option<&Line>, warnings: &[Warning], say: Say) {
    let Core { config, world, .. } = core;
    let version = Arg::Str(config::DNSMASQ_VERSION);
    let listen = &config.listen;
    match (listen.port, config.dns.cache_size) {
        (0, _) => say(&process::STARTED_NO_DNS, &[version]),
        (_, 0) => say(&process::STARTED_NO_CACHE, &[version]),
        (_, size) => say(&process::STARTED, &[version, Arg::Number(size.into())]),
    }
    if listen.port != 0 && config.dns.cache_size > LARGE_CACHE {
        say(&process::LARGE_CACHE, &[]);
    }
    match listen.local_service {
        LocalService::Net => say(&process::LOCAL_SUBNETS, &[]),
        LocalService::Host => say(&process::LOCAL_HOST, &[]),
        LocalService::Off => {}
    }
    say(&process::OPTIONS, &[Arg::Text(config::parts().as_bytes())]);
    if let Some(line) = bus {
        say(line, &[]);
    }
    for warning in warnings {
        say(&process::WARNING, &[Arg::Text(warning.0.as_bytes())]);
    }
    if listen.bind == Bind::Static {
        loud(say, &world.interfaces);
    }
    if listen.bind != Bind::Static {
        for pattern in listen.interfaces.iter().flatten().filter(|pattern| !pattern.wildcard) {
            if !world.interfaces.iter().any(|known| pattern.matches(known.name.as_bytes())) {
                say(&process::NO_INTERFACE, &[Arg::Text(&pattern.name)]);
            }
        }
    }
    if listen.port != 0 {
        if config.dns.resolv_ignored {
            say(&process::RESOLV_IGNORED, &[]);
        }
        if config.dns.resolv_files.is_empty() && config.dns.servers.is_empty() {
            say(&process::NO_UPSTREAM, &[]);
        }
    }
    if config.log.queue > 0 && matches!(config.log.target, LogTarget::Syslog(_)) {
        say(&process::LOG_QUEUE, &[Arg::Number(config.log.queue.into())]);
    }
    #[cfg(feature = "dhcp4")]
    dhcp_files::range_lines(config, say);
    #[cfg(feature = "dhcp4")]
    relay_lines::say_all(config, say);
    if !config.dhcp.ranges.is_empty()
        && let Some(device) = serve::dhcp_device(config, &world.interfaces.list)
    {
        say(&process::DHCP_BOUND, &[Arg::Text(device.name.as_bytes())]);
    }
    if config.tftp.on {
        tftp_lines(config, say);
    }
}

/// `bind-interfaces` on addresses that anybody can reach.
fn loud(say: Say, interfaces: &Interfaces) {
    let mut any = false;
    for interface in interfaces.iter() {
        for own in interface.addresses.iter().filter(|own| own.dns) {
            if let IpAddr::V4(addr) = own.addr
                && !is_private(own.addr)
            {
                any = true;
                say(&process::LOUD, &[Arg::Ip4(addr), Arg::Text(interface.name.as_bytes())]);
            }
        }
    }
    if any {
        say(&process::LOUD_ADVICE, &[]);
    }
}

fn tftp_lines(config: &Config, say: Say) {
    let tftp = &config.tftp;
    let secure = Arg::Str(if tftp.secure { "secure mode" } else { "" });
    let single = Arg::Str(if tftp.single_port { "single port mode" } else { "" });
    match &tftp.root {
        Some(root) => say(&process::TFTP_ROOT, &[Arg::Text(root), secure, single]),
        None => say(&process::TFTP_ON, &[secure, single]),
    }
    for root in tftp.roots().filter(|_| tftp.no_fail) {
        let path = std::ffi::CString::new(root).unwrap_or_default();
        if files::check_directory(&path).is_err() {
            say(&process::TFTP_MISSING, &[Arg::Text(root)]);
        }
    }
    if tftp.transfers() < tftp.max {
        say(&process::TFTP_MAX, &[Arg::Number(tftp.transfers().into())]);
    }
}
