//! Cursors and resume plans.

use super::*;
use mission_control::domain::cursor::{Cursor, Epoch, ViewId};
use mission_control::domain::resume::{Plan, Why, Window, plan};

fn view_id() -> impl Strategy<Value = ViewId> {
    let part = || prop_oneof![0..2_u32, any::<u32>()];
    (part(), part()).prop_map(|(grant, interest)| ViewId { grant, interest })
}

fn cursor(epochs: &'static str, seqs: impl Strategy<Value = u64>) -> impl Strategy<Value = Cursor> {
    (epochs, seqs, prop::option::of(view_id())).prop_map(|(epoch, seq, view)| Cursor {
        epoch: Epoch::parse(&epoch).unwrap(),
        seq: Seq::new(seq),
        view,
    })
}

/// A window whose numbers lie close enough to meet those of the cursors.
fn window() -> impl Strategy<Value = Window> {
    (0..30_u64, 0..30_u64, 0..30_u64, 0..12_u64).prop_map(|(head, held, removals, replay_max)| Window {
        epoch: Epoch::parse("e").unwrap(),
        head: Seq::new(head.max(held)),
        held_after: Seq::new(held),
        removals_after: Seq::new(removals),
        replay_max,
    })
}

proptest! {
    #![proptest_config(cases(3_000))]

    #[test]
    fn a_cursor_reads_back_what_it_prints(cursor in cursor("[a-z0-9]{1,32}", any::<u64>())) {
        prop_assert_eq!(Cursor::parse(&cursor.to_string()), Ok(cursor));
    }

    #[test]
    fn no_text_makes_a_cursor_panic(
        text in "(?s:.){0,60}|[a-f0-9:é]{0,60}|[a-z0-9]{1,3}:[0-9]{1,21}(:[0-9a-fé]{14,17})?",
    ) {
        if let Ok(cursor) = Cursor::parse(&text) {
            prop_assert_eq!(Cursor::parse(&cursor.to_string()), Ok(cursor), "it read {:?}", text);
        }
    }

    #[test]
    fn nothing_is_continued_that_was_not_proven_whole(
        cursor in cursor("[ef]", 0..35_u64),
        view in view_id(),
        window in window(),
    ) {
        let same_history = cursor.epoch == window.epoch && cursor.seq <= window.head;
        let same_view = cursor.view.is_none_or(|before| before == view);
        let missed = window.head.get().saturating_sub(cursor.seq.get());
        let held = cursor.seq >= window.held_after;
        match plan(Some(&cursor), view, &window) {
            Plan::Live => prop_assert!(same_history && same_view && missed == 0),
            Plan::Replay { after } => {
                prop_assert_eq!(after, cursor.seq);
                prop_assert!(same_history && same_view && held);
                prop_assert!((1..=window.replay_max).contains(&missed));
            }
            Plan::Delta { after, why } => {
                prop_assert_eq!((after, why), (cursor.seq, Why::Resumed));
                prop_assert!(same_history && same_view && cursor.seq >= window.removals_after);
                prop_assert!(missed > 0 && !(held && missed <= window.replay_max), "no need for it");
            }
            Plan::Snapshot(why) => {
                let expected = if cursor.epoch != window.epoch {
                    Why::EpochChanged
                } else if cursor.seq > window.head {
                    Why::CursorAhead
                } else if cursor.view.is_some_and(|before| before.interest != view.interest) {
                    Why::InterestChanged
                } else if !same_view {
                    Why::GrantChanged
                } else {
                    prop_assert!(missed > 0 && !(held && missed <= window.replay_max), "no need for it");
                    prop_assert!(cursor.seq < window.removals_after, "a delta would have done");
                    Why::Compacted
                };
                prop_assert_eq!(why, expected);
            }
        }
    }

    #[test]
    fn a_reader_without_a_cursor_always_begins_anew(view in view_id(), window in window()) {
        prop_assert_eq!(plan(None, view, &window), Plan::Snapshot(Why::New));
    }
}
