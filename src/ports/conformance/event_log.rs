//! What every [`EventLog`] adapter keeps.
//!
//! An adapter's test calls [`suite`] with a way to make a fresh log, [`suite_of_small_logs`] where
//! the log can be told to keep few events, and may run [`writers`] on real threads. Nothing here
//! names a runtime, so the test brings its own, and a time limit: a wait that never ends is a broken
//! promise too. A fresh log is empty, keeps any number of events and keys, and has the default
//! [`Limits`](crate::domain::limits::Limits).
//!
//! Deliberately absent: durability, which only a test that ends a process can show.

#![expect(clippy::panic, reason = "a suite tells of a broken promise by panicking with a sentence")]

mod appending;
mod at_once;
mod drive;
mod durable;
mod following;
mod keys;
mod made;
mod reading;
mod small;
mod story;

use std::sync::Arc;

use crate::ports::event_log::EventLog;

pub use at_once::{assert_all_landed, writers};
pub use drive::{Work, join_all};

/// Holds an adapter to what any log promises. Each check gets a log of its own.
///
/// # Panics
/// With a sentence that says which promise was broken.
pub async fn suite(fresh: impl AsyncFn() -> Arc<dyn EventLog>) {
    appending::an_empty_log_is_empty(&*fresh().await).await;
    appending::the_log_decides_as_the_desk_does(fresh().await).await;
    appending::a_refused_proposal_leaves_the_others_alone(&*fresh().await).await;
    appending::a_late_report_changes_nothing(&*fresh().await).await;
    appending::a_report_that_changes_nothing_still_counts(&*fresh().await).await;
    appending::a_history_keeps_its_epoch(&*fresh().await).await;

    keys::a_key_answers_its_first_receipt_again(&*fresh().await).await;
    keys::a_key_is_not_taken_for_another_report(&*fresh().await).await;
    keys::keys_of_two_users_never_meet(&*fresh().await).await;
    keys::a_key_is_looked_up_before_the_fence(&*fresh().await).await;
    keys::a_key_keeps_also_what_was_late_or_changed_nothing(&*fresh().await).await;
    keys::a_refusal_does_not_use_a_key_up(&*fresh().await).await;
    keys::a_key_counts_within_one_list(&*fresh().await).await;

    reading::pages_join_to_the_whole(fresh().await).await;
    reading::a_page_past_the_last_event_is_empty(&*fresh().await).await;

    following::every_position_is_followed_to_the_head(fresh().await).await;
    following::a_follower_at_the_head_waits_and_is_woken(&fresh().await).await;
    following::two_followers_see_the_same(&fresh().await).await;
    following::a_dropped_wait_loses_nothing(&*fresh().await).await;
    following::what_makes_no_event_wakes_nobody(&*fresh().await).await;

    at_once::all_reports_to_one_agent_land(&fresh().await).await;
    at_once::events_of_one_proposal_stay_together(&fresh().await).await;
    at_once::a_key_used_many_times_at_once_counts_once(&fresh().await).await;
    let log = fresh().await;
    assert_all_landed(&*log, &join_all(writers(&log)).await).await;
}

/// Holds an adapter to what a log promises that lets old events go. `small` makes a fresh log that
/// keeps at least this many events, and not many more.
///
/// # Panics
/// With a sentence that says which promise was broken.
pub async fn suite_of_small_logs(small: impl AsyncFn(usize) -> Arc<dyn EventLog>) {
    small::what_is_let_go_is_said(&*small(small::KEEP_EVENTS).await).await;
    small::no_gap_goes_unsaid(&*small(small::KEEP_EVENTS).await).await;
    small::the_oldest_is_read_however_fast_events_go(&small(small::KEEP_EVENTS).await).await;
    small::what_is_read_follows_or_is_said_to_be_gone(&small(small::KEEP_EVENTS).await).await;
    small::the_fleet_outlives_its_events(&*small(small::KEEP_EVENTS).await).await;
    small::keys_and_fences_outlive_the_events(&*small(small::KEEP_EVENTS).await).await;
}

/// Holds an adapter to what a log promises that outlives its process. `place` makes a fresh log and gives a
/// way to open it, again and again; each time the one before is gone.
///
/// # Panics
/// With a sentence that says which promise was broken.
pub async fn suite_of_durable_logs(place: impl AsyncFn() -> Box<dyn Fn() -> Arc<dyn EventLog>>) {
    durable::a_history_goes_on_where_it_was(&place().await).await;
    durable::keys_and_fences_outlive_the_process(&place().await).await;
    durable::leases_outlive_the_process_and_agents_are_stale_until_heard(&place().await).await;
}
