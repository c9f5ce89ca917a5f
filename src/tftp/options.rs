//! What a client and we agree on before the first block: RFC 2348 (blksize),
//! RFC 2349 (tsize, timeout), RFC 7440 (windowsize). An option that we do not
//! take is left out of the acknowledgement, which tells the client.

use crate::base::bytes::Writer;
use crate::config::Tftp;
use crate::limits;
use crate::wire::tftp::{self, Request};

/// Seconds before a block is sent again, unless the client says otherwise.
const RETRY_SECS: u8 = 2;

/// Octets of a block, unless the client says otherwise (RFC 1350 §2).
const BLOCK: u16 = 512;

/// Octets of block beyond the largest DNS packet. Quirk: dnsmasq reads files
/// into the buffer of its DNS packets, which is this much larger, so the block
/// size that it offers on links of large MTU depends on `edns-packet-max`.
const BEYOND_EDNS: u64 = 261;

/// What was agreed on.
#[derive(Clone, Copy)]
pub struct Options {
    /// Octets of a block, at least 1.
    pub block: u16,
    /// Blocks sent before an acknowledgement is waited for, at least 1.
    pub window: u16,
    /// Seconds before the first retry, at least 1.
    pub retry_secs: u8,
    /// Line ends become CR LF.
    pub netascii: bool,
    /// Which of them the client asked for.
    asked: Asked,
}

#[derive(Clone, Copy, Default)]
struct Asked {
    block: bool,
    size: bool,
    retry: bool,
    window: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { block: BLOCK, window: 1, retry_secs: RETRY_SECS, netascii: false, asked: Asked::default() }
    }
}

impl Options {
    /// What we take of a request, with blocks of at most `largest` octets (of
    /// 512 with `no_blocksize`); nothing when its mode is not one of ours.
    pub fn from_request(request: &Request, largest: u16, no_blocksize: bool) -> Option<Self> {
        let netascii = request.mode.eq_ignore_ascii_case(b"netascii");
        if !netascii && !request.mode.eq_ignore_ascii_case(b"octet") {
            return None;
        }
        let mut options = Options { netascii, ..Options::default() };
        for (name, value) in request.options {
            options.take(name, tftp::number(value), largest, no_blocksize);
        }
        Some(options)
    }

    fn take(&mut self, name: &[u8], value: u64, largest: u16, no_blocksize: bool) {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        if is("blksize") && !no_blocksize {
            self.block = u16::try_from(value).unwrap_or(u16::MAX).min(largest).max(1);
            self.asked.block = true;
        } else if is("tsize") && !self.netascii {
            // The size on the wire would not be that of the file.
            self.asked.size = true;
        } else if is("timeout") && (1..=255).contains(&value) {
            self.retry_secs = u8::try_from(value).unwrap_or(RETRY_SECS);
            self.asked.retry = true;
        } else if is("windowsize") && !self.netascii && value > 0 {
            self.window = u16::try_from(value).unwrap_or(u16::MAX).min(limits::TFTP_WINDOW_MAX);
            self.asked.window = true;
        }
    }

    /// True when there is something to acknowledge.
    pub fn any(&self) -> bool {
        let Asked { block, size, retry, window } = self.asked;
        block || size || retry || window
    }

    /// Writes the acknowledgement for a file of `size` octets.
    pub fn write(&self, out: &mut Writer, size: u64) {
        tftp::write_option_ack(out);
        if self.asked.block {
            tftp::write_option(out, "blksize", self.block.into());
        }
        if self.asked.size {
            tftp::write_option(out, "tsize", size);
        }
        if self.asked.retry {
            tftp::write_option(out, "timeout", self.retry_secs.into());
        }
        if self.asked.window {
            tftp::write_option(out, "windowsize", self.window.into());
        }
    }
}

/// The largest block that goes into one unfragmented packet: the MTU less the
/// headers of IP, UDP and TFTP (RFC 2348 leaves it to the ends). `mtu` is that
/// of the interface, `v6` the family of the client.
pub fn largest_block(config: &Tftp, edns_max: u16, mtu: u32, v6: bool) -> u16 {
    let mtu = config.mtu.map_or(mtu, |most| mtu.min(most.into()));
    let room = u64::from(mtu).saturating_sub(if v6 { 52 } else { 32 });
    let largest = room.min(u64::from(edns_max).saturating_add(BEYOND_EDNS));
    let read_at_once = u16::try_from(limits::FILE_READ_MAX).unwrap_or(u16::MAX);
    u16::try_from(largest).unwrap_or(u16::MAX).clamp(1, read_at_once)
}
