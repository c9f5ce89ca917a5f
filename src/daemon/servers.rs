//! `servers-file`, read at start and on SIGHUP a slice at a time. Its servers and
//! rules take the place of those it had before once all of it is read.

use crate::base::lines::Lines;
use crate::base::time::Now;
use crate::config::{Path, ServersReading};
use crate::daemon::core::Core;
use crate::daemon::outside::{Say, Source, Sources};
use crate::daemon::reload::PIECE;
use crate::outbox::change::{Change, Errno};
use crate::outbox::lines::{Arg, process};

/// The file being read.
pub struct Servers {
    path: Path,
    source: Result<Box<dyn Source>, Errno>,
    reading: Box<ServersReading>,
    lines: Lines,
    number: u64,
}

impl Servers {
    /// Begins, if there is such a file.
    pub fn open(core: &Core, files: &dyn Sources) -> Option<Self> {
        let file = core.config.dns.servers_file.as_ref()?;
        Some(Servers {
            path: file.path.clone(),
            source: files.open(&file.path),
            reading: Box::new(ServersReading::new(&core.config.dns, file, files.look_up())),
            lines: Lines::default(),
            number: 0,
        })
    }

    /// A unit of work; true when the file is read and in force. If it cannot be
    /// read, what was read before stays.
    pub fn unit(&mut self, core: &mut Core, say: Say, now: Now) -> bool {
        let Servers { path, source, reading, lines, number } = self;
        let shown = Arg::Text(path.to_bytes());
        let mut piece = [0; PIECE];
        let got = source.as_mut().map_err(|errno| *errno).and_then(|source| source.read(&mut piece));
        let mut each = |line: &[u8]| {
            *number += 1;
            if let Err(what) = reading.line(line) {
                say(&process::BAD_LINE, &[Arg::Text(what.as_bytes()), Arg::Number(*number), shown]);
            }
        };
        match got {
            Ok(0) => core::mem::take(lines).end(&mut each),
            Ok(got) => {
                lines.feed(piece.get(..got).unwrap_or_default(), &mut each);
                return false;
            }
            Err(errno) => say(&process::CANNOT_READ, &[shown, Arg::Errno(errno)]),
        }
        reading.finish(&mut core.config.dns, got.is_ok());
        let kept = core.config.dns.servers_file.as_ref().map_or(0, |file| file.servers);
        core.change(Change::Servers { kept }, now);
        true
    }
}
