//! The heap is closed while the loop runs. In the program this is only watched
//! under the feature `seal`, where touching it ends the process.

#[cfg(feature = "seal")]
use crate::platform::seal::{self, Seal};

/// From now on nothing allocates.
pub fn close() {
    #[cfg(feature = "seal")]
    seal::seal(Seal::Abort);
}

/// Tables may be built.
pub fn open() {
    #[cfg(feature = "seal")]
    seal::unseal();
}
