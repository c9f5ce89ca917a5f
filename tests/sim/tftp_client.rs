//! The TFTP clients of the simulation: each fetches the file again and again,
//! with other options each time, and compares every octet.

use crate::world::{Load, Shared, Who};
use ironmasq::outbox::action::{Arrival, Door};
use std::net::{IpAddr, SocketAddr};

const CLIENTS: usize = 3;

/// The file that is served.
pub const PATH: &str = "/srv/tftp/boot.img";
/// Its length: not a multiple of anything in use.
pub const LEN: usize = 9_001;

/// The octet at a place of the file.
pub fn octet(at: usize) -> u8 {
    (at % 251) as u8
}

#[derive(Default)]
struct Client {
    port: u16,
    /// The port of the transfer at the machine.
    door: Option<Door>,
    block: usize,
    window: usize,
    /// The last block received in order.
    last: usize,
    in_window: usize,
    busy: bool,
    tries: u32,
}

pub struct TftpWorld {
    clients: Vec<Client>,
    /// Files received whole.
    pub fetched: u32,
}

fn address(number: usize, port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::from([192, 168, 1, 70 + number as u8]), port)
}

fn arrival(door: Door, from: SocketAddr) -> Arrival {
    Arrival { door, from, to: IpAddr::from([192, 168, 1, 1]), iface: 1 }
}

impl TftpWorld {
    pub fn new(shared: &mut Shared) -> TftpWorld {
        for number in 0..CLIENTS {
            let at = shared.chance.below(20_000);
            shared.wake(at, Who::Tftp(number));
        }
        TftpWorld { clients: (0..CLIENTS).map(|_| Client::default()).collect(), fetched: 0 }
    }

    pub fn restarted(&mut self) {
        for client in &mut self.clients {
            client.busy = false;
        }
    }

    /// Time to ask for the file, or to say again what was not heard.
    pub fn wake(&mut self, shared: &mut Shared, now: u64, number: usize) {
        let at = now + 1_000 + shared.chance.below(5_000);
        shared.wake(at, Who::Tftp(number));
        let client = &mut self.clients[number];
        client.tries += 1;
        if client.busy && client.tries < 8 {
            if let Some(door) = client.door {
                let from = address(number, client.port);
                shared.send(now, Load::Machine { arrival: arrival(door, from), port: 0, bytes: ack(client.last) });
            }
            return;
        }
        let port = 10_000 + shared.chance.below(50_000) as u16;
        *client = Client { port, block: 512, window: 1, busy: true, ..Client::default() };
        let mut bytes = b"\0\x01boot.img\0octet\0".to_vec();
        if shared.chance.percent(50) {
            let size = shared.chance.pick(&[8, 100, 512, 1000, 1468]);
            bytes.extend(format!("blksize\0{size}\0").bytes());
        }
        if shared.chance.percent(40) {
            let window = 1 + shared.chance.below(8);
            bytes.extend(format!("windowsize\0{window}\0").bytes());
        }
        if shared.chance.percent(40) {
            bytes.extend(b"tsize\x000\0");
        }
        let from = address(number, client.port);
        shared.send(now, Load::Machine { arrival: arrival(Door::Tftp(0), from), port: 0, bytes });
    }

    /// A packet of the server.
    pub fn received(
        &mut self,
        shared: &mut Shared,
        now: u64,
        to: SocketAddr,
        door: Door,
        bytes: &[u8],
    ) -> Result<(), String> {
        let found = self.clients.iter().enumerate().find(|(number, client)| address(*number, client.port) == to);
        let Some((number, _)) = found else { return Ok(()) };
        let client = &mut self.clients[number];
        if !client.busy || client.door.is_some_and(|known| known != door) {
            return Ok(());
        }
        match bytes {
            [0, 6, options @ ..] => {
                client.door = Some(door);
                client.agreed(options)?;
                client.say(shared, now, number, door);
            }
            [0, 3, high, low, data @ ..] => {
                client.door = Some(door);
                let block = usize::from(u16::from_be_bytes([*high, *low]));
                if block != (client.last + 1) & 0xFFFF {
                    return Ok(());
                }
                client.data(data)?;
                if data.len() < client.block {
                    client.busy = false;
                    self.fetched += 1;
                }
                let client = &mut self.clients[number];
                if client.in_window >= client.window || !client.busy {
                    client.in_window = 0;
                    client.say(shared, now, number, door);
                }
            }
            [0, 5, ..] => client.busy = false,
            _ => return Err(format!("no TFTP packet: {bytes:?}")),
        }
        Ok(())
    }
}

impl Client {
    fn say(&mut self, shared: &mut Shared, now: u64, number: usize, door: Door) {
        self.tries = 0;
        let from = address(number, self.port);
        shared.send(now, Load::Machine { arrival: arrival(door, from), port: 0, bytes: ack(self.last) });
    }

    fn agreed(&mut self, options: &[u8]) -> Result<(), String> {
        let words: Vec<String> =
            options.split(|octet| *octet == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect();
        for pair in words.chunks_exact(2) {
            let value: usize = pair[1].parse().map_err(|_| format!("an option answer: {words:?}"))?;
            match pair[0].as_str() {
                "blksize" => self.block = value,
                "windowsize" => self.window = value,
                "tsize" if value != LEN => return Err(format!("tsize {value} of a file of {LEN}")),
                "tsize" => {}
                other => return Err(format!("an option nobody asked for: {other}")),
            }
        }
        Ok(())
    }

    fn data(&mut self, data: &[u8]) -> Result<(), String> {
        let from = self.last * self.block;
        let wrong = data.iter().enumerate().find(|(place, found)| **found != octet(from + place));
        if let Some((place, _)) = wrong {
            return Err(format!("octet {} of the file is wrong (block {})", from + place, self.last + 1));
        }
        let expected = self.block.min(LEN.saturating_sub(from));
        if data.len() != expected {
            return Err(format!("block {} holds {} octets, not {expected}", self.last + 1, data.len()));
        }
        self.last += 1;
        self.in_window += 1;
        Ok(())
    }
}

fn ack(block: usize) -> Vec<u8> {
    [&[0, 4][..], &(block as u16).to_be_bytes()].concat()
}
