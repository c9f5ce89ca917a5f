//! The only place where everything meets: [`core`] owns the tables and the
//! engines and does no I/O; the rest is the shell around it.

pub mod core;
