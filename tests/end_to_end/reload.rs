//! SIGHUP with a long list: it is read while questions are answered.

use crate::net::{program, run, wait_for};
use std::collections::HashSet;
use std::net::UdpSocket;
use std::process::{Command, Stdio};
use std::time::Duration;

const HOSTS: u32 = 200_000;

fn list(path: &str, third: u8) {
    let line = |n: u32| format!("10.{}.{}.{} host{n}.list.example\n", n >> 16, (n >> 8) & 255, n & 255);
    let text: String = (0..HOSTS).map(line).collect();
    std::fs::write(path, format!("{text}192.168.{third}.1 asked.example\n")).unwrap();
}

/// A question for the address of `asked.example`.
fn question(id: u16) -> Vec<u8> {
    let mut packet = id.to_be_bytes().to_vec();
    packet.extend(b"\x01\0\0\x01\0\0\0\0\0\0\x05asked\x07example\0\0\x01\0\x01");
    packet
}

/// Five hundred questions a second: each gets its one answer, those of before the
/// list is read from the old one and the last ones from the new one.
#[test]
fn no_question_is_lost_while_a_list_is_read_anew() {
    let folder = std::env::temp_dir().join(format!("ironmasq-reload-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    list(&path("hosts"), 1);
    let free = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let options = [
        "-k".into(), "-C/dev/null".into(), "--no-resolv".into(), "--no-hosts".into(), format!("--port={free}"),
        "--listen-address=127.0.0.1".into(), "--bind-interfaces".into(), "--pid-file=".into(), "--user=".into(),
        format!("--addn-hosts={}", path("hosts")), format!("--log-facility={}", path("log")),
    ];
    run(&format!("chmod 755 {}", folder.display()));
    let mut child = Command::new(program()).args(options).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let log = || std::fs::read_to_string(folder.join("log")).unwrap_or_default();
    let times_read = || log().lines().filter(|line| line.contains("hosts - 200001 names")).count();
    for _ in 0..60 {
        if times_read() > 0 {
            break;
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.connect(("127.0.0.1", free)).unwrap();
    client.set_read_timeout(Some(Duration::from_millis(2))).unwrap();
    let mut answered = HashSet::new();
    let (mut asked, mut last, mut buffer) = (0u16, Vec::new(), [0u8; 512]);
    let mut hear = |answered: &mut HashSet<u16>| {
        let Ok(got) = client.recv(&mut buffer) else { return None };
        let id = u16::from_be_bytes([buffer[0], buffer[1]]);
        assert!(answered.insert(id), "a second answer to {id}");
        Some((id, buffer[..got].to_vec()))
    };
    while times_read() < 3 && asked < 60_000 {
        // Two signals, as OpenWrt sends them.
        if asked == 200 {
            list(&path("hosts"), 2);
        }
        if asked == 200 || asked == 260 {
            run(&format!("kill -HUP {}", child.id()));
        }
        client.send(&question(asked)).unwrap();
        asked += 1;
        while let Some((id, answer)) = hear(&mut answered) {
            assert_eq!(answer[3] & 15, 0, "the answer to {id} is no address");
            if id < 200 {
                assert!(answer.ends_with(&[192, 168, 1, 1]), "the answer to {id} is not that of the old list");
            }
            last = answer;
        }
    }
    wait_for("the new address", || {
        client.send(&question(asked)).unwrap();
        asked += 1;
        std::thread::sleep(Duration::from_millis(5));
        while let Some((_, answer)) = hear(&mut answered) {
            last = answer;
        }
        last.ends_with(&[192, 168, 2, 1])
    });
    let mut patience = 0;
    while answered.len() < usize::from(asked) && patience < 2000 {
        patience += u32::from(hear(&mut answered).is_none());
    }
    run(&format!("kill {}", child.id()));
    let _ = child.wait();
    let lost = (0..asked).filter(|id| !answered.contains(id)).count();
    let (text, times) = (log(), times_read());
    let _ = std::fs::remove_dir_all(&folder);
    assert_eq!((lost, times), (0, 3), "of {asked} questions: {text}");
}
