//! What every fuzz target does with its input, and what must hold afterwards.
//!
//! The parsers promise to read anything without panic, endless loop or a look
//! beyond the end; that is what the fuzzer watches by itself. The rest is said
//! here: what was read must agree with itself, and what is built from it must be
//! readable again.

pub mod core;
pub mod counting;
pub mod reader;
pub mod streams;
pub mod text;
pub mod wire;
