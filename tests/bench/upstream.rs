//! The upstream: answers every question with one address, at once or a while
//! after it came.

use crate::server::CLIENT;
use std::collections::VecDeque;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Runs until dropped.
pub struct Upstream {
    stop: Arc<AtomicBool>,
    asked: Arc<AtomicU32>,
    thread: Option<JoinHandle<()>>,
}

impl Upstream {
    /// Starts one that takes so long for each answer.
    pub fn start(delay: Duration) -> Self {
        let socket = UdpSocket::bind((CLIENT, 5300)).expect("the upstream's port");
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::new(AtomicU32::new(0));
        let (seen, count) = (stop.clone(), asked.clone());
        let thread = Some(std::thread::spawn(move || serve(&socket, &seen, &count, delay)));
        Upstream { stop, asked, thread }
    }

    /// Questions that have come.
    pub fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(socket: &UdpSocket, stop: &AtomicBool, asked: &AtomicU32, delay: Duration) {
    let mut buffer = [0u8; 1500];
    let mut held: VecDeque<(Instant, Vec<u8>, SocketAddr)> = VecDeque::new();
    let patience = if delay.is_zero() { Duration::from_millis(50) } else { Duration::from_millis(1) };
    let _ = socket.set_read_timeout(Some(patience));
    while !stop.load(Ordering::Relaxed) {
        if let Ok((len, from)) = socket.recv_from(&mut buffer) {
            asked.fetch_add(1, Ordering::Relaxed);
            held.push_back((Instant::now() + delay, reply(&buffer[..len]), from));
        }
        while held.front().is_some_and(|(due, ..)| delay.is_zero() || *due <= Instant::now()) {
            let _ = held.pop_front().map(|(_, reply, to)| socket.send_to(&reply, to));
        }
    }
}

fn reply(question: &[u8]) -> Vec<u8> {
    let end = question[12..].iter().position(|octet| *octet == 0).map_or(question.len(), |at| 12 + at + 5);
    let mut reply = question[..end].to_vec();
    reply[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
    reply.extend([0xC0, 12, 0, 1, 0, 1, 0, 0, 14, 16, 0, 4, 192, 0, 2, 1]);
    reply
}
