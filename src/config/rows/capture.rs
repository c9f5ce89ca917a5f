//! The file that packets are written to for other programs to read.

use crate::config::draft::Draft;
use crate::config::lexer::Text;
use crate::config::refusal::{Applied, ERROR};
use crate::config::row::{Row, file, once};

pub const ROWS: &[Row] = &[
    file("dumpfile=<path>", 0, |draft| &mut draft.config.capture.file, "Write packets to a capture file").manual("\
Writes datagrams of DNS, DHCP and TFTP to a file in the format of libpcap, for tcpdump and wireshark. The packets carry headers \
that are made up and not those of the wire. A valid file that exists is appended to, and a named pipe may be given. See dumpmask."),
    once("dumpmask=<mask>", 0, mask, "Which packets go to the capture file").manual("\
Says which packets go to dumpfile, as the sum of: 1 questions of clients, 2 answers to them, 4 questions to servers, 8 their answers, 16 and 32 \
questions of DNSSEC and their answers, 64 and 128 answers that fail validation, 4096 DHCP, 8192 DHCPv6, 16384 router advertisements, \
32768 TFTP. The number is decimal, hexadecimal behind 0x, or octal behind 0. All packets are written by default."),
];

/// The sum of bits, as C's `strtol` reads it.
fn mask(draft: &mut Draft, text: Text) -> Applied {
    let (radix, digits) = match text.octets() {
        [b'0', b'x' | b'X', digits @ ..] => (16, digits),
        [b'0', digits @ ..] => (8, digits),
        digits => (10, digits),
    };
    let mut sum = 0u32;
    for octet in digits {
        let digit = char::from(*octet).to_digit(radix).ok_or(ERROR)?;
        sum = sum.saturating_mul(radix).saturating_add(digit);
    }
    draft.config.capture.mask = Some(sum);
    Ok(())
}
