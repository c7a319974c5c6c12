//! Port out: programs that are run as children, and the signals that are sent to us for them.

use std::ffi::OsString;

use async_trait::async_trait;

use crate::domain::report::SignalName;

/// What to run: the program, then its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The program, found as a shell finds it.
    pub program: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// By itself, with this exit code.
    Exited(i32),
    /// By a signal.
    Killed {
        /// Its number.
        number: i32,
        /// Its name, such as `SIGKILL`.
        name: SignalName,
    },
}

/// Why a program does not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// There is no such program.
    #[error("there is no program {}", .0.to_string_lossy())]
    NotFound(OsString),
    /// It is there, but cannot be started.
    #[error("cannot run {}: {source}", program.to_string_lossy())]
    NotStarted {
        /// Which one.
        program: OsString,
        /// What happened.
        source: std::io::Error,
    },
}

/// Runs programs.
#[cfg_attr(feature = "test-support", mockall::automock)]
#[async_trait]
pub trait Programs: Send + Sync {
    /// Starts a program. Its standard input is ours; what it writes goes through to ours as it comes.
    ///
    /// # Errors
    /// [`RunError`].
    async fn start(&self, order: &Order) -> Result<Box<dyn Program>, RunError>;
}

/// What comes from a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A line that it wrote, as plain text without its end; of a long one the beginning.
    Line(String),
    /// It ended. Nothing comes after it.
    Ended(End),
}

/// A program that was started. It goes on when this is dropped.
#[cfg_attr(feature = "test-support", mockall::automock)]
#[async_trait]
pub trait Program: Send {
    /// Waits for the next that comes from it. Of many lines a slow reader gets the newest, and the last one
    /// before the end. Cancel safe; pending for ever after the end.
    async fn next(&mut self) -> Heard;

    /// After the end: waits until all that it wrote was passed on, for as long as our reader takes. Cancel
    /// safe.
    async fn passed_on(&mut self);

    /// Hands a signal on to it, by number. Nothing happens if it has ended.
    fn signal(&mut self, number: i32);
}

/// What a signal usually means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// To stop: SIGTERM.
    Terminate,
    /// To stop what is under way, or all: SIGINT and SIGQUIT.
    Interrupt,
    /// That the terminal is gone, or to read the settings again: SIGHUP.
    HangUp,
    /// Something between its sender and the program.
    Other,
}

/// A signal that was sent to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// Its number.
    pub number: i32,
    /// What it usually means.
    pub meaning: Meaning,
    /// Whether the terminal sent it to all in the foreground, so that the program has it already.
    pub by_terminal: bool,
}

/// Signals that are sent to us, and no longer end us by themselves.
#[cfg_attr(feature = "test-support", mockall::automock)]
#[async_trait]
pub trait Signals: Send {
    /// Waits for the next one. Cancel safe.
    async fn next(&mut self) -> Sent;
}
