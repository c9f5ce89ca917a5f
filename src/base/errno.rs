//! The text of system error numbers, as the C library prints them in the C
//! locale: log lines and TFTP errors carry it and scripts parse it. Numbers
//! above 34 are not the same on MIPS. Not a list of all errors, only of those
//! that opening files and sockets can end in.

use super::texts::{Texts, texts};

/// No such file or directory.
pub const ENOENT: i32 = 2;
/// Permission denied.
pub const EACCES: i32 = 13;
/// Is a directory.
pub const EISDIR: i32 = 21;
/// Input/output error.
pub const EIO: i32 = 5;
/// File name too long.
pub const ENAMETOOLONG: i32 = pick(36, 78);
/// Address already in use.
pub const EADDRINUSE: i32 = pick(98, 125);

/// The number of this architecture: that of most, or that of MIPS.
const fn pick(most: i32, mips: i32) -> i32 {
    if cfg!(any(target_arch = "mips", target_arch = "mips64")) { mips } else { most }
}

const TEXTS: [(i32, &str); 40] = [
    (1, "Operation not permitted"),
    (ENOENT, "No such file or directory"),
    (4, "Interrupted system call"),
    (EIO, "Input/output error"),
    (6, "No such device or address"),
    (9, "Bad file descriptor"),
    (11, "Resource temporarily unavailable"),
    (12, "Cannot allocate memory"),
    (EACCES, "Permission denied"),
    (16, "Device or resource busy"),
    (17, "File exists"),
    (18, "Invalid cross-device link"),
    (19, "No such device"),
    (20, "Not a directory"),
    (EISDIR, "Is a directory"),
    (22, "Invalid argument"),
    (23, "Too many open files in system"),
    (24, "Too many open files"),
    (26, "Text file busy"),
    (27, "File too large"),
    (28, "No space left on device"),
    (30, "Read-only file system"),
    (32, "Broken pipe"),
    (ENAMETOOLONG, "File name too long"),
    (pick(38, 89), "Function not implemented"),
    (pick(40, 90), "Too many levels of symbolic links"),
    (pick(92, 99), "Protocol not available"),
    (pick(93, 120), "Protocol not supported"),
    (pick(95, 122), "Operation not supported"),
    (pick(97, 124), "Address family not supported by protocol"),
    (EADDRINUSE, "Address already in use"),
    (pick(99, 126), "Cannot assign requested address"),
    (pick(100, 127), "Network is down"),
    (pick(101, 128), "Network is unreachable"),
    (pick(105, 132), "No buffer space available"),
    (pick(110, 145), "Connection timed out"),
    (pick(111, 146), "Connection refused"),
    (pick(104, 131), "Connection reset by peer"),
    (pick(113, 148), "No route to host"),
    (pick(116, 151), "Stale file handle"),
];

/// The numbers of `TEXTS`.
static NUMBERS: [u8; TEXTS.len()] = {
    let (mut numbers, mut at) = ([0; TEXTS.len()], 0);
    while at < TEXTS.len() {
        numbers[at] = TEXTS[at].0 as u8;
        at += 1;
    }
    numbers
};

/// What they mean.
const MEANINGS: Texts = texts!({
    const MEANINGS: [&str; TEXTS.len()] = {
        let (mut meanings, mut at) = ([""; TEXTS.len()], 0);
        while at < TEXTS.len() {
            meanings[at] = TEXTS[at].1;
            at += 1;
        }
        meanings
    };
    &MEANINGS
});

/// What the number means; `Unknown error` for one that is not listed.
pub fn text(errno: i32) -> &'static str {
    let mut known = NUMBERS.iter().zip(MEANINGS);
    known.find(|(number, _)| i32::from(**number) == errno).map_or("Unknown error", |(_, text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_are_those_of_the_system() {
        for (number, text) in TEXTS {
            let full = std::io::Error::from_raw_os_error(number).to_string();
            assert_eq!(full.split(" (os error").next(), Some(text));
        }
        assert_eq!(text(-1), "Unknown error");
    }
}
