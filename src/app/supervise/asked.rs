//! Whether somebody asked for the end of the program: then it is no crash, and it is not started again.

use std::time::Duration;

use tokio::time::Instant;

use crate::ports::programs::{End, Meaning, Sent};

/// What may mean something else to a program, such as a key in a dialogue, counts for so long.
const KEY_COUNTS: Duration = Duration::from_secs(10);

/// What was asked of the program that runs.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// For good.
    stop: bool,
    /// Perhaps: the signal, and when.
    perhaps: Option<(i32, Instant)>,
}

impl Asked {
    /// Notes a signal that was sent.
    ///
    /// Ctrl-C ends one program and only a dialogue in another, and SIGHUP makes a daemon read its settings: such
    /// a signal counts only when the end follows. What somebody sends by hand to stop a program counts however
    /// long the program takes for it, and so does the loss of the terminal.
    pub(super) fn note(&mut self, sent: Sent) {
        match (sent.meaning, sent.by_terminal) {
            (Meaning::Terminate, _) | (Meaning::Interrupt, false) | (Meaning::HangUp, true) => {
                self.stop = true
            }
            (Meaning::Interrupt, true) | (Meaning::HangUp, false) => {
                self.perhaps = Some((sent.number, Instant::now()));
            }
            (Meaning::Other, _) => {}
        }
    }

    /// Whether this end was asked for.
    pub(super) fn explains(&self, end: &End) -> bool {
        let perhaps = self.perhaps.is_some_and(|(asked, at)| {
            matches!(end, End::Killed { number, .. } if *number == asked) || at.elapsed() < KEY_COUNTS
        });
        self.stop || perhaps
    }
}
