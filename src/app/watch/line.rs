//! One line of text for one event.

use super::safe::plain;
use crate::domain::time::Timestamp;
use crate::ports::live_source::{Frame, Happening, What};

/// Room for a time where none is told, so that the columns stay.
const NO_TIME: &str = "                    ";

/// The line of an event or of an item of a copy; nothing for frames about the connection. Safe for a
/// terminal.
#[must_use]
pub fn line(frame: &Frame) -> Option<String> {
    match frame {
        Frame::Event(_, happening) => Some(words(happening)),
        // How things stand, and not what just happened.
        Frame::Copied(happening) => Some(format!("{} (as it stands)", words(happening))),
        _ => None,
    }
}

fn words(happening: &Happening) -> String {
    let time = happening.at.map_or_else(|| NO_TIME.to_owned(), utc);
    let agent = plain(&happening.agent);
    let mut line = match &happening.what {
        What::Status(status) => format!("{time}  {agent}  {}", plain(status)),
        What::Lifecycle(event) => format!("{time}  {agent}  {}", plain(event)),
        What::Activity { session, message } => {
            format!("{time}  {agent}  {}  {}", plain(session), plain(message))
        }
        What::AgentRemoved => format!("{time}  {agent}  removed"),
        What::SessionRemoved { session } => format!("{time}  {agent}  {}  removed", plain(session)),
    };
    let texts = [("reason", &happening.reason), ("state", &happening.state), ("signal", &happening.signal)];
    for (name, text) in texts {
        if let Some(text) = text {
            line.push_str(&format!("  {name}={}", plain(text)));
        }
    }
    if let Some(code) = happening.exit_code {
        line.push_str(&format!("  exit={code}"));
    }
    if let Some(message) = &happening.message {
        line.push_str(&format!("  {}", plain(message)));
    }
    line
}

/// `2026-01-31T23:59:59Z`
pub(super) fn utc(at: Timestamp) -> String {
    let seconds = at.millis() / 1000;
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The date that lies this many days after 1970-01-01.
const fn date(days: u64) -> (u64, u64, u64) {
    // Counted from 0000-03-01, so that a leap day is the last of its year; an era is 400 years.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::super::given::heartbeat;
    use super::*;
    use crate::domain::cursor::Seq;

    fn happening(what: What) -> Happening {
        let at = Timestamp::from_millis(1_795_460_401_000);
        Happening { at, ..Happening::of("a1".to_owned(), what) }
    }

    fn event(happening: Happening) -> String {
        line(&Frame::Event(Seq::new(1), happening)).unwrap()
    }

    #[test]
    fn times_are_told_in_utc() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_799, "2000-02-29T23:59:59Z"),
            (1_795_460_401, "2026-11-23T19:00:01Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(utc(Timestamp::from_millis(seconds * 1000).unwrap()), text);
        }
        assert!(utc(Timestamp::MAX).ends_with('Z'));
    }

    #[test]
    fn a_line_tells_when_who_what_and_why() {
        let crash = Happening {
            exit_code: Some(137),
            signal: Some("SIGKILL".to_owned()),
            message: Some("out of memory".to_owned()),
            ..happening(What::Lifecycle("crash".to_owned()))
        };
        assert_eq!(event(crash), "2026-11-23T19:00:01Z  a1  crash  signal=SIGKILL  exit=137  out of memory");
        let error =
            Happening { reason: Some("crash".to_owned()), ..happening(What::Status("error".to_owned())) };
        assert_eq!(event(error), "2026-11-23T19:00:01Z  a1  error  reason=crash");
        let says = What::Activity { session: "s1".to_owned(), message: "npm test".to_owned() };
        assert_eq!(event(happening(says)), "2026-11-23T19:00:01Z  a1  s1  npm test");
        let gone = Happening { at: None, ..happening(What::AgentRemoved) };
        assert_eq!(event(gone), "                      a1  removed");
    }

    #[test]
    fn how_things_stand_is_told_apart_from_what_happened() {
        let stands = line(&Frame::Copied(happening(What::Status("online".to_owned())))).unwrap();
        assert!(stands.ends_with("a1  online (as it stands)"), "{stands}");
        assert_eq!(line(&heartbeat(1)), None);
    }

    #[test]
    fn no_part_of_a_line_can_steer_the_terminal() {
        let bad = || "\u{1b}[2J\n\u{9b}m".to_owned();
        for what in [
            What::Status(bad()),
            What::Lifecycle(bad()),
            What::Activity { session: bad(), message: bad() },
            What::SessionRemoved { session: bad() },
        ] {
            let hostile = Happening {
                agent: bad(),
                reason: Some(bad()),
                state: Some(bad()),
                message: Some(bad()),
                signal: Some(bad()),
                ..happening(what)
            };
            let line = event(hostile);
            assert!(!line.chars().any(char::is_control), "{line:?}");
        }
    }
}
