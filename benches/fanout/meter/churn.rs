//! Connections that come and go: memory and open files afterwards as before.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Meter;
use crate::proc::{self, Spent};

/// How many are there at a time.
const AT_ONCE: usize = 64;
const WARM_UP: usize = 20_000;
const MOMENT: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(10);
/// They come from so many addresses in turn: one has some 28,000 ports, which are free again only after a minute.
const ADDRESSES: usize = 16;

impl Meter {
    /// So many come and go, after as many as it takes until nothing is new to the server.
    pub(crate) fn churn(&mut self, cycles: usize) -> Result<Value, String> {
        self.come_and_go(WARM_UP)?;
        let (resident, files) = self.settled()?;
        let (before, from) = (Spent::of(self.server)?, Instant::now());
        self.come_and_go(cycles)?;
        let (spent, took) = (Spent::of(self.server)?.since(&before), from.elapsed());
        let (resident_after, files_after) = self.settled()?;
        Ok(json!({
            "cycles": cycles,
            "seconds": took.as_secs_f64(),
            "cpu_us": spent.as_secs_f64() * 1e6 / cycles as f64,
            "resident": resident,
            "resident_after": resident_after,
            "files": files,
            "files_after": files_after,
        }))
    }

    fn come_and_go(&mut self, cycles: usize) -> Result<(), String> {
        let (mut begun, mut ended) = (0, 0);
        let first = self.readers.len();
        let mut leaving = [false; AT_ONCE];
        while begun < AT_ONCE.min(cycles) {
            self.readers.open(self.address, self.one_of_many(begun))?;
            begun += 1;
        }
        let mut last = Instant::now();
        while ended < cycles {
            self.poll(MOMENT)?;
            for token in std::mem::take(&mut self.ready) {
                let Some(slot) = token.checked_sub(first).filter(|slot| *slot < AT_ONCE) else {
                    self.reporter_ready(token)?;
                    continue;
                };
                last = Instant::now();
                if !leaving[slot] {
                    self.readers.readable(token)?;
                    if self.readers.is_here(token) {
                        self.readers.leave(token)?;
                        leaving[slot] = true;
                    }
                } else if self.readers.is_gone(token) {
                    ended += 1;
                    if begun < cycles {
                        leaving[slot] = false;
                        self.readers.replace(token, self.address, self.one_of_many(begun))?;
                        begun += 1;
                    }
                }
            }
            if last.elapsed() > PATIENCE {
                return Err(format!("{ended} of {cycles} came and went, and then nothing more"));
            }
        }
        self.readers.forget(first);
        Ok(())
    }

    fn one_of_many(&self, number: usize) -> super::Coming {
        let last = u8::try_from(1 + number % ADDRESSES).unwrap();
        super::Coming { from: Some(IpAddr::from([127, 0, 1, last])), ..self.coming(number) }
    }

    /// Resident bytes and open files, once all who left are forgotten.
    fn settled(&self) -> Result<(u64, usize), String> {
        let mut before = (0, 0);
        for _ in 0..20 {
            std::thread::sleep(Duration::from_millis(250));
            let now = (proc::resident(self.server)?, proc::files(self.server)?);
            if now == before {
                break;
            }
            before = now;
        }
        Ok(before)
    }
}
