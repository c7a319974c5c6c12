//! `report`: one report from a shell or a hook. It never keeps its caller waiting for a server.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::Process;
use super::args::{LabelArgs, LeaseArgs, ReportArgs, Saying as Said, StampArgs};
use super::client::{Server, server};
use super::output::{Failure, warn};
use super::spool::spool_directory;
use crate::app::outbox::{Delivery, Left, Outbox};
use crate::app::run;
use crate::app::watch::plain;
use crate::domain::grant::Scope;
use crate::domain::limits::Limits;
use crate::domain::report::{Exit, ReportBody, Stamp};
use crate::domain::text::{Labels, LabelsError, Message};
use crate::ports::report_sender::{Answer, Outgoing};

/// How long a report may take in all but starting and ending the process.
const REPORT_WITHIN: Duration = Duration::from_millis(1_700);
/// How long it may take to send all that waits.
const FLUSH_WITHIN: Duration = Duration::from_secs(60);
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
    if outgoing.is_some() == args.flush {
        return Err(Failure::new("say what to report, or --flush; see mission-control report --help"));
    }
    let Server { url, tokens } = server(&args.client, Scope::Report, process)?;
    let outbox = run::outbox(&url, tokens, &spool_directory(&args.spool, process)?)?;
    match outgoing {
        None => flushed(&outbox.deliver(FLUSH_WITHIN).await),
        Some(outgoing) if outgoing.body == ReportBody::Heartbeat => {
            beat(outbox.as_ref(), outgoing, until).await
        }
        Some(outgoing) => send(outbox.as_ref(), outgoing, until).await,
    }
}

/// Keeps the report, then sends what waits as far as time allows.
async fn send(outbox: &dyn Outbox, outgoing: Outgoing, until: Instant) -> Result<(), Failure> {
    let put = match timeout(left_of(until), outbox.put(outgoing.clone())).await {
        Ok(Ok(put)) => put,
        Ok(Err(error)) => {
            warn(&format!("{}; trying to send the report all the same", Failure::from(error).text()));
            return now_or_never(outbox, outgoing, until).await;
        }
        Err(_) => {
            warn(
                "the directory in which reports wait does not answer; trying to send the report all the same",
            );
            return now_or_never(outbox, outgoing, until).await;
        }
    };
    if put.dropped > 0 {
        warn(&format!(
            "too much waits for the server: {} of the oldest activities were dropped",
            put.dropped
        ));
    }
    let delivery = outbox.deliver(left_of(until)).await;
    let mut own = None;
    for refused in &delivery.refusals {
        if refused.number == put.number {
            own = Some(&refused.refusal);
        } else {
            let text = format!("an earlier report about {} was refused: {}", refused.agent, refused.refusal);
            warn(&plain(&text));
        }
    }
    if let Some(refusal) = own {
        return Err(Failure::new(plain(&format!("the report was refused: {refusal}"))));
    }
    match delivery.left {
        None => Ok(()),
        Some(Left { why, for_good: true, .. }) => Err(Failure::new(plain(&format!(
            "{why}. The report is kept, and sent by the next call that gets through"
        )))),
        Some(Left { why, .. }) => {
            warn(&plain(&format!("{why}; the report is kept, and sent by the next call that gets through")));
            Ok(())
        }
    }
}

/// What cannot be kept is sent now, or lost.
async fn now_or_never(outbox: &dyn Outbox, outgoing: Outgoing, until: Instant) -> Result<(), Failure> {
    match outbox.send_now(outgoing, left_of(until)).await {
        Ok(answer) => taken(&answer),
        Err(left) => Err(Failure::new(plain(&format!("{}; the report is lost", left.why)))),
    }
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

fn flushed(delivery: &Delivery) -> Result<(), Failure> {
    for refused in &delivery.refusals {
        warn(&plain(&format!("a report about {} was refused: {}", refused.agent, refused.refusal)));
    }
    match &delivery.left {
        None => Ok(()),
        Some(left) => Err(Failure::new(plain(&format!("{}; the rest is kept", left.why)))),
    }
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
            let (session, last_message) = (session.clone(), message(text));
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
