//! Which configured options a client gets: for each number at most one line,
//! chosen by its tags (dnsmasq's precedence; RFC 2132 for what they mean).

use crate::config::{DhcpOption, Space};
use crate::dhcp::tags::TagSet;

/// How well a line fits: all its tags are the client's own, some come from
/// the range, or it asks for none. More is better.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    No,
    Untagged,
    ByRange,
    ByClient,
}

/// Whom a reply is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// An ordinary client.
    Ordinary,
    /// A PXE client: also what is for these only.
    Pxe,
    /// A PXE client that gets its address elsewhere: only that.
    PxeOnly,
}

impl Audience {
    fn gets(self, option: &DhcpOption) -> bool {
        if option.pxe { self != Audience::Ordinary } else { self != Audience::PxeOnly }
    }
}

/// The choice for one reply.
pub struct Chosen<'a> {
    options: &'a [DhcpOption],
    audience: Audience,
    /// For each option number: how well the best line fits, and its place in
    /// the list plus one.
    best: [(Fit, u16); 256],
}

impl<'a> Chosen<'a> {
    /// Chooses. `options` are last configured first; `own` are the tags of the
    /// client, `all` those and what the range adds. `duplicate` is told the
    /// number of an untagged line that another untagged one hides.
    pub fn new(options: &'a [DhcpOption], own: &TagSet, all: &TagSet, audience: Audience, mut duplicate: impl FnMut(u8)) -> Self {
        let mut best = [(Fit::No, 0); 256];
        let plain = (1..).zip(options).filter(|(_, option)| option.space == Space::Plain && audience.gets(option));
        for (place, option) in plain {
            let fit = if option.conditions.is_empty() {
                Fit::Untagged
            } else if !all.hold(&option.conditions) {
                // Also where the range has set what must not be set.
                Fit::No
            } else if own.hold(&option.conditions) {
                Fit::ByClient
            } else {
                Fit::ByRange
            };
            let Some(known) = best.get_mut(usize::from(option.code)) else { continue };
            if fit == Fit::Untagged && known.0 == Fit::Untagged {
                duplicate(option.code);
            }
            // Earlier in the list is later in the configuration, and wins.
            if fit > known.0 {
                *known = (fit, place);
            }
        }
        Chosen { options, audience, best }
    }

    /// The line for an option number.
    pub fn get(&self, code: u8) -> Option<&'a DhcpOption> {
        let (_, place) = self.best.get(usize::from(code))?;
        self.options.get(usize::from(place.checked_sub(1)?))
    }

    /// All chosen lines, last configured first.
    pub fn iter(&self) -> impl Iterator<Item = &'a DhcpOption> {
        (1..).zip(self.options).filter_map(|(place, option)| {
            let chosen = self.best.get(usize::from(option.code)).is_some_and(|best| best.1 == place);
            (chosen && option.space == Space::Plain).then_some(option)
        })
    }

    /// The lines that go inside another option and whose tags hold. What goes
    /// into option 43 is for everybody that it fits.
    pub fn inside<'b>(&self, all: &'b TagSet<'b>) -> Inside<'a, 'b> {
        Inside { rest: self.options.iter(), audience: self.audience, tags: all }
    }
}

/// Those lines.
pub struct Inside<'a, 'b> {
    rest: core::slice::Iter<'a, DhcpOption>,
    audience: Audience,
    tags: &'b TagSet<'b>,
}

impl<'a> Iterator for Inside<'a, '_> {
    type Item = &'a DhcpOption;

    #[inline(never)]
    fn next(&mut self) -> Option<&'a DhcpOption> {
        let (audience, tags) = (self.audience, self.tags);
        self.rest.find(|option| {
            let vendor = matches!(option.space, Space::Vendor(_) | Space::Pxe);
            option.space != Space::Plain && tags.hold(&option.conditions) && (vendor || audience.gets(option))
        })
    }
}
