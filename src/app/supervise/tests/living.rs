//! Starts, lines, ends and restarts.

use super::*;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[tokio::test(start_paused = true)]
async fn a_life_is_a_start_its_lines_and_a_stop() {
    let steps = vec![(ms(10), line("working")), (SECOND, line("done")), (SECOND, exit(0))];
    let outcome = Scene::new(Restart::No).plays(steps).run().await;
    assert_eq!(outcome.words(), ["start", "“working”", "“done”", "stop 0"]);
    assert_eq!(outcome.exited(), 0);
    assert_eq!(outcome.took, ms(2010));
    assert_eq!(outcome.told, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_crash_has_its_exit_code_or_signal_and_the_last_line() {
    let steps = vec![(ms(10), line("Error: no such host")), (SECOND, exit(3))];
    let outcome = Scene::new(Restart::No).plays(steps).run().await;
    assert_eq!(outcome.words().last().unwrap(), "crash 3: Error: no such host");
    assert_eq!(outcome.exited(), 3);

    let outcome =
        Scene::new(Restart::No).plays(vec![(SECOND, Heard::Ended(killed(9, "SIGKILL")))]).run().await;
    assert_eq!(outcome.words(), ["start", "crash SIGKILL"]);
    assert!(matches!(outcome.finish, Finish::Ended(End::Killed { number: 9, .. })));
}

#[tokio::test(start_paused = true)]
async fn of_many_lines_the_newest_is_reported_twice_a_second_and_the_last_always() {
    let mut steps: Vec<Step> = (1..=100).map(|number| (ms(20), line(&number.to_string()))).collect();
    steps.push((Duration::ZERO, exit(0)));
    let outcome = Scene::new(Restart::No).plays(steps).run().await;
    let reports = outcome.reports();
    let lines: Vec<_> = reports.iter().filter(|(_, words)| words.starts_with('“')).collect();
    // One at once, one each half second, and the last.
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert_eq!(lines[0], &(0.02, "“1”".to_owned()));
    assert_eq!(lines[4].1, "“100”");
    for pair in lines[..4].windows(2) {
        assert!(pair[1].0 - pair[0].0 >= 0.5, "{pair:?}");
    }
    assert_eq!(reports.last().unwrap().1, "stop 0");
}

#[tokio::test(start_paused = true)]
async fn every_report_is_of_one_life_and_has_its_place_in_it() {
    let scene = Scene::new(Restart::OnFailure)
        .plays(vec![(SECOND, line("a")), (SECOND, exit(1))])
        .plays(vec![(SECOND, exit(0))]);
    let outcome = scene.run().await;
    assert_eq!(outcome.words(), ["start", "“a”", "crash 1: a", "restart", "stop 0"]);
    let puts = outcome.outbox.puts.lock().unwrap();
    let stamps: Vec<_> = puts.iter().map(|(_, report)| report.instance.clone().unwrap()).collect();
    assert_eq!(stamps.iter().map(|stamp| stamp.report_seq.unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert!(stamps.iter().all(|stamp| stamp.id == stamps[0].id && stamp.started_at.is_some()));
    assert!(puts.iter().all(|(_, report)| report.timestamp.is_some() && report.agent.as_str() == "demo"));
}

#[tokio::test(start_paused = true)]
async fn who_lives_asks_for_a_lease_and_who_ended_does_not() {
    let steps = vec![(SECOND, line("a")), (SECOND, exit(0))];
    let outcome = Scene::new(Restart::No).plays(steps).run().await;
    let puts = outcome.outbox.puts.lock().unwrap();
    let lease = Some(90 * SECOND);
    let leases: Vec<_> = puts.iter().map(|(_, report)| report.lease).collect();
    assert_eq!(leases, [lease, lease, None]);
}

#[tokio::test(start_paused = true)]
async fn what_fails_is_started_again_after_waits_that_double() {
    let mut scene = Scene::new(Restart::OnFailure);
    for _ in 0..6 {
        scene = scene.plays(vec![(Duration::ZERO, exit(3))]);
    }
    let outcome = scene.plays(vec![(Duration::ZERO, exit(0))]).run().await;
    let restarts: Vec<f64> =
        outcome.reports().into_iter().filter(|(_, words)| words == "restart").map(|(at, _)| at).collect();
    assert_eq!(restarts, [1.0, 3.0, 7.0, 15.0, 31.0, 61.0]);
    assert_eq!(outcome.told[0], "the program ended with exit code 3; starting it again in 1 s");
    assert_eq!(outcome.exited(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_policy_says_what_is_started_again() {
    let fails = || vec![(SECOND, exit(1))];
    let outcome = Scene::new(Restart::No).plays(fails()).run().await;
    assert_eq!(outcome.words(), ["start", "crash 1"]);
    let outcome = Scene::new(Restart::OnFailure).plays(vec![(SECOND, exit(0))]).run().await;
    assert_eq!(outcome.words(), ["start", "stop 0"]);
    let mut always = Scene::new(Restart::Always).plays(vec![(SECOND, exit(0))]).plays(fails());
    always.task.restarts_max = Some(1);
    let outcome = always.run().await;
    assert_eq!(outcome.words(), ["start", "stop 0", "restart", "crash 1"]);
    assert_eq!((outcome.exited(), outcome.told("often enough")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_program_that_is_not_there_was_never_started() {
    let outcome = Scene::new(Restart::Always).misses().run().await;
    assert_eq!(outcome.words(), ["crash: there is no program program"]);
    assert!(matches!(outcome.finish, Finish::NotStarted(RunError::NotFound(_))));
}

#[tokio::test(start_paused = true)]
async fn a_program_that_ran_before_may_be_away_for_a_while() {
    let scene = Scene::new(Restart::OnFailure).plays(vec![(SECOND, exit(1))]).misses();
    let outcome = scene.plays(vec![(SECOND, exit(0))]).run().await;
    let expected = ["start", "crash 1", "crash: there is no program program", "restart", "stop 0"];
    assert_eq!(outcome.words(), expected);
}
