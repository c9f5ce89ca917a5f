//! SIGHUP with a long list, as a client sees it who asks at a steady rate.

use crate::lists::List;
use crate::load::question;
use crate::server::{CLIENT, Lab, SERVER};
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// Questions a second, and for how many seconds.
const RATE: u32 = 500;
const SECONDS: u32 = 8;

/// How long answers are waited for behind the last question.
const PATIENCE: Duration = Duration::from_secs(8);

/// When the signal is sent.
const SIGNAL: Duration = Duration::from_millis(500);

/// Milliseconds of the longest wait for an answer, of those that came.
pub fn pause(lab: &Lab, program: &str, list: List) -> f64 {
    waits(lab, program, list).into_iter().flatten().max().map_or(f64::NAN, |wait| wait.as_secs_f64() * 1000.0)
}

/// Questions that were never answered.
pub fn lost(lab: &Lab, program: &str, list: List) -> f64 {
    waits(lab, program, list).iter().filter(|wait| wait.is_none()).count() as f64
}

/// How long each question waited for its answer, if it came.
fn waits(lab: &Lab, program: &str, list: List) -> Vec<Option<Duration>> {
    let server = list.serve(lab, program);
    let socket = UdpSocket::bind((CLIENT, 0)).expect("a client's port");
    socket.connect(SocketAddr::from((SERVER, 53))).expect("the server's port");
    let _ = socket.set_read_timeout(Some(Duration::from_millis(100)));
    let count = RATE * SECONDS;
    let begin = Instant::now() + Duration::from_millis(20);
    let due = |number: u32| begin + Duration::from_secs(1) * number / RATE;
    let came = std::thread::scope(|scope| {
        let answers = scope.spawn(|| {
            let mut came = vec![None; count as usize];
            let mut buffer = [0; 512];
            while came.contains(&None) && Instant::now() < due(count) + PATIENCE {
                if socket.recv(&mut buffer).is_ok() {
                    let number = u16::from_be_bytes([buffer[0], buffer[1]]);
                    came[usize::from(number)] = Some(Instant::now());
                }
            }
            came
        });
        let mut signalled = false;
        for number in 0..count {
            std::thread::sleep(due(number).saturating_duration_since(Instant::now()));
            let _ = socket.send(&question(number as u16, b"\x02h1\x05bench\x03lan\0"));
            if !signalled && due(number) >= begin + SIGNAL {
                server.signal("HUP");
                signalled = true;
            }
        }
        answers.join().expect("the client")
    });
    let wait = |(number, came): (u32, Option<Instant>)| Some(came?.saturating_duration_since(due(number)));
    (0..count).zip(came).map(wait).collect()
}
