//! A program that is supervised on paused time: what is reported of it, when, and what is told.

mod living;
mod sending;
mod stopping;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep_until};

use super::*;
use crate::app::outbox::{Delivery, Left, Obstacle, Stored};
use crate::app::testing::ManualClock;
use crate::domain::report::{ReportBody, SignalName};
use crate::ports::entropy::MockEntropy;
use crate::ports::programs::{Heard, Sent};
use crate::ports::report_sender::{Answer, Outgoing};
use crate::ports::spool::SpoolError;

const SECOND: Duration = Duration::from_secs(1);

/// What a program does: after a wait, this comes from it.
type Step = (Duration, Heard);

fn line(text: &str) -> Heard {
    Heard::Line(text.to_owned())
}

fn exit(code: i32) -> Heard {
    Heard::Ended(End::Exited(code))
}

fn killed(number: i32, name: &str) -> End {
    End::Killed { number, name: SignalName::parse(name).unwrap() }
}

/// What a program does, and how it ends by a signal if it obeys one.
type Role = (Vec<Step>, Option<End>);

/// A program that follows its script, and ends by the signals that it obeys.
struct Actor {
    steps: VecDeque<Step>,
    next_at: Option<Instant>,
    obeys: Option<End>,
    signals: Arc<Mutex<Vec<i32>>>,
    signalled: Notify,
}

#[async_trait]
impl Program for Actor {
    async fn next(&mut self) -> Heard {
        let wait = self.steps.front().map_or(Duration::from_secs(1_000_000), |(wait, _)| *wait);
        let at = *self.next_at.get_or_insert_with(|| Instant::now() + wait);
        tokio::select! {
            () = self.signalled.notified() => Heard::Ended(self.obeys.clone().unwrap()),
            () = sleep_until(at) => {
                self.next_at = None;
                self.steps.pop_front().unwrap().1
            }
        }
    }

    async fn passed_on(&mut self) {}

    fn signal(&mut self, number: i32) {
        self.signals.lock().unwrap().push(number);
        if self.obeys.is_some() {
            self.signalled.notify_one();
        }
    }
}

/// Starts the programs of its list, one after the other.
#[derive(Default)]
struct Theatre {
    starts: Mutex<VecDeque<Result<Role, RunError>>>,
    signals: Arc<Mutex<Vec<i32>>>,
}

#[async_trait]
impl Programs for Theatre {
    async fn start(&self, _order: &Order) -> Result<Box<dyn Program>, RunError> {
        let (steps, obeys) = self.starts.lock().unwrap().pop_front().expect("started too often")?;
        let signals = Arc::clone(&self.signals);
        Ok(Box::new(Actor { steps: steps.into(), next_at: None, obeys, signals, signalled: Notify::new() }))
    }
}

struct Post(mpsc::Receiver<Sent>);

#[async_trait]
impl Signals for Post {
    async fn next(&mut self) -> Sent {
        match self.0.recv().await {
            Some(sent) => sent,
            None => std::future::pending().await,
        }
    }
}

/// Remembers what it was given, and answers as told; then all is well.
#[derive(Default)]
struct FakeOutbox {
    puts: Mutex<Vec<(Duration, Outgoing)>>,
    put_fails: bool,
    put_hangs: bool,
    deliveries: Mutex<VecDeque<Delivery>>,
    delivery_takes: Duration,
    /// When and for how long at most something was to be delivered.
    delivered: Mutex<Vec<(Duration, Duration)>>,
    beats: Mutex<Vec<(Duration, Outgoing)>>,
    beat_answers: Mutex<VecDeque<Result<Answer, Left>>>,
    start: Option<Instant>,
}

impl FakeOutbox {
    fn since(&self) -> Duration {
        self.start.unwrap().elapsed()
    }
}

#[async_trait]
impl Outbox for FakeOutbox {
    async fn put(&self, report: Outgoing, _within: Duration) -> Result<Stored, SpoolError> {
        if self.put_hangs {
            std::future::pending::<()>().await;
        }
        self.puts.lock().unwrap().push((self.since(), report));
        let full = || SpoolError::Broken("the disk is full".into());
        Ok(Stored { dropped: 0, unkept: self.put_fails.then(full) })
    }

    async fn deliver(&self, within: Duration) -> Delivery {
        self.delivered.lock().unwrap().push((self.since(), within));
        tokio::time::sleep(self.delivery_takes.min(within)).await;
        self.deliveries.lock().unwrap().pop_front().unwrap_or_default()
    }

    async fn send_now(&self, report: Outgoing, _within: Duration) -> Result<Answer, Left> {
        self.beats.lock().unwrap().push((self.since(), report));
        // A server that is away for deliveries is away for heartbeats too.
        let away = self.deliveries.lock().unwrap().front().and_then(|delivery| delivery.left.clone());
        if let Some(left) = away.filter(|left| left.by == Obstacle::Server) {
            return Err(left);
        }
        let taken = Answer::Taken { applied: true, changed: false, seq: 1 };
        self.beat_answers.lock().unwrap().pop_front().unwrap_or(Ok(taken))
    }
}

#[derive(Default)]
struct Ear(Mutex<Vec<String>>);

impl Console for Ear {
    fn tell(&self, line: &str) {
        self.0.lock().unwrap().push(line.to_owned());
    }
}

/// A supervisor, and all that it deals with.
struct Scene {
    task: Task,
    theatre: Arc<Theatre>,
    outbox: FakeOutbox,
    post: mpsc::Sender<Sent>,
    signals: Option<Post>,
}

/// What came of it.
struct Outcome {
    finish: Finish,
    took: Duration,
    outbox: Arc<FakeOutbox>,
    told: Vec<String>,
    signals: Vec<i32>,
}

impl Scene {
    fn new(restart: Restart) -> Self {
        let order = Order { program: "program".into(), arguments: Vec::new() };
        let (post, sent) = mpsc::channel(16);
        Self {
            task: Task {
                agent: AgentId::parse("demo").unwrap(),
                session: SessionId::parse("main").unwrap(),
                labels: None,
                lease: 90 * SECOND,
                restart,
                restarts_max: None,
                flush: "mission-control report --flush --url http://h".to_owned(),
                order,
            },
            theatre: Arc::default(),
            outbox: FakeOutbox { start: Some(Instant::now()), ..FakeOutbox::default() },
            post,
            signals: Some(Post(sent)),
        }
    }

    fn plays(self, steps: Vec<Step>) -> Self {
        self.theatre.starts.lock().unwrap().push_back(Ok((steps, None)));
        self
    }

    /// A program that ends so as soon as a signal comes.
    fn plays_until_signalled(self, steps: Vec<Step>, end: End) -> Self {
        self.theatre.starts.lock().unwrap().push_back(Ok((steps, Some(end))));
        self
    }

    fn misses(self) -> Self {
        self.theatre.starts.lock().unwrap().push_back(Err(RunError::NotFound("program".into())));
        self
    }

    fn answers(self, deliveries: Vec<Delivery>) -> Self {
        *self.outbox.deliveries.lock().unwrap() = deliveries.into();
        self
    }

    /// Sends signals, each after a wait.
    fn signalled(self, sent: Vec<(Duration, i32, Meaning, bool)>) -> Self {
        let post = self.post.clone();
        tokio::spawn(async move {
            for (wait, number, meaning, by_terminal) in sent {
                tokio::time::sleep(wait).await;
                post.send(Sent { number, meaning, by_terminal }).await.unwrap();
            }
        });
        self
    }

    async fn run(mut self) -> Outcome {
        let (outbox, console, start) = (Arc::new(self.outbox), Arc::new(Ear::default()), Instant::now());
        let world = World {
            programs: self.theatre.clone(),
            signals: Box::new(self.signals.take().unwrap()),
            outbox: outbox.clone(),
            clock: ManualClock::new().port(),
            entropy: Arc::new(longest_waits()),
            console: console.clone(),
        };
        let finish = supervise(self.task, world).await.unwrap();
        let (told, signals) =
            (console.0.lock().unwrap().clone(), self.theatre.signals.lock().unwrap().clone());
        Outcome { finish, took: start.elapsed(), outbox, told, signals }
    }
}

impl Outcome {
    /// The reports in a word each, with their seconds.
    fn reports(&self) -> Vec<(f64, String)> {
        let puts = self.outbox.puts.lock().unwrap();
        puts.iter().map(|(at, report)| (at.as_secs_f64(), words(report))).collect()
    }

    fn words(&self) -> Vec<String> {
        self.reports().into_iter().map(|(_, words)| words).collect()
    }

    fn exited(&self) -> i32 {
        match self.finish {
            Finish::Ended(End::Exited(code)) => code,
            ref other => panic!("{other:?}"),
        }
    }

    fn told(&self, part: &str) -> usize {
        self.told.iter().filter(|line| line.contains(part)).count()
    }

    fn delivered_at(&self) -> Vec<f64> {
        self.outbox.delivered.lock().unwrap().iter().map(|(at, _)| at.as_secs_f64()).collect()
    }

    fn beats_at(&self) -> Vec<f64> {
        self.outbox.beats.lock().unwrap().iter().map(|(at, _)| at.as_secs_f64()).collect()
    }
}

fn words(report: &Outgoing) -> String {
    match &report.body {
        ReportBody::Heartbeat => "heartbeat".to_owned(),
        ReportBody::Activity { last_message, .. } => format!("“{}”", last_message.as_str()),
        ReportBody::Lifecycle { signal, message, exit, .. } => {
            let mut words = signal.as_str().to_owned();
            if let Some(code) = exit.code {
                words += &format!(" {code}");
            }
            if let Some(signal) = &exit.signal {
                words += &format!(" {}", signal.as_str());
            }
            if let Some(message) = message {
                words += &format!(": {}", message.as_str());
            }
            words
        }
        ReportBody::Status { .. } => "status".to_owned(),
    }
}

/// A server that is away, and asks for nothing.
fn away() -> Delivery {
    left(None, false)
}

fn left(retry_after: Option<Duration>, for_good: bool) -> Delivery {
    let left = Left { why: "connection refused".to_owned(), by: Obstacle::Server, retry_after, for_good };
    Delivery { left: Some(left), ..Delivery::default() }
}

/// Dice that fall so that every wait is as long as it may be.
fn longest_waits() -> MockEntropy {
    let mut entropy = MockEntropy::new();
    entropy.expect_bytes().returning(|| Ok([255; 16]));
    entropy
}
