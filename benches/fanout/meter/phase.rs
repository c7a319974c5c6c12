//! One phase: events reported at a pace, and what they cost.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Meter;
use crate::proc::{self, Spent};

const WARM_UP: Duration = Duration::from_millis(500);
/// For so long nothing may come while something is under way.
const PATIENCE: Duration = Duration::from_secs(8);
/// The longest the system is asked to wait at once.
const MOMENT: Duration = Duration::from_millis(50);
/// At a steady rate: deliveries a second, and events at least, however rare they are.
const STEADY: f64 = 20_000.0;
const STEADY_EVENTS: f64 = 8.0;
/// While nobody reads: how often the server's processor time is looked at, and for how long it stands still in the end.
const LOOK: Duration = Duration::from_millis(1);
const STILL: Duration = Duration::from_millis(12);

/// When events are reported.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Pace {
    /// At most so many under way; the next as soon as one is done.
    UnderWay(u64),
    /// So many at once, and as many more when those before them are done but for as many.
    Bursts(u64),
    /// One every so often, whatever became of those before it.
    Every(Duration),
}

/// What there was at one moment.
struct Moment {
    at: Instant,
    server: Spent,
    meter: Spent,
    machine: Duration,
    done: u64,
    deliveries: u64,
}

impl Moment {
    fn now(meter: &Meter) -> Result<Self, String> {
        Ok(Self {
            at: Instant::now(),
            server: Spent::of(meter.server)?,
            meter: Spent::of(std::process::id())?,
            machine: proc::machine()?,
            done: meter.readers.done,
            deliveries: meter.readers.deliveries,
        })
    }
}

impl Meter {
    fn pace(&self, phase: &str) -> Option<Pace> {
        let each = |deliveries: f64| Duration::from_secs_f64(self.counting as f64 / deliveries);
        match phase {
            "one" => Some(Pace::UnderWay(1)),
            "window" | "socket" => Some(Pace::UnderWay(32)),
            "bursts" => Some(Pace::Bursts(32)),
            "steady" => Some(Pace::Every(each(STEADY))),
            _ => None,
        }
    }

    /// Runs a phase: to warm up, to be measured, and until nothing is under way.
    pub(crate) fn phase(&mut self, name: &str, length: Duration) -> Result<Value, String> {
        if name == "alone" {
            return self.alone(length);
        }
        let pace = self.pace(name).ok_or_else(|| format!("no phase is called {name}"))?;
        self.batches = matches!(name, "window" | "bursts");
        if self.batches {
            self.open_many()?;
        }
        let length = match pace {
            Pace::Every(each) => length.max(each.mul_f64(STEADY_EVENTS)),
            _ => length,
        };
        self.run(pace, WARM_UP)?;
        let before = Moment::now(self)?;
        self.readers.take_times(if matches!(pace, Pace::UnderWay(1) | Pace::Every(_)) { 1 } else { 16 });
        self.run(pace, length)?;
        let after = Moment::now(self)?;
        let took = std::mem::take(&mut self.readers.took);
        self.settle()?;
        Ok(found(name, &before, &after, took))
    }

    /// Keeps a pace for so long, and then up to where an event is done.
    fn run(&mut self, pace: Pace, length: Duration) -> Result<(), String> {
        let from = Instant::now();
        let (mut sent, mut last) = (0_u32, Instant::now());
        loop {
            let under_way = self.published - self.readers.done;
            match pace {
                Pace::UnderWay(most) => self.publish(most - under_way)?,
                Pace::Bursts(count) if under_way <= count => self.publish(count)?,
                Pace::Every(each) if from.elapsed() >= each * sent => {
                    sent += 1;
                    self.publish(1)?;
                }
                Pace::Bursts(_) | Pace::Every(_) => {}
            }
            let due = match pace {
                Pace::Every(each) => (from + each * sent).saturating_duration_since(Instant::now()),
                Pace::UnderWay(_) | Pace::Bursts(_) => MOMENT,
            };
            let before = (self.readers.done, self.readers.deliveries);
            self.step(due.min(MOMENT))?;
            let under_way = self.published - self.readers.done;
            if self.readers.deliveries > before.1 || under_way == 0 {
                last = Instant::now();
            } else if last.elapsed() > PATIENCE {
                return Err(self.stuck());
            }
            let is_bound = match pace {
                Pace::Every(_) => under_way == 0,
                Pace::UnderWay(_) | Pace::Bursts(_) => self.readers.done > before.0,
            };
            if from.elapsed() >= length && is_bound {
                return Ok(());
            }
        }
    }

    /// Until all have what was reported, and it was answered.
    pub(crate) fn settle(&mut self) -> Result<(), String> {
        let (mut last, mut before) = (Instant::now(), (0, 0));
        while self.readers.done < self.published || self.answered() < self.published {
            let now = (self.readers.deliveries, self.answered());
            if now != before {
                (last, before) = (Instant::now(), now);
            } else if last.elapsed() > PATIENCE {
                return Err(self.stuck());
            }
            self.step(MOMENT)?;
        }
        Ok(())
    }

    fn stuck(&self) -> String {
        format!(
            "{} events were reported, {} answered, and {} are with everybody: nothing more came in {} s",
            self.published,
            self.answered(),
            self.readers.done,
            PATIENCE.as_secs()
        )
    }

    /// One event at a time while nobody reads: from its report until the server does nothing more.
    fn alone(&mut self, length: Duration) -> Result<Value, String> {
        self.batches = false;
        let (from, mut millis, mut cpu, mut threads) = (Instant::now(), Vec::new(), 0.0, 0);
        let all = Moment::now(self)?;
        while from.elapsed() < length + WARM_UP || millis.is_empty() {
            let before = Spent::of(self.server)?;
            let (reported, mut moved, mut last) = (Instant::now(), Instant::now(), before.clone());
            self.publish(1)?;
            while moved.elapsed() < STILL {
                std::thread::sleep(LOOK);
                let now = Spent::of(self.server)?;
                if !now.since(&last).is_zero() {
                    moved = Instant::now();
                    last = now;
                }
            }
            if from.elapsed() >= WARM_UP {
                millis.push((moved - reported).as_secs_f64() * 1e3);
                cpu += last.since(&before).as_secs_f64();
                threads = threads.max(last.busy_threads_since(&before));
            }
            self.settle()?;
        }
        millis.sort_by(f64::total_cmp);
        let middle = millis[millis.len() / 2];
        let events = millis.len() as f64;
        let mut found = found("alone", &all, &Moment::now(self)?, Vec::new());
        found["fan_out_ms"] = middle.into();
        found["fan_out_cpu_ms"] = (cpu * 1e3 / events).into();
        found["threads"] = threads.into();
        Ok(found)
    }
}

fn found(name: &str, before: &Moment, after: &Moment, mut took: Vec<u32>) -> Value {
    took.sort_unstable();
    let at = |part: usize| took.get((took.len().max(1) - 1) * part / 1000).copied().unwrap_or_default();
    let (server, meter) = (after.server.since(&before.server), after.meter.since(&before.meter));
    let other = (after.machine - before.machine).saturating_sub(server + meter);
    json!({
        "phase": name,
        "seconds": (after.at - before.at).as_secs_f64(),
        "events": after.done - before.done,
        "deliveries": after.deliveries - before.deliveries,
        "server_cpu_s": server.as_secs_f64(),
        "meter_cpu_s": meter.as_secs_f64(),
        "other_cpu_s": other.as_secs_f64(),
        "p50_us": at(500),
        "p99_us": at(990),
        "max_us": at(1000),
    })
}
