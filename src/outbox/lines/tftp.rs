//! Log lines: TFTP.
