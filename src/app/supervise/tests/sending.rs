//! The way to the server: its absences, its leases, and what is left at the end.

use super::*;
use crate::app::outbox::Refused;
use crate::ports::report_sender::Refusal;

fn long_life() -> Vec<Step> {
    vec![(200 * SECOND, exit(0))]
}

#[tokio::test(start_paused = true)]
async fn a_quiet_agent_beats_three_times_a_lease() {
    let outcome = Scene::new(Restart::No).plays(long_life()).run().await;
    assert_eq!(outcome.beats_at(), [30.0, 60.0, 90.0, 120.0, 150.0, 180.0]);
    let beats = outcome.outbox.beats.lock().unwrap();
    let stamp = beats[0].1.instance.clone().unwrap();
    assert_eq!(stamp.report_seq, None, "it may pass reports that wait");
    assert_eq!(outcome.outbox.puts.lock().unwrap()[0].1.instance.as_ref().unwrap().id, stamp.id);
    assert_eq!(beats[0].1.lease.unwrap(), 90 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn who_is_heard_or_does_not_run_beats_not() {
    let mut steps: Vec<Step> = (0..10).map(|_| (20 * SECOND, line("still here"))).collect();
    steps.push((SECOND, exit(0)));
    let outcome = Scene::new(Restart::No).plays(steps).run().await;
    assert_eq!(outcome.beats_at(), [0.0; 0]);

    let mut scene = Scene::new(Restart::OnFailure);
    scene.task.lease = 3 * SECOND;
    for _ in 0..5 {
        scene = scene.plays(vec![(Duration::ZERO, exit(1))]);
    }
    let outcome = scene.plays(vec![(Duration::ZERO, exit(0))]).run().await;
    assert_eq!(outcome.beats_at(), [0.0; 0]);
}

#[tokio::test(start_paused = true)]
async fn while_the_server_is_away_it_is_asked_more_and_more_rarely_and_told_of_twice() {
    let scene = Scene::new(Restart::No).plays(long_life()).answers((0..8).map(|_| away()).collect());
    let outcome = scene.run().await;
    let tries: Vec<f64> = outcome.delivered_at().into_iter().map(|at| at.round()).collect();
    // The last one is of the end.
    assert_eq!(tries, [0.0, 1.0, 3.0, 7.0, 15.0, 31.0, 61.0, 91.0, 121.0, 200.0]);
    assert_eq!(outcome.told("the server is away (connection refused); reports are kept for it"), 1);
    assert_eq!(outcome.told("the server is back"), 1);
    assert_eq!(outcome.told.len(), 2, "{:?}", outcome.told);
}

#[tokio::test(start_paused = true)]
async fn new_reports_do_not_make_it_be_asked_earlier_than_it_wants() {
    let mut steps: Vec<Step> = (0..100).map(|_| (SECOND / 2, line("x"))).collect();
    steps.push((SECOND, exit(0)));
    let scene = Scene::new(Restart::No).plays(steps).answers(vec![left(Some(20 * SECOND), false)]);
    let outcome = scene.run().await;
    let tries = outcome.delivered_at();
    assert!(tries[0] < 0.01 && tries[1] >= 20.0, "{tries:?}");
    assert_eq!(outcome.words().len(), 102, "all were kept meanwhile");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_takes_no_token_is_asked_slowly_and_the_program_runs_on() {
    let scene =
        Scene::new(Restart::No).plays(long_life()).answers((0..20).map(|_| left(None, true)).collect());
    let outcome = scene.run().await;
    assert_eq!(outcome.exited(), 0);
    assert_eq!(outcome.told("the server takes no reports"), 1);
    let tries: Vec<f64> = outcome.delivered_at().into_iter().map(|at| at.round()).collect();
    assert_eq!(tries, [0.0, 30.0, 60.0, 90.0, 120.0, 150.0, 180.0, 200.0]);
}

#[tokio::test(start_paused = true)]
async fn what_is_left_at_the_end_is_told_and_waited_for_two_seconds() {
    let scene =
        Scene::new(Restart::No).plays(vec![(SECOND, exit(4))]).answers((0..5).map(|_| away()).collect());
    let outcome = scene.run().await;
    assert_eq!(outcome.exited(), 4);
    assert_eq!(outcome.outbox.delivered.lock().unwrap().last().unwrap().1, FAREWELL);
    assert_eq!(outcome.told("some reports were not sent (connection refused); they are kept"), 1);
    assert_eq!(outcome.told("`mission-control report --flush --url http://h`"), 1);

    let mut scene = Scene::new(Restart::No).plays(vec![(SECOND, exit(4))]);
    scene.outbox.delivery_takes = 60 * SECOND;
    let outcome = scene.run().await;
    assert_eq!(outcome.took, SECOND + FAREWELL);
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_hangs_or_is_full_does_not_keep_the_program_from_running() {
    let steps = || (0..200).map(|_| (SECOND, line("x"))).chain([(SECOND, exit(7))]).collect();
    let mut scene = Scene::new(Restart::No).plays(steps());
    scene.outbox.put_hangs = true;
    let outcome = scene.run().await;
    assert_eq!((outcome.exited(), outcome.took), (7, 201 * SECOND + FAREWELL + FAREWELL_SLACK));
    assert_eq!(outcome.told("some reports are lost"), 1);
    assert_eq!(outcome.told("the last reports may be lost"), 1);

    let mut scene = Scene::new(Restart::No).plays(steps());
    scene.outbox.put_fails = true;
    let outcome = scene.run().await;
    assert_eq!(outcome.exited(), 7);
    assert_eq!(
        outcome.told,
        ["reports cannot be kept: the disk is full; they are sent from memory, as long as this runs"]
    );
}

#[tokio::test(start_paused = true)]
async fn late_and_refused_reports_are_told_of_once() {
    let refused = |agent: &str, code: &str| Refused {
        agent: AgentId::parse(agent).unwrap(),
        refusal: Refusal { code: code.into(), detail: "\u{1b}[2Jno".into(), retry_after: None },
        own: false,
    };
    let delivery = || Delivery {
        late: [AgentId::parse("demo").unwrap()].into(),
        refused: 3,
        refusals: vec![
            refused("demo", "forbidden"),
            refused("other", "too_old"),
            refused("demo", "forbidden"),
        ],
        ..Delivery::default()
    };
    let scene = Scene::new(Restart::No).plays(vec![(SECOND, line("x")), (SECOND, exit(0))]);
    let outcome = scene.answers(vec![delivery(), delivery(), delivery()]).run().await;
    assert_eq!(outcome.told("Does demo run twice?"), 1);
    assert_eq!(outcome.told(r"the server refused a report (forbidden): \u{1b}[2Jno"), 1);
    assert_eq!(outcome.told.len(), 2, "{:?}", outcome.told);
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_that_does_not_arrive_finds_the_server_away_and_back() {
    let scene = Scene::new(Restart::No).plays(long_life());
    let lost = || Err(Left::for_now(Obstacle::Server, "no answer"));
    scene.outbox.beat_answers.lock().unwrap().extend([lost(), lost()]);
    let outcome = scene.run().await;
    assert_eq!((outcome.told("the server is away (no answer)"), outcome.told("the server is back")), (1, 1));
    let beats = outcome.beats_at();
    assert!(beats[2] < 34.0, "a lost one is sent again soon: {beats:?}");
}

/// A delivery that leaves this behind.
fn leaves(by: Obstacle) -> Delivery {
    Delivery { left: Some(Left::for_now(by, "something is in the way")), ..Delivery::default() }
}

#[tokio::test(start_paused = true)]
async fn without_a_disk_it_beats_and_sends_and_says_nothing_of_the_server() {
    let mut steps: Vec<Step> = (0..3).map(|_| (SECOND, line("x"))).collect();
    steps.push((100 * SECOND, exit(0)));
    let scene = Scene::new(Restart::No).plays(steps);
    let scene = scene.answers((0..40).map(|_| leaves(Obstacle::Spool)).collect());
    let outcome = scene.run().await;
    assert!(outcome.beats_at().len() >= 3, "{:?}", outcome.beats_at());
    let tries = outcome.delivered_at();
    assert!(tries.iter().filter(|at| **at < 4.0).count() >= 4, "each report goes at once: {tries:?}");
    assert!(tries.len() < 10, "and the disk is not asked all the time: {tries:?}");
    assert_eq!(outcome.told, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_long_delivery_of_others_reports_keeps_no_heartbeat_back() {
    let mut scene = Scene::new(Restart::No).plays(long_life());
    scene.task.lease = 9 * SECOND;
    scene.outbox.delivery_takes = 30 * SECOND;
    let others = || Obstacle::Agents([AgentId::parse("other").unwrap()].into());
    let outcome = scene.answers((0..9).map(|_| leaves(others())).collect()).run().await;
    let beats = outcome.beats_at();
    assert!(beats[0] <= 3.0, "{beats:?}");
    assert!(beats.windows(2).all(|pair| pair[1] - pair[0] <= 3.1), "{beats:?}");
    assert_eq!(outcome.told, [""; 0], "the server is there");
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_that_passes_the_start_names_no_life_and_one_behind_it_does() {
    let mut scene = Scene::new(Restart::No).plays(vec![(20 * SECOND, exit(0))]);
    scene.task.lease = 9 * SECOND;
    scene.outbox.delivery_takes = 10 * SECOND;
    let outcome = scene.run().await;
    let beats = outcome.outbox.beats.lock().unwrap();
    let named: Vec<_> = beats.iter().map(|(at, beat)| (at.as_secs(), beat.instance.is_some())).collect();
    assert_eq!(named, [(3, false), (6, false), (9, false), (12, true), (15, true), (18, true)]);
}

#[tokio::test(start_paused = true)]
async fn others_reports_that_the_server_does_not_take_hold_back_none_of_this_agent() {
    let mut steps: Vec<Step> = (0..5).map(|_| (SECOND, line("x"))).collect();
    steps.push((SECOND, exit(0)));
    let others = || Obstacle::Agents([AgentId::parse("other").unwrap()].into());
    let scene = Scene::new(Restart::No).plays(steps).answers((0..9).map(|_| leaves(others())).collect());
    let outcome = scene.run().await;
    let tries: Vec<f64> = outcome.delivered_at().into_iter().map(f64::round).collect();
    assert_eq!(tries, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(outcome.told, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_is_only_in_memory_at_the_end_is_told_as_lost() {
    let lost = || Delivery { unkept: 2, ..away() };
    let scene = Scene::new(Restart::No).plays(vec![(SECOND, exit(0))]);
    let outcome = scene.answers((0..9).map(|_| lost()).collect()).run().await;
    assert_eq!(outcome.told("reports are held in memory for it"), 1, "{:?}", outcome.told);
    assert_eq!(outcome.told("reports are lost, 2 of them"), 1, "{:?}", outcome.told);
    assert_eq!(outcome.told("are kept"), 0, "{:?}", outcome.told);
}

#[tokio::test(start_paused = true)]
async fn that_the_server_takes_no_token_any_more_is_told_though_it_was_away_before() {
    let mut scene = Scene::new(Restart::No).plays(long_life());
    scene.outbox.deliveries = Mutex::new([away(), left(None, true), left(None, true)].into());
    let outcome = scene.run().await;
    assert_eq!((outcome.told("the server is away"), outcome.told("takes no reports")), (1, 1));
}
