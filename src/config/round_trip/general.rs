//! How the process runs, what it logs, where it listens, TFTP, the script, the
//! capture file.

use super::text::{Out, pattern, quoted, shown};
use crate::config::{Bind, LocalService, LogTarget, Mode, Pattern, UniqueRoot};

/// Facilities by number; those between have no name.
const FACILITIES: [(u8, &str); 20] = [
    (0, "kern"), (1, "user"), (2, "mail"), (3, "daemon"), (4, "auth"), (5, "syslog"), (6, "lpr"), (7, "news"),
    (8, "uucp"), (9, "cron"), (10, "authpriv"), (11, "ftp"), (16, "local0"), (17, "local1"), (18, "local2"),
    (19, "local3"), (20, "local4"), (21, "local5"), (22, "local6"), (23, "local7"),
];

pub fn write(out: &mut Out) {
    process(out);
    log(out);
    listen(out);
    tftp(out);
    let config = out.config;
    let script = &config.script;
    out.paths("dhcp-script", script.program.as_slice());
    out.paths("dhcp-scriptuser", script.user.as_slice());
    out.flag("script-arp", script.arp);
    out.flag("script-on-renewal", script.on_renewal);
    out.flag("leasefile-ro", script.keeps_leases);
    out.paths("dumpfile", config.capture.file.as_slice());
    out.some("dumpmask", config.capture.mask);
}

fn process(out: &mut Out) {
    let process = &out.config.process;
    out.flag("keep-in-foreground", process.mode == Mode::Foreground);
    out.flag("no-daemon", process.mode == Mode::Debug);
    for (name, path) in [("pid-file", &process.pid_file), ("user", &process.user)] {
        out.line(name, path.as_ref().map_or(Vec::new(), |path| quoted(path.to_bytes())));
    }
    for (name, text) in [("group", &process.group), ("enable-ubus", &process.ubus)] {
        if let Some(text) = text {
            out.line(name, quoted(text.to_bytes()));
        }
    }
}

fn log(out: &mut Out) {
    let log = &out.config.log;
    let target = match &log.target {
        LogTarget::Stderr => b"-".to_vec(),
        LogTarget::File(path) => quoted(path.to_bytes()),
        LogTarget::Syslog(number) => {
            let (_, name) = FACILITIES.iter().find(|(known, _)| known == number).unwrap();
            name.as_bytes().to_vec()
        }
    };
    out.line("log-facility", target);
    let queries = log.queries;
    out.flag("log-queries", queries.on);
    for (word, said) in [
        ("extra", queries.extra && !queries.proto),
        ("proto", queries.proto),
        ("auth", queries.auth),
        ("only_failed", queries.failed),
    ] {
        if said {
            out.line("log-queries", word);
        }
    }
    out.flag("log-dhcp", log.dhcp);
    out.flag("log-debug", log.debug);
    out.flag("quiet-dhcp", log.quiet_dhcp);
    out.flag("quiet-tftp", log.quiet_tftp);
    out.line("log-async", shown(log.queue));
}

fn patterns(out: &mut Out, name: &str, patterns: &[Pattern]) {
    for one in patterns {
        out.line(name, pattern(one));
    }
}

fn listen(out: &mut Out) {
    let listen = &out.config.listen;
    out.line("port", shown(listen.port));
    match listen.local_service {
        LocalService::Off => {}
        LocalService::Net => out.flag("local-service", true),
        LocalService::Host => out.line("local-service", "host"),
    }
    // The host's own service has said where to listen.
    if listen.local_service != LocalService::Host
        && let Some(interfaces) = &listen.interfaces
    {
        out.line("interface", b"");
        patterns(out, "interface", interfaces);
    }
    patterns(out, "except-interface", &listen.except);
    for addr in &listen.addresses {
        out.line("listen-address", shown(addr));
    }
    out.flag("bind-interfaces", listen.bind == Bind::Static);
    out.flag("bind-dynamic", listen.bind == Bind::Dynamic);
    let mut no_tftp = listen.no_tftp.iter().peekable();
    for one in &listen.no_dhcp4 {
        let both = no_tftp.next_if(|other| (&other.name, other.wildcard) == (&one.name, one.wildcard)).is_some();
        out.line(if both { "no-dhcp-interface" } else { "no-dhcpv4-interface" }, pattern(one));
    }
}

fn tftp(out: &mut Out) {
    let tftp = &out.config.tftp;
    if tftp.on {
        out.list("enable-tftp", &tftp.interfaces.iter().map(pattern).collect::<Vec<_>>());
    }
    if let Some(root) = &tftp.root {
        out.line("tftp-root", quoted(root));
    }
    for (iface, root) in &tftp.iface_roots {
        out.line("tftp-root", [quoted(root), quoted(iface)].join(&b','));
    }
    out.flag("tftp-no-fail", tftp.no_fail);
    out.flag("tftp-secure", tftp.secure);
    out.flag("tftp-lowercase", tftp.lowercase);
    out.some("tftp-unique-root", tftp.unique_root.map(|by| if by == UniqueRoot::Ip { "ip" } else { "mac" }));
    out.line("tftp-max", shown(tftp.max));
    out.some("tftp-mtu", tftp.mtu);
    out.flag("tftp-no-blocksize", tftp.no_blocksize);
    out.some("tftp-port-range", tftp.ports.map(|(from, to)| format!("{from},{to}")));
    out.flag("tftp-single-port", tftp.single_port);
}
