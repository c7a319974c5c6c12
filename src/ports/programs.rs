//! Port out: programs that are run as children.

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
    #[error("there is no program {0:?}")]
    NotFound(OsString),
    /// It is there, but cannot be started.
    #[error("cannot run {program:?}")]
    NotStarted {
        /// Which one.
        program: OsString,
        /// What happened.
        #[source]
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

/// A program that was started.
#[cfg_attr(feature = "test-support", mockall::automock)]
#[async_trait]
pub trait Program: Send {
    /// Waits for the next line that it wrote, without its end; of a long one the beginning. A slow reader
    /// sees the newest and not all. Cancel safe; pending for ever once there are no more.
    async fn line(&mut self) -> String;

    /// Waits for its end, and for what it had written until then to be passed on. Cancel safe.
    async fn end(&mut self) -> End;

    /// Hands a signal on to it, by number. Nothing happens if it has ended.
    fn signal(&mut self, number: i32);
}
