//! One cell of a round: a server, so many readers, and what the meter is to do with them.

use std::fmt;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::server::{Directory, Server, pinned};
use crate::wanted::Wanted;
use crate::{bun, floor, meter};

/// Where servers run, and where the meter does.
const SERVER: &str = "0";
const METER: &str = "1";
const BOTH: &str = "0,1";

/// Bounds of ours that nobody is to meet here; the others are in `server.rs`.
pub(crate) const SETTINGS: [(&str, &str); 4] = [
    ("limits.connections", "100000"),
    ("limits.handshakes_per_second", "1000000"),
    ("limits.refused_handshakes_per_second", "1000000"),
    ("stream.heartbeat_ms", "60000"),
];

/// What is measured on one set of connections, one after the other.
pub(crate) const PHASES: [&str; 5] = ["one", "window", "socket", "bursts", "steady"];

/// Where some take nothing: histories so short that they are full before it is counted, and that those fall out of.
pub(crate) const SHORT: [(&str, &str); 3] =
    [("stream.ring_events", "1024"), ("stream.replay_events", "1024"), ("log.keep_events", "4096")];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Each event to everybody.
    FanOut,
    /// Each event to two, whoever else is there.
    Watched,
    /// Some take nothing.
    Stalled,
    /// Connections come and go.
    Churn,
    /// One core and two.
    Shards,
}

impl Part {
    pub(crate) const ALL: [Self; 5] = [Self::FanOut, Self::Watched, Self::Stalled, Self::Churn, Self::Shards];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::FanOut => "fanout",
            Self::Watched => "watched",
            Self::Stalled => "stalled",
            Self::Churn => "churn",
            Self::Shards => "shards",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Row {
    FloorWrite,
    FloorWriteAgain,
    FloorBatch,
    FloorBatchAgain,
    Bun,
    Ours,
    OursAgain,
    OursStalled,
    OursOnTwo,
}

impl Row {
    pub(crate) const ALL: [Self; 9] = [
        Self::FloorWrite,
        Self::FloorWriteAgain,
        Self::FloorBatch,
        Self::FloorBatchAgain,
        Self::Bun,
        Self::Ours,
        Self::OursAgain,
        Self::OursStalled,
        Self::OursOnTwo,
    ];
    /// Those of each round of the fan-out.
    pub(crate) const COMPARED: [Self; 7] = [
        Self::FloorWrite,
        Self::FloorWriteAgain,
        Self::FloorBatch,
        Self::FloorBatchAgain,
        Self::Bun,
        Self::Ours,
        Self::OursAgain,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::FloorWrite => "floor-write",
            Self::FloorWriteAgain => "floor-write again",
            Self::FloorBatch => "floor-batch",
            Self::FloorBatchAgain => "floor-batch again",
            Self::Bun => "bun",
            Self::Ours => "ours",
            Self::OursAgain => "ours again",
            Self::OursStalled => "ours, one in ten stalled",
            Self::OursOnTwo => "ours, two shards",
        }
    }

    /// Each floor is the floor of some phases, and would take long in the others.
    fn stands_in(self, phase: &str) -> bool {
        match self {
            Self::FloorWrite | Self::FloorWriteAgain => matches!(phase, "one" | "steady"),
            Self::FloorBatch | Self::FloorBatchAgain => !matches!(phase, "one" | "steady"),
            _ => true,
        }
    }

    const fn is_ours(self) -> bool {
        matches!(self, Self::Ours | Self::OursAgain | Self::OursStalled | Self::OursOnTwo)
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell {
    pub(crate) part: Part,
    pub(crate) row: Row,
    pub(crate) n: usize,
}

impl fmt::Display for Cell {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}, {}, {}", self.part.name(), self.row.name(), self.n)
    }
}

impl Cell {
    /// Starts a server of its own, and gives what the meter found.
    pub(crate) fn measure(&self, wanted: &Wanted) -> Result<Value, String> {
        let directory = Directory::new("fanout");
        let server = self.server(&directory.0, wanted);
        let mut job = self.job(wanted);
        job["address"] = server.address.to_string().into();
        job["process"] = server.id().into();
        job["ours"] = self.row.is_ours().into();
        let this = std::env::current_exe().map_err(|error| error.to_string())?;
        let output = pinned(METER, &this)
            .args([meter::ROLE, &job.to_string()])
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("the meter did not start, which needs taskset: {error}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        serde_json::from_slice(&output.stdout).map_err(|error| format!("the meter said no JSON: {error}"))
    }

    fn server(&self, directory: &Path, wanted: &Wanted) -> Server {
        let floor = |kind: &str| {
            let this = std::env::current_exe().unwrap();
            Server::other_on(SERVER, &this, &[floor::ROLE, kind])
        };
        match self.row {
            Row::FloorWrite | Row::FloorWriteAgain => floor("write"),
            Row::FloorBatch | Row::FloorBatchAgain => floor("batch"),
            Row::Bun => Server::other_on(SERVER, &bun::program(), &[&bun::script()]),
            Row::Ours | Row::OursAgain | Row::OursStalled | Row::OursOnTwo => {
                let mut settings = SETTINGS.to_vec();
                settings.push(("log.kind", &wanted.log));
                if self.part == Part::Stalled {
                    settings.extend(SHORT);
                }
                let processors = if self.row == Row::OursOnTwo { BOTH } else { SERVER };
                Server::ours_on(processors, directory, &settings)
            }
        }
    }

    fn job(&self, wanted: &Wanted) -> Value {
        let (n, length) = (self.n, wanted.length);
        match self.part {
            Part::FanOut => {
                let phases: Vec<&str> =
                    wanted.phases.iter().copied().filter(|phase| self.row.stands_in(phase)).collect();
                json!({"n": n, "length_ms": length, "phases": phases})
            }
            Part::Watched => json!({"n": n, "length_ms": length, "watching": 2, "phases": ["one"]}),
            Part::Stalled => {
                let stalled = if self.row == Row::OursStalled { n / 10 } else { 0 };
                // First so many that the ring has gone round and every buffer is full.
                json!({"n": n, "length_ms": length * 2, "apart": n / 10, "stalled": stalled, "phases": ["bursts", "steady"]})
            }
            Part::Churn => json!({"churn": n}),
            Part::Shards => json!({"n": n, "length_ms": length, "phases": ["window", "alone"]}),
        }
    }
}
