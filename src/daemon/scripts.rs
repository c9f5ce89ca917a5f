//! Our end of the helper that runs `dhcp-script`: hands it what is to be told
//! as fast as it takes it, and logs what it says.
//!
//! The table of leases is the queue for what concerns leases. Records of other
//! events wait here; of more than fit, the newest are lost, and the log says so.

use crate::base::bytes::Writer;
use crate::base::time::Now;
use crate::config::{Config, HAS_SCRIPT, Mode};
use crate::daemon::core::Core;
use crate::daemon::failure::{CONFIGURATION, Failure, OTHER};
use crate::outbox::lines::{Arg, Line, process};
use crate::platform::helper::{self, Program, RECORD_MAX, Told};
use crate::platform::identity;
use crate::platform::sys;
use std::os::fd::OwnedFd;

/// Octets of records that wait.
const WAITING: usize = 16 * 1024;

/// The helper.
pub struct Scripts {
    helper: Option<OwnedFd>,
    /// Records, each behind its length in two octets.
    waiting: Vec<u8>,
    lost: bool,
    gone: bool,
}

impl Scripts {
    /// Forks the helper, if there is a program to run. While we are root.
    pub fn start(config: &Config) -> Result<Self, Failure> {
        let script = &config.script;
        let mut scripts = Scripts { helper: None, waiting: Vec::new(), lost: false, gone: false };
        let Some(path) = script.program() else { return Ok(scripts) };
        let account = match &script.user {
            Some(name) => {
                let unknown = || Failure::new(CONFIGURATION, &[b"unknown user or group: ", name.to_bytes()]);
                let user = identity::user(name.to_bytes()).ok_or_else(unknown)?;
                Some((user.uid, user.gid))
            }
            None => None,
        };
        let program = Program { path, account, told: config.process.mode != Mode::Debug };
        let helper = helper::start(program)
            .map_err(|errno| Failure::system(OTHER, &[b"cannot create helper"], errno))?;
        scripts.helper = Some(helper);
        scripts.waiting.reserve_exact(WAITING);
        Ok(scripts)
    }

    /// Tells when the helper takes more, or has said something.
    pub fn socket(&self) -> Option<&OwnedFd> {
        self.helper.as_ref().filter(|_| HAS_SCRIPT)
    }

    /// Puts a record behind those that wait.
    pub fn add(&mut self, record: &[u8]) {
        if self.socket().is_none() {
            return;
        }
        let len = u16::try_from(record.len()).unwrap_or(u16::MAX);
        let fits = self.waiting.len() + 2 + record.len() <= self.waiting.capacity() && record.len() <= RECORD_MAX;
        self.lost |= !fits;
        if fits {
            self.waiting.extend_from_slice(&len.to_ne_bytes());
            self.waiting.extend_from_slice(record);
        }
    }

    /// Hands over what is to be told, as far as the helper takes it; at the end
    /// of the server, `waiting` until it has taken everything.
    pub fn pump(&mut self, core: &mut Core, now: Now, waiting: bool) {
        let Some(helper) = self.helper.as_ref().filter(|_| HAS_SCRIPT) else { return };
        let mut given = Ok(());
        while given.is_ok() && let Some((len, rest)) = self.waiting.split_first_chunk() {
            let len = usize::from(u16::from_ne_bytes(*len));
            given = helper::give(helper, rest.get(..len).unwrap_or_default(), waiting);
            if given.is_ok() {
                self.waiting.drain(..len + 2);
            }
        }
        let mut buffer = [0; RECORD_MAX];
        while given.is_ok() {
            let mut out = Writer::new(&mut buffer);
            if !core.untold(&mut out, now) {
                return;
            }
            given = helper::give(helper, out.written(), waiting);
            if given.is_ok() {
                core.told();
            }
        }
        self.gone |= !matches!(given, Ok(()) | Err(sys::EAGAIN | sys::EINTR | sys::ENOBUFS));
    }

    /// Logs what the helper has said.
    pub fn hear(&mut self, program: &[u8], say: &mut dyn FnMut(&Line, &[Arg])) {
        if !HAS_SCRIPT {
            return;
        }
        let mut buffer = [0; RECORD_MAX];
        while let Some(helper) = self.helper.as_ref().filter(|_| !self.gone) {
            match helper::hear(helper, &mut buffer) {
                Ok(Told::Line(line)) => say(&process::SCRIPT_LINE, &[Arg::Text(line)]),
                Ok(Told::NotRun(errno)) => say(&process::SCRIPT_NOT_RUN, &[Arg::Text(program), Arg::Errno(errno)]),
                Ok(Told::Status(status)) => say(&process::SCRIPT_STATUS, &[Arg::Number(u64::from(status.unsigned_abs()))]),
                Ok(Told::Killed(signal)) => say(&process::SCRIPT_KILLED, &[Arg::Number(u64::from(signal.unsigned_abs()))]),
                Ok(Told::NoAccount(errno)) => say(&process::SCRIPT_NO_ACCOUNT, &[Arg::Errno(errno)]),
                Err(sys::EAGAIN | sys::EINTR) => break,
                Err(_) => self.gone = true,
            }
        }
        if core::mem::take(&mut self.lost) {
            say(&process::SCRIPT_LOST, &[]);
        }
        if self.gone && self.helper.take().is_some() {
            say(&process::SCRIPT_GONE, &[]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixDatagram;

    /// What is logged of what a helper says.
    fn logged(scripts: &mut Scripts) -> Vec<String> {
        let mut log = Vec::new();
        scripts.hear(b"/bin/hook", &mut |line, args| {
            let mut buffer = [0; 256];
            let mut out = Writer::new(&mut buffer);
            crate::outbox::lines::render(&mut out, line, args);
            log.push(String::from_utf8_lossy(out.written()).into_owned());
        });
        log
    }

    #[test]
    fn what_the_helper_says_is_logged() {
        let (helper, ours) = UnixDatagram::pair().unwrap();
        let mut scripts = Scripts { helper: Some(ours.into()), waiting: Vec::with_capacity(16), lost: false, gone: false };
        let number = |what: u8, number: i32| helper.send(&[&[what][..], &number.to_ne_bytes()].concat()).unwrap();
        number(b'A', 1);
        number(b'E', 2);
        number(b'X', 3);
        number(b'K', 9);
        helper.send(b"Lhello").unwrap();
        assert_eq!(logged(&mut scripts), [
            "failed to change user for scripts: Operation not permitted",
            "failed to execute /bin/hook: No such file or directory",
            "script process exited with status 3",
            "script process killed by signal 9",
            "hello",
        ]);
        scripts.add(&[3; 64]);
        assert_eq!(logged(&mut scripts), ["script is too slow: events were lost"]);
        scripts.gone = true;
        assert_eq!(logged(&mut scripts), ["helper process has ended: no more scripts are run"]);
        assert!(logged(&mut scripts).is_empty() && scripts.socket().is_none());
    }
}
