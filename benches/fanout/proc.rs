//! What the system knows of a process: its processor time, its resident bytes, its open files.

use std::collections::BTreeMap;
use std::time::Duration;

/// A tick of the clock in which the system counts: the same on every Linux that people run.
const TICK: Duration = Duration::from_millis(10);

fn read(path: &str) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))
}

/// The processor time of a process at one moment, user and system.
#[derive(Debug, Clone)]
pub(crate) struct Spent {
    /// In nanoseconds, by thread; a thread that ended is no longer told of.
    threads: BTreeMap<u64, u64>,
    /// In ticks, of all threads there ever were.
    ticks: u64,
}

impl Spent {
    pub(crate) fn of(process: u32) -> Result<Self, String> {
        let folder = format!("/proc/{process}/task");
        let mut threads = BTreeMap::new();
        for entry in std::fs::read_dir(&folder).map_err(|error| format!("{folder}: {error}"))? {
            let name = entry.map_err(|error| format!("{folder}: {error}"))?.file_name();
            let Some(thread) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
            // It may have ended since.
            if let Ok(text) = read(&format!("{folder}/{thread}/schedstat")) {
                threads.insert(thread, number(text.split_whitespace().next()));
            }
        }
        let stat = read(&format!("/proc/{process}/stat"))?;
        // The name in brackets may hold anything; user and system time are the 14th and the 15th.
        let mut fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11);
        Ok(Self { threads, ticks: number(fields.next()) + number(fields.next()) })
    }

    /// What it took since `before`: by the nanosecond while the threads are the same, else by the tick.
    pub(crate) fn since(&self, before: &Self) -> Duration {
        let all = |spent: &Self| spent.threads.values().sum::<u64>();
        if before.threads.keys().all(|thread| self.threads.contains_key(thread)) {
            return Duration::from_nanos(all(self) - all(before));
        }
        TICK * u32::try_from(self.ticks - before.ticks).unwrap_or(u32::MAX)
    }

    /// The threads that took any of it.
    pub(crate) fn busy_threads_since(&self, before: &Self) -> usize {
        let spent = |(thread, now): &(&u64, &u64)| **now > before.threads.get(*thread).copied().unwrap_or(0);
        self.threads.iter().filter(spent).count()
    }
}

/// The time in which the machine's processors did anything, of all together.
pub(crate) fn machine() -> Result<Duration, String> {
    let stat = read("/proc/stat")?;
    let fields: Vec<u64> = stat
        .lines()
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(1)
        .map(|word| number(Some(word)))
        .collect();
    // Idle and waiting for a disk are the fourth and the fifth; what guests took is in the first already.
    let busy = fields.iter().take(8).sum::<u64>() - fields.iter().skip(3).take(2).sum::<u64>();
    Ok(TICK * u32::try_from(busy).unwrap_or(u32::MAX))
}

/// Resident bytes, exact.
pub(crate) fn resident(process: u32) -> Result<u64, String> {
    let text = read(&format!("/proc/{process}/smaps_rollup"))?;
    let kilobytes = text.lines().find_map(|line| line.strip_prefix("Rss:")?.strip_suffix("kB"));
    Ok(number(kilobytes.map(str::trim)) * 1024)
}

/// Open files.
pub(crate) fn files(process: u32) -> Result<usize, String> {
    let folder = format!("/proc/{process}/fd");
    Ok(std::fs::read_dir(&folder).map_err(|error| format!("{folder}: {error}"))?.count())
}

fn number(word: Option<&str>) -> u64 {
    word.and_then(|word| word.parse().ok()).unwrap_or_default()
}
