//! A child from its start to its end.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::names;
use super::pass::{Newest, Passed, Stream};
use crate::domain::report::SignalName;
use crate::ports::programs::{End, Heard, Order, Program, Programs, RunError};

/// How long an unfinished line must stand before it is told: a question, or the step of a progress bar.
const UNFINISHED_AFTER: Duration = Duration::from_millis(200);
/// How long the family of a child may hold its output after its end before we look away.
const FAMILY_GRACE: Duration = Duration::from_secs(1);

/// Runs programs as children of this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct Children;

#[async_trait]
impl Programs for Children {
    async fn start(&self, order: &Order) -> Result<Box<dyn Program>, RunError> {
        match Running::start(order, std::io::stdout().as_fd(), std::io::stderr().as_fd()) {
            Ok(running) => Ok(Box::new(running)),
            Err(source) => Err(refusal(order, source)),
        }
    }
}

/// A script is not found either when its interpreter is not.
fn refusal(order: &Order, source: io::Error) -> RunError {
    let path = Path::new(&order.program);
    let is_there = path.components().count() > 1 && path.exists();
    let program = order.program.clone();
    match source.kind() {
        io::ErrorKind::NotFound if !is_there => RunError::NotFound(program),
        _ => RunError::NotStarted { program, source },
    }
}

/// What is known of the end.
enum Stage {
    Living,
    /// It ended; what its family still writes is told until then.
    Ending(End, Instant),
    Over,
}

/// A child.
pub(super) struct Running {
    child: Child,
    stage: Stage,
    newest: watch::Receiver<Newest>,
    /// How many finished lines were there when the last was told.
    told: u64,
    /// The unfinished line that was told last.
    told_unfinished: Option<String>,
    /// The unfinished line that stands, and since when.
    standing: Option<(String, Instant)>,
    ended: watch::Sender<bool>,
    streams: [watch::Receiver<Passed>; 2],
}

impl Running {
    /// Starts a child whose output goes to these.
    pub(super) fn start(order: &Order, out: impl AsFd, errors: impl AsFd) -> io::Result<Self> {
        // A parent that ignores the ends of its children hands that down, and then no end can be asked for.
        let _heard_by_tokio = signal(SignalKind::child())?;
        let [out, errors] = [out.as_fd().try_clone_to_owned()?, errors.as_fd().try_clone_to_owned()?];
        let mut command = Command::new(&order.program);
        command.args(&order.arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let (ended, has_ended) = watch::channel(false);
        let (tell, newest) = watch::channel(Newest::default());
        let (out_passed, out_is) = watch::channel(Passed::Open);
        let (errors_passed, errors_is) = watch::channel(Passed::Open);
        if let Some(from) = child.stdout.take() {
            let (newest, ended) = (tell.clone(), has_ended.clone());
            tokio::spawn(
                Stream { from, to: Arc::new(File::from(out)), newest, ended, passed: out_passed }.pass(),
            );
        }
        if let Some(from) = child.stderr.take() {
            let (newest, ended, to) = (tell, has_ended, Arc::new(File::from(errors)));
            tokio::spawn(Stream { from, to, newest, ended, passed: errors_passed }.pass());
        }
        let (told, told_unfinished, standing) = (0, None, None);
        let (stage, streams) = (Stage::Living, [out_is, errors_is]);
        Ok(Self { child, stage, newest, told, told_unfinished, standing, ended, streams })
    }

    /// The newest finished line, if it was not told yet.
    fn line(&mut self) -> Option<String> {
        let newest = self.newest.borrow_and_update();
        if newest.unfinished.as_ref() != self.standing.as_ref().map(|(text, _)| text) {
            self.standing = newest.unfinished.clone().map(|text| (text, Instant::now()));
        }
        if newest.count == self.told {
            return None;
        }
        self.told = newest.count;
        let line = newest.finished.clone();
        // Whoever was told it while it was unfinished knows it already.
        if self.told_unfinished.take().is_some_and(|known| line.as_ref() == Some(&known)) {
            return None;
        }
        line
    }

    /// The unfinished line, if it was not told yet.
    fn unfinished(&mut self) -> Option<String> {
        let (text, _) = self.standing.as_ref()?;
        if self.told_unfinished.as_ref() == Some(text) {
            return None;
        }
        self.told_unfinished = Some(text.clone());
        Some(text.clone())
    }

    /// Waits for a line or the end; gives what an unfinished line says by then.
    async fn live(&mut self) -> Option<String> {
        let untold = self.standing.as_ref().filter(|(text, _)| self.told_unfinished.as_ref() != Some(text));
        let told_at = untold.map(|(_, since)| since.checked_add(UNFINISHED_AFTER).unwrap_or(*since));
        tokio::select! {
            Ok(()) = self.newest.changed() => None,
            status = self.child.wait() => {
                self.ended.send_replace(true);
                let grace_ends = Instant::now().checked_add(FAMILY_GRACE).unwrap_or_else(Instant::now);
                self.stage = Stage::Ending(end(status), grace_ends);
                None
            }
            () = sleep_until(told_at.unwrap_or_else(Instant::now)), if told_at.is_some() => self.unfinished(),
        }
    }
}

#[async_trait]
impl Program for Running {
    async fn next(&mut self) -> Heard {
        loop {
            if let Some(line) = self.line() {
                return Heard::Line(line);
            }
            match &self.stage {
                Stage::Living => {
                    if let Some(line) = self.live().await {
                        return Heard::Line(line);
                    }
                }
                Stage::Ending(end, grace_ends) => {
                    let (end, grace_ends) = (end.clone(), *grace_ends);
                    let closed = reached(&mut self.streams, |passed| passed == Passed::Closed);
                    let _held_by_family = timeout_at(grace_ends, closed).await;
                    if let Some(line) = self.line().or_else(|| self.unfinished()) {
                        return Heard::Line(line);
                    }
                    self.stage = Stage::Over;
                    return Heard::Ended(end);
                }
                Stage::Over => return std::future::pending().await,
            }
        }
    }

    async fn passed_on(&mut self) {
        reached(&mut self.streams, |passed| passed != Passed::Open).await;
    }

    fn signal(&mut self, number: i32) {
        // The id is gone once the end was asked for, so that it is never that of another process.
        let process = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let (Some(process), Some(signal)) = (process, Signal::from_named_raw(number)) {
            let _ended_already = kill_process(process, signal);
        }
    }
}

async fn reached(streams: &mut [watch::Receiver<Passed>; 2], far: impl Fn(Passed) -> bool) {
    for stream in streams {
        let _task_gone = stream.wait_for(|passed| far(*passed)).await;
    }
}

fn end(status: io::Result<ExitStatus>) -> End {
    // Nobody else asks for the end of our child, so there is always a status.
    let Ok(status) = status else { return End::Exited(255) };
    match (status.code(), status.signal()) {
        (Some(code), _) => End::Exited(code),
        (None, signal) => killed(signal.unwrap_or_default()),
    }
}

fn killed(number: i32) -> End {
    match SignalName::parse(&names::name(number)) {
        Some(name) => End::Killed { number, name },
        None => End::Exited(number.saturating_add(128)),
    }
}
