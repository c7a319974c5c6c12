//! Lies planted in what a real run wrote down: the checker finds each of them.

use crate::history::{Event, Frame, History, Screen, View, Wrong, assert_right, check};
use crate::load::asked;
use crate::run::{Run, run};

/// So many places are tried for each lie, spread over all that there are.
const PLACES: usize = 12;

/// A lie about one frame of one screen: which frames it can be told of, and how.
struct Lie {
    name: &'static str,
    found_as: Wrong,
    fits: fn(&View, &[Frame], usize) -> bool,
    tell: fn(&mut Vec<Frame>, usize),
}

const LIES: [Lie; 10] = [
    Lie {
        name: "an event is dropped on its way to one who sees all",
        found_as: Wrong::Hole,
        fits: |sees, frames, at| sees.is_whole() && is_followed(frames, at),
        tell: |frames, at| drop(frames.remove(at)),
    },
    Lie {
        name: "an event is dropped on its way to one who sees some agents",
        found_as: Wrong::Hole,
        fits: |sees, frames, at| !sees.agents.is_empty() && is_followed(frames, at),
        tell: |frames, at| drop(frames.remove(at)),
    },
    Lie {
        name: "an event is dropped on its way to one who sees some types",
        found_as: Wrong::Hole,
        fits: |sees, frames, at| !sees.types.is_empty() && is_followed(frames, at),
        tell: |frames, at| drop(frames.remove(at)),
    },
    Lie {
        name: "an event comes twice",
        found_as: Wrong::Twice,
        fits: |_, frames, at| is_event(&frames[at]),
        tell: |frames, at| frames.insert(at, frames[at].clone()),
    },
    Lie {
        name: "two events come in the wrong order",
        found_as: Wrong::OutOfOrder,
        fits: |_, frames, at| is_event(&frames[at]) && frames.get(at + 1).is_some_and(is_event),
        tell: |frames, at| frames.swap(at, at + 1),
    },
    Lie {
        name: "an event comes with the content of another",
        found_as: Wrong::TwoMeanings,
        fits: |_, frames, at| is_event(&frames[at]),
        tell: |frames, at| change(&mut frames[at]),
    },
    Lie {
        name: "an event comes that is hidden",
        found_as: Wrong::Hidden,
        fits: |sees, frames, at| !sees.is_whole() && is_event(&frames[at]),
        tell: |frames, at| {
            let Frame::Event(seq, _) = frames[at] else { return };
            // No view but the whole one shows this agent.
            let hidden = Event::Said { agent: "b3".into(), id: "x".into() };
            frames.insert(at, Frame::Event(seq, hidden));
            // And none with types has both of these.
            let hidden = Event::Lived { agent: "b3".into(), what: "start".into() };
            frames.insert(at, Frame::Event(seq, hidden));
        },
    },
    Lie {
        name: "an event comes that never was",
        found_as: Wrong::Phantom,
        fits: |_, frames, at| at + 1 == frames.len() && is_event(&frames[at]),
        tell: |frames, at| {
            let Frame::Event(last, _) = frames[at] else { return };
            frames.push(Frame::Event(last + 1, Event::Gone { agent: "a7".into() }));
        },
    },
    Lie {
        name: "a copy forgets something",
        found_as: Wrong::CopyDiffers,
        fits: |_, frames, at| {
            // What a delta says may be what was there before.
            let began = frames[..at].iter().rfind(|frame| matches!(frame, Frame::Began { .. }));
            let snapshot = matches!(began, Some(Frame::Began { mode, .. }) if mode == "snapshot");
            // One that is broken off says nothing.
            let ends = frames[at..].iter().find(|frame| !matches!(frame, Frame::Copied(..)));
            let whole = matches!(ends, Some(Frame::CopyEnd(_)));
            snapshot && whole && matches!(frames[at], Frame::Copied(..))
        },
        tell: |frames, at| drop(frames.remove(at)),
    },
    Lie {
        name: "a screen is told nothing more",
        found_as: Wrong::Behind,
        fits: |_, frames, at| at > frames.len() / 2 && is_event(&frames[at]),
        tell: |frames, at| frames.truncate(at),
    },
];

fn is_event(frame: &Frame) -> bool {
    matches!(frame, Frame::Event(..))
}

/// Whether something comes behind it by which its absence is seen.
fn is_followed(frames: &[Frame], at: usize) -> bool {
    is_event(&frames[at])
        && frames.get(at + 1).is_some_and(|next| is_event(next) || matches!(next, Frame::Heartbeat(_)))
}

fn change(frame: &mut Frame) {
    match frame {
        Frame::Event(_, Event::Said { id, .. }) => id.push('x'),
        Frame::Event(_, Event::Stands { status, .. }) => status.push('x'),
        Frame::Event(_, Event::Lived { what, .. }) => what.push('x'),
        Frame::Event(_, event) => *event = Event::Other { agent: event.agent().to_owned() },
        _ => {}
    }
}

/// Where a lie fits, with what its screen sees there.
fn places(screen: &Screen, lie: &Lie) -> Vec<usize> {
    let (mut sees, mut places) = (View::default(), Vec::new());
    for (at, frame) in screen.frames.iter().enumerate() {
        if let Frame::Began { sees: now, .. } = frame {
            sees.clone_from(now);
        }
        if (lie.fits)(&sees, &screen.frames, at) {
            places.push(at);
        }
    }
    places
}

/// The history with this screen alone, which is enough to see what it was told.
fn with(history: &History, screen: Screen) -> History {
    History { screens: vec![screen], ..history.clone() }
}

fn assert_found(history: &History, name: &str, found_as: Wrong) {
    let wrong = check(history);
    assert!(wrong.contains_key(&found_as), "{name}: not found as {found_as:?}, but as {wrong:#?}");
}

fn lies_to_screens(history: &History) {
    for lie in &LIES {
        let screens = history.screens.iter();
        let all: Vec<_> =
            screens.flat_map(|screen| places(screen, lie).into_iter().map(move |at| (screen, at))).collect();
        assert!(!all.is_empty(), "{}: there is no place for it", lie.name);
        for (screen, at) in all.iter().step_by(all.len().div_ceil(PLACES)) {
            let mut told = (*screen).clone();
            (lie.tell)(&mut told.frames, *at);
            let name = format!("{}, frame {at} of {}", lie.name, told.name);
            assert_found(&with(history, told), &name, lie.found_as);
        }
    }
}

fn lies_to_reporters(right: &History) {
    let said = |(_, event): &&(_, Event)| matches!(event, Event::Said { .. });
    let mut history = right.clone();
    let last = history.events.iter().rposition(|event| said(&event)).expect("somebody said something");
    history.events.truncate(last);
    assert_found(&history, "an answered report is not there", Wrong::Lost);
    let mut history = right.clone();
    let (_, event) = history.events.iter().find(said).cloned().expect("somebody said something");
    let (epoch, seq) = history.events.last().expect("something happened").0.clone();
    history.events.push(((epoch, seq + 1), event));
    assert_found(&history, "a report counts twice", Wrong::Twice);
    let mut history = right.clone();
    history.reports.pop();
    assert_found(&history, "nobody reported what is there", Wrong::Phantom);
    let mut history = right.clone();
    let (epoch, seq) = history.reports[0].answers[0].clone();
    history.reports[0].answers.push((epoch, seq + 1));
    assert_found(&history, "one report has two answers", Wrong::TwoAnswers);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lies_planted_in_what_a_saturated_server_told_are_found() {
    let seed = asked("MISSION_CONTROL_SEED", 1);
    let history =
        run(&Run { log: "memory", heartbeat_ms: "2000", seed, screens: 24, bursts: 6 }).await.history;
    assert_right(&history, seed);
    lies_to_screens(&history);
    let nobody = History { screens: Vec::new(), ..history };
    lies_to_reporters(&nobody);
}
