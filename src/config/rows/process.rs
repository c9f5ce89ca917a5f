//! Files to read, and how the process runs.

use crate::config::draft::{Draft, Flag};
use crate::config::lexer::Text;
use crate::config::refusal::Applied;
use crate::config::row::{Apply, Row, Wish, flag, later, once, special};
use crate::config::values::{path, path_or_none};

pub const ROWS: &[Row] = &[
    special("conf-file[=<file>]", b'C', Apply::File, "Read this configuration file (/etc/dnsmasq.conf)"),
    special("conf-dir=<dir>[,<suffix>...]", b'7', Apply::Dir, "Read every configuration file of a directory"),
    later("conf-script=<command>", 0, "Read the output of a command as configuration"),
    later("servers-file=<file>", 0, "Read upstream servers from a file, again on SIGHUP"),
    once("user[=<user>]", b'u', user, "Run as this user once started (nobody)"),
    once("group[=<group>]", b'g', group, "Run as this group once started (dip)"),
    once("pid-file[=<file>]", b'x', pid_file, "Write the process id here (/var/run/dnsmasq.pid)"),
    flag("keep-in-foreground", b'k', Flag::Foreground, "Stay in the foreground"),
    flag("no-daemon", b'd', Flag::Debug, "Stay in the foreground, keep privileges, log to standard error"),
    special("test", 0, Apply::CommandLine(Wish::Test), "Check the configuration and exit"),
    special("help", b'w', Apply::CommandLine(Wish::Help), "Show this; --help dhcp shows names of DHCP options"),
    special("version", b'v', Apply::CommandLine(Wish::Version), "Show version and parts of this build"),
    special("log-malloc", 0, Apply::Holds, "Log every allocation of memory after start").manual(
        "For hunting memory leaks. This program allocates nothing after start, so there is nothing to log.",
    ),
];

fn user(draft: &mut Draft, text: Text) -> Applied {
    draft.user = path_or_none(text)?;
    Ok(())
}

fn group(draft: &mut Draft, text: Text) -> Applied {
    draft.group = Some(path(text.octets())?);
    Ok(())
}

fn pid_file(draft: &mut Draft, text: Text) -> Applied {
    draft.pid_file = path_or_none(text)?;
    Ok(())
}
