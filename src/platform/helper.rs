//! The helper: a process of its own that runs programs for the server, which
//! never waits for them. It is forked at start, while we are still root, and
//! talks by a pair of sockets that keep records apart.
//!
//! To it: one octet with the number of arguments, then these and the variables
//! of the environment, each ended by a zero. From it: one octet that says what
//! happened (`Told`), then a text or a number.
//!
//! Stands on unix(7) SOCK_SEQPACKET, execve(2), waitpid(2), poll(2).

use super::sys::{self, Errno, check, check_fd, check_len};
use super::{background, files, identity, signals, streams};
use std::ffi::CStr;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// Longest record, either way.
pub const RECORD_MAX: usize = 4096;

/// A longer line of a program counts as several.
const LINE_MAX: usize = 1024;

/// Arguments and variables of one record.
const STRINGS_MAX: usize = 96;

/// A program has ended and left its output open in another process: how long,
/// in milliseconds, until that is noticed.
const LINGER_MS: libc::c_int = 1000;

/// What the helper says: the first octet of its records.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, debug_assertions), derive(Debug))]
pub enum Told<'a> {
    /// A line that the program wrote.
    Line(&'a [u8]),
    /// It could not be run.
    NotRun(Errno),
    /// It ended with this status, which is not 0.
    Status(i32),
    /// A signal ended it.
    Killed(i32),
    /// The account of the programs cannot be entered.
    NoAccount(Errno),
}

const LINE: u8 = b'L';
const NOT_RUN: u8 = b'E';
const STATUS: u8 = b'X';
const KILLED: u8 = b'K';
const NO_ACCOUNT: u8 = b'A';

/// What to run, and how.
#[derive(Clone, Copy)]
pub struct Program<'a> {
    /// The file.
    pub path: &'a CStr,
    /// Account to change to: user, group.
    pub account: Option<(u32, u32)>,
    /// What it writes comes to us; otherwise it shares our terminal.
    pub told: bool,
}

/// Forks the helper. Our end of the sockets; it ends when that is closed.
pub fn start(program: Program) -> Result<OwnedFd, Errno> {
    let mut ends = [0 as libc::c_int; 2];
    let kind = libc::SOCK_SEQPACKET | libc::SOCK_CLOEXEC;
    // SAFETY: the call writes two descriptors.
    check(unsafe { libc::socketpair(libc::AF_UNIX, kind, 0, ends.as_mut_ptr()) })?;
    // SAFETY: the call just made returned both; nobody else has them.
    let [ours, theirs] = ends.map(|end| unsafe { OwnedFd::from_raw_fd(end) });
    if sys::fork()? != 0 {
        return Ok(ours);
    }
    drop(ours);
    serve(program, &keep_only(theirs))
}

/// Gives the helper a record; unless `waiting`, an error (`EAGAIN`) if it has
/// more than enough to do. Any other error: it is gone.
pub fn give(helper: &OwnedFd, record: &[u8], waiting: bool) -> Result<(), Errno> {
    let flags = libc::MSG_NOSIGNAL | if waiting { 0 } else { libc::MSG_DONTWAIT };
    // SAFETY: the pointer and the length describe `record`.
    let sent = unsafe { libc::send(helper.as_raw_fd(), record.as_ptr().cast(), record.len(), flags) };
    check_len(sent).map(|_| ())
}

/// What the helper said, if anything. An error when it is gone.
pub fn hear<'b>(helper: &OwnedFd, buffer: &'b mut [u8]) -> Result<Told<'b>, Errno> {
    let got = streams::read(helper, buffer)?;
    let (first, rest) = buffer.get(..got).and_then(<[u8]>::split_first).ok_or(libc::EPIPE)?;
    let number = rest.first_chunk().map_or(0, |octets| i32::from_ne_bytes(*octets));
    Ok(match *first {
        LINE => Told::Line(rest),
        NOT_RUN => Told::NotRun(number),
        STATUS => Told::Status(number),
        KILLED => Told::Killed(number),
        _ => Told::NoAccount(number),
    })
}

/// Closes everything else that the helper was born with.
fn keep_only(socket: OwnedFd) -> OwnedFd {
    // SAFETY: plain numbers. 3 is nobody's who is needed here.
    let kept = match check_fd(unsafe { libc::dup2(socket.as_raw_fd(), 3) }) {
        Ok(kept) => kept,
        Err(_) => sys::exit(1),
    };
    // The copy took the place of 3, be it this socket itself.
    core::mem::forget(socket);
    sys::close_from(4);
    // SAFETY: plain numbers.
    unsafe { libc::syscall(libc::SYS_fcntl, 3, libc::F_SETFD, libc::FD_CLOEXEC) };
    kept
}

/// The helper's life. Signals stay blocked: it ends with the server.
fn serve(program: Program, socket: &OwnedFd) -> ! {
    if program.told {
        background::close_standard();
    }
    if let Some((uid, gid)) = program.account.filter(|_| identity::effective_uid() == 0) {
        let entered = identity::become_group(gid)
            .and_then(|()| identity::become_user(uid, identity::Capabilities::default()));
        if let Err(errno) = entered {
            tell(socket, NO_ACCOUNT, &errno.to_ne_bytes());
            sys::exit(1);
        }
    }
    let inherited = inherited();
    let mut buffer = [0; RECORD_MAX];
    loop {
        match files::read(socket, &mut buffer) {
            Ok(0) => sys::exit(0),
            Ok(got) => run_record(program, socket, &inherited, buffer.get(..got).unwrap_or_default()),
            Err(sys::EINTR) => {}
            Err(_) => sys::exit(1),
        }
    }
}

/// The environment we were started with, less what is ours to set.
fn inherited() -> Vec<*const libc::c_char> {
    // SAFETY: `environ` is the list of texts that we were started with.
    let all = unsafe { from_null_ended(environ) };
    // SAFETY: each is a text that ends with a zero.
    let is_ours = |text: &*const libc::c_char| unsafe { CStr::from_ptr(*text) }.to_bytes().starts_with(b"DNSMASQ_");
    all.iter().copied().filter(|text| !text.is_null() && !is_ours(text)).collect()
}

/// A list with the null pointer that ends it.
///
/// # Safety
/// There is one, and nothing changes the list.
unsafe fn from_null_ended<'a>(list: *const *const libc::c_char) -> &'a [*const libc::c_char] {
    let mut len = 0;
    // SAFETY: not beyond the null pointer.
    while unsafe { !(*list.add(len)).is_null() } {
        len += 1;
    }
    // SAFETY: all of these were just read.
    unsafe { std::slice::from_raw_parts(list, len + 1) }
}

unsafe extern "C" {
    static environ: *const *const libc::c_char;
}

fn run_record(program: Program, socket: &OwnedFd, inherited: &[*const libc::c_char], record: &[u8]) {
    let Some((count, strings)) = record.split_first() else { return };
    let name = program.path.to_bytes_with_nul();
    let base = name.iter().rposition(|octet| *octet == b'/').map_or(name, |at| name.get(at + 1..).unwrap_or(name));
    let mut args = vec![base.as_ptr().cast()];
    let mut variables = inherited.to_vec();
    // The last one may have been cut.
    let whole = strings.split_inclusive(|octet| *octet == 0).filter(|text| text.ends_with(b"\0"));
    for (place, text) in whole.take(STRINGS_MAX).enumerate() {
        let to = if place < usize::from(*count) { &mut args } else { &mut variables };
        to.push(text.as_ptr().cast());
    }
    args.push(core::ptr::null());
    variables.push(core::ptr::null());
    run(program, socket, &args, &variables);
}

/// Runs the program and waits for its end, passing on what it writes.
fn run(program: Program, socket: &OwnedFd, args: &[*const libc::c_char], variables: &[*const libc::c_char]) {
    let ended = sys::pipe().and_then(|[output, write]| {
        let child = spawn(program, args, variables, &write)?;
        drop(write);
        Ok(follow(child, &output, socket))
    });
    match ended {
        Ok(status) if libc::WIFSIGNALED(status) => tell(socket, KILLED, &libc::WTERMSIG(status).to_ne_bytes()),
        Ok(status) if libc::WEXITSTATUS(status) == 0 => {}
        Ok(status) => tell(socket, STATUS, &libc::WEXITSTATUS(status).to_ne_bytes()),
        Err(errno) => tell(socket, NOT_RUN, &errno.to_ne_bytes()),
    }
}

/// Starts the program; what it writes goes to `output`, if it is told.
fn spawn(
    program: Program,
    args: &[*const libc::c_char],
    variables: &[*const libc::c_char],
    output: &OwnedFd,
) -> Result<libc::pid_t, Errno> {
    let [failed, fail] = sys::pipe()?;
    let child = sys::fork()?;
    if child == 0 {
        for fd in [libc::STDOUT_FILENO, libc::STDERR_FILENO].into_iter().filter(|_| program.told) {
            // SAFETY: plain numbers.
            unsafe { libc::dup2(output.as_raw_fd(), fd) };
        }
        signals::as_born();
        // SAFETY: both lists end with a null pointer, and every text in them with
        // a zero.
        unsafe { libc::execve(program.path.as_ptr(), args.as_ptr(), variables.as_ptr()) };
        let _ = files::write_all(&fail, &sys::last_errno().to_ne_bytes());
        sys::exit(127);
    }
    drop(fail);
    let mut errno = [0; 4];
    if files::read(&failed, &mut errno) != Ok(errno.len()) {
        return Ok(child);
    }
    wait(child, 0);
    Err(i32::from_ne_bytes(errno))
}

/// The status of a child, once it has one.
fn wait(child: libc::pid_t, flags: libc::c_int) -> Option<libc::c_int> {
    let mut status = 0;
    // SAFETY: the call writes one number.
    (unsafe { libc::waitpid(child, &raw mut status, flags) } == child).then_some(status)
}

/// Passes on lines until the program has ended, and gives its status. Its own
/// children may keep the output open for as long as they like.
fn follow(child: libc::pid_t, output: &OwnedFd, socket: &OwnedFd) -> libc::c_int {
    let mut line = Vec::with_capacity(LINE_MAX);
    loop {
        let mut poll = libc::pollfd { fd: output.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one entry.
        let ready = unsafe { libc::poll(&raw mut poll, 1, LINGER_MS) };
        let mut piece = [0; 512];
        let got = if ready > 0 { files::read(output, &mut piece).unwrap_or(0) } else { 0 };
        for octet in piece.iter().take(got) {
            if *octet == b'\n' || line.len() >= LINE_MAX {
                tell(socket, LINE, &line);
                line.clear();
            }
            if *octet != b'\n' {
                line.push(*octet);
            }
        }
        let flags = if ready > 0 { 0 } else { libc::WNOHANG };
        if got == 0 && let Some(status) = wait(child, flags) {
            if !line.is_empty() {
                tell(socket, LINE, &line);
            }
            return status;
        }
    }
}

fn tell(socket: &OwnedFd, what: u8, text: &[u8]) {
    // Whoever listened may be gone: then nobody needs to know.
    let _ = give(socket, &[&[what], text].concat(), true);
}
