//! The heap is closed while the loop runs. This is watched in builds for tests
//! and under the feature `seal`, where touching it ends the process; the
//! product does without the watch.

/// From now on nothing allocates.
pub fn close() {
    #[cfg(any(feature = "seal", debug_assertions))]
    crate::platform::seal::seal(crate::platform::seal::Seal::Abort);
}

/// Tables may be built.
pub fn open() {
    #[cfg(any(feature = "seal", debug_assertions))]
    crate::platform::seal::unseal();
}
