//! `servers-file`, read at start and on SIGHUP a slice at a time. Its servers and
//! rules take the place of those it had before once all of it is read.

use crate::base::lines::Lines;
use crate::base::time::Now;
use crate::config::{Hosts, Path, ServersReading};
use crate::daemon::core::Core;
use crate::daemon::outside::{Question, Say, Source, Sources};
use crate::daemon::reload::{PIECE, STEPS};
use crate::outbox::change::{Change, Errno};
use crate::outbox::lines::{Arg, process};

/// The file being read.
pub struct Servers {
    path: Path,
    /// Nothing: read to its end, and hosts are looked up.
    source: Option<Result<Box<dyn Source>, Errno>>,
    reading: Box<ServersReading>,
    lines: Lines,
    number: u64,
    /// Lines that were told of before the file is read once more.
    told: u64,
    /// It is read to its end, and what it says is sorted.
    is_whole: bool,
    /// The host that is asked for.
    asked: Option<(Box<[u8]>, Box<dyn Question>)>,
}

impl Servers {
    /// Begins, if there is such a file. With `waits` the addresses of hosts are
    /// waited for; else the file is read once more when they are known.
    pub fn open(core: &Core, files: &dyn Sources, waits: bool) -> Option<Self> {
        let path = core.config.dns.servers_file.path.as_ref()?;
        let hosts = if waits { Hosts::Ask(files.look_up()) } else { Hosts::default() };
        Some(Servers {
            path: path.clone(),
            source: Some(files.open(path)),
            reading: Box::new(ServersReading::new(&core.config.dns, hosts)),
            lines: Lines::default(),
            number: 0,
            told: 0,
            is_whole: false,
            asked: None,
        })
    }

    /// True when there is nothing to do until an answer comes.
    pub fn is_waiting(&self) -> bool {
        self.asked.is_some()
    }

    /// A unit of work; true when the file is read and in force. If it cannot be
    /// read, what was read before stays.
    pub fn unit(&mut self, core: &mut Core, files: &dyn Sources, say: Say, now: Now) -> bool {
        let Some(source) = &mut self.source else {
            self.look_up(core, files, now);
            return false;
        };
        if !self.reading.resume(&core.config.dns, STEPS) {
            return false;
        }
        if self.is_whole {
            if self.reading.sort(STEPS) {
                self.finish(core, true, now);
                return true;
            }
            return false;
        }
        let Servers { path, reading, lines, number, told, .. } = self;
        let shown = Arg::Text(path.to_bytes());
        let mut piece = [0; PIECE];
        let got = source.as_mut().map_err(|errno| *errno).and_then(|source| source.read(&mut piece));
        let mut each = |line: &[u8]| {
            *number += 1;
            let result = reading.line(line);
            // Once a host is wanted, all of it is read again.
            let is_told = *number > *told && !is_wanting(reading.hosts());
            if let Err(what) = result
                && is_told
            {
                say(&process::BAD_LINE, &[Arg::Text(what.as_bytes()), Arg::Number(*number), shown]);
            }
            *told = (*told).max(if is_told { *number } else { 0 });
        };
        match got {
            Ok(0) => core::mem::take(lines).end(&mut each),
            Ok(got) => {
                lines.feed(piece.get(..got).unwrap_or_default(), &mut each);
                return false;
            }
            Err(errno) => say(&process::CANNOT_READ, &[shown, Arg::Errno(errno)]),
        }
        if got.is_ok() && is_wanting(reading.hosts()) {
            self.source = None;
            return false;
        }
        self.is_whole = got.is_ok();
        if !self.is_whole {
            self.finish(core, false, now);
        }
        !self.is_whole
    }

    /// Puts what was read in force, if anything was.
    fn finish(&mut self, core: &mut Core, was_read: bool, now: Now) {
        self.reading.finish(&mut core.config.dns, was_read);
        core.change(Change::Servers { kept: core.config.dns.servers_file.servers }, now);
    }

    /// Looks for the answer, or asks for the next host. Behind the last one the file
    /// is read again.
    fn look_up(&mut self, core: &Core, files: &dyn Sources, now: Now) {
        let Hosts::Known { known, wanted } = self.reading.hosts() else { return };
        if let Some((_, question)) = &mut self.asked {
            let Some(found) = question.answer(now.mono) else { return };
            known.extend(self.asked.take().map(|(host, _)| (host, found)));
        }
        while let Some(host) = wanted.pop() {
            if known.iter().all(|(name, _)| *name != host) {
                let question = files.ask(&host);
                self.asked = Some((host, question));
                return;
            }
        }
        let hosts = core::mem::take(self.reading.hosts());
        self.reading.free();
        self.reading = Box::new(ServersReading::new(&core.config.dns, hosts));
        (self.source, self.number) = (Some(files.open(&self.path)), 0);
    }
}

/// True when the addresses of some host are not known yet.
fn is_wanting(hosts: &Hosts) -> bool {
    matches!(hosts, Hosts::Known { wanted, .. } if !wanted.is_empty())
}
