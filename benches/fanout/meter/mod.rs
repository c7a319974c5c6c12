//! The meter: one thread that reads for all, reports, and looks at what the server took. It is a process of its own, told
//! by one line of JSON what to do, and says what it found in another.

mod churn;
mod event;
mod phase;
mod readers;
mod reporter;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token};
use mission_control::app::run::offline_token;
use mission_control::app::settings::{ConfigFile, Settings, Sources};
use mission_control::domain::grant::{Grant, Scope, Scopes};
use mission_control::domain::id::UserId;
use mission_control::domain::pattern::Patterns;
use serde_json::{Value, json};

use crate::proc::{self, Spent};
use crate::server::SECRET;
use readers::{Coming, Readers};
use reporter::{By, Reporter};

/// The word that makes this program the meter.
pub(crate) const ROLE: &str = "--meter";

/// Handshakes under way at a time.
const AT_ONCE: usize = 64;
const MOMENT: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(10);
const TOKENS_GOOD_FOR: Duration = Duration::from_secs(3600);
/// A copy of the fleet that a reader is given may be a second old, and what came since follows it.
const COPY_AGE: Duration = Duration::from_millis(1_100);
/// Tokens of reporters come after those of all readers.
const REPORTERS: usize = 1 << 24;

pub(crate) struct Meter {
    poll: Poll,
    events: Events,
    /// What the last look at the sockets found.
    ready: Vec<usize>,
    readers: Readers,
    /// Who reports one event at a time, and who reports many.
    single: Option<Reporter>,
    many: Option<Reporter>,
    batches: bool,
    published: u64,
    /// Readers that an event must reach.
    counting: usize,
    server: u32,
    address: SocketAddr,
    job: Value,
    settings: Settings,
}

/// Does what a line says.
pub(crate) fn run(job: &str) -> Result<Value, String> {
    let job: Value = serde_json::from_str(job).map_err(|error| error.to_string())?;
    let mut meter = Meter::new(job)?;
    if let Some(cycles) = meter.number("churn") {
        return meter.churn(cycles);
    }
    let mut found = meter.fill()?;
    let mut phases = Vec::new();
    let length = Duration::from_millis(u64::try_from(meter.number("length_ms").unwrap_or(1_500)).unwrap());
    let names = meter.job["phases"].as_array().cloned().unwrap_or_default();
    for name in names.iter().filter_map(Value::as_str) {
        phases.push(meter.phase(name, length)?);
    }
    found["resident_last"] = proc::resident(meter.server)?.into();
    found["phases"] = phases.into();
    Ok(found)
}

impl Meter {
    fn new(job: Value) -> Result<Self, String> {
        let poll = Poll::new().map_err(|error| error.to_string())?;
        let registry = poll.registry().try_clone().map_err(|error| error.to_string())?;
        let environment = [("MISSION_CONTROL__AUTH__SECRET".to_owned(), SECRET.to_owned())];
        let sources = Sources { file: ConfigFile::None, environment: environment.into(), flags: Vec::new() };
        let text = |name: &str| job[name].as_str().unwrap_or_default().to_owned();
        let mut meter = Self {
            readers: Readers::new(registry, Instant::now()),
            poll,
            events: Events::with_capacity(1024),
            ready: Vec::new(),
            single: None,
            many: None,
            batches: false,
            published: 0,
            counting: 0,
            server: u32::try_from(job["process"].as_u64().unwrap_or_default()).unwrap_or_default(),
            address: text("address").parse().map_err(|_| "no address of a server")?,
            settings: Settings::load(&sources).map_err(|error| error.to_string())?,
            job,
        };
        meter.open_reporters()?;
        Ok(meter)
    }

    fn number(&self, name: &str) -> Option<usize> {
        self.job[name].as_u64().and_then(|number| usize::try_from(number).ok())
    }

    /// So many of the first will read nothing.
    fn stalled(&self) -> usize {
        self.number("stalled").unwrap_or(0)
    }

    fn is_ours(&self) -> bool {
        self.job["ours"] == true
    }

    fn token(&self, user: &str, scope: Scope) -> String {
        let grant = Grant { scopes: Scopes::of([scope]), agents: Patterns::all() };
        let user = UserId::parse(user).unwrap();
        offline_token(&self.settings, user, grant, TOKENS_GOOD_FOR).unwrap().reveal().to_owned()
    }

    fn open_reporters(&mut self) -> Result<(), String> {
        let token = self.token("reporter", Scope::Report);
        let by = if self.is_ours() { By::Frames } else { By::Events };
        let mut single = Reporter::open(self.address, &token, by)?;
        if self.is_ours() {
            // Its agent is known before anybody watches: then a report is one event.
            single.report(0..1, Duration::ZERO)?;
            single.wait()?;
            std::thread::sleep(COPY_AGE);
            (single.reported, single.answered) = (0, 0);
        }
        single.register(self.poll.registry(), Token(REPORTERS))?;
        self.single = Some(single);
        Ok(())
    }

    /// A connection for batches, new in each phase: one over which nothing came for a while is closed.
    fn open_many(&mut self) -> Result<(), String> {
        if !self.is_ours() {
            return Ok(());
        }
        let many = match &self.many {
            Some(many) => many.again()?,
            None => Reporter::open(self.address, &self.token("reporter", Scope::Report), By::Batches)?,
        };
        many.register(self.poll.registry(), Token(REPORTERS + 1))?;
        self.many = Some(many);
        Ok(())
    }

    /// How the reader of this number comes. The first are those who watch; those with an interest elsewhere follow.
    fn coming(&self, number: usize) -> Coming {
        let (watching, apart) = (self.number("watching"), self.number("apart").unwrap_or(0));
        let counts = match watching {
            Some(watching) => number < watching,
            None => number >= apart,
        };
        let path = match watching {
            Some(watching) if number < watching => format!("/ws?agents={}", event::AGENT),
            Some(_) => format!("/ws?agents=elsewhere-{number}-*"),
            None => "/ws".to_owned(),
        };
        let ours = self.is_ours();
        let token = ours.then(|| self.token(&format!("screen-{number}"), Scope::Watch));
        Coming { path, token, greeted: ours, counts, small: number < self.stalled(), from: None }
    }

    /// Brings all readers, and says what that cost.
    fn fill(&mut self) -> Result<Value, String> {
        let count = self.number("n").unwrap_or(0);
        let coming: Vec<Coming> = (0..count).map(|number| self.coming(number)).collect();
        self.counting = coming.iter().filter(|coming| coming.counts).count();
        let resident = proc::resident(self.server)?;
        let (machine, mine) = (proc::machine()?, Spent::of(std::process::id())?);
        let (before, from) = (Spent::of(self.server)?, Instant::now());
        let (mut last, mut live) = (Instant::now(), 0);
        for coming in coming {
            self.readers.open(self.address, coming)?;
            while self.readers.len() - self.readers.live >= AT_ONCE {
                self.step(MOMENT)?;
                if self.readers.live > live {
                    (live, last) = (self.readers.live, Instant::now());
                }
                if last.elapsed() > PATIENCE {
                    return Err(format!("{live} of {count} are up to date, and then nothing more"));
                }
            }
        }
        let last = Instant::now();
        while self.readers.live < count {
            self.step(MOMENT)?;
            if last.elapsed() > PATIENCE {
                return Err(format!(
                    "{} of {count} are up to date, and then nothing more",
                    self.readers.live
                ));
            }
        }
        let took = from.elapsed();
        let spent = Spent::of(self.server)?.since(&before);
        let other =
            (proc::machine()? - machine).saturating_sub(spent + Spent::of(std::process::id())?.since(&mine));
        (0..self.stalled()).try_for_each(|index| self.readers.stall(index))?;
        std::thread::sleep(MOMENT * 4);
        Ok(json!({
            "seconds": took.as_secs_f64(),
            "handshake_cpu_us": spent.as_secs_f64() * 1e6 / count.max(1) as f64,
            "other_cpu_s": other.as_secs_f64(),
            "resident_before": resident,
            "resident_full": proc::resident(self.server)?,
        }))
    }

    /// Waits for the sockets, and remembers which have something.
    fn poll(&mut self, at_most: Duration) -> Result<(), String> {
        self.ready.clear();
        match self.poll.poll(&mut self.events, Some(at_most)) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error.to_string()),
            _ => {}
        }
        self.ready.extend(self.events.iter().map(|event| event.token().0));
        Ok(())
    }

    /// Waits for the sockets, and reads what there is.
    fn step(&mut self, at_most: Duration) -> Result<(), String> {
        self.poll(at_most)?;
        let ready = std::mem::take(&mut self.ready);
        for token in &ready {
            if *token < REPORTERS {
                self.readers.readable(*token)?;
            } else {
                self.reporter_ready(*token)?;
            }
        }
        self.ready = ready;
        Ok(())
    }

    fn reporter_ready(&mut self, token: usize) -> Result<(), String> {
        let reporter = if token == REPORTERS { &mut self.single } else { &mut self.many };
        reporter.as_mut().map_or(Ok(()), Reporter::ready)
    }

    /// Reports so many more events.
    fn publish(&mut self, count: u64) -> Result<(), String> {
        let numbers = self.published..self.published + count;
        self.published = numbers.end;
        let many = if self.batches { self.many.as_mut() } else { None };
        let Some(reporter) = many.or(self.single.as_mut()) else { return Ok(()) };
        if numbers.is_empty() { Ok(()) } else { reporter.report(numbers, self.readers.began.elapsed()) }
    }

    /// Reports that were taken; where a server answers none, all.
    fn answered(&self) -> u64 {
        if !self.is_ours() {
            return self.published;
        }
        [&self.single, &self.many].into_iter().flatten().map(|reporter| reporter.answered).sum()
    }
}
