//! The texts of a row of the table, whole: whoever draws them cuts them. All are safe for a terminal.

use std::time::Duration;

use super::roster::{Agent, Kind};
use super::safe::plain;
use crate::domain::time::Timestamp;

/// An agent as a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What its status means; decides shape and colour.
    pub kind: Kind,
    /// The word for its status.
    pub status: String,
    /// Its id.
    pub agent: String,
    /// What it is doing, or what its newest session is.
    pub state: String,
    /// How long its status is so.
    pub so_long: String,
    /// How long ago there was news of it. A quiet agent may be heard by its server without any.
    pub news: String,
    /// How often it was restarted; empty for never.
    pub restarts: String,
    /// How many sessions it has; empty for none.
    pub sessions: String,
    /// Why it is as it is, where that is not good, and what was last said.
    pub word: String,
}

impl Row {
    /// The row of an agent at a time; without one the ages are not known.
    pub(super) fn of(id: &str, agent: &Agent, now: Option<Timestamp>) -> Self {
        let newest = agent.newest();
        // The last state of a session is not what an agent does that has stopped.
        let at_work = !matches!(agent.kind(), Kind::Error | Kind::Offline);
        let session_state = newest.and_then(|(_, state)| state).filter(|_| at_work);
        let state = agent.state.as_deref().or(session_state);
        let ago = |at: Option<Timestamp>| match (now, at) {
            (Some(now), Some(at)) => age(now.since(at)),
            _ => String::new(),
        };
        let number = |number: u64| if number == 0 { String::new() } else { number.to_string() };
        Self {
            kind: agent.kind(),
            status: plain(agent.status.as_deref().unwrap_or("not told")),
            agent: plain(id),
            state: plain(state.unwrap_or_default()),
            so_long: ago(agent.since),
            news: ago(agent.heard),
            restarts: number(agent.restarts),
            sessions: number(u64::try_from(agent.sessions()).unwrap_or(u64::MAX)),
            word: plain(&word(agent, newest.map(|(message, _)| message))),
        }
    }
}

fn word(agent: &Agent, said: Option<&str>) -> String {
    let mut why: Vec<String> = Vec::new();
    if agent.stale {
        why.push("not heard since the server started".to_owned());
    }
    why.extend(agent.exit_code.map(|code| format!("exit {code}")));
    why.extend(agent.signal.clone());
    let well = agent.kind() == Kind::Online;
    why.extend(agent.reason.clone().filter(|_| !well));
    why.extend(agent.message.clone().filter(|_| !well || said.is_none()));
    let mut parts: Vec<&str> = Vec::new();
    let why = why.join(", ");
    parts.extend(Some(why.as_str()).filter(|why| !why.is_empty()));
    parts.extend(said);
    parts.join(" · ")
}

/// A length of time in at most six letters: `45s`, `3m05s`, `2h05m`, `4d03h`, `>999d`.
#[must_use]
pub fn age(age: Duration) -> String {
    let seconds = age.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m{:02}s", seconds % 60),
        (0, _, _) => format!("{hours}h{:02}m", minutes % 60),
        (1..=99, _, _) => format!("{days}d{:02}h", hours % 24),
        (100..=999, _, _) => format!("{days}d"),
        _ => ">999d".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::given::{activity, status};
    use super::super::roster::Roster;
    use super::*;
    use crate::ports::live_source::{Happening, What};

    fn time(seconds: u64) -> Option<Timestamp> {
        Timestamp::from_millis(seconds * 1000)
    }

    /// The row of the one agent that these made, at 1,000 s.
    fn row(told: &[Happening]) -> Row {
        let mut roster = Roster::default();
        told.iter().for_each(|told| roster.take(told));
        let row = roster.in_order().map(|(id, agent)| Row::of(id, agent, time(1000))).next();
        row.unwrap()
    }

    fn crash() -> Happening {
        Happening {
            exit_code: Some(137),
            signal: Some("SIGKILL".to_owned()),
            at: time(990),
            ..Happening::of("a1".to_owned(), What::Lifecycle("crash".to_owned()))
        }
    }

    fn error() -> Happening {
        let (reason, message) = (Some("crash".to_owned()), Some("out of memory".to_owned()));
        Happening { reason, message, since: time(990), at: time(990), ..status("a1", "error") }
    }

    #[test]
    fn an_age_is_short_at_every_length() {
        for (seconds, text) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m00s"),
            (3599, "59m59s"),
            (3600, "1h00m"),
            (86_399, "23h59m"),
            (86_400, "1d00h"),
            (8_639_999, "99d23h"),
            (8_640_000, "100d"),
            (86_400_000, ">999d"),
            (u64::MAX, ">999d"),
        ] {
            assert_eq!(age(Duration::from_secs(seconds)), text);
            assert!(text.len() <= 6);
        }
    }

    #[test]
    fn a_row_tells_how_long_and_when_there_was_news_whatever_told_it() {
        let online = Happening { since: time(400), at: time(880), ..status("a1", "online") };
        let says = Happening {
            at: time(997),
            state: Some("working".to_owned()),
            ..activity("a1", "s1", "npm test")
        };
        let row = row(&[online, says]);
        assert_eq!((row.so_long.as_str(), row.news.as_str()), ("10m00s", "3s"));
        assert_eq!((row.state.as_str(), row.word.as_str()), ("working", "npm test"));
        assert_eq!((row.sessions.as_str(), row.restarts.as_str()), ("1", ""));
    }

    #[test]
    fn a_failed_agent_tells_why_and_what_it_said_last() {
        let says = Happening { state: Some("working".to_owned()), ..activity("a1", "s1", "npm test") };
        let row = row(&[says, crash(), error()]);
        assert_eq!(row.word, "exit 137, SIGKILL, crash, out of memory · npm test");
        assert_eq!((row.kind, row.status.as_str(), row.state.as_str()), (Kind::Error, "error", ""));
    }

    #[test]
    fn how_a_process_ended_is_not_told_of_the_next_one() {
        let start = Happening::of("a1".to_owned(), What::Lifecycle("restart".to_owned()));
        let online = Happening { restarts: Some(2), ..status("a1", "online") };
        let row = row(&[crash(), error(), start, online]);
        assert_eq!((row.word.as_str(), row.restarts.as_str()), ("", "2"));
    }

    #[test]
    fn what_was_not_heard_since_a_restart_is_said_until_it_is_heard() {
        let stale = Happening { stale: true, ..status("a1", "online") };
        assert_eq!(row(std::slice::from_ref(&stale)).word, "not heard since the server started");
        assert_eq!(row(&[stale, activity("a1", "s1", "hello")]).word, "hello");
    }

    #[test]
    fn an_agent_whose_status_was_not_told_says_so_and_no_time_is_made_up() {
        let row = row(&[activity("a1", "s1", "hello")]);
        assert_eq!((row.kind, row.status.as_str()), (Kind::Other, "not told"));
        assert_eq!((row.so_long.as_str(), row.news.as_str()), ("", ""));
    }

    #[test]
    fn nothing_that_a_server_sends_steers_the_terminal() {
        let bad = || "\u{1b}[2J\r\n\u{202e}".to_owned();
        let told = Happening {
            state: Some(bad()),
            reason: Some(bad()),
            message: Some(bad()),
            signal: Some(bad()),
            ..Happening::of(bad(), What::Status(bad()))
        };
        let row = row(&[told.clone(), Happening { what: What::Lifecycle("crash".to_owned()), ..told }]);
        for text in [row.status, row.agent, row.state, row.word] {
            assert!(!text.is_empty());
            assert!(!text.chars().any(|c| c.is_control() || c == '\u{202e}'), "{text:?}");
        }
    }
}
