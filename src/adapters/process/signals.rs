//! Signals that are sent to us and meant for the child.
//!
//! SIGTSTP, SIGCONT and SIGSTOP are left alone: a terminal and a shell send them to the whole job anyway.

use std::io;
use std::thread;

use async_trait::async_trait;
use signal_hook::consts::signal::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::iterator::exfiltrator::origin::Origin;
use signal_hook::iterator::{Handle, SignalsInfo};
use signal_hook::low_level::siginfo::Cause;
use tokio::sync::mpsc;

use crate::ports::programs::{Meaning, Sent, Signals};

const TAKEN: [i32; 7] = [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH];
/// Most signals that wait to be looked at; the system keeps one of each beyond them.
const WAITING_MAX: usize = 16;

/// Signals that are sent to this process.
#[derive(Debug)]
pub struct ForUs {
    sent: mpsc::Receiver<Sent>,
    handle: Handle,
}

impl ForUs {
    /// Listens from now on; the signals no longer end the process by themselves. Those that were ignored
    /// before us stay so, for the child too: `nohup` means that.
    ///
    /// # Errors
    /// When the operating system refuses the handler or the thread.
    pub fn listen() -> io::Result<Self> {
        let ignored = ignored();
        let taken = TAKEN.into_iter().filter(|number| !is_in(ignored, *number));
        let mut signals = SignalsInfo::<WithOrigin>::new(taken)?;
        let handle = signals.handle();
        let (tell, sent) = mpsc::channel(WAITING_MAX);
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            for origin in signals.forever() {
                if tell.blocking_send(of(&origin)).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { sent, handle })
    }
}

impl Drop for ForUs {
    fn drop(&mut self) {
        self.handle.close();
    }
}

#[async_trait]
impl Signals for ForUs {
    async fn next(&mut self) -> Sent {
        match self.sent.recv().await {
            Some(sent) => sent,
            None => std::future::pending().await,
        }
    }
}

fn of(origin: &Origin) -> Sent {
    let meaning = match origin.signal {
        SIGTERM => Meaning::Terminate,
        SIGINT | SIGQUIT => Meaning::Interrupt,
        SIGHUP => Meaning::HangUp,
        _ => Meaning::Other,
    };
    // The kernel speaks for the terminal. macOS does not say so, but names no sender then. Elsewhere a sender
    // without a name is one outside of our container.
    let by_terminal = match origin.cause {
        Cause::Kernel => true,
        Cause::Unknown => origin.process.is_none(),
        _ => false,
    };
    Sent { number: origin.signal, meaning, by_terminal }
}

/// The set of signals that are ignored, a bit each; where the system does not tell, none.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}

fn is_in(set: u64, number: i32) -> bool {
    let bit = u32::try_from(number).ok().and_then(|number| number.checked_sub(1));
    bit.and_then(|bit| set.checked_shr(bit)).is_some_and(|rest| rest & 1 == 1)
}
