//! The TFTP server.

use crate::base::octets::lower;
use crate::config::UniqueRoot;
use crate::config::draft::{Draft, Number};
use crate::config::lexer::Text;
use crate::config::refusal::{Applied, ERROR};
use crate::config::row::{Row, flag, many, number, once};
use crate::config::values::add_patterns;

pub const ROWS: &[Row] = &[
    many("enable-tftp[=<interface>[,...]]", 0, enable_tftp, "Serve files by TFTP, read only").tftp().manual(
        "Switches the TFTP server on, at UDP port 69. It only sends files; what clients want to write is \
         refused. Without a value it is reached through the interfaces that DNS and DHCP are served on, less \
         those of no-dhcp-interface; with interfaces (an asterisk at the end stands for the rest of a name) \
         through these alone, whatever the other directives say.\n\nPeople who can reach it can read every \
         file under the root that the server may read: name a tftp-root.\n\nThe options blksize, tsize, \
         timeout and windowsize of TFTP (RFC 2347 to 2349, RFC 7440) are understood.",
    ),
    many("tftp-root=<dir>[,<interface>]", 0, tftp_root, "The directory that TFTP serves").tftp().manual(
        "The directory that file names of clients are looked up in. A name with .. as a part is refused, even if \
         it would stay inside; a name that already begins with the root is taken as it is; symbolic links \
         are followed, wherever they lead. Without a root every file that the server may read can be \
         had.\n\nWith an interface behind a comma the directory is for requests that arrive there, and goes \
         before the general one. A directory that is missing at start ends the start, unless tftp-no-fail is \
         given. Of several general roots the last one counts.",
    ),
    flag("tftp-no-fail", 0, |draft| &mut draft.config.tftp.no_fail, "Start even if the directory is missing").tftp().manual(
        "A tftp-root that cannot be read is no reason not to start: it is only told, and requests fail until \
         it is there.",
    ),
    many("tftp-unique-root[=ip|mac]", 0, unique_root, "Serve each client from a directory of its own").tftp().manual(
        "Each client has a directory of its own under the root, named after its IP address, or with mac after \
         its hardware address in the form 01-23-45-67-89-ab. Where there is no such directory the root itself \
         is used. The hardware address is known only for clients on the same network.",
    ),
    flag("tftp-secure", 0, |draft| &mut draft.config.tftp.secure, "Serve only files that the server's user owns").tftp().manual(
        "Only files that belong to the account that the server runs as are sent. Without this, a server that \
         runs as root sends only files that everybody may read, and one that does not run as root sends what \
         it can read.",
    ),
    flag("tftp-lowercase", 0, |draft| &mut draft.config.tftp.lowercase, "Turn names of files to lower case").tftp().manual(
        "Letters in file names are made small before the file is looked up, for clients that write them \
         large. A backslash counts as a slash with or without this.",
    ),
    number("tftp-max=<n>", 0, Number::TftpMax, (0, u32::MAX), "Most transfers at once (50)").tftp().manual(
        "Most transfers at once; the default is 50. Each takes two open files. With tftp-port-range the \
         number of ports is a limit too. A request beyond the limit is not answered; clients ask again.",
    ),
    number("tftp-mtu=<n>", 0, Number::TftpMtu, (0, u32::MAX), "Largest packet of a transfer, in octets").tftp().manual(
        "Upper bound for the size of packets, in octets with all headers, whatever the interface would carry. \
         It limits the block size that is agreed on, for networks whose inner links carry less than the first \
         one.",
    ),
    flag("tftp-no-blocksize", 0, |draft| &mut draft.config.tftp.no_blocksize, "Do not agree on a block size").tftp().manual(
        "The server does not agree to another block size than 512 octets. Some boot ROMs ask for another one \
         and cannot cope with it.",
    ),
    once("tftp-port-range=<from>,<to>", 0, port_range, "Ports of transfers").tftp().manual(
        "Transfers use local ports from the first to the last of these, one for each transfer, instead of any \
         free port, so that a firewall can let them through. The number of ports limits that of transfers. \
         The two may stand in either order.",
    ),
    flag("tftp-single-port", 0, |draft| &mut draft.config.tftp.single_port, "Answer from port 69 only").tftp().manual(
        "All packets leave from port 69 and come back to it, so that transfers pass firewalls and address \
         translation. A client is known by its address and port. It goes before tftp-port-range.",
    ),
];

fn enable_tftp(draft: &mut Draft, text: Text) -> Applied {
    draft.config.tftp.on = true;
    add_patterns(&mut draft.config.tftp.interfaces, text);
    Ok(())
}

fn tftp_root(draft: &mut Draft, text: Text) -> Applied {
    let (dir, iface) = text.split(b',');
    let dir: Box<[u8]> = dir.boxed();
    match iface.filter(|iface| !iface.is_empty()) {
        Some(iface) => draft.config.tftp.iface_roots.push((iface.boxed(), dir)),
        None => draft.config.tftp.root = Some(dir).filter(|dir| !dir.is_empty()),
    }
    Ok(())
}

fn unique_root(draft: &mut Draft, text: Text) -> Applied {
    draft.config.tftp.unique_root = Some(match &*lower(text.octets()) {
        b"" | b"ip" => UniqueRoot::Ip,
        b"mac" => UniqueRoot::Mac,
        _ => return Err(ERROR),
    });
    Ok(())
}

fn port_range(draft: &mut Draft, text: Text) -> Applied {
    let (from, to) = text.split(b',');
    let ends = to.and_then(|to| Some((from.port()?, to.port()?)));
    let (from, to) = ends.ok_or(wrong!("bad port range"))?;
    draft.config.tftp.ports = Some((from.min(to), from.max(to)));
    Ok(())
}
