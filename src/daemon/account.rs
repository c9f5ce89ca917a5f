//! Whom we become after start: user, group, and the capabilities kept.

use crate::config::{Bind, Config, Mode};
use crate::daemon::failure::{CONFIGURATION, Failure, OTHER};
use crate::platform::identity::{self, Capabilities, User};

/// The group taken if it exists and none is configured.
const GROUP: &[u8] = b"dip";

/// The largest port that needs a capability to be bound.
const PRIVILEGED_MAX: u16 = 1023;

/// The account to change to.
pub struct Account {
    user: Option<User>,
    group: Option<u32>,
    keep: Capabilities,
}

impl Account {
    /// Looks user and group up and checks that we may do what we will have to.
    pub fn find(config: &Config) -> Result<Self, Failure> {
        let process = &config.process;
        if process.mode == Mode::Debug {
            return Ok(Account { user: None, group: None, keep: Capabilities::default() });
        }
        let unknown = |name: &[u8]| Failure::new(CONFIGURATION, &[b"unknown user or group: ", name]);
        let user = match &process.user {
            Some(name) => Some(identity::user(name.to_bytes()).ok_or_else(|| unknown(name.to_bytes()))?),
            None => None,
        };
        let group = match &process.group {
            // An empty name: the one we were started with.
            Some(name) if name.is_empty() => None,
            Some(name) => Some(identity::group(name.to_bytes()).ok_or_else(|| unknown(name.to_bytes()))?),
            None => identity::group(GROUP).or(user.map(|user| user.gid)),
        };
        let keep = needed(config);
        let permitted = identity::permitted();
        for (one, name) in [
            (Capabilities::NET_ADMIN, &b"NET_ADMIN"[..]),
            (Capabilities::NET_RAW, b"NET_RAW"),
            (Capabilities::NET_BIND_SERVICE, b"NET_BIND_SERVICE"),
        ] {
            if !keep.common(one).without(permitted).is_empty() {
                return Err(Failure::new(OTHER, &[b"process is missing required capability ", name]));
            }
        }
        Ok(Account { user, group, keep })
    }

    /// User and group that files of the account are given to.
    pub fn owner(&self) -> Option<(u32, u32)> {
        let user = self.user.filter(|user| user.uid != 0 && identity::effective_uid() == 0)?;
        Some((user.uid, user.gid))
    }

    /// Changes to it, if we are root.
    pub fn enter(&self) -> Result<(), Failure> {
        if identity::effective_uid() != 0 {
            return Ok(());
        }
        if let Some(group) = self.group {
            identity::become_group(group)
                .map_err(|errno| Failure::system(OTHER, &[b"cannot change group"], errno))?;
        }
        match self.user {
            Some(user) if user.uid != 0 => identity::become_user(user.uid, self.keep)
                .map_err(|errno| Failure::system(OTHER, &[b"cannot change user"], errno)),
            _ => Ok(()),
        }
    }
}

/// What is done after start and takes more than an ordinary account: write the
/// neighbour table and sets, bind a stream to the interface that a server names, bind
/// low ports when addresses appear.
fn needed(config: &Config) -> Capabilities {
    let mut needed = Capabilities::default();
    if config.dhcp.on() {
        needed = needed.and(Capabilities::NET_ADMIN);
    }
    if config.listen.port != 0 && (config.sets.any() || config.sets.wants_marks()) {
        needed = needed.and(Capabilities::NET_ADMIN);
    }
    if config.listen.port != 0 && config.dns.servers.iter().any(|server| server.iface.is_some()) {
        needed = needed.and(Capabilities::NET_RAW);
    }
    let low_port = (1..=PRIVILEGED_MAX).contains(&config.listen.port) || config.tftp.on;
    if config.listen.bind == Bind::Dynamic && low_port {
        needed = needed.and(Capabilities::NET_BIND_SERVICE);
    }
    needed
}
