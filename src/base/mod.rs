//! Floor 0: things with no opinion. Bytes, text, time, randomness, hashing,
//! slots, addresses. Nothing here knows a protocol, a configuration or a
//! system call, and nothing here imports anything of ours.

pub mod blocks;
pub mod bytes;
pub mod errno;
pub mod hash;
pub mod index;
pub mod lines;
pub mod net;
pub mod octets;
pub mod order;
pub mod packed;
pub mod random;
pub mod reserved;
pub mod slab;
pub mod suffix;
pub mod text;
pub mod texts;
pub mod time;
