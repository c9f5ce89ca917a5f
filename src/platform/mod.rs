//! Linux, behind safe signatures: the only place with `unsafe` and `libc`.
//! Every call that can fail returns the error number; nothing here retries,
//! sleeps, logs or knows a protocol of ours.

#![allow(unsafe_code)]
