//! Files to read, and how the process runs.

use crate::config::draft::{Draft, Flag};
use crate::config::lexer::Text;
use crate::config::refusal::Applied;
use crate::config::row::{Apply, Row, Takes, Wish, flag, later, later_flag, once, special};
use crate::config::values::{path, path_or_none};

pub const ROWS: &[Row] = &[
    special("conf-file", b'C', Takes::Optional("<file>"), Apply::File, "Read this configuration file (/etc/dnsmasq.conf)"),
    special("conf-dir", b'7', Takes::Value("<dir>[,<suffix>...]"), Apply::Dir, "Read every configuration file of a directory"),
    later("conf-script", 0, Takes::Value("<command>"), "Read the output of a command as configuration"),
    later("servers-file", 0, Takes::Value("<file>"), "Read upstream servers from a file, again on SIGHUP"),
    once("user", b'u', Takes::Optional("<name>"), user, "Run as this user once started (nobody)"),
    once("group", b'g', Takes::Optional("<name>"), group, "Run as this group once started (dip)"),
    once("pid-file", b'x', Takes::Optional("<file>"), pid_file, "Write the process id here (/var/run/dnsmasq.pid)"),
    flag("keep-in-foreground", b'k', Flag::Foreground, "Stay in the foreground"),
    flag("no-daemon", b'd', Flag::Debug, "Stay in the foreground, keep privileges, log to standard error"),
    special("test", 0, Takes::Nothing, Apply::CommandLine(Wish::Test), "Check the configuration and exit"),
    special("help", b'w', Takes::Nothing, Apply::CommandLine(Wish::Help), "Show this; --help dhcp shows names of DHCP options"),
    special("version", b'v', Takes::Nothing, Apply::CommandLine(Wish::Version), "Show version and parts of this build"),
    later_flag("log-malloc", 0, "Log every allocation of memory"),
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
