//! Log lines: DNS.
