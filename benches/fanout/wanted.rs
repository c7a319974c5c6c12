//! What is asked for on the command line.

use std::path::PathBuf;

use crate::cells::{Cell, PHASES, Part, Row};

const COUNTS: [usize; 4] = [100, 1_000, 10_000, 18_000];
const ROUNDS: usize = 9;
/// How long a phase is measured, in milliseconds.
const LENGTH: u64 = 1_500;
const CYCLES: usize = 100_000;

const USAGE: &str = "cargo bench --bench fanout -- [--n 100,1000,10000,18000] [--rounds 9] [--only ours,bun,floor-write,floor-batch] [--phases one,window,socket,bursts,steady,watched,stalled,churn,shards] [--length MILLISECONDS] [--cycles 100000] [--log memory|disk] [--seed NUMBER] [--publish] [--from RECORD.json]";

#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) counts: Vec<usize>,
    pub(crate) rounds: usize,
    /// Rows by their names, without those that come again.
    only: Vec<String>,
    pub(crate) phases: Vec<&'static str>,
    parts: Vec<Part>,
    pub(crate) length: u64,
    pub(crate) cycles: usize,
    pub(crate) log: String,
    pub(crate) seed: u64,
    pub(crate) publish: bool,
    /// A record of an earlier run, which is only shown.
    pub(crate) from: Option<PathBuf>,
}

impl Wanted {
    pub(crate) fn read(words: &[String]) -> Result<Self, String> {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let mut wanted = Self {
            counts: COUNTS.to_vec(),
            rounds: ROUNDS,
            only: Vec::new(),
            phases: PHASES.to_vec(),
            parts: Part::ALL.to_vec(),
            length: LENGTH,
            cycles: CYCLES,
            log: "memory".to_owned(),
            seed: now.as_secs(),
            publish: false,
            from: None,
        };
        // Cargo adds `--bench`.
        let mut words = words.iter().filter(|word| *word != "--bench");
        while let Some(word) = words.next() {
            if word == "--publish" {
                wanted.publish = true;
                continue;
            }
            let value = words.next().ok_or_else(|| format!("{word} takes a value\n{USAGE}"))?;
            wanted.set(word, value).ok_or_else(|| format!("`{word} {value}` is not understood\n{USAGE}"))?;
        }
        Ok(wanted)
    }

    fn set(&mut self, word: &str, value: &str) -> Option<()> {
        let list = || value.split(',').map(str::trim);
        match word {
            "--n" => self.counts = list().map(|word| word.parse().ok()).collect::<Option<_>>()?,
            "--rounds" => self.rounds = value.parse().ok()?,
            "--length" => self.length = value.parse().ok()?,
            "--cycles" => self.cycles = value.parse().ok()?,
            "--seed" => self.seed = value.parse().ok()?,
            "--log" => self.log = ["memory", "disk"].contains(&value).then(|| value.to_owned())?,
            "--from" => self.from = Some(value.into()),
            "--only" => {
                let known = |name: &str| Row::ALL.iter().any(|row| row.name() == name);
                self.only = list().map(|word| known(word).then(|| word.to_owned())).collect::<Option<_>>()?;
            }
            "--phases" => {
                (self.phases, self.parts) = (Vec::new(), Vec::new());
                for word in list() {
                    if let Some(phase) = PHASES.into_iter().find(|phase| *phase == word) {
                        self.phases.push(phase);
                        self.parts.push(Part::FanOut);
                    } else {
                        self.parts.push(Part::ALL.into_iter().find(|part| part.name() == word)?);
                    }
                }
                self.parts.dedup();
            }
            _ => return None,
        }
        Some(())
    }

    fn has(&self, row: Row) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| row.name().starts_with(name.as_str()))
    }

    pub(crate) fn has_bun(&self) -> bool {
        self.has(Row::Bun) && (self.parts.contains(&Part::FanOut) || self.parts.contains(&Part::Churn))
    }

    /// All cells of a round, in no order yet.
    pub(crate) fn cells(&self, round: usize) -> Vec<Cell> {
        let mut cells = Vec::new();
        let mut add = |part: Part, row: Row, n: usize| {
            if self.has(row) {
                cells.push(Cell { part, row, n });
            }
        };
        let (least, most) = (1_000, self.counts.iter().copied().max().unwrap_or(1_000).max(1_000));
        for part in &self.parts {
            match part {
                Part::FanOut => self.counts.iter().for_each(|n| {
                    Row::COMPARED.into_iter().for_each(|row| add(*part, row, *n));
                }),
                Part::Watched => {
                    [(Row::Ours, least), (Row::OursAgain, least), (Row::Ours, most)]
                        .into_iter()
                        .for_each(|(row, n)| add(*part, row, n));
                }
                Part::Stalled => [Row::Ours, Row::OursAgain, Row::OursStalled]
                    .into_iter()
                    .for_each(|row| add(*part, row, least)),
                // It is long, and about what stays for ever: once is enough.
                Part::Churn if round == 1 => add(*part, Row::Ours, self.cycles),
                Part::Churn => {}
                Part::Shards => self.counts.iter().filter(|n| **n >= least).for_each(|n| {
                    [Row::Ours, Row::OursAgain, Row::OursOnTwo]
                        .into_iter()
                        .for_each(|row| add(*part, row, *n));
                }),
            }
        }
        cells
    }
}

/// Puts them in an order that a seed gives.
pub(crate) fn shuffle<T>(list: &mut [T], seed: &mut u64) {
    for last in (1..list.len()).rev() {
        *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *seed;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        list.swap(last, (mixed % (last as u64 + 1)) as usize);
    }
}
