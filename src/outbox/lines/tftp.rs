//! Log lines: TFTP. The texts of refusals go to the client too, word for word.

use super::Line;
use crate::outbox::action::{Channel, Level};

const fn error(text: &'static str) -> Line {
    Line { channel: Channel::Tftp, level: Level::Error, text }
}

/// File, client. The only line that `quiet-tftp` suppresses.
pub const NOT_FOUND: Line = error("file % not found for %");
/// File, why.
pub const NO_ACCESS: Line = error("cannot access %: %");
/// File, why.
pub const CANNOT_READ: Line = error("cannot read %: %");
/// Client.
pub const UNSUPPORTED: Line = error("unsupported request from %");
/// Client.
pub const WRITE_REQUEST: Line = error("unsupported write request from %");
/// Client.
pub const EMPTY_NAME: Line = error("empty filename in request from %");
/// Who sent to another client's transfer.
pub const MISMATCH: Line = error("ignoring packet from % (TID mismatch)");
/// Code, text, client.
pub const CLIENT_ERROR: Line = error("error % % received from %");
/// File, client.
pub const FAILED: Line = error("failed sending % to %");
/// File, client.
pub const TIMED_OUT: Line = error("timeout sending % to %");
/// Every port of `tftp-port-range` is taken.
pub const NO_PORT: Line = error("unable to get free port for TFTP");
/// File, client.
pub const SENT: Line = Line { channel: Channel::Tftp, level: Level::Info, text: "sent % to %" };
