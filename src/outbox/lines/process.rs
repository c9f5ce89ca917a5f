//! Log lines: the process itself. Starting, ending, files, sockets.

use super::{Line, main};
use crate::outbox::action::{Channel, Level};

const fn info(text: &'static str) -> Line {
    main(Level::Info, text)
}

const fn dhcp(level: Level, text: &'static str) -> Line {
    Line { channel: Channel::Dhcp, level, text }
}

const fn warning(text: &'static str) -> Line {
    main(Level::Warning, text)
}

const fn error(text: &'static str) -> Line {
    main(Level::Error, text)
}

/// Version, entries.
pub const STARTED: Line = info("started, version % cachesize %");
/// Version.
pub const STARTED_NO_CACHE: Line = info("started, version % cache disabled");
/// Version.
pub const STARTED_NO_DNS: Line = info("started, version % DNS disabled");
/// A cache larger than anybody needs.
pub const LARGE_CACHE: Line =
    warning("cache size greater than 10000 may cause performance issues, and is unlikely to be useful.");
/// `local-service`.
pub const LOCAL_SUBNETS: Line = info("DNS service limited to local subnets");
/// `local-service=host`.
pub const LOCAL_HOST: Line = info("DNS service limited to localhost");
/// What was built in.
pub const OPTIONS: Line = info("compile time options: %");
/// `log-async`: lines that may wait.
pub const LOG_QUEUE: Line = info("asynchronous logging enabled, queue limit is % messages");
/// File, why.
pub const PID_CHOWN: Line = warning("chown of PID file % failed: %");
/// File, why.
pub const LOG_CHOWN: Line = warning("warning: failed to change owner of %: %");
/// Address, interface: `bind-interfaces` on a public address.
pub const LOUD: Line =
    warning("LOUD WARNING: listening on % may accept requests via interfaces other than %");
/// Behind one or more of those.
pub const LOUD_ADVICE: Line = warning(
    "LOUD WARNING: use --bind-dynamic rather than --bind-interfaces to avoid DNS amplification attacks via these interface(s)",
);
/// Something about the configuration.
pub const WARNING: Line = warning("warning: %");
/// Interface of an `interface` line.
pub const NO_INTERFACE: Line = warning("warning: interface % does not currently exist");
/// `resolv-file` beside `no-resolv`.
pub const RESOLV_IGNORED: Line = warning("warning: ignoring resolv-file flag because no-resolv is set");
/// Nobody to ask.
pub const NO_UPSTREAM: Line = warning("warning: no upstream servers configured");
/// Interface.
pub const DHCP_BOUND: Line = dhcp(Level::Info, "DHCP, sockets bound exclusively to interface %");
/// Directory, ` secure mode` or nothing, ` single port mode` or nothing.
pub const TFTP_ROOT: Line =
    Line { channel: Channel::Tftp, level: Level::Info, text: "TFTP root is % % %" };
/// The same without a directory.
pub const TFTP_ON: Line = Line { channel: Channel::Tftp, level: Level::Info, text: "TFTP enabled % %" };
/// Directory that is not there (`tftp-no-fail`).
pub const TFTP_MISSING: Line =
    Line { channel: Channel::Tftp, level: Level::Warning, text: "warning: % inaccessible" };
/// Transfers at once.
pub const TFTP_MAX: Line = Line {
    channel: Channel::Tftp,
    level: Level::Info,
    text: "restricting maximum simultaneous TFTP transfers to %",
};
/// Resolv file.
pub const READING: Line = info("reading %");
/// Resolv file.
pub const NO_SERVERS: Line = warning("no servers found in %, will retry");
/// Resolv file, why.
pub const NO_RESOLV: Line = warning("failed to access %: %");
/// Hosts file, names.
pub const READ_HOSTS: Line = info("read % - % names");
/// Hosts file, why.
pub const NO_HOSTS: Line = error("failed to load names from %: %");
/// Hosts file, line.
pub const BAD_ADDRESS: Line = error("bad address at % line %");
/// Hosts file, line.
pub const BAD_NAME: Line = error("bad name at % line %");
/// SIGHUP without any hosts file.
pub const CLEARED: Line = info("cleared cache");
/// File in a directory that is watched.
pub const WRITTEN: Line = info("inotify: % new or modified");
/// File in a directory that is watched.
pub const REMOVED: Line = info("inotify: % removed");
/// Names, file.
pub const FLUSHED: Line = info("inotify: flushed % names read from %");
/// Directory that is to be watched, why.
pub const BAD_DIRECTORY: Line = error("bad dynamic directory %: %");
/// DHCP hosts file.
pub const READ_DHCP: Line = dhcp(Level::Info, "read %");
/// Addresses.
pub const READ_ETHERS: Line = dhcp(Level::Info, "read /etc/ethers - % addresses");
/// What is wrong, line, file read again on SIGHUP.
pub const BAD_LINE: Line = main(Level::Error, "% at line % of %");
/// What is wrong, file, line.
pub const BAD_ETHERS: Line = main(Level::Error, "% at % line %");
/// First address, last address, lease time.
pub const RANGE: Line = dhcp(Level::Info, "DHCP, IP range % -- %, lease time %");
/// Address, lease time.
pub const RANGE_STATIC: Line = dhcp(Level::Info, "DHCP, static leases only on %, lease time %");
/// A relay: split or not, our address, to whom and by which interface.
pub const RELAY: Line = dhcp(Level::Info, "DHCP %relay from %%");
/// A network where PXE clients are told what to boot.
pub const RANGE_PROXY: Line = dhcp(Level::Info, "DHCP, proxy on subnet %");
/// DHCP hosts file, why.
pub const CANNOT_READ: Line = error("cannot read %: %");
/// `/etc/ethers`, why.
pub const NO_ETHERS: Line = dhcp(Level::Error, "failed to read %: %");
/// File, why.
pub const NOT_READ: Line = error("failed to read %: %");
/// Address, why: a socket that followed a change.
pub const NO_LISTENER: Line = warning("failed to create listening socket for %: %");
/// Most interfaces, most addresses of one.
pub const TOO_MANY_LINKS: Line =
    warning("more than % network interfaces or % addresses of one, cannot serve all of them");
/// SIGTERM.
pub const EXITING: Line = info("exiting on receipt of SIGTERM");
/// Critical: the last line of a start that failed.
pub const FAILED: Line = main(Level::Critical, "FAILED to start up");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::bytes::Writer;
    use crate::outbox::lines::{Arg, render};

    /// Lines that are hard to reach from outside.
    #[test]
    fn what_is_said_when_an_account_or_the_start_fails() {
        let said = |line: &Line| {
            let mut buffer = [0; 99];
            let mut out = Writer::new(&mut buffer);
            render(&mut out, line, &[Arg::Text(b"/run/x"), Arg::Errno(1)]);
            String::from_utf8(out.written().to_vec()).unwrap()
        };
        assert_eq!(said(&PID_CHOWN), "chown of PID file /run/x failed: Operation not permitted");
        assert_eq!(said(&LOG_CHOWN), "warning: failed to change owner of /run/x: Operation not permitted");
        assert_eq!(said(&NO_RESOLV), "failed to access /run/x: Operation not permitted");
        assert_eq!(said(&FAILED), "FAILED to start up");
        let mut buffer = [0; 99];
        let mut out = Writer::new(&mut buffer);
        render(&mut out, &TOO_MANY_LINKS, &[Arg::Number(64), Arg::Number(16)]);
        let expected = "more than 64 network interfaces or 16 addresses of one, cannot serve all of them";
        assert_eq!(String::from_utf8_lossy(out.written()), expected);
    }
}

const fn script(level: Level, text: &'static str) -> Line {
    Line { channel: Channel::Main, level, text }
}

/// A line that the program wrote.
pub const SCRIPT_LINE: Line = Line { channel: Channel::Script, level: Level::Debug, text: "%" };
/// Program, why.
pub const SCRIPT_NOT_RUN: Line = script(Level::Error, "failed to execute %: %");
/// Status.
pub const SCRIPT_STATUS: Line = script(Level::Warning, "script process exited with status %");
/// Signal.
pub const SCRIPT_KILLED: Line = script(Level::Warning, "script process killed by signal %");
/// Why: the account of `dhcp-scriptuser`.
pub const SCRIPT_NO_ACCOUNT: Line = script(Level::Critical, "failed to change user for scripts: %");
/// Too many events of transfers wait.
pub const SCRIPT_LOST: Line = script(Level::Warning, "script is too slow: events were lost");
/// Somebody killed it.
pub const SCRIPT_GONE: Line = script(Level::Error, "helper process has ended: no more scripts are run");

/// The bus is there from the start.
pub const BUS: Line = info("UBus support enabled: connected to system bus");
/// It is not there yet.
pub const BUS_PENDING: Line = info("UBus support enabled: bus connection pending");
/// It is there now.
pub const BUS_CONNECTED: Line = info("connected to system UBus");
/// Why.
pub const BUS_LOST: Line = warning("connection to UBus lost: %");
/// The name of our object, a number of the bus.
pub const BUS_REFUSED: Line = warning("UBus error: object % is refused, status %");

/// Number of the packet, its kind in hexadecimal.
pub const DUMPED: Line = info("dumping packet % mask 0x%");
/// It could not be written.
pub const NOT_DUMPED: Line = error("failed to write packet dump");
