//! What is logged, and where.

use crate::config::LogTarget;
use crate::config::draft::{Draft, Flag};
use crate::config::lexer::Text;
use crate::config::refusal::Applied;
use crate::config::row::{Apply, Row, flag, later, many, once, special};
use crate::config::values::path;

pub const ROWS: &[Row] = &[
    once("log-facility=<facility>|<file>|-", b'8', log_facility, "Log to a syslog facility, a file or standard error (daemon)"),
    many("log-queries[=extra|proto]", b'q', log_queries, "Log DNS queries and answers").bare_short(),
    flag("log-dhcp", 0, Flag::LogDhcp, "Log what DHCP clients ask for and are sent"),
    flag("log-debug", 0, Flag::LogDebug, "Log what helps to find faults"),
    flag("quiet-dhcp", 0, Flag::QuietDhcp, "Leave routine DHCPv4 out of the log"),
    special("quiet-dhcp6", 0, Apply::Holds, "Leave routine DHCPv6 out of the log"),
    special("quiet-ra", 0, Apply::Holds, "Leave router advertisements out of the log"),
    flag("quiet-tftp", 0, Flag::QuietTftp, "Leave missing TFTP files out of the log"),
    later("log-async[=<lines>]", 0, "Queue log lines while the log is busy"),
];

/// Facilities by name, with their numbers in RFC 3164 §4.1.1.
const FACILITIES: [(&str, u8); 21] = [
    ("kern", 0),
    ("user", 1),
    ("mail", 2),
    ("daemon", 3),
    ("auth", 4),
    ("security", 4),
    ("syslog", 5),
    ("lpr", 6),
    ("news", 7),
    ("uucp", 8),
    ("cron", 9),
    ("authpriv", 10),
    ("ftp", 11),
    ("local0", 16),
    ("local1", 17),
    ("local2", 18),
    ("local3", 19),
    ("local4", 20),
    ("local5", 21),
    ("local6", 22),
    ("local7", 23),
];

fn log_facility(draft: &mut Draft, text: Text) -> Applied {
    let octets = text.octets();
    draft.log_target = Some(match octets {
        b"-" => LogTarget::Stderr,
        _ if octets.contains(&b'/') => LogTarget::File(path(octets)?),
        _ => {
            let found = FACILITIES.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(octets));
            LogTarget::Syslog(found.ok_or("bad log facility")?.1)
        }
    });
    Ok(())
}

fn log_queries(draft: &mut Draft, text: Text) -> Applied {
    // Quirk: any other word counts as none; scripts write `log-queries=yes`.
    let proto = text.octets() == b"proto";
    draft.queries.on = true;
    draft.queries.proto |= proto;
    draft.queries.extra |= proto || text.octets() == b"extra";
    Ok(())
}
