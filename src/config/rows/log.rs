//! What is logged, and where.

use crate::config::LogTarget;
use crate::config::draft::Draft;
use crate::config::lexer::Text;
use crate::config::refusal::{Applied, ERROR};
use crate::config::row::{Apply, Row, flag, many, once, special};
use crate::config::values::path;

pub const ROWS: &[Row] = &[
    once("log-facility=<facility>|<path>|-", b'8', log_facility, "Log to a syslog facility, a file or standard error (daemon)")
        .manual("Where log lines go: to the system's log under the name of a facility (kern, user, mail, daemon, \
            auth, authpriv, syslog, lpr, news, uucp, cron, ftp, local0 to local7; daemon if the option is not \
            given, local0 with no-daemon), to a file if there is a slash in it, or to standard error with a \
            hyphen. A file is appended to, made if it is missing, given to the account that the server runs \
            as, and opened again at SIGUSR2."),
    many("log-queries[=extra|proto|auth|only_failed]", b'q', log_queries, "Log DNS queries and answers").bare_short()
        .manual("Logs DNS questions and what became of them, and makes the statistics at SIGUSR1 longer. With extra \
            each line begins with a serial number and with the address and port of the client, so that lines \
            that belong together can be found; with proto UDP or TCP stands in front of that. With auth only \
            what is asked of authoritative zones is logged, with only_failed only answers that say no: errors, \
            and names or types that there are not. The option may be repeated to say several of these; other \
            words count as none."),
    flag("log-dhcp", 0, |draft| &mut draft.config.log.dhcp, "Log what DHCP clients ask for and are sent")
        .manual("Logs what DHCP clients send and are sent in detail: their tags, the options that they ask for, and \
            every option of the answer."),
    flag("log-debug", 0, |draft| &mut draft.config.log.debug, "Log what helps to find faults")
        .manual("Logs what helps to find faults, such as the addresses that sockets are opened and closed for."),
    flag("quiet-dhcp", 0, |draft| &mut draft.config.log.quiet_dhcp, "Leave routine DHCPv4 out of the log")
        .manual("Leaves routine lines about DHCPv4 out of the log; problems are still logged. log-dhcp wins over \
            it."),
    special("quiet-dhcp6", 0, Apply::Holds, "Leave routine DHCPv6 out of the log")
        .manual("Leaves routine lines about DHCPv6 out of the log. This server has no DHCPv6 yet, so that holds in \
            any case."),
    special("quiet-ra", 0, Apply::Holds, "Leave router advertisements out of the log")
        .manual("Leaves lines about router advertisements out of the log. This server sends none yet, so that holds \
            in any case."),
    flag("quiet-tftp", 0, |draft| &mut draft.config.log.quiet_tftp, "Leave missing TFTP files out of the log")
        .manual("Does not log that files asked for by TFTP do not exist; other problems are still logged."),
    once("log-async[=<lines>]", 0, log_async, "Queue at most so many log lines (5)")
        .manual("How many lines may wait while the system's log is busy: 5 if there is no number, at most 100. Lines beyond that \
            are lost, and a line says how many were. This server never waits for its log; without this option, or with 0, as \
            many lines may wait as fit into 32 KiB. It has no effect on lines that go to a file or to standard error."),
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
    draft.config.log.target = match octets {
        b"-" => LogTarget::Stderr,
        _ if octets.contains(&b'/') => LogTarget::File(path(octets)),
        _ => {
            let found = FACILITIES.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(text.meant()));
            LogTarget::Syslog(found.ok_or(wrong!("bad log facility"))?.1)
        }
    };
    Ok(())
}

fn log_queries(draft: &mut Draft, text: Text) -> Applied {
    let queries = &mut draft.config.log.queries;
    queries.on = true;
    let said = text.octets();
    // Quirk: any other word counts as none; scripts write `log-queries=yes`.
    queries.proto |= said == b"proto";
    queries.extra |= said == b"extra" || said == b"proto";
    queries.auth |= said == b"auth";
    queries.failed |= said == b"only_failed";
    Ok(())
}

/// Lines that may wait: if nothing is said, and at most.
const QUEUE: u8 = 5;
const QUEUE_MAX: u8 = 100;

fn log_async(draft: &mut Draft, text: Text) -> Applied {
    let lines = text.number().ok_or(ERROR)?;
    draft.config.log.queue = if text.is_empty() { QUEUE } else { u8::try_from(lines).unwrap_or(QUEUE_MAX).min(QUEUE_MAX) };
    Ok(())
}
