//! What is true in the simulated world: the zones that honest servers know,
//! and the marks by which a lie is recognised wherever it turns up.

use crate::lab::dns::{Record, kind};

/// An address that only liars hand out.
pub const POISON: &str = "198.51.100.66";
/// The same for IPv6.
pub const POISON6: &str = "2001:db8:bad::66";

/// Names that exist in some way or other.
pub const NAMES: u64 = 40;

/// The outcome of a question in the honest world.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    pub nxdomain: bool,
    pub records: Vec<Record>,
}

/// `hostN.example.net` and what is true of it.
pub fn name(number: u64) -> String {
    format!("host{number}.example.net")
}

fn number_of(name: &str) -> Option<u64> {
    name.to_ascii_lowercase().strip_prefix("host")?.strip_suffix(".example.net")?.parse().ok()
}

/// The TTL of everything about a name.
fn ttl(number: u64) -> u32 {
    3 + (number as u32 * 37) % 400
}

/// What an honest server answers. The owner of the first record is spelled as
/// the question was.
pub fn of(question: &str, kind_asked: u16) -> Truth {
    let Some(number) = number_of(question).filter(|number| number % 7 != 0) else {
        return Truth { nxdomain: true, records: Vec::new() };
    };
    let record = |name: &str, kind_text: &str, data: String| Record {
        name: name.into(),
        class: 1,
        ttl: ttl(number),
        kind: kind(kind_text).unwrap_or(0),
        data,
    };
    let mut records = Vec::new();
    let mut owner = question.to_owned();
    if number % 5 == 1 && kind_asked != 5 {
        let target = format!("edge{number}.example.org");
        records.push(record(&owner, "CNAME", target.clone()));
        owner = target;
    }
    match kind_asked {
        1 => {
            let count = 1 + number % 3;
            records.extend((0..count).map(|place| record(&owner, "A", format!("203.0.113.{}", number * 4 + place))));
        }
        28 if number % 2 == 0 => records.push(record(&owner, "AAAA", format!("2001:db8:1::{number:x}"))),
        15 => records.push(record(&owner, "MX", format!("10 mail{number}.example.net"))),
        16 => {
            let text = "x".repeat((number * 29 % 250) as usize);
            records.extend((0..1 + number % 9).map(|place| record(&owner, "TXT", format!("\"{place}{text}\""))));
        }
        _ => {}
    }
    Truth { nxdomain: false, records }
}

/// True when a record says what is so.
pub fn holds(question: &str, kind_asked: u16, record: &Record) -> bool {
    let same = |true_record: &Record| {
        true_record.name.eq_ignore_ascii_case(&record.name)
            && true_record.kind == record.kind
            && true_record.data.eq_ignore_ascii_case(&record.data)
            && record.ttl <= true_record.ttl
    };
    of(question, kind_asked).records.iter().any(same)
}
