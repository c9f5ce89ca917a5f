//! Why a line was refused: the words only. Where it stood is added by `source`,
//! which knows the file and the line.

use std::borrow::Cow;

/// The words of a refusal; none when the option has no message of its own.
#[cfg_attr(any(test, debug_assertions), derive(Debug, PartialEq))]
pub struct Refusal(pub Cow<'static, str>);

/// The refusal without words of its own.
pub const ERROR: Refusal = Refusal(Cow::Borrowed(""));

/// What an option's function returns.
pub type Applied<T = ()> = Result<T, Refusal>;

impl From<&'static str> for Refusal {
    fn from(words: &'static str) -> Self {
        Refusal(Cow::Borrowed(words))
    }
}

impl From<String> for Refusal {
    fn from(words: String) -> Self {
        Refusal(Cow::Owned(words))
    }
}

/// Words in which an octet string takes part.
pub fn with(before: &str, octets: &[u8], behind: &str) -> Refusal {
    [before, &String::from_utf8_lossy(octets), behind].concat().into()
}
