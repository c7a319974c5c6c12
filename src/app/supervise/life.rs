//! The program from its start to its end, and to its start again. It notes what happens, and waits for nobody.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::asked::Asked;
use super::clerk::{Note, Noted};
use super::pause::Pauses;
use super::{Console, Finish, Restart, Task};
use crate::app::watch::plain;
use crate::domain::lifecycle::Signal;
use crate::domain::report::Exit;
use crate::ports::clock::Clock;
use crate::ports::programs::{End, Heard, Meaning, Order, Program, Programs, Sent, Signals};

/// Lines are noted this far apart: two a second.
const LINES_APART: Duration = Duration::from_millis(500);

/// Whom it tells what happens.
pub(super) struct Told {
    /// All that is to be reported.
    pub(super) notes: mpsc::Sender<Note>,
    /// Whether the program lives, at once and whatever waits to be reported.
    pub(super) lives: watch::Sender<bool>,
}

pub(super) struct Life {
    order: Order,
    restart: Restart,
    pauses: Pauses,
    programs: Arc<dyn Programs>,
    signals: Box<dyn Signals>,
    clock: Arc<dyn Clock>,
    console: Arc<dyn Console>,
    told: Told,
    told_of_loss: bool,
    /// The newest line that was not noted yet.
    untold: Option<String>,
    /// The last line of this start, for the report of its end.
    last_line: Option<String>,
    /// When the next line may be noted.
    next_line_at: Instant,
}

impl Life {
    pub(super) fn new(
        task: Task,
        programs: Arc<dyn Programs>,
        signals: Box<dyn Signals>,
        clock: Arc<dyn Clock>,
        console: Arc<dyn Console>,
        told: Told,
    ) -> Self {
        Self {
            order: task.order,
            restart: task.restart,
            pauses: Pauses::new(task.restarts_max),
            programs,
            signals,
            clock,
            console,
            told,
            told_of_loss: false,
            untold: None,
            last_line: None,
            next_line_at: Instant::now(),
        }
    }

    /// Lets the program live until it ended for good. What it wrote may still have to be passed on.
    pub(super) async fn run(&mut self) -> (Finish, Option<Box<dyn Program>>) {
        let mut ran_before = false;
        loop {
            let started_at = Instant::now();
            let ended = match self.programs.start(&self.order).await {
                Ok(mut program) => {
                    let event = if ran_before { Signal::Restart } else { Signal::Start };
                    self.note(Noted::Life { event, exit: Exit::default(), message: None });
                    let (end, asked) = self.live(program.as_mut()).await;
                    if self.note_end(&end, asked) {
                        return (Finish::Ended(end), Some(program));
                    }
                    Ok((end, program))
                }
                Err(error) => {
                    let message = Some(error.to_string());
                    self.note(Noted::Life { event: Signal::Crash, exit: Exit::default(), message });
                    // What never ran is misspelt; what ran before may be about to be replaced.
                    if !ran_before {
                        return (Finish::NotStarted(error), None);
                    }
                    Err(error)
                }
            };
            ran_before = true;
            let why = match &ended {
                Ok((end, _)) => format!("the program {}", words(end)),
                Err(error) => plain(&error.to_string()),
            };
            let Some(wait) = self.pauses.after(started_at.elapsed()) else {
                self.console.tell(&format!("{why}; it is not started again: that was done often enough"));
                return match ended {
                    Ok((end, program)) => (Finish::Ended(end), Some(program)),
                    Err(error) => (Finish::NotStarted(error), None),
                };
            };
            self.console.tell(&format!("{why}; starting it again in {} s", wait.as_secs()));
            if let Some(signal) = self.pause(wait).await {
                return (Finish::Stopped { signal }, ended.ok().map(|(_, program)| program));
            }
        }
    }

    /// There will be no more notes; the signals go back.
    pub(super) fn over(self) -> Box<dyn Signals> {
        self.signals
    }

    /// From start to end; whether the end was asked for.
    async fn live(&mut self, program: &mut dyn Program) -> (End, bool) {
        let mut asked = Asked::default();
        self.last_line = None;
        loop {
            tokio::select! {
                biased;
                sent = self.signals.next() => {
                    asked.note(sent);
                    if !sent.by_terminal {
                        program.signal(sent.number);
                    }
                }
                () = sleep_until(self.next_line_at), if self.untold.is_some() => self.note_line(),
                heard = program.next() => match heard {
                    Heard::Line(line) => {
                        self.last_line = Some(line.clone());
                        self.untold = Some(line);
                    }
                    Heard::Ended(end) => {
                        let asked = asked.explains(&end);
                        return (end, asked);
                    }
                }
            }
        }
    }

    /// Notes the end, and says whether it was the last.
    fn note_end(&mut self, end: &End, asked: bool) -> bool {
        self.note_line();
        let well = matches!(end, End::Exited(0));
        let last = asked
            || match self.restart {
                Restart::No => true,
                Restart::OnFailure => well,
                Restart::Always => false,
            };
        let exit = match end {
            End::Exited(code) => Exit { code: Some(*code), signal: None },
            End::Killed { name, .. } => Exit { code: None, signal: Some(name.clone()) },
        };
        let last_line = self.last_line.take();
        let (event, message) = if well || asked { (Signal::Stop, None) } else { (Signal::Crash, last_line) };
        self.note(Noted::Life { event, exit, message });
        last
    }

    /// Waits before the next start; gives the signal that asked to leave it.
    async fn pause(&mut self, wait: Duration) -> Option<i32> {
        let until = sleep(wait);
        tokio::pin!(until);
        loop {
            tokio::select! {
                biased;
                Sent { number, meaning, .. } = self.signals.next() => {
                    if meaning != Meaning::Other {
                        self.note(Noted::Life { event: Signal::Stop, exit: Exit::default(), message: None });
                        return Some(number);
                    }
                }
                () = &mut until => return None,
            }
        }
    }

    fn note_line(&mut self) {
        if let Some(line) = self.untold.take() {
            self.next_line_at = Instant::now().checked_add(LINES_APART).unwrap_or_else(Instant::now);
            self.note(Noted::Line(line));
        }
    }

    /// Notes what happened, and never waits for whoever keeps it.
    fn note(&mut self, what: Noted) {
        if let Noted::Life { event, .. } = &what {
            self.told.lives.send_replace(matches!(event, Signal::Start | Signal::Restart));
        }
        let note = Note { at: self.clock.wall(), what };
        match self.told.notes.try_send(note) {
            Ok(()) | Err(TrySendError::Closed(_)) => {}
            // A later line takes its place.
            Err(TrySendError::Full(Note { what: Noted::Line(_), .. })) => {}
            Err(TrySendError::Full(_)) if self.told_of_loss => {}
            Err(TrySendError::Full(_)) => {
                self.told_of_loss = true;
                self.console.tell("the disk takes too long: some reports are lost");
            }
        }
    }
}

fn words(end: &End) -> String {
    match end {
        End::Exited(code) => format!("ended with exit code {code}"),
        End::Killed { name, .. } => format!("was ended by {}", name.as_str()),
    }
}
