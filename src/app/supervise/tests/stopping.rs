//! Signals, and whether they asked for the end.

use super::*;

const TERM: (i32, Meaning) = (15, Meaning::Terminate);
const INT: (i32, Meaning) = (2, Meaning::Interrupt);
const HUP: (i32, Meaning) = (1, Meaning::HangUp);
const USR1: (i32, Meaning) = (10, Meaning::Other);

fn after(
    seconds: u64,
    (number, meaning): (i32, Meaning),
    by_terminal: bool,
) -> (Duration, i32, Meaning, bool) {
    (Duration::from_secs(seconds), number, meaning, by_terminal)
}

#[tokio::test(start_paused = true)]
async fn a_signal_goes_to_the_program_once_and_one_of_the_terminal_not_at_all() {
    for by_terminal in [false, true] {
        let scene = Scene::new(Restart::No).plays(vec![(5 * SECOND, exit(0))]);
        let sent = [TERM, INT, HUP, USR1].map(|signal| after(1, signal, by_terminal)).to_vec();
        let outcome = scene.signalled(sent).run().await;
        assert_eq!(outcome.signals, if by_terminal { vec![] } else { vec![15, 2, 1, 10] });
    }
}

#[tokio::test(start_paused = true)]
async fn an_end_that_was_asked_for_is_a_stop_and_nothing_is_started_again() {
    for restart in [Restart::No, Restart::OnFailure, Restart::Always] {
        let scene = Scene::new(restart).plays_until_signalled(vec![], killed(15, "SIGTERM"));
        let outcome = scene.signalled(vec![after(1, TERM, false)]).run().await;
        assert_eq!(outcome.words(), ["start", "stop SIGTERM"]);
        assert!(matches!(outcome.finish, Finish::Ended(End::Killed { number: 15, .. })));
    }
}

#[tokio::test(start_paused = true)]
async fn however_long_the_program_takes_and_whatever_its_exit_code() {
    let scene = Scene::new(Restart::Always).plays(vec![(600 * SECOND, exit(1))]);
    let outcome = scene.signalled(vec![after(1, TERM, false), after(1, TERM, false)]).run().await;
    assert_eq!(outcome.words(), ["start", "stop 1"]);
    assert_eq!((outcome.exited(), outcome.signals.as_slice()), (1, &[15, 15][..]));
}

#[tokio::test(start_paused = true)]
async fn a_key_or_a_hang_up_that_the_program_survives_asked_for_nothing() {
    for (signal, by_terminal, stops) in
        [(INT, true, false), (HUP, false, false), (INT, false, true), (HUP, true, true), (USR1, false, false)]
    {
        let scene = Scene::new(Restart::OnFailure).plays(vec![(60 * SECOND, exit(1))]);
        let scene = scene.plays(vec![(SECOND, exit(0))]);
        let outcome = scene.signalled(vec![after(1, signal, by_terminal)]).run().await;
        let expected =
            if stops { &["start", "stop 1"][..] } else { &["start", "crash 1", "restart", "stop 0"] };
        assert_eq!(outcome.words(), expected, "{signal:?} by the terminal: {by_terminal}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_ends_the_program_asked_for_it() {
    let ends = [exit(130), Heard::Ended(killed(2, "SIGINT"))];
    for (end, words) in ends.into_iter().zip(["stop 130", "stop SIGINT"]) {
        let scene = Scene::new(Restart::Always).plays(vec![(3 * SECOND, end)]);
        let outcome = scene.signalled(vec![after(1, INT, true)]).run().await;
        assert_eq!(outcome.words(), ["start", words]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_while_nothing_runs_ends_the_wait() {
    let mut scene = Scene::new(Restart::OnFailure);
    for _ in 0..5 {
        scene = scene.plays(vec![(Duration::ZERO, exit(1))]);
    }
    // 1, 2, 4, 8 s were waited for; the signal comes within the fifth wait. SIGUSR1 ends none.
    let outcome = scene.signalled(vec![after(16, USR1, false), after(1, INT, true)]).run().await;
    assert_eq!(outcome.words().last().unwrap(), "stop");
    assert_eq!(outcome.words().len(), 2 * 5 + 1);
    assert!(matches!(outcome.finish, Finish::Stopped { signal: 2 }), "{:?}", outcome.finish);
    assert_eq!(outcome.took, 17 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_second_stop_leaves_without_the_last_reports() {
    let mut scene = Scene::new(Restart::No).plays_until_signalled(vec![], killed(15, "SIGTERM"));
    scene.outbox.delivery_takes = 60 * SECOND;
    let sent = vec![after(1, TERM, false), (SECOND / 2, 15, Meaning::Terminate, false)];
    let outcome = scene.signalled(sent).run().await;
    assert_eq!(outcome.took, Duration::from_millis(1500));
}
