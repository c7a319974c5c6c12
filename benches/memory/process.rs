//! The server's process: started, asked how much of it is resident, and ended with its standard input.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::Kind;

const SERVE: &str = "--serve";

/// It has settled when it was asked so often, a moment apart, and changed by at most [`STEADY_BYTES`].
const ASKED: usize = 8;
const MOMENT: Duration = Duration::from_millis(250);
const STEADY_BYTES: i64 = 16 * 1024;
/// Past so many questions it is taken as it is.
const ASKED_MAX: usize = 60;

/// Which kind of server this process is to be, if it is one, and how many connections will come.
pub(crate) fn as_child() -> Option<(Kind, usize)> {
    let mut words = std::env::args().skip_while(|word| word != SERVE).skip(1);
    Some((Kind::parse(&words.next()?)?, words.next()?.parse().ok()?))
}

/// The server's process.
pub(crate) struct Child {
    process: std::process::Child,
    pub(crate) address: SocketAddr,
}

impl Child {
    pub(crate) fn start(kind: Kind, connections: usize) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("the server's process did not start: {error}");
        let mut process = Command::new(std::env::current_exe().map_err(failed)?)
            .args([SERVE, kind.name(), &connections.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let mut line = String::new();
        if let Some(output) = process.stdout.take() {
            BufReader::new(output).read_line(&mut line).map_err(failed)?;
        }
        let address = line.trim().parse().map_err(|_| format!("the server said no address but `{line}`"))?;
        Ok(Self { process, address })
    }

    /// Its resident bytes, once they stay the same.
    pub(crate) async fn settled(&self) -> Result<i64, String> {
        let mut seen = Vec::new();
        for _ in 0..ASKED_MAX {
            seen.push(self.resident()?);
            let last = &seen[seen.len().saturating_sub(ASKED)..];
            let spread = last.iter().max().unwrap_or(&0) - last.iter().min().unwrap_or(&0);
            if last.len() == ASKED && spread <= STEADY_BYTES {
                break;
            }
            tokio::time::sleep(MOMENT).await;
        }
        Ok(seen.last().copied().unwrap_or_default())
    }

    /// `statm` is off by up to a few hundred kilobytes, as the kernel counts for each core: this is exact.
    fn resident(&self) -> Result<i64, String> {
        let path = format!("/proc/{}/smaps_rollup", self.process.id());
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let kilobytes = text
            .lines()
            .find_map(|line| line.strip_prefix("Rss:")?.strip_suffix("kB")?.trim().parse::<i64>().ok());
        kilobytes.map(|number| number * 1024).ok_or_else(|| format!("{path} does not say what is resident"))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ended = self.process.wait();
    }
}
