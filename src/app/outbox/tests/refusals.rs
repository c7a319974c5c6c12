//! What the server does not take: for now, for good, at once, or without a lease.

use super::*;

#[tokio::test]
async fn one_agent_that_may_not_go_on_holds_back_its_own_reports_and_no_others() {
    let bench = bench(&["t"]);
    bench.put(&[("a", "1"), ("b", "2"), ("a", "3"), ("c", "4")]).await;
    bench.server.says(|reports| {
        let limited = Answer::Refused(refusal("rate_limited", Some(60_000)));
        let taken = Answer::Taken { applied: true, changed: true, seq: 1 };
        let of =
            |report: &Outgoing| if report.agent.as_str() == "a" { limited.clone() } else { taken.clone() };
        Ok(reports.iter().map(of).collect())
    });
    let done = bench.post.deliver(WITHIN).await;
    assert_eq!(done.taken, 2);
    let left = done.left.unwrap();
    assert_eq!((left.retry_after, left.for_good), (Some(Duration::from_secs(60)), false));
    assert!(left.why.contains("rate_limited"), "{left:?}");
    assert_eq!(bench.left(), ["1", "3"]);
}

#[tokio::test]
async fn a_later_report_never_overtakes_one_of_its_agent_that_waits() {
    let bench = bench(&["t"]);
    bench.put(&[("a", "1"), ("b", "2"), ("a", "3"), ("b", "4")]).await;
    // One at a time, so that what is held back shows in the requests.
    bench.server.says(|_| Ok(vec![Answer::Refused(refusal("fleet_full", None))]));
    for _ in 0..2 {
        bench.server.says(|reports| take_all(&reports[..1]));
    }
    let done = bench.post.deliver(WITHIN).await;
    assert_eq!(done.taken, 2);
    assert_eq!(bench.server.messages(), [vec!["1", "2", "3", "4"], vec!["2", "4"], vec!["4"]]);
    assert_eq!(bench.left(), ["1", "3"]);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_fits_is_waited_for() {
    let bench = bench(&["t"]);
    bench.put(&[("a", "1")]).await;
    bench.server.says(|_| Ok(vec![Answer::Refused(refusal("rate_limited", Some(700)))]));
    let begun = Instant::now();
    assert_eq!(
        bench.post.deliver(WITHIN).await,
        Delivery { taken: 1, own_taken: true, ..Delivery::default() }
    );
    assert_eq!(begun.elapsed().as_millis(), 700);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_to_come_back_at_once_is_not_hammered() {
    let bench = bench(&["t"]);
    bench.put(&[("a", "1")]).await;
    for _ in 0..1_000 {
        bench.server.says(|_| Err(SendError::Refused { status: 503, refusal: refusal("draining", Some(0)) }));
    }
    let begun = Instant::now();
    assert!(bench.post.deliver(WITHIN).await.left.is_some());
    assert!(begun.elapsed() <= WITHIN);
    assert!(bench.server.messages().len() <= 21, "{}", bench.server.messages().len());
}

#[tokio::test]
async fn what_is_refused_for_good_is_told_and_forgotten_and_the_rest_goes_on() {
    let bench = bench(&["t"]);
    bench.put(&[("a", "1"), ("a", "2")]).await;
    bench.server.says(|_| {
        let taken = Answer::Taken { applied: false, changed: false, seq: 1 };
        Ok(vec![Answer::Refused(refusal("forbidden_agent", None)), taken])
    });
    let done = bench.post.deliver(WITHIN).await;
    let told = Refused { agent: agent("a"), refusal: refusal("forbidden_agent", None), own: false };
    let expected = Delivery {
        taken: 1,
        own_taken: true,
        late: [agent("a")].into(),
        refused: 1,
        refusals: vec![told],
        ..Delivery::default()
    };
    assert_eq!(done, expected);
    assert_eq!(bench.left(), [""; 0]);
}

#[tokio::test]
async fn many_refusals_are_counted_and_the_first_are_told_and_always_the_own_one() {
    let bench = bench(&["t"]);
    let reports = vec![("a", "x"); REFUSED_TOLD_MAX + 5];
    bench.put(&reports).await;
    bench.server.says(|reports| {
        Ok(reports.iter().map(|_| Answer::Refused(refusal("invalid_value", None))).collect())
    });
    let done = bench.post.deliver(WITHIN).await;
    assert_eq!((done.refused, done.refusals.len()), (105, REFUSED_TOLD_MAX + 1));
    let own: Vec<_> = done.refusals.iter().map(|refused| refused.own).collect();
    assert_eq!(own.iter().position(|own| *own), Some(REFUSED_TOLD_MAX), "{own:?}");
}

#[tokio::test]
async fn another_token_is_tried_once_where_there_is_one() {
    let unauthorized = || SendError::Refused { status: 401, refusal: refusal("token_expired", None) };
    let bench = bench(&["old", "new"]);
    bench.put(&[("a", "1")]).await;
    bench.server.says(move |_| Err(unauthorized()));
    assert_eq!(bench.post.deliver(WITHIN).await.taken, 1);
    let tokens: Vec<_> = bench.server.sent.lock().unwrap().iter().map(|(token, _)| token.clone()).collect();
    assert_eq!(tokens, ["old", "new"]);
}

#[tokio::test]
async fn without_a_token_everything_waits_for_one() {
    let bench = bench(&[]);
    bench.put(&[("a", "1")]).await;
    let left = bench.post.deliver(WITHIN).await.left.unwrap();
    assert_eq!(left, Left::for_good("there is no token"));
    assert_eq!(bench.left(), ["1"]);
}

#[tokio::test]
async fn a_request_that_is_too_large_is_halved_until_it_fits_and_one_report_alone_is_refused() {
    let bench = bench(&["t"]);
    bench.put(&[("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")]).await;
    let too_large = || Err(SendError::Refused { status: 413, refusal: refusal("body_too_large", None) });
    for _ in 0..3 {
        bench.server.says(move |_| too_large());
    }
    let done = bench.post.deliver(WITHIN).await;
    assert_eq!((done.taken, done.refused), (3, 1));
    let counts: Vec<_> = bench.server.messages().iter().map(Vec::len).collect();
    assert_eq!(counts, [4, 2, 1, 3]);
}

#[tokio::test]
async fn what_is_too_large_for_a_proxy_alone_goes_in_parts_and_is_never_dropped() {
    let bench = bench(&["t"]);
    bench.put(&[("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")]).await;
    for _ in 0..3 {
        bench.server.says(|_| Err(SendError::Refused { status: 413, refusal: refusal("", None) }));
    }
    let done = bench.post.deliver(WITHIN).await;
    let counts: Vec<_> = bench.server.messages().iter().map(Vec::len).collect();
    assert_eq!((done.taken, done.refused, counts), (0, 0, vec![4, 2, 1]));
    assert!(done.left.unwrap().for_good);
    assert_eq!(bench.left(), ["1", "2", "3", "4"]);
    bench.server.says(|_| Err(SendError::Refused { status: 413, refusal: refusal("", None) }));
    assert_eq!(bench.post.deliver(WITHIN).await.taken, 4);
}

#[test]
fn a_refusal_without_a_code_is_told_without_a_stray_colon() {
    let (status, detail) = (401, "Unauthorized".to_owned());
    let bare = Refusal { code: String::new(), detail, retry_after: None };
    let error = SendError::Refused { status, refusal: bare };
    assert_eq!(error.to_string(), "the server refused the reports: 401 Unauthorized");
    assert_eq!(refusal("draining", None).to_string(), "draining: d");
}
