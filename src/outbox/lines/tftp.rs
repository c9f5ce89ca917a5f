//! Log lines: TFTP. The texts of refusals go to the client too, word for word.

use super::{Channel, Level, Line};

lines! {
    /// File, client. The only line that `quiet-tftp` suppresses.
    NOT_FOUND: Tftp, Error, b"file % not found for %";
    /// File, why.
    NO_ACCESS: Tftp, Error, b"cannot access %: %";
    /// File, why.
    CANNOT_READ: Tftp, Error, b"cannot read %: %";
    /// Client.
    UNSUPPORTED: Tftp, Error, b"unsupported request from %";
    /// Client.
    WRITE_REQUEST: Tftp, Error, b"unsupported write request from %";
    /// Client.
    EMPTY_NAME: Tftp, Error, b"empty filename in request from %";
    /// Who sent to another client's transfer.
    MISMATCH: Tftp, Error, b"ignoring packet from % (TID mismatch)";
    /// Code, text, client.
    CLIENT_ERROR: Tftp, Error, b"error % % received from %";
    /// File, client.
    FAILED: Tftp, Error, b"failed sending % to %";
    /// File, client.
    TIMED_OUT: Tftp, Error, b"timeout sending % to %";
    /// Every port of `tftp-port-range` is taken.
    NO_PORT: Tftp, Error, b"unable to get free port for TFTP";
    /// File, client.
    SENT: Tftp, Info, b"sent % to %";
}
