//! Tests of the test: each fault is found in one of the first seeds, and those seeds are right without it.

use crate::fault::Fault;
use crate::history::{Wrong, check};
use crate::world::run;

/// So many worlds have a fault before it has to be found.
const SEEDS: u64 = 40;

/// Plants a fault in one world after the other until it is found, as what it is.
fn caught(fault: Fault, expected: Wrong) {
    let mut found = Vec::new();
    for seed in 0..SEEDS {
        let right = check(&run(seed, None).history);
        assert!(right.is_empty(), "seed {seed} without a fault: {right:#?}");
        let wrong = check(&run(seed, Some(fault)).history);
        if wrong.contains_key(&expected) {
            eprintln!("{fault:?} was found in seed {seed}");
            return;
        }
        found.extend(wrong.into_keys());
    }
    panic!("{fault:?} was not found as {expected:?} in {SEEDS} seeds, but as {found:?}");
}

#[test]
fn an_event_that_is_dropped_on_its_way_is_found() {
    caught(Fault::EventDropped, Wrong::Hole);
}

#[test]
fn a_resume_that_repeats_an_event_is_found() {
    caught(Fault::ResumeRepeats, Wrong::Twice);
}

#[test]
fn a_replay_that_begins_one_event_late_is_found() {
    caught(Fault::ResumeSkips, Wrong::Hole);
}

#[test]
fn two_events_in_the_wrong_order_are_found() {
    caught(Fault::EventsSwapped, Wrong::OutOfOrder);
}

#[test]
fn a_cursor_that_is_taken_before_its_copy_is_whole_is_found() {
    caught(Fault::CursorTooEarly, Wrong::CursorTooEarly);
}

#[test]
fn a_wider_view_that_goes_on_as_if_nothing_had_changed_is_found() {
    caught(Fault::ViewForgotten, Wrong::Beginning);
}

#[test]
fn a_removal_that_a_delta_forgets_is_found() {
    caught(Fault::RemovalsForgotten, Wrong::CopyDiffers);
}

#[test]
fn a_screen_that_never_gets_to_the_end_is_found() {
    caught(Fault::CopyEndless, Wrong::Behind);
}

#[test]
fn a_snapshot_that_is_older_than_its_cursor_is_found() {
    caught(Fault::SnapshotOld, Wrong::OutOfOrder);
}

#[test]
fn an_event_that_is_shown_to_one_who_may_not_see_it_is_found() {
    caught(Fault::HiddenShown, Wrong::Hidden);
}

#[test]
fn a_screen_that_stands_still_and_does_not_say_so_is_found() {
    caught(Fault::Frozen, Wrong::Hole);
}

#[test]
fn a_seq_that_is_given_again_after_a_restart_is_found() {
    caught(Fault::SeqReused, Wrong::TwoMeanings);
}

#[test]
fn an_answer_that_comes_before_the_disk_has_it_is_found() {
    caught(Fault::AnsweredEarly, Wrong::Lost);
}

#[test]
fn a_key_that_a_restart_forgets_is_found() {
    caught(Fault::KeysForgotten, Wrong::Twice);
}

#[test]
fn a_key_that_is_taken_for_another_report_is_found() {
    caught(Fault::KeysUnchecked, Wrong::KeyTaken);
}

#[test]
fn a_history_that_is_put_back_and_keeps_its_epoch_is_found() {
    caught(Fault::EpochKept, Wrong::TwoMeanings);
}

#[test]
fn a_lease_whose_end_nobody_notices_is_found() {
    caught(Fault::LeasesForgotten, Wrong::Undead);
}

#[test]
fn a_socket_whose_end_nobody_notices_is_found() {
    caught(Fault::SocketsKept, Wrong::Undead);
}

#[test]
fn events_that_were_let_go_and_are_left_out_in_silence_are_found() {
    caught(Fault::GapUnsaid, Wrong::Hole);
}
