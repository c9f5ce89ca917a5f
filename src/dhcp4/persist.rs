//! The way to the lease file: changes become actions, which the daemon
//! performs before any datagram that was said after them.

use crate::config::{Config, LeaseTime};
use crate::dhcp4::Surroundings;
use crate::outbox::action::{Action, LeaseWrite};
use crate::outbox::change::Errno;
use crate::outbox::lines::{Arg, Line, dhcp as lines};
use crate::outbox::Outbox;
use crate::store::lease_file::{LINES_MAX, LeaseFile, Save, Wrong, write_line};
use crate::store::leases::{LeaseId, Leases};
use crate::base::text;
use crate::base::time::{Now, UnixTime};

/// Saves what changed: one lease, or (with none) removals.
pub(super) fn save(with: &mut Surroundings, id: Option<LeaseId>) {
    let save = with.file.save(with.leases, id);
    let lease = id.and_then(|id| with.leases.get(id));
    let write = match (save, lease) {
        (Save::At(offset), Some(lease)) => {
            let bytes = with.out.write(20, |out| text::decimal(out, lease.expires.0));
            bytes.map(|bytes| LeaseWrite::At { offset, bytes })
        }
        (Save::Append, Some(lease)) => {
            let bytes = with.out.write(LINES_MAX, |out| write_line(with.leases, lease, out));
            bytes.map(|bytes| LeaseWrite::Append { bytes })
        }
        (Save::Nothing, _) => return,
        _ => Some(LeaseWrite::Rewrite),
    };
    match write {
        Some(write) => with.out.push(Action::Lease(write)),
        // The outbox was too full for the line: it will be in the whole file.
        None => rewrite(with),
    }
}

/// Has the file written anew, unless that is asked for already.
pub(super) fn rewrite(with: &mut Surroundings) {
    with.file.failed();
    with.out.push(Action::Lease(LeaseWrite::Rewrite));
}

/// The file could not be changed: it is tried again whole, later.
pub(super) fn failed(with: &mut Surroundings, errno: Errno) {
    with.file.failed();
    let path = with.config.dhcp.lease_file().to_bytes();
    with.out.log(&lines::WRITE_FAILED, &[Arg::Text(path), Arg::Errno(errno)]);
}

/// A wall clock before 2020 was not set yet: nobody ran this then.
const CLOCK_IS_SET: UnixTime = UnixTime(1_577_836_800);

/// The lease file being read at start, piece by piece.
pub struct LeasesRead<'a> {
    /// The table to fill.
    pub leases: &'a mut Leases,
    /// What is known of the file.
    pub file: &'a mut LeaseFile,
    /// Where lines that are skipped are told.
    pub out: &'a mut Outbox,
    /// Both clocks.
    pub now: Now,
}

impl LeasesRead<'_> {
    /// Takes the next piece. False if there are more leases than
    /// `dhcp-lease-max` (`too many stored leases`): the start fails.
    pub fn piece(&mut self, piece: &[u8]) -> bool {
        let mut fits = true;
        let out = &mut *self.out;
        self.file.read(self.leases, piece, self.now, &mut |wrong, line| fits &= tell(out, wrong, line));
        fits
    }

    /// The file is read whole. False as for `piece`.
    pub fn end(mut self, config: &Config) -> bool {
        let mut fits = true;
        let out = &mut *self.out;
        let untidy =
            self.file.read_end(self.leases, self.now, &mut |wrong, line| fits &= tell(out, wrong, line));
        self.cap(config);
        self.leases.mark_all();
        if untidy {
            self.out.push(Action::Lease(LeaseWrite::Rewrite));
        }
        fits
    }

    /// While the clock is not set (a router without a battery) a lease would
    /// outlive its client by decades: none lasts longer than the longest that
    /// is given out. With a good clock each keeps its end, also where leases
    /// have become shorter since: its client counts on it.
    fn cap(&mut self, config: &Config) {
        if self.now.wall >= CLOCK_IS_SET {
            return;
        }
        let dhcp = &config.dhcp;
        let times = dhcp.ranges.iter().map(|range| range.lease);
        let times = times.chain(dhcp.hosts.iter().filter_map(|host| host.lease));
        let longest = times.map(|time| match time {
            LeaseTime::Secs(secs) => secs,
            LeaseTime::Infinite => u32::MAX,
        });
        if let Some(longest) = longest.max().filter(|longest| *longest != u32::MAX) {
            self.leases.cap(self.now.mono.plus_secs(longest.into()));
        }
    }
}

/// Logs a line that is skipped; false if it is one lease too many.
fn tell(out: &mut Outbox, wrong: Wrong, line: &[u8]) -> bool {
    let mut fields = line.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
    let mut field = || Arg::Text(fields.next().unwrap_or_default());
    let (template, args): (&'static Line, _) = match wrong {
        Wrong::TooMany => return false,
        Wrong::Shape => (&lines::INVALID_LEASE, [field(), field(), field(), field()]),
        Wrong::Address => {
            // The third field is the address.
            field();
            field();
            (&lines::BAD_LEASE_ADDRESS, [field(), Arg::Str(""), Arg::Str(""), Arg::Str("")])
        }
    };
    // A file of rubbish must not flood the log: one piece, one outbox.
    if out.has_room() {
        out.log(template, &args);
    }
    true
}
