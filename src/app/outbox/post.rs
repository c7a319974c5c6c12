//! The outbox itself: what waits in a spool goes to a server, oldest first, and what is held in memory after it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, sleep, timeout};

use super::held::{Held, Holding};
use super::round::{Failed, Round, failed, left_of, of_spool};
use super::{Delivery, Left, Obstacle, Outbox, Stored};
use crate::app::tokens::{NoToken, Tokens};
use crate::ports::clock::Clock;
use crate::ports::entropy::{Entropy, random_id};
use crate::ports::report_sender::{Answer, Outgoing, ReportSender, SendError};
use crate::ports::spool::{Put, Spool, SpoolError, Turn, Waiting};

/// A server that says to come back at once is not hammered.
const WAIT_MIN: Duration = Duration::from_millis(100);
/// How many reports are looked at together.
const AT_ONCE: usize = 1_000;
/// How long the disk has at least for a last try to keep what was not sent.
const LAST_PUT: Duration = Duration::from_millis(150);
/// How much longer than it should the spool may take to say that another has the turn.
const TURN_SLACK: Duration = Duration::from_millis(100);
/// How often it is said that this process still moves.
const RENEWED_EVERY: Duration = Duration::from_secs(1);
/// A disk that hangs is left alone for so long: each try would leave a thread behind.
const HUNG_REST: Duration = Duration::from_secs(30);

/// An outbox: a spool, and the server that its reports are for.
pub struct Post {
    spool: Arc<dyn Spool>,
    sender: Arc<dyn ReportSender>,
    tokens: Box<dyn Tokens>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    memory: Mutex<Memory>,
}

/// What this process alone knows.
#[derive(Default)]
struct Memory {
    held: Held,
    /// The key of the last report that was put here.
    last: Option<String>,
    /// The disk does not answer, and is not asked before.
    hung_until: Option<Instant>,
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
        Self { spool, sender, tokens, clock, entropy, memory: Mutex::default() }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_own(&self, report: &Outgoing) -> bool {
        report.key.is_some() && report.key == self.memory().last
    }

    /// Does this with the spool, as long as that answers.
    async fn asked<T>(
        &self,
        within: Duration,
        spool: impl Future<Output = Result<T, SpoolError>> + Send,
    ) -> Result<T, SpoolError> {
        let hangs = || SpoolError::Broken("the disk does not answer".into());
        if self.memory().hung_until.is_some_and(|until| Instant::now() < until) {
            return Err(hangs());
        }
        let Ok(answered) = timeout(within, spool).await else {
            self.memory().hung_until = Instant::now().checked_add(HUNG_REST);
            return Err(hangs());
        };
        answered
    }

    /// Keeps a report behind all that is held: this is kept first, or it would be overtaken.
    async fn kept(&self, report: &Outgoing, until: Instant) -> Result<Put, SpoolError> {
        self.stow(until).await?;
        self.asked(left_of(until), self.spool.put(report, self.clock.wall())).await
    }

    /// Keeps what is held, the oldest first, as far as the disk takes it.
    async fn stow(&self, until: Instant) -> Result<(), SpoolError> {
        loop {
            let Some(Holding { since, report }) = self.memory().held.first() else { return Ok(()) };
            self.asked(left_of(until), self.spool.put(&report, since)).await?;
            self.memory().held.forget(&report);
        }
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

    /// Sends the first of these, as many as the server takes at once, and gives an answer to one at least.
    async fn send_what_fits(&self, reports: &[Outgoing], until: Instant) -> Result<Vec<Answer>, Left> {
        let mut count = reports.len();
        loop {
            if left_of(until).is_zero() {
                return Err(Left::for_now(Obstacle::Time, "there was no time for more"));
            }
            match self.send(reports.get(..count).unwrap_or(reports), until).await {
                Ok(answers) if answers.is_empty() => {
                    return Err(Left::for_now(Obstacle::Server, "the server answered nothing"));
                }
                Ok(answers) => return Ok(answers),
                Err(Failed::Left(left)) => return Err(left),
                Err(Failed::TooLarge(..)) if count > 1 => count = count.div_euclid(2),
                // By itself it is never taken.
                Err(Failed::TooLarge(Some(refusal), _)) => return Ok(vec![Answer::Refused(refusal)]),
                Err(Failed::TooLarge(None, left)) => return Err(left),
            }
        }
    }

    /// What waits behind this number and may go now, with its age.
    async fn next(&self, round: &mut Round) -> Result<Vec<Waiting>, SpoolError> {
        loop {
            let read = self.spool.after(round.after, AT_ONCE);
            let mut some = self.asked(left_of(round.until).max(LAST_PUT), read).await?;
            let Some(last) = some.last().map(|waiting| waiting.number) else { return Ok(some) };
            some.retain(|waiting| !round.holds(&waiting.report.agent));
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

    /// Goes through all that waits on the disk once.
    async fn round(&self, round: &mut Round, done: &mut Delivery) -> Result<(), Left> {
        loop {
            let some = self.next(round).await.map_err(|error| of_spool(&error))?;
            if some.is_empty() {
                return Ok(());
            }
            let reports: Vec<Outgoing> = some.iter().map(|waiting| waiting.report.clone()).collect();
            let answers = self.send_what_fits(&reports, round.until).await?;
            let mut gone = Vec::with_capacity(answers.len());
            for (Waiting { number, report, .. }, answer) in some.into_iter().zip(answers) {
                round.after = number;
                if round.settle(&report, answer, self.is_own(&report), done) {
                    gone.push(number);
                }
            }
            let forgotten = self.asked(left_of(round.until).max(LAST_PUT), self.spool.remove(&gone)).await;
            // A full disk forgets nothing: the rest goes out all the same.
            round.unforgotten = forgotten.err().map(|error| of_spool(&error)).or(round.unforgotten.take());
        }
    }

    async fn turn(&self, within: Duration) -> Result<Box<dyn Turn>, Left> {
        let turn =
            self.asked(within.saturating_add(TURN_SLACK), self.spool.turn(within, self.clock.wall())).await;
        let turn = turn.map_err(|error| of_spool(&error))?;
        turn.ok_or_else(|| Left::for_now(Obstacle::Turn, "another process is still sending"))
    }

    /// Sends what waits on the disk.
    async fn deliver_kept(&self, until: Instant, done: &mut Delivery) -> Option<Left> {
        let within = left_of(until);
        // A disk that hangs leaves time for what is held in memory.
        let patience = if self.memory().held.len() == 0 { within } else { within / 2 };
        let turn = match self.turn(patience).await {
            Ok(turn) => turn,
            Err(left) => return Some(left),
        };
        tokio::select! {
            biased;
            // Who stood still for long goes on in the middle of what another sent meanwhile.
            () = self.over(turn.as_ref()) => Some(Left::for_now(Obstacle::Turn, "another process took its turn")),
            left = self.rounds(until, done) => left,
        }
    }

    /// Renews the turn until it is over.
    async fn over(&self, turn: &dyn Turn) {
        loop {
            sleep(RENEWED_EVERY).await;
            if !turn.renew(self.clock.wall()).await {
                return;
            }
        }
    }

    /// Goes through all that waits on the disk, again where the server says when.
    async fn rounds(&self, until: Instant, done: &mut Delivery) -> Option<Left> {
        loop {
            let mut round = Round::new(until);
            let left = match self.round(&mut round, done).await {
                Ok(()) => round.left()?,
                Err(left) => left,
            };
            match left.retry_after {
                Some(wait) if !left.for_good && wait < left_of(until) => sleep(wait.max(WAIT_MIN)).await,
                _ => return Some(left),
            }
        }
    }

    /// Sends what is held in memory, of those agents of whom nothing waits on the disk, as far as is known.
    async fn deliver_held(&self, until: Instant, done: &mut Delivery) -> Option<Left> {
        let blocked = match done.left.as_ref().map(|left| &left.by) {
            None | Some(Obstacle::Spool) => BTreeSet::new(),
            Some(Obstacle::Agents(agents)) => agents.clone(),
            Some(Obstacle::Server | Obstacle::Turn | Obstacle::Time) => return None,
        };
        let mut round = Round::without(blocked, until);
        loop {
            let some = self.memory().held.some(AT_ONCE, |agent| !round.holds(agent));
            if some.is_empty() {
                return round.left();
            }
            let now = self.clock.wall();
            let aged = |Holding { since, report }: &Holding| {
                let age = report.age.saturating_add(now.since(*since));
                Outgoing { age, ..report.clone() }
            };
            let reports: Vec<Outgoing> = some.iter().map(aged).collect();
            let answers = match self.send_what_fits(&reports, until).await {
                Ok(answers) => answers,
                Err(left) => return Some(left),
            };
            for (report, answer) in reports.into_iter().zip(answers) {
                if round.settle(&report, answer, self.is_own(&report), done) {
                    self.memory().held.forget(&report);
                }
            }
        }
    }
}

#[async_trait]
impl Outbox for Post {
    async fn put(&self, mut report: Outgoing, within: Duration) -> Result<Stored, SpoolError> {
        let (now, until) = (self.clock.wall(), Instant::now() + within);
        report.timestamp = report.timestamp.or(Some(now));
        if report.key.is_none() {
            let key = random_id(self.entropy.as_ref());
            report.key = Some(key.map_err(|error| SpoolError::Broken(Box::new(error)))?);
        }
        self.memory().last.clone_from(&report.key);
        match self.kept(&report, until).await {
            Ok(Put { dropped, .. }) => Ok(Stored { dropped, unkept: None }),
            Err(error) => match self.memory().held.push(report, now) {
                Ok(dropped) => Ok(Stored { dropped, unkept: Some(error) }),
                Err(_full) => Err(error),
            },
        }
    }

    async fn deliver(&self, within: Duration) -> Delivery {
        let until = Instant::now() + within;
        let mut done = Delivery::default();
        done.left = self.deliver_kept(until, &mut done).await;
        if self.memory().held.len() > 0 {
            let left = self.deliver_held(until, &mut done).await;
            done.left = left.or(done.left);
            let again = Instant::now() + left_of(until).max(LAST_PUT);
            // What the disk still does not take is counted, and told by whoever put it.
            let _still_unkept = self.stow(again).await;
            done.unkept = self.memory().held.len();
        }
        done.mishaps = self.spool.mishaps();
        done
    }

    async fn send_now(&self, report: Outgoing, within: Duration) -> Result<Answer, Left> {
        let answers = self.send_what_fits(&[report], Instant::now() + within).await?;
        answers
            .into_iter()
            .next()
            .ok_or_else(|| Left::for_now(Obstacle::Server, "the server answered nothing"))
    }
}
