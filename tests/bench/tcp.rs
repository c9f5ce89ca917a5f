//! DNS over TCP: clients that open a connection for each question, clients that
//! keep one for a hundred, and some that open one and say nothing.

use crate::load::question;
use crate::server::{HOSTS, SERVER};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

fn connect() -> Option<TcpStream> {
    let stream = TcpStream::connect_timeout(&SocketAddr::from((SERVER, 53)), Duration::from_secs(2)).ok()?;
    let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
    let _ = stream.set_nodelay(true);
    Some(stream)
}

/// A question about a name of the hosts file, with its length in front.
fn framed(number: u32) -> Vec<u8> {
    let label = format!("h{}", number % HOSTS);
    let name = [&[label.len() as u8][..], label.as_bytes(), b"\x05bench\x03lan\0"].concat();
    let message = question(number as u16, &name);
    [&(message.len() as u16).to_be_bytes()[..], &message].concat()
}

/// Reads until so many answers are there; how many came.
fn answers(stream: &mut TcpStream, count: u32) -> u32 {
    let (mut buffer, mut filled, mut came) = ([0; 65_536], 0, 0);
    while came < count {
        let Ok(got) = stream.read(&mut buffer[filled..]) else {
            break;
        };
        if got == 0 {
            break;
        }
        filled += got;
        let mut at = 0;
        while filled - at >= 2 && filled - at - 2 >= usize::from(buffer[at]) * 256 + usize::from(buffer[at + 1]) {
            at += 2 + usize::from(buffer[at]) * 256 + usize::from(buffer[at + 1]);
            came += 1;
        }
        buffer.copy_within(at..filled, 0);
        filled -= at;
    }
    came
}

/// A new connection for each of `count` questions, eight at a time.
pub fn each(count: u32) -> u32 {
    let mut came = 0;
    for from in (0..count).step_by(8) {
        let numbers = from..count.min(from + 8);
        let mut streams: Vec<_> = numbers.clone().map_while(|number| Some((number, connect()?))).collect();
        for (number, stream) in &mut streams {
            let _ = stream.write_all(&framed(*number));
        }
        // Who leaves one without an answer is not waited for again and again.
        for (_, stream) in &mut streams {
            if answers(stream, 1) == 0 {
                return came;
            }
            came += 1;
        }
        if streams.len() < numbers.len() {
            break;
        }
    }
    came
}

/// A connection for each hundred of `count` questions, `flight` in one segment.
pub fn kept(count: u32, flight: u32) -> u32 {
    let mut came = 0;
    for from in (0..count).step_by(100) {
        let Some(mut stream) = connect() else {
            continue;
        };
        let to = count.min(from + 100);
        for first in (from..to).step_by(flight as usize) {
            let burst: Vec<u8> = (first..to.min(first + flight)).flat_map(framed).collect();
            let _ = stream.write_all(&burst);
            came += answers(&mut stream, to.min(first + flight) - first);
        }
    }
    came
}

/// As `each`, while so many others are connected and say nothing: as many as
/// the server lets in.
pub fn beside(silent: u32, count: u32) -> u32 {
    let silent: Vec<_> = (0..silent).map_while(|_| connect()).collect();
    let came = each(count);
    drop(silent);
    came
}
