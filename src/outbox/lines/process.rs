//! Log lines: start, stop, files.
