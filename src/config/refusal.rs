//! Why a line was refused: the words only. Where it stood is added by `source`,
//! which knows the file and the line.

use std::borrow::Cow;

/// The words of a refusal; none when the option has no message of its own.
///
/// One word of the machine, so that results with it come back in registers:
/// there are hundreds of places that hand one on.
#[cfg_attr(any(test, debug_assertions), derive(Debug, PartialEq))]
pub struct Refusal(Option<Box<Cow<'static, str>>>);

/// The refusal without words of its own.
pub const ERROR: Refusal = Refusal(None);

/// What an option's function returns.
pub type Applied<T = ()> = Result<T, Refusal>;

impl Refusal {
    /// The words; empty if it has none of its own.
    pub fn words(&self) -> &str {
        self.0.as_ref().map_or("", |words| words)
    }
}

impl From<&'static str> for Refusal {
    #[inline(never)]
    fn from(words: &'static str) -> Self {
        Refusal(Some(Box::new(Cow::Borrowed(words))))
    }
}

impl From<String> for Refusal {
    #[inline(never)]
    fn from(words: String) -> Self {
        Refusal(Some(Box::new(Cow::Owned(words))))
    }
}

/// Words in which an octet string takes part.
pub fn with(before: &str, octets: &[u8], behind: &str) -> Refusal {
    [before, &String::from_utf8_lossy(octets), behind].concat().into()
}
