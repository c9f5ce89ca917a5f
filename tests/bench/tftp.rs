//! A TFTP client, one block or one window at a time.

use crate::load::Load;
use crate::server::{CLIENT, SERVER};
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

impl Load {
    /// Fetches the 1 MiB boot file `times`, with blocks of 1428 octets.
    pub fn tftp(&mut self, times: u32, window: u16) {
        for _ in 0..times {
            let socket = UdpSocket::bind((CLIENT, 0)).expect("a client's port");
            let _ = socket.set_read_timeout(Some(Duration::from_secs(2)));
            let request = format!("\0\x01boot.img\0octet\0blksize\x001428\0windowsize\0{window}\0");
            let _ = socket.send_to(request.as_bytes(), SocketAddr::from((SERVER, 69)));
            let mut buffer = [0u8; 1500];
            let (len, from) = socket.recv_from(&mut buffer).expect("an answer");
            let granted = buffer[..len].windows(10).any(|part| part == b"windowsize");
            let window = if granted { window } else { 1 };
            let _ = socket.send_to(&[0, 4, 0, 0], from);
            let mut got = 0u16;
            loop {
                let Ok(len) = socket.recv(&mut buffer) else {
                    break;
                };
                got = got.wrapping_add(1);
                let last = len < 1432;
                if got % window == 0 || last {
                    let _ = socket.send_to(&[0, 4, buffer[2], buffer[3]], from);
                }
                if last {
                    break;
                }
            }
        }
    }
}
