//! The checker catches lies: right histories pass, and each of these, with one lie planted, does not.

use super::history::{Event, Frame, History, View, Wrong, check};
use super::made;

const SEEDS: u64 = 400;

#[test]
fn right_histories_are_right() {
    for seed in 0..SEEDS {
        let wrong = check(&made::history(seed, 120));
        assert!(wrong.is_empty(), "seed {seed}: {wrong:#?}");
    }
}

/// Plants a lie in histories of many seeds. It finds its place in some of them, and is caught in all of those.
fn caught(expected: Wrong, lie: impl Fn(&mut History) -> bool) {
    let mut planted = 0;
    for seed in 0..SEEDS {
        let mut history = made::history(seed, 120);
        if lie(&mut history) {
            planted += 1;
            let wrong = check(&history);
            assert!(wrong.contains_key(&expected), "seed {seed}: {expected:?} was not caught: {wrong:#?}");
        }
    }
    assert!(planted > 10, "{expected:?} was planted {planted} times");
}

fn frames(history: &mut History) -> &mut Vec<Frame> {
    &mut history.screens[0].frames
}

fn find(frames: &[Frame], wanted: impl Fn(&Frame) -> bool) -> Option<usize> {
    frames.iter().position(wanted)
}

fn is_event(frame: &Frame) -> bool {
    matches!(frame, Frame::Event(..))
}

#[test]
fn an_event_that_is_dropped_on_its_way() {
    caught(Wrong::Hole, |history| {
        let frames = frames(history);
        let place = frames.windows(2).position(|pair| is_event(&pair[0]) && is_event(&pair[1]));
        place.map(|place| frames.remove(place)).is_some()
    });
}

#[test]
fn an_event_that_comes_twice() {
    caught(Wrong::Twice, |history| {
        let frames = frames(history);
        let place = find(frames, is_event);
        place.map(|place| frames.insert(place, frames[place].clone())).is_some()
    });
}

#[test]
fn a_resume_that_repeats_what_was_applied() {
    caught(Wrong::OutOfOrder, |history| {
        let frames = frames(history);
        let resumed = |frame: &Frame| matches!(frame, Frame::Began { mode, .. } if mode == "replay");
        let Some(place) = find(frames, resumed) else { return false };
        let Some(before) = frames[..place].iter().find(|frame| is_event(frame)).cloned() else {
            return false;
        };
        let Frame::Event(seq, _) = before else { return false };
        let Frame::Began { cursor: Some((_, at)), .. } = &frames[place] else { return false };
        if seq == *at {
            return false;
        }
        frames.insert(place + 1, before);
        true
    });
}

#[test]
fn two_events_in_the_wrong_order() {
    caught(Wrong::OutOfOrder, |history| {
        let frames = frames(history);
        let place = frames.windows(2).position(|pair| is_event(&pair[0]) && is_event(&pair[1]));
        place.map(|place| frames.swap(place, place + 1)).is_some()
    });
}

#[test]
fn a_cursor_that_is_taken_before_the_copy_was_whole() {
    caught(Wrong::CursorTooEarly, |history| {
        let frames = frames(history);
        let ends = |frame: &Frame| matches!(frame, Frame::CopyEnd(_));
        let Some(end) = frames.iter().rposition(ends) else { return false };
        let Frame::CopyEnd(seq) = frames[end] else { return false };
        frames.truncate(end);
        let (cursor, sees) = (Some(("e".to_owned(), seq)), View::default());
        let again = |frame: &Frame| matches!(frame, Frame::Began { cursor: Some((_, at)), .. } if *at == seq);
        if frames.last().is_some_and(again) {
            return false;
        }
        frames.push(Frame::Began { cursor, sees, mode: "live".into(), epoch: "e".into(), seq });
        true
    });
}

#[test]
fn an_answer_that_came_before_the_disk_had_it() {
    caught(Wrong::Lost, |history| {
        // The kill took the last event, which was answered.
        let Some((position, Event::Said { id, .. })) = history.events.last().cloned() else { return false };
        if !history.reports.iter().any(|report| report.id == id && report.answers.contains(&position)) {
            return false;
        }
        history.events.pop();
        true
    });
}

#[test]
fn a_seq_that_is_given_again_after_its_event_was_lost() {
    caught(Wrong::TwoMeanings, |history| {
        let answered = |history: &History, id: &str| {
            history.reports.iter().any(|report| report.id == id && !report.answers.is_empty())
        };
        let place = history
            .events
            .iter()
            .rposition(|(_, event)| matches!(event, Event::Said { id, .. } if answered(history, id)));
        let Some(place) = place else { return false };
        history.events[place].1 = Event::Gone { agent: "a1".into() };
        true
    });
}

#[test]
fn a_removal_that_a_delta_forgets() {
    caught(Wrong::End, |history| {
        for screen in &mut history.screens {
            let gone = |frame: &Frame| matches!(frame, Frame::Copied(_, Event::Gone { .. }));
            if let Some(place) = screen.frames.iter().rposition(gone) {
                let Frame::Copied(_, Event::Gone { agent }) = screen.frames[place].clone() else { continue };
                let again = screen.frames[place + 1..].iter().any(|frame| match frame {
                    Frame::Event(_, Event::Said { agent: of, .. } | Event::Gone { agent: of }) => {
                        *of == agent
                    }
                    Frame::Copied(..) | Frame::Began { .. } => true,
                    _ => false,
                });
                let said = |frame: &Frame| match frame {
                    Frame::Event(_, Event::Said { agent: of, .. })
                    | Frame::Copied(_, Event::Said { agent: of, .. }) => *of == agent,
                    _ => false,
                };
                let shown = screen.frames[..place].iter().rposition(said);
                let dropped = screen.frames[..place].iter().rposition(
                    |frame| matches!(frame, Frame::Event(_, Event::Gone { agent: of }) if *of == agent),
                );
                if !again && shown.is_some() && dropped < shown {
                    screen.frames.remove(place);
                    return true;
                }
            }
        }
        false
    });
}

#[test]
fn a_wider_view_that_is_resumed_as_if_nothing_had_changed() {
    caught(Wrong::Beginning, |history| {
        let frames = &mut history.screens[1].frames;
        let resumed =
            |frame: &Frame| matches!(frame, Frame::Began { mode, .. } if mode == "live" || mode == "replay");
        let Some(place) = find(frames, resumed) else { return false };
        if let Frame::Began { sees, .. } = &mut frames[place] {
            *sees = View::default();
        }
        true
    });
}

#[test]
fn an_event_that_nobody_reported() {
    caught(Wrong::Phantom, |history| {
        let Some((_, Event::Said { id, .. })) = history.events.first_mut() else { return false };
        *id = "nobody's".into();
        true
    });
}

#[test]
fn a_key_that_is_answered_by_two_seqs() {
    caught(Wrong::TwoAnswers, |history| {
        let twice = history.reports.iter_mut().find(|report| report.answers.len() == 2);
        twice.map(|report| report.answers[1].1 += 1).is_some()
    });
}

#[test]
fn a_report_of_unknown_outcome_that_counts_twice() {
    caught(Wrong::Twice, |history| {
        let Some((_, event)) = history.events.first().cloned() else { return false };
        if !matches!(event, Event::Said { .. }) {
            return false;
        }
        let next = u64::try_from(history.events.len()).unwrap() + 1;
        history.events.push((("e".into(), next), event));
        true
    });
}

#[test]
fn an_event_that_a_grant_hides() {
    caught(Wrong::Hidden, |history| {
        let frames = &mut history.screens[1].frames;
        let place = find(frames, is_event);
        let hidden = Event::Said { agent: "b1".into(), id: "r".into() };
        place.map(|place| frames.insert(place, Frame::Event(0, hidden))).is_some()
    });
}

#[test]
fn a_history_that_is_another_one_and_keeps_its_name() {
    caught(Wrong::Hole, |history| {
        // Put back to where it was before: a screen that was further is told that nothing was missed.
        let frames = frames(history);
        let resumed = |frame: &Frame| matches!(frame, Frame::Began { mode, .. } if mode == "live");
        let Some(place) = find(frames, resumed) else { return false };
        if let Frame::Began { seq, .. } = &mut frames[place] {
            *seq = seq.saturating_sub(1);
        }
        true
    });
}
