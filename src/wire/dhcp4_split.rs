//! Options that are split in a message, joined (RFC 3396). An option is said to
//! go on where the part before it is as long as an option can be, or where it
//! stands in another area: many clients say something twice by mistake, and of
//! that the first counts. What identifies the client, and what is echoed, is
//! left as it came.

use crate::wire::dhcp4::Packet;
use crate::wire::dhcp4_options::code;
use arrayvec::ArrayVec;

/// Split options of one message that are joined; further ones stay split.
const SPLITS_MAX: usize = 8;

/// Longest part of an option.
const PART_MAX: usize = 255;

/// The split options of a message.
#[derive(Default)]
pub struct Splits<'a>(ArrayVec<Split<'a>, SPLITS_MAX>);

struct Split<'a> {
    number: u8,
    whole: &'a [u8],
}

/// What is known of an option number while walking.
#[derive(Clone, Copy, Default)]
struct Seen {
    /// Parts so far, 0 to 255.
    parts: u8,
    /// The last part may be gone on with from here.
    full: bool,
    area: u8,
}

impl<'a> Splits<'a> {
    /// Joins the split options of `packet` in `room`, as far as it goes.
    pub fn join(packet: &Packet<'a>, room: &'a mut [u8]) -> Self {
        let mut splits = Splits::default();
        let mut room = room;
        let mut found = [Seen::default(); 256];
        let mut numbers = ArrayVec::<u8, SPLITS_MAX>::new();
        for (area, number, value) in packet.walk_areas() {
            let Some(seen) = found.get_mut(usize::from(number)) else { continue };
            if seen.goes_on(area, value) && seen.parts == 2 && !is_kept(number) {
                let _ = numbers.try_push(number);
            }
        }
        for number in numbers {
            let mut seen = Seen::default();
            let mut len = 0usize;
            for (area, other, value) in packet.walk_areas() {
                if other == number && seen.goes_on(area, value) {
                    let end = len.saturating_add(value.len());
                    let Some(place) = room.get_mut(len..end) else { return splits };
                    place.copy_from_slice(value);
                    len = end;
                }
            }
            let Some((whole, behind)) = room.split_at_mut_checked(len) else { return splits };
            let _ = splits.0.try_push(Split { number, whole });
            room = behind;
        }
        splits
    }

    /// The whole of an option, if it was split.
    pub fn whole(&self, number: u8) -> Option<&'a [u8]> {
        self.0.iter().find(|split| split.number == number).map(|split| split.whole)
    }
}

impl Seen {
    /// True when a part belongs to the option: it is the first, or goes on.
    fn goes_on(&mut self, area: u8, value: &[u8]) -> bool {
        let fits = self.parts == 0 || (self.parts < u8::MAX && (self.full || area != self.area));
        if fits {
            *self = Seen { parts: self.parts.saturating_add(1), full: value.len() == PART_MAX, area };
        }
        fits
    }
}

/// True for what must stay as it came.
fn is_kept(number: u8) -> bool {
    matches!(number, code::CLIENT_ID | code::AGENT | code::MESSAGE_TYPE | code::OVERLOAD)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::dhcp4::{FILE_AT, HEADER, SNAME_AT};

    /// A message with these options, and these in the boot file field.
    fn message(main: &[u8], file: &[u8]) -> Vec<u8> {
        let mut message = vec![0; HEADER - 4];
        message[0] = 1;
        message[FILE_AT..FILE_AT + file.len()].copy_from_slice(file);
        assert!(SNAME_AT < FILE_AT);
        message.extend([99, 130, 83, 99]);
        message.extend(main);
        message
    }

    fn long(number: u8, octet: u8, len: usize) -> Vec<u8> {
        [vec![number, len as u8], vec![octet; len]].concat()
    }

    fn joined(main: &[u8], file: &[u8], number: u8) -> Option<Vec<u8>> {
        let message = message(main, file);
        let packet = Packet::parse(&message).unwrap();
        let mut room = [0; 1024];
        Splits::join(&packet, &mut room).whole(number).map(<[u8]>::to_vec)
    }

    #[test]
    fn a_full_part_goes_on_and_a_short_one_does_not() {
        let main = [long(77, 1, 255), long(60, 9, 3), long(77, 2, 4), long(77, 3, 5)].concat();
        assert_eq!(joined(&main, &[], 77).unwrap(), [vec![1; 255], vec![2; 4]].concat());
        assert_eq!(joined(&main, &[], 60), None);
        assert_eq!(joined(&[long(77, 1, 254), long(77, 2, 4)].concat(), &[], 77), None);
        assert_eq!(joined(&[long(61, 1, 255), long(61, 2, 4)].concat(), &[], 61), None, "an identifier");
    }

    #[test]
    fn an_option_goes_on_in_another_area() {
        let main = [long(60, 7, 3), long(52, 1, 1)].concat();
        assert_eq!(joined(&main, &long(60, 8, 2), 60).unwrap(), [7, 7, 7, 8, 8]);
    }

    #[test]
    fn what_does_not_fit_stays_split() {
        let main = [long(77, 1, 255), long(77, 2, 255), long(77, 3, 255), long(77, 4, 255), long(77, 5, 255)].concat();
        assert_eq!(joined(&main, &[], 77), None);
    }
}
