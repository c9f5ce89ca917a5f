//! A DHCP server behind a relay: what comes to it is shown, and it answers.
//!
//! ```text
//! server ADDRESS                   from now on somebody listens there, at port 67
//! relayed ADDRESS                  shows what came there, or silence
//! reply ADDRESS yiaddr=A [ciaddr=A] [giaddr=A] [flags=HEX]
//!                                  answers that, and shows what the client gets
//! ```

use crate::bytes::address;
use crate::dhcp;
use crate::lab::bind;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_millis(700);

/// The servers: a socket and the last request each.
#[derive(Default)]
pub struct Servers(HashMap<String, (UdpSocket, Vec<u8>)>);

impl Servers {
    pub fn listen(&mut self, at: &str) -> Vec<String> {
        let addr = SocketAddr::new(at.parse().unwrap(), 67);
        let socket = bind(|| UdpSocket::bind(addr));
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        self.0.insert(at.into(), (socket, Vec::new()));
        Vec::new()
    }

    pub fn relayed(&mut self, at: &str) -> Vec<String> {
        let (socket, last) = self.0.get_mut(at).expect("server ADDRESS comes first");
        let mut buffer = [0; 4096];
        loop {
            match socket.recv_from(&mut buffer) {
                Err(_) => return vec!["silence".into()],
                // What a client says to everybody is heard here too.
                Ok((len, _)) if len < 240 || buffer[0] != 1 || buffer[3] == 0 => {}
                Ok((len, from)) => {
                    *last = buffer[..len].to_vec();
                    return [vec![format!("from {from}")], dhcp::show(last).0].concat();
                }
            }
        }
    }

    /// Answers; `client` is where the client listens.
    pub fn reply(&mut self, words: &[&str], client: Option<&UdpSocket>) -> Vec<String> {
        let (socket, last) = self.0.get_mut(words[0]).expect("server ADDRESS comes first");
        let mut bytes = last.clone();
        bytes[0] = 2;
        for (key, at) in [("ciaddr", 12), ("yiaddr", 16), ("giaddr", 24)] {
            if let Some(addr) = words.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('=')) {
                bytes[at..at + 4].copy_from_slice(&address(addr));
            }
        }
        if let Some(flags) = words.iter().find_map(|word| word.strip_prefix("flags=")) {
            bytes[10..12].copy_from_slice(&u16::from_str_radix(flags, 16).unwrap().to_be_bytes());
        }
        let relay: IpAddr = "192.168.77.1".parse().unwrap();
        socket.send_to(&bytes, SocketAddr::new(relay, 67)).unwrap();
        let client = client.expect("a client asks first");
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut buffer = [0; 4096];
        loop {
            match client.recv_from(&mut buffer) {
                Err(_) => return vec!["silence".into()],
                Ok((len, _)) if len < 240 || buffer[0] != 2 || buffer[4..8] != bytes[4..8] => {}
                Ok((len, from)) => return [vec![format!("from {from}")], dhcp::show(&buffer[..len]).0].concat(),
            }
        }
    }
}
