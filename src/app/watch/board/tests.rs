//! The fold over beginnings, copies, losses and silence.

use super::super::given::{copy_end, hello, status};
use super::*;
use crate::ports::live_source::{Ending, What};

fn start(mode: &str) -> Start {
    Start {
        mode: mode.to_owned(),
        reason: "new".to_owned(),
        copy: matches!(mode, "snapshot" | "delta"),
        view: Some("v".to_owned()),
        complete: Some(true),
    }
}

fn copied(agent: &str, word: &str) -> Frame {
    Frame::Copied(status(agent, word))
}

fn event(seq: u64, agent: &str, word: &str) -> Frame {
    Frame::Event(Seq::new(seq), status(agent, word))
}

fn removal(seq: u64, agent: &str) -> Frame {
    Frame::Event(Seq::new(seq), Happening::of(agent.to_owned(), What::AgentRemoved))
}

fn begun(mode: &str) -> Frame {
    hello("e", start(mode))
}

/// A board and the moment at which everything happens.
fn board(frames: &[Frame]) -> (Board, Instant) {
    let (mut board, now) = (Board::default(), Instant::now());
    frames.iter().for_each(|frame| board.take(frame, now));
    (board, now)
}

fn whole() -> Look {
    Look { take: 100, ..Look::default() }
}

/// The rows as `id:status`, with spaces between.
fn rows(board: &Board, now: Instant) -> String {
    let rows = board.view(&whole(), now).rows;
    rows.iter().map(|row| format!("{}:{}", row.agent, row.status)).collect::<Vec<_>>().join(" ")
}

fn lost() -> Connection {
    Connection::Lost { ending: Ending::Broken("cut".to_owned()), next_try: Duration::from_secs(4) }
}

#[test]
fn frames_are_folded_as_the_contract_says() {
    let first = [begun("snapshot"), copied("a", "online"), copied("b", "online"), copy_end(7)];
    for (name, then, expected) in [
        ("nothing else", vec![], "a:online b:online"),
        ("live events", vec![event(8, "a", "error"), event(9, "c", "online")], "a:error b:online c:online"),
        ("a removal", vec![removal(8, "a")], "b:online"),
        ("an event that was in the copy", vec![event(7, "a", "offline")], "a:online b:online"),
        (
            "an event that comes twice",
            vec![event(8, "a", "error"), event(8, "a", "online")],
            "a:error b:online",
        ),
        ("a snapshot that is not whole", vec![begun("snapshot"), copied("c", "online")], "a:online b:online"),
        ("a whole snapshot", vec![begun("snapshot"), copied("c", "online"), copy_end(2)], "c:online"),
        ("a snapshot of nothing", vec![begun("snapshot"), copy_end(2)], ""),
        (
            "a delta",
            vec![
                begun("delta"),
                copied("b", "offline"),
                Frame::Copied(Happening::of("a".to_owned(), What::AgentRemoved)),
                copy_end(9),
            ],
            "b:offline",
        ),
        ("a replay", vec![begun("replay"), event(8, "a", "offline")], "a:offline b:online"),
        ("live", vec![begun("live"), event(8, "a", "offline")], "a:offline b:online"),
        (
            "a resync on the same connection",
            vec![
                Frame::Resync(start("snapshot")),
                copied("b", "error"),
                copy_end(20),
                event(21, "d", "online"),
            ],
            "b:error d:online",
        ),
        (
            "a snapshot that broke and a replay instead",
            vec![begun("snapshot"), copied("c", "online"), begun("replay"), event(8, "b", "offline")],
            "a:online b:offline",
        ),
        (
            "a new history with lower positions",
            vec![hello("f", start("snapshot")), copy_end(0), event(1, "z", "online")],
            "z:online",
        ),
    ] {
        let (board, now) = board(&[&first[..], &then[..]].concat());
        assert_eq!(rows(&board, now), expected, "{name}");
    }
}

#[test]
fn a_lost_connection_keeps_the_rows_and_says_why_and_as_of_when() {
    let online = Happening { since: Timestamp::from_millis(990_000), ..status("a", "online") };
    let (mut board, now) = board(&[begun("snapshot"), Frame::Copied(online), copy_end(7)]);
    assert_eq!(board.view(&whole(), now).as_of, None);
    let later = now + Duration::from_secs(17);
    board.tell(&lost(), later);
    let view = board.view(&whole(), later);
    let why = "the connection broke: cut".to_owned();
    assert_eq!(view.link, Link::Lost { why, next_try: Duration::from_secs(4) });
    // The server's clock said 1,000 s after midnight.
    assert_eq!(view.as_of, Some(("00:16:40Z".to_owned(), Duration::from_secs(17))));
    assert_eq!((view.rows.len(), view.rows[0].so_long.as_str()), (1, "10s"), "as it was then");
    let Link::Lost { next_try, .. } = board.view(&whole(), later + Duration::from_secs(9)).link else {
        panic!()
    };
    assert_eq!(next_try, Duration::ZERO);
}

#[test]
fn what_is_shown_is_not_live_before_the_copy_is_whole() {
    let (mut board, now) = board(&[begun("snapshot"), copied("a", "online"), copied("b", "online")]);
    let view = board.view(&whole(), now);
    assert_eq!((view.link, view.rows.len(), view.as_of), (Link::Copying { items: 2 }, 0, None));
    assert_eq!(view.counts, None, "nothing known is not nobody");
    board.take(&copy_end(7), now);
    let view = board.view(&whole(), now);
    assert_eq!((view.link, view.counts.unwrap().online), (Link::Live, 2));
    board.tell(&lost(), now);
    let later = now + Duration::from_secs(60);
    board.take(&begun("delta"), later);
    board.take(&copied("a", "offline"), later);
    let view = board.view(&whole(), later);
    assert_eq!(view.as_of.unwrap().1, Duration::from_secs(60), "not as of the last frame");
    board.take(&copy_end(9), later);
    assert_eq!(board.view(&whole(), later).as_of, None);
}

#[test]
fn a_server_that_says_nothing_for_too_long_is_not_live() {
    let (mut board, now) = board(&[begun("snapshot"), copy_end(7)]);
    let at = |seconds| now + Duration::from_secs(seconds);
    assert_eq!(board.view(&whole(), at(35)).link, Link::Live);
    assert_eq!(board.view(&whole(), at(36)).link, Link::Silent { since: Duration::from_secs(36) });
    board.take(&Frame::Heartbeat { seq: Seq::new(9), server_time: Timestamp::from_millis(9) }, at(36));
    let view = board.view(&whole(), at(37));
    assert_eq!((view.link, view.seq), (Link::Live, Some(9)));
}

#[test]
fn ages_follow_the_servers_clock_and_tick() {
    let online = Happening { since: Timestamp::from_millis(940_000), ..status("a", "online") };
    let (board, now) = board(&[begun("snapshot"), Frame::Copied(online), copy_end(7)]);
    for (later, age) in [(0, "1m00s"), (1, "1m01s"), (30, "1m30s")] {
        let view = board.view(&whole(), now + Duration::from_secs(later));
        assert_eq!(view.rows[0].so_long, age);
    }
}

#[test]
fn a_look_is_a_window_that_never_runs_past_the_end() {
    let agents: Vec<Frame> = (0..30).map(|number| copied(&format!("a{number:02}"), "online")).collect();
    let frames = [&[begun("snapshot")][..], &agents[..], &[copy_end(7)][..]].concat();
    let (board, now) = board(&frames);
    for (filter, skip, first, count, matching) in [
        ("", 0, "a00", 10, 30),
        ("", 5, "a05", 10, 30),
        ("", usize::MAX, "a20", 10, 30),
        ("a1", 0, "a10", 10, 10),
        ("a2", 9, "a20", 10, 10),
        ("29", 3, "a29", 1, 1),
    ] {
        let look = Look { filter: filter.to_owned(), skip, take: 10 };
        let view = board.view(&look, now);
        assert_eq!((view.rows.len(), view.matching), (count, matching), "{filter} {skip}");
        assert_eq!(view.rows[0].agent, first, "{filter} {skip}");
    }
    let nobody = board.view(&Look { filter: "x".to_owned(), take: 10, ..Look::default() }, now);
    assert_eq!((nobody.rows.len(), nobody.matching, nobody.counts.unwrap().online), (0, 0, 30));
}
