//! Log lines: the process itself. Starting, ending, files, sockets.

use super::{Channel, Level, Line};

lines! {
    /// Version, entries.
    STARTED: Main, Info, b"started, version % cachesize %";
    /// Version.
    STARTED_NO_CACHE: Main, Info, b"started, version % cache disabled";
    /// Version.
    STARTED_NO_DNS: Main, Info, b"started, version % DNS disabled";
    /// A cache larger than anybody needs.
    LARGE_CACHE: Main, Warning, b"cache size greater than 10000 may cause performance issues, and is unlikely to be useful.";
    /// `local-service`.
    LOCAL_SUBNETS: Main, Info, b"DNS service limited to local subnets";
    /// `local-service=host`.
    LOCAL_HOST: Main, Info, b"DNS service limited to localhost";
    /// What was built in.
    OPTIONS: Main, Info, b"compile time options: %";
    /// `log-async`: lines that may wait.
    LOG_QUEUE: Main, Info, b"asynchronous logging enabled, queue limit is % messages";
    /// File, why.
    PID_CHOWN: Main, Warning, b"chown of PID file % failed: %";
    /// File, why.
    LOG_CHOWN: Main, Warning, b"warning: failed to change owner of %: %";
    /// Address, interface: `bind-interfaces` on a public address.
    LOUD: Main, Warning, b"LOUD WARNING: listening on % may accept requests via interfaces other than %";
    /// Behind one or more of those.
    LOUD_ADVICE: Main, Warning,
        b"LOUD WARNING: use --bind-dynamic rather than --bind-interfaces to avoid DNS amplification attacks via these interface(s)";
    /// Something about the configuration.
    WARNING: Main, Warning, b"warning: %";
    /// Interface of an `interface` line.
    NO_INTERFACE: Main, Warning, b"warning: interface % does not currently exist";
    /// `resolv-file` beside `no-resolv`.
    RESOLV_IGNORED: Main, Warning, b"warning: ignoring resolv-file flag because no-resolv is set";
    /// Nobody to ask.
    NO_UPSTREAM: Main, Warning, b"warning: no upstream servers configured";
    /// Interface.
    DHCP_BOUND: Dhcp, Info, b"DHCP, sockets bound exclusively to interface %";
    /// Directory, ` secure mode` or nothing, ` single port mode` or nothing.
    TFTP_ROOT: Tftp, Info, b"TFTP root is % % %";
    /// The same without a directory.
    TFTP_ON: Tftp, Info, b"TFTP enabled % %";
    /// Directory that is not there (`tftp-no-fail`).
    TFTP_MISSING: Tftp, Warning, b"warning: % inaccessible";
    /// Transfers at once.
    TFTP_MAX: Tftp, Info, b"restricting maximum simultaneous TFTP transfers to %";
    /// Resolv file.
    READING: Main, Info, b"reading %";
    /// Resolv file.
    NO_SERVERS: Main, Warning, b"no servers found in %, will retry";
    /// Resolv file, why.
    NO_RESOLV: Main, Warning, b"failed to access %: %";
    /// Hosts file, names.
    READ_HOSTS: Main, Info, b"read % - % names";
    /// Hosts file, why.
    NO_HOSTS: Main, Error, b"failed to load names from %: %";
    /// Hosts file, line.
    BAD_ADDRESS: Main, Error, b"bad address at % line %";
    /// Hosts file, line.
    BAD_NAME: Main, Error, b"bad name at % line %";
    /// SIGHUP without any hosts file.
    CLEARED: Main, Info, b"cleared cache";
    /// File in a directory that is watched.
    WRITTEN: Main, Info, b"inotify: % new or modified";
    /// File in a directory that is watched.
    REMOVED: Main, Info, b"inotify: % removed";
    /// Names, file.
    FLUSHED: Main, Info, b"inotify: flushed % names read from %";
    /// Directory that is to be watched, why.
    BAD_DIRECTORY: Main, Error, b"bad dynamic directory %: %";
    /// DHCP hosts file.
    READ_DHCP: Dhcp, Info, b"read %";
    /// Addresses.
    READ_ETHERS: Dhcp, Info, b"read /etc/ethers - % addresses";
    /// What is wrong, line, file read again on SIGHUP.
    BAD_LINE: Main, Error, b"% at line % of %";
    /// What is wrong, file, line.
    BAD_ETHERS: Main, Error, b"% at % line %";
    /// First address, last address, lease time.
    RANGE: Dhcp, Info, b"DHCP, IP range % -- %, lease time %";
    /// Address, lease time.
    RANGE_STATIC: Dhcp, Info, b"DHCP, static leases only on %, lease time %";
    /// A relay: split or not, our address, to whom and by which interface.
    RELAY: Dhcp, Info, b"DHCP %relay from %%";
    /// A network where PXE clients are told what to boot.
    RANGE_PROXY: Dhcp, Info, b"DHCP, proxy on subnet %";
    /// DHCP hosts file, why.
    CANNOT_READ: Main, Error, b"cannot read %: %";
    /// `/etc/ethers`, why.
    NO_ETHERS: Dhcp, Error, b"failed to read %: %";
    /// File, why.
    NOT_READ: Main, Error, b"failed to read %: %";
    /// Address, why: a socket that followed a change.
    NO_LISTENER: Main, Warning, b"failed to create listening socket for %: %";
    /// Most interfaces, most addresses of one.
    TOO_MANY_LINKS: Main, Warning, b"more than % network interfaces or % addresses of one, cannot serve all of them";
    /// SIGTERM.
    EXITING: Main, Info, b"exiting on receipt of SIGTERM";
    /// Critical: the last line of a start that failed.
    FAILED: Main, Critical, b"FAILED to start up";

    /// A line that the program wrote.
    SCRIPT_LINE: Script, Debug, b"%";
    /// Program, why.
    SCRIPT_NOT_RUN: Main, Error, b"failed to execute %: %";
    /// Status.
    SCRIPT_STATUS: Main, Warning, b"script process exited with status %";
    /// Signal.
    SCRIPT_KILLED: Main, Warning, b"script process killed by signal %";
    /// Why: the account of `dhcp-scriptuser`.
    SCRIPT_NO_ACCOUNT: Main, Critical, b"failed to change user for scripts: %";
    /// Too many events of transfers wait.
    SCRIPT_LOST: Main, Warning, b"script is too slow: events were lost";
    /// Somebody killed it.
    SCRIPT_GONE: Main, Error, b"helper process has ended: no more scripts are run";

    /// The bus is there from the start.
    BUS: Main, Info, b"UBus support enabled: connected to system bus";
    /// It is not there yet.
    BUS_PENDING: Main, Info, b"UBus support enabled: bus connection pending";
    /// It is there now.
    BUS_CONNECTED: Main, Info, b"connected to system UBus";
    /// Why.
    BUS_LOST: Main, Warning, b"connection to UBus lost: %";
    /// The name of our object, a number of the bus.
    BUS_REFUSED: Main, Warning, b"UBus error: object % is refused, status %";

    /// Number of the packet, its kind in hexadecimal.
    DUMPED: Main, Info, b"dumping packet % mask 0x%";
    /// It could not be written.
    NOT_DUMPED: Main, Error, b"failed to write packet dump";
}

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
