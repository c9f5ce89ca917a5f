//! `servers-file`: lines of `server` and `rev-server` that stand in a file of
//! their own, read at start and again on SIGHUP. What they add lies behind what
//! the configuration says, in every table, and is taken out again before the
//! file is read anew; a line that is wrong is told and passed over.

use super::directory::Directory;
use super::draft::Draft;
use super::files::Hosts;
use super::lexer::Line;
use super::row::{Apply, Takes};
use super::{Dns, DomainRules, Path, Shown, read};
use crate::base::text;
use std::mem::{ManuallyDrop, take};

/// The file, and what the configuration alone says.
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct ServersFile {
    /// Where it is, if there is one.
    pub path: Option<Path>,
    /// Servers of the configuration.
    pub servers: u16,
    targets: usize,
    wild: usize,
    shown: Vec<Shown>,
    more: (u32, u32),
}

impl ServersFile {
    /// These are the rules and servers that the configuration has beside it.
    pub fn stands_beside(&mut self, servers: usize, rules: &DomainRules, shown: &[Shown], more: (u32, u32)) {
        self.servers = u16::try_from(servers).unwrap_or(u16::MAX);
        self.targets = rules.targets.len();
        self.wild = rules.wild.len();
        self.shown = shown.into();
        self.more = more;
    }
}

/// The file being read.
pub struct ServersReading {
    /// Never freed: what it holds is taken out of it.
    draft: ManuallyDrop<Draft>,
    line: Line,
    directory: Directory,
    /// Rules of the configuration up to here are in the draft; nothing: all.
    resumed: Option<usize>,
}

impl ServersReading {
    /// The rules of the configuration alone, to be added to.
    pub fn new(dns: &Dns, hosts: Hosts) -> Self {
        let (rules, file) = (&dns.domains, &dns.servers_file);
        let mut draft = Draft::new(rules.table.key(), hosts);
        // A target of the file has a number of its own, also where one of the
        // configuration is the same: by their numbers they are told apart.
        draft.domains.resume(
            rules.targets.get(..file.targets).unwrap_or_default(),
            rules.wild.get(..file.wild).unwrap_or_default(),
            dns.servers.get(..usize::from(file.servers)).unwrap_or_default(),
        );
        draft.domains.show_again(&file.shown, file.more);
        // A port keeps its socket, so none is taken out again.
        draft.config.dns.source_ports = dns.source_ports.clone();
        let (line, directory) = (Line::default(), Directory::default());
        ServersReading { draft: ManuallyDrop::new(draft), line, directory, resumed: Some(0) }
    }

    /// Takes over rules of the configuration in about so many steps; true once there
    /// are no more. Lines are read behind them.
    pub fn resume(&mut self, dns: &Dns, steps: usize) -> bool {
        let Some(from) = self.resumed else { return true };
        let is_kept = |number: u32| (number as usize) < dns.servers_file.targets;
        self.resumed = self.draft.domains.table.resume(&dns.domains.table, from, steps, &is_kept);
        self.resumed.is_none()
    }

    /// Reads a line. The error is the message, without ` at line N of FILE`.
    pub fn line(&mut self, raw: &[u8]) -> Result<(), String> {
        let ServersReading { draft, line, directory, .. } = self;
        let whole = line.read(raw)?;
        let Some((keyword, value)) = whole.statement() else { return Ok(()) };
        let row = directory.exact(keyword.octets()).ok_or("bad option")?;
        let Apply::With(function) = row.apply else { return Err("illegal option".into()) };
        if !row.in_servers_file() {
            return Err("illegal option".into());
        }
        let value = match (row.takes, value) {
            (Takes::Value, None) => return Err("missing parameter".into()),
            (_, value) => value.unwrap_or_default(),
        };
        function(draft, value).map_err(read::words)?;
        match draft.unmet.take() {
            Some(what) => Err(text::filled("% is not supported yet", &[what.as_bytes()])),
            None => Ok(()),
        }
    }

    /// What is known of hosts by now, and wanted.
    pub fn hosts(&mut self) -> &mut Hosts {
        &mut self.draft.look_up
    }

    /// Sorts the rules in about so many steps, behind the last line; true once that is
    /// done.
    pub fn sort(&mut self, steps: usize) -> bool {
        self.draft.domains.table.sort(steps)
    }

    /// Puts the rules in force, if the file was read.
    pub fn finish(&mut self, dns: &mut Dns, was_read: bool) {
        if was_read {
            self.draft.domains.freeze(dns);
            dns.source_ports = take(&mut self.draft.config.dns.source_ports);
        }
        self.free();
    }

    /// Frees what was read.
    pub fn free(&mut self) {
        self.draft.domains.free();
        self.draft.look_up = Hosts::default();
        self.draft.config.dns.source_ports = Default::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::hash::Key;
    use crate::base::random::Random;
    use crate::config::{Config, Outcome, Target, read_text};

    fn config(text: &str) -> Config {
        match read_text(text.as_bytes(), "test", Key::new(&mut Random::seeded(1))) {
            Outcome::Run(config, _) => *config,
            _ => panic!("refused: {text}"),
        }
    }

    /// Reads a file; what was wrong with it.
    fn read_file(config: &mut Config, text: &str) -> Vec<String> {
        let mut reading = ServersReading::new(&config.dns, Hosts::Ask(|_| None));
        while !reading.resume(&config.dns, 1) {}
        let wrong = text.lines().filter_map(|line| reading.line(line.as_bytes()).err()).collect();
        while !reading.sort(1) {}
        reading.finish(&mut config.dns, true);
        wrong
    }

    /// The ends of the addresses of a domain's servers.
    fn servers(config: &Config, domain: &[u8]) -> Vec<u8> {
        let rules = &config.dns.domains;
        let numbers = rules.table.exactly(domain).iter();
        let servers = numbers.filter_map(|number| match rules.targets[*number as usize] {
            Target::Server(number) => Some(&config.dns.servers[usize::from(number)]),
            _ => None,
        });
        servers.map(|server| *server.addr.to_string().split(':').next().unwrap().as_bytes().last().unwrap()).collect()
    }

    const X: &[u8] = b"\x01x\0";

    #[test]
    fn what_the_file_says_replaces_what_it_said() {
        let mut config = config("servers-file=/s\nserver=1.1.1.1\nserver=/x/1.1.1.2\nlocal=/l/\nserver=/*w/1.1.1.1\n");
        let before = (config.dns.servers.len(), config.dns.domains.targets.len(), config.dns.shown.len());
        for _ in 0..3 {
            assert!(read_file(&mut config, "server=/x/1.1.1.3\nserver=1.1.1.4\nserver=/*v/1.1.1.5\nserver=/x/1.1.1.2").is_empty());
            assert_eq!((servers(&config, X), servers(&config, b"\0")), (b"232".to_vec(), b"14".to_vec()));
            assert_eq!((config.dns.servers.len(), config.dns.domains.wild.len()), (5, 2));
            assert_eq!(config.dns.shown.len(), before.2 + 4);
        }
        assert!(read_file(&mut config, "server=/x/1.1.1.7").is_empty());
        assert_eq!((servers(&config, X), servers(&config, b"\0")), (b"27".to_vec(), b"1".to_vec()));
        assert!(read_file(&mut config, "").is_empty());
        assert_eq!(servers(&config, X), b"2");
        assert_eq!((config.dns.servers.len(), config.dns.domains.targets.len(), config.dns.shown.len()), before);
        assert_eq!(config.dns.domains.wild.len(), 1);
    }

    #[test]
    fn lines_that_are_wrong_are_told_and_good_ones_stay() {
        let mut config = config("servers-file=/s");
        let text = "# comment\n\nserver=/x/1.1.1.1 # comment\naddress=/x/1.2.3.4\nlocal=/y/\nbogus\nserver=/q/1.1.1.1#x\n\
            server=\"\nserver\nno-hosts\nrev-server=10.0.0.0/8,1.1.1.6\nserver=/n/\n";
        assert_eq!(read_file(&mut config, text), [
            "illegal option", "illegal option", "bad option", "bad port", "missing \"", "missing parameter", "illegal option",
        ]);
        assert_eq!(servers(&config, X), b"1");
        assert_eq!(servers(&config, b"\x0210\x07in-addr\x04arpa\0"), b"6");
        assert_eq!(config.dns.domains.table.len(), 3);
    }
}
