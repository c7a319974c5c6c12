//! The outbox itself: what waits in a spool goes to a server, oldest first.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, sleep, timeout};

use super::{Delivery, Left, Outbox, REFUSED_TOLD_MAX, Refused};
use crate::app::tokens::{NoToken, Tokens};
use crate::domain::fault::Code;
use crate::domain::id::AgentId;
use crate::ports::clock::Clock;
use crate::ports::entropy::{Entropy, random_id};
use crate::ports::report_sender::{Answer, Outgoing, Refusal, ReportSender, SendError};
use crate::ports::spool::{Put, Spool, SpoolError, Waiting};

/// A server that says to come back at once is not hammered.
const WAIT_MIN: Duration = Duration::from_millis(100);
/// How many reports are looked at together.
const AT_ONCE: usize = 1_000;

/// An outbox: a spool, and the server that its reports are for.
pub struct Post {
    spool: Arc<dyn Spool>,
    sender: Arc<dyn ReportSender>,
    tokens: Box<dyn Tokens>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

/// Why a request as a whole came to nothing.
enum Failed {
    /// It can be tried again, as it is or with another token.
    Left(Left),
    /// It is larger than what the server takes.
    TooLarge(Refusal),
}

/// One way through all that waits.
struct Round {
    until: Instant,
    /// Everything up to this number was looked at.
    after: u64,
    /// Agents whose next report is not taken now: what they have behind it waits too, or it would overtake.
    held: HashSet<AgentId>,
    /// Why they are held, and for how long.
    why: Option<Left>,
}

impl Post {
    /// An outbox over these.
    #[must_use]
    pub fn new(
        spool: Arc<dyn Spool>,
        sender: Arc<dyn ReportSender>,
        tokens: Box<dyn Tokens>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self { spool, sender, tokens, clock, entropy }
    }

    /// Sends, and once more with another token where the first one is not taken and there is another.
    async fn send(&self, reports: &[Outgoing], until: Instant) -> Result<Vec<Answer>, Failed> {
        let no_token = |none: NoToken| Failed::Left(Left::for_good(none.to_string()));
        let token = self.tokens.token().map_err(no_token)?;
        let answered = self.sender.send(reports, &token, left_of(until)).await;
        match answered {
            Err(SendError::Refused { status: 401, .. }) => {
                let another = self.tokens.token().map_err(no_token)?;
                if another == token {
                    return answered.map_err(failed);
                }
                self.sender.send(reports, &another, left_of(until)).await.map_err(failed)
            }
            answered => answered.map_err(failed),
        }
    }

    /// What waits behind this number and may go now, with its age.
    async fn next(&self, round: &mut Round) -> Result<Vec<Waiting>, SpoolError> {
        loop {
            let mut some = self.spool.after(round.after, AT_ONCE).await?;
            let Some(last) = some.last().map(|waiting| waiting.number) else { return Ok(some) };
            some.retain(|waiting| !round.held.contains(&waiting.report.agent));
            if some.is_empty() {
                round.after = last;
                continue;
            }
            let now = self.clock.wall();
            for waiting in &mut some {
                waiting.report.age = waiting.report.age.saturating_add(now.since(waiting.since));
            }
            return Ok(some);
        }
    }

    /// Goes through all that waits once.
    async fn round(&self, round: &mut Round, done: &mut Delivery) -> Result<(), Left> {
        loop {
            let some = self.next(round).await.map_err(of_spool)?;
            if some.is_empty() {
                return Ok(());
            }
            if left_of(round.until).is_zero() {
                return Err(Left::for_now("there was no time for more"));
            }
            let reports: Vec<Outgoing> = some.iter().map(|waiting| waiting.report.clone()).collect();
            let answers = self.send_what_fits(&reports, round.until).await?;
            if answers.is_empty() {
                return Err(Left::for_now("the server answered nothing"));
            }
            self.settle(some, answers, round, done).await?;
        }
    }

    /// Sends the first of these, as many as the server takes at once.
    async fn send_what_fits(&self, reports: &[Outgoing], until: Instant) -> Result<Vec<Answer>, Left> {
        let mut count = reports.len();
        loop {
            match self.send(reports.get(..count).unwrap_or(reports), until).await {
                Ok(answers) => return Ok(answers),
                Err(Failed::Left(left)) => return Err(left),
                Err(Failed::TooLarge(_)) if count > 1 => count = count.div_euclid(2),
                // By itself it is never taken.
                Err(Failed::TooLarge(refusal)) => return Ok(vec![Answer::Refused(refusal)]),
            }
        }
    }

    /// Forgets what is done, and holds back what is not.
    async fn settle(
        &self,
        some: Vec<Waiting>,
        answers: Vec<Answer>,
        round: &mut Round,
        done: &mut Delivery,
    ) -> Result<(), Left> {
        let mut gone = Vec::with_capacity(answers.len());
        for (Waiting { number, report, .. }, answer) in some.into_iter().zip(answers) {
            round.after = number;
            match answer {
                Answer::Taken { applied, .. } => {
                    done.taken = done.taken.saturating_add(1);
                    if !applied && done.late.len() < REFUSED_TOLD_MAX {
                        done.late.insert(report.agent);
                    }
                    gone.push(number);
                }
                Answer::Refused(refusal) if passes(&refusal) => {
                    round.hold(report.agent, &refusal);
                }
                Answer::Refused(refusal) => {
                    done.refused = done.refused.saturating_add(1);
                    if done.refusals.len() < REFUSED_TOLD_MAX {
                        done.refusals.push(Refused { number, agent: report.agent, refusal });
                    }
                    gone.push(number);
                }
            }
        }
        self.spool.remove(&gone).await.map_err(of_spool)
    }
}

impl Round {
    fn hold(&mut self, agent: AgentId, refusal: &Refusal) {
        self.held.insert(agent);
        let sooner = |why: &Left| match (why.retry_after, refusal.retry_after) {
            (Some(old), Some(new)) => new < old,
            (old, _) => old.is_none(),
        };
        if self.why.as_ref().is_none_or(sooner) {
            let retry_after = refusal.retry_after;
            self.why = Some(Left { retry_after, ..Left::for_now(refusal.to_string()) });
        }
    }
}

#[async_trait]
impl Outbox for Post {
    async fn put(&self, mut report: Outgoing) -> Result<Put, SpoolError> {
        let now = self.clock.wall();
        report.timestamp = report.timestamp.or(Some(now));
        if report.key.is_none() {
            let key = random_id(self.entropy.as_ref());
            report.key = Some(key.map_err(|error| SpoolError::Broken(Box::new(error)))?);
        }
        self.spool.put(&report, now).await
    }

    async fn deliver(&self, within: Duration) -> Delivery {
        let until = Instant::now() + within;
        let mut done = Delivery::default();
        let _turn = match timeout(within, self.spool.turn()).await {
            Ok(Ok(turn)) => turn,
            Ok(Err(error)) => return Delivery { left: Some(of_spool(error)), ..done },
            Err(_) => {
                let left = Left::for_now("another process is still sending");
                return Delivery { left: Some(left), ..done };
            }
        };
        loop {
            let mut round = Round { until, after: 0, held: HashSet::new(), why: None };
            let rest = match self.round(&mut round, &mut done).await {
                Ok(()) => round.why,
                Err(left) => Some(left),
            };
            let Some(left) = rest else { return done };
            match left.retry_after {
                Some(wait) if !left.for_good && wait < left_of(until) => sleep(wait.max(WAIT_MIN)).await,
                _ => {
                    done.left = Some(left);
                    return done;
                }
            }
        }
    }

    async fn send_now(&self, report: Outgoing, within: Duration) -> Result<Answer, Left> {
        let answers = self.send_what_fits(&[report], Instant::now() + within).await?;
        answers.into_iter().next().ok_or_else(|| Left::for_now("the server answered nothing"))
    }
}

fn left_of(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}

/// Whether the same report can be taken later. A code that is not known here is for good.
fn passes(refusal: &Refusal) -> bool {
    let code = Code::ALL.iter().find(|code| code.as_str() == refusal.code);
    code.is_some_and(|code| code.may_retry())
}

fn of_spool(error: SpoolError) -> Left {
    let mut why = error.to_string();
    if let SpoolError::Broken(cause) = &error {
        why = format!("{why}: {cause}");
    }
    Left::for_now(why)
}

/// What a request that failed as a whole means for what waits.
fn failed(error: SendError) -> Failed {
    let why = error.to_string();
    match error {
        SendError::Unreachable(_) => Failed::Left(Left::for_now(why)),
        SendError::Refused { status: 413, refusal } => Failed::TooLarge(refusal),
        SendError::Refused { status: 408 | 425 | 429 | 500 | 502..=504 | 507, refusal } => {
            Failed::Left(Left { retry_after: refusal.retry_after, ..Left::for_now(why) })
        }
        // The token, the address or one of the two programs is not right: the reports are, and wait.
        SendError::Refused { .. } => Failed::Left(Left::for_good(why)),
    }
}
