//! Upserts, removals, order, counts and bounds.

use super::super::given::{activity, status};
use super::*;

fn roster(told: &[Happening]) -> Roster {
    let mut roster = Roster::default();
    told.iter().for_each(|told| roster.take(told));
    roster
}

fn removed(agent: &str) -> Happening {
    Happening::of(agent.to_owned(), What::AgentRemoved)
}

fn session_removed(agent: &str, session: &str) -> Happening {
    Happening::of(agent.to_owned(), What::SessionRemoved { session: session.to_owned() })
}

fn order(roster: &Roster) -> Vec<&str> {
    roster.in_order().map(|(id, _)| id).collect()
}

#[test]
fn errors_are_first_and_who_comes_and_goes_stays_in_place() {
    let mut roster =
        roster(&[status("c", "online"), status("a", "offline"), status("b", "online"), status("d", "error")]);
    assert_eq!(order(&roster), ["d", "a", "b", "c"]);
    roster.take(&status("a", "online"));
    roster.take(&status("b", "offline"));
    assert_eq!(order(&roster), ["d", "a", "b", "c"]);
    roster.take(&status("b", "error"));
    assert_eq!(order(&roster), ["b", "d", "a", "c"]);
    roster.take(&status("d", "online"));
    assert_eq!(order(&roster), ["b", "a", "c", "d"]);
}

#[test]
fn counts_follow_every_change() {
    let mut roster = roster(&[status("a", "online"), status("b", "error"), activity("c", "s", "x")]);
    assert_eq!(roster.counts(), Counts { error: 1, online: 1, offline: 0, other: 1 });
    roster.take(&status("c", "offline"));
    roster.take(&status("a", "sleeping"));
    roster.take(&removed("b"));
    roster.take(&removed("never there"));
    assert_eq!(roster.counts(), Counts { error: 0, online: 0, offline: 1, other: 1 });
    assert_eq!(order(&roster), ["a", "c"]);
}

#[test]
fn the_newest_session_speaks_and_a_removed_one_does_not() {
    let at = |millis, told| Happening { at: Timestamp::from_millis(millis), ..told };
    let mut roster = roster(&[
        status("a", "online"),
        at(5, activity("a", "s1", "newest")),
        at(3, activity("a", "s2", "older")),
    ]);
    let newest = |roster: &Roster| {
        let (_, agent) = roster.in_order().next().unwrap();
        (agent.newest().map(|(message, _)| message.to_owned()), agent.sessions())
    };
    assert_eq!(newest(&roster), (Some("newest".to_owned()), 2));
    roster.take(&session_removed("a", "s1"));
    assert_eq!(newest(&roster), (Some("older".to_owned()), 1));
    roster.take(&session_removed("a", "s2"));
    roster.take(&session_removed("a", "s2"));
    assert_eq!(newest(&roster), (None, 0));
}

#[test]
fn a_new_status_replaces_what_the_old_one_said() {
    let whole = Happening {
        state: Some("working".to_owned()),
        message: Some("m".to_owned()),
        reason: Some("r".to_owned()),
        restarts: Some(3),
        ..status("a", "error")
    };
    let roster = roster(&[whole, status("a", "error")]);
    let (_, agent) = roster.in_order().next().unwrap();
    assert_eq!((&agent.state, &agent.message, &agent.reason, agent.restarts), (&None, &None, &None, 0));
}

#[test]
fn agents_past_the_bound_are_left_out_and_that_is_said() {
    let mut roster = Roster::default();
    for number in 0..AGENTS_MAX {
        roster.take(&status(&format!("a{number}"), "online"));
    }
    assert!(!roster.left_out());
    roster.take(&status("one more", "error"));
    assert_eq!((roster.agents.len(), roster.counts().error, roster.left_out()), (AGENTS_MAX, 0, true));
    roster.take(&status("a7", "error"));
    assert_eq!(roster.counts().error, 1, "those that are known are still kept");
}

#[test]
fn sessions_past_the_bound_are_left_out_and_that_is_said() {
    let mut roster = Roster::default();
    for number in 0..SESSIONS_MAX {
        roster.take(&activity("a", &format!("s{number}"), "x"));
    }
    assert!(!roster.left_out());
    roster.take(&activity("a", "s0", "again"));
    assert!(!roster.left_out());
    roster.take(&activity("a", "one more", "x"));
    assert!(roster.left_out());
    assert_eq!(roster.sessions, SESSIONS_MAX);
    roster.take(&removed("a"));
    assert_eq!(roster.sessions, 0);
}

#[test]
fn no_text_of_a_server_is_kept_longer_than_it_can_be_shown() {
    let long = "x".repeat(10_000);
    let roster = roster(&[status("a", &long), activity("a", "s", &long), status(&long, "online")]);
    let (_, agent) = roster.in_order().next().unwrap();
    assert_eq!(agent.status.as_ref().unwrap().len(), WORD_CHARS_MAX);
    assert_eq!(agent.newest().unwrap().0.len(), MESSAGE_CHARS_MAX);
    assert_eq!((roster.agents.len(), roster.left_out()), (1, true));
}
