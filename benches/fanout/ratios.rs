//! Ratios of rows of the same round, and what their middle and their spread are.

use serde_json::Value;

/// A round in which others took more than this of a core, in any row that is compared, is disturbed.
const QUIET: f64 = 0.15;
/// So many quiet rounds are enough to leave the disturbed ones out.
const ENOUGH: usize = 3;

/// Fewer handshakes take less than the system notices: it notes processor time every few milliseconds.
const HANDSHAKES_MIN: u64 = 1_000;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    /// Deliveries for each second of the server's processor time, in a phase.
    Deliveries(&'static str),
    /// Deliveries a second, in a phase.
    Rate(&'static str),
    /// From the report to the reader, the slowest in a hundred, in microseconds.
    Slowest(&'static str),
    /// Microseconds of the server's processor time for each event.
    EventCost(&'static str),
    /// Microseconds of the server's processor time for each handshake.
    Handshake,
    /// Milliseconds of a fan-out while nobody reads.
    Alone,
    /// Resident bytes that came while it was measured.
    Grown,
    /// Resident bytes that came with the connections.
    Held,
}

impl Measure {
    pub(crate) const fn more_is_better(self) -> bool {
        matches!(self, Self::Deliveries(_) | Self::Rate(_))
    }

    /// The value of one cell, and the part of a core that others took meanwhile.
    pub(crate) fn of(self, cell: &Value) -> Option<(f64, f64)> {
        let found = &cell["found"];
        let phase = |name: &str| {
            found["phases"].as_array().and_then(|phases| phases.iter().find(|phase| phase["phase"] == name))
        };
        let other = |of: &Value| {
            of["other_cpu_s"].as_f64().unwrap_or(0.0) / of["seconds"].as_f64().unwrap_or(1.0).max(1e-9)
        };
        let share = |of: &Value, over: &str, under: &str| Some(of[over].as_f64()? / of[under].as_f64()?);
        match self {
            Self::Deliveries(name) => {
                let of = phase(name)?;
                Some((share(of, "deliveries", "server_cpu_s")?, other(of)))
            }
            Self::Rate(name) => {
                let of = phase(name)?;
                Some((share(of, "deliveries", "seconds")?, other(of)))
            }
            Self::Slowest(name) => {
                let of = phase(name)?;
                Some((of["p99_us"].as_f64()?, other(of)))
            }
            Self::EventCost(name) => {
                let of = phase(name)?;
                Some((1e6 * share(of, "server_cpu_s", "events")?, other(of)))
            }
            Self::Handshake if cell["n"].as_u64()? < HANDSHAKES_MIN => None,
            Self::Handshake => Some((found["handshake_cpu_us"].as_f64()?, other(found))),
            Self::Alone => {
                let of = phase("alone")?;
                Some((of["fan_out_ms"].as_f64()?, other(of)))
            }
            Self::Grown => Some((found["resident_last"].as_f64()? - found["resident_full"].as_f64()?, 0.0)),
            Self::Held => {
                let bytes = found["resident_full"].as_f64()? - found["resident_before"].as_f64()?;
                Some((bytes / cell["n"].as_f64()?, 0.0))
            }
        }
    }
}

/// The cells that count as one: a row at a number of readers, or a row and the same again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Of<'a> {
    pub(crate) record: &'a Value,
    pub(crate) part: &'a str,
    pub(crate) n: u64,
}

impl Of<'_> {
    fn rounds(&self) -> u64 {
        let cells = self.record["cells"].as_array();
        cells.and_then(|cells| cells.iter().filter_map(|cell| cell["round"].as_u64()).max()).unwrap_or(0)
    }

    /// The mean of these rows in one round, and how much the worst of them was disturbed.
    fn value(&self, round: u64, rows: &[&str], measure: Measure) -> Option<(f64, f64)> {
        let cells = self.record["cells"].as_array()?;
        let (mut sum, mut disturbed) = (0.0, 0.0_f64);
        for row in rows {
            let cell = cells.iter().find(|cell| {
                cell["round"] == round
                    && cell["part"] == self.part
                    && cell["n"] == self.n
                    && cell["row"] == *row
            })?;
            let (value, other) = measure.of(cell)?;
            sum += value;
            disturbed = disturbed.max(other);
        }
        Some((sum / rows.len() as f64, disturbed))
    }

    /// The values of these rows over all rounds.
    pub(crate) fn values(&self, rows: &[&str], measure: Measure) -> Option<Spread> {
        let all = (1..=self.rounds()).filter_map(|round| self.value(round, rows, measure));
        Spread::of(&all.collect::<Vec<_>>())
    }

    /// These rows over those, both in the same round; `under` may be at another number of readers.
    pub(crate) fn ratios(&self, over: &[&str], under: (u64, &[&str]), measure: Measure) -> Option<Spread> {
        let below = Of { n: under.0, ..*self };
        let all = (1..=self.rounds()).filter_map(|round| {
            let (over, disturbed) = self.value(round, over, measure)?;
            let (under, also) = below.value(round, under.1, measure)?;
            Some((over / under, disturbed.max(also)))
        });
        Spread::of(&all.collect::<Vec<_>>())
    }
}

/// The middle of some values, and how far they are apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// Rounds that are in it, and whether others took time in them.
    pub(crate) rounds: usize,
    pub(crate) disturbed: bool,
}

impl Spread {
    fn of(all: &[(f64, f64)]) -> Option<Self> {
        let quiet: Vec<f64> =
            all.iter().filter(|(_, other)| *other <= QUIET).map(|(value, _)| *value).collect();
        let disturbed = quiet.len() < ENOUGH.min(all.len());
        let mut taken =
            if disturbed { all.iter().map(|(value, _)| *value).collect::<Vec<_>>() } else { quiet };
        taken.retain(|value| value.is_finite());
        taken.sort_by(f64::total_cmp);
        let middle = taken.len() / 2;
        let median = if taken.len() % 2 == 1 {
            *taken.get(middle)?
        } else {
            f64::midpoint(*taken.get(middle.checked_sub(1)?)?, *taken.get(middle)?)
        };
        Some(Self { median, low: *taken.first()?, high: *taken.last()?, rounds: taken.len(), disturbed })
    }

    /// How far equal rows are apart, in both directions: which of them came first says nothing.
    pub(crate) fn around_one(self) -> Self {
        let far = self.high.max(1.0 / self.low).max(1.0);
        Self { low: 1.0 / far, high: far, ..self }
    }

    /// The least spread that holds both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high), ..self }
    }
}
