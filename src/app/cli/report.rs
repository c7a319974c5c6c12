//! `report`: one report from a shell or a hook. It never keeps its caller waiting for a server.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Process;
use super::args::{LabelArgs, LeaseArgs, ReportArgs, Saying as Said, StampArgs};
use super::client::{Server, server};
use super::output::{Failure, warn};
use super::spool::spool_directory;
use crate::app::outbox::{Delivery, Obstacle, Outbox};
use crate::app::run;
use crate::app::watch::plain;
use crate::domain::grant::Scope;
use crate::domain::limits::Limits;
use crate::domain::report::{Exit, ReportBody, Stamp};
use crate::domain::text::{Labels, LabelsError, Message};
use crate::ports::report_sender::{Answer, Outgoing};
use crate::ports::spool::Other;

/// How long a report may take in all but starting and ending the process.
const REPORT_WITHIN: Duration = Duration::from_millis(1_700);
/// How long the disk may take of that: there is to be time left for sending.
const KEPT_WITHIN: Duration = Duration::from_millis(1_300);
/// How long it may take to send all that waits.
const FLUSH_WITHIN: Duration = Duration::from_secs(60);
/// Most of those that are told whose reports wait beside.
const OTHERS_TOLD_MAX: usize = 20;
/// Longest message that is sent, in bytes. A server keeps 4 KiB by default, and says that it cut the rest.
const MESSAGE_BYTES_MAX: usize = 16 * 1024;

pub(super) fn run(args: &ReportArgs, process: &Process) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let reported = runtime.block_on(report(args, process));
    // A name that is still looked up, or a lock that is waited for, is not.
    runtime.shutdown_background();
    reported
}

async fn report(args: &ReportArgs, process: &Process) -> Result<(), Failure> {
    let until = Instant::now() + REPORT_WITHIN;
    let outgoing = args.saying.as_ref().map(outgoing).transpose()?;
    let Server { url, tokens } = server(&args.client, Scope::Report, process)?;
    let way = run::outbox(&url, tokens, &spool_directory(&args.spool, process)?)?;
    let outbox = Arc::clone(&way.outbox);
    match outgoing {
        None => {
            let delivery = outbox.deliver(FLUSH_WITHIN).await;
            let others = tokio::task::spawn_blocking(move || way.of_others()).await?;
            flushed(&delivery, &others)
        }
        Some(outgoing) if outgoing.body == ReportBody::Heartbeat => {
            beat(outbox.as_ref(), outgoing, until).await
        }
        Some(outgoing) => send(outbox.as_ref(), outgoing, until).await,
    }
}

/// Keeps the report, then sends what waits as far as time allows: what the disk does not take goes last too.
async fn send(outbox: &dyn Outbox, outgoing: Outgoing, until: Instant) -> Result<(), Failure> {
    let stored = outbox.put(outgoing, KEPT_WITHIN).await?;
    let kept = stored.unkept.is_none();
    if let Some(error) = stored.unkept {
        warn(&format!("{}; trying to send the report all the same", Failure::from(error).text()));
    }
    if stored.dropped > 0 {
        warn(&format!(
            "too much waits for the server: {} of the oldest activities were dropped",
            stored.dropped
        ));
    }
    let delivery = outbox.deliver(left_of(until)).await;
    tell_mishaps(&delivery);
    let mut own = None;
    for refused in &delivery.refusals {
        if refused.own {
            own = Some(&refused.refusal);
        } else {
            let text = format!("an earlier report about {} was refused: {}", refused.agent, refused.refusal);
            warn(&plain(&text));
        }
    }
    if let Some(refusal) = own {
        return Err(Failure::new(plain(&format!("the report was refused: {refusal}"))));
    }
    let Some(left) = delivery.left else { return Ok(()) };
    let why = plain(&left.why);
    if delivery.own_taken {
        // That the disk does not work was said above.
        if kept || left.by != Obstacle::Spool {
            warn(&format!("{why}; earlier reports still wait"));
        }
        return Ok(());
    }
    if delivery.unkept > 0 {
        return Err(Failure::new(format!("{why}; the report is lost")));
    }
    if left.for_good {
        return Err(Failure::new(format!(
            "{why}. The report is kept, and sent by the next call that gets through"
        )));
    }
    warn(&format!("{why}; the report is kept, and sent by the next call that gets through"));
    Ok(())
}

/// A heartbeat that comes late says nothing, so it is not kept.
async fn beat(outbox: &dyn Outbox, outgoing: Outgoing, until: Instant) -> Result<(), Failure> {
    match outbox.send_now(outgoing, left_of(until)).await {
        Ok(answer) => taken(&answer),
        Err(left) if left.for_good => Err(Failure::new(plain(&left.why))),
        Err(left) => {
            warn(&plain(&left.why));
            Ok(())
        }
    }
}

fn taken(answer: &Answer) -> Result<(), Failure> {
    match answer {
        Answer::Taken { .. } => Ok(()),
        Answer::Refused(refusal) => Err(Failure::new(plain(&format!("the report was refused: {refusal}")))),
    }
}

fn tell_mishaps(delivery: &Delivery) {
    for mishap in &delivery.mishaps {
        warn(&plain(mishap));
    }
}

fn flushed(delivery: &Delivery, others: &[Other]) -> Result<(), Failure> {
    tell_mishaps(delivery);
    for refused in &delivery.refusals {
        warn(&plain(&format!("a report about {} was refused: {}", refused.agent, refused.refusal)));
    }
    for other in others.iter().take(OTHERS_TOLD_MAX) {
        warn(&plain(&words(other)));
    }
    match &delivery.left {
        None if others.is_empty() => Ok(()),
        None => {
            Err(Failure::new("what waited for this server and holder of a token is sent; the rest is kept"))
        }
        Some(left) => Err(Failure::new(plain(&format!("{}; the rest is kept", left.why)))),
    }
}

/// What waits beside, and how it is sent.
fn words(Other { user, address, count }: &Other) -> String {
    let (count, reports) = match count {
        Some(1) => ("1".to_owned(), "report waits"),
        Some(count) => (count.to_string(), "reports wait"),
        None => ("an unknown number of".to_owned(), "reports waits"),
    };
    let (place, url) = match address {
        Some(address) => (format!(" for {address}"), format!(" --url {address}")),
        None => (String::new(), String::new()),
    };
    format!(
        "{count} {reports}{place} too, of {user}: report --flush{url}, with the token or --as that they were reported with"
    )
}

fn left_of(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}

/// The report that the command line says.
fn outgoing(said: &Said) -> Result<Outgoing, LabelsError> {
    let message = |text: &String| Message::cut(text, MESSAGE_BYTES_MAX);
    let (agent, stamp, lease, body) = match said {
        Said::Status { agent, status, message: text, state, labels, stamp, lease } => {
            let (message, labels) = (text.as_ref().map(message), labels_of(labels)?);
            let body = ReportBody::Status { status: *status, message, state: state.clone(), labels };
            (agent, stamp, lease, body)
        }
        Said::Lifecycle { agent, event, message: text, exit_code, signal, labels, stamp, lease } => {
            let exit = Exit { code: *exit_code, signal: signal.clone() };
            let (message, labels) = (text.as_ref().map(message), labels_of(labels)?);
            let body = ReportBody::Lifecycle { signal: *event, message, exit, labels };
            (agent, stamp, lease, body)
        }
        Said::Activity { agent, session, message: text, state, stamp, lease } => {
            let text = text.to_string_lossy().into_owned();
            let (session, last_message) = (session.clone(), message(&text));
            let body = ReportBody::Activity { session, last_message, state: state.clone() };
            (agent, stamp, lease, body)
        }
        Said::Heartbeat { agent, stamp, lease } => (agent, stamp, lease, ReportBody::Heartbeat),
    };
    Ok(of(agent.clone(), stamp, lease, body))
}

fn of(agent: crate::domain::id::AgentId, stamp: &StampArgs, lease: &LeaseArgs, body: ReportBody) -> Outgoing {
    let instance = stamp.instance_id.clone().map(|id| Stamp {
        id,
        started_at: stamp.instance_started_at,
        report_seq: stamp.report_seq,
    });
    Outgoing {
        agent,
        timestamp: stamp.timestamp,
        instance,
        lease: lease.lease_ms.map(Duration::from_millis),
        busy_until: lease.busy_until,
        age: Duration::from_millis(lease.age_ms),
        key: stamp.idempotency_key.clone(),
        body,
    }
}

/// Nothing where nothing was said of labels: the agent keeps its own.
fn labels_of(args: &LabelArgs) -> Result<Option<Labels>, LabelsError> {
    if args.labels.is_empty() && !args.clear_labels {
        return Ok(None);
    }
    Labels::checked(args.labels.iter().cloned().collect(), &Limits::default()).map(Some)
}
