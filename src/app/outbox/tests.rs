//! The outbox over a spool in memory and a server that answers as a test says.

mod refusals;
mod unkept;

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Mutex as Turns;
use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, timeout};

use super::*;
use crate::app::testing::agent;
use crate::app::tokens::{NoToken, Tokens};
use crate::domain::id::SessionId;
use crate::domain::report::ReportBody;
use crate::domain::text::Message;
use crate::domain::time::Timestamp;
use crate::ports::clock::MockClock;
use crate::ports::entropy::MockEntropy;
use crate::ports::report_sender::{ReportSender, SendError};
use crate::ports::spool::{Put, Spool, Turn, Waiting};
use crate::ports::token_verifier::SecretText;

/// Now, in milliseconds.
const NOW: u64 = 1_795_460_400_000;
const WITHIN: Duration = Duration::from_secs(2);

#[derive(Default)]
struct Shelf {
    waiting: Mutex<BTreeMap<u64, Waiting>>,
    /// It takes no more.
    full: AtomicBool,
    /// Nothing of it can be read.
    unreadable: AtomicBool,
    /// Whoever has the turn loses it.
    over: Arc<AtomicBool>,
    /// It does not answer.
    hangs: AtomicBool,
    turn: Arc<Turns<()>>,
}

struct Held {
    _guard: OwnedMutexGuard<()>,
    over: Arc<AtomicBool>,
}

#[async_trait]
impl Turn for Held {
    async fn renew(&self, _now: Timestamp) -> bool {
        !self.over.load(Relaxed)
    }
}

impl Shelf {
    async fn answers(&self) {
        if self.hangs.load(Relaxed) {
            std::future::pending::<()>().await;
        }
    }
}

#[async_trait]
impl Spool for Shelf {
    async fn put(&self, report: &Outgoing, now: Timestamp) -> Result<Put, SpoolError> {
        self.answers().await;
        if self.full.load(Relaxed) {
            return Err(SpoolError::Broken("the disk is full".into()));
        }
        let mut waiting = self.waiting.lock().unwrap();
        let number = waiting.last_key_value().map_or(1, |(last, _)| last + 1);
        waiting.insert(number, Waiting { number, since: now, report: report.clone() });
        Ok(Put { number, dropped: 0 })
    }

    async fn turn(&self, within: Duration, _now: Timestamp) -> Result<Option<Box<dyn Turn>>, SpoolError> {
        self.answers().await;
        let turn = timeout(within, Arc::clone(&self.turn).lock_owned()).await;
        Ok(turn
            .ok()
            .map(|guard| -> Box<dyn Turn> { Box::new(Held { _guard: guard, over: Arc::clone(&self.over) }) }))
    }

    async fn after(&self, number: u64, count: usize) -> Result<Vec<Waiting>, SpoolError> {
        if self.unreadable.load(Relaxed) {
            return Err(SpoolError::Broken("no such directory".into()));
        }
        let waiting = self.waiting.lock().unwrap();
        Ok(waiting.range(number + 1..).take(count).map(|(_, waiting)| waiting.clone()).collect())
    }

    async fn remove(&self, numbers: &[u64]) -> Result<(), SpoolError> {
        self.waiting.lock().unwrap().retain(|number, _| !numbers.contains(number));
        Ok(())
    }

    fn mishaps(&self) -> Vec<String> {
        Vec::new()
    }
}

type Said = Result<Vec<Answer>, SendError>;
type Says = Box<dyn Fn(&[Outgoing]) -> Said + Send>;

/// What the server was sent: the token, and of each report its agent, message, age and lease.
type Sent = (String, Vec<(String, String, Duration, Option<Duration>)>);

/// A server that says what a test wrote down, and from then on takes everything.
#[derive(Default)]
struct Server {
    says: Mutex<VecDeque<Says>>,
    sent: Mutex<Vec<Sent>>,
}

impl Server {
    fn says(&self, said: impl Fn(&[Outgoing]) -> Said + Send + 'static) {
        self.says.lock().unwrap().push_back(Box::new(said));
    }

    /// The messages of each request.
    fn messages(&self) -> Vec<Vec<String>> {
        let sent = self.sent.lock().unwrap();
        sent.iter().map(|(_, some)| some.iter().map(|(_, message, _, _)| message.clone()).collect()).collect()
    }
}

fn message(report: &Outgoing) -> String {
    match &report.body {
        ReportBody::Activity { last_message, .. } => last_message.as_str().to_owned(),
        other => format!("{other:?}"),
    }
}

fn take_all(reports: &[Outgoing]) -> Said {
    Ok(reports.iter().map(|_| Answer::Taken { applied: true, changed: true, seq: 7 }).collect())
}

fn refusal(code: &str, retry_ms: Option<u64>) -> Refusal {
    let retry_after = retry_ms.map(Duration::from_millis);
    Refusal { code: code.to_owned(), detail: "d".to_owned(), retry_after }
}

#[async_trait]
impl ReportSender for Server {
    async fn send(&self, reports: &[Outgoing], token: &SecretText, within: Duration) -> Said {
        assert!(within <= WITHIN);
        let told = |report: &Outgoing| {
            let lease = report.lease;
            (report.agent.as_str().to_owned(), message(report), report.age, lease)
        };
        let sent = (token.reveal().to_owned(), reports.iter().map(told).collect());
        self.sent.lock().unwrap().push(sent);
        let says = self.says.lock().unwrap().pop_front();
        says.map_or_else(|| take_all(reports), |says| says(reports))
    }
}

/// Tokens one after the other; the last again and again.
struct List(Mutex<VecDeque<&'static str>>);

impl Tokens for List {
    fn token(&self) -> Result<SecretText, NoToken> {
        let mut list = self.0.lock().unwrap();
        let token = if list.len() > 1 { list.pop_front() } else { list.front().copied() };
        token.map(SecretText::new).ok_or_else(|| NoToken("there is no token".to_owned()))
    }
}

struct Bench {
    spool: Arc<Shelf>,
    server: Arc<Server>,
    post: Post,
}

fn bench(tokens: &[&'static str]) -> Bench {
    let (spool, server) = (Arc::<Shelf>::default(), Arc::<Server>::default());
    let mut clock = MockClock::new();
    clock.expect_wall().returning(|| Timestamp::saturating(NOW));
    let mut entropy = MockEntropy::new();
    let count = AtomicU8::new(7);
    entropy.expect_bytes().returning(move || Ok([count.fetch_add(1, Relaxed); 16]));
    let tokens = Box::new(List(Mutex::new(tokens.iter().copied().collect())));
    let (kept, sender) = (Arc::clone(&spool), Arc::clone(&server));
    let post = Post::new(kept, sender, tokens, Arc::new(clock), Arc::new(entropy));
    Bench { spool, server, post }
}

pub(super) fn activity(of: &str, text: &str) -> Outgoing {
    let session = SessionId::parse("s1").unwrap();
    let last_message = Message::cut(text, 100);
    let body = ReportBody::Activity { session, last_message, state: None };
    Outgoing {
        agent: agent(of),
        timestamp: None,
        instance: None,
        lease: None,
        busy_until: None,
        age: Duration::ZERO,
        key: None,
        body,
    }
}

impl Bench {
    async fn put(&self, reports: &[(&str, &str)]) {
        for (agent, text) in reports {
            self.post.put(activity(agent, text), WITHIN).await.unwrap();
        }
    }

    /// The messages that still wait.
    fn left(&self) -> Vec<String> {
        self.spool.waiting.lock().unwrap().values().map(|waiting| message(&waiting.report)).collect()
    }
}

#[tokio::test]
async fn what_is_put_has_a_key_and_a_time_and_is_not_sent() {
    let bench = bench(&["t"]);
    bench.put(&[("a", "1")]).await;
    let mut own = activity("a", "2");
    (own.key, own.timestamp) = (Some("mine".to_owned()), Timestamp::from_millis(5));
    bench.post.put(own, WITHIN).await.unwrap();
    let waiting = bench.spool.after(0, 9).await.unwrap();
    let told = |waiting: &Waiting| (waiting.report.key.clone().unwrap(), waiting.report.timestamp.unwrap());
    assert_eq!(told(&waiting[0]), ("07".repeat(16), Timestamp::saturating(NOW)));
    assert_eq!(told(&waiting[1]), ("mine".to_owned(), Timestamp::saturating(5)));
    assert!(bench.server.messages().is_empty());
}

#[tokio::test]
async fn what_waits_goes_in_its_order_and_is_forgotten_once_it_is_taken() {
    let bench = bench(&["t"]);
    bench.put(&[("a", "1"), ("b", "2"), ("a", "3")]).await;
    // As many as one request takes.
    bench.server.says(|reports| take_all(&reports[..2]));
    let done = bench.post.deliver(WITHIN).await;
    assert_eq!(done, Delivery { taken: 3, own_taken: true, ..Delivery::default() });
    assert_eq!(bench.server.messages(), [vec!["1", "2", "3"], vec!["3"]]);
    assert_eq!(bench.left(), [""; 0]);
    assert_eq!(bench.post.deliver(WITHIN).await, Delivery::default());
}

#[tokio::test]
async fn a_report_tells_for_how_long_it_waited() {
    let bench = bench(&["t"]);
    let mut delayed = activity("a", "1");
    delayed.age = Duration::from_secs(3);
    bench.spool.put(&delayed, Timestamp::saturating(NOW - 60_000)).await.unwrap();
    // A clock that was put back makes nothing older or younger.
    bench.spool.put(&activity("a", "2"), Timestamp::saturating(NOW + 60_000)).await.unwrap();
    bench.post.deliver(WITHIN).await;
    let ages: Vec<_> = bench.server.sent.lock().unwrap()[0].1.iter().map(|(_, _, age, _)| *age).collect();
    assert_eq!(ages, [Duration::from_secs(63), Duration::ZERO]);
}

#[tokio::test]
async fn while_the_server_is_away_everything_waits() {
    let refused = |status, retry_ms| SendError::Refused { status, refusal: refusal("c", retry_ms) };
    for (error, for_good, retry_ms) in [
        (SendError::Unreachable("gone".to_owned()), false, None),
        (refused(429, Some(9_000)), false, Some(9_000)),
        (refused(500, None), false, None),
        (refused(503, Some(5_000)), false, Some(5_000)),
        (refused(507, Some(5_000)), false, Some(5_000)),
        (refused(520, None), false, None),
        (refused(522, Some(5_000)), false, Some(5_000)),
        (refused(529, None), false, None),
        (refused(401, None), true, None),
        (refused(403, None), true, None),
        (refused(404, None), true, None),
        (refused(422, None), true, None),
        (refused(501, None), true, None),
    ] {
        let bench = bench(&["t"]);
        bench.put(&[("a", "1"), ("b", "2")]).await;
        let said = error.clone();
        bench.server.says(move |_| Err(said.clone()));
        let done = bench.post.deliver(WITHIN).await;
        let left = done.left.clone().unwrap();
        assert_eq!(
            (left.for_good, left.retry_after),
            (for_good, retry_ms.map(Duration::from_millis)),
            "{error}"
        );
        assert_eq!((done.taken, done.refused), (0, 0));
        assert_eq!(bench.left(), ["1", "2"]);
        assert_eq!(bench.post.deliver(WITHIN).await.taken, 2, "the next call sends it");
    }
}

#[tokio::test(start_paused = true)]
async fn while_another_sends_it_waits_for_its_turn_and_no_longer_than_it_may() {
    let bench = bench(&["t"]);
    bench.put(&[("a", "1")]).await;
    let turn = bench.spool.turn(WITHIN, Timestamp::saturating(NOW)).await.unwrap();
    let begun = Instant::now();
    let done = bench.post.deliver(WITHIN).await;
    assert_eq!(begun.elapsed(), WITHIN);
    assert!(done.left.unwrap().why.contains("still sending"));
    drop(turn);
    assert_eq!(bench.post.deliver(WITHIN).await.taken, 1);
}

#[tokio::test(start_paused = true)]
async fn who_lost_its_turn_sends_no_more() {
    let bench = bench(&["t"]);
    bench.put(&[("a", "1")]).await;
    bench.server.says(|_| Err(SendError::Refused { status: 503, refusal: refusal("draining", Some(1_500)) }));
    bench.spool.over.store(true, Relaxed);
    let left = bench.post.deliver(WITHIN).await.left.unwrap();
    assert_eq!((left.by, bench.server.messages().len()), (Obstacle::Turn, 1));
    bench.spool.over.store(false, Relaxed);
    assert_eq!(bench.post.deliver(WITHIN).await.taken, 1);
}

#[tokio::test]
async fn what_is_sent_now_passes_what_waits_and_is_not_kept() {
    let bench = bench(&["t"]);
    bench.put(&[("a", "1")]).await;
    let answer = bench.post.send_now(activity("a", "now"), WITHIN).await;
    assert_eq!(answer, Ok(Answer::Taken { applied: true, changed: true, seq: 7 }));
    bench.server.says(|_| Err(SendError::Unreachable("gone".to_owned())));
    let left = bench.post.send_now(activity("a", "now"), WITHIN).await.unwrap_err();
    assert!(left.why.contains("gone"), "{left:?}");
    assert_eq!(bench.left(), ["1"]);
}
