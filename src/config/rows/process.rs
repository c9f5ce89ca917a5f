//! Files to read, and how the process runs.

use crate::config::draft::Draft;
use crate::config::lexer::Text;
use crate::config::refusal::Applied;
use crate::config::row::{Apply, Row, Wish, file, flag, once, special};

pub const ROWS: &[Row] = &[
    special("conf-file[=<file>]", b'C', Apply::File, "Read this configuration file (/etc/dnsmasq.conf)")
        .manual(
            "Reads configuration from this file. The first one on the command line takes the place of /etc/dnsmasq.conf and is \
             read when the rest of the command line has been; any other is read where it stands.\n\n\
             The name - means standard input, which is read once. A file that was read already is passed over in silence, also \
             under another name. A file that cannot be read ends the start with status 3. Without a name nothing is read: \
             --conf-file= on the command line is how to do without any file.",
        ),
    special("conf-dir=<dir>[,<suffix>...]", b'7', Apply::Dir, "Read every configuration file of a directory")
        .manual(
            "Reads every file of this directory, but not of directories inside it, in the order of their names. Names that begin \
             with a dot, that end in ~, or that begin and end with # are left out.\n\n\
             Behind commas follow endings of names: a plain one leaves out the files that have it, and with a * in front only \
             files that have one of these are read. So --conf-dir=/etc/dnsmasq.d,*.conf reads the files ending in .conf, and \
             --conf-dir=/etc/dnsmasq.d,.bak all but those ending in .bak.",
        ),
    special("conf-script=<command>", 0, Apply::Command, "Read the output of a command as configuration")
        .manual(
            "Runs this command by the shell when the configuration is read, and reads what it writes to standard output as if it \
             stood in a file. Errors name the command instead of a file and a line. If it ends with anything but 0 the start ends \
             with status 10. It is run by --test too, and not again on SIGHUP.",
        ),
    file("servers-file=<file>", 0, |draft| &mut draft.config.dns.servers_file.path, "Read upstream servers from a file, again on SIGHUP")
        .manual(
            "Reads upstream servers from this file: lines of --server and --rev-server as in a configuration file, and \
             nothing else. It is read just after the start and again on SIGHUP; then what it says takes the place of what it said \
             before. Lines that are wrong are logged and passed over.",
        ),
    file("user[=<user>]", b'u', |draft| &mut draft.config.process.user, "Run as this user once started (nobody)")
        .manual(
            "The account to change to when everything that needs root has been opened. The default is nobody; with \
             nothing behind the equals sign the account stays the one that started the program.\n\n\
             Only the capabilities that the configuration needs are kept: to administer the network, to send raw packets, to bind \
             low ports. Nothing is changed with --no-daemon, or when the program was not started by root. An account that does \
             not exist ends the start with status 1. Files that are read again on SIGHUP must be readable to this account.",
        ),
    once("group[=<group>]", b'g', group, "Run as this group once started (dip)")
        .manual(
            "The group to change to, together with the account. The default is dip if there is such a group, otherwise the \
             group of the account. With nothing behind the equals sign the group stays as it was.",
        ),
    file("pid-file[=<path>]", b'x', |draft| &mut draft.config.process.pid_file, "Write the process id here (/var/run/dnsmasq.pid)")
        .manual(
            "Writes the process id, a decimal number and a newline, to this file, which stays at the end. The default \
             is /var/run/dnsmasq.pid; with nothing behind the equals sign there is none. A file that exists is deleted first. If \
             it cannot be written and the program was started by root, the start ends with status 3. With --no-daemon none is \
             written.",
        ),
    flag("keep-in-foreground", b'k', |draft| &mut draft.foreground, "Stay in the foreground")
        .manual(
            "Does not go into the background, and does everything else as usual: the account is changed, the process id is \
             written, the log goes where it should. Meant for supervisors such as procd, systemd or runit.",
        ),
    flag("no-daemon", b'd', |draft| &mut draft.debug, "Stay in the foreground, keep privileges, log to standard error")
        .manual(
            "For debugging: stays in the foreground and keeps its privileges, writes no process id, and writes the log to \
             standard error as well. SIGUSR1 also shows what the cache holds, and SIGINT ends the program with status 5.",
        ),
    special("test", 0, Apply::CommandLine(Wish::Test), "Check the configuration and exit")
        .manual(
            "Reads the configuration, says what is wrong with it, and ends: with status 0 and the words \"syntax check OK.\" if \
             nothing is, otherwise with the status a start would have ended with. Nothing is opened, bound or written.\n\n\
             Beside errors it warns of what a start would stumble over, or what is probably not meant: accounts, files and \
             interfaces that do not exist, options that have no effect beside the others, ranges of addresses that overlap, hosts \
             outside all ranges, tags that nothing sets. Warnings do not change the status. The memory that the configuration \
             will take is printed to standard output, table by table. In a file the word means nothing.",
        ),
    special("help", b'w', Apply::CommandLine(Wish::Help), "Show this; --help dhcp shows names of DHCP options")
        .manual(
            "Shows all options, a line each. With dhcp or dhcp6 as the only further word it shows the names and \
             numbers of DHCP options that may be used in --dhcp-option and --dhcp-match instead. In a file the word means nothing.",
        ),
    special("version", b'v', Apply::CommandLine(Wish::Version), "Show version and parts of this build")
        .manual(
            "Shows the version and which parts this build has, in the two lines that other programs look for. In a file \
             the word means nothing.",
        ),
    special("log-malloc", 0, Apply::Holds, "Log every allocation of memory after start").manual(
        "For hunting memory leaks. This program allocates nothing after start, so there is nothing to log.",
    ),
];

fn group(draft: &mut Draft, text: Text) -> Applied {
    draft.config.process.group = Some(text.path());
    Ok(())
}
