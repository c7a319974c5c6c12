//! SIGTERM and SIGINT; and for whoever draws on a terminal, SIGHUP and SIGQUIT.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Waits for the signals that ask the process to stop.
#[derive(Debug)]
pub(crate) struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// Listens from now on; the signals no longer end the process by themselves.
    ///
    /// # Errors
    /// When the operating system refuses the handler.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for the next of them. Cancel safe.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Waits for the signals that tell that the terminal is lost, or that its user wants out.
#[derive(Debug)]
pub(crate) struct LeaveSignals {
    hang_up: Signal,
    quit: Signal,
}

impl LeaveSignals {
    /// Listens from now on; the signals no longer end the process by themselves.
    ///
    /// # Errors
    /// When the operating system refuses the handler.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self { hang_up: signal(SignalKind::hangup())?, quit: signal(SignalKind::quit())? })
    }

    /// Waits for the next of them. Cancel safe.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.hang_up.recv() => {}
            _ = self.quit.recv() => {}
        }
    }
}
