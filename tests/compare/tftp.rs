//! A TFTP client that writes down every packet. RFC 1350, 2347, 7440.

use crate::bytes::sum;
use crate::lab::bind;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

/// `get|put NAME [octet|netascii|MODE] [OPTION=VALUE…] [quit=N] [mute=N] [dup]`:
/// fetches a file; `quit=N` says error after N blocks, `mute=N` says nothing to
/// block N until it has come three times, `dup` acknowledges twice.
pub fn run(words: &[&str]) -> Vec<String> {
    let socket = bind(|| UdpSocket::bind("192.168.77.2:0"));
    socket.set_read_timeout(Some(Duration::from_millis(700))).unwrap();
    let mode = words.get(2).filter(|word| !word.contains('=') && **word != "dup").copied().unwrap_or("octet");
    let mut request = vec![0, if words[0] == "put" { 2 } else { 1 }];
    let name = words[1].replace("%00", "");
    for text in [if name == "EMPTY" { "" } else { &name }, mode] {
        request.extend([text.as_bytes(), b"\0"].concat());
    }
    let ours = |key: &str| matches!(key, "quit" | "mute");
    let options = words[2..].iter().filter_map(|word| word.split_once('=')).filter(|(key, _)| !ours(key));
    for (key, value) in options {
        request.extend([key.as_bytes(), b"\0", value.as_bytes(), b"\0"].concat());
    }
    let number = |key: &str| words.iter().find_map(|word| word.strip_prefix(key)?.parse::<usize>().ok());
    let (quit, mute) = (number("quit="), number("mute="));
    if mute.is_some() {
        socket.set_read_timeout(Some(Duration::from_secs(6))).unwrap();
    }
    socket.send_to(&request, "192.168.77.1:69").unwrap();
    converse(&socket, quit, mute, words.contains(&"dup"))
}

fn converse(socket: &UdpSocket, quit: Option<usize>, mute: Option<usize>, dup: bool) -> Vec<String> {
    let (mut lines, mut content, mut block, mut window) = (Vec::new(), Vec::new(), 512, 1);
    let (mut expected, mut blocks, mut buffer) = (1u16, 0usize, [0; 65536]);
    let (mut port, mut times, mut said) = (None, 0, Instant::now());
    loop {
        let Ok((len, from)) = socket.recv_from(&mut buffer) else {
            lines.push("silence".into());
            break;
        };
        if port.replace(from).is_none() {
            lines.push(format!("from {} port {}", from.ip(), if from.port() == 69 { "69" } else { "of its own" }));
        }
        let ack = |number: u16| {
            for _ in 0..1 + usize::from(dup) {
                socket.send_to(&[&[0, 4][..], &number.to_be_bytes()].concat(), from).unwrap();
            }
        };
        match &buffer[..len] {
            [0, 6, options @ ..] => {
                let texts: Vec<String> = options.split(|o| *o == 0).map(|t| t.escape_ascii().to_string()).collect();
                lines.push(format!("oack {}", texts.join(" ")));
                for pair in texts.chunks(2).filter(|pair| pair.len() == 2) {
                    match pair[0].as_str() {
                        "blksize" => block = pair[1].parse().unwrap(),
                        "windowsize" => window = pair[1].parse().unwrap(),
                        _ => {}
                    }
                }
                ack(0);
            }
            [0, 3, high, low, data @ ..] => {
                let number = u16::from_be_bytes([*high, *low]);
                if mute == Some(number.into()) && times < 3 {
                    times += 1;
                    lines.push(format!("block {number} after ~{} seconds", said.elapsed().as_secs()));
                    said = Instant::now();
                    continue;
                }
                said = Instant::now();
                if number != expected {
                    lines.push(format!("block {number} instead of {expected}"));
                    continue;
                }
                if blocks < 2 {
                    lines.push(format!("block {number} octets {}", data.len()));
                }
                (expected, blocks) = (expected.wrapping_add(1), blocks + 1);
                content.extend_from_slice(data);
                if quit == Some(blocks) {
                    socket.send_to(b"\0\x05\0\x03enough\0", from).unwrap();
                    break;
                }
                if data.len() < block {
                    ack(number);
                    break;
                }
                if blocks % window == 0 {
                    ack(number);
                }
            }
            [0, 5, 0, code, text @ ..] => {
                lines.push(format!("error {code} {}", text.escape_ascii()));
                break;
            }
            other => lines.push(format!("packet {}", other.escape_ascii())),
        }
    }
    // The last acknowledgement and the next step use different sockets.
    std::thread::sleep(Duration::from_millis(30));
    if blocks > 0 {
        lines.push(format!("content {} octets in {blocks} blocks, sum {}", content.len(), sum(&content)));
    }
    lines
}
