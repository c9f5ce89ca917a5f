//! A message to netfilter and what the kernel says to it: it answers while it
//! is asked, so nothing waits.

use crate::base::bytes::Writer;
use crate::platform::netlink;
use crate::platform::sys::{self, Errno};
use crate::wire::netfilter::{Answer, MESSAGE_MAX, answers};
use std::os::fd::OwnedFd;

/// Octets of the answers to one message: errors repeat what was asked.
const ANSWERS_MAX: usize = 4096;

/// Sends a message and takes what the kernel says to it at once.
pub fn exchange(socket: &OwnedFd, build: &dyn Fn(&mut Writer)) -> Result<Option<Answer>, Errno> {
    let mut buffer = [0; MESSAGE_MAX];
    let mut out = Writer::new(&mut buffer);
    build(&mut out);
    netlink::send(socket, out.written())?;
    let mut told = None;
    let mut room = [0; ANSWERS_MAX];
    loop {
        let bytes = match netlink::receive(socket, &mut room) {
            Ok(bytes) => bytes,
            Err(sys::EAGAIN) => return Ok(told),
            Err(errno) => return Err(errno),
        };
        for answer in answers(bytes) {
            match answer {
                Answer::Done(0) => {}
                Answer::Done(errno) => return Err(errno),
                told_now => told = Some(told_now),
            }
        }
    }
}
