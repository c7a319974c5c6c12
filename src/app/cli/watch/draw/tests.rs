//! The whole screen, drawn into a buffer.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tokio::time::Instant;

use super::*;
use crate::app::watch::{Board, Connection, Look};
use crate::domain::cursor::Seq;
use crate::domain::time::Timestamp;
use crate::ports::live_source::{Ending, Frame as Told, Happening, Start, What};

const SERVER: &str = "http://127.0.0.1:3000";

fn time(seconds: u64) -> Option<Timestamp> {
    Timestamp::from_millis(seconds * 1000)
}

fn start() -> Start {
    Start {
        mode: "snapshot".to_owned(),
        reason: "new".to_owned(),
        copy: true,
        view: Some("v".to_owned()),
        complete: Some(true),
    }
}

fn hello() -> Told {
    Told::Hello {
        epoch: "e".to_owned(),
        user: "alice".to_owned(),
        start: start(),
        server_time: time(43_384),
        heartbeat: Duration::from_secs(30),
    }
}

fn agent(id: &str, status: &str) -> Happening {
    let told = Happening::of(id.to_owned(), What::Status(status.to_owned()));
    Happening { since: time(43_204), at: time(43_382), ..told }
}

/// A live board with these on it, as of one moment.
fn board(told: &[Happening]) -> (Board, Instant) {
    let (mut board, now) = (Board::default(), Instant::now());
    board.take(&hello(), now);
    told.iter().for_each(|told| board.take(&Told::Copied(told.clone()), now));
    board.take(&Told::CopyEnd { seq: Seq::new(1044), agents: 0, sessions: 0 }, now);
    (board, now)
}

fn three() -> Vec<Happening> {
    let says = What::Activity { session: "s1".to_owned(), message: "npm test ✓ 日本語".to_owned() };
    vec![
        Happening { state: Some("working".to_owned()), restarts: Some(2), ..agent("build-7", "online") },
        Happening { at: time(43_383), ..Happening::of("build-7".to_owned(), says) },
        Happening { reason: Some("crash".to_owned()), ..agent("importer", "error") },
        agent("archive", "offline"),
    ]
}

/// The screen of this size, drawn, and the styles of its cells.
fn drawn(board: &Board, now: Instant, hands: &mut Hands, size: (u16, u16), colour: bool) -> Buffer {
    hands.look.take = rows_in(size.1);
    let view = board.view(&hands.look, now);
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    terminal.draw(|frame| draw(frame, &view, hands, SERVER, Palette::new(colour))).unwrap();
    terminal.backend().buffer().clone()
}

fn lines(buffer: &Buffer) -> Vec<String> {
    let cells = buffer.content().chunks(usize::from(buffer.area.width));
    cells
        .map(|line| {
            let (mut text, mut covered) = (String::new(), 0);
            for cell in line {
                // The cell behind a wide letter belongs to it.
                if covered == 0 {
                    text.push_str(cell.symbol());
                    covered = Span::raw(cell.symbol()).width().max(1);
                }
                covered -= 1;
            }
            text.trim_end().to_owned()
        })
        .collect()
}

fn screen(board: &Board, now: Instant) -> Vec<String> {
    lines(&drawn(board, now, &mut Hands::default(), (80, 12), true))
}

fn lost() -> Connection {
    let ending = Ending::Closed { code: 1012, word: "restart".to_owned(), retry_after: None };
    Connection::Lost { ending, next_try: Duration::from_millis(3_600) }
}

#[test]
fn a_live_table_reads_well_at_80_cells() {
    let (board, now) = board(&three());
    let expected = [
        "Mission Control  http://127.0.0.1:3000  as alice                          ● live",
        "▲ 1 error   ● 1 online   ○ 1 offline              event 1044   last frame 0s ago",
        "",
        "STATUS     AGENT    STATE       FOR   NEWS RST SES WHY · LAST MESSAGE",
        "▲ error    importer           3m00s     2s         crash",
        "○ offline  archive            3m00s     2s",
        "● online   build-7  working   3m00s     1s   2   1 npm test ✓ 日本語",
        "",
        "",
        "",
        "",
        "3 agents                                         ↑ ↓ PgUp PgDn  / filter  q quit",
    ];
    assert_eq!(screen(&board, now), expected);
}

#[test]
fn a_lost_connection_is_said_in_words_and_takes_all_colour_from_the_rows() {
    let (mut board, now) = board(&three());
    board.tell(&lost(), now);
    let later = now + Duration::from_secs(3);
    let lines = screen(&board, later);
    assert!(lines[0].ends_with("✕ reconnecting in 1s"), "{lines:#?}");
    assert_eq!(lines[2], "✕ NOT LIVE, as of 12:03:04Z, 3s ago: the connection was closed: 1012 (restart)");
    assert!(lines[4].starts_with("▲ error    importer           3m00s"), "{lines:#?}");
    let colours = |board: &Board| {
        let buffer = drawn(board, later, &mut Hands::default(), (80, 12), true);
        (0..80).filter(|x| buffer[(*x, 4)].fg != Color::Reset).count()
    };
    assert_eq!(colours(&board), 0);
    board.take(&hello(), later);
    board.take(&Told::CopyEnd { seq: Seq::new(1044), agents: 0, sessions: 0 }, later);
    board.take(&Told::Event(Seq::new(1045), agent("importer", "error")), later);
    assert_ne!(colours(&board), 0);
}

#[test]
fn every_state_of_the_connection_has_its_words() {
    let (board, now) = board(&[]);
    for (link, expected) in [
        (Link::Live, "● live"),
        (Link::Connecting, "◌ connecting"),
        (Link::Copying { items: 312 }, "◌ copying (312 so far)"),
        (Link::Silent { since: Duration::from_secs(75) }, "✕ silent for 1m15s"),
        (Link::Lost { why: String::new(), next_try: Duration::ZERO }, "✕ reconnecting"),
        (Link::Lost { why: String::new(), next_try: Duration::from_millis(1) }, "✕ reconnecting in 1s"),
    ] {
        assert_eq!(state(&link), expected);
        let view = View { link: link.clone(), ..board.view(&Look::default(), now) };
        assert!(link == Link::Live || warning(&view).starts_with("✕ NOT LIVE"), "{link:?}");
    }
}

#[test]
fn without_colour_there_is_none_and_shapes_and_words_still_tell() {
    let (mut board, now) = board(&three());
    for _ in 0..2 {
        let buffer = drawn(&board, now, &mut Hands::default(), (80, 12), false);
        assert!(buffer.content().iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
        assert!(lines(&buffer)[4].starts_with("▲ error"));
        board.tell(&lost(), now);
    }
}

#[test]
fn more_agents_than_lines_are_counted_and_reached_by_scrolling() {
    let agents: Vec<_> = (0..330).map(|number| agent(&format!("a{number:03}"), "online")).collect();
    let (board, now) = board(&agents);
    let mut hands = Hands::default();
    for (skip, first, last) in [
        (0, "● online   a000", "1–19 of 330, … 311 more"),
        (300, "● online   a300", "301–319 of 330, … 11 more"),
        (usize::MAX, "● online   a311", "312–330 of 330, the end"),
    ] {
        hands.look.skip = skip;
        let lines = lines(&drawn(&board, now, &mut hands, (80, 24), true));
        assert!(lines[4].starts_with(first), "{lines:#?}");
        assert!(lines[23].starts_with(last), "{lines:#?}");
    }
    hands.look.filter = "a31".to_owned();
    let lines = lines(&drawn(&board, now, &mut hands, (80, 24), true));
    assert!(lines[23].starts_with("10 agents") && lines[23].contains("only *a31*"), "{lines:#?}");
}

#[test]
fn in_a_narrow_terminal_what_is_not_seen_is_still_said() {
    let agents: Vec<_> = (0..2900).map(|number| agent(&format!("a{number:04}"), "online")).collect();
    let (board, now) = board(&agents);
    let mut hands = Hands::default();
    let narrow = |hands: &mut Hands| lines(&drawn(&board, now, hands, (50, 14), true));
    let seen = narrow(&mut hands);
    assert_eq!(seen[1], "▲ 0 error   ● 2900 online   ○ 0 offline", "{seen:#?}");
    assert_eq!(seen[3], "STATUS     AGENT    FOR WHY · LAST MESSAGE", "{seen:#?}");
    assert_eq!(seen[13], "1–9 of 2900, … 2891 more", "{seen:#?}");
    (hands.typing, hands.look.filter) = (true, "a28".to_owned());
    let seen = narrow(&mut hands);
    assert!(seen[13].starts_with("/a28▏ Enter keeps it"), "{seen:#?}");
}

#[test]
fn an_empty_table_says_why_it_is_empty() {
    let (mut board, now) = (Board::default(), Instant::now());
    assert!(screen(&board, now)[0].ends_with("◌ connecting"));
    board.take(&hello(), now);
    let lines = screen(&board, now);
    assert_eq!(lines[2], "✕ NOT LIVE: a copy of the fleet is arriving");
    assert_eq!((lines[1].trim(), lines[4].as_str()), ("last frame 0s ago", "The fleet is not known yet."));
    assert!(lines[11].trim_start().starts_with("↑"), "no count: {lines:#?}");
    board.take(&Told::CopyEnd { seq: Seq::new(0), agents: 0, sessions: 0 }, now);
    assert_eq!(screen(&board, now)[4], "No agent was reported yet.");
}

#[test]
fn no_size_of_a_terminal_is_too_small() {
    let (mut board, now) = board(&three());
    for _ in 0..2 {
        for size in [(1, 1), (2, 9), (9, 2), (1, 40), (200, 3), (30, 6), (300, 90)] {
            let buffer = drawn(&board, now, &mut Hands::default(), size, true);
            assert_eq!(lines(&buffer).len(), usize::from(size.1));
        }
        board.tell(&lost(), now);
    }
}

#[test]
fn what_is_not_kept_is_said() {
    let agents = (0..101).map(|number| {
        let what = What::Activity { session: format!("s{number}"), message: "x".to_owned() };
        Happening::of("a".to_owned(), what)
    });
    let (board, now) = board(&agents.collect::<Vec<_>>());
    assert!(screen(&board, now)[2].starts_with("▲ The server has more"));
}
