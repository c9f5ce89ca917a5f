//! The time zone of log files: the rule in force now, from `TZ`, /etc/localtime
//! or OpenWrt's /etc/TZ. Only the rule is read (POSIX.1-2017 §8.3), which a zone
//! file has in its last line (RFC 8536 §3.3): what was in force in other years
//! does not matter to who writes the time of now.
//!
//! The C library's reading of whole zone files is five times as large and knows
//! nothing of /etc/TZ.

use super::files;
use crate::base::time::UnixTime;
use std::ffi::CStr;

/// Longest rule and longest path.
const TEXT_MAX: usize = 128;

const DAY: i64 = 86_400;

/// A moment in local time.
#[derive(Clone, Copy, Default)]
pub struct LocalTime {
    /// 0–11.
    pub month: u8,
    /// 1–31.
    pub day: u8,
    /// 0–23.
    pub hour: u8,
    /// 0–59.
    pub minute: u8,
    /// 0–60.
    pub second: u8,
}

/// A rule; all zeros is UTC.
#[derive(Clone, Copy, Default)]
#[cfg_attr(test, derive(Debug, PartialEq))]
pub struct Zone {
    /// Seconds east of UTC.
    standard: i64,
    /// The same in summer; the changes there and back.
    summer: Option<(i64, Change, Change)>,
}

/// When a year changes to another offset.
#[derive(Clone, Copy, Default)]
#[cfg_attr(test, derive(Debug, PartialEq))]
struct Change {
    /// Month from 1, with week (5: the last) and day of the week; else 0.
    month: i64,
    week: i64,
    /// Day of the week, or day of the year from 0.
    day: i64,
    /// Day 59 is 1 March in each year.
    without_leap: bool,
    /// Seconds of local time.
    time: i64,
}

impl Zone {
    /// The zone of this process; UTC when nothing tells another one.
    pub fn here() -> Self {
        // SAFETY: nothing in this process changes its environment.
        let set = unsafe { libc::getenv(c"TZ".as_ptr()).as_ref() };
        // SAFETY: what the environment holds ends with a zero and stays.
        let set = set.map(|text| unsafe { CStr::from_ptr(text) }.to_bytes());
        let found = match set.map(|text| text.strip_prefix(b":").unwrap_or(text)) {
            None => of_file(&[b"/etc/localtime"]).or_else(|| of_file(&[b"/etc/TZ"])),
            Some(text) => parse(text).or_else(|| match text {
                [b'/', ..] => of_file(&[text]),
                _ => of_file(&[b"/usr/share/zoneinfo/", text]),
            }),
        };
        found.unwrap_or_default()
    }

    /// A moment in local time.
    pub fn local(&self, at: UnixTime) -> LocalTime {
        // Far behind anything a clock says; no sum overflows.
        let at = at.0.min(1 << 35) as i64;
        let (year, ..) = date((at + self.standard).div_euclid(DAY));
        let offset = match &self.summer {
            Some((summer, there, back)) => {
                let begin = there.of(year) - self.standard;
                let end = back.of(year) - summer;
                // In the south summer goes over the end of the year.
                let is_summer = if begin < end { begin <= at && at < end } else { at < end || begin <= at };
                if is_summer { *summer } else { self.standard }
            }
            None => self.standard,
        };
        let local = at + offset;
        let (_, month, day) = date(local.div_euclid(DAY));
        let second = local.rem_euclid(DAY);
        LocalTime {
            month: (month - 1) as u8,
            day: day as u8,
            hour: (second / 3600) as u8,
            minute: (second / 60 % 60) as u8,
            second: (second % 60) as u8,
        }
    }
}

impl Change {
    /// Seconds of local time since 1970 at which it happens in a year.
    fn of(&self, year: i64) -> i64 {
        let day = if self.month > 0 {
            let first = day_number(year, self.month);
            let next = day_number(year, self.month + 1);
            // 1 January 1970 was a Thursday.
            let day = first + (self.day - first - 4).rem_euclid(7) + 7 * (self.week - 1);
            if day >= next { day - 7 } else { day }
        } else {
            let is_leap = day_number(year, 3) - day_number(year, 2) == 29;
            day_number(year, 1) + self.day + i64::from(self.without_leap && is_leap && self.day >= 59)
        };
        day * DAY + self.time
    }
}

/// Days from 1970 to the first of a month; month 13 is the next January.
fn day_number(year: i64, month: i64) -> i64 {
    // Years that begin in March have their leap day last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 - 719_468
}

/// Year, month and day of a day since 1970.
fn date(day: i64) -> (i64, i64, i64) {
    let mut year = 1970 + day / 366;
    while day_number(year + 1, 1) <= day {
        year += 1;
    }
    let mut month = 1;
    while day_number(year, month + 1) <= day {
        month += 1;
    }
    (year, month, day - day_number(year, month) + 1)
}

/// The rule in the last line of a file, its path in parts.
fn of_file(parts: &[&[u8]]) -> Option<Zone> {
    let mut path = [0; TEXT_MAX];
    let mut room = path.iter_mut();
    for (place, octet) in room.by_ref().zip(parts.iter().copied().flatten()) {
        *place = *octet;
    }
    // None left: the path is too long.
    room.next()?;
    let file = files::open_read(CStr::from_bytes_until_nul(&path).ok()?).ok()?;
    let size = files::info(&file).ok()?.size;
    let mut tail = [0; TEXT_MAX];
    let got = files::read_at(&file, &mut tail, size.saturating_sub(TEXT_MAX as u64)).ok()?;
    let tail = tail.get(..got)?.trim_ascii_end();
    parse(tail.rsplit(|octet| *octet == b'\n').next()?)
}

/// Takes a rule apart; nothing unless all of it is one.
fn parse(text: &[u8]) -> Option<Zone> {
    let mut rest = Rest(text);
    rest.name()?;
    let mut zone = Zone { standard: -rest.time()?, summer: None };
    if rest.name().is_some() {
        let summer = match rest.0.first() {
            None | Some(b',') => zone.standard + 3600,
            Some(_) => -rest.time()?,
        };
        if rest.0.is_empty() {
            rest.0 = b",M3.2.0,M11.1.0";
        }
        zone.summer = Some((summer, rest.change()?, rest.change()?));
    }
    rest.0.is_empty().then_some(zone)
}

/// What is still to be read.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn eat(&mut self, wanted: u8) -> Option<()> {
        self.0 = self.0.strip_prefix(&[wanted])?;
        Some(())
    }

    /// Letters, or anything in angle brackets.
    fn name(&mut self) -> Option<()> {
        let len = match self.0 {
            [b'<', rest @ ..] => rest.iter().position(|octet| *octet == b'>')? + 2,
            all => all.iter().take_while(|octet| octet.is_ascii_alphabetic()).count(),
        };
        self.0 = self.0.get(len..)?;
        (len > 0).then_some(())
    }

    fn number(&mut self) -> Option<i64> {
        let digits = self.0.iter().take_while(|octet| octet.is_ascii_digit()).count();
        let (number, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        let value = number.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
        (1..=3).contains(&digits).then_some(value)
    }

    /// Hours, perhaps minutes and seconds, as seconds.
    fn time(&mut self) -> Option<i64> {
        let minus = self.eat(b'-').is_some();
        if !minus {
            let _ = self.eat(b'+');
        }
        let mut seconds = self.number()? * 3600;
        let mut unit = 60;
        while unit > 0 && self.eat(b':').is_some() {
            seconds += self.number()? * unit;
            unit /= 60;
        }
        Some(if minus { -seconds } else { seconds })
    }

    /// A comma, a day and perhaps a time.
    fn change(&mut self) -> Option<Change> {
        self.eat(b',')?;
        let mut change = Change { time: 7200, ..Change::default() };
        if self.eat(b'M').is_some() {
            change.month = self.number().filter(|month| (1..=12).contains(month))?;
            self.eat(b'.')?;
            change.week = self.number().filter(|week| (1..=5).contains(week))?;
            self.eat(b'.')?;
            change.day = self.number()?;
        } else {
            change.without_leap = self.eat(b'J').is_some();
            change.day = self.number()? - i64::from(change.without_leap);
        }
        if self.eat(b'/').is_some() {
            change.time = self.time()?;
        }
        Some(change)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(rule: &[u8], at: u64) -> String {
        let local = parse(rule).unwrap().local(UnixTime(at));
        let LocalTime { month, day, hour, minute, second } = local;
        format!("{:02}-{day:02} {hour:02}:{minute:02}:{second:02}", month + 1)
    }

    #[test]
    fn rules_change_when_they_say() {
        let berlin = b"CET-1CEST,M3.5.0,M10.5.0/3";
        assert_eq!(text(berlin, 1_774_745_999), "03-29 01:59:59");
        assert_eq!(text(berlin, 1_774_746_000), "03-29 03:00:00");
        assert_eq!(text(berlin, 1_792_889_999), "10-25 02:59:59");
        assert_eq!(text(berlin, 1_792_890_000), "10-25 02:00:00");
        assert_eq!(text(b"EST5EDT", 1_773_039_599), "03-09 02:59:59");
        // In the south it is summer at the turn of the year.
        assert_eq!(text(b"AEST-10AEDT,M10.1.0,M4.1.0/3", 1_767_225_600), "01-01 11:00:00");
        assert_eq!(text(b"<+0545>-5:45", 0), "01-01 05:45:00");
        assert_eq!(text(b"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", 1_709_164_800), "02-28 21:00:00");
        // Day 60 without leap days is 1 March, day 60 with them as well in 2024.
        assert_eq!(text(b"A0B,J60/0,J365/0", 1_709_251_200), "03-01 01:00:00");
        assert_eq!(text(b"A0B,60/0,300/0", 1_709_251_199), "02-29 23:59:59");
    }

    #[test]
    fn what_is_no_rule_is_none() {
        for text in ["", "UTC", "5", "EST5EDT,", "EST5EDT,M13.1.0,M1.1.0", "EST5x,M3.2.0", "EST5EDT,M3.2.0,M11.1.0,", "<A5"] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
        assert!(of_file(&[b"/etc/no-such-zone"]).is_none());
    }

    #[test]
    fn zone_files_say_what_date_says() {
        use std::io::Write;
        use std::process::{Command, Stdio};
        let moments: Vec<u64> = (0..1000).map(|n| 1_780_000_000 + n * 32_400).collect();
        let input: String = moments.iter().map(|at| format!("@{at}\n")).collect();
        for name in ["Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kathmandu", "America/Santiago", "Africa/Cairo"] {
            let Some(zone) = of_file(&[b"/usr/share/zoneinfo/", name.as_bytes()]) else { continue };
            let mut date = Command::new("date");
            date.args(["-f", "-", "+%m %d %H %M %S"]).env("TZ", name).stdin(Stdio::piped()).stdout(Stdio::piped());
            let Ok(mut date) = date.spawn() else { continue };
            date.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
            let said = date.wait_with_output().unwrap();
            let ours: String = moments.iter().map(|at| {
                let LocalTime { month, day, hour, minute, second } = zone.local(UnixTime(*at));
                format!("{:02} {day:02} {hour:02} {minute:02} {second:02}\n", month + 1)
            }).collect();
            assert!(!said.status.success() || ours.as_bytes() == said.stdout, "{name}");
        }
    }
}
