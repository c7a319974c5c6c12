//! One round: a server of its own, everybody at work, and what they wrote down.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::binary::Binary;
use crate::bursts::{Bursts, IN_ALL_VIEWS, WINDOW};
use crate::frames::Frames;
use crate::history::{Dice, Frame, History};
use crate::load::{begun, events, fleet, insist, token};
use crate::progress::{Counter, LIMIT};
use crate::screens::{Pace, Plan, Told, Watcher, view};

/// Who reports: so many over HTTP, and so many over a WebSocket.
const REPORTERS: u64 = 4;

/// What a round is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run<'a> {
    pub(crate) log: &'a str,
    /// Where it is long, nobody is visited but for a reason: what was forgotten is not made up for by the next heartbeat.
    pub(crate) heartbeat_ms: &'a str,
    pub(crate) seed: u64,
    pub(crate) screens: u64,
    /// Requests of each that reports over HTTP.
    pub(crate) bursts: u64,
}

/// What everybody wrote down.
pub(crate) struct Recorded {
    pub(crate) history: History,
    pub(crate) told: Told,
}

impl Run<'_> {
    const fn reports_over_http(&self) -> u64 {
        self.bursts * 32
    }

    fn plan(&self, number: u64, dice: &mut Dice) -> Plan {
        let all = 2 * REPORTERS * self.reports_over_http();
        let pace = match number % 8 {
            5 => Pace::Slow { frames: 64, reports: 500 },
            6 => Pace::Slow { frames: 300, reports: all / 2 },
            7 if number % 16 == 7 => Pace::Slow { frames: 100, reports: u64::MAX },
            _ => Pace::Quick,
        };
        let from = if number.is_multiple_of(5) { dice.below(all * 3 / 4) } else { 0 };
        Plan { sees: view(number), pace, roams: dice.below(3) == 0, from }
    }
}

/// Makes a round. Its end is the removal of an agent that everybody is shown.
pub(crate) async fn run(run: &Run<'_>) -> Recorded {
    eprintln!("{run:?}");
    let settings = [
        ("log.kind", run.log),
        ("stream.heartbeat_ms", run.heartbeat_ms),
        // So few that who is slow falls out, and that who comes back gets a replay or a delta.
        ("stream.ring_events", "1024"),
        ("stream.replay_events", "1500"),
        ("limits.reports_per_second", "1000000"),
        ("limits.reports_burst", "1000000"),
    ];
    let server = Binary::serve(&settings).await;
    let recorded = timeout(LIMIT, Box::pin(work(run, &server))).await;
    recorded.unwrap_or_else(|_| panic!("seed {}: it does not end", run.seed))
}

async fn work(run: &Run<'_>, server: &Binary) -> Recorded {
    let (address, counter, mut dice) = (server.address, Counter::new(), Dice::new(run.seed));
    let mut turn = || Dice::new(dice.below(u64::from(u32::MAX)));
    let screens = (0..run.screens).map(|number| {
        let mut dice = turn();
        let plan = run.plan(number, &mut dice);
        tokio::spawn(Watcher::new(address, number, dice, plan, counter.follow()).watch())
    });
    let screens: Vec<_> = screens.collect();
    let (started, used) = (Instant::now(), server.core_time());
    let bursts = (0..REPORTERS).map(|number| {
        let bursts = Bursts { address, number, dice: turn(), counter: counter.clone() };
        tokio::spawn(bursts.report(run.bursts))
    });
    let bursts: Vec<_> = bursts.collect();
    let frames = (0..REPORTERS).map(|number| {
        let frames = Frames { address, number, dice: turn(), counter: counter.clone() };
        tokio::spawn(frames.report(run.reports_over_http()))
    });
    let frames: Vec<_> = frames.collect();
    let (mut history, mut told) = (History::default(), Told::default());
    for reports in bursts {
        history.reports.extend(reports.await.unwrap());
    }
    // Agents are believed by these as long as they are open, so nothing more happens by itself.
    let mut open = Vec::new();
    for frames in frames {
        let (reports, screen) = frames.await.unwrap();
        history.reports.extend(reports);
        open.push(screen);
    }
    let (reported, busy) = (started.elapsed(), server.core_time() - used);
    let admin = token("root", "admin");
    let head = format!("DELETE /api/v1/agents/{IN_ALL_VIEWS} HTTP/1.1\r\nAuthorization: Bearer {admin}");
    insist(address, &head, "").await;
    let (epoch, seq) = fleet(address).await;
    counter.end((epoch.clone(), seq));
    for screen in screens {
        let (screen, of_screen) = screen.await.unwrap();
        history.screens.push(screen);
        told += of_screen;
    }
    history.events = events(address, &epoch).await;
    drop(open);
    tell(&history, &told, (reported, busy, started.elapsed()));
    Recorded { history, told }
}

/// What it was, for those who read the output.
fn tell(history: &History, told: &Told, (reported, busy, all): (Duration, Duration, Duration)) {
    let live = |frame: &&Frame| matches!(frame, Frame::Event(..));
    let deliveries = history.screens.iter().flat_map(|screen| &screen.frames).filter(live).count();
    eprintln!(
        "{} events by {} reports, {WINDOW} under way from each, in {reported:?} ({busy:?} of cores); {} screens, {deliveries} deliveries, \
         in {all:?}; {} snapshots, {} deltas, {} replays, {} live; {told:?}",
        history.events.len(),
        history.reports.len(),
        history.screens.len(),
        begun(history, "snapshot"),
        begun(history, "delta"),
        begun(history, "replay"),
        begun(history, "live"),
    );
}
