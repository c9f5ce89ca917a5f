//! The frozen configuration of DNSSEC validation: what is trusted without proof
//! (RFC 4034 §5, RFC 7646 for negative anchors) and how much work one answer may
//! cost.

use super::draft::{Draft, Number};
use super::{NameBox, Path};

/// The smallest cache that validation works with: the default.
const CACHE_LEAST: u32 = 150;

/// DNSSEC.
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Dnssec {
    /// `dnssec`: answers are validated.
    pub on: bool,
    /// `trust-anchor`, in configured order, each once.
    pub anchors: Vec<Anchor>,
    /// `dnssec-check-unsigned=no`: unsigned answers need no proof.
    pub trust_unsigned: bool,
    /// `dnssec-no-timecheck`.
    pub no_time_check: bool,
    /// `dnssec-timestamp`.
    pub timestamp: Option<Path>,
    /// `dnssec-debug`.
    pub debug: bool,
    /// `dnssec-limits`.
    pub limits: Limits,
    /// `proxy-dnssec`: the AD bit of upstream is passed on.
    pub proxy: bool,
}

/// `trust-anchor`.
#[derive(PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub struct Anchor {
    /// The zone.
    pub name: NameBox,
    /// Its key; `None`: the zone is taken as unsigned.
    pub key: Option<Key>,
}

/// The digest of a key, as in a DS record.
#[derive(PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub struct Key {
    /// Class (1, 3 or 4).
    pub class: u16,
    /// Key tag.
    pub tag: u16,
    /// Algorithm of the key.
    pub algorithm: u8,
    /// Kind of digest.
    pub digest_kind: u8,
    /// The digest.
    pub digest: Box<[u8]>,
}

/// `dnssec-limits`.
#[derive(Clone, Copy)]
#[cfg_attr(test, derive(Debug, PartialEq))]
pub struct Limits {
    /// Signatures of one record set that may fail.
    pub failures: u32,
    /// Signatures and hashes of one question.
    pub crypto: u32,
    /// Further questions that one question may cause.
    pub queries: u32,
    /// Rounds of hashing in an NSEC3 record.
    pub iterations: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { failures: 20, crypto: 200, queries: 40, iterations: 150 }
    }
}

/// What is wrong with validation as a whole; not looked at by `--test`.
pub fn check(draft: &Draft) -> Option<&'static str> {
    let on = draft.config.dnssec.on;
    let small = draft.said.number(Number::CacheSize).is_some_and(|size| size < CACHE_LEAST);
    match () {
        () if on && draft.config.dnssec.anchors.is_empty() => Some("no root trust anchor provided for DNSSEC"),
        () if on && small => Some("cannot reduce cache size from default when DNSSEC enabled"),
        () => None,
    }
}
