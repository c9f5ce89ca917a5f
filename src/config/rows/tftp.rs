//! The TFTP server.

use crate::config::UniqueRoot;
use crate::config::draft::{Draft, Flag, Number};
use crate::config::lexer::Text;
use crate::config::refusal::{Applied, ERROR};
use crate::config::row::{Row, flag, many, number, once};
use crate::config::values::{add_patterns, port};

pub const ROWS: &[Row] = &[
    many("enable-tftp[=<interface>[,...]]", 0, enable_tftp, "Serve files by TFTP, read only").tftp(),
    many("tftp-root=<dir>[,<interface>]", 0, tftp_root, "The directory that TFTP serves").tftp(),
    flag("tftp-no-fail", 0, Flag::TftpNoFail, "Start even if the directory is missing").tftp(),
    many("tftp-unique-root[=ip|mac]", 0, unique_root, "Serve each client from a directory of its own").tftp(),
    flag("tftp-secure", 0, Flag::TftpSecure, "Serve only files that the server's user owns").tftp(),
    flag("tftp-lowercase", 0, Flag::TftpLowercase, "Turn names of files to lower case").tftp(),
    number("tftp-max=<n>", 0, Number::TftpMax, (0, u32::MAX), "Most transfers at once (50)").tftp(),
    number("tftp-mtu=<n>", 0, Number::TftpMtu, (0, u32::MAX), "Largest packet of a transfer, in octets").tftp(),
    flag("tftp-no-blocksize", 0, Flag::TftpNoBlocksize, "Do not agree on a block size").tftp(),
    once("tftp-port-range=<from>,<to>", 0, port_range, "Ports of transfers").tftp(),
    flag("tftp-single-port", 0, Flag::TftpSinglePort, "Answer from port 69 only").tftp(),
];

fn enable_tftp(draft: &mut Draft, text: Text) -> Applied {
    draft.tftp = true;
    add_patterns(&mut draft.tftp_interfaces, text);
    Ok(())
}

fn tftp_root(draft: &mut Draft, text: Text) -> Applied {
    let (dir, iface) = text.split(b',');
    let dir: Box<[u8]> = dir.octets().into();
    match iface.filter(|iface| !iface.is_empty()) {
        Some(iface) => draft.tftp_iface_roots.push((iface.octets().into(), dir)),
        None => draft.tftp_root = Some(dir).filter(|dir| !dir.is_empty()),
    }
    Ok(())
}

fn unique_root(draft: &mut Draft, text: Text) -> Applied {
    draft.tftp_unique_root = Some(match text.octets().to_ascii_lowercase().as_slice() {
        b"" | b"ip" => UniqueRoot::Ip,
        b"mac" => UniqueRoot::Mac,
        _ => return Err(ERROR),
    });
    Ok(())
}

fn port_range(draft: &mut Draft, text: Text) -> Applied {
    let (from, to) = text.split(b',');
    let ends = to.and_then(|to| Some((port(from.octets())?, port(to.octets())?)));
    let (from, to) = ends.ok_or("bad port range")?;
    draft.tftp_ports = Some((from.min(to), from.max(to)));
    Ok(())
}
