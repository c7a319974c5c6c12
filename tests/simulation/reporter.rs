//! A simulated agent's supervisor: it reports, loses requests and answers, asks twice, and asks again under the same
//! key until it is answered.

use std::time::Duration;

use mission_control::domain::fault::Side;
use mission_control::domain::id::{AgentId, SessionId};
use mission_control::domain::lifecycle::{Signal, Status};
use mission_control::domain::report::{Exit, Report as Body, ReportBody, Terms};
use mission_control::domain::text::Message;
use mission_control::ports::intake::Submission;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::clock::pause;
use crate::history::{Dice, Position, Report};
use crate::network::{Answer, Call, Request, token};
use crate::world::Surroundings;

const AGENTS: [&str; 6] = ["a1", "b1", "a2", "b2", "a3", "a11"];
/// The first so many agents ask for a lease with each report.
pub(crate) const LEASED: [&str; 2] = ["a1", "b1"];
/// This one lives by the connections over which it reports.
pub(crate) const BY_SOCKET: &str = "a3";
/// How long to wait for an answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// So often a request is sent at most.
const TRIES: usize = 200;

pub(crate) struct Reporter {
    around: Surroundings,
    dice: Dice,
    name: String,
    actor: u64,
    count: u64,
    reports: Vec<Report>,
}

/// A submission, and which report it is if it is one that is looked for.
struct Item {
    submission: Submission,
    report: Option<Report>,
}

impl Reporter {
    pub(crate) fn new(around: Surroundings, number: u64, seed: u64) -> Self {
        let (name, actor) = (format!("reporter{number}"), 40 + number);
        Self { around, dice: Dice::new(seed), name, actor, count: 0, reports: Vec::new() }
    }

    /// Reports until the world is calm.
    pub(crate) async fn report(mut self) -> Vec<Report> {
        while !self.around.weather.is_calm() {
            // Now in a hurry, now at leisure.
            let gap = if self.dice.below(4) == 0 { 1500 } else { 250 };
            pause(Duration::from_millis(self.dice.below(gap))).await;
            if self.dice.below(30) == 0 {
                let agent = AGENTS[usize::try_from(self.dice.below(6)).unwrap()];
                let forget = Request::Forget(AgentId::parse(agent).unwrap());
                let _gone_or_unknown = self.insist(forget).await;
                continue;
            }
            if self.dice.below(40) == 0 {
                self.hang_up().await;
            }
            let count = if self.dice.below(5) == 0 { 1 + self.dice.below(8) } else { 1 };
            let items = (0..count).map(|_| self.item()).collect();
            let first = self.send(items).await;
            if let Some((key, epoch)) = first
                && self.dice.below(15) == 0
            {
                self.send_another_under(key, epoch).await;
            }
        }
        self.hang_up().await;
        self.reports
    }

    async fn hang_up(&mut self) {
        let by_peer = self.dice.below(2) == 0;
        let _gone_with_the_process = self.insist(Request::HangUp { by_peer }).await;
    }

    fn item(&mut self) -> Item {
        let agent = AGENTS[usize::try_from(self.dice.below(6)).unwrap()];
        self.count += 1;
        let id = format!("{}-{}", self.name, self.count);
        let (message, labels, exit) = (None, None, Exit::default());
        let body = match self.dice.below(12) {
            0 => ReportBody::Heartbeat,
            1 => ReportBody::Status { status: Status::Online, message, state: None, labels },
            2 => ReportBody::Lifecycle { signal: Signal::Start, message, exit, labels },
            3 => ReportBody::Lifecycle { signal: Signal::Stop, message, exit, labels },
            4 if self.dice.below(3) == 0 => {
                ReportBody::Lifecycle { signal: Signal::Crash, message, exit, labels }
            }
            _ => return self.activity(agent, &id, &id),
        };
        let submission = self.submission(agent, body, &id);
        Item { submission, report: None }
    }

    fn activity(&mut self, agent: &str, id: &str, key: &str) -> Item {
        let session = SessionId::parse("s").unwrap();
        let body = ReportBody::Activity { session, last_message: Message::cut(id, 100), state: None };
        let report = Report { id: id.to_owned(), answers: Vec::new(), key_taken_in: None };
        Item { submission: self.submission(agent, body, key), report: Some(report) }
    }

    fn submission(&mut self, agent: &str, body: ReportBody, key: &str) -> Submission {
        let lease = LEASED.contains(&agent).then(|| Duration::from_millis(1000 + self.dice.below(2000)));
        let terms = Terms { lease, ..Terms::default() };
        let report = Body { terms, ..Body::new(AgentId::parse(agent).unwrap(), body) };
        let mut fingerprint = [0; 32];
        fingerprint[..8].copy_from_slice(&self.count.to_be_bytes());
        Submission { report, key: Some(key.to_owned()), fingerprint, socket: None }
    }

    /// Sends items until each is answered. Gives the key of the last one, and in which epoch it was answered.
    async fn send(&mut self, mut items: Vec<Item>) -> Option<(String, String)> {
        let request = Request::Report(items.iter().map(|item| item.submission.clone()).collect());
        // Sometimes it does not believe the answer.
        let times = if self.dice.below(8) == 0 { 2 } else { 1 };
        for _ in 0..times {
            let answers: Vec<_> =
                self.insist(request.clone()).await.into_iter().flatten().flatten().collect();
            for (item, answer) in items.iter_mut().zip(answers) {
                if let (Some(report), Ok(receipt)) = (&mut item.report, answer) {
                    report.answers.push((receipt.epoch.as_str().to_owned(), receipt.seq.get()));
                }
            }
        }
        let last = items.last().and_then(|item| {
            let (epoch, _): &Position = item.report.as_ref()?.answers.last()?;
            Some((item.submission.key.clone()?, epoch.clone()))
        });
        self.reports.extend(items.into_iter().filter_map(|item| item.report));
        last
    }

    /// Sends another report under a key that was used.
    async fn send_another_under(&mut self, key: String, epoch: String) {
        self.count += 1;
        let mut item = self.activity("a2", &format!("{}-{}-under-{key}", self.name, self.count), &key);
        if let Some(report) = &mut item.report {
            report.key_taken_in = Some(epoch);
        }
        self.send(vec![item]).await;
    }

    /// Sends a request until there is an answer that stays.
    async fn insist(&mut self, request: Request) -> Option<Answer> {
        for _ in 0..TRIES {
            self.around.time.turn(self.actor).await;
            let answer = self.try_once(request.clone()).await;
            let stays = |answer: &Answer| match answer {
                Ok(items) => items.iter().flatten().count() == items.len() || items.len() == 1,
                Err(fault) => fault.code.side() == Side::Client,
            };
            if answer.as_ref().is_some_and(stays) {
                return answer;
            }
            pause(Duration::from_millis(100 + self.dice.below(900))).await;
        }
        None
    }

    async fn try_once(&mut self, request: Request) -> Option<Answer> {
        let fate = if self.around.weather.is_calm() { 99 } else { self.dice.below(30) };
        if fate == 0 {
            self.around.trace.tell(format!("{} loses a request", self.name));
            return None;
        }
        let (to, answer) = oneshot::channel();
        let token = token(&self.name, "report admin", "");
        let call = |answer| Call::Report { token: token.clone(), request: request.clone(), answer };
        if !self.around.door.call(call(to)) {
            return None;
        }
        if fate == 1 {
            let (to, _nobody_reads_it) = oneshot::channel();
            self.around.door.call(call(to));
        }
        if fate == 2 {
            self.around.trace.tell(format!("{} loses an answer", self.name));
            return None;
        }
        timeout(PATIENCE, answer).await.ok()?.ok()
    }
}
