//! Our objects on OpenWrt's bus (`enable-ubus`): answers `metrics`, notifies
//! subscribers. Nothing waits for the bus: what it does not take at once waits
//! here as far as there is room, and when it is gone the connection is tried
//! again later. Without it everything else goes on.

use crate::base::bytes::{Reader, Writer};
use crate::base::reserved;
use crate::base::time::{Due, Millis, Now, Why};
use crate::config::sets::Allowed;
use crate::config::{Config, HAS_CONNTRACK, HAS_UBUS};
use crate::daemon::core::Core;
use crate::daemon::heap;
use crate::outbox::Hears;
use crate::outbox::action::About;
use crate::outbox::lines::{Arg, Line, process as lines};
use crate::platform::sys::{self, Errno};
use crate::platform::unix::{self, Kind};
use crate::platform::streams;
use crate::wire::blob::{self, HEADER, Head, Item, attr, field, kind, status};
use std::os::fd::OwnedFd;

/// Where the bus listens.
const PATH: &[u8] = b"/var/run/ubus/ubus.sock";

/// Octets of a message that is read; a longer one is passed over.
const MESSAGE_MAX: usize = 16 * 1024;

/// Marks with names that are allowed to them.
const ALLOWED_MAX: usize = 1000;

/// Octets that may wait for the bus.
const WAITING: usize = 16 * 1024;

/// Milliseconds after which a bus that is not there is looked for again.
const RETRY_MS: u64 = 2000;

/// The longest name of an object.
const NAME_MAX: usize = 120;

/// The method that changes what a mark is allowed, and its arguments.
const ALLOW: &[u8] = b"set_connmark_allowlist";
const MARK: &[u8] = b"mark";
const MASK: &[u8] = b"mask";
const PATTERNS: &[u8] = b"patterns";

/// One of our objects. One more than its place among them is the sequence of
/// the request that offers it.
#[derive(Clone, Copy, Default)]
struct Object {
    /// What the bus calls it; 0: not yet there.
    number: u32,
    heard: bool,
}

/// The connection to the bus.
pub struct Bus {
    /// The name of our first object; that of the second has `.dns` behind it.
    name: Box<[u8]>,
    socket: Option<OwnedFd>,
    retry: Option<Millis>,
    objects: [Object; 2],
    read: Vec<u8>,
    /// Octets of a message that are not wanted.
    skip: usize,
    waiting: Vec<u8>,
    /// It was said that the bus is not there, or why not.
    complained: bool,
}

/// Octets it takes for a configuration.
pub fn bytes(config: &Config) -> usize {
    if name(config).is_some() { MESSAGE_MAX + WAITING } else { 0 }
}

fn name(config: &Config) -> Option<&[u8]> {
    config.process.ubus.as_deref().map(std::ffi::CStr::to_bytes).filter(|_| HAS_UBUS)
}

impl Bus {
    /// Without one.
    pub fn closed() -> Self {
        Bus {
            name: Box::default(),
            socket: None,
            retry: None,
            objects: Default::default(),
            read: Vec::new(),
            skip: 0,
            waiting: Vec::new(),
            complained: false,
        }
    }

    /// Connects, if that is wanted.
    pub fn open(config: &Config, now: Now) -> Self {
        let mut bus = Bus::closed();
        if let Some(name) = name(config) {
            bus.name = name.iter().copied().take(NAME_MAX).collect();
            bus.read.reserve_exact(MESSAGE_MAX);
            bus.waiting.reserve_exact(WAITING);
            bus.connect(now);
        }
        bus
    }

    /// What to say of it at the start.
    pub fn greeting(&self) -> Option<&'static Line> {
        let on = self.socket.is_some() || self.retry.is_some();
        on.then_some(if self.socket.is_some() { &lines::BUS } else { &lines::BUS_PENDING })
    }

    fn connect(&mut self, now: Now) {
        self.socket = unix::connect(PATH, Kind::Stream).ok();
        self.retry = self.socket.is_none().then(|| now.mono.plus_ms(RETRY_MS));
        self.objects = Default::default();
        self.skip = 0;
        self.read.clear();
        self.waiting.clear();
    }

    /// What to wait on, for reading and for writing.
    pub fn socket(&self) -> Option<&OwnedFd> {
        self.socket.as_ref().filter(|_| HAS_UBUS)
    }

    /// When it is tried again.
    pub fn next_due(&self) -> Option<Due> {
        self.retry.filter(|_| HAS_UBUS).map(|at| Due { at, why: Why::Bus })
    }

    /// Tries again, when it is time; true if there is a new connection.
    pub fn due(&mut self, now: Now, say: &mut dyn FnMut(&Line, &[Arg])) -> bool {
        if !HAS_UBUS || self.retry.is_none_or(|at| at > now.mono) {
            return false;
        }
        self.connect(now);
        if self.socket.is_some() {
            say(&lines::BUS_CONNECTED, &[]);
        }
        self.socket.is_some()
    }

    /// What anybody has subscribed to.
    pub fn hears(&self) -> Hears {
        let [leases, answers] = self.objects.map(|object| object.heard);
        Hears { leases, answers }
    }

    /// Notifies.
    pub fn tell(&mut self, about: About, record: &[u8]) {
        let Some(object) = self.objects.get(about as usize).filter(|object| object.heard && HAS_UBUS) else { return };
        let number = object.number;
        self.send(kind::NOTIFY, 0, number, &mut |out| {
            blob::put_number(out, attr::OBJECT, number);
            out.bytes(record);
        });
    }

    /// Writes what waits and reads what came, until there is no more of either.
    pub fn serve(&mut self, core: &mut Core, now: Now, say: &mut dyn FnMut(&Line, &[Arg])) {
        if !HAS_UBUS {
            return;
        }
        if let Err(errno) = self.flush().and_then(|()| self.hear(core, say))
            && errno != sys::EAGAIN
        {
            if !core::mem::replace(&mut self.complained, true) {
                say(&lines::BUS_LOST, &[Arg::Errno(errno)]);
            }
            self.give_up(now);
        }
    }

    /// Closes, to try again later.
    pub fn give_up(&mut self, now: Now) {
        self.socket = None;
        self.objects = Default::default();
        self.retry = Some(now.mono.plus_ms(RETRY_MS));
    }

    fn hear(&mut self, core: &mut Core, say: &mut dyn FnMut(&Line, &[Arg])) -> Result<(), Errno> {
        loop {
            let mut piece = [0; 1024];
            let room = MESSAGE_MAX.saturating_sub(self.read.len()).min(piece.len());
            let Some(socket) = &self.socket else { return Ok(()) };
            let got = match streams::read(socket, piece.get_mut(..room).unwrap_or_default()) {
                Ok(0) => return Err(sys::ECONNRESET),
                Ok(got) => got,
                Err(sys::EINTR) => continue,
                Err(errno) => return Err(errno),
            };
            let passed = got.min(self.skip);
            self.skip -= passed;
            reserved::extend(&mut self.read, piece.get(passed..got).unwrap_or_default());
            while self.message(core, say)? {}
        }
    }

    /// Takes one whole message, if there is one.
    fn message(&mut self, core: &mut Core, say: &mut dyn FnMut(&Line, &[Arg])) -> Result<bool, Errno> {
        if self.read.len() < HEADER {
            return Ok(false);
        }
        let mut rest = Reader::new(&self.read);
        let head = Head::parse(&mut rest).ok_or(sys::EPROTO)?;
        let whole = HEADER + head.len;
        if whole > MESSAGE_MAX {
            self.skip = whole - self.read.len();
            self.read.clear();
            return Ok(false);
        }
        if rest.remaining() < head.len {
            return Ok(false);
        }
        let read = core::mem::take(&mut self.read);
        self.act(&head, read.get(HEADER..whole).unwrap_or_default(), core, say);
        self.read = read;
        self.read.drain(..whole);
        Ok(true)
    }

    /// Does what a message says.
    fn act(&mut self, head: &Head, attributes: &[u8], core: &mut Core, say: &mut dyn FnMut(&Line, &[Arg])) {
        let of = |id| blob::items(attributes).find(|item| item.id == id);
        let number = |id| of(id).and_then(|item: Item| item.number());
        let offered = usize::from(head.sequence).wrapping_sub(1);
        match head.kind {
            kind::HELLO => self.offer(),
            kind::DATA => {
                if let (Some(object), Some(number)) = (self.objects.get_mut(offered), number(attr::OBJECT)) {
                    object.number = number;
                }
            }
            kind::STATUS => {
                let code = number(attr::STATUS).unwrap_or(status::OK);
                if code != status::OK && offered < self.objects.len() && !core::mem::replace(&mut self.complained, true) {
                    say(&lines::BUS_REFUSED, &[Arg::Text(&self.name), Arg::Number(code.into())]);
                }
            }
            kind::NOTIFY => {
                let (number, heard) = (number(attr::OBJECT), of(attr::ACTIVE).map(|item| item.is_true()));
                let known = self.objects.iter_mut().find(|object| object.number != 0 && Some(object.number) == number);
                if let (Some(object), Some(heard)) = (known, heard) {
                    object.heard = heard;
                }
            }
            kind::INVOKE => {
                let object = number(attr::OBJECT).unwrap_or(0);
                let method = of(attr::METHOD).and_then(|item| item.text()).unwrap_or_default();
                let quiet = of(attr::NO_REPLY).is_some_and(|item| item.is_true());
                let known = self.objects.first().is_some_and(|first| first.number == object);
                let code = match (known, method, of(attr::DATA)) {
                    (true, b"metrics", Some(_)) => {
                        let counts = core.counts();
                        self.send(kind::DATA, head.sequence, head.peer, &mut |out| {
                            blob::put_number(out, attr::OBJECT, object);
                            blob::put(out, attr::DATA, &mut |out| {
                                counts.iter().for_each(|(name, value)| blob::number_field(out, name.as_bytes(), value));
                            });
                        });
                        status::OK
                    }
                    (true, ALLOW, Some(data)) if HAS_CONNTRACK => {
                        heap::open();
                        let code = allow(core, data.data);
                        heap::close();
                        code
                    }
                    (true, b"metrics", None) => status::INVALID_ARGUMENT,
                    (true, ALLOW, None) if HAS_CONNTRACK => status::INVALID_ARGUMENT,
                    _ => status::METHOD_NOT_FOUND,
                };
                if !quiet {
                    self.send(kind::STATUS, head.sequence, head.peer, &mut |out| {
                        blob::put_number(out, attr::STATUS, code);
                        blob::put_number(out, attr::OBJECT, object);
                    });
                }
            }
            _ => {}
        }
    }

    /// Offers our objects.
    fn offer(&mut self) {
        let mut path = arrayvec::ArrayVec::<u8, { NAME_MAX + 4 }>::new();
        let _ = path.try_extend_from_slice(&self.name);
        for (sequence, more) in [(1, &b""[..]), (2, b".dns")] {
            let _ = path.try_extend_from_slice(more);
            self.send(kind::ADD_OBJECT, sequence, 0, &mut |out| {
                blob::put_text(out, attr::PATH, &path);
                blob::put(out, attr::SIGNATURE, &mut |out| {
                    if more.is_empty() {
                        blob::put_field(out, field::TABLE, b"metrics", &mut |_| {});
                        if HAS_CONNTRACK {
                            blob::put_field(out, field::TABLE, ALLOW, &mut |out| {
                                for (name, kind) in [(MARK, field::NUMBER), (MASK, field::NUMBER), (PATTERNS, field::ARRAY)] {
                                    blob::number_field(out, name, kind.into());
                                }
                            });
                        }
                    }
                });
            });
        }
    }

    /// Sends, or keeps for later; what a bus that is so far behind has no room for
    /// is not said.
    fn send(&mut self, kind: u8, sequence: u16, peer: u32, build: &mut dyn FnMut(&mut Writer)) {
        let mut buffer = [0; 2048];
        let mut out = Writer::new(&mut buffer);
        blob::message(&mut out, kind, sequence, peer, build);
        if !out.overflowed() && reserved::extend(&mut self.waiting, out.written()) {
            let _ = self.flush();
        }
    }

    fn flush(&mut self) -> Result<(), Errno> {
        while let Some(socket) = self.socket.as_ref().filter(|_| !self.waiting.is_empty()) {
            match streams::write(socket, &self.waiting) {
                Ok(n) => drop(self.waiting.drain(..n.min(self.waiting.len()))),
                Err(sys::EINTR) => {}
                Err(sys::EAGAIN) => return Ok(()),
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    }
}

/// Replaces what a mark with its mask is allowed; without patterns it is taken out.
fn allow(core: &mut Core, fields: &[u8]) -> u32 {
    let of = |name, kind| blob::items(fields).find(|item| item.name == name && item.id == kind);
    let number = |name| of(name, field::NUMBER).map(|item| item.number());
    let (Some(Some(mark)), Some(mask)) = (number(MARK), number(MASK).unwrap_or(Some(u32::MAX))) else {
        return status::INVALID_ARGUMENT;
    };
    let Some(patterns) = of(PATTERNS, field::ARRAY) else { return status::INVALID_ARGUMENT };
    let mut patterns = blob::items(patterns.data).map(|item| item.text().filter(|_| item.id == field::STRING));
    let Some(new) = Allowed::new(mark, mask, &mut patterns) else { return status::INVALID_ARGUMENT };
    let all = &mut core.config.sets.allowed;
    let place = all.iter().position(|known| (known.mark, known.mask) == (mark, mask));
    match (place, new.patterns.is_empty()) {
        (Some(place), true) => drop(all.remove(place)),
        (None, true) => {}
        (Some(place), false) => {
            if let Some(old) = all.get_mut(place) {
                *old = new;
            }
        }
        (None, false) if all.len() < ALLOWED_MAX => all.push(new),
        (None, false) => return status::UNKNOWN_ERROR,
    }
    status::OK
}
