//! By which socket a question goes upstream: how sockets are numbered.
//!
//! Each question has sockets of its own, on ports drawn at random: one of each
//! family, or as many as `port-limit` allows. Those of `query-port` and of
//! servers with a source port are shared by all questions and stay open; an
//! answer that comes in there is told apart by its identifier.

use crate::base::random::Random;
use crate::config;
use crate::limits;

/// Shared sockets at most: `query-port`, and the servers' source ports.
const SHARED_MAX: u16 = 1 + config::SOURCE_PORTS_MAX as u16;

/// Most questions at once that leave room for the numbers of shared sockets.
pub const QUESTIONS_MAX: u16 = u16::MAX - 1 - SHARED_MAX;

/// The numbers of sockets: first that of each question, then the shared ones,
/// then further ones of each question.
#[derive(Clone, Copy)]
pub struct Doors {
    /// Questions at once.
    questions: u16,
    /// Shared sockets.
    shared: u16,
    /// Sockets that one question may use.
    each: u16,
}

/// Whose a socket is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// That of the question in this slot.
    Question(u16),
    /// Everybody's.
    Everybody,
}

impl Doors {
    /// The numbers that a configuration needs.
    pub fn new(config: &config::Dns) -> Self {
        let questions = config.forward_max.clamp(1, QUESTIONS_MAX);
        let ports = u16::try_from(config.source_ports.len()).unwrap_or(SHARED_MAX);
        // The servers file may bring further ones at any time.
        let shared = if config.servers_file.path.is_some() { SHARED_MAX } else { ports.saturating_add(1) };
        // A question sends no more datagrams than this, so it needs no more ports.
        let wished = config.port_limit.clamp(1, limits::UPSTREAM_DATAGRAMS_MAX.into());
        let room = (u16::MAX - 1).saturating_sub(shared).checked_div(questions).unwrap_or(1);
        Doors { questions, shared, each: wished.min(room).max(1) }
    }

    /// How many there are.
    pub fn count(self) -> usize {
        usize::from(self.questions).saturating_mul(self.each.into()).saturating_add(self.shared.into())
    }

    /// Questions at once.
    pub fn questions(self) -> u16 {
        self.questions
    }

    /// The socket of a question for its datagram number `turn`, and which of
    /// its sockets that is.
    pub fn own(self, slot: u16, turn: u8) -> (u16, u8) {
        let turn = u16::from(turn).checked_rem(self.each).unwrap_or(0);
        let number = match turn.checked_sub(1) {
            None => slot,
            Some(further) => {
                let first = self.questions.saturating_add(self.shared);
                first.saturating_add(further.saturating_mul(self.questions)).saturating_add(slot)
            }
        };
        (number, u8::try_from(turn).unwrap_or(0))
    }

    /// The socket that a fixed source port has, and which of the shared ones that
    /// is. `port`: that of the server; 0: it has none.
    pub fn shared(self, config: &config::Dns, port: Option<u16>) -> Option<(u16, u8, u16)> {
        let of_server = port.and_then(|port| Some((config.source_ports.iter().position(|known| *known == port)?, port)));
        let (place, port) = match of_server {
            Some((place, port)) => (u8::try_from(place).ok()?.checked_add(1)?, port),
            None => (0, config.query_port?),
        };
        Some((self.questions.saturating_add(place.into()), place, port))
    }

    /// Whose this socket is.
    pub fn owner(self, number: u16) -> Owner {
        match number.checked_sub(self.questions) {
            None => Owner::Question(number),
            Some(behind) => match behind.checked_sub(self.shared) {
                None => Owner::Everybody,
                Some(further) => Owner::Question(further.checked_rem(self.questions).unwrap_or(0)),
            },
        }
    }
}

/// A source port for a question.
pub fn draw(config: &config::Dns, random: &mut Random) -> u16 {
    let (low, high) = config.ports;
    let span = u32::from(high.saturating_sub(low)).saturating_add(1);
    low.saturating_add(u16::try_from(random.below(span)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_one_owner() {
        let doors = Doors { questions: 5, shared: 3, each: 4 };
        let mut seen = vec![0; doors.count()];
        for slot in 0..5 {
            for turn in 0..4 {
                let (number, which) = doors.own(slot, turn);
                assert!(doors.owner(number) == Owner::Question(slot) && which == turn);
                seen[usize::from(number)] += 1;
            }
            assert_eq!(doors.own(slot, 4), doors.own(slot, 0), "they take turns");
        }
        assert_eq!(seen, [1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
        assert!((5..8).all(|number| doors.owner(number) == Owner::Everybody));
    }
}
